"""Hand-ins with which nbgrader fails: what there was before stays, and the log has a sentence in place of a stack."""

from __future__ import annotations

import contextlib
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from autograder.errors import UserError

_STACK = "Traceback (most recent call last)"
_SEE_STACK = "Please see the the above traceback"


class EarlierResult:
    """What an earlier `nbgrader autograde` made of one student's work, while it is made anew."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._place, self._student = Path(), ""

    @property
    def is_there(self) -> bool:
        """Whether there is one."""
        return self._folder is not None

    def keep(self, place: Path, student: str) -> None:
        """Remember what is in a folder, if there is one."""
        self.drop()
        if place.is_dir():
            self._place, self._student = place.absolute(), student
            self._folder = tempfile.TemporaryDirectory()
            shutil.copytree(place, self._copy, symlinks=True)

    def drop(self) -> None:
        """Forget it: there is a new one, or nothing was changed."""
        if self._folder is not None:
            self._folder.cleanup()
        self._folder = None

    def put_back(self) -> None:
        """Make the folder what it was, unless it was dropped."""
        if self._folder is None:
            return
        shutil.rmtree(self._place, ignore_errors=True)
        shutil.copytree(self._copy, self._place, symlinks=True)
        self._log.warning(
            "%s: what was autograded before stays, in %s and in the gradebook", self._student, self._place
        )
        self.drop()

    @property
    def _copy(self) -> Path:
        return Path(self._folder.name if self._folder else "", "copy")


@contextlib.contextmanager
def told_in_a_sentence(log: Any) -> Iterator[None]:
    """Where nbgrader logs the stack of an exception of ours that says what to do, log what it says and no stack."""
    shorter = _Shorter()
    logger = log.logger if isinstance(log, logging.LoggerAdapter) else log
    logger.addFilter(shorter)
    try:
        yield
    finally:
        logger.removeFilter(shorter)


class _Shorter(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self._has_stack = False

    def filter(self, record: logging.LogRecord) -> bool:
        error = sys.exc_info()[1]
        message = record.getMessage()
        if message.startswith(_STACK):
            if isinstance(error, UserError):
                record.msg, record.args = str(error), ()
            else:
                self._has_stack = True
        elif message.startswith(_SEE_STACK) and not self._has_stack:
            record.msg, record.args = "The reasons are given above.", ()
        return True
