"""What a bank must hold, said in plain words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.course.exercises import Exercise
from autograder.course.units import load_unit
from autograder.quality import depth
from course_utils.checks.draw import LONG, ORTHOGONAL
from course_utils.checks.structures import Structures
from tests.support import ROOT, UNITS

EXERCISES = {exercise.id: exercise for unit in UNITS for exercise in load_unit(ROOT, unit).exercises.values()}
FULL = Structures(frozenset({ORTHOGONAL}), LONG)


def missing(exercise: Exercise, minutes: int = 15, structures: Structures = FULL, alike: int = 0) -> str:
    return "\n".join(depth.missing(exercise, minutes, structures, alike))


def some(name: str, ideas: int, right: int) -> Exercise:
    exercise = EXERCISES[name]
    return replace(
        exercise,
        misconceptions=exercise.misconceptions[:ideas],
        right_answers=exercise.right_answers[:right],
    )


@pytest.mark.parametrize(
    ("minutes", "ideas", "right", "enough"),
    [
        (15, 8, 6, True),
        (15, 7, 6, False),
        (15, 8, 5, False),
        (10, 5, 3, True),
        (10, 4, 3, False),
        (11, 5, 3, False),
    ],
)
def test_how_many_are_needed(minutes: int, ideas: int, right: int, enough: bool) -> None:
    assert (missing(some("moco.enqueue", ideas, right), minutes) == "") == enough


def test_two_that_show_the_same_count_once() -> None:
    said = missing(some("moco.enqueue", 8, 6), alike=1)
    assert "has 7 misconceptions that can be told apart; an exercise of 15 minutes needs 8" in said
    assert "solutions/moco/enqueue/wrong.py, line 1" in said


def test_who_works_on_positions_needs_a_long_side_and_zeros() -> None:
    exercise = EXERCISES["video.colorization_attention"]
    assert missing(exercise) == ""
    assert "no case has a side of 16 or more (the longest is 7)" in missing(
        exercise, structures=Structures(frozenset({ORTHOGONAL}), 7)
    )
    assert "exactly orthogonal" in missing(exercise, structures=Structures(frozenset(), 20))
    assert missing(EXERCISES["simclr.nt_xent"], structures=Structures(frozenset(), 7)) == ""


@pytest.mark.parametrize("name", ["simclr.nt_xent", "simclr.info_nce"])
def test_who_sums_over_a_batch_needs_many_rows(name: str) -> None:
    few, many = (Structures(frozenset(), 7, largest) for largest in (29, 30))
    assert "no case has 30 rows or candidates (the most are 29)" in missing(EXERCISES[name], structures=few)
    assert missing(EXERCISES[name], structures=many) == ""
    # One number for each row, or none at all.
    for other in ("moco.moco_logits", "moco.enqueue", "moco.momentum_update"):
        assert missing(EXERCISES[other], structures=few) == ""


@pytest.mark.parametrize(
    ("shape", "is_grid"),
    [
        *(
            (shape, True)
            for shape in ("n c h w", "n d h2 w2", "n h*w h2*w2", "n c 2*h 2*w", "n h/2 w/2", "n c h//2 w//2")
        ),
        *(
            (shape, True)
            for shape in ("height width", "n c size size", "n g*g c tile tile", "n t d", "k t-k n n", "n l d")
        ),
        *((shape, True) for shape in ("n p v", "n 3 h w i j")),
        *((shape, False) for shape in (" n", "n d", "n *size", "2 n c", "size d", "n 1+k", "tries 4", "")),
    ],
)
def test_shapes_of_positions(shape: str, is_grid: bool) -> None:
    assert bool(depth._GRID.search(shape)) is is_grid


def test_which_exercises_work_on_positions() -> None:
    assert {name for name, exercise in EXERCISES.items() if depth.is_on_a_grid(exercise)} == {
        "pretext.rotate_batch",
        "simclr.two_views",
        "pretext.patch_pair",
        "pretext.permutation_set",  # a zero in a permutation must not be taken for padding, as in any sequence
        "pretext.jigsaw",
        "pretext.mask_region",
        "pretext.inpainting_loss",
        "pretext.split_lab",
        "pretext.ab_bins",
        "pretext.split_brain_loss",
        "video.colorization_attention",
        "video.copy_colors",
    }
