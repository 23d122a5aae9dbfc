"""The same function as somebody else would have typed it: other names and layout, an unrelated helper beside it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from types import FunctionType

_HELPER = "def helper(x):\n    return x"


def disguised(function: FunctionType) -> FunctionType:
    """A function that does what `function` does, with its own variables and parameters renamed.

    Raises:
        OSError: the source of the function is not to be had.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    assert isinstance(tree, ast.FunctionDef), "an answer is a function"
    tree.decorator_list = []
    names = {*function.__code__.co_varnames} - _named_inside(tree)
    tree = _Rename({name: f"my_{name}" for name in names}).visit(tree)
    tree.body.insert(0, ast.Expr(ast.Call(ast.Name("helper", ast.Load()), [ast.Constant(1)], [])))
    namespace = dict(function.__globals__)
    # Written out anew: comments, quotes and the breaks of lines are gone.
    exec(f"{_HELPER}\n\n{ast.unparse(ast.fix_missing_locations(tree))}", namespace)
    made = namespace[tree.name]
    assert isinstance(made, FunctionType)
    return made


def _named_inside(tree: ast.FunctionDef) -> set[str]:
    """Parameters of functions inside and names of keyword arguments: renaming those takes more than a walk."""
    inner = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda) and node is not tree
    ]
    return {
        argument.arg for node in inner for argument in ast.walk(node.args) if isinstance(argument, ast.arg)
    }


class _Rename(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.arg, node.annotation = self._names.get(node.arg, node.arg), None
        return node
