"""What came of a check, as values: `present` turns it into text and HTML."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field

from course_utils.checks.diagnose import NOTHING_KNOWN, Diagnosis
from course_utils.checks.judge import CheckVerdict
from course_utils.slices.help import Help

# The notebook may have the function, but the kernel does not: it was started anew, or the cell is yet to be run.
NOT_RUN = "not run yet"
# There is no such exercise, or it can't be told which is meant.
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class CheckOutcome:
    """What the visible checks say of a function.

    Attributes:
        exercise: `"moco.enqueue"`.
        status: `"correct"`, `"wrong"`, `"not attempted"`, `"error"`, `"not run yet"` if there is no such
            function in the kernel, `"interrupted"`, or `"unknown"` if there is no such exercise.
        points: the exercise's points times the share of the visible checks' points that were earned.
        max_points: the exercise's points, hidden checks included.
        verdicts: one for each visible check, in order; empty if the function could not be called at all.
        reason: why it could not, in a sentence; empty otherwise.
        diagnosis: what is known about a wrong answer.
        remarks: how what was asked was understood, where that needs saying.
        hidden: what hidden checks look at, each in a few words.
        costs: what the function leaves changed for all that comes after it, which costs points.
        notes: what else is worth knowing: what the function printed, the warnings it raised.
        level: how much is said, 0 to 3.
        device: where the verdicts come from.
        help: the hints that were asked for so far in this kernel, this time included; None if there were none.
    """

    exercise: str
    status: str
    _: KW_ONLY
    points: float = 0.0
    max_points: float = 0.0
    verdicts: tuple[CheckVerdict, ...] = ()
    reason: str = ""
    diagnosis: Diagnosis = NOTHING_KNOWN
    remarks: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    costs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    level: int = 0
    device: str = field(default="cpu", compare=False)
    help: Help | None = field(default=None, compare=False)

    @property
    def passed(self) -> int:
        """How many visible checks passed."""
        return sum(verdict.passed for verdict in self.verdicts)
