"""Which cells of a notebook are not run, because they call a function that does not come to an end."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Collection

from course_utils.slices.names import function_name
from course_utils.student.fresh_run import NotebookJson, cell_source
from course_utils.student.state import bound_in


def without_calls(content: NotebookJson, exercises: Collection[str]) -> tuple[NotebookJson, int]:
    """A copy of a notebook whose cells that use some exercises are empty, and how many those are.

    What such a cell binds is missing below it, so cells that use that are left out too. Cells of definitions stay.
    """
    content = copy.deepcopy(content)
    if not exercises:
        return content, 0
    names = {*map(function_name, exercises), *exercises}
    count = 0
    for cell in content["cells"]:
        source = cell_source(cell)
        if cell.get("cell_type") != "code" or not any(
            re.search(rf"\b{re.escape(name)}\b", source) for name in names
        ):
            continue
        names |= bound_in(source) - _imported(source)
        if not _only_defines(source):
            cell["source"] = ""
            count += 1
    return content, count


def _imported(source: str) -> set[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom))
    return {alias.asname or alias.name.split(".")[0] for node in imports for alias in node.names}


def _only_defines(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return False
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
    return all(isinstance(item, kinds) for item in body)
