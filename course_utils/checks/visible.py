"""`cu.check`: run the visible checks of an exercise on the function in the notebook and say what was seen."""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import random
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from course_utils.checks import recorded
from course_utils.checks.judge import (
    CORRECT,
    ERROR,
    NOT_ATTEMPTED,
    CheckVerdict,
    PreparedExercise,
    Verdict,
    judge,
)
from course_utils.checks.observe import failure_of, observe

INTERRUPTED = "interrupted"
UNKNOWN = "unknown"

_MOST_CHARACTERS = 2000


@dataclass(frozen=True)
class CheckResult:
    """What the visible checks say of a function.

    As the last expression of a cell it's shown as HTML; its `text/plain` is the number of points alone, which nbgrader
    reads. `str(result)` is the whole text.

    Attributes:
        exercise: `"moco.enqueue"`.
        status: `"correct"`, `"wrong"`, `"not attempted"`, `"error"`, `"interrupted"`, or `"unknown"` if there is
            no such exercise.
        points: the exercise's points times the share of the visible checks' points that were earned.
        max_points: the exercise's points, hidden checks included.
        verdicts: one for each visible check, in order; empty if the function could not be called at all.
        reason: why it could not, in a sentence; empty otherwise.
        hint: hint of the known misconception that shows exactly what was seen, or None.
        notes: what else is worth knowing: what the function printed, the warnings it raised.
        level: how much is said, 0 to 3.
        device: where the verdicts come from.
    """

    exercise: str
    status: str
    points: float = 0.0
    max_points: float = 0.0
    verdicts: tuple[CheckVerdict, ...] = ()
    reason: str = ""
    hint: str | None = None
    notes: tuple[str, ...] = ()
    level: int = 0
    device: str = field(default="cpu", compare=False)

    @property
    def passed(self) -> int:
        """How many visible checks passed."""
        return sum(verdict.passed for verdict in self.verdicts)

    def __float__(self) -> float:
        return self.points

    def __repr__(self) -> str:
        return f"{round(self.points, 4):g}"

    def __str__(self) -> str:
        from course_utils.checks.present import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from course_utils.checks.present import as_html

        return as_html(self)


def check(exercise: str, *, hint: int = 0) -> CheckResult:
    """Run the visible checks of an exercise on your function and say whether, and why, it's wrong.

    The function is taken from the notebook by its name: `enqueue` for `"moco.enqueue"`. It runs on the CPU, and on the
    GPU too if there is one. Nothing is changed by a check: not your variables, not the state of the random generators.
    The hidden checks, which decide about the rest of the points, ask the same with other values.

    Args:
        exercise: the id of the exercise, as in its header.
        hint: 0 names the quantity that's wrong; 1 adds the call and the entries; 2 the hint for the mistake, if it's
            a known one; 3 puts what was got beside what was expected for the smallest failing case.

    Returns:
        The result. No exception is raised, whatever the function does.

    Example:
        >>> cu.check("moco.enqueue", hint=1)
    """
    caller = sys._getframe(1).f_globals
    try:
        result = check_in(caller, exercise, hint=hint)
        in_notebook = _in_notebook()
        _say(f"{exercise}: {_headline(result)}" if in_notebook else str(result))
    except KeyboardInterrupt:
        result = CheckResult(str(exercise), INTERRUPTED, reason="The check was interrupted.")
        _say(str(result))
    except Exception as error:  # noqa: BLE001 - a fault of ours must not stop a student's notebook
        where = traceback.extract_tb(error.__traceback__)[-1]
        reason = (
            f"The check itself failed ({type(error).__name__}: {error}, {where.name} in line {where.lineno}). "
            "That is no fault of yours: please show this line to the staff."
        )
        result = CheckResult(str(exercise), UNKNOWN, reason=reason)
        _say(str(result))
    return result


def check_in(namespace: Mapping[str, Any], exercise: str, *, hint: int = 0) -> CheckResult:
    """`check`, for the function in `namespace`, without printing.

    Raises:
        KeyboardInterrupt: the user stopped it while no code of the student ran.
    """
    if not isinstance(exercise, str):
        return CheckResult(
            repr(exercise), UNKNOWN, reason="Give the id of the exercise: cu.check('moco.enqueue')."
        )
    try:
        prepared, full = recorded.load(exercise)
    except LookupError as error:
        return CheckResult(str(exercise), UNKNOWN, reason=_sentence(error.args[0]))
    level = min(max(int(hint), 0), 3)
    blank = CheckResult(exercise, ERROR, max_points=full, level=level)

    name = exercise.split(".", 1)[1]
    if broken := _broken_cell(namespace, name):
        return replace(blank, reason=broken)
    function = namespace.get(name)
    if name not in namespace:
        reason = f"There is no function {name} yet: run the cell that defines it, then run this one again."
        return replace(blank, status=NOT_ATTEMPTED, reason=reason)
    if not callable(function):
        reason = (
            f"{name} is no function but of type {type(function).__name__}: something has taken its name. "
            "Run the cell that defines it again."
        )
        return replace(blank, reason=reason)
    if mismatch := _wrong_signature(function, prepared):
        return replace(blank, reason=mismatch)

    verdicts: list[Verdict] = []
    devices = ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]
    with _undisturbed(), _captured() as captured:
        try:
            for device in devices:
                verdicts.append(_run(function, prepared, device))
        except KeyboardInterrupt as error:
            failure = failure_of(error, function)
            where = f" in line {failure.line} of your code: {failure.code.strip()}" if failure.code else "."
            return replace(blank, status=INTERRUPTED, reason=f"The check was interrupted{where}")
    return _result(blank, prepared, devices, verdicts, captured.notes())


def _run(function: Callable[..., Any], prepared: PreparedExercise, device: str) -> Verdict:
    seen = {}
    for item in prepared.checks:
        observations = []
        for case in item.cases:
            # Every case starts from the same random state, here and in the grader.
            torch.manual_seed(0)
            observations.append(observe(function, case, device))
        seen[item.id] = observations
    return judge(prepared, seen, device)


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
    reason = ""
    if worst.status == NOT_ATTEMPTED:
        reason = (
            "Not attempted: the function raises NotImplementedError. Write its body, run its cell, then run this one "
            "again. If you have written it, delete the line that raises."
        )
    return replace(
        blank,
        status=worst.status,
        points=share * blank.max_points,
        verdicts=checks,
        reason=reason,
        hint=worst.hint,
        notes=notes,
        device=device,
    )


def _broken_cell(namespace: Mapping[str, Any], name: str) -> str | None:
    """A sentence, if the cell that was run last to define the function could not be compiled.

    The function in memory, if there is one, is then an older version: its verdict would speak of code that the student
    no longer sees.
    """
    history = namespace.get("In")
    pattern = re.compile(rf"^\s*(?:async\s+)?def\s+{re.escape(name)}\b", re.MULTILINE)
    cells = [text for text in history if isinstance(text, str)] if isinstance(history, list) else []
    last = next((text for text in reversed(cells) if pattern.search(text)), None)
    if last is None:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(last, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        place = f" in line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        what = error.msg if isinstance(error, SyntaxError) else str(error)
        return (
            f"The cell with {name} did not run, because it has a syntax error{place}: {what}. "
            "Mend it and run it, then run this one again."
        )
    return None


def _wrong_signature(function: Callable[..., Any], prepared: PreparedExercise) -> str | None:
    names = next((case.calls[0] for item in prepared.checks for case in item.cases), ())
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built-in functions have none to show
        return None
    try:
        signature.bind(*names)
    except TypeError:
        name = prepared.id.split(".", 1)[1]
        return (
            f"The exercise calls {name}({', '.join(names)}), but yours is {name}{_short(signature)}: "
            "put the first line of the function back as it was."
        )
    return None


def _short(signature: inspect.Signature) -> str:
    return f"({', '.join(signature.parameters)})"


def _headline(result: CheckResult) -> str:
    status = "right" if result.status == CORRECT else result.status
    if not result.verdicts or result.status == NOT_ATTEMPTED:
        return status
    return f"{status}, {result.passed} of {len(result.verdicts)} visible checks passed"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


# --- surroundings -----------------------------------------------------------------------------------------------


def _in_notebook() -> bool:
    """Whether HTML will be shown: a kernel has a front end, a terminal has none."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def _say(text: str) -> None:
    try:
        print(text)
    except UnicodeEncodeError:  # a terminal of Windows may know neither tick nor cross
        print(text.encode("ascii", "replace").decode())


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Leave the random generators and torch's defaults as they were, and start from torch's own defaults."""
    # NumPy's old global generator: notebooks may still use it.
    python, numpy, dtype = random.getstate(), np.random.get_state(), torch.get_default_dtype()  # noqa: NPY002
    # Every GPU: a function may draw on any of them.
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    with torch.random.fork_rng(devices=devices), torch.device("cpu"):
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002


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
    """Keep what the function prints and warns out of the cell: nbgrader takes any text on stderr for a failure."""
    out, err = _Stream(), _Stream()
    with (
        warnings.catch_warnings(record=True) as warned,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        warnings.simplefilter("always")
        yield _Captured(out, err, warned)
