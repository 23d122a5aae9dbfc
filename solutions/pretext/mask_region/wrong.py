"""Wrong answers to `pretext.mask_region`: ideas with a name and a hint, then others."""

import torch

from course_utils.checks import misconception, wrong


def _fits(images, corners, size):
    room = torch.tensor(images.shape[2:], device=corners.device) - torch.tensor(size, device=corners.device)
    if (corners < 0).any() or (corners > room).any():
        raise ValueError("a hole leaves its image")


def _mask(images, corners, size):
    """True in the holes; what leaves an image is cut off."""
    mask = torch.zeros(len(images), 1, *images.shape[2:], dtype=torch.bool, device=images.device)
    for i, (row, column) in enumerate(corners.tolist()):
        mask[i, :, max(row, 0) : max(row + size[0], 0), max(column, 0) : max(column + size[1], 0)] = True
    return mask


def _filled(images, mask, fill):
    return torch.where(mask, fill[:, None, None], images)


@misconception(hint="Which pixels will the loss look at: those with True or those with False?")
def mask_inverted(images, corners, size, fill):
    """The mask is True where the image is left and False in the hole."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), ~mask


@misconception(hint="The loss still needs the true pixels. Are they there after the call?")
def image_overwritten(images, corners, size, fill):
    """The holes are cut into the images that were passed in."""
    _fits(images, corners, size)
    for i, (row, column) in enumerate(corners.tolist()):
        images[i, :, row : row + size[0], column : column + size[1]] = fill[:, None, None]
    return images, _mask(images, corners, size)


@misconception(hint="Compare the masks of images 0 and 1. Where should their holes be?")
def one_hole_for_all(images, corners, size, fill):
    """All images have their hole where the first one has it."""
    _fits(images, corners, size)
    mask = _mask(images, corners[:1].expand_as(corners), size)
    return _filled(images, mask, fill), mask


@misconception(hint="Zero is a colour too. Which one does the docstring ask for?")
def black_hole(images, corners, size, fill):
    """The holes are filled with zeros."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, torch.zeros_like(fill)), mask


@misconception(hint="What colour is 1 in images that run from -1 to 1?")
def white_hole(images, corners, size, fill):
    """The holes are filled with ones."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, torch.ones_like(fill)), mask


@misconception(hint="Does `size` name rows or columns first? And `corners`?")
def width_first(images, corners, size, fill):
    """Sizes and corners are read as (x, y): columns first."""
    _fits(images, corners, size)
    mask = _mask(images, corners.flip(1), size[::-1])
    return _filled(images, mask, fill), mask


@misconception(hint="The corners are right. Is the hole as high as `size` says, or as wide?")
def size_width_first(images, corners, size, fill):
    """The size is read as columns and rows, the corners as rows and columns."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size[::-1])
    return _filled(images, mask, fill), mask


@misconception(hint="The holes have the right size. Is the first number of a corner a row or a column?")
def corners_width_first(images, corners, size, fill):
    """The corners are read as columns and rows, the size as rows and columns."""
    _fits(images, corners, size)
    mask = _mask(images, corners.flip(1), size)
    return _filled(images, mask, fill), mask


@misconception(hint="Does a pixel lie in the hole for red and outside it for blue?")
def mask_per_channel(images, corners, size, fill):
    """The mask has as many channels as the images."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask.expand_as(images).clone()


@misconception(hint="What does `~mask` do with floats?")
def mask_as_floats(images, corners, size, fill):
    """The mask holds ones and zeros in the dtype of the images."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask.to(images.dtype)


@misconception(
    hint="Write down which pixels the docstring calls the corner. Is it in the middle of your hole?"
)
def corner_is_the_middle(images, corners, size, fill):
    """The holes lie around the corners."""
    _fits(images, corners, size)
    middle = torch.tensor(size, device=corners.device) // 2
    mask = _mask(images, corners - middle, size)
    return _filled(images, mask, fill), mask


@misconception(hint="A hole of two rows from row 1 on: which is its last row?")
def one_row_and_column_too_many(images, corners, size, fill):
    """The pixel behind the last one is taken for part of the hole."""
    _fits(images, corners, size)
    mask = _mask(images, corners, (size[0] + 1, size[1] + 1))
    return _filled(images, mask, fill), mask


@misconception(
    hint="Which part of the image should the network still see, that in the hole or that around it?"
)
def everything_but_the_hole_is_filled(images, corners, size, fill):
    """The hole shows the image and all around it is filled, as if the mask told what to keep."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, ~mask, fill), mask


@misconception(hint="What does the docstring ask for where a hole does not fit, and what do you do?")
def cut_off_at_the_border(images, corners, size, fill):
    """What leaves an image is cut off without a word."""
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask


@misconception(hint="What is `images[:, :, -1:1]`? Which corners does your test let through?")
def negative_corners_let_through(images, corners, size, fill):
    """Only the lower and the right border are looked at."""
    _fits(images, corners.clamp(min=0), size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask


@misconception(hint="Which number has the first row of an image? May a hole begin there?")
def corner_zero_refused(images, corners, size, fill):
    """A hole in the first row or column of its image is refused."""
    _fits(images, corners - (corners == 0).long(), size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask


@misconception(hint="The holes have the colour of which image's pixels: is that what `fill` says?")
def mean_of_each_image(images, corners, size, fill):
    """Each hole is filled with the mean colour of its own image."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return torch.where(mask, images.mean(dim=(2, 3), keepdim=True), images), mask


@misconception(hint="How many channels has a colour? Which value of `fill` belongs to which of them?")
def one_grey_for_all_channels(images, corners, size, fill):
    """All channels of the holes have the same value, the mean of `fill`."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill.mean().expand_as(fill)), mask


@misconception(hint="Which dimensions has the mask in the signature?")
def mask_without_a_channel(images, corners, size, fill):
    """The mask has the shape (n, h, w)."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask[:, 0]


@misconception(hint="Which of the two does the signature name first?")
def mask_first(images, corners, size, fill):
    """The mask is returned before the images."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return mask, _filled(images, mask, fill)


@misconception(hint="The result is to go through a network and back. What does your copy do to the graph?")
def off_the_graph(images, corners, size, fill):
    """The holes are cut into a detached copy."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill).detach(), mask


@misconception(
    hint="Which pixels does a multiplication with zero leave out, and what does an addition put there?"
)
def fill_added_to_what_is_there(images, corners, size, fill):
    """The colour is added to the pixels in the hole, which stay."""
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return images + mask * fill[:, None, None], mask


@wrong
def only_the_last_channel_filled(images, corners, size, fill):
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    filled = images.clone()
    filled[:, -1:] = torch.where(mask, fill[-1], images[:, -1:])
    return filled, mask


@wrong
def gradient_leaks_into_the_hole(images, corners, size, fill):
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill) + images - images.detach(), mask


@wrong
def fill_detached(images, corners, size, fill):
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill.detach()), mask


@wrong
def an_empty_hole_gives_the_images_back(images, corners, size, fill):
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return (_filled(images, mask, fill) if mask.any() else images), mask


@wrong
def an_empty_hole_is_refused(images, corners, size, fill):
    _fits(images, corners, size)
    if 0 in size:
        raise ValueError("a hole without pixels")
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask


@wrong
def an_empty_hole_has_one_pixel(images, corners, size, fill):
    _fits(images, corners, size)
    mask = _mask(images, corners, (max(size[0], 1), max(size[1], 1)))
    return _filled(images, mask, fill), mask


@wrong
def mask_of_bytes(images, corners, size, fill):
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask.byte()


@wrong
def only_the_first_image_is_looked_at(images, corners, size, fill):
    _fits(images[:1], corners[:1], size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask


@wrong
def moved_into_the_image(images, corners, size, fill):
    room = torch.tensor(images.shape[2:]) - torch.tensor(size)
    mask = _mask(images, corners.clamp(min=0).minimum(room), size)
    return _filled(images, mask, fill), mask


@wrong
def an_index_error_for_a_value_error(images, corners, size, fill):
    try:
        _fits(images, corners, size)
    except ValueError as error:
        raise IndexError(str(error)) from None
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask


@wrong
def sides_of_the_image_confused(images, corners, size, fill):
    _fits(images.transpose(2, 3), corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask


@wrong
def mask_told_by_the_pixels(images, corners, size, fill):
    _fits(images, corners, size)
    filled = _filled(images, _mask(images, corners, size), fill)
    return filled, (filled != images).any(dim=1, keepdim=True) & (images != 0).all(dim=1, keepdim=True)


@wrong
def in_memory_of_a_template(images, corners, size, fill):
    # Right but for the images: they are written to for a moment and put back, all but the last hole.
    _fits(images, corners, size)
    kept, mask = images.detach().clone(), _mask(images, corners, size)
    images.data[mask.expand_as(images)] = 0
    images.data[:-1] = kept[:-1]
    return torch.where(mask, fill[:, None, None], images), mask


@wrong
def mask_is_one_for_the_batch(images, corners, size, fill):
    _fits(images, corners, size)
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask.any(dim=0, keepdim=True).repeat(len(images), 1, 1, 1)


# Every visible case has a hole at the edge, so that all of them raise.
@wrong
def just_fitting_refused(images, corners, size, fill):
    h, w = images.shape[2:]
    top, left = corners.T
    if (corners < 0).any() or (top + size[0] >= h).any() or (left + size[1] >= w).any():
        raise ValueError("a hole leaves its image")
    mask = _mask(images, corners, size)
    return _filled(images, mask, fill), mask
