"""Wrong answers to `moco.unshuffle_batch`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, wrong


@misconception(
    hint="Shuffle (a, b, c) by (1, 2, 0), and once more by the same. Are you back where you began?"
)
def shuffled_again(keys, permutation):
    """The keys are shuffled by the same permutation a second time."""
    return keys.flatten(0, 1)[permutation]


@misconception(hint="Take (1, 2, 0). Is a permutation that is applied to itself one that leads back?")
def permutation_of_the_permutation(keys, permutation):
    """The permutation indexed by itself is taken for its inverse."""
    return keys.flatten(0, 1)[permutation[permutation]]


@misconception(
    hint="Whose key is in row 0, and whose query? A list that is merely sorted says nothing of places."
)
def not_undone(keys, permutation):
    """The groups are joined, and the keys stay in the shuffled order."""
    return keys.flatten(0, 1).clone()


@misconception(
    hint="Where does the smallest number of the permutation stand, and where does your order begin?"
)
def sorted_from_the_largest(keys, permutation):
    """The places are sorted from the last image to the first."""
    return keys.flatten(0, 1)[permutation.argsort(descending=True)]


@misconception(hint="Is the inverse the same list read from its end? Try (1, 2, 0).")
def read_backwards(keys, permutation):
    """The permutation read from its end is taken for its inverse."""
    return keys.flatten(0, 1)[permutation.flip(0)]


@misconception(hint="To which groups may the key of image 0 have gone?")
def within_groups(keys, permutation):
    """The keys of each group are put in order by themselves, and the groups are joined."""
    order = permutation.reshape(keys.shape[:2]).argsort(dim=1)
    return torch.stack([group[places] for group, places in zip(keys, order, strict=True)]).flatten(0, 1)


@misconception(hint="How do two dimensions become one here: group after group, or place after place?")
def groups_interleaved(keys, permutation):
    """The first places of all groups come first, then the second places."""
    return keys.transpose(0, 1).flatten(0, 1)[permutation.argsort()]


@misconception(hint="How many dimensions does the signature promise?")
def left_grouped(keys, permutation):
    """The keys are in the right order, but still cut into groups."""
    return keys.flatten(0, 1)[permutation.argsort()].unflatten(0, keys.shape[:2])


@misconception(hint="Keys need no gradient in MoCo, but what does the docstring of this function say?")
def without_gradients(keys, permutation):
    """The keys are taken off the graph."""
    return keys.detach().flatten(0, 1)[permutation.argsort()]


@misconception(hint="Does a whole key move, or are the entries of a key put in another order?")
def all_in_one_row(keys, permutation):
    """The keys are in the right order, but stand in a single row."""
    return keys.flatten(0, 1)[permutation.argsort()].flatten()


@misconception(hint="The docstring does not ask for keys of length one. Who normalises?")
def normalised(keys, permutation):
    """The keys are brought to length one on the way."""
    return F.normalize(keys.flatten(0, 1), dim=1)[permutation.argsort()]


@misconception(hint="Apply your function to keys that you can tell apart: how far did each of them go?")
def undone_twice(keys, permutation):
    """The inverse is applied two times."""
    back = permutation.argsort()
    return keys.flatten(0, 1)[back][back]


@misconception(hint="Does the caller expect its keys to move, or new ones?")
def written_over_the_keys(keys, permutation):
    """The keys that were passed in are put in order themselves."""
    ordered = keys.flatten(0, 1)[permutation.argsort()]
    keys.data.copy_(ordered.detach().unflatten(0, keys.shape[:2]))
    return ordered


@misconception(hint="How many keys does a batch of n images have?")
def mean_over_the_groups(keys, permutation):
    """The groups are averaged, as if each had the keys of all images."""
    return keys.mean(dim=0)


# --- without a name ------------------------------------------------------------------------------------------------


@wrong
def rotated_back(keys, permutation):
    return keys.flatten(0, 1).roll(-int(permutation[0]), 0)


@wrong
def groups_put_in_order(keys, permutation):
    first = permutation.reshape(keys.shape[:2])[:, 0]
    return keys[first.argsort()].flatten(0, 1)


@wrong
def sorted_by_value(keys, permutation):
    flat = keys.flatten(0, 1)
    return flat[flat[:, 0].argsort()]


@wrong
def reshaped_to_columns(keys, permutation):
    flat = keys.flatten(0, 1)[permutation.argsort()]
    return flat.T.reshape(flat.shape)


@wrong
def one_place_further(keys, permutation):
    return keys.flatten(0, 1)[permutation.argsort()].roll(1, 0)


@wrong
def last_piece_lost(keys, permutation):
    ordered = keys.flatten(0, 1)[permutation.argsort()].clone()
    ordered[len(ordered) // 32 * 32 or len(ordered) :] = 0
    return ordered


@wrong
def equal_keys_once(keys, permutation):
    return torch.unique(keys.flatten(0, 1)[permutation.argsort()], dim=0)


@wrong
def keys_of_zeros_left_out(keys, permutation):
    ordered = keys.flatten(0, 1)[permutation.argsort()]
    return ordered[ordered.any(dim=1)]


@wrong
def through_half_precision(keys, permutation):
    return keys.flatten(0, 1)[permutation.argsort()].half().to(keys.dtype)


@wrong
def a_view_where_nothing_moves(keys, permutation):
    flat, places = keys.flatten(0, 1), torch.arange(len(permutation), device=permutation.device)
    return flat if torch.equal(permutation, places) else flat[permutation.argsort()]


@wrong
def permutation_sorted_in_place(keys, permutation):
    ordered = keys.flatten(0, 1)[permutation.argsort()]
    permutation.copy_(permutation.sort().values)
    return ordered
