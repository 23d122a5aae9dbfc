"""Grading on a Dask cluster: two worker processes on this machine, some of them killed, some of them refused."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import pickle
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask
import distributed
import msgspec
import pytest
from rich.console import Console

from autograder.cli import session
from autograder.cli.each import grade_each
from autograder.course.config import load_course
from autograder.course.units import Unit, load_unit
from autograder.errors import ClusterError, UserError
from autograder.grading import crew, journal, worker
from autograder.grading.cluster import ClusterGrader
from autograder.grading.grader import Grader, Policy, Work
from autograder.grading.worker import Cluster, Demand, Offer, Order
from autograder.intake.collect import Found, collect
from autograder.intake.submission import Submission, read_submission
from autograder.results import Line, Person
from autograder.sandbox.client import Limits
from autograder.sandbox.tiers import Probe, probe
from tests.support.notebooks import sources as cells
from tests.support.notebooks import write
from tests.support.tiny import make_course

TIER = probe().best
SECRET = b"the secret of this cluster"
LIMITS = Limits(seconds=5.0, memory_mb=1024)
NOWHERE = Cluster(scheduler="tcp://127.0.0.1:1", lowest="none")
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


class Notices(logging.Handler):
    """What is said to whoever grades."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self.tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self.tell(record.getMessage())


@contextlib.contextmanager
def hearing(tell: Callable[[str], None]) -> Iterator[Notices]:
    log, handler = logging.getLogger("autograder"), Notices(tell)
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield handler
    finally:
        log.setLevel(logging.NOTSET)
        log.removeHandler(handler)


def connect(unit: Unit, scheduler: Scheduler) -> ClusterGrader:
    policy = Policy(late=load_course(unit.root).late)
    cluster = Cluster(scheduler=scheduler.address, lowest=TIER)
    return ClusterGrader(unit, SECRET, LIMITS, cluster=cluster, policy=policy)


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
    with hearing(said.append), connect(unit, scheduler) as there:
        assert there.tier == TIER
        assert any("Workers: 2 of tcp" in line for line in said), said
        assert any("gets no work" in line and "solutions/tiny/" in line for line in said), said
        for item in grade_each(there, found):
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
    whole = {student: line for (student, _), line in journal.read_journal(out).lines.items()}
    assert {student: whole[student].score for student in alone} == {
        name: line.score for name, line in alone.items()
    }
    assert len((out / journal.NAME).read_bytes().splitlines()) == STUDENTS + 2

    # Other checks here than on any worker: nothing is graded.
    changed = make_course(tmp_path / "changed", ("reference.py", "0.25 * torch", "0.25 * 2 * torch"))
    with (
        pytest.raises(UserError, match=r"no worker of tcp.* can grade: .*the files of solutions/tiny/"),
        connect(load_unit(changed, "tiny"), scheduler),
    ):
        pass


def demand_for(course_unit: Unit, **changes: Any) -> Demand:
    tiers: dict[str, Any] = {
        name: changes.pop(name) for name in ("tier", "lowest", "unsafe") if name in changes
    }
    settings: dict[str, Any] = {"unit": "tiny", "device": "cpu", "sources": worker.sources(course_unit)}
    return Demand(**settings | changes, cluster=replace(NOWHERE, **{"lowest": "restricted"} | tiers))


def test_what_a_worker_refuses(unit: Unit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(worker, "_loaded", {})

    def refused(demand: Demand) -> str:
        order = Order(id="run", demand=demand, secret=SECRET, limits=LIMITS, policy=Policy())
        reasons = {
            msgspec.json.decode(it, type=Offer).refused
            for it in (worker.offer_to_grade(demand), worker.prepare_to_grade(order))
        }
        assert len(reasons) == 1
        return reasons.pop()

    monkeypatch.chdir(tmp_path)
    assert "no course.toml" in refused(demand_for(unit))
    monkeypatch.chdir(unit.root)
    assert "unknown unit 'other'" in refused(demand_for(unit, unit="other"))
    for name in worker.sources(unit):
        theirs = worker.sources(unit) | {name: "another"}
        assert f"different: {name} (" in refused(demand_for(unit, sources=theirs))
    monkeypatch.setattr(worker, "probe", lambda: Probe("restricted", "", {"full": "no namespaces"}))
    assert "tier 'full' is not to be had: no namespaces" in refused(demand_for(unit, tier="full"))
    assert "course.toml asks for sandbox tier 'full'" in refused(demand_for(unit, lowest="full"))
    path = unit.folders["tiny.scale"]["checks.py"]
    text = path.read_text()
    try:
        path.write_text(text + "# Pulled while the worker was running.\n")
        assert "restart the worker" in refused(demand_for(unit))
    finally:
        path.write_text(text)


def test_the_secret_is_not_shown(unit: Unit) -> None:
    demand = demand_for(unit)
    order = Order(id="run", demand=demand, secret=SECRET, limits=LIMITS, policy=Policy())
    assert SECRET in pickle.dumps(order)
    assert SECRET.decode() not in repr(order)
    assert SECRET not in pickle.dumps(demand)


class Here:
    """A scheduler and workers in this process, which have their own idea of what it is to grade."""

    def __init__(self, local: Any, unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
        self.local = local
        self.said: list[str] = []
        self.notices: Notices
        # The address of the worker, for each time.
        self.accepted: list[str] = []
        self.graded: list[str] = []
        self.refused: set[str] = set()
        self.does: Callable[[str], None] = lambda address: time.sleep(0.01)
        self.grader = ClusterGrader(
            unit,
            SECRET,
            LIMITS,
            cluster=Cluster(scheduler=local.scheduler_address, lowest="none"),
        )
        here = self

        class Pretended:
            def __init__(self, *_: Any, jobs: int, **__: Any) -> None:
                self.jobs = jobs

            def __enter__(self) -> Pretended:
                return self

            def __exit__(self, *_: object) -> None: ...

            def grade_best(self, work: Work) -> Line:
                address = distributed.get_worker().address
                here.graded.append(address)
                here.does(address)
                (one,) = work.attempts
                person = Person(key=one.student, name=one.student)
                return Line(
                    person=person, student=one.student, unit="tiny", status="graded", score=1.0, max_score=5.0
                )

        def accept(demand: Demand) -> tuple[Unit, str]:
            address = distributed.get_worker().address
            self.accepted.append(address)
            if address in self.refused:
                raise UserError("not as it must be")
            return unit, "none"

        monkeypatch.setattr(worker, "Grader", Pretended)
        monkeypatch.setattr(worker, "_accept", accept)

    def lose(self, address: str) -> None:
        """What the scheduler does when a worker is not there any more."""
        scheduler = self.local.scheduler
        self.local.loop.add_callback(scheduler.remove_worker, address, stimulus_id="test", expected=False)
        time.sleep(0.3)

    def grade(self, submissions: list[Submission]) -> list[tuple[Any, Any]]:
        found = list(self.grader.grade_all((item.student, Work((item,))) for item in submissions))
        assert sorted(student for student, _ in found) == [item.student for item in submissions]
        return found


@pytest.fixture
def here(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> Iterator[Here]:
    with (
        # A scheduler that a test has closed is waited for as long as that.
        dask.config.set({"distributed.comm.timeouts.connect": "3s"}),
        distributed.LocalCluster(
            n_workers=4, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
        ) as local,
    ):
        made = Here(local, unit, monkeypatch)
        with hearing(made.said.append) as made.notices:
            yield made


def submissions(course: Path, number: int) -> list[Submission]:
    made = [read_submission(course / "class/s00.ipynb", "tiny", f"s{index:02}") for index in range(number)]
    assert all(isinstance(item, Submission) for item in made)
    return made  # type: ignore[return-value]


def test_only_accepted_workers_are_sent_the_secret(here: Here, course: Path) -> None:
    other, *ready = (item.address for item in here.local.workers.values())
    here.refused = {other}
    with here.grader:
        assert f"Worker {other} gets no work: not as it must be" in here.said
        assert {result.score for _, result in here.grade(submissions(course, 20))} == {1.0}
    # Those who are sent it look at themselves once more.
    assert sorted(here.accepted) == sorted([other, *ready, *ready])
    assert set(here.graded) == set(ready)


def test_a_submission_that_fails_everywhere(here: Here, course: Path) -> None:
    def fails(address: str) -> None:
        raise OSError(f"nothing at {address}")

    here.does = fails
    with here.grader:
        ((_, error),) = here.grade(submissions(course, 1))
    assert isinstance(error, ClusterError)
    assert re.search(
        r"3 workers failed in turn .*s00\.ipynb: (tcp\S+ OSError: nothing at \S+(; |\. )){3}", str(error)
    )
    assert len(here.graded) == len(set(here.graded)) == 3


def test_a_submission_that_takes_workers_with_it(here: Here, course: Path) -> None:
    here.does = here.lose
    here.local.scheduler.allowed_failures = 1
    with here.grader:
        ((_, error),) = here.grade(submissions(course, 1))
    assert isinstance(error, ClusterError)
    assert re.search(r"s00\.ipynb could not be graded: KilledWorker: .*on 2 ", str(error), re.DOTALL)
    assert len(set(here.graded)) == 2


def test_all_workers_are_lost_and_another_one_joins(here: Here, course: Path) -> None:
    first = [item.address for item in here.local.workers.values()]

    def works(address: str) -> None:
        if len(here.graded) > 6 and first:
            for item in [first.pop() for _ in range(len(first))]:
                here.lose(item)

    def tell(text: str) -> None:
        here.said.append(text)
        if "No worker is left" in text:
            here.local.loop.add_callback(here.local.scale, 6)

    here.does = works
    here.notices.tell = tell
    # What lay ready at the one goes to the next, which is lost too.
    here.local.scheduler.allowed_failures = 10
    with here.grader:
        found = here.grade(submissions(course, 20))
    assert "No worker is left: waiting for others. Ctrl-C stops; what was graded is kept." in here.said
    assert {result.score for _, result in found} == {1.0}


def test_a_worker_that_fails_and_fails_gets_no_more(here: Here, course: Path) -> None:
    full = next(iter(here.local.workers.values())).address

    def works(address: str) -> None:
        time.sleep(0.02)
        if address == full:
            raise OSError("disk full")

    here.does = works
    with here.grader:
        said = len(here.said)
        assert {result.score for _, result in here.grade(submissions(course, 40))} == {1.0}
    assert here.said[said:] == [
        f"Worker {full} gets no more work: it failed 3 times in a row, the last time with: OSError: disk full"
    ]
    # What lay ready there is tried too.
    assert 3 <= here.graded.count(full) < 8


def test_when_the_last_worker_fails_nobody_waits(here: Here, course: Path) -> None:
    def fails(address: str) -> None:
        raise UserError("disk full")

    here.does = fails
    with (
        here.grader,
        pytest.raises(UserError, match=r"no worker of tcp://\S+ can grade: tcp\S+: it failed 3 times"),
    ):
        list(grade_each(here.grader, collect([course / "class"], "tiny")))


def test_the_scheduler_is_lost(here: Here, course: Path) -> None:
    def works(address: str) -> None:
        if len(here.graded) == 6:
            here.local.loop.add_callback(here.local.scheduler.close)
        time.sleep(0.05)

    here.does = works
    with here.grader, pytest.raises(UserError, match="the connection to tcp://.* is lost"):
        here.grade(submissions(course, 40))


def test_nobody_listens(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "_CONNECT_SECONDS", 0.2)
    with (
        pytest.raises(UserError, match="no Dask scheduler answers there"),
        ClusterGrader(unit, SECRET, LIMITS, cluster=NOWHERE),
    ):
        pass


def test_without_dask(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UserError, match=re.escape("pip install -e '.[cluster]'")),
        ClusterGrader(unit, SECRET, LIMITS, cluster=NOWHERE),
    ):
        pass


def test_an_unknown_tier(unit: Unit) -> None:
    with pytest.raises(UserError, match="--sandbox thick: there is no such tier"):
        ClusterGrader(unit, SECRET, cluster=replace(NOWHERE, tier="thick"))
