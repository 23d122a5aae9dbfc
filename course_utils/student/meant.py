"""Which exercise and which hint are meant by what was given to `cu.check`."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course_utils import shipped
from course_utils.errors import CourseError
from course_utils.setup import Setup
from course_utils.slices.names import function_name, plain_name

_SETUP = re.compile(r"""\bsetup\(\s*(?:unit\s*=\s*)?["'](\w+)["']""")
# How functions are kept by what wraps them: functools.wraps, torch.compile.
_WRAPPED = ("__wrapped__", "_torchdynamo_orig_callable", "_orig_mod", "func", "__func__")
_MOST_WRAPPERS = 20
_MOST_LEVEL = 3


class UnclearError(CourseError):
    """It can't be told what is meant; the message is a sentence with the way out."""


@dataclass(frozen=True)
class Meant:
    """What was asked for.

    Attributes:
        exercise: its id.
        remarks: sentences on how the question was understood, where that needs saying.
    """

    exercise: str
    remarks: tuple[str, ...] = ()


def unit_here(namespace: Mapping[str, Any]) -> str | None:
    """The unit of a notebook, as its call of `cu.setup` names it.

    Args:
        namespace: the notebook's globals.
    """
    for value in reversed(list(namespace.values())):
        if isinstance(value, Setup):
            return value.unit
    history = namespace.get("In")
    cells = [text for text in history if isinstance(text, str)] if isinstance(history, list) else []
    named = [name for text in cells for name in _SETUP.findall(text) if name in shipped.known_units()]
    return named[-1] if named else None


def meant_exercise(given: object, namespace: Mapping[str, Any]) -> Meant:
    """The exercise that is meant by its id, its function's name, the function itself, its unit, or nothing at all.

    Args:
        given: what was given to `cu.check`.
        namespace: the notebook's globals.

    Raises:
        UnclearError: none is, or any of several.
    """
    here = unit_here(namespace)
    if isinstance(given, Setup):
        given = given.unit
    if given is None:
        if here is None:
            raise UnclearError(f"Give the id of the exercise, as in its header: {_call(_any_exercise())}.")
        return Meant(_only_one(here, f"Which exercise? {here} has"))
    if isinstance(given, str):
        return Meant(_by_text(given, here))
    if callable(given):
        return _by_function(given, namespace, here)
    raise UnclearError(
        f"Give the id of the exercise as a text, not what is of type {type(given).__name__}: "
        f"{_call(_any_exercise(here))}."
    )


def meant_level(hint: object, exercise: str) -> tuple[int, tuple[str, ...]]:
    """The level of a hint, 0 to 3, and a sentence if another number was given.

    Raises:
        UnclearError: it is no number.
    """
    try:
        asked = int(hint)  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        raise UnclearError(
            f"A hint is one of the numbers 0, 1, 2 and 3: cu.check({exercise!r}, hint=1)."
        ) from None
    level = min(max(asked, 0), _MOST_LEVEL)
    if asked > _MOST_LEVEL:
        return level, (f"Hints go from 1 to 3, so this is hint {level}.",)
    if asked < 0:
        return level, ("Hints go from 1 to 3, so this is none.",)
    return level, ()


def meant_options(more: Sequence[object], hint: object, others: Mapping[str, object]) -> object:
    """The hint that is meant by all that was given to `cu.check` besides the exercise: `2`, `hints=2`.

    Raises:
        UnclearError: something else was given too.
    """
    likely = [value for name, value in others.items() if re.match("hint|level", name, re.IGNORECASE)]
    found = [*more, *likely]
    if len(found) > 1 or len(likely) < len(others) or (found and hint):
        raise UnclearError(
            f"cu.check takes one exercise, and hint=1, 2 or 3 if you like: {_call(_any_exercise(), 1)}."
        )
    return found[0] if found else hint


def calls_here(namespace: Mapping[str, Any]) -> str:
    """How the exercises of a notebook are checked: `cu.check("a.f"), cu.check("a.g") or cu.check("a.h")`.

    Args:
        namespace: the notebook's globals.
    """
    here = unit_here(namespace)
    return _listed(here, "or") if here in shipped.known_units() else _call(_any_exercise())


def elsewhere(exercise: str, namespace: Mapping[str, Any]) -> str:
    """A sentence, if an exercise is not one of the notebook's; else nothing."""
    unit, here = exercise.split(".", 1)[0], unit_here(namespace)
    if here is None or here == unit:
        return ""
    return (
        f"{exercise} is an exercise of the notebook {unit}, and this one is {here}: it has {_listed(here)}."
    )


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """The one of some names that is most like a text; empty if none is."""
    lowered = {name.lower(): name for name in known}
    found = difflib.get_close_matches(text.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else ""


def _by_text(text: str, here: str | None) -> str:
    units = shipped.known_units()
    # Those of this notebook come first.
    ids = [id_ for unit in sorted(units, key=lambda unit: unit != here) for id_ in shipped.exercise_ids(unit)]
    if text in ids:
        return text
    wanted = plain_name(text)
    if wanted in units:
        return _only_one(wanted, f"{wanted} is a problem set, and has")
    for plain in (plain_name, lambda id_: plain_name(function_name(id_))):
        fits = [id_ for id_ in ids if plain(id_) == wanted]
        if fits:
            return fits[0]
    names = {**{function_name(id_): id_ for id_ in reversed(ids)}, **{id_: id_ for id_ in ids}}
    names |= {unit: unit for unit in units}
    close = names.get(did_you_mean(text, names), "")
    question = f" Did you mean {_call(close)}?" if close else ""
    unit = text.split(".", 1)[0]
    if unit in units:
        raise UnclearError(
            f"There is no exercise {text!r}: {unit} has {', '.join(sorted(shipped.exercise_ids(unit)))}.{question}"
        )
    there = f"this notebook has {_listed(here)}" if here else f"known problem sets are {', '.join(units)}"
    raise UnclearError(f"There is no exercise {text!r}: {there}.{question}")


def _by_function(given: Callable[..., Any], namespace: Mapping[str, Any], here: str | None) -> Meant:
    units = sorted(shipped.known_units(), key=lambda unit: unit != here)
    ids = {function_name(id_): id_ for unit in reversed(units) for id_ in shipped.exercise_ids(unit)}
    bound = [name for name, value in namespace.items() if value is given]
    for name in (*bound, *_names(given)):
        if name in ids:
            differs = name in namespace and namespace[name] is not given
            remark = (
                f"What is checked is {name} as it stands in this notebook, as the grader will take it, and not what "
                "was passed to cu.check."
            )
            return Meant(ids[name], (remark,) if differs else ())
    called = next(iter(_names(given)), "") or "the function that was passed"
    raise UnclearError(
        f"No exercise has the name {called}, and exercises are found by their function's name: give the id, as in "
        f"{_call(_any_exercise(here))}."
    )


def _names(given: object) -> list[str]:
    """The names of a function, and of what it is wrapped around, from the outside in."""
    names: list[str] = []
    for _ in range(_MOST_WRAPPERS):
        name = getattr(given, "__name__", "")
        if isinstance(name, str) and name:
            names.append(name)
        inner = next((item for key in _WRAPPED if (item := getattr(given, key, None)) is not None), None)
        if not callable(inner):
            break
        given = inner
    return names


def _only_one(unit: str, has: str) -> str:
    ids = shipped.exercise_ids(unit)
    if len(ids) == 1:
        return ids[0]
    raise UnclearError(f"{has} {_listed(unit)}.")


def _listed(unit: str, last: str = "and") -> str:
    calls = list(map(_call, shipped.exercise_ids(unit)))
    return calls[0] if len(calls) == 1 else f"{', '.join(calls[:-1])} {last} {calls[-1]}"


def _call(exercise: str, hint: int = 0) -> str:
    return f'cu.check("{exercise}"{f", hint={hint}" if hint else ""})'


def _any_exercise(here: str | None = None) -> str:
    units = shipped.known_units()
    unit = here if here in units else "moco" if "moco" in units else next(iter(units), "")
    return next(iter(shipped.exercise_ids(unit)), "") if unit else "moco.enqueue"
