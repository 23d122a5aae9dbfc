"""References beside the fastest way to write the same: where being clear costs time, and how much.

    python -m benchmarks.references        # writes its table into benchmarks/README.md

The two take turns in one process, on as many threads as torch takes by itself; what counts is the ratio. Rows beside
libraries need pytorch-metric-learning and kornia, and are left out without them.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import statistics
import time
from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.readme import README, put_in
from course_utils.data import rgb_to_lab
from course_utils.models import build
from solutions.moco.momentum_update.reference import momentum_update
from solutions.simclr.supcon_loss.reference import supcon_loss
from solutions.video.colorization_attention.reference import colorization_attention
from solutions.video.copy_colors.reference import copy_colors

MARKS = ("<!-- references: python -m benchmarks.references -->", "<!-- end of references -->")
ROUNDS, SECONDS_A_ROUND = 21, 0.1


def fused_update(query_encoder: nn.Module, key_encoder: nn.Module, momentum: float) -> None:
    """All parameters in two calls."""
    with torch.no_grad():
        keys: list[Tensor] = list(key_encoder.parameters())
        queries: list[Tensor] = list(query_encoder.parameters())
        torch._foreach_mul_(keys, momentum)
        torch._foreach_add_(keys, queries, alpha=1 - momentum)


def two_steps(reference: Tensor, target: Tensor, colors: Tensor) -> Tensor:
    """The two exercises, one after the other."""
    height, width = target.shape[2:]
    return copy_colors(colorization_attention(reference, target), colors, (height, width))


def one_kernel(reference: Tensor, target: Tensor, colors: Tensor) -> Tensor:
    """Both in PyTorch's own attention, which never holds all of its weights."""
    query, key, value = (item.flatten(2).mT for item in (target, reference, colors))
    copied = F.scaled_dot_product_attention(query, key, value, scale=1.0)
    return copied.mT.unflatten(2, target.shape[2:])


def _updates() -> tuple[str, Callable[[], object], Callable[[], object]]:
    encoder = build("small_resnet")
    other = copy.deepcopy(encoder)
    return (
        "`momentum_update`, the notebook's encoder, beside one fused update of all parameters",
        partial(momentum_update, encoder, other, 0.99),
        partial(fused_update, encoder, other, 0.99),
    )


def _attention() -> tuple[str, Callable[[], object], Callable[[], object]]:
    generator = torch.Generator().manual_seed(0)
    # Three reference frames side by side, as the notebook does it.
    reference = 0.1 * torch.randn(1, 64, 3 * 64, 64, generator=generator)
    target = 0.1 * torch.randn(1, 64, 64, 64, generator=generator)
    colors = torch.rand(1, 16, 3 * 64, 64, generator=generator)
    torch.testing.assert_close(two_steps(reference, target, colors), one_kernel(reference, target, colors))
    return (
        "`copy_colors(colorization_attention(...))`, 64×64 over three frames, beside `scaled_dot_product_attention`",
        partial(two_steps, reference, target, colors),
        partial(one_kernel, reference, target, colors),
    )


def _supcon() -> tuple[str, Callable[[], object], Callable[[], object]]:
    losses = importlib.import_module("pytorch_metric_learning.losses")
    generator = torch.Generator().manual_seed(0)
    projections = torch.randn(512, 128, generator=generator, requires_grad=True)
    labels = torch.randint(8, (512,), generator=generator)
    theirs = losses.SupConLoss(temperature=0.1)
    torch.testing.assert_close(supcon_loss(projections, labels, 0.1), theirs(projections, labels))
    return (
        "`supcon_loss`, 512 projections of 8 classes, forward and backward, beside pytorch-metric-learning",
        lambda: supcon_loss(projections, labels, 0.1).backward(),
        lambda: theirs(projections, labels).backward(),
    )


def _lab() -> tuple[str, Callable[[], object], Callable[[], object]]:
    colour = importlib.import_module("kornia.color")
    images = torch.rand(256, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    # Their matrix has fewer digits.
    torch.testing.assert_close(rgb_to_lab(images), colour.rgb_to_lab(images), atol=0.02, rtol=0.001)
    return (
        "`rgb_to_lab` of `course_utils.data`, 256 images of 32×32, beside kornia",
        partial(rgb_to_lab, images),
        partial(colour.rgb_to_lab, images),
    )


def ratios(ours: Callable[[], object], theirs: Callable[[], object]) -> list[float]:
    """How many times as long ours takes, round by round."""
    once = _seconds(ours, 3) / 3
    count = max(1, int(SECONDS_A_ROUND / once))
    return [_seconds(ours, count) / _seconds(theirs, count) for _ in range(ROUNDS)]


def _seconds(function: Callable[[], object], count: int) -> float:
    began = time.perf_counter()
    for _ in range(count):
        function()
    return time.perf_counter() - began


def main() -> None:
    """Measure, and write the table."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    rows = ["| reference | times as long: median | lowest to highest |", "|---|---:|---:|"]
    for prepare in (_updates, _attention, _supcon, _lab):
        try:
            name, ours, theirs = prepare()
        except ImportError as error:
            print(f"left out: {error}")
            continue
        found = sorted(ratios(ours, theirs))
        rows.append(f"| {name} | {statistics.median(found):.1f} | {found[0]:.1f} to {found[-1]:.1f} |")
        print(rows[-1])
    text = README.read_text(encoding="utf-8")
    README.write_text(put_in(text, "\n".join(rows), MARKS), encoding="utf-8")


if __name__ == "__main__":
    main()
