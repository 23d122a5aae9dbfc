"""What a hint shows as code runs as it was pasted, and gives the number that was told."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from contextlib import suppress
from html import unescape
from typing import Any

import pytest
import torch
from torch import Tensor

import course_utils as cu
from autograder.course.units import load_unit
from course_utils.checks.observe import observe
from course_utils.checks.quantity import QuantityName
from course_utils.student.check import CheckResult, check_in
from course_utils.student.meant import UnclearError
from course_utils.student.present import _call, _shown
from tests.support import ROOT, UNITS

LOADED = {unit: load_unit(ROOT, unit) for unit in UNITS}
WRONG = [
    (exercise.id, item.id, item.function)
    for unit in LOADED.values()
    for exercise in unit.exercises.values()
    for item in exercise.misconceptions
]


def name_of(exercise: str) -> str:
    return exercise.split(".")[1]


def code_in(result: CheckResult) -> str:
    """The first block of a hint, as one click selects it."""
    blocks = re.findall(r"<pre style=\"[^\"]*user-select: all[^\"]*\">([^<]*)</pre>", result._repr_html_())
    return unescape(blocks[0])


def pasted(code: str, exercise: str, function: Callable[..., Any]) -> Any:
    """The value of the last line, after the set-up cell and the function's."""
    namespace: dict[str, Any] = {"torch": torch, "cu": cu, name_of(exercise): function}
    tree = ast.parse(code)
    last = tree.body.pop()
    exec(compile(tree, "<cell>", "exec"), namespace)
    assert isinstance(last, ast.Expr), code
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), namespace)


@pytest.mark.parametrize(
    ("exercise", "idea", "function"), WRONG, ids=[f"{one}-{two}" for one, two, _ in WRONG]
)
def test_the_case_gives_what_was_told(exercise: str, idea: str, function: Callable[..., Any]) -> None:
    verdict = _shown(check_in({name_of(exercise): function}, exercise))
    if verdict is None:
        pytest.skip("the visible checks do not see it")
    difference, seen = verdict.difference, verdict.observation
    case = verdict.check.cases[verdict.case]
    for in_full in (False, True):
        code = _call(exercise, verdict, in_full=in_full)
        if seen is None or seen.failure or difference is None:
            with suppress(Exception):  # its own exception
                pasted(code, exercise, function)
            continue
        values = [pasted(code, exercise, function) for _ in range(2)]
        told = QuantityName.parse(difference.quantity)
        wanted = seen.quantities.get(difference.quantity)
        again = observe(function, case).quantities.get(difference.quantity)
        if told.kind not in ("result", "gradient", "after", "module", "buffer"):
            continue
        if not same(wanted, again) or not same(*values):
            pytest.skip("it counts its calls, or draws random numbers")
        value = values[0]
        if told.kind == "result" and told.of and isinstance(value, tuple):
            value = value[int(told.of)]
        if told.kind == "gradient" and value is None:
            value = torch.zeros_like(wanted)
        # What is of another type than it should be was told in words.
        if isinstance(wanted, Tensor | int | float):
            assert isinstance(value, Tensor | int | float)
            assert same(wanted, value)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, tuple | list) and isinstance(other, tuple | list):
        return all(map(same, one, other))
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return torch.equal(one.detach(), other.detach())
    return type(one) is type(other) and bool(one == other)


def halved(gradient: Tensor) -> Tensor:
    return gradient / 2


@pytest.mark.parametrize("hint", [1, 2, 3])
@pytest.mark.parametrize(
    ("exercise", "argument"),
    [
        ("pretext.rotate_batch", "images"),
        ("simclr.nt_xent", "z_i"),
        ("simclr.info_nce", "negatives"),
        ("moco.moco_logits", "queries"),
        ("video.copy_colors", "colors"),
    ],
)
def test_a_wrong_gradient_can_be_seen_in_a_cell_of_ones_own(exercise: str, argument: str, hint: int) -> None:
    """The values are right, so that the gradient is what is told."""
    reference = LOADED[exercise.split(".")[0]].exercises[exercise].reference

    def function(first: Tensor, *others: Any) -> Any:
        tensors = [
            item + 0 * item.detach() if isinstance(item, Tensor) and item.requires_grad else item
            for item in (first, *others)
        ]
        for item in tensors:
            if isinstance(item, Tensor) and item.requires_grad:
                item.register_hook(halved)
        return reference(*tensors)

    result = check_in({name_of(exercise): function}, exercise, hint=hint)
    verdict = _shown(result)
    assert verdict is not None
    assert verdict.difference is not None
    assert verdict.observation is not None
    kind, owner, *_ = QuantityName.parse(verdict.difference.quantity)
    assert kind == "gradient"
    code = code_in(result)
    got = pasted(code, exercise, function)
    assert torch.equal(got, verdict.observation.quantities[f"gradient.{owner}"])
    assert got.abs().sum() > 0
    # What was told is what stands there.
    place = re.search(r"got (\S+), expected", str(result))
    assert place is None or any(
        f"{item:.3g}" in place[1] or place[1] in f"{item:.6g}" for item in got.flatten().tolist()
    )


def test_a_case_is_made_anew_each_time() -> None:
    first, second = (cu.case("moco.enqueue", "stores-the-keys", 1) for _ in range(2))
    assert torch.equal(first[0], second[0])
    first[0].zero_()
    assert not torch.equal(first[0], second[0])
    state = torch.get_rng_state()
    query_encoder, _, momentum = cu.case("moco.momentum_update", "key-encoder-moves")
    assert torch.equal(torch.get_rng_state(), state)
    assert isinstance(query_encoder, torch.nn.Module)
    assert isinstance(momentum, float)
    images = cu.case("pretext.rotate_batch", "differentiable")
    assert images.requires_grad


@pytest.mark.parametrize(
    "given",
    [("moco.enque", "x"), ("x", "y"), ("moco.enqueue", "x"), ("moco.enqueue", "stores-the-keys", 9)],
)
def test_a_case_that_is_not_there(given: tuple[Any, ...]) -> None:
    with pytest.raises(UnclearError, match="copy the call that a hint of cu.check shows"):
        cu.case(*given)
