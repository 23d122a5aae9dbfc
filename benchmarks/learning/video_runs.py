"""What the sweeps of video share: clips, encoders that are trained once, how a tracker is measured, and the record."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.learning import common
from benchmarks.learning.video import CELL, SETTINGS, patches
from course_utils import colouring, evaluate, tracking
from course_utils.data import ColourClusters, EmojiVideo
from course_utils.models import build
from solutions.video.colorization_attention.reference import colorization_attention
from solutions.video.colorization_loss.reference import colorization_loss
from solutions.video.copy_colors.reference import copy_colors
from solutions.video.pck.reference import pck
from solutions.video.propagate_keypoints.reference import propagate_keypoints
from solutions.video.propagate_labels.reference import propagate_labels

CACHE = common.ROOT / "build" / "learning" / "video"
"""Encoders that several measurements start from. What is not there is trained again."""

NONE = 64
"""A radius that leaves out no position."""
ALL = 10**6
"""A top-k that leaves out no position."""
TUNING_CLIPS = 24
TEMPERATURES: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Of grey patches and of networks that were not trained to point, whose embeddings have the length one."""
TRAINED_TEMPERATURES: tuple[float, ...] = (0.3, 1.0, 3.0)
TOP_KS = (1, 5, 20)

Row = dict[str, Any]
Points = Iterable[tuple[str, Callable[[], Row]]]


@dataclass(frozen=True)
class Tracking:
    """How labels are propagated."""

    temperature: float = float(SETTINGS["temperature"])
    references: int = int(SETTINGS["references"])
    top_k: int = int(SETTINGS["top_k"])
    radius: int = NONE


@dataclass(frozen=True)
class Seen:
    """Clips and what a tracker sees of them."""

    video: EmojiVideo
    embeddings: Tensor


# --- clips --------------------------------------------------------------------------------------------------


@functools.cache
def training() -> tuple[Tensor, Tensor, EmojiVideo]:
    """Grey training clips, the colours of their cells, and the clips."""
    video = EmojiVideo("train", clips=int(SETTINGS["clips"]))
    return *colouring.grey_and_colour(video.frames, CELL), video


@functools.cache
def coloured(classes: int) -> Tensor:
    """Colour classes of the training clips' cells, of so many classes."""
    colour = training()[1]
    return ColourClusters.fit(colour, classes).assign(colour)


@functools.cache
def clips(split: str) -> tuple[EmojiVideo, Tensor]:
    """The test clips (`"test"`), or training clips as long, for choices (`"tuning"`), with their grey frames."""
    test = EmojiVideo("test")
    if split == "test":
        video = test
    else:
        video = EmojiVideo("train", clips=TUNING_CLIPS, frames=test.masks.shape[1], seed=1)
    return video, colouring.grey_and_colour(video.frames, CELL)[0]


def seen_by(see: Callable[[Tensor], Tensor], split: str) -> Seen:
    """What a function of grey clips makes of the test or the tuning clips."""
    video, grey = clips(split)
    return Seen(video, see(grey))


# --- encoders -----------------------------------------------------------------------------------------------


def clip_loss(
    embeddings: Tensor,
    classes: Tensor,
    *,
    colours: int = int(SETTINGS["classes"]),
    temperature: float = float(SETTINGS["temperature"]),
    attend: Callable[..., Tensor] = colorization_attention,
    loss: Callable[..., Tensor] = colorization_loss,
) -> Tensor:
    """The loss of the notebook, with parts that may be exchanged for wrong ones."""
    tall = torch.cat(embeddings[:, :-1].unbind(1), dim=2)
    known = F.one_hot(torch.cat(classes[:, :-1].unbind(1), dim=1), colours).movedim(-1, 1).to(tall)
    attention = attend(tall, embeddings[:, -1], temperature)
    predicted = copy_colors(attention, known, (classes.shape[-2], classes.shape[-1]))
    return loss(predicted, classes[:, -1])


def untrained(seed: int) -> nn.Module:
    """The encoder before training."""
    torch.manual_seed(seed)
    return build("video_encoder", feature_dim=SETTINGS["feature_dim"], width=SETTINGS["width"])


def trained(
    name: str, seed: int, loss: Callable[[Tensor, Tensor], Tensor], classes: int
) -> tuple[nn.Module, Row]:
    """An encoder trained by the recipe with a loss of its own, now or at an earlier call.

    Args:
        name: of the file that it is kept in.
        seed: of network and batches.
        loss: of embeddings and colour classes.
        classes: how many colours there are.

    Returns:
        The encoder, and of its training the losses and the seconds of the processor.
    """
    return kept(name, untrained(seed), lambda: _train(seed, loss, classes))


def _train(seed: int, loss: Callable[[Tensor, Tensor], Tensor], classes: int) -> tuple[nn.Module, Row]:
    grey, known = training()[0], coloured(classes)
    began = time.process_time()
    run = colouring.train_colouring(grey, known, loss, SETTINGS, seed=seed, progress=False)
    return run.encoder, {"losses": list(run.history.losses), "cpu seconds": time.process_time() - began}


def kept(name: str, module: nn.Module, make: Callable[[], tuple[nn.Module, Row]]) -> tuple[nn.Module, Row]:
    """The module as `make` trains it, from a file if that was done before with the same number of steps."""
    path = CACHE / f"{name}-{SETTINGS['steps']}.pt"
    if path.exists():
        state = torch.load(path, weights_only=True)
        module.load_state_dict(state["module"])
        return module, state["run"]
    module, run = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"module": module.state_dict(), "run": run}, path)
    return module, run


def recipe(seed: int) -> tuple[nn.Module, Row]:
    """The notebook's recipe."""
    return trained(f"recipe-{seed}", seed, clip_loss, int(SETTINGS["classes"]))


# --- what is seen -------------------------------------------------------------------------------------------


def embeddings_of(network: nn.Module) -> Callable[[Tensor], Tensor]:
    """As the network gives them: their length is part of what it has learned."""
    return functools.partial(colouring.embed_clips, network)


def directions_of(network: nn.Module) -> Callable[[Tensor], Tensor]:
    """Brought to length one, which helps a network that was not trained to be compared by dot products."""
    return functools.partial(colouring.embed_clips, network, directions=True)


def nothing(grey: Tensor) -> Tensor:
    """All positions look alike, so that only the window chooses."""
    n, t, _, height, width = grey.shape
    return torch.zeros(n, t, 1, height // CELL, width // CELL)


SEERS: dict[str, Callable[[Tensor], Tensor]] = {"grey patches": patches, "nothing": nothing}


# --- measures -----------------------------------------------------------------------------------------------


def masks_of(seen: Seen, how: Tracking) -> Tensor:
    """The masks that a tracker finds."""
    return tracking.follow_masks(
        seen.embeddings,
        seen.video.masks[:, 0],
        propagate_labels,
        references=how.references,
        top_k=how.top_k,
        radius=how.radius,
        temperature=how.temperature,
    )


def similarity(seen: Seen, how: Tracking) -> float:
    """Mean J over objects and frames after the first."""
    return float(evaluate.region_similarity(masks_of(seen, how)[:, 1:], seen.video.masks[:, 1:]).mean())


def points_of(seen: Seen, how: Tracking, top_k: int = 5) -> Tensor:
    """The keypoints that a tracker finds: all weights within the window count for the cell of a point."""

    def point(earlier: Tensor, later: Tensor) -> Tensor:
        if how.radius >= max(earlier.shape[1:]):
            return colorization_attention(earlier[None], later[None], how.temperature)[0]
        return tracking.weights_of(
            propagate_labels, earlier[None], later, temperature=how.temperature, top_k=ALL, radius=how.radius
        )

    move = functools.partial(propagate_keypoints, top_k=top_k)
    start = seen.video.keypoints[:, 0].flatten(1, 2)
    found = tracking.follow_points(seen.embeddings, start, point, move, CELL)
    return found.unflatten(2, tuple(seen.video.keypoints.shape[2:4]))


def of_masks(found: Tensor, video: EmojiVideo) -> Row:
    """J and F, and both by frame."""
    curves = tracking.frame_by_frame(found, video.masks)
    means = {name: sum(values) / len(values) for name, values in curves.items()}
    return {**means, **{f"{name} by frame": values for name, values in curves.items()}}


def of_points(found: Tensor, video: EmojiVideo) -> Row:
    """PCK within a tenth and a fifth of the object's size, and the latter by frame."""
    row: Row = {}
    for alpha in (0.1, 0.2):
        row[f"PCK@{alpha}"] = float(pck(*tracking.judged_points(video, found), alpha))
    row["PCK@0.2 by frame"] = [
        float(pck(*tracking.judged_points(video, found, frame), 0.2)) for frame in range(1, found.shape[1])
    ]
    return row


def measured(seen: Seen, how: Tracking, of_pointing: Tracking | None = None, top_k: int = 5) -> Row:
    """All figures of a tracker.

    Args:
        seen: clips.
        how: masks are propagated.
        of_pointing: how points are; like the masks if it is left out.
        top_k: cells that a point goes to the mean of.
    """
    points = points_of(seen, of_pointing or how, top_k)
    return {**of_masks(masks_of(seen, how), seen.video), **of_points(points, seen.video)}


def tune(
    see: Callable[[Tensor], Tensor],
    temperatures: Sequence[float],
    top_ks: Sequence[int] = TOP_KS,
    **fixed: int,
) -> Tracking:
    """Temperature and top-k of the largest J on training clips."""
    seen = seen_by(see, "tuning")
    candidates = [
        Tracking(temperature, top_k=top_k, **fixed) for temperature, top_k in product(temperatures, top_ks)
    ]
    return max(candidates, key=lambda how: similarity(seen, how))


def tune_points(see: Callable[[Tensor], Tensor], temperatures: Sequence[float], radius: int) -> Tracking:
    """The temperature of the largest PCK@0.2 on training clips."""
    seen = seen_by(see, "tuning")

    def share(how: Tracking) -> float:
        return float(pck(*tracking.judged_points(seen.video, points_of(seen, how)), 0.2))

    return max((Tracking(temperature, radius=radius) for temperature in temperatures), key=share)


def over_seeds(rows: Sequence[Mapping[str, Any]]) -> Row:
    """Means of all figures, curves too, and the single values of what is no curve."""
    found: Row = {}
    for name, first in rows[0].items():
        values = [row[name] for row in rows]
        if isinstance(first, list):
            found[name] = [sum(column) / len(column) for column in zip(*values, strict=True)]
        else:
            found[name] = sum(values) / len(values)
    single = [name for name, first in rows[0].items() if not isinstance(first, list)]
    return {**found, "values": {name: [row[name] for row in rows] for name in single}}


# --- record -------------------------------------------------------------------------------------------------


def rounded(value: Any) -> Any:
    """Four digits after the point, in lists and tables too."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return {name: rounded(item) for name, item in value.items()} if isinstance(value, dict) else value


def record_group(group: str, points: Points) -> None:
    """Measure what the record does not hold yet, and write it after each row.

    Args:
        group: under which name the rows are kept, in `extra["parts"]`.
        points: name of a row and what measures it.
    """
    for name, measure in points:
        if name in common.load("video", SETTINGS).extra.get("parts", {}).get(group, {}):
            continue
        began = time.process_time()
        row = rounded({**measure(), "cpu seconds": time.process_time() - began})
        print(
            f"{group}: {name}: { {k: v for k, v in row.items() if isinstance(v, float | int)} }", flush=True
        )
        # Read after the measurement: another command may have written meanwhile.
        record = common.load("video", SETTINGS)
        parts = dict(record.extra.get("parts", {}))
        parts[group] = {**parts.get(group, {}), name: row}
        common.write(replace(record, extra={**record.extra, "parts": parts}))
