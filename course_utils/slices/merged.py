"""The marks that git leaves in a text where two versions were merged and nobody has chosen between them."""

from __future__ import annotations

import re

from course_utils.slices.plain import several

# Seven of a kind at the beginning of a line, alone or with the name of a version; nbdime and Mercurial write the same.
_MARK = re.compile(r"^(?:<{7}|>{7}|={7}|\|{7})(?:[ \t].*)?\r?$", re.MULTILINE)


def conflicts(text: str) -> list[tuple[int, int]]:
    """The first and the last line of each conflict, from 1; a mark without its other half is one of a single line.

    A line of equals signs alone is no mark: texts underline their headings so.
    """
    found: list[tuple[int, int]] = []
    line, place = 1, 0
    begun = last = divider = 0
    for mark in _MARK.finditer(text):
        line += text.count("\n", place, mark.start())
        place = mark.start()
        kind = mark[0][0]
        if kind == "<":
            if begun:
                found.append((begun, last))
            begun = last = line
        elif kind == ">":
            found.append((begun or divider or line, line))
            begun = divider = 0
        elif begun:
            last = line
        else:
            divider = line
    if begun:
        found.append((begun, last))
    return found


def named_lines(spans: list[tuple[int, int]]) -> str:
    """`lines 40–44 and 60–66`, for a sentence."""
    named = [str(first) if first == last else f"{first}–{last}" for first, last in spans]
    return f"line{'s' * (len(spans) > 1 or spans[0][0] != spans[0][1])} {several(named)}"
