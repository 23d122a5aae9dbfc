"""nbgrader's own fixtures of what goes wrong in a submission, run through our reading, slicing, repair and grading.

They lie in nbgrader's wheel and are read from there: notebooks with cells that were changed, deleted or retyped, ids
given twice, loops without an end, attempts to cheat. Each is handed in in four ways:

- *as it is*: a stranger's notebook; nothing in it is ours, so nothing of it is executed;
- *under our ids*: its cells carry the ids of ours;
- *around*: its code stands in the exercise's cell, above a wrong function and above a right one;
- *inside*: its code is the body of the exercise's function, and is executed.

What must hold for all, and for those of a later nbgrader that the table does not know: the grader goes on, nothing
that is not right scores, what is right scores in full, and the other exercise does not feel it.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from nbgrader import utils
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import CheckCellMetadata, OverwriteCells, SaveCells
from traitlets.config import Configurable

from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.grading.grader import Grader
from autograder.intake.collect import collect
from autograder.intake.submission import Submission, Unreadable, read_submission
from autograder.nbgrader import database
from autograder.nbgrader import gradebook as export
from autograder.nbgrader.preprocessors import RepairCells
from autograder.nbgrader.written import LOST, is_written, note_of
from autograder.results import Line, Person
from autograder.sandbox.client import Limits
from tests.support.notebooks import write
from tests.support.tiny import make_course

SHIPPED = Path(str(files("nbgrader"))) / "tests"
FIXTURES = [
    f"{folder}/{path.name}"
    for folder in ("apps", "preprocessors", "ui-tests")
    for path in sorted((SHIPPED / folder / "files").glob("*.ipynb"))
]
pytestmark = pytest.mark.skipif(not FIXTURES, reason="this nbgrader's wheel has no tests")


class Expected(NamedTuple):
    """What comes of a fixture.

    Attributes:
        named: status of `tiny.scale` when the cells carry our ids.
        inside: possible statuses of `tiny.scale` when the code is its body.
        why: in a few words.
        around: whether the code can stand above a right function without harm.
    """

    named: str
    inside: tuple[str, ...]
    why: str
    around: bool = True


BLANK = "not attempted"
NO_CODE = "no code cells"

TABLE = {
    # A class's notebooks, honest.
    "submitted-unchanged.ipynb": Expected(BLANK, (BLANK,), "a stub as it was released is no attempt"),
    "submitted-changed.ipynb": Expected(BLANK, ("wrong",), "there is code, but no function of ours"),
    "autotest-hashed-changed.ipynb": Expected(BLANK, ("wrong",), "right for nbgrader's test, which is not ours"),
    "autotest-hashed-unchanged.ipynb": Expected(BLANK, (BLANK,), "a stub"),
    "autotest-hidden-changed-right.ipynb": Expected(BLANK, ("wrong",), "the same"),
    "autotest-hidden-changed-wrong.ipynb": Expected(BLANK, ("wrong", "error"), "wrong there and here"),
    "autotest-hidden-unchanged.ipynb": Expected(BLANK, (BLANK,), "a stub"),
    "autotest-multi-changed.ipynb": Expected("error", ("error",), "another function's name; its tests raise"),
    "autotest-multi-unchanged.ipynb": Expected(BLANK, (BLANK,), "a stub"),
    "autotest-multi.ipynb": Expected("error", ("wrong",), "another function's name"),
    "autotest-simple-changed.ipynb": Expected(BLANK, ("wrong",), "no function"),
    "autotest-simple-unchanged.ipynb": Expected(BLANK, (BLANK,), "a stub"),
    # Cheating: errors are to be hidden from what is run later. Nothing of ours is run there later.
    "submitted-cheat-attempt.ipynb": Expected(BLANK, ("wrong", "error"), "no traceback is read, values are compared"),
    "submitted-cheat-attempt-alternative.ipynb": Expected(BLANK, ("wrong", "error"), "the same"),
    "validating-environment-variable.ipynb": Expected(BLANK, ("wrong",), "the variable is not there to be asked"),
    # Cells that were changed: graded and locked cells are never read, a retyped answer is none.
    "submitted-grade-cell-changed.ipynb": Expected(BLANK, (BLANK,), "a test without its assert proves nothing"),
    "submitted-grade-cell-type-changed.ipynb": Expected(BLANK, (BLANK,), "a test made a text proves nothing"),
    "submitted-locked-cell-changed.ipynb": Expected(BLANK, (BLANK,), "locked cells play no part"),
    "submitted-answer-cell-type-changed.ipynb": Expected(BLANK, ("error",), "code in a text cell is not executed"),
    "cell-type-changed.ipynb": Expected(BLANK, ("error",), "a text in a code cell is no Python", around=False),
    "duplicate-grade-ids.ipynb": Expected(BLANK, ("wrong",), "one id, two cells: neither has the function"),
    "blank-grade-id.ipynb": Expected(BLANK, ("wrong",), "a cell without a name"),
    "blank-points.ipynb": Expected(BLANK, ("wrong",), "points come from the course, never from the file"),
    "validation-zero-points.ipynb": Expected("error", ("error",), "the same"),
    "no-cell-type.ipynb": Expected(NO_CODE, ("wrong",), "text alone is no submission"),
    "bad-markdown-cell-1.ipynb": Expected(NO_CODE, ("wrong",), "the same"),
    "bad-markdown-cell-2.ipynb": Expected(NO_CODE, ("wrong",), "the same"),
    "task.ipynb": Expected(NO_CODE, ("wrong",), "the same"),
    "too-new.ipynb": Expected(BLANK, ("wrong",), "metadata of a later nbgrader is not needed"),
    "old-schema.ipynb": Expected(BLANK, ("wrong",), "nor is that of an older one"),
    "test-v0-invalid.ipynb": Expected("error", ("wrong", "error"), "nor is broken one; functions of other names"),
    # What does not end, or does not stop to talk.
    "infinite-loop.ipynb": Expected(BLANK, ("timeout",), "a loop at top level is not executed; one inside is killed"),
    "infinite-loop-with-output.ipynb": Expected(BLANK, ("memory", "timeout"), "memory or time, whichever is first"),
    "infinite-recursion.ipynb": Expected(BLANK, ("error",), "Python itself ends it"),
    "timeout.ipynb": Expected("error", ("timeout",), "longer than the limit"),
    "long-output.ipynb": Expected(BLANK, ("wrong",), "what is printed is not read"),
    "warning-pattern.ipynb": Expected(BLANK, ("wrong", "error"), "a warning costs nothing and earns nothing"),
    # Files.
    "side-effects.ipynb": Expected(BLANK, ("error", "wrong"), "it may not write, or not where anybody looks"),
    "open_relative_file.ipynb": Expected(BLANK, ("error",), "there is no file beside the notebook"),
}  # fmt: skip

SETUP = ("", "import torch\n")
WRONG = "def scale(values, factor):\n    return values\n"
RIGHT = "def scale(values, factor):\n    return values * factor + 0.25\n"
CLEAR = ("tiny-clear", "def clear(values):\n    with torch.no_grad():\n        values.fill_(-1.0)\n")
OUR_NAMES = {
    "set_a": "tiny-scale",
    "squares": "tiny-scale",
    "soln": "tiny-scale",
    "id1": "tiny-scale",
    "quux": "tiny-clear",
    "sum_of_squares": "tiny-clear",
    "foo": "tiny-scale-check",
    "correct_squares": "tiny-scale-check",
    "bar": "tiny-clear-check",
    "baz": "tiny-q1",
}


def fixture(name: str) -> Path:
    folder, file = name.split("/")
    return SHIPPED / folder / "files" / file


def code(name: str) -> str:
    cells = json.loads(fixture(name).read_bytes())["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@pytest.fixture(scope="module")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """The tiny unit's, patient: some fixtures import what is slow to read from a cold disk."""
    with tiny_grader(tmp_path_factory, 30.0) as made:
        yield made


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """The same, for what never ends."""
    with tiny_grader(tmp_path_factory, 1.0) as made:
        yield made


def tiny_grader(tmp_path_factory: pytest.TempPathFactory, seconds: float) -> Grader:
    unit = load_unit(make_course(tmp_path_factory.mktemp("unit")), "tiny")
    return Grader(unit, b"a secret for nbgrader's fixtures", Limits(seconds=seconds, memory_mb=512))


def graded(grader: Grader, path: Path) -> Line:
    submission = read_submission(path, "tiny", "ada")
    assert isinstance(submission, Submission)
    return grader.grade(submission)


def scores(result: Line) -> dict[str, tuple[str, float]]:
    return {id_: (entry.status, entry.score) for id_, entry in result.exercises.items()}


@pytest.mark.parametrize("name", FIXTURES)
def test_a_strangers_notebook_scores_nothing(name: str, grader: Grader) -> None:
    submission = read_submission(fixture(name), "tiny", "ada")
    result = grader.grade(submission)
    if isinstance(submission, Unreadable):
        assert NO_CODE in submission.reason
        assert result.score is None
    else:
        assert scores(result) == {"tiny.scale": (BLANK, 0.0), "tiny.clear": (BLANK, 0.0)}


@pytest.mark.parametrize("name", FIXTURES)
def test_under_our_ids(name: str, grader: Grader, tmp_path: Path) -> None:
    notebook = json.loads(fixture(name).read_bytes())
    for cell in notebook["cells"]:
        section = cell["metadata"].get("nbgrader", {})
        section["grade_id"] = OUR_NAMES.get(section.get("grade_id"), "")
    path = tmp_path / "ada.ipynb"
    path.write_text(json.dumps(notebook))
    submission = read_submission(path, "tiny", "ada")
    expected = TABLE.get(fixture(name).name)
    if isinstance(submission, Unreadable):
        assert expected is None or expected.named == NO_CODE
        assert NO_CODE in submission.reason
        return
    result = grader.grade(submission)
    assert result.score == 0
    if expected:
        assert result.exercises["tiny.scale"].status == expected.named, expected.why


@pytest.mark.parametrize("name", FIXTURES)
def test_around_an_exercise(name: str, grader: Grader, tmp_path: Path) -> None:
    above = code(name)
    expected = TABLE.get(fixture(name).name)
    harmless = expected is None or expected.around
    wrong = graded(grader, write(tmp_path / "w.ipynb", [SETUP, ("tiny-scale", f"{above}\n\n{WRONG}"), CLEAR]))
    assert wrong.exercises["tiny.scale"].score == 0
    assert scores(wrong)["tiny.clear"] == ("correct", 2.0)
    right = graded(grader, write(tmp_path / "r.ipynb", [SETUP, ("tiny-scale", f"{above}\n\n{RIGHT}"), CLEAR]))
    assert scores(right)["tiny.scale"] == (("correct", 3.0) if harmless else ("error", 0.0))
    assert scores(right)["tiny.clear"] == ("correct", 2.0)


@pytest.mark.parametrize("name", FIXTURES)
def test_inside_an_exercise(
    name: str, grader: Grader, hasty: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = TABLE.get(fixture(name).name)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "data.txt").write_text("1\n2\n3\n4")
    function = f"def scale(values, factor):\n{textwrap.indent(code(name), '    ')}\n    return values\n"
    path = write(tmp_path / "ada.ipynb", [SETUP, ("tiny-scale", function), CLEAR])
    endless = expected is not None and "timeout" in expected.inside
    result = graded(hasty if endless else grader, path)
    assert result.exercises["tiny.scale"].score == 0
    assert scores(result)["tiny.clear"] == ("correct", 2.0)
    if expected:
        assert result.exercises["tiny.scale"].status in expected.inside, expected.why
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["data.txt"]
    assert not list(tmp_path.rglob("side-effect.txt"))


# --- repair ---------------------------------------------------------------------------------------------------------


class _Converter(Configurable):  # type: ignore[misc]
    """What a preprocessor of nbgrader knows of the command that runs it."""

    coursedir: CourseDirectory


class Repaired(NamedTuple):
    """A course whose one notebook is nbgrader's own released fixture."""

    parent: Configurable
    resources: dict[str, Any]
    released: Any


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Repaired:
    root = tmp_path_factory.mktemp("released")
    path = root / "assignments/ps1/p1.ipynb"
    path.parent.mkdir(parents=True)
    path.write_bytes(fixture("preprocessors/submitted-unchanged.ipynb").read_bytes())
    notebook = nbformat.read(path, as_version=4)
    url = f"sqlite:///{root / 'gradebook.db'}"
    resources = {"nbgrader": {"assignment": "ps1", "notebook": "p1", "student": "ada", "db_url": url}}
    with database.open_gradebook(database.database_url(url, root), "") as gradebook:
        gradebook.add_assignment("ps1")
        SaveCells().preprocess(notebook, resources)
    converter = _Converter()
    converter.coursedir = CourseDirectory()
    converter.coursedir.root, converter.coursedir.release_directory = str(root), "assignments"
    return Repaired(Configurable(parent=converter), resources, notebook)


def by_id(notebook: Any) -> dict[str, Any]:
    named = [cell for cell in notebook.cells if cell.metadata.get("nbgrader")]
    ids = [cell.metadata.nbgrader.grade_id for cell in named]
    assert len(ids) == len(set(ids)), "every id once"
    return dict(zip(ids, named, strict=True))


@pytest.mark.parametrize("name", FIXTURES)
def test_every_notebook_is_repaired(name: str, released: Repaired) -> None:
    """What nbgrader's tests ask of its own preprocessors, of whatever was handed in."""
    handed_in = nbformat.read(fixture(name), as_version=4)
    answers: dict[str, list[str]] = {}
    for cell in handed_in.cells:
        answers.setdefault(cell.metadata.get("nbgrader", {}).get("grade_id", ""), []).append(cell.source)
    notebook, resources = RepairCells(parent=released.parent).preprocess(handed_in, released.resources)
    for step in (OverwriteCells(), CheckCellMetadata()):
        notebook, resources = step.preprocess(notebook, resources)
    nbformat.validate(notebook)
    cells, wanted = by_id(notebook), by_id(released.released)
    assert cells.keys() == wanted.keys()
    for id_, cell in cells.items():
        original = wanted[id_]
        assert cell.cell_type == original.cell_type
        assert cell.metadata.nbgrader == original.metadata.nbgrader
        if utils.is_locked(original):
            assert cell.source == original.source
        elif note := note_of(cell):
            assert is_written(original)
            # A student's words from other cells, or a sentence of ours in their place.
            handed = "\n".join(text for texts in answers.values() for text in texts)
            assert cell.source == f"*{LOST}*" if note == LOST else cell.source.splitlines()[0] in handed
        else:
            assert cell.source in answers.get(id_, [original.source]), (
                "an answer is the student's, or the stub"
            )
    assert cells["foo"].source == 'print("Success!")'
    assert cells["bar"].source == "assert a == 1"


# --- other files ----------------------------------------------------------------------------------------------------


def test_a_zip_of_a_class_is_taken_in(grader: Grader, tmp_path: Path) -> None:
    path = SHIPPED / "apps/files/notebooks.zip"
    if not path.is_file():
        pytest.skip("this nbgrader's wheel has no notebooks.zip")
    found = collect([path], "tiny", tmp_path)
    assert len(found) > 0
    for item in found:
        for submission in item.read("latest"):
            assert not grader.grade(submission).score


def test_a_gradebook_of_long_ago_is_left_alone(tmp_path: Path) -> None:
    path = SHIPPED / "apps/files/gradebook.db"
    if not path.is_file():
        pytest.skip("this nbgrader's wheel has no gradebook.db")
    copy = tmp_path / "gradebook.db"
    copy.write_bytes(path.read_bytes())
    person = Person(key="ada", name="ada")
    graded_line = Line(person=person, student="ada", unit="tiny", status="graded", score=0.0, max_score=5.0)
    with pytest.raises(UserError, match="nbgrader db upgrade"):
        export.write_gradebook([graded_line], make_course(tmp_path / "course"), f"sqlite:///{copy}")
    assert copy.read_bytes() == path.read_bytes()
