"""The record of a build, `source/.built/<unit>.json`: hashes of all that a unit's generated files were made from.

By it `autograder grade` sees in a moment, without building, that the generated files are those of other checks than it
grades with; and that the checks are the very ones that the build has accepted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from autograder.course.config import Course
from autograder.course.exercises import SHARED
from autograder.course.units import NOTEBOOK, Unit

# Hidden from nbgrader, to which a folder in source/ is an assignment.
RECORDS = Path("source/.built")
_FORMAT = 1
# The others are for the gate: nothing that is generated, and no verdict, depends on them.
_FILES = (NOTEBOOK, SHARED, "reference.py", "checks.py", "wrong.py")
_SETTINGS, _DISABLED = "course.toml", "course.toml, disabled"


class BuildRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the file.

    Attributes:
        format: of this file.
        unit: its id.
        made_from: file, as `moco/enqueue/checks.py`, or `course.toml` for what it sets of this unit -> hash. Which
            exercises are disabled has one of its own.
    """

    format: int = _FORMAT
    unit: str
    made_from: dict[str, str]


def record_place(unit: str) -> Path:
    """Where the record of a unit's build stands in the repository."""
    return RECORDS / f"{unit}.json"


def build_record(unit: Unit, course: Course) -> bytes:
    """The record of a build that takes place now."""
    record = BuildRecord(unit=unit.id, made_from=dict(_made_from(unit, course)))
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def changed_since_build(unit: Unit, course: Course) -> list[str] | None:
    """What a unit's generated files were made from and now differs: `solutions/moco/enqueue/checks.py`, `course.toml`.

    Returns:
        The names, none if nothing has changed; None if there is no record: the unit was never built, or by an earlier
        version.
    """
    try:
        data = (unit.root / record_place(unit.id)).read_bytes()
        record = msgspec.json.decode(data, type=BuildRecord)
    except (OSError, msgspec.MsgspecError):
        return None
    if (record.format, record.unit) != (_FORMAT, unit.id):
        return None
    then, now = record.made_from, _made_from(unit, course)
    places = {name: str(path.relative_to(unit.root)) for name, path in unit.files.items()}
    different = {name for name in {*then, *now} if then.get(name) != now.get(name)}
    places |= {name: name for name in (_SETTINGS, _DISABLED)}
    return sorted(places.get(name, f"solutions/{name}") for name in different)


def touches_checks(changed: list[str]) -> bool:
    """Whether the build may not have accepted the checks as they are, by what `changed_since_build` says."""
    return any(name != _SETTINGS and Path(name).name != NOTEBOOK for name in changed)


def _made_from(unit: Unit, course: Course) -> Mapping[str, str]:
    files = {name: path for name, path in unit.files.items() if name.rpartition("/")[2] in _FILES}
    of_unit = f"{unit.id}."
    settings = (
        course.title,
        course.release_url,
        (course.contact, course.integrity, course.ai_use),
        course.attempts,
        course.due.get(unit.id),
        course.late,
        course.rounding,
        {name: points for name, points in course.points.items() if name.startswith(of_unit)},
    )
    disabled = sorted(name for name in course.disabled if name.startswith(of_unit))
    hashes = {name: _hash(path.read_bytes()) for name, path in sorted(files.items())}
    hashes[_SETTINGS] = _hash(msgspec.json.encode(settings, order="deterministic"))
    return hashes | {_DISABLED: _hash(msgspec.json.encode(disabled))}


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
