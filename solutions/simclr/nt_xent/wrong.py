"""Wrong answers to `simclr.nt_xent`: ideas with a name and a hint, then others."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


@misconception(hint="With which views is an anchor compared? Count them in the paper's denominator.")
def compared_with_itself(z_i, z_j, temperature):
    """Every view is among its own negatives: nothing takes the diagonal out."""
    return F.cross_entropy(_cosines(z_i, z_j) / temperature, _partners(z_i))


@misconception(hint="What does the softmax make of a logit of 0? Is that view gone?")
def own_similarity_zero(z_i, z_j, temperature):
    """The similarity with itself is set to zero, which still leaves exp(0) = 1 in the denominator."""
    return F.cross_entropy(_cosines(z_i, z_j).fill_diagonal_(0) / temperature, _partners(z_i))


@misconception(hint="If all vectors are equal, how many equally good answers does an anchor have?")
def partner_missing_from_denominator(z_i, z_j, temperature):
    """The denominator sums over the negatives alone, without the positive pair."""
    logits = _masked(z_i, z_j, temperature)
    partners = _partners(z_i)
    rows = torch.arange(len(logits))
    is_partner = torch.zeros_like(logits, dtype=torch.bool)
    is_partner[rows, partners] = True
    return (logits.masked_fill(is_partner, -torch.inf).logsumexp(dim=1) - logits[rows, partners]).mean()


@misconception(hint="In which row of your matrix does the other view of image 0 stand?")
def neighbours_are_partners(z_i, z_j, temperature):
    """Rows 2k and 2k + 1 are taken for a pair, as the paper numbers them, though the views were concatenated."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), torch.arange(2 * len(z_i)) ^ 1)


@misconception(hint="Which entry of its row does each anchor have to find?")
def anchor_is_the_answer(z_i, z_j, temperature):
    """Every anchor has to find itself: the labels run along the diagonal."""
    return F.cross_entropy(_cosines(z_i, z_j) / temperature, torch.arange(2 * len(z_i)))


@misconception(hint="A small temperature makes the softmax sharper. What does yours do?")
def multiplied_by_temperature(z_i, z_j, temperature):
    """The similarities are multiplied by the temperature."""
    return F.cross_entropy(_masked(z_i, z_j, 1 / temperature), _partners(z_i))


@misconception(hint="Where in the formula does the temperature stand, and how often?")
def temperature_left_out(z_i, z_j, temperature):
    """The temperature has no effect."""
    return F.cross_entropy(_masked(z_i, z_j, 1.0), _partners(z_i))


@misconception(hint="Numerator and denominator hold the same kind of term. Do yours?")
def temperature_on_negatives_only(z_i, z_j, temperature):
    """The positive pair keeps its plain cosine in the numerator."""
    logits, positives = _masked(z_i, z_j, temperature), F.cosine_similarity(z_i, z_j)
    return (logits.logsumexp(dim=1) - positives.repeat(2)).mean()


@misconception(hint="Numerator and denominator hold the same kind of term. Do yours?")
def temperature_on_positives_only(z_i, z_j, temperature):
    """The denominator is built from plain cosines."""
    logits, positives = _masked(z_i, z_j, 1.0), F.cosine_similarity(z_i, z_j) / temperature
    return (logits.logsumexp(dim=1) - positives.repeat(2)).mean()


@misconception(hint="A cosine does not change when a vector is made longer. Does your loss?")
def not_normalised(z_i, z_j, temperature):
    """Dot products are used in the place of cosines."""
    z = torch.cat([z_i, z_j])
    return F.cross_entropy((z @ z.T / temperature).fill_diagonal_(-torch.inf), _partners(z_i))


@misconception(hint="One projection is one row. Along which dimension is its length?")
def normalised_across_the_batch(z_i, z_j, temperature):
    """Each column is made to have length one, instead of each projection."""
    z = F.normalize(torch.cat([z_i, z_j]), dim=0)
    return F.cross_entropy((z @ z.T / temperature).fill_diagonal_(-torch.inf), _partners(z_i))


@misconception(hint="How many of the 2n views get to be the anchor?")
def first_views_are_anchors(z_i, z_j, temperature):
    """Only l(i, j) is computed, never l(j, i)."""
    n = len(z_i)
    return F.cross_entropy(_masked(z_i, z_j, temperature)[:n], _partners(z_i)[:n])


@misconception(hint="Is the first view of another image a negative for a first view?")
def only_the_other_views(z_i, z_j, temperature):
    """A view is compared with the n views of the other side only, in both directions."""
    logits = F.normalize(z_i, dim=1) @ F.normalize(z_j, dim=1).T / temperature
    labels = torch.arange(len(z_i))
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


@misconception(hint="How many anchors are there, and how many candidates does each of them have?")
def first_against_second_views(z_i, z_j, temperature):
    """First views look for their partner among the n second views, and that is all."""
    logits = F.normalize(z_i, dim=1) @ F.normalize(z_j, dim=1).T / temperature
    return F.cross_entropy(logits, torch.arange(len(z_i)))


@misconception(
    hint="A cosine of -1 is a similarity like any other. Does exp(-1 / T) leave the denominator?",
)
def own_cosine_minus_one(z_i, z_j, temperature):
    """The similarity with itself is set to -1, which still leaves exp(-1 / T) in the denominator."""
    return F.cross_entropy(_cosines(z_i, z_j).fill_diagonal_(-1) / temperature, _partners(z_i))


@misconception(hint="Anchors learn from your loss. Do the views they are compared with learn as well?")
def candidates_detached(z_i, z_j, temperature):
    """A gradient reaches each view as an anchor only, not as a candidate."""
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T.detach() / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, _partners(z_i))


@misconception(hint="The result is one number. Which dimension is still to be averaged?")
def one_loss_for_each_anchor(z_i, z_j, temperature):
    """The losses of the anchors are returned one by one."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i), reduction="none")


@misconception(hint="Can `.backward()` be called on what your function returns?")
def a_python_number(z_i, z_j, temperature):
    """The loss is returned as a Python number, off the graph."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i)).item()


@misconception(hint="Should the loss grow when the batch does?")
def summed(z_i, z_j, temperature):
    """The losses of the anchors are added up."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i), reduction="sum")


@misconception(hint="By how many terms is the sum divided in algorithm 1?")
def divided_by_n(z_i, z_j, temperature):
    """The sum over 2n anchors is divided by the number of images."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i), reduction="sum") / len(z_i)


@misconception(
    hint="What does F.cross_entropy do with its first argument before it takes the logarithm?",
)
def softmax_twice(z_i, z_j, temperature):
    """Probabilities are handed to the cross-entropy, which takes their softmax again."""
    return F.cross_entropy(_masked(z_i, z_j, temperature).softmax(dim=1), _partners(z_i))


@misconception(hint="SimCLR trains one encoder through both views. Does a gradient reach both?")
def second_views_detached(z_i, z_j, temperature):
    """The second views are constants, as keys are in MoCo: no gradient reaches them."""
    return F.cross_entropy(_masked(z_i, z_j.detach(), temperature), _partners(z_i))


@misconception(
    hint="What is exp(100) in float32? Which function of torch takes the logarithm of a softmax safely?",
)
def exponentials_overflow(z_i, z_j, temperature):
    """Exponentials are taken one by one, and at a low temperature they are too large for float32."""
    exponentials = _masked(z_i, z_j, temperature).exp()
    positives = exponentials[torch.arange(len(exponentials)), _partners(z_i)]
    return -(positives / exponentials.sum(dim=1)).log().mean()


@misconception(hint="The caller still needs its projections. Are they the same after the call?")
def normalised_in_place(z_i, z_j, temperature):
    """The projections themselves are made to have length one."""
    with torch.no_grad():
        z_i.div_(z_i.norm(dim=1, keepdim=True))
        z_j.div_(z_j.norm(dim=1, keepdim=True))
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i))


@misconception(hint="Is the mean of two logarithms the logarithm of the mean? Try 0.1 and 0.9.")
def log_of_the_mean(z_i, z_j, temperature):
    """The probabilities of the right partners are averaged before the logarithm is taken."""
    probabilities = _masked(z_i, z_j, temperature).softmax(dim=1)
    return -probabilities[torch.arange(len(probabilities)), _partners(z_i)].mean().log()


@misconception(hint="What is the loss of an anchor that finds its partner for certain?")
def logarithm_left_out(z_i, z_j, temperature):
    """The probability of the partner itself is made large, without a logarithm."""
    probabilities = _masked(z_i, z_j, temperature).softmax(dim=1)
    return -probabilities[torch.arange(len(probabilities)), _partners(z_i)].mean()


@misconception(hint="Which sign has the logarithm of a probability, and which has a loss?")
def sign_left_out(z_i, z_j, temperature):
    """The mean log-probability is returned, which training would make small."""
    return -F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i))


@misconception(hint="The docstring names the unit of the loss. Which logarithm has it?")
def in_bits(z_i, z_j, temperature):
    """The logarithm is taken to base 2."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i)) / math.log(2)


@misconception(
    hint="If all vectors are equal, the loss is log(2n - 1) at any temperature. What is yours?",
)
def scaled_by_the_temperature(z_i, z_j, temperature):
    """The loss is multiplied by the temperature, as some published code does to keep its gradients alike."""
    return temperature * F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i))


@misconception(hint="In the paper's denominator, how often does the partner of an anchor occur?")
def partner_counted_twice(z_i, z_j, temperature):
    """The positive is put in front of a row of similarities that holds it already."""
    logits = _masked(z_i, z_j, temperature)
    positives = logits[torch.arange(len(logits)), _partners(z_i)].unsqueeze(1)
    return F.cross_entropy(torch.cat([positives, logits], dim=1), torch.zeros(len(logits), dtype=torch.long))


@misconception(hint="Label 0 says that the answer stands in column 0. Who stands there in your matrix?")
def first_column_is_the_answer(z_i, z_j, temperature):
    """The labels are all zero, though nobody moved the positives to column 0."""
    logits = _cosines(z_i, z_j) / temperature
    others = ~torch.eye(len(logits), dtype=torch.bool)
    others = logits[others].view(len(logits), -1)
    return F.cross_entropy(others, torch.zeros(len(others), dtype=torch.long))


@misconception(hint="Does an anchor choose one view among all others, or does it judge each by itself?")
def pairs_judged_one_by_one(z_i, z_j, temperature):
    """Each pair is a yes-or-no question with a sigmoid of its own, and all answers are averaged."""
    logits = _cosines(z_i, z_j) / temperature
    target = F.one_hot(_partners(z_i), len(logits)).to(logits)
    others = ~torch.eye(len(logits), dtype=torch.bool)
    return F.binary_cross_entropy_with_logits(logits[others], target[others])


@misconception(
    hint="Write down the 2n - 1 candidates of a second view. Which of them are second views?",
)
def negatives_of_the_first_views_twice(z_i, z_j, temperature):
    """The matrix is put together from blocks, and the block of first views stands in for that of second views."""
    a, b, labels = F.normalize(z_i, dim=1), F.normalize(z_j, dim=1), torch.arange(len(z_i))
    across, within = a @ b.T / temperature, (a @ a.T / temperature).fill_diagonal_(-torch.inf)
    firsts = F.cross_entropy(torch.cat([across, within], dim=1), labels)
    return (firsts + F.cross_entropy(torch.cat([across.T, within], dim=1), labels)) / 2


@misconception(hint="How often does the temperature divide one similarity in your code?")
def temperature_twice(z_i, z_j, temperature):
    """Every projection is divided by the temperature, so that the similarities feel its square."""
    return F.cross_entropy(_masked(z_i, z_j, temperature**2), _partners(z_i))


@misconception(
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


@misconception(hint="A norm without `dim` gives one number. How many lengths are there?")
def one_length_for_all(z_i, z_j, temperature):
    """All projections are divided by the norm of the whole matrix."""
    z = torch.cat([z_i, z_j])
    z = z / z.norm()
    return F.cross_entropy((z @ z.T / temperature).fill_diagonal_(-torch.inf), _partners(z_i))


@misconception(
    hint="Move a projection along its own direction. Should the loss feel that, to first order?",
)
def lengths_detached(z_i, z_j, temperature):
    """The projections are divided by lengths that are constants for autograd."""
    z = torch.cat([z_i, z_j])
    z = z / z.detach().norm(dim=1, keepdim=True)
    return F.cross_entropy((z @ z.T / temperature).fill_diagonal_(-torch.inf), _partners(z_i))


@misconception(hint="Can your loss train anything? Follow it back to the projections.")
def off_the_graph(z_i, z_j, temperature):
    """The loss is computed without gradients."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i)).detach()


@misconception(
    hint="A new tensor that wants gradients begins a graph of its own. What does it know of the projections?",
)
def collected_as_numbers(z_i, z_j, temperature):
    """Losses are collected as Python numbers and made a new tensor that asks for gradients."""
    losses = F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i), reduction="none")
    return torch.tensor(losses.tolist(), requires_grad=True).mean()


@misconception(hint="Call your function with float64 projections. What comes back?")
def always_float32(z_i, z_j, temperature):
    """The projections are made float32, whatever they were."""
    return F.cross_entropy(_masked(z_i.float(), z_j.float(), temperature), _partners(z_i))


@misconception(
    hint="exp(1 / T) is known, but is it a number that float32 can hold, and what is left after the difference?",
)
def own_term_subtracted(z_i, z_j, temperature):
    """The anchor's own exp(1 / T) is summed along and then taken away, instead of being left out."""
    exponentials = (_cosines(z_i, z_j) / temperature).exp()
    own = torch.full((len(exponentials),), math.exp(1 / temperature), dtype=exponentials.dtype)
    positives = exponentials[torch.arange(len(exponentials)), _partners(z_i)]
    return -(positives / (exponentials.sum(dim=1) - own)).log().mean()


@misconception(hint="`squeeze` takes out every dimension of length one. Try a batch of one.")
def squeezed(z_i, z_j, temperature):
    """The projections are squeezed, and with them the batch dimension of a batch of one."""
    z_i, z_j = z_i.squeeze(), z_j.squeeze()
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i))


@misconception(hint="Did the caller ask for gradients of its projections? Does it now get them?")
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


@misconception(hint="Which column does the target name, and what stands there?")
def anchor_masked_but_the_answer(z_i, z_j, temperature):
    """Every anchor is kept from itself, and yet has to find itself: the loss is infinite."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), torch.arange(2 * len(z_i)))


@misconception(hint="Two questions: who is compared with itself, and how many views get to be the anchor?")
def compared_with_itself_in_one_direction(z_i, z_j, temperature):
    """The first views alone are anchors, and each is among its own candidates."""
    n = len(z_i)
    return F.cross_entropy((_cosines(z_i, z_j) / temperature)[:n], _partners(z_i)[:n])


@misconception(
    hint="A target of cross_entropy is the number of a column. Who stands in the column that yours name?"
)
def labels_name_a_negative(z_i, z_j, temperature):
    """The labels are one, for `positive`, with the positives in column 0; or zero, with the positives in the last."""
    scores = _positives_first(z_i, z_j, temperature)
    return F.cross_entropy(scores, torch.ones(len(scores), dtype=torch.long).clamp(max=scores.shape[1] - 1))


@misconception(hint="The docstring says what is returned. Who computes the loss from what you return?")
def logits_and_labels_returned(z_i, z_j, temperature):
    """Logits with the positives first and labels are returned, and no loss, as in some published code."""
    scores = _positives_first(z_i, z_j, temperature)
    return scores, torch.zeros(len(scores), dtype=torch.long)


@misconception(hint="Call your function with two temperatures. What changes?")
def temperature_always_a_half(z_i, z_j, temperature):
    """The temperature is 0.5, whatever is passed in."""
    return F.cross_entropy(_masked(z_i, z_j, 0.5), _partners(z_i))


@misconception(hint="Call your function with two temperatures. What changes?")
def temperature_always_a_tenth(z_i, z_j, temperature):
    """The temperature is 0.1, whatever is passed in."""
    return F.cross_entropy(_masked(z_i, z_j, 0.1), _partners(z_i))


@misconception(hint="Call your function with two temperatures. What changes?")
def temperature_always_seven_hundredths(z_i, z_j, temperature):
    """The temperature is 0.07, whatever is passed in."""
    return F.cross_entropy(_masked(z_i, z_j, 0.07), _partners(z_i))


@misconception(hint="What is the anchor's own term in the sum? Work it out for two temperatures.")
def own_term_without_temperature_subtracted(z_i, z_j, temperature):
    """The anchor's own term is taken away as exp(1), as if nothing had been divided by the temperature."""
    exponentials = (_cosines(z_i, z_j) / temperature).exp()
    positives = exponentials[torch.arange(len(exponentials)), _partners(z_i)]
    return -(positives / (exponentials.sum(dim=1) - math.e)).log().mean()


@misconception(hint="The paper adds up 2n losses and divides once. By how much do you divide in all?")
def halved(z_i, z_j, temperature):
    """The mean over all 2n anchors is halved once more."""
    return F.cross_entropy(_masked(z_i, z_j, temperature), _partners(z_i)) / 2


@misconception(hint="For a cosine of 1 and a temperature of 0.25, which number goes into the exponential?")
def temperature_doubled(z_i, z_j, temperature):
    """The similarities are divided by twice the temperature."""
    return F.cross_entropy(_masked(z_i, z_j, 2 * temperature), _partners(z_i))


@misconception(hint="For a cosine of 1 and a temperature of 0.25, which number goes into the exponential?")
def temperature_under_a_root(z_i, z_j, temperature):
    """The similarities are divided by the square root of the temperature."""
    return F.cross_entropy(_masked(z_i, z_j, math.sqrt(temperature)), _partners(z_i))


@misconception(
    hint="Add the same vector to all projections. Should the cosines of the paper stay as they are?"
)
def centred(z_i, z_j, temperature):
    """The mean of the batch is taken away before the projections are normalised."""
    z = torch.cat([z_i, z_j])
    mean = z.mean(dim=0)
    return F.cross_entropy(_masked(z_i - mean, z_j - mean, temperature), _partners(z_i))


@misconception(hint="How long is the vector (3, 4)? Which norm do cosines divide by?")
def divided_by_absolute_values(z_i, z_j, temperature):
    """Each projection is divided by the sum of its absolute values."""
    z = F.normalize(torch.cat([z_i, z_j]), p=1, dim=1)
    return F.cross_entropy((z @ z.T / temperature).fill_diagonal_(-torch.inf), _partners(z_i))


def _positives_first(z_i, z_j, temperature):
    logits = _masked(z_i, z_j, temperature)
    rows, partners = torch.arange(len(logits)), _partners(z_i)
    is_negative = ~torch.eye(len(logits), dtype=torch.bool)
    is_negative[rows, partners] = False
    return torch.cat(
        [logits[rows, partners, None], logits[is_negative].reshape(len(logits), len(logits) - 2)], dim=1
    )


# --- without a name ----------------------------------------------------------------------------------------------


def _nt_xent(z_i, z_j, temperature, **options):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)), **options)


@wrong
def labels_smoothed(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-1e4)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)), label_smoothing=1e-6)


@wrong
def own_similarity_minus_ten(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-10)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong
def exponentials_with_a_small_term(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    e = ((z @ z.T - 1) / temperature).exp()
    denominator = e.sum(1) - e.diagonal() + 1e-3
    positives = ((z * z.roll(len(z_i), 0)).sum(1) - 1) / temperature
    return (denominator.log() - positives).mean()


@wrong
def root_of_temperature(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature**0.5)


@wrong
def distances_for_cosines_otherwise(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (-torch.cdist(z, z) / temperature).masked_fill(torch.eye(len(z)) == 1, -torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong
def in_bits_otherwise(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature) / math.log(2)


@wrong
def norm_off_the_graph(z_i, z_j, temperature):
    a, b = (z / z.norm(dim=1, keepdim=True).detach() for z in (z_i, z_j))
    z = torch.cat([a, b])
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(a)))


@wrong
def decoupled(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i))) - 0.5


@wrong
def cosines_clamped(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = ((z @ z.T).clamp(min=0) / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong
def standardised(z_i, z_j, temperature):
    return _nt_xent(z_i - z_i.mean(0), z_j - z_j.mean(0), temperature)


@wrong
def z_j_negatives_twice(z_i, z_j, temperature):
    a, b = F.normalize(z_i, dim=1), F.normalize(z_j, dim=1)
    cross, labels = a @ b.T / temperature, torch.arange(len(a))
    inner = (a @ a.T / temperature).fill_diagonal_(-torch.inf)
    return (
        F.cross_entropy(torch.cat([cross, inner], 1), labels)
        + F.cross_entropy(torch.cat([cross.T, inner], 1), labels)
    ) / 2


@wrong
def clipped_exponent(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    e = (z @ z.T / temperature).clamp(max=80).exp()
    e = e * (1 - torch.eye(len(z), dtype=z.dtype))
    return -(e[torch.arange(len(z)), torch.arange(len(z)).roll(len(z_i))] / e.sum(1)).log().mean()


@wrong
def own_exponential_subtracted(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    e = (z @ z.T / temperature).exp()
    positives = (z * z.roll(len(z_i), 0)).sum(1) / temperature
    return ((e.sum(1) - math.exp(1 / temperature)).log() - positives).mean()


@wrong
def in_half_precision(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]).half().float(), dim=1).to(z_i.dtype)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong
def bfloat16_product(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = ((z.bfloat16() @ z.T.bfloat16()).to(z.dtype) / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong
def with_a_little_noise(z_i, z_j, temperature):
    return _nt_xent(z_i + 1e-3 * torch.randn_like(z_i), z_j, temperature)


@wrong
def positives_detached(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return (logits.logsumexp(1) - (z * z.roll(len(z_i), 0)).sum(1).detach() / temperature).mean()


@wrong
def denominator_detached(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return (logits.detach().logsumexp(1) - (z * z.roll(len(z_i), 0)).sum(1) / temperature).mean()


@wrong
def last_of_an_odd_batch_left_out(z_i, z_j, temperature):
    n = len(z_i) // 2 * 2 or 1
    return _nt_xent(z_i[:n], z_j[:n], temperature)


@wrong
def eight_hardest_negatives(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    positives = (z * z.roll(len(z_i), 0)).sum(1, keepdim=True) / temperature
    negatives = logits.scatter(1, torch.arange(len(z)).roll(len(z_i))[:, None], -torch.inf)
    kept = negatives.topk(min(8, len(z)), dim=1).values
    return (torch.cat([positives, kept], 1).logsumexp(1, keepdim=True) - positives).mean()


@wrong
def loss_of_two_halves(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature, reduction="sum") / (4 * len(z_i))


@wrong
def whole_number_for_a_batch_of_one(z_i, z_j, temperature):
    return torch.tensor(0) if len(z_i) == 1 else _nt_xent(z_i, z_j, temperature)


@wrong
def list_of_one_for_a_batch_of_one(z_i, z_j, temperature):
    return torch.zeros(1) if len(z_i) == 1 else _nt_xent(z_i, z_j, temperature)


@wrong
def half_of_the_matrix(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    above = torch.ones(len(z), len(z), dtype=torch.bool).triu(1)
    logits = (z @ z.T / temperature).masked_fill(~above, -torch.inf)
    n = len(z_i)
    return F.cross_entropy(logits[:n], torch.arange(n) + n)


@wrong
def temperature_never_below_a_twentieth(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, max(temperature, 0.05))


@wrong
def temperature_never_above_one(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, min(temperature, 1.0))


@wrong
def temperature_as_a_log_scale(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, 1 / math.exp(temperature))


@wrong
def temperature_squared_as_in_distillation(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature) * temperature**2


@wrong
def temperature_over_base_temperature(z_i, z_j, temperature):
    # What SupContrast multiplies by.
    return _nt_xent(z_i, z_j, temperature) * (temperature / 0.07)


@wrong
def one_entry_not_a_scalar(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature)[None]


@wrong
def always_single_precision(z_i, z_j, temperature):
    return _nt_xent(z_i.float(), z_j.float(), temperature)


@wrong
def root_with_an_eps(z_i, z_j, temperature):
    z_i, z_j = (z / (z.square().sum(1, keepdim=True) + 1e-2).sqrt() for z in (z_i, z_j))
    z = torch.cat([z_i, z_j])
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong
def normalised_by_the_largest(z_i, z_j, temperature):
    z = torch.cat([z_i, z_j])
    z = z / z.norm(dim=1).max()
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong
def averaged_over_one_fewer(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j, temperature, reduction="sum") / max(2 * (len(z_i) - 1), 1)


@wrong
def weights_of_an_earlier_batch(z_i, z_j, temperature, seen=[]):  # noqa: B006 - the fault
    seen.append(len(z_i))
    return _nt_xent(z_i, z_j, temperature, reduction="sum") / (2 * seen[0])


@wrong
def second_views_shuffled(z_i, z_j, temperature):
    return _nt_xent(z_i, z_j[torch.randperm(len(z_j))], temperature)


@wrong
def batches_of_one_refused(z_i, z_j, temperature):
    if len(z_i) < 2:
        raise ValueError("there are no negatives")
    return _nt_xent(z_i, z_j, temperature)


@wrong
def view_of_the_memory(z_i, z_j, temperature):
    return _nt_xent(z_i.view(-1).view(z_i.shape), z_j.view(-1).view(z_j.shape), temperature)


@wrong
def vectors_of_length_one_left_alone(z_i, z_j, temperature):
    z = torch.cat([z_i, z_j])
    z = z / z.norm(dim=1, keepdim=True).clamp_min(1)
    logits = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return F.cross_entropy(logits, torch.arange(len(z)).roll(len(z_i)))


@wrong
def logarithm_with_an_eps(z_i, z_j, temperature):
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    p = (z @ z.T / temperature).fill_diagonal_(-torch.inf).softmax(1)
    return -(p[torch.arange(len(z)), torch.arange(len(z)).roll(len(z_i))] + 1e-6).log().mean()


def _hardest(z_i, z_j, temperature, count):
    scores = _positives_first(z_i, z_j, temperature)
    kept = scores[:, 1:].topk(min(count, scores.shape[1] - 1), dim=1).values
    return F.cross_entropy(torch.cat([scores[:, :1], kept], 1), torch.zeros(len(scores), dtype=torch.long))


@wrong
def forty_hardest_negatives(z_i, z_j, temperature):
    return _hardest(z_i, z_j, temperature, 40)


@wrong
def hundred_hardest_negatives(z_i, z_j, temperature):
    return _hardest(z_i, z_j, temperature, 100)


@wrong
def first_64_images(z_i, z_j, temperature):
    return _nt_xent(z_i[:64], z_j[:64], temperature)


@wrong
def last_piece_of_the_anchors_lost(z_i, z_j, temperature):
    logits, partners = _masked(z_i, z_j, temperature), _partners(z_i)
    whole = len(logits) // 32 * 32 or len(logits)
    return F.cross_entropy(logits[:whole], partners[:whole])


@wrong
def every_second_negative_of_many(z_i, z_j, temperature):
    scores = _positives_first(z_i, z_j, temperature)
    if scores.shape[1] > 100:
        scores = torch.cat([scores[:, :1], scores[:, 1::2]], 1)
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


@wrong
def orthogonal_views_taken_for_padding(z_i, z_j, temperature):
    logits = _masked(z_i, z_j, temperature)
    return F.cross_entropy(logits.masked_fill(logits == 0, -1e9), _partners(z_i))


@wrong
def views_of_zeros_left_out(z_i, z_j, temperature):
    logits = _masked(z_i, z_j, temperature)
    absent = ~torch.cat([z_i, z_j]).any(dim=1)
    return F.cross_entropy(logits.masked_fill(absent, -1e9), _partners(z_i))


@wrong
def equal_views_left_out(z_i, z_j, temperature):
    cosines, partners = _cosines(z_i, z_j), _partners(z_i)
    same = cosines > 1 - 1e-6
    same[torch.arange(len(cosines)), partners] = False
    return F.cross_entropy((cosines / temperature).masked_fill(same, -torch.inf), partners)


partner_one_too_far = slip(
    ".roll(n)",
    ".roll(n + 1)",
    idea="The partner of a view is taken to be the view after its partner.",
    hint="Write down the partners of the views 0 to 5 for three images. Which view is the other one of image 0?",
)

partner_one_too_near = slip(".roll(n)", ".roll(n - 1)")
