"""Reference of `moco.cosine_learning_rate`."""

import math


def cosine_learning_rate(step: int, steps: int, base: float, warmup: int = 0, final: float = 0.0) -> float:
    """Learning rate of one step: a linear rise, then half a cosine (Loshchilov & Hutter 2017, equation 5).

    In the rise, for step < warmup, it is ``base * (step + 1) / (warmup + 1)``, so that no step has a rate of 0. From
    there on to the end of the run, without restarts,

        final + (base - final) * (1 + cos(pi * (step - warmup) / (steps - warmup))) / 2,

    which is `base` at step `warmup`. At step `steps`, one after the last, it arrives at `final` and stays there.

    Args:
        step: number of the step, the first one is 0; it may lie beyond the end.
        steps: length of the whole run, the rise counted.
        base: the largest rate.
        warmup: length of the rise.
        final: the rate after the end.

    Returns:
        The rate, a Python float.

    Raises:
        ValueError: `step` is negative, or `warmup` is not in [0, steps).
    """
    if step < 0:
        raise ValueError("the first step has number 0")
    if warmup < 0 or warmup >= steps:
        raise ValueError("the rise does not fit into the run")
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    progress = min(1.0, (step - warmup) / (steps - warmup))
    return final + (base - final) * (1 + math.cos(math.pi * progress)) / 2
