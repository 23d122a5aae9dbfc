from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import UserError
from autograder.journal import NAME, Journal, read


def line(student: str, score: float) -> dict[str, object]:
    return {"student": student, "unit": "moco", "score": score}


def test_last_line_wins(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(line("ada", 1))
        journal.write(line("bob", 2))
        journal.write(line("ada", 3))
    assert {key[0]: value["score"] for key, value in read(tmp_path).items()} == {"ada": 3, "bob": 2}


def test_readable_after_a_cut_at_any_byte(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(line("ada", 1))
        journal.write(line("zoë", 2))
    whole = (tmp_path / NAME).read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(len(whole)):
        (tmp_path / NAME).write_bytes(whole[:cut])
        with Journal(tmp_path) as journal:
            journal.write(line("eve", 5))
        found = read(tmp_path)
        assert ("eve", "moco") in found
        assert (("ada", "moco") in found) == (cut >= first - 1)


def test_each_line_is_on_the_disk_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(line("ada", 1))
        assert len(read(tmp_path)) == 1


def test_nothing_there(tmp_path: Path) -> None:
    assert read(tmp_path) == {}


def test_full_disk_and_places_that_cannot_be_written(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (tmp_path / NAME).symlink_to("/dev/full")
    with Journal(tmp_path) as journal, pytest.raises(OSError, match="No space left"):
        journal.write(line("ada", 1))
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"), Journal(tmp_path / "file" / "out"):
        pass


def test_a_line_that_could_not_be_finished_spoils_no_other(tmp_path: Path) -> None:
    class Full(io.BytesIO):
        def write(self, data: Any) -> int:
            return super().write(data[:10])

    with Journal(tmp_path) as journal:
        whole, journal._file = journal._file, Full()
        with pytest.raises(OSError, match="No space left"):
            journal.write(line("ada", 1))
        journal._file = whole
        journal.write(line("bob", 2))
    assert (tmp_path / NAME).read_bytes().startswith(b"\n{")


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(line("J\udcfcrg", 1))
    assert len(read(tmp_path)) == 1
