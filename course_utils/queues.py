"""Pictures of MoCo: ways to fill a dictionary, a queue batch by batch, a weight and its followers, costs.

Like those of `course_utils.plot`, each function returns a `Picture` with a text that says what is to be seen.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from course_utils import arguments, drawing
from course_utils.drawing import Picture
from course_utils.plot import COLOURS, MARKERS

_STYLES = ("-", "--", "-.", ":")


def mechanisms() -> Picture:
    """Three ways to fill a dictionary with keys, after figure 2 of He et al. (2020); thick arrows carry a gradient."""
    figure, panels = drawing.panels(1, 3, 3.4, 3.7, "")
    axes = panels[0]
    box = {"boxstyle": "round,pad=0.45", "facecolor": "#DCEAF4", "edgecolor": COLOURS[0]}
    slow = {**box, "facecolor": "#E6F3EC", "edgecolor": COLOURS[2], "linestyle": "--"}
    store = {**box, "boxstyle": "square,pad=0.4", "facecolor": "#F4EFDC", "edgecolor": "0.4"}

    def connect(axis: Axes, start: tuple[float, float], end: tuple[float, float], gradient: bool) -> None:
        plain = {"color": "0.4", "arrowstyle": "->", "lw": 1.3}
        both = {"color": COLOURS[5], "arrowstyle": "<->", "lw": 2.4}
        axis.annotate("", end, start, arrowprops=both if gradient else plain)

    for axis, title in zip(axes, ("(a) end to end", "(b) memory bank", "(c) MoCo"), strict=True):
        axis.set(xlim=(-2.2, 2.4), ylim=(-0.5, 4.6))
        axis.axis("off")
        axis.set_title(title, fontsize=11)
        axis.text(0, 4.2, "contrastive loss", ha="center", va="center")
        axis.text(-1.2, 1.3, "encoder", ha="center", va="center", bbox=box)
        axis.text(-1.2, -0.2, "query view", ha="center", va="center")
        axis.text(-1.45, 2.75, "$q$", ha="right")
        connect(axis, (-1.2, 0.1), (-1.2, 0.9), gradient=False)
        connect(axis, (-1.2, 1.75), (-0.3, 3.9), gradient=True)
        if title != "(b) memory bank":
            axis.text(1.2, -0.2, "key views", ha="center", va="center")
            connect(axis, (1.2, 0.1), (1.2, 0.9), gradient=False)
    axes[0].text(1.2, 1.3, "encoder", ha="center", va="center", bbox=box)
    axes[0].text(1.15, 2.75, "$k_0$ and all $k_i$", ha="left")
    connect(axes[0], (1.2, 1.75), (0.3, 3.9), gradient=True)
    axes[1].text(1.2, 1.3, "one vector for\neach image", ha="center", va="center", bbox=store, fontsize=9)
    axes[1].text(1.15, 2.75, "$k_0$ and all $k_i$", ha="left")
    connect(axes[1], (1.1, 1.95), (0.3, 3.9), gradient=False)
    axes[2].text(1.2, 1.3, "slow encoder", ha="center", va="center", bbox=slow)
    axes[2].text(0.6, 2.75, "queue", ha="center", va="center", bbox=store, fontsize=9)
    # The positive does not pass through the queue: it goes to the loss by itself, and into the queue afterwards.
    connect(axes[2], (1.75, 1.75), (0.5, 3.9), gradient=False)
    axes[2].text(1.5, 2.9, "$k_0$", ha="left")
    connect(axes[2], (1.0, 1.75), (0.7, 2.4), gradient=False)
    axes[2].text(1.0, 2.1, "later", ha="left", va="center", fontsize=7, color="0.3")
    connect(axes[2], (0.45, 3.1), (0.15, 3.9), gradient=False)
    axes[2].text(0.05, 3.3, "$k_i$", ha="right")
    dashed = {"color": COLOURS[2], "arrowstyle": "->", "ls": "--"}
    axes[2].annotate("", (0.15, 1.3), (-0.45, 1.3), arrowprops=dashed)
    axes[2].text(-0.15, 1.5, "average", ha="center", fontsize=7, color="#00734F")
    return Picture(
        figure,
        "Three diagrams: end to end with a gradient to both encoders; a memory bank with a gradient to the query "
        "encoder only; MoCo with a slow encoder, whose key of the same image goes straight to the loss, while the "
        "other keys come from a queue that it fills later.",
    )


def fill_columns(columns: int, batch: int, batches: int) -> tuple[list[list[int]], list[int]]:
    """Which batch the key in each column of a queue comes from, after each of several batches, and where the oldest is.

    Args:
        columns: of the queue.
        batch: keys in a batch, at most as many as columns.
        batches: how many come, numbered from 1; a column that holds no key yet has 0.

    Returns:
        For each batch the row of numbers, and the column of the oldest key.
    """
    arguments.require_whole("columns", columns, at_least=1)
    arguments.require_whole("batch", batch, at_least=1, at_most=columns)
    arguments.require_whole("batches", batches, at_least=1)
    # All keys that ever came, in their order: of those that share a column the last one is still there.
    everybody = np.repeat(np.arange(1, batches + 1), batch)
    rows, oldest = [], []
    for come in range(batch, len(everybody) + 1, batch):
        row = [0] * columns
        for place, number in enumerate(everybody[:come].tolist()):
            row[place - columns * (place // columns)] = number
        rows.append(row)
        oldest.append(come - columns * (come // columns))
    return rows, oldest


def queue_table(rows: Sequence[Sequence[float]], pointers: Sequence[int], title: str = "") -> Picture:
    """A queue after each of several batches: numbers say from which batch a column's key comes.

    Args:
        rows: after each batch the numbers in the columns, 0 where there is no key yet.
        pointers: after each batch the column that gets the next key, which is framed.
    """
    lines = [
        arguments.float_list("rows", row)
        for row in arguments.require_list("rows", rows, "a list of rows, one for each batch")
    ]
    arguments.require_enough("rows", lines, 1, "row")
    if len({len(row) for row in lines}) != 1 or not lines[0]:
        arguments.refuse_argument(
            "rows", "rows of one length", f"they have {sorted({len(r) for r in lines})} columns"
        )
    places = arguments.require_list("pointers", pointers, "a list of columns, one for each row", len(lines))
    columns, highest = len(lines[0]), max(1.0, *(max(row) for row in lines))
    for place in places:
        arguments.require_whole("pointers", place, at_least=0, at_most=columns - 1)
    figure, panels = drawing.panels(
        1, 1, 0.5 * columns + 1.2, 0.36 * len(lines) + 1.0, title or "The pointer (framed) stands at the oldest key"
    )  # fmt: skip
    axis = panels[0, 0]
    axis.imshow(lines, cmap="cividis", vmin=0, vmax=highest, aspect="auto")
    for row, (values, place) in enumerate(zip(lines, places, strict=True)):
        for column, value in enumerate(values):
            text, colour = f"{value:.0f}" if value else "", "white" if value < 0.6 * highest else "black"
            axis.text(column, row, text, ha="center", va="center", color=colour, fontsize=9)
        axis.plot(place, row, "s", ms=17, mfc="none", mec=COLOURS[5], mew=2)
    axis.set(xlabel="column", ylabel="after batch")
    axis.set_xticks(range(columns))
    axis.set_yticks(range(len(lines)), [str(number) for number in range(1, len(lines) + 1)])
    said = ", ".join(f"{value:.0f}" for value in lines[-1])
    return Picture(
        figure,
        f"A queue of {columns} columns after each of {len(lines)} batches. In the end its columns hold keys of the "
        f"batches {said}, and the pointer stands at column {places[-1]}.",
    )


def followers(path: Sequence[float], followed: Mapping[str, Sequence[float]]) -> Picture:
    """A weight that wanders about, and others that follow it.

    Args:
        path: of the weight, a number for each step.
        followed: name -> path of a weight that follows, of the same length.
    """
    walked = arguments.float_list("path", path)
    arguments.require_enough("path", walked, 1, "step")
    curves = {
        name: arguments.float_list(f"followed[{name!r}]", values, count=len(walked), of="path")
        for name, values in arguments.require_mapping("followed", followed, "name -> path").items()
    }
    figure, panels = drawing.panels(1, 1, 8.0, 3.0, "")
    axis = panels[0, 0]
    axis.plot(walked, color="0.75", lw=0.8, label="query encoder")
    for k, (name, values) in enumerate(curves.items()):
        axis.plot(values, color=COLOURS[(1, 0, 2, 3, 5)[k % 5]], ls=_STYLES[(3 + k) % 4], lw=1.8, label=name)
    axis.set(xlabel="step", ylabel="weight")
    drawing.despine(axis)
    axis.legend(frameon=False, fontsize=8)
    said = ", ".join(
        f"{name}: {np.std(np.diff(values)):.2f} a step" for name, values in curves.items() if len(values) > 1
    )
    return Picture(
        figure, f"A noisy weight over {len(walked)} steps, and weights that follow it. They move by {said}."
    )


def cost_panels(measured: Sequence[Mapping[str, Any]], share: Mapping[str, Any] | None = None) -> Picture:
    """What a step costs with more and more negatives, from a queue and end to end: memory and seconds, both log-log.

    Args:
        measured: rows with `"way"`, `"negatives"`, `"MiB"` and `"seconds"`, in the order of the negatives; rows of one
            way are joined by a line.
        share: `"negatives"`, `"MiB"` and `"seconds"` of a number of negatives: what more of them would cost in
            proportion is drawn as a thin broken line to the right of it.
    """
    rows = arguments.require_list("measured", measured, "a list of rows")
    arguments.require_enough("measured", rows, 1, "row")
    for row in rows:
        _require_cost("measured", row, ("way",))
    if share is not None:
        _require_cost("share", share)
    ways = list(dict.fromkeys(row["way"] for row in rows))
    figure, axes = drawing.panels(1, 2, 4.4, 3.5, "")
    furthest = max(row["negatives"] for row in rows)
    for axis, unit, label in zip(
        axes[0], ("MiB", "seconds"), ("MiB kept for backward", "seconds of a step"), strict=True
    ):
        for k, way in enumerate(ways):
            mine = [row for row in rows if row["way"] == way]
            axis.plot(
                [row["negatives"] for row in mine], [row[unit] for row in mine], color=COLOURS[5 * k % 8],
                marker=MARKERS[k % 8], ms=6, lw=1.6, label=way,
            )  # fmt: skip
        if share is not None and furthest > share["negatives"]:
            ends = [share["negatives"], furthest]
            axis.plot(
                ends, [share[unit] * n / share["negatives"] for n in ends], "--", color="0.35", lw=1,
                label="end to end, in proportion",
            )  # fmt: skip
        axis.set_xscale("log", base=2)
        axis.set_yscale("log")
        numbers = sorted({row["negatives"] for row in rows})
        axis.set_xticks(numbers, [f"{number:,}" for number in numbers], fontsize=8)
        axis.minorticks_off()
        axis.set(xlabel="negatives", ylabel=label)
        axis.grid(color="0.9")
        axis.set_axisbelow(True)
        drawing.despine(axis)
    axes[0, 0].legend(frameon=False, fontsize=8)
    last = {way: [row for row in rows if row["way"] == way][-1] for way in ways}
    said = "; ".join(
        f"{way}: {row['MiB']:.0f} MiB and {row['seconds']:.2f} seconds with {row['negatives']:,} negatives"
        for way, row in last.items()
    )
    return Picture(figure, f"Cost of a step over the number of negatives, both axes logarithmic. {said}.")


def _require_cost(name: str, row: object, texts: Sequence[str] = ()) -> None:
    found = arguments.require_mapping(name, row, "part of a row -> value")
    due = (*texts, "negatives", "MiB", "seconds")
    if missing := [part for part in due if part not in found]:
        arguments.refuse_argument(name, f"a row with {', '.join(due)}", f"it lacks {missing[0]}")
    for part in ("negatives", "MiB", "seconds"):
        arguments.require_number(f"{name}[{part!r}]", found[part], above=0)
