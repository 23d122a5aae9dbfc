"""A repository a person, as GitHub Classroom names them: `{unit}-{login}/`, or `{unit}-{login}-main/`."""

from __future__ import annotations

import re

from autograder.intake.kinds import FileKind, suffix_of
from autograder.intake.layouts.base import Level, Reader, Whose, person
from autograder.intake.naming import named
from autograder.intake.tree import Entry

_BRANCH = re.compile(r"-(?:main|master)\Z")


def repositories_reader(level: Level) -> Reader | None:
    """Where every folder, and every zip, is named so."""
    folders = {entry.parts[0] for entry in level.entries if len(entry.parts) > 1 or entry.is_folder}
    zips = {top for top in level.tops if top not in folders and suffix_of(top)[1] == FileKind.ZIP}
    visible = {top for top in folders | zips if not top.startswith((".", "_"))}
    logins = {top: login for top in visible if (login := _login(top, level.unit, is_zip=top in zips))}
    if not logins or len(logins) < len(visible):
        return None
    files = [top for top in level.tops if top not in folders | zips and suffix_of(top)[1]]
    if any(named(suffix_of(top)[0], level.unit).person for top in files):
        # Notebooks beside, named for people.
        return None
    bare = {top: _BRANCH.sub("", login) for top, login in logins.items()}
    if all(bare.values()) and len(set(bare.values())) == len(bare):
        # A login may end so as well: where it would be another's, nothing is taken off.
        logins = bare

    def read(entry: Entry) -> Whose | None:
        login = logins.get(entry.parts[0])
        if login is None:
            return None
        own = entry.parts[1:] or ((entry.parts[0],) if entry.parts[0] in zips else ())
        return Whose(people=(person("github", login),), parts=own)

    return read


def _login(top: str, unit: str, *, is_zip: bool) -> str:
    stem = suffix_of(top)[0] if is_zip else top
    before, _, login = stem.partition("-") if "-" not in unit else (unit, "-", stem.removeprefix(f"{unit}-"))
    if before != unit or login == stem or not login or login.isdigit():
        return ""
    return "" if login.lower() in ("main", "master", "submission", "copy") else login
