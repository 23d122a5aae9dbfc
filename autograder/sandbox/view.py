"""What of this machine's files student code sees: Python, the installed packages, course_utils. Nothing of a course.

Computed by the grader; `namespaces` builds it, `landlock` allows it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Where the packages are found inside namespaces: nothing there tells where the course lies.
INSIDE = "/course"
_LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/nix/store")
# What a linker needs, and what torch asks about the processor.
_FILES = ("/etc/ld.so.cache",)
_READ = (
    "/sys/devices/system/cpu",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/dev/zero",
    "/dev/urandom",
    "/dev/random",
)
# A GPU's driver asks the system about itself in many places.
_CUDA = ("/proc", "/sys")
_CUDA_DEVICES = ("nvidia*", "nvidia-caps/*")
_OUR_DISTRIBUTION = "ssl_problem_sets"


@dataclass(frozen=True)
class View:
    """Files that a sandbox may read.

    Attributes:
        python: the interpreter; the same inside and outside.
        binds: places on this machine and where they appear inside.
        links: symbolic links inside: where, and what they say.
        hidden: places that are covered inside, although they lie in one of `binds`; folders end in a slash.
        path: `sys.path` after the standard library, inside.
        path_outside: the same where there is only one file system.
        devices: files in /dev that may be driven, besides the harmless ones.
    """

    python: str
    binds: Sequence[Sequence[str]]
    links: Sequence[Sequence[str]]
    hidden: Sequence[str]
    path: Sequence[str]
    path_outside: Sequence[str]
    devices: Sequence[str] = ()

    @property
    def readable(self) -> tuple[str, ...]:
        """What Landlock allows to be read."""
        places = (*(source for source, _ in self.binds), *_READ)
        return (*places, *_CUDA) if self.devices else places


def make_view(*, cuda: bool = False) -> View:
    """The view of this interpreter and its packages; with `cuda`, of the GPUs' devices too."""
    # Not at the top: who builds a view that somebody else has made has no use for it.
    import course_utils

    python = os.path.realpath(sys.executable)
    prefix = os.path.realpath(sys.base_prefix)
    binds: list[tuple[str, str]] = []
    links: list[tuple[str, str]] = []
    for place in _LIBRARIES:
        if Path(place).is_symlink():
            links.append((place, str(Path(place).readlink())))
        elif Path(place).is_dir():
            binds.append((place, place))
    binds += [(place, place) for place in _FILES if Path(place).exists()]
    if prefix == "/usr":
        binds.append((python, python))
    else:
        binds.append((prefix, prefix))
        if not _within(python, prefix):
            binds.append((python, python))
    packages = [
        place
        for place in sys.path
        if place.endswith(("site-packages", "dist-packages")) and Path(place).is_dir()
    ]
    inside = []
    for number, place in enumerate(packages):
        target = f"{INSIDE}/packages{number or ''}"
        binds.append((os.path.realpath(place), target))
        inside.append(target)
    utils = Path(course_utils.__file__).resolve().parent
    ours = Path(__file__).resolve().parent
    code = f"{INSIDE}/code"
    binds += [
        (str(utils), f"{code}/course_utils"),
        (str(ours.parent / "__init__.py"), f"{code}/autograder/__init__.py"),
        (str(ours), f"{code}/autograder/sandbox"),
    ]
    return View(
        python,
        tuple(binds),
        tuple(links),
        tuple(_hidden(binds, packages, utils.parent)),
        (*inside, code),
        (*packages, str(utils.parent)),
        tuple(sorted(str(path) for name in _CUDA_DEVICES for path in Path("/dev").glob(name)))
        if cuda
        else (),
    )


def _hidden(binds: list[tuple[str, str]], packages: list[str], root: Path) -> list[str]:
    """Inside: the course's repository, if it lies in one of the places, and the files that say where it lies."""
    hidden = []
    told = [Path(os.path.realpath(place)) for place in packages]
    notes = [file for place in told for file in place.glob(f"*{_OUR_DISTRIBUTION}*")]
    for source, target in binds:
        if target.startswith(f"{INSIDE}/code"):
            continue
        for place in (*notes, root):
            # An installation from a wheel has its code among the packages, and no repository.
            if _within(str(place), source) and place not in told:
                hidden.append(target + str(place)[len(source) :] + "/" * place.is_dir())
    return hidden


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
