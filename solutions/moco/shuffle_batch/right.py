"""Right answers to `moco.shuffle_batch` that are written otherwise than the reference."""

from functools import partial

import torch
from torch import nn

from course_utils.checks import RightAnswer, right


def _size(images, groups):
    members, left = divmod(images.shape[0], groups)
    if left:
        raise ValueError(f"{images.shape[0]} images, {groups} groups")
    return members


@right
def place_by_place(images, permutation, groups):
    members = _size(images, groups)
    result = torch.empty((groups, members, *images.shape[1:]), dtype=images.dtype, device=images.device)
    for q in range(groups):
        for j in range(members):
            result[q, j] = images[permutation[q * members + j]]
    return result


@right
def stacked_groups(images, permutation, groups):
    members = _size(images, groups)
    return torch.stack([images[permutation[q * members : (q + 1) * members]] for q in range(groups)])


@right
def lists_of_lists(images, permutation, groups):
    members, order = _size(images, groups), permutation.tolist()
    rows = [[images[i] for i in order[start : start + members]] for start in range(0, len(order), members)]
    return torch.stack([torch.stack(row) for row in rows])


@right
def two_dimensional_index(images, permutation, groups):
    if images.size(0) % groups != 0:
        raise ValueError
    return images[permutation.view(groups, -1)]


@right
def index_select_and_view(images, permutation, groups):
    _size(images, groups)
    return images.index_select(0, permutation).reshape(groups, -1, *images.shape[1:])


@right
def chunks(images, permutation, groups):
    _size(images, groups)
    return torch.stack(images.index_select(0, permutation).chunk(groups, dim=0), dim=0)


@right
def gathered(images, permutation, groups):
    members = _size(images, groups)
    index = permutation.reshape(-1, 1, 1, 1).expand_as(images)
    return images.gather(0, index).reshape(groups, members, *images.shape[1:])


@right
def scattered_into_zeros(images, permutation, groups):
    members = _size(images, groups)
    places = torch.empty_like(permutation)
    places[permutation] = torch.arange(len(permutation), device=permutation.device)
    moved = torch.zeros_like(images).index_copy(0, places, images)
    return moved.reshape(groups, members, *images.shape[1:])


@right
def sorted_by_place(images, permutation, groups):
    _size(images, groups)
    return images[torch.argsort(torch.argsort(permutation))].unflatten(0, (groups, -1))


@right
def product_with_a_permutation_matrix(images, permutation, groups):
    members = _size(images, groups)
    matrix = nn.functional.one_hot(permutation, len(permutation)).to(images.dtype)
    return (matrix @ images.flatten(1)).reshape(groups, members, *images.shape[1:])


@right
def sum_over_images(images, permutation, groups):
    members = _size(images, groups)
    matrix = torch.eye(len(images), dtype=images.dtype, device=images.device)[permutation]
    return torch.einsum("qjn,nchw->qjchw", matrix.view(groups, members, -1), images)


@right
def an_exception_of_its_own(images, permutation, groups):
    class Uneven(ValueError):
        pass

    if groups * (len(images) // groups) != len(images):
        raise Uneven
    parts = torch.tensor_split(images[permutation], groups)
    return torch.cat([part.unsqueeze(0) for part in parts])


@right
def taken_from_a_flat_tensor(images, permutation, groups):
    members = _size(images, groups)
    pixels = images[0].numel()
    index = permutation[:, None] * pixels + torch.arange(pixels, device=images.device)
    return torch.take(images, index).reshape(groups, members, *images.shape[1:])


def _cut(images, permutation, groups, dim):
    _size(images, groups)
    return images[permutation].unflatten(dim, (groups, -1))


PARTIAL = RightAnswer("partial", partial(_cut, dim=0))
