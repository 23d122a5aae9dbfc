"""What students write as HTML, made harmless for pages that staff and other students open.

Such a page is opened in a session that may see the references, the secret and the gradebook, so nothing of a student's
may run there, lay itself over the page, or fetch from other machines. The sanitiser is nh3; here stands what it lets
through. Markdown is the business of `autograder.report.markdown`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Mapping
from functools import cache
from html.parser import HTMLParser

import nh3
from pygments.token import STANDARD_TYPES


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TAGS = _words(
    """a abbr b blockquote br caption center cite code col colgroup dd del details dfn div dl dt em figcaption figure
    font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strike strong sub summary sup table
    tbody td tfoot th thead tr tt u ul var"""
)
_ATTRIBUTES = {
    "*": {"align", "class", "dir", "id", "lang", "style", "title", "valign"},
    "a": {"href"},
    "col": {"span", "width"},
    "colgroup": {"span"},
    "details": {"open"},
    "font": {"color", "size"},
    "img": {"src", "alt", "width", "height"},
    "li": {"value"},
    "ol": {"start", "type"},
    "table": {"border", "cellpadding", "cellspacing", "width"},
    "td": {"colspan", "rowspan", "width"},
    "th": {"colspan", "rowspan", "scope", "width"},
}
# Nothing that takes a text out of its place, hides it or loads something.
_STYLES = _words(
    """background-color border border-bottom border-collapse border-color border-left border-right border-style
    border-top border-width color font-family font-style font-weight list-style-type padding padding-bottom
    padding-left padding-right padding-top text-align text-decoration vertical-align white-space"""
)
_STYLE = re.compile(r"\s*([a-z-]+)\s*:\s*[\w\s#%.,\"'-]*(?:rgba?\([\d\s,.%]*\)[\w\s#%.,-]*)?")
# Other classes would be those of the page: a menu over everything, a button that gives full points.
_ALERTS = "alert(?:-(?:block|danger|info|success|warning))?"
_CLASSES = {
    "a": re.compile("anchor-link"),
    "code": re.compile(r"language-[\w.+#-]+"),
    "div": re.compile(f"highlight|{_ALERTS}"),
    "li": re.compile("task-list-item"),
    "p": re.compile(_ALERTS),
    # As Pygments names its tokens, those that are only a lexer's own too.
    "span": re.compile(
        f"(?:{'|'.join(filter(None, STANDARD_TYPES.values()))})(?:-[A-Za-z]+)*|(?:-[A-Za-z]+)+"
    ),
}
_NEED_NO_END = _words("br caption col colgroup dd dt hr img li p tbody td tfoot th thead tr")
_SCHEMES = {"http", "https", "mailto"}
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
DATA = re.compile(rf"data:(?:{'|'.join(_PICTURES)});base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
# As nbconvert recognises it, on finished HTML.
_FILES = re.compile(r"^\s*/?files/", re.IGNORECASE)
_PREFIX = "written-"


def safe_html(text: str) -> str:
    """HTML in which nothing runs, covers the page or loads from elsewhere; what is left out is gone."""
    return _page_cleaner().clean(text)


def safe_attachments(attachments: object) -> dict[str, dict[str, str]]:
    """The pictures among the attachments of a cell: name -> type -> base64."""
    return pictures(attachments)[0]


# --- what may be shown ----------------------------------------------------------------------------------------------


@cache
def _page_cleaner() -> nh3.Cleaner:
    """For finished pages: ids get a prefix, pictures come from the page alone, links lead to the web or in the cell."""
    return nh3.Cleaner(
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_for_page,
        filter_style_properties=set(_STYLES),
        url_schemes={*_SCHEMES, "data"},
    )


@cache
def _checking_cleaner() -> nh3.Cleaner:
    """To see whether something would be left out; it changes nothing that is harmless."""
    attributes = {tag: set(names) for tag, names in _ATTRIBUTES.items()}
    attributes["a"] |= {"name", "rel", "target"}
    return nh3.Cleaner(
        tags=set(TAGS),
        attributes=attributes,
        attribute_filter=_if_harmless,
        link_rel=None,
        url_schemes={*_SCHEMES, "data"},
    )


def _if_harmless(tag: str, name: str, value: str) -> str | None:
    if name == "class":
        known = _CLASSES.get(tag)
        return " ".join(item for item in value.split() if known and known.fullmatch(item)) or None
    if name == "style":
        parts = [part for part in value.split(";") if part.strip()]
        found = [_STYLE.fullmatch(part.lower()) for part in parts]
        return value if all(match and match[1] in _STYLES for match in found) else None
    if name == "href":
        return value if leads(value, pictures=False) else None
    if name == "src":
        return value if leads(value, pictures=True) else None
    return value


def _for_page(tag: str, name: str, value: str) -> str | None:
    if name == "id":
        return _PREFIX + value
    if name == "href" and value.startswith("#"):
        return f"#{_PREFIX}{value[1:]}"
    if name == "href":
        # A file beside the notebook may be a page of the student's own.
        return value if scheme_of(value) in _SCHEMES else None
    if name == "src" and scheme_of(value) != "data":
        # No other machine is told who looks at what; and no address of this one is asked for but files in here.
        path = value.strip()
        inside = (
            not scheme_of(path) and not path.startswith(("/", "\\")) and ".." not in path and "?" not in path
        )
        return value if inside else None
    return _if_harmless(tag, name, value)


def leads(address: str, *, pictures: bool) -> bool:
    """Whether an address is one of the web, of this place, or (for pictures) a picture in itself."""
    if _FILES.match(address):
        # nbconvert takes `files/` away, and what follows may begin with a scheme.
        return leads(_FILES.sub("", address, count=1), pictures=pictures)
    scheme = scheme_of(address)
    if scheme == "data":
        return pictures and DATA.fullmatch(address.strip()) is not None
    return scheme in {"", *_SCHEMES}


def scheme_of(address: str) -> str:
    """What a browser takes for the scheme: it passes over control characters and blanks. Empty if there is none."""
    seen = "".join(char for char in address if char > " " and char not in "\x7f\u00a0")
    before, colon, _ = seen.partition(":")
    return before.lower() if colon and not set(before) & set("/?#") else ""


def pictures(attachments: object) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The attachments that are pictures in base64, and the names of the others."""
    kept: dict[str, dict[str, str]] = {}
    dropped = []
    for name, types in attachments.items() if isinstance(attachments, Mapping) else ():
        found = {}
        for kind, data in types.items() if isinstance(types, Mapping) else ():
            text = "".join(data) if isinstance(data, list) and all(isinstance(x, str) for x in data) else data
            if kind in _PICTURES and isinstance(text, str):
                try:
                    found[str(kind)] = base64.b64encode(
                        base64.b64decode("".join(text.split()), validate=True)
                    ).decode()
                except (binascii.Error, ValueError):
                    continue
        if found and isinstance(types, Mapping) and len(found) == len(types):
            kept[str(name)] = found
        else:
            # A part of it might be what is preferred where it is shown.
            dropped.append(str(name))
    return kept, dropped


# --- what it leaves out --------------------------------------------------------------------------------------------


def keeps_all(made: str) -> bool:
    """Whether the sanitiser leaves out nothing.

    Python's parser reads the HTML before and after. Both may misunderstand what a browser would not, but then the text
    or the tags differ: what the sanitiser took for a tag and left out, Python's parser must have seen as something.
    """
    before, after = _Seen(made), _Seen(_checking_cleaner().clean(made))
    return not before.hidden and before.text == after.text and not before.tags - after.tags


def prose(made: str) -> str:
    """What a browser shows outside of code: where its formulas are looked for, whatever the Markdown looked like."""
    return _Seen(_checking_cleaner().clean(made)).prose


def is_closed(made: str) -> bool:
    """Whether it leaves the page around it alone: nothing is closed that it did not open, or left open."""
    return _Seen(made).is_closed


class _Seen(HTMLParser):
    """Tags with attributes, and the text without its blanks, of a piece of HTML.

    Attributes:
        hidden: whether there is a comment, a declaration or something else that nobody sees.
        is_closed: whether each tag that must be closed is, once.
        prose: the text outside of code, with its blanks.
    """

    def __init__(self, made: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: Counter[tuple[str, frozenset[tuple[str, str]]]] = Counter()
        self.hidden = False
        self._texts: list[str] = []
        self._prose: list[str] = []
        self._open: Counter[str] = Counter()
        self._closed_more = False
        try:
            self.feed(made)
            self.close()
        except AssertionError:
            # Python's parser gives up at some declarations that are none.
            self.hidden = True
        self.is_closed = not self._closed_more and not +self._open
        self.text = "".join("".join(self._texts).split())
        self.prose = "".join(self._prose)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _NEED_NO_END:
            self._open[tag] += 1
        given: dict[str, str] = {}
        for name, value in attrs:
            # Of an attribute that is given twice the first counts.
            given.setdefault(name, value or "")
        if "class" in given:
            given["class"] = " ".join(sorted(given["class"].split()))
        # An empty class says nothing, and the sanitiser leaves none.
        self.tags[tag, frozenset(item for item in given.items() if item != ("class", ""))] += 1

    def handle_endtag(self, tag: str) -> None:
        if tag not in _NEED_NO_END:
            self._open[tag] -= 1
            self._closed_more |= self._open[tag] < 0

    def handle_data(self, data: str) -> None:
        self._texts.append(data)
        if self._open["code"] + self._open["pre"] <= 0:
            self._prose.append(data)

    def handle_comment(self, data: str) -> None:
        self.hidden = True

    def handle_decl(self, decl: str) -> None:
        self.hidden = True

    def handle_pi(self, data: str) -> None:
        self.hidden = True

    def unknown_decl(self, data: str) -> None:
        self.hidden = True
