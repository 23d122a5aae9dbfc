"""Compare an observation with what was expected and say, in structural terms, what differs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from course_utils.checks.case import Case, Input, Module
from course_utils.checks.facts import fact_about, index_in_words, wrong_shape
from course_utils.checks.observation import Observation, Quantity, describe, kind
from course_utils.checks.observe import observe
from course_utils.checks.tolerance import relative_tolerance


@dataclass(frozen=True)
class Expectation:
    """What a right (or a known wrong) implementation shows on a case.

    Attributes:
        quantities: name -> value; floating-point tensors hold float64 values computed from the case's inputs,
            upcast, so that they are as good as exact.
        dtypes: name -> dtype that the implementation returns in the case's own dtype, e.g. `"float32"`.
    """

    quantities: MappingType[str, Quantity]
    dtypes: MappingType[str, str]


@dataclass(frozen=True)
class Difference:
    """One quantity that is not as expected.

    Attributes:
        quantity: its name in the observation.
        fact: what is wrong, in structural terms: safe to tell about a hidden check. Neither expected values nor
            anything that a student's code could put in words of its own (texts of exceptions, of results).
        place: where, with what was got and what was expected; for visible checks only.
    """

    quantity: str
    fact: str
    place: str = ""

    @property
    def message(self) -> str:
        """The fact as a sentence without values."""
        return f"{describe(self.quantity)} {self.fact}"


def expect(function: Callable[..., Any], case: Case, dtype: torch.dtype) -> Expectation:
    """Run a trusted implementation twice: in `dtype` for types and exceptions, in float64 for values.

    Where the run in `dtype` is not finite it is kept: a wrong implementation that overflows in float32 is told
    by its overflow, which float64 hides.
    """
    low = case.to(dtype)
    in_dtype = observe(function, low)
    exact = observe(function, low.to(torch.float64))
    quantities = dict(in_dtype.quantities)
    dtypes: dict[str, str] = {}
    for name, value in in_dtype.quantities.items():
        if isinstance(value, Tensor):
            dtypes[name] = dtype_name(value.dtype)
            better = exact.quantities.get(name)
            if (
                value.is_floating_point()
                and isinstance(better, Tensor)
                and better.shape == value.shape
                and bool(value.isfinite().all())
            ):
                quantities[name] = better
    return Expectation(quantities, dtypes)


def compare(
    expected: Expectation,
    got: Observation,
    *,
    accuracy: str,
    dtype: torch.dtype,
    looks_at: Iterable[str] = (),
    device: str = "cpu",
    nan_matches: bool = False,
    case: Case | None = None,
    explain: bool = True,
) -> list[Difference]:
    """All differences between an observation and an expectation, most telling first.

    Args:
        expected: from `expect`.
        got: the observation to judge.
        accuracy: key of `tolerance.UNITS`.
        dtype: dtype of the case.
        looks_at: prefixes of names of quantities that count, as in `"result"` or `"gradient.keys"`; empty: all.
        device: where the function ran.
        nan_matches: NaN equals NaN. Only for recognising a known wrong implementation; for a verdict never.
        case: what the function was called with; with it, facts can say what should (not) have changed.
        explain: false to know only whether there are any: the list then holds the first that is met, without a fact.

    Returns:
        An empty list if and only if the observation is right.
    """
    looks_at = tuple(looks_at)
    failed = got.quantities.get("exception")
    if failed != expected.quantities["exception"]:
        return [_wrong_exception(str(expected.quantities["exception"]), got)]
    tolerance = relative_tolerance(accuracy, dtype, device)
    differences = []
    for name, value in expected.quantities.items():
        if not _selected(name, looks_at):
            continue
        if name not in got.quantities:
            differences.append(Difference(name, "is missing"))
        else:
            before = _before(case, name) if case and explain else None
            wanted_dtype = expected.dtypes.get(name)
            difference = _compare_one(
                name, value, wanted_dtype, got.quantities[name], tolerance, nan_matches, before, explain
            )
            if difference:
                differences.append(difference)
        if differences and not explain:
            return differences
    return _most_telling_first(differences)


def dtype_name(dtype: torch.dtype) -> str:
    """`torch.float32` -> `"float32"`."""
    return str(dtype).removeprefix("torch.")


def selected(expected: Expectation, looks_at: Iterable[str]) -> list[str]:
    """Names of the expected quantities that a check with these prefixes looks at."""
    looks_at = tuple(looks_at)
    return [name for name in expected.quantities if _selected(name, looks_at)]


def _selected(name: str, looks_at: tuple[str, ...]) -> bool:
    base = name.split("#", 1)[0]
    return not looks_at or any(base == prefix or base.startswith(prefix + ".") for prefix in looks_at)


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
)


def _most_telling_first(differences: list[Difference]) -> list[Difference]:
    order = {name: rank for rank, name in enumerate(_TELLING)}
    ordered = sorted(differences, key=lambda item: order.get(kind(item.quantity), len(order)))
    if ordered:
        ordered[0] = _with_company(ordered[0], ordered[1:])
    return ordered


def _with_company(first: Difference, others: Sequence[Difference]) -> Difference:
    """Say of a module's tensor how many more of its tensors have the same fault."""

    def family(item: Difference) -> tuple[str, str]:
        return kind(item.quantity), item.quantity.split(".")[1] if item.quantity.count(".") > 1 else ""

    if not family(first)[1]:
        return first
    count = sum(family(item) == family(first) for item in others)
    more = "one more tensor" if count == 1 else f"{count} more tensors"
    return replace(first, fact=f"{first.fact}; likewise {more} of {family(first)[1]}") if count else first


def _before(case: Case, name: str) -> Tensor | None:
    """The value of an argument, or of a module's tensor, before the call."""
    if kind(name) not in ("after", "module", "buffer"):
        return None
    argument, _, rest = name.split("#", 1)[0].split(".", 1)[1].partition(".")
    value = case.inputs.get(argument)
    if isinstance(value, Input):
        return value.tensor
    return value.state.get(rest) if isinstance(value, Module) else None


def _wrong_exception(wanted: str, got: Observation) -> Difference:
    # The text of an exception is the student's: told of a hidden check, it could carry the hidden inputs out.
    raised = str(got.quantities.get("exception"))
    text = got.failure.message if got.failure else ""
    if wanted == "none":
        return Difference("exception", f"raised {raised}", text)
    if raised == "none":
        return Difference("exception", f"should raise {wanted}, but went through")
    return Difference("exception", f"should raise {wanted}, but raised {raised}", text)


def _compare_one(
    name: str,
    expected: Quantity,
    dtype: str | None,
    got: Quantity,
    tolerance: float,
    nan_matches: bool,
    before: Tensor | None,
    explain: bool,
) -> Difference | None:
    if not isinstance(expected, Tensor):
        return _compare_plain(name, expected, got)
    if not isinstance(got, Tensor):
        fact, place = _not_a(got, "a tensor")
        return Difference(name, fact, place)
    if got.shape != expected.shape:
        return Difference(name, wrong_shape(expected, got))
    if dtype is not None and dtype_name(got.dtype) != dtype:
        return Difference(name, f"should have dtype {dtype}, but has {dtype_name(got.dtype)}")
    if expected.numel() == 0:
        return None
    wanted, value = _comparable(expected), _comparable(got)
    # Equal infinities differ by NaN, so equality is asked first.
    same = value == wanted
    if nan_matches:
        same |= value.isnan() & wanted.isnan()
    error = torch.where(same, torch.zeros_like(wanted.abs()), (value - wanted).abs())
    finite = wanted[wanted.isfinite()]
    scale = float(finite.abs().max()) if finite.numel() else 0.0
    limit = tolerance * scale if expected.is_floating_point() or expected.is_complex() else 0.0
    # "not <=" and not ">": NaN must count as wrong.
    wrong = ~(error <= limit)
    if not bool(wrong.any()):
        return None
    if not explain:
        return Difference(name, "is wrong")
    place = _first_place(wanted, value, wrong)
    if wanted.is_complex():
        return Difference(name, f"is wrong in {int(wrong.sum())} of {wrong.numel()} entries", place)
    fact, shows_place = fact_about(wanted, value, wrong, limit, before, is_bool=expected.dtype == torch.bool)
    return Difference(name, fact, place if shows_place else "")


def _comparable(tensor: Tensor) -> Tensor:
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)


def _first_place(wanted: Tensor, value: Tensor, wrong: Tensor) -> str:
    first = int(wrong.reshape(-1).to(torch.uint8).argmax())
    got, want = value.reshape(-1)[first].item(), wanted.reshape(-1)[first].item()
    where = index_in_words(first, wanted.shape)
    text = f"got {got:.6g}, expected {want:.6g}"
    return f"first wrong entry{where}: {text}" if where else text


# --- what is no tensor ------------------------------------------------------------------------------------------


def _compare_plain(name: str, expected: Quantity, got: Quantity) -> Difference | None:
    if type(expected) is type(got) and expected == got:
        return None
    if isinstance(expected, bool) and isinstance(got, bool):
        return Difference(name, _yes_or_no(name, expected))
    if type(expected) is not type(got) or isinstance(expected, str):
        fact, place = _not_a(got, _plain_type(expected))
        return Difference(name, fact, place)
    place = f"got {got}, expected {expected}"
    if isinstance(expected, int | float) and isinstance(got, int | float) and not isinstance(got, bool):
        if got != got:  # noqa: PLR0124 - NaN
            return Difference(name, "is NaN", place)
        return Difference(name, "is too large" if got > expected else "is too small", place)
    return Difference(name, "has the wrong value", place)


def _yes_or_no(name: str, expected: bool) -> str:
    """The fact about a quantity that is true or false."""
    base = name.split("#", 1)[0]
    sort, _, rest = base.partition(".")
    other = describe(rest.partition("~")[2]) if sort == "memory" else ""
    yes, no = {
        "graph": (
            "should be part of the autograd graph, but is not",
            "should not be part of an autograd graph, but is",
        ),
        "same": (
            "should still be the same tensor object, but was replaced by another",
            "should be a new tensor object",
        ),
        "memory": (
            f"should share memory with {other}, but does not",
            f"should not share memory with {other}",
        ),
        "own": ("should have memory of its own, but shares another argument's", "should share its memory"),
        "device": ("should be on the device of the inputs", "should not be on the device of the inputs"),
        "mode": ("should be in training mode", "should be in evaluation mode"),
    }.get(sort, ("should be true, but is false", "should be false, but is true"))
    return yes if expected else no


def _plain_type(value: Quantity) -> str:
    names = {int: "a Python int", float: "a Python float", bool: "a bool", type(None): "None"}
    return names.get(type(value), str(value))


_FAMILIAR = tuple(
    f" of type {name}"
    for name in (
        "ndarray",
        "list",
        "dict",
        "set",
        "function",
        "method",
        "generator",
        "coroutine",
        "type",
        "Size",
        "tuple",
    )
)


def _not_a(got: Quantity, wanted: str) -> tuple[str, str]:
    """Fact and place for a value of the wrong type."""
    if got is None:
        return f"should be {wanted}, but is None" + (": is a return missing?" if wanted != "None" else ""), ""
    if isinstance(got, Tensor):
        return f"should be {wanted}, but is a tensor of shape {tuple(got.shape)}", ""
    if isinstance(got, str):
        # A text of the student's choice stays out of the fact, and so does the name of a type.
        plain = got.endswith(_FAMILIAR) or got.startswith("a ")
        what = got if plain else "a string" if got.startswith("the string ") else "an object of another type"
        return f"should be {wanted}, but is {what[:80]}", "" if plain else f"got {got}"
    return f"should be {wanted}, but is {_plain_type(got)}", f"got {got}"
