"""What of this machine's files student code sees: Python, the installed packages, course_utils. Nothing of a course.

Computed by the grader; `namespaces` builds it, `landlock` allows it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import autograder

# Where the packages are found inside namespaces: nothing there tells where the course lies.
_INSIDE = "/course"
_CODE = f"{_INSIDE}/code"
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
# What tells a repository of a course from a folder that has nothing of ours but packages.
_OF_A_COURSE = ("solutions", "course.toml")
# What is covered where a course's files lie among the installed packages themselves.
_SOLVED = ("solutions", "source")


@dataclass(frozen=True, kw_only=True)
class View:
    """Files that a sandbox may read.

    Attributes:
        python: the interpreter; the same inside and outside.
        binds: places on this machine and where they appear inside.
        links: symbolic links inside: where, and what they say.
        hidden: places that are covered inside, although they lie in one of `binds`; folders end in a slash.
        path: `sys.path` after the standard library, inside.
        path_outside: the same where there is only one file system.
        code: our packages -> the folders from which the grader has imported them. The path does not lead there: two
            folders may hold both packages, and the grader may have taken one from each.
        exposed: what of a course lies in one of `binds`, and in which. Only namespaces can cover it.
        devices: files in /dev that may be driven, besides the harmless ones.
    """

    python: str
    binds: Sequence[Sequence[str]]
    links: Sequence[Sequence[str]]
    hidden: Sequence[str]
    path: Sequence[str]
    path_outside: Sequence[str]
    code: Mapping[str, str]
    exposed: Sequence[Sequence[str]] = ()
    devices: Sequence[str] = ()

    @property
    def code_inside(self) -> dict[str, str]:
        """Where namespaces show the folders of `code`."""
        return {name: f"{_CODE}/{name}" for name in self.code}

    @property
    def readable(self) -> tuple[str, ...]:
        """What Landlock allows to be read."""
        places = (*(source for source, _ in self.binds), *_READ)
        return (*places, *_CUDA) if self.devices else places


def make_view(*, cuda: bool = False) -> View:
    """The view of this interpreter and its packages; with `cuda`, of the GPUs' devices too."""
    # Not at the top: only this function needs it, not the programs that put an existing view into place.
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
        target = f"{_INSIDE}/packages{number or ''}"
        binds.append((os.path.realpath(place), target))
        inside.append(target)
    files = {"course_utils": Path(course_utils.__file__), "autograder": Path(autograder.__file__)}
    code = {name: file.resolve().parent for name, file in files.items()}
    roots = _roots(files.values())
    exposed = [
        (str(root), source)
        for root in roots
        for source, _ in binds
        if _within(str(root), source) and any((root / name).exists() for name in _OF_A_COURSE)
    ]
    hidden = _hidden(binds, packages, roots)
    binds += [
        (str(code["course_utils"]), f"{_CODE}/course_utils"),
        (str(code["autograder"] / "__init__.py"), f"{_CODE}/autograder/__init__.py"),
        (str(code["autograder"] / "sandbox"), f"{_CODE}/autograder/sandbox"),
    ]
    return View(
        python=python,
        binds=tuple(binds),
        links=tuple(links),
        hidden=tuple(hidden),
        path=tuple(inside),
        path_outside=tuple(packages),
        code={name: str(folder) for name, folder in code.items()},
        exposed=tuple(exposed),
        devices=tuple(sorted(str(path) for name in _CUDA_DEVICES for path in Path("/dev").glob(name)))
        if cuda
        else (),
    )


def _roots(files: Iterable[Path]) -> list[Path]:
    """The folders that hold packages, by their files; with a symbolic link, both where it stands and where it leads."""
    folders = [file.parent for file in files]
    found = {place for folder in folders for place in (folder.parent.resolve(), folder.resolve().parent)}
    # One may lie within another; once that is covered, there is nothing left in it to be covered.
    return sorted(found, key=lambda place: (-len(place.parts), place))


def _hidden(binds: list[tuple[str, str]], packages: list[str], roots: Sequence[Path]) -> list[str]:
    """Inside: repositories that lie in one of the places, and the files that say where they lie."""
    told = [Path(os.path.realpath(place)) for place in packages]
    notes = [file for place in told for file in place.glob(f"*{_OUR_DISTRIBUTION}*")]
    covered = []
    for root in roots:
        if root in told:
            # An installation from a wheel has its code among the packages, and seldom anything of a course.
            covered += [root / name for name in _SOLVED if (root / name).is_dir()]
        else:
            covered.append(root)
    return [
        target + str(place)[len(source) :] + "/" * place.is_dir()
        for source, target in binds
        for place in (*notes, *covered)
        if _within(str(place), source)
    ]


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
