"""The staff's tool: build, release, grade, report. Students never get this package."""

__version__ = "0.1.0"
