"""How the files of an exercise's folder are written: `checks.py`, `wrong.py` and `right.py`.

@check(points=1, visible=True, accuracy="exact", looks_at=("after.queue",))
def stores_the_keys(draw: Draw) -> Case:
    '''The keys stand in the next columns of the queue.'''
    return Case({"queue": Input(draw.normal(5, 11)), "pointer": 2, "keys": Input(draw.normal(3, 5))})

# A hidden check says in a few words what it looks at: all that students are told of it before they hand in.
@check(points=1, asks="very small temperatures")

# Where the docstring leaves a convention open, another right function stands beside the exercise's reference; where the
# signs of columns are arbitrary, the check says so.
@check(points=2, looks_at=("result", "gradient"), also=divided_by_n_minus_one)
@check(points=2, signs="columns")

@misconception(hint="Which rows of the batch become which columns?")
def rows_for_columns(queue, pointer, keys):
    '''The queue is taken for k x d.'''

sum_for_mean = slip(
    "losses.mean()", "losses.sum()",
    idea="The losses are added up.", hint="Does your loss grow with the batch?",
)

@wrong
def keys_twice(queue, pointer, keys): ...

@right
def one_key_after_the_other(queue, pointer, keys): ...

None of them says which exercise it belongs to: that is the folder's name.
"""

from __future__ import annotations

import hashlib
import hmac
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict, Unpack

import torch

from course_utils.checks.case import Case
from course_utils.checks.closeness import SIGNS
from course_utils.checks.draw import Draw
from course_utils.checks.quantity import QuantityName
from course_utils.checks.tolerance import UNITS

# Visible checks are drawn with this key: their values ship to students anyway.
PUBLIC_SECRET = b"visible"


@dataclass(frozen=True, kw_only=True)
class Check:
    """A graded question about an exercise: run cases, look at some quantities, compare.

    Attributes:
        id: name of the check, `"stores-the-keys"`. Checks of `standard` have none until they are loaded: then it is
            that of the variable.
        title: one sentence that students read.
        points: earned if every case is right.
        cases: makes the cases from a `Draw`.
        accuracy: key of `tolerance.UNITS`.
        looks_at: prefixes of the quantities that count; empty for all.
        dtype: floating-point dtype of the inputs.
        visible: its values ship to students.
        side: it holds for trivial answers too ("inputs unchanged"), so it counts only once a check that is no
            side check has passed.
        property: instead of comparing with the reference, judge the observation of each case.
        exercise: id of the exercise, `"moco.enqueue"`: the place of the folder, known when it is loaded.
        also: name -> other right functions whose answers are not the reference's (another convention that the docstring
            leaves open). An answer must be that of one and the same function in all checks that name it.
        signs: `"columns"` or `"rows"` of the result that are right up to a sign each; empty for none.
        asks: what it looks at in a few words, "very small temperatures": all that students are told of a hidden check
            before they hand in. Left empty, it's made by `asks_for`.
        line: where it stands in `checks.py`.
    """

    id: str
    title: str
    points: float
    cases: Callable[[Draw], Case | Sequence[Case]]
    accuracy: str
    looks_at: tuple[str, ...]
    dtype: torch.dtype
    visible: bool
    side: bool
    property: Callable[[Case, Any], str | None] | None = None
    exercise: str = ""
    also: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    signs: str = ""
    asks: str = ""
    line: int = 1

    def asks_for(self) -> str:
        """What it looks at in a few words: its own, or what its quantities and its dtype say."""
        if self.asks:
            return self.asks
        kinds = {QuantityName.parse(name).kind for name in self.looks_at}
        if kinds == {"exception"}:
            return "which exceptions are raised"
        if kinds == {"gradient"}:
            return "gradients"
        if self.side:
            return "what is left alone"
        return "other values and sizes" + (" in float64" if self.dtype is torch.float64 else "")

    def draw(self, secret: bytes) -> list[Case]:
        """The cases of this check under a secret, in the check's dtype."""
        made = self.cases(Draw(self.seed(secret)))
        return [case.to(self.dtype) for case in ([made] if isinstance(made, Case) else made)]

    def seed(self, secret: bytes) -> int:
        """HMAC of the check's full name: nobody without the secret can draw the hidden cases."""
        digest = hmac.new(secret, f"{self.exercise}/{self.id}".encode(), hashlib.sha256).digest()
        return int.from_bytes(digest[:16], "big")


@dataclass(frozen=True, kw_only=True)
class Misconception:
    """A named wrong idea.

    Attributes:
        id: its name, `"pointer-not-advanced"`.
        idea: the idea behind it in one sentence.
        hint: one line that leads without giving the answer.
        function: the wrong implementation.
        line: where it stands in `wrong.py`.
        of: ids of other ideas of the bank, if it is by its definition those at once.
    """

    id: str
    idea: str
    hint: str
    function: Callable[..., Any]
    line: int = 1
    of: tuple[str, ...] = ()


@dataclass(frozen=True)
class WrongAnswer:
    """A wrong implementation without an idea to be named: the checks must refuse it, whatever is behind it.

    Attributes:
        id: what is wrong, `"keys-twice"`.
        function: the wrong implementation.
        line: where it stands in `wrong.py`.
    """

    id: str
    function: Callable[..., Any]
    line: int = 1


@dataclass(frozen=True)
class RightAnswer:
    """A right answer that is written otherwise than the reference: the checks must accept it.

    Attributes:
        id: how it goes about it, `"one-key-after-the-other"`.
        function: the implementation, or an object that is called like one.
        line: where it stands in `right.py`.
    """

    id: str
    function: Callable[..., Any]
    line: int = 1


@dataclass(frozen=True)
class Slip:
    """A wrong answer that is the reference with one piece of its text replaced.

    Attributes:
        before: a piece of `reference.py` that stands there once.
        after: what takes its place.
        idea: the idea behind it in one sentence; empty for a wrong answer without a name.
        hint: as for `Misconception`.
        line: where it stands in `wrong.py`.
    """

    before: str
    after: str
    idea: str
    hint: str
    line: int


class CheckOptions(TypedDict, total=False):
    """What `check` takes besides points, as `Check` explains it.

    Attributes:
        also: another right function, or several; each is known by its name.
    """

    accuracy: str
    looks_at: tuple[str, ...]
    dtype: torch.dtype
    visible: bool
    side: bool
    property: Callable[[Case, Any], str | None] | None
    also: Callable[..., Any] | Sequence[Callable[..., Any]]
    signs: str
    asks: str


_DEFAULTS = CheckOptions(
    accuracy="reduction",
    looks_at=("result",),
    dtype=torch.float32,
    visible=False,
    side=False,
    property=None,
    also=(),
    signs="",
    asks="",
)


def check(
    *, points: float, **options: Unpack[CheckOptions]
) -> Callable[[Callable[[Draw], Case | Sequence[Case]]], Check]:
    """Turn a function that draws cases into a `Check`; its docstring's first line is the title.

    Args:
        points: of the check, in halves.
        options: what `CheckOptions` lists.

    Raises:
        ValueError: an unknown accuracy or kind of signs, points that none can be, or what does not go together.
        TypeError: an option that there is not.
    """
    if unknown := options.keys() - _DEFAULTS.keys():
        raise TypeError(f"check has no option {sorted(unknown)[0]!r}; it has {', '.join(_DEFAULTS)}")
    chosen = _DEFAULTS | options
    accuracy, signs, looks_at = chosen["accuracy"], chosen["signs"], chosen["looks_at"]
    property_, also = chosen["property"], chosen["also"]
    if accuracy not in UNITS:
        raise ValueError(f"accuracy {accuracy!r} is not one of {sorted(UNITS)}")
    if isinstance(points, bool) or not isinstance(points, int | float):
        raise ValueError(f"points={points!r} is no number: a check is worth a multiple of ½")
    if not (points >= 0 and points % 0.5 == 0):
        raise ValueError(f"{points:g} points: a check is worth a multiple of ½ and cannot take points away")
    if chosen["asks"].rstrip().endswith((".", ",", ";", ":")):
        raise ValueError(
            "asks is a few words of a list, such as 'very small temperatures': no stop behind them"
        )
    others = (also,) if callable(also) else tuple(also)
    if property_ is not None and (others or signs):
        raise ValueError("a property judges by itself: it has no other right functions and no free signs")
    if property_ is not None and chosen["visible"]:
        raise ValueError("a property is code and cannot be recorded for students: make the check hidden")
    if signs and signs not in SIGNS:
        raise ValueError(f"signs {signs!r} is not one of {sorted(SIGNS)}")
    if signs and any(QuantityName.parse(item).kind == "gradient" for item in looks_at):
        raise ValueError("where the signs of the result are free, so are those of its gradients")

    def decorate(cases: Callable[[Draw], Case | Sequence[Case]]) -> Check:
        return Check(
            id=id_of(cases.__name__),
            title=_first_line(cases),
            points=points,
            cases=cases,
            accuracy=accuracy,
            looks_at=looks_at,
            dtype=chosen["dtype"],
            visible=chosen["visible"],
            side=chosen["side"],
            property=property_,
            also={id_of(function.__name__): function for function in others},
            signs=signs,
            asks=chosen["asks"].strip(),
            line=cases.__code__.co_firstlineno,
        )

    return decorate


def misconception(*, hint: str, of: tuple[str, ...] = ()) -> Callable[[Callable[..., Any]], Misconception]:
    """Turn a wrong implementation into a `Misconception`; its docstring's first line is the idea.

    Args:
        hint: one line that leads without giving the answer.
        of: ids of other ideas of the bank, if this one is by its definition those at once.
    """

    def decorate(function: Callable[..., Any]) -> Misconception:
        return Misconception(
            id=id_of(function.__name__),
            idea=_first_line(function),
            hint=hint,
            function=function,
            line=function.__code__.co_firstlineno,
            of=of,
        )

    return decorate


def wrong(function: Callable[..., Any]) -> WrongAnswer:
    """Turn a wrong implementation into a `WrongAnswer`; its name says what is wrong."""
    return WrongAnswer(id_of(function.__name__), function, function.__code__.co_firstlineno)


def right(function: Callable[..., Any]) -> RightAnswer:
    """Turn a right implementation into a `RightAnswer`; its name says how it goes about it."""
    return RightAnswer(id_of(function.__name__), function, function.__code__.co_firstlineno)


def slip(before: str, after: str, *, idea: str = "", hint: str = "") -> Slip:
    """The reference with one slip of the hand, named by the variable that it is bound to.

    Args:
        before: a piece of `reference.py` that stands there once, on one line or several.
        after: what a hasty hand would write in its place.
        idea: the idea behind it in one sentence: with it and a hint the slip is a misconception, without a wrong
            answer that has no name.
        hint: one line that leads without giving the answer.
    """
    if bool(idea) != bool(hint):
        raise ValueError("a slip with an idea is a misconception and needs a hint; one without needs neither")
    return Slip(before, after, idea, hint, sys._getframe(1).f_lineno)


def id_of(name: str) -> str:
    """The id of what has this name in a file: `"stores-the-keys"` for `stores_the_keys`."""
    return name.strip("_").replace("_", "-")


def _first_line(function: Callable[..., Any]) -> str:
    lines = (function.__doc__ or "").strip().splitlines()
    if not lines:
        raise ValueError(f"{function.__name__} needs a docstring: its first line is shown to people")
    return lines[0].strip()
