"""Wrong answers to `cpc.cmc_loss`: ideas with a name and a hint, then others."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _scores(first, second, temperature):
    return F.normalize(first, dim=1) @ F.normalize(second, dim=1).T / temperature


def _both(scores, **options):
    """Both directions of a matrix of scores, added."""
    partners = torch.arange(len(scores))
    return F.cross_entropy(scores, partners, **options) + F.cross_entropy(scores.T, partners, **options)


def _loss(first, second, temperature):
    return _both(_scores(first, second, temperature))


# --- directions ------------------------------------------------------------------------------------------------------


@misconception(hint="Who asks in your loss: the first view alone? Could the second one ask as well?")
def one_direction(first, second, temperature):
    """Only the first view has anchors."""
    return F.cross_entropy(_scores(first, second, temperature), torch.arange(len(first)))


@misconception(hint="Who asks in your loss: the second view alone? Could the first one ask as well?")
def the_other_direction(first, second, temperature):
    """Only the second view has anchors."""
    return F.cross_entropy(_scores(second, first, temperature), torch.arange(len(first)))


@misconception(
    hint="If all vectors are equal, one direction costs log n. What do both cost in the docstring?"
)
def halved(first, second, temperature):
    """The two directions are averaged, as in CLIP."""
    return _loss(first, second, temperature) / 2


@misconception(
    hint="CLIP has a scale to multiply by, and takes a mean of the directions. What does the docstring ask for?",
    of=("halved", "temperature-multiplied"),
)
def as_in_clip(first, second, temperature):
    """The temperature is a factor and the directions are averaged, as with the scale of CLIP."""
    return _loss(first, second, 1 / temperature) / 2


@misconception(hint="Did the second softmax really run over the other dimension?")
def columns_and_rows_the_same(first, second, temperature):
    """Both softmaxes run over the second view, so that the same direction is counted twice."""
    return 2 * F.cross_entropy(_scores(first, second, temperature), torch.arange(len(first)))


@misconception(hint="Exchange the two views. Does your loss change? Should it?")
def the_other_direction_twice(first, second, temperature):
    """Both softmaxes run over the first view, so that the same direction is counted twice."""
    return 2 * F.cross_entropy(_scores(second, first, temperature), torch.arange(len(first)))


@misconception(hint="Is the second direction added, or taken away?")
def directions_subtracted(first, second, temperature):
    """The loss of the second direction is taken from that of the first."""
    scores, partners = _scores(first, second, temperature), torch.arange(len(first))
    return F.cross_entropy(scores, partners) - F.cross_entropy(scores.T, partners)


@misconception(hint="Equal vectors cost log n in either direction. And together: 2 log n, or its square?")
def directions_multiplied(first, second, temperature):
    """The losses of the two directions are multiplied with each other."""
    scores, partners = _scores(first, second, temperature), torch.arange(len(first))
    return F.cross_entropy(scores, partners) * F.cross_entropy(scores.T, partners)


@misconception(
    hint="Does an anchor of the first view choose among rows, among columns, or among all entries at once?"
)
def one_softmax_over_all_pairs(first, second, temperature):
    """One softmax runs over all n * n pairs."""
    scores = _scores(first, second, temperature)
    return 2 * (scores.flatten().logsumexp(dim=0) - scores.diagonal().mean())


@misconception(hint="How many means are there in the docstring, and over how many anchors is each of them?")
def one_softmax_over_row_and_column(first, second, temperature):
    """The rows and the columns of an item share one sum below the fraction bar."""
    scores = _scores(first, second, temperature)
    below = torch.cat([scores, scores.T], dim=1).logsumexp(dim=1)
    return 2 * (below - scores.diagonal()).mean()


# --- candidates ------------------------------------------------------------------------------------------------------


@misconception(hint="May L be told from another L? By what would a network tell them, if it could?")
def own_view_as_negative(first, second, temperature):
    """The other vectors of the anchor's own view are candidates too, as in NT-Xent."""
    partners = torch.arange(len(first))
    across = _scores(first, second, temperature)
    own = [_scores(z, z, temperature).fill_diagonal_(-torch.inf) for z in (first, second)]
    forwards = F.cross_entropy(torch.cat([across, own[0]], dim=1), partners)
    return forwards + F.cross_entropy(torch.cat([across.T, own[1]], dim=1), partners)


@misconception(
    hint="That is the loss of SimCLR. May an anchor be compared with its own view, and are the directions averaged?",
    of=("own-view-as-negative", "halved"),
)
def as_in_simclr(first, second, temperature):
    """The NT-Xent loss: every vector of both views is a candidate, and one mean is taken over all anchors."""
    return own_view_as_negative.function(first, second, temperature) / 2


@misconception(hint="How many candidates has an anchor: n or 2n? Is the anchor itself one of them in yours?")
def own_view_and_itself_as_negatives(first, second, temperature):
    """All vectors of the anchor's own view are candidates too, and with them the anchor itself."""
    partners, across = torch.arange(len(first)), _scores(first, second, temperature)
    own = [_scores(z, z, temperature) for z in (first, second)]
    forwards = F.cross_entropy(torch.cat([across, own[0]], dim=1), partners)
    return forwards + F.cross_entropy(torch.cat([across.T, own[1]], dim=1), partners)


@misconception(hint="Among whom does an anchor look for its partner: in its own view, or in the other one?")
def views_compared_with_themselves(first, second, temperature):
    """Each view is compared with itself, and the partner is taken to be the anchor."""
    return sum(F.cross_entropy(_scores(z, z, temperature), torch.arange(len(z))) for z in (first, second))


@misconception(hint="Change the second view. Does your loss change?")
def first_view_alone(first, second, temperature):
    """The first view is compared with itself, in both directions."""
    return _both(_scores(first, first, temperature))


@misconception(hint="Change the first view. Does your loss change?")
def second_view_alone(first, second, temperature):
    """The second view is compared with itself, in both directions."""
    return _both(_scores(second, second, temperature))


@misconception(hint="If all scores are equal, among how many does an anchor guess: n, or n - 1?")
def positive_not_below(first, second, temperature):
    """The sums below the fraction bar run over the negatives alone."""
    scores = _scores(first, second, temperature)
    own = torch.eye(len(scores), dtype=torch.bool)
    negatives = scores.masked_fill(own, -1e9)
    return (negatives.logsumexp(dim=1) + negatives.logsumexp(dim=0) - 2 * scores.diagonal()).mean()


@misconception(hint="How often does the partner occur below the fraction bar?")
def positive_twice(first, second, temperature):
    """The positive is put in front of a row of scores that holds it already."""
    scores, first_column = _scores(first, second, temperature), torch.zeros(len(first), dtype=torch.long)
    positives = scores.diagonal()[:, None]
    return sum(F.cross_entropy(torch.cat([positives, x], dim=1), first_column) for x in (scores, scores.T))


@misconception(hint="Who says that the partner stands in column 0?")
def first_is_right(first, second, temperature):
    """All labels are zero."""
    scores, zeros = _scores(first, second, temperature), torch.zeros(len(first), dtype=torch.long)
    return F.cross_entropy(scores, zeros) + F.cross_entropy(scores.T, zeros)


@misconception(hint="Does an anchor choose one of n, or does it judge each of them by itself?")
def pairs_judged_one_by_one(first, second, temperature):
    """Each pair is a yes-or-no question with a sigmoid of its own."""
    scores = _scores(first, second, temperature)
    return 2 * F.binary_cross_entropy_with_logits(scores, torch.eye(len(scores), dtype=scores.dtype))


@misconception(hint="What is your loss of a batch in which all vectors are equal? And with negatives?")
def partners_alone(first, second, temperature):
    """Only the cosines of partners count: they are to be large, and there are no negatives."""
    return -2 * _scores(first, second, temperature).diagonal().mean()


# --- scores ----------------------------------------------------------------------------------------------------------


@misconception(hint="A cosine does not change when a vector is made longer. Does your loss?")
def dot_products(first, second, temperature):
    """Dot products take the place of cosines."""
    return _both(first @ second.T / temperature)


@misconception(hint="Which of the two views may still have vectors of any length in yours?")
def second_not_normalised(first, second, temperature):
    """Only the vectors of the first view are made to have length one."""
    return _both(F.normalize(first, dim=1) @ second.T / temperature)


@misconception(hint="Make all vectors of the first view ten times as long. Does a cosine feel that?")
def first_not_normalised(first, second, temperature):
    """Only the vectors of the second view are made to have length one."""
    return _both(first @ F.normalize(second, dim=1).T / temperature)


@misconception(hint="One embedding is one row. Along which dimension is its length?")
def normalised_across_the_batch(first, second, temperature):
    """Each column is made to have length one, instead of each embedding."""
    return _both(F.normalize(first, dim=0) @ F.normalize(second, dim=0).T / temperature)


@misconception(hint="Two vectors that are alike: is their score high or low in yours?")
def scores_negated(first, second, temperature):
    """The scores are negative cosines, so that what is least alike is chosen."""
    return _both(-_scores(first, second, temperature))


@misconception(
    hint="Look at the lengths of the first view's vectors in your code. Are they those of its rows?"
)
def first_normalised_across_the_batch(first, second, temperature):
    """The columns of the first view are made to have length one, and the rows of the second one."""
    return _both(F.normalize(first, dim=0) @ F.normalize(second, dim=1).T / temperature)


@misconception(hint="Does a smaller temperature make the softmax sharper or flatter? And yours?")
def temperature_multiplied(first, second, temperature):
    """The cosines are multiplied by the temperature."""
    return _loss(first, second, 1 / temperature)


@misconception(hint="Call your function with two temperatures. What changes?")
def temperature_forgotten(first, second, temperature):
    """The temperature has no effect."""
    return _loss(first, second, 1.0)


@misconception(hint="How often does the temperature divide one cosine in your code?")
def temperature_twice(first, second, temperature):
    """Every vector is divided by the temperature, so that the cosines feel its square."""
    return _loss(first, second, temperature**2)


@misconception(hint="If all vectors are equal, the loss is 2 log n at any temperature. What is yours?")
def temperature_outside_the_log(first, second, temperature):
    """The loss is divided by the temperature, and the cosines are not."""
    return _loss(first, second, 1.0) / temperature


@misconception(hint="If all vectors are equal, the loss is 2 log n at any temperature. What is yours?")
def scaled_by_the_temperature(first, second, temperature):
    """The loss is multiplied by the temperature."""
    return temperature * _loss(first, second, temperature)


@misconception(
    hint="The temperature stands twice in a share: above the fraction bar and below. Where has yours got it?"
)
def temperature_above_the_bar_alone(first, second, temperature):
    """Only the cosines of partners are divided by the temperature, and those in the sums are not."""
    scores = _scores(first, second, 1.0)
    below = scores.logsumexp(dim=0) + scores.logsumexp(dim=1)
    return (below - 2 * scores.diagonal() / temperature).mean()


@misconception(hint="How does the second direction come by its scores? Is the temperature still in them?")
def temperature_in_one_direction(first, second, temperature):
    """Only the scores of the first direction are divided by the temperature."""
    partners = torch.arange(len(first))
    forwards = F.cross_entropy(_scores(first, second, temperature), partners)
    return forwards + F.cross_entropy(_scores(second, first, 1.0), partners)


@misconception(hint="Two unit vectors at a right angle: which similarity has the docstring, which have you?")
def distances_for_cosines(first, second, temperature):
    """Similarity is the negative distance of the vectors of length one."""
    a, b = F.normalize(first, dim=1), F.normalize(second, dim=1)
    distances = (a[:, None] - b).square().sum(dim=2).clamp(min=1e-12).sqrt()
    return _both(-distances / temperature)


@misconception(
    hint="What is exp(100) in float32? Which function of torch takes the logarithm of a softmax safely?"
)
def exponentials_overflow(first, second, temperature):
    """Exponentials are taken one by one, and at a low temperature they are infinite."""
    shares = _scores(first, second, temperature).exp()
    return -((shares.diag() / shares.sum(dim=1)).log() + (shares.diag() / shares.sum(dim=0)).log()).mean()


@misconception(hint="What does F.cross_entropy do with its first argument before it takes the logarithm?")
def softmax_twice(first, second, temperature):
    """Shares are handed to the cross-entropy, which takes their softmax again."""
    scores, partners = _scores(first, second, temperature), torch.arange(len(first))
    rows, columns = scores.softmax(dim=1), scores.T.softmax(dim=1)
    return F.cross_entropy(rows, partners) + F.cross_entropy(columns, partners)


# --- gradients and form ----------------------------------------------------------------------------------------------


@misconception(hint="Are both encoders trained by your loss? Follow it back to the second view.")
def second_view_detached(first, second, temperature):
    """The second view is a constant: no gradient reaches it."""
    return _loss(first, second.detach(), temperature)


@misconception(hint="Are both encoders trained by your loss? Follow it back to the first view.")
def first_view_detached(first, second, temperature):
    """The first view is a constant: no gradient reaches it."""
    return _loss(first.detach(), second, temperature)


@misconception(hint="Anchors learn from your loss. Do the vectors they are compared with learn as well?")
def candidates_detached(first, second, temperature):
    """A gradient reaches each vector as an anchor only, not as a candidate."""
    partners = torch.arange(len(first))
    forwards = F.cross_entropy(_scores(first, second.detach(), temperature), partners)
    return forwards + F.cross_entropy(_scores(second, first.detach(), temperature), partners)


@misconception(hint="Move a vector along its own direction. Should the loss feel that, to first order?")
def lengths_detached(first, second, temperature):
    """The vectors are divided by lengths that are constants for autograd."""
    a, b = (z / z.detach().norm(dim=1, keepdim=True) for z in (first, second))
    return _both(a @ b.T / temperature)


@misconception(hint="Should the loss grow when the batch does?")
def summed(first, second, temperature):
    """The losses of the anchors are added up."""
    return _both(_scores(first, second, temperature), reduction="sum")


@misconception(hint="The result is one number. How many does yours return?")
def one_loss_for_each_item(first, second, temperature):
    """The losses of the items are returned one by one."""
    return _both(_scores(first, second, temperature), reduction="none")


@misconception(hint="Which sign has the logarithm of a share, and which has a loss?")
def sign_left_out(first, second, temperature):
    """The mean of the logarithms is returned, which training would make small."""
    return -_loss(first, second, temperature)


@misconception(hint="Can your loss train anything? Follow it back to the embeddings.")
def off_the_graph(first, second, temperature):
    """The loss is computed without gradients."""
    return _loss(first, second, temperature).detach()


@misconception(hint="Call your function with float64 embeddings. What comes back?")
def always_float32(first, second, temperature):
    """The embeddings are made float32, whatever they were."""
    return _loss(first.float(), second.float(), temperature)


@misconception(hint="The docstring names the unit of the loss. Which logarithm has it?")
def in_bits(first, second, temperature):
    """The logarithm is taken to base 2."""
    return _loss(first, second, temperature) / math.log(2)


@misconception(hint="The caller still needs its embeddings. Are they the same after the call?")
def normalised_in_place(first, second, temperature):
    """The embeddings themselves are made to have length one."""
    with torch.no_grad():
        first.div_(first.norm(dim=1, keepdim=True))
        second.div_(second.norm(dim=1, keepdim=True))
    return _loss(first, second, temperature)


partners_shifted = slip(
    "partners = torch.arange(len(first), device=first.device)",
    "partners = torch.arange(len(first), device=first.device).roll(1)",
    idea="The partner is taken to be the vector next to it.",
    hint="Row k of one view belongs to which row of the other?",
)


# --- without a name --------------------------------------------------------------------------------------------------


@wrong
def hardest_32_candidates(first, second, temperature):
    scores = _scores(first, second, temperature)
    k = min(32, len(scores))
    below = scores.topk(k, dim=1).values.logsumexp(1) + scores.T.topk(k, dim=1).values.logsumexp(1)
    return (below - 2 * scores.diagonal()).mean()


@wrong
def first_64_pairs(first, second, temperature):
    return _loss(first[:64], second[:64], temperature)


@wrong
def last_piece_lost(first, second, temperature):
    scores, whole = _scores(first, second, temperature), len(first) // 8 * 8 or len(first)
    partners = torch.arange(whole)
    return F.cross_entropy(scores[:whole], partners) + F.cross_entropy(scores.T[:whole], partners)


@wrong
def temperature_never_below_a_twentieth(first, second, temperature):
    return _loss(first, second, max(temperature, 0.05))


@wrong
def temperature_never_above_one(first, second, temperature):
    return _loss(first, second, min(temperature, 1.0))


@wrong
def scores_of_zero_left_out(first, second, temperature):
    scores = _scores(first, second, temperature)
    return _both(scores.masked_fill(scores == 0, -1e9))


@wrong
def equal_vectors_taken_for_partners(first, second, temperature):
    scores = _scores(first, second, temperature)
    same = (second[:, None] == second).all(dim=2).fill_diagonal_(False)
    return _both(scores.masked_fill(same, -1e9))


@wrong
def negative_cosines_cut_off(first, second, temperature):
    return _both(_scores(first, second, temperature).relu())


@wrong
def norms_with_a_tenth_added(first, second, temperature):
    first, second = (z / (z.norm(dim=1, keepdim=True) + 0.1) for z in (first, second))
    return _both(first @ second.T / temperature)


@wrong
def short_vectors_left_alone(first, second, temperature):
    first, second = (z / z.norm(dim=1, keepdim=True).clamp_min(1) for z in (first, second))
    return _both(first @ second.T / temperature)


@wrong
def centred_before_the_cosine(first, second, temperature):
    return _loss(
        first - first.mean(dim=1, keepdim=True), second - second.mean(dim=1, keepdim=True), temperature
    )


@wrong
def logarithm_with_an_eps(first, second, temperature):
    scores = _scores(first, second, temperature)
    return -sum((scores.softmax(dim=dim).diagonal() + 1e-6).log().mean() for dim in (0, 1))


@wrong
def logarithm_of_the_mean(first, second, temperature):
    scores = _scores(first, second, temperature)
    return -sum(scores.softmax(dim=dim).diagonal().mean().log() for dim in (0, 1))


@wrong
def averaged_over_one_fewer(first, second, temperature):
    return _both(_scores(first, second, temperature), reduction="sum") / max(len(first) - 1, 1)


@wrong
def a_list_with_one_loss(first, second, temperature):
    return _loss(first, second, temperature)[None]


@wrong
def a_python_number(first, second, temperature):
    return _loss(first, second, temperature).item()


@wrong
def a_whole_number_for_one_pair(first, second, temperature):
    return torch.tensor(0) if len(first) == 1 else _loss(first, second, temperature)


@wrong
def a_single_pair_refused(first, second, temperature):
    if len(first) < 2:
        raise ValueError("there are no negatives")
    return _loss(first, second, temperature)


@wrong
def second_view_shuffled(first, second, temperature):
    return _loss(first, second[torch.randperm(len(second))], temperature)


@wrong
def in_half_precision(first, second, temperature):
    first, second = (F.normalize(z, dim=1).half().to(z.dtype) for z in (first, second))
    return _both(first @ second.T / temperature)
