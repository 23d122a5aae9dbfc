"""Signatures and docstrings of stubs in lines that a narrow browser window shows without scrolling sideways."""

from __future__ import annotations

import ast
import re

# What JupyterLab shows in a window of 700 pixels, roughly.
STUB_WIDTH = 88

# `queue: earlier keys` and `- a point of a list`: what continues them stands further in.
_ENTRY = re.compile(r"\s+[*`\w]+(?:, [*`\w]+)*: ")
_POINT = re.compile(r"\s*(?:[-*]|\d+\.) ")
_SECTION = re.compile(r"\s*(?:Args|Returns|Yields|Raises|Attributes|Example|Examples|Note|Notes):\s*$")


def narrowed(lines: list[str], definition: ast.FunctionDef) -> list[str]:
    """The lines of a signature and docstring with the long ones broken. Formulas and examples stay as they are.

    Args:
        lines: of the function, from its `def` (or decorators) to the end of the docstring.
        definition: the function whose lines they are.
    """
    first = definition.body[0]
    start, end = first.lineno - 1, first.end_lineno or first.lineno
    head = _signature(lines[:start], definition)
    return [*head, *_docstring(lines[start:end]), *lines[end:]]


def _signature(lines: list[str], definition: ast.FunctionDef) -> list[str]:
    """One parameter a line, if the signature stands on a single line that is too long."""
    given = definition.args
    plain = not (given.vararg or given.kwarg or given.kwonlyargs or given.posonlyargs)
    if not plain or not lines or len(lines[-1]) <= STUB_WIDTH or not lines[-1].lstrip().startswith("def "):
        return lines
    source = lines[-1].encode()

    def written(first: ast.arg | ast.expr, last: ast.arg | ast.expr) -> str:
        return source[first.col_offset : last.end_col_offset].decode()

    defaults = [*[None] * (len(given.args) - len(given.defaults)), *given.defaults]
    texts = [written(item, last or item) for item, last in zip(given.args, defaults, strict=True)]
    closing = f") -> {written(definition.returns, definition.returns)}:" if definition.returns else "):"
    return [*lines[:-1], f"def {definition.name}(", *(f"    {text}," for text in texts), closing]


def _docstring(lines: list[str]) -> list[str]:
    made: list[str] = []
    waiting = list(lines)
    in_section = False
    while waiting:
        line = waiting.pop(0)
        in_section = in_section or bool(_SECTION.match(line))
        if len(line) <= STUB_WIDTH or _is_apart(line, made, waiting, in_section):
            made.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        inner = indent
        if point := _POINT.match(line):
            inner += " " * (len(point[0]) - len(indent))
        elif in_section and _ENTRY.match(line):
            inner += "    "
        spaces = [place for place in range(len(inner) + 1, STUB_WIDTH + 1) if line[place] == " "]
        # What stands in backticks stays together.
        whole = [place for place in spaces if len(re.findall("`+", line[:place])) % 2 == 0]
        cut = max(whole or spaces, default=0)
        if cut <= len(indent):
            made.append(line)
            continue
        made.append(line[:cut].rstrip())
        rest = line[cut:].strip()
        follows = waiting[0] if waiting else ""
        goes_on = follows.startswith(inner) and follows.strip() and not follows[len(inner)].isspace()
        starts = bool(_POINT.match(follows) or _SECTION.match(follows)) or (
            in_section and inner == indent and bool(_ENTRY.match(follows))
        )
        if goes_on and not starts and follows.strip() not in ('"""', "'''"):
            waiting[0] = f"{inner}{rest} {follows.strip()}"
        else:
            waiting.insert(0, f"{inner}{rest}")
    return made


def _is_apart(line: str, before: list[str], after: list[str], in_section: bool) -> bool:
    """Whether a line is a formula or an example: further in than the text, in a paragraph of its own."""
    if line.lstrip().startswith((">>> ", "... ")):
        return True
    base = len(before[0]) - len(before[0].lstrip()) if before else len(line)
    further = len(line) - len(line.lstrip()) > base
    alone = bool(before) and not before[-1].strip() and (not after or not after[0].strip())
    return further and alone and not in_section
