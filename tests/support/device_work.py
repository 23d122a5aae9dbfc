"""Work for the processes of `benchmarks.device.section`, which end, hang or go on."""

from __future__ import annotations

import os
import time
from typing import Any


def work(task: tuple[Any, ...], device: str, until: float) -> dict[str, Any]:
    """Do what the task says."""
    (what,) = task
    if what == "die":
        os._exit(3)
    if what == "hang":
        time.sleep(600)
    return {"broken": "of no more use"} if what == "break" else {"process": os.getpid(), "device": device}
