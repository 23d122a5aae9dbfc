"""`autograder export nbgrader`: what it writes into nbgrader's gradebook."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest
import sqlalchemy
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
from typer.testing import CliRunner

import autograder.nbgrader.preprocessors as ours
from autograder.cli import app
from autograder.course.config import load_course
from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.grading.grader import Grader
from autograder.grading.policy import Policy
from autograder.intake.submission import read_submission
from autograder.nbgrader import database
from autograder.nbgrader.configuration import configure
from autograder.nbgrader.database import ExportOutcome, database_url
from autograder.nbgrader.gradebook import write_gradebook
from autograder.publish.build import build_course
from tests.support.lines import result, unreadable, write_journal
from tests.support.optional import NO_POSTGRESQL, find_postgresql
from tests.support.tiny import make_course

BIN = Path(sys.executable).parent
DUE = "[due]\ntiny = 2026-11-30T12:00:00+01:00\n"
SECRET = b"a secret for the tests of export"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny course, built, and its gradebook as one export leaves it."""
    root = make_course(tmp_path_factory.mktemp("course"))
    settings = root / "course.toml"
    settings.write_text(settings.read_text() + DUE)
    (root / "course.secret").write_bytes(SECRET)
    build_course(root)
    with pytest.MonkeyPatch.context() as patch:
        # nbgrader calls alembic by name, which is beside this Python and not always in the PATH.
        patch.setenv("PATH", "/usr/bin:/bin")
        write_gradebook([result("zoe")], root)
        assert os.environ["PATH"] == "/usr/bin:/bin"
    return root


@pytest.fixture
def course(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it for one test. What stamps a new gradebook takes seconds, and has been seen to work."""
    monkeypatch.setattr("nbgrader.api.get_alembic_version", lambda: "a version")
    return shutil.copytree(built, tmp_path / "course")


def dump(root: Path) -> dict[str, list[Any]]:
    """Every row of every table."""
    with sqlite3.connect(root / "gradebook.db") as database:
        tables = [name for (name,) in database.execute("select name from sqlite_master where type = 'table'")]
        return {name: sorted(database.execute(f"select * from {name}"), key=repr) for name in tables}


def opened(root: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{root / 'gradebook.db'}")


def seen(root: Path, student: str, url: str = "") -> dict[str, Any]:
    """One student's submission, cell by cell, without the ids."""
    with Gradebook(url) if url else opened(root) as gradebook:
        notebook = gradebook.find_submission_notebook("tiny", "tiny", student)
        return {
            "timestamp": notebook.assignment.timestamp,
            "penalty": notebook.late_submission_penalty,
            "grades": {
                grade.name: (grade.auto_score, grade.manual_score, grade.needs_manual_grade)
                for grade in notebook.grades
            },
            "comments": {comment.name: comment.auto_comment for comment in notebook.comments},
        }


def change(root: Path, student: str, cell: str, **values: Any) -> None:
    """What a person does in Formgrader."""
    with opened(root) as gradebook:
        grade = gradebook.find_grade(cell, "tiny", "tiny", student)
        for name, value in values.items():
            setattr(grade, name, value)
        gradebook.db.commit()


# --- as nbgrader itself would have it -------------------------------------------------------------------------------


@pytest.fixture
def api(course: Path, monkeypatch: pytest.MonkeyPatch) -> NbGraderAPI:
    """nbgrader in this process, with an empty gradebook."""
    (course / "gradebook.db").rename(course / "exported.db")
    monkeypatch.chdir(course)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    config = Config()
    configure(config, course)
    return NbGraderAPI(config=config)


def cell(notebook: Any, name: str) -> Any:
    return next(item for item in notebook.cells if item.metadata.get("nbgrader", {}).get("grade_id") == name)


def hand_in(course: Path, student: str, scale: str, at: str, answer: str = "Because.") -> Path:
    notebook = nbformat.read(course / "assignments/tiny/tiny.ipynb", as_version=4)
    if scale:
        cell(notebook, "tiny-scale").source = f"def scale(values, factor):\n    return {scale}\n"
    cell(notebook, "tiny-q1").source = answer
    path = course / "submitted" / student / "tiny" / "tiny.ipynb"
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    (path.parent / "timestamp.txt").write_text(at)
    return path


def test_a_unit_and_its_submissions_are_as_nbgrader_makes_them(
    course: Path, api: NbGraderAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api.generate_assignment("tiny")["success"]
    shape = (
        "select c.name, c.type, g.max_score, g.cell_type, s.cell_type, s.locked, s.source, s.checksum "
        "from base_cell c left join grade_cells g using (id) left join source_cell s on s.name = c.name order by 1, 2",
        "select name, kernelspec from notebook",
        "select name, duedate from assignment",
    )
    with sqlite3.connect("gradebook.db") as theirs, sqlite3.connect("exported.db") as mine:
        for query in shape:
            rows = theirs.execute(query).fetchall()
            assert rows
            assert mine.execute(query).fetchall() == rows

    files = {
        "ada": hand_in(course, "ada", "values * factor + 0.25", "2026-11-30 10:00:00 UTC"),
        "bob": hand_in(course, "bob", "values * factor", "2026-12-01 12:00:00 UTC"),
        "cleo": hand_in(course, "cleo", "", "2026-12-01 12:00:00 UTC"),
        "late": hand_in(course, "late", "values * factor + 0.25", "2026-12-01 12:00:00 UTC"),
    }
    made = load_course(course)
    policy = Policy(points=made.points, disabled=made.disabled, due=made.due["tiny"], late=made.late)
    with Grader(load_unit(course, "tiny"), SECRET, policy=policy) as grader:
        # One for both, to save the start of another.
        monkeypatch.setattr(ours, "_grader", lambda *arguments, **options: grader)
        assert api.autograde("tiny", "*")["success"]
        graded = [grader.grade(read_submission(path, "tiny", student)) for student, path in files.items()]
    autograded = {student: seen(course, student) for student in files}
    assert autograded["late"]["penalty"] > 0

    (course / "exported.db").replace("gradebook.db")
    assert write_gradebook(graded, course).new == len(files)
    assert {student: seen(course, student) for student in files} == autograded


def test_due_dates_and_times_are_those_of_autograder_grade(
    course: Path, api: NbGraderAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Due on 30 November, 11:00 UTC: with extensions in course.toml and in the gradebook, of which the later counts."""
    settings = course / "course.toml"
    extensions = "[extensions.tiny]\n" + "".join(
        f"{student} = 2026-12-01T12:00:00+01:00\n" for student in ("ada", "bob", "cleo")
    )
    settings.write_text(settings.read_text() + extensions)
    assert api.generate_assignment("tiny")["success"]
    at = {
        "ada": "2026-12-01 10:30:00 UTC",  # in time by course.toml
        "bob": "2026-12-01 11:30:00 UTC",  # a day late by it
        "cleo": "2026-12-02 10:30:00 UTC",  # in time by the gradebook
        "dan": "2026-12-01 10:30:00 UTC",  # has none
        "eve": "2026-11-30 06:30:00 EDT",  # in time: 10:30 UTC
        "fay": "2026-11-30 07:30:00 EDT",  # late: 11:30 UTC
        "gil": "01.12.2026 10:30",  # who knows
        "hal": "soon",
    }
    files = {
        student: hand_in(course, student, "values * factor + 0.25", time) for student, time in at.items()
    }
    with opened(course) as gradebook:
        gradebook.add_student("cleo")
        gradebook.add_submission("tiny", "cleo")
        gradebook.grant_extension("tiny", "cleo", days=2)
        gradebook.add_student("bob")
        gradebook.add_submission("tiny", "bob")
        gradebook.grant_extension("tiny", "bob", hours=1)
    made = load_course(course)
    policy = Policy(due=made.due["tiny"], extensions=made.extensions["tiny"], late=made.late)
    with Grader(load_unit(course, "tiny"), SECRET, policy=policy) as grader:
        monkeypatch.setattr(ours, "_grader", lambda *arguments, **options: grader)
        assert api.autograde("tiny", "*")["success"]
        graded = [grader.grade(read_submission(path, "tiny", student)) for student, path in files.items()]
    lost = {
        "ada": None,
        "bob": 0.3,
        "cleo": None,
        "dan": 0.3,
        "eve": None,
        "fay": 0.3,
        "gil": None,
        "hal": None,
    }
    assert {student: seen(course, student)["penalty"] for student in at} == pytest.approx(lost)
    times = {student: seen(course, student)["timestamp"] for student in at}
    assert times["eve"] == datetime(2026, 11, 30, 10, 30)
    assert times["gil"] is times["hal"] is None
    # Of what only the gradebook knows, the journal knows nothing.
    assert {line.student: line.late_days for line in graded} == {
        "ada": 0, "bob": 1, "cleo": 1, "dan": 1, "eve": 0, "fay": 1, "gil": 0, "hal": 0,
    }  # fmt: skip
    write_gradebook(graded, course)
    assert {student: seen(course, student)["penalty"] for student in at} == pytest.approx(lost)


# --- writing again --------------------------------------------------------------------------------------------------


def test_writing_the_same_again_changes_nothing(course: Path) -> None:
    grades = [
        result("ada"),
        result("bob", 3.0, "correct"),
        result("cleo", submitted_at="2026-12-02T00:00:00+00:00"),
    ]
    first = write_gradebook(grades, course)
    assert (first.new, first.changed, first.same) == (3, 0, 0)
    before = dump(course)
    again = write_gradebook(grades, course)
    assert (again.new, again.changed, again.same) == (0, 0, 3)
    assert dump(course) == before


def test_scores_are_shares_of_the_gradebooks_points(course: Path) -> None:
    with opened(course) as gradebook:
        gradebook.update_or_create_grade_cell("tiny-scale-check", "tiny", "tiny", max_score=8.0)
    write_gradebook([result("ada")], course)
    assert seen(course, "ada")["grades"]["tiny-scale-check"] == (4.0, None, False)


def test_what_a_person_wrote_stays(course: Path) -> None:
    write_gradebook([result("ada")], course)
    change(course, "ada", "tiny-scale-check", manual_score=2.5, extra_credit=1.0, needs_manual_grade=False)
    change(course, "ada", "tiny-q1", manual_score=2.0, needs_manual_grade=False)
    with opened(course) as gradebook:
        gradebook.find_comment("tiny-clear", "tiny", "tiny", "ada").manual_comment = "See me."
        gradebook.db.commit()
    before = dump(course)
    assert write_gradebook([result("ada")], course).same == 1
    assert dump(course) == before

    # Checks have changed: a person's score holds, and somebody looks at it again. The answer is the old one.
    assert write_gradebook([result("ada", 3.0, "correct")], course).changed == 1
    assert seen(course, "ada")["grades"] == {
        "tiny-scale-check": (3.0, 2.5, True),
        "tiny-clear-check": (0.0, None, False),
        "tiny-q1": (None, 2.0, False),
    }
    with opened(course) as gradebook:
        assert gradebook.find_grade("tiny-scale-check", "tiny", "tiny", "ada").score == 3.5
        assert gradebook.find_comment("tiny-clear", "tiny", "tiny", "ada").comment == "See me."


@pytest.mark.parametrize("known", [True, False])
def test_an_answer_of_another_attempt_waits_for_a_person(course: Path, known: bool) -> None:
    times = ("2026-11-29T10:00:00+00:00", "2026-11-30T10:00:00+00:00") if known else (None, None)
    write_gradebook([result("ada", submitted_at=times[0]), result("bob", submitted_at=times[0])], course)
    assert seen(course, "ada")["grades"]["tiny-q1"] == (None, None, True)
    change(course, "ada", "tiny-q1", manual_score=1.0, needs_manual_grade=False)
    change(course, "bob", "tiny-q1", auto_score=0.0, needs_manual_grade=False)
    other = 1.5 if known else 3.0
    write_gradebook(
        [result("ada", other, submitted_at=times[1]), result("bob", other, submitted_at=times[1])], course
    )
    assert seen(course, "ada")["grades"]["tiny-q1"] == (None, 1.0, True)
    assert seen(course, "bob")["grades"]["tiny-q1"] == (None, None, True)


def test_an_answer_that_nbgrader_could_not_read_before_waits_for_a_person(course: Path) -> None:
    """Where `nbgrader autograde` finds a damaged file it leaves grades without a score for which nobody waits."""
    write_gradebook([result("ada")], course)
    for name in ("tiny-scale-check", "tiny-clear-check", "tiny-q1"):
        change(course, "ada", name, auto_score=None, needs_manual_grade=False)
    write_gradebook([result("ada")], course)
    assert seen(course, "ada")["grades"]["tiny-q1"] == (None, None, True)


def test_lateness_is_by_the_gradebooks_due_date_and_score(course: Path) -> None:
    late = result("ada", 3.0, submitted_at="2026-12-01T13:00:00+01:00", late_days=2)
    write_gradebook([late], course)
    assert seen(course, "ada")["timestamp"] == datetime(2026, 12, 1, 12)
    assert seen(course, "ada")["penalty"] == pytest.approx(0.6)
    change(course, "ada", "tiny-q1", manual_score=2.0, needs_manual_grade=False)
    write_gradebook([late], course)
    assert seen(course, "ada")["penalty"] == pytest.approx(1.0)
    with opened(course) as gradebook:
        gradebook.grant_extension("tiny", "ada", days=2)
    write_gradebook([late], course)
    assert seen(course, "ada")["penalty"] is None


def test_an_extension_of_the_course_and_one_of_the_gradebook_do_not_add_up(course: Path) -> None:
    settings = course / "course.toml"
    plain = settings.read_text()
    late = result("ada", 3.0, submitted_at="2026-12-01T13:00:00+01:00")  # a day and an hour
    write_gradebook([late], course)
    assert seen(course, "ada")["penalty"] == pytest.approx(0.6)
    settings.write_text(plain + "[extensions.tiny]\nada = 2026-11-30T13:00:00+01:00\n")
    write_gradebook([late], course)
    assert seen(course, "ada")["penalty"] == pytest.approx(0.3)
    with opened(course) as gradebook:
        gradebook.grant_extension("tiny", "ada", minutes=30)
    write_gradebook([late], course)
    assert seen(course, "ada")["penalty"] == pytest.approx(0.3)
    settings.write_text(plain)
    write_gradebook([late], course)
    assert seen(course, "ada")["penalty"] == pytest.approx(0.6)
    settings.write_text(plain + "[extensions.tiny]\nada = 2026-12-01T13:00:00+01:00\n")
    write_gradebook([late], course)
    assert seen(course, "ada")["penalty"] is None


def test_lateness_without_a_time_is_told(course: Path) -> None:
    marked = result("ada", 3.0, submitted_at=None, late_days=2)
    notes = write_gradebook([marked, result("bob", 3.0, late_days=1)], course).notes
    assert [note for note in notes if "without a time of hand-in" in note] == notes
    assert len(notes) == 1
    assert notes[0].startswith("tiny: 1 count as late")
    assert seen(course, "ada")["penalty"] is None


def test_what_lateness_leaves_is_rounded_as_in_the_journal(course: Path) -> None:
    with (course / "course.toml").open("a") as settings:
        settings.write("[rounding]\nstep = 0.5\n")
    late = result("ada", 3.0, submitted_at="2026-12-01T13:00:00+01:00", late_days=2)
    write_gradebook([late], course)
    assert seen(course, "ada")["penalty"] == pytest.approx(0.5), "2.4 of 3 points become 2.5"
    change(course, "ada", "tiny-q1", manual_score=1.75, needs_manual_grade=False)
    write_gradebook([late], course)
    assert seen(course, "ada")["penalty"] == pytest.approx(0.75), "3.8 of 4.75 points become 4"


def test_the_due_date_is_that_of_the_course(course: Path) -> None:
    text = (
        (course / "course.toml").read_text().replace("2026-11-30T12:00:00+01:00", "2026-12-05T12:00:00+01:00")
    )
    (course / "course.toml").write_text(text)
    write_gradebook([result("ada", submitted_at="2026-12-01T12:00:00+00:00")], course)
    with opened(course) as gradebook:
        assert gradebook.find_assignment("tiny").duedate == datetime(2026, 12, 5, 11)
    assert seen(course, "ada")["penalty"] is None


# --- what cannot be written -----------------------------------------------------------------------------------------


def reasons(outcome: ExportOutcome) -> dict[str, str]:
    return {student: reason for student, _, reason in outcome.not_written}


def test_what_cannot_be_written_is_named_and_the_others_are_written(course: Path) -> None:
    write_gradebook([result("ada")], course)
    unknown = {"tiny.other": {"score": 1.0, "max_score": 1.0, "status": "correct"}}
    many = {"tiny.scale": {"score": 9.0, "max_score": 3.0, "status": "correct"}}
    nan = {"tiny.scale": {"score": float("nan"), "max_score": 3.0, "status": "correct"}}
    outcome = write_gradebook(
        [
            unreadable("ada", "no cells"),
            result("bob", exercises=unknown),
            result("cleo", exercises=many),
            result("dan", exercises=nan),
            result("f" * 129),
            result("gus", submitted_at="yesterday"),
            result("hal"),
        ],
        course,
    )
    told = reasons(outcome)
    assert outcome.new == 1
    assert seen(course, "hal")["grades"]["tiny-scale-check"] == (1.5, None, False)
    assert seen(course, "ada")["grades"]["tiny-scale-check"] == (1.5, None, False), (
        "the earlier score is kept"
    )
    assert "no cells" in told["ada"]
    assert "nbgrader generate_assignment tiny" in told["bob"]
    assert "9.0 of 3.0" in told["cleo"]
    assert "nan" in told["dan"]
    assert "128 characters" in told["f" * 129]
    assert "yesterday" in told["gus"]
    with opened(course) as gradebook:
        assert {student.id for student in gradebook.students} == {"zoe", "ada", "hal"}


def test_a_cell_without_a_score_is_told_once_and_left(course: Path) -> None:
    only = {"tiny.scale": {"score": 3.0, "max_score": 3.0, "status": "correct"}}
    outcome = write_gradebook([result("ada", exercises=only), result("bob", exercises=only)], course)
    (note,) = outcome.notes
    assert "tiny-clear-check" in note
    assert seen(course, "ada")["grades"]["tiny-clear-check"] == (None, None, True)


def refuse(root: Path, student: str) -> None:
    with sqlite3.connect(root / "gradebook.db") as database:
        database.execute(
            f"create trigger refuse before insert on submitted_assignment when new.student_id = '{student}' "
            "begin select raise(abort, 'not this one'); end"
        )


def test_a_batch_is_written_whole_or_not_at_all(course: Path) -> None:
    refuse(course, "dan")
    students = ["ada", "bob", "cleo", "dan", "eve", "fay"]
    outcome = write_gradebook([result(student) for student in students], course, batch=2)
    assert outcome.new == 4
    assert set(reasons(outcome)) == {"cleo", "dan"}
    assert all("not this one" in reason for reason in reasons(outcome).values())
    with opened(course) as gradebook:
        assert {student.id for student in gradebook.students} == {"zoe", "ada", "bob", "eve", "fay"}


def test_a_locked_gradebook_stops_the_export_and_the_next_goes_on(course: Path) -> None:
    url = f"sqlite:///{course / 'gradebook.db'}?timeout=0.1"
    done = 0
    other = sqlite3.connect(course / "gradebook.db", isolation_level=None)

    def progress() -> None:
        nonlocal done
        done += 1
        if done == 2:
            other.execute("begin immediate")

    grades = [result(student) for student in ("ada", "bob", "cleo", "dan")]
    with pytest.raises(UserError, match=r"locked.* 2 submissions are written; the same command goes on"):
        write_gradebook(grades, course, url, batch=2, progress=progress)
    other.close()
    again = write_gradebook(grades, course, url, batch=2)
    assert (again.new, again.same) == (2, 2)


def test_a_unit_that_is_nowhere(course: Path) -> None:
    before = dump(course)
    shutil.rmtree(course / "assignments")
    write_gradebook([result("zoe")], course)
    assert dump(course) == before
    (course / "gradebook.db").unlink()
    with pytest.raises(UserError, match="nbgrader generate_assignment tiny"):
        write_gradebook([result("zoe")], course)


def test_a_submission_older_than_its_notebook_is_named(course: Path) -> None:
    with opened(course) as gradebook:
        gradebook.add_grade_cell("tiny-new-check", "tiny", "tiny", max_score=1.0, cell_type="code")
    new = {"score": 1.0, "max_score": 1.0, "status": "correct"}
    more = msgspec.to_builtins(result("zoe").exercises) | {"tiny.new": new}
    outcome = write_gradebook([result("zoe", 3.0, exercises=more), result("ada", exercises=more)], course)
    assert "Formgrader" in reasons(outcome)["zoe"]
    assert outcome.new == 1
    assert seen(course, "zoe")["grades"]["tiny-scale-check"] == (1.5, None, False)


# --- which database -------------------------------------------------------------------------------------------------


def test_the_configurations_database_is_the_default(course: Path) -> None:
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text() + 'get_config().CourseDirectory.db_url = "sqlite:///elsewhere.db"\n')
    outcome = write_gradebook([result("ada")], course)
    assert outcome.database == f"sqlite:///{course / 'elsewhere.db'}"
    assert (course / "elsewhere.db").is_file()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("gradebook.db", "is no database's URL: write sqlite:///"),
        ("mysql://me:secret@host/grades", r"mysql://me:\*\*\*@host/grades: mysql is not supported"),
        ("sqlite:////nowhere/at/all/gradebook.db", "unable to open database file"),
    ],
)
def test_a_wrong_database(course: Path, url: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        write_gradebook([result("ada")], course, url)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "importable", lambda module: False)
    with pytest.raises(UserError, match=r"pip install 'psycopg\[binary\]'") as caught:
        database_url("postgresql://me:secret@host/grades", tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_either_driver_serves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: str) -> None:
    monkeypatch.setattr(database, "importable", lambda module: module == driver)
    assert database_url("postgresql://host/grades", tmp_path).drivername == f"postgresql+{driver}"


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """A server of our own on a socket in a folder of its own; its URL."""
    programs = find_postgresql()
    if programs is None:
        pytest.skip(NO_POSTGRESQL)
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("the driver psycopg is not installed here: pip install psycopg")
    user: dict[str, Any] = {}
    if os.geteuid() == 0:
        # The server refuses to be run by root.
        try:
            account = __import__("pwd").getpwnam("postgres")
        except KeyError:
            pytest.skip(
                "root may not run PostgreSQL, and there is no user postgres: add one, or run this as another user"
            )
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    if user:
        os.chown(folder, user["user"], user["group"])
    run: Callable[..., Any] = lambda *command: subprocess.run(  # noqa: E731
        list(map(str, command)), check=True, capture_output=True, text=True, cwd=folder, **user
    )
    data = folder / "data"
    try:
        run(
            programs / "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "tester",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale",
            "C",
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
        run(programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
        try:
            run(programs / "createdb", "-h", "127.0.0.1", "-p", port, "-U", "tester", "gradebook")
            yield f"postgresql://tester@127.0.0.1:{port}/gradebook"
        finally:
            run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.optional
def test_postgresql(course: Path, postgresql: str) -> None:
    grades = [
        result("ada"),
        result("bob", 3.0, "correct", submitted_at="2026-12-01T12:00:00+00:00"),
        result("Zoë Ångström"),
    ]
    assert write_gradebook(grades, course, postgresql).new == 3
    again = write_gradebook(grades, course, postgresql)
    assert (again.same, again.not_written) == (3, [])
    # The same rows as in SQLite.
    write_gradebook(grades, course)
    url = database_url(postgresql, course).render_as_string()
    for grade in grades:
        assert seen(course, grade.student, url) == seen(course, grade.student)
    # All or nothing here too: the third of the batch is refused.
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(
            sqlalchemy.text("alter table student add constraint short check (length(id) < 20)")
        )
    outcome = write_gradebook(
        [result("cleo"), result("dan"), result("e" * 30), result("fay")], course, postgresql, batch=3
    )
    assert outcome.new == 1
    assert set(reasons(outcome)) == {"cleo", "dan", "e" * 30}
    with engine.connect() as connection:
        rows = connection.execute(
            sqlalchemy.text("select id from student where id in ('cleo', 'dan', 'fay')")
        )
        assert [row.id for row in rows] == ["fay"]
    engine.dispose()


def test_postgresql_that_is_not_there(course: Path) -> None:
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("the driver psycopg is not installed here: pip install psycopg")
    with pytest.raises(UserError, match=r"postgresql.*me:\*\*\*@127.0.0.1:1/grades") as caught:
        write_gradebook([result("ada")], course, "postgresql://me:secret@127.0.0.1:1/grades")
    assert "secret" not in str(caught.value)


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_command(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    folder = write_journal(course / "grades", result("ada"), result("bob"))
    done = CliRunner().invoke(app, ["export", "nbgrader", str(folder)])
    assert done.exit_code == 0, done.output
    assert "2 new, 0 changed, 0 as they were, 0 not written" in done.output
    write_journal(folder, unreadable("bob", "an [odd] file"))
    done = CliRunner().invoke(app, ["export", "nbgrader", str(folder), "--db", "sqlite:///gradebook.db"])
    assert done.exit_code == 1
    assert "0 new, 0 changed, 1 as they were, 1 not written" in done.output
    assert "bob, tiny: unreadable: an [odd] file" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["excel", "."], "choose one of nbgrader, csv"),
        (["csv", "."], "run `autograder grade"),
        (["csv", ".", "--db", "sqlite:///x.db"], "--db names nbgrader's gradebook"),
    ],
)
def test_bad_usage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=said):
        CliRunner().invoke(app, ["export", *arguments], catch_exceptions=False)
