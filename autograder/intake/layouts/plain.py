"""Hand-ins as people arrange them: nbgrader's `submitted/`, folders and files by name, and sections of those."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from autograder.intake.kinds import FileKind, suffix_of, without_suffixes
from autograder.intake.layouts.base import ANOTHER_UNIT, Ignored, Level, Reader, Whose
from autograder.intake.layouts.exchange import is_of_exchange, whose_of_exchange
from autograder.intake.naming import named
from autograder.intake.tree import Entry
from autograder.results import Flag, FlagKind, Person

OF_THE_CLASS = "files of the class"
NO_STUDENT = Flag(
    kind=FlagKind.NO_STUDENT, text="the name of the file says no student: whose is it?", audience="staff"
)
# What an instructor's folder holds besides hand-ins: lists, notes, results.
_OF_THE_CLASS = (
    *(".cfg", ".csv", ".db", ".html", ".json", ".jsonl", ".log", ".md", ".ods", ".rst"),
    *(".sqlite", ".toml", ".tsv", ".txt", ".xls", ".xlsx", ".yaml", ".yml"),
)
# Folders that somebody makes for hand-ins, or inside an own one. Nobody's name is one of these.
_NAMELESS = frozenset(
    (
        *(
            "abgabe",
            "abgaben",
            "assignment",
            "assignments",
            "attempt",
            "code",
            "class",
            "download",
            "downloads",
        ),
        *("final", "handin", "hand-in", "homework", "hw", "new", "notebook", "notebooks", "old", "project"),
        *("solution", "solutions", "src", "submission", "submissions", "submitted", "work"),
    )
)


def nbgrader(level: Level) -> Reader | None:
    """Where somebody has a folder of the unit, `submitted/ada/moco/moco.ipynb`, or folders are the exchange's."""
    if any(is_of_exchange(inside.name) for inside in level.folders):
        return by_name(level)
    return by_name(level) if _has_unit_folders(level) and not _is_sections(level) else None


def sections(level: Level) -> Reader | None:
    """Where each folder holds folders of people, or files named for people: the key is `section/ada`."""
    if not _is_sections(level):
        return None
    inner = {inside.name: by_name(inside) for inside in level.folders}

    def read(entry: Entry) -> Whose | Ignored | None:
        section = entry.parts[0]
        if section not in inner or len(entry.parts) < 2:
            return Ignored(OF_THE_CLASS)
        found = inner[section](replace(entry, parts=entry.parts[1:]))
        if not isinstance(found, Whose):
            return found
        return replace(found, people=tuple(in_section(item, section) for item in found.people))

    return read


def in_section(person: Person, section: str) -> Person:
    """Somebody of a section, whose key is that section's alone."""
    return Person(key=f"{section}/{person.key}", name=person.name, email=person.email, section=section)


def by_name(level: Level) -> Reader:
    """Folders and files whose names say whose they are."""
    has_unit_folders = _has_unit_folders(level)

    def read(entry: Entry) -> Whose | Ignored | None:
        top, own = entry.parts[0], entry.parts[1:]
        if not own and not entry.is_folder:
            return _file(entry, level.unit)
        if found := whose_of_exchange(top, own, level):
            return found
        if len(own) > 1 and own[0] != level.unit and _is_another_unit(own, level, has_unit_folders):
            return Ignored(ANOTHER_UNIT)
        stem, kind, _ = suffix_of(top)
        # Some editors and file managers make a folder that is called as the notebook was.
        pretends = kind in (FileKind.NOTEBOOK, FileKind.SCRIPT, FileKind.ZIP)
        who = (named(stem, level.unit).person or stem) if pretends else top
        return Whose(people=(Person(key=who, name=who),), parts=own, is_upload=False)

    return read


def one_persons(level: Level) -> Reader | None:
    """Where all is one person's, whom the place is named for: files that name the unit and nobody, or its folder."""
    if not level.name or not is_of_one(level):
        return None
    stem, kind, _ = suffix_of(level.name)
    if not level.is_zip and kind not in (FileKind.NOTEBOOK, FileKind.SCRIPT):
        stem = level.name
    found = named(stem, level.unit)
    who = (found.person if level.is_zip else stem) or stem
    flags = () if found.person else (NO_STUDENT,)

    def read(entry: Entry) -> Whose | Ignored | None:
        own = entry.parts
        if not level.is_zip and (found := whose_of_exchange(level.name, own, level)):
            return found
        if len(own) > 2 - entry.is_folder and own[0] != level.unit and own[0] in level.units:
            return Ignored(ANOTHER_UNIT)
        return Whose(people=(Person(key=who, name=who),), parts=own, is_upload=level.is_zip, flags=flags)

    return read


def is_of_one(level: Level) -> bool:
    """Whether a place holds files that name the unit and nobody, or the unit's folder with such a file."""
    files = _notebooks(level.entries)
    if any(inside.name == level.unit and _unit_files(inside) for inside in level.folders):
        # Beside repositories it may be what all began with.
        return not any(inside.name.startswith(f"{level.unit}-") for inside in level.folders)
    if _unit_files(level):
        is_one = all(not named(suffix_of(name)[0], level.unit).person for name in files)
        return is_one and sum(is_a_persons(inside.entries, level.unit) for inside in level.folders) < 2
    alone = len(level.folders) == 1 and level.folders[0].name.lower() in _NAMELESS
    return not files and alone and _unit_files(level.folders[0])


def inside_wrapper(level: Level) -> Level | None:
    """What lies in the folder that is around the hand-ins of a class, and is nobody's; None if there is none."""
    submitted = [
        inside
        for inside in level.folders
        if inside.name.lower() == "submitted"
        or (inside.name == "inbound" and any(is_of_exchange(item.name) for item in inside.folders))
    ]
    if submitted and submitted[0].entries:
        # A course's folder, with nbgrader's other folders beside.
        return submitted[0]
    folders = [inside for inside in level.folders if inside.entries]
    if len(folders) != 1 or names_people(level.entries, level.unit) or _unit_files(level):
        return None
    (inside,) = folders
    files, deeper = hand_ins(inside.entries), [item for item in inside.folders if item.entries]
    if inside.name.lower() in _NAMELESS:
        return None if _unit_files(inside) and _people(inside) < 2 else inside
    if inside.name == level.unit and not _unit_files(inside):
        # A class's of this unit; one person's would hold the notebook.
        return inside if _people(inside) > 1 else None
    if any(item.name == level.unit for item in deeper) or _unit_files(inside):
        return None
    if files:
        return inside if len(files) > 1 or named(suffix_of(files[0])[0], level.unit).says_unit else None
    if len(deeper) == 1 and deeper[0].name.lower() in _NAMELESS:
        # A class's, if there is more than one person in it; a person's own otherwise.
        return inside if _people(deeper[0]) > 1 else None
    return inside if deeper else None


def _people(level: Level) -> int:
    """How many people a place has hand-ins of, as far as can be told."""
    named_files = {named(suffix_of(name)[0], level.unit).person for name in _notebooks(level.entries)} - {""}
    return len(named_files) + sum(is_a_persons(inside.entries, level.unit) for inside in level.folders)


def _unit_files(level: Level) -> bool:
    return any(says_unit_alone(name, level.unit) for name in _notebooks(level.entries))


def names_people(entries: Iterable[Entry], unit: str) -> bool:
    """Whether notebooks or zips of a place are named for people."""
    kinds = (FileKind.NOTEBOOK, FileKind.ZIP)
    return any(
        suffix_of(name)[1] in kinds and named(suffix_of(name)[0], unit).person for name in hand_ins(entries)
    )


def hidden(entry: Entry) -> Ignored | None:
    """The rule for what systems and editors leave beside the work of people; None for that work."""
    return next((rule for part in entry.parts if (rule := hidden_name(part))), None)


def hidden_name(part: str) -> Ignored | None:
    """The same for one name of a path."""
    low = part.lower()
    if low == ".ds_store" or part == "__MACOSX" or part.startswith("._"):
        return Ignored("traces of macOS")
    if low in ("thumbs.db", "desktop.ini") or part.startswith("~$"):
        return Ignored("traces of Windows and Office")
    if low in (".ipynb_checkpoints", "__pycache__") or low.endswith("-checkpoint.ipynb"):
        return Ignored("checkpoints and caches")
    if part.startswith((".", "__")) and not low.endswith(".icloud"):
        return Ignored("hidden files")
    return None


# --- what a place looks like ----------------------------------------------------------------------------------------


def hand_ins(entries: Iterable[Entry]) -> list[str]:
    """Names of the files of a place that may be somebody's work."""
    return [
        entry.parts[0]
        for entry in entries
        if len(entry.parts) == 1 and not entry.is_folder and not _is_of_the_class(entry)
    ]


def _notebooks(entries: Iterable[Entry]) -> list[str]:
    """Names of the notebooks of a place; of its scripts if it has none."""
    files = {name: suffix_of(name)[1] for name in hand_ins(entries)}
    notebooks = [name for name, kind in files.items() if kind in (FileKind.NOTEBOOK, FileKind.MAYBE_NOTEBOOK)]
    return notebooks or [name for name, kind in files.items() if kind == FileKind.SCRIPT]


def says_unit_alone(name: str, unit: str) -> bool:
    found = named(suffix_of(name)[0], unit)
    return found.says_unit and not found.person


def is_a_persons(entries: Sequence[Entry], unit: str) -> bool:
    """Whether a folder is somebody's: it holds notebooks, or the unit's folder with some."""
    return any(
        suffix_of(entry.parts[-1])[1] in (FileKind.NOTEBOOK, FileKind.SCRIPT)
        and entry.parts[:-1] in ((), (unit,))
        and not entry.is_folder
        for entry in entries
    )


def _has_unit_folders(level: Level) -> bool:
    return any(
        entry.parts[1:2] == (level.unit,) and (len(entry.parts) > 2 or entry.is_folder)
        for entry in level.entries
    )


def _is_sections(level: Level) -> bool:
    folders = level.folders
    if len(folders) < 2 or hand_ins(level.entries) or any(is_of_exchange(inside.name) for inside in folders):
        return False
    deeper = []
    for inside in folders:
        if any(item.name == level.unit for item in inside.folders) or _unit_files(inside):
            return False
        files = _notebooks(inside.entries)
        named_files = [named(suffix_of(name)[0], level.unit) for name in files]
        # Notebooks that name no unit may be several of one person.
        if files and not (len(files) > 2 or all(item.person and item.says_unit for item in named_files)):
            return False
        if not files and not any(is_a_persons(item.entries, level.unit) for item in inside.folders):
            return False
        deeper.append({item.person for item in named_files} or {item.name for item in inside.folders})
    if all(len(names) == 1 for names in deeper):
        # Everybody has one folder more, called alike: nobody is called as all others are.
        names = set().union(*deeper)
        is_alike = len(names) == 1 and len(folders) > 2
        return not (is_alike or any(name.lower() in _NAMELESS for name in names))
    return True


def _is_another_unit(own: Sequence[str], level: Level, has_unit_folders: bool) -> bool:
    if own[0] in level.units:
        return True
    # In nbgrader's tree a folder called as its notebook is a unit's, be it known here or not.
    return has_unit_folders and not level.units and len(own) == 2 and suffix_of(own[1])[0] == own[0]


def _is_of_the_class(entry: Entry) -> bool:
    """Whether a file beside those of students is an instructor's: a list, a note, a result."""
    if entry.refused:
        return False
    name = entry.parts[-1].lower()
    return (
        name.endswith(_OF_THE_CLASS)
        and suffix_of(name)[1] in ("", FileKind.MAYBE_NOTEBOOK)
        and not entry.is_notebook
    )


def _file(entry: Entry, unit: str) -> Whose | Ignored:
    if _is_of_the_class(entry):
        return Ignored(OF_THE_CLASS)
    name = entry.parts[0]
    stem = without_suffixes(name)
    found = named(stem, unit)
    who = found.person or stem
    return Whose(
        people=(Person(key=who, name=who),),
        parts=(name,),
        is_sure=False,
        flags=() if found.person else (NO_STUDENT,),
    )
