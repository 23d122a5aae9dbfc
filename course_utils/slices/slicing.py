"""Cut out of a notebook what one exercise needs, and nothing else.

The slice holds the function's definition and, transitively, the top-level imports, definitions and assignments that
bind the names it uses. Loose expressions (prints, training, own tests, `!pip`) are never part of it, not even those in
the exercise's own cell: they must neither cost nor change a grade.
"""

from __future__ import annotations

import ast
import builtins
import re
import symtable
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from course_utils.slices.bounded import Bounded
from course_utils.slices.cells import Cell
from course_utils.slices.names import cell_id, check_cell_id, function_name
from course_utils.slices.plain import LONGEST_NAME, clip, several
from course_utils.slices.python_text import (
    Allowance,
    Unparsable,
    ipython_work,
    parse,
    parse_magics,
    parse_python,
)
from course_utils.slices.statements import CellCode, binding_part, is_installed

_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Nodes of syntax trees that are kept for the next student, at some 500 bytes each.
_MOST_NODES = 200_000


@dataclass(frozen=True)
class Part:
    """What a top-level statement binds.

    Attributes:
        index: its place among all top-level statements of the cell.
        node: the part of it that binds.
        binds: names it gives a value to; `"*"` for a star import.
    """

    index: int
    node: ast.stmt
    binds: frozenset[str]

    @cached_property
    def uses(self) -> frozenset[str]:
        """Global names that are read in it. A function's own variables are none, whatever they are called."""
        try:
            return global_names(self.node)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            # What parses may still not compile: `global pointer` after its use. The sandbox will say so.
            return frozenset()


@dataclass(frozen=True)
class Statement:
    """A part, and the number of the cell in which it stands."""

    cell: int
    part: Part

    @property
    def index(self) -> int:
        """Its place in the cell."""
        return self.part.index

    @property
    def node(self) -> ast.stmt:
        """The part of it that binds."""
        return self.part.node

    @property
    def binds(self) -> frozenset[str]:
        """Names it gives a value to."""
        return self.part.binds

    @property
    def uses(self) -> frozenset[str]:
        """Global names that are read in it."""
        return self.part.uses

    def changes(self, name: str) -> bool:
        """Whether it needs the name's earlier value: `f = torch.no_grad()(f)`, `f.calls = 0`."""
        return not isinstance(self.node, _DEFINITION) and name in self.uses


@dataclass(frozen=True)
class SliceNote:
    """What the student and the staff may want to know of how a slice was found.

    Attributes:
        kind: one of `SEVERAL_CELLS`, `FOUND_BY_NAME`, `SEVERAL_DEFINITIONS`, `WRAPPED`, `WRAPPED_TOO_LATE` and
            `IMPORTS_LENT`.
        text: a sentence without its full stop.
    """

    kind: str
    text: str


SEVERAL_CELLS, FOUND_BY_NAME, SEVERAL_DEFINITIONS = "several-cells", "found-by-name", "several-definitions"
WRAPPED, WRAPPED_TOO_LATE, IMPORTS_LENT = "wrapped", "wrapped-too-late", "imports-lent"


@dataclass(frozen=True)
class Slice:
    """The code of one exercise.

    Attributes:
        cells: what to execute, in the order of the notebook.
        notes: what is particular about where it was found.
        statements: what is executed, as syntax trees.
    """

    cells: tuple[CellCode, ...]
    notes: tuple[SliceNote, ...] = ()
    statements: tuple[Statement, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class NoSlice:
    """There is nothing to execute.

    Attributes:
        attempted: false for an untouched stub or a deleted function, true for code that does not parse.
        missing: there is not even a stub.
    """

    attempted: bool
    reason: str
    notes: tuple[SliceNote, ...] = ()
    missing: bool = field(default=False, compare=False)


class Program:
    """A notebook's binding statements, parsed once for all of its exercises."""

    def __init__(self, cells: Iterable[Cell], prelude: Mapping[str, str] | None = None) -> None:
        """Parse the cells.

        Args:
            cells: the code cells, in their order.
            prelude: name -> import statement, for names of the release's set-up cell that a student has lost.
        """
        self._prelude = prelude or {}
        self._borrowed: list[str] = []
        self._cells = {cell.number: cell for cell in cells}
        self._sources: dict[int, str] = {}
        self._errors: dict[int, str] = {}
        self._statements: list[Statement] = []
        allowance = Allowance()
        for cell in self._cells.values():
            if cell.left_out:
                self._errors[cell.number] = f"{_quoted(cell)} is {cell.left_out}"
                continue
            read = _known(cell.source, "python")
            if read.needs_ipython:
                read = _known(cell.source, "ipython" if allowance.spend(cell.source) else "lines")
            if read.problem:
                self._errors[cell.number] = f"{_quoted(cell)} is no valid Python: {read.problem}"
                continue
            self._sources[cell.number] = read.text
            self._statements += [Statement(cell.number, part) for part in read.parts]
        self._binding: dict[str, list[Statement]] = defaultdict(list)
        for statement in self._statements:
            for name in statement.binds:
                self._binding[name].append(statement)

    def slice(self, exercise: str) -> Slice | NoSlice:
        """The slice of an exercise, found by cell id or, failing that, by the function's name."""
        found = self._slice(exercise)
        notes = tuple(replace(note, text=clip(note.text)) for note in found.notes)
        if isinstance(found, NoSlice):
            return replace(found, reason=clip(found.reason), notes=notes)
        return Slice(found.cells, notes, found.statements)

    def _slice(self, exercise: str) -> Slice | NoSlice:
        name = function_name(exercise)
        tagged = [cell for cell in self._cells.values() if cell.ids & {cell_id(exercise), exercise}]
        notes = []
        if len(tagged) > 1:
            text = f"{len(tagged)} cells carry the id {cell_id(exercise)}"
            notes.append(SliceNote(SEVERAL_CELLS, text))
        numbers = {cell.number for cell in tagged}
        defining = self._binding.get(name, [])
        written = [item for item in defining if not _is_stub(item.node)]
        own = [item for item in written if item.cell in numbers]
        if not written:
            return self._missing(name, tagged, bool(defining), tuple(notes))
        root = ([item for item in own or written if not item.changes(name)] or own or written)[-1]
        if not own:
            text = f"{name} was found in code cell {root.cell} by its name, not in the cell of the exercise"
            notes.append(SliceNote(FOUND_BY_NAME, text))
        wraps, ignored = self._wraps(root, exercise)
        defined = sorted({item.cell for item in written} - {item.cell for item in wraps + ignored})
        if own and len(defined) > 1:
            text = (
                f"{name} is defined in code cells {several(defined)}: the one in code cell {root.cell} counts"
            )
            notes.append(SliceNote(SEVERAL_DEFINITIONS, text))
        changed = f"{name} of code cell {root.cell} is wrapped or changed in"
        if wraps:
            text = f"{changed} {_cells(wraps)}, before it is checked: what that makes of it counts"
            notes.append(SliceNote(WRAPPED, text))
        if ignored:
            text = f"{changed} {_cells(ignored)}, after it is checked: that does not count"
            notes.append(SliceNote(WRAPPED_TOO_LATE, text))
        chosen = self._closure(root, name, wraps, notes)
        statements = tuple(item for item in self._statements if (item.cell, item.index) in chosen)
        return Slice(tuple(self._code(chosen)), tuple(notes), statements)

    def _missing(self, name: str, tagged: list[Cell], stub: bool, notes: tuple[SliceNote, ...]) -> NoSlice:
        pattern = re.compile(rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+{re.escape(name)}\b", re.MULTILINE)
        numbers = {cell.number for cell in tagged}
        for number, problem in self._errors.items():
            if number in numbers or pattern.search(self._cells[number].source):
                return NoSlice(True, problem, notes)
        if stub:
            return NoSlice(False, "the stub is as it was released", notes)
        others = [
            item.node.name
            for item in self._statements
            if item.cell in numbers and isinstance(item.node, _DEFINITION) and not _is_stub(item.node)
        ]
        if others:
            reason = f"there is no function {name}, but its cell defines {several(others)}: was it renamed?"
            return NoSlice(True, reason, notes)
        left_out = [cell.number for cell in self._cells.values() if cell.left_out]
        if left_out:
            reason = f"there is no function {name} in what is read; left out: code cell {several(left_out)}"
            return NoSlice(True, reason, notes)
        return NoSlice(False, f"there is no function {name}", notes, missing=True)

    def _wraps(self, root: Statement, exercise: str) -> tuple[list[Statement], list[Statement]]:
        """Assignments in later cells that make a new function of this one: `f = torch.no_grad()(f)`.

        The function that is graded is the one that the student saw checked: what the notebook, run from the top, gives
        when the last check of the exercise runs, or at its end if there is none. What changes the function below that
        (a clock for the training loop, a fixed momentum) must not cost a right answer its points.

        Returns:
            Those that count, and those that come too late.
        """
        name = function_name(exercise)
        wraps = []
        for item in self._binding.get(name, ()):
            if item.cell <= root.cell:
                continue
            if not item.changes(name):
                # Another attempt; what is done to the name from here on is done to that one.
                if not _is_stub(item.node):
                    break
            elif isinstance(item.node, ast.Assign | ast.AnnAssign) and _hands_on(item.node, name):
                wraps.append(item)
        call = re.compile(rf"\bcheck\(\s*[\"']{re.escape(exercise)}[\"']")
        checks = [
            cell.number
            for cell in self._cells.values()
            if check_cell_id(exercise) in cell.ids or (exercise in cell.source and call.search(cell.source))
        ]
        end = max((number for number in checks if number > root.cell), default=max(self._cells))
        return [item for item in wraps if item.cell <= end], [item for item in wraps if item.cell > end]

    def _closure(
        self, root: Statement, name: str, wraps: list[Statement], notes: list[SliceNote]
    ) -> set[tuple[int, int]]:
        # Other statements of the same cell may wrap the function: `enqueue = torch.no_grad()(enqueue)`.
        waiting = [
            root,
            *(s for s in self._binding.get(name, ()) if s.cell == root.cell and s is not root),
            *wraps,
        ]
        if root.changes(name):
            # The cell only wraps what another cell defines.
            waiting += [s for s in self._binding.get(name, ()) if not s.changes(name)][-1:]
        known = {name}
        missing: set[str] = set()
        late = {(item.cell, item.index) for item in wraps}
        done: set[tuple[int, int]] = set()
        while waiting:
            statement = waiting.pop()
            place = (statement.cell, statement.index)
            if place in done:
                continue
            done.add(place)
            for used in statement.uses - known:
                known.add(used)
                binding = self._bindings(used, statement.cell if place in late else root.cell)
                waiting.extend(binding)
                if not binding:
                    missing.add(used)
        chosen = done
        unresolved = {used for used in missing if used in self._prelude}
        stars = self._binding.get("*", [])
        if not missing - unresolved - vars(builtins).keys():
            # A star import may still hide a builtin, but a package that is not here must not cost a grade for that.
            stars = [item for item in stars if _is_here(item.node)]
        chosen |= {(item.cell, item.index) for item in stars}
        if unresolved and not stars:
            missing_names = ", ".join(sorted(unresolved))
            text = f"the imports of {missing_names} are missing: taken from the released notebook"
            notes.append(SliceNote(IMPORTS_LENT, text))
        self._borrowed = sorted({self._prelude[used] for used in unresolved})
        return chosen

    def _bindings(self, name: str, cell: int) -> list[Statement]:
        """What binds a name when the exercise's cell has just been run from the top; failing that, what comes later."""
        binding = self._binding.get(name, [])
        return [item for item in binding if item.cell <= cell] or binding

    def _code(self, chosen: Iterable[tuple[int, int]]) -> list[CellCode]:
        code = []
        if self._borrowed:
            code.append(
                CellCode("set-up", "\n".join(self._borrowed) + "\n", tuple(range(len(self._borrowed))))
            )
        by_cell: dict[int, list[int]] = {}
        for cell, index in sorted(chosen):
            by_cell.setdefault(cell, []).append(index)
        for item in self._statements:
            # `from __future__ import annotations` changes how its own cell is compiled.
            if item.cell in by_cell and getattr(item.node, "module", None) == "__future__":
                by_cell[item.cell].insert(0, item.index)
        code += [
            CellCode(str(cell), self._sources[cell], tuple(indices)) for cell, indices in by_cell.items()
        ]
        return code


def import_prelude(source: str) -> dict[str, str]:
    """Name -> import statement, for every top-level import of a Python source."""
    prelude = {}
    for node in parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", None) != "__future__":
            prelude.update(dict.fromkeys(sorted(_binds(node)), ast.unparse(node)))
    return prelude


@dataclass(frozen=True)
class _Read:
    """A cell that was read.

    Attributes:
        text: the cell as plain Python.
        problem: why it is none, then empty of parts.
        needs_ipython: it is no Python as it stands, and holds what might be magics.
        nodes: of its syntax tree.
    """

    text: str
    parts: tuple[Part, ...] = ()
    problem: str = ""
    needs_ipython: bool = False
    nodes: int = 1


def _read(source: str, how: str) -> _Read:
    """Read a cell as `python`, with magics as `ipython` understands them, or without `lines` that look like magics."""
    try:
        text, tree = (
            (source, parse_python(source)) if how == "python" else parse_magics(source, how == "ipython")
        )
        parts = [(index, binding_part(node)) for index, node in enumerate(tree.body)]
        read = tuple(Part(index, part, _binds(part)) for index, part in parts if part is not None)
        return _Read(text, read, nodes=sum(1 for _ in ast.walk(tree)))
    except Unparsable as error:
        return _Read(source, problem=str(error), needs_ipython=how == "python" and ipython_work(source) > 0)
    except RecursionError:
        return _Read(source, problem="it is nested too deeply")


# Cells that were read before: most of a class's are as they were released. Parts remember what they use: a tree that is
# larger than a tenth would drive out what is of use.
_known = Bounded(
    _read,
    lambda read, source, how: read.nodes + len(source) // 10,
    most=_MOST_NODES,
    largest=_MOST_NODES // 10,
)


def _is_here(node: ast.stmt) -> bool:
    return not isinstance(node, ast.ImportFrom) or (not node.level and is_installed(node.module or ""))


def _hands_on(node: ast.stmt, name: str) -> bool:
    """Whether a function is used otherwise than by calling it: `f = f(x)` keeps a result, and makes no function."""
    called = {id(child.func) for child in ast.walk(node) if isinstance(child, ast.Call)}
    return any(
        isinstance(child, ast.Name)
        and child.id == name
        and isinstance(child.ctx, ast.Load)
        and id(child) not in called
        for child in ast.walk(node)
    )


def _cells(statements: Iterable[Statement]) -> str:
    numbers = sorted({item.cell for item in statements})
    return f"code cell{'s' if len(numbers) > 1 else ''} {several(numbers)}"


def _quoted(cell: Cell) -> str:
    """A cell as who looks at the notebook finds it: nothing there shows its number."""
    first = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
    begins = f" (it begins with: {clip(first, LONGEST_NAME)})" if first else ""
    return f"code cell {cell.number}{begins}"


def _body(node: ast.stmt) -> list[ast.stmt]:
    parts = [*getattr(node, "body", []), *getattr(node, "orelse", []), *getattr(node, "finalbody", [])]
    for handler in getattr(node, "handlers", []):
        parts += handler.body
    return parts


def _binds(node: ast.stmt) -> frozenset[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset({node.name})
    if isinstance(node, ast.Import | ast.ImportFrom):
        return frozenset((alias.asname or alias.name.split(".")[0]) for alias in node.names)
    if isinstance(node, ast.If | ast.Try | ast.With | ast.For):
        names = {name for child in _body(node) for name in _binds(child)}
        if isinstance(node, ast.For):
            names |= _stored(node.target)
        for item in getattr(node, "items", []):
            if item.optional_vars is not None:
                names |= _stored(item.optional_vars)
        return frozenset(names)
    return frozenset(_stored(node))


def _stored(node: ast.AST) -> set[str]:
    names = set()
    # The variables of a comprehension are its own.
    inner = {
        id(name)
        for child in ast.walk(node)
        if isinstance(child, ast.comprehension)
        for name in ast.walk(child.target)
    }
    for child in ast.walk(node):
        if id(child) in inner:
            continue
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            names.add(child.id)
        elif isinstance(child, ast.Attribute | ast.Subscript) and isinstance(child.ctx, ast.Store):
            # `config.width = 3` and `table["a"] = 1` change what `config` and `table` stand for.
            root = child.value
            while isinstance(root, ast.Attribute | ast.Subscript):
                root = root.value
            if isinstance(root, ast.Name):
                names.add(root.id)
    return names


def global_names(node: ast.stmt) -> frozenset[str]:
    """Names that a top-level statement looks up in the notebook's namespace, now or when its functions are called."""

    def walk(table: symtable.SymbolTable, top: bool) -> Iterator[str]:
        for symbol in table.get_symbols():
            if (symbol.is_referenced() or symbol.is_declared_global()) and (top or symbol.is_global()):
                yield symbol.get_name()
        for child in table.get_children():
            yield from walk(child, top=False)

    names = set(walk(symtable.symtable(ast.unparse(node), "cell", "exec"), top=True))
    # `x += 1` and `table["a"] = 1` read what they change.
    return frozenset(names | (_stored(node.target) if isinstance(node, ast.AugAssign) else set()))


def _is_stub(node: ast.stmt) -> bool:
    """Only a docstring, `pass`, `...` or `raise NotImplementedError`."""
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return False
    for statement in node.body:
        if isinstance(statement, ast.Pass):
            continue
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
            continue
        if isinstance(statement, ast.Raise) and any(
            isinstance(child, ast.Name) and child.id == "NotImplementedError" for child in ast.walk(statement)
        ):
            continue
        return False
    return True
