"""Sentences in lines that fit into a notebook's cell, which breaks longer ones in the middle of a word."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

LINE_WIDTH = 100

# What stays in one line, its spaces included: code to the end of the line, calls of `cu`, what stands in quotation
# marks or backticks, files.
_KEPT = re.compile(
    r"(?<= of your cell: ).+|(?<= of your code: ).+|(?<= of the cell: ).+"
    r"|\bcu\.\w+\([^)\n]*\)"
    r"|(?<![\w'])'[^'\n]*'(?!\w)"
    r"|(?<![\w\"])\"[^\"\n]*\"(?!\w)"
    r"|`[^`\n]*`"
    r"|(?<!\S)(?:[A-Za-z]:)?[/\\][^\n]*?\.ipynb\b"
)
# Of the private use area: no white space for `textwrap`.
_SPACE = "\ue000"


def wrapped(text: str, indent: int = 0) -> str:
    """Text in lines of at most `LINE_WIDTH` characters where words allow it, later ones indented more.

    Args:
        text: sentences; its own line breaks are kept.
        indent: spaces in front of all lines.
    """
    lines = []
    here = str(Path.cwd())
    for line in text.splitlines():
        kept = _KEPT.sub(lambda found: found[0].replace(" ", _SPACE), line)
        kept = kept.replace(here, here.replace(" ", _SPACE))
        made = textwrap.wrap(
            kept,
            max(LINE_WIDTH, indent + 40),
            initial_indent=" " * indent,
            subsequent_indent=" " * (indent + 2),
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += made or [""]
    return "\n".join(lines).replace(_SPACE, " ")
