"""`autograder grade` with a learning system's download: who is who, who is missing, when, and what became of each file."""

from __future__ import annotations

import csv
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.course.units import Unit
from autograder.grading import journal
from autograder.results import MISSING, Line
from tests.support import ROOT
from tests.support.commands import Commands
from tests.support.notebooks import sources, write

_commands: list[Commands] = []
ROSTER = (
    "key,name,email,section\n1,Wang Wei,w1@e.edu,A\n2,Wang Wei,w2@e.edu,B\n3,Cleo Doe,,B\n4,Dora Roe,,A\n"
)


@pytest.fixture(scope="module", autouse=True)
def _warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with Commands(tmp_path_factory.mktemp("said")) as commands:
        _commands[:] = [commands]
        yield


def autograder(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return _commands[0].run(*map(str, arguments), cwd=cwd)


def lines(folder: Path) -> dict[str, Line]:
    return {line.person.key: line for line in journal.read_journal(folder).lines.values()}


@pytest.fixture(scope="module")
def download(tmp_path_factory: pytest.TempPathFactory, moco: Unit) -> Path:
    folder = tmp_path_factory.mktemp("submissions")
    write(folder / "wangwei_1_11_moco.ipynb", sources(moco))
    write(folder / "wangwei_LATE_2_12_moco-1.ipynb", sources(moco))
    write(
        folder / "wangwei_LATE_2_13_moco.ipynb",
        sources(moco, {"moco.enqueue": "def enqueue(*a):\n    return 1"}),
    )
    write(folder / "roebob_9_14_moco.ipynb", sources(moco))
    (folder / ".DS_Store").write_text("x")
    return folder


@pytest.fixture(scope="module")
def graded(
    download: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    root = tmp_path_factory.mktemp("out")
    (root / "roster.csv").write_text(ROSTER)
    (root / "times.csv").write_text("key,submitted_at\ncanvas:1,2026-11-20 10:00 UTC\n")
    done = autograder(
        *(
            "grade",
            download,
            "--assignment",
            "moco",
            "--out",
            root / "grades",
            "--roster",
            root / "roster.csv",
        ),
        *("--times", root / "times.csv", "--late-days", "2"),
    )
    return root / "grades", done


def test_two_of_one_name_stay_two(graded: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, done = graded
    assert done.returncode == 0, done.stdout + done.stderr
    found = lines(out)
    assert found["canvas:1"].student == "Wang Wei (canvas:1)"
    assert found["canvas:2"].student == "Wang Wei (canvas:2)"
    # All right, and late by two days, as --late-days says.
    assert found["canvas:2"].late_days == 2
    assert found["canvas:2"].score == pytest.approx(14.5 - found["canvas:2"].late_penalty)
    assert found["canvas:1"].submitted_at == "2026-11-20T10:00:00+00:00"
    assert (found["canvas:1"].person.email, found["canvas:2"].person.section) == ("w1@e.edu", "B")
    assert [flag.kind for flag in found["canvas:9"].flags] == ["unknown-person"]


def test_who_is_missing_stands_everywhere(graded: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, done = graded
    found = lines(out)
    assert {key for key, line in found.items() if line.status == MISSING} == {"canvas:3", "canvas:4"}
    assert found["canvas:3"].score is None
    assert "Cleo Doe" in done.stdout
    assert "missing" in done.stdout
    assert "Dora Roe" in (out / "report.html").read_text()
    assert "Nothing was handed in" in (out / "feedback/moco/Dora Roe.html").read_text()
    assert autograder("export", "csv", out).returncode == 0
    rows = list(csv.DictReader((out / "grades.csv").read_text("utf-8-sig").splitlines()))
    assert {row["key"]: row["status"] for row in rows}["canvas:4"] == "missing"


def test_what_became_of_each_file_is_said(graded: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    out, done = graded
    said = " ".join(done.stderr.split())
    assert "read as a Canvas download of 3 people" in said
    assert (
        "5 files seen: 3 graded, 1 passed over for another of the same person, 1 ignored (traces of macOS 1)"
        in said
    )
    (flag,) = (flag for flag in lines(out)["canvas:2"].flags if flag.kind == "several-files")
    assert "moco-1.ipynb counts" in flag.text
    assert "Passed over" in flag.text


def test_the_same_again_keeps_all_and_somebody_who_comes_later_is_missing_no_more(
    graded: tuple[Path, subprocess.CompletedProcess[str]], download: Path, moco: Unit, tmp_path: Path
) -> None:
    out, _ = graded
    before = (out / journal.NAME).read_bytes()
    roster = out.parent / "roster.csv"
    arguments = (
        "--assignment",
        "moco",
        "--out",
        out,
        "--roster",
        roster,
        "--times",
        out.parent / "times.csv",
    )
    again = autograder("grade", download, *arguments, "--late-days", "2")
    assert again.returncode == 0
    assert (out / journal.NAME).read_bytes() == before
    write(tmp_path / "later/doecleo_3_20_moco.ipynb", sources(moco))
    later = autograder("grade", tmp_path / "later", *arguments, "--late-days", "2")
    assert later.returncode == 0, later.stderr
    found = lines(out)
    assert (found["canvas:3"].status, found["canvas:3"].student) == ("graded", "Cleo Doe")
    assert found["canvas:1"].status == "graded", "who was graded before is not missing now"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--layout", "nonsense"], "choose one of gradescope, moodle"),
        (["--layout", "moodle"], "nothing there is named as in a Moodle download"),
        (["--roster", "nowhere.csv"], "nowhere.csv"),
    ],
)
def test_bad_usage(download: Path, tmp_path: Path, options: list[str], said: str) -> None:
    done = autograder("grade", download, "--assignment", "moco", "--out", tmp_path, *options)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.split())
