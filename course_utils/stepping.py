"""What a loop over training steps needs around it: interrupts between steps, learning rates given back, pace."""

from __future__ import annotations

import signal
import threading
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

# The recorded runs took one to five minutes on two CPU cores.
_SECONDS_OF_A_RUN, _SECONDS_TO_JUDGE = 600.0, 15.0
SLOW = (
    "Much slower than recorded? Close other programs, or torch.set_num_threads(1), or fewer steps: nothing that is "
    "graded depends on it."
)


class Pace:
    """Whether a run takes much longer than the recorded ones, said once."""

    def __init__(self) -> None:
        self._steps, self._seconds, self._is_told = 0, 0.0, False

    def is_slow(self, seconds: float, steps: int) -> bool:
        """Whether it's time to say so.

        Args:
            seconds: that the last step took.
            steps: of the whole run.
        """
        self._steps, self._seconds = self._steps + 1, self._seconds + seconds
        if self._is_told or self._seconds < _SECONDS_TO_JUDGE:
            return False
        self._is_told = self._seconds / self._steps * steps > _SECONDS_OF_A_RUN
        return self._is_told


@contextmanager
def scheduled(optimizer: torch.optim.Optimizer) -> Iterator[None]:
    """Meanwhile `initial_lr` holds the learning rate that was set; afterwards it is the learning rate again."""
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", group["lr"])
    try:
        yield
    finally:
        for group in optimizer.param_groups:
            group["lr"] = group.pop("initial_lr")


@contextmanager
def interrupt_between_steps() -> Iterator[Callable[[], bool]]:
    """Let a step finish when the user interrupts, so that nothing is half done; a second interrupt stops at once."""
    pressed: list[int] = []

    def handler(signum: int, frame: types.FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(signum)

    in_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, handler) if in_main else None
    try:
        yield lambda: bool(pressed)
    except KeyboardInterrupt:
        pass
    finally:
        if in_main:
            signal.signal(signal.SIGINT, before)
