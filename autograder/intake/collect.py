"""Find the submissions of a class: nbgrader's tree, folders of notebooks or of students, an LMS's zip, zips in zips.

Nothing is read before it is asked for (`Found.read`); every file that cannot be one is named with the reason, and the
others go on.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePath, PurePosixPath
from typing import TypeVar

from autograder.errors import UserError
from autograder.intake import archive
from autograder.intake.archive import Member
from autograder.intake.candidate import (
    CANVAS,
    MOODLE,
    TIMESTAMP,
    Candidate,
    add_timestamp,
    candidate_of,
    clean_name,
    clean_path,
    flags_of_name,
    is_late,
    student_in_zip,
    student_of,
    student_of_folder,
    with_timestamp,
)
from autograder.intake.submission import Submission, Unreadable, read_candidate
from autograder.results import Flag, FlagKind
from course_utils.slices.plain import clip, clip_path, several

SUFFIXES = (".ipynb", ".py")
# What an instructor's folder or an LMS's zip holds besides; anything else is what a student handed in.
_NOT_HANDED_IN = (".txt", ".csv", ".md", ".json", ".jsonl")
# Folders in folders, in which an unpacked notebook is looked for.
_DEEPEST = 8
# Where the best attempt counts, all are run: a student must not keep a class waiting with thousands.
MOST_ATTEMPTS = 20
_LEADS_OUT = "has a path that leads out of the zip: not read; zip the notebook alone"

_T = TypeVar("_T")


@dataclass(frozen=True)
class Found:
    """A student of whom something was found; nothing is read yet, so that a large class needs little memory."""

    student: str
    unit: str
    attempts: tuple[Candidate, ...]
    refused: Unreadable | None = None

    def read(self, attempts: str = "latest") -> list[Submission | Unreadable]:
        """Read what may count: the latest attempt, the first, or all for the best to be chosen.

        Args:
            attempts: `"latest"`, `"first"` or `"best"`, as in course.toml.
        """
        ordered = sorted(self.attempts, key=lambda item: item.order)
        if not ordered:
            return [self.refused] if self.refused else []
        last = len(ordered)
        every = range(max(1, last - MOST_ATTEMPTS + 1), last + 1)
        numbers = {"latest": [last], "first": [1], "best": list(every)}[attempts]
        flags = []
        if len(ordered) > 1:
            which = "the best counts" if len(every) == last else f"the best of the {len(every)} latest counts"
            if attempts != "best":
                counts = ordered[numbers[0] - 1]
                which = f"the {attempts} counts, {clip_path(counts.path)}, {_chosen_by(ordered)}"
            names = several(clip_path(item.path) for item in ordered)
            text = f"{len(ordered)} files of this student: {which}. Found: {names}"
            flags = [Flag(kind=FlagKind.SEVERAL_FILES, text=text, audience="staff")]
        return [read_candidate(ordered[number - 1], self.unit, number, flags) for number in numbers]


def _chosen_by(ordered: list[Candidate]) -> str:
    """What put several attempts in order, for a person who may know better."""
    times = Counter(item.time for item in ordered)
    if times[None] or max(times.values()) > 1:
        return "chosen by name where the times of files are equal or unknown"
    if all(item.submitted_at for item in ordered):
        return f"chosen by {TIMESTAMP}"
    return "chosen by the times of the files, which copying may have changed"


def collect(paths: Iterable[Path], unit: str, results: Path | None = None) -> list[Found]:
    """All submissions of a unit found in `paths`, one for each student, in the order of their names.

    Args:
        paths: nbgrader's `submitted/` folder, a folder of notebooks named by student, a folder of student folders,
            a single notebook, or an LMS's bulk zip.
        unit: the unit's id.
        results: the folder of the grader's own results: it may lie among the students', and is nobody's.

    Raises:
        UserError: a path does not exist or cannot be read, or none holds anything to grade.
    """
    paths = list(paths)
    attempts: dict[str, list[Candidate]] = {}
    refused: dict[str, Unreadable] = {}
    for path in paths:
        for item in _readable(path, unit, results):
            if isinstance(item, Unreadable):
                refused.setdefault(
                    item.student, replace(item, path=clean_path(item.path), reason=clip(item.reason))
                )
            else:
                item.path = clean_path(item.path)
                attempts.setdefault(item.student, []).append(item)
    if not attempts and not refused:
        listed = ", ".join(str(path) for path in paths)
        raise UserError(
            f"{listed}: no submission of {unit!r} found. Expected STUDENT/{unit}/{unit}.ipynb (nbgrader), "
            "STUDENT.ipynb, or a zip of notebooks"
        )
    # A refused file matters only if nothing else of that student could be read.
    students = sorted({*attempts, *refused})
    return [Found(name, unit, tuple(attempts.get(name, ())), refused.get(name)) for name in students]


def _readable(path: Path, unit: str, results: Path | None) -> Iterator[Candidate | Unreadable]:
    try:
        if not path.exists():
            raise UserError(f"{path}: no such file or folder")
        yield from _candidates(path, unit, results)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error


def _candidates(path: Path, unit: str, results: Path | None) -> Iterator[Candidate | Unreadable]:
    if path.is_dir():
        # One student's folder, `ada` or `ada/moco` of nbgrader's tree, given by itself.
        released = f"{unit}.ipynb"
        if path.resolve().name == unit and (path / released).is_file():
            path = path.resolve().parent
        if (path / unit / released).is_file():
            yield from _from_student_folder(path.resolve(), unit)
        else:
            yield from _from_folder(path, unit, results)
    elif _suffix(path) == ".zip":
        yield from _from_zip(path, unit, student=None)
    else:
        name = student_of(path.name, unit)
        folder = path.resolve().parent
        if path.stem == unit and folder.name == unit:
            # nbgrader's tree: nobody is called as the unit is.
            name = clean_name(folder.parent.name)
        yield with_timestamp(candidate_of(path, name), path.parent)


def _from_folder(folder: Path, unit: str, results: Path | None) -> Iterator[Candidate | Unreadable]:
    ours = os.path.realpath(results) if results else None
    for entry in sorted(folder.iterdir()):
        # Not `Path.resolve`, which fails at a link that leads back to itself.
        if entry.name.startswith((".", "__")) or os.path.realpath(entry) == ours:
            continue
        try:
            yield from _from_entry(entry, folder, unit)
        except OSError as error:
            reason = f"cannot be read: {error.strerror}. May the grader open it?"
            yield Unreadable(student_of(entry.name, unit), unit, str(entry), reason)


def _from_entry(entry: Path, folder: Path, unit: str) -> Iterator[Candidate | Unreadable]:
    student = student_of(entry.name, unit)
    if refused := _bad_link(entry, folder, student, unit):
        yield refused
    elif entry.is_dir():
        yield from _from_student_folder(entry, unit)
    elif _suffix(entry) == ".zip":
        yield from _from_zip(entry, unit, student=student)
    elif _suffix(entry) in SUFFIXES:
        candidate = candidate_of(entry, student)
        candidate.flags += flags_of_name(entry.name, unit)
        yield candidate
    elif entry.stat().st_size and _suffix(entry) not in _NOT_HANDED_IN:
        yield _no_notebook(student, unit, str(entry))


def _from_student_folder(folder: Path, unit: str) -> Iterator[Candidate | Unreadable]:
    # Some editors and file managers make a folder that is called as the notebook was.
    pretends = _suffix(folder) in SUFFIXES
    student = student_of(folder.name, unit) if pretends else student_of_folder(folder.name)
    inner = folder / unit
    if inner.is_symlink():
        yield _no_link(inner, student, unit)
        return
    where = inner if inner.is_dir() else folder
    files = []
    for entry in sorted(where.iterdir()):
        if _suffix(entry) not in SUFFIXES or entry.name.startswith("."):
            continue
        if refused := _bad_link(entry, folder, student, unit):
            yield refused
        elif entry.is_file():
            files.append(entry)
    if not files:
        # A folder handed in as a whole, or unpacked into a folder of its own.
        files = _below(where, f"{unit}.ipynb")
    for entry in _meant(files, unit, lambda entry: entry.name):
        candidate = with_timestamp(candidate_of(entry, student), where)
        if entry.stem != unit:
            text = f"the notebook is called {clean_name(entry.name)} instead of {unit}.ipynb"
            candidate.flags.append(Flag(kind=FlagKind.RENAMED_FILE, text=text, audience="student"))
        yield candidate
    if files:
        return
    others = [entry for entry in sorted(where.iterdir()) if not entry.name.startswith((".", "__"))]
    archives = [entry for entry in others if _suffix(entry) == ".zip"]
    for entry in archives:
        if refused := _bad_link(entry, folder, student, unit):
            yield refused
        else:
            for item in _from_zip(entry, unit, student):
                yield with_timestamp(item, where) if isinstance(item, Candidate) else item
    if archives:
        return
    handed_in = [item for item in others if item.is_file() and _suffix(item) not in _NOT_HANDED_IN]
    if inner.is_dir() or pretends:
        yield Unreadable(
            student, unit, str(where), f"is a folder without a notebook: {unit}.ipynb is missing"
        )
    elif handed_in:
        yield _no_notebook(student, unit, str(handed_in[0]))


def _from_zip(path: Path | Member, unit: str, student: str | None) -> Iterator[Candidate | Unreadable]:
    """What a zip holds.

    Args:
        path: a zip on the disk, or one inside another.
        unit: the unit's id.
        student: whose zip it is; None for a class's.
    """
    nested = isinstance(path, Member)
    shown = path.shown if isinstance(path, Member) else str(path)
    owner = student or student_of(PurePosixPath(shown).name, unit)
    try:
        members = [item for item in archive.members(path) if not _is_litter(item)]
    except (UserError, OSError) as error:
        yield Unreadable(owner, unit, shown, str(error))
        return
    if student and not nested and _is_of_a_class(members, unit):
        # An LMS's bulk zip among the files of students.
        student = None
    # In a zip of nbgrader's tree STUDENT/moco/moco.ipynb stands beside STUDENT/pretext/pretext.ipynb.
    tree = {len(item.name.parts) for item in members if item.name.stem == item.name.parent.name == unit}
    top = None if student else _class_folder(members, unit)
    stamps = {item.name.parent: item for item in members if item.name.name == TIMESTAMP}
    found: dict[str, list[Candidate]] = defaultdict(list)
    zips: dict[str, list[Member]] = defaultdict(list)
    nothing = True
    for item in members:
        name = item.name
        if item.leads_out:
            who = student or clean_name(name.stem)
            nothing = False
            yield Unreadable(who, unit, item.shown, _LEADS_OUT)
            continue
        if name.stem == name.parent.name != unit and len(name.parts) in tree:
            # Another unit's notebook.
            continue
        if top:
            name = name.relative_to(top)
        who = student or (
            owner if str(name) == f"{unit}.ipynb" and len(members) == 1 else student_in_zip(name, unit)
        )
        if _suffix(name) == ".zip" and not item.is_link and not nested:
            zips[who].append(item)
        elif _suffix(name) not in (*SUFFIXES, ".zip"):
            # What lies beside a student's own notebook is theirs; in a class's zip it may be all there is of somebody.
            if student is None and item.size and _suffix(name) not in _NOT_HANDED_IN:
                yield _no_notebook(who, unit, item.shown)
        elif item.is_link or (nested and _suffix(name) == ".zip"):
            nothing = False
            what = (
                "is a link inside a zip: not followed"
                if item.is_link
                else "is a zip in a zip in a zip: not read"
            )
            yield Unreadable(who, unit, item.shown, what)
        else:
            late = is_late(name.name)
            candidate = Candidate(
                student=who,
                path=item.shown,
                size=item.size,
                source=item,
                file_time=item.time,
                marked_late=late,
            )
            if student is None and who == student_of(name.name, unit):
                candidate.flags += flags_of_name(name.name, unit)
            if student is None and item.name.parent.name == unit and item.name.parent in stamps:
                add_timestamp(candidate, stamps[item.name.parent])
            found[who].append(candidate)
    # Whoever handed in something else besides is graded by that, but it is not passed over in silence.
    leading = [clip_path(item.shown) for item in members if student and item.leads_out]
    text = f"{several(leading)} {_LEADS_OUT}"
    strange = [Flag(kind=FlagKind.LEADS_OUT, text=text, audience="student")] if leading else []
    for files in found.values():
        for candidate in files:
            candidate.flags += strange
        yield from _meant(files, unit, lambda candidate: PurePosixPath(candidate.path).name)
    for who, inner in zips.items():
        if who not in found:
            yield from _from_inner_zips(inner, unit, who)
    if student and nothing and not found and not zips:
        yield Unreadable(student, unit, shown, "has no notebook in it: an .ipynb or .py is needed")


def _from_inner_zips(zips: list[Member], unit: str, student: str) -> Iterator[Candidate | Unreadable]:
    """One student's zips inside a zip. All together may unpack to `archive.MAX_UNPACKED`."""
    left = archive.MAX_UNPACKED
    for item in zips[archive.MAX_ZIPS :]:
        reason = f"is one of more than {archive.MAX_ZIPS} zips in a zip: hand in the notebook alone"
        yield Unreadable(student, unit, item.shown, reason)
    for item in zips[: archive.MAX_ZIPS]:
        late = is_late(item.name.name)
        left -= item.size
        if left < 0 or item.size > archive.MAX_BYTES:
            yield _too_large(item.shown, unit, student)
            continue
        for inner in _from_zip(item, unit, student):
            if isinstance(inner, Candidate):
                left -= inner.size
                if left < 0:
                    yield _too_large(inner.path, unit, student)
                    continue
                inner.marked_late |= late
            yield inner


def _too_large(path: str, unit: str, student: str) -> Unreadable:
    most = f"{archive.MAX_BYTES // 2**20} MB a file, {archive.MAX_UNPACKED // 2**20} MB in all"
    reason = f"unpacks to more than is read of a zip in a zip ({most}): hand in the notebook alone"
    return Unreadable(student, unit, path, reason)


def _is_litter(item: Member) -> bool:
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in item.name.parts)


def _is_of_a_class(members: list[Member], unit: str) -> bool:
    """Whether the names are those of an LMS, and of more than one student."""
    named = [
        item.name
        for item in members
        if any(MOODLE.search(part) for part in item.name.parts) or CANVAS.fullmatch(item.name.stem)
    ]
    return len({student_in_zip(name, unit) for name in named}) > 1


def _class_folder(members: list[Member], unit: str) -> str | None:
    """The folder of a class that was zipped as a whole: `submissions/ada.ipynb` is ada's, and nobody `submissions`."""
    tops = {item.name.parts[0] for item in members if len(item.name.parts) > 1}
    flat = [item.name for item in members if len(item.name.parts) == 2 and _suffix(item.name) in SUFFIXES]
    if len(tops) != 1 or len(flat) < 2 or any(len(item.name.parts) == 1 for item in members):
        return None
    (top,) = tops
    return None if MOODLE.search(top) or any(name.stem == unit for name in flat) else top


def _meant(files: list[_T], unit: str, name: Callable[[_T], str]) -> list[_T]:
    """Of one student's files those that are meant: under the released name, else notebooks, else scripts."""
    named = [item for item in files if PurePosixPath(name(item)).stem == unit]
    notebooks = [item for item in files if _suffix(PurePosixPath(name(item))) == ".ipynb"]
    return [item for item in named if item in notebooks] or named or notebooks or files


def _no_notebook(student: str, unit: str, path: str) -> Unreadable:
    kinds = "an .ipynb or .py is needed" if ".zip/" in path else "an .ipynb, .py or .zip is needed"
    return Unreadable(student, unit, path, f"is no notebook: {kinds}")


def _below(folder: Path, name: str) -> list[Path]:
    """Files of this name in the folders below, no link followed, as deep and as many as somebody may have made."""
    found = []
    waiting = [(folder, 0)]
    looked = 0
    while waiting and looked < archive.MAX_MEMBERS:
        here, depth = waiting.pop()
        try:
            entries = list(here.iterdir())
        except OSError:  # what may not be opened holds nothing for us
            continue
        looked += len(entries)
        for entry in entries:
            if entry.name.startswith((".", "__")) or entry.is_symlink():
                continue
            if entry.is_dir():
                if depth < _DEEPEST:
                    waiting.append((entry, depth + 1))
            elif depth and entry.name == name and entry.is_file():
                found.append(entry)
    return sorted(found)


def _bad_link(entry: Path, folder: Path, student: str, unit: str) -> Unreadable | None:
    """Why a link is not followed, be it to a neighbour's file; None for what may be read."""
    if entry.is_symlink():
        return _no_link(entry, student, unit)
    if not Path(os.path.realpath(entry)).is_relative_to(os.path.realpath(folder)):
        return Unreadable(student, unit, str(entry), "is a link to a place outside the folder: not followed")
    return None


def _no_link(entry: Path, student: str, unit: str) -> Unreadable:
    what = "is a link" if entry.exists() else "is a link to a file that does not exist"
    return Unreadable(student, unit, str(entry), f"{what}: not followed; hand in the file itself")


def _suffix(path: PurePath) -> str:
    return path.suffix.lower()
