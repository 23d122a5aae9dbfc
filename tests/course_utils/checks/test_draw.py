"""Structured values have the structure that they are named for, exactly, in every dtype."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.checks import Case, Check, Draw, Input, check
from course_utils.checks.draw import STRUCTURES
from course_utils.checks.structures import structures_of

seeds = st.integers(0, 2**32)


def test_what_plain_draws_gave_they_still_give() -> None:
    """Values of existing checks are drawn with them: recorded files and grades depend on every bit."""
    draw = Draw(7)
    assert [draw.integer(2, 9), draw.sizes(3, 3, 9)] == [9, [3, 9, 6]]
    told = [f"{float(value):.15f}" for value in (*draw.normal(2), *draw.uniform(2))]
    assert told == ["-0.454670785171723", "-0.991646554996462", "0.005265304565575", "0.821228418382766"]
    assert not draw.used


def test_the_same_seed_gives_the_same_values() -> None:
    for draw_something in (
        lambda draw: draw.orthogonal(3, 8),
        lambda draw: draw.one_hot(5, 4),
        lambda draw: draw.with_zeros(3, 4),
        lambda draw: draw.with_zero_vectors(3, 4),
        lambda draw: draw.repeated(5, 4),
        lambda draw: torch.tensor(draw.many()),
        lambda draw: draw.ties(3, 5),
        lambda draw: draw.crowded(4, 3),
        lambda draw: draw.far_apart(4, 3),
        lambda draw: draw.unequal_labels(9, 3),
        lambda draw: draw.bytes(3, 4),
        lambda draw: draw.integers(0, 5, 3),
        lambda draw: draw.permutation(9),
        lambda draw: torch.tensor(draw.long_sizes(3, 2, 9)),
    ):
        assert torch.equal(draw_something(Draw(11)), draw_something(Draw(11)))
        assert any(
            not torch.equal(draw_something(Draw(11)), draw_something(Draw(other))) for other in (1, 2, 3)
        )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(1, 9), st.integers(0, 12), st.floats(1e-3, 1e3))
def test_orthogonal_is_orthogonal_to_the_last_bit(
    dtype: torch.dtype, seed: int, n: int, more: int, scale: float
) -> None:
    rows = (scale * Draw(seed).orthogonal(n, n + more)).to(dtype)
    assert rows.shape == (n, n + more)
    assert bool(rows.any(1).all())
    for made in (rows, F.normalize(rows), rows / 0.07, rows.flip(1)):
        products = made @ made.T
        assert torch.equal(products, products.diag().diag())


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(0, 6), st.integers(2, 9))
def test_orthogonal_pairs(seed: int, n: int, d: int) -> None:
    first, second = (rows.float() for rows in Draw(seed).orthogonal_pairs(n, d))
    assert first.shape == second.shape == (n, d)
    assert not bool((F.normalize(first) * F.normalize(second)).sum(1).any())
    assert bool(first.any(1).all() and second.any(1).all())


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(1, 20), st.integers(1, 9))
def test_one_hot(seed: int, n: int, k: int) -> None:
    rows = Draw(seed).one_hot(n, k)
    assert rows.dtype is torch.float64
    assert torch.equal(rows.sum(1), torch.ones(n, dtype=torch.float64))
    assert set(rows.unique().tolist()) <= {0.0, 1.0}
    assert len(set(rows.argmax(1).tolist())) == min(n, k)


@settings(deadline=None, max_examples=30)
@given(seeds, st.sampled_from([((4, 3), -1), ((2, 5, 3, 4), 1), ((7,), 0)]), st.floats(0, 1))
def test_exact_zeros(seed: int, form: tuple[tuple[int, ...], int], share: float) -> None:
    shape, dim = form
    values = Draw(seed).with_zeros(*shape, share=share, dim=dim)
    assert values.shape == shape
    assert bool((values == 0).any())
    assert bool(values.any(dim).all())


@settings(deadline=None, max_examples=30)
@given(seeds, st.sampled_from([((4, 5), -1), ((2, 6, 3), 1), ((4,), 0)]), st.integers(1, 4))
def test_ties(seed: int, form: tuple[tuple[int, ...], int], levels: int) -> None:
    shape, dim = form
    values = Draw(seed).ties(*shape, levels=levels, dim=dim)
    assert torch.equal(values, values.round())
    for extreme in (values.amax(dim, keepdim=True), values.amin(dim, keepdim=True)):
        assert int((values == extreme).sum(dim).min()) >= 2
    assert values.abs().max() == levels


def test_ties_are_anywhere() -> None:
    places = [Draw(seed).ties(5).argmax().item() for seed in range(40)]
    assert set(places) == {0, 1, 2, 3}


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(2, 12), st.integers(1, 5), st.floats(0.1, 100))
def test_far_apart(seed: int, n: int, d: int, distance: float) -> None:
    rows = Draw(seed).far_apart(n, d, distance).float().double()
    apart = torch.cdist(rows, rows) + torch.eye(n, dtype=torch.float64) * 1e9
    assert distance <= float(apart.min()) <= 2.1 * distance


def test_crowded() -> None:
    rows = Draw(3).crowded(50, 6, spread=0.1)
    assert float(F.cosine_similarity(rows[None], rows[:, None], dim=-1).min()) > 0.5
    assert float((rows - rows.mean(0)).std()) == pytest.approx(0.1, rel=0.2)


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(1, 6), st.integers(0, 9), st.integers(1, 3))
def test_unequal_classes(seed: int, classes: int, more: int, smallest: int) -> None:
    n = sum(smallest + index for index in range(classes)) + more
    labels = Draw(seed).unequal_labels(n, classes, smallest)
    counts = labels.bincount(minlength=classes).tolist()
    assert labels.dtype is torch.int64
    assert len(labels) == n
    assert len(set(counts)) == classes == len(counts)
    assert min(counts) == smallest or classes == 1


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(1, 5), st.integers(0, 4) | st.none())
def test_one_long_side(seed: int, count: int, long: int | None) -> None:
    long = None if long is None or long >= count else long
    sizes = Draw(seed).long_sizes(count, 2, 9, long)
    assert len(set(sizes)) == count == len(sizes)
    assert [16 <= size <= 24 for size in sizes].count(True) == 1
    assert long is None or sizes[long] >= 16
    assert all(2 <= size <= 9 or size >= 16 for size in sizes)


@settings(deadline=None, max_examples=30)
@given(seeds, st.sampled_from([((4, 3), -1), ((2, 5, 3, 4), 1), ((2, 1), 1)]))
def test_whole_vectors_of_zeros(seed: int, form: tuple[tuple[int, ...], int]) -> None:
    shape, dim = form
    values = Draw(seed).with_zero_vectors(*shape, dim=dim)
    assert values.shape == shape
    is_zero = ~values.any(dim)
    assert bool(is_zero.any())
    assert not bool(is_zero.all())
    assert bool(values.all(dim)[~is_zero].all())


@settings(deadline=None, max_examples=30)
@given(seeds, st.integers(3, 20), st.integers(1, 5))
def test_repeated_vectors(seed: int, n: int, d: int) -> None:
    rows = Draw(seed).repeated(n, d)
    assert rows.shape == (n, d)
    _, counts = rows.unique(dim=0, return_counts=True)
    assert set(counts.tolist()) == {1, 2}
    assert len(counts) == n - max(1, n // 3)


def test_large_grids_and_many_rows_have_no_whole_pieces() -> None:
    for seed in range(20):
        draw = Draw(seed)
        height, width = draw.large_grid()
        assert {height, width} == {17, 19}
        assert 64 < draw.many() < 80
        assert draw.used == {"one long side", "two long sides", "many"}
    grids, counts = (
        {tuple(Draw(seed).large_grid()) for seed in range(20)},
        {Draw(s).many() for s in range(40)},
    )
    assert len(grids) == 2
    assert all(count % piece for count in (17 * 19, *counts) for piece in (2, 3, 4, 5, 7, 8, 10, 16, 32, 64))


def test_a_long_side_may_be_kept_shorter() -> None:
    assert {Draw(seed).long_sizes(2, 2, 3, 1, longest=17)[1] for seed in range(20)} == {16, 17}


def test_bytes_and_integers() -> None:
    values = Draw(1).bytes(40, 50)
    assert (values.dtype, int(values.min()), int(values.max())) == (torch.uint8, 0, 255)
    assert set(Draw(1).integers(-1, 2, 99).tolist()) == {-1, 0, 1, 2}
    assert sorted(Draw(1).permutation(9).tolist()) == list(range(9))


@pytest.mark.parametrize(
    "impossible",
    [
        lambda draw: draw.orthogonal(4, 3),
        lambda draw: draw.orthogonal_pairs(4, 1),
        lambda draw: draw.with_zeros(4, 1),
        lambda draw: draw.with_zero_vectors(4),
        lambda draw: draw.with_zero_vectors(1, 4),
        lambda draw: draw.repeated(2, 4),
        lambda draw: draw.ties(4, 3),
        lambda draw: draw.unequal_labels(5, 3),
        lambda draw: draw.long_sizes(3, 2, 16),
        lambda draw: draw.long_sizes(4, 2, 3),
    ],
)
def test_what_cannot_be_is_refused(impossible) -> None:  # type: ignore[no-untyped-def]
    draw = Draw(0)
    with pytest.raises(ValueError):
        impossible(draw)
    assert not draw.used


# --- what a check uses ------------------------------------------------------------------------------------------


@check(points=1)
def plain(draw: Draw) -> Case:
    """Nothing special, but many rows."""
    return Case({"x": Input(draw.normal(40, 3, 5)), "count": 99})


@check(points=1)
def structured(draw: Draw) -> list[Case]:
    """A long side and orthogonal vectors."""
    height, width = draw.long_sizes(2, 3, 7)
    return [Case({"x": Input(draw.normal(2, height, width))}), Case({"x": Input(draw.orthogonal(2, 6))})]


def test_the_structures_of_a_check_are_told() -> None:
    def of(item: Check) -> tuple[set[str], bool, bool]:
        found = structures_of(item, b"secret")
        return set(found.kinds), found.has_long_side, found.has_exact_zero

    assert of(plain) == (set(), False, False)
    assert of(structured) == ({"orthogonal", "one long side"}, True, True)
    many, long = structures_of(plain, b"secret"), structures_of(structured, b"secret")
    assert (many.longest_side, many.largest_size) == (5, 40)
    assert long.longest_side == long.largest_size
    assert many | long == long | many == replace(long, largest_size=40)


def test_every_structure_is_recorded() -> None:
    draw = Draw(0)
    draw.orthogonal(2, 3)
    draw.one_hot(2, 3)
    draw.with_zeros(2, 3)
    draw.with_zero_vectors(2, 3)
    draw.repeated(3, 3)
    draw.large_grid()
    draw.many()
    draw.ties(2, 4)
    draw.long_sizes(2, 3, 5)
    draw.crowded(2, 3)
    draw.far_apart(2, 3)
    draw.unequal_labels(6, 2)
    assert draw.used == set(STRUCTURES)


def test_the_cases_are_those_that_are_drawn() -> None:
    one, other = (case.inputs["x"].tensor for case in structured.draw(b"secret"))  # type: ignore[union-attr]
    assert max(one.shape) == structures_of(structured, b"secret").longest_side
    assert not bool((other[0] * other[1]).sum())
