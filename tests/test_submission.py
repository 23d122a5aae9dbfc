from __future__ import annotations

import datetime as dt
import json
import os
import zipfile
from pathlib import Path

import nbformat
import pytest
from notebooks import notebook, write

from autograder import submission as module
from autograder.errors import UserError
from autograder.submission import Submission, Unreadable, collect, parse_notebook, read_submission

CELLS = [("moco-enqueue", "def enqueue():\n    pass")]
TEXT = nbformat.writes(notebook(CELLS))


def one(path: Path) -> Submission | Unreadable:
    (found,) = collect([path], "moco")
    (read,) = found.read()
    return read


def test_nbgraders_tree_with_timestamp(tmp_path: Path) -> None:
    write(tmp_path / "submitted/ada/moco/moco.ipynb", CELLS)
    (tmp_path / "submitted/ada/moco/timestamp.txt").write_text("2026-01-31 12:00:00 UTC")
    (tmp_path / "submitted/ada/moco/notes.txt").write_text("not a submission")
    write(tmp_path / "submitted/ada/simclr/simclr.ipynb", CELLS)
    read = one(tmp_path / "submitted")
    assert isinstance(read, Submission)
    assert (read.student, read.unit) == ("ada", "moco")
    assert read.submitted_at == dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)
    assert read.cells[0].ids >= {"moco-enqueue"}


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("ada.ipynb", "ada"),
        ("ada_moco.ipynb", "ada"),
        ("ada-moco-submission.ipynb", "ada"),
        ("lovelaceada_LATE_1234_5678_moco-1.ipynb", "lovelaceada"),
        ("lovelaceada_1234_5678_moco.ipynb", "lovelaceada"),
    ],
)
def test_names_in_a_folder(tmp_path: Path, name: str, student: str) -> None:
    write(tmp_path / name, CELLS)
    assert one(tmp_path).student == student


def test_student_folders_and_a_notebook_under_another_name(tmp_path: Path) -> None:
    write(tmp_path / "Ada Lovelace_1234_assignsubmission_file_/my work.ipynb", CELLS)
    read = one(tmp_path)
    assert read.student == "Ada Lovelace"
    assert isinstance(read, Submission)
    assert "is called my work.ipynb" in read.flags[0]


def test_two_notebooks_of_one_student(tmp_path: Path) -> None:
    old, new = (
        write(tmp_path / "ada.ipynb", CELLS),
        write(tmp_path / "ada_moco.ipynb", [*CELLS, ("", "x = 1")]),
    )
    os.utime(old, (1, 1))
    os.utime(new, (2, 2))
    read = one(tmp_path)
    assert isinstance(read, Submission)
    assert (read.path, read.attempt) == (str(new), 2)
    assert "2 files of this student" in read.flags[0]
    (found,) = collect([tmp_path], "moco")
    assert [item.path for item in found.read("first")] == [str(old)]
    assert len(found.read("best")) == 2


def test_lms_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("lovelaceada_1_2_moco.ipynb", TEXT)
        archive.writestr("Alan Turing_77_assignsubmission_file_/moco.ipynb", TEXT)
        archive.writestr("grace/moco/moco.ipynb", TEXT)
        archive.writestr("__MACOSX/._moco.ipynb", "junk")
        archive.writestr("readme.txt", "junk")
    assert [found.student for found in collect([tmp_path / "all.zip"], "moco")] == [
        "Alan Turing",
        "grace",
        "lovelaceada",
    ]


def test_zip_with_a_path_that_leads_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("../../evil.ipynb", TEXT)
        archive.writestr("ada.ipynb", TEXT)
    read = {item.student: item for found in collect([tmp_path / "all.zip"], "moco") for item in found.read()}
    assert isinstance(read["ada"], Submission)
    assert isinstance(read["evil"], Unreadable)
    assert "leads out of the zip" in read["evil"].reason
    assert not list(tmp_path.parent.glob("evil*"))


def test_zip_that_lies_about_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada.ipynb", " " * 10_000)
    assert isinstance(one(tmp_path / "all.zip"), Unreadable)


def test_broken_zip(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(b"PK\x03\x04 nonsense")
    read = one(tmp_path)
    assert isinstance(read, Unreadable)
    assert "no readable zip" in read.reason


def test_students_own_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as archive:
        archive.writestr("folder/moco.ipynb", TEXT)
    assert one(tmp_path).student == "ada"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (b"hello", "is no notebook"),
        (b"%PDF-1.7", "a PDF or a web page"),
        (b"<html></html>", "a PDF or a web page"),
        (b"PK\x03\x04", "a zip archive"),
        (b"{}", "has no cells"),
        (b"[1, 2]", "is no notebook"),
        (b'{"cells": [], "nbformat": 4}', "no code cells"),
        (b"\xff\xfe\x00", "is no notebook"),
        (b"[" * 100_000, "is no notebook"),
    ],
)
def test_files_that_are_no_notebooks(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "ada.ipynb").write_bytes(content)
    read = one(tmp_path)
    assert isinstance(read, Unreadable)
    assert reason in read.reason


def test_too_large_a_file_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "ada.ipynb").open("wb") as file:
        file.truncate(200 * 2**20)
    read = one(tmp_path)
    assert isinstance(read, Unreadable)
    assert "200 MB" in read.reason
    assert "clear the notebook's outputs" in read.reason


def test_old_format(tmp_path: Path) -> None:
    old = {
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {"name": ""},
        "worksheets": [
            {"cells": [{"cell_type": "code", "input": ["x = 1"], "language": "python", "outputs": []}]}
        ],
    }
    (cell,) = parse_notebook(json.dumps(old).encode())
    assert cell.source == "x = 1"


def test_source_as_list_and_damaged_metadata() -> None:
    cells = [
        {
            "cell_type": "code",
            "source": ["a = 1\n", "b = 2"],
            "metadata": {"nbgrader": ["odd"], "course": {"id": 5}},
        },
        {"cell_type": "markdown", "source": "text"},
    ]
    (cell,) = parse_notebook(json.dumps({"cells": cells, "nbformat": 4}).encode())
    assert cell.source == "a = 1\nb = 2"


def test_script(tmp_path: Path) -> None:
    (tmp_path / "ada.py").write_text("import math\n\n# %%\ndef f(x):\n    return x\n\n# %%\nthis is wrong\n")
    read = one(tmp_path)
    assert isinstance(read, Submission)
    assert [cell.source for cell in read.cells] == ["import math", "def f(x):\n    return x", "this is wrong"]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path / "outside/secret.ipynb", CELLS)
    (tmp_path / "class").mkdir()
    (tmp_path / "class/ada.ipynb").symlink_to(secret)
    read = one(tmp_path / "class")
    assert isinstance(read, Unreadable)
    assert "not followed" in read.reason


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no submission of 'moco' found"):
        collect([tmp_path], "moco")
    with pytest.raises(UserError, match="no such file"):
        collect([tmp_path / "nowhere"], "moco")


def test_read_submission_of_one_file(tmp_path: Path) -> None:
    read = read_submission(write(tmp_path / "x.ipynb", CELLS), "moco", "ada")
    assert read.student == "ada"
