"""A kind of case is told as the cause only where what is wrong looks like it."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from course_utils.checks import Case, Check, Draw, Input, check
from course_utils.checks.judge import judge
from course_utils.checks.observe import observe
from tests.support.exercises import exercise

ZEROS = "right, except where an input has entries that are exactly zero"


def sines(x: Tensor) -> Tensor:
    return x.sin()


def _by_hand() -> Case:
    return Case.of(x=torch.tensor([[1.0, 0.0], [1.0, 2.5], [0.0, 0.75]], dtype=torch.float64))


@check(points=1, visible=True)
def values(draw: Draw) -> list[Case]:
    """Sines are right."""
    return [_by_hand(), *(Case.of(x=draw.normal(n, 5)) for n in (3, 4, 7))]


@check(points=1, dtype=torch.float64, accuracy="unguarded")
def double(draw: Draw) -> Case:
    """In float64 as well."""
    return Case.of(x=draw.normal(3, 4))


@check(points=1)
def zeros(draw: Draw) -> Case:
    """Some entries are zero, in two rows of five."""
    x = draw.normal(5, 4)
    x[1, 2] = x[3, 0] = 0
    return Case.of(x=x)


def fact(
    wrong: Callable[..., Tensor],
    *checks: Check,
    reference: Callable[..., Tensor] = sines,
    id_: str = "unit.sines",
) -> str:
    prepared = exercise(id_, reference, checks, ()).prepare(b"secret")
    seen = {item.id: [observe(wrong, case) for case in item.cases] for item in prepared.checks}
    return judge(prepared, seen).diagnosis.fact


def test_a_case_by_hand_alone_does_not_say_that_its_zeros_are_the_cause() -> None:
    def wrong_for_ties(x: Tensor) -> Tensor:
        return sines(x) + (x[:, :1] == x[0, 0]).sum() - 1

    assert fact(wrong_for_ties, values) == ""


def test_zeros_are_the_cause_where_the_wrong_entries_are() -> None:
    def as_ones(x: Tensor) -> Tensor:
        return sines(torch.where(x == 0, 1.0, x))

    def wrong_in_another_row(x: Tensor) -> Tensor:
        return sines(x) + bool((x == 0).any()) * (torch.arange(len(x)) == 2)[:, None]

    assert fact(as_ones, values, zeros) == ZEROS
    assert fact(wrong_in_another_row, values, zeros) == ""


def test_zeros_are_the_cause_where_several_drawn_cases_have_them_and_most_do_not() -> None:
    def sum_of_sines(x: Tensor) -> Tensor:
        return x.sin().sum()

    def told(with_zeros: int, without: int) -> str:
        @check(points=1)
        def sums(draw: Draw) -> list[Case]:
            """Sums are right."""
            others = [Case.of(x=draw.normal(3, 4)) for _ in range(without)]
            return [*(Case.of(x=draw.with_zeros(3, 4)) for _ in range(with_zeros)), *others]

        return fact(lambda x: sum_of_sines(x) + (x == 0).sum(), sums, reference=sum_of_sines, id_="unit.sums")

    assert told(2, 4) == ZEROS
    assert told(1, 4) == "", "one case"
    assert told(4, 2) == "", "nearly all have some"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda x: sines(x.float()), "right, except for float64 inputs"),
        (lambda x: sines(x.float()).to(x.dtype), "right, except for float64 inputs"),
        (lambda x: sines(x) * (2 if len(x) == 3 and x.shape[1] == 4 else 1), ""),
    ],
    ids=["float32", "through float32", "three rows of four"],
)
def test_float64_is_the_cause_where_digits_are_missing(wrong: Callable[..., Tensor], told: str) -> None:
    assert fact(wrong, values, double) == told


def test_a_case_by_hand_is_none_of_the_small_ones() -> None:
    @check(points=1, visible=True)
    def sizes(draw: Draw) -> list[Case]:
        """Rows of some lengths."""
        by_hand = Case.of(x=torch.tensor([[1.0, 0.5]], dtype=torch.float64))
        return [by_hand, *(Case.of(x=draw.normal(n, n)) for n in (3, 8, 9))]

    assert fact(lambda x: sines(x) + (x.shape[1] < 5), sizes) == ""


def test_a_kind_of_which_some_are_right_is_no_cause() -> None:
    @check(points=1)
    def layouts(draw: Draw) -> list[Case]:
        """Transposed memory is no matter."""
        return [Case({"x": Input(draw.normal(3, n), contiguous=n == 5)}) for n in (4, 5, 5, 5, 6)]

    calls = iter(range(9))
    assert fact(lambda x: sines(x) + (next(calls) in (1, 2)), layouts) == ""
    assert fact(lambda x: sines(x) + (not x.is_contiguous()), layouts).endswith("not contiguous in memory")
