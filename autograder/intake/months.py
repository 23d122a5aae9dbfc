"""Dates whose months are named in the languages that learning systems are used in, as dates in English.

Only whole words are known, with or without their accents; none of them is another month in another of these languages.
"""

from __future__ import annotations

import re
import unicodedata

# Danish, Dutch, English, French, German (Austria's too), Italian, Norwegian, Portuguese, Spanish, Swedish, Turkish,
# Welsh; long and short. Written without accents: see `_plain`.
_CALLED = {
    "January": "january enero ene gen gennaio ion ionawr januar jan"
    " jaenner janner jaen oca ocak janeiro januari janv janvier",
    "February": "february chw chwef chwefror februar febbraio febrero"
    " februari feb fev fevereiro fevr fevrier sub subat",
    "March": "march mart maw mawrth maerz marz maer mar maart mars marts marzo marco mrt mrz",
    "April": "ebr ebrill nis nisan abr abril apr april aprile avr avril",
    "May": "may mai mayis mag maggio maio maj mayo mei",
    "June": "june haz haziran juni meh mehefin giu giugno juin jun junho junio",
    "July": "jul july gor gorff gorffennaf juli tem temmuz juil juill juillet julho julio lug luglio",
    "August": "awst agu agustos ago agosto aout aug august augusti augustus",
    "September": "eyl eylul medi sept sep set setembro settembre setiembre septembre septiembre september",
    "October": "eki ekim hyd hydref okt oktober octobre octubre oct ott ottobre out outubro",
    "November": "kas kasim tach tachwedd nov november novembre novembro noviembre",
    "December": "ara aralik dez dezember rhag rhagfyr des"
    " desember dezembro dic dicembre diciembre dec decembre december",
}
_MONTHS = {name: month for month, names in _CALLED.items() for name in names.split()}
# What stands between the parts of a date: 12 de marzo de 2026, den 12 mars 2026 kl., le 12 mars 2026 à.
_BETWEEN = frozenset(
    ("de", "del", "den", "der", "d", "di", "le", "el", "il", "em", "a", "as", "las", "alle", "um", "om", "kl")
)
_WORD = re.compile(r"[^\W\d_]+\.?")
# 1er mars, 1º de março, 12:e mars.
_ORDINAL = re.compile(r"(?<=\d)(?:er|:?[ea]|[\u00ba\u00aa\u00b0])(?=\s)")
# 2026年3月12日, 2026년 3월 12일.
_NUMBERED = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]")


def in_english(date: str) -> str:
    """A date with its month in English: `12 de marzo de 2026` as `12 March 2026`.

    Other words stay as they are, and so does a text that names two months.
    """
    date = _NUMBERED.sub(
        lambda found: f"{found[1]}-{found[2]:0>2}-{found[3]:0>2}", unicodedata.normalize("NFC", date)
    )
    date = _ORDINAL.sub("", date)
    words = [_plain(word) for word in _WORD.findall(date)]
    if len({_MONTHS[word] for word in words if word in _MONTHS}) != 1:
        return date

    def english(found: re.Match[str]) -> str:
        word = _plain(found[0])
        return "" if word in _BETWEEN else _MONTHS.get(word, found[0])

    return " ".join(_WORD.sub(english, date).split())


def _plain(word: str) -> str:
    """A word in small letters without accents; Turkish has an i without a dot."""
    parts = unicodedata.normalize("NFKD", word.rstrip(".").casefold().replace("\u0131", "i"))
    return "".join(part for part in parts if not unicodedata.combining(part))
