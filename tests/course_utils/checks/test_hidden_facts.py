"""What may be told of a hidden case says nothing of how large, or where, expected values are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from course_utils.checks.compare import find_difference
from course_utils.checks.difference import Difference
from course_utils.checks.expectation import Expectation
from course_utils.checks.observation import Observation, Quantity
from course_utils.checks.tolerance import Yardstick

WANTED = torch.arange(1.0, 13.0, dtype=torch.float64).reshape(3, 4) ** 1.5


def difference(wanted: Quantity, got: Quantity, name: str = "result") -> Difference:
    quantities = {"exception": "none", name: wanted}
    dtypes = {name: "float64"} if isinstance(wanted, Tensor) else {}
    seen = Observation({"exception": "none", name: got})
    found = find_difference(
        Expectation(quantities, dtypes), seen, Yardstick("unguarded", torch.float64, (), "cpu", "")
    )
    assert found is not None
    return found


def _one_entry(x: Tensor) -> Tensor:
    x = x.clone()
    x[1, 2] += 1
    return x


@pytest.mark.parametrize(
    "how",
    [
        lambda x: 2 * x,
        lambda x: x / 3.7,
        lambda x: -x,
        lambda x: x + 5,
        lambda x: x - 5,
        lambda x: x * (1 + 3e-6),
        lambda x: x * 1.02,
        lambda x: x.flip(0),
        lambda x: x.roll(1, 1),
        lambda x: x[:, [1, 0, 2, 3]],
        lambda x: torch.where(torch.arange(4) == 2, 2 * x, x),
        lambda x: x * torch.tensor([1.0, -1.0, 1.0, 1.0]),
        _one_entry,
        lambda x: x.sin() + 2,
    ],
)
def test_wrong_values_are_all_told_alike(how: Callable[[Tensor], Tensor]) -> None:
    found = difference(WANTED, how(WANTED))
    assert found.hidden_message == "result is wrong"
    assert found.message != found.hidden_message, "of a public case more is told"


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        (torch.tensor(2.0, dtype=torch.float64), torch.tensor(3.0, dtype=torch.float64)),
        (torch.tensor(2.0, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64)),
        (torch.tensor(0.0, dtype=torch.float64), torch.tensor(1.0, dtype=torch.float64)),
        (2.0, 4.0),
        (2.0, 1.9),
        (7, 8),
        (7, 6),
    ],
)
def test_numbers_too(wanted: Quantity, got: Quantity) -> None:
    assert difference(wanted, got).hidden_message == "result is wrong"
    assert difference(wanted, got, "result.1#2").hidden_message == "second returned value is wrong"


@pytest.mark.parametrize(
    ("wanted", "got", "name", "told"),
    [
        (WANTED, WANTED.T, "result", "result should have shape (3, 4), but has (4, 3)"),
        (WANTED, WANTED.float(), "result", "result should have dtype float64, but has float32"),
        (WANTED, None, "result", "result should be a tensor, but is None: is a return missing?"),
        (WANTED, WANTED * torch.nan, "result", "result contains NaN"),
        (WANTED, 0 * WANTED, "result", "result is zero everywhere, but should not be"),
        (0 * WANTED, WANTED, "gradient.keys", "gradient with respect to keys should be zero"),
        (True, False, "same.encoder.0", "encoder.0 should still be the same tensor object, but was replaced by another"),
        (7, 7.0, "result", "result should be a Python int, but is a Python float"),
    ],
)  # fmt: skip
def test_what_does_not_depend_on_values_is_told(
    wanted: Quantity, got: Quantity, name: str, told: str
) -> None:
    assert difference(wanted, got, name).hidden_message == told
