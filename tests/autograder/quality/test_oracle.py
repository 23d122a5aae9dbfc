"""An oracle passes with the reference and fails with wrong values in its place; it imports nothing else of ours."""

from __future__ import annotations

from pathlib import Path

from autograder.course.exercises import Exercise
from autograder.course.units import load_unit
from autograder.quality import oracle
from course_utils.checks.definition import PUBLIC_SECRET
from tests.support.tiny import make_course


def scale(tmp_path: Path, *changes: tuple[str, str, str]) -> Exercise:
    return load_unit(make_course(tmp_path, *changes), "tiny").exercises["tiny.scale"]


def test_a_right_oracle(tmp_path: Path) -> None:
    found = oracle.try_oracle(scale(tmp_path))
    assert found == oracle.OracleTried(True, ("divided", "not-lifted", "all-multiplied", "lowered"), (), ())


def test_one_that_looks_at_nothing_is_survived_by_all(tmp_path: Path) -> None:
    found = oracle.try_oracle(scale(tmp_path, ("test_reference.py", "== [3.25, -5.75]", "")))
    assert found.passes
    assert found.survived == found.asked != ()


def test_one_that_fails_with_the_reference(tmp_path: Path) -> None:
    found = oracle.try_oracle(scale(tmp_path, ("test_reference.py", "3.25", "3.5")))
    assert not found.passes


def test_one_that_does_not_load(tmp_path: Path) -> None:
    assert not oracle.passes(scale(tmp_path, ("test_reference.py", "import torch", "import torhc")))


def test_what_it_imports_of_ours_is_named_with_its_line(tmp_path: Path) -> None:
    changes = ("test_reference.py", "import torch\n", "import torch\nfrom course_utils.checks import Case\n")
    assert oracle.try_oracle(scale(tmp_path, changes)).imports == ((2, "course_utils.checks"),)


def test_a_module_named_in_a_text_is_an_import_as_well(tmp_path: Path) -> None:
    line = 'import importlib\nright = importlib.import_module("solutions.tiny.scale.right")\n'
    changes = ("test_reference.py", "import torch\n", f"import torch\n{line}")
    assert oracle.try_oracle(scale(tmp_path, changes)).imports == ((3, "solutions.tiny.scale.right"),)


def test_ideas_whose_values_are_right_are_not_asked_for(tmp_path: Path) -> None:
    exercise = scale(
        tmp_path,
        (
            "scale/wrong.py",
            "    return values / factor + 0.25",
            "    return (values * factor + 0.25).detach()",
        ),
    )
    visible = exercise.prepare(PUBLIC_SECRET, visible_only=True)
    assert "divided" not in oracle.wrong_values(exercise, visible)
