"""Code that is handed in beside a notebook which imports or runs it."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path

import pytest

from autograder.intake import beside
from autograder.intake.collect import collect
from autograder.intake.submission import Submission
from autograder.intake.tree import Entry
from autograder.nbgrader.choosing import chosen_file
from course_utils.slices.cells import Cell
from tests.support.notebooks import write

CELLS = [
    ("", "from helpers import g\n%run other.ipynb"),
    ("moco-enqueue", "def enqueue(x):\n    return g(x)"),
]
FILES = {
    "helpers.py": "from lib.more import K\nimport torch\ndef g(x):\n    return K\n",
    "lib/more.py": "K = 1\n",
    "torch.py": "raise ValueError\n",
    "unused.py": "x = 1\n",
    "notes.txt": "helpers",
}


def folder(place: Path, cells: list[tuple[str, str]] = CELLS, **more: str) -> Path:
    write(place / "moco.ipynb", cells)
    for name, text in {**FILES, **more}.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(text)
    other = {"cells": [{"cell_type": "code", "source": ["k = 1"], "outputs": ["x" * 10**6]}], "nbformat": 4}
    (place / "other.ipynb").write_text(json.dumps(other))
    return place


def one(path: Path) -> Submission:
    (found,) = collect([path], "moco")
    (read,) = found.read()
    assert isinstance(read, Submission), read
    return read


def of_class(place: Path) -> Submission:
    """The hand-in in the folder of one of several people."""
    write(place.parent / "zoe/moco.ipynb", CELLS)
    (read,) = [
        read
        for found in collect([place.parent], "moco")
        for read in found.read()
        if found.student == place.name
    ]
    assert isinstance(read, Submission), read
    return read


def test_what_is_imported_or_run_is_taken_along_from_folder_and_zip(tmp_path: Path) -> None:
    place = folder(tmp_path / "class/ada")
    read = one(tmp_path / "class")
    assert read.files.keys() == {"helpers.py", "lib/more.py", "other.ipynb"}
    assert read.files["helpers.py"] == FILES["helpers.py"]
    assert len(read.files["other.ipynb"]) < 1000
    with zipfile.ZipFile(tmp_path / "bob.zip", "w") as packed:
        for path in sorted(place.rglob("*.*")):
            packed.write(path, f"work/{path.relative_to(place)}")
    zipped = one(tmp_path / "bob.zip")
    assert zipped.files == read.files
    assert zipped.sha256 == read.sha256
    chosen = chosen_file(place, "moco", "ada")
    assert getattr(chosen, "submission").files == read.files  # noqa: B009


def test_the_fingerprint_is_of_all_files(tmp_path: Path) -> None:
    first = of_class(folder(tmp_path / "a/ada"))
    (tmp_path / "a/ada/lib/more.py").write_text("K = 2\n")
    assert of_class(tmp_path / "a/ada").sha256 != first.sha256
    (tmp_path / "a/ada/unused.py").write_text("x = 2\n")
    alone = of_class(folder(tmp_path / "b/ada", [("moco-enqueue", "def enqueue(x):\n    return x")]))
    assert alone.files == {}


def test_files_are_few_and_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder(tmp_path / "class/ada", **{"helpers.py": "x = 1\n" * 200_000})
    assert "helpers.py" not in of_class(place).files
    (place / "helpers.py").write_bytes(b"x = '\xff'")
    assert "helpers.py" not in of_class(place).files
    (place / "helpers.py").unlink()
    (place / "helpers.py").symlink_to(tmp_path / "elsewhere.py")
    (tmp_path / "elsewhere.py").write_text("x = 1")
    assert "helpers.py" not in of_class(place).files
    monkeypatch.setattr(beside, "_MOST_FILES", 1)
    assert len(of_class(place).files) == 1


def test_files_of_others_and_above_the_notebook_are_not_beside_it(tmp_path: Path) -> None:
    place = folder(tmp_path / "class/ada/work")
    (place / "helpers.py").rename(tmp_path / "class/ada/helpers.py")
    (tmp_path / "class/zoe").mkdir()
    (tmp_path / "class/zoe/helpers.py").write_text("x = 1")
    assert of_class(tmp_path / "class/ada").files.keys() == {"other.ipynb"}


def naming(count: int, source: str) -> Submission:
    cells = tuple(Cell(number, f"{source}  # {number}", frozenset()) for number in range(1, count + 1))
    return Submission(student="ada", unit="moco", path="moco.ipynb", sha256="0" * 64, cells=cells)


def test_each_file_is_read_once_and_few_bytes_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever names a file in each cell that is refused after it was read costs no more than with one cell."""
    read: list[str] = []
    kept = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or kept(path))
    files = {}
    for name in ("a.py", "b.py", "c.py"):
        (tmp_path / name).write_bytes(b"import d\nx = '\xff'")
        files[name] = Entry(parts=(name,), source=tmp_path / name, size=100)
    submission = naming(50, "import a, b, c")
    assert beside.with_files(submission, files) == submission
    assert read == ["a.py", "b.py", "c.py"]
    monkeypatch.setattr(beside, "_MOST_READ", 250)
    read.clear()
    beside.with_files(submission, files)
    assert read == ["a.py", "b.py"]


def test_many_files_that_nothing_names_take_no_time() -> None:
    files = {f"f{k}.py": Entry(parts=(f"f{k}.py",), source=Path("/nonexistent")) for k in range(5000)}
    began = time.perf_counter()
    beside.with_files(naming(100, "import g"), files)
    assert time.perf_counter() - began < 2
