"""Pictures for the notebooks. Each function returns a `Picture`, which a notebook shows if it's a cell's last line.

Colours are those of Okabe and Ito, told apart with any colour vision; where they mean something, a marker, a hatch or
a line style says the same. Every picture carries a text that says what is to be seen.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from matplotlib.patheffects import Normal, Stroke
from torch import Tensor

from course_utils import arguments, drawing, training_runs
from course_utils.augment import Images
from course_utils.drawing import COLOURS, HATCHES, MARKERS, Animation, Picture
from course_utils.player import player
from course_utils.training_runs import Recorded

if TYPE_CHECKING:
    from course_utils.train import History


def image_grid(
    images: Images,
    labels: Sequence[str] | None = None,
    columns: int = 8,
    title: str = "",
    alt: str = "",
) -> Picture:
    """Images side by side, each with its label below.

    Args:
        images: floats in [0, 1] or bytes; grey (one channel) or colour (three).
        labels: one text for each image.
        columns: images in a row.
    """
    shown = drawing.pixels(images)
    arguments.require_whole("columns", columns, at_least=1)
    if labels is not None:
        arguments.require_texts("labels", labels, count=len(shown), of="images")
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    figure, axes = drawing.panels(rows, columns, 1.1, 1.1 if labels is None else 1.35, title)
    for k, axis in enumerate(axes.flat):
        drawing.hide(axis)
        if k < len(shown):
            drawing.show(axis, shown[k])
            if labels is not None:
                axis.set_xlabel(drawing.shorten(labels[k]), fontsize=7, labelpad=2)
    named = f": {', '.join(dict.fromkeys(labels))}" if labels is not None else ""
    return Picture(figure, alt or f"{title or 'Grid'}, {len(shown)} images{named}.")


def loss_curve(
    history: History | Sequence[float],
    band: Recorded | str | None = None,
    window: int = 20,
    title: str = "",
    alt: str = "",
) -> Picture:
    """The loss of a run, smoothed, over the range of recorded runs with other seeds.

    Args:
        history: of `train`, or the losses.
        band: recorded runs or the name of a unit that has some; None draws the run alone.
        window: steps of the running mean.
    """
    losses = getattr(history, "losses", history)
    losses = arguments.series("history", losses, "a History or a sequence of losses")
    arguments.require_whole("window", window, at_least=1)
    figure, axes = drawing.panels(1, 1, 6.0, 3.2, title)
    axis = axes[0, 0]
    note = ""
    if isinstance(band, str):
        band = training_runs.load(band)
    if band is not None:
        runs = np.stack([_running_mean(np.asarray(run), window) for run in band.losses])
        steps = np.arange(runs.shape[1])
        label = f"{len(runs)} recorded runs (lowest to highest)"
        # Grey, so that no line of the run is taken for it, and over the jagged one, which would hide it.
        axis.fill_between(
            steps, runs.min(0), runs.max(0), fc="0.8", ec="0.3", lw=0.7, zorder=1.5, label=label
        )
        note = f", over the band of {len(runs)} recorded runs, which end at {runs[:, -1].mean():.2f}"
    if len(losses):
        axis.plot(losses, color=COLOURS[1], lw=0.6, alpha=0.45, zorder=1, label="your run, step by step")
        axis.plot(
            _running_mean(losses, window),
            color=COLOURS[0],
            lw=1.9,
            # The white rim keeps it apart from what lies under it, without colours too; a wide one would hide the band.
            path_effects=[Stroke(linewidth=2.9, foreground="white"), Normal()],
            label=f"your run, mean of {window} steps",
        )
        note = (
            f" goes from {losses[0]:.2f} to {_running_mean(losses, window)[-1]:.2f} in {len(losses)} steps"
            + note
        )
    axis.set(xlabel="step", ylabel="loss")
    axis.legend(frameon=False, fontsize=8)
    # Thin lines as in the picture could not be told apart in the legend.
    for line in axis.get_legend().get_lines():
        line.set_linewidth(max(1.4, line.get_linewidth()))
    drawing.despine(axis)
    return Picture(figure, alt or f"Loss curve: the loss{note}.")


def embedding(
    features: Float[Tensor, "n d"],
    labels: Int[Tensor, " n"],
    names: Sequence[str],
    *,
    limit: int = 1000,
    seed: int = 0,
    title: str = "",
    alt: str = "",
) -> Picture:
    """Features in the plane by t-SNE; each class has a colour and a marker of its own.

    Args:
        labels: class of each feature, an index into `names`.
        limit: at most so many points, chosen at random, because t-SNE is slow.
    """
    arguments.require_vectors("features", features)
    labels = arguments.indices_into("names", len(names), "labels", labels, count=len(features), of="features")
    arguments.require_whole("limit", limit, at_least=2)
    from sklearn.manifold import TSNE  # noqa: PLC0415 - slow to import

    chosen = np.sort(np.random.default_rng(seed).permutation(len(features))[:limit])
    values = torch.nn.functional.normalize(features.detach().float().cpu()[chosen], dim=1).numpy()
    classes = labels.cpu().numpy()[chosen]
    perplexity = min(30.0, max(2.0, (len(values) - 1) / 3))
    points = TSNE(perplexity=perplexity, init="pca", random_state=seed).fit_transform(values)
    figure, axes = drawing.panels(1, 1, 6.0, 4.2, title)
    axis = axes[0, 0]
    for k, name in enumerate(names):
        mine = points[classes == k]
        colour, marker = COLOURS[k % len(COLOURS)], MARKERS[(k + k // len(COLOURS)) % len(MARKERS)]
        axis.scatter(
            *mine.T,
            s=14,
            c=colour,
            marker=marker,
            linewidths=0.2,
            edgecolors="black",
            alpha=0.85,
            label=drawing.shorten(name, 28),
        )
    drawing.hide(axis)
    axis.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    return Picture(
        figure, alt or f"t-SNE of {len(values)} features in {len(names)} classes: {', '.join(names)}."
    )


def evaluation_bars(
    results: Mapping[str, Mapping[str, float | Sequence[float]]], title: str = "", alt: str = ""
) -> Picture:
    """Metrics of several features beside each other, with the numbers.

    Args:
        results: who (`"trained"`, `"random initialisation"`, `"pixels"`) -> metric -> value, or the values of
            several seeds, whose mean is drawn with a line from the lowest to the highest.
    """
    way_out = ".results of it is one" if hasattr(results, "results") else ""
    who, metrics = arguments.require_table("results", results, way_out)
    figure, axes = drawing.panels(1, 1, max(5.0, 2.2 * len(metrics)), 3.2, title)
    axis = axes[0, 0]
    width = 0.8 / len(who)
    said, numbers = [], []
    for k, name in enumerate(who):
        values = [np.atleast_1d(np.asarray(results[name][metric], dtype=float)) for metric in metrics]
        means = np.array([v.mean() for v in values])
        where = np.arange(len(metrics)) + (k - (len(who) - 1) / 2) * width
        spread = np.array(
            [[max(0.0, m - v.min()), max(0.0, v.max() - m)] for m, v in zip(means, values, strict=True)]
        ).T
        axis.bar(
            where, means, width * 0.92, yerr=spread if spread.any() else None, label=name,
            color=COLOURS[k % len(COLOURS)], hatch=HATCHES[k % len(HATCHES)],
            edgecolor="white", linewidth=0.5, ecolor="0.2",
        )  # fmt: skip
        for x, mean, value in zip(where, means, values, strict=True):
            numbers.append(
                axis.annotate(f"{mean:.3f}", (x, value.max()), (0, 2), textcoords="offset points",
                              ha="center", va="bottom", fontsize=7)
            )  # fmt: skip
        said.append(
            f"{name} "
            + ", ".join(f"{metric} {mean:.3f}" for metric, mean in zip(metrics, means, strict=True))
        )
    axis.set_xticks(range(len(metrics)), metrics)
    axis.set(xlabel="measure", ylabel="score, higher is better")
    axis.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    drawing.despine(axis)
    drawing.turn_if_wide(numbers, axis, width)
    return Picture(figure, alt or "Bars. " + "; ".join(said) + ".")


def retrieval_grid(
    images: Images,
    features: Float[Tensor, "n d"],
    queries: Sequence[int],
    identity: Int[Tensor, " n"] | None = None,
    neighbours: int = 7,
    title: str = "",
    alt: str = "",
) -> Picture:
    """Query images on the left, and their nearest neighbours by cosine similarity to the right of each.

    Args:
        queries: indices of the query images.
        identity: what counts as the same thing; neighbours that share it get a thick frame and a tick.
        neighbours: shown for each query.
    """
    arguments.require_images("images", images, channels=(1, 3))
    arguments.require_vectors("features", features)
    arguments.require_length("features", features, len(images), "images")
    queries = arguments.indices_into("images", len(images), "queries", queries).tolist()
    if identity is not None:
        identity = arguments.whole_numbers("identity", identity, count=len(images), of="images")
    arguments.require_whole("neighbours", neighbours, at_least=1)
    z = torch.nn.functional.normalize(features.detach().float(), dim=1)
    similarity = z[list(queries)] @ z.T
    similarity[torch.arange(len(queries)), list(queries)] = -torch.inf
    nearest = similarity.topk(min(neighbours, len(z) - 1), dim=1).indices.cpu()
    shown = drawing.pixels(images[torch.cat([torch.tensor(queries)[:, None], nearest], dim=1).flatten()])
    figure, axes = drawing.panels(len(queries), 1 + nearest.shape[1], 1.0, 1.0, title)
    right = 0
    for k, axis in enumerate(axes.flat):
        drawing.hide(axis)
        drawing.show(axis, shown[k])
        row, column = divmod(k, 1 + nearest.shape[1])
        if column == 0:
            drawing.outline(axis, "black", 2.5)
            axis.set_ylabel("query", fontsize=7)
        elif identity is not None and identity[nearest[row, column - 1]] == identity[queries[row]]:
            right += 1
            drawing.mark_right(axis)
    hits = (
        f" {right} of the {nearest.numel()} neighbours show the same thing as their query."
        if identity is not None
        else ""
    )
    return Picture(
        figure,
        alt or f"{len(queries)} query images, each with its {nearest.shape[1]} nearest neighbours.{hits}",
    )


def attention_maps(
    reference: Float[Tensor, "c h w"],
    target: Float[Tensor, "c h w"],
    attention: Float[Tensor, "p q"],
    points: Sequence[tuple[int, int]],
    title: str = "",
    alt: str = "",
    truth: Sequence[tuple[int, int]] = (),
) -> Picture:
    """Where in the reference frame some points of the target frame look; bright are square roots of the weights.

    Args:
        reference: a frame, floats in [0, 1].
        target: a frame of the same size.
        attention: from every target position (columns) to the reference positions (rows), on a grid `s` times coarser
            than the frames, in raster order; columns sum to one.
        points: (row, column) of pixels in the target frame.
        truth: (row, column) in the reference frame of where these points were, to be ringed.
    """
    if len(truth):
        arguments.require_length("truth", truth, len(points), "points")
    for name, frame in (("reference", reference), ("target", target)):
        arguments.require_images(name, frame, channels=(1, 3), dims=3)
    arguments.require_floats("attention", attention, "a tensor of floats of the shape (p, q)", 2)
    height, width = target.shape[-2:]
    for row, column in points:
        if not (0 <= row < height and 0 <= column < width):
            due = f"(row, column) of pixels of a frame of {height}x{width}"
            arguments.refuse_argument("points", due, f"one of them is ({row}, {column})")
    stride = round((height * width / attention.shape[1]) ** 0.5)
    grid = (height // stride, width // stride)
    if grid[0] * grid[1] != attention.shape[1] or attention.shape[0] != attention.shape[1]:
        raise ValueError(
            f"attention of shape {tuple(attention.shape)} doesn't fit frames of {height}x{width}"
        )
    figure, axes = drawing.panels(2, len(points), 1.6, 1.75, title)
    for k, (row, column) in enumerate(points):
        above, below = axes[0, k], axes[1, k]
        drawing.show(above, drawing.pixels(target[None])[0])
        above.plot(column, row, marker="+", ms=12, mew=2.5, color="white")
        above.plot(column, row, marker="+", ms=10, mew=1.2, color="black")
        weights = (
            attention[:, (row // stride) * grid[1] + column // stride].detach().cpu().reshape(grid).numpy()
        )
        drawing.show(below, drawing.pixels(reference[None])[0].mean(-1, keepdims=True).repeat(3, -1) * 0.6)
        below.imshow(
            np.sqrt(weights),
            cmap="inferno",
            alpha=0.65,
            extent=(-0.5, width - 0.5, height - 0.5, -0.5),
            interpolation="nearest",
        )
        if len(truth):
            below.plot(truth[k][1], truth[k][0], "o", ms=11, mfc="none", mec="white", mew=1.5)
        above.set_title(f"point {k + 1}", fontsize=8)
        drawing.hide(above)
        drawing.hide(below)
    axes[0, 0].set_ylabel("target", fontsize=8)
    axes[1, 0].set_ylabel("attention", fontsize=8)
    return Picture(
        figure,
        alt
        or f"Attention of {len(points)} points of a target frame over the reference frame; bright is strong.",
    )


def video_strip(
    frames: Images,
    masks: Int[Tensor, "t h w"] | UInt8[Tensor, "t h w"] | None = None,
    labels: Sequence[str] | None = None,
    title: str = "",
    alt: str = "",
) -> Picture:
    """Frames from left to right; with masks, a second row shows them in colour over the frames.

    Args:
        masks: object of every pixel, 0 for the background.
        labels: a text for each frame; its number if they're left out.
    """
    shown = drawing.pixels(frames, "frames")
    if labels is not None:
        arguments.require_texts("labels", labels, count=len(shown), of="frames")
    rows = [shown] if masks is None else [shown, overlay(frames, masks)]
    figure, axes = drawing.panels(len(rows), len(shown), 1.4, 1.5, title)
    for row, pictures in enumerate(rows):
        for k, picture in enumerate(pictures):
            drawing.hide(axes[row, k])
            drawing.show(axes[row, k], picture)
            if row == 0:
                axes[row, k].set_title(labels[k] if labels else f"frame {k}", fontsize=8)
    return Picture(
        figure,
        alt
        or f"{len(shown)} frames of a video"
        + ("." if masks is None else ", below them the masks of the objects."),
    )


def overlay(
    frames: Images, masks: Int[Tensor, "t h w"] | UInt8[Tensor, "t h w"], strength: float = 0.6
) -> Float[np.ndarray, "t h w 3"]:
    """Frames as floats in [0, 1] with every object painted in a colour of its own.

    Args:
        masks: object of every pixel, 0 for the background.
        strength: of the paint, 0 to 1.
    """
    shown = drawing.pixels(frames, "frames")
    masks = arguments.whole_numbers("masks", masks, dims=3, count=len(shown), of="frames")
    if masks.shape[1:] != shown.shape[1:3]:
        arguments.refuse_argument(
            "masks", f"of the frames' size {shown.shape[1:3]}", f"they are of {tuple(masks.shape[1:])}"
        )
    arguments.require_number("strength", strength, at_least=0, at_most=1)
    palette = np.array([[int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)] for colour in COLOURS])
    objects = masks.detach().cpu().numpy().astype(int)
    paint = palette[(objects - 1) % len(palette)]
    share = np.where(objects > 0, strength, 0.0)[..., None]
    return shown * (1 - share) + paint * share


def animation(films: Mapping[str, Images | np.ndarray], fps: int = 4, alt: str = "") -> Animation:
    """Films that play side by side, with buttons to stop and to step.

    Args:
        films: title -> frames, equally many: tensors like those of `image_grid`, or arrays (t, h, w, 3) of `overlay`.
        fps: frames in a second.
    """
    arguments.require_mapping("films", films, "title -> frames", 'as in {"a film": frames}')
    arguments.require_number("fps", fps, above=0)
    shown = {
        name: film if isinstance(film, np.ndarray) else drawing.pixels(film, f"films[{name!r}]")
        for name, film in films.items()
    }
    lengths = {len(film) for film in shown.values()}
    if len(lengths) != 1:
        raise ValueError(f"the films must be equally long; these have {sorted(lengths)} frames")
    figure, axes = drawing.panels(1, len(shown), 2.4, 2.5, "")
    pictures = []
    for axis, (name, film) in zip(axes.flat, shown.items(), strict=True):
        drawing.hide(axis)
        axis.set_title(name, fontsize=9)
        pictures.append(axis.imshow(film[0], interpolation="nearest"))

    length = lengths.pop()
    frames = []
    for k in range(length):
        for picture, film in zip(pictures, shown.values(), strict=True):
            picture.set_data(film[k])
        frames.append(drawing.png(figure, dpi=100))
    alt = alt or f"Animation of {length} frames: {', '.join(shown)}."
    return Animation(player(frames, fps, alt), alt)


def _running_mean(values: np.ndarray, window: int) -> np.ndarray:
    """Mean of the last `window` values, of fewer at the start."""
    total = np.concatenate([[0.0], values.cumsum()])
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(0, ends - window)
    return (total[ends] - total[starts]) / (ends - starts)
