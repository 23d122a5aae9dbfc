"""What code of a student's runs in here: random generators and torch's settings as a fresh Python has them."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
import torch


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Leave the random generators and torch's settings as they were, and start from torch's own defaults."""
    # NumPy's old global generator: notebooks may still use it.
    python, numpy, dtype = random.getstate(), np.random.get_state(), torch.get_default_dtype()  # noqa: NPY002
    # Every GPU: a function may draw on any of them.
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else ()
    deterministic = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    with torch.random.fork_rng(devices=devices), torch.device("cpu"), torch.enable_grad():
        torch.set_default_dtype(torch.float32)
        torch.use_deterministic_algorithms(False)
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
