"""The result of a check as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape

from course_utils.checks.case import Argument, Input, Module
from course_utils.checks.excerpt import Pair, failed_pair, unlike
from course_utils.checks.judge import CORRECT, ERROR, NOT_ATTEMPTED, CheckVerdict
from course_utils.checks.observation import dtype_name
from course_utils.checks.prepared import PreparedCheck
from course_utils.checks.quantity import QuantityName
from course_utils.checks.wording import FAILED, PASSED, WAITS, explain, fact_in_words, mark
from course_utils.student.as_code import argument_as_code, call_as_code
from course_utils.student.expected import expected_in_text
from course_utils.student.outcome import NOT_RUN, UNKNOWN, CheckOutcome
from course_utils.student.side_by_side import got_and_expected

# White on blue, vermilion and grey of about the hues of Okabe and Ito: told apart by every kind of colour vision, and
# with a contrast of at least 4.5 whatever the theme has behind them.
_BLUE, _VERMILION, _GREY, _ON_COLOUR = "#0068A3", "#B34700", "#5E5E5E", "#FFFFFF"
_COLOURS = {PASSED: _BLUE, FAILED: _VERMILION, WAITS: _GREY}

_INDENT = "margin-left: 1.5em"
# The theme's own colour shines through, so that its text stays readable on it.
_BOX = (
    "border: 1px solid #808080; border-radius: 4px; background: rgba(128, 128, 128, 0.1); "
    "margin: 0.4em 0; padding: 0.3em 0.7em"
)
_MOST_ENTRIES = 6
# Numbers in a case: as many as are shown with the first hint, and with the last, where they fit on a laptop's screen.
_MOST_TO_READ, _MOST_TO_TRY = 40, 120


@dataclass(frozen=True)
class _Part:
    """A piece of help.

    Attributes:
        title, body: what it is, and its lines.
        kind: `"words"`; `"code"` to be read and copied, which may wrap; `"table"`, which may not.
        picture: expected beside got, in HTML only; made when it's needed.
    """

    title: str
    body: str
    kind: str = "words"
    picture: CheckVerdict | None = None


def as_text(result: CheckOutcome) -> str:
    """The whole result in plain text."""
    if result.status == UNKNOWN:
        said = " ".join(_in_short(result))
        # A sentence that names the exercise need not have it in front again.
        return said if said.startswith("cu.check") else f"{_who(result, said)}: {said}"
    lines = [f"{result.exercise}: {headline(result)}"]
    lines.extend(f"  {line}" for line in _in_short(result))
    first, later = _help(result)
    lines.extend(_part_as_text(first))
    if result.status != NOT_ATTEMPTED:
        for verdict in result.verdicts:
            lines.append(f"  {mark(verdict):<8}  {verdict.check.title}")
            lines.extend(f"            {line}" for line in _why(result, verdict))
    lines.extend(_part_as_text(later))
    for note in _notes(result):
        lines.extend(f"  {line}" for line in note.splitlines())
    lines.extend(f"  {line}" for line in _what_next(result))
    return "\n".join(lines)


def as_html(result: CheckOutcome) -> str:
    """All but the headline in HTML: words beside every mark, pictures with alt text, nothing that needs a style sheet.

    What was asked for comes first, in a box; the checks are folded below it. The headline is what `cu.check` prints.
    """
    if result.status == UNKNOWN:
        return "<span></span>"  # `cu.check` prints the sentence
    waits = result.status in (NOT_ATTEMPTED, NOT_RUN)
    colour = _BLUE if is_wholly_right(result) else _GREY if waits else _VERMILION
    parts = [f'<div style="border-left: 4px solid {colour}; padding: 0.2em 0 0.2em 0.9em">']
    parts.extend(f"<div>{_code(line)}</div>" for line in _in_short(result))
    first, later = _help(result)
    if first:
        parts.append(f'<div style="{_BOX}">{"".join(map(_part_as_html, first))}</div>')
    if later:
        title = "Where it goes wrong" if later[0].kind == "code" else "The hint, and a picture"
        inside = "".join(map(_part_as_html, later))
        parts.append(f"<details><summary>{title}</summary>{inside}</details>")
    if result.status != NOT_ATTEMPTED and result.verdicts:
        listed = (
            f'<ul style="list-style: none; padding-left: 0; margin: 0.4em 0">{"".join(_items(result))}</ul>'
        )
        summary = f"<summary>All visible checks: {result.passed} of {len(result.verdicts)} passed</summary>"
        parts.append(f"<details>{summary}{listed}</details>" if first else listed)
    for note in _notes(result):
        line, _, rest = note.partition("\n")
        parts.append(f"<div>{escape(line)}</div>" + (_block(rest) if rest else ""))
    parts.extend(f"<div><small>{_code(line)}</small></div>" for line in _what_next(result))
    parts.append("</div>")
    return "".join(parts)


def headline(result: CheckOutcome) -> str:
    """What became of the visible checks. Never points: hidden checks decide about most of them."""
    status = result.status
    if is_wholly_right(result):
        status = "right so far"
    elif result.status == CORRECT:
        count = len(result.costs)
        status = (
            f"right but for {'one thing that costs' if count == 1 else f'{count} things that cost'} points"
        )
    if not result.verdicts or result.status == NOT_ATTEMPTED:
        return status
    return f"{status}, {result.passed} of {len(result.verdicts)} visible checks passed"


def is_wholly_right(result: CheckOutcome) -> bool:
    """Whether nothing is known to be wrong: no visible check, and nothing that hidden checks are sure to see."""
    return result.status == CORRECT and not result.costs


def points(value: float) -> str:
    """`2.5`, `7`, `3.67`."""
    return f"{round(value, 2):g}"


def _in_short(result: CheckOutcome) -> Iterator[str]:
    yield from result.remarks
    if result.reason:
        yield result.reason
    if result.status == CORRECT:
        # The headline speaks of them.
        yield from result.costs
    if result.verdicts and (fact := fact_in_words(result.diagnosis)):
        yield fact


def _who(result: CheckOutcome, said: str) -> str:
    return "cu.check" if result.exercise in said else result.exercise


def _notes(result: CheckOutcome) -> tuple[str, ...]:
    return result.notes if result.status == CORRECT else (*result.costs, *result.notes)


def _why(result: CheckOutcome, verdict: CheckVerdict) -> list[str]:
    raised = verdict.observation is not None and verdict.observation.failure is not None
    if verdict.passed or (raised and result.status == ERROR):
        # Where every call raises, the reason above says it once.
        return []
    return [line for line in (verdict.message, verdict.place) if line]


def _items(result: CheckOutcome) -> Iterator[str]:
    for verdict in result.verdicts:
        became = mark(verdict)
        style = (
            f"background: {_COLOURS[became]}; color: {_ON_COLOUR}; font-weight: bold; padding: 0 0.4em; "
            "border-radius: 3px; white-space: nowrap"
        )
        yield f'<li style="margin: 0.25em 0"><span style="{style}">{became}</span> {escape(verdict.check.title)}'
        yield "".join(f'<div style="{_INDENT}">{_code(line)}</div>' for line in _why(result, verdict))
        yield "</li>"


def _picture(verdict: CheckVerdict) -> str:
    pair, difference = _tensors(verdict), verdict.difference
    if pair is None or difference is None:
        return ""
    from course_utils.student.pictures import expected_beside_got

    # The gradient with respect to an image has its shape, but its colours mean nothing.
    return (
        expected_beside_got(
            pair.expected,
            pair.got,
            difference.subject,
            limit=pair.limit,
            as_images=difference.name.kind != "gradient",
        )
        or ""
    )


def _tensors(verdict: CheckVerdict) -> Pair | None:
    """What a check failed by, if it is more than a single number, of which the message says all."""
    pair = failed_pair(verdict)
    return pair if pair and pair.expected.numel() > 1 else None


# --- what hints add ---------------------------------------------------------------------------------------------


def _help(result: CheckOutcome) -> tuple[list[_Part], list[_Part]]:
    """What was asked for by the level of the hint, and what the levels below it say."""
    if not result.level:
        return [], []
    verdict = _shown(result)
    if verdict is None:
        return [_Part("Hint", _nothing_to_hint_at(result))], []
    numbers = _got_and_expected(verdict)
    where = [
        _Part(f"The smallest failing case of {_quoted(verdict)}", _call(result.exercise, verdict), "code")
    ]
    if entries := _entries(verdict):
        subject = verdict.difference.subject if verdict.difference else ""
        where.append(_Part(f"Wrong entries of {subject}", entries, "code", picture=verdict))
    if result.level == 1:
        return where, []
    hint = _Part("Hint", _hint(result))
    if result.level == 2:
        return [hint], where
    in_full = _Part(where[0].title, _call(result.exercise, verdict, in_full=True), "code")
    return [in_full, numbers], [hint, *(replace(part, title="As a picture", body="") for part in where[1:])]


def _shown(result: CheckOutcome) -> CheckVerdict | None:
    """The failed check that hints speak of, the same at all levels: the first one of the function's values."""
    if result.status == NOT_ATTEMPTED:
        return None
    failed = [item for item in result.verdicts if not item.passed and item.observation is not None]
    return next((item for item in failed if _asks_for_values(item.check)), failed[0] if failed else None)


def _asks_for_values(check: PreparedCheck) -> bool:
    return not check.side and all(QuantityName.parse(name).kind != "gradient" for name in check.looks_at)


def _nothing_to_hint_at(result: CheckOutcome) -> str:
    if result.status == CORRECT:
        if result.costs:
            return "There is none: all visible checks have passed, and what costs points is said above."
        return "There is none: all visible checks have passed."
    if result.status in (NOT_ATTEMPTED, NOT_RUN):
        return "There is none yet: hints speak of what your function does."
    return "There is none beyond what is said here: the checks could not look at your function's results."


def _quoted(verdict: CheckVerdict) -> str:
    return f"“{verdict.check.title.rstrip('.')}”"


def _hint(result: CheckOutcome) -> str:
    found = explain(result.diagnosis, name_alternatives=False)
    if found.lead:
        return "\n".join([found.lead, *(f"- {hint}" for hint in found.hints)])
    if found.ideas:
        return found.hints[0]
    shown = _shown(result)
    if shown and shown.difference and shown.difference.is_structural:
        return f"{shown.message[:1].upper()}{shown.message[1:]}."
    if result.diagnosis.fact:
        return fact_in_words(result.diagnosis)
    if result.status == ERROR:
        return "There is none for an exception: what it says, and the line that it names, are all there is to go by."
    return (
        "There is none for this: what is seen is none of the mistakes we know. Work through the smallest failing case "
        "by hand."
    )


def _got_and_expected(verdict: CheckVerdict) -> _Part:
    title = "Got and expected"
    if table := _table(verdict):
        return _Part(*table, "table")
    if expected := expected_in_text(verdict):
        return _Part("Expected of this call, which raised", expected, "table")
    if verdict.place:
        return _Part(title, verdict.place)
    return _Part(title, f"There are no two numbers to be put side by side: {verdict.message}.")


def _call(exercise: str, verdict: CheckVerdict, *, in_full: bool = False) -> str:
    """The case as lines that can be copied and run, and show what the message tells of."""
    case = verdict.check.cases[verdict.case]
    kinds = [f"# {key}: {_argument(value)}" for key, value in case.inputs.items()]
    is_long = case.size > (_MOST_TO_TRY if in_full else _MOST_TO_READ)
    if is_long or not all(map(_can_be_written, case.inputs.values())):
        number = f", {verdict.case}" if verdict.case else ""
        made = [f'{", ".join(case.inputs)} = cu.case("{exercise}", "{verdict.check.id}"{number})']
    else:
        made = [argument_as_code(key, value) for key, value in case.inputs.items()]
        # Of a tiny case the numbers say it all.
        kinds = kinds if case.size > _MOST_TO_READ else []
    name = verdict.difference.quantity if verdict.difference else ""
    calls = call_as_code(exercise.split(".", 1)[1], case, verdict.check.expected[verdict.case], name)
    return "\n".join([*kinds, *made, *calls])


def _can_be_written(value: Argument) -> bool:
    return not isinstance(value, Module) and (not isinstance(value, Input) or value.contiguous)


def _argument(value: Argument) -> str:
    if isinstance(value, Input):
        text = f"{dtype_name(value.tensor.dtype)} tensor of shape {tuple(value.tensor.shape)}"
        text += "" if value.contiguous else ", not contiguous"
        return text + (", wants a gradient" if value.wants_grad else "")
    if isinstance(value, Module):
        return (
            f"a module ({value.name}) with {len(value.state)} parameters and buffers"
            + _contents(value)
            + (", frozen" if value.frozen else ", wants gradients" if value.wants_grad else "")
        )
    return repr(value)


def _contents(module: Module) -> str:
    """What its tensors hold where each is filled with one number, so that the case can be worked by hand."""
    tensors = {name: tensor for name, tensor in module.state.items() if tensor.numel()}
    if not tensors or not all(bool((tensor == tensor.flatten()[0]).all()) for tensor in tensors.values()):
        return ""
    numbers = {name: f"{tensor.flatten()[0].item():g}" for name, tensor in tensors.items()}
    if len(set(numbers.values())) == 1:
        return f", every entry {next(iter(numbers.values()))}"
    return ", filled with " + ", ".join(f"{number} ({name})" for name, number in numbers.items())


def _entries(verdict: CheckVerdict) -> str:
    pair = _tensors(verdict)
    if pair is None or not bool(pair.wrong.any()):
        return ""
    places = pair.wrong.nonzero()
    lines = []
    for place in places[:_MOST_ENTRIES].tolist():
        one, other = unlike(pair.got[tuple(place)].item(), pair.expected[tuple(place)].item())
        lines.append(f"{place}: got {one}, expected {other}")
    if len(places) > _MOST_ENTRIES:
        lines.append(f"and {len(places) - _MOST_ENTRIES} more")
    return "\n".join(lines)


def _table(verdict: CheckVerdict) -> tuple[str, str] | None:
    pair = _tensors(verdict)
    if pair is None or not bool(pair.wrong.any()):  # another dtype with the right values
        return None
    return got_and_expected(pair, verdict.difference.subject if verdict.difference else "")


def _what_next(result: CheckOutcome) -> Iterator[str]:
    if result.status == CORRECT:
        looked_at = ", ".join(result.hidden) or "other values and sizes"
        yield f"Hidden checks also look at: {looked_at}."
        return
    if not result.verdicts or result.status == NOT_ATTEMPTED:
        return
    yield "These are the visible checks; hidden ones, with other values and sizes, decide the points."
    offers = {0: "where it goes wrong", 1: "a hint", 2: "got beside expected, for the smallest failing case"}
    more = offers.get(result.level)
    further = result.level + 1
    if result.status == ERROR:
        # Of a function that only raises there are no entries to compare.
        more = {0: "the call that was made", 1: "what was expected of it", 2: "what was expected of it"}.get(
            result.level
        )
        further = 3 if result.level else 1
    elif result.level == 1 and result.diagnosis.ideas:
        more = (
            "the hint for this very mistake"
            if result.diagnosis.misconception
            else "the hints for such mistakes"
        )
    seen = any(not verdict.passed and verdict.observation is not None for verdict in result.verdicts)
    if more and seen:
        yield f'For {more}: cu.check("{result.exercise}", hint={further})'
        if result.level == 0:
            yield "Hints cost no points; how many you ask for is noted in the file you hand in, and the staff sees it."


# --- HTML -------------------------------------------------------------------------------------------------------


def _part_as_text(parts: list[_Part]) -> Iterator[str]:
    for part in parts:
        if part.body:
            yield f"  {part.title}"
            yield from (f"      {line}" for line in part.body.splitlines())


def _part_as_html(part: _Part) -> str:
    if part.kind == "words":
        body = "".join(f'<div style="{_INDENT}">{_code(line)}</div>' for line in part.body.splitlines())
    else:
        body = _block(part.body, wraps=part.kind == "code") if part.body else ""
    picture = _picture(part.picture) if part.picture else ""
    return f"<div><strong>{escape(part.title)}</strong></div>{body}" + (
        f"<div>{picture}</div>" if picture else ""
    )


def _block(text: str, *, wraps: bool = True) -> str:
    # Notebooks have styles of their own for <pre>. Where lines wrap, one click selects all that is to be copied.
    lines = "white-space: pre-wrap; user-select: all" if wraps else "white-space: pre"
    # Between words alone, whatever the notebook's style sheet says: half a number is another number.
    lines += "; overflow-wrap: normal; word-break: normal"
    style = f"margin: 0.2em 0 0.2em 1.5em; overflow-x: auto; font-family: monospace; color: inherit; {lines}"
    return f'<pre style="{style}">{escape(text)}</pre>'


def _code(text: str) -> str:
    """Escaped text in which the student's line and calls of `cu` are set as code."""
    head, separator, code = text.partition(" of your cell: ")
    if separator:
        return f"{escape(head + separator)}<code>{escape(code)}</code>"
    head, separator, call = text.partition("cu.check(")
    return f"{escape(head)}<code>{escape(separator + call)}</code>" if separator else escape(text)
