"""Make everything generated from `solutions/`: notebooks, recorded checks, the page of units."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import nbformat
import torch
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course.config import Course, load_course
from autograder.course.units import Unit, load_unit, unit_ids
from autograder.errors import UserError, WriteError, writing
from autograder.nbgrader.configuration import configure
from autograder.nbgrader.seal import put_seal
from autograder.publish.made_from import RECORDS, build_record, record_place
from autograder.publish.notebook_maker import exercise_points, make_notebook, unit_minutes, unit_points
from autograder.publish.notebook_source import NotebookSource, read_notebook_source
from autograder.publish.ownership import Owner, owner_of, sealed_page
from autograder.publish.published import Published, notebook_path
from autograder.publish.renaming import refuse_copy
from autograder.publish.verify import verify_release, verify_source, verify_unit
from course_utils import shipped
from course_utils.checks.tolerance import relative_tolerance
from course_utils.checks.wire import TensorData, unpack_tensor

SHIPPED = Path("course_utils/shipped")
INDEX = Path("assignments/README.md")


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """What a build has done; all paths are relative to the repository.

    Attributes:
        written: files that were missing or differed.
        unchanged: how many files are as they were.
        removed: generated files that nothing in `solutions/` stands for any more -> why.
        left: files of that kind which were edited since they were generated -> why they would have been removed.
    """

    written: list[Path] = field(default_factory=list)
    unchanged: int = 0
    removed: Mapping[Path, str] = field(default_factory=dict)
    left: Mapping[Path, str] = field(default_factory=dict)


def build_course(
    root: Path, units: Sequence[str] = (), *, check: bool = False, overwrite: bool = False
) -> BuildResult:
    """Build units. Nothing is replaced or removed that the build has not made: see `autograder.publish.ownership`.

    Args:
        root: the repository.
        units: their ids; all if empty. The index page always lists all.
        check: change nothing, and complain of every committed file that a build would change.
        overwrite: replace generated files that were edited since.

    Returns:
        What was done. With `check` nothing is.

    Raises:
        UserError: a unit is refused (see `autograder.publish.verify`); or `check` found stale files; or, before
            anything is written, a file would be replaced that is not the build's, or was edited since.
        WriteError: a file or folder cannot be written.
    """
    course = load_course(root)
    known = unit_ids(root)
    wanted = list(units) or known
    for unit in wanted:
        # Before all else: of a copy, everything is wrong at once.
        refuse_copy(load_unit(root, unit))
    with scratch_folder("build-") as out:
        with writing(out):
            _make_all(root, wanted, known, course, out)
        made = _files(out)
        stale = [path for path in made if not _same(root / path, out / path)]
        strays = dict(_strays(root, out, known, wanted))
        owners = {path: owner_of(root / path) for path in [*stale, *strays]}
        left = {path: why for path, why in strays.items() if owners[path] is Owner.EDITED}
        removed = {path: why for path, why in strays.items() if path not in left}
        if check:
            _refuse_stale([*stale, *removed], owners)
            return BuildResult(unchanged=len(made), left=left)
        if problems := list(_not_ours(stale, owners, overwrite)):
            raise UserError("\n".join(problems))
        _write(root, out, stale, removed)
        return BuildResult(written=stale, unchanged=len(made) - len(stale), removed=removed, left=left)


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """A folder for the time of the block. Raises `WriteError` if none can be made."""
    try:
        folder = tempfile.TemporaryDirectory(prefix=prefix)
    except OSError as error:
        place = error.filename or "a temporary folder"
        raise WriteError(place, f"{error.strerror}. TMPDIR can name another place") from error
    with folder as name:
        yield Path(name)


def _make_all(root: Path, wanted: Sequence[str], known: Sequence[str], course: Course, out: Path) -> None:
    """Make under `out` all that is generated for the units that are wanted, and the page of all units."""
    problems = []
    for unit in wanted:
        try:
            _build_unit(load_unit(root, unit), course, out)
        except UserError as error:
            problems.append(str(error))
    if problems:
        raise UserError("\n".join(problems))
    generate_releases(out, wanted)
    for unit in wanted:
        loaded = load_unit(root, unit)
        release = nbformat.read(out / "assignments" / notebook_path(unit), as_version=4)
        verify_release(loaded, read_notebook_source(loaded.notebook), release, course)
        (out / RECORDS).mkdir(exist_ok=True)
        (out / record_place(unit)).write_bytes(build_record(loaded, course))
    try:
        (out / INDEX).write_text(_index(root, known, course), encoding="utf-8")
    except UserError:
        # A unit that was not asked for is unfinished: the page of units waits for it.
        if set(wanted) == set(known):
            raise


def _not_ours(paths: Sequence[Path], owners: Mapping[Path, Owner], overwrite: bool) -> Iterator[str]:
    """What stands in the way of being written, each with what to do about it."""
    for path in paths:
        # The record of a build holds nothing of anybody's: one that a merge has broken is made anew.
        if path.parent == RECORDS:
            continue
        if owners[path] is Owner.SOMEBODY:
            yield (
                f"{path}: stands where `autograder build` writes, and was not made by it (or cannot be read any more, "
                "as after a merge with conflicts): move it, or delete it, and build again"
            )
        elif owners[path] is Owner.EDITED and not overwrite:
            source = "course.toml" if path == INDEX else f"solutions/{path.parent.name}/"
            yield (
                f"{path}: was edited since `autograder build` made it, and what was edited would be lost: put it into "
                f"{source}, and build with --overwrite"
            )


def _refuse_stale(paths: Sequence[Path], owners: Mapping[Path, Owner]) -> None:
    said = {Owner.EDITED: " (edited since it was made)", Owner.SOMEBODY: " (not made by the build)"}
    if names := "\n".join(f"  {path}{said.get(owners[path], '')}" for path in paths):
        raise UserError(f"these generated files are stale; run `autograder build` and commit them:\n{names}")


def _write(root: Path, out: Path, stale: Sequence[Path], removed: Mapping[Path, str]) -> None:
    for path in stale:
        with writing(root / path):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            # Whole or not at all: half a notebook would be nobody's.
            unfinished = root / path.with_name(f"{path.name}.part")
            try:
                shutil.copyfile(out / path, unfinished)
                unfinished.replace(root / path)
            finally:
                unfinished.unlink(missing_ok=True)
    for path in removed:
        with writing(root / path):
            (root / path).unlink()
            folder = root / path.parent
            if path.suffix == ".ipynb" and not any(folder.iterdir()):
                folder.rmdir()


def _build_unit(unit: Unit, course: Course, out: Path) -> None:
    """Write a unit's source notebook and its recorded checks under `out`."""
    source = read_notebook_source(unit.notebook)
    verify_unit(unit, source, course)
    notebook = make_notebook(unit, source, course)
    verify_source(unit, notebook)
    put_seal(notebook)
    path = out / "source" / notebook_path(unit.id)
    path.parent.mkdir(parents=True)
    path.write_text(_dumps(notebook), encoding="utf-8")
    folder = out / SHIPPED
    folder.mkdir(parents=True, exist_ok=True)
    ids = [id_ for id_ in unit.exercises if id_ not in course.disabled]
    for id_ in ids:
        prepared, _ = unit.exercises[id_].record()
        data = shipped.record(prepared, exercise_points(unit, id_, course))
        (folder / f"{id_}{shipped.EXERCISE_SUFFIX}").write_bytes(data)
    (folder / f"{unit.id}{shipped.UNIT_SUFFIX}").write_bytes(shipped.record_unit(ids, unit.prelude))


def _dumps(notebook: NotebookNode) -> str:
    return nbformat.writes(notebook) + "\n"


def generate_releases(out: Path, units: Sequence[str]) -> None:
    """`nbgrader generate_assignment` over `out/source`, without a gradebook. Raises `UserError` if it gives up."""
    logger = logging.getLogger("autograder.publish.build.nbgrader")
    logger.propagate = False
    lines = _Lines()
    logger.handlers = [lines]
    config = Config()
    configure(config, out)
    config.SaveCells.enabled = False
    config.SaveDueDate.enabled = False
    config.GenerateAssignment.no_database = True
    here = Path.cwd()
    for unit in units:
        directory = CourseDirectory(config=config, assignment_id=unit, log=logger)
        try:
            GenerateAssignment(coursedir=directory, config=config, log=logger).start()
        except NbGraderException as error:
            told = "\n".join(lines.texts) or str(error)
            raise UserError(f"nbgrader cannot make the assignment {unit}:\n{told}") from error
        finally:
            os.chdir(here)


class _Lines(logging.Handler):
    """Keeps what nbgrader says about errors, to be told if it gives up."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def _files(out: Path) -> list[Path]:
    return sorted(
        path.relative_to(out)
        for folder in ("source", "assignments", str(SHIPPED))
        for path in (out / folder).rglob("*")
        if path.is_file()
    )


def _strays(root: Path, out: Path, units: Sequence[str], built: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """Generated files of units that are no longer there, and of exercises that the units just built do not have.

    Yields:
        The path and the reason. What others have put beside generated files is none of it.
    """
    places = [
        path for folder in ("source", "assignments") for path in sorted(root.glob(f"{folder}/*/*.ipynb"))
    ]
    places = [path for path in places if path.stem == path.parent.name]
    places += sorted((root / RECORDS).glob("*.json"))
    places += [
        path
        for path in sorted((root / SHIPPED).glob("*"))
        if path.name.endswith((shipped.EXERCISE_SUFFIX, shipped.UNIT_SUFFIX))
    ]
    for path in places:
        unit, place = path.name.split(".")[0], path.relative_to(root)
        if owner_of(path) is Owner.SOMEBODY:
            continue
        if unit not in units:
            yield place, f"solutions/ has no unit {unit}"
        elif unit in built and not (out / place).is_file():
            exercise = path.name.removesuffix(shipped.EXERCISE_SUFFIX)
            yield place, f"{exercise} is disabled, or no exercise of {unit} any more"


def _same(old: Path, new: Path) -> bool:
    """Whether a committed file says the same as a new one: byte for byte, recorded values up to rounding."""
    if not old.is_file():
        return False
    if old.read_bytes() == new.read_bytes():
        return True
    if not old.name.endswith(shipped.EXERCISE_SUFFIX):
        return False
    try:
        return _alike(shipped.decode(old.read_bytes()), shipped.decode(new.read_bytes()))
    except (msgspec.DecodeError, ValueError):
        return False


def _alike(old: object, new: object) -> bool:
    """Equality of recorded values, where floating-point numbers may differ as another processor rounds them."""
    if isinstance(old, TensorData) and isinstance(new, TensorData):
        return _alike_tensors(old, new)
    if type(old) is not type(new):
        return False
    if isinstance(old, msgspec.Struct):
        return _alike(msgspec.structs.asdict(old), msgspec.structs.asdict(new))  # type: ignore[arg-type]
    if isinstance(old, dict) and isinstance(new, dict):
        return list(old) == list(new) and all(_alike(old[key], new[key]) for key in old)
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return len(old) == len(new) and all(_alike(a, b) for a, b in zip(old, new, strict=True))
    if isinstance(old, float) and isinstance(new, float):
        return old == new or abs(old - new) <= 1e-9 * max(abs(old), abs(new))
    return old == new


def _alike_tensors(old: TensorData, new: TensorData) -> bool:
    if (old.dtype, old.shape) != (new.dtype, new.shape):
        return False
    left, right = unpack_tensor(old), unpack_tensor(new)
    if not left.is_floating_point() or left.numel() == 0:
        return torch.equal(left, right)
    # References are computed in float64 from float32 inputs; a processor changes the last bits of float64.
    scale = right.abs().nan_to_num(0, 0, 0).max().item()
    allowed = relative_tolerance("softmax", left.dtype) * scale
    return torch.allclose(left, right, rtol=0, atol=allowed, equal_nan=True)


def _index(root: Path, units: Sequence[str], course: Course) -> str:
    """The page that gives the order of the units; it reads the same in this repository and in the release."""
    rows: list[tuple[NotebookSource, Unit]] = []
    for name in units:
        unit = load_unit(root, name)
        rows.append((read_notebook_source(unit.notebook), unit))
    rows.sort(key=lambda row: (row[0].order, row[1].id))
    published = Published(course.release_url)
    lines = [
        f"# {course.title}",
        "",
        "| | unit | points | minutes | due | |",
        "|---|---|---|---|---|---|",
    ]
    for source, unit in rows:
        due = f"{course.due[unit.id]:%d %B %Y, %H:%M %Z}" if unit.id in course.due else "–"
        points, minutes = unit_points(unit, source, course), unit_minutes(source, course)
        link = f"[{source.title}]({notebook_path(unit.id)})"
        lines.append(
            f"| {source.order} | {link} | {points:g} | {minutes} | {due} | {published.badge(unit.id)} |"
        )
    return sealed_page(lines)
