"""Run what a student has marked for compilation as it is written.

A compiler is not there in the sandbox, takes longer than a call may, and rounds otherwise. The function is the same
without it. `torch.jit.script` reads the function instead of running it, needs nothing else and is left alone.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch


def never_compile() -> None:
    """For the rest of this process `torch.compile` returns what it is given, without importing a compiler."""
    # For whoever asks the compiler by another name.
    os.environ.update(TORCH_COMPILE_DISABLE="1", TORCHDYNAMO_DISABLE="1")
    torch.compile = _compile


def _compile(model: Callable[..., Any] | None = None, **options: object) -> Any:
    """Takes the place of `torch.compile`, as a decorator with arguments too."""
    return _same if model is None else model


def _same(model: Callable[..., Any]) -> Callable[..., Any]:
    return model


@contextlib.contextmanager
def uncompiled() -> Iterator[None]:
    """Within the block functions that were compiled before run as they were written."""
    if "torch._dynamo" not in sys.modules:
        # Whatever was compiled has imported it, which takes seconds.
        yield
        return
    with torch.compiler.set_stance("force_eager"):
        yield
