"""From observations to points, statuses and diagnoses."""

import linecache
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from course_utils import shipped
from course_utils.checks import Case, Check, Draw, Input, Misconception, check, misconception
from course_utils.checks.judge import (
    CORRECT,
    ERROR,
    NOT_ATTEMPTED,
    TIMEOUT,
    WITHHELD,
    WRONG,
    Verdict,
    judge,
    not_run,
)
from course_utils.checks.observe import CELL, observe
from course_utils.checks.prepared import Fault, PreparedExercise
from tests.support.exercises import exercise

# A small exercise: the sum of the squares of the columns; negative sizes are refused.


def squares(x: Tensor) -> Tensor:
    if x.numel() > 50:
        raise ValueError("too large")
    return (x**2).sum(dim=0)


@check(points=2)
def values(draw: Draw) -> list[Case]:
    """The sums are right."""
    return [Case({"x": Input(draw.normal(3, 5))}), Case({"x": Input(draw.normal(4, 2))})]


@check(points=1, looks_at=("gradient",))
def gradient(draw: Draw) -> Case:
    """The gradient is right."""
    return Case({"x": Input(draw.normal(3, 5), wants_grad=True)})


@check(points=0.5, looks_at=("after",), side=True)
def unchanged(draw: Draw) -> Case:
    """The input is unchanged."""
    return Case({"x": Input(draw.normal(3, 5))})


@check(points=0.5, looks_at=("exception",), side=True)
def too_large(draw: Draw) -> Case:
    """Too large an input is refused."""
    return Case({"x": Input(draw.normal(30, 5))})


@misconception(hint="Is it a square?")
def absolute(x: Tensor) -> Tensor:
    """Absolute values."""
    return x.abs().sum(dim=0)


@misconception(hint="What about the gradient?")
def detached(x: Tensor) -> Tensor:
    """No gradient."""
    return squares(x.detach())


@misconception(hint="Equal to another one.")
def absolute_again(x: Tensor) -> Tensor:
    """The same as absolute, but refuses large inputs."""
    return x.abs().sum(dim=0) if x.numel() <= 50 else squares(x)


CHECKS: tuple[Check, ...] = (values, gradient, unchanged, too_large)
BANK: tuple[Misconception, ...] = (absolute, detached, absolute_again)


def prepare(*checks: Check) -> PreparedExercise:
    return exercise("unit.squares", squares, checks or CHECKS, BANK).prepare(b"secret")


def verdict(function: Callable[..., object], exercise: PreparedExercise | None = None) -> Verdict:
    exercise = exercise or prepare()
    return judge(
        exercise, {item.id: [observe(function, case) for case in item.cases] for item in exercise.checks}
    )


def test_the_reference_gets_all_points() -> None:
    result = verdict(squares)
    assert (result.status, result.score, result.max_score) == (CORRECT, 4, 4)
    assert not result.diagnosis.ideas


@pytest.mark.parametrize(
    "trivial", [lambda x: None, lambda x: x, lambda x: torch.zeros(5), lambda x: x.sum(0), lambda x: 1]
)
def test_trivial_answers_get_nothing(trivial: Callable[..., object]) -> None:
    result = verdict(trivial)
    assert (result.status, result.score) == (WRONG, 0)
    assert any(item.waits and item.message == WITHHELD for item in result.checks)


def test_partial_credit_by_check() -> None:
    result = verdict(detached.function)
    assert (result.status, result.score) == (WRONG, 3)
    assert [item.passed for item in result.checks] == [True, False, True, True]


def test_one_wrong_case_fails_its_check_and_is_named() -> None:
    result = verdict(lambda x: squares(x) if x.shape[0] != 4 else squares(x) * 2)
    assert not result.checks[0].passed
    assert result.checks[0].case == 1
    assert result.checks[0].message == "result is wrong in 2 of 2 entries"


def test_a_mistake_is_diagnosed_when_one_idea_alone_explains_it() -> None:
    assert verdict(absolute.function).misconception == "absolute"
    assert verdict(absolute_again.function).misconception == "absolute-again"
    assert verdict(detached.function).diagnosis.ideas[0].hint == "What about the gradient?"
    assert verdict(lambda x: 3 * squares(x)).misconception is None


def test_two_ideas_that_explain_it_equally_are_no_diagnosis() -> None:
    # Without the large input, absolute and absolute-again cannot be told apart.
    assert verdict(absolute.function, prepare(values, gradient)).misconception is None


def test_a_misconception_is_not_diagnosed_by_an_exception_alone() -> None:
    def raises(x: Tensor) -> Tensor:
        raise ValueError("always")

    result = verdict(raises)
    assert (result.status, result.misconception) == (ERROR, None)


# --- statuses ---------------------------------------------------------------------------------------------------


def cell(source: str) -> Callable[..., object]:
    filename = f"{CELL} {hash(source)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, object] = {"torch": torch}
    exec(compile(source, filename, "exec"), namespace)
    return namespace["f"]  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ('def f(x):\n    raise NotImplementedError("unit.squares")', NOT_ATTEMPTED),
        ("def f(x):\n    raise NotImplementedError", NOT_ATTEMPTED),
        # torch raises NotImplementedError too: that's an attempt.
        ("def f(x):\n    return x.to('meta').sum().cpu()", ERROR),
        ("def f(x):\n    return x + undefined", ERROR),
        ("def f(x, y):\n    return x", ERROR),
        ("def f(x):\n    return x if x.numel() < 20 else 1 / 0", WRONG),
    ],
)
def test_status(source: str, status: str) -> None:
    result = verdict(cell(source))
    assert (result.status, result.score) == (status, 0)


def test_an_exception_is_told_with_the_students_line() -> None:
    message = verdict(cell("def f(x):\n    y = x + 1\n    return y.nope()")).checks[0].message
    assert message == "the call raised AttributeError, in line 3 of your cell: return y.nope()"


def test_an_exceptions_text_is_not_told_of_a_hidden_check() -> None:
    """It could carry the hidden inputs out."""
    result = verdict(cell("def f(x):\n    raise ValueError(str(x))"))
    hidden = [item.message for item in result.checks if not item.check.visible]
    assert hidden
    assert all("tensor(" not in message for message in hidden)


def test_the_text_of_an_exception_is_told_by_visible_checks_alone() -> None:
    @check(points=1, visible=True)
    def seen(draw: Draw) -> Case:
        """Right."""
        return Case({"x": Input(draw.normal(3, 5), wants_grad=True)})

    exercise = prepare(seen, values)
    broken = cell("def f(x):\n    raise ValueError(f'sum {x.shape}')")
    messages = [item.message for item in verdict(broken, exercise).checks]
    line = ", in line 2 of your cell: raise ValueError(f'sum {x.shape}')"
    assert messages == [
        "the call raised ValueError: sum torch.Size([3, 5])" + line,
        "the call raised ValueError" + line,
    ]
    backward = cell("def f(x):\n    y = x.exp()\n    z = y.sin().sum(0)\n    y.zero_()\n    return z")
    message = verdict(backward, exercise).checks[0].message
    assert message.startswith(
        "the call raised RuntimeError in the backward pass, RuntimeError: one of the variables"
    )


def test_no_text_is_told_of_a_process_that_has_seen_hidden_cases() -> None:
    @check(points=1, visible=True)
    def seen(draw: Draw) -> Case:
        """Right."""
        return Case({"x": Input(draw.normal(3, 5))})

    exercise = prepare(seen)
    broken = cell("def f(x):\n    raise ValueError(f'sum {x.shape}')")
    observations = {item.id: [observe(broken, case) for case in item.cases] for item in exercise.checks}
    (told,) = judge(exercise, observations).checks
    (kept,) = judge(exercise, observations, hidden=True).checks
    assert "sum torch.Size([3, 5])" in told.message
    assert (
        kept.message
        == "the call raised ValueError, in line 2 of your cell: raise ValueError(f'sum {x.shape}')"
    )


def test_a_fault_fails_its_check_and_decides_the_status() -> None:
    exercise = prepare()
    seen = {item.id: [observe(squares, case) for case in item.cases] for item in exercise.checks}
    seen["values"] = [seen["values"][0], Fault(TIMEOUT, "took longer than 3 s")]  # type: ignore[list-item]
    result = judge(exercise, seen)
    assert (result.status, result.score) == (TIMEOUT, 2)
    assert result.checks[0].message == "took longer than 3 s"


def test_missing_cases_count_as_failed() -> None:
    exercise = prepare()
    seen = {"values": [observe(squares, exercise.checks[0].cases[0])]}
    result = judge(exercise, seen)
    assert result.score == 0
    assert not any(item.passed for item in result.checks)


def test_a_function_that_could_not_be_called() -> None:
    result = not_run(prepare(), NOT_ATTEMPTED, "there is no function squares")
    assert (result.score, result.max_score) == (0, 4)
    assert {item.message for item in result.checks} == {"there is no function squares"}


def test_a_property_judges_the_observation() -> None:
    def positive(case: Case, observation: object) -> str | None:
        return None if bool((observation.quantities["result"] > 0).all()) else "should be positive"  # type: ignore[attr-defined]

    @check(points=1, property=positive)
    def is_positive(draw: Draw) -> Case:
        """Positive."""
        return Case({"x": Input(draw.normal(3, 5))})

    exercise = prepare(is_positive)
    assert verdict(lambda x: x**2, exercise).score == 1
    assert verdict(lambda x: -(x**2), exercise).checks[0].message == "should be positive"


# --- what waits, and which case speaks ----------------------------------------------------------------------------


@check(points=2, visible=True)
def seen_values(draw: Draw) -> list[Case]:
    """The sums are right."""
    return [Case.of(x=draw.normal(*sizes)) for sizes in ((3, 5), (2, 2), (4, 2))]


@check(points=1, visible=True, looks_at=("gradient",))
def seen_gradient(draw: Draw) -> Case:
    """The gradient is right."""
    return Case.of(x=draw.normal(3, 5)).wanting_gradients()


SEEN = (seen_values, seen_gradient, gradient)


def test_a_gradient_check_waits_while_the_values_are_wrong() -> None:
    values_, shown, hidden = verdict(lambda x: 2 * squares(x), prepare(*SEEN)).checks
    assert (values_.passed, shown.passed, hidden.passed) == (False, False, False)
    assert (shown.waits, shown.message, shown.points) == (True, "judged once the values are right", 0)
    # Of a hidden check is told what can be: its reader has handed in.
    assert (hidden.waits, hidden.message) == (
        False,
        "gradient with respect to x is twice too large everywhere",
    )


def test_a_right_gradient_of_wrong_values_keeps_its_points() -> None:
    result = verdict(lambda x: squares(x) + 1, prepare(*SEEN))
    assert [(item.passed, item.waits) for item in result.checks] == [
        (False, False),
        (True, False),
        (True, False),
    ]
    assert result.score == 2


def test_with_right_values_or_an_exception_nothing_waits() -> None:
    shown = verdict(detached.function, prepare(*SEEN)).checks[1]
    assert (shown.waits, shown.message) == (
        False,
        "gradient with respect to x is zero everywhere, but should not be",
    )

    def two_slips(x: Tensor) -> Tensor:
        return squares(x.detach()) * (2 if len(x) == 4 else 1)

    # Where the values of its own case are right, it is judged.
    values_, shown, _ = verdict(two_slips, prepare(*SEEN)).checks
    assert (values_.passed, shown.passed, shown.waits) == (False, False, False)

    def in_place(x: Tensor) -> Tensor:
        x *= 2
        return (x**2).sum(dim=0)

    shown = verdict(in_place, prepare(*SEEN)).checks[1]
    assert not shown.waits
    assert "raised RuntimeError" in shown.message


def test_of_several_failing_cases_the_smallest_speaks() -> None:
    everywhere = verdict(lambda x: 2 * squares(x), prepare(*SEEN)).checks[0]
    assert everywhere.case == 1
    larger = verdict(lambda x: squares(x) * (2 if x.numel() > 4 else 1), prepare(*SEEN)).checks[0]
    assert larger.case == 2
    # Nobody is shown a hidden case, so the first one is as good.
    assert verdict(lambda x: 2 * squares(x)).checks[0].case == 0


def test_a_fault_after_a_failing_case_hides_it_not() -> None:
    exercise_ = prepare(seen_values)
    wrong_ = observe(lambda x: 2 * squares(x), exercise_.checks[0].cases[0])
    (told,) = judge(exercise_, {"seen-values": [wrong_, Fault(TIMEOUT, "too slow")]}).checks
    assert told.message == "result is twice too large everywhere"
    (told,) = judge(exercise_, {"seen-values": [Fault(TIMEOUT, "too slow")]}).checks
    assert told.message == "too slow"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"asks": " very small temperatures "}, "very small temperatures"),
        ({"looks_at": ("exception",)}, "which exceptions are raised"),
        ({"looks_at": ("gradient.x",)}, "gradients"),
        ({"looks_at": ("after",), "side": True}, "what is left alone"),
        ({}, "other values and sizes"),
        ({"dtype": torch.float64}, "other values and sizes in float64"),
    ],
)
def test_a_hidden_check_says_what_it_looks_at(options: dict[str, object], said: str) -> None:
    @check(points=1, **options)  # type: ignore[arg-type]
    def hidden(draw: Draw) -> Case:
        """The sums are right elsewhere, at a place that is told nowhere."""
        return Case.of(x=draw.normal(3, 5))

    made = prepare(seen_values, hidden, replace(hidden, id="again"))
    assert made.hidden == (said,)
    # It travels with the visible checks, and the title does not.
    data = shipped.record(made, 3.0)
    assert shipped.unpack(shipped.decode(data))[0].hidden == (said,)
    assert "elsewhere" not in " ".join(shipped.all_texts(data))


def test_what_a_check_asks_is_a_piece_of_a_list() -> None:
    with pytest.raises(ValueError, match="no stop behind them"):
        check(points=1, asks="very small temperatures.")


def _loss(x: Tensor) -> Tensor:
    return x.square().mean()


@check(points=1, visible=True)
def losses(draw: Draw) -> list[Case]:
    """The loss is right."""
    return [Case({"x": Input(draw.normal(n, 3))}) for n in (2, 4)]


@check(points=1, side=True, property=lambda case, seen: "result leaves out the zeros")
def leaves_nothing_out(draw: Draw) -> Case:
    """Zeros count."""
    return Case({"x": Input(draw.normal(2, 3))})


def test_an_expression_is_told_only_if_it_holds_in_several_cases() -> None:
    prepared = exercise("unit.loss", _loss, (losses,), ()).prepare(b"secret")

    def message(function: Callable[[Tensor], Tensor], *, hidden: bool = False) -> str:
        seen = {"losses": [observe(function, case) for case in prepared.checks[0].cases]}
        return judge(prepared, seen, hidden=hidden).checks[0].message

    def added(x: Tensor) -> Tensor:
        return _loss(x) + math.log(1 + len(x))

    assert message(added) == "result is too large by log(1 + x.shape[0])"
    assert message(added, hidden=True) == "result is wrong"
    assert message(lambda x: _loss(x) + math.log(3)) == "result is too large"


def test_a_property_waits_while_the_values_are_wrong() -> None:
    prepared = exercise("unit.loss", _loss, (losses, leaves_nothing_out), ()).prepare(b"secret")

    def judged(function: Callable[[Tensor], Tensor]) -> tuple[bool, str]:
        seen = {item.id: [observe(function, case) for case in item.cases] for item in prepared.checks}
        _, last = judge(prepared, seen).checks
        return last.waits, last.message

    assert judged(lambda x: x.square().sum()) == (True, WITHHELD)
    assert judged(_loss) == (False, "result leaves out the zeros")
