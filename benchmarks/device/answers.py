"""Every answer that the exercises' folders hold, on a device, against what the reference shows on the CPU."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from autograder.course.exercises import Exercise
from autograder.course.trial import told_by_properties
from autograder.course.units import load_unit, unit_ids
from autograder.errors import UserError
from benchmarks.device.section import Found, Outcome, Share, Task, outcomes
from course_utils.checks.compare import error_in_tolerances
from course_utils.checks.judge import CORRECT, Verdict, judge
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise, Seen

RIGHT, WRONG = "right", "wrong"
# So many draws of the hidden cases, if there is time.
_ROUNDS = 3
# Of each exercise, in a dry run.
_DRY_ANSWERS = 2

Function = Callable[..., Any]


def right_answers(share: Share) -> Found:
    """References and other right answers must be accepted, with the tolerances of the device."""
    return _section(RIGHT, share)


def wrong_answers(share: Share) -> Found:
    """Misconceptions and wrong answers without a name must be refused."""
    return _section(WRONG, share)


def _section(kind: str, share: Share) -> Found:
    found = Found()
    # The first answer of each exercise, then the second of each: an early end leaves no exercise out.
    by_exercise: dict[str, list[str]] = {}
    for unit in unit_ids(share.root):
        try:
            exercises = load_unit(share.root, unit).exercises
        except UserError as error:
            found.problems.append(str(error))
            continue
        by_exercise |= {id_: list(answers(exercise, kind)) for id_, exercise in exercises.items()}
    most = _DRY_ANSWERS if share.dry else max(map(len, by_exercise.values()), default=0)
    tasks: list[Task] = [
        (str(share.root), kind, id_, names[position], number)
        for number in range(1 if share.dry else _ROUNDS)
        for position in range(most)
        for id_, names in by_exercise.items()
        if position < len(names)
    ]
    found.planned = len(tasks)
    tried: dict[str, int] = dict.fromkeys(by_exercise, 0)
    errors: dict[str, float] = defaultdict(float)
    named = broken = 0
    for task, outcome in outcomes(try_answer, tasks, share):
        _, _, id_, name, number = task
        if outcome is None:
            found.unfinished.append(f"{id_} {name}, draw {number + 1}")
            continue
        found.done += 1
        tried[id_] += 1
        named += bool(outcome.get("named"))
        broken += "broken" in outcome
        errors[id_] = max(errors[id_], outcome.get("error", 0.0))
        if problem := _problem(kind, outcome):
            found.problems.append(f"{id_}, {kind} answer {name!r}, draw {number + 1}: {problem}")
    found.figures = {"exercises": tried}
    if kind == RIGHT:
        found.figures["largest error in tolerances"] = {id_: round(error, 4) for id_, error in errors.items()}
    else:
        found.figures |= {"called by their name": named, "ended by the device": broken}
    return found


def answers(exercise: Exercise, kind: str) -> Mapping[str, Function]:
    """Name -> function of all right or all wrong answers of an exercise."""
    if kind == WRONG:
        return {item.id: item.function for item in exercise.wrong}
    also = {name: function for check in exercise.checks for name, function in check.also.items()}
    others = {item.id: item.function for item in exercise.right_answers}
    return {"the reference": exercise.reference, **also, **others}


def _problem(kind: str, outcome: Outcome) -> str:
    """What is not as it should be; empty if all is."""
    broken = str(outcome.get("died") or outcome.get("broken", ""))
    if kind == WRONG:
        # An index beyond the end ends all work of its process on the device. The grader would say `crashed`.
        expected = "died" not in outcome and "device-side assert" in broken
        return "it is accepted" if outcome.get("status") == CORRECT else "" if expected else broken
    if broken:
        return broken
    if outcome["status"] == CORRECT:
        return ""
    return f"it is {outcome['status']}: {outcome['says']} (on the CPU it is {outcome['on_cpu']})"


_prepared: dict[tuple[str, str, int], tuple[Exercise, PreparedExercise]] = {}


def try_answer(task: Task, device: str, until: float) -> Outcome:
    """One answer under one draw of the cases.

    Returns:
        `status` of the verdict; `says`: what the first failed check says; `error`: the largest error of a number, in
        units of what is allowed; `named`: whether a wrong answer is called by its name; `on_cpu`: the status there, if
        a right one is refused. If the device is of no more use to this process, `broken` says why.
    """
    root, kind, id_, name, number = task
    exercise, prepared = _prepare(Path(root), id_, number)
    function = answers(exercise, kind)[name]
    try:
        seen, verdict = _judged(prepared, function, device)
        if device != "cpu":
            torch.cuda.synchronize()
    except RuntimeError as error:
        # An index beyond the end of a tensor: the device reports it late, and never recovers.
        return {"broken": f"{type(error).__name__}: {str(error).splitlines()[0]}"}
    failed = [item for item in verdict.checks if not item.passed]
    outcome: Outcome = {"status": verdict.status, "error": _error(prepared, verdict, seen, device)}
    if kind == WRONG:
        outcome["named"] = verdict.misconception == name or (bool(failed) and told_by_properties(verdict))
    elif failed:
        outcome["says"] = f"{failed[0].check.id}: {failed[0].message}"
        outcome["on_cpu"] = _judged(prepared, function, "cpu")[1].status
    return outcome


def _prepare(root: Path, id_: str, number: int) -> tuple[Exercise, PreparedExercise]:
    key = (str(root), id_, number)
    if key not in _prepared:
        for other in [other for other in _prepared if other[2] != number]:
            del _prepared[other]  # of an earlier draw
        exercise = load_unit(root, id_.split(".")[0]).exercises[id_]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _prepared[key] = exercise, exercise.prepare(f"device {number}".encode())
    return _prepared[key]


def _judged(prepared: PreparedExercise, function: Function, device: str) -> tuple[Seen, Verdict]:
    # As the grader has it: a second thread is of no use to small tensors.
    torch.set_num_threads(1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of wrong code
        seen: Seen = {
            check.id: [observe(function, case, device) for case in check.cases] for check in prepared.checks
        }
        return seen, judge(prepared, seen, device)


def _error(prepared: PreparedExercise, verdict: Verdict, seen: Seen, device: str) -> float:
    """The largest error of checks that passed, in units of what is allowed: at most 1."""
    passed = {item.check.id for item in verdict.checks if item.passed}
    return max(
        (
            error_in_tolerances(expected, got, check.yardstick(device))  # type: ignore[arg-type]
            for check in prepared.readings[verdict.reading].checks
            if check.id in passed and check.property is None
            for expected, got in zip(check.expected, seen[check.id], strict=True)
        ),
        default=0.0,
    )
