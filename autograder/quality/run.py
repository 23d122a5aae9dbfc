"""Try all answers to some exercises, on all cores, with progress."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from functools import reduce
from itertools import islice
from multiprocessing import connection, get_context, parent_process
from operator import or_
from pathlib import Path
from typing import Any

from autograder.course.equivalents import Equivalent, read_equivalents
from autograder.course.exercises import Exercise
from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.publish.notebook_source import read_notebook_source
from autograder.publish.verify import one_thread, reference_problems
from autograder.quality.gate import Result
from autograder.quality.naming import NamesTried, try_names
from autograder.quality.oracle import OracleTried, try_oracle
from autograder.quality.survey import (
    Plan,
    TriedRight,
    Wrongs,
    quiet,
    try_right_answers,
    try_wrong_answers,
)
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.structures import Structures, structures_of

# A task of a few seconds: short enough for two cores to end together.
_SEEDS_A_TASK = 10
# What an exercise counts as that its notebook does not name yet: the gate asks for more rather than for less.
_MINUTES_UNKNOWN = 15

Progress = Callable[[int, int], None]


def survey(
    root: Path,
    plans: Mapping[str, Plan],
    *,
    jobs: int = 1,
    oracles: bool = True,
    progress: Progress = lambda done, total: None,
) -> list[Result]:
    """The results of some exercises, in the order in which they are named.

    Args:
        root: the repository.
        plans: exercise id -> how much is tried.
        jobs: processes at the same time.
        oracles: try `test_reference.py` too.
        progress: told after each task how many of how many are done.

    Raises:
        UserError: a unit cannot be loaded, or a list of equivalents is none.
    """
    exercises = {id_: load_unit(root, id_.split(".")[0]).exercises[id_] for id_ in plans}
    for exercise in exercises.values():
        _equivalents(exercise)
    wrongs: dict[str, Wrongs] = {}
    rights: dict[str, list[list[TriedRight]]] = defaultdict(list)
    tried: dict[str, OracleTried] = {}
    named: dict[str, NamesTried] = {}
    # With more threads than cores, those that wait must not keep the others from working.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Started anew and not forked: torch's threads do not survive a fork.
    spawn = get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=spawn, initializer=_end_with_parent) as pool:
        tasks: dict[Future[Any], str] = {}
        for id_, plan in plans.items():
            tasks[pool.submit(_names, root, id_, plan)] = id_
            tasks[pool.submit(_wrongs, root, id_, plan)] = id_
            if oracles:
                tasks[pool.submit(_oracle, root, id_)] = id_
            for first in range(0, plan.seeds, _SEEDS_A_TASK):
                seeds = range(first, min(first + _SEEDS_A_TASK, plan.seeds))
                tasks[pool.submit(_rights, root, id_, plan, seeds)] = id_
        try:
            for done, future in enumerate(as_completed(tasks), start=1):
                result, id_ = future.result(), tasks[future]
                if isinstance(result, Wrongs):
                    wrongs[id_] = result
                elif isinstance(result, NamesTried):
                    named[id_] = result
                elif isinstance(result, OracleTried):
                    tried[id_] = result
                else:
                    rights[id_].append(result)
                progress(done, len(tasks))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    minutes = minutes_of(root, exercises)
    return [
        Result(
            exercise=exercise,
            minutes=minutes[id_],
            seeds=plans[id_].seeds,
            wrongs=wrongs[id_],
            naming=named[id_],
            rights=_together(rights[id_]),
            oracle=tried.get(id_),
            structures=_structures(exercise),
        )
        for id_, exercise in exercises.items()
    ]


def _end_with_parent() -> None:
    """Let a worker end as soon as its parent does: one that is killed cannot ask its workers to stop."""
    parent = parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def unready(root: Path, ids: Iterable[str]) -> dict[str, str]:
    """Exercise id -> why there is no use in trying answers yet: its cases cannot be drawn, or its reference fails them.

    Args:
        root: the repository.
        ids: of the exercises that are asked for; those that can be tried are not in what is returned.
    """
    found: dict[str, str] = {}
    with one_thread():
        for id_ in ids:
            exercise = _exercise(root, id_)
            try:
                prepared = exercise.prepare(PUBLIC_SECRET)
            except UserError as error:
                found[id_] = str(error)
            else:
                found.update((id_, problem) for problem in islice(reference_problems(exercise, prepared), 1))
    return found


def minutes_of(root: Path, ids: Sequence[str] | Mapping[str, Any]) -> dict[str, int]:
    """Exercise id -> how many minutes its notebook says it takes. Raises `UserError` if one cannot be read."""
    units = {id_.split(".")[0] for id_ in ids}
    cells = {
        id_: cell.minutes
        for unit in units
        for id_, cell in read_notebook_source(load_unit(root, unit).notebook).exercises.items()
    }
    return {id_: cells.get(id_, _MINUTES_UNKNOWN) for id_ in ids}


def _structures(exercise: Exercise) -> Structures:
    found = []
    for check in exercise.checks:
        with exercise.drawing(check):
            found.append(structures_of(check, PUBLIC_SECRET))
    return reduce(or_, found)


def _equivalents(exercise: Exercise) -> list[Equivalent]:
    path = exercise.files.get("equivalents.toml")
    return read_equivalents(path) if path else []


def _exercise(root: Path, id_: str) -> Exercise:
    return load_unit(root, id_.split(".")[0]).exercises[id_]


def _wrongs(root: Path, id_: str, plan: Plan) -> Wrongs:
    exercise = _exercise(root, id_)
    return try_wrong_answers(exercise, _equivalents(exercise), plan)


def _names(root: Path, id_: str, plan: Plan) -> NamesTried:
    exercise = _exercise(root, id_)
    with quiet(1):
        return try_names(exercise, _equivalents(exercise), plan.secrets[0])


def _rights(root: Path, id_: str, plan: Plan, seeds: range) -> list[TriedRight]:
    return try_right_answers(_exercise(root, id_), plan, seeds)


def _oracle(root: Path, id_: str) -> OracleTried:
    return try_oracle(_exercise(root, id_))


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
