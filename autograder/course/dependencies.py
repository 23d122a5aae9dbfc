"""What the result of the gate depends on, as hashes: an exercise's own part, and the code that judges them all.

Generated files are no part of either. Neither is the whole of `course_utils.models`: an exercise depends on the models
that its cases name, so that a new model leaves the receipts of the others alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from autograder.course.exercises import NEEDED, SHARED, Exercise
from autograder.course.fingerprint import of_parts
from autograder.course.sources import used_by
from autograder.course.texts import imports_in, parse_file
from course_utils.checks.case import Module
from course_utils.checks.definition import PUBLIC_SECRET

# Whatever is imported, directly or not, by the code that tries the answers of an exercise.
_JUDGING = ("autograder.quality.run",)
_MODELS = "course_utils.models"
_PACKAGES = ("autograder", "course_utils")
# What of the module of models every case with a module goes through.
_BUILD = "build"
_OWN_FILES = (*NEEDED, "equivalents.toml", SHARED)


def exercise_sha256(exercise: Exercise, minutes: int) -> str:
    """Hash of what belongs to one exercise: its files, what they import of `course_utils`, the models its cases name.

    Args:
        exercise: the exercise.
        minutes: how long the notebook says it takes, which decides how many wrong and right answers are asked for.
    """
    files = {name: path for name, path in exercise.files.items() if name in _OWN_FILES}
    imports = {
        name
        for file, path in files.items()
        if file.endswith(".py")
        for name in _imports(path)
        if name.startswith("course_utils.")
    }
    own = _closure(imports) - _judging_modules() - {_MODELS}
    parts = {f"file {name}": path.read_bytes() for name, path in files.items()}
    parts |= {f"module {name}": _path(name).read_bytes() for name in own}
    parts |= {f"model {name}": _model(name).encode() for name in sorted(_models(exercise))}
    return of_parts(parts | {"minutes": str(minutes).encode()})


@cache
def judging_sha256() -> str:
    """Hash of the code that draws cases, observes, compares, judges and makes wrong answers."""
    parts = {name: _path(name).read_bytes() for name in _judging_modules()}
    return of_parts(parts | {f"{_MODELS}.{_BUILD}": _definition(_BUILD).encode()})


@cache
def versions() -> dict[str, str]:
    """The versions that decide how numbers are rounded; without a local tag such as `+cpu`."""
    return {name: version(name).partition("+")[0] for name in ("torch", "numpy")}


@cache
def _judging_modules() -> frozenset[str]:
    return frozenset(_closure(_JUDGING) - {_MODELS})


def _closure(names: Iterable[str]) -> set[str]:
    """These modules and all of ours that are executed with them, packages around them included.

    The two packages at the top are not: what they import is for whoever uses them, and judges nobody.
    """
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in _PACKAGES:
            found.add(name)
            waiting += [*_imports_of_module(name), *filter(None, [name.rpartition(".")[0]])]
    return found


@cache
def _imports_of_module(name: str) -> tuple[str, ...]:
    return _imports(_path(name))


@cache
def _path(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None and spec.origin is not None, name  # noqa: PT018 - one thing
    return Path(spec.origin)


def _imports(path: Path) -> tuple[str, ...]:
    """Modules of ours that a file imports."""
    found = imports_in(parse_file(path))
    names = (
        item.full if item.name and _is_module(item.full) else item.module
        for item in found
        if _is_ours(item.module)
    )
    return tuple(dict.fromkeys(names))


def _is_ours(name: str) -> bool:
    return name.split(".")[0] in _PACKAGES


@cache
def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # what is before the last dot is a module, not a package
        return False


def _models(exercise: Exercise) -> set[str]:
    return {
        value.name
        for check in exercise.checks
        for case in exercise.draw(check, PUBLIC_SECRET)
        for value in case.inputs.values()
        if isinstance(value, Module)
    }


@cache
def _model(name: str) -> str:
    """The source of a named model, with all of its module that it uses."""
    module = parse_file(_path(_MODELS))
    table = next(
        node.value
        for node in module.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict)
    )
    maker = next(
        value
        for key, value in zip(table.keys, table.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == name
    )
    return "\n".join(ast.unparse(node) for node in used_by(ast.Expr(maker), module))


@cache
def _definition(name: str) -> str:
    """The source of a function of the module of models, by itself."""
    module = parse_file(_path(_MODELS))
    return next(ast.unparse(node) for node in module.body if getattr(node, "name", "") == name)
