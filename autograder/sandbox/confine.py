"""What a process gives up before it executes student code. Each tier's list is in docs/security.md."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Mapping

from autograder.sandbox import landlock, system
from autograder.sandbox.control import ServerSetup
from autograder.sandbox.seccomp import Filter

_MB = 2**20
_FILE_BYTES = 32 * _MB
_DESCRIPTORS = 256
_THREADS = 256
_THREADS_OF_A_USER = 2**15


def confine_server(setup: ServerSetup) -> None:
    """Limit the fork server itself, and with it all that it forks. Raises `OSError`."""
    system.not_dumpable()
    if setup.tier == "restricted":
        landlock.restrict(_rules(setup, setup.scratch))


def rules_of_job(setup: ServerSetup, folder: str) -> int | None:
    """What a job may open, on top of what the server may not: a neighbour's folder is none of it. For `confine_job`.

    Args:
        setup: the tier and its limits.
        folder: the job's working folder.

    Returns:
        A descriptor; None where this tier has no such rules.

    Raises:
        OSError: the kernel refuses.
    """
    return _rules(setup, folder) if setup.tier == "restricted" else None


def _rules(setup: ServerSetup, folder: str) -> int:
    return landlock.rules(setup.readable, ["/dev/null", *setup.devices], [folder])


def confine_job(
    setup: ServerSetup,
    uid: int | None,
    memory: Mapping[int, int],
    calls: Filter | None,
    rules: int | None = None,
) -> None:
    """Limit the process that is about to execute student code.

    Args:
        setup: the tier and its limits.
        uid: the user to become; None: stay the same.
        memory: limit of memory, such as `RLIMIT_AS` -> what the server takes of it, in bytes.
        calls: the filter of system calls; none with tier `none`.
        rules: as `rules_of_job` has made them.

    Raises:
        OSError: the kernel refuses: the process must end then.
    """
    _open_nothing()
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _limit(resource.RLIMIT_CORE, 0)
    if not setup.cuda:
        # Address space alone is not enough: a process could unmap the libraries and fill that space with data.
        for kind, taken in memory.items():
            _limit(kind, taken + setup.memory_mb * _MB)
    if setup.tier != "none":
        _limit(resource.RLIMIT_CPU, setup.cpu_seconds)
        _limit(resource.RLIMIT_FSIZE, _FILE_BYTES)
        _limit(resource.RLIMIT_NOFILE, _DESCRIPTORS)
        _limit(resource.RLIMIT_MEMLOCK, 0)
        _limit(resource.RLIMIT_MSGQUEUE, 0)
        _limit(resource.RLIMIT_NPROC, _most_threads(setup, uid))
        become(uid)
        if rules is not None:
            landlock.restrict(rules)
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


def _open_nothing() -> None:
    # The server's own are shared by all that it forks: flags that one submission sets would be there for the next.
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    os.close(nothing)


def _most_threads(setup: ServerSetup, uid: int | None) -> int:
    # Threads are counted by user and user namespace.
    if uid is not None:
        return _THREADS
    if setup.tier == "full":
        with contextlib.suppress(OSError):
            # Of its own, so that whoever uses up the threads does so for nobody else. It maps no user and gives no
            # rights once capabilities are dropped. With bubblewrap the kernel may not allow another one.
            system.unshare(system.NEWUSER)
            return _THREADS
    # Whatever else this user runs counts as well. Half of what there is to be had stays for the grader to go on with.
    return min(resource.getrlimit(resource.RLIMIT_NPROC)[1] % 2**64, _THREADS_OF_A_USER) // 2


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))
