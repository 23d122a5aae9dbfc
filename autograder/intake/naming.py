"""What the name of a file says: which file of a unit it is, and of whom.

`moco-submission (2)` is what `cu.submit` made, downloaded a third time; `moco`, `moco (1)`, `moco-1` are the released
notebook; `Copy of moco`, `moco - Copy` and all others are something else of the unit.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# What browsers, file managers and learning systems put behind a name, in the languages of many machines.
COPIES = r"copy|kopie|copie|copia|c\u00f3pia|kopia|kopi|kopija"
_BRACKET = r"[ _]?\((?P<bracket>\d{1,6})\)"
# Where the word follows the name, with or without what joins the two: moco 的副本, moco의 사본, mocoのコピー.
COPY_BEHIND = (
    r"[ _]?-?[ _]?(?:[的之][ _]?)?(?:副本|拷[贝貝]|複本|复件)|[ _]?-?[ _]?(?:의[ _]?)?(?:사본|복사본)"
    r"|[ _]?-?[ _]?(?:の[ _]?)?(?:コピー|複製)"
    r"|[ _]?-?[ _](?:копия|копія|kopyası|adlı[ _]not[ _]defterinin[ _]kopyası)"
)
_COPY = rf"(?:[ _]?-?[ _]?(?:{COPIES})|{COPY_BEHIND})(?:[ _-]?\d+)?"
_MARK = re.compile(rf"(?:{_BRACKET}|{_COPY})\Z", re.IGNORECASE)
# The same in front: Copy of moco, 사본 - moco, Копия moco. Colab saves files with `_` for blanks and dots.
COPY_BEFORE = (
    rf"(?:{COPIES})[ _](?:of|von|de|di|af|av|van)[ _]|(?:사본|복사본|コピー)(?:[ _]?[-:：][ _]?|[ _])"
    r"|(?:副本|拷贝)(?:[ _]?[-:：])?[ _]?"
    r"|(?:копия|копія)[ _](?:(?:блокнота|файла)[ _])?|b\u1ea3n[ _]sao[ _]c\u1ee7a[ _]|salinan[ _](?:dari[ _])?"
)
_COPY_OF = re.compile(rf"\A(?:{COPY_BEFORE})", re.IGNORECASE)
# What some languages put the copied file's name in, and its suffix, which is no longer the file's own.
_QUOTED = re.compile(
    r"\A(?:\u201c(.+)\u201d|\u300c(.+)\u300d|\u2018(.+)\u2019|\u00ab(.+)\u00bb|\"(.+)\"|'(.+)'|_(.+)_)\Z",
    re.DOTALL,
)
_OLD_SUFFIX = re.compile(r"[._]ipynb\Z", re.IGNORECASE)
_COLAB = re.compile(r"(?:\.ipynb)?[ _]-[ _]Colab(?:oratory)?\Z", re.IGNORECASE)
# Copies are few: a longer number is a student's.
_COUNT = re.compile(r"[ _-]{1,2}(?P<count>\d{1,3})\Z")
_SEPARATOR = r"[ _.-]{1,3}"
_SUBMISSION = rf"{_SEPARATOR}?submission"

# Which of one person's files is preferred.
HANDED_IN, RELEASED, OTHER = range(3)


class Called(NamedTuple):
    """How a file is called.

    Attributes:
        rank: `HANDED_IN` for what `cu.submit` made, `RELEASED` for the notebook as released, `OTHER`.
        numbers: that stand behind the name; of two files of one rank the later has the larger.
    """

    rank: int
    numbers: tuple[int, ...] = ()


class Named(NamedTuple):
    """The person that a file among those of many is named for, empty if for none; and how their file is called."""

    person: str
    called: Called
    says_unit: bool


def called(stem: str, unit: str) -> Called:
    """How one person's file is called.

    Args:
        stem: its name without suffix.
        unit: id of the unit.
    """
    core, numbers, is_copy = _stripped(stem)
    name = re.escape(unit)
    if is_copy:
        return Called(OTHER, numbers)
    if match := re.fullmatch(rf"{name}{_SUBMISSION}(?P<rest>.*)", core, re.IGNORECASE | re.DOTALL):
        return Called(HANDED_IN, (*_count(match["rest"]), *numbers))
    if match := re.fullmatch(rf"{name}(?P<rest>.*)", core, re.IGNORECASE | re.DOTALL):
        if not match["rest"]:
            return Called(RELEASED, numbers)
        if _COUNT.fullmatch(match["rest"]):
            return Called(RELEASED, (*_count(match["rest"]), *numbers))
    return Called(OTHER, numbers)


def named(stem: str, unit: str) -> Named:
    """Of whom a file among those of many is, by its name alone: `ada`, `ada_moco (1)`, `moco_ada - Copy` are ada's.

    Args:
        stem: its name without suffix.
        unit: id of the unit.
    """
    core, numbers, is_copy = _stripped(stem)
    name = re.escape(unit)
    tail = rf"(?P<submission>{_SUBMISSION})?(?P<count>[ _-]{{1,2}}\d{{1,3}})?"
    if re.fullmatch(rf"{name}{tail}", core, re.IGNORECASE):
        return Named("", called(stem, unit), True)
    before = re.fullmatch(rf"(?P<person>.+?){_SEPARATOR}{name}{tail}", core, re.IGNORECASE | re.DOTALL)
    after = re.fullmatch(
        rf"{name}(?P<submission>{_SUBMISSION})?(?P<count>){_SEPARATOR}(?P<person>.*\D.*|\d{{4,}})",
        core,
        re.IGNORECASE | re.DOTALL,
    )
    match = before or after
    if match is None:
        return Named(core, Called(OTHER if is_copy else RELEASED, numbers), False)
    rank = OTHER if is_copy else HANDED_IN if match["submission"] else RELEASED
    return Named(match["person"], Called(rank, (*_count(match["count"] or ""), *numbers)), True)


def _stripped(stem: str) -> tuple[str, tuple[int, ...], bool]:
    """A name without what copying put around it; the numbers in brackets; whether a word says that it is a copy."""
    core, is_copy = stem.strip(), False
    numbers: tuple[int, ...] = ()
    if match := _COLAB.search(core):
        core = core[: match.start()]
    while match := _MARK.search(core):
        if not match.start():
            break
        if match["bracket"]:
            numbers = (int(match["bracket"]), *numbers)
        else:
            is_copy = True
        core = core[: match.start()].rstrip()
    while match := _COPY_OF.match(core):
        if match.end() == len(core):
            break
        core, is_copy = core[match.end() :], True
    if is_copy and (inner := _unquoted(core)) != core:
        core, more, _ = _stripped(inner)
        numbers = (*more, *numbers)
    return core, numbers, is_copy


def _unquoted(name: str) -> str:
    """The name of the file that was copied: `moco` of `“moco.ipynb”`, which stands before `的副本`."""
    if match := _QUOTED.match(name):
        name = next(filter(None, match.groups()))
    return _OLD_SUFFIX.sub("", name) or name


def _count(text: str) -> tuple[int, ...]:
    match = _COUNT.search(text)
    return (int(match["count"]),) if match else ()
