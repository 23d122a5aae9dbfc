"""Cells that build on an exercise which isn't solved say so in a sentence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from course_utils.student import waiting
from course_utils.student.check import check_in

STUB = "def rotate_batch(images):\n    raise NotImplementedError('pretext.rotate_batch')\n"
WRONG = "def rotate_batch(images):\n    return images\n"


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    monkeypatch.setattr(waiting, "_last", {})
    monkeypatch.setattr(waiting, "_watched", set())
    made = InteractiveShell(colors="NoColor")
    waiting.watch(made)
    yield made
    made.set_custom_exc((), None)


def check(shell: InteractiveShell) -> None:
    waiting.remember(check_in(shell.user_ns, "pretext.rotate_batch"))


def said(shell: InteractiveShell, cell: str, capsys: pytest.CaptureFixture[str]) -> tuple[bool, str]:
    """Whether it ended in an exception, and what was shown."""
    capsys.readouterr()
    result = shell.run_cell(cell, store_history=True)
    return result.error_in_exec is not None, capsys.readouterr().out


def test_a_stub_is_one_sentence_and_still_an_exception(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(STUB, store_history=True)
    failed, text = said(shell, "turned, turns = rotate_batch(1)", capsys)
    assert failed
    assert text.strip() == (
        "This cell waits for the exercise pretext.rotate_batch: its function isn't written yet. Write it, run its cell, "
        "and then run this one again."
    )
    # What another code raises is shown as ever.
    failed, text = said(shell, "raise NotImplementedError('in a library')", capsys)
    assert "Traceback" in text
    assert "waits" not in text


def test_what_follows_from_it_says_so_too(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(STUB, store_history=True)
    check(shell)
    shell.run_cell("turned, turns = rotate_batch(1)", store_history=True)
    _, text = said(shell, "print(turns)", capsys)
    assert "NameError" in text
    assert "This cell uses rotate_batch, which isn't written yet: it waits for the exercise" in text


def test_a_wrong_answer_is_named_below_the_traceback(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell(WRONG + "def step(batch):\n    a, b, c, d = rotate_batch(batch)\n", store_history=True)
    check(shell)
    _, text = said(shell, "step([1])", capsys)
    assert "ValueError" in text
    assert "This cell uses rotate_batch, of which 0 of 3 visible checks pass" in text.splitlines()[-1]
    _, text = said(shell, "1 / 0", capsys)
    assert "rotate_batch" not in text


def test_a_right_answer_is_not_blamed(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    shell.run_cell(
        "import torch\ndef rotate_batch(images):\n    parts = [torch.rot90(images, k, (2, 3)) for k in range(4)]\n"
        "    return torch.stack(parts, 1).flatten(0, 1), torch.arange(4).repeat(len(images))\n"
    )
    check(shell)
    _, text = said(shell, "rotate_batch(torch.zeros(2, 3, 4, 4))[5]", capsys)
    assert "IndexError" in text
    assert "waits" not in text


def test_another_way_to_show_exceptions_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_watched", set())
    made = InteractiveShell()
    made.set_custom_exc((ValueError,), lambda *arguments, **options: None)
    waiting.watch(made)
    assert made.custom_exceptions == (ValueError,)
    waiting.watch(object())  # a shell of another kind does no harm


@pytest.mark.parametrize(
    "error", [NotImplementedError(), NotImplementedError("moco.nope"), ValueError("moco.enqueue")]
)
def test_only_stubs_are_stubs(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_last", {})
    names: dict[str, Any] = {}
    assert waiting.waits_for(error, "f()", names) == ""
