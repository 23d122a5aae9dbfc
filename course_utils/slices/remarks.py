"""What the student and the staff may want to know of how a slice was found."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator, Mapping, Sequence

from course_utils.slices.cells import several_cells
from course_utils.slices.found import (
    BOUND_BELOW,
    FILE_MISSING,
    FILE_TAKEN,
    FOUND_BY_NAME,
    IMPORTS_LENT,
    LEFT_OUT,
    SEVERAL_DEFINITIONS,
    WRAPPED,
    WRAPPED_TOO_LATE,
    FunctionFound,
    NeededCode,
    SliceNote,
    Statement,
)
from course_utils.slices.plain import LONGEST_NAME, clip, several
from course_utils.slices.sources import Sources
from course_utils.slices.statements import DEFINITION, CellCode, is_installed, is_promised

# What a notebook has without an import, and the grader too.
GIVEN = vars(builtins).keys() | {"display", "get_ipython", "input"}


def of_definitions(
    found: FunctionFound, written: Sequence[Statement], own: Sequence[Statement]
) -> Iterator[SliceNote]:
    """Which definition counts.

    Args:
        found: where the function is.
        written: all that gives its name a value or changes it.
        own: those of the exercise's cell.
    """
    name, root = found.name, found.root
    if not own:
        text = f"{name} was found in {_cells([root])} by its name, not in the cell of the exercise"
        yield SliceNote(FOUND_BY_NAME, text)
    passed = {item.place for item in [*found.wraps, *found.ignored]}
    defined = [item for item in written if item.place not in passed and name in item.part.values]
    if own and len({item.label for item in defined}) > 1:
        counts = f"code cell {root.label}" if root.label.isdigit() else clip(root.label, LONGEST_NAME)
        text = f"{name} is defined in {_cells(defined)}: the one in {counts} counts"
        yield SliceNote(SEVERAL_DEFINITIONS, text)
    changed = f"{name} of {_cells([root])} is wrapped or changed in"
    if found.wraps:
        text = f"{changed} {_cells(found.wraps)}, before it is checked: what that makes of it counts"
        yield SliceNote(WRAPPED, text)
    if found.ignored:
        text = f"{changed} {_cells(found.ignored)}, after it is checked: that does not count"
        yield SliceNote(WRAPPED_TOO_LATE, text)


def of_names(found: FunctionFound, chosen: NeededCode, lent: Iterable[str]) -> Iterator[SliceNote]:
    """Which names are bound otherwise than above the check.

    Args:
        found: where the function is.
        chosen: what the slice is made of.
        lent: names that the grader lends where nothing binds them.
    """
    unresolved = sorted(chosen.missing & set(lent))
    if unresolved and not any("*" in item.binds for item in chosen.above.values()):
        text = f"the imports of {', '.join(unresolved)} are missing: taken from the released notebook"
        yield SliceNote(IMPORTS_LENT, text)
    if chosen.names:
        below = [item for item in chosen.below.values() if item.binds & set(chosen.names)]
        have = "has" if len(chosen.names) == 1 else "have"
        text = (
            f"{several(chosen.names)}, which {found.name} needs, {have} no value above its check: taken from "
            f"{_cells(below)}, below it"
        )
        yield SliceNote(BOUND_BELOW, text)


def of_left_out(
    left: Iterable[tuple[str, frozenset[str]]],
    binding: Mapping[str, Sequence[Statement]],
) -> Iterator[SliceNote]:
    """Which names are changed above the check by what a slice never executes.

    Args:
        left: of each loop or call that is left out: its cell, and what it changes.
        binding: names that are used -> what binds them above the check.
    """
    tables = set()
    for name, items in binding.items():
        given = [item for item in items if name in item.part.values]
        if (given and not isinstance(given[-1].node, (*DEFINITION, ast.Import, ast.ImportFrom))) or not items:
            tables.add(name)
    said: dict[str, str] = {}
    for title, names in left:
        said |= dict.fromkeys(sorted(names & tables - said.keys()), title)
    for name, title in said.items():
        does = "is also changed" if binding[name] else "gets its value"
        text = (
            f"{name} {does} in {title} by a loop or a call that the grader leaves out: it runs "
            "loops that only assign, fill lists, sets and dictionaries, and print"
        )
        yield SliceNote(LEFT_OUT, text)


def of_helper_files(
    found: FunctionFound,
    chosen: NeededCode,
    packages: Iterable[str],
    modules: Sequence[CellCode],
    sources: Sources,
) -> Iterator[SliceNote]:
    """Which files are taken along, and which are missing.

    Args:
        found: where the function is.
        chosen: what the slice is made of.
        packages: what the slice cannot do without.
        modules: the files that it imports.
        sources: the notebook with its files.
    """
    labels = [item.label for item in [*chosen.above.values(), *chosen.below.values()]]
    taken = [name for name in [code.name for code in modules] + labels if sources.is_beside(name)]
    if taken:
        text = f"{found.name} uses {several(dict.fromkeys(taken))}, handed in with the notebook: taken along"
        yield SliceNote(FILE_TAKEN, text)
    ours = {code.module.split(".")[0] for code in modules}
    for package in packages:
        if package not in ours and not is_promised(package) and not is_installed(package):
            name = clip(package, LONGEST_NAME)
            text = (
                f"{name} is imported, but {name}.py is not in the hand-in, nor is a package of this name "
                "installed where it is graded: hand the file in together with the notebook (a zip of both), or put its "
                "code into a cell"
            )
            yield SliceNote(FILE_MISSING, text, f"{name}.py")
    if chosen.missing - GIVEN:
        for title, name in sources.not_there:
            text = (
                f"{title} runs {clip(name, LONGEST_NAME)}, which is not in the hand-in: hand it in together "
                "with the notebook (a zip of both), or put its code into a cell"
            )
            yield SliceNote(FILE_MISSING, text, clip(name, LONGEST_NAME))


def _cells(statements: Iterable[Statement]) -> str:
    """The cells and files in which statements stand, in a sentence."""
    ordered = sorted(statements, key=lambda item: item.place)
    return several_cells({item.label: item.title or item.label for item in ordered}.values())
