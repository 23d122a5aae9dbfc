"""Rules of the house that no linter knows: names that mean one thing, short signatures, files of one purpose."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.support import ROOT

FILES = sorted(path for package in ("autograder", "course_utils") for path in (ROOT / package).rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

MOST_PARAMETERS, MOST_BY_POSITION, MOST_LINES = 8, 6, 500
# Tables: long because the world is.
TABLES = {"syscalls.py"}


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}, line {node.lineno}"  # type: ignore[attr-defined]


def test_no_public_name_twice() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path, tree in TREES.items():
        for node in tree.body:
            public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if public:
                found[node.name].append(place(path, node))  # type: ignore[attr-defined]
    twice = {name: places for name, places in found.items() if len(places) > 1}
    assert not twice


def test_no_long_signatures() -> None:
    """Commands are excepted: their options are the person's."""
    long = [
        f"{place(path, node)}: {node.name} has {count} parameters"
        for path, tree in TREES.items()
        if path.parent.name != "cli"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and (count := _parameters(node)) > MOST_PARAMETERS
    ]
    assert not long, "\n".join(long)


def _parameters(node: ast.FunctionDef) -> int:
    everything = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return sum(argument.arg not in ("self", "cls") for argument in everything)


def test_dataclasses_with_many_fields_are_filled_by_name() -> None:
    found = [f"{place(path, node)}: {node.name}" for path, node in _dataclasses() if _by_position(node)]
    assert not found, "\n".join(found)


def _dataclasses() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any(
                "dataclass" in ast.unparse(d) for d in node.decorator_list
            ):
                yield path, node


def _by_position(node: ast.ClassDef) -> bool:
    fields = sum(isinstance(item, ast.AnnAssign) for item in node.body)
    by_name = any("kw_only=True" in ast.unparse(decorator) for decorator in node.decorator_list)
    return fields > MOST_BY_POSITION and not by_name


def test_no_long_files() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    long = {
        str(path.relative_to(ROOT)): lines
        for path, lines in lengths.items()
        if lines > MOST_LINES and path.name not in TABLES
    }
    assert not long


def test_every_module_says_what_it_is_for() -> None:
    silent = [str(path.relative_to(ROOT)) for path, tree in TREES.items() if not ast.get_docstring(tree)]
    assert not silent
