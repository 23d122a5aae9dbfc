from __future__ import annotations

import ast
import gc
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from course_utils.slices import reading
from course_utils.slices.cells import Cell
from course_utils.slices.plain import LONGEST
from course_utils.slices.python_text import ipython_work
from course_utils.slices.slicing import NoSlice, Program, Slice, Statement, import_prelude
from course_utils.slices.statements import binding_part
from tests.support.slices import executed


def program(*cells: tuple[str, str], prelude: dict[str, str] | None = None) -> Program:
    made = tuple(
        Cell(number, source, frozenset({id_} if id_ else set()))
        for number, (id_, source) in enumerate(cells, 1)
    )
    return Program(made, prelude)


def run(slice_: Any, name: str = "f") -> Any:
    namespace: dict[str, Any] = {}
    exec(executed(slice_), namespace)
    return namespace[name]


def test_only_what_the_function_needs() -> None:
    code = executed(
        program(
            ("", "import math\nimport os\nprint('hello')\nSIZE = 3\nOTHER = 4"),
            ("", "def helper(x):\n    return x * SIZE"),
            ("", "def unused(x):\n    return os.getcwd()"),
            ("u-f", "def f(x):\n    return helper(x) + math.pi\nprint(f(1))\nassert False"),
            ("", "train_for_hours()\nresult = f(2)"),
        ).slice("u.f")
    )
    assert (
        code
        == "import math\nSIZE = 3\n\ndef helper(x):\n    return x * SIZE\n\ndef f(x):\n    return helper(x) + math.pi".replace(
            "\n\ndef", "\ndef"
        )
    )


def test_helpers_below_the_exercise_count_if_there_are_none_above() -> None:
    assert (
        run(program(("u-f", "def f(x):\n    return g(x)"), ("", "def g(x):\n    return x + 1")).slice("u.f"))(
            1
        )
        == 2
    )


def test_a_helper_redefined_later_for_another_exercise_does_not_change_this_one() -> None:
    made = program(
        ("", "def g(x):\n    return 1"),
        ("u-f", "def f(x):\n    return g(x)"),
        ("", "def g(x):\n    return 2"),
        ("u-h", "def h(x):\n    return g(x)"),
    )
    assert run(made.slice("u.f"))(0) == 1
    assert run(made.slice("u.h"), "h")(0) == 2


def test_found_by_name_when_the_id_is_lost() -> None:
    found = program(("", "def f(x):\n    return 5")).slice("u.f")
    assert run(found)(0) == 5
    assert "by its name" in found.notes[0].text


def test_own_cell_wins_over_an_old_attempt_elsewhere() -> None:
    found = program(("u-f", "def f(x):\n    return 1"), ("", "def f(x):\n    return 2")).slice("u.f")
    assert run(found)(0) == 1
    both = "code cell 1 (it begins with: def f(x):), code cell 2 (it begins with: def f(x):)"
    assert found.notes[0].text == f"f is defined in {both}: the one in code cell 1 counts"


def test_stub_left_in_place_and_solved_elsewhere() -> None:
    stub = 'def f(x):\n    """Doc."""\n    raise NotImplementedError("u.f")'
    assert run(program(("u-f", stub), ("", "def f(x):\n    return 2")).slice("u.f"))(0) == 2


def test_duplicated_cell_id_takes_the_last_written_one() -> None:
    found = program(("u-f", "def f(x):\n    return 1"), ("u-f", "def f(x):\n    return 2")).slice("u.f")
    assert run(found)(0) == 2
    assert "2 cells carry the id" in found.notes[0].text


def test_untouched_stub_and_deleted_function_are_not_attempted() -> None:
    for cells in (
        [("u-f", 'def f(x):\n    """Doc."""\n    raise NotImplementedError("u.f")')],
        [("", "x = 1")],
        [("u-f", "")],
    ):
        found = program(*cells).slice("u.f")
        assert isinstance(found, NoSlice)
        assert not found.attempted


def test_syntax_error_in_the_exercise_names_the_line() -> None:
    found = program(("u-f", "def f(x):\n    return (x")).slice("u.f")
    assert isinstance(found, NoSlice)
    assert found.attempted
    assert "line 2" in found.reason


def test_syntax_error_elsewhere_does_not_matter() -> None:
    assert run(program(("", "this is no python"), ("u-f", "def f(x):\n    return 1")).slice("u.f"))(0) == 1


def test_magics_in_the_cell_do_not_matter() -> None:
    source = "%matplotlib inline\n!pip install torch\nfiles = !ls\nimport math\ndef f(x):\n    return math.floor(x)\nf?\n%timeit f(1)"
    assert run(program(("u-f", source)).slice("u.f"))(1.5) == 1


def test_python_cell_magics_run_and_others_do_not() -> None:
    assert run(program(("u-f", "%%time\ndef f(x):\n    return 1")).slice("u.f"))(0) == 1
    assert isinstance(program(("u-f", "%%bash\ndef f(x):\n    return 1")).slice("u.f"), NoSlice)


def test_line_numbers_survive_magics() -> None:
    found = program(("u-f", "%matplotlib inline\n\ndef f(x):\n    return 1")).slice("u.f")
    assert isinstance(found, Slice)
    assert ast.parse(found.cells[0].source).body[found.cells[0].statements[0]].lineno == 3


def test_star_imports_guarded_imports_and_wrapping() -> None:
    found = program(
        ("", "from math import *\ntry:\n    import numpy as np\nexcept ImportError:\n    np = None"),
        (
            "u-f",
            "import functools\n@functools.cache\ndef f(x):\n    return floor(x) + np.int64(1)\nf = functools.partial(f)",
        ),
    ).slice("u.f")
    assert run(found)(2.5) == 3


def test_assignments_into_attributes_and_items_are_kept() -> None:
    found = program(("", "table = {}\ntable['a'] = 3"), ("u-f", "def f(x):\n    return table['a']")).slice(
        "u.f"
    )
    assert run(found)(0) == 3


def test_lambda_partial_and_callable_object() -> None:
    assert run(program(("u-f", "f = lambda x: x + 1")).slice("u.f"))(1) == 2
    assert (
        run(program(("u-f", "class F:\n    def __call__(self, x):\n        return 7\nf = F()")).slice("u.f"))(
            1
        )
        == 7
    )


def test_lost_imports_come_from_the_prelude() -> None:
    found = program(
        ("u-f", "def f(x):\n    return math.floor(x)"), prelude=import_prelude("import math\nimport os")
    ).slice("u.f")
    assert run(found)(1.5) == 1
    assert "imports of math" in found.notes[0].text
    assert "import os" not in executed(found)


def test_mutual_recursion_ends() -> None:
    found = program(("u-f", "def f(x):\n    return g(x)\ndef g(x):\n    return 0 if x else f(1)")).slice(
        "u.f"
    )
    assert run(found)(0) == 0


def test_future_import_goes_along() -> None:
    found = program(
        ("u-f", "from __future__ import annotations\ndef f(x: Undefined) -> Nothing:\n    return 1")
    ).slice("u.f")
    assert run(found)(0) == 1
    assert executed(found).startswith("from __future__")


def test_local_variables_are_not_looked_up_in_the_notebook() -> None:
    """Training cells bind the same short names as functions do; they must not be executed."""
    found = program(
        ("", "keys = load_everything()\nloss = train()\nx = 1\nn = 2"),
        (
            "u-f",
            "def f(x, n=3):\n    keys = x\n    loss = [n for n in [keys]]\n    def inner():\n        return keys\n    return inner()",
        ),
    ).slice("u.f")
    assert run(found)(7) == 7
    assert "load_everything" not in executed(found)


def test_globals_read_in_nested_scopes_defaults_decorators_and_annotations_are_found() -> None:
    found = program(
        ("", "A = 1\nB = 2\nC = 3\nD = int\ndef deco(f): return f"),
        (
            "u-f",
            "@deco\ndef f(x: D, y=A):\n    class K:\n        b = B\n    return (lambda: [C + y + K.b for _ in 'a'])()[0]",
        ),
    ).slice("u.f")
    assert run(found)(0) == 6


def test_prints_and_installations_in_branches_are_left_out() -> None:
    found = program(
        ("", "if 1 > 2:\n    dev = 0\n    print('gpu')\nelse:\n    dev = 5\n    assert train()"),
        ("", "try:\n    import math\nexcept ImportError:\n    !pip install math\n    import math"),
        ("u-f", "def f(x):\n    return dev + math.floor(x)"),
    ).slice("u.f")
    assert run(found)(1.5) == 6
    assert not {"print", "train", "get_ipython"} & set(re.findall(r"\w+", executed(found)))


def test_tables_filled_by_a_loop_are_kept_and_training_loops_are_not() -> None:
    found = program(
        ("", "table = {}\nfor i in range(4):\n    if i:\n        table[i] = 2 * i"),
        ("", "loss = 1\nfor batch in batches:\n    loss = step(batch)\n    optimizer.step()"),
        ("u-f", "def f(x):\n    return table[x] + loss"),
    ).slice("u.f")
    assert run(found)(3) == 7


def test_variables_of_a_comprehension_are_its_own() -> None:
    found = program(
        ("", "T = 3\nlosses = [train(T) for T in (0.1, 0.2)]"), ("u-f", "def f(x):\n    return T")
    ).slice("u.f")
    assert run(found)(0) == 3


def test_a_global_that_is_only_changed() -> None:
    found = program(
        ("", "count = 1"), ("u-f", "def f(x):\n    global count\n    count += 1\n    return x")
    ).slice("u.f")
    assert run(found)(7) == 7


def test_what_parses_but_does_not_compile_is_the_students_error() -> None:
    for body in ("global x\n    return x", "y = 1\n    global y\n    return y"):
        assert isinstance(program(("u-f", f"def f(x):\n    {body}")).slice("u.f"), Slice)


def test_packages_that_are_not_here_cost_only_who_uses_them() -> None:
    cells = ("", "from no_such_package import *\nimport math, another_missing_package")
    found = program(cells, ("u-f", "def f(x):\n    return math.floor(x)")).slice("u.f")
    assert run(found)(2.5) == 2
    needed = program(cells, ("u-f", "def f(x):\n    return helper(x)")).slice("u.f")
    assert "no_such_package" in executed(needed)


def test_magics_below_a_cell_magic() -> None:
    found = program(("u-f", "%%capture\n%%time\n!nvidia-smi\ndef f(x):\n    return 4")).slice("u.f")
    assert run(found)(0) == 4


def test_wrapped_in_another_cell_without_ids() -> None:
    for wrap in ("f = functools.partial(f)", "f.calls = 0"):
        found = program(
            ("", "def f(x):\n    return 5"), ("", f"import functools\n{wrap}")
        ).slice("u.f")  # fmt: skip
        assert run(found)(0) == 5


def test_wrapped_in_the_exercises_cell() -> None:
    found = program(
        ("", "import functools\ndef f(x):\n    return 5"), ("u-f", "f = functools.partial(f)")
    ).slice("u.f")
    assert run(found)(0) == 5


WRAP = "def twice(g):\n    return lambda x: 2 * g(x)\nf = twice(f)"


def test_wrapped_in_a_cell_between_the_exercise_and_its_check() -> None:
    for check in (("u-f-check", "cu.check('u.f')"), ("", 'cu.check( "u.f", hint=1)')):
        found = program(("u-f", "def f(x):\n    return x"), ("", WRAP), check, ("", "f = None")).slice("u.f")
        assert run(found)(5) == 10
        assert (
            found.notes[-1].text
            == "f of code cell 1 (it begins with: def f(x):) is wrapped or changed in code cell 2 (it begins with: def twice(g):), "
            "before it is checked: what that makes of it counts"
        )


def test_wrapped_below_the_check_is_not_what_was_checked() -> None:
    cells = [("u-f", "def f(x):\n    return x"), ("u-f-check", "cu.check('u.f')"), ("", WRAP)]
    found = program(*cells).slice("u.f")
    assert run(found)(5) == 5
    assert (
        "is wrapped or changed in code cell 3 (it begins with: def twice(g):), after it is checked: that does not count"
        in found.notes[0].text
    )
    # The student wrapped it and looked again.
    assert run(program(*cells, ("", "cu.check('u.f')")).slice("u.f"))(5) == 10


def test_wrapped_twice_where_nothing_is_checked() -> None:
    found = program(("u-f", "def f(x):\n    return x"), ("", WRAP), ("", "f = twice(f)")).slice("u.f")
    assert run(found)(5) == 20
    assert (
        "in code cell 2 (it begins with: def twice(g):), code cell 3 (it begins with: f = twice(f)),"
        in found.notes[0].text
    )


def test_what_a_wrap_needs_is_looked_up_where_it_stands() -> None:
    cells = [
        ("", "k = 2"),
        ("u-f", "def f(x):\n    return x"),
        ("", "k = 3"),
        ("", "f = (lambda g, n: lambda x: n * g(x))(f, k)"),
    ]
    assert run(program(*cells).slice("u.f"))(5) == 15


def test_other_attempts_results_and_loops_under_the_functions_name_do_not_replace_it() -> None:
    own = ("u-f", "def f(x):\n    return x")
    for other in (
        "def mine(x):\n    return 7\nf = mine",
        "f = f(3)",
        "def f(x):\n    return 7\nf = (lambda g: lambda x: g(x))(f)",
        "for f in [1, 2]:\n    x = f",
    ):
        assert run(program(own, ("", other)).slice("u.f"))(5) == 5, other


def test_renamed_function_is_told_from_a_deleted_one() -> None:
    found = program(("u-f", "def my_f(x):\n    return 1")).slice("u.f")
    assert isinstance(found, NoSlice)
    assert found.attempted
    assert "my_f" in found.reason


def test_notebooks_can_be_parsed_in_several_threads() -> None:
    def switch_threads(phase: str, info: dict[str, int]) -> None:
        time.sleep(1e-5)

    nested = "f = lambda x: " + "(" * 40 + "x" + " + 1)" * 40
    threshold = gc.get_threshold()
    # A collection in mid-parse runs Python code, and that lets the other threads in.
    gc.callbacks.append(switch_threads)
    gc.set_threshold(20)
    try:
        with ThreadPoolExecutor(4) as pool:
            programs = list(pool.map(lambda index: program(("", nested), ("", f"y = {index}")), range(60)))
    finally:
        gc.set_threshold(*threshold)
        gc.callbacks.remove(switch_threads)
    assert all(isinstance(item.slice("u.f"), Slice) for item in programs)


# --- cells that are made to be expensive ----------------------------------------------------------------------------


def test_a_long_chain_of_elifs_costs_no_grade() -> None:
    chain = "x = 1\nif x == 0:\n    y = 0\n" + "".join(f"elif x == {n}:\n    y = {n}\n" for n in range(400))
    own = ("u-f", "def f(x):\n    return 1")
    assert run(program(("", chain), own).slice("u.f"))(0) == 1
    assert "nested too deeply" in getattr(program(("u-f", chain)).slice("u.f"), "reason", "")


def test_code_that_is_deep_where_it_is_only_looked_at() -> None:
    deep = "a" + ".b" * 900
    assert isinstance(program(("u-f", f"def f(x):\n    raise {deep}")).slice("u.f"), Slice)
    found = program(("u-f", f"torch{deep} = 1\ndef f(x):\n    return torch{deep[:1]}")).slice("u.f")
    assert isinstance(found, Slice)


def test_magics_by_the_thousand_are_not_read_by_ipython(monkeypatch: pytest.MonkeyPatch) -> None:
    from IPython.core.inputtransformer2 import TransformerManager

    work = []
    transform = TransformerManager.transform_cell

    def watched(self: Any, cell: str) -> Any:
        work.append(ipython_work(cell))
        return transform(self, cell)

    monkeypatch.setattr(TransformerManager, "transform_cell", watched)
    source = "import math\nif True:\n    !ls\nf?\n{}def f(x):\n    return math.floor(x)\n"
    many = source.format("%pip install x\n" * 3000)
    found = program(("u-f", many)).slice("u.f")
    assert run(found)(1.5) == 1
    assert isinstance(found, Slice)
    body = ast.parse(found.cells[0].source).body
    assert body[found.cells[0].statements[-1]].lineno == many[: many.index("def f")].count("\n") + 1
    assert work == []
    few = [("", f"x{number} = {'1 + ' * 100}1\n!ls {number}\n") for number in range(1000)]
    made = program(*few, ("u-f", source.format("")))
    assert run(made.slice("u.f"))(1.5) == 1
    assert 10 < len(work) < 1000
    assert sum(work) <= 250_000


def test_a_cell_without_magics_is_not_read_by_ipython(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ipython_work("def f(:\n    return a != b % c  # why\n") == 0
    for source in (
        "!ls",
        "x = 1\n  %time f()",
        "files = !ls",
        "f?",
        "f??  # what",
        "  x = 1",
        ">>> x",
        "In [1]: x",
    ):
        assert ipython_work(source) > 0, source


def test_blank_lines_by_the_hundred_thousand() -> None:
    # A pattern that begins with any blank is tried at each of them, up to the end: minutes.
    found = program(("", "(" + "\n" * 150_000), ("u-f", "def g():\n    return 1")).slice("u.f")
    assert "was it renamed" in getattr(found, "reason", "")


def test_a_cell_that_was_left_out() -> None:
    long = Cell(1, "", frozenset({"u-f"}), "left out: it is too long")
    other = Cell(2, "x = 1", frozenset())
    made = Program((long, other))
    assert made.slice("u.f") == NoSlice(True, "code cell 1 is left out: it is too long")
    assert made.slice("u.g") == NoSlice(True, "there is no function g in what is read; left out: code cell 1")


def test_reasons_and_notes_are_short() -> None:
    broken = program(("u-f", "def f(): ?" + "a" * 10_000)).slice("u.f")
    named = program(("u-f", "def " + "a" * 10_000 + "():\n    return 1")).slice("u.f")
    steers = program(("u-f", 'def f(x):\n    return "\x1b[2J\x9b31m\u202e" ?')).slice("u.f")
    for found in (broken, named, steers):
        assert isinstance(found, NoSlice)
        assert len(found.reason) <= 500
        assert not set("\x1b\x9b\u202e\n") & set(found.reason)
    twice = program(*[("u-f", f"def f(x):\n    return {number}") for number in range(1000)]).slice("u.f")
    assert isinstance(twice, Slice)
    said = "code cell 2 (it begins with: def f(x):), code cell 3 (it begins with: def f(x):) and 997 more"
    assert all(said in note.text for note in twice.notes)
    long = "x = '" + "a" * 1000 + "'"
    lines = [("", f"{long}\nSIZES.append({number})") for number in range(9)]
    wrapped = [("", f"f = {'g' * number}(f)  # {long}") for number in range(1, 9)]
    many = program(("u-f", "def f(x):\n    return 1"), *lines, *wrapped).slice("u.f")
    assert many.notes
    for note in many.notes:
        assert note.text.endswith("counts")
        assert len(note.text) < 500


def test_what_is_known_of_earlier_cells_is_limited() -> None:
    known = reading.read_cell
    assert known("x = 1", "python") is known("x = 1", "python")
    large = f"x = [{'1,' * reading._MOST_NODES}]"
    assert known(large, "python") is not known(large, "python")
    assert known.bytes <= reading._MOST_NODES


def test_each_note_has_its_kind() -> None:
    twice = program(
        ("u-f", "def f(x):\n    return 1"), ("u-f", "def f(x):\n    return math.pi"), prelude=IMPORTS
    )
    assert kinds(twice) == ["several-cells", "several-definitions", "imports-lent"]
    assert kinds(program(("", "def f(x):\n    return x"))) == ["found-by-name"]
    cells = [("u-f", "def f(x):\n    return x"), ("", WRAP), ("u-f-check", "cu.check('u.f')"), ("", WRAP)]
    assert kinds(program(*cells)) == ["wrapped", "wrapped-too-late"]


IMPORTS = {"math": "import math"}


def kinds(made: Program) -> list[str]:
    return [note.kind for note in made.slice("u.f").notes]


def test_many_names_of_one_statement_are_followed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ",".join(f"a{number}" for number in range(300))
    made = program(("", f"{names} = range(300)"), ("u-f", f"def f(x):\n    return {names}"))
    looked: list[str] = []
    bindings = Program._bindings

    def watched(self: Program, name: str, end: tuple[float, int]) -> Any:
        looked.append(name)
        return bindings(self, name, end)

    monkeypatch.setattr(Program, "_bindings", watched)
    assert run(made.slice("u.f"))(0)[299] == 299
    assert len(looked) == len(set(looked)) < 310


def test_names_of_packages_by_the_thousand() -> None:
    (node,) = ast.parse("import no_such_package, ast," + ",".join(f"x{number}" for number in range(200))).body
    part = binding_part(node)
    assert isinstance(part, ast.Import)
    assert [alias.name for alias in part.names][:2] == ["ast", "x48"]


def test_each_statement_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    # One that binds thousands of names is met as often: with as many uses that would be seconds for a line of code.
    asked: Counter[str] = Counter()
    uses = Statement.uses.fget
    assert uses is not None

    def counted(statement: Statement) -> frozenset[str]:
        asked[statement.label] += 1
        return uses(statement)

    names = [f"a{number}" for number in range(300)]
    made = program(
        ("", f"{', '.join(names)} = {', '.join(name.upper() for name in names)}"),
        ("u-f", f"def f():\n    return {' + '.join(names)}"),
    )
    monkeypatch.setattr(Statement, "uses", property(counted))
    assert isinstance(made.slice("u.f"), Slice)
    assert 0 < asked["1"] < 10


def test_whatever_is_said_of_a_cell_is_clipped() -> None:
    prelude = {f"name_{number}": f"import name_{number}" for number in range(100)}
    borrows = program(("u-f", f"def f():\n    return {' + '.join(prelude)}"), prelude=prelude).slice("u.f")
    assert [len(note.text) for note in borrows.notes] == [LONGEST]
    cell = Cell(1, "", frozenset({"u-f"}), left_out="x" * 2 * LONGEST)
    missing = Program((cell,)).slice("u.f")
    assert isinstance(missing, NoSlice)
    assert len(missing.reason) == LONGEST
