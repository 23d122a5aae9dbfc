"""Two slips in one function, made by machine, and whether what is told of wrong answers is counted rightly."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.course.trial import judge_function
from autograder.course.units import load_unit
from autograder.quality.edits import Text
from autograder.quality.pairs import parts_of, try_pairs
from autograder.quality.telling import BARELY, BY_FACT, BY_NAME, kind_of_telling
from course_utils.checks.definition import misconception
from tests.support import ROOT


def right(x: Tensor, y: Tensor) -> Tensor:
    """Each row of x over its length, times y, and their sum."""
    long = x.norm(dim=1, keepdim=True)
    return (x / long * y).sum(dim=1)


def _scaled(x, y):
    return x / x.norm(dim=1, keepdim=True) * y


@misconception(hint="Columns?")
def over_columns(x, y):
    """The length of the columns."""
    return (x / x.norm(dim=0, keepdim=True) * y).sum(dim=1)


@misconception(hint="Mean?")
def averaged(a, b):
    """The mean."""
    return _scaled(a, b).mean(dim=1)


@misconception(hint="Twice?")
def twice(x, y):
    """All of it twice."""
    return 2 * _scaled(x, y).sum(1)


X, Y = torch.arange(6.0).view(2, 3) + 1, torch.tensor([[1.0, -2.0, 4.0], [0.5, 3.0, -1.0]])


def shows(wrong: Any) -> Any:
    return lambda made: bool(torch.allclose(made(X, Y), wrong(X, Y)))


def test_an_edit_is_what_an_idea_changes_however_the_rest_is_written() -> None:
    text = Text(right, "right")
    edits = {}
    for wrong in (over_columns, averaged, twice):
        found = text.compare(wrong.function)
        assert found is not None
        least = text.least(found, shows(wrong.function))
        assert least is not None
        made = text.apply([least])
        assert made is not None
        assert torch.allclose(made(X, Y), wrong.function(X, Y))
        edits[wrong.id] = least
    both = text.apply([edits["over-columns"], edits["averaged"]])
    assert both is not None
    assert torch.allclose(both(X, Y), (X / X.norm(dim=0, keepdim=True) * Y).mean(dim=1))
    assert not edits["over-columns"].meets(edits["twice"])
    assert edits["averaged"].meets(edits["averaged"])


def test_an_edit_that_does_not_show_the_idea_is_none() -> None:
    text = Text(right, "right")
    found = text.compare(averaged.function)
    assert found is not None
    assert text.least(found, lambda made: False) is None


def test_pairs_of_an_exercise_are_named_and_few_wrongly() -> None:
    exercise = load_unit(ROOT, "moco").exercises["moco.enqueue"]
    found = try_pairs(exercise, exercise.prepare(b"secret 0"), most=25)
    assert found.tried == 25
    assert found.rightly >= 20
    assert len(found.wrong) <= 1
    assert found.rightly + len(found.wrong) + len(found.missed) == found.tried


# "nothing-normalised" is three ideas at once, and "published-lines-alone" is it and a fourth.
@pytest.mark.parametrize(
    ("pair", "name", "is_there"),
    [
        (("nothing-normalised", "gradient-through-keys"), "published-lines-alone", True),
        (("published-lines-alone", "loss-returned"), "nothing-normalised", True),
        (("published-lines-alone", "loss-returned"), "keys-not-normalised", True),
        (("nothing-normalised", "loss-returned"), "published-lines-alone", False),
        (("queries-not-normalised", "keys-not-normalised"), "nothing-normalised", False),
        (("queue-not-normalised", "loss-returned"), "gradient-through-keys", False),
    ],
)
def test_a_name_must_not_say_more_than_the_pair_holds(
    pair: tuple[str, ...], name: str, is_there: bool
) -> None:
    exercise = load_unit(ROOT, "moco").exercises["moco.moco_logits"]
    made_of = {item.id: item.of for item in exercise.misconceptions if item.of}
    assert (parts_of([name], made_of) <= parts_of(pair, made_of)) is is_there


def test_overflow_dropped_without_a_value_error_is_named_for_what_it_explains() -> None:
    exercise = load_unit(ROOT, "moco").exercises["moco.enqueue"]

    def enqueue(queue: Tensor, pointer: int, keys: Tensor) -> int:
        room = min(len(keys), queue.shape[1] - pointer)
        queue[:, pointer : pointer + room] = keys[:room].detach().T
        return (pointer + len(keys)) % queue.shape[1]

    found = judge_function(exercise.prepare(b"secret"), enqueue).diagnosis
    assert [idea.name for idea in found.ideas] == ["overflow-dropped"]
    assert 0 < len(found.ideas[0].explains) < found.failed


@pytest.mark.parametrize(
    ("message", "visible", "kind"),
    [
        ("result is wrong in 3 of 9 entries", True, BARELY),
        ("result is too large", True, BARELY),
        ("a after the call is wrong in 9 of 9 entries; likewise 4 more tensors of encoder", True, BARELY),
        ("result is wrong only in column 0 (3 of 9 entries)", True, BY_FACT),
        ("result is twice too large", True, BY_FACT),
        ("result is twice too large everywhere", False, BARELY),
        ("the call raised ValueError", False, BY_FACT),
    ],
)
def test_what_counts_as_told(message: str, visible: bool, kind: str) -> None:
    def verdict(*messages: str, ideas: tuple[str, ...] = ()) -> Any:
        checks = [SimpleNamespace(message=text, passed=False, waits=False) for text in messages]
        return SimpleNamespace(checks=checks, diagnosis=SimpleNamespace(ideas=ideas, fact=""))

    hidden, shown = ((), (message,)) if visible else ((message,), ())
    assert kind_of_telling(verdict(*hidden), verdict(*shown)) == kind
    assert kind_of_telling(verdict(*hidden, ideas=("one",)), verdict(*shown)) == BY_NAME
