"""A notebook of another unit is told, never graded 0; a blank one is known as blank."""

from __future__ import annotations

import json
import time
from pathlib import Path

import nbformat
import pytest

from autograder.course.units import load_unit
from autograder.intake.belonging import KnownExercises, is_blank, of_this_unit
from autograder.intake.submission import Submission, Unreadable, read_submission
from autograder.results import texts
from course_utils.slices.cells import Cell
from tests.support import ROOT
from tests.support.notebooks import notebook

UNITS = ("cpc", "moco", "pretext", "simclr", "video")


def known(unit: str) -> KnownExercises:
    loaded = load_unit(ROOT, unit)
    return KnownExercises(unit, tuple(loaded.folders), loaded.exercises_elsewhere)


def read(path: Path, unit: str = "moco") -> Submission | Unreadable:
    return of_this_unit(read_submission(path, unit, "ada"), known(unit))


def made(tmp_path: Path, *cells: tuple[str, str], course: object = None) -> Path:
    content = notebook(cells)
    if course is not None:
        content.metadata["course"] = course
    path = tmp_path / "work.ipynb"
    nbformat.write(content, path)
    return path


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("other", UNITS)
def test_each_release_is_its_own_units_and_no_others(unit: str, other: str) -> None:
    found = read(ROOT / f"assignments/{other}/{other}.ipynb", unit)
    if unit == other:
        assert isinstance(found, Submission)
        assert is_blank(found.cells, known(unit).own)
        assert not found.flags
    else:
        assert isinstance(found, Unreadable)
        assert f"this is the notebook of {other}" in found.reason
        assert f"not of {unit}" in found.reason


def test_a_notebook_that_lost_its_metadata_is_known_by_its_names(tmp_path: Path) -> None:
    found = read(made(tmp_path, ("", "def nt_xent(z_i, z_j, temperature):\n    return 1")))
    assert "this is the notebook of simclr (it has simclr.nt_xent), not of moco" in getattr(
        found, "reason", ""
    )
    found = read(made(tmp_path, ("", 'cu.check("simclr.nt_xent")')))
    assert "this is the notebook of simclr" in getattr(found, "reason", "")
    found = read(made(tmp_path, ("", "x = 1"), course={"unit": "simclr"}))
    assert "this is the notebook of simclr" in getattr(found, "reason", "")
    (tmp_path / "work.py").write_text("import torch\n\n\ndef nt_xent(a, b, t):\n    return 1\n")
    assert "this is the notebook of simclr" in getattr(read(tmp_path / "work.py"), "reason", "")


def test_of_two_other_units_it_is_that_of_which_it_has_more(tmp_path: Path) -> None:
    cells = [
        ("", f"def {name}(x):\n    return x") for name in ("nt_xent", "copy_colors", "colorization_attention")
    ]
    assert "this is the notebook of video" in getattr(read(made(tmp_path, *cells)), "reason", "")
    assert "this is the notebook of simclr" in getattr(
        read(made(tmp_path, *cells[:2], course={"unit": "simclr"})), "reason", ""
    )


@pytest.mark.parametrize(
    "cells",
    [
        [("", "def enqueue(q, p, k):\n    return 1")],
        [("", "enqueue = lambda q, p, k: 1")],
        [("", 'cu.check("moco.enqueue")')],
        [("moco-enqueue", "x = 1")],
        [("moco-enqueue-check", "")],
    ],
)
def test_what_has_something_of_both_is_graded_and_told(tmp_path: Path, cells: list[tuple[str, str]]) -> None:
    found = read(made(tmp_path, *cells, ("simclr-nt_xent", "def nt_xent(a, b, t):\n    return 1")))
    assert isinstance(found, Submission)
    assert "exercises of simclr stand in it too (simclr.nt_xent)" in texts(found.flags)
    assert [flag.audience for flag in found.flags] == ["staff"]
    # A name alone tells nobody anything.
    found = read(made(tmp_path, *cells, ("", "def nt_xent(a, b, t):\n    return 1")))
    assert isinstance(found, Submission)
    assert not found.flags


def test_what_has_nothing_of_any_unit_is_graded_as_it_is(tmp_path: Path) -> None:
    for course in (None, {"unit": "moco"}, {"unit": 7}, {"unit": "another"}, [1]):
        assert isinstance(read(made(tmp_path, ("", "x = 1"), course=course)), Submission)
    # It says that it is moco's: a function that is called like another unit's is no proof that it is not.
    path = made(tmp_path, ("", "def nt_xent(a, b, t):\n    return 1"), course={"unit": "moco"})
    assert isinstance(read(path), Submission)
    # Cells that another unit's release made are.
    path = made(tmp_path, ("simclr-nt_xent", "x"), course={"unit": "moco"})
    assert isinstance(read(path), Unreadable)


STUB = 'def enqueue(q, p, k):\n    """Write."""\n    # Your code takes the place of this line and the next.\n    raise NotImplementedError("moco.enqueue")'
OWN = ("moco.enqueue", "moco.moco_logits")


def cells_of(*cells: tuple[str, str]) -> list[Cell]:
    return [Cell(number, source, frozenset({id_})) for number, (id_, source) in enumerate(cells, start=1)]


@pytest.mark.parametrize(
    ("cells", "blank"),
    [
        ([], True),
        ([("", "x = 1")], True),
        ([("moco-enqueue", STUB)], True),
        ([("moco-enqueue", "")], True),
        ([("moco-enqueue", "# I do not know")], True),
        ([("moco-enqueue", STUB), ("moco-enqueue-check", 'cu.check("moco.enqueue")')], True),
        ([("moco-enqueue", STUB), ("", "def helper():\n    return 1")], True),
        ([("moco-enqueue", STUB), ("moco-moco_logits", "def moco_logits(q):\n    return q")], False),
        ([("moco-enqueue", STUB), ("", "def enqueue(q, p, k):\n    return p")], False),
        ([("moco-enqueue", STUB.replace("    raise", "    x = 1\n    raise"))], False),
        ([("moco-enqueue", STUB.replace("):", ")"))], False),
        ([("moco-enqueue", "def enqueue_mine(q, p, k):\n    return p")], False),
        ([("", "enqueue = print")], False),
    ],
)
def test_blank_notebooks(cells: list[tuple[str, str]], blank: bool) -> None:
    assert is_blank(cells_of(*cells), OWN) is blank


def test_a_cell_that_is_left_out_is_no_blank_one() -> None:
    cell = Cell(1, "def enqueue(): ...", frozenset({"moco-enqueue"}), "left out: two versions were merged")
    assert not is_blank([cell], OWN)


@pytest.mark.parametrize("part", [" ", "\t", "def ", "check(", "a", "a:", "\n", "x = 1\n", "class "])
def test_long_cells_take_no_time(part: str, tmp_path: Path) -> None:
    path = tmp_path / "work.ipynb"
    cells = [{"cell_type": "code", "source": part * (190_000 // len(part)), "metadata": {}} for _ in range(2)]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    start = time.process_time()
    read(path)
    assert time.process_time() - start < 5
