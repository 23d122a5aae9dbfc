"""README's commands for instructors and TAs, as printed, in a fresh clone, over hand-ins as students make them."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.nbgrader.written import FOUND, LOST
from tests.support import ROOT
from tests.support.fresh_clone import FreshClone, commands_in
from tests.support.tiny_nbgrader import cell, opened

COMMANDS = commands_in(ROOT / "README.md", "nbgrader", "autograder")
STATE = "application/vnd.jupyter.widget-state+json"
FETCHER = "the account that runs the tests"


def solved(clone: FreshClone) -> Any:
    """All exercises solved and all questions answered."""
    return nbformat.read(clone.root / "source/moco/moco.ipynb", as_version=4)


def of_colab(notebook: Any) -> None:
    for number, item in enumerate(notebook.cells):
        item["metadata"] = {"id": f"c{number:04}", "colab": {"base_uri": "x"}}
        item.pop("id")
    notebook["metadata"] |= {"colab": {"provenance": []}, "accelerator": "GPU"}
    notebook["metadata"]["widgets"] = {STATE: {"a1b2": {"model_name": "HBoxModel", "state": {}}}}
    notebook["nbformat_minor"] = 0


def mistreated(notebook: Any) -> None:
    """Deleted, moved, retyped and renamed cells; one answer in a cell of code, one deleted."""
    answer, other = cell(notebook, "moco-q1"), cell(notebook, "moco-q2")
    stub = cell(notebook, "moco-enqueue")
    notebook.cells.remove(cell(notebook, "moco-enqueue-check"))
    notebook.cells.remove(stub)
    notebook.cells.append(stub)
    notebook.cells[notebook.cells.index(answer)] = nbformat.v4.new_code_cell(
        "The keys come from other encoders!"
    )
    notebook.cells.remove(other)
    for number, item in enumerate(notebook.cells):
        item["id"], item["metadata"] = f"new-{number}", {}


def into(folder: Path, **files: Any) -> None:
    folder.mkdir(parents=True)
    for name, notebook in files.items():
        path = folder / f"{name.replace('_', '-')}.ipynb"
        path.write_text(json.dumps(notebook))


def hand_in(clone: FreshClone, student_folder: Path) -> None:
    """A class hands in; one of them fetches and submits with nbgrader's own commands."""
    student_folder.mkdir()
    exchange = f"--course ssl --Exchange.root={clone.root / 'exchange'}"
    done = clone.run(f"nbgrader fetch_assignment moco {exchange}", cwd=student_folder)
    assert done.returncode == 0, done.stderr
    fetched = student_folder / "moco"
    assert [path.name for path in fetched.glob("*.whl")], "the wheel stands beside the notebook"
    assert (fetched / "moco.ipynb").read_bytes() == (clone.root / "assignments/moco/moco.ipynb").read_bytes()
    (fetched / "moco.ipynb").write_text(json.dumps(solved(clone)))
    done = clone.run(f"nbgrader submit moco {exchange}", cwd=student_folder)
    assert done.returncode == 0, done.stderr
    colab, messy = solved(clone), solved(clone)
    of_colab(colab)
    mistreated(messy)
    blank = json.loads((clone.root / "assignments/moco/moco.ipynb").read_text())
    # As `nbgrader submit` leaves it.
    inbound = clone.root / "exchange/ssl/inbound"
    for student, files in {
        "colab": {"moco": colab},
        "maker": {"moco": blank, "moco_submission": solved(clone)},
    }.items():
        folder = inbound / f"{student}+moco+2026-11-01 10:00:00.000000 UTC+abc"
        into(folder, **files)
        (folder / "timestamp.txt").write_text("2026-11-01 10:00:00.000000 UTC")
        (folder / "submission_secret.txt").write_text(student)
    # From a learning system, by hand.
    into(clone.root / "submitted/messy/moco", moco=messy)


Said = dict[str, subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[FreshClone, Said]:
    """All commands, one after the other."""
    folder = tmp_path_factory.mktemp("fresh")
    clone, said = FreshClone(folder), {}
    for line in COMMANDS:
        if line.startswith("nbgrader collect"):
            hand_in(clone, folder / "student")
        said[line.split("#")[0].strip()] = done = clone.run(line)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr, line
    return clone, said


def table(clone: FreshClone) -> dict[str, dict[str, str]]:
    with (clone.root / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    return {name if name in ("colab", "maker", "messy") else FETCHER: row for name, row in rows.items()}


def test_the_commands_are_there() -> None:
    printed = {" ".join(line.split()[:2]) for line in COMMANDS}
    steps = ("generate_assignment", "validate", "autograde", "generate_feedback", "export")
    exchange = ("release_assignment", "list", "collect", "release_feedback")
    assert {f"nbgrader {step}" for step in (*steps, *exchange)} <= printed
    assert {"autograder grade", "autograder export"} <= printed


def test_the_clone_is_all_that_is_imported(ran: tuple[FreshClone, Said]) -> None:
    clone, _ = ran
    line = "python -c 'import autograder, course_utils; print(autograder.__file__, course_utils.__file__)'"
    found = clone.run(line, cwd=clone.root.parent).stdout.split()
    assert [str(clone.root) in path for path in found] == [True, True]


def test_the_assignment_is_in_the_gradebook(ran: tuple[FreshClone, Said]) -> None:
    clone, said = ran
    with opened(clone.root) as gradebook:
        assert gradebook.find_assignment("moco").max_score == 18.5
    assert "Success" in said["nbgrader validate source/moco/moco.ipynb"].stdout
    assert "ssl moco" in said["nbgrader list"].stderr + said["nbgrader list"].stdout
    built = (ROOT / "assignments/moco/moco.ipynb").read_bytes()
    assert (clone.root / "assignments/moco/moco.ipynb").read_bytes() == built


def test_everybody_gets_the_points(ran: tuple[FreshClone, Said]) -> None:
    clone, _ = ran
    rows = table(clone)
    assert rows.keys() == {FETCHER, "colab", "maker", "messy"}
    # All but the written answers, which wait.
    assert {name: float(row["raw_score"]) for name, row in rows.items()} == dict.fromkeys(rows, 14.5)


def test_written_answers_wait(ran: tuple[FreshClone, Said]) -> None:
    clone, _ = ran
    comments = {}
    with opened(clone.root) as gradebook:
        for student in ("colab", "maker", "messy"):
            for name in ("moco-q1", "moco-q2"):
                assert gradebook.find_grade(name, "moco", "moco", student).needs_manual_grade
                comments[student, name] = gradebook.find_comment(name, "moco", "moco", student).auto_comment
    assert comments["maker", "moco-q1"] is None
    assert comments["colab", "moco-q2"] == FOUND
    assert comments["messy", "moco-q1"] == FOUND
    assert comments["messy", "moco-q2"] == LOST


def test_there_is_feedback_for_everybody(ran: tuple[FreshClone, Said]) -> None:
    clone, said = ran
    pages = list(clone.root.glob("feedback/*/moco/moco.html"))
    assert len(pages) == 4
    assert all("moco.enqueue: correct" in page.read_text() for page in pages)
    assert len(list(clone.root.glob("exchange/ssl/feedback/*.html"))) == 3
    assert "so not released there: messy" in said["nbgrader release_feedback moco"].stderr


def test_the_tas_command_gives_the_same_points(ran: tuple[FreshClone, Said]) -> None:
    clone, _ = ran
    lines = [json.loads(line) for line in (clone.root / "grades/grades.jsonl").read_text().splitlines()]
    given = {line["student"]: line["score"] for line in lines}
    assert given["colab"] == given["messy"] == given["maker"] == 14.5
