"""The sweeps of moco: names, what is equal between rows that are compared, and steps that are right or wrong."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from benchmarks.learning import common, moco_sweeps, simclr_short
from benchmarks.learning.moco import SETTINGS
from course_utils.momentum import train_queue
from course_utils.training_runs import Recorded

SCENES: Any = SimpleNamespace(images=torch.zeros(9000, 3, 1, 1)), SimpleNamespace(images=None)


def names(group: str) -> list[str]:
    return [name for name, _ in moco_sweeps.GROUPS[group](SCENES)]


@pytest.mark.parametrize("group", moco_sweeps.GROUPS)
def test_points_of_the_sweeps_of_moco_have_names_of_their_own(group: str) -> None:
    found = names(group)
    assert len(found) == len(set(found)) > 2


def test_rows_go_into_mocos_record(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Recorded(unit="moco", seeds=[0], losses=[], seconds=[], results={}, settings=SETTINGS)
    records, asked = [empty], []

    def load(unit: str, settings: dict[str, Any]) -> Recorded:
        asked.append((unit, settings))
        return records[-1]

    monkeypatch.setattr(common, "load", load)
    monkeypatch.setattr(common, "write", records.append)
    points = [(name, lambda: {"linear probe": 0.5}) for name in ("m = 0", "m = 1")]
    simclr_short.record_rows("momenta", points, "moco", SETTINGS, moco_sweeps.SHORT)
    assert {unit for unit, _ in asked} == {"moco"} and all(settings == SETTINGS for _, settings in asked)
    assert records[-1].extra["short"] == moco_sweeps.SHORT
    assert list(records[-1].part("momenta")) == ["m = 0", "m = 1"]


def test_each_version_has_three_seeds_and_the_seeds_come_one_after_the_other() -> None:
    found = names("ablation")
    assert len(found) == 3 * len(moco_sweeps.VERSIONS)
    assert [name.endswith("seed 0") for name in found] == [True] * 6 + [False] * 12


def test_staircase_rises_and_takes_two_stairs() -> None:
    rate = moco_sweeps.staircase(100, warmup=4)
    assert [rate(step) for step in (0, 4, 59)] == pytest.approx([0.2, 1, 1])
    assert [rate(step) for step in (60, 79, 80, 99)] == pytest.approx([0.1, 0.1, 0.01, 0.01])


class Company(nn.Module):
    """Says of each image what its company is: the mean of all that come with it."""

    def forward(self, images: Tensor) -> Tensor:
        own = images[:, 0, :, 0]
        return torch.cat([own, own.mean(dim=0, keepdim=True).expand_as(own)], dim=1)


def test_shuffled_keys_come_back_in_order_and_had_other_company() -> None:
    views = torch.arange(12.0).view(12, 1, 1, 1)
    alone = moco_sweeps.in_groups(3, Company(), views)
    mixed = moco_sweeps.shuffled(3, torch.Generator().manual_seed(0), Company(), views)
    assert alone[:, 0].tolist() == mixed[:, 0].tolist() == list(range(12))
    assert alone[:, 1].tolist() == [1.5] * 4 + [5.5] * 4 + [9.5] * 4
    assert not torch.equal(alone[:, 1], mixed[:, 1])
    whole = moco_sweeps.shuffled(1, torch.Generator().manual_seed(0), Company(), views)
    assert torch.equal(whole, moco_sweeps.in_groups(1, Company(), views))


def test_wrong_steps_train_something_else() -> None:
    images = torch.rand(60, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    tiny = {
        **moco_sweeps.SHORT, "model": {"name": "convnet", "width": 2}, "steps": 5, "batch": 8, "queue": 24, "warmup": 1,
    }  # fmt: skip
    losses = {
        name: train_queue(images, parts, tiny, progress=False).history.losses
        for name, parts in {"right": moco_sweeps.RIGHT, **moco_sweeps.WRONG}.items()
    }
    assert len({tuple(values) for values in losses.values()}) == len(losses) == 5


def test_small_batches_see_equally_many_images(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, int] = {}

    def train(images: Tensor, *parts: Any, **how: Any) -> None:
        recipe = parts[-1]
        seen[f"{recipe['batch']} {recipe['queue']}"] = recipe["batch"] * recipe["steps"]
        raise InterruptedError

    monkeypatch.setattr(moco_sweeps, "train_queue", train)
    monkeypatch.setattr(moco_sweeps, "train_pairs", train)
    for _, measure in list(moco_sweeps.small(SCENES))[:3]:
        with pytest.raises(InterruptedError):
            measure()
    assert set(seen) == {"64 2048", "64 64"}
    assert set(seen.values()) == {moco_sweeps.SHORT["batch"] * moco_sweeps.SHORT["steps"]}


def test_numbers_are_rounded_in_lists_too() -> None:
    assert moco_sweeps.rounded([0.12345, [1.00004, 3]]) == [0.1235, [1.0, 3]]
    assert moco_sweeps.rounded("text") == "text"
