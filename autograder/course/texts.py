"""Read the text files of a course: what is wrong with one is said with its line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from autograder.errors import UserError


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        UserError: it is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = _line_of_byte(path)
        raise UserError(f"{path}, line {line}: is not UTF-8 text: save it in that encoding") from error


def _line_of_byte(path: Path) -> int:
    """The first line of a file that is not UTF-8; 1 if all of it is."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            return number
    return 1


def parse_file(path: Path) -> ast.Module:
    """The syntax tree of a Python file.

    Raises:
        UserError: it is no Python, or not UTF-8.
    """
    text = read_text(path)
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise UserError(f"{path}, line {error.lineno or 1}: is no Python: {error.msg}") from error
    except ValueError as error:  # a null byte
        raise UserError(f"{path}, line 1: is no Python: {error}") from error


class Import(NamedTuple):
    """What a file imports: a module, or with `name` something in one, which may be a module itself."""

    line: int
    module: str
    name: str = ""

    @property
    def full(self) -> str:
        """Module and name, with a dot between them."""
        return f"{self.module}.{self.name}" if self.name else self.module


def imports_in(node: ast.AST) -> Iterator[Import]:
    """What is imported in a tree, in functions as well; what is for type checkers alone is not executed."""
    if isinstance(node, ast.Import):
        yield from (Import(node.lineno, alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield from (Import(node.lineno, node.module or "", alias.name) for alias in node.names)
    elif not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)):
        for child in ast.iter_child_nodes(node):
            yield from imports_in(child)
