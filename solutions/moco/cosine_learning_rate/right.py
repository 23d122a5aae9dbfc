"""Right answers to `moco.cosine_learning_rate` that are written otherwise than the reference."""

import cmath
import math
from functools import partial

import numpy as np
import torch
from torch import nn

from course_utils.checks import RightAnswer, right


def _fits(step, steps, warmup):
    if step < 0:
        raise ValueError("negative step")
    if warmup < 0 or warmup >= steps:
        raise ValueError("warm-up")


@right
def three_parts(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step < warmup:
        return (step + 1) / (warmup + 1) * base
    if step >= steps:
        return final
    angle = math.pi * (step - warmup) / (steps - warmup)
    return final + 0.5 * (base - final) * (1 + math.cos(angle))


@right
def weights_of_both_ends(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step < warmup:
        return base - base * (warmup - step) / (warmup + 1)
    share = (1 + math.cos(math.pi * min(step - warmup, steps - warmup) / (steps - warmup))) / 2
    return share * base + (1 - share) * final


@right
def square_of_a_cosine(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step < warmup:
        return base / (warmup + 1) * (step + 1)
    half = 0.5 * math.pi * (min(step, steps) - warmup) / (steps - warmup)
    return final + (base - final) * math.cos(half) ** 2


@right
def square_of_a_sine(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step < warmup:
        return base * (1 + step) / (1 + warmup)
    left = max(0, steps - step) / (steps - warmup)
    return final + (base - final) * math.sin(math.pi / 2 * left) ** 2


@right
def middle_and_half_range(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step < warmup:
        return base * ((step + 1) / (warmup + 1))
    step = step if step < steps else steps
    return (base + final) / 2 + (base - final) / 2 * math.cos(math.pi * (step - warmup) / (steps - warmup))


@right
def from_the_top(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step - warmup < 0:
        return base * (step + 1) / (warmup + 1)
    fraction = 1.0 if step > steps else (step - warmup) / (steps - warmup)
    return base - (base - final) * 0.5 * (1 - np.cos(np.pi * fraction))


@right
def numpy_interpolation(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step < warmup:
        return float(np.interp(step, [-1, warmup], [0.0, base]))
    progress = np.clip((step - warmup) / (steps - warmup), 0, 1)
    return np.float64(final + (base - final) * (1 + np.cos(progress * np.pi)) / 2).item()


@right
def numbers_of_torch(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    progress = torch.tensor((step - warmup) / (steps - warmup), dtype=torch.float64).clamp(max=1)
    return (final + (base - final) * (1 + torch.cos(torch.pi * progress)) / 2).item()


@right
def scheduler_of_torch(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    if step > steps:
        return float(final)
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=base)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps - warmup, eta_min=final)
    scheduler.last_epoch = step - warmup
    return scheduler._get_closed_form_lr()[0]


@right
def real_part_of_an_exponential(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    turned = cmath.exp(1j * math.pi * min((step - warmup) / (steps - warmup), 1))
    return final + (base - final) * (1 + turned.real) / 2


@right
def a_function_for_each_part(step, steps, base, warmup=0, final=0.0):
    def rise():
        return base * (step + 1) / (warmup + 1)

    def fall():
        progress = (step - warmup) / (steps - warmup)
        return final + (base - final) * (math.cos(progress * math.pi) + 1) / 2

    _fits(step, steps, warmup)
    return rise() if step < warmup else fall() if step < steps else final


@right
def cases_by_match(step, steps, base, warmup=0, final=0.0):
    class BadSchedule(ValueError):
        pass

    match step:
        case _ if step < 0 or warmup not in range(max(steps, 0)):
            raise BadSchedule(step, steps, warmup)
        case _ if step < warmup:
            return base * (step + 1) / (warmup + 1)
        case _ if step >= steps:
            return final
        case _:
            return final + (base - final) * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


@right
def degrees_turned_into_radians(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    degrees = min(180.0, 180.0 * (step - warmup) / (steps - warmup))
    return final + (base - final) * (1 + math.cos(math.radians(degrees))) / 2


@right
def whole_table(step, steps, base, warmup=0, final=0.0):
    _fits(step, steps, warmup)
    table = [base * (k + 1) / (warmup + 1) for k in range(warmup)]
    falling = np.arange(steps - warmup) / (steps - warmup)
    table += (final + (base - final) * (1 + np.cos(np.pi * falling)) / 2).tolist()
    return table[step] if step < steps else final


def _rate(step, steps, base, warmup=0, final=0.0, *, cosine):
    _fits(step, steps, warmup)
    if step < warmup:
        return base * (step + 1) / (warmup + 1)
    return final + (base - final) * (1 + cosine(math.pi * min(1, (step - warmup) / (steps - warmup)))) / 2


PARTIAL = RightAnswer("partial", partial(_rate, cosine=math.cos))
