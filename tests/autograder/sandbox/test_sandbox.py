from __future__ import annotations

import ast
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import torch

from autograder.sandbox import control
from autograder.sandbox.client import Limits, Sandbox, SandboxError
from autograder.sandbox.control import Closed, WireError, receive, send
from autograder.sandbox.namespaces import SCRATCH
from course_utils.checks.case import Case, Input, Module
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.prepared import Fault
from course_utils.checks.wire import pack_case
from course_utils.models import build
from course_utils.running.protocol import Load, Loaded
from course_utils.slices.statements import CellCode
from tests.support.optional import tiers_here

TIERS = ["none", *tiers_here()]


@pytest.fixture(scope="module", params=TIERS)
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(Limits(seconds=2, memory_mb=512), request.param) as made:
        yield made


def descendants(pid: int) -> list[int]:
    """Processes below this one, as seen from outside of all namespaces."""
    children = [
        int(word)
        for path in Path(f"/proc/{pid}/task").glob("*/children")
        for word in path.read_text().split()
    ]
    return children + [other for child in children for other in descendants(child)]


def ask(sandbox: Sandbox, body: str) -> object:
    """What a function with this body returns."""
    lines = "".join(f"\n    {line}" for line in body.splitlines())
    (seen,) = run(sandbox, f"import os\ndef f():{lines}", Case({}))
    assert isinstance(seen, Observation), seen
    return seen.quantities["result"]


def cell(source: str) -> CellCode:
    return CellCode("1", source, tuple(range(len(ast.parse(source).body))))


def run(sandbox: Sandbox, source: str, case: Case) -> list[Observation | Fault]:
    with sandbox.job() as job:
        assert job.load("f", [cell(source)]) is None
        return job.run([pack_case(case)], "cpu")


def test_values_there_and_back(sandbox: Sandbox) -> None:
    case = Case({"x": Input(torch.arange(6.0).reshape(2, 3), wants_grad=True), "n": 2})
    (seen,) = run(sandbox, "def f(x, n):\n    return x.T * n, n", case)
    assert isinstance(seen, Observation)
    assert torch.equal(seen.quantities["result.0"], 2 * torch.arange(6.0).reshape(2, 3).T)  # type: ignore[arg-type]
    assert seen.quantities["result.1"] == 2
    assert seen.quantities["gradient.x"].shape == (2, 3)  # type: ignore[union-attr]


def test_modules_travel_as_name_and_state(sandbox: Sandbox) -> None:
    state = build("tiny_encoder", width=4).state_dict()
    case = Case({"encoder": Module("tiny_encoder", {"width": 4}, state)})
    source = "import torch\ndef f(m):\n    with torch.no_grad():\n        for p in m.parameters(): p.add_(1)"
    (seen,) = run(sandbox, source, case)
    assert isinstance(seen, Observation)
    name = next(iter(state))
    assert torch.allclose(seen.quantities[f"after.encoder.{name}"], state[name] + 1)  # type: ignore[arg-type]


def test_jobs_are_independent(sandbox: Sandbox) -> None:
    case = Case({"x": 1})
    run(sandbox, "import torch\ntorch.marker = 5\ndef f(x):\n    torch.marker = 6", case)
    (seen,) = run(sandbox, "import torch\ndef f(x):\n    return getattr(torch, 'marker', 0)", case)
    assert isinstance(seen, Observation)
    assert seen.quantities["result"] == 0


def test_a_folder_to_write_in_that_looks_the_same_is_not_the_same(sandbox: Sandbox) -> None:
    if sandbox.tier != "full":
        pytest.skip("the others have none of their own")
    for place in SCRATCH:
        # The kernel may date a new mount back to the last change of any file, if both fall into one tick of its clock.
        changed = f"open('{place}/x', 'w').close()\nos.remove('{place}/x')\n__import__('time').sleep(0.05)\n"
        time_ = f"return str(os.stat('{place}').st_mtime_ns)"
        assert ask(sandbox, changed + time_) != ask(sandbox, time_)


def test_load_failures(sandbox: Sandbox) -> None:
    with sandbox.job() as job:
        failure = job.load("f", [cell("x = 1\ny = x / 0")])
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.line, failure.code) == ("ZeroDivisionError", 2, "y = x / 0")
        missing = job.load("f", [cell("x = 1")])
        assert isinstance(missing, Failure)
        not_callable = job.load("f", [cell("f = 3")])
        assert isinstance(not_callable, Failure)
        assert "no function" in not_callable.message


def test_endless_import_is_a_timeout(sandbox: Sandbox) -> None:
    with sandbox.job() as job:
        fault = job.load("f", [cell("while True:\n    pass")])
        assert isinstance(fault, Fault)
        assert fault.status == "timeout"
        assert not job.alive


def test_later_cases_are_lost_after_a_fault(sandbox: Sandbox) -> None:
    with sandbox.job() as job:
        job.load("f", [cell("import os\ndef f(n):\n    return n if n < 2 else os._exit(1)")])
        seen = job.run([pack_case(Case({"n": n})) for n in range(5)], "cpu")
    assert [type(item) for item in seen] == [Observation, Observation, Fault]


def test_the_jobs_process_is_gone_afterwards(sandbox: Sandbox) -> None:
    assert sandbox.server._process
    with sandbox.job():
        pass
    before = descendants(sandbox.server._process.pid)
    with sandbox.job():
        assert len(descendants(sandbox.server._process.pid)) == len(before) + 1
    assert descendants(sandbox.server._process.pid) == before


@pytest.mark.parametrize("tier", TIERS)
def test_a_job_does_not_outlive_a_grader_that_was_killed(tier: str) -> None:
    with Sandbox(Limits(), tier) as sandbox, sandbox.job() as job:
        assert job.load("f", [cell("def f():\n    pass")]) is None
        assert sandbox.server._process
        assert sandbox._control
        # What the server sees when the grader is gone; the job's own channel stays open.
        sandbox._control.close()
        assert sandbox.server._control
        sandbox.server._control.close()
        sandbox.server._process.wait(10)
        job._channel.settimeout(5)
        assert job._channel.recv(1) == b""
        job.alive = False


@pytest.mark.parametrize("tier", TIERS)
def test_a_dead_server_is_our_fault(tier: str) -> None:
    with Sandbox(Limits(), tier) as broken:
        with broken.job():
            pass
        assert broken.server._process is not None
        broken.server._process.kill()
        broken.server._process.wait()
        # Its worker ends with it, a moment later.
        assert broken._control
        broken._control.settimeout(10)
        assert broken._control.recv(1) == b""
        with pytest.raises(SandboxError, match="the worker of the fork server is gone"), broken.job():
            pass
        # Told once; the next job has another server.
        assert ask(broken, "return 5") == 5


def test_not_started() -> None:
    with pytest.raises(SandboxError, match="with statement"), Sandbox(Limits()).job():
        pass


def test_messages_are_checked_against_the_schema() -> None:
    left, right = socket.socketpair()
    with left, right:
        send(left, Loaded(None))
        assert receive(right, Loaded) == Loaded(None)
        send(left, Load("f", ()))
        with pytest.raises(WireError):
            receive(right, Loaded)
        left.sendall((2**31).to_bytes(4, "big"))
        with pytest.raises(WireError, match="a message of"):
            receive(right, Loaded)


def test_deeply_nested_message_is_refused() -> None:
    left, right = socket.socketpair()
    with left, right:
        body = b"\x91" * 200_000 + b"\xc0"
        left.sendall(len(body).to_bytes(4, "big") + body)
        with pytest.raises(WireError):
            receive(right, Loaded)


def test_incomplete_message_times_out_and_closed_channel_is_told() -> None:
    left, right = socket.socketpair()
    with right:
        left.sendall(b"\x00\x00")
        started = time.monotonic()
        with pytest.raises(TimeoutError):
            receive(right, Loaded, 0.2)
        assert time.monotonic() - started < 5
        # The deadline was that of this message.
        assert right.gettimeout() is None
        left.close()
        with pytest.raises(Closed):
            receive(right, Loaded, 0.2)


def test_a_drip_of_bytes_does_not_extend_the_deadline() -> None:
    left, right = socket.socketpair()
    with left, right:
        left.sendall(msgspec.msgpack.encode(Loaded(None))[:1])
        with pytest.raises(TimeoutError):
            control._read(right, 10, time.monotonic() + 0.1)
