"""Wrong answers to `moco.shuffle_batch`: ideas with a name and a hint, then others."""

import torch

from course_utils.checks import misconception, wrong


def _refuse(images, groups):
    if len(images) % groups:
        raise ValueError("the groups would not be equal")


def _cut(images, groups):
    return images.reshape(groups, len(images) // groups, *images.shape[1:])


@misconception(hint="The first place should show image permutation[0]. Which image does yours show there?")
def inverse(images, permutation, groups):
    """Image i is put into place permutation[i], which is the inverse shuffle."""
    _refuse(images, groups)
    return _cut(images[permutation.argsort()], groups)


@misconception(
    hint="Do the first n / groups places make up one group, or does each of them go to another one?"
)
def dealt_like_cards(images, permutation, groups):
    """The groups take turns, as players who are dealt cards."""
    _refuse(images, groups)
    shuffled = images[permutation]
    return torch.stack([shuffled[q::groups] for q in range(groups)])


@misconception(hint="An image meets other images in its group. After your shuffle, are they ever new ones?")
def shuffled_within_groups(images, permutation, groups):
    """The batch is cut into groups first, and each of them is shuffled by itself."""
    _refuse(images, groups)
    members = len(images) // groups
    owner = permutation // members
    return torch.stack([images[permutation[owner == q]] for q in range(groups)])


@misconception(hint="Can image 0 come into the last group? Follow it through your function.")
def each_group_by_itself(images, permutation, groups):
    """The batch is cut into groups, each of which is put in the order of its own piece of the permutation."""
    _refuse(images, groups)
    order = permutation.reshape(groups, -1).argsort(dim=1)
    return torch.stack([group[places] for group, places in zip(_cut(images, groups), order, strict=True)])


@misconception(hint="Which comes first in the shape, the number of groups or the size of one?")
def groups_for_sizes(images, permutation, groups):
    """The first two dimensions are the size of a group and the number of groups."""
    _refuse(images, groups)
    return images[permutation].reshape(-1, groups, *images.shape[1:])


@misconception(
    hint="The shape has groups and members. Which of the two comes first, and which in your result?"
)
def groups_in_the_second_dimension(images, permutation, groups):
    """The groups are the right ones, but stand beside each other in the second dimension."""
    _refuse(images, groups)
    return torch.stack(images[permutation].chunk(groups), dim=1)


@misconception(hint="The order is an argument. Who could undo an order that your function draws for itself?")
def drawn_anew(images, permutation, groups):
    """The function draws a permutation of its own."""
    _refuse(images, groups)
    return _cut(images[torch.randperm(len(images)).to(images.device)], groups)


@misconception(hint="Seven images and two groups: what does the docstring say?")
def last_images_dropped(images, permutation, groups):
    """What does not fit into equal groups is dropped."""
    members = len(images) // groups
    if not members:
        raise ValueError("there are fewer images than groups")
    return images[permutation[: groups * members]].reshape(groups, members, *images.shape[1:])


@misconception(
    hint="Which image does nobody see if seven are dealt to two groups? What does the docstring say?"
)
def last_of_the_batch_dropped(images, permutation, groups):
    """The images of the largest numbers are dropped, as a loader drops its last ones, and the others dealt."""
    members = len(images) // groups
    if not members:
        raise ValueError("there are fewer images than groups")
    kept = permutation[permutation < groups * members]
    return images[kept].reshape(groups, members, *images.shape[1:])


@misconception(hint="Somebody changes your result in place. Are the images still the same?")
def a_view_of_the_batch(images, permutation, groups):
    """Where nothing has to be moved, the result is a view of the images."""
    _refuse(images, groups)
    places = torch.arange(len(images), device=permutation.device)
    return _cut(images if torch.equal(permutation, places) else images[permutation], groups)


@misconception(hint="Who else has these images, and in which order does the query encoder need them?")
def shuffled_in_place(images, permutation, groups):
    """The batch itself is shuffled, not a copy of it."""
    _refuse(images, groups)
    images.data.copy_(images.data[permutation])
    return _cut(images.clone(), groups)


@misconception(hint="What is done with the permutation? Try one that is not 0, 1, 2, ...")
def not_shuffled(images, permutation, groups):
    """The batch is cut into groups in its old order."""
    _refuse(images, groups)
    return _cut(images.clone(), groups)


@misconception(hint="The published code works without gradients here. What does the docstring say of them?")
def without_gradients(images, permutation, groups):
    """The images are taken off the graph."""
    _refuse(images, groups)
    return _cut(images.detach()[permutation], groups)


@misconception(hint="How many dimensions does the signature promise?")
def not_cut(images, permutation, groups):
    """The shuffled batch is returned without being cut into groups."""
    _refuse(images, groups)
    return images[permutation]


@misconception(hint="How often does an image move? Follow image 0 through your function.")
def shuffled_twice(images, permutation, groups):
    """The permutation is applied two times."""
    _refuse(images, groups)
    return _cut(images[permutation][permutation], groups)


@misconception(hint="Is the list 2, 0, 1 read from its beginning, or from its end?")
def read_backwards(images, permutation, groups):
    """The permutation is read from its end."""
    _refuse(images, groups)
    return _cut(images[permutation.flip(0)], groups)


@misconception(hint="Do images move, or the groups as wholes?")
def groups_in_another_order(images, permutation, groups):
    """Whole groups change places, and their members stay together."""
    _refuse(images, groups)
    members = len(images) // groups
    order = permutation[permutation % members == 0] // members
    return _cut(images, groups)[order]


@misconception(hint="How many things does the function return: one tensor, or one for each group?")
def a_list_of_groups(images, permutation, groups):
    """The groups are returned as a list of tensors."""
    _refuse(images, groups)
    return list(images[permutation].chunk(groups))


# --- without a name ------------------------------------------------------------------------------------------------


@wrong
def last_group_filled_up(images, permutation, groups):
    members = -(-len(images) // groups)
    places = torch.arange(groups * members, device=permutation.device) % len(images)
    return _cut(images[permutation[places]], groups)


@wrong
def unequal_groups_of_any_kind_refused(images, permutation, groups):
    if len(images) % groups or len(images) == groups:
        raise ValueError
    return _cut(images[permutation], groups)


@wrong
def more_groups_than_images_accepted(images, permutation, groups):
    if len(images) > groups:
        _refuse(images, groups)
    return images[permutation].reshape(min(groups, len(images)), -1, *images.shape[1:])


@wrong
def an_assertion(images, permutation, groups):
    assert len(images) % groups == 0
    return _cut(images[permutation], groups)


@wrong
def whatever_torch_raises(images, permutation, groups):
    return images[permutation].reshape(groups, -1, *images.shape[1:])


@wrong
def pixels_shuffled_too(images, permutation, groups):
    _refuse(images, groups)
    return _cut(images[permutation].flip(-1), groups)


@wrong
def rows_for_columns(images, permutation, groups):
    _refuse(images, groups)
    return _cut(images[permutation].transpose(2, 3), groups)


@wrong
def through_half_precision(images, permutation, groups):
    _refuse(images, groups)
    return _cut(images[permutation].half().to(images.dtype), groups)


@wrong
def black_images_left_where_they_were(images, permutation, groups):
    _refuse(images, groups)
    shuffled = images[permutation]
    is_black = ~images.flatten(1).any(dim=1)
    return _cut(torch.where(is_black[:, None, None, None], images, shuffled), groups)


@wrong
def first_64_images_shuffled(images, permutation, groups):
    _refuse(images, groups)
    return _cut(torch.cat([images[permutation[:64]], images[64:]]), groups)


@wrong
def permutation_inverted_in_place(images, permutation, groups):
    _refuse(images, groups)
    result = _cut(images[permutation], groups)
    permutation.copy_(permutation.argsort())
    return result
