"""What a student's process can see, reach and do in each tier, asked of that process itself."""

from __future__ import annotations

import ast
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.console import Console

from autograder.cli.session import cuda_jobs
from autograder.errors import UserError
from autograder.sandbox import landlock, seccomp, system, tiers, view
from autograder.sandbox.client import Limits, Sandbox, SandboxError
from autograder.sandbox.namespaces import SCRATCH
from course_utils.checks.case import Case
from course_utils.checks.observation import Observation
from course_utils.checks.prepared import Fault
from course_utils.checks.wire import pack_case
from course_utils.slices.statements import CellCode
from tests.support import ROOT
from tests.support.optional import tiers_here, ways_here

PROBE = tiers.probe
# Importing scipy, sklearn and matplotlib takes four seconds of a slow core by itself, and more beside busy neighbours.
LIMITS = Limits(seconds=60, memory_mb=512)


@contextmanager
def sandbox_made(tier: str, way: str, limits: Limits) -> Iterator[Sandbox]:
    found = tiers.probe()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiers, "probe", lambda: tiers.Probe(found.best, way, found.reasons))
        with Sandbox(limits, tier) as made:
            yield made


@pytest.fixture(scope="module", params=ways_here())
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    tier, way = request.param
    with sandbox_made(tier, way, LIMITS) as made:
        yield made


def ask(sandbox: Sandbox, body: str) -> object:
    """The value that a function with this body returns in the sandbox; the name of the exception if it raises."""
    lines = "".join(f"\n    {line}" for line in body.splitlines())
    source = f"import os, sys, socket, signal, ctypes, threading\nimport torch\ndef f():{lines}\n"
    with sandbox.job() as job:
        assert job.load("f", [CellCode("1", source, tuple(range(len(ast.parse(source).body))))]) is None
        (seen,) = job.run([pack_case(Case({}))], "cpu")
    if isinstance(seen, Fault):
        return seen.status
    assert isinstance(seen, Observation)
    return seen.failure.message if seen.failure else seen.quantities["result"]


REFUSED = "Operation not permitted"


@pytest.mark.parametrize(
    "body",
    [
        "os.fork()",
        "os.posix_spawn('/bin/true', ['true'], {})",
        "os.execv(sys.executable, [sys.executable])",
        "socket.socket(socket.AF_INET)",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "os.kill(os.getppid(), 9)",
        "os.kill(-1, 9)",
        "os.killpg(0, 9)",
        "os.setsid()",
        "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)",
        "a, b = socket.socketpair()\na.sendto(b'x', '/dev/log')",
        "os.truncate('/tmp/x', 0)",
        "os.setpriority(os.PRIO_PROCESS, 0, 19)",
        "os.sched_setaffinity(0, {0})",
        "os.setuid(0)",
        "os.memfd_create('x')",
        "os.mkfifo('/tmp/x')",
        "os.chroot('/')",
        "import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
        "import fcntl; fcntl.fcntl(1, 8, os.getppid())",
    ],
)
def test_calls_that_are_refused(sandbox: Sandbox, body: str) -> None:
    assert REFUSED in str(ask(sandbox, body)) or "Permission denied" in str(ask(sandbox, body))


@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        (system._MOUNT_SETATTR, "0"),
        (system._PIVOT_ROOT["x86_64"], "b'/', b'/'"),
        (101, "0"),  # ptrace
        (165, "b'a', b'/tmp', b'tmpfs', 0, 0"),  # mount
        (272, "0x10000000"),  # unshare
        (298, "0"),  # perf_event_open
        (310, "1"),  # process_vm_readv
        (321, "0"),  # bpf
        (323, "0"),  # userfaultfd
        (424, "0"),  # pidfd_send_signal
        (425, "1, 0"),  # io_uring_setup
        (434, "1, 0"),  # pidfd_open
        (9999, "0"),  # what Linux may learn one day
        (0x40000000 + 57, "0"),  # the fork of x32
    ],
)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of x86_64")
def test_system_calls_that_are_refused(sandbox: Sandbox, number: int, arguments: str) -> None:
    body = f"libc = ctypes.CDLL(None, use_errno=True)\nlibc.syscall({number}, {arguments})\nreturn ctypes.get_errno()"
    assert ask(sandbox, body) in (1, 38)


def test_a_program_of_another_architecture_is_killed(sandbox: Sandbox) -> None:
    if os.uname().machine != "x86_64":
        pytest.skip("machine code of x86_64")
    # mov eax, 2 (fork in the table of 32 bits); int 0x80; ret
    body = (
        "import mmap\n"
        "page = mmap.mmap(-1, 4096, prot=7)\n"
        "page.write(bytes.fromhex('b802000000cd80c3'))\n"
        "call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))\n"
        "return call()"
    )
    assert ask(sandbox, body) == "crashed"


def test_what_students_need_is_allowed(sandbox: Sandbox) -> None:
    assert (
        ask(
            sandbox,
            "torch.set_num_threads(3)\nreturn (torch.ones(600, 600) @ torch.ones(600, 600)).sum().item()",
        )
        == 600**3
    )
    body = (
        "seen = []\nt = threading.Thread(target=lambda: seen.append(7))\nt.start()\nt.join()\nreturn seen[0]"
    )
    assert ask(sandbox, body) == 7
    assert ask(sandbox, "import scipy.special, sklearn.decomposition, matplotlib.pyplot\nreturn 5") == 5
    assert (
        ask(
            sandbox,
            "signal.signal(signal.SIGALRM, signal.SIG_IGN)\nsignal.raise_signal(signal.SIGALRM)\nreturn 5",
        )
        == 5
    )
    assert ask(sandbox, "import asyncio\nreturn asyncio.run(asyncio.sleep(0, 5))") == 5
    assert (
        ask(sandbox, "import time, random, numpy\ntime.sleep(0.01)\nnumpy.random.default_rng()\nreturn 5")
        == 5
    )


def test_a_gpu_convolves_as_in_the_notebook(sandbox: Sandbox) -> None:
    assert ask(sandbox, "return int(torch.backends.cudnn.allow_tf32)") == 0


def test_files_of_the_course_are_not_there(sandbox: Sandbox) -> None:
    for path in (
        ROOT,
        ROOT / "solutions",
        ROOT / "solutions" / "moco" / "enqueue" / "reference.py",
        ROOT / "course.toml",
        "/etc/passwd",
    ):
        said = str(
            ask(
                sandbox,
                f"return len(os.listdir({str(path)!r})) if os.path.isdir({str(path)!r}) else open({str(path)!r}).read()",
            )
        )
        assert "No such file" in said or "Permission denied" in said or said == "0", path
    searched = ask(sandbox, (
        "found = 0\n"
        "for folder, below, files in os.walk('/'):\n"
            "    if folder.endswith('packages') or folder == '/usr/lib': below.clear()\n"
        "    if 'solutions' in folder.split('/') or 'nbgrader_config.py' in files or 'equivalents.toml' in files:\n"
        "        found += 1\n"
        "return found"
    ))  # fmt: skip
    assert searched == 0


def test_nothing_tells_where_the_course_lies(sandbox: Sandbox) -> None:
    if sandbox.tier != "full":
        pytest.skip("with one file system its paths are the same inside")
    body = (
        "import gc\n"
        "texts = [repr(sys.path), repr(dict(os.environ)), repr(sys.argv), repr(sys.orig_argv)]\n"
        "texts += [repr(getattr(m, '__file__', '')) for m in list(sys.modules.values())]\n"
        "texts += [x for x in gc.get_objects() if isinstance(x, str)]\n"
        f"return sum({str(ROOT)!r}[:-1] + {str(ROOT)[-1]!r} in text for text in texts)"
    )
    # The two halves are joined in the sandbox only; the string of the question itself is no object of its collector.
    assert ask(sandbox, body) == 0
    assert (
        ask(
            sandbox,
            "return sum(len(os.listdir(p)) for p in ('/home', '/mnt', '/sys', '/proc') if os.path.exists(p))",
        )
        == 0
    )


def test_only_the_channel_is_open(sandbox: Sandbox) -> None:
    body = (
        "kinds = []\n"
        "for fd in range(256):\n"
        "    try: kinds.append(os.fstat(fd).st_mode >> 12)\n"
        "    except OSError: pass\n"
        "return str(kinds)"
    )
    # Three times /dev/null, a character device (2), and one socket (12).
    assert "[2, 2, 2, 12]" in str(ask(sandbox, body))


def test_who_the_process_is(sandbox: Sandbox) -> None:
    assert (
        ask(
            sandbox,
            "return sum(c in '123456789abcdef' for line in open('/proc/self/status') if line.startswith('Cap') for c in line.split()[1])",
        )
        != 1
    )
    other = ask(sandbox, "return os.getuid()")
    assert (
        (other == 1000 or other > 1_000_000)
        if "another user" in sandbox.note
        # In a user namespace of its own that maps nobody, it is nobody.
        else other == (65534 if sandbox.tier == "full" else os.getuid())
    )
    libc = "libc = ctypes.CDLL(None, use_errno=True)\n"
    assert ask(sandbox, libc + "return libc.prctl(3, 0, 0, 0, 0)") == 0  # not dumpable
    assert ask(sandbox, libc + "libc.prctl(4, 1, 0, 0, 0)\nreturn libc.prctl(3, 0, 0, 0, 0)") == 0
    header = "header = (ctypes.c_uint32 * 2)(0x20080522, 0)\ndata = (ctypes.c_uint32 * 6)()\n"
    if os.uname().machine == "x86_64":
        assert ask(sandbox, libc + header + "libc.syscall(125, header, data)\nreturn sum(data)") == 0


def test_writing(sandbox: Sandbox) -> None:
    assert "Errno" in str(ask(sandbox, "open(torch.__file__, 'a')"))
    assert "Errno" in str(ask(sandbox, "open('/x', 'w')"))
    if sandbox.tier == "restricted":
        assert "Errno 13" in str(ask(sandbox, "open('/tmp/x', 'w')"))
        return
    for place in SCRATCH:
        assert ask(sandbox, f"return open('{place}/x', 'w').write('abc')") == 3
        assert ask(sandbox, f"return len(os.listdir('{place}'))") == 0
    assert "No space" in str(ask(sandbox, "for i in range(10_000): open(f'/tmp/{i}', 'w')"))
    body = "for i in range(9):\n    with open(f'/tmp/{i}', 'wb') as f: f.write(bytes(2**23))"
    assert "No space" in str(ask(sandbox, body))
    body = (
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nwith open('/tmp/a', 'wb') as f: f.write(bytes(2**26))"
    )
    assert "File too large" in str(ask(sandbox, body))


def test_memory_and_threads_are_limited(sandbox: Sandbox) -> None:
    assert "MemoryError" in str(ask(sandbox, "return len(bytearray(2**30))"))
    assert "can't start new thread" in str(ask(sandbox, (
        "wait = threading.Event()\n"
        "for i in range(400): threading.Thread(target=wait.wait, daemon=True).start()\n"
    )))  # fmt: skip


@pytest.mark.parametrize("wanted", ways_here())
def test_time_is_limited_even_where_every_signal_is_blocked(wanted: tuple[str, str]) -> None:
    # Enough for loading on a slow core, which is limited as well.
    with sandbox_made(*wanted, Limits(seconds=5, memory_mb=512)) as made:
        body = "signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass"
        assert ask(made, body) == "timeout"


def test_a_control_group_is_used_where_it_may_be_and_is_gone_afterwards() -> None:
    with Sandbox(Limits(memory_mb=256)) as made:
        with made.job():
            pass
        group = made.server._group
        folders = list(group._folders) if group else []
        if not folders:
            pytest.skip(
                "control groups cannot be made here: they need root, or a delegated group, and a writable /sys/fs/cgroup"
            )
        assert made.server._process
        for folder in folders:
            assert str(made.server._process.pid) in (folder / "cgroup.procs").read_text().split()
            # The launcher (of tier full), the server and its worker.
            assert len((folder / "cgroup.procs").read_text().split()) == (3 if made.tier == "full" else 2)
        limits = [folder / name for folder in folders for name in ("memory.limit_in_bytes", "memory.max")]
        assert [int(path.read_text()) for path in limits if path.exists()] == [(2048 + 256 + 128) * 2**20]
    assert not any(folder.exists() for folder in folders)


@pytest.mark.parametrize("tier", tiers_here())
def test_a_sandbox_for_a_gpu_works_where_there_is_none(tier: str) -> None:
    """As far as it can be tried without one: all is as before, but /proc is there and address space is not limited."""
    with Sandbox(Limits(seconds=60, memory_mb=64), tier, cuda=True) as made:
        assert ask(made, "return len(bytearray(2**28)) >> 28") == 1
        assert REFUSED in str(ask(made, "os.fork()"))
        assert "Errno" in str(ask(made, f"os.listdir({str(ROOT)!r})"))


def test_jobs_on_a_gpu_are_bounded_by_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    said = Console(file=io.StringIO(), width=200)
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (4 * 2**30, 16 * 2**30))
    assert cuda_jobs(8, said) == 2
    assert "2 at a time instead of 8" in said.file.getvalue()  # type: ignore[attr-defined]
    assert cuda_jobs(1, said) == 1
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda: (2**28, 16 * 2**30))
    assert cuda_jobs(8, said) == 1


def test_a_refused_confinement_is_no_students_fault() -> None:
    if tiers.probe().best == "none":
        pytest.skip("no confinement to be had")
    with (
        Sandbox(Limits(memory_mb=2**44)) as broken,
        pytest.raises(SandboxError, match="refused the confinement"),
        broken.job(),
    ):
        pass


def test_a_course_that_asks_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    tiers.require("full", "restricted")
    tiers.require("none", "restricted", unsafe=True)
    weak = tiers.Probe("none", "", {"restricted": "this kernel has no Landlock", "full": "no namespaces"})
    monkeypatch.setattr(tiers, "probe", lambda: weak)
    with pytest.raises(
        UserError, match=r"'restricted', this machine offers 'none': this kernel has no Landlock.*--unsafe"
    ):
        tiers.require("none", "restricted")
    with pytest.raises(UserError, match="no namespaces"):
        tiers.require("restricted", "full")


def test_weaker_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiers, "_try", lambda way: f"{way} refused")
    found = PROBE.__wrapped__()
    assert found.best == (
        "restricted" if landlock.version() >= landlock.LEAST and seccomp.available() else "none"
    )
    assert "directly refused; bubblewrap: bubblewrap refused" in found.reasons["full"]
    monkeypatch.setattr(landlock, "version", lambda: 0)
    found = PROBE.__wrapped__()
    assert found.best == "none"
    assert "Landlock" in found.reasons["restricted"]
    monkeypatch.setattr(seccomp, "available", lambda: False)
    assert "seccomp" in PROBE.__wrapped__().reasons["full"]


def test_a_repository_inside_of_what_is_shown_is_covered() -> None:
    binds = [("/usr/lib", "/usr/lib"), ("/venv/site-packages", "/course/packages")]
    hidden = view._hidden(binds, ["/venv/site-packages"], [Path("/usr/lib/course")])
    assert "/usr/lib/course" in [place.rstrip("/") for place in hidden]
    assert view._hidden(binds, ["/venv/site-packages"], [Path("/home/me/course")]) == []


def test_what_libraries_take_cannot_be_had_by_unmapping_them(sandbox: Sandbox) -> None:
    body = "import resource\nreturn resource.getrlimit(resource.RLIMIT_DATA)[0] // 2**20"
    limit = ask(sandbox, body)
    assert isinstance(limit, int)
    assert 512 < limit < 4096
