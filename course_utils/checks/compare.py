"""Compare an observation with what was expected and say, in structural terms, what differs."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from course_utils.checks.case import Case, Input, Module
from course_utils.checks.expectation import Expectation
from course_utils.checks.facts import fact_about, index_in_words, shape_in_words, wrong_shape
from course_utils.checks.observation import Observation, Quantity, describe, dtype_name, kind
from course_utils.checks.tolerance import Yardstick


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


def compare(
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
    names = sorted(_differing(expected, got, yardstick), key=lambda name: _RANK.get(kind(name), len(_RANK)))
    if not names:
        return None
    first = _difference(
        names[0], expected, got, yardstick.tolerance, _before(case, names[0]) if case else None
    )
    return replace(first, fact=first.fact + _company(names))


def matches(
    expected: Expectation,
    got: Observation,
    yardstick: Yardstick,
    *,
    nan_matches: bool = False,
) -> bool:
    """Whether there is no difference, in less time than `compare` takes to say which.

    Args:
        nan_matches: NaN equals NaN. Only for recognising a known wrong implementation; for a verdict never.
        expected, got, yardstick: as for `compare`.
    """
    return next(_differing(expected, got, yardstick, nan_matches), None) is None


def differing(
    expected: Expectation,
    got: Observation,
    yardstick: Yardstick,
    *,
    values_only: bool = False,
) -> list[str]:
    """Names of the quantities that are not as expected; the arguments are those of `compare`.

    Args:
        values_only: a tensor of another dtype with the expected values is as expected; NaN equals NaN.
        expected, got, yardstick: as for `compare`.
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
            _error(
                expected.quantities[name],
                expected.dtypes.get(name),
                got.quantities[name],
                yardstick.tolerance,
            )
            if name in got.quantities
            else math.inf
            for name in selected(expected, yardstick.looks_at)
        ),
        default=0.0,
    )


def absolute_error(expected: Tensor, got: Tensor) -> Tensor:
    """How far apart the entries of two tensors of one shape are, in float64; infinitely far where one is no number."""
    wanted, value = _comparable(expected), _comparable(got)
    # Equal infinities differ by NaN, so equality is asked first.
    error = torch.where(value == wanted, 0.0, (value - wanted).abs())
    return error.nan_to_num(nan=math.inf, posinf=math.inf)


def largest(tensor: Tensor) -> float:
    """The largest magnitude among what is finite."""
    finite = tensor[tensor.isfinite()]
    return float(finite.abs().max()) if finite.numel() else 0.0


def allowed_error(expected: Tensor, tolerance: float, scale: float | None = None) -> float:
    """How far from `expected` an entry may lie: `tolerance` times its `largest` one (`scale`, if that is known)."""
    if not (expected.is_floating_point() or expected.is_complex()):
        return 0.0
    return tolerance * (largest(expected) if scale is None else scale)


def selected(expected: Expectation, looks_at: Iterable[str]) -> list[str]:
    """Names of the expected quantities that a check with these prefixes looks at."""
    prefixes = tuple(f"{prefix}." for prefix in looks_at) or ("",)
    return [name for name in expected.quantities if f"{name.partition('#')[0]}.".startswith(prefixes)]


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
    tolerance = yardstick.tolerance
    for name in selected(expected, yardstick.looks_at):
        wanted = expected.quantities[name]
        if name not in got.quantities or not _is_right(
            wanted, expected.dtypes.get(name), got.quantities[name], tolerance, nan_matches
        ):
            yield name


def _company(names: Sequence[str]) -> str:
    """How many more tensors of a module have the same fault as the first."""

    def family(name: str) -> tuple[str, str]:
        return kind(name), name.split(".")[1] if name.count(".") > 1 else ""

    count = sum(family(name) == family(names[0]) for name in names[1:])
    _, module = family(names[0])
    if not module or not count:
        return ""
    return f"; likewise {'one more tensor' if count == 1 else f'{count} more tensors'} of {module}"


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


def _is_right(
    expected: Quantity, dtype: str | None, got: Quantity, tolerance: float, nan_matches: bool
) -> bool:
    if not isinstance(expected, Tensor) or not isinstance(got, Tensor):
        return type(expected) is type(got) and expected == got
    if got.shape != expected.shape or (dtype is not None and dtype_name(got.dtype) != dtype):
        return False
    wanted, value = _comparable(expected), _comparable(got)
    if torch.equal(value, wanted):
        return True
    scale = float(wanted.abs().max())
    if not math.isfinite(scale):
        return not bool(_wrong(expected, got, tolerance, nan_matches)[0].any())
    limit = allowed_error(expected, tolerance, scale)
    # "<=" and not "not >": NaN must count as wrong.
    return limit > 0 and float((value - wanted).abs().max()) <= limit


def _error(expected: Quantity, dtype: str | None, got: Quantity, tolerance: float) -> float:
    """The error of one quantity in units of the tolerance."""
    if _is_right(expected, dtype, got, 0.0, False):
        return 0.0
    if not isinstance(expected, Tensor) or not isinstance(got, Tensor) or got.shape != expected.shape:
        return math.inf
    limit = allowed_error(expected, tolerance)
    if not limit or (dtype is not None and dtype_name(got.dtype) != dtype):
        return math.inf
    return float(absolute_error(expected, got).max()) / limit


def _wrong(
    expected: Tensor, got: Tensor, tolerance: float, nan_matches: bool = False
) -> tuple[Tensor, float]:
    """Where two tensors of one shape differ, and how far apart their entries may lie."""
    limit = allowed_error(expected, tolerance)
    wrong = absolute_error(expected, got) > limit
    if nan_matches:
        wrong &= ~(_comparable(got).isnan() & _comparable(expected).isnan())
    return wrong, limit


def _difference(
    name: str, expected: Expectation, got: Observation, tolerance: float, before: Tensor | None
) -> Difference:
    """What is wrong with a quantity that is."""
    if name == "exception":
        return _wrong_exception(str(expected.quantities[name]), got)
    if name not in got.quantities:
        return Difference(name, "is missing")
    wanted, value = expected.quantities[name], got.quantities[name]
    if not isinstance(wanted, Tensor):
        return _wrong_plain(name, wanted, value)
    if not isinstance(value, Tensor):
        return Difference(name, *_not_a(value, "a tensor", name))
    if value.shape != wanted.shape:
        return Difference(name, wrong_shape(wanted, value))
    dtype = expected.dtypes.get(name)
    if dtype is not None and dtype_name(value.dtype) != dtype:
        return Difference(name, f"should have dtype {dtype}, but has {dtype_name(value.dtype)}")
    wrong, limit = _wrong(wanted, value, tolerance)
    is_bool = wanted.dtype == torch.bool
    wanted, value = _comparable(wanted), _comparable(value)
    place = _first_place(wanted, value, wrong)
    if wanted.is_complex():
        return Difference(name, f"is wrong in {int(wrong.sum())} of {wrong.numel()} entries", place)
    fact, shows_place = fact_about(wanted, value, wrong, limit, before, is_bool=is_bool)
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


def _wrong_plain(name: str, expected: Quantity, got: Quantity) -> Difference:
    if isinstance(expected, bool) and isinstance(got, bool):
        return Difference(name, _yes_or_no(name, expected))
    if type(expected) is not type(got) or isinstance(expected, str):
        return Difference(name, *_not_a(got, _plain_type(expected), name))
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
        "place": ("should keep its memory, but was given other memory", "should be given other memory"),
        "kept": ("should keep its values when the function is called again, but changed", "should change"),
        "setting": ("should be left as it was, but was changed", "should be changed"),
    }.get(sort, ("should be true, but is false", "should be false, but is true"))
    return yes if expected else no


def _plain_type(value: Quantity) -> str:
    names = {int: "a Python int", float: "a Python float", bool: "a bool", type(None): "None"}
    return names.get(type(value), str(value))


_TYPES = (
    *("ndarray", "list", "dict", "set", "tuple", "Size", "type"),
    *("function", "method", "generator", "coroutine"),
)
# Texts of `observe` and `pack_observation` that a message may repeat: a process can send any other text as well, and a
# hidden check must not tell what a student's code puts in words.
_FAMILIAR = frozenset(
    [
        "a nested tensor",
        "an integer of more than 64 bits",
        *(
            f"a tensor of dtype {dtype_name(item)}"
            for item in vars(torch).values()
            if isinstance(item, torch.dtype)
        ),
        *(f"an object of type {name}" for name in _TYPES),
    ]
)
_COUNTED = re.compile("a tuple or list of [0-9]{1,4} values|a tensor of [0-9]{1,2} dimensions")


def _in_words(got: str) -> str:
    """What a text of an observation stands for, in none of the student's words."""
    if got in _FAMILIAR or _COUNTED.fullmatch(got):
        return got
    if got.startswith("a tuple or list of "):
        return "a tuple or list of very many values"
    if got.startswith("a tensor without plain values"):
        return "a tensor without plain values"
    return "a string" if got.startswith("the string ") else "an object of another type"


def _not_a(got: Quantity, wanted: str, name: str) -> tuple[str, str]:
    """Fact and place for a value of the wrong type."""
    if got is None:
        is_missing = kind(name) == "result" and wanted != "None"
        return f"should be {wanted}, but is None" + (": is a return missing?" if is_missing else ""), ""
    if isinstance(got, Tensor):
        return f"should be {wanted}, but is a tensor of shape {shape_in_words(got.shape)}", ""
    if isinstance(got, str):
        what = _in_words(got)
        return f"should be {wanted}, but is {what}", "" if what == got else f"got {got}"
    return f"should be {wanted}, but is {_plain_type(got)}", f"got {got}"
