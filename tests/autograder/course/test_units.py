"""Units and exercises as their folders hold them. What the checks of each are worth is asked by `autograder checks`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from autograder.course.sources import standalone_source
from autograder.course.units import load_unit, unit_ids
from autograder.errors import UserError
from course_utils.checks.judge import CORRECT, judge
from course_utils.checks.observe import observe
from tests.support import ROOT
from tests.support.tiny import make_course


def test_the_core_is_there() -> None:
    core = {
        "pretext.rotate_batch", "simclr.nt_xent", "moco.moco_logits", "moco.momentum_update", "moco.enqueue",
        "video.colorization_attention", "video.copy_colors",
    }  # fmt: skip
    assert core <= {id_ for unit in unit_ids(ROOT) for id_ in load_unit(ROOT, unit).exercises}


@pytest.mark.parametrize("unit", unit_ids(ROOT))
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_references_are_correct_on_cuda(unit: str) -> None:
    for id_, exercise in load_unit(ROOT, unit).exercises.items():
        prepared = exercise.prepare(b"secret")
        seen = {
            c.id: [observe(exercise.reference, case, "cuda") for case in c.cases] for c in prepared.checks
        }
        assert judge(prepared, seen, "cuda").status == CORRECT, id_


def test_hidden_cases_depend_on_the_secret() -> None:
    for exercise in load_unit(ROOT, "moco").exercises.values():
        for check in exercise.checks:
            assert check.seed(b"one") != check.seed(b"another")
            assert check.seed(b"one") == check.seed(b"one")


def test_unknown_unit_names_those_there_are() -> None:
    with pytest.raises(UserError, match="unknown unit 'mocco': there are .*moco"):
        load_unit(ROOT, "mocco")


def test_a_course_overrides_one_file(tmp_path: Path) -> None:
    (tmp_path / "solutions").symlink_to(ROOT / "solutions")
    override = tmp_path / "course" / "moco" / "enqueue" / "checks.py"
    override.parent.mkdir(parents=True)
    text = (ROOT / "solutions/moco/enqueue/checks.py").read_text()
    override.write_text(text.replace("points=2,", "points=3,"))
    unit = load_unit(tmp_path, "moco")
    files = unit.folders["moco.enqueue"]
    assert files["checks.py"] == override
    assert files["reference.py"] == tmp_path / "solutions/moco/enqueue/reference.py"
    assert unit.overrides == (override,)
    ours = load_unit(ROOT, "moco").exercises["moco.enqueue"]
    assert unit.exercises["moco.enqueue"].points == ours.points + 1


@pytest.mark.parametrize("unit", unit_ids(ROOT))
def test_tables_list_exercises_as_the_notebook_does(unit: str) -> None:
    loaded = load_unit(ROOT, unit)
    text = loaded.notebook.read_text(encoding="utf-8")
    assert list(loaded.exercises) == re.findall(r'^```python exercise="([\w.]+)"', text, re.MULTILINE)


def test_two_courses_side_by_side_do_not_mix(tmp_path: Path) -> None:
    """Both have modules of the same names; a slip of the one must not be made of the other's reference."""
    one = load_unit(make_course(tmp_path / "one"), "tiny")
    other = load_unit(
        make_course(tmp_path / "other", ("reference.py", "0.25 *", "0.5 *"), ("wrong.py", "0.25", "0.5")),
        "tiny",
    )
    values = torch.zeros(1)
    for unit, lifted in ((one, 0.25), (other, 0.5), (one, 0.25)):
        exercise = unit.exercises["tiny.scale"]
        assert exercise.reference(values, 1.0).item() == lifted


def test_wrong_answers_with_and_without_a_name(tmp_path: Path) -> None:
    exercise = load_unit(make_course(tmp_path), "tiny").exercises["tiny.scale"]
    assert [item.id for item in exercise.misconceptions] == [
        "divided",
        "not-lifted",
        "all-multiplied",
        "lowered",
    ]
    assert [item.id for item in exercise.wrong_answers] == ["lifted-by-a-half"]
    assert [item.id for item in exercise.right_answers] == ["one-number"]
    slip = exercise.misconceptions[-1]
    assert slip.function(torch.ones(1), 2.0).item() == 1.75
    assert exercise.place(slip) == f"{exercise.files['wrong.py']}, line 24"
    assert "factor - 0.25" in standalone_source(slip.function)


@pytest.mark.parametrize("part", ["no-such-idea", "made-of-others"])
def test_an_idea_is_made_of_others_of_its_bank(tmp_path: Path, part: str) -> None:
    root = make_course(tmp_path)
    path = root / "solutions/tiny/scale/wrong.py"
    text = path.read_text()
    path.write_text(
        f'{text}\n\n@misconception(hint="Which?", of=("divided", "{part}"))\ndef made_of_others(values, factor):\n'
        '    """Two at once."""\n    return values\n'
    )
    line = len(text.splitlines()) + 3
    with pytest.raises(UserError, match=rf"wrong\.py, line {line}: 'made-of-others' is made of '{part}'"):
        _ = load_unit(root, "tiny").exercises["tiny.scale"]


def test_a_shared_module_is_the_units_own(tmp_path: Path) -> None:
    root = make_course(
        tmp_path,
        (
            "scale/checks.py",
            "from course_utils.checks import Case",
            "from solutions.tiny.shared import ROWS\nfrom course_utils.checks import Case",
        ),
        ("scale/checks.py", "return _scale(draw, 2)", "return _scale(draw, ROWS)"),
    )
    (root / "solutions/tiny/shared.py").write_text("ROWS = 7\n")
    exercise = load_unit(root, "tiny").exercises["tiny.scale"]
    (case,) = exercise.checks[0].draw(b"key")
    assert case.inputs["values"].tensor.shape[0] == 7
    assert exercise.files["shared.py"] == root / "solutions/tiny/shared.py"
