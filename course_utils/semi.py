"""Few labels and many images: which labels are drawn, fine-tuning a whole network, and what it says afterwards."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from course_utils import arguments
from course_utils.augment import Augment, Images
from course_utils.evaluate import features
from course_utils.train import Batches, cosine, train

Criterion = Callable[[Tensor, Tensor], Tensor]
"""From the network's logits and the targets of the same images to the loss."""


def draw_labels(labels: Int64[Tensor, " n"], fraction: float, seed: int = 0) -> Int64[Tensor, " m"]:
    """Indices of the same part of every class, at least one of each; the draws of `evaluate.few_label`.

    Args:
        labels: of all images, from 0.
        fraction: of each class, in (0, 1].
        seed: of the draw.
    """
    arguments.require_labels("labels", labels, count=len(labels), of="labels")
    arguments.require_number("fraction", fraction, above=0, at_most=1)
    rng = np.random.default_rng(seed)
    parts = []
    for label in labels.unique():
        members = (labels == label).nonzero().squeeze(1)
        drawn = rng.permutation(len(members))[: max(1, round(fraction * len(members)))]
        parts.append(members[torch.from_numpy(drawn)])
    return torch.cat(parts)


def with_classifier(network: nn.Module, width: int, classes: int) -> nn.Sequential:
    """A copy of the network with a linear layer behind it that starts from zero.

    Args:
        network: from images to vectors.
        width: length of the vectors.
        classes: how many logits there are to be.
    """
    last = nn.Linear(width, classes).to(next(network.parameters()).device)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(copy.deepcopy(network), last)


def fine_tune(
    network: nn.Module,
    images: Images,
    targets: Tensor,
    criterion: Criterion,
    *,
    steps: int = 150,
    batch: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> nn.Module:
    """Train all of a network, in place and on its own device, on random views of the images.

    Args:
        network: from images to logits.
        images: bytes, or floats in [0, 1].
        targets: one for each image: labels, or a row of a teacher's logits.
        criterion: of the logits and the targets of a batch.
        steps: of AdamW, with a learning rate that falls along a cosine.
        batch: images in a step; all there are, if they are fewer.
        learning_rate: at its highest.
        seed: of batches and views.

    Returns:
        The same network, in evaluation mode.
    """
    arguments.require_images("images", images, channels=(3,))
    arguments.require_length("targets", targets, len(images), "images")
    arguments.require_whole("batch", batch, at_least=1)
    network.train()
    device = next(network.parameters()).device
    view, generator = Augment(), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=1e-4)

    def step(examples: tuple[Tensor, ...], number: int) -> Tensor:
        return criterion(network(view(examples[0].to(device), generator)), examples[1].to(device))

    train(
        step,
        Batches(images, targets, size=min(batch, len(images)), seed=seed),
        optimizer,
        steps=steps,
        schedule=cosine(steps, warmup=min(10, steps - 1)),
        progress=False,
    )
    return network.eval()


def logits(network: nn.Module, images: Images) -> Float[Tensor, "n classes"]:
    """What the network says of each image as it is, on the CPU."""
    arguments.require_images("images", images, channels=(3,))
    return features(network, images)


def accuracy(network: nn.Module, images: Images, labels: Int64[Tensor, " n"]) -> float:
    """Share of the images whose largest logit is that of their label."""
    arguments.require_labels("labels", labels, count=len(images), of="images")
    return float((logits(network, images).argmax(dim=1) == labels.cpu()).float().mean())
