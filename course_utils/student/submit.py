"""`cu.submit`: try the notebook from a fresh start, show what the visible checks say, write the file to hand in."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from course_utils import shipped
from course_utils.checks.judge import CORRECT, ERROR, NOT_ATTEMPTED, TIMEOUT, WRONG, CheckVerdict
from course_utils.checks.observe import clean
from course_utils.running.alone import CannotRun, judge_alone
from course_utils.slices.help import Help, merged, read_help
from course_utils.slices.names import function_name
from course_utils.student.check import asked_for, check_in, in_notebook
from course_utils.student.endless import without_calls
from course_utils.student.fresh_run import (
    INSIDE,
    MARK,
    CheckedExercise,
    ExerciseResult,
    FreshRun,
    NotebookJson,
    run_fresh,
)
from course_utils.student.handed import (
    not_in_the_file,
    other_release,
    points_of_answers,
    replaced_file,
    unanswered,
    when_saved,
    without_a_cell,
)
from course_utils.student.handing_in import about_files, as_bytes, files_beside, for_handing_in, write_whole
from course_utils.student.meant import unit_here
from course_utils.student.notebook_file import find_notebook, own_file
from course_utils.student.outcome import NOT_RUN
from course_utils.student.present import points
from course_utils.student.state import (
    bound_below,
    follows_from,
    is_defined_in_text,
    names_that_differ,
    names_used,
    own_cell_stops,
)
from course_utils.student.surroundings import undisturbed
from course_utils.student.whose import SubmitError, refuse, unit_of_file, unit_to_submit
from course_utils.student.with_brackets import with_brackets
from course_utils.student.wrapping import wrapped

_MOST_NAMED = 2


def _not_called(namespace: Mapping[str, Any]) -> str:
    unit = unit_here(namespace)
    call = f'cu.submit("{unit}")' if unit else "cu.submit()"
    return f"Nothing was handed in, for want of brackets: write {call}."


@with_brackets(_not_called)
def submit(unit: Any = None, notebook: Any = None, *more: object, **others: object) -> None:
    """Make the file to hand in: `moco-submission.ipynb` in the folder of the notebook.

    What is shown is what the grader will see. It never runs a whole notebook: of each exercise it executes the cell
    and the imports, definitions and assignments that it needs, in a fresh Python. Besides, the saved notebook is run
    from the top in a kernel of its own, in the check profile, which tells of cells that stop.

    Your notebook is left as it is. The file that is written beside it holds all its cells; outputs that are very large
    are left out. It also says how many hints you asked for in each exercise: the staff sees that, and it costs no
    points.

    Args:
        unit: the id of the problem set, `"moco"`; that of this notebook, if left out.
        notebook: the file, if it can't be found by itself.
        more, others: nothing that is known; what is given here is told.

    Raises:
        SubmitError: the notebook can't be found or read, is one of another problem set, there is no such set, or
            something else was given too. In a notebook the sentence is printed instead, and nothing is written.

    Example:
        >>> cu.submit("moco")
    """
    namespace = sys._getframe(2).f_globals
    try:
        if more or others:
            raise SubmitError(
                "give the problem set, and the notebook's file where it cannot be found: "
                f"cu.submit({unit_here(namespace) or 'moco'!r}, notebook='NAME.ipynb'); nothing else is asked for"
            )
        chosen = unit_to_submit(unit, namespace)
        if os.environ.get(INSIDE) or os.environ.get("NBGRADER_VALIDATING"):
            print("cu.submit: this notebook is just being run as a whole, so nothing is written.")
            return
        _submit(chosen, notebook, namespace)
    except SubmitError as error:
        if not in_notebook():
            raise
        sentence = str(error) if str(error).endswith(("?", ".")) else f"{error}."
        print(wrapped(f"cu.submit: {sentence} Nothing was written."))
    except Exception as error:
        # A fault of ours must not keep a student from handing in.
        where = traceback.extract_tb(error.__traceback__)[-1]
        sentence = (
            f"it failed by itself ({type(error).__name__}: {clean(str(error))}, {where.name} in line {where.lineno}). "
            "That is no fault of yours: hand in the file of the notebook as it is, and show this line to the staff."
        )
        if not in_notebook():
            raise SubmitError(sentence) from error
        print(wrapped(f"cu.submit: {sentence}"))


def _submit(chosen: str | None, notebook: object, namespace: Mapping[str, Any]) -> None:
    known = unit_here(namespace)
    if chosen and known and chosen != known and notebook is None and not own_file(namespace):
        refuse("this notebook", known, chosen)
    path, content = find_notebook(chosen, notebook, namespace)
    unit = unit_of_file(chosen, path, content)
    target = path.with_name(f"{unit}-submission.ipynb")
    if target == path:
        raise SubmitError(
            f"{path} is the file that an earlier cu.submit wrote: give the notebook that you work in."
        )
    unsaved = [] if "google.colab" in sys.modules else not_in_the_file(content, namespace, unit)
    for line in (*when_saved(path), *unsaved, *_about(content, unit), *replaced_file(target)):
        print(wrapped(line))
    made = as_bytes(for_handing_in(content, unit, _help(unit, content, target)))
    # First of all, so that nothing that goes wrong later costs the file.
    write_whole(target, made)
    print(wrapped(_what_runs(unit)), flush=True)
    started = time.monotonic()
    graded = _graded(made, unit)
    endless = {result.exercise for result in graded or () if result.status == TIMEOUT}
    here = {result.exercise: result for result in report(namespace, unit, leave_out=endless)}
    to_run, skipped = without_calls(content, endless)
    if skipped:
        slow = " and ".join(function_name(id_) for id_ in sorted(endless))
        cells = "1 cell that needs" if skipped == 1 else f"{skipped} cells that need"
        print(wrapped(f"{slow} does not come to an end, so {cells} it will not be run."))
    fresh = run_fresh(to_run, unit, path.parent, endless)
    _seconds[unit] = time.monotonic() - started
    _print_results(content, here, fresh, graded, path.parent)
    size = f"({target.stat().st_size / 1000:,.0f} kB)"
    if unsaved:
        later = "does not hold your latest work. Save the notebook, run this cell again, and hand in the file"
        print("\n" + wrapped(f"Not yet: {target} {size} {later} that it writes then."))
        return
    if beside := files_beside(graded or (), path.parent):
        print(f"\nHand in a zip of these files: {' and '.join([f'{target} {size}', *beside])}")
    else:
        print(f"\nHand in this file: {target} {size}")
    _download(target)


# How long it took the last time in this kernel.
_seconds: dict[str, float] = {}


def _what_runs(unit: str) -> str:
    """What is about to run. A first time is not guessed: it depends on the machine and on what the notebook trains."""
    seconds = _seconds.get(unit)
    how_long = (
        f"it took {max(round(seconds), 2)} seconds the last time" if seconds else "this may take a minute"
    )
    return f"Running your exercises as the grader will, then your notebook from the top: {how_long}."


def _about(content: NotebookJson, unit: str) -> Iterator[str]:
    """What is particular about the notebook as a whole."""
    if other := other_release(content):
        yield other
    if missing := without_a_cell(content, unit):
        yield (
            f"This notebook has no trace of {' and '.join(missing)}: it may be of an older release, or the cells were "
            "deleted. Copy what you have written into the present notebook from the course's page and hand in that one."
        )


def report(
    namespace: Mapping[str, Any], unit: str, *, leave_out: Collection[str] = ()
) -> list[CheckedExercise]:
    """What the visible checks say of the functions in `namespace`, exercise by exercise.

    Args:
        namespace: the notebook's globals.
        unit: whose exercises.
        leave_out: exercises whose functions are not called, because they do not come to an end.
    """
    results = []
    for exercise in shipped.exercise_ids(unit):
        prepared, full = shipped.load_checks(exercise)
        blank = CheckedExercise(exercise, ERROR, 0.0, full, checks=len(prepared.checks))
        if exercise in leave_out:
            results.append(replace(blank, status=TIMEOUT))
            continue
        try:
            result = check_in(namespace, exercise)
        except Exception as error:  # a function may spoil what it is given in ways that nobody foresaw
            reason = f"could not be checked ({type(error).__name__}: {clean(str(error))})"
            results.append(replace(blank, reason=reason))
            continue
        results.append(
            replace(
                blank,
                status=result.status,
                points=result.points,
                reason=result.reason or _reason(result.status, result.verdicts),
                notes=result.costs,
                passed=result.passed,
                names=names_used(function_name(exercise), namespace),
            )
        )
    return results


def _reason(status: str, checks: Sequence[CheckVerdict]) -> str:
    """What the first failed check says; of a wrong answer with what was asked, without which it may mean nothing."""
    failed = [check for check in checks if check.message and not check.passed]
    first = next((check for check in failed if not check.waits), failed[0] if failed else None)
    if first is None:
        return ""
    return f"{first.check.title.rstrip('.')}: {first.message}" if status == WRONG else first.message


# --- the notebook -----------------------------------------------------------------------------------------------


def _help(unit: str, content: NotebookJson, earlier: Path) -> dict[str, Help]:
    """The hints asked for: as this kernel counts them, the saved outputs, and the file of an earlier `submit`."""
    accounts = [asked_for(), read_help(as_bytes(content))]
    with suppress(OSError):
        accounts.append(read_help(earlier.read_bytes()))
    return {key: help_ for key, help_ in merged(accounts).items() if key in shipped.exercise_ids(unit)}


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


def _answer(namespace: Mapping[str, Any], unit: str, leave_out: Collection[str] = ()) -> None:
    """Called in the fresh kernel after the last cell: print the report where `run_fresh` reads it."""
    results = [
        # After a run from the top, what is not there is in no cell.
        replace(result, status=NOT_ATTEMPTED, reason="") if result.status == NOT_RUN else result
        for result in report(namespace, unit, leave_out=leave_out)
    ]
    print(MARK + json.dumps([vars(result) for result in results]))


# --- what is said -----------------------------------------------------------------------------------------------


def _print_results(
    content: NotebookJson,
    here: Mapping[str, CheckedExercise],
    fresh: FreshRun | None,
    graded: Sequence[CheckedExercise] | None,
    folder: Path,
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
        costs = here[result.exercise].notes if graded else result.notes
        line = f"  {result.exercise:<{width}}  {_in_words(result.status, costs)}, "
        print(line + f"{result.passed} of {result.checks} visible checks passed")
        on_files = about_files(result, folder)
        # Where the grader lacks something, that is what everything else comes of.
        is_told = result.status == ERROR and bool(on_files)
        more = [result.reason] if result.reason and result.status != CORRECT and not is_told else []
        more += on_files
        more += [f"Note: {note.removesuffix('.')}." for note in result.notes]
        if graded:
            more += here[result.exercise].notes
        if not (is_told or result.lacks):
            more += _disagreement(result, by_run.get(result.exercise), here[result.exercise], content, fresh)
        if result.status == CORRECT and (hidden := shipped.load_checks(result.exercise)[0].hidden):
            more.append(f"Hidden checks also look at: {', '.join(hidden)}.")
        for text in more:
            print(wrapped(text, indent=width + 6))
    passed, checks = sum(result.passed for result in shown), sum(result.checks for result in shown)
    written = points_of_answers(content)
    answers = f"written answers ({points(written)} points)" if written else "written answers"
    total = f"Visible checks: {passed} of {checks} passed; {answers} and hidden checks are not counted."
    print(wrapped(total, indent=2))
    if fresh:
        open_ones = [function_name(item.exercise) for item in shown if item.status == NOT_ATTEMPTED]
        follow = follows_from(content["cells"], dict(fresh.stopped), open_ones)
        told: set[str] = set()
        for first, error in fresh.stopped:
            if first in follow:
                continue
            # What the machine lacks stops every cell that asks for it.
            if "NVIDIA" in error or "CUDA" in error:
                error = "it asks for a GPU, and there is none here"
                if error in told:
                    continue
                told.add(error)
            stops = f"The cell that begins with {first!r} stops: {error}" if first else f"In the run {error}"
            print(wrapped(stops, indent=2))
        if unfinished := fresh.unfinished + len(follow):
            cells = "cell stops" if unfinished == 1 else "cells stop"
            print(f"  {unfinished} {cells} at an exercise that isn't written yet.")
    if empty := unanswered(content):
        print(wrapped(f"Not answered yet: {', '.join(empty)}", indent=2))


def _disagreement(
    shown: ExerciseResult,
    whole: ExerciseResult | None,
    here: ExerciseResult,
    content: NotebookJson | None = None,
    fresh: FreshRun | None = None,
) -> list[str]:
    """A sentence where the grader sees another function than the student does: what it does, and the way out."""
    name = function_name(shown.exercise)
    mine, its = (item.names if isinstance(item, CheckedExercise) else {} for item in (here, whole))
    cells, stops = content["cells"] if content else [], dict(fresh.stopped) if fresh else {}
    if whole and whole.points > shown.points:
        return [
            f"It's better when the whole notebook is run, but the grader runs only {name} and the imports, definitions "
            "and assignments above its check that it needs, with what fills their lists, sets and dictionaries: no "
            "other calls and loops, and no magics but %run and %%writefile of what it uses. Put what it needs into "
            f"the cell of {name}."
        ]
    if whole and whole.points < shown.points:
        begins = f"When the whole notebook is run {_at_the_end(whole.status)}, because"
        free = "The grader does not run"
        if stopped := own_cell_stops(name, cells, stops):
            return [
                f"{begins} the cell of {name} stops there: {stopped}. {free} it so, and this costs no points."
            ]
        if is_defined_in_text(name, cells):
            return [
                f"{begins} its cell is no code cell, so it is not run there. The grader reads it as code and this "
                "costs no points, but make it a code cell again (in a notebook: Esc, then Y)."
            ]
        names = [name, *(item for item in mine if item != name)]
        below = bound_below(cells, names, name)[:_MOST_NAMED]
        because = " and ".join(below) or f"other cells change {name} or what it uses"
        return [f"{begins} {because}. {free} {'that' if below else 'those'}, so this costs no points."]
    if here.points > shown.points:
        known = names_that_differ(mine, its, name)[:_MOST_NAMED]
        if stopped := own_cell_stops(name, cells, stops):
            known = [f"the cell of {name} stops there: {stopped}"]
        elif not known and mine and whole and not its:
            known = [f"{name} is in this kernel, but in no cell of the saved notebook that runs to its end"]
        because = (
            f": {', and '.join(known)}."
            if known
            else ": is the cell saved, and does it stand after what it needs?"
        )
        return [f"It's better in this kernel, but not from a fresh start{because}"]
    return []


def _graded(data: bytes, unit: str) -> list[CheckedExercise] | None:
    """What the grader will see of this file; None if no fresh process can be had here."""
    try:
        with undisturbed():
            found = judge_alone(data, unit)
    except CannotRun as error:
        print(wrapped(f"cu.submit: {error}"))
        return None
    results = []
    for id_, item in found.items():
        verdict = item.verdict
        reason = _reason(verdict.status, verdict.checks)
        if verdict.status == NOT_ATTEMPTED and not item.missing:
            reason = ""
        passed, checks = sum(check.passed for check in verdict.checks), len(verdict.checks)
        blank = CheckedExercise(
            id_, verdict.status, item.points, item.full, reason, files=item.files, lacks=item.lacks
        )
        results.append(replace(blank, notes=item.flags, passed=passed, checks=checks))
    return results


def _in_words(status: str, costs: Collection[str] = ()) -> str:
    if status == CORRECT:
        return "right but for what costs points" if costs else "right"
    return status


def _at_the_end(status: str) -> str:
    return {"wrong": "it's wrong at its end", "timeout": "it takes too long at its end"}.get(
        status, "it stops in an exception at its end"
    )
