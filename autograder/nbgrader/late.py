"""Late penalties that follow what a person grades, and a table of grades that says which are none yet.

nbgrader takes the penalty of the score that there is when it autogrades, and never looks again: points that a person
gives afterwards are not reduced. What goes out (feedback, exported grades) has the penalty of the score as it is then.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Assignment, Gradebook, SubmittedAssignment
from nbgrader.plugins import CsvExportPlugin
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import List

from autograder.course.config import find_root, load_course
from course_utils.slices.plain import several

# Those of nbgrader's table.
_COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
)


class RenewLatePenalty(NbGraderPreprocessor):
    """Before the feedback of a notebook is made: its late penalty, by the score that it has now."""

    # nbgrader's base class makes it no setting, and traitlets then warns of a setting that nbconvert makes for all.
    display_data_priority: Any = List().tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave the notebook alone; the gradebook changes."""
        facts = resources["nbgrader"]
        with Gradebook(facts["db_url"]) as gradebook:
            renew_penalties(gradebook, find_root(), facts["assignment"], facts["student"])
        return nb, resources


class CsvExportWithPenalties(CsvExportPlugin):
    """nbgrader's table, with late penalties by the scores of now, and without scores where nobody gave one."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the table, and say whose scores are none yet, or not the last ones."""
        renew_penalties(gradebook, find_root())
        with open(self.to or "grades.csv", "w", encoding="utf-8", newline="") as file:  # noqa: PTH123
            table = csv.writer(file, lineterminator="\n")
            table.writerow(_COLUMNS)
            for assignment in gradebook.assignments:
                if not self.assignment or assignment.name in map(str, self.assignment):
                    table.writerows(self._rows(gradebook, assignment))
        self.log.info("Exported to %s", self.to or "grades.csv")

    def _rows(self, gradebook: Gradebook, assignment: Assignment) -> list[list[Any]]:
        """One for each student; who handed in nothing has 0, as nbgrader has it."""
        submissions = {item.student_id: item for item in gradebook.assignment_submissions(assignment.name)}
        rows, without, waiting = [], [], []
        for student in gradebook.students:
            if self.student and student.id not in map(str, self.student):
                continue
            submission = submissions.get(student.id)
            scores: list[Any] = [0.0, 0.0, 0.0]
            if submission is not None and not _has_score(submission):
                scores = ["", "", ""]
                without.append(student.id)
            elif submission is not None:
                raw, penalty = submission.score, submission.late_submission_penalty
                scores = [raw, penalty, max(0.0, raw - penalty)]
            if submission is not None and submission.needs_manual_grade:
                waiting.append(student.id)
            row = [
                assignment.name,
                assignment.duedate,
                submission.timestamp if submission is not None else None,
                student.id,
                student.last_name,
                student.first_name,
                student.email,
                *scores,
                assignment.max_score,
            ]
            rows.append(["" if item is None else item for item in row])
        if without:
            self.log.warning("%s: no score: %s", assignment.name, several(without))
        if waiting:
            self.log.warning(
                "%s: %d wait for a person: %s; their scores are not the last ones",
                assignment.name,
                len(waiting),
                several(waiting),
            )
        return rows


def _has_score(submission: SubmittedAssignment) -> bool:
    """Whether one of its cells has a score; what has no cells to score has all of its score."""
    grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
    return not grades or any(
        score is not None for grade in grades for score in (grade.auto_score, grade.manual_score)
    )


def renew_penalties(gradebook: Gradebook, root: Path, unit: str = "", student: str = "") -> int:
    """Compute late penalties anew.

    Args:
        gradebook: an open one.
        root: the course's repository.
        unit: one assignment; all of the course's units if empty.
        student: one student; all if empty.

    Returns:
        How many were changed.
    """
    from autograder.course.units import unit_ids
    from autograder.nbgrader.gradebook import penalty_now

    course = load_course(root)
    units = set(unit_ids(root)) & ({unit} if unit else {item.name for item in gradebook.assignments})
    changed = 0
    for name in sorted(units):
        for submission in gradebook.assignment_submissions(name):
            if student not in ("", submission.student_id):
                continue
            for notebook in submission.notebooks:
                penalty = penalty_now(gradebook, submission, notebook, course)
                if notebook.late_submission_penalty != penalty:
                    notebook.late_submission_penalty = penalty
                    changed += 1
    gradebook.db.commit()
    return changed
