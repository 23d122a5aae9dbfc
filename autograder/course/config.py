"""Read `course.toml`, the one file in which a course is set."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec

from autograder.errors import UserError

_FILE = "course.toml"

# Anyone can draw the hidden cases with this key. It serves the demo and the tests, never a class.
PUBLIC_DEMO_SECRET = b"public secret of the demo and the tests"
SHORTEST_SECRET = 16

_Sandbox = Literal["restricted", "full"]
Attempts = Literal["latest", "best", "first"]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
_CHOICES: dict[str, Any] = {"sandbox": _Sandbox, "attempts": Attempts}
SECONDS_A_DAY = 24 * 60 * 60


class Late(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What handing in late costs.

    Attributes:
        days_allowed: days after the due date that are still accepted; later than that scores nothing.
        penalty_per_day: share of the score lost for each day begun, from 0 to 1.
    """

    days_allowed: Annotated[int, msgspec.Meta(ge=0)] = 3
    penalty_per_day: Share = 0.1

    def kept(self, late_days: int) -> float:
        """The share of the score that is kept, from 0 to 1, after `late_days` begun days."""
        if late_days <= 0:
            return 1.0
        if late_days > self.days_allowed:
            return 0.0
        return max(0.0, 1.0 - self.penalty_per_day * late_days)


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a submission may use.

    Attributes:
        seconds: of one call of a student's function.
        memory_mb: of one submission's process, beyond what the prepared one has, in MiB.
    """

    seconds: Positive = 10.0
    memory_mb: Annotated[int, msgspec.Meta(gt=0)] = 2048


class Course(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A course as `course.toml` sets it; each field has its comment there."""

    title: str
    release_url: str
    contact: str = ""
    integrity: str = ""
    ai_use: str = ""
    attempts: Attempts = "latest"
    due: dict[str, Moment] = {}
    late: Late = Late()
    points: dict[str, Positive] = {}
    disabled: tuple[str, ...] = ()
    sandbox: _Sandbox = "restricted"
    limits: Limits = Limits()
    secret: str = "course.secret"

    def late_days(self, unit: str, submitted_at: datetime | None) -> int:
        """Days begun between the unit's due date and `submitted_at` (which has a time zone).

        0 if the unit has no due date, and 0 if the time of hand-in is unknown: nobody is late by a guess.
        """
        if unit not in self.due or submitted_at is None:
            return 0
        return begun_days((submitted_at - self.due[unit]).total_seconds())


def begun_days(seconds: float) -> int:
    """How many days have begun after this many seconds; 0 for none or a negative number."""
    return max(0, math.ceil(seconds / SECONDS_A_DAY))


def find_root(start: Path | None = None) -> Path:
    """The repository around `start`: the nearest folder with `course.toml`.

    Raises:
        UserError: there is none.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / _FILE).is_file():
            return folder
    raise UserError(f"no course.toml in {start} or above it: run this inside the course's repository")


def load_course(root: Path) -> Course:
    """Read the course of a repository.

    Args:
        root: the folder with `course.toml`.

    Raises:
        UserError: the file is missing, is not TOML, or says something that this version does not know; the message
            names the file, the key, and the known key that is nearest.
    """
    path = root / _FILE
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}. A course is set in this file") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: {error}") from error
    try:
        course = msgspec.toml.decode(text, type=Course)
    except msgspec.ValidationError as error:
        raise UserError(_explain(path, text, str(error))) from error
    except msgspec.DecodeError as error:
        raise UserError(f"{path} is not TOML: {error}") from error
    _check_names(path, text, course)
    return course


def check_exercises(root: Path, course: Course, unit: str, exercises: Collection[str]) -> None:
    """Refuse a course that names an exercise of this unit that does not exist.

    Args:
        root: the repository.
        course: its course.
        unit: the unit's id.
        exercises: ids of the unit's exercises.

    Raises:
        UserError: `points` or `disabled` names another one.
    """
    for name in (*course.points, *course.disabled):
        if name.split(".")[0] == unit and name not in exercises:
            known = ", ".join(exercises)
            raise UserError(f"{root / _FILE}: there is no exercise {name!r}; known are {known}")


def secret(root: Path, course: Course, *, demo: bool = False) -> tuple[bytes, bool]:
    """The key from which hidden cases are drawn, and whether it is the public one.

    Args:
        root: the repository.
        course: its course.
        demo: take the public key whatever the course says.

    Returns:
        The key, and True if anyone can know it (no secret file, or `demo`): whoever grades with it says so.

    Raises:
        UserError: the file is too short to be a secret.
    """
    path = root / course.secret
    if demo or not path.is_file():
        return PUBLIC_DEMO_SECRET, True
    key = path.read_bytes().strip()
    if len(key) < SHORTEST_SECRET:
        raise UserError(
            f"{path} holds {len(key)} bytes; a secret needs {SHORTEST_SECRET} or more. Make one with: "
            f'python -c "import secrets; print(secrets.token_hex(32))" > {course.secret}'
        )
    return key, False


def _explain(path: Path, text: str, problem: str) -> str:
    """msgspec's complaint in the words of the file."""
    what, _, where = problem.partition(" - at ")
    table = _table(where)
    if unknown := re.search(r"unknown field `(.+?)`", what):
        key, known = unknown[1], _fields(table)
        name = f"{table}.{key}" if table else key
        return f"{path}{_line(text, key)}: unknown key {name!r}{_nearest(key, known)}"
    if missing := re.search(r"missing required field `(.+?)`", what):
        return f"{path}: the key {missing[1]!r} is missing"
    key = table.rsplit(".", 1)[-1]
    if what.startswith("Invalid enum") and key in _CHOICES:
        what = f"choose one of {', '.join(get_args(_CHOICES[key]))}"
    if table == "due":
        what += "; write a date with time and time zone, e.g. 2026-11-30T23:59:00+01:00"
    return f"{path}{_line(text, key)}: {table!r}: {what}"


def _table(where: str) -> str:
    """``"`$.limits.seconds`"`` -> `"limits.seconds"`; entries of a dictionary are written `[...]` by msgspec."""
    return where.strip("`").removeprefix("$").removeprefix(".").replace("[...]", "")


def _fields(table: str) -> tuple[str, ...]:
    tables: dict[str, type[msgspec.Struct]] = {"": Course, "late": Late, "limits": Limits}
    return tables[table].__struct_fields__


def _check_names(path: Path, text: str, course: Course) -> None:
    """Units and exercises named in the file must exist (an exercise's function is looked up by the build)."""
    units = sorted(item.parent.name for item in (path.parent / "solutions").glob("*/notebook.md"))
    named: list[tuple[str, str, Any]] = [("due", unit, unit) for unit in course.due]
    named += [("points", name, name.split(".")[0]) for name in course.points]
    named += [("disabled", name, name.split(".")[0]) for name in course.disabled]
    for table, name, unit in named:
        if unit not in units:
            raise UserError(
                f"{path}{_line(text, name)}: {table}: there is no unit {unit!r}{_nearest(unit, units)}"
            )


def _line(text: str, key: str) -> str:
    for number, line in enumerate(text.splitlines(), start=1):
        if key and re.search(rf"(?<![\w.-]){re.escape(key)}(?![\w-])", line.split("#")[0]):
            return f", line {number}"
    return ""


def _nearest(word: str, known: tuple[str, ...] | list[str]) -> str:
    if match := difflib.get_close_matches(word, known, n=1, cutoff=0.5):
        return f"; did you mean {match[0]!r}?"
    return f"; known are {', '.join(known) or 'none'}"
