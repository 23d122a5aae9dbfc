"""Wrong answers to `simclr.cosine_similarity`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _cosines(first, second):
    return F.normalize(first, dim=1) @ F.normalize(second, dim=1).T


@misconception(hint="Make a vector ten times as long. Does its angle change?")
def dot_products(first, second):
    """Dot products are returned, and no length is divided by."""
    return first @ second.T


@misconception(hint="F.cosine_similarity pairs row with row. How many numbers do you need?")
def pairs_only(first, second):
    """Row i of one batch is compared with row i of the other alone."""
    count = min(len(first), len(second))
    return F.cosine_similarity(first[:count], second[:count], dim=1)


@misconception(hint="One vector is one row. Along which dimension is its length?")
def wrong_dimension(first, second):
    """Each column is made to have length one, instead of each row."""
    return F.normalize(first, dim=0) @ F.normalize(second, dim=0).T


@misconception(hint="A norm without `dim` is one number. How many lengths are there?")
def one_length(first, second):
    """All rows of a batch are divided by the norm of the whole batch."""
    return first / first.norm() @ (second / second.norm()).T


second_not_normalised = slip(
    "F.normalize(second, dim=1)",
    "second",
    idea="The second batch is used with the lengths it has.",
    hint="Whose length is still in your result?",
)
first_not_normalised = slip(
    "F.normalize(first, dim=1)",
    "first",
    idea="The first batch is used with the lengths it has.",
    hint="Whose length is still in your result?",
)


@misconception(hint="Which value has the pair of a vector with itself?")
def distance(first, second):
    """The distance 1 - cosine is returned."""
    return 1 - _cosines(first, second)


@misconception(hint="Should equal vectors get the largest value or the smallest?")
def euclidean_distance(first, second):
    """The distances between the normalised vectors are returned."""
    first, second = F.normalize(first, dim=1), F.normalize(second, dim=1)
    return (first[:, None] - second[None]).square().sum(dim=2).sqrt()


@misconception(hint="The cosine is a number between -1 and 1. Which function takes it back to an angle?")
def angles(first, second):
    """The angles themselves are returned, in radians."""
    return _cosines(first, second).clamp(-1 + 1e-7, 1 - 1e-7).acos()


@misconception(hint="Can a longer vector change a cosine, to first order?")
def lengths_detached(first, second):
    """The vectors are divided by lengths that are constants for autograd."""
    first, second = (batch / batch.detach().norm(dim=1, keepdim=True) for batch in (first, second))
    return first @ second.T


@misconception(hint="Are opposite vectors as unlike as vectors at a right angle?")
def clamped_at_zero(first, second):
    """Cosines below zero are made zero."""
    return _cosines(first, second).clamp(min=0)


@misconception(hint="Which of your batches numbers the rows of the result?")
def transposed(first, second):
    """Entry (j, i) belongs to first[i] and second[j]."""
    return _cosines(first, second).T


@misconception(hint="Which cosine have opposite vectors, and what became of it?")
def moved_to_zero_and_one(first, second):
    """The cosines are moved to the range from 0 to 1."""
    return (1 + _cosines(first, second)) / 2


@misconception(hint="Are the lengths divided by once, or twice?")
def squared_lengths(first, second):
    """The vectors are divided by the squares of their lengths."""
    first, second = (batch / batch.square().sum(dim=1, keepdim=True) for batch in (first, second))
    return first @ second.T


@misconception(hint="The length of (3, 4) is 5. What is yours?")
def sums_for_lengths(first, second):
    """The vectors are divided by the sums of their absolute entries."""
    return F.normalize(first, p=1, dim=1) @ F.normalize(second, p=1, dim=1).T


@misconception(hint="Is a vector's mean taken away anywhere in the definition of a cosine?")
def correlation(first, second):
    """Each vector's mean is taken away first, which makes it a correlation."""
    return _cosines(*(batch - batch.mean(dim=1, keepdim=True) for batch in (first, second)))


@misconception(hint="Which lengths make your guard matter? Try a vector of length 0.001.")
def large_guard(first, second):
    """A number that is not small beside short vectors is added to the lengths."""
    first, second = (batch / (batch.norm(dim=1, keepdim=True) + 1e-3) for batch in (first, second))
    return first @ second.T


@misconception(hint="Can a loss on your result train anything? Follow it back.")
def off_the_graph(first, second):
    """The cosines are computed without gradients."""
    return _cosines(first, second).detach()


@misconception(hint="Does a gradient reach both batches?")
def second_detached(first, second):
    """The second batch is a constant for autograd."""
    return _cosines(first, second.detach())


@misconception(hint="The caller still needs its vectors. Are they the same after the call?")
def normalised_in_place(first, second):
    """The vectors themselves are made to have length one."""
    with torch.no_grad():
        first.div_(first.norm(dim=1, keepdim=True))
        second.div_(second.norm(dim=1, keepdim=True))
    return _cosines(first, second)


@misconception(hint="Call your function with float64 vectors. What comes back?")
def always_float32(first, second):
    """The vectors are made float32, whatever they were."""
    return _cosines(first.float(), second.float())


@misconception(hint="`squeeze` takes out every dimension of length one. Try a batch of one vector.")
def squeezed(first, second):
    """All dimensions of length one are taken out of the result."""
    return _cosines(first, second).squeeze()


@wrong
def all_in_one_batch(first, second):
    together = torch.cat([first, second])
    return _cosines(together, together)


@wrong
def square_batches_mirrored(first, second):
    cosines = _cosines(first, second)
    return (cosines + cosines.T) / 2 if len(first) == len(second) else cosines


@wrong
def own_cosines_left_out(first, second):
    cosines = _cosines(first, second)
    return cosines.fill_diagonal_(0) if cosines.shape[0] == cosines.shape[1] else cosines


@wrong
def only_the_first_32(first, second):
    cosines = _cosines(first, second)
    return torch.cat([cosines[:32], torch.zeros_like(cosines[32:])])


@wrong
def rounded(first, second):
    return _cosines(first, second).mul(1000).round().div(1000)


@wrong
def short_vectors_left_out(first, second):
    return _cosines(first * (first.norm(dim=1, keepdim=True) > 0.01), second)


@wrong
def clamped_to_one_without_gradients(first, second):
    return _cosines(first, second).clamp(-0.99, 0.99)
