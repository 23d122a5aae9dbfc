"""Roster and times of a course laid over what was found."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from autograder.intake.collect import Intake, collect
from autograder.intake.enrolment import enrolled, timed
from autograder.intake.tables import read_roster, read_times
from tests.support import handins


def found(tmp_path: Path, files: dict[str, bytes]) -> Intake:
    path = handins.HandedIn(name="", layout="", files=files, people={}).as_folder(tmp_path)
    return collect([path], "moco")


def roster(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return path


CANVAS = {"lovelaceada_1_1_moco.ipynb": handins.work("ada"), "roebob_2_2_moco.ipynb": handins.work("bob")}


def test_a_roster_names_people_and_finds_who_is_missing(tmp_path: Path) -> None:
    table = roster(tmp_path, "key,name,email,section\n1,Ada Lovelace,ada@e.edu,A\n3,Cleo Doe,,B\n")
    made = enrolled(found(tmp_path, CANVAS), read_roster(table))
    ada, bob = sorted(made, key=lambda item: item.person.key)
    assert (ada.person.key, ada.student, ada.person.email, ada.person.section) == (
        "canvas:1",
        "Ada Lovelace",
        "ada@e.edu",
        "A",
    )
    assert [flag.kind for flag in ada.read()[0].flags] == []
    assert [flag.kind for flag in bob.read()[0].flags] == ["unknown-person"]
    assert [(item.key, item.name, item.section) for item in made.missing] == [("canvas:3", "Cleo Doe", "B")]
    assert any("1 of 2" in text and "handed in nothing" in text for text in made.places)


def test_a_groups_hand_in_is_each_members(tmp_path: Path) -> None:
    files = {
        "Team A_5_assignsubmission_file_/moco.ipynb": handins.work("team"),
        "Team B_6_assignsubmission_file_/moco.ipynb": handins.work("other"),
    }
    table = roster(
        tmp_path, "key,name,group\nada,Ada,Team A\nbob,Bob,Team A\ncleo,Cleo,Team B\ndora,Dora,Team C\n"
    )
    made = enrolled(found(tmp_path, files), read_roster(table))
    assert {(item.person.key, item.student, item.group) for item in made} == {
        ("moodle:ada", "Ada", "Team A"),
        ("moodle:bob", "Bob", "Team A"),
        ("moodle:cleo", "Cleo", "Team B"),
    }
    assert [item.name for item in made.missing] == ["Dora"]
    assert made.counts().read == 2


def test_canvas_names_a_group_and_one_member(tmp_path: Path) -> None:
    table = roster(tmp_path, "key,name,group\n1,Ada,Group One\n2,Bob,Group One\n3,Cleo,\n")
    made = enrolled(
        found(
            tmp_path, {"groupone_1_1_moco.ipynb": handins.work("g"), "cleo_3_2_moco.ipynb": handins.work("c")}
        ),
        read_roster(table),
    )
    assert {(item.person.key, item.group) for item in made} == {
        ("canvas:1", "Group One"),
        ("canvas:2", "Group One"),
        ("canvas:3", None),
    }
    assert made.missing == ()


def test_times_win_over_what_was_found(tmp_path: Path) -> None:
    files = {
        f"SSL_moco_ada_attempt_2026-11-{day}-10-00-00_moco.ipynb": handins.work("ada") for day in (27, 28)
    }
    intake = found(tmp_path, files)
    table = roster(tmp_path, "key,submitted_at\nada,2026-11-20 10:00:00 UTC\nbob,2026-11-20 10:00 UTC\n")
    made = timed(intake, read_times(table), "latest")
    ((read,),) = [item.read() for item in made]
    assert read.submitted_at == dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
    assert read.attempt == 2
    assert any("bob" in text and "nothing was found" in text for text in made.places)
    (first,) = next(iter(made)).read("first")
    assert first.submitted_at == dt.datetime(2026, 11, 27, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize("name", ["Wang Wei", "wangwei"])
def test_a_name_of_two_finds_neither(tmp_path: Path, name: str) -> None:
    files = {f"{name}.ipynb": handins.work("w")}
    table = roster(tmp_path, "key,name\n1,Wang Wei\n2,Wang Wei\n")
    made = enrolled(found(tmp_path, files), read_roster(table))
    (one,) = made
    assert one.person.key == name
    assert [flag.kind for flag in one.read()[0].flags] == ["unknown-person"]
    assert len(made.missing) == 2
