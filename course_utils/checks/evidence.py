"""How much speaks for an idea that explains a part of what is wrong, in bits, roughly.

Where an idea shows in all that it changes, nearly any number says so. Where other values stand in one case than the
idea makes of them, it may be there all the same, under another slip; or another slip shows the same in the few cases
in which it does, by chance. Then only numbers count that few other slips come to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import comb, log2

import torch
from torch import Tensor

from course_utils.checks.case import Input, Module
from course_utils.checks.lens import Lens
from course_utils.checks.observation import Quantity
from course_utils.checks.quantity import QuantityName
from course_utils.checks.seen_case import SeenCase

# A quantity of a case: the number of the case, and the quantity's name.
SeenQuantity = tuple[int, str]

# How much it says that nothing else is wrong in a check.
_BITS_OF_A_CHECK = 2.0
# Of an idea that is contradicted elsewhere: how much a number says that it shows, one that is worked by hand at most.
_BITS_OF_A_NUMBER = 3.5
_BITS_BY_HAND = 2.0
_ALMOST = 1e-6


def evidence_for(
    name: str,
    items: Sequence[SeenCase],
    lens: Lens,
    *,
    cells: Iterable[SeenQuantity],
    hidden: Iterable[SeenQuantity],
    whole: Sequence[str],
) -> float:
    """How much speaks for an idea.

    Args:
        name: of the idea.
        items: all cases.
        lens: how values are compared.
        cells: the quantities in which it shows.
        hidden: other quantities that it changes.
        whole: checks that fail as they do by the idea, and by nothing else.
    """
    if _is_contradicted(name, items, cells, hidden):
        return _strict_evidence(items, cells, whole, lens)
    says = {cell: _says(items[cell[0]], cell[1], lens) for cell in cells}
    speaking = {items[number].check.id for (number, _), bits in says.items() if bits}
    return sum(says.values()) + _pattern(items, cells) + _BITS_OF_A_CHECK * len(speaking & set(whole))


def _is_contradicted(
    name: str, items: Sequence[SeenCase], cells: Iterable[SeenQuantity], hidden: Iterable[SeenQuantity]
) -> bool:
    """Whether a quantity of a kind in which an idea shows has other values than it makes of it in another case.

    Where a call did nothing, or another kind of thing came back, it is something else that hides the idea.
    """

    def kind(quantity: str) -> QuantityName:
        return QuantityName.parse(quantity)._replace(call=0)

    shown = {kind(quantity) for _, quantity in cells}
    return any(
        kind(quantity) in shown and _is_another_value(items[number], name, quantity)
        for number, quantity in hidden
    )


def _is_another_value(item: SeenCase, idea: str, quantity: str) -> bool:
    """Whether numbers were seen where an idea makes other ones."""
    seen = item.seen.quantities.get(quantity)
    made = item.check.wrong[idea][item.index].quantities.get(quantity)
    if not isinstance(seen, Tensor) or not isinstance(made, Tensor):
        return isinstance(seen, float) and isinstance(made, float)
    before = _before(item, quantity)
    return (
        seen.shape == made.shape
        and bool(seen.any())
        and not (before is not None and before.shape == seen.shape and torch.equal(before, seen.cpu()))
    )


def _strict_evidence(
    items: Sequence[SeenCase], cells: Iterable[SeenQuantity], whole: Sequence[str], lens: Lens
) -> float:
    """How much speaks for an idea that is not to be seen elsewhere: another one may show the same by chance.

    Only numbers count that few other slips come to, each once, and cases of simple numbers count little: where the
    temperature is a half, twice the temperature is none at all.
    """
    says: dict[SeenQuantity, float] = {}
    by_hand = 0.0
    for number, name in cells:
        item = items[number]
        bits = _says_strictly(item, name, lens)
        if _is_simple(item):
            by_hand = max(by_hand, min(bits, _BITS_BY_HAND))
        else:
            says[number, name] = bits
    speaking = {items[number].check.id for (number, _), bits in says.items() if bits}
    return (
        sum(says.values()) + by_hand + _pattern(items, cells) + _BITS_OF_A_CHECK * len(speaking & set(whole))
    )


def _says_strictly(item: SeenCase, quantity: str, lens: Lens) -> float:
    value, wanted = item.seen.quantities.get(quantity), item.expected.quantities.get(quantity)
    if isinstance(value, float):
        return _BITS_OF_A_NUMBER
    if not isinstance(value, Tensor) or not value.is_floating_point():
        return _says(item, quantity, lens)
    return min(
        _says(item, quantity, lens),
        _BITS_OF_A_NUMBER * _telling_numbers(value, wanted, _before(item, quantity)),
    )


def _telling_numbers(value: Tensor, wanted: Quantity, before: Tensor | None) -> int:
    """How many different numbers are wrong, and neither 0, 1 nor -1, as in a saturated softmax, nor what they were."""
    value = value.detach().cpu().double()
    tells = value.isfinite() & ~_is_saturated(value)
    if isinstance(wanted, Tensor) and wanted.shape == value.shape and not wanted.is_complex():
        apart = _is_saturated(value) & ~_is_saturated(wanted.cpu().double())
        tells = value.isfinite() & (~_is_saturated(value) | apart)
        # All of those say the same.
        value = value.masked_fill(apart, 1.0)
    for other in (wanted, before):
        if isinstance(other, Tensor) and other.shape == value.shape and not other.is_complex():
            # Single precision where double is asked for is told apart, too.
            tells &= ~torch.isclose(value, other.cpu().double(), rtol=1e-10, atol=0)
    told = value[tells]
    # Five digits: what differs by rounding alone is one number.
    scale = 10.0 ** (4 - told.abs().log10().floor())
    return (told * scale).round().div(scale).unique().numel() if told.numel() else 0


def _is_saturated(value: Tensor) -> Tensor:
    return ((value.abs() - 1).abs() <= _ALMOST) | (value.abs() <= _ALMOST)


def _is_simple(item: SeenCase) -> bool:
    """Whether a case has numbers that can be worked by hand: eighths, for the numbers or for all entries."""
    numbers = [value for value in item.case.inputs.values() if isinstance(value, float)]
    if any(_are_eighths(torch.tensor(number, dtype=torch.float64)) for number in numbers):
        return True
    tensors = [value.tensor for value in item.case.tensors.values() if value.tensor.is_floating_point()]
    return bool(tensors) and all(map(_are_eighths, tensors))


def _are_eighths(value: Tensor) -> bool:
    return bool((value * 8 == (value * 8).round()).all())


def _before(item: SeenCase, quantity: str) -> Tensor | None:
    """What an argument, or a tensor of a module, held before the call."""
    name = QuantityName.parse(quantity)
    given = item.case.inputs.get(name.argument if name.member else name.of)
    if isinstance(given, Input):
        return given.tensor
    return given.state.get(name.member) if isinstance(given, Module) else None


def _says(item: SeenCase, quantity: str, lens: Lens) -> float:
    """How much it says that a quantity is as an idea makes it, in bits, roughly."""
    value: Quantity = item.seen.quantities.get(quantity)
    if quantity == "exception":
        if item.raised:
            # Anything raises (see `_pattern`); but another exception than the one that was asked for is no accident.
            return 0.0 if item.expected.quantities["exception"] == "none" else lens.enough
        # To go through where something should be raised, and to write the very same.
        written = [name for name in item.seen.quantities if name.startswith(("after.", "result"))]
        return max((_says(item, name, lens) for name in written), default=0.0)
    if isinstance(value, float):
        return lens.bits
    if not isinstance(value, Tensor):
        return lens.enough if isinstance(value, bool) else 3.0
    given = item.case.inputs.get(QuantityName.parse(quantity).of)
    if isinstance(given, Input) and given.tensor.equal(value.cpu()):
        return 1.0  # as it was: many things come to that
    if not bool(value.any()):
        # And more to zero; to no gradient at all, whatever comes off the graph.
        return float(_has_other(item, quantity))
    each = lens.bits if value.is_floating_point() else 1.0
    return float(min(4 * lens.enough, each * value.numel()))


def _has_other(item: SeenCase, quantity: str) -> bool:
    """Whether another quantity of the same kind is there and is not zero."""
    kind = QuantityName.parse(quantity).kind
    return any(
        isinstance(value, Tensor) and bool(value.any())
        for name, value in item.seen.quantities.items()
        if name != quantity and QuantityName.parse(name).kind == kind
    )


def _pattern(items: Sequence[SeenCase], cells: Iterable[SeenQuantity]) -> float:
    """How much it says that a quantity is wrong in just these cases of a check and in no others, in bits.

    The same kind of case may be in several checks, so they don't add up.
    """
    count = Counter((items[number].check.id, name) for number, name in cells)
    sizes = Counter(item.check.id for item in items)
    return max((log2(comb(sizes[check], wrong)) for (check, _), wrong in count.items()), default=0.0)
