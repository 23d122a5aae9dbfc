"""What is done to a notebook before it becomes a page: rubrics for the person who grades, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader.coursedir import CourseDirectory
from traitlets import Bool

_FORMGRADER = "formgrade"
_FRAME = '<div style="border-left: 4px solid #E69F00; padding-left: 1em">'


class ShowRubric(Preprocessor):
    """Put the model answer and the rubric above each written answer, on the page on which it is graded.

    nbgrader renders that page and the feedback with the same exporter from the same file, so the rubric must never be
    in the file: it comes from the source notebook at the moment the page is made, and only for Formgrader.
    """

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Leave every page but Formgrader's alone; without a source notebook say so in the log."""
        if not self._is_for_the_grader(resources):
            return nb, resources
        course = CourseDirectory(config=self.config)
        folder = course.format_path(course.source_directory, ".", resources["assignment_id"])
        path = Path(folder) / f"{resources['notebook_id']}.ipynb"
        if not path.is_file():
            self.log.warning("%s is missing: run `autograder build` to see rubrics here", path)
            return nb, resources
        answers = _model_answers(nbformat.read(path, as_version=4))
        cells = []
        for cell in nb.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in answers:
                cells.append(nbformat.v4.new_markdown_cell(_framed(answers[name])))
            cells.append(cell)
        nb.cells = cells
        return nb, resources

    def _is_for_the_grader(self, resources: dict[str, Any]) -> bool:
        # Two signs that must agree: Formgrader alone names the submission, and it has a template of its own.
        template = getattr(self.parent, "template_name", None)
        return "submission_id" in resources and "nbgrader" not in resources and template == _FORMGRADER


def _model_answers(source: NotebookNode) -> dict[str, str]:
    """Text of the answer cells of a source notebook, by id."""
    return {
        cell.metadata["course"]["answer"]: cell.source
        for cell in source.cells
        if cell.cell_type == "markdown" and "answer" in cell.metadata.get("course", {})
    }


def _framed(answer: str) -> str:
    # Markdown inside of HTML wants empty lines around it.
    return f"{_FRAME}\n\n*For the grader; students do not see this.*\n\n{answer.strip()}\n\n</div>"
