"""Pictures of contrastive learning: what is drawn where, and what their texts say."""

from __future__ import annotations

import math

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


def test_neighbours_of_the_same_thing_are_framed_and_counted(images: Tensor) -> None:
    identity = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    nearest = {"good": [[1, 4, 6], [3, 4, 5]], "bad": [[2, 4, 6], [4, 5, 6]]}
    picture = contrast.neighbour_rows(images, [0, 2], nearest, identity)
    assert "of 6: good 2, bad 0" in picture.alt
    assert len([axis for axis in picture.figure.axes if axis.images]) == 2 + 12


def test_the_sphere_map_has_a_point_for_each_name() -> None:
    picture = contrast.sphere_map({"T 0.1": (0.5, -3.0, 0.2), "T 1": (0.1, -1.0, 0.1)})
    places = [(line.get_xdata()[0], line.get_ydata()[0]) for line in picture.figure.axes[0].lines]
    assert places == [(-3.0, 0.5), (-1.0, 0.1)]


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
