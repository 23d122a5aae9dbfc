"""What `cu.check` shows: what was asked for first, one case for all hints, colours that can be read."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from autograder.course.units import load_unit
from course_utils.checks import Input
from course_utils.checks.excerpt import Pair
from course_utils.student import present
from course_utils.student.as_code import argument_as_code
from course_utils.student.check import CheckResult, check_in
from course_utils.student.side_by_side import TABLE_WIDTH, got_and_expected
from tests.support import ROOT

UNITS = {unit: load_unit(ROOT, unit) for unit in ("moco", "pretext", "simclr")}


def reference(exercise: str) -> Callable[..., Any]:
    return UNITS[exercise.split(".")[0]].exercises[exercise].reference


def wrong(exercise: str, name: str) -> Callable[..., Any]:
    bank = UNITS[exercise.split(".")[0]].exercises[exercise].wrong
    return next(item.function for item in bank if item.id == name)


def run(function: Callable[..., Any], exercise: str, hint: int = 0) -> CheckResult:
    return check_in({exercise.split(".")[1]: function}, exercise, hint=hint)


OVERFLOW = wrong("moco.enqueue", "overflow-dropped")
HINT = "What should happen to the keys that come after the last column?"


def test_the_hint_that_was_asked_for_stands_above_all_else() -> None:
    result = run(OVERFLOW, "moco.enqueue", 2)
    assert str(result).splitlines()[1:3] == ["  Hint", f"      {HINT}"]
    html = result._repr_html_()
    assert html.index(HINT) < html.index("<details>") < html.index("<img")
    assert re.search(r"<details><summary>All visible checks: \d of \d passed</summary>", html)
    # Without a hint the checks are what was asked for.
    assert "<details>" not in run(OVERFLOW, "moco.enqueue")._repr_html_()


def test_the_headline_is_not_said_twice() -> None:
    result = run(OVERFLOW, "moco.enqueue")
    assert present.headline(result) not in result._repr_html_()


def test_all_hints_show_the_same_case() -> None:
    def heading(level: int) -> str:
        text = str(run(OVERFLOW, "moco.enqueue", level))
        return next(line.strip() for line in text.splitlines() if "The smallest failing case" in line)

    assert heading(1) == heading(2) == heading(3)
    assert "After the last column comes column 0" in heading(1)


def test_the_first_failed_check_of_values_is_shown() -> None:
    def both(images: Tensor) -> Any:
        turned, labels = reference("pretext.rotate_batch")(images)
        return turned + 1, labels + 1

    text = str(run(both, "pretext.rotate_batch", 1))
    assert "The smallest failing case of “The four copies of each image stand together" in text


def test_copies_in_another_order_are_shown_on_two_images_by_hand() -> None:
    def turn_by_turn(images: Tensor) -> Any:
        turns = [torch.rot90(images, k, dims=(2, 3)) for k in range(4)]
        return torch.cat(turns), torch.arange(4).repeat_interleave(len(images))

    for level in (1, 3):
        lines = [line.strip() for line in str(run(turn_by_turn, "pretext.rotate_batch", level)).splitlines()]
        at = next(k for k, line in enumerate(lines) if line.startswith("The smallest failing case"))
        assert lines[at + 1 : at + 3] == [
            "images = torch.arange(8.).reshape(2, 1, 2, 2)",
            "rotate_batch(images)",
        ]


def test_message_and_case_are_of_the_same_call() -> None:
    """The message names the shapes of the smallest case that fails, whichever it is, and that case is shown."""

    def rows_for_columns(images: Tensor) -> Any:
        turned, labels = reference("pretext.rotate_batch")(images)
        return turned.transpose(2, 3)[:1], labels

    result = run(rows_for_columns, "pretext.rotate_batch", 1)
    verdict = next(item for item in result.verdicts if not item.passed)
    case = verdict.check.cases[verdict.case]
    assert case.size == min(item.size for item in verdict.check.cases)
    (shape,) = {tuple(value.tensor.shape) for value in case.tensors.values()}
    wanted = (4 * shape[0], *shape[1:])
    assert f"should have shape {wanted}" in str(result)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda queue, pointer, keys: queue.nope, "There is none for an exception"),
        (
            lambda queue, pointer, keys: (queue.mul_(0.3), 70)[1],
            "There is none for this: what is seen is none of the mistakes we know.",
        ),
        (reference("moco.enqueue"), "There is none: all visible checks have passed."),
        (7, "There is none beyond what is said here"),
    ],
)
def test_where_there_is_no_hint_a_sentence_says_so(function: Any, said: str) -> None:
    result = run(function, "moco.enqueue", 2)
    assert f"  Hint\n      {said}" in str(result)
    assert said in result._repr_html_()


def test_there_is_no_table_without_a_wrong_entry() -> None:
    def floats(images: Tensor) -> Any:
        turned, labels = reference("pretext.rotate_batch")(images)
        return turned, labels.float()

    result = run(floats, "pretext.rotate_batch", 3)
    text = str(result)
    assert "star" not in text
    assert "second returned value should have dtype int64, but has float32" in text
    assert "<img" not in result._repr_html_()


def test_lines_to_be_copied_wrap_and_tables_do_not() -> None:
    html = run(OVERFLOW, "moco.enqueue", 3)._repr_html_()
    blocks = re.findall(r'<pre style="([^"]*)">([^<]*)</pre>', html)
    assert [("pre-wrap" in style, "user-select: all" in style) for style, _ in blocks] == [
        (True, True),
        (False, False),
    ]
    assert "column 0" in blocks[1][1]
    # A break inside a number makes two of it.
    assert all("overflow-wrap: normal; word-break: normal" in style for style, _ in blocks)


@pytest.mark.parametrize("size", [(3, 2), (3, 5), (2, 40), (4, 3, 30)])
@pytest.mark.parametrize("number", [3, 12345, 0.123456789, -1.23456789e-30])
def test_tables_fit_into_a_narrow_notebook(size: tuple[int, ...], number: float) -> None:
    expected = torch.full(size, number)
    got = expected.clone()
    got[..., -1] *= 2
    title, body = got_and_expected(Pair(expected, got, 0.0), "result")
    assert max(map(len, body.splitlines())) <= TABLE_WIDTH
    assert "*" in body
    if "below" in title:
        entries = [line for line in body.splitlines() if "row" in line]
        assert all(line.split()[2] == "got" for line in entries)
        assert body.count("expected") == len(entries)
    if size[-1] == 40:
        assert re.search(r"columns \d+ to 39 of 40", title)


def test_a_wide_table_has_expected_below_got() -> None:
    expected = torch.tensor([[0.5, -0.123456, 100.5, 2.25, 3.0]])
    got = expected.clone()
    got[0, 1] = 0.123457
    title, body = got_and_expected(Pair(expected, got, 0.0), "result")
    assert title == "Got, with expected below it, wrong ones with a star: result"
    assert [line.split() for line in body.splitlines()] == [
        ["column", "0", "1", "2", "3", "4"],
        ["row", "0", "got", "0.5", "0.1235*", "100.5", "2.25", "3"],
        ["expected", "0.5", "-0.1235", "100.5", "2.25", "3"],
    ]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda: torch.manual_seed(0), "Your function seeds torch (torch.manual_seed)"),
        (lambda: torch.set_default_dtype(torch.float64), "Your function changes torch's default dtype"),
        (lambda: torch.set_grad_enabled(False), "leaves torch's recording of gradients switched off"),
    ],
)
def test_costs_that_no_docstring_names_are_told(function: Callable[[], Any], said: str) -> None:
    def spoiling(queue: Tensor, pointer: int, keys: Tensor) -> int:
        function()
        return int(reference("moco.enqueue")(queue, pointer, keys))

    result = run(spoiling, "moco.enqueue")
    # The visible check of what is left alone fails as well.
    assert result.status == "wrong"
    for text in (str(result), result._repr_html_().replace("&#x27;", "'")):
        assert said in text
        assert "costs points" in text
    assert run(reference("moco.enqueue"), "moco.enqueue").costs == ()


def test_what_costs_points_is_not_called_right() -> None:
    """The check that asks for torch's settings is hidden here: all visible ones pass."""

    def seeding(images: Tensor) -> Any:
        torch.manual_seed(0)
        return reference("pretext.rotate_batch")(images)

    def seeding_and_more(images: Tensor) -> Any:
        torch.set_default_dtype(torch.float64)
        return seeding(images)

    for function, headline in (
        (seeding, "right but for one thing that costs points, 3 of 3 visible checks passed"),
        (seeding_and_more, "right but for 2 things that cost points, 3 of 3 visible checks passed"),
    ):
        result = run(function, "pretext.rotate_batch")
        lines = str(result).splitlines()
        assert lines[0] == f"pretext.rotate_batch: {headline}"
        # What the headline speaks of comes next, once, and not as something right.
        assert lines[1].startswith("  Your function ")
        assert str(result).count("Your function seeds torch") == 1
        assert result._repr_html_().count("Your function seeds torch") == 1
        assert result._repr_html_().startswith('<div style="border-left: 4px solid #B34700')
        assert "right so far" not in str(result)
    assert "what costs points is said above" in str(run(seeding, "pretext.rotate_batch", 2))


def test_one_value_for_several_is_told_as_such() -> None:
    text = str(run(lambda images: images, "pretext.rotate_batch"))
    assert "first returned value is missing: one tensor came back, and not 2 values" in text
    text = str(run(lambda images: None, "pretext.rotate_batch"))
    assert "first returned value is missing: None came back: is a return missing?" in text


def test_what_hidden_checks_look_at_may_be_missing() -> None:
    right = replace(run(reference("moco.enqueue"), "moco.enqueue"), hidden=())
    assert "Hidden checks also look at: other values and sizes." in str(right)


# --- colours ----------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, bright = sorted(map(luminance, (one, other)))
    return (bright + 0.05) / (dark + 0.05)


def test_marks_can_be_read_in_every_theme() -> None:
    """The words stand on a ground of their own, so that it's no matter what the theme has behind them."""
    html = run(OVERFLOW, "moco.enqueue")._repr_html_()
    marks = re.findall(r'<span style="background: (#\w+); color: (#\w+);[^"]*">([^<]*)</span>', html)
    assert {word for *_, word in marks} == {"✓ passed", "✗ failed"}
    assert all(contrast(ground, word) >= 4.5 for ground, word, _ in marks)
    # Nothing else sets a colour of its own for words.
    assert set(re.findall(r"[^-]color: ([^;\"]+)", html)) <= {"#FFFFFF", "inherit"}
    for one, other in itertools.combinations(present._COLOURS.values(), 2):
        assert one != other
    assert all(contrast(ground, present._ON_COLOUR) >= 4.5 for ground in present._COLOURS.values())


# --- cases as code ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "line"),
    [
        (Input(torch.arange(9.0).reshape(1, 1, 3, 3)), "x = torch.arange(9.).reshape(1, 1, 3, 3)"),
        (Input(torch.arange(3, 7)), "x = torch.arange(3, 7)"),
        (Input(torch.tensor([[10.0, 11.0], [12.0, 0.5]])), "x = torch.tensor([[10., 11.], [12., 0.5]])"),
        (Input(torch.tensor([10, 12, 11])), "x = torch.tensor([10, 12, 11])"),
        (Input(torch.tensor([1.0]), wants_grad=True), "x = torch.tensor([1.]).requires_grad_()"),
        (Input(torch.tensor([0.1234567])), "x = torch.tensor([0.1234567])"),
        (Input(torch.tensor([1e-9, 1 / 3])), "x = torch.tensor([1e-09, 0.33333334])"),
        (Input(torch.tensor([0.2, -0.75])), "x = torch.tensor([0.2, -0.75])"),
        (Input(torch.tensor([True, False])), "x = torch.tensor([True, False])"),
        (Input(torch.tensor(2.0)), "x = torch.tensor(2.)"),
        (Input(torch.zeros(2, 0)), "x = torch.tensor([]).reshape(2, 0)"),
        (Input(torch.tensor([1.0, float("inf")])), "x = torch.tensor([1., float('inf')])"),
        (
            Input(torch.tensor([1.5, 2.0], dtype=torch.float64)),
            "x = torch.tensor([1.5, 2.], dtype=torch.float64)",
        ),
        (Input(torch.tensor([7, 1], dtype=torch.uint8)), "x = torch.tensor([7, 1], dtype=torch.uint8)"),
        (
            Input(torch.ones(1, 2), contiguous=False),
            "x = torch.tensor([[1., 1.]])  # not contiguous in memory",
        ),
        (0.2, "x = 0.2"),
        ((3, 4), "x = (3, 4)"),
    ],
)
def test_a_case_is_code_that_gives_it_back(value: Any, line: str) -> None:
    assert argument_as_code("x", value) == line
    names: dict[str, Any] = {"torch": torch}
    exec(line, names)
    if isinstance(value, Input):
        made = names["x"]
        assert (made.dtype, made.shape, made.requires_grad) == (
            value.tensor.dtype,
            value.tensor.shape,
            value.wants_grad,
        )
        assert torch.equal(made.detach(), value.tensor)


def test_a_module_of_equal_entries_is_shown_with_them() -> None:
    from course_utils.checks import Module

    state = {"0.weight": torch.ones(2, 3), "0.bias": torch.ones(2)}
    assert present._argument(Module("mlp", {}, state)) == (
        "a module (mlp) with 2 parameters and buffers, every entry 1"
    )
    assert present._argument(Module("mlp", {}, {"0.weight": torch.arange(3.0)})).endswith("buffers")


def test_without_a_name_a_structural_fact_is_the_hint() -> None:
    rotate = reference("pretext.rotate_batch")
    text = str(run(lambda images: (3 * rotate(images)[0], rotate(images)[1]), "pretext.rotate_batch", 2))
    assert text.splitlines()[1:3] == ["  Hint", "      First returned value is 3 times too large everywhere."]
