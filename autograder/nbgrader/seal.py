"""The seal of a generated notebook: a hash of its cells, by which a later edit is told from what was made.

What an editor changes by running and saving (outputs, counts of execution, the kernel's name) is no part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

SEAL = "seal"
# Of a cell's metadata: what the course and nbgrader say of it. The rest belongs to editors.
_METADATA = ("course", "nbgrader")


def put_seal(notebook: Any) -> None:
    """Write the seal of a notebook into its metadata, in place, over an earlier one."""
    notebook["metadata"].setdefault("course", {})[SEAL] = sealed_cells(notebook)


def is_edited(notebook: Any) -> bool:
    """Whether a notebook has other cells than when it was sealed; False for one that has no seal."""
    course = notebook["metadata"].get("course")
    seal = course.get(SEAL) if isinstance(course, dict) else None
    return seal is not None and seal != sealed_cells(notebook)


def sealed_cells(notebook: Mapping[str, Any]) -> str:
    """The seal that a notebook of format 4 has as it stands.

    Args:
        notebook: as nbformat has it, or as JSON; a cell's source may be one text or a list of lines.
    """
    cells = [
        [
            cell.get("cell_type"),
            _joined(cell.get("source")),
            cell.get("attachments") or {},
            {name: cell.get("metadata", {}).get(name) for name in _METADATA},
        ]
        for cell in notebook["cells"]
    ]
    return hashlib.sha256(msgspec.json.encode(cells, order="deterministic")).hexdigest()[:16]


def _joined(source: Any) -> Any:
    return "".join(source) if isinstance(source, list) else source
