"""Right answers to `cpc.cpc_scores` that are written otherwise than the reference."""

import torch

from course_utils.checks import right


@right
def one_step_and_time_after_the_other(z, context, weights):
    t, k = z.shape[1], weights.shape[0]
    if k >= t:
        raise ValueError("too many steps")
    planes = []
    for s in range(k):
        for u in range(t - k):
            predicted = context[:, u] @ weights[s].T
            planes.append(predicted @ z[:, u + s + 1].T)
    return torch.stack(planes).reshape(k, t - k, len(z), len(z))


@right
def one_einsum(z, context, weights):
    k = len(weights)
    u = z.size(1) - k
    if u <= 0:
        raise ValueError(f"k = {k} is too large")
    ahead = torch.arange(u, device=z.device) + torch.arange(1, k + 1, device=z.device)[:, None]
    return torch.einsum("jsud,sdh,iuh->suij", z[:, ahead], weights, context[:, :u])


@right
def batched_products(z, context, weights):
    t, k = z.shape[1], weights.shape[0]
    if t - k < 1:
        raise ValueError
    now = context[:, : t - k].transpose(0, 1)  # (u, n, h)
    out = []
    for s in range(k):
        predicted = torch.matmul(now, weights[s].t())  # (u, n, d)
        future = z[:, s + 1 : t - k + s + 1].permute(1, 2, 0)  # (u, d, n)
        out.append(torch.bmm(predicted, future))
    return torch.stack(out, dim=0)


@right
def futures_through_the_matrices_first(z, context, weights):
    t, k = z.shape[1], len(weights)
    if not k < t:
        raise ValueError("k must be less than t")
    steps = []
    for s, matrix in enumerate(weights):
        carried = z[:, s + 1 : s + 1 + t - k] @ matrix  # z . (W c) = (z W) . c
        steps.append((context[:, None, : t - k] * carried[None]).sum(-1).permute(2, 0, 1))
    return torch.stack(steps)


@right
def tensordot_and_diagonal_over_time(z, context, weights):
    k, t = weights.shape[0], z.shape[1]
    if k >= t:
        raise ValueError("nothing to predict")
    predicted = torch.tensordot(context[:, : t - k], weights, dims=([2], [2]))  # (i, u, s, d)
    everything = torch.tensordot(predicted, z, dims=([3], [2]))  # (i, u, s, j, v)
    steps = []
    for s in range(k):
        ahead = everything[:, :, s].diagonal(offset=s + 1, dim1=1, dim2=3)[..., : t - k]  # (i, j, u)
        steps.append(ahead.permute(2, 0, 1))
    return torch.stack(steps)


@right
def rolled_and_cut(z, context, weights):
    k, t = len(weights), z.shape[1]
    if k >= t:
        raise ValueError("k >= t")
    futures = torch.stack([z.roll(-(s + 1), dims=1)[:, : t - k] for s in range(k)])
    predicted = (weights[:, None, None] @ context[None, :, : t - k, :, None]).squeeze(-1)  # (k, n, u, d)
    return predicted.permute(0, 2, 1, 3) @ futures.permute(0, 2, 3, 1)


@right
def filled_entry_by_entry(z, context, weights):
    n, t, _ = z.shape
    k = len(weights)
    if k > t - 1:
        raise ValueError("not enough times")
    scores = z.new_empty(k, t - k, n, n)
    for s in range(k):
        predicted = torch.nn.functional.linear(context, weights[s])
        for i in range(n):
            scores[s, :, i] = (predicted[i, : t - k].unsqueeze(0) * z[:, s + 1 : t - k + s + 1]).sum(2).T
    return scores
