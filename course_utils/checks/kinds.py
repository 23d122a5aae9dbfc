"""Kinds of cases that an answer may be wrong in alone, and what shows that the kind is the cause.

A case has many properties at once. The one that is worked by hand is often the only one with zeros, with ties, or with
few numbers, and the cases with special values are often the only ones in float64. So to be wrong in all cases of a kind
and in no others is not enough: what is wrong must look as if the kind were its cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import torch
from torch import Tensor

from course_utils.checks.case import Input
from course_utils.checks.observation import Quantity, dtype_name
from course_utils.checks.seen_case import SeenCase

# Wrong values that come from float32 are right to within this part of the largest one.
_SINGLE = 1e-5
# Numbers that are worked by hand have no more decimals than this says.
_DECIMALS = 1000
_FEWEST = 2


def kinds_of(values: Sequence[SeenCase]) -> Iterator[str]:
    """The kinds of cases to which all wrong ones belong, if there is evidence; the most telling first.

    Args:
        values: all cases that look at what is wrong, right ones among them.
    """
    failing = [item for item in values if item.wrong]
    drawn = [item for item in failing if not is_by_hand(item)]
    if not drawn:
        return
    for holds, is_shown, words in _KINDS:
        of_kind = [item for item in values if holds(item)]
        # Right in some cases of a kind: then it is no cause by itself.
        if len(of_kind) == len(values) or len(failing) != len(of_kind) or not all(map(holds, failing)):
            continue
        if is_shown(drawn, values):
            yield f"right, except {words}"


def is_by_hand(item: SeenCase) -> bool:
    """Whether a case has been thought out, and not drawn: its numbers have few decimals.

    Of whole numbers nothing is seen; there it is the first case of a check.
    """
    if not item.check.visible:
        return False
    tensors = [value.tensor for value in item.case.tensors.values() if value.tensor.is_floating_point()]
    return all(map(_has_few_decimals, tensors)) if tensors else item.index == 0


def _has_few_decimals(value: Tensor) -> bool:
    scaled = value.double() * _DECIMALS
    return bool(((scaled - scaled.round()).abs() <= 1e-6 * scaled.abs().clamp(min=1)).all())


def _is_noncontiguous(item: SeenCase) -> bool:
    return any(isinstance(value, Input) and not value.contiguous for value in item.case.inputs.values())


def _is_batch_of_one(item: SeenCase) -> bool:
    tensors = [value.tensor for value in item.case.inputs.values() if isinstance(value, Input)]
    return bool(tensors) and any(tensor.ndim > 1 and tensor.shape[0] == 1 for tensor in tensors)


def _has_calls(item: SeenCase) -> bool:
    return len(item.case.calls) > 1


def _is_float64(item: SeenCase) -> bool:
    return item.check.dtype is torch.float64


def _has_zeros(item: SeenCase) -> bool:
    """Some of its input is exactly zero, but not all of it."""
    return any(
        bool((value.tensor == 0).any()) and bool(value.tensor.any())
        for value in item.case.tensors.values()
        if value.tensor.is_floating_point()
    )


def _always(failing: Sequence[SeenCase], values: Sequence[SeenCase]) -> bool:
    """How a case is laid out goes with no special values."""
    return bool(failing)


def _by_precision(failing: Sequence[SeenCase], values: Sequence[SeenCase]) -> bool:
    """Whether all that is wrong has the wrong dtype, or is right to the digits that float32 holds, or raises."""
    return all(item.raised or all(_is_imprecise(item, name) for name in item.wrong) for item in failing)


def _is_imprecise(item: SeenCase, quantity: str) -> bool:
    wanted, got = _compared(item, quantity)
    if wanted is None or got is None:
        return False
    if dtype_name(got.dtype) != item.expected.dtypes.get(quantity, dtype_name(got.dtype)):
        return True
    if got.shape != wanted.shape or not wanted.numel():
        return False
    error = (got.double() - wanted.double()).abs().max()
    return bool(error <= _SINGLE * wanted.double().abs().max())


def _by_place(failing: Sequence[SeenCase], values: Sequence[SeenCase]) -> bool:
    """Whether something in each case is wrong in just those slices in which an input has zeros, or few cases fail."""
    where = all(any(_is_where_zeros_are(item, name) for name in item.wrong) for item in failing)
    return where or _is_rare(failing, values)


def _is_rare(drawn: Sequence[SeenCase], values: Sequence[SeenCase]) -> bool:
    """Whether several drawn cases fail, and at least twice as many are right."""
    right = [item for item in values if not item.wrong and not is_by_hand(item)]
    return len(drawn) >= _FEWEST and len(right) >= 2 * len(drawn)


def _is_where_zeros_are(item: SeenCase, quantity: str) -> bool:
    wanted, got = _compared(item, quantity)
    if wanted is None or got is None or got.shape != wanted.shape:
        return False
    # What is wrong by a little more than rounding is wrong; NaN is as well.
    error = (got.double() - wanted.double()).abs()
    wrong = ~(error <= 1e-6 * wanted.double().abs().max())
    zeros = [value.tensor == 0 for value in item.case.tensors.values() if value.tensor.is_floating_point()]
    return any(
        torch.equal(wrong_slices, zero_slices) and bool(zero_slices.any()) and not bool(zero_slices.all())
        for zero in zeros
        for wrong_slices, zero_slices in product(_slices(wrong), _slices(zero))
    )


def _slices(mask: Tensor) -> list[Tensor]:
    """For each dimension, in which of its slices something is true."""
    return [
        mask.movedim(dim, 0).reshape(size, -1).any(dim=1)
        for dim, size in enumerate(mask.shape)
        if mask.numel()
    ]


def _compared(item: SeenCase, quantity: str) -> tuple[Tensor | None, Tensor | None]:
    wanted, got = (_real(seen.quantities.get(quantity)) for seen in (item.expected, item.seen))
    return wanted, got


def _real(value: Quantity) -> Tensor | None:
    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    return value.detach().cpu() if isinstance(value, Tensor) and not value.is_complex() else None


_Holds = Callable[[SeenCase], bool]
# What is wrong, of drawn cases, and all cases.
_IsShown = Callable[[Sequence[SeenCase], Sequence[SeenCase]], bool]

_KINDS: tuple[tuple[_Holds, _IsShown, str], ...] = (
    (_is_noncontiguous, _always, "for inputs that are not contiguous in memory"),
    (_is_batch_of_one, _always, "for a batch of one"),
    (_is_float64, _by_precision, "for float64 inputs"),
    (_has_calls, _always, "when it is called more than once"),
    (_has_zeros, _by_place, "where an input has entries that are exactly zero"),
)
