"""What is told of the notebook's own cases, and what of hidden ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from autograder.course.units import Unit
from autograder.grading.grader import Grader, Limits, _Ran
from autograder.grading.public_cases import OWN_CASE, in_two
from autograder.results import CheckLine, Line
from course_utils.checks.case import Input
from tests.autograder.grading.test_grader import ENQUEUE, enqueue, grade

LOGITS = "moco.moco_logits"
# A wrong factor, and so one that would tell how large the right values are.
FACTOR = {
    LOGITS: """\
def moco_logits(queries, keys, queue, temperature):
    queries, keys = F.normalize(queries, dim=1), F.normalize(keys.detach(), dim=1)
    queue = F.normalize(queue.detach(), dim=0)
    positives = (queries * keys).sum(1, keepdim=True)
    return 3.7 * torch.cat([positives, queries @ queue], 1) / temperature
"""
}
DIRECTIONS = ("too large", "too small", "times", "entries", "digits", "row", "column")


def checks_of(line: Line, exercise: str, *, visible: bool) -> list[CheckLine]:
    found = [item for item in line.exercises[exercise].checks if item.visible == visible]
    assert found
    return found


def hidden_part(message: str) -> str:
    """What is told of the hidden case itself."""
    return in_two(message)[0]


def test_where_the_own_case_is_wrong_its_message_is_told(grader: Grader, moco: Unit) -> None:
    line = grade(grader, moco, FACTOR)
    (values,) = [item for item in line.exercises[LOGITS].checks if item.id == "logits"]
    assert values.message == f"{OWN_CASE.capitalize()}: result is 3.7 times too large everywhere"
    (hidden,) = [item for item in line.exercises[LOGITS].checks if item.id == "low-temperature"]
    assert hidden.message == f"result is wrong; {OWN_CASE}: result is 3.7 times too large everywhere"


def test_what_holds_in_both_cases_is_told_once(grader: Grader, moco: Unit) -> None:
    body = (
        FACTOR[LOGITS].replace("3.7 * ", "").replace("F.normalize(queries,", "F.normalize(queries.detach(),")
    )
    line = grade(grader, moco, {LOGITS: body})
    (hidden,) = [item for item in line.exercises[LOGITS].checks if item.id == "low-temperature"]
    assert hidden.message == "gradient with respect to queries is zero everywhere, but should not be"


def test_what_is_wrong_in_hidden_cases_alone_is_told_without_a_direction(grader: Grader, moco: Unit) -> None:
    public, _ = moco.exercises[LOGITS].record()
    queries = [case.inputs["queries"] for item in public.checks for case in item.cases]
    sums = [round(float(item.tensor.sum()), 4) for item in queries if isinstance(item, Input)]
    body = FACTOR[LOGITS].replace("3.7", f"(1 if round(float(queries.sum()), 4) in {sums} else 3.7)")
    # The sum is taken before the queries are normalised.
    body = body.replace("    queries, keys =", "    kept = queries\n    queries, keys =")
    line = grade(grader, moco, {LOGITS: body.replace("float(queries.sum())", "float(kept.sum())")})
    for visible in (True, False):
        for item in checks_of(line, LOGITS, visible=visible):
            assert OWN_CASE not in item.message.lower()
            assert not any(word in item.message for word in DIRECTIONS), item.message
            assert item.shown is None
    assert any(item.message == "result is wrong" for item in checks_of(line, LOGITS, visible=False))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("return None", "result should be a Python int, but is None"),
        ("return torch.zeros(2)", "result should be a Python int, but is a tensor of shape (2,)"),
        ("queue.fill_(torch.nan)\nreturn 0", "queue after the call contains NaN"),
        ("return 0", "queue after the call is unchanged, but should have changed"),
        ("raise TypeError('x')", "the call raised TypeError"),
    ],
)
def test_what_does_not_depend_on_expected_values_is_told(
    grader: Grader, moco: Unit, body: str, says: str
) -> None:
    line = grade(grader, moco, enqueue(body))
    hidden = [hidden_part(item.message) for item in checks_of(line, ENQUEUE, visible=False)]
    assert any(says in message for message in hidden), hidden


def test_public_cases_run_first_and_in_a_job_of_their_own(
    moco: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = spy_on_runs(monkeypatch)
    count = sum(
        len(case.calls) for item in moco.exercises[ENQUEUE].prepare(b"s").checks for case in item.cases
    )
    # Right as often as it is called by hidden cases, and never again in the life of a process.
    body = (
        "torch.calls = getattr(torch, 'calls', 0) + 1\n"
        f"if torch.calls > {count}: return -1\n"
        "count = len(keys)\n"
        "if count > queue.shape[1]: raise ValueError('too many')\n"
        "for i in range(count): queue[:, (pointer + i) % queue.shape[1]] = keys[i].detach()\n"
        "return (pointer + count) % queue.shape[1]"
    )
    with Grader(moco, b"s", Limits(seconds=10)) as grader:
        line = grade(grader, moco, enqueue(body))
        assert line.exercises[ENQUEUE].status == "correct"
        assert order == ["public", "hidden"]
        # What is known to be right has nothing to show.
        assert grade(grader, moco, enqueue(f"# mine\n{body}")).score == line.score
        assert order == ["public", "hidden", "nothing", "hidden"]


def spy_on_runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    order: list[str] = []
    plain: Callable[..., _Ran] = Grader._run_once

    def spy(self: Grader, slices, cases, seconds: float, **more: bool) -> _Ran:  # type: ignore[no-untyped-def]
        public = any(cases[id_] is item for id_, (_, item) in self._public.items() if id_ in cases)
        order.append("public" if public and slices else "hidden" if slices else "nothing")
        return plain(self, slices, cases, seconds, **more)

    monkeypatch.setattr(Grader, "_run_once", spy)
    return order
