"""The same grading on the workers of a Dask cluster.

Here, on the machine of whoever grades, hand-ins are read and the journal is written. Each hand-in is one task, and
Dask's scheduler decides which of the accepted workers does it. Who they are is found out by `autograder.grading.crew`;
what they do is in `autograder.grading.worker`.
"""

from __future__ import annotations

import importlib
import json
import time
import uuid
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from types import TracebackType
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from autograder.course.units import Unit, combined_sha256
from autograder.errors import ClusterError, UserError
from autograder.grading.crew import Crew, connect
from autograder.grading.grader import Grader, Policy, Work
from autograder.grading.worker import Answer, Cluster, Demand, Order, grade_work, sources
from autograder.intake.submission import Submission
from autograder.results import ExerciseLine, Line, from_json
from autograder.sandbox.client import Limits
from autograder.sandbox.tiers import TIERS

# A hand-in that failed so often, or whose workers were all lost, is sent to no other.
_TRIES = 3
# Seconds between two looks at what is done.
_POLL = 0.02

_Key = TypeVar("_Key")


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
    ) -> None:
        """Prepare to grade.

        Args:
            unit, secret, limits, policy, device: as of `Grader`.
            cluster: where, and in which tier.

        Raises:
            UserError: there is no such tier.
        """
        if cluster.tier is not None and cluster.tier not in TIERS:
            raise UserError(
                f"--sandbox {cluster.tier}: there is no such tier; choose one of {', '.join(TIERS[1:])}"
            )
        self.unit, self.device = unit, device
        self.tier = cluster.tier or ("none" if cluster.unsafe else cluster.lowest)
        self._scheduler = cluster.scheduler
        demand = Demand(unit=unit.id, device=device, cluster=cluster, sources=sources(unit))
        self._order = Order(
            id=uuid.uuid4().hex,
            demand=demand,
            secret=secret,
            limits=limits or Limits(),
            policy=policy or Policy(),
        )
        self._here = self._grader_here()
        self._waiting: deque[_Task] = deque()
        self._running: dict[Any, _Task] = {}
        self._done: deque[tuple[Any, Line | Exception | None]] = deque()

    def _grader_here(self) -> Grader:
        """One that is never entered: it hashes the checks and makes the lines of what cannot be read."""
        made = self._order
        return Grader(
            self.unit, made.secret, made.limits, policy=made.policy, device=self.device, tier=self.tier
        )

    def __enter__(self) -> ClusterGrader:
        with ExitStack() as stack:
            client = connect(self._scheduler)
            stack.callback(client.close, timeout=0.5)
            self._crew = Crew(client, self._order)
            stack.callback(self._crew.release)
            as_completed = importlib.import_module("distributed").as_completed
            self._completed = as_completed(loop=client.loop, with_results=True, raise_errors=False)
            self.tier = self._crew.wait()
            self._here = self._grader_here()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def policy(self) -> Policy:
        """What the course says about scores."""
        return self._order.policy

    @property
    def max_score(self) -> float:
        """As `Grader.max_score`."""
        return self._here.max_score

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
            room = max(0, 2 * self._crew.threads() - len(self._running) - len(self._waiting))
            fresh = list(islice(coming, room))
            for key, work in fresh:
                self._take_in(key, work)
            if room and not fresh and not self._running and not self._waiting:
                return
            self._send()
            if not self._done and not self._completed.has_ready():
                time.sleep(_POLL)
            self._crew.look()
            self._send_again_what_is_lost()
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
        ready = self._crew.ready()
        together: dict[frozenset[str], list[_Task]] = {}
        while ready and self._waiting:
            task = self._waiting.popleft()
            task.workers = (ready - task.failed) or ready
            together.setdefault(task.workers, []).append(task)
        for workers, tasks in together.items():
            futures = self._crew.map(grade_work, [task.data for task in tasks], workers, run=self._order.id)
            self._running |= zip(futures, tasks, strict=True)
            self._completed.update(futures)

    def _take_result(self, task: _Task, future: Any, result: Any) -> None:
        if future.status != "finished":
            self._crew.check_connection(future)
            # Usually a KilledWorker: Dask itself counts how many workers a task took with it.
            error = result[1] if isinstance(result, tuple) else result
            self._give_up(
                task, f"{task.path} could not be graded: {type(error).__name__}: {str(error)[:200]}"
            )
            return
        answer = msgspec.convert(json.loads(result), Answer)
        self._crew.note(answer.worker, answer.fault)
        if answer.result is not None:
            self._done.append((task.key, self._as_here(from_json(answer.result))))
        else:
            task.failed.add(answer.worker)
            self._try_again(task, f"{answer.worker} {answer.fault}")

    def _send_again_what_is_lost(self) -> None:
        # Dask waits for the very workers that were named; those that join have other addresses.
        for future, task in list(self._running.items()):
            if not future.done() and not task.workers & self._crew.present:
                del self._running[future]
                future.cancel()
                self._try_again(task, f"{', '.join(sorted(task.workers))} lost")

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
