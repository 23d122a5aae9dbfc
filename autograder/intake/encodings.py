"""Names of files whose encoding nobody says: in zips without the flag for UTF-8, and on disks of other systems.

All names of one place come from one machine, so one encoding is chosen for all of them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

# In the order in which they are preferred where several fit alike: the code pages in which Windows zips in Western
# Europe and America, those of Central Europe, of East Asia, of Russia and Greece, and of Macs.
_CANDIDATES = (
    "cp437",
    "cp850",
    "cp1252",
    "gbk",
    "shift_jis",
    "euc_kr",
    "big5",
    "cp866",
    "cp852",
    "cp1251",
    "mac_roman",
)
# What is told from another by a fraction of a letter's weight is not told at all.
_DIGITS = 6
# Bytes of names that are looked at to tell encodings: those of a large class, not all that somebody may put into a zip.
_SAMPLE = 16 * 2**10


class Name(NamedTuple):
    """A name as text, in one Unicode form, and the encoding that was guessed for it; empty if none was."""

    text: str
    guessed: str = ""


def names_of(raw: Sequence[bytes]) -> list[Name]:
    """Names of one place as texts.

    Plain English is the same in all encodings. Names that are UTF-8 are that (what is not, hardly ever looks so),
    unless most others of the place are not; those are read in the one encoding that fits all of them best, and say
    which.
    """
    foreign = [name for name in raw if not name.isascii()]
    others = [name for name in foreign if not _is_utf_8(name)]
    heads = _heads(raw) or foreign
    odd = [name for name in heads if not _is_utf_8(name)]
    if 2 * len(odd) > len(heads):
        others = foreign
    if not others:
        return [Name(normal_form(name.decode())) for name in raw]
    sample = _sample(odd or others)
    encoding = max(_CANDIDATES, key=lambda candidate: round(_fitness(sample, candidate), _DIGITS))
    guessed = frozenset(others)
    return [
        Name(normal_form(name.decode(encoding, "backslashreplace")), encoding)
        if name in guessed
        else Name(normal_form(name.decode()))
        for name in raw
    ]


def _heads(raw: Sequence[bytes]) -> list[bytes]:
    """The names that are not plain English of what lies side by side in a place, below the folders around all.

    In a zip of a class these are people. What is inside them counts only where they tell nothing, else somebody with
    many files would decide how the others are called.
    """
    ordered = sorted(raw) or [b""]
    # In order, all others begin as the first and the last both do.
    shared = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(ordered[0], ordered[-1], strict=False))))
    start = ordered[0][:shared].rfind(b"/") + 1
    heads = dict.fromkeys(name[start:].partition(b"/")[0] for name in raw)
    return [name for name in heads if not name.isascii()]


def _sample(names: Sequence[bytes]) -> list[bytes]:
    """The first names, as many as are enough to tell an encoding; of one that is longer a part."""
    total = 0
    for number, name in enumerate(names, start=1):
        total += len(name)
        if total > _SAMPLE:
            return [item[:_SAMPLE] for item in names[:number]]
    return list(names)


def normal_form(name: str) -> str:
    """A name in the one Unicode form that all names have here (NFC)."""
    return unicodedata.normalize("NFC", name)


def _is_utf_8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _fitness(raw: Iterable[bytes], encoding: str) -> float:
    """How much the names look like names in this encoding: the mean over their letters that are not plain English."""
    weights = []
    for name in raw:
        if name.isascii():
            continue
        try:
            text = name.decode(encoding)
        except UnicodeDecodeError:
            return -1.0
        before = ""
        for letter in normal_form(text):
            if not letter.isascii():
                weights.append(_weight(letter, before))
            before = letter
    return sum(weights) / len(weights) if weights else 0.0


def _weight(letter: str, before: str) -> float:
    """1 for a letter of a common script, less for what names seldom hold, below 0 for what they never do."""
    kind = unicodedata.category(letter)
    if not kind.startswith("L"):
        return -0.5 if kind.startswith("P") else -1.0
    code = ord(letter)
    # A capital inside a word is rather a letter of another encoding.
    inside = kind == "Lu" and before.islower()
    if 0x00C0 <= code <= 0x017F:
        return 0.2 if inside else 1.0
    if 0x0400 <= code <= 0x045F or 0x0386 <= code <= 0x03CE:
        # A lone foreign letter between Latin ones is none.
        alone = before.isascii() and before.isalpha()
        return -0.5 if alone else 0.2 if inside else 0.95
    if 0x4E00 <= code <= 0x9FFF:
        return 0.5 if before.isascii() and before.isalpha() else 1.0
    if 0x3040 <= code <= 0x30FF or 0xAC00 <= code <= 0xD7A3:
        return 0.5 if before.isascii() and before.isalpha() else 1.0
    return -0.5
