"""Pictures of contrastive learning: what is drawn where, and what their texts say."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from course_utils import contrast
from course_utils.training_runs import Recorded


@pytest.fixture
def images() -> Tensor:
    return torch.rand(10, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_the_method_shows_the_image_and_both_views(images: Tensor) -> None:
    picture = contrast.method(images[0], (images[1], images[2]))
    shown = [np.asarray(item.get_array()) for item in picture.figure.axes[0].images]
    assert len(shown) == 3
    np.testing.assert_allclose(shown[2], images[2].permute(1, 2, 0))
    assert "same encoder" in picture.alt


def test_partners_are_circled_and_the_diagonal_crossed() -> None:
    values = torch.eye(4)
    picture = contrast.cosines(values, partners=[(0, 1), (1, 0)], itself=True)
    marks = [
        (line.get_marker(), float(line.get_xdata()[0]), float(line.get_ydata()[0]))
        for line in picture.figure.axes[0].lines
    ]
    assert marks[:2] == [("o", 1, 0), ("o", 0, 1)]
    assert marks[2:] == [("x", k, k) for k in range(4)]
    assert "4 anchors" in picture.alt and "2 partners" in picture.alt
    with pytest.raises(ValueError, match="values"):
        contrast.cosines(values[0])


def test_bounds_stand_below_the_ceiling() -> None:
    picture = contrast.bounds([2, 4, 8], {"known": [0.5, 0.9, 1.1]}, {"known": 2})
    ceiling, bound, truth = picture.figure.axes[0].lines
    np.testing.assert_allclose(ceiling.get_ydata(), [math.log(n) for n in (2, 4, 8)])
    assert list(bound.get_ydata()) == [0.5, 0.9, 1.1]
    assert list(truth.get_ydata()) == [2, 2]
    assert "known: 1.10" in picture.alt


def test_candidates_stand_in_the_order_of_their_shares(images: Tensor) -> None:
    shares = torch.tensor([0.1, 0.4, 0.3, 0.2])
    picture = contrast.candidates(images[9], images[:4], {"T = 1": shares}, partner=2, shown=3)
    _, *axes = picture.figure.axes
    assert [axis.get_xlabel() for axis in axes] == ["40.0%", "30.0%", "20.0%"]
    assert [axis.get_title() for axis in axes] == ["", "✓ partner", ""]
    np.testing.assert_allclose(axes[0].images[0].get_array(), images[1].permute(1, 2, 0))
    assert "30.0% and the place 2" in picture.alt


def test_ticks_have_names_and_ones_own_loss_is_among_them() -> None:
    picture = contrast.ticks({"doubled": 3.0, "halved": 0.75}, 1.5, "loss")
    written = [text.get_text() for text in picture.figure.axes[0].texts]
    assert written == ["halved: 0.75", "doubled: 3.00", "yours: 1.500"]
    assert "yours is 1.500" in picture.alt


def test_points_on_the_circle_have_their_classes_marker() -> None:
    z = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    picture = contrast.on_the_circle({"here": z}, torch.tensor([0, 1, 0]))
    zero, one = picture.figure.axes[0].lines
    assert list(zero.get_xdata()) == [1, -1] and list(one.get_ydata()) == [1]
    assert zero.get_marker() != one.get_marker()
    assert "0.00 and 1.00" in picture.alt


def test_lines_circle_what_is_marked() -> None:
    picture = contrast.lines([0, 1, 2], {"a": [3, 2, 1]}, "x", "y", marks=[(1, 2)])
    curve, mark = picture.figure.axes[0].lines
    assert list(curve.get_ydata()) == [3, 2, 1]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == (1, 2)
    assert picture.alt == "y over x. a: from 3.00 to 1.00."


def test_losses_and_scores_have_one_colour_for_a_name() -> None:
    picture = contrast.side_by_side(
        {"a": [3, 2], "b": [3, 1]}, {"a": 0.4, "b": 0.2}, "probe", "loss", every=10
    )
    left, right = picture.figure.axes
    assert [list(line.get_xdata()) for line in left.lines] == [[0, 10], [0, 10]]
    assert [line.get_color() for line in left.lines] == [line.get_color() for line in right.lines]
    assert [patch.get_width() for patch in right.patches] == [0.4, 0.2]
    assert "a: loss 3.00 to 2.00, probe 0.400" in picture.alt


def test_no_influence_is_white_and_the_least_is_not() -> None:
    causal, other = torch.eye(3).tril() + 1e-9 * torch.ones(3, 3).tril(), torch.ones(3, 4)
    picture = contrast.influence_maps({"causal": causal, "both ways": other}, "time seen", "time")
    left, right = (np.asarray(axis.images[0].get_array()) for axis in picture.figure.axes)
    assert ((left > 0.19) == np.tri(3, dtype=bool)).all() and (left[~np.tri(3, dtype=bool)] == 0).all()
    assert (right == 1).all()
    assert "causal: no entries to the right" in picture.alt and "both ways: 6 entries" in picture.alt


def test_neighbours_of_the_same_thing_are_ticked_and_counted(images: Tensor) -> None:
    identity = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    nearest = {"good": [[1, 4, 6], [3, 4, 5]], "bad": [[2, 4, 6], [4, 5, 6]]}
    picture = contrast.neighbour_rows(images, [0, 2], nearest, identity)
    assert "of 6: good 2, bad 0" in picture.alt
    assert len([axis for axis in picture.figure.axes if axis.images]) == 2 + 12
    assert [text.get_text() for axis in picture.figure.axes for text in axis.texts] == ["✓", "✓"]


def test_paired_views_are_partners_row_by_row() -> None:
    views = torch.nn.functional.normalize(contrast.paired_views(n=6, dim=64), dim=1)
    nearest = (views @ views.T).fill_diagonal_(-1).argmax(dim=1)
    assert nearest.tolist() == [k ^ 1 for k in range(12)]


def test_parts_of_a_record_are_tables() -> None:
    rows = {"one": {"probe": 0.5, "seconds": 3}, "two": {"probe": 0.4}}
    record = Recorded(
        unit="simclr", seeds=[], losses=[], seconds=[], results={}, extra={"parts": {"heads": rows}}
    )
    assert record.part("heads", "probe") == {"one": {"probe": 0.5}, "two": {"probe": 0.4}}
    assert record.part("heads") == rows
    with pytest.raises(ValueError, match="it has heads"):
        record.part("tails")
    with pytest.raises(ValueError, match="'seconds' in every row"):
        record.part("heads", "seconds")


COLOUR = torch.rand(8, 3, 8, 8, generator=torch.Generator().manual_seed(3))
EYE, EIGHT, WRONG = torch.eye(2), torch.arange(8), partial(cast, Any)


# What is wrong -> the call, and what the message says.
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "one view": (lambda: contrast.method(COLOUR[0], WRONG((COLOUR[1],))), r"views should be a pair"),
    "a view that is a number": (lambda: contrast.method(COLOUR[0], WRONG(3)), r"views should be a pair"),
    "names of the rows": (
        lambda: contrast.cosines(EYE, names=(["a"], ["a", "b"])),
        r"names should be as long as rows of values",
    ),
    "names of the columns": (
        lambda: contrast.cosines(EYE, names=(["a", "b"], ["a"])),
        r"names should be as long as columns of values",
    ),
    "one list of names": (
        lambda: contrast.cosines(EYE, names=WRONG((["a", "b"],))),
        r"names should be a pair",
    ),
    "partners out of range": (
        lambda: contrast.cosines(EYE, partners=[(9, 9)]),
        r"partners should be a whole number, at least 0 and at most 1",
    ),
    "partners that are numbers": (
        lambda: contrast.cosines(EYE, partners=WRONG([1, 2])),
        r"partners should be a list of pairs",
    ),
    "no cosines": (lambda: contrast.cosines(EYE[:0]), r"values should be at least 1 cosine"),
    "bounds of other lengths": (
        lambda: contrast.bounds([2, 4], {"a": [1.0]}),
        r"curves.*should be as long as sizes",
    ),
    "no candidates": (
        lambda: contrast.bounds([0, 4], {"a": [1.0, 2.0]}),
        r"sizes should be a whole number, at least 1",
    ),
    "no sizes": (lambda: contrast.bounds([], {"a": []}), r"sizes should be at least 1"),
    "truth of no curve": (
        lambda: contrast.bounds([2], {"a": [1.0]}, {"b": 1.0}),
        r"truth should be of the curves a",
    ),
    "partner out of range": (
        lambda: contrast.candidates(COLOUR[0], COLOUR, {"a": torch.ones(8)}, 99),
        r"partner should be .* at most 7",
    ),
    "shares that are a list": (
        lambda: contrast.candidates(COLOUR[0], COLOUR, {"a": WRONG([0.1] * 8)}, 1),
        r"shares.*should be a tensor of floats",
    ),
    "too many shares": (
        lambda: contrast.candidates(COLOUR[0], COLOUR, {"a": torch.ones(20)}, 1),
        r"shares.*should be as long as images",
    ),
    "shown": (
        lambda: contrast.candidates(COLOUR[0], COLOUR, {"a": torch.ones(8)}, 1, shown=0),
        r"shown should be",
    ),
    "two anchors": (
        lambda: contrast.candidates(COLOUR[:2], COLOUR, {"a": torch.ones(8)}, 1),
        r"anchor should be",
    ),
    "classes of another length": (
        lambda: contrast.on_the_circle({"a": EYE}, torch.tensor([0])),
        r"classes should be as long as points",
    ),
    "points in space": (
        lambda: contrast.on_the_circle({"a": torch.eye(3)}, torch.tensor([0, 1, 0])),
        r"points.*should be .*\(vectors, 2\)",
    ),
    "points in a stack": (
        lambda: contrast.on_the_circle({"a": EYE[None]}, torch.tensor([0])),
        r"points.*should be .*\(vectors, 2\)",
    ),
    "a third class": (
        lambda: contrast.on_the_circle({"a": EYE}, torch.tensor([0, 2])),
        r"classes should be .* to 1; the largest is 2",
    ),
    "an influence below zero": (
        lambda: contrast.influence_maps({"a": -EYE}, "x", "y"),
        r"maps.*should be .*none below zero",
    ),
    "influences in a row": (lambda: contrast.influence_maps({"a": EYE[0]}, "x", "y"), r"maps.*should be"),
    "no influences": (lambda: contrast.influence_maps({}, "x", "y"), r"maps should be a mapping"),
    "lines of another length": (
        lambda: contrast.lines([1, 2], {"a": [1]}, "x", "y"),
        r"curves.*should be as long as x",
    ),
    "lines of nothing": (lambda: contrast.lines([], {"a": []}, "x", "y"), r"x should be at least 1 number"),
    "lines of texts": (
        lambda: contrast.lines([1], {"a": WRONG(["b"])}, "x", "y"),
        r"curves.*should be a number",
    ),
    "a line that is a number": (
        lambda: contrast.lines([1], {"a": WRONG(1)}, "x", "y"),
        r"curves.*should be a list of numbers",
    ),
    "marks": (
        lambda: contrast.lines([1], {"a": [1]}, "x", "y", marks=WRONG([1])),
        r"marks should be a list of numbers",
    ),
    "other names": (
        lambda: contrast.side_by_side({"a": [1]}, {"b": 1}, "x", "y"),
        r"scores should be of the names of curves; .a. is in one",
    ),
    "one score more": (
        lambda: contrast.side_by_side({"a": [1]}, {"a": 1, "b": 1}, "x", "y"),
        r"scores should be of the names of curves; .b. is in one",
    ),
    "no losses": (
        lambda: contrast.side_by_side({"a": []}, {"a": 1}, "x", "y"),
        r"curves.*should be at least 1 number",
    ),
    "every": (lambda: contrast.side_by_side({"a": [1]}, {"a": 1}, "x", "y", every=0), r"every should be"),
    "a query out of range": (
        lambda: contrast.neighbour_rows(COLOUR, [99], {"a": [[1]]}, EIGHT),
        r"queries should be indices into images",
    ),
    "no queries": (lambda: contrast.neighbour_rows(COLOUR, [], {"a": []}, EIGHT), r"queries should be"),
    "a neighbour out of range": (
        lambda: contrast.neighbour_rows(COLOUR, [0], {"a": [[99]]}, EIGHT),
        r"nearest.*should be indices into images",
    ),
    "too few rows": (
        lambda: contrast.neighbour_rows(COLOUR, [0, 1], {"a": [[1]]}, EIGHT),
        r"nearest.*one list .* for each of the queries",
    ),
    "an empty row": (lambda: contrast.neighbour_rows(COLOUR, [0], {"a": [[]]}, EIGHT), r"nearest"),
    "short identity": (
        lambda: contrast.neighbour_rows(COLOUR, [0], {"a": [[1]]}, EIGHT[:3]),
        r"identity should be as long as images",
    ),
    "ticks that are texts": (lambda: contrast.ticks({"a": WRONG("b")}, 1.0), r"values.*should be a number"),
    "ticks that are a list": (lambda: contrast.ticks(WRONG([1.0]), 1.0), r"values should be a mapping"),
    "no loss of mine": (lambda: contrast.ticks({"a": 1.0}, WRONG(None)), r"mine should be a number"),
    "no views": (lambda: contrast.paired_views(n=0), r"n should be a whole number, at least 1"),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
