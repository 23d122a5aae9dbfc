"""Moodle: "Download all submissions", as made by its mod/assign/classes/downloader.php.

A folder a person, `{Full name}_{id}_assignsubmission_file/`, with the person's own folders inside; or, without folders,
`{Full name}_{id}_assignsubmission_file_{file}`. What was typed lies under `assignsubmission_onlinetext`. The id is the
participant's number, as in the grading worksheet. Blind marking puts one word for every name, in the site's language. A
team's name and number take the place of a person's; the teamless share a folder without a number.
"""

from __future__ import annotations

import re

from autograder.intake.layouts.base import Ignored, Level, Reader, Whose, person
from autograder.intake.tree import Entry
from autograder.results import Flag, FlagKind

# The names are a learning system's, the end is a student's to choose: the first mark counts.
_NAMED = re.compile(
    r"(?P<name>.*?)(?:_(?P<id>\d+))?_assignsubmission_(?P<plugin>[a-z]+)(?:[_.](?P<file>.*))?", re.DOTALL
)
# What the staff has sent back lies beside, if it is downloaded too.
_FEEDBACK = "_assignfeedback_"
_TEAMLESS = Flag(
    kind=FlagKind.NO_STUDENT,
    text="Moodle gives the files of those without a group one folder, and no name: whose are they?",
    audience="staff",
)


def moodle_reader(level: Level) -> Reader | None:
    """Where a name bears Moodle's mark."""
    found = {top: match for top in level.tops if (match := _NAMED.fullmatch(top))}
    if not found:
        return None

    def read(entry: Entry) -> Whose | Ignored | None:
        if _FEEDBACK in entry.parts[0]:
            return Ignored("feedback files")
        match = found.get(entry.parts[0])
        if match is None:
            return None
        own = entry.parts[1:] or ((match["file"],) if match["file"] else ())
        return Whose(
            people=(person("moodle", match["id"] or match["name"], match["name"]),),
            parts=own,
            is_text=match["plugin"] != "file",
            flags=() if match["id"] else (_TEAMLESS,),
        )

    return read
