"""Try all answers of all exercises, on all cores, with progress."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from autograder.course.exercises import Exercise
from autograder.course.units import load_unit
from autograder.quality.equivalents import Equivalent, read_equivalents
from autograder.quality.gate import Result
from autograder.quality.survey import Plan, TriedRight, Wrongs, try_right_answers, try_wrong_answers

# A task of a few seconds: short enough for two cores to end together.
_SEEDS_A_TASK = 10

Progress = Callable[[int, int], None]


def survey(
    root: Path,
    units: Sequence[str],
    plan: Plan,
    *,
    jobs: int = 1,
    progress: Progress = lambda done, total: None,
) -> list[Result]:
    """The results of all exercises of these units, in their order.

    Args:
        root: the repository.
        units: their ids.
        plan: how much is tried.
        jobs: processes at the same time.
        progress: told after each task how many of how many are done.

    Raises:
        UserError: a unit cannot be loaded, or its list of equivalents is none.
    """
    loaded = [load_unit(root, unit) for unit in units]
    for unit in loaded:
        for exercise in unit.exercises.values():
            _equivalents(exercise)
    wrongs: dict[str, Wrongs] = {}
    rights: dict[str, list[list[TriedRight]]] = defaultdict(list)
    # With more threads than cores, those that wait must not keep the others from working.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Started anew and not forked: torch's threads do not survive a fork.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        tasks: dict[Future[Any], str] = {}
        for unit in loaded:
            for id_ in unit.exercises:
                tasks[pool.submit(_wrongs, root, unit.id, id_, plan)] = id_
                for first in range(0, plan.seeds, _SEEDS_A_TASK):
                    seeds = range(first, min(first + _SEEDS_A_TASK, plan.seeds))
                    tasks[pool.submit(_rights, root, unit.id, id_, plan, seeds)] = id_
        try:
            for done, future in enumerate(as_completed(tasks), start=1):
                result = future.result()
                if isinstance(result, Wrongs):
                    wrongs[tasks[future]] = result
                else:
                    rights[tasks[future]].append(result)
                progress(done, len(tasks))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [
        Result(exercise, wrongs[id_], _together(rights[id_]))
        for unit in loaded
        for id_, exercise in unit.exercises.items()
    ]


def _equivalents(exercise: Exercise) -> list[Equivalent]:
    path = exercise.files.get("equivalents.toml")
    return read_equivalents(path) if path else []


def _wrongs(root: Path, unit: str, exercise: str, plan: Plan) -> Wrongs:
    loaded = load_unit(root, unit).exercises[exercise]
    return try_wrong_answers(loaded, _equivalents(loaded), plan)


def _rights(root: Path, unit: str, exercise: str, plan: Plan, seeds: range) -> list[TriedRight]:
    return try_right_answers(load_unit(root, unit).exercises[exercise], plan, seeds)


def _together(parts: Sequence[Sequence[TriedRight]]) -> tuple[TriedRight, ...]:
    """The answers of all tasks, each with what became of it under all seeds."""
    return tuple(
        TriedRight(
            same[0].name,
            sum(item.tries for item in same),
            tuple(refusal for item in same for refusal in item.refused),
            max(item.error for item in same),
        )
        for same in zip(*parts, strict=True)
    )
