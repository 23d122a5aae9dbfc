"""A hand-in that names classmates, or that breaks a reader: it is its own person's alone, and the others are read.

Honest people stand beside each attack, in the places in which a learning system puts them.
"""

from __future__ import annotations

import io
import lzma
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.intake.belonging import KnownExercises
from autograder.intake.collect import collect
from autograder.intake.encodings import names_of
from autograder.intake.submission import Submission, Unreadable
from tests.support import handins

KNOWN = KnownExercises("moco", ("moco.enqueue",))
ADA, BOB = handins.work("ada"), handins.work("bob")
MALLORY = handins.work("mallory")
FUTURE = (2099, 1, 1, 0, 0, 0)


def packed(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip whose members have any name, also an empty one, and are the latest that there are."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as made:
        for name, content in members:
            info = zipfile.ZipInfo("x", FUTURE)
            info.filename, info.compress_type = name, compression
            made.writestr(info, content)
    return data.getvalue()


def places(upload: Callable[[str], dict[str, bytes]]) -> dict[str, tuple[dict[str, bytes], dict[str, str]]]:
    """Layout -> a class with what mallory uploads, and the keys of all; `upload` is given the path of that."""
    moodle = "{}_{}_assignsubmission_file_/".format
    return {
        "moodle": (
            {moodle("Ada", 1) + "moco.ipynb": ADA, moodle("Bob", 2) + "moco.ipynb": BOB} | upload(moodle("Mallory", 3)),
            {"moodle:1": "ada", "moodle:2": "bob", "moodle:3": "mallory"},
        ),
        "canvas": (
            {"ada_1_1_moco.ipynb": ADA, "bob_2_2_moco.ipynb": BOB} | upload("mallory_3_3_"),
            {"canvas:1": "ada", "canvas:2": "bob", "canvas:3": "mallory"},
        ),
        "nbgrader": (
            {"ada/moco/moco.ipynb": ADA, "bob/moco/moco.ipynb": BOB} | upload("mallory/moco/"),
            {"ada": "ada", "bob": "bob", "mallory": "mallory"},
        ),
        "names": (
            {"ada.ipynb": ADA, "bob.ipynb": BOB} | upload("mallory/"),
            {"ada": "ada", "bob": "bob", "mallory": "mallory"},
        ),
    }  # fmt: skip


FORGED = {
    "names of moodle": [
        ("Ada_1_assignsubmission_file_/moco.ipynb", MALLORY),
        ("Bob_2_assignsubmission_file_/moco.ipynb", MALLORY),
    ],
    "names of canvas": [("ada_1_1_moco.ipynb", MALLORY), ("bob_2_2_moco.ipynb", MALLORY)],
    "forty names": [(f"Student {n}_{n}_assignsubmission_file_/moco.ipynb", MALLORY) for n in range(40)],
    "nbgrader's tree": [
        ("submitted/ada/moco/moco.ipynb", MALLORY),
        ("submitted/bob/moco/moco.ipynb", MALLORY),
        ("submitted/ada/moco/timestamp.txt", b"2001-01-01 00:00:00 UTC"),
    ],
    "a gradescope export": [
        ("submission_metadata.yml", b"submission_1:\n  :submitters:\n  - :name: Ada\n    :sid: '1'\n"),
        ("submission_1/moco.ipynb", MALLORY),
    ],
    "blackboard": [(f"x_{name}_attempt_2099-01-01-00-00-00_moco.ipynb", MALLORY) for name in ("ada", "bob")],
    "repositories": [("moco-ada/moco.ipynb", MALLORY), ("moco-bob/moco.ipynb", MALLORY)],
    "out of the folder": [
        ("../../ada/moco/moco.ipynb", MALLORY),
        ("/ada.ipynb", MALLORY),
        ("moco.ipynb", MALLORY),
    ],
}


def read(root: Path, files: dict[str, bytes], *, as_zip: bool) -> dict[str, str]:
    """Key -> whose work counts, empty for what cannot be read."""
    class_ = handins.HandedIn(name="", layout="", files=files, people={})
    path = class_.as_zip(root) if as_zip else class_.as_folder(root)
    made = {}
    for item in collect([path], "moco", known=KNOWN):
        (found,) = item.read()
        assert isinstance(found, Submission | Unreadable)
        if isinstance(found, Submission):
            assert found.submitted_at is None or item.person.key in ("ada", "bob", "mallory")
            made[item.person.key] = next(
                name for name in ("ada", "bob", "mallory") if repr(name) in found.cells[0].source
            )
        else:
            assert found.reason
            made[item.person.key] = ""
    return made


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize("layout", ["moodle", "canvas", "nbgrader", "names"])
@pytest.mark.parametrize("forged", FORGED)
def test_a_zip_that_names_classmates_is_its_owners(
    tmp_path: Path, forged: str, layout: str, as_zip: bool
) -> None:
    files, people = places(lambda path: {f"{path}hw.zip": packed(FORGED[forged])})[layout]
    found = read(tmp_path, files, as_zip=as_zip)
    assert found.keys() == people.keys()
    honest = {key: name for key, name in people.items() if name != "mallory"}
    assert {key: found[key] for key in honest} == honest


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize("layout", ["moodle", "nbgrader", "names"])
def test_folders_inside_a_students_part_name_nobody(tmp_path: Path, layout: str, as_zip: bool) -> None:
    def upload(path: str) -> dict[str, bytes]:
        return {
            f"{path}Ada_1_assignsubmission_file_/moco.ipynb": MALLORY,
            f"{path}bob/moco/moco.ipynb": MALLORY,
            f"{path}bob/moco/timestamp.txt": b"2001-01-01 00:00:00 UTC",
            f"{path}ada.ipynb": MALLORY,
        }

    files, people = places(upload)[layout]
    assert read(tmp_path, files, as_zip=as_zip) == people


def test_a_time_in_an_upload_is_nobodys(tmp_path: Path) -> None:
    def upload(path: str) -> dict[str, bytes]:
        stamp = b"2001-01-01 00:00:00 UTC"
        return {
            f"{path}moco.ipynb": MALLORY,
            f"{path}timestamp.txt": stamp,
            f"{path}moco/timestamp.txt": stamp,
        }

    files, people = places(upload)["moodle"]
    class_ = handins.HandedIn(name="", layout="", files=files, people=people)
    for path in (class_.as_folder(tmp_path), class_.as_zip(tmp_path)):
        assert [found.submitted_at for item in collect([path], "moco") for found in item.read()] == [None] * 3


MARKS = ["x_1_2_moco.ipynb", "ada_1_assignsubmission_file_moco.ipynb", "x_attempt_2020-01-01-00-00-00_moco.ipynb", "x_1_assignsubmission_file"]  # fmt: skip
SYSTEMS = {
    "canvas": ("{0}_{1}_{1}_{2}", "canvas:{1}"),
    "blackboard": ("SSL_moco_{0}_attempt_2026-11-28-10-15-00_{2}", "blackboard:{0}"),
    "brightspace": ("{1}-9 - {0} - Nov 28, 2026 1015 AM - {2}", "brightspace:{1} {0}"),
    "google": ("{0} - {2}", "google:{0}"),
}


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_another_systems_mark_in_a_files_name_changes_nobody(
    tmp_path: Path, system: str, mark: str, as_zip: bool
) -> None:
    name, key = SYSTEMS[system]
    files = {
        name.format("ada", 1, "moco.ipynb"): ADA,
        name.format("bob", 2, "Copy of moco.ipynb"): BOB,
        name.format("mallory", 3, mark): MALLORY,
        name.format("mallory", 3, "moco.ipynb"): MALLORY,
    }
    people = {key.format(who, n): who for n, who in enumerate(("ada", "bob", "mallory"), start=1)}
    class_ = handins.HandedIn(name="", layout="", files=files, people=people)
    path = class_.as_zip(tmp_path) if as_zip else class_.as_folder(tmp_path)
    assert {item.person.key for item in collect([path], "moco", known=KNOWN)} == people.keys()


def test_a_file_called_as_a_folder_of_moodles_ends_nothing(tmp_path: Path) -> None:
    files = {"ada.ipynb": ADA, "mallory_assignsubmission_file": b"x", "submission_1": b"x"}
    class_ = handins.HandedIn(name="", layout="", files=files, people={})
    for path in (class_.as_folder(tmp_path), class_.as_zip(tmp_path)):
        assert "ada" in {item.person.key for item in collect([path], "moco", known=KNOWN)}


def test_a_zip_that_pretends_to_be_an_export_ends_nothing(tmp_path: Path) -> None:
    files = {
        "ada.ipynb": ADA,
        "mallory.zip": packed([("submission_metadata.yml", b"a: ["), ("submission_1/moco.ipynb", MALLORY)]),
    }
    for as_zip in (False, True):
        assert read(tmp_path, files, as_zip=as_zip) == {"ada": "ada", "mallory": "mallory"}


def test_a_recorded_time_without_a_file_is_told(tmp_path: Path) -> None:
    files = {"ada/moco/moco.ipynb": ADA, "bob/moco/timestamp.txt": b"2026-01-01 00:00:00 UTC"}
    for as_zip in (False, True):
        assert read(tmp_path, files, as_zip=as_zip) == {"ada": "ada", "bob": ""}


@pytest.mark.parametrize("around", [b"", b"class/"])
def test_names_inside_a_persons_part_do_not_change_how_others_are_called(
    tmp_path: Path, around: bytes
) -> None:
    data = io.BytesIO()
    names = {"Zo\u00eb/moco.ipynb".encode(): ADA, b"mallory/moco.ipynb": MALLORY}
    names |= {b"mallory/\x81\x82\xff%d.txt" % n: b"x" for n in range(9)}
    with zipfile.ZipFile(data, "w") as made:
        for name, content in names.items():
            info = handins._Raw("x" * len(around + name), FUTURE)
            info.raw = around + name
            made.writestr(info, content)
    (tmp_path / "class.zip").write_bytes(data.getvalue())
    assert {item.person.key for item in collect([tmp_path / "class.zip"], "moco")} == {"Zo\u00eb", "mallory"}


def test_many_long_names_in_no_encoding_do_not_hold_up_a_class() -> None:
    start = time.process_time()
    names_of([bytes([65 + n]) + b"\xff\xfe\x81" * 20_000 for n in range(50)])
    assert time.process_time() - start < 5


@pytest.mark.parametrize("is_nested", [False, True])
def test_many_small_files_in_a_zip_do_not_hold_up_a_class(tmp_path: Path, is_nested: bool) -> None:
    many = packed([("moco.ipynb", MALLORY), *((f"{n}.txt", b"x") for n in range(3_000))])
    files = {"ada/moco.ipynb": ADA, "mallory/hw.zip": packed([("in.zip", many)]) if is_nested else many}
    start = time.process_time()
    assert read(tmp_path, files, as_zip=True) == {"ada": "ada", "mallory": "mallory"}
    assert time.process_time() - start < 8


def large_dictionary() -> bytes:
    """A member in LZMA whose header asks for a dictionary of 4 GiB."""
    made = bytearray(packed([("moco.ipynb", MALLORY)], zipfile.ZIP_LZMA))
    header = made.index(b"PK\x03\x04")
    start = header + 30 + struct.unpack("<H", made[header + 26 : header + 28])[0]
    made[start + 5 : start + 9] = b"\xff\xff\xff\xff"
    return bytes(made)


def far_away() -> bytes:
    """A member that says to begin before the file does."""
    made = bytearray(packed([("moco.ipynb", MALLORY)]))
    place = made.rindex(b"PK\x01\x02")
    made[place + 42 : place + 46] = struct.pack("<I", 2**31)
    return bytes(made)


BREAKING: dict[str, bytes] = {
    "no name": packed([("", MALLORY)]),
    "a name of one point": packed([(".", MALLORY)]),
    "points and slashes": packed([("././/..//", MALLORY), ("/", b""), ("\\", MALLORY)]),
    "NUL in a name": packed([("moco.ipynb\0.exe", MALLORY)]),
    "a name of 60,000 letters": packed([("y" * 60_000 + ".ipynb", MALLORY)]),
    "a thousand folders": packed([("a/" * 1000 + "moco.ipynb", MALLORY)]),
    "steering characters": packed([("\x1b[2J\u202emoco.ipynb", MALLORY), ("\ud800".encode("utf-8", "replace").decode(), b"")]),
    "LZMA of 4 GiB": large_dictionary(),
    "no LZMA at all": packed([("moco.ipynb", lzma.compress(b""))], zipfile.ZIP_STORED).replace(b"\x00\x00", b"\x0e\x00", 3),
    "an offset out of the file": far_away(),
    "two of one name": packed([("moco.ipynb", MALLORY), ("moco.ipynb", b"{")]),
    "no zip": b"PK\x03\x04 nonsense",
    "empty": b"",
    "an end alone": b"PK\x05\x06" + b"\xff" * 18,
}  # fmt: skip


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize("layout", ["moodle", "canvas", "nbgrader", "names"])
@pytest.mark.parametrize("breaking", BREAKING)
def test_what_breaks_a_reader_is_its_owners_alone(
    tmp_path: Path, breaking: str, layout: str, as_zip: bool
) -> None:
    files, people = places(lambda path: {f"{path}hw.zip": BREAKING[breaking]})[layout]
    found = read(tmp_path, files, as_zip=as_zip)
    assert found.keys() == people.keys()
    assert {name for name in found.values() if name != "mallory"} >= {"ada", "bob"}


@pytest.mark.parametrize(
    "time",
    [b"1:", b"9" * 50, b"1" * 200, b"\x00" * 200, b"2026-01-01 " * 18, b"\xff\xfe", b"99999-99-99", b"1e999"],
)
def test_what_breaks_a_reader_of_times_is_told(tmp_path: Path, time: bytes) -> None:
    files = {
        "ada/moco/moco.ipynb": ADA,
        "mallory/moco/moco.ipynb": MALLORY,
        "mallory/moco/timestamp.txt": time,
    }
    class_ = handins.HandedIn(name="", layout="", files=files, people={})
    for path in (class_.as_folder(tmp_path), class_.as_zip(tmp_path)):
        found = {item.person.key: item.read()[0] for item in collect([path], "moco")}
        assert isinstance(found["ada"], Submission)
        assert isinstance(found["mallory"], Submission)
        assert [flag.kind for flag in found["mallory"].flags] == ["bad-timestamp"]


def test_people_whom_a_shell_names_one_by_one_are_one_class(tmp_path: Path) -> None:
    files = {
        "submitted/ada/moco/moco.ipynb": ADA,
        "submitted/bob/moco/moco.ipynb": BOB,
        "submitted/mallory/moco/ada/moco/moco.ipynb": MALLORY,
        "submitted/mallory/moco/ada/moco/timestamp.txt": b"2099-01-01 00:00:00 UTC",
        "submitted/mallory/moco/Bob_2_assignsubmission_file_/moco.ipynb": MALLORY,
    }
    submitted = handins.HandedIn(name="", layout="", files=files, people={}).as_folder(tmp_path) / "submitted"
    for paths in (sorted(submitted.iterdir()), sorted(submitted.glob("*/moco"))):
        found = {item.person.key: item.read()[0] for item in collect(paths, "moco", known=KNOWN)}
        assert found.keys() == {"ada", "bob", "mallory"}
        for name in found:
            read = found[name]
            assert isinstance(read, Submission)
            assert repr(name) in read.cells[0].source


def test_zips_and_files_whom_a_shell_names_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "zips").mkdir()
    for name, content in (
        ("ada", packed([("moco.ipynb", ADA)])),
        ("bob", packed([("hw/moco.ipynb", BOB)])),
        ("mallory", packed([("ada/moco.ipynb", MALLORY), ("bob/moco.ipynb", MALLORY)])),
    ):
        (tmp_path / f"zips/{name}.zip").write_bytes(content)
    files = {
        "ada.ipynb": ADA,
        "bob.ipynb": BOB,
        "mallory/ada_moco.ipynb": MALLORY,
        "mallory/bob.ipynb": MALLORY,
    }
    class_ = handins.HandedIn(name="", layout="", files=files, people={}).as_folder(tmp_path)
    for paths in (sorted((tmp_path / "zips").iterdir()), sorted(class_.iterdir())):
        found = {item.person.key: item.read()[0] for item in collect(paths, "moco", known=KNOWN)}
        assert found.keys() == {"ada", "bob", "mallory"}
        for name, read in found.items():
            assert isinstance(read, Submission)
            assert repr(name) in read.cells[0].source


def test_a_student_of_teams_shape_does_not_turn_the_class(tmp_path: Path) -> None:
    stamp = b"2026-11-28 10:00:00 UTC"
    files = {
        "ada/moco/moco.ipynb": ADA,
        "ada/moco/timestamp.txt": stamp,
        "mallory/moco/Version 1/moco.ipynb": MALLORY,
    }
    class_ = handins.HandedIn(name="", layout="", files=files, people={})
    for path in (class_.as_folder(tmp_path), class_.as_zip(tmp_path)):
        found = {item.person.key: item.read()[0] for item in collect([path], "moco", known=KNOWN)}
        assert found.keys() == {"ada", "mallory"}
        assert found["ada"].submitted_at is not None
