"""Gradients as observations: of arguments and of a module's parameters, along the fixed cotangent."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from autograder.course.trial import judge_function
from autograder.quality.behaviours import behaviours, traits
from autograder.quality.trivial import trivial_answers
from course_utils.checks import Case, Draw, Input, Module, check, misconception
from course_utils.checks.compare import find_difference
from course_utils.checks.expectation import expect
from course_utils.checks.judge import CORRECT, WRONG
from course_utils.checks.observation import Observation
from course_utils.checks.observe import cotangent, observe
from course_utils.checks.prepared import PreparedExercise
from course_utils.checks.quantity import QuantityName
from course_utils.checks.tolerance import Yardstick
from course_utils.checks.wire import (
    CaseData,
    ObservationData,
    pack_case,
    pack_observation,
    unpack_case,
    unpack_observation,
)
from course_utils.models import build
from tests.support import ROOT
from tests.support.exercises import exercise

Function = Callable[..., Any]


def discriminator_loss(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake.detach())).mean()


def _case(draw: Draw, *, parameters: bool = True, inputs: bool = False) -> Case:
    shapes = {name: tensor.shape for name, tensor in build("mlp", **_CONFIG).state_dict().items()}
    state = {name: draw.normal(*shape) for name, shape in shapes.items()}
    return Case(
        {
            "discriminator": Module("mlp", _CONFIG, state, wants_grad=parameters),
            "real": Input(draw.normal(4, 3), wants_grad=inputs),
            "fake": Input(draw.normal(6, 3), wants_grad=inputs),
        }
    )


_CONFIG = {"in_features": 3, "hidden": 5, "out_features": 1}


@check(points=1, visible=True)
def loss(draw: Draw) -> Case:
    """The loss is right."""
    return _case(draw, parameters=False)


@check(points=1, looks_at=("gradient.real", "gradient.fake"))
def gradients_of_inputs(draw: Draw) -> Case:
    """Real images get a gradient, fake ones none."""
    return _case(draw, parameters=False, inputs=True)


@check(points=1, looks_at=("gradient.discriminator",))
def gradients_of_parameters(draw: Draw) -> Case:
    """The discriminator learns from both."""
    return _case(draw)


@misconception(hint="What does the discriminator learn from fakes?")
def detached_behind(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """Detached behind the discriminator."""
    return F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake).detach()).mean()


@misconception(hint="Can the discriminator still learn?")
def frozen(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The parameters are frozen."""
    discriminator.requires_grad_(False)
    return discriminator_loss(discriminator, real, fake)


CHECKS = (loss, gradients_of_inputs, gradients_of_parameters)
EXERCISE = exercise("unit.discriminator_loss", discriminator_loss, CHECKS, (detached_behind, frozen))


@pytest.fixture(scope="module")
def prepared() -> PreparedExercise:
    return EXERCISE.prepare(b"secret")


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**32))
def test_they_are_those_of_a_backward_pass(seed: int) -> None:
    case = _case(Draw(seed), inputs=True)
    seen = observe(discriminator_loss, case).quantities
    module = build("mlp", **_CONFIG).double()
    module.load_state_dict(case.inputs["discriminator"].state)  # type: ignore[union-attr]
    real = case.inputs["real"].tensor.clone().requires_grad_()  # type: ignore[union-attr]
    value = discriminator_loss(module, real, case.inputs["fake"].tensor)  # type: ignore[union-attr]
    value.backward(cotangent((), torch.float64, "cpu"))  # type: ignore[no-untyped-call]
    for name, parameter in module.named_parameters():
        assert torch.equal(seen[f"gradient.discriminator.{name}"], parameter.grad)  # type: ignore[arg-type]
        assert seen[f"grad.discriminator.{name}"] is None
    assert torch.equal(seen["gradient.real"], real.grad)  # type: ignore[arg-type]
    assert not bool(seen["gradient.fake"].any())  # type: ignore[union-attr]


def test_they_are_seen_only_where_they_are_wanted() -> None:
    seen = observe(discriminator_loss, _case(Draw(0), parameters=False, inputs=True)).quantities
    assert {name for name in seen if name.startswith("gradient.")} == {"gradient.real", "gradient.fake"}


def test_buffers_have_none() -> None:
    state = build("tiny_encoder", width=3).state_dict()
    case = Case(
        {
            "net": Module("tiny_encoder", {"width": 3}, state, wants_grad=True),
            "x": Input(Draw(0).normal(4, 3).float()),
        }
    )
    seen = observe(lambda net, x: net(x), case).quantities
    wanted = {f"gradient.net.{name}" for name, _ in build("tiny_encoder", width=3).named_parameters()}
    assert {name for name in seen if name.startswith("gradient.")} == wanted


def test_a_detach_behind_the_module_is_seen_by_parameters_alone(prepared: PreparedExercise) -> None:
    assert judge_function(prepared, discriminator_loss).status == CORRECT
    verdict = judge_function(prepared, detached_behind.function)
    assert [item.passed for item in verdict.checks] == [True, True, False]
    assert verdict.misconception == "detached-behind"
    assert verdict.checks[2].message.startswith("gradient with respect to discriminator.")
    assert verdict.checks[2].message.endswith("more tensors of discriminator")


def test_no_gradient_is_exactly_zero(prepared: PreparedExercise) -> None:
    case = prepared.checks[2].cases[0]
    seen = observe(frozen.function, case).quantities
    for name, parameter in build("mlp", **_CONFIG).named_parameters():
        assert torch.equal(seen[f"gradient.discriminator.{name}"], torch.zeros_like(parameter))  # type: ignore[arg-type]
    verdict = judge_function(prepared, frozen.function)
    assert verdict.misconception == "frozen"
    assert "is zero everywhere, but should not be" in verdict.checks[2].message


def test_parameters_that_the_function_replaced_have_none() -> None:
    def replaces(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        discriminator[0].weight = nn.Parameter(discriminator[0].weight.detach().clone())  # type: ignore[index]
        return discriminator_loss(discriminator, real, fake)

    seen = observe(replaces, _case(Draw(0))).quantities
    assert not bool(seen["gradient.discriminator.0.weight"].any())  # type: ignore[union-attr]
    assert bool(seen["gradient.discriminator.0.bias"].any())  # type: ignore[union-attr]


def test_a_backward_pass_of_the_function_itself_is_seen() -> None:
    def backward(discriminator: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        value = discriminator_loss(discriminator, real, fake)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    seen = observe(backward, _case(Draw(0)))
    assert seen.quantities["exception"] == "RuntimeError in the backward pass"
    assert isinstance(seen.quantities["grad.discriminator.0.weight"], Tensor)


@pytest.mark.parametrize("form", [msgspec.msgpack, msgspec.json])
def test_cases_and_observations_travel(form: Any) -> None:
    case = _case(Draw(0)).to(torch.float32)
    back = unpack_case(form.decode(form.encode(pack_case(case)), type=CaseData))
    assert back.inputs["discriminator"].wants_grad  # type: ignore[union-attr]
    plain = _case(Draw(0), parameters=False)
    # What has no use for the flag is written as before.
    assert b"wants_grad" not in form.encode(pack_case(Case({"net": plain.inputs["discriminator"]})))
    assert not unpack_case(pack_case(plain)).inputs["discriminator"].wants_grad  # type: ignore[union-attr]
    seen = observe(discriminator_loss, back)
    sent = form.encode(pack_observation(seen))
    received: Observation = unpack_observation(form.decode(sent, type=ObservationData))
    for name in build("mlp", **_CONFIG).state_dict():
        quantity = f"gradient.discriminator.{name}"
        assert torch.equal(received.quantities[quantity], seen.quantities[quantity])  # type: ignore[arg-type]


def test_what_cannot_want_a_gradient_is_refused() -> None:
    with pytest.raises(ValueError, match="is frozen, so"):
        Module("mlp", frozen=True, wants_grad=True)
    with pytest.raises(ValueError, match=r"torch\.uint8 cannot want a gradient"):
        Input(torch.zeros(3, dtype=torch.uint8), wants_grad=True)


def test_they_are_described_by_argument_and_parameter() -> None:
    text = "gradient with respect to discriminator.0.weight"
    assert QuantityName.parse("gradient.discriminator.0.weight").describe() == text
    assert QuantityName.parse("gradient.discriminator.0.weight#2").describe() == f"{text} (call 2)"


def test_the_gate_tries_faults_of_such_exercises(prepared: PreparedExercise) -> None:
    assert "gradients of modules" in traits(prepared)
    fault = behaviours(prepared, discriminator_loss)["modules-off-the-graph"]
    assert not judge_function(prepared, fault).checks[2].passed
    for name, answer in trivial_answers(discriminator_loss, prepared).items():
        assert judge_function(prepared, answer).score == 0 or name.startswith("visible-answers"), name


# --- along the cotangent ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.softmax(1),
        lambda x: (x.sin(), x.sum(0), x),
        lambda x: (x @ x.T).float(),
        lambda x: torch.fft.fft(x),
        lambda x: x.half(),
        lambda x: x[:0],
        lambda x: (x / 0) * 1e300,
        lambda x: x.bfloat16().expand(2, 3, 5),
    ],
)
def test_they_are_to_the_bit_those_with_the_cotangent_handed_over(function: Function) -> None:
    x = Draw(5).normal(3, 5)
    leaf = x.clone().requires_grad_()
    made = function(leaf)
    outputs = made if isinstance(made, tuple) else (made,)
    wanted = torch.autograd.grad(
        outputs, leaf, [cotangent(output.shape, output.dtype, "cpu") for output in outputs]
    )[0]
    seen = observe(function, Case({"x": Input(x, wants_grad=True)})).quantities["gradient.x"]
    assert isinstance(seen, Tensor)
    assert torch.equal(seen.nan_to_num(), wanted.nan_to_num())
    assert torch.equal(seen.isnan(), wanted.isnan())


def test_gradients_are_seen_though_their_recording_was_switched_off_later() -> None:
    def careless(x: Tensor, last: bool) -> Tensor:
        if last:
            torch.set_grad_enabled(False)
        return 2 * x

    case = Case(
        {"x": Input(torch.ones(3), wants_grad=True), "no": False, "yes": True}, (("x", "no"), ("x", "yes"))
    )
    seen = observe(careless, case).quantities
    assert torch.equal(seen["gradient.x"], 2 * cotangent((3,), torch.float32, "cpu"))  # type: ignore[arg-type]
    assert (seen["setting.gradients"], seen["exception"]) == (False, "none")


def test_sympy_is_not_imported() -> None:
    """Torch imports it, half a second long, for the outputs' gradients, and for an index of several dimensions."""
    program = """
import sys, torch
from course_utils.checks import Case, Input
from course_utils.checks.facts import index_in_words
from course_utils.checks.observe import observe
assert index_in_words(7, torch.Size((2, 5))) == " at [1, 2]"
case = Case({"x": Input(torch.ones(3), wants_grad=True)})
seen = observe(lambda x: (x * 2, x.exp()), case)
assert bool(seen.quantities["gradient.x"].any())
print("sympy" in sys.modules)
torch.autograd.grad([2 * torch.ones(3, requires_grad=True)], [torch.ones(3, requires_grad=True)], [torch.ones(3)], allow_unused=True)
print("sympy" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    ours, torchs = done.stdout.split()
    assert ours == "False"
    # Should this ever fail, torch has mended it, and the detour by a scalar product can go.
    assert torchs == "True"


def test_right_and_wrong_over_many_seeds() -> None:
    for seed in range(30):
        item = EXERCISE.prepare(f"secret {seed}".encode())
        assert judge_function(item, discriminator_loss).status == CORRECT
        assert judge_function(item, detached_behind.function).status == WRONG


def test_before_a_batch_normalisation_the_gradient_of_a_bias_is_nothing_but_rounding() -> None:
    torch.manual_seed(0)
    state = dict(build("tiny_encoder", width=3).state_dict())
    case = Case(
        {
            "net": Module("tiny_encoder", {"width": 3}, state, wants_grad=True),
            "x": Input(Draw(0).normal(4, 3)),
        }
    )
    function = lambda net, x: net(x).pow(2).mean()  # noqa: E731
    yardstick = Yardstick("reduction", torch.float32, ("gradient",))
    expected = expect(function, case, torch.float32)
    largest = expected.largest_gradients["net"]
    smallest = {
        name: float(value.abs().max())
        for name, value in expected.quantities.items()
        if "bias" in name and "gradient" in name
    }  # type: ignore[union-attr]
    assert min(smallest.values()) < 1e-12 * largest
    assert find_difference(expected, observe(function, case.to(torch.float32)), yardstick) is None
    # Whatever has a size is seen as before.
    twice = lambda net, x: net(x).pow(2).mean() + net[0].bias.sum()  # noqa: E731
    found = find_difference(expected, observe(twice, case.to(torch.float32)), yardstick)
    assert found
    assert found.subject == "gradient with respect to net.0.bias"
