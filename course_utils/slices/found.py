"""What is found of an exercise in a notebook: the slice and what it is made of, or why there is none."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from course_utils.slices.reading import Part
from course_utils.slices.statements import DEFINITION, CellCode


@dataclass(frozen=True)
class Statement:
    """A part, and the cell in which it stands.

    Attributes:
        key: the place of the cell among those that run: its number, or a fraction for a file that it runs.
        label: the cell's number, or the name of the file.
        part: what it binds.
        title: the cell or the file in a sentence.
    """

    key: float
    label: str
    part: Part
    title: str = ""

    @property
    def place(self) -> tuple[float, int]:
        """Its place in the notebook."""
        return self.key, self.part.index

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
        return not isinstance(self.node, DEFINITION) and name in self.uses


@dataclass(frozen=True)
class SliceNote:
    """What the student and the staff may want to know of how a slice was found.

    Attributes:
        kind: one of `NOTES`.
        text: a sentence without its full stop.
        file: the name of a file that it says is missing.
    """

    kind: str
    text: str
    file: str = ""


SEVERAL_CELLS, FOUND_BY_NAME, SEVERAL_DEFINITIONS = "several-cells", "found-by-name", "several-definitions"
WRAPPED, WRAPPED_TOO_LATE, IMPORTS_LENT = "wrapped", "wrapped-too-late", "imports-lent"
BOUND_BELOW, LEFT_OUT, OTHER_TYPE = "bound-below", "left-out", "other-type"
FILE_TAKEN, FILE_MISSING = "file-taken", "file-missing"
NOTES = (
    *(SEVERAL_CELLS, FOUND_BY_NAME, SEVERAL_DEFINITIONS, WRAPPED, WRAPPED_TOO_LATE, IMPORTS_LENT),
    *(BOUND_BELOW, LEFT_OUT, OTHER_TYPE, FILE_TAKEN, FILE_MISSING),
)


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


@dataclass
class NeededCode:
    """What a slice is made of.

    Attributes:
        above: statements that stand above the check.
        below: such as stand below it, for names that are bound nowhere else.
        names: these names.
        missing: names that nothing binds.
        known: all names that are used.
    """

    above: dict[tuple[float, int], Statement] = field(default_factory=dict)
    below: dict[tuple[float, int], Statement] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class FunctionFound:
    """Where an exercise's function is.

    Attributes:
        name: of the function.
        root: the definition that counts.
        more: what else makes the function what it is at its check.
        end: the place up to which a name is bound as in the notebook.
        wraps: those of `more` that stand in other cells, below it.
        ignored: what changes the function when it has been checked.
    """

    name: str
    root: Statement
    more: list[Statement]
    end: tuple[float, int]
    wraps: list[Statement]
    ignored: list[Statement]
