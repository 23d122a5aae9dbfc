"""The reference against independent oracles; imports nothing of ours but the reference."""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from solutions.moco.momentum_update.reference import momentum_update

SEEDS = range(12)


def encoders(seed: int) -> tuple[nn.Module, nn.Module]:
    """Two networks with weights, buffers and gradients of their own, in float64."""
    rng = np.random.default_rng(seed)
    query = nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(27, 4)).double()
    key = copy.deepcopy(query)
    for number, module in enumerate((query, key)):
        for name, value in module.state_dict().items():
            if value.is_floating_point():
                value.copy_(torch.from_numpy(np.abs(rng.standard_normal(value.shape)) + 0.1))
            else:
                value.fill_(len(name) + number)
    for parameter in query.parameters():
        parameter.grad = torch.from_numpy(rng.standard_normal(parameter.shape))
    key.requires_grad_(False)
    return query, key


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.99, 0.999, 1.0])
@pytest.mark.parametrize("seed", SEEDS[:4])
def test_equals_plain_floats(seed: int, momentum: float) -> None:
    query, key = encoders(seed)
    expected = {
        name: [
            momentum * k + (1 - momentum) * q
            for k, q in zip(
                value.flatten().tolist(), query.get_parameter(name).flatten().tolist(), strict=True
            )
        ]
        for name, value in key.named_parameters()
    }
    assert momentum_update(query, key, momentum) is None
    for name, value in key.named_parameters():
        assert value.flatten().tolist() == pytest.approx(expected[name], rel=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_equals_lightly(seed: int) -> None:
    utils = pytest.importorskip("lightly.models.utils", reason="lightly is an extra of the developers")
    query, key = encoders(seed)
    theirs = copy.deepcopy(key)
    momentum = float(np.random.default_rng(seed).uniform(0.5, 1))
    momentum_update(query, key, momentum)
    utils.update_momentum(query, theirs, momentum)
    for name, value in theirs.state_dict().items():
        torch.testing.assert_close(key.state_dict()[name], value, rtol=1e-13, atol=0)


class Nested(nn.Module):
    """A parameter of its own, and a frozen layer inside another one."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))
        self.outer = nn.Sequential(nn.Sequential(nn.Linear(3, 4).requires_grad_(False)), nn.Linear(4, 2))


def test_moves_parameters_at_every_depth_frozen_or_not() -> None:
    query, key = Nested(), Nested()
    with torch.no_grad():
        for parameter in query.parameters():
            parameter.fill_(1)
        for parameter in key.parameters():
            parameter.fill_(3)
    momentum_update(query, key, 0.75)
    moved = {name: value.unique().tolist() for name, value in key.named_parameters()}
    frozen, trained = ({f"outer.{layer}.{kind}" for kind in ("weight", "bias")} for layer in ("0.0", "1"))
    assert moved == {name: [2.5] for name in {"scale"} | frozen | trained}
    assert {name for name, value in query.named_parameters() if not value.requires_grad} == frozen


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_touches_nothing_else(momentum: float) -> None:
    query, key = encoders(0)
    held = dict(key.named_parameters())
    addresses = {name: value.data_ptr() for name, value in key.named_parameters()}
    before_query = copy.deepcopy(query.state_dict())
    grads = {name: parameter.grad.clone() for name, parameter in query.named_parameters()}
    buffers = {name: value.clone() for name, value in key.named_buffers()}
    momentum_update(query, key, momentum)
    assert all(value is held[name] for name, value in key.named_parameters())
    assert all(value.data_ptr() == addresses[name] for name, value in key.named_parameters())
    assert all(not value.requires_grad and value.grad is None for value in key.parameters())
    assert all(value.requires_grad for value in query.parameters())
    assert all(torch.equal(value, buffers[name]) for name, value in key.named_buffers())
    assert all(torch.equal(value, before_query[name]) for name, value in query.state_dict().items())
    assert all(torch.equal(value.grad, grads[name]) for name, value in query.named_parameters())
    assert all(module.training for encoder in (query, key) for module in encoder.modules())


def test_key_encoder_may_want_gradients() -> None:
    """What wants gradients is decided by whoever built the encoders, and the step is off the graph all the same."""
    query, key = encoders(2)
    key.requires_grad_()
    name, value = next(iter(key.named_parameters()))
    expected = 0.9 * value.detach() + 0.1 * query.get_parameter(name).detach()
    momentum_update(query, key, 0.9)
    torch.testing.assert_close(value.detach(), expected, rtol=1e-13, atol=0)
    assert all(value.requires_grad and value.is_leaf for value in key.parameters())


def test_encoders_share_no_memory_afterwards() -> None:
    query, key = encoders(3)
    momentum_update(query, key, 0.0)
    before = copy.deepcopy(key.state_dict())
    with torch.no_grad():
        for parameter in query.parameters():
            parameter.add_(1)
    assert all(torch.equal(value, before[name]) for name, value in key.state_dict().items())


def test_many_updates_follow_a_constant_encoder() -> None:
    """After t steps the distance has shrunk by momentum**t: the closed form of an exponential average."""
    query, key = encoders(1)
    start = {name: (key.get_parameter(name) - value).detach() for name, value in query.named_parameters()}
    for _ in range(20):
        momentum_update(query, key, 0.8)
    for name, value in query.named_parameters():
        torch.testing.assert_close(
            key.get_parameter(name) - value, start[name] * 0.8**20, rtol=1e-9, atol=1e-13
        )
