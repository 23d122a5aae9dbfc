"""Replace this program by another one in namespaces of its own, before a file system that shows just a `View`.

Executed as a program, with one argument: what `main` takes, in JSON. It needs no right but that of making user
namespaces. Where the kernel grants that to bubblewrap alone, `bubblewrap_command` asks it for the same.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.sandbox import system

if TYPE_CHECKING:  # the fork server mounts with this module, and shall not hold the other
    from autograder.sandbox.view import View

# Host ids that no account has; where fewer can be mapped (in a container of a user's own), some of those there.
# One for each worker, so that neighbours cannot even signal each other.
FIRST_UID = 1_913_000_000
CONTAINER_UID = 60_000
UIDS = 256
# The id of the first worker's student code inside.
STUDENT = 1000
# Enough for a cached file or two; what is written here is memory.
TMPFS = "size=64m,nr_inodes=4096,mode=1777"
SCRATCH = ("/tmp", "/dev/shm")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_NAMESPACES = (
    system.NEWUSER
    | system.NEWNS
    | system.NEWPID
    | system.NEWNET
    | system.NEWIPC
    | system.NEWUTS
    | system.NEWCGROUP
)


def enter_namespaces(
    view: View, command: Sequence[str], environment: Mapping[str, str], uids: Sequence[int]
) -> None:
    """Make the namespaces, then execute the command as process 1 of them and end as it ends.

    Args:
        view: what there is to be seen.
        command: the program and its arguments, as seen from inside.
        environment: all of its environment.
        uids: host ids; from the first one of them that can be had, `UIDS` are for student code; none: it keeps ours.

    Raises:
        OSError: this kernel or its settings refuse; nothing has been executed then.
    """
    _unshare(uids)
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        os._exit(abs(os.waitstatus_to_exitcode(status)))
    system.die_with_parent(signal.SIGKILL)
    _build(view)
    os.execve(command[0], list(command), dict(environment))


def _unshare(uids: Sequence[int]) -> None:
    """Become root of a new user namespace, with a second id for student code where we may give one."""
    ours = os.getuid(), os.getgid()
    process = os.getpid()
    ready, tell = os.pipe()
    done, told = os.pipe()
    helper = os.fork()
    if helper == 0:
        # Only a process that stays outside may map more ids than its own.
        os.close(tell)
        os.read(ready, 1)
        _map(process, ours, uids)
        os.write(told, b"1")
        os._exit(0)
    os.close(told)
    system.unshare(_NAMESPACES)
    os.write(tell, b"1")
    mapped = os.read(done, 1)
    os.waitpid(helper, 0)
    for descriptor in (ready, tell, done):
        os.close(descriptor)
    if not mapped:
        raise OSError("the ids of the user namespace could not be mapped")
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)


def _map(process: int, ours: tuple[int, int], uids: Sequence[int]) -> None:
    folder = Path(f"/proc/{process}")
    if os.geteuid() == 0:
        for uid in uids:
            with contextlib.suppress(OSError):
                (folder / "uid_map").write_text(f"0 {ours[0]} 1\n{STUDENT} {uid} {UIDS}\n")
                (folder / "gid_map").write_text(f"0 {ours[1]} 1\n{STUDENT} {uid} {UIDS}\n")
                return
    (folder / "setgroups").write_text("deny")
    (folder / "uid_map").write_text(f"0 {ours[0]} 1\n")
    (folder / "gid_map").write_text(f"0 {ours[1]} 1\n")


def _build(view: View) -> None:
    """The new root: an empty tmpfs with what is to be seen."""
    system.mount("none", "/", None, system.MS_REC | system.MS_PRIVATE)
    # Over /tmp, because that is there on every machine; what lies below is still reached through the old root.
    system.mount("tmpfs", "/tmp", "tmpfs", system.MS_NOSUID | system.MS_NODEV, "size=1m,mode=0755")
    old = Path("/tmp/old")
    old.mkdir()
    system.pivot_root("/tmp", str(old))
    os.chdir("/")
    old = Path("/old")
    # A hidden place may hold another one that is shown; whoever comes later covers what is there.
    for source, target in view.binds:
        _bind(old, source, target)
    for place, text in view.links:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).symlink_to(text)
    for device in _DEVICES:
        _bind(old, f"/dev/{device}", f"/dev/{device}", read_only=False)
    for device in view.devices:
        _bind(old, device, device, read_only=False)
    if view.devices:
        _bind(old, "/sys", "/sys")
    for place in view.hidden:
        _cover(place)
    for place in SCRATCH:
        Path(place).mkdir(parents=True, exist_ok=True)
        mount_scratch(place)
    Path("/proc").mkdir()
    system.mount("proc", "/proc", "proc", system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC)
    system.unmount("/old")
    old.rmdir()
    system.mount(
        "none",
        "/",
        None,
        system.MS_REMOUNT | system.MS_BIND | system.MS_RDONLY | system.MS_NOSUID | system.MS_NODEV,
    )
    os.umask(0o077)


def mount_scratch(place: str) -> None:
    """A new, empty place to write to. Raises `OSError`."""
    system.mount("tmpfs", place, "tmpfs", system.MS_NOSUID | system.MS_NODEV | system.MS_NOEXEC, TMPFS)


def _bind(old: Path, source: str, target: str, *, read_only: bool = True) -> None:
    place = Path(target)
    origin = f"{old}{source}"
    if Path(origin).is_dir():
        place.mkdir(parents=True, exist_ok=True)
    elif not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    system.mount(origin, target, None, system.MS_BIND | system.MS_REC)
    if read_only:
        system.make_read_only(target)


def _cover(place: str) -> None:
    if place.endswith("/"):
        system.mount(
            "tmpfs", place, "tmpfs", system.MS_RDONLY | system.MS_NOSUID | system.MS_NODEV, "size=4k"
        )
    else:
        system.mount("/dev/null", place, None, system.MS_BIND)


def bubblewrap_command(
    bwrap: str, view: View, inside: Sequence[str], environment: Mapping[str, str]
) -> list[str]:
    """The same by bubblewrap, which maps one id only: server, workers and jobs share it (see `confine`)."""
    command = [bwrap, "--unshare-all", "--unshare-user", "--uid", "0", "--gid", "0", "--hostname", "sandbox"]
    command += [
        "--cap-add",
        "CAP_SYS_ADMIN",
        "--cap-add",
        "CAP_KILL",
        "--as-pid-1",
        "--die-with-parent",
        "--clearenv",
    ]
    for name, value in environment.items():
        command += ["--setenv", name, value]
    for source, target in view.binds:
        command += ["--ro-bind", source, target]
    for place, text in view.links:
        command += ["--symlink", text, place]
    command += ["--dir", "/dev"]
    for device in _DEVICES:
        command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for device in view.devices:
        command += ["--dev-bind", device, device]
    if view.devices:
        command += ["--ro-bind", "/sys", "/sys"]
    for place in view.hidden:
        folder = ["--tmpfs", place, "--remount-ro", place]
        command += folder if place.endswith("/") else ["--ro-bind", "/dev/null", place]
    for place in SCRATCH:
        command += ["--tmpfs", place]
    return [*command, "--proc", "/proc", "--remount-ro", "/", "--", *inside]


if __name__ == "__main__":
    from autograder.sandbox.view import View

    try:
        view, *rest = json.loads(sys.argv[1])
        enter_namespaces(View(**view), *rest)
    except OSError as error:
        sys.exit(f"no namespaces: {error}")
