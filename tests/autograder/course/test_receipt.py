"""A receipt holds as long as nothing that it depends on has changed, and tells when somebody edited it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.course import dependencies, receipt
from autograder.course.exercises import Exercise
from autograder.course.receipt import Counts, Freshness
from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.publish.build import build_course
from tests.support import ROOT
from tests.support.tiny import make_course

FOUND = Counts(
    ideas=4,
    others=1,
    mutants=9,
    equivalents=0,
    faults=3,
    killed=17,
    named=1.0,
    pairs=10,
    pairs_impossible=3,
    pairs_named=9,
    pairs_wrong=0,
    slips=4,
    slips_told=4,
    bare=0,
    right_named=0,
    visible_kills=0.8,
    trivial=6,
    trivial_paid=0,
    right=2,
    accepted=2,
    flakes=0,
    honest_error=0.1,
    smallest_fault=None,
    oracle_asked=4,
    oracle_caught=4,
    draws=("exact zeros",),
    longest_side=16,
)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    root = make_course(tmp_path)
    for exercise in load_unit(root, "tiny").exercises.values():
        receipt.write_receipt(exercise, 10, FOUND, 200)
    return root


def exercise(root: Path, name: str = "tiny.scale") -> Exercise:
    return load_unit(root, "tiny").exercises[name]


def test_what_was_written_is_read(course: Path) -> None:
    read = receipt.read_receipt(exercise(course))
    assert read is not None
    assert (read.found, read.seeds, read.seeds_since) == (FOUND, 200, 200)
    assert read.versions.keys() == {"torch", "numpy"}
    assert "+" not in read.versions["torch"]
    assert receipt.freshness(exercise(course), 10) is Freshness.FRESH


@pytest.mark.parametrize(
    ("file", "stale"),
    [
        ("scale/reference.py", {"tiny.scale"}),
        ("scale/checks.py", {"tiny.scale"}),
        ("scale/wrong.py", {"tiny.scale"}),
        ("scale/right.py", {"tiny.scale"}),
        ("scale/test_reference.py", {"tiny.scale"}),
        ("clear/wrong.py", {"tiny.clear"}),
        ("shared.py", {"tiny.scale", "tiny.clear"}),
        ("notebook.md", set()),
        ("scale/equivalents.toml", {"tiny.scale"}),
    ],
)
def test_a_changed_file_makes_its_exercise_stale(course: Path, file: str, stale: set[str]) -> None:
    with (course / "solutions/tiny" / file).open("a") as opened:
        opened.write("\n# A remark.\n")
    found = {name: receipt.freshness(item, 10) for name, item in load_unit(course, "tiny").exercises.items()}
    assert {name for name, state in found.items() if state is Freshness.STALE} == stale


def test_an_override_is_what_counts(course: Path) -> None:
    override = course / "course/tiny/scale/wrong.py"
    override.parent.mkdir(parents=True)
    override.write_text((course / "solutions/tiny/scale/wrong.py").read_text() + "# Ours.\n")
    assert receipt.freshness(exercise(course), 10) is Freshness.STALE


def test_other_minutes_may_ask_for_more(course: Path) -> None:
    assert receipt.freshness(exercise(course), 20) is Freshness.STALE


def test_judging_code_and_versions_make_all_stale_a_little(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt, "versions", lambda: {"torch": "9.9.9", "numpy": "9.9.9"})
    assert receipt.freshness(exercise(course), 10) is Freshness.JUDGING_CHANGED
    receipt.write_receipt(exercise(course), 10, FOUND, 24)
    read = receipt.read_receipt(exercise(course))
    assert read is not None
    assert (read.seeds, read.seeds_since) == (200, 24)
    monkeypatch.setattr(receipt, "judging_sha256", lambda: "another")
    assert receipt.freshness(exercise(course), 10) is Freshness.JUDGING_CHANGED


def test_a_receipt_from_before_a_change_vouches_for_no_seeds(course: Path) -> None:
    path = course / "solutions/tiny/scale/reference.py"
    path.write_text(path.read_text() + "# Changed.\n")
    receipt.write_receipt(exercise(course), 10, FOUND, 24)
    read = receipt.read_receipt(exercise(course))
    assert read is not None
    assert read.seeds == 24


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            lambda text: text.replace('"killed": 17', '"killed": 18'),
            "line 43: the receipt was edited by hand",
        ),
        (lambda text: text.replace("tiny.scale", "tiny.clear"), "line 43: the receipt was edited by hand"),
        (lambda text: text.replace('"seeds": 200', '"seeds": "200"'), "line 1: is no receipt"),
        (lambda text: text[:50], "line 1: is no receipt"),
        (lambda text: text.replace('"format": 2', '"format": 3'), "line 43: the receipt was edited by hand"),
        (lambda text: text.replace('"format": 2', '"format": "2"'), "line 1: is no receipt"),
    ],
)
def test_an_edited_receipt_is_refused_by_the_build(
    course: Path, edit: Callable[[str], str], said: str
) -> None:
    path = course / "solutions/tiny/scale/receipt.json"
    path.write_text(edit(path.read_text()))
    with pytest.raises(UserError) as error:
        build_course(course)
    assert f"{path}, {said}" in str(error.value)
    assert "run `autograder checks tiny.scale`, which writes it anew" in str(error.value)


def test_a_receipt_of_an_older_format_is_none(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt, "_FORMAT", 3)
    path = course / "solutions/tiny/scale/receipt.json"
    path.write_text(json.dumps({"format": 1, "something": "else"}))
    assert receipt.read_receipt(exercise(course)) is None
    assert receipt.freshness(exercise(course), 10) is Freshness.STALE


def test_one_of_too_few_seeds_is_stale(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt, "SEEDS_SINCE", 201)
    assert receipt.freshness(exercise(course), 10) is Freshness.JUDGING_CHANGED
    monkeypatch.setattr(receipt, "SEEDS", 201)
    assert receipt.freshness(exercise(course), 10) is Freshness.STALE


@pytest.mark.parametrize("file", ["scale/reference.py", "scale/checks.py", "scale/right.py", "shared.py"])
def test_the_receipt_of_a_course_that_overrides_a_file_is_its_own(course: Path, file: str) -> None:
    shipped = course / "solutions/tiny/scale/receipt.json"
    before = shipped.read_bytes()
    override = course / "course/tiny" / file
    override.parent.mkdir(parents=True)
    there = course / "solutions/tiny" / file
    override.write_text((there.read_text() if there.is_file() else "") + "# Ours.\n")
    written = receipt.write_receipt(exercise(course), 10, FOUND, 200)
    assert written == course / "course/tiny/scale/receipt.json"
    assert shipped.read_bytes() == before
    assert receipt.freshness(exercise(course), 10) is Freshness.FRESH
    override.unlink()
    written.unlink()
    assert receipt.freshness(exercise(course), 10) is Freshness.FRESH


# --- what it depends on -------------------------------------------------------------------------------------------


def test_judging_code_is_what_is_imported_and_nothing_that_is_generated() -> None:
    modules = dependencies._judging_modules()
    assert {
        "course_utils.checks.judge",
        "course_utils.checks.observe",
        "autograder.quality.mutation",
        "autograder.quality.run",
        # Imported with the package, and inside a function.
        "course_utils.checks.standard",
    } <= modules
    assert not {name for name in modules if name.startswith("course_utils.student")}
    assert not {"course_utils.plot", "course_utils.train", "course_utils.models", "autograder.cli"} & modules


def test_the_named_models_are_an_exercises_own() -> None:
    exercises = load_unit(ROOT, "moco").exercises
    assert dependencies._models(exercises["moco.momentum_update"]) == {"tiny_encoder", "nested_encoder"}
    assert dependencies._models(exercises["moco.enqueue"]) == set()
    source = dependencies._model("tiny_encoder")
    assert "def tiny_encoder" in source
    assert "class SmallResNet" not in source
    assert "def _conv" in dependencies._model("convnet")


def test_what_makes_the_named_models_is_judging_code(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = dependencies._path("course_utils.models")
    changed = course / "models.py"
    monkeypatch.setattr(
        dependencies,
        "_path",
        lambda name, there=dependencies._path: changed if name == "course_utils.models" else there(name),
    )
    hashes = []
    for before, after in (
        ("", ""),
        ("def build(name: str", "def build(kind: str"),
        ("def _conv", "def _other() -> None: ...\n\n\ndef _conv"),
    ):
        changed.write_text(real.read_text().replace(before, after) if before else real.read_text())
        dependencies._definition.cache_clear()
        dependencies.judging_sha256.cache_clear()
        hashes.append(dependencies.judging_sha256())
    dependencies._definition.cache_clear()
    dependencies.judging_sha256.cache_clear()
    assert hashes[1] != hashes[0] == hashes[2]


@pytest.mark.parametrize("where", ["at the top", "in the function"])
def test_a_module_that_the_reference_imports_counts(
    course: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    path = course / "solutions/tiny/scale/reference.py"
    text, line = path.read_text(), "import course_utils.augment\n"
    comment = "    # Comments of a reference"
    path.write_text(line + text if where == "at the top" else text.replace(comment, f"    {line}{comment}"))
    assert path.read_text() != text
    before = dependencies.exercise_sha256(exercise(course), 10)
    real = dependencies._path
    changed = course / "augment.py"
    changed.write_text(real("course_utils.augment").read_text() + "# Changed.\n")
    monkeypatch.setattr(
        dependencies, "_path", lambda name: changed if name == "course_utils.augment" else real(name)
    )
    assert dependencies.exercise_sha256(exercise(course), 10) != before
