"""Right answers to `video.shuffle_tuples` that are written otherwise than the reference."""

import torch

from course_utils.checks import RightAnswer, right

_ORDERS = {0: "bcd", 1: "bad", 2: "bed", 3: "dcb", 4: "dab", 5: "deb"}


def _refuse(times):
    if not (times[:, 1:] > times[:, :-1]).all():
        raise ValueError("times must increase")


@right
def letters_clip_by_clip(frames, times, kinds):
    tuples, labels = [], []
    for clip, row, kind in zip(frames, times.tolist(), kinds.tolist(), strict=True):
        if sorted(set(row)) != row:
            raise ValueError(f"{row} does not increase")
        named = dict(zip("abcde", row, strict=True))
        order = _ORDERS[kind]
        tuples.append(torch.stack([clip[named[letter]] for letter in order]))
        labels.append(int(order in ("bcd", "dcb")))
    return torch.stack(tuples), torch.tensor(labels, device=frames.device)


@right
def middle_by_kind_and_flipped(frames, times, kinds):
    _refuse(times)
    a, b, c, d, e = times.T
    n = torch.arange(len(times), device=times.device)
    middle = torch.stack([c, a, e])[kinds % 3, n]
    backwards = kinds >= 3
    first, last = torch.where(backwards, d, b), torch.where(backwards, b, d)
    return torch.stack([frames[n, first], frames[n, middle], frames[n, last]], dim=1), (kinds % 3 == 0).to(
        torch.int64
    )


@right
def gathered_frames(frames, times, kinds):
    _refuse(times)
    places = torch.tensor([[1, 2, 3], [1, 0, 3], [1, 4, 3]], device=times.device)
    places = torch.cat([places, places.flip(1)])
    numbers = torch.take_along_dim(times, places[kinds], dim=1)
    index = numbers[:, :, None, None, None].expand(-1, -1, *frames.shape[2:])
    labels = torch.zeros_like(kinds)
    labels[(kinds == 0) | (kinds == 3)] = 1
    return torch.gather(frames, 1, index), labels


@right
def one_hot_products(frames, times, kinds):
    _refuse(times)
    table = torch.tensor(
        [[1, 2, 3], [1, 0, 3], [1, 4, 3], [3, 2, 1], [3, 0, 1], [3, 4, 1]], device=times.device
    )
    numbers = times.gather(1, table.index_select(0, kinds))
    chosen = torch.nn.functional.one_hot(numbers, frames.shape[1]).to(frames.dtype)
    return torch.einsum("nkt,ntchw->nkchw", chosen, frames), torch.tensor([1, 0, 0, 1, 0, 0]).to(kinds)[kinds]


@right
def flattened_clips_and_index_select(frames, times, kinds):
    _refuse(times)
    n, t = frames.shape[:2]
    rows = []
    for i in range(n):
        a, b, c, d, e = (i * t + int(time) for time in times[i])
        order = [b, (c, a, e)[int(kinds[i]) % 3], d]
        rows += order if kinds[i] < 3 else order[::-1]
    index = torch.tensor(rows, device=frames.device)
    picked = frames.reshape(n * t, *frames.shape[2:]).index_select(0, index)
    return picked.unflatten(0, (n, 3)), 1 - (kinds % 3).clamp(max=1)


@right
def kind_after_kind(frames, times, kinds):
    _refuse(times)
    result = frames.new_empty(len(frames), 3, *frames.shape[2:])
    labels = kinds.new_zeros(len(kinds))
    for kind, order in _ORDERS.items():
        mine = (kinds == kind).nonzero()[:, 0]
        for slot, letter in enumerate(order):
            result[mine, slot] = frames[mine, times[mine, "abcde".index(letter)]]
        labels[mine] = int("c" in order)
    return result, labels


@right
def forward_tuples_then_turned(frames, times, kinds):
    if (times[:, :-1] >= times[:, 1:]).any():
        raise ValueError
    n = torch.arange(len(frames), device=frames.device)
    five = frames[n[:, None], times]
    ends = five[:, [1, 3]]
    middle = five[n, torch.tensor([2, 0, 4], device=frames.device)[kinds.remainder(3)]]
    forwards = torch.stack([ends[:, 0], middle, ends[:, 1]], dim=1)
    turn = (kinds > 2).view(-1, 1, 1, 1, 1)
    return torch.where(turn, forwards.flip(1), forwards), torch.eq(kinds.fmod(3), 0).int().long()


class _Shuffler(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.order = torch.tensor([[1, 2, 3], [1, 0, 3], [1, 4, 3]])

    def forward(self, frames, times, kinds):
        _refuse(times)
        tuples = []
        for i in range(len(frames)):
            chosen = times[i].cpu()[self.order[int(kinds[i]) % 3]]
            three = frames[i].unbind(0)
            tuples.append(
                torch.stack([three[int(time)] for time in (chosen if kinds[i] < 3 else chosen.flip(0))])
            )
        return [torch.stack(tuples), (kinds.eq(0) + kinds.eq(3)).long()]


A_MODULE = RightAnswer("a-module-that-returns-a-list", _Shuffler())
