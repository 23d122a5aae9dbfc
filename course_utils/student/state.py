"""What a function uses of the names around it, and which of them are others in another run of the notebook."""

from __future__ import annotations

import ast
import hashlib
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import CodeType, FunctionType, ModuleType
from typing import Any

import torch

from course_utils.student.fresh_run import cell_source, first_line

_LONGEST = 40
_MOST_NAMES = 200
_MOST_NUMBERS = 1_000_000
_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_CONTAINERS = (list, tuple, dict, set, frozenset)


def names_used(name: str, namespace: Mapping[str, Any]) -> dict[str, str]:
    """What a function is, and all global names that it uses, itself and through others: name -> what its value is.

    Args:
        name: of the function.
        namespace: the globals of the notebook.

    Returns:
        For each name that is bound a text for people, a bar, and a digest of the value, equal for equal values: the
        same in every run. Empty if there is no such function.
    """
    found: dict[str, str] = {}
    waiting = [name]
    while waiting and len(found) < _MOST_NAMES:
        item = waiting.pop()
        if item in found or item not in namespace:
            continue
        value = namespace[item]
        with suppress(Exception):  # a value may fail in any way when it is looked at
            found[item] = _described(value)
        function = inspect.unwrap(value) if callable(value) else None
        if isinstance(function, FunctionType) and function.__globals__ is namespace:
            waiting += _globals_in(function.__code__)
    return found


def names_that_differ(here: Mapping[str, str], there: Mapping[str, str], name: str) -> list[str]:
    """What is known of the difference between two runs, in words: which name is what in this kernel and in the other.

    Args:
        here, there: from `names_used`.
        name: of the function itself.
    """
    if name in here and name in there and here[name] != there[name]:
        # Another version of it may use other names: nothing follows from those.
        return [f"{name} itself is not what the saved notebook makes of it"]
    said = []
    for item, value in here.items():
        other = there.get(item)
        if other == value or item == name:
            continue
        mine, its = value.partition("|")[0], (other or "").partition("|")[0]
        if other is None and name in there:
            said.append(f"{item} is {mine} here, and nothing there")
        elif other is not None:
            said.append(f"{item} is {mine} here, and {'another' if mine == its else its} there")
    return said


def bound_below(cells: Sequence[Mapping[str, Any]], names: Sequence[str], function: str) -> list[str]:
    """Which cells below a function's own give one of some names another value, as `"sum" in the cell ...`.

    Args:
        cells: of the notebook.
        names: that the function uses, its own among them.
        function: its name.
    """
    parsed = [
        (cell_source(cell), bound_in(cell_source(cell))) for cell in cells if cell.get("cell_type") == "code"
    ]
    own = max((number for number, (_, bound) in enumerate(parsed) if function in bound), default=None)
    first = min((number for number, (_, bound) in enumerate(parsed) if function in bound), default=None)
    if own is None or first is None:
        return []
    said = []
    for number, (source, bound) in enumerate(parsed):
        wanted = names if number > own else [function] if first < number <= own else []
        for item in wanted:
            if item in bound:
                said.append(f"{item} gets another value in the cell that begins with {first_line(source)!r}")
    return said


def own_cell_stops(name: str, cells: Sequence[Mapping[str, Any]], stopped: Mapping[str, str]) -> str:
    """The exception in which the cell of a function ended in a run from the top; empty if it did not.

    Args:
        name: of the function.
        cells: of the notebook.
        stopped: first line of each cell that ended in an exception -> the exception.
    """
    own = [cell_source(cell) for cell in _defining(name, cells)]
    return next((stopped[first] for text in own if (first := first_line(text)) in stopped), "")


def is_defined_in_text(name: str, cells: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the function stands in a Markdown or raw cell, and in no code cell."""
    kinds = {cell.get("cell_type") for cell in _defining(name, cells)}
    return bool(kinds) and "code" not in kinds


def _defining(name: str, cells: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    definition = re.compile(rf"^\s*(?:async\s+)?def\s+{re.escape(name)}\b", re.MULTILINE)
    return [cell for cell in cells if definition.search(cell_source(cell))]


def follows_from(
    cells: Sequence[Mapping[str, Any]], stopped: Mapping[str, str], functions: Sequence[str]
) -> set[str]:
    """First lines of cells that stopped for the sole reason that a cell above them did, which calls an open exercise.

    Args:
        cells: of the notebook.
        stopped: first line of each cell that ended in an exception -> the exception.
        functions: names of the exercises that are not written yet.
    """
    missing: set[str] = set()
    found = set()
    for cell in cells:
        source = cell_source(cell)
        if cell.get("cell_type") != "code":
            continue
        named = re.match(r"NameError: name '(\w+)' is not defined", stopped.get(first_line(source), ""))
        is_one = named is not None and named[1] in missing
        if is_one:
            found.add(first_line(source))
        if is_one or any(re.search(rf"\b{re.escape(name)}\(", source) for name in functions):
            missing |= bound_in(source)
            # A function that calls an open one stops whoever calls it.
            functions = [*functions, *(name for name in bound_in(source) if f"def {name}(" in source)]
    return found


def _described(value: object) -> str:
    if isinstance(value, ModuleType):
        return f"module {value.__name__}|"
    if isinstance(value, _PLAIN):
        return f"{_short(value)}|{_digest(repr(value))}"
    if isinstance(value, torch.Tensor):
        exact = value.detach().cpu().tolist() if value.numel() <= _MOST_NUMBERS else ""
        return f"a tensor of shape {tuple(value.shape)}|{_digest(f'{value.dtype} {exact}')}"
    if isinstance(value, _CONTAINERS):
        text = repr(value)
        # Addresses differ in every run.
        return f"{_short(value)}|{'' if ' at 0x' in text else _digest(text)}"
    if callable(value):
        with suppress(OSError, TypeError):
            source = inspect.getsource(inspect.unwrap(value))
            return f"a {'class' if isinstance(value, type) else 'function'}|{_digest(source.strip())}"
    return f"of type {type(value).__name__}|"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def _globals_in(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_in(constant)


def bound_in(source: str) -> set[str]:
    """Names that a cell binds outside of functions and classes."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    names: set[str] = set()
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            names.add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.split(".")[0] for alias in node.names}
        waiting.extend(ast.iter_child_nodes(node))
    return names
