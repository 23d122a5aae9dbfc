"""Small notebooks for tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat

from autograder.course.sources import standalone_source
from autograder.course.units import Unit
from course_utils.slices.names import cell_id

SETUP = "import torch\nimport torch.nn.functional as F\nfrom jaxtyping import Float, Int64\nfrom torch import Tensor, nn\n"


def notebook(cells: Iterable[tuple[str, str]]) -> Any:
    """A notebook of code cells (grade id or "", source)."""
    made = nbformat.v4.new_notebook()
    for grade_id, source in cells:
        cell = nbformat.v4.new_code_cell(source)
        if grade_id:
            cell.metadata["nbgrader"] = {"grade_id": grade_id}
        made.cells.append(cell)
    return made


def sources(unit: Unit, changes: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    """A set-up cell and each exercise's reference, some replaced by other source."""
    cells = [("", SETUP)]
    for id_, exercise in unit.exercises.items():
        cells.append((cell_id(id_), (changes or {}).get(id_, standalone_source(exercise.reference))))
    return cells


def write(path: Path, cells: Iterable[tuple[str, str]]) -> Path:
    """Write a notebook and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook(cells), path)
    return path
