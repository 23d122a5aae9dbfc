"""`receipt.json` of an exercise: what the gate found, under the hashes of all that it depends on.

A receipt is written when nothing is to be mended. One that does not fit any more is *stale*, and only what is stale is
tried again: under all seeds if the exercise itself changed, under a few if only the judging code or a version did.
"""

from __future__ import annotations

import hashlib
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec

from autograder.course.dependencies import exercise_sha256, judging_sha256, versions
from autograder.course.exercises import SHARED, Exercise
from autograder.errors import UserError

FILE = "receipt.json"
_FORMAT = 2
# Seeds for right answers: of an exercise that changed; of all, when the code that judges them did.
SEEDS, SEEDS_SINCE = 200, 24


class Counts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of all answers to an exercise, as counts.

    Attributes:
        ideas, others, mutants, faults: wrong answers: misconceptions, those without a name, mutants of the reference,
            faults of behaviour; mutants that are right after all are not among them.
        equivalents: mutants that are right after all.
        killed: wrong answers that the checks refuse under every secret.
        named: misconceptions that are called by their names, as they stand and disguised; a share from 0 to 1.
        pairs, pairs_impossible, pairs_named, pairs_wrong: two slips at once: tried, not to be tried, of which a slip is
            called by its name and nothing else, and of which something is that is not there.
        slips, slips_told: single slips of another kind (a dtype, a missing exception, an off-by-one), and how many of
            them get a name or a fact.
        bare: mutants of which nothing is told but that values are wrong.
        right_named: right answers that were called a misconception.
        visible_kills: share of the wrong answers that fail a visible check.
        trivial, trivial_paid: answers without an idea, and how many of them score.
        right, accepted: right answers, the reference among them, and how many pass under every seed.
        flakes: answers that are right under some seeds and wrong under others.
        honest_error: the largest error of a right answer, in units of what is allowed.
        smallest_fault: the smallest error of a wrong answer, in the same units; None if none is a matter of size.
        oracle_asked, oracle_caught: misconceptions that show wrong values in a visible check, and how many of them
            `test_reference.py` refuses in the reference's place.
        draws: kinds of structured draws that the cases use.
        longest_side: of all tensors in the cases.
    """

    ideas: int
    others: int
    mutants: int
    equivalents: int
    faults: int
    killed: int
    named: float
    pairs: int
    pairs_impossible: int
    pairs_named: int
    pairs_wrong: int
    slips: int
    slips_told: int
    bare: int
    right_named: int
    visible_kills: float
    trivial: int
    trivial_paid: int
    right: int
    accepted: int
    flakes: int
    honest_error: float
    smallest_fault: float | None
    oracle_asked: int
    oracle_caught: int
    draws: tuple[str, ...]
    longest_side: int

    @property
    def wrong(self) -> int:
        """All wrong answers."""
        return self.ideas + self.others + self.mutants + self.faults


class Receipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in a `receipt.json`.

    Attributes:
        format: of this file.
        exercise: id.
        exercise_sha256, judging_sha256, versions: see `dependencies`.
        seeds: under which right answers were tried when the exercise itself had changed.
        seeds_since: under which they were tried with this judging code and these versions.
        found: what came of it.
        seal: hash of all above: a receipt that was edited by hand is told.
    """

    format: int = _FORMAT
    exercise: str
    exercise_sha256: str
    judging_sha256: str
    versions: dict[str, str]
    seeds: int
    seeds_since: int
    found: Counts
    seal: str = ""


class Freshness(Enum):
    """How much of a receipt still holds."""

    FRESH = "fresh"
    JUDGING_CHANGED = "the judging code or a version has changed"
    STALE = "the exercise has changed, or has no receipt"


def freshness(exercise: Exercise, minutes: int) -> Freshness:
    """What must be tried again.

    Raises:
        UserError: the receipt was edited by hand, or is none.
    """
    receipt = read_receipt(exercise)
    if (
        receipt is None
        or receipt.seeds < SEEDS
        or receipt.exercise_sha256 != exercise_sha256(exercise, minutes)
    ):
        return Freshness.STALE
    now = judging_sha256(), versions()
    if receipt.seeds_since < SEEDS_SINCE or (receipt.judging_sha256, receipt.versions) != now:
        return Freshness.JUDGING_CHANGED
    return Freshness.FRESH


def read_receipt(exercise: Exercise) -> Receipt | None:
    """The receipt of an exercise; None if there is none, or one of an older format.

    Raises:
        UserError: it was edited by hand, or is none.
    """
    path = exercise.files.get(FILE)
    if path is None:
        return None
    again = f"run `autograder checks {exercise.id}`, which writes it anew"
    try:
        data: Any = msgspec.json.decode(path.read_bytes())
        if isinstance(data, dict) and data.get("format") in range(1, _FORMAT):
            return None
        receipt = msgspec.convert(data, Receipt)
    except msgspec.MsgspecError as error:
        raise UserError(f"{path}, line 1: is no receipt: {error}; {again}") from error
    if receipt.seal != _seal(receipt) or receipt.exercise != exercise.id:
        lines = path.read_text(encoding="utf-8").splitlines()
        line = next((number for number, text in enumerate(lines, 1) if '"seal"' in text), 1)
        raise UserError(
            f"{path}, line {line}: the receipt was edited by hand, or is another exercise's; {again}"
        )
    return receipt


def write_receipt(exercise: Exercise, minutes: int, found: Counts, seeds: int) -> Path:
    """Write the receipt of an exercise that was tried under so many seeds, and return its path."""
    before = read_or_none(exercise)
    own = exercise_sha256(exercise, minutes)
    deepest = max(seeds, before.seeds) if before and before.exercise_sha256 == own else seeds
    receipt = Receipt(
        exercise=exercise.id,
        exercise_sha256=own,
        judging_sha256=judging_sha256(),
        versions=versions(),
        seeds=deepest,
        seeds_since=seeds,
        found=found,
    )
    path = place_of(exercise)
    path.parent.mkdir(parents=True, exist_ok=True)
    sealed = msgspec.structs.replace(receipt, seal=_seal(receipt))
    path.write_bytes(msgspec.json.format(msgspec.json.encode(sealed), indent=1) + b"\n")
    return path


def place_of(exercise: Exercise) -> Path:
    """Where the receipt belongs: a course that overrides a file has a receipt of its own, beside its overrides."""
    for name, path in exercise.files.items():
        units = path.parents[1 if name == SHARED else 2]
        if units.name == "course":
            return units / exercise.id.replace(".", "/") / FILE
    return exercise.files["checks.py"].with_name(FILE)


def read_or_none(exercise: Exercise) -> Receipt | None:
    """The receipt of an exercise; None too if it is worth nothing."""
    try:
        return read_receipt(exercise)
    except UserError:
        return None


def _seal(receipt: Receipt) -> str:
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(receipt, seal=""))).hexdigest()[:32]
