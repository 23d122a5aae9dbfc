from __future__ import annotations

import pytest

from course_utils.slices.python_text import compile_cell, run_files, written_file
from course_utils.student.check import _broken


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\nfrom __future__ import annotations\ndef f(a: Nope):\n    return a",
        '"""Doc."""\nimport math\nfrom __future__ import division\nfrom __future__ import annotations',
        "import asyncio\nawait asyncio.sleep(0)\nfrom __future__ import annotations",
    ],
)
def test_a_notebook_takes_future_imports_anywhere(source: str) -> None:
    compile_cell(source)
    assert _broken(source, "f") is None


@pytest.mark.parametrize(
    ("source", "line"),
    [("x = 1\ny = (", 2), ("x = 1\nfrom __future__ import braces", 2), ("def f():\n    return x\n  y", 3)],
)
def test_what_is_no_python_is_named_with_its_line(source: str, line: int) -> None:
    with pytest.raises(SyntaxError) as raised:
        compile_cell(source)
    assert raised.value.lineno == line
    assert f"line {line}" in str(_broken(source, "f"))


def test_files_that_a_cell_writes_and_runs() -> None:
    assert written_file("\n%%writefile -a 'my helpers.py'\nx = 1\n") == ("my helpers.py", "x = 1\n", True)
    assert written_file("%%file helpers.py  \nx = 1") == ("helpers.py", "x = 1", False)
    for other in (
        "%%bash\nls",
        "%%writefile\nx",
        "x = 1\n%%writefile helpers.py",
        "%%writefiles helpers.py\n",
    ):
        assert written_file(other) is None, other
    source = "%run a.py\n  %run -i 'b c.ipynb' 1 2\n%load ./d.py # %run e.py\nx % run\n%run -m module\n!python f.py"
    assert run_files(source) == ["a.py", "b c.ipynb", "./d.py"]
    assert run_files("%%bash\n%run a.py") == []
