"""Judge functions of ours, run in this process: references, wrong answers and right ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from course_utils.checks.judge import Verdict, judge
from course_utils.checks.observe import observe
from course_utils.checks.prepared import PreparedExercise


def judge_function(prepared: PreparedExercise, function: Callable[..., Any]) -> Verdict:
    """The verdict on a function of ours, run in this process."""
    with torch.random.fork_rng(devices=[]):
        return judge(
            prepared,
            {check.id: [observe(function, case) for case in check.cases] for check in prepared.checks},
        )


def told_by_properties(verdict: Verdict) -> bool:
    """Whether all checks that failed are properties: there an idea has no one observation to be known by."""
    return all(item.passed or item.check.property is not None for item in verdict.checks)
