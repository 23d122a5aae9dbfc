"""How long CI takes for ninety-three exercises: a throw-away tree of twelve units, and the steps of `.ci/run` in it.

    python -m benchmarks.scale DIR                        # makes the tree in DIR, runs all three cases: most of an hour
    python -m benchmarks.scale DIR --case nothing-stale   # one of them

The units of the course stand as they are. Up to twelve there are copies of them, with notebook and worked parts; their exercises are
copies too, renamed and cut down to the depth that the gate asks for. The environment is that of this repository.
"""

from __future__ import annotations

import argparse
import ast
import itertools
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.course import receipt
from autograder.course.config import find_root
from autograder.course.exercises import NEEDED
from autograder.course.units import load_unit, unit_ids
from autograder.publish.notebook_source import read_notebook_source
from autograder.quality import page, standing
from autograder.quality.depth import required
from autograder.quality.run import minutes_of
from benchmarks.readme import README, put_in
from tests.support import turns

RESULTS = README.parent / "results" / "scale.json"
MARKS = ("<!-- scale -->", "<!-- end of scale -->")
EXERCISES, COPIES = 93, 2
# Wrong answers without a name that each copy keeps.
_OTHERS = 4


# --- the tree -----------------------------------------------------------------------------------------------------


def make_tree(root: Path, tree: Path) -> None:
    """Copy a repository and make its units three times as many.

    Args:
        root: the repository.
        tree: an empty folder.
    """
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, tree / name)
    units = unit_ids(root)
    originals = sum(len(load_unit(root, unit).folders) for unit in units)
    copies = [(unit, f"{unit}_{letter}") for letter in "bcdefgh"[:COPIES] for unit in units]
    more, extra = divmod(EXERCISES - (COPIES + 1) * originals, len(copies))
    for number, (unit, copy) in enumerate(copies):
        order = len(units) + number + 1
        _copy_unit(tree, unit, copy, order, more + (number < extra))
    # Another name may belong in another place among the imports.
    for command in (["check", "--quiet", "--fix"], ["format", "--quiet"]):
        subprocess.run([str(root / ".venv/bin/ruff"), *command], cwd=tree, check=True)
    # An environment is not installed again because a copied file is younger than it.
    os.utime(tree / "pyproject.toml", (0, 0))
    (tree / ".venv").symlink_to(root / ".venv")
    with (tree / ".gitignore").open("a") as ignored:
        ignored.write("/.venv\n")


def _copy_unit(tree: Path, unit: str, copy: str, order: int, more: int) -> None:
    """A unit under another name, with `more` copies of its exercises at the end of its notebook."""
    here, there = tree / "solutions" / unit, tree / "solutions" / copy
    there.mkdir()
    source = read_notebook_source(here / "notebook.md")
    text = (here / "notebook.md").read_text(encoding="utf-8")
    text = re.sub(rf"\b{unit}(?=\.[a-z_]+[`\"(])|(?<=answer=\"){unit}(?=-)", copy, text)
    text = re.sub(rf'(?<=cu\.setup\("){unit}(?=")|(?<=cu\.submit\("){unit}(?=")', copy, text)
    text = re.sub(r"(?m)^(\s+)order: \d+", rf"\g<1>order: {order}", text, count=1)
    cells = []
    templates = [id_.split(".")[1] for id_ in source.exercises]
    for name in templates:
        _copy_exercise(here / name, there / name, unit, copy)
    for number, name in zip(range(more), itertools.cycle(templates), strict=False):
        new = f"{name}_{number + 2}"
        _copy_exercise(here / name, there / new, unit, copy)
        minutes = source.exercises[f"{unit}.{name}"].minutes
        cells.append(f'```python exercise="{copy}.{new}" minutes={minutes} difficulty="easy"\n```\n')
    (there / "notebook.md").write_text("\n".join([text, *cells]), encoding="utf-8")


def _copy_exercise(here: Path, there: Path, unit: str, copy: str) -> None:
    """An exercise under another name, with as many answers as it must have."""
    there.mkdir()
    old, new = here.name, there.name
    depth = required(60)
    kept = {"misconception": depth.ideas, "wrong": _OTHERS, "right": depth.right}
    for name in (*NEEDED, "equivalents.toml"):
        if (here / name).is_file():
            text = (here / name).read_text(encoding="utf-8")
            if name in ("wrong.py", "right.py"):
                text = cut_down(text, kept)
            text = text.replace(f"solutions.{unit}.{old}.", f"solutions.{copy}.{new}.")
            (there / name).write_text(re.sub(rf"\b{old}\b", new, text), encoding="utf-8")


def cut_down(text: str, kept: dict[str, int]) -> str:
    """A bank of answers with so many of each decorator, the first ones; helpers and imports stay."""
    lines = text.splitlines()
    left = dict(kept)
    for node in reversed(list(_surplus(ast.parse(text), left))):
        first = min([node.lineno, *(item.lineno for item in getattr(node, "decorator_list", []))])
        del lines[first - 1 : node.end_lineno]
    return "\n".join(lines) + "\n"


def _surplus(tree: ast.Module, left: dict[str, int]) -> Iterator[ast.stmt]:
    for node in tree.body:
        kind = ""
        if isinstance(node, ast.FunctionDef) and node.decorator_list:
            decorator = node.decorator_list[0]
            kind = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            kind = {"RightAnswer": "right"}.get(ast.unparse(node.value.func), "")
        if kind in left:
            left[kind] -= 1
            if left[kind] < 0:
                yield node


# --- the cases ----------------------------------------------------------------------------------------------------


def _nothing_stale(tree: Path) -> None:
    """All receipts are there and fresh."""


def _one_changed(tree: Path) -> None:
    path = sorted(tree.glob("solutions/moco_b/enqueue_*/reference.py"))[0]
    path.write_text(path.read_text(encoding="utf-8") + "\n\n# Changed.\n", encoding="utf-8")


def _judging_changed(tree: Path) -> None:
    path = tree / "course_utils/checks/judge.py"
    path.write_text(path.read_text(encoding="utf-8") + "\n\n# Changed.\n", encoding="utf-8")


CASES: dict[str, Callable[[Path], None]] = {
    "nothing-stale": _nothing_stale,
    "one-exercise-changed": _one_changed,
    "judging-code-changed": _judging_changed,
}


def write_receipts(tree: Path) -> int:
    """Write fresh receipts for all exercises and for the tests, as if each had been tried, and their page.

    Returns:
        How many exercises there are.
    """
    found = next(
        item.found
        for unit in unit_ids(tree)
        for exercise in load_unit(tree, unit).exercises.values()
        if (item := receipt.read_or_none(exercise))
    )
    count = 0
    for unit in unit_ids(tree):
        exercises = load_unit(tree, unit).exercises
        minutes = minutes_of(tree, exercises)
        for id_, exercise in exercises.items():
            receipt.write_receipt(exercise, minutes[id_], found, 200)
            count += 1
    text = page.page(standing.recorded(standing.exercises_of(tree)))
    (tree / page.PAGE).write_text(text, encoding="utf-8")
    turns.RECEIPT.write_text(json.dumps(turns.contents(tree)), encoding="utf-8")
    return count


def steps(tree: Path) -> list[str]:
    """The commands of `.ci/run`, but for the installation."""
    lines = (tree / ".ci/run").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if re.match(r"([A-Z_]+=\S+ )*(make|autograder) ", line)]
    return [line for line in wanted if not line.endswith(" install")]


def run(tree: Path, measured: dict[str, dict[str, float]], only: str = "") -> dict[str, dict[str, float]]:
    """Each step of CI with its seconds and exit code; a red one, as by a stale receipt, does not stop the others.

    Args:
        tree: the throw-away tree.
        measured: an earlier case, which did the same work but for what receipts decide: the rest is taken from there.
        only: run the steps in which this word stands, the others not.
    """
    environment = {**os.environ, "PYTHONPATH": str(tree), "CI": "true"}
    environment["PATH"] = f"{tree / '.venv/bin'}{os.pathsep}{environment['PATH']}"
    # A fresh checkout has no caches.
    for cache in (".mypy_cache", ".ruff_cache", ".pytest_cache"):
        shutil.rmtree(tree / cache, ignore_errors=True)
    found: dict[str, dict[str, float]] = {}
    for step in steps(tree):
        if only not in step:
            continue
        if step in measured and not step.startswith("autograder "):
            found[step] = measured[step]
            continue
        began = time.perf_counter()
        log = tree / "build" / f"{len(found)}.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("wb") as out:
            done = subprocess.run(step, shell=True, cwd=tree, env=environment, stdout=out, stderr=out)
        found[step] = {"seconds": round(time.perf_counter() - began, 1), "exit": done.returncode}
        print(f"  {found[step]['seconds']:7.1f} s  exit {done.returncode}  {step}", flush=True)
    return found


def main() -> None:
    """Make the tree, run the cases, write figures and table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--case", choices=CASES, action="append", help="all if left out")
    parser.add_argument("--only", default="", help="a word: run only the steps of CI in which it stands")
    parser.add_argument("--receipts", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    root = find_root()
    tree = arguments.folder.resolve() / "tree"
    if arguments.receipts:
        print(f"{write_receipts(tree)} receipts")
        return
    if not tree.exists():
        make_tree(root, tree)
        subprocess.run(["git", "init", "--quiet"], cwd=tree, check=True)
        command = ["autograder", "build"]
        subprocess.run(command, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, check=True)
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.is_file() else {}
    measured: dict[str, dict[str, float]] = {}
    for case in arguments.case or CASES:
        print(case, flush=True)
        _commit(tree)
        CASES[case](tree)
        # With another tool all tests are run, and not a share of the slow ones.
        found = run(tree, {} if case == "judging-code-changed" else measured, arguments.only)
        results[case] = {**results.get(case, {}), **found} if arguments.only else found
        measured = measured or results[case]
        subprocess.run(["git", "checkout", "--quiet", "."], cwd=tree, check=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        README.write_text(put_in(README.read_text(encoding="utf-8"), table(results), MARKS), encoding="utf-8")


def _commit(tree: Path) -> None:
    """Let the tree's own code write receipts and the page they make, and commit: what CI finds in a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    command = [str(tree / ".venv/bin/python"), "-m", "benchmarks.scale", str(tree.parent), "--receipts"]
    subprocess.run(command, cwd=tree, env=environment, check=True)
    subprocess.run(["git", "add", "--all"], cwd=tree, check=True)
    identity = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org"]
    commit = ["commit", "--quiet", "--allow-empty", "--message=A tree of ninety-three exercises"]
    subprocess.run(["git", *identity, *commit], cwd=tree, check=True)


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """Minutes of each step for each case, in Markdown."""
    names = [step for case in results.values() for step in case]
    rows = ["| step | " + " | ".join(case.replace("-", " ") for case in results) + " |"]
    rows.append("|---|" + "---:|" * len(results))
    for step in dict.fromkeys(names):
        cells = [f"{case[step]['seconds'] / 60:.1f}" if step in case else "" for case in results.values()]
        rows.append(f"| `{step.replace(' --no-print-directory', '')}` | " + " | ".join(cells) + " |")
    sums = [
        f"**{sum(step['seconds'] for step in case.values()) / 60:.1f}**"
        if len(case) == len(set(names))
        else ""
        for case in results.values()
    ]
    return "\n".join([*rows, "| all, minutes | " + " | ".join(sums) + " |"])


if __name__ == "__main__":
    main()
