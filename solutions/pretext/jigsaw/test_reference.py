"""The reference against independent oracles; imports nothing of ours but the reference."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from solutions.pretext.jigsaw.reference import jigsaw

SEEDS = range(20)


def _arguments(
    seed: int, sizes: tuple[int, int, int] | None = None
) -> tuple[Tensor, Tensor, Tensor, Tensor, int]:
    """Images, permutations, labels, corners and the tile's side; n, c and g are drawn if they are not given."""
    rng = np.random.default_rng(seed)
    n, c, g = sizes or (int(rng.integers(1, 5)), int(rng.integers(1, 4)), int(rng.integers(2, 4)))
    tile, m = int(rng.integers(2, 5)), int(rng.integers(1, 6))
    more, rest = rng.integers(0, 4, 2), rng.integers(0, g, 2)
    h, w = (int(g * (tile + more[axis]) + rest[axis]) for axis in (0, 1))
    corners = np.stack([rng.integers(0, more[axis], (n, g * g), endpoint=True) for axis in (0, 1)], axis=2)
    return (
        torch.from_numpy(rng.standard_normal((n, c, h, w))),
        torch.from_numpy(np.stack([rng.permutation(g * g) for _ in range(m)])),
        torch.from_numpy(rng.integers(0, m, n)),
        torch.from_numpy(corners),
        tile,
    )


def _by_loops(images: Tensor, permutations: Tensor, labels: Tensor, corners: Tensor, tile: int) -> Tensor:
    """Number after number, in Python's floats."""
    n, channels, h, w = images.shape
    g = math.isqrt(permutations.shape[1])
    pixels = images.tolist()
    puzzles = torch.zeros(n, g * g, channels, tile, tile, dtype=torch.float64)
    for i in range(n):
        order = permutations[labels[i]].tolist()
        for slot in range(g * g):
            t = order[slot]
            top = (t // g) * (h // g) + int(corners[i, t, 0])
            left = (t % g) * (w // g) + int(corners[i, t, 1])
            values = [
                [[pixels[i][k][top + y][left + x] for x in range(tile)] for y in range(tile)]
                for k in range(channels)
            ]
            flat = [value for channel in values for row in channel for value in row]
            mean = math.fsum(flat) / len(flat)
            scale = math.sqrt(math.fsum((value - mean) ** 2 for value in flat) / len(flat) + 1e-6)
            puzzles[i, slot] = (torch.tensor(values, dtype=torch.float64) - mean) / scale
    return puzzles


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_loops(seed: int) -> None:
    arguments = _arguments(seed)
    torch.testing.assert_close(jigsaw(*arguments), _by_loops(*arguments), rtol=1e-11, atol=1e-12)


# n, c, g: one image; as many images as cells; nine and sixteen cells.
@pytest.mark.parametrize("sizes", [(1, 1, 2), (4, 4, 2), (2, 3, 3), (2, 1, 4)])
@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_low_contrasts_agree_with_loops(sizes: tuple[int, int, int], scale: float) -> None:
    images, *others = _arguments(3, sizes)
    arguments = (0.5 + scale * images, *others)
    torch.testing.assert_close(jigsaw(*arguments), _by_loops(*arguments), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", SEEDS[:5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_whole_cells_in_order_are_a_layer_norm(seed: int, dtype: torch.dtype) -> None:
    """Tiles that fill their cells, shown where they are: chunks of the image, each through `F.layer_norm`."""
    image = torch.from_numpy(np.random.default_rng(seed).standard_normal((1, 3, 6, 6))).to(dtype)
    order = torch.arange(9)[None]
    puzzle = jigsaw(image, order, torch.tensor([0]), torch.zeros(1, 9, 2, dtype=torch.int64), 2)
    chunks = [part for row in image[0].chunk(3, dim=1) for part in row.chunk(3, dim=2)]
    expected = F.layer_norm(torch.stack(chunks), (3, 2, 2), eps=1e-6)[None]
    assert puzzle.dtype == dtype
    torch.testing.assert_close(puzzle, expected)


def test_worked_out_by_hand() -> None:
    """Tile t of a 2 x 2 grid is recognised by where its only large pixel lies."""
    image = torch.zeros(1, 1, 4, 4)
    for t, (row, column) in enumerate(((0, 0), (0, 3), (3, 0), (3, 3))):
        image[0, 0, row, column] = t + 1.0
    puzzle = jigsaw(image, torch.tensor([[1, 2, 3, 0]]), torch.tensor([0]), torch.zeros(1, 4, 2).long(), 2)
    # Tiles 1, 2, 3 and 0 have it at the top right, bottom left, bottom right and top left.
    assert puzzle[0, :, 0].flatten(1).argmax(dim=1).tolist() == [1, 2, 3, 0]
    # One value among four: 3 / sqrt(3) for it, -1 / sqrt(3) for the others, however large it is.
    assert puzzle.amax(dim=(2, 3, 4))[0].tolist() == pytest.approx([math.sqrt(3)] * 4, rel=1e-4)
    assert puzzle.amin(dim=(2, 3, 4))[0].tolist() == pytest.approx([-1 / math.sqrt(3)] * 4, rel=1e-4)


@pytest.mark.parametrize("colour", [0.0, 0.3, 1.0])
def test_flat_tiles_are_zero(colour: float) -> None:
    puzzle = jigsaw(
        torch.full((1, 3, 6, 6), colour),
        torch.tensor([[3, 1, 0, 2]]),
        torch.tensor([0]),
        torch.zeros(1, 4, 2, dtype=torch.int64),
        2,
    )
    torch.testing.assert_close(puzzle, torch.zeros(1, 4, 3, 2, 2), rtol=0, atol=1e-3)


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_gradients_are_those_of_finite_differences(seed: int) -> None:
    images, *others = _arguments(seed)
    assert torch.autograd.gradcheck(lambda x: jigsaw(x, *others), images.requires_grad_())


# Cells of 4 x 5 pixels in an image of 9 x 11, tiles of 2: a corner may be (2, 3) at most.
@pytest.mark.parametrize("t", range(4))
@pytest.mark.parametrize(
    ("corner", "allowed"),
    [((2, 3), True), ((3, 3), False), ((2, 4), False), ((-1, 0), False), ((0, -1), False)],
)
def test_a_tile_that_leaves_its_cell_is_refused(t: int, corner: tuple[int, int], allowed: bool) -> None:
    corners = torch.zeros(2, 4, 2, dtype=torch.int64)
    corners[1, t] = torch.tensor(corner)
    arguments = torch.rand(2, 1, 9, 11), torch.tensor([[0, 1, 2, 3]]), torch.tensor([0, 0]), corners, 2
    if allowed:
        assert jigsaw(*arguments).shape == (2, 4, 1, 2, 2)
    else:
        with pytest.raises(ValueError, match="inside its cell"):
            jigsaw(*arguments)
