"""Which isolation this machine offers, and how a fork server is started in it."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from autograder.errors import UserError
from autograder.sandbox import landlock, seccomp
from autograder.sandbox.namespaces import CONTAINER_UID, FIRST_UID, STUDENT, UIDS, bubblewrap_command
from autograder.sandbox.view import make_view

# From the weakest to the strongest.
TIERS = ("none", "restricted", "full")
MEANING = {
    "full": "Student code runs in namespaces of its own: no network, no files but Python and its packages.",
    "restricted": "Student code may read Python and its packages, write to a folder of its own, reach nothing else.",
    "none": "Student code runs with the rights of your account: only its process is its own.",
}
_TRY_SECONDS = 30
# The range of user ids is limited: it is enough for so many graders on a machine, and so many servers of each.
_GRADERS, _SERVERS = 500_000, 8
_NAMESPACES = (
    "allow user namespaces (sysctl kernel.unprivileged_userns_clone=1 or, with AppArmor, "
    "kernel.apparmor_restrict_unprivileged_userns=0), or install bubblewrap"
)
# Before anything else, in Python without site: our packages come from the folders of a view, whatever else is on the
# path. One that is not there is an error, not a reason to look elsewhere.
_BEGIN = """\
import sys
from importlib.util import spec_from_file_location
class Ours:
    folders = {folders!r}
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if folder := cls.folders.get(name):
            return spec_from_file_location(name, folder + "/__init__.py", submodule_search_locations=[folder])
sys.meta_path.insert(0, Ours)
sys.path += {path!r}
"""


@dataclass(frozen=True)
class Probe:
    """What was found on this machine.

    Attributes:
        best: the strongest tier.
        namespaces: what makes them: `directly`, `bubblewrap`, or empty if nothing can.
        reasons: tier -> why it is not to be had, and what would change that.
    """

    best: str
    namespaces: str
    reasons: Mapping[str, str]


@dataclass(frozen=True)
class Launch:
    """How to start a program in a tier.

    Attributes:
        command: program and arguments.
        uids: user ids that the server may give to student code.
        readable: what Landlock is to allow.
        devices: what it is to allow to be driven.
    """

    command: tuple[str, ...]
    uids: tuple[int, ...]
    readable: tuple[str, ...]
    devices: tuple[str, ...] = ()


@functools.cache
def probe() -> Probe:
    """Try the tiers. What is found once holds for the life of this process."""
    reasons: dict[str, str] = {}
    if not seccomp.available():
        reasons["restricted"] = reasons["full"] = "this kernel cannot filter system calls (seccomp)"
        return Probe("none", "", reasons)
    if landlock.version() < landlock.LEAST:
        reasons["restricted"] = (
            "this kernel has no Landlock, or an old one (Linux 6.2 or newer, with `landlock` in its list of LSMs)"
        )
    elif exposed := make_view().exposed:
        reasons["restricted"] = _why_exposed(exposed)
    refused = []
    for way in ("directly", "bubblewrap"):
        problem = _try(way)
        if not problem:
            return Probe("full", way, reasons)
        refused.append(f"{way}: {problem}")
    reasons["full"] = f"no namespaces ({'; '.join(refused)}): {_NAMESPACES}"
    return Probe("none" if "restricted" in reasons else "restricted", "", reasons)


def choose(tier: str | None, lowest: str, *, unsafe: bool = False) -> str:
    """The tier to use.

    Args:
        tier: the one that was asked for; None: the best of this machine.
        lowest: `sandbox` of `course.toml`.
        unsafe: go on with whatever there is.

    Raises:
        UserError: this machine does not have it, or it is too weak.
    """
    best = probe().best
    if tier is not None and (tier not in TIERS[: TIERS.index(best) + 1] or tier in probe().reasons):
        why = probe().reasons.get(tier, f"there is no such tier; this machine has {', '.join(TIERS[1:])}")
        raise UserError(f"--sandbox {tier}: {why}")
    require(tier or best, lowest, unsafe=unsafe)
    return tier or best


def require(tier: str, lowest: str, *, unsafe: bool = False, way_out: str = "--unsafe") -> None:
    """Refuse to run student code under weaker isolation than a course asks for.

    Args:
        tier: what will be used.
        lowest: `sandbox` of `course.toml`.
        unsafe: go on with whatever there is.
        way_out: how the caller is told to.

    Raises:
        UserError: with what is missing and the ways out.
    """
    if unsafe or (tier != "none" and TIERS.index(tier) >= TIERS.index(lowest)):
        return
    found = probe()
    why = found.reasons.get(lowest, "")
    raise UserError(
        f"course.toml asks for sandbox tier {lowest!r}, this machine offers {tier!r}"
        + (f": {why}" if why else "")
        + f". To run student code all the same, add {way_out}"
    )


def launch(
    tier: str, environment: Mapping[str, str], code: str, number: int = 0, way: str = "", cuda: bool = False
) -> Launch:
    """How to start Python with `code` in a tier.

    Args:
        tier: one of `TIERS`.
        environment: all of its environment; ignored where the caller sets it.
        code: Python source, executed with `sys.path` set.
        number: tells servers that run at the same time from each other.
        cuda: a GPU is used.
        way: `directly` or `bubblewrap`; what `probe` found if left out.

    Raises:
        UserError: with tier `restricted`, student code could read a course's files.
    """
    view = make_view(cuda=cuda)
    if tier == "restricted" and view.exposed:
        raise UserError(f"sandbox tier 'restricted': {_why_exposed(view.exposed)}")
    uids = (FIRST_UID + _place(number) * UIDS, CONTAINER_UID)
    if tier != "full":
        return Launch(
            tuple(_python(view.python, view.path_outside, view.code, code)),
            uids if tier == "restricted" else (),
            view.readable,
            tuple(view.devices),
        )
    command = _python(view.python, view.path, view.code_inside, code)
    way = way or probe().namespaces
    if way == "bubblewrap":
        return Launch(
            tuple(bubblewrap_command(shutil.which("bwrap") or "bwrap", view, command, environment)), (), ()
        )
    main = "import runpy; runpy.run_module('autograder.sandbox.namespaces', run_name='__main__')"
    arguments = json.dumps([asdict(view), command, dict(environment), uids])
    start = _python(view.python, view.path_outside, view.code, main)
    return Launch((*start, arguments), (STUDENT,), ())


def _place(number: int) -> int:
    return os.getpid() % _GRADERS * _SERVERS + number % _SERVERS


def _python(python: str, path: Sequence[str], folders: Mapping[str, str], code: str) -> list[str]:
    # Without site: what is installed says in .pth files where the course lies.
    begin = _BEGIN.format(path=list(path), folders=dict(folders))
    return [python, "-I", "-S", "-B", "-c", begin + code]


def _why_exposed(exposed: Sequence[Sequence[str]]) -> str:
    root, place = exposed[0]
    return (
        f"the course's files in {root} lie in {place}, which student code may read, and only namespaces (tier 'full') "
        "can cover them there: move that folder elsewhere"
    )


def _try(way: str) -> str:
    """Why namespaces cannot be made this way; empty if they can."""
    if way == "bubblewrap" and not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    # As a worker does it later: namespaces within the namespaces.
    code = (
        "import os; from autograder.sandbox import system; "
        "system.unshare(system.NEWNS | system.NEWPID | system.NEWIPC | system.NEWNET | system.NEWUTS); "
        "print(os.getpid())"
    )
    command = launch("full", {}, code, way=way).command
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TRY_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0 and done.stdout.strip() == "1":
        return ""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[-1].strip() if lines else f"exit code {done.returncode}"
