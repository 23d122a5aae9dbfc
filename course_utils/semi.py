"""Few labels and many images: which are drawn, probes on them, fine-tuning a whole network, and what it says then.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from course_utils import arguments
from course_utils.augment import Augment, Images
from course_utils.evaluate import features, linear_probe
from course_utils.train import Batches, cosine, train

Criterion = Callable[[Tensor, Tensor], Tensor]
"""From the network's logits and the targets of the same images to the loss."""


class FewLabels(NamedTuple):
    """Accuracy of a probe over several draws of a few labels."""

    mean: float
    std: float
    """Standard deviation over the draws (n - 1 in the denominator); 0 for a single draw."""
    labels: int
    """How many labels each draw used."""


def draw_labels(labels: Int64[Tensor, " n"], fraction: float, seed: int = 0) -> Int64[Tensor, " m"]:
    """Indices of the same part of every class, at least one of each.

    Args:
        labels: of all images, at least one, from 0.
        fraction: of each class, in (0, 1].
        seed: of the draw, from 0.
    """
    arguments.require_labels("labels", labels)
    arguments.require_enough("labels", labels, 1, "label")
    arguments.require_number("fraction", fraction, above=0, at_most=1)
    arguments.require_whole("seed", seed, at_least=0)
    rng = np.random.default_rng(seed)
    parts = []
    for label in labels.unique():
        members = (labels == label).nonzero().squeeze(1)
        drawn = rng.permutation(len(members))[: max(1, round(fraction * len(members)))]
        parts.append(members[torch.from_numpy(drawn)])
    return torch.cat(parts)


def few_label(
    train_x: Float[Tensor, "n d"],
    train_y: Int64[Tensor, " n"],
    test_x: Float[Tensor, "m d"],
    test_y: Int64[Tensor, " m"],
    fraction: float = 0.01,
    seeds: Iterable[int] = range(5),
    weight_decay: float = 1e-3,
) -> FewLabels:
    """Linear probes that see the labels of a small part of the training set, the same part of every class.

    Args:
        train_x: features of the training set.
        train_y: its labels, from 0.
        test_x: features of the test set.
        test_y: its labels.
        fraction: of each class, in (0, 1]; at least one example of each is drawn.
        seeds: one draw and one probe for each.
        weight_decay: as for `linear_probe`.

    Returns:
        Mean and standard deviation of the accuracy over the seeds, and the number of labels.

    Raises:
        ValueError: the fraction is out of range, or there are no seeds.
    """
    arguments.require_sets(train_x, train_y, test_x, test_y)
    arguments.require_number("fraction", fraction, above=0, at_most=1)
    accuracies = []
    count = 0
    for seed in seeds:
        chosen = draw_labels(train_y, fraction, seed)
        count = len(chosen)
        accuracies.append(linear_probe(train_x[chosen], train_y[chosen], test_x, test_y, weight_decay))
    if not accuracies:
        raise ValueError("few_label needs at least one seed")
    spread = float(np.std(accuracies, ddof=1)) if len(accuracies) > 1 else 0.0
    return FewLabels(float(np.mean(accuracies)), spread, count)


def with_classifier(network: nn.Module, width: int, classes: int) -> nn.Sequential:
    """A copy of the network with a linear layer behind it that starts from zero.

    Args:
        network: from images to vectors; it has parameters.
        width: length of the vectors.
        classes: how many logits there are to be.
    """
    arguments.require_module("network", network, parameters=True)
    for name, value in (("width", width), ("classes", classes)):
        arguments.require_whole(name, value, at_least=1)
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

    Raises:
        ValueError: an argument is none of these, or the criterion's loss does not depend on the network.
    """
    arguments.require_module("network", network, parameters=True)
    arguments.require_images("images", images, channels=(3,))
    arguments.require_enough("images", images, 1, "image")
    arguments.require_tensor("targets", targets, "a tensor with one target for each image")
    arguments.require_enough("targets", targets.shape, 1, "dimension")
    arguments.require_length("targets", targets, len(images), "images")
    arguments.require_callable("criterion", criterion, "a function (logits, targets) -> loss")
    arguments.require_whole("steps", steps, at_least=1)
    arguments.require_whole("batch", batch, at_least=1)
    arguments.require_number("learning_rate", learning_rate, above=0)
    arguments.require_whole("seed", seed)
    network.train()
    device = next(network.parameters()).device
    view, generator = Augment(), torch.Generator().manual_seed(seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate, weight_decay=1e-4)

    def step(examples: tuple[Tensor, ...], number: int) -> Tensor:
        loss = criterion(network(view(examples[0].to(device), generator)), examples[1].to(device))
        return arguments.require_loss("criterion", loss)

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
    arguments.require_callable("network", network, "a module or a function of images")
    arguments.require_images("images", images, channels=(3,))
    return features(network, images)


def accuracy(network: nn.Module, images: Images, labels: Int64[Tensor, " n"]) -> float:
    """Share of the images, at least one, whose largest logit is that of their label."""
    arguments.require_images("images", images, channels=(3,))
    arguments.require_enough("images", images, 1, "image")
    arguments.require_labels("labels", labels, count=len(images), of="images")
    return float((logits(network, images).argmax(dim=1) == labels.cpu()).float().mean())
