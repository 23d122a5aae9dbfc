"""Checks that ask a student's process for what only that process can see, and what a lie about it would be worth.

python -m tests.support.own_word        # writes the table of docs/security.md

Numbers that the process sends are compared with expected ones: whoever does not know these cannot send them. That a
tensor is the same object, or was left as it was, any process can say without knowing anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from autograder.course.units import load_unit
from course_utils.checks.case import Case, Input, Module
from course_utils.checks.compare import selected
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.expectation import Expectation
from course_utils.checks.prepared import PreparedCheck
from course_utils.checks.quantity import QuantityName
from tests.support import ROOT, UNITS

PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- own word: python -m tests.support.own_word -->", "<!-- end of own word -->"

# Facts about objects, in words.
_FACTS = {
    "device": "the device",
    "graph": "`requires_grad`",
    "kept": "earlier results kept",
    "members": "the members of a module",
    "memory": "shared memory",
    "mode": "training mode",
    "own": "memory of its own",
    "place": "the place in memory",
    "same": "the same tensor object",
    "setting": "torch's settings",
}


@dataclass(frozen=True)
class Row:
    """A check that is no side check, and looks at something of this kind.

    Attributes:
        about: what it would have to lie about, in words.
        alone: it looks at nothing else, so a lie would earn it without an answer.
    """

    exercise: str
    check: str
    points: float
    about: tuple[str, ...]
    alone: bool


def rows() -> Iterator[Row]:
    """All such checks, in the order of the course."""
    for unit in UNITS:
        for exercise in load_unit(ROOT, unit).exercises.values():
            for check in exercise.prepare(PUBLIC_SECRET).checks:
                if check.side or check.property is not None:
                    continue
                about, alone = _said(check)
                if about:
                    yield Row(exercise.id, check.id, check.points, about, alone)


def _said(check: PreparedCheck) -> tuple[tuple[str, ...], bool]:
    words: dict[str, None] = {}
    alone = True
    for case, expected in zip(check.cases, check.expected, strict=True):
        for name in selected(expected, check.looks_at):
            if text := _own_word(name, case, expected):
                words.setdefault(text)
            else:
                alone = False
    return tuple(words), alone


def _own_word(name: str, case: Case, expected: Expectation) -> str:
    """What the process would have to lie about; empty if it must know a number or raise an exception."""
    parts, value = QuantityName.parse(name), expected.quantities[name]
    if parts.kind in _FACTS:
        return _FACTS[parts.kind]
    if not isinstance(value, torch.Tensor):
        return ""
    if parts.kind == "gradient" and not bool(value.any()):
        return "that there is no gradient"
    before = case.inputs.get(parts.argument)
    held = before.tensor if isinstance(before, Input) else None
    if isinstance(before, Module):
        held = before.grads.get(parts.member) if parts.kind == "grad" else before.state.get(parts.member)
    unchanged = parts.kind in ("after", "buffer", "grad", "module") and held is not None
    if (
        unchanged
        and held is not None
        and held.shape == value.shape
        and torch.equal(held.double(), value.double())
    ):
        return f"`{parts.argument}` left as it was"
    return ""


def table() -> str:
    """As Markdown."""
    lines = ["| exercise | check | points | what only the process can see |", "|---|---|---:|---|"]
    lines += [f"| {row.exercise} | {row.check} | {row.points:g} | {', '.join(row.about)} |" for row in rows()]
    return "\n".join(lines)


def section(text: str) -> str:
    """What the page has between the marks."""
    return text.partition(BEGIN)[2].partition(END)[0].strip()


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    head, tail = page.partition(BEGIN)[0], page.partition(END)[2]
    PAGE.write_text(f"{head}{BEGIN}\n\n{table()}\n\n{END}{tail}", encoding="utf-8")
