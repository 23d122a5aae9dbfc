"""The messages between the grader and a student's process; framed as those of `control`.

A student can write anything to the job channel; the worst that comes of it is a malformed message, which ends the job.
"""

from __future__ import annotations

import msgspec

from course_utils.checks.wire import CaseData, FailureData, ObservationData
from course_utils.slices.statements import CellCode


class Load(msgspec.Struct, tag="load", frozen=True):
    """To the job: execute a slice and look up the function. It answers `Loaded`."""

    function: str
    cells: tuple[CellCode, ...]


class Run(msgspec.Struct, tag="run", frozen=True):
    """To the job: carry out cases with the loaded function. It answers one `ObservationData` for each, in order."""

    cases: tuple[CaseData, ...]
    device: str


class Ready(msgspec.Struct, tag="ready", frozen=True):
    """From the job, before any student code is there: it is confined. Without this a failure is the sandbox's own."""


class Loaded(msgspec.Struct, frozen=True):
    """From the job: the slice was executed, or why not."""

    failure: FailureData | None


__all__ = ["CaseData", "CellCode", "Load", "Loaded", "ObservationData", "Ready", "Run"]
