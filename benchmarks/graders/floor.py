"""What no grader can go below: the students' own calls in one plain process, and one fork a submission.

python -m benchmarks.graders.floor STUDENTS    # prints JSON; a process of its own, because it executes the answers
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

FORKS = 40


def fork_seconds(count: int = FORKS) -> float:
    """Median time of a fork of this process, a small forward and backward pass in it, its end and the wait."""
    import torch

    times = []
    for _ in range(count):
        began = time.perf_counter()
        pid = os.fork()
        if not pid:
            values = torch.ones(4, 5, requires_grad=True)
            (values @ values.T).sum().backward()
            os._exit(0)
        os.waitpid(pid, 0)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def prepare() -> float:
    """Import what a sandbox has at hand, and do nothing clever about memory. Returns the seconds that it took."""
    began = time.perf_counter()
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot  # noqa: F401
    import torch
    import torchvision.transforms.v2  # noqa: F401

    import course_utils.models  # noqa: F401

    torch.set_num_threads(1)
    gc.collect()
    gc.freeze()
    return time.perf_counter() - began


def measure(students: int) -> dict[str, float]:
    """Means over the class; see the keys.

    Returns:
        `call_ms`: spent in the student's own functions, a submission; `case_ms`: the same with arguments made anew,
        gradients, and all that is seen written down; `checks`, `cases`, `quantities`: scored checks of the unit, calls
        judged in them, and values compared.
    """

    from autograder.course.config import find_root
    from autograder.course.units import load_unit
    from benchmarks.graders.classes import answers
    from course_utils.checks.compare import selected
    from course_utils.checks.observe import observe

    unit = load_unit(find_root(), "moco")
    prepared = {id_: exercise.prepare(b"benchmark") for id_, exercise in unit.exercises.items()}
    prelude = "\n".join(unit.prelude.values())
    clock = _Clock()
    cases = 0.0
    for _, sources in answers(unit, students).values():
        for id_, source in sources.items():
            namespace: dict[str, Any] = {}
            exec(f"{prelude}\n{source}", namespace)
            timed = clock.around(namespace[unit.exercises[id_].name])
            began = time.perf_counter()
            for check in prepared[id_].checks:
                for case in check.cases:
                    observe(timed, case)
            cases += time.perf_counter() - began
    checks = [check for exercise in prepared.values() for check in exercise.checks]
    return {
        "call_ms": 1000 * clock.seconds / students,
        "case_ms": 1000 * cases / students,
        "checks": len(checks),
        "cases": sum(len(check.cases) for check in checks),
        "quantities": sum(
            len(selected(expected, check.looks_at)) if check.property is None else 1
            for check in checks
            for expected in check.expected
        ),
    }


class _Clock:
    """Adds up the time spent in functions."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any) -> Any:
            began = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.seconds += time.perf_counter() - began

        return timed


if __name__ == "__main__":
    start = prepare()
    fork = fork_seconds()
    # The first round warms the caches of torch and of the processor.
    measure(min(int(sys.argv[1]), 10))
    print(json.dumps({"start_ms": 1000 * start, "fork_ms": 1000 * fork, **measure(int(sys.argv[1]))}))
