"""What students wrote, made harmless where nbgrader keeps it and where it shows it.

nbgrader puts Markdown into Formgrader's pages and into feedback as it is, and a page of Formgrader's runs in the
session of the person who grades. `CleanCells` is a step of `nbgrader autograde`; `CleanPage` and `markdown_filter` are
steps of making any page, whatever lies in `autograded/`.
"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import nbformat
from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert.preprocessors import Preprocessor
from nbformat import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool

from autograder.nbgrader.reading import tidy_metadata
from autograder.report.clean import safe_attachments, safe_html
from autograder.report.markdown import Budget, as_block, clean_markdown, markdown_html
from autograder.shown import visible
from course_utils.slices.python_text import MAX_CELL_CODE

# Of the person who handed in, and their file: others may have chosen them.
_NAMES = ("student", "first_name", "last_name", "notebook_path", "filename")
# As they are shown without being made HTML of.
_PLAIN_OUTPUTS = ("text/plain", "text/latex")
_REMOVED = "(an output of kind {} is not shown: it could run in a browser)"


class CleanCells(NbGraderPreprocessor):
    """Leave in a submission nothing that could run where it is shown: what is taken out of a text is shown as text."""

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Clean texts, attachments and metadata. Code stays as it is, character by character."""
        changed = clean_cells(nb)
        if changed:
            student = visible(str(resources.get("nbgrader", {}).get("student", "")))
            self.log.warning(
                "%s: %d text cell%s held tags, links or commands that are not rendered, or too much to "
                "format; shown as text there",
                student,
                changed,
                "s" * (changed > 1),
            )
        return nb, resources


class CleanPage(Preprocessor):
    """The same for what becomes a page, whoever wrote it into `autograded/`; names become text."""

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        """Clean everything but the outputs of graded cells, which are the grader's own."""
        clean_cells(nb)
        for cell in nb.cells:
            if cell.cell_type == "code":
                if not _is_verdict(cell):
                    cell["outputs"] = [_output(item) for item in cell.get("outputs", ())]
                if len(cell.source) > MAX_CELL_CODE:
                    cell["source"] = f"{cell.source[:MAX_CELL_CODE]}\n# ... and more, which is not shown here"
        for name in _NAMES:
            if isinstance(resources.get(name), str):
                resources[name] = html.escape(visible(resources[name]))
        return nb, resources


@pass_context
def markdown_filter(context: Context, source: str) -> str:
    """Take the place of nbconvert's filter `markdown2html`."""
    cell = context.get("cell") or {}
    return str(markdown_html(source, cell.get("attachments")))


def strip_no_prefix(text: str) -> str:
    """Take the place of nbconvert's `strip_files_prefix`, which changes addresses after they were looked at.

    Its time grows with the square of the brackets in a text besides.
    """
    return text


def clean_cells(nb: NotebookNode) -> int:
    """Clean texts, attachments and metadata of a notebook in place; how many cells had something taken out."""
    tidy_metadata(nb)
    budget = Budget()
    changed = 0
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.pop("attachments", None)
            continue
        if cell.cell_type == "markdown":
            cleaned = clean_markdown(cell.source, cell.get("attachments"), budget)
            changed += cleaned.changed
            source, attachments = cleaned.source, cleaned.attachments
        else:
            # An exporter may take a raw cell for HTML.
            source, attachments = as_block(cell.source) if cell.source.strip() else "", {}
        cell["cell_type"], cell["source"] = "markdown", source
        cell.pop("attachments", None)
        if attachments:
            cell["attachments"] = nbformat.from_dict(attachments)
    return changed


def _is_verdict(cell: NotebookNode) -> bool:
    section = cell.metadata.get("nbgrader")
    return isinstance(section, Mapping) and bool(section.get("grade")) and not section.get("solution")


def _output(output: NotebookNode) -> NotebookNode:
    """An output in which nothing runs."""
    if output.get("output_type") not in ("display_data", "execute_result"):
        return output
    data = output.get("data")
    data = data if isinstance(data, Mapping) else {}
    kept = {kind: data[kind] for kind in _PLAIN_OUTPUTS if isinstance(data.get(kind), str)}
    pictures = safe_attachments(
        {"": {kind: data[kind] for kind in data if kind in ("image/png", "image/jpeg")}}
    )
    kept |= pictures.get("", {})
    if isinstance(data.get("text/html"), str):
        kept["text/html"] = safe_html(data["text/html"])
    removed = sorted(str(kind) for kind in data if kind not in kept)
    if removed:
        kept.setdefault("text/plain", _REMOVED.format(", ".join(removed)))
    return nbformat.v4.new_output(output["output_type"], data=kept)
