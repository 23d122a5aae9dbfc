"""The cells of a marimo notebook, which is a Python file: each cell stands in it as the body of a function.

What marimo writes: `import marimo`, `app = marimo.App(...)`, perhaps a block `with app.setup:`; then the cells: each is
the body of a function under `@app.cell`, whose arguments are the names that it reads and whose `return` hands out those
that it binds. Functions and classes that need nothing but the set-up block stand under `@app.function` and
`@app.class_definition`, and what is no Python is a text in `app._unparsable_cell(...)`. Source: marimo 0.20,
`marimo/_ast/codegen.py` and `parse.py`.

A file that was edited by hand may be broken in one cell. It is cut at the beginnings of cells, so that the others stay.
"""

from __future__ import annotations

import ast
import re

from course_utils.slices.python_text import MAX_CELL_CODE, MAX_CELLS, Unparsable, parse_python

_IMPORT = re.compile(r"^(?:import marimo\b|from marimo import\b)", re.MULTILINE)
_APP = re.compile(r"^(?:app[ \t]*=[ \t]*[\w.]+\(|@app\.\w)", re.MULTILINE)
_BEGINS = re.compile(
    r"@app\.(?:cell|function|class_definition)\b|(?:async )?with app\.setup\b"
    r"|app\._unparsable_cell\(|if __name__\b"
)
_ENDS_HEADER = re.compile(r":[ \t]*(?:#.*)?$")


def is_marimo(text: str) -> bool:
    """Whether a Python file was made by marimo."""
    return bool(_IMPORT.search(text) and _APP.search(text))


def cells_of_marimo(text: str, inside: set[int], merged: list[tuple[int, int]]) -> list[tuple[int, str]]:
    """The cells, as Python at the top level: the line of the file on which each begins, from 1, and its text.

    Args:
        text: the file.
        inside: the numbers of lines on which a statement goes on that began above: no cell begins there.
        merged: the conflicts of a merge, as `conflicts` gives them: they stay together.
    """
    lines = text.split("\n")
    kept = {number for first, last in merged for number in range(first + 1, last + 1)} | inside
    between = {first for first, _ in merged if not "".join(lines[first : first + 1])[:1].isspace()}
    starts = [
        number
        for number, line in enumerate(lines, start=1)
        if number not in kept and (number in between or _BEGINS.match(line))
    ]
    # The last of too many holds all that follow.
    starts = starts[:MAX_CELLS]
    found: list[tuple[int, str]] = []
    for first, end in zip([1, *starts], [*starts, len(lines) + 1], strict=True):
        for place, source in _cells_of_block(lines[first - 1 : end - 1]):
            text = source.lstrip("\n")
            if text.strip():
                found.append((first + place + len(source) - len(text), text.rstrip()))
    return found


def _cells_of_block(block: list[str]) -> list[tuple[int, str]]:
    """The cell that stands at the beginning of a block, and below it what somebody may have added by hand.

    Returns:
        Where each begins in the block, from 0, and its text.
    """
    text = "\n".join(block)
    if len(text) > 2 * MAX_CELL_CODE:
        # Too long to be looked at, whichever way.
        return [(0, text)]
    try:
        body = parse_python(text).body
        if not body or all(map(_is_marimos_own, body)):
            return []
        if not _BEGINS.match(block[0]):
            return [(0, text)]
        first = _cell(body[0], block)
    except (Unparsable, RecursionError):
        return [_by_its_looks(block)]
    if len(body) == 1:
        return [first]
    start = _first_line(body[1]) - 1
    return [first, (start, "\n".join(block[start:]))]


def _is_marimos_own(node: ast.stmt) -> bool:
    """What stands in every such file: the import, the version, the app and the call that runs it."""
    match node:
        case ast.Import(names=[ast.alias(name="marimo")]) | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name(id="__generated_with" | "app")]):
            return True
        case ast.If(test=ast.Compare(left=ast.Name(id="__name__"))):
            return True
    return False


def _cell(node: ast.stmt, block: list[str]) -> tuple[int, str]:
    """Where a cell's code begins in its block, from 0, and the code."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() if any(_mark(node, "cell")):
            body = node.body[:-1] if isinstance(node.body[-1], ast.Return) else node.body
            return _dedented_body(node, body, block)
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            above = {
                number
                for item in _mark(node, "function", "class_definition")
                for number in range(item.lineno, (item.end_lineno or item.lineno) + 1)
            }
            lines = enumerate(block[: node.end_lineno], start=1)
            return len(above), "\n".join(line for number, line in lines if number not in above)
        case ast.With() | ast.AsyncWith():
            return _dedented_body(node, node.body, block)
        case ast.Expr(value=ast.Call(args=[ast.Constant(value=str(text)), *_])):
            return 0, _dedented(text.strip("\n").split("\n"))
    return 0, ""


def _dedented_body(node: ast.stmt, body: list[ast.stmt], block: list[str]) -> tuple[int, str]:
    if not body:
        return 0, ""
    start = _first_line(body[0])
    if start <= node.lineno or not block[start - 1][:1].isspace():
        # `def _(): x = 1`, on one line.
        return start - 1, "\n".join(map(ast.unparse, body))
    return start - 1, _dedented(block[start - 1 : body[-1].end_lineno])


def _first_line(node: ast.stmt) -> int:
    """Of a statement with its decorators, from 1."""
    return min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", ()))])


def _mark(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, *names: str) -> list[ast.expr]:
    """Its decorators that are `@app.NAME` or `@app.NAME(...)`."""
    found = []
    for item in node.decorator_list:
        called = item.func if isinstance(item, ast.Call) else item
        match called:
            case ast.Attribute(value=ast.Name(id="app"), attr=attr) if attr in names:
                found.append(item)
    return found


def _by_its_looks(block: list[str]) -> tuple[int, str]:
    """A cell that is no Python, without what marimo put around it."""
    start = next((number for number, line in enumerate(block) if not line.startswith("@app.")), len(block))
    if start or block[0].startswith(("with app.", "async with app.")):
        if not block[0].startswith(("@app.function", "@app.class_definition")):
            ends = (number for number in range(start, len(block)) if _ENDS_HEADER.search(block[number]))
            start = next(ends, start - 1) + 1
        return start, _dedented(block[start:])
    return 0, "\n".join(block)


def _dedented(lines: list[str]) -> str:
    """Without the indentation of the first line; lines of texts in quotes may have less, and keep it."""
    first = next((line for line in lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip(" \t"))]
    return "\n".join(line.removeprefix(indent) for line in lines)
