"""Grading on a Dask cluster: two worker processes on this machine, some of them killed, some of them refused."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from autograder.cli import session
from autograder.cli.each import grade_each
from autograder.course.config import load_course
from autograder.course.units import Unit, load_unit
from autograder.errors import ClusterError, UserError
from autograder.grading import cluster, journal
from autograder.grading.cluster import ClusterGrader, Order
from autograder.grading.grader import Grader, Policy
from autograder.intake.collect import Found, collect
from autograder.intake.submission import Submission, read_submission
from autograder.results import Line
from autograder.sandbox.client import Limits
from autograder.sandbox.tiers import Probe, probe
from tests.support.notebooks import sources as cells
from tests.support.notebooks import write
from tests.support.tiny import make_course

TIER = probe().best
SECRET = b"the secret of this cluster"
LIMITS = Limits(seconds=5.0, memory_mb=1024)
STUDENTS = 14
SCALES = {
    "right": "def scale(values, factor):\n    import time; time.sleep(0.1)\n    return values * factor + 0.25",
    "wrong": "def scale(values, factor):\n    return values * factor",
    "breaks": "def scale(values, factor):\n    return values[99]",
    "dies": "def scale(values, factor):\n    import os\n    os.kill(os.getpid(), 9)",
}


class Scheduler:
    """A scheduler, and workers that are started in the folder of a course."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.processes: list[subprocess.Popen[bytes]] = []
        self.address = ""
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        wait_for(lambda: re.search(r"tcp://127\.0\.0\.1:\d+", self.said("scheduler")))
        found = re.search(r"tcp://127\.0\.0\.1:\d+", self.said("scheduler"))
        assert found
        self.address = found[0]

    def worker(self, name: str, course: Path) -> subprocess.Popen[bytes]:
        return self._start(
            "worker",
            self.address,
            "--no-nanny",
            "--nthreads",
            "1",
            "--no-dashboard",
            "--name",
            name,
            cwd=course,
        )

    def _start(self, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[bytes]:
        name = arguments[-1] if "--name" in arguments else "scheduler"
        with (self.root / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                cwd=cwd or self.root,
                stdout=log,
                stderr=log,
                # Scratch space lies in the working directory otherwise.
                env={**os.environ, "DASK_TEMPORARY_DIRECTORY": str(self.root / name)},
            )
        self.processes.append(process)
        return process

    def said(self, name: str) -> str:
        return (self.root / f"{name}.log").read_text()

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def wait_for(condition: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)


def children(pid: int) -> list[str]:
    return [
        child
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = make_course(tmp_path_factory.mktemp("course"))
    unit = load_unit(root, "tiny")
    kinds = list(SCALES)
    for number in range(STUDENTS):
        kind = kinds[number] if number < len(kinds) else "right"
        write(root / f"class/s{number:02}.ipynb", cells(unit, {"tiny.scale": SCALES[kind]}))
    (root / "class/junk.ipynb").write_text("this is no notebook")
    return root


@pytest.fixture(scope="module")
def unit(course: Path) -> Unit:
    return load_unit(course, "tiny")


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scheduler]:
    made = Scheduler(tmp_path_factory.mktemp("dask"))
    yield made
    made.close()


def by_student(graded: list[tuple[Found, Any]]) -> dict[str, Line]:
    """What the journal would say, without what differs from run to run."""
    students = [found.student for found, _ in graded]
    assert len(students) == len(set(students))
    return {found.student: journal.lasting(line) for found, line in graded}


def connect(unit: Unit, scheduler: Scheduler, said: list[str], **changes: Any) -> ClusterGrader:
    policy = Policy(late=load_course(unit.root).late)
    settings: dict[str, Any] = {"policy": policy, "lowest": TIER, "tell": said.append, **changes}
    return ClusterGrader(unit, SECRET, LIMITS, scheduler=scheduler.address, **settings)


def test_the_life_of_a_cluster(
    course: Path, unit: Unit, scheduler: Scheduler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One test, because workers take seconds to start: refused, killed, resumed."""
    found = collect([course / "class"], "tiny")
    one, two = (scheduler.worker(name, course) for name in ("one", "two"))
    scheduler.worker(
        "other", make_course(tmp_path / "other", ("checks.py", "draw.normal(3, 2)", "draw.normal(3, 4)"))
    )
    with Grader(unit, SECRET, LIMITS, tier=TIER) as grader:
        alone = by_student(list(grade_each(grader, found)))

    # As many as there are; one of two is killed in mid-run.
    wait_for(
        lambda: all(
            "Starting established connection" in scheduler.said(name) for name in ("one", "two", "other")
        )
    )
    said: list[str] = []
    graded: list[tuple[Found, Any]] = []
    with connect(unit, scheduler, said) as grader:
        assert grader.tier == TIER
        assert any("Workers: 2 of tcp" in line for line in said), said
        assert any("gets no work" in line and "solutions/tiny/" in line for line in said), said
        for item in grade_each(grader, found):
            graded.append(item)
            if len(graded) == 5:
                one.kill()
                one.wait()
    assert by_student(graded) == alone
    assert len(graded) == STUDENTS + 1
    assert any("is lost" in line for line in said), said
    for name in ("scheduler", "two", "other"):
        assert SECRET.decode() not in scheduler.said(name)
    # Sandboxes end with the run.
    wait_for(lambda: not children(two.pid))

    # What is done is kept, on the cluster and off it; a line that is missing is made again, once.
    out = tmp_path / "out"

    def run(address: str | None) -> str:
        messages = Console(file=io.StringIO(), width=1000)
        failed = session.grade_class(
            [course / "class"], "tiny", out, session.Options(demo_secret=True, scheduler=address),
            console=messages, messages=messages,
        )  # fmt: skip
        assert failed == session.Failures(unreadable=1), messages.file.getvalue()  # type: ignore[attr-defined]
        return messages.file.getvalue()  # type: ignore[attr-defined]

    monkeypatch.chdir(course)
    run(scheduler.address)
    lines = (out / journal.NAME).read_bytes()
    assert b"secret of" not in lines
    assert f"{STUDENTS} results were kept" in run(scheduler.address)
    assert f"{STUDENTS} results were kept" in run(None)
    assert (out / journal.NAME).read_bytes() == lines
    (out / journal.NAME).write_bytes(b"".join(lines.splitlines(keepends=True)[:6])[:-20])
    run(scheduler.address)
    whole = {student: line for (student, _), line in journal.read_journal(out).items()}
    assert {student: whole[student].score for student in alone} == {
        name: line.score for name, line in alone.items()
    }
    assert len((out / journal.NAME).read_bytes().splitlines()) == STUDENTS + 2

    # Other checks here than on any worker: nothing is graded.
    changed = make_course(tmp_path / "changed", ("reference.py", "0.25 * torch", "0.25 * 2 * torch"))
    with (
        pytest.raises(UserError, match=r"no worker of tcp.* can grade: .*the files of solutions/tiny/"),
        connect(load_unit(changed, "tiny"), scheduler, []),
    ):
        pass


def order_for(course_unit: Unit, **changes: Any) -> Order:
    settings: dict[str, Any] = {
        "id": "run", "unit": "tiny", "secret": SECRET, "limits": LIMITS, "policy": Policy(), "device": "cpu",
        "tier": None, "lowest": "restricted", "unsafe": False, "checks_sha256": {}, "sources": cluster.sources(course_unit),
    }  # fmt: skip
    return Order(**settings | changes)


def test_what_a_worker_refuses(unit: Unit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster, "_loaded", {})

    def refused(order: Order) -> str:
        return msgspec.json.decode(cluster.offer(order), type=cluster._Offer).refused

    monkeypatch.chdir(tmp_path)
    assert "no course.toml" in refused(order_for(unit))
    monkeypatch.chdir(unit.root)
    assert "unknown unit 'other'" in refused(order_for(unit, unit="other"))
    for name in cluster.sources(unit):
        theirs = cluster.sources(unit) | {name: "another"}
        assert f"different: {name} (" in refused(order_for(unit, sources=theirs))
    monkeypatch.setattr(cluster, "probe", lambda: Probe("restricted", "", {"full": "no namespaces"}))
    assert "tier 'full' is not to be had: no namespaces" in refused(order_for(unit, tier="full"))
    assert "course.toml asks for sandbox tier 'full'" in refused(order_for(unit, lowest="full"))
    path = unit.folders["tiny.scale"]["checks.py"]
    text = path.read_text()
    try:
        path.write_text(text + "# Pulled while the worker was running.\n")
        assert "restart the worker" in refused(order_for(unit))
    finally:
        path.write_text(text)


def test_the_secret_is_not_shown(unit: Unit) -> None:
    assert SECRET.decode() not in repr(order_for(unit))


@pytest.fixture
def pretended(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> ClusterGrader:
    """Four workers that are asked nothing; `_ask` is each test's own."""
    grader = ClusterGrader(unit, SECRET, LIMITS, scheduler="tcp://nowhere:1", lowest="none")
    for name in "abcd":
        grader._workers[name] = cluster._Worker(name, None, tier="none", jobs=1, free=2)
    return grader


@pytest.fixture
def work(course: Path) -> Submission:
    made = read_submission(course / "class/s00.ipynb", "tiny", "ada")
    assert isinstance(made, Submission)
    return made


def test_a_submission_that_takes_workers_with_it(
    pretended: ClusterGrader, work: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def lost(worker: Any, work: bytes) -> Any:
        asked.append(worker.address)
        return cluster._Answer(fault="was lost")

    monkeypatch.setattr(pretended, "_ask", lost)
    with pytest.raises(
        ClusterError, match=r"3 workers failed in turn .*s00\.ipynb: a was lost; b was lost; c was lost"
    ):
        pretended.grade(work)
    assert asked == ["a", "b", "c"]
    assert [worker.free for worker in pretended._workers.values()] == [2, 2, 2, 2]


def test_a_worker_that_fails_and_fails_gets_no_more(
    pretended: ClusterGrader, work: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    said: list[str] = []
    pretended._tell = said.append

    def ask(worker: Any, work: bytes) -> Any:
        asked.append(worker.address)
        return cluster._Answer(fault="disk full") if worker.address == "a" else cluster._Answer(told)

    told = {"person": {"key": "ada", "name": "ada"}, "student": "ada", "unit": "tiny", "status": "graded"}
    told |= {"score": 1.0, "max_score": 5.0}
    monkeypatch.setattr(pretended, "_ask", ask)
    for _ in range(10):
        assert pretended.grade(work).score == 1.0
    assert asked.count("a") == 3
    assert said == ["Worker a gets no more work: it failed 3 times in a row, the last time with: disk full"]


def test_when_the_last_worker_fails_nobody_waits(
    pretended: ClusterGrader, course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretended, "_ask", lambda worker, work: cluster._Answer(fault="disk full"))
    with pytest.raises(UserError, match=r"no worker of tcp://nowhere:1 can grade: a: it failed 3 times"):
        list(grade_each(pretended, collect([course / "class"], "tiny")))


def test_nobody_listens(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.2)
    with (
        pytest.raises(UserError, match="no Dask scheduler answers there"),
        ClusterGrader(unit, SECRET, LIMITS, scheduler="tcp://127.0.0.1:1", lowest="none"),
    ):
        pass


def test_without_dask(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UserError, match=re.escape("pip install -e '.[cluster]'")),
        ClusterGrader(unit, SECRET, LIMITS, scheduler="tcp://127.0.0.1:1", lowest="none"),
    ):
        pass


def test_an_unknown_tier(unit: Unit) -> None:
    with pytest.raises(UserError, match="--sandbox thick: there is no such tier"):
        ClusterGrader(unit, SECRET, scheduler="tcp://127.0.0.1:1", lowest="none", tier="thick")
