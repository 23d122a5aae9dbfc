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
from autograder.intake.collect import collect
from autograder.intake.submission import Submission, Unreadable, parse_notebook, parse_script, read_submission
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
