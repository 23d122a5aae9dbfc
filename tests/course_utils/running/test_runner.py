"""One submission in a sandbox: what becomes of an exercise's other checks when one of them ends badly."""

from __future__ import annotations

import ast
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from autograder.sandbox.client import Job, Limits, Sandbox
from course_utils.checks.case import Case
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.prepared import Fault
from course_utils.checks.wire import pack_case
from course_utils.running.runner import Runner
from course_utils.slices.statements import CellCode


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(Limits(seconds=1.5, memory_mb=256)) as made:
        yield made


CHECKS = {
    name: [pack_case(Case({"n": n})) for n in numbers]
    for name, numbers in {"a": [0, 1], "b": [2, 3], "c": [4]}.items()
}


def raw(sandbox: Sandbox, source: str, seconds: float = 60.0) -> Any:
    with Runner(sandbox, "cpu", seconds) as runner:
        return runner.run("f", [cell_of(source)], CHECKS)


def cell_of(source: str) -> CellCode:
    return CellCode("1", source, tuple(range(len(ast.parse(source).body))))


def run(sandbox: Sandbox, source: str, seconds: float = 60.0) -> dict | Failure | Fault:
    seen = raw(sandbox, source, seconds)
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
    # One call is through in time, with almost a second to spare for a busy machine; two are not.
    source = "import time\ndef f(n):\n    time.sleep(0.9)\n    return n"
    seen = run(sandbox, source, seconds=1.7)
    assert isinstance(seen, dict)
    assert seen["a"] == [0, "timeout"]
    assert "b" not in seen


@pytest.fixture
def killer(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of `Job`'s methods; one after the other is disturbed: the process is killed from outside."""
    todo: list[str] = []

    def disturb(name: str) -> None:
        method = getattr(Job, name)

        def disturbed(self: Job, *arguments: Any) -> Any:
            if todo[:1] == [name]:
                todo.pop(0)
                os.kill(self._pid, signal.SIGKILL)
            return method(self, *arguments)

        monkeypatch.setattr(Job, name, disturbed)

    disturb("load")
    disturb("run")
    return todo


@pytest.fixture(scope="module")
def open_sandbox() -> Iterator[Sandbox]:
    """Only here a process has the number that it has outside as well."""
    with Sandbox(Limits(), "none") as made:
        yield made


@pytest.mark.parametrize("where", ["load", "run"])
def test_a_process_that_was_killed_from_outside_costs_nothing(
    open_sandbox: Sandbox, killer: list[str], where: str
) -> None:
    killer.append(where)
    assert run(open_sandbox, "def f(n):\n    return n") == {"a": [0, 1], "b": [2, 3], "c": [4]}
    assert not killer


def test_a_process_that_is_killed_whenever_it_runs_has_crashed(
    open_sandbox: Sandbox, killer: list[str]
) -> None:
    killer += ["load", "load"]
    fault = raw(open_sandbox, "def f(n):\n    return n")
    assert fault.status == "crashed"
    assert "SIGKILL, and once more" in fault.message
    killer += ["run", "run"]
    assert run(open_sandbox, "def f(n):\n    return n") == {"a": ["crashed"], "b": [2, 3], "c": [4]}
    # Each check may be disturbed once; one that was run again is not tried a third time.
    killer += ["run", "run", "run"]
    assert run(open_sandbox, "def f(n):\n    return n") == {"a": ["crashed"], "b": [2, 3], "c": [4]}


def test_a_process_that_is_killed_in_a_check_and_then_at_the_start_has_crashed(
    open_sandbox: Sandbox, killer: list[str]
) -> None:
    killer += ["run", "load", "load"]
    seen = raw(open_sandbox, "def f(n):\n    return n")
    (fault,) = seen["a"]
    assert fault.status == "crashed"
    assert "SIGKILL, and once more" in fault.message


def test_memory_that_ran_out_in_one_case_is_not_what_ended_the_process(sandbox: Sandbox) -> None:
    source = "import time\ndef f(n):\n    if n == 0:\n        raise MemoryError\n    time.sleep(60 * (n == 3))\n    return n"
    assert run(sandbox, source) == {"a": ["memory", 1], "b": [2, "timeout"]}


def test_who_kills_itself_has_crashed(sandbox: Sandbox) -> None:
    seen = raw(sandbox, "import os\ndef f(n):\n    return n if n not in (1, 2) else os.kill(os.getpid(), 9)")
    assert [len(items) for items in seen.values()] == [2, 1, 1]
    for fault in (seen["a"][1], seen["b"][0]):
        assert fault.status == "crashed"
        assert "SIGKILL, and once more" in fault.message


def test_running_once_more_takes_no_more_than_the_submissions_time(sandbox: Sandbox) -> None:
    source = "import os, time\ndef f(n):\n    time.sleep(0.9)\n    os.kill(os.getpid(), 9)"
    assert run(sandbox, source, seconds=1.7) == {"a": ["timeout"]}


def test_what_a_process_has_seen_of_one_exercise_is_not_told_by_the_next(sandbox: Sandbox) -> None:
    spy = "import builtins\nbuiltins.seen = []\ndef f(n):\n    builtins.seen.append(n)\n    return n"
    tell = "import builtins\nraise ValueError(str(getattr(builtins, 'seen', 'nothing')))"
    with Runner(sandbox, "cpu", 60.0) as runner:
        runner.run("f", [cell_of(spy)], CHECKS)
        failure = runner.run("f", [cell_of(tell)], CHECKS)
        assert isinstance(failure, Failure)
        assert failure.message == "ValueError: nothing"
        assert runner.run("f", [cell_of("def f(n):\n    return n")], CHECKS)


def test_that_memory_ran_out_is_told_in_words_of_our_own(sandbox: Sandbox) -> None:
    seen = raw(sandbox, "def f(n):\n    raise MemoryError(f'the argument was {n}')")
    assert {item.message for items in seen.values() for item in items} == {"needed too much memory"}


def test_a_reply_that_is_none_is_not_quoted(sandbox: Sandbox) -> None:
    # The message of a slice that was executed, with a text where its tag should be.
    source = (
        "import os, struct\n"
        "body = bytes([0x81, 0xa4]) + b'type' + bytes([0xa6]) + b'secret'\n"
        "for descriptor in range(3, 64):\n"
        "    try:\n        os.write(descriptor, struct.pack('>I', len(body)) + body)\n"
        "    except OSError:\n        pass\n"
        "def f(n):\n    return n"
    )
    fault = run(sandbox, source)
    assert isinstance(fault, Fault)
    assert fault.message == "the process sent a malformed reply (it does not fit the schema)"
