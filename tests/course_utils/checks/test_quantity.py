"""Names of quantities: their parts, what a check looks at, and their words."""

import pytest
import torch

from course_utils.checks.case import Case, Input
from course_utils.checks.compare import find_difference
from course_utils.checks.difference import Difference
from course_utils.checks.expectation import expect
from course_utils.checks.observe import observe
from course_utils.checks.quantity import QuantityName
from course_utils.checks.tolerance import Yardstick

WORDS = {
    "result": "result",
    "result.1": "second returned value",
    "result.7#2": "returned value number 8 (call 2)",
    "exception": "the call",
    "gradient.keys": "gradient with respect to keys",
    "gradient.net.0.weight": "gradient with respect to net.0.weight",
    "after.queue#2": "queue after the call (call 2)",
    "graph.result.0": "first returned value",
    "kept.result#1": "result (call 1)",
    "memory.result.0~queue": "first returned value",
    "memory.result#1~queue": "result (call 1)",
    "setting.seed": "torch's random seed",
}


@pytest.mark.parametrize(("name", "words"), WORDS.items())
def test_a_name_has_its_words_and_is_the_same_when_written_again(name: str, words: str) -> None:
    parts = QuantityName.parse(name)
    assert parts.describe() == words
    assert str(parts) == name


def test_the_parts_of_a_name() -> None:
    parts = QuantityName.parse("memory.net.0.weight#2~other.1.bias")
    assert parts == ("memory", "net.0.weight", 2, "other.1.bias")
    assert (parts.argument, parts.member) == ("net", "0.weight")


def test_every_name_that_is_observed_is_the_same_when_written_again() -> None:
    def function(x, y):  # type: ignore[no-untyped-def]
        return x, [x + 1, y]

    inputs = {"x": Input(torch.ones(2), wants_grad=True), "y": Input(torch.ones(3))}
    for calls in ((("x", "y"),), (("x", "y"), ("y", "x"))):
        names = observe(function, Case(inputs, calls)).quantities
        assert len(names) > 15
        assert [str(QuantityName.parse(name)) for name in names] == list(names)


@pytest.mark.parametrize(
    ("name", "looked_at", "is_part"),
    [
        ("gradient.keys", "gradient", True),
        ("gradient.keys#2", "gradient.keys", True),
        ("gradient.keys_2", "gradient.keys", False),
        ("result.10", "result.1", False),
        ("module.net.0.weight", "module.net", True),
        ("memory.result#2~queue", "memory.result", True),
        ("memory.result#2~queue", "memory.result~queue", True),
        ("memory.result#2~queue", "memory.result~keys", False),
        ("exception", "result", False),
    ],
)
def test_what_a_check_looks_at(name: str, looked_at: str, is_part: bool) -> None:
    assert QuantityName.parse(name).is_part_of((looked_at,)) is is_part


def test_a_fact_about_shared_memory_names_both_tensors_after_a_later_call_too() -> None:
    case = Case({"x": Input(torch.ones(2))}, (("x",), ("x",)))
    yardstick = Yardstick("exact", torch.float32, ("memory",))
    found = find_difference(
        expect(lambda x: x.clone(), case, torch.float32), observe(lambda x: x, case), yardstick
    )
    assert isinstance(found, Difference)
    assert found.message == "result (call 1) should not share memory with x"
