"""Notebooks made at random: a slice gives what the whole notebook gives, and takes nothing along that is not needed."""

from __future__ import annotations

import ast
import contextlib
import io
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.slices.cells import Cell
from course_utils.slices.slicing import Program, Slice
from tests.support.slices import executed

NUMBERS, LISTS, FUNCTIONS = ("a", "b", "c", "d"), ("p", "q"), ("g", "h")
# Bound here and there, and used by nobody whom f uses.
UNUSED = ("u", "v")


def statement(draw: st.DrawFn, bound: set[str]) -> str:
    """One that runs where these names are bound; what it binds is added to them."""

    def name(among: tuple[str, ...], known: bool = False) -> str:
        return draw(st.sampled_from([item for item in among if not known or item in bound]))

    def has(*kinds: tuple[str, ...]) -> bool:
        return all(bound & set(kind) for kind in kinds)

    k = draw(st.integers(1, 3))
    # Each name is bound anew only once: of one that is bound again a slice keeps the last value.
    number, list_, function = (bool(set(kind) - bound) for kind in _KINDS.values())
    kinds = {
        "number": number,
        "list": list_,
        "unused": True,
        "sum": number and has(NUMBERS),
        "more": has(NUMBERS),
        "swap": bound >= {"a", "b"},
        "branch": number and has(NUMBERS),
        "try": number and has(NUMBERS),
        "loose": has(NUMBERS),
        "loop": number and has(NUMBERS),
        "length": number and has(LISTS),
        "function": function and has(NUMBERS),
        "call": number and has(FUNCTIONS),
    }
    kind = draw(st.sampled_from([kind for kind, possible in kinds.items() if possible]))
    known = {kind: name(among, True) for kind, among in _KINDS.items() if has(among)}
    m, p, g = (known.get(kind, "") for kind in _KINDS)
    if kind == "unused":
        return f"{name(UNUSED)} = {m or k}"
    if kind in ("loose", "swap"):
        return {"loose": f"print({m}, {k})", "swap": "a, b = b, a"}[kind]
    if kind == "more":
        return f"{m} += {k}"
    new = name(tuple(sorted(set(_KINDS.get(kind, NUMBERS)) - bound)))
    bound.add(new)
    return {
        "number": f"{new} = {k}",
        "list": f"{new} = [{k}]",
        "sum": f"{new} = {m} * 2 + {k}",
        "branch": f"if {m} % 2:\n    {new} = {k}\nelse:\n    {new} = {m} + 1",
        "try": f"try:\n    {new} = {m} // ({k} - 1)\nexcept ZeroDivisionError:\n    {new} = 5",
        "loop": f"for {new} in range({m}, {m} + {k}):\n    pass",
        "length": f"{new} = len({p}) + sum({p})",
        "function": f"def {new}(x):\n    return x + {m}",
        "call": f"{new} = {g}({k})",
    }[kind]


_KINDS = {"number": NUMBERS, "list": LISTS, "function": FUNCTIONS}


@st.composite
def notebooks(draw: st.DrawFn) -> list[tuple[str, str]]:
    """(id, source) of cells: some above f, f, its check, some below."""
    bound: set[str] = set()

    def cells(most: int) -> list[tuple[str, str]]:
        sizes = draw(st.lists(st.integers(1, 3), max_size=most))
        return [("", "\n".join(statement(draw, bound) for _ in range(size))) for size in sizes]

    above = cells(6)
    used = draw(st.sets(st.sampled_from(sorted(bound - set(UNUSED))), max_size=4)) if bound else set()
    values = [f"{name}(7)" if name in FUNCTIONS else name for name in sorted(used)]
    f = ("u-f", f"def f():\n    return [{', '.join(values)}]")
    return [*above, f, ("u-f-check", 'cu.check("u.f")'), *cells(2)]


def slice_of(cells: list[tuple[str, str]]) -> Slice:
    made = tuple(Cell(n, source, frozenset({id_} - {""})) for n, (id_, source) in enumerate(cells, 1))
    found = Program(made).slice("u.f")
    assert isinstance(found, Slice), found
    return found


def value(source: str) -> Any:
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(source, names)
    return names["f"]()


@settings(max_examples=60)
@given(notebooks())
def test_a_slice_gives_what_the_notebook_gives(cells: list[tuple[str, str]]) -> None:
    above = cells[: [id_ for id_, _ in cells].index("u-f-check")]
    text = executed(slice_of(cells))
    assert value(text) == value("\n".join(source for _, source in above))
    assert executed(slice_of(cells)) == text
    assert slice_of(cells) == slice_of(cells)


@settings(max_examples=60)
@given(notebooks())
def test_nothing_is_taken_along_that_is_not_needed(cells: list[tuple[str, str]]) -> None:
    tree = ast.parse(executed(slice_of(cells)))
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id in ("print", *UNUSED)
    ]
    below = cells[[id_ for id_, _ in cells].index("u-f-check") :]
    assert slice_of(cells) == slice_of(cells[: -len(below)] + below[:1])
