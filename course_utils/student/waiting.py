"""What a cell that ends in an exception says, if it builds on an exercise that isn't solved yet.

Training cells call the student's functions. Where one is still a stub or wrong, the exception comes from deep inside
and names neither: so one sentence is added that does, and a stub's own exception is shown as that sentence alone.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from course_utils import shipped
from course_utils.checks.judge import CORRECT, NOT_ATTEMPTED
from course_utils.slices.names import function_name
from course_utils.student.outcome import NOT_RUN, CheckOutcome
from course_utils.student.state import bound_in, names_used

# Exercise id -> what its last check in this kernel said.
_last: dict[str, CheckOutcome] = {}
_watched: set[int] = set()


def remember(outcome: CheckOutcome) -> None:
    """Keep what a check said of an exercise."""
    if outcome.max_points:
        _last[outcome.exercise] = outcome


def watch(shell: Any) -> None:
    """Let the cells of a notebook say which exercise they wait for, from now on.

    Args:
        shell: IPython's.
    """
    if id(shell) in _watched:
        return
    _watched.add(id(shell))
    with suppress(AttributeError):  # a shell of another kind
        shell.events.register("post_run_cell", _after(shell))
        # Somebody else's way to show exceptions stays as it is.
        if not shell.custom_exceptions:
            shell.set_custom_exc((NotImplementedError,), _show)


def waits_for(error: BaseException, source: str, namespace: Mapping[str, Any]) -> str:
    """The sentence of a cell that ended in an exception; empty if no exercise is behind it.

    Args:
        error: the exception.
        source: of the cell.
        namespace: the notebook's globals.
    """
    if exercise := _stub_of(error):
        return (
            f"This cell waits for the exercise {exercise}: its function isn't written yet. Write it, run its cell, and "
            "then run this one again."
        )
    used = _used(source, namespace)
    if isinstance(error, NameError) and error.name:
        # What the cell lacks may come from one that waits itself.
        history = namespace.get("In")
        cells = [text for text in history if isinstance(text, str)] if isinstance(history, list) else []
        used = used.union(*(_used(text, namespace) for text in cells if error.name in bound_in(text)))
    for exercise, outcome in _last.items():
        name = function_name(exercise)
        if name not in used or outcome.status == CORRECT:
            continue
        if outcome.status == NOT_ATTEMPTED:
            state = "which isn't written yet"
        elif outcome.status == NOT_RUN:
            state = "which hasn't been run or isn't written yet"
        else:
            state = f"of which {outcome.passed} of {len(outcome.verdicts)} visible checks pass"
        return (
            f"This cell uses {name}, {state}: it waits for the exercise {exercise}. Put that right first, "
            f'cu.check("{exercise}") says how far it is; then run this cell again.'
        )
    return ""


def _stub_of(error: BaseException) -> str:
    """The exercise whose stub raised it: `raise NotImplementedError("moco.enqueue")`."""
    text = str(error.args[0]) if isinstance(error, NotImplementedError) and len(error.args) == 1 else ""
    unit = text.partition(".")[0]
    return text if unit in shipped.known_units() and text in shipped.exercise_ids(unit) else ""


def _used(source: str, namespace: Mapping[str, Any]) -> set[str]:
    """Names that a cell reads, itself and through functions of the notebook."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return set()
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - vars(builtins).keys()
    return names.union(*(names_used(name, namespace) for name in names))


def _show(shell: Any, kind: Any, error: BaseException, trace: Any, tb_offset: int | None = None) -> None:
    """Show a stub's exception as one sentence, and any other as ever."""
    if _stub_of(error):
        # As an exception still: what runs all cells stops here.
        shell._showtraceback(kind, error, [waits_for(error, "", {})])
    else:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def _after(shell: Any) -> Callable[[Any], None]:
    def say(result: Any) -> None:
        error, source = getattr(result, "error_in_exec", None), getattr(result.info, "raw_cell", "")
        if error is None or _stub_of(error) or not isinstance(source, str):
            return
        if sentence := waits_for(error, source, shell.user_ns):
            print(sentence)

    return say
