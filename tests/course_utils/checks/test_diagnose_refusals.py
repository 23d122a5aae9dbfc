"""What is refused in two cases may be refused for two reasons."""

from collections.abc import Callable

from torch import Tensor

from course_utils.checks import Case, Draw, check, misconception
from course_utils.checks.diagnose import Diagnosis
from course_utils.checks.judge import judge
from course_utils.checks.observe import observe
from tests.support.exercises import exercise

# Rows, columns, and how many of these are taken.
_FITTING = ((2, 3, 3), (4, 6, 5), (3, 7, 6), *((6, n, 2) for n in range(5, 14)))


def first(x: Tensor, count: int) -> Tensor:
    if count > x.shape[1]:
        raise ValueError("there are not so many")
    return x[:, :count].clone()


@misconception(hint="Of what are there so many: rows, or columns?")
def rows_for_columns(x: Tensor, count: int) -> Tensor:
    """The number of rows is taken for that of columns, and a single row is left whole."""
    if len(x) == 1:
        return x.clone()
    if count > x.shape[0]:
        raise ValueError("there are not so many")
    return x[:, :count].clone()


def edge_refused(x: Tensor, count: int) -> Tensor:
    if count >= x.shape[1] - 1:
        raise ValueError("there are not so many")
    return first(x, count)


def edge_refused_and_row_left_whole(x: Tensor, count: int) -> Tensor:
    return x.clone() if len(x) == 1 else edge_refused(x, count)


def diagnosis(
    function: Callable[[Tensor, int], Tensor],
    *fitting: tuple[int, int, int],
    outside: tuple[int, int, int],
) -> Diagnosis:
    def cases(draw: Draw, sizes: tuple[tuple[int, int, int], ...]) -> list[Case]:
        return [Case.of(x=draw.normal(n, m), count=count) for n, m, count in sizes]

    @check(points=1)
    def values(draw: Draw) -> list[Case]:
        """Values are right."""
        return cases(draw, (*_FITTING, *fitting))

    @check(points=1, looks_at=("exception",))
    def too_many(draw: Draw) -> list[Case]:
        """Too many are refused."""
        return cases(draw, (outside,))

    prepared = exercise("unit.first", first, (values, too_many), (rows_for_columns,)).prepare(b"secret")
    seen = {item.id: [observe(function, case) for case in item.cases] for item in prepared.checks}
    return judge(prepared, seen).diagnosis


def test_an_idea_needs_more_than_what_is_refused_in_vain() -> None:
    """In three cases both raise the same; that a fourth is refused shows that it is something else."""
    found = diagnosis(edge_refused, (7, 7, 7), outside=(4, 4, 6))
    assert (found.ideas, found.fact) == ((), "right wherever it does not raise")


def test_an_idea_that_lets_through_what_is_refused_is_not_behind_it() -> None:
    """The idea takes six of four columns, as there are six rows. The answer refuses that, as it should."""
    assert diagnosis(edge_refused_and_row_left_whole, (1, 4, 2), outside=(6, 4, 6)).ideas == ()


def test_an_idea_is_named_by_what_it_refuses_and_a_value() -> None:
    found = diagnosis(edge_refused_and_row_left_whole, (1, 4, 2), (7, 7, 7), outside=(4, 4, 6))
    assert [idea.name for idea in found.ideas] == ["rows-for-columns"]


def test_an_idea_is_named_by_all_that_it_shows() -> None:
    assert diagnosis(rows_for_columns.function, outside=(6, 4, 6)).misconception == "rows-for-columns"
