"""What a page or an output of a notebook would load from the network when it is shown."""

from __future__ import annotations

import re

_REMOTE = r"\s*[\"'(]?\s*(?:https?:)?//[^\s\"')>]+"
# Links that are followed by a click (`<a href>`) load nothing.
_LOADS = re.compile(
    rf"<(?!a\b)[a-z]+\b(?:\"[^\"]*\"|'[^']*'|[^>\"'])*?\s(?:src|srcset|href|data|poster)\s*={_REMOTE}"
    rf"|url\({_REMOTE}|@import\b{_REMOTE}|\bimport\s*\(?{_REMOTE}|\bfrom\s+[\"']https?://[^\"']+"
    rf"|\b(?:fetch|open|importScripts|require)\s*\({_REMOTE}|\.(?:src|href)\s*={_REMOTE}"
    r"|!\[[^\]]*\]\(\s*(?:https?:)?//[^)]+\)",
    re.IGNORECASE,
)
_PACKED = re.compile(r"base64,[A-Za-z0-9+/=]*")


def loaded(text: str) -> list[str]:
    """The places in HTML, CSS, JavaScript or Markdown that load something from elsewhere."""
    return [match[0] for match in _LOADS.finditer(_PACKED.sub("base64,", text))]
