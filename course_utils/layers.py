"""What goes on inside an encoder: features layer by layer, maps of what excites a layer, training with layers frozen.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn

from course_utils import arguments, evaluate
from course_utils.augment import Augment, Images
from course_utils.models import Encoder

if TYPE_CHECKING:
    from course_utils.data import EmojiScenes


def last_map(encoder: Encoder, images: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n d h2 w2"]:
    """The encoder's last map, before it is averaged to a feature; with gradients.

    Args:
        encoder: one whose `layers` are a sequence, such as `ConvNet`.
        images: floats in [0, 1].
    """
    arguments.require_images("images", images, channels=(3,), floats_only=True)
    return _layers_of(encoder)((images - 0.5) / 0.25)


def layer_maps(
    encoder: Encoder, images: Images, layers: Sequence[int], side: int | None = None
) -> list[Float[Tensor, "n c h w"]]:
    """The output of some of an encoder's layers, in evaluation mode and without gradients.

    Args:
        encoder: one whose `layers` are a sequence, such as `ConvNet`.
        images: floats in [0, 1] or bytes.
        layers: numbers of the layers, from 0.
        side: average each map over a grid of side x side cells, so that large sets can be kept; None keeps it as it is.

    Returns:
        One tensor for each layer, on the CPU.
    """
    stack = _layers_of(encoder)
    arguments.require_images("images", images, channels=(3,))
    layers = arguments.require_list("layers", layers, "a list of numbers of layers")
    for layer in layers:
        arguments.require_whole("layers", layer, at_least=0, at_most=len(stack) - 1)
    if side is not None:
        arguments.require_whole("side", side, at_least=1)
    kept: dict[int, list[Tensor]] = {layer: [] for layer in layers}

    def keep(layer: int, output: Tensor) -> None:
        small = output if side is None else F.adaptive_avg_pool2d(output, side)
        kept[layer].append(small.detach().cpu())

    hooks = [
        stack[layer].register_forward_hook(lambda _, __, output, layer=layer: keep(layer, output))  # type: ignore[misc]
        for layer in kept
    ]
    try:
        evaluate.features(encoder, images)
    finally:
        for hook in hooks:
            hook.remove()
    return [torch.cat(kept[layer]) for layer in layers]


def probe_layers(
    encoders: Mapping[str, Encoder],
    train: EmojiScenes,
    test: EmojiScenes,
    layers: Sequence[int],
    iterations: int = 60,
) -> dict[str, dict[str, float]]:
    """A linear probe on each of some layers, averaged over a grid of 2x2 cells.

    Args:
        encoders: name -> encoder.
        train: scenes whose labels the probe sees.
        test: scenes that are classified.
        layers: numbers of the layers, from 0.
        iterations: of each probe's optimiser at most.

    Returns:
        Name -> `"layer 1 of 7"` -> accuracy; `course_utils.plot.evaluation_bars` draws it.
    """
    arguments.require_mapping("encoders", encoders, "name -> encoder")
    for name, encoder in encoders.items():
        _layers_of(encoder, f"encoders[{name!r}]")
    for name, scenes in (("train", train), ("test", test)):
        arguments.require_parts(name, scenes, ("images", "labels"))
        images = arguments.require_images(f"{name}.images", scenes.images, channels=(3,))
        arguments.require_enough(f"{name}.images", images, 1, "image")
        arguments.require_labels(f"{name}.labels", scenes.labels, count=len(images), of=f"images of {name}")
    arguments.require_whole("iterations", iterations, at_least=1)
    layers = arguments.require_list("layers", layers, "a list of numbers of layers")
    found: dict[str, dict[str, float]] = {}
    for name, encoder in encoders.items():
        known, asked = (layer_maps(encoder, scenes.images, layers, side=2) for scenes in (train, test))
        found[name] = {
            f"layer {layer + 1} of {len(_layers_of(encoder))}": evaluate.linear_probe(
                before.flatten(1), train.labels, after.flatten(1), test.labels, iterations=iterations
            )
            for layer, before, after in zip(layers, known, asked, strict=True)
        }
    return found


def strength(encoder: Encoder, images: Images, layer: int, power: float = 1.0) -> Float[Tensor, "n h w"]:
    """Where the images excite a layer: the sum over its channels of |activation| ** power (Gidaris et al. 2018).

    Each map is scaled to [0, 1] and to the size of the images. The larger the power, the more the few strongest
    channels count.

    Args:
        encoder: one whose `layers` are a sequence.
        images: floats in [0, 1] or bytes.
        layer: its number, from 0.
        power: positive.
    """
    arguments.require_number("power", power, above=0)
    arguments.require_whole("layer", layer, at_least=0, at_most=len(_layers_of(encoder)) - 1)
    (activation,) = layer_maps(encoder, images, [layer])
    found = activation.abs().pow(power).sum(dim=1, keepdim=True)
    found = found - found.amin(dim=(2, 3), keepdim=True)
    found = found / found.amax(dim=(2, 3), keepdim=True).clamp(min=1e-12)
    return F.interpolate(found, size=images.shape[-2:], mode="bilinear", align_corners=False)[:, 0]


def train_from_layer(
    encoder: Encoder,
    images: Images,
    labels: Int64[Tensor, " n"],
    *,
    frozen: int = 2,
    steps: int = 100,
    batch: int = 64,
    learning_rate: float = 1e-3,
    seed: int = 0,
) -> nn.Sequential:
    """Trains a copy of an encoder and a linear layer on labels; the first layers stay as they are.

    What is frozen keeps its averages of batch normalisation as well. The images are cropped and mirrored at random.

    Args:
        encoder: one whose `layers` are a sequence; it is left alone.
        images: the labelled images, at least one, floats in [0, 1] or bytes.
        labels: their classes, from 0.
        frozen: how many layers stay, from the first on; all of them train the linear layer alone.
        steps: of AdamW, along half a cosine.
        batch: images in a step, drawn with replacement.
        learning_rate: of the first step.
        seed: of the linear layer, the batches and the crops.

    Returns:
        The copy and its linear layer, in evaluation mode: from images to scores of the classes.
    """
    arguments.require_images("images", images, channels=(3,))
    arguments.require_enough("images", images, 1, "image")
    arguments.require_labels("labels", labels, count=len(images), of="images")
    network = copy.deepcopy(encoder)
    stack = _layers_of(network)
    arguments.require_whole("frozen", frozen, at_least=0, at_most=len(stack))
    arguments.require_whole("steps", steps, at_least=1)
    arguments.require_whole("batch", batch, at_least=1)
    arguments.require_number("learning_rate", learning_rate, above=0)
    arguments.require_whole("seed", seed)
    for layer in stack[:frozen]:
        layer.requires_grad_(False)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        head = nn.Linear(network.feature_dim, int(labels.max()) + 1)
    whole = nn.Sequential(network, head.to(next(network.parameters()).device))
    device = next(head.parameters()).device
    views, generator = Augment(jitter=0.0, grey=0.0), torch.Generator().manual_seed(seed)
    trained = [parameter for parameter in whole.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=learning_rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    with torch.enable_grad():
        for _ in range(steps):
            whole.train()
            for layer in stack[:frozen]:
                layer.eval()
            chosen = torch.randint(len(images), (batch,), generator=generator)
            scores = whole(views(images[chosen].to(device), generator))
            loss = F.cross_entropy(scores, labels[chosen].to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return whole.eval()


@contextmanager
def seen_gradients(modules: Mapping[str, nn.Module]) -> Iterator[dict[str, int]]:
    """Counts, for each module, the parameters to which backward passes inside the block gave a gradient, not all zero.

    Args:
        modules: name -> module. Their gradients are dropped on entering.

    Yields:
        Name -> number of tensors, filled at the end of the block.
    """
    arguments.require_mapping("modules", modules, "name -> module")
    found: dict[str, int] = {}
    for name, module in modules.items():
        arguments.require_module(f"modules[{name!r}]", module)
    for module in modules.values():
        module.zero_grad(set_to_none=True)
    yield found
    for name, module in modules.items():
        found[name] = sum(
            int(parameter.grad is not None and bool(parameter.grad.any()))
            for parameter in module.parameters()
        )


def _layers_of(encoder: object, name: str = "encoder") -> nn.Sequential:
    layers = getattr(encoder, "layers", None)
    if not isinstance(layers, nn.Sequential):
        arguments.refuse_argument(
            name,
            "an encoder with a sequence of layers, such as ConvNet",
            f"it is {arguments.describe_value(encoder)}",
        )
    assert isinstance(layers, nn.Sequential)
    return layers
