"""The kinds of mess that people make of a notebook, each as a change of one.

A mess returns whether it could be made. What a mess leaves in `Notebook.run` is what the notebook means: the cells in
the order in which they give what the student saw, where that is not the order of the file.
"""

from __future__ import annotations

import ast
import copy
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from course_utils.slices.names import function_name

MESSES: dict[str, Callable[[Notebook], bool]] = {}


@dataclass
class Cell:
    """A cell.

    Attributes:
        source: its text.
        id: the release's.
        role: `own` for an exercise's cell, `check` for the one with its check, `setup`, or empty.
        exercise: whose.
        helpers: what stands above the function in the exercise's cell.
        kind: of the cell in the file.
    """

    source: str
    id: str = ""
    role: str = ""
    exercise: str = ""
    helpers: list[str] = field(default_factory=list)
    kind: str = "code"


class Notebook:
    """A notebook in the making.

    Attributes:
        cells: in the order of the file.
        exercises: of the unit.
        rng: where chance comes from.
        unit: whose.
        kinds: of the messes that were made.
        unchecked: exercises whose check was deleted: they are judged below their own cell.
    """

    def __init__(self, cells: list[Cell], exercises: tuple[str, ...], rng: random.Random) -> None:
        self.cells = cells
        self.exercises = exercises
        self.rng = rng
        self.unit = ""
        self.kinds: list[str] = []
        self.unchecked: set[str] = set()
        self._meant: dict[int, Cell] = {}
        self._first: list[Cell] = []

    @property
    def run(self) -> list[Cell]:
        """The cells in the order in which they mean what they mean."""
        first = [cell for cell in self.cells if any(cell is item for item in self._first)]
        rest = [cell for cell in self.cells if not any(cell is item for item in self._first)]
        return [self._meant.get(id(cell), cell) for cell in [*rest[:1], *first, *rest[1:]]]

    def data(self) -> bytes:
        """The file."""
        cells: list[dict[str, object]] = []
        for number, cell in enumerate(self.cells):
            metadata = {"nbgrader": {"grade_id": cell.id}} if cell.id else {}
            made = {
                "cell_type": cell.kind,
                "source": cell.source,
                "metadata": metadata,
                "id": f"cell-{number}",
            }
            cells.append(made | ({"outputs": [], "execution_count": None} if cell.kind == "code" else {}))
        return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()

    def own(self) -> Cell | None:
        """The cell of some exercise, if there is one left that defines the function alone."""
        found = [cell for cell in self.cells if cell.role == "own"]
        return self.rng.choice(found) if found else None

    def place(self, cell: Cell) -> int:
        """Where a cell stands."""
        return next(number for number, item in enumerate(self.cells) if item is cell)

    def check_of(self, exercise: str) -> Cell | None:
        """The last cell that checks it."""
        found = [cell for cell in self.cells if cell.role == "check" and cell.exercise == exercise]
        return found[-1] if found else None

    def above(self, cell: Cell, source: str) -> Cell:
        """Put a new cell somewhere above one, below the set-up."""
        made = Cell(source)
        self.cells.insert(self.rng.randint(1, max(1, self.place(cell))), made)
        return made

    def just_below(self, cell: Cell, source: str) -> Cell:
        made = Cell(source)
        self.cells.insert(self.place(cell) + 1, made)
        return made

    def below(self, cell: Cell, source: str) -> Cell:
        """Put a new cell somewhere below one."""
        made = Cell(source)
        self.cells.insert(self.rng.randint(self.place(cell) + 1, len(self.cells)), made)
        return made

    def becomes(self, cell: Cell, shown: Cell) -> None:
        """The cell looks otherwise in the file than what is meant by it."""
        self.cells[self.place(cell)] = shown
        self._meant[id(shown)] = cell

    def run_first(self, cell: Cell) -> None:
        """The cell was moved down: what the student saw came of it standing above all others."""
        self._first.append(cell)


def mess(function: Callable[[Notebook], bool]) -> Callable[[Notebook], bool]:
    """Put it among the kinds, under its name in words."""
    MESSES[function.__name__.replace("_", " ")] = function
    return function


def _guarded(source: str, name: str, condition: str) -> str:
    """The function, wrong unless a condition on the notebook's names holds when it is called."""
    lines = source.splitlines()
    at = max(number for number, line in enumerate(lines) if line.startswith(f"def {name}("))
    guard = f"    if not ({condition}):\n        raise RuntimeError('otherwise than in the notebook')"
    return "\n".join([*lines[: at + 1], guard, *lines[at + 1 :]])


def _plain(made: Notebook) -> Cell | None:
    """The cell of an exercise whose function is a `def` of its own name."""
    cell = made.own()
    return cell if cell and f"\ndef {function_name(cell.exercise)}(" in f"\n{cell.source}" else None


def _guard(made: Notebook, condition: str) -> Cell | None:
    cell = _plain(made)
    if cell:
        cell.source = _guarded(cell.source, function_name(cell.exercise), condition)
    return cell


_SCRATCH = (
    "n, d = 4, 3\nx = torch.ones(n, d)\nprint(x.shape)",
    "a = [1, 2, 3]\nfor i in a:\n    print(i)",
    "import time\nstart = time.time()\nprint(time.time() - start)",
    "keys = torch.randn(2, 3)\nqueue = torch.zeros(3, 5)\nqueue[:, :2] = keys.T",
    "def helper(x):\n    return x * 2\nprint(helper(3))",
    "# TODO\n",
    "",
    "torch.ones(3) @ torch.ones(3)",
)
_BUILTINS = (
    "sum",
    "len",
    "range",
    "max",
    "min",
    "list",
    "int",
    "zip",
    "enumerate",
    "abs",
    "ValueError",
    "float",
)
_IMPORTED = ("torch", "F", "nn", "math", "Tensor", "np")
_SHADOWS = (
    "{name} = 0",
    "{name} = 0\nfor x in [1, 2, 3]:\n    {name} += x\nprint({name})",
    "for {name} in range(3):\n    pass",
    "def {name}(*things):\n    return None",
    "class {name}:\n    pass",
    "import os as {name}",
    "{name}, other = 1, 2",
    "if True:\n    {name} = None",
)


@mess
def scratch_cells(made: Notebook) -> bool:
    for _ in range(made.rng.randint(1, 4)):
        cell = made.rng.choice(made.cells)
        made.rng.choice([made.above, made.below])(cell, made.rng.choice(_SCRATCH))
    return True


@mess
def builtin_hidden_below(made: Notebook) -> bool:
    for name in made.rng.sample(_BUILTINS, 4):
        made.below(made.cells[-1], made.rng.choice(_SHADOWS).format(name=name))
    return True


@mess
def import_hidden_below(made: Notebook) -> bool:
    for name in made.rng.sample(_IMPORTED, 3):
        made.below(made.cells[-1], made.rng.choice(_SHADOWS).format(name=name))
    return True


@mess
def name_hidden_above(made: Notebook) -> bool:
    cell = made.own()
    name = made.rng.choice((*_BUILTINS[:8], "F", "math"))
    return bool(cell and made.above(cell, made.rng.choice(_SHADOWS[:1] + _SHADOWS[3:]).format(name=name)))


@mess
def hidden_and_deleted_again(made: Notebook) -> bool:
    cell = made.own()
    return bool(cell and made.above(cell, f"{(name := made.rng.choice(_BUILTINS))} = 3\ndel {name}"))


@mess
def helper_moved_below(made: Notebook) -> bool:
    cell = _guard(made, "moved(LIMIT) == 4")
    if not cell:
        return False
    made.run_first(made.below(made.cells[-1], "LIMIT = 3\ndef moved(x):\n    return x + ONE"))
    made.run_first(made.below(made.cells[-1], "ONE = 1"))
    return True


@mess
def helpers_in_other_cells(made: Notebook) -> bool:
    cells = [cell for cell in made.cells if cell.role == "own" and cell.helpers]
    if not cells:
        return False
    cell = made.rng.choice(cells)
    before = cell.source
    for helper in cell.helpers:
        cell.source = cell.source.replace(helper, "", 1)
        # One that is called when the function is made has to be there by then.
        if made.rng.random() < 0.5 and helper.startswith("def "):
            made.just_below(cell, helper)
        else:
            made.cells.insert(made.place(cell), Cell(helper))
    cell.helpers = []
    return cell.source != before


@mess
def cells_merged(made: Notebook) -> bool:
    cell = made.own()
    if not cell or made.place(cell) + 1 >= len(made.cells):
        return False
    other = made.cells[made.place(cell) + 1]
    if other.role not in ("check", ""):
        return False
    cell.source = f"{cell.source}\n\n{other.source}"
    made.cells.remove(other)
    if other.role == "check":
        cell.role = "check"
    return True


@mess
def wrong_attempt_above(made: Notebook) -> bool:
    cell = made.own()
    name = function_name(cell.exercise) if cell else ""
    return bool(cell and made.above(cell, f"def {name}(*given):\n    return given[0] * 0"))


@mess
def attempt_below_the_check(made: Notebook) -> bool:
    cell = made.own()
    check = made.check_of(cell.exercise) if cell else None
    if not cell or not check:
        return False
    other = made.rng.choice(
        ["def {}(*given):\n    return given", "{0} = {0}(*[torch.ones(2)] * 3)", "{} = None"]
    )
    made.below(check, other.format(function_name(cell.exercise)))
    return True


@mess
def attempt_before_the_check(made: Notebook) -> bool:
    cell = _plain(made)
    if not cell:
        return False
    made.just_below(cell, cell.source)
    cell.source = f"def {function_name(cell.exercise)}(*given):\n    return given[0] * 0"
    cell.helpers = []
    return True


@mess
def cell_copied(made: Notebook) -> bool:
    cell = _plain(made)
    if not cell or cell.exercise in made.unchecked:
        return False
    other = Cell(f"def {function_name(cell.exercise)}(*given):\n    return given[0]", id=cell.id)
    made.cells.insert(made.place(cell) + made.rng.choice([0, 1]), other)
    return True


@mess
def wrapped(made: Notebook) -> bool:
    cell = made.own()
    if not cell:
        return False
    name = function_name(cell.exercise)
    wrap = made.rng.choice(
        [
            f"{name} = torch.enable_grad()({name})",
            f"import functools\n{name} = functools.partial({name})",
            f"def timed(f):\n    @functools.wraps(f)\n    def inner(*given):\n        return f(*given)\n    return inner\n"
            f"import functools\n{name} = timed({name})",
            f"{name} = lambda *given, f={name}: f(*given)",
            f"{name}.calls = 0",
            f"plain = {name}\ndef {name}(*given):\n    return plain(*given)",
        ]
    )
    made.just_below(cell, wrap)
    return True


@mess
def wrapped_below_the_check(made: Notebook) -> bool:
    cell = made.own()
    check = made.check_of(cell.exercise) if cell else None
    if not cell or not check:
        return False
    name = function_name(cell.exercise)
    made.below(check, f"{name} = lambda *given, f={name}: print('slow') or None")
    return True


@mess
def table_filled(made: Notebook) -> bool:
    ways = [
        ("TABLE = []\nfor k in range(3):\n    TABLE.append(k)", "sum(TABLE) == 3"),
        ("TABLE = {}\nfor k in 'ab':\n    TABLE[k] = ord(k)\nTABLE.update(c=1)", "len(TABLE) == 3"),
        ("from collections import defaultdict\nTABLE = defaultdict(list)\nfor k in range(4):\n    TABLE[k % 2].append(k)", "TABLE[1] == [1, 3]"),
        ("TABLE = set()\nTABLE.add(3)\nTABLE |= {4}", "TABLE == {3, 4}"),
        ("TABLE = [k for k in range(3)]\nTABLE.pop()\ndel TABLE[0]", "TABLE == [1]"),
        ("TABLE = dict(a=1)\nTABLE.setdefault('b', []).append(2)\nTABLE['b'] += [3]", "TABLE['b'] == [2, 3]"),
        ("TABLE = [[0] * 3 for _ in range(2)]\nfor i in range(2):\n    for j in range(3):\n        if i != j:\n            TABLE[i][j] = i + j", "TABLE[1] == [1, 0, 3]"),
        ("TABLE = []\n[TABLE.extend([k]) for k in range(3)]\nTABLE.sort(reverse=True)", "TABLE == [2, 1, 0]"),
    ]  # fmt: skip
    source, condition = made.rng.choice(ways)
    cell = _guard(made, condition)
    if not cell:
        return False
    lines = _statements(source)
    for line in lines if made.rng.random() < 0.5 else [source]:
        made.cells.insert(made.place(cell), Cell(line))
    return True


def _statements(source: str) -> list[str]:
    return [ast.unparse(node) for node in ast.parse(source).body]


@mess
def names_bound_again(made: Notebook) -> bool:
    cell = _guard(made, "scale == 6")
    if not cell:
        return False
    made.above(cell, "scale = 1\nscale += 1")
    made.cells.insert(made.place(cell), Cell("scale = 2"))
    made.just_below(cell, "scale *= 3")
    made.below(made.cells[-1], "scale = 7\ndel scale")
    return True


@mess
def variables_renamed(made: Notebook) -> bool:
    cell = _plain(made)
    if not cell:
        return False
    tree = ast.parse(cell.source)
    (node,) = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name == function_name(cell.exercise)
    ][-1:]
    if any(
        isinstance(item, ast.FunctionDef | ast.Lambda | ast.ClassDef)
        for item in ast.walk(node)
        if item is not node
    ):
        return False
    names = {item.arg for item in ast.walk(node.args) if isinstance(item, ast.arg)}
    for item in ast.walk(node):
        if isinstance(item, ast.arg) and item.arg in names:
            item.arg += "_x"
        elif isinstance(item, ast.Name) and item.id in names:
            item.id += "_x"
    cell.source = ast.unparse(tree)
    return True


@mess
def magics(made: Notebook) -> bool:
    cell = made.own()
    if not cell:
        return False
    above, below = (
        ("%%time\n", "%%capture\n", "!pip list\n", "%matplotlib inline\n", "files = !ls\n"),
        "\n%time 1 + 1",
    )
    cell.source = made.rng.choice(above) + cell.source + made.rng.choice(["", below, "\n!ls"])
    return True


@mess
def became_text(made: Notebook) -> bool:
    cell = _plain(made)
    if not cell or not cell.id or "%" in cell.source:
        return False
    # Text counts where no code cell has the function; with a copy of it the notebook means the copy.
    name = f"def {function_name(cell.exercise)}("
    if any(name in other.source for other in made.cells if other is not cell and other.kind == "code"):
        return False
    shown = copy.copy(cell)
    shown.kind = made.rng.choice(["markdown", "raw"])
    if made.rng.random() < 0.5:
        shown.source = f"```python\n{cell.source}\n```"
    made.becomes(cell, shown)
    return True


@mess
def star_import(made: Notebook) -> bool:
    cell = made.own()
    module = made.rng.choice(["math", "torch", "torch.nn.functional", "random", "os.path", "collections"])
    return bool(cell and made.rng.choice([made.above, made.below])(cell, f"from {module} import *"))


@mess
def future_import(made: Notebook) -> bool:
    cell = _plain(made)
    if not cell:
        return False
    cell.source = f"x = 1\nfrom __future__ import annotations\ny: Nothing = 2\n{cell.source}"
    made.above(cell, "from __future__ import annotations\nfrom __future__ import division")
    made.below(cell, "def later(x: NotThere) -> None:\n    from math import pi\n    return pi")
    return True


@mess
def check_deleted(made: Notebook) -> bool:
    cell = made.own()
    check = made.check_of(cell.exercise) if cell else None
    # Without a check, another cell with the id counts, and so does what is made of the function below.
    if not cell or not check or {"cell copied", "wrapped below the check"} & set(made.kinds):
        return False
    made.cells.remove(check)
    made.unchecked.add(cell.exercise)
    return True


@mess
def checked_again(made: Notebook) -> bool:
    cell = made.own()
    if not cell:
        return False
    call = made.rng.choice(
        [
            'cu.check("{}", hint=1)',
            "from course_utils import check as look\nlook('{}')",
            "result = cu.check('{}')",
        ]
    )
    made.cells.append(Cell(call.format(cell.exercise), role="check", exercise=cell.exercise))
    return True


@mess
def class_scope(made: Notebook) -> bool:
    cell = _plain(made)
    if not cell:
        return False
    made.just_below(
        cell, "class Config:\n    sum = 0\n    F = torch = None\n    def len(self):\n        return 0"
    )
    if made.rng.random() < 0.5:
        name = function_name(cell.exercise)
        cell.source += f"\nclass Mine:\n    f = staticmethod({name})\n{name} = Mine.f"
    return True


@mess
def prints_and_plots(made: Notebook) -> bool:
    cell = made.own()
    if not cell:
        return False
    made.just_below(cell, f"print({function_name(cell.exercise)}, flush=True)\nvars()")
    cell.source += "\nprint('defined')\nif __name__ == '__main__':\n    print('here')"
    return True


@mess
def cells_that_raise(made: Notebook) -> bool:
    cell = _guard(made, "kept == 1")
    if not cell:
        return False
    made.above(cell, "1 / 0")
    made.cells.insert(made.place(cell), Cell("kept = 1"))
    made.cells.insert(
        made.place(cell),
        Cell(made.rng.choice(["kept = int('one')\nkept = 3", "kept = [][0]", "kept.nothing = 3"])),
    )
    made.just_below(cell, "assert kept == 2, 'no'")
    return True


@mess
def under_another_name(made: Notebook) -> bool:
    cell = _plain(made)
    if not cell:
        return False
    name = function_name(cell.exercise)
    if name in cell.source.replace(f"def {name}(", "", 1):
        return False
    cell.source = cell.source.replace(f"def {name}(", "def mine(", 1)
    cell.source += made.rng.choice(
        [f"\n{name} = mine", f"\n{name} = lambda *given: mine(*given)", f"\nglobals()\n{name}: object = mine"]
    )
    return True


@mess
def counts_its_calls(made: Notebook) -> bool:
    cell = _guard(made, "CALLS < 10 ** 6 and STATE['n'] == 0")
    if not cell:
        return False
    made.above(cell, "CALLS = 0\nSTATE = dict(n=5)\nSTATE['n'] = 0")
    return True


@mess
def module_written(made: Notebook) -> bool:
    cell = _guard(made, "written(2) == 5")
    if not cell:
        return False
    name = f"own_{made.rng.randint(0, 9)}_helpers"
    text = "import math\nTHREE = 3\ndef written(x):\n    return x + THREE\n"
    use = made.rng.choice(
        [
            f"from {name} import written",
            f"from {name} import *",
            f"import {name}\nwritten = {name}.written",
            f"%run {name}.py",
        ]
    )
    for source in (f"%%writefile {name}.py\n{text}", use):
        made.cells.insert(made.place(cell), Cell(source))
    return True


@mess
def conditional(made: Notebook) -> bool:
    cell = _guard(made, "device == 'cpu' and found")
    if not cell:
        return False
    made.above(
        cell,
        "if not torch.tensor(1).is_floating_point():\n    device = 'cpu'\n    print(device)\nelse:\n    device = 'no'",
    )
    made.above(
        cell, "try:\n    import no_such_package\n    found = False\nexcept ImportError:\n    found = True"
    )
    return True


@mess
def ids_lost(made: Notebook) -> bool:
    for cell in made.cells:
        if cell.kind == "code":
            cell.id = ""
    return True


@mess
def exercises_in_another_order(made: Notebook) -> bool:
    first = [cell for cell in made.cells if cell.exercise == made.exercises[0]]
    if not first or len(made.exercises) < 2:
        return False
    for cell in first:
        made.cells.remove(cell)
        made.cells.append(cell)
    return True
