"""`autograder grade` as a TA runs it, watched from outside: when each result was there, how much memory was used."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.course.config import find_root
from autograder.grading.journal import NAME

_LOOK_EVERY = 0.02
_WEIGH_EVERY = 1.0


@dataclass(frozen=True)
class Watched:
    """One run.

    Attributes:
        seconds: from the command to its end, start-up and report included.
        steady: results a second between the first result and the last.
        results: the lines of `grades.jsonl`.
        grader_mb: peak resident memory of the trusted process.
        worker_mb: peak resident memory of the largest process below it.
    """

    seconds: float
    steady: float
    results: list[dict[str, Any]]
    grader_mb: float
    worker_mb: float


def grade(submitted: Path, unit: str, out: Path, jobs: int, options: tuple[str, ...] = ()) -> Watched:
    """Grade a class in a process of its own.

    Raises:
        RuntimeError: the command failed, or left a submission without a result.
    """
    command = [sys.executable, "-m", "autograder", "grade", str(submitted), "--assignment", unit]
    command += ["--out", str(out), "--jobs", str(jobs), "--device", "cpu", "--demo-secret", *options]
    said = out.with_suffix(".txt")
    journal = out / NAME
    seen: list[tuple[float, int]] = []
    count, place, weighed = 0, 0, 0.0
    grader = worker = 0.0
    with said.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=find_root(), stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            now = time.perf_counter()
            if journal.is_file():
                with journal.open("rb") as file:
                    file.seek(place)
                    new = file.read()
                place += len(new)
                if new.count(b"\n"):
                    count += new.count(b"\n")
                    seen.append((now, count))
            if now - weighed > _WEIGH_EVERY:
                weighed = now
                grader = max(grader, _peak_mb(process.pid))
                worker = max([worker, *map(_peak_mb, _below(process.pid))])
            time.sleep(_LOOK_EVERY)
        seconds = time.perf_counter() - began
    students = sum(1 for _ in submitted.iterdir())
    results = [json.loads(line) for line in journal.read_text().splitlines()] if journal.is_file() else []
    if process.returncode or len(results) != students:
        raise RuntimeError(
            f"{len(results)} of {students} results, exit code {process.returncode}:\n{said.read_text()[-2000:]}"
        )
    (first, some), (last, all_) = (seen or [(began, 0)])[0], (seen or [(began + seconds, students)])[-1]
    steady = (all_ - some) / (last - first) if last > first else students / seconds
    return Watched(seconds, steady, results, grader, worker)


def torch_mb() -> float:
    """Peak resident memory of a process that has imported torch and done nothing else: no grader goes below it."""
    program = "import torch; print(open('/proc/self/status').read())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    found = re.search(r"VmHWM:\s+(\d+) kB", done.stdout)
    return int(found[1]) / 1024 if found else 0.0


def _peak_mb(pid: int) -> float:
    """High-water mark of a process's resident memory; 0 if it is gone."""
    try:
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def _below(pid: int) -> list[int]:
    """All descendants of a process, those in pid namespaces of their own too: seen from here, they have numbers."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            # The name of a program may hold spaces and brackets; what follows the last bracket does not.
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        children.setdefault(int(parent), []).append(int(place.name))
    found, waiting = [], [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found
