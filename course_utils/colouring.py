"""Training on the colours of clips: what goes in, what is asked for, and the runs that are made again with something
changed.

The notebook shows the step once, written out; `train_colouring` is the same step with its network and its optimiser.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn

from course_utils import arguments
from course_utils.data import rgb_to_lab
from course_utils.models import build
from course_utils.train import Batches, History, cosine, train

ClipLoss = Callable[[Tensor, Tensor], Tensor]
"""(embeddings (n, t, d, h, w), colour classes (n, t, h, w)) -> loss."""

_RECIPE = ("feature_dim", "width", "steps", "batch", "learning_rate", "weight_decay", "warmup")
_CLIPS = "clips of bytes (uint8) of the shape (n, t, 3, height, width)"


@dataclass(frozen=True)
class ColourRun:
    """What a training on colours leaves.

    Attributes:
        encoder: trained.
        untrained: the encoder before training.
        history: of the training.
    """

    encoder: nn.Module
    untrained: nn.Module
    history: History


def grey_and_colour(
    frames: UInt8[Tensor, "n t 3 height width"], cell: int = 4
) -> tuple[Float[Tensor, "n t 1 height width"], Float[Tensor, "n t 2 h w"]]:
    """Lightness of each pixel in [0, 1], and the mean colour (a, b) of each cell of some pixels.

    Args:
        frames: clips.
        cell: pixels along each side of a cell; it divides the sides of the frames.
    """
    _require_clips("frames", frames)
    arguments.require_whole("cell", cell, at_least=1)
    if frames.shape[-2] % cell or frames.shape[-1] % cell:
        due = "a whole number that divides both sides of the frames"
        found = f"cell is {cell}, and the frames are of {frames.shape[-2]}x{frames.shape[-1]}"
        arguments.refuse_argument("cell", due, found)
    grey, colour = [], []
    for part in frames.split(50):  # as floats all clips at once would take a gigabyte
        lab = rgb_to_lab(part / 255)
        grey.append(lab[:, :, :1] / 100)
        colour.append(F.avg_pool2d(lab[:, :, 1:].flatten(0, 1), cell).unflatten(0, lab.shape[:2]))
    return torch.cat(grey), torch.cat(colour)


def class_paint(
    frames: UInt8[Tensor, "n t 3 height width"], classes: Int64[Tensor, "n t h w"], count: int
) -> Float[Tensor, "count 3"]:
    """For pictures: the mean colour of each class as red, green and blue, without its lightness.

    Args:
        frames: clips in colour.
        classes: of their cells.
        count: how many classes there are.
    """
    _require_clips("frames", frames)
    found = arguments.whole_numbers("classes", classes, dims=4, count=len(frames), of="frames")
    arguments.require_whole("count", count, at_least=1)
    cell = frames.shape[-1] // found.shape[-1]
    mean = F.avg_pool2d(frames.flatten(0, 1) / 255, cell).movedim(1, -1).reshape(-1, 3)
    flat = arguments.indices_into("the classes", count, "classes", found.flatten())
    if len(flat) != len(mean):
        due = f"one for each cell of the frames, which are {tuple(frames.shape)}"
        arguments.refuse_argument("classes", due, f"it is of the shape {tuple(found.shape)}")
    total = torch.zeros(count, 3).index_add_(0, flat, mean)
    paint = total / flat.bincount(minlength=count).clamp(min=1).unsqueeze(1)
    return paint - paint.mean(dim=1, keepdim=True)


def painted_film(
    grey: Float[Tensor, "t 1 height width"], classes: Int64[Tensor, "t h w"], paint: Float[Tensor, "count 3"]
) -> Float[Tensor, "t 3 height width"]:
    """Grey frames with the colours of classes laid over them.

    Args:
        grey: in [0, 1].
        classes: of the cells of these frames.
        paint: of `class_paint`.
    """
    arguments.require_images("grey", grey, channels=(1,), floats_only=True)
    arguments.require_floats("paint", paint, "a tensor of floats of the shape (classes, 3)", 2)
    found = arguments.whole_numbers("classes", classes, dims=3, count=len(grey), of="grey")
    arguments.indices_into("paint", len(paint), "classes", found.flatten())
    chroma = F.interpolate(paint[found].movedim(-1, 1), size=grey.shape[-2:], mode="nearest")
    return (grey + chroma).clamp(0, 1)


@torch.no_grad()
def embed_clips(
    network: nn.Module,
    grey: Float[Tensor, "n t 1 height width"],
    *,
    directions: bool = False,
    batch: int = 64,
) -> Float[Tensor, "n t d h w"]:
    """Embeddings of all frames on the CPU, in evaluation mode, in which the network is left.

    Args:
        network: from grey frames to embeddings.
        grey: clips.
        directions: bring each embedding to the length one, so that dot products are cosines.
        batch: frames at a time.
    """
    arguments.require_module("network", network, parameters=True)
    arguments.require_images("grey", grey, channels=(1,), dims=5, floats_only=True)
    arguments.require_whole("batch", batch, at_least=1)
    network.eval()
    device = next(network.parameters()).device
    parts = [network(part.to(device)).float().cpu() for part in grey.flatten(0, 1).split(batch)]
    found = torch.cat(parts).unflatten(0, grey.shape[:2])
    return F.normalize(found, dim=2) if directions else found


def train_colouring(
    grey: Float[Tensor, "n t 1 height width"],
    classes: Int64[Tensor, "n t h w"],
    loss: ClipLoss,
    recipe: Mapping[str, Any],
    *,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> ColourRun:
    """Train an encoder so that a loss of the embeddings and the colours of clips is small.

    Args:
        grey: clips.
        classes: colour classes of their cells.
        loss: of the embeddings and the classes of a batch.
        recipe: feature_dim, width, steps, batch, learning_rate, weight_decay and warmup.
        seed: of the network and the batches.
        device: where to compute.
        progress: show a bar with the loss and the time left.

    Raises:
        ValueError: an argument is none of these, or the loss does not depend on the embeddings.
    """
    arguments.require_images("grey", grey, channels=(1,), dims=5, floats_only=True)
    arguments.whole_numbers("classes", classes, dims=4, count=len(grey), of="grey")
    arguments.require_callable("loss", loss, "a function (embeddings, classes) -> loss")
    settings = arguments.require_mapping("recipe", recipe, "setting -> value", empty=True)
    if missing := [name for name in _RECIPE if name not in settings]:
        due = f"a recipe with {', '.join(_RECIPE)}"
        arguments.refuse_argument("recipe", due, f"it lacks {', '.join(missing)}")
    arguments.require_whole("recipe['steps']", settings["steps"], at_least=1)
    arguments.require_whole("seed", seed)
    torch.manual_seed(seed)
    encoder = build("video_encoder", feature_dim=settings["feature_dim"], width=settings["width"]).to(device)
    untrained = copy.deepcopy(encoder)
    optimizer = torch.optim.AdamW(
        encoder.parameters(), lr=settings["learning_rate"], weight_decay=settings["weight_decay"]
    )

    def step(batch: tuple[Tensor, Tensor], number: int) -> Tensor:
        encoder.train()
        clips, known = (part.to(device) for part in batch)
        embeddings = encoder(clips.flatten(0, 1)).unflatten(0, clips.shape[:2])
        return arguments.require_loss("loss", loss(embeddings, known))

    steps = settings["steps"]
    history = train(
        step,
        Batches(grey, classes, size=min(settings["batch"], len(grey)), seed=seed),
        optimizer,
        steps=steps,
        schedule=cosine(steps, warmup=min(settings["warmup"], steps - 1)),
        progress=progress,
    )
    return ColourRun(encoder, untrained, history)


class OrderNetwork(nn.Module):
    """One encoder for three frames, and a small head that sees the three maps together: are they in order?

    The maps are laid over one another, so that the head can compare what is at one place in the three frames.

    Args:
        encoder: from grey frames to maps of `feature_dim` channels.
        hidden: channels of the head's layers.
    """

    def __init__(self, encoder: nn.Module, hidden: int = 64) -> None:
        super().__init__()
        arguments.require_module("encoder", encoder)
        arguments.require_whole("hidden", hidden, at_least=1)
        arguments.require_parts("encoder", encoder, ("feature_dim",))
        self.encoder = encoder
        width: Any = encoder.feature_dim
        self.head = nn.Sequential(
            nn.Conv2d(3 * int(width), hidden, kernel_size=3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(hidden, hidden, kernel_size=3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(hidden, 2),
        )

    def forward(self, frames: Float[Tensor, "n 3 1 height width"]) -> Float[Tensor, "n 2"]:
        """Scores for "not in order" and "in order"."""
        arguments.require_images("frames", frames, channels=(1,), dims=5, floats_only=True)
        maps: Tensor = self.encoder(frames.flatten(0, 1))
        scores: Tensor = self.head(maps.unflatten(0, frames.shape[:2]).flatten(1, 2))
        return scores


def draw_order(
    clips: int, frames: int, generator: torch.Generator
) -> tuple[Int64[Tensor, "clips 5"], Int64[Tensor, " clips"]]:
    """For each clip five increasing frame numbers and one of the six kinds of tuples, half of them in order.

    Args:
        clips: how many.
        frames: in each clip, at least 5.
        generator: of the random numbers.
    """
    arguments.require_whole("clips", clips, at_least=1)
    arguments.require_whole("frames", frames, at_least=5)
    arguments.require_generator("generator", generator)
    times = torch.rand(clips, frames, generator=generator).argsort(dim=1)[:, :5].sort(dim=1).values
    in_order = torch.rand(clips, generator=generator) < 0.5
    wrong = torch.randint(1, 3, (clips,), generator=generator)
    backwards = 3 * torch.randint(0, 2, (clips,), generator=generator)
    return times, torch.where(in_order, 0, wrong) + backwards


def _require_clips(name: str, frames: object) -> None:
    found = arguments.require_tensor(name, frames, _CLIPS)
    if found.dtype != torch.uint8 or found.ndim != 5 or found.shape[2] != 3 or not len(found):
        arguments.refuse_argument(name, _CLIPS, f"it is {arguments.describe_value(found)}")
