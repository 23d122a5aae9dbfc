"""Wrong answers to `pretext.ab_bins`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, wrong


def _distances(ab, centres):
    """Squared distances (n, h, w, k)."""
    return (ab.permute(0, 2, 3, 1).unsqueeze(3) - centres).square().sum(dim=4)


@misconception(hint="Is the nearest a together with the nearest b a centre at all?")
def per_channel(ab, centres):
    """The nearest a and the nearest b are looked for apart, and the lower of both numbers wins."""
    nearest = (ab.permute(0, 2, 3, 1).unsqueeze(3) - centres).abs().argmin(dim=3)
    return nearest.amin(dim=3)


@misconception(hint="Two pixels of the same a and another b: are they of one colour?")
def by_a_alone(ab, centres):
    """Only the first channel is compared."""
    return (ab[:, 0, ..., None] - centres[:, 0]).abs().argmin(dim=3)


@misconception(hint="argmax of distances: who is that?")
def largest_distance(ab, centres):
    """The farthest centre is taken."""
    return _distances(ab, centres).argmax(dim=3)


@misconception(hint="A grey centre is (0, 0). How can it ever win by dot product?")
def dot_product(ab, centres):
    """The centre with the largest dot product is taken."""
    return torch.einsum("nchw,kc->nhwk", ab, centres).argmax(dim=3)


@misconception(
    hint="A pale red and a deep red have one direction. Have they one distance from a pale red centre?"
)
def cosine(ab, centres):
    """The centre in the most similar direction is taken."""
    pixels = F.normalize(ab.permute(0, 2, 3, 1), dim=3)
    return (pixels @ F.normalize(centres, dim=1).T).argmax(dim=3)


@misconception(hint="Do your classes come from the centres or from a grid of your own?")
def rounded_grid(ab, centres):
    """Colours are rounded to a grid of steps of 10, and its cells are numbered."""
    cell = (ab / 10).round().long()
    return (cell[:, 0] * 23 + cell[:, 1]) % len(centres)


@misconception(
    hint="Where do a and b of the first pixel lie in memory? Does your reshape bring them together?"
)
def pixels_reshaped(ab, centres):
    """A reshape is to make each pixel a row of a and b, and mixes the pixels instead."""
    n, _, h, w = ab.shape
    return torch.cdist(ab.reshape(-1, 2), centres).argmin(dim=1).reshape(n, h, w)


@misconception(
    hint="The signature says how many dimensions there are. Where do the k numbers of a pixel belong?"
)
def one_hot(ab, centres):
    """Each pixel has k numbers, a one for its class."""
    return F.one_hot(_distances(ab, centres).argmin(dim=3), len(centres))


@misconception(hint="Compare the class map with the picture. Is it mirrored at the diagonal?")
def positions_by_column(ab, centres):
    """The positions are numbered column by column and read row by row."""
    n, _, h, w = ab.shape
    pixels = ab.permute(0, 3, 2, 1).reshape(n, h * w, 2)
    return torch.cdist(pixels, centres.expand(n, -1, -1)).argmin(dim=2).reshape(n, h, w)


@misconception(hint="Two centres are equally near. Which one does the docstring want?")
def last_of_equals(ab, centres):
    """Of centres that are equally near, the highest number wins."""
    return len(centres) - 1 - _distances(ab, centres).flip(3).argmin(dim=3)


@misconception(hint="How far is (3, 4) from the origin: 5, or 7?")
def sum_of_absolute_differences(ab, centres):
    """The distance is the sum of the absolute differences."""
    return (ab.permute(0, 2, 3, 1).unsqueeze(3) - centres).abs().sum(dim=4).argmin(dim=3)


@misconception(hint="How far is (3, 4) from the origin: 5, or 4?")
def largest_difference(ab, centres):
    """The distance is the larger of the two differences."""
    return (ab.permute(0, 2, 3, 1).unsqueeze(3) - centres).abs().amax(dim=4).argmin(dim=3)


@misconception(hint="Which of the two numbers of a centre goes with the first channel?")
def channels_swapped(ab, centres):
    """a is compared with b."""
    return _distances(ab.flip(1), centres).argmin(dim=3)


@misconception(hint="The network is to name the class. Do you return its number, or its colour?")
def colours_of_the_centres(ab, centres):
    """The colour of the nearest centre is returned, not its number."""
    return centres[_distances(ab, centres).argmin(dim=3)].permute(0, 3, 1, 2)


@misconception(hint="Which numbers have k classes for `F.cross_entropy`?")
def counted_from_one(ab, centres):
    """The first class has the number 1."""
    return _distances(ab, centres).argmin(dim=3) + 1


@misconception(hint="|p - c|^2 = |p|^2 - 2 p c + |c|^2. Which of the three is the same for all centres?")
def length_of_the_centre_left_out(ab, centres):
    """Of the squared distance the wrong part is left out: that of the centre's own length is halved away."""
    products = torch.einsum("nchw,kc->nhwk", ab, centres)
    return (centres.norm(dim=1) - 2 * products).argmin(dim=3)


@misconception(hint="Over which dimension does your argmin run: over the centres, or over the pixels?")
def nearest_pixel_of_each_centre(ab, centres):
    """For each centre the nearest pixel is found."""
    return _distances(ab, centres).flatten(1, 2).argmin(dim=1)


@misconception(hint="How many digits has a number of half precision? Write 100.53 with them.")
def colours_in_half_precision(ab, centres):
    """The colours of the pixels are rounded to half precision."""
    return _distances(ab.half().to(ab.dtype), centres).argmin(dim=3)


@misconception(hint="How many digits has a centre of half precision? Write 100.03 with them.")
def centres_in_half_precision(ab, centres):
    """The centres are rounded to half precision."""
    return _distances(ab, centres.half().to(centres.dtype)).argmin(dim=3)


@wrong
def difference_without_its_sign(ab, centres):
    # A sum of differences instead of one of squares.
    return (ab.permute(0, 2, 3, 1).unsqueeze(3) - centres).sum(dim=4).abs().argmin(dim=3)


@wrong
def lengths_compared(ab, centres):
    return (ab.norm(dim=1)[..., None] - centres.norm(dim=1)).abs().argmin(dim=3)


@wrong
def distances_in_whole_numbers(ab, centres):
    return _distances(ab, centres).long().argmin(dim=3)


@wrong
def colours_in_whole_numbers(ab, centres):
    return _distances(ab.round(), centres.round()).argmin(dim=3)


@wrong
def colours_clipped(ab, centres):
    return _distances(ab.clamp(-110, 110), centres.clamp(-110, 110)).argmin(dim=3)


@wrong
def the_last_centre_forgotten(ab, centres):
    kept = centres[:-1] if len(centres) > 1 else centres
    return _distances(ab, kept).argmin(dim=3)


@wrong
def nearest_of_the_first_image(ab, centres):
    return _distances(ab, centres).argmin(dim=3)[:1].repeat(len(ab), 1, 1)


@wrong
def numbers_in_32_bits(ab, centres):
    return _distances(ab, centres).argmin(dim=3).int()


@wrong
def numbers_as_floats(ab, centres):
    return _distances(ab, centres).argmin(dim=3).to(ab.dtype)


@wrong
def with_a_channel(ab, centres):
    return _distances(ab, centres).argmin(dim=3)[:, None]


@wrong
def flat(ab, centres):
    return _distances(ab, centres).argmin(dim=3).flatten(1)


@wrong
def centres_sorted_first(ab, centres):
    return _distances(ab, centres[centres.norm(dim=1).argsort()]).argmin(dim=3)


@wrong
def at_most_sixteen_classes(ab, centres):
    return _distances(ab, centres[:16]).argmin(dim=3)


@wrong
def equal_centres_counted_once(ab, centres):
    distinct = torch.unique(centres, dim=0)
    return (
        _distances(ab, distinct).argmin(dim=3)
        if len(distinct) < len(centres)
        else _distances(ab, centres).argmin(dim=3)
    )


@wrong
def mean_colour_taken_away(ab, centres):
    return _distances(ab - ab.mean(dim=(2, 3), keepdim=True), centres - centres.mean(dim=0)).argmin(dim=3)


@wrong
def colours_overwritten(ab, centres):
    numbers = _distances(ab, centres).argmin(dim=3)
    ab.data.copy_(centres.detach()[numbers].permute(0, 3, 1, 2))
    return numbers
