"""Lines of a journal, as if the tiny course had been graded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from autograder.grading.journal import Journal
from autograder.results import Line, from_json


def result(student: str, scale: float = 1.5, became: str = "wrong", **changes: Any) -> Line:
    """A line of the journal."""
    made = {
        "person": {"key": student, "name": student},
        "student": student,
        "unit": "tiny",
        "attempt": 1,
        "submitted_at": "2026-11-30T10:00:00+00:00",
        "late_days": 0,
        "status": "graded",
        "score": scale,
        "max_score": 5.0,
        "exercises": {
            "tiny.scale": {"score": scale, "max_score": 3.0, "status": became},
            "tiny.clear": {"score": 0.0, "max_score": 2.0, "status": "not attempted"},
        },
    }
    return from_json(made | changes)


def unreadable(student: str, text: str) -> Line:
    flag = {"kind": "unreadable", "text": text, "audience": "student"}
    return result(student, status="unreadable", score=None, exercises={}, flags=[flag])


def write_journal(folder: Path, *results: Line) -> Path:
    """A journal with these lines. Returns the folder."""
    with Journal(folder) as log:
        for item in results:
            log.write(item)
    return folder
