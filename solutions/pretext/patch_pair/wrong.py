"""Wrong answers to `pretext.patch_pair`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong

# Where the second patch lies as seen from the first, as (rows, columns).
_STEPS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def _refuse_jitter(jitter, gap):
    if (2 * jitter.abs() > gap).any():
        raise ValueError("too much jitter")


def _corners(images, labels, jitter, patch, gap, steps=_STEPS):
    """The corners (rows, columns) of the first and of the second patches, without any check."""
    h, w = images.shape[2:]
    middle = torch.tensor([(h - patch) // 2, (w - patch) // 2])
    second = middle + (patch + gap) * torch.tensor(steps)[labels]
    return middle + jitter[:, 0], second + jitter[:, 1]


def _cut(images, corners, patch):
    """The windows at these corners; a ValueError if one of them leaves its image."""
    h, w = images.shape[2:]
    limit = torch.tensor([h - patch, w - patch])
    if (corners < 0).any() or (corners > limit).any():
        raise ValueError("a patch leaves its image")
    pairs = zip(images, corners.tolist(), strict=True)
    return torch.stack([x[:, r : r + patch, c : c + patch] for x, (r, c) in pairs])


def _pair(images, labels, jitter, patch, gap, steps=_STEPS):
    _refuse_jitter(jitter, gap)
    first, second = _corners(images, labels, jitter, patch, gap, steps)
    return _cut(images, first, patch), _cut(images, second, patch)


@misconception(hint="Which of the two patches does the signature return first?")
def pair_swapped(images, labels, jitter, patch, gap):
    """The neighbour is returned before the patch in the middle."""
    first, second = _pair(images, labels, jitter, patch, gap)
    return second, first


@misconception(hint="Draw label 1. Does the second patch lie above the first, or to its left?")
def columns_for_rows(images, labels, jitter, patch, gap):
    """The neighbours are counted column by column."""
    return _pair(images, labels, jitter, patch, gap, [(right, down) for down, right in _STEPS])


@misconception(hint="How many neighbours has a patch, and which number would 'itself' get in your count?")
def nine_places(images, labels, jitter, patch, gap):
    """The places are counted from 0 to 8, and the middle counts as one of them."""
    steps = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return _pair(images, labels, jitter, patch, gap, steps)


@misconception(hint="Does label 2 lie to the right of label 1, or below it?")
def compass_order(images, labels, jitter, patch, gap):
    """The neighbours are counted like the points of a compass: north, north-east, east and so on."""
    steps = [(-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1)]
    return _pair(images, labels, jitter, patch, gap, steps)


@misconception(hint="Go from label 2 to label 3 in the figure. Do you go down, or back to the left?")
def clockwise_from_the_corner(images, labels, jitter, patch, gap):
    """The neighbours are counted clockwise, from the top left one on."""
    steps = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
    return _pair(images, labels, jitter, patch, gap, steps)


@misconception(hint="Stand on the first patch and look at the second. Which way do you look?")
def label_of_the_first(images, labels, jitter, patch, gap):
    """The label is read as the place of the first patch, seen from the second."""
    return _pair(images, 7 - labels, jitter, patch, gap)


@misconception(hint="In which direction do the rows of an image count: upwards or downwards?")
def upside_down(images, labels, jitter, patch, gap):
    """Labels 0, 1 and 2 lie below the first patch, as if rows were counted from the bottom."""
    return _pair(images, labels, jitter, patch, gap, [(-down, right) for down, right in _STEPS])


@misconception(hint="Which number has the first label?")
def labels_from_one(images, labels, jitter, patch, gap):
    """The labels are taken to run from 1 to 8."""
    return _pair(images, labels - 1, jitter, patch, gap)


@misconception(
    hint="An edge runs across the border of two touching patches. What could a network read off it?"
)
def no_gap(images, labels, jitter, patch, gap):
    """The second patch begins where the first one ends."""
    _refuse_jitter(jitter, gap)
    first, second = _corners(images, labels, jitter, patch, 0)
    return _cut(images, first, patch), _cut(images, second, patch)


@misconception(hint="From corner to corner, what lies between besides the gap?")
def gap_alone(images, labels, jitter, patch, gap):
    """The second corner is the gap away from the first, so that the patches overlap."""
    _refuse_jitter(jitter, gap)
    first, second = _corners(images, labels, jitter, patch, gap)
    second = second - patch * torch.tensor(_STEPS)[labels]
    return _cut(images, first, patch), _cut(images, second, patch)


@misconception(hint="If both patches shift together, what is left of the jitter in their distance?")
def one_jitter_for_both(images, labels, jitter, patch, gap):
    """Both patches are moved by the first jitter."""
    _refuse_jitter(jitter, gap)
    first, second = _corners(images, labels, jitter[:, :1].expand(-1, 2, -1), patch, gap)
    return _cut(images, first, patch), _cut(images, second, patch)


@misconception(hint="Where would the second patch be if the first one were not moved? Should that matter?")
def second_goes_with_the_first(images, labels, jitter, patch, gap):
    """The second patch is placed beside the first as moved, and then moved by its own jitter as well."""
    _refuse_jitter(jitter, gap)
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first, patch), _cut(images, second + jitter[:, 0], patch)


@misconception(hint="Does the network always see the very middle of the image in your first patch?")
def first_not_moved(images, labels, jitter, patch, gap):
    """Only the second patch is moved by its jitter."""
    _refuse_jitter(jitter, gap)
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first - jitter[:, 0], patch), _cut(images, second, patch)


@misconception(hint="Call your function twice, with another jitter the second time. What changes?")
def jitter_ignored(images, labels, jitter, patch, gap):
    """The jitter is checked, and then left out."""
    _refuse_jitter(jitter, gap)
    return _pair(images, labels, jitter * 0, patch, gap)


@misconception(hint="Does a jitter of (1, 0) move a patch down or to the right?")
def jitter_as_columns_and_rows(images, labels, jitter, patch, gap):
    """The jitter is read as (columns, rows)."""
    return _pair(images, labels, jitter.flip(2), patch, gap)


@misconception(hint="Is the jitter added to a corner, or taken away?")
def jitter_subtracted(images, labels, jitter, patch, gap):
    """The patches are moved against their jitter."""
    return _pair(images, labels, -jitter, patch, gap)


@misconception(hint="Which of the two patches does `jitter[i, 0]` belong to?")
def jitters_exchanged(images, labels, jitter, patch, gap):
    """Each patch is moved by the jitter of the other."""
    return _pair(images, labels, jitter.flip(1), patch, gap)


@misconception(hint="Jitter moves a patch of fixed size. Did yours make the patch smaller?")
def jitter_of_cells(images, labels, jitter, patch, gap):
    """The jitter crops a part of the fixed place, which is stretched to the size of a patch."""
    _refuse_jitter(jitter, gap)
    places = [_cut(images, corners, patch) for corners in _corners(images, labels, jitter * 0, patch, gap)]
    pair = []
    for which, place in enumerate(places):
        smaller = []
        for part, (down, right) in zip(place, jitter[:, which].tolist(), strict=True):
            rows = part[:, max(down, 0) : patch + min(down, 0)]
            rest = rows[:, :, max(right, 0) : patch + min(right, 0)]
            if 0 in rest.shape:
                rest = part
            smaller.append(F.interpolate(rest[None], (patch, patch), mode="nearest")[0])
        pair.append(torch.stack(smaller))
    return tuple(pair)


@misconception(hint="A patch pushed back at the border lies at another distance. Does its label still hold?")
def clamped(images, labels, jitter, patch, gap):
    """A patch that leaves the image is pushed back inside."""
    _refuse_jitter(jitter, gap)
    h, w = images.shape[2:]
    limit = torch.tensor([h - patch, w - patch])
    first, second = _corners(images, labels, jitter, patch, gap)
    return tuple(_cut(images, corner.clamp(min=0).minimum(limit), patch) for corner in (first, second))


@misconception(hint="What does a slice that begins at -1 hold, or one that reaches past the end?")
def edges_not_checked(images, labels, jitter, patch, gap):
    """Whether a patch leaves its image is left to slicing."""
    _refuse_jitter(jitter, gap)
    return tuple(
        torch.stack([x[:, r : r + patch, c : c + patch] for x, (r, c) in zip(images, corner, strict=True)])
        for corner in _corners(images, labels, jitter, patch, gap)
    )


@misconception(hint="How near may two patches come? What does the docstring say of a larger jitter?")
def jitter_not_checked(images, labels, jitter, patch, gap):
    """Any jitter is accepted as long as the patches stay inside the image."""
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first, patch), _cut(images, second, patch)


@misconception(hint="Two patches move towards each other, each by the whole gap. What happens?")
def jitter_up_to_the_gap(images, labels, jitter, patch, gap):
    """A jitter up to the whole gap is accepted."""
    if (jitter.abs() > gap).any():
        raise ValueError("too much jitter")
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first, patch), _cut(images, second, patch)


@misconception(hint="Is -2 more than half of 3?")
def jitter_checked_without_its_sign(images, labels, jitter, patch, gap):
    """Only a jitter down or to the right is refused where it is too large."""
    if (2 * jitter > gap).any():
        raise ValueError("too much jitter")
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first, patch), _cut(images, second, patch)


half_the_gap_refused = slip(
    "2 * jitter.abs() > gap",
    "2 * jitter.abs() >= gap",
    idea="A jitter of exactly half the gap is refused as well.",
    hint="A gap of 2, both patches moved by 1 towards each other: do they overlap?",
)


@misconception(hint="Which pixel of the image is the middle of the first patch?")
def corner_in_the_middle(images, labels, jitter, patch, gap):
    """The corner of the first patch, not its centre, lies in the middle of the image."""
    _refuse_jitter(jitter, gap)
    h, w = images.shape[2:]
    shift = torch.tensor([h // 2 - (h - patch) // 2, w // 2 - (w - patch) // 2])
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first + shift, patch), _cut(images, second + shift, patch)


@misconception(hint="h = 10, patch = 3: what is (h - patch) // 2, and what is h // 2 - patch // 2?")
def halved_one_by_one(images, labels, jitter, patch, gap):
    """Image and patch are halved one by one, which rounds twice."""
    _refuse_jitter(jitter, gap)
    h, w = images.shape[2:]
    shift = torch.tensor([h // 2 - patch // 2 - (h - patch) // 2, w // 2 - patch // 2 - (w - patch) // 2])
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first + shift, patch), _cut(images, second + shift, patch)


@misconception(hint="Which of the two sizes of an image is its number of rows?")
def height_for_width(images, labels, jitter, patch, gap):
    """The middle is found with height and width taken for each other."""
    _refuse_jitter(jitter, gap)
    h, w = images.shape[2:]
    shift = torch.tensor([(w - patch) // 2 - (h - patch) // 2, (h - patch) // 2 - (w - patch) // 2])
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first + shift, patch), _cut(images, second + shift, patch)


@misconception(hint="Is the whole image used here, or may there be a margin around the nine places?")
def grid_from_the_corner(images, labels, jitter, patch, gap):
    """The nine places begin in the top left corner of the image, not around its middle."""
    _refuse_jitter(jitter, gap)
    h, w = images.shape[2:]
    shift = torch.tensor([patch + gap - (h - patch) // 2, patch + gap - (w - patch) // 2])
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first + shift, patch), _cut(images, second + shift, patch)


@misconception(hint="Which label does the second image of the batch have?")
def one_label_for_all(images, labels, jitter, patch, gap):
    """The label of the first image is used for the whole batch."""
    return _pair(images, labels[:1].expand_as(labels), jitter, patch, gap)


@misconception(hint="Compare the jitter of two images of the batch. Is it the same?")
def one_jitter_for_all(images, labels, jitter, patch, gap):
    """The jitter of the first image is used for the whole batch."""
    return _pair(images, labels, jitter[:1].expand_as(jitter), patch, gap)


@misconception(hint="Does the result still know which images it was cut from? Try `.requires_grad`.")
def off_the_graph(images, labels, jitter, patch, gap):
    """The patches go through NumPy, or through `detach`, and no gradient comes back."""
    return _pair(images.detach(), labels, jitter, patch, gap)


@misconception(hint="Call your function with float64 images. What comes back?")
def always_float32(images, labels, jitter, patch, gap):
    """The patches are float32, whatever the images are."""
    return _pair(images.float(), labels, jitter, patch, gap)


@misconception(hint="The signature promises a pair. How does the network know where the first patch ends?")
def patches_in_one_tensor(images, labels, jitter, patch, gap):
    """Both patches are returned in one tensor."""
    return torch.stack(_pair(images, labels, jitter, patch, gap), dim=1)


@misconception(hint="`squeeze` takes out every dimension of length one. Which of yours may have that length?")
def squeezed(images, labels, jitter, patch, gap):
    """All dimensions of length one are taken out."""
    return tuple(part.squeeze() for part in _pair(images, labels, jitter, patch, gap))


@misconception(hint="`labels[...] += 1` writes somewhere. Who else still needs what stood there?")
def labels_overwritten(images, labels, jitter, patch, gap):
    """The labels passed in are turned into numbers of the nine places."""
    result = _pair(images, labels.clone(), jitter, patch, gap)
    labels[labels >= 4] += 1
    return result


@misconception(hint="`+=` changes the tensor on its left. Does the caller still need that jitter?")
def jitter_overwritten(images, labels, jitter, patch, gap):
    """The corners are added to the jitter that was passed in."""
    result = _pair(images, labels, jitter, patch, gap)
    jitter += torch.stack(_corners(images, labels, jitter * 0, patch, gap), dim=1)
    return result


@misconception(hint="Where in memory do your patches lie? Change one of them: what becomes of the images?")
def view_of_a_single_image(images, labels, jitter, patch, gap):
    """For a batch of one the patches are slices, which lie in the memory of the image."""
    _pair(images, labels, jitter, patch, gap)
    if len(images) > 1:
        return _pair(images, labels, jitter, patch, gap)
    corners = (corner[0].tolist() for corner in _corners(images, labels, jitter, patch, gap))
    return tuple(images[:, :, r : r + patch, c : c + patch] for r, c in corners)


# --- without a name ----------------------------------------------------------------------------------------------


@wrong
def padded_with_zeros(images, labels, jitter, patch, gap):
    _refuse_jitter(jitter, gap)
    border = 2 * (patch + gap)
    padded = F.pad(images, (border,) * 4)
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(padded, first + border, patch), _cut(padded, second + border, patch)


@wrong
def edges_checked_before_the_jitter(images, labels, jitter, patch, gap):
    _pair(images, labels, jitter * 0, patch, gap)
    return _pair(images, labels, jitter, patch, gap)


@wrong
def view_of_any_memory(images, labels, jitter, patch, gap):
    n, c, h, w = images.shape
    return _pair(images.view(n, c, h * w).view(n, c, h, w), labels, jitter, patch, gap)


@wrong
def all_neighbours_must_fit(images, labels, jitter, patch, gap):
    if min(images.shape[2:]) < 3 * patch + 2 * gap:
        raise ValueError("the image is too small")
    return _pair(images, labels, jitter, patch, gap)


@wrong
def asserts(images, labels, jitter, patch, gap):
    assert (2 * jitter.abs() <= gap).all()
    return _pair(images, labels, jitter, patch, gap)


@wrong
def edges_asserted(images, labels, jitter, patch, gap):
    _refuse_jitter(jitter, gap)
    try:
        return _pair(images, labels, jitter, patch, gap)
    except ValueError as error:
        raise IndexError("outside") from error


@wrong
def jitter_rounded_up(images, labels, jitter, patch, gap):
    if (jitter.abs() > (gap + 1) // 2).any():
        raise ValueError("too much jitter")
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first, patch), _cut(images, second, patch)


@wrong
def jitter_of_the_second_not_checked(images, labels, jitter, patch, gap):
    _refuse_jitter(jitter[:, 0], gap)
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first, patch), _cut(images, second, patch)


@wrong
def sum_of_the_jitters_checked(images, labels, jitter, patch, gap):
    if ((jitter[:, 0] - jitter[:, 1]).abs() > gap).any():
        raise ValueError("the patches could meet")
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first, patch), _cut(images, second, patch)


@wrong
def mean_jitter_checked(images, labels, jitter, patch, gap):
    if 2 * jitter.abs().float().mean() > gap:
        raise ValueError("too much jitter")
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first, patch), _cut(images, second, patch)


@wrong
def first_image_checked(images, labels, jitter, patch, gap):
    _refuse_jitter(jitter[:1], gap)
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first, patch), _cut(images, second, patch)


@wrong
def without_gap_no_patches(images, labels, jitter, patch, gap):
    if gap < 1:
        raise ValueError("a gap is needed")
    return _pair(images, labels, jitter, patch, gap)


@wrong
def touching_the_edge_refused(images, labels, jitter, patch, gap):
    first, second = _corners(images, labels, jitter, patch, gap)
    if (torch.stack([first, second]) < 1).any():
        raise ValueError("outside")
    return _pair(images, labels, jitter, patch, gap)


@wrong
def shorter_side_for_both(images, labels, jitter, patch, gap):
    first, second = _corners(images, labels, jitter, patch, gap)
    if (torch.stack([first, second]) > min(images.shape[2:]) - patch).any():
        raise ValueError("outside")
    return _pair(images, labels, jitter, patch, gap)


@wrong
def first_patch_not_checked(images, labels, jitter, patch, gap):
    _refuse_jitter(jitter, gap)
    h, w = images.shape[2:]
    first, second = _corners(images, labels, jitter, patch, gap)
    inside = first.clamp(min=0).minimum(torch.tensor([h - patch, w - patch]).clamp(min=0))
    found = [x[:, r : r + patch, c : c + patch] for x, (r, c) in zip(images, inside.tolist(), strict=True)]
    return torch.stack(found), _cut(images, second, patch)


@wrong
def second_patch_mirrored(images, labels, jitter, patch, gap):
    first, second = _pair(images, labels, jitter, patch, gap)
    return first, second.flip(3)


@wrong
def patches_transposed(images, labels, jitter, patch, gap):
    first, second = _pair(images, labels, jitter, patch, gap)
    return first.mT, second.mT


@wrong
def normalised(images, labels, jitter, patch, gap):
    first, second = _pair(images, labels, jitter, patch, gap)
    return first - first.mean(), second - second.mean()


@wrong
def through_bfloat16(images, labels, jitter, patch, gap):
    first, second = _pair(images.bfloat16().to(images.dtype), labels, jitter, patch, gap)
    return first, second


@wrong
def with_a_little_noise(images, labels, jitter, patch, gap):
    first, second = _pair(images, labels, jitter, patch, gap)
    return first, second + 1e-3 * torch.randn_like(second)


@wrong
def second_detached(images, labels, jitter, patch, gap):
    first, second = _pair(images, labels, jitter, patch, gap)
    return first, second.detach()


@wrong
def three_channels(images, labels, jitter, patch, gap):
    first, second = _pair(images, labels, jitter, patch, gap)
    return first[:, :3], second[:, :3]


@wrong
def first_64_images(images, labels, jitter, patch, gap):
    first, second = _pair(images, labels, jitter, patch, gap)
    return first[:64], second[:64]


@wrong
def values_cut_to_pictures(images, labels, jitter, patch, gap):
    return _pair(images.clamp(0, 1), labels, jitter, patch, gap)


@wrong
def black_images_left_out(images, labels, jitter, patch, gap):
    first, second = _pair(images, labels, jitter, patch, gap)
    kept = first.flatten(1).any(dim=1) & second.flatten(1).any(dim=1)
    return first[kept], second[kept]


@wrong
def odd_patches_cut_by_radius(images, labels, jitter, patch, gap):
    _refuse_jitter(jitter, gap)
    h, w = images.shape[2:]
    shift = torch.tensor([h // 2 - (h - patch) // 2, w // 2 - (w - patch) // 2]) - (patch + 1) // 2
    first, second = _corners(images, labels, jitter, patch, gap)
    return _cut(images, first + shift, patch), _cut(images, second + shift, patch)


@wrong
def square_images_only(images, labels, jitter, patch, gap):
    side = min(images.shape[2:])
    return _pair(images[:, :, :side, :side], labels, jitter, patch, gap)
