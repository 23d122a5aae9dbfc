"""Write the class report and the students' feedback pages."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder import journal
from autograder.errors import UserError
from autograder.report.summary import summarise
from course_utils.checks.judge import WITHHELD

CLASS_REPORT = "report.html"
FEEDBACK = "feedback"


def write(folder: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> Path:
    """Write `report.html` and `feedback/<unit>/<student>.html` from `grades.jsonl`.

    Args:
        folder: where the journal lies.
        progress: told after each page how many of how many are written.

    Returns:
        The class report's path.

    Raises:
        UserError: there are no results.
    """
    grades = list(journal.read(folder).values())
    if not grades:
        raise UserError(
            f"{folder / journal.NAME} has no results: run `autograder grade ... --out {folder}` first"
        )
    environment = Environment(
        loader=PackageLoader("autograder.report"), autoescape=True, undefined=StrictUndefined
    )
    environment.filters["points"] = lambda value: f"{value:g}"
    environment.filters["moment"] = lambda text: dt.datetime.fromisoformat(text).strftime(
        "%d %B %Y, %H:%M %Z"
    )
    feedback = environment.get_template("feedback.html")
    for number, grade in enumerate(grades, start=1):
        page = folder / FEEDBACK / grade["unit"] / f"{file_name(grade['student'])}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(feedback.render(grade=grade, withheld=WITHHELD), encoding="utf-8")
        progress(number, len(grades))
    units = summarise(grades)
    path = folder / CLASS_REPORT
    path.write_text(
        environment.get_template("class.html").render(units=units, file_name=file_name, feedback=FEEDBACK),
        encoding="utf-8",
    )
    return path


def file_name(student: str) -> str:
    """A student's name as a file name of its own: what is unsafe in one becomes `_`, what is too long is cut.

    A changed name gets a few digits of a hash, so that `a/b` never sees the page of `a_b`.
    """
    name = re.sub(r"[^\w.@ -]", "_", student).strip(". ").encode()[:200].decode(errors="ignore")
    if name == student:
        return name
    return f"{name}_{hashlib.sha256(student.encode()).hexdigest()[:8]}"
