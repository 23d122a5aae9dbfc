from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support import schedule, turns


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def test_what_a_merge_brings_is_due(tmp_path: Path) -> None:
    assert turns.changed_since_the_parent(tmp_path) == []
    git(tmp_path, "init", "-b", "main")
    for number, name in enumerate(("moco", "video", "simclr")):
        (tmp_path / f"solutions/{name}").mkdir(parents=True)
        (tmp_path / f"solutions/{name}/notebook.md").write_text("text")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-m", name)
        if not number:
            assert turns.changed_since_the_parent(tmp_path) == []
            git(tmp_path, "switch", "-c", "branch")
    git(tmp_path, "switch", "main")
    git(tmp_path, "merge", "--no-ff", "branch")
    changed = turns.changed_since_the_parent(tmp_path)
    assert sorted(changed) == ["solutions/simclr/notebook.md", "solutions/video/notebook.md"]
    assert turns.touched([*changed, "README.md"], ["moco", "simclr", "video"]) == {"simclr", "video"}


def test_everything_is_due_unless_ci_asks_for_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_due", lambda: frozenset({"moco"}))
    monkeypatch.setattr(turns, "receipt_fits", lambda: True)
    monkeypatch.delenv(turns.VARIABLE, raising=False)
    assert turns.due("moco")
    assert turns.due("video")
    monkeypatch.setenv(turns.VARIABLE, "1")
    assert turns.due("moco")
    assert not turns.due("video")


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a tool, an exercise and a receipt, in which tests take turns."""
    for name in (
        "autograder/grader.py",
        "solutions/moco/enqueue/reference.py",
        "tests/test_a.py",
        "README.md",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("text")
    git(tmp_path, "init", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    monkeypatch.setattr(turns, "ROOT", tmp_path)
    monkeypatch.setattr(turns, "RECEIPT", tmp_path / "tests/receipt.json")
    monkeypatch.setattr(turns, "receipt_fits", turns.receipt_fits.__wrapped__)
    monkeypatch.setenv(turns.VARIABLE, "1")
    turns.write_receipt()
    return tmp_path


WAITING = [f"tests/autograder/cli/test_{file}.py::{name}" for file in ("resume", "cli") for name in "ab"]
WAITING += [f"tests/attacks/test_attacks_{number}.py::a" for number in range(4)]
ALWAYS = [
    "tests/autograder/sandbox/test_isolation.py::a",
    "tests/test_house.py::a",
    "tests/autograder/cli/test_new.py::a",
]


def test_slow_tests_wait_for_their_turn_while_the_receipt_fits(tool: Path) -> None:
    assert turns.receipt_fits()
    seen = set()
    for number in range(12):
        git(tool, "commit", "--allow-empty", "-m", str(number))
        due = {*ALWAYS, *WAITING} - turns.waiting([*ALWAYS, *WAITING])
        assert due >= set(ALWAYS)
        files = {nodeid.partition("::")[0] for nodeid in due - set(ALWAYS)}
        assert len(files) == 2, "a third of six"
        assert due == {*ALWAYS, *(nodeid for nodeid in WAITING if nodeid.partition("::")[0] in files)}
        seen |= files
    assert len(seen) == 6


@pytest.mark.parametrize(
    ("changed", "fits"),
    [
        ("solutions/moco/enqueue/reference.py", True),
        ("README.md", True),
        ("autograder/grader.py", False),
        ("tests/test_a.py", False),
        ("tests/test_new.py", False),
    ],
)
def test_a_change_of_the_tool_makes_all_due(tool: Path, changed: str, fits: bool) -> None:
    (tool / changed).write_text("other text")
    assert turns.receipt_fits() is fits
    if not fits:
        assert not turns.waiting([*ALWAYS, *WAITING])
        assert turns.due("moco")


def test_other_versions_make_all_due(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "versions", lambda: {"torch": "9.9.9"})
    assert not turns.receipt_fits()


def test_nobody_waits_where_tests_take_no_turns(tool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(turns.VARIABLE, "0")
    assert not turns.waiting(WAITING)


def test_all_that_may_wait_are_slow_tests_of_the_tool() -> None:
    assert not [
        place for place in schedule.WAITS if "sandbox" in place or "nbgrader" in place or "report" in place
    ]
    assert not any(place.startswith(turns.CONTENT) for place in schedule.WAITS)
