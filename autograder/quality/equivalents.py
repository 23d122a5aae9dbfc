"""Mutants that are right, listed by hand: `solutions/<unit>/<exercise>/equivalents.toml`.

[[equivalent]]
before = "the statement"
after = "the statement as the mutant has it"
reason = "why no case can tell them apart"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from autograder.errors import UserError


@dataclass(frozen=True)
class Equivalent:
    """A mutant of which somebody has said why it is right.

    Attributes:
        before, after: as in `mutation.Mutant`; for a fault of `behaviours`, `after` is its name and `before` empty.
    """

    after: str
    reason: str
    before: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    equivalent: list[Equivalent] = []


def read_equivalents(path: Path) -> list[Equivalent]:
    """What a file lists.

    Raises:
        UserError: it is no such file.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).equivalent
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise UserError(f"{path}: is no list of equivalents: {error}") from error
