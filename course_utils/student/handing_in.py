"""The file to hand in, made of a notebook."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course_utils.slices.help import Help, as_json
from course_utils.slices.names import function_name
from course_utils.student.fresh_run import CheckedExercise, NotebookJson

# Characters of JSON. Training curves and image grids fit; films and tables of a million rows do not.
_LARGEST_OUTPUT, _LARGEST_TOTAL = 300_000, 5_000_000


def for_handing_in(content: NotebookJson, unit: str, asked: Mapping[str, Help] | None = None) -> NotebookJson:
    """A copy of a notebook without its very large outputs and without the state of widgets.

    All cells are kept as they are: sources, metadata, attachments. What is left out is named in its place. The hints
    that were `asked` for go into the notebook's metadata.
    """
    content = copy.deepcopy(content)
    total = 0
    for cell in content["cells"]:
        outputs = cell.get("outputs")
        if not isinstance(outputs, list):
            continue
        for index, output in enumerate(outputs):
            size = len(json.dumps(output))
            if size > _LARGEST_OUTPUT or total + size > _LARGEST_TOTAL:
                text = f"(an output of {size / 1000:,.0f} kB was left out of the submission)\n"
                outputs[index] = {"output_type": "stream", "name": "stdout", "text": text}
            else:
                total += size
    found = content.get("metadata")
    metadata: dict[str, Any] = found if isinstance(found, dict) else {}
    content["metadata"] = metadata
    metadata.pop("widgets", None)
    course = metadata.get("course")
    metadata["course"] = {
        **(course if isinstance(course, dict) else {}),
        "submission": {
            "unit": unit,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "help": as_json(asked or {}),
        },
    }
    return content


def about_files(result: CheckedExercise, folder: Path) -> list[str]:
    """What to do about each file that the grader will miss, as a sentence.

    Args:
        result: of an exercise, as the grader will see it.
        folder: of the notebook.
    """
    return [
        f"{function_name(result.exercise)} needs {name}, which stands beside the notebook and not in it: hand in a zip "
        f"of both, or put the code of {name} into a cell."
        if (folder / name).is_file()
        else f"Note: {text}."
        for name, text in result.files.items()
    ]


def files_beside(results: Iterable[CheckedExercise], folder: Path) -> list[str]:
    """The files beside the notebook that its exercises import or run."""
    named = dict.fromkeys(name for result in results for name in result.files)
    return [name for name in named if (folder / name).is_file()]


def as_bytes(content: NotebookJson) -> bytes:
    """The bytes of a notebook file."""
    # Half of an emoji, as some editors leave it, cannot be written in UTF-8.
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in one step, so that no half of it is handed in when the disk is full."""
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    partial.replace(path)
