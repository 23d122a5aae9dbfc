"""Notebooks as messy as students leave them, made at random from the released ones, and what grading must say of each.

The oracle runs the notebook's cells from the top in one fresh namespace, each as IPython would, and judges the very
function that stands there when the last check of the exercise runs. The slice has to get the same verdict.

    python -m tests.support.messy 200

prints the table of `docs/slices.md`.
"""

from __future__ import annotations

import ast
import codeop
import contextlib
import inspect
import io
import json
import os
import random
import re
import sys
import tempfile
import types
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeGuard

from IPython.core.inputtransformer2 import TransformerManager

from autograder.course.exercises import Exercise
from autograder.course.sources import used_by
from autograder.course.trial import judge_function
from autograder.course.units import Unit, load_unit
from course_utils.checks.prepared import PreparedExercise
from course_utils.running.execute import HandedIn, load_slice
from course_utils.slices.cells import parse_notebook
from course_utils.slices.names import cell_id, check_cell_id, function_name
from course_utils.slices.slicing import Program, Slice
from tests.support import ROOT
from tests.support.messes import MESSES, Cell, Notebook

UNITS = ("moco", "pretext", "simclr", "video")
SECRET = b"of messy notebooks"
# Cells of the release with these are long, or need data.
_HEAVY = (
    "fit(",
    "cu.data",
    "cu.evaluate",
    "cu.plot",
    "recorded",
    "Figure(",
    "profile",
    "training_runs",
    "Player",
)

Passed = dict[str, bool]


@cache
def unit_of(name: str) -> Unit:
    return load_unit(ROOT, name)


@cache
def prepared(name: str) -> dict[str, PreparedExercise]:
    return {id_: exercise.prepare(SECRET) for id_, exercise in unit_of(name).exercises.items()}


def answers(exercise: Exercise) -> tuple[list[types.FunctionType], list[types.FunctionType]]:
    """The right answers and the wrong ones that are plain functions."""
    rights = [exercise.reference, *(item.function for item in exercise.right_answers)]
    wrongs = [item.function for item in exercise.wrong]
    return [f for f in rights if _is_plain(f)], [f for f in wrongs if _is_plain(f)]


def _is_plain(function: object) -> TypeGuard[types.FunctionType]:
    if not isinstance(function, types.FunctionType):
        return False
    lines, _ = inspect.findsource(function)
    return re.search(rf"^def {function.__name__}\(", "".join(lines), re.MULTILINE) is not None


def pieces(function: types.FunctionType, name: str) -> tuple[list[str], list[str], str]:
    """Imports, helpers and the function itself under another name, each as source."""
    lines, _ = inspect.findsource(function)
    module = ast.parse("".join(lines))
    definition = next(
        node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == function.__name__
    )
    helpers = [ast.unparse(node) for node in used_by(definition, module)]
    # A lambda's parameters may be called as other right answers' lines are.
    helpers = [source for source in helpers if "RightAnswer(" not in source]
    imports = [
        ast.unparse(node)
        for node in module.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        and (getattr(node, "module", "") or "").split(".")[0] not in ("course_utils", "solutions")
    ]
    definition.decorator_list = [
        item
        for item in definition.decorator_list
        if "lru_cache" in ast.unparse(item) or "no_grad" in ast.unparse(item)
    ]
    definition.name = name
    for node in ast.walk(definition):
        if isinstance(node, ast.Name) and node.id == function.__name__:
            node.id = name
    return imports, helpers, ast.unparse(definition)


def clean_notebook(name: str, rng: random.Random) -> tuple[Notebook, list[str]]:
    """A released notebook with an answer in each exercise; imports of all of them in the set-up cell."""
    unit = unit_of(name)
    released = json.loads((ROOT / "assignments" / name / f"{name}.ipynb").read_text())
    setup = dict.fromkeys(("import copy", "import math", "import numpy as np", "import course_utils as cu"))
    setup |= dict.fromkeys(unit.prelude.values())
    bodies: dict[str, tuple[list[str], str]] = {}
    for id_, exercise in unit.exercises.items():
        rights, wrongs = answers(exercise)
        chosen = rng.choice(rights if rng.random() < 0.6 else wrongs)
        imports, helpers, source = pieces(chosen, function_name(id_))
        setup |= dict.fromkeys(line for line in imports if not line.startswith("from __future__"))
        bodies[id_] = helpers, source
    # Of two exercises' helpers with one name, each stays with its own.
    taken: Counter[str] = Counter()
    cells = [Cell("\n".join([*setup, f"course = cu.setup({name!r})"]), role="setup")]
    for item in released["cells"]:
        source = "".join(item["source"])
        ids = {item.get("id"), item["metadata"].get("nbgrader", {}).get("grade_id")}
        own = next((id_ for id_ in bodies if cell_id(id_) in ids), None)
        checked = next((id_ for id_ in bodies if check_cell_id(id_) in ids), None)
        if own:
            helpers, body = bodies[own]
            names = [ast.parse(line).body[0] for line in helpers]
            for node in names:
                bound = getattr(node, "name", None) or ast.unparse(getattr(node, "targets", [node])[0])
                taken[bound] += 1
            cells.append(
                Cell("\n".join(body for body in [*helpers, body]), id=cell_id(own), role="own", exercise=own)
            )
            cells[-1].helpers = list(helpers)
        elif checked:
            cells.append(Cell(source, id=check_cell_id(checked), role="check", exercise=checked))
        elif item["cell_type"] == "code" and len(cells) > 1 and not any(word in source for word in _HEAVY):
            cells.append(Cell(source))
    return Notebook(cells, tuple(bodies), rng), sorted(name for name, count in taken.items() if count > 1)


def make(seed: int) -> Notebook:
    """The notebook of a seed: one of the units, with one to four messes."""
    rng = random.Random(seed)
    made, _ = clean_notebook(UNITS[seed % len(UNITS)], rng)
    made.unit = UNITS[seed % len(UNITS)]
    kinds = list(MESSES)
    # Each kind in its turn, with others at random.
    wanted = [kinds[seed % len(kinds)], *rng.sample(kinds, rng.choice([0, 0, 1, 2, 3]))]
    # A cell that has become text is changed no more.
    for kind in sorted(dict.fromkeys(wanted), key=lambda kind: kind == "became text"):
        if MESSES[kind](made):
            made.kinds.append(kind)
    return made


# --- the oracle -------------------------------------------------------------------------------------------------


class Shell:
    """As much of IPython as a notebook from the top needs: cells, magics, futures that stay on, cells that raise."""

    def __init__(self, on_check: Callable[[str, dict[str, Any]], None]) -> None:
        self.module = types.ModuleType("__main__")
        self.names = self.module.__dict__
        self.names.update(get_ipython=lambda: self, display=lambda *things: None)
        self._compiler = codeop.Compile()
        self._on_check = on_check
        self.raised: list[str] = []

    def check(self, exercise: Any, *rest: Any, **options: Any) -> None:
        """Takes the place of `cu.check`."""
        self._on_check(exercise if isinstance(exercise, str) else exercise.__name__, self.names)

    def run_cell(self, source: str) -> None:
        """Run a cell; what it raises ends it."""
        text = TransformerManager().transform_cell(source)
        try:
            for node in ast.parse(text).body:
                code = self._compiler(ast.Module([node], []), "<cell>", "exec")  # type: ignore[arg-type]
                exec(code, self.names)
        except Exception as error:
            self.raised.append(f"{type(error).__name__}: {error}")

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        if name in ("time", "capture", "timeit"):
            self.run_cell(body)
        elif name in ("writefile", "file"):
            Path(line.strip()).write_text(body)

    def run_line_magic(self, name: str, line: str, *rest: object) -> None:
        if name == "run":
            self.run_cell(Path(line.strip()).read_text())
        elif name == "time":
            self.run_cell(line)

    def system(self, command: str) -> None:
        """`!command`: nothing happens."""

    def getoutput(self, command: str) -> list[str]:
        return []

    pinfo = system


def oracle(made: Notebook) -> dict[str, Passed]:
    """Exercise -> which checks pass, by the notebook run from the top."""
    import course_utils as cu

    checks = prepared(made.unit)
    found: dict[str, Passed] = {id_: dict.fromkeys(_ids(checks[id_]), False) for id_ in made.exercises}
    by_name = {function_name(id_): id_ for id_ in made.exercises}

    def on_check(name: str, names: dict[str, Any]) -> None:
        id_ = by_name.get(name, name)
        if id_ in checks:
            found[id_] = _judged(checks[id_], names.get(function_name(id_)))

    shell = Shell(on_check)
    with _in_a_folder(), _attribute(cu, "check", shell.check), _main(shell.module):
        for cell in made.run:
            shell.run_cell(cell.source)
            if cell.role == "own" and cell.exercise in made.unchecked:
                on_check(cell.exercise, shell.names)
    return found


def sliced(made: Notebook) -> tuple[dict[str, Passed], dict[str, list[str]]]:
    """The same by slice and judge, and what was said of each slice."""
    program = Program(parse_notebook(made.data()), unit_of(made.unit).prelude)
    found, notes = {}, {}
    for id_, item in prepared(made.unit).items():
        slice_ = program.slice(id_)
        notes[id_] = [f"{note.kind}: {note.text}" for note in slice_.notes]
        found[id_] = dict.fromkeys(_ids(item), False)
        if isinstance(slice_, Slice):
            with _in_a_folder(), _main(types.ModuleType("__main__")):
                function, failure = load_slice(function_name(id_), slice_.cells)
                notes[id_] += [failure.message] if failure else []
                found[id_] = _judged(item, function)
            HandedIn.install([])
        else:
            notes[id_].append(slice_.reason)
    return found, notes


def _judged(item: PreparedExercise, function: object) -> Passed:
    if not callable(function):
        return dict.fromkeys(_ids(item), False)
    with contextlib.redirect_stdout(io.StringIO()):
        return {check.check.id: check.passed for check in judge_function(item, function).checks}


def _ids(item: PreparedExercise) -> list[str]:
    return [check.id for check in item.checks]


@contextlib.contextmanager
def _in_a_folder() -> Iterator[None]:
    """In an empty folder, from which modules can be imported as in a notebook; and quietly."""
    before = Path.cwd()
    known = set(sys.modules)
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            os.chdir(before)
            sys.path.remove(folder)
            for name in set(sys.modules) - known:
                if str(getattr(sys.modules[name], "__file__", None) or "").startswith(folder):
                    del sys.modules[name]


@contextlib.contextmanager
def _main(module: types.ModuleType) -> Iterator[None]:
    before = sys.modules["__main__"]
    sys.modules["__main__"] = module
    try:
        yield
    finally:
        sys.modules["__main__"] = before


@contextlib.contextmanager
def _attribute(owner: Any, name: str, value: object) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


# --- many -------------------------------------------------------------------------------------------------------


@dataclass
class Tally:
    """How often a kind of mess was tried, and in how many notebooks slice and notebook agree."""

    tried: int = 0
    agreed: int = 0


def compare(made: Notebook) -> list[str]:
    """Where slice and notebook disagree, as text; empty if nowhere."""
    wanted = oracle(made)
    got, notes = sliced(made)
    return [
        f"{id_}: the notebook {_short(wanted[id_])}, the slice {_short(got[id_])}; {notes[id_]}"
        for id_ in made.exercises
        if wanted[id_] != got[id_]
    ]


def _short(passed: Passed) -> str:
    failed = [id_ for id_, ok in passed.items() if not ok]
    return "passes" if not failed else f"fails {len(failed)} of {len(passed)}"


def main(count: int, first: int = 0) -> None:
    """Print the table."""
    kinds = {kind: Tally() for kind in MESSES}
    total = Tally()
    exercises = 0
    for seed in range(first, first + count):
        made = make(seed)
        differences = compare(made)
        total.tried += 1
        total.agreed += not differences
        exercises += len(made.exercises)
        for kind in made.kinds:
            kinds[kind].tried += 1
            kinds[kind].agreed += not differences
        for line in differences:
            print(f"seed {seed} ({', '.join(made.kinds)}): {line}", file=sys.stderr)
    print("| kind of mess | notebooks | agreed |\n| --- | --- | --- |")
    for kind, tally in kinds.items():
        print(f"| {kind} | {tally.tried} | {tally.agreed} |")
    print(f"| **all** | {total.tried} ({exercises} exercises) | {total.agreed} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
