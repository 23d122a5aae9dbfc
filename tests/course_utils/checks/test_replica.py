"""A copied model is what `build` makes with the values of the case: nothing shared, nothing missing, nothing drawn."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from course_utils import models
from course_utils.checks import replica
from course_utils.checks.case import Module
from course_utils.checks.replica import make, named_tensors

CONFIGS: dict[str, dict[str, Any]] = {
    "mlp": {"in_features": 3, "hidden": 4, "out_features": 2},
    "projection_head": {"in_features": 3},
    "rotation_head": {"in_features": 3},
    "nested_encoder": {"width": 4, "frozen_part": 1},
    "tiny_encoder": {"width": 4},
}


def described(name: str, dtype: torch.dtype = torch.float32, **more: Any) -> Module:
    """A model with values of its own for all of its tensors."""
    generator = torch.Generator().manual_seed(5)
    config = CONFIGS.get(name, {})
    state = {
        key: torch.rand(value.shape, generator=generator).to(dtype)
        if value.is_floating_point()
        else value + 3
        for key, value in models.build(name, **config).state_dict().items()
    }
    return Module(name, config, state, **more)


def about(module: nn.Module) -> list[tuple[Any, ...]]:
    """All that can be said of the parts of a module, but for their tensors."""
    left_out = ("_parameters", "_buffers", "_modules")
    return [
        (
            name,
            type(part),
            sorted((key, repr(value)) for key, value in vars(part).items() if key not in left_out),
        )
        for name, part in module.named_modules()
    ]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", models.names())
def test_a_copy_is_the_model_that_is_built(name: str, dtype: torch.dtype) -> None:
    description = described(name, dtype)
    built = models.build(name, **description.config).to(dtype)
    built.load_state_dict(dict(description.state))
    made, tensors = make(description, "cpu")
    assert about(made) == about(built)
    theirs = {**dict(built.named_parameters()), **dict(built.named_buffers())}
    assert list(tensors) == list(theirs)
    assert list(made.state_dict()) == list(built.state_dict())
    for key, tensor in tensors.items():
        assert torch.equal(tensor, theirs[key])
        assert (type(tensor), tensor.dtype, tensor.requires_grad, tensor.is_leaf, tensor.is_contiguous()) == (
            type(theirs[key]),
            theirs[key].dtype,
            theirs[key].requires_grad,
            True,
            True,
        )


@pytest.mark.parametrize("name", models.names())
def test_all_models_are_copied(name: str) -> None:
    settings = tuple((key, type(value), value) for key, value in sorted(CONFIGS.get(name, {}).items()))
    assert replica._prototype(name, settings) is not None


@pytest.mark.parametrize("name", ["tiny_encoder", "nested_encoder", "convnet"])
def test_nothing_is_shared(name: str) -> None:
    description = described(name)
    one, tensors = make(description, "cpu")
    before = about(one)
    with torch.no_grad():
        for tensor in tensors.values():
            tensor.add_(1)
    one.register_forward_hook(lambda *_: None)
    one.register_buffer("more", torch.zeros(1))
    one.eval()
    for part in one.modules():
        part.own = []
    other, values = make(description, "cpu")
    assert about(other) == before
    for key, value in values.items():
        assert torch.equal(value, description.state[key])


def test_the_same_numbers_come_out_of_a_copy() -> None:
    description = described("nested_encoder")
    built = models.build("nested_encoder", **description.config)
    built.load_state_dict(dict(description.state))
    made, _ = make(description, "cpu")
    x = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(made(x), built(x))
    made(x).sum().backward()
    built(x).sum().backward()
    for (name, mine), (_, theirs) in zip(made.named_parameters(), built.named_parameters(), strict=True):
        assert (mine.grad is None) == (theirs.grad is None), name
        assert mine.grad is None or torch.equal(mine.grad, theirs.grad), name


def test_frozen_parameters_and_gradients_that_are_there() -> None:
    grads = {"0.weight": torch.ones(4, 3)}
    made, _ = make(described("tiny_encoder", frozen=True, grads=grads), "cpu")
    assert not any(parameter.requires_grad for parameter in made.parameters())
    weight = made.get_parameter("0.weight")
    assert weight.grad is not None and torch.equal(weight.grad, grads["0.weight"])
    assert weight.grad is not grads["0.weight"]


def test_no_random_number_is_drawn() -> None:
    replica._prototype.cache_clear()
    description = described("tiny_encoder")
    torch.manual_seed(1)
    before, seed = torch.get_rng_state(), torch.initial_seed()
    for _ in range(2):
        make(description, "cpu")
        assert torch.equal(torch.get_rng_state(), before)
        assert torch.initial_seed() == seed


def test_without_all_values_the_model_is_built() -> None:
    """Its initial values are those of torch's random generator."""
    torch.manual_seed(1)
    built = models.build("tiny_encoder", width=4)
    torch.manual_seed(1)
    _, tensors = make(Module("tiny_encoder", {"width": 4}), "cpu")
    for key, value in tensors.items():
        assert torch.equal(value, dict(built.state_dict())[key])


def test_a_state_of_other_shapes_is_refused() -> None:
    with pytest.raises(RuntimeError, match="size mismatch"):
        make(
            Module(
                "tiny_encoder",
                {"width": 4},
                dict(described("tiny_encoder").state) | {"0.bias": torch.ones(9)},
            ),
            "cpu",
        )


class Shared(nn.Module):
    """Two names for one parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Linear(2, 2)
        self.other = nn.Linear(2, 2)
        self.other.weight = self.one.weight


class Holding(nn.Module):
    """A part that no table of torch's holds."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = [nn.Linear(2, 2)]


class Hooked(nn.Module):
    """A hook that would see the calls of all copies."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.layer.register_forward_hook(lambda *_: None)


@pytest.mark.parametrize("kind", [Shared, Holding, Hooked])
def test_what_a_copy_would_share_is_built_each_time(
    kind: type[nn.Module], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(models._MODELS, "odd", kind)
    replica._prototype.cache_clear()
    try:
        assert replica._prototype("odd", ()) is None
        made, _ = make(Module("odd", {}, dict(kind().state_dict())), "cpu")
        assert type(made) is kind
    finally:
        replica._prototype.cache_clear()


def test_settings_that_are_equal_and_not_the_same_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def odd(flag: object) -> nn.Module:
        seen.append(flag)
        return nn.Linear(2, 2)

    monkeypatch.setitem(models._MODELS, "odd", odd)
    replica._prototype.cache_clear()
    state = dict(nn.Linear(2, 2).state_dict())
    for flag in (1, True, 1.0):
        make(Module("odd", {"flag": flag}, state), "cpu")
    replica._prototype.cache_clear()
    assert [type(flag) for flag in seen] == [int, bool, float]


def test_tensors_are_those_that_torch_names() -> None:
    module = Shared()
    module.register_buffer("alias", module.one.weight)
    module.register_buffer("again", module.one.weight)
    module.other.register_buffer("own", torch.zeros(1))
    module.register_buffer("nothing", None)
    found: dict[str, Tensor] = named_tensors(module)
    theirs = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    assert list(found) == list(theirs)
    assert all(found[name] is theirs[name] for name in theirs)
    assert "alias" in found and "other.weight" not in found
