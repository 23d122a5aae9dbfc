"""What is marked for compilation runs as it is written: in a process for students' code, and in `cu.check`."""

from __future__ import annotations

import os
from typing import Any

import pytest
import torch
from torch import nn

from autograder.course.units import Unit
from course_utils.running.uncompiled import never_compile, uncompiled
from course_utils.student.check import check_in


def refuse(graph: Any, inputs: Any) -> Any:
    raise RuntimeError("this would take a compiler")


@pytest.fixture
def never(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", torch.compile)
    for name in ("TORCH_COMPILE_DISABLE", "TORCHDYNAMO_DISABLE"):
        monkeypatch.setenv(name, "0")
    never_compile()


def test_torch_compile_gives_back_what_it_is_given(never: None) -> None:
    def double(x: torch.Tensor) -> torch.Tensor:
        return 2 * x

    assert torch.compile(double) is double
    assert torch.compile(double, mode="max-autotune", fullgraph=True, backend=refuse) is double
    assert torch.compile(dynamic=False)(double) is double
    module = nn.Linear(2, 2)
    assert torch.compile(module) is module
    module.compile(backend=refuse)
    assert module(torch.ones(2)).shape == (2,)
    assert os.environ["TORCHDYNAMO_DISABLE"] == "1"


def test_a_check_in_the_kernel_compiles_nothing(moco: Unit) -> None:
    reference = moco.exercises["moco.enqueue"].reference
    compiled = torch.compile(reference, backend=refuse)
    assert check_in({"enqueue": compiled}, "moco.enqueue").status == "correct"
    helper = torch.compile(lambda x: x + 0, backend=refuse)

    def enqueue(queue: torch.Tensor, pointer: int, keys: torch.Tensor) -> int:
        return int(reference(queue, pointer, helper(keys)))

    assert check_in({"enqueue": enqueue}, "moco.enqueue").status == "correct"


def test_outside_of_it_everything_is_compiled_as_before() -> None:
    torch.compiler.reset()
    compiled = torch.compile(lambda x: x * 2, backend=refuse)
    with uncompiled():
        assert compiled(torch.ones(2)).sum() == 4
    with pytest.raises(Exception, match="would take a compiler"):
        compiled(torch.ones(2))
