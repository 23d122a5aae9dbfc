"""What the pictures of `course_utils.plot` are made of: what its functions return, empty figures, and work on axes."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Annotation

from course_utils import arguments
from course_utils.augment import Images, as_floats

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
HATCHES = ("", "//", "..", "xx", "--", "++")


@dataclass(frozen=True)
class Picture:
    """A figure with a text that stands for it.

    Attributes:
        figure: the matplotlib figure.
        alt: what is to be seen, for those who can't see it.
    """

    figure: Figure
    alt: str

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a PNG."""
        self.figure.savefig(path, format="png", dpi=110, metadata={"Description": self.alt})

    def png(self) -> bytes:
        """The picture as the bytes of a PNG."""
        return png(self.figure, dpi=110)

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        data = {"image/png": base64.b64encode(self.png()).decode(), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}


@dataclass(frozen=True)
class Animation:
    """A short film that plays in the notebook, with buttons.

    Attributes:
        html: the player with all frames inside.
        alt: what is to be seen.
    """

    html: str
    alt: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.alt}


def png(figure: Figure, dpi: int) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi)
    return buffer.getvalue()


def panels(
    rows: int, columns: int, width: float, height: float, title: str, heights: Sequence[float] | None = None
) -> tuple[Figure, np.ndarray]:
    """A figure that no global state knows of, so that a notebook shows it once and never keeps it open.

    Args:
        width, height: of a panel, in inches.
        heights: of each row, in rows of `height`; 1 if they are left out.
    """
    heights = [1.0] * rows if heights is None else heights
    size = (columns * width, sum(heights) * height + (0.3 if title else 0))
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    if title:
        figure.suptitle(title, fontsize=10)
    return figure, figure.subplots(rows, columns, squeeze=False, height_ratios=heights)


def pixels(images: Images, name: str = "images") -> np.ndarray:
    """Images as matplotlib wants them: (n, h, w, 3) floats in [0, 1]."""
    arguments.require_images(name, images, channels=(1, 3))
    if not len(images):
        arguments.refuse_argument(name, "at least one image", "there is none")
    values = as_floats(images.detach().cpu()).clamp(0, 1)
    return values.expand(-1, 3, -1, -1).permute(0, 2, 3, 1).numpy()


def show(axis: Axes, picture: np.ndarray) -> None:
    axis.imshow(picture, interpolation="nearest")


def mark_right(axis: Axes) -> None:
    """Mark what is right by a frame and a tick, so that it is seen without colours."""
    outline(axis, COLOURS[2], 3)
    axis.text(0.04, 0.96, "✓", transform=axis.transAxes, va="top", color="white", fontsize=8, weight="bold",
              bbox={"facecolor": COLOURS[2], "edgecolor": "none", "pad": 1})  # fmt: skip


def hide(axis: Axes) -> None:
    axis.set_xticks([])
    axis.set_yticks([])
    for spine in axis.spines.values():
        spine.set_visible(False)


def outline(axis: Axes, colour: str, width: float) -> None:
    for spine in axis.spines.values():
        spine.set(visible=True, color=colour, linewidth=width)


def turn_if_wide(numbers: Sequence[Annotation], axis: Axes, width: float) -> None:
    """Stand numbers over bars on end where they are wider than their bars: they would run into one another."""
    figure = axis.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    (left, _), (right, _) = axis.transData.transform([(0, 0), (width, 0)])
    if any(number.get_window_extent().width > right - left for number in numbers):
        for number in numbers:
            number.set_rotation(90)
        figure.draw_without_rendering()
    # Room for the numbers over the highest bars.
    high = max((number.get_window_extent().y1 for number in numbers), default=0.0)
    axis.set_ylim(top=max(axis.get_ylim()[1], axis.transData.inverted().transform((0, high))[1]))


def despine(axis: Axes) -> None:
    axis.spines[["top", "right"]].set_visible(False)


def shorten(text: str, length: int = 18) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
