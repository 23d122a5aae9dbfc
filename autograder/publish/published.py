"""Where students find what `autograder release` makes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_GITHUB = re.compile(
    r"https://github\.com/(?P<owner>[^/]+)/(?P<repository>[^/]+)/tree/(?P<branch>[^/]+)(?P<folder>/.*)?$"
)
# Beside the wheel, whose name changes with its contents, lies this file with the name.
NEWEST = "course_utils.txt"
# What course.toml comes with, what its comment shows, and names that can be nobody's (RFC 2606).
_PLACEHOLDER = re.compile(
    r"/example-university/|/OWNER/REPOSITORY/|//([^/]*\.)?(example\.(org|com|net)|example|test|invalid)([:/]|$)"
)
_BADGE = "https://colab.research.google.com/assets/colab-badge.svg"


@dataclass(frozen=True)
class Published:
    """The published release folder.

    Attributes:
        url: its address, as `release_url` of `course.toml` says it.
    """

    url: str

    @property
    def is_placeholder(self) -> bool:
        """Whether this is no address at all, or the one that `course.toml` comes with."""
        return not re.match(r"(?:https?|file)://.", self.url) or bool(_PLACEHOLDER.search(self.url))

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


def no_address(root: Path, url: str) -> str:
    """Where `course.toml` still has the address it came with, and what to write there; empty if it has another.

    Args:
        root: the folder of `course.toml`.
        url: its `release_url`.
    """
    if not Published(url).is_placeholder:
        return ""
    path = root / "course.toml"
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next((n for n, text in enumerate(lines, 1) if re.match(r"\s*[\"']?release_url\b", text)), 1)
    return (
        f"{path}, line {line}: release_url is {url!r}, where no student will find anything: write the address where "
        'you will put the release, e.g. release_url = "https://github.com/OWNER/REPOSITORY/tree/BRANCH", then run '
        "`autograder build`"
    )


def wheel_name(version: str) -> str:
    """File name of the students' wheel."""
    return f"course_utils-{version}-py3-none-any.whl"
