"""The gate through which the checks go: what it tries, and that it closes when a check is weakened."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.cli import app
from autograder.course.equivalents import Equivalent, read_equivalents
from autograder.course.exercises import Exercise
from autograder.course.trial import judge_function, told_by_properties
from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.quality.disguise import disguised
from autograder.quality.gate import Result, complaints, in_tolerances
from autograder.quality.mutation import mutants
from autograder.quality.naming import NamesTried
from autograder.quality.operators import OPERATORS
from autograder.quality.page import details
from autograder.quality.pairs import PairsTried
from autograder.quality.run import survey
from autograder.quality.survey import (
    BEHAVIOUR,
    MISCONCEPTION,
    MUTANT,
    Plan,
    try_right_answers,
    try_wrong_answers,
)
from autograder.quality.trivial import trivial_answers
from course_utils.checks import RightAnswer, WrongAnswer
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.draw import LONG, ZEROS
from course_utils.checks.structures import Structures
from tests.support import ROOT, UNITS
from tests.support.tiny import make_course

PLAN = Plan(secrets=(b"one", b"two"), seeds=2)


@cache
def exercise(id_: str) -> Exercise:
    return load_unit(ROOT, id_.split(".")[0]).exercises[id_]


def tried(item: Exercise, equivalents: list[Equivalent] | None = None, plan: Plan = PLAN) -> Result:
    if equivalents is None:
        path = item.files.get("equivalents.toml")
        equivalents = read_equivalents(path) if path else []
    wrongs = try_wrong_answers(item, equivalents, plan)
    return Result(
        exercise=item,
        minutes=15,
        seeds=plan.seeds,
        wrongs=wrongs,
        rights=tuple(try_right_answers(item, plan, range(plan.seeds))),
        oracle=None,
        structures=Structures(frozenset({ZEROS}), LONG),
    )


def said(item: Result) -> list[str]:
    """Complaints about what the checks do; how much the bank holds is no matter here."""
    return [text for text in complaints([item]) if "needs 8" not in text and "needs 6" not in text]


# --- mutants ----------------------------------------------------------------------------------------------------


def sample(x: Tensor, y: Tensor, count: int) -> Tensor:
    """A function in which every operator finds something."""
    if count > len(x):
        raise ValueError("too many")
    with torch.no_grad():
        scale = -x[:count].mean(dim=0) * 2.5
    shifted = torch.arange(count, device=x.device).roll(1)
    product = torch.einsum("ni,nj->ij", x, y.detach()) @ y.T
    return torch.cat([scale[None], product.T + shifted.sum()], dim=0)


def test_every_operator_finds_something() -> None:
    used = {item.operator for item in mutants(sample)}
    assert used == {operator.__name__.replace("_", "-") for operator in OPERATORS}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("scale = -x[:count].mean(dim=0) * 2.5", "scale = -x[:count].sum(dim=0) * 2.5"),
        ("scale = -x[:count].mean(dim=0) * 2.5", "scale = x[:count].mean(dim=0) * 2.5"),
        ("scale = -x[:count].mean(dim=0) * 2.5", "scale = -x[:count].mean(dim=1) * 2.5"),
        ("scale = -x[:count].mean(dim=0) * 2.5", "scale = -x[:count + 1].mean(dim=0) * 2.5"),
        ("if count > len(x):", "if count >= len(x):"),
        ("with torch.no_grad():; scale = -x[:count].mean(dim=0) * 2.5", "scale = -x[:count].mean(dim=0) * 2.5"),
        ("return torch.cat([scale[None], product.T + shifted.sum()], dim=0)", "return torch.stack([scale[None], product.T + shifted.sum()], dim=0)"),
        ("return torch.cat([scale[None], product.T + shifted.sum()], dim=0)", "return torch.cat([scale[None], product + shifted.sum()], dim=0)"),
        ("return torch.cat([scale[None], product.T + shifted.sum()], dim=0)", "return torch.cat([product.T + shifted.sum(), scale[None]], dim=0)"),
        ("product = torch.einsum('ni,nj->ij', x, y.detach()) @ y.T", "product = torch.einsum('ni,nj->ji', x, y.detach()) @ y.T"),
        ("product = torch.einsum('ni,nj->ij', x, y.detach()) @ y.T", "product = torch.einsum('ni,nj->ij', x, y) @ y.T"),
        ("product = torch.einsum('ni,nj->ij', x, y.detach()) @ y.T", "product = torch.einsum('ni,nj->ij', y, y.detach()) @ y.T"),
        ("raise ValueError('too many')", "raise RuntimeError('too many')"),
        ("raise ValueError('too many')", "pass"),
    ],
)  # fmt: skip
def test_a_slip_that_people_make_is_among_them(before: str, after: str) -> None:
    assert f"{before}  =>  {after}" in [item.id for item in mutants(sample)]


def test_mutants_are_all_different_and_none_is_the_function() -> None:
    made = mutants(sample)
    assert len({item.id for item in made}) == len(made)
    assert all(item.before != item.after for item in made)
    first = inspect.getsourcelines(sample)[1]
    assert {item.line - first for item in made} <= set(range(2, 9))


def test_shapes_and_devices_are_no_matter_of_precision() -> None:
    """`x.double().device` is the device of `x`: such a mutant is right by construction."""
    assert not [
        item for item in mutants(sample) if "double().device" in item.after or "len(x.half" in item.after
    ]


# --- disguise ---------------------------------------------------------------------------------------------------


def test_a_disguised_function_does_the_same_under_other_names() -> None:
    made = disguised(sample)
    assert not {*sample.__code__.co_varnames} & {*made.__code__.co_varnames}
    x, y = torch.randn(4, 3), torch.randn(4, 3)
    assert torch.equal(made(x, y, 2), sample(x, y, 2))


# --- trivial answers --------------------------------------------------------------------------------------------


def test_replayed_answers_pass_the_visible_checks_and_score_nothing() -> None:
    """They are worth trying only if they really are what was recorded."""
    item = replace(exercise("pretext.rotate_batch"), misconceptions=())
    visible = item.prepare(PUBLIC_SECRET, visible_only=True)
    answer = trivial_answers(item.reference, visible)["visible-answers-replayed"]
    refused = {check.check.id for check in judge_function(visible, answer).checks if not check.passed}
    # A recorded value has no gradient.
    assert refused == {"differentiable"}
    assert judge_function(item.prepare(b"key"), answer).score == 0


# --- the gate ---------------------------------------------------------------------------------------------------


def weakened(id_: str, change: Callable[[Any], Any]) -> Exercise:
    item = exercise(id_)
    return replace(
        item, checks=tuple(filter(None, map(change, item.checks))), misconceptions=(), right_answers=()
    )


def test_the_gate_is_open_for_what_is_there() -> None:
    assert complaints([tried(exercise("moco.enqueue"))]) == []


@pytest.mark.parametrize(
    ("id_", "change", "said"),
    [
        (
            "moco.enqueue",
            lambda check: None if check.id == "too-many-keys" else check,
            "if count > size:; raise ValueError",
        ),
        (
            "moco.enqueue",
            lambda check: None if check.id == "off-the-graph" else check,
            "queue[:, columns] = keys.T]",
        ),
        (
            "simclr.nt_xent",
            lambda check: (
                replace(check, looks_at=("exception",)) if check.id == "inputs-unchanged" else check
            ),
            "'arguments-changed'",
        ),
        (
            "simclr.nt_xent",
            lambda check: replace(check, dtype=torch.float32) if check.id == "layouts" else check,
            "only-for-single-precision",
        ),
    ],
)
def test_the_gate_closes_when_a_check_is_weakened(id_: str, change: Callable[[Any], Any], said: str) -> None:
    found = complaints([tried(weakened(id_, change))])
    assert any(said in complaint and "passes every check" in complaint for complaint in found), found


def test_a_check_that_kills_nothing_is_named() -> None:
    item = exercise("moco.enqueue")
    idle = replace(item.checks[0], id="idle", looks_at=("mode",))
    found = complaints([tried(replace(item, checks=(*item.checks, idle), right_answers=()))])
    assert any("the check 'idle' of moco.enqueue kills nothing" in complaint for complaint in found)


def test_an_equivalent_that_is_none_is_named() -> None:
    listed = read_equivalents(exercise("moco.enqueue").files["equivalents.toml"])
    stale = Equivalent("return 0", "no reason", "return (pointer + count) % size")
    found = complaints(
        [tried(replace(exercise("moco.enqueue"), misconceptions=(), right_answers=()), [*listed, stale])]
    )
    assert any(
        "'return (pointer + count) % size  =>  return 0'" in text and "take it out" in text for text in found
    )


def test_a_right_answer_that_is_refused_is_named_with_its_line() -> None:
    item = exercise("moco.enqueue")

    def wrong_for_some(queue: Tensor, pointer: int, keys: Tensor) -> int:
        return item.reference(queue, pointer, keys) + (torch.get_num_threads() == 2)

    refused = replace(item, right_answers=(RightAnswer("odd-one", wrong_for_some),), misconceptions=())
    result = tried(refused)
    assert result.flakes == 1
    (complaint,) = said(result)
    assert "'odd-one' to moco.enqueue is refused 1 times in 2" in complaint
    assert "2 threads" in complaint


def test_a_right_answer_near_the_edge_of_the_tolerance_is_named() -> None:
    item = exercise("video.copy_colors")

    def nearly(*arguments: Any) -> Tensor:
        return item.reference(*arguments) * (1 + 512 * 0.8 * 2**-23)

    near = replace(item, right_answers=(RightAnswer("near", nearly),), misconceptions=())
    found = complaints([tried(near, plan=replace(PLAN, dtypes=(torch.float32,)))])
    assert any("'near' to video.copy_colors uses up" in text for text in found)


def test_a_fault_near_the_tolerance_is_named_with_the_check_that_sees_it_best() -> None:
    item = exercise("video.copy_colors")

    def hardly(*arguments: Any) -> Tensor:
        result = item.reference(*arguments)
        return result * (1 + 512 * 2 * torch.finfo(result.dtype).eps)

    near = replace(
        item, wrong_answers=(WrongAnswer("hardly", hardly, 1),), misconceptions=(), right_answers=()
    )
    result = tried(near, plan=replace(PLAN, dtypes=(torch.float32,)))
    (complaint,) = [text for text in complaints([result]) if "times what is allowed" in text]
    seen = next(wrong for wrong in result.wrong if wrong.name == "hardly")
    assert seen.effect_in in seen.failed
    assert f"'hardly' of video.copy_colors is only {seen.effect:.3g} times" in complaint
    assert f"where the check '{seen.effect_in}' sees it best" in complaint


def test_a_mutant_that_passes_is_printed_ready_to_be_listed(tmp_path: Path) -> None:
    weak = weakened("moco.enqueue", lambda check: None if check.id == "too-many-keys" else check)
    text = next(
        text for text in complaints([tried(weak)]) if "the mutant" in text and "passes every check" in text
    )
    path = tmp_path / "equivalents.toml"
    path.write_text(text[text.index("[[equivalent]]") :])
    (listed,) = read_equivalents(path)
    assert f"[{listed.before}  =>  {listed.after}]" in text


def test_a_trivial_answer_that_scores_is_named() -> None:
    def only_shape(check: Any) -> Any:
        # Without its values a check asks for nothing that None does not have.
        return replace(check, looks_at=("exception",), side=False)

    found = complaints([tried(weakened("moco.moco_logits", only_shape))])
    assert any("the trivial answer 'nothing' to moco.moco_logits scores" in text for text in found)


def test_what_is_shown_of_an_exercise_is_which_check_refuses_what() -> None:
    result = tried(exercise("moco.enqueue"))
    text = details(result)
    assert "| too-many-keys | visible |" in text
    (mutant,) = [
        item for item in result.wrong if item.name.startswith("if count > size:  =>  if count >= size")
    ]
    row = next(line for line in text.splitlines() if "if count >= size" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")[1:]]
    expected = [
        "raises" if id_ in mutant.raised else "refuses" if id_ in mutant.failed else ""
        for id_ in result.wrongs.checks
    ]
    assert cells == expected
    assert "raises" in cells  # for as many keys as columns
    assert "indices on the CPU are good for a queue on any device" in text


def test_numbers_in_words() -> None:
    assert [in_tolerances(value) for value in (0.0, 0.256, 540.0, 3e7, float("inf"))] == [
        "0.00", "0.26", "5.4e+02", "> 1e6", "-",
    ]  # fmt: skip


# --- the whole way ----------------------------------------------------------------------------------------------


def test_a_unit_of_a_course_is_surveyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    root = make_course(tmp_path)
    monkeypatch.chdir(root)
    with pytest.raises(SystemExit) as stopped:
        app(["checks", "--seeds", "2", "--jobs", "1"])
    assert stopped.value.code == 1
    out = capfd.readouterr().out
    assert "tiny.scale" in out
    assert (
        "solutions/tiny/clear/checks.py: the trivial answer 'visible-answers-by-shape' to tiny.clear scores 2"
        in out
    )


def test_results_come_in_the_order_of_the_units(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    plans = {"tiny.scale": PLAN, "tiny.clear": PLAN}
    results = survey(make_course(tmp_path), plans, progress=lambda *step: steps.append(step))
    assert [item.exercise.id for item in results] == ["tiny.scale", "tiny.clear"]
    assert steps[-1] == (8, 8)
    assert [item.oracle.passes for item in results if item.oracle] == [True, True]
    assert all(
        {answer.kind for answer in item.wrong} >= {MISCONCEPTION, MUTANT, BEHAVIOUR} for item in results
    )


@pytest.mark.parametrize(
    "text", ["equivalent = 3", "[[equivalent]]\nexercise = 'a.b'", "[[", "[[other]]\na = 1"]
)
def test_a_list_of_equivalents_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "equivalents.toml"
    path.write_text(text)
    with pytest.raises(UserError, match="equivalents.toml, line 1: is no list"):
        read_equivalents(path)


def test_settings_take_turns_or_come_all_at_once() -> None:
    plan = Plan()
    assert len({plan.settings(seed)[0] for seed in range(6)}) == 6
    assert len(replace(plan, every=True).settings(0)) == 6


def test_no_operator_goes_unused_on_the_units() -> None:
    """One that finds nothing in any reference is dead weight."""
    used = {
        item.operator
        for unit in UNITS
        for ex in load_unit(ROOT, unit).exercises.values()
        for item in mutants(ex.reference)
    }
    assert {operator.__name__.replace("_", "-") for operator in OPERATORS} - used <= {"off-by-one"}


def test_where_a_property_alone_refuses_no_name_is_asked_for() -> None:
    """Many answers are right there, so a wrong idea has no one observation to be known by."""
    item = exercise("moco.enqueue")
    prepared = replace(item, misconceptions=()).prepare(b"key")
    first, *others = prepared.checks
    refusing = replace(first, property=lambda case, observation: "no")
    by_property = judge_function(replace(prepared, checks=(refusing, *others)), item.reference)
    assert told_by_properties(by_property)
    assert not told_by_properties(judge_function(prepared, lambda *arguments: 0))


def test_what_wrong_answers_are_told_has_bounds() -> None:
    item = tried(exercise("simclr.info_nce"), [])
    pairs = PairsTried(all=20, tried=10, rightly=5, wrong=("a + b: c", "a + d: c"), missed=("e + f",))
    names = NamesTried(
        pairs=pairs, slips=10, slips_told=8, mutants=10, bare=("x  =>  y", "z  =>  y"), right=("loop",)
    )
    found = "\n".join(said(replace(item, naming=names)))
    assert "of 10 pairs of slips in simclr.info_nce, 5 have one named, 80% are asked for" in found
    assert "2 are called by a name that is not theirs, 1% may be: a + b: c; a + d: c" in found
    assert "8 get a name or a fact, 90% are asked for" in found
    assert (
        "2 of 10 mutants of simclr.info_nce are told nothing but that values are wrong, 10% may be" in found
    )
    assert "the right answer 'loop' to simclr.info_nce is called a misconception" in found
    good = NamesTried(
        pairs=PairsTried(all=20, tried=10, rightly=8, wrong=("a + b: c",), missed=("e + f",)),
        slips=10, slips_told=9, mutants=10, bare=("x  =>  y",), right=(),
    )  # fmt: skip
    assert said(replace(item, naming=good)) == said(item)
