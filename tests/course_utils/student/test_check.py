"""`cu.check` as a student meets it."""

import json
import re
import sys
import types
import warnings
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import nbformat
import numpy as np
import pytest
import torch
from torch import Tensor

import course_utils as cu
from autograder.course.units import load_unit
from course_utils import shipped
from course_utils.checks.diagnose import Diagnosis, Idea
from course_utils.checks.judge import judge
from course_utils.checks.observe import observe
from course_utils.slices.help import Help
from course_utils.student import check as visible
from course_utils.student.check import CheckResult, check_exercise, check_in
from course_utils.student.expected import expected_in_text
from course_utils.student.pictures import expected_beside_got
from tests.support import ROOT, UNITS

UNIT = load_unit(ROOT, "moco")
REFERENCE = {exercise.name: exercise.reference for exercise in UNIT.exercises.values()}
WRONG = {item.id: item.function for exercise in UNIT.exercises.values() for item in exercise.misconceptions}


def run(function: Callable[..., Any], exercise: str = "moco.enqueue", hint: int = 0) -> CheckResult:
    return check_in({exercise.split(".")[1]: function}, exercise, hint=hint)


def cell(source: str, name: str = "enqueue") -> Callable[..., Any]:
    import linecache

    filename = f"<ipython-input-1-{abs(hash(source))}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"torch": torch}
    exec(compile(source, filename, "exec"), namespace)
    return namespace[name]


@pytest.mark.parametrize("exercise", sorted(UNIT.exercises))
def test_the_reference_is_right(exercise: str) -> None:
    result = run(REFERENCE[exercise.split(".")[1]], exercise)
    assert result.status == "correct"
    assert result.points == result.max_points == UNIT.exercises[exercise].points
    count = len(result.verdicts)
    said = str(result)
    assert said.startswith(f"{exercise}: right so far, {count} of {count} visible checks passed\n")
    assert f"Hidden checks also look at: {', '.join(result.hidden)}." in said
    # Hidden checks may still take points: none are promised.
    for text in (said, Page(result._repr_html_()).words):
        assert "point" not in text.replace("pointer", "")


def test_the_readme_shows_what_a_check_says() -> None:
    block = (ROOT / "README.md").read_text(encoding="utf-8").split("### A student")[1].split("```")[1]
    said = str(run(WRONG["overflow-dropped"])).splitlines()
    assert (
        block.strip().splitlines() == said[: said.index(next(line for line in said if "hidden ones" in line))]
    )


def test_cu_check_is_this_check() -> None:
    assert cu.check is check_exercise


def test_points_are_the_share_of_the_visible_points() -> None:
    result = run(WRONG["overflow-dropped"])
    assert (result.status, result.passed, result.points) == ("wrong", 4, 4.4)
    assert repr(result) == "4.4"
    assert repr(run(REFERENCE["enqueue"])) == "5.5"
    assert repr(run(REFERENCE["moco_logits"], "moco.moco_logits")) == "5"
    assert float(repr(result)) == float(result)


def test_the_function_is_taken_from_the_callers_globals(capsys: pytest.CaptureFixture[str]) -> None:
    namespace = {"cu": cu, "enqueue": REFERENCE["enqueue"]}
    exec("result = cu.check('moco.enqueue')", namespace)
    assert repr(namespace["result"]) == "5.5"
    out, err = capsys.readouterr()
    assert out.startswith("moco.enqueue: ")
    assert err == ""


def test_text_says_what_is_wrong_where_and_why() -> None:
    result = run(WRONG["overflow-dropped"])
    text = str(result)
    assert "✓ passed  The keys stand in the next columns" in text
    assert "✗ failed  After the last column comes column 0." in text
    assert re.search(
        r"queue after the call is unchanged in \d+ of the \d+ entries that should have changed", text
    )
    assert re.search(r"first wrong entry at \[0, 0\]: got \S+, expected \S+", text)
    assert 'cu.check("moco.enqueue", hint=1)' in text


def test_each_level_of_hints_says_more() -> None:
    texts = [str(run(WRONG["overflow-dropped"], hint=level)) for level in range(4)]
    hint = "What should happen to the keys that come after the last column?"
    assert [hint in text for text in texts] == [False, False, True, True]
    assert ["enqueue(queue, pointer, keys)" in text for text in texts] == [False, True, True, True]
    assert ["wrong ones with a star" in text for text in texts] == [False, False, False, True]
    table = next(line for line in texts[3].splitlines() if "row 0" in line)
    assert re.search(r"row 0 +\S+ \(\S+\)\*", table)
    assert "hint=4" not in texts[3]


def test_hints_are_offered_with_what_they_cost() -> None:
    text = str(run(WRONG["overflow-dropped"]))
    assert "Hints cost no points; how many you ask for is noted in the file you hand in" in text
    assert "the hint for this very mistake: cu.check" in str(run(WRONG["overflow-dropped"], hint=1))
    assert "it costs no\n    points; the staff sees it" in (check_exercise.__doc__ or "").replace(
        "It costs", "it costs"
    )


def test_a_function_that_only_raises_says_so_once_and_offers_no_table() -> None:
    function = cell("def enqueue(queue, pointer, keys):\n    return torch.cat([queue, keys])")
    texts = [str(run(function, hint=level)) for level in range(4)]
    assert [text.count("raised RuntimeError") for text in texts] == [1, 1, 1, 1]
    assert ["There is none for an exception" in text for text in texts] == [False, False, True, True]
    assert "hint=1" in texts[0]
    assert "hint=2" not in texts[1]


@pytest.mark.parametrize(
    ("exercise", "expected"),
    [
        ("moco.enqueue", r"\n      queue after the call: float32 tensor of shape \(2, 5\)\n +0   10   11   12    4\n"),
        ("simclr.nt_xent", r"\n      result: \d+\.\d+\n"),
        ("pretext.rotate_batch", r"first returned value: float32 tensor of shape .*, part \[0, 0\]\n +0  1\n"),
        ("video.copy_colors", r"\n      result: float32 tensor of shape \(1, 2, 1, 3\), part \[0, 0\]\n +0    10  22.5\n"),
        ("moco.momentum_update", r"\n      key_encoder\.\S+ after the call: float32 tensor of shape .*\n +-?\d(.|\n)* and \d+ more"),
    ],
)  # fmt: skip
def test_of_a_call_that_raises_the_last_hint_shows_what_was_expected(exercise: str, expected: str) -> None:
    def raises(*arguments: Any) -> None:
        raise ValueError("no")

    for level in range(4):
        text = str(run(raises, exercise, hint=level))
        assert ("Expected of this call, which raised" in text) == (level == 3)
        assert (f'For what was expected of it: cu.check("{exercise}", hint=3)' in text) == (level in (1, 2))
    assert re.search(expected, text), text
    assert "Expected of this call" in Page(run(raises, exercise, hint=3)._repr_html_()).words


def test_an_expected_exception_is_named_where_another_is_raised() -> None:
    seen = run(lambda queue, pointer, keys: 1 / 0, hint=3)
    check = seen.verdicts[0].check
    wanted = replace(check.expected[0], quantities={"exception": "ValueError"})
    verdict = replace(seen.verdicts[0], check=replace(check, expected=(wanted,)))
    assert expected_in_text(verdict) == "an exception: ValueError"
    assert expected_in_text(replace(verdict, check=replace(check, expected=()))) == ""


def test_what_is_known_of_all_checks_together_is_shown() -> None:
    """A fact at once; mistakes that look alike, and what tells them apart, with the hints."""
    seen = run(WRONG["overflow-dropped"])
    fact = replace(seen, diagnosis=Diagnosis(fact="right values, but wrong gradients"))
    assert "\n  All in all: right values, but wrong gradients.\n" in str(fact)
    assert "All in all: right values" in Page(fact._repr_html_()).words
    ideas = (Idea("row", "Which row?"), Idea("column", "Which column?"))
    alike = replace(seen, diagnosis=Diagnosis(ideas, alternatives=True, separated_by="the gradient"))
    for shown in (str, lambda result: Page(result._repr_html_()).words):
        assert "Which row?" not in shown(replace(alike, level=1))
        text = shown(replace(alike, level=2))
        assert "What is seen fits several known mistakes. What tells them apart: the gradient." in text
        assert "- Which row?" in text
        assert "- Which column?" in text


def test_a_small_case_can_be_tried() -> None:
    text = str(run(wrong_in("simclr.nt_xent", "summed"), "simclr.nt_xent", 3))
    block = text[text.index("The smallest failing case") :].partition("Got and expected")[0]
    called: list[object] = []
    namespace: dict[str, Any] = {"torch": torch, "nt_xent": lambda *arguments: called.extend(arguments)}
    exec("\n".join(line.strip() for line in block.splitlines()[1:]), namespace)
    assert len(called) == 3
    assert namespace["z_i"].shape == namespace["z_j"].shape
    assert namespace["temperature"] == 0.5


def test_hints_are_counted_where_they_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visible, "_asked", {})
    namespace: dict[str, Any] = {"cu": cu, "enqueue": WRONG["overflow-dropped"]}

    def ask(hint: int) -> Any:
        exec(f"result = cu.check('moco.enqueue', hint={hint})", namespace)
        return namespace["result"]._repr_mimebundle_()

    assert ask(0) == {}
    assert ask(2) == {visible.MIME: {"exercise": "moco.enqueue", "asked": 1, "level": 2}}
    assert ask(1)[visible.MIME] == {"exercise": "moco.enqueue", "asked": 2, "level": 2}
    namespace["enqueue"] = REFERENCE["enqueue"]
    assert ask(3)[visible.MIME]["asked"] == 2
    assert visible.asked_for() == {"moco.enqueue": Help(2, 2)}


def test_jupyter_shows_html_and_nbgrader_reads_the_points(monkeypatch: pytest.MonkeyPatch) -> None:
    from IPython.core.formatters import DisplayFormatter
    from nbgrader.utils import determine_grade

    monkeypatch.setattr(visible, "_asked", {})
    namespace: dict[str, Any] = {"cu": cu, "enqueue": WRONG["overflow-dropped"]}
    exec("result = cu.check('moco.enqueue', hint=1)", namespace)
    data, metadata = DisplayFormatter().format(namespace["result"])
    assert set(data) == {"text/plain", "text/html", visible.MIME}
    assert json.loads(json.dumps(data[visible.MIME])) == data[visible.MIME]
    graded = nbformat.v4.new_code_cell("cu.check('moco.enqueue')", metadata={"nbgrader": {
        "grade": True, "solution": False, "points": 5.5, "grade_id": "x", "locked": True, "schema_version": 3,
    }})  # fmt: skip
    graded.outputs = [nbformat.v4.new_output("execute_result", data, metadata=metadata)]
    assert determine_grade(graded) == (4.4, 5.5)


def wrong_in(exercise: str, misconception: str) -> Callable[..., Any]:
    unit = load_unit(ROOT, exercise.split(".")[0])
    bank = unit.exercises[exercise].misconceptions
    return next(item.function for item in bank if item.id == misconception)


def test_the_values_come_before_their_gradients() -> None:
    """A single number makes no table, but is what the table would belong to."""
    for level in (1, 2, 3):
        text = str(run(wrong_in("simclr.nt_xent", "summed"), "simclr.nt_xent", level))
        assert "The smallest failing case of “The loss is right on a small batch”" in text
        assert "○ waits   The gradients with respect to both views are right." in text
        assert "judged once the values are right" in text
        assert ("Got and expected\n      got " in text) == (level == 3)


def test_a_gradient_is_not_drawn_as_an_image() -> None:
    for misconception, drawn in (
        ("clockwise", "first returned value [1, 0]: a matrix of 2 rows and 2 columns"),
        ("off-the-graph", "gradient with respect to images [0, 0]: a matrix"),
    ):
        page = Page(
            run(wrong_in("pretext.rotate_batch", misconception), "pretext.rotate_batch", 1)._repr_html_()
        )
        assert str(page.images[0]["alt"]).startswith(drawn)


@pytest.mark.parametrize("hint", [-3, 7, True, 2.9])
def test_a_strange_level_does_no_harm(hint: Any) -> None:
    assert run(WRONG["overflow-dropped"], hint=hint).points == 4.4


# --- nothing makes it raise -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "status", "said"),
    [
        ("def enqueue(queue, pointer, keys):\n    raise NotImplementedError('moco.enqueue')", "not attempted", "Not attempted"),
        ("def enqueue(queue, keys):\n    return 1", "error", "calls enqueue(queue, pointer, keys), but yours is enqueue(queue, keys)"),
        ("enqueue = 7", "error", "is no function but of type int"),
        ("def enqueue(queue, pointer, keys):\n    pass", "wrong", "is None: is a return missing?"),
        ("def enqueue(queue, pointer, keys):\n    import sys\n    sys.exit(1)", "error", "in line 3 of your cell: sys.exit(1)"),
        ("def enqueue(queue, pointer, keys):\n    raise KeyboardInterrupt", "interrupted", "in line 2 of your code: raise KeyboardInterrupt"),
        ("def enqueue(queue, pointer, keys):\n    return enqueue(queue, pointer, keys)", "error", "RecursionError"),
        ("def enqueue(queue, pointer, keys):\n    return queue.nope()", "error", "in line 2 of your cell: return queue.nope()"),
        ("async def enqueue(queue, pointer, keys):\n    return 1", "error", "is an async function, so a call of it runs nothing"),
        ("def enqueue(queue, pointer, keys):\n    yield 1", "error", "has a yield in it"),
        ("def enqueue(queue, pointer, keys):\n    return input('n?')", "error", "in line 2 of your cell: return input('n?')"),
        ("def enqueue(queue, keys):\n    return 1", "error", "It's line 1 of your cell: def enqueue(queue, keys):"),
        ("def enqueue(queue, pointer, keys):\n    x = 1\n    raise NotImplementedError('x')", "not attempted", "delete line 3 of your cell: raise NotImplementedError('x')"),
        ("class enqueue:\n    def __init__(self, queue, pointer, keys): ...", "wrong", "an object of another type"),
        ("def enqueue(*args):\n    torch.set_default_dtype(torch.float64)\n    torch.set_grad_enabled(False)\n    return 1", "wrong", "failed"),
    ],
)  # fmt: skip
def test_every_fault_is_a_plain_sentence(
    source: str, status: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    namespace = {"cu": cu, "enqueue": cell(source)}
    exec("result = cu.check('moco.enqueue')", namespace)
    result: Any = namespace["result"]
    assert (result.status, repr(result)) == (status, "0")
    out, err = capsys.readouterr()
    assert said in out
    assert "Traceback" not in out
    assert err == ""
    result._repr_html_()


@pytest.mark.parametrize("exercise", ["moco.nope", "nope", "../../etc/passwd", "", None, 5])
def test_an_unknown_exercise_is_a_plain_sentence(exercise: Any, capsys: pytest.CaptureFixture[str]) -> None:
    result = cu.check(exercise)
    assert (result.status, repr(result)) == ("unknown", "0")
    assert capsys.readouterr().err == ""


def test_a_cell_that_stopped_above_its_function_is_an_error() -> None:
    history = ["", "SIZE = 1 / 0\ndef enqueue(queue, pointer, keys):\n    return 1"]
    result = check_in({"In": history}, "moco.enqueue")
    assert result.status == "error"
    assert "although its cell was run: it stopped above the function" in str(result)


def test_the_line_that_took_the_name_is_shown() -> None:
    history = [
        "",
        "def enqueue(queue, pointer, keys):\n    return 1",
        "x = 2\nenqueue = 3",
        "cu.check('moco.enqueue')",
    ]
    result = check_in({"In": history, "enqueue": 3}, "moco.enqueue")
    assert "something has taken its name" in result.reason
    assert result.reason.endswith("It's line 2 of your cell: enqueue = 3")


@pytest.mark.parametrize(
    "history", [None, [""], ["", "import course_utils as cu", "cu.check('moco.enqueue')"]]
)
def test_after_a_restart_the_function_s_cell_is_to_be_run_first(
    history: list[str] | None, capsys: pytest.CaptureFixture[str]
) -> None:
    namespace: dict[str, Any] = {"cu": cu} | ({} if history is None else {"In": history})
    exec("result = cu.check('moco.enqueue')", namespace)
    result = namespace["result"]
    assert (result.status, result.points, result.max_points, repr(result)) == ("not run yet", 0, 5.5, "0")
    said = capsys.readouterr().out
    assert said.startswith("moco.enqueue: not run yet\n")
    for text in (said, result._repr_html_()):
        assert "run the cell with your function first" in text
        assert "points" not in text
        assert "not attempted" not in text.lower()


SETUP = "from torch import Tensor, nn\nimport torch.nn.functional as F\ncourse = cu.setup('moco')"
NEEDS_SETUP = (
    "def momentum_update(query_encoder: nn.Module, key_encoder: nn.Module, momentum: float):\n    return 1"
)
NEEDS_MORE = "STEP = SIZE\ndef momentum_update(query_encoder, key_encoder, momentum):\n    return 1"


@pytest.mark.parametrize(
    ("history", "names", "said"),
    [
        ([NEEDS_SETUP], {}, "the set-up cell, the first code cell of the notebook, defines nn: run that one first; then"),
        (["import course_utils as cu", NEEDS_MORE], {}, "was not run in this kernel, which has no SIZE: run that one"),
        ([NEEDS_SETUP, SETUP], {"nn": torch.nn}, "it was run before the cell that gives nn its value; then run the cell"),
        ([SETUP, NEEDS_MORE, "SIZE = 3"], {"SIZE": 3}, "it was run before the cell that gives SIZE its value; then run"),
        # Nothing above gives it a value, or it had one: the mistake is the cell's own.
        ([SETUP, NEEDS_MORE], {}, "Mend what the message below that cell tells of"),
        ([SETUP, NEEDS_SETUP.replace("def", "1 / 0\ndef", 1), SETUP], {"nn": 1}, "Mend what the message below"),
    ],
)  # fmt: skip
def test_a_cell_that_ran_before_those_above_it_is_told_as_that(
    history: list[str], names: dict[str, Any], said: str
) -> None:
    namespace = {"In": ["", *history, "cu.check('moco.momentum_update')"], **names}
    result = check_in(namespace, "moco.momentum_update")
    assert (result.status, result.points) == ("error", 0)
    assert said in result.reason
    assert ("Mend" in result.reason) == ("Mend" in said)


def test_a_function_that_asks_for_a_name_of_the_set_up_cell_says_which_cell_to_run() -> None:
    source = "def enqueue(queue, pointer, keys):\n    return {}.normalize(keys)"
    namespace: dict[str, Any] = {"enqueue": cell(source.format("F"))}
    reason = check_in(namespace, "moco.enqueue").reason
    assert reason.startswith(
        "The set-up cell, the first code cell of the notebook, defines F: run that one first, then this one again. "
        "The function raised NameError: name 'F' is not defined, in line 2 of your cell: "
    )
    # Where it was run, or the name is nobody's, the mistake is the function's.
    for namespace in (
        {"enqueue": cell(source.format("F")), "F": torch.nn.functional},
        {"enqueue": cell(source.format("typo")), "In": ["", SETUP]},
    ):
        assert check_in(namespace, "moco.enqueue").reason.startswith("The function raised NameError")


def test_a_stub_that_was_run_is_not_attempted() -> None:
    stub = "def enqueue(queue, pointer, keys):\n    raise NotImplementedError('moco.enqueue')"
    result = check_in({"In": ["", stub], "enqueue": cell(stub)}, "moco.enqueue")
    assert result.status == "not attempted"
    assert "run the cell with your function first" not in str(result)


def test_after_a_restart_another_thing_may_have_the_name() -> None:
    result = check_in({"In": ["", "x = 2\nenqueue = 3"], "enqueue": 3}, "moco.enqueue")
    assert result.status == "error"
    assert "something has taken its name: run the cell with your function first" in result.reason
    assert result.reason.endswith("It's line 2 of your cell: enqueue = 3")


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("def enqueue(queue, pointer, keys):\n    return (1", "in line 2: '(' was never closed"),
        ("def enqueue(queue, pointer, keys):\n    pass\nreturn 1", "in line 3: 'return' outside function"),
        ("def enqueue(queue, pointer, keys)\n    return 1", "in line 1: expected ':'"),
    ],
)
@pytest.mark.parametrize("older", [None, "enqueue"])
def test_a_cell_that_did_not_run_is_not_judged_by_its_older_version(
    last: str, said: str, older: str | None
) -> None:
    history = ["", "def enqueue(queue, pointer, keys):\n    return 1", last, "cu.check('moco.enqueue')"]
    namespace = {"In": history} | ({older: REFERENCE[older]} if older else {})
    result = check_in(namespace, "moco.enqueue")
    assert (result.status, result.points, result.verdicts) == ("error", 0, ())
    assert said in str(result)


@pytest.mark.parametrize(
    "history",
    [
        ["", "def enqueue(queue, pointer, keys):\n    return (1", "def enqueue(queue, pointer, keys):\n    return 1"],
        ["", "def enqueue_all(:", "await enqueue()\ndef enqueue(a, b, c): ..."],
        ["", "x = 1\nfrom __future__ import annotations\ndef enqueue(a, b, c): ..."],
        ["", "print('def enqueue(' +"],
        [None],
        "def enqueue(:",
    ],
)  # fmt: skip
def test_a_history_without_a_broken_definition_changes_nothing(history: Any) -> None:
    namespace = {"In": history, "enqueue": REFERENCE["enqueue"]}
    assert check_in(namespace, "moco.enqueue").status == "correct"


def test_a_fault_of_ours_is_told_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*args: Any) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("course_utils.student.check.judge", broken)
    namespace = {"cu": cu, "enqueue": REFERENCE["enqueue"]}
    exec("result = cu.check('moco.enqueue')", namespace)
    assert "no fault of yours" in capsys.readouterr().out


# --- nothing is disturbed ---------------------------------------------------------------------------------------


def test_random_state_defaults_and_streams_are_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    import random

    def noisy(queue: Tensor, pointer: int, keys: Tensor) -> int:
        torch.manual_seed(5)
        torch.rand(3), np.random.rand(2), random.random()  # noqa: NPY002
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True)
        torch.set_grad_enabled(False)
        print("p" * 5000)
        print("to stderr", file=sys.stderr)
        warnings.warn("look out", stacklevel=1)
        return 0

    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    result = run(noisy)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert random.getstate() == states[2]
    assert torch.get_default_dtype() == torch.float32
    assert not torch.are_deterministic_algorithms_enabled()
    assert torch.is_grad_enabled()
    assert capsys.readouterr() == ("", "")
    text = str(result)
    assert "Your function printed:" in text
    assert "UserWarning: look out" in text
    assert len(text) < 5000


def test_a_random_function_gives_the_same_result_twice() -> None:
    def guess(queue: Tensor, pointer: int, keys: Tensor) -> int:
        return int(torch.randint(10**9, ()))

    first, second = run(guess), run(guess)
    assert [item.place for item in first.verdicts] == [item.place for item in second.verdicts]


def test_a_check_is_quick() -> None:
    import time

    run(REFERENCE["enqueue"])
    # Of the processor, which the tests beside this one do not change.
    start = time.process_time()
    run(REFERENCE["enqueue"])
    assert time.process_time() - start < 1


# --- HTML -------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Checks that tags are balanced and collects images and words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(dict(attrs))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def test_html_holds_marks_with_words_a_picture_with_alt_text_and_the_hint() -> None:
    assert Page(run(WRONG["overflow-dropped"])._repr_html_()).images == []
    page = Page(run(WRONG["overflow-dropped"], hint=1)._repr_html_())
    assert page.open == []
    assert "✓ passed" in page.words
    assert "✗ failed" in page.words
    hint = "What should happen to the keys that come after the last column?"
    assert hint not in page.words
    assert hint in Page(run(WRONG["overflow-dropped"], hint=2)._repr_html_()).words
    [image] = page.images
    assert image["src"] is not None
    assert image["src"].startswith("data:image/png;base64,")
    assert "queue after the call" in (image["alt"] or "")


def test_html_of_a_right_function_has_no_picture() -> None:
    assert Page(run(REFERENCE["enqueue"])._repr_html_()).images == []


def test_what_a_student_writes_is_escaped() -> None:
    function = cell(
        "def enqueue(queue, pointer, keys):\n    print('<script>')\n    raise ValueError('<b>bold</b>')"
    )
    html = run(function)._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "&lt;b&gt;" in html


def test_in_a_notebook_stdout_has_one_line_and_html_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    namespace = {"cu": cu, "enqueue": WRONG["overflow-dropped"]}
    exec("result = cu.check('moco.enqueue')", namespace)
    assert capsys.readouterr().out == "moco.enqueue: wrong, 4 of 5 visible checks passed\n"


# --- several devices --------------------------------------------------------------------------------------------


def test_a_function_that_fails_on_the_gpu_alone_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    from course_utils.student import check as visible

    function, seen = REFERENCE["enqueue"], []

    def fake_run(function: Any, prepared: Any, device: str) -> Any:
        seen.append(device)
        return real_run(function if device == "cpu" else WRONG["overflow-dropped"], prepared, "cpu")

    real_run = visible._run
    monkeypatch.setattr(visible, "_run", fake_run)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    result = run(function)
    assert seen == ["cpu", "cuda"]
    assert (result.status, result.points, result.device) == ("wrong", 4.4, "cuda")
    assert "On the CPU all is right" in str(result)


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
@pytest.mark.parametrize("hint", [0, 1, 3])
def test_a_machine_without_a_gpu_is_told_as_such(hint: int) -> None:
    function = cell("def enqueue(queue, pointer, keys):\n    return queue.to('cuda')\n")
    result = run(function, hint=hint)
    assert result.status == "error"
    told = (
        "Your machine has no GPU: your function asks for 'cuda', in line 2 of your cell: return queue.to('cuda'). "
        "Take the device from the inputs: queue.device"
    )
    assert result.reason == f"{told}."
    assert all(item.message == told for item in result.verdicts)
    for text in (str(result), result._repr_html_()):
        assert "NVIDIA" not in text
        assert "on your system" not in text


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("exercise", sorted(UNIT.exercises))
def test_the_reference_is_right_on_the_gpu(exercise: str) -> None:
    result = run(REFERENCE[exercise.split(".")[1]], exercise)
    assert result.status == "correct"


# --- pictures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape", [(3,), (40,), (4, 6), (50, 70), (2, 3, 4), (6, 3, 8, 8), (2, 1, 9, 5), (2, 5, 3, 3), (1, 1)]
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.int64, torch.bool])
def test_every_shape_can_be_drawn(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    expected = (torch.randn(shape, generator=torch.Generator().manual_seed(0)) * 3).to(dtype)
    got = expected.clone()
    got.view(-1)[0] = not got.view(-1)[0]
    html = expected_beside_got(expected, got, "a <name>")
    assert html is not None
    [image] = Page(html).images
    assert "1 of" in (image["alt"] or "")
    assert len(html) < 150_000


def test_strange_values_can_be_drawn() -> None:
    expected = torch.tensor([[1.0, float("-inf")], [0.0, 2.0]])
    got = torch.tensor([[float("nan"), float("inf")], [1e30, -1e30]])
    assert expected_beside_got(expected, got, "x")
    assert expected_beside_got(torch.zeros(2, 2), torch.full((2, 2), float("nan")), "x")


def test_what_cannot_be_drawn_is_left_out() -> None:
    assert expected_beside_got(torch.zeros(()), torch.zeros(()), "x") is None
    assert expected_beside_got(torch.zeros(0, 3), torch.zeros(0, 3), "x") is None


def test_every_recorded_exercise_can_be_loaded() -> None:
    for name in shipped.exercise_ids("moco"):
        exercise, points = shipped.load_checks(name)
        assert exercise.checks
        assert points == UNIT.exercises[name].points


@pytest.mark.parametrize("unit", UNITS)
def test_no_student_gets_an_idea_that_no_visible_check_shows(unit: str) -> None:
    """Wrong answers are diagnosed as if the whole bank were known."""
    for id_, exercise in load_unit(ROOT, unit).exercises.items():
        known, _ = shipped.load_checks(id_)
        prepared, _ = exercise.record()
        failed_by = prepared.failed_by
        assert known.hints == {name: hint for name, hint in prepared.hints.items() if failed_by[name]}
        assert all(item.wrong.keys() == known.hints.keys() for item in known.checks)
        packed = "\n".join(shipped.all_texts((ROOT / f"course_utils/shipped/{id_}.msgpack.z").read_bytes()))
        for name in prepared.hints.keys() - known.hints.keys():
            assert prepared.hints[name] not in packed
        for answer in exercise.wrong:
            seen = {item.id: [observe(answer.function, case) for case in item.cases] for item in known.checks}
            said, would_be = judge(known, seen), judge(prepared, seen)
            assert (said.status, said.diagnosis) == (would_be.status, would_be.diagnosis), answer.id
            if answer.id in failed_by:
                assert (said.status == "correct") == (answer.id not in known.hints), answer.id


def test_a_wrong_number_never_looks_like_the_expected_one() -> None:
    reference = load_unit(ROOT, "video").exercises["video.copy_colors"].reference
    text = str(run(lambda *arguments: reference(*arguments) * (1 + 2e-4), "video.copy_colors", 3))
    pairs = re.findall(r"(-?[\d.]+) \((-?[\d.]+)\)\*", text)
    assert pairs
    assert all(got != expected for got, expected in pairs)
    assert "is 0.02 % too large everywhere" in text


@pytest.mark.parametrize("hint", ["a", None, [1]])
def test_a_hint_that_is_no_number_is_told(hint: Any) -> None:
    result = run(WRONG["overflow-dropped"], hint=hint)
    assert (result.status, result.reason) == (
        "unknown",
        "A hint is one of the numbers 0, 1, 2 and 3: cu.check('moco.enqueue', hint=1).",
    )


def test_a_number_of_any_size_can_be_looked_at() -> None:
    result = run(lambda queue, pointer, keys: 10**5000, hint=3)
    assert "got an integer of 16610 bits, expected" in str(result)
    result = run(lambda queue, pointer, keys: 10**400, hint=3)
    assert result.status == "wrong"
    assert result._repr_html_()


def test_two_mistakes_at_once_give_both_hints() -> None:
    def two(queue: torch.Tensor, pointer: int, keys: torch.Tensor) -> int:
        if len(keys) > queue.shape[1]:
            raise ValueError("too many")
        queue[:, pointer : pointer + len(keys)] = keys.detach().T[:, : queue.shape[1] - pointer]
        return pointer

    text = str(run(two, hint=2))
    known = {item.id: item.hint for item in UNIT.exercises["moco.enqueue"].misconceptions}
    assert "Several known mistakes together would show this:" in text
    assert all(known[name] in text for name in ("overflow-dropped", "pointer-not-advanced"))
