"""Imports run one way: between the packages, between their rooms, and in no circle anywhere.

Imports inside functions and under TYPE_CHECKING count. The one exception is the lazy `__getattr__` of `course_utils`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support import ROOT

# From the top down; a room may use those that stand below it, and the rooms of a package that stands below its own.
ROOMS = {
    "autograder": (
        "__main__",
        "pytest_plugin",
        "cli",
        "quality",
        "publish",
        "nbgrader",
        "report",
        "export",
        "grading",
        "sandbox",
        "intake",
        "course",
        "results",
        "errors",
    ),
    "solutions": (),
    "course_utils": (
        "student",
        "running",
        "slices",
        "setup",
        "shipped",
        "checks",
        "plot",
        "training_runs",
        "train",
        "evaluate",
        "augment",
        "data",
        "models",
    ),
}
PACKAGES = tuple(ROOMS)


def sources(package: str) -> dict[str, Path]:
    """Module name -> file."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


MODULES = {name: path for package in PACKAGES for name, path in sources(package).items()}


def imported(name: str, path: Path) -> Iterator[tuple[str, int]]:
    """Modules of ours that a module imports anywhere, with the line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from ((alias.name, node.lineno) for _ in range(alias.name in MODULES))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}, line {node.lineno}: a relative import"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                if inner in MODULES or node.module in MODULES:
                    yield (inner if inner in MODULES else str(node.module)), node.lineno


def is_lazy(name: str, target: str) -> bool:
    """What `course_utils/__init__.py` names for type checkers is loaded by its `__getattr__`."""
    return name == "course_utils" and target.startswith("course_utils.")


ARROWS = [
    (name, target, line)
    for name, path in MODULES.items()
    for target, line in imported(name, path)
    if target != name and not is_lazy(name, target)
]


def room(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def complaint(name: str, target: str) -> str:
    """Why this arrow must not be; empty if it may."""
    ours, theirs = name.split(".")[0], target.split(".")[0]
    if ours != theirs:
        down = PACKAGES.index(ours) < PACKAGES.index(theirs)
        return "" if down else f"{ours} knows nothing of {theirs}"
    if ours == "solutions" or room(name) == room(target) or not room(target):
        return ""
    rooms = ROOMS[ours]
    down = rooms.index(room(name)) < rooms.index(room(target))
    return "" if down else f"{room(name)} stands below {room(target)}"


def test_every_module_has_its_room() -> None:
    unknown = {
        name for name in MODULES if room(name) and ROOMS[name.split(".")[0]] and
        room(name) not in ROOMS[name.split(".")[0]]
    }  # fmt: skip
    assert not unknown


def test_arrows_run_down() -> None:
    found = [
        f"{MODULES[name].relative_to(ROOT)}, line {line}: imports {target}: {why}"
        for name, target, line in ARROWS
        if (why := complaint(name, target))
    ]
    assert not found, "\n".join(found)


def test_there_are_no_circles() -> None:
    # A package's `__init__` is executed before any of its modules: who imports a module imports it as well.
    graph: dict[str, set[str]] = {name: set() for name in MODULES}
    for name, target, _ in ARROWS:
        graph[name].add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(reversed(error.args[1])))


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("course_utils.plot", "autograder.errors"),
        ("course_utils.checks.judge", "course_utils.student.check"),
        ("autograder.grading.grader", "autograder.report.pages"),
        ("autograder.errors", "autograder.cli"),
    ],
)
def test_an_arrow_up_is_seen(name: str, target: str) -> None:
    assert complaint(name, target)
