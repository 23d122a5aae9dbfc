"""Read `course.toml`, the one file in which a course is set."""

from __future__ import annotations

import difflib
import math
import re
import tomllib
import zoneinfo
from collections.abc import Collection
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec

from autograder.course.moments import DueOffset, extended_due, known_zone
from autograder.course.rounding import Rounding, RoundingMode
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
# A folder of nbgrader's exchange and a name in its gradebook.
_Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
_CHOICES: dict[str, Any] = {"sandbox": _Sandbox, "attempts": Attempts, "mode": RoundingMode}
_WRITE_MOMENTS = "write a date with time and time zone, e.g. 2026-11-30T23:59:00+01:00"
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
    time_zone: str = ""
    due: dict[str, Moment] = {}
    extensions: dict[str, dict[str, Moment]] = {}
    late: Late = Late()
    points: dict[str, Positive] = {}
    disabled: tuple[str, ...] = ()
    sandbox: _Sandbox = "restricted"
    limits: Limits = Limits()
    secret: str = "course.secret"
    rounding: Rounding = Rounding()
    id: _Id = "course"
    exchange: str = ""

    def extension_of(self, unit: str, key: str) -> datetime | None:
        """When the unit is due for one person, if that is later than for all; see `moments.extended_due`."""
        return extended_due(self.due.get(unit), self.extensions.get(unit, {}), key)

    def due_of(self, unit: str, key: str) -> datetime | None:
        """When the unit is due for one person; None if it is never."""
        return self.extension_of(unit, key) or self.due.get(unit)

    def zone(self, unit: str) -> tzinfo | None:
        """Where the course lives: `time_zone`, else the offset of the unit's due date; None if neither is set."""
        if self.time_zone:
            return known_zone(self.time_zone)
        return DueOffset(self.due[unit]) if unit in self.due else None


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
    _check_zone(path, text, course)
    _check_extensions(path, text, course)
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
    line = _line(text, key)
    if table in ("due", "extensions"):
        what += f"; {_WRITE_MOMENTS}"
    if table == "extensions":
        line = _line_of_no_moment(text) or line
    if table == "id" and "regex" in what:
        what = 'write letters, digits, "_", "." and "-" only, e.g. ssl-2026'
    return f"{path}{line}: {table!r}: {what}"


def _table(where: str) -> str:
    """``"`$.limits.seconds`"`` -> `"limits.seconds"`; entries of a dictionary are written `[...]` by msgspec."""
    return where.strip("`").removeprefix("$").removeprefix(".").replace("[...]", "")


def _fields(table: str) -> tuple[str, ...]:
    tables: dict[str, type[msgspec.Struct]] = {
        "": Course,
        "late": Late,
        "limits": Limits,
        "rounding": Rounding,
    }
    return tables[table].__struct_fields__


def _check_names(path: Path, text: str, course: Course) -> None:
    """Units and exercises named in the file must exist (an exercise's function is looked up by the build)."""
    units = sorted(item.parent.name for item in (path.parent / "solutions").glob("*/notebook.md"))
    named: list[tuple[str, str, Any]] = [("due", unit, unit) for unit in course.due]
    named += [("extensions", unit, unit) for unit in course.extensions]
    named += [("points", name, name.split(".")[0]) for name in course.points]
    named += [("disabled", name, name.split(".")[0]) for name in course.disabled]
    for table, name, unit in named:
        if unit not in units:
            line = _line_of_table(text, f"extensions.{unit}") if table == "extensions" else _line(text, name)
            raise UserError(f"{path}{line}: {table}: there is no unit {unit!r}{_nearest(unit, units)}")


def _check_zone(path: Path, text: str, course: Course) -> None:
    if course.time_zone and known_zone(course.time_zone) is None:
        known = sorted(zoneinfo.available_timezones())
        # Without the database, which Python takes from the system or from this package, all names are unknown.
        nearest = (
            _nearest(course.time_zone, known) if known else ": there are no zones here: pip install tzdata"
        )
        if nearest.startswith("; known are"):
            nearest = "; write a name of the tz database such as Europe/Berlin"
        raise UserError(
            f"{path}{_line(text, 'time_zone')}: 'time_zone': there is no time zone {course.time_zone[:60]!r}{nearest}"
        )


def _check_extensions(path: Path, text: str, course: Course) -> None:
    """An extension gives time: it says more than a due date, and later than that."""
    for unit, moments in course.extensions.items():
        due = course.due.get(unit)
        if due is None:
            raise UserError(
                f"{path}{_line_of_table(text, f'extensions.{unit}')}: extensions: {unit} has no due date that could be "
                f"extended: write one into [due], e.g. {unit} = 2026-11-30T23:59:00+01:00"
            )
        for key, moment in moments.items():
            if moment <= due:
                raise UserError(
                    f"{path}{_line_of_entry(text, f'extensions.{unit}', key)}: extensions: {key!r} would have until "
                    f"{moment.isoformat()}, and {unit} is due at {due.isoformat()} for all: an extension is later than "
                    "that"
                )


def _line_of_no_moment(text: str) -> str:
    """Where an extension is no moment with a time zone, which msgspec does not say."""
    for unit, moments in tomllib.loads(text)["extensions"].items():
        for key, moment in moments.items() if isinstance(moments, dict) else ():
            if not isinstance(moment, datetime) or moment.utcoffset() is None:
                return _line_of_entry(text, f"extensions.{unit}", key)
    return ""


def _line_of_table(text: str, table: str) -> str:
    number = _number_of_table(text, table)
    return f", line {number}" if number else _line(text, table.rpartition(".")[2])


def _line_of_entry(text: str, table: str, key: str) -> str:
    """Where a table has a key; a name may stand in other tables too."""
    first = _number_of_table(text, table)
    for number, line in enumerate(text.splitlines()[first:], start=first + 1):
        if first and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
            return f", line {number}"
    return _line(text, key)


def _number_of_table(text: str, table: str) -> int:
    """The number of the line that begins a table; 0 if there is none, for it can be written in other ways."""
    name = r"\s*\.\s*".join(rf"""["']?{re.escape(part)}["']?""" for part in table.split("."))
    for number, line in enumerate(text.splitlines(), start=1):
        if re.match(rf"\s*\[\s*{name}\s*\]", line):
            return number
    return 0


def _line(text: str, key: str) -> str:
    for number, line in enumerate(text.splitlines(), start=1):
        if key and re.search(rf"(?<![\w.-]){re.escape(key)}(?![\w-])", line.split("#")[0]):
            return f", line {number}"
    return ""


def _nearest(word: str, known: tuple[str, ...] | list[str]) -> str:
    if match := difflib.get_close_matches(word, known, n=1, cutoff=0.5):
        return f"; did you mean {match[0]!r}?"
    return f"; known are {', '.join(known) or 'none'}"
