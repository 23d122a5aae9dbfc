"""The reference against independent oracles; imports nothing of ours but the reference."""

import numpy as np
import pytest
import torch

from solutions.pretext.split_lab.reference import split_lab

SEEDS = range(10)

# CIE Lab under D65 of the corners of sRGB, to two digits, as published tables have them.
KNOWN = {
    (0, 0, 0): (0, 0, 0),
    (255, 255, 255): (100, 0, 0),
    (255, 0, 0): (53.24, 80.09, 67.20),
    (0, 255, 0): (87.73, -86.18, 83.18),
    (0, 0, 255): (32.30, 79.19, -107.86),
    (255, 255, 0): (97.14, -21.55, 94.48),
    (0, 255, 255): (91.11, -48.09, -14.13),
    (255, 0, 255): (60.32, 98.23, -60.82),
    (128, 128, 128): (53.59, 0, 0),
}


def _by_the_formulas(red: int, green: int, blue: int) -> tuple[float, float, float]:
    """One pixel by IEC 61966-2-1 and CIE 1976, in Python's numbers."""
    linear = []
    for byte in (red, green, blue):
        value = byte / 255
        linear.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    ratios = to_xyz @ linear / to_xyz.sum(axis=1)
    x, y, z = (r ** (1 / 3) if r > 216 / 24389 else (24389 / 27 * r + 16) / 116 for r in ratios)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize(("rgb", "lab"), KNOWN.items())
def test_known_colours(rgb: tuple[int, ...], lab: tuple[float, ...]) -> None:
    lightness, colour = split_lab(torch.tensor(rgb, dtype=torch.uint8).view(1, 3, 1, 1))
    assert lightness.item() == pytest.approx(lab[0] / 50 - 1, abs=2e-4)
    assert colour.flatten().tolist() == pytest.approx([lab[1] / 110, lab[2] / 110], abs=2e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_agrees_with_the_formulas(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, h, w = (int(size) for size in rng.integers(1, 6, 3))
    images = rng.integers(0, 256, (n, 3, h, w), dtype=np.uint8)
    lightness, colour = split_lab(torch.from_numpy(images))
    assert lightness.shape == (n, 1, h, w)
    assert colour.shape == (n, 2, h, w)
    assert lightness.dtype == colour.dtype == torch.float32
    for i in range(n):
        for row in range(h):
            for column in range(w):
                expected = _by_the_formulas(*images[i, :, row, column].tolist())
                assert float(lightness[i, 0, row, column]) == pytest.approx(expected[0] / 50 - 1, abs=1e-4)
                assert float(colour[i, 0, row, column]) == pytest.approx(expected[1] / 110, abs=2e-4)
                assert float(colour[i, 1, row, column]) == pytest.approx(expected[2] / 110, abs=2e-4)


def test_greys_have_no_colour() -> None:
    greys = torch.arange(256, dtype=torch.uint8).expand(1, 3, 1, -1)
    lightness, colour = split_lab(greys)
    assert (110 * colour).abs().max() < 1e-3
    assert (lightness.diff(dim=3) > 0).all()
    assert lightness.min() == -1
    assert lightness.max() == pytest.approx(1)


def test_leaves_the_bytes_alone() -> None:
    images = torch.randint(256, (2, 3, 4, 5), dtype=torch.uint8)
    kept = images.clone()
    split_lab(images)
    assert torch.equal(images, kept)
