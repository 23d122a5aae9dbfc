"""What can be seen of a case: an *observation*, a flat table of named quantities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

Quantity = Tensor | None | bool | int | float | str


@dataclass(frozen=True)
class Failure:
    """An exception that the function raised.

    Attributes:
        kind: the name of the first built-in class among the exception's classes, e.g. `"ValueError"`.
        message: one line, `Type: text`.
        line: number of the line in the student's cell, counted from 1, if it is known.
        code: the text of that line.
        cell: which cell of the slice the line is in, where the sandbox gave cells their names.
    """

    kind: str
    message: str
    line: int | None = None
    code: str = ""
    cell: str = ""


@dataclass(frozen=True)
class Observation:
    """Everything that was seen of one case.

    Attributes:
        quantities: name -> value. A name begins with the kind of quantity: `result`, `gradient`, `after`,
            `module` (a parameter), `buffer`, `grad`, `same`, `own`, `mode`, `members`, `kept`, `place`, `graph`,
            `memory`, `device`, `setting`, `exception`. `describe` puts a name into words.
        failure: the exception, if there was one that no `try` of the function caught.
    """

    quantities: Mapping[str, Quantity]
    failure: Failure | None = field(default=None, compare=False)


_WORDS = {
    "gradient": "gradient with respect to {}",
    "after": "{} after the call",
    "module": "{} after the call",
    "buffer": "{} after the call",
    "own": "{}",
    "grad": ".grad of {} after the call",
    "graph": "{}",
    "device": "{}",
    "same": "{}",
    "mode": "{}",
    "kept": "{}",
    "place": "{}",
    "members": "the number of parameters and buffers of {}",
}
_SETTINGS = {
    "gradients": "torch's recording of gradients",
    "dtype": "torch's default dtype",
    "seed": "torch's random seed",
}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


def kind(name: str) -> str:
    """The kind of a quantity: `"gradient"` for `"gradient.keys"`."""
    return name.split(".", 1)[0].split("#", 1)[0]


def dtype_name(dtype: torch.dtype) -> str:
    """`torch.float32` -> `"float32"`."""
    return str(dtype).removeprefix("torch.")


def describe_quantity(name: str) -> str:
    """The thing that a quantity belongs to, in words: `"gradient.keys"` becomes `"gradient with respect to keys"`.

    Quantities that are true or false ("shares memory with", "is the same tensor") are named by their subject alone: the
    rest of the sentence is the fact of a `compare.Difference`.
    """
    base, _, call = name.partition("#")
    head, _, rest = base.partition(".")
    if head == "result":
        text = _returned(rest)
    elif head == "exception":
        text = "the call"
    elif head == "setting":
        text = _SETTINGS.get(rest, rest)
    elif head == "memory":
        text = describe_quantity(rest.partition("~")[0])
    elif not rest:
        text = head
    else:
        subject = describe_quantity(rest) if kind(rest) == "result" else rest
        text = _WORDS.get(head, head + " of {}").format(subject)
    return f"{text} (call {call})" if call else text


def _returned(rest: str) -> str:
    if not rest:
        return "result"
    if not rest.isdigit():
        return rest
    index = int(rest)
    return (
        f"{_ORDINALS[index]} returned value"
        if index < len(_ORDINALS)
        else f"returned value number {index + 1}"
    )
