"""The file of a student's folder that counts, and that file as a notebook."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.intake.submission import Unreadable
from autograder.nbgrader.choosing import Chosen, chosen_file
from autograder.results import FlagKind


def content(text: str = "x = 1", made: str = "") -> dict[str, Any]:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text)])
    if made:
        notebook.metadata["course"] = {"submission": {"unit": "moco", "made": made}}
    return dict(notebook)


def folder_of(path: Path, *names: str) -> Path:
    folder = path / "submitted/ada/moco"
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text(json.dumps(content(f"# {name}\nx = 1")))
    return folder


def name_of(found: Chosen | Unreadable) -> str:
    assert isinstance(found, Chosen)
    assert found.submission.student == "ada"
    return Path(found.submission.path).name


@pytest.mark.parametrize(
    ("names", "chosen", "kinds"),
    [
        (["moco.ipynb"], "moco.ipynb", []),
        (["moco.ipynb", "moco-submission.ipynb"], "moco-submission.ipynb", [FlagKind.SEVERAL_FILES]),
        (["moco-submission.ipynb"], "moco-submission.ipynb", []),
        (["moco.ipynb", "moco (1).ipynb"], "moco (1).ipynb", [FlagKind.SEVERAL_FILES]),
        (["moco (2).ipynb", "moco (10).ipynb"], "moco (10).ipynb", [FlagKind.SEVERAL_FILES]),
        (["moco-3.ipynb", "Copy of moco.ipynb"], "moco-3.ipynb", [FlagKind.SEVERAL_FILES]),
        (["Copy of moco.ipynb"], "Copy of moco.ipynb", [FlagKind.RENAMED_FILE]),
        (["moco.py", "moco.ipynb"], "moco.ipynb", []),
        (
            ["moco-submission (1).ipynb", "moco-submission.ipynb"],
            "moco-submission (1).ipynb",
            [FlagKind.SEVERAL_FILES],
        ),
    ],
)
def test_by_name(tmp_path: Path, names: list[str], chosen: str, kinds: list[FlagKind]) -> None:
    found = chosen_file(folder_of(tmp_path, *names), "moco", "ada")
    assert name_of(found) == chosen
    assert isinstance(found, Chosen)
    assert [flag.kind for flag in found.submission.flags] == kinds
    assert f"# {chosen}" in found.notebook.cells[0].source


def test_of_two_that_cu_submit_made_the_later_counts(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    for name, made in (
        ("moco-submission.ipynb", "2026-11-02T10:00:00+00:00"),
        ("moco-submission (1).ipynb", "2026-11-01"),
    ):
        (folder / name).write_text(json.dumps(content(made=made)))
    os.utime(folder / "moco-submission.ipynb", (0, 0))
    assert name_of(chosen_file(folder, "moco", "ada")) == "moco-submission.ipynb"


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    (tmp_path / "other.ipynb").write_text(json.dumps(content()))
    (folder / "moco.ipynb").symlink_to(tmp_path / "other.ipynb")
    found = chosen_file(folder, "moco", "ada")
    assert isinstance(found, Unreadable)
    assert "is a link" in found.reason


def test_an_empty_folder(tmp_path: Path) -> None:
    found = chosen_file(folder_of(tmp_path), "moco", "ada")
    assert isinstance(found, Unreadable)
    assert (found.student, found.reason) == ("ada", "is a folder without a notebook: moco.ipynb is missing")


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(content()).encode("utf-16"),
        b"\xef\xbb\xbf" + json.dumps(content()).encode(),
        json.dumps(
            {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": "x = 1"}]}]}
        ).encode(),
        json.dumps(
            {"nbformat": 4, "metadata": None, "cells": [None, {"cell_type": "code", "source": ["x =", " 1"]}]}
        ).encode(),
        json.dumps(
            {
                "cells": [
                    {"cell_type": "code", "source": "x = 1", "metadata": 3, "id": 7},
                    {"cell_type": "odd"},
                ]
            }
        ).encode(),
    ],
    ids=["utf-16", "mark", "worksheets", "null", "strange"],
)
def test_notebooks_in_a_bad_state(tmp_path: Path, data: bytes) -> None:
    folder = folder_of(tmp_path)
    (folder / "moco.ipynb").write_bytes(data)
    found = chosen_file(folder, "moco", "ada")
    assert isinstance(found, Chosen)
    code = [cell for cell in found.notebook.cells if cell.cell_type == "code"]
    assert [cell.source for cell in code] == ["x = 1"]
    assert all(cell.outputs == [] and isinstance(cell.metadata, dict) for cell in code)
