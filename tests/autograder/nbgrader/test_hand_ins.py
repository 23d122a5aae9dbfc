"""What students really hand in, through nbgrader's own commands: other files, lost metadata, answers in other cells."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config import Config

from autograder.nbgrader.configuration import configure
from autograder.nbgrader.written import FOUND, JOINED, LOST
from tests.support.tiny_nbgrader import (
    RELEASE,
    SOURCE,
    cell,
    edited,
    hand_in,
    make_tiny_course,
    nbgrader,
    opened,
    scores,
)

SCALE = "def scale(values, factor):\n    return values * factor + 0.25\n"
WORDS = "Because it is less than a half."
STATE = "application/vnd.jupyter.widget-state+json"
WIDGETS: dict[str, Any] = {
    "colab": {STATE: {"a1b2": {"model_name": "HBoxModel", "state": {}}}},
    "null": None,
    "list": [1],
    "text": "none",
    "empty": {},
    "invalid": {STATE: {"state": [3]}},
    "number": {STATE: 7},
}


def untouched(notebook: Any) -> None:
    pass


def right(notebook: Any) -> None:
    cell(notebook, "tiny-scale").source = SCALE


def answered(notebook: Any) -> None:
    right(notebook)
    cell(notebook, "tiny-q1").source = WORDS


def nameless(notebook: Any) -> None:
    """As Colab, VS Code and copying leave a notebook."""
    for number, item in enumerate(notebook.cells):
        item["id"], item["metadata"] = f"new-{number}", {"colab": {"base_uri": "x"}, "id": f"c{number}"}
    notebook.metadata["colab"] = {"provenance": []}


def place(notebook: Any) -> int:
    return next(i for i, item in enumerate(notebook.cells) if item.source.startswith("*Your answer"))


def by_place(notebook: Any) -> None:
    answered(notebook)
    nameless(notebook)


def in_code(notebook: Any) -> None:
    right(notebook)
    nameless(notebook)
    notebook.cells[place(notebook)] = nbformat.v4.new_code_cell(WORDS)


def in_raw(notebook: Any) -> None:
    right(notebook)
    nameless(notebook)
    notebook.cells[place(notebook)] = nbformat.v4.new_raw_cell(WORDS)


def in_two(notebook: Any) -> None:
    right(notebook)
    nameless(notebook)
    at = place(notebook)
    notebook.cells[at : at + 1] = [
        nbformat.v4.new_markdown_cell(text) for text in ("Because it is", "less than a half.")
    ]


def in_two_of_one_name(notebook: Any) -> None:
    right(notebook)
    answer = cell(notebook, "tiny-q1")
    again = nbformat.from_dict({**answer, "id": "split"})
    answer.source, again.source = "Because it is", "less than a half."
    notebook.cells.insert(notebook.cells.index(answer) + 1, again)


def in_the_question(notebook: Any) -> None:
    right(notebook)
    question = next(item for item in notebook.cells if item.source.startswith("Why a quarter?"))
    question.source += f"\n\n{WORDS}"


def below(notebook: Any) -> None:
    right(notebook)
    at = notebook.cells.index(cell(notebook, "tiny-q1"))
    notebook.cells.insert(at + 1, nbformat.v4.new_markdown_cell(WORDS))


def lost(notebook: Any) -> None:
    right(notebook)
    notebook.cells.remove(cell(notebook, "tiny-q1"))


FOUND_BY_PLACE = {
    "place": by_place,
    "code": in_code,
    "raw": in_raw,
    "two": in_two,
    "ask": in_the_question,
    "below": below,
}


class Outcome:
    """What came of the class."""

    def __init__(self, course: Path, done: subprocess.CompletedProcess[str]) -> None:
        self.course, self.done = course, done

    def grade(self, student: str, name: str) -> tuple[float | None, bool, str | None]:
        with opened(self.course) as gradebook:
            at = (name, "tiny", "tiny", student)
            grade = gradebook.find_grade(*at)
            score, waits = grade.auto_score, grade.needs_manual_grade
            comment = None if name.endswith("check") else gradebook.find_comment(*at).comment
            return score, waits, comment

    def autograded(self, student: str) -> Any:
        return nbformat.read(self.course / "autograded" / student / "tiny/tiny.ipynb", as_version=4)

    def page(self, student: str) -> str:
        return (self.course / "feedback" / student / "tiny/tiny.html").read_text()


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A class, autograded and given feedback by the commands."""
    course = make_tiny_course(tmp_path_factory.mktemp("course"))
    made = nbgrader(course, "generate_assignment", "tiny")
    assert made.returncode == 0, made.stderr
    hand_in(course, "maker", untouched)
    hand_in(course, "maker", right, file="tiny-submission.ipynb")
    hand_in(course, "alone", right, file="tiny-submission.ipynb")
    hand_in(course, "browser", untouched, file="tiny.ipynb")
    hand_in(course, "browser", right, file="tiny (1).ipynb")
    hand_in(course, "copy", right, file="Copy of tiny.ipynb")
    (course / "submitted/script/tiny").mkdir(parents=True)
    (course / "submitted/script/tiny/tiny.py").write_text(f"import torch\n\n# %%\n{SCALE}")
    (course / "submitted/pdf/tiny").mkdir(parents=True)
    (course / "submitted/pdf/tiny/tiny.pdf").write_bytes(b"%PDF-1.4")
    (course / "submitted/mark/tiny").mkdir(parents=True)
    (course / "submitted/mark/tiny/tiny.ipynb").write_bytes(
        b"\xef\xbb\xbf" + json.dumps(edited(course, right)).encode()
    )
    for name, widgets in WIDGETS.items():
        hand_in(course, f"widgets-{name}", right)
        path = course / f"submitted/widgets-{name}/tiny/tiny.ipynb"
        content = json.loads(path.read_text())
        content["metadata"]["widgets"] = widgets
        path.write_text(json.dumps(content))
    for name, edit in FOUND_BY_PLACE.items():
        hand_in(course, name, edit)
    hand_in(course, "halves", in_two_of_one_name)
    hand_in(course, "lost", lost)
    hand_in(course, "late", answered, base=SOURCE, at="2026-12-01 12:00:00 UTC")
    done = nbgrader(course, "autograde", "tiny")
    outcome = Outcome(course, done)
    for name, widgets in WIDGETS.items():
        path = course / f"autograded/widgets-{name}/tiny/tiny.ipynb"
        content = json.loads(path.read_text())
        assert "widgets" not in content["metadata"]
        # As an earlier version has left it.
        content["metadata"]["widgets"] = widgets
        path.chmod(0o644)
        path.write_text(json.dumps(content))
    feedback = nbgrader(course, "generate_feedback", "tiny")
    assert feedback.returncode == 0, feedback.stderr
    return outcome


@pytest.mark.parametrize("student", ["maker", "alone", "browser", "copy", "script", "mark"])
def test_the_file_that_counts(graded: Outcome, student: str) -> None:
    assert graded.grade(student, "tiny-scale-check")[:2] == (3.0, False)
    assert SCALE.strip() in cell(graded.autograded(student), "tiny-scale").source or student == "script"
    assert "tiny.scale: correct" in graded.page(student)


def test_what_cu_submit_made_gets_no_flag(graded: Outcome) -> None:
    assert "How your file was read" not in graded.page("maker")
    assert "How your file was read" not in graded.page("alone")
    assert "Copy of tiny.ipynb" in graded.page("copy")
    log = graded.done.stderr
    assert "tiny (1).ipynb counts, because" in log
    assert "maker: the notebook is called" not in log


def test_who_has_no_notebook_is_named_and_gets_no_zero(graded: Outcome) -> None:
    assert graded.done.returncode == 1
    assert "for student 'pdf'" in graded.done.stderr
    assert "Traceback" not in graded.done.stderr
    assert set(scores(graded.course, "pdf").values()) == {None}
    assert not (graded.course / "autograded/pdf/tiny").exists()


@pytest.mark.parametrize("name", WIDGETS)
def test_widgets(graded: Outcome, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    student = f"widgets-{name}"
    assert graded.grade(student, "tiny-scale-check")[0] == 3.0
    assert "tiny.scale: correct" in graded.page(student)
    monkeypatch.chdir(graded.course)
    config = Config()
    configure(config, graded.course)
    config.HTMLExporter.template_name = "formgrade"
    config.HTMLExporter.extra_template_basedirs = [template_path]
    resources = {"assignment_id": "tiny", "notebook_id": "tiny", "submission_id": "1", "index": 0, "total": 1}
    path = graded.course / "autograded" / student / "tiny/tiny.ipynb"
    html, _ = HTMLExporter(config=config).from_filename(str(path), resources=resources)
    assert "tiny.scale: correct" in html


@pytest.mark.parametrize("student", FOUND_BY_PLACE)
def test_written_answers_are_found(graded: Outcome, student: str) -> None:
    assert graded.grade(student, "tiny-scale-check")[0] == 3.0
    text = " ".join(cell(graded.autograded(student), "tiny-q1").source.split())
    assert WORDS in text
    assert graded.grade(student, "tiny-q1") == (None, True, FOUND)
    assert FOUND in graded.page(student)


def test_an_answer_in_two_cells_of_one_name(graded: Outcome) -> None:
    assert " ".join(cell(graded.autograded("halves"), "tiny-q1").source.split()) == WORDS
    assert graded.grade("halves", "tiny-q1") == (None, True, JOINED)


def test_an_answer_that_is_gone_waits_for_a_person(graded: Outcome) -> None:
    assert graded.grade("lost", "tiny-q1") == (None, True, LOST)
    assert LOST in graded.page("lost")


def test_who_wrote_nothing_has_no_response(graded: Outcome) -> None:
    assert graded.grade("alone", "tiny-q1") == (0.0, False, "No response.")


def test_the_late_penalty_follows_a_manual_grade(graded: Outcome) -> None:
    course = graded.course

    def row() -> dict[str, float]:
        with (course / "grades.csv").open() as file:
            found = next(row for row in csv.DictReader(file) if row["student_id"] == "late")
        return {name: float(found[name]) for name in ("raw_score", "late_submission_penalty", "score")}

    def grade_by_hand(points: float) -> None:
        """What Formgrader does."""
        with opened(course) as gradebook:
            grade = gradebook.find_grade("tiny-q1", "tiny", "tiny", "late")
            grade.manual_score, grade.needs_manual_grade = points, False
            gradebook.db.commit()

    # Two days begun after the due date, a tenth each.
    grade_by_hand(2.0)
    assert nbgrader(course, "export").returncode == 0
    assert row() == {"raw_score": 7.0, "late_submission_penalty": 1.4, "score": pytest.approx(5.6)}
    grade_by_hand(1.0)
    done = nbgrader(course, "generate_feedback", "tiny", "--student", "late", "--force")
    assert done.returncode == 0, done.stderr
    assert "Late submission penalty: 1.2" in done.stderr


def test_grades_that_are_older_than_the_checks(graded: Outcome, tmp_path: Path) -> None:
    course = shutil.copytree(graded.course, tmp_path / "course")
    for student in ("pdf", *FOUND_BY_PLACE):
        shutil.rmtree(course / "submitted" / student)
    told = "older than the checks"
    done = nbgrader(course, "autograde", "tiny")
    assert done.returncode == 0, done.stderr
    assert told not in done.stderr
    checks = course / "solutions/tiny/scale/checks.py"
    checks.write_text(checks.read_text().replace("draw.normal(rows, 5)", "draw.normal(rows, 6)"))
    done = nbgrader(course, "autograde", "tiny", "--student", "maker", "--force")
    assert done.returncode == 0, done.stderr
    assert told not in done.stderr
    done = nbgrader(course, "autograde", "tiny")
    (line,) = [line for line in done.stderr.splitlines() if told in line]
    assert "maker" not in line
    assert "alone" in line
    assert "nbgrader autograde tiny --force" in line
    assert "nbgrader autograde tiny --student alone --force" in line


def test_an_assignment_is_generated_where_its_folder_is_there(graded: Outcome) -> None:
    """In a fresh clone it is, for it is committed."""
    with opened(graded.course) as gradebook:
        assert [item.name for item in gradebook.assignments] == ["tiny"]
        assert gradebook.find_assignment("tiny").max_score == 7.0
    assert (graded.course / RELEASE).is_file()


def test_an_assignment_that_cannot_be_generated_stays_as_it_was(graded: Outcome, tmp_path: Path) -> None:
    """nbgrader refuses a notebook with other cells once there are submissions, and removes the whole folder."""
    course = shutil.copytree(graded.course, tmp_path / "course")
    (course / RELEASE).with_name("own.csv").write_text("1,2")
    source = nbformat.read(course / SOURCE, as_version=4)
    source.cells.remove(cell(source, "tiny-scale-check"))
    nbformat.write(source, course / SOURCE)
    before = (course / RELEASE).read_bytes()
    done = nbgrader(course, "generate_assignment", "tiny")
    assert done.returncode == 1
    assert "is as it was before" in done.stderr
    assert (course / RELEASE).read_bytes() == before
    assert (course / RELEASE).with_name("own.csv").read_text() == "1,2"
