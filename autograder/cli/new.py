"""`autograder new`: the folder of a new exercise."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.markup import escape

from autograder.cli.terminal import console


def new_command(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Its id: unit.function.")],
    definition: Annotated[
        str, typer.Argument(metavar="DEF", help="'def function(...) -> ...: ...', or - for standard input.")
    ],
) -> None:
    """Make the folder of a new exercise, or what it lacks: docstring skeleton, standard checks, a frame for tests."""
    from autograder.course.config import find_root
    from autograder.course.exercises import NEEDED
    from autograder.publish.skeleton import make_skeleton

    root = find_root()
    written = make_skeleton(root, id_, sys.stdin.read() if definition == "-" else definition)
    unit = id_.split(".")[0]
    here = written[0].parent.relative_to(root)
    names = ", ".join(path.name for path in written)
    made = f"Made {here}/." if len(written) == len(NEEDED) else f"Wrote what {here}/ lacked: {names}."
    console.print(
        escape(
            f"""\
{made} What is left to think about is marked: grep -rn TODO {here}

1. Fill in reference.py and test_reference.py:  pytest {here}
2. Give it a cell in solutions/{unit}/notebook.md:

```python exercise="{id_}" minutes=15 difficulty="moderate"
```

3. Cases, wrong ideas and right answers, until nothing is missing:  autograder checks {id_}
4. Make the notebooks:  autograder build {unit}"""
        ),
        highlight=False,
        soft_wrap=True,
    )
