"""Wrong answers to `simclr.info_nce`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _scores(positives, negatives):
    return torch.cat([positives[:, None], negatives], dim=1)


@misconception(hint="All scores equal: is your loss log(1 + k) or log k?")
def positive_not_below(positives, negatives):
    """The denominator sums over the negatives alone."""
    return (negatives.logsumexp(dim=1) - positives).mean()


@misconception(hint="How many candidates has a row?")
def positive_twice(positives, negatives):
    """The positive stands in the denominator twice."""
    return (_scores(positives, _scores(positives, negatives)).logsumexp(dim=1) - positives).mean()


zero_labels_misread = slip(
    "[positives.unsqueeze(1), negatives]",
    "[negatives, positives.unsqueeze(1)]",
    idea="The label names a column in which a negative stands.",
    hint="A target of cross_entropy is the number of a column. In which column does your positive stand?",
)

labels_count_rows = slip(
    "torch.zeros(len(scores), dtype=torch.int64, ",
    "torch.arange(len(scores), ",
    idea="Row i is to find its positive in column i.",
    hint="In which column does the positive of row 3 stand?",
)


positives_in_single_precision = slip(
    "[positives.unsqueeze(1), negatives]",
    "[positives.unsqueeze(1).float(), negatives]",
    idea="The positives go through float32.",
    hint="How many digits of a score in float64 are left in float32?",
)

negatives_in_single_precision = slip(
    "[positives.unsqueeze(1), negatives]",
    "[positives.unsqueeze(1), negatives.float()]",
    idea="The negatives go through float32.",
    hint="Which dtype have the scores that come in, and is it the same all the way to the loss?",
)


@misconception(hint="How large may x be for exp(x) to fit into float32?")
def exponentials(positives, negatives):
    """The fraction is computed as it is written, exponentials and all."""
    return -(positives.exp() / (positives.exp() + negatives.exp().sum(dim=1))).log().mean()


@misconception(hint="What is the logarithm of a share so small that it rounds to 0?")
def log_of_softmax(positives, negatives):
    """The softmax is taken first, and then its logarithm."""
    return -_scores(positives, negatives).softmax(dim=1)[:, 0].log().mean()


@misconception(hint="How large is exp(-30) beside your 1e-8?")
def small_number_inside_the_log(positives, negatives):
    """Something small is added to the share of the positive before the logarithm."""
    return -(_scores(positives, negatives).softmax(dim=1)[:, 0] + 1e-8).log().mean()


softmax_twice = slip(
    "F.cross_entropy(scores, ",
    "F.cross_entropy(scores.softmax(dim=1), ",
    idea="The cross-entropy is given probabilities.",
    hint="Does cross-entropy want probabilities, or what they are made of?",
)


@misconception(hint="Does a candidate compete with the others in your loss?")
def each_by_itself(positives, negatives):
    """Each candidate is classified as positive or negative, without a look at the others."""
    scores = _scores(positives, negatives)
    targets = torch.zeros_like(scores)
    targets[:, 0] = 1
    return F.binary_cross_entropy_with_logits(scores, targets)


no_gradient_to_negatives = slip(
    "negatives], dim=1",
    "negatives.detach()], dim=1",
    idea="No gradient reaches the negatives.",
    hint="Who pushes the negatives away?",
)


@misconception(hint="Against how many candidates at once does a positive have to stand?")
def one_negative_at_a_time(positives, negatives):
    """The positive is set against each negative alone, and the losses are averaged."""
    return F.softplus(negatives - positives[:, None]).mean()


@misconception(hint="The scores come divided by a temperature. What does your function divide them by?")
def divided_by_a_temperature_again(positives, negatives):
    """The scores are divided by a temperature of 0.1, though they were divided by one already."""
    return _loss(_scores(positives, negatives) / 0.1)


@misconception(hint="The positive of row 3 stands in one place only. Do its negatives hold it too?")
def positives_of_other_rows_as_negatives(positives, negatives):
    """The positives of all rows are candidates of every row."""
    others = positives.expand(len(positives), -1)[~torch.eye(len(positives), dtype=torch.bool)]
    return _loss(
        torch.cat([_scores(positives, negatives), others.reshape(len(positives), len(positives) - 1)], dim=1)
    )


def _loss(scores):
    return F.cross_entropy(scores, torch.zeros(len(scores), dtype=torch.long))


@wrong
def negatives_of_all_rows(positives, negatives):
    return (
        _scores(positives, negatives.reshape(1, -1).expand(len(positives), -1))
        .logsumexp(1)
        .sub(positives)
        .mean()
    )


# "Zero labels misread", but that it raises without negatives: the label is one for `positive`.
label_one_for_the_positive = slip("torch.zeros(len(scores), dtype", "torch.ones(len(scores), dtype")
summed = slip("positive_column)", 'positive_column, reduction="sum")')
row_by_row = slip("positive_column)", 'positive_column, reduction="none")')


@wrong
def whole_number_without_negatives(positives, negatives):
    return _loss(_scores(positives, negatives)) if negatives.shape[1] else torch.tensor(0)


@wrong
def list_of_one_without_negatives(positives, negatives):
    return _loss(_scores(positives, negatives)) if negatives.shape[1] else torch.zeros(1)


@wrong
def python_number_without_negatives(positives, negatives):
    return _loss(_scores(positives, negatives)) if negatives.shape[1] else 0.0


@wrong
def forty_hardest(positives, negatives):
    return _loss(_scores(positives, negatives.topk(min(40, negatives.shape[1]), dim=1).values))


@wrong
def first_64_negatives(positives, negatives):
    return _loss(_scores(positives, negatives[:, :64]))


@wrong
def last_piece_of_the_negatives_lost(positives, negatives):
    whole = negatives.shape[1] // 32 * 32 or negatives.shape[1]
    return _loss(_scores(positives, negatives[:, :whole]))


@wrong
def last_piece_of_the_rows_lost(positives, negatives):
    whole = len(positives) // 8 * 8 or len(positives)
    return _loss(_scores(positives, negatives)[:whole])


@wrong
def every_second_of_many_negatives(positives, negatives):
    return _loss(_scores(positives, negatives[:, :: 1 + (negatives.shape[1] > 64)]))


@wrong
def scores_of_zero_taken_for_padding(positives, negatives):
    return _loss(_scores(positives, negatives.masked_fill(negatives == 0, -1e9)))


@wrong
def rows_of_zeros_left_out(positives, negatives):
    kept = negatives.any(dim=1) | (negatives.shape[1] == 0)
    return _loss(_scores(positives, negatives)[kept])


@wrong
def positives_of_zero_left_out(positives, negatives):
    return _loss(_scores(positives, negatives)[positives != 0])


@wrong
def negatives_as_high_as_the_positive_left_out(positives, negatives):
    return _loss(_scores(positives, negatives.masked_fill(negatives == positives[:, None], -torch.inf)))


@wrong
def scores_below_zero_cut_off(positives, negatives):
    return _loss(_scores(positives, negatives).relu())
