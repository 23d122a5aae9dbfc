"""The same grading on the workers of a Dask cluster.

Here, on the machine of whoever grades, hand-ins are read and the journal is written. Each hand-in is one task, and
Dask's scheduler decides which of the accepted workers does it; see `autograder.grading.worker` for their side.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import logging
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from autograder.course.units import Unit, combined_sha256
from autograder.errors import ClusterError, UserError
from autograder.grading import worker
from autograder.grading.grader import Grader, Policy, Work
from autograder.grading.worker import Answer, Cluster, Demand, Offer, Order
from autograder.intake.submission import Submission
from autograder.results import ExerciseLine, Line, from_json
from autograder.sandbox.client import Limits
from autograder.sandbox.tiers import TIERS

# A hand-in that failed so often, or whose workers were all lost, is sent to no other.
_TRIES = 3
# A worker that failed so often in a row gets no more work: a full disk would use up a class.
_FAULTS = 3
# Seconds between two looks at who has joined and who is lost, and between two looks at what is done.
_TICK = 0.5
_POLL = 0.02
_CONNECT_SECONDS = 15

_Key = TypeVar("_Key")


@dataclass(kw_only=True)
class _Worker:
    """What is known of a worker.

    Attributes:
        threads: how many submissions it grades at a time.
        asked: its answer, to come.
        accepted: it is as it must be, and was sent the order.
        tier: in which it grades; empty until it is prepared.
        refused: why it gets no work; empty if it may.
        faults: how often it has failed in a row.
    """

    threads: int
    asked: Any
    accepted: bool = False
    tier: str = ""
    refused: str = ""
    faults: int = 0


@dataclass(kw_only=True)
class _Task:
    """A hand-in on its way: whose, its file, what is sent, who may do it, where it failed and what came of each try."""

    key: Any
    path: str
    data: bytes
    workers: frozenset[str] = frozenset()
    failed: set[str] = field(default_factory=set)
    why: list[str] = field(default_factory=list)


class ClusterGrader:
    """Grades submissions of one unit on a cluster. Use as a context manager.

    Attributes:
        tier: the weakest that a result may be made in; once entered, the weakest of the workers that are there.
    """

    def __init__(
        self,
        unit: Unit,
        secret: bytes,
        limits: Limits | None = None,
        *,
        cluster: Cluster,
        policy: Policy | None = None,
        device: str = "cpu",
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Prepare to grade.

        Args:
            unit, secret, limits, policy, device: as of `Grader`.
            cluster: where, and in which tier.
            tell: shows the user a sentence.

        Raises:
            UserError: there is no such tier.
        """
        if cluster.tier is not None and cluster.tier not in TIERS:
            raise UserError(
                f"--sandbox {cluster.tier}: there is no such tier; choose one of {', '.join(TIERS[1:])}"
            )
        self.unit, self.device = unit, device
        self.tier = cluster.tier or ("none" if cluster.unsafe else cluster.lowest)
        self._scheduler, self._tell = cluster.scheduler, tell
        demand = Demand(unit=unit.id, device=device, cluster=cluster, sources=worker.sources(unit))
        self._order = Order(
            id=uuid.uuid4().hex,
            demand=demand,
            secret=secret,
            limits=limits or Limits(),
            policy=policy or Policy(),
        )
        self._here = self._grader_here()
        self._workers: dict[str, _Worker] = {}
        self._waiting: deque[_Task] = deque()
        self._running: dict[Any, _Task] = {}
        self._done: deque[tuple[Any, Line | Exception | None]] = deque()
        self._looked = 0.0

    def _grader_here(self) -> Grader:
        """One that is never entered: it hashes the checks and makes the lines of what cannot be read."""
        made = self._order
        return Grader(
            self.unit, made.secret, made.limits, policy=made.policy, device=self.device, tier=self.tier
        )

    def __enter__(self) -> ClusterGrader:
        distributed = _distributed()
        with ExitStack() as stack:
            try:
                self._client = distributed.Client(
                    self._scheduler, timeout=_CONNECT_SECONDS, set_as_default=False, name="autograder"
                )
            except (OSError, ValueError, TypeError) as error:
                raise UserError(
                    f"--scheduler {self._scheduler}: no Dask scheduler answers there ({error}). Start one with `dask "
                    "scheduler`; its first lines say its address"
                ) from error
            stack.callback(self._client.close, timeout=_TICK)
            stack.callback(self._release)
            self._completed = distributed.as_completed(
                loop=self._client.loop, with_results=True, raise_errors=False
            )
            self._wait_for_workers()
            self._here = self._grader_here()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def checks_sha256(self) -> dict[str, str]:
        """As `Grader.checks_sha256`."""
        return self._here.checks_sha256

    def is_up_to_date(self, line: Line) -> bool:
        """As `Grader.is_up_to_date`."""
        return self._here.is_up_to_date(line)

    def to_keep(self, line: Line) -> dict[str, ExerciseLine]:
        """As `Grader.to_keep`."""
        return self._here.to_keep(line)

    def grade_all(
        self, works: Iterable[tuple[_Key, Work | Exception | None]]
    ) -> Iterator[tuple[_Key, Line | Exception | None]]:
        """Grade many, in the order in which they are done.

        Args:
            works: read on as workers have room. What is not `Work` is given back as it is.

        Yields:
            Each key once, with its line, or a `ClusterError` if there is none by a fault that is not the student's.

        Raises:
            UserError: no scheduler any more, or none but workers that refuse.
        """
        coming = iter(works)
        while True:
            # As many again lie ready at the workers; more would be out of reach of those that join later.
            room = max(0, 2 * self._threads() - len(self._running) - len(self._waiting))
            fresh = list(islice(coming, room))
            for key, work in fresh:
                self._take_in(key, work)
            if room and not fresh and not self._running and not self._waiting:
                return
            self._send()
            if not self._done and not self._completed.has_ready():
                time.sleep(_POLL)
            self._look()
            for future, result in self._completed.next_batch(block=False):
                # What was given up here meanwhile is no longer asked for: each key is answered once.
                if task := self._running.pop(future, None):
                    self._take_result(task, future, result)
            while self._done:
                yield self._done.popleft()

    def _take_in(self, key: object, work: Work | Exception | None) -> None:
        if not isinstance(work, Work):
            self._done.append((key, work))
        elif attempts := tuple(item for item in work.attempts if isinstance(item, Submission)):
            data = msgspec.msgpack.encode((attempts, work.keep))
            self._waiting.append(_Task(key=key, path=attempts[-1].path, data=data))
        else:
            self._done.append((key, self._here.grade_best(work)))

    def _send(self) -> None:
        """Hand to Dask what waits: any worker that is ready may do it, rather one where it has not failed."""
        ready = self._ready()
        together: dict[frozenset[str], list[_Task]] = {}
        while ready and self._waiting:
            task = self._waiting.popleft()
            task.workers = (ready - task.failed) or ready
            together.setdefault(task.workers, []).append(task)
        for workers, tasks in together.items():
            futures = self._map(worker.grade, [task.data for task in tasks], workers, run=self._order.id)
            self._running |= zip(futures, tasks, strict=True)
            self._completed.update(futures)

    def _map(
        self,
        function: Callable[..., bytes],
        arguments: Sequence[object],
        workers: Iterable[str],
        **more: object,
    ) -> list[Any]:
        """A future for each argument, computed by these workers and no others."""
        keys = [f"autograder-{function.__name__}-{uuid.uuid4().hex}" for _ in arguments]
        futures: list[Any] = self._client.map(
            function, arguments, key=keys, workers=list(workers), pure=False, **more
        )
        return futures

    def _take_result(self, task: _Task, future: Any, result: Any) -> None:
        if future.status != "finished":
            self._check_connection(future)
            # Usually a KilledWorker: Dask itself counts how many workers a task took with it.
            error = result[1] if isinstance(result, tuple) else result
            self._give_up(
                task, f"{task.path} could not be graded: {type(error).__name__}: {str(error)[:200]}"
            )
            return
        answer = msgspec.convert(json.loads(result), Answer)
        by = self._workers.get(answer.worker)
        if answer.result is not None:
            if by:
                by.faults = 0
            self._done.append((task.key, self._as_here(from_json(answer.result))))
            return
        task.failed.add(answer.worker)
        self._try_again(task, f"{answer.worker} {answer.fault}")
        if by:
            by.faults += 1
            if by.faults == _FAULTS:
                by.refused = f"it failed {_FAULTS} times in a row, the last time with: {answer.fault}"
                self._tell(f"Worker {answer.worker} gets no more work: {by.refused}")

    def _try_again(self, task: _Task, why: str) -> None:
        task.why.append(why)
        if len(task.why) < _TRIES:
            self._waiting.append(task)
        else:
            why = "; ".join(task.why)
            self._give_up(task, f"{_TRIES} workers failed in turn while they graded {task.path}: {why}")

    def _give_up(self, task: _Task, why: str) -> None:
        text = f"{why}. To find out more, grade this file alone without --scheduler"
        self._done.append((task.key, ClusterError(text)))

    def _as_here(self, line: Line) -> Line:
        """The sources are the same, but the hash is that of values, which another processor may round differently."""
        hashes = self.checks_sha256
        exercises = {id_: replace(item, checks_sha256=hashes[id_]) for id_, item in line.exercises.items()}
        return replace(line, exercises=exercises, checks_sha256=combined_sha256(hashes))

    # --- who is there ---

    def _ready(self) -> frozenset[str]:
        return frozenset(name for name, item in self._workers.items() if item.tier and not item.refused)

    def _threads(self) -> int:
        return sum(self._workers[address].threads for address in self._ready())

    def _wait_for_workers(self) -> None:
        """Wait until all workers who are there have answered, and one is ready."""
        told = False
        while not self._ready() or any(item.asked for item in self._workers.values()):
            self._look()
            if not self._workers and not told:
                told = True
                self._tell(f"Waiting: no worker has joined {self._scheduler} yet. Ctrl-C stops.")
            time.sleep(_POLL)
        tiers = sorted({self._workers[address].tier for address in self._ready()}, key=TIERS.index)
        self.tier = tiers[0]
        self._tell(
            f"Workers: {len(self._ready())} of {self._scheduler}, {self._threads()} submissions at a time, sandbox "
            f"{', '.join(tiers)}."
        )

    def _look(self) -> None:
        """Take answers, and now and then notice who has joined and who is lost."""
        for address, item in self._workers.items():
            if item.asked and item.asked.done():
                self._take_offer(address, item)
        if time.monotonic() > self._looked + _TICK:
            try:
                self._compare(self._client.nthreads())
            except OSError:
                # Dask tries to connect again by itself, for a while.
                self._check_connection()
            self._looked = time.monotonic()
        if self._workers and all(item.refused for item in self._workers.values()):
            reasons = "; ".join(f"{address}: {item.refused}" for address, item in self._workers.items())
            raise UserError(f"no worker of {self._scheduler} can grade: {reasons}")

    def _compare(self, present: dict[str, int]) -> None:
        lost = self._workers.keys() - present.keys()
        for address in lost:
            if not self._workers.pop(address).refused:
                self._tell(f"Worker {address} is lost; what it was grading is graded by others.")
        for address in present.keys() - self._workers.keys():
            (asked,) = self._map(worker.offer, [self._order.demand], [address])
            self._workers[address] = _Worker(threads=present[address], asked=asked)
        if lost and not self._workers:
            self._tell("No worker is left: waiting for others. Ctrl-C stops; what was graded is kept.")
        # Dask waits for the very workers that were named; those that join have other addresses.
        for future, task in list(self._running.items()):
            if not future.done() and not task.workers & present.keys():
                del self._running[future]
                future.cancel()
                self._try_again(task, f"{', '.join(sorted(task.workers))} lost")

    def _take_offer(self, address: str, item: _Worker) -> None:
        future, item.asked = item.asked, None
        try:
            answer = msgspec.json.decode(future.result(_TICK), type=Offer)
        except (Exception, asyncio.CancelledError) as error:
            self._check_connection(future)
            answer = Offer(
                refused=f"{type(error).__name__}: {error}. Is the course's package installed there?"
            )
        item.refused = answer.refused
        if item.refused:
            self._tell(f"Worker {address} gets no work: {item.refused}")
        elif item.accepted:
            item.tier = answer.tier
        else:
            item.accepted = True
            (item.asked,) = self._map(worker.prepare, [self._order], [address])

    def _check_connection(self, future: Any = None) -> None:
        # What Dask held is gone with its scheduler, and is cancelled; that is no fault of a worker's.
        if self._client.status != "running" or (future is not None and future.status == "cancelled"):
            raise UserError(
                f"the connection to {self._scheduler} is lost. What was graded is in the journal: the same command "
                "goes on from there"
            )

    def _release(self) -> None:
        """Let the workers end their sandboxes."""
        with contextlib.suppress(OSError):
            # One that is lost would be tried to reach for half a minute.
            present = self._client.nthreads() if self._client.status == "running" else {}
            if accepted := [
                name for name, item in self._workers.items() if item.accepted and name in present
            ]:
                self._client.run(worker.release, self._order.id, workers=accepted, on_error="ignore")


def _distributed() -> Any:
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise UserError(
            "--scheduler needs Dask, which is not installed: in the course's repository, pip install -e '.[cluster]'"
        ) from error
    # What matters of it is told in sentences; its stacks would break through the progress bar.
    for name in ("distributed.client", "distributed.utils", "distributed.comm", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return distributed
