"""The same class in the hands of stock nbgrader and stock otter-grader: their defaults, tests in their own manner.

Both get a notebook of nothing but the imports, the exercises and three asserts for each: shorter than what students
really hand in, in the peers' favour.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.course.units import Unit
from benchmarks.graders.classes import Answers
from course_utils.slices.names import cell_id, function_name

IMPORTS = """\
import torch
import torch.nn.functional as F
import torchvision
from jaxtyping import Float
from torch import Tensor, nn
"""

# What courses write: a few values against the formula, a shape, a fact.
_LOGITS = """\
g = torch.Generator().manual_seed(1)
q, k, queue = torch.randn(3, 5, generator=g), torch.randn(3, 5, generator=g), torch.randn(5, 7, generator=g)
"""
_QUEUE = """\
queue, keys = torch.zeros(4, 6), torch.arange(12.0).reshape(3, 4)
"""
_ENCODERS = """\
a, b = nn.Linear(3, 2), nn.Linear(3, 2)
"""
ASSERTS: dict[str, tuple[str, ...]] = {
    "moco.momentum_update": (
        _ENCODERS + "want = (0.9 * b.weight + 0.1 * a.weight).detach()\nmomentum_update(a, b, 0.9)\n"
        "assert torch.allclose(b.weight, want, atol=1e-6)\n",
        _ENCODERS + "before = b.weight\nmomentum_update(a, b, 0.9)\nassert b.weight is before\n",
        _ENCODERS + "before = a.weight.detach().clone()\nmomentum_update(a, b, 0.9)\n"
        "assert torch.allclose(a.weight, before)\n",
    ),
    "moco.enqueue": (
        _QUEUE + "pointer = enqueue(queue, 1, keys)\nassert torch.allclose(queue[:, 1:4], keys.T)\n",
        _QUEUE + "pointer = enqueue(queue, 5, keys)\nassert torch.allclose(queue[:, [5, 0, 1]], keys.T)\n",
        _QUEUE + "assert enqueue(queue, 5, keys) == 2\n",
    ),
    "moco.moco_logits": (
        _LOGITS + "left, right, others = F.normalize(q, dim=1), F.normalize(k, dim=1), F.normalize(queue, dim=0)\n"
        "want = torch.cat([(left * right).sum(1, keepdim=True), left @ others], dim=1) / 0.2\n"
        "assert torch.allclose(moco_logits(q, k, queue, 0.2), want, atol=1e-5)\n",
        _LOGITS + "assert moco_logits(q, k, queue, 0.2).shape == (3, 8)\n",
        _LOGITS + "leaves = q.requires_grad_(), k.requires_grad_()\nmoco_logits(q, k, queue, 0.2).sum().backward()\n"
        "assert q.grad is not None and k.grad is None\n",
    ),
}  # fmt: skip
CHECKS = sum(map(len, ASSERTS.values()))


@dataclass(frozen=True)
class Timed:
    """One run of a peer.

    Attributes:
        version: of the tool.
        seconds: of the grading alone: setting up the course is not counted.
        full_marks: students who got all points.
    """

    version: str
    seconds: float
    full_marks: int


def nbgrader(unit: Unit, made: dict[str, tuple[str, Answers]], folder: Path) -> Timed:
    """`nbgrader autograde` of the whole class, one command, with nbgrader's default configuration.

    Raises:
        RuntimeError: it failed, or left a student without a score.
    """
    program = str(Path(sys.executable).with_name("nbgrader"))
    _write(folder / "source" / unit.id / f"{unit.id}.ipynb", _nbgrader_source(unit))
    _run([program, "generate_assignment", unit.id], folder)
    released = nbformat.read(folder / "release" / unit.id / f"{unit.id}.ipynb", as_version=4)
    for student, (_, sources) in made.items():
        _write(folder / "submitted" / student / unit.id / f"{unit.id}.ipynb", _filled(released, sources))
    began = time.perf_counter()
    said = _run([program, "autograde", unit.id], folder)
    seconds = time.perf_counter() - began

    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        scores = {
            item.student.id: item.score == item.max_score
            for item in gradebook.assignment_submissions(unit.id)
        }
    if scores.keys() != made.keys():
        raise RuntimeError(f"nbgrader graded {len(scores)} of {len(made)}:\n{said[-2000:]}")
    return Timed(_version(program, folder), seconds, sum(scores.values()))


def otter(unit: Unit, made: dict[str, tuple[str, Answers]], folder: Path, program: Path) -> Timed:
    """`otter run` of one notebook after the other, as its manual has it for a single submission.

    Raises:
        RuntimeError: it failed, or wrote no results for a student.
    """
    for id_, asserts in ASSERTS.items():
        path = folder / "tests" / f"{cell_id(id_).replace('-', '_')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        cases = [{"code": _doctest(text), "hidden": True, "locked": False} for text in asserts]
        test = {"name": path.stem, "points": len(asserts), "suites": [{"cases": cases, "type": "doctest"}]}
        path.write_text(f"OK_FORMAT = True\n\ntest = {test!r}\n")
    _run(
        [
            str(program),
            "generate",
            "-t",
            "tests",
            "-o",
            "autograder.zip",
            "--no-requirements",
            "--no-environment",
        ],
        folder,
    )
    stubs = (new_code_cell(_stub(id_, "raise NotImplementedError"), id=cell_id(id_)) for id_ in ASSERTS)
    released = new_notebook(cells=[new_code_cell(IMPORTS), *stubs], metadata=_KERNEL)
    paths = {}
    for student, (_, sources) in made.items():
        paths[student] = folder / "submitted" / student / f"{unit.id}.ipynb"
        _write(paths[student], _filled(released, sources))
    full, began = 0, time.perf_counter()
    for student, path in paths.items():
        out = folder / "results" / student
        out.mkdir(parents=True)
        said = _run(
            [str(program), "run", "-a", "autograder.zip", "-o", str(out), "--no-logo", str(path)], folder
        )
        results = out / "results.json"
        if not results.is_file():
            raise RuntimeError(f"otter wrote no results for {student}:\n{said[-2000:]}")
        tests = [test for test in json.loads(results.read_text())["tests"] if test.get("max_score")]
        full += bool(tests) and all(test["score"] == test["max_score"] for test in tests)
    seconds = time.perf_counter() - began
    return Timed(_version(str(program), folder), seconds, full)


_KERNEL = {
    "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
    "language_info": {"name": "python"},
}


def _nbgrader_source(unit: Unit) -> nbformat.NotebookNode:
    cells = [new_markdown_cell(f"# {unit.id}"), new_code_cell(IMPORTS)]
    for id_, asserts in ASSERTS.items():
        stub = _stub(id_, "### BEGIN SOLUTION\n    pass\n    ### END SOLUTION")
        answer = {"grade_id": cell_id(id_), "solution": True, "grade": False, "locked": False, "task": False}
        test = {
            "grade_id": f"{cell_id(id_)}-tests",
            "solution": False,
            "grade": True,
            "locked": True,
            "task": False,
        }
        hidden = "".join(asserts)
        cells += [
            new_code_cell(stub, metadata={"nbgrader": {**answer, "schema_version": 3}}),
            new_code_cell(
                f"### BEGIN HIDDEN TESTS\n{hidden}### END HIDDEN TESTS",
                metadata={"nbgrader": {**test, "points": len(asserts), "schema_version": 3}},
            ),
        ]
    return new_notebook(cells=cells, metadata=_KERNEL)


def _stub(exercise: str, body: str) -> str:
    return f"def {function_name(exercise)}(*arguments):\n    {body}\n"


def _filled(released: nbformat.NotebookNode, sources: Answers) -> nbformat.NotebookNode:
    notebook = nbformat.from_dict(json.loads(nbformat.writes(released)))
    by_cell = {cell_id(id_): source for id_, source in sources.items()}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", cell.get("id"))
        cell.source = by_cell.get(name, cell.source)
    return notebook


def _doctest(text: str) -> str:
    return "\n".join(f">>> {line}" for line in text.splitlines())


def _write(path: Path, notebook: nbformat.NotebookNode) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def _version(program: str, folder: Path) -> str:
    said = _run([program, "--version"], folder)
    found = re.search(r"(?:nbgrader version|Otter-Grader version:)\s+(\S+)", said)
    return found[1] if found else "unknown"


def _run(command: Sequence[str], folder: Path) -> str:
    # No configuration but their own defaults; nbgrader calls alembic, which is beside it.
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-3000:]}")
    return done.stdout
