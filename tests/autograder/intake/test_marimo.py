"""marimo's files, in the shapes that its versions write and that hands and merges make of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from autograder.intake.belonging import KnownExercises, of_this_unit
from autograder.intake.submission import Submission, Unreadable, parse_script, read_submission
from autograder.results import texts
from course_utils.slices.slicing import NoSlice, Program, Slice

KNOWN = KnownExercises("moco", ("moco.enqueue", "moco.moco_logits"), {"simclr": ("simclr.nt_xent",)})
HEADER = 'import marimo\n\n__generated_with = "0.20.3"\napp = marimo.App(width="medium")\n\n'
FOOTER = '\n\nif __name__ == "__main__":\n    app.run()\n'
CELLS = '''
@app.cell
def _():
    import torch
    import torch.nn.functional as F
    return F, torch


@app.cell(hide_code=True)
def _(mo):
    mo.md(
        r"""
        # A heading
        """
    )
    return


@app.cell
def named(
    torch,
    step: "int",
):
    # How the queue turns.
    @torch.no_grad()
    def enqueue(queue, pointer, keys):
        """Write.

        Returns:
            The pointer.
        """
        if pointer > 3:
            return 0
        text = """
not indented
"""
        return (pointer + step) % queue.shape[1]

    enqueue
    return (enqueue,)


@app.cell
def _():
    step = 2
    return (
        step,
    )
'''


def sources(text: str) -> list[str]:
    return [cell.source for cell in parse_script(text.encode())]


def read(tmp_path: Path, text: str, name: str = "moco.py") -> Submission | Unreadable:
    (tmp_path / name).write_text(text)
    return of_this_unit(read_submission(tmp_path / name, "moco", "ada"), KNOWN)


def test_cells_are_bodies_of_functions() -> None:
    first, second, third, fourth = sources(HEADER + CELLS + FOOTER)
    assert first == "import torch\nimport torch.nn.functional as F"
    assert second.startswith('mo.md(\n    r"""')
    assert third.startswith("@torch.no_grad()\ndef enqueue(queue, pointer, keys):\n    ")
    assert third.endswith("    return (pointer + step) % queue.shape[1]\n\nenqueue")
    assert "\nnot indented\n" in third
    assert fourth == "step = 2"


def test_what_is_sliced_of_it_is_what_the_exercise_needs() -> None:
    found = Program(parse_script((HEADER + CELLS + FOOTER).encode())).slice("moco.enqueue")
    assert isinstance(found, Slice)
    names = {name for statement in found.statements for name in statement.binds}
    assert names == {"torch", "enqueue", "step"}


def test_set_up_functions_classes_and_what_is_no_python() -> None:
    text = f'''{HEADER}
with app.setup(hide_code=True):
    # Imports of all.
    import torch

    width = 3


@app.function
def enqueue(queue):
    return queue


@app.function(
    hide_code=True
)
@torch.no_grad()
def moco_logits(queue):
    return queue


@app.class_definition
class Queue:
    size = 1


@app.cell
def _(): x = 1; return x


@app.cell
def _():
    return


@app.cell
async def _(queue):
    await queue
    return


app._unparsable_cell(
    r"""
    def broken(:
        pass
    """,
    name="_"
)
{FOOTER}'''
    assert sources(text) == [
        "import torch\n\nwidth = 3",
        "def enqueue(queue):\n    return queue",
        "@torch.no_grad()\ndef moco_logits(queue):\n    return queue",
        "class Queue:\n    size = 1",
        "x = 1",
        "await queue",
        "def broken(:\n    pass",
    ]


def test_a_block_for_set_up_may_be_asynchronous_or_old() -> None:
    assert sources(f"{HEADER}\nasync with app.setup:\n    x = 1\n{FOOTER}") == ["x = 1"]
    old = "import marimo\napp = marimo.App()\n@app.cell\ndef __(mo):\n    def f():\n        return 1\n    return f,\n"
    assert sources(old) == ["def f():\n    return 1"]


def test_what_was_added_by_hand_stays() -> None:
    text = f"import os\n{HEADER}\ndef enqueue():\n    return 1\n\n\n@app.cell\ndef _():\n    x = 1\n    return\n\n\nz = 3\n{FOOTER}\nw = 4\n"
    first, *others = sources(text)
    assert first.startswith("import os\nimport marimo")
    assert first.endswith("def enqueue():\n    return 1")
    assert others == ["x = 1", "z = 3", "w = 4"]


def test_a_cell_that_is_no_python_costs_itself_alone() -> None:
    broken = CELLS.replace("def enqueue(queue, pointer, keys):", "def enqueue(queue, pointer, keys:")
    found = parse_script(
        (HEADER + broken + "\n\n@app.function\ndef moco_logits(q):\n    return q\n" + FOOTER).encode()
    )
    program = Program(found)
    enqueue = program.slice("moco.enqueue")
    assert isinstance(enqueue, NoSlice)
    assert enqueue.attempted
    assert "is no valid Python" in enqueue.reason
    assert isinstance(program.slice("moco.moco_logits"), Slice)


def test_a_merge_between_and_within_cells(tmp_path: Path) -> None:
    both = "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> main\n"
    cells = "@app.cell\ndef _():\n    {} = 1\n    return\n\n\n"
    within = f"@app.cell\ndef _():\n    def enqueue():\n{both.format('        return 1', '        return 2')}    return\n\n\n"
    text = (
        HEADER
        + cells.format("a")
        + both.format(cells.format("b"), cells.format("c"))
        + within
        + cells.format("d")
    )
    found = read(tmp_path, text)
    assert isinstance(found, Submission)
    assert [cell.source for cell in found.cells if not cell.left_out] == ["a = 1", "d = 1"]
    lines = text.split("\n")
    starts = [number for number, line in enumerate(lines, start=1) if line.startswith("<<<<<<<")]
    assert all(f"lines {start}–" in texts(found.flags) for start in starts)


@pytest.mark.parametrize("name", ["moco.py", "moco.ipynb"])
def test_a_marimo_file_is_read_if_it_defines_an_exercise(tmp_path: Path, name: str) -> None:
    found = read(tmp_path, HEADER + CELLS + FOOTER, name)
    assert isinstance(found, Submission)
    assert "was made by marimo" in texts(found.flags)
    assert found.is_marimo


@pytest.mark.parametrize(
    "cells",
    [
        "",
        "@app.cell\ndef _():\n    x = 1\n    return\n",
        # A cell may be called as the exercise is, and a method too.
        "@app.cell\ndef enqueue():\n    x = 1\n    return\n",
        "@app.cell\ndef _():\n    class A:\n        def enqueue(self):\n            return 1\n    return\n",
        '@app.cell\ndef _(cu):\n    cu.check("moco.enqueue")\n    return\n',
    ],
)
def test_a_marimo_file_without_an_exercise_is_unreadable(tmp_path: Path, cells: str) -> None:
    found = read(tmp_path, HEADER + cells + FOOTER)
    assert isinstance(found, Unreadable)
    if cells:
        assert (
            "this is a marimo file and defines none of the functions of moco (enqueue, moco_logits)"
            in found.reason
        )
    other = read(tmp_path, HEADER + cells + "@app.function\ndef nt_xent():\n    return 1\n" + FOOTER)
    assert isinstance(other, Unreadable)
    assert "marimo" in other.reason or "simclr" in other.reason


def test_a_script_that_uses_marimo_is_none(tmp_path: Path) -> None:
    assert sources("import marimo as mo\n\nx = 1\n") == ["import marimo as mo", "x = 1"]


@pytest.mark.parametrize(
    "part",
    [
        "@app.cell\n",
        "@app.cell\ndef _():\n    return\n",
        "@app.cell\ndef _(:\n",
        "with app.setup:\n",
        "app._unparsable_cell(",
        "[",
        "    x = 1\n",
        "<<<<<<< a\n@app.cell\n>>>>>>> a\n",
    ],
)
def test_long_files_take_no_time(part: str) -> None:
    start = time.process_time()
    parse_script((HEADER + part * (400_000 // len(part))).encode())
    parse_script((HEADER + "@app.cell\ndef _():\n    x = 1\n" + part * (100_000 // len(part))).encode())
    assert time.process_time() - start < 15
