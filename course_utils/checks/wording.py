"""A verdict in words: the same in the notebook, on the pages of feedback, in nbgrader and under pytest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from course_utils.checks.diagnose import Diagnosis, Idea

PASSED, WAITS, FAILED = "✓ passed", "○ waits", "✗ failed"

_TOGETHER = "Several known mistakes together would show this:"


class Judged(Protocol):
    """What became of a check, as it was judged or as a line of results has it."""

    @property
    def passed(self) -> bool: ...
    @property
    def waits(self) -> bool: ...


@dataclass(frozen=True)
class Explanation:
    """Which ideas may be behind an answer.

    Attributes:
        lead: what is said before them, in a sentence; empty where there is one alone.
        ideas: those whose hints are told.
    """

    lead: str = ""
    ideas: tuple[Idea, ...] = ()

    @property
    def hints(self) -> list[str]:
        """What is told of the ideas, each once."""
        return list(dict.fromkeys(idea.hint for idea in self.ideas))


def explain(diagnosis: Diagnosis, *, name_alternatives: bool = True) -> Explanation:
    """Which ideas may be behind an answer; nothing, if none is known.

    Args:
        diagnosis: what is known about the answer.
        name_alternatives: of several ideas that each explain it, tell the names; else their hints.
    """
    if not diagnosis.alternatives:
        return Explanation(_lead(diagnosis), diagnosis.ideas)
    apart = f" What tells them apart: {diagnosis.separated_by}." if diagnosis.separated_by else ""
    if not name_alternatives:
        return Explanation(f"What is seen fits several known mistakes.{apart}", diagnosis.ideas)
    names = ", or ".join(in_words(idea.name) for idea in diagnosis.ideas)
    return Explanation(f"What was seen fits several known mistakes: {names}.{apart}")


def _lead(diagnosis: Diagnosis) -> str:
    """How much of what is wrong the ideas explain, if that is not all, or if there are several."""
    explained, failed = len(diagnosis.explained), diagnosis.failed
    if not diagnosis.ideas or not explained or explained >= failed:
        return _TOGETHER if diagnosis.together else ""
    who = "Known mistakes explain" if diagnosis.together else "A known mistake explains"
    return f"{who} {explained} of {failed} failed checks; the rest has another cause:"


def in_words(name: str) -> str:
    """`pointer-does-not-wrap` as words; with spaces it breaks between them in a narrow column, too."""
    return name.replace("-", " ")


def mark(check: Judged) -> str:
    """What became of a check: `PASSED`, `FAILED`, or `WAITS` for a side check that is not looked at yet."""
    return PASSED if check.passed else WAITS if check.waits else FAILED


def title_for_students(title: str, *, visible: bool) -> str:
    """The title of a check; a hidden one keeps what it asks."""
    return title if visible else "A hidden check."


def fact_in_words(diagnosis: Diagnosis) -> str:
    """What holds over all checks, as a sentence; empty if there is nothing."""
    return f"All in all: {diagnosis.fact}." if diagnosis.fact else ""


def in_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """All that is known, in plain text: what a terminal shows."""
    if fact := fact_in_words(diagnosis):
        yield fact
    explanation = explain(diagnosis)
    if explanation.lead:
        yield explanation.lead
    yield from (f"{idea.name}: {idea.hint}" for idea in explanation.ideas)
