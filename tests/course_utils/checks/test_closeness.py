"""What counts as near enough: Python floats, whole numbers, moved numbers, and results that are right up to signs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from course_utils.checks import Case, Draw, Input, check
from course_utils.checks.closeness import absolute_error, aligned, is_right, wrong_entries
from course_utils.checks.compare import distance, error_in_tolerances, find_difference, matches
from course_utils.checks.difference import Difference
from course_utils.checks.expectation import expect
from course_utils.checks.observe import observe
from course_utils.checks.tolerance import UNITS, Yardstick, relative_tolerance

Function = Callable[..., Any]


def compared(
    right: Function,
    wrong: Function,
    case: Case,
    accuracy: str = "reduction",
    dtype: torch.dtype = torch.float32,
    **options: Any,
) -> Difference | None:
    yardstick = Yardstick(accuracy, dtype, ("result",), **options)
    expected, got = expect(right, case, dtype), observe(wrong, case.to(dtype))
    found = find_difference(expected, got, yardstick, case=case.to(dtype))
    assert matches(expected, got, yardstick) == (found is None)
    assert (error_in_tolerances(expected, got, yardstick) <= 1) == (found is None)
    return found


def told(*arguments: Any, **options: Any) -> str:
    found = compared(*arguments, **options)
    assert found
    return found.message


# --- Python floats ----------------------------------------------------------------------------------------------


def rate(step: int, base: float) -> float:
    return base * (1 + math.cos(math.pi * step / 7)) / 2


RATE = Case({"step": 3, "base": 0.03})


@pytest.mark.parametrize("seed", range(20))
def test_a_float_may_be_rounded_in_another_way(seed: int) -> None:
    draw = Draw(seed)
    case = Case({"step": draw.integer(0, 6), "base": 0.1 + float(draw.uniform(1))})
    by_tensor = lambda step, base: float(base * (1 + torch.cos(torch.tensor(math.pi * step / 7))) / 2)  # noqa: E731
    assert not compared(rate, by_tensor, case)
    assert not compared(
        rate, lambda step, base: base * math.cos(math.pi * step / 14) ** 2, case, "elementwise", torch.float64
    )
    # float32 inside is seen where the check asks for float64, and a per mille everywhere.
    assert compared(rate, lambda step, base: rate(step, base) * (1 + 1e-3), case)
    assert compared(
        rate, lambda step, base: rate(step, base) * (1 + 1e-8), case, "elementwise", torch.float64
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda step, base: 2 * rate(step, base), "result is twice too large"),
        (lambda step, base: -rate(step, base), "result has the wrong sign"),
        (lambda step, base: rate(step, base) + 0.01, "result is too large"),
        (lambda step, base: rate(step, base) - 0.01, "result is too small"),
        (lambda step, base: float("nan"), "result is NaN"),
        (lambda step, base: float("inf"), "result is infinite"),
        (lambda step, base: 0.0, "result is zero, but should not be"),
        (lambda step, base: 1, "result should be a Python float, but is a Python int"),
        (lambda step, base: True, "result should be a Python float, but is a bool"),
        (
            lambda step, base: torch.tensor(rate(step, base)),
            "result should be a Python float, but is a tensor of shape ()",
        ),
    ],
)
def test_what_is_wrong_with_a_float(wrong: Function, said: str) -> None:
    assert told(rate, wrong, RATE) == said


def test_a_float_that_should_be_zero_is_zero() -> None:
    zero = lambda step, base: 0.0  # noqa: E731
    assert not compared(zero, lambda step, base: -0.0, RATE)
    assert told(zero, lambda step, base: 1e-300, RATE).startswith("result should be zero")


def test_a_float_is_expected_as_float64_has_it() -> None:
    case = Case({"x": Input(torch.full((50,), 0.1, dtype=torch.float64))})
    expected = expect(lambda x: float(x.cumsum(0)[-1]), case, torch.float32)
    # The sum of what float32 has for a tenth, without the rounding of a sum in float32.
    assert expected.quantities["result"] == pytest.approx(50 * float(torch.tensor(0.1)), rel=1e-15)


@pytest.mark.parametrize(("right", "wrong"), [(3, 4), (True, False), (10**17, 10**17 + 1)])
def test_whole_numbers_and_truth_values_stay_exact(right: object, wrong: object) -> None:
    assert not compared(lambda step, base: right, lambda step, base: right, RATE)
    assert compared(lambda step, base: right, lambda step, base: wrong, RATE)
    assert compared(lambda step, base: right, lambda step, base: float(right), RATE)  # type: ignore[arg-type]


@settings(max_examples=200)
@given(st.floats(), st.floats(), st.floats(0, 1e-3))
def test_floats_are_compared_like_tensors_without_dimensions(
    one: float, other: float, tolerance: float
) -> None:
    left, right = (torch.tensor(value, dtype=torch.float64) for value in (one, other))
    assert is_right(one, None, other, tolerance) == is_right(left, None, right, tolerance)
    assert is_right(one, None, one, tolerance) == (not math.isnan(one))
    assert is_right(one, None, one, tolerance, nan_matches=True)


SMALL = st.floats(-8, 8, width=32) | st.sampled_from([0.0, math.inf, -math.inf, math.nan])


@settings(max_examples=80)
@given(
    st.lists(st.tuples(SMALL, SMALL | st.none()), min_size=1, max_size=6),
    st.randoms(use_true_random=False),
    st.integers(-9, 9),
    st.sampled_from([0.0, 1e-6, 1e-2]),
)
def test_neither_order_nor_sign_nor_unit_matters(
    pairs: list[tuple[float, float | None]], chance: random.Random, power: int, tolerance: float
) -> None:
    """Entries in another order, all signs turned, or all measured in another unit: the same answer."""

    def tensors(items: list[tuple[float, float | None]], factor: float = 1.0) -> tuple[Tensor, Tensor]:
        wanted = torch.tensor([one for one, _ in items], dtype=torch.float64)
        got = [one * (1 + 5e-4) if other is None else other for one, other in items]
        return wanted * factor, torch.tensor(got, dtype=torch.float64) * factor

    wanted, got = tensors(pairs)
    right = is_right(wanted, None, got, tolerance)
    shuffled = chance.sample(pairs, len(pairs))
    for other in (tensors(shuffled), (-wanted, -got), tensors(pairs, 2.0**power)):
        assert is_right(other[0], None, other[1], tolerance) == right
    wrong, _ = wrong_entries(wanted, got, tolerance)
    assert bool(wrong.any()) == (not right)
    # Who is allowed more is right whenever who is allowed less is.
    assert not right or is_right(wanted, None, got, 2 * tolerance)


# --- whole numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
def test_whole_numbers_are_compared_to_the_last_one(dtype: torch.dtype) -> None:
    case = Case({"x": Input(Draw(3).integers(0, 100, 4, 5).to(dtype))})
    same = lambda x: x.clone()  # noqa: E731
    off = lambda x: x + (torch.arange(20).view(4, 5) == 7).to(x.dtype)  # noqa: E731
    for accuracy in UNITS:
        assert not compared(same, same, case, accuracy)
        assert told(same, off, case, accuracy).startswith("result is wrong only in ")
    assert (
        told(same, lambda x: x.float(), case) == f"result should have dtype {str(dtype)[6:]}, but has float32"
    )


def test_integers_that_float64_takes_for_one_another_are_told_apart() -> None:
    case = Case({"x": Input(torch.tensor([2**60, 2**60 + 1, 5]))})
    wrong = lambda x: x + torch.tensor([1, 0, 0])  # noqa: E731
    assert not compared(torch.clone, torch.clone, case)
    found = compared(torch.clone, wrong, case)
    assert found
    assert absolute_error(torch.tensor([2**60]), torch.tensor([2**60 + 1])).item() == 1


def test_of_large_integers_no_rounding_is_told() -> None:
    case = Case({"x": Input(torch.tensor([10**9, 5, 7, 9]))})
    said = told(torch.clone, lambda x: x + 1, case)
    assert said == "result is too large by the same amount everywhere"


# --- numbers that are only moved --------------------------------------------------------------------------------


def turned(images: Tensor) -> Tensor:
    return images.rot90(1, (2, 3))


def sampled(images: Tensor) -> Tensor:
    """The same turn as an honest resampling does it, with a rounded sine and cosine."""
    angle = torch.tensor(math.pi / 2, dtype=images.dtype)
    sine, cosine, zero = angle.sin(), angle.cos(), torch.zeros((), dtype=images.dtype)
    turn = torch.stack([torch.stack([cosine, -sine, zero]), torch.stack([sine, cosine, zero])])
    grid = F.affine_grid(turn.expand(len(images), 2, 3), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("seed", range(10))
def test_honest_resampling_is_a_move(dtype: torch.dtype, seed: int) -> None:
    draw = Draw(seed)
    case = Case({"images": Input(draw.uniform(3, 2, side := draw.integer(4, 24), side))})
    assert not compared(turned, sampled, case, "moved", dtype)
    assert not compared(turned, turned, case, "exact", dtype)
    # To the last bit it is none, and of the little that it is off nothing is made but that.
    said = told(turned, sampled, case, "exact", dtype)
    assert said.startswith("result is right to about ")
    assert " digits only" in said


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "rounded",
    [
        lambda x: turned(x).bfloat16().to(x.dtype),
        lambda x: turned(x).half().to(x.dtype),
        lambda x: (turned(x) * 255).round() / 255,
        lambda x: turned(x) * (1 + 1e-4),
    ],
)
def test_a_move_through_fewer_digits_is_none(dtype: torch.dtype, rounded: Function) -> None:
    for seed in range(10):
        case = Case({"images": Input(Draw(seed).uniform(3, 2, 6, 6))})
        assert compared(turned, rounded, case, "moved", dtype)


def test_a_move_in_float64_does_not_go_through_float32() -> None:
    case = Case({"images": Input(Draw(0).uniform(3, 2, 6, 6))})
    said = told(turned, lambda x: turned(x.float()).to(x.dtype), case, "moved", torch.float64)
    assert said.startswith("result is right to about 7 digits only")


@pytest.mark.parametrize("accuracy", list(UNITS))
def test_what_should_be_zero_is_zero_at_every_accuracy(accuracy: str) -> None:
    case = Case({"x": Input(Draw(0).normal(3, 4), wants_grad=True)})
    yardstick = Yardstick(accuracy, torch.float32, ("gradient",))
    expected = expect(lambda x: x.detach(), case, torch.float32)
    leaks = observe(lambda x: x.detach() + 1e-30 * x, case.to(torch.float32))
    assert not matches(expected, leaks, yardstick)


def test_the_allowance_is_that_of_the_dtype_that_is_compared() -> None:
    # Bytes have no more digits in a float64 case than in any other.
    case = Case({"images": Input(Draw(0).bytes(3, 4))})
    scaled = lambda x: x.float() / 255  # noqa: E731
    other = lambda x: x.float() * (1 / 255)  # noqa: E731
    assert not compared(scaled, other, case, "elementwise", torch.float64)
    assert compared(
        lambda x: x.double() / 255, lambda x: (x.float() / 255).double(), case, "elementwise", torch.float64
    )
    yardstick = Yardstick("moved", torch.float64)
    assert yardstick.tolerance_for("float32") == relative_tolerance("moved", torch.float32) == 64 * 2.0**-23
    assert yardstick.tolerance_for("int64") == yardstick.tolerance_for(None) == 64 * 2.0**-52


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from(["moved", "elementwise", "unguarded"]), st.floats(0.01, 100))
def test_no_fact_is_made_of_rounding(seed: int, accuracy: str, part: float) -> None:
    """Whatever the difference is, below the tolerance there is none, and just above it has no structure."""
    draw = Draw(seed)
    noise = draw.normal(4, 5)
    noise = noise / noise.abs().max() * part * relative_tolerance(accuracy, torch.float64)
    case = Case({"x": Input(draw.normal(4, 5))})
    found = compared(torch.clone, lambda x: x + noise * x.abs().max(), case, accuracy, torch.float64)
    if part < 0.99:
        assert found is None
    elif part > 1.01:
        assert found
        assert found.fact.startswith("is right to about ")


def test_of_a_difference_near_the_tolerance_nothing_false_is_said() -> None:
    """Facts are looked for with more room than is allowed, in which the right values count as equal to themselves."""
    square = Draw(2).normal(5, 5)
    symmetric = square + square.T
    noise = torch.ones(25, dtype=torch.float64)
    noise[::2] = -1
    noise = 2 * relative_tolerance("reduction", torch.float32) * noise.view(5, 5).tril()
    for x in (symmetric, symmetric.flip(0) + symmetric, torch.full((5, 5), 3.0, dtype=torch.float64)):
        case = Case({"x": Input(x)})
        said = told(torch.clone, lambda x: x + (noise * x.abs().max()).to(x.dtype), case)
        assert said == "result is right to about 3 digits only in 15 of 25 entries"


# --- signs ------------------------------------------------------------------------------------------------------


def directions(x: Tensor) -> Tensor:
    """Principal components, with whatever signs they come."""
    return torch.linalg.svd(x - x.mean(0), full_matrices=False)[0][:, :3]


def flipped(*columns: int) -> Function:
    def function(x: Tensor) -> Tensor:
        made = directions(x)
        signs = torch.ones(3, dtype=x.dtype)
        signs[list(columns)] = -1
        return made * signs

    return function


def spread_out(seed: int) -> Case:
    # Variances far apart, so that the directions are well defined.
    return Case({"x": Input(Draw(seed).normal(9, 4) * torch.tensor([8.0, 4.0, 2.0, 1.0]))})


@pytest.mark.parametrize("seed", range(25))
def test_columns_are_right_up_to_their_signs(seed: int) -> None:
    case = spread_out(seed)
    assert not compared(directions, flipped(0, 2), case, signs="columns")
    assert not compared(directions, flipped(0, 1, 2), case, signs="columns")
    # Not up to more than that.
    assert compared(directions, lambda x: directions(x).abs(), case, signs="columns")
    assert compared(directions, lambda x: directions(x)[:, [1, 0, 2]], case, signs="columns")
    assert compared(directions, lambda x: directions(x) * 1.001, case, signs="columns")
    half = lambda x: torch.cat([directions(x)[:4], -directions(x)[4:]])  # noqa: E731
    assert compared(directions, half, case, signs="columns")
    assert compared(directions, half, case)
    transposed = (lambda x: directions(x).T.clone()), (lambda x: flipped(1)(x).T.clone())
    assert not compared(*transposed, case, signs="rows")
    assert compared(*transposed, case, signs="columns")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (flipped(0, 2), "result is right up to the sign of columns 0 and 2"),
        (flipped(1), "result is right up to the sign of column 1"),
        (flipped(0, 1, 2), "result has the wrong sign everywhere"),
        (
            lambda x: torch.cat([-directions(x)[:3], directions(x)[3:]]),
            "result is right up to the sign of rows 0 to 2",
        ),
    ],
)
def test_a_check_that_leaves_no_sign_free_names_them(wrong: Function, said: str) -> None:
    for seed in range(10):
        assert told(directions, wrong, spread_out(seed)) == said


def test_of_slices_the_dimension_is_named() -> None:
    case = Case({"x": Input(Draw(0).normal(2, 3, 4))})
    signs = torch.tensor([1.0, -1.0, 1.0])[:, None]
    assert (
        told(torch.clone, lambda x: x * signs, case)
        == "result is right up to the sign of slice 1 of dimension 1"
    )


def test_a_free_sign_is_no_part_of_what_is_told() -> None:
    wrong = lambda x: flipped(0, 1)(x) * torch.tensor([1.0, 1.0, 3.0])  # noqa: E731
    found = compared(directions, wrong, spread_out(1), signs="columns")
    assert found
    assert found.fact == "is 3 times too large in column 2, and right elsewhere"


def test_batches_have_signs_of_their_own_and_vectors_one() -> None:
    draw = Draw(5)
    batch, vector = draw.normal(2, 4, 3), draw.normal(5)
    signs = torch.tensor([[[1.0, -1, 1]], [[-1, -1, 1]]])
    assert torch.equal(aligned("result", batch, batch * signs, "columns"), batch)  # type: ignore[arg-type]
    assert torch.equal(aligned("result", vector, -vector, "columns"), vector)  # type: ignore[arg-type]
    mixed = vector * torch.tensor([1, 1, 1, 1, -1])
    assert not torch.equal(aligned("result", vector, mixed, "columns"), vector)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "got", [None, 3, "text", torch.zeros(2, 2), torch.zeros(0, 3), torch.full((4, 3), math.nan), torch.ones(4, 3, dtype=torch.int64)]
)  # fmt: skip
def test_nothing_else_is_turned(got: object) -> None:
    wanted = torch.zeros(0, 3) if isinstance(got, Tensor) and not got.numel() else torch.ones(4, 3)
    assert aligned("result", wanted, got, "columns") is got or torch.equal(
        aligned("result", wanted, got, "columns").isnan(), got.isnan()
    )  # type: ignore[arg-type,union-attr]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"signs": "diagonals"}, "signs 'diagonals' is not one of"),
        ({"signs": "columns", "looks_at": ("result", "gradient.x")}, "so are those of its gradients"),
        ({"signs": "columns", "property": lambda case, seen: None}, "a property judges by itself"),
        ({"also": rate, "property": lambda case, seen: None}, "a property judges by itself"),
    ],
)
def test_what_does_not_go_together_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check(points=1, **options)


# --- nearness ---------------------------------------------------------------------------------------------------


def test_distance_is_small_for_what_is_alike() -> None:
    case = Case({"x": Input(Draw(0).normal(3, 4))})
    expected = expect(torch.clone, case, torch.float64)
    yardstick = Yardstick("reduction", torch.float64, ("result",))

    def apart(function: Function) -> float:
        return distance(expected, observe(function, case), yardstick)

    assert apart(torch.clone) == 0
    assert apart(lambda x: 1.1 * x) == pytest.approx(0.1)
    assert apart(lambda x: 1.1 * x) < apart(lambda x: 1.2 * x) < apart(lambda x: -x) == 1
    assert (
        apart(lambda x: x[0]) == apart(lambda x: None) == apart(lambda x: x / 0) == apart(lambda x: x.no) == 1
    )


def test_values_beside_vectors_have_signs_of_their_own() -> None:
    """Singular vectors are right up to a sign; singular values beside them are not."""
    both = lambda x: torch.linalg.svd(x, full_matrices=False)[:2]  # noqa: E731
    yardstick = Yardstick("reduction", torch.float64, ("result",), signs="columns")
    case = Case({"x": Input(Draw(3).normal(5, 4))})
    expected = expect(both, case, torch.float64)

    def judged(vectors: float, values: float) -> Difference | None:
        turned = lambda x: (vectors * both(x)[0], values * both(x)[1])  # noqa: E731
        return find_difference(expected, observe(turned, case.to(torch.float64)), yardstick)

    assert judged(-1, 1) is None
    found = judged(1, -1)
    assert found
    assert found.message.startswith("second returned value has the wrong sign")


@pytest.mark.parametrize(
    ("expected", "got", "place"),
    [
        (torch.tensor([2**60]), torch.tensor([2**60 + 1]), f"got {2**60 + 1}, expected {2**60}"),
        (torch.tensor([True]), torch.tensor([False]), "got False, expected True"),
        (torch.tensor([0.5]), torch.tensor([0.25]), "got 0.25, expected 0.5"),
    ],
)
def test_whole_numbers_and_truth_values_are_shown_as_they_are(
    expected: Tensor, got: Tensor, place: str
) -> None:
    found = compared(lambda x: expected, lambda x: got, Case({"x": Input(torch.ones(2))}))
    assert found
    assert place in found.place
