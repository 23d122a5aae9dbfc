"""Wrong ideas about the exercises of the unit *simclr*, each with an implementation and a hint."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception

# --- simclr.nt_xent ---------------------------------------------------------------------------------------------


@misconception(
    "simclr.nt_xent", hint="With which views is an anchor compared? Count them in the paper's denominator."
)
def compared_with_itself(z_i, z_j, temperature):
    """Every view is among its own negatives: nothing takes the diagonal out."""
    return F.cross_entropy(_cosines(z_i, z_j) / temperature, _partners(z_i))


@misconception("simclr.nt_xent", hint="What does the softmax make of a logit of 0? Is that view gone?")
def own_similarity_zero(z_i, z_j, temperature):
    """The similarity with itself is set to zero, which still leaves exp(0) = 1 in the denominator."""
    return F.cross_entropy(_cosines(z_i, z_j).fill_diagonal_(0) / temperature, _partners(z_i))


@misconception(
    "simclr.nt_xent", hint="If all vectors are equal, how many equally good answers does an anchor have?"
)
def partner_missing_from_denominator(z_i, z_j, temperature):
    """The denominator sums over the negatives alone, without the positive pair."""
    logits = _masked(z_i, z_j, temperature)
    partners = _partners(z_i)
    rows = torch.arange(len(logits))
    is_partner = torch.zeros_like(logits, dtype=torch.bool)
    is_partner[rows, partners] = True
    return (logits.masked_fill(is_partner, -torch.inf).logsumexp(dim=1) - logits[rows, partners]).mean()


@misconception("simclr.nt_xent", hint="In which row of your matrix does the other view of image 0 stand?")
def neighbours_are_partners(z_i, z_j, temperature):
    """Rows 2k and 2k + 1 are taken for a pair, as the paper numbers them, though the views were concatenated."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), torch.arange(2 * len(z_i)) ^ 1)


@misconception("simclr.nt_xent", hint="Which entry of its row does each anchor have to find?")
def anchor_is_the_answer(z_i, z_j, temperature):
    """Every anchor has to find itself: the labels run along the diagonal."""
    return F.cross_entropy(_cosines(z_i, z_j) / temperature, torch.arange(2 * len(z_i)))


@misconception("simclr.nt_xent", hint="A small temperature makes the softmax sharper. What does yours do?")
def multiplied_by_temperature(z_i, z_j, temperature):
    """The similarities are multiplied by the temperature."""
    return F.cross_entropy(_masked(z_i, z_j, 1 / temperature), _partners(z_i))


@misconception("simclr.nt_xent", hint="Where in the formula does the temperature stand, and how often?")
def temperature_left_out(z_i, z_j, temperature):
    """The temperature has no effect."""
    return F.cross_entropy(_masked(z_i, z_j, 1.0), _partners(z_i))


@misconception("simclr.nt_xent", hint="Numerator and denominator hold the same kind of term. Do yours?")
def temperature_on_negatives_only(z_i, z_j, temperature):
    """The positive pair keeps its plain cosine in the numerator."""
    logits, positives = _masked(z_i, z_j, temperature), F.cosine_similarity(z_i, z_j)
    return (logits.logsumexp(dim=1) - positives.repeat(2)).mean()


@misconception("simclr.nt_xent", hint="Numerator and denominator hold the same kind of term. Do yours?")
def temperature_on_positives_only(z_i, z_j, temperature):
    """The denominator is built from plain cosines."""
    logits, positives = _masked(z_i, z_j, 1.0), F.cosine_similarity(z_i, z_j) / temperature
    return (logits.logsumexp(dim=1) - positives.repeat(2)).mean()


@misconception(
    "simclr.nt_xent", hint="A cosine does not change when a vector is made longer. Does your loss?"
)
def not_normalised(z_i, z_j, temperature):
    """Dot products are used in the place of cosines."""
    z = torch.cat([z_i, z_j])
    return F.cross_entropy((z @ z.T / temperature).fill_diagonal_(-torch.inf), _partners(z_i))


@misconception("simclr.nt_xent", hint="One projection is one row. Along which dimension is its length?")
def normalised_across_the_batch(z_i, z_j, temperature):
    """Each column is made to have length one, instead of each projection."""
    z = F.normalize(torch.cat([z_i, z_j]), dim=0)
    return F.cross_entropy((z @ z.T / temperature).fill_diagonal_(-torch.inf), _partners(z_i))


@misconception("simclr.nt_xent", hint="How many of the 2n views get to be the anchor?")
def first_views_are_anchors(z_i, z_j, temperature):
    """Only l(i, j) is computed, never l(j, i)."""
    n = len(z_i)
    return F.cross_entropy(_masked(z_i, z_j, temperature)[:n], _partners(z_i)[:n])


@misconception("simclr.nt_xent", hint="Is the first view of another image a negative for a first view?")
def only_the_other_views(z_i, z_j, temperature):
    """A view is compared with the n views of the other side only, in both directions."""
    logits = F.normalize(z_i, dim=1) @ F.normalize(z_j, dim=1).T / temperature
    labels = torch.arange(len(z_i))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@misconception(
    "simclr.nt_xent", hint="How many anchors are there, and how many candidates does each of them have?"
)
def first_against_second_views(z_i, z_j, temperature):
    """First views look for their partner among the n second views, and that is all."""
    logits = F.normalize(z_i, dim=1) @ F.normalize(z_j, dim=1).T / temperature
    return F.cross_entropy(logits, torch.arange(len(z_i)))


@misconception(
    "simclr.nt_xent",
    hint="A cosine of -1 is a similarity like any other. Does exp(-1 / T) leave the denominator?",
)
def own_cosine_minus_one(z_i, z_j, temperature):
    """The similarity with itself is set to -1, which still leaves exp(-1 / T) in the denominator."""
    return F.cross_entropy(_cosines(z_i, z_j).fill_diagonal_(-1) / temperature, _partners(z_i))


@misconception(
    "simclr.nt_xent", hint="Anchors learn from your loss. Do the views they are compared with learn as well?"
)
def candidates_detached(z_i, z_j, temperature):
    """A gradient reaches each view as an anchor only, not as a candidate."""
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T.detach() / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, _partners(z_i))


@misconception("simclr.nt_xent", hint="The result is one number. Which dimension is still to be averaged?")
def one_loss_for_each_anchor(z_i, z_j, temperature):
    """The losses of the anchors are returned one by one."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i), reduction="none")


@misconception("simclr.nt_xent", hint="Can `.backward()` be called on what your function returns?")
def a_python_number(z_i, z_j, temperature):
    """The loss is returned as a Python number, off the graph."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i)).item()


@misconception("simclr.nt_xent", hint="Should the loss grow when the batch does?")
def summed(z_i, z_j, temperature):
    """The losses of the anchors are added up."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i), reduction="sum")


@misconception("simclr.nt_xent", hint="By how many terms is the sum divided in algorithm 1?")
def divided_by_n(z_i, z_j, temperature):
    """The sum over 2n anchors is divided by the number of images."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i), reduction="sum") / len(z_i)


@misconception(
    "simclr.nt_xent",
    hint="What does F.cross_entropy do with its first argument before it takes the logarithm?",
)
def softmax_twice(z_i, z_j, temperature):
    """Probabilities are handed to the cross-entropy, which takes their softmax again."""
    return F.cross_entropy(_masked(z_i, z_j, temperature).softmax(dim=1), _partners(z_i))


@misconception(
    "simclr.nt_xent", hint="SimCLR trains one encoder through both views. Does a gradient reach both?"
)
def second_views_detached(z_i, z_j, temperature):
    """The second views are constants, as keys are in MoCo: no gradient reaches them."""
    return F.cross_entropy(_masked(z_i, z_j.detach(), temperature), _partners(z_i))


@misconception(
    "simclr.nt_xent",
    hint="What is exp(100) in float32? Which function of torch takes the logarithm of a softmax safely?",
)
def exponentials_overflow(z_i, z_j, temperature):
    """Exponentials are taken one by one, and at a low temperature they are too large for float32."""
    exponentials = _masked(z_i, z_j, temperature).exp()
    positives = exponentials[torch.arange(len(exponentials)), _partners(z_i)]
    return -(positives / exponentials.sum(dim=1)).log().mean()


@misconception(
    "simclr.nt_xent", hint="The caller still needs its projections. Are they the same after the call?"
)
def normalised_in_place(z_i, z_j, temperature):
    """The projections themselves are made to have length one."""
    with torch.no_grad():
        z_i.div_(z_i.norm(dim=1, keepdim=True))
        z_j.div_(z_j.norm(dim=1, keepdim=True))
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i))


@misconception(
    "simclr.nt_xent", hint="Is the mean of two logarithms the logarithm of the mean? Try 0.1 and 0.9."
)
def log_of_the_mean(z_i, z_j, temperature):
    """The probabilities of the right partners are averaged before the logarithm is taken."""
    probabilities = _masked(z_i, z_j, temperature).softmax(dim=1)
    return -probabilities[torch.arange(len(probabilities)), _partners(z_i)].mean().log()


@misconception("simclr.nt_xent", hint="What is the loss of an anchor that finds its partner for certain?")
def logarithm_left_out(z_i, z_j, temperature):
    """The probability of the partner itself is made large, without a logarithm."""
    probabilities = _masked(z_i, z_j, temperature).softmax(dim=1)
    return -probabilities[torch.arange(len(probabilities)), _partners(z_i)].mean()


@misconception("simclr.nt_xent", hint="Which sign has the logarithm of a probability, and which has a loss?")
def sign_left_out(z_i, z_j, temperature):
    """The mean log-probability is returned, which training would make small."""
    return -F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i))


@misconception("simclr.nt_xent", hint="The docstring names the unit of the loss. Which logarithm has it?")
def in_bits(z_i, z_j, temperature):
    """The logarithm is taken to base 2."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i)) / math.log(2)


@misconception(
    "simclr.nt_xent",
    hint="If all vectors are equal, the loss is log(2n - 1) at any temperature. What is yours?",
)
def scaled_by_the_temperature(z_i, z_j, temperature):
    """The loss is multiplied by the temperature, as some published code does to keep its gradients alike."""
    return temperature * F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i))


@misconception(
    "simclr.nt_xent", hint="In the paper's denominator, how often does the partner of an anchor occur?"
)
def partner_counted_twice(z_i, z_j, temperature):
    """The positive is put in front of a row of similarities that holds it already."""
    logits = _masked(z_i, z_j, temperature)
    positives = logits[torch.arange(len(logits)), _partners(z_i)].unsqueeze(1)
    return F.cross_entropy(torch.cat([positives, logits], dim=1), torch.zeros(len(logits), dtype=torch.long))


@misconception(
    "simclr.nt_xent", hint="Label 0 says that the answer stands in column 0. Who stands there in your matrix?"
)
def first_column_is_the_answer(z_i, z_j, temperature):
    """The labels are all zero, though nobody moved the positives to column 0."""
    logits = _cosines(z_i, z_j) / temperature
    others = ~torch.eye(len(logits), dtype=torch.bool)
    others = logits[others].view(len(logits), -1)
    return F.cross_entropy(others, torch.zeros(len(others), dtype=torch.long))


@misconception(
    "simclr.nt_xent", hint="Does an anchor choose one view among all others, or does it judge each by itself?"
)
def pairs_judged_one_by_one(z_i, z_j, temperature):
    """Each pair is a yes-or-no question with a sigmoid of its own, and all answers are averaged."""
    logits = _cosines(z_i, z_j) / temperature
    target = F.one_hot(_partners(z_i), len(logits)).to(logits)
    others = ~torch.eye(len(logits), dtype=torch.bool)
    return F.binary_cross_entropy_with_logits(logits[others], target[others])


@misconception(
    "simclr.nt_xent",
    hint="Write down the 2n - 1 candidates of a second view. Which of them are second views?",
)
def negatives_of_the_first_views_twice(z_i, z_j, temperature):
    """The matrix is put together from blocks, and the block of first views stands in for that of second views."""
    a, b, labels = F.normalize(z_i, dim=1), F.normalize(z_j, dim=1), torch.arange(len(z_i))
    across, within = a @ b.T / temperature, (a @ a.T / temperature).fill_diagonal_(-torch.inf)
    firsts = F.cross_entropy(torch.cat([across, within], dim=1), labels)
    return (firsts + F.cross_entropy(torch.cat([across.T, within], dim=1), labels)) / 2


@misconception("simclr.nt_xent", hint="How often does the temperature divide one similarity in your code?")
def temperature_twice(z_i, z_j, temperature):
    """Every projection is divided by the temperature, so that the similarities feel its square."""
    return F.cross_entropy(_masked(z_i, z_j, temperature**2), _partners(z_i))


@misconception(
    "simclr.nt_xent",
    hint="Two unit vectors at a right angle: which similarity has the paper, which have you?",
)
def distances_for_cosines(z_i, z_j, temperature):
    """Similarity is the negative distance between the normalised projections."""
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    distances = torch.stack([(z - row).square().sum(dim=1) for row in z])
    # No root is taken of the diagonal, where its gradient is infinite.
    mask = torch.eye(len(z), dtype=torch.bool)
    logits = -distances.masked_fill(mask, 1).sqrt() / temperature
    return F.cross_entropy(logits.masked_fill(mask, -torch.inf), _partners(z_i))


@misconception("simclr.nt_xent", hint="A norm without `dim` gives one number. How many lengths are there?")
def one_length_for_all(z_i, z_j, temperature):
    """All projections are divided by the norm of the whole matrix."""
    z = torch.cat([z_i, z_j])
    z = z / z.norm()
    return F.cross_entropy((z @ z.T / temperature).fill_diagonal_(-torch.inf), _partners(z_i))


@misconception(
    "simclr.nt_xent",
    hint="Move a projection along its own direction. Should the loss feel that, to first order?",
)
def lengths_detached(z_i, z_j, temperature):
    """The projections are divided by lengths that are constants for autograd."""
    z = torch.cat([z_i, z_j])
    z = z / z.detach().norm(dim=1, keepdim=True)
    return F.cross_entropy((z @ z.T / temperature).fill_diagonal_(-torch.inf), _partners(z_i))


@misconception("simclr.nt_xent", hint="Can your loss train anything? Follow it back to the projections.")
def off_the_graph(z_i, z_j, temperature):
    """The loss is computed without gradients."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i)).detach()


@misconception(
    "simclr.nt_xent",
    hint="A new tensor that wants gradients begins a graph of its own. What does it know of the projections?",
)
def collected_as_numbers(z_i, z_j, temperature):
    """Losses are collected as Python numbers and made a new tensor that asks for gradients."""
    losses = F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i), reduction="none")
    return torch.tensor(losses.tolist(), requires_grad=True).mean()


@misconception("simclr.nt_xent", hint="Call your function with float64 projections. What comes back?")
def always_float32(z_i, z_j, temperature):
    """The projections are made float32, whatever they were."""
    return F.cross_entropy(_masked(z_i.float(), z_j.float(), temperature), _partners(z_i))


@misconception(
    "simclr.nt_xent",
    hint="exp(1 / T) is known, but is it a number that float32 can hold, and what is left after the difference?",
)
def own_term_subtracted(z_i, z_j, temperature):
    """The anchor's own exp(1 / T) is summed along and then taken away, instead of being left out."""
    exponentials = (_cosines(z_i, z_j) / temperature).exp()
    own = torch.full((len(exponentials),), math.exp(1 / temperature), dtype=exponentials.dtype)
    positives = exponentials[torch.arange(len(exponentials)), _partners(z_i)]
    return -(positives / (exponentials.sum(dim=1) - own)).log().mean()


@misconception(
    "simclr.nt_xent", hint="`squeeze` takes out every dimension of length one. Try a batch of one."
)
def squeezed(z_i, z_j, temperature):
    """The projections are squeezed, and with them the batch dimension of a batch of one."""
    z_i, z_j = z_i.squeeze(), z_j.squeeze()
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i))


@misconception(
    "simclr.nt_xent", hint="Did the caller ask for gradients of its projections? Does it now get them?"
)
def gradients_switched_on(z_i, z_j, temperature):
    """The projections passed in are told to want gradients."""
    for z in (z_i, z_j):
        if z.is_leaf:
            z.requires_grad_()
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i))


def _cosines(z_i, z_j):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    return z @ z.T


def _masked(z_i, z_j, temperature):
    return (_cosines(z_i, z_j) / temperature).fill_diagonal_(-torch.inf)


def _partners(z_i):
    return torch.arange(2 * len(z_i)).roll(len(z_i))
