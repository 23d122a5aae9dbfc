"""Files that should be a notebook and are none, as students and learning systems make them: said in words, never 0."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import pickle
import plistlib
import tarfile
import time
import zipfile
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch

from autograder.intake.submission import Submission, Unreadable, read_submission
from autograder.results import texts
from course_utils.slices.plain import LONGEST
from tests.support.notebooks import notebook

CELLS = [("", "import math"), ("moco-enqueue", "def enqueue():\n    pass"), ("moco-x", "x = 1")]
TEXT = nbformat.writes(notebook(CELLS))
BOTH = "<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> main\n"


def read(tmp_path: Path, data: bytes | str, name: str = "moco.ipynb") -> Submission | Unreadable:
    (tmp_path / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return read_submission(tmp_path / name, "moco", "ada")


def reason(tmp_path: Path, data: bytes | str, name: str = "moco.ipynb") -> str:
    found = read(tmp_path, data, name)
    assert isinstance(found, Unreadable), texts(found.flags)
    assert len(found.reason) <= LONGEST
    return found.reason


def flags(tmp_path: Path, data: bytes | str, name: str = "moco.ipynb") -> list[tuple[str, str]]:
    found = read(tmp_path, data, name)
    assert isinstance(found, Submission), getattr(found, "reason", "")
    return [(str(flag.kind), flag.text) for flag in found.flags]


# --- two versions at once -------------------------------------------------------------------------------------------


def merged_json() -> str:
    """A notebook in whose JSON git has left both versions of a number, twice."""
    lines = nbformat.writes(notebook(CELLS)).split("\n")
    for number in [number for number, line in enumerate(lines) if '"execution_count"' in line][1:][::-1]:
        lines[number : number + 1] = (
            BOTH.format('   "execution_count": 3,', lines[number]).rstrip("\n").split("\n")
        )
    return "\n".join(lines)


def test_a_conflict_in_the_json_of_a_notebook(tmp_path: Path) -> None:
    text = merged_json()
    lines = text.split("\n")
    first, second = (number for number, line in enumerate(lines, start=1) if line.startswith("<<<<<<<"))
    said = reason(tmp_path, text)
    assert f"two versions were merged: lines {first}–{first + 4}, {second}–{second + 4} of the file" in said
    assert "choose one" in said
    assert reason(tmp_path, text.replace("\n", "\r\n")) == said


def test_a_conflict_in_a_cell_costs_that_cell_alone(tmp_path: Path) -> None:
    source = "def enqueue():\n" + BOTH.format("    return 1", "    return 2")
    found = read(tmp_path, nbformat.writes(notebook([CELLS[0], ("moco-enqueue", source), CELLS[2]])))
    assert isinstance(found, Submission)
    assert [bool(cell.left_out) for cell in found.cells] == [False, True, False]
    (flag,) = found.flags
    assert (
        flag.text
        == "code cell 2 (it begins with: def enqueue():) left out: two versions were merged: lines 2–6 of the cell hold both; choose one"
    )
    assert (flag.kind, flag.audience) == ("cells-left-out", "student")


def test_a_conflict_in_a_script_costs_what_it_touches(tmp_path: Path) -> None:
    for between in ("\n\n", "\n# %%\n"):
        within = BOTH.format("    b = 1", "    b = 2")
        around = BOTH.format(f"def f():\n    return 1{between}x = 1", "def f():\n    return 2")
        parts = [
            "import math\n",
            f"def enqueue():\n    a = 1\n\n{within}    return a\n",
            "def other():\n    return 1\n",
            around,
        ]
        text = between.join(parts)
        found = read(tmp_path, text, "moco.py")
        assert isinstance(found, Submission)
        assert [bool(cell.left_out) for cell in found.cells] == [False, True, False, True]
        lines = text.split("\n")
        starts = [number for number, line in enumerate(lines, start=1) if line.startswith("<<<<<<<")]
        ends = [number for number, line in enumerate(lines, start=1) if line.startswith(">>>>>>>")]
        for flag, start, end in zip(found.flags, starts, ends, strict=True):
            assert f"two versions were merged: lines {start}–{end} of the file" in flag.text


def test_what_nbdime_leaves(tmp_path: Path) -> None:
    made = notebook(CELLS)
    made.cells.insert(1, nbformat.v4.new_markdown_cell('<span style="color:red">**<<<<<<< local**</span>'))
    made.cells.insert(3, nbformat.v4.new_markdown_cell('<span style="color:red">**>>>>>>> remote**</span>'))
    ((kind, text),) = flags(tmp_path, nbformat.writes(made))
    assert kind == "merged"
    assert "merged with nbdime" in text


def test_a_diff_in_the_place_of_a_file(tmp_path: Path) -> None:
    for diff in (
        "diff --git a/moco.ipynb b/moco.ipynb\n",
        "--- a/moco.py\n+++ b/moco.py\n@@ -1 +1 @@\n-x\n+y\n",
    ):
        for name in ("moco.ipynb", "moco.py"):
            assert "a list of changes (a diff), not the notebook" in reason(tmp_path, diff, name)


# --- something in the place of the file -----------------------------------------------------------------------------


def packed(**members: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/"), text)
    return data.getvalue()


def tarred() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("moco.ipynb"))
    return data.getvalue()


def saved(tensor: bool) -> bytes:
    data = io.BytesIO()
    if tensor:
        torch.save(torch.zeros(2), data)
    else:
        np.save(data, np.zeros(2))
    return data.getvalue()


LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2146\nsize 12345\n"
GDOC = json.dumps(
    {"": "WARNING! DO NOT EDIT THIS FILE!", "doc_id": "1aB", "resource_key": "", "email": "ada@example.org"}
)
PAGE = "<!DOCTYPE html>\n<html><head><title>{}</title></head><body>{}</body></html>"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty (0 bytes): save the notebook and hand it in again; what OneDrive, Dropbox"),
        (b" \n", "the file is empty"),
        (bytes(5000), "5,000 zero bytes and nothing else"),
        (LFS, "a pointer of Git LFS to the file, not a notebook: run `git lfs pull`"),
        ("/annex/objects/MD5E-s1--aa.ipynb\n", "a pointer of git-annex"),
        (b"%PDF-1.7\n", "is a PDF, not a notebook: hand in the .ipynb file itself"),
        (packed(**{"moco.ipynb": TEXT}), "is a zip archive, not a notebook: unpack it"),
        (packed(word__document_xml="x"), "a Word document"),
        (packed(**{"[Content_Types].xml": "x", "xl__workbook": "x"}), "an office document"),
        (saved(tensor=True), "a file of torch.save"),
        (saved(tensor=False), "an array of NumPy"),
        (gzip.compress(TEXT.encode()), "a gzip archive"),
        (bz2.compress(TEXT.encode()), "a bzip2 archive"),
        (lzma.compress(TEXT.encode()), "an xz archive"),
        (tarred(), "a tar archive"),
        (b"7z\xbc\xaf\x27\x1c\x00", "a 7z archive"),
        (b"Rar!\x1a\x07\x00", "a rar archive"),
        (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
        (b"\xff\xd8\xff\xe0", "a picture (JPEG)"),
        (b"\x00\x00\x00\x18ftypheic", "a picture or a film"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a document of Word, Excel or PowerPoint"),
        (b"{\\rtf1\\ansi}", "a text document (RTF)"),
        (b"SQLite format 3\x00", "a database"),
        (pickle.dumps({"cells": [1]}), "a pickle"),
        (pickle.dumps(list(range(9000)), protocol=2), "a pickle"),
        (plistlib.dumps({"NSURLNameKey": "moco.ipynb"}, fmt=plistlib.FMT_BINARY), "a placeholder of iCloud"),
        (plistlib.dumps({"URL": "https://example.org"}, fmt=plistlib.FMT_XML), "a shortcut to a web page"),
        (b"[InternetShortcut]\nURL=https://example.org\n", "a shortcut to a web page"),
        (b"404: Not Found", "a server's answer (404: Not Found)"),
        (PAGE.format("moco.ipynb - Colab", ""), "the web page of Colab, not the notebook: in Colab use File > Download > Download .ipynb"),
        (PAGE.format("moco.ipynb - Google Drive", ""), "a web page of Google Drive"),
        (PAGE.format("x", "<script src=https://drive.google.com/a.js>"), "a web page of Google Drive"),
        (PAGE.format("ssl/moco.ipynb at main · GitHub", ""), "a web page of GitHub, not the notebook: on GitHub use Download raw file"),
        (PAGE.format("Sign in - Google Accounts", ""), "a page that asks for a log-in"),
        (PAGE.format("Campus", '<input type="password">'), "a page that asks for a log-in"),
        (PAGE.format("moco", '<div class="jp-Notebook"> colab.research.google.com'), "an export of the notebook as a web page"),
        (PAGE.format("moco", '<div id="notebook-container">'), "an export of the notebook as a web page"),
        (PAGE.format("Campus", "hello"), "a web page, not the notebook"),
        (b"\xef\xbb\xbf  <html>", "a web page"),
        (b"<svg></svg>", "a web page"),
    ],
    # By number: what is in the files is not the same twice.
    ids=map(str, range(100)),
)  # fmt: skip
def test_what_lies_in_the_place_of_a_file(tmp_path: Path, data: bytes | str, said: str) -> None:
    for name in ("moco.ipynb", "moco.py"):
        assert said in reason(tmp_path, data, name)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (GDOC, "a pointer to Google Drive, not the notebook: in Colab use File > Download"),
        ('{"url": "https://docs.google.com/open?id=1"}', "a pointer to Google Drive"),
        ('{"message": "Not Found", "documentation_url": "https://docs.github.com"}', "a server's answer (Not Found)"),
        ('{"error": "token expired"}', "a server's answer (token expired)"),
        ("{}", "JSON, but no notebook: it has no cells"),
        ('{"name": "moco", "data": [1, 2]}', "JSON, but no notebook: it has no cells"),
        ("[1, 2]", "is no notebook"),
        ("hello", "is no notebook"),
        (TEXT[: len(TEXT) // 2], f"ends in the middle (after {len(TEXT) // 2:,} bytes)"),
        (TEXT[: len(TEXT) // 2] + "\0" * 900, f"ends in the middle (after {len(TEXT) // 2:,} bytes)"),
        (TEXT.rstrip()[:-1], "ends in the middle"),
        ("\ufeff" + TEXT[:300], "ends in the middle"),
        (TEXT[:300].encode("utf-16"), "ends in the middle"),
        (TEXT.replace('"cells": [', '"cells": [{"x": NaN},')[:400], "ends in the middle"),
        (TEXT.replace('"metadata": {', '"metadata": {{', 1), "the notebook is damaged"),
        (TEXT + TEXT, "the notebook is damaged"),
    ],
    # By number: what is in the files is not the same twice.
    ids=map(str, range(100)),
)  # fmt: skip
def test_json_that_is_no_notebook_or_no_whole_one(tmp_path: Path, data: bytes | str, said: str) -> None:
    assert said in reason(tmp_path, data)


def test_no_part_of_a_notebook_is_a_notebook(tmp_path: Path) -> None:
    whole = TEXT.rstrip()
    for end in range(1, len(whole), 7):
        assert "ends in the middle" in reason(tmp_path, whole[:end]), whole[:end]


# --- read, and told -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xef\xbb\xbf" + TEXT.encode(), "begins with a byte order mark"),
        (TEXT.encode("utf-16"), "is written in UTF-16"),
        (TEXT.encode("utf-16-le"), "is written in UTF-16-LE"),
        (TEXT.encode("utf-32"), "is written in UTF-32"),
        (TEXT.replace('"metadata": {}', '"metadata": {"kernelspec": {"name": "ir", "language": "R"}}'), "is written in R: only Python"),
        (TEXT.replace('"metadata": {}', '"metadata": {"kernelspec": {"name": "ir"}}'), "is written in R: only Python"),
        (TEXT.replace('"metadata": {}', '"metadata": {"language_info": {"name": "julia"}}'), "is written in julia: only Python"),
    ],
)  # fmt: skip
def test_odd_notebooks_are_read_and_told(tmp_path: Path, data: bytes | str, said: str) -> None:
    ((kind, text),) = flags(tmp_path, data)
    assert kind == "odd-format"
    assert said in text


def test_an_ordinary_notebook_gets_no_flag(tmp_path: Path) -> None:
    assert flags(tmp_path, TEXT) == []
    for about in (
        {"kernelspec": {"name": "python3", "language": "python"}},
        {"language_info": {"name": "python"}},
        {"kernelspec": 5},
    ):
        text = TEXT.replace('"metadata": {}', f'"metadata": {json.dumps(about)}')
        assert flags(tmp_path, text) == []
    assert flags(tmp_path, "# %%\nx = 1", "moco.py") == []


def test_a_script_and_a_notebook_under_each_others_names(tmp_path: Path) -> None:
    found = read(tmp_path, TEXT, "moco.py")
    assert isinstance(found, Submission)
    assert [cell.source for cell in found.cells] == [source for _, source in CELLS]
    assert "a notebook under the name of a script" in texts(found.flags)
    found = read(tmp_path, "import math\n\n\ndef enqueue():\n    return 1\n")
    assert isinstance(found, Submission)
    assert [cell.source for cell in found.cells] == ["import math", "def enqueue():\n    return 1"]
    assert "a Python script under the name of a notebook" in texts(found.flags)


def test_a_script_in_utf_16_and_an_export_of_databricks(tmp_path: Path) -> None:
    ((_, text),) = flags(tmp_path, "def f():\n    return 1\n".encode("utf-16"), "moco.py")
    assert "UTF-16" in text
    export = "# Databricks notebook source\n# MAGIC %md\n# MAGIC # Heading\n\n# COMMAND ----------\n\nx = 1\n\ny = 2\n\n# COMMAND ----------\nz = 3\n"
    found = read(tmp_path, export, "moco.py")
    assert isinstance(found, Submission)
    assert [cell.source for cell in found.cells][1:] == ["x = 1\n\ny = 2", "z = 3"]


def test_a_byte_that_is_no_utf_8_costs_no_cell(tmp_path: Path) -> None:
    text = TEXT.replace("pass", "return 'J\u00fcrg'")
    found = read(tmp_path, text.encode("latin-1"))
    assert isinstance(found, Submission), found.reason
    assert found.cells[1].source == "def enqueue():\n    return 'J\ufffdrg'"
    assert "no UTF-8" in texts(found.flags)


def test_long_files_of_every_kind_take_no_time(tmp_path: Path) -> None:
    start = time.process_time()
    for begin in (
        '{"cells": [',
        "<html>",
        "<title>",
        "<<<<<<< a\n",
        "def f():\n",
        "",
        "\ufeff",
        "import marimo\napp = marimo.App()\n",
    ):
        for part in (
            "[",
            "{",
            '"',
            "\\",
            "<",
            "<title>",
            "<<<<<<< a\n",
            ">>>>>>> a\n",
            "@app.cell\n",
            ". ",
            "\0",
            "def f(:\n",
        ):
            for name in ("moco.ipynb", "moco.py"):
                assert read(tmp_path, begin + part * (100_000 // len(part)), name)
    assert time.process_time() - start < 60


def test_random_bytes_of_base64_are_no_notebook(tmp_path: Path) -> None:
    assert "is no notebook" in reason(tmp_path, base64.b64encode(TEXT.encode()))
