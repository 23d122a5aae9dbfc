"""What a worker of a Dask cluster does: it says whether it may grade, prepares to, and grades.

It is first sent a demand, which holds no secret, and answers how it would grade. Only if it is accepted is it sent the
order of a run, and holds a prepared `Grader` from then on. None of the functions that Dask calls raises, because Dask
would log the arguments. What comes from a student crosses between the machines as bytes only, MessagePack one way and
JSON the other, decoded against its type.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import platform
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import torch

from autograder.course.config import find_root
from autograder.course.fingerprint import of_files, python_files
from autograder.course.units import Unit, load_unit
from autograder.errors import UserError
from autograder.grading.grader import Grader, Policy, Work
from autograder.intake.submission import Submission
from autograder.results import ExerciseLine, to_json
from autograder.sandbox.client import Limits
from autograder.sandbox.tiers import TIERS, probe, require

# A worker closes a grader whose run ended without saying so.
_IDLE_SECONDS = 600.0

_PACKAGES = ("autograder", "course_utils")
_VERSIONS = ("ssl-problem-sets", "torch", "torchvision", "numpy")


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """Where a cluster is, and how its workers are to keep student code apart.

    Attributes:
        scheduler: where Dask's scheduler listens, `tcp://HOST:8786` or `tls://HOST:8786`.
        lowest: the weakest sandbox tier that the course accepts of a worker's machine.
        tier: the tier that workers are to use; the best of their machine if None.
        unsafe: accept weaker ones, even `none`.
    """

    scheduler: str
    lowest: str
    tier: str | None = None
    unsafe: bool = False


@dataclass(frozen=True, kw_only=True)
class Demand:
    """What a worker must be like; it holds no secret.

    Attributes:
        unit: its id.
        device: `cpu` or `cuda`.
        cluster: the tiers.
        sources: what decides a verdict besides the secret, see `sources`.
    """

    unit: str
    device: str
    cluster: Cluster
    sources: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What an accepted worker must know to grade for one run.

    Attributes:
        id: of the run.
        demand: what it was accepted for.
        secret: key of the hidden seeds; left out of `repr`, which ends up in logs.
        limits: what one submission may use.
        policy: what the course says about scores.
    """

    id: str
    demand: Demand
    secret: bytes = field(repr=False)
    limits: Limits
    policy: Policy


class Offer(msgspec.Struct):
    """A worker's answer to a demand or an order: the tier it grades in, or why it does not."""

    tier: str = ""
    refused: str = ""


class Answer(msgspec.Struct):
    """A worker's answer to a hand-in: a line of the journal, or what failed."""

    worker: str
    result: dict[str, Any] | None = None
    fault: str = ""


# As it crosses: the attempts that can be read, and what is kept of an earlier line.
_Sent = tuple[tuple[Submission, ...], dict[str, ExerciseLine]]


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


@dataclass
class _Held:
    """A prepared grader in a worker's process, and room for as many submissions as it has sandboxes."""

    grader: Grader
    room: threading.Semaphore
    last_used: float = 0.0

    def close(self) -> None:
        # Whoever is still grading ends first.
        for _ in range(self.grader.jobs):
            self.room.acquire()
        self.grader.__exit__(None, None, None)


_held: dict[str, _Held] = {}
_lock = threading.Lock()
# Unit -> its sources when they were loaded: a module is loaded once in the life of a process.
_loaded: dict[str, Mapping[str, str]] = {}


def offer_to_grade(demand: Demand) -> bytes:
    """Say how this worker would grade, or why not."""
    try:
        with _lock:
            return msgspec.json.encode(Offer(tier=_accept(demand)[1]))
    except Exception as error:
        return msgspec.json.encode(Offer(refused=_text(error)))


def prepare_to_grade(order: Order) -> bytes:
    """Prepare to grade for a run."""
    try:
        with _lock:
            unit, tier = _accept(order.demand)
            long_ago = time.monotonic() - _IDLE_SECONDS
            for id_ in [id_ for id_, held in list(_held.items()) if held.last_used < long_ago]:
                _held.pop(id_).close()
            jobs = int(importlib.import_module("distributed").get_worker().state.nthreads)
            device = order.demand.device
            grader = Grader(
                unit, order.secret, order.limits, policy=order.policy, device=device, jobs=jobs, tier=tier
            )
            _held[order.id] = _Held(grader.__enter__(), threading.Semaphore(jobs), time.monotonic())
        return msgspec.json.encode(Offer(tier=tier))
    except Exception as error:
        return msgspec.json.encode(Offer(refused=_text(error)))


def grade_work(work: bytes, run: str) -> bytes:
    """Grade what one student handed in."""
    worker = importlib.import_module("distributed").get_worker().address
    try:
        attempts, keep = msgspec.msgpack.decode(work, type=_Sent)
        held = _held[run]
        with held.room:
            line = to_json(held.grader.grade_best(Work(attempts, keep)))
            held.last_used = time.monotonic()
        # By Python's own module, as in the journal: it takes any text that a student's process may have sent.
        return json.dumps({"worker": worker, "result": line}, allow_nan=False).encode()
    except Exception as error:
        return msgspec.json.encode(Answer(worker, fault=_text(error)))


async def release_run(run: str) -> None:
    """End the sandboxes of a run, as soon as nobody uses them; does not wait for that."""
    held = _held.pop(run, None)
    if held:
        asyncio.get_running_loop().run_in_executor(None, held.close)


def _accept(demand: Demand) -> tuple[Unit, str]:
    """The unit and the tier to use. Raises `UserError` if this process must not, or its machine cannot, grade."""
    unit = load_unit(find_root(), demand.unit)
    here = sources(unit)
    if _loaded.setdefault(demand.unit, here) != here:
        raise UserError(
            f"the files of {unit.root} have changed since this worker loaded them: restart the worker"
        )
    different = [
        f"{name} ({here.get(name, 'none')} on the worker, {there} here)"
        for name, there in demand.sources.items()
        if here.get(name) != there
    ]
    if different:
        raise UserError(
            f"different: {'; '.join(different)}. Bring the worker's environment and its {unit.root} to the same state "
            "as here, and restart it"
        )
    if demand.device == "cuda" and not torch.cuda.is_available():
        raise UserError("no CUDA device was found on it")
    offered = probe()
    tier = demand.cluster.tier or offered.best
    if TIERS.index(tier) > TIERS.index(offered.best):
        raise UserError(f"sandbox tier {tier!r} is not to be had: {offered.reasons.get(tier, '')}")
    require(tier, demand.cluster.lowest, unsafe=demand.cluster.unsafe)
    return unit, tier


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
