"""`autograder grade` refuses checks that the build refuses, and says when generated files are older than the checks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder.cli import app
from autograder.course.config import load_course
from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.grading import journal
from autograder.publish import verify
from autograder.publish.build import build_course
from autograder.publish.made_from import changed_since_build
from tests.support.tiny import make_course

REFUSED = {
    "no points": ("clear/checks.py", "points=2", "points=0"),
    "a hidden check alone": ("clear/checks.py", "points=2, visible=True", "points=2"),
    "cases that cannot be drawn": ("clear/checks.py", "draw.normal(3, 2)", "draw.nrml(3, 2)"),
    "two checks of one name": ("scale/checks.py", "def with_gradients(", "def small("),
    "a misconception that passes": ("scale/wrong.py", "values / factor + 0.25", "values * factor + 0.25"),
    "a reference of another name": ("clear/reference.py", "def clear(", "def cleer("),
    "a reference that fails its check": ("clear/reference.py", "mul_(0)", "mull_(0)"),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_course(tmp_path_factory.mktemp("built"))
    build_course(root)
    (root / "class").mkdir()
    shutil.copyfile(root / "source/tiny/tiny.ipynb", root / "class/ada.ipynb")
    return root


@pytest.fixture
def course(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = shutil.copytree(built, tmp_path / "course")
    monkeypatch.chdir(root)
    return root


def change(root: Path, place: str, before: str, after: str) -> None:
    text = (root / place).read_text()
    assert before in text
    (root / place).write_text(text.replace(before, after))


def grade() -> str:
    """What is told, as one line."""
    command = ["grade", "class", "--assignment", "tiny", "--unsafe", "--jobs", "1"]
    result = CliRunner().invoke(app, command)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return " ".join(result.output.split())


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_build_refuses_is_refused_before_anybody_is_graded(course: Path, name: str) -> None:
    place, before, after = REFUSED[name]
    change(course, f"solutions/tiny/{place}", before, after)
    with pytest.raises(UserError) as by_build:
        build_course(course)
    with pytest.raises(UserError) as by_grade:
        grade()
    assert str(by_grade.value) == str(by_build.value)
    assert not (course / "grades" / journal.NAME).exists()


def test_nothing_is_asked_and_told_after_a_build(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(verify, "verify_checks")
    said = grade()
    assert "autograder build" not in said
    assert (course / "grades" / journal.NAME).exists()
    # What does not decide how checks grade is told, and nothing is tried for it.
    change(course, "solutions/tiny/notebook.md", "Why a quarter?", "Why not a third?")
    assert "solutions/tiny/notebook.md has changed since `autograder build`" in grade()


def test_stale_files_are_told_with_what_changed(course: Path) -> None:
    change(course, "solutions/tiny/clear/checks.py", "draw.normal(3, 2)", "draw.normal(4, 3)")
    (course / "course/tiny/scale").mkdir(parents=True)
    override = course / "course/tiny/scale/wrong.py"
    override.write_text((course / "solutions/tiny/scale/wrong.py").read_text() + "\n# Other words.\n")
    said = grade()
    assert (
        "course/tiny/scale/wrong.py, solutions/tiny/clear/checks.py have changed since `autograder build`"
        in said
    )
    assert "`autograder build tiny` makes them anew." in said
    assert (course / "grades" / journal.NAME).exists(), "it is told, and grading goes on"
    build_course(course)
    assert "has changed" not in grade()


def test_a_unit_that_was_never_built(course: Path) -> None:
    shutil.rmtree(course / "source/.built")
    assert "there is no record of a build of tiny" in grade()


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("Work alone.", "Work together.", ["course.toml"]),
        ('sandbox = "restricted"\n', '[points]\n"tiny.scale" = 5\n', ["course.toml"]),
        ('sandbox = "restricted"\n', 'disabled = ["tiny.clear"]\n', ["course.toml, disabled"]),
        ('sandbox = "restricted"\n', 'sandbox = "full"\n', []),
        ('sandbox = "restricted"\n', "[limits]\nseconds = 3\n", []),
    ],
)
def test_settings_that_students_see(course: Path, before: str, after: str, changed: list[str]) -> None:
    change(course, "course.toml", before, after)
    assert changed_since_build(load_unit(course, "tiny"), load_course(course)) == changed


def test_files_of_the_gate_change_nothing(course: Path) -> None:
    for name in ("right.py", "test_reference.py"):
        with (course / "solutions/tiny/clear" / name).open("a") as file:
            file.write("\n# Another word.\n")
    assert changed_since_build(load_unit(course, "tiny"), load_course(course)) == []


@pytest.mark.parametrize("text", ["", "{}", '{"format": 2, "unit": "tiny", "made_from": {}}', "<<<<<<<"])
def test_a_record_that_is_none(course: Path, text: str) -> None:
    (course / "source/.built/tiny.json").write_text(text)
    assert changed_since_build(load_unit(course, "tiny"), load_course(course)) is None
