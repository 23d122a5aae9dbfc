"""A unit under another name: what of its files says the name, and a copy in which all of it says the new one."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

from autograder.course.receipt import FILE as RECEIPT
from autograder.course.texts import read_text
from autograder.course.units import NOTEBOOK, Unit, unit_ids
from autograder.errors import UserError, writing
from autograder.publish.likeness import shapes
from autograder.publish.notebook_source import read_order
from course_utils.slices.names import function_name

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TEXTS = (".py", ".md", ".toml")
_CELL = re.compile(r'^```python [^\n]*\bexercise="(\w+)\.(\w+)"', re.MULTILINE)
_ORDER = re.compile(r"^(\s+order:\s*)\d+", re.MULTILINE)


def refuse_copy(unit: Unit) -> None:
    """Refuse a unit whose folder was copied or renamed, and whose files still say the old name.

    Raises:
        UserError: with the lines that say it, and the command that changes them.
    """
    named = _CELL.findall(read_text(unit.notebook))
    owners, own = {owner for owner, _ in named}, {f"{unit.id}.{function}" for _, function in named}
    if len(owners) != 1 or owners == {unit.id} or not own <= unit.folders.keys():
        return
    old = owners.pop()
    folder = unit.root / "solutions" / unit.id
    lines = [
        f"  {path.relative_to(unit.root)}, line{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
        for path, numbers in _places(folder, old)
    ]
    raise UserError(
        f"{folder}: was {old}, or is a copy of it, and its files still say so; an exercise belongs to one unit alone. "
        f"`autograder new {unit.id} --from {old}` writes {unit.id} into these lines:\n" + "\n".join(lines)
    )


def make_copy(root: Path, new: str, old: str) -> list[Path]:
    """Copy a unit under a new name, or write the new name into a folder that was copied or renamed by hand.

    Receipts are left out: they are those of other exercises. If its place in the course is taken, it gets the one after
    the last. What the course overrides (`course/<unit>/`) and sets (`course.toml`) is not copied.

    Args:
        root: the repository.
        new: the new name; a folder of this name that says it already is refused.
        old: the name of the unit as it was.

    Returns:
        The files that say the new name, or another place in the course.

    Raises:
        UserError: a name cannot be one, there is nothing to copy, or nothing to rename.
        WriteError: a file or folder cannot be written.
    """
    source, folder = root / "solutions" / old, root / "solutions" / new
    if not _NAME.fullmatch(new) or new == old:
        raise UserError(
            f"{new!r} can be no name of a new unit: small letters, digits and _, another than {old!r}"
        )
    if not folder.exists():
        if old not in unit_ids(root):
            raise UserError(f"unknown unit {old!r}: there are {', '.join(unit_ids(root)) or 'none'}")
        with writing(folder):
            shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__", ".*", RECEIPT))
    elif not (folder / NOTEBOOK).is_file() or not list(_places(folder, old)):
        raise UserError(f"{folder} exists already, and nothing in it says {old}: choose another name")
    changed = [path for path, _ in _places(folder, old)]
    pattern = _said(folder, old)
    for path in changed:
        text = pattern.sub(new, read_text(path))
        with writing(path):
            path.write_text(text, encoding="utf-8")
    for path in folder.glob(f"*/{RECEIPT}"):
        if f'"{old}.' in read_text(path):
            with writing(path):
                path.unlink()
    return sorted({*changed, *_move(root, new)})


def twins(units: Iterable[Unit]) -> Iterator[tuple[str, str]]:
    """Exercises of two units whose references are the same but for names, layout and comments: both ids, sorted."""
    seen: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        for id_, files in unit.folders.items():
            if "reference.py" in files:
                for name, shape in shapes(read_text(files["reference.py"])):
                    if name == function_name(id_):
                        seen[shape].append(id_)
    for ids in seen.values():
        for one, other in combinations(sorted(ids), 2):
            if one.split(".")[0] != other.split(".")[0]:
                yield one, other


def _places(folder: Path, old: str) -> Iterator[tuple[Path, list[int]]]:
    """Files of a unit, each with the numbers of the lines that say an old name."""
    pattern = _said(folder, old)
    for path in sorted(path for path in folder.rglob("*") if path.suffix in _TEXTS and path.is_file()):
        text = read_text(path)
        if numbers := [number for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]:
            yield path, numbers


def _said(folder: Path, old: str) -> re.Pattern[str]:
    """The old name where it is that of the unit: in ids, imports and paths, and as an argument; not in a word."""
    exercises = _one_of([item.name for item in folder.iterdir() if item.is_dir()])
    answers = set(re.findall(rf'answer="{re.escape(old)}-(\w+)"', read_text(folder / NOTEBOOK)))
    name = re.escape(old)
    return re.compile(
        rf"(?<![\w-]){name}(?=\.{exercises}\b)"
        rf"|(?<=solutions[./]){name}\b"
        rf"|(?<=cu\.setup\([\"']){name}(?=[\"'])"
        rf"|(?<=cu\.submit\([\"']){name}(?=[\"'])"
        rf"|(?<![\w-]){name}(?=-{_one_of(sorted(answers))}\b)"
    )


def _one_of(names: Sequence[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, names))})" if names else r"(?!)"


def _move(root: Path, unit: str) -> list[Path]:
    """Give a unit the place after the last one if its own is taken."""
    path = root / "solutions" / unit / NOTEBOOK
    taken: set[int] = set()
    for other in unit_ids(root):
        with contextlib.suppress(UserError):  # of one that is unfinished nobody knows the place
            if other != unit:
                taken.add(read_order(root / "solutions" / other / NOTEBOOK)[0])
    if read_order(path)[0] not in taken:
        return []
    text = _ORDER.sub(rf"\g<1>{max(taken) + 1}", read_text(path), count=1)
    with writing(path):
        path.write_text(text, encoding="utf-8")
    return [path]
