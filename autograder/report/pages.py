"""Write the class report and the students' feedback pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from autograder.errors import UserError
from autograder.grading import journal
from autograder.report.attention import for_student
from autograder.report.downloads import downloads
from autograder.report.items import FEWEST
from autograder.report.rendering import environment, script, window_html
from autograder.report.summary import hints_asked, summarise

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
    feedback = environment().get_template("feedback.html")
    for number, grade in enumerate(grades, start=1):
        page = folder / FEEDBACK / grade["unit"] / f"{file_name(grade['student'])}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        made = feedback.render(grade=grade, flags=for_student(grade["flags"]), window_html=window_html)
        page.write_text(made, encoding="utf-8")
        progress(number, len(grades))
    sort, allowed = script("sort.js")
    made = (
        environment()
        .get_template("class.html")
        .render(
            units=summarise(grades),
            downloads=downloads,
            feedback=FEEDBACK,
            file_name=file_name,
            fewest=FEWEST,
            hints_asked=hints_asked,
            script=sort,
            allowed=allowed,
        )
    )
    path = folder / CLASS_REPORT
    path.write_text(made, encoding="utf-8")
    return path


def file_name(student: str) -> str:
    """A student's name as a file name of its own: what is unsafe in one becomes `_`, what is too long is cut.

    A changed name gets a few digits of a hash, so that `a/b` never sees the page of `a_b`.
    """
    name = re.sub(r"[^\w.@ -]", "_", student).strip(". ").encode()[:200].decode(errors="ignore")
    if name == student:
        return name
    return f"{name}_{hashlib.sha256(student.encode()).hexdigest()[:8]}"
