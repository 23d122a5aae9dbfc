"""Execute the slice of an exercise, and call the function in it: in the grader's sandbox and in `alone`."""

from __future__ import annotations

import ast
import builtins
import importlib.abc
import inspect
import linecache
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from typing import Any

from course_utils.checks.observe import CELL, failure_of, observe
from course_utils.checks.wire import (
    CaseData,
    FailureData,
    ObservationData,
    pack_failure,
    pack_observation,
    unpack_case,
)
from course_utils.slices.reading import names_bound_by
from course_utils.slices.statements import CellCode, binding_part


def load_slice(
    function: str, cells: Sequence[CellCode]
) -> tuple[Callable[..., Any] | None, FailureData | None]:
    """Execute a slice in a namespace of its own and return the function, or what went wrong.

    It takes the place of `__main__`, so it is for a process that does nothing else. A cell that raises ends there, as
    it does in a notebook; that is what went wrong if a name has no value then that the cell would have given it.
    """
    module = types.ModuleType("__main__")
    # Classes and dataclasses defined in the slice look themselves up here.
    sys.modules["__main__"] = module
    # A notebook has these without an import; a `display` left in a function shows nothing here and costs nothing.
    module.__dict__.update(display=_nothing, get_ipython=_nothing, input=no_input)
    HandedIn.install([cell for cell in cells if cell.module])
    modules = {cell.module.split(".")[0] for cell in cells if cell.module}
    bound: tuple[int | None, str] = (None, "")
    stopped: list[tuple[FailureData, set[str]]] = []
    try:
        for cell in cells:
            if cell.module or (cell.unless and all(_has_value(module, name) for name in cell.unless)):
                continue
            filename = _known_text(cell)
            body = _parsed(cell.source).body
            found_parts = [binding_part(body[index], cell.fills, modules) for index in cell.statements]
            parts = [part or body[index] for part, index in zip(found_parts, cell.statements, strict=True)]
            line = line_that_binds(function, parts)
            bound = (line, cell.name) if line else bound
            # Wherever it stands in the cell, as in a notebook, where each statement is compiled by itself.
            parts.sort(key=lambda part: getattr(part, "module", None) != "__future__")
            chosen = ast.Module(parts, type_ignores=[])
            # Compiled under this module's own `from __future__ import annotations`: a cell may rely on the one in
            # another cell, as it may in a notebook, and an annotation that names nothing costs nobody a grade.
            code = compile(chosen, filename, "exec")
            try:
                exec(code, module.__dict__)  # noqa: S102 - the very purpose of this process
            except Exception as error:
                if is_lacking(error):
                    raise
                # In a notebook the cell ends here, and the next is run.
                names = {name for part in parts for name in names_bound_by(part)} - {"*"}
                stopped.append((pack_failure(failure_of(error)), names))
        for failure, names in stopped:
            if not all(_has_value(module, name) for name in names):
                return None, failure
        if stopped and not hasattr(module, function):
            # A loose `raise` that is part of an `if`, say.
            return None, stopped[0][0]
        found = getattr(module, function)
    except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of a student end here too
        return None, pack_failure(failure_of(error))
    if problem := no_function(function, found):
        line, cell_name = bound
        return None, FailureData("TypeError", problem, line, "", cell_name)
    return found, None


def is_lacking(error: Exception) -> bool:
    """Whether an exception tells of something that this machine lacks and the student's has: no cell may hide that."""
    return isinstance(error, ImportError | OSError | MemoryError) or "cuda" in str(error).lower()


class HandedIn(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports modules that were handed in with a notebook, from their text."""

    handed_in = True
    _current: HandedIn | None = None

    def __init__(self, modules: Iterable[CellCode]) -> None:
        """Execute nothing yet."""
        self._modules = {code.module: code for code in modules}

    @classmethod
    def install(cls, modules: Sequence[CellCode]) -> None:
        """Take the place of those that an earlier slice imported."""
        if cls._current is not None:
            sys.meta_path.remove(cls._current)
            for name in cls._current._names:
                sys.modules.pop(name, None)
            cls._current = None
        if modules:
            cls._current = cls(modules)
            sys.meta_path.insert(0, cls._current)

    @property
    def _names(self) -> set[str]:
        """Of modules, and of the folders in which they lie."""
        parts = [name.split(".") for name in self._modules]
        return {".".join(name[:length]) for name in parts for length in range(1, len(name) + 1)}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """What `import` asks for."""
        if fullname not in self._names:
            return None
        is_package = any(name.startswith(f"{fullname}.") for name in self._modules)
        return spec_from_loader(fullname, self, is_package=is_package)

    def exec_module(self, module: types.ModuleType) -> None:
        """Execute the text; a folder has none."""
        code = self._modules.get(module.__name__)
        if code is not None:
            exec(compile(code.source, _known_text(code), "exec"), module.__dict__)  # noqa: S102 - as above


@lru_cache(maxsize=16)
def _parsed(source: str) -> ast.Module:
    """The text of a cell; all exercises of a notebook need that of its imports. Nobody changes what comes of it."""
    return ast.parse(source)


def _known_text(cell: CellCode) -> str:
    """The file name under which tracebacks find the text of a cell or a file."""
    filename = f"{CELL} {cell.name}>"
    linecache.cache[filename] = (
        len(cell.source),
        None,
        cell.source.splitlines(keepends=True),
        filename,
    )
    return filename


def _has_value(module: types.ModuleType, name: str) -> bool:
    return name in module.__dict__ or hasattr(builtins, name)


def line_that_binds(name: str, statements: Iterable[ast.stmt]) -> int | None:
    """The last line on which a function of this name begins, or on which something else takes the name."""
    lines = [
        node.lineno
        for statement in statements
        for node in ast.walk(statement)
        if (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name == name)
        or (isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store))
    ]
    return max(lines, default=None)


def no_function(name: str, found: object) -> str:
    """Why something cannot be called for a result, in words; empty if it can."""
    if not callable(found):
        return f"{name} is no function but of type {type(found).__name__}: something has taken its name"
    if inspect.iscoroutinefunction(found):
        return f"{name} is an async function, so a call of it runs nothing: leave out the word async"
    if inspect.isgeneratorfunction(found) or inspect.isasyncgenfunction(found):
        return f"{name} has a yield in it, so a call of it runs nothing: use return"
    return ""


def no_input(prompt: object = "") -> str:
    """Takes the place of `input`: nobody sits in front of the grader."""
    raise EOFError("nobody answers input() while a function is checked: take the value from the arguments")


def carry_out(function: Callable[..., Any], case: CaseData, device: str) -> ObservationData:
    """Call the function as a case says, and write down what is seen of it."""
    observation = observe(function, unpack_case(case), device)
    failure = observation.failure
    if failure and failure.line is None and (place := _place(function)):
        # The call itself failed, as with a wrong number of arguments: its line is the first of the function.
        line, cell = place
        observation = replace(observation, failure=replace(failure, line=line, cell=cell))
    return pack_observation(observation)


def _place(function: Callable[..., Any]) -> tuple[int, str] | None:
    code = getattr(function, "__code__", None)
    if not isinstance(code, types.CodeType) or not code.co_filename.startswith(CELL):
        return None
    return code.co_firstlineno, code.co_filename[len(CELL) + 1 : -1]


def _nothing(*arguments: object, **options: object) -> None:
    pass
