"""Names that a function's cell lacks because the cells above it were not run, as after a restart of the kernel."""

from __future__ import annotations

import ast
import builtins
import contextlib
import dis
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from types import CodeType
from typing import Any

from course_utils import shipped

_SAID = re.compile(r"\bname '(\w+)' is not defined")
# The released set-up cell calls it, whatever else a unit's set-up does.
_SETUP = re.compile(r"\bcu\.setup\(|\binstall_course_utils\(")


def name_not_defined(message: str) -> str:
    """Which name a `NameError` is about; empty for other messages."""
    found = _SAID.search(message)
    return found[1] if found else ""


def cells_to_run(name: str, unit: str, namespace: Mapping[str, Any], cells: Sequence[str]) -> str:
    """A sentence that says which cell binds a name that this kernel lacks; empty if there may be none.

    Args:
        name: what a cell or function of the student's asked for.
        unit: of the notebook.
        namespace: the notebook's globals.
        cells: the cells that were run in this kernel.
    """
    if not name or name in namespace or hasattr(builtins, name):
        return ""
    if name in shipped.imports(unit):
        return f"the set-up cell, the first code cell of the notebook, defines {name}: run that one first"
    if cells and not any(map(_SETUP.search, cells)):
        return (
            f"the set-up cell, the first code cell of the notebook, was not run in this kernel, which has no {name}: "
            f"run that one first, and whichever cell above yours defines {name}"
        )
    return ""


def cell_to_repeat(unit: str, namespace: Mapping[str, Any], cells: Sequence[str], last: int) -> str:
    """A sentence for a cell that stopped above its function; empty if no name that it lacked is the reason.

    Args:
        unit: of the notebook.
        namespace: the notebook's globals.
        cells: the cells that were run in this kernel, in order.
        last: which of them is the function's.
    """
    bound_before = {name for cell in cells[:last] for name in _names(cell)[1]}
    bound_after = {name for cell in cells[last + 1 :] for name in _names(cell)[1]}
    needed, own = _names(cells[last])
    for name in needed:
        if name in own or hasattr(builtins, name):
            continue
        if name not in namespace:
            return cells_to_run(name, unit, namespace, cells)
        if name in bound_after - bound_before:
            return f"it was run before the cell that gives {name} its value"
    return ""


def _names(cell: str) -> tuple[list[str], set[str]]:
    """What a cell asks for and what it binds, at its top level."""
    with contextlib.suppress(SyntaxError, ValueError, RecursionError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(cell, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        return _with(code, ("LOAD_NAME",)), set(_with(code, ("STORE_NAME", "STORE_GLOBAL")))
    return [], set()


def _with(code: CodeType, operations: Iterable[str]) -> list[str]:
    found = (item.argval for item in dis.get_instructions(code) if item.opname in operations)
    return list(dict.fromkeys(found))
