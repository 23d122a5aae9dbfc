"""The result of a check as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

import torch

from course_utils.checks.case import Argument, Input, Module
from course_utils.checks.excerpt import Pair, around, failed_pair, unlike
from course_utils.checks.judge import CORRECT, ERROR, NOT_ATTEMPTED, CheckVerdict
from course_utils.checks.observation import dtype_name
from course_utils.checks.wording import FAILED, PASSED, WAITS, explain, fact_in_words, mark
from course_utils.student.expected import expected_in_text
from course_utils.student.outcome import NOT_RUN, CheckOutcome

# Blue and vermilion of Okabe and Ito: told apart by every kind of colour vision, on light and dark ground.
_BLUE, _VERMILION, _GREY = "#0072B2", "#D55E00", "#8a8a8a"
_COLOURS = {PASSED: _BLUE, FAILED: _VERMILION, WAITS: _GREY}

_INDENT = "margin-left: 1.5em"
_HINT = "Hint"
_MOST_PICTURES = 2
_MOST_ENTRIES = 6
# As much as fits beside each other on a laptop.
_MOST_TO_TRY = 120
_TABLE_ROWS, _TABLE_COLUMNS, _TABLE_COLUMNS_OF_INTEGERS = 8, 5, 10


def as_text(result: CheckOutcome) -> str:
    """The whole result in plain text."""
    lines = [f"{result.exercise}: {_score(result)}"]
    lines.extend(f"  {line}" for line in _in_short(result))
    if result.status != NOT_ATTEMPTED:
        for verdict in result.verdicts:
            lines.append(f"  {mark(verdict):<8}  {verdict.check.title}")
            lines.extend(f"            {line}" for line in _why(result, verdict))
    for title, body in _help(result):
        lines.append(f"  {title}")
        lines.extend(f"      {line}" for line in body.splitlines())
    for note in result.notes:
        lines.extend(f"  {line}" for line in note.splitlines())
    lines.extend(f"  {line}" for line in _what_next(result))
    return "\n".join(lines)


def as_html(result: CheckOutcome) -> str:
    """The whole result in HTML: words beside every mark, pictures with alt text, nothing that needs a style sheet."""
    waits = result.status in (NOT_ATTEMPTED, NOT_RUN)
    colour = _BLUE if result.status == CORRECT else _GREY if waits else _VERMILION
    parts = [
        f'<div style="border-left: 4px solid {colour}; padding: 0.2em 0 0.2em 0.9em">',
        f"<div><strong>{escape(result.exercise)}</strong>: {escape(_score(result))}</div>",
    ]
    parts.extend(f"<div>{_code(line)}</div>" for line in _in_short(result))
    if result.status != NOT_ATTEMPTED and result.verdicts:
        parts.append('<ul style="list-style: none; padding-left: 0; margin: 0.4em 0">')
        parts.extend(_items(result))
        parts.append("</ul>")
    for title, body in _help(result):
        text = _paragraphs(body) if title == _HINT else _block(body)
        parts.append(f"<div><em>{escape(title)}</em></div>{text}")
    for note in result.notes:
        first, _, rest = note.partition("\n")
        parts.append(f"<div>{escape(first)}</div>" + (_block(rest) if rest else ""))
    parts.extend(f"<div><small>{_code(line)}</small></div>" for line in _what_next(result))
    parts.append("</div>")
    return "".join(parts)


def points(value: float) -> str:
    """`2.5`, `7`, `3.67`."""
    return f"{round(value, 2):g}"


def _score(result: CheckOutcome) -> str:
    if not result.max_points:
        return result.status
    status = "right as far as the visible checks see" if result.status == CORRECT else result.status
    return f"{status}, {points(result.points)} of {points(result.max_points)} points so far"


def _in_short(result: CheckOutcome) -> Iterator[str]:
    if result.reason:
        yield result.reason
    if result.verdicts and (fact := fact_in_words(result.diagnosis)):
        yield fact


def _why(result: CheckOutcome, verdict: CheckVerdict) -> list[str]:
    raised = verdict.observation is not None and verdict.observation.failure is not None
    if verdict.passed or (raised and result.status == ERROR):
        # Where every call raises, the reason above says it once.
        return []
    return [line for line in (verdict.message, verdict.place) if line]


def _items(result: CheckOutcome) -> Iterator[str]:
    # What is expected of every entry is more than the first answer should say.
    pictures = _MOST_PICTURES if result.level else 0
    for verdict in result.verdicts:
        became = mark(verdict)
        marked = f'<span style="color: {_COLOURS[became]}; font-weight: bold">{became}</span>'
        yield f'<li style="margin: 0.25em 0">{marked} {escape(verdict.check.title)}'
        yield "".join(f'<div style="{_INDENT}">{_code(line)}</div>' for line in _why(result, verdict))
        if not verdict.passed and pictures and (picture := _picture(verdict)):
            pictures -= 1
            yield f'<div style="{_INDENT}">{picture}</div>'
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


def _help(result: CheckOutcome) -> Iterator[tuple[str, str]]:
    failed = [
        verdict for verdict in result.verdicts if not verdict.passed and verdict.observation is not None
    ]
    if not failed or result.status == NOT_ATTEMPTED:
        return
    failed.sort(key=_size)
    # A single number makes no table; the call that is shown is the one the table belongs to.
    smallest = next(filter(_tensors, failed), failed[0]) if result.level >= 3 else failed[0]
    if result.level >= 1:
        yield "Where: the call that went wrong", _call(result.exercise, smallest)
        if result.level < 3 and (entries := _entries(smallest)):
            yield (
                f"Wrong entries of {smallest.difference.subject if smallest.difference else ''}",
                entries,
            )
    if result.level >= 2 and (hint := _hint(result)):
        yield _HINT, hint
    if result.level >= 3:
        if table := _table(smallest):
            yield table
        elif expected := expected_in_text(smallest):
            yield "Expected of this call, which raised", expected
        if case := _to_try(smallest):
            yield "The case, to try your function on (values rounded)", case


def _hint(result: CheckOutcome) -> str:
    found = explain(result.diagnosis, name_alternatives=False)
    if found.lead:
        return "\n".join([found.lead, *(f"- {hint}" for hint in found.hints)])
    if found.ideas:
        return found.hints[0]
    if result.level > 2 or result.status == ERROR:
        return ""
    return (
        "There is none: what is seen is none of the mistakes we know. Work through the smallest failing case by hand; "
        "the next level shows it."
    )


def _to_try(verdict: CheckVerdict) -> str:
    """Assignments that make the inputs of a small case; empty for a large one, and for modules."""
    inputs = verdict.check.cases[verdict.case].inputs
    if any(isinstance(value, Module) for value in inputs.values()) or _size(verdict) > _MOST_TO_TRY:
        return ""
    return "\n".join(f"{name} = {_as_code(value)}" for name, value in inputs.items())


def _as_code(value: Argument) -> str:
    if not isinstance(value, Input):
        return repr(value)
    tensor = value.tensor
    values = [
        f"{item:.4g}" if tensor.is_floating_point() else repr(item) for item in tensor.flatten().tolist()
    ]
    # Bytes taken for int64 would not wrap around.
    usual = tensor.is_floating_point() or tensor.dtype in (torch.int64, torch.bool)
    dtype = "" if usual else f", dtype={tensor.dtype}"
    # Nested lists of a few hundred numbers say less than their shape does.
    return f"torch.tensor([{', '.join(values)}]{dtype}).reshape({', '.join(map(str, tensor.shape))})"


def _size(verdict: CheckVerdict) -> int:
    values = verdict.check.cases[verdict.case].inputs.values()
    return sum(_tensor_size(value) for value in values)


def _tensor_size(value: Argument) -> int:
    if isinstance(value, Input):
        return value.tensor.numel()
    return sum(tensor.numel() for tensor in value.state.values()) if isinstance(value, Module) else 1


def _call(exercise: str, verdict: CheckVerdict) -> str:
    case = verdict.check.cases[verdict.case]
    name = exercise.split(".", 1)[1]
    arguments = [(key, value) for key, value in case.inputs.items()]
    lines = [f"{name}({', '.join(names)})" for names in case.calls]
    lines.extend(f"{key}: {_argument(value)}" for key, value in arguments)
    return "\n".join(lines)


def _argument(value: Argument) -> str:
    if isinstance(value, Input):
        text = f"{dtype_name(value.tensor.dtype)} tensor of shape {tuple(value.tensor.shape)}"
        text += "" if value.contiguous else ", not contiguous"
        return text + (", wants a gradient" if value.wants_grad else "")
    if isinstance(value, Module):
        return f"a module ({value.name}) with {len(value.state)} parameters and buffers" + (
            ", frozen" if value.frozen else ", wants gradients" if value.wants_grad else ""
        )
    return repr(value)


def _entries(verdict: CheckVerdict) -> str:
    pair = _tensors(verdict)
    if pair is None:
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
    """Rows of `got (expected)`, around the first wrong entry if the tensor is large."""
    pair = _tensors(verdict)
    if pair is None:
        return None
    expected, got, wrong = pair.expected, pair.got, pair.wrong
    first = wrong.nonzero()[0].tolist() if bool(wrong.any()) else [0] * wrong.ndim
    name = verdict.difference.subject if verdict.difference else ""
    if expected.ndim > 2:
        leading = tuple(first[:-2])
        expected, got, wrong, first = expected[leading], got[leading], wrong[leading], first[-2:]
        name += f", part {list(leading)}"
    elif expected.ndim == 1:
        expected, got, wrong, first = expected[None], got[None], wrong[None], [0, *first]
    rows = around(first[0], expected.shape[0], _TABLE_ROWS)
    most = _TABLE_COLUMNS if expected.is_floating_point() else _TABLE_COLUMNS_OF_INTEGERS
    columns = around(first[1], expected.shape[1], most)
    cells = [["", *(f"column {j}" for j in columns)]]
    for i in rows:
        cells.append(
            [f"row {i}"]
            + [
                "{} ({}){}".format(
                    *unlike(got[i, j].item(), expected[i, j].item(), wrong=bool(wrong[i, j])),
                    "*" if wrong[i, j] else " ",
                )
                for j in columns
            ]
        )
    widths = [max(len(row[k]) for row in cells) for k in range(len(cells[0]))]
    body = "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells
    )
    parts = [
        f"{word} {part.start} to {part.stop - 1} of {size}"
        for word, part, size in zip(("rows", "columns"), (rows, columns), expected.shape, strict=True)
        if len(part) < size
    ]
    return f"Got (expected), wrong ones with a star: {', '.join([name, *parts])}", body


def _what_next(result: CheckOutcome) -> Iterator[str]:
    if result.status == CORRECT:
        yield "Hidden checks, with other values and sizes, decide the points."
        return
    if not result.verdicts or result.status == NOT_ATTEMPTED:
        return
    yield "These are the visible checks; hidden ones, with other values and sizes, decide the rest of the points."
    more = {0: "where it goes wrong", 1: "a hint", 2: "the smallest failing case in full"}.get(result.level)
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


def _paragraphs(text: str) -> str:
    return "".join(f'<div style="{_INDENT}">{_code(line)}</div>' for line in text.splitlines())


def _block(text: str) -> str:
    # Notebooks have styles of their own for <pre>, with another font and wrapped lines.
    style = "margin: 0.2em 0 0.2em 1.5em; overflow-x: auto; font-family: monospace; white-space: pre"
    return f'<pre style="{style}">{escape(text)}</pre>'


def _code(text: str) -> str:
    """Escaped text in which the student's line and calls of `cu` are set as code."""
    head, separator, code = text.partition(" of your cell: ")
    if separator:
        return f"{escape(head + separator)}<code>{escape(code)}</code>"
    head, separator, call = text.partition("cu.check(")
    return f"{escape(head)}<code>{escape(separator + call)}</code>" if separator else escape(text)
