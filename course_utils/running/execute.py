"""Execute the slice of an exercise, and call the function in it: in the grader's sandbox and in `alone`."""

from __future__ import annotations

import ast
import inspect
import linecache
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
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
from course_utils.slices.statements import CellCode, binding_part


def load_slice(
    function: str, cells: Sequence[CellCode]
) -> tuple[Callable[..., Any] | None, FailureData | None]:
    """Execute a slice in a namespace of its own and return the function, or what went wrong.

    It takes the place of `__main__`, so it is for a process that does nothing else.
    """
    module = types.ModuleType("__main__")
    # Classes and dataclasses defined in the slice look themselves up here.
    sys.modules["__main__"] = module
    # A notebook has these without an import; a `display` left in a function shows nothing here and costs nothing.
    module.__dict__.update(display=_nothing, get_ipython=_nothing, input=no_input)
    bound: tuple[int | None, str] = (None, "")
    try:
        for cell in cells:
            filename = f"{CELL} {cell.name}>"
            linecache.cache[filename] = (
                len(cell.source),
                None,
                cell.source.splitlines(keepends=True),
                filename,
            )
            body = ast.parse(cell.source).body
            parts = [binding_part(body[index]) or body[index] for index in cell.statements]
            line = line_that_binds(function, parts)
            bound = (line, cell.name) if line else bound
            chosen = ast.Module(parts, type_ignores=[])
            # Compiled under this module's own `from __future__ import annotations`: a cell may rely on the one in
            # another cell, as it may in a notebook, and an annotation that names nothing costs nobody a grade.
            exec(compile(chosen, filename, "exec"), module.__dict__)  # noqa: S102 - the very purpose of this process
        found = getattr(module, function)
    except BaseException as error:  # noqa: BLE001 - SystemExit and KeyboardInterrupt of a student end here too
        return None, pack_failure(failure_of(error))
    if problem := no_function(function, found):
        line, cell_name = bound
        return None, FailureData("TypeError", problem, line, "", cell_name)
    return found, None


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
