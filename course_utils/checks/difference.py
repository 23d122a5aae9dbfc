"""What differs between an observation and an expectation, in words: all of it, and what may be told of a hidden case.

Of a hidden case students are told which quantity is wrong, and what can be said of it without the expected values: its
type, dtype and shape, exceptions, memory and graphs, NaN. Not by how much, in which direction, or where: "too large" is
one bit of an expected number, and whoever hands in constants finds the number by bisection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

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
        fact: what is wrong, in structural terms. No expected values, and nothing that a student's code could put in
            words of its own (texts of exceptions, of results).
        place: where, with what was got and what was expected; for public cases only.
        is_structural: the fact is a simple relation to the right values, such as a factor or another order.
        hidden_fact: what of the fact may be told of a hidden case: nothing that depends on expected values.
    """

    quantity: str
    fact: str
    place: str = ""
    is_structural: bool = False
    hidden_fact: str = "is wrong"

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

    @property
    def hidden_message(self) -> str:
        """What may be told of a hidden case, as a sentence: not in which of several calls it is seen first, either."""
        return f"{self.name._replace(call=0).describe()} {self.hidden_fact}"


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
        return _of_types(_wrong_exception(str(expected.quantities[name]), got))
    if name not in got.quantities:
        return _of_types(Difference(name, f"is missing{_came_back(name, expected, got)}"))
    wanted, value = expected.quantities[name], got.quantities[name]
    if isinstance(wanted, float) and isinstance(value, float):
        wanted, value = (torch.tensor(number, dtype=torch.float64) for number in (wanted, value))
    if not isinstance(wanted, Tensor):
        return _wrong_plain(name, wanted, value)
    if not isinstance(value, Tensor):
        return _of_types(Difference(name, *_not_a(value, "a tensor", name)))
    if value.shape != wanted.shape:
        shapes = wrong_shape(wanted, value)
        # After the colon stands what a comparison of the values shows, such as "it is transposed".
        return Difference(name, shapes, hidden_fact=shapes.partition(":")[0])
    dtype = expected.dtypes.get(name)
    if dtype is not None and dtype_name(value.dtype) != dtype:
        got_dtype = dtype_name(value.dtype)
        return _of_types(Difference(name, f"should have dtype {dtype}, but has {got_dtype}"))
    wrong, limit = wrong_entries(wanted, value, tolerance)
    sort = wanted.dtype
    # float64 takes integers above 2**53 for one another, and shows truth values as numbers.
    place = _first_place(wanted, value, wrong)
    wanted, value = comparable(wanted), comparable(value)
    if wanted.is_complex():
        return Difference(name, f"is wrong in {int(wrong.sum())} of {wrong.numel()} entries", place)
    fact = fact_about(wanted, value, wrong, limit, before, dtype=sort, case=case)
    hidden = _of_hidden_values(name, wanted, value, before, is_bool=sort is torch.bool)
    return Difference(name, fact.text, place if fact.shows_place else "", fact.is_structural, hidden)


def _of_types(difference: Difference) -> Difference:
    """A difference whose fact says nothing of expected values: it may be told of a hidden case as it is."""
    return replace(difference, hidden_fact=difference.fact)


def _of_hidden_values(
    name: str, wanted: Tensor, value: Tensor, before: Tensor | None, *, is_bool: bool
) -> str:
    """What may be told of the wrong values of a tensor where the expected ones are hidden.

    What the values show by themselves, beside those before the call; that something changed, or is differentiated,
    which should not be; or else only that it is wrong.
    """
    one = value.numel() == 1
    if bool(value.isnan().any()):
        return "is NaN" if one else "contains NaN"
    if bool(value.isinf().any()) and not bool(wanted.isinf().any()):
        return "is infinite" if one else "contains infinite entries"
    if before is not None and before.shape == value.shape:
        before = before.to(wanted.dtype)
        if torch.equal(value, before):
            return "is unchanged, but should have changed"
        if torch.equal(wanted, before):
            return "should be unchanged, but differs"
    if not bool(value.any()):
        return f"is {'false' if is_bool else 'zero'}{'' if one else ' everywhere'}, but should not be"
    # Whoever returns a constant has no gradient: that none is wanted, the verdict on a constant says as well.
    if QuantityName.parse(name).kind == "gradient" and not bool(wanted.any()):
        return "should be zero"
    return "is wrong"


def _wrong_exception(wanted: str, got: Observation) -> Difference:
    # The text of an exception is the student's: told of a hidden check, it could carry the hidden inputs out.
    raised = str(got.quantities.get("exception"))
    text = got.failure.message if got.failure else ""
    if wanted == "none":
        return Difference("exception", f"raised {raised}", text)
    if raised == "none":
        return Difference("exception", f"should raise {wanted}, but went through")
    return Difference("exception", f"should raise {wanted}, but raised {raised}", text)


def _came_back(name: str, expected: Expectation, got: Observation) -> str:
    """What was returned in place of several values; empty for what is none of them."""

    def returned(names: Iterable[str]) -> int:
        parsed = map(QuantityName.parse, names)
        return sum(item.kind == "result" and bool(item.of) and item.call == missing.call for item in parsed)

    missing = QuantityName.parse(name)
    wanted = returned(expected.quantities)
    if missing.kind != "result" or not missing.of or not wanted:
        return ""
    alone = str(missing._replace(of=""))
    if alone in got.quantities:
        whole = got.quantities[alone]
        if whole is None:
            return ": None came back: is a return missing?"
        return (
            f": one {'tensor' if isinstance(whole, Tensor) else 'value'} came back, and not {wanted} values"
        )
    return f": {returned(got.quantities)} values came back, and not {wanted}"


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
        return _of_types(Difference(name, _yes_or_no(name, expected)))
    if type(expected) is not type(got) or isinstance(expected, str):
        return _of_types(Difference(name, *_not_a(got, _plain_type(expected), name)))
    place = f"got {_number_in_words(got)}, expected {expected}"
    if isinstance(expected, int) and isinstance(got, int) and not isinstance(got, bool):
        by = abs(got - expected)
        size = f"{by} too {'large' if got > expected else 'small'}" if by < _LARGEST_STEP else "far off"
        return Difference(name, f"is {size}", place)
    return Difference(name, "has the wrong value", place)


def _number_in_words(got: Quantity) -> str:
    """A number as it is shown; Python refuses to write out an integer of thousands of digits."""
    if isinstance(got, int) and got.bit_length() > _MOST_BITS:
        return f"an integer of {got.bit_length()} bits"
    return str(got)


def _yes_or_no(name: str, expected: bool) -> str:
    """The fact about a quantity that is true or false."""
    parts = QuantityName.parse(name)
    other = describe_tensor(parts.other)
    in_graph = (
        "should be part of the autograd graph, but is not",
        "should not be part of an autograd graph, but is",
    )
    wants_grad = (
        "requires_grad should be True, but is False",
        "requires_grad should be False, but is True",
    )
    yes, no = {
        "graph": in_graph if parts.argument == "result" else wants_grad,
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
# By how much a whole number is off, if that is told.
_LARGEST_STEP = 100
# Of a whole number that is written out.
_MOST_BITS = 64
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
