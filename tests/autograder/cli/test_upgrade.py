"""A folder of results that an older version began: nobody stands in it twice, and what cannot be decided is told."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course.units import Unit
from autograder.grading import journal
from autograder.results import Line
from tests.support import ROOT
from tests.support.commands import Commands
from tests.support.notebooks import sources, write

_commands: list[Commands] = []


@pytest.fixture(scope="module", autouse=True)
def _warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with Commands(tmp_path_factory.mktemp("said")) as commands:
        _commands[:] = [commands]
        yield


def autograder(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return _commands[0].run(*map(str, arguments), cwd=ROOT)


def grade(place: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return autograder("grade", place, "--assignment", "moco", "--out", out)


def lines(folder: Path) -> dict[str, Line]:
    return {line.person.key: line for line in journal.read_journal(folder).lines.values()}


def as_older(path: Path, **changed: dict[str, Any]) -> None:
    """Turn a journal into one of format 1, whose lines had a label and no person; what some of them say may be changed."""
    old = []
    for text in path.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        del line["format"]
        name = line.pop("person")["name"]
        for exercise in line["exercises"].values():
            exercise["diagnosis"] = None
        old.append(line | {"student": name, "flags": []} | changed.get(name, {}))
    path.write_text("".join(json.dumps(line) + "\n" for line in old), encoding="utf-8")


@pytest.fixture
def class_(tmp_path: Path, moco: Unit) -> Path:
    folder = tmp_path / "class"
    for number, name in ((11, "Ada"), (12, "Bob"), (13, "Cleo")):
        own = folder / f"{name}_{number}_assignsubmission_file_"
        own.mkdir(parents=True)
        write(own / "moco.ipynb", [*sources(moco), ("", f"# {name}")])
    return folder


def test_nobody_stands_twice(class_: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert grade(class_, out).returncode == 0
    as_older(out / journal.NAME)
    assert set(lines(out)) == {"Ada", "Bob", "Cleo"}
    # The download lies elsewhere now.
    moved = class_.rename(tmp_path / "again")
    run = grade(moved, out)
    assert run.returncode == 0, run.stderr
    assert "older version" not in run.stderr
    found = lines(out)
    assert {key: line.student for key, line in found.items()} == {
        "moodle:11": "Ada",
        "moodle:12": "Bob",
        "moodle:13": "Cleo",
    }
    assert len((out / journal.NAME).read_text(encoding="utf-8").splitlines()) == 6
    assert autograder("report", out).returncode == 0
    assert sorted(page.stem for page in (out / "feedback").rglob("*.html")) == ["Ada", "Bob", "Cleo"]
    assert autograder("export", "csv", out).returncode == 0
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == 3
    assert "3 results were kept" in " ".join(grade(moved, out).stderr.split())


def test_what_cannot_be_decided_is_told(class_: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    grade(class_, out)
    as_older(out / journal.NAME, Bob={"submission_sha256": "0" * 64, "file": "elsewhere/moco.ipynb"})
    run = grade(class_, out)
    said = " ".join(run.stderr.split())
    assert "1 result of an older version has a name and no key" in said
    assert "(Bob, moco)" in said
    found = lines(out)
    assert set(found) == {"moodle:11", "moodle:12", "moodle:13", "Bob"}
    assert len({line.student for line in found.values()}) == 4
    assert "(Bob, moco)" in " ".join(autograder("report", out).stderr.split())
    assert "(Bob, moco)" in " ".join(autograder("export", "csv", out).stderr.split())
