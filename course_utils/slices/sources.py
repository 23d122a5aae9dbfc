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
from course_utils.slices.checked import CheckCall
from course_utils.slices.names import function_name, plain_name
from course_utils.slices.plain import LONGEST_NAME, clip
from course_utils.slices.python_text import (
    MAX_CELL_CODE,
    MAX_CODE,
    Allowance,
    Unparsable,
    parse_python,
    run_files,
)
from course_utils.slices.reading import Read, given_values, loads_of, read_cell
from course_utils.slices.stars import names_of_file, stars_in
from course_utils.slices.statements import CellCode, is_promised

_MOST_MODULES = 20
_LONGEST_TEXT = 200
# With this, every cell loads again what has changed.
_AUTORELOAD = re.compile(r"^[ \t]*%autoreload[ \t]+(?:2|3|all|complete)\b", re.MULTILINE)


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
        # Path -> what was written, one by one: the cell, the text, whether that goes to the end of what is there.
        self._written: dict[str, list[tuple[int, str, bool]]] = {
            path: [(0, text, False)] for path, text in self._files.items()
        }
        self._star_names: dict[tuple[str, str], frozenset[str]] = {}
        self._allowance = Allowance()
        self._room = MAX_CODE
        for cell in cells:
            read = self._read(cell)
            if read.file and cell.kind == "code":
                self._write(cell.number, *read.file)
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

    def _write(self, number: int, name: str, text: str, at_end: bool) -> None:
        path = _path(name)
        self._written.setdefault(path, []).append((number, text, at_end))
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

    def is_check(self, call: CheckCall, exercise: str) -> bool:
        """Whether a call is one of `cu.check`, by whichever name, with an exercise as it may be called there."""
        if call.callee != "check" and call.callee not in self.aliases:
            return False
        meant = {exercise, function_name(exercise), plain_name(exercise), plain_name(function_name(exercise))}
        # `ID = "moco.enqueue"`, then `cu.check(ID)`.
        texts = {plain_name(self._texts[name]) for name in call.names & self._texts.keys()}
        return bool(meant & (call.names | texts))

    @cached_property
    def _texts(self) -> dict[str, str]:
        """Name -> the text that it stands for, of names that get a value once in the notebook."""
        found: dict[str, str] = {}
        bound: set[str] = set()
        for source in self.all:
            for part in source.read.parts:
                for name, value in given_values(part.node):
                    if isinstance(value, ast.Constant) and isinstance(value.value, str) and name not in bound:
                        found[name] = value.value[:_LONGEST_TEXT]
                for name in part.binds & bound:
                    found.pop(name, None)
                bound |= part.binds
        return found

    def modules(self, packages: Iterable[str], end: tuple[float, int]) -> list[CellCode]:
        """The files that are imported, and those which these import, with the text that the notebook has of them.

        Args:
            packages: what is imported.
            end: the place up to which the notebook is run.
        """
        files = self._files_at(end)
        found: dict[str, CellCode] = {}
        waiting = [package for package in packages if not is_promised(package)]
        while waiting and len(found) < _MOST_MODULES:
            package = waiting.pop(0)
            for path, module in self._of_package(package):
                if module in found or len(found) >= _MOST_MODULES:
                    continue
                found[module] = CellCode(path, files[path], (), module=module)
                waiting += [name for name in _imports_of(files[path]) if not is_promised(name)]
        return list(found.values())

    def text_at(self, path: str, key: float) -> str | None:
        """The text of a file as it stands above a cell, or None if none has written it by then."""
        above = [item for item in self._written.get(path, ()) if item[0] < key]
        first = max((place for place, (_, _, at_end) in enumerate(above) if not at_end), default=0)
        return "".join(text for _, text, _ in above[first:])[: MAX_CELL_CODE + 1] if above else None

    def star_names(self, node: ast.stmt, key: float) -> frozenset[str]:
        """The names that star imports of files bind in a statement of a cell."""
        found: frozenset[str] = frozenset()
        for module in stars_in(node):
            text = self._text_of(module, key)
            if text is None:
                continue
            if (module, text) not in self._star_names:
                self._star_names[module, text] = names_of_file(module, lambda name: self._text_of(name, key))
            found |= self._star_names[module, text]
        return found

    def _text_of(self, module: str, key: float) -> str | None:
        """The text of a module's file above a cell, or, if it is written below alone, its last one."""
        if is_promised(module.split(".")[0]):
            return None
        place = module.replace(".", "/")
        path = next((path for path in (f"{place}.py", f"{place}/__init__.py") if path in self._files), None)
        if path is None or len(self._files[path]) > MAX_CELL_CODE:
            return None
        text = self.text_at(path, key)
        return self._files[path] if text is None else text

    def _files_at(self, end: tuple[float, int]) -> dict[str, str]:
        """Path -> text as it was when it was imported, or loaded again, for the last time above a place.

        What is not imported above it counts with the text that was written last above it; what is not written there
        with its last one.
        """
        rewritten = [path for path, written in self._written.items() if len(written) > 1]
        if not rewritten:
            return self._files
        files = dict(self._files)
        loaded = {} if self._is_reloaded(end) else self._loaded_at(end)
        for path in rewritten:
            text = self.text_at(path, loaded.get(path, end[0]))
            if text is not None:
                files[path] = text
        return files

    def _is_reloaded(self, end: tuple[float, int]) -> bool:
        return any(source.key <= end[0] and _AUTORELOAD.search(source.cell.source) for source in self.all)

    def _loaded_at(self, end: tuple[float, int]) -> dict[str, float]:
        """Path -> the cell above a place in which its text was read last."""
        paths = {module: path for path in self._files if (module := _module(path))}
        names: dict[str, str] = {}
        loaded: dict[str, float] = {}
        for source in self.all:
            for load in source.read.loads:
                if (source.key, load.index) >= end:
                    return loaded
                if load.again:
                    path = paths.get(names.get(load.module, load.module), "")
                    if path in loaded:
                        loaded[path] = source.key
                else:
                    names[load.name or load.module] = load.module
                    self._load(load.module, source.key, paths, loaded)
        return loaded

    def _load(self, module: str, key: float, paths: Mapping[str, str], loaded: dict[str, float]) -> None:
        """Note a module that is imported, and what it imports in turn."""
        waiting = [module]
        while waiting:
            parts = waiting.pop().split(".")
            for length in range(1, len(parts) + 1):
                path = paths.get(".".join(parts[:length]), "")
                if path and path not in loaded and (text := self.text_at(path, key)) is not None:
                    loaded[path] = key
                    waiting += _loads_of(text)

    @property
    def packages(self) -> frozenset[str]:
        """The top-level names by which files of the hand-in can be imported."""
        names = (path.removesuffix(".py").split("/")[0] for path in self._files if path.endswith(".py"))
        return frozenset(name for name in names if not is_promised(name))

    def _of_package(self, package: str) -> Iterator[tuple[str, str]]:
        """Path and name of the modules of a package that is handed in."""
        for path, text in sorted(self._files.items()):
            module = _module(path)
            if module and len(text) <= MAX_CELL_CODE and module.split(".")[0] == package:
                yield path, module

    def is_beside(self, path: str) -> bool:
        """Whether a file was handed in beside the notebook, and not written by a cell."""
        return path in self._handed_in


_HOLDS_STATEMENTS = (ast.stmt, ast.excepthandler, ast.match_case)


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
            # No expression holds an import.
            waiting += (child for child in ast.iter_child_nodes(node) if isinstance(child, _HOLDS_STATEMENTS))
    return list(found)


def _loads_of(text: str) -> list[str]:
    try:
        return [load.module for load in loads_of(parse_python(text))]
    except (Unparsable, RecursionError):
        return []


def _module(path: str) -> str:
    """The name by which a file can be imported; empty if it cannot."""
    return (
        path.removesuffix(".py").replace("/", ".").removesuffix(".__init__") if path.endswith(".py") else ""
    )


def _imports_of(text: str) -> list[str]:
    try:
        return imported_packages([parse_python(text)])
    except (Unparsable, RecursionError):
        return []


def _path(name: str) -> str:
    return re.sub(r"^(?:\./)+", "", name.replace("\\", "/"))
