"""The calls of `cu.check` in a cell, by whichever name, and what they are given."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from course_utils.slices.names import plain_name
from course_utils.slices.python_text import PYTHON_MAGICS, Unparsable, parse_python
from course_utils.slices.statements import DEFINITION

# Calls in a cell that may be of `cu.check`.
_MOST_CALLS = 1_000
_LONGEST_NAME = 120
# Of a magic: `-n1 -r 3`.
_OPTIONS = re.compile(r"^(?:[ \t]*-\w+(?:[ \t]+\d+)?[ \t]+)*")
_EXERCISE = re.compile(r"[A-Za-z_][\w.]{0,100}")


@dataclass(frozen=True)
class CheckCall:
    """A call that may be one of `cu.check`.

    Attributes:
        callee: the last name of what is called: `check`, or another if that was given to it.
        names: what it is called with, also as `plain_name` has it; where that is a variable, all texts of the statement
            and all such variables.
        line: of the cell, from 1.
        column: from 0.
    """

    callee: str
    names: frozenset[str]
    line: int
    column: int


def check_calls(tree: ast.Module) -> Iterator[CheckCall]:
    """Calls with the name of an exercise, or its function, at the top level: `cu.check("moco.enqueue", hint=1)`."""
    count = 0
    for node in tree.body:
        if isinstance(node, DEFINITION):
            continue
        calls: list[tuple[ast.Call, str, ast.expr | None, frozenset[str]]] = []
        for call in _with_timed(node):
            if count + len(calls) >= _MOST_CALLS:
                break
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name | ast.Attribute):
                callee = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id
                given = call.args[0] if call.args else next((item.value for item in call.keywords), None)
                names = _meant(given)
                if names or (callee == "check" and not isinstance(given, ast.Constant | None)):
                    calls.append((call, callee, given, names))
        count += len(calls)
        # What a variable stands for is not known: all of them share what stands in the statement.
        variables = [name for _, _, given, names in calls if given and not names for name in _read_in(given)]
        of_variables = any(not names for *_, names in calls)
        shared = frozenset(_exercises([*_texts(node), *variables] if of_variables else ()))
        for call, callee, _, names in calls:
            if names or shared:
                yield CheckCall(callee, names or shared, call.lineno, call.col_offset)


def _with_timed(node: ast.stmt) -> Iterator[ast.AST]:
    """The nodes of a statement, and those of what `%time` runs in it, all on the line of the magic."""
    for child in ast.walk(node):
        yield child
        if not (
            isinstance(child, ast.Call)
            and isinstance(child.func, ast.Attribute)
            and child.func.attr == "run_line_magic"
        ):
            continue
        match child.args:
            case [ast.Constant(value=str(magic)), ast.Constant(value=str(text))] if magic in PYTHON_MAGICS:
                with contextlib.suppress(Unparsable):
                    for inner in ast.walk(parse_python(_OPTIONS.sub("", text))):
                        yield ast.copy_location(inner, child)


def _meant(given: ast.expr | None) -> frozenset[str]:
    """The text that a call is given, as it is written and as `cu.check` understands it."""
    text = given.value if isinstance(given, ast.Constant) else None
    if not isinstance(text, str) or len(text) > _LONGEST_NAME:
        return frozenset()
    return frozenset(_exercises([text, plain_name(text)]))


def _read_in(given: ast.expr) -> Iterator[str]:
    return (node.id for node in ast.walk(given) if isinstance(node, ast.Name))


def _texts(node: ast.AST) -> Iterator[object]:
    return (item.value for item in ast.walk(node) if isinstance(item, ast.Constant))


def _exercises(found: Iterable[object]) -> Iterator[str]:
    return (name for name in found if isinstance(name, str) and _EXERCISE.fullmatch(name))


def check_aliases(tree: ast.Module) -> Iterator[str]:
    """Other names that are given to `check`."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "course_utils":
            yield from (alias.asname for alias in node.names if alias.name == "check" and alias.asname)
        elif (
            isinstance(node, ast.Assign)
            and isinstance(node.value, ast.Attribute)
            and node.value.attr == "check"
        ):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
