"""The network that reads images row by row: patches in their places, no row that knows of those below."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import rows

RECIPE: dict[str, Any] = {
    "width": 2,
    "depth": 1,
    "norm": "none",
    "layers": 2,
    "rows_ahead": (2, 3),
    "directions": 1,
    "patch_noise": True,
    "steps": 2,
    "batch": 4,
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "warmup": 1,
}
IMAGES = torch.rand(6, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def from_above(grid: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A convolution with what lies below left out, row by row."""
    found = []
    for row in range(grid.shape[2]):
        seen = grid.clone()
        seen[:, :, row + 1 :] = 0
        found.append(F.conv2d(seen, weight, bias, padding=1)[:, :, row])
    return torch.stack(found, dim=2)


def distance(predicted: Tensor, z: Tensor, ahead: int) -> Tensor:
    """How far predictions are from what stands below them."""
    return (predicted[:, :, :-ahead] - z[:, :, ahead:]).square().mean()


def test_patches_lie_where_they_were() -> None:
    patches = rows.cut_patches(IMAGES)
    assert patches.shape == (6, 7, 7, 3, 8, 8)
    assert torch.equal(patches[1, 2, 5], IMAGES[1, :, 8:16, 20:28])
    as_bytes = (IMAGES * 255).to(torch.uint8)
    torch.testing.assert_close(rows.cut_patches(as_bytes), patches, atol=0.01, rtol=0)


def test_patches_are_shaken_each_by_itself() -> None:
    patches = rows.cut_patches(IMAGES)
    shaken = rows.shake_patches(patches, torch.Generator().manual_seed(0))
    assert shaken.shape == patches.shape and shaken.min() >= 0 and shaken.max() <= 1
    one_colour = (shaken[:, :, :, 0] - shaken[:, :, :, 1]).abs().amax(dim=(3, 4)) < 1e-6
    assert 0.7 < one_colour.float().mean() < 0.9
    again = rows.shake_patches(patches, torch.Generator().manual_seed(0))
    assert torch.equal(shaken, again)


@pytest.mark.parametrize("norm", ["none", "layer"])
def test_vectors_know_their_patch_alone(norm: str) -> None:
    network = rows.row_network({**RECIPE, "norm": norm, "depth": 2}, from_above)
    patches = rows.cut_patches(IMAGES).clone()
    before = network.look(patches)
    patches[0, 3, 3] = 0
    changed = (network.look(patches) - before).abs().amax(dim=1) > 0
    assert changed.nonzero().tolist() == [[0, 3, 3]]
    torch.testing.assert_close(network(IMAGES), before.mean(dim=(2, 3)))


def test_contexts_know_rows_up_to_their_own() -> None:
    network = rows.row_network(RECIPE, from_above)
    z = torch.randn(1, 8, 7, 7, requires_grad=True)
    network.context(z)[:, :, 3].square().sum().backward()
    assert z.grad is not None
    assert z.grad[:, :, 3].any() and not z.grad[:, :, 4:].any()


def test_directions_turn_the_grid_and_are_averaged() -> None:
    network = rows.row_network({**RECIPE, "directions": 4}, from_above)
    seen: list[Tensor] = []

    def loss(predicted: Tensor, z: Tensor, ahead: int) -> Tensor:
        seen.append(z)
        return distance(predicted, z, ahead)

    z = torch.randn(2, 8, 7, 7)
    whole = network.row_losses(z, loss)
    assert len(seen) == 8
    assert all(torch.equal(seen[2 * k], z.rot90(k, dims=(2, 3))) for k in range(4))
    contexts = [context for context in network.contexts if isinstance(context, rows.RowContext)]
    parts = [
        distance(each, z.rot90(k, dims=(2, 3)), ahead)
        for k, context in enumerate(contexts)
        for ahead, each in context.predict(context(z.rot90(k, dims=(2, 3)))).items()
    ]
    torch.testing.assert_close(whole, torch.stack(parts).mean())


def test_a_run_can_be_repeated() -> None:
    runs = [rows.train_rows(IMAGES, from_above, distance, RECIPE, progress=False) for _ in range(2)]
    assert runs[0].history.losses == runs[1].history.losses
    first, last = (next(iter(part.parameters())) for part in (runs[0].untrained, runs[0].network))
    assert not torch.equal(first, last)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"norm": "instance"}, "norm should be one of none, layer, batch"),
        ({"directions": 5}, "directions.*at most 4"),
        ({"rows_ahead": ()}, "rows_ahead should be at least 1 distance"),
        ({"width": 0}, "width.*at least 1"),
    ],
)
def test_a_wrong_recipe_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        rows.train_rows(IMAGES, from_above, distance, {**RECIPE, **change}, progress=False)


def test_what_is_wrong_is_named() -> None:
    with pytest.raises(ValueError, match="recipe should be .*it lacks depth"):
        rows.row_network({name: value for name, value in RECIPE.items() if name != "depth"}, from_above)
    with pytest.raises(ValueError, match="side should be .*at most 32"):
        rows.cut_patches(IMAGES, side=40)
    with pytest.raises(ValueError, match="drop should be .*at most 1"):
        rows.shake_patches(rows.cut_patches(IMAGES), torch.Generator(), drop=2)
    with pytest.raises(ValueError, match="masked_conv should be a function"):
        rows.row_network(RECIPE, None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="patches should be a tensor"):
        rows.row_network(RECIPE, from_above).look(IMAGES)
