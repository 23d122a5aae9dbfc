"""In which other order the right slices of a tensor stand."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

# The most slices of which all pairs are compared, and the most entries for which that is done.
_MOST_SLICES = 512
_MOST_ENTRIES = 100_000
# A list of more places than this is no help.
_MOST_NAMED = 6


def permutation_of(wanted: Tensor, value: Tensor, dim: int, limit: float) -> list[int] | None:
    """For each slice of `value` along a dimension, which slice of `wanted` it is; None if they are not the same slices.

    Args:
        wanted: expected values, float64.
        value: values got, the same shape.
        dim: the dimension.
        limit: how far apart equal entries may lie.
    """
    left, right = (tensor.movedim(dim, 0).reshape(wanted.shape[dim], -1) for tensor in (wanted, value))
    if not 2 <= left.shape[0] <= _MOST_SLICES or left.numel() > _MOST_ENTRIES:
        return None
    matches = torch.cdist(right, left, p=float("inf")) <= limit
    if not bool(matches.any(0).all() and matches.any(1).all()):
        return None
    places: list[int] = []
    free = set(range(len(left)))
    for index, row in enumerate(matches.tolist()):
        fitting = [place for place, is_same in enumerate(row) if is_same and place in free]
        if not fitting:
            return None
        place = index if index in fitting else fitting[0]
        places.append(place)
        free.discard(place)
    return places


def permutation_in_words(places: Sequence[int], plural: str, along: str) -> str:
    """What a permutation does, after the name of the tensor: `"has slices 1 and 3 of each group of 4 exchanged"`.

    Args:
        places: for each slice which one it should be (`permutation_of`).
        plural: what slices are called.
        along: of which dimension, with a blank before it; or nothing.
    """
    count = len(places)
    shift = places[0] % count
    if shift and all(place == (index + shift) % count for index, place in enumerate(places)):
        places_off = "1 place" if shift == 1 else f"{shift} places"
        return f"has the right {plural}{along}, but {places_off} from where they belong"
    for size in range(2, count + 1):
        if count % size == 0 and (text := _in_groups(places, size, plural, along)):
            return text
    for size in range(2, count):
        if count % size == 0 and all(
            place == index % size * (count // size) + index // size for index, place in enumerate(places)
        ):
            return (
                f"has the right {plural}{along}, but in another order: as if {count // size} x {size} of them were "
                f"taken for {size} x {count // size}"
            )
    return f"holds the right {plural}{along}, but in another order"


def _in_groups(places: Sequence[int], size: int, plural: str, along: str) -> str:
    """The same permutation within each group of so many."""
    first = list(places[:size])
    if sorted(first) != list(range(size)):
        return ""
    for start in range(0, len(places), size):
        if [place - start for place in places[start : start + size]] != first:
            return ""
    group = f" of each group of {size}" if size < len(places) else ""
    moved = [index for index, place in enumerate(first) if place != index]
    if len(moved) == 2:
        return f"has {plural} {moved[0]} and {moved[1]}{group}{along} exchanged"
    if first == list(range(size))[::-1] and group:
        return f"has the {plural}{group}{along} in reverse order"
    if group and len(moved) <= _MOST_NAMED:
        return f"has the right {plural}{along}, but within each group of {size} in the order {first}"
    return ""
