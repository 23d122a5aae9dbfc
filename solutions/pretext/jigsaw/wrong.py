"""Wrong answers to `pretext.jigsaw`: ideas with a name and a hint, then others."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _side(permutations):
    return math.isqrt(permutations.shape[1])


def _refuse(images, permutations, corners, tile):
    g = _side(permutations)
    room = torch.tensor([images.shape[2] // g - tile, images.shape[3] // g - tile])
    if ((corners < 0) | (corners > room)).any():
        raise ValueError("a tile leaves its cell")


def _grid(images, permutations):
    """The top left corners of all cells, (g * g, 2)."""
    g = _side(permutations)
    number = torch.arange(g * g)
    return torch.stack([number // g * (images.shape[2] // g), number % g * (images.shape[3] // g)], dim=1)


def _windows(images, places, tile):
    """The tiles (n, g * g, c, tile, tile) with their corners at these places of the images."""
    return torch.stack(
        [
            torch.stack([image[:, r : r + tile, c : c + tile] for r, c in at])
            for image, at in zip(images, places.tolist(), strict=True)
        ]
    )


def _shuffled(tiles, order):
    return tiles[torch.arange(len(tiles))[:, None], order]


def _normalised(tiles, dims=(2, 3, 4), correction=0, guard=1e-6):
    mean = tiles.mean(dim=dims, keepdim=True)
    return (tiles - mean) / (tiles.var(dim=dims, correction=correction, keepdim=True) + guard).sqrt()


def _cut(images, permutations, labels, corners, tile):
    """The shuffled tiles as they are in the images."""
    _refuse(images, permutations, corners, tile)
    tiles = _windows(images, _grid(images, permutations) + corners, tile)
    return _shuffled(tiles, permutations[labels])


def _jigsaw(images, permutations, labels, corners, tile):
    return _normalised(_cut(images, permutations, labels, corners, tile))


# --- which tile where --------------------------------------------------------------------------------------------


@misconception(hint="Slot 0 should show tile perm[0]. Which tile does yours show?")
def inverse_permutation(images, permutations, labels, corners, tile):
    """Tile s is put into slot perm[s]."""
    return _jigsaw(images, permutations.argsort(dim=1), labels, corners, tile)


@misconception(hint="Is tile 1 to the right of tile 0 or below it?")
def tiles_column_by_column(images, permutations, labels, corners, tile):
    """The cells are numbered column by column."""
    _refuse(images, permutations, corners, tile)
    g = _side(permutations)
    turned = torch.arange(g * g).view(g, g).T.flatten()
    tiles = _windows(images, _grid(images, permutations)[turned] + corners, tile)
    return _normalised(_shuffled(tiles, permutations[labels]))


@misconception(hint="Is slot 1 to the right of slot 0 or below it?")
def slots_column_by_column(images, permutations, labels, corners, tile):
    """The slots of the puzzle are filled column by column."""
    g = _side(permutations)
    turned = torch.arange(g * g).view(g, g).T.flatten()
    return _jigsaw(images, permutations, labels, corners, tile)[:, turned]


@misconception(hint="Which permutation belongs to the second image of the batch?")
def one_puzzle_for_all(images, permutations, labels, corners, tile):
    """All images are shuffled like the first one."""
    return _jigsaw(images, permutations, labels[:1].expand_as(labels), corners, tile)


@misconception(hint="Which permutation belongs to an image: the row of its number, or the row of its label?")
def permutation_of_the_row(images, permutations, labels, corners, tile):
    """Image i is shuffled by row i of the permutations."""
    own = torch.arange(len(images)) % len(permutations)
    return _jigsaw(images, permutations, own, corners, tile)


@misconception(hint="Lay the slots out as a grid. Do you see the picture?")
def not_shuffled(images, permutations, labels, corners, tile):
    """The tiles are cut and normalised, and stay where they are."""
    return _jigsaw(images, permutations.sort(dim=1).values, labels, corners, tile)


@misconception(hint="Does a corner belong to the tile, or to the slot in which the tile is shown?")
def corners_of_the_slot(images, permutations, labels, corners, tile):
    """Slot s is cut at corner s, whichever tile it shows."""
    _refuse(images, permutations, corners, tile)
    order = permutations[labels]
    return _normalised(_windows(images, _grid(images, permutations)[order] + corners, tile))


@misconception(hint="Does a corner of (1, 0) lie one row down or one column to the right?")
def corners_as_columns_and_rows(images, permutations, labels, corners, tile):
    """The corners are read as (column, row)."""
    return _jigsaw(images, permutations, labels, corners.flip(2), tile)


@misconception(hint="Compare the corners of two images of the batch. Are they the same?")
def corners_of_the_first_image(images, permutations, labels, corners, tile):
    """All images are cut at the corners of the first."""
    return _jigsaw(images, permutations, labels, corners[:1].expand_as(corners), tile)


@misconception(hint="Cut the same image twice, at other corners. Does your puzzle change?")
def corners_ignored(images, permutations, labels, corners, tile):
    """Each tile is cut from the top left corner of its cell."""
    _refuse(images, permutations, corners, tile)
    return _jigsaw(images, permutations, labels, corners * 0, tile)


@misconception(hint="Are the windows cut at `corners`, or do they fill the cell?")
def tiles_touch(images, permutations, labels, corners, tile):
    """The whole cells are the tiles, resized to the side of a tile."""
    _refuse(images, permutations, corners, tile)
    g = _side(permutations)
    h, w = images.shape[2] // g, images.shape[3] // g
    cells = [
        F.interpolate(images[:, :, r : r + h, c : c + w], (tile, tile), mode="bilinear", align_corners=False)
        for r, c in _grid(images, permutations).tolist()
    ]
    return _normalised(_shuffled(torch.stack(cells, dim=1), permutations[labels]))


@misconception(hint="From which point are the rows and columns of a corner counted?")
def corners_counted_in_the_image(images, permutations, labels, corners, tile):
    """The corners are taken for places of the image, so that all tiles come from its top left."""
    _refuse(images, permutations, corners, tile)
    return _normalised(_shuffled(_windows(images, corners, tile), permutations[labels]))


@misconception(hint="h = 11, g = 2: at which row does the second row of cells begin?")
def left_over_pixels_shared_out(images, permutations, labels, corners, tile):
    """Pixels that are left over are shared out between the cells, so that the last ones lie further out."""
    _refuse(images, permutations, corners, tile)
    g = _side(permutations)
    number = torch.arange(g * g)
    start = torch.stack([number // g * images.shape[2] // g, number % g * images.shape[3] // g], dim=1)
    return _normalised(_shuffled(_windows(images, start + corners, tile), permutations[labels]))


@misconception(hint="Where does cell 0 begin: in the corner of the image, or where its margin ends?")
def grid_in_the_middle(images, permutations, labels, corners, tile):
    """The grid lies in the middle of the image, with what is left over around it."""
    _refuse(images, permutations, corners, tile)
    g = _side(permutations)
    margin = torch.tensor([images.shape[2] % g // 2, images.shape[3] % g // 2])
    places = _grid(images, permutations) + margin + corners
    return _normalised(_shuffled(_windows(images, places, tile), permutations[labels]))


@misconception(hint="How many rows has a cell, and how many columns?")
def height_for_width(images, permutations, labels, corners, tile):
    """Height and width of a cell are taken for each other."""
    _refuse(images, permutations, corners, tile)
    g = _side(permutations)
    number = torch.arange(g * g)
    start = torch.stack([number // g * (images.shape[3] // g), number % g * (images.shape[2] // g)], dim=1)
    limit = torch.tensor([images.shape[2] - tile, images.shape[3] - tile])
    places = (start + corners).minimum(limit)
    return _normalised(_shuffled(_windows(images, places, tile), permutations[labels]))


@misconception(hint="Does the network name the permutation's number or the permutation?")
def order_in_the_label(images, permutations, labels, corners, tile):
    """The permutations are returned with the puzzles, as if they were labels."""
    return _jigsaw(images, permutations, labels, corners, tile), permutations[labels].clone()


@misconception(
    hint="An encoder that sees all tiles as one picture of many channels: what need it not understand?"
)
def tiles_stacked_as_channels(images, permutations, labels, corners, tile):
    """The tiles of an image are stacked along its channels."""
    return _jigsaw(images, permutations, labels, corners, tile).flatten(1, 2)


@misconception(
    hint="How does the head know which tiles belong to one puzzle? Count the dimensions in the signature."
)
def tiles_as_a_batch(images, permutations, labels, corners, tile):
    """All tiles of all images are returned as one batch."""
    return _jigsaw(images, permutations, labels, corners, tile).flatten(0, 1)


# --- normalisation -----------------------------------------------------------------------------------------------


@misconception(
    hint="Could a network tell neighbours by equal brightness? Whose mean and variance are asked for?"
)
def not_normalised(images, permutations, labels, corners, tile):
    """The tiles are shown as they are."""
    return _cut(images, permutations, labels, corners, tile)


@misconception(hint="Could a network tell neighbours by equal brightness after your normalisation?")
def normalised_as_one_image(images, permutations, labels, corners, tile):
    """All tiles of an image are normalised together."""
    return _normalised(_cut(images, permutations, labels, corners, tile), (1, 2, 3, 4))


@misconception(hint="When do you normalise: before you cut, or after? Whose mean is it then?")
def normalised_before_cutting(images, permutations, labels, corners, tile):
    """The image is normalised, and the tiles are cut from it."""
    return _cut(_normalised(images, (1, 2, 3)), permutations, labels, corners, tile)


@misconception(hint="The mean of ImageNet is no property of this tile. Whose mean takes its brightness away?")
def dataset_statistics(images, permutations, labels, corners, tile):
    """A fixed mean and deviation are used for all tiles."""
    return (_cut(images, permutations, labels, corners, tile) - 0.45) / 0.225


@misconception(hint="Does the puzzle of an image depend on the other images of its batch?")
def normalised_over_the_batch(images, permutations, labels, corners, tile):
    """Mean and variance of a channel are those of the whole batch, as in batch normalisation."""
    return _normalised(_cut(images, permutations, labels, corners, tile), (0, 1, 3, 4))


@misconception(hint="How many means has one tile in the docstring?")
def channel_by_channel(images, permutations, labels, corners, tile):
    """Each channel of a tile is normalised by itself."""
    return _normalised(_cut(images, permutations, labels, corners, tile), (3, 4))


@misconception(hint="One mean for the colours of a pixel, or one for the pixels of a tile?")
def pixel_by_pixel(images, permutations, labels, corners, tile):
    """Each pixel is normalised over its channels."""
    return _normalised(_cut(images, permutations, labels, corners, tile), (2,))


@misconception(hint="Divide by N or by N - 1? Compare with `F.layer_norm`.")
def sample_deviation(images, permutations, labels, corners, tile):
    """The sum of squared deviations is divided by N - 1."""
    return _normalised(_cut(images, permutations, labels, corners, tile), correction=1)


@misconception(hint="What is the deviation of a piece of blue sky?")
def flat_tile_is_nan(images, permutations, labels, corners, tile):
    """Nothing is added to the variance, so that a tile of one colour becomes NaN."""
    return _normalised(_cut(images, permutations, labels, corners, tile), guard=0)


small_number_outside_the_root = slip(
    "(variance + 1e-6).sqrt()",
    "(variance.sqrt() + 1e-6)",
    idea="The small number is added to the deviation, not to the variance.",
    hint="Is 1e-6 added before the square root or after it? Try a tile whose deviation is 0.001.",
)

another_small_number = slip(
    "(variance + 1e-6).sqrt()",
    "(variance + 1e-5).sqrt()",
    idea="The small number is another one, such as the default of `F.layer_norm`.",
    hint="Which number does `F.layer_norm` add to the variance if you do not say?",
)


@misconception(hint="Which power of the deviation is the variance?")
def divided_by_the_variance(images, permutations, labels, corners, tile):
    """The centred tile is divided by its variance."""
    tiles = _cut(images, permutations, labels, corners, tile)
    centred = tiles - tiles.mean(dim=(2, 3, 4), keepdim=True)
    return centred / (tiles.var(dim=(2, 3, 4), correction=0, keepdim=True) + 1e-6)


@misconception(
    hint="Two tiles of one thing, one in the light and one in the shade: is a mean of 0 all they should share?"
)
def only_centred(images, permutations, labels, corners, tile):
    """The mean is taken away, and the contrast left as it is."""
    tiles = _cut(images, permutations, labels, corners, tile)
    return tiles - tiles.mean(dim=(2, 3, 4), keepdim=True)


@misconception(hint="What is the mean of your tiles?")
def only_scaled(images, permutations, labels, corners, tile):
    """The tile is divided by its deviation, without taking its mean away."""
    tiles = _cut(images, permutations, labels, corners, tile)
    return tiles / (tiles.var(dim=(2, 3, 4), correction=0, keepdim=True) + 1e-6).sqrt()


@misconception(hint="Is the range of a tile the same thing as its deviation?")
def scaled_to_the_range(images, permutations, labels, corners, tile):
    """The tile is scaled so that its values run from 0 to 1."""
    tiles = _cut(images, permutations, labels, corners, tile)
    low, high = tiles.amin(dim=(2, 3, 4), keepdim=True), tiles.amax(dim=(2, 3, 4), keepdim=True)
    return (tiles - low) / (high - low + 1e-6)


@misconception(
    hint="Make a tile brighter by a little. By how much does your result change, and what does the gradient say?"
)
def mean_and_deviation_detached(images, permutations, labels, corners, tile):
    """No gradient flows through mean and variance."""
    tiles = _cut(images, permutations, labels, corners, tile)
    mean = tiles.mean(dim=(2, 3, 4), keepdim=True).detach()
    variance = tiles.var(dim=(2, 3, 4), correction=0, keepdim=True).detach()
    return (tiles - mean) / (variance + 1e-6).sqrt()


# --- what is refused, and what is left alone -----------------------------------------------------------------------


@misconception(hint="A tile reaches into the next cell. Which two tiles could then touch?")
def only_the_image_is_checked(images, permutations, labels, corners, tile):
    """A tile is refused only where it leaves the image."""
    places = _grid(images, permutations) + corners
    limit = torch.tensor([images.shape[2] - tile, images.shape[3] - tile])
    if ((places < 0) | (places > limit)).any():
        raise ValueError("a tile leaves the image")
    return _normalised(_shuffled(_windows(images, places, tile), permutations[labels]))


@misconception(hint="What does a slice hold that begins at -1, or that reaches past the end?")
def corners_not_checked(images, permutations, labels, corners, tile):
    """Whether a tile leaves its cell is not looked at."""
    places = _grid(images, permutations) + corners
    return _normalised(_shuffled(_windows(images, places, tile), permutations[labels]))


@misconception(hint="A tile pushed back into its cell: is it the one that was asked for?")
def clamped(images, permutations, labels, corners, tile):
    """A tile that leaves its cell is pushed back into it."""
    g = _side(permutations)
    room = torch.tensor([images.shape[2] // g - tile, images.shape[3] // g - tile])
    return _jigsaw(images, permutations, labels, corners.clamp(min=0).minimum(room), tile)


@misconception(hint="Does the result still know which images it was made from? Try `.requires_grad`.")
def off_the_graph(images, permutations, labels, corners, tile):
    """The tiles go through NumPy, or through `detach`, and no gradient comes back."""
    return _jigsaw(images.detach(), permutations, labels, corners, tile)


@misconception(hint="Call your function with float64 images. What comes back?")
def always_float32(images, permutations, labels, corners, tile):
    """The puzzle is float32, whatever the images are."""
    return _jigsaw(images.float(), permutations, labels, corners, tile)


@misconception(hint="A slice of an image is a view. What does `-=` do to the image?")
def images_normalised_in_place(images, permutations, labels, corners, tile):
    """Each tile is normalised where it stands, in the images that were passed in."""
    result = _jigsaw(images, permutations, labels, corners, tile)
    places = (_grid(images, permutations) + corners).tolist()
    with torch.no_grad():
        for image, at in zip(images, places, strict=True):
            for r, c in at:
                part = image[:, r : r + tile, c : c + tile]
                part -= part.mean()
                part /= (part.square().mean() + 1e-6).sqrt()
    return result


@misconception(
    hint="`corners += ...` changes the tensor on its left. Does the caller still need those corners?"
)
def corners_overwritten(images, permutations, labels, corners, tile):
    """The places of the cells are added to the corners that were passed in."""
    result = _jigsaw(images, permutations, labels, corners, tile)
    corners += _grid(images, permutations)
    return result


@misconception(hint="`squeeze` takes out every dimension of length one. Which of yours may have that length?")
def squeezed(images, permutations, labels, corners, tile):
    """All dimensions of length one are taken out."""
    return _jigsaw(images, permutations, labels, corners, tile).squeeze()


# --- without a name ----------------------------------------------------------------------------------------------

# Most cases raise, or all: hardly any has no tile that meets an edge of its cell.
edge_refused = slip("corners + tile > cell", "corners + tile >= cell")
corner_zero_refused = slip("corners < 0", "corners <= 0")


@wrong
def negative_corners_accepted(images, permutations, labels, corners, tile):
    _refuse(images, permutations, corners.clamp(min=0), tile)
    places = (_grid(images, permutations) + corners).clamp(min=0)
    return _normalised(_shuffled(_windows(images, places, tile), permutations[labels]))


@wrong
def view_of_any_memory(images, permutations, labels, corners, tile):
    flat = images.view(len(images), -1)
    return _jigsaw(flat.view(images.shape), permutations, labels, corners, tile)


@wrong
def asserts(images, permutations, labels, corners, tile):
    try:
        _refuse(images, permutations, corners, tile)
    except ValueError as error:
        raise AssertionError from error
    return _jigsaw(images, permutations, labels, corners, tile)


@wrong
def nine_tiles_always(images, permutations, labels, corners, tile):
    return _jigsaw(images, permutations, labels, corners, tile)[:, :9]


@wrong
def permutation_twice(images, permutations, labels, corners, tile):
    twice = permutations.gather(1, permutations)
    return _jigsaw(images, twice, labels, corners, tile)


@wrong
def first_image_checked(images, permutations, labels, corners, tile):
    _refuse(images, permutations, corners[:1], tile)
    places = _grid(images, permutations) + corners
    return _normalised(_shuffled(_windows(images, places, tile), permutations[labels]))


@wrong
def rows_checked_alone(images, permutations, labels, corners, tile):
    g = _side(permutations)
    if (corners < 0).any() or (corners[..., 0] + tile > images.shape[2] // g).any():
        raise ValueError("outside")
    places = _grid(images, permutations) + corners
    return _normalised(_shuffled(_windows(images, places, tile), permutations[labels]))


@wrong
def shorter_side_for_both(images, permutations, labels, corners, tile):
    if corners.max() + tile > min(images.shape[2:]) // _side(permutations):
        raise ValueError("outside")
    return _jigsaw(images, permutations, labels, corners, tile)


@wrong
def cells_rounded_up(images, permutations, labels, corners, tile):
    g = _side(permutations)
    room = torch.tensor([-(-images.shape[2] // g) - tile, -(-images.shape[3] // g) - tile])
    if ((corners < 0) | (corners > room)).any():
        raise ValueError("outside")
    places = _grid(images, permutations) + corners
    return _normalised(_shuffled(_windows(images, places, tile), permutations[labels]))


@wrong
def labels_above_the_batch_wrapped(images, permutations, labels, corners, tile):
    return _jigsaw(images, permutations[: len(images)], labels % len(images), corners, tile)


@wrong
def tiles_mirrored(images, permutations, labels, corners, tile):
    return _jigsaw(images, permutations, labels, corners, tile).flip(4)


@wrong
def tiles_transposed(images, permutations, labels, corners, tile):
    return _jigsaw(images, permutations, labels, corners, tile).mT


@wrong
def three_channels(images, permutations, labels, corners, tile):
    return _jigsaw(images, permutations, labels, corners, tile)[:, :, :3]


@wrong
def deviation_clamped(images, permutations, labels, corners, tile):
    tiles = _cut(images, permutations, labels, corners, tile)
    deviation = tiles.flatten(2).std(dim=2, correction=0)[..., None, None, None]
    return (tiles - tiles.mean(dim=(2, 3, 4), keepdim=True)) / deviation.clamp(min=1e-3)


@wrong
def flat_tiles_left(images, permutations, labels, corners, tile):
    tiles = _cut(images, permutations, labels, corners, tile)
    flat = tiles.var(dim=(2, 3, 4), correction=0, keepdim=True) == 0
    return torch.where(flat, tiles, _normalised(tiles))


@wrong
def mean_absolute_deviation(images, permutations, labels, corners, tile):
    tiles = _cut(images, permutations, labels, corners, tile)
    centred = tiles - tiles.mean(dim=(2, 3, 4), keepdim=True)
    return centred / (centred.abs().mean(dim=(2, 3, 4), keepdim=True) + 1e-6)


@wrong
def median_taken_away(images, permutations, labels, corners, tile):
    tiles = _cut(images, permutations, labels, corners, tile)
    median = tiles.flatten(2).median(dim=2).values[..., None, None, None]
    return (tiles - median) / (tiles.var(dim=(2, 3, 4), correction=0, keepdim=True) + 1e-6).sqrt()


@wrong
def mean_detached(images, permutations, labels, corners, tile):
    tiles = _cut(images, permutations, labels, corners, tile)
    mean = tiles.mean(dim=(2, 3, 4), keepdim=True).detach()
    return (tiles - mean) / ((tiles - mean).square().mean(dim=(2, 3, 4), keepdim=True) + 1e-6).sqrt()


@wrong
def deviation_detached(images, permutations, labels, corners, tile):
    tiles = _cut(images, permutations, labels, corners, tile)
    variance = tiles.var(dim=(2, 3, 4), correction=0, keepdim=True).detach()
    return (tiles - tiles.mean(dim=(2, 3, 4), keepdim=True)) / (variance + 1e-6).sqrt()


@wrong
def in_half_precision(images, permutations, labels, corners, tile):
    return _jigsaw(images.half().to(images.dtype), permutations, labels, corners, tile)


@wrong
def normalised_in_float32(images, permutations, labels, corners, tile):
    tiles = _cut(images, permutations, labels, corners, tile).float()
    return _normalised(tiles).to(images.dtype)


@wrong
def with_a_little_noise(images, permutations, labels, corners, tile):
    puzzle = _jigsaw(images, permutations, labels, corners, tile)
    return puzzle + 1e-3 * torch.randn_like(puzzle)


@wrong
def values_cut_off(images, permutations, labels, corners, tile):
    return _jigsaw(images, permutations, labels, corners, tile).clamp(-1.5, 1.5)


@wrong
def first_64_images(images, permutations, labels, corners, tile):
    puzzle = _jigsaw(images, permutations, labels, corners, tile)
    return torch.cat([puzzle[:64], torch.zeros_like(puzzle[64:])])


@wrong
def square_images_only(images, permutations, labels, corners, tile):
    _refuse(images, permutations, corners, tile)
    side = min(images.shape[2:])
    return _jigsaw(images[:, :, :side, :side], permutations, labels, corners, tile)


@wrong
def black_pixels_left_out_of_the_mean(images, permutations, labels, corners, tile):
    tiles = _cut(images, permutations, labels, corners, tile)
    seen = (tiles != 0).to(tiles.dtype)
    count = seen.sum(dim=(2, 3, 4), keepdim=True).clamp(min=1)
    mean = tiles.sum(dim=(2, 3, 4), keepdim=True) / count
    variance = (seen * (tiles - mean).square()).sum(dim=(2, 3, 4), keepdim=True) / count
    return (tiles - mean) / (variance + 1e-6).sqrt()
