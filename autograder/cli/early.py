"""Start the fork server before anything else is imported: torch then loads on both sides at the same time."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from autograder.course.config import Course
from autograder.sandbox.starter import ForkServer
from autograder.sandbox.tiers import choose


@contextlib.contextmanager
def early_server(
    course: Course, *, jobs: int, device: str, tier: str | None, unsafe: bool
) -> Iterator[ForkServer | None]:
    """A fork server for a run on this machine's processors; None where a GPU may be used, which torch is asked about.

    Args:
        course: the course.
        jobs: submissions graded at the same time.
        device: `auto`, `cpu` or `cuda`.
        tier: the sandbox tier to use; the best that this machine has if left out.
        unsafe: allow a weaker tier than the course asks for.

    Raises:
        UserError: there is no such tier.
    """
    if device == "cuda" or (device == "auto" and any(Path("/dev").glob("nvidia*"))):
        yield None
        return
    limits = course.limits
    with ForkServer(limits, choose(tier, course.sandbox, unsafe=unsafe), workers=jobs) as server:
        yield server
