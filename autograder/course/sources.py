"""The source of our functions as a student would have it, with the private names of its module that it uses."""

from __future__ import annotations

import ast
import inspect
from types import FunctionType

from autograder.errors import UserError


def standalone_source(function: FunctionType) -> str:
    """The source of a function of ours that needs nothing private from around it: a student's cell.

    Private helpers and constants of its module that it uses stand inside it, above its first statement. Imports are
    not among them: those are a notebook's own.
    """
    source = inspect.getsource(function)
    definition, helpers = _definition(function)
    if not helpers:
        return source
    lines = source.splitlines()
    text = _module_source(function).splitlines()
    body = definition.body[ast.get_docstring(definition) is not None :]
    offset = definition.lineno - 1
    above = (body[0].lineno - 1 if body else definition.end_lineno or 0) - offset
    inner: list[str] = []
    for node in helpers:
        start = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
        inner += [f"    {line}" if line else line for line in text[start - 1 : node.end_lineno]]
        if isinstance(node, ast.FunctionDef):
            inner.append("")
    return "\n".join([*lines[:above], *inner, *lines[above:]]) + "\n"


def has_body(function: FunctionType) -> bool:
    """Whether a function of ours has statements besides its docstring."""
    definition, _ = _definition(function)
    return len(definition.body) > (ast.get_docstring(definition) is not None)


def standalone_tree(function: FunctionType) -> ast.FunctionDef:
    """The syntax tree of `standalone_source`, with the numbers of the lines in the function's file."""
    definition, helpers = _definition(function)
    at = 1 if ast.get_docstring(definition) is not None else 0
    definition.body[at:at] = helpers
    return definition


def _definition(function: FunctionType) -> tuple[ast.FunctionDef, list[ast.stmt]]:
    """The definition of a function in its module, and that of the private names it uses."""
    module = ast.parse(_module_source(function))
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name == function.__name__:
            return node, used_by(node, module)
    raise UserError(
        f"{inspect.getsourcefile(function)}, line {function.__code__.co_firstlineno}: {function.__name__} is no "
        "ordinary function: an exercise begins with def"
    )


def _module_source(function: FunctionType) -> str:
    lines, _ = inspect.findsource(function)
    return "".join(lines)


def used_by(definition: ast.stmt, module: ast.Module) -> list[ast.stmt]:
    """Definitions and assignments of a module that one of its statements uses, directly or through another one."""
    bound: dict[str, ast.stmt] = {}
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node is not definition:
            bound[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            bound.update(
                (name.id, node)
                for name in ast.walk(node)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            )
    wanted: list[ast.stmt] = []
    waiting: list[ast.stmt] = [definition]
    while waiting:
        for name in ast.walk(waiting.pop()):
            used = bound.get(name.id) if isinstance(name, ast.Name) else None
            if used is not None and used not in wanted:
                wanted.append(used)
                waiting.append(used)
    return sorted(wanted, key=lambda node: node.lineno)
