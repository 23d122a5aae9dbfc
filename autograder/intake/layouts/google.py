"""Google Classroom's folder in Drive: `{Name} - {file}`, with what Colab makes of a file's name.

`Ada Lovelace - moco.ipynb`, `Ada Lovelace - Copy of moco.ipynb`, `Copy of Ada Lovelace - moco.ipynb`,
`Ada Lovelace - moco.ipynb - Colab.ipynb`; and what other languages make of `Copy of`. Nothing but the name tells one
person from another.
"""

from __future__ import annotations

import re

from autograder.intake.kinds import is_unread_archive, suffix_of, without_suffixes
from autograder.intake.layouts.base import Level, Reader, Whose, person
from autograder.intake.naming import COPY_BEFORE, COPY_BEHIND, OTHER, named
from autograder.intake.tree import Entry

_BETWEEN = " - "
_COPY_OF = re.compile(COPY_BEFORE, re.IGNORECASE)
# A copy of a whole name in quotation marks: 「Ada Lovelace - moco.ipynb」のコピー.ipynb.
_COPY_OF_ALL = re.compile(
    rf"[\u201c\u300c](?P<all>.+)[\u201d\u300d](?P<mark>{COPY_BEHIND})(?P<rest>.*)", re.IGNORECASE | re.DOTALL
)


def google_reader(level: Level) -> Reader | None:
    """Where half of the names or more are somebody's, and name a file of the unit."""
    files = [
        entry.parts[0] for entry in level.entries if len(entry.parts) == 1 and _may_be_work(entry.parts[0])
    ]
    found = {top: parsed for top in files if (parsed := _parsed(top, level.unit))}
    sure = [top for top, (_, file) in found.items() if _is_of_unit(file, level.unit)]
    if not sure or 2 * len(sure) < len(files):
        return None

    def read(entry: Entry) -> Whose | None:
        parsed = found.get(entry.parts[0])
        if parsed is None or len(entry.parts) > 1:
            return None
        name, file = parsed
        return Whose(people=(person("google", name),), parts=(file,))

    return read


def _parsed(top: str, unit: str) -> tuple[str, str] | None:
    """The name and the file; None for a name that has no such form, such as `dan_moco - Copy.ipynb`."""
    if whole := _COPY_OF_ALL.fullmatch(top):
        top = f"{whole['all']}{whole['mark']}{whole['rest']}"
    copy_of = _COPY_OF.match(top)
    parts = top[copy_of.end() if copy_of else 0 :].split(_BETWEEN)
    # Names may hold " - " as well: the file begins where the unit is named.
    places = [place for place in range(1, len(parts)) if _is_of_unit(_BETWEEN.join(parts[place:]), unit)]
    place = places[0] if places else 1
    name, file = _BETWEEN.join(parts[:place]), _BETWEEN.join(parts[place:])
    if not file or not name.strip() or not _may_be_work(file):
        return None
    stem = suffix_of(file)[0]
    if named(f"x - {stem}", "x").called.rank == OTHER and not suffix_of(name)[1]:
        # `moco - Copy`: what a file manager adds is no file's name.
        return None
    return name.strip(), f"{copy_of[0]}{file}" if copy_of else file


def _may_be_work(file: str) -> bool:
    return bool(suffix_of(file)[1]) or is_unread_archive(file)


def _is_of_unit(file: str, unit: str) -> bool:
    who = named(without_suffixes(file), unit)
    return who.says_unit and not who.person
