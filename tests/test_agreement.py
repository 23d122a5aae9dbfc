"""`cu.check`, `cu.submit`, `autograder grade`, `nbgrader autograde` and `pytest` say the same of each visible check.

A dozen answers of each exercise, as people write them, in a notebook that is run from the top. The last three are asked
about the hidden checks as well.
"""

from __future__ import annotations

import linecache
import re
import textwrap
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
import torch
from traitlets.config import Configurable

import autograder.grading.grader as grading
import autograder.nbgrader.preprocessors as nbgrading
from autograder.course.config import load_course, secret
from autograder.course.units import load_unit
from autograder.grading.grader import Grader
from autograder.intake.submission import Submission, read_submission
from autograder.pytest_plugin import _Graded
from autograder.results import FlagKind, Line
from autograder.sandbox.client import ForkServer
from course_utils import shipped
from course_utils.running import alone
from course_utils.slices.names import check_cell_id
from course_utils.student.check import check_in
from tests.support import ROOT, UNITS
from tests.support.forked import Forked
from tests.support.notebooks import sources, write

# The body of the function; the reference stands beside it, as `_right`.
ANSWERS = {
    "right": "return _right(*arguments)",
    "wrong": "_right(*arguments)",
    "raises": "raise KeyError('boom')",
    "leaves": "import sys\nsys.exit(3)",
    "prints": "import warnings\nprint(arguments[0])\nwarnings.warn('beware')\nreturn _right(*arguments)",
    "saves": (
        "import matplotlib.pyplot as plt\nfrom pathlib import Path\nPath('out').mkdir(exist_ok=True)\n"
        "plt.figure(figsize=(1, 1))\nplt.savefig('out/figure.png', dpi=20)\nplt.close()\ntorch.save(torch.ones(2), 'out/it.pt')\n"
        "assert torch.load('out/it.pt').sum() == 2\nopen('notes.txt', 'a').write('x')\nreturn _right(*arguments)"
    ),
    "asks for a GPU": "return _right(*(a.cuda() if hasattr(a, 'cuda') else a for a in arguments))",
    "asks for a GPU by name": "torch.zeros(1, device='cuda:0')\nreturn _right(*arguments)",
    "asks for a package": "import no_such_package\nreturn _right(*arguments)",
    "asks for a file": "torch.load('/content/drive/queue.pt')\nreturn _right(*arguments)",
    "seeds": "torch.manual_seed(0)\nreturn _right(*arguments)",
}
# What stands in the place of the function, or around it.
WHOLE = {
    "compiled": "import torch\n@torch.compile\ndef {name}(*arguments):\n    return _right(*arguments)\n",
    "compiled later": "import torch\n{name} = torch.compile(_right, fullgraph=True, dynamic=True)\n",
    "partial": "import functools\n{name} = functools.partial(_right)\n",
    "scripted within": (
        "import torch\n@torch.jit.script\ndef _one(x: float) -> float:\n    return x\n"
        "def {name}(*arguments):\n    assert _one(1.0) == 1\n    return _right(*arguments)\n"
    ),
    "a package above": "import no_such_package\ndef {name}(*arguments):\n    no_such_package\n    return _right(*arguments)\n",
}
RIGHT = {"right", "prints", "saves", "compiled", "compiled later", "partial", "scripted within"}
LACKS = {
    "asks for a GPU": "The grader has no GPU: your function asks for 'cuda'",
    "asks for a GPU by name": "The grader has no GPU: your function asks for 'cuda'",
    "asks for a package": "The grader does not have 'no_such_package'",
    "asks for a file": "The grader does not have the file '/content/drive/queue.pt'",
    "a package above": "The grader does not have 'no_such_package'",
}


def written(name: str, reference: str, answer: str) -> str:
    """The cell of an exercise."""
    right = re.sub(rf"^def {name}\(", "def _right(", reference, flags=re.MULTILINE)
    body = textwrap.indent(ANSWERS.get(answer, ""), "    ")
    own = WHOLE[answer].format(name=name) if answer in WHOLE else f"def {name}(*arguments):\n{body}\n"
    # Of its own in each cell: there may be several exercises.
    return re.sub(r"\b_right\b", f"_right_{name}", f"{right}\n\n{own}")


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with ForkServer(load_course(ROOT).limits) as made:
        yield made


@pytest.fixture(scope="module", params=UNITS)
def grader(request: pytest.FixtureRequest, server: ForkServer) -> Iterator[Grader]:
    """As `autograder grade` makes it."""
    course = load_course(ROOT)
    unit = load_unit(ROOT, request.param)
    with Grader(unit, secret(ROOT, course)[0], course.limits, server=server) as made:
        yield made


def in_a_kernel(cells: list[tuple[str, str]]) -> dict[str, Any]:
    """The namespace that cells leave when they are run from the top; one that stops is passed over."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for number, (_, source) in enumerate(cells):
        filename = f"<ipython-input-{number}-{abs(hash(source))}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            try:
                exec(compile(source, filename, "exec"), namespace)
            except ImportError:
                continue
    return namespace


def by_nbgrader(path: Path, grader: Grader, folder: Path) -> dict[str, list[bool]]:
    """Exercise -> whether each check passed, as Formgrader shows it; the points are those of the checks that did."""

    class Converter(Configurable):
        coursedir = SimpleNamespace(
            root=str(ROOT),
            submitted_directory="submitted",
            format_path=lambda first, student, unit: str(folder / first / student / unit),
        )

    converter = Converter()
    unit = grader.unit
    place = folder / "submitted" / "ada" / unit.id
    place.mkdir(parents=True)
    (place / f"{unit.id}.ipynb").write_bytes(path.read_bytes())
    nbgrading._GRADERS[converter] = {unit.id: grader}
    released = nbformat.read(ROOT / "assignments" / unit.id / f"{unit.id}.ipynb", as_version=4)
    facts = {"nbgrader": {"student": "ada", "assignment": unit.id, "notebook": unit.id}}
    asked = nbgrading.GradeExercises(parent=Configurable(parent=converter))
    filled, _ = asked.preprocess(released, facts)
    outputs = {
        cell.metadata.get("nbgrader", {}).get("grade_id"): cell.get("outputs") for cell in filled.cells
    }
    found = {}
    for id_, exercise in unit.exercises.items():
        (output,) = outputs[check_cell_id(id_)]
        marks = re.findall(r"<li><strong>([^<]+)</strong>, ([\d.]+) of", output["data"]["text/html"])
        assert float(output["data"]["text/plain"]) == pytest.approx(sum(float(points) for _, points in marks))
        # What fails for one reason in all checks has no list.
        found[id_] = ["passed" in word for word, _ in marks] or [False] * len(exercise.checks)
    return found


def by_pytest(
    path: Path, grader: Grader, server: ForkServer, patch: pytest.MonkeyPatch
) -> dict[str, list[bool]]:
    def on_this_server(*arguments: Any, **options: Any) -> Grader:
        return Grader(*arguments, **options, server=server)

    options = {"--submission": path, "--unsafe": False}
    patch.setattr(grading, "Grader", on_this_server)
    found = _Graded(SimpleNamespace(getoption=options.get), ROOT / "solutions" / grader.unit.id).exercises  # type: ignore[arg-type]
    return {id_: [check.passed for check in entry.checks] for id_, entry in found.items()}


@pytest.mark.parametrize("answer", [*ANSWERS, *WHOLE])
def test_all_five_agree(
    answer: str, grader: Grader, server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "GPU" in answer and torch.cuda.is_available():
        pytest.skip("here is a GPU, and what the grader lacks is had in the kernel")
    monkeypatch.setattr(alone, "_start", Forked)
    monkeypatch.chdir(tmp_path)
    unit = grader.unit
    originals = dict(sources(unit))
    changes = {
        id_: written(exercise.name, originals[id_.replace(".", "-")], answer)
        for id_, exercise in unit.exercises.items()
    }
    (_, setup), *answers = sources(unit, changes)
    # The set-up cell of the unit imports more than every unit needs.
    cells = [("", setup + "\n".join(shipped.imports(unit.id).values()) + "\n"), *answers]
    path = write(tmp_path / f"{unit.id}.ipynb", cells)

    submission = read_submission(path, unit.id, "ada")
    assert isinstance(submission, Submission)
    line = grader.grade(submission)
    everything = {id_: [check.passed for check in entry.checks] for id_, entry in line.exercises.items()}
    assert by_nbgrader(path, grader, tmp_path) == everything
    with monkeypatch.context() as patch:
        assert by_pytest(path, grader, server, patch) == everything

    visible = {
        id_: {check.id: check.passed for check in entry.checks if check.visible}
        for id_, entry in line.exercises.items()
    }
    before = sorted(tmp_path.iterdir())
    submitted = alone.judge_alone(path.read_bytes(), unit.id, seconds=10)
    assert sorted(tmp_path.iterdir()) == before
    assert {
        id_: {item.check.id: item.passed for item in found.verdict.checks} for id_, found in submitted.items()
    } == visible
    namespace = in_a_kernel(cells)
    for id_, passed in visible.items():
        checked = check_in(namespace, id_)
        seen = {item.check.id: item.passed for item in checked.verdicts} or dict.fromkeys(passed, False)
        assert seen == passed, (id_, str(checked))
        if not all(passed.values()) or answer in RIGHT:  # else the hidden checks may say something else
            assert submitted[id_].verdict.status == line.exercises[id_].status
            # Where its cell stops, the function is not there at all.
            assert checked.status == (
                "not run yet" if answer == "a package above" else line.exercises[id_].status
            )
        if answer in RIGHT:
            assert line.exercises[id_].status == "correct", line.exercises[id_].checks
        if answer in LACKS:
            said(line, id_, LACKS[answer])
            assert LACKS[answer] in submitted[id_].verdict.checks[0].message


def said(line: Line, id_: str, text: str) -> None:
    """The student is told what is lacking, and the staff."""
    assert line.exercises[id_].status == "error"
    for check in line.exercises[id_].checks:
        assert text in check.message, check.message
        assert "your system" not in check.message
    flags = [flag for flag in line.flags if flag.kind == FlagKind.GRADER_LACKS]
    assert [flag.audience for flag in flags if flag.text.startswith(f"{id_}: ")] == ["staff"]


def test_every_exercise_is_asked() -> None:
    assert {id_ for unit in UNITS for id_ in load_unit(ROOT, unit).exercises} >= {
        id_ for unit in UNITS for id_ in shipped.exercise_ids(unit)
    }
    assert RIGHT | LACKS.keys() < ANSWERS.keys() | WHOLE.keys()
