"""The cells of a notebook in the order in which they run, with the files that they write, run and import.

Files are text: of `%%writefile` cells, or such as were handed in beside the notebook. Nothing is executed here.
"""

from __future__ import annotations

import ast
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from course_utils.slices.cells import Cell, parse_notebook, type_in_words
from course_utils.slices.plain import LONGEST_NAME, clip
from course_utils.slices.python_text import (
    MAX_CELL_CODE,
    MAX_CODE,
    Allowance,
    Unparsable,
    parse_python,
    run_files,
)
from course_utils.slices.reading import CheckCall, Read, read_cell
from course_utils.slices.statements import CellCode, is_promised

_MOST_MODULES = 20


@dataclass(frozen=True)
class Source:
    """A cell, or a part of a file that a cell runs.

    Attributes:
        key: its place; what a cell runs comes just before that cell.
        label: how it is called.
        cell: as it was handed in.
        read: what stands in it.
    """

    key: float
    label: str
    cell: Cell
    read: Read

    @cached_property
    def title(self) -> str:
        """How it is called in a sentence."""
        return self.cell.title if self.key == self.cell.number else clip(self.label, LONGEST_NAME)


class Sources:
    """A notebook's cells with its files.

    Attributes:
        aliases: other names that the notebook gives to `cu.check`.
        not_there: of files that are run and are not there, the cell's title and the name.
    """

    def __init__(self, cells: Iterable[Cell], files: Mapping[str, str]) -> None:
        """Read them.

        Args:
            cells: the cells, in their order.
            files: path, seen from the notebook's folder -> text, of what was handed in beside it.
        """
        self.all: list[Source] = []
        self.aliases: set[str] = set()
        self.not_there: list[tuple[str, str]] = []
        self._handed_in = dict(files)
        self._files = {_path(name): text for name, text in files.items()}
        self._allowance = Allowance()
        self._room = MAX_CODE
        for cell in cells:
            read = self._read(cell)
            if read.file and cell.kind == "code":
                self._write(*read.file)
            run = self._run(cell)
            for place, inner in enumerate(run, start=1):
                name, part = inner
                key = cell.number - 1 + place / (len(run) + 1)
                self._add(Source(key, name, part, self._read(part)))
            label = (
                str(cell.number) if cell.kind == "code" else f"{type_in_words(cell.kind)} cell {cell.number}"
            )
            self._add(Source(cell.number, label, cell, read))

    def _add(self, source: Source) -> None:
        self.all.append(source)
        self.aliases |= source.read.aliases

    def _read(self, cell: Cell) -> Read:
        if cell.left_out:
            return Read(text="", problem=f"is {cell.left_out}")
        read = read_cell(cell.source, "python")
        if read.needs_ipython:
            read = read_cell(cell.source, "ipython" if self._allowance.spend(cell.source) else "lines")
        return replace(read, problem=f"is no valid Python: {read.problem}") if read.problem else read

    def _write(self, name: str, text: str, at_end: bool) -> None:
        path = _path(name)
        text = self._files.get(path, "") + text if at_end else text
        self._files[path] = text[: MAX_CELL_CODE + 1]
        self._handed_in.pop(path, None)

    def _run(self, cell: Cell) -> list[tuple[str, Cell]]:
        """The cells of the files that a cell runs, under the files' names."""
        found = []
        for name in run_files(cell.source):
            text = self._files.get(_path(name))
            if text is None:
                self.not_there.append((cell.title, _path(name)))
                continue
            self._room -= len(text)
            if self._room < 0 or len(text) > MAX_CELL_CODE:
                continue
            try:
                inner = parse_notebook(text.encode()) if name.endswith(".ipynb") else None
            except ValueError:
                continue
            sources = [item.source for item in inner] if inner is not None else [text]
            found += [
                (_path(name), Cell(cell.number, source, frozenset(), kind=cell.kind)) for source in sources
            ]
        return found

    def is_check(self, call: CheckCall) -> bool:
        """Whether a call is one of `cu.check`, by whichever name."""
        return call.callee == "check" or call.callee in self.aliases

    def modules(self, packages: Iterable[str]) -> list[CellCode]:
        """The files that are imported, and those which these import; the text alone."""
        found: dict[str, CellCode] = {}
        waiting = [package for package in packages if not is_promised(package)]
        while waiting and len(found) < _MOST_MODULES:
            package = waiting.pop(0)
            for path, module in self._of_package(package):
                if module in found or len(found) >= _MOST_MODULES:
                    continue
                found[module] = CellCode(path, self._files[path], (), module=module)
                waiting += [name for name in _imports_of(self._files[path]) if not is_promised(name)]
        return list(found.values())

    @property
    def packages(self) -> frozenset[str]:
        """The top-level names by which files of the hand-in can be imported."""
        names = (path.removesuffix(".py").split("/")[0] for path in self._files if path.endswith(".py"))
        return frozenset(name for name in names if not is_promised(name))

    def _of_package(self, package: str) -> Iterator[tuple[str, str]]:
        """Path and name of the modules of a package that is handed in."""
        for path, text in sorted(self._files.items()):
            if not path.endswith(".py") or len(text) > MAX_CELL_CODE:
                continue
            module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            if module.split(".")[0] == package:
                yield path, module

    def is_beside(self, path: str) -> bool:
        """Whether a file was handed in beside the notebook, and not written by a cell."""
        return path in self._handed_in


def imported_packages(nodes: Iterable[ast.AST], *, tried: bool = True) -> list[str]:
    """The top-level packages that some code imports, in functions too.

    Args:
        nodes: the code.
        tried: whether imports count that `try` guards: where such a package is missing, the code does without.
    """
    found: dict[str, None] = {}
    waiting = deque(nodes)
    while waiting:
        node = waiting.popleft()
        if isinstance(node, ast.Import):
            found |= dict.fromkeys(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found[node.module.split(".")[0]] = None
        elif isinstance(node, ast.Try) and node.handlers and not tried:
            waiting += [*node.handlers, *node.orelse, *node.finalbody]
        else:
            waiting += ast.iter_child_nodes(node)
    return list(found)


def _imports_of(text: str) -> list[str]:
    try:
        return imported_packages([parse_python(text)])
    except (Unparsable, RecursionError):
        return []


def _path(name: str) -> str:
    return re.sub(r"^(?:\./)+", "", name.replace("\\", "/"))
