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
    idea="The label 0 is taken for the positive, which stands in the last column.",
    hint="Label 0 is the number of a class. Which class is in column 0?",
)

labels_count_rows = slip(
    "torch.zeros(len(scores), dtype=torch.int64, ",
    "torch.arange(len(scores), ",
    idea="Row i is to find its positive in column i.",
    hint="In which column does the positive of row 3 stand?",
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


@wrong
def negatives_of_all_rows(positives, negatives):
    return (
        _scores(positives, negatives.reshape(1, -1).expand(len(positives), -1))
        .logsumexp(1)
        .sub(positives)
        .mean()
    )


summed = slip("positive_column)", 'positive_column, reduction="sum")')
row_by_row = slip("positive_column)", 'positive_column, reduction="none")')
