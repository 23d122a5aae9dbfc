"""The course-wide table: rows are run once, go on where they stopped, and stand in the README as they were recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

import course_utils as cu
from benchmarks.learning import pretext, rows, table
from benchmarks.learning.rows import Method, Trained
from course_utils.data import EmojiScenes
from course_utils.models import ConvNet
from course_utils.train import History


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[int, int]]]:
    """Steps and seed of every run; the figures are not measured."""
    monkeypatch.setattr(
        rows, "BUDGET", {**rows.BUDGET, "images": 100, "model": {"name": "convnet", "width": 2}}
    )
    monkeypatch.setattr(rows, "measure", lambda *_: {"kNN-20": 0.5})
    yield []


def method(runs: list[tuple[int, int]], **more: object) -> Method:
    def fit(encoder: nn.Module, scenes: EmojiScenes, seed: int, settings: rows.Settings) -> Trained:
        runs.append((settings["steps"], seed))
        return Trained(
            history=History(losses=[2.0, 1.0], seconds=[0.1, 0.1]), task=lambda test: {"accuracy": 0.3}
        )

    return Method(fit=fit, settings={"batch": 25, **more})


def test_rows_go_on_where_they_stopped(runs: list[tuple[int, int]], tmp_path: Path) -> None:
    methods = {"a": method(runs), "b": method(runs)}
    rows.add_rows("pretext", methods, [0], only=["b"], folder=tmp_path)
    assert runs == [(4, 0)]
    rows.add_rows("pretext", methods, [0, 1], folder=tmp_path)
    assert runs == [(4, 0), (4, 0), (4, 1), (4, 1)]
    found = rows.load_rows("pretext", tmp_path)
    assert [(row.method, list(row.seeds), row.images) for row in found] == [
        ("a", [0, 1], 100),
        ("b", [0, 1], 100),
    ]
    assert found[0].results == {"kNN-20": [0.5, 0.5]}
    assert found[0].task == {"accuracy": [0.3, 0.3], "loss": [1.5, 1.5]}
    assert rows.all_rows(tmp_path) == found


def test_other_settings_begin_a_row_anew(runs: list[tuple[int, int]], tmp_path: Path) -> None:
    rows.add_rows("pretext", {"a": method(runs)}, [0], folder=tmp_path)
    rows.add_rows("pretext", {"a": method(runs, temperature=0.5)}, [1], folder=tmp_path)
    (row,) = rows.load_rows("pretext", tmp_path)
    assert (list(row.seeds), row.settings["temperature"]) == ([1], 0.5)


def test_averages_are_taken_anew_on_whole_scenes() -> None:
    torch.manual_seed(0)
    encoder, scenes = ConvNet(width=2), EmojiScenes("train", count=40)
    before = [norm.momentum for norm in encoder.modules() if isinstance(norm, nn.BatchNorm2d)]
    rows.renew_averages(encoder, [encoder], scenes)
    block = encoder.layers[0]
    assert isinstance(block, nn.Sequential)
    first = block[0]((scenes.images / 255 - 0.5) / 0.25)
    torch.testing.assert_close(block[1].running_mean, first.mean(dim=(0, 2, 3)), atol=1e-4, rtol=1e-3)
    assert [norm.momentum for norm in encoder.modules() if isinstance(norm, nn.BatchNorm2d)] == before


@pytest.mark.parametrize("name", [name for name, method in pretext.METHODS.items() if method.fit])
def test_every_pretext_task_takes_a_step(name: str) -> None:
    method = pretext.METHODS[name]
    torch.manual_seed(0)
    encoder, scenes = ConvNet(width=2), EmojiScenes("train", count=200)
    assert method.fit
    outcome = method.fit(encoder, scenes, 0, {**method.settings, "batch": 8, "steps": 2})
    if not isinstance(outcome, Trained):
        assert method.labels and len(outcome.losses) == 2
        return
    assert outcome.task
    measures = outcome.task(EmojiScenes("test", count=40))
    assert "chance" in measures and all(value == value for value in measures.values())
    features = (outcome.encode or encoder)(scenes.images[:3] / 255)
    assert features.shape[0] == 3 and features.ndim == 2


def test_the_readme_has_the_table_that_was_recorded() -> None:
    text = table.README.read_text(encoding="utf-8")
    assert table.put_in(text, table.text(rows.all_rows()), table.MARKS) == text, (
        "run `python -m benchmarks.learning.table`"
    )


def test_the_package_ships_every_row() -> None:
    shipped = {row.method: row for row in cu.training_runs.method_rows()}
    recorded = {row.method: row for row in rows.all_rows()}
    assert list(shipped) == list(recorded)
    for name, row in recorded.items():
        assert shipped[name].results == row.results, name
        assert shipped[name].task == row.task, name
    assert "table" not in cu.training_runs.units()


def test_a_table_says_who_saw_how_much() -> None:
    recipe = cu.training_runs.MethodRow(
        unit="simclr",
        method="own",
        images=435_200,
        seeds=[0],
        seconds=[200.0],
        results={"kNN-20": [0.4]},
        is_recipe=True,
    )
    line = table.markdown([recipe]).splitlines()[-1]
    assert "*own*" in line and "435,200" in line and "(200 by the clock)" in line
    json.dumps(table.markdown([recipe]))
