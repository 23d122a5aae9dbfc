"""Whether a verdict on a wrong answer tells something: a name, or a fact that says more than "the values are wrong"."""

from __future__ import annotations

import re

from course_utils.checks.judge import Verdict

BY_NAME, BY_FACT, BARELY = "name", "fact", "bare"

# Said of a tensor or a number that is wrong, and nothing more.
_BARE = re.compile(
    r"( is wrong| is wrong in \d+ of \d+ entries| is too (large|small)| has the wrong value)(; likewise .*)?$"
)
# What a hidden check may say, which does not depend on the expected values: a type, an exception, NaN.
_OF_HIDDEN = re.compile(r"should |raised |NaN|infinite|is unchanged|is zero|is missing")


def kind_of_telling(hidden: Verdict, visible: Verdict) -> str:
    """What a wrong answer is told: `BY_NAME`, `BY_FACT` or `BARELY`.

    Args:
        hidden: the grader's verdict, of which a hidden check tells only what does not depend on expected values.
        visible: the verdict on the visible checks, with all that their messages say.
    """
    if hidden.diagnosis.ideas or visible.diagnosis.ideas:
        return BY_NAME
    if hidden.diagnosis.fact or visible.diagnosis.fact:
        return BY_FACT
    if any(_tells(item.message) for item in visible.checks if not item.passed and not item.waits):
        return BY_FACT
    messages = [item.message for item in hidden.checks if not item.passed and not item.waits]
    return BY_FACT if any(_OF_HIDDEN.search(message) for message in messages) else BARELY


def _tells(message: str) -> bool:
    return bool(message) and not _BARE.search(message)
