"""`autograder checks`: what is stale is tried, receipts are written, and what is to be mended is said."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, TimeElapsedColumn, TimeRemainingColumn

from autograder.cli.terminal import SOME_FAILED, console, messages
from autograder.errors import UserError, WriteError, writing

if TYPE_CHECKING:
    from autograder.quality.gate import Result
    from autograder.quality.survey import Plan

_WIDTH = 220

Ids = Annotated[
    list[str] | None,
    typer.Argument(help="Units (moco) or exercises (moco.enqueue) to try; what is stale if left out."),
]


def checks_command(
    ids: Ids = None,
    all_: Annotated[bool, typer.Option("--all", help="Try every exercise, fresh or not.")] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="For CI: fail unless all receipts are fresh; write nothing.")
    ] = False,
    every: Annotated[
        bool,
        typer.Option("--every", help="Each seed with all numbers of threads and dtypes, not one in turn."),
    ] = False,
    show: Annotated[
        str | None, typer.Option(metavar="ID", help="Show which check of an exercise refuses what.")
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(help="Seeds for right answers, in place of 200; writes no receipt.", min=1)
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes at the same time.", min=1)] = os.cpu_count() or 1,
) -> None:
    """Try the checks on wrong answers, which they must refuse, and on right ones, which they must accept."""
    from autograder.course import receipt
    from autograder.course.config import find_root
    from autograder.quality import standing
    from autograder.quality.gate import complaints
    from autograder.quality.page import PAGE, details, gate_table, page, rows_of
    from autograder.quality.run import unready
    from autograder.quality.survey import Plan

    root = find_root()
    if show is not None:
        shown = {id_: Plan(seeds=1) for id_ in standing.exercises_of(root, [show])}
        if len(shown) != 1:
            raise UserError(f"--show {show}: name one exercise: {', '.join(shown)}")
        for problem in unready(root, shown).values():
            raise UserError(problem)
        (result,) = _survey(root, shown, jobs)
        print(details(result), end="")
        return
    exercises = standing.exercises_of(root, ids or ())
    deep = Plan(seeds=seeds or receipt.SEEDS, every=every)
    chosen = bool(ids or all_)
    states = standing.states(root, exercises) if fresh or not chosen else {}
    plans: dict[str, Plan] = dict.fromkeys(exercises, deep)
    if states and not chosen:
        again = standing.picked(root, list(exercises), standing.PICKED)
        light = Plan(seeds=seeds or receipt.SEEDS_SINCE, every=every)
        changed = {id_: light for id_, state in states.items() if state is receipt.Freshness.JUDGING_CHANGED}
        plans = {
            id_: plan for id_, plan in plans.items() if states[id_] is not receipt.Freshness.FRESH
        } | changed
        plans |= {id_: light for id_ in again if id_ not in plans}
        _announce(states, plans)
    # What is not written yet would fail in many ways, of which one is worth saying.
    not_yet = unready(root, plans)
    results = _survey(root, {id_: plan for id_, plan in plans.items() if id_ not in not_yet}, jobs)
    if results:
        # As wide as it is, in a pipe as well: a column that is cut says nothing.
        Console(file=console.file, width=max(console.width, _WIDTH)).print(gate_table(rows_of(results)))
    found = [*not_yet.values(), *complaints(results)]
    if fresh:
        found += [
            f"{receipt.place_of(exercises[id_])}: is stale: {state.value}. Run "
            f"`autograder checks` and commit the receipt"
            for id_, state in states.items()
            if state is not receipt.Freshness.FRESH and id_ not in not_yet
        ]
    elif seeds is None:
        for result in results:
            # What was picked although its receipt is fresh was tried under fewer seeds than the receipt speaks of.
            is_fresh = states.get(result.exercise.id) is receipt.Freshness.FRESH
            if not is_fresh and not complaints([result]):
                place = receipt.place_of(result.exercise)
                try:
                    with writing(place):
                        receipt.write_receipt(result.exercise, result.minutes, result.found, result.seeds)
                except WriteError as error:  # what was found took minutes, and is to be told all the same
                    found.append(f"{error}. The receipt of {result.exercise.id} was not written")
                else:
                    messages.print(escape(f"Receipt written: {place}"), highlight=False, soft_wrap=True)
    if seeds is None:
        everything = standing.exercises_of(root)
        text = page(standing.recorded(everything))
        summary = root / PAGE
        if not summary.is_file() or summary.read_text(encoding="utf-8") != text:
            if fresh:
                found.append(
                    f"{summary}: does not say what the receipts do: run `autograder checks` and commit it"
                )
            else:
                try:
                    with writing(summary):
                        summary.parent.mkdir(exist_ok=True)
                        summary.write_text(text, encoding="utf-8")
                except WriteError as error:
                    found.append(str(error))
    for complaint in found:
        console.print(escape(complaint), highlight=False, soft_wrap=True)
    if found:
        raise typer.Exit(SOME_FAILED)


def _announce(states: Mapping[str, object], plans: Mapping[str, Plan]) -> None:
    from autograder.course.receipt import Freshness

    fresh = sum(state is Freshness.FRESH for state in states.values())
    messages.print(
        f"{fresh} of {len(states)} receipts are fresh; trying {', '.join(plans) or 'nothing'}.",
        highlight=False,
        soft_wrap=True,
    )


def _survey(root: Path, plans: Mapping[str, Plan], jobs: int) -> list[Result]:
    from autograder.quality import run

    columns = (*Progress.get_default_columns()[:-1], TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=messages) as bar:
        task = bar.add_task("Trying answers", total=None)
        return run.survey(
            root,
            plans,
            jobs=jobs,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
