"""Wrong answers to `simclr.two_views`: ideas with a name and a hint, then others."""

import torch

from course_utils.checks import misconception, slip, wrong


def _refuse(images, corners, size):
    room = torch.tensor(images.shape[2:]) - size
    if (corners < 0).any() or (corners > room).any():
        raise ValueError("a window leaves its image")


def _cut(images, corners, size):
    pairs = zip(images, corners.tolist(), strict=True)
    return torch.stack([image[:, row : row + size, column : column + size] for image, (row, column) in pairs])


def _mirrored(windows, flips):
    return torch.where(flips[:, None, None, None], windows.flip(3), windows)


def _view(images, corners, flips, gains, size):
    return (_mirrored(_cut(images, corners, size), flips) * gains[:, :, None, None]).clamp(0, 1)


def _both(images, corners, flips, gains, size):
    _refuse(images, corners, size)
    return tuple(_view(images, corners[v], flips[v], gains[v], size) for v in range(2))


# --- which image, which draw -----------------------------------------------------------------------------------------


@misconception(hint="Subtract the two views. What is left?")
def same_view_twice(images, corners, flips, gains, size):
    """The first view is returned twice."""
    first, _ = _both(images, corners, flips, gains, size)
    return first, first.clone()


@misconception(hint="Is image 0 cut where image 1 is? Each image has random numbers of its own.")
def one_draw_for_the_batch(images, corners, flips, gains, size):
    """All images of a view are cut, mirrored and coloured like the first."""
    corners, flips, gains = (numbers[:, :1].expand_as(numbers) for numbers in (corners, flips, gains))
    return _both(images, corners, flips, gains, size)


@misconception(hint="Is image 0 cut where image 1 is? Each image has a corner of its own.")
def one_corner_for_the_batch(images, corners, flips, gains, size):
    """All images of a view are cut where the first one is."""
    return _both(images, corners[:, :1].expand_as(corners), flips, gains, size)


@misconception(hint="Does row k of the second views still show image k?")
def partners_lost(images, corners, flips, gains, size):
    """The second views are in another order than the first."""
    first, second = _both(images, corners, flips, gains, size)
    return first, second.roll(1, 0) if len(images) > 1 else second.flip(2)


@misconception(hint="Is one of your views just a piece of the image as it is?")
def first_view_untouched(images, corners, flips, gains, size):
    """The first views are windows of the images and nothing more."""
    _, second = _both(images, corners, flips, gains, size)
    return _cut(images, corners[0], size), second


@misconception(hint="Which of the two views does index 0 of corners, flips and gains belong to?")
def views_exchanged(images, corners, flips, gains, size):
    """The second views are returned first."""
    first, second = _both(images, corners, flips, gains, size)
    return second, first


@misconception(hint="From which image is the second view cut: the image, or what became of the first view?")
def in_place(images, corners, flips, gains, size):
    """The first view is made within the image, and the second is cut from what is left."""
    _refuse(images, corners, size)
    images, views = images.clone(), []
    for v in range(2):
        for i, (row, column) in enumerate(corners[v].tolist()):
            window = images[i, :, row : row + size, column : column + size]
            changed = window.flip(2) if flips[v, i] else window
            window.copy_((changed * gains[v, i, :, None, None]).clamp(0, 1))
        views.append(_cut(images, corners[v], size))
    return tuple(views)


@misconception(hint="The caller still needs its images. Are they the same after the call?")
def images_overwritten(images, corners, flips, gains, size):
    """The images themselves are multiplied by the gains of the first view."""
    result = _both(images, corners, flips, gains, size)
    with torch.no_grad():
        images.mul_(gains[0, :, :, None, None])
    return result


# --- crop ------------------------------------------------------------------------------------------------------------


@misconception(hint="Is the first number of a corner the row or the column?")
def columns_for_rows(images, corners, flips, gains, size):
    """Corners are taken for (column, row)."""
    _refuse(images, corners, size)
    return _inside(images, corners.flip(2), flips, gains, size)


@misconception(hint="Which point of the window is given: its middle, or its top left corner?")
def corner_is_the_middle(images, corners, flips, gains, size):
    """The corner is taken for the middle of the window."""
    _refuse(images, corners, size)
    return _inside(images, corners - size // 2, flips, gains, size)


@misconception(hint="Rows are counted from 0. Which row is the first of a window with corner (0, 0)?")
def counted_from_one(images, corners, flips, gains, size):
    """Rows and columns are counted from one."""
    _refuse(images, corners, size)
    return _inside(images, corners - 1, flips, gains, size)


def _inside(images, corners, flips, gains, size):
    """The views of windows that are pushed back into the image."""
    room = torch.tensor(images.shape[2:]) - size
    corners = corners.clamp(min=0).minimum(room)
    return tuple(_view(images, corners[v], flips[v], gains[v], size) for v in range(2))


@misconception(hint="The docstring says what happens to a window that leaves its image.")
def pushed_back(images, corners, flips, gains, size):
    """A window that leaves its image is pushed back into it."""
    return _inside(images, corners, flips, gains, size)


one_too_far_accepted = slip(
    "0 <= row <= height - size and 0 <= column <= width - size",
    "0 <= row <= height - size + 1 and 0 <= column <= width - size + 1",
    idea="A window that is one pixel outside is accepted.",
    hint="Which is the last corner from which a whole window fits?",
)
negative_corners_accepted = slip(
    "0 <= row <= height - size and 0 <= column <= width - size",
    "row <= height - size and column <= width - size",
    idea="Corners above or left of the image are accepted.",
    hint="What does images[:, -1:2] give in Python? Try a corner of -1.",
)
only_too_far_above_refused = slip(
    "0 <= row <= height - size and 0 <= column <= width - size",
    "0 <= row and 0 <= column",
    idea="Corners too far down or to the right are accepted.",
    hint="What does Python do with a slice that ends behind the last pixel?",
)
height_for_both_sides = slip(
    "column <= width - size",
    "column <= height - size",
    idea="The height of the images is taken for their width.",
    hint="Is an image as wide as it is high?",
)
width_for_both_sides = slip(
    "row <= height - size",
    "row <= width - size",
    idea="The width of the images is taken for their height.",
    hint="Is an image as high as it is wide?",
)
lower_edge_refused = slip(
    "row <= height - size",
    "row < height - size",
    idea="A window that ends with the last row of its image is refused.",
    hint="Three pixels from row 2 on, in an image of five rows: does the window leave it?",
)
right_edge_refused = slip(
    "column <= width - size",
    "column < width - size",
    idea="A window that ends with the last column of its image is refused.",
    hint="Three pixels from column 2 on, in an image of five columns: does the window leave it?",
)


# --- flip ------------------------------------------------------------------------------------------------------------

upside_down = slip(
    "windows.flip(3)",
    "windows.flip(2)",
    idea="The windows are turned upside down.",
    hint="Left and right change places; which dimension is that?",
)
turned_round = slip(
    "windows.flip(3)",
    "windows.flip(2, 3)",
    idea="The windows are turned by half a circle.",
    hint="Mirrored left to right: does the top stay at the top?",
)
channels_flipped = slip(
    "windows.flip(3)",
    "windows.flip(1)",
    idea="The channels change places, not left and right.",
    hint="Which of the four dimensions runs from left to right?",
)
flips_the_other_way = slip(
    "windows.flip(3), windows)",
    "windows, windows.flip(3))",
    idea="Windows are mirrored where `flips` is false.",
    hint="Which windows does your function leave as they are?",
)
never_flipped = slip(
    "windows.flip(3), windows)",
    "windows, windows)",
    idea="No window is mirrored.",
    hint="Which of your lines makes use of `flips`?",
)
always_flipped = slip(
    "windows.flip(3), windows)",
    "windows.flip(3), windows.flip(3))",
    idea="Every window is mirrored.",
    hint="Which windows does your function leave as they are?",
)


@misconception(hint="Mirror the image first: where is the window now?")
def flip_before_crop(images, corners, flips, gains, size):
    """The image is mirrored before the window is cut out of it."""
    _refuse(images, corners, size)
    views = [
        _cut(_mirrored(images, flips[v]), corners[v], size) * gains[v, :, :, None, None] for v in range(2)
    ]
    return tuple(view.clamp(0, 1) for view in views)


@misconception(hint="Which view do the flips of your second view belong to?")
def flips_of_the_first_view(images, corners, flips, gains, size):
    """Both views are mirrored as the first one is to be."""
    return _both(images, corners, flips[:1].expand(2, -1), gains, size)


# --- colour ----------------------------------------------------------------------------------------------------------


@misconception(hint="Which view do the gains of your second view belong to?")
def gains_of_the_first_view(images, corners, flips, gains, size):
    """Both views have the gains of the first."""
    return _both(images, corners, flips, gains[:1].expand_as(gains), size)


@misconception(hint="Shapes (n, c) and (n, c, h, w): which dimensions are missing, and where?")
def gain_on_the_wrong_axis(images, corners, flips, gains, size):
    """The gains are multiplied by rows and columns, since no dimensions were added to them."""
    _refuse(images, corners, size)
    return tuple(
        (_mirrored(_cut(images, corners[v], size), flips[v]) * gains[v]).clamp(0, 1) for v in range(2)
    )


@misconception(hint="Has each channel a gain of its own in your result?")
def one_gain_for_all_channels(images, corners, flips, gains, size):
    """All channels are multiplied by the gain of the first."""
    return _both(images, corners, flips, gains[:, :, :1].expand_as(gains), size)


@misconception(hint="What does a gain of 1 do to a pixel?")
def gains_added(images, corners, flips, gains, size):
    """The gains are added."""
    _refuse(images, corners, size)
    views = [_mirrored(_cut(images, corners[v], size), flips[v]) for v in range(2)]
    return tuple((view + gains[v, :, :, None, None]).clamp(0, 1) for v, view in enumerate(views))


gains_left_out = slip(
    "(mirrored * gains[v, :, :, None, None])",
    "mirrored",
    idea="The gains are left out.",
    hint="Which of your lines makes use of `gains`?",
)
not_clamped = slip(
    ".clamp(0, 1)",
    "",
    idea="The views are not clamped.",
    hint="What is the brightest pixel after a gain of 1.4?",
)
only_clamped_above = slip(
    ".clamp(0, 1)",
    ".clamp(max=1)",
    idea="Values below zero are left as they are.",
    hint="To which range does the docstring clamp? Look at both of its ends.",
)


@misconception(hint="What is the brightest pixel after a gain of 1.4? Which step is the last?")
def clamped_first(images, corners, flips, gains, size):
    """The images are clamped before the gains, and not afterwards."""
    _refuse(images, corners, size)
    views = [_mirrored(_cut(images.clamp(0, 1), corners[v], size), flips[v]) for v in range(2)]
    return tuple(view * gains[v, :, :, None, None] for v, view in enumerate(views))


@misconception(hint="A value that is too large becomes 1, whatever the others are. Does it in yours?")
def divided_by_the_largest(images, corners, flips, gains, size):
    """Views that are too bright are divided by their largest value."""
    _refuse(images, corners, size)
    views = [
        _mirrored(_cut(images, corners[v], size), flips[v]) * gains[v, :, :, None, None] for v in range(2)
    ]
    return tuple((view / view.amax(dim=(1, 2, 3), keepdim=True).clamp(min=1)).clamp(min=0) for view in views)


# --- form ------------------------------------------------------------------------------------------------------------


@misconception(hint="The signature says how many things are returned. How many tensors are yours?")
def views_in_one_batch(images, corners, flips, gains, size):
    """Both views are returned in one batch, one after the other."""
    return torch.cat(_both(images, corners, flips, gains, size))


@misconception(hint="Can a gradient pass through your views? Follow it back to the images.")
def off_the_graph(images, corners, flips, gains, size):
    """The views are made without gradients."""
    return tuple(view.detach() for view in _both(images, corners, flips, gains, size))


@misconception(hint="A pixel that was clamped is 1 whatever its gain is. Which gradient has it then?")
def gradient_through_the_clamp(images, corners, flips, gains, size):
    """Clamped pixels pass their gradient on, as if nothing had been cut off."""
    _refuse(images, corners, size)
    views = [
        _mirrored(_cut(images, corners[v], size), flips[v]) * gains[v, :, :, None, None] for v in range(2)
    ]
    return tuple(view + (view.clamp(0, 1) - view).detach() for view in views)


@misconception(hint="Call your function with float64 images. What comes back?")
def always_float32(images, corners, flips, gains, size):
    """Images and gains are made float32, whatever they were."""
    return _both(images.float(), corners, flips, gains.float(), size)


# --- without a name --------------------------------------------------------------------------------------------------

# A window that meets an edge of its image is refused: most cases raise, or all.
edge_refused = slip(
    "0 <= row <= height - size and 0 <= column <= width - size",
    "0 <= row < height - size and 0 <= column < width - size",
)
row_zero_refused = slip("0 <= row", "0 < row")
column_zero_refused = slip("0 <= column", "0 < column")
corner_zero_refused = slip(
    "0 <= row <= height - size and 0 <= column <= width - size",
    "0 < row <= height - size and 0 < column <= width - size",
)


@wrong
def rounded_to_bytes(images, corners, flips, gains, size):
    return tuple(view.mul(255).round().div(255) for view in _both(images, corners, flips, gains, size))


@wrong
def last_image_left_out_of_the_test(images, corners, flips, gains, size):
    _refuse(images, corners[:, :2], size)
    return _inside(images, corners, flips, gains, size)


@wrong
def second_view_left_out_of_the_test(images, corners, flips, gains, size):
    _refuse(images, corners[:1], size)
    return _inside(images, corners, flips, gains, size)


@wrong
def corners_tested_by_their_sum(images, corners, flips, gains, size):
    room = torch.tensor(images.shape[2:]) - size
    if (corners < 0).any() or (corners.sum(2) > room.sum()).any():
        raise ValueError("outside")
    return _inside(images, corners, flips, gains, size)


@wrong
def corners_of_a_view_tested_by_their_mean(images, corners, flips, gains, size):
    room = torch.tensor(images.shape[2:]) - size
    means = corners.double().mean(1)
    if (means < 0).any() or (means > room).any():
        raise ValueError("outside")
    return _inside(images, corners, flips, gains, size)


@wrong
def runtime_error(images, corners, flips, gains, size):
    room = torch.tensor(images.shape[2:]) - size
    if (corners < 0).any() or (corners > room).any():
        raise RuntimeError("outside")
    return _both(images, corners, flips, gains, size)


@wrong
def black_around_the_image(images, corners, flips, gains, size):
    room = torch.tensor(images.shape[2:]) - size
    if (corners < -size).any() or (corners > room + size).any():
        raise ValueError("far outside")
    padded = torch.nn.functional.pad(images, (size,) * 4)
    return tuple(_view(padded, corners[v] + size, flips[v], gains[v], size) for v in range(2))


@wrong
def first_64_images(images, corners, flips, gains, size):
    first, second = _both(images, corners, flips, gains, size)
    return torch.cat([first[:64], first[64:] * 0]), torch.cat([second[:64], second[64:] * 0])


@wrong
def square_images_turned(images, corners, flips, gains, size):
    first, second = _both(images, corners, flips, gains, size)
    return (first.mT, second.mT) if images.shape[2] == images.shape[3] else (first, second)


@wrong
def flipped_twice_if_both_are(images, corners, flips, gains, size):
    return _both(images, corners, torch.stack([flips[0] ^ flips[1], flips[1]]), gains, size)


@wrong
def black_pixels_get_the_mean(images, corners, flips, gains, size):
    images = torch.where(images == 0, images.mean(), images)
    return _both(images, corners, flips, gains, size)


@wrong
def black_images_left_out(images, corners, flips, gains, size):
    kept = images.flatten(1).any(dim=1)
    return _both(images[kept], corners[:, kept], flips[:, kept], gains[:, kept], size)


@wrong
def gains_of_two_at_most_clamped_at_one(images, corners, flips, gains, size):
    return _both(images, corners, flips, gains.clamp(max=1), size)


@wrong
def three_channels(images, corners, flips, gains, size):
    return _both(images[:, :3].expand(-1, 3, -1, -1), corners, flips, gains[:, :, :3].expand(-1, -1, 3), size)


@wrong
def single_window_shared_where_nothing_changes(images, corners, flips, gains, size):
    first, second = _both(images, corners, flips, gains, size)
    row, column = corners[0, 0].tolist()
    window = images[:, :, row : row + size, column : column + size]
    return window if len(images) == 1 and torch.equal(first, window) else first, second


@wrong
def corners_moved_in_place(images, corners, flips, gains, size):
    result = _both(images, corners, flips, gains, size)
    corners.add_(size)
    return result
