"""Write the class report and the students' feedback pages."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from autograder.errors import UserError, writing
from autograder.grading import journal
from autograder.report.downloads import downloads
from autograder.report.items import FEWEST
from autograder.report.rendering import environment, script
from autograder.report.summary import hints_asked, summarise
from autograder.results import Line, for_student
from autograder.shown import one_line

CLASS_REPORT = "report.html"
FEEDBACK = "feedback"
# The end of a changed name: who is called so themselves gets another one.
_CHANGED = re.compile(r"_[0-9a-f]{8}\Z")


def write_report(folder: Path, lines: Sequence[Line]) -> Path:
    """Write `report.html` and `feedback/<unit>/<student>.html`.

    Args:
        folder: where the journal lies.
        lines: what it says: the last line of each student and unit.

    Returns:
        The class report's path.

    Raises:
        UserError: there are no results.
        WriteError: a page cannot be written.
    """
    if not lines:
        raise UserError(
            f"{folder / journal.NAME} has no results: run `autograder grade ... --out {folder}` first"
        )
    feedback = environment().get_template("feedback.html")
    for line in lines:
        page = folder / FEEDBACK / file_name(line.unit) / f"{file_name(line.student)}.html"
        made = feedback.render(grade=line, flags=for_student(line.flags))
        with writing(folder):
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(made, encoding="utf-8")
    sort, allowed = script("sort.js")
    made = (
        environment()
        .get_template("class.html")
        .render(
            units=summarise(lines),
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
    with writing(folder):
        path.write_text(made, encoding="utf-8")
    return path


def file_name(student: str) -> str:
    """The name of a student or unit as a file name of its own: what is unsafe in one becomes `_`, too long is cut.

    A changed name gets a few digits of a hash, so that `a/b` never sees the page of `a_b`.
    """
    name = re.sub(r"[^\w.@ -]", "_", one_line(student)).strip(". ").encode()[:200].decode(errors="ignore")
    if name == student and not _CHANGED.search(name):
        return name
    return f"{name}_{hashlib.sha256(student.encode()).hexdigest()[:8]}"
