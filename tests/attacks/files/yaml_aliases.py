"""A script whose header grows when it is read.

Tries: aliases of aliases in the YAML at the head of a script.
Must: outcome: graded | unreadable
"""

from pathlib import Path


def build(folder: Path) -> None:
    lines = ["# ---", "# jupyter:", "#   a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"#   a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    (folder / "mallory.py").write_text("\n".join([*lines, "# ---", "", "# %%", "x = 1", ""]))
