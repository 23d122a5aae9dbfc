"""What a star import binds, of packages that are loaded and of files whose text is known. Nothing is executed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection

from course_utils.slices.python_text import Unparsable, parse_python
from course_utils.slices.reading import loose, names_bound_by
from course_utils.slices.statements import is_promised

_MOST_FILES = 20


def names_of_package(module: str) -> Collection[str]:
    """The names of a package that every grader has loaded; of others nobody knows without importing."""
    loaded = sys.modules.get(module)
    if loaded is None or not is_promised(loaded.__name__.split(".")[0]):
        return ()
    return getattr(loaded, "__all__", None) or [name for name in vars(loaded) if not name.startswith("_")]


def names_of_file(module: str, text_of: Callable[[str], str | None]) -> frozenset[str]:
    """The names that a star import of a file binds: those of its `__all__`, or all that are public.

    Args:
        module: by which it is imported.
        text_of: the text of a module's file; None if there is none. A file may have star imports of its own.
    """
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [module]
    while waiting and len(seen) < _MOST_FILES:
        name = waiting.pop()
        text = None if name in seen else text_of(name)
        seen.add(name)
        if text is None:
            found |= set() if name == module else set(names_of_package(name))
            continue
        try:
            body = parse_python(text).body
            if (listed := _listed(body)) is not None:
                found |= listed
                continue
            bound = {name for node in body for name in names_bound_by(node)}
        except (Unparsable, RecursionError):
            continue
        found |= {name for name in bound if not name.startswith("_")}
        if "*" in bound:
            waiting += [inner for node in body for inner in stars_in(node)]
    return frozenset(found - {"*"})


def stars_in(node: ast.stmt) -> list[str]:
    """The modules of which a statement imports everything."""
    return [
        child.module
        for child in loose(node)
        if isinstance(child, ast.ImportFrom)
        and child.module
        and not child.level
        and child.names[0].name == "*"
    ]


def _listed(body: list[ast.stmt]) -> set[str] | None:
    """The names of `__all__`, if that is written down once and as it is."""
    given = [node for node in body if "__all__" in names_bound_by(node)]
    if len(given) != 1 or not isinstance(given[0], ast.Assign | ast.AnnAssign):
        return None
    value = given[0].value
    if not isinstance(value, ast.List | ast.Tuple):
        return None
    return {
        item.value for item in value.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)
    }
