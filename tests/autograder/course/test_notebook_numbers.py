"""Numbers that a notebook shows and that are computed from our files."""

import ast
import re

import numpy as np
import pytest
import torch

from autograder.course.units import load_unit
from course_utils.training_runs import load, method_rows
from tests.support import ROOT


def test_values_of_wrong_versions_in_the_notebook():
    """The notebook shows what the bank's misconceptions give on one input: numbers only, and these must be right."""
    rng = np.random.default_rng(2020)
    z_i = rng.standard_normal((8, 16))
    z_j = z_i + 1.5 * rng.standard_normal((8, 16))
    views = torch.from_numpy(z_i), torch.from_numpy(z_j)
    exercise = load_unit(ROOT, "simclr").exercises["simclr.nt_xent"]
    bank = exercise.misconceptions
    results = [item.function(views[0].clone(), views[1].clone(), 0.5) for item in bank]
    # Some ideas return something else: a loss for each anchor, a pair.
    values = [value.item() for value in results if isinstance(value, torch.Tensor) and value.numel() == 1]
    right = exercise.reference(*views, 0.5).item()
    text = (ROOT / "solutions/simclr/notebook.md").read_text(encoding="utf-8")
    listed = re.search(r"^wrong = (\{.*?^\})$", text, re.MULTILINE | re.DOTALL)
    assert listed is not None
    shown = ast.literal_eval(listed[1])
    for name, number in shown.items():
        assert any(number == pytest.approx(value, abs=0.0051) for value in values), name
        assert number != pytest.approx(right, abs=0.0051)
    assert len(shown) == 10


def test_what_simclr_says_of_its_batch_sizes() -> None:
    rows = load("simclr").part("batches").values()
    probes = {(row["temperature"], row["batch"], row["images"]): row["linear probe"] for row in rows}
    temperatures = {temperature for temperature, _, _ in probes}
    for temperature in temperatures:
        at_equal_steps = [probes[temperature, batch, 600 * batch] for batch in (32, 128, 256)]
        assert at_equal_steps == sorted(at_equal_steps)
    at_equal_images = [
        [probes[temperature, batch, 76_800] for batch in (32, 128, 256)] for temperature in temperatures
    ]
    assert not any(values == sorted(values) for values in at_equal_images)


def test_what_pretext_says_of_its_broken_puzzles() -> None:
    """By the losses; and that the probe of the right puzzle lies within those of no training."""
    broken = {row["name"]: row["losses"][-1] for row in load("pretext").extra["broken"]}
    right = broken["right"]
    assert broken["all tiles normalised together"] < right and broken["tiles that touch"] < right
    assert broken["not shuffled"] == pytest.approx(np.log(30), abs=0.01)
    table = {row.method: row.results["linear probe"] for row in method_rows() if row.unit == "pretext"}
    assert min(table["jigsaw"]) < max(table["random initialisation"])
    retrieval = {row.method: row.results["instance retrieval"] for row in method_rows()}
    for puzzle in ("jigsaw", "relative patches"):
        assert max(retrieval[puzzle]) < min(retrieval["random initialisation"])
    own = {row.method: row.task for row in method_rows() if "chance" in row.task}
    assert np.mean(own["jigsaw"]["accuracy"]) == pytest.approx(0.5, abs=0.05)
    for network in ("colorization", "split-brain"):
        assert np.mean(own[network]["accuracy"]) < np.mean(own[network]["chance"])
    adversary = own["inpainting, adversary alone"]
    assert np.mean(adversary["squared error"]) > np.mean(adversary["chance"])
    text = (ROOT / "solutions/pretext/notebook.md").read_text(encoding="utf-8")
    images = {
        row.images for row in method_rows() if row.unit == "pretext" and row.images and not row.is_recipe
    }
    assert images == {32_704} and "32,704" in text


def test_what_simclr_says_of_contrast_and_labels() -> None:
    parts = load("simclr")
    tuned = {name: row["accuracy"] for name, row in parts.part("finetuning").items()}
    for labels in ("small, 1%", "small, 10%", "big, 1%"):
        assert tuned[f"{labels}, fine-tuned"] > tuned[f"{labels}, from scratch"]
    assert tuned["big, 1%, fine-tuned"] > tuned["small, 1%, fine-tuned"]
    for labels in ("small, 1%", "small, 10%", "big, 1%"):
        assert tuned[f"{labels}, fine-tuned"] > tuned[f"{labels}, linear probe"]
        inside = tuned[f"{labels}, fine-tuned from inside the head"]
        assert (inside > tuned[f"{labels}, fine-tuned"]) == ("10%" in labels)
    gains = {
        size: tuned[f"{size}, 1%, fine-tuned"] - tuned[f"{size}, 1%, from scratch"]
        for size in ("small", "big")
    }
    assert gains["big"] <= gains["small"]
    students = {name: row["accuracy"] for name, row in parts.part("distillation").items()}
    teacher = tuned["big, 1%, fine-tuned"]
    assert students["pretrained student, T 1"] == pytest.approx(teacher, abs=0.01)
    assert teacher - 0.01 < students["student from scratch, T 1"] < teacher
    told = {name: row["accuracy"] for name, row in parts.part("supervised").items()}
    for labels in ("1%", "10%", "100%"):
        assert told[f"{labels}, SupCon, then a probe"] < told[f"{labels}, cross-entropy"]
    (colours,) = (row for row in parts.extra["sweep"] if "views" in row["change"])
    recipe = {name: np.mean(values) for name, values in parts.results["trained"].items()}
    assert colours["instance retrieval"] == pytest.approx(recipe["instance retrieval"] / 2, rel=0.1)
    assert colours["kNN-20"] == pytest.approx(recipe["kNN-20"], abs=0.02)
    broken = parts.part("broken")
    assert broken["right"]["instance retrieval"] == pytest.approx(1 / 12, abs=0.005)
    heads = {name: row["linear probe"] for name, row in parts.part("heads").items()}
    seeds = [row["linear probe"] for name, row in parts.part("baselines").items() if "short" in name]
    assert min(heads["none"], heads["linear"]) > max(seeds) and max(seeds) >= heads["MLP"]
