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


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        TEXT.replace('"outputs": []', '"outputs": [{"x": NaN}]').encode(),
        TEXT.replace('"grade_id"', '"loss": NaN, "grade_id"').encode(),
        TEXT.replace('"nbformat": 4', '"nbformat": 4.0').encode(),
        TEXT.replace('"cells": [', '"cells": [{"cell_type": "markdown", "source": null, "id": 7},').encode(),
        TEXT.replace('"cells": [', '"cells": [{"cell_type": "raw", "source": "\\ud83d"},').encode(),
    ],
    ids=["bom", "utf-16", "nan-output", "nan-metadata", "float-version", "null-source", "half-emoji"],
)
def test_what_editors_and_shells_make_of_a_notebook(data: bytes) -> None:
    (cell,) = parse_notebook(data)
    assert cell.source == CELLS[0][1]
    assert "moco-enqueue" in cell.ids


def test_half_an_emoji_can_be_sent_to_the_sandbox() -> None:
    (cell,) = parse_notebook(TEXT.replace("pass", "return '\\ud83d'").encode())
    assert cell.source.encode()


@pytest.mark.parametrize(
    "data",
    [b"\xef\xbb\xbfname = 'J\xc3\xbcrg'", b"# -*- coding: latin-1 -*-\nname = 'J\xfcrg'"],
    ids=["bom", "latin-1"],
)
def test_scripts_in_other_encodings(data: bytes) -> None:
    (cell,) = module.parse_script(data)
    assert cell.source.endswith("name = 'J\xfcrg'")
    assert "\ufeff" not in cell.source


def students(*paths: Path) -> dict[str, Submission | Unreadable]:
    return {found.student: read for found in collect(paths, "moco") for read in found.read()}


def test_suffixes_in_capitals(tmp_path: Path) -> None:
    write(tmp_path / "ada.ipynb", CELLS).rename(tmp_path / "ada.IPYNB")
    assert isinstance(one(tmp_path), Submission)


def test_links_in_a_students_folder_and_broken_links(tmp_path: Path) -> None:
    secret = write(tmp_path / "solutions/moco.ipynb", CELLS)
    (tmp_path / "class/ada/moco").mkdir(parents=True)
    (tmp_path / "class/ada/moco/moco.ipynb").symlink_to(secret)
    (tmp_path / "class/bob.ipynb").symlink_to("bob2.ipynb")
    write(tmp_path / "class/cleo.ipynb", CELLS)
    read = students(tmp_path / "class")
    assert "not followed" in getattr(read["ada"], "reason", "")
    assert "does not exist" in getattr(read["bob"], "reason", "")
    assert isinstance(read["cleo"], Submission)


def test_one_student_of_nbgraders_tree(tmp_path: Path) -> None:
    file = write(tmp_path / "submitted/ada/moco/moco.ipynb", CELLS)
    for path in (file, file.parent, file.parent.parent):
        assert list(students(path)) == ["ada"], path


def test_names_that_are_no_utf_8_or_in_two_unicode_forms(tmp_path: Path) -> None:
    for name in (b"J\xfcrg", "zo\u00eb".encode(), "zoe\u0308".encode()):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name + b".ipynb")).write_text(TEXT)
    read = students(tmp_path)
    assert list(read) == ["J\ufffdrg", "zo\u00eb"]
    assert all(item.path.encode() for item in read.values())


def test_class_zip_names_those_who_handed_in_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("ada_1_2_moco.ipynb", TEXT)
        archive.writestr("bob_1_2_moco.pdf", "%PDF")
        archive.writestr("Zo\u00eb K_77_assignsubmission_file_moco.ipynb", TEXT)
    read = students(tmp_path / "all.zip")
    assert list(read) == ["Zo\u00eb K", "ada", "bob"]
    assert "is no notebook" in getattr(read["bob"], "reason", "")


def test_zip_of_a_tree_with_other_units(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for unit in ("moco", "pretext"):
            archive.writestr(f"submitted/ada/{unit}/{unit}.ipynb", TEXT)
    assert list(students(tmp_path / "all.zip")) == ["ada"]


def test_own_modules_beside_the_notebook_are_not_the_submission(tmp_path: Path) -> None:
    write(tmp_path / "class/ada/work.ipynb", CELLS)
    (tmp_path / "class/ada/zz_helpers.py").write_text("x = 1")
    (tmp_path / "class/bob").mkdir()
    with zipfile.ZipFile(tmp_path / "class/bob/all.zip", "w") as archive:
        archive.writestr("moco.ipynb", TEXT)
        archive.writestr(zipfile.ZipInfo("zz_helpers.py", (2026, 1, 1, 0, 0, 0)), "x = 1")
    write(tmp_path / "class/cleo/hw/moco.ipynb", CELLS)
    read = students(tmp_path / "class")
    assert [Path(item.path).name for item in read.values()] == ["work.ipynb", "moco.ipynb", "moco.ipynb"]


def test_damaged_member_of_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada.ipynb", TEXT * 20)
    data = bytearray((tmp_path / "all.zip").read_bytes())
    data[50:70] = b"\xff" * 20
    (tmp_path / "all.zip").write_bytes(data)
    assert "damaged" in getattr(one(tmp_path / "all.zip"), "reason", "")
