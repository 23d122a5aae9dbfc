"""One submission in a sandbox: what becomes of an exercise's other checks when one of them ends badly."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from autograder.running import Runner
from autograder.sandbox.client import Limits, Sandbox
from autograder.sandbox.wire import CellCode
from course_utils.checks.case import Case
from course_utils.checks.judge import Fault
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.values import pack_case


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits(seconds=1.5, memory_mb=256)) as made:
        yield made


CHECKS = {
    name: [pack_case(Case({"n": n})) for n in numbers]
    for name, numbers in {"a": [0, 1], "b": [2, 3], "c": [4]}.items()
}


def run(sandbox: Sandbox, source: str, seconds: float = 60.0) -> dict | Failure | Fault:
    cell = CellCode("1", source, tuple(range(len(ast.parse(source).body))))
    with Runner(sandbox, "cpu", seconds) as runner:
        seen = runner.run("f", [cell], CHECKS)
    if not isinstance(seen, dict):
        return seen
    return {
        name: [item.quantities["result"] if isinstance(item, Observation) else item.status for item in items]
        for name, items in seen.items()
    }


def test_all_is_well(sandbox: Sandbox) -> None:
    assert run(sandbox, "def f(n):\n    return n") == {"a": [0, 1], "b": [2, 3], "c": [4]}


def test_a_crash_costs_its_check_only(sandbox: Sandbox) -> None:
    source = "import os\ndef f(n):\n    return n if n != 2 else os._exit(3)"
    assert run(sandbox, source) == {"a": [0, 1], "b": ["crashed"], "c": [4]}


def test_a_signal_without_a_name_is_a_crash_like_any_other(sandbox: Sandbox) -> None:
    source = "import os\ndef f(n):\n    return n if n != 2 else os.kill(os.getpid(), 40)"
    assert run(sandbox, source) == {"a": [0, 1], "b": ["crashed"], "c": [4]}


def test_a_timeout_ends_the_exercise(sandbox: Sandbox) -> None:
    source = "def f(n):\n    while n == 1:\n        pass\n    return n"
    assert run(sandbox, source) == {"a": [0, "timeout"]}


def test_memory_is_named_and_the_next_case_runs(sandbox: Sandbox) -> None:
    source = "def f(n):\n    return len(bytearray(2**31)) if n == 2 else n"
    assert run(sandbox, source) == {"a": [0, 1], "b": ["memory", 3], "c": [4]}


def test_a_slice_that_cannot_be_executed(sandbox: Sandbox) -> None:
    failure = run(sandbox, "x = 1 / 0\ndef f(n):\n    return n")
    assert isinstance(failure, Failure)
    fault = run(sandbox, "import os\nx = os._exit(1)\ndef f(n):\n    return n")
    assert isinstance(fault, Fault)
    assert fault.status == "crashed"


def test_a_slice_that_dies_when_it_is_executed_again(sandbox: Sandbox) -> None:
    # Threads tell a first execution from a second one: the number of the process grows.
    source = (
        "import os, time\n"
        "def f(n):\n"
        "    if n == 2: os._exit(1)\n"
        "    return n\n"
        "again = os._exit(2) if os.getpid() > FIRST else 0\n"
    )
    with sandbox.job() as job:
        first = job._pid + 1
    assert run(sandbox, source.replace("FIRST", str(first))) == {"a": [0, 1], "b": ["crashed"]}


def test_many_slow_calls_are_ended_together(sandbox: Sandbox) -> None:
    source = "import time\ndef f(n):\n    time.sleep(0.7)\n    return n"
    seen = run(sandbox, source, seconds=1.2)
    assert isinstance(seen, dict)
    assert seen["a"] == [0, "timeout"]
    assert "b" not in seen
