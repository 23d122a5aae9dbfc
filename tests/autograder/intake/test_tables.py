"""Rosters and times that the staff has: read as people and learning systems write them, and matched without guessing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.errors import UserError
from autograder.intake.roster import Roster, RosterEntry
from autograder.intake.tables import read_roster, read_times
from autograder.results import Person

BERLIN = ZoneInfo("Europe/Berlin")


def roster(tmp_path: Path, text: str | bytes) -> Roster:
    (tmp_path / "roster.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return read_roster(tmp_path / "roster.csv")


def moments(roster: Roster) -> dict[str, dt.datetime]:
    """Key -> when that person handed in."""
    return {entry.key: entry.submitted_at for entry in roster.entries if entry.submitted_at}


def times(tmp_path: Path, text: str, zone: dt.tzinfo | None = None) -> Roster:
    (tmp_path / "times.csv").write_text(text)
    return read_times(tmp_path / "times.csv", zone)


def who(key: str, name: str = "", email: str | None = None, section: str | None = None) -> Person:
    return Person(key=key, name=name or key, email=email, section=section)


def key_of(found: RosterEntry | None) -> str | None:
    return found.key if found else None


# --- rosters --------------------------------------------------------------------------------------------------------


def test_a_roster_of_ones_own(tmp_path: Path) -> None:
    made = roster(
        tmp_path, "key,name,e-mail,section,group\nada,Ada Lovelace,ada@x.edu,Monday,Red\nbob,,,,\n\n"
    )
    assert made.entries == (
        RosterEntry(key="ada", name="Ada Lovelace", email="ada@x.edu", section="Monday", group="Red", line=2),
        RosterEntry(key="bob", line=3),
    )
    assert made.notices == ()


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffKey;Name;E-Mail;Section\r\nada;Lovelace, Ada;ada@x.edu;Monday\r\n",
        "KEY\tNAME\tEMAIL\tSECTION\nada\tAda Lovelace\tada@x.edu\tMonday\n",
        'sep=;\r\nkey;name;"Email Address";Section_Name\r\n"ada";"Ada Lovelace";ada@x.edu;Monday\r\n',
        "\n\nSection, Name , Email ,  Key,\rMonday,  Ada  Lovelace ,ada@x.edu,ada,\r",
        "key,first name,last name,email,section\nada,Ada,Lovelace,ada@x.edu,Monday",
        "key,name,email,section,points\nada,Ada\x07 Lovelace,ada@x.edu,Monday,\n",
    ],
)
def test_separators_headers_and_ends_of_lines(tmp_path: Path, text: str) -> None:
    (entry,) = roster(tmp_path, text).entries
    assert (entry.key, entry.name, entry.email, entry.section) == (
        "ada",
        "Ada Lovelace",
        "ada@x.edu",
        "Monday",
    )


def test_encodings(tmp_path: Path) -> None:
    text = "key;name\nzoe;Zoë Ångström\n"
    assert roster(tmp_path, text).entries[0].name == "Zoë Ångström"
    assert roster(tmp_path, text.encode("utf-8-sig")).notices == ()
    assert roster(tmp_path, text.encode("utf-16")).entries[0].name == "Zoë Ångström"
    assert roster(tmp_path, text.replace("ë", "e\u0308").encode()).entries[0].name == "Zoë Ångström"
    old = roster(tmp_path, text.encode("cp1252"))
    assert old.entries[0].name == "Zoë Ångström"
    (notice,) = old.notices
    assert "is not in UTF-8 (first in line 2: zoe;Zoë Ångström)" in notice


CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,moco (4711)\n"
    "    Points Possible,,,,,20\n"
    '"Lovelace, Ada",1003,U1815,alovelace,"SSL-01 and SSL-02",\n'
    '"Turing, Alan",1004,1003,aturing,SSL-01,\n'
    '"Student, Test",9999,,0b1c,SSL-01,\n'
)
MOODLE = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Last modified (submission)\n"
    'Participant 1003,Ada Lovelace,ada@x.edu,Submitted,,20,"Monday, 30 November 2026, 11:30 PM"\n'
    "Participant 1004,Alan Turing,alan@x.edu,No submission,,20,-\n"
)
GRADESCOPE = (
    "First Name,Last Name,SID,Email,Sections,Total Score,Status,Submission ID,Submission Time,Lateness (H:M:S)\n"
    "Ada,Lovelace,1815,ada@x.edu,Monday,,Ungraded,9001,2026-11-30 22:30:00 -0800,00:00:00\n"
    "Alan,Turing,,alan@x.edu,Monday,,Missing,,,\n"
)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        (CANVAS, [("canvas:1003", "Ada Lovelace", ("U1815", "alovelace")), ("canvas:1004", "Alan Turing", ("1003", "aturing"))]),
        (MOODLE, [("moodle:1003", "Ada Lovelace", ()), ("moodle:1004", "Alan Turing", ())]),
        (GRADESCOPE, [("1815", "Ada Lovelace", ()), ("alan@x.edu", "Alan Turing", ())]),
        # nbgrader's students; Brightspace; Blackboard.
        ("id,first_name,last_name,email,lms_user_id\nada,Ada,Lovelace,ada@x.edu,77\n", [("ada", "Ada Lovelace", ("77",))]),
        (
            "OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator\n#1815,#alovelace,Lovelace,Ada,ada@x.edu,#\n",
            [("1815", "Ada Lovelace", ("alovelace",))],
        ),
        (
            "Last Name\tFirst Name\tUsername\tStudent ID\tAvailability\nLovelace\tAda\talovelace\t1815\tYes\n",
            [("alovelace", "Ada Lovelace", ("1815",))],
        ),
        ("E-mail\nada@x.edu\n", [("ada@x.edu", "", ())]),
    ],
)  # fmt: skip
def test_what_learning_systems_export(
    tmp_path: Path, text: str, entries: list[tuple[str, str, tuple[str, ...]]]
) -> None:
    made = roster(tmp_path, text).entries
    assert [(entry.key, entry.name, entry.ids) for entry in made] == entries


def test_canvas_test_student_is_told(tmp_path: Path) -> None:
    (notice,) = roster(tmp_path, CANVAS).notices
    assert "line 5: Canvas's test student is left out" in notice


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key,name\nada,Ada\nbob,Bob\nADA,Ada\n", ["line 4", "'ADA' stands in line 2 too", "one line"]),
        ("key,name\nada,Ada\n,Bob\n", ["line 3", "'key'", "(Bob)", "fill it in, or remove"]),
        ("name,section\nAda,Monday\n", ["line 1", "no column says who", "key, id, login or email", "name, section"]),
        ("\n\nname\nAda\n", ["line 3", "no column says who"]),
        ("ada\nbob\n", ["line 1", "The columns are ada"]),
        ("", ["is empty", "a header"]),
        (" \n,,\n", ["is empty", "a header"]),
        ("key,name\n", ["nobody below"]),
        ("key,name,key\nada,Ada,bob\n", ["line 1", "two columns are called 'key'"]),
        ("key,name\nada,Lovelace, Ada\n", ["line 2", "has 3 cells", "quotes"]),
        ('key,name\nada,"Ada\nbob,Bob\ncleo,Cleo\n', ["line 2", "CSV", "quotes that do not end"]),
        ('key,name\nada,"Ada" Lovelace\n', ["line 2", "CSV"]),
        ("key,name\nada," + "x" * 200_000 + "\n", ["line 2", "CSV"]),
        (b"PK\x03\x04\x14\x00", ["a spreadsheet or a zip", "CSV in UTF-8"]),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", ["an old spreadsheet"]),
        (b"<!DOCTYPE html><html>", ["a web page"]),
        (b"key,name\nada,\0\0\n", ["no text"]),
        (b"key,name\nada,\x81\x8d\n", ["line 2", "neither UTF-8 nor"]),
        (b"\xff\xfek\0e\0y\0", ["nobody"]),
        (b"\xff\xfek\0e\0y\0\n\0a", ["damaged"]),
        (b"key\n" + b"x" * (10 * 2**20), ["more than 10 MB"]),
    ],
)  # fmt: skip
def test_what_is_no_roster_is_refused_with_the_way_out(
    tmp_path: Path, text: str | bytes, said: list[str]
) -> None:
    with pytest.raises(UserError) as error:
        roster(tmp_path, text)
    for part in ["roster.csv", *said]:
        assert part in str(error.value)
    assert len(str(error.value)) < 700


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such file"):
        read_roster(tmp_path / "roster.csv")
    with pytest.raises(UserError, match="is no file"):
        read_roster(tmp_path)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(["key", "name", "e-mail", "submitted_at", ",", ";", '"', "\n", "\r", "\t", "ada", "\0", "\ufeff", "sep=", "é", "2026-01-31", "\x1b"]),
            max_size=40,
        ).map(lambda parts: "".join(parts).encode()),
    )
)  # fmt: skip
def test_no_file_raises_anything_else(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "any.csv").write_bytes(data)
    for read in (read_roster, read_times):
        try:
            made = read(tmp_path / "any.csv")
        except UserError:
            continue
        made.match([who("ada"), who("canvas:ada", "Ada")])


# --- who is who -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "person", "key"),
    [
        # By the key, with or without a system's mark.
        ("key,name\n1003,Ada\n", who("1003"), "1003"),
        ("key,name\n1003,Ada\n", who("canvas:1003"), "1003"),
        ("key,name\ncanvas:1003,Ada\n", who("canvas:1003"), "canvas:1003"),
        ("key,name\ncanvas:1003,Ada\n", who("1003"), "canvas:1003"),
        ("key,name\nADA,Ada\n", who("ada"), "ADA"),
        ("key,name\nmoodle:1003,Ada\n", who("canvas:1003"), None),
        ("key,name\nmoodle:1003,A\ncanvas:1003,B\n", who("1003"), None),
        ("key,name\nmoodle:1003,A\ncanvas:1003,B\n", who("canvas:1003"), "canvas:1003"),
        # Within a section.
        ("key,section\nada,Monday\n", who("Monday/ada", "ada", section="Monday"), "ada"),
        (
            "key,section\nMonday/ada,Monday\nTuesday/ada,Tuesday\n",
            who("Tuesday/ada", section="Tuesday"),
            "Tuesday/ada",
        ),
        # By login and e-mail.
        (CANVAS, who("blackboard:alovelace"), "canvas:1003"),
        (CANVAS, who("u1815"), "canvas:1003"),
        (MOODLE, who("gradescope:77", "A. L.", "ADA@x.edu"), "moodle:1003"),
        (MOODLE, who("alan@x.edu"), "moodle:1004"),
        (GRADESCOPE, who("gradescope:alan@x.edu"), "alan@x.edu"),
        ("key,login\n7,ada@x.edu\n", who("x", "y", "ada@x.edu"), "7"),
        ("key,email\n7,ada@x.edu\n8,ada@x.edu\n", who("x", "y", "ada@x.edu"), None),
        # A system's number is no other number of somebody's: Alan's number at the university is Ada's at Canvas.
        (CANVAS, who("canvas:1003"), "canvas:1003"),
        (CANVAS, who("moodle:1003"), None),
        (CANVAS, who("1003"), "canvas:1003"),
        ("sid,name\n1003,Ada\n", who("canvas:1003", "Somebody"), None),
        ("sid,name\n1003,Ada\n", who("gradescope:1003"), "1003"),
        ("key,name\nada,Ada\n", who("bob"), None),
    ],
)
def test_keys_and_what_is_as_sure_decide(tmp_path: Path, text: str, person: Person, key: str | None) -> None:
    found = roster(tmp_path, text).find(person)
    assert key_of(found) == key
    assert not (found and found.by_name)


@pytest.mark.parametrize(
    "name", ["Ada Lovelace", "Lovelace, Ada", "LOVELACE Ada", "lovelaceada", "ada_lovelace", "Ada  Lovelace "]
)
def test_a_name_alone_says_so(tmp_path: Path, name: str) -> None:
    found = roster(tmp_path, "key,name\n7,Ada Lovelace\n8,Alan Turing\n").find(who("x", name))
    assert found
    assert (found.key, found.by_name) == ("7", True)


@pytest.mark.parametrize(
    ("text", "person"),
    [
        ("key,name\n7,Ada Lovelace\n8,Ada Lovelace\n", who("x", "Ada Lovelace")),
        ("key,name\n7,Ada Lovelace\n8,Lovelace Ada\n", who("x", "Ada Lovelace")),
        # Marks that tell people apart say that these are two.
        ("key,name\ncanvas:7,Ada Lovelace\n", who("canvas:8", "Ada Lovelace")),
        ("key,name,email\n7,Ada Lovelace,ada@x.edu\n", who("x", "Ada Lovelace", "lovelace@x.edu")),
    ],
)
def test_a_name_that_could_be_anothers_decides_nothing(tmp_path: Path, text: str, person: Person) -> None:
    assert roster(tmp_path, text).find(person) is None


def test_a_class(tmp_path: Path) -> None:
    made = roster(tmp_path, "key,name\n1,Ada\n2,Bob\n3,Cleo\n4,Dan\n5,Eve\n")
    people = [
        who("canvas:1", "Ada"),
        who("canvas:9", "Ada"),  # another one of that name
        who("canvas:2", "B."),
        who("canvas:10", "Cleo"),
        who("canvas:11", "Cleo"),  # who of the two?
        who("canvas:12", "Dan"),
    ]
    matching = made.match(people)
    assert {key: (entry.key, entry.by_name) for key, entry in matching.entries.items()} == {
        "canvas:1": ("1", False), "canvas:2": ("2", False), "canvas:12": ("4", True),
    }  # fmt: skip
    assert [person.key for person in matching.unknown] == ["canvas:9", "canvas:10", "canvas:11"]
    assert [(entry.key, keys) for entry, keys in matching.contested] == [("3", ("canvas:10", "canvas:11"))]
    # Whose work comes next will have such a key.
    assert [(entry.key, entry.name) for entry in list(made.match(people).unseen)] == [("canvas:5", "Eve")]


def test_two_systems_with_one_number_are_two_people(tmp_path: Path) -> None:
    made = roster(tmp_path, "key,name\n1003,Ada\n1004,Bob\n")
    matching = made.match([who("canvas:1003", "A"), who("moodle:1003", "B")])
    assert not matching.entries
    assert [keys for _, keys in matching.contested] == [("canvas:1003", "moodle:1003")]
    assert [entry.key for entry in matching.unseen] == ["1004"]


def test_nobody_found_and_nobody_unseen(tmp_path: Path) -> None:
    made = roster(tmp_path, "key\nada\nbob\n")
    assert [entry.key for entry in list(made.match([]).unseen)] == ["ada", "bob"]
    assert list(made.match([who("ada"), who("bob"), who("cleo")]).unseen) == []
    assert [person.key for person in made.match([who("cleo")]).unknown] == ["cleo"]


# --- times ----------------------------------------------------------------------------------------------------------


def test_times_of_ones_own(tmp_path: Path) -> None:
    made = times(
        tmp_path,
        "key,submitted_at\n1003,2026-11-30T22:15:00+01:00\nbob,2026-11-30 23:15 EST\ncleo,\ndan,13.11.2026 9:05\n",
        BERLIN,
    )
    assert {key: moment.isoformat() for key, moment in moments(made).items()} == {
        "1003": "2026-11-30T22:15:00+01:00",
        "bob": "2026-11-30T23:15:00-05:00",
        "dan": "2026-11-13T09:05:00+01:00",
    }
    found = made.find(who("canvas:1003"))
    assert found
    assert found.submitted_at == dt.datetime(2026, 11, 30, 21, 15, tzinfo=dt.UTC)
    assert made.find(who("cleo")) is None


def test_times_without_a_zone(tmp_path: Path) -> None:
    text = "key,submitted_at\nada,2026-11-30 22:15\n"
    assert moments(times(tmp_path, text, BERLIN))["ada"].isoformat() == "2026-11-30T22:15:00+01:00"
    assert moments(times(tmp_path, text))["ada"].isoformat() == "2026-11-30T22:15:00+00:00"


@pytest.mark.parametrize(
    ("text", "key", "moment"),
    [
        (MOODLE, "moodle:1003", "2026-11-30T23:30:00+01:00"),
        (GRADESCOPE, "1815", "2026-11-30T22:30:00-08:00"),
    ],
)
def test_times_of_learning_systems(tmp_path: Path, text: str, key: str, moment: str) -> None:
    made = times(tmp_path, text, BERLIN)
    assert {key: moment.isoformat() for key, moment in moments(made).items()} == {key: moment}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("key,name\nada,Ada\n", ["line 1", "no column says when", "submitted_at", "key, name"]),
        (
            "key,submitted_at\nada,2026-11-30\nbob,03.07.2026\n",
            ["line 3", "'03.07.2026'", "7 March 2026 or 3 July"],
        ),
        ("key,submitted_at\nada,2026-11-30 12:00 CST\n", ["line 2", "CST", "Shanghai", "time_zone"]),
        ("key,submitted_at\nada,yesterday\n", ["line 2", "'yesterday'", "2026-11-30T23:59:00+01:00"]),
        ("key,submitted_at\nada,1:" + "9" * 50 + "\n", ["line 2", "no time"]),
        ("key,submitted_at\nada,2026-11-30\nada,\n", ["line 3", "'ada' stands in line 2 too"]),
        ("name,submitted_at\nAda,2026-11-30\n", ["line 1", "no column says who"]),
    ],
)
def test_what_cannot_be_relied_on_is_named_with_its_line(tmp_path: Path, text: str, said: list[str]) -> None:
    with pytest.raises(UserError) as error:
        times(tmp_path, text, BERLIN)
    for part in ["times.csv", *said]:
        assert part in str(error.value)


def test_a_time_that_was_found_by_a_name_says_so(tmp_path: Path) -> None:
    found = times(tmp_path, "key,name,submitted_at\n7,Ada Lovelace,2026-11-30\n").find(
        who("canvas:1", "Ada Lovelace")
    )
    assert found
    assert found.by_name
    assert found.submitted_at
