"""Pictures of one idea each, which one unit needs: what `plot` has is for all of them.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import arguments, drawing, training_runs
from course_utils.augment import Images
from course_utils.drawing import COLOURS, HATCHES, Picture
from course_utils.training_runs import MethodRow

_METRICS = ("linear probe", "kNN-20", "instance retrieval", "other family")
_BASELINE = "random initialisation"


def rotation_idea(image: Images) -> Picture:
    """One image, its four copies, the shared network and the four labels (Gidaris et al. 2018, figure 2).

    Args:
        image: one image (1, 3, h, w), floats in [0, 1] or bytes.
    """
    shown = drawing.pixels(image, "image")
    if len(shown) != 1:
        arguments.refuse_argument("image", "one image, of the shape (1, 3, h, w)", f"there are {len(shown)}")
    figure = Figure(figsize=(8.2, 4.4))
    FigureCanvasAgg(figure)
    page = figure.add_axes((0, 0, 1, 1))
    page.set(xlim=(0, 8.2), ylim=(0, 4.4))
    page.axis("off")

    def place(picture: np.ndarray, x: float, y: float, side: float) -> None:
        axis = figure.add_axes((x / 8.2, y / 4.4, side / 8.2, side / 4.4))
        axis.imshow(picture)
        axis.axis("off")

    def arrow(start: tuple[float, float], end: tuple[float, float]) -> None:
        page.annotate("", end, start, arrowprops={"arrowstyle": "->", "lw": 1.3, "color": "0.35"})

    place(shown[0], 0.15, 1.6, 1.2)
    page.text(0.75, 1.35, "one image $X$", ha="center", fontsize=9)
    for k in range(4):
        middle = 3.85 - 1.1 * k
        place(np.rot90(shown[0], k), 2.0, middle - 0.45, 0.9)
        arrow((1.4, 2.2), (1.95, middle))
        arrow((2.95, middle), (3.3, middle))
        page.text(3.8, middle, "encoder", ha="center", va="center", fontsize=9,
                  bbox={"boxstyle": "round,pad=0.55", "facecolor": "#bfe0f5"})  # fmt: skip
        page.annotate("$h$", (5.0, middle), (4.4, middle), va="center", fontsize=10,
                      arrowprops={"arrowstyle": "->", "lw": 1.3, "color": "0.35"})  # fmt: skip
        page.text(5.4, middle, "head", ha="center", va="center", fontsize=9,
                  bbox={"boxstyle": "round,pad=0.45", "facecolor": "#fbe3bd"})  # fmt: skip
        arrow((5.8, middle), (6.2, middle))
        page.text(6.3, middle, f"label {k}:  turned by {90 * k}°", va="center", fontsize=9)
    for x in (3.8, 5.4):
        page.annotate(
            "", (x, 0.55), (x, 3.85), zorder=0, arrowprops={"arrowstyle": "-", "ls": ":", "color": "0.35"}
        )
    page.text(4.6, 0.05, "the same weights in all four", ha="center", fontsize=8, color="0.35")
    alt = (
        "One image on the left; next to it its copies turned counter-clockwise by 0, 90, 180 and 270 degrees; each "
        "goes through the same encoder, whose output h goes to a head, which should answer with label 0, 1, 2 and 3."
    )
    return Picture(figure, alt)


def confusion(
    truth: Int64[Tensor, " n"], guess: Int64[Tensor, " n"], names: Sequence[str], title: str = ""
) -> Picture:
    """How often each class is taken for each other; rows are the truth and sum to one.

    Args:
        truth: class of each example, an index into `names`.
        guess: what was answered.
        names: of the classes.
    """
    arguments.require_texts("names", names)
    arguments.require_enough("names", names, 1, "name of a class")
    truth = arguments.indices_into("names", len(names), "truth", truth)
    guess = arguments.indices_into("names", len(names), "guess", guess, count=len(truth), of="truth")
    counts = np.zeros((len(names), len(names)))
    np.add.at(counts, (truth.cpu().numpy(), guess.cpu().numpy()), 1)
    share = counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    figure, axes = drawing.panels(1, 1, 0.75 * len(names) + 1.2, 0.7 * len(names) + 0.8, title)
    axis = axes[0, 0]
    axis.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, column), value in np.ndenumerate(share):
        colour = "white" if value > 0.55 else "black"
        axis.text(column, row, f"{value:.2f}", ha="center", va="center", color=colour, fontsize=8)
    axis.set_xticks(range(len(names)), names)
    axis.set_yticks(range(len(names)), names)
    axis.set(xlabel="answer", ylabel="truth")
    rows = "; ".join(
        f"{name}: " + ", ".join(f"{value:.2f}" for value in row)
        for name, row in zip(names, share, strict=True)
    )
    return Picture(figure, f"Confusion matrix, rows are the truth. {rows}.")


def strength_maps(
    images: Images, maps: Mapping[str, Sequence[Float[Tensor, "n h w"]]], columns: Sequence[str]
) -> Picture:
    """Where something excites a network: for each image a row, for each network and layer a column; bright is strong.

    Args:
        images: the images, floats in [0, 1] or bytes.
        maps: network -> for each of its layers one map of each image, in [0, 1], of the images' size.
        columns: names of the layers.
    """
    shown = drawing.pixels(images)
    arguments.require_texts("columns", columns)
    arguments.require_enough("columns", columns, 1, "name of a layer")
    arguments.require_mapping("maps", maps, "network -> maps of its layers")
    for name, layers in maps.items():
        due = f"a list of maps, one tensor for each of the {len(columns)} columns"
        for strength in arguments.require_list(f"maps[{name!r}]", layers, due, len(columns)):
            _require_maps(f"maps[{name!r}]", strength, shown.shape[:3])
    width = 1 + len(maps) * len(columns)
    figure, axes = drawing.panels(len(shown), width, 1.05, 1.05, "")
    for k, row in enumerate(axes):
        for axis in row:
            drawing.hide(axis)
        drawing.show(row[0], shown[k])
        grey = shown[k].mean(-1, keepdims=True).repeat(3, -1)
        number = 1
        for name, layers in maps.items():
            for layer, strength in zip(columns, layers, strict=True):
                axis, number = row[number], number + 1
                drawing.show(axis, grey)
                axis.imshow(strength[k].detach().cpu().numpy(), cmap="inferno", alpha=0.6, vmin=0, vmax=1)
                if k == 0:
                    axis.set_title(f"{name}\n{layer}", fontsize=7)
    return Picture(
        figure,
        f"{len(shown)} images, and over each the strength of {', '.join(columns)} of the networks {', '.join(maps)}.",
    )


def method_table(mark: str = "", rows: Sequence[MethodRow] | None = None, own: bool = True) -> Picture:
    """The course-wide table: every method with one encoder, one data set and one probe.

    A point is the mean over the seeds, its line goes from the lowest to the highest. The broken line is the same
    encoder before any training. Open points were told labels (squares), or saw another number of images.

    Args:
        mark: a unit that has rows, which stand out; none if it is empty.
        rows: of the table; those that ship with the course if they are left out.
        own: also draw the notebooks' own recipes, which saw other numbers of images.
    """
    rows = training_runs.method_rows() if rows is None else rows
    for row in arguments.require_list("rows", rows, "a list of rows of the table"):
        if not isinstance(row, MethodRow):
            found = f"one of them is {arguments.describe_value(row)}"
            arguments.refuse_argument("rows", "a list of rows of the table, of type MethodRow", found)
    rows = [row for row in rows if row.results and (own or not row.is_recipe)]
    if not rows:
        arguments.refuse_argument("rows", "rows of the table with results", "there is none")
    units = sorted({row.unit for row in rows})
    if mark not in ("", *units):
        found = f"mark is {arguments.describe_value(mark)}"
        arguments.refuse_argument("mark", f"empty or a unit that has rows ({', '.join(units)})", found)
    # Two above two: four in a row would be too small to read in a window of 700 pixels.
    figure = Figure(figsize=(7.6, 1.2 + 0.44 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(_METRICS) // 2, sharey=True)
    baseline = next((row for row in rows if row.method == _BASELINE), None)
    for axis, metric in zip(axes.flat, _METRICS, strict=True):
        _draw_metric(axis, metric, rows, mark)
        if baseline and len(baseline.results.get(metric, ())):
            axis.axvline(float(np.mean(baseline.results[metric])), color="0.4", ls="--", lw=1, zorder=0)
    for axis in axes[:, 0]:
        axis.set_yticks(range(len(rows)), [_label(row) for row in rows], fontsize=8.5)
        axis.set_ylim(len(rows) - 0.5, -0.5)
        for label, row in zip(axis.get_yticklabels(), rows, strict=True):
            label.set_weight("bold" if row.unit == mark else "normal")
    return Picture(figure, _said(rows))


def _draw_metric(axis: Axes, metric: str, rows: Sequence[MethodRow], mark: str) -> None:
    for number, row in enumerate(rows):
        values = row.results.get(metric, ())
        colour = COLOURS[0] if row.unit == mark else "0.25"
        if row.unit == mark:
            axis.axhspan(number - 0.5, number + 0.5, color="#dcebf7", lw=0, zorder=-1)
        if not len(values):
            continue
        mean = float(np.mean(values))
        axis.plot([min(values), max(values)], [number] * 2, color=colour, lw=2)
        # An open point: it was told the labels, or it saw another number of images.
        apart = row.labels or row.is_recipe
        axis.plot(
            mean,
            number,
            "s" if row.labels else "o",
            ms=6,
            mfc="white" if apart else colour,
            mec=colour,
            mew=1.3,
        )
        axis.annotate(
            f"{mean:.3f}", (max(values), number), (6, 0), textcoords="offset points", va="center", fontsize=8
        )
    axis.set_title(metric, fontsize=9.5)
    axis.margins(x=0.3)
    axis.tick_params(axis="x", labelsize=8)
    axis.grid(axis="x", color="0.9", zorder=-2)
    axis.set_axisbelow(True)
    drawing.despine(axis)


def _label(row: MethodRow) -> str:
    if not row.images:
        return row.method
    # Seconds by the clock say nothing beside those of one processor.
    spent = f", {np.mean(row.cpu_seconds):.0f} s" if row.cpu_seconds else ""
    return f"{row.method} ({row.images / 1000:.0f}k images{spent})"


def _said(rows: Sequence[MethodRow]) -> str:
    parts = [
        f"{_label(row)}: "
        + ", ".join(f"{name} {np.mean(row.results[name]):.3f}" for name in _METRICS if name in row.results)
        for row in rows
    ]
    return "The course's methods, mean over the seeds. " + "; ".join(parts) + "."


def broken_runs(runs: Sequence[Mapping[str, Any]]) -> Picture:
    """Recorded runs of wrong versions beside the right one: their losses on the left, what was learned on the right.

    Args:
        runs: each with `"name"`, `"losses"` (every `LOSS_STEPS`-th step, a running mean) and `"results"` (measure ->
            value, the same measures in each); the first one is the right one.
    """
    runs = _require_runs(runs, ("name", "losses", "results"))
    for k, run in enumerate(runs):
        arguments.float_list(f"runs[{k}]['losses']", run["losses"])
        for metric, value in arguments.require_mapping(
            f"runs[{k}]['results']", run["results"], "measure -> value"
        ).items():
            arguments.require_number(f"runs[{k}]['results'][{metric!r}]", value)
    arguments.require_table("runs", dict(enumerate(run["results"] for run in runs)))
    figure = Figure(figsize=(10.0, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.5))
    styles = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)))
    for number, run in enumerate(runs):
        steps = training_runs.LOSS_STEPS * np.arange(1, len(run["losses"]) + 1)
        left.plot(
            steps, run["losses"], color=COLOURS[number % len(COLOURS)], ls=styles[number % len(styles)], lw=1.8,
            label=run["name"],
        )  # fmt: skip
    left.set(xlabel="step", ylabel="loss")
    left.legend(frameon=False, fontsize=7)
    metrics = list(runs[0]["results"])
    width = 0.8 / len(runs)
    for number, run in enumerate(runs):
        where = np.arange(len(metrics)) + (number - (len(runs) - 1) / 2) * width
        values = [run["results"][metric] for metric in metrics]
        right.bar(
            where, values, width * 0.92, color=COLOURS[number % len(COLOURS)], hatch=HATCHES[number % len(HATCHES)],
            edgecolor="white", linewidth=0.5, label=run["name"],
        )  # fmt: skip
        for x, value in zip(where, values, strict=True):
            right.annotate(f"{value:.3f}", (x, value), (0, 2), textcoords="offset points", ha="center", va="bottom",
                           fontsize=6, rotation=90)  # fmt: skip
    right.set_xticks(range(len(metrics)), metrics, fontsize=8)
    right.margins(y=0.18)
    # Lines and hatched bars: two keys, so that each can be read without colours.
    right.legend(frameon=False, fontsize=7, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    for axis in (left, right):
        drawing.despine(axis)
    said = "; ".join(
        f"{run['name']}: loss at the end {run['losses'][-1]:.3f}, "
        + ", ".join(f"{metric} {value:.3f}" for metric, value in run["results"].items())
        for run in runs
    )
    return Picture(figure, f"Losses and results of recorded runs. {said}.")


def broken_neighbours(
    runs: Sequence[Mapping[str, Any]], images: Images, identity: Int64[Tensor, " n"]
) -> Picture:
    """The nearest neighbours that recorded runs found for some query images.

    Args:
        runs: each with `"name"` and `"neighbours"`, rows of indices into `images` that begin with the query; all
            runs have as many rows, and all rows are of one length.
        images: that were searched.
        identity: of each image; neighbours that share the query's get a frame and a tick.
    """
    arguments.require_images("images", images, channels=(1, 3))
    identity = arguments.whole_numbers("identity", identity, count=len(images), of="images")
    runs = _require_runs(runs, ("name", "neighbours"))
    count = _require_neighbours(runs, len(images))
    # Query by query, so that what the runs found stands below each other.
    queries = range(len(runs[0]["neighbours"]))
    rows = [(run["name"], run["neighbours"][k]) for k in queries for run in runs]
    figure, axes = drawing.panels(len(rows), count, 0.95, 0.95, "")
    for axis_row, (name, row) in zip(axes, rows, strict=True):
        shown = drawing.pixels(images[torch.tensor(row)])
        for k, axis in enumerate(axis_row):
            drawing.hide(axis)
            drawing.show(axis, shown[k])
            if k == 0:
                drawing.outline(axis, "black", 2.0)
                axis.set_ylabel(textwrap.fill(name, 16), fontsize=7, rotation=0, ha="right", va="center")
            elif identity[row[k]] == identity[row[0]]:
                drawing.mark_right(axis)
    return Picture(
        figure, f"Nearest neighbours of {len(rows)} queries; runs: {', '.join(run['name'] for run in runs)}."
    )


def _require_maps(name: str, value: object, shape: tuple[int, ...]) -> None:
    due = f"floats of the shape {shape}, a map of each image"
    maps = arguments.require_floats(name, value, due)
    if maps.shape != shape:
        arguments.refuse_argument(name, due, f"one is {arguments.describe_value(maps)}")


def _require_runs(runs: object, parts: Sequence[str]) -> list[Mapping[str, Any]]:
    due = f"recorded runs, each with {', '.join(parts)}"
    found = arguments.require_list("runs", runs, due)
    arguments.require_enough("runs", found, 1, "recorded run")
    for k, run in enumerate(found):
        arguments.require_mapping(f"runs[{k}]", run, "part of a recorded run -> value", empty=True)
        if lacking := [part for part in parts if part not in run]:
            arguments.refuse_argument(
                f"runs[{k}]", f"a run with {', '.join(parts)}", f"it lacks {lacking[0]}"
            )
        arguments.require_texts(f"runs[{k}]['name']", [run["name"]])
    return found


def _require_neighbours(runs: Sequence[Mapping[str, Any]], images: int) -> int:
    """How long each row of neighbours is, once all of them are known to be alike."""
    queries = None
    lengths = set()
    for k, run in enumerate(runs):
        name = f"runs[{k}]['neighbours']"
        rows = arguments.require_list(name, run["neighbours"], "rows of indices into images", queries)
        arguments.require_enough(name, rows, 1, "row of indices")
        queries = len(rows)
        lengths |= {len(arguments.indices_into("images", images, name, row)) for row in rows}
    if len(lengths) != 1 or 0 in lengths:
        due = "rows of one length, at least 1"
        arguments.refuse_argument(
            "runs", f"such that the neighbours are {due}", f"they have {sorted(lengths)}"
        )
    return lengths.pop()
