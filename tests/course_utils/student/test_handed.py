"""Whose notebook a file is, of which release, and whether it holds what was run."""

from __future__ import annotations

import os
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
import pytest
import torch

import course_utils as cu
from course_utils.running import alone
from course_utils.setup import Profile, Setup
from course_utils.student import wrapping
from course_utils.student.handed import not_in_the_file, other_release, unit_of_notebook, without_a_cell
from tests.course_utils.student.test_submit import IMPORTS, code, markdown, notebook, read, save, source
from tests.support import ROOT, UNITS
from tests.support.forked import Forked

submit = sys.modules["course_utils.student.submit"]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, without a kernel, and no environment that tells of a notebook."""
    monkeypatch.chdir(tmp_path)
    for name in ("JPY_SESSION_NAME", submit.INSIDE, "NBGRADER_VALIDATING"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setitem(sys.modules, "nbclient", None)
    monkeypatch.setattr(alone, "_start", Forked)
    # Sentences are looked for, wherever a line of them may end.
    monkeypatch.setattr(wrapping, "LINE_WIDTH", 10_000)
    return tmp_path


def released(unit: str) -> Any:
    return nbformat.read(ROOT / "assignments" / unit / f"{unit}.ipynb", as_version=4)


def course(unit: str) -> Setup:
    return Setup(unit, Profile.CHECK, torch.device("cpu"))


@pytest.mark.parametrize("unit", UNITS)
def test_every_released_notebook_tells_its_unit(unit: str) -> None:
    content = released(unit)
    assert unit_of_notebook(content) == unit
    content.metadata = {}
    assert unit_of_notebook(content) == unit
    for cell in content.cells:
        cell.metadata = {}
    assert unit_of_notebook(content) == unit
    assert without_a_cell(content, unit) == []
    # And ends with the cell that hands it in.
    assert content.cells[-1].source.splitlines()[-1] == f'cu.submit("{unit}")'


def test_most_cells_decide_and_some_notebooks_tell_nothing() -> None:
    copied = [*released("moco").cells, code("cu.check('pretext.rotate_batch')")]
    assert unit_of_notebook({"cells": copied, "metadata": {"course": {"unit": "pretext"}}}) == "moco"
    assert unit_of_notebook(notebook(code("x = 1"))) is None
    assert unit_of_notebook({**notebook(code("x = 1")), "metadata": {"course": {"unit": "moco"}}}) == "moco"
    assert unit_of_notebook({**notebook(code("x = 1")), "metadata": None}) is None


@pytest.mark.parametrize("how", ["file", "set-up", "both"])
def test_another_units_notebook_is_refused(how: str, elsewhere: Path) -> None:
    name = "moco.ipynb" if how == "file" else "other.ipynb"
    path = save(elsewhere / name, notebook(code("cu.check('pretext.rotate_batch')")))
    given = f", notebook={str(path)!r}" if how == "both" else ""
    namespace = {"cu": cu} | ({"course": course("pretext")} if how == "set-up" else {})
    with pytest.raises(submit.SubmitError, match=r'is pretext, not moco: run cu.submit\("pretext"\) here'):
        exec(f"cu.submit('moco'{given})", namespace)
    assert not list(elsewhere.glob("*-submission.ipynb"))


def test_in_a_notebook_a_refusal_is_one_sentence(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(submit, "in_notebook", lambda: True)
    exec("cu.submit('moco')", {"cu": cu, "course": course("pretext")})
    out = capsys.readouterr().out
    assert out.startswith("cu.submit: this notebook is pretext, not moco: run ")
    assert out.endswith("Nothing was written.\n")
    assert "Hand in" not in out


@pytest.mark.parametrize(
    "call",
    ["cu.submit()", "cu.submit(course)", "cu.submit('Moco')", "cu.submit('moco.enqueue')", "cu.submit('moco.ipynb')",
     "cu.submit(enqueue)", "cu.submit(unit='moco')"],
)  # fmt: skip
def test_the_unit_is_understood(call: str, elsewhere: Path) -> None:
    def enqueue() -> None: ...

    save(elsewhere / "moco.ipynb", notebook(markdown("mine")))
    exec(call, {"cu": cu, "course": course("moco"), "enqueue": enqueue})
    assert read(elsewhere / "moco-submission.ipynb")["cells"][0]["source"] == "mine"


def test_without_any_argument_the_file_tells_the_unit(elsewhere: Path) -> None:
    save(elsewhere / "simclr.ipynb", notebook(code("cu.check('simclr.nt_xent')")))
    exec("cu.submit()", {"cu": cu})
    assert (elsewhere / "simclr-submission.ipynb").is_file()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("cu.submit('moko')", r'Did you mean cu.submit\("moco"\)\?'),
        ("cu.submit('nothing')", r"Give the id of this problem set"),
        ("cu.submit(3)", r"there is no problem set '3'"),
        ("cu.submit('moco', 3)", r"give the notebook's file by its name"),
        ("cu.submit()", r"I can't tell which file this notebook is"),
    ],
)
def test_what_cannot_be_submitted_is_one_sentence(call: str, said: str, elsewhere: Path) -> None:
    with pytest.raises(submit.SubmitError, match=said):
        exec(call, {"cu": cu})
    assert not list(elsewhere.iterdir())


def submitted(namespace: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> str:
    exec("cu.submit('moco')", {"cu": cu, **namespace})
    return capsys.readouterr().out


def test_an_unsaved_notebook_is_not_to_be_handed_in(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = source("enqueue")
    save(elsewhere / "moco.ipynb", notebook(code(IMPORTS), code(old), code("cu.submit('moco')")))
    history = ["", IMPORTS, old, "cu.submit('moco')"]
    assert "\nHand in this file: " in submitted({"In": history}, capsys)
    # The function was changed and run, and the file not saved since.
    out = submitted({"In": [*history[:2], old + "    # better", history[3]]}, capsys)
    assert "does not hold the cell of enqueue as you ran it last" in out
    assert "Hand in this file" not in out
    last = out.strip().splitlines()[-1]
    assert last.startswith("Not yet: ")
    assert "does not hold your latest work. Save the notebook, run this cell again" in last
    assert "Not yet: " in submitted({"In": [*history, "cu.submit('moco')  # again"]}, capsys)


def test_a_file_that_is_replaced_is_told(elsewhere: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save(elsewhere / "moco.ipynb", notebook(code(IMPORTS), code(source("enqueue"))))
    assert "is replaced" not in submitted({}, capsys)
    assert "moco-submission.ipynb of " in (out := submitted({}, capsys))
    assert " is replaced.\n" in out


def test_an_older_release_s_notebook_is_told(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "0.1.0+bbb")
    old = notebook(code('install_course_utils("", "course_utils-0.1.0+aaa-py3-none-any.whl")'))
    assert other_release(old).startswith(
        "This notebook is of another release than the package here (0.1.0+aaa, and 0.1.0+bbb)"
    )
    assert other_release(notebook(code('"course_utils-0.1.0+bbb-py3-none-any.whl"'))) == ""
    assert other_release(notebook(code('"course_utils-*-py3-none-any.whl"'))) == ""
    save(elsewhere / "moco.ipynb", notebook(code(source("enqueue")), code(source("moco_logits"))))
    out = submitted({}, capsys)
    assert "This notebook has no trace of moco.momentum_update: it may be of an older release" in out


def test_where_a_notebook_is_run_as_a_whole_nothing_is_submitted(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(elsewhere / "moco.ipynb", notebook(markdown("mine")))
    monkeypatch.setenv("NBGRADER_VALIDATING", "1")
    exec("cu.submit('moco')", {"cu": cu})
    assert [path.name for path in elsewhere.iterdir()] == ["moco.ipynb"]
    assert os.environ["NBGRADER_VALIDATING"]


def test_history_without_functions_says_nothing() -> None:
    assert not_in_the_file(notebook(code("x = 1")), {"In": ["", "x = 1"]}, "moco") == []
    assert not_in_the_file(notebook(), {}, "moco") == []
