"""What `cu.submit` shows before handing in is what grading the written file gives: on notebooks as messy as they come."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

import course_utils as cu
from autograder.course.units import Unit
from autograder.grading.grader import Grader, Limits
from autograder.intake.submission import Submission, read_submission
from course_utils import shipped
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.running import alone
from course_utils.slices.statements import PROMISED
from tests.corpora.notebooks import Messy, messy
from tests.support.forked import Forked

submit = import_module("course_utils.student.submit")
CORPUS = messy()
SECONDS = 3.0

_LINE = re.compile(r"^  (moco\.\w+) +([\w ]+), (\d+) of (\d+) visible checks passed$", re.MULTILINE)


@pytest.fixture(scope="module")
def visible(moco: Unit) -> Iterator[Grader]:
    """Grades with the visible checks alone, under the key with which they were recorded."""
    unit = replace(moco)
    unit.__dict__["exercises"] = {
        id_: replace(item, checks=tuple(check for check in item.checks if check.visible), misconceptions=())
        for id_, item in moco.exercises.items()
    }
    with Grader(unit, PUBLIC_SECRET, Limits(seconds=SECONDS, memory_mb=1024)) as made:
        yield made


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch, moco: Unit) -> None:
    monkeypatch.setattr(alone, "_start", Forked)
    monkeypatch.setattr(alone, "_SECONDS", SECONDS)
    monkeypatch.setitem(sys.modules, "nbclient", None)
    monkeypatch.delenv(submit.INSIDE, raising=False)
    if not shipped.imports("moco"):
        monkeypatch.setattr(shipped, "imports", lambda unit: moco.prelude)


def graded(grader: Grader, path: Path) -> dict[str, tuple[str, float]]:
    """Exercise id -> status and share of the checks that passed."""
    submission = read_submission(path, "moco", "ada")
    assert isinstance(submission, Submission), submission
    result = grader.grade(submission)
    return {
        id_: (entry.status, sum(check.passed for check in entry.checks) / len(entry.checks))
        for id_, entry in result.exercises.items()
    }


def shown(out: str) -> dict[str, tuple[str, float]]:
    """The same, as `cu.submit` has printed it."""
    return {
        id_: ("correct" if status == "right" else status, float(score) / float(most))
        for id_, status, score, most in _LINE.findall(out)
    }


@pytest.mark.parametrize("name", CORPUS)
def test_what_is_shown_is_what_the_file_gets(
    name: str, visible: Grader, quickly: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    item = CORPUS[name]
    path = tmp_path / "moco.ipynb"
    path.write_bytes(item.data)
    target = path
    if b'"worksheets"' in item.data:
        # Jupyter brings such a file to the present format when it's opened, and `cu.submit` wants it saved.
        with pytest.raises(submit.SubmitError):
            cu.submit("moco", notebook=path)
        verdicts = {id_: found.verdict for id_, found in judged(item).items()}
        said = {
            id_: (verdict.status, sum(check.passed for check in verdict.checks) / len(verdict.checks))
            for id_, verdict in verdicts.items()
        }
    else:
        target = tmp_path / "moco-submission.ipynb"
        cu.submit("moco", notebook=path)
        said = shown(capsys.readouterr().out)
    wanted = graded(visible, target)
    assert {id_: status for id_, (status, _) in wanted.items() if status != "correct"} == dict(item.status)
    assert {id_: status for id_, (status, _) in said.items()} == {
        id_: status for id_, (status, _) in wanted.items()
    }
    for id_, (_, share) in wanted.items():
        assert said[id_][1] == pytest.approx(share, abs=1e-3)


def judged(item: Messy) -> dict[str, alone.Alone]:
    return alone.judge_alone(item.data, "moco", seconds=SECONDS)


def test_the_corpus_is_large_enough_and_holds_every_status() -> None:
    assert len(CORPUS) >= 25
    statuses = {status for item in CORPUS.values() for status in item.status.values()}
    assert statuses == {"wrong", "error", "timeout", "crashed", "not attempted"}


def test_a_real_process_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)
    data = CORPUS["prints and own tests"].data.replace(b"print('a')", b"import beside")
    data = data.replace(b"    size, count", b"    print(beside.x)\\n    size, count", 1)
    found = alone.judge_alone(data, "moco")
    # The grader has no files of the student's beside the notebook, and so has this process none.
    assert found["moco.enqueue"].verdict.status == "error"
    assert "No module named 'beside'" in found["moco.enqueue"].verdict.checks[0].message
    assert found["moco.moco_logits"].verdict.status == "correct"
    assert list(tmp_path.iterdir()) == [tmp_path / "beside.py"]


def test_where_no_process_can_be_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nowhere"))
    with pytest.raises(alone.CannotRun, match="cannot be started"):
        judged(CORPUS["magics"])
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(alone.CannotRun, match="did not start"):
        judged(CORPUS["magics"])
    with pytest.raises(alone.CannotRun, match="it has no cells"):
        alone.judge_alone(b"{}", "moco")
    with pytest.raises(LookupError):
        alone.judge_alone(CORPUS["magics"].data, "nope")


def test_a_package_that_the_grader_may_lack_is_named(quickly: None) -> None:
    data = (
        CORPUS["decorated"]
        .data.replace(b"@torch", b"import nbformat, math, torch.nn\\n@torch")
        .replace(b"    size, count", b"    nbformat, math\\n    size, count", 1)
    )
    found = alone.judge_alone(data, "moco")
    assert [flag for flag in found["moco.enqueue"].flags if "may not have" in flag] == [
        "enqueue imports nbformat, which the grader may not have: ask the staff, or do without"
    ]
    assert found["moco.moco_logits"].flags == ()


def test_the_packages_that_are_promised_are_those_of_the_wheel(root: Path) -> None:
    declared = tomllib.loads((root / "course_utils/pyproject.toml").read_text())["project"]["dependencies"]
    names = {item.split(">=")[0] for item in declared} | {"torch", "torchvision", "numpy", "course_utils"}
    names -= {"pillow", "scikit-learn"}
    assert names | {"PIL", "sklearn", "scipy"} == PROMISED  # scipy comes with scikit-learn


def test_its_own_run_leaves_nothing_beside_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    body = (
        b"    import matplotlib.pyplot as plt, pathlib, tempfile\\n    plt.savefig('x.png')\\n"
        b"    pathlib.Path('~/notes').expanduser().write_text('a')\\n    tempfile.mkdtemp()\\n    size, count"
    )
    found = alone.judge_alone(CORPUS["magics"].data.replace(b"    size, count", body, 1), "moco")
    assert found["moco.enqueue"].verdict.status == "correct", found["moco.enqueue"].verdict
    assert list(tmp_path.iterdir()) == []


def test_a_gpu_that_the_grader_may_lack_is_named(quickly: None) -> None:
    data = CORPUS["magics"].data.replace(b"    size, count", b"    queue.cuda()\\n    size, count", 1)
    found = alone.judge_alone(data, "moco")["moco.enqueue"]
    assert [flag for flag in found.flags if "GPU" in flag] == [
        "enqueue names 'cuda', and the grader may have no GPU: take the device from the inputs"
    ]
    assert found.verdict.status == "error"
    for check in found.verdict.checks:
        assert check.message.startswith("The grader has no GPU: your function asks for 'cuda', in line ")


def test_without_a_gpu_as_the_grader_may_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"    import os\\n    assert os.environ['CUDA_VISIBLE_DEVICES'] == ''\\n    size, count"
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    found = alone.judge_alone(CORPUS["magics"].data.replace(b"    size, count", body, 1), "moco")
    assert found["moco.enqueue"].verdict.status == "correct", found["moco.enqueue"].verdict
