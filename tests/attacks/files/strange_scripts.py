"""Scripts that are none.

Tries: broken headers, unknown encodings and null bytes in a .py file.
Must: outcome: graded | unreadable; score: 0
"""

from pathlib import Path

SCRIPTS = {
    "header": b"# ---\n# jupyter: [\n# ---\n\n# %%\nx = 1\n",
    "format": b"# ---\n# jupyter:\n#   jupytext:\n#     text_representation:\n#       format_name: nothing\n# ---\nx = 1\n",
    "encoding": b"# coding: undefined\nx = 1\n",
    "zlib": b"# coding: zlib\nx = 1\n",
    "null": b"x = 1\0\n# %%\ny = 2\n",
    "options": b'# %% {"a": [}\nx = 1\n# %% a="b" c=\ny = 1\n',
    "open": b'# %% [markdown\n# x\n# %% [raw]\n"""\n',
}


def build(folder: Path) -> None:
    for name, data in SCRIPTS.items():
        (folder / f"{name}.py").write_bytes(data)
