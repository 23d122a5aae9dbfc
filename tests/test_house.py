"""Rules of the house that no linter knows: names that mean one thing, short signatures, files of one purpose."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeGuard

import pytest

from tests.support import ROOT

FILES = sorted(path for package in ("autograder", "course_utils") for path in (ROOT / package).rglob("*.py"))
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in FILES}

MOST_PARAMETERS, MOST_BY_POSITION, MOST_LINES = 8, 6, 500
# A table of all system calls that are allowed; splitting it would make it no shorter.
TABLES = {"syscalls.py"}


def place(path: Path, node: ast.AST) -> str:
    return f"{path.relative_to(ROOT)}, line {node.lineno}"  # type: ignore[attr-defined]


def public_names(body: Sequence[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """What a module defines for others: functions, classes, constants and aliases of types."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names = [name]
            case ast.Assign(targets=targets):
                names = [item.id for target in targets for item in ast.walk(target) if _is_bound(item)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case ast.If() | ast.Try():
                yield from public_names([*node.body, *node.orelse])
                continue
            case _:
                continue
        yield from ((name, node) for name in names if not name.startswith("_"))


def _is_bound(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def names_used_twice(trees: Mapping[Path, ast.Module]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees.items():
        for name, node in public_names(tree.body):
            found[name].append(place(path, node))
    return {name: places for name, places in found.items() if len(places) > 1}


def test_no_public_name_twice() -> None:
    assert not names_used_twice(TREES)


@pytest.mark.parametrize(
    "text",
    [
        "def Seen(): ...",
        "class Seen: ...",
        "Seen = Mapping[str, int]",
        "Seen: int = 1",
        "HERE, Seen = 1, 2",
        "if TYPE_CHECKING:\n    Seen = int",
    ],
)
def test_a_public_name_is_seen_however_it_is_defined(text: str) -> None:
    trees = {ROOT / "a.py": ast.parse("Seen = int"), ROOT / "b.py": ast.parse(text)}
    assert names_used_twice(trees) == {"Seen": ["a.py, line 1", f"b.py, line {text.count(chr(10)) + 1}"]}


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


def test_records_with_many_fields_are_filled_by_name() -> None:
    found = [
        f"{place(path, node)}: {node.name}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and _by_position(node)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("head", "named"),
    [
        ("@dataclass(frozen=True)\nclass A:", "@dataclass(kw_only=True)\nclass A:"),
        ("class A(msgspec.Struct, frozen=True):", "class A(msgspec.Struct, kw_only=True):"),
        ("class A(Struct):", "class A(Struct, kw_only=True):"),
        ("class A(NamedTuple):", "class A:"),
        ("class A(_Part):", "class A(_Part, kw_only=True):"),  # a struct of autograder/results.py
    ],
)
def test_many_fields_by_position_are_seen(head: str, named: str) -> None:
    fields = "".join(f"\n    f{number}: int" for number in range(MOST_BY_POSITION + 1))
    many, few, by_name = (
        ast.parse(text).body[0] for text in (head + fields, f"{head}\n    f: int", named + fields)
    )
    assert isinstance(many, ast.ClassDef) and _by_position(many)
    assert isinstance(few, ast.ClassDef) and not _by_position(few)
    assert isinstance(by_name, ast.ClassDef) and not _by_position(by_name)


def _records() -> set[str]:
    """Names of the classes that are structs or named tuples, by way of others too."""
    found, classes = {"Struct", "NamedTuple"}, [item for tree in TREES.values() for item in ast.walk(tree)]
    while more := {
        item.name
        for item in classes
        if isinstance(item, ast.ClassDef)
        and item.name not in found
        and any(ast.unparse(base).split(".")[-1] in found for base in item.bases)
    }:
        found |= more
    return found


RECORDS = _records()


def _by_position(node: ast.ClassDef) -> bool:
    """Whether this is a dataclass, a `msgspec.Struct` or a named tuple with many fields that may be filled by position."""
    fields = sum(isinstance(item, ast.AnnAssign) for item in node.body)
    decorators = [ast.unparse(item) for item in node.decorator_list if "dataclass" in ast.unparse(item)]
    bases = [ast.unparse(item).split(".")[-1] for item in node.bases]
    by_name = any("kw_only=True" in item for item in decorators) or any(
        item.arg == "kw_only" and ast.unparse(item.value) == "True" for item in node.keywords
    )
    is_record = bool(decorators) or not RECORDS.isdisjoint(bases)
    return is_record and fields > MOST_BY_POSITION and not by_name


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
