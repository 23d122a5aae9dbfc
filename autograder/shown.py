"""Texts of others at the borders where people read them: terminal, pages, tables.

The journal keeps names and messages as they are, for it is data. Whatever shows them goes through here, last of all, so
that nothing that came on the way (an exception's text, a file's name, a person's name) steers a terminal, turns the
direction of a line or hides in it.
"""

from __future__ import annotations

import re

from course_utils.slices.plain import STEERING, plain

_MARK = "\N{REPLACEMENT CHARACTER}"
# Characters of no width besides those that steer: grapheme joiner, fillers, inherent vowels, beams of music.
_HIDDEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\U0001d173-\U0001d17a]")
# The joiners, which Persian, Hindi and some emoji need between their letters, and no other script does.
_JOINERS = re.compile(
    r"(?:(?<![^\x00-\u02ff\ufffd])|^)[\u200c\u200d]+|[\u200c\u200d]+(?![^\x00-\u02ff\ufffd\u200c\u200d])"
)
_LINE_ENDS = re.compile(r"\r\n?")


def one_line(text: str) -> str:
    """The text on one line, with a replacement character for each that steers or cannot be seen."""
    return _seen(plain(text))


def visible(text: str) -> str:
    """The same with its line ends and tabs."""
    text = STEERING.sub(lambda found: found[0] if found[0] in "\t\n" else _MARK, _LINE_ENDS.sub("\n", text))
    return _seen(text)


def _seen(text: str) -> str:
    return _JOINERS.sub(_MARK, _HIDDEN.sub(_MARK, text))
