"""Texts of others as they may be shown: short, and without what steers a terminal or turns the direction of a line.

Names of files, lines of code and names in them are a student's to choose. The journal keeps names as they are, for they
are keys; whatever quotes one in a sentence or prints it comes through here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# Of a flag or a reason, and of one name that is quoted in it.
LONGEST = 500
LONGEST_NAME = 60
MOST_NAMED = 5

# Control characters (a terminal obeys C1 codes too), line ends of Unicode, marks of direction and other format
# characters, halves of surrogate pairs. Not the joiners U+200C and U+200D: Persian, Hindi and some emoji need them.
STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_BLANKS = re.compile(r"[\t\n\r\f\v]+")


def plain(text: str) -> str:
    """The text on one line, with a replacement character for each that steers."""
    return STEERING.sub("\N{REPLACEMENT CHARACTER}", _BLANKS.sub(" ", text))


def clip(text: str, longest: int = LONGEST) -> str:
    """The beginning of a text, plain."""
    return plain(text if len(text) <= longest else f"{text[: longest - 1]}…")


def clip_path(path: str, longest: int = LONGEST_NAME) -> str:
    """The end of a path, plain: a file's own name says most."""
    return plain(path if len(path) <= longest else f"…{path[1 - longest :]}")


def several(names: Iterable[object], most: int = MOST_NAMED, longest: int = LONGEST_NAME) -> str:
    """`a, b and 3 more`: the first few of many, each clipped."""
    names = list(names)
    text = ", ".join(clip(str(name), longest) for name in names[:most])
    return f"{text} and {len(names) - most} more" if len(names) > most else text
