"""No work is lost: graders, fork servers and jobs that are killed or hang, full disks, changed checks, two at once.

Whatever happened, the same command run again must end with the results of a run that nobody disturbed. All of it runs in
the best sandbox tier of this machine, or in the one that the environment names in AUTOGRADER_TEST_TIER.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from autograder.course.units import combined_sha256, load_unit
from autograder.errors import UserError
from autograder.grading import journal
from autograder.grading.grader import Grader, Limits
from autograder.grading.lock import only_one
from autograder.intake.submission import Submission, read_submission
from autograder.results import Line, from_json
from autograder.sandbox import client, starter
from autograder.sandbox.tiers import probe
from tests.support.commands import Commands
from tests.support.notebooks import sources, write
from tests.support.tiny import make_course

TIER = os.environ.get("AUTOGRADER_TEST_TIER") or probe().best
STUDENTS = 30
RIGHT = "def scale(values, factor):\n    return values * factor + 0.25"
SCALES = {
    "right": RIGHT,
    "wrong": "def scale(values, factor):\n    return values * factor",
    "breaks": "def scale(values, factor):\n    return values[99]",
    "blank": "def scale(values, factor):\n    raise NotImplementedError('tiny.scale')",
    "slow": RIGHT.replace("return", "import time; time.sleep(0.15); return"),
    "dies": "def scale(values, factor):\n    import os\n    os.kill(os.getpid(), 9)",
}


class Course:
    """A tiny course with a class, and a command line that starts at once."""

    def __init__(self, root: Path) -> None:
        self.root = make_course(root)
        settings = root / "course.toml"
        settings.write_text(re.sub("sandbox = .*", 'sandbox = "restricted"', settings.read_text()))
        # For the fixture only: tests change the checks, and a module is loaded once.
        unit = load_unit(root, "tiny")
        kinds = list(SCALES)
        for number in range(STUDENTS):
            kind = kinds[number] if number < len(kinds) else kinds[number % 3]
            write(root / f"class/s{number:02}.ipynb", sources(unit, {"tiny.scale": SCALES[kind]}))
        (root / "class/junk.ipynb").write_text("this is no notebook")
        self.commands = Commands(self.root)

    def start(self, *arguments: str, out: str = "out", largest_file: int = 0) -> int:
        """Start grading the class; returns the process id."""
        command = ["grade", "class", "--assignment", "tiny", "--out", out, "--jobs", "1", *arguments]
        command += ["--sandbox", TIER, "--unsafe"]
        return self.commands.start(*command, cwd=self.root, largest_file=largest_file)

    def end(self) -> int:
        """Wait for the run that was started; returns its exit code."""
        return self.commands.end()

    def grade(self, *arguments: str, out: str = "out", largest_file: int = 0) -> int:
        self.start(*arguments, out=out, largest_file=largest_file)
        return self.end()

    def said(self) -> str:
        return " ".join((self.root / "stderr").read_text().split())

    def lines(self, out: str = "out") -> bytes:
        path = self.root / out / journal.NAME
        return path.read_bytes() if path.exists() else b""

    def results(self, out: str = "out") -> dict[str, Line]:
        return {
            line.student: journal.lasting(line)
            for line in journal.read_journal(self.root / out).lines.values()
        }


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    made = Course(tmp_path_factory.mktemp("course"))
    with made.commands:
        yield made


@pytest.fixture(scope="module")
def undisturbed(course: Course) -> dict[str, Line]:
    """The results of a run that nobody disturbed."""
    # One file cannot be read, which is exit code 1.
    assert course.grade("--jobs", "2", out="undisturbed") == 1, course.said()
    results = course.results("undisturbed")
    assert len(results) == STUDENTS + 1
    assert {result.exercises["tiny.scale"].status for name, result in results.items() if name != "junk"} == {
        "correct", "wrong", "error", "not attempted", "crashed",
    }  # fmt: skip
    return results


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)


def children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    return []


def descendants(pid: int) -> dict[int, int]:
    """Process -> its parent, for all below this one."""
    found: dict[int, int] = {}
    waiting = [pid]
    while waiting:
        parent = waiting.pop()
        below = children(parent)
        found.update(dict.fromkeys(below, parent))
        waiting += below
    return found


def kill(pid: int, signal_: signal.Signals = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal_)


def a_job(grader: int) -> tuple[int, int]:
    """A process that executes student code, and the fork server above it.

    Fork servers are there from the start, jobs come and go; the slow student's is the one that stays for a while.
    """
    servers = descendants(grader)
    seen: dict[int, int] = {}

    def stays() -> bool:
        nonlocal seen
        before = seen
        time.sleep(0.05)
        seen = {job: parent for job, parent in descendants(grader).items() if job not in servers}
        seen = {job: parent for job, parent in seen.items() if job not in seen.values()}
        return bool(before.keys() & seen.keys())

    wait_for(stays)
    return next(iter(seen.items()))


def complete(lines: bytes) -> Counter[str]:
    """How many lines there are for each student, cut-off ones left out."""
    count: Counter[str] = Counter()
    for line in lines.splitlines():
        with contextlib.suppress(ValueError):
            count[json.loads(line)["student"]] += 1
    return count


def test_a_grader_killed_at_many_moments(course: Course, undisturbed: dict[str, Any]) -> None:
    moments = random.Random(5)
    reached = []
    for number in range(12):
        before = course.lines("killed")
        pid = course.start("--no-wait", out="killed")
        if number % 2:
            # Some results are new, and then a little later.
            more = moments.randint(1, 4)
            wait_for(
                lambda pid=pid, before=before, more=more: (
                    course.lines("killed")[len(before) :].count(b"\n") >= more
                    or not Path(f"/proc/{pid}/fd").exists()
                    or len(complete(course.lines("killed"))) > STUDENTS
                )
            )
            time.sleep(moments.uniform(0, 0.03))
        else:
            time.sleep(moments.uniform(0, 1))
        kill(pid)
        assert course.end() in (-signal.SIGKILL, 1), course.said()
        assert course.lines("killed").startswith(before)
        reached.append(len(complete(course.lines("killed"))))
    # The moments were such that there was something to lose.
    assert len(set(reached)) > 5, reached
    assert course.grade("--no-wait", out="killed") == 1, course.said()
    assert course.results("killed") == undisturbed
    assert set(complete(course.lines("killed")).values()) == {1}


def test_a_full_disk(course: Course, undisturbed: dict[str, Any]) -> None:
    room = len(course.lines("undisturbed")) * 2 // 3
    assert course.grade("--jobs", "2", out="full", largest_file=room) == 1
    assert "grades.jsonl could not be written: " in course.said()
    assert "Traceback" not in course.said()
    # The disk is filled to the last byte, in the middle of a line.
    assert len(course.lines("full")) == room
    done = len(complete(course.lines("full")))
    assert 1 < done < STUDENTS
    assert course.grade(out="full") == 1
    assert course.results("full") == undisturbed
    assert set(complete(course.lines("full")).values()) == {1}


@pytest.mark.parametrize("victim", ["fork server", "job"])
def test_a_killed_worker(course: Course, undisturbed: dict[str, Any], victim: str) -> None:
    out = victim.replace(" ", "-")
    pid = course.start(out=out)
    wait_for(lambda: course.lines(out))
    job, server = a_job(pid)
    kill(server if victim == "fork server" else job)
    assert course.end() == 1
    # It cost nobody anything: what was lost was run once more.
    assert course.results(out) == undisturbed
    assert course.grade(out=out) == 1
    assert course.results(out) == undisturbed


def test_a_fork_server_that_hangs(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    work = read_submission(course.root / "class/s00.ipynb", "tiny", "ada")
    with Grader(load_unit(course.root, "tiny"), b"secret", Limits(), tier=TIER) as grader:
        assert grader.grade(work).score == 5
        (sandbox,) = grader._idle.queue
        process = sandbox.server._process
        assert process
        with monkeypatch.context() as impatient:
            impatient.setattr(client, "REPLY_SECONDS", 2.0)
            impatient.setattr(starter, "REPLY_SECONDS", 2.0)
            for pid in (process.pid, *descendants(process.pid)):
                kill(pid, signal.SIGSTOP)
            # Noticed, and graded on another server.
            assert grader.grade(work).score == 5
        assert grader._idle.queue[0].server._process is not process
        assert grader.grade(work).score == 5


def test_a_journal_cut_at_any_byte(course: Course, undisturbed: dict[str, Any], tmp_path: Path) -> None:
    lines = course.lines("undisturbed").splitlines(keepends=True)[:2]
    whole = b"".join(lines)
    students = [json.loads(line)["student"] for line in lines]
    for cut in range(len(whole) + 1):
        (tmp_path / journal.NAME).write_bytes(whole[:cut])
        done = {student for student, _ in journal.read_journal(tmp_path).lines}
        # The brace at its end makes a line complete, not the newline.
        assert done == {student for student, end in zip(students, (len(lines[0]), len(whole)), strict=True) if cut >= end - 1}  # fmt: skip
        if cut % 50:
            continue
        # A later run adds what is missing.
        with journal.Journal(tmp_path) as log:
            for line in lines:
                result = from_json(json.loads(line))
                if result.student not in done:
                    log.write(result)
        assert list(journal.read_journal(tmp_path).lines.values()) == [
            from_json(json.loads(line)) for line in lines
        ]
        assert set(complete((tmp_path / journal.NAME).read_bytes()).values()) == {1}


def test_nothing_changed_nothing_written(course: Course, undisturbed: dict[str, Any]) -> None:
    before = course.lines("undisturbed")
    assert course.grade(out="undisturbed") == 1
    assert course.lines("undisturbed") == before
    assert "not graded: junk" in course.said()
    assert f"{STUDENTS} results were kept" in course.said()


def mark(course: Course, out: str) -> None:
    """Give every kept exercise a score that no grading would: it shows what is graded anew."""
    (course.root / out).mkdir(exist_ok=True)
    with (course.root / out / journal.NAME).open("w") as file:
        for result in map(json.loads, course.lines("undisturbed").splitlines()):
            for entry in result["exercises"].values():
                entry["score"] = 0.125
            file.write(json.dumps(result) + "\n")


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (("clear/checks.py", "points=2", "points=3"), {"tiny.clear"}),
        (("clear/checks.py", "def cleared", "# A remark.\ndef cleared"), set()),
    ],
)
def test_a_changed_check_regrades_what_it_touches(
    course: Course, undisturbed: dict[str, Any], change: tuple[str, str, str], again: set[str]
) -> None:
    out = f"changed-{len(again)}"
    mark(course, out)
    before = course.lines(out)
    file, text, other = change
    path = course.root / "solutions/tiny" / file
    source = path.read_text()
    try:
        path.write_text(source.replace(text, other))
        assert course.grade(out=out) == 1, course.said()
    finally:
        path.write_text(source)
    after = course.results(out)
    for student in ("s00", "s01", "s02"):
        entries = after[student].exercises
        assert list(entries) == ["tiny.scale", "tiny.clear"]
        assert {name for name, entry in entries.items() if entry.score != 0.125} == again
        if again:
            assert after[student].score == sum(entry.score for entry in entries.values())
            assert after[student].checks_sha256 != undisturbed[student].checks_sha256
    # Only who killed the own process is graded again without need: it could have been another.
    written = set(complete(course.lines(out)[len(before) :]))
    assert written == ({f"s{number:02}" for number in range(STUDENTS)} | {"junk"} if again else {"s05"})


@pytest.mark.parametrize(
    ("change", "again"),
    [
        (("clear/checks.py", "points=2", "points=3"), {"tiny.clear"}),
        (("checks.py", "draw.normal(3, 2)", "draw.normal(3, 4)"), {"tiny.clear"}),
        (("checks.py", "All values are minus one.", "All are minus one."), {"tiny.clear"}),
        (("checks.py", 'looks_at=("after",), side=True', 'looks_at=("after",)'), {"tiny.scale"}),
        (("reference.py", "0.25 * torch", "0.25 * 2 * torch"), {"tiny.scale"}),
        (("wrong.py", "Up or down?", "Down or up?"), {"tiny.scale"}),
        (("wrong.py", "values[0] = -1.0", "values[1] = -1.0"), {"tiny.clear"}),
        (("clear/checks.py", "def cleared", "# A remark.\ndef cleared"), set()),
    ],
)
def test_which_hashes_a_change_touches(tmp_path: Path, change: tuple[str, str, str], again: set[str]) -> None:
    hashes = [
        {
            name: unit.checks_sha256(exercise.prepare(b"secret"), b"key", {})
            for name, exercise in unit.exercises.items()
        }
        for unit in (
            load_unit(make_course(tmp_path / "before"), "tiny"),
            load_unit(make_course(tmp_path / "after", change), "tiny"),
        )
    ]
    assert {name for name, hash_ in hashes[0].items() if hashes[1][name] != hash_} == again


def test_hashes_are_of_what_decides(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    unit = load_unit(root, "tiny")

    def hashes(key: bytes = b"key", prelude: str = "import torch") -> dict[str, str]:
        return {
            name: unit.checks_sha256(exercise.prepare(b"secret"), key, {"torch": prelude})
            for name, exercise in unit.exercises.items()
        }

    first = hashes()
    assert hashes() == first
    assert len({*first.values(), *hashes(b"other").values(), *hashes(prelude="import os").values()}) == 6
    assert combined_sha256(first) != combined_sha256(dict(reversed(first.items())))


def test_a_property_counts_with_the_files_that_it_may_use(tmp_path: Path) -> None:
    changes = (
        "clear/checks.py",
        "points=2, visible=True",
        "property=lambda case, seen: None, points=2",
    )
    root = make_course(tmp_path, changes)
    unit = load_unit(root, "tiny")
    exercises = {name: exercise.prepare(b"secret") for name, exercise in unit.exercises.items()}
    before = {name: unit.checks_sha256(item, b"key", {}) for name, item in exercises.items()}
    with (root / "solutions/tiny/clear/checks.py").open("a") as file:
        file.write("HELPER = 1\n")
    after = {name: unit.checks_sha256(item, b"key", {}) for name, item in exercises.items()}
    assert {name for name in before if before[name] != after[name]} == {"tiny.clear"}


HOLDER = """
import sys, time
from pathlib import Path
from autograder.grading.lock import only_one
with only_one(Path(sys.argv[1]), wait=True):
    print("held", flush=True)
    time.sleep(600)
"""


@contextlib.contextmanager
def held(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process has the lock of this folder."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        try:
            yield holder
        finally:
            holder.kill()


def test_the_second_does_not_wait_if_told_so(course: Course) -> None:
    with held(course.root / "busy") as holder:
        assert course.grade("--no-wait", out="busy") == 2
        assert f"another grader is at work in busy (process {holder.pid}, since" in course.said()
        assert not course.lines("busy")


def test_the_second_waits_and_goes_on_when_the_first_is_killed(
    course: Course, undisturbed: dict[str, Any]
) -> None:
    with held(course.root / "waited") as holder:
        course.start(out="waited")
        wait_for(lambda: "Waiting: another grader" in course.said())
        assert f"process {holder.pid}, since" in course.said()
        # What the first has written by then counts for the second.
        (course.root / "waited" / journal.NAME).write_bytes(course.lines("undisturbed"))
        holder.kill()
        assert course.end() == 1
    assert course.lines("waited") == course.lines("undisturbed")


def test_a_lock_is_free_again(tmp_path: Path) -> None:
    for _ in range(2):
        with only_one(tmp_path / "out", wait=False):
            with (
                pytest.raises(UserError, match=f"process {os.getpid()}"),
                only_one(tmp_path / "out", wait=False),
            ):
                pass
            # Neither the waiting one nor its giving up takes the lock away.
            with pytest.raises(UserError), only_one(tmp_path / "out", wait=False):
                pass


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UserError, match="cannot be written"),
        only_one(tmp_path / "file" / "out", wait=True),
    ):
        pass


def test_keep_takes_the_place_of_grading(course: Course) -> None:
    work = read_submission(course.root / "class/s01.ipynb", "tiny", "ada")
    assert isinstance(work, Submission)
    with Grader(load_unit(course.root, "tiny"), b"secret", Limits(), tier=TIER) as grader:
        whole = journal.lasting(grader.grade(work))
        keep = {"tiny.clear": replace(whole.exercises["tiny.clear"], score=0.5)}
        part = journal.lasting(grader.grade(work, keep))
    assert part.exercises["tiny.clear"] == keep["tiny.clear"]
    assert part.exercises["tiny.scale"] == whole.exercises["tiny.scale"]
    assert whole.score and part.score == whole.score - 1.5
    assert part.flags == whole.flags


def test_lines_of_an_older_format_are_graded_again_and_that_is_said_once(
    course: Course, undisturbed: dict[str, Line]
) -> None:
    """What they said of flags does not say who may read them."""
    (course.root / "old").mkdir()
    with (course.root / "old" / journal.NAME).open("w") as file:
        for line in map(json.loads, course.lines("undisturbed").splitlines()):
            for entry in line["exercises"].values():
                entry |= {"diagnosis": None, "score": 0.125}
            old = {name: value for name, value in line.items() if name not in ("format", "person", "written")}
            file.write(json.dumps(old | {"flags": ["whatever was said then"]}) + "\n")
    assert {line.format for line in journal.read_journal(course.root / "old").lines.values()} == {1}
    assert course.grade(out="old") == 1, course.said()
    assert course.said().count(f"{STUDENTS + 1} results are of an older grades.jsonl") == 1
    assert course.results("old") == undisturbed
    assert course.grade(out="old") == 1
    assert "an older" not in course.said()
    assert "were kept" in course.said()
