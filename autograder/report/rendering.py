"""The templates of the pages, and what they need to be told: filters, the drawing of a window of numbers."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeGuard

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.grading.public_cases import in_two
from autograder.results import Window
from autograder.shown import one_line
from course_utils.checks.wording import explain, fact_in_words, in_words, mark, title_for_students

# Smaller ones are read as fast in a table of numbers.
_SMALLEST_PICTURE = 3


@cache
def environment() -> Environment:
    """Where the templates come from. All that is put into a page is escaped, and steers nothing."""
    made = Environment(
        loader=PackageLoader("autograder.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., Any]] = {
        "points": lambda value: f"{value:g}",
        "moment": lambda text: dt.datetime.fromisoformat(text).strftime("%d %B %Y, %H:%M %Z").strip(),
        "seconds": seconds,
        "whole_seconds": whole_seconds,
        # Of a message whose other words may be names of classes.
        "sentence": lambda text: text[:1].upper() + text[1:],
        "words": in_words,
        "shades": shades,
    }
    made.filters |= filters
    made.globals |= {
        "explain": explain,
        "fact_in_words": fact_in_words,
        "mark": mark,
        "title_for_students": title_for_students,
        "window_html": window_html,
        "beside_window": beside_window,
        "picture_from": _SMALLEST_PICTURE,
    }
    return made


def _finalized(value: Any) -> Any:
    # Markup is made of parts that went through here before, and of our own.
    return value if isinstance(value, Markup) or not isinstance(value, str) else one_line(value)


def script(name: str) -> tuple[Markup, str]:
    """A script of the templates' folder, and what the page's policy allows it by."""
    made = environment()
    assert made.loader
    text, _, _ = made.loader.get_source(made, name)
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return Markup(text), f"'sha256-{digest}'"


def seconds(value: float) -> str:
    """`0.03 s`, `2 s`."""
    return f"{value:.2g} s" if value < 10 else f"{value:.0f} s"


def whole_seconds(value: float) -> str:
    """`under 1 s`, `2 s`: for students, since how long their code takes may depend on what is hidden from them."""
    return f"{math.floor(value)} s" if value >= 1 else "under 1 s"


def window_html(shown: Window, message: str = "") -> Markup:
    """A window as HTML that needs no style sheet.

    Args:
        shown: the window.
        message: of its check; what it tells of the notebook's own case becomes one sentence with the window.
    """
    return Markup(environment().get_template("window.html").render(shown=shown, fact=in_two(message)[1]))


def beside_window(message: str, shown: Window | None) -> str:
    """What is left of a check's message beside the window of the notebook's own case, which tells the rest."""
    return in_two(message)[0] if shown else message


def shades(shown: Window) -> Mapping[str, list[list[float | None]]]:
    """`got` and `expected` of a window as shades from 0 to 1, both on the scale of the expected ones; None for NaN."""
    finite = [value for row in shown.expected for value in row if _is_number(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)

    def shade(value: Any) -> float | None:
        if not _is_number(value):
            return None
        share = (value - low) / (high - low) if high > low else 0.5 * (1 + (value > high) - (value < high))
        return round(min(1.0, max(0.0, share)), 2)

    grids = {"expected": shown.expected, "got": shown.got}
    return {name: [list(map(shade, row)) for row in grid] for name, grid in grids.items()}


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)
