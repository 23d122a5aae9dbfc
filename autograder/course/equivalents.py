"""Mutants that are right, listed by hand: `solutions/<unit>/<exercise>/equivalents.toml`.

[[equivalent]]
before = "the statement"
after = "the statement as the mutant has it"
reason = "why no case can tell them apart"
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from autograder.course.texts import read_text
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
        UserError: it is no such file; the message names file and line.
    """
    try:
        return msgspec.convert(tomllib.loads(read_text(path)), _File).equivalent
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise UserError(
            f"{path}, line {line[1] if line else 1}: is no list of equivalents: {error}. Each begins with "
            "[[equivalent]] and has before, after and reason"
        ) from error
