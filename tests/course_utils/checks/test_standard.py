"""Checks made from a function that draws cases, and cases made from other cases."""

from pathlib import Path

import pytest
import torch

from autograder.course.trial import judge_function
from autograder.course.units import load_unit
from course_utils.checks import Case, Draw, Input, standard
from course_utils.checks.observe import observe
from tests.support.tiny import make_course


def _case(draw: Draw, n: int = 3) -> Case:
    return Case.of(x=draw.normal(n, 2), labels=torch.arange(n), scale=0.5)


def _drawn(check: object, secret: bytes = b"secret") -> list[Case]:
    return check.draw(secret)  # type: ignore[attr-defined]


# --- cases --------------------------------------------------------------------------------------------------------


def test_of_takes_tensors_as_they_are() -> None:
    x = torch.ones(2)
    case = Case.of(x=x, size=(2, 3), flag=True)
    assert case == Case({"x": Input(x), "size": (2, 3), "flag": True})
    assert case.calls == (("x", "size", "flag"),)


def test_gradients_are_wanted_of_floating_tensors() -> None:
    case = _case(Draw(0))
    assert {name: item.wants_grad for name, item in case.wanting_gradients().tensors.items()} == {
        "x": True,
        "labels": False,
    }
    assert not case.tensors["x"].wants_grad
    both = case.then(case).wanting_gradients("other_x")
    assert [name for name, item in both.tensors.items() if item.wants_grad] == ["other_x"]
    assert both.calls == case.then(case).calls


@pytest.mark.parametrize("name", ["labels", "scale", "y"])
def test_gradients_of_anything_else_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}' is no floating-point tensor of the case: there are x$"):
        _case(Draw(0)).wanting_gradients(name)


def test_strided_tensors_have_the_same_values() -> None:
    case = _case(Draw(0)).wanting_gradients("x").strided()
    seen = []

    def look(x, labels, scale):
        seen.append((x.is_contiguous(), x.requires_grad, x.detach().clone()))
        return x

    observe(look, case)
    ((contiguous, wants_grad, x),) = seen
    assert not contiguous
    assert wants_grad
    assert torch.equal(x, case.tensors["x"].tensor)
    with pytest.raises(ValueError, match="'scale' is no tensor of the case: there are x, labels"):
        case.strided("scale")


# --- checks -------------------------------------------------------------------------------------------------------


def test_what_the_checks_are() -> None:
    value = standard.values(_case, "Right.", points=1.5, looks_at=("result.0",))
    assert (value.points, value.visible, value.side, value.looks_at) == (1.5, True, False, ("result.0",))
    gradient = standard.gradients(_case, "Right.", points=1, visible=False)
    assert (gradient.looks_at, gradient.visible, gradient.title) == (("gradient",), False, "Right.")
    layout = standard.layouts(lambda draw: [_case(draw), _case(draw, 1)], "Right.")
    assert (layout.dtype, layout.accuracy, layout.visible) == (torch.float64, "unguarded", False)
    assert layout.looks_at == ("result", "kept")
    unchanged = standard.unchanged(_case, "Unchanged.")
    assert (unchanged.points, unchanged.accuracy, unchanged.side) == (0.5, "exact", True)
    assert unchanged.looks_at == ("after", "graph.x", "graph.labels", "place", "setting")
    with pytest.raises(ValueError, match="accuracy 'roughly' is not one of"):
        standard.values(_case, "Right.", points=1, accuracy="roughly")
    with pytest.raises(ValueError, match="multiple of ½"):
        standard.unchanged(_case, "Right.", points=0.3)


def test_gradients_are_wanted_where_they_are_looked_at() -> None:
    def wanted(check: object) -> list[list[str]]:
        return [[name for name, item in c.tensors.items() if item.wants_grad] for c in _drawn(check)]

    def two(draw: Draw) -> Case:
        return Case.of(x=draw.normal(2), y=draw.normal(3))

    assert wanted(standard.values(two, "Right.", points=1)) == [[]]
    assert wanted(standard.gradients(two, "Right.", points=1)) == [["x", "y"]]
    assert wanted(standard.gradients(two, "Right.", points=1, of=("y",))) == [["y"]]
    assert wanted(standard.layouts(two, "Right.")) == [[]]
    assert wanted(standard.layouts(two, "Right.", looks_at=("result", "gradient"))) == [["x", "y"]]
    assert wanted(standard.unchanged(two, "Right.")) == [[], ["x", "y"]]


def test_unchanged_draws_one_after_the_other() -> None:
    plain, leaves = _drawn(standard.unchanged(_case, "Unchanged.", leaves=lambda draw: _case(draw, 5)))
    assert (plain.tensors["x"].tensor.shape, leaves.tensors["x"].tensor.shape) == ((3, 2), (5, 2))
    first, second = _drawn(standard.unchanged(_case, "Unchanged."))
    assert not torch.equal(first.tensors["x"].tensor, second.tensors["x"].tensor)


def _in_place(values, factor):
    if not values.requires_grad:
        values.mul_(factor)
        return values + 0.25
    return values * factor + 0.25


def _flag_off(values, factor):
    return values.requires_grad_(False) * factor + 0.25


def _grad_off(values, factor):
    torch.set_grad_enabled(False)
    return values * factor + 0.25


def test_checks_are_named_by_their_variables_and_refuse_what_they_should(tmp_path: Path) -> None:
    text = """\
from course_utils.checks import Case, Draw, standard


def _scale(draw: Draw, *sizes: int) -> Case:
    return Case.of(values=draw.normal(*(sizes or draw.sizes(2, 3, 9))), factor=1.5 + draw.integer(1, 4))


small = standard.values(_scale, "A matrix is scaled.", points=1)
with_gradients = standard.gradients(_scale, "Gradients are right.", points=1, visible=False)
other_layouts = standard.layouts(
    lambda draw: [_scale(draw).strided(), _scale(draw, 1, 3), _scale(draw, 2, 3).then(_scale(draw, 2, 3))],
    "Right in float64, in transposed memory, for one row and in a second call.",
)
inputs_unchanged = standard.unchanged(_scale, "The values are left as they were.")
"""
    make_course(tmp_path)
    (tmp_path / "solutions/tiny/scale/checks.py").write_text(text)
    exercise = load_unit(tmp_path, "tiny").exercises["tiny.scale"]
    ids = [check.id for check in exercise.checks]
    assert ids == ["small", "with-gradients", "other-layouts", "inputs-unchanged"]
    assert [check.line for check in exercise.checks] == [8, 9, 10, 14]
    assert len({check.seed(b"one") for check in exercise.checks}) == 4
    prepared = exercise.prepare(b"secret")

    def failed(function) -> set[str]:
        return {item.check.id for item in judge_function(prepared, function).checks if not item.passed}

    kept: list[torch.Tensor] = []

    def writes_into_its_last_result(values, factor):
        for old in kept[-1:]:
            if old.shape == values.shape:
                return old.copy_(values * factor + 0.25)
        kept.append(values * factor + 0.25)
        return kept[-1]

    assert failed(exercise.reference) == set()
    assert "inputs-unchanged" in failed(_in_place)
    assert "inputs-unchanged" in failed(_flag_off)
    assert "inputs-unchanged" in failed(_grad_off)
    assert failed(lambda values, factor: values.detach() * factor + 0.25) == {"with-gradients"}
    assert failed(lambda values, factor: values.float() * factor + 0.25) == {"other-layouts"}
    assert failed(lambda v, factor: v.as_strided(v.shape, (v.shape[1], 1)) * factor + 0.25) == {
        "other-layouts"
    }
    assert "other-layouts" in failed(writes_into_its_last_result)


def test_a_check_without_a_title_is_refused() -> None:
    with pytest.raises(ValueError, match="a check needs a title"):
        standard.values(_case, "", points=1)
