"""Which part of a top-level statement a slice executes. Grader and sandbox ask the same question of the same source."""

from __future__ import annotations

import ast
import copy
import importlib.util
from functools import lru_cache

import msgspec

_PLAIN = (
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
)
_MOST_LOOKED_FOR = 50
_FLOW = (ast.Pass, ast.Raise, ast.Continue, ast.Break)


class CellCode(msgspec.Struct, frozen=True):
    """Top-level statements of one cell: which of the parsed source to execute, by position."""

    name: str
    source: str
    statements: tuple[int, ...]


def binding_part(node: ast.stmt) -> ast.stmt | None:
    """The part of a statement that gives names a value; None if there is none.

    Loose expressions go, also those inside `if`, `try` and `with`: the print in `if torch.cuda.is_available(): ...`,
    the installation after `except ImportError`. A loop counts if it does nothing but bind: one with a call of its own
    may be hours of training. Of `import torch, wandb` what is installed here stays.
    """
    if isinstance(node, ast.Import):
        # Looking for a package takes a while, and nobody imports so many in one statement.
        few = node.names[:_MOST_LOOKED_FOR]
        here = [alias for alias in few if is_installed(alias.name)] + node.names[_MOST_LOOKED_FOR:]
        return ast.copy_location(ast.Import(here or node.names), node)
    if isinstance(node, _PLAIN):
        return node
    if isinstance(node, ast.For):
        return node if _only_binds(node) else None
    if not isinstance(node, ast.If | ast.Try | ast.With):
        return None
    part = copy.copy(node)
    part.body = _parts(node.body) or [_nothing(node)]
    bodies = [part.body]
    if isinstance(part, ast.If | ast.Try):
        part.orelse = _parts(part.orelse)
        bodies.append(part.orelse)
    if isinstance(part, ast.Try):
        part.handlers = [copy.copy(handler) for handler in part.handlers]
        for handler in part.handlers:
            handler.body = _parts(handler.body) or [_nothing(handler)]
            bodies.append(handler.body)
        part.finalbody = _parts(part.finalbody) or ([] if part.handlers else [_nothing(node)])
        bodies.append(part.finalbody)
    return part if any(not isinstance(child, _FLOW) for body in bodies for child in body) else None


def is_installed(module: str) -> bool:
    """Whether the package can be imported here. Executes nothing of it."""
    return _is_found(module.split(".")[0])


@lru_cache(maxsize=1024)
def _is_found(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except (ImportError, ValueError):
        return False


def _parts(body: list[ast.stmt]) -> list[ast.stmt]:
    found = [child if isinstance(child, _FLOW) else binding_part(child) for child in body]
    return [child for child in found if child is not None]


def _only_binds(node: ast.stmt) -> bool:
    if isinstance(node, ast.For | ast.If):
        return all(_only_binds(child) for child in [*node.body, *node.orelse])
    return isinstance(node, (*_PLAIN, *_FLOW, ast.Import))


def _nothing(place: ast.AST) -> ast.stmt:
    return ast.copy_location(ast.Pass(), place)
