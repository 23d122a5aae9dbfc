"""What tests share: a tiny course, notebooks, processes, a browser."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Units that tests of the machinery use as examples: functions that work in place, on modules, on images, with a property.
# What is asked of every exercise, `autograder checks` asks.
UNITS = ("moco", "pretext", "simclr", "video")
