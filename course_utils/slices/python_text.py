"""A cell's text as a syntax tree: Python, or what IPython makes of it. Nothing is executed.

A tree takes far more room and time than its text, so the amount of code that is looked at is limited. IPython reads a
cell anew for each magic in it, so a cell of nothing else would take minutes: each notebook has an allowance of that
work (`Allowance`), and where it is spent, lines that look like magics are taken out without IPython.
"""

from __future__ import annotations

import ast
import contextlib
import re
import threading
import types

from course_utils.errors import CourseError
from course_utils.slices.plain import clip

# Characters of one cell's code, and of a whole notebook's. Ours have 20,000 in all; Python's syntax tree of such a text
# may take 500 times its room.
MAX_CELL_CODE = 200_000
MAX_CODE = 500_000
MAX_CELLS = 5_000

# Magics that run the rest of the cell, or of the line, as ordinary Python.
PYTHON_MAGICS = ("time", "timeit", "capture", "prun")
_MOST_CELL_MAGICS = 20
# Cell magics that write the rest of the cell into a file; `-a` puts it at the end of what is there.
_WRITES = re.compile(
    r"[ \t]*%%(?:writefile|file)[ \t]+(?P<options>(?:-\w+[ \t]+)*)(?P<quote>[\"']?)(?P<name>[^\"'\n]+?)(?P=quote)"
    r"[ \t]*$"
)
# Line magics that run a file's code in the notebook, or put it there.
_RUNS = re.compile(
    r"^[ \t]*%(?:run|load|loadpy)[ \t]+(?:-\w+[ \t]+)*(?P<quote>[\"']?)(?P<name>[^\"'\n]+?\.(?:py|ipynb))(?P=quote)"
    r"(?:[ \t].*)?$",
    re.MULTILINE,
)
_MOST_RUN = 20
_LONGEST_QUOTE = 100
# What only IPython understands: escapes, prompts that were copied, `files = !ls`, `f?`.
_FOREIGN = re.compile(r"^[ \t]*(?:[!%?,;/]|>>>|In \[)|=[ \t]*[!%]|\?[ \t]*(?:#.*)?$", re.MULTILINE)
_MAGIC_LINE = re.compile(r"^([ \t]*)(?:[!%?].*|[\w.*]+[ \t]*\?\??[ \t]*)$", re.MULTILINE)
# In characters that IPython reads, over and over: half a second for a cell, a second for a notebook.
_MOST_OF_A_CELL = 100_000
_MOST_OF_A_NOTEBOOK = 250_000


class Unparsable(CourseError):
    """No Python. The text says why, for the student."""


class Allowance:
    """How much reading by IPython a notebook has left."""

    def __init__(self) -> None:
        self._left = _MOST_OF_A_NOTEBOOK

    def spend(self, source: str) -> bool:
        """Whether IPython may read this cell. Depends on the notebook alone: never on time or on what is cached."""
        work = ipython_work(source)
        if work == 0 or work > min(self._left, _MOST_OF_A_CELL):
            return work == 0
        self._left -= work
        return True


def ipython_work(source: str) -> int:
    """How many characters IPython would read of a cell; 0 if it holds nothing that needs IPython."""
    count = sum(1 for _ in _FOREIGN.finditer(source))
    if not count and not source.lstrip("\n")[:1].isspace():
        return 0
    return (count + 2) * len(source)


# CPython 3.11 counts the depth of all trees that are being made in one place: two threads that parse at once disturb
# each other with "AST constructor recursion depth mismatch" (gh-106905).
_PARSER = threading.Lock()


def parse(source: str) -> ast.Module:
    """`ast.parse`, for threads."""
    with _PARSER:
        return ast.parse(source)


def parse_python(source: str) -> ast.Module:
    """The tree of plain Python. Raises `Unparsable`."""
    try:
        return parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unparsable(_said(error)) from error


def parse_magics(source: str, ipython: bool) -> tuple[str, ast.Module]:
    """IPython's syntax as plain Python with the same line numbers, and its tree.

    Args:
        source: the cell.
        ipython: whether IPython may read it; if not, lines that look like magics are taken out.

    Raises:
        Unparsable: it is no Python even without its magics.
    """
    try:
        text = _without_magics(source, ipython)
        return text, parse(text)
    except (SyntaxError, ValueError, RuntimeError, MemoryError) as error:
        raise Unparsable(_said(error)) from error


def written_file(source: str) -> tuple[str, str, bool] | None:
    """What a cell with `%%writefile helpers.py` writes: the file's name, the text, whether that goes to its end."""
    head, _, text = source.lstrip("\n").partition("\n")
    found = _WRITES.match(head)
    return (found["name"].strip(), text, "-a" in found["options"]) if found else None


def run_files(source: str) -> list[str]:
    """The files that a cell runs with `%run` or puts into itself with `%load`."""
    if "%" not in source or source.lstrip("\n").startswith("%%"):
        return []
    return [found["name"].strip() for found, _ in zip(_RUNS.finditer(source), range(_MOST_RUN), strict=False)]


def compile_cell(source: str) -> types.CodeType:
    """Compile a cell as a notebook does, which takes `from __future__` and `await` wherever they stand.

    Raises:
        SyntaxError: it is no Python.
        ValueError: it holds what no source may.
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with _PARSER:
        tree = compile(source, "<cell>", "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    # Statements are compiled one by one there, so each of them is the first.
    tree.body.sort(key=lambda node: getattr(node, "module", None) != "__future__")
    return compile(tree, "<cell>", "exec", flags, dont_inherit=True)


def _said(error: BaseException) -> str:
    if not isinstance(error, SyntaxError):
        return clip(f"{type(error).__name__}: {error}", _LONGEST_QUOTE)
    return clip(f"{error.msg}, line {error.lineno}: ") + clip((error.text or "").strip(), _LONGEST_QUOTE)


def _without_magics(source: str, ipython: bool) -> str:
    above = ""
    for _ in range(_MOST_CELL_MAGICS):
        head, newline, rest = source.lstrip("\n").partition("\n")
        if not head.startswith("%%"):
            break
        # The rest may hold magics again: `%%capture`, then `%%time`, then `!pip list`.
        magic = head[2:].split(maxsplit=1)
        if not magic or magic[0] not in PYTHON_MAGICS:
            return ""
        above, source = above + newline, rest
    if ipython:
        with contextlib.suppress(ImportError):  # there in every notebook, but not in every Python
            from IPython.core.inputtransformer2 import TransformerManager

            return above + TransformerManager().transform_cell(source)
    return above + _MAGIC_LINE.sub(r"\1pass", source)
