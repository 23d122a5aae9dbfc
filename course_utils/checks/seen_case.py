"""One case of a check with what was seen of it: what a diagnosis goes through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from course_utils.checks.case import Case
from course_utils.checks.compare import differing, selected
from course_utils.checks.expectation import Expectation
from course_utils.checks.observation import Observation
from course_utils.checks.prepared import Fault, PreparedCheck, PreparedExercise, Seen
from course_utils.checks.quantity import QuantityName


@dataclass(frozen=True)
class SeenCase:
    """One case of a check and what was seen of it.

    Attributes:
        check: the check.
        index: which of its cases.
        seen: what was observed.
        device: where the function ran.
    """

    check: PreparedCheck
    index: int
    seen: Observation
    device: str = "cpu"

    @property
    def case(self) -> Case:
        """The case."""
        return self.check.cases[self.index]

    @property
    def expected(self) -> Expectation:
        """What the reference shows."""
        return self.check.expected[self.index]

    @property
    def raised(self) -> bool:
        """Whether the function raised, for whatever reason."""
        return self.seen.quantities.get("exception") != "none"

    @cached_property
    def wrong(self) -> frozenset[str]:
        """Names of the quantities that are not as expected, where the check looks.

        A property gives points but says nothing of misconceptions: there only the exceptions are compared.
        """
        if self.check.property is not None:
            same = self.seen.quantities.get("exception") == self.expected.quantities["exception"]
            return frozenset() if same else frozenset(("exception",))
        return frozenset(differing(self.expected, self.seen, self.check.yardstick(self.device)))

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The kinds of quantities that its check looks at."""
        names = selected(self.expected, self.check.looks_at)
        return frozenset(QuantityName.parse(name).kind for name in names)


def items_of(exercise: PreparedExercise, seen: Seen, device: str) -> list[SeenCase] | None:
    """All cases in the order in which they ran; None if one of them has no observation."""
    found: list[SeenCase] = []
    for check in exercise.checks:
        observations: Sequence[Observation | Fault] = seen.get(check.id, ())
        for index, observation in enumerate(observations):
            if isinstance(observation, Fault):
                return None
            found.append(SeenCase(check, index, observation, device))
    return found
