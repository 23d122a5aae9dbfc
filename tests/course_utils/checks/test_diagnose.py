"""Which idea is behind a wrong answer."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from course_utils.checks import Case, Check, Draw, Input, Misconception, check, misconception
from course_utils.checks.diagnose import Diagnosis, Idea
from course_utils.checks.judge import Verdict, judge
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise
from tests.support.exercises import exercise

# A small exercise: each row divided by its largest entry.


def scaled(x: Tensor) -> Tensor:
    return x / x.max(dim=1, keepdim=True).values


@check(points=2)
def values(draw: Draw) -> list[Case]:
    """The rows are right."""
    return [Case({"x": Input(draw.normal(n, 5))}) for n in (3, 4, 1)]


@check(points=1, looks_at=("gradient",))
def gradient(draw: Draw) -> Case:
    """The gradient is right."""
    return Case({"x": Input(draw.normal(3, 5), wants_grad=True)})


@check(points=1)
def layouts(draw: Draw) -> list[Case]:
    """Transposed memory is no matter."""
    return [Case({"x": Input(draw.normal(3, 4), contiguous=False)})]


@check(points=1)
def twice(draw: Draw) -> Case:
    """The same again."""
    return Case({"x": Input(draw.normal(2, 3))}, calls=(("x",), ("x",)))


@misconception(hint="One maximum for all?")
def by_the_largest_of_all(x: Tensor) -> Tensor:
    """One maximum for all rows."""
    return x / x.max()


@misconception(hint="What if there is one row?")
def no_single_row(x: Tensor) -> Tensor:
    """A batch of one loses its dimension."""
    return scaled(x.squeeze(0))


@misconception(hint="Is the maximum a constant?")
def maximum_detached(x: Tensor) -> Tensor:
    """The maximum is taken for a constant."""
    return x / x.detach().max(dim=1, keepdim=True).values


CHECKS: tuple[Check, ...] = (values, gradient, layouts, twice)
BANK: tuple[Misconception, ...] = (by_the_largest_of_all, no_single_row, maximum_detached)


def prepare(*checks: Check, bank: tuple[Misconception, ...] = BANK) -> PreparedExercise:
    return exercise("unit.scaled", scaled, checks or CHECKS, bank).prepare(b"secret")


def verdict(function: Callable[..., object], exercise: PreparedExercise | None = None) -> Verdict:
    exercise = exercise or prepare()
    return judge(
        exercise, {item.id: [observe(function, case) for case in item.cases] for item in exercise.checks}
    )


def test_every_misconception_is_named() -> None:
    for wrong in BANK:
        result = verdict(wrong.function)
        assert result.misconception == wrong.id
        (idea,) = result.diagnosis.ideas
        assert idea.hint == wrong.hint
        assert idea.explains == tuple(item.check.id for item in result.checks if not item.passed)


def test_raising_where_an_idea_raises_names_it() -> None:
    """It is wrong in no value: the pattern of cases in which it raises is what tells."""
    result = verdict(lambda x: x / x.squeeze().max(1, keepdim=True).values)
    assert result.misconception == "no-single-row"


def test_raising_elsewhere_names_nothing() -> None:
    def fails_for_four(x: Tensor) -> Tensor:
        if len(x) == 4:
            raise IndexError("four")
        return scaled(x)

    result = verdict(fails_for_four)
    assert (result.misconception, result.diagnosis.alike) == (None, ())
    assert result.diagnosis.fact == "right wherever it does not raise"


@misconception(hint="Does it learn?")
def off_the_graph(x: Tensor) -> Tensor:
    """No gradient at all."""
    return scaled(x.detach())


def test_what_the_checks_do_not_look_at_can_still_tell() -> None:
    """Both show the values of a right answer divided by ten; the gradient, for which no check asks, is different."""

    @misconception(hint="One.")
    def tenth(x: Tensor) -> Tensor:
        """A tenth."""
        return scaled(x) / 10

    @misconception(hint="Other.")
    def tenth_off_the_graph(x: Tensor) -> Tensor:
        """A tenth, off the graph."""
        return scaled(x.detach()) / 10

    @check(points=1)
    def with_gradient(draw: Draw) -> Case:
        """The rows are right."""
        return Case({"x": Input(draw.normal(3, 5), wants_grad=True)})

    exercise = prepare(with_gradient, bank=(tenth, tenth_off_the_graph))
    assert verdict(tenth.function, exercise).misconception == "tenth"
    assert verdict(tenth_off_the_graph.function, exercise).misconception == "tenth-off-the-graph"
    # A third answer has the values of both and the gradient of neither.
    result = verdict(lambda x: scaled(x) / 10 + 0 * x + (x - x.detach()), exercise)
    assert [idea.name for idea in result.diagnosis.alike] == ["tenth", "tenth-off-the-graph"]
    assert [idea.hint for idea in result.diagnosis.alike] == ["One.", "Other."]
    assert not result.diagnosis.together
    assert result.diagnosis.separated_by == "gradient with respect to x"


@pytest.mark.parametrize(
    ("function", "fact"),
    [
        (
            lambda x: x / x.max(1, keepdim=True).values + 2 * (x - x.detach()),
            "right values, but wrong gradients",
        ),
        (
            lambda x: scaled(x) if x.is_contiguous() else x,
            "right, except for inputs that are not contiguous in memory",
        ),
        (lambda x: scaled(x) if len(x) > 1 else x, "right, except for a batch of one"),
        (lambda x: 3 * scaled(x), ""),
        (lambda x: scaled(x) * len(x), "result is x.shape[0] times what it should be in every case"),
        (
            lambda x: scaled(x) / x.shape[1] ** 0.5,
            "result is 1 / sqrt(x.shape[1]) times what it should be in every case",
        ),
    ],
)
def test_facts(function: Callable[..., object], fact: str) -> None:
    result = verdict(function)
    assert (result.misconception, result.diagnosis.fact) == (None, fact)


def test_wrong_on_the_second_call() -> None:
    last: list[int] = [0]

    def changes(x: Tensor) -> Tensor:
        again, last[0] = id(x) == last[0], id(x)
        return scaled(x) * (1 + again)

    kept = [torch.zeros(1)]  # keeps ids from being used again

    def keeps(x: Tensor) -> Tensor:
        kept.append(x)
        return changes(x)

    assert verdict(keeps).diagnosis.fact == "right on the first call, wrong on the one after it"


def test_a_right_answer_has_no_diagnosis() -> None:
    result = verdict(lambda x: x / x.amax(1, keepdim=True))
    assert result.diagnosis == Diagnosis()


def test_two_mistakes_at_once_are_both_named() -> None:
    """Each is seen in checks of its own, and neither would have failed a check that passed."""

    def both(x: Tensor) -> Tensor:
        y = x.squeeze(0)
        return y / y.detach().max(dim=1, keepdim=True).values

    result = verdict(both)
    assert (result.misconception, result.diagnosis.alike) == (None, ())
    found = result.diagnosis
    assert [(idea.name, idea.explains) for idea in found.together] == [
        ("no-single-row", ("values",)),
        ("maximum-detached", ("gradient",)),
    ]


@check(points=1, looks_at=("result", "gradient"))
def meeting(draw: Draw) -> list[Case]:
    """One row, and gradients."""
    return [Case({"x": Input(draw.normal(1, 5))}), Case({"x": Input(draw.normal(3, 5), wants_grad=True)})]


def test_two_mistakes_may_meet_in_a_check_that_shows_neither() -> None:
    def both(x: Tensor) -> Tensor:
        y = x.squeeze(0)
        return y / y.detach().max(dim=1, keepdim=True).values

    assert [idea.name for idea in verdict(both, prepare(values, gradient, meeting)).diagnosis.together] == [
        "no-single-row",
        "maximum-detached",
    ]


def test_a_mistake_seen_only_where_another_would_be_is_none_of_two() -> None:
    def one_or_the_other(x: Tensor) -> Tensor:
        return by_the_largest_of_all.function(x) if x.requires_grad else no_single_row.function(x)

    assert not verdict(one_or_the_other, prepare(values, gradient)).diagnosis.together


def test_an_exception_in_part_of_the_cases_is_none_of_two() -> None:
    @misconception(hint="Five?")
    def five_columns_only(x: Tensor) -> Tensor:
        """There are always five columns."""
        if x.shape[1] != 5:
            raise IndexError
        return scaled(x)

    @misconception(hint="Three?")
    def three_rows_only(x: Tensor) -> Tensor:
        """Three rows are right, any others twice too large."""
        return (1 + (len(x) != 3)) * scaled(x)

    def raises_for_four_columns(x: Tensor) -> Tensor:
        if x.shape[1] == 4:
            raise IndexError
        return three_rows_only.function(x)

    result = verdict(
        raises_for_four_columns, prepare(values, layouts, twice, bank=(five_columns_only, three_rows_only))
    )
    assert not any(item.passed for item in result.checks)
    assert not result.diagnosis.together


def test_a_mistake_that_would_have_failed_more_is_none_of_two() -> None:
    def detached_and_tripled(x: Tensor) -> Tensor:
        return 3 * scaled(x) if len(x) == 4 else x / x.detach().max(dim=1, keepdim=True).values

    assert not verdict(detached_and_tripled).diagnosis.together


def test_an_idea_is_named_for_what_it_explains_and_the_rest_is_told_as_a_fact() -> None:
    """Whoever drops the detached maximum's gradient and raises for transposed memory made two mistakes, of which one is
    known."""

    def detached_and_contiguous_only(x: Tensor) -> Tensor:
        if not x.is_contiguous():
            raise RuntimeError("not contiguous")
        return maximum_detached.function(x)

    found = verdict(detached_and_contiguous_only).diagnosis
    assert [(idea.name, idea.explains) for idea in found.ideas] == [("maximum-detached", ("gradient",))]
    assert found.failed == 2


def test_an_idea_that_would_have_changed_what_is_right_is_not_named() -> None:
    def largest_of_all_at_times(x: Tensor) -> Tensor:
        return by_the_largest_of_all.function(x) if len(x) == 2 else scaled(x)

    assert not verdict(largest_of_all_at_times).diagnosis.ideas


def test_two_ideas_in_one_quantity_hide_each_other() -> None:
    @misconception(hint="Squared?")
    def squared(x: Tensor) -> Tensor:
        """The entries are squared."""
        return scaled(x) ** 2

    both = verdict(
        lambda x: by_the_largest_of_all.function(x) ** 2,
        prepare(values, bank=(by_the_largest_of_all, squared)),
    )
    assert not both.diagnosis.ideas


@pytest.mark.parametrize(
    "under",
    [
        torch.Tensor.double,
        lambda y: y[None],
        lambda y: y[:-1] if len(y) > 1 else y,
        lambda y: [y],
        lambda y: y * 1.001,
    ],
    ids=["double", "dimension", "last", "list", "factor"],
)
def test_an_idea_is_seen_through_another_slip(under: Callable[[Tensor], object]) -> None:
    found = verdict(lambda x: under(by_the_largest_of_all.function(x)))
    assert [idea.name for idea in found.diagnosis.ideas] == ["by-the-largest-of-all"]


def test_what_could_come_from_anything_names_nothing() -> None:
    """A zero gradient, an exception: with something else wrong as well they speak for no idea."""

    @misconception(hint="Learns?")
    def never_learns(x: Tensor) -> Tensor:
        """There is no gradient."""
        return scaled(x).detach()

    found = verdict(lambda x: torch.round(scaled(x) * 7).detach(), prepare(bank=(never_learns,))).diagnosis
    assert not found.ideas


def test_one_case_with_the_largest_size_is_no_kind_of_case() -> None:
    assert verdict(lambda x: scaled(x) if len(x) != 4 else x).diagnosis.fact == ""


def test_what_was_returned_before_is_recognised() -> None:
    kept: list[Tensor] = []

    def first_kept(x: Tensor) -> Tensor:
        kept.append(scaled(x).detach())
        return kept[0]

    @check(points=1)
    def more(draw: Draw) -> list[Case]:
        """Others of the same size."""
        return [Case({"x": Input(draw.normal(3, 5))}) for _ in range(3)]

    assert verdict(first_kept, prepare(more)).diagnosis.fact == "returns what it returned for earlier inputs"


@check(points=1)
def wide_and_narrow(draw: Draw) -> list[Case]:
    """Rows of many lengths."""
    return [Case({"x": Input(draw.normal(3, n))}) for n in (3, 4, 8, 9)]


@check(points=1, looks_at=("gradient",))
def gradients_of_narrow_ones(draw: Draw) -> list[Case]:
    """Gradients of short rows."""
    return [Case({"x": Input(draw.normal(3, n), wants_grad=True)}) for n in (2, 3, 4)]


def test_a_threshold_needs_several_cases_on_both_sides() -> None:
    def up_to(size: int) -> Callable[[Tensor], Tensor]:
        return lambda x: scaled(x) if x.shape[1] <= size else scaled(x) + 0.7 * x

    def told(function: Callable[[Tensor], Tensor], *sizes: int) -> str:
        @check(points=1)
        def of_sizes(draw: Draw) -> list[Case]:
            """Rows of some lengths."""
            return [Case({"x": Input(draw.normal(3, n))}) for n in sizes]

        return verdict(function, prepare(of_sizes)).diagnosis.fact

    def from_on(size: int) -> Callable[[Tensor], Tensor]:
        return lambda x: scaled(x) if x.shape[1] >= size else scaled(x) + 0.7 * x

    assert told(up_to(4), 3, 4, 8, 9) == "right, except where x.shape[1] is large"
    assert told(from_on(8), 3, 4, 8, 9) == "right, except where x.shape[1] is small"
    # One case only on a side.
    assert told(up_to(8), 3, 4, 8, 9) == ""
    assert told(up_to(3), 3, 4, 8, 9) == ""
    # No gap between the sides, which sizes that follow each other always have.
    assert told(up_to(5), 4, 5, 6, 7) == ""
    # Several cases, but one size only, on each side.
    assert told(up_to(4), 3, 3, 8, 8) == ""


def test_a_threshold_of_a_number_needs_no_gap() -> None:
    @check(points=1)
    def factors(draw: Draw) -> list[Case]:
        """Rows times a number."""
        return [Case({"x": Input(draw.normal(3, 5)), "factor": n}) for n in (0.1, 0.2, 0.21, 0.5)]

    def times(x: Tensor, factor: float) -> Tensor:
        return scaled(x) * factor

    def not_below(x: Tensor, factor: float) -> Tensor:
        return times(x, factor) if factor > 0.205 else times(x, factor) + 0.7 * x

    prepared = exercise("unit.times", times, (factors,), ()).prepare(b"secret")
    assert verdict(not_below, prepared).diagnosis.fact == "right, except where factor is small"


def test_a_case_is_right_only_where_its_check_looks_at_what_is_wrong() -> None:
    """All values are wrong: that gradients of short rows are right does not make it right there."""
    assert (
        verdict(lambda x: scaled(x) + 1, prepare(wide_and_narrow, gradients_of_narrow_ones)).diagnosis.fact
        == ""
    )


def test_a_single_number_names_no_idea_that_another_case_contradicts() -> None:
    """Where there are four columns, to divide by two is to divide by the root of their number."""

    def mean_over_root(x: Tensor) -> Tensor:
        return scaled(x).mean() / x.shape[1] ** 0.5

    @misconception(hint="Half?")
    def halved(x: Tensor) -> Tensor:
        """Half of it."""
        return scaled(x).mean() / 2

    @check(points=1)
    def of_four(draw: Draw) -> Case:
        """Four columns."""
        return Case({"x": Input(draw.normal(3, 4))})

    @check(points=1)
    def of_others(draw: Draw) -> list[Case]:
        """Other numbers of columns."""
        return [Case({"x": Input(draw.normal(3, n))}) for n in (3, 7)]

    tested = exercise("unit.mean", lambda x: scaled(x).mean(), (of_four, of_others), (halved,))
    assert verdict(mean_over_root, tested.prepare(b"secret")).diagnosis.ideas == ()
    assert verdict(halved.function, tested.prepare(b"secret")).misconception == "halved"


def test_what_waits_is_not_counted() -> None:
    ideas = (Idea("one", "One?", ("a", "b")), Idea("other", "Other?", ("c",)))
    found = Diagnosis(ideas, failed=4).of_failed(["a", "d"])
    assert found == Diagnosis((Idea("one", "One?", ("a",)),), failed=2)
