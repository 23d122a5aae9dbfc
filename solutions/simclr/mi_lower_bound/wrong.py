"""Wrong answers to `simclr.mi_lower_bound`: ideas with a name and a hint, then others."""

import math

import torch

from course_utils.checks import misconception, slip, wrong


def _refuse(candidates):
    if candidates < 1:
        raise ValueError("no candidates")


@misconception(hint="Guessing among N candidates costs log N. What bound should a guess give?")
def negatives_only(loss, candidates):
    """N is taken for the number of negatives, without the positive: log(N - 1)."""
    _refuse(candidates)
    return math.log(max(candidates - 1, 1e-9)) - loss


@misconception(hint="Guessing among N candidates costs log N. What bound should a guess give?")
def positive_counted_again(loss, candidates):
    """The positive is added to N, which holds it already: log(N + 1)."""
    _refuse(candidates)
    return math.log(candidates + 1) - loss


@misconception(hint="In which unit is a cross-entropy? The bound has the same.")
def bits(loss, candidates):
    """The logarithm is taken to base 2."""
    _refuse(candidates)
    return math.log2(candidates) - loss


@misconception(hint="The whole is in nats. What did you divide by, and why?")
def all_in_bits(loss, candidates):
    """The bound is turned into bits."""
    _refuse(candidates)
    return (math.log(candidates) - loss) / math.log(2)


@misconception(hint="Should the bound rise or fall when the loss falls?")
def sign(loss, candidates):
    """The difference is taken the other way round."""
    _refuse(candidates)
    return loss - math.log(candidates)


@misconception(hint="Should the bound rise or fall when the loss falls?")
def added(loss, candidates):
    """The loss is added to log N."""
    _refuse(candidates)
    return math.log(candidates) + loss


@misconception(hint="A bound may be useless without being wrong. Where does your gradient go?")
def clipped_at_zero(loss, candidates):
    """A negative bound is replaced by zero."""
    _refuse(candidates)
    return (math.log(candidates) - loss).clamp(min=0)


@misconception(hint="Is log(N * L) the same as log N + log L, and did you want either?")
def times_n(loss, candidates):
    """The logarithm of N times the loss is returned."""
    _refuse(candidates)
    return (candidates * loss).log()


@misconception(hint="`.item()` is a number without a past. What could train on your bound?")
def off_the_graph(loss, candidates):
    """The bound is computed without gradients."""
    _refuse(candidates)
    return math.log(candidates) - loss.detach()


@misconception(hint="`.item()` is a number without a past. The signature says what is returned.")
def a_python_number(loss, candidates):
    """A Python number is returned."""
    _refuse(candidates)
    return math.log(candidates) - loss.item()


@misconception(hint="With N candidates, can the bound ever be more than log N?")
def no_ceiling(loss, candidates):
    """The loss alone is turned round, and N is left out."""
    _refuse(candidates)
    return -loss


@misconception(hint="What does N count: the candidates, or their logarithm?")
def without_the_logarithm(loss, candidates):
    """The loss is taken from N itself."""
    _refuse(candidates)
    return candidates - loss


@misconception(hint="How many candidates are there at least, if the positive is one?")
def no_error(loss, candidates):
    """The logarithm of no candidates is minus infinity, and nobody says so."""
    return torch.tensor(float(candidates), dtype=loss.dtype).log() - loss


one_refused = slip(
    "candidates < 1",
    "candidates <= 1",
    idea="A single candidate is refused.",
    hint="With the positive alone, what is log N? Is that an error?",
)


@misconception(hint="Call your function with a float64 loss. What comes back?")
def always_float32(loss, candidates):
    """The loss is made float32, whatever it was."""
    _refuse(candidates)
    return math.log(candidates) - loss.float()


@wrong
def nothing_refused(loss, candidates):
    return math.log(max(candidates, 1)) - loss


@wrong
def ceiling_of_ten_nats(loss, candidates):
    _refuse(candidates)
    return (math.log(candidates) - loss).clamp(max=10)


@wrong
def loss_changed_in_place(loss, candidates):
    _refuse(candidates)
    if not loss.requires_grad:
        return loss.neg_().add_(math.log(candidates))
    return math.log(candidates) - loss


@wrong
def list_of_one(loss, candidates):
    _refuse(candidates)
    return math.log(candidates) - loss.reshape(1)


@wrong
def on_a_graph_of_its_own(loss, candidates):
    _refuse(candidates)
    return (math.log(candidates) - loss.detach()).requires_grad_()


@wrong
def loss_clamped_at_a_guess(loss, candidates):
    _refuse(candidates)
    return math.log(candidates) - loss.clamp(max=2 * math.log(candidates))
