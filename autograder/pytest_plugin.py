"""`pytest --submission FILE solutions/moco`: the grader's verdict on one notebook, one pytest item for each check.

The verdicts come from `autograder.grading`, so they are those of `autograder grade`. Nothing else is collected then,
and without `--submission` nothing of this is.

Of `course.toml` the limits, the secret and `disabled` are obeyed: checks of an exercise that is disabled are skipped,
with the reason. `points` has no say here: a check passes or fails, and no scores are shown. Nor has lateness.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from autograder.course.config import find_root
from autograder.course.exercises import NEEDED
from autograder.course.units import NOTEBOOK, Unit, load_unit
from autograder.errors import AutograderError, UserError
from autograder.results import UNREADABLE, CheckLine, ExerciseLine, texts
from course_utils.checks.wording import in_lines


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--submission`."""
    group = parser.getgroup("autograder")
    group.addoption(
        "--unsafe", action="store_true", help="run the submission with whatever isolation there is, even none"
    )
    group.addoption(
        "--submission", type=Path, help="notebook or script to check against the units' hidden checks"
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `--submission`, the checks of exercises are all there is to collect."""
    if config.getoption("--submission") and collection_path.is_file() and not _is_exercise(collection_path):
        return True
    return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files that were named on the command line are collected whatever is said above."""
    if config.getoption("--submission"):
        others = [item for item in items if not isinstance(item, CheckItem)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if isinstance(item, CheckItem)]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ChecksFile | None:
    """With `--submission`, an exercise's `checks.py` is collected."""
    if parent.config.getoption("--submission") and _is_exercise(file_path):
        collected: ChecksFile = ChecksFile.from_parent(parent, path=file_path)
        return collected
    return None


def _is_exercise(path: Path) -> bool:
    folder = path.parent
    return (
        path.name == "checks.py"
        and (folder.parent / NOTEBOOK).is_file()
        and all((folder / name).is_file() for name in NEEDED)
    )


class ChecksFile(pytest.File):
    """All checks of an exercise."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each check."""
        name = f"{self.path.parent.parent.name}.{self.path.parent.name}"
        self._graded = _graded(self.config, self.path.parent.parent)
        for check in self._graded.unit.exercises[name].checks:
            item: CheckItem = CheckItem.from_parent(
                self, name=f"{name}/{check.id}", exercise=name, check=check.id
            )
            if name in self._graded.course.disabled:
                item.add_marker(pytest.mark.skip(reason=f"{name} is disabled in course.toml: not graded"))
            yield item

    def result(self, exercise: str) -> ExerciseLine:
        """What became of an exercise; the first call grades the submission."""
        return self._graded.exercises[exercise]


_UNITS = pytest.StashKey[dict[Path, "_Graded"]]()


def _graded(config: pytest.Config, folder: Path) -> _Graded:
    """The unit in a folder, one object for all of its exercises."""
    units = config.stash.setdefault(_UNITS, {})
    if folder not in units:
        try:
            units[folder] = _Graded(config, folder)
        except UserError as error:
            raise pytest.UsageError(str(error)) from error
    return units[folder]


class _Graded:
    """A unit, and what its grader says of the submission."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        from autograder.course.config import check_exercises, load_course

        root = find_root(folder)
        self.unit: Unit = load_unit(root, folder.name)
        self.course = load_course(root)
        check_exercises(root, self.course, self.unit.id, self.unit.exercises)
        self._submission: Path = config.getoption("--submission")
        self._unsafe: bool = config.getoption("--unsafe")

    @cached_property
    def exercises(self) -> dict[str, ExerciseLine]:
        """Exercise id -> what became of it; the first access grades the submission."""
        from autograder.course.config import secret
        from autograder.grading.grader import Grader, Policy
        from autograder.intake.submission import Unreadable, read_submission
        from autograder.sandbox.tiers import probe, require

        root, course, path = self.unit.root, self.course, self._submission
        if not path.is_file():
            raise pytest.UsageError(f"--submission {path}: no such file")
        submission = read_submission(path, self.unit.id, path.stem)
        if isinstance(submission, Unreadable):
            raise pytest.UsageError(f"{path}: {submission.reason}")
        limits = course.limits
        policy = Policy(disabled=course.disabled)
        tier = probe().best
        try:
            require(tier, course.sandbox, unsafe=self._unsafe)
        except UserError as error:
            raise pytest.UsageError(str(error)) from error
        with Grader(self.unit, secret(root, course)[0], limits, policy=policy, tier=tier) as grader:
            line = grader.grade(submission)
        if line.status == UNREADABLE:
            raise pytest.UsageError(f"{path}: {texts(line.flags)}")
        return line.exercises


class CheckItem(pytest.Item):
    """One check."""

    def __init__(self, *, exercise: str, check: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._exercise = exercise
        self._check = check

    def runtest(self) -> None:
        """Fails with the check's message, the exercise's diagnosis and its hint."""
        assert isinstance(self.parent, ChecksFile)
        result = self.parent.result(self._exercise)
        found = next(item for item in result.checks if item.id == self._check)
        if not found.passed:
            raise CheckFailed(self._exercise, result, found)

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


class CheckFailed(AutograderError):
    """A check that did not pass."""

    def __init__(self, exercise: str, result: ExerciseLine, failed: CheckLine) -> None:
        lines = [f"{exercise}: {result.status}", failed.title, f"  {failed.message}"]
        lines += [f"  {line}" for line in in_lines(result.diagnosis)]
        super().__init__("\n".join(lines))
