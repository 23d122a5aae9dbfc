from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support import turns


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
    monkeypatch.delenv(turns.VARIABLE, raising=False)
    assert turns.due("moco")
    assert turns.due("video")
    monkeypatch.setenv(turns.VARIABLE, "1")
    assert turns.due("moco")
    assert not turns.due("video")
