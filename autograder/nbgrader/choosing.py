"""Which file of a student's folder `nbgrader autograde` takes, and that file as a notebook.

It is the one that `autograder grade` takes: what `cu.submit` made, else the notebook under its own name, else under
another one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.intake.belonging import KnownExercises
from autograder.intake.collect import Found, hand_in_of
from autograder.intake.submission import Submission, Unreadable
from autograder.nbgrader.reading import TooMuchError, bounded_notebook
from autograder.results import Person

_CELL_TYPES = ("code", "markdown", "raw")


@dataclass(frozen=True)
class Chosen:
    """The file that counts.

    Attributes:
        submission: what is graded.
        data: the file.
    """

    submission: Submission
    data: bytes

    @property
    def notebook(self) -> NotebookNode:
        """The file as a notebook of the present format, whatever state it is in."""
        if not self.submission.path.lower().endswith(".py"):
            try:
                return bounded_notebook(Path(self.submission.path).name, self.data)
            except TooMuchError:
                raise
            except Exception:  # noqa: BLE001, S110 - what its libraries refuse may still have cells
                pass
            try:
                return _tidy(_upgraded(_loads(self.data)))
            except Exception:  # noqa: BLE001 - conversions of old formats fail in many ways; the code was read above
                pass
        cells = [nbformat.v4.new_code_cell(cell.source) for cell in self.submission.cells]
        return nbformat.v4.new_notebook(cells=cells)


def chosen_file(
    folder: Path, unit: str, student: str, known: KnownExercises | None = None
) -> Chosen | Unreadable:
    """The file that counts of what one student handed in.

    Args:
        folder: the student's folder of this unit, `submitted/STUDENT/UNIT`.
        unit: the unit's id.
        student: whose it is.
        known: by what a file of the unit is recognised.
    """
    hand_in = hand_in_of(folder, unit)
    (read,) = Found(
        person=Person(key=student, name=student),
        student=student,
        unit=unit,
        hand_ins=(hand_in,),
        known=known or KnownExercises(unit, ()),
    ).read()
    return read if isinstance(read, Unreadable) else Chosen(read, hand_in.data_of(read.path))


def _loads(data: bytes) -> dict[str, Any]:
    text = data.decode(json.detect_encoding(data), "replace").removeprefix("\ufeff")
    loaded: dict[str, Any] = json.loads(text, strict=False)
    return loaded


def _upgraded(content: dict[str, Any]) -> NotebookNode:
    if content.get("nbformat") == 4 or "cells" in content:
        return nbformat.from_dict(content)
    return nbformat.convert(nbformat.from_dict(content), 4)


def _tidy(nb: NotebookNode) -> NotebookNode:
    """Every cell with all that a cell has, of the types that nbgrader takes for granted."""
    cells = []
    for cell in nb.cells:
        if not isinstance(cell, dict):
            continue
        kind = cell.get("cell_type") if cell.get("cell_type") in _CELL_TYPES else "raw"
        source = cell.get("source")
        lines = source if isinstance(source, list) else [source]
        text = "".join(line for line in lines if isinstance(line, str)).encode("utf-8", "replace").decode()
        metadata = cell.get("metadata")
        made: dict[str, Any] = {
            "cell_type": kind,
            "metadata": metadata if isinstance(metadata, dict) else {},
            "source": text,
        }
        if isinstance(cell.get("id"), str):
            made["id"] = cell["id"]
        if kind == "code":
            # Nothing of a student's outputs is kept.
            made |= {"outputs": [], "execution_count": None}
        elif isinstance(cell.get("attachments"), dict):
            made["attachments"] = cell["attachments"]
        cells.append(made)
    metadata = nb.get("metadata")
    return nbformat.from_dict(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": metadata if isinstance(metadata, dict) else {},
            "cells": cells,
        }
    )
