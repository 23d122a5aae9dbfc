"""Writes docs/attempts.md: wrong attempts, and what was told of each."""

from __future__ import annotations

from pathlib import Path

from benchmarks.attempts import attempts
from course_utils import shipped

PAGE = Path(__file__).parents[2] / "docs" / "attempts.md"

_HEAD = """\
# Wrong attempts, and what was told

Attempts of the kind that students make, in their own words and code, and what `cu.check(..., hint=2)` prints of each
outside a browser. None of them is taken from the banks against which the checks are made. In a notebook pictures of
the smallest failing case stand beside the text.

This page is made by `python -m benchmarks.attempts`; a test compares it with what is told now.
"""


def page() -> str:
    """The page as it should be."""
    found = attempts()
    parts = [_HEAD]
    for unit in shipped.known_units():
        for exercise in shipped.exercise_ids(unit):
            parts += [f"\n## {exercise}\n"]
            for item in found.get(exercise, []):
                parts += [
                    f"\n*{item.thought}*\n",
                    f"\n```python\n{item.code}\n```\n",
                    f"\n```text\n{item.told().strip()}\n```\n",
                ]
    return "".join(parts)


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}: {sum(map(len, attempts().values()))} attempts")


if __name__ == "__main__":
    main()
