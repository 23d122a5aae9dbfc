"""A course with one tiny unit, to try the pipeline on: whole, or with one thing broken."""

from __future__ import annotations

from pathlib import Path

from tests.support import ROOT

COURSE = """\
title = "A tiny course"
release_url = "https://github.com/someone/tiny/tree/main"
integrity = "Work alone."
sandbox = "restricted"
"""

REFERENCE = '''\
import torch
from torch import Tensor


def scale(values: Tensor, factor: float) -> Tensor:
    """Multiply all values by a factor and lift them by a quarter.

    Args:
        values: of any shape.
        factor: any number.
    """
    # Comments of a reference belong to its solution.
    lifted = values * factor + 0.25 * torch.ones_like(values)
    return lifted


def clear(values: Tensor) -> None:
    """Set all values to minus one, in place."""
    with torch.no_grad():
        values.mul_(0).sub_(torch.ones_like(values))
'''

CHECKS = '''\
from course_utils.checks import Case, Draw, Input, check


def _scale(draw: Draw, rows: int) -> Case:
    return Case({"values": Input(draw.normal(rows, 5), wants_grad=True), "factor": 1.5 + draw.integer(1, 4)})


@check("tiny.scale", points=1, visible=True)
def small(draw: Draw) -> Case:
    """A small matrix is scaled."""
    return _scale(draw, 2)


@check("tiny.scale", points=1.5, looks_at=("result", "gradient.values"))
def with_gradients(draw: Draw) -> Case:
    """A secret title about hidden gradients."""
    return _scale(draw, 3)


@check("tiny.scale", points=0.5, accuracy="exact", looks_at=("after",), side=True)
def unchanged(draw: Draw) -> Case:
    """The secret input is left as it was."""
    return _scale(draw, 4)


@check("tiny.clear", points=2, visible=True, looks_at=("after",))
def cleared(draw: Draw) -> Case:
    """All values are minus one."""
    return Case({"values": Input(draw.normal(3, 2))})
'''

MISCONCEPTIONS = '''\
import torch

from course_utils.checks import misconception


@misconception("tiny.scale", hint="What does a factor of two do to the values?")
def divided(values, factor):
    """The values are divided by the factor, a wrong idea."""
    return values / factor + 0.25


@misconception("tiny.scale", hint="Is anything lifted?")
def not_lifted(values, factor):
    """The quarter is left out, another wrong idea."""
    return values * factor


@misconception("tiny.scale", hint="Which is multiplied?")
def all_multiplied(values, factor):
    """The quarter is multiplied as well, a third wrong idea."""
    return (values + 0.25) * factor


@misconception("tiny.scale", hint="Up or down?")
def lowered(values, factor):
    """The values are lowered, a fourth wrong idea."""
    return values * factor - 0.25


@misconception("tiny.clear", hint="Who holds the values?")
def zeros(values):
    """Zero takes the place of minus one, in this idea."""
    values.zero_()


@misconception("tiny.clear", hint="Plus or minus?")
def ones(values):
    """One takes the place of minus one, in this idea."""
    values.fill_(1.0)


@misconception("tiny.clear", hint="All of them?")
def first_only(values):
    """Only the first row is cleared, in this idea."""
    values[0] = -1.0


@misconception("tiny.clear", hint="What was there before?")
def subtracted(values):
    """One is subtracted from what was there, in this idea."""
    values.sub_(1.0)
'''

NOTEBOOK = """\
---
jupyter:
  kernelspec:
    display_name: Python 3
    language: python
    name: python3
course:
  title: A tiny unit
  order: 1
---

# A tiny unit

First we write `tiny.scale`, then `tiny.clear`.

```python setup=true
import torch
from torch import Tensor

import course_utils as cu
```

```python exercise="tiny.scale" points=3 minutes=5 difficulty="easy"
```

```python exercise="tiny.clear" points=2 minutes=10 difficulty="moderate"
```

```python scratch=true
```

```python train=true
print(scale(torch.ones(2), 3.0))
```

Why a quarter?

<!-- #region answer="tiny-q1" points=2 minutes=10 -->
Because the model answer says so.

Rubric: one point for trying.
<!-- #endregion -->
"""

FILES = {
    "solutions/tiny/reference.py": REFERENCE,
    "solutions/tiny/checks.py": CHECKS,
    "solutions/tiny/misconceptions.py": MISCONCEPTIONS,
    "solutions/tiny/notebook.md": NOTEBOOK,
    "course.toml": COURSE,
    "LICENSE": "MIT\n",
    "nbgrader_config.py": (ROOT / "nbgrader_config.py").read_text(),
}


def make_course(root: Path, *changes: tuple[str, str, str]) -> Path:
    """Write the course.

    Args:
        root: an empty folder.
        changes: (file, text, other text): what to replace where; the text must be there.

    Returns:
        `root`.
    """
    files = dict(FILES)
    for file, text, other in changes:
        path = next(name for name in files if name.endswith(file))
        assert text in files[path], f"{path} does not have {text!r}"
        files[path] = files[path].replace(text, other)
    for name, text in files.items():
        written = root / name
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(text)
    return root
