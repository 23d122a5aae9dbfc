"""Pictures of single units: what they say, what they refuse, and that they can be drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest
import torch

import course_utils as cu
from course_utils import figures
from course_utils.training_runs import MethodRow

IMAGES = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0))
METRICS = ("linear probe", "kNN-20", "instance retrieval", "other family")


def row(method: str, unit: str = "pretext", **more: object) -> MethodRow:
    results = {metric: [0.3, 0.4] for metric in METRICS}
    return MethodRow(unit=unit, method=method, seeds=[0, 1], results=results, **more)  # type: ignore[arg-type]


def is_png(picture: cu.plot.Picture) -> bool:
    return picture.png().startswith(b"\x89PNG") and len(picture.alt) > 20


def test_rotation_idea() -> None:
    assert is_png(figures.rotation_idea(IMAGES[:1]))
    with pytest.raises(ValueError, match="image"):
        figures.rotation_idea(IMAGES)


def test_confusion_says_the_shares() -> None:
    picture = figures.confusion(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), ["a", "b"])
    assert is_png(picture)
    assert "a: 0.50, 0.50; b: 0.00, 1.00" in picture.alt
    with pytest.raises(ValueError, match="guess"):
        figures.confusion(torch.tensor([0, 0]), torch.tensor([0, 2]), ["a", "b"])


def test_strength_maps() -> None:
    maps = {"one": [torch.rand(6, 8, 8)] * 2, "other": [torch.rand(6, 8, 8)] * 2}
    assert is_png(figures.strength_maps(IMAGES, maps, ["first", "last"]))


def test_method_table_marks_a_unit_and_says_every_row() -> None:
    rows = [
        row("random initialisation"),
        row("NT-Xent", unit="simclr", images=1000, seconds=[1.0, 2.0], cpu_seconds=[3.0, 5.0]),
        row("told", labels=True, images=1000, seconds=[1.0]),
        row("own run", is_recipe=True, images=9000, seconds=[1.0]),
    ]
    picture = figures.method_table("simclr", rows)
    assert is_png(picture)
    assert "NT-Xent (1k images, 4 s): linear probe 0.350" in picture.alt
    # Names stand at the left of both rows of panels.
    for axis in picture.figure.axes[0], picture.figure.axes[2]:
        weights = [label.get_fontweight() for label in axis.get_yticklabels()]
        assert weights == ["normal", "bold", "normal", "normal"]
    assert "own run" not in figures.method_table(rows=rows, own=False).alt
    with pytest.raises(ValueError, match="rows"):
        figures.method_table(rows=[])


def test_a_row_that_lacks_a_measure_is_drawn_without_it() -> None:
    partial = MethodRow(unit="moco", method="MoCo", images=1000, seconds=[2.0], results={"kNN-20": [0.4]})
    picture = figures.method_table("moco", [row("random initialisation"), partial])
    assert is_png(picture)
    assert "MoCo (1k images): kNN-20 0.400" in picture.alt


def test_the_table_that_ships_is_drawn() -> None:
    rows = cu.training_runs.method_rows()
    assert rows
    assert is_png(figures.method_table("pretext"))


BROKEN = [
    {"name": name, "losses": [2.0, 1.0], "results": {"kNN-20": 0.3}, "neighbours": [[0, 1, 2], [3, 4, 5]]}
    for name in ("right", "wrong")
]


def test_broken_runs_and_their_neighbours() -> None:
    picture = figures.broken_runs(BROKEN)
    assert is_png(picture)
    assert "wrong: loss at the end 1.000, kNN-20 0.300" in picture.alt
    assert is_png(figures.broken_neighbours(BROKEN, IMAGES, torch.tensor([0, 0, 1, 2, 2, 3])))
    with pytest.raises(ValueError, match="runs"):
        figures.broken_runs([])
    with pytest.raises(ValueError, match="neighbours"):
        figures.broken_neighbours(BROKEN, IMAGES[:4], torch.tensor([0, 0, 1, 2]))


MAP, SIX, WRONG = torch.zeros(6, 8, 8), torch.arange(6), partial(cast, Any)


def ragged(rows: list[list[int]]) -> dict[str, Any]:
    return {"name": "ragged", "neighbours": rows}


# What is wrong -> the call, and what the message says.
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "maps of another number of layers": (
        lambda: figures.strength_maps(IMAGES, {"a": [MAP]}, ["1", "2"]),
        r"maps.*should be a list of maps.*the length 1",
    ),
    "maps of fewer images": (
        lambda: figures.strength_maps(IMAGES, {"a": [MAP[:3]]}, ["1"]),
        r"maps.*should be floats of the shape \(6, 8, 8\)",
    ),
    "maps of another size": (
        lambda: figures.strength_maps(IMAGES, {"a": [MAP[..., :4]]}, ["1"]),
        r"maps.*should be floats of the shape",
    ),
    "maps that are numbers": (
        lambda: figures.strength_maps(IMAGES, {"a": WRONG([1])}, ["1"]),
        r"maps.*should be floats",
    ),
    "columns": (
        lambda: figures.strength_maps(IMAGES, {"a": [MAP]}, WRONG(1)),
        r"columns should be a list of texts",
    ),
    "an unknown unit": (
        lambda: figures.method_table(mark="nosuch"),
        r"mark should be empty or a unit that has rows \(.*pretext.*nosuch",
    ),
    "rows that are no rows": (lambda: figures.method_table(rows=WRONG([{}])), r"rows should be .*MethodRow"),
    "a run without anything": (
        lambda: figures.broken_runs([{}]),
        r"runs\[0\] should be a run with name, losses, results; it lacks name",
    ),
    "a run that is a number": (lambda: figures.broken_runs(WRONG([3])), r"runs\[0\] should be a mapping"),
    "runs that are a number": (lambda: figures.broken_runs(WRONG(3)), r"runs should be recorded runs"),
    "no losses": (
        lambda: figures.broken_runs([{**BROKEN[0], "losses": []}]),
        r"losses.*should be at least 1 number",
    ),
    "other measures": (
        lambda: figures.broken_runs([BROKEN[0], {**BROKEN[1], "results": {"a": 1.0}}]),
        r"runs.*there is no .kNN-20",
    ),
    "no runs": (
        lambda: figures.broken_neighbours([], IMAGES, SIX),
        r"runs should be at least 1 recorded run",
    ),
    "runs without neighbours": (
        lambda: figures.broken_neighbours([{"name": "a"}], IMAGES, SIX),
        r"runs\[0\] should be .*it lacks neighbours",
    ),
    "ragged rows": (
        lambda: figures.broken_neighbours([ragged([[0, 1], [2]])], IMAGES, SIX),
        r"neighbours are rows of one length.*\[1, 2\]",
    ),
    "fewer queries": (
        lambda: figures.broken_neighbours([BROKEN[0], ragged([[0, 1, 2]])], IMAGES, SIX),
        r"neighbours.*rows of indices.*length 1",
    ),
    "no queries": (
        lambda: figures.broken_neighbours([ragged([])], IMAGES, SIX),
        r"neighbours.*at least 1 row",
    ),
    "names of classes": (lambda: figures.confusion(SIX, SIX, WRONG(6)), r"names should be a list of texts"),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
