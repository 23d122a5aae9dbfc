"""A notebook as nbgrader is given it: read by our own bounded reader, before nbgrader and its libraries see the file.

They would make objects of all that it holds, check each of them against a schema a dozen times and copy them as often.
What a student wrote comes through: the cells, their texts, pictures and the names by which they are found. Outputs and
all other metadata do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import nbformat
from nbconvert.exporters import NotebookExporter
from nbformat import NotebookNode

from autograder.errors import UserError
from autograder.intake.archive import MAX_BYTES
from course_utils.slices.python_text import MAX_CELL_CODE, MAX_CODE

# Of all kinds; the libraries take a tenth of a second for a hundred.
MOST_CELLS = 2_000
# Of texts that are no code; pictures lie in them too.
MOST_TEXT = 20 * 2**20
_LONGEST_METADATA = 20_000
# Objects and lists in a file that only Python's patient reader takes, or an older format's converter.
_MOST_OBJECTS = 50_000
_DEEPEST = 50
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_CELL_METADATA = ("nbgrader", "course", "colab", "id")
_SWITCHES = ("deletable", "editable")
_LEXERS = ("python", "python3", "ipython", "ipython3")
_PYTHON = {"name": "python", "pygments_lexer": "ipython3"}
_KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

_NONE = msgspec.Raw(b"null")


class TooMuchError(UserError):
    """A notebook is beyond what is read, with a sentence for the TA and the student."""


class BoundedExporter(NotebookExporter):  # type: ignore[misc]
    """nbgrader's exporter of notebooks, which reads no more than `read_bounded` does."""

    def from_file(  # type: ignore[override]
        self, file_stream: Any, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert what is in an opened file. Raises `TooMuchError`."""
        notebook = read_bounded(Path(file_stream.name))
        made: tuple[str, dict[str, Any]] = self.from_notebook_node(notebook, resources=resources, **kw)
        return made


def read_bounded(path: Path) -> NotebookNode:
    """The cells of a notebook in the present format.

    Raises:
        TooMuchError: it holds more than is read.
        Exception: what nbformat says of a file that is none.
    """
    if (size := path.stat().st_size) > MAX_BYTES:
        raise TooMuchError(
            f"{path.name} is {size / 2**20:.0f} MB, more than the {MAX_BYTES // 2**20} MB that are read: clear the "
            "notebook's outputs, save it and hand it in again"
        )
    return bounded_notebook(path.name, path.read_bytes())


def bounded_notebook(name: str, data: bytes) -> NotebookNode:
    """The same of a file that was read. Raises as `read_bounded`."""
    try:
        found = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Notebook)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _patiently(name, data)
    # Only notebooks of before format 4 have no cells of their own.
    if found.nbformat not in (4, None) or found.cells is None:
        return _patiently(name, data)
    return _made(name, found.cells, _metadata(found.metadata))


class _Cell(msgspec.Struct):
    cell_type: msgspec.Raw = _NONE
    source: msgspec.Raw = _NONE
    id: msgspec.Raw = _NONE
    metadata: msgspec.Raw = _NONE
    attachments: msgspec.Raw = _NONE


class _Notebook(msgspec.Struct):
    nbformat: Any = None
    metadata: msgspec.Raw = _NONE
    cells: list[_Cell] | None = None


def _patiently(name: str, data: bytes) -> NotebookNode:
    """The same of an older format, or of JSON that is not quite right."""
    if data.count(b"{") + data.count(b"[") > _MOST_OBJECTS:
        raise TooMuchError(
            f"{name} is in an old format, or no proper JSON, and holds more than is read of such"
        )
    notebook = nbformat.reads(data.decode("utf-8-sig", errors="replace"), as_version=4)
    cells = [
        _Cell(**{key: msgspec.Raw(json.dumps(cell.get(key)).encode()) for key in _Cell.__struct_fields__})
        for cell in notebook.cells
    ]
    return _made(name, cells, _bounded(notebook.get("metadata")))


def _made(name: str, cells: list[_Cell], metadata: dict[str, Any]) -> NotebookNode:
    if len(cells) > MOST_CELLS:
        raise TooMuchError(
            f"{name} has {len(cells):,} cells, more than the {MOST_CELLS:,} that are read: was the right file "
            "handed in?"
        )
    made = [_cell(number, cell) for number, cell in enumerate(cells)]
    code = [len(cell["source"]) for cell in made if cell["cell_type"] == "code"]
    text = sum(len(cell["source"]) for cell in made if cell["cell_type"] != "code")
    if sum(code) > MAX_CODE or max(code, default=0) > MAX_CELL_CODE:
        raise TooMuchError(
            f"{name} holds more code than is read, {MAX_CELL_CODE // 1000} kB in a cell and {MAX_CODE // 1000} kB "
            "in all (data belongs in a file)"
        )
    if text > MOST_TEXT:
        raise TooMuchError(f"{name} holds more than the {MOST_TEXT // 2**20} MB of text that are read")
    notebook = nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": made})
    tidy_metadata(notebook)
    return notebook


def _cell(number: int, cell: _Cell) -> dict[str, Any]:
    kind = _loads(cell.cell_type)
    kind = kind if kind in ("code", "markdown") else "raw"
    source = _loads(cell.source)
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    name = _loads(cell.id)
    made: dict[str, Any] = {
        "cell_type": kind,
        "id": name if isinstance(name, str) and _ID.fullmatch(name) else f"cell-{number}",
        "metadata": _metadata(cell.metadata),
        "source": source if isinstance(source, str) else "",
    }
    if kind == "code":
        made |= {"outputs": [], "execution_count": None}
    elif isinstance(attachments := _loads(cell.attachments), dict):
        made["attachments"] = {
            name: types for name, types in attachments.items() if isinstance(types, dict) and types
        }
    return made


def _metadata(raw: msgspec.Raw) -> dict[str, Any]:
    return _bounded(_loads(raw)) if len(bytes(raw)) <= _LONGEST_METADATA else {}


def _bounded(found: Any) -> dict[str, Any]:
    """Metadata as they are, if they are no deeper than people's."""
    return found if isinstance(found, dict) and _depth(found) <= _DEEPEST else {}


def _depth(found: Any) -> int:
    depth, level = 0, [found]
    while level and depth <= _DEEPEST:
        depth += 1
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item if isinstance(item, list) else ())
        ]
    return depth


def _loads(raw: msgspec.Raw) -> Any:
    try:
        # By Python's own module: it takes halves of surrogate pairs, which msgspec refuses.
        return json.loads(bytes(raw).decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return None


def tidy_metadata(nb: NotebookNode) -> None:
    """Leave of a notebook's metadata, and its cells', what grading needs: the rest goes into pages or breaks them."""
    kernel, language = nb.metadata.get("kernelspec"), nb.metadata.get("language_info")
    kept = {"kernelspec": kernel if _is_plain(kernel) else _KERNEL, "language_info": _PYTHON}
    if isinstance(language, Mapping) and {language.get("name"), language.get("pygments_lexer")} <= {
        None,
        *_LEXERS,
    }:
        kept["language_info"] = {
            name: language[name] for name in ("name", "pygments_lexer") if name in language
        }
    if isinstance(nb.metadata.get("course"), Mapping):
        kept["course"] = nb.metadata["course"]
    nb["metadata"] = nbformat.from_dict(kept)
    for cell in nb.cells:
        found = cell.get("metadata")
        found = found if isinstance(found, Mapping) else {}
        some = {name: found[name] for name in _CELL_METADATA if isinstance(found.get(name), Mapping | str)}
        some |= {name: found[name] for name in _SWITCHES if isinstance(found.get(name), bool)}
        cell["metadata"] = nbformat.from_dict(some)


def _is_plain(kernel: Any) -> bool:
    """Whether a kernel's names are names, which stand in pages and menus."""
    named = kernel if isinstance(kernel, Mapping) else {}
    return {"name", "display_name"} <= set(named) and all(
        isinstance(text, str) and re.fullmatch(r"[\w .()+:/-]{1,100}", text) for text in named.values()
    )
