"""What holds over all cases of a wrong answer: the kind of case, or of quantity, that is wrong; a common factor.

It may be told of hidden cases as well: kinds of cases, and factors that are expressions of the inputs in every case. No
table of constants shows either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from course_utils.checks.case import Case, Input
from course_utils.checks.item import Item
from course_utils.checks.observation import Quantity
from course_utils.checks.quantity import QuantityName

# A factor that is seen in one case only may be a coincidence.
_FEWEST_FACTORS = 2
def facts(items: Sequence[Item], wrong: Sequence[Item]) -> Iterator[str]:
    """The most telling first."""
    if not wrong or len(wrong) == len(items):
        # All cases are wrong, or none: there is no kind of case to point at, and each check has its message.
        if wrong and not any(item.raised for item in wrong):
            yield from filter(None, (_parts(items), _factor(wrong)))
        return
    yield from filter(None, (_parts(items), _factor(wrong)))
    bad = {id(item) for item in wrong}
    values = [item for item in items if not item.check.side]
    for holds, words in _KINDS_OF_CASES:
        of_kind = [item for item in values if holds(item)]
        others = [item for item in values if not holds(item)]
        if (
            of_kind
            and others
            and all(id(item) in bad for item in of_kind)
            and not any(id(item) in bad for item in others)
        ):
            yield f"right, except {words}"
    if all(item.raised for item in wrong) and any(not item.raised for item in values):
        yield "right wherever it does not raise"


def _parts(items: Sequence[Item]) -> str:
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


def _factor(wrong: Sequence[Item]) -> str:
    """A factor between got and expected that is the same expression of the inputs in every case that is wrong."""
    found = [
        (factor, _expressions(item.case))
        for item in wrong
        if not item.raised and (factor := _ratio(item)) is not None
    ]
    if len(found) < _FEWEST_FACTORS or len(found) < sum(_has_float_result(item) for item in wrong):
        return ""
    for name in found[0][1]:
        values = [expressions.get(name, 0.0) for _, expressions in found]
        # If the expression has the same value in every case, nothing shows that the factor depends on it.
        if max(values) - min(values) > 1e-3 * max(values) and all(
            abs(factor / value - 1) < 1e-4 if value else False
            for (factor, _), value in zip(found, values, strict=True)
        ):
            return f"result is too large by the factor {name} in every case"
    return ""


def _has_float_result(item: Item) -> bool:
    expected = _floats(item.expected.quantities.get("result"))
    return expected is not None and "result" in item.kinds


def _floats(value: Quantity) -> Tensor | None:
    """A floating-point tensor, or a Python float as one."""
    if isinstance(value, float):
        return torch.tensor(value, dtype=torch.float64)
    return value if isinstance(value, Tensor) and value.is_floating_point() else None


def _ratio(item: Item) -> float | None:
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


def _expressions(case: Case) -> dict[str, float]:
    """Name -> value of what a factor may be: numbers and sizes among the inputs, and their reciprocals."""
    found: dict[str, float] = {}
    for name, value in case.inputs.items():
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            found[name] = float(value)
        elif isinstance(value, Input):
            for dim, size in enumerate(value.tensor.shape):
                found[f"{name}.shape[{dim}]"] = float(size)
                found[f"2 * {name}.shape[{dim}]"] = 2.0 * size
                found[f"sqrt({name}.shape[{dim}])"] = size**0.5
    found |= {
        f"1 / {name}" if " " not in name else f"1 / ({name})": 1 / value
        for name, value in found.items()
        if value
    }
    return found


def _is_noncontiguous(item: Item) -> bool:
    return any(isinstance(value, Input) and not value.contiguous for value in item.case.inputs.values())


def _is_batch_of_one(item: Item) -> bool:
    tensors = [value.tensor for value in item.case.inputs.values() if isinstance(value, Input)]
    return bool(tensors) and any(tensor.ndim > 1 and tensor.shape[0] == 1 for tensor in tensors)


def _is_float64(item: Item) -> bool:
    return item.check.dtype is torch.float64


def _has_calls(item: Item) -> bool:
    return len(item.case.calls) > 1


_KINDS_OF_CASES: tuple[tuple[Callable[[Item], bool], str], ...] = (
    (_is_noncontiguous, "for inputs that are not contiguous in memory"),
    (_is_batch_of_one, "for a batch of one"),
    (_is_float64, "for float64 inputs"),
    (_has_calls, "when it is called more than once"),
)
