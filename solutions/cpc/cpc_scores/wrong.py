"""Wrong answers to `cpc.cpc_scores`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _times(z, weights):
    """How many contexts have a future for all steps."""
    times = z.shape[1] - len(weights)
    if times < 1:
        raise ValueError("no future")
    return times


def _predicted(z, context, weights):
    return torch.einsum("sdh,iuh->suid", weights, context[:, : _times(z, weights)])


def _futures(z, weights):
    """What lies s + 1 steps ahead, (k, n, t-k, d)."""
    times = _times(z, weights)
    return torch.stack([z[:, s + 1 : s + 1 + times] for s in range(len(weights))])


def _scored(predicted, futures):
    return torch.einsum("suid,sjud->suij", predicted, futures)


def _scores(z, context, weights):
    return _scored(_predicted(z, context, weights), _futures(z, weights))


# --- which matrix, which time ----------------------------------------------------------------------------------------


@misconception(hint="One step ahead and ten steps ahead: should both be foretold by the same matrix?")
def one_matrix(z, context, weights):
    """The first matrix predicts all steps."""
    return _scores(z, context, weights[:1].expand_as(weights))


@misconception(hint="How many matrices does your result depend on, and how many were given?")
def last_matrix_alone(z, context, weights):
    """The last matrix predicts all steps."""
    return _scores(z, context, weights[-1:].expand_as(weights))


@misconception(hint="Which matrix looks a single step ahead, the first or the last?")
def matrices_in_reverse(z, context, weights):
    """The last matrix looks one step ahead, and the first one furthest."""
    return _scores(z, context, weights.flip(0))


@misconception(hint="How far ahead does step s = 0 look? Could the answer lie in the context already?")
def present_predicted(z, context, weights):
    """Step s looks s steps ahead, so that the first one predicts the present."""
    times = _times(z, weights)
    futures = torch.stack([z[:, s : s + times] for s in range(len(weights))])
    return _scored(_predicted(z, context, weights), futures)


@misconception(hint="Which of the two times is larger, that of the context or that of what it foretells?")
def past_predicted(z, context, weights):
    """The contexts come last, and what they are compared with lies before them."""
    times, steps = _times(z, weights), len(weights)
    past = torch.stack([z[:, steps - 1 - s : steps - 1 - s + times] for s in range(steps)])
    return _scored(torch.einsum("sdh,iuh->suid", weights, context[:, steps:]), past)


@misconception(hint="Context u and what is to be foretold: on which of the two does s + 1 belong?")
def contexts_later_than_futures(z, context, weights):
    """The two times are exchanged: what stands at time u is foretold by the context of time u + s + 1."""
    times, steps = _times(z, weights), len(weights)
    contexts = torch.stack([context[:, s + 1 : s + 1 + times] for s in range(steps)])
    return _scored(torch.einsum("sdh,siuh->suid", weights, contexts), z[:, :times].expand(steps, -1, -1, -1))


@misconception(
    hint="Roll 0, 1, 2, 3 by one. Which number stands first then, the one that followed or the one before?"
)
def rolled_the_other_way(z, context, weights):
    """The sequence is rolled forwards, so that each time holds what came before it, or the end."""
    times = _times(z, weights)
    rolled = torch.stack([z.roll(s + 1, dims=1)[:, :times] for s in range(len(weights))])
    return _scored(_predicted(z, context, weights), rolled)


@misconception(hint="What follows the last time of a sequence? Is it the first one?")
def wraps_around(z, context, weights):
    """The sequence is rolled, so that every time has a future."""
    _times(z, weights)
    predicted = torch.einsum("sdh,iuh->suid", weights, context)
    return _scored(predicted, torch.stack([z.roll(-s - 1, dims=1) for s in range(len(weights))]))


@misconception(hint="With how many zeros did your sequences grow longer? Is a zero something to foretell?")
def padded_with_zeros(z, context, weights):
    """Every time is a context, and what lies behind the end is zero."""
    _times(z, weights)
    padded = F.pad(z, (0, 0, 0, len(weights)))
    futures = torch.stack([padded[:, s + 1 : s + 1 + z.shape[1]] for s in range(len(weights))])
    return _scored(torch.einsum("sdh,iuh->suid", weights, context), futures)


@misconception(hint="How many moments of a sequence could teach something? How many do in yours?")
def one_moment(z, context, weights):
    """Only one moment is used as a context: the last that has a future for all steps."""
    return _scores(z, context, weights)[:, -1:]


@misconception(hint="Is your result the same when you ask twice? Which times u does the docstring list?")
def one_random_moment(z, context, weights):
    """One moment is drawn at random, and its context alone is used."""
    moment = int(torch.randint(_times(z, weights), (1,)))
    return _scores(z, context, weights)[:, moment : moment + 1]


@misconception(hint="Do all steps look ahead from the same contexts, u = 0 to t - k - 1?")
def last_contexts(z, context, weights):
    """The latest contexts that have a future s + 1 steps ahead are used, others for each step."""
    times, steps = _times(z, weights), len(weights)
    contexts = torch.stack([context[:, steps - 1 - s : steps - 1 - s + times] for s in range(steps)])
    futures = z[:, steps:].expand(steps, -1, -1, -1)
    return _scored(torch.einsum("sdh,siuh->suid", weights, contexts), futures)


# --- who is compared with whom ---------------------------------------------------------------------------------------


@misconception(hint="Go along a row, from column to column. What stays the same: the context, or the future?")
def transposed(z, context, weights):
    """A row holds one future and all contexts."""
    return _scores(z, context, weights).mT


@misconception(hint="Do the candidates of one row come from one moment, or from several?")
def other_times_as_candidates(z, context, weights):
    """Candidates are the same sequence's futures at other times (columns), and rows are times."""
    predicted, futures = _predicted(z, context, weights), _futures(z, weights)
    return torch.einsum("suid,sivd->siuv", predicted, futures)


@misconception(hint="Whose future should the context of sequence 0 also be compared with?")
def own_future_only(z, context, weights):
    """Each context is compared with its own future, and all columns hold the same."""
    own = torch.einsum("suid,siud->sui", _predicted(z, context, weights), _futures(z, weights))
    return own.unsqueeze(-1).expand(*own.shape, len(z)).clone()


@misconception(hint="`[k, t-k, n, n]`: which two dimensions number the sequences?")
def times_before_steps(z, context, weights):
    """Times come first, steps second."""
    return _scores(z, context, weights).transpose(0, 1)


# --- the product -----------------------------------------------------------------------------------------------------


@misconception(hint="Is a dot product a sum over the d features, or a mean?")
def mean_over_features(z, context, weights):
    """The products of the features are averaged."""
    return _scores(z, context, weights) / z.shape[2]


@misconception(hint="Does equation 3 divide by the square root of something? Or is that another method's?")
def divided_by_the_root(z, context, weights):
    """The dot products are divided by the square root of d, as in attention."""
    return _scores(z, context, weights) / z.shape[2] ** 0.5


@misconception(hint="Does the formula divide by lengths? Make one vector twice as long: what should change?")
def cosines(z, context, weights):
    """Predictions and futures are normalised."""
    predicted, futures = _predicted(z, context, weights), _futures(z, weights)
    return _scored(F.normalize(predicted, dim=-1), F.normalize(futures, dim=-1))


@misconception(
    hint="Make one context twice as long. What becomes of its scores in the docstring, and in yours?"
)
def inputs_normalised(z, context, weights):
    """Latent vectors and contexts are made to have length one."""
    return _scores(F.normalize(z, dim=-1), F.normalize(context, dim=-1), weights)


@misconception(
    hint="In the paper f is positive. Which function of it do you return: itself, or its logarithm?"
)
def exponentials(z, context, weights):
    """The exponentials of the scores are returned, the paper's f."""
    return _scores(z, context, weights).exp()


@misconception(hint="These are to be scores for a loss that takes a softmax. Who takes it, you or the loss?")
def softmax_taken(z, context, weights):
    """A softmax is taken over the candidates."""
    return _scores(z, context, weights).softmax(dim=-1)


# --- gradients and other things --------------------------------------------------------------------------------------

future_detached = slip(
    "z[:, 1:].unfold",
    "z[:, 1:].detach().unfold",
    idea="The futures are treated as constants.",
    hint="Is the encoder to learn from what is foretold, or only from what foretells?",
)

context_detached = slip(
    "context[:, :times]",
    "context.detach()[:, :times]",
    idea="No gradient reaches the contexts.",
    hint="Who has to change if a prediction is wrong: the matrix alone?",
)


@misconception(
    hint="With k = t, how many contexts have a future k steps ahead? The docstring says what to do."
)
def too_many_steps_accepted(z, context, weights):
    """Where there are too many steps, nothing is returned instead of an error."""
    if len(weights) >= z.shape[1]:
        return z.new_zeros(len(weights), 0, len(z), len(z))
    return _scores(z, context, weights)


as_many_steps_as_times_accepted = slip(
    "if times < 1:",
    "if times < 0:",
    idea="As many steps as times are accepted, though no context is left.",
    hint="Four times, four steps ahead: which context has a future for all of them?",
)


# --- without a name --------------------------------------------------------------------------------------------------

one_time_left_is_refused = slip("if times < 1:", "if times < 2:")
contexts_of_the_end = slip("context[:, :times]", "context[:, -times:]")


@wrong
def matrices_the_other_way_round(z, context, weights):
    if weights.shape[1] != weights.shape[2]:
        return _scores(z, context, weights)
    return _scores(z, context, weights.mT)


@wrong
def two_steps_ahead_at_first(z, context, weights):
    times = _times(z, weights)
    longer = F.pad(z, (0, 0, 0, 1))
    return _scored(
        _predicted(z, context, weights),
        torch.stack([longer[:, s + 2 : s + 2 + times] for s in range(len(weights))]),
    )


@wrong
def in_single_precision(z, context, weights):
    return _scores(z.float(), context.float(), weights.float()).to(z.dtype)


@wrong
def other_sequences_detached(z, context, weights):
    predicted, futures = _predicted(z, context, weights), _futures(z, weights)
    own = torch.eye(len(z), dtype=torch.bool)
    return torch.where(own, _scored(predicted, futures), _scored(predicted, futures.detach()))


@wrong
def weights_detached(z, context, weights):
    return _scores(z, context, weights.detach())


@wrong
def squeezed(z, context, weights):
    return _scores(z, context, weights).squeeze()


@wrong
def one_sequence_without_its_score(z, context, weights):
    found = _scores(z, context, weights)
    return found * 0 if len(z) == 1 else found


@wrong
def frames_of_zeros_left_out(z, context, weights):
    silent = ~_futures(z, weights).any(dim=-1)  # (k, n, t-k)
    return _scores(z, context, weights).masked_fill(silent.mT.unsqueeze(2), -1e9)


@wrong
def scores_of_zero_masked(z, context, weights):
    found = _scores(z, context, weights)
    return found.masked_fill(found == 0, -1e9)


@wrong
def first_64_sequences(z, context, weights):
    found = _scores(z, context, weights)
    return torch.cat([found[..., :64], torch.zeros_like(found[..., 64:])], dim=-1)


@wrong
def ten_steps_at_most(z, context, weights):
    found = _scores(z, context, weights)
    return torch.cat([found[:10], torch.zeros_like(found[10:])])


@wrong
def first_32_times(z, context, weights):
    found = _scores(z, context, weights)
    return torch.cat([found[:, :24], torch.zeros_like(found[:, 24:])], dim=1)


@wrong
def first_12_features(z, context, weights):
    return _scores(z[..., :12], context[..., :12], weights[:, :12, :12])


@wrong
def diagonal_subtracted(z, context, weights):
    found = _scores(z, context, weights)
    return found - found.diagonal(dim1=2, dim2=3).unsqueeze(-1)


@wrong
def with_a_little_noise(z, context, weights):
    found = _scores(z, context, weights)
    return found + 1e-3 * found.detach().std() * torch.randn_like(found)


@wrong
def asserts(z, context, weights):
    assert len(weights) < z.shape[1]
    return _scores(z, context, weights)


@wrong
def list_of_steps(z, context, weights):
    return list(_scores(z, context, weights))
