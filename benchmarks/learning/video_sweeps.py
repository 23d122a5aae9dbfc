"""Sweeps of video: propagation, baselines, classes, temperature, frame order, wrong versions, films.

python -m benchmarks.learning.video_sweeps                        # all of them; what is recorded is not run again
python -m benchmarks.learning.video_sweeps baselines film         # these

Headline rows are means over three seeds, the others one seed. Temperature and top-k are chosen on training clips, for
each row its own. All runs share the encoders that they start from, which are kept in build/learning/video.
"""

from __future__ import annotations

import argparse
import copy
import functools
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.learning import flow
from benchmarks.learning import video_runs as runs
from benchmarks.learning.recipe import train_by
from benchmarks.learning.simclr_short import add_groups
from benchmarks.learning.video import SETTINGS
from benchmarks.learning.video_runs import (
    ALL,
    NONE,
    TEMPERATURES,
    TOP_KS,
    TRAINED_TEMPERATURES,
    Row,
    Seen,
    Tracking,
)
from course_utils import colouring, evaluate, tracking
from course_utils.data import EmojiVideo
from course_utils.data.emoji import emoji_table
from solutions.video.colorization_attention import wrong as wrong_attention
from solutions.video.colorization_loss import wrong as wrong_loss
from solutions.video.shuffle_tuples.reference import shuffle_tuples

Points = Iterator[tuple[str, Callable[[], Row]]]

SEEDS = (0, 1, 2)
WINDOW = 4
"""Cells to each side, of the rows with a window."""
WINDOWS = {f"window {WINDOW}": WINDOW, "no window": NONE}
ORDER: dict[str, Any] = {**SETTINGS, "steps": 400, "batch": 24}
"""Frame order: 72 frames in a step, about as many as the 64 of the recipe, and twice as many steps."""
FILM = {"clips": 3, "seed": 27}
"""Clips of test emoji for films, drawn by themselves, so that every profile of the notebook can draw them soon."""
BEST_FILM = 2
"""Three colourful objects, a fan, a fish and a boy: the film at the start, and the one of the wrong versions."""
PROBE = {"train": 2000, "test": 500}
"""Frames with one emoji each, for the probe of groups."""

WRONG: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "softmax over the target positions": functools.partial(
        runs.clip_loss, attend=wrong_attention.softmax_over_the_target.function
    ),
    "cosines, and no other temperature": functools.partial(
        runs.clip_loss, attend=wrong_attention.cosines.function
    ),
    "no gradient into the reference": functools.partial(
        runs.clip_loss, attend=wrong_attention.reference_detached.function
    ),
    "a softmax of probabilities": functools.partial(runs.clip_loss, loss=wrong_loss.softmax_again.function),
}
"""What the notebook calls it -> the loss of clips with one part wrong."""


def _best(see: Callable[[Tensor], Tensor], temperatures: tuple[float, ...], radius: int) -> Row:
    """The figures on test clips with what is best on training clips, and what that is."""
    how = runs.tune(see, temperatures, radius=radius)
    pointing = runs.tune_points(see, temperatures, radius)
    row = runs.measured(runs.seen_by(see, "test"), how, pointing)
    chosen = {"temperature": how.temperature, "top_k": float(how.top_k)}
    return {**row, **chosen, "temperature of points": pointing.temperature}


def propagation() -> Points:
    """References, top-k and radius, of the trained and the untrained network."""

    def measure(kind: str, references: int, top_k: int, radius: int) -> Row:
        if kind == "trained":
            see, temperatures = runs.embeddings_of(runs.recipe(0)[0]), TRAINED_TEMPERATURES
        else:
            see, temperatures = runs.directions_of(runs.untrained(0)), TEMPERATURES[::2]
        how = runs.tune(see, temperatures, (top_k,), references=references, radius=radius)
        seen = runs.seen_by(see, "test")
        row = runs.of_masks(runs.masks_of(seen, how), seen.video)
        training = runs.similarity(runs.seen_by(see, "tuning"), how)
        return {"J": row["J"], "F": row["F"], "J, training clips": training, "temperature": how.temperature}

    radii = {"radius 2": 2, "radius 4": 4, "no window": NONE}
    for references, top_k, window in product((1, 2, 4), TOP_KS, radii):
        name = f"references {references}, top-k {top_k}, {window}"
        yield name, functools.partial(measure, "trained", references, top_k, radii[window])
    for references, window in product((1, 2, 4), radii):
        name = f"random initialisation, references {references}, top-k 5, {window}"
        yield name, functools.partial(measure, "random", references, 5, radii[window])


def baselines() -> Points:
    """The honest table: with and without a window, by three seeds where there is a network."""

    def network(kind: str, radius: int) -> Row:
        rows = []
        for seed in SEEDS:
            if kind == "trained":
                see, temperatures = runs.embeddings_of(runs.recipe(seed)[0]), TRAINED_TEMPERATURES
            else:
                see, temperatures = runs.directions_of(runs.untrained(seed)), TEMPERATURES
            rows.append(_best(see, temperatures, radius))
        return runs.over_seeds(rows)

    def alone(radius: int) -> Row:
        how = Tracking(temperature=1.0, references=1, top_k=ALL, radius=radius)
        return runs.measured(runs.seen_by(runs.nothing, "test"), how, top_k=ALL)

    for kind, window in product(("trained", "random initialisation"), WINDOWS):
        yield f"{kind}, {window}", functools.partial(network, kind, WINDOWS[window])
    for window, radius in WINDOWS.items():
        yield f"grey patches, {window}", functools.partial(_best, runs.patches, TEMPERATURES, radius)
    for radius in (1, 2, WINDOW):
        yield f"a window of {radius} alone", functools.partial(alone, radius)
    yield "first mask", nothing_moves
    yield "optical flow (TV-L1)", optical_flow


def nothing_moves() -> Row:
    """Masks and points of the first frame, repeated."""
    video, _ = runs.clips("test")
    frames = video.masks.shape[1]
    still = video.keypoints[:, :1].expand_as(video.keypoints)
    masks = evaluate.copy_first_mask(video.masks[:, 0], frames)
    return {**runs.of_masks(masks, video), **runs.of_points(still, video)}


def optical_flow() -> Row:
    """TV-L1 with the attachment that is best on training clips."""
    video, grey = runs.clips("tuning")

    def share(attachment: float) -> float:
        found = flow.follow_masks(grey, video.masks[:, 0], attachment)
        return float(evaluate.region_similarity(found[:, 1:], video.masks[:, 1:]).mean())

    attachment = flow.best_attachment([share(candidate) for candidate in flow.ATTACHMENTS])
    video, grey = runs.clips("test")
    points = flow.follow_points(grey, video.keypoints[:, 0].flatten(1, 2), attachment)
    return {
        **runs.of_masks(flow.follow_masks(grey, video.masks[:, 0], attachment), video),
        **runs.of_points(points.unflatten(2, tuple(video.keypoints.shape[2:4])), video),
        "attachment": attachment,
    }


def classes() -> Points:
    """How many colours there are to choose from."""

    def measure(count: int) -> Row:
        loss = functools.partial(runs.clip_loss, colours=count)
        encoder, run = (
            runs.recipe(0)
            if count == SETTINGS["classes"]
            else runs.trained(f"classes-{count}", 0, loss, count)
        )
        return _short(encoder, run)

    for count in (4, 8, 16, 32):
        yield f"{count} classes", functools.partial(measure, count)


def _short(encoder: nn.Module, run: Row, how: Tracking | None = None) -> Row:
    """J and F at the best temperature and top-k without a window, and of the training its last loss."""
    see = runs.embeddings_of(encoder)
    how = how or runs.tune(see, TRAINED_TEMPERATURES)
    seen = runs.seen_by(see, "test")
    masks = runs.masks_of(seen, how)
    losses = run["losses"][-50:]
    found = runs.of_masks(masks, seen.video)
    return {
        "J": found["J"],
        "F": found["F"],
        "last loss": sum(losses) / len(losses),
        "temperature": how.temperature,
        "top_k": float(how.top_k),
        "training, cpu seconds": run["cpu seconds"],
    }


def temperature() -> Points:
    """Of the training, and of the propagation alone."""

    def of_training(value: float) -> Row:
        loss = functools.partial(runs.clip_loss, temperature=value)
        colours = int(SETTINGS["classes"])
        encoder, run = (
            runs.recipe(0)
            if value == SETTINGS["temperature"]
            else runs.trained(f"temperature-{value}", 0, loss, colours)
        )
        seen = runs.seen_by(runs.embeddings_of(encoder), "test")
        return {
            **_short(encoder, run),
            "J at the training's": runs.similarity(seen, Tracking(temperature=value)),
        }

    def of_propagation(value: float) -> Row:
        seen = runs.seen_by(runs.embeddings_of(runs.recipe(0)[0]), "test")
        found = runs.of_masks(runs.masks_of(seen, Tracking(temperature=value)), seen.video)
        return {"J": found["J"], "F": found["F"]}

    for value in (0.25, 0.5, 1.0, 2.0, 4.0):
        yield f"training at T = {value:g}", functools.partial(of_training, value)
    for value in (0.1, 0.3, 1.0, 3.0, 10.0):
        yield f"trained at T = 1, propagation at T = {value:g}", functools.partial(of_propagation, value)


# --- frame order --------------------------------------------------------------------------------------------


@functools.cache
def _long_clips() -> Tensor:
    """Grey training clips of eight frames, as long as the test clips."""
    video = EmojiVideo("train", clips=int(SETTINGS["clips"]), frames=8)
    return colouring.grey_and_colour(video.frames)[0]


def ordered(seed: int) -> tuple[colouring.OrderNetwork, Row]:
    """A network that was trained to tell whether three frames are in order, now or at an earlier call."""
    network = colouring.OrderNetwork(runs.untrained(seed))

    def make() -> tuple[nn.Module, Row]:
        clips, generator = _long_clips(), torch.Generator().manual_seed(seed)
        right: list[float] = []

        def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
            grey = batch[0]
            frames, in_order = shuffle_tuples(
                grey, *colouring.draw_order(len(grey), grey.shape[1], generator)
            )
            scores = network(frames)
            right.append(float((scores.argmax(dim=1) == in_order).float().mean()))
            return F.cross_entropy(scores, in_order)

        network.train()
        history = train_by(ORDER, step, [network], clips, seed=seed)
        return network, {
            "losses": list(history.losses),
            "right in training": sum(right[-50:]) / len(right[-50:]),
            "cpu seconds": sum(history.seconds),
        }

    _, run = runs.kept(f"order-{ORDER['steps']}-{seed}", network, make)
    return network, run


@torch.no_grad()
def order_accuracy(network: nn.Module, draws: int = 10) -> float:
    """Share of test tuples that are told rightly; a guess gets a half."""
    grey = runs.clips("test")[1]
    generator, right = torch.Generator().manual_seed(0), []
    network.eval()
    for _ in range(draws):
        frames, in_order = shuffle_tuples(grey, *colouring.draw_order(len(grey), grey.shape[1], generator))
        right.append((network(frames).argmax(dim=1) == in_order).float().mean())
    return float(torch.stack(right).mean())


@functools.cache
def _single(split: str) -> tuple[Tensor, Tensor]:
    """Grey frames with one emoji each, and the group it belongs to."""
    video = EmojiVideo(split, clips=PROBE[split], frames=1, objects=1, seed=2)  # type: ignore[arg-type]
    groups = torch.from_numpy(emoji_table().groups)[video.emoji[:, 0]]
    return colouring.grey_and_colour(video.frames)[0], groups


def group_probe(see: Callable[[Tensor], Tensor], weight_decay: float) -> float:
    """Accuracy of a linear probe of the emoji's group on the mean and the largest of each channel over a frame."""

    def seen(split: str) -> tuple[Tensor, Tensor]:
        grey, groups = _single(split)
        maps = see(grey)[:, 0].flatten(2)
        return torch.cat([maps.mean(dim=2), maps.amax(dim=2)], dim=1), groups

    return evaluate.linear_probe(*seen("train"), *seen("test"), weight_decay=weight_decay)


def order() -> Points:
    """Shuffle and learn beside colorization: what the features of each are good for; three seeds."""

    def encoders(kind: str, seed: int) -> tuple[nn.Module, Row]:
        if kind == "colour":
            return runs.recipe(seed)[0], {}
        if kind == "no training":
            return runs.untrained(seed), {}
        network, run = ordered(seed)
        told = {"order told, test": order_accuracy(network), "order told, training": run["right in training"]}
        return network.encoder, {**told, "training, cpu seconds": run["cpu seconds"]}

    def measure(kind: str) -> Row:
        rows = []
        for seed in SEEDS:
            encoder, row = encoders(kind, seed)
            for window, radius in WINDOWS.items():
                # Only colorization has taught its network to be compared by dot products as they are.
                if kind == "colour":
                    see, temperatures = runs.embeddings_of(encoder), TRAINED_TEMPERATURES
                else:
                    see, temperatures = runs.directions_of(encoder), TEMPERATURES[::2]
                how = runs.tune(see, temperatures, radius=radius)
                row[f"J, {window}"] = runs.similarity(runs.seen_by(see, "test"), how)
            row["groups, linear probe"] = group_probe(runs.embeddings_of(encoder), 0.01)
            rows.append(row)
        return runs.over_seeds(rows)

    for name, kind in (
        ("colorization", "colour"),
        ("frame order", "order"),
        ("random initialisation", "no training"),
    ):
        yield name, functools.partial(measure, kind)
    yield "always the largest group", largest_group


def largest_group() -> Row:
    """What naming the most frequent group of the training frames gets."""
    (_, known), (_, asked) = _single("train"), _single("test")
    return {"groups, linear probe": float((asked == known.bincount().argmax()).float().mean())}


# --- broken on purpose, films -------------------------------------------------------------------------------


def broken() -> Points:
    """The right loss and wrong ones: curve, J, F and the tracks of a clip."""

    def measure(encoder: nn.Module, run: Row) -> Row:
        losses = run["losses"]
        curve = [sum(losses[k : k + 10]) / len(losses[k : k + 10]) for k in range(0, len(losses), 10)]
        see = runs.embeddings_of(encoder)
        how = runs.tune(see, TRAINED_TEMPERATURES)
        return {**_short(encoder, run, how), "curve": curve, "tracks": _tracks(see, how, BEST_FILM)}

    colours = int(SETTINGS["classes"])
    yield "right", lambda: measure(*runs.recipe(0))
    for number, (name, loss) in enumerate(WRONG.items()):
        # The loss is bound here, since the name in the loop changes before the function is called.
        make = functools.partial(runs.trained, f"broken-{number}", 0, loss, colours)
        yield name, functools.partial(lambda make: measure(*make()), make)


@functools.cache
def _film_clips() -> tuple[EmojiVideo, Tensor]:
    video = EmojiVideo("test", **FILM)  # type: ignore[arg-type]
    return video, colouring.grey_and_colour(video.frames)[0]


def _tracks(see: Callable[[Tensor], Tensor], how: Tracking, clip: int) -> str:
    """The objects of a clip of the films as they are followed, packed."""
    video, grey = _film_clips()
    one = copy.copy(video)
    one.masks = video.masks[clip : clip + 1]
    masks = runs.masks_of(Seen(one, see(grey[clip : clip + 1])), how)
    return tracking.pack_map(tracking.object_map(masks[0]))


def film() -> Points:
    """The tracks of some clips, for the film at the start of the notebook."""

    def measure(kind: str) -> Row:
        if kind == "trained":
            see, how = runs.embeddings_of(runs.recipe(0)[0]), Tracking()
        else:
            see = runs.directions_of(runs.untrained(0))
            how = runs.tune(see, TEMPERATURES)
        return {f"clip {clip}": _tracks(see, how, clip) for clip in range(FILM["clips"])}

    for kind in ("trained", "random initialisation"):
        yield kind, functools.partial(measure, kind)


GROUPS: dict[str, Callable[[], Points]] = {
    "baselines": baselines,
    "film": film,
    "propagation": propagation,
    "broken": broken,
    "order": order,
    "classes": classes,
    "temperature": temperature,
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_groups(parser, GROUPS)
    given = parser.parse_args()
    # The runs are many and small: one thread each wastes nothing, and leaves the other core alone.
    torch.set_num_threads(1)
    for group in given.groups or GROUPS:
        runs.record_group(group, GROUPS[group]())


if __name__ == "__main__":
    main()
