"""Compare an observation with what was expected and say, in structural terms, what differs."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from torch import Tensor

from course_utils.checks import closeness
from course_utils.checks.case import Case, Input, Module
from course_utils.checks.closeness import aligned, is_right, largest, relative_distance
from course_utils.checks.difference import Difference, difference_in
from course_utils.checks.expectation import Expectation
from course_utils.checks.observation import Observation, Quantity
from course_utils.checks.quantity import QuantityName
from course_utils.checks.tolerance import Yardstick


def find_difference(
    expected: Expectation,
    got: Observation,
    yardstick: Yardstick,
    *,
    case: Case | None = None,
) -> Difference | None:
    """The most telling difference between an observation and an expectation.

    Args:
        expected: from `expect`.
        got: the observation to judge.
        yardstick: what counts, and how exactly.
        case: what the function was called with; with it, facts can say what should (not) have changed.

    Returns:
        None if and only if the observation is right.
    """
    names = sorted(_differing(expected, got, yardstick), key=_rank)
    if not names:
        return None
    name = names[0]
    if name in got.quantities and name in expected.quantities:
        turned = _seen(name, expected, got, yardstick)
        got = replace(got, quantities={**got.quantities, name: turned})
    first = difference_in(
        name,
        expected,
        got,
        tolerance_of(name, expected, yardstick),
        _before(case, name) if case else None,
        case,
    )
    return replace(first, fact=first.fact + _company(names))


def matches(
    expected: Expectation,
    got: Observation,
    yardstick: Yardstick,
    *,
    nan_matches: bool = False,
) -> bool:
    """Whether there is no difference, in less time than `find_difference` takes to say which.

    Args:
        nan_matches: NaN equals NaN. Only for recognising a known wrong implementation; for a verdict never.
        expected, got, yardstick: as for `find_difference`.
    """
    return next(_differing(expected, got, yardstick, nan_matches), None) is None


def differing(
    expected: Expectation,
    got: Observation,
    yardstick: Yardstick,
    *,
    values_only: bool = False,
) -> list[str]:
    """Names of the quantities that are not as expected; the arguments are those of `find_difference`.

    Args:
        values_only: a tensor of another dtype with the expected values is as expected; NaN equals NaN.
        expected, got, yardstick: as for `find_difference`.
    """
    if values_only:
        expected = replace(expected, dtypes={})
    return list(_differing(expected, got, yardstick, values_only))


def error_in_tolerances(expected: Expectation, got: Observation, yardstick: Yardstick) -> float:
    """The largest error of a quantity, in units of what is allowed: at most 1 if and only if the observation `matches`.

    Infinite for whatever is not a matter of size: a shape, a dtype, an exception, a number that must be exact.
    """
    if got.quantities.get("exception") != expected.quantities["exception"]:
        return math.inf
    return max(
        (
            closeness.quantity_error(
                expected.quantities[name],
                expected.dtypes.get(name),
                _seen(name, expected, got, yardstick),
                tolerance_of(name, expected, yardstick),
            )
            if name in got.quantities
            else math.inf
            for name in selected(expected, yardstick.looks_at)
        ),
        default=0.0,
    )


def distance(expected: Expectation, got: Observation, yardstick: Yardstick) -> float:
    """How far an observation is from an expectation as a whole: 0 if they are equal, 1 if nothing is alike.

    Unlike `error_in_tolerances` it is made to say which of several expectations is nearer.
    """
    names = selected(expected, yardstick.looks_at)
    if not names or got.quantities.get("exception") != expected.quantities["exception"]:
        return float(bool(names))
    return sum(
        relative_distance(expected.quantities[name], _seen(name, expected, got, yardstick))
        if name in got.quantities
        else 1.0
        for name in names
    ) / len(names)


def selected(expected: Expectation, looks_at: Iterable[str]) -> list[str]:
    """Names of the expected quantities that belong to one of these; all if there are none."""
    wanted = tuple(looks_at)
    if not wanted:
        return list(expected.quantities)
    return [name for name in expected.quantities if QuantityName.parse(name).is_part_of(wanted)]


def tolerance_of(name: str, expected: Expectation, yardstick: Yardstick) -> float:
    """The allowed error of a quantity, relative to its largest expected magnitude.

    Gradients of a module's parameters are measured by the largest of that module's gradients: what is added before a
    batch normalisation has a gradient that is nothing but rounding, and so is all that could be compared with it. Where
    nothing but zeros is expected they stay exact.
    """
    tolerance = yardstick.tolerance_for(expected.dtypes.get(name))
    parts, value = QuantityName.parse(name), expected.quantities[name]
    if parts.kind != "gradient" or not parts.member or not isinstance(value, Tensor):
        return tolerance
    own = largest(value)
    return tolerance * expected.largest_gradients[parts.argument] / own if own else tolerance


# What was returned says most; that a tensor was replaced explains why what was held before did not change.
_TELLING = (
    "exception",
    "result",
    "same",
    "module",
    "buffer",
    "after",
    "gradient",
    "mode",
    "grad",
    "graph",
    "memory",
    "own",
    "device",
    "kept",
    "place",
    "members",
    "setting",
)
_RANK = {name: rank for rank, name in enumerate(_TELLING)}


def _rank(name: str) -> int:
    return _RANK.get(QuantityName.parse(name).kind, len(_RANK))


def _differing(
    expected: Expectation,
    got: Observation,
    yardstick: Yardstick,
    nan_matches: bool = False,
) -> Iterator[str]:
    """Names of the quantities that are not as expected, found one by one."""
    if got.quantities.get("exception") != expected.quantities["exception"]:
        yield "exception"
        return
    for name in selected(expected, yardstick.looks_at):
        if name not in got.quantities or not is_right(
            expected.quantities[name],
            expected.dtypes.get(name),
            _seen(name, expected, got, yardstick),
            tolerance_of(name, expected, yardstick),
            nan_matches,
        ):
            yield name


def _seen(name: str, expected: Expectation, got: Observation, yardstick: Yardstick) -> Quantity:
    """What was seen of a quantity, after taking the freedom that the check leaves; None if nothing was."""
    value = got.quantities.get(name)
    return aligned(name, expected.quantities[name], value, yardstick.signs) if yardstick.signs else value


def _company(names: Sequence[str]) -> str:
    """How many more tensors of a module have the same fault as the first."""
    first, *others = map(QuantityName.parse, names)
    module = first.argument
    count = sum((name.kind, name.argument) == (first.kind, module) for name in others if name.member)
    if not first.member or not count:
        return ""
    return f"; likewise {'one more tensor' if count == 1 else f'{count} more tensors'} of {module}"


def _before(case: Case, name: str) -> Tensor | None:
    """The value of an argument, or of a module's tensor, before the call."""
    parts = QuantityName.parse(name)
    if parts.kind not in ("after", "module", "buffer"):
        return None
    value = case.inputs.get(parts.argument)
    if isinstance(value, Input):
        return value.tensor
    return value.state.get(parts.member) if isinstance(value, Module) else None
