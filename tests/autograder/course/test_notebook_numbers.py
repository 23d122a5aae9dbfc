"""Numbers that a notebook shows and that are computed from our files."""

import ast
import re

import numpy as np
import pytest
import torch

from autograder.course.units import load_unit
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
