from __future__ import annotations

import json
import os
import signal
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch
from msgspec.structs import replace

from autograder.cli.each import Earlier, grade_each
from autograder.course.config import Late, load_course
from autograder.course.rounding import Rounding
from autograder.course.units import Unit
from autograder.grading.figures import off_by, window
from autograder.grading.grader import UNKNOWN_TIME, Grader, Limits, Policy
from autograder.intake.candidate import parse_timestamp
from autograder.intake.collect import collect
from autograder.intake.submission import Cell, Submission, Unreadable, parse_notebook, read_submission
from autograder.results import CheckLine, Flag, FlagKind, Line, Window, from_json, texts, to_json
from autograder.sandbox.client import Sandbox, SandboxError
from autograder.sandbox.tiers import probe
from course_utils import shipped
from course_utils.checks.case import Case, Input
from course_utils.checks.compare import Difference
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.expectation import Expectation
from course_utils.checks.judge import CheckVerdict
from course_utils.checks.observation import Observation
from course_utils.checks.prepared import Fault, PreparedCheck
from course_utils.slices.help import Help
from course_utils.slices.statements import CellCode
from tests.support.notebooks import SETUP, notebook, sources, write

ENQUEUE = "moco.enqueue"
FULL = "full"


def submission(cells: list[tuple[str, str]], student: str = "ada") -> Submission:
    import nbformat

    return Submission(
        student=student,
        unit="moco",
        path=f"{student}.ipynb",
        sha256="0" * 64,
        cells=parse_notebook(nbformat.writes(notebook(cells)).encode()),
    )


def grade(grader: Grader, unit: Unit, changes: dict[str, str] | None = None) -> Line:
    return grader.grade(submission(sources(unit, changes)))


def enqueue(body: str) -> dict[str, str]:
    """A submission whose `enqueue` has this body."""
    lines = "\n".join("    " + line for line in body.splitlines())
    return {ENQUEUE: f"def enqueue(queue, pointer, keys):\n{lines}"}


RIGHT = "size, n = queue.shape[1], len(keys)\nif n > size:\n    raise ValueError\nfor i in range(n):\n    queue[:, (pointer + i) % size] = keys[i].detach()\nreturn (pointer + n) % size"


def test_references_score_everything(grader: Grader, moco: Unit) -> None:
    result = grade(grader, moco)
    assert result.score == result.max_score > 0
    assert {verdict.status for verdict in result.exercises.values()} == {"correct"}
    assert result.flags == ()


def test_another_right_answer(grader: Grader, moco: Unit) -> None:
    assert grade(grader, moco, enqueue(RIGHT)).exercises[ENQUEUE].status == "correct"


def test_partial_credit_reason_and_hint(grader: Grader, moco: Unit) -> None:
    result = grade(grader, moco, enqueue(RIGHT.replace("return (pointer + n) % size", "return pointer + n")))
    verdict = result.exercises[ENQUEUE]
    assert 0 < verdict.score < verdict.max_score
    assert verdict.diagnosis.misconception == "pointer-does-not-wrap"
    (idea,) = verdict.diagnosis.ideas
    assert idea.hint
    assert list(idea.explains) == [check.id for check in verdict.checks if not check.passed]
    assert verdict.score == sum(check.points for check in verdict.checks)
    assert result.score == result.max_score - verdict.max_score + verdict.score


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("while True:\n    pass", "timeout", "took longer than 3 seconds"),
        ("import time\ntime.sleep(60)", "timeout", "took longer"),
        ("import os\nos._exit(7)", "crashed", "ended itself with exit code 7"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "crashed", "SIGSEGV"),
        ("import ctypes\nctypes.string_at(0)", "crashed", "SIGSEGV"),
        ("return torch.ones(10**11)", "memory", "too much memory"),
        ("x = []\nwhile True:\n    x.append(torch.empty(10**7))", "memory", "too much memory"),
        ("raise SystemExit(0)", "error", "SystemExit"),
        ("return undefined_name", "error", "NameError: name 'undefined_name' is not defined"),
        ("def f(): return f()\nreturn f()", "error", "RecursionError"),
        ("raise NotImplementedError", "not attempted", ""),
        ("return None", "wrong", ""),
    ],
)
def test_a_fault_costs_its_own_exercise_only(
    grader: Grader, moco: Unit, body: str, status: str, message: str
) -> None:
    result = grade(grader, moco, enqueue(body))
    verdict = result.exercises.pop(ENQUEUE)
    assert verdict.status == status
    assert verdict.score == 0
    assert any(message in check.message for check in verdict.checks)
    assert {other.status for other in result.exercises.values()} == {"correct"}


def test_error_names_the_line_of_the_cell(grader: Grader, moco: Unit) -> None:
    verdict = grade(grader, moco, enqueue("a = 1\nb = a.shape\nreturn b")).exercises[ENQUEUE]
    assert "line 3" in verdict.checks[0].message
    assert "b = a.shape" in verdict.checks[0].message


def test_cell_that_does_not_run(grader: Grader, moco: Unit) -> None:
    changed = {
        ENQUEUE: "import no_such_package\ndef enqueue(queue, pointer, keys):\n    return no_such_package.x"
    }
    verdict = grade(grader, moco, changed).exercises[ENQUEUE]
    assert verdict.status == "error"
    assert "no_such_package" in verdict.checks[0].message


def test_wrong_signature_is_an_error_in_plain_words(grader: Grader, moco: Unit) -> None:
    verdict = grade(grader, moco, {ENQUEUE: "def enqueue(queue, keys):\n    return 0"}).exercises[ENQUEUE]
    assert verdict.status == "error"
    assert "takes 2 positional arguments but 3 were given" in verdict.checks[0].message


def test_noise_costs_nothing(grader: Grader, moco: Unit) -> None:
    noisy = (
        "import sys, warnings\nwarnings.warn('careful')\nprint('x' * 100_000)\nprint('y', file=sys.stderr)\n"
        + RIGHT
    )
    assert grade(grader, moco, enqueue(noisy)).exercises[ENQUEUE].status == "correct"


def test_a_process_of_ones_own_is_refused_and_told(grader: Grader, moco: Unit) -> None:
    body = "import subprocess\nsubprocess.Popen(['sleep', '600'])\n" + RIGHT
    result = grade(grader, moco, enqueue(body))
    assert result.seconds < 3
    assert result.exercises[ENQUEUE].status == "error"
    assert (result.flags[0].kind, result.flags[0].audience) == (FlagKind.SUSPICIOUS, "staff")
    assert "subprocess" in result.flags[0].text


def test_garbage_on_every_descriptor_is_a_crash_not_a_grade(grader: Grader, moco: Unit) -> None:
    body = "import os\nfor fd in range(3, 64):\n    try:\n        os.write(fd, b'\\xff' * 4096)\n    except OSError:\n        pass\n"
    verdict = grade(grader, moco, enqueue(body + RIGHT)).exercises[ENQUEUE]
    assert verdict.status == "crashed"
    assert "malformed" in verdict.checks[0].message


def test_nothing_of_ours_is_in_the_students_process(grader: Grader, moco: Unit) -> None:
    """The student's process has no module of references, checks, scores, and no environment of the grader."""
    body = (
        "import sys, os\n"
        "names = [n for n in sys.modules if n.startswith(('solutions', 'autograder', 'nbgrader', 'pytest'))]\n"
        "raise RuntimeError(' '.join(sorted(names)) + ' | ' + ' '.join(sorted(os.environ)))"
    )
    os.environ["VERY_SECRET_TOKEN"] = "1"
    verdict = grade(grader, moco, enqueue(body)).exercises[ENQUEUE]
    modules, _, environment = verdict.checks[0].message.partition("RuntimeError: ")[2].partition(" | ")
    ours = set(modules.split()) - {"autograder", "autograder.sandbox"}
    assert ours
    # Its own half of the sandbox, and not the grader's.
    assert all(name.startswith("autograder.sandbox.") for name in ours)
    assert not {f"autograder.sandbox.{name}" for name in ("client", "tiers", "view")} & ours
    assert "SECRET" not in environment


def test_an_object_that_claims_to_equal_everything_gets_nothing(grader: Grader, moco: Unit) -> None:
    body = "class Yes(int):\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\nreturn Yes(0)"
    assert grade(grader, moco, enqueue(body)).exercises[ENQUEUE].score == 0


def test_exercises_do_not_see_each_others_changes_of_globals(grader: Grader, moco: Unit) -> None:
    changes = {
        "moco.moco_logits": "queue_size = 'mine'\ndef moco_logits(queries, keys, queue, temperature):\n    return queue_size"
    }
    assert grade(grader, moco, changes).exercises[ENQUEUE].status == "correct"


def test_policy_points_disabled_and_lateness(moco: Unit) -> None:
    import dataclasses
    import datetime as dt

    due = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    policy = Policy(
        points={ENQUEUE: 11.0}, disabled=("moco.moco_logits",), due=due, late=Late(penalty_per_day=0.1)
    )
    with Grader(moco, b"secret", Limits(), policy=policy) as grader:
        late = dataclasses.replace(submission(sources(moco)), submitted_at=due + dt.timedelta(hours=25))
        result = grader.grade(late)
    exercises = result.exercises
    assert list(exercises) == ["moco.momentum_update", ENQUEUE]
    assert exercises[ENQUEUE].max_score == exercises[ENQUEUE].score == 11
    assert result.late_days == 2
    assert (result.due, result.submitted_at) == ("2026-01-01T00:00:00+00:00", "2026-01-02T01:00:00+00:00")
    assert result.score == pytest.approx(0.8 * result.max_score)
    assert result.late_penalty == pytest.approx(0.2 * result.max_score)


def test_exercises_and_what_lateness_leaves_are_rounded(moco: Unit) -> None:
    import dataclasses
    import datetime as dt

    due = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    policy = Policy(points={ENQUEUE: 7.1}, due=due, late=Late(penalty_per_day=0.1), rounding=Rounding(0.5))
    changes = enqueue(RIGHT.replace("return (pointer + n) % size", "return pointer + n"))
    late = dataclasses.replace(submission(sources(moco, changes)), submitted_at=due + dt.timedelta(hours=1))
    with Grader(moco, b"secret", Limits(), policy=policy) as grader:
        result = grader.grade(late)
    score = result.exercises[ENQUEUE].score
    assert 0 < score < 7.1
    assert score % 0.5 == 0
    assert result.score is not None
    raw = sum(item.score for item in result.exercises.values())
    assert result.score % 0.5 == 0
    assert result.score + result.late_penalty == pytest.approx(raw)
    assert abs(result.score - 0.9 * raw) <= 0.25


def test_an_unknown_time_of_hand_in_is_flagged_where_it_matters(moco: Unit) -> None:
    import dataclasses
    import datetime as dt

    due = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    work = submission([("", "x = 1")])
    with Grader(moco, b"secret", Limits(), policy=Policy(due=due, late=Late(days_allowed=0))) as grader:
        unknown = grader.grade(work)
        known = grader.grade(dataclasses.replace(work, submitted_at=due))
        unreadable = grader.grade(
            Unreadable(student="ada", unit="moco", path="ada.ipynb", reason="the file is empty")
        )
    assert (unknown.late_days, unknown.late_penalty, unknown.submitted_at) == (0, 0, None)
    assert unknown.flags == (UNKNOWN_TIME,)
    assert known.flags == ()
    told = Flag(kind=FlagKind.UNREADABLE, text="the file is empty", audience="student")
    assert unreadable.flags == (told,)


def test_the_way_out_of_an_unknown_time_is_what_the_reader_takes() -> None:
    assert parse_timestamp(UNKNOWN_TIME.text.rpartition(": ")[2]).tzinfo


def test_unreadable_has_no_score(grader: Grader) -> None:
    result = grader.grade(
        Unreadable(student="ada", unit="moco", path="ada.ipynb", reason="the file is empty")
    )
    assert (result.status, result.score) == ("unreadable", None)


def test_a_notebook_of_another_unit_is_told_and_not_graded(grader: Grader, moco: Unit) -> None:
    result = grader.grade(
        submission([("simclr-nt_xent", "def nt_xent(z_i, z_j, temperature):\n    return 1")])
    )
    assert (result.status, result.score) == ("unreadable", None)
    assert "this is the notebook of simclr (it has simclr.nt_xent), not of moco" in texts(result.flags)
    both = [*sources(moco), ("simclr-nt_xent", "def nt_xent(z_i, z_j, temperature):\n    return 1")]
    result = grader.grade(submission(both))
    assert result.score == result.max_score
    assert [flag.audience for flag in result.flags if flag.kind == "other-unit"] == ["staff"]


@pytest.mark.parametrize("name", ["ada.py", "ada.ipynb"])
def test_a_marimo_file_is_graded_as_a_notebook(grader: Grader, moco: Unit, tmp_path: Path, name: str) -> None:
    cells = [textwrap.indent(source, "    ") for _, source in sources(moco)]
    made = "".join(f"@app.cell\ndef _():\n{source}\n    return\n\n\n" for source in cells)
    path = tmp_path / name
    path.write_text(
        f"import marimo\n\napp = marimo.App()\n\n\n{made}if __name__ == '__main__':\n    app.run()\n"
    )
    result = grader.grade(read_submission(path, "moco", "ada"))
    assert result.score == result.max_score, texts(result.flags)
    path.write_text("import marimo\n\napp = marimo.App()\n\n\n@app.cell\ndef _():\n    x = 1\n    return\n")
    result = grader.grade(read_submission(path, "moco", "ada"))
    assert (result.status, result.score) == ("unreadable", None)
    assert "marimo" in texts(result.flags)


def test_an_exercise_in_two_versions_is_told_as_such(grader: Grader, moco: Unit) -> None:
    source = "def enqueue(queue, pointer, keys):\n<<<<<<< HEAD\n    return 0\n=======\n    return 1\n>>>>>>> main\n"
    result = grade(grader, moco, {ENQUEUE: source})
    verdict = result.exercises[ENQUEUE]
    assert (verdict.status, verdict.score) == ("error", 0)
    assert "two versions were merged: lines 2–6 of the cell" in verdict.checks[0].message
    assert result.score == result.max_score - verdict.max_score


CONTRACT = {
    "format": int, "person": dict, "student": str, "group": None, "unit": str, "attempt": int, "submitted_at": None, "due": None,
    "extension": None, "late_days": int, "late_penalty": float, "file": str, "submission_sha256": str, "checks_sha256": str,
    "release": None, "versions": dict, "status": str, "score": float, "max_score": float, "override": None, "written": dict,
    "sandbox": str, "device": str, "seconds": float, "exercises": dict, "flags": list,
}  # fmt: skip


def test_a_line_is_the_contracts_json(grader: Grader, moco: Unit) -> None:
    line = grade(grader, moco, enqueue("import ctypes\n" + RIGHT.replace("% size\n", "\n")))
    made = json.loads(json.dumps(to_json(line)))
    # First what is fixed, in that order; what is ours besides, after it.
    assert list(made)[: len(CONTRACT)] == list(CONTRACT)
    for key, kind in CONTRACT.items():
        assert made[key] is None if kind is None else isinstance(made[key], kind), key
    assert made["format"] == 2
    assert made["person"] == {"key": "ada", "name": "ada", "email": None, "section": None}
    assert made["sandbox"] == probe().best
    exercise = made["exercises"][ENQUEUE]
    assert list(exercise)[:6] == ["score", "max_score", "status", "checks_sha256", "diagnosis", "checks"]
    assert list(exercise["diagnosis"])[:2] == ["ideas", "fact"]
    assert list(exercise["checks"][0])[:4] == ["id", "passed", "points", "message"]
    assert [list(flag) for flag in made["flags"]] == [["kind", "text", "audience"]]
    assert from_json(made) == line


def test_hidden_checks_tell_no_expected_values(grader: Grader, moco: Unit) -> None:
    body = RIGHT.replace("keys[i].detach()", "keys[i].detach() * 1.5")
    for check in grade(grader, moco, enqueue(body)).exercises[ENQUEUE].checks:
        if not check.visible:
            assert "expected" not in check.message


def test_many_at_once_in_any_order(tmp_path: Path, moco: Unit) -> None:
    for number in range(12):
        write(
            tmp_path / f"s{number:02}.ipynb",
            sources(moco, enqueue(RIGHT if number % 2 else "return pointer")),
        )
    (tmp_path / "s99.ipynb").write_text("junk")
    with Grader(moco, b"secret", Limits(), jobs=2) as grader:
        results: dict[str, Any] = {
            found.student: result for found, result in grade_each(grader, collect([tmp_path], "moco"))
        }
    assert len(results) == 13
    for number in range(12):
        result = results[f"s{number:02}"]
        assert (result.score == result.max_score) == bool(number % 2)
    assert results["s99"].status == "unreadable"


@pytest.mark.parametrize(
    ("status", "again"),
    [("wrong", False), ("error", False), ("timeout", True), ("memory", True), ("crashed", True)],
)
def test_what_may_have_been_the_machines_fault_is_graded_again(
    status: str, again: bool, tmp_path: Path, grader: Grader, moco: Unit
) -> None:
    write(tmp_path / "ada.ipynb", sources(moco))
    found = collect([tmp_path], "moco")
    ((_, first),) = grade_each(grader, found)
    assert isinstance(first, Line)
    # A score that no grading would give shows what is kept.
    first.exercises.update({id_: replace(entry, score=0.125) for id_, entry in first.exercises.items()})
    first.exercises[ENQUEUE] = replace(first.exercises[ENQUEUE], status=status)
    earlier = Earlier({"ada": first}, load_course(moco.root), grader.tier, grader.device, "")
    ((_, second),) = grade_each(grader, found, earlier=earlier)
    assert (second is not None) == again
    if isinstance(second, Line):
        assert {id_ for id_, entry in second.exercises.items() if entry.score != 0.125} == {ENQUEUE}


def test_a_grader_that_was_not_entered_says_so(moco: Unit) -> None:
    with pytest.raises(SandboxError, match="with statement"):
        Grader(moco, b"secret").grade(submission(sources(moco)))


def test_a_broken_grader_gives_no_zero(tmp_path: Path, moco: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "ada.ipynb", sources(moco))
    monkeypatch.setattr("sys.executable", "/bin/false")
    with Grader(moco, b"secret", Limits()) as grader:
        ((_, result),) = grade_each(grader, collect([tmp_path], "moco"))
    assert isinstance(result, Exception)
    assert "did not start" in str(result)


def test_setup_cell_may_be_missing(grader: Grader, moco: Unit) -> None:
    cells = [cell for cell in sources(moco) if cell[1] != SETUP]
    result = grader.grade(submission(cells))
    assert result.score == result.max_score
    assert any(flag.kind == "imports-lent" for flag in result.flags)


def test_empty_notebook_scores_zero_not_attempted(grader: Grader) -> None:
    cell = Cell(1, "x = 1", frozenset())
    result = grader.grade(Submission(student="ada", unit="moco", path="a", sha256="", cells=(cell,)))
    assert result.score == 0
    assert {verdict.status for verdict in result.exercises.values()} == {"not attempted"}


def test_what_works_in_a_notebook_without_an_import(grader: Grader, moco: Unit) -> None:
    result = grade(grader, moco, enqueue("display(queue)\nassert get_ipython() is None\n" + RIGHT))
    assert result.exercises[ENQUEUE].status == "correct"


def test_code_that_parses_but_does_not_compile(grader: Grader, moco: Unit) -> None:
    verdict = grade(grader, moco, enqueue("global pointer\nreturn pointer")).exercises[ENQUEUE]
    assert verdict.status == "error"
    assert "parameter and global" in verdict.checks[0].message


def test_who_kills_the_fork_server_harms_nobody_else(moco: Unit) -> None:
    killer = enqueue("import os\nos.kill(os.getppid(), 9)")
    with Grader(moco, b"secret", Limits(seconds=3.0)) as own:
        assert grade(own, moco, killer).exercises[ENQUEUE].score == 0
        assert grade(own, moco).exercises[ENQUEUE].status == "correct"


def test_a_fork_server_that_was_killed_costs_nobody_anything(moco: Unit) -> None:
    with Grader(moco, b"secret", Limits(seconds=3.0)) as own:
        process = own._idle.queue[0].server._process
        assert process
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert grade(own, moco).exercises[ENQUEUE].status == "correct"


def test_a_sandbox_that_fails_twice_is_a_fault_of_ours(moco: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(self: Sandbox, until: float = 0.0) -> None:
        raise SandboxError("the fork server is gone")

    with Grader(moco, b"secret", Limits(seconds=3.0)) as own:
        monkeypatch.setattr(Sandbox, "job", gone)
        with pytest.raises(SandboxError):
            grade(own, moco)
        monkeypatch.undo()
        assert grade(own, moco).exercises[ENQUEUE].status == "correct"


def test_a_process_that_stops_reading_is_a_timeout() -> None:
    # Only here a process has the number that it has outside as well.
    with Sandbox(Limits(seconds=0.5), "none") as sandbox, sandbox.job() as job:
        assert job.load("f", [CellCode("1", "def f(): pass", (0,))]) is None
        os.kill(job._pid, signal.SIGSTOP)
        failure = job.load("f", [CellCode("1", "#" * 2**23, ())])
    assert isinstance(failure, Fault)
    assert failure.status == "timeout"


# --- what the pages need --------------------------------------------------------------------------------------------


def told(result: Line, check: str, exercise: str = ENQUEUE) -> CheckLine:
    """What the journal says of a check."""
    (found,) = [item for item in result.exercises[exercise].checks if item.id == check]
    return found


def window_of(result: Line, check: str) -> Window:
    found = told(result, check).shown
    assert found
    return found


def public_case(unit: Unit, check: str, number: int = 0) -> Case:
    prepared, _ = unit.exercises[ENQUEUE].record()
    (found,) = [item for item in prepared.checks if item.id == check]
    return found.cases[number]


def test_a_window_shows_the_public_case(grader: Grader, moco: Unit) -> None:
    result = grade(
        grader, moco, enqueue(RIGHT.replace("return (pointer + n) % size", "return pointer + n + 1"))
    )
    case = public_case(moco, "moves-the-pointer")
    pointer, keys = case.inputs["pointer"], case.inputs["keys"]
    assert isinstance(pointer, int)
    assert isinstance(keys, Input)
    shown = window_of(result, "moves-the-pointer")
    assert shown.got == ((pointer + len(keys.tensor) + 1,),)
    assert shown.wrong == ((True,),)
    assert f"pointer {pointer}" in shown.called
    assert told(result, "stores-the-keys").shown is None, "it passed"
    assert not any(check.shown for check in result.exercises[ENQUEUE].checks if not check.visible)


def test_a_window_is_found_out_where_no_hidden_case_was_seen(grader: Grader, moco: Unit) -> None:
    """A function that keeps the first number it ever saw, and returns it ever after, hands out nothing hidden."""
    body = (
        "torch.first = getattr(torch, 'first', float(keys.flatten()[0]))\nqueue.fill_(torch.first)\nreturn 0"
    )
    result = grade(grader, moco, enqueue(body))
    shown = window_of(result, "stores-the-keys")
    keys = public_case(moco, "stores-the-keys").inputs["keys"]
    assert isinstance(keys, Input)
    assert {number for row in shown.got for number in row} == {float(f"{keys.tensor.flatten()[0]:.4g}")}


def test_right_on_the_public_case_says_nothing_of_values(grader: Grader, moco: Unit) -> None:
    check = next(check for check in moco.exercises[ENQUEUE].checks if check.id == "stores-the-keys")
    firsts = [float(case.tensors["keys"].tensor.flatten()[0]) for case in check.draw(PUBLIC_SECRET)]
    known = f"min(abs(float(keys.flatten()[0]) - first) for first in {firsts}) < 1e-6"
    body = f"if not {known}:\n    queue.zero_()\n    return 0\n" + RIGHT
    result = grade(grader, moco, enqueue(body))
    line = told(result, "stores-the-keys")
    assert not line.passed
    assert line.shown is None


def test_what_hangs_in_the_public_cases_costs_the_window_only(grader: Grader, moco: Unit) -> None:
    # Its first case is drawn; that of the others is the same under every secret, and would hang the hidden job as well.
    keys = public_case(moco, "off-the-graph").inputs["keys"]
    assert isinstance(keys, Input)
    first = float(keys.tensor.flatten()[0])
    body = f"import time\nif abs(float(keys.flatten()[0]) - {first}) < 1e-6:\n    time.sleep(60)\nreturn -1"
    result = grade(grader, moco, enqueue(body))
    assert result.exercises[ENQUEUE].status == "wrong"
    assert told(result, "off-the-graph").shown is None


def test_what_hangs_in_the_public_cases_leaves_the_others_their_own_case(moco: Unit) -> None:
    hangs = (
        "def momentum_update(key_encoder, query_encoder, momentum):\n    import time\n    time.sleep(60)\n"
    )
    lacks = (
        "def moco_logits(queries, keys, queue, temperature):\n    return torch.load('/content/logits.pt')\n"
    )
    changes = {
        "moco.momentum_update": hangs,
        "moco.moco_logits": lacks,
        **enqueue("import time\ntime.sleep(0.05)\nreturn -1"),
    }
    with Grader(moco, b"secret", Limits(seconds=5, memory_mb=512)) as grader:
        result = grade(grader, moco, changes)
    assert [item.status for item in result.exercises.values()] == ["timeout", "wrong", "error"]
    visible = [item for item in result.exercises[ENQUEUE].checks if item.visible and not item.passed]
    assert any("n the notebook's own case" in item.message for item in visible)
    assert any(item.shown for item in visible)
    assert any(flag.kind == FlagKind.GRADER_LACKS for flag in result.flags)


def test_all_that_the_journal_says_of_an_exercise_is_json(grader: Grader, moco: Unit) -> None:
    nan = "queue.fill_(float('nan'))\nreturn 3"
    result = grade(grader, moco, enqueue(nan))
    made = json.loads(json.dumps(to_json(result), allow_nan=False))["exercises"][ENQUEUE]
    assert made["seconds"] > 0
    assert made["diagnosis"]["fact"] == result.exercises[ENQUEUE].diagnosis.fact
    assert made["help"] is None
    shown = window_of(result, "stores-the-keys")
    assert shown.got[0][0] == "nan"
    assert len(shown.rows) <= 8 >= len(shown.columns)
    (told_of,) = [check["shown"] for check in made["checks"] if check["id"] == "stores-the-keys"]
    assert len(json.dumps(told_of)) < 3000


def test_the_hints_that_a_student_asked_for_are_in_the_journal(grader: Grader, moco: Unit) -> None:
    made = submission(sources(moco))
    object.__setattr__(made, "help", {ENQUEUE: Help(asked=4, level=2)})
    made_of = to_json(grader.grade(made))["exercises"]
    assert made_of[ENQUEUE]["help"] == {"asked": 4, "level": 2}
    assert made_of["moco.moco_logits"]["help"] is None


def verdict(
    expected: Any, got: Any, dtype: torch.dtype = torch.float32, accuracy: str = "elementwise"
) -> CheckVerdict:
    """On one visible check that failed by its result."""
    case = Case({"values": Input(torch.ones(2))})
    expectation = Expectation({"result": expected, "exception": "none"}, {})
    check = PreparedCheck(
        id="a",
        title="A.",
        points=1.0,
        accuracy=accuracy,
        looks_at=(),
        dtype=dtype,
        visible=True,
        side=False,
        cases=(case,),
        expected=(expectation,),
        wrong={},
    )
    seen = Observation({"result": got, "exception": "none"})
    return CheckVerdict(
        check=check,
        passed=False,
        points=0.0,
        message="",
        place="",
        difference=Difference("result", "is wrong"),
        case=0,
        observation=seen,
    )


def test_a_window_lies_around_the_first_wrong_number() -> None:
    expected = torch.zeros(3, 20, 30)
    got = expected.clone()
    got[1, 12, 29] = 7.123456
    shown = window(verdict(expected, got))
    assert shown
    assert (shown.part, shown.rows, shown.columns, shown.of) == (
        "[1]",
        tuple(range(8, 16)),
        tuple(range(22, 30)),
        (20, 30),
    )
    assert shown.got[4][7] == 7.123
    assert sum(map(sum, shown.wrong)) == 1


def test_integers_stay_integers() -> None:
    shown = window(verdict(7, 3, accuracy="exact"))
    assert shown
    assert json.dumps([shown.got, shown.expected]) == "[[[3]], [[7]]]"
    for huge in (2**63, -(10**400)):
        assert window(verdict(7, huge, accuracy="exact")) is None


def test_numbers_that_differ_look_different() -> None:
    shown = window(verdict(torch.tensor([1.0, 0.123456]), torch.tensor([1.0, 0.123495])))
    assert shown
    assert (shown.got, shown.expected) == (((1.0, 0.123495),), ((1.0, 0.123456),))
    assert shown.of == (1, 2)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (torch.zeros(2), torch.zeros(3)),
        (torch.zeros(2), torch.zeros(2)),
        (torch.zeros(0), torch.zeros(0)),
        (torch.zeros(2), None),
        (True, False),
        (torch.zeros(2, dtype=torch.complex64), torch.ones(2, dtype=torch.complex64)),
    ],
)
def test_where_there_are_no_numbers_there_is_no_window(expected: Any, got: Any) -> None:
    assert window(verdict(expected, got)) is None
    assert off_by(verdict(expected, got)) is None


def test_how_far_off() -> None:
    expected = torch.tensor([-2.0, 1.0], dtype=torch.float64)
    assert off_by(verdict(expected, expected + torch.tensor([0.0, 0.006]))) == 0.003
    assert off_by(verdict(expected, expected.float() * 1.0001, torch.float64)) == pytest.approx(
        1e-4, rel=0.01
    )
    for far in (0.0, 1e-9, 0.03, torch.nan, torch.inf):
        assert off_by(verdict(expected, expected + torch.tensor([0.0, far]))) is None
    assert off_by(verdict(torch.tensor([300]), torch.tensor([301]), accuracy="exact")) is None
    assert off_by(verdict(torch.zeros(2), torch.ones(2))) is None


def test_the_text_of_an_exception_comes_from_the_case_that_ships(grader: Grader, moco: Unit) -> None:
    """In the process that has seen hidden cases a text could carry them out."""
    exercise = moco.exercises[ENQUEUE]
    shipped, _ = exercise.record()
    first = shipped.checks[0].cases[0].inputs["queue"]
    assert isinstance(first, Input)
    verdict = grade(grader, moco, enqueue("raise ValueError(f'{queue[0, 0].item():.9g}')")).exercises[ENQUEUE]
    (told, *_), hidden = (
        [item.message for item in verdict.checks if item.visible == visible] for visible in (True, False)
    )
    assert f"ValueError: {first.tensor[0, 0].item():.9g}, in line 2" in told
    assert all("ValueError:" not in message for message in hidden)


def test_what_the_grader_lacks_is_told_and_flagged_and_tried_again(
    moco: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = sources(
        moco,
        {
            ENQUEUE: "def enqueue(queue, pointer, keys):\n    keys = torch.load('/content/keys.pt')\n    return pointer\n",
            "moco.momentum_update": "import no_such_package\ndef momentum_update(a, b, m):\n    no_such_package.go(a)\n",
        },
    )
    given = submission(cells)
    with Grader(moco, b"secret", Limits(seconds=5, memory_mb=512)) as grader:
        line = grader.grade(given)
        entry = line.exercises[ENQUEUE]
        assert entry.status == "error"
        for check in entry.checks:
            assert check.message.startswith(
                "The grader does not have the file '/content/keys.pt', which your function asks for, in line 2"
            )
        flags = [flag for flag in line.flags if flag.kind == FlagKind.GRADER_LACKS]
        assert sorted(flag.text.partition(": ")[0] for flag in flags) == [ENQUEUE, "moco.momentum_update"]
        assert {flag.audience for flag in flags} == {"staff"}
        assert line.exercises["moco.moco_logits"].status == "correct"
        # What was missing may be there by now; what is right is kept.
        assert set(grader.to_keep(line)) == {"moco.moco_logits"}
        assert not grader.is_up_to_date(line)
        ordinary = replace(line, flags=())
        assert set(grader.to_keep(ordinary)) == set(line.exercises)
        again = grader.grade(given, grader.to_keep(line))
        assert again.flags == line.flags
        assert again.exercises == {
            id_: replace(entry, seconds=again.exercises[id_].seconds) for id_, entry in line.exercises.items()
        }


def test_a_hidden_check_says_nothing_that_a_hidden_case_could_choose(moco: Unit) -> None:
    """What is lacking is told by the public cases: a name of a file may be made of arguments."""
    source = (
        "def enqueue(queue, pointer, keys):\n"
        "    raise FileNotFoundError(2, 'No such file or directory', f'canary-{float(queue.sum())}')\n"
    )
    with Grader(moco, b"secret", Limits(seconds=5, memory_mb=512)) as grader:
        line = grader.grade(submission(sources(moco, {ENQUEUE: source})))
    told = {check.message.split("canary-")[1].split("'")[0] for check in line.exercises[ENQUEUE].checks}
    shipped_sums = {
        f"{float(case.inputs['queue'].tensor.sum())}"  # type: ignore[union-attr]
        for check in shipped.load_checks(ENQUEUE)[0].checks
        for case in check.cases
    }
    assert told <= shipped_sums
    assert len(told) == 1
