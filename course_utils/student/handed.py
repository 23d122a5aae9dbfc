"""What a notebook file says of itself: whose unit it is, of which release, and whether it holds the latest work."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from course_utils import shipped
from course_utils.slices.names import function_name
from course_utils.student.fresh_run import NotebookJson, cell_source

# A call in a cell that names the unit or one of its exercises.
_NAMED = re.compile(r"""\b(?:setup|check|submit)\(\s*["'](\w+)(?:\.\w+)?["']""")
# What stands in an answer cell before the student writes there.
UNANSWERED = "takes the place of this line"
_WHEEL = re.compile(r"\bcourse_utils-([0-9][\w.+]*)-py3-none-any\.whl")


def unit_of_notebook(content: NotebookJson) -> str | None:
    """The unit that a notebook was made for; None if it does not tell.

    Most of its cells decide: a cell of another unit may have been copied in, and metadata come with a copy of the file.
    """
    units = set(shipped.known_units())
    found: Counter[str] = Counter()
    for cell in content["cells"]:
        found.update(unit for unit in set(_units_named(cell)) if unit in units)
    own = _section(content, "course").get("unit")
    if found:
        first = found.most_common(2)
        if len(first) == 1 or first[0][1] > first[1][1]:
            return first[0][0]
    return own if own in units else None


def other_release(content: NotebookJson) -> str:
    """A sentence, if the notebook is of another release than this package; else nothing."""
    named = {version for cell in content["cells"] for version in _WHEEL.findall(cell_source(cell))}
    try:
        here = metadata.version("course_utils")
    except metadata.PackageNotFoundError:
        return ""
    # Only released versions carry what they were made of behind a plus.
    others = sorted(version for version in named if "+" in version and "+" in here and version != here)
    if not others:
        return ""
    return (
        f"This notebook is of another release than the package here ({others[-1]}, and {here}): it's checked by the "
        "package's checks, and what you have done in it can be handed in as it is."
    )


def without_a_cell(content: NotebookJson, unit: str) -> list[str]:
    """Exercises of a unit of which a notebook has no trace: neither cell, nor check, nor function."""
    texts = [cell_source(cell) for cell in content["cells"]]
    ids = {str(name) for cell in content["cells"] for name in _ids(cell)}
    missing = []
    for id_ in shipped.exercise_ids(unit):
        name = function_name(id_)
        word = re.compile(rf"\b{re.escape(name)}\b")
        if not ids & {id_, id_.replace(".", "-")} and not any(map(word.search, texts)):
            missing.append(id_)
    return missing


def not_in_the_file(content: NotebookJson, namespace: Mapping[str, Any], unit: str) -> list[str]:
    """Sentences on what was run in this kernel and does not stand in the saved file as it was run.

    Args:
        content: the notebook as it was saved.
        namespace: the notebook's globals.
        unit: whose exercises are looked for.
    """
    history = _history(namespace)
    saved = {cell_source(cell).strip() for cell in content["cells"]}
    running = history[-1].strip() if history else ""
    if running and running not in saved:
        return [
            "The saved file does not hold the cell that you have just run, so it may lack other changes too. "
            "Save the notebook (Ctrl+S or Cmd+S) and run cu.submit again, if anything was changed."
        ]
    lines = []
    for id_ in shipped.exercise_ids(unit):
        name = function_name(id_)
        definition = re.compile(rf"^\s*(?:async\s+)?def\s+{re.escape(name)}\b", re.MULTILINE)
        last = next((text.strip() for text in reversed(history) if definition.search(text)), None)
        if last is not None and last not in saved:
            lines.append(
                f"The saved file does not hold the cell of {name} as you ran it last. Save the notebook (Ctrl+S or "
                "Cmd+S), or run that cell again if you have changed it since, and then run cu.submit again."
            )
    return lines


def when_saved(path: Path) -> Iterator[str]:
    """A sentence on when the file was saved."""
    if path.is_file():
        saved = path.stat().st_mtime
        when = datetime.fromtimestamp(saved).strftime("%H:%M:%S")
        yield f"{path.name}, as saved at {when} ({_ago(time.time() - saved)})."


def replaced_file(target: Path) -> Iterator[str]:
    """A sentence, if there is such a file already."""
    if target.is_file():
        when = datetime.fromtimestamp(target.stat().st_mtime).strftime("%d %B, %H:%M:%S")
        yield f"{target.name} of {when} is replaced."


def points_of_answers(content: NotebookJson) -> float:
    """The points of all written questions."""
    found = [nbgrader.get("points") for _, nbgrader in _answers(content)]
    return sum(item for item in found if isinstance(item, int | float))


def unanswered(content: NotebookJson) -> list[str]:
    """Ids of the written questions whose cell still holds the line to be replaced."""
    return [
        str(nbgrader.get("grade_id", "a written question"))
        for cell, nbgrader in _answers(content)
        if UNANSWERED in cell_source(cell)
    ]


def _ago(seconds: float) -> str:
    if seconds < 5:
        return "just now"
    return f"{seconds:.0f} seconds ago" if seconds < 120 else f"{seconds / 60:.0f} minutes ago"


def _answers(content: NotebookJson) -> Iterator[tuple[Mapping[str, Any], dict[str, Any]]]:
    """The cells of written questions, with what nbgrader has written into them."""
    for cell in content["cells"]:
        metadata = cell.get("metadata")
        nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        if isinstance(nbgrader, dict) and cell.get("cell_type") == "markdown" and nbgrader.get("solution"):
            yield cell, nbgrader


def _history(namespace: Mapping[str, Any]) -> Sequence[str]:
    """The cells that were run, as they were written: IPython's `In` has its magics rewritten."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    own = getattr(shell, "user_ns", None) is namespace
    raw = getattr(getattr(shell, "history_manager", None), "input_hist_raw", None) if own else None
    history = raw if isinstance(raw, list) else namespace.get("In")
    return [text for text in history if isinstance(text, str)] if isinstance(history, list) else []


def _units_named(cell: Mapping[str, Any]) -> Iterator[str]:
    for name in _ids(cell):
        yield re.split(r"[.-]", str(name), maxsplit=1)[0]
    if cell.get("cell_type") == "code":
        yield from _NAMED.findall(cell_source(cell))


def _ids(cell: Mapping[str, Any]) -> Iterator[object]:
    yield _section(cell, "nbgrader").get("grade_id")
    course = _section(cell, "course")
    yield from (course.get(key) for key in ("exercise", "check", "answer", "id"))


def _section(item: Mapping[str, Any], key: str) -> dict[str, Any]:
    found = item.get("metadata")
    section = found.get(key) if isinstance(found, dict) else None
    return section if isinstance(section, dict) else {}
