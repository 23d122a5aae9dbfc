"""Inputs of whole numbers, and a KeyError that is asked for, from the case to what is said."""

from __future__ import annotations

import msgspec
import pytest
import torch
from torch import Tensor

from autograder.course.trial import judge_function
from course_utils import shipped
from course_utils.checks import Case, Draw, Input, check, misconception
from course_utils.checks.judge import CORRECT, WRONG
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise
from course_utils.checks.wire import CaseData, pack_case, unpack_case
from course_utils.student.outcome import CheckOutcome
from course_utils.student.present import as_html, as_text
from tests.support.exercises import exercise

WHOLE = [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.bool]


# Bytes to numbers between 0 and 1, and the bytes turned upside down; a palette must know all names that are asked for.


def lightness(images: Tensor, channel: str) -> tuple[Tensor, Tensor]:
    index = {"red": 0, "green": 1, "blue": 2}[channel]
    return images[:, index].float() / 255, 255 - images[:, index]


def _case(draw: Draw, channel: str = "green") -> Case:
    return Case({"images": Input(draw.bytes(2, 3, 4, 4)), "channel": channel})


@check(points=2, visible=True)
def values(draw: Draw) -> Case:
    """The lightness is right."""
    return _case(draw)


@check(points=1, dtype=torch.float64, accuracy="elementwise")
def in_float64(draw: Draw) -> Case:
    """Bytes are bytes in a float64 case too."""
    return _case(draw, "red")


@check(points=1, visible=True, looks_at=("exception", "after"), side=True)
def unknown_channel(draw: Draw) -> Case:
    """An unknown channel is a KeyError."""
    return _case(draw, "yellow")


@misconception(hint="What is 200 // 255?")
def whole_numbers(images: Tensor, channel: str) -> tuple[Tensor, Tensor]:
    """Divided as whole numbers."""
    made, turned = lightness(images, channel)
    return made.floor(), turned


@misconception(hint="What is 200 + 100 in a byte?")
def wrapped_around(images: Tensor, channel: str) -> tuple[Tensor, Tensor]:
    """A byte wraps around."""
    made, turned = lightness(images + 100, channel)
    return made, turned + 100


CHECKS = (values, in_float64, unknown_channel)
EXERCISE = exercise("unit.lightness", lightness, CHECKS, (whole_numbers, wrapped_around))


@pytest.fixture(scope="module", params=range(5))
def prepared(request: pytest.FixtureRequest) -> PreparedExercise:
    return EXERCISE.prepare(f"secret {request.param}".encode())


@pytest.mark.parametrize("dtype", WHOLE)
@pytest.mark.parametrize("form", [msgspec.msgpack, msgspec.json])
def test_whole_numbers_are_never_cast(dtype: torch.dtype, form: object) -> None:
    tensor = Draw(1).integers(0, 1, 3, 4).to(dtype)
    case = Case({"x": Input(tensor, contiguous=False)})
    for other in (torch.float32, torch.float64, torch.bfloat16):
        cast = case.to(other)
        assert cast.inputs["x"].tensor.dtype is dtype  # type: ignore[union-attr]
        back = unpack_case(form.decode(form.encode(pack_case(cast)), type=CaseData))  # type: ignore[attr-defined]
        seen = observe(lambda x: x.clone(), back).quantities
        for name in ("result", "after.x"):
            assert seen[name].dtype is dtype  # type: ignore[union-attr]
            assert torch.equal(seen[name], tensor)  # type: ignore[arg-type]


def test_right_and_wrong(prepared: PreparedExercise) -> None:
    assert judge_function(prepared, lightness).status == CORRECT
    for item in EXERCISE.misconceptions:
        verdict = judge_function(prepared, item.function)
        assert (verdict.status, verdict.misconception) == (WRONG, item.id)
        assert [idea.hint for idea in verdict.diagnosis.ideas] == [item.hint]
    exact = [item.check.id for item in judge_function(prepared, _off_by_one).checks if not item.passed]
    # The third is withheld: no check of the values has passed.
    assert exact == ["values", "in-float64", "unknown-channel"]


def _off_by_one(images: Tensor, channel: str) -> tuple[Tensor, Tensor]:
    made, turned = lightness(images, channel)
    return made, turned + (turned == turned.max()).to(torch.uint8)


def test_a_float_where_bytes_are_expected_is_another_dtype(prepared: PreparedExercise) -> None:
    verdict = judge_function(
        prepared, lambda *arguments: tuple(part.float() for part in lightness(*arguments))
    )
    assert verdict.checks[0].message == "second returned value should have dtype uint8, but has float32"


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (ValueError("no"), "the call should raise KeyError, but raised ValueError"),
        (IndexError(4), "the call should raise KeyError, but raised IndexError"),
        (None, "the call should raise KeyError, but went through"),
    ],
)
def test_another_exception_is_named(raised: Exception | None, said: str, prepared: PreparedExercise) -> None:
    def wrong(images: Tensor, channel: str) -> tuple[Tensor, Tensor]:
        if channel == "yellow":
            if raised:
                raise raised
            channel = "red"
        return lightness(images, channel)

    verdict = judge_function(prepared, wrong)
    assert [item.passed for item in verdict.checks] == [True, True, False]
    assert verdict.checks[2].message.startswith(said)


def test_a_class_of_ones_own_counts_as_the_key_error_that_it_is(prepared: PreparedExercise) -> None:
    class UnknownChannel(KeyError):
        pass

    def right(images: Tensor, channel: str) -> tuple[Tensor, Tensor]:
        if channel == "yellow":
            raise UnknownChannel(channel)
        return lightness(images, channel)

    assert judge_function(prepared, right).status == CORRECT


def test_students_see_bytes_as_bytes() -> None:
    recorded, points = shipped.unpack(shipped.decode(shipped.record(*EXERCISE.record())))
    assert judge_function(recorded, lightness).status == CORRECT
    verdict = judge_function(recorded, _off_by_one)
    outcome = CheckOutcome(
        exercise="unit.lightness",
        status=verdict.status,
        points=verdict.score,
        max_points=points,
        verdicts=verdict.checks,
        level=3,
    )
    text, html = as_text(outcome), as_html(outcome)
    assert "images: uint8 tensor of shape (2, 3, 4, 4)" in text
    assert "dtype=torch.uint8).reshape(2, 3, 4, 4)" in text
    assert "Got (expected), wrong ones with a star: second returned value" in text
    assert "<img " in html
