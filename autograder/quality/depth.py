"""How much a bank must hold before its exercise counts as finished: the *required depth*, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.course.exercises import Exercise
from course_utils.checks.draw import LONG
from course_utils.checks.structures import Structures

# Minutes up to which an exercise counts as short.
SHORT = 10
# From so many rows on, a sum over the hardest or the first of them shows.
MANY_ROWS = 30
# In a signature, shapes of images, frames and sequences: height and width, also multiplied or divided; two equal sides;
# time steps, tokens, patches.
_GRID = re.compile(r"\b(h\d?(//?\d+)?[ *]+(\d+\*)?w\d?|height width|i j|(s|size|side|patch|tile) \4|t|l|p)\b")


@dataclass(frozen=True)
class Depth:
    """What is asked of a bank.

    Attributes:
        ideas: misconceptions; two that show the same count once.
        right: right answers besides the reference.
    """

    ideas: int
    right: int


def required(minutes: int) -> Depth:
    """The depth for an exercise that takes so many minutes."""
    return Depth(5, 3) if minutes <= SHORT else Depth(8, 6)


def missing(exercise: Exercise, minutes: int, structures: Structures, alike: int) -> Iterator[str]:
    """What the bank of an exercise lacks: each with file and line and what to write.

    Args:
        exercise: the exercise.
        minutes: how long the notebook says it takes.
        structures: what its cases are made of.
        alike: misconceptions that show the same as another one.
    """
    depth = required(minutes)
    ideas, right = len(exercise.misconceptions) - alike, len(exercise.right_answers)
    kind = f"an exercise of {minutes} minutes"
    if ideas < depth.ideas:
        yield (
            f"{exercise.files['wrong.py']}, line 1: {exercise.id} has {ideas} misconceptions that can be told apart; "
            f"{kind} needs {depth.ideas}: add wrong ideas with @misconception(hint=...) or slip(...), beginning with "
            "those that people had"
        )
    if right < depth.right:
        yield (
            f"{exercise.files['right.py']}, line 1: {exercise.id} has {right} right answers besides the reference; "
            f"{kind} needs {depth.right}: add other ways to write it with @right (a loop, einsum, another library, "
            "in place where that is allowed)"
        )
    most = structures.largest_size
    if most is not None and most < MANY_ROWS and sums_over_a_batch(exercise):
        yield (
            f"{exercise.files['checks.py']}, line 1: {exercise.id} returns one number for a batch, and no case has "
            f"{MANY_ROWS} rows or candidates (the most are {most}): who sums over the hardest few "
            "or loses the last piece is not seen. Add a hidden case of draw.many() rows"
        )
    if is_on_a_grid(exercise):
        if not structures.has_long_side:
            yield (
                f"{exercise.files['checks.py']}, line 1: {exercise.id} works on positions, and no case has a side of "
                f"{LONG} or more (the longest is {structures.longest_side}): who looks at a window only is not seen. "
                "Add a hidden case with draw.long_sizes(...)"
            )
        if not structures.has_exact_zero:
            yield (
                f"{exercise.files['checks.py']}, line 1: {exercise.id} works on positions, and no case has a pair that "
                "is exactly orthogonal or an entry that is exactly zero: who takes zeros for padding is not seen. Add "
                "a hidden case with draw.orthogonal(...), draw.one_hot(...) or draw.with_zeros(...)"
            )


def is_on_a_grid(exercise: Exercise) -> bool:
    """Whether the shapes in the signature say that the function works on images, frames or a grid of positions."""
    return any(_GRID.search(str(text)) for text in _shapes(exercise))


def sums_over_a_batch(exercise: Exercise) -> bool:
    """Whether the signature says that the function makes one number of tensors that have a dimension n."""
    annotations = dict(exercise.reference.__annotations__)
    returned = annotations.pop("return", None)
    if getattr(returned, "dim_str", None) != "":
        return False
    return any("n" in getattr(item, "dim_str", "").split() for item in annotations.values())


def _shapes(exercise: Exercise) -> Iterator[str]:
    for annotation in exercise.reference.__annotations__.values():
        text = getattr(annotation, "dim_str", None) or str(annotation)
        yield text
