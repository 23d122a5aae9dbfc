"""One class, three graders: `autograder grade`, `nbgrader autograde`, `otter run`; and what none of them can go below.

python -m benchmarks.grading                              # minutes: 200 submissions, 24 of them by the peers too
python -m benchmarks.grading --otter ENV/bin/otter        # otter-grader in an environment of its own: its pins differ
python -m benchmarks.grading --quick                      # a few submissions, no peers: does the benchmark still run?

Writes benchmarks/results/grading.json, but not with --quick; `python -m benchmarks.graders.report` puts it into the
README. Nothing else should run on the machine.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import mean
from typing import Any

from autograder.course.config import find_root
from autograder.course.units import Unit, load_unit
from benchmarks.graders import ours, peers
from benchmarks.graders.classes import answers, is_right, write_ours
from benchmarks.graders.report import RESULTS, tables

UNIT = "moco"

# So many submissions each grader gets before the clock runs: who comes first would otherwise pay for reading the files
# of packages from the disk.
_FIRST = 1


def main(arguments: Sequence[str] | None = None) -> None:
    given = parse(arguments)
    with tempfile.TemporaryDirectory() as folder:
        record = measure(given, Path(folder))
    print(tables(record))
    if given.out:
        given.out.parent.mkdir(parents=True, exist_ok=True)
        given.out.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        print(f"written: {given.out}")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line; `--quick` sets what is not given."""
    parser = argparse.ArgumentParser(description="Times three graders on one class.")
    parser.add_argument("--students", type=int, help="size of the class (200)")
    parser.add_argument("--peers", type=int, help="how many of them the peers grade (24; none: 0)")
    parser.add_argument("--memory", type=int, nargs="*", help="sizes of classes whose grading is weighed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="submissions at the same time")
    parser.add_argument(
        "--otter", type=Path, help="otter-grader's program; the one on PATH if there is one, else skipped"
    )
    parser.add_argument("--option", action="append", default=[], help="passed on to `autograder grade`")
    parser.add_argument("--out", type=Path, help="where to write the record")
    parser.add_argument("--quick", action="store_true", help="4 submissions, no peers, nothing written")
    given = parser.parse_args(arguments)
    quick = given.quick
    given.students = given.students or (4 if quick else 200)
    given.peers = (0 if quick else 24) if given.peers is None else given.peers
    given.memory = ([] if quick else [250, 500, 1000, 2000]) if given.memory is None else given.memory
    given.out = given.out or (None if quick else RESULTS)
    if given.otter and not given.otter.is_file():
        parser.error(f"--otter {given.otter}: there is no such program")
    return given


def measure(given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Run everything, one after the other. The record is described in the README by its tables."""
    unit = load_unit(find_root(), UNIT)
    say(f"floor: {given.students} submissions' calls in one process, and a fork")
    floor = run_floor(given.students, given.jobs)
    graders = [run_ours(unit, given, folder / "ours", floor)]
    tier = graders[0].pop("tier")
    if given.peers:
        graders.append(run_peer(unit, "nbgrader autograde", peers.nbgrader, given.peers, folder / "nbgrader"))
        program = find_otter(given.otter)
        if program:
            otter = partial(peers.otter, program=program)
            graders.append(run_peer(unit, "otter run", otter, given.peers, folder / "otter"))
    memory = []
    for count in given.memory:
        memory.append(weigh(unit, count, given, folder / f"memory-{count}"))
    return {
        "machine": {
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}",
            "torch": version("torch"),
            "date": dt.date.today().isoformat(),
        },
        "class": Counter(kind for kind, _ in answers(unit, given.students).values()),
        "jobs": given.jobs,
        "tier": tier,
        "floor": floor,
        "graders": graders,
        "memory": memory,
        "torch_mb": ours.torch_mb() if memory else 0.0,
    }


def run_floor(students: int, jobs: int) -> dict[str, float]:
    """In processes of their own: they execute the answers. As many at once as submissions of ours, and their mean.

    Cores share caches and memory: beside a busy neighbour the same work takes longer, the floor's as ours.
    """
    command = [sys.executable, "-m", "benchmarks.graders.floor", str(students)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    started = [
        subprocess.Popen(command, cwd=find_root(), env=environment, text=True, stdout=subprocess.PIPE)
        for _ in range(jobs)
    ]
    said = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise RuntimeError("the floor could not be measured")
    found = [json.loads(text) for text in said]
    return {name: mean(each[name] for each in found) for name in found[0]}


def run_ours(unit: Unit, given: argparse.Namespace, folder: Path, floor: dict[str, float]) -> dict[str, Any]:
    """`autograder grade` of the class."""
    made = answers(unit, given.students)
    submitted = write_ours(unit, made, folder / "submitted")
    say(f"autograder grade: {len(made)} submissions")
    first = write_ours(unit, answers(unit, _FIRST), folder / "first" / "submitted")
    ours.grade(first, unit.id, folder / "first" / "results", given.jobs, tuple(given.option))
    seen = ours.grade(submitted, unit.id, folder / "results", given.jobs, tuple(given.option))
    return {
        "name": "autograder grade",
        "version": version("ssl-problem-sets"),
        "tier": ", ".join(sorted({result["sandbox"] for result in seen.results})),
        "submissions": len(made),
        "checks": int(floor["quantities"]),
        "seconds": seen.seconds,
        "steady": seen.steady,
        "right": sum(is_right(kind) for kind, _ in made.values()),
        "full_marks": sum(result["score"] == result["max_score"] for result in seen.results),
    }


def run_peer(
    unit: Unit, name: str, grade: Callable[..., peers.Timed], count: int, folder: Path
) -> dict[str, Any]:
    """A peer on the first students of the class."""
    made = answers(unit, count)
    say(f"{name}: {count} submissions")
    for place in (folder / "first", folder / "all"):
        place.mkdir(parents=True)
    grade(unit, answers(unit, _FIRST), folder / "first")
    timed = grade(unit, made, folder / "all")
    return {
        "name": name,
        "version": timed.version,
        "submissions": count,
        "checks": peers.CHECKS,
        "seconds": timed.seconds,
        "right": sum(is_right(kind) for kind, _ in made.values()),
        "full_marks": timed.full_marks,
    }


def weigh(unit: Unit, count: int, given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Peak memory of grading a class of this size."""
    say(f"memory: {count} submissions")
    submitted = write_ours(unit, answers(unit, count), folder / "submitted")
    seen = ours.grade(submitted, unit.id, folder / "results", given.jobs, tuple(given.option))
    shutil.rmtree(folder)
    return {
        "submissions": count,
        "grader_mb": seen.grader_mb,
        "worker_mb": seen.worker_mb,
        "seconds": seen.seconds,
        "steady": seen.steady,
    }


def find_otter(given: Path | None) -> Path | None:
    """Otter's program, or None with a word about how to have it."""
    found = given or shutil.which("otter")
    if not found:
        say(
            "otter run: skipped, otter-grader is not here. Install it with torch, torchvision and jaxtyping into an "
            "environment of its own, and give --otter ENV/bin/otter"
        )
        return None
    return Path(found).absolute()


def say(text: str) -> None:
    """Progress, apart from the tables."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
