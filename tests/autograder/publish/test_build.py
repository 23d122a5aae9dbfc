"""The pipeline on a tiny unit: what it makes, and what it refuses."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import msgspec
import nbformat
import pytest
import torch

from autograder.course.receipt import write_receipt
from autograder.course.units import load_unit
from autograder.errors import UserError
from autograder.publish.build import BuildResult, build_course
from autograder.publish.published import Published
from autograder.quality import standing
from autograder.quality.run import unready
from course_utils import shipped
from course_utils.checks.wire import pack_tensor, unpack_tensor
from tests.autograder.course.test_receipt import FOUND
from tests.support.tiny import NOTEBOOK, make_course

SOURCE = "source/tiny/tiny.ipynb"
RELEASE = "assignments/tiny/tiny.ipynb"
UNIT = "course_utils/shipped/tiny.json"
CLEAR, SCALE = (f"course_utils/shipped/tiny.{name}.msgpack.z" for name in ("clear", "scale"))
INDEX = "assignments/README.md"
BUILT = "source/.built/tiny.json"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny course, built."""
    root = make_course(tmp_path_factory.mktemp("course"))
    assert [str(path) for path in build_course(root).written] == [
        INDEX,
        RELEASE,
        CLEAR,
        UNIT,
        SCALE,
        BUILT,
        SOURCE,
    ]
    return root


def gone(root: Path, place: str) -> Path:
    """A notebook as the build made it of a unit that is no longer there."""
    made = nbformat.read(root / place.split("/")[0] / "tiny/tiny.ipynb", as_version=4)
    made.metadata.course.unit = Path(place).stem
    (root / place).parent.mkdir(exist_ok=True)
    nbformat.write(made, root / place)
    return root / place


def cells(path: Path) -> dict[str, Any]:
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def test_the_source_notebook_is_solved(course: Path) -> None:
    found = cells(course / SOURCE)
    assert found["tiny-scale"].source == (
        "def scale(values: Tensor, factor: float) -> Tensor:\n"
        '    """Multiply all values by a factor and lift them by a quarter.\n\n'
        "    Args:\n        values: of any shape.\n        factor: any number.\n"
        '    """\n'
        "    ### BEGIN SOLUTION\n"
        "    # Comments of a reference belong to its solution.\n"
        "    lifted = values * factor + 0.25 * torch.ones_like(values)\n"
        "    return lifted\n"
        "    ### END SOLUTION\n"
        '    raise NotImplementedError("tiny.scale")'
    )
    assert "sub_(torch.ones_like(values))\n    return\n    ### END" in found["tiny-clear"].source
    assert "Edit `solutions/tiny` instead" in next(iter(found.values())).source


def test_the_solved_source_runs(course: Path) -> None:
    names: dict[str, Any] = {}
    for cell in nbformat.read(course / SOURCE, as_version=4).cells:
        if cell.cell_type == "code" and "cu.check" not in cell.source:
            exec(cell.source, names)
    assert names["scale"](names["torch"].ones(1), 2.0).item() == 2.25
    values = names["torch"].ones(2)
    assert names["clear"](values) is None
    assert values.tolist() == [-1.0, -1.0]


def test_the_release_notebook_is_a_stub(course: Path) -> None:
    found = cells(course / RELEASE)
    text = (course / RELEASE).read_text()
    for secret in (
        "lifted = values",
        "BEGIN SOLUTION",
        "model answer",
        "Generated",
        "Comments of a reference",
    ):
        assert secret not in text
    assert found["tiny-clear"].source.splitlines()[-1] == '    raise NotImplementedError("tiny.clear")'
    compile(found["tiny-clear"].source, "cell", "exec")
    assert found["tiny-scale-check"].source == 'cu.check("tiny.scale")'
    assert found["tiny-scale-check"].metadata.editable is False
    grader = found["tiny-scale-check"].metadata.nbgrader
    assert (grader.grade, grader.locked, grader.solution, grader.points) == (True, True, False, 3.0)
    answer = found["tiny-q1"]
    assert (answer.cell_type, answer.metadata.nbgrader.grade, answer.metadata.nbgrader.solution) == (
        "markdown",
        True,
        True,
    )
    assert "Your answer" in answer.source
    assert found["tiny-scale"].metadata.course == {"exercise": "tiny.scale"}


def test_headers_say_points_minutes_and_difficulty(course: Path) -> None:
    text = "\n".join(cell.source for cell in cells(course / RELEASE).values())
    assert "### Exercise 1: `scale`\n\n*3 points · about 5 minutes · easy*" in text
    assert "### Exercise 2: `clear`\n\n*2 points · about 10 minutes · moderate*" in text
    assert "*Written answer · 2 points · about 10 minutes*" in text
    assert "7 points · about 25 minutes of work" in text
    assert "Work alone." in text


def test_the_setup_cell_installs_only_where_needed(
    course: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = next(cell.source for cell in cells(course / RELEASE).values() if "find_spec" in cell.source)
    assert setup.index("find_spec") < setup.index("import torch")
    assert (
        'install_course_utils("https://raw.githubusercontent.com/someone/tiny/main", "course_utils-' in setup
    )

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("course_utils is there, so nothing may be installed")

    monkeypatch.setattr(subprocess, "run", refuse)
    exec(setup, {})
    assert capsys.readouterr().out.startswith("course_utils is taken from ")


def test_the_first_lines_say_where_to_start(course: Path) -> None:
    released = nbformat.read(course / RELEASE, as_version=4).cells
    assert "Run the first code cell below before any other" in released[0].source
    assert "File > Save a copy in Drive" in released[0].source
    first = next(cell for cell in released if cell.cell_type == "code")
    assert first.metadata.course == {"setup": True}
    assert first.source.startswith("# Run this cell first")


def test_notebooks_carry_nothing_of_this_machine(course: Path) -> None:
    for path in (SOURCE, RELEASE):
        text = (course / path).read_text()
        assert str(course) not in text
        assert str(Path.home()) not in text
        notebook = json.loads(text)
        assert notebook["metadata"]["kernelspec"]["name"] == "python3"
        for cell in notebook["cells"]:
            assert cell.get("execution_count") is None
            assert not cell.get("outputs")


def test_the_index_page(course: Path) -> None:
    text = (course / INDEX).read_text()
    assert "| 1 | [A tiny unit](tiny/tiny.ipynb) | 7 | 25 |" in text
    assert "[![Open in Colab](" in text
    assert "(https://colab.research.google.com/github/someone/tiny/blob/main/tiny/tiny.ipynb)" in text


def test_the_recorded_checks_are_the_visible_ones(course: Path) -> None:
    unit = shipped.decode_unit((course / UNIT).read_bytes())
    assert unit.exercises == ("tiny.scale", "tiny.clear")
    assert unit.imports == {"torch": "import torch", "Tensor": "from torch import Tensor"}
    files = [shipped.decode((course / path).read_bytes()) for path in (SCALE, CLEAR)]
    assert [(item.id, item.max_score, [check.id for check in item.checks]) for item in files] == [
        ("tiny.scale", 3.0, ["small"]),
        ("tiny.clear", 2.0, ["cleared"]),
    ]


def test_building_again_changes_nothing(course: Path) -> None:
    assert build_course(course) == BuildResult(unchanged=7)
    build_course(course, check=True)
    assert not list(course.rglob("*.db"))


def test_ids_of_cells_do_not_depend_on_other_cells(course: Path, tmp_path: Path) -> None:
    changed = make_course(tmp_path, ("notebook.md", "Why a quarter?", "Something new.\n\n\nWhy a quarter?"))
    build_course(changed)
    before, after = cells(course / RELEASE), cells(changed / RELEASE)
    assert set(before) < set(after)
    assert len(after) == len(before) + 1


def test_stale_files_are_named(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    build_course(root)
    gone(root, "assignments/gone/gone.ipynb")
    (root / RELEASE).write_text((root / RELEASE).read_text().replace("quarter", "third"))
    with pytest.raises(UserError) as error:
        build_course(root, check=True)
    assert RELEASE in str(error.value)
    assert "assignments/gone/gone.ipynb" in str(error.value)
    assert SOURCE not in str(error.value)
    assert "third" in (root / RELEASE).read_text(), "--check must not write"
    build_course(root, overwrite=True)
    build_course(root, check=True)


@pytest.mark.parametrize(("change", "stale"), [(1e-12, False), (1e-3, True)])
def test_recorded_values_may_differ_by_rounding_only(tmp_path: Path, change: float, stale: bool) -> None:
    """As those that another processor has computed."""
    root = make_course(tmp_path)
    build_course(root)
    fresh = (root / SCALE).read_bytes()
    exercise = shipped.decode(fresh)
    quantities = exercise.checks[0].expected[0].quantities
    quantities["result"] = pack_tensor(unpack_tensor(quantities["result"]) * (1 + change))
    other = zlib.compress(msgspec.msgpack.encode(exercise))
    (root / SCALE).write_bytes(other)
    if stale:
        with pytest.raises(UserError, match=SCALE):
            build_course(root, check=True)
    else:
        build_course(root, check=True)
    assert build_course(root).written == ([Path(SCALE)] if stale else [])
    assert (root / SCALE).read_bytes() == (fresh if stale else other)


@pytest.mark.parametrize(
    "change",
    [
        ("clear/wrong.py", "Plus or minus?", "Is it plus?"),
        ("clear/checks.py", "draw.normal(3, 2)", "draw.normal(4, 3)"),
        ("clear/checks.py", "All values are minus one.", "Every value is minus one."),
    ],
)
def test_a_change_of_one_exercise_changes_one_recorded_file(
    change: tuple[str, str, str], course: Path, tmp_path: Path
) -> None:
    root = make_course(tmp_path, change)
    for folder in ("source", "assignments", "course_utils"):
        shutil.copytree(course / folder, root / folder)
    assert build_course(root).written == [Path(CLEAR), Path(BUILT)]


def test_an_exercise_that_goes_takes_its_file_along(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    build_course(root)
    course = root / "course.toml"
    course.write_text(course.read_text() + 'disabled = ["tiny.clear"]\n')
    with pytest.raises(UserError, match=CLEAR):
        build_course(root, check=True)
    result = build_course(root)
    assert Path(SCALE) not in result.written
    assert result.removed == {Path(CLEAR): "tiny.clear is disabled, or no exercise of tiny any more"}
    assert not (root / CLEAR).exists()
    course.write_text(course.read_text().replace('["tiny.clear"]', "[]"))
    assert [path for path in build_course(root).written if "shipped" in path.parts] == [
        Path(CLEAR),
        Path(UNIT),
    ]


def test_recorded_files_of_what_is_no_longer_there(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    build_course(root)
    folder = root / "course_utils/shipped"
    (root / "solutions/other").mkdir()
    (root / "solutions/other/notebook.md").write_text("A unit that is not finished.\n")
    strays = ["gone.json", "gone.f.msgpack.z", "tiny.gone.msgpack.z"]
    others = ["__init__.py", "other.f.msgpack.z", "notes.txt"]
    for name in others:
        (folder / name).write_text("")
    recorded = shipped.decode((root / SCALE).read_bytes())
    for name in strays[1:]:
        renamed = msgspec.structs.replace(recorded, id=name.removesuffix(shipped.EXERCISE_SUFFIX))
        (folder / name).write_bytes(zlib.compress(msgspec.msgpack.encode(renamed)))
    (folder / "gone.json").write_bytes(shipped.record_unit(["gone.f"], {}))
    # As it stood when a unit had one file.
    (root / UNIT).write_text('{"unit":"tiny","exercises":[],"imports":{}}')
    with pytest.raises(UserError) as error:
        build_course(root, ["tiny"], check=True)
    assert str(error.value).splitlines()[1:] == [
        f"  course_utils/shipped/{name}" for name in ["tiny.json", *sorted(strays)]
    ]
    result = build_course(root, ["tiny"])
    assert result.written == [Path(UNIT)]
    assert [path.name for path in result.removed] == sorted(strays)
    there = {path.name for path in folder.iterdir()}
    assert not there & set(strays)
    assert there >= set(others), "of a unit that was not built nothing is known"


def test_a_course_sets_points_dates_and_exercises(tmp_path: Path) -> None:
    root = make_course(
        tmp_path,
        (
            "course.toml",
            'sandbox = "restricted"\n',
            'disabled = ["tiny.clear"]\n[points]\n"tiny.scale" = 12\n[due]\ntiny = 2026-11-30T23:59:00+00:00\n',
        ),
    )
    build_course(root)
    found = cells(root / RELEASE)
    assert found["tiny-scale-check"].metadata.nbgrader.points == 12.0
    assert "tiny-clear-check" not in found
    text = "\n".join(cell.source for cell in found.values())
    assert "*Solved here, not graded.*" in text
    assert "values.mul_(0).sub_" in text
    assert "due 30 November 2026, 23:59 UTC" in text
    assert shipped.decode_unit((root / UNIT).read_bytes()).exercises == ("tiny.scale",)
    assert shipped.decode((root / SCALE).read_bytes()).max_score == 12.0
    assert not (root / CLEAR).exists()
    assert "| 14 | 15 | 30 November 2026" in (root / INDEX).read_text()


def test_a_file_of_the_course_takes_the_place_of_one_of_solutions(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    (root / "course/tiny").mkdir(parents=True)
    (root / "course/tiny/notebook.md").write_text(NOTEBOOK.replace("Why a quarter?", "Why not a half?"))
    build_course(root)
    assert "Why not a half?" in (root / RELEASE).read_text()


def _with_model(made: str) -> tuple[str, str, str]:
    return (
        "clear/checks.py",
        'return Case({"values": ',
        f'from course_utils.checks import Module\n    return Case({{"module": Module({made}), "values": ',
    )


REFUSED = {
    "a reference without a docstring": (
        [("reference.py", '    """Set all values to minus one, in place."""\n', "")],
        ["clear/reference.py, line 5", "clear has no docstring"],
    ),
    "an exercise in prose that is not in the reference": (
        [("notebook.md", "then `tiny.clear`", "then `tiny.cleer`")],
        ["notebook.md, line 14", "tiny.cleer is named in prose", "has no folder 'cleer'"],
    ),
    "an exercise cell without a reference": (
        [("notebook.md", 'exercise="tiny.clear"', 'exercise="tiny.cleer"')],
        [
            "notebook.md, line 26",
            "there is no folder",
            "for the exercise tiny.cleer",
            "autograder new tiny.cleer",
            'no cell exercise="tiny.clear"',
        ],
    ),
    "an exercise without checks": (
        [
            ("clear/checks.py", '@check(points=2, visible=True, looks_at=("after",))\n', ""),
        ],
        ["clear/checks.py, line 1: there is no check in it"],
    ),
    "a reference that is not named as its folder": (
        [("reference.py", "def clear(", "def cleer(")],
        ["clear/reference.py, line 5", "must be named as the folder, 'clear'; there is cleer"],
    ),
    "two public functions in a reference": (
        [("reference.py", "def clear(", "def other() -> int:\n    return 1\n\n\ndef clear(")],
        ["clear/reference.py, line 5", "there is other, clear", "let helpers begin with an underscore"],
    ),
    "a slip of what is not in the reference": (
        [("wrong.py", '"factor + 0.25"', '"factor + 0.5"')],
        ["scale/wrong.py, line 24: the slip 'lowered'", "stands 0 times in reference.py: copy it from there"],
    ),
    "a slip of what is in the reference twice": (
        [("wrong.py", '"factor + 0.25"', '"values"')],
        ["scale/wrong.py, line 24: the slip 'lowered'", "times in reference.py: add what stands around it"],
    ),
    "a reference with something to do in its docstring": (
        [("reference.py", "values: of any shape.", "values: TODO: what they are.")],
        ["scale/reference.py, line 9", "the docstring of scale still has a TODO"],
    ),
    "what is imported from another exercise": (
        [
            (
                "scale/wrong.py",
                "import torch\n",
                "import torch\nfrom solutions.tiny.clear.reference import clear\n",
            )
        ],
        [
            "scale/wrong.py, line 2",
            "solutions.tiny.clear.reference.clear is another exercise's",
            "solutions/tiny/shared.py",
        ],
    ),
    "an exercise missing in the notebook": (
        [
            (
                "notebook.md",
                '```python exercise="tiny.clear" minutes=10 difficulty="moderate"\n```\n',
                "",
            )
        ],
        ["clear/checks.py, line 1", "there are checks of tiny.clear", "has no cell"],
    ),
    "points of an exercise in the notebook": (
        [("notebook.md", 'exercise="tiny.scale" minutes', 'exercise="tiny.scale" points=3 minutes')],
        ["notebook.md, line 23", "points of tiny.scale stand in solutions/tiny/scale/checks.py alone"],
    ),
    "quarters of points": (
        [("checks.py", "points=0.5", "points=0.25")],
        ["scale/checks.py, line 20", "0.25 points: a check is worth a multiple of ½"],
    ),
    "a name the notebook does not import": (
        [("notebook.md", "import torch\nfrom torch", "from torch")],
        ["reference.py, line 5", "tiny.scale uses 'torch'", "does not import above line"],
    ),
    "no visible check": (
        [("checks.py", "points=2, visible=True", "points=2")],
        ["clear/checks.py, line 4", "tiny.clear has no visible check of its values"],
    ),
    "a misconception that passes": (
        [("wrong.py", "return values / factor + 0.25", "return values * factor + 0.25")],
        ["scale/wrong.py, line 6", "'divided' of tiny.scale passes every check"],
    ),
    "two misconceptions that show the same": (
        [("wrong.py", "return values / factor + 0.25", "return values * factor")],
        ["scale/wrong.py, line 6", "'divided' of tiny.scale is not recognised"],
    ),
    "a reference that fails its own check": (
        [
            ("reference.py", "    lifted = values", "    values.data.add_(1)\n    lifted = values"),
            (
                "checks.py",
                'looks_at=("after",), side=True',
                'looks_at=("after",), side=True, property=lambda case, seen: "no"',
            ),
        ],
        ["reference.py, line 5", "the reference of tiny.scale fails its own check 'unchanged'"],
    ),
    "a solution in a worked cell": (
        [
            (
                "notebook.md",
                "print(scale(",
                "lifted = values * factor + 0.25 * torch.ones_like(values)\nprint(scale(",
            )
        ],
        ["notebook.md, line 33", "gives the solution of tiny.scale away"],
    ),
    "a solution in the prose": (
        [
            (
                "notebook.md",
                "Why a quarter?",
                "As in `lifted = values * factor  + 0.25 * torch.ones_like(values)`.",
            )
        ],
        ["notebook.md, line", "gives the solution of tiny.scale away"],
    ),
    "an image without text": (
        [("notebook.md", "Why a quarter?", "Look:\n\n![](picture.png)")],
        ["notebook.md, line 38", "an image without alternative text"],
    ),
    "an HTML image without text": (
        [("notebook.md", "Why a quarter?", '<img src="picture.png" alt=" ">')],
        ["notebook.md, line 36", "an image without alternative text"],
    ),
    "an author": (
        [("notebook.md", "  order: 1", "  order: 1\nauthors: [Ada]")],
        ["notebook.md, line 1", "no names of authors"],
    ),
    "no header": (
        [("notebook.md", "  order: 1\n", "")],
        ["notebook.md, line 1", "YAML header", "order: 3"],
    ),
    "no set-up cell": (
        [("notebook.md", "python setup=true", "python")],
        ["notebook.md, line 1", "needs one cell marked setup=true"],
    ),
    "an unknown mark": (
        [("notebook.md", "scratch=true", "scretch=true")],
        ["notebook.md, line 29", "unknown mark 'scretch'"],
    ),
    "an exercise without minutes": (
        [("notebook.md", " minutes=5", "")],
        ["notebook.md, line 23", "tiny.scale needs minutes="],
    ),
    "an exercise cell with code": (
        [("notebook.md", 'difficulty="easy"\n', 'difficulty="easy"\ndef scale(): ...\n')],
        ["notebook.md, line 23", "must be empty"],
    ),
    "an exercise twice": (
        [("notebook.md", 'exercise="tiny.clear"', 'exercise="tiny.scale"')],
        ["notebook.md, line 26", "tiny.scale appears twice"],
    ),
    "points of an unknown exercise": (
        [("course.toml", 'sandbox = "restricted"\n', '[points]\n"tiny.sale" = 3\n')],
        ["course.toml", "tiny.sale is no exercise", "tiny.scale"],
    ),
    "a file that does not load": (
        [("checks.py", "points=1,", "points=-1,")],
        ["scale/checks.py, line 8: does not load", "cannot take points away"],
    ),
    "a reference that is no Python": (
        [("reference.py", "return lifted", "return return")],
        ["scale/reference.py, line 14", "invalid syntax"],
    ),
    "a reference that is no ordinary function": (
        [("reference.py", "def clear(", "async def clear(")],
        ["reference.py, line 5: clear is no ordinary function"],
    ),
    "a reference that raises": (
        [("reference.py", "values.mul_(0)", "values.mull_(0)")],
        ["clear/reference.py, line 5", "tiny.clear raises in the check 'cleared'", "no attribute 'mull_'"],
    ),
    "cases that cannot be drawn": (
        [("checks.py", "draw.normal(3, 2)", "draw.nrml(3, 2)")],
        ["clear/checks.py, line 4", "tiny.clear/cleared cannot be drawn", "no attribute 'nrml'"],
    ),
    "two standard checks of one name": (
        [
            (
                "clear/checks.py",
                '@check(points=2, visible=True, looks_at=("after",))',
                "from course_utils.checks import standard\n"
                "same = standard.values(lambda draw: Case.of(values=draw.normal(2)), 'One.', points=1)\n"
                "same = standard.values(lambda draw: Case.of(values=draw.normal(2)), 'Two.', points=1)\n"
                '@check(points=2, visible=True, looks_at=("after",))',
            )
        ],
        ["clear/checks.py, line 6: same stands there twice, and only the later one counts"],
    ),
    "cases of a standard check that cannot be drawn": (
        [
            (
                "clear/checks.py",
                '@check(points=2, visible=True, looks_at=("after",))',
                "from course_utils.checks import standard\n"
                "other = standard.values(lambda draw: Case.of(values=draw.nrml(2)), 'One.', points=1)\n"
                '@check(points=2, visible=True, looks_at=("after",))',
            )
        ],
        ["clear/checks.py, line 5", "tiny.clear/other cannot be drawn", "no attribute 'nrml'"],
    ),
    "points that are no number": (
        [("checks.py", "points=0.5", 'points=float("nan")')],
        ["scale/checks.py, line 20", "nan points"],
    ),
    "a call in prose of what is not in the reference": (
        [("notebook.md", "then `tiny.clear`", "then `tiny.cleer(values)`")],
        ["notebook.md, line 14", "tiny.cleer is named in prose"],
    ),
    "an image over two lines": (
        [("notebook.md", "Why a quarter?", 'Look:\n<img\n  src="picture.png">')],
        ["notebook.md, line 37", "an image without alternative text"],
    ),
    "an image by reference": (
        [("notebook.md", "Why a quarter?", "![][a]\n\n[a]: picture.png")],
        ["notebook.md, line 36", "an image without alternative text"],
    ),
    "a case that exits": (
        [("clear/checks.py", "    return Case", "    raise SystemExit(3)\n    return Case")],
        ["clear/checks.py, line 4", "tiny.clear/cleared cannot be drawn: SystemExit: 3"],
    ),
    "a model that there is not": (
        [_with_model("'tinny_encoder'")],
        [
            "clear/checks.py, line 4",
            "tiny.clear/cleared cannot be drawn",
            "there is no model 'tinny_encoder'",
        ],
    ),
    "a model with settings that it has not": (
        [_with_model("'tiny_encoder', {'widht': 3}")],
        [
            "clear/checks.py, line 4",
            "tiny.clear/cleared cannot be drawn",
            "can't be made with these settings",
        ],
    ),
    "a model with the state of another": (
        [_with_model("'tiny_encoder', state={'weight': draw.normal(2)}")],
        ["clear/checks.py, line 4", "the state is not one of the model 'tiny_encoder' with these settings"],
    ),
    "a reference without a body": (
        [
            (
                "clear/reference.py",
                "    with torch.no_grad():\n        values.mul_(0).sub_(torch.ones_like(values))\n",
                "",
            )
        ],
        ["clear/reference.py, line 5: clear has no body, only a docstring"],
    ),
    "a reference of a helper and no body": (
        [
            (
                "clear/reference.py",
                "def clear(values: Tensor)",
                "_ONE = 1\n\n\ndef clear(values: Tensor = _ONE)",
            ),
            (
                "clear/reference.py",
                "    with torch.no_grad():\n        values.mul_(0).sub_(torch.ones_like(values))\n",
                "",
            ),
        ],
        ["clear/reference.py, line 8: clear has no body, only a docstring"],
    ),
    "a test that is no Python": (
        [("scale/test_reference.py", "import torch\n", "import torch\ndef (\n")],
        ["scale/test_reference.py, line 2: is no Python: "],
    ),
    "a slip of the function's name": (
        [("wrong.py", '"factor + 0.25",\n    "factor - 0.25"', '"def scale",\n    "def scal"')],
        ["scale/wrong.py, line 24: the slip 'lowered' leaves no function 'scale'"],
    ),
    "a slip that exits": (
        [
            (
                "wrong.py",
                '"factor + 0.25",\n    "factor - 0.25"',
                '"def scale",\n    "raise SystemExit\\ndef scale"',
            )
        ],
        ["with the slip lowered: does not load: SystemExit"],
    ),
    "a file that exits": (
        [("scale/right.py", "@right", "raise SystemExit(3)\n@right")],
        ["scale/right.py, line 4: does not load: SystemExit: 3"],
    ),
    "a visible property": (
        [("clear/checks.py", "visible=True,", "visible=True, property=lambda case, seen: None,")],
        ["clear/checks.py, line 4: does not load", "a property is code", "make the check hidden"],
    ),
    "an exercise of another unit": (
        [("notebook.md", 'exercise="tiny.clear"', 'exercise="other.clear"')],
        [
            "notebook.md, line 26: other.clear is an exercise of the unit 'other'",
            "this is the notebook of 'tiny'",
        ],
    ),
    "an exercise without its unit": (
        [("notebook.md", 'exercise="tiny.clear"', 'exercise="clear"')],
        ['notebook.md, line 26: exercise="clear" is no id of an exercise: that is unit.function'],
    ),
    "an exercise that is named as a cell": (
        [("notebook.md", 'exercise="tiny.clear"', 'exercise="tiny-clear"')],
        ['notebook.md, line 26: exercise="tiny-clear" is no id of an exercise'],
    ),
    "an exercise without a name": (
        [("notebook.md", 'exercise="tiny.clear"', "exercise=true")],
        ["notebook.md, line 26: exercise=true is no id of an exercise"],
    ),
    "a title with something to do": (
        [("clear/checks.py", "All values are", "TODO: values are")],
        ["clear/checks.py, line 4: the title of the check 'cleared' of tiny.clear still has a TODO"],
    ),
    "a hint with something to do": (
        [("clear/wrong.py", "Plus or minus?", "TODO: a hint.")],
        ["clear/wrong.py, line 10: the hint of 'ones' of tiny.clear still has a TODO"],
    ),
    "a hint of a slip with something to do": (
        [("scale/wrong.py", "Up or down?", "TODO")],
        ["scale/wrong.py, line 24: the hint of 'lowered' of tiny.scale still has a TODO"],
    ),
    "points that are true": (
        [("checks.py", "points=1,", "points=True,")],
        ["scale/checks.py, line 8: does not load", "points=True is no number"],
    ),
    "points in quotes": (
        [("checks.py", "points=1,", 'points="1",')],
        ["scale/checks.py, line 8: does not load: ValueError: points='1' is no number"],
    ),
    "points that are none": (
        [("checks.py", "points=1,", "points=None,")],
        ["scale/checks.py, line 8: does not load: ValueError: points=None is no number"],
    ),
    "no points at all": (
        [("clear/checks.py", "points=2", "points=0")],
        ["clear/checks.py, line 4: all checks of tiny.clear have points=0"],
    ),
    "points of a question in thirds": (
        [("notebook.md", "points=2", "points=0.3")],
        ["notebook.md, line 38: points=0.3: tiny-q1 is worth a multiple of ½"],
    ),
    "a place of no number": (
        [("notebook.md", "order: 1", "order: true")],
        ["notebook.md, line 9: order is True", "1 or greater"],
    ),
    "a place before the first": (
        [("notebook.md", "order: 1", "order: 0")],
        ["notebook.md, line 9: order is 0", "1 or greater"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_file_and_line(name: str, tmp_path: Path) -> None:
    changes, said = REFUSED[name]
    root = make_course(tmp_path, *changes)
    with pytest.raises(UserError) as error:
        build_course(root)
    for part in said:
        assert part in str(error.value)
    assert not (root / "assignments").exists(), "a refused build must write nothing"


def test_an_unknown_unit(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="unknown unit 'teeny': there are tiny"):
        build_course(make_course(tmp_path), ["teeny"])


def test_a_unit_that_lacks_a_file(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    (root / "solutions/begun/first").mkdir(parents=True)
    (root / "solutions/begun/first/reference.py").write_text("def first() -> None: ...\n")
    with pytest.raises(UserError, match=r"begun/notebook\.md is missing: a unit needs one"):
        build_course(root)
    # An unfinished unit does not keep the others from being built.
    build_course(root, ["tiny"])


def test_an_exercise_that_lacks_a_file(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    (root / "solutions/tiny/clear/checks.py").unlink()
    with pytest.raises(
        UserError, match=r"tiny/clear/checks\.py is missing: an exercise needs .*autograder new tiny\.clear"
    ):
        build_course(root)


def test_folders_that_are_no_exercises(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    for name in ("_drafts", ".cache", "__pycache__"):
        (root / "solutions/tiny" / name).mkdir()
        (root / "solutions/tiny" / name / "reference.py").write_text("nonsense(")
    build_course(root)


def test_two_units_cannot_have_one_place(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    shutil.copytree(root / "solutions/tiny", root / "solutions/other")
    text = (
        (root / "solutions/other/notebook.md")
        .read_text()
        .replace("tiny.", "other.")
        .replace("tiny-", "other-")
    )
    (root / "solutions/other/notebook.md").write_text(text)
    with pytest.raises(
        UserError, match=r"other/notebook\.md, line 9: order 1 is taken by tiny .*notebook\.md, line 9"
    ):
        build_course(root)


@pytest.mark.parametrize(
    ("old", "new"),
    [("misconceptions.py", "wrong.py"), ("variants.py", "right.py"), ("checks.py", "checks.py")],
)
@pytest.mark.parametrize("place", ["solutions/tiny", "course/tiny"])
def test_a_file_in_its_old_place(place: str, old: str, new: str, tmp_path: Path) -> None:
    root = make_course(tmp_path)
    (root / place).mkdir(parents=True, exist_ok=True)
    (root / place / old).write_text("")
    with pytest.raises(
        UserError, match=rf"{place}/{old}: each exercise has a folder.*{place}/EXERCISE/{new}"
    ):
        build_course(root)


@pytest.mark.parametrize("receipts", [False, True])
def test_cases_that_cannot_be_drawn_are_said_alike(tmp_path: Path, receipts: bool) -> None:
    """By the build and by the gate, whether or not there is a receipt, for which the cases are drawn as well."""
    root = make_course(
        tmp_path / "broken",
        ("clear/checks.py", "    return Case", "    raise ValueError(1)\n    return Case"),
    )
    path = root / "solutions/tiny/clear/checks.py"
    if receipts:
        whole = load_unit(make_course(tmp_path / "whole"), "tiny").exercises["tiny.clear"]
        shutil.copy(write_receipt(whole, 10, FOUND, 200), path.parent)
    said = f"{path}, line 4: the cases of tiny.clear/cleared cannot be drawn: ValueError: 1"
    with pytest.raises(UserError) as error:
        build_course(root)
    assert str(error.value) == said
    assert unready(root, ["tiny.scale", "tiny.clear"]) == {"tiny.clear": said}
    if receipts:
        with pytest.raises(UserError) as error:
            standing.states(root, load_unit(root, "tiny").exercises)
        assert str(error.value) == said


@pytest.mark.parametrize("file", ["right.py", "test_reference.py", "equivalents.toml", "../notebook.md"])
def test_a_file_in_another_encoding(file: str, tmp_path: Path) -> None:
    root = make_course(tmp_path)
    path = root / "solutions/tiny/clear" / file
    lines = path.read_bytes().count(b"\n") if path.is_file() else 0
    with path.open("ab") as opened:
        opened.write(b"# \xe9\n")
    with pytest.raises(UserError, match=rf"{path.name}, line {lines + 1}: is not UTF-8 text"):
        build_course(root)


def test_equivalents_that_are_no_toml(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    (root / "solutions/tiny/clear/equivalents.toml").write_text("\n[[equivalent\n")
    with pytest.raises(UserError, match=r"clear/equivalents\.toml, line 2: is no list of equivalents"):
        build_course(root)


@pytest.mark.parametrize(
    ("path", "within", "said"),
    [
        (
            "solutions/tiny/clear/wrongs.py",
            "",
            "is no file of an exercise: those are reference.py, checks.py",
        ),
        ("solutions/tiny/clear/deep/checks.py", "/checks.py", "is no file of an exercise"),
        ("solutions/tiny/foo.py", "", "is no file of a unit: those are notebook.md, shared.py"),
        ("solutions/tiny/a.b/checks.py", "/checks.py", "'a.b' is no name of Python"),
        ("solutions/tiny/class/checks.py", "/checks.py", "'class' is no name of Python"),
        ("solutions/a.b/notebook.md", "/notebook.md", "'a.b' is no name of Python"),
        (
            "course/tinny/clear/checks.py",
            "/clear/checks.py",
            "takes the place of nothing in solutions/: .* units: tiny",
        ),
        ("course/checks.py", "", "takes the place of nothing in solutions/"),
    ],
)
def test_a_name_that_means_nothing(path: str, within: str, said: str, tmp_path: Path) -> None:
    root = make_course(tmp_path)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("")
    named = re.escape(path.removesuffix(within))
    with pytest.raises(UserError, match=rf"{named}: .*{said}"):
        build_course(root)


def test_names_that_are_left_alone(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    for path in (
        ".DS_Store", "tiny/.DS_Store", "tiny/_notes.md", "tiny/clear/.DS_Store", "tiny/clear/_drafts.py",
        "tiny/clear/__pycache__/checks.pyc", "__pycache__/a.pyc", "tiny/.ipynb_checkpoints/notebook.md",
    ):  # fmt: skip
        for folder in ("solutions", "course"):
            (root / folder / path).parent.mkdir(parents=True, exist_ok=True)
            (root / folder / path).write_text("")
    build_course(root)


@pytest.mark.parametrize("path", ["clear/check.py", "cleer/checks.py", "notbook.md", "clear/deep/checks.py"])
def test_an_override_of_nothing(path: str, tmp_path: Path) -> None:
    root = make_course(tmp_path)
    (root / "course/tiny" / path).parent.mkdir(parents=True)
    (root / "course/tiny" / path).write_text("")
    with pytest.raises(
        UserError, match=rf"course/tiny/{path}: takes the place of no file in solutions/tiny/"
    ):
        build_course(root)


def test_overrides_of_an_exercise(tmp_path: Path) -> None:
    root = make_course(tmp_path)
    (root / "course/tiny/clear").mkdir(parents=True)
    override = root / "course/tiny/clear/checks.py"
    override.write_text((root / "solutions/tiny/clear/checks.py").read_text().replace("points=2", "points=6"))
    build_course(root)
    unit = load_unit(root, "tiny")
    assert unit.overrides == (override,)
    assert unit.exercises["tiny.clear"].points == 6


def test_helpers_of_a_reference_go_into_the_solved_cell(tmp_path: Path) -> None:
    root = make_course(
        tmp_path,
        (
            "reference.py",
            "def scale(",
            "_QUARTER = 0.25\n\n\ndef _lift(values):\n    return values + _QUARTER\n\n\ndef scale(",
        ),
        (
            "reference.py",
            "    lifted = values * factor + 0.25 * torch.ones_like(values)\n",
            "    lifted = _lift(values * factor)\n",
        ),
        ("wrong.py", '"factor + 0.25"', '"_lift(values * factor)"'),
        ("wrong.py", '"factor - 0.25"', '"values * factor - 0.25"'),
    )
    build_course(root)
    source = cells(root / SOURCE)["tiny-scale"].source
    _, _, solution = source.partition("### BEGIN SOLUTION")
    assert "    _QUARTER = 0.25\n    def _lift(values):\n        return values + _QUARTER\n" in solution
    assert "_lift" not in (root / RELEASE).read_text()
    names: dict[str, Any] = {}
    exec(f"import torch\nfrom torch import Tensor\n{source}", names)
    assert names["scale"](torch.ones(1), 2.0).item() == 2.25


def test_images_with_text_and_worked_names_pass(tmp_path: Path) -> None:
    root = make_course(
        tmp_path,
        (
            "notebook.md",
            "Why a quarter?",
            "![a graph](a.png) <img src='b.png' alt='another'> <img src=c.png alt=third> and `torch.ones`",
        ),
    )
    build_course(root)
    assert load_unit(root, "tiny").id == "tiny"


def test_addresses_of_a_release() -> None:
    folder = Published("https://github.com/a/b/tree/main/spring")
    assert folder.file("x.whl") == "https://raw.githubusercontent.com/a/b/main/spring/x.whl"
    assert (
        folder.colab("moco/moco.ipynb")
        == "https://colab.research.google.com/github/a/b/blob/main/spring/moco/moco.ipynb"
    )
    other = Published("https://example.org/course/")
    assert other.file("x.whl") == "https://example.org/course/x.whl"
    assert other.colab("moco/moco.ipynb") is None
    assert other.badge("moco") == ""


RECORD = """
import sys
from pathlib import Path
from autograder.course.units import load_unit
from course_utils import shipped

unit = load_unit(Path(sys.argv[1]), "tiny")
print(shipped.record_unit(list(unit.exercises), unit.prelude).hex())
print(shipped.record(*unit.exercises["tiny.scale"].record()).hex())
"""


def test_what_is_made_does_not_depend_on_the_order_of_sets(tmp_path: Path) -> None:
    """Python's hashes of texts differ from run to run."""
    root = make_course(
        tmp_path, ("reference.py", "import torch\n", "import torch\nfrom torch import nn, fx\n")
    )
    outs = {
        subprocess.run(
            [sys.executable, "-c", RECORD, str(root)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outs) == 1
