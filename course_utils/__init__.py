"""Everything a notebook of the course imports.

    import course_utils as cu

    course = cu.setup("moco")             # device, seeds, versions
    cu.check("moco.enqueue")              # is my function right, and if not, why?
    cu.submit("moco")                     # the file to hand in

The submodules (`cu.data`, `cu.models`, `cu.augment`, `cu.train`, `cu.evaluate`, `cu.plot`) are loaded when they're
first used, so that importing the package is quick.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

from course_utils.setup import Profile, Setup, check_versions, setup

if TYPE_CHECKING:
    from course_utils import augment, data, evaluate, models, plot, recorded, train
    from course_utils.checks.visible import check
    from course_utils.submit import submit

__version__ = "0.1.0"

__all__ = [
    "Profile",
    "Setup",
    "augment",
    "check",
    "data",
    "evaluate",
    "models",
    "plot",
    "recorded",
    "setup",
    "submit",
    "train",
]

_SUBMODULES = ("augment", "checks", "data", "evaluate", "models", "plot", "recorded", "train")
_FUNCTIONS = {"check": "course_utils.checks.visible", "submit": "course_utils.submit"}


class _Package(ModuleType):
    """Keeps the function `submit` where Python would put the module of that name as soon as it's imported."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _FUNCTIONS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


check_versions()
sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"course_utils.{name}")
    if name in _FUNCTIONS:
        return getattr(import_module(_FUNCTIONS[name]), name)
    raise AttributeError(f"course_utils has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
