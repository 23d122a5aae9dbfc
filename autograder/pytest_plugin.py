"""`pytest --submission FILE solutions/moco`: the grader's verdict on one notebook, one pytest item for each check.

The verdicts come from `autograder.grading.grader`, so they are those of `autograder grade`. Without `--submission` the
unit's own reference is graded, and everything passes.

Of `course.toml` the limits, the secret and `disabled` are obeyed: checks of an exercise that is disabled are skipped,
with the reason. `points` has no say here: a check passes or fails, and no scores are shown. Nor has lateness.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.course.config import find_root
from autograder.course.units import FILES, load_unit
from autograder.errors import UserError
from course_utils.checks.judge import CheckVerdict, Verdict


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--submission`."""
    group = parser.getgroup("autograder")
    group.addoption(
        "--unsafe", action="store_true", help="run the submission with whatever isolation there is, even none"
    )
    group.addoption(
        "--submission", type=Path, help="notebook or script to check against the units' hidden checks"
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ChecksFile | None:
    """A unit's `checks.py` is collected if its other files lie beside it."""
    if file_path.name == "checks.py" and all((file_path.parent / name).is_file() for name in FILES):
        collected: ChecksFile = ChecksFile.from_parent(parent, path=file_path)
        return collected
    return None


class ChecksFile(pytest.File):
    """All checks of a unit."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each check."""
        from autograder.course.config import check_exercises, load_course

        try:
            root = find_root(self.path.parent)
            self._unit = load_unit(root, self.path.parent.name)
            self._course = load_course(root)
            check_exercises(root, self._course, self._unit.id, self._unit.exercises)
        except UserError as error:
            raise pytest.UsageError(str(error)) from error
        self._verdicts: dict[str, Verdict] | None = None
        for exercise in self._unit.exercises.values():
            for check in exercise.checks:
                item: CheckItem = CheckItem.from_parent(
                    self, name=f"{exercise.id}/{check.id}", exercise=exercise.id, check=check.id
                )
                if exercise.id in self._course.disabled:
                    reason = f"{exercise.id} is disabled in course.toml: not graded"
                    item.add_marker(pytest.mark.skip(reason=reason))
                yield item

    def verdict(self, exercise: str) -> Verdict:
        """The verdict on an exercise; the first call grades the submission."""
        if self._verdicts is None:
            self._verdicts = self._grade()
        return self._verdicts[exercise]

    def _grade(self) -> dict[str, Verdict]:
        from autograder.course.config import secret
        from autograder.grading.grader import Grader, Limits, Policy
        from autograder.intake.submission import Unreadable, read_submission
        from autograder.sandbox.tiers import probe, require

        root, course = self._unit.root, self._course
        path = self.config.getoption("--submission") or self._unit.paths["reference.py"]
        if not path.is_file():
            raise pytest.UsageError(f"--submission {path}: no such file")
        submission = read_submission(path, self._unit.id, path.stem)
        if isinstance(submission, Unreadable):
            raise pytest.UsageError(f"{path}: {submission.reason}")
        limits = Limits(course.limits.seconds, course.limits.memory_mb)
        policy = Policy(disabled=course.disabled)
        tier = probe().best
        try:
            require(tier, course.sandbox, unsafe=self.config.getoption("--unsafe"))
        except UserError as error:
            raise pytest.UsageError(str(error)) from error
        with Grader(self._unit, secret(root, course)[0], limits, policy=policy, tier=tier) as grader:
            return dict(grader.grade(submission).verdicts)


class CheckItem(pytest.Item):
    """One check."""

    def __init__(self, *, exercise: str, check: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._exercise = exercise
        self._check = check

    def runtest(self) -> None:
        """Fails with the check's message, the exercise's diagnosis and its hint."""
        assert isinstance(self.parent, ChecksFile)
        verdict = self.parent.verdict(self._exercise)
        found = next(item for item in verdict.checks if item.check.id == self._check)
        if not found.passed:
            raise CheckFailed(verdict, found)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The message alone: a stack of ours says nothing about the student's code."""
        return (
            str(excinfo.value)
            if isinstance(excinfo.value, CheckFailed)
            else super().repr_failure(excinfo, style)
        )

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where the item comes from."""
        return self.path, 0, self.name


class CheckFailed(Exception):
    """A check that did not pass."""

    def __init__(self, verdict: Verdict, failed: CheckVerdict) -> None:
        lines = [f"{verdict.exercise}: {verdict.status}", f"{failed.check.title}", f"  {failed.message}"]
        if verdict.misconception:
            lines.append(f"  {verdict.misconception}: {verdict.hint}")
        elif verdict.alike:
            lines.append(f"  one of several known mistakes: {', '.join(verdict.alike)}")
        lines += [f"  {name}: {hint}" for name, hint in verdict.together.items()]
        super().__init__("\n".join(lines))
