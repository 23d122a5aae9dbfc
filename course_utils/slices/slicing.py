"""Cut out of a notebook what one exercise needs, and nothing else.

The slice holds the function's definition and, transitively, the top-level imports, definitions and assignments that
bind the names it uses, and the calls that fill a table among them. Other loose expressions (prints, training, own
tests, `!pip`) are never part of it, not even those in the exercise's own cell: they must neither cost nor change a
grade.

It means what the notebook means when it is run from the top to the last check of the exercise (to the exercise's own
cell, if it is checked nowhere below that). What stands below counts only for names that have no value by then.
"""

from __future__ import annotations

import ast
import copy
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from course_utils.slices import remarks
from course_utils.slices.cells import Cell, several_cells, type_in_words
from course_utils.slices.filling import Fillings, note_levels
from course_utils.slices.found import (
    BOUND_BELOW,
    FILE_MISSING,
    FILE_TAKEN,
    FOUND_BY_NAME,
    IMPORTS_LENT,
    LEFT_OUT,
    NOTES,
    OTHER_TYPE,
    SEVERAL_CELLS,
    SEVERAL_DEFINITIONS,
    WRAPPED,
    WRAPPED_TOO_LATE,
    FunctionFound,
    NeededCode,
    NoSlice,
    Slice,
    SliceNote,
    Statement,
)
from course_utils.slices.names import cell_id, check_cell_id, function_name, functions_of
from course_utils.slices.plain import clip, several
from course_utils.slices.python_text import Unparsable, parse_python
from course_utils.slices.reading import Part, hands_on, import_prelude, is_stub, loose, names_bound_by
from course_utils.slices.remarks import GIVEN
from course_utils.slices.sources import Source, Sources, imported_packages
from course_utils.slices.stars import names_of_package
from course_utils.slices.statements import DEFINITION, CellCode, binding_part, filled_name, is_installed

__all__ = [
    "BOUND_BELOW",
    "FILE_MISSING",
    "FILE_TAKEN",
    "FOUND_BY_NAME",
    "IMPORTS_LENT",
    "LEFT_OUT",
    "NOTES",
    "OTHER_TYPE",
    "SEVERAL_CELLS",
    "SEVERAL_DEFINITIONS",
    "WRAPPED",
    "WRAPPED_TOO_LATE",
    "NoSlice",
    "Program",
    "Slice",
    "SliceNote",
    "Statement",
    "import_prelude",
]

_AT_ITS_END = 10**9


class Program:
    """A notebook's binding statements, parsed once for all of its exercises."""

    def __init__(
        self,
        cells: Iterable[Cell],
        prelude: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        """Parse the cells.

        Args:
            cells: the code cells, in their order.
            prelude: name -> import statement, for names of the release's set-up cell that a student has lost.
            files: path, seen from the notebook's folder -> text, of what was handed in beside it.
        """
        self._prelude = prelude or {}
        self._sources = Sources(cells, files or {})
        self._by_key = {source.key: source for source in self._sources.all}
        # Loops and the like that are no part: the cell, and the names that they change.
        self._left: list[tuple[float, frozenset[str]]] = []
        # Cells of text that hold an exercise's code count where no code cell has it.
        self._texts = {key: source for key, source in self._by_key.items() if source.cell.kind != "code"}
        self._in_code = self._bound_in_code() if self._texts else {}
        spare = {source.cell.number for source in self._texts.values() if self._is_spare(source)}
        # What such a cell runs goes with it.
        self._spare = {key for key, source in self._texts.items() if source.cell.number in spare}
        self._statements = list(self._effective())
        self._binding = _by_name(self._statements)

    def _bound_in_code(self) -> dict[str, Source]:
        """Name -> the last code cell that gives it a value of its own, no stub."""
        found: dict[str, Source] = {}
        for source in self._by_key.values():
            if source.key in self._texts or source.read.problem:
                continue
            for part in source.read.parts:
                if not is_stub(part.node):
                    statement = Statement(source.key, source.label, part, source.title)
                    found |= {name: source for name in part.values if not statement.changes(name)}
        return found

    def _is_spare(self, text: Source) -> bool:
        """Whether code cells define the functions whose exercises' ids a cell of text carries."""
        names = [name for name, _ in functions_of(text.cell.ids)]
        return bool(names) and all(name in self._in_code for name in names)

    def _as_for(self, name: str) -> Program:
        """The program as it is for one function: cells of text give other functions only what no code cell binds."""
        others = {
            key
            for key, source in self._texts.items()
            if name in self._in_code or name not in [item for item, _ in functions_of(source.cell.ids)]
        }
        if not others:
            return self
        found = copy.copy(self)
        found._statements = [
            item
            for item in self._statements
            if item.key not in others or not item.binds & self._in_code.keys()
        ]
        found._binding = _by_name(found._statements)
        return found

    def _effective(self) -> Iterator[Statement]:
        """The statements that may be part of a slice: calls that fill something do so on containers alone."""
        # Name -> whether its last value was made as a container; in a notebook without such calls nobody asks.
        is_container: dict[str, bool] = {}
        packages = self._sources.packages
        every = [part for source in self._by_key.values() for part in source.read.parts]
        fills = any(part.fills or part.printed for part in every)
        fills = fills or any(source.read.touched for source in self._by_key.values())
        fillings = Fillings(every if fills else (), self._prelude.keys())
        levels: dict[str, float] = {}
        for source in self._by_key.values():
            if source.key in self._spare:
                continue
            parts = () if source.read.problem else source.read.parts
            self._left += [(source.key, names) for names in source.read.left]
            for part in parts:
                if isinstance(part.node, ast.Import | ast.If | ast.Try | ast.With):
                    # What is neither installed nor handed in gives no name a value.
                    node = binding_part(part.node, modules=packages)
                    if node is not None and names_bound_by(node) != part.binds:
                        part = Part(part.index, node, names_bound_by(node))
                if "*" in part.binds and (stars := self._sources.star_names(part.node, source.key)):
                    part = replace(part, binds=part.binds | stars, stars=stars)
                if part.printed and not fillings.may_print(part):
                    self._left.append((source.key, part.binds))
                    continue
                if fills:
                    note_levels(part, levels)
                if part.fills:
                    made = {name for name in part.fills - part.values if is_container.get(name)}
                    made |= part.fills & part.containers
                    made -= fillings.others(part, levels)
                    if other := part.fills - made:
                        node = binding_part(part.node, made, packages)
                        changed = part.binds
                        if node:
                            # `y = x.add(1)` makes another value, but of a container.
                            alone = {
                                filled_name(item) for item in loose(part.node) if isinstance(item, ast.Expr)
                            }
                            changed &= other & (alone | {name for name in other if is_container.get(name)})
                        self._left.append((source.key, changed))
                        if node is None:
                            continue
                        binds = names_bound_by(node, made) | part.stars
                        part = Part(part.index, node, binds, stars=part.stars)
                if fills:
                    values = part.values - (self._in_code.keys() if source.key in self._texts else set())
                    is_container |= {name: name in part.containers for name in values}
                yield Statement(source.key, source.label, part, source.title)
            if touched := frozenset(name for name in source.read.touched if is_container.get(name)):
                self._left.append((source.key, touched))

    def slice(self, exercise: str) -> Slice | NoSlice:
        """The slice of an exercise, found by cell id or, failing that, by the function's name."""
        found = self._as_for(function_name(exercise))._slice(exercise)
        notes = tuple(replace(note, text=clip(note.text)) for note in found.notes)
        if isinstance(found, NoSlice):
            return replace(found, reason=clip(found.reason), notes=notes)
        return Slice(found.cells, notes, found.statements)

    def _slice(self, exercise: str) -> Slice | NoSlice:
        name = function_name(exercise)
        tagged = {
            key for key, source in self._by_key.items() if source.cell.ids & {cell_id(exercise), exercise}
        }
        notes = []
        if len(tagged) > 1:
            titles = [self._by_key[key].title for key in sorted(tagged)]
            text = f"{len(tagged)} cells carry the id {cell_id(exercise)}: {several_cells(titles)}"
            notes.append(SliceNote(SEVERAL_CELLS, text))
        defining = self._binding.get(name, [])
        written = [item for item in defining if not is_stub(item.node)]
        texts = {
            type_in_words(self._by_key[key].cell.kind): key in self._spare
            for key in tagged
            if key in self._texts
        }
        for title, is_spare in sorted(texts.items()):
            if is_spare:
                where = self._in_code[name].title
                text = f"a {title} cell carries the id {cell_id(exercise)}: it was not read, for {where} defines {name}"
            else:
                text = f"the cell of {name} is no code cell but a {title} cell: it was read as code"
            notes.append(SliceNote(OTHER_TYPE, text))
        if not written:
            return self._missing(name, tagged, bool(defining), tuple(notes))
        own = [item for item in written if item.key in tagged]
        found = self._found(exercise, written, own)
        notes += remarks.of_definitions(found, written, own)
        chosen = self._closure(found)
        notes += remarks.of_names(found, chosen, self._prelude)
        left = [(self._by_key[key].title, names) for key, names in self._left if (key, 0) < found.end]
        changed = chosen.known & frozenset().union(*(names for _, names in left))
        above = {name: self._bindings(name, found.end) for name in changed}
        # What gets its only value so is told, too.
        lent = self._prelude.keys() | GIVEN | (set() if not self._binding.get("*") else changed)
        above = {name: items for name, items in above.items() if items or name in chosen.missing - lent}
        notes += remarks.of_left_out(left, above)
        nodes = [item.node for item in [*chosen.above.values(), *chosen.below.values()]]
        modules = self._sources.modules(imported_packages(nodes), found.end)
        needed = imported_packages(nodes, tried=False)
        notes += remarks.of_helper_files(found, chosen, needed, modules, self._sources)
        statements = (*chosen.above.values(), *chosen.below.values())
        statements = tuple(sorted(statements, key=lambda item: item.place))
        statements += tuple(Statement(0, code.name, part) for code in modules for part in _parts_of(code))
        return Slice((*modules, *self._code(found, chosen)), tuple(notes), statements)

    def _missing(self, name: str, tagged: set[float], stub: bool, notes: tuple[SliceNote, ...]) -> NoSlice:
        pattern = re.compile(rf"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+{re.escape(name)}\b", re.MULTILINE)
        for key, source in self._by_key.items():
            if source.read.problem and (key in tagged or pattern.search(source.cell.source)):
                return NoSlice(True, f"{source.title} {source.read.problem}", notes)
        if stub:
            return NoSlice(False, "the stub is as it was released", notes)
        others = [
            item.node.name
            for item in self._statements
            if item.key in tagged and isinstance(item.node, DEFINITION) and not is_stub(item.node)
        ]
        if others:
            reason = f"there is no function {name}, but its cell defines {several(others)}: was it renamed?"
            return NoSlice(True, reason, notes)
        left_out = [source.cell.title for source in self._by_key.values() if source.cell.left_out]
        if left_out:
            reason = f"there is no function {name} in what is read; left out: {several_cells(left_out)}"
            return NoSlice(True, reason, notes)
        return NoSlice(False, f"there is no function {name}", notes, missing=True)

    # --- where the function is ------------------------------------------------------------------------------------

    def _found(self, exercise: str, written: list[Statement], own: list[Statement]) -> FunctionFound:
        """The definition that counts, and what is made of it.

        The function that is graded is the one that the student saw checked: what the notebook, run from the top, gives
        when the last check of the exercise runs. Of what stands below that, nothing may cost a right answer its points:
        a clock for the training loop, a fixed momentum. Where nothing is checked below the exercise's cell, that cell
        itself is the end; but what makes a new function of this one, as `f = torch.no_grad()(f)` does, counts wherever
        it stands.
        """
        name = function_name(exercise)
        checks = self._check_places(exercise)
        root = _last(own or written, name)
        end = max((place for place in checks if place > root.place), default=None)
        if end is None and checks and (not own or _first(own) < max(checks)):
            # Another attempt below its last check, perhaps in the very cell of the check.
            end = max(checks)
        above = [item for item in written if end and item.place < end]
        if end and above:
            root = _last(above, name)
            after = [item for item in above if item.place > root.place]
            later = [item for item in written if item.place > end]
            ignored = _wrapping(later, name)
        else:
            after = [item for item in written if item.key == root.key and item.place > root.place]
            after += _wrapping([item for item in written if item.key > root.key], name)
            end = (max(item.key for item in [root, *after]), _AT_ITS_END)
            ignored = []
        wraps = [item for item in after if item.key != root.key]
        return FunctionFound(name, root, [*_before(root, written, name), *after], end, wraps, ignored)

    def _check_places(self, exercise: str) -> list[tuple[float, int]]:
        """Where the exercise is checked: a cell, and the number of its statements above the check."""
        places = []
        for key, source in self._by_key.items():
            if key in self._spare and check_cell_id(exercise) not in source.cell.ids:
                continue
            calls = [
                (call.line, call.column)
                for call in source.read.checks
                if self._sources.is_check(call, exercise)
            ]
            if calls:
                parts = [(part.node.lineno, part.node.col_offset, part.index) for part in source.read.parts]
                last = max(calls)
                above = [index for line, column, index in parts if (line, column) < last]
                places.append((key, max(above, default=-1) + 1))
            elif check_cell_id(exercise) in source.cell.ids:
                places.append((key, _AT_ITS_END))
        return places

    # --- what it needs --------------------------------------------------------------------------------------------

    def _closure(self, found: FunctionFound) -> NeededCode:
        chosen = NeededCode(known={found.name})
        self._follow([found.root, *found.more], found, chosen)
        stars = [item for item in self._binding.get("*", []) if item.place < found.end]
        here = [item for item in stars if _is_here(item.node)]
        # What stands below may itself need names that are bound there alone.
        while names := sorted(
            name
            for name in chosen.missing - self._prelude.keys() - GIVEN - set(chosen.names)
            if self._binding.get(name)
            and not any(name in names_of_package(getattr(item.node, "module", None) or "") for item in here)
        ):
            chosen.names += names
            self._follow([item for name in names for item in self._binding[name]], found, chosen)
        chosen.missing -= set(chosen.names)
        if not chosen.missing - self._prelude.keys() - GIVEN:
            # A star import may still hide a builtin, but a package that is not here must not cost a grade for that.
            stars = here
        elif not stars:
            stars = self._binding.get("*", [])
        self._follow(stars, found, chosen)
        return chosen

    def _follow(self, waiting: list[Statement], found: FunctionFound, chosen: NeededCode) -> None:
        """Take statements along, and what binds the names that they use."""
        waiting = list(waiting)
        earlier = [item for item in self._binding[found.name] if item.place < found.root.place]
        while waiting:
            statement = waiting.pop()
            side = chosen.above if statement.place < found.end else chosen.below
            if statement.place in side:
                continue
            side[statement.place] = statement
            is_function = isinstance(statement.node, ast.FunctionDef | ast.AsyncFunctionDef)
            if statement.place < found.root.place and found.name in statement.uses and not is_function:
                # An earlier attempt that is used under another name: `plain = f`, then a new f.
                waiting += earlier
                earlier = []
            for used in statement.uses - chosen.known:
                chosen.known.add(used)
                binding = self._bindings(used, found.end)
                waiting += binding
                if not binding:
                    chosen.missing.add(used)

    def _bindings(self, name: str, end: tuple[float, int]) -> list[Statement]:
        """What binds a name when the notebook has been run from the top up to a place."""
        return [item for item in self._binding.get(name, []) if item.place < end]

    def _code(self, found: FunctionFound, chosen: NeededCode) -> list[CellCode]:
        code = []
        if borrowed := sorted({self._prelude[name] for name in chosen.missing & self._prelude.keys()}):
            code.append(CellCode("set-up", "\n".join(borrowed) + "\n", tuple(range(len(borrowed)))))
        above = sorted(chosen.above.values(), key=lambda item: item.place)
        below = sorted(chosen.below.values(), key=lambda item: item.place)
        if not below:
            return code + self._codes(above)
        # What was moved below has its value before the function is made, which may need it for that.
        first = [item for item in above if item.place < found.root.place]
        missing = chosen.missing - self._prelude.keys() - GIVEN
        code += self._codes(first) + self._codes(below, (*chosen.names, *sorted(missing)))
        return code + self._codes(above[len(first) :])

    def _codes(self, statements: list[Statement], unless: tuple[str, ...] = ()) -> list[CellCode]:
        by_cell: dict[float, list[Statement]] = {}
        for item in statements:
            by_cell.setdefault(item.key, []).append(item)
        code = []
        for key, items in by_cell.items():
            places = [item.part.index for item in items]
            # `from __future__ import annotations` changes how its own cell is compiled.
            future = [
                part.index
                for part in self._by_key[key].read.parts
                if getattr(part.node, "module", None) == "__future__" and part.index not in places
            ]
            fills = sorted({name for item in items for name in item.part.fills})
            text = self._by_key[key].read.text
            code.append(CellCode(items[0].label, text, (*future, *places), tuple(fills), unless))
        return code


def _by_name(statements: Iterable[Statement]) -> dict[str, list[Statement]]:
    found: dict[str, list[Statement]] = defaultdict(list)
    for statement in statements:
        for name in statement.binds:
            found[name].append(statement)
    return found


def _first(items: list[Statement]) -> tuple[float, int]:
    return min(item.place for item in items)


def _last(items: list[Statement], name: str) -> Statement:
    """The last that gives the name a value of its own; of none, the last."""
    return ([item for item in items if not item.changes(name)] or items)[-1]


def _wrapping(items: list[Statement], name: str) -> list[Statement]:
    """Assignments that make a new function of this one, up to another attempt: what follows is done to that one."""
    found = []
    for item in items:
        if not item.changes(name):
            break
        if isinstance(item.node, ast.Assign | ast.AnnAssign) and hands_on(item.node, name):
            found.append(item)
    return found


def _before(root: Statement, written: list[Statement], name: str) -> list[Statement]:
    """Earlier definitions that the one that counts may rest on: it wraps one, or is made under a condition."""
    found = []
    needed = root
    for item in reversed([item for item in written if item.place < root.place]):
        if isinstance(needed.node, DEFINITION) or name in needed.part.surely:
            break
        found.append(item)
        needed = item
    if root.changes(name) and not found:
        # The cell only wraps what another cell below defines.
        found = [item for item in written if not item.changes(name)][-1:]
    return found


def _parts_of(code: CellCode) -> list[Part]:
    try:
        body = parse_python(code.source).body
    except Unparsable:
        return []
    return [Part(index, node, frozenset()) for index, node in enumerate(body)]


def _is_here(node: ast.stmt) -> bool:
    return not isinstance(node, ast.ImportFrom) or (not node.level and is_installed(node.module or ""))
