"""Late penalties that follow what a person grades.

nbgrader takes the penalty of the score that there is when it autogrades, and never looks again: points that a person
gives afterwards are not reduced. What goes out (feedback, exported grades) has the penalty of the score as it is then.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin
from nbgrader.preprocessors import NbGraderPreprocessor

from autograder.course.config import find_root, load_course


class RenewLatePenalty(NbGraderPreprocessor):
    """Before the feedback of a notebook is made: its late penalty, by the score that it has now."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave the notebook alone; the gradebook changes."""
        facts = resources["nbgrader"]
        with Gradebook(facts["db_url"]) as gradebook:
            renew_penalties(gradebook, find_root(), facts["assignment"], facts["student"])
        return nb, resources


class CsvExportWithPenalties(CsvExportPlugin):
    """nbgrader's table, with late penalties by the scores of now."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the table."""
        renew_penalties(gradebook, find_root())
        super().export(gradebook)


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
