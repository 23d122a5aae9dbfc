"""The table of all layouts, in the order in which they are tried, and how one is recognised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.errors import UserError
from autograder.intake.layouts import (
    LAYOUT_NAMES,
    blackboard,
    brightspace,
    canvas,
    google,
    gradescope,
    moodle,
    plain,
    repositories,
    teams,
)
from autograder.intake.layouts.base import Ignored, Layout, Level, Reader, Whose
from autograder.intake.tree import Entry

# Those of learning systems come first, those with the surest mark before others.
LAYOUTS = (
    Layout(name="gradescope", title="a Gradescope export", recognise=gradescope.gradescope_reader),
    Layout(name="moodle", title="a Moodle download", recognise=moodle.moodle_reader),
    Layout(name="blackboard", title="a Blackboard download", recognise=blackboard.blackboard_reader),
    Layout(name="canvas", title="a Canvas download", recognise=canvas.canvas_reader),
    Layout(name="brightspace", title="a Brightspace download", recognise=brightspace.brightspace_reader),
    Layout(name="teams", title="a Teams download", recognise=teams.teams_reader),
    Layout(name="repositories", title="a folder of repositories", recognise=repositories.repositories_reader),
    Layout(name="google", title="a Google Classroom folder", recognise=google.google_reader),
    Layout(name="one", title="one person's", recognise=plain.one_persons),
    Layout(name="sections", title="a folder of sections", recognise=plain.sections),
    Layout(name="nbgrader", title="nbgrader's submitted/", recognise=plain.nbgrader),
    Layout(name="names", title="folders and files by name", recognise=plain.by_name),
)
_SYSTEMS = LAYOUTS[:8]
# Those whose marks are on each file, so that one file is enough.
_MARKED = LAYOUTS[1:5]
_MOST_WRAPPERS = 8


@dataclass(frozen=True)
class Arrangement:
    """How a place is arranged.

    Attributes:
        depth: how many folders are around the hand-ins and are nobody's.
        readers: the layout that it has, and what says whose a file is; its paths begin inside these folders. Then what
            is asked where a layout says nothing: other systems' marks, and at last the file's name.
    """

    depth: int
    readers: tuple[tuple[Layout, Reader], ...]

    def whose(self, entry: Entry) -> tuple[Layout, Whose | Ignored]:
        """Whose a file is, and by which layout."""
        for layout, read in self.readers:
            found = read(entry)
            if found is not None:
                return layout, found
        return self.readers[-1][0], Ignored(plain.OF_THE_CLASS)


def arranged(level: Level, name: str | None = None) -> Arrangement:
    """How a place is arranged: the outermost name that matches a layout decides.

    Args:
        level: the place, without what is hidden.
        name: of the layout, if that is known.

    Raises:
        UserError: there is no such layout, or the place does not have it.
    """
    asked = [layout for layout in LAYOUTS if layout.name == name]
    if name is not None and not asked:
        raise UserError(f"--layout {name}: choose one of {', '.join(LAYOUT_NAMES)}")
    for depth in range(_MOST_WRAPPERS):
        inside = _only_folder(level)
        found = _first(asked or _SYSTEMS, level) if not asked or asked[0] in _SYSTEMS else None
        # A learning system's mark inside makes the only folder around it nobody's.
        goes_on = inside and (plain.is_wrapper(level) or (not asked and _is_of_a_system(inside)))
        if not found and not goes_on:
            found = _first(asked or LAYOUTS, level)
        if found:
            return Arrangement(depth, (found, *_others(found[0], level)))
        if inside is None:
            break
        level = inside
    title = asked[0].title if asked else "any layout"
    raise UserError(f"--layout {name}: nothing there is named as in {title}")


def _others(layout: Layout, level: Level) -> Iterator[tuple[Layout, Reader]]:
    """What is asked of the files of a place of which its layout says nothing."""
    for other in (*_MARKED, LAYOUTS[-1]):
        if other is not layout and (read := other.recognise(level)):
            yield other, read


def _first(layouts: Sequence[Layout], level: Level) -> tuple[Layout, Reader] | None:
    for layout in layouts:
        if read := layout.recognise(level):
            return layout, read
    return None


def _is_of_a_system(level: Level) -> bool:
    """Whether a place has a learning system's mark, however many folders are around it."""
    if _first(_SYSTEMS, level):
        return True
    inside = _only_folder(level)
    return inside is not None and _is_of_a_system(inside)


def _only_folder(level: Level) -> Level | None:
    """What lies in the only folder of a place, beside which no hand-in lies; None if there is none."""
    if plain.hand_ins(level.entries):
        return None
    folders = {entry.parts[0] for entry in level.entries if len(entry.parts) > 1}
    if len(folders) != 1:
        return None
    inside = [replace(entry, parts=entry.parts[1:]) for entry in level.entries if len(entry.parts) > 1]
    return replace(level, entries=inside, name=folders.pop())


def is_of_a_class(entries: Sequence[Entry], unit: str) -> bool:
    """Whether the files are what a learning system makes of several people's."""
    level = Level(entries=entries, unit=unit)
    found = _first(_SYSTEMS, level) or ((inside := _only_folder(level)) and _first(_SYSTEMS, inside))
    if not found:
        return False
    depth = 0 if _first(_SYSTEMS, level) else 1
    keys = set()
    for entry in entries:
        if len(entry.parts) > depth:
            whose = found[1](replace(entry, parts=entry.parts[depth:]))
            keys |= {item.key for item in whose.people} if isinstance(whose, Whose) else set()
    return len(keys) > 1
