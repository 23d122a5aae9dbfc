"""From a reference function to the cell that a student fills, and what such a cell needs around it."""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Iterable
from itertools import pairwise
from types import FunctionType

from autograder.course.sources import has_body, standalone_source
from autograder.errors import UserError
from autograder.publish.narrow import narrowed

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"
# What `autograder new` marks for its author.
TO_DO = "TODO"


def solution_cell(function: FunctionType, exercise: str) -> str:
    """The source of an exercise's cell: signature and docstring, then the marked solution, then the `raise`.

    What students read is brought to the width of a narrow window.

    nbgrader puts a comment in the place of what stands between the marks.

    Args:
        function: the reference.
        exercise: its id, for the `raise`.

    Raises:
        UserError: the reference has no body, or no docstring, so that a student would not know what to write, or one in
            which something is still to be done.
    """
    source, definition = _parsed(function)
    docstring, place = _docstring(definition), f"{inspect.getsourcefile(function)}, line "
    first = function.__code__.co_firstlineno
    if docstring is None:
        raise UserError(
            f"{place}{first}: {function.__name__} has no docstring: it is all that a stub tells of what to write"
        )
    before, found, _ = docstring.partition(TO_DO)
    if found:
        line = first + definition.body[0].lineno - 1 + before.count("\n")
        raise UserError(
            f"{place}{line}: the docstring of {function.__name__} still has a {TO_DO}, and "
            "students read it: write what is missing, or take the line out"
        )
    lines = source.splitlines()
    body = definition.body[1:]
    head = lines[: _first_line(body[0], lines, definition) - 1]
    while head and not head[-1].strip():
        head.pop()
    solution = lines[len(head) : definition.end_lineno]
    while solution and not solution[0].strip():
        solution.pop(0)
    if falls_through(body):
        solution.append("    return")
    tail = [f"    {END}", f'    raise NotImplementedError("{exercise}")']
    head = narrowed(head, definition)
    return "\n".join([*head, f"    {BEGIN}", *solution, *tail])


def solved_cell(function: FunctionType) -> str:
    """The reference as an ordinary cell."""
    return _parsed(function)[0].rstrip()


def falls_through(body: list[ast.stmt]) -> bool:
    """Whether the end of a block of statements can be reached; True where that cannot be told."""
    last = body[-1]
    if isinstance(last, ast.Return | ast.Raise):
        return False
    if isinstance(last, ast.If):
        return not last.orelse or falls_through(last.body) or falls_through(last.orelse)
    if isinstance(last, ast.With):
        return falls_through(last.body)
    return True


def free_names(function: FunctionType) -> list[str]:
    """Names that a function takes from around it, its annotations included; built-ins left out."""
    _, definition = _parsed(function)
    nodes = list(ast.walk(definition))
    bound = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    bound |= bound_names(node for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
    bound |= {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name}
    used = [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
    return [name for name in dict.fromkeys(used) if name not in bound and not hasattr(builtins, name)]


def bound_names(statements: Iterable[ast.stmt]) -> set[str]:
    """Names that top-level statements bind."""
    names: set[str] = set()
    for statement in statements:
        if isinstance(statement, ast.Import):
            names |= {alias.asname or alias.name.split(".")[0] for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in statement.names}
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(statement.name)
        else:
            names |= {
                node.id
                for node in ast.walk(statement)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
    return names


def telling_lines(source: str, shortest: int = 24) -> set[str]:
    """What would give a piece of Python away: its longer lines, and pairs of neighbouring shorter ones.

    Only lines inside functions count; signatures, decorators and imports do not.

    Args:
        source: Python, e.g. a function or a module.
        shortest: what has fewer characters may stand anywhere by chance.

    Returns:
        Each line with its white space made single, as `plain` does it.
    """
    tree = ast.parse(textwrap.dedent(source))
    lines = textwrap.dedent(source).splitlines()
    told: set[str] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body[1:] if _docstring(node) is not None else node.body
        if not body:
            continue
        own = [single_spaced(line) for line in lines[_first_line(body[0], lines, node) - 1 : node.end_lineno]]
        own = [line for line in own if line and not line.startswith(("import ", "from "))]
        told |= {line for line in own if len(line) >= shortest}
        told |= {f"{a} {b}" for a, b in pairwise(own) if len(a) + len(b) >= shortest}
    return told


def single_spaced(text: str) -> str:
    """Text with all white space made single, so that indentation and line ends do not hide it."""
    return " ".join(text.split())


def _parsed(function: FunctionType) -> tuple[str, ast.FunctionDef]:
    """The source of a reference. Raises `UserError` if it is nothing but a docstring."""
    source = textwrap.dedent(standalone_source(function))
    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef), (
        "an exercise begins with def: `standalone_source` has seen to it"
    )
    if not has_body(function):
        raise UserError(
            f"{inspect.getsourcefile(function)}, line {function.__code__.co_firstlineno}: {function.__name__} has "
            "no body, only a docstring: write what students are to find out (`return` alone if it is nothing)"
        )
    return source, definition


def _docstring(definition: ast.FunctionDef | ast.AsyncFunctionDef) -> str | None:
    return ast.get_docstring(definition, clean=False)


def _first_line(
    statement: ast.stmt, lines: list[str], definition: ast.FunctionDef | ast.AsyncFunctionDef
) -> int:
    """Number of the first line of a body, comments above its first statement included."""
    number = min([statement.lineno, *(d.lineno for d in getattr(statement, "decorator_list", []))])
    lowest = definition.body[0].end_lineno or 0 if definition.body[0] is not statement else definition.lineno
    while number - 1 > lowest and lines[number - 2].strip().startswith("#"):
        number -= 1
    return number
