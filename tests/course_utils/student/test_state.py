"""Which name differs between two runs of a notebook, and which cell is behind it."""

from __future__ import annotations

import linecache
from importlib import import_module
from typing import Any

import pytest
import torch

from course_utils.student import submit as _loaded  # noqa: F401
from course_utils.student.fresh_run import CheckedExercise, FreshRun
from course_utils.student.state import (
    bound_below,
    bound_in,
    follows_from,
    names_that_differ,
    names_used,
    own_cell_stops,
)

SCALED = "def scaled(x):\n    return helper(x) * T\n"
HELPER = "def helper(x):\n    return x + shift\n"


def run(*cells: str, **names: Any) -> dict[str, Any]:
    """The globals after some cells."""
    for number, source in enumerate(cells):
        name = f"<ipython-input-{number}-{abs(hash(source))}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), names)
    return names


def code(*sources: str) -> list[dict[str, Any]]:
    return [{"cell_type": "code", "source": source} for source in sources]


def test_names_are_followed_through_helpers() -> None:
    names = run("T = 0.5\nshift = 1\nother = 2", HELPER, SCALED)
    assert names_used("scaled", names).keys() == {"scaled", "helper", "T", "shift"}
    assert names_used("missing", names) == {}


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (("T = 0.5\nshift = 1", HELPER, SCALED), []),
        (("T = 0.1\nshift = 1", HELPER, SCALED), ["T is 0.5 here, and 0.1 there"]),
        (("T = 0.5\nshift = 1", "# new\n" + HELPER, SCALED), []),
        (
            ("T = 0.5\nshift = 1", HELPER.replace("+", "-"), SCALED),
            ["helper is a function here, and another there"],
        ),
        (("T = 0.5", HELPER, SCALED), ["shift is 1 here, and nothing there"]),
        (
            ("T = 0.5\nshift = 1", HELPER, SCALED.replace("*", "/")),
            ["scaled itself is not what the saved notebook makes of it"],
        ),
    ],
)
def test_the_name_that_differs_is_told_with_both_values(there: tuple[str, ...], said: list[str]) -> None:
    here = names_used("scaled", run("T = 0.5\nshift = 1", HELPER, SCALED))
    assert names_that_differ(here, names_used("scaled", run(*there)), "scaled") == said


def test_values_of_all_kinds_can_be_looked_at() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise ValueError("no")

    source = "def f():\n    return a, b, c, d, e, torch\n"
    names = run(source, a=torch.ones(2), b=[1, 2], c=Odd(), d="x" * 100, e=[Odd()], torch=torch)
    found = names_used("f", names)
    assert found["a"].startswith("a tensor of shape (2,)|")
    assert found["torch"] == "module torch|"
    assert len(found["d"]) < 60
    names["a"] = torch.zeros(2)
    assert names_that_differ(found, names_used("f", names), "f") == [
        "a is a tensor of shape (2,) here, and another there"
    ]


def test_the_cell_below_that_takes_a_name_is_told() -> None:
    cells = code("T = 0.5", SCALED, "# a scratch cell\nT = 3", "def g():\n    T = 4\n")
    assert bound_below(cells, ["scaled", "T"], "scaled") == [
        "T gets another value in the cell that begins with '# a scratch cell'"
    ]
    assert bound_below(code("T = 1"), ["T"], "scaled") == []
    assert bound_below(code("T = (", SCALED), ["T"], "scaled") == []


def test_names_bound_by_a_cell() -> None:
    source = "import a.b, c as d\nfor e in f:\n    g = 1\nwith h as i:\n    j: int = 2\ndef k(l):\n    m = 1\n[n for n in o]"
    assert bound_in(source) == {"a", "d", "e", "g", "i", "j", "k"}


def test_a_cell_that_lacks_what_an_open_exercise_would_have_given() -> None:
    cells = code(
        "def rotate_batch(x):\n    raise NotImplementedError",
        "def guess(x):\n    return rotate_batch(x)",
        "turns = guess(1)",
        "print(turns)",
        "print(nothing)",
    )
    lacks = {first: f"NameError: name '{name}' is not defined" for first, name in
             [("print(turns)", "turns"), ("print(nothing)", "nothing")]}  # fmt: skip
    assert follows_from(cells, lacks, ["rotate_batch"]) == {"print(turns)"}
    assert follows_from(cells, lacks, []) == set()


def disagreement(
    whole: tuple[str, float], here: dict[str, str], there: dict[str, str], *stopped: Any
) -> list[str]:
    submit = import_module("course_utils.student.submit")
    shown = CheckedExercise(
        "moco.enqueue", "correct" if whole[1] < 5 else "wrong", 5 if whole[1] < 5 else 0, 5.5
    )
    fresh = FreshRun(stopped=list(stopped))
    cells = code("def enqueue(q, p, k):\n    return sum(k)", "sum = 0")
    return submit._disagreement(
        shown,
        CheckedExercise("moco.enqueue", *whole, 5.5, names=there),
        CheckedExercise("moco.enqueue", "correct", 5.5, 5.5, names=here),
        {"cells": cells},
        fresh,
    )


def test_a_rebound_name_is_named() -> None:
    names = {"enqueue": "a function|1", "sum": "0|2"}
    assert disagreement(("error", 0), names, names) == [
        "When the whole notebook is run it stops in an exception at its end, because sum gets another value in the cell that begins "
        "with 'sum = 0'. The grader does not run that, so this costs no points."
    ]


def test_a_cell_that_became_text_is_named() -> None:
    submit = import_module("course_utils.student.submit")
    text = {"cell_type": "markdown", "source": "def enqueue(q, p, k):\n    return 1"}
    for cells, said in (([text, *code("x = 1")], True), ([text, *code("def enqueue(q): pass")], False)):
        shown = CheckedExercise("moco.enqueue", "correct", 5.5, 5.5)
        whole = CheckedExercise("moco.enqueue", "not attempted", 0, 5.5)
        (line,) = submit._disagreement(shown, whole, whole, {"cells": cells}, FreshRun())
        assert ("its cell is no code cell" in line) == said
        assert ("other cells change" in line) != said


def test_a_cell_that_does_not_compile_is_named() -> None:
    error = "SyntaxError: from __future__ imports must occur at the beginning of the file"
    (said,) = disagreement(("not attempted", 0), {}, {}, ("def enqueue(q, p, k):", error))
    assert f"because the cell of enqueue stops there: {error}" in said
    assert "other cells" not in said
    assert own_cell_stops("enqueue", code("x = 1"), {"x = 1": "no"}) == ""
