"""The name of what was seen, in its parts and in words.

A name is text, as it is stored: `kind.of#call`, with `~other` at the end where two tensors are compared.

    result            what was returned            gradient.keys                 a gradient
    result.1#2        its second value, 2nd call   module.key_encoder.0.weight   a parameter, read from its module
    memory.result~queue     whether the result lies in the queue's memory
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

# The words for each kind, around those for what it belongs to.
_WORDS = {
    "gradient": "gradient with respect to {}",
    "after": "{} after the call",
    "module": "{} after the call",
    "buffer": "{} after the call",
    "grad": ".grad of {} after the call",
    "members": "the number of parameters and buffers of {}",
    # These are true or false, so there is no value to name: the message goes on with the fact itself.
    **dict.fromkeys(("own", "graph", "device", "same", "mode", "kept", "place", "memory"), "{}"),
}
_SETTINGS = {
    "gradients": "torch's recording of gradients",
    "dtype": "torch's default dtype",
    "seed": "torch's random seed",
}
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")


class QuantityName(NamedTuple):
    """The parts of a name.

    Attributes:
        kind: `result`, `gradient`, `after`, `module` (a parameter), `buffer`, `grad`, `same`, `own`, `mode`, `members`,
            `kept`, `place`, `graph`, `memory`, `device`, `setting` or `exception`.
        of: what it belongs to: an argument (`keys`), a tensor of a module (`encoder.0.weight`), a value that was
            returned (`result`, `result.1`); for the kind `result` the number of the value, for `setting` which one.
        call: the number of the call, counted from 1; 0 where the case has but one.
        other: the tensor that `of` is compared with.
    """

    kind: str
    of: str = ""
    call: int = 0
    other: str = ""

    @classmethod
    def parse(cls, name: str) -> QuantityName:
        """The parts of a name, e.g. of `"gradient.keys#2"`."""
        return _parse(name)

    def __str__(self) -> str:
        """The name as text."""
        of = f".{self.of}" if self.of else ""
        call = f"#{self.call}" if self.call else ""
        return f"{self.kind}{of}{call}{f'~{self.other}' if self.other else ''}"

    @property
    def argument(self) -> str:
        """The argument that `of` is or lies in: `encoder` for `encoder.0.weight`."""
        return self.of.partition(".")[0]

    @property
    def member(self) -> str:
        """The tensor's name in its module: `0.weight` for `encoder.0.weight`; empty for an argument itself."""
        return self.of.partition(".")[2]

    def is_part_of(self, looked_at: tuple[str, ...]) -> bool:
        """Whether it belongs to one of these, as to `gradient`, `after.encoder` or `result.1`; the call is left out."""
        return _is_part_of(self, looked_at)

    def describe(self) -> str:
        """What the name stands for, in words: `gradient.keys` becomes `gradient with respect to keys`.

        Kinds that are true or false ("shares memory with", "is the same tensor") are named by their subject alone: the
        rest of the sentence is the fact of a `difference.Difference`.
        """
        text = self._subject()
        return f"{text} (call {self.call})" if self.call else text

    def _subject(self) -> str:
        if self.kind == "result":
            return _returned(self.of)
        if self.kind == "exception":
            return "the call"
        if self.kind == "setting":
            return _SETTINGS.get(self.of, self.of)
        if not self.of:
            return self.kind
        return _WORDS.get(self.kind, self.kind + " of {}").format(describe_tensor(self.of))


def describe_tensor(name: str) -> str:
    """An argument, a tensor of a module or a value that was returned, in words: `result.1`, `second returned value`."""
    head, _, rest = name.partition(".")
    return _returned(rest) if head == "result" else name


@lru_cache(maxsize=4096)
def _parse(name: str) -> QuantityName:
    base, _, other = name.partition("~")
    base, _, call = base.partition("#")
    kind, _, of = base.partition(".")
    return QuantityName(kind, of, int(call) if call.isdecimal() else 0, other)


@lru_cache(maxsize=4096)
def _is_part_of(name: QuantityName, looked_at: tuple[str, ...]) -> bool:
    place = f"{name.kind}.{name.of}."
    return any(place.startswith(f"{item}.") or item == str(name._replace(call=0)) for item in looked_at)


def _returned(number: str) -> str:
    """The words for a value that was returned: all of it, or the one of this number."""
    if not number:
        return "result"
    if not number.isdigit():
        return number
    index = int(number)
    if index < len(_ORDINALS):
        return f"{_ORDINALS[index]} returned value"
    return f"returned value number {index + 1}"
