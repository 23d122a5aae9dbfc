"""Right answers to `simclr.mi_lower_bound` that are written otherwise than the reference."""

import math

import numpy as np
import torch

from course_utils.checks import right


@right
def tensor_of_the_same_dtype(loss, candidates):
    if candidates <= 0:
        raise ValueError("candidates must be at least 1")
    return torch.log(torch.tensor(candidates, dtype=loss.dtype, device=loss.device)) - loss


@right
def minus_loss_and_then_the_logarithm(loss, candidates):
    if not candidates >= 1:
        raise ValueError
    return -loss + math.log(candidates)


@right
def numpy_logarithm(loss, candidates):
    if candidates < 1:
        raise ValueError(candidates)
    return torch.rsub(loss, float(np.log(candidates)))


@right
def logarithm_raises_for_zero(loss, candidates):
    # math.log of zero or less raises a ValueError by itself.
    return math.log(candidates) - loss


@right
def loss_of_a_guess(loss, candidates):
    if candidates < 1:
        raise ValueError("nothing to choose from")
    guess = torch.zeros(candidates, dtype=loss.dtype, device=loss.device).logsumexp(dim=0)
    return guess - loss


@right
def tensor_of_the_default_dtype(loss, candidates):
    if candidates < 1:
        raise ValueError("candidates")
    return torch.log(torch.tensor(float(candidates))) - loss
