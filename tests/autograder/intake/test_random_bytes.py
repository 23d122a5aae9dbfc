"""Whatever was handed in, readers say why they cannot read it, in the one way that callers expect."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from pathlib import Path

import nbformat
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder.errors import UserError
from autograder.intake.belonging import KnownExercises, is_blank, of_this_unit
from autograder.intake.collect import collect
from autograder.intake.submission import Submission, Unreadable, parse_notebook, parse_script, read_submission
from course_utils.slices.plain import LONGEST
from course_utils.slices.slicing import Program
from tests.support.notebooks import notebook

NOTEBOOK = nbformat.writes(notebook([("moco-enqueue", "def enqueue():\n    pass")])).encode()


def zipped() -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada_moco.ipynb", NOTEBOOK)
        archive.writestr("bob/moco.ipynb", NOTEBOOK)
    return data.getvalue()


def damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """The same bytes, some of them overwritten and perhaps the end cut off."""
    changes = st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=6)

    def change(edits: list[tuple[int, int]], length: int) -> bytes:
        changed = bytearray(data)
        for place, value in edits:
            changed[place] = value
        return bytes(changed[:length])

    return st.builds(change, changes, st.integers(len(data) // 2, len(data)) | st.just(len(data)))


# What stands in files that were merged, cut off, sent or saved in a wrong way.
PIECES = (
    b"<<<<<<< HEAD\n",
    b"=======\n",
    b"\n>>>>>>> main\n",
    b"|||||||\n",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\0" * 9,
    b"\\ud83d",
    b"\xfc",
    b"NaN",
    b'"cells": [',
    b'"nbformat": 1e999,',
    b"{" * 50,
    b"]" * 3,
    b"<html>",
    b"PK\x03\x04",
    b"version https://git-lfs.github.com/spec/v1\n",
    b"@app.cell\n",
    b"@app.cell(\n",
    b"\ndef _():\n",
    b"    return\n",
    b"\nwith app.setup:\n",
    b"app._unparsable_cell(",
    b"\n# %%\n",
    b'"""',
    b"\n    \n",
    b"\t",
    b"\r",
    b"\x0c",
)
MARIMO = b"""\
import marimo

app = marimo.App()

with app.setup:
    import torch


@app.cell
def _(step):
    @torch.no_grad()
    def enqueue(queue, pointer, keys):
        return (pointer + step) % 3
    return (enqueue,)


@app.function
def helper():
    return 1


app._unparsable_cell(
    r\"\"\"
    x = (
    \"\"\",
    name="_"
)

if __name__ == "__main__":
    app.run()
"""


def mistreated(data: bytes) -> st.SearchStrategy[bytes]:
    """The same bytes with pieces put in and taken out, and perhaps the end cut off."""
    place = st.integers(0, len(data))
    edits = st.lists(st.tuples(place, st.integers(0, 30), st.sampled_from(PIECES)), max_size=4)

    def change(edits: list[tuple[int, int, bytes]], end: int, encoding: str) -> bytes:
        changed = data
        for at, gone, piece in edits:
            changed = changed[:at] + piece + changed[at + gone :]
        changed = changed[:end]
        return changed if encoding == "utf-8" else changed.decode("utf-8", "replace").encode(encoding)

    encodings = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig", "utf-32"])
    return st.builds(change, edits, place | st.just(10**6), encodings)


# What looks like a notebook: the right keys, with anything in them.
KEYS = (
    "cells",
    "worksheets",
    "cell_type",
    "source",
    "input",
    "metadata",
    "nbgrader",
    "grade_id",
    "course",
    "id",
)
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
JSON = st.recursive(
    VALUES | st.sampled_from(["code", "x = 1"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=12,
)
NOTEBOOKS = st.fixed_dictionaries({"cells": st.lists(JSON, max_size=4) | JSON}).map(
    lambda made: json.dumps(made).encode()
)


@settings(max_examples=50)
@given(st.binary(max_size=60) | damaged(NOTEBOOK) | NOTEBOOKS)
@example(b"")
@example(NOTEBOOK)
def test_readers_of_bytes_raise_value_errors_only(data: bytes) -> None:
    for reader in (parse_notebook, parse_script):
        try:
            cells = reader(data)
        except ValueError as error:
            assert str(error)
        else:
            assert all(isinstance(cell.source, str) for cell in cells)


KNOWN = KnownExercises("moco", ("moco.enqueue",), {"simclr": ("simclr.nt_xent",)})


@settings(max_examples=300)
@given(
    st.sampled_from(["moco.ipynb", "moco.py", "moco.json"]),
    mistreated(NOTEBOOK) | mistreated(MARIMO) | st.sampled_from(PIECES) | NOTEBOOKS,
)
@example("moco.py", MARIMO)
@example("moco.py", NOTEBOOK)
@example("moco.ipynb", MARIMO)
def test_what_is_done_to_files_raises_nothing(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        read = of_this_unit(read_submission(path, "moco", "ada"), KNOWN)
    if isinstance(read, Unreadable):
        assert read.reason
        assert len(read.reason) <= LONGEST
        return
    assert read.cells
    assert all(isinstance(cell.source, str) for cell in read.cells)
    assert is_blank(read.cells, KNOWN.own) in (True, False)
    # What the grader does with it next.
    assert Program(read.cells).slice("moco.enqueue")


@settings(max_examples=60)
@given(
    st.sampled_from([".ipynb", ".py", ".zip"]), st.binary(max_size=60) | damaged(NOTEBOOK) | damaged(zipped())
)
def test_a_file_is_read_or_it_is_said_why_not(suffix: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"ada{suffix}"
        path.write_bytes(data)
        if suffix != ".zip":
            read = read_submission(path, "moco", "ada")
            assert isinstance(read, Submission) or read.reason
            return
        try:
            found = collect([path], "moco")
        except UserError as error:
            assert str(error)
            return
        for item in found:
            for read in item.read():
                assert isinstance(read, Submission) or (isinstance(read, Unreadable) and read.reason)
