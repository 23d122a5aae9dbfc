"""What a cell shows that ends in `cu.check` or `cu.submit` without brackets: a sentence with the way out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class WithBrackets(Generic[P, R]):
    """A function that, shown instead of called, says how it is called.

    Whoever needs its caller's globals finds them two frames up, behind this one.
    """

    def __init__(self, function: Callable[P, R], said: Callable[[Mapping[str, Any]], str]) -> None:
        """Take the function's name, signature and documentation.

        Args:
            function: the function.
            said: a notebook's globals -> the sentence.
        """
        update_wrapper(self, function)
        self._function = function
        self._said = said

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        ipython = sys.modules.get("IPython")
        shell = ipython.get_ipython() if ipython else None
        return self._said(getattr(shell, "user_ns", None) or {})

    def __str__(self) -> str:
        return str(self._function)


def with_brackets(
    said: Callable[[Mapping[str, Any]], str],
) -> Callable[[Callable[P, R]], WithBrackets[P, R]]:
    """Let a function say how it is called, where a cell ends in its bare name.

    Args:
        said: a notebook's globals -> the sentence.
    """
    return lambda function: WithBrackets(function, said)
