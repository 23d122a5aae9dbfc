"""The command line as a TA uses it: a messy folder, interrupted runs, bad input."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from autograder.cli import app, session
from autograder.course.units import Unit
from autograder.grading import journal
from autograder.grading.grader import UNKNOWN_TIME, Grader, Work
from autograder.intake.submission import MARKED_LATE
from autograder.publish.build import build_course
from autograder.results import Line
from autograder.sandbox.client import SandboxError
from autograder.sandbox.tiers import probe
from tests.support import ROOT
from tests.support.commands import Commands
from tests.support.notebooks import sources, write
from tests.support.tiny import add_package, make_course

_commands: list[Commands] = []


@pytest.fixture(scope="module", autouse=True)
def _warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with Commands(tmp_path_factory.mktemp("said")) as commands:
        _commands[:] = [commands]
        yield


def autograder(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return _commands[0].run(*map(str, arguments), cwd=cwd)


def autograder_from_cold(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """As it starts on a terminal. Seconds go into imports, so only some of the runs are."""
    command = [sys.executable, "-m", "autograder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)


def results(folder: Path) -> dict[str, Line]:
    return {line.student: line for line in journal.read_journal(folder).lines.values()}


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory, moco: Unit) -> Path:
    """A folder as it arrives: good work, junk, a huge file, an evil zip, two files of one student."""
    folder = tmp_path_factory.mktemp("class")
    write(folder / "ada.ipynb", sources(moco))
    write(
        folder / "bob.ipynb",
        sources(moco, {"moco.enqueue": "def enqueue(queue, pointer, keys):\n    return pointer"}),
    )
    write(folder / "cleo.ipynb", sources(moco))
    write(folder / "cleo_moco.ipynb", sources(moco))
    (folder / "dora.ipynb").write_text("this is no notebook")
    (folder / "emil.ipynb").write_text("")
    with (folder / "fred.ipynb").open("wb") as file:
        file.truncate(200 * 2**20)
    with zipfile.ZipFile(folder / "gina.zip", "w") as archive:
        archive.writestr("../../gina.ipynb", "{}")
    (folder / "hugo.py").write_text("import torch\n\n" + "\n\n".join(source for _, source in sources(moco)))
    return folder


@pytest.fixture(scope="module")
def graded(
    messy: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    out = tmp_path_factory.mktemp("out")
    return out, autograder_from_cold("grade", messy, "--assignment", "moco", "--out", out)


def test_good_work_is_graded_and_bad_files_are_named(graded: tuple[Path, Any]) -> None:
    out, run = graded
    found = results(out)
    assert run.returncode == 1
    for student in ("ada", "cleo", "hugo"):
        assert found[student].score == found[student].max_score, student
    assert 0 < found["bob"].score < found["bob"].max_score
    assert found["bob"].exercises["moco.enqueue"].score == 0
    said = " ".join(run.stderr.split())
    for student, file, reason in [
        ("dora", "dora.ipynb", "is no notebook"),
        ("emil", "emil.ipynb", "save the notebook and hand it in again"),
        ("fred", "fred.ipynb", "200 MB"),
        ("gina", "gina.zip", "leads out of the zip"),
    ]:
        assert (found[student].status, found[student].score) == ("unreadable", None)
        assert f"not graded: {student}" in said
        assert file in said
        assert reason in said
    # The table counts people, this line files; of damaged ones both say the same.
    assert "moco: 4 graded, 4 unreadable" in run.stdout
    assert "9 files seen: 4 graded, 1 passed over for another of the same person, 4 unreadable." in said
    assert "2 files of this student" in found["cleo"].flags[0].text
    assert f"Sandbox: {probe().best}" in said
    assert {result.sandbox for result in found.values()} == {probe().best}


def test_table_and_report(graded: tuple[Path, Any]) -> None:
    out, run = graded
    assert "14.5 of 14.5" in run.stdout
    assert "report.html" in run.stdout
    page = (out / "report.html").read_text()
    assert "pointer-not-advanced" not in page or "bob" in page
    assert (out / "feedback" / "moco" / "ada.html").is_file()
    assert "could not be graded" in (out / "feedback" / "moco" / "emil.html").read_text()


def test_resume_keeps_what_has_not_changed(graded: tuple[Path, Any], messy: Path, moco: Unit) -> None:
    out, _ = graded
    lines = len((out / journal.NAME).read_bytes().splitlines())
    before = results(out)
    write(messy / "bob.ipynb", sources(moco))
    run = autograder("grade", messy, "--assignment", "moco", "--out", out)
    after = results(out)
    assert "3 results were kept" in run.stderr
    assert after["bob"].score == after["bob"].max_score
    assert after["ada"] == before["ada"]
    # Only bob's is new: those that could not be read are told again, and not written again.
    assert run.returncode == 1
    assert run.stderr.count("not graded:") == 4
    assert len((out / journal.NAME).read_bytes().splitlines()) == lines + 1


def test_a_run_that_was_cut_off_goes_on(graded: tuple[Path, Any], messy: Path, tmp_path: Path) -> None:
    out, _ = graded
    whole = (out / journal.NAME).read_bytes()
    (tmp_path / journal.NAME).write_bytes(whole[: len(whole) // 2])
    autograder("grade", messy, "--assignment", "moco", "--out", tmp_path)
    assert {name: item.score for name, item in results(tmp_path).items()} == {
        name: item.score for name, item in results(out).items()
    }


def test_a_zip(tmp_path: Path, messy: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bulk.zip", "w") as archive:
        archive.write(messy / "ada.ipynb", "lovelaceada_12_34_moco.ipynb")
    run = autograder("grade", tmp_path / "bulk.zip", "--assignment", "moco", "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    assert results(tmp_path / "out")["lovelaceada"].score == 14.5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grade", "nowhere", "--assignment", "moco"], "no such file or folder"),
        (["grade", "tests", "--assignment", "mocco"], "unknown unit 'mocco': there are moco, pretext"),
        (["grade", "tests", "--assignment", "moco/"], "unknown unit 'moco/': there are moco, pretext"),
        (["grade", "tests", "--assignment", "moco", "--device", "tpu"], "choose auto, cpu or cuda"),
        (["grade", "tests"], "--assignment"),
        (["grade", "tests", "--assignment", "moco", "--out", "tests"], "is the folder of the submissions"),
        (["report", "docs"], "has no results"),
        (["build", "mocco"], "unknown unit"),
        (["nonsense"], "No such command"),
    ],
)
def test_bad_usage_is_exit_code_2_with_the_way_out(arguments: list[str], said: str) -> None:
    run = autograder(*arguments)
    assert run.returncode == 2
    assert said in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr


def test_typo_in_course_toml(tmp_path: Path) -> None:
    for name in ("solutions", "assignments"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / "course.toml").write_text(
        (ROOT / "course.toml").read_text().replace("attempts =", "atempts =")
    )
    run = autograder("grade", ".", "--assignment", "moco", cwd=tmp_path)
    assert run.returncode == 2
    assert "atempts" in run.stderr
    assert "attempts" in run.stderr


def test_a_course_that_asks_for_more_isolation_than_there_is(tmp_path: Path, messy: Path) -> None:
    (tmp_path / "solutions").symlink_to(ROOT / "solutions")
    text = (ROOT / "course.toml").read_text().replace('sandbox = "restricted"', 'sandbox = "full"')
    (tmp_path / "course.toml").write_text(text)
    command = ("grade", messy, "--assignment", "moco", "--out", tmp_path / "out", "--sandbox", "restricted")
    run = autograder(*command, cwd=tmp_path)
    assert run.returncode == 2
    assert "asks for sandbox tier 'full'" in " ".join(run.stderr.split())
    assert "--unsafe" in run.stderr


def test_a_tier_that_there_is_not(messy: Path, tmp_path: Path) -> None:
    run = autograder("grade", messy, "--assignment", "moco", "--out", tmp_path, "--sandbox", "strong")
    assert run.returncode == 2
    assert "there is no such tier" in " ".join(run.stderr.split())


def test_outside_a_course(tmp_path: Path) -> None:
    run = autograder("build", cwd=tmp_path)
    assert run.returncode == 2
    assert "no course.toml" in run.stderr


def test_doctor() -> None:
    run = autograder_from_cold("doctor")
    assert run.returncode == 0
    for word in ("sandbox", probe().best, "namespaces", "device", "torch"):
        assert word in run.stdout


def test_demo(tmp_path: Path) -> None:
    run = autograder("demo", tmp_path, "--students", "9")
    assert run.returncode == 0, run.stderr
    found = results(tmp_path / "results")
    assert len(found) == 9
    assert found["ada"].score == found["ada"].max_score
    assert (
        sum(bool(entry.diagnosis.ideas) for line in found.values() for entry in line.exercises.values()) >= 2
    )


def test_demo_does_not_hide_a_fault_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grade = Grader.grade_best

    def fails_once(self: Grader, work: Work) -> Line:
        if work.attempts[0].student == "ada":
            raise SandboxError("the fork server did not answer")
        return grade(self, work)

    monkeypatch.setattr(Grader, "grade_best", fails_once)
    run = CliRunner().invoke(app, ["demo", str(tmp_path), "--students", "2"])
    assert run.exit_code == 1
    assert "a fault of the grader, not of the student" in " ".join(run.output.split())
    assert list(results(tmp_path / "results")) == ["alan"]


def test_demo_with_an_unreadable_file_is_a_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "grade_class", lambda *paths, **settings: session.Failures(unreadable=1))
    assert CliRunner().invoke(app, ["demo", str(tmp_path), "--students", "1"]).exit_code == 0


def test_only_a_recorded_time_makes_late_and_resume_sees_it(messy: Path, tmp_path: Path) -> None:
    (tmp_path / "solutions").symlink_to(ROOT / "solutions")
    text = (ROOT / "course.toml").read_text()
    (tmp_path / "course.toml").write_text(text.replace("[due]", "[due]\nmoco = 2020-01-01T12:00:00+01:00"))
    work = (messy / "ada.ipynb").read_bytes()
    for student in ("ada", "bob"):
        (tmp_path / f"class/{student}/moco").mkdir(parents=True)
        (tmp_path / f"class/{student}/moco/moco.ipynb").write_bytes(work)
    (tmp_path / "class/cleo_LATE_123_456_moco.ipynb").write_bytes(work)
    (tmp_path / "class/bob/moco/timestamp.txt").write_text("2020-01-01 11:00:01.000000 UTC")

    def run() -> tuple[dict[str, Line], str]:
        done = autograder("grade", "class", "--assignment", "moco", "--out", "out", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return results(tmp_path / "out"), " ".join(done.stderr.split())

    found, said = run()
    assert {student: result.late_days for student, result in found.items()} == {
        "ada": 0,
        "bob": 1,
        "cleo": 0,
    }
    assert [found[student].submitted_at is None for student in ("ada", "bob", "cleo")] == [
        True,
        False,
        True,
    ]
    assert found["bob"].score == pytest.approx(0.9 * found["ada"].score)
    assert found["ada"].flags == (UNKNOWN_TIME,)
    assert found["cleo"].flags == (MARKED_LATE, UNKNOWN_TIME)
    assert found["bob"].flags == ()
    assert said.count("Time of hand-in unknown: 2 of 3 (1 of them marked LATE by the LMS).") == 1
    assert "01 January 2020, 12:00 UTC+01:00" in said
    _, said = run()
    assert "3 results were kept" in said
    assert "Time of hand-in unknown: 2 of 3" in said
    assert "course.toml extends" not in said
    # Extensions: of one who was late, and of one who does not exist.
    extensions = "[extensions.moco]\nbob = 2020-01-02T12:00:00+01:00\nbod = 2020-01-02T12:00:00+01:00\n"
    (tmp_path / "course.toml").write_text((tmp_path / "course.toml").read_text() + extensions)
    found, said = run()
    assert "2 results were kept" in said
    assert "course.toml extends moco for bod, of whom nothing was handed in here" in said
    assert (found["bob"].extension, found["bob"].late_days) == ("2020-01-02T12:00:00+01:00", 0)
    assert found["bob"].score == found["ada"].score
    # Not late, but known now: the flag goes.
    (tmp_path / "class/ada/moco/timestamp.txt").write_text("2020-01-01 10:00:00.000000 UTC")
    (tmp_path / "class/bob/moco/timestamp.txt").write_text("2020-01-03 10:00:00.000000 UTC")
    found, said = run()
    assert "1 result was kept" in said
    assert found["ada"].flags == ()
    assert found["bob"].late_days == 1  # two without the extension


def test_a_changed_setting_is_graded_again_and_a_typo_in_an_exercise_is_told(
    messy: Path, tmp_path: Path
) -> None:
    (tmp_path / "solutions").symlink_to(ROOT / "solutions")
    handed_in = tmp_path / "class"
    handed_in.mkdir()
    (handed_in / "ada.ipynb").write_bytes((messy / "ada.ipynb").read_bytes())
    text = (ROOT / "course.toml").read_text()
    scores = []
    for points in ("", '"moco.enqueue" = 11', '"moco.enqueue" = 11', '"moco.enqeue" = 11'):
        (tmp_path / "course.toml").write_text(text.replace("[points]", f"[points]\n{points}"))
        run = autograder("grade", handed_in, "--assignment", "moco", "--out", "out", cwd=tmp_path)
        scores.append(results(tmp_path / "out")["ada"].max_score)
        if "enqeue" in points:
            assert run.returncode == 2
            assert "no exercise 'moco.enqeue'" in " ".join(run.stderr.split())
    assert scores == [14.5, 20, 20, 20]
    assert len((tmp_path / "out" / journal.NAME).read_bytes().splitlines()) == 2


def test_full_disk_is_named_and_no_students_fault(messy: Path, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (tmp_path / journal.NAME).symlink_to("/dev/full")
    run = autograder("grade", messy / "ada.ipynb", "--assignment", "moco", "--out", tmp_path)
    assert run.returncode == 1
    assert "No space left" in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr


# --- what cannot be read, and what cannot be written ----------------------------------------------------------------


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A folder of results [with brackets] whose journal has damaged lines, and was cut off."""
    folder = tmp_path / "[out]"
    folder.mkdir()
    whole = (ROOT / "tests/corpora/journals/format-1.jsonl").read_bytes().splitlines(keepends=True)
    moved = whole[1].replace(b'"submitted_at": null', b'"submitted_at": "yesterday"')
    assert moved != whole[1]
    (folder / journal.NAME).write_bytes(b"".join([whole[0], moved, b"[1,2]\n", whole[2], whole[3][:40]]))
    return folder


@pytest.mark.parametrize("command", [["report"], ["export", "csv"]])
def test_damaged_lines_are_told(damaged: Path, command: list[str]) -> None:
    run = autograder(*command, damaged)
    said = " ".join(run.stderr.split())
    assert run.returncode == 0
    path = damaged / journal.NAME
    assert f"2 damaged lines passed over (first: {path}, line 2: submitted_at is 'yesterday'" in said
    assert f"{path}, line 5: is cut off" in said


def test_grading_tells_damaged_lines_and_makes_them_again(messy: Path, tmp_path: Path) -> None:
    command = ("grade", messy / "ada.ipynb", "--assignment", "moco", "--out", tmp_path)
    assert autograder(*command).returncode == 0
    path = tmp_path / journal.NAME
    path.write_bytes(b"\xff\xfe\n" + path.read_bytes()[:100])
    run = autograder(*command)
    said = " ".join(run.stderr.split())
    assert run.returncode == 0
    assert f"1 damaged line passed over (first: {path}, line 1)." in said
    assert f"{path}, line 2: is cut off" in said
    assert list(results(tmp_path)) == ["ada"]


@pytest.mark.parametrize(
    ("command", "taken"),
    [
        (["report", "OUT"], "feedback"),
        (["report", "OUT"], "report.html/in_use"),
        (["export", "csv", "OUT"], "grades.csv.part/in_use"),
        (["export", "csv", "OUT"], "grades.csv/in_use"),
        (["release", "OUT/file/x"], "file"),
        (["demo", "OUT/file/y"], "file"),
        (["demo", "/proc/y"], "file"),
    ],
)
def test_what_cannot_be_written_is_told_in_a_sentence(damaged: Path, command: list[str], taken: str) -> None:
    # A file where a folder should be, or the other way round: not even root can write there.
    (damaged / taken).parent.mkdir(exist_ok=True)
    (damaged / taken).write_text("")
    root = ROOT
    if command[0] == "release":
        # The project's own course has no address yet, so it can't be released.
        root = make_course(damaged.with_name("course"))
        build_course(root)
        add_package(root)
    run = autograder(*(word.replace("OUT", str(damaged)) for word in command), cwd=root)
    said = " ".join(run.stderr.split())
    assert run.returncode == 2, said
    place = "/proc/y" if "/proc/y" in command else damaged / Path(taken).parts[0]
    assert f"autograder: {place}" in said
    assert "cannot be written: " in said
    assert "Traceback" not in said
