"""Checks that nearly every exercise has, each made from a function that draws its cases.

loss = standard.values(lambda draw: _batch(draw, 0.4), "The loss is right on a small batch.", points=2)
gradients = standard.gradients(_batch, "The gradients with respect to both views are right.", points=1)
layouts = standard.layouts(
    lambda draw: [_batch(draw).strided(), _batch(draw, n=1), _batch(draw, n=5).then(_batch(draw, n=5))],
    "The loss is right in float64, in transposed memory, for a batch of one and in a second call.",
)
inputs_unchanged = standard.unchanged(_batch, "What it is given stays as it was.")

A check is named by the variable that it is bound to (`inputs-unchanged`). What is asked of one exercise alone is
written with `@check`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import torch

from course_utils.checks.case import Case
from course_utils.checks.definition import Check, check
from course_utils.checks.draw import Draw

Cases = Callable[[Draw], Case | Sequence[Case]]

# Ends the title of every check that looks at `setting`.
SETTINGS_STAY = "So are torch's random seed, default dtype and recording of gradients."


def values(
    cases: Cases,
    title: str,
    *,
    points: float,
    accuracy: str = "reduction",
    looks_at: tuple[str, ...] = ("result",),
    visible: bool = True,
    asks: str = "",
) -> Check:
    """What the function returns is right on a small example, which students see.

    Args:
        cases: draws one case or several.
        title: one sentence that students read.
        points, accuracy, looks_at, visible, asks: as in `Check`.
    """
    options = {"points": points, "accuracy": accuracy, "looks_at": looks_at, "visible": visible, "asks": asks}
    return _made(cases, title, **options)


def gradients(
    cases: Cases,
    title: str,
    *,
    points: float,
    of: tuple[str, ...] = (),
    accuracy: str = "reduction",
    looks_at: tuple[str, ...] = ("gradient",),
    visible: bool = True,
) -> Check:
    """The gradients with respect to the inputs are right.

    Args:
        cases: draws one case or several; that gradients are wanted is added here.
        title: one sentence that students read.
        of: inputs whose gradients are observed; all floating-point tensors if left out.
        points, accuracy, looks_at, visible: as in `Check`.
    """
    asked = _wanting(cases, *of)
    return _made(asked, title, points=points, accuracy=accuracy, looks_at=looks_at, visible=visible)


def layouts(
    cases: Cases,
    title: str,
    *,
    points: float = 1,
    accuracy: str = "unguarded",
    looks_at: tuple[str, ...] = ("result", "kept"),
    asks: str = "other sizes and layouts in memory, float64",
) -> Check:
    """Inputs of other kinds than the example's: hidden, in float64, compared without the allowance for guards.

    Among the cases should be one in transposed memory (`Case.strided`), a batch of one where it has a meaning, and a
    second call with the same sizes (`Case.then`).

    Args:
        cases: draws the cases; that all gradients are wanted is added here if `looks_at` has `"gradient"`.
        title: one sentence that students read.
        points, accuracy, looks_at, asks: as in `Check`.
    """
    asked = _wanting(cases) if "gradient" in looks_at else cases
    options = {"points": points, "accuracy": accuracy, "looks_at": looks_at, "asks": asks}
    return _made(asked, title, dtype=torch.float64, **options)


def unchanged(cases: Cases, title: str, *, leaves: Cases | None = None, points: float = 0.5) -> Check:
    """The inputs are left as they were: values, memory and `requires_grad`; torch's settings as well.

    The settings are named behind the title, because no docstring of an exercise names them.

    Torch refuses to change a leaf that wants gradients in place, so inputs that want none are tried first.

    Args:
        cases: draws one case or several.
        title: one sentence that students read.
        leaves: draws the cases whose inputs want gradients; `cases` again if left out.
        points: as in `Check`.
    """
    wanting = _wanting(leaves or cases)

    def both(draw: Draw) -> list[Case]:
        return [*_drawn(cases, draw), *wanting(draw)]

    # Results are not looked at here, only inputs. Their names are the same in every draw, so one draw is enough.
    flags = tuple(f"graph.{name}" for name in both(Draw(0))[0].tensors)
    looks_at = ("after", *flags, "place", "setting")
    asks = "arguments left alone"
    options = {"points": points, "accuracy": "exact", "looks_at": looks_at, "side": True, "asks": asks}
    return _made(both, f"{title} {SETTINGS_STAY}", **options)


def _wanting(cases: Cases, *names: str) -> Callable[[Draw], list[Case]]:
    return lambda draw: [case.wanting_gradients(*names) for case in _drawn(cases, draw)]


def _drawn(cases: Cases, draw: Draw) -> list[Case]:
    drawn = cases(draw)
    return [drawn] if isinstance(drawn, Case) else list(drawn)


def _made(cases: Cases, title: str, **options: Any) -> Check:
    """What `check` makes of a function with this docstring; the loader knows which variable it is bound to."""

    def drawn(draw: Draw) -> list[Case]:
        return _drawn(cases, draw)

    if not title.strip():
        raise ValueError("a check needs a title: students read it")
    drawn.__doc__ = title
    # The caller's caller is `checks.py`.
    return replace(check(**options)(drawn), id="", line=sys._getframe(2).f_lineno)
