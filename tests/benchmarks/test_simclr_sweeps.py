"""The sweeps of simclr measure each point once, and write it at once."""

from __future__ import annotations

import argparse
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from benchmarks.learning import common, simclr_labels, simclr_short, simclr_sweeps
from benchmarks.learning.simclr import SETTINGS
from course_utils.training_runs import Recorded
from solutions.simclr.nt_xent.reference import nt_xent

NOTHING = SimpleNamespace(images=None)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    """The records that were written, the last one last; one row is there from the start."""
    parts = {"heads": {"none": {"linear probe": 0.5}}, "broken": {}}
    empty = Recorded(unit="simclr", seeds=[0], losses=[], seconds=[], results={}, settings=SETTINGS)
    records = [replace(empty, extra={"sweep": ["kept"], "parts": parts})]
    monkeypatch.setattr(common, "load", lambda unit, settings: records[-1])
    monkeypatch.setattr(common, "write", records.append)
    return records


def test_rows_are_measured_once_and_written_one_by_one(written: list[Recorded]) -> None:
    asked = []

    def measure(name: str) -> dict[str, Any]:
        asked.append(name)
        return {"linear probe": 0.1 * len(asked)}

    points = [(name, lambda name=name: measure(name)) for name in ("none", "linear", "MLP")]
    simclr_short.record_rows("heads", points)
    simclr_short.record_rows("heads", points)
    assert asked == ["linear", "MLP"]
    assert [list(record.extra["parts"]["heads"]) for record in written[1:]] == [
        ["none", "linear"],
        ["none", "linear", "MLP"],
    ]
    assert written[-1].part("heads")["none"] == {"linear probe": 0.5}
    assert written[-1].extra["sweep"] == ["kept"] and written[-1].seeds == [0]
    assert written[-1].extra["short"] == simclr_short.SHORT


@pytest.mark.parametrize("group", simclr_sweeps.GROUPS)
def test_points_of_the_sweeps_have_names_of_their_own(group: str) -> None:
    names = [name for name, _ in simclr_sweeps.GROUPS[group]((NOTHING, NOTHING))]  # type: ignore[arg-type]
    assert len(names) == len(set(names)) > 2


@pytest.mark.parametrize("group", simclr_labels.GROUPS)
def test_points_with_labels_have_names_of_their_own(group: str) -> None:
    names = [name for name, _ in simclr_labels.GROUPS[group](NOTHING)]  # type: ignore[arg-type]
    assert len(names) == len(set(names)) > 2


def test_equal_images_are_equal() -> None:
    points = dict(simclr_sweeps.batches((NOTHING, NOTHING)))  # type: ignore[arg-type]
    whole = simclr_short.SHORT["steps"] * simclr_short.SHORT["batch"]
    for name in points:
        batch, steps = int(name.split()[1].rstrip(",")), int(name.split()[-2])
        assert batch * steps == whole or steps == simclr_short.SHORT["steps"], name


def test_wrong_losses_are_wrong() -> None:
    z_i, z_j = torch.randn(2, 6, 4, generator=torch.Generator().manual_seed(0))
    for name, loss in simclr_sweeps.WRONG.items():
        assert loss(z_i, z_j, 0.1) != pytest.approx(nt_xent(z_i, z_j, 0.1).item(), rel=1e-3), name


@pytest.mark.parametrize("words, found", [([], []), (["one"], ["one"]), (["two", "one"], ["two", "one"])])
def test_groups_are_named_or_left_out(words: list[str], found: list[str]) -> None:
    parser = argparse.ArgumentParser()
    simclr_short.add_groups(parser, ("one", "two"))
    assert parser.parse_args(words).groups == found


def test_an_unknown_group_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    parser = argparse.ArgumentParser()
    simclr_short.add_groups(parser, ("one", "two"))
    with pytest.raises(SystemExit):
        parser.parse_args(["three"])
    assert "no group 'three'; there are one, two" in capsys.readouterr().err
