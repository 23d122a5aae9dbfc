"""Make everything generated from `solutions/`: notebooks, recorded checks, the page of units."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
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
from autograder.errors import UserError
from autograder.nbgrader.configuration import configure
from autograder.publish.notebook_maker import exercise_points, make_notebook, unit_minutes, unit_points
from autograder.publish.notebook_source import NotebookSource, read_notebook_source
from autograder.publish.published import Published, notebook_path
from autograder.publish.verify import verify_release, verify_source, verify_unit
from course_utils import shipped
from course_utils.checks.tolerance import relative_tolerance
from course_utils.checks.wire import TensorData, unpack_tensor

SHIPPED = Path("course_utils/shipped")
INDEX = Path("assignments/README.md")


def build_course(root: Path, units: Sequence[str] = (), *, check: bool = False) -> list[Path]:
    """Build units.

    Args:
        root: the repository.
        units: their ids; all if empty. The index page always lists all.
        check: change nothing, and complain of every committed file that a build would change.

    Returns:
        The files that were written, relative to `root`: those that were missing or differ.

    Raises:
        UserError: a unit is refused (see `autograder.publish.verify`), or `check` found stale files.
    """
    course = load_course(root)
    wanted = list(units) or unit_ids(root)
    known = unit_ids(root)
    for unit in wanted:
        load_unit(root, unit)
    with tempfile.TemporaryDirectory(prefix="build-") as folder:
        out = Path(folder)
        problems = []
        for unit in wanted:
            try:
                _build_unit(load_unit(root, unit), course, out)
            except UserError as error:
                problems.append(str(error))
        if problems:
            raise UserError("\n".join(problems))
        _generate(out, wanted)
        for unit in wanted:
            loaded = load_unit(root, unit)
            release = nbformat.read(out / "assignments" / notebook_path(unit), as_version=4)
            verify_release(loaded, read_notebook_source(loaded.notebook), release, course)
        try:
            (out / INDEX).write_text(_index(root, known, course), encoding="utf-8")
        except UserError:
            # A unit that was not asked for is unfinished: the page of units waits for it.
            if set(wanted) == set(known):
                raise
        stale = [path for path in _files(out) if not _same(root / path, out / path)]
        stray = list(_strays(root, out, known, wanted))
        if check:
            if stale or stray:
                names = "\n".join(f"  {path}" for path in [*stale, *stray])
                raise UserError(
                    f"these generated files are stale; run `autograder build` and commit them:\n{names}"
                )
            return []
        for path in stale:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(out / path, root / path)
        for path in stray:
            (root / path).unlink()
        return stale


def _build_unit(unit: Unit, course: Course, out: Path) -> None:
    """Write a unit's source notebook and its recorded checks under `out`."""
    source = read_notebook_source(unit.notebook)
    verify_unit(unit, source, course)
    notebook = make_notebook(unit, source, course)
    verify_source(unit, notebook)
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


def _generate(out: Path, units: Sequence[str]) -> None:
    """`nbgrader generate_assignment` over `out/source`, without a gradebook."""
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


def _strays(root: Path, out: Path, units: Sequence[str], built: Sequence[str]) -> Iterator[Path]:
    """Generated files of units that are no longer there, and of exercises that the units just built do not have."""
    for pattern in ("source/*/*.ipynb", "assignments/*/*.ipynb"):
        for path in sorted(root.glob(pattern)):
            if path.parent.name not in units:
                yield path.relative_to(root)
    for path in sorted((root / SHIPPED).glob("*")):
        unit = path.name.split(".")[0]
        if path.name.endswith((shipped.EXERCISE_SUFFIX, shipped.UNIT_SUFFIX)) and (
            unit not in units or (unit in built and not (out / SHIPPED / path.name).is_file())
        ):
            yield path.relative_to(root)


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
        "<!-- Generated by `autograder build`. -->",
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
    return "\n".join(lines) + "\n"
