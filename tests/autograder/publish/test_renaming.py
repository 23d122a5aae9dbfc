"""A copied unit is refused with the command that renames it, and is a unit of its own after that."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course.receipt import FILE, write_receipt
from autograder.course.units import load_unit, unit_ids
from autograder.errors import UserError
from autograder.publish.build import build_course
from autograder.publish.renaming import make_copy, twins
from tests.autograder.course.test_receipt import FOUND
from tests.support import ROOT
from tests.support.tiny import make_course

SETUP = (
    "notebook.md",
    "import course_utils as cu\n",
    "import course_utils as cu\n\ncourse = cu.setup('tiny')\n",
)
SHARED = (
    "clear/right.py",
    "from course_utils",
    "from solutions.tiny.shared import QUARTER  # noqa: F401\nfrom course_utils",
)
PROSE = (
    "notebook.md",
    "Why a quarter?",
    'Why a tiny quarter, in tiny-q1? Run `cu.submit("tiny")`, see solutions/tiny.',
)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A unit of which everything that can say its name does so."""
    root = make_course(tmp_path, SETUP, SHARED, PROSE)
    (root / "solutions/tiny/shared.py").write_text("QUARTER = 0.25\n")
    for exercise in load_unit(root, "tiny").exercises.values():
        write_receipt(exercise, 5, FOUND, 200)
    return root


def said(root: Path, unit: str) -> str:
    with pytest.raises(UserError) as error:
        build_course(root, [unit] if unit else [])
    return str(error.value)


@pytest.mark.parametrize("built", ["small", ""])
def test_a_copy_is_refused_with_its_lines_and_the_way_out(course: Path, built: str) -> None:
    shutil.copytree(course / "solutions/tiny", course / "solutions/small")
    first, *lines = said(course, built).splitlines()
    assert first.startswith(f"{course}/solutions/small: was tiny, or is a copy of it")
    assert "`autograder new small --from tiny`" in first
    assert lines == [
        "  solutions/small/clear/right.py, line 1",
        "  solutions/small/clear/test_reference.py, line 3",
        "  solutions/small/notebook.md, lines 14, 22, 25, 28, 38, 40",
        "  solutions/small/scale/test_reference.py, line 3",
    ]
    assert not (course / "assignments").exists()


@pytest.mark.parametrize("by_hand", [False, True])
def test_a_copy_becomes_a_unit_of_its_own(
    course: Path, by_hand: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (course / "solutions/tiny/notebook.md").read_text()
    if by_hand:
        shutil.copytree(course / "solutions/tiny", course / "solutions/small")
    monkeypatch.chdir(course)
    result = CliRunner().invoke(app, ["new", "small", "--from", "tiny"])
    assert result.exception is None
    assert "Written: solutions/small/notebook.md" in result.output
    text = (course / "solutions/small/notebook.md").read_text()
    assert 'Why a tiny quarter, in small-q1? Run `cu.submit("small")`, see solutions/small.' in text
    assert "cu.setup('small')" in text
    assert "order: 2" in text
    assert not list((course / "solutions/small").rglob(FILE))
    assert len(list((course / "solutions/tiny").rglob(FILE))) == 2
    assert (course / "solutions/tiny/notebook.md").read_text() == before

    result = CliRunner().invoke(app, ["build"])
    assert result.exception is None
    told = " ".join(result.output.split())
    assert "small.scale and tiny.scale have the same reference: is one of them a copy" in told
    assert load_unit(course, "small").exercises["small.scale"].reference.__module__ == (
        "solutions.small.scale.reference"
    )


def test_a_folder_that_was_renamed(course: Path) -> None:
    (course / "solutions/tiny").rename(course / "solutions/small")
    assert "`autograder new small --from tiny`" in said(course, "small")
    make_copy(course, "small", "tiny")
    assert "order: 1" in (course / "solutions/small/notebook.md").read_text()
    assert unit_ids(course) == ["small"]
    build_course(course)


@pytest.mark.parametrize(
    ("new", "old", "part"),
    [
        ("small", "teeny", "unknown unit 'teeny': there are other, tiny"),
        ("tiny", "tiny", "can be no name of a new unit"),
        ("Small", "tiny", "can be no name of a new unit"),
        ("../small", "tiny", "can be no name of a new unit"),
        ("other", "tiny", "exists already, and nothing in it says tiny"),
    ],
)
def test_what_cannot_be_copied(course: Path, new: str, old: str, part: str) -> None:
    (course / "solutions/other").mkdir()
    (course / "solutions/other/notebook.md").write_text("Another one.\n")
    before = sorted(course.rglob("*"))
    with pytest.raises(UserError, match=part):
        make_copy(course, new, old)
    assert sorted(course.rglob("*")) == before


def test_another_unit_that_is_unfinished_is_in_nobodys_way(course: Path) -> None:
    (course / "solutions/other").mkdir()
    (course / "solutions/other/notebook.md").write_text("No header.\n")
    make_copy(course, "small", "tiny")
    assert "order: 2" in (course / "solutions/small/notebook.md").read_text()


@pytest.mark.parametrize("arguments", [["tiny.f"], ["small", "def f() -> int: ...", "--from", "tiny"]])
def test_neither_or_both_is_refused(
    arguments: list[str], course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(course)
    result = CliRunner().invoke(app, ["new", *arguments])
    assert isinstance(result.exception, UserError)
    assert "autograder new moco2 --from moco" in str(result.exception)


def test_no_two_units_of_this_course_have_an_exercise_in_common() -> None:
    assert not list(twins(load_unit(ROOT, unit) for unit in unit_ids(ROOT)))
