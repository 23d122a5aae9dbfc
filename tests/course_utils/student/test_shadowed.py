"""A name of Python's or of the set-up cell that a cell of the notebook binds to something else."""

from __future__ import annotations

import linecache
from typing import Any

import pytest
import torch
from torch.nn import functional

from course_utils.student.check import CheckResult, check_in

RIGHT = """\
def enqueue(queue, pointer, keys):
    count = sum(1 for _ in keys)
    if count > queue.shape[1]:
        raise ValueError("too many keys")
    for i in range(count):
        queue[:, (pointer + i) % queue.shape[1]] = keys[i].detach()
    return (pointer + count) % queue.shape[1]
"""
HELPER = (
    RIGHT.replace("sum(1 for _ in keys)", "counted(keys)")
    + "\ndef counted(keys):\n    return sum(1 for _ in keys)"
)
OF_TORCH = RIGHT.replace("keys[i].detach()", "torch.clone(keys[i]).detach()")


def checked(source: str, *cells: str, **names: Any) -> CheckResult:
    """`cu.check` where cells below the function's have bound other names."""
    filename = f"<ipython-input-1-{abs(hash(source))}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"torch": torch, "F": functional, "In": ["", source, *cells]}
    exec(compile(source, filename, "exec"), namespace)
    namespace |= names
    for text in cells:
        exec(text, namespace)
    return check_in(namespace, "moco.enqueue")


@pytest.mark.parametrize("source", [RIGHT, HELPER], ids=["itself", "through-a-helper"])
def test_a_name_of_pythons_that_a_scratch_cell_took_is_named_with_the_way_out(source: str) -> None:
    assert checked(source).status == "correct"
    result = checked(source, "# scratch\nsum = 0")
    assert result.reason.startswith(
        "sum is 0 in this kernel (by the cell that begins with '# scratch') and no longer Python's sum: give that value "
        "another name and run `del sum`, or restart the kernel and run the notebook from the top. The function raised "
        "TypeError: 'int' object is not callable, in line "
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("'cuda'", "torch is 'cuda' in this kernel"),
        ("F", "torch is module torch.nn.functional in this kernel"),
    ],
)
def test_a_name_of_the_set_up_cell_likewise(value: str, said: str) -> None:
    assert checked(OF_TORCH).status == "correct"
    reason = checked(OF_TORCH, f"torch = {value}").reason
    assert reason.startswith(said)
    assert "no longer what the set-up cell makes of it (import torch)" in reason
    assert "run the set-up cell again, or restart the kernel" in reason


@pytest.mark.parametrize(
    ("source", "cell"),
    [
        # It is used as an attribute alone; on another line; nothing is wrong with its value here.
        (RIGHT.replace("sum(1 for _ in keys)", "keys.sum()()"), "sum = 0"),
        (RIGHT.replace("return (", "return int()("), "len = 3"),
        (RIGHT.replace("return (", "return int()("), "sum = lambda items: len(list(items))"),
        (RIGHT.replace("range(count)", "str()(count)"), "count = 3"),
    ],
    ids=["attribute", "not-used", "works", "no-name-of-pythons"],
)
def test_exceptions_with_another_reason_blame_no_name(source: str, cell: str) -> None:
    result = checked(source, cell)
    assert result.status == "error"
    assert result.reason.startswith("The function raised TypeError")
