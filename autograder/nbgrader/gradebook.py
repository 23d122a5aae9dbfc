"""Scores from `grades.jsonl` into nbgrader's gradebook: its own API, one writer, one transaction for many students.

What is written is what `nbgrader autograde` would have written: automatic scores, automatic comments, the time of
hand-in, the late penalty, and which cells wait for a person. What a person has written (scores, extra credit,
comments) is never touched. Writing the same results again changes nothing. In one thing a person is asked more often
than by nbgrader: the journal knows nothing of text cells, so that a written answer left blank waits for a person too.

A unit that the gradebook does not know is added from its released notebook, cell by cell as `nbgrader
generate_assignment` does. One that it knows is taken as it is: the build decides what a notebook holds, and
`nbgrader generate_assignment` brings that into the gradebook.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from nbgrader import utils
from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    InvalidEntry,
    MissingEntry,
    Notebook,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.apps.baseapp import NbGrader
from nbgrader.coursedir import CourseDirectory
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import selectinload

from autograder.course.config import Course, load_course
from autograder.errors import UserError
from autograder.nbgrader.database import (
    ExportOutcome,
    cause_of,
    database_url,
    open_gradebook,
    reason_of,
    refuse_old,
    told,
    transaction,
)
from autograder.nbgrader.lateness import as_gradebook_time, seconds_late
from autograder.nbgrader.preprocessors import exercise_comments, late_penalty, released_notebook
from autograder.results import GRADED, MISSING, Line, Person, texts
from autograder.shown import one_line
from course_utils.slices.names import cell_id, check_cell_id

BATCH = 100
_LONGEST_NAME = 128  # of the gradebook's column
_NO_TEXT = set('<>"')


def write_gradebook(
    grades: Sequence[Line],
    root: Path,
    db: str | None = None,
    *,
    batch: int = BATCH,
    progress: Callable[[], None] = lambda: None,
) -> ExportOutcome:
    """Write results into the gradebook.

    Args:
        grades: the last line of each student and unit.
        root: the course's repository.
        db: URL of the database; what nbgrader's configuration says if None.
        batch: students written in one transaction: all of them, or none.
        progress: told after each result that is dealt with.

    Returns:
        What was written, and what was not and why.

    Raises:
        UserError: the database cannot be reached or written, its driver is missing, or a unit is neither in the
            gradebook nor released. A batch that was begun is not in the database then; earlier ones are, and
            writing all again is safe.
    """
    # Before nbgrader reads its settings, which are made of it.
    course = load_course(root)
    directory = _course_directory(root)
    url = database_url(db, Path.cwd()) if db else database_url(directory.db_url, root)
    outcome = ExportOutcome(url.render_as_string())
    by_unit: dict[str, list[Line]] = {}
    for result in sorted(grades, key=lambda item: (item.unit, item.student)):
        by_unit.setdefault(result.unit, []).append(result)
    with told(outcome):
        refuse_old(url)
    with told(outcome), open_gradebook(url, directory.course_id) as gradebook:
        units = {}
        with transaction(gradebook):
            for unit in by_unit:
                units[unit] = _unit(gradebook, directory, unit, course)
        for unit, results in by_unit.items():
            waiting = iter(results)
            while some := list(islice(waiting, batch)):
                _write_batch(gradebook, units[unit], some, outcome)
                for _ in some:
                    progress()
            outcome.notes += units[unit].notes(results)
    return outcome


# --- the database ---------------------------------------------------------------------------------------------------


def _course_directory(root: Path) -> CourseDirectory:
    """nbgrader's own view of the course: the repository's `nbgrader_config.py` and a person's."""
    app = NbGrader()
    app.log.setLevel(logging.ERROR)
    with contextlib.chdir(root):
        app.load_config_file()
    directory = CourseDirectory(parent=app)
    if not directory.root:
        directory.root = str(root)
    return directory


# --- a unit ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cells:
    """A unit as the gradebook knows it, read once.

    Attributes:
        unit: its id.
        course: the course.
        graded: name of a cell that is scored by the checks -> (id, points).
        by_hand: ids of cells that a person scores.
        solutions: name of a cell that a student fills -> id.
        file: the database, for messages.
    """

    unit: str
    course: Course
    graded: Mapping[str, tuple[str, float]]
    by_hand: frozenset[str]
    solutions: Mapping[str, str]

    def scores(self, result: Line) -> dict[str, float]:
        """Id of a cell -> its score: the share that was earned, of the gradebook's points.

        Raises:
            ValueError: the result does not fit the gradebook.
        """
        scores = {}
        for exercise, item in result.exercises.items():
            name = check_cell_id(exercise)
            if name not in self.graded:
                raise ValueError(
                    f"the gradebook has no cell {name}: run `autograder build` and `nbgrader generate_assignment "
                    f"{self.unit}`, then export again"
                )
            id_, most = self.graded[name]
            share = item.score / item.max_score if item.max_score else 0.0
            if not (math.isfinite(share) and 0 <= share <= 1):
                raise ValueError(f"{exercise} has {item.score} of {item.max_score} points: grade again")
            scores[id_] = round(most * share, 10)
        return scores

    def comments(self, result: Line) -> dict[str, str | None]:
        """Id of a cell that a student fills -> what nbgrader says of it."""
        return {
            self.solutions[cell_id(exercise)]: comment
            for exercise, comment in exercise_comments(result).items()
            if cell_id(exercise) in self.solutions
        }

    def notes(self, results: Sequence[Line]) -> list[str]:
        """Cells of which no result says anything, and what results say that the gradebook cannot."""
        graded = [result for result in results if result.status == GRADED]
        notes = []
        marked = sum(bool(result.late_days) and not result.submitted_at for result in graded)
        if marked:
            notes.append(
                f"{self.unit}: {marked} count as late without a time of hand-in. The gradebook reckons by times: "
                "nothing is taken off there, until `autograder grade --times FILE` is told one"
            )
        known = {check_cell_id(exercise) for result in graded for exercise in result.exercises}
        without = [name for name in self.graded if name not in known]
        if graded and without:
            notes.append(
                f"{self.unit}: no result has a score for {', '.join(without)}; left as it was. If the exercise is "
                f"disabled in course.toml, run `nbgrader generate_assignment {self.unit}`"
            )
        return notes


def _unit(gradebook: Gradebook, directory: CourseDirectory, unit: str, course: Course) -> _Cells:
    """Find the unit in the gradebook, or add it.

    Raises:
        UserError: it is not there and has no released notebook.
    """
    try:
        notebook = gradebook.find_notebook(unit, unit)
    except MissingEntry:
        notebook = _add_unit(gradebook, directory, unit)
    if unit in course.due:
        due = as_gradebook_time(course.due[unit])
        if notebook.assignment.duedate != due:
            gradebook.update_or_create_assignment(unit, duedate=due)
    solutions = {cell.name: cell.id for cell in notebook.solution_cells}
    by_hand = {cell.id for cell in notebook.task_cells}
    graded = {}
    for cell in notebook.grade_cells:
        # Manually graded ones are graded cells and cells to fill in one.
        if cell.name in solutions:
            by_hand.add(cell.id)
        else:
            graded[cell.name] = (cell.id, cell.max_score)
    return _Cells(unit, course, graded, frozenset(by_hand), solutions)


def _add_unit(gradebook: Gradebook, directory: CourseDirectory, unit: str) -> Notebook:
    """What `nbgrader generate_assignment` writes, from what it has made: the released notebook."""
    try:
        made = released_notebook(directory, {"nbgrader": {"assignment": unit, "notebook": unit}})
    except FileNotFoundError as error:
        raise UserError(f"the gradebook does not know {unit}, and {error}") from error
    gradebook.update_or_create_assignment(unit)
    notebook = gradebook.add_notebook(unit, unit, kernelspec=json.dumps(made.metadata.get("kernelspec", {})))
    for cell in made.cells:
        if not (
            utils.is_grade(cell) or utils.is_solution(cell) or utils.is_locked(cell) or utils.is_task(cell)
        ):
            continue
        facts = cell.metadata.nbgrader
        name = facts.grade_id
        scored = {"max_score": float(facts.get("points", 0)), "cell_type": cell.cell_type}
        if utils.is_grade(cell):
            gradebook.add_grade_cell(name, unit, unit, **scored)
        if utils.is_solution(cell):
            gradebook.add_solution_cell(name, unit, unit)
        if utils.is_task(cell):
            gradebook.add_task_cell(name, unit, unit, **scored)
        gradebook.add_source_cell(
            name,
            unit,
            unit,
            cell_type=cell.cell_type,
            locked=utils.is_locked(cell),
            source=cell.source,
            checksum=facts.get("checksum"),
        )
    gradebook.db.refresh(notebook)
    return notebook


# --- submissions ----------------------------------------------------------------------------------------------------


def _write_batch(
    gradebook: Gradebook, cells: _Cells, results: Sequence[Line], outcome: ExportOutcome
) -> None:
    """Write some students' results, all or none."""
    writable: list[tuple[Line, dict[str, float]]] = []
    absent: list[Line] = []
    for result in results:
        try:
            if result.status == MISSING:
                # nbgrader knows who handed in nothing by itself, if it knows the person.
                _check_key(result)
                absent.append(result)
                continue
            writable.append((result, _checked(cells, result)))
        except ValueError as error:
            outcome.not_written.append((result.student, cells.unit, str(error)))
    counts = {"new": 0, "changed": 0, "same": 0}
    failed: list[tuple[str, str, str]] = []
    try:
        with transaction(gradebook):
            everybody = [*absent, *(item for item, _ in writable)]
            names = [result.person.key for result in everybody]
            students = {id_ for (id_,) in gradebook.db.query(Student.id).filter(Student.id.in_(names))}
            there = _submissions(gradebook, cells.unit, names)
            for result in everybody:
                if result.person.key not in students:
                    gradebook.add_student(result.person.key, **_facts(result.person))
            counts["same"] += len(absent)
            for result, scores in writable:
                name = result.person.key
                submission = there.get(name)
                is_new = submission is None
                if submission is None:
                    submission = gradebook.add_submission(cells.unit, name)
                try:
                    changed = _write_result(gradebook, submission, result, scores, cells)
                except MissingEntry as error:
                    failed.append((result.student, cells.unit, str(error)))
                    continue
                counts["new" if is_new else "changed" if changed else "same"] += 1
    except (SQLAlchemyError, InvalidEntry) as error:
        if isinstance(cause_of(error), OperationalError):
            # The database is locked, full or gone: the next batch would wait for it in vain.
            raise
        outcome.not_written += [
            (result.student, cells.unit, f"the batch was refused by the database: {reason_of(error)}")
            for result, _ in writable
        ]
        return
    outcome.not_written += failed
    outcome.new += counts["new"]
    outcome.changed += counts["changed"]
    outcome.same += counts["same"]


def _checked(cells: _Cells, result: Line) -> dict[str, float]:
    """The scores of a result that can be written. Raises `ValueError` with the reason why it cannot."""
    if result.status != GRADED:
        raise ValueError(f"{result.status}: {texts(result.flags)}; what the gradebook has is kept")
    _check_key(result)
    _time(result)
    return cells.scores(result)


def _check_key(result: Line) -> None:
    name = result.person.key
    if not name or len(name) > _LONGEST_NAME or "\0" in name:
        raise ValueError(f"a gradebook's names have 1 to {_LONGEST_NAME} characters")
    if _NO_TEXT & set(name) or one_line(name) != name:
        # Formgrader writes a student's name into its pages as if it were HTML.
        raise ValueError(
            "a name with <, > or \", or with characters that cannot be seen, would be code on Formgrader's pages"
        )


def _facts(person: Person) -> dict[str, str]:
    """What the gradebook keeps of a person besides the key, which is nbgrader's id of a student."""
    first, _, last = person.name.rpartition(" ")
    facts = {} if person.name == person.key else {"first_name": first, "last_name": last}
    facts["email"] = person.email or ""
    return {name: text[:_LONGEST_NAME] for name, text in facts.items() if text and not _NO_TEXT & set(text)}


def _time(result: Line) -> datetime | None:
    """When it was handed in, as the gradebook keeps times: in UTC, without a zone."""
    text = result.submitted_at
    return utils.parse_utc(datetime.fromisoformat(text)) if text else None


def _submissions(gradebook: Gradebook, unit: str, students: Sequence[str]) -> dict[str, SubmittedAssignment]:
    """Those of the batch in a few queries instead of a few for each."""
    notebooks = selectinload(SubmittedAssignment.notebooks)
    query = (
        gradebook.db.query(SubmittedAssignment)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == unit, SubmittedAssignment.student_id.in_(students))
        .options(
            notebooks.selectinload(SubmittedNotebook.grades),
            notebooks.selectinload(SubmittedNotebook.comments),
        )
    )
    return {item.student_id: item for item in query}


def _write_result(
    gradebook: Gradebook,
    submission: SubmittedAssignment,
    result: Line,
    scores: Mapping[str, float],
    cells: _Cells,
) -> bool:
    """Write one student's result; whether anything changed.

    Raises:
        MissingEntry: the submission in the gradebook lacks the notebook or one of its cells; nothing is changed.
    """
    notebook = next((item for item in submission.notebooks if item.name == cells.unit), None)
    grades = {grade.cell_id: grade for grade in notebook.grades} if notebook else {}
    if notebook is None or not scores.keys() <= grades.keys():
        raise MissingEntry(
            "the submission in the gradebook is older than the notebook and lacks cells: remove it with `nbgrader db "
            f"student remove {submission.student_id} --force` or in Formgrader, then export again"
        )
    time = _time(result)
    another = _is_another(submission, time, scores, grades)
    changes = [_put(submission, "timestamp", time)] if time else []
    for id_, score in scores.items():
        grade = grades[id_]
        if _put(grade, "auto_score", score):
            # As nbgrader does: a person's score stands, and somebody should look whether it still holds.
            _put(grade, "needs_manual_grade", grade.manual_score is not None)
            changes.append(True)
    comments = {comment.cell_id: comment for comment in notebook.comments}
    for id_, text in cells.comments(result).items():
        if id_ in comments:
            changes.append(_put(comments[id_], "auto_comment", text))
    written = [grades[id_] for id_ in cells.by_hand if id_ in grades]
    # Without any score nobody and nothing has looked at it: nbgrader leaves such grades when it could not read a file.
    changes += [_ask_again(grade) for grade in written if another or _has_no_score(grade)]
    changes.append(
        _put(notebook, "late_submission_penalty", penalty_now(gradebook, submission, notebook, cells.course))
    )
    return any(changes)


def _is_another(
    submission: SubmittedAssignment,
    time: datetime | None,
    scores: Mapping[str, float],
    grades: Mapping[str, Grade],
) -> bool:
    """Whether the result is of another attempt than the one in the gradebook, as far as that can be told.

    The time of hand-in tells; where it is unknown, other scores than before do.
    """
    if time and submission.timestamp:
        return time != submission.timestamp
    before = {id_: grades[id_].auto_score for id_ in scores}
    return any(score is not None and score != scores[id_] for id_, score in before.items())


def _has_no_score(grade: Grade) -> bool:
    return grade.auto_score is None and grade.manual_score is None


def _ask_again(grade: Grade) -> bool:
    """A written answer of another attempt waits for a person, whose score of the last one stands until then."""
    changed = _put(grade, "auto_score", None)
    return _put(grade, "needs_manual_grade", True) or changed


def penalty_now(
    gradebook: Gradebook, submission: SubmittedAssignment, notebook: SubmittedNotebook, course: Course
) -> float | None:
    """By the due date, extended or not, and on the gradebook's score, which knows of manual ones."""
    late = seconds_late(course, submission)
    if late <= 0:
        return None
    # The score is a sum that the database makes.
    gradebook.db.flush()
    return min(max(0.0, late_penalty(course, notebook.score, late)), notebook.score)


def _put(row: Any, name: str, value: Any) -> bool:
    """Set a column if it has another value: what is not set is not sent, and cannot overwrite a person's work."""
    if getattr(row, name) == value:
        return False
    setattr(row, name, value)
    return True
