"""Which lines of older versions give way to newer ones of the same people."""

from __future__ import annotations

import pytest

from autograder.grading.older import older_among
from autograder.results import Line, Person, Written


def line(
    key: str, name: str, file: str = "a", sha: str = "1", *, form: int = 2, unit: str = "moco", **more: object
) -> Line:
    return Line(
        format=form,
        person=Person(key=key, name=name),
        student=name,
        unit=unit,
        file=file,
        submission_sha256=sha,
        status="graded",
        score=1.0,
        max_score=1.0,
        **more,  # type: ignore[arg-type]
    )


NEW = line("moodle:1", "Ada")


def sorted_out(*lines: Line) -> tuple[int, int]:
    """How many give way, and of how many it is doubtful."""
    found = older_among({item.key: item for item in lines})
    assert len(found.rest_of({item.key: item for item in lines})) == len(lines) - len(found.replaced)
    assert bool(found.notices()) == bool(found.doubtful)
    return len(found.replaced), len(found.doubtful)


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        (line("Ada", "Ada", form=1), (1, 0)),
        (line("Ada", "Ada", file="b", form=1), (1, 0)),
        (line("Ada", "Ada", sha="2", form=1), (1, 0)),
        (line("Ada", "Ada", "b", "2", form=1), (0, 1)),
        (line("Ada", "Ada", "", "", form=1), (0, 1)),
        # Called otherwise then: the same file, unchanged.
        (line("ada_l", "ada_l", form=1), (1, 0)),
        (line("ada_l", "ada_l", sha="2", form=1), (0, 0)),
        # Who copied from Ada is not Ada.
        (line("Bob", "Bob", file="b", form=1), (0, 0)),
        (line("Ada", "Ada", unit="simclr", form=1), (0, 0)),
        # A score that a person gave is not passed over.
        (line("Ada", "Ada", form=1, override=2.0), (0, 1)),
        (line("Ada", "Ada", form=1, written={"q": Written(score=1.0, max_score=1.0)}), (0, 1)),
        # Keys decide: a folder's name is one today as well, unless it is this very file.
        (line("Ada", "Ada"), (1, 0)),
        (line("Ada", "Ada", file="b"), (0, 1)),
        (line("Ada", "Ada", "b", "2"), (0, 0)),
        (line("moodle:2", "Ada"), (0, 0)),
        (line("mon/Ada", "Ada"), (0, 0)),
    ],
)
def test_an_older_line_beside_a_newer(old: Line, expected: tuple[int, int]) -> None:
    assert sorted_out(old, NEW) == expected
    assert sorted_out(NEW, old) == expected


def test_without_newer_lines_all_stay() -> None:
    assert sorted_out(line("Ada", "Ada", form=1), line("Bob", "Bob", form=1)) == (0, 0)
    assert sorted_out() == (0, 0)


def test_two_of_one_name_were_one_line() -> None:
    old = line("Ada", "Ada", form=1)
    assert sorted_out(old, NEW, line("moodle:2", "Ada", "b", "2")) == (1, 0)
