"""Wrong attempts as students make them, three or more for each exercise, and what `cu.check` tells of each.

None is taken from the banks of the exercises: some are ideas of a bank written in another way, some two slips at once.
`python -m benchmarks.attempts` writes docs/attempts.md.
"""

from __future__ import annotations

import importlib
import inspect
import linecache
import math
import pkgutil
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from course_utils.data import rgb_to_lab
from course_utils.student.check import check_in

Function = Callable[..., Any]

_attempts: list[Attempt] = []


@dataclass(frozen=True)
class Attempt:
    """What somebody wrote.

    Attributes:
        exercise: the id.
        function: what was written.
    """

    exercise: str
    function: Function

    @property
    def thought(self) -> str:
        """What whoever wrote it had in mind."""
        return inspect.getdoc(self.function) or ""

    @property
    def code(self) -> str:
        """As it would stand in the notebook."""
        lines = textwrap.dedent(inspect.getsource(self.function)).splitlines()
        lines = [line for line in lines if not line.startswith("@") and '"""' not in line]
        own = self.function.__name__
        return "\n".join(lines).replace(f"def {own}(", f"def {self.exercise.split('.')[1]}(", 1)

    def told(self) -> str:
        """All that `cu.check(..., hint=2)` prints."""
        # What the notebooks' set-up cells import.
        namespace: dict[str, Any] = {"torch": torch, "F": F, "math": math, "rgb_to_lab": rgb_to_lab}
        # Lines are counted as in a cell of its own, and found by whoever looks for them.
        file = f"<attempt {self.function.__name__}>"
        linecache.cache[file] = (len(self.code), None, self.code.splitlines(keepends=True), file)
        exec(compile(self.code, file, "exec"), namespace)  # noqa: S102 - our own file
        return str(check_in(namespace, self.exercise, hint=2))


def attempt(exercise: str) -> Callable[[Function], Function]:
    """Marks a function as somebody's attempt at an exercise; its docstring, of one line, is what they thought."""

    def noted(function: Function) -> Function:
        _attempts.append(Attempt(exercise, function))
        return function

    return noted


def attempts() -> dict[str, list[Attempt]]:
    """Exercise id -> attempts, of all units."""
    for module in pkgutil.iter_modules(__path__):
        if module.name != "__main__":
            importlib.import_module(f"{__name__}.{module.name}")
    found: dict[str, list[Attempt]] = {}
    for item in _attempts:
        found.setdefault(item.exercise, []).append(item)
    return found
