"""One exercise: the folder `solutions/<unit>/<exercise>/` and what its files say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

import torch

from autograder.course import modules
from autograder.course.equivalents import read_equivalents
from autograder.course.texts import imports_in, parse_file, read_text
from autograder.errors import UserError
from course_utils.checks.case import Case, Module
from course_utils.checks.definition import (
    PUBLIC_SECRET,
    Check,
    Misconception,
    RightAnswer,
    Slip,
    WrongAnswer,
    id_of,
)
from course_utils.checks.expectation import Expectation, expect
from course_utils.checks.prepared import Bank, PreparedCheck, PreparedExercise
from course_utils.slices.names import function_name

# A folder with any of the first is an exercise; one without all of them is refused.
NEEDED = ("reference.py", "checks.py", "wrong.py", "right.py", "test_reference.py")
OPTIONAL = ("equivalents.toml", "receipt.json")
FILES = (*NEEDED, *OPTIONAL)
# What exercises of a unit share stands beside their folders.
SHARED = "shared.py"

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One function that a student writes.

    Attributes:
        id: `"moco.enqueue"`.
        reference: our implementation.
        checks: its checks, in the order of the file.
        misconceptions: wrong answers that have a name and a hint.
        wrong_answers: wrong answers that have none.
        right_answers: other right answers.
        files: where each of `FILES` was found, and the unit's `shared.py` if there is one.
    """

    id: str
    reference: FunctionType
    checks: tuple[Check, ...]
    misconceptions: tuple[Misconception, ...]
    wrong_answers: tuple[WrongAnswer, ...] = ()
    right_answers: tuple[RightAnswer, ...] = ()
    files: Mapping[str, Path]

    @property
    def name(self) -> str:
        """The function's name: `"enqueue"`."""
        return function_name(self.id)

    @property
    def wrong(self) -> tuple[Misconception | WrongAnswer, ...]:
        """All wrong answers, those with a name first."""
        return (*self.misconceptions, *self.wrong_answers)

    @property
    def points(self) -> float:
        """The points of all checks."""
        return sum(check.points for check in self.checks)

    def place(self, item: Misconception | WrongAnswer | RightAnswer) -> str:
        """File and line of an answer, as complaints name them."""
        file = "right.py" if isinstance(item, RightAnswer) else "wrong.py"
        return f"{self.files[file]}, line {item.line}"

    def draw(self, check: Check, secret: bytes) -> list[Case]:
        """The cases of one of its checks under a secret.

        Raises:
            UserError: they cannot be drawn, or hold a model that cannot be made; names the check's file and line.
        """
        with self.drawing(check):
            cases = check.draw(secret)
            for case in cases:
                for value in case.inputs.values():
                    if isinstance(value, Module):
                        _check_model(value)
            return cases

    @contextmanager
    def drawing(self, check: Check) -> Iterator[None]:
        """Say of whatever is raised in here that the cases of this check cannot be drawn. Raises `UserError`."""
        try:
            yield
        except modules.FAILURES as error:
            raise UserError(
                f"{self.files['checks.py']}, line {check.line}: the cases of {self.id}/{check.id} cannot be drawn: "
                f"{type(error).__name__}: {error}"
            ) from error

    def prepare(self, secret: bytes, *, visible_only: bool = False) -> PreparedExercise:
        """Draw the cases and compute what the reference shows; what misconceptions show, when it is asked for.

        Args:
            secret: the key of the hidden seeds.
            visible_only: leave out hidden checks (for recording).

        Raises:
            UserError: the cases of a check cannot be drawn.
        """
        prepared = []
        for check in self.checks:
            if visible_only and not check.visible:
                continue
            cases = tuple(self.draw(check, secret))
            expected = _expect_all(self.reference, cases, check.dtype)
            wrong = Bank(
                {
                    item.id: partial(_expect_one, item.function, cases, check.dtype)
                    for item in self.misconceptions
                },
                len(cases),
            )
            prepared.append(
                PreparedCheck(
                    id=check.id,
                    title=check.title,
                    points=check.points,
                    accuracy=check.accuracy,
                    looks_at=check.looks_at,
                    dtype=check.dtype,
                    visible=check.visible,
                    side=check.side,
                    cases=cases,
                    expected=expected,
                    wrong=wrong,
                    property=check.property,
                    also={
                        name: _expect_all(function, cases, check.dtype)
                        for name, function in check.also.items()
                    },
                    signs=check.signs,
                )
            )
        hidden = dict.fromkeys(check.asks_for() for check in self.checks if not check.visible)
        hints = {item.id: item.hint for item in self.misconceptions}
        return PreparedExercise(self.id, tuple(prepared), hints, tuple(hidden))

    def record(self) -> tuple[PreparedExercise, float]:
        """The visible checks under the public key, and the exercise's full points."""
        return self.prepare(PUBLIC_SECRET, visible_only=True), self.points


def _check_model(module: Module) -> None:
    # Imported here because models pull in torchvision, which takes a while.
    from course_utils import models

    # On the meta device nothing is computed, and no random number used up.
    with torch.device("meta"):
        made = models.build(module.name, **module.config).state_dict()
    if module.state and {name: value.shape for name, value in made.items()} != {
        name: value.shape for name, value in module.state.items()
    }:
        raise ValueError(f"the state is not one of the model {module.name!r} with these settings")


def _expect_all(
    function: Callable[..., Any], cases: tuple[Case, ...], dtype: torch.dtype
) -> tuple[Expectation, ...]:
    return tuple(expect(function, case, dtype) for case in cases)


def _expect_one(
    function: Callable[..., Any], cases: tuple[Case, ...], dtype: torch.dtype, number: int
) -> Expectation:
    return expect(function, cases[number], dtype)


def load_exercise(id_: str, files: Mapping[str, Path]) -> Exercise:
    """Read the files of an exercise.

    Args:
        id_: its id, which is its place.
        files: where each file was found.

    Raises:
        UserError: a file is missing or does not load; the reference is not named as the folder; a slip does not fit;
            a file imports from another exercise; an idea is said to be one of which the bank knows nothing.
    """
    _refuse_loans(id_, files)
    reference = _reference(id_, files)
    checks = _module(id_, "checks.py", files)
    wrong = _module(id_, "wrong.py", files)
    right = _module(id_, "right.py", files)
    named: list[Misconception] = []
    nameless: list[WrongAnswer] = []
    for variable, item in vars(wrong).items():
        if isinstance(item, Slip):
            item = _slipped(item, variable, id_, files)  # noqa: PLW2901 - a slip is one of the two below
        if isinstance(item, Misconception):
            named.append(item)
        elif isinstance(item, WrongAnswer):
            nameless.append(item)
    _refuse_unknown_parts(named, files["wrong.py"])
    # Neither is executed here; what cannot be read would be noticed when somebody needs it.
    parse_file(files["test_reference.py"])
    if "equivalents.toml" in files:
        read_equivalents(files["equivalents.toml"])
    found = tuple(
        replace(item, exercise=id_, id=item.id or id_of(variable))
        for variable, item in vars(checks).items()
        if isinstance(item, Check)
    )
    if not found:
        raise UserError(
            f"{files['checks.py']}, line 1: there is no check in it: write one with @check(points=...)"
        )
    return Exercise(
        id=id_,
        reference=reference,
        checks=found,
        misconceptions=tuple(named),
        wrong_answers=tuple(nameless),
        right_answers=tuple(_all(right, RightAnswer)),
        files=files,
    )


def _refuse_unknown_parts(named: Sequence[Misconception], path: Path) -> None:
    """An idea may be said to be several others at once only if those are there, and are not made of it in turn."""
    known: set[str] = set()
    waiting = list(named)
    while ready := [item for item in waiting if known.issuperset(item.of)]:
        known.update(item.id for item in ready)
        waiting = [item for item in waiting if item.id not in known]
    for item in waiting:
        part = next(part for part in item.of if part not in known)
        raise UserError(
            f"{path}, line {item.line}: {item.id!r} is made of {part!r}, which is no other misconception of the file: "
            f"correct of=(...)"
        )


def _refuse_loans(id_: str, files: Mapping[str, Path]) -> None:
    """What is imported from another exercise is no part of this one's receipt, nor of what a course may override."""
    shared = f"solutions.{id_.split('.')[0]}.shared"
    for name, path in files.items():
        # What an oracle may import is asked more strictly, by the gate.
        if not name.endswith(".py") or name == "test_reference.py" or "solutions" not in read_text(path):
            continue
        for item in imports_in(parse_file(path)):
            is_own = f"{item.full}.".startswith((f"solutions.{id_}.", f"{shared}."))
            if item.full.startswith("solutions.") and not is_own:
                raise UserError(
                    f"{path}, line {item.line}: {item.full} is another exercise's: put what both need into "
                    f"{shared.replace('.', '/')}.py"
                )


def _module(id_: str, file: str, files: Mapping[str, Path]) -> ModuleType:
    unit = id_.split(".")[0]
    if SHARED in files:
        modules.load_module(f"solutions.{unit}.shared", files[SHARED])
    return modules.load_module(f"solutions.{id_}.{Path(file).stem}", files[file])


def _reference(id_: str, files: Mapping[str, Path]) -> FunctionType:
    path, name = files["reference.py"], function_name(id_)
    module = _module(id_, "reference.py", files)
    public = {
        key: item
        for key, item in vars(module).items()
        if isinstance(item, FunctionType) and item.__module__ == module.__name__ and not key.startswith("_")
    }
    if list(public) != [name]:
        wrong_ones = {key: item for key, item in public.items() if key != name}
        line = next(iter(wrong_ones.values())).__code__.co_firstlineno if wrong_ones else 1
        there = ", ".join(public) or "none"
        raise UserError(
            f"{path}, line {line}: its one public function must be named as the folder, {name!r}; there is {there}. "
            f"Rename the function or the folder, and let helpers begin with an underscore"
        )
    return public[name]


def _slipped(item: Slip, variable: str, id_: str, files: Mapping[str, Path]) -> Misconception | WrongAnswer:
    """The reference with the slip in it."""
    where = f"{files['wrong.py']}, line {item.line}: the slip {variable!r}"
    text = read_text(files["reference.py"])
    times = text.count(item.before)
    if times != 1:
        way_out = "copy it from there" if times == 0 else "add what stands around it"
        raise UserError(f"{where}: {item.before!r} stands {times} times in reference.py: {way_out}")
    namespace = modules.run_changed(files["reference.py"], text.replace(item.before, item.after), variable)
    function = namespace.get(function_name(id_))
    if not isinstance(function, FunctionType):
        raise UserError(
            f"{where} leaves no function {function_name(id_)!r}: let it change what the function does, not its name"
        )
    name = id_of(variable)
    if item.hint:
        return Misconception(id=name, idea=item.idea, hint=item.hint, function=function, line=item.line)
    return WrongAnswer(name, function, item.line)


def _all(module: ModuleType, kind: type[_T]) -> list[_T]:
    return [item for item in vars(module).values() if isinstance(item, kind)]
