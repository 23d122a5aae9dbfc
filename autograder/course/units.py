"""Find the units of the course and their exercises.

A unit is a folder `solutions/<unit>/` with a `notebook.md`, an exercise a folder in it. Files of the same name in
`course/<unit>/` and `course/<unit>/<exercise>/` take their place one by one.
"""

from __future__ import annotations

import ast
import hashlib
import hmac
import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from autograder.course.exercises import FILES, NEEDED, SHARED, Exercise, load_exercise
from autograder.course.fingerprint import judging_code
from autograder.course.texts import read_text
from autograder.errors import UserError
from course_utils.checks.prepared import PreparedExercise
from course_utils.checks.wire import pack_tensor
from course_utils.slices.slicing import import_prelude

NOTEBOOK = "notebook.md"
UNIT_FILES = (NOTEBOOK, SHARED)
# What misconceptions show depends on these: slips are made from the reference.
_BANK = ("wrong.py", "reference.py")
_LEFT_ALONE = "What begins with _ or . is left alone"
# Where things stood when all exercises of a unit shared their files, and where they stand now.
_OLD_PLACES = {
    "reference.py": "reference.py",
    "checks.py": "checks.py",
    "misconceptions.py": "wrong.py",
    "variants.py": "right.py",
    "equivalents.toml": "equivalents.toml",
}


@dataclass(frozen=True)
class Unit:
    """One problem set.

    Attributes:
        id: the folder's name, `"moco"`.
        root: the repository.
        notebook: its `notebook.md`.
        shared: its `shared.py`, if there is one.
        folders: exercise id -> where each of its files was found, in the order of the notebook.
        overrides: files of `course/` that took the place of others.
    """

    id: str
    root: Path
    notebook: Path
    shared: Path | None
    folders: Mapping[str, Mapping[str, Path]]
    overrides: tuple[Path, ...] = ()

    @cached_property
    def exercises(self) -> dict[str, Exercise]:
        """Exercise id -> exercise, in the order of the notebook; those it does not name come last.

        Raises:
            UserError: a folder lacks a file, or one of them does not load.
        """
        return {id_: load_exercise(id_, files) for id_, files in self._complete.items()}

    @property
    def _complete(self) -> Mapping[str, Mapping[str, Path]]:
        for id_, files in self.folders.items():
            missing = [name for name in NEEDED if name not in files]
            if missing:
                folder = self.root / "solutions" / id_.replace(".", "/")
                raise UserError(
                    f"{folder / missing[0]} is missing: an exercise needs {', '.join(NEEDED)}. "
                    f"`autograder new {id_} 'def ...'` writes those that are missing; "
                    "a folder that is no exercise begins with _"
                )
        return self.folders

    @cached_property
    def exercises_elsewhere(self) -> dict[str, tuple[str, ...]]:
        """Other unit -> ids of its exercises: by these a notebook of another unit is recognised."""
        return {
            other: tuple(
                f"{other}.{folder.name}" for folder in _exercise_folders(self.root / "solutions" / other)
            )
            for other in unit_ids(self.root)
            if other != self.id
        }

    @property
    def files(self) -> dict[str, Path]:
        """All files of the unit: their places in a folder of units -> where they were found."""
        found = {f"{self.id}/{NOTEBOOK}": self.notebook}
        for id_, files in self.folders.items():
            found |= {
                f"{id_.replace('.', '/')}/{name}": path for name, path in files.items() if name != SHARED
            }
        return found | ({f"{self.id}/{SHARED}": self.shared} if self.shared else {})

    @cached_property
    def prelude(self) -> dict[str, str]:
        """Name -> import statement of the references: what is lent to a notebook that has lost its set-up cell."""
        lent: dict[str, str] = {}
        for files in self._complete.values():
            lent |= import_prelude(files["reference.py"].read_text(encoding="utf-8"))
        return {name: text for name, text in lent.items() if not text.startswith("from solutions.")}

    def checks_sha256(self, exercise: PreparedExercise, key: bytes, prelude: Mapping[str, str]) -> str:
        """Hash of all that decides the verdict on one exercise: its prepared checks and bank, and the judging code.

        Prepared, a check is values: a comment in `checks.py`, or a change of another exercise, changes nothing here.

        Args:
            exercise: one of this unit's, prepared.
            key: the key of the hidden seeds. The hash is keyed with it, so that it gives away no guess at a case.
            prelude: imports that are lent to students, see `slicing.import_prelude`.
        """

        def plain(value: object) -> object:
            """What msgspec does not know in a prepared exercise, as something that it does."""
            if isinstance(value, Tensor):
                return pack_tensor(value)
            if isinstance(value, torch.dtype):
                return str(value)
            if callable(value):
                # A property may use anything in the exercise's files.
                files = self.folders[exercise.id].items()
                return [path.read_bytes() for name, path in files if name.endswith(".py")]
            if isinstance(value, Mapping):
                return dict(value)
            raise NotImplementedError(f"{type(value).__name__} in a prepared exercise")

        # The bank counts as what is written there: what its ideas show is computed only if somebody is wrong.
        checks = tuple(replace(check, wrong={}) for check in exercise.checks)
        files = self.folders[exercise.id]
        bank = [_without_comments(files[name]) for name in (*_BANK, SHARED) if name in files]
        encoder = msgspec.msgpack.Encoder(enc_hook=plain, order="deterministic")
        said = (exercise.id, checks, exercise.hints, bank, prelude, judging_code())
        return hmac.digest(key, encoder.encode(said), "sha256").hex()


def _without_comments(path: Path) -> str:
    return ast.dump(ast.parse(path.read_text(encoding="utf-8")))


def combined_sha256(exercises: Mapping[str, str]) -> str:
    """One hash of exercise id -> hash, in this order."""
    return hashlib.sha256(msgspec.json.encode(list(exercises.items()))).hexdigest()


def unit_ids(root: Path) -> list[str]:
    """Ids of all units, in the order of the alphabet: folders with a notebook or an exercise in them."""
    return sorted(
        folder.name
        for folder in (root / "solutions").glob("*")
        if _counts(folder)
        and ((folder / NOTEBOOK).is_file() or _exercise_folders(folder) or _old_files(folder))
    )


def load_unit(root: Path, unit: str) -> Unit:
    """The unit with this id.

    Raises:
        UserError: there is no such unit, it has no notebook, a file stands where it stood in earlier versions, or has a
            name that means nothing.
    """
    if unit not in unit_ids(root):
        raise UserError(f"unknown unit {unit!r}: there are {', '.join(unit_ids(root)) or 'none'}")
    here, override = root / "solutions" / unit, root / "course" / unit
    for folder in (here, override):
        for path in _old_files(folder):
            new = folder / "EXERCISE" / _OLD_PLACES[path.name]
            raise UserError(
                f"{path}: each exercise has a folder of its own now: put what it says into {new}, for each exercise "
                "that it speaks of"
            )
    found = _found(here, override, UNIT_FILES)
    if NOTEBOOK not in found:
        raise UserError(f"{here / NOTEBOOK} is missing: a unit needs one")
    _no_unknown_names(here)
    # An override may stand in for a file, but it makes no exercise.
    folders = {}
    overrides = [path for path in found.values() if override in path.parents]
    for id_ in _ordered(unit, found[NOTEBOOK], [folder.name for folder in _exercise_folders(here)]):
        name = id_.split(".")[1]
        files = _found(here / name, override / name, FILES)
        overrides += [path for path in files.values() if override in path.parents]
        folders[id_] = files | ({SHARED: found[SHARED]} if SHARED in found else {})
    _no_strays(root, unit, folders)
    return Unit(unit, root, found[NOTEBOOK], found.get(SHARED), folders, tuple(overrides))


def _found(folder: Path, override: Path, names: tuple[str, ...]) -> dict[str, Path]:
    places = {name: (override / name, folder / name) for name in names}
    return {
        name: next(path for path in both if path.is_file())
        for name, both in places.items()
        if any(path.is_file() for path in both)
    }


def _exercise_folders(folder: Path) -> list[Path]:
    return [place for place in sorted(folder.glob("*")) if _counts(place)]


def _counts(place: Path) -> bool:
    return place.is_dir() and not _is_ignored(place.name)


def _is_ignored(name: str) -> bool:
    """Drafts, and what Python and file managers leave behind."""
    return name.startswith(("_", "."))


def _old_files(folder: Path) -> list[Path]:
    return [folder / name for name in _OLD_PLACES if (folder / name).is_file()]


def _ordered(unit: str, notebook: Path, names: list[str]) -> list[str]:
    """Ids of the exercises, in the order in which the notebook has their cells."""
    text = read_text(notebook)
    listed = re.findall(r'^```python [^\n]*\bexercise="([\w.]+)"', text, re.MULTILINE)
    ids = [f"{unit}.{name}" for name in names]
    return sorted(ids, key=lambda id_: listed.index(id_) if id_ in listed else len(listed))


def _no_unknown_names(here: Path) -> None:
    """A file of a unit whose name means nothing is a slip of the hand that nobody would notice."""
    if not _is_name(here.name):
        raise UserError(f"{here}: {here.name!r} is no name of Python, as a unit's must be: rename the folder")
    for path in _regarded(here):
        if not path.is_dir():
            if path.name not in UNIT_FILES:
                raise UserError(
                    f"{path}: is no file of a unit: those are {', '.join(UNIT_FILES)}, and one folder for each exercise"
                    f". {_LEFT_ALONE}"
                )
            continue
        if not _is_name(path.name):
            raise UserError(
                f"{path}: an exercise's folder is named as its function, and {path.name!r} is no name of Python: "
                f"rename it. {_LEFT_ALONE}"
            )
        for inner in _regarded(path):
            if inner.name not in FILES:
                raise UserError(
                    f"{inner}: is no file of an exercise: those are {', '.join(FILES)}. {_LEFT_ALONE}"
                )


def _regarded(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.iterdir()) if not _is_ignored(path.name)]


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


def _no_strays(root: Path, unit: str, folders: Mapping[str, Mapping[str, Path]]) -> None:
    """A file in `course/` that takes the place of none is a slip of the hand that nobody would notice."""
    course = root / "course"
    for path in _regarded(course) if course.is_dir() else []:
        if not path.is_dir() or path.name not in unit_ids(root):
            raise UserError(
                f"{path}: takes the place of nothing in solutions/: what stands in course/ are folders named as units: "
                f"{', '.join(unit_ids(root))}. {_LEFT_ALONE}"
            )
    override = course / unit
    for path in sorted(override.rglob("*")):
        parts = path.relative_to(override).parts
        if path.is_file() and not any(map(_is_ignored, parts)):
            fits = parts[0] in UNIT_FILES if len(parts) == 1 else False
            fits = fits or (len(parts) == 2 and f"{unit}.{parts[0]}" in folders and parts[1] in FILES)
            if not fits:
                known = ", ".join(id_.split(".")[1] for id_ in folders)
                raise UserError(
                    f"{path}: takes the place of no file in solutions/{unit}/. An exercise's files are "
                    f"{', '.join(NEEDED)}, its folder one of {known}"
                )
