"""The arguments of a visible case, for a student's own cell: what is too long to be written out can be asked for."""

from __future__ import annotations

from typing import Any

from course_utils import shipped
from course_utils.checks.observe import observe
from course_utils.student.meant import UnclearError
from course_utils.student.surroundings import undisturbed


def case_arguments(exercise: str, check: str, number: int = 0) -> Any:
    """The arguments with which a visible check calls your function, made anew each time.

    The hints of `cu.check` show the call to copy: what you get are the very tensors and modules of that case.

    Args:
        exercise: the id of the exercise.
        check: the id of the check.
        number: which of its cases, from 0.

    Returns:
        The arguments in their order; the argument itself, if there is one alone.

    Raises:
        UnclearError: there is no such exercise, check or case.

    Example:
        >>> queries, keys, queue, temperature = cu.case("moco.moco_logits", "logits", 1)
    """
    unit = exercise.split(".", 1)[0]
    if unit not in shipped.known_units() or exercise not in shipped.exercise_ids(unit):
        raise UnclearError(f"There is no exercise {exercise!r}: copy the call that a hint of cu.check shows.")
    prepared, _ = shipped.load_checks(exercise)
    cases = {item.id: item.cases for item in prepared.checks}
    if not 0 <= number < len(cases.get(check, ())):
        raise UnclearError(
            f"{exercise} has no case {number} of a visible check {check!r}: copy the call that a hint of cu.check "
            "shows."
        )
    case = cases[check][number]
    made: dict[str, Any] = {}
    calls = iter(case.calls)

    def keep(*arguments: Any) -> None:
        made.update(zip(next(calls), arguments, strict=True))

    with undisturbed():
        observe(keep, case)
    found = tuple(made[name] for name in case.inputs)
    return found[0] if len(found) == 1 else found
