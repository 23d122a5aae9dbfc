"""Right answers match, wrong ones don't, and what is said of them is true and gives nothing away."""

import pytest
import torch
from torch import Tensor

from course_utils.checks.case import Case, Input
from course_utils.checks.compare import Difference, find_difference, matches
from course_utils.checks.expectation import expect
from course_utils.checks.observation import Observation
from course_utils.checks.observe import observe
from course_utils.checks.tolerance import Yardstick

torch.manual_seed(0)
X = torch.randn(4, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64) + 3
SQUARE = torch.randn(5, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def difference(
    right, wrong, x: Tensor = X, *, wants_grad: bool = False, looks_at=("result",)
) -> Difference | None:  # type: ignore[no-untyped-def]
    case = Case({"x": Input(x, wants_grad=wants_grad)}).to(torch.float32)
    expected, got = expect(right, case, torch.float32), observe(wrong, case)
    yardstick = Yardstick("reduction", torch.float32, looks_at)
    found = find_difference(expected, got, yardstick, case=case)
    assert matches(expected, got, yardstick) == (found is None)
    return found


def fact(right, wrong, x: Tensor = X, **options) -> str:  # type: ignore[no-untyped-def]
    found = difference(right, wrong, x, **options)
    assert found
    return found.message


def same(x: Tensor) -> Tensor:
    return x * 1.0


def partly(x: Tensor, factor: float, *where) -> Tensor:  # type: ignore[no-untyped-def]
    x = x.clone()
    x[where] *= factor
    return x


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x: 2 * x, "result is twice too large everywhere"),
        (lambda x: x / 2, "result is half as large as it should be everywhere"),
        (lambda x: -x, "result has the wrong sign everywhere"),
        (lambda x: x / 100, "result is 100 times too small everywhere"),
        (lambda x: -5 * x, "result has the wrong sign and is 5 times too large everywhere"),
        (lambda x: x + 1, "result is too large by the same amount everywhere"),
        (lambda x: x.flip(0), "result is right, but in reverse order along dimension 0"),
        (lambda x: x[[1, 0, 3, 2]], "result has rows 0 and 1 of each group of 2 exchanged"),
            (lambda x: x[[1, 3, 2, 0]], "result holds the right rows, but in another order"),
            (lambda x: x[[2, 1, 0, 3]], "result has rows 0 and 2 exchanged"),
            (lambda x: x[[3, 0, 1, 2]], "result has the right rows, but 3 places from where they belong"),
        (lambda x: x.flatten()[torch.arange(24) * 5 % 24].view(4, 6), "result holds the right numbers, but in other places"),
        (lambda x: x.T.contiguous(), "result should have shape (4, 6), but has (6, 4): it is transposed"),
        (lambda x: x[None], "result should have shape (4, 6), but has (1, 4, 6): a dimension of size 1 is missing or too many"),
        (lambda x: x.double(), "result should have dtype float32, but has float64"),
        (lambda x: x * float("nan"), "result is NaN in 24 of 24 entries"),
        (lambda x: x / 0, "result is infinite in 24 of 24 entries"),
        (lambda x: x * 0, "result is zero everywhere, but should not be"),
        (lambda x: x.sin(), "result is wrong in 24 of 24 entries"),
        (lambda x: partly(x, 3, slice(None), 2), "result is 3 times too large in column 2, and right elsewhere"),
        (lambda x: partly(x, 3, 1), "result is 3 times too large in row 1, and right elsewhere"),
        (lambda x: partly(x, 3, 1, 2), "result is wrong only in column 2 (1 of 24 entries)"),
        (lambda x: partly(x, 3, slice(None), slice(1, 6)), "result is 3 times too large outside column 0, and right elsewhere"),
        (lambda x: None, "result should be a tensor, but is None: is a return missing?"),
        (lambda x: 3.0, "result should be a tensor, but is a Python float"),
        (lambda x: (x, x), "result should be a tensor, but is a tuple or list of 2 values"),
        (lambda x: x.nope, "the call raised AttributeError"),
        (lambda x: x.detach().numpy(), "result should be a tensor, but is an object of type ndarray"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(wrong, said: str) -> None:  # type: ignore[no-untyped-def]
    assert fact(same, wrong) == said


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda x: x.T, "result is right with dimensions 0 and 1 swapped"),
        (lambda x: x - x.diag().diag(), "result is wrong only on the diagonal (5 of 25 entries)"),
    ],
)
def test_what_is_wrong_with_a_square(wrong, said: str) -> None:  # type: ignore[no-untyped-def]
    assert fact(same, wrong, SQUARE) == said


def test_a_gradient_that_should_be_zero() -> None:
    said = fact(lambda x: x.detach() * 2, lambda x: x * 2, wants_grad=True, looks_at=("gradient.x",))
    assert said.startswith("gradient with respect to x should be zero, largest entry about ")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            lambda x: None,
            lambda x: (x.mul_(2), None)[1],
            "x after the call should be unchanged, but differs in 24 of 24",
        ),
        (lambda x: x.mul_(2), lambda x: x * 2, "x after the call is unchanged, but should have changed"),
        (
            lambda x: x.mul_(2),
            lambda x: x[:2].mul_(2),
            "x after the call is unchanged in 12 of the 24 entries that should have changed (in rows 2 and 3)",
        ),
        (
            lambda x: x[:2].mul_(2),
            lambda x: x.mul_(2),
            "x after the call was changed in 12 entries that should have stayed as they were",
        ),
    ],
)
def test_what_happened_to_an_argument(right, wrong, said: str) -> None:  # type: ignore[no-untyped-def]
    assert fact(right, wrong, looks_at=("after.x",)).startswith(said)


@pytest.mark.parametrize(
    ("right", "wrong", "looks_at", "said"),
    [
        (
            lambda x: x + 1,
            lambda x: x.detach() + 1,
            "graph",
            "result should be part of the autograd graph, but is not",
        ),
        (lambda x: x[0], lambda x: x[0].clone(), "memory", "result should share memory with x, but does not"),
        (lambda x: 3, lambda x: 4, "result", "result is 1 too large"),
        (
            lambda x: 3,
            lambda x: torch.tensor(3),
            "result",
            "result should be a Python int, but is a tensor of shape ()",
        ),
        (lambda x: 3, lambda x: 3.0, "result", "result should be a Python int, but is a Python float"),
        (lambda x: True, lambda x: False, "result", "result should be true, but is false"),
        (lambda x: (x, 1), lambda x: (x, 2), "result", "second returned value is 1 too large"),
        (lambda x: None, lambda x: x, "result", "result should be None, but is a tensor of shape (4, 6)"),
        (lambda x: x.sum(), lambda x: 2 * x.sum(), "result", "result is twice too large"),
        (lambda x: x.mean(), lambda x: x.sum(), "result", "result is 24 times too large"),
        (lambda x: x.sum(), lambda x: x.mean(), "result", "result is 24 times too small"),
        (lambda x: x.sum(), lambda x: -x.sum(), "result", "result has the wrong sign"),
        (lambda x: x.sum(), lambda x: 1.3 * x.sum(), "result", "result is too large"),
        (
            lambda x: x[None],
            lambda x: x[None].mT,
            "result",
            "result should have shape (1, 4, 6), but has (1, 6, 4): dimensions 1 and 2 are",
        ),
        (
            lambda x: x,
            lambda x: x.reshape(6, 4),
            "result",
            "result should have shape (4, 6), but has (6, 4): the same sizes in another order",
        ),
        (lambda x: x.sum(), lambda x: x.sum() * 0, "result", "result is zero, but should not be"),
        (lambda x: x > 3, lambda x: x > 9, "result", "result is false everywhere, but should not be"),
        (lambda x: x > 99, lambda x: x > 3, "result", "result should be false everywhere, but is true in"),
    ],
)
def test_what_is_no_floating_point_tensor(right, wrong, looks_at: str, said: str) -> None:  # type: ignore[no-untyped-def]
    assert fact(right, wrong, wants_grad=True, looks_at=(looks_at,)).startswith(said)


def test_a_missing_exception_is_named() -> None:
    def refuse(x: Tensor) -> None:
        raise ValueError("secret 4711")

    assert fact(refuse, same) == "the call should raise ValueError, but went through"
    said = difference(same, refuse)
    assert said
    assert said.message == "the call raised ValueError"
    assert said.place == "ValueError: secret 4711"


@pytest.mark.parametrize(
    "leak",
    [lambda x: str(x), lambda x: type(str(x), (), {})(), lambda x: 1 / int(x) if x.dim() > 9 else {}[str(x)]],
)
def test_no_text_of_the_students_gets_into_a_fact(leak) -> None:  # type: ignore[no-untyped-def]
    # A hidden check's inputs must not come back in its message.
    x = torch.tensor([0.8147])
    assert "8147" in str(x)
    assert "8147" not in fact(same, leak, x)


@pytest.mark.parametrize(
    ("got", "said"),
    [
        ("a tuple or list of 12 values", "is a tuple or list of 12 values"),
        ("a tuple or list of 8147 and more values", "is a tuple or list of very many values"),
        (f"a tuple or list of {'8147' * 20} values", "is a tuple or list of very many values"),
        ("a tensor of dtype float8_e5m2", "is a tensor of dtype float8_e5m2"),
        ("a tensor of dtype 8147", "is an object of another type"),
        ("a tensor of 9 dimensions", "is a tensor of 9 dimensions"),
        ("a tensor without plain values, on device 8147", "is a tensor without plain values"),
        ("a 8147", "is an object of another type"),
        ("an object of type 8147 of type list", "is an object of another type"),
        ("an object of type list", "is an object of type list"),
        ("the string '8147'", "is a string"),
        (torch.zeros(0, 81470814708147), "has (2 dimensions, one of size 0)"),
        (torch.zeros(3, 814708147, 0), "has (3 dimensions, one of size 0)"),
        (torch.zeros((1,) * 8), "has (8 dimensions)"),
        (torch.zeros(0, 31337, 27182), "has (3 dimensions, one of size 0)"),
        (torch.zeros(81), "has (81,)"),
    ],
)
def test_a_process_that_lies_has_nothing_repeated(got: Tensor | str, said: str) -> None:
    case = Case({"x": Input(X)}).to(torch.float32)
    seen = Observation({"exception": "none", "result": got})
    found = find_difference(
        expect(same, case, torch.float32),
        seen,
        Yardstick("exact", torch.float32, ("result",)),
    )
    assert found
    assert found.fact.partition(", but ")[2].startswith(said)
    assert "8147" not in found.fact


def test_an_expected_value_is_never_in_a_fact() -> None:
    x = torch.tensor([[0.8147, 0.9058], [0.1270, 0.9134]])
    for wrong in (
        lambda x: 3.3 * x,
        lambda x: x.flip(0),
        lambda x: x.sin(),
        lambda x: x * 0,
        lambda x: x + 1,
    ):
        for number in ("0.81", "0.9", "0.12"):
            assert number not in fact(same, wrong, x)
        found = difference(same, wrong, x)
        assert found
        assert "expected" in found.place


# --- verdicts ---------------------------------------------------------------------------------------------------


def test_another_order_of_summation_matches() -> None:
    x = torch.randn(300, 40, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    assert not difference(lambda x: x.sum(0), lambda x: x.flip(0).cumsum(0)[-1], x)


def test_nan_never_matches() -> None:
    assert difference(lambda x: x * float("nan"), lambda x: x * float("nan"))


@pytest.mark.parametrize("strange", [float("nan"), float("inf")])
def test_an_overflow_everywhere_is_compared_like_anything_else(strange: float) -> None:
    # A known wrong implementation may show it, and a diagnosis asks whether a student's answer is the same.
    assert difference(lambda x: x * 0 + strange, same)


def test_equal_infinities_match_and_others_do_not() -> None:
    masked = lambda sign: lambda x: torch.where(x > 3, x, sign * float("inf"))  # noqa: E731
    assert not difference(masked(-1), masked(-1))
    assert difference(masked(-1), masked(1))
    assert difference(masked(-1), same)


def test_an_error_of_one_entry_is_seen() -> None:
    assert difference(same, lambda x: partly(x, 1.001, 3, 5))
    assert not difference(same, lambda x: partly(x, 1 + 1e-7, 3, 5))


def test_wrong_integers_are_wrong_however_large_the_others_are() -> None:
    labels = torch.tensor([10**15, 1, 2])
    assert difference(lambda x: labels, lambda x: labels + torch.tensor([0, 1, 0]))


def test_empty_tensors_match() -> None:
    assert not difference(lambda x: x[:0], lambda x: x[:0])


def test_float32_is_compared_with_float64() -> None:
    # A sum that float32 gets wrong in its last digits is right, one that loses all of them is not.
    x = torch.rand(500, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    assert not difference(lambda x: x.sum(), lambda x: x.cumsum(0)[-1], x)
    assert difference(lambda x: x.sum(), lambda x: x.half().sum().float(), x)
