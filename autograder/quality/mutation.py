"""Mutants of a reference: the function with one slip of the hand in it, made from its syntax tree."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

from autograder.course.sources import standalone_tree
from autograder.quality.operators import OPERATORS, Place, Replacement
from autograder.quality.writing_out import without_labels


@dataclass(frozen=True)
class Mutant:
    """A reference with one change.

    Attributes:
        operator: the name of what was done, of `operators.OPERATORS`.
        before, after: the statement that was changed, on one line; for a compound statement its head.
        line: of the statement in the reference's file.
        function: the changed function.
    """

    operator: str
    before: str
    after: str
    line: int
    function: FunctionType

    @property
    def id(self) -> str:
        """What was changed into what: unlike the line, the same as long as the statement is."""
        return f"{self.before}  =>  {self.after}"


def mutants(reference: FunctionType) -> list[Mutant]:
    """All functions that differ from `reference` by one application of one operator, each once.

    Raises:
        OSError: the source of the function is not to be had.
    """
    tree = without_labels(standalone_tree(reference))
    found: dict[str, Mutant] = {ast.unparse(tree): None}  # type: ignore[dict-item]
    parameters = [argument.arg for argument in tree.args.args]
    for number, node, parent, statement in _nodes(tree):
        for operator in OPERATORS:
            for replacement in operator(node, Place(parent, parameters)):
                changed = _replaced(tree, number, replacement)
                text = ast.unparse(changed)
                if text in found:
                    continue
                function = _compiled(changed, reference)
                if function is not None:
                    before, after = _heads(tree, changed)
                    found[text] = Mutant(
                        operator.__name__.replace("_", "-"),
                        before,
                        after,
                        statement.lineno,
                        function,
                    )
    return [item for item in found.values() if item is not None]


def _nodes(tree: ast.FunctionDef) -> Iterator[tuple[int, ast.AST, ast.AST, ast.stmt]]:
    """Every node of the body with its number, the node above it and the innermost statement in which it stands."""
    # Default values are no code that a student writes: the stub has them.
    count = itertools.count()

    def walk(
        node: ast.AST, parent: ast.AST, statement: ast.stmt
    ) -> Iterator[tuple[int, ast.AST, ast.AST, ast.stmt]]:
        statement = node if isinstance(node, ast.stmt) else statement
        node.number = next(count)  # type: ignore[attr-defined]
        yield node.number, node, parent, statement  # type: ignore[attr-defined]
        for child in ast.iter_child_nodes(node):
            # Of these there is one object for all places.
            if not isinstance(child, ast.expr_context | ast.operator | ast.unaryop | ast.cmpop | ast.boolop):
                yield from walk(child, node, statement)

    # All numbers are there before the first mutant is made: a copy of the tree holds them too.
    return iter([found for statement in tree.body for found in walk(statement, tree, statement)])


class _Replace(ast.NodeTransformer):
    def __init__(self, number: int, replacement: Replacement) -> None:
        self._number, self._replacement = number, replacement

    def visit(self, node: ast.AST) -> Any:
        if getattr(node, "number", None) == self._number:
            return self._replacement
        return self.generic_visit(node)


def _replaced(tree: ast.FunctionDef, number: int, replacement: Replacement) -> ast.FunctionDef:
    changed: ast.FunctionDef = _Replace(number, replacement).visit(copy.deepcopy(tree))
    return ast.fix_missing_locations(changed)


def _compiled(tree: ast.FunctionDef, reference: FunctionType) -> FunctionType | None:
    namespace = dict(reference.__globals__)
    try:
        # As text, so that what cannot be written by hand does not count.
        exec(compile(ast.unparse(tree), "<mutant>", "exec"), namespace)
    except (SyntaxError, ValueError):
        return None
    function = namespace[tree.name]
    assert isinstance(function, FunctionType)
    return function


def _heads(tree: ast.FunctionDef, changed: ast.FunctionDef) -> tuple[str, str]:
    """The changed statement before and after, on one line each."""
    old, new = (ast.unparse(item).splitlines() for item in (tree, changed))
    first = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)) - 1
    )
    tail = 0
    while tail < min(len(old), len(new)) - first - 1 and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    before = old[first : len(old) - tail]
    after = new[first : len(new) - tail]
    return _line(before), _line(after)


def _line(lines: list[str]) -> str:
    return "; ".join(line.strip() for line in lines)
