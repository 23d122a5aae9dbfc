"""Load the Python files of a unit under the names by which they import each other.

A file `solutions/moco/enqueue/wrong.py`, or the one in `course/` that takes its place, is the module
`solutions.moco.enqueue.wrong`: `from solutions.moco.enqueue.reference import enqueue` in it means the reference of the
same course, wherever that lies.
"""

from __future__ import annotations

import importlib.util
import linecache
import sys
import traceback
from pathlib import Path
from types import ModuleType

from autograder.course.texts import read_text
from autograder.errors import UserError

# A file that calls sys.exit would end the whole command, and silently.
FAILURES = (Exception, SystemExit)


def load_module(name: str, path: Path) -> ModuleType:
    """The module of this name, executed unless this very file was before.

    Raises:
        UserError: it does not load, or is not UTF-8; the message names file and line.
    """
    loaded = sys.modules.get(name)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    source = read_text(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None:
        raise UserError(f"{path} cannot be loaded as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        # Not by the loader: it takes a file of the same second and size for the one whose bytecode it has kept.
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
    except FAILURES as error:
        del sys.modules[name]
        raise UserError(f"{path}, line {failing_line(error, path)}: does not load: {_said(error)}") from error
    return module


def run_changed(path: Path, source: str, label: str) -> dict[str, object]:
    """The namespace that the source of a file makes with something changed in it.

    Args:
        path: the file.
        source: its changed source.
        label: what was changed: the name under which tracebacks and `inspect` know the source.

    Raises:
        UserError: it does not load.
    """
    file = f"<{path}: {label}>"
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    namespace: dict[str, object] = {"__name__": label, "__file__": file}
    try:
        exec(compile(source, file, "exec", dont_inherit=True), namespace)
    except FAILURES as error:
        raise UserError(f"{path}, with the slip {label}: does not load: {_said(error)}") from error
    return namespace


def failing_line(error: BaseException, path: Path) -> int:
    """The line of a file in which an exception came up, 1 if it was none of them."""
    if isinstance(error, SyntaxError):
        return error.lineno or 1
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return (lines[-1] if lines else None) or 1


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
