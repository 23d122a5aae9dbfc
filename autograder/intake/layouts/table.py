"""The table of all layouts, in the order in which they are tried, and how a place is recognised.

A learning system's mark is looked for first, in the place itself and then in its folders: the outermost one decides.
Only where there is none do people's own arrangements apply.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.errors import UserError
from autograder.intake.kinds import FileKind, suffix_of
from autograder.intake.layouts import LAYOUT_NAMES, plain
from autograder.intake.layouts.base import Ignored, Layout, Level, Reader, Whose
from autograder.intake.layouts.blackboard import blackboard_reader
from autograder.intake.layouts.brightspace import brightspace_reader
from autograder.intake.layouts.canvas import canvas_reader
from autograder.intake.layouts.google import google_reader
from autograder.intake.layouts.gradescope import absent_folders, gradescope_reader
from autograder.intake.layouts.moodle import moodle_reader
from autograder.intake.layouts.repositories import repositories_reader
from autograder.intake.layouts.teams import teams_reader
from autograder.intake.tree import Entry

# Those of learning systems come first, those with the surest mark before others.
LAYOUTS = (
    Layout(
        name="gradescope",
        title="a Gradescope export",
        recognise=gradescope_reader,
        is_system=True,
        expects=absent_folders,
    ),
    Layout(name="moodle", title="a Moodle download", recognise=moodle_reader, is_system=True, is_marked=True),
    Layout(
        name="blackboard",
        title="a Blackboard download",
        recognise=blackboard_reader,
        is_system=True,
        is_marked=True,
    ),
    Layout(name="canvas", title="a Canvas download", recognise=canvas_reader, is_system=True, is_marked=True),
    Layout(
        name="brightspace",
        title="a Brightspace download",
        recognise=brightspace_reader,
        is_system=True,
        is_marked=True,
    ),
    Layout(name="teams", title="a Teams download", recognise=teams_reader, is_system=True),
    Layout(
        name="repositories", title="a folder of repositories", recognise=repositories_reader, is_system=True
    ),
    Layout(name="google", title="a Google Classroom folder", recognise=google_reader, is_system=True),
    Layout(name="one", title="one person's", recognise=plain.one_persons),
    Layout(name="sections", title="a folder of sections", recognise=plain.sections),
    Layout(name="nbgrader", title="nbgrader's submitted/", recognise=plain.nbgrader),
    Layout(name="names", title="folders and files by name", recognise=plain.by_name),
)
_BY_NAME = LAYOUTS[-1]
_ONE = next(layout for layout in LAYOUTS if layout.name == "one")
_DEEPEST = 8
BESIDE_DOWNLOAD = "files beside the download"


@dataclass(frozen=True)
class Branch:
    """A part of a place, and how it is read.

    Attributes:
        prefix: the folders around the hand-ins, which are nobody's.
        readers: the layout that it has, and what says whose a file is; its paths begin inside these folders. Then what
            is asked where a layout says nothing: other systems' marks, and at last the file's name.
        expected: what should be there and is not.
        section: whose people all are, where a place has several branches.
        is_download: whether a learning system has made all of it, so that other files are nobody's.
    """

    prefix: tuple[str, ...]
    readers: tuple[tuple[Layout, Reader], ...]
    expected: tuple[Entry, ...] = ()
    section: str = ""
    is_download: bool = False

    def whose(self, entry: Entry) -> tuple[Layout, Whose | Ignored]:
        """Whose a file of the branch is, and by which layout."""
        for layout, read in self.readers:
            if layout is _BY_NAME and self.is_download and not _may_be_somebodys(entry):
                break
            found = read(entry)
            if found is not None:
                return layout, self._in_section(found)
        return self.readers[0][0], Ignored(BESIDE_DOWNLOAD)

    def _in_section(self, found: Whose | Ignored) -> Whose | Ignored:
        if not self.section or isinstance(found, Ignored):
            return found
        people = tuple(plain.in_section(item, self.section) for item in found.people)
        return replace(found, people=people)


@dataclass(frozen=True)
class Arrangement:
    """How a place is arranged: its branches. What lies in none of them is nobody's."""

    branches: tuple[Branch, ...]

    def whose(self, entry: Entry) -> tuple[Layout, Whose | Ignored, Entry]:
        """Whose a file is, by which layout, and the file as seen from its branch."""
        for branch in self.branches:
            depth = len(branch.prefix)
            if entry.parts[:depth] == branch.prefix and len(entry.parts) > depth:
                inside = replace(entry, parts=entry.parts[depth:])
                return *branch.whose(inside), inside
        return self.branches[0].readers[0][0], Ignored(BESIDE_DOWNLOAD), entry

    @property
    def expected(self) -> list[Entry]:
        """What should be there and is not."""
        return [
            replace(entry, parts=(*branch.prefix, *entry.parts))
            for branch in self.branches
            for entry in branch.expected
        ]


def arranged(level: Level, name: str | None = None) -> Arrangement:
    """How a place is arranged.

    Args:
        level: the place, without what is hidden.
        name: of the layout, if that is known.

    Raises:
        UserError: there is no such layout, or the place does not have it.
    """
    asked = [layout for layout in LAYOUTS if layout.name == name]
    if name is not None and not asked:
        raise UserError(f"--layout {name}: choose one of {', '.join(LAYOUT_NAMES)}")
    systems = asked or [layout for layout in LAYOUTS if layout.is_system]
    if not asked and plain.is_of_one(level) and (read := plain.one_persons(level)):
        # What is inside bears nobody's mark; but a TA may have put the released notebook beside a download.
        if several := [place.name for place in level.folders if len(_keys(place, systems)) > 1]:
            raise UserError(
                f"there is a notebook of one person, and beside it {several[0]!r}, which looks like the download of "
                "several people: name that folder alone, or the notebook alone"
            )
        # A folder that was named alone may have its name from a system; Canvas names no folders.
        person = _named_by_a_system(
            level, [item for item in systems if item.is_marked and item.name != "canvas"]
        )
        return Arrangement((person or Branch((), ((_ONE, read), (_BY_NAME, plain.by_name(level)))),))
    if not asked or asked[0].is_system:
        if found := list(_of_systems(level, systems, ())):
            return Arrangement(tuple(found))
        if person := _named_by_a_system(level, systems):
            return Arrangement((person,))
    if not asked or not asked[0].is_system:
        return Arrangement(
            (_of_people(level, asked or [layout for layout in LAYOUTS if not layout.is_system]),)
        )
    raise UserError(f"--layout {name}: nothing there is named as in {asked[0].title}")


def _of_systems(level: Level, systems: Sequence[Layout], prefix: tuple[str, ...]) -> Iterator[Branch]:
    """The branches of a place that bear a learning system's mark, the outermost of each."""
    if (found := _first(systems, level)) and (len(systems) == 1 or _explains_most(level, found[1])):
        yield _branch(level, found, prefix)
        return
    if len(prefix) >= _DEEPEST or _is_peoples(level, systems):
        return
    inner = [
        branch for inside in level.folders for branch in _of_systems(inside, systems, (*prefix, inside.name))
    ]
    if len({branch.prefix[: len(prefix) + 1] for branch in inner}) > 1:
        # A download each.
        inner = [replace(branch, section=branch.section or branch.prefix[len(prefix)]) for branch in inner]
    yield from inner


def _explains_most(level: Level, read: Reader) -> bool:
    """Whether a layout says something of half of what may be somebody's: a few files may have come from elsewhere."""
    tops = {entry.parts[0] for entry in level.entries if len(entry.parts) > 1 or _may_be_somebodys(entry)}
    said = {entry.parts[0] for entry in level.entries if read(entry) is not None}
    return 2 * len(said) >= len(tops)


def _is_peoples(level: Level, systems: Sequence[Layout]) -> bool:
    """Whether people have hand-ins here: what is inside somebody's folder bears nobody's mark."""
    return plain.names_people(level.entries, level.unit) or any(
        plain.is_a_persons(inside.entries, level.unit) and not _is_marked(inside, systems)
        for inside in level.folders
    )


def _is_marked(level: Level, systems: Sequence[Layout]) -> bool:
    """Whether a folder bears a system's mark, or the unit's folder in it for several people: one may be nbgrader's."""
    inside = [place for place in level.folders if place.name == level.unit]
    return _first(systems, level) is not None or any(len(_keys(place, systems)) > 1 for place in inside)


def _keys(level: Level, systems: Sequence[Layout]) -> set[str]:
    found = _first(systems, level)
    whose = [found[1](entry) for entry in level.entries] if found else []
    return {person.key for item in whose if isinstance(item, Whose) for person in item.people}


def _named_by_a_system(level: Level, systems: Sequence[Layout]) -> Branch | None:
    """One person's folder that a learning system has named, such as one that a shell's `*` stands for."""
    if not level.name or level.is_zip or plain.names_people(level.entries, level.unit):
        return None
    if sum(plain.is_a_persons(inside.entries, level.unit) for inside in level.folders) > 1:
        return None
    around = replace(
        level, entries=[replace(entry, parts=(level.name, *entry.parts)) for entry in level.entries], name=""
    )
    found = _first(systems, around)
    if found is None:
        return None
    layout, read = found

    def inside(entry: Entry) -> Whose | Ignored | None:
        return read(replace(entry, parts=(level.name, *entry.parts)))

    return Branch((), ((layout, inside), (_BY_NAME, plain.by_name(level))))


def _of_people(level: Level, layouts: Sequence[Layout]) -> Branch:
    """How people have arranged a place themselves."""
    prefix: tuple[str, ...] = ()
    while len(prefix) < _DEEPEST and (inside := plain.inside_wrapper(level)):
        level, prefix = inside, (*prefix, inside.name)
    found = _first(layouts, level) or (_BY_NAME, plain.by_name(level))
    # Some may have come from a learning system all the same, and bear its mark.
    marked = _marked(level) if found[0] is _BY_NAME or found[0].name == "nbgrader" else []
    return Branch(prefix, (*marked, found, (_BY_NAME, plain.by_name(level))))


def _branch(level: Level, found: tuple[Layout, Reader], prefix: tuple[str, ...]) -> Branch:
    readers = [found, *(item for item in _marked(level) if item[0] is not found[0])]
    expected = tuple(found[0].expects(level)) if found[0].expects else ()
    return Branch(prefix, (*readers, (_BY_NAME, plain.by_name(level))), expected, is_download=True)


def _marked(level: Level) -> list[tuple[Layout, Reader]]:
    """The systems whose marks are on some of the files, the one that says most first."""
    found = [(layout, read) for layout in LAYOUTS if layout.is_marked and (read := layout.recognise(level))]
    return sorted(found, key=lambda item: -len({e.parts[0] for e in level.entries if item[1](e) is not None}))


def _first(layouts: Sequence[Layout], level: Level) -> tuple[Layout, Reader] | None:
    """The layout of a place: of those whose marks are there the one that says most, then the first.

    A file's name ends as its owner likes, and may bear another system's mark: one must not decide for a class.
    """
    found: list[tuple[Layout, Reader]] = []
    for layout in layouts:
        if read := layout.recognise(level):
            if not layout.is_system:
                return found[0] if found else (layout, read)
            found.append((layout, read))
    if len(found) < 2:
        return found[0] if found else None
    return max(found, key=lambda item: len({e.parts[0] for e in level.entries if item[1](e) is not None}))


def _may_be_somebodys(entry: Entry) -> bool:
    """Whether a file beside a learning system's own may be the work of somebody who sent it otherwise."""
    kind = suffix_of(entry.parts[-1])[1]
    is_folder = entry.is_folder and len(entry.parts) > 1
    return is_folder or kind in (FileKind.NOTEBOOK, FileKind.ZIP) or entry.is_notebook


def is_of_a_class(entries: Sequence[Entry], unit: str) -> bool:
    """Whether the files are what a learning system makes of several people's."""
    systems = [layout for layout in LAYOUTS if layout.is_system]
    try:
        arrangement = Arrangement(tuple(_of_systems(Level(entries=entries, unit=unit), systems, ())))
    except UserError:
        # It pretends to be an export, and is none: somebody's own.
        return False
    if not arrangement.branches:
        return False
    whose = [arrangement.whose(entry)[1] for entry in entries]
    return len({person.key for item in whose if isinstance(item, Whose) for person in item.people}) > 1
