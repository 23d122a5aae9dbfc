"""A disabled exercise is shown solved, is graded nowhere, and keeps nothing else from being released."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from msgspec.structs import replace

from autograder.course.config import load_course
from autograder.course.trial import judge_function
from autograder.course.units import load_unit, unit_ids
from autograder.errors import UserError
from autograder.publish.build import build_course, generate_releases
from autograder.publish.notebook_maker import make_notebook
from autograder.publish.notebook_source import read_notebook_source
from autograder.publish.release import refuse_leaks
from autograder.publish.stub import solved_cell, telling_lines
from autograder.publish.verify import verify_release, verify_unit
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.judge import CORRECT
from course_utils.slices.names import cell_id, check_cell_id
from tests.support import ROOT
from tests.support.tiny import make_course

UNITS = {unit: load_unit(ROOT, unit) for unit in unit_ids(ROOT)}
EXERCISES = [id_ for unit in UNITS.values() for id_ in unit.folders]


@pytest.mark.parametrize("id_", EXERCISES)
def test_any_exercise_can_be_disabled(id_: str, tmp_path: Path) -> None:
    course = replace(load_course(ROOT), disabled=(id_,))
    unit = UNITS[id_.split(".")[0]]
    source = read_notebook_source(unit.notebook)
    place = Path(unit.id) / f"{unit.id}.ipynb"
    (tmp_path / "source" / unit.id).mkdir(parents=True)
    nbformat.write(make_notebook(unit, source, course), tmp_path / "source" / place)
    generate_releases(tmp_path, [unit.id])
    release = nbformat.read(tmp_path / "assignments" / place, as_version=4)
    verify_release(unit, source, release, course)
    refuse_leaks(tmp_path / "assignments", [unit], course)

    cells = {cell.metadata.get("course", {}).get("id"): cell for cell in release.cells}
    shown = cells[cell_id(id_)]
    assert "nbgrader" not in shown.metadata
    assert check_cell_id(id_) not in {cell.id for cell in release.cells}
    heading = release.cells[release.cells.index(shown) - 1]
    assert "*Solved here, not graded.*" in heading.source
    # What stands below and needs the function finds it, and finds a right one.
    names: dict[str, Any] = {}
    exec("\n".join(unit.prelude.values()), names)
    exec(shown.source, names)
    exercise = unit.exercises[id_]
    prepared = exercise.prepare(PUBLIC_SECRET, visible_only=True)
    assert judge_function(prepared, names[exercise.name]).status == CORRECT
    stubs = [item for item in unit.folders if item != id_]
    assert [f'raise NotImplementedError("{item}")' in str(release) for item in stubs] == [True] * len(stubs)


def test_what_is_not_shown_stays_secret(tmp_path: Path) -> None:
    course = replace(load_course(ROOT), disabled=("simclr.nt_xent",))
    exercises = UNITS["simclr"].exercises
    solution = max(telling_lines(solved_cell(exercises["simclr.info_nce"].reference)), key=len)
    for secret in (exercises["simclr.nt_xent"].misconceptions[0].idea, solution):
        (tmp_path / "README.md").write_text(secret)
        with pytest.raises(UserError, match="would give these away"):
            refuse_leaks(tmp_path, [UNITS["simclr"]], course)


def test_checks_of_a_disabled_exercise_are_not_asked(tmp_path: Path) -> None:
    """They may be the reason for which it is disabled."""
    broken = ("clear/checks.py", "draw.normal(3, 2)", "draw.nrml(3, 2)")
    disabled = ("course.toml", 'sandbox = "restricted"\n', 'disabled = ["tiny.clear"]\n')
    root = make_course(tmp_path, broken, disabled)
    build_course(root)
    unit = load_unit(root, "tiny")
    with pytest.raises(UserError, match="cannot be drawn"):
        verify_unit(unit, read_notebook_source(unit.notebook), replace(load_course(root), disabled=()))


def test_a_disabled_exercise_needs_no_cell(tmp_path: Path) -> None:
    cell = '```python exercise="tiny.clear" minutes=10 difficulty="moderate"\n```\n'
    disabled = ("course.toml", 'sandbox = "restricted"\n', 'disabled = ["tiny.clear"]\n')
    root = make_course(tmp_path, ("notebook.md", cell, ""), disabled)
    build_course(root)
    assert "clear(values" not in (root / "assignments/tiny/tiny.ipynb").read_text()


def test_a_unit_of_disabled_exercises(tmp_path: Path) -> None:
    disabled = ("course.toml", 'sandbox = "restricted"\n', 'disabled = ["tiny.clear", "tiny.scale"]\n')
    root = make_course(tmp_path, disabled)
    build_course(root)
    build_course(root, check=True)
    assert "2 points" in (root / "assignments/tiny/tiny.ipynb").read_text()
