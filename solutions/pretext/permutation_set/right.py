"""Right answers to `pretext.permutation_set` that are written otherwise than the reference."""

import numpy as np
import torch

from course_utils.checks import RightAnswer, right


def _refuse(candidates, first, size):
    if size < 1 or size > candidates.shape[0]:
        raise ValueError("no such size")
    if first < 0 or first >= candidates.shape[0]:
        raise ValueError("no such row")


@right
def plain_loops(candidates, first, size):
    _refuse(candidates, first, size)
    rows = candidates.tolist()
    chosen = [first]
    while len(chosen) < size:
        best, farthest = None, -1
        for i, row in enumerate(rows):
            if i in chosen:
                continue
            total = 0
            for j in chosen:
                for a, b in zip(row, rows[j], strict=True):
                    total += a != b
            if total > farthest:
                best, farthest = i, total
        chosen.append(best)
    return candidates[torch.tensor(chosen, device=candidates.device)]


@right
def table_of_all_distances(candidates, first, size):
    _refuse(candidates, first, size)
    distances = (candidates.unsqueeze(0) != candidates.unsqueeze(1)).sum(-1)
    chosen = torch.zeros(len(candidates), dtype=torch.bool, device=candidates.device)
    order = torch.empty(size, dtype=torch.long, device=candidates.device)
    order[0] = first
    chosen[first] = True
    for k in range(1, size):
        sums = distances[:, chosen].sum(dim=1).masked_fill(chosen, -1)
        order[k] = sums.argmax()
        chosen[order[k]] = True
    return candidates.index_select(0, order)


@right
def means_of_numpy(candidates, first, size):
    _refuse(candidates, first, size)
    rows = candidates.cpu().numpy()
    chosen = [first]
    rest = [i for i in range(len(rows)) if i != first]
    while len(chosen) < size:
        mean = (rows[rest][:, None] != rows[chosen]).mean(axis=2).mean(axis=1)
        chosen.append(rest.pop(int(mean.argmax())))
    return torch.from_numpy(rows[chosen]).to(candidates.device)


@right
def counts_of_equal_places(candidates, first, size):
    # Who has the fewest places in common with the chosen ones is farthest away.
    _refuse(candidates, first, size)
    t = candidates.shape[1]
    one_hot = torch.nn.functional.one_hot(candidates, t).flatten(1).double()
    seen = one_hot[first].clone()
    common = one_hot @ seen
    result = [candidates[first]]
    common[first] = torch.inf
    for _ in range(size - 1):
        k = int(common.argmin())
        result.append(candidates[k])
        common += one_hot @ one_hot[k]
        common[k] = float("inf")
    return torch.stack(result)


@right
def distances_of_order_zero(candidates, first, size):
    _refuse(candidates, first, size)
    points = candidates.float()
    remaining = [i for i in range(len(points)) if i != first]
    chosen = [first]
    for _ in range(1, size):
        total = torch.cdist(points[remaining], points[chosen], p=0).sum(dim=1)
        chosen.append(remaining.pop(int(torch.argmax(total))))
    return torch.stack([candidates[i].clone() for i in chosen])


@right
def sorted_by_sum_and_row(candidates, first, size):
    if size not in range(1, len(candidates) + 1) or first not in range(len(candidates)):
        raise ValueError(f"{first=}, {size=}")
    rows = [tuple(row) for row in candidates.tolist()]

    def total(i, chosen):
        return sum(sum(a != b for a, b in zip(rows[i], rows[j], strict=True)) for j in chosen)

    chosen = [first]
    while len(chosen) < size:
        left = sorted(set(range(len(rows))) - set(chosen))
        chosen.append(min(left, key=lambda i: (-total(i, chosen), i)))
    return torch.tensor([rows[i] for i in chosen], dtype=candidates.dtype, device=candidates.device)


@right
def first_of_the_largest(candidates, first, size):
    _refuse(candidates, first, size)
    used = [first]
    while len(used) != size:
        differs = candidates[:, None, :].ne(candidates[used][None])
        score = differs.float().mean(dim=(1, 2))
        score[used] = -1.0
        used.append((score == score.max()).nonzero()[0, 0].item())
    return candidates[used].clone()


@right
def numpy_throughout(candidates, first, size):
    rows = candidates.cpu().numpy()
    if not (0 < size <= len(rows)) or not (0 <= first <= len(rows) - 1):
        raise ValueError
    total, mask = np.zeros(len(rows)), np.ones(len(rows), dtype=bool)
    out = np.empty((size, rows.shape[1]), dtype=rows.dtype)
    current = first
    for k in range(size):
        out[k] = rows[current]
        mask[current] = False
        total += np.count_nonzero(rows != rows[current], axis=1)
        if mask.any():
            current = int(np.where(mask, total, -np.inf).argmax())
    return torch.as_tensor(out, device=candidates.device)


def _recursive(candidates, first, size):
    _refuse(candidates, first, size)

    def choose(chosen):
        if len(chosen) == size:
            return chosen
        total = sum((candidates != candidates[i]).sum(1) for i in chosen)
        total[chosen] = -1
        return choose([*chosen, int(total.argmax())])

    return candidates[choose([first])]


RECURSIVE = RightAnswer("recursive", _recursive)
