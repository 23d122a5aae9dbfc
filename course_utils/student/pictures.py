"""Draw what was expected beside what was got: matrices, masks and images of a failed visible check."""

from __future__ import annotations

import base64
import io
import warnings
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# cividis is made for all kinds of colour vision and is as readable in grey; vermilion stands out against all of it.
_COLOURS, _MARK = "cividis", "#D55E00"

_MOST_IMAGES = 5
# Up to this size every cell carries its number and a frame if it's wrong; above, a third panel shows the wrong ones.
_ROWS_WITH_NUMBERS, _COLUMNS_WITH_NUMBERS, _LENGTH_WITH_NUMBERS = 10, 10, 24
_DOTS_PER_INCH = 90
# Whole numbers below are written out.
_SHORT = 1000
# Panels that would be wider than a narrow browser window, and be shrunk there, are put above each other.
_WIDEST = 7.2


def expected_beside_got(
    expected: Tensor, got: Tensor, name: str, *, limit: float = 0.0, as_images: bool = True
) -> str | None:
    """An HTML `<img>` with the picture inside and alt text.

    Args:
        expected: the right values, any shape of at least one dimension.
        got: the values seen, the same shape.
        name: what they are, in words.
        limit: how far a right value may lie from the expected one.
        as_images: whether a tensor with the shape of a batch of images may be drawn as images.

    Returns:
        The HTML, or None if there is nothing to draw or the picture can't be made: a check goes on without it.
    """
    if expected.numel() < 1 or expected.ndim < 1:
        return None
    buffer = io.BytesIO()
    try:
        with warnings.catch_warnings():
            # Of missing glyphs and the like: text on stderr would count as a failure.
            warnings.simplefilter("ignore")
            figure, alt = _draw(expected, got, name, limit, as_images)
            figure.savefig(buffer, format="png", dpi=_DOTS_PER_INCH, facecolor="white")
    except Exception:  # noqa: BLE001 - whatever matplotlib stumbles over, the words are there without it
        return None
    data = base64.b64encode(buffer.getvalue()).decode()
    return f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}" style="max-width: 100%; background: white">'


def _draw(expected: Tensor, got: Tensor, name: str, limit: float, as_images: bool) -> tuple[Figure, str]:
    wanted, value = expected.to(torch.float64), got.to(torch.float64)
    wrong = ~((value == wanted) | ((value - wanted).abs() <= limit))
    count = f"{int(wrong.sum())} of {wrong.numel()} entries are wrong"
    if as_images and _are_images(wanted):
        bad = wrong.flatten(1).any(1).nonzero().flatten()[:_MOST_IMAGES].tolist()
        bad = bad or list(range(min(_MOST_IMAGES, len(wanted))))
        alt = f"{name}: expected images above, got below, for images {', '.join(map(str, bad))}; {count}"
        return _draw_images(wanted, value, bad, name), alt
    part = ""
    if wanted.ndim > 2:
        leading = tuple(int(i) for i in (wrong if bool(wrong.any()) else ~wrong).nonzero()[0][:-2])
        wanted, value, wrong = wanted[leading], value[leading], wrong[leading]
        part = f" [{', '.join(map(str, leading))}]"
    if wanted.ndim == 1:
        wanted, value, wrong = wanted[None], value[None], wrong[None]
    rows, columns = wanted.shape
    alt = f"{name}{part}: a matrix of {rows} rows and {columns} columns, expected on the left, got beside it; {count}"
    is_whole = not expected.is_floating_point()
    return _draw_matrices(wanted.numpy(), value.numpy(), wrong.numpy(), name + part, is_whole), alt


def _are_images(tensor: Tensor) -> bool:
    return tensor.ndim == 4 and tensor.shape[1] in (1, 3) and min(tensor.shape[2:]) >= 4


def _draw_images(wanted: Tensor, value: Tensor, chosen: list[int], name: str) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.35 * len(chosen) + 0.6, 3.1), layout="constrained")
    figure.suptitle(name, fontsize=10)
    axes = figure.subplots(2, len(chosen), squeeze=False)
    finite = wanted[wanted.isfinite()]
    low, high = (float(finite.min()), float(finite.max())) if finite.numel() else (0.0, 1.0)
    for row, (images, word) in enumerate(((wanted, "expected"), (value, "got"))):
        for column, index in enumerate(chosen):
            image = (
                ((images[index] - low) / max(high - low, 1e-12))
                .clamp(0, 1)
                .nan_to_num(0.5)
                .permute(1, 2, 0)
                .numpy()
            )
            ax = axes[row, column]
            # One channel is drawn in grey, as it is.
            ax.imshow(np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image, interpolation="nearest")
            ax.set_xticks([])
            ax.set_yticks([])
            if column == 0:
                ax.set_ylabel(word, fontsize=10)
            if row == 0:
                ax.set_title(f"[{index}]", fontsize=9)
    return figure


def _draw_matrices(
    wanted: NDArray[np.float64],
    value: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    name: str,
    is_whole: bool,
) -> Figure:
    from matplotlib.figure import Figure

    rows, columns = wanted.shape
    # Vectors lie above each other, matrices stand side by side where there is room.
    small = rows <= _ROWS_WITH_NUMBERS and columns <= (
        _LENGTH_WITH_NUMBERS if rows == 1 else _COLUMNS_WITH_NUMBERS
    )
    panels = 2 if small else 3
    cell = 0.42 if small else min(0.12, 3.2 / max(rows, columns))
    width, height = max(1.6, cell * columns), max(0.9, cell * rows)
    stacked = rows == 1 or panels * (width + 0.35) + 0.9 > _WIDEST
    across, down = (1, panels) if stacked else (panels, 1)
    size = across * (width + 0.35) + 0.9, down * (height + (0.0 if rows == 1 else 0.55)) + 0.4
    figure = Figure(figsize=size, layout="constrained")
    figure.suptitle(name, fontsize=10)
    axes = figure.subplots(down, across, squeeze=False).flatten()
    finite = wanted[np.isfinite(wanted)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low == high:
        # A matrix that should be constant: the colours span what was got instead.
        everything = np.concatenate([finite, value[np.isfinite(value)]])
        low, high = (float(everything.min()), float(everything.max())) if everything.size else (0.0, 1.0)
        high = high if high > low else low + 1
    image = None
    for ax, matrix, word in zip(axes, (wanted, value), ("expected", "got"), strict=False):
        image = ax.imshow(matrix, cmap=_COLOURS, vmin=low, vmax=high, interpolation="nearest")
        ax.set_title(word, fontsize=10)
        ax.set_facecolor("#bbbbbb")  # NaN is drawn in grey
        _ticks(ax, rows, columns)
    if small:
        for ax, matrix in zip(axes, (wanted, value), strict=False):
            _write_numbers(ax, matrix, low, high, is_whole)
        axes[1].set_title("got (wrong ones framed)" if columns >= 4 else "got", fontsize=10)
        _frame(axes[1], wrong)
    else:
        axes[2].imshow(wrong, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        axes[2].set_title("wrong: black", fontsize=10)
        _ticks(axes[2], rows, columns)
    if image is not None:
        # A wrong answer may lie far outside: arrows at the bar say that its end colours stand for such values too.
        below, above = bool((value < low).any()), bool((value > high).any())
        extend = "both" if below and above else "min" if below else "max" if above else "neither"
        figure.colorbar(image, ax=list(axes), fraction=0.05, pad=0.02, extend=extend).ax.tick_params(
            labelsize=8
        )
    return figure


def _ticks(ax: Axes, rows: int, columns: int) -> None:
    # At most ten numbers: more run into one another.
    ax.set_xticks(range(0, columns, -(-columns // 10)))
    ax.set_yticks(range(0, rows, -(-rows // 10)))
    ax.tick_params(labelsize=8)


def _write_numbers(ax: Axes, matrix: NDArray[np.float64], low: float, high: float, is_whole: bool) -> None:
    for (i, j), number in np.ndenumerate(matrix):
        bright = np.isfinite(number) and (number - low) > 0.55 * (high - low)
        is_short = np.isfinite(number) and (is_whole or (number == round(number) and abs(number) < _SHORT))
        text = f"{number:.0f}" if is_short else f"{number:.2g}"
        ax.text(
            j,
            i,
            text,
            ha="center",
            va="center",
            fontsize=7,
            color="black" if bright or not np.isfinite(number) else "white",
        )


def _frame(ax: Axes, wrong: NDArray[np.bool_]) -> None:
    from matplotlib.patches import Rectangle

    for i, j in zip(*np.nonzero(wrong), strict=True):
        ax.add_patch(Rectangle((j - 0.46, i - 0.46), 0.92, 0.92, fill=False, edgecolor=_MARK, linewidth=2))
