"""Imports run one way: between the packages, between their rooms, and in no circle anywhere.

Imports inside functions and under TYPE_CHECKING count, and so do names that `course_utils` loads when they are first
used (`from course_utils import check`, `cu.check`) and modules that are named to `import_module` and `__import__`. The one
exception is `course_utils/__init__.py` itself, which names for type checkers what its `__getattr__` loads.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from course_utils import _FUNCTIONS, _SUBMODULES
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
        "shown",
    ),
    "solutions": (),
    "course_utils": (
        "student",
        "running",
        "slices",
        "setup",
        "shipped",
        "checks",
        "figures",
        "contrast",
        "sounds",
        "queues",
        "pointing",
        "plot",
        "drawing",
        "player",
        "training_runs",
        "tracking",
        "colouring",
        "pairs",
        "momentum",
        "semi",
        "rows",
        "senses",
        "speakers",
        "sequences",
        "train",
        "layers",
        "invariance",
        "evaluate",
        "augmentations",
        "augment",
        "speech",
        "data",
        "models",
        "costs",
        "stepping",
        "arguments",
        "errors",
    ),
}
# From the top down. The first two are not read here, but nothing below may know of them.
PACKAGES = ("tests", "benchmarks", *ROOMS)
# Packages whose `__init__` collects names of their own modules. These modules are loaded by it, or before it is done.
FACADES = ("autograder.cli", "course_utils", "course_utils.checks", "course_utils.data")


def sources(package: str) -> dict[str, Path]:
    """Module name -> file."""
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return found


def parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


MODULES = {name: path for package in ROOMS for name, path in sources(package).items()}
# Folders of solutions/ have no `__init__.py`, but can be imported.
KNOWN = MODULES.keys() | {folder for name in MODULES for folder in parents(name)}


def collected() -> dict[str, str]:
    """What `course_utils` offers under a name -> the module that it comes from."""
    found = {name: f"course_utils.{name}" for name in _SUBMODULES}
    found |= {name: module for name, (module, _) in _FUNCTIONS.items()}
    for node in ast.parse(MODULES["course_utils"].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("course_utils."):
            found |= {alias.asname or alias.name: str(node.module) for alias in node.names}
    return found


COLLECTED = collected()


def resolved(module: str, name: str) -> str:
    """The module that is loaded for `name` of `module`."""
    inner = f"{module}.{name}"
    if module == "course_utils" and name in COLLECTED:
        return COLLECTED[name]
    return inner if inner in KNOWN else module


def is_ours(module: str) -> bool:
    return module.split(".")[0] in PACKAGES


def imported(name: str, text: str) -> Iterator[tuple[str, int]]:
    """Modules of ours that a module imports anywhere, with the line."""
    tree = ast.parse(text)
    left_out = lazy_parts(tree) if name == "course_utils" else set()
    nodes = [node for node in ast.walk(tree) if node not in left_out]
    names: dict[str, str] = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in filter(lambda alias: is_ours(alias.name), node.names):
                yield alias.name, node.lineno
                first = alias.name.split(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}, line {node.lineno}: a relative import"
            module = str(node.module)
            if is_ours(module):
                yield from ((target, node.lineno) for target in from_module(module, node.names))
        elif isinstance(node, ast.Call):
            yield from ((target, node.lineno) for target in named_to_import(node) if is_ours(target))
    for node in nodes:
        if isinstance(node, ast.Attribute) and (chain := dotted(node)) and chain[0] in names:
            module = names[chain[0]]
            for attribute in chain[1:]:
                module = resolved(module, attribute)
            yield module, node.lineno


def lazy_parts(tree: ast.Module) -> set[ast.AST]:
    """The nodes of `__getattr__`, and of what is for type checkers."""
    parts = [
        node
        for node in tree.body
        if (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        or (isinstance(node, ast.FunctionDef) and node.name == "__getattr__")
    ]
    return {inner for part in parts for inner in ast.walk(part)}


def from_module(module: str, aliases: list[ast.alias]) -> Iterator[str]:
    for alias in aliases:
        if alias.name == "*" and module == "course_utils":
            yield from COLLECTED.values()
        else:
            yield resolved(module, alias.name)


def named_to_import(call: ast.Call) -> Iterator[str]:
    """The module that `import_module` or `__import__` is called with, as far as it is written there."""
    if not call.args or ast.unparse(call.func).split(".")[-1] not in ("import_module", "__import__"):
        return
    match call.args[0]:
        case ast.Constant(value=str(module)):
            yield module
        case ast.JoinedStr(values=[ast.Constant(value=str(beginning)), *_]):
            yield beginning.rpartition(".")[0] or beginning


def dotted(node: ast.expr) -> list[str]:
    """`a.b.c` as its three names; nothing if it does not begin with a name."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (before := dotted(node.value)):
        return [*before, node.attr]
    return []


def arrows(name: str, text: str) -> list[tuple[str, int]]:
    """The module's imports of other modules."""
    return [(target, line) for target, line in imported(name, text) if target != name]


TEXTS = {name: path.read_text(encoding="utf-8") for name, path in MODULES.items()}
ARROWS = {name: arrows(name, text) for name, text in TEXTS.items()}


def room(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def complaint(name: str, target: str) -> str:
    """Why this arrow must not be; empty if it may."""
    ours, theirs = name.split(".")[0], target.split(".")[0]
    if ours != theirs:
        down = PACKAGES.index(ours) < PACKAGES.index(theirs)
        return "" if down else f"{ours} knows nothing of {theirs}"
    # What a package's own `__init__` imports may make a circle, but is neither above nor below it.
    if ours == "solutions" or room(name) in ("", room(target)) or not room(target):
        return ""
    rooms = ROOMS[ours]
    if room(target) not in rooms:
        return f"there is no {target}"
    down = rooms.index(room(name)) < rooms.index(room(target))
    return "" if down else f"{room(name)} stands below {room(target)}"


def complaints(name: str, found: list[tuple[str, int]]) -> list[str]:
    return [
        f"{name}, line {line}: imports {target}: {why}"
        for target, line in found
        if (why := complaint(name, target))
    ]


def circle(all_arrows: dict[str, list[tuple[str, int]]]) -> str:
    """The modules of a circle, in the order in which they import each other; empty if there is none."""
    graph: dict[str, set[str]] = {}
    for name, found in all_arrows.items():
        edges = graph.setdefault(name, set())
        # Whoever imports a module executes the `__init__` of its packages before it. A facade's own modules are left
        # out: they may import each other, but nothing by way of the facade.
        for loaded in [name, *(target for target, _ in found)]:
            edges.update(package for package in parents(loaded) if not is_own_facade(name, package))
        edges.update(target for target, _ in found)
        edges.discard(name)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(reversed(error.args[1]))
    return ""


def is_own_facade(name: str, package: str) -> bool:
    return package in FACADES and package in (name, *parents(name))


def test_every_module_has_its_room() -> None:
    unknown = {
        name for name in MODULES if room(name) and ROOMS[name.split(".")[0]] and
        room(name) not in ROOMS[name.split(".")[0]]
    }  # fmt: skip
    assert not unknown


@pytest.mark.parametrize("package", ["autograder", "course_utils"])
def test_contributing_shows_the_rooms_in_this_order(package: str) -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    found = re.search(rf"^{package}/.*\n((?:  .*\n)+)", text, re.MULTILINE)
    assert found
    names = [
        word.rstrip("/").removesuffix(".py")
        for line in found[1].splitlines()
        for word in re.split(r"  +", line.strip())[0].split()
    ]
    assert names == [name for name in ROOMS[package] if name in names]
    # What is no room of its own kind is left out there.
    assert set(ROOMS[package]) - set(names) <= {"__main__", "pytest_plugin"}


def test_arrows_run_down() -> None:
    found = [why for name in MODULES for why in complaints(name, ARROWS[name])]
    assert not found, "\n".join(found)


def test_there_are_no_circles() -> None:
    found = circle(ARROWS)
    assert not found, found


UP = [
    # Between the packages, to folders without an `__init__` too.
    (
        "course_utils.plot",
        "from autograder.errors import UserError",
        "course_utils knows nothing of autograder",
    ),
    ("course_utils.plot", "import solutions.moco.enqueue", "course_utils knows nothing of solutions"),
    ("course_utils.plot", "from solutions.moco import enqueue", "course_utils knows nothing of solutions"),
    ("solutions.moco.enqueue.checks", "import autograder", "solutions knows nothing of autograder"),
    ("autograder.intake.script", "from tests.support import ROOT", "autograder knows nothing of tests"),
    ("autograder.intake.script", "from benchmarks import grading", "autograder knows nothing of benchmarks"),
    # Between the rooms.
    ("autograder.grading.grader", "import autograder.report.pages as pages", "grading stands below report"),
    ("autograder.errors", "from autograder import cli", "errors stands below cli"),
    ("course_utils.checks.judge", "import course_utils.student.check", "checks stands below student"),
    ("course_utils.data.scenes", "if TYPE_CHECKING:\n    import course_utils.plot", "data stands below plot"),
    # By a name that `course_utils` has collected or loads lazily.
    ("course_utils.data.scenes", "def f():\n    from course_utils import check", "data stands below student"),
    ("course_utils.data.scenes", "from course_utils import Profile", "data stands below setup"),
    ("course_utils.data.scenes", "from course_utils import *", "data stands below student"),
    ("course_utils.checks.judge", "import course_utils as cu\nf = cu.check", "checks stands below student"),
    ("course_utils.models", "import course_utils\ncourse_utils.plot.show(1)", "models stands below plot"),
    ("course_utils.models", "import course_utils.data\ncourse_utils.submit()", "models stands below student"),
    # By a literal.
    (
        "autograder.intake.script",
        'importlib.import_module("autograder.grading.grader")',
        "intake stands below grading",
    ),
    ("autograder.intake.script", '__import__("autograder.cli")', "intake stands below cli"),
    ("course_utils.plot", 'import_module(f"autograder.{name}")', "course_utils knows nothing of autograder"),
]


@pytest.mark.parametrize(("name", "text", "expected"), UP)
def test_an_arrow_up_is_seen(name: str, text: str, expected: str) -> None:
    assert name in MODULES
    found = complaints(name, arrows(name, f"{TEXTS[name]}\n{text}\n"))
    assert any(why.endswith(expected) for why in found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("autograder.grading.grader", "import solutions.moco.enqueue\nfrom autograder import __version__"),
        ("solutions.moco.enqueue.checks", "import course_utils as cu\ncu.check, cu.plot.show"),
        ("course_utils.student.check", "from course_utils import plot, setup\nimport_module('torch')"),
        ("course_utils.data.scenes", "import course_utils\ncourse_utils.__file__"),
    ],
)
def test_an_arrow_down_is_not_complained_of(name: str, text: str) -> None:
    assert not complaints(name, arrows(name, text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        # Two modules; a package and its modules; a facade and a module that uses it.
        ("autograder.course.fingerprint", "import autograder.course.receipt"),
        ("autograder.grading", "from autograder.grading.grader import Grader"),
        ("course_utils.data.emoji", "from course_utils.data import EmojiScenes"),
        ("autograder", "from autograder.grading.grader import Grader"),
        ("course_utils", "from course_utils.student.submit import submit"),
    ],
)
def test_a_circle_is_seen(name: str, text: str) -> None:
    found = circle({**ARROWS, name: arrows(name, f"{TEXTS[name]}\n{text}\n")})
    assert name in found.split(" -> ")
