"""Wrong answers to `cpc.cpc_loss`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _right(scores):
    return scores.diagonal(dim1=2, dim2=3)


def _loss(scores):
    return -_right(scores.log_softmax(dim=3)).mean()


# --- who chooses among whom ------------------------------------------------------------------------------------------

over_contexts = slip(
    "log_softmax(dim=3)",
    "log_softmax(dim=2)",
    idea="The softmax is taken over the contexts of one future.",
    hint="Hold one context fixed. Along which dimension do the futures lie that it chooses from?",
)
over_time = slip(
    "log_softmax(dim=3)",
    "log_softmax(dim=1)",
    idea="The softmax is taken over the times.",
    hint="Do the candidates of a context differ in time, or in the sequence that they come from?",
)
over_steps = slip(
    "log_softmax(dim=3)",
    "log_softmax(dim=0)",
    idea="The softmax is taken over the steps ahead.",
    hint="Must the steps ahead compete with each other? Which dimension numbers the candidates?",
)


@misconception(hint="How many softmaxes has equation 4: one for each context, or another for each future?")
def both_directions(scores):
    """The softmax over the contexts is added, and the mean of both is taken."""
    return (_loss(scores) + _loss(scores.mT)) / 2


@misconception(
    hint="All scores equal: log n, or twice as much? Who chooses in equation 4, contexts alone or futures too?"
)
def both_directions_added(scores):
    """The softmax over the contexts is added, as in `cmc_loss`."""
    return _loss(scores) + _loss(scores.mT)


@misconception(
    hint="Compare the number of candidates in your denominator with n. Are they those of one context?"
)
def whole_plane(scores):
    """The softmax runs over all pairs of contexts and candidates of one time."""
    return -_right(scores.flatten(2).log_softmax(dim=2).view_as(scores)).mean()


@misconception(hint="Who told column 0 that it holds the right candidate of every row?")
def first_is_right(scores):
    """The right candidate is looked for in column 0."""
    return -scores.log_softmax(dim=3)[..., 0].mean()


right_one_by_step = slip(
    "diagonal(dim1=2, dim2=3)",
    "diagonal(dim1=0, dim2=3)",
    idea="The right candidate is looked for by the number of the step.",
    hint="Two numbers have to agree in a right pair. Which two of the four dimensions count the sequences?",
)
right_one_by_time = slip(
    "diagonal(dim1=2, dim2=3)",
    "diagonal(dim1=1, dim2=3)",
    idea="The right candidate is looked for by the number of the time.",
    hint="Is the right candidate of context i the one whose number is that of the time?",
)


right_one_by_step_and_time = slip(
    "diagonal(dim1=2, dim2=3)",
    "diagonal()",
    idea="The diagonal is taken of the first two dimensions, those of steps and times.",
    hint="Which two dimensions does `diagonal` take if you don't say? What do they count here?",
)


@misconception(hint="Flattened, row 1 of your matrix is which context of which time? And which label has it?")
def labels_in_blocks(scores):
    """All planes are put one below the other, and each label is repeated instead of all of them in turn."""
    k, t, n, _ = scores.shape
    return F.cross_entropy(scores.flatten(0, 2), torch.arange(n).repeat_interleave(k * t))


@misconception(hint="With all scores equal, is your loss log n, or log(n - 1)?")
def positive_not_below(scores):
    """The denominator sums over the wrong candidates alone."""
    if scores.shape[3] == 1:
        return scores.sum() * 0
    own = torch.eye(scores.shape[3], dtype=torch.bool)
    return (scores.masked_fill(own, -torch.inf).logsumexp(dim=3) - _right(scores)).mean()


@misconception(hint="Does the right candidate stand in the sum below more than once in yours?")
def positive_twice(scores):
    """The right candidate stands in the denominator twice."""
    return (torch.cat([scores, _right(scores).unsqueeze(3)], dim=3).logsumexp(dim=3) - _right(scores)).mean()


@misconception(hint="If only the scores of the right pairs are raised, what keeps all the others down?")
def diagonal_mean(scores):
    """The scores on the diagonal are to be large, and the others play no part."""
    return -_right(scores).mean()


@misconception(hint="A choice has one right answer. How many of yours are right?")
def each_by_itself(scores):
    """Each pair is classified as right or wrong by itself."""
    targets = torch.eye(scores.shape[3], dtype=scores.dtype).expand_as(scores)
    return F.binary_cross_entropy_with_logits(scores, targets)


@misconception(hint="What does the mean over a whole row of log-shares say about the right candidate?")
def several_positives(scores):
    """The logarithms of all shares are averaged, not only those of the right candidates."""
    return -scores.log_softmax(dim=3).mean()


@misconception(
    hint="All candidates alike: the loss should be log n. What do you get, and which function is missing?"
)
def shares_averaged(scores):
    """The shares of the right candidates are averaged, without a logarithm."""
    return -_right(scores.softmax(dim=3)).mean()


# --- means -----------------------------------------------------------------------------------------------------------


@misconception(hint="Foretell twice as many steps equally well. Should the loss be twice as large?")
def summed_over_steps(scores):
    """The losses of the steps are added up."""
    return _loss(scores) * len(scores)


@misconception(
    hint="Take twice as many sequences or times, equally hard ones. Should the loss be twice as large?"
)
def summed_over_contexts(scores):
    """The losses are added up over times and sequences, and averaged over the steps."""
    return _loss(scores) * scores.shape[1] * scores.shape[2]


@misconception(
    hint="A batch of twice the size, and twice the loss? Which word stands before `over s, u and i`?"
)
def summed_over_everything(scores):
    """The losses of all contexts, times and steps are added up."""
    return -_right(scores.log_softmax(dim=3)).sum()


@misconception(hint="Each plane has n contexts. By how much do you divide the sum over its diagonal?")
def divided_by_n_squared(scores):
    """The diagonal is picked with a mask, and the mean is taken over all n x n places."""
    own = torch.eye(scores.shape[3], dtype=scores.dtype)
    return -(scores.log_softmax(dim=3) * own).mean()


@misconception(hint="A good prediction has a share near 1. Should it make the loss large?")
def sign_lost(scores):
    """The logarithms of the shares are averaged, without the minus."""
    return -_loss(scores)


median = slip(
    ".mean()",
    ".median()",
    idea="The loss in the middle is taken, and not the mean of all.",
    hint="How many contexts get a gradient from your loss?",
)


# --- stability -------------------------------------------------------------------------------------------------------


@misconception(hint="How large may x be for exp(x) to fit into float32?")
def exponentials(scores):
    """The fraction is computed as it is written, exponentials and all."""
    return -(_right(scores.exp()) / scores.exp().sum(dim=3)).log().mean()


@misconception(hint="The logarithm brings it back to 300. What was it in between?")
def sum_of_exponentials(scores):
    """The exponentials are added up one by one, and the logarithm is taken of what may be infinite."""
    return (scores.exp().sum(dim=3).log() - _right(scores)).mean()


@misconception(hint="The share is 0 to machine precision. What is left of its gradient in log(0 + 1e-11)?")
def epsilon_inside(scores):
    """The softmax is taken first, and a small number is added before the logarithm."""
    return -(_right(scores.softmax(dim=3)) + 1e-11).log().mean()


@misconception(hint="What is the logarithm of a share so small that it rounds to 0?")
def log_of_softmax(scores):
    """The softmax is taken first, and then its logarithm."""
    return -_right(scores.softmax(dim=3)).log().mean()


@misconception(hint="Does a cross-entropy want shares, or the scores of which they are made?")
def softmax_twice(scores):
    """The cross-entropy is given shares, and takes a softmax of them."""
    return _loss(scores.softmax(dim=3))


# --- without a name --------------------------------------------------------------------------------------------------


@wrong
def negatives_detached(scores):
    own = torch.eye(scores.shape[3], dtype=torch.bool)
    return _loss(torch.where(own, scores, scores.detach()))


@wrong
def one_for_each_step(scores):
    return -_right(scores.log_softmax(dim=3)).mean(dim=(1, 2))


@wrong
def divided_by_log_n(scores):
    return _loss(scores) / max(torch.tensor(scores.shape[3]).log().item(), 1e-9)


@wrong
def scores_divided_by_a_temperature(scores):
    return _loss(scores / 0.1)


@wrong
def in_single_precision(scores):
    return _loss(scores.float()).to(scores.dtype)


@wrong
def first_step_only(scores):
    return _loss(scores[:1])


@wrong
def last_time_lost(scores):
    return _loss(scores[:, :-1] if scores.shape[1] > 1 else scores)


@wrong
def forty_candidates(scores):
    return _loss(scores[:, :, :40, :40])


@wrong
def hardest_32(scores):
    n = scores.shape[3]
    own = torch.eye(n, dtype=torch.bool)
    others = scores.masked_fill(own, -torch.inf).topk(min(32, n), dim=3).values
    return (torch.cat([others, _right(scores).unsqueeze(3)], 3).logsumexp(3) - _right(scores)).mean()


@wrong
def twenty_times(scores):
    return _loss(scores[:, :20])


@wrong
def ten_steps(scores):
    return _loss(scores[:10])


@wrong
def zeros_taken_for_padding(scores):
    return _loss(scores.masked_fill((scores == 0) & ~torch.eye(scores.shape[3], dtype=torch.bool), -1e9))


@wrong
def equals_of_the_right_one_left_out(scores):
    equal = (scores == _right(scores).unsqueeze(3)) & ~torch.eye(scores.shape[3], dtype=torch.bool)
    return _loss(scores.masked_fill(equal, -torch.inf))


@wrong
def one_shift_for_all(scores):
    shifted = scores - scores.max().detach()
    return -(_right(shifted) - shifted.exp().sum(3).log()).mean()


@wrong
def python_number(scores):
    return _loss(scores).item()


@wrong
def list_of_one_for_a_single_sequence(scores):
    return _loss(scores) if scores.shape[3] > 1 else scores.new_zeros(1)


@wrong
def score_of_a_single_sequence(scores):
    return _loss(scores) if scores.shape[3] > 1 else -scores.mean()
