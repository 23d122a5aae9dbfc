"""Everything a notebook of the course imports.

    import course_utils as cu

    course = cu.setup("moco")             # device, seeds, versions
    cu.check("moco.enqueue")              # is my function right, and if not, why?
    cu.submit("moco")                     # the file to hand in

The submodules (`cu.data`, `cu.models`, `cu.augment`, `cu.train`, `cu.evaluate`, `cu.layers`, `cu.plot`, `cu.figures`)
are loaded when they're first used, so that importing the package is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from course_utils.setup import Profile, Setup, check_versions, setup

if TYPE_CHECKING:
    from course_utils import (
        augment,
        augmentations,
        colouring,
        contrast,
        costs,
        data,
        evaluate,
        figures,
        invariance,
        layers,
        models,
        momentum,
        pairs,
        plot,
        pointing,
        queues,
        rows,
        semi,
        senses,
        sequences,
        sounds,
        speakers,
        speech,
        tracking,
        train,
        training_runs,
    )
    from course_utils.student.cases import case_arguments as case
    from course_utils.student.check import check_exercise as check
    from course_utils.student.submit import submit

__version__ = "0.1.0"

__all__ = [
    "Profile",
    "Setup",
    "augment",
    "augmentations",
    "case",
    "check",
    "colouring",
    "contrast",
    "costs",
    "data",
    "evaluate",
    "figures",
    "invariance",
    "layers",
    "models",
    "momentum",
    "pairs",
    "plot",
    "pointing",
    "queues",
    "rows",
    "semi",
    "senses",
    "sequences",
    "setup",
    "sounds",
    "speakers",
    "speech",
    "submit",
    "tracking",
    "train",
    "training_runs",
]

_SUBMODULES = (
    "augment",
    "augmentations",
    "checks",
    "colouring",
    "contrast",
    "costs",
    "data",
    "evaluate",
    "figures",
    "invariance",
    "layers",
    "models",
    "momentum",
    "pairs",
    "plot",
    "pointing",
    "queues",
    "rows",
    "semi",
    "senses",
    "sequences",
    "sounds",
    "speakers",
    "speech",
    "tracking",
    "train",
    "training_runs",
)
_FUNCTIONS = {
    "case": ("course_utils.student.cases", "case_arguments"),
    "check": ("course_utils.student.check", "check_exercise"),
    "submit": ("course_utils.student.submit", "submit"),
}


check_versions()


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return import_module(f"course_utils.{name}")
    if name in _FUNCTIONS:
        module, function = _FUNCTIONS[name]
        return getattr(import_module(module), function)
    raise AttributeError(f"course_utils has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
