"""A class of each unit graded on a device by `autograder grade`, as a TA runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from autograder.course.units import Unit, load_unit, unit_ids
from autograder.errors import UserError
from autograder.grading.journal import NAME
from autograder.publish.sample_class import misconception_source, reference_sources
from benchmarks.device.section import Found, Share, part_of
from benchmarks.graders.classes import write_ours
from course_utils.checks.judge import CORRECT

# Wrong students for each exercise.
_WRONG = 2
# For a unit, if there is as much: the command starts, and each of its processes makes ready to use the device.
_LEAST_SECONDS = 40.0
_GRACE_SECONDS = 10.0


def graded_class(share: Share) -> Found:
    """Who is right gets full marks, and who is wrong in one exercise loses points there and nowhere else."""
    found = Found()
    units = unit_ids(share.root)[: 1 if share.dry else None]
    seconds: dict[str, float] = {}
    for number, name in enumerate(units):
        if share.left <= 0:
            found.planned += 1
            found.unfinished.append(name)
            continue
        until = part_of(share, len(units) - number, _LEAST_SECONDS)
        try:
            unit = load_unit(share.root, name)
            wrong = students(unit, 1 if share.dry else _WRONG)
            began = time.perf_counter()
            results = grade(unit, wrong, share.device, until)
        except UserError as error:
            found.planned += 1
            found.problems.append(f"{name}: {error}")
            continue
        except GradingError as error:
            found.planned += len(wrong)
            found.problems.append(f"{name}: {error}")
            continue
        seconds[name] = round(time.perf_counter() - began, 1)
        found.planned += len(wrong)
        found.done += len(results)
        found.unfinished += [f"{name} {student}" for student in wrong if student not in results]
        for student, result in results.items():
            found.problems += [
                f"{name} {student}: {text}" for text in complaints(result, wrong[student], share.device)
            ]
    found.figures = {"seconds": seconds}
    return found


class GradingError(Exception):
    """The command failed."""


def students(unit: Unit, each: int) -> dict[str, str]:
    """Student -> the exercise that is wrong; empty where all is right."""
    made = {"right": ""}
    for id_, exercise in unit.exercises.items():
        for number, item in enumerate(exercise.misconceptions[:each]):
            made[f"{exercise.name}-{number}-{item.id}"] = id_
    return made


def grade(unit: Unit, wrong: dict[str, str], device: str, until: float) -> dict[str, dict[str, Any]]:
    """Student -> line of the journal, for those who were graded in time.

    Raises:
        GradingError: the command failed.
        UserError: the unit was not built.
    """
    with tempfile.TemporaryDirectory() as folder:
        right = reference_sources(unit)
        made = {}
        for student, id_ in wrong.items():
            idea = student.split("-", 2)[-1]
            sources = {**right, id_: misconception_source(unit.exercises[id_], idea)} if id_ else right
            made[student] = ("", sources)
        submitted = write_ours(unit, made, Path(folder) / "submitted")
        out = Path(folder) / "grades"
        command = [sys.executable, "-m", "autograder", "grade", str(submitted), "--assignment", unit.id]
        command += ["--out", str(out), "--device", device, "--demo-secret", "--unsafe"]
        command += ["--jobs", str(min(8, os.cpu_count() or 1))]
        said = Path(folder) / "said.txt"
        code = _run(command, unit.root, said, until)
        journal = out / NAME
        lines = journal.read_text(encoding="utf-8").splitlines() if journal.is_file() else []
        results = [json.loads(line) for line in lines if line.endswith("}")]
        if code not in (0, None):
            text = " ".join(said.read_text(encoding="utf-8", errors="replace").split())
            raise GradingError(f"autograder grade ended with exit code {code}: {text[-500:]}")
    return {result["student"]: result for result in results}


def _run(command: list[str], root: Path, said: Path, until: float) -> int | None:
    """The exit code; None if the command was stopped because the time was up."""
    with said.open("wb") as output:
        process = subprocess.Popen(command, cwd=root, stdout=output, stderr=subprocess.STDOUT)
        try:
            return process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            return None


def complaints(result: dict[str, Any], wrong: str, device: str) -> list[str]:
    """What is not as it should be with one student's result; `wrong` is the exercise that is wrong, or empty."""
    if result["status"] != "graded":
        return [f"is {result['status']}"]
    said = [] if result["device"] == device else [f"was graded on {result['device']}, not on {device}"]
    for id_, exercise in result["exercises"].items():
        is_right = exercise["status"] == CORRECT
        if is_right and id_ == wrong:
            said.append(f"the wrong answer to {id_} is accepted")
        elif not is_right and id_ != wrong:
            message = next((check["message"] for check in exercise["checks"] if not check["passed"]), "")
            said.append(f"the reference of {id_} is {exercise['status']}: {message}")
    return said
