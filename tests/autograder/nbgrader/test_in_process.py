"""nbgrader in this process, as Formgrader runs it: what it says of points, scores, names, edits and lateness."""

from __future__ import annotations

import csv
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

from autograder.nbgrader.configuration import configure
from autograder.nbgrader.late import CsvExportWithPenalties
from autograder.publish.build import build_course
from tests.support.tiny_nbgrader import (
    BIN,
    RELEASE,
    SOURCE,
    cell,
    hand_in,
    make_tiny_course,
    opened,
    scores,
)

SCALE = "def scale(values, factor):\n    return values * factor + 0.25\n"


def right(notebook: Any) -> None:
    cell(notebook, "tiny-scale").source = SCALE


def interface(course: Path) -> NbGraderAPI:
    config = Config()
    configure(config, course)
    return NbGraderAPI(config=config)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = make_tiny_course(tmp_path_factory.mktemp("course"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(course)
        patch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
        made = interface(course).generate_assignment("tiny")
    assert made["success"], made["log"]
    return course


@pytest.fixture
def course(generated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy for one test, which is the folder in which it runs."""
    made = shutil.copytree(generated, tmp_path / "course")
    monkeypatch.chdir(made)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    return made


@pytest.fixture
def api(course: Path) -> NbGraderAPI:
    return interface(course)


def forget_modules() -> None:
    """As in another process, where files are read again that have changed."""
    for name in [name for name in sys.modules if name.startswith("solutions.tiny")]:
        del sys.modules[name]


def done(result: dict[str, Any]) -> str:
    """The log of a command that went well."""
    assert result["success"], result["log"]
    return str(result["log"])


def test_points_that_changed_are_told_until_the_gradebook_has_them(course: Path, api: NbGraderAPI) -> None:
    hand_in(course, "ada", right)
    assert "old points" not in done(api.autograde("tiny", "ada"))
    checks = course / "solutions/tiny/scale/checks.py"
    checks.write_text(checks.read_text().replace("@check(points=1, ", "@check(points=3, "))
    forget_modules()
    told = "tiny.scale 3 instead of 5"
    log = done(api.autograde("tiny", "*", force=False))
    assert told in log
    assert "first nbgrader generate_assignment tiny, then nbgrader autograde tiny --force" in log
    log = done(api.autograde("tiny", "ada"))
    assert told in log
    assert scores(course, "ada")["tiny-scale-check"] == 3.0
    assert "older than the checks: ada" in done(api.autograde("tiny", "*", force=False))

    source = nbformat.read(course / SOURCE, as_version=4)
    cell(source, "tiny-scale-check").metadata["nbgrader"]["points"] = 5.0
    nbformat.write(source, course / SOURCE)
    done(api.generate_assignment("tiny"))
    log = done(api.autograde("tiny", "*", force=False))
    assert "old points" not in log
    assert "older than the checks: ada" in log
    assert "generate_assignment" not in log
    done(api.autograde("tiny", "ada"))
    assert scores(course, "ada")["tiny-scale-check"] == 5.0
    assert "older" not in done(api.autograde("tiny", "*", force=False))


@pytest.mark.parametrize("kind", ["markdown", "raw"])
def test_an_exercise_that_became_text_is_graded(course: Path, api: NbGraderAPI, kind: str) -> None:
    def by_a_slip(notebook: Any) -> None:
        own = cell(notebook, "tiny-scale")
        own.cell_type, own.source = kind, f"```python\n{SCALE}```"
        for key in ("outputs", "execution_count"):
            own.pop(key, None)

    hand_in(course, "ada", by_a_slip)
    assert "the cell of scale is no code cell but a" in done(api.autograde("tiny", "ada"))
    assert scores(course, "ada")["tiny-scale-check"] == 3.0


def test_the_table_has_no_score_where_nobody_gave_one(course: Path, caplog: pytest.LogCaptureFixture) -> None:
    with opened(course) as gradebook:
        for student in ("absent", "waits", "unread", "zero"):
            gradebook.add_student(student, last_name="Lovelace, Countess" if student == "zero" else None)
        for student, score, waits in (("waits", 3.0, True), ("unread", None, False), ("zero", 0.0, False)):
            gradebook.add_submission("tiny", student)
            for grade in gradebook.find_submission_notebook("tiny", "tiny", student).grades:
                is_written = grade.name == "tiny-q1"
                grade.auto_score = None if waits and is_written else score
                grade.needs_manual_grade = waits and is_written
        gradebook.db.commit()
        caplog.clear()
        CsvExportWithPenalties().export(gradebook)
    with (course / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    columns = ("raw_score", "late_submission_penalty", "score", "max_score")
    assert {student: tuple(row[name] for name in columns) for student, row in rows.items()} == {
        "absent": ("0.0", "0.0", "0.0", "7.0"),
        "waits": ("6.0", "0.0", "6.0", "7.0"),
        "unread": ("", "", "", "7.0"),
        "zero": ("0.0", "0.0", "0.0", "7.0"),
    }
    assert rows["zero"]["last_name"] == "Lovelace, Countess"
    assert "tiny: no score: unread" in caplog.text
    assert "tiny: 1 wait for a person: waits" in caplog.text


def comments(course: Path, student: str) -> dict[str, str | None]:
    with opened(course) as gradebook:
        notebook = gradebook.find_submission_notebook("tiny", "tiny", student)
        return {comment.name: comment.auto_comment for comment in notebook.comments}


def without_its_name(notebook: Any) -> None:
    right(notebook)
    exercise = cell(notebook, "tiny-scale")
    exercise["id"], exercise["metadata"] = "of-an-editor", {}


def test_an_answer_found_by_its_name_is_no_missing_response(course: Path, api: NbGraderAPI) -> None:
    hand_in(course, "ada", without_its_name)
    hand_in(course, "bob", right)
    hand_in(course, "cleo", lambda notebook: None)
    for student in ("ada", "bob", "cleo"):
        done(api.autograde("tiny", student))
    assert scores(course, "ada")["tiny-scale-check"] == 3.0
    said = comments(course, "ada")["tiny-scale"]
    assert said is not None
    assert "scale was found in code cell" in said
    assert "by its name" in said
    assert comments(course, "ada")["tiny-clear"] == "No response."
    assert comments(course, "bob")["tiny-scale"] is None
    assert comments(course, "cleo")["tiny-scale"] == "No response."
    done(api.generate_feedback("tiny", "ada"))
    assert said in (course / "feedback/ada/tiny/tiny.html").read_text()


def test_edited_notebooks_are_named_when_the_assignment_is_generated(course: Path, api: NbGraderAPI) -> None:
    assert "was edited" not in done(api.generate_assignment("tiny"))
    for path in (SOURCE, RELEASE):
        notebook = nbformat.read(course / path, as_version=4)
        notebook.cells[0].source += " A remark."
        nbformat.write(notebook, course / path)
    log = done(api.generate_assignment("tiny"))
    assert f"{SOURCE} was edited after `autograder build`: it is taken as it is" in log
    assert f"{RELEASE} was edited after it was generated: it is written over" in log


def test_who_is_in_time_by_the_course_is_not_called_late(course: Path) -> None:
    settings = course / "course.toml"
    settings.write_text(settings.read_text() + "[extensions.tiny]\nada = 2026-12-02T12:00:00+01:00\n")
    api = interface(course)
    for student in ("ada", "bob"):
        hand_in(course, student, right, at="2026-12-01 12:00:00 UTC")
    assert "seconds late" not in done(api.autograde("tiny", "ada"))
    assert "90000.0 seconds late" in done(api.autograde("tiny", "bob"))


def test_feedback_says_nothing_of_settings(course: Path, api: NbGraderAPI) -> None:
    hand_in(course, "ada", right)
    done(api.autograde("tiny", "ada"))
    assert "display_data_priority" not in done(api.generate_feedback("tiny", "ada"))


CUT_OFF = b'{"cells": [{"cell_type": "code", "source": "def sca'


def test_a_damaged_hand_in_leaves_what_was_autograded_before(course: Path, api: NbGraderAPI) -> None:
    for student in ("ada", "bob", "eve"):
        hand_in(course, student, right, at="2026-11-01 12:00:00 UTC")
    done(api.autograde("tiny", "*"))
    files = {name: course / f"autograded/{name}/tiny/tiny.ipynb" for name in ("ada", "bob", "eve")}
    del files["bob"]
    before = {name: path.read_bytes() for name, path in files.items()}
    for student in files:
        (course / f"submitted/{student}/tiny/tiny.ipynb").write_bytes(CUT_OFF)
        (course / f"submitted/{student}/tiny/timestamp.txt").write_text("2026-12-20 12:00:00 UTC")
    (course / "submitted/new/tiny").mkdir(parents=True)
    (course / "submitted/new/tiny/tiny.ipynb").write_bytes(CUT_OFF)

    for force in (True, False):
        result = api.autograde("tiny", "*", force=force)
        assert not result["success"]
        log = str(result["log"])
        assert {name: path.read_bytes() for name, path in files.items()} == before
        assert not (course / "autograded/new/tiny").exists()
        for student in files:
            assert f"{student}: what was autograded before stays, in " in log
            assert scores(course, student)["tiny-scale-check"] == 3.0
            with opened(course) as gradebook:
                assert gradebook.find_submission("tiny", student).total_seconds_late == 0
        assert "bob: what was autograded" not in log
        assert "new: what was autograded" not in log
        assert set(scores(course, "new").values()) == {None}
        # One sentence for each, and no stack.
        assert log.count("tiny.ipynb: the file ends in the middle") == 3
        assert "Traceback" not in log
        assert "traceback" not in log
        assert "raise " not in log


def test_a_fault_that_is_not_the_file_s_keeps_its_stack_and_the_earlier_result(
    course: Path, api: NbGraderAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(course, "ada", right)
    done(api.autograde("tiny", "*"))
    path = course / "autograded/ada/tiny/tiny.ipynb"
    before = path.read_bytes()

    def broken(*arguments: Any) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("autograder.nbgrader.preprocessors.GradeExercises.preprocess", broken)
    result = api.autograde("tiny", "*")
    assert not result["success"]
    assert "ZeroDivisionError: ours" in str(result["log"])
    assert "Traceback" in str(result["log"])
    assert path.read_bytes() == before


def test_an_exercise_that_is_disabled_after_hand_ins_is_full_for_all_or_taken_out(
    course: Path, api: NbGraderAPI
) -> None:
    hand_in(course, "ada", right)
    hand_in(course, "bob", lambda notebook: None)
    assert "disabled" not in done(api.autograde("tiny", "*"))
    assert scores(course, "bob")["tiny-scale-check"] == 0.0
    settings = course / "course.toml"
    settings.write_text('disabled = ["tiny.scale"]\n' + settings.read_text())
    build_course(course)
    refused = api.generate_assignment("tiny")
    log = str(refused["log"])
    assert not refused["success"]
    assert "the gradebook has hand-ins of tiny, and nbgrader adds and removes no cells then (" in log
    assert "tiny-scale-check is gone" in log
    assert "`nbgrader db assignment remove tiny --force`" in log
    assert "Traceback" not in log

    log = done(api.autograde("tiny", "*"))
    assert "tiny.scale is disabled in course.toml, but the gradebook has hand-ins with it" in log
    for student in ("ada", "bob"):
        assert scores(course, student)["tiny-scale-check"] == 3.0

    with opened(course) as gradebook:  # nbgrader db assignment remove tiny --force
        gradebook.remove_assignment("tiny")
    done(api.generate_assignment("tiny"))
    assert "disabled" not in done(api.autograde("tiny", "*"))
    assert "tiny-scale-check" not in scores(course, "ada")
