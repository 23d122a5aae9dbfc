"""Where students find what `autograder release` makes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_GITHUB = re.compile(
    r"https://github\.com/(?P<owner>[^/]+)/(?P<repository>[^/]+)/tree/(?P<branch>[^/]+)(?P<folder>/.*)?$"
)
_BADGE = "https://colab.research.google.com/assets/colab-badge.svg"


@dataclass(frozen=True)
class Published:
    """The published release folder.

    Attributes:
        url: its address, as `release_url` of `course.toml` says it.
    """

    url: str

    def file(self, path: str) -> str:
        """Address from which a file of the folder can be downloaded."""
        if match := _GITHUB.match(self.url):
            folder = (match["folder"] or "").rstrip("/")
            return f"https://raw.githubusercontent.com/{match['owner']}/{match['repository']}/{match['branch']}{folder}/{path}"
        return f"{self.url.rstrip('/')}/{path}"

    def colab(self, path: str) -> str | None:
        """Address that opens a notebook in Colab; None where Colab cannot: it reads from GitHub only."""
        if match := _GITHUB.match(self.url):
            folder = (match["folder"] or "").rstrip("/")
            where = f"{match['owner']}/{match['repository']}/blob/{match['branch']}{folder}/{path}"
            return f"https://colab.research.google.com/github/{where}"
        return None

    def badge(self, unit: str) -> str:
        """Markdown of a unit's Colab badge; empty where there is none."""
        address = self.colab(notebook_path(unit))
        return f"[![Open in Colab]({_BADGE})]({address})" if address else ""


def notebook_path(unit: str) -> str:
    """Where a unit's notebook lies in the release folder."""
    return f"{unit}/{unit}.ipynb"


def wheel_name(version: str) -> str:
    """File name of the students' wheel."""
    return f"course_utils-{version}-py3-none-any.whl"
