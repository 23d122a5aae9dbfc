"""The runners of cpc: points have names, wrong versions are wrong, the search outlives the settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks.learning import common, cpc, cpc_sweeps, rows
from course_utils import evaluate, sequences, speakers
from course_utils.data import EmojiScenes, SpokenPrompts
from course_utils.models import ConvNet
from course_utils.train import History
from course_utils.training_runs import Recorded


@pytest.mark.parametrize("group", cpc_sweeps.GROUPS)
def test_points_have_names_of_their_own(group: str) -> None:
    if group == "cmc":
        pytest.skip("needs all scenes drawn")
    names = [name for name, _ in cpc_sweeps.GROUPS[group]()]
    assert len(names) == len(set(names)) > 2


def test_settings_are_a_recipe_of_the_notebook() -> None:
    assert sequences.speech_network(cpc.SETTINGS).weights.shape == (
        cpc.SETTINGS["ahead"],
        cpc.SETTINGS["dim"],
        cpc.SETTINGS["hidden"],
    )
    assert cpc_sweeps.SHORT["steps"] < cpc.SETTINGS["steps"]


def test_wrong_losses_are_wrong() -> None:
    generator = torch.Generator().manual_seed(0)
    z, context = (torch.randn(5, 12, size, generator=generator) for size in (4, 6))
    weights = torch.randn(3, 4, 6, generator=generator)
    right = cpc.predictive(z, context, weights).item()
    for name, loss in cpc_sweeps.WRONG.items():
        assert loss(z, context, weights).item() != pytest.approx(right, rel=1e-3), name


@pytest.mark.parametrize("within", ["window", "batch"])
def test_drawn_negatives_make_a_choice(within: str) -> None:
    z, context = torch.ones(3, 10, 4), torch.ones(3, 10, 6)
    weights = torch.ones(2, 4, 6)
    guess = torch.tensor(1.0 + cpc_sweeps.NEGATIVES).log()
    torch.testing.assert_close(cpc_sweeps.drawn_loss(within)(z, context, weights), guess)
    # Windows that differ, all frames of a window alike: only other windows' frames can be told apart.
    z = 10 * torch.eye(4)[:3, None].expand(3, 10, 4)
    loss = cpc_sweeps.drawn_loss(within)(z, z, torch.eye(4).expand(2, 4, 4))
    assert (loss < guess - 0.5) == (within == "batch")


def test_four_views_of_one_thing_cost_what_their_edges_cost() -> None:
    views = [torch.ones(8, 4)] * 4
    guess = torch.tensor(8.0).log()
    torch.testing.assert_close(cpc_sweeps.two(views[:2]), 2 * guess)
    torch.testing.assert_close(cpc_sweeps.several("core")(views), 6 * guess)
    torch.testing.assert_close(cpc_sweeps.several("full")(views), 12 * guess)


def test_the_search_is_kept_and_not_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cpc_sweeps, "SEARCH", tmp_path / "search" / "cpc.json")
    monkeypatch.setattr(cpc_sweeps, "heard", lambda *_: {"frame: speaker": 0.5})
    asked = []

    def train(prompts: SpokenPrompts, *_: object, **__: object) -> None:
        asked.append(prompts.split)

    monkeypatch.setattr(sequences, "train_speech", train)
    for _ in range(2):
        points = dict(cpc_sweeps.recipes())
        assert points["the starting point"]()["frame: speaker"] == 0.5
    assert asked == ["fit"]
    assert list(json.loads(cpc_sweeps.SEARCH.read_text())) == ["the starting point"]


def test_a_unit_may_bring_its_own_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Recorded] = []
    monkeypatch.setattr(common, "write", written.append)
    monkeypatch.setattr(
        common,
        "load",
        lambda unit, settings: Recorded(
            unit=unit, seeds=[0], losses=[[1.0]], seconds=[1.0], results={}, settings=settings
        ),
    )
    monkeypatch.setattr("sys.argv", ["cpc"])
    seeds = []

    def measure(seed: int, settings: common.Settings) -> tuple[evaluate.Evaluation, History]:
        seeds.append(seed)
        table = evaluate.Evaluation({evaluate.TRAINED: {"frame: speaker": 0.5}})
        return table, History(losses=[2.0, 1.0], seconds=[0.1, 0.1])

    common.main("cpc", "Nothing.", None, {}, [], measure=measure)
    assert seeds == [1, 2]
    assert written[-1].results == {evaluate.TRAINED: {"frame: speaker": [0.5, 0.5]}}


@pytest.mark.parametrize("name", cpc.METHODS)
def test_methods_of_the_table_take_a_step(name: str) -> None:
    method = cpc.METHODS[name]
    torch.manual_seed(0)
    scenes = EmojiScenes("test", count=300)
    settings = {**method.settings, "steps": 1, "batch": 8, "warmup": 0}
    assert method.fit is not None
    trained = method.fit(ConvNet(width=2), scenes, 0, settings)
    assert isinstance(trained, rows.Trained) and trained.encode is not None and trained.task is not None
    features = evaluate.features(trained.encode, scenes.images[:4])
    assert len(features) == 4 and features.ndim == 2
    assert set(trained.task(scenes)) == {"accuracy", "chance"}


def test_the_figures_of_a_run_are_those_of_the_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    little = speakers.Asked(frames=1, draws=1, iterations=2, every=40)
    compare = speakers.compare_hearing
    monkeypatch.setattr(
        speakers, "compare_hearing", lambda who, train, test, _: compare(who, train, test, little)
    )
    settings = {**cpc.SETTINGS, "steps": 1, "batch": 4, "dim": 4, "hidden": 6, "warmup": 0}
    table, history = cpc.measure(0, settings)
    assert len(history) == 1
    assert {evaluate.TRAINED, evaluate.UNTRAINED, cpc.SUPERVISED, speakers.GUESS} < set(table.results)
