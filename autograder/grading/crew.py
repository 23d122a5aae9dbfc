"""The workers of a Dask cluster as one run sees them: who has joined, who is accepted, who is lost."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from autograder.errors import UserError
from autograder.grading import worker
from autograder.grading.worker import Offer, Order
from autograder.sandbox.tiers import TIERS

_LOG = logging.getLogger("autograder")

# A worker that failed so often in a row gets no more work: a full disk would use up a class.
_FAULTS = 3
# Seconds between two looks at who has joined and who is lost, and between two looks for answers.
_TICK = 0.5
_POLL = 0.02
_CONNECT_SECONDS = 15


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


class Crew:
    """Finds the workers of a scheduler, accepts them or not, and hands tasks to Dask for those that are ready.

    Who joins, is lost or gets no work is a notice of the logger `autograder`.

    Attributes:
        client: of Dask.
        present: addresses of all workers that the scheduler knew at the last look.
    """

    def __init__(self, client: Any, order: Order) -> None:
        """Ask nobody yet.

        Args:
            client: of Dask, connected; closed by whoever made it.
            order: what an accepted worker is sent.
        """
        self.client = client
        self.present: frozenset[str] = frozenset()
        self._order = order
        self._scheduler = order.demand.cluster.scheduler
        self._workers: dict[str, _Worker] = {}
        self._looked = 0.0

    def map(
        self,
        function: Callable[..., bytes],
        arguments: Sequence[object],
        workers: Iterable[str],
        **more: object,
    ) -> list[Any]:
        """A future for each argument, computed by these workers and no others."""
        keys = [f"autograder-{function.__name__}-{uuid.uuid4().hex}" for _ in arguments]
        try:
            futures: list[Any] = self.client.map(
                function, arguments, key=keys, workers=list(workers), pure=False, **more
            )
        except Exception:
            self.check_connection()
            raise
        return futures

    def ready(self) -> frozenset[str]:
        """Addresses of those that may be given work."""
        return frozenset(name for name, item in self._workers.items() if item.tier and not item.refused)

    def threads(self) -> int:
        """How many submissions they grade at a time."""
        return sum(self._workers[address].threads for address in self.ready())

    def wait(self) -> str:
        """Wait until all workers who are there have answered, and one is ready; the weakest of their tiers."""
        told = False
        while not self.ready() or any(item.asked for item in self._workers.values()):
            self.look()
            if not self._workers and not told:
                told = True
                _LOG.info(f"Waiting: no worker has joined {self._scheduler} yet. Ctrl-C stops.")
            time.sleep(_POLL)
        tiers = sorted({self._workers[address].tier for address in self.ready()}, key=TIERS.index)
        _LOG.info(
            f"Workers: {len(self.ready())} of {self._scheduler}, {self.threads()} submissions at a time, sandbox "
            f"{', '.join(tiers)}."
        )
        return tiers[0]

    def look(self) -> None:
        """Take answers, and now and then notice who has joined and who is lost.

        Raises:
            UserError: no scheduler any more, or none but workers that refuse.
        """
        for address, item in self._workers.items():
            if item.asked and item.asked.done():
                self._take_offer(address, item)
        if time.monotonic() > self._looked + _TICK:
            try:
                present = self.client.nthreads()
            except Exception:
                # Dask has no scheduler to ask.
                self.check_connection()
            else:
                self._compare(present)
            self._looked = time.monotonic()
        if self._workers and all(item.refused for item in self._workers.values()):
            reasons = "; ".join(f"{address}: {item.refused}" for address, item in self._workers.items())
            raise UserError(f"no worker of {self._scheduler} can grade: {reasons}")

    def _compare(self, present: dict[str, int]) -> None:
        self.present = frozenset(present)
        lost = self._workers.keys() - present.keys()
        for address in lost:
            if not self._workers.pop(address).refused:
                _LOG.info(f"Worker {address} is lost; what it was grading is graded by others.")
        for address in present.keys() - self._workers.keys():
            (asked,) = self.map(worker.offer_to_grade, [self._order.demand], [address])
            self._workers[address] = _Worker(threads=present[address], asked=asked)
        if lost and not self._workers:
            _LOG.info("No worker is left: waiting for others. Ctrl-C stops; what was graded is kept.")

    def _take_offer(self, address: str, item: _Worker) -> None:
        future, item.asked = item.asked, None
        try:
            answer = msgspec.json.decode(future.result(_TICK), type=Offer)
        except (Exception, asyncio.CancelledError) as error:
            self.check_connection(future)
            answer = Offer(
                refused=f"{type(error).__name__}: {error}. Is the course's package installed there?"
            )
        item.refused = answer.refused
        if item.refused:
            _LOG.info(f"Worker {address} gets no work: {item.refused}")
        elif item.accepted:
            item.tier = answer.tier
        else:
            item.accepted = True
            (item.asked,) = self.map(worker.prepare_to_grade, [self._order], [address])

    def note(self, address: str, fault: str) -> None:
        """What came of work that this worker was given: a fault, or none if the text is empty."""
        item = self._workers.get(address)
        if item is None:
            return
        item.faults = item.faults + 1 if fault else 0
        if item.faults == _FAULTS:
            item.refused = f"it failed {_FAULTS} times in a row, the last time with: {fault}"
            _LOG.info(f"Worker {address} gets no more work: {item.refused}")

    def check_connection(self, future: Any = None) -> None:
        """Raises `UserError` if there is no scheduler any more, as a future that was cancelled tells."""
        # What Dask held is gone with its scheduler, and is cancelled; that is no fault of a worker's.
        if self.client.status != "running" or (future is not None and future.status == "cancelled"):
            raise UserError(
                f"the connection to {self._scheduler} is lost. What was graded is in the journal: the same command "
                "goes on from there"
            )

    def release(self) -> None:
        """Let the workers end their sandboxes."""
        with contextlib.suppress(Exception):
            # One that is lost would be tried to reach for half a minute.
            present = self.client.nthreads() if self.client.status == "running" else {}
            if accepted := [
                name for name, item in self._workers.items() if item.accepted and name in present
            ]:
                self.client.run(worker.release_run, self._order.id, workers=accepted, on_error="ignore")


def connect(scheduler: str) -> Any:
    """A client of Dask; raises `UserError` if Dask is not installed, or no scheduler answers there."""
    distributed = _distributed()
    try:
        return distributed.Client(
            scheduler, timeout=_CONNECT_SECONDS, set_as_default=False, name="autograder"
        )
    except (OSError, ValueError, TypeError) as error:
        raise UserError(
            f"--scheduler {scheduler}: no Dask scheduler answers there ({error}). Start one with `dask scheduler`; its "
            "first lines say its address"
        ) from error


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
