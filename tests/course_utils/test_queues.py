"""Pictures of MoCo: what is drawn where, and what their texts say."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest
import torch

from course_utils import queues
from course_utils.training_runs import Recorded
from solutions.moco.enqueue.reference import enqueue

WRONG = partial(cast, Any)


def heights(line: Any) -> list[float]:
    return list(line.get_ydata())


ROW: dict[str, Any] = {"way": "queue", "negatives": 256, "MiB": 30.0, "seconds": 0.1}


def test_the_positive_does_not_pass_through_the_queue() -> None:
    picture = queues.mechanisms()
    titles = [axis.get_title() for axis in picture.figure.axes]
    assert titles == ["(a) end to end", "(b) memory bank", "(c) MoCo"]
    assert "straight to the loss" in picture.alt


@pytest.mark.parametrize(("columns", "batch", "batches"), [(12, 5, 8), (10, 4, 6), (6, 6, 3), (7, 1, 9)])
def test_columns_are_filled_as_enqueue_fills_them(columns: int, batch: int, batches: int) -> None:
    queue, pointer = torch.zeros(1, columns), 0
    rows, pointers = queues.fill_columns(columns, batch, batches)
    assert len(rows) == len(pointers) == batches
    for number, (row, place) in enumerate(zip(rows, pointers, strict=True), start=1):
        pointer = enqueue(queue, pointer, torch.full((batch, 1), float(number)))
        assert row == queue[0].tolist()
        assert place == pointer


def test_the_pointer_is_framed_and_empty_columns_say_nothing() -> None:
    picture = queues.queue_table([[1, 1, 0], [2, 1, 2]], [2, 1], title="mine")
    axis = picture.figure.axes[0]
    assert [text.get_text() for text in axis.texts] == ["1", "1", "", "2", "1", "2"]
    assert [(*WRONG(line).get_xdata(), *heights(line)) for line in axis.lines] == [(2, 0), (1, 1)]
    assert "batches 2, 1, 2, and the pointer stands at column 1" in picture.alt


def test_followers_have_the_path_they_follow() -> None:
    path = [0.0, 1.0, 0.0, 1.0]
    picture = queues.followers(path, {"m = 0": path, "m = 1": [0.0] * 4})
    lines = picture.figure.axes[0].lines
    assert [heights(line) for line in lines] == [path, path, [0.0] * 4]
    assert len({line.get_linestyle() for line in lines[1:]}) == 2
    assert "m = 0: 0.94 a step, m = 1: 0.00 a step" in picture.alt


def test_costs_are_drawn_in_two_panels_and_go_on_in_proportion() -> None:
    rows = [ROW, {**ROW, "negatives": 4096, "MiB": 34.0}, {**ROW, "way": "end to end", "MiB": 60.0}]
    picture = queues.cost_panels(rows, share=rows[-1])
    memory, seconds = picture.figure.axes
    assert [axis.get_xscale() for axis in (memory, seconds)] == ["log", "log"]
    assert [axis.get_yscale() for axis in (memory, seconds)] == ["log", "log"]
    queue, whole, proportion = memory.lines
    assert heights(queue) == pytest.approx([30, 34])
    assert heights(whole) == pytest.approx([60])
    assert heights(proportion) == pytest.approx([60, 960])
    assert heights(seconds.lines[2]) == pytest.approx([0.1, 1.6])
    assert "queue: 34 MiB and 0.10 seconds with 4,096 negatives" in picture.alt
    assert len(queues.cost_panels(rows).figure.axes[0].lines) == 2


def test_rows_of_several_seeds_are_put_together() -> None:
    rows = {
        "MoCo, batch 64, seed 0": {"probe": 0.5},
        "SimCLR, seed 0": {"probe": 0.4},
        "MoCo, batch 64, seed 1": {"probe": 0.6},
        "pixels": {"probe": 0.3},
    }
    record = Recorded(
        unit="moco", seeds=[], losses=[], seconds=[], results={}, extra={"parts": {"small": rows}}
    )
    assert record.over_seeds("small", "probe") == {
        "MoCo, batch 64": {"probe": [0.5, 0.6]},
        "SimCLR": {"probe": [0.4]},
        "pixels": {"probe": [0.3]},
    }
    with pytest.raises(ValueError, match="'seconds' in every row"):
        record.over_seeds("small", "seconds")


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "no columns": (lambda: queues.fill_columns(0, 1, 1), "columns should be a whole number, at least 1"),
    "a batch too large": (lambda: queues.fill_columns(3, 4, 1), "batch should be .* at most 3"),
    "no batches": (lambda: queues.fill_columns(3, 2, 0), "batches should be a whole number, at least 1"),
    "no rows": (lambda: queues.queue_table([], []), "rows should be at least 1 row"),
    "rows of two lengths": (lambda: queues.queue_table([[1], [1, 2]], [0, 0]), "rows should be rows of one length"),
    "rows of texts": (lambda: queues.queue_table(WRONG([["a"]]), [0]), "rows should be a number"),
    "too few pointers": (lambda: queues.queue_table([[1], [2]], [0]), "pointers should be a list of columns"),
    "a pointer outside": (lambda: queues.queue_table([[1, 2]], [2]), "pointers should be .* at most 1"),
    "no path": (lambda: queues.followers([], {"a": []}), "path should be at least 1"),
    "a short follower": (lambda: queues.followers([1, 2], {"a": [1]}), "followed.*as long as path"),
    "no followers": (lambda: queues.followers([1, 2], {}), "followed should be a mapping"),
    "no costs": (lambda: queues.cost_panels([]), "measured should be at least 1 row"),
    "a row without a way": (
        lambda: queues.cost_panels([{"negatives": 1, "MiB": 1, "seconds": 1}]),
        "measured should be a row with way, .*it lacks way",
    ),
    "no seconds": (lambda: queues.cost_panels([{**ROW, "seconds": 0}]), "measured.*seconds.*above 0"),
    "a share without MiB": (
        lambda: queues.cost_panels([ROW], share={"negatives": 1, "seconds": 1}),
        "share should be a row with .*it lacks MiB",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_in_pictures_of_queues_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
