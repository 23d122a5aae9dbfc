"""What differs between an observation and an expectation, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.checks.case import Case
from course_utils.checks.closeness import comparable, wrong_entries
from course_utils.checks.expectation import Expectation
from course_utils.checks.facts import fact_about, index_in_words, shape_in_words, wrong_shape
from course_utils.checks.observation import Observation, Quantity, dtype_name
from course_utils.checks.quantity import QuantityName, describe_tensor


@dataclass(frozen=True)
class Difference:
    """One quantity that is not as expected.

    Attributes:
        quantity: its name in the observation.
        fact: what is wrong, in structural terms: safe to tell about a hidden check. Neither expected values nor
            anything that a student's code could put in words of its own (texts of exceptions, of results).
        place: where, with what was got and what was expected; for visible checks only.
        is_structural: the fact is a simple relation to the right values, such as a factor or another order.
    """

    quantity: str
    fact: str
    place: str = ""
    is_structural: bool = False

    @property
    def name(self) -> QuantityName:
        """The parts of the quantity's name."""
        return QuantityName.parse(self.quantity)

    @property
    def subject(self) -> str:
        """What the quantity belongs to, in words."""
        return self.name.describe()

    @property
    def message(self) -> str:
        """The fact as a sentence without values."""
        return f"{self.subject} {self.fact}"


def difference_in(
    name: str,
    expected: Expectation,
    got: Observation,
    tolerance: float,
    before: Tensor | None = None,
    case: Case | None = None,
) -> Difference:
    """What is wrong with a quantity that is.

    Args:
        name: the quantity.
        expected: from `expect`.
        got: the observation, with the signs that a check leaves free turned as `closeness.aligned` does.
        tolerance: allowed error relative to the largest expected magnitude.
        before: what an argument held before the call.
        case: what the function was called with.
    """
    if name == "exception":
        return _wrong_exception(str(expected.quantities[name]), got)
    if name not in got.quantities:
        return Difference(name, _missing(name, expected, got))
    wanted, value = expected.quantities[name], got.quantities[name]
    if isinstance(wanted, float) and isinstance(value, float):
        wanted, value = (torch.tensor(number, dtype=torch.float64) for number in (wanted, value))
    if not isinstance(wanted, Tensor):
        return _wrong_plain(name, wanted, value)
    if not isinstance(value, Tensor):
        return Difference(name, *_not_a(value, "a tensor", name))
    if value.shape != wanted.shape:
        return Difference(name, wrong_shape(wanted, value))
    dtype = expected.dtypes.get(name)
    if dtype is not None and dtype_name(value.dtype) != dtype:
        return Difference(name, f"should have dtype {dtype}, but has {dtype_name(value.dtype)}")
    wrong, limit = wrong_entries(wanted, value, tolerance)
    sort = wanted.dtype
    # float64 takes integers above 2**53 for one another, and shows truth values as numbers.
    place = _first_place(wanted, value, wrong)
    wanted, value = comparable(wanted), comparable(value)
    if wanted.is_complex():
        return Difference(name, f"is wrong in {int(wrong.sum())} of {wrong.numel()} entries", place)
    fact = fact_about(wanted, value, wrong, limit, before, dtype=sort, case=case)
    return Difference(name, fact.text, place if fact.shows_place else "", fact.is_structural)


def _missing(name: str, expected: Expectation, got: Observation) -> str:
    """The fact about a value that was not returned: what came back, and how many values should have."""
    parts = QuantityName.parse(name)
    call = f"#{parts.call}" if parts.call else ""
    whole = got.quantities.get(f"result{call}")
    wanted = _COUNT.match(str(expected.quantities.get(f"result{call}")))
    if parts.kind != "result" or not parts.of or wanted is None:
        return "is missing"
    asked = f"{wanted[1]} values were expected"
    if isinstance(whole, Tensor):
        return f"is missing: one tensor came back, {asked}"
    if whole is None:
        return f"is missing: nothing came back, {asked}"
    found = _COUNT.match(whole) if isinstance(whole, str) else None
    return f"is missing: {found[1]} came back, {asked}" if found else f"is missing: {asked}"


def _wrong_exception(wanted: str, got: Observation) -> Difference:
    # The text of an exception is the student's: told of a hidden check, it could carry the hidden inputs out.
    raised = str(got.quantities.get("exception"))
    text = got.failure.message if got.failure else ""
    if wanted == "none":
        return Difference("exception", f"raised {raised}", text)
    if raised == "none":
        return Difference("exception", f"should raise {wanted}, but went through")
    return Difference("exception", f"should raise {wanted}, but raised {raised}", text)


def _first_place(wanted: Tensor, value: Tensor, wrong: Tensor) -> str:
    first = int(wrong.reshape(-1).to(torch.uint8).argmax())
    got, want = value.reshape(-1)[first].item(), wanted.reshape(-1)[first].item()
    where = index_in_words(first, wanted.shape)
    exactly = f"got {got!r}, expected {want!r}"
    told = (_told(got, want, digits) for digits in (6, 9)) if not isinstance(want, int) else iter(())
    text = next(filter(None, told), exactly)
    return f"first wrong entry{where}: {text}" if where else text


def _told(got: complex, want: complex, digits: int) -> str:
    """Both numbers with so many digits, if they look different then."""
    one, other = f"{got:.{digits}g}", f"{want:.{digits}g}"
    return f"got {one}, expected {other}" if one != other else ""


# --- what is no tensor ------------------------------------------------------------------------------------------


def _wrong_plain(name: str, expected: Quantity, got: Quantity) -> Difference:
    if isinstance(expected, bool) and isinstance(got, bool):
        return Difference(name, _yes_or_no(name, expected))
    if type(expected) is not type(got) or isinstance(expected, str):
        return Difference(name, *_not_a(got, _plain_type(expected), name))
    place = f"got {got}, expected {expected}"
    if isinstance(expected, int) and isinstance(got, int) and not isinstance(got, bool):
        by = abs(got - expected)
        size = f"{by} too {'large' if got > expected else 'small'}" if by < _LARGEST_STEP else "far off"
        return Difference(name, f"is {size}", place)
    return Difference(name, "has the wrong value", place)


def _yes_or_no(name: str, expected: bool) -> str:
    """The fact about a quantity that is true or false."""
    parts = QuantityName.parse(name)
    other = describe_tensor(parts.other)
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
    }.get(parts.kind, ("should be true, but is false", "should be false, but is true"))
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
_COUNT = re.compile("a tuple or list of ([0-9]{1,4}) values")
# By how much a whole number is off, if that is told.
_LARGEST_STEP = 100
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
        is_missing = QuantityName.parse(name).kind == "result" and wanted != "None"
        return f"should be {wanted}, but is None" + (": is a return missing?" if is_missing else ""), ""
    if isinstance(got, Tensor):
        return f"should be {wanted}, but is a tensor of shape {shape_in_words(got.shape)}", ""
    if isinstance(got, str):
        what = _in_words(got)
        return f"should be {wanted}, but is {what}", "" if what == got else f"got {got}"
    return f"should be {wanted}, but is {_plain_type(got)}", f"got {got}"
