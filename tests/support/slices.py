"""What a slice executes."""

from __future__ import annotations

import ast

from course_utils.slices.slicing import Slice
from course_utils.slices.statements import binding_part


def executed(found: object) -> str:
    """The statements of a slice as text; that it is one is asserted."""
    assert isinstance(found, Slice), found
    lines = []
    for cell in found.cells:
        body = ast.parse(cell.source).body
        parts = [binding_part(body[index], cell.fills) for index in cell.statements]
        lines += [ast.unparse(part) for part in parts if part is not None]
    return "\n".join(lines)
