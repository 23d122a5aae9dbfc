"""What holds over all cases of a wrong answer: the kind of case, or of quantity, that is wrong; a common factor.

It may be told of hidden cases as well: kinds of cases, and factors that are expressions of the inputs in every case. No
table of constants shows either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from course_utils.checks.compare import selected
from course_utils.checks.expressions import factors_of
from course_utils.checks.facts import relations_of
from course_utils.checks.kinds import is_by_hand, kinds_of
from course_utils.checks.observation import Quantity
from course_utils.checks.quantity import QuantityName
from course_utils.checks.seen_case import SeenCase

# What is seen in one case only may be a coincidence.
_FEWEST = 2


def facts(items: Sequence[SeenCase], wrong: Sequence[SeenCase], *, hidden: bool = False) -> Iterator[str]:
    """What holds over all cases, the most telling first.

    Args:
        items: all cases, in the order in which they ran.
        wrong: those that are not as expected; at least one.
        hidden: the cases are hidden.
    """
    if not all(item.raised for item in wrong):
        yield from filter(None, (_parts(items), _factor(wrong), _kept(items, hidden)))
    # If all cases are wrong there is no kind of case to point at, and each check has its message.
    if len(wrong) == len(items):
        return
    # A right case says something only where its check looks at what is wrong: right labels say nothing of images.
    aims = _aims(item for item in wrong if not item.check.side)
    values = [item for item in items if not item.check.side and _looks_at_any(item, aims)]
    yield from kinds_of(values)
    if all(item.raised for item in wrong) and any(not item.raised for item in values):
        yield "right wherever it does not raise"
    if words := _threshold(values):
        yield f"right, except where {words}"


def _aims(wrong: Iterable[SeenCase]) -> frozenset[tuple[str, str]]:
    """What is wrong, as kinds of quantities and what they belong to; exceptions only if there is nothing else."""
    found = {(name.kind, name.of) for item in wrong for name in map(QuantityName.parse, item.wrong)}
    return frozenset(found - {("exception", "")} or found)


def _looks_at_any(item: SeenCase, aims: frozenset[tuple[str, str]]) -> bool:
    if aims == {("exception", "")} or item.wrong:
        return True
    if item.check.property is not None:
        return False
    names = map(QuantityName.parse, selected(item.expected, item.check.looks_at))
    return any((name.kind, name.of) in aims for name in names)


def _kept(items: Sequence[SeenCase], every: bool) -> str:
    """What it returns is what it returned in an earlier case; with `every` where that is right as well.

    Of hidden cases it must hold for all: else one that does not tell by this whether it is right.
    """
    earlier: list[Tensor] = []
    found = 0
    for item in items:
        got = _floats(item.seen.quantities.get("result"))
        if got is not None and ("result" in item.wrong or (every and earlier)):
            if not any(got.shape == one.shape and torch.equal(got, one) for one in earlier):
                return ""
            found += 1
        if got is not None and bool(got.any()):
            earlier.append(got)
    return "returns what it returned for earlier inputs" if found else ""


def _threshold(values: Sequence[SeenCase]) -> str:
    """A number or a size among the inputs that is smaller, or larger, in all wrong cases than in all others.

    With a few cases and many sizes something separates them by chance: so it must take several values on both sides,
    and for a size there must be a gap. Cases by hand differ in much besides: they count only where a place and
    a size run past another size together.
    """
    drawn = [item for item in values if not is_by_hand(item)]
    if not any(item.wrong for item in drawn) or all(item.wrong for item in drawn):
        return ""
    bad, good = ([_measures(item) for item in values if bool(item.wrong) is wrong] for wrong in (True, False))
    several = [[_measures(item) for item in drawn if bool(item.wrong) is wrong] for wrong in (True, False)]
    names = set(bad[0]).intersection(*bad, *good)
    for name in sorted(names, key=lambda name: (" + " in name, " > " in name, "." in name, name)):
        low, high = ([measured[name] for measured in some] for some in (bad, good))
        if min(len(set(low)), len(set(high))) < _FEWEST:
            continue
        if " + " not in name and min(len({one[name] for one in some}) for some in several) < _FEWEST:
            continue
        if " > " in name:
            if min(low) > 0 >= max(high):
                return name
            continue
        gap = 1.5 if "." in name else 1.0
        if max(low) < min(high) and max(low) * gap <= min(high):
            return f"{name} is small"
        if min(low) > max(high) and max(high) * gap <= min(low):
            return f"{name} is large"
    return ""


def _measures(item: SeenCase) -> dict[str, float]:
    """Numbers and sizes among the inputs, and by how much one is larger than another or than the sum of two."""
    numbers = {
        name: float(value)
        for name, value in item.case.inputs.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    sizes = {
        f"{name}.shape[{dim}]": float(size)
        for name, value in item.case.tensors.items()
        for dim, size in enumerate(value.tensor.shape)
    }
    found = numbers | sizes
    for name, size in sizes.items():
        for other, another in sizes.items():
            if name.partition(".")[0] != other.partition(".")[0]:
                found[f"{name} > {other}"] = size - another
                found |= {
                    f"{number} + {name} > {other}": value + size - another
                    for number, value in numbers.items()
                    if isinstance(item.case.inputs[number], int)
                }
    return found


def _parts(items: Sequence[SeenCase]) -> str:
    """Right in one sort of quantity and wrong in another."""
    wrong: set[str] = set()
    seen: set[str] = set()
    later_only = True
    for item in items:
        if item.raised or item.check.property is not None:
            continue
        seen |= item.kinds
        for name in map(QuantityName.parse, item.wrong):
            wrong.add(name.kind)
            later_only &= name.call > 1
    if wrong and later_only:
        return "right on the first call, wrong on the one after it"
    if wrong == {"gradient"} and "result" in seen:
        return "right values, but wrong gradients"
    if (
        wrong
        and wrong <= {"graph", "grad", "memory", "own", "same", "mode", "device"}
        and {"result", "after"} & seen
    ):
        return "right values, but something besides them is not as it should be"
    return ""


def _factor(wrong: Sequence[SeenCase]) -> str:
    """A factor between got and expected that is the same expression of the inputs in every case that is wrong."""
    found = [
        (factor, factors_of(item.case))
        for item in wrong
        if "result" in item.wrong and (factor := _ratio(item)) is not None
    ]
    if len(found) < _FEWEST or len(found) < sum(_has_float_result(item) for item in wrong):
        return ""
    for name in found[0][1]:
        values = [expressions.get(name, 0.0) for _, expressions in found]
        # If the expression has the same value in every case, nothing shows that the factor depends on it.
        if max(values) - min(values) > 1e-3 * max(values) and all(
            abs(factor / value - 1) < 1e-4 if value else False
            for (factor, _), value in zip(found, values, strict=True)
        ):
            return f"result is {name} times what it should be in every case"
    return ""


def relation(wrong: Sequence[SeenCase], quantity: str) -> str:
    """A factor or an offset of a number that is the same expression of the inputs in every case in which it is wrong.

    It tells of expected values, so it is for public cases only. Empty unless the expression has several values.

    Args:
        wrong: the cases that are not as expected.
        quantity: name of the number.
    """
    found: list[dict[str, float]] = []
    for item in wrong:
        if quantity in item.wrong:
            wanted, got = (_floats(seen.quantities.get(quantity)) for seen in (item.expected, item.seen))
            if wanted is None or got is None or wanted.ndim or got.ndim:
                return ""
            found.append(relations_of(float(wanted), float(got), item.case))
    for words in found[0] if found else ():
        values = [relations.get(words, 0.0) for relations in found]
        if min(values) and max(values) - min(values) > 1e-3 * max(values):
            return words
    return ""


def _has_float_result(item: SeenCase) -> bool:
    expected = _floats(item.expected.quantities.get("result"))
    return expected is not None and "result" in item.kinds


def _floats(value: Quantity) -> Tensor | None:
    """A floating-point tensor, or a Python float as one."""
    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    return value if isinstance(value, Tensor) and value.is_floating_point() else None


def _ratio(item: SeenCase) -> float | None:
    """`f` if the result is `f` times what is expected."""
    expected, got = (seen.quantities.get("result") for seen in (item.expected, item.seen))
    expected, got = _floats(expected), _floats(got)
    if not _has_float_result(item) or expected is None or got is None or got.shape != expected.shape:
        return None
    wanted, value = expected.double().flatten(), got.double().flatten()
    square = float(wanted @ wanted)
    if not square or not bool(value.isfinite().all()):
        return None
    factor = float(value @ wanted) / square
    off = float((value - factor * wanted).abs().max())
    return factor if factor and off <= 1e-4 * abs(factor) * float(wanted.abs().max()) else None
