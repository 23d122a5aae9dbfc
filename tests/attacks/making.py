"""What the builders in `files/` share: a notebook of moco that is right but for what they change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache

from autograder.course.units import Unit, load_unit
from tests.support import ROOT
from tests.support.notebooks import notebook as make
from tests.support.notebooks import sources


@cache
def unit() -> Unit:
    """The unit that is attacked."""
    return load_unit(ROOT, "moco")


def notebook(enqueue: str | None = None, *, more: Sequence[str] = (), more_id: str = "") -> bytes:
    """A notebook with all exercises right.

    Args:
        enqueue: source of the cell of moco.enqueue, if it is not to be right.
        more: further code cells, at the end.
        more_id: the id that these carry.
    """
    changes = {} if enqueue is None else {"moco.enqueue": enqueue}
    made = make(sources(unit(), changes))
    # Written by hand: a hundred thousand cells take the library that knows the format half a minute.
    cells = [dict(cell) for cell in made.cells]
    metadata = {"nbgrader": {"grade_id": more_id}} if more_id else {}
    for number, source in enumerate(more):
        cell = {"cell_type": "code", "source": source, "metadata": metadata, "id": f"more-{number}"}
        cells.append(cell | {"outputs": [], "execution_count": None})
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}).encode()


def enqueue_with(body: str) -> str:
    """The function `enqueue` with this body of one line."""
    return f"def enqueue(queue, pointer, keys):\n    {body}\n"
