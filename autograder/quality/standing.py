"""What the gate has to try in this tree: what is stale, and a few exercises more, picked by the commit."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from autograder.course.exercises import Exercise
from autograder.course.receipt import Counts, Freshness, freshness, read_or_none
from autograder.course.units import load_unit, unit_ids
from autograder.errors import UserError
from autograder.quality.run import minutes_of

# So many exercises with fresh receipts are tried all the same, others with each commit, lest a wrong receipt stays.
PICKED = 3


def exercises_of(root: Path, names: Iterable[str] = ()) -> dict[str, Exercise]:
    """Exercise id -> exercise: those of these units and exercises, or all, in the order of units and notebooks.

    Raises:
        UserError: a name is neither a unit nor an exercise, or a unit cannot be loaded.
    """
    wanted = list(names) or unit_ids(root)
    found: dict[str, Exercise] = {}
    for name in wanted:
        unit, _, exercise = name.partition(".")
        there = load_unit(root, unit).exercises
        if exercise and name not in there:
            raise UserError(f"unknown exercise {name!r}: {unit} has {', '.join(there)}")
        found |= {id_: item for id_, item in there.items() if name in (unit, id_)}
    return found


def states(root: Path, exercises: Mapping[str, Exercise]) -> dict[str, Freshness]:
    """Exercise id -> how much of its receipt holds. Raises `UserError` for one that was edited by hand."""
    minutes = minutes_of(root, exercises)
    return {id_: freshness(item, minutes[id_]) for id_, item in exercises.items()}


def picked(root: Path, ids: Sequence[str], count: int) -> list[str]:
    """What is tried again although nothing has changed: others with each commit, the same for everyone."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False)
    commit = done.stdout.strip()
    return sorted(ids, key=lambda id_: hashlib.sha256(f"{commit} {id_}".encode()).digest())[:count]


def recorded(exercises: Mapping[str, Exercise]) -> dict[str, Counts]:
    """Exercise id -> what its receipt says, for those that have one."""
    receipts = {id_: read_or_none(item) for id_, item in exercises.items()}
    return {id_: receipt.found for id_, receipt in receipts.items() if receipt is not None}
