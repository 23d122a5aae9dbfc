"""`cu.check`: run the visible checks of an exercise on the function in the notebook and say what was seen."""

from __future__ import annotations

import ast
import builtins
import contextlib
import inspect
import io
import linecache
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import CodeType
from typing import Any

import torch

from course_utils import shipped
from course_utils.checks.judge import CORRECT, ERROR, NOT_ATTEMPTED, WRONG, Verdict, judge
from course_utils.checks.observation import Failure
from course_utils.checks.observe import failure_of, observe
from course_utils.checks.prepared import PreparedExercise
from course_utils.running.execute import line_that_binds, no_function, no_input
from course_utils.running.lacking import lack_here, with_lack
from course_utils.running.uncompiled import uncompiled
from course_utils.slices.help import MIME, Help
from course_utils.slices.names import function_name
from course_utils.slices.python_text import compile_cell
from course_utils.student.meant import (
    UnclearError,
    calls_here,
    elsewhere,
    meant_exercise,
    meant_level,
    meant_options,
)
from course_utils.student.missing import cell_to_repeat, cells_to_run, name_not_defined
from course_utils.student.outcome import NOT_RUN, UNKNOWN, CheckOutcome
from course_utils.student.present import as_html, as_text, headline
from course_utils.student.shadowed import shadowed_in_words, shadowed_name
from course_utils.student.surroundings import undisturbed
from course_utils.student.waiting import remember, watch
from course_utils.student.with_brackets import with_brackets

INTERRUPTED = "interrupted"

_MOST_CHARACTERS = 2000


class CheckResult(CheckOutcome):
    """What the visible checks say of a function, ready to be shown.

    As the last expression of a cell it's shown as HTML; its `text/plain` is the number of points alone, which nbgrader
    reads. `str(result)` is the whole text.
    """

    def __float__(self) -> float:
        return self.points

    def __repr__(self) -> str:
        return f"{round(self.points, 4):g}"

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        """Beside text and HTML, which come from the methods above, the hints asked for: `cu.submit` reads them."""
        if not self.help:
            return {}
        return {MIME: {"exercise": self.exercise, "asked": self.help.asked, "level": self.help.level}}


def _not_called(namespace: Mapping[str, Any]) -> str:
    return f"Nothing was checked, for want of brackets: write {calls_here(namespace)}."


@with_brackets(_not_called)
def check_exercise(exercise: Any = None, *more: object, hint: Any = 0, **others: object) -> CheckResult:
    """Run the visible checks of an exercise on your function and say whether, and why, it's wrong.

    The function is taken from the notebook by its name: `enqueue` for `"moco.enqueue"`. It runs on the CPU, and on the
    GPU too if there is one. Nothing is changed by a check: not your variables, not the state of the random generators.
    The hidden checks, which decide about the rest of the points, ask the same with other values.

    How often you ask for hints, and for which, is counted: `cu.submit` writes it into the file you hand in. It costs no
    points; the staff sees it and learns where the course is hard.

    Args:
        exercise: the id of the exercise, as in its header; the function or its name will do as well, and nothing at all
            where the notebook has one exercise.
        more: a hint, if it's given without its name.
        hint: 0 names the quantity that's wrong; 1 shows the smallest failing case and the wrong entries, in a notebook
            as a picture too; 2 the hint for the mistake, if it's a known one; 3 puts what was got beside what was
            expected for that case.
        others: nothing that is known; what is given here is told, or taken for a hint.

    Returns:
        The result. No exception is raised, whatever the function does.

    Example:
        >>> cu.check("moco.enqueue", hint=1)
    """
    caller = sys._getframe(2).f_globals
    try:
        try:
            result = _counted(check_in(caller, exercise, hint=meant_options(more, hint, others)))
        except UnclearError as unclear:
            result = _unclear(exercise, unclear)
        _remembered(result)
        is_short = in_notebook() and result.status != UNKNOWN
        _say(f"{result.exercise}: {headline(result)}" if is_short else str(result))
    except KeyboardInterrupt:
        result = CheckResult(exercise=str(exercise), status=INTERRUPTED, reason="The check was interrupted.")
        _say(str(result))
    except Exception as error:  # noqa: BLE001 - a fault of ours must not stop a student's notebook
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = (
            f"The check itself failed ({type(error).__name__}: {error}, {where.name} in line {where.lineno}). "
            "That is no fault of yours: please show this line to the staff."
        )
        result = CheckResult(exercise=str(exercise), status=UNKNOWN, reason=reason)
        _say(str(result))
    return result


# Exercise id -> the hints that were asked for since this kernel was started.
_asked: dict[str, Help] = {}


def asked_for() -> dict[str, Help]:
    """Exercise id -> the hints that were asked for in this kernel."""
    return dict(_asked)


def _counted(result: CheckResult) -> CheckResult:
    # Only hints on a wrong answer count: there is none for a right function, or for one that is not written yet.
    if result.level and result.status in (WRONG, ERROR):
        before = _asked.get(result.exercise, Help(0, 0))
        _asked[result.exercise] = Help(before.asked + 1, max(before.level, result.level))
    return replace(result, help=_asked.get(result.exercise))


def check_in(namespace: Mapping[str, Any], exercise: Any, *, hint: Any = 0) -> CheckResult:
    """`check`, for the function in `namespace`, without printing.

    Raises:
        KeyboardInterrupt: the user stopped it while no code of the student ran.
    """
    try:
        meant = meant_exercise(exercise, namespace)
        level, remarks = meant_level(hint, meant.exercise)
    except UnclearError as unclear:
        return _unclear(exercise, unclear)
    exercise = meant.exercise
    prepared, full = shipped.load_checks(exercise)
    blank = CheckResult(
        exercise=exercise,
        status=ERROR,
        max_points=full,
        level=level,
        remarks=(*meant.remarks, *remarks),
        hidden=prepared.hidden,
    )

    if function_name(exercise) not in namespace and (reason := elsewhere(exercise, namespace)):
        return replace(blank, status=UNKNOWN, reason=reason)
    if obstacle := _obstacle(namespace, prepared):
        status, reason = obstacle
        return replace(blank, status=status, reason=reason)
    function = namespace[function_name(exercise)]

    verdicts: list[Verdict] = []
    costs: dict[str, None] = {}
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    with undisturbed(), _captured() as captured:
        try:
            for device in devices:
                verdict, left_behind = _run(function, prepared, device)
                verdicts.append(verdict)
                costs |= dict.fromkeys(left_behind)
        except KeyboardInterrupt as error:
            failure = failure_of(error, function)
            where = f" in line {failure.line} of your code: {failure.code.strip()}" if failure.code else "."
            return replace(blank, status=INTERRUPTED, reason=f"The check was interrupted{where}")
    result = _result(replace(blank, costs=tuple(costs)), prepared, devices, verdicts, captured.notes())
    first = _first_to_run(result, namespace) or _shadowed(result, namespace)
    return replace(result, reason=" ".join(filter(None, (first, result.reason))))


def _first_to_run(result: CheckResult, namespace: Mapping[str, Any]) -> str:
    """A sentence, if the function asked for a name that a cell above it gives a value."""
    name = next((name for item in _failures(result) if (name := name_not_defined(item.message))), "")
    said = cells_to_run(name, result.exercise.split(".", 1)[0], namespace, _cells(namespace))
    return f"{said[:1].upper()}{said[1:]}, then this one again." if said else ""


def _shadowed(result: CheckResult, namespace: Mapping[str, Any]) -> str:
    """A sentence, if a cell gave another value to a name of Python's or of the set-up cell that the function needs."""
    unit, _, function = result.exercise.partition(".")
    failures = _failures(result)
    name = next((name for item in failures if (name := shadowed_name(item, function, unit, namespace))), "")
    return shadowed_in_words(name, function, unit, namespace, _cells(namespace)) if name else ""


def _failures(result: CheckResult) -> list[Failure]:
    """The exceptions of the failed checks."""
    seen = (item.observation for item in result.verdicts if not item.passed)
    return [item.failure for item in seen if item and item.failure]


# What no docstring names, and hidden checks look at: it changes what all code after the call does.
_COSTS = {
    "setting.seed": "Your function seeds torch (torch.manual_seed), which changes all random numbers that are drawn "
    "after it: that costs points. Take it out.",
    "setting.dtype": "Your function changes torch's default dtype for all that comes after it: that costs points. Give "
    "the dtype where a tensor is made.",
    "setting.gradients": "Your function leaves torch's recording of gradients switched off for all that comes after "
    "it: that costs points. Put `with torch.no_grad():` around the lines that need it.",
}


def _run(function: Callable[..., Any], prepared: PreparedExercise, device: str) -> tuple[Verdict, list[str]]:
    """The verdict, and what the function leaves changed."""
    with uncompiled():
        seen = {item.id: [observe(function, case, device) for case in item.cases] for item in prepared.checks}
    every = [observation for observations in seen.values() for observation in observations]
    costs = [
        text for name, text in _COSTS.items() if any(item.quantities.get(name) is False for item in every)
    ]
    lack = lack_here(prepared, (observation.failure for observation in every))
    return with_lack(judge(prepared, seen, device), lack), costs


def _result(
    blank: CheckResult,
    prepared: PreparedExercise,
    devices: Sequence[str],
    verdicts: Sequence[Verdict],
    notes: tuple[str, ...],
) -> CheckResult:
    # A check passes if it passes on every device; the first device on which it fails speaks for it.
    by_check = zip(*(verdict.checks for verdict in verdicts), strict=True)
    checks = tuple(next((item for item in items if not item.passed), items[0]) for items in by_check)
    device, worst = next(
        (
            (device, verdict)
            for device, verdict in zip(devices, verdicts, strict=True)
            if verdict.status != CORRECT
        ),
        (devices[0], verdicts[0]),
    )
    if device != "cpu":
        notes = (f"On the CPU all is right; what is said here is what happens on {device}.", *notes)
    visible = prepared.max_score
    share = sum(item.points for item in checks) / visible if visible else 0.0
    failure = next((item.observation.failure for item in checks if item.observation), None)
    reason = ""
    if worst.status == NOT_ATTEMPTED:
        line = (
            f"line {failure.line} of your cell: {failure.code.strip()}"
            if failure and failure.code
            else "that line."
        )
        reason = (
            "Not attempted: the function raises NotImplementedError. Write its body, run its cell, then run this one "
            f"again. If you have written it, delete {line}"
        )
    elif worst.status == ERROR and (lack := lack_here(prepared, [failure])):
        reason = f"{lack.told}."
    elif worst.status == ERROR and failure:
        reason = f"The function raised {failure.message.rstrip('.')}{_in_line(failure)}"
    return replace(
        blank,
        status=worst.status,
        points=share * blank.max_points,
        verdicts=checks,
        reason=reason,
        diagnosis=worst.diagnosis,
        notes=notes,
        device=device,
    )


def _obstacle(namespace: Mapping[str, Any], prepared: PreparedExercise) -> tuple[str, str] | None:
    """Status and reason, if there is nothing that could be called."""
    name = function_name(prepared.id)
    cells = _cells(namespace)
    pattern = re.compile(rf"^\s*(?:async\s+)?def\s+{re.escape(name)}\b", re.MULTILINE)
    last = next((text for text in reversed(cells) if pattern.search(text)), None)
    if last and (broken := _broken(last, name)):
        return ERROR, broken
    again = "then run this one again."
    first = f"run the cell with your function first (after a restart of the kernel, the cells above it too), {again}"
    if name not in namespace:
        if last is None:
            return NOT_RUN, f"There is no function {name} in this kernel: {first}"
        place = len(cells) - 1 - cells[::-1].index(last)
        if why := cell_to_repeat(prepared.id.split(".", 1)[0], namespace, cells, place):
            return ERROR, (
                f"There is no function {name}, because its cell stopped above it: {why}; then run the cell with your "
                f"function again, {again}"
            )
        return ERROR, (
            f"There is no function {name}, although its cell was run: it stopped above the function. Mend what the "
            f"message below that cell tells of, run it, {again}"
        )
    function = namespace[name]
    if problem := no_function(name, function):
        lost = last is None and cells and not callable(function)
        problem += f": {first}" if lost else f". Put that right, run the cell, {again}"
    else:
        problem = _wrong_signature(function, prepared)
    return (ERROR, f"{problem}{_own_line(function, name, cells)}") if problem else None


def _cells(namespace: Mapping[str, Any]) -> list[str]:
    """The cells that were run in this kernel, in order."""
    history = namespace.get("In")
    return [text for text in history if isinstance(text, str)] if isinstance(history, list) else []


def _broken(source: str, name: str) -> str | None:
    """A sentence, if the cell that was run last to define the function could not be compiled.

    The function in memory, if there is one, is then an older version: its verdict would speak of code that the student
    no longer sees.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile_cell(source)
    except (SyntaxError, ValueError) as error:
        line = error.lineno if isinstance(error, SyntaxError) else None
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        lines = source.splitlines()
        code = lines[line - 1].strip() if line and line <= len(lines) else ""
        where = f" in line {line}" if line else ""
        place = f" It's this line of your cell: {code}" if code else ""
        return (
            f"The cell with {name} did not run, because it has a syntax error{where}: {what}. Mend it and run it, then "
            f"run this one again.{place}"
        )
    return None


def _wrong_signature(function: Callable[..., Any], prepared: PreparedExercise) -> str:
    names = next((case.calls[0] for item in prepared.checks for case in item.cases), ())
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built-in functions have none to show
        return ""
    try:
        signature.bind(*names)
    except TypeError:
        name = function_name(prepared.id)
        return (
            f"The exercise calls {name}({', '.join(names)}), but yours is {name}{_short(signature)}: "
            "put the first line of the function back as it was."
        )
    return ""


def _own_line(function: object, name: str, cells: Sequence[str]) -> str:
    """A sentence with the line of the student's that gave the name its value, if it can be found."""
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType):
        line, text = code.co_firstlineno, linecache.getline(code.co_filename, code.co_firstlineno).strip()
        return f" It's line {line} of your cell: {text}" if text else ""
    for cell in reversed(cells):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError):
            if bound := line_that_binds(name, ast.parse(cell).body):
                return f" It's line {bound} of your cell: {cell.splitlines()[bound - 1].strip()}"
    return ""


def _in_line(failure: Failure | None) -> str:
    if failure is None or not failure.code:
        return "."
    return f", in line {failure.line} of your cell: {failure.code.strip()}"


def _short(signature: inspect.Signature) -> str:
    return f"({', '.join(signature.parameters)})"


def _remembered(result: CheckResult) -> None:
    """So that cells further down can say which exercise they wait for."""
    remember(result)
    shell = _shell()
    if shell is not None and in_notebook():
        watch(shell)


def _unclear(given: object, unclear: UnclearError) -> CheckResult:
    shown = given if isinstance(given, str) and given else "cu.check"
    return CheckResult(exercise=shown, status=UNKNOWN, reason=str(unclear))


# --- surroundings -----------------------------------------------------------------------------------------------


def in_notebook() -> bool:
    """Whether HTML will be shown: a kernel has a front end, a terminal has none."""
    return getattr(_shell(), "kernel", None) is not None


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def _say(text: str) -> None:
    try:
        print(text)
    except UnicodeEncodeError:  # a terminal of Windows may know neither tick nor cross
        print(text.encode("ascii", "replace").decode())


class _Stream(io.TextIOBase):
    """Keeps the beginning of what is written to it."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.text, self.characters = "", 0

    def write(self, text: str) -> int:
        self.text += text[: max(0, _MOST_CHARACTERS - len(self.text))]
        self.characters += len(text)
        return len(text)

    def writable(self) -> bool:
        return True


@dataclass
class _Captured:
    out: _Stream
    err: _Stream
    warned: list[warnings.WarningMessage]

    def notes(self) -> tuple[str, ...]:
        notes = []
        for stream in (self.out, self.err):
            if text := stream.text.strip():
                more = "\n[...]" if stream.characters > len(stream.text) else ""
                notes.append(f"Your function printed:\n{text}{more}")
        messages = dict.fromkeys(f"{item.category.__name__}: {item.message}" for item in self.warned)
        notes.extend(f"Your function caused a warning: {text[:300]}" for text in list(messages)[:3])
        return tuple(notes)


@contextlib.contextmanager
def _captured() -> Iterator[_Captured]:
    """Keep what the function prints, asks and warns out of the cell: nbgrader takes text on stderr for a failure."""
    out, err = _Stream(), _Stream()
    real_input = builtins.input
    with (
        warnings.catch_warnings(record=True) as warned,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        warnings.simplefilter("always")
        # A notebook would wait for an answer, again and again.
        builtins.input = no_input  # type: ignore[assignment]
        try:
            yield _Captured(out, err, warned)
        finally:
            builtins.input = real_input
