"""A course with one tiny unit, to try the pipeline on: whole, or with one thing broken."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.support import ROOT

COURSE = """\
title = "A tiny course"
release_url = "https://github.com/someone/tiny/tree/main"
integrity = "Work alone."
sandbox = "restricted"
"""

SCALE_REFERENCE = '''\
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
'''

SCALE_CHECKS = '''\
from course_utils.checks import Case, Draw, Input, check


def _scale(draw: Draw, rows: int) -> Case:
    return Case({"values": Input(draw.normal(rows, 5), wants_grad=True), "factor": 1.5 + draw.integer(1, 4)})


@check(points=1, visible=True)
def small(draw: Draw) -> Case:
    """A small matrix is scaled."""
    return _scale(draw, 2)


@check(points=1.5, looks_at=("result", "gradient.values"))
def with_gradients(draw: Draw) -> Case:
    """A secret title about hidden gradients."""
    return _scale(draw, 3)


@check(points=0.5, accuracy="exact", looks_at=("after",), side=True)
def unchanged(draw: Draw) -> Case:
    """The secret input is left as it was."""
    return _scale(draw, 4)
'''

SCALE_WRONG = '''\
import torch

from course_utils.checks import misconception, slip, wrong


@misconception(hint="What does a factor of two do to the values?")
def divided(values, factor):
    """The values are divided by the factor, a wrong idea."""
    return values / factor + 0.25


@misconception(hint="Is anything lifted?")
def not_lifted(values, factor):
    """The quarter is left out, another wrong idea."""
    return values * factor


@misconception(hint="Which is multiplied?")
def all_multiplied(values, factor):
    """The quarter is multiplied as well, a third wrong idea."""
    return (values + 0.25) * factor


lowered = slip(
    "factor + 0.25",
    "factor - 0.25",
    idea="The values are lowered, a fourth wrong idea.",
    hint="Up or down?",
)


@wrong
def lifted_by_a_half(values, factor):
    return values * factor + 0.5
'''

SCALE_RIGHT = """\
from course_utils.checks import right


@right
def one_number(values, factor):
    return 0.25 + factor * values
"""

CLEAR_REFERENCE = '''\
import torch
from torch import Tensor


def clear(values: Tensor) -> None:
    """Set all values to minus one, in place."""
    with torch.no_grad():
        values.mul_(0).sub_(torch.ones_like(values))
'''

CLEAR_CHECKS = '''\
from course_utils.checks import Case, Draw, Input, check


@check(points=2, visible=True, looks_at=("after",))
def cleared(draw: Draw) -> Case:
    """All values are minus one."""
    return Case({"values": Input(draw.normal(3, 2))})
'''

CLEAR_WRONG = '''\
from course_utils.checks import misconception


@misconception(hint="Who holds the values?")
def zeros(values):
    """Zero takes the place of minus one, in this idea."""
    values.zero_()


@misconception(hint="Plus or minus?")
def ones(values):
    """One takes the place of minus one, in this idea."""
    values.fill_(1.0)


@misconception(hint="All of them?")
def first_only(values):
    """Only the first row is cleared, in this idea."""
    values[0] = -1.0


@misconception(hint="What was there before?")
def subtracted(values):
    """One is subtracted from what was there, in this idea."""
    values.sub_(1.0)
'''

CLEAR_RIGHT = """\
from course_utils.checks import right


@right
def filled(values):
    values.fill_(-1.0)
"""

TEST_OF_SCALE = """\
import torch

from solutions.tiny.scale.reference import scale


def test_two_numbers() -> None:
    assert scale(torch.tensor([1.0, -2.0]), 3.0).tolist() == [3.25, -5.75]
"""

TEST_OF_CLEAR = """\
import torch

from solutions.tiny.clear.reference import clear


def test_two_numbers() -> None:
    values = torch.tensor([1.0, 2.0])
    clear(values)
    assert values.tolist() == [-1.0, -1.0]
"""

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

```python exercise="tiny.scale" minutes=5 difficulty="easy"
```

```python exercise="tiny.clear" minutes=10 difficulty="moderate"
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
    "solutions/tiny/notebook.md": NOTEBOOK,
    "solutions/tiny/scale/reference.py": SCALE_REFERENCE,
    "solutions/tiny/scale/checks.py": SCALE_CHECKS,
    "solutions/tiny/scale/wrong.py": SCALE_WRONG,
    "solutions/tiny/scale/right.py": SCALE_RIGHT,
    "solutions/tiny/scale/test_reference.py": TEST_OF_SCALE,
    "solutions/tiny/clear/reference.py": CLEAR_REFERENCE,
    "solutions/tiny/clear/checks.py": CLEAR_CHECKS,
    "solutions/tiny/clear/wrong.py": CLEAR_WRONG,
    "solutions/tiny/clear/right.py": CLEAR_RIGHT,
    "solutions/tiny/clear/test_reference.py": TEST_OF_CLEAR,
    "course.toml": COURSE,
    "LICENSE": "MIT\n",
    "nbgrader_config.py": (ROOT / "nbgrader_config.py").read_text(),
}


def make_course(root: Path, *changes: tuple[str, str, str]) -> Path:
    """Write the course.

    Args:
        root: an empty folder.
        changes: (file, text, other text): what to replace where; the text must be there. Of several files of that name
            the first that has it is changed.

    Returns:
        `root`.
    """
    files = dict(FILES)
    for file, text, other in changes:
        paths = [name for name in files if name.endswith(file) and text in files[name]]
        assert paths, f"no {file} has {text!r}"
        path = paths[0]
        files[path] = files[path].replace(text, other)
    for name, text in files.items():
        written = root / name
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(text)
    return root


def add_package(root: Path, more: str = "") -> None:
    """Give a tiny course that was made a small package in the place of course_utils, with `more` in it.

    Args:
        root: the course.
        more: lines of Python.
    """
    package = root / "course_utils"
    package.mkdir(exist_ok=True)
    shutil.copy(ROOT / "course_utils/pyproject.toml", package)
    (package / "__init__.py").write_text(f'__version__ = "0.1.0"\n{more}')
