"""What a process gives up before it executes student code. Each tier's list is in docs/security.md."""

from __future__ import annotations

import contextlib
import os
import resource
import signal

from autograder.sandbox import landlock, system
from autograder.sandbox.control import Setup
from autograder.sandbox.seccomp import Filter

_MB = 2**20
_FILE_BYTES = 32 * _MB
_DESCRIPTORS = 256
_THREADS = 256


def confine_server(setup: Setup) -> None:
    """Limit the fork server itself, and with it all that it forks. Raises `OSError`."""
    system.not_dumpable()
    if setup.tier == "restricted":
        landlock.restrict(setup.readable, ["/dev/null", *setup.devices])


def confine_job(setup: Setup, uid: int | None, virtual_memory: int, calls: Filter | None) -> None:
    """Limit the process that is about to execute student code.

    Args:
        setup: the tier and its limits.
        uid: the user to become; None: stay the same.
        virtual_memory: address space of the server, in bytes.
        calls: the filter of system calls; none with tier `none`.

    Raises:
        OSError: the kernel refuses: the process must end then.
    """
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _limit(resource.RLIMIT_CORE, 0)
    if not setup.cuda:
        _limit(resource.RLIMIT_AS, virtual_memory + setup.memory_mb * _MB)
    if setup.tier != "none":
        _limit(resource.RLIMIT_CPU, setup.cpu_seconds)
        _limit(resource.RLIMIT_FSIZE, _FILE_BYTES)
        _limit(resource.RLIMIT_NOFILE, _DESCRIPTORS)
        _limit(resource.RLIMIT_MEMLOCK, 0)
        _limit(resource.RLIMIT_MSGQUEUE, 0)
        if uid is not None or setup.tier == "full":
            # Counted by user: of one that others use too, theirs would count.
            _limit(resource.RLIMIT_NPROC, _THREADS)
        become(uid)
        system.drop_capabilities()
        system.not_dumpable()
    # Should the server end without stopping its jobs (the grader was killed), an endless loop must not run on for ever.
    system.die_with_parent(signal.SIGKILL)
    if calls:
        calls.install()


def become(uid: int | None) -> None:
    """Become another user, for good. Raises `OSError`."""
    if uid is None:
        return
    with contextlib.suppress(
        PermissionError
    ):  # a user namespace made without privileges has no groups to drop
        os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))
