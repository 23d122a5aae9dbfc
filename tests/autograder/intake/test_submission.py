from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import re
import threading
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.errors import UserError
from autograder.intake import archive
from autograder.intake.collect import MOST_ATTEMPTS, collect
from autograder.intake.submission import (
    MARKED_LATE,
    Submission,
    Unreadable,
    parse_notebook,
    parse_script,
    read_submission,
)
from autograder.intake.times import parse_timestamp
from autograder.intake.tree import DEEPEST
from autograder.results import Flag, texts
from course_utils.slices import notebook_json
from course_utils.slices.help import MIME, Help
from course_utils.slices.plain import LONGEST, STEERING
from tests.support.notebooks import notebook, write

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
    assert "is called my work.ipynb" in read.flags[0].text


def test_two_notebooks_of_one_student(tmp_path: Path) -> None:
    old, new = (
        write(tmp_path / "ada_moco.ipynb", CELLS),
        write(tmp_path / "ada_moco (1).ipynb", [*CELLS, ("", "x = 1")]),
    )
    # The times of files are those of copying them.
    os.utime(old, (2, 2))
    os.utime(new, (1, 1))
    read = one(tmp_path)
    assert isinstance(read, Submission)
    assert (read.path, read.attempt) == (str(new), 1)
    (flag,) = read.flags
    assert (flag.kind, flag.audience) == ("several-files", "staff")
    assert "2 files of this student" in flag.text
    assert "ada_moco (1).ipynb counts, because" in flag.text
    assert "Passed over" in flag.text
    assert read.submitted_at is None
    counts = collect([tmp_path], "moco").counts()
    assert (counts.read, counts.passed_over, counts.seen) == (1, 1, 2)


def test_of_thousands_of_attempts_the_best_of_the_latest_counts(tmp_path: Path) -> None:
    for number in range(1, MOST_ATTEMPTS + 6):
        write(tmp_path / f"Ada/hw/Version {number}/moco.ipynb", [*CELLS, ("", f"x = {number}")])
    (found,) = collect([tmp_path], "moco")
    assert (found.person.key, found.student) == ("teams:Ada", "Ada")
    read = found.read("best")
    assert [item.attempt for item in read] == list(range(6, MOST_ATTEMPTS + 6))
    assert [Path(item.path).parent.name for item in read][-1] == f"Version {MOST_ATTEMPTS + 5}"
    assert isinstance(read[0], Submission)
    assert any(f"the best of the {MOST_ATTEMPTS} latest counts" in flag.text for flag in read[0].flags)
    assert [item.attempt for item in found.read("first")] == [1]


def test_lms_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("lovelaceada_1_2_moco.ipynb", TEXT)
        packed.writestr("Alan Turing_77_assignsubmission_file_/moco.ipynb", TEXT)
        packed.writestr("grace/moco/moco.ipynb", TEXT)
        packed.writestr("__MACOSX/._moco.ipynb", "junk")
        packed.writestr("readme.txt", "junk")
    assert [found.student for found in collect([tmp_path / "all.zip"], "moco")] == [
        "Alan Turing",
        "grace",
        "lovelaceada",
    ]


def test_zip_with_a_path_that_leads_out(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("../../evil.ipynb", TEXT)
        packed.writestr("ada.ipynb", TEXT)
    read = {item.student: item for found in collect([tmp_path / "all.zip"], "moco") for item in found.read()}
    assert isinstance(read["ada"], Submission)
    assert isinstance(read["evil"], Unreadable)
    assert "leads out of the zip" in read["evil"].reason
    assert not list(tmp_path.parent.glob("evil*"))


def test_a_path_that_leads_out_of_a_students_zip_is_told_beside_what_was_graded(tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    with zipfile.ZipFile(tmp_path / "class/ada.zip", "w") as packed:
        packed.writestr("../moco.ipynb", TEXT)
        packed.writestr("moco/moco.ipynb", TEXT)
    read = one(tmp_path / "class")
    assert isinstance(read, Submission)
    assert read.path.endswith("ada.zip/moco/moco.ipynb")
    assert ["ada.zip/../moco.ipynb has a path that leads out" in flag.text for flag in read.flags] == [True]


def test_zip_that_lies_about_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("ada.ipynb", " " * 10_000)
    assert isinstance(one(tmp_path / "all.zip"), Unreadable)


def test_broken_zip(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(b"PK\x03\x04 nonsense")
    read = one(tmp_path)
    assert isinstance(read, Unreadable)
    assert "no readable zip" in read.reason


def test_students_own_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "ada.zip", "w") as packed:
        packed.writestr("folder/moco.ipynb", TEXT)
    assert one(tmp_path).student == "ada"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (b"hello", "is no notebook"),
        (b"%PDF-1.7", "is a PDF, not a notebook"),
        (b"<html></html>", "is a web page, not the notebook"),
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


def pipe(path: Path) -> None:
    """A named pipe. Whoever opens it finds it empty: where a grader would wait for ever, a test fails."""

    def let_go() -> None:
        with contextlib.suppress(OSError):
            while True:
                os.close(os.open(path, os.O_WRONLY))

    os.mkfifo(path)
    threading.Thread(target=let_go, daemon=True).start()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe(tmp_path / "ada.ipynb")
    assert "no ordinary file" in getattr(one(tmp_path), "reason", "")


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
    (cell,) = parse_script(data)
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
    assert list(read) == ["J\u00fcrg", "zo\u00eb"]
    assert all(item.path.encode() for item in read.values())


def test_class_zip_names_those_who_handed_in_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.writestr("ada_1_2_moco.ipynb", TEXT)
        packed.writestr("bob_1_2_moco.pdf", "%PDF")
        packed.writestr("Zo\u00eb K_77_assignsubmission_file_moco.ipynb", TEXT)
    read = students(tmp_path / "all.zip")
    assert list(read) == ["Zo\u00eb K", "ada", "bob"]
    assert "is no notebook" in getattr(read["bob"], "reason", "")


def test_zip_of_a_tree_with_other_units(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        for unit in ("moco", "pretext"):
            packed.writestr(f"submitted/ada/{unit}/{unit}.ipynb", TEXT)
    assert list(students(tmp_path / "all.zip")) == ["ada"]


def test_own_modules_beside_the_notebook_are_not_the_submission(tmp_path: Path) -> None:
    write(tmp_path / "class/ada/work.ipynb", CELLS)
    (tmp_path / "class/ada/zz_helpers.py").write_text("x = 1")
    (tmp_path / "class/bob").mkdir()
    with zipfile.ZipFile(tmp_path / "class/bob/all.zip", "w") as packed:
        packed.writestr("moco.ipynb", TEXT)
        packed.writestr(zipfile.ZipInfo("zz_helpers.py", (2026, 1, 1, 0, 0, 0)), "x = 1")
    write(tmp_path / "class/cleo/hw/moco.ipynb", CELLS)
    read = students(tmp_path / "class")
    assert [Path(item.path).name for item in read.values()] == ["work.ipynb", "moco.ipynb", "moco.ipynb"]


def test_damaged_member_of_a_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("ada.ipynb", TEXT * 20)
    data = bytearray((tmp_path / "all.zip").read_bytes())
    data[50:70] = b"\xff" * 20
    (tmp_path / "all.zip").write_bytes(data)
    assert "damaged" in getattr(one(tmp_path / "all.zip"), "reason", "")


# --- zips in zips -------------------------------------------------------------------------------------------------


def zipped(*members: tuple[str | zipfile.ZipInfo, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return file.getvalue()


def test_zips_inside_an_lms_zip_are_unpacked_one_level(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("moco.ipynb")
    link.external_attr = 0o120777 << 16
    (tmp_path / "all.zip").write_bytes(
        zipped(
            ("ada_12_34_hw.zip", zipped(("hw/moco.ipynb", TEXT), ("hw/notes.pdf", "%PDF"), ("__MACOSX/._x", "x"))),
            ("bob_LATE_12_34_hw.zip", zipped(("moco.ipynb", TEXT))),
            ("Cleo K_77_assignsubmission_file_/work.zip", zipped(("solved.py", "x = 1"))),
            ("dora_12_34_moco.ipynb", TEXT),
            ("dora_12_34_data.zip", zipped(("moco.ipynb", "junk"))),
            ("evil_12_34_a.zip", zipped(("../../evil.ipynb", TEXT))),
            ("fred_12_34_a.zip", zipped((link, "/etc/passwd"))),
            ("gina_12_34_a.zip", zipped(("b.zip", zipped(("moco.ipynb", TEXT))))),
            ("hugo_12_34_a.zip", b"PK\x03\x04 nonsense"),
            ("ina_12_34_a.zip", zipped(("report.pdf", "%PDF"))),
        )
    )  # fmt: skip
    read = students(tmp_path / "all.zip")
    for name in ("ada", "bob", "Cleo K", "dora", "gina"):
        assert isinstance(read.pop(name), Submission), name
    assert {name: getattr(item, "reason", "graded") for name, item in read.items()} == {
        "evil": "has a path that leads out of the zip: not read; zip the notebook alone",
        "fred": "is a link inside a zip: not followed",
        "hugo": "is no readable zip: File is not a zip file",
        "ina": "has no notebook in it: an .ipynb or .py is needed",
    }
    assert read["evil"].path.endswith("all.zip/evil_12_34_a.zip/../../evil.ipynb")


def test_a_zip_inside_a_students_zip(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(zipped(("hw.zip", zipped(("moco.ipynb", TEXT)))))
    read = one(tmp_path)
    assert isinstance(read, Submission)
    assert read.path.endswith("ada.zip/hw.zip/moco.ipynb")


def test_bombs_inside_a_zip_are_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 10_000)
    monkeypatch.setattr(archive, "MAX_UNPACKED", 25_000)
    monkeypatch.setattr(archive, "MAX_MEMBERS", 50)
    blank = " " * 9_000
    (tmp_path / "all.zip").write_bytes(
        zipped(
            ("ada_12_34_large.zip", zipped(("moco.ipynb", " " * 10_001))),
            ("bob_12_34_larger.zip", zipped(("moco.ipynb", os.urandom(11_000)))),
            ("cleo_12_34_many.zip", zipped(*((f"{index}.txt", "") for index in range(51)))),
            ("dora_12_34_all.zip", zipped(*((f"{index}.ipynb", blank) for index in range(3)))),
            ("emil_12_34_moco.zip", zipped(("moco.ipynb", TEXT))),
        )
    )
    opened: list[str] = []
    unpack = archive._unpack

    def watched(packed: zipfile.ZipFile, place: int, most: int | None = None) -> bytes:
        opened.append(packed.infolist()[place].filename)
        return unpack(packed, place, most)

    monkeypatch.setattr(archive, "_unpack", watched)
    read = {found.student: found for found in collect([tmp_path / "all.zip"], "moco")}
    assert "bob_12_34_larger.zip" not in opened
    assert len(read["dora"].hand_ins[0].candidates) == 3
    (ada,), (bob,), (cleo,), (emil,) = (read[name].read() for name in ("ada", "bob", "cleo", "emil"))
    assert "more than the 0 MB that are read" in getattr(ada, "reason", "")
    assert "unpacks to more than is read" in getattr(bob, "reason", "")
    assert "holds more than 50 files" in getattr(cleo, "reason", "")
    assert isinstance(emil, Submission)


def test_a_huge_table_of_contents_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ada.zip").write_bytes(zipped(*((f"{index:0200}.txt", "") for index in range(500))))
    monkeypatch.setattr(archive, "_BYTES_A_MEMBER", 5)
    assert "holds more than" in getattr(one(tmp_path), "reason", "")


def test_a_size_in_the_table_of_contents_that_lies(tmp_path: Path) -> None:
    data = zipped(("ada.ipynb", " " * 10_000))
    assert data.count((10_000).to_bytes(4, "little")) == 2
    (tmp_path / "all.zip").write_bytes(
        data.replace((10_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))
    )
    assert "damaged" in getattr(one(tmp_path / "all.zip"), "reason", "")


def test_an_encrypted_zip(tmp_path: Path) -> None:
    data = bytearray(zipped(("moco.ipynb", TEXT)))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "ada.zip").write_bytes(data)
    assert "encrypted" in getattr(one(tmp_path), "reason", "")
    (tmp_path / "ada.zip").write_bytes(zipped(("hw.zip", bytes(data))))
    assert "encrypted" in getattr(one(tmp_path), "reason", "")


def test_an_lms_zip_among_the_files_of_students_and_a_zipped_folder_of_a_class(tmp_path: Path) -> None:
    (tmp_path / "bulk.zip").write_bytes(
        zipped(("ada_12_34_moco.ipynb", TEXT), ("bob_56_78_moco.ipynb", TEXT))
    )
    (tmp_path / "dora_12_34_hw.zip").write_bytes(zipped(("cifar_10_32_try.ipynb", TEXT)))
    write(tmp_path / "cleo.ipynb", CELLS)
    read = students(tmp_path)
    assert list(read) == ["bulk", "cleo", "dora"]
    assert "download of several people" in getattr(read["bulk"], "reason", "")
    assert list(students(tmp_path / "bulk.zip")) == ["ada", "bob"]
    (tmp_path / "class.zip").write_bytes(
        zipped(("homework/ada.ipynb", TEXT), ("homework/bob_moco.ipynb", TEXT))
    )
    assert list(students(tmp_path / "class.zip")) == ["ada", "bob"]


def test_students_without_a_notebook_are_named(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(zipped(("report.pdf", "%PDF")))
    (tmp_path / "Bob B_7_assignsubmission_file_").mkdir()
    (tmp_path / "Bob B_7_assignsubmission_file_/report.pdf").write_text("%PDF")
    (tmp_path / "cleo.ipynb").mkdir()
    write(tmp_path / "dora/pretext/pretext.ipynb", CELLS)
    (tmp_path / "emil/moco").mkdir(parents=True)
    reasons = {name: getattr(item, "reason", "") for name, item in students(tmp_path).items()}
    assert list(reasons) == ["Bob B", "ada", "cleo", "emil"]
    assert "is no notebook" in reasons["Bob B"]
    assert "has no notebook in it" in reasons["ada"]
    assert "is a folder without a notebook" in reasons["cleo"]
    assert "moco.ipynb is missing" in reasons["emil"]


def test_a_name_that_says_no_student_is_flagged(tmp_path: Path) -> None:
    for name in (
        "moco.ipynb",
        "moco (2).ipynb",
        "Copy of moco.ipynb",
        "moco-copy 1.ipynb",
        "moco_ada.ipynb",
        "ada.ipynb",
    ):
        write(tmp_path / "class" / name, CELLS)
    (tmp_path / "all.zip").write_bytes(zipped(("moco(3).ipynb", TEXT), ("bob.ipynb", TEXT)))
    read = students(tmp_path / "class", tmp_path / "all.zip")
    flagged = [name for name, item in read.items() if "says no student" in texts(getattr(item, "flags", ()))]
    assert flagged == ["Copy of moco", "moco", "moco (2)", "moco(3)", "moco-copy 1"]


# --- the time of hand-in ------------------------------------------------------------------------------------------


def test_times_of_files_are_no_times_of_hand_in(tmp_path: Path) -> None:
    write(tmp_path / "folder/ada.ipynb", CELLS)
    (tmp_path / "all.zip").write_bytes(zipped((zipfile.ZipInfo("bob.ipynb", (2026, 1, 1, 0, 0, 0)), TEXT)))
    for path in (tmp_path / "folder", tmp_path / "folder/ada.ipynb", tmp_path / "all.zip"):
        assert one(path).submitted_at is None
    assert read_submission(tmp_path / "folder/ada.ipynb", "moco", "ada").submitted_at is None


def test_timestamp_beside_a_single_notebook_in_a_students_folder_and_in_a_zip_of_the_tree(
    tmp_path: Path,
) -> None:
    for student in ("ada", "bob"):
        write(tmp_path / f"class/{student}/moco/moco.ipynb", CELLS)
        (tmp_path / f"class/{student}/moco/timestamp.txt").write_text("2026-01-31 12:00:00.000000 UTC\n")
    (tmp_path / "tree.zip").write_bytes(
        zipped(
            ("submitted/ada/moco/moco.ipynb", TEXT),
            ("submitted/ada/moco/timestamp.txt", "2026-01-31 12:00:00.000000 UTC"),
            ("submitted/bob/moco/moco.ipynb", TEXT),
            ("submitted/bob/moco/timestamp.txt", "2026-01-31 12:00:00.000000 UTC"),
        )
    )
    for path in (tmp_path / "class", tmp_path / "tree.zip", tmp_path / "class/ada/moco/moco.ipynb"):
        times = {item.submitted_at for item in students(path).values()}
        assert times == {dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC)}, path


def test_a_timestamp_in_a_students_own_zip_is_the_students(tmp_path: Path) -> None:
    (tmp_path / "ada.zip").write_bytes(
        zipped(("ada/moco/moco.ipynb", TEXT), ("ada/moco/timestamp.txt", "2026-01-31 12:00:00 UTC"))
    )
    assert one(tmp_path).submitted_at is None


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-01-31 12:00:00.123456 UTC", 12),
        ("2026-01-31 12:00:00", 12),
        ("2026-01-31 12:00:00 CET", 11),
        ("2026-01-31T12:00:00+02:00", 10),
        ("2026-01-31T12:00:00Z", 12),
    ],
)
def test_timestamps_as_nbgrader_writes_them_and_relatives(text: str, hour: int) -> None:
    assert parse_timestamp(text).astimezone(dt.UTC).hour == hour


@pytest.mark.parametrize("text", ["", "soon", "12:00", "31 January", "2026-01-31 12:00 XYZT", "2026-13-31"])
def test_what_is_no_whole_time_is_flagged(tmp_path: Path, text: str) -> None:
    write(tmp_path / "ada/moco/moco.ipynb", CELLS)
    (tmp_path / "ada/moco/timestamp.txt").write_text(text)
    read = one(tmp_path)
    assert isinstance(read, Submission)
    assert read.submitted_at is None
    assert "which is no time" in read.flags[0].text


def test_a_timestamp_that_is_a_link_or_no_text(tmp_path: Path) -> None:
    write(tmp_path / "class/ada/moco/moco.ipynb", CELLS)
    (tmp_path / "secret").write_text("2026-01-31 12:00:00 UTC")
    (tmp_path / "class/ada/moco/timestamp.txt").symlink_to(tmp_path / "secret")
    write(tmp_path / "class/bob/moco/moco.ipynb", CELLS)
    (tmp_path / "class/bob/moco/timestamp.txt").write_bytes(b"\xff\xfe\xff")
    read = students(tmp_path / "class")
    assert all(item.submitted_at is None for item in read.values())
    assert [texts(getattr(item, "flags", ())).split(" ", 2)[2][:4] for item in read.values()] == [
        "a li",
        "be r",
    ]


def test_canvas_marks_what_is_late(tmp_path: Path) -> None:
    write(tmp_path / "class/adalovelace_LATE_12345_67890_moco.ipynb", CELLS)
    write(tmp_path / "class/alan_12345_67890_moco.ipynb", CELLS)
    (tmp_path / "all.zip").write_bytes(
        zipped(
            ("grace_LATE_12_34_moco-1.ipynb", TEXT), ("kurt_LATE_12_34_hw.zip", zipped(("moco.ipynb", TEXT)))
        )
    )
    read = students(tmp_path / "class", tmp_path / "all.zip")
    marked = {name: MARKED_LATE in getattr(item, "flags", ()) for name, item in read.items()}
    assert marked == {"adalovelace": True, "alan": False, "grace": True, "kurt": True}


def test_a_recorded_time_takes_the_place_of_canvas_mark(tmp_path: Path) -> None:
    write(tmp_path / "ada/moco/ada_LATE_12345_67890_moco.ipynb", CELLS)
    (tmp_path / "ada/moco/timestamp.txt").write_text("2026-01-31 12:00:00 UTC")
    read = one(tmp_path)
    assert isinstance(read, Submission)
    assert read.submitted_at
    assert MARKED_LATE not in read.flags


def test_what_chose_between_attempts_is_told(tmp_path: Path) -> None:
    for name, hour in (("a", 9), ("b", 8)):
        write(tmp_path / name / "ada/moco/moco.ipynb", CELLS)
        (tmp_path / name / "ada/moco/timestamp.txt").write_text(f"2026-01-31 {hour:02}:00:00 UTC")
    (recorded,) = students(tmp_path / "a", tmp_path / "b").values()
    assert isinstance(recorded, Submission)
    assert recorded.path.startswith(str(tmp_path / "a"))
    assert "by the recorded times" in recorded.flags[0].text
    for name in ("ada.ipynb", "ada_moco.ipynb"):
        os.utime(write(tmp_path / "c" / name, CELLS), (5, 5))
    (equal,) = students(tmp_path / "c").values()
    assert isinstance(equal, Submission)
    assert "nothing is filled in in any of them" in equal.flags[0].text


def test_what_may_not_be_opened_is_named_and_the_others_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada", "bob"):
        write(tmp_path / f"{name}/moco/moco.ipynb", CELLS)
    listed = Path.iterdir

    def locked(path: Path) -> Any:
        if "bob" in path.parts:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", locked)
    ada, bob = collect([tmp_path], "moco")
    assert (ada.student, len(ada.hand_ins)) == ("ada", 1)
    (unread,) = bob.read()
    assert "cannot be read: Permission denied" in getattr(unread, "reason", "")
    with pytest.raises(UserError, match="bob cannot be read: Permission denied"):
        collect([tmp_path / "bob"], "moco")


def test_the_graders_own_results_are_nobodys(tmp_path: Path) -> None:
    write(tmp_path / "ada/moco/moco.ipynb", CELLS)
    (tmp_path / "grades").mkdir()
    (tmp_path / "grades/report.html").write_text("<html>")
    assert [item.student for item in collect([tmp_path], "moco", tmp_path / "grades")] == ["ada"]
    assert [item.student for item in collect([tmp_path], "moco")] == ["ada", "grades"]


# --- files that are made to be expensive ----------------------------------------------------------------------------


def cell_in_json(**fields: str) -> str:
    return "{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}"


@pytest.mark.parametrize("version", ["Infinity", "-Infinity", "NaN", "1e400", "9" * 5000])
def test_a_version_that_is_no_number(version: str) -> None:
    cell = cell_in_json(cell_type='"code"', source='"x"')
    with pytest.raises(ValueError, match="nbformat is no number"):
        parse_notebook(f'{{"nbformat": {version}, "cells": [{cell}]}}'.encode())


@pytest.mark.parametrize("source", ["5", "null", '{"a": 1}', "[1, [2]]"])
def test_an_old_notebook_whose_source_is_no_text(source: str) -> None:
    cell = cell_in_json(cell_type='"code"', input=source)
    (read,) = parse_notebook(f'{{"nbformat": 3, "worksheets": [{{"cells": [{cell}]}}]}}'.encode())
    assert read.source == ""


def test_metadata_and_outputs_never_become_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = "[" + "[]," * 20_000 + "0]"
    metadata = f'{{"a": {bomb}, "course": {{"id": "moco-enqueue", "more": {bomb}}}}}'
    cell = cell_in_json(cell_type='"code"', source='"x"', metadata=metadata, outputs=bomb)

    def loads(*arguments: Any, **options: Any) -> Any:
        raise AssertionError("read as a whole")

    monkeypatch.setattr(json, "loads", loads)
    tracemalloc.start()
    (read,) = parse_notebook(f'{{"nbformat": 4, "cells": [{cell}]}}'.encode())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read.ids == {"moco-enqueue"}
    # The metadata has 120 kB; as objects it would take twenty times that.
    assert peak < 600_000


def test_more_objects_than_any_notebook_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_json, "_MAX_OBJECTS", 10)
    with pytest.raises(ValueError, match="more than 10 JSON objects: clear"):
        parse_notebook(b'{"nbformat": 4, "cells": [' + b"{}," * 10 + b"{}]}")


def test_what_only_the_patient_reader_understands_may_not_be_large(monkeypatch: pytest.MonkeyPatch) -> None:
    data = TEXT.replace('"outputs": []', '"outputs": [{"x": NaN}]').encode()
    assert parse_notebook(data)
    monkeypatch.setattr(notebook_json, "_MAX_LOOSE", 1000)
    with pytest.raises(ValueError, match="too large to be read otherwise: clear the notebook's outputs"):
        parse_notebook(data)


def test_too_much_code_is_left_out_and_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("course_utils.slices.cells.MAX_CELL_CODE", 1000)
    monkeypatch.setattr("course_utils.slices.cells.MAX_CODE", 2000)
    monkeypatch.setattr("course_utils.slices.cells.MAX_CELLS", 12)
    long = [
        ("", "x" * 1001),
        *[("", f"{number:0400}") for number in range(10)],
        ("", "y"),
        ("", "z"),
        ("", "z"),
    ]
    write(tmp_path / "ada.ipynb", long)
    read = one(tmp_path)
    assert isinstance(read, Submission)
    assert [cell.number for cell in read.cells if not cell.left_out] == [2, 3, 4, 5, 6]
    assert [re.split(": (?:it holds|all cells|only)", flag.text)[0] for flag in read.flags] == [
        "code cell 1 left out",
        f"code cell 7 (it begins with: {'0' * 39}…), code cell 8 (it begins with: {'0' * 39}…), "
        f"code cell 9 (it begins with: {'0' * 39}…) and 3 more left out",
        "code cell 13 (it begins with: z) left out, and all below it",
    ]
    scripts = parse_script(b"# %%\n" + b"x" * 1001 + b"\n# %%\ny = 1\n")
    assert [(cell.source, bool(cell.left_out)) for cell in scripts] == [("", True), ("y = 1", False)]


@pytest.mark.parametrize(
    "coding", ["zlib", "rot13", "undefined", "punycode", "idna", "unicode_escape", "nothing"]
)
def test_encodings_that_no_script_is_written_in(coding: str) -> None:
    with pytest.raises(ValueError, match="the file"):
        parse_script(f"# coding: {coding}\nx = 1\n".encode())


def test_headers_of_scripts_are_passed_over() -> None:
    aliases = "".join(f"#   a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10))
    text = f"# ---\n# jupyter:\n#   a0: &a0 [x]\n{aliases}# ---\n\n# %%\nx = 1\n"
    assert [cell.source for cell in parse_script(text.encode())] == ["x = 1"]


def test_cells_of_scripts() -> None:
    marked = "import math\n# %% [markdown]\n# prose\n# %%time\n# %% title\nx = 1\n\ny = 2\n#%%\nz = 3\n"
    assert [cell.source for cell in parse_script(marked.encode())] == [
        "import math",
        "x = 1\n\ny = 2",
        "z = 3",
    ]
    plain = "# a heading\n\ndef f():\n\n    return 1\n\ntext = '''\n\nnot a cell\n'''\n\n@g\ndef h(): pass\n"
    assert [cell.source for cell in parse_script(plain.encode())] == [
        "def f():\n\n    return 1",
        "text = '''\n\nnot a cell\n'''",
        "@g\ndef h(): pass",
    ]
    broken = "def f():\n    return 1\n\nthis is wrong\n"
    assert [cell.source for cell in parse_script(broken.encode())] == [
        "def f():\n    return 1",
        "this is wrong",
    ]
    with pytest.raises(ValueError, match="2 MB that are read"):
        parse_script(b" " * (2 * 2**20 + 1))


def test_links_of_every_kind_and_a_pipe_named_as_a_zip(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    write(folder / "ada.ipynb", CELLS)
    write(folder / "bob/moco/moco.ipynb", CELLS)
    (folder / "loop.ipynb").symlink_to("loop.ipynb")
    (folder / "copy.ipynb").symlink_to("ada.ipynb")
    (folder / "folder").symlink_to("bob")
    (folder / "cleo").mkdir()
    (folder / "cleo/moco").symlink_to("../bob/moco")
    pipe(folder / "pipe.zip")
    (folder / "dora/moco").mkdir(parents=True)
    pipe(folder / "dora/moco/work.zip")
    read = students(folder)
    assert {name for name, item in read.items() if isinstance(item, Submission)} == {"ada", "bob"}
    reasons = {name: item.reason for name, item in read.items() if isinstance(item, Unreadable)}
    assert sorted(reasons) == ["cleo", "copy", "dora", "folder", "loop", "pipe"]
    assert all("is a link" in reasons[name] for name in ("cleo", "copy", "folder", "loop"))
    assert all("no ordinary file" in reasons[name] for name in ("dora", "pipe"))
    # What a TA names may be a link.
    (tmp_path / "here").symlink_to(folder)
    (tmp_path / "one.ipynb").symlink_to(folder / "ada.ipynb")
    assert isinstance(students(tmp_path / "here")["ada"], Submission)
    assert isinstance(one(tmp_path / "one.ipynb"), Submission)


def test_whatever_is_said_of_a_file_is_clipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "ada.ipynb", CELLS)
    long, steering = (
        Flag(kind="several-files", text=text * LONGEST, audience="staff") for text in ("xx", "y\x1b[2J")
    )
    (found,) = collect([tmp_path], "moco")
    found.hand_ins[0].flags.append(long)
    (read,) = replace(found, flags=(steering,)).read()
    assert isinstance(read, Submission)
    assert [len(flag.text) for flag in read.flags] == [LONGEST, LONGEST]
    assert not STEERING.search(texts(read.flags))

    def refuse(path: Path) -> bytes:
        raise OSError(f"the name of a file in many folders: {'z' * 4000}\x1b")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    (unread,) = found.read()
    assert isinstance(unread, Unreadable)
    assert len(unread.reason) == LONGEST


def test_folders_in_folders(tmp_path: Path) -> None:
    write(tmp_path / "ada/a/b/c/moco.ipynb", CELLS)
    write(tmp_path / "bob" / Path(*"abcdefghijklm") / "moco.ipynb", CELLS)
    write(tmp_path / "cleo" / Path(*(["x"] * DEEPEST)) / "moco.ipynb", CELLS)
    read = students(tmp_path)
    assert isinstance(read["ada"], Submission)
    assert isinstance(read["bob"], Submission)
    assert "folders deep" in getattr(read["cleo"], "reason", "")


def test_flags_and_reasons_are_short_and_speak_to_no_terminal(tmp_path: Path) -> None:
    steering = "\x1b[2J\x9b31m\u202e"
    for number in range(30):
        write(tmp_path / f"class/ada/{'long' * 40}{number}.ipynb", CELLS)
    (tmp_path / "class/ada/timestamp.txt").write_text(steering)
    with zipfile.ZipFile(tmp_path / "class/bob.zip", "w") as packed:
        packed.writestr("moco.ipynb", TEXT)
        for number in range(100):
            packed.writestr(f"../{steering}{'x' * 1000}{number}", "")
    with zipfile.ZipFile(tmp_path / "class/all.zip", "w") as packed:
        packed.writestr("y" * 60_000 + ".ipynb", TEXT)
        packed.writestr("z" * 60_000 + ".ipynb", TEXT)
    read = [item for found in collect([tmp_path / "class"], "moco") for item in found.read()]
    assert len(read) >= 3
    for item in read:
        assert len(item.student) <= 255
        assert len(item.path) <= 1100
        flags = item.flags if isinstance(item, Submission) else ()
        said = [flag.text for flag in flags] or [getattr(item, "reason", "")]
        assert len(said) < 6
        assert all(
            len(text) <= 500 and not set(steering[:1] + steering[4] + steering[-1]) & set(text)
            for text in said
        )
    (ada,) = (item for item in read if item.student == "ada")
    assert isinstance(ada, Submission)
    assert "and 24 more" in texts(ada.flags)


def test_too_many_zips_in_a_zip(tmp_path: Path) -> None:
    inner = zipped(("notes.txt", "x"))
    (tmp_path / "ada.zip").write_bytes(zipped(*((f"{index}.zip", inner) for index in range(12))))
    assert "more than 10 zips" in getattr(one(tmp_path), "reason", "")


def test_only_the_beginning_of_a_timestamp_is_read(tmp_path: Path) -> None:
    write(tmp_path / "ada/moco/moco.ipynb", CELLS)
    with (tmp_path / "ada/moco/timestamp.txt").open("wb") as file:
        file.write(b"2026-01-31 12:00:00 UTC".ljust(300))
        file.truncate(2**40)
    assert one(tmp_path).submitted_at is not None


# --- the hints that were asked for ------------------------------------------------------------------------------


def with_help(metadata: object = None, *outputs: object) -> bytes:
    """A notebook with something under `course.submission.help`, and with outputs of `cu.check`."""
    cells = [
        {
            "cell_type": "code", "source": "x = 1", "metadata": {},
            "outputs": [{"output_type": "execute_result", "data": {"text/plain": "0", MIME: output}}],
        }
        for output in outputs
    ]  # fmt: skip
    course = {"submission": {"unit": "moco", "help": metadata}} if metadata is not None else {}
    cells.append({"cell_type": "code", "source": "y = 2", "metadata": {}, "outputs": []})
    content = {"cells": cells, "metadata": {"course": course}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(content, indent=1).encode()


ENTRY = {"exercise": "moco.enqueue", "asked": 3, "level": 2}


@pytest.mark.parametrize(
    ("data", "help_"),
    [
        (with_help({"moco.enqueue": {"asked": 2, "level": 1}}, ENTRY), {"moco.enqueue": Help(2, 1)}),
        (with_help(None, ENTRY, ENTRY | {"asked": 1, "level": 3}), {"moco.enqueue": Help(3, 3)}),
        (with_help({}, ENTRY), {}),
        (with_help({"moco.enqueue": {"asked": 10**30, "level": 99}}), {"moco.enqueue": Help(999, 3)}),
        (with_help({"a.b": {"asked": True, "level": 1}, "a.c": {"asked": -1, "level": 1}, "a.d": {"asked": 1.5, "level": 1}}), {}),
        (with_help({"<script>": {"asked": 1, "level": 1}, "a.b": None, "a.c": [], "x" * 1000: {"asked": 1, "level": 1}}), {}),
        (with_help([1, 2], ENTRY), {"moco.enqueue": Help(3, 2)}),
        (with_help("many", ENTRY | {"exercise": 7}, ENTRY | {"asked": None}), {}),
        (with_help({f"u.e{i}": {"asked": 1, "level": 1} for i in range(200)}), {f"u.e{i}": Help(1, 1) for i in range(50)}),
        (b"\xef\xbb\xbf" + with_help({"moco.enqueue": {"asked": 2, "level": 1}}), {"moco.enqueue": Help(2, 1)}),
    ],
)  # fmt: skip
def test_help_is_read_and_bounded(tmp_path: Path, data: bytes, help_: dict[str, Help]) -> None:
    (tmp_path / "ada.ipynb").write_bytes(data)
    read = one(tmp_path)
    assert isinstance(read, Submission)
    assert read.help == help_


def test_a_text_that_looks_like_such_an_output_is_none(tmp_path: Path) -> None:
    source = f'print({{"{MIME}": {{"exercise": "moco.enqueue", "asked": 3, "level": 2}}}})'
    write(tmp_path / "ada.ipynb", [("", source)])
    read = one(tmp_path)
    assert isinstance(read, Submission)
    assert read.help == {}
