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
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from autograder.sandbox.statements import binding_part, is_installed
from autograder.sandbox.wire import CellCode
from autograder.submission import Cell, Submission
from autograder.units import cell_id, check_cell_id, function_name

_DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Cell magics that run the rest of the cell as ordinary Python.
_PYTHON_MAGICS = ("time", "timeit", "capture", "prun")


@dataclass(frozen=True)
class Statement:
    """A top-level statement that binds names.

    Attributes:
        cell: number of its cell.
        index: its place among all top-level statements of the cell.
        node: the part of it that binds.
        binds: names it gives a value to; `"*"` for a star import.
    """

    cell: int
    index: int
    node: ast.stmt
    binds: frozenset[str]

    @cached_property
    def uses(self) -> frozenset[str]:
        """Global names that are read in it. A function's own variables are none, whatever they are called."""
        try:
            return global_names(self.node)
        except (SyntaxError, ValueError, RecursionError):
            # What parses may still not compile: `global pointer` after its use. The sandbox will say so.
            return frozenset()

    def changes(self, name: str) -> bool:
        """Whether it needs the name's earlier value: `f = torch.no_grad()(f)`, `f.calls = 0`."""
        return not isinstance(self.node, _DEFINITION) and name in self.uses


@dataclass(frozen=True)
class Slice:
    """The code of one exercise.

    Attributes:
        cells: what to execute, in the order of the notebook.
        flags: what a person may want to know.
    """

    cells: tuple[CellCode, ...]
    flags: tuple[str, ...] = ()


@dataclass(frozen=True)
class NoSlice:
    """There is nothing to execute.

    Attributes:
        attempted: false for an untouched stub or a deleted function, true for code that does not parse.
    """

    attempted: bool
    reason: str
    flags: tuple[str, ...] = ()


class Program:
    """A notebook's binding statements, parsed once for all of its exercises."""

    def __init__(self, submission: Submission, prelude: Mapping[str, str] | None = None) -> None:
        """Parse the cells.

        Args:
            submission: the notebook.
            prelude: name -> import statement, for names of the release's set-up cell that a student has lost.
        """
        self._prelude = prelude or {}
        self._borrowed: list[str] = []
        self._cells = {cell.number: cell for cell in submission.cells}
        self._sources: dict[int, str] = {}
        self._errors: dict[int, str] = {}
        self._statements: list[Statement] = []
        for cell in submission.cells:
            try:
                source, tree = _parse(cell.source)
            except _Unparsable as error:
                self._errors[cell.number] = str(error)
                continue
            self._sources[cell.number] = source
            for index, node in enumerate(tree.body):
                if (part := binding_part(node)) is not None:
                    self._statements.append(Statement(cell.number, index, part, _binds(part)))

    def slice(self, exercise: str) -> Slice | NoSlice:
        """The slice of an exercise, found by cell id or, failing that, by the function's name."""
        name = function_name(exercise)
        tagged = [cell for cell in self._cells.values() if cell.ids & {cell_id(exercise), exercise}]
        flags = [f"{len(tagged)} cells carry the id {cell_id(exercise)}"] if len(tagged) > 1 else []
        numbers = {cell.number for cell in tagged}
        defining = [item for item in self._statements if name in item.binds]
        written = [item for item in defining if not _is_stub(item.node)]
        own = [item for item in written if item.cell in numbers]
        if not written:
            return self._missing(name, tagged, bool(defining), tuple(flags))
        root = ([item for item in own or written if not item.changes(name)] or own or written)[-1]
        if not own:
            flags.append(f"{name} was found in cell {root.cell} by its name, not in the cell of the exercise")
        wraps, ignored = self._wraps(root, exercise)
        defined = sorted({item.cell for item in written} - {item.cell for item in wraps + ignored})
        if own and len(defined) > 1:
            flags.append(
                f"{name} is defined in cells {', '.join(map(str, defined))}: the one in cell {root.cell} counts"
            )
        if wraps:
            flags.append(
                f"{name} of cell {root.cell} is wrapped or changed in {_cells(wraps)}, before it is checked: "
                "what that makes of it counts"
            )
        if ignored:
            flags.append(
                f"{name} of cell {root.cell} is wrapped or changed in {_cells(ignored)}, after it is checked: "
                "that does not count"
            )
        chosen = self._closure(root, name, wraps, flags)
        return Slice(tuple(self._code(chosen)), tuple(flags))

    def _missing(self, name: str, tagged: list[Cell], stub: bool, flags: tuple[str, ...]) -> NoSlice:
        pattern = re.compile(rf"^\s*(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b", re.MULTILINE)
        for number, problem in self._errors.items():
            cell = self._cells[number]
            if pattern.search(cell.source) or cell in tagged:
                return NoSlice(True, f"cell {number} is no valid Python: {problem}", flags)
        if stub:
            return NoSlice(False, "the stub is as it was released", flags)
        numbers = {cell.number for cell in tagged}
        others = [
            item.node.name
            for item in self._statements
            if item.cell in numbers and isinstance(item.node, _DEFINITION) and not _is_stub(item.node)
        ]
        if others:
            reason = f"there is no function {name}, but its cell defines {', '.join(others)}: was it renamed?"
            return NoSlice(True, reason, flags)
        return NoSlice(False, f"there is no function {name}", flags)

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
        for item in self._statements:
            if item.cell <= root.cell or name not in item.binds:
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
            if check_cell_id(exercise) in cell.ids or call.search(cell.source)
        ]
        end = max((number for number in checks if number > root.cell), default=max(self._cells))
        return [item for item in wraps if item.cell <= end], [item for item in wraps if item.cell > end]

    def _closure(
        self, root: Statement, name: str, wraps: list[Statement], flags: list[str]
    ) -> set[tuple[int, int]]:
        chosen = {(root.cell, root.index)}
        # Other statements of the same cell may wrap the function: `enqueue = torch.no_grad()(enqueue)`.
        waiting = [
            root,
            *(s for s in self._statements if s.cell == root.cell and name in s.binds and s is not root),
            *wraps,
        ]
        if root.changes(name):
            # The cell only wraps what another cell defines.
            waiting += [s for s in self._statements if name in s.binds and not s.changes(name)][-1:]
        known = {name}
        missing: set[str] = set()
        while waiting:
            statement = waiting.pop()
            chosen.add((statement.cell, statement.index))
            for used in statement.uses - known:
                known.add(used)
                binding = self._bindings(used, statement.cell if statement in wraps else root.cell)
                waiting.extend(binding)
                if not binding:
                    missing.add(used)
        unresolved = {used for used in missing if used in self._prelude}
        stars = [item for item in self._statements if "*" in item.binds]
        if not missing - unresolved - vars(builtins).keys():
            # A star import may still hide a builtin, but a package that is not here must not cost a grade for that.
            stars = [item for item in stars if _is_here(item.node)]
        chosen |= {(item.cell, item.index) for item in stars}
        if unresolved and not stars:
            flags.append(
                f"the imports of {', '.join(sorted(unresolved))} are missing: taken from the released notebook"
            )
        self._borrowed = sorted({self._prelude[used] for used in unresolved})
        return chosen

    def _bindings(self, name: str, cell: int) -> list[Statement]:
        """What binds a name when the exercise's cell has just been run from the top; failing that, what comes later."""
        binding = [item for item in self._statements if name in item.binds]
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
    for node in _tree(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom) and getattr(node, "module", None) != "__future__":
            prelude.update(dict.fromkeys(_binds(node), ast.unparse(node)))
    return prelude


class _Unparsable(Exception):
    pass


# CPython 3.11 counts the depth of all trees that are being made in one place: two threads that parse at once disturb
# each other with "AST constructor recursion depth mismatch" (gh-106905).
_PARSER = threading.Lock()


def _tree(source: str) -> ast.Module:
    with _PARSER:
        return ast.parse(source)


def _parse(source: str) -> tuple[str, ast.Module]:
    try:
        return source, _tree(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        pass
    try:
        plain = _without_magics(source)
        return plain, _tree(plain)
    except SyntaxError as error:
        raise _Unparsable(f"{error.msg}, line {error.lineno}: {(error.text or '').strip()}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise _Unparsable(f"{type(error).__name__}: {error}") from error


def _without_magics(source: str) -> str:
    """IPython's syntax as plain Python with the same line numbers."""
    from IPython.core.inputtransformer2 import TransformerManager

    head, newline, rest = source.lstrip("\n").partition("\n")
    if head.startswith("%%"):
        magic = head[2:].split(maxsplit=1)
        # The rest may hold magics again: `%%capture`, then `%%time`, then `!pip list`.
        return f"{newline}{_without_magics(rest)}" if magic and magic[0] in _PYTHON_MAGICS else ""
    return TransformerManager().transform_cell(source)


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
    return f"cell{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


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
        if isinstance(statement, ast.Raise) and "NotImplementedError" in ast.dump(statement):
            continue
        return False
    return True
