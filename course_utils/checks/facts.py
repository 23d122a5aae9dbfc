"""What is wrong with a tensor, in words that help and give no expected value away.

"Twice too large everywhere" or "wrong only in column 0" says more than a pair of numbers. Of hidden cases little of it
is told: see `difference`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.checks import order
from course_utils.checks.case import Case
from course_utils.checks.expressions import factors_of, offsets_of, tensors_of

# The most entries for which all sorted values are compared.
_MOST_ENTRIES = 100_000

# The longest shape and the largest size that are told in numbers.
_MOST_DIMENSIONS = 6
_LARGEST_SIZE = 999
_LARGEST_OF_NOTHING = 100

# Within this part of the largest expected magnitude, times four, entries count as equal when a fact is looked for.
_ROOM = 1e-6

# Values that are right to within this part of the largest one are told as nearly right.
_ABOUT = 2e-2
# A factor or an offset of a single number is no accident if it is right to within this part ...
_SURELY = 5e-6
# ... and changes the number by more than this.
_CLEARLY = 1e-2


@dataclass(frozen=True)
class Fact:
    """What is wrong with a tensor.

    Attributes:
        text: to be put after the tensor's name.
        shows_place: a wrong entry with its values adds something to it.
        is_structural: it says by what simple relation right values would be had, such as a factor or another order.
    """

    text: str
    shows_place: bool = True
    is_structural: bool = False


def fact_about(
    wanted: Tensor,
    value: Tensor,
    wrong: Tensor,
    limit: float,
    before: Tensor | None = None,
    *,
    dtype: torch.dtype = torch.float64,
    case: Case | None = None,
) -> Fact:
    """The most telling fact about a wrong tensor, to be put after its name.

    Args:
        wanted: expected values, float64, any shape.
        value: values got, the same shape.
        wrong: where they differ; at least one entry is true.
        limit: how far a right value may lie from the expected one.
        before: what the tensor held before the call, if it is an argument.
        dtype: the dtype of the values before they were made float64.
        case: what the function was called with: parts of its tensors are looked for in the values.
    """
    count, total = int(wrong.sum()), wrong.numel()
    is_bool = dtype is torch.bool
    strange = wrong & ~value.isfinite()
    if bool(strange.any()):
        name = "NaN" if bool(value[strange].isnan().any()) else "infinite"
        return Fact(f"is {name}" + (f" in {int(strange.sum())} of {total} entries" if total > 1 else ""))
    if (
        before is not None
        and before.shape == value.shape
        and (fact := _changed(wanted, value, wrong, before))
    ):
        return Fact(fact)
    if not bool(wanted.any()):
        if is_bool:
            return Fact(f"should be false everywhere, but is true in {count} of {total} entries")
        largest = int(value.abs().argmax())
        number = float(value.reshape(-1)[largest].abs())
        return Fact(
            f"should be zero, largest entry about {number:.1g}{index_in_words(largest, value.shape)}",
            shows_place=False,
        )
    if not bool(value.any()):
        what = "is false everywhere" if is_bool else "is zero everywhere" if total > 1 else "is zero"
        return Fact(f"{what}, but should not be")
    finite = wanted[wanted.isfinite()].abs()
    # A known wrong implementation may overflow everywhere: then there is no finite value to take the scale from.
    scale = float(finite.max()) if finite.numel() else 0.0
    # Facts are looked for with a wider limit than answers are judged by, so that a factor of two in float32 is found.
    limit = max(limit, _ROOM * scale)
    if not dtype.is_floating_point:
        # Whole numbers that differ do so by one at least.
        limit = min(limit, 0.01)
    elif fact := _nearly(wanted, value, wrong, scale):
        return Fact(fact, is_structural=True)
    if value.ndim == 0:
        if fact := _whole_ratio(float(wanted), float(value)):
            return Fact(fact, is_structural=True)
        if fact := _about(wanted, value, wrong, scale, dtype):
            return Fact(fact)
        return Fact("is too large" if float(value) > float(wanted) else "is too small")
    if fact := next(_structure(wanted, value, wrong, limit), None) or _multiple(wanted, value, limit, case):
        return Fact(fact, is_structural=True)
    if fact := _about(wanted, value, wrong, scale, dtype):
        return Fact(fact)
    where = _region(wrong)
    return Fact(
        f"is wrong only {where} ({count} of {total} entries)"
        if where
        else f"is wrong in {count} of {total} entries"
    )


def wrong_shape(wanted: Tensor, value: Tensor) -> str:
    """The fact about a tensor whose shape is not the expected one."""
    fact = f"should have shape {shape_in_words(wanted.shape)}, but has {shape_in_words(value.shape)}"
    for i in range(value.ndim):
        for j in range(i + 1, value.ndim):
            if _alike(value.transpose(i, j), wanted):
                return f"{fact}: " + (
                    "it is transposed" if value.ndim == 2 else f"dimensions {i} and {j} are swapped"
                )
    if value.ndim == wanted.ndim and sorted(value.shape) == sorted(wanted.shape):
        return f"{fact}: the same sizes in another order"
    if value.ndim != wanted.ndim and value.squeeze().shape == wanted.squeeze().shape:
        return f"{fact}: a dimension of size 1 is missing or too many"
    return fact


def shape_in_words(shape: torch.Size) -> str:
    """`"(4, 6)"`; without what no right answer has, many dimensions or huge sizes: a student's process can send any."""
    if len(shape) > _MOST_DIMENSIONS:
        return f"({len(shape)} dimensions)"
    if 0 in shape and max(shape) > _LARGEST_OF_NOTHING:
        # With one size of 0 the others take no memory, so a student could encode hidden values in them.
        return f"({len(shape)} dimensions, one of size 0)"
    sizes = ["many" if size > _LARGEST_SIZE else str(size) for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


def _alike(value: Tensor, wanted: Tensor) -> bool:
    if value.shape != wanted.shape or value.is_complex() or wanted.is_complex():
        return False
    return torch.allclose(value.to(torch.float64), wanted.to(torch.float64), rtol=1e-4, atol=1e-6)


def index_in_words(flat: int, shape: torch.Size) -> str:
    """`" at [4, 2]"`; nothing for a tensor without dimensions."""
    if not shape:
        return ""
    # torch.unravel_index would import sympy, more than a second long.
    place: list[int] = []
    for size in reversed(shape):
        flat, index = divmod(flat, size)
        place.insert(0, index)
    return f" at {place}"


def _changed(wanted: Tensor, value: Tensor, wrong: Tensor, before: Tensor) -> str | None:
    before = before.to(wanted.dtype)
    should, did = wanted != before, value != before
    total, count = wrong.numel(), int(wrong.sum())
    if not bool(should.any()):
        return "should be unchanged, but differs" + (f" in {count} of {total} entries" if total > 1 else "")
    if not bool(did.any()):
        return "is unchanged, but should have changed" + (
            f" in {int(should.sum())} of {total} entries" if not bool(should.all()) else ""
        )
    forgotten, touched = wrong & should & ~did, wrong & ~should
    if torch.equal(forgotten, wrong):
        where = _region(forgotten)
        return f"is unchanged in {count} of the {int(should.sum())} entries that should have changed" + (
            f" ({where})" if where else ""
        )
    if torch.equal(touched, wrong):
        return f"was changed in {count} entries that should have stayed as they were"
    return None


def _nearly(wanted: Tensor, value: Tensor, wrong: Tensor, scale: float) -> str | None:
    """Of a difference that is too small for the facts below to see, how small it is and nothing else."""
    error = (value - wanted)[wrong].abs()
    # An expected infinity is infinitely far from any number.
    worst = float(error.nan_to_num(nan=math.inf).max())
    if worst > 4 * _ROOM * scale or not worst:
        return None
    return _digits(worst / scale, len(error), wrong.numel())


def _about(wanted: Tensor, value: Tensor, wrong: Tensor, scale: float, dtype: torch.dtype) -> str | None:
    """Of values that are nearly right, and have no simple relation to the right ones, how nearly."""
    if not dtype.is_floating_point or not scale:
        return None
    error = (value - wanted)[wrong].abs().nan_to_num(nan=math.inf)
    worst = float(error.max())
    return _digits(worst / scale, len(error), wrong.numel()) if 0 < worst <= _ABOUT * scale else None


def _digits(error: float, count: int, total: int) -> str:
    number = max(1, math.floor(-math.log10(error)))
    digits = f"is right to about {number} digit{'s' if number > 1 else ''} only"
    return digits if count == total else f"{digits} in {count} of {total} entries"


def relations_of(wanted: float, value: float, case: Case) -> dict[str, float]:
    """What a wrong number has to do with the right one, in words, and the value of the expression that is in it.

    In one case alone an expression of the inputs fits by chance.

    Args:
        wanted: the right number.
        value: the wrong one.
        case: what the function was called with.
    """
    if not wanted or not math.isfinite(value) or not math.isfinite(wanted):
        return {}
    found = {
        f"is {name} times what it should be": factor
        for name, factor in factors_of(case).items()
        if abs(factor - 1) > _CLEARLY and abs(value / (wanted * factor) - 1) < _SURELY
    }
    room = _SURELY * max(abs(wanted), abs(value))
    side = "large" if value > wanted else "small"
    return found | {
        f"is too {side} by {name}": offset
        for name, offset in offsets_of(case).items()
        if offset > _CLEARLY * abs(wanted) and abs(abs(value - wanted) - offset) < room
    }


def _multiple(wanted: Tensor, value: Tensor, limit: float, case: Case | None) -> str | None:
    """An argument of the same shape of which too much, or too little, is in the values."""
    if case is None or wanted.numel() < 3:
        return None
    shift = value - wanted
    for name, tensor in tensors_of(case, tuple(wanted.shape)).items():
        part = tensor.to(torch.float64)
        square = float((part * part).sum())
        factor = float((shift * part).sum()) / square if square else 0.0
        if factor and _explains(shift - factor * part, abs(factor) * float(part.abs().max()), limit):
            share = f" ({_number(abs(factor))} times)" if abs(abs(factor) - 1) > _CLEARLY else ""
            return f"has too {'much' if factor > 0 else 'little'} of {name}{share}"
    return None


def _structure(wanted: Tensor, value: Tensor, wrong: Tensor, limit: float) -> Iterator[str]:
    # Within this wider limit the answer equals the right values, so that other structures would seem to fit as well.
    is_apart = not bool(((value - wanted).abs() <= limit * 4).all())

    def near(candidate: Tensor) -> bool:
        return (
            is_apart
            and candidate.shape == wanted.shape
            and bool(((candidate - wanted).abs() <= limit * 4).all())
        )

    if factor := _common_factor(wanted, value, limit):
        yield f"{_times(factor)} everywhere"
    if wanted.numel() == 2 and near(-value):
        yield "has the wrong sign everywhere"
    shift = value - wanted
    amount = float(shift.mean())
    if wanted.numel() > 2 and _explains(shift - amount, abs(amount), limit):
        yield f"is too {'large' if amount > 0 else 'small'} by the same amount everywhere"
    for dim in reversed(range(wanted.ndim)):
        if turned := _turned(wanted, value, dim, limit):
            yield f"is right up to the sign of {_named(dim, wanted.ndim, turned, wanted.shape[dim])}"
    for i in range(wanted.ndim):
        for j in range(i + 1, wanted.ndim):
            if wanted.shape[i] == wanted.shape[j] and near(value.transpose(i, j)):
                yield f"is right with dimensions {i} and {j} swapped"
    for dim in range(wanted.ndim):
        if near(value.flip(dim)):
            yield f"is right, but in reverse order along dimension {dim}"
    where = _region(wrong)
    if where:
        part = _common_factor(wanted[wrong], value[wrong], limit)
        if part:
            yield f"{_times(part)} {where}, and right elsewhere"
    for dim in range(wanted.ndim):
        if is_apart and (places := order.permutation_of(wanted, value, dim, limit * 4)):
            yield order.permutation_in_words(places, _plural(dim, wanted.ndim), _along(dim, wanted.ndim))
    if is_apart and _reinterpreted(wanted, value, limit):
        yield "holds the right numbers, but in other places"


def _explains(left: Tensor, effect: float, limit: float, scale: float = 1.0) -> bool:
    """Whether a relation that changes entries by `effect` says why they are wrong, if it leaves `left` unexplained."""
    return effect > limit and bool((left.abs() <= min(limit * 4 * scale, effect / 2)).all())


def _common_factor(wanted: Tensor, value: Tensor, limit: float) -> float | None:
    """`f` with `value = f * wanted`, if there is one and it says something."""
    norm = float((wanted * wanted).sum())
    if wanted.numel() < 3 or not norm or not bool(wanted.isfinite().all()):
        return None
    factor = float((value * wanted).sum()) / norm
    effect = abs(factor - 1) * float(wanted.abs().max())
    fits = _explains(value - factor * wanted, effect, limit, max(1.0, abs(factor)))
    # A factor too small or too large to be told from the tolerance fits anything.
    return factor if fits and 1e-5 < abs(factor) < 1e9 else None


def _turned(wanted: Tensor, value: Tensor, dim: int, limit: float) -> list[int]:
    """The slices along a dimension that are right but for their sign, if all others are right; some, but not all."""
    if wanted.ndim < 2:
        return []
    left, right = (tensor.movedim(dim, 0).reshape(wanted.shape[dim], -1) for tensor in (wanted, value))
    # Slices of a single number are left out: other facts tell of their signs.
    if left.shape[1] < 2:
        return []
    stay, turn = ((right - sign * left).abs().amax(1) for sign in (1, -1))
    turned = (turn < stay) & (stay > limit * 4)
    fits = bool((torch.where(turned, turn, stay) <= limit * 4).all())
    return turned.nonzero().flatten().tolist() if fits and not bool(turned.all()) else []


def _times(factor: float) -> str:
    if abs(factor + 1) < 1e-3:
        return "has the wrong sign"
    sign = "has the wrong sign and is" if factor < 0 else "is"
    size = abs(factor)
    if abs(size - 1) < 0.05:
        return f"{sign} {100 * abs(size - 1):.2g} % too {'large' if size > 1 else 'small'}"
    if abs(size - 2) < 1e-3:
        return f"{sign} twice too large"
    if abs(size - 0.5) < 1e-3:
        return f"{sign} half as large as it should be"
    return (
        f"{sign} {_number(size)} times too large"
        if size >= 1
        else f"{sign} {_number(1 / size)} times too small"
    )


def _number(value: float) -> str:
    rounded = float(f"{value:.2g}")
    return f"{rounded:,.0f}" if rounded >= 1000 else f"{rounded:g}"


def _whole_ratio(wanted: float, value: float) -> str | None:
    ratio = value / wanted if wanted else 0.0
    # A whole ratio is no accident: a sum for a mean, a loss counted twice.
    for candidate in (ratio, 1 / ratio if ratio else 0.0):
        whole = round(candidate) if math.isfinite(candidate) else 0
        if (whole == -1 or 2 <= abs(whole) <= 1024) and abs(candidate / whole - 1) < 5e-6:
            return _times(ratio)
    return None


def _region(wrong: Tensor) -> str | None:
    """The rows, columns or slices to which the wrong entries keep, if they do."""
    if bool(wrong.all()):
        return None
    if wrong.ndim == 2 and wrong.shape[0] == wrong.shape[1] > 2:
        diagonal = torch.eye(wrong.shape[0], dtype=torch.bool)
        if torch.equal(wrong & diagonal, wrong):
            return "on the diagonal"
        if torch.equal(wrong, ~diagonal):
            return "off the diagonal"
    best: tuple[float, str] | None = None
    for dim in range(wrong.ndim):
        others = [d for d in range(wrong.ndim) if d != dim]
        touched = wrong.any(dim=others) if others else wrong
        bad = [int(i) for i in touched.nonzero()]
        size = wrong.shape[dim]
        if len(bad) == size or size < 2:
            continue
        share = len(bad) / size
        if best is None or share < best[0]:
            best = share, _slices(dim, wrong.ndim, bad, size)
    return best[1] if best else None


def _slices(dim: int, ndim: int, bad: list[int], size: int) -> str:
    good = [i for i in range(size) if i not in set(bad)]
    if len(good) == 1 and size > 2:
        return f"outside {_singular(dim, ndim)} {good[0]}{_along(dim, ndim)}"
    return f"in {_named(dim, ndim, bad, size)}"


def _named(dim: int, ndim: int, places: list[int], size: int) -> str:
    """`"columns 0 and 2"`, `"slice 3 of dimension 1"`."""
    if len(places) == 1:
        return f"{_singular(dim, ndim)} {places[0]}{_along(dim, ndim)}"
    if places[-1] - places[0] + 1 == len(places) > 2:
        return f"{_plural(dim, ndim)} {places[0]} to {places[-1]}{_along(dim, ndim)}"
    if len(places) <= 6:
        return f"{_plural(dim, ndim)} {', '.join(map(str, places[:-1]))} and {places[-1]}{_along(dim, ndim)}"
    return f"{len(places)} of {size} {_plural(dim, ndim)}{_along(dim, ndim)}"


def _singular(dim: int, ndim: int) -> str:
    return ("row", "column")[dim] if ndim == 2 else "entry" if ndim == 1 else "slice"


def _plural(dim: int, ndim: int) -> str:
    return ("rows", "columns")[dim] if ndim == 2 else "entries" if ndim == 1 else "slices"


def _along(dim: int, ndim: int) -> str:
    return f" of dimension {dim}" if ndim > 2 else ""


def _reinterpreted(wanted: Tensor, value: Tensor, limit: float) -> bool:
    if wanted.numel() > _MOST_ENTRIES:
        return False
    left, right = value.flatten().sort().values, wanted.flatten().sort().values
    return bool(((left - right).abs() <= limit * 4).all())
