"""Wrong answers to `moco.moco_loss`: ideas with a name and a hint, then others."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, wrong


@misconception(hint="Where does the positive of row 5 stand? Look at the docstring of the logits once more.")
def labels_count_rows(logits):
    """The right class of row i is taken to be i, as in a square of queries and keys."""
    return -logits.log_softmax(dim=1).diagonal().mean()


@misconception(hint="From which number on are classes counted? A 1 for *right* belongs to another loss.")
def labels_one(logits):
    """The right class is taken to be 1."""
    return F.cross_entropy(logits, torch.ones(len(logits), dtype=torch.int64, device=logits.device))


@misconception(
    hint="Of how many candidates is the positive one: k + 1 or k? Is it below the fraction line too?"
)
def positive_not_below(logits):
    """The positive is not among the candidates that are summed up in the denominator."""
    return (logits[:, 1:].logsumexp(dim=1) - logits[:, 0]).mean()


@misconception(hint="Who has divided by the temperature already?")
def temperature_again(logits):
    """The logits are divided by the paper's temperature, 0.07, once more."""
    return -(logits / 0.07).log_softmax(dim=1)[:, 0].mean()


@misconception(hint="Is there a temperature left to divide by? What was done to the logits before?")
def temperature_of_v2_again(logits):
    """The logits are divided by the temperature of MoCo v2, 0.2, once more."""
    return -(logits / 0.2).log_softmax(dim=1)[:, 0].mean()


@misconception(hint="What does a cross-entropy want: logits, or the probabilities made of them?")
def softmax_twice(logits):
    """The logits are turned into probabilities before a function that takes logits."""
    return -logits.softmax(dim=1).log_softmax(dim=1)[:, 0].mean()


@misconception(hint="Who competes with whom: the candidates of one query, or the queries for one candidate?")
def down_the_columns(logits):
    """The softmax is taken over the queries, down each column."""
    return -logits.log_softmax(dim=0)[:, 0].mean()


@misconception(hint="How many queries are there: as many as rows, or as columns? What is transposed?")
def columns_for_queries(logits):
    """The logits are turned round, so that every candidate looks for the first query."""
    return -logits.log_softmax(dim=0)[0].mean()


@misconception(hint="Is a query asked once, to choose one of 1 + k, or 1 + k times, yes or no?")
def sigmoids(logits):
    """Each candidate is judged by itself, right or wrong, by a binary cross-entropy."""
    is_right = torch.zeros_like(logits)
    is_right[:, 0] = 1
    return F.binary_cross_entropy_with_logits(logits, is_right)


@misconception(hint="Does a query have one loss, or one for each of its 1 + k candidates?")
def sigmoids_added_up(logits):
    """Each candidate is judged by itself, right or wrong, and the losses of a query are added up."""
    return -(F.logsigmoid(logits[:, 0]) + F.logsigmoid(-logits[:, 1:]).sum(dim=1)).mean()


@misconception(hint="Does your loss grow with the batch? What does the docstring do with the n losses?")
def summed(logits):
    """The losses of the queries are added up."""
    return -logits.log_softmax(dim=1)[:, 0].sum()


@misconception(hint="How many numbers should come out, and what does the docstring do with the n losses?")
def one_per_query(logits):
    """The losses of the queries are returned one by one."""
    return -logits.log_softmax(dim=1)[:, 0]


@misconception(
    hint="Which MoCo multiplies its loss by 2T, and is it this one? The docstring speaks of factors."
)
def times_two_t(logits):
    """The loss is multiplied by twice the temperature 0.2, as MoCo v3 does."""
    return 2 * 0.2 * -logits.log_softmax(dim=1)[:, 0].mean()


@misconception(
    hint="A temperature is in your code. Does the docstring speak of one, and of a factor before the loss?"
)
def times_two_t_of_v1(logits):
    """The loss is multiplied by twice the temperature 0.07, with the factor of MoCo v3 and the T of MoCo v1."""
    return 2 * 0.07 * -logits.log_softmax(dim=1)[:, 0].mean()


@misconception(hint="The temperature of one variant is 1, but is a factor of 2T in the docstring at all?")
def doubled(logits):
    """The loss is doubled, which is MoCo v3's factor 2T at T = 1."""
    return 2 * -logits.log_softmax(dim=1)[:, 0].mean()


@misconception(hint="Is the logarithm of a probability positive or negative? And your loss?")
def without_the_minus(logits):
    """The mean of the log-probabilities is returned without the minus."""
    return logits.log_softmax(dim=1)[:, 0].mean()


@misconception(hint="What does a probability of 1 cost, and what one of 0? Compare with the docstring.")
def without_the_logarithm(logits):
    """The mean probability of the positive is returned, with a minus and without the logarithm."""
    return -logits.softmax(dim=1)[:, 0].mean()


@misconception(
    hint="How does a query learn that a negative is too similar? Which columns does your loss read?"
)
def negatives_left_out(logits):
    """Only the positive's logit is looked at."""
    return -logits[:, 0].mean()


@misconception(hint="In which column does the positive stand?")
def positive_last(logits):
    """The positive is taken to be in the last column."""
    return -logits.log_softmax(dim=1)[:, -1].mean()


@misconception(hint="Are all 1 + k candidates right, or is one of them?")
def all_columns(logits):
    """The mean is taken over the log-probabilities of all candidates, not of the positive alone."""
    return -logits.log_softmax(dim=1).mean()


@misconception(hint="Which comes first in the docstring, the logarithm or the mean over the queries?")
def logarithm_of_the_mean(logits):
    """The probabilities are averaged over the queries before the logarithm is taken."""
    return math.log(len(logits)) - logits.log_softmax(dim=1)[:, 0].logsumexp(dim=0)


@misconception(hint="How large is exp(300) in float32? Which functions take the largest logit away first?")
def exponentials_overflow(logits):
    """Exponentials are divided as in the formula, which overflows."""
    shares = logits.exp() / logits.exp().sum(dim=1, keepdim=True)
    return -shares[:, 0].log().mean()


@misconception(hint="How large is exp(300), how large exp(-300) in float32, and what are their logarithms?")
def sum_of_exponentials_overflows(logits):
    """The logarithm is taken of a sum of exponentials that overflows, or of one that is rounded to zero."""
    return (logits.exp().sum(dim=1).log() - logits[:, 0]).mean()


@misconception(
    hint="What share has a logit of 0 beside one of 300 in float32? And its logarithm? Is there one step for both?"
)
def logarithm_of_zero(logits):
    """The logarithm is taken of a probability that is rounded to zero."""
    return -logits.softmax(dim=1)[:, 0].log().mean()


@misconception(
    hint="Pushing a query away from the keys of the queue is half of the lesson. Does it get a gradient?"
)
def negatives_detached(logits):
    """No gradient flows into the columns of the negatives."""
    columns = torch.cat([logits[:, :1], logits[:, 1:].detach()], dim=1)
    return -columns.log_softmax(dim=1)[:, 0].mean()


@misconception(hint="Does an index of 0 pick the first query, or the first candidate of each?")
def first_row(logits):
    """The mean is taken over the candidates of the first query."""
    return -logits.log_softmax(dim=1)[0].mean()


@misconception(hint="Which average does the docstring name? Does one very bad query count in yours?")
def median_for_mean(logits):
    """The median takes the place of the mean over the queries."""
    return -logits.log_softmax(dim=1)[:, 0].median()


@misconception(hint="Of which base is the logarithm, if the loss is to be in nats?")
def bits(logits):
    """The loss is in bits, with logarithms of base 2."""
    return -logits.log_softmax(dim=1)[:, 0].mean() / 0.6931471805599453


@misconception(hint="What does a training loop want of a loss besides its value?")
def a_python_number(logits):
    """The loss is a Python number, without a graph."""
    return (-logits.log_softmax(dim=1)[:, 0].mean()).item()


# --- without a name ------------------------------------------------------------------------------------------------


@wrong
def a_little_inside_the_logarithm(logits):
    return -(logits.softmax(dim=1)[:, 0] + 1e-8).log().mean()


@wrong
def share_of_right_guesses(logits):
    return 1 - (logits.argmax(dim=1) == 0).to(logits).mean()


@wrong
def temperature_of_simclr_again(logits):
    return -(logits / 0.1).log_softmax(dim=1)[:, 0].mean()


@wrong
def logits_cut_off_at_fifty(logits):
    return -logits.clamp(-50, 50).log_softmax(dim=1)[:, 0].mean()


@wrong
def hardest_64_candidates(logits):
    hard = logits[:, 1:].topk(min(64, logits.shape[1] - 1), dim=1).values
    return -torch.cat([logits[:, :1], hard], dim=1).log_softmax(dim=1)[:, 0].mean()


@wrong
def first_64_queries(logits):
    return -logits[:64].log_softmax(dim=1)[:, 0].mean()


@wrong
def hinge(logits):
    return (1 - logits[:, :1] + logits[:, 1:]).clamp(min=0).mean()


@wrong
def smoothed_labels(logits):
    labels = torch.zeros(len(logits), dtype=torch.int64, device=logits.device)
    return F.cross_entropy(logits, labels, label_smoothing=0.1)


@wrong
def negatives_averaged(logits):
    negatives = logits[:, 1:].logsumexp(dim=1) - math.log(logits.shape[1] - 1)
    return (torch.logaddexp(logits[:, 0], negatives) - logits[:, 0]).mean()


@wrong
def minus_the_loss_of_a_guess(logits):
    guess = math.log(logits.shape[1])
    return -logits.log_softmax(dim=1)[:, 0].mean() - guess


@wrong
def divided_by_one_query_less(logits):
    return -logits.log_softmax(dim=1)[:, 0].sum() / max(len(logits) - 1, 1)


@wrong
def positive_detached(logits):
    columns = torch.cat([logits[:, :1].detach(), logits[:, 1:]], dim=1)
    return -columns.log_softmax(dim=1)[:, 0].mean()


@wrong
def zeros_taken_for_padding(logits):
    return -logits.masked_fill(logits == 0, -1e9).log_softmax(dim=1)[:, 0].mean()


@wrong
def both_directions(logits):
    down = logits[:, :1].log_softmax(dim=0).mean()
    return -(logits.log_softmax(dim=1)[:, 0].mean() + down) / 2


@wrong
def equal_logits_once(logits):
    losses = [torch.cat([row[:1], row[1:].unique()]).log_softmax(dim=0)[0] for row in logits]
    return -torch.stack(losses).mean()
