"""Right answers to `moco.unshuffle_batch` that are written otherwise than the reference."""

from functools import partial

import torch
import torch.nn.functional as F

from course_utils.checks import RightAnswer, right


@right
def written_to_their_places(keys, permutation):
    result = torch.empty_like(keys.reshape(-1, keys.shape[-1]))
    result[permutation] = keys.reshape(-1, keys.shape[-1])
    return result


@right
def one_key_after_the_other(keys, permutation):
    members, rows = keys.shape[1], [torch.empty(0)] * len(permutation)
    for place, image in enumerate(permutation.tolist()):
        rows[image] = keys[place // members, place % members]
    return torch.stack(rows)


@right
def looked_up_in_the_list(keys, permutation):
    order, flat = permutation.tolist(), torch.cat(list(keys))
    return torch.stack([flat[order.index(i)] for i in range(len(order))])


@right
def pairs_sorted(keys, permutation):
    flat = keys.reshape(-1, keys.size(2)).unbind()
    pairs = sorted(zip(permutation.tolist(), flat, strict=True), key=lambda pair: pair[0])
    return torch.stack([key for _, key in pairs])


@right
def second_value_of_sort(keys, permutation):
    _, places = torch.sort(permutation)
    return keys.reshape(len(places), -1).index_select(0, places)


@right
def inverse_filled_in(keys, permutation):
    inverse = torch.empty_like(permutation)
    inverse[permutation] = torch.arange(permutation.numel(), device=permutation.device)
    return torch.cat(keys.unbind(0))[inverse]


@right
def scattered(keys, permutation):
    flat = keys.flatten(0, 1)
    index = permutation.unsqueeze(1).expand(-1, flat.shape[1])
    return torch.zeros_like(flat).scatter(0, index, flat)


@right
def copied_by_index(keys, permutation):
    flat = keys.contiguous().view(-1, keys.shape[2])
    return flat.new_zeros(flat.shape).index_copy(0, permutation, flat)


@right
def added_by_index(keys, permutation):
    flat = keys.flatten(end_dim=1)
    return torch.zeros_like(flat).index_add(0, permutation, flat)


@right
def transposed_permutation_matrix(keys, permutation):
    matrix = F.one_hot(permutation, len(permutation)).to(keys.dtype)
    return matrix.T @ keys.flatten(0, 1)


@right
def where_it_stands(keys, permutation):
    images = torch.arange(len(permutation), device=permutation.device)
    places = (permutation == images[:, None]).int().argmax(dim=1)
    return torch.take_along_dim(keys.flatten(0, 1), places[:, None], dim=0)


@right
def group_and_place(keys, permutation):
    places = permutation.argsort()
    return keys[places // keys.size(1), places % keys.size(1)]


@right
def indices_as_a_list(keys, permutation):
    places = sorted(range(len(permutation)), key=permutation.tolist().__getitem__)
    return keys.flatten(0, 1)[places]


def _take(order, keys, permutation):
    return keys.flatten(0, 1)[order(permutation)]


PARTIAL = RightAnswer("partial", partial(_take, torch.argsort))
