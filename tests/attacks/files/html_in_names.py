"""Names that are HTML.

Tries: files are called as tags, event handlers and entities.
Must: outcome: graded; score: full
"""

from pathlib import Path

from tests.attacks.making import notebook

NAMES = (
    "<script>alert(1)",
    "<img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;",
)


def build(folder: Path) -> None:
    for name in NAMES:
        (folder / f"{name}.ipynb").write_bytes(notebook())
