"""The same grading on the workers of a Dask cluster.

The grader here, on the machine of whoever grades, reads the files, decides what is kept of earlier results, and is
the only one who writes the journal. A worker holds a prepared `Grader` of its own, with sandboxes on its machine. What
comes from a student crosses between them as bytes only, MessagePack one way and JSON the other, decoded against its
type.

Who grades what is decided here and not by Dask's scheduler: a worker that refuses answers at once, and would be given
one submission after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
import logging
import platform
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
import torch

from autograder.course.config import find_root
from autograder.course.fingerprint import of_files, python_files
from autograder.course.units import Unit, load_unit
from autograder.errors import ClusterError, UserError
from autograder.grading.grader import Grader, Policy
from autograder.intake.submission import Submission, Unreadable
from autograder.results import ExerciseLine, Line, from_json, to_json
from autograder.sandbox.client import Limits
from autograder.sandbox.tiers import TIERS, probe, require

# A submission that was on so many workers when they failed or were lost is graded on no other.
_TRIES = 3
# A worker that failed so often in a row gets no more work: a full disk would use up a class.
_FAULTS = 3
# Read ahead while all workers are busy, so that those who join later find work.
_READ_AHEAD = 128
_TICK = 0.5
_CONNECT_SECONDS = 15
# A worker closes a grader whose run ended without saying so.
_IDLE_SECONDS = 600.0

_PACKAGES = ("autograder", "course_utils")
_VERSIONS = ("ssl-problem-sets", "torch", "torchvision", "numpy")


@dataclass(frozen=True)
class Order:
    """What a worker must know to grade for one run.

    Attributes:
        id: of the run.
        secret: key of the hidden seeds; left out of `repr`, which ends up in logs.
        tier: the sandbox tier to use; the best of the worker's machine if None.
        lowest: the weakest tier that the course accepts.
        unsafe: go on with whatever there is.
        checks_sha256: exercise id -> hash of its checks, for the results.
        sources: what decides a verdict besides the secret, see `sources`.
    """

    id: str
    unit: str
    secret: bytes = field(repr=False)
    limits: Limits
    policy: Policy
    device: str
    tier: str | None
    lowest: str
    unsafe: bool
    checks_sha256: Mapping[str, str]
    sources: Mapping[str, str]


class _Offer(msgspec.Struct):
    """A worker's answer to an order: how it would grade, or why not."""

    tier: str = ""
    jobs: int = 0
    refused: str = ""


class _Answer(msgspec.Struct):
    """A worker's answer to a submission: a line of the journal, or what failed."""

    result: dict[str, Any] | None = None
    fault: str = ""


_Work = tuple[Submission, dict[str, ExerciseLine]]


def sources(unit: Unit) -> dict[str, str]:
    """Versions and hashes that must be the same wherever a class is graded.

    They are of files and not of prepared checks: the last bit of an expected value depends on the processor.
    """
    found = {name: version(name) for name in _VERSIONS}
    found["Python"] = ".".join(platform.python_version_tuple()[:2])
    found |= {f"the files of {name}/": hash_ for name, hash_ in _code().items()}
    found[f"the files of solutions/{unit.id}/"] = of_files(unit.files)
    return found


@cache
def _code() -> dict[str, str]:
    """Package -> hash of its sources, as they were when this process first asked."""
    found = {}
    for name in _PACKAGES:
        folder = Path(str(importlib.import_module(name).__file__)).parent
        found[name] = of_files(python_files(folder))
    return found


# --- on a worker ----------------------------------------------------------------------------------------------------


@dataclass
class _Held:
    """A prepared grader in a worker's process."""

    grader: Grader
    jobs: int
    users: int = 0
    last_used: float = 0.0
    released: bool = False

    def close_if_unused(self) -> None:
        if not self.users:
            self.grader.__exit__(None, None, None)


_held: dict[str, _Held] = {}
_held_lock = threading.Lock()
# Unit -> its sources when they were loaded: a module is loaded once in the life of a process.
_loaded: dict[str, Mapping[str, str]] = {}


def offer(order: Order) -> bytes:
    """Prepare to grade and say how; runs on a worker. Never raises: Dask would log the arguments."""
    try:
        with _grader(order) as held:
            return msgspec.json.encode(_Offer(held.grader.tier, held.jobs))
    except Exception as error:
        return msgspec.json.encode(_Offer(refused=_text(error)))


def grade(order: Order, work: bytes) -> bytes:
    """Grade one submission; runs on a worker. Never raises."""
    try:
        submission, keep = msgspec.msgpack.decode(work, type=_Work)
        with _grader(order) as held:
            line = to_json(held.grader.grade(submission, keep))
        # By Python's own module, as in the journal: it takes any text that a student's process may have sent.
        return json.dumps({"result": line}, allow_nan=False).encode()
    except Exception as error:
        return msgspec.json.encode(_Answer(fault=_text(error)))


async def release(order: str) -> None:
    """End the sandboxes of a run; runs on a worker, on the thread that talks to the scheduler and must not wait."""
    await asyncio.to_thread(_release, order)


def _release(order: str) -> None:
    with _held_lock:
        held = _held.pop(order, None)
        if held:
            held.released = True
            held.close_if_unused()


@contextlib.contextmanager
def _grader(order: Order) -> Iterator[_Held]:
    """This process's grader for a run; made when it is first asked for."""
    with _held_lock:
        held = _held.get(order.id)
        if held is None:
            long_ago = time.monotonic() - _IDLE_SECONDS
            for id_ in [id_ for id_, old in _held.items() if not old.users and old.last_used < long_ago]:
                _held.pop(id_).close_if_unused()
            held = _held[order.id] = _prepare(order)
        held.users += 1
    try:
        yield held
    finally:
        with _held_lock:
            held.users -= 1
            held.last_used = time.monotonic()
            if held.released:
                held.close_if_unused()


def _prepare(order: Order) -> _Held:
    """Raises `UserError` if this process must not, or its machine cannot, grade for this run."""
    unit = load_unit(find_root(), order.unit)
    here = sources(unit)
    if _loaded.setdefault(order.unit, here) != here:
        raise UserError(
            f"the files of {unit.root} have changed since this worker loaded them: restart the worker"
        )
    different = [
        f"{name} ({here.get(name, 'none')} on the worker, {there} here)"
        for name, there in order.sources.items()
        if here.get(name) != there
    ]
    if different:
        raise UserError(
            f"different: {'; '.join(different)}. Bring the worker's environment and its {unit.root} to the same state "
            "as here, and restart it"
        )
    if order.device == "cuda" and not torch.cuda.is_available():
        raise UserError("no CUDA device was found on it")
    offered = probe()
    tier = order.tier or offered.best
    if TIERS.index(tier) > TIERS.index(offered.best):
        raise UserError(f"sandbox tier {tier!r} is not to be had: {offered.reasons.get(tier, '')}")
    require(tier, order.lowest, unsafe=order.unsafe)
    jobs = int(importlib.import_module("distributed").get_worker().state.nthreads)
    grader = Grader(
        unit, order.secret, order.limits, policy=order.policy, device=order.device, jobs=jobs, tier=tier
    )
    grader.__enter__()
    # The sources are the same; the hash is that of the values, which another processor may round differently.
    grader.checks_sha256 = dict(order.checks_sha256)
    return _Held(grader, jobs)


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


# --- where the journal is -------------------------------------------------------------------------------------------


@dataclass
class _Worker:
    """What is known of a worker.

    Attributes:
        offer: its answer to the order, to come.
        free: how many more submissions it is to be sent now.
        lost: it is not connected any more.
        refused: why it gets no work; empty if it does.
        faults: how often it has failed in a row.
    """

    address: str
    offer: Any
    tier: str = ""
    jobs: int = 0
    free: int = 0
    lost: bool = False
    refused: str = ""
    faults: int = 0


class ClusterGrader(Grader):
    """A `Grader` whose submissions are graded by the workers of a Dask cluster. Use as a context manager."""

    def __init__(
        self,
        unit: Unit,
        secret: bytes,
        limits: Limits | None = None,
        *,
        scheduler: str,
        lowest: str,
        tier: str | None = None,
        unsafe: bool = False,
        policy: Policy | None = None,
        device: str = "cpu",
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Prepare to grade; see `Grader`.

        Args:
            unit, secret, limits, policy, device: as there.
            scheduler: where Dask's scheduler listens, `tcp://HOST:8786` or `tls://HOST:8786`.
            lowest: the weakest sandbox tier that the course accepts of a worker's machine.
            tier: the tier that workers are to use; the best of their machine if left out.
            unsafe: accept weaker ones, even `none`.
            tell: shows the user a sentence.

        Raises:
            UserError: there is no such tier.
        """
        if tier is not None and tier not in TIERS:
            raise UserError(f"--sandbox {tier}: there is no such tier; choose one of {', '.join(TIERS[1:])}")
        super().__init__(
            unit, secret, limits, policy=policy, device=device, tier=tier or ("none" if unsafe else lowest)
        )
        self._scheduler = scheduler
        self._lost = (
            f"the connection to {scheduler} is lost. What was graded is in the journal: the same command goes on from "
            "there"
        )
        self._asked = (tier, lowest, unsafe)
        self._tell = tell
        self._client: Any = None
        self._order: Order | None = None
        self._workers: dict[str, _Worker] = {}
        self._changed = threading.Condition()
        self._stopped = threading.Event()
        self._hopeless = ""

    def __enter__(self) -> ClusterGrader:
        distributed = _distributed()
        tier, lowest, unsafe = self._asked
        self._order = Order(
            uuid.uuid4().hex,
            self.unit.id,
            self._secret,
            self._limits,
            self.policy,
            self.device,
            tier,
            lowest,
            unsafe,
            self.checks_sha256,
            sources(self.unit),
        )
        self._stopped.clear()
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
            watcher = threading.Thread(target=self._watch, name="autograder-workers", daemon=True)
            watcher.start()
            stack.callback(watcher.join)
            stack.callback(self._stopped.set)
            stack.enter_context(_on_interrupt(self._stopped.set))
            self._wait_for_workers()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def stop(self) -> None:
        """Those who wait for a worker stop at once."""
        self._stopped.set()

    def grade(
        self, submission: Submission | Unreadable, keep: Mapping[str, ExerciseLine] | None = None
    ) -> Line:
        """As `Grader.grade`; the submission goes to another worker if one fails or is lost.

        Raises:
            ClusterError: so many workers failed in turn that the fault may lie with the submission; or this was
                stopped.
            UserError: no scheduler any more, or none but workers that refuse.
        """
        if isinstance(submission, Unreadable):
            return super().grade(submission)
        work = msgspec.msgpack.encode((submission, keep or {}))
        tried: list[str] = []
        why: list[str] = []
        while len(tried) < _TRIES:
            worker = self._take(tried)
            answer = _Answer()
            try:
                answer = self._ask(worker, work)
            finally:
                self._give_back(worker, answer)
            if answer.result is not None:
                return from_json(answer.result)
            tried.append(worker.address)
            why.append(f"{worker.address} {answer.fault}")
        raise ClusterError(
            f"{_TRIES} workers failed in turn while they graded {submission.path}: {'; '.join(why)}. To find out "
            "more, grade this file alone without --scheduler"
        )

    def _take(self, tried: list[str]) -> _Worker:
        """A worker that has room, rather one that was not tried; waits for it."""
        with self._changed:
            while True:
                self._check()
                usable = [item for item in self._workers.values() if item.jobs and not item.refused]
                others = [item for item in usable if item.address not in tried]
                free = [item for item in others or usable if item.free > 0]
                if free:
                    # The one with the largest share of room: all are kept busy.
                    worker = max(free, key=lambda item: item.free / item.jobs)
                    worker.free -= 1
                    return worker
                self._changed.wait(_TICK)

    def _give_back(self, worker: _Worker, answer: _Answer) -> None:
        with self._changed:
            worker.free += 1
            worker.faults = worker.faults + 1 if answer.fault else 0
            if (
                worker.faults >= _FAULTS
                and not worker.refused
                and not worker.lost
                and not self._stopped.is_set()
            ):
                worker.refused = f"it failed {_FAULTS} times in a row, the last time with: {answer.fault}"
                self._tell(f"Worker {worker.address} gets no more work: {worker.refused}")
                self._look_for_hope()
            self._changed.notify_all()

    def _ask(self, worker: _Worker, work: bytes) -> _Answer:
        """Have one submission graded by this worker and wait; a fault if it is lost."""
        done = threading.Event()
        future = self._submit(grade, worker.address, work)
        future.add_done_callback(lambda _: done.set())
        try:
            while not done.wait(_TICK):
                self._check()
                if worker.lost:
                    return _Answer(fault="was lost")
            return msgspec.convert(json.loads(future.result(_TICK)), _Answer)
        except (ClusterError, UserError):
            raise
        # A future that Dask gives up is cancelled, which is no Exception.
        except (Exception, asyncio.CancelledError) as error:
            if (
                getattr(error, "reason", "") == "scheduler-connection-lost"
                or self._client.status != "running"
            ):
                # What Dask held is gone with its scheduler; that is no fault of the worker's.
                self._hopeless = self._lost
                self._check()
            return _Answer(fault=f"failed ({type(error).__name__}: {str(error)[:200]})")
        finally:
            if not future.done() and self._client.status == "running":
                with contextlib.suppress(Exception, asyncio.CancelledError):
                    future.cancel()

    def _submit(self, function: Callable[..., bytes], address: str, *arguments: bytes) -> Any:
        key = f"autograder-{function.__name__}-{uuid.uuid4().hex}"
        try:
            return self._client.submit(
                function, self._order, *arguments, workers=[address], key=key, pure=False
            )
        except Exception as error:
            if self._client.status != "running":
                self._hopeless = self._lost
                self._check()
            raise ClusterError(f"could not be sent to {address}: {error}") from error

    def _check(self) -> None:
        if self._hopeless:
            raise UserError(self._hopeless)
        if self._stopped.is_set():
            raise ClusterError("was stopped")

    # --- who is there ---

    def _wait_for_workers(self) -> None:
        """Wait until all workers who are there have answered, and one has agreed."""
        told = False
        while True:
            with self._changed:
                if self._hopeless:
                    raise UserError(self._hopeless)
                present = [item for item in self._workers.values() if not item.lost]
                ready = [item for item in present if item.jobs and not item.refused]
                if ready and all(item.offer is None for item in present):
                    break
                if not present and not told and self._looked:
                    told = True
                    self._tell(f"Waiting: no worker has joined {self._scheduler} yet. Ctrl-C stops.")
                self._changed.wait(_TICK)
        self.tier = min((item.tier for item in ready), key=TIERS.index)
        self._jobs = max(_READ_AHEAD, 2 * sum(item.jobs for item in ready))
        tiers = ", ".join(sorted({item.tier for item in ready}, key=TIERS.index))
        self._tell(
            f"Workers: {len(ready)} of {self._scheduler}, {sum(item.jobs for item in ready)} submissions at a time, "
            f"sandbox {tiers}."
        )

    _looked = False

    def _watch(self) -> None:
        """Notice who joins and who is lost, until the run ends."""
        while not self._stopped.wait(_TICK if self._looked else 0):
            try:
                present = set(self._client.nthreads())
            except Exception:
                # It tries to connect again by itself, for a while.
                present = None
            with self._changed:
                if self._client.status == "closed":
                    self._hopeless = self._lost
                elif present is not None:
                    self._look(present)
                    self._looked = True
                self._changed.notify_all()

    def _look(self, present: set[str]) -> None:
        before = any(item.jobs and not item.refused for item in self._workers.values())
        for address in self._workers.keys() - present:
            worker = self._workers.pop(address)
            worker.lost = True
            if not worker.refused:
                self._tell(f"Worker {address} is lost; what it was grading is graded by others.")
        for address in present - self._workers.keys():
            with contextlib.suppress(ClusterError):
                self._workers[address] = _Worker(address, self._submit(offer, address))
        for worker in self._workers.values():
            if worker.offer is not None and worker.offer.done():
                self._take_offer(worker)
        if before and not self._workers:
            self._tell("No worker is left: waiting for others. Ctrl-C stops; what was graded is kept.")
        self._look_for_hope()

    def _take_offer(self, worker: _Worker) -> None:
        future, worker.offer = worker.offer, None
        try:
            answer = msgspec.json.decode(future.result(_TICK), type=_Offer)
        except (Exception, asyncio.CancelledError) as error:
            answer = _Offer(
                refused=f"{type(error).__name__}: {error}. Is the course's package installed there?"
            )
        worker.tier, worker.jobs, worker.refused = answer.tier, answer.jobs, answer.refused
        # One more than it grades at a time lies ready there.
        worker.free = worker.jobs + 1
        if worker.refused:
            self._tell(f"Worker {worker.address} gets no work: {worker.refused}")

    def _look_for_hope(self) -> None:
        if self._workers and all(item.refused for item in self._workers.values()):
            reasons = "; ".join(f"{item.address}: {item.refused}" for item in self._workers.values())
            self._hopeless = f"no worker of {self._scheduler} can grade: {reasons}"

    def _release(self) -> None:
        """Let the workers end their sandboxes."""
        ready = [item.address for item in self._workers.values() if item.jobs]
        if self._order and ready and self._client.status == "running":
            with contextlib.suppress(Exception):
                self._client.run(release, self._order.id, workers=ready, on_error="ignore")


@contextlib.contextmanager
def _on_interrupt(action: Callable[[], None]) -> Iterator[None]:
    """Do something the moment that Ctrl-C is pressed, before anybody waits for threads to end."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return

    def handle(number: int, frame: Any) -> None:
        action()
        before(number, frame)

    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


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
