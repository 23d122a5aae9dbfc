"""Which problem set is to be handed in: as the call says, as the set-up cell does, and as the file itself does."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any, NoReturn

from course_utils import shipped
from course_utils.errors import CourseError
from course_utils.setup import Setup
from course_utils.student.fresh_run import NotebookJson
from course_utils.student.handed import unit_of_notebook
from course_utils.student.meant import UnclearError, did_you_mean, meant_exercise, unit_here


class SubmitError(CourseError):
    """The notebook can't be found or read; the message says what to do."""


def unit_to_submit(given: object, namespace: Mapping[str, Any]) -> str | None:
    """The problem set that is meant; None if neither the call nor the set-up cell says it.

    Raises:
        SubmitError: there is no such set.
    """
    if isinstance(given, Setup):
        return given.unit
    if given is None:
        return unit_here(namespace)
    known = shipped.known_units()
    text = _text_of(given)
    # A file's name tells its unit, and so does an exercise.
    plain = text.strip().lower().removesuffix(".ipynb").removesuffix("-submission")
    if plain in known:
        return plain
    with suppress(UnclearError):
        return meant_exercise(given, namespace).exercise.split(".")[0]
    close = did_you_mean(plain, known)
    there = f"there is no problem set {text!r}: known are {', '.join(known)}"
    raise SubmitError(
        f'{there}. Did you mean cu.submit("{close}")?'
        if close
        else f"{there}. Give the id of this problem set, as in cu.submit('{unit_here(namespace) or 'moco'}')."
    )


def _text_of(given: object) -> str:
    if isinstance(given, str):
        return given
    if isinstance(given, PurePath):
        return given.name
    try:
        return str(getattr(given, "__name__", "")) or repr(given)
    except Exception:  # noqa: BLE001 - whatever an object of the student's does when it is shown
        return f"an object of {type(given).__name__}"


def unit_of_file(chosen: str | None, path: Path, content: NotebookJson) -> str:
    """The unit to be handed in. Raises `SubmitError` if it is not the notebook's, or if nothing tells it."""
    own = unit_of_notebook(content)
    if own and chosen and own != chosen:
        refuse(path.name, own, chosen)
    if not (chosen or own):
        raise SubmitError(
            f"{path.name} does not tell which problem set it is: give its id, as in cu.submit('moco')"
        )
    return str(chosen or own)


def refuse(what: str, own: str, chosen: str) -> NoReturn:
    """Refuse to hand in a notebook of one unit as that of another. Raises `SubmitError`."""
    raise SubmitError(
        f'{what} is {own}, not {chosen}: run cu.submit("{own}") here to hand in {own}, and '
        f'cu.submit("{chosen}") in the notebook of {chosen}'
    )
