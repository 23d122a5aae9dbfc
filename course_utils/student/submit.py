"""`cu.submit`: try the notebook from a fresh start, show what the visible checks say, write the file to hand in."""

from __future__ import annotations

import copy
import json
import os
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from course_utils import shipped
from course_utils.checks.judge import ERROR, NOT_ATTEMPTED, TIMEOUT, WRONG, CheckVerdict
from course_utils.checks.observe import clean
from course_utils.errors import CourseError
from course_utils.running.alone import CannotRun, judge_alone
from course_utils.slices.help import Help, as_json, merged, read_help
from course_utils.student.check import asked_for, check_in, undisturbed
from course_utils.student.fresh_run import (
    INSIDE,
    MARK,
    ExerciseResult,
    FreshRun,
    NotebookJson,
    cell_source,
    run_fresh,
)
from course_utils.student.outcome import NOT_RUN
from course_utils.student.present import points

# Characters of JSON. Training curves and image grids fit; films and tables of a million rows do not.
_LARGEST_OUTPUT, _LARGEST_TOTAL = 300_000, 5_000_000
_SECONDS_FOR_BROWSER = 60
# What stands in an answer cell before the student writes there.
_UNANSWERED = "takes the place of this line"


class SubmitError(CourseError):
    """The notebook can't be found or read; the message says what to do."""


def submit(unit: str, *, notebook: str | Path | None = None) -> None:
    """Make the file to hand in: `moco-submission.ipynb` in the folder of the notebook.

    What is shown is what the grader will see. It never runs a whole notebook: of each exercise it executes the cell
    and the imports, definitions and assignments that it needs, in a fresh Python. Besides, the saved notebook is run
    from the top in a kernel of its own, in the check profile, which tells of cells that stop.

    Your notebook is left as it is. The file that is written beside it holds all its cells; outputs that are very large
    are left out. It also says how many hints you asked for in each exercise: the staff sees that, and it costs no
    points.

    Args:
        unit: the id of the problem set, `"moco"`.
        notebook: the file, if it can't be found by itself.

    Raises:
        SubmitError: the notebook can't be found or read, or there is no such problem set.

    Example:
        >>> cu.submit("moco")
    """
    namespace = sys._getframe(1).f_globals
    try:
        shipped.exercise_ids(unit)
    except LookupError as error:
        raise SubmitError(
            f"{error.args[0]}. Give the id of this problem set, as in cu.submit('moco')."
        ) from None
    if os.environ.get(INSIDE):
        print("cu.submit: this notebook is just being submitted.")
        return

    path, content = _find(unit, notebook, namespace)
    target = path.with_name(f"{unit}-submission.ipynb")
    if target == path:
        raise SubmitError(
            f"{path} is the file that an earlier cu.submit wrote: give the notebook that you work in."
        )
    for line in _freshness(path, content, namespace):
        print(line)
    made = _dumps(for_handing_in(content, unit, _help(unit, content, target)))
    # First of all, so that nothing that goes wrong later costs the file.
    _write(target, made)
    graded = _graded(made, unit)
    endless = {result.exercise for result in graded or () if result.status == TIMEOUT}
    here = {result.exercise: result for result in report(namespace, unit, leave_out=endless)}
    fresh = run_fresh(content, unit, path.parent)
    _print_results(content, here, fresh, graded)
    print(f"\nHand in this file: {target} ({target.stat().st_size / 1000:,.0f} kB)")
    _download(target)


def report(
    namespace: Mapping[str, Any], unit: str, *, leave_out: Collection[str] = ()
) -> list[ExerciseResult]:
    """What the visible checks say of the functions in `namespace`, exercise by exercise.

    Args:
        namespace: the notebook's globals.
        unit: whose exercises.
        leave_out: exercises whose functions are not called, because they do not come to an end.
    """
    results = []
    for exercise in shipped.exercise_ids(unit):
        if exercise in leave_out:
            results.append(ExerciseResult(exercise, TIMEOUT, 0.0, shipped.load_checks(exercise)[1]))
            continue
        try:
            result = check_in(namespace, exercise)
        except Exception as error:  # a function may spoil what it is given in ways that nobody foresaw
            reason = f"could not be checked ({type(error).__name__}: {clean(str(error))})"
            results.append(ExerciseResult(exercise, ERROR, 0.0, shipped.load_checks(exercise)[1], reason))
            continue
        reason = result.reason or _reason(result.status, result.verdicts)
        results.append(ExerciseResult(exercise, result.status, result.points, result.max_points, reason))
    return results


def _reason(status: str, checks: Sequence[CheckVerdict]) -> str:
    """What the first failed check says; of a wrong answer with what was asked, without which it may mean nothing."""
    failed = [check for check in checks if check.message and not check.passed]
    first = next((check for check in failed if not check.waits), failed[0] if failed else None)
    if first is None:
        return ""
    return f"{first.check.title.rstrip('.')}: {first.message}" if status == WRONG else first.message


# --- the notebook -----------------------------------------------------------------------------------------------


def _find(unit: str, given: str | Path | None, namespace: Mapping[str, Any]) -> tuple[Path, NotebookJson]:
    if given is not None:
        path = Path(given).expanduser().resolve()
        if not path.is_file():
            raise SubmitError(f"there is no file {path}: check the name; the folder here is {Path.cwd()}")
        return path, _read(path)
    if "google.colab" in sys.modules:
        return Path.cwd() / f"{unit}.ipynb", _from_colab(unit)
    for name in (namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        # JupyterLab names the session by the path of the notebook; with real-time collaboration there's a prefix.
        for candidate in _candidates(name):
            if candidate.suffix == ".ipynb" and candidate.is_file():
                return candidate.resolve(), _read(candidate)
    path = Path.cwd() / f"{unit}.ipynb"
    if path.is_file():
        return path, _read(path)
    raise SubmitError(
        f"I can't tell which file this notebook is. Give its name: cu.submit({unit!r}, notebook='{unit}.ipynb') "
        f"(the folder here is {Path.cwd()})"
    )


def _candidates(name: object) -> list[Path]:
    if not isinstance(name, str) or not name:
        return []
    path = Path(name.removeprefix("RTC:"))
    return [path, Path.cwd() / path.name]


def _from_colab(unit: str) -> NotebookJson:
    """The notebook as it stands in the browser: on Colab's machine there is no file of it.

    Raises:
        SubmitError: the browser did not answer in time, or with something else.
    """
    reply: Any = None
    with suppress(Exception):
        from google.colab import _message

        # None if there is no answer in time.
        reply = _message.blocking_request("get_ipynb", request="", timeout_sec=_SECONDS_FOR_BROWSER)
    content: Any = reply.get("ipynb") if isinstance(reply, dict) else None
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise SubmitError(
            "your browser did not hand over the notebook. Make sure that this tab is open in front and run this cell "
            "again; if that does not help, choose File > Download > Download .ipynb and hand in that file: it "
            f"counts as much as a {unit}-submission.ipynb."
        )
    return content


def _read(path: Path) -> NotebookJson:
    try:
        # Some editors put a byte order mark first, or leave a tab in a text.
        content = json.loads(path.read_text(encoding="utf-8-sig"), strict=False)
    except (OSError, ValueError, RecursionError) as error:
        kind = type(error).__name__
        raise SubmitError(
            f"{path} is no notebook ({kind}): save it again, or give the right file."
        ) from error
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise SubmitError(
            f"{path} is not a notebook of the present format: open it, save it again, and repeat."
        )
    return content


def _freshness(path: Path, content: NotebookJson, namespace: Mapping[str, Any]) -> list[str]:
    lines = []
    if path.is_file():
        saved = path.stat().st_mtime
        when = datetime.fromtimestamp(saved).strftime("%H:%M:%S")
        lines.append(f"{path.name}, as saved at {when} ({_ago(time.time() - saved)}).")
    history = namespace.get("In")
    running = history[-1].strip() if isinstance(history, list) and history else ""
    if running and not any(running == cell_source(cell).strip() for cell in content["cells"]):
        lines.append(
            "The saved file does not hold the cell that you have just run, so it may lack other changes too. "
            "Save the notebook (Ctrl+S or Cmd+S) and run cu.submit again, if anything was changed."
        )
    return lines


def _ago(seconds: float) -> str:
    if seconds < 5:
        return "just now"
    return f"{seconds:.0f} seconds ago" if seconds < 120 else f"{seconds / 60:.0f} minutes ago"


def for_handing_in(content: NotebookJson, unit: str, asked: Mapping[str, Help] | None = None) -> NotebookJson:
    """A copy of a notebook without its very large outputs and without the state of widgets.

    All cells are kept as they are: sources, metadata, attachments. What is left out is named in its place. The hints
    that were `asked` for go into the notebook's metadata.
    """
    content = copy.deepcopy(content)
    total = 0
    for cell in content["cells"]:
        outputs = cell.get("outputs")
        if not isinstance(outputs, list):
            continue
        for index, output in enumerate(outputs):
            size = len(json.dumps(output))
            if size > _LARGEST_OUTPUT or total + size > _LARGEST_TOTAL:
                text = f"(an output of {size / 1000:,.0f} kB was left out of the submission)\n"
                outputs[index] = {"output_type": "stream", "name": "stdout", "text": text}
            else:
                total += size
    found = content.get("metadata")
    metadata: dict[str, Any] = found if isinstance(found, dict) else {}
    content["metadata"] = metadata
    metadata.pop("widgets", None)
    course = metadata.get("course")
    metadata["course"] = {
        **(course if isinstance(course, dict) else {}),
        "submission": {
            "unit": unit,
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "help": as_json(asked or {}),
        },
    }
    return content


def _help(unit: str, content: NotebookJson, earlier: Path) -> dict[str, Help]:
    """The hints asked for: as this kernel counts them, the saved outputs, and the file of an earlier `submit`."""
    accounts = [asked_for(), read_help(_dumps(content))]
    with suppress(OSError):
        accounts.append(read_help(earlier.read_bytes()))
    return {key: help_ for key, help_ in merged(accounts).items() if key in shipped.exercise_ids(unit)}


def _dumps(content: NotebookJson) -> bytes:
    # Half of an emoji, as some editors leave it, cannot be written in UTF-8.
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _write(path: Path, data: bytes) -> None:
    # In one step, so that no half a file is handed in when the disk is full.
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(data)
    partial.replace(path)


def _download(path: Path) -> None:
    if "google.colab" in sys.modules:
        with suppress(Exception):
            from google.colab import files

            files.download(str(path))
            print(
                f"Your browser saves {path.name} now. If it does not, open Files at the left edge and choose Download "
                "in that file's menu."
            )


# --- the fresh run ----------------------------------------------------------------------------------------------


def _answer(namespace: Mapping[str, Any], unit: str) -> None:
    """Called in the fresh kernel after the last cell: print the report where `run_fresh` reads it."""
    results = [
        # After a run from the top, what is not there is in no cell.
        replace(result, status=NOT_ATTEMPTED, reason="") if result.status == NOT_RUN else result
        for result in report(namespace, unit)
    ]
    print(MARK + json.dumps([vars(result) for result in results]))


# --- what is said -----------------------------------------------------------------------------------------------


def _print_results(
    content: NotebookJson,
    here: Mapping[str, ExerciseResult],
    fresh: FreshRun | None,
    graded: Sequence[ExerciseResult] | None,
) -> None:
    """Print what the grader will see; failing that, what the run from the top or this kernel shows."""
    whole = fresh.results if fresh else None
    shown = graded or whole or list(here.values())
    if fresh is None:
        print("Notebooks can't be run from here (nbclient is missing).")
    elif whole is None:
        print("The run from the top did not reach its end.")
    if graded:
        print("As the grader will see it, by the visible checks:")
    else:
        where = "in the run from the top" if whole else "in this kernel"
        print(f"The exercises can't be run on their own here, so the functions {where} were checked:")
    width = max(len(result.exercise) for result in shown)
    by_run = {result.exercise: result for result in whole or ()}
    for result in shown:
        line = f"  {result.exercise:<{width}}  {_in_words(result.status)}, "
        print(line + f"{points(result.points)} of {points(result.max_points)} points so far")
        more = [result.reason] if result.reason and result.status != "correct" else []
        more += [f"Note: {note}." for note in result.notes]
        more += _disagreement(result, by_run.get(result.exercise), here[result.exercise])
        for text in more:
            print(f"  {'':<{width}}    {text}")
    total = points(sum(result.points for result in shown))
    most = points(sum(result.max_points for result in shown))
    print(f"  {total} of {most} points by the visible checks; hidden ones decide in the end.")
    if fresh:
        for first, error in fresh.stopped:
            print(
                f"  The cell that begins with {first!r} stops: {error}" if first else f"  In the run {error}"
            )
        if fresh.unfinished:
            cells = "cell stops" if fresh.unfinished == 1 else "cells stop"
            print(f"  {fresh.unfinished} {cells} at an exercise that isn't written yet.")
    if empty := _unanswered(content):
        print(f"  Not answered yet: {', '.join(empty)}")


def _disagreement(shown: ExerciseResult, whole: ExerciseResult | None, here: ExerciseResult) -> list[str]:
    """A sentence where the grader sees another function than the student does: what it does, and the way out."""
    name = shown.exercise.split(".", 1)[1]
    if whole and whole.points > shown.points:
        return [
            f"It's better when the whole notebook is run, but the grader runs only {name} and the imports, definitions "
            "and assignments that it needs: no loose calls or loops, no %run and no other magics. Put what it needs "
            f"into the cell of {name}."
        ]
    if whole and whole.points < shown.points:
        return [
            f"When the whole notebook is run it's {_in_words(whole.status)} at its end, because other cells change "
            f"{name} or what it uses. The grader does not run those, so this costs no points."
        ]
    if here.points > shown.points:
        return [
            "It's better in this kernel, but not from a fresh start: is the cell saved, and does it stand after what "
            "it needs?"
        ]
    return []


def _graded(data: bytes, unit: str) -> list[ExerciseResult] | None:
    """What the grader will see of this file; None if no fresh process can be had here."""
    try:
        with undisturbed():
            found = judge_alone(data, unit)
    except CannotRun as error:
        print(f"cu.submit: {error}")
        return None
    results = []
    for id_, item in found.items():
        verdict = item.verdict
        reason = _reason(verdict.status, verdict.checks)
        if verdict.status == NOT_ATTEMPTED and not item.missing:
            reason = ""
        results.append(ExerciseResult(id_, verdict.status, item.points, item.full, reason, item.flags))
    return results


def _in_words(status: str) -> str:
    return "right" if status == "correct" else status


def _unanswered(content: NotebookJson) -> list[str]:
    """Ids of the written questions whose cell still holds the line to be replaced."""
    found = []
    for cell in content["cells"]:
        metadata = cell.get("metadata")
        nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        if not isinstance(nbgrader, dict):
            continue
        if (
            cell.get("cell_type") == "markdown"
            and nbgrader.get("solution")
            and _UNANSWERED in cell_source(cell)
        ):
            found.append(str(nbgrader.get("grade_id", "a written question")))
    return found
