"""A slice means what the notebook means when it is run from the top to the last check of the exercise."""

from __future__ import annotations

import ast
import json
import sys
import time
from typing import Any

import pytest

from course_utils.running.execute import load_slice
from course_utils.slices.cells import Cell, parse_notebook
from course_utils.slices.slicing import NoSlice, Program, Slice

CHECK = ("u-f-check", 'cu.check("u.f")')


def slice_of(*cells: tuple[str, str], files: dict[str, str] | None = None, **more: Any) -> Slice:
    made = [Cell(number, source, frozenset({id_} - {""})) for number, (id_, source) in enumerate(cells, 1)]
    found = Program(made, files=files, **more).slice("u.f")
    assert isinstance(found, Slice), found
    return found


def result(found: Slice, *arguments: Any) -> Any:
    """What the function returns, loaded as the grader loads it."""
    function, failure = load_slice("f", found.cells)
    assert function is not None, failure
    return function(*arguments)


def kinds(found: Slice | NoSlice) -> list[str]:
    return [note.kind for note in found.notes]


@pytest.fixture(autouse=True)
def main_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """What loads a slice takes the place of `__main__`."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


SUMS = ("u-f", "def f():\n    return sum([1, 2])")


@pytest.mark.parametrize(
    "below",
    [
        "sum = 0\nfor x in [1, 2]:\n    sum += x",
        "from numpy import *",
        "def sum(x):\n    return 9",
        "for sum in range(3):\n    pass",
        "with open('x') as sum:\n    pass",
        "if True:\n    import math as sum",
        "sum: int = 4",
        "(sum, other) = 1, 2",
        "class sum:\n    pass",
    ],
)
def test_nothing_below_the_check_hides_what_python_has(below: str) -> None:
    found = slice_of(SUMS, CHECK, ("", below))
    assert result(found) == 3
    assert kinds(found) == []


def test_a_star_import_above_gives_names_that_stand_below_too() -> None:
    cells = [("", "from math import *"), ("u-f", "def f():\n    return floor(2.5)"), CHECK]
    found = slice_of(*cells, ("", "floor = None"))
    assert (result(found), kinds(found)) == (2, [])
    # Nobody knows beforehand what is in a package that is not loaded: its name counts once it has been imported.
    found = slice_of(
        ("", "from textwrap import *"),
        ("u-f", "def f():\n    return dedent(' a')"),
        CHECK,
        ("", "dedent = 0"),
    )
    assert result(found) == "a"


def test_what_stands_below_mends_a_name_that_has_no_value_above() -> None:
    found = slice_of(
        ("u-f", "def f(x=SIZE):\n    return g(x)"),
        CHECK,
        ("", "def g(x):\n    return x + ONE\nONE = 1"),
        ("", "SIZE = 3\nprint(SIZE)"),
    )
    assert result(found) == 4
    assert kinds(found) == ["bound-below"]
    assert found.notes[0].text == (
        "SIZE, g, ONE, which f needs, have no value above its check: taken from "
        "code cell 3 (it begins with: def g(x):), code cell 4 (it begins with: SIZE = 3), below it"
    )


def test_a_name_that_is_bound_above_is_not_mended_below() -> None:
    found = slice_of(("", "k = 1"), ("u-f", "def f():\n    return k"), CHECK, ("", "k = 2\nimport k"))
    assert (result(found), kinds(found)) == (1, [])


def test_helpers_may_stand_between_the_exercise_and_its_check() -> None:
    cells = [("", "k = 1\ndef g():\n    return k"), ("u-f", "def f():\n    return g()"), ("", "k = 2"), CHECK]
    assert result(slice_of(*cells, ("", "k = 3"))) == 2
    # Looked at again at the bottom: it is the function as it is there.
    assert result(slice_of(*cells, ("", "k = 3"), ("", 'result = cu.check("u.f", hint=1)'))) == 3


@pytest.mark.parametrize(
    "check",
    [
        'cu.check("u.f")',
        "cu.check('u.f', hint=2)",
        'check("u.f");',
        "course.check(f)",
        'cu.check("f")',
        "print(cu.check('u.f'))",
        "for name in ('u.g', 'u.f'):\n    cu.check(name)",
        'from course_utils import check as look\nlook("u.f")',
        'look = cu.check\nlook(exercise="u.f")',
        "if True:\n    cu.check(\n        'u.f',\n    )",
        "cu.check('u-f')",
        "cu.check(' u.f ')",
        "cu.check('U.F')",
        "cu.check('u/f', 1)",
        "cu.check('u.f()')",
        "cu.check('u-f-check')",
        "cu.check('F')",
        "ID = 'u.f'\ncu.check(ID)",
        "ID = 'U-F'\nfor hint in (1, 2):\n    cu.check(ID, hint=hint)",
        "which = 'f'\ncu.check(f'u.{which}')",
        "%time cu.check('u.f')",
        "%time r = cu.check('u-f', hint=1)",
        "x = 1\nif x:\n    %timeit -n1 cu.check('f')",
    ],
)
def test_a_check_by_any_name(check: str) -> None:
    cells = [("u-f", "def f():\n    return k"), ("", "k = 2"), ("", check), ("", "k = 3")]
    assert result(slice_of(("", "k = 1"), *cells)) == 2


@pytest.mark.parametrize(
    "no_check",
    [
        "# cu.check('u.f')",
        "def later():\n    cu.check('u.f')",
        "cu.check('u.g')",
        "",
        "cu.check('u f g')",
        "%time cu.check('u.g')",
        "%pip u.f",
        "ID = 'u.f'\nID = 'u.g'\ncu.check(ID)",
        "ID = 'u.g'\ncu.check(ID)",
    ],
)
def test_what_is_no_check_of_it(no_check: str) -> None:
    cells = [("", "k = 1"), ("u-f", "def f():\n    return k"), ("", "k = 2"), ("", no_check)]
    assert result(slice_of(*cells)) == 1


def test_many_checks_in_one_statement_are_read_in_no_time() -> None:
    began = time.perf_counter()
    cells = [
        ("u-f", "def f():\n    return k"),
        ("", "k = 2"),
        ("", "[" + "check(f)," * 2000 + "]"),
        ("", "k = 3"),
    ]
    assert result(slice_of(("", "k = 1"), *cells)) == 2
    assert time.perf_counter() - began < 5


def test_within_the_cell_of_the_check_only_what_stands_above_it() -> None:
    own = ("u-f", "def f():\n    return k\nk = 1\ncu.check('u.f')\nk = 2")
    assert result(slice_of(own)) == 1
    assert (
        result(slice_of(("u-f", "def f():\n    return k"), ("u-f-check", "k = 5\ncu.check('u.f')\nk = 6")))
        == 5
    )


def test_another_attempt_below_the_check_in_the_same_cell_does_not_count() -> None:
    right, other = "def f():\n    return k", "def f():\n    return 9"
    own = f"k = 1\n{right}\ncu.check('u.f')\n{other}\nk = 2"
    assert result(slice_of(("u-f", own))) == 1
    assert result(slice_of(("u-f", own), CHECK)) == 9
    assert result(slice_of(("u-f", f"{right}\nk = 1; cu.check('u.f'); k = 2\n{other}"))) == 1
    assert result(slice_of(("u-f", f"cu.check('u.f')\n{other}"))) == 9


def test_another_attempt_above_the_check_is_what_was_checked() -> None:
    own, other = ("u-f", "def f():\n    return 1"), ("", "def f():\n    return 2")
    found = slice_of(own, other, CHECK)
    assert (result(found), kinds(found)) == (2, ["several-definitions"])
    assert "the one in code cell 2 counts" in found.notes[0].text
    for cells in ((own, CHECK, other), (other, own, CHECK), (CHECK, own, other), (own, other)):
        assert result(slice_of(*cells)) == 1, cells


def test_without_ids_the_last_check_decides() -> None:
    first, second = ("", "def f():\n    return 1"), ("", "def f():\n    return 2")
    check = ("", "cu.check('u.f')")
    assert result(slice_of(first, check, second)) == 1
    assert result(slice_of(check, first, second)) == 2


def test_a_deleted_check() -> None:
    own = ("u-f", "def f():\n    return k + g()")
    found = slice_of(("", "k = 1"), own, ("", "k = 2"), ("", "def g():\n    return 1"))
    assert (result(found), kinds(found)) == (2, ["bound-below"])


def test_del_brings_a_builtin_back() -> None:
    assert result(slice_of(("", "sum = 0"), ("", "del sum"), SUMS, CHECK)) == 3
    function, _ = load_slice("f", slice_of(("", "sum = 0"), SUMS, CHECK).cells)
    assert function is not None
    with pytest.raises(TypeError):
        function()


def test_variables_of_functions_comprehensions_and_classes_bind_nothing() -> None:
    above = "k = 1\nl = [k for k in range(9)]\ndef g(k):\n    k = 7\nclass C:\n    k = 8\ng2 = lambda k: k"
    found = slice_of(("", above), ("u-f", "def f():\n    return k, l[3], C.k"), CHECK)
    assert result(found) == (1, 3, 8)
    assert (
        slice_of(("u-f", "def f():\n    return sum([1])"), CHECK, ("", "class C:\n    sum = 1")).notes == ()
    )


def test_an_annotation_alone_gives_no_value() -> None:
    found = slice_of(("u-f", "def f():\n    return k"), CHECK, ("", "k: int"), ("", "k: int = 2"))
    assert (result(found), kinds(found)) == (2, ["bound-below"])


def test_an_earlier_attempt_under_another_name() -> None:
    cells = [
        ("", "def f():\n    return 1"),
        ("", "plain = f"),
        ("u-f", "def f():\n    return plain() + 1"),
        CHECK,
    ]
    assert result(slice_of(*cells)) == 2
    # One that nothing uses is not executed.
    assert "train" not in str(
        slice_of(("", "def f(x=train()):\n    return 1"), ("u-f", "def f():\n    return 2"), CHECK).statements
    )


def test_conditional_definitions() -> None:
    cells = [("u-f", "def f():\n    return 1"), ("", "if False:\n    def f():\n        return 2"), CHECK]
    assert result(slice_of(*cells)) == 1


# --- tables -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("above", "value"),
    [
        ("table = []\ntable.append(1)\ntable.extend([2, 3])\ntable.insert(0, 0)", [0, 1, 2, 3]),
        ("table = {}\nfor k in range(2):\n    table[k] = []\n    table[k].append(k)", {0: [0], 1: [1]}),
        ("table = dict(a=1)\ntable.update(b=2)\ntable.setdefault('c', 3)\ntable.pop('a')", {"b": 2, "c": 3}),
        ("from collections import defaultdict\ntable = defaultdict(list)\nfor k in 'aab':\n    table[k].append(k)", {"a": ["a", "a"], "b": ["b"]}),
        ("table = {}\nfor k in range(3):\n    table.setdefault(k % 2, []).append(k)", {0: [0, 2], 1: [1]}),
        ("table = set()\nfor k in range(3):\n    if k != 1:\n        table.add(k)", {0, 2}),
        ("import collections\ntable = collections.deque()\ntable.appendleft(1)\ntable += [3]", [1, 3]),
        ("table = [n for n in range(4)]\ndel table[0]\ntable.sort(reverse=True)", [3, 2, 1]),
        ("table, other = [], {}\n[table.append(n) for n in range(2)]", [0, 1]),
        ("table: list[int] = [0] * 2\nfor row in range(2):\n    for column in range(1):\n        table.append(row)", [0, 0, 0, 1]),
        ("table = []\nif True:\n    table.append(1)\n    print('no')", [1]),
        ("table = []\nwith open('/dev/null') as file:\n    table.append(1)\n    file.read()", [1]),
        ("table = []\nfor k in range(2):\n    row = []\n    row.append(k)\n    table.append(row)", [[0], [1]]),
        ("import math\ndef g(k):\n    out = []\n    for _ in range(k):\n        out.append(1)\n    return len(out) + h(k)\nh = lambda k: k\ntable = []\nfor k in range(2):\n    table.append(math.floor(g(k)))", [0, 2]),
        ("table = {'a': [], 'b': 2}\ntable['a'].append(table['b'])", {"a": [2], "b": 2}),
        ("table = [[[]]] * 2\ntable[0][0].append(3)\ntable[1].pop()", [[], []]),
        ("first = [1]\ntable = first + [2]\ntable.append(3)", [1, 2, 3]),
        ("table = {}\nfor k in range(2):\n    table[k] = k * k\n    print(k, table[k])", {0: 0, 1: 1}),
        ("table = []\nfor k in range(2):\n    print('at', k)\n    table.append(k)", [0, 1]),
        ("table = []\nfor k in range(3):\n    if k:\n        print(k)\n    else:\n        table.append(k)\nprint(table)", [0]),
        ("table = []\nfor k in range(2):\n    for m in range(2):\n        table += [m]\n        print(m)\n    print()", [0, 1, 0, 1]),
        ("table = {'a': 1, 'b': 2}\nfor k in ['a']:\n    del table[k]\n    print(missing_name)\nelse:\n    print('done')", {"b": 2}),
        ("def g(k):\n    return k + 1\ntable = []\nfor k in range(2):\n    row = g(k)\n    table.append(row)\n    print(f'{row:3d}', end=' ')", [1, 2]),
    ],
)  # fmt: skip
def test_what_fills_a_table_belongs_to_it(above: str, value: object) -> None:
    for cells in ([("", above)], [("", line) for line in blocks(above)]):
        found = slice_of(*cells, ("u-f", "def f():\n    return table"), CHECK, ("", "table.append(99)"))
        made = result(found)
        assert (type(value)(made), kinds(found)) == (value, []), cells
        assert "print" not in str([item.node for item in found.statements])


@pytest.mark.parametrize(
    "loop",
    [
        # Own tests, training and what prints without an end.
        "for k in range(2):\n    print(table)",
        "for k in itertools.count():\n    print(k)",
        "for k in range(2):\n    table = f()\n    print(table)",
        "for k in range(100):\n    table[k] = train(k)\n    print(k)",
        "for k in range(100):\n    loss = model(k)\n    table[k] = loss\n    print(loss)",
        "for k in range(100):\n    loss = model(k)\n    loss.backward()\n    table[k] = loss\n    print(loss)",
        "for k in range(100):\n    table[k] = show(k)\n    print(k)",
        "while True:\n    table[0] = 1\n    print(table)",
        "for k in range(2):\n    table[k] = k\n    log.print(k)",
    ],
)
def test_what_prints_and_does_more_than_fill_stays_out(loop: str) -> None:
    above = "model = Model()\ndef train(k):\n    model(k).backward()\n    return k\ntable = {}"
    found = slice_of(("", above), ("", loop), ("u-f", "def f():\n    return table"), CHECK)
    assert [item.node.lineno for item in found.statements] == [5, 1]
    assert "table" in found.statements[0].binds


def test_a_print_of_ones_own_is_no_print() -> None:
    for own in ("def print(*a):\n    table.append(a)", "print = table.append"):
        loop = "for k in range(2):\n    table.append(k)\n    print(k)"
        found = slice_of(("", f"table = []\n{own}\n{loop}"), ("u-f", "def f():\n    return table"), CHECK)
        assert kinds(found) == ["left-out"]
        assert "and print" in found.notes[0].text


def test_prints_in_a_loop_are_printed_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    above = "table = {}\nfor k in range(3):\n    table[k] = k\n    print('k is', k)"
    assert result(slice_of(("", above), ("u-f", "def f():\n    return table"), CHECK)) == {0: 0, 1: 1, 2: 2}
    assert capsys.readouterr().out == ""


def blocks(source: str) -> list[str]:
    """The statements of a source, each in a cell of its own."""
    return source.replace("\n ", "\0").replace("\n", "\1").replace("\0", "\n ").split("\1")


@pytest.mark.parametrize(
    "above",
    [
        "table = Model()\ntable.update(1)",
        "import table\ntable.append(3)",
        "table = []\nfor batch in loader:\n    optimizer.step()\n    table.append(1)",
        "table = []\nwhile True:\n    table.append(1)",
        "table = []\nlosses = []\nlosses.append(train())",
        "table = {'t': EMA()}\ntable['t'].update(student)",
        "table = [SGD()]\nif True:\n    table[0].clear()",
        "table = [[], SGD()]\ntable[1].clear()",
        "table = [SGD()]\ntable.pop().clear()",
        "table = [SGD() for _ in range(2)]\ntable[0].clear()",
        "table = []\nfor epoch in range(100):\n    table.append(train(epoch))",
        "table = []\nfor batch in loader:\n    table.append(loss(batch).backward())",
        "table = []\nmeter = Meter()\nfor n in range(3):\n    meter.update(n)\n    table.append(n)",
    ],
)
def test_what_else_calls_something_stays_out(above: str) -> None:
    found = slice_of(("", above), ("u-f", "def f():\n    return table"), CHECK)
    text = str([(cell.statements, cell.fills) for cell in found.cells])
    lines = [above.splitlines()[0]]
    assert [item.node.lineno for item in found.statements][: len(lines)] == [1], text
    assert len(found.statements) == 2
    wanted = [] if "import" in above or "losses" in above else ["left-out"]
    assert [kind for kind in kinds(found) if kind == "left-out"] == wanted


@pytest.mark.parametrize(
    "above",
    [
        "table = {}\ntable['t'] = EMA()\ntable['t'].update(1)",
        "table = {}\ntable.setdefault('t', EMA()).update(1)",
        "table = []\ntable.append(EMA())\ntable[0].update(1)",
        "model = EMA()\ntable = []\ntable.append(model(1))",
        "model = EMA()\ndef train(e):\n    return model(e)\ntable = []\nfor e in range(3):\n    table.append(train(e))",
        "def train(e):\n    e.backward()\ntable = []\nfor e in range(3):\n    table.append(train(e))",
    ],
)
def test_what_is_put_into_a_table_is_never_called(above: str) -> None:
    found = slice_of(("", above), ("u-f", "def f():\n    return table"), CHECK)
    assert kinds(found) == ["left-out"]
    executed = str([(cell.statements, cell.fills) for cell in found.cells])
    last = ast.parse(above).body[-1].lineno
    assert last not in [item.node.lineno for item in found.statements if item.key == 1], executed


def test_a_call_on_what_is_no_container_is_cut_out_of_a_branch() -> None:
    above = "table = []\nmeter = Meter\nwith open('/dev/null'):\n    meter.update(1)\n    table.append(2)"
    assert result(
        slice_of(("", "class Meter: pass"), ("", above), ("u-f", "def f():\n    return table"), CHECK)
    ) == [2]


# --- files ------------------------------------------------------------------------------------------------------

HELPERS = "import math\nfrom more import ONE\nSIZE = 2\ndef g(x):\n    return math.floor(x) + SIZE + ONE\nprint('imported')\n"
MORE = "ONE = 1\n"
USES = "    return g(2.5)"


@pytest.mark.parametrize(
    "use",
    ["from helpers import g\ndef f():\n" + USES, "def f():\n    from helpers import *\n    return helpers_g(2.5)", "import helpers as h\ndef f():\n    return h.g(2.5)"],
)  # fmt: skip
def test_modules_that_a_cell_writes_or_that_lie_beside(use: str) -> None:
    use = use.replace("from helpers import *", "from helpers import g as helpers_g")
    cells = [
        ("", f"%%writefile helpers.py\n{HELPERS}"),
        ("", f"%%file ./more.py\n{MORE}"),
        ("u-f", use),
        CHECK,
    ]
    found = slice_of(*cells)
    assert (result(found), kinds(found)) == (5, [])
    found = slice_of(("u-f", use), CHECK, files={"helpers.py": HELPERS, "more.py": MORE})
    assert (result(found), kinds(found)) == (5, ["file-taken"])
    # Those of the last slice are gone, and the next one's take their place.
    other = slice_of(("u-f", use), CHECK, files={"helpers.py": "def g(x):\n    return 7"})
    assert result(other) == 7


@pytest.mark.parametrize("place", ["{}", "try:\n    {}\nexcept ImportError:\n    pass", "if True:\n    {}"])
def test_a_module_among_other_imports(place: str) -> None:
    imports = place.format("import math, helpers, no_such_package, lib.a as a")
    use = ("u-f", f"{imports}\ndef f():\n    return helpers.K + a.X")
    files = {"helpers.py": "K = 1", "lib/a.py": "X = 3"}
    assert result(slice_of(use, CHECK, files=files)) == 4
    assert result(slice_of(("", "%%writefile helpers.py\nK = 2"), use, CHECK, files=files)) == 5
    # What is not there hides nothing.
    use = ("u-f", f"{place.format('import math, helpers')}\ndef f():\n    return math.floor(1.5)")
    assert result(slice_of(use, CHECK)) == 1


def test_modules_in_folders() -> None:
    files = {
        "lib/__init__.py": "",
        "lib/a.py": "from lib.b import X",
        "lib/b.py": "X = 3",
        "tools/c.py": "Y = 4",
    }
    use = ("u-f", "from lib import a\nimport tools.c\ndef f():\n    return a.X + tools.c.Y")
    assert result(slice_of(use, CHECK, files=files)) == 7


def test_no_file_takes_the_place_of_a_package() -> None:
    use = ("u-f", "import torch, math\ndef f():\n    return math.floor(2.5), torch.__name__")
    files = {"torch.py": "raise ValueError", "math.py": "floor = None"}
    assert result(slice_of(use, CHECK, files=files)) == (2, "torch")


@pytest.mark.parametrize(
    "run", ["%run helpers.py", "%run -i 'helpers.py' --fast", "%load helpers.py", "x = 1\n%run ./helpers.py"]
)
def test_files_that_are_run(run: str) -> None:
    text = "SIZE = 2\ndef g(x):\n    return x + SIZE\ntrain()\n"
    cells = [("", run), ("u-f", "def f():\n    return g(1)"), CHECK]
    found = slice_of(*cells, files={"helpers.py": text})
    assert (result(found), kinds(found)) == (3, ["file-taken"])
    assert "train" not in str(found.statements)
    assert result(slice_of(("", f"%%writefile helpers.py\n{text}"), *cells)) == 3
    missing = slice_of(*cells)
    assert kinds(missing) == ["file-missing"]
    begins = f"code cell 1 (it begins with: {run.splitlines()[0]})"
    assert missing.notes[0].text.startswith(f"{begins} runs helpers.py, which is not in the hand-in")
    assert missing.notes[0].file == "helpers.py"


def test_a_notebook_that_is_run() -> None:
    other = {
        "cells": [
            {"cell_type": "code", "source": source, "metadata": {}} for source in ("k = 2", "!ls", "k += 1")
        ]
    }
    found = slice_of(
        ("", "%run other.ipynb"),
        ("u-f", "def f():\n    return k"),
        CHECK,
        files={"other.ipynb": json.dumps(other)},
    )
    assert result(found) == 3


def test_a_module_that_is_not_there_is_named() -> None:
    found = slice_of(("u-f", "from no_such_helpers import g\ndef f():\n    return g()"), CHECK)
    assert kinds(found) == ["file-missing"]
    assert found.notes[0].text.startswith(
        "no_such_helpers is imported, but no_such_helpers.py is not in the hand-in"
    )
    tried = "try:\n    import no_such_helpers\nexcept ImportError:\n    no_such_helpers = None"
    found = slice_of(("", tried), ("u-f", "def f():\n    return no_such_helpers"), CHECK)
    assert (result(found), kinds(found)) == (None, [])
    # A line in a module is where a student finds it.
    broken = slice_of(
        ("u-f", "from helpers import g\ndef f():\n    return g()"),
        CHECK,
        files={"helpers.py": "x = 1\ny = 1 / 0\ng = 1"},
    )
    _, failure = load_slice("f", broken.cells)
    assert failure is not None
    assert (failure.line, failure.cell) == (2, "helpers.py")


WRITE, AGAIN, MORE_OF_IT = (
    "%%writefile helpers.py\nK = 1",
    "%%writefile helpers.py\nK = 2",
    "%%writefile -a helpers.py\n\nK = 3",
)
F = ("u-f", "def f():\n    return helpers.K")
INNER = ("u-f", "def f():\n    import helpers\n    return helpers.K")


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ([WRITE, "import helpers", F, CHECK, AGAIN], 1),
        ([WRITE, "import helpers", F, CHECK, MORE_OF_IT], 1),
        ([WRITE, "from helpers import K", "import helpers", F, CHECK, AGAIN, "import helpers"], 1),
        ([WRITE, AGAIN, "import helpers", F, CHECK, WRITE], 2),
        ([WRITE, MORE_OF_IT, "import helpers", F, CHECK, AGAIN], 3),
        # Python does not look at a file again, unless it is told to.
        ([WRITE, "import helpers", AGAIN, "import helpers", F, CHECK], 1),
        ([WRITE, "import helpers, importlib", AGAIN, "importlib.reload(helpers)", F, CHECK, WRITE], 2),
        ([WRITE, "import helpers", AGAIN, "from importlib import reload\nhelpers = reload(helpers)", F, CHECK], 2),
        ([WRITE, "import helpers as h, helpers", AGAIN, "import importlib\nimportlib.reload(h)", F, CHECK], 2),
        ([WRITE, "import helpers, importlib", F, CHECK, AGAIN, "importlib.reload(helpers)"], 1),
        (["%load_ext autoreload\n%autoreload 2", WRITE, "import helpers", AGAIN, F, CHECK, WRITE], 2),
        # Nothing imports it above the check: the call does.
        ([WRITE, INNER, AGAIN, CHECK, WRITE], 2),
        ([INNER, CHECK, WRITE, AGAIN], 2),
        # By way of another file.
        ([WRITE, "%%writefile more.py\nimport helpers", "import more", AGAIN, INNER, CHECK], 1),
        # The check's own cell is the end.
        ([WRITE, F, ("u-f-check", "import helpers\ncu.check('u.f')"), AGAIN], 1),
    ],
)  # fmt: skip
def test_a_file_counts_as_it_was_imported(cells: list[Any], wanted: int) -> None:
    made = [cell if isinstance(cell, tuple) else ("", cell) for cell in cells]
    assert result(slice_of(*made)) == wanted


def test_a_file_of_the_hand_in_that_is_written_below_the_check() -> None:
    use = [("", "import helpers"), F, CHECK]
    files = {"helpers.py": "K = 5"}
    assert result(slice_of(*use, ("", AGAIN), files=files)) == 5
    assert result(slice_of(("", AGAIN), *use, ("", MORE_OF_IT), files=files)) == 2
    assert result(slice_of(*use, ("", AGAIN))) == 2


@pytest.mark.parametrize(
    ("above", "wanted"),
    [
        ("t = []\n_ = [t.append(i) for i in range(3)]", [0, 1, 2]),
        ("t = []\nx = t.append(4)", [4]),
        ("t = [1, 2]\nx: int = t.pop()", [1]),
        ("t = {}\nx = t.setdefault('a', 1)", {"a": 1}),
        ("t = {1}\nprint('x')\ny = z = t.update([2])", {1, 2}),
        ("t = {'a': []}\n_ = [t['a'].append(i) for i in range(2)]", {"a": [0, 1]}),
        ("t = [1, 2]\nif True:\n    last = t.pop()", [1]),
        ("t = [1, 2]\nfor _ in range(2):\n    last = t.pop()\n    print(last)", []),
        ("if (t := 5) > 3:\n    x = 1", 5),
    ],
)
def test_a_call_that_fills_counts_where_its_result_is_bound_too(above: str, wanted: Any) -> None:
    found = slice_of(("", above), ("u-f", "def f():\n    return t"), CHECK)
    assert result(found) == wanted


@pytest.mark.parametrize(
    "above",
    [
        "t = []\nprint(t.append(3))",
        "t = []\nlist(map(t.append, range(3)))",
        "t = []\nif t is not None:\n    x = 1\n    print(t.append(3))",
        "import torch\nt = torch.zeros(3)\nt.fill_(2)",
        "import torch\nt = torch.ones(3)\nt[0].zero_()",
        "import torch\nt = torch.ones(3)\nwith torch.no_grad():\n    x = 1\n    t.mul_(2)",
        "import numpy as np\nt = np.zeros(3)\nt.fill(2)",
        "print(t := 5)",
        "if (t := 5) > 3:\n    print(t)",
        "t = []\nfor i in range(3):\n    t.append(i)\n    assert t[-1] == i",
        "t = []\nfor i in range(3):\n    try:\n        t.append(i)\n    except ValueError:\n        pass",
        "from tqdm import tqdm\nt = []\npbar = tqdm(total=3)\nfor i in range(3):\n    t.append(i)\n    pbar.update(1)",
    ],
)  # fmt: skip
def test_what_is_left_out_is_told(above: str) -> None:
    found = slice_of(("", above), ("u-f", "def f():\n    return t"), CHECK)
    assert kinds(found) == ["left-out"]
    assert found.notes[0].text.startswith(("t is also changed in", "t gets its value in"))


@pytest.mark.parametrize(
    "above",
    [
        "import torch\nt = torch.zeros(3)\nu = t.add(1)\nv = t.sort()\nprint(t.add(1), t.sort())",
        "t = [1]\nprint(t.count(1), t)",
        "t = 1\ndef g():\n    print(t.append(1))",
        "import torch as t\nt.manual_seed(0)\nt.set_printoptions()",
    ],
)
def test_what_changes_nothing_is_not_told(above: str) -> None:
    found = slice_of(("", above), ("u-f", "def f():\n    return t"), CHECK)
    assert kinds(found) == []
    assert len(found.statements) == 2 + ("import torch\n" in above)


STAR = "from mine import *"


@pytest.mark.parametrize("is_beside", [False, True])
@pytest.mark.parametrize(
    ("text", "cells", "wanted"),
    [
        # The function itself, in its own cell, instead of an earlier attempt, and instead of what was there.
        ("def f():\n    return 1", [("u-f", STAR), CHECK], 1),
        ("def f():\n    return 1", ["def f():\n    return 2", STAR, CHECK], 1),
        ("def f():\n    return 1", [("u-f", "def f():\n    return 2"), STAR, CHECK], 1),
        ("def f():\n    return 1", [STAR, ("u-f", "def f():\n    return 2"), CHECK], 2),
        ("def f():\n    return 1", [("u-f", "def f():\n    return 2"), CHECK, STAR], 2),
        # A helper.
        ("g = 1", [STAR, ("u-f", "def f():\n    return g"), CHECK], 1),
        ("g = 1", ["g = 2", STAR, ("u-f", "def f():\n    return g"), CHECK], 1),
        ("g = 1", ["g = 2", ("u-f", "def f():\n    return g"), STAR, CHECK], 1),
        ("g = 1", [STAR, "g = 2", ("u-f", "def f():\n    return g"), CHECK], 2),
        ("g = 1", ["g = 2", ("u-f", "def f():\n    return g"), CHECK, STAR], 2),
        ("def sum(x):\n    return 7", [STAR, ("u-f", "def f():\n    return sum([1])"), CHECK], 7),
        ("g = 1", ["g = 2", f"try:\n    {STAR}\nexcept ImportError:\n    pass", ("u-f", "def f():\n    return g"), CHECK], 1),
        # What the star does not bind.
        ("__all__ = ['h']\ng = 1\nh = 3", ["g = 2", STAR, ("u-f", "def f():\n    return g, h"), CHECK], (2, 3)),
        ("_g = 1", ["_g = 2", STAR, ("u-f", "def f():\n    return _g"), CHECK], 2),
        ("from math import *", ["pi = 2", STAR, ("u-f", "def f():\n    return pi > 3"), CHECK], True),
        ("if True:\n    g = 1", ["g = 2", STAR, ("u-f", "def f():\n    return g"), CHECK], 1),
    ],
)  # fmt: skip
def test_a_star_import_of_an_own_file(text: str, cells: list[Any], wanted: Any, is_beside: bool) -> None:
    made = [cell if isinstance(cell, tuple) else ("", cell) for cell in cells]
    if is_beside:
        assert result(slice_of(*made, files={"mine.py": text})) == wanted
    else:
        assert result(slice_of(("", f"%%writefile mine.py\n{text}"), *made)) == wanted


def test_star_imports_of_files_that_import_each_other() -> None:
    files = {"mine.py": "from other import *", "other.py": "from mine import *\ng = 1"}
    cells = [("", "g = 2"), ("", STAR), ("u-f", "def f():\n    return g"), CHECK]
    assert result(slice_of(*cells, files=files)) == 1


# --- what raises ------------------------------------------------------------------------------------------------


def test_a_cell_that_raises_ends_there_and_the_next_is_run() -> None:
    cells = [("", "k = 1"), ("", "k = 1 / 0\nk = 5"), ("u-f", "def f():\n    return k"), CHECK]
    assert result(slice_of(*cells)) == 1
    function, failure = load_slice("f", slice_of(*cells[1:]).cells)
    assert function is None
    assert failure is not None
    assert failure.message.startswith("ZeroDivisionError")


def test_what_the_grader_lacks_is_never_passed_over() -> None:
    for line in (
        "k = open('/no/such/file')",
        "import no_such_module as k",
        "raise RuntimeError('CUDA') if k else 0",
    ):
        above = (
            line if "raise" not in line else "if k:\n    raise RuntimeError('no CUDA here')\nelse:\n    k = 2"
        )
        cells = [("", "k = 1"), ("", above), ("u-f", "def f():\n    return k"), CHECK]
        function, failure = load_slice("f", slice_of(*cells).cells)
        assert function is None, line
        assert failure is not None


def test_future_imports_anywhere() -> None:
    cells = [
        ("", "x = 1\nfrom __future__ import annotations\nk: Undefined = 1"),
        ("u-f", "y = 2\nfrom __future__ import annotations\nfrom __future__ import division\ndef f(x: No = 0) -> No:\n    return k"),
        ("", "def g(x: Nope):\n    pass"),
    ]  # fmt: skip
    assert result(slice_of(*cells, CHECK)) == 1


# --- cells of another type --------------------------------------------------------------------------------------


def notebook(*cells: dict[str, Any]) -> bytes:
    made = [{"metadata": {}, **cell} for cell in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


CODE = "def f(x):\n    return x + 1"
META = {"nbgrader": {"grade_id": "u-f"}}


@pytest.mark.parametrize("kind", ["markdown", "raw"])
@pytest.mark.parametrize(
    ("source", "line"),
    [(CODE, 1), (f"```python\n{CODE}\n```", 2), (f"My answer:\n\n~~~\n{CODE}\n~~~\nIt adds **one**.", 4), ("f = lambda x: x + 1", 1)],
)  # fmt: skip
def test_a_cell_that_became_text_by_a_slip(kind: str, source: str, line: int) -> None:
    data = notebook(
        {"cell_type": "markdown", "source": "# Title\nx = 1"},
        {"cell_type": "code", "source": "k = 1"},
        {"cell_type": kind, "source": source, "metadata": META},
        {"cell_type": "code", "source": "cu.check('u.f')"},
    )
    cells = parse_notebook(data)
    assert [(cell.number, cell.kind) for cell in cells] == [(1, "code"), (2, kind), (3, "code")]
    found = Program(cells).slice("u.f")
    assert isinstance(found, Slice)
    assert (result(found, 1), kinds(found)) == (2, ["other-type"])
    assert found.statements[0].node.lineno == line
    title = "Markdown" if kind == "markdown" else kind
    assert found.notes[0].text == f"the cell of f is no code cell but a {title} cell: it was read as code"


@pytest.mark.parametrize(
    "prose", ["I could not do it.", "The function f: x -> x + 1", "define `f`", "", "> f (x)"]
)
def test_prose_in_a_cell_with_the_id_breaks_nothing(prose: str) -> None:
    text = {"cell_type": "markdown", "source": prose, "metadata": META}
    found = Program(parse_notebook(notebook({"cell_type": "code", "source": CODE}, text))).slice("u.f")
    assert isinstance(found, Slice)
    assert result(found, 1) == 2
    assert isinstance(
        Program(parse_notebook(notebook({"cell_type": "code", "source": "x = 1"}, text))).slice("u.f"),
        NoSlice,
    )


def test_other_cells_of_text_are_not_read_as_code() -> None:
    other = {
        "cell_type": "markdown",
        "source": "def f(x):\n    return 9",
        "metadata": {"nbgrader": {"grade_id": "u-q1"}},
    }
    assert len(parse_notebook(notebook(other, {"cell_type": "code", "source": CODE}))) == 1


RIGHT = {"cell_type": "code", "source": CODE}
OLD = {"cell_type": "markdown", "source": "k = 5\ndef f(x):\n    return 9\ncu.check('u.f')", "metadata": META}
CHECKED = {"cell_type": "code", "source": "cu.check('u.f')"}
STUB = {"cell_type": "code", "source": "def f(x):\n    raise NotImplementedError"}


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ([RIGHT, OLD, CHECKED], ["other-type", "found-by-name"]),
        ([OLD, RIGHT, CHECKED], ["other-type", "found-by-name"]),
        ([OLD, RIGHT], ["other-type", "found-by-name"]),
        ([RIGHT | {"metadata": META}, OLD, CHECKED], ["several-cells", "other-type"]),
        ([OLD | {"cell_type": "raw"}, RIGHT | {"metadata": META}], ["several-cells", "other-type"]),
    ],
)
def test_text_takes_the_place_of_no_code(cells: list[dict[str, Any]], wanted: list[str]) -> None:
    found = Program(parse_notebook(notebook(*cells))).slice("u.f")
    assert isinstance(found, Slice)
    assert (result(found, 1), kinds(found)) == (2, wanted)
    (said,) = [note.text for note in found.notes if note.kind == "other-type"]
    assert "carries the id u-f: it was not read, for code cell" in said
    assert said.endswith("defines f")


def test_text_counts_beside_a_stub_and_what_only_wraps_it() -> None:
    for other in (STUB, {"cell_type": "code", "source": "f = (lambda g: g)(f)"}):
        found = Program(parse_notebook(notebook(OLD, other, CHECKED))).slice("u.f")
        assert isinstance(found, Slice)
        assert result(found, 1) == 9


def test_other_names_of_text_are_for_what_has_no_value_in_code() -> None:
    """The cell of `g` became text. What it binds besides may serve `f`, but changes nothing that code binds."""
    text = "def g(x):\n    return x\nk = 5\nj = 6"
    cells = [
        {"cell_type": "code", "source": "k = 1"},
        {"cell_type": "markdown", "source": text, "metadata": {"nbgrader": {"grade_id": "u-g"}}},
        {"cell_type": "code", "source": "def f(x):\n    return k, j", "metadata": META},
    ]
    program = Program(parse_notebook(notebook(*cells)))
    found = program.slice("u.f")
    assert isinstance(found, Slice)
    assert (result(found, 0), kinds(found)) == ((1, 6), [])
    assert "other-type" in kinds(program.slice("u.g"))
