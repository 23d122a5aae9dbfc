"""How closely an answer is compared with what an idea shows.

Two slips at once may leave the values of the one under the other: in another dtype, with a dimension too many, rounded
to three digits. So where no idea shows exactly, they are looked at again without what such a slip changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from course_utils.checks.closeness import aligned, comparable, is_right, largest
from course_utils.checks.compare import selected, tolerance_of
from course_utils.checks.expectation import Expectation
from course_utils.checks.observation import Quantity, dtype_name
from course_utils.checks.seen_case import SeenCase
from course_utils.checks.tolerance import UNITS, Yardstick

# Values that are right to within this part of the largest one are so but for rounding, or for a small factor.
_ROUGHLY = 5e-3
# What an idea changes must be so many times larger to be seen through that.
_CLEARLY = 4.0

# expected, name of its dtype, got, allowed error -> whether they are the same.
Same = Callable[[Quantity, str | None, Quantity, float], bool]


@dataclass(frozen=True)
class Lens:
    """A way to compare.

    Attributes:
        name: of the lens.
        same: whether a quantity is as expected.
        apart: whether two are clearly not the same.
        bits: how much it says that a real number is as an idea makes it.
        enough: how much must speak for an idea that does not explain everything.
        patience: after so many quantities that an idea does not show, and none that it does, it is given up.
    """

    name: str
    same: Same
    apart: Same
    bits: float = 20.0
    enough: float = 6.0
    patience: int = 1000

    def is_of_use(self, items: Sequence[SeenCase]) -> bool:
        """Whether something is wrong that looks otherwise through this lens."""
        if self not in (TYPELESS, SHAPELESS):
            return True
        return any(
            _differs_in_form(item.expected, name, item.seen.quantities.get(name), self is SHAPELESS)
            for item in items
            for name in item.wrong
        )

    def wrong(self, item: SeenCase) -> frozenset[str]:
        """The quantities of a case that are not as expected, seen through this lens."""
        if self is EXACT or item.check.property is not None or "exception" in item.wrong:
            return item.wrong
        return frozenset(
            name
            for name in item.wrong
            if not self._is(item.expected, name, item.seen.quantities, item.check.yardstick(item.device))
        )

    def changed_by(self, misconception: str, item: SeenCase) -> frozenset[str]:
        """The quantities of a case that a misconception changes, alone and seen through this lens."""
        changed = item.check.changed_by(misconception)[item.index]
        if item.check.property is not None:
            return changed & {"exception"}
        if self is EXACT or "exception" in changed or not changed:
            return changed
        found = item.check.seen_through.get((self.name, misconception, item.index))
        if found is None:
            wrong = item.check.wrong[misconception][item.index]
            yardstick = item.check.yardstick(item.device)
            found = frozenset(
                name
                for name in changed
                if name not in wrong.quantities
                or self.apart(
                    item.expected.quantities[name],
                    item.expected.dtypes.get(name),
                    wrong.quantities[name],
                    tolerance_of(name, item.expected, yardstick),
                )
            )
            item.check.seen_through[self.name, misconception, item.index] = found
        return found

    def shows(self, item: SeenCase, misconception: str, name: str) -> bool:
        """Whether a quantity of a case is as a misconception makes it."""
        wrong = item.check.wrong[misconception][item.index]
        seen = item.seen.quantities
        raised = wrong.quantities["exception"]
        if raised != "none":
            return seen.get("exception") == raised
        check = item.check
        if name == "exception":
            # It goes through where something should be raised: what it does then is to be seen as well.
            return seen.get("exception") == raised and (
                check.property is not None
                or all(
                    self.shows(item, misconception, other)
                    for other in selected(wrong, check.looks_at)
                    if other != "exception"
                )
            )
        # A misconception may round where the reference only copies ("keys normalised").
        accuracy = check.accuracy if UNITS[check.accuracy] >= UNITS["reduction"] else "reduction"
        return self._is(wrong, name, seen, replace(check.yardstick(item.device), accuracy=accuracy))

    def _is(
        self,
        expected: Expectation,
        name: str,
        seen: Mapping[str, Quantity],
        yardstick: Yardstick,
    ) -> bool:
        if name not in expected.quantities:
            return name not in seen
        if name not in seen:
            return False
        wanted = expected.quantities[name]
        got = aligned(name, wanted, seen[name], yardstick.signs) if yardstick.signs else seen[name]
        if self is SHAPELESS and isinstance(got, str) and isinstance(seen.get(f"{name}.0"), Tensor):
            got = seen[f"{name}.0"]
        return self.same(wanted, expected.dtypes.get(name), got, tolerance_of(name, expected, yardstick))


def _exactly(expected: Quantity, dtype: str | None, got: Quantity, tolerance: float) -> bool:
    return is_right(expected, dtype, got, tolerance, nan_matches=True)


def _in_any_dtype(expected: Quantity, dtype: str | None, got: Quantity, tolerance: float) -> bool:
    if isinstance(got, Tensor) and got.is_floating_point():
        tolerance = max(tolerance, 64 * torch.finfo(got.dtype).eps)
    return is_right(expected, None, got, tolerance, nan_matches=True)


def _in_any_shape(expected: Quantity, dtype: str | None, got: Quantity, tolerance: float) -> bool:
    if (
        isinstance(expected, Tensor)
        and isinstance(got, Tensor)
        and got.shape != expected.shape
        and got.numel()
    ):
        if got.numel() == expected.numel():
            got = got.reshape(expected.shape)
        elif not expected.ndim:
            got = got.to(torch.float64).mean()
        elif got.ndim == expected.ndim and got.shape[1:] == expected.shape[1:]:
            expected = expected[: len(got)]
        if got.shape != expected.shape:
            return False
    return _in_any_dtype(expected, dtype, got, tolerance)


def _roughly(factor: float) -> Same:
    def same(expected: Quantity, dtype: str | None, got: Quantity, tolerance: float) -> bool:
        if isinstance(expected, float) and isinstance(got, float):
            expected, got = (torch.tensor(value, dtype=torch.float64) for value in (expected, got))
        if not isinstance(expected, Tensor) or not isinstance(got, Tensor) or got.shape != expected.shape:
            return _in_any_dtype(expected, dtype, got, tolerance)
        if not (expected.is_floating_point() and got.is_floating_point()) or not expected.numel():
            return _in_any_dtype(expected, dtype, got, tolerance)
        wanted, value = comparable(expected), comparable(got)
        error = (value - wanted).abs()
        return bool((error <= factor * _ROUGHLY * largest(wanted)).all()) or _in_any_dtype(
            expected, dtype, got, tolerance
        )

    return same


def _not(same: Same) -> Same:
    return lambda expected, dtype, got, tolerance: not same(expected, dtype, got, tolerance)


def _differs_in_form(expected: Expectation, name: str, got: Quantity, shape: bool) -> bool:
    """Whether a tensor is wanted, and another shape, or another dtype, is seen."""
    wanted = expected.quantities.get(name)
    if not isinstance(wanted, Tensor) or got is None:
        return False
    if not isinstance(got, Tensor):
        return shape
    return got.shape != wanted.shape if shape else dtype_name(got.dtype) != expected.dtypes.get(name)


EXACT = Lens("exactly", _exactly, _not(_exactly))
TYPELESS = Lens("in any dtype", _in_any_dtype, _not(_in_any_dtype))
SHAPELESS = Lens("in any shape", _in_any_shape, _not(_in_any_shape))
# The closest one first.
LENSES = (
    EXACT,
    TYPELESS,
    SHAPELESS,
    Lens("roughly", _roughly(1.0), _not(_roughly(_CLEARLY)), bits=5.0, enough=20.0, patience=2),
)
