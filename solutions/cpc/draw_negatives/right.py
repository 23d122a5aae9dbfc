"""Right answers to `cpc.draw_negatives` that are written otherwise than the reference."""

import math

import numpy as np
import torch

from course_utils.checks import right


@right
def one_number_after_the_other(uniforms):
    p = uniforms.shape[0]
    if p < 2:
        raise ValueError("at least two positions")
    rows = []
    for i, row in enumerate(uniforms.tolist()):
        others = [j for j in range(p) if j != i]
        rows.append([others[math.floor(u * (p - 1))] for u in row])
    return torch.tensor(rows, dtype=torch.int64, device=uniforms.device)


@right
def where_not_below_the_own(uniforms):
    p, m = uniforms.shape
    if p <= 1:
        raise ValueError
    drawn = torch.floor(uniforms * (p - 1)).to(torch.int64)
    own = torch.arange(p, device=drawn.device)[:, None].expand(p, m)
    return torch.where(drawn < own, drawn, drawn + 1)


@right
def table_of_the_others(uniforms):
    p = len(uniforms)
    if p < 2:
        raise ValueError(p)
    everyone = torch.arange(p, device=uniforms.device).repeat(p, 1)
    others = everyone[~torch.eye(p, dtype=torch.bool, device=uniforms.device)].reshape(p, p - 1)
    return others.gather(1, uniforms.mul(p - 1).floor().long())


@right
def raised_row_by_row(uniforms):
    p = uniforms.size(0)
    if p < 2:
        raise ValueError("no others")
    drawn = torch.trunc(uniforms.detach() * (p - 1)).long()
    for i in range(p):
        drawn[i][drawn[i] >= i] += 1
    return drawn


@right
def in_numpy(uniforms):
    u = uniforms.detach().cpu().numpy()
    if u.shape[0] < 2:
        raise ValueError("fewer than two positions")
    drawn = np.floor(u * (u.shape[0] - 1)).astype(np.int64)
    drawn += drawn >= np.arange(u.shape[0]).reshape(-1, 1)
    return torch.from_numpy(drawn).to(uniforms.device)


@right
def counted_in_float64_and_clamped(uniforms):
    p = len(uniforms)
    if not p > 1:
        raise ValueError("two positions at least")
    drawn = (uniforms.double() * (p - 1)).floor().clamp(0, p - 2)
    own = torch.arange(p, dtype=drawn.dtype, device=drawn.device).view(-1, 1)
    return (drawn + torch.heaviside(drawn - own, torch.ones_like(drawn))).long()
