"""Whatever stands for an exercise is understood, or said in one sentence with the way out."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch

import course_utils as cu
from autograder.course.units import load_unit
from course_utils import shipped
from course_utils.setup import Profile, Setup
from course_utils.student import check as visible
from course_utils.student.meant import UnclearError, meant_exercise, meant_level, meant_options, unit_here
from tests.support import ROOT

ROTATE = load_unit(ROOT, "pretext").exercises["pretext.rotate_batch"].reference
ENQUEUE = load_unit(ROOT, "moco").exercises["moco.enqueue"].reference


def course(unit: str) -> Setup:
    return Setup(unit, Profile.CHECK, torch.device("cpu"))


def notebook(unit: str | None = "pretext", **names: Any) -> dict[str, Any]:
    return {"cu": cu, **({"course": course(unit)} if unit else {}), **names}


def ask(call: str, namespace: dict[str, Any]) -> Any:
    exec(f"result = {call}", namespace)
    return namespace["result"]


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def timed(*arguments: Any) -> Any:
        return function(*arguments)

    return timed


@pytest.fixture
def with_one_exercise(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if pretext had no other."""
    every = shipped.exercise_ids
    ids = {"pretext": ["pretext.rotate_batch"]}
    monkeypatch.setattr(shipped, "exercise_ids", lambda unit: ids.get(unit) or every(unit))


@pytest.mark.usefixtures("with_one_exercise")
@pytest.mark.parametrize("call", ["cu.check()", "cu.check(None)", "cu.check('pretext')", "cu.check(course)"])
def test_the_only_exercise_need_not_be_named(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = ask(call, notebook(rotate_batch=ROTATE))
    assert (result.exercise, result.status) == ("pretext.rotate_batch", "correct")
    assert "Traceback" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "call",
    [
        "cu.check(rotate_batch)",
        "cu.check('rotate_batch')",
        "cu.check('rotate_batch()')",
        "cu.check('Pretext.Rotate_Batch')",
        "cu.check(' pretext.rotate_batch ')",
        "cu.check('pretext-rotate-batch')",
        "cu.check('pretext-rotate-batch-check')",
        "cu.check(exercise='pretext.rotate_batch')",
        "cu.check('pretext.rotate_batch', 2)",
        "cu.check(rotate_batch, hints=1)",
    ],
)
def test_what_is_meant_is_done(call: str, capsys: pytest.CaptureFixture[str]) -> None:
    result = ask(call, notebook(rotate_batch=ROTATE))
    assert (result.exercise, result.status) == ("pretext.rotate_batch", "correct")
    assert not [remark for remark in result.remarks if "as it stands" in remark]
    assert "Traceback" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "given", [wrapped(ROTATE), functools.partial(ROTATE), wrapped(wrapped(ROTATE)), lambda: None]
)
def test_a_function_of_another_kind_is_known_by_what_it_wraps(given: Any) -> None:
    given.__name__ = (
        getattr(given, "__name__", "") if given.__class__ is functools.partial else "rotate_batch"
    )
    found = meant_exercise(given, notebook(rotate_batch=ROTATE))
    assert found.exercise == "pretext.rotate_batch"
    # The grader takes what stands in the notebook.
    assert "What is checked is rotate_batch as it stands in this notebook" in found.remarks[0]


def test_a_function_under_another_name_is_the_same_function() -> None:
    found = meant_exercise(ROTATE, notebook(turn=ROTATE, rotate_batch=ROTATE))
    assert (found.exercise, found.remarks) == ("pretext.rotate_batch", ())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("cu.check()", 'Which exercise? moco has cu.check("moco.'),
        ("cu.check('moco')", 'moco is a problem set, and has cu.check("moco.'),
        ("cu.check('moco.enque')", 'Did you mean cu.check("moco.enqueue")?'),
        ("cu.check('enque')", 'Did you mean cu.check("moco.enqueue")?'),
        ("cu.check('moko.enqueue')", 'Did you mean cu.check("moco.enqueue")?'),
        (
            "cu.check('nothing like it')",
            "There is no exercise 'nothing like it': this notebook has cu.check(",
        ),
        ("cu.check(print)", "No exercise has the name print"),
        ("cu.check(5)", "not what is of type int: cu.check("),
        ("cu.check(['moco.enqueue'])", "not what is of type list: cu.check("),
        ("cu.check('moco.enqueue', 1, 2)", "cu.check takes one exercise, and hint=1, 2 or 3 if you like"),
        ("cu.check('moco.enqueue', colour=2)", "cu.check takes one exercise, and hint=1, 2 or 3 if you like"),
        ("cu.check('moco.enqueue', 'x')", "A hint is one of the numbers 0, 1, 2 and 3"),
        (
            "cu.check('simclr.nt_xent')",
            "simclr.nt_xent is an exercise of the notebook simclr, and this one is moco",
        ),
    ],
)
def test_what_cannot_be_understood_is_one_sentence(
    call: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = ask(call, notebook("moco", enqueue=ENQUEUE))
    assert (result.status, repr(result)) == ("unknown", "0")
    out, err = capsys.readouterr()
    assert said in out
    assert len(out.splitlines()) == 1
    assert (err, "0x" in out, "Traceback" in out) == ("", False, False)


class Shell:
    """As much of IPython's as is asked for."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.user_ns = namespace


@pytest.mark.parametrize(
    ("unit", "check", "submit"),
    [
        ("pretext", 'write cu.check("pretext.', 'write cu.submit("pretext").'),
        ("simclr", 'write cu.check("simclr.', 'write cu.submit("simclr").'),
        (None, 'write cu.check("moco.', "write cu.submit()."),
    ],
)
def test_without_brackets_a_sentence_says_how_to_call(
    monkeypatch: pytest.MonkeyPatch, unit: str | None, check: str, submit: str
) -> None:
    import IPython

    monkeypatch.setattr(IPython, "get_ipython", lambda: Shell(notebook(unit)))
    assert repr(cu.check).startswith(f"Nothing was checked, for want of brackets: {check}")
    assert repr(cu.submit) == f"Nothing was handed in, for want of brackets: {submit}"
    if unit == "simclr":
        assert ' or cu.check("simclr.' in repr(cu.check)
    # What a notebook shows of a cell's last value.
    shown, _ = IPython.core.formatters.DisplayFormatter().format(cu.check)
    assert shown == {"text/plain": repr(cu.check)}


def test_without_ipython_too() -> None:
    assert repr(cu.check).startswith('Nothing was checked, for want of brackets: write cu.check("moco.')
    for function, first in ((cu.check, "Run the visible checks"), (cu.submit, "Make the file to hand in")):
        assert inspect.getdoc(function).startswith(first)
    assert list(inspect.signature(cu.check).parameters) == ["exercise", "more", "hint", "others"]
    assert list(inspect.signature(cu.submit).parameters) == ["unit", "notebook", "more", "others"]


@pytest.mark.parametrize(
    ("call", "begins"),
    [
        ("cu.check('moco.enque')", "cu.check: There is no exercise 'moco.enque': moco has moco."),
        ("cu.check('nothing')", "cu.check: There is no exercise 'nothing': this notebook has "),
        ("cu.check('moco')", "cu.check: moco is a problem set, and has cu.check("),
        ("cu.check('simclr.nt_xent')", "cu.check: simclr.nt_xent is an exercise of the notebook simclr, and"),
        ("cu.check('moco.enqueue', 'x')", "cu.check: A hint is one of the numbers 0, 1, 2 and 3: "),
        ("cu.check('moco.enqueue', 1, 2)", "cu.check takes one exercise, and hint=1, 2 or 3 if you like: "),
        ("cu.check()", "cu.check: Which exercise? moco has "),
        ("cu.check(5)", "cu.check: Give the id of the exercise as a text, "),
    ],
)
def test_a_sentence_names_the_exercise_once(
    call: str, begins: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(call, notebook("moco", enqueue=ENQUEUE))
    assert capsys.readouterr().out.startswith(begins)


def test_without_a_set_up_cell_any_id_is_shown() -> None:
    with pytest.raises(UnclearError, match='Give the id of the exercise, as in its header: cu.check\\("moco'):
        meant_exercise(None, {})


def test_the_unit_is_that_of_the_set_up_cell() -> None:
    assert unit_here({}) is None
    assert unit_here({"course": course("moco")}) == "moco"
    history = [
        "",
        "cu.setup('simclr')",
        'import course_utils as cu\ncu.setup("video", seed=1)',
        "cu.setup('x')",
    ]
    assert unit_here({"In": history}) == "video"


@pytest.mark.parametrize(
    ("hint", "level", "said"),
    [
        (0, 0, ""),
        (3, 3, ""),
        (4, 3, "Hints go from 1 to 3, so this is hint 3."),
        (-1, 0, "Hints go from 1 to 3"),
    ],
)
def test_a_hint_beyond_the_last_is_told(hint: int, level: int, said: str) -> None:
    found, remarks = meant_level(hint, "moco.enqueue")
    assert found == level
    assert [said in remark for remark in remarks] == ([True] if said else [])
    shown = str(visible.check_in(notebook("moco", enqueue=lambda *a: 1), "moco.enqueue", hint=hint))
    assert (said in shown) if said else ("Hints go" not in shown)


def test_a_hint_by_another_name() -> None:
    assert meant_options((), 0, {"hints": 2}) == 2
    assert meant_options((2,), 0, {}) == 2
    assert meant_options((), 1, {}) == 1
    with pytest.raises(UnclearError):
        meant_options((2,), 1, {})
