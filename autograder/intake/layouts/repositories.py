"""A repository a person, as GitHub Classroom names them: `{unit}-{login}/`, or `{unit}-{login}-main/`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from autograder.intake.kinds import FileKind, is_unread_archive, suffix_of, without_suffixes
from autograder.intake.layouts.base import Ignored, Level, Reader, Whose, person
from autograder.intake.layouts.plain import says_unit_alone
from autograder.intake.naming import named
from autograder.intake.tree import Entry

# What else follows a unit's name: a branch, a folder of all, the stamp of a download from Drive.
_NO_LOGIN = re.compile(r"main|master|submissions?|copy|starter|template|\d{8}T\d{6}Z.*", re.IGNORECASE)
# Where no login beside has a letter: the number of a copy, a year, a day.
_COUNT_OR_DATE = re.compile(r"\d{1,3}|(?:19|20)\d\d(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12]\d|3[01]))?)?")
_BRANCH = re.compile(r"-(?:main|master)\Z")


def repositories_reader(level: Level) -> Reader | None:
    """Where every folder, and every zip, is named so."""
    folders = {entry.parts[0] for entry in level.entries if len(entry.parts) > 1 or entry.is_folder}
    zips = {top for top in level.tops if top not in folders and _is_packed(top)}
    # The code that all begin with may lie beside.
    starter = {top for top in folders if top == level.unit}
    visible = {top for top in folders | zips if not top.startswith((".", "_"))} - starter
    logins = {top: login for top in visible if (login := _login(top, level.unit, is_zip=top in zips))}
    if not logins or len(logins) < len(visible):
        return None
    if all(map(str.isdigit, logins.values())) and not _are_logins(logins, level):
        return None
    files = [top for top in level.tops if top not in folders | zips and suffix_of(top)[1]]
    if any(named(suffix_of(top)[0], level.unit).person for top in files):
        # Notebooks beside, named for people.
        return None
    bare = {top: _BRANCH.sub("", login) for top, login in logins.items()}
    if all(bare.values()) and len(set(bare.values())) == len(bare):
        # A login may end so as well: where it would be another's, nothing is taken off.
        logins = bare

    def read(entry: Entry) -> Whose | Ignored | None:
        if entry.parts[0] in starter:
            return Ignored("starter code")
        login = logins.get(entry.parts[0])
        if login is None:
            return None
        own = entry.parts[1:] or ((entry.parts[0],) if entry.parts[0] in zips else ())
        return Whose(people=(person("github", login),), parts=own)

    return read


def _are_logins(logins: Mapping[str, str], level: Level) -> bool:
    """Whether numbers alone are logins, and no counts, years or days, whose folders would hold those of people."""
    with_notebook = {
        entry.parts[0]
        for entry in level.entries
        if entry.parts[1:-1] in ((), (level.unit,))
        and len(entry.parts) > 1
        and says_unit_alone(entry.parts[-1], level.unit)
    }
    are_long = not any(map(_COUNT_OR_DATE.fullmatch, logins.values()))
    return (are_long or len(logins) > 1) and (
        with_notebook >= logins.keys() or (are_long and len(logins) > 1)
    )


def _is_packed(top: str) -> bool:
    return suffix_of(top)[1] == FileKind.ZIP or is_unread_archive(top)


def _login(top: str, unit: str, *, is_zip: bool) -> str:
    stem = without_suffixes(top) if is_zip else top
    before, _, login = stem.partition("-") if "-" not in unit else (unit, "-", stem.removeprefix(f"{unit}-"))
    if before != unit or login == stem or not login:
        return ""
    return "" if _NO_LOGIN.fullmatch(login) else login
