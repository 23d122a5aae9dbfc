from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from autograder.errors import UserError
from autograder.grading.journal import NAME, Journal, read, says_the_same


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


def test_zeros_where_a_power_cut_lost_a_line(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        journal.write(line("ada", 1))
    with (tmp_path / NAME).open("ab") as file:
        file.write(b"\0" * 100)
    with Journal(tmp_path) as journal:
        journal.write(line("bob", 2))
    assert {student for student, _ in read(tmp_path)} == {"ada", "bob"}


def test_lines_that_are_no_results_are_passed_over(tmp_path: Path) -> None:
    strange = b'[1]\n"x"\n{"student": "ada"}\n{"student": [], "unit": "moco"}\n\n'
    (tmp_path / NAME).write_bytes(strange + b'{"student": "bob", "unit": "moco"}\n')
    assert list(read(tmp_path)) == [("bob", "moco")]


def test_what_says_the_same() -> None:
    one = {"student": "ada", "score": 1.0, "seconds": 0.1}
    assert says_the_same(one, {**one, "seconds": 0.2})
    assert not says_the_same(one, {**one, "score": 2.0})
    assert not says_the_same(one, {**one, "flags": []})
    assert not says_the_same({**one, "flags": []}, one)
    assert not says_the_same(one, {})
    fast, slow = ({**one, "exercises": {"a.b": {"score": 1.0, "seconds": time}}} for time in (0.1, 0.2))
    assert says_the_same(fast, slow)
    assert not says_the_same(fast, {**one, "exercises": {"a.b": {"score": 2.0, "seconds": 0.1}}})


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


def test_lines_are_inert_on_a_terminal_and_names_stay_as_they_are(tmp_path: Path) -> None:
    name = "zoë\x1b[2J\x9b31m\u202eada\u2066\u2028\U000e0041"
    with Journal(tmp_path) as journal:
        journal.write(line(name, 1))
    text = (tmp_path / NAME).read_text(encoding="utf-8")
    assert "zoë" in text
    assert not set(name) - set("zoë[2J31mada") & set(text)
    assert list(read(tmp_path)) == [(name, "moco")]


def test_what_many_results_say_alike_is_one_object_and_what_they_do_not_is_not(tmp_path: Path) -> None:
    with Journal(tmp_path) as journal:
        for student, passed in (("ada", True), ("bob", True), ("eve", False)):
            check = {"id": "a", "passed": passed}
            journal.write(line(student, 1) | {"exercises": {"moco.enqueue": {"checks": [check]}}})
    checks = [result["exercises"]["moco.enqueue"]["checks"][0] for result in read(tmp_path).values()]
    assert checks[0] is checks[1]
    assert [check["passed"] for check in checks] == [True, True, False]
