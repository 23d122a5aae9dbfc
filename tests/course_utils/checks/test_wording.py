"""What is known about an answer, in words."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from autograder.results import CheckLine
from course_utils.checks.diagnose import NOTHING_KNOWN, Diagnosis, Idea
from course_utils.checks.wording import (
    Explanation,
    explain,
    fact_in_words,
    in_lines,
    mark,
    title_for_students,
)

ONE, OTHER, AGAIN = Idea("no-grad", "One?"), Idea("keys-detached", "Other?"), Idea("third", "One?")
ALIKE = Diagnosis((ONE, OTHER, AGAIN), alternatives=True, separated_by="gradient of x")
APART = "What tells them apart: gradient of x."


@pytest.mark.parametrize(
    ("diagnosis", "lead", "hints"),
    [
        (NOTHING_KNOWN, "", []),
        (Diagnosis(fact="right values"), "", []),
        (Diagnosis((ONE,)), "", ["One?"]),
        (Diagnosis((ONE, OTHER)), "Several known mistakes together would show this:", ["One?", "Other?"]),
        (
            ALIKE,
            f"What was seen fits several known mistakes: no grad, or keys detached, or third. {APART}",
            [],
        ),
    ],
)
def test_explanations(diagnosis: Diagnosis, lead: str, hints: list[str]) -> None:
    found = explain(diagnosis)
    assert (found.lead, found.hints) == (lead, hints)


def test_how_much_is_explained_is_said() -> None:
    some, more = replace(ONE, explains=("a", "b")), replace(OTHER, explains=("b", "c"))
    assert explain(Diagnosis((some,), failed=3)).lead == (
        "A known mistake explains 2 of 3 failed checks; the rest has another cause:"
    )
    assert explain(Diagnosis((some,), failed=2)).lead == ""
    assert explain(Diagnosis((some, more), failed=4)).lead == (
        "Known mistakes explain 3 of 4 failed checks; the rest has another cause:"
    )
    assert (
        explain(Diagnosis((some, more), failed=3)).lead == "Several known mistakes together would show this:"
    )


def test_a_student_who_asks_for_a_hint_gets_those_of_all_that_fit_each_once() -> None:
    found = explain(ALIKE, name_alternatives=False)
    assert found.lead == f"What is seen fits several known mistakes. {APART}"
    assert found.hints == ["One?", "Other?"]
    assert explain(Diagnosis((ONE,)), name_alternatives=False) == Explanation("", (ONE,))


def test_lines_for_a_terminal() -> None:
    assert list(in_lines(NOTHING_KNOWN)) == []
    assert list(in_lines(Diagnosis((ONE,)))) == ["no-grad: One?"]
    assert list(in_lines(Diagnosis(fact="right values"))) == ["All in all: right values."]
    assert len(list(in_lines(Diagnosis((ONE, OTHER))))) == 3
    assert len(list(in_lines(ALIKE))) == 1


def test_marks_carry_a_word_and_hidden_checks_keep_what_they_ask() -> None:
    judged = partial(CheckLine, id="a", points=0.0)
    assert mark(judged(passed=True)) == "✓ passed"
    assert mark(judged(passed=False, message="is wrong")) == "✗ failed"
    assert mark(judged(passed=False, waits=True)) == "○ waits"
    assert title_for_students("Secret.", visible=False) == "A hidden check."
    assert title_for_students("Seen.", visible=True) == "Seen."
    assert fact_in_words(NOTHING_KNOWN) == ""
