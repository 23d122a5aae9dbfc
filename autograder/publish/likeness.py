"""Functions that are the same but for names, layout, comments and annotations."""

from __future__ import annotations

import ast
from collections.abc import Iterator

# A shorter body says nothing: `return x` is everybody's.
_FEWEST_NODES = 20


def shapes(source: str) -> Iterator[tuple[str, str]]:
    """The name and the shape of each function in some Python, at any depth: equal for functions that do the same.

    Nothing is yielded for what does not parse, nor for functions of a line or so.
    """
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and (shape := _shape(node)):
            yield node.name, shape


def _shape(function: ast.FunctionDef) -> str | None:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if sum(1 for statement in body for _ in ast.walk(statement)) < _FEWEST_NODES:
        return None
    # Numbered as they are met, so that it does not matter what they are called.
    numbers: dict[str, str] = {}
    for argument in function.args.args:
        numbers[argument.arg] = f"name{len(numbers)}"
    text = ast.dump(ast.Module([_Numbered(numbers).visit(statement) for statement in _copies(body)], []))
    return f"{len(function.args.args)} {text}"


def _copies(body: list[ast.stmt]) -> list[ast.stmt]:
    return ast.parse(ast.unparse(ast.fix_missing_locations(ast.Module(body, [])))).body


class _Numbered(ast.NodeTransformer):
    def __init__(self, numbers: dict[str, str]) -> None:
        self._numbers = numbers

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._numbers.setdefault(node.id, f"name{len(self._numbers)}")
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:
            return ast.Pass()
        return self.generic_visit(ast.Assign([node.target], node.value))
