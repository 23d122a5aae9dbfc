from __future__ import annotations

import json
import time

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.intake.kinds import (
    BYTES_OF_HEAD,
    FileKind,
    is_notebook_text,
    renamed_flag,
    suffix_of,
)
from tests.support.notebooks import notebook

TEXT = nbformat.writes(notebook([("moco-enqueue", "def enqueue():\n    pass")]))
NOTEBOOK, SCRIPT, ZIP, MAYBE_NOTEBOOK = (
    FileKind.NOTEBOOK,
    FileKind.SCRIPT,
    FileKind.ZIP,
    FileKind.MAYBE_NOTEBOOK,
)


@pytest.mark.parametrize(
    ("name", "stem", "kind", "renamed"),
    [
        ("moco.ipynb", "moco", NOTEBOOK, False),
        ("moco (2).ipynb", "moco (2)", NOTEBOOK, False),
        ("moco - Copy.ipynb", "moco - Copy", NOTEBOOK, False),
        ("ada.lovelace.ipynb", "ada.lovelace", NOTEBOOK, False),
        ("moco.IPYNB", "moco", NOTEBOOK, True),
        ("moco.ipynb.txt", "moco", NOTEBOOK, True),
        ("moco.ipynb.TXT", "moco", NOTEBOOK, True),
        ("moco.ipynb.json", "moco", NOTEBOOK, True),
        ("moco.ipynb.json.txt", "moco", NOTEBOOK, True),
        ("moco.ipynb.download", "moco", NOTEBOOK, True),
        ("moco.ipynb.crdownload", "moco", NOTEBOOK, True),
        ("moco.ipynb.part", "moco", NOTEBOOK, True),
        ("moco.ipynb.ipynb", "moco", NOTEBOOK, True),
        ("moco.ipynb (1)", "moco (1)", NOTEBOOK, True),
        ("moco.ipynb(1)", "moco(1)", NOTEBOOK, True),
        ("moco.ipynb (1).txt", "moco (1)", NOTEBOOK, True),
        ("moco.ipynb-1.txt", "moco-1", NOTEBOOK, True),
        ("moco.ipynb.txt (1)", "moco (1)", NOTEBOOK, True),
        ("moco.ipynb - Copy.txt", "moco - Copy", NOTEBOOK, True),
        ("moco.ipynb - Copy (2).txt", "moco - Copy (2)", NOTEBOOK, True),
        ("moco.ipynb copy", "moco copy", NOTEBOOK, True),
        ("moco.ipynb.1", "moco (1)", NOTEBOOK, True),
        ("moco.ipynb?raw=true", "moco", NOTEBOOK, True),
        ("moco.ipynb.", "moco", NOTEBOOK, True),
        ("moco.ipynb ", "moco", NOTEBOOK, True),
        (".moco.ipynb.icloud", "moco", NOTEBOOK, True),
        ("lovelaceada_12_34_moco.ipynb.txt", "lovelaceada_12_34_moco", NOTEBOOK, True),
        ("moco.py", "moco", SCRIPT, False),
        ("moco.PY", "moco", SCRIPT, True),
        ("moco.py.txt", "moco", SCRIPT, True),
        ("moco.py (3).txt", "moco (3)", SCRIPT, True),
        ("moco.ipynb.py", "moco", SCRIPT, True),
        ("ada.zip", "ada", ZIP, False),
        ("ada.ZIP", "ada", ZIP, False),
        ("moco.ipynb.zip", "moco", ZIP, False),
        ("moco.zip.download", "moco", ZIP, True),
        ("moco.json", "moco", MAYBE_NOTEBOOK, True),
        ("moco (1).txt", "moco (1)", MAYBE_NOTEBOOK, True),
        ("moco.txt (1)", "moco (1)", MAYBE_NOTEBOOK, True),
        ("moco.download", "moco", MAYBE_NOTEBOOK, True),
        ("moco", "moco", MAYBE_NOTEBOOK, True),
        ("moco (1)", "moco (1)", MAYBE_NOTEBOOK, True),
        ("Ada Lovelace_12_assignsubmission_file", "Ada Lovelace_12_assignsubmission_file", MAYBE_NOTEBOOK, True),
        ("moco.ipynb.html", "moco.ipynb", "", False),
        ("moco.html", "moco", "", False),
        ("report.pdf", "report", "", False),
        ("report.pdf.txt", "report.pdf", MAYBE_NOTEBOOK, True),
        ("moco.ipynb.gz", "moco.ipynb", "", False),
        *((f"ada{suffix}", "ada", "", False) for suffix in (".7z", ".tar.xz", ".tar.gz", ".tgz", ".7z.001", ".part2.rar", ".z01")),
        ("ada.7z (1)", "ada (1)", "", False),
        ("ada.mp4", "ada", "", False),
        ("ada.v2", "ada.v2", MAYBE_NOTEBOOK, True),
        (".7z", ".7z", MAYBE_NOTEBOOK, True),
        ("moco.ipynb의 사본", "moco의 사본", NOTEBOOK, True),
        ("“moco.ipynb”的副本", "“moco”的副本", NOTEBOOK, True),
        (".ipynb", ".ipynb", MAYBE_NOTEBOOK, True),
        ("", "", MAYBE_NOTEBOOK, True),
    ],
)  # fmt: skip
def test_what_a_name_says(name: str, stem: str, kind: str, renamed: bool) -> None:
    assert suffix_of(name) == (stem, kind, renamed)


@given(st.text(alphabet=st.sampled_from("moco.ipynbpytxtjsonzip()-_ 12\n?\u202e"), max_size=400))
def test_any_name_has_an_answer(name: str) -> None:
    stem, kind, renamed = suffix_of(name)
    assert kind in FileKind
    assert bool(stem) == bool(name)
    assert isinstance(renamed, bool)


@pytest.mark.parametrize("part", [".", " ", "(1)", ".ipynb", ".txt", "-1", ".a", "?", " copy", ".ipynb (1)"])
def test_a_very_long_name_takes_no_time(part: str) -> None:
    start = time.process_time()
    suffix_of(part * (65_000 // len(part)))
    assert time.process_time() - start < 0.2


def test_a_renamed_file_is_told() -> None:
    flag = renamed_flag("moco.ipynb.txt", "moco", NOTEBOOK)
    assert flag.text == "was handed in as moco.ipynb.txt: read as moco.ipynb"
    assert flag.audience == "student"
    assert renamed_flag("moco.py.txt", "moco", SCRIPT).text.endswith("read as moco.py")


COLAB = {"nbformat": 4, "nbformat_minor": 0, "metadata": {"colab": {}}, "cells": []}
OLD = {"metadata": {"name": ""}, "nbformat": 3, "worksheets": [{"cells": []}]}


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-16-le"),
        b"\n  " + TEXT.encode(),
        json.dumps(COLAB).encode(),
        json.dumps(OLD).encode(),
        json.dumps({"metadata": {"cells": "no", "x": "\"}]\\"}, "worksheets": []}).encode(),
        TEXT.encode()[:20],
        b'{"nbformat": ',
    ],
)  # fmt: skip
def test_beginnings_of_notebooks(data: bytes) -> None:
    assert is_notebook_text(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"cell',
        b'{"cells',
        b"[1, 2]",
        b"hello",
        b"\xff\xfe\x00",
        b"%PDF-1.7",
        b'{"cells": 5}',
        b'{"cells": "none"}',
        b'{"nbformat": "none"}',
        b'{"a": {"cells": []}}',
        b'{"a": "cells", "b": []}',
        b'{"a": ["cells", {"nbformat": 4}]}',
        b'{"url": "https://docs.google.com/open?id=1", "doc_id": "1"}',
        b'{"a": 1} {"cells": []}',
        b'print({"cells": []})',
    ],
)
def test_what_is_no_notebook(data: bytes) -> None:
    assert not is_notebook_text(data)


@given(st.binary(max_size=200) | st.text(alphabet='{}[]":,\\ace', max_size=200).map(str.encode))
def test_any_beginning_has_an_answer(data: bytes) -> None:
    assert is_notebook_text(data) in (True, False)


@pytest.mark.parametrize("part", [b"[", b"{", b'"', b'\\"', b"\\", b'{"', b'"a",', b"{}", b" "])
def test_a_long_beginning_takes_no_time(part: bytes) -> None:
    start = time.process_time()
    assert not is_notebook_text(b"{" + part * (4 * BYTES_OF_HEAD))
    assert time.process_time() - start < 0.5
