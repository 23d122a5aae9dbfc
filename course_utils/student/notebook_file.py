"""The file of the notebook that is handed in: as it is given, as the editor tells it, or as the browser has it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from course_utils import shipped
from course_utils.slices.plain import clip
from course_utils.student.fresh_run import NotebookJson
from course_utils.student.handed import unit_of_notebook
from course_utils.student.whose import SubmitError

_SECONDS_FOR_BROWSER = 60
_LONGEST_NAME = 60


def find_notebook(unit: str | None, given: object, namespace: Mapping[str, Any]) -> tuple[Path, NotebookJson]:
    """The notebook's file and what it holds.

    Args:
        unit: the problem set, where it is known.
        given: the file, where it is given.
        namespace: the notebook's globals.

    Raises:
        SubmitError: it is not found, or is no notebook.
    """
    if given is not None:
        if not isinstance(given, str | Path):
            raise SubmitError(
                "give the notebook's file by its name, as in cu.submit('moco', notebook='moco.ipynb')"
            )
        try:
            path = Path(given).expanduser().resolve()
            is_there = path.is_file()
        except (OSError, ValueError, RuntimeError):
            # A null character, a name of thousands of characters, an unknown user after the tilde.
            raise SubmitError(
                f"no file can have the name {clip(repr(given), _LONGEST_NAME)}: check the name; the folder here is "
                f"{Path.cwd()}"
            ) from None
        if not is_there:
            raise SubmitError(f"there is no file {path}: check the name; the folder here is {Path.cwd()}")
        return path, _read(path)
    if "google.colab" in sys.modules:
        content = _from_colab(unit or "...")
        return Path.cwd() / f"{unit or unit_of_notebook(content) or 'notebook'}.ipynb", content
    if own := own_file(namespace):
        return own, _read(own)
    for name in [unit] if unit else shipped.known_units():
        path = Path.cwd() / f"{name}.ipynb"
        if path.is_file():
            return path, _read(path)
    raise SubmitError(
        f"I can't tell which file this notebook is. Give its name: cu.submit({unit or 'moco'!r}, "
        f"notebook='{unit or 'moco'}.ipynb') (the folder here is {Path.cwd()})"
    )


def own_file(namespace: Mapping[str, Any]) -> Path | None:
    """The file of this notebook, where the editor tells it."""
    for name in (namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        # JupyterLab names the session by the path of the notebook; with real-time collaboration there's a prefix.
        for candidate in _candidates(name):
            if candidate.suffix == ".ipynb" and candidate.is_file():
                return candidate.resolve()
    return None


def _candidates(name: object) -> list[Path]:
    if not isinstance(name, str) or not name:
        return []
    path = Path(name.removeprefix("RTC:"))
    return [path, Path.cwd() / path.name]


def _from_colab(unit: str) -> NotebookJson:
    """The notebook as it stands in the browser: on Colab's machine there is no file of it.

    Raises:
        SubmitError: the browser did not answer in time, or with something else.
    """
    reply: Any = None
    with suppress(Exception):
        from google.colab import _message

        # None if there is no answer in time.
        reply = _message.blocking_request("get_ipynb", request="", timeout_sec=_SECONDS_FOR_BROWSER)
    content: Any = reply.get("ipynb") if isinstance(reply, dict) else None
    if not _is_notebook(content):
        raise SubmitError(
            "your browser did not hand over the notebook. Make sure that this tab is open in front and run this cell "
            "again; if that does not help, choose File > Download > Download .ipynb and hand in that file: it "
            f"counts as much as a {unit}-submission.ipynb."
        )
    return content


def _read(path: Path) -> NotebookJson:
    try:
        # Some editors put a byte order mark first, or leave a tab in a text.
        content = json.loads(path.read_text(encoding="utf-8-sig"), strict=False)
    except (OSError, ValueError, RecursionError) as error:
        kind = type(error).__name__
        raise SubmitError(
            f"{path} is no notebook ({kind}): save it again, or give the right file."
        ) from error
    if not _is_notebook(content):
        raise SubmitError(
            f"{path} is not a notebook of the present format: open it, save it again, and repeat."
        )
    return content


def _is_notebook(content: object) -> bool:
    cells = content.get("cells") if isinstance(content, dict) else None
    return isinstance(cells, list) and all(map(_is_cell, cells))


def _is_cell(cell: object) -> bool:
    source = cell.get("source") if isinstance(cell, dict) else 0
    return source is None or isinstance(source, str) or _is_lines(source)


def _is_lines(source: object) -> bool:
    return isinstance(source, list) and all(isinstance(line, str) for line in source)
