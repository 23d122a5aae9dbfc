"""`cu.submit`: which notebook it takes, what it says, and what is in the file to hand in."""

import inspect
import json
import os
import re
import sys
import time
import types
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch

import course_utils as cu
from autograder.course.units import load_unit
from course_utils import shipped
from course_utils.running import alone
from course_utils.slices.help import Help, read_help
from course_utils.student import check as visible
from course_utils.student import handed, wrapping
from course_utils.student import submit as submit_function
from course_utils.student.endless import without_calls
from course_utils.student.notebook_file import find_notebook
from tests.support import ROOT
from tests.support.forked import Forked

submit = sys.modules["course_utils.student.submit"]
UNIT = load_unit(ROOT, "moco")
IMPORTS = (
    "import torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\nfrom jaxtyping import Float\n"
    "import course_utils as cu\n"
)


def source(name: str) -> str:
    return inspect.getsource(UNIT.exercises[f"moco.{name}"].reference)


def code(text: str, **more: Any) -> dict[str, Any]:
    return {
        "cell_type": "code", "id": f"c{abs(hash(text)) % 10**8}", "source": text.splitlines(keepends=True),
        "metadata": {}, "outputs": [], "execution_count": None, **more,
    }  # fmt: skip


def markdown(text: str, grade_id: str = "") -> dict[str, Any]:
    nbgrader = {"grade": True, "solution": True, "locked": False, "grade_id": grade_id, "points": 2}
    return {
        "cell_type": "markdown", "id": f"m{abs(hash(text)) % 10**8}", "source": text,
        "metadata": {"nbgrader": nbgrader} if grade_id else {},
    }  # fmt: skip


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own, and no environment that tells of a notebook."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.delenv(submit.INSIDE, raising=False)
    # Sentences are looked for, wherever a line of them may end.
    monkeypatch.setattr(wrapping, "LINE_WIDTH", 10_000)
    # As in a new kernel, where nobody knows yet how long it takes.
    monkeypatch.setattr(submit, "_seconds", {})
    return tmp_path


@pytest.fixture
def without_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nbclient", None)


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that need not import torch first."""
    monkeypatch.setattr(alone, "_start", Forked)


def save(path: Path, content: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
    return path


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


# --- a fresh run ------------------------------------------------------------------------------------------------


def test_a_notebook_is_run_from_the_top_and_handed_in(
    elsewhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = save(
        elsewhere / "work" / "moco.ipynb",
        notebook(
            code(IMPORTS),
            code(source("moco_logits")),
            code(
                "def momentum_update(query_encoder, key_encoder, momentum):\n    raise NotImplementedError('x')"
            ),
            code("momentum_update(1, 2, 3)"),
            code(
                "import os\nassert os.environ['COURSE_PROFILE'] == 'check'\nassert os.path.exists('moco.ipynb')"
            ),
            code("helper_that_was_deleted()"),
            code("cu.submit('moco')"),
            markdown("*Your answer takes the place of this line.*", "moco-q1"),
            markdown("Because.", "moco-q2"),
        ),
    )
    before = path.read_bytes()
    # The function of a deleted cell is still in memory here, but not in the notebook.
    namespace = {"cu": cu, "enqueue": UNIT.exercises["moco.enqueue"].reference}
    exec(f"cu.submit('moco', notebook={str(path)!r})", namespace)
    out, err = capsys.readouterr()

    target = elsewhere / "work" / "moco-submission.ipynb"
    assert f"Hand in this file: {target}" in out
    assert re.search(r"moco.moco_logits      right, (\d+) of \1 visible checks passed\n", out)
    assert re.search(r"Hidden checks also look at: .*very small temperatures", out)
    assert re.search(r"moco.momentum_update  not attempted, 0 of \d+ visible checks passed\n", out)
    assert re.search(r"moco.enqueue          not attempted, 0 of \d+ visible checks passed\n", out)
    assert "better in this kernel, but not from a fresh start" in out
    assert "there is no function enqueue\n" in out
    assert re.search(
        r"Visible checks: \d+ of \d+ passed; written answers \(4 points\) and hidden checks are not", out
    )
    assert re.search(
        r"Running your exercises as the grader will, then your notebook from the top: this may take a minute\.",
        out,
    )
    assert "begins with 'helper_that_was_deleted()' stops: NameError" in out
    assert "1 cell stops at an exercise that isn't written yet" in out
    assert "Not answered yet: moco-q1" in out
    assert "moco-q2" not in out
    assert err == ""
    assert path.read_bytes() == before
    assert [cell["source"] for cell in read(target)["cells"]] == [
        cell["source"] for cell in json.loads(before)["cells"]
    ]


def test_a_cell_that_takes_too_long_and_a_kernel_that_dies(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("course_utils.student.fresh_run._SECONDS_PER_CELL", 2)
    slow = submit.run_fresh(notebook(code("while True: pass"), code("x = 1")), "moco", elsewhere)
    assert slow.results is not None
    assert slow.stopped == [("while True: pass", "it takes more than 2 seconds in the check profile")]
    dead = submit.run_fresh(notebook(code("import os\nos._exit(1)")), "moco", elsewhere)
    assert dead.results is None
    assert "kernel" in dead.stopped[-1][1]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    "source", ["x = 1", "while True: pass", "import os\nos._exit(1)"], ids=["ends", "hangs", "dies"]
)
def test_no_kernel_is_left_behind(elsewhere: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    monkeypatch.setattr("course_utils.student.fresh_run._SECONDS_PER_CELL", 2)
    before = children()
    submit.run_fresh(notebook(code(source)), "moco", elsewhere)
    assert children() <= before


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_no_kernel_is_left_behind_by_who_interrupts(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(thread: Any, started: Any, total: int) -> None:
        while not started[0]:
            time.sleep(0.1)
        raise KeyboardInterrupt

    monkeypatch.setattr("course_utils.student.fresh_run._show_progress", interrupted)
    before = children()
    with pytest.raises(KeyboardInterrupt):
        submit.run_fresh(notebook(code("while True: pass")), "moco", elsewhere)
    assert children() <= before


def children() -> set[int]:
    """Processes that this one started and that still run; those that have ended are not counted."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z":
                found.add(int(path.parent.name))
    return found


def test_cells_that_call_what_never_ends_are_not_run() -> None:
    cells = [
        code("import torch\n\ndef enqueue(queue, pointer, keys):\n    while True: pass"),
        code("cu.check('moco.enqueue')"),
        code("def step(x):\n    return enqueue(x, 0, x)"),
        code("losses = step(1)"),
        code("plot(losses)"),
        code("x = torch.ones(2)"),
    ]
    made, count = without_calls(notebook(*cells), {"moco.enqueue"})
    kept = [cell["source"] for cell in made["cells"]]
    assert [bool(text) for text in kept] == [True, False, True, False, False, True]
    assert count == 3
    assert without_calls(notebook(*cells), ())[1] == 0


# --- without a kernel -------------------------------------------------------------------------------------------


def test_without_nbclient_the_exercises_alone_are_checked(
    elsewhere: Path, without_kernel: None, prepared: None, capsys: pytest.CaptureFixture[str]
) -> None:
    save(elsewhere / "moco.ipynb", notebook(code(IMPORTS), code(source("enqueue"))))
    exec("cu.submit('moco')", {"cu": cu})
    out = capsys.readouterr().out
    assert "Notebooks can't be run from here" in out
    assert "As the grader will see it" in out
    assert re.search(r"moco.enqueue          right, (\d+) of \1 visible checks passed", out)
    assert "Note: enqueue was found in code cell 2 (it begins with: def enqueue(" in out
    assert "by its name, not in the cell of" in out
    assert (elsewhere / "moco-submission.ipynb").is_file()


def test_without_any_process_the_functions_here_are_checked(
    elsewhere: Path,
    without_kernel: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save(elsewhere / "moco.ipynb", notebook(code(IMPORTS), code(source("enqueue"))))
    monkeypatch.setattr(sys, "executable", str(elsewhere / "nowhere"))
    exec("cu.submit('moco')", {"cu": cu, "enqueue": UNIT.exercises["moco.enqueue"].reference})
    out = capsys.readouterr().out
    assert "Python cannot be started here" in out
    assert "the functions in this kernel were checked" in out
    assert re.search(r"moco.enqueue          right, (\d+) of \1 visible checks passed", out)
    assert (elsewhere / "moco-submission.ipynb").is_file()


def test_a_right_function_that_costs_points_is_not_called_right(
    elsewhere: Path, without_kernel: None, prepared: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """It seeds torch; the check that asks for that is hidden in this exercise."""
    reference = load_unit(ROOT, "pretext").exercises["pretext.rotate_batch"].reference

    def seeding(images: Any) -> Any:
        torch.manual_seed(0)
        return reference(images)

    seeds = inspect.getsource(reference).replace("turns = ", "torch.manual_seed(0)\n    turns = ", 1)
    save(elsewhere / "pretext.ipynb", notebook(code(IMPORTS + "from jaxtyping import Int64\n"), code(seeds)))
    exec("cu.submit('pretext')", {"cu": cu, "rotate_batch": seeding})
    out = capsys.readouterr().out
    said = "pretext.rotate_batch right but for what costs points, 3 of 3 visible checks passed"
    assert said in " ".join(out.split())
    assert "Your function seeds torch" in out


@pytest.mark.parametrize("taken", ["from helpers_beside import kept", "%run helpers_beside.py"])
def test_a_file_beside_the_notebook_is_one_sentence(
    elsewhere: Path, without_kernel: None, prepared: None, capsys: pytest.CaptureFixture[str], taken: str
) -> None:
    (elsewhere / "helpers_beside.py").write_text("def kept(x):\n    return x\n")
    needs = source("enqueue").replace("size, count =", "kept(1)\n    size, count =", 1)
    save(elsewhere / "moco.ipynb", notebook(code(IMPORTS), code(taken), code(needs)))
    # In the notebook's kernel all is right.
    namespace: dict[str, Any] = {"cu": cu, "kept": lambda x: x}
    exec(IMPORTS + needs, namespace)
    exec("cu.submit('moco')", namespace)
    out = capsys.readouterr().out
    said = out.split("moco.enqueue ")[1].split("moco.moco_logits ")[0]
    told = [line.strip() for line in said.splitlines()[1:] if line.strip() and "by its name" not in line]
    assert told == [
        "enqueue needs helpers_beside.py, which stands beside the notebook and not in it: hand in a zip of both, or "
        "put the code of helpers_beside.py into a cell."
    ]
    assert re.search(
        r"\nHand in a zip of these files: \S+moco-submission\.ipynb \(\d+ kB\) and helpers_beside\.py\n", out
    )


def test_what_the_grader_lacks_is_said_once(
    elsewhere: Path, without_kernel: None, prepared: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file of data, and a module that is nowhere: here, in this kernel, the function is right."""
    here = {"cu": cu, "enqueue": UNIT.exercises["moco.enqueue"].reference}
    for needs, said in (
        (
            "open('table.txt')",
            "The grader does not have the file 'table.txt'",
        ),
        (
            "import nowhere_to_be_found",
            "Note: nowhere_to_be_found is imported, but nowhere_to_be_found.py is not",
        ),
    ):
        text = source("enqueue").replace("size, count =", f"{needs}\n    size, count =", 1)
        save(elsewhere / "moco.ipynb", notebook(code(IMPORTS), code(text)))
        (elsewhere / "table.txt").write_text("1")
        exec("cu.submit('moco')", here)
        out = capsys.readouterr().out
        lines = out.split("moco.enqueue ")[1].split("moco.moco_logits ")[0].splitlines()[1:]
        told = [line.strip() for line in lines if line.strip() and "by its name" not in line]
        assert len(told) == 1, told
        assert re.match(said, told[0])
        assert "Hand in this file" in out


def test_a_wrong_function_is_told_with_its_fact(
    elsewhere: Path, without_kernel: None, prepared: None, capsys: pytest.CaptureFixture[str]
) -> None:
    copies = source("enqueue").replace("size, count =", "queue = queue.clone()\n    size, count =", 1)
    save(elsewhere / "moco.ipynb", notebook(code(IMPORTS), code(copies)))
    exec("cu.submit('moco')", {"cu": cu})
    out = capsys.readouterr().out
    title = "The keys stand in the next columns of the queue"
    assert f"    {title}: queue after the call is unchanged, but should have changed" in out


def test_lines_fit_into_a_cell(
    elsewhere: Path,
    without_kernel: None,
    prepared: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wrapping, "LINE_WIDTH", 100)
    save(elsewhere / "moco.ipynb", notebook(code(IMPORTS), code(source("moco_logits"))))
    exec("cu.submit('moco')", {"cu": cu})
    out = capsys.readouterr().out
    assert re.search(r"\n {26}Hidden checks also look at: .*\n {28}\S", out)
    assert [line for line in out.splitlines() if len(line) > 100 and str(elsewhere) not in line] == []


def test_how_long_it_takes_is_told_once_it_is_known(
    elsewhere: Path,
    without_kernel: None,
    prepared: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save(elsewhere / "moco.ipynb", notebook(code(IMPORTS)))
    for said in ("this may take a minute.", r"it took \d+ seconds the last time."):
        exec("cu.submit('moco')", {"cu": cu})
        out = capsys.readouterr().out
        assert re.search(f"then your notebook from the top: {said}", out)
        assert "about" not in out


def test_in_this_kernel_too_a_wrong_function_is_told_with_the_title_of_the_check() -> None:
    [seen] = [
        item for item in submit.report({"enqueue": lambda *_: None}, "moco") if "enqueue" in item.exercise
    ]
    assert seen.reason.startswith("The keys stand in the next columns of the queue: queue after the call is")


# --- where the grader sees something else -----------------------------------------------------------------------


def result(status: str, earned: float) -> Any:
    return submit.ExerciseResult("moco.enqueue", status, earned, 5.5)


@pytest.mark.parametrize(
    ("graded", "whole", "here", "said"),
    [
        (("correct", 5.5), ("correct", 5.5), ("correct", 5.5), None),
        (("not attempted", 0), ("error", 0), ("not attempted", 0), None),
        (("error", 0), ("correct", 5.5), ("correct", 5.5), "the grader runs only enqueue and the imports"),
        (("correct", 5.5), ("wrong", 2), ("wrong", 2), "it's wrong at its end, because other cells change"),
        (("wrong", 0), ("wrong", 0), ("correct", 5.5), "better in this kernel, but not from a fresh start"),
        (("wrong", 0), None, ("correct", 5.5), "better in this kernel, but not from a fresh start"),
    ],
)
def test_a_disagreement_is_one_sentence(graded: Any, whole: Any, here: Any, said: str | None) -> None:
    lines = submit._disagreement(result(*graded), result(*whole) if whole else None, result(*here))
    assert len(lines) == (said is not None)
    assert said is None or said in lines[0]


def test_the_whole_notebook_and_the_grader_disagree(
    elsewhere: Path, prepared: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """One exercise needs a loose call, another is overwritten by one."""
    needs = source("enqueue").replace("size, count =", "STEP['by']\n    size, count =", 1)
    path = save(
        elsewhere / "moco.ipynb",
        notebook(
            code(IMPORTS),
            code("STEP = {}\nexec('STEP[\"by\"] = 1')"),
            code(needs),
            code(source("moco_logits")),
            code("exec('def moco_logits(*a): return None')"),
        ),
    )
    exec(f"cu.submit('moco', notebook={str(path)!r})", {"cu": cu})
    out = capsys.readouterr().out
    assert re.search(r"moco.enqueue          error, 0 of \d+ visible checks passed", out)
    assert "the call raised KeyError: 'by', in line 18 of your cell: STEP['by']" in out
    assert "better when the whole notebook is run, but the grader runs only enqueue" in out
    assert re.search(r"moco.moco_logits      right, (\d+) of \1 visible checks passed", out)
    assert "because other cells change moco_logits or what it uses" in out


# --- the hints that were asked for ------------------------------------------------------------------------------


def test_the_hints_asked_for_are_handed_in(
    elsewhere: Path, without_kernel: None, prepared: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the kernel, from saved outputs and from an earlier file, the most of each; of this problem set alone."""
    monkeypatch.setattr(visible, "_asked", {"moco.enqueue": Help(2, 1), "simclr.nt_xent": Help(1, 1)})
    told = {"exercise": "moco.moco_logits", "asked": 4, "level": 2}
    output = {"output_type": "execute_result", "data": {"text/plain": "0", visible.MIME: told}}
    save(elsewhere / "moco.ipynb", notebook(code("cu.check('moco.moco_logits', hint=2)", outputs=[output])))
    cu.submit("moco")
    target = elsewhere / "moco-submission.ipynb"
    wanted = {"moco.enqueue": Help(2, 1), "moco.moco_logits": Help(4, 2)}
    assert read_help(target.read_bytes()) == wanted
    monkeypatch.setattr(visible, "_asked", {"moco.enqueue": Help(1, 3)})
    save(elsewhere / "moco.ipynb", notebook(code("x = 1")))
    cu.submit("moco")
    assert read_help(target.read_bytes()) == wanted | {"moco.enqueue": Help(2, 3)}


# --- which notebook ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["argument", "session", "collaboration", "vscode", "folder"])
def test_the_notebook_is_found(
    elsewhere: Path, without_kernel: None, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    name = "moco.ipynb" if how == "folder" else "my work.ipynb"
    path = save(elsewhere / name, notebook(markdown("mine")))
    if how != "folder":
        save(elsewhere / "moco.ipynb", notebook(markdown("another one")))
    namespace: dict[str, Any] = {"cu": cu}
    given = ""
    if how == "argument":
        given = f", notebook={name!r}"
    elif how == "session":
        monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    elif how == "collaboration":
        monkeypatch.setenv("JPY_SESSION_NAME", "RTC:my work.ipynb")
    elif how == "vscode":
        namespace["__vsc_ipynb_file__"] = str(path)
    exec(f"cu.submit('moco'{given})", namespace)
    assert read(elsewhere / "moco-submission.ipynb")["cells"][0]["source"] == "mine"


class Colab:
    """Stands in for `google.colab`: a browser that gives one answer, or raises it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: Any) -> None:
        self.asked: list[Any] = []
        self.downloaded: list[str] = []
        self._answer = answer
        colab, google = types.ModuleType("google.colab"), types.ModuleType("google")
        colab._message = types.SimpleNamespace(blocking_request=self._blocking_request)  # type: ignore[attr-defined]
        colab.files = types.SimpleNamespace(download=self.downloaded.append)  # type: ignore[attr-defined]
        google.colab = colab  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "google", google)
        monkeypatch.setitem(sys.modules, "google.colab", colab)

    def _blocking_request(
        self, request_type: str, request: str = "", timeout_sec: float | None = 5, parent: object = None
    ) -> Any:
        self.asked.append((request_type, timeout_sec))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def test_on_colab_the_notebook_comes_from_the_browser(
    elsewhere: Path, without_kernel: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    colab = Colab(monkeypatch, {"ipynb": notebook(markdown("in the browser"))})
    cu.submit("moco")
    target = elsewhere / "moco-submission.ipynb"
    assert colab.asked == [("get_ipynb", 60)]
    assert read(target)["cells"][0]["source"] == "in the browser"
    assert colab.downloaded == [str(target)]
    assert "Your browser saves moco-submission.ipynb now. If it does not" in capsys.readouterr().out


# With a time-out there is no answer, with an error an exception; see google.colab's _message.py.
@pytest.mark.parametrize(
    "answer",
    [None, RuntimeError("no front end"), {}, {"ipynb": None}, {"ipynb": {"cells": [7]}}, [1], "text"],
    ids=repr,
)
def test_where_the_browser_does_not_answer_the_notebook_is_downloaded_by_hand(
    answer: Any, elsewhere: Path, without_kernel: None, prepared: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An upload of last week, say: never handed in in place of what stands in the browser.
    save(elsewhere / "moco.ipynb", notebook(markdown("old")))
    colab = Colab(monkeypatch, answer)
    with pytest.raises(
        submit.SubmitError, match=r"choose File > Download > Download \.ipynb and hand in that file"
    ):
        cu.submit("moco")
    assert not (elsewhere / "moco-submission.ipynb").exists()
    assert colab.downloaded == []
    # The file that was downloaded can be given by name.
    exec("cu.submit('moco', notebook='moco.ipynb')", {"cu": cu})
    assert (elsewhere / "moco-submission.ipynb").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "can't tell which file this notebook is"),
        ("{", "is no notebook"),
        ("[1]", "not a notebook of the present format"),
        ('{"worksheets": []}', "not a notebook of the present format"),
        ("\ufeff\x00", "is no notebook"),
        ('{"cells": [7]}', "not a notebook of the present format"),
        ('{"cells": [{"cell_type": "code", "source": 5}]}', "not a notebook of the present format"),
        ('{"cells": [{"cell_type": "code", "source": ["a", 5]}]}', "not a notebook of the present format"),
        ("[" * 100_000, "is no notebook"),
    ],
)
def test_what_is_no_notebook(elsewhere: Path, content: str | None, said: str) -> None:
    if content is not None:
        (elsewhere / "moco.ipynb").write_text(content, encoding="utf-8")
    with pytest.raises(submit.SubmitError, match=said):
        cu.submit("moco")
    assert not (elsewhere / "moco-submission.ipynb").exists()


def test_what_editors_do_to_a_notebook_is_borne(elsewhere: Path) -> None:
    answer = markdown("text", "moco-q1")
    path = elsewhere / "edited.ipynb"
    content = {**notebook(answer, {**answer, "metadata": None}, {**answer, "metadata": {"nbgrader": None}})}
    content["metadata"] = None
    path.write_text("\ufeff" + json.dumps(content), encoding="utf-8")
    _, found = find_notebook("moco", path, {})
    assert handed.unanswered(found) == []
    assert submit.for_handing_in(found, "moco")["metadata"]["course"]["submission"]["unit"] == "moco"


def test_bad_arguments(elsewhere: Path) -> None:
    with pytest.raises(submit.SubmitError, match="known are .*moco"):
        cu.submit("moko")
    with pytest.raises(submit.SubmitError, match="there is no file"):
        cu.submit("moco", notebook="nope.ipynb")
    save(elsewhere / "moco-submission.ipynb", notebook(markdown("precious")))
    with pytest.raises(submit.SubmitError, match="an earlier cu.submit wrote"):
        cu.submit("moco", notebook="moco-submission.ipynb")
    assert read(elsewhere / "moco-submission.ipynb")["cells"][0]["source"] == "precious"


class Unshowable:
    """What cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cu.submit("moco", hint=2), "give the problem set, and the notebook's file"),
        (lambda: cu.submit("moco", "moco.ipynb", "again"), "give the problem set, and the notebook's file"),
        (lambda: cu.submit("moco", "\x00"), "no file can have the name"),
        (lambda: cu.submit("moco", "x" * 5000), "no file can have the name 'xxx"),
        (lambda: cu.submit(Unshowable()), "no problem set 'an object of Unshowable'"),
        (lambda: cu.submit(Path("cats.ipynb")), "no problem set 'cats.ipynb'"),
    ],
)
def test_calls_that_are_none(elsewhere: Path, call: Any, said: str) -> None:
    with pytest.raises(submit.SubmitError, match=said):
        call()


def test_a_path_tells_the_problem_set(elsewhere: Path) -> None:
    with pytest.raises(submit.SubmitError, match="can't tell which file this notebook is"):
        cu.submit(Path("moco.ipynb"))


def test_a_fault_of_ours_keeps_nobody_from_handing_in(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr(submit, "_submit", broken)
    monkeypatch.setattr(submit, "in_notebook", lambda: True)
    cu.submit("moco")
    said = " ".join(capsys.readouterr().out.split())
    assert "it failed by itself (ZeroDivisionError: ours, broken in line" in said
    assert "hand in the file of the notebook as it is" in said


def test_an_unsaved_notebook_is_noticed(
    elsewhere: Path, without_kernel: None, capsys: pytest.CaptureFixture[str]
) -> None:
    save(elsewhere / "moco.ipynb", notebook(code("cu.submit('moco')")))
    exec("cu.submit('moco')", {"cu": cu, "In": ["", "cu.submit('moco')"]})
    assert "does not hold the cell" not in capsys.readouterr().out
    exec("cu.submit('moco')", {"cu": cu, "In": ["", "cu.submit('moco')  # new"]})
    assert "does not hold the cell that you have just run" in capsys.readouterr().out


def test_a_notebook_that_is_being_submitted_does_not_submit_itself(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(submit.INSIDE, "1")
    cu.submit("moco")
    assert list(elsewhere.iterdir()) == []


# --- the file to hand in ----------------------------------------------------------------------------------------


def test_small_outputs_stay_and_large_ones_are_named() -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 100_000}, "metadata": {}}
    film = {"output_type": "display_data", "data": {"text/html": "A" * 1_000_000}, "metadata": {}}
    content = notebook(code("a", outputs=[stream("hello"), picture, film]), markdown("text"))
    content["cells"][1]["attachments"] = {"photo.png": {"image/png": "B" * 2_000_000}}
    content["metadata"] = {
        "widgets": {"state": "x" * 1000},
        "kernelspec": {"name": "python3"},
        "course": {"release": "1"},
    }
    made = submit.for_handing_in(content, "moco")
    outputs = made["cells"][0]["outputs"]
    assert outputs[:2] == [stream("hello"), picture]
    assert outputs[2]["text"] == "(an output of 1,000 kB was left out of the submission)\n"
    assert made["cells"][1] == content["cells"][1]
    assert "widgets" not in made["metadata"]
    assert made["metadata"]["course"]["release"] == "1"
    assert made["metadata"]["course"]["submission"]["unit"] == "moco"
    assert content["cells"][0]["outputs"][2] == film


def test_many_outputs_together_are_limited() -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "A" * 200_000}, "metadata": {}}
    made = submit.for_handing_in(notebook(*(code(str(i), outputs=[picture]) for i in range(60))), "moco")
    assert len(json.dumps(made)) < 6_000_000
    assert len(made["cells"]) == 60


def test_the_line_to_be_replaced_is_the_one_in_the_notebooks() -> None:
    from autograder.nbgrader.configuration import ANSWER_STUB

    assert handed.UNANSWERED in ANSWER_STUB


def test_cu_submit_is_this_function() -> None:
    assert cu.submit is submit.submit
    assert callable(submit_function) or submit_function is submit
    assert shipped.exercise_ids("moco")
    assert submit.INSIDE not in os.environ
