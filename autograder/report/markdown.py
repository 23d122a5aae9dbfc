"""What students write as Markdown, made harmless for pages that staff and other students open, and still readable.

Two lines of defence, each sufficient by itself: `clean_markdown` changes the Markdown so that even an exporter that
trusts it makes a harmless page (that is what `nbgrader autograde` writes), and `markdown_html` passes whatever was made
of it through the sanitiser (that is what pages are made with). What is taken out is shown as the text that was written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from markupsafe import Markup

from autograder.report.clean import (
    DATA,
    TAGS,
    is_closed,
    keeps_all,
    leads,
    pictures,
    prose,
    safe_html,
    scheme_of,
)
from course_utils.slices.plain import LONGEST_NAME, STEERING, clip

CLEANED_NOTE = (
    "*A note of the grader: something in this cell is shown as text: tags other than those of Markdown are not "
    "rendered, nor are some links and commands of TeX. The file that was handed in is unchanged.*"
)
TOO_LARGE = (
    "*A note of the grader: this cell would take too long to format, so it is shown as text; the file that was handed "
    "in is unchanged.*"
)


# Steps of formatting one notebook's Markdown: characters that may mean something times characters, cell by cell. The
# worst that is known takes 15 ns each. The units of this course have 300,000.
STEPS = 10**8
# Of the text in a picture's own address, which a formatter passes over quickly.
_PICTURE_STEPS = 4
_MOST_MEANING = 20_000


@dataclass
class Budget:
    """How much of formatting is left for the cells of one notebook."""

    left: int = STEPS

    def takes(self, text: str) -> bool:
        """Whether there is enough for this text; it is used up if so."""
        data = sum(len(found[0]) for found in DATA.finditer(text))
        meaning = len(_MEANING.findall(text))
        steps = meaning * (len(text) - data + data // _PICTURE_STEPS)
        if meaning > _MOST_MEANING or steps > self.left:
            return False
        self.left -= steps
        return True


# What a formatter looks at, and every line.
_MEANING = re.compile(r"[^\w\s,;'\"/+=.?%-]|_|\n")


@dataclass(frozen=True)
class Cleaned:
    """A Markdown cell as it may be kept.

    Attributes:
        source: its text.
        attachments: name -> type -> base64: the pictures that may be shown.
        changed: whether something was made text, or left out.
    """

    source: str
    attachments: dict[str, dict[str, str]] = field(default_factory=dict)
    changed: bool = False


def clean_markdown(source: str, attachments: object = None, budget: Budget | None = None) -> Cleaned:
    """Markdown of which no formatter makes more than text, tables, code, formulas and pictures.

    Args:
        source: what was written; kept character by character if it is harmless.
        attachments: the cell's, as they stand in the file.
        budget: of the notebook; of this text alone if None.

    Returns:
        The same text; or a text in which tags, links and commands that could run are shown as they were written, with
        a note; or, where that is not enough or formatting would take too long, all of it as a block of text.
    """
    kept, dropped = pictures(attachments)
    budget = budget or Budget()
    if not budget.takes(source):
        return Cleaned(f"{as_block(source)}\n\n{TOO_LARGE}", {}, True)
    steering = {
        ord(char): "\N{REPLACEMENT CHARACTER}" for char in set(STEERING.findall(source)) - set("\t\n\r")
    }
    text = source.translate(steering)
    notes = [
        f"*A note of the grader: the attachment {_quoted(name)} is no picture that is shown.*"
        for name in dropped
    ]
    if _is_harmless(text, kept):
        if not notes:
            return Cleaned(text, kept, text != source)
        return Cleaned("\n\n".join([text, *notes]), kept, True)
    text = _disarmed(text, kept)
    # Three times as long at most, and formatted once more.
    if not (budget.takes(text) and _is_harmless(text, kept)):
        text, kept = as_block(source), {}
    return Cleaned("\n\n".join([text, CLEANED_NOTE, *notes]), kept, True)


def as_block(source: str) -> str:
    """A text as a block of Markdown that shows it as it is, line by line."""
    text = STEERING.sub(lambda found: found[0] if found[0] in "\t\n" else "\N{REPLACEMENT CHARACTER}", source)
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"


def markdown_html(source: str, attachments: object = None) -> Markup:
    """Markdown of a student's as HTML for a page: nothing in it runs, covers the page or loads from elsewhere.

    Args:
        source: what was written.
        attachments: the cell's, as they stand in the file.
    """
    cleaned = clean_markdown(source, attachments)
    try:
        made = _rendered(cleaned.source, cleaned.attachments, for_page=True)
    except Exception:  # whatever the formatter stumbles over
        made = f"<pre>{html.escape(source)}</pre>"
    # A formula can be as large as it likes, in its own box.
    return Markup(f'<div style="position: relative; overflow: auto; contain: paint">{safe_html(made)}</div>')


def _quoted(name: str) -> str:
    return as_code(clip(name, LONGEST_NAME))


def as_code(name: str) -> str:
    """A short text as code within a line of Markdown."""
    ticks = "`" * (max(map(len, re.findall("`+", name)), default=0) + 1)
    return f"{ticks} {name} {ticks}"


# --- what a formatter would make of it ------------------------------------------------------------------------------


def _rendered(source: str, attachments: dict[str, dict[str, str]], *, for_page: bool = False) -> str:
    """The HTML that nbconvert makes. Raises whatever it stumbles over."""
    renderer = _renderers()[for_page](escape=False, attachments=attachments)
    from nbconvert.filters.markdown_mistune import MarkdownWithMath

    return str(MarkdownWithMath(renderer=renderer).render(source))


@cache
def _renderers() -> tuple[Callable[..., Any], Callable[..., Any]]:
    """nbconvert's own renderer, and one that tells the address of what a page does not load or link."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer

    class ForPage(IPythonRenderer):  # type: ignore[misc]
        def image(self, text: str, url: str, title: str | None = None) -> str:
            if scheme_of(url) in ("http", "https") or url.startswith("//"):
                address = html.escape(url)
                return f'<a href="{address}">{text or address}</a>'
            return str(super().image(text, url, title))

        def link(self, text: str, url: str, title: str | None = None) -> str:
            if not scheme_of(url) and not url.startswith("#"):
                return f"{text} ({html.escape(url)})"
            return str(super().link(text, url, title))

        def task_list_item(self, text: str, checked: bool = False) -> str:
            return f"<li>{'☑' if checked else '☐'} {text}</li>\n"

    return IPythonRenderer, ForPage


def _is_harmless(source: str, attachments: dict[str, dict[str, str]]) -> bool:
    """Whether the sanitiser would leave all that nbconvert makes of it as it is."""
    if any(_COMMAND.search(part) for part, is_code in _parts(source) if not is_code):
        return False
    try:
        made = _rendered(source, attachments)
    except Exception:  # whatever the formatter stumbles over
        return False
    made = _TASK.sub("\N{BALLOT BOX}", made)
    # Entities and unclosed backticks make commands where the source shows none.
    return is_closed(made) and keeps_all(made) and not _COMMAND.search(prose(made))


# As mistune writes a box of a list of tasks.
_TASK = re.compile(r'<input class="task-list-item-checkbox" type="checkbox" disabled(?: checked)?/>')


# --- the same, as text ----------------------------------------------------------------------------------------------

_CODE = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?\n)?? {0,3}(?P=fence)[`~]*[ \t]*$"
    r"|(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)",
    re.DOTALL | re.MULTILINE,
)
# What is between the tags of these is no text for people: it is taken with them.
_WHOLE = (
    "form|iframe|math|noembed|noframes|noscript|object|script|select|style|svg|template|textarea|title|xmp"
)
_TAG = re.compile(
    rf"<!--.*?(?:-->|\Z)|<(?P<whole>{_WHOLE})\b[^>]*>.*?</(?P=whole)\s*>|<(?=[A-Za-z/!?])[^<>]*>?",
    re.DOTALL | re.IGNORECASE,
)
_AUTOLINK = re.compile(r"<(?:https?://|mailto:)[^<>\s]*>")
_TABLE_PARTS = re.compile(r"<(?:caption|col|colgroup|tbody|td|tfoot|th|thead|tr)\b", re.IGNORECASE)
_LINK = re.compile(r"\]\(\s*(<[^<>\n]*>|[^\s)]*)")
_REFERENCE = re.compile(r"^( {0,3}\[[^\]\n]*\])(:[ \t]*\n?[ \t]*(\S*))", re.MULTILINE)
# Commands of TeX that make links, classes and styles, load something, or define what holds for all formulas of a page.
_COMMAND = re.compile(
    r"\\(?=(?:bbox|class|cssId|href|html(?:Class|Data|Id|Style)|mmlToken|require|style|unicode"
    r"|[egx]?def|global|(?:future)?let|(?:re)?new(?:command|environment)|providecommand|DeclareMathOperator)"
    r"(?![A-Za-z]))"
)
_MERMAID = re.compile(r"^( {0,3}(?:`{3,}|~{3,})[ \t]*)mermaid", re.IGNORECASE)


def _parts(source: str) -> Iterable[tuple[str, bool]]:
    """The text in pieces, and which of them are code."""
    at = 0
    for found in _CODE.finditer(source):
        yield source[at : found.start()], False
        yield found[0], True
        at = found.end()
    yield source[at:], False


def _disarmed(source: str, attachments: Mapping[str, Any]) -> str:
    """The source with what could run as visible text; a guess that is checked afterwards."""

    def tag(found: re.Match[str]) -> str:
        piece = found[0]
        if _AUTOLINK.fullmatch(piece) or (_name(piece) in TAGS and _name(piece) not in unsafe):
            return piece
        # As code, since what stands in it may mean something in Markdown too.
        return f"\n\n{as_block(piece)}\n\n" if "\n" in piece.strip() else f"{as_code(piece)} "

    def address(text: str) -> bool:
        text = html.unescape(text.strip("<>")).replace("\\", "")
        if text.startswith("attachment:"):
            return text.removeprefix("attachment:") in attachments
        return leads(text, pictures=True)

    def link(found: re.Match[str]) -> str:
        return found[0] if address(found[1]) else f"\\{found[0]}"

    def reference(found: re.Match[str]) -> str:
        return found[0] if address(found[3]) else f"{found[1]}\\{found[2]}"

    parts = list(_parts(source))
    # Where one beginning of a tag must not be, none of its ends may close another.
    unsafe = {
        _name(found[0])
        for part, is_code in parts
        if not is_code
        for found in _TAG.finditer(part)
        if _runs(found[0])
    }
    made = []
    for part, is_code in parts:
        if is_code:
            made.append(_MERMAID.sub(r"\1text", part))
            continue
        text = _REFERENCE.sub(reference, part)
        text = _LINK.sub(link, text)
        text = _TAG.sub(tag, text)
        made.append(_COMMAND.sub(r"\\backslash{}", text))
    return "".join(made)


def _name(piece: str) -> str:
    """The name of the tag that begins a text, in small letters."""
    found = re.match(r"</?([A-Za-z][A-Za-z0-9]*)(?=[\s/>])", piece)
    return found[1].lower() if found else ""


def _runs(piece: str) -> bool:
    """Whether the sanitiser would leave out something of this tag."""
    return not (piece.endswith(">") and keeps_all(f"<table>{piece}" if _TABLE_PARTS.match(piece) else piece))
