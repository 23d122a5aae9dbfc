"""`autograder new`: the folder of a new exercise, or a unit that begins as a copy of another."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.markup import escape

from autograder.cli.terminal import console, tell
from autograder.errors import UserError


def new_command(
    id_: Annotated[
        str, typer.Argument(metavar="ID", help="Its id: unit.function; with --from, that of a unit.")
    ],
    definition: Annotated[
        str | None,
        typer.Argument(metavar="DEF", help="'def function(...) -> ...: ...', or - for standard input."),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", metavar="UNIT", help="Copy this unit, or rename what was copied by hand."),
    ] = None,
) -> None:
    """Make the folder of a new exercise, or what it lacks: docstring skeleton, standard checks, a frame for tests."""
    if (definition is None) == (from_ is None):
        raise UserError(
            "name an exercise with its definition, autograder new moco.shuffle 'def shuffle(...) -> ...: ...', or a "
            "unit with the one that it is a copy of, autograder new moco2 --from moco"
        )
    if from_ is not None:
        _copy(id_, from_)
    elif definition is not None:
        _exercise(id_, definition)


def _copy(new: str, old: str) -> None:
    from autograder.course.config import find_root
    from autograder.publish.renaming import make_copy

    root = find_root()
    written = make_copy(root, new, old)
    tell(console, *(f"Written: {path.relative_to(root)}" for path in written))
    tell(
        console,
        f"solutions/{new} says its own name now. Change what is to differ from {old}, then: autograder checks {new}, "
        f"autograder build {new}",
    )


def _exercise(id_: str, definition: str) -> None:
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
