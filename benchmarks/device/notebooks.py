"""The training of each notebook on a device: its cells up to the last one marked `train=true`, with few steps."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
import threading
import time
import types
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from tqdm import tqdm

from autograder.course.sources import standalone_source
from autograder.course.units import Unit, load_unit, unit_ids
from autograder.publish.notebook_source import SourceCell, read_notebook_source
from benchmarks.device.section import Found, Outcome, Share, Task, outcomes

_STEPS = 100
_FULL_STEPS = 30
# For a notebook, if there is as much: data are drawn on the CPU first.
_LEAST_SECONDS = 30.0
# The first steps choose kernels and fill caches.
_WARM = 10


def notebooks_default(share: Share) -> Found:
    """The first hundred steps of every training, with the recipe that students have."""
    return _section(share, "check" if share.dry else "default", _STEPS)


def notebooks_full(share: Share) -> Found:
    """The first steps of the `full` profile. Scenes take the place of CIFAR-10, which does not ship."""
    if share.dry:
        # A step of its networks takes a CPU longer than all else here: some notebooks are tried, and stopped.
        share = replace(share, until=min(share.until, time.monotonic() + _LEAST_SECONDS))
    return _section(share, "full", 1 if share.dry else _FULL_STEPS)


def _section(share: Share, profile: str, steps: int) -> Found:
    units = unit_ids(share.root)
    found = Found(planned=len(units))
    trainings: dict[str, Any] = {}
    tasks: list[Task] = [(str(share.root), unit, profile, steps) for unit in units]
    for task, outcome in outcomes(
        train_notebook, tasks, share, least=_LEAST_SECONDS / 3 if share.dry else _LEAST_SECONDS
    ):
        unit = task[1]
        if outcome is None:
            found.unfinished.append(f"{unit}: stopped before it could say how far it came")
            continue
        trainings[unit] = outcome.get("trainings", [])
        if outcome.get("stopped"):
            reached = sum(item["steps"] for item in trainings[unit])
            found.unfinished.append(f"{unit}: stopped after {reached} steps")
        else:
            found.done += 1
        if problem := outcome.get("died") or outcome.get("failed"):
            found.problems.append(f"{unit}: {problem}")
        elsewhere = {item["device"] for item in trainings[unit] if item["steps"]} - {share.device}
        if elsewhere:
            found.problems.append(f"{unit}: was trained on {', '.join(sorted(elsewhere))}")
    found.figures = {"profile": profile, "trainings": trainings}
    return found


class _TimeIsUp(BaseException):
    """No failure of a cell, so that none catches it."""


def train_notebook(task: Task, device: str, until: float) -> Outcome:
    """Execute a notebook's cells up to its last training.

    It takes the place of `__main__` and changes `course_utils`, so it is for a process that does nothing else.

    Returns:
        `trainings`: steps, steps a second, first and last loss, device; `stopped`: whether the time was up; `failed`:
        the line and the exception of a cell that failed.
    """
    root, name, profile, steps = task
    trainings: list[dict[str, Any]] = []
    outcome: Outcome = {"trainings": trainings}
    os.environ["COURSE_PROFILE"] = profile
    # The lock of progress bars would be one of the system's, which a process that is killed leaves behind.
    tqdm.set_lock(threading.RLock())
    if device == "cpu":
        torch.set_num_threads(1)  # others use the machine too
    _shorten_training(trainings, steps, until)
    _without_download()
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    module.__dict__.update(display=_nothing, get_ipython=_nothing)
    unit = load_unit(Path(root), name)
    where = ""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for cell, text in cells_to_training(unit):
                where = f"{unit.notebook.name}, line {cell.line}"
                if time.monotonic() > until:
                    raise _TimeIsUp
                with contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(text, f"<{where}>", "exec"), module.__dict__)
        except _TimeIsUp:
            outcome["stopped"] = True
        except Exception as error:  # noqa: BLE001 - whatever a cell raises is told
            outcome["failed"] = f"{where}: {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    return outcome


def cells_to_training(unit: Unit) -> list[tuple[SourceCell, str]]:
    """The code cells of a unit up to the last training, solved; none if it trains nothing."""
    cells = read_notebook_source(unit.notebook).cells
    last = max((index for index, cell in enumerate(cells) if cell.kind == "train"), default=-1)
    solved = {id_: standalone_source(exercise.reference) for id_, exercise in unit.exercises.items()}
    return [
        (cell, solved[cell.id] if cell.kind == "exercise" else cell.text)
        for cell in cells[: last + 1]
        if cell.kind in ("setup", "code", "train", "plumbing", "exercise")
    ]


def _shorten_training(trainings: list[dict[str, Any]], most: int, until: float) -> None:
    from course_utils import train

    whole: Callable[..., train.History] = train.train

    def short(step: train.Step, batches: Any, optimizer: Any, *, steps: int, **options: Any) -> train.History:
        history = options.pop("history", None)
        history = train.History() if history is None else history
        options["progress"] = False
        end = min(steps, len(history) + most)
        record: dict[str, Any] = {"steps": 0}
        trainings.append(record)

        def in_time(batch: Any, number: int) -> Any:
            if time.monotonic() > until:
                raise _TimeIsUp
            return step(batch, number)

        try:
            return whole(in_time, batches, optimizer, steps=end, history=history, **options)
        finally:
            if len(history):
                record |= _figures(history, optimizer)

    train.train = short


def _figures(history: Any, optimizer: Any) -> dict[str, Any]:
    devices = {parameter.device.type for group in optimizer.param_groups for parameter in group["params"]}
    counted = history.seconds[_WARM:] or history.seconds
    return {
        "steps": len(history),
        "steps a second": round(len(counted) / sum(counted), 1),
        "loss": [round(history.losses[0], 4), round(history.smoothed()[-1], 4)],
        "device": ", ".join(sorted(devices)),
    }


def _without_download() -> None:
    from course_utils import data

    def scenes(split: data.Split = "train", *arguments: Any, **options: Any) -> SimpleNamespace:
        made = data.EmojiScenes(split)
        images = made.images.permute(0, 2, 3, 1).contiguous().numpy()
        return SimpleNamespace(data=images, targets=made.labels.tolist(), classes=list(made.group_names))

    data.cifar10 = scenes  # type: ignore[assignment]


def _nothing(*arguments: object, **options: object) -> None:
    pass
