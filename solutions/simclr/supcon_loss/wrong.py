"""Wrong answers to `simclr.supcon_loss`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _masked(z, temperature):
    z = F.normalize(z, dim=1)
    return (z @ z.T / temperature).fill_diagonal_(-torch.inf)


def _positive(labels):
    return (labels[:, None] == labels).fill_diagonal_(False)


def _mean(losses, positive):
    """Of the losses of the anchors that have a positive."""
    return losses.sum() / positive.any(dim=1).sum().clamp(min=1)


def _averaged(log_shares, positive):
    """The loss of log-shares, as the docstring has it."""
    each = -log_shares.masked_fill(~positive, 0).sum(dim=1) / positive.sum(dim=1).clamp(min=1)
    return _mean(each, positive)


# --- which sum stands where ------------------------------------------------------------------------------------------


@misconception(hint="Is the log of a mean the mean of the logs? Which of the two does the docstring ask for?")
def log_outside(z, labels, temperature):
    """The shares of the positives are averaged before the logarithm is taken, as in the paper's L_in."""
    positive = _positive(labels)
    kept = positive.any(dim=1)
    inside = _masked(z, temperature).log_softmax(dim=1).masked_fill(~positive, -torch.inf)[kept].logsumexp(1)
    return (positive.sum(1)[kept].log() - inside).sum() / kept.sum().clamp(min=1)


@misconception(hint="What is added up over the positives: their shares, or the logarithms of their shares?")
def shares_of_the_positives_added(z, labels, temperature):
    """The shares of all positives are added up, and the logarithm of the sum is taken."""
    positive = _positive(labels)
    kept = positive.any(dim=1)
    inside = _masked(z, temperature).log_softmax(dim=1).masked_fill(~positive, -torch.inf)[kept].logsumexp(1)
    return -inside.sum() / kept.sum().clamp(min=1)


@misconception(hint="Is an anchor a positive of its own? P(i) holds the *other* rows of its class.")
def self_is_positive(z, labels, temperature):
    """The anchor is counted among its positives and among its candidates."""
    z = F.normalize(z, dim=1)
    same = labels[:, None] == labels
    log_shares = (z @ z.T / temperature).log_softmax(dim=1)
    return (-(log_shares * same).sum(dim=1) / same.sum(dim=1)).mean()


@misconception(hint="By how many positives is the sum over P(i) divided? Count them for a class of two.")
def self_counted(z, labels, temperature):
    """The sum over the positives is divided by the size of the class, the anchor included."""
    positive = _positive(labels)
    log_shares = _masked(z, temperature).log_softmax(dim=1).masked_fill(~positive, 0)
    return _mean(-log_shares.sum(dim=1) / (positive.sum(dim=1) + 1), positive)


@misconception(hint="Who competes for the anchor? Go through the sum over a != i once more.")
def self_below(z, labels, temperature):
    """The anchor itself stands in the denominator."""
    z = F.normalize(z, dim=1)
    return _averaged((z @ z.T / temperature).log_softmax(dim=1), _positive(labels))


@misconception(hint="A score that a mask has multiplied by 0 is 0. What is exp(0), and where is it added?")
def mask_on_the_log_only(z, labels, temperature):
    """The mask multiplies the scores and not their exponentials: the anchor's own exp(0) stays in the denominator."""
    return _averaged(_masked(z, temperature).fill_diagonal_(0).log_softmax(dim=1), _positive(labels))


@misconception(hint="Are the other positives of an anchor in the denominator of equation 2?")
def positives_taken_out_below(z, labels, temperature):
    """The denominator sums over the negatives and the one positive above, without the other positives."""
    scores, positive = _masked(z, temperature), _positive(labels)
    negatives = scores.masked_fill(positive, -torch.inf).logsumexp(dim=1, keepdim=True)
    return _averaged(scores - torch.logaddexp(scores, negatives.expand_as(scores)), positive)


@misconception(hint="With all rows equal and one class of n: is your loss log(n - 1)?")
def negatives_only_below(z, labels, temperature):
    """The denominator sums over the rows of other classes alone."""
    scores, positive = _masked(z, temperature), _positive(labels)
    negatives = scores.masked_fill(positive, -torch.inf).logsumexp(dim=1, keepdim=True)
    return _averaged(scores - negatives, positive)


@misconception(hint="An anchor of a class of three has two positives. How many of them does your loss use?")
def first_positive_only(z, labels, temperature):
    """Each anchor looks for one row of its class, the first."""
    positive = _positive(labels)
    kept = positive.any(dim=1)
    scores = _masked(z, temperature)[kept]
    return F.cross_entropy(scores, positive[kept].long().argmax(dim=1), reduction="sum") / max(1, len(scores))


# --- means -----------------------------------------------------------------------------------------------------------


@misconception(hint="What is the mean over nobody? And what does one NaN make of the mean over the batch?")
def nan_without_positives(z, labels, temperature):
    """Zero positives divide zero, and NaN is the loss."""
    positive = _positive(labels)
    log_shares = _masked(z, temperature).log_softmax(dim=1).masked_fill(~positive, 0)
    return (-log_shares.sum(dim=1) / positive.sum(dim=1)).mean()


@misconception(hint="Add an image of a new class. Why should the loss of the others fall?")
def lonely_counted_as_zero(z, labels, temperature):
    """Anchors without a positive count as zero in the mean over all anchors."""
    positive = _positive(labels)
    log_shares = _masked(z, temperature).log_softmax(dim=1).masked_fill(~positive, 0)
    return (-log_shares.sum(dim=1) / positive.sum(dim=1).clamp(min=1)).mean()


@misconception(
    hint="A row without a positive has no loss of its own. Does it compete in those of the others?"
)
def lonely_taken_out(z, labels, temperature):
    """Rows without a positive are dropped from the batch, as candidates too."""
    kept = _positive(labels).any(dim=1)
    if not kept.any():
        return z.sum() * 0
    return _averaged(_masked(z[kept], temperature).log_softmax(dim=1), _positive(labels[kept]))


@misconception(hint="Should an anchor of a class of ten count nine times as much as one of a class of two?")
def mean_over_pairs(z, labels, temperature):
    """The mean is taken over all pairs of one class, not over positives first and anchors then."""
    positive = _positive(labels)
    log_shares = _masked(z, temperature).log_softmax(dim=1).masked_fill(~positive, 0)
    return -log_shares.sum() / positive.sum().clamp(min=1)


@misconception(hint="Should the loss of an anchor grow with the number of its positives?")
def positives_added(z, labels, temperature):
    """The logarithms are added up over the positives and not divided by their number."""
    positive = _positive(labels)
    return _mean(-_masked(z, temperature).log_softmax(dim=1).masked_fill(~positive, 0).sum(dim=1), positive)


@misconception(hint="Does your loss grow with the batch? The docstring says how anchors are put together.")
def anchors_added(z, labels, temperature):
    """The losses of the anchors are added up, as equation 2 has it."""
    positive = _positive(labels)
    return _averaged(_masked(z, temperature).log_softmax(dim=1), positive) * positive.any(dim=1).sum()


# --- temperature and lengths -----------------------------------------------------------------------------------------


@misconception(hint="Two temperatures? Which of them is in the docstring's formula?")
def temperature_ratio(z, labels, temperature):
    """The loss is multiplied by T / 0.07, as in the authors' code."""
    return temperature / 0.07 * _averaged(_masked(z, temperature).log_softmax(dim=1), _positive(labels))


@misconception(hint="If all rows are equal, the loss is log(n - 1) at any temperature. What is yours?")
def scaled_by_the_temperature(z, labels, temperature):
    """The loss is multiplied by the temperature."""
    return temperature * _averaged(_masked(z, temperature).log_softmax(dim=1), _positive(labels))


@misconception(hint="A small temperature makes the softmax sharper. What does yours do?")
def multiplied_by_temperature(z, labels, temperature):
    """The cosines are multiplied by the temperature."""
    return _averaged(_masked(z, 1 / temperature).log_softmax(dim=1), _positive(labels))


@misconception(hint="Call your function with two temperatures. What changes?")
def temperature_left_out(z, labels, temperature):
    """The temperature has no effect."""
    return _averaged(_masked(z, 1.0).log_softmax(dim=1), _positive(labels))


@misconception(hint="Try rows ten times as long. A cosine does not change; does your loss?")
def not_normalised(z, labels, temperature):
    """Dot products are used in the place of cosines."""
    scores = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return _averaged(scores.log_softmax(dim=1), _positive(labels))


normalised_across_the_batch = slip(
    "z = F.normalize(z, dim=1)",
    "z = F.normalize(z, dim=0)",
    idea="Each column is made to have length one, instead of each row.",
    hint="One projection is one row. Along which dimension is its length?",
)


@misconception(hint="Move a row along its own direction. Should the loss feel that, to first order?")
def lengths_detached(z, labels, temperature):
    """The rows are divided by lengths that are constants for autograd."""
    z = z / z.detach().norm(dim=1, keepdim=True)
    scores = (z @ z.T / temperature).fill_diagonal_(-torch.inf)
    return _averaged(scores.log_softmax(dim=1), _positive(labels))


# --- numbers too large and too small ---------------------------------------------------------------------------------


@misconception(hint="What is exp(100) in float32? Which function of torch takes the log of a softmax safely?")
def exponentials_overflow(z, labels, temperature):
    """Exponentials are taken one by one, and at a low temperature they are too large for float32."""
    scores = _masked(z, temperature)
    shares = scores.exp() / scores.exp().sum(dim=1, keepdim=True)
    return _averaged(shares.fill_diagonal_(1).log(), _positive(labels))


@misconception(hint="At T = 0.01 and cosines below 0.5, what is the sum that your 1e-9 is added to?")
def small_number_inside_the_log(z, labels, temperature):
    """The anchor's own 1 / T is taken from its row, and 1e-9 is added to a sum that is far smaller."""
    z = F.normalize(z, dim=1)
    scores = z @ z.T / temperature
    scores = scores - scores.max(dim=1, keepdim=True).values.detach()
    others = ~torch.eye(len(z), dtype=torch.bool)
    below = (scores.exp() * others).sum(dim=1, keepdim=True)
    return _averaged(scores - (below + 1e-9).log(), _positive(labels))


@misconception(hint="Which entry of its row is the largest, and is it one of the candidates?")
def shifted_by_the_own_cosine(z, labels, temperature):
    """The anchor's own 1 / T is taken from its row, and in float32 nothing may be left of the others."""
    z = F.normalize(z, dim=1)
    scores = z @ z.T / temperature
    scores = scores - scores.max(dim=1, keepdim=True).values.detach()
    others = ~torch.eye(len(z), dtype=torch.bool)
    return _averaged(scores - (scores.exp() * others).sum(dim=1, keepdim=True).log(), _positive(labels))


@misconception(hint="What is the logarithm of a share so small that it rounds to 0?")
def log_of_softmax(z, labels, temperature):
    """The softmax is taken first, and then its logarithm, with something small added."""
    return _averaged((_masked(z, temperature).softmax(dim=1) + 1e-8).log(), _positive(labels))


# --- form ------------------------------------------------------------------------------------------------------------


@misconception(hint="Rows learn as anchors from your loss. Do they learn as candidates as well?")
def candidates_detached(z, labels, temperature):
    """A gradient reaches each row as an anchor only, not as a candidate."""
    z = F.normalize(z, dim=1)
    scores = (z @ z.T.detach() / temperature).fill_diagonal_(-torch.inf)
    return _averaged(scores.log_softmax(dim=1), _positive(labels))


@misconception(hint="The result is one number. Which dimension is still to be averaged?")
def one_loss_for_each_anchor(z, labels, temperature):
    """The losses of the anchors are returned one by one."""
    positive = _positive(labels)
    log_shares = _masked(z, temperature).log_softmax(dim=1).masked_fill(~positive, 0)
    return -log_shares.sum(dim=1) / positive.sum(dim=1).clamp(min=1)


@misconception(hint="Can your loss train anything? Follow it back to the projections.")
def off_the_graph(z, labels, temperature):
    """The loss is computed without gradients."""
    return _averaged(_masked(z, temperature).log_softmax(dim=1), _positive(labels)).detach()


@misconception(hint="Which sign has the logarithm of a share, and which has a loss?")
def sign_left_out(z, labels, temperature):
    """The mean of the logarithms is returned, which training would make small."""
    return -_averaged(_masked(z, temperature).log_softmax(dim=1), _positive(labels))


@misconception(hint="Call your function with float64 projections. What comes back?")
def always_float32(z, labels, temperature):
    """The projections are made float32, whatever they were."""
    return _averaged(_masked(z.float(), temperature).log_softmax(dim=1), _positive(labels))


@misconception(hint="The caller still needs its projections. Are they the same after the call?")
def normalised_in_place(z, labels, temperature):
    """The projections themselves are made to have length one."""
    with torch.no_grad():
        z.div_(z.norm(dim=1, keepdim=True))
    return _averaged(_masked(z, temperature).log_softmax(dim=1), _positive(labels))


@misconception(hint="Which rows are the positives: those of the same class, or those of the others?")
def other_classes_are_positives(z, labels, temperature):
    """The rows of other classes are taken for the positives."""
    return _averaged(_masked(z, temperature).log_softmax(dim=1), labels[:, None] != labels)


@misconception(hint="Who says that the second half of the rows holds the second views? Look at the labels.")
def partner_half_a_batch_away(z, labels, temperature):
    """The only positive is the row half a batch further, as in NT-Xent, whatever the labels are."""
    partners = torch.arange(len(z)).roll(len(z) // 2)
    return F.cross_entropy(_masked(z, temperature), partners) if len(z) > 1 else z.sum() * 0


# --- without a name --------------------------------------------------------------------------------------------------


@wrong
def mean_over_classes(z, labels, temperature):
    positive = _positive(labels)
    log_shares = _masked(z, temperature).log_softmax(dim=1).masked_fill(~positive, 0)
    losses = -log_shares.sum(dim=1) / positive.sum(dim=1).clamp(min=1)
    means = [losses[labels == label].mean() for label in labels.unique() if (labels == label).sum() > 1]
    return torch.stack(means).mean() if means else z.sum() * 0


@wrong
def only_one_anchor_a_class(z, labels, temperature):
    positive = _positive(labels)
    first = torch.tensor([int((labels == label).long().argmax()) for label in labels.unique()])
    return _averaged(_masked(z, temperature).log_softmax(dim=1)[first], positive[first])


@wrong
def neighbouring_labels_alike(z, labels, temperature):
    positive = ((labels[:, None] - labels).abs() <= 2).fill_diagonal_(False)
    return _averaged(_masked(z, temperature).log_softmax(dim=1), positive)


@wrong
def class_zero_for_background(z, labels, temperature):
    positive = _positive(labels) & (labels > 0)[:, None]
    return _averaged(_masked(z, temperature).log_softmax(dim=1), positive)


@wrong
def ten_classes_at_most(z, labels, temperature):
    return _averaged(_masked(z, temperature).log_softmax(dim=1), _positive(labels.clamp(max=9)))


@wrong
def hardest_64_candidates(z, labels, temperature):
    scores = _masked(z, temperature)
    below = scores.topk(min(64, len(z)), dim=1).values.logsumexp(dim=1, keepdim=True)
    return _averaged(scores - below, _positive(labels))


@wrong
def first_64_rows(z, labels, temperature):
    z, labels = z[:64], labels[:64]
    return _averaged(_masked(z, temperature).log_softmax(dim=1), _positive(labels))


@wrong
def last_piece_lost(z, labels, temperature):
    whole = len(z) // 8 * 8 or len(z)
    return _averaged(_masked(z, temperature).log_softmax(dim=1)[:whole], _positive(labels)[:whole])


@wrong
def equal_rows_taken_for_the_anchor(z, labels, temperature):
    z = F.normalize(z, dim=1)
    scores = z @ z.T
    return _averaged(
        (scores / temperature).masked_fill(scores > 1 - 1e-6, -1e9).log_softmax(dim=1), _positive(labels)
    )


@wrong
def scores_of_zero_left_out(z, labels, temperature):
    scores = _masked(z, temperature)
    return _averaged(scores.masked_fill(scores == 0, -1e9).log_softmax(dim=1), _positive(labels))


@wrong
def negative_cosines_cut_off(z, labels, temperature):
    z = F.normalize(z, dim=1)
    return _averaged(
        ((z @ z.T).relu() / temperature).fill_diagonal_(-torch.inf).log_softmax(dim=1), _positive(labels)
    )


@wrong
def nan_if_nobody_has_a_positive(z, labels, temperature):
    positive = _positive(labels)
    kept = positive.any(dim=1)
    log_shares = _masked(z, temperature).log_softmax(dim=1)[kept].masked_fill(~positive[kept], 0)
    return (-log_shares.sum(dim=1) / positive[kept].sum(dim=1)).mean()


@wrong
def python_number_if_nobody_has_a_positive(z, labels, temperature):
    positive = _positive(labels)
    if not positive.any():
        return 0.0
    return _averaged(_masked(z, temperature).log_softmax(dim=1), positive)


@wrong
def whole_number_if_nobody_has_a_positive(z, labels, temperature):
    positive = _positive(labels)
    if not positive.any():
        return torch.tensor(0)
    return _averaged(_masked(z, temperature).log_softmax(dim=1), positive)


@wrong
def labels_made_consecutive_in_place(z, labels, temperature):
    labels.copy_(labels.unique(return_inverse=True)[1])
    return _averaged(_masked(z, temperature).log_softmax(dim=1), _positive(labels))


@wrong
def norms_with_a_tenth_added(z, labels, temperature):
    z = z / (z.norm(dim=1, keepdim=True) + 0.1)
    return _averaged((z @ z.T / temperature).fill_diagonal_(-torch.inf).log_softmax(dim=1), _positive(labels))
