"""Which part of a top-level statement a slice executes. Grader and sandbox ask the same question of the same source."""

from __future__ import annotations

import ast
import copy
import importlib.util
import sys
from collections.abc import Container
from functools import lru_cache
from pathlib import Path

import msgspec

DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_PLAIN = (
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Delete,
)
_MOST_LOOKED_FOR = 50
_FLOW = (ast.Pass, ast.Raise, ast.Continue, ast.Break)

# Packages that are there wherever this one is, and so where it grades; `import` knows them by these names.
PROMISED = {
    *("course_utils", "jaxtyping", "matplotlib", "msgspec", "numpy", "PIL", "scipy", "sklearn", "torch"),
    *("torchvision", "tqdm"),
}

# Methods that change a list, a set, a dictionary, or what `collections` has of the kind.
FILLING = frozenset(
    (
        *("append", "extend", "insert", "add", "update", "setdefault", "pop"),
        *("appendleft", "extendleft", "popleft", "popitem", "remove", "discard", "clear", "sort", "reverse"),
        *("subtract", "move_to_end", "difference_update", "intersection_update"),
    )
)


class CellCode(msgspec.Struct, frozen=True):
    """Top-level statements of one cell, or a module that the cells import.

    Attributes:
        name: the cell's number, or the file's name.
        source: its text as plain Python.
        statements: which of its statements to execute, by position.
        fills: names on which methods that fill a container are called; such calls on other names are left out.
        unless: for what stands below the exercise's check: executed only if one of these names has no value by then.
        module: the name by which the others import it; it is executed as a whole then, and not before that.
    """

    name: str
    source: str
    statements: tuple[int, ...]
    fills: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    module: str = ""


def binding_part(
    node: ast.stmt, fills: Container[str] | None = None, modules: Container[str] | None = ()
) -> ast.stmt | None:
    """The part of a statement that gives names a value; None if there is none.

    Loose expressions go, also those inside `if`, `try` and `with`: the print in `if torch.cuda.is_available(): ...`,
    the installation after `except ImportError`. A loop counts if it does nothing but bind and fill: one with a call of
    its own may be hours of training. A loop at the left margin that fills something may print as well; its prints go.
    Of `import torch, helpers, wandb` what is installed or handed in stays.

    Args:
        node: the statement.
        fills: the names on which calls like `table.append(3)` count as a part; None for all names.
        modules: top-level names of what is handed in beside the notebook; None if all imports are to stay.
    """
    if isinstance(node, ast.Import):
        if modules is None:
            return node
        # Looking for a package takes a while, and nobody imports so many in one statement.
        few = node.names[:_MOST_LOOKED_FOR]
        here = [alias for alias in few if alias.name.split(".")[0] in modules or is_installed(alias.name)]
        here += node.names[_MOST_LOOKED_FOR:]
        return ast.copy_location(ast.Import(here or node.names), node)
    if isinstance(node, _PLAIN):
        return node
    if isinstance(node, ast.Expr):
        return node if _is_filling(node, fills) else None
    if isinstance(node, ast.For):
        quiet = without_prints(node)
        # What prints must fill something, too: a loop that only prints, or tries, may be a student's own test.
        is_part = _only_binds(quiet, fills) and (quiet is node or _fills_something(quiet))
        return quiet if is_part else None
    if not isinstance(node, ast.If | ast.Try | ast.With):
        return None
    part = copy.copy(node)
    part.body = _parts(node.body, fills, modules) or [_nothing(node)]
    bodies = [part.body]
    if isinstance(part, ast.If | ast.Try):
        part.orelse = _parts(part.orelse, fills, modules)
        bodies.append(part.orelse)
    if isinstance(part, ast.Try):
        part.handlers = [copy.copy(handler) for handler in part.handlers]
        for handler in part.handlers:
            handler.body = _parts(handler.body, fills, modules) or [_nothing(handler)]
            bodies.append(handler.body)
        part.finalbody = _parts(part.finalbody, fills, modules) or ([] if part.handlers else [_nothing(node)])
        bodies.append(part.finalbody)
    return part if any(not isinstance(child, _FLOW) for body in bodies for child in body) else None


def without_prints(node: ast.For) -> ast.For:
    """The loop without the calls of `print` in it; the loop itself if there are none."""
    quiet = _quiet(node)
    assert isinstance(quiet, ast.For)
    return quiet


def filled_name(node: ast.AST) -> str:
    """The name whose value a statement fills: `table` of `table["a"].append(3)`, `x = table.pop()`; empty if none."""
    call = node.value if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign) else None
    if isinstance(call, ast.ListComp):
        # `[table.append(n) for n in range(3)]`, for what it does and not for what it is.
        call = call.elt
    if not (
        isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in FILLING
    ):
        return ""
    root: ast.expr = call.func.value
    while True:
        if isinstance(root, ast.Subscript):
            root = root.value
        elif (
            isinstance(root, ast.Call) and isinstance(root.func, ast.Attribute) and root.func.attr in FILLING
        ):
            # `table.setdefault("a", []).append(3)`
            root = root.func.value
        else:
            return root.id if isinstance(root, ast.Name) else ""


def is_installed(module: str) -> bool:
    """Whether the package can be imported here; files beside the notebook do not count. Executes nothing of it."""
    return _is_found(module.split(".")[0])


def is_promised(package: str) -> bool:
    """Whether the package is there wherever the grader is."""
    return package in PROMISED or package in sys.stdlib_module_names


@lru_cache(maxsize=1024)
def _is_found(package: str) -> bool:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return False
    if getattr(spec and spec.loader, "handed_in", False):
        # Of the slice that was loaded here last.
        return False
    if spec is None or is_promised(package) or not spec.origin:
        return spec is not None
    # In a notebook's kernel a student's own helpers.py can be imported; where the notebook is graded it cannot.
    return Path.cwd() not in Path(spec.origin).parents[:2]


def _parts(
    body: list[ast.stmt], fills: Container[str] | None, modules: Container[str] | None
) -> list[ast.stmt]:
    found = [
        child if isinstance(child, _FLOW) else binding_part(child, fills, modules)
        for child in body
        # One with prints counts at the left margin alone, where it can be left out by itself.
        if not (isinstance(child, ast.For) and without_prints(child) is not child)
    ]
    return [child for child in found if child is not None]


def _quiet(node: ast.stmt) -> ast.stmt:
    if not isinstance(node, ast.For | ast.If):
        return node
    body = [_quiet(child) for child in node.body if not _is_print(child)]
    orelse = [_quiet(child) for child in node.orelse if not _is_print(child)]
    if body == node.body and orelse == node.orelse:
        return node
    quiet = copy.copy(node)
    quiet.body, quiet.orelse = body or [_nothing(node)], orelse
    return quiet


def _is_print(node: ast.stmt) -> bool:
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"


def _fills_something(node: ast.stmt) -> bool:
    """Whether a loop puts something into a container, or adds to a number."""
    for child in ast.walk(node):
        if isinstance(child, ast.AugAssign) or filled_name(child):
            return True
        if isinstance(child, ast.Subscript) and isinstance(child.ctx, ast.Store | ast.Del):
            return True
    return False


def _only_binds(node: ast.stmt, fills: Container[str] | None) -> bool:
    if isinstance(node, ast.For | ast.If):
        return all(_only_binds(child, fills) for child in [*node.body, *node.orelse])
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant) or _is_filling(node, fills)
    return isinstance(node, (*_PLAIN, *_FLOW, ast.Import))


def _is_filling(node: ast.Expr, fills: Container[str] | None) -> bool:
    name = filled_name(node)
    return bool(name) and (fills is None or name in fills)


def _nothing(place: ast.AST) -> ast.stmt:
    return ast.copy_location(ast.Pass(), place)
