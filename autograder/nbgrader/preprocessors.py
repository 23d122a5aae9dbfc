"""nbgrader over our own grading: preprocessors and late policy.

nbgrader keeps its gradebook, Formgrader and feedback; what is replaced is how a submission is executed and scored:
instead of running the notebook in a kernel, each graded cell receives the verdict of `autograder.grading`.
"""

from __future__ import annotations

import copy
import html
import math
import weakref
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_solution
from traitlets import Bool

from autograder.course.config import Course, begun_days, find_root, load_course, secret
from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.grading.grader import Grader
from autograder.grading.lines import left_of, rounded
from autograder.grading.policy import Policy
from autograder.intake.belonging import known_exercises
from autograder.intake.submission import Unreadable
from autograder.nbgrader.choosing import chosen_file
from autograder.nbgrader.lateness import as_gradebook_time, seconds_late
from autograder.nbgrader.seal import put_seal
from autograder.nbgrader.stale import set_graded
from autograder.nbgrader.written import is_written, join_answers, note_of, restore_answers, retype
from autograder.report.rendering import beside_window, whole_seconds, window_html
from autograder.results import UNREADABLE, CheckLine, ExerciseLine, Line, for_student, texts
from autograder.sandbox.tiers import probe, require
from autograder.shown import one_line, visible
from course_utils.checks.judge import CORRECT, NOT_ATTEMPTED
from course_utils.checks.wording import explain, fact_in_words, in_words, mark, title_for_students
from course_utils.slices.names import cell_id, check_cell_id
from course_utils.slices.slicing import FOUND_BY_NAME

NO_RESPONSE = "No response."  # nbgrader's own words for it


class RemoveSourceNotes(NbGraderPreprocessor):
    """Take out the cells that speak to the staff only."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Keep all cells but those marked `source_only`."""
        nb.cells = [cell for cell in nb.cells if not cell.metadata.get("course", {}).get("source_only")]
        return nb, resources


class SealCells(NbGraderPreprocessor):
    """Seal the release notebook, so that the next build tells an edited one from what was generated."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave a notebook alone that is none of ours."""
        if isinstance(nb.metadata.get("course"), dict):
            put_seal(nb)
        return nb, resources


class SaveDueDate(NbGraderPreprocessor):
    """Write the due date of `course.toml` into the gradebook."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave the gradebook alone if the course sets no date for the unit."""
        course = load_course(_root())
        assignment = resources["nbgrader"]["assignment"]
        if assignment in course.due:
            due = as_gradebook_time(course.due[assignment])
            with Gradebook(resources["nbgrader"]["db_url"]) as gradebook:
                gradebook.update_or_create_assignment(assignment, duedate=due)
        return nb, resources


class LatePolicy(LateSubmissionPlugin):
    """The late policy of `course.toml`."""

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Points lost, from 0 to `score`; None if what is late by the gradebook is in time by `course.toml`."""
        assigns = self.parent
        submission = assigns.gradebook.find_submission(assigns.assignment_id, student_id)
        late = seconds_late(self._course, submission)
        return late_penalty(self._course, score, late) if late else None

    @cached_property
    def _course(self) -> Course:
        return load_course(_root())


def late_penalty(course: Course, score: float, seconds: float) -> float:
    """Points lost, from 0 to `score`, by what is handed in so many seconds after it was due."""
    return rounded(score - left_of(score, course.late.kept(begun_days(seconds)), course.rounding))


class RepairCells(NbGraderPreprocessor):
    """Bring back what students and other editors lose: ids, locked cells, deleted cells; drop duplicates' ids.

    The notebook that was released says which cells there are. A cell that still carries the right id receives its
    nbgrader metadata from there; of several with the same id one is kept, and the others become ordinary cells.
    """

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Give the submission exactly the released nbgrader cells, in an order as near to the student's as can be."""
        released = released_notebook(self.parent.parent.coursedir, resources)
        wanted = {_grade_id(cell): cell for cell in released.cells if _grade_id(cell)}
        # Widgets of Colab, authors and the like mean nothing here, and some make the pages fail.
        nb["metadata"] = copy.deepcopy(released.metadata)
        kept: dict[str, NotebookNode] = {}
        carriers: dict[str, list[NotebookNode]] = {}
        for cell in nb.cells:
            cell.setdefault("metadata", NotebookNode())
            name = _grade_id(cell) or str(cell.get("id", ""))
            original = wanted.get(name)
            for section in _SECTIONS:
                cell.metadata.pop(section, None)
            if original is None:
                continue
            carriers.setdefault(name, []).append(cell)
            if name in kept and not _better(cell, kept[name], original):
                self.log.warning("Cell '%s' is there more than once; one of them counts", name)
                continue
            if name in kept:
                kept[name].metadata.pop("nbgrader", None)
            kept[name] = cell
        for name, cell in kept.items():
            original = wanted[name]
            cell.metadata |= copy.deepcopy(
                {key: original.metadata[key] for key in _SECTIONS & original.metadata.keys()}
            )
            if is_written(original) and join_answers(carriers[name], cell, original):
                self.log.warning(
                    "Cell '%s' is there more than once with different texts, which were joined", name
                )
            if cell.cell_type != original.cell_type:
                retype(cell, original.cell_type)
        for said in restore_answers(nb, released.cells, kept):
            self.log.warning("%s", said)
        self._put_back(nb, released, wanted, kept)
        nb["nbformat"], nb["nbformat_minor"] = 4, max(5, nb.get("nbformat_minor", 5))
        _unique_ids(nb)
        return nb, resources

    def _put_back(
        self,
        nb: NotebookNode,
        released: NotebookNode,
        wanted: Mapping[str, NotebookNode],
        kept: Mapping[str, NotebookNode],
    ) -> None:
        """Insert missing cells after the released cell that stood before them."""
        before: NotebookNode | None = None
        for original in released.cells:
            name = _grade_id(original)
            if not name:
                continue
            cell = kept.get(name)
            if cell is None:
                self.log.warning("Cell '%s' was missing and has been put back", name)
                cell = copy.deepcopy(wanted[name])
                place = (
                    0 if before is None else next(i for i, item in enumerate(nb.cells) if item is before) + 1
                )
                nb.cells.insert(place, cell)
            before = cell


class SaveNotes(NbGraderPreprocessor):
    """Write what was found out about answers into the gradebook, where Formgrader and the feedback show it."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """A cell with a note waits for a person, whatever is in it; to be run after nbgrader's `SaveAutoGrades`.

        nbgrader's "No response." of an exercise's cell goes where the answer was found in another one.
        """
        facts = resources["nbgrader"]
        place = facts["notebook"], facts["assignment"], facts["student"]
        notes = {name: note for cell in nb.cells if (name := _grade_id(cell)) and (note := note_of(cell))}
        with Gradebook(facts["db_url"]) as gradebook:
            for name, note in notes.items():
                gradebook.find_comment(name, *place).auto_comment = note
                grade = gradebook.find_grade(name, *place)
                grade.auto_score, grade.needs_manual_grade = None, True
            for name, said in resources.get(_COMMENTS, {}).items():
                gradebook.find_comment(name, *place).auto_comment = said
            gradebook.db.commit()
        return nb, resources


class GradeExercises(NbGraderPreprocessor):
    """Grade the submitted notebook and write the verdicts into its graded cells, in the place of a kernel's output."""

    unsafe = Bool(
        False,
        help="Run student code with whatever isolation there is, even none: --GradeExercises.unsafe=True",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Fill the outputs of every `<exercise>-check` cell.

        Raises:
            SandboxError: a fault of ours: the submission is then not graded at all.
            RuntimeError: the file cannot be read as a notebook.
        """
        facts = resources["nbgrader"]
        converter = self.parent.parent
        folder = Path(
            converter.coursedir.format_path(
                converter.coursedir.submitted_directory, facts["student"], facts["assignment"]
            )
        )
        grader = _grader(converter, facts["assignment"], unsafe=self.unsafe)
        chosen = chosen_file(folder, facts["assignment"], facts["student"], known_exercises(grader.unit))
        if isinstance(chosen, Unreadable):
            raise UserError(one_line(f"{chosen.path} {chosen.reason}"))
        line = grader.grade(chosen.submission)
        if line.status == UNREADABLE:
            # nbgrader gives full points to a cell without an output.
            raise UserError(one_line(f"{line.file}: {texts(line.flags)}"))
        # What is to be said of the file as a whole is said where the first verdict stands.
        notes = [flag.text for flag in for_student(line.flags)]
        has_points = True
        cells = {_grade_id(cell): cell for cell in nb.cells if cell.cell_type == "code"}
        for exercise, result in line.exercises.items():
            if check_cell_id(exercise) not in cells:
                raise UserError(
                    f"the assignment has no cell {check_cell_id(exercise)}: run `autograder build` and "
                    f"`nbgrader generate_assignment {facts['assignment']}`, then autograde again"
                )
            cell = cells[check_cell_id(exercise)]
            # The gradebook's maximum is what nbgrader compares with; the share is what was earned.
            most = float(cell.metadata["nbgrader"]["points"])
            share = result.score / result.max_score if result.max_score else 0.0
            has_points &= math.isclose(most, result.max_score)
            made = verdict_html(exercise, result, most, notes=notes)
            cell["outputs"] = [_output(round(most * share, 10), made)]
            notes = []
        if has_points:
            # Else it is to be graded again once the gradebook has the unit's points.
            set_graded(nb, line)
        filled = {_grade_id(cell) for cell in nb.cells if is_solution(cell)}
        said = {cell_id(exercise): comment for exercise, comment in exercise_comments(line).items()}
        # Where nothing is attempted, nbgrader says itself whether the cell is as released.
        resources[_COMMENTS] = {
            name: said[name] for name in filled & said.keys() if said[name] != NO_RESPONSE
        }
        for flag in line.flags:
            self.log.warning("%s", one_line(f"{facts['student']}: {flag.text}"))
        return nb, resources


def exercise_comments(line: Line) -> dict[str, str | None]:
    """Exercise -> what nbgrader's comment on its cell is to say: where else it was found, or that nothing is there."""
    elsewhere = {flag.text.partition(" ")[0]: flag.text for flag in line.flags if flag.kind == FOUND_BY_NAME}
    return {
        exercise: NO_RESPONSE
        if result.status == NOT_ATTEMPTED
        else elsewhere.get(exercise.rpartition(".")[2])
        for exercise, result in line.exercises.items()
    }


def _output(points: float, said: str) -> NotebookNode:
    return nbformat.v4.new_output(
        "execute_result",
        data={"text/plain": repr(points), "text/html": said},
        execution_count=None,
    )


def verdict_html(exercise: str, result: ExerciseLine, most: float, *, notes: Sequence[str] = ()) -> str:
    """What a student reads about one exercise: verdicts, reasons and the hint; no value of a graded case.

    Args:
        exercise: its id.
        result: what became of it.
        most: the exercise's points in the gradebook.
        notes: what is to be said of the file as a whole.
    """
    said = _said
    factor = most / result.max_score if result.max_score else 0.0
    points = round(result.score * factor, 10)
    parts = [
        f"<p><strong>{said(exercise)}: {said(result.status)}</strong>, {points:g} of {most:g} points</p>"
    ]
    if fact := fact_in_words(result.diagnosis):
        parts.append(f"<p>{said(fact)}</p>")
    explained = explain(result.diagnosis)
    if explained.lead:
        hints = "".join(f"<li>{said(hint)}</li>" for hint in explained.hints)
        parts.append(f"<p>{said(explained.lead)}</p>{f'<ul>{hints}</ul>' if hints else ''}")
    elif explained.ideas:
        name = in_words(explained.ideas[0].name).capitalize()
        parts.append(f"<p><strong>{said(name)}.</strong> {said(explained.hints[0])}</p>")
    reasons = {item.message for item in result.checks}
    if result.status not in (CORRECT, NOT_ATTEMPTED) and len(reasons) == 1 and len(result.checks) > 1:
        parts.append(f"<p>{said(reasons.pop())}</p>")
    elif result.status != NOT_ATTEMPTED:
        parts.append(f"<ul>{''.join(_check_html(item, factor) for item in result.checks)}</ul>")
    if result.seconds:
        parts.append(f"<p>Time used: {whole_seconds(result.seconds)}</p>")
    if notes:
        parts.append("<p><strong>How your file was read:</strong></p>")
        parts.append(f"<ul>{''.join(f'<li>{said(note)}</li>' for note in notes)}</ul>")
    return "\n".join(parts)


def _said(text: str) -> str:
    return html.escape(visible(text))


def _check_html(item: CheckLine, factor: float) -> str:
    became = mark(item)
    points = f"{item.points * factor:g} of {item.max_points * factor:g}"
    title = title_for_students(item.title, visible=item.visible)
    shown = item.shown if item.visible else None
    told = beside_window(item.message, shown)
    reason = f"<br>{_said(told)}" if told else ""
    window = str(window_html(shown, item.message)) if shown else ""
    return f"<li><strong>{became}</strong>, {points} points. {_said(title)}{reason}{window}</li>"


_GRADERS: weakref.WeakKeyDictionary[Any, dict[str, Grader]] = weakref.WeakKeyDictionary()


def _grader(converter: Any, unit_id: str, *, unsafe: bool) -> Grader:
    """One grader for each run of `nbgrader autograde`, closed with it."""
    graders = _GRADERS.setdefault(converter, {})
    if unit_id not in graders:
        root = Path(converter.coursedir.root)
        course = load_course(root)
        tier = probe().best
        require(tier, course.sandbox, unsafe=unsafe, way_out="--GradeExercises.unsafe=True")
        key, public = secret(root, course)
        if public:
            converter.log.warning(
                "%s does not exist: the hidden checks are drawn from the public demo secret, which anyone can know",
                course.secret,
            )
        # Lateness is nbgrader's part: see LatePolicy.
        policy = Policy(points=course.points, disabled=course.disabled, rounding=course.rounding)
        limits = course.limits
        stack = ExitStack()
        graders[unit_id] = stack.enter_context(
            Grader(load_unit(root, unit_id), key, limits, policy=policy, tier=tier)
        )
        weakref.finalize(converter, stack.close)
    return graders[unit_id]


# From `GradeExercises` to `SaveNotes`, in the resources of a conversion: a cell's grade id -> its comment.
_COMMENTS = "course_comments"
# Metadata of a cell that say what it is: those of the release, never those of the file that was handed in.
_SECTIONS = {"nbgrader", "course"}


def _root() -> Path:
    # nbgrader changes into the course's root before it converts.
    return find_root()


def released_notebook(coursedir: Any, resources: Mapping[str, Any]) -> NotebookNode:
    """The notebook that students got. Raises `FileNotFoundError` with the way out."""
    facts = resources["nbgrader"]
    path = Path(coursedir.format_path(coursedir.release_directory, ".", facts["assignment"]))
    path /= f"{facts['notebook']}.ipynb"
    if not path.is_file():
        raise FileNotFoundError(
            f"{path} is missing: run `nbgrader generate_assignment {facts['assignment']}` first"
        )
    return nbformat.read(path, as_version=4)


def _grade_id(cell: NotebookNode) -> str:
    section = cell.metadata.get("nbgrader")
    name = section.get("grade_id") if isinstance(section, dict) else None
    return name if isinstance(name, str) else ""


def _better(cell: NotebookNode, other: NotebookNode, original: NotebookNode) -> bool:
    """Of two cells with one id the later one that is not as released is what the student wrote."""
    return bool(cell.source.strip()) and cell.source != original.source


def _unique_ids(nb: NotebookNode) -> None:
    """A pasted cell may carry the id of its model, and old formats have none; nbformat refuses both."""
    used: set[str] = set()
    for number, cell in enumerate(nb.cells):
        name = cell.get("id")
        if not isinstance(name, str) or not name or name in used:
            name = f"cell-{number}"
        used.add(name)
        cell["id"] = name
