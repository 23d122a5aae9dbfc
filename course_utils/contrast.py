"""Pictures of contrastive learning: the method, cosines, bounds, candidates, wrong losses, points on a circle.

Like those of `course_utils.plot`, each function returns a `Picture` with a text that says what is to be seen.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from course_utils import arguments, drawing
from course_utils.augment import Images
from course_utils.drawing import COLOURS, MARKERS, Picture

Curves = Mapping[str, Sequence[float]]
"""Name -> one number for each place of the horizontal axis."""


def method(image: Float[Tensor, "3 h w"], views: tuple[Tensor, Tensor]) -> Picture:
    """SimCLR as a drawing, after figure 2 of the paper: two views, one encoder, one head, one question.

    Args:
        image: floats in [0, 1].
        views: two views of it.
    """
    views = tuple(arguments.require_list("views", views, "a pair, two views of the image", 2))  # type: ignore[assignment]
    for name, shown in (("image", image), *(("views", view) for view in views)):
        arguments.require_images(name, shown, channels=(3,), dims=3)
    figure, axes = drawing.panels(1, 1, 9.0, 3.4, "")
    axis = axes[0, 0]
    box = {"boxstyle": "round,pad=0.5", "facecolor": "#DCEAF4", "edgecolor": COLOURS[0]}
    arrow = {"arrowstyle": "->", "color": "0.3", "lw": 1.4}

    def picture(pixels: Tensor, x: float, y: float) -> None:
        extent = (x - 0.5, x + 0.5, y - 0.5, y + 0.5)
        axis.imshow(drawing.pixels(pixels[None])[0], extent=extent)

    picture(image, 0, 0)
    axis.text(0, -0.7, "image $x$", ha="center", va="top")
    for view, y, name in zip(views, (1, -1), "ij", strict=True):
        picture(view, 2.4, y)
        axis.annotate("", (1.8, y), (0.6, 0), arrowprops=arrow)
        axis.text(1.15, 0.75 * y, "augment", ha="center", va="center", rotation=31 * y, fontsize=9)
        for x, text in ((4, "encoder $f$"), (6.8, "head $g$")):
            axis.text(x, y, text, ha="center", va="center", bbox=box)
        axis.annotate("", (3.35, y), (2.95, y), arrowprops=arrow)
        axis.annotate("", (5.15, y), (4.65, y), arrowprops=arrow)
        axis.annotate(f"$h_{name}$", (6.25, y), (5.3, y), va="center", arrowprops=arrow)
        axis.annotate(f"$z_{name}$", (8.4, 0.25 * y), (7.9, y), va="center", ha="center", arrowprops=arrow)
        axis.annotate("", (7.75, y), (7.35, y), arrowprops=arrow)
    axis.text(8.4, 0, "alike?", ha="center", va="center", color=COLOURS[5])
    axis.set(xlim=(-0.7, 9.1), ylim=(-1.6, 1.6), aspect="equal")
    axis.axis("off")
    return Picture(
        figure,
        "An image is augmented twice. Both views pass through the same encoder f, giving h, and the same head g, "
        "giving z; the loss asks whether the two z are alike.",
    )


def cosines(
    values: Float[Tensor, "n m"],
    names: tuple[Sequence[str], Sequence[str]] | None = None,
    partners: Sequence[tuple[int, int]] = (),
    itself: bool = False,
    title: str = "",
) -> Picture:
    """A matrix of cosines; circles mark partners, crosses the comparison of a vector with itself.

    Args:
        values: in [-1, 1]; rows are anchors, columns candidates.
        names: of the rows and of the columns; their numbers if they are left out.
        partners: (row, column) of each pair.
        itself: cross out the diagonal.
    """
    arguments.require_floats("values", values, "a tensor of floats of the shape (anchors, candidates)", 2)
    arguments.require_enough("values", values.flatten(), 1, "cosine")
    rows, columns = tuple([str(k) for k in range(size)] for size in values.shape)
    if names is not None:
        rows, columns = arguments.require_list(
            "names", names, "a pair, names of the rows and of the columns", 2
        )
        for axis_names, size, of in zip((rows, columns), values.shape, ("rows", "columns"), strict=True):
            arguments.require_texts("names", axis_names, count=size, of=f"{of} of values")
    partners = arguments.require_list("partners", partners, "a list of pairs (row, column)")
    for partner in partners:
        pair = arguments.require_list("partners", partner, "a list of pairs (row, column)", 2)
        for place, size in zip(pair, values.shape, strict=True):
            arguments.require_whole("partners", place, at_least=0, at_most=size - 1)
    figure, axes = drawing.panels(1, 1, 4.8, 3.8, title)
    axis = axes[0, 0]
    shown = axis.imshow(values.detach().cpu().numpy(), cmap="cividis", vmin=-1, vmax=1)
    marks = [(row, column, "o", 10) for row, column in partners]
    marks += [(k, k, "x", 8) for k in range(min(values.shape))] if itself else []
    for row, column, marker, size in marks:
        # Black with a white rim is seen on yellow and on blue.
        axis.plot(
            column, row, marker, color="black", mfc="none", ms=size, mew=1.5,
            path_effects=[Stroke(linewidth=4, foreground="white"), Normal()],
        )  # fmt: skip
    axis.set_xticks(range(len(columns)), columns)
    axis.set_yticks(range(len(rows)), rows)
    axis.set(xlabel="candidate", ylabel="anchor")
    figure.colorbar(shown, label="cosine")
    said = f" Circles mark {len(partners)} partners." if partners else ""
    said += " Crosses mark the diagonal." if itself else ""
    return Picture(figure, f"Cosines of {len(rows)} anchors and {len(columns)} candidates.{said}")


def bounds(
    sizes: Sequence[int],
    curves: Curves,
    truth: Mapping[str, float] | None = None,
    title: str = "",
) -> Picture:
    """Bounds on mutual information over the number of candidates, below their ceiling log N.

    Args:
        sizes: numbers of candidates N, at least one number.
        curves: what the bound is, for each of them, in nats.
        truth: name of a curve -> the mutual information, where it is known.
    """
    sizes = arguments.require_list("sizes", sizes, "a list of whole numbers")
    arguments.require_enough("sizes", sizes, 1, "number of candidates")
    for size in sizes:
        arguments.require_whole("sizes", size, at_least=1)
    curves = _require_curves(curves, count=len(sizes), of="sizes")
    if truth is not None:
        arguments.require_mapping("truth", truth, "name of a curve -> nats", empty=True)
        for name, nats in truth.items():
            if name not in curves:
                arguments.refuse_argument(
                    "truth", f"of the curves {', '.join(curves)}", f"there is no {name!r}"
                )
            arguments.require_number(f"truth[{name!r}]", nats)
    figure, axes = drawing.panels(1, 1, 7.0, 3.2, title)
    axis = axes[0, 0]
    axis.plot(sizes, [math.log(n) for n in sizes], "--", color="0.4", label="ceiling, log N")
    for k, (name, values) in enumerate(curves.items()):
        axis.plot(sizes, values, MARKERS[k % 8], ls="-", color=COLOURS[5 * k % 8], mfc="none", label=name)
        if truth and name in truth:
            axis.axhline(truth[name], color=COLOURS[5 * k % 8], lw=0.8)
            axis.annotate(
                f"{truth[name]:g} nats",
                (sizes[0], truth[name]),
                (0, 2),
                textcoords="offset points",
                fontsize=8,
            )
    axis.set_xscale("log", base=2)
    axis.set_xticks(sizes, [str(n) for n in sizes], fontsize=8)
    axis.set(xlabel="candidates N, the positive counted", ylabel="nats")
    drawing.despine(axis)
    axis.legend(frameon=False, fontsize=8)
    ends = "; ".join(f"{name}: {values[-1]:.2f}" for name, values in curves.items())
    return Picture(figure, f"Bounds on mutual information up to {sizes[-1]} candidates, below log N. {ends}.")


def candidates(
    anchor: Float[Tensor, "3 h w"],
    images: Images,
    shares: Mapping[str, Float[Tensor, " n"]],
    partner: int,
    shown: int = 9,
) -> Picture:
    """The candidates of one anchor, most probable first, with their shares; a row for each temperature.

    Args:
        anchor: the view that looks for its partner.
        images: the candidates.
        shares: name of the row -> probability of each candidate.
        partner: index of the right one, which gets a thick frame and a tick.
        shown: candidates in a row.
    """
    arguments.require_images("anchor", anchor, channels=(1, 3), dims=3)
    arguments.require_images("images", images, channels=(3,))
    arguments.require_mapping("shares", shares, "name -> probabilities")
    for name, values in shares.items():
        due = "a tensor of floats, the probability of each candidate"
        arguments.require_floats(f"shares[{name!r}]", values, due, 1)
        arguments.require_length(f"shares[{name!r}]", values, len(images), "images")
    arguments.require_whole("partner", partner, at_least=0, at_most=len(images) - 1)
    arguments.require_whole("shown", shown, at_least=1)
    pictures = drawing.pixels(images)
    figure, axes = drawing.panels(len(shares), 1 + shown, 0.9, 1.15, "")
    said = []
    for row, (name, values) in zip(axes, shares.items(), strict=True):
        drawing.hide(row[0])
        drawing.show(row[0], drawing.pixels(anchor[None])[0])
        drawing.outline(row[0], "black", 2.5)
        row[0].set_ylabel(name, fontsize=8)
        order = values.argsort(descending=True).tolist()
        for axis, k in zip(row[1:], order, strict=False):
            drawing.hide(axis)
            drawing.show(axis, pictures[k])
            axis.set_xlabel(f"{values[k]:.1%}", fontsize=8, labelpad=2)
            if k == partner:
                drawing.outline(axis, COLOURS[2], 3)
                axis.set_title("✓ partner", fontsize=8, color=COLOURS[2])
        said.append(
            f"at {name} the partner has {values[partner]:.1%} and the place {order.index(partner) + 1}"
        )
    return Picture(figure, "An anchor and its most probable candidates: " + "; ".join(said) + ".")


def ticks(values: Mapping[str, float], mine: float, note: str = "") -> Picture:
    """Losses of wrong versions as ticks with their names, and one's own loss above them.

    Args:
        values: name -> loss.
        mine: one's own loss.
        note: what the loss is of.
    """
    _require_scores("values", values, "name -> loss")
    arguments.require_number("mine", mine)
    figure, axes = drawing.panels(1, 1, 8.0, 2.6, "")
    axis = axes[0, 0]
    ordered = sorted(values.items(), key=lambda item: item[1])
    for k, (name, value) in enumerate(ordered):
        level = -(k % 4)
        axis.plot([value, value], [0, 0.7], color="0.4", lw=1.4)
        axis.plot([value, value], [0, level - 0.35], color="0.75", lw=0.6, zorder=0)
        axis.text(value, level - 0.4, f"{name}: {value:.2f}", ha="center", va="top", fontsize=7)
    axis.plot(mine, 1.1, "v", color=COLOURS[5], ms=9)
    axis.annotate(f"yours: {mine:.3f}", (mine, 1.1), (8, -3), textcoords="offset points", fontsize=8)
    axis.set(yticks=[], ylim=(-4.2, 1.8), xlabel=note)
    axis.spines[["left", "top", "right"]].set_visible(False)
    named = ", ".join(f"{name} {value:.2f}" for name, value in ordered)
    return Picture(figure, f"Losses of wrong versions ({named}); yours is {mine:.3f}.")


def on_the_circle(points: Mapping[str, Float[Tensor, "n 2"]], classes: Int64[Tensor, " n"]) -> Picture:
    """Vectors of length one in the plane; each of the two classes has a marker and a colour.

    Args:
        points: title -> vectors.
        classes: of the vectors, 0 or 1.
    """
    arguments.require_labels("classes", classes, classes=2)
    arguments.require_mapping("points", points, "title -> vectors in the plane")
    for name, z in points.items():
        due = "a tensor of floats of the shape (vectors, 2)"
        arguments.require_floats(f"points[{name!r}]", z, due, 2)
        if not len(z) or z.shape[1] != 2:
            found = f"it is {arguments.describe_value(z)}"
            arguments.refuse_argument(f"points[{name!r}]", due, found)
        arguments.require_length("classes", classes, len(z), f"points[{name!r}]")
    points, classes = {name: z.detach().cpu() for name, z in points.items()}, classes.cpu()
    figure, axes = drawing.panels(1, len(points), 3.0, 3.2, "")
    for axis, (name, z) in zip(axes[0], points.items(), strict=True):
        axis.add_patch(Circle((0, 0), 1, fill=False, color="0.8"))
        for label in classes.unique().tolist():
            x, y = z[classes == label].T
            axis.plot(
                x, y, MARKERS[2 * label], ls="", color=COLOURS[5 * label], ms=9, mfc="none", mew=1.8,
                label=f"class {label}",
            )  # fmt: skip
        axis.set(xlim=(-1.3, 1.3), ylim=(-1.3, 1.3), aspect="equal")
        axis.set_title(name, fontsize=9)
        axis.axis("off")
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    spread = []
    for name, z in points.items():
        lengths = [float(z[classes == label].mean(dim=0).norm()) for label in classes.unique()]
        spread.append(f"{name}, the classes' means have length {' and '.join(f'{v:.2f}' for v in lengths)}")
    return Picture(figure, "Points on a circle. " + "; ".join(spread) + ".")


def lines(
    x: Sequence[float] | Tensor,
    curves: Curves,
    xlabel: str,
    ylabel: str,
    marks: Sequence[tuple[float, float]] = (),
    title: str = "",
) -> Picture:
    """Curves over one axis, told apart by colour, marker and legend.

    Args:
        x: places of the values.
        curves: name -> values, one for each place.
        xlabel, ylabel: of the axes.
        marks: (x, y) of points to be circled.
    """
    x = arguments.float_list("x", x)
    curves = _require_curves(curves, count=len(x), of="x")
    circled = [
        arguments.float_list("marks", mark, count=2, of="numbers in a mark (x, y)")
        for mark in arguments.require_list("marks", marks, "a list of points (x, y)")
    ]
    figure, axes = drawing.panels(1, 1, 6.0, 3.2, title)
    _draw_lines(axes[0, 0], x, curves)
    for place in circled:
        axes[0, 0].plot(*place, "o", color="black", mfc="none", ms=10)
    axes[0, 0].set(xlabel=xlabel, ylabel=ylabel)
    said = "; ".join(f"{name}: from {float(v[0]):.2f} to {float(v[-1]):.2f}" for name, v in curves.items())
    return Picture(figure, f"{ylabel} over {xlabel}. {said}.")


def _draw_lines(axis: Axes, x: Sequence[float] | Tensor, curves: Curves) -> None:
    for k, (name, values) in enumerate(curves.items()):
        every = (0, 1) if len(values) <= 12 else (k, len(values) // 8)
        axis.plot(
            np.asarray(x), [float(value) for value in values], color=COLOURS[k % 8], marker=MARKERS[k % 8],
            markevery=every, ms=5, lw=1.6, label=name,
        )  # fmt: skip
    drawing.despine(axis)
    axis.legend(frameon=False, fontsize=8)


def side_by_side(
    curves: Curves, scores: Mapping[str, float], xlabel: str, ylabel: str, title: str = "", every: int = 1
) -> Picture:
    """How alike the losses look, and how different what was learned: curves on the left, one bar each on the right.

    Args:
        curves: name -> loss over the steps.
        scores: name -> what was learned, of the same names.
        xlabel: of the bars, the name of the score.
        ylabel: of the curves.
        every: steps between two numbers of a curve.
    """
    curves = _require_curves(curves)
    _require_scores("scores", scores, "name -> what was learned")
    if odd := [name for name in (*curves, *scores) if name not in curves or name not in scores]:
        arguments.refuse_argument("scores", "of the names of curves", f"{odd[0]!r} is in one of them only")
    arguments.require_whole("every", every, at_least=1)
    figure, axes = drawing.panels(1, 2, 4.4, 3.4, title)
    left, right = axes[0]
    longest = max(len(values) for values in curves.values())
    for name, values in curves.items():
        k = list(curves).index(name)
        left.plot(
            np.arange(len(values)) * every, values, color=COLOURS[k % 8], marker=MARKERS[k % 8],
            markevery=(3 * k, max(1, longest // 6)), ms=5, lw=1.5,
        )  # fmt: skip
    left.set(xlabel="step", ylabel=ylabel)
    drawing.despine(left)
    for k, (name, value) in enumerate((name, scores[name]) for name in curves):
        right.barh(k, value, color=COLOURS[k % 8], height=0.6)
        right.plot(value, k, MARKERS[k % 8], color=COLOURS[k % 8], mec="black", ms=7)
        right.text(0, k - 0.33, f" {name}: {value:.3f}", va="bottom", fontsize=8)
    right.set(yticks=[], xlabel=xlabel, ylim=(len(scores) - 0.4, -0.8))
    drawing.despine(right)
    said = "; ".join(
        f"{name}: loss {values[0]:.2f} to {values[-1]:.2f}, {xlabel} {scores[name]:.3f}"
        for name, values in curves.items()
    )
    return Picture(figure, f"Losses and what was learned. {said}.")


def neighbour_rows(
    images: Images,
    queries: Sequence[int],
    nearest: Mapping[str, Sequence[Sequence[int]]],
    identity: Int64[Tensor, " n"],
) -> Picture:
    """The nearest images of the same few queries for several encoders; a frame and a tick mark the same thing.

    Args:
        images: that the numbers mean.
        queries: of the query images.
        nearest: who -> for each query the numbers of its neighbours, the nearest first.
        identity: what counts as the same thing.
    """
    arguments.require_images("images", images, channels=(3,))
    queries = _require_indices("queries", queries, len(images))
    arguments.require_mapping("nearest", nearest, "who -> numbers of the neighbours")
    for name, rows in nearest.items():
        due = "one list of numbers of images for each of the queries"
        for found in arguments.require_list(f"nearest[{name!r}]", rows, due, len(queries)):
            _require_indices(f"nearest[{name!r}]", found, len(images))
    identity = arguments.whole_numbers("identity", identity, count=len(images), of="images")
    shown = min(3, *(len(row) for rows in nearest.values() for row in rows))
    # An empty column after each query's neighbours, so that it is seen whose they are.
    figure, axes = drawing.panels(len(nearest) + 1, (shown + 1) * len(queries) - 1, 0.75, 0.8, "")
    for axis in axes.flat:
        drawing.hide(axis)
    pictures = drawing.pixels(images)
    places = [(query, (shown + 1) * query) for query in range(len(queries))]
    for query, first in places:
        drawing.show(axes[0, first], pictures[queries[query]])
        drawing.outline(axes[0, first], "black", 2.5)
    axes[0, 0].set_ylabel("query", fontsize=10, rotation=0, ha="right", va="center")
    said = []
    for row, (name, rows) in zip(axes[1:], nearest.items(), strict=True):
        row[0].set_ylabel(textwrap.fill(name, 20), fontsize=10, rotation=0, ha="right", va="center")
        right = 0
        for query, first in places:
            for axis, found in zip(row[first : first + shown], rows[query], strict=False):
                drawing.show(axis, pictures[found])
                if identity[found] == identity[queries[query]]:
                    drawing.mark_right(axis)
                    right += 1
        said.append(f"{name} {right}")
    whole = shown * len(queries)
    return Picture(
        figure, f"Neighbours that show the query's own thing, of {whole}: " + ", ".join(said) + "."
    )


def influence_maps(
    maps: Mapping[str, Float[Tensor, "rows columns"]], xlabel: str, ylabel: str, title: str = ""
) -> Picture:
    """What depends on what, one matrix beside the other: the darker, the more; what has no influence at all is white.

    Args:
        maps: name -> sizes of derivatives, none below zero; each matrix is shown relative to its largest.
        xlabel, ylabel: what columns and rows number.
    """
    due = "a tensor of floats of the shape (rows, columns), none below zero"
    for name, values in arguments.require_mapping("maps", maps, "name -> matrix").items():
        arguments.require_floats(f"maps[{name!r}]", values, due, 2)
        arguments.require_enough(f"maps[{name!r}]", values.flatten(), 1, "number")
        if not bool((values >= 0).all()):
            arguments.refuse_argument(f"maps[{name!r}]", due, "some are not")
    figure, axes = drawing.panels(1, len(maps), 2.9, 2.9, title)
    said = []
    for axis, (name, values) in zip(axes[0], maps.items(), strict=True):
        sizes = values.detach().cpu().double().numpy()
        # Roots, and a step between nothing and a little: far influences are small, and are what is looked for.
        shade = np.where(sizes > 0, 0.2 + 0.8 * np.sqrt(sizes / max(sizes.max(), 1e-300)), 0)
        axis.imshow(shade, cmap="Blues", vmin=0, vmax=1)
        axis.set_title(name, fontsize=9)
        axis.set(xlabel=xlabel, ylabel=ylabel)
        for side in (axis.xaxis, axis.yaxis):
            side.set_major_locator(MaxNLocator(integer=True))
        later = int((np.triu(sizes, 1) > 0).sum())
        said.append(f"{name}: {later or 'no'} entries to the right of the diagonal")
    return Picture(figure, f"How much each {ylabel} depends on each {xlabel}. {'; '.join(said)}.")


def paired_views(n: int = 4, dim: int = 6, seed: int = 1) -> Float[Tensor, "2*n d"]:
    """Made-up projections in the paper's order: rows 2k and 2k + 1 are two views of one image."""
    for name, value in (("n", n), ("dim", dim)):
        arguments.require_whole(name, value, at_least=1)
    arguments.require_whole("seed", seed)
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn(n, 1, dim, generator=generator)
    return (centres + 0.6 * torch.randn(n, 2, dim, generator=generator)).flatten(0, 1)


def _require_curves(curves: object, count: int | None = None, of: str = "") -> dict[str, list[float]]:
    given = arguments.require_mapping("curves", curves, "name -> numbers")
    return {
        name: arguments.float_list(f"curves[{name!r}]", values, count=count, of=of)
        for name, values in given.items()
    }


def _require_scores(name: str, scores: object, due: str) -> None:
    for who, value in arguments.require_mapping(name, scores, due).items():
        arguments.require_number(f"{name}[{who!r}]", value)


def _require_indices(name: str, value: object, count: int) -> list[int]:
    numbers = arguments.indices_into("images", count, name, value).tolist()
    arguments.require_enough(name, numbers, 1, "number of an image")
    return numbers
