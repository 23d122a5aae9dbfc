"""Wrong answers to `video.colorization_attention`: ideas with a name and a hint, then others."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, wrong


def _scores(reference, target):
    return reference.flatten(2).transpose(1, 2) @ target.flatten(2)


@misconception(
    hint="A target position chooses among reference positions. Which sums should be one?",
)
def softmax_over_the_target(reference, target, temperature=1.0):
    """The weights of one reference position over all target positions sum to one."""
    return (_scores(reference, target) / temperature).softmax(dim=2)


@misconception(hint="Are the clips of a batch to choose among one another?")
def softmax_over_the_batch(reference, target, temperature=1.0):
    """The softmax runs over the first dimension, the clips."""
    return (_scores(reference, target) / temperature).softmax(dim=0)


@misconception(
    hint="Every target position has colours of its own to find. Which sums should be one?",
)
def softmax_over_all_pairs(reference, target, temperature=1.0):
    """The whole matrix of a clip sums to one."""
    scores = _scores(reference, target) / temperature
    return scores.flatten(1).softmax(dim=1).view_as(scores)


@misconception(hint="The signature says which frame the rows stand for.")
def transposed(reference, target, temperature=1.0):
    """Rows are target positions and columns are reference positions."""
    return (_scores(reference, target) / temperature).softmax(dim=1).transpose(1, 2)


@misconception(
    hint="Swap the two frames in your call. Should the result have another shape?",
)
def frames_swapped(reference, target, temperature=1.0):
    """The reference frame chooses among the positions of the target frame."""
    return (_scores(target, reference) / temperature).softmax(dim=1)


@misconception(
    hint="What does the docstring divide by, and where did you meet the other divisor?",
)
def scaled_as_in_transformers(reference, target, temperature=1.0):
    """The scores are divided by the square root of the number of channels as well."""
    return (_scores(reference, target) / math.sqrt(reference.shape[1]) / temperature).softmax(dim=1)


@misconception(hint="Make one embedding twice as long. Should its attention change?")
def cosines(reference, target, temperature=1.0):
    """The embeddings are normalised, so that the scores are cosines."""
    return (_scores(F.normalize(reference, dim=1), F.normalize(target, dim=1)) / temperature).softmax(dim=1)


@misconception(hint="A small temperature makes the softmax sharper. What does yours do?")
def multiplied_by_temperature(reference, target, temperature=1.0):
    """The scores are multiplied by the temperature."""
    return (_scores(reference, target) * temperature).softmax(dim=1)


@misconception(
    hint="Embeddings are divided by what, scores by what? Count the temperatures in one score.",
)
def temperature_twice(reference, target, temperature=1.0):
    """Both embeddings are divided by the temperature, so that the scores feel its square."""
    return _scores(reference / temperature, target / temperature).softmax(dim=1)


@misconception(hint="Call your function with two temperatures. Do the results differ?")
def temperature_ignored(reference, target, temperature=1.0):
    """The temperature has no effect."""
    return _scores(reference, target).softmax(dim=1)


@misconception(
    hint="Can a temperature outside the exponential still change how sharp the weights are?",
)
def temperature_after_the_softmax(reference, target, temperature=1.0):
    """The weights, not the scores, are divided by the temperature."""
    return _scores(reference, target).softmax(dim=1) / temperature


@misconception(hint="What do the weights of one target position add up to?")
def no_softmax(reference, target, temperature=1.0):
    """The scores are returned as they are."""
    return _scores(reference, target) / temperature


@misconception(hint="Weights of a mean are between 0 and 1. Are yours?")
def log_softmax(reference, target, temperature=1.0):
    """Logarithms of the weights are returned."""
    return (_scores(reference, target) / temperature).log_softmax(dim=1)


@misconception(
    hint="How large may a score be before its exponential no longer fits into float32?",
)
def overflow(reference, target, temperature=1.0):
    """The softmax is written out, without taking the largest score away first."""
    weights = (_scores(reference, target) / temperature).exp()
    return weights / weights.sum(dim=1, keepdim=True)


@misconception(
    hint="Position r * w + c is row r and column c. What stands next to position 0 in your order?",
)
def columns_first_in_both_frames(reference, target, temperature=1.0):
    """Both frames are read column by column."""
    scores = _scores(reference.transpose(2, 3), target.transpose(2, 3))
    return (scores / temperature).softmax(dim=1)


@misconception(
    hint="Position r * w + c is row r and column c. Is that so in the reference frame?",
)
def columns_first_in_the_reference(reference, target, temperature=1.0):
    """The reference frame is read column by column, the target row by row."""
    return (_scores(reference.transpose(2, 3), target) / temperature).softmax(dim=1)


@misconception(
    hint="Position r * w + c is row r and column c. Is that so in the target frame?",
)
def columns_first_in_the_target(reference, target, temperature=1.0):
    """The target frame is read column by column, the reference row by row."""
    return (_scores(reference, target.transpose(2, 3)) / temperature).softmax(dim=1)


@misconception(
    hint="Follow one number of the frame: a reshape keeps the order in memory. Does it move channels?",
)
def reshaped_for_transposed(reference, target, temperature=1.0):
    """The channels are brought to the end by a reshape, which mixes them with positions."""
    n, d = reference.shape[:2]
    return (reference.reshape(n, -1, d) @ target.flatten(2) / temperature).softmax(dim=1)


@misconception(
    hint="Both frames go through the network. Which of them learns from your result?",
)
def reference_detached(reference, target, temperature=1.0):
    """No gradient reaches the reference frame."""
    return (_scores(reference.detach(), target) / temperature).softmax(dim=1)


@misconception(
    hint="Both frames go through the network. Does the frame to be coloured learn from your result?",
)
def target_detached(reference, target, temperature=1.0):
    """No gradient reaches the target frame."""
    return (_scores(reference, target.detach()) / temperature).softmax(dim=1)


@misconception(
    hint="The signature says which dimensions are joined. Are yours all joined?",
)
def positions_not_joined(reference, target, temperature=1.0):
    """Rows and columns of the target stay dimensions of their own."""
    return (_scores(reference, target) / temperature).softmax(dim=1).unflatten(2, target.shape[2:])


@misconception(
    hint="What is taken away before the exponential must suit each target position. Does one number for all?",
)
def one_maximum_for_all(reference, target, temperature=1.0):
    """The largest score of the whole batch is taken away, so that other columns vanish at a low temperature."""
    scores = _scores(reference, target) / temperature
    weights = (scores - scores.max()).exp()
    return weights / weights.sum(dim=1, keepdim=True)


@misconception(
    hint="Each target position has one sum to get right. How many does your result get right?",
)
def normalised_again_over_the_target(reference, target, temperature=1.0):
    """After the softmax the weights are divided by their sums over the target."""
    weights = (_scores(reference, target) / temperature).softmax(dim=1)
    return weights / weights.sum(dim=2, keepdim=True)


@misconception(
    hint="Does a score mean the same for embeddings of 8 and of 64 channels? What does the docstring divide by?",
)
def divided_by_the_channels(reference, target, temperature=1.0):
    """The scores are means over the channels, as in networks for optical flow."""
    return (_scores(reference, target) / reference.shape[1] / temperature).softmax(dim=1)


@misconception(
    hint="Which of two equally similar embeddings has the larger dot product with the target: the longer one?",
)
def negative_distances(reference, target, temperature=1.0):
    """Near embeddings score high: the score is the negative squared distance."""
    differences = reference.flatten(2).unsqueeze(3) - target.flatten(2).unsqueeze(2)
    return (-differences.square().sum(dim=1) / temperature).softmax(dim=1)


@misconception(hint="Two positions score the same. How should the weight be shared?")
def only_the_best(reference, target, temperature=1.0):
    """All weight goes to the reference position with the largest score."""
    scores = _scores(reference, target)
    return F.one_hot(scores.argmax(dim=1), scores.shape[1]).transpose(1, 2).to(scores)


@misconception(hint="Call your function without a temperature. Which one does it take?")
def another_default(reference, target, temperature=0.07):
    """The default temperature is another one, known from contrastive losses."""
    return (_scores(reference, target) / temperature).softmax(dim=1)


@misconception(
    hint="Are two scores of 60 and 80 still different after you have made them safe?",
)
def scores_clamped(reference, target, temperature=1.0):
    """Scores are clamped to [-50, 50], so that their exponentials fit."""
    return (_scores(reference, target) / temperature).clamp(-50, 50).softmax(dim=1)


@misconception(
    hint="What is left to be sharpened of a weight that has already been rounded to zero?",
)
def sharpened_after_the_softmax(reference, target, temperature=1.0):
    """The weights of temperature 1 are raised to the power 1 / temperature and divided by their sum."""
    weights = _scores(reference, target).softmax(dim=1) ** (1 / temperature)
    return weights / weights.sum(dim=1, keepdim=True)


@misconception(
    hint="How many reference positions does one target position choose from: a column of them, or all?",
)
def softmax_over_one_column(reference, target, temperature=1.0):
    """The positions are not joined before the softmax, which then runs over the rows of the reference only."""
    scores = torch.einsum("ndhw,ndxy->nhwxy", reference, target) / temperature
    return scores.softmax(dim=1).flatten(3).flatten(1, 2)


@misconception(hint="Which frame does the second clip of the batch look at in your code?")
def reference_of_the_first_clip(reference, target, temperature=1.0):
    """All clips of the batch look at the reference frame of the first."""
    return (_scores(reference[:1].expand_as(reference), target) / temperature).softmax(dim=1)


@misconception(hint="Whose height and width did you use for the frame to be coloured?")
def frames_of_one_size(reference, target, temperature=1.0):
    """The target is flattened to as many positions as the reference has."""
    n, d, h, w = reference.shape
    scores = reference.flatten(2).transpose(1, 2) @ target.reshape(n, d, h * w)
    return (scores / temperature).softmax(dim=1)


@misconception(
    hint="How is the network to learn what looks alike, if not from your result?",
)
def attention_off_the_graph(reference, target, temperature=1.0):
    """The attention is computed without gradients."""
    return (_scores(reference, target) / temperature).softmax(dim=1).detach()


@misconception(hint="Call your function with float64 embeddings. What comes back?")
def embeddings_made_float32(reference, target, temperature=1.0):
    """The embeddings are made float32, whatever they were."""
    return (_scores(reference.float(), target.float()) / temperature).softmax(dim=1)


@misconception(
    hint="The caller still needs the embeddings. Are they the same after the call?",
)
def reference_scaled_in_place(reference, target, temperature=1.0):
    """The reference embeddings themselves are divided by the temperature."""
    with torch.no_grad():
        reference.div_(temperature)
    return _scores(reference, target).softmax(dim=1)


@misconception(
    hint="When can the same numbers be read in another shape without being moved? Try a transposed frame.",
)
def frames_viewed_flat(reference, target, temperature=1.0):
    """`view` flattens the frames only if they lie in order in memory."""
    n, d = reference.shape[:2]
    scores = reference.view(n, d, -1).transpose(1, 2) @ target.view(n, d, -1)
    return (scores / temperature).softmax(dim=1)


@misconception(
    hint="Follow two neighbouring numbers of a frame through your reshapes. Do they stay in one channel?",
)
def both_frames_reshaped(reference, target, temperature=1.0):
    """The channels of both frames are brought to the end by a reshape, which mixes them with positions."""
    n, d = reference.shape[:2]
    scores = reference.reshape(n, -1, d) @ target.reshape(n, -1, d).transpose(1, 2)
    return (scores / temperature).softmax(dim=1)


@misconception(hint="Is there padding in the frames? What else can make a dot product exactly zero?")
def zeros_taken_for_padding(reference, target, temperature=1.0):
    """Dot products that are exactly zero are taken for padding and left out."""
    scores = _scores(reference, target)
    return (scores / temperature).masked_fill(scores == 0, -1e10).softmax(dim=1)


@misconception(
    hint="How far may something have moved between the frames? What does the docstring say about that?"
)
def near_positions_only(reference, target, temperature=1.0):
    """A position looks at most six positions away, as trackers with a local window do."""
    far = ~_near(reference, target, 6)
    return (_scores(reference, target) / temperature).masked_fill(far, -1e10).softmax(dim=1)


@misconception(hint="Call your function with two temperatures. What changes?")
def temperature_always_seven_hundredths(reference, target, temperature=1.0):
    """The temperature is 0.07, whatever is passed in."""
    return (_scores(reference, target) / 0.07).softmax(dim=1)


@misconception(hint="Call your function with two temperatures. What changes?")
def temperature_always_a_half(reference, target, temperature=1.0):
    """The temperature is 0.5, whatever is passed in."""
    return (_scores(reference, target) / 0.5).softmax(dim=1)


@misconception(hint="Make one embedding of the reference twice as long. Should its share change?")
def reference_normalised(reference, target, temperature=1.0):
    """The embeddings of the reference are given length one, those of the target are not."""
    return (_scores(F.normalize(reference, dim=1), target) / temperature).softmax(dim=1)


@misconception(
    hint="Make one embedding of the target twice as long. Should it look around as sharply as before?"
)
def target_normalised(reference, target, temperature=1.0):
    """The embeddings of the target are given length one, those of the reference are not."""
    return (_scores(reference, F.normalize(target, dim=1)) / temperature).softmax(dim=1)


@misconception(hint="For a score of 1 and a temperature of 0.25, which number goes into the exponential?")
def temperature_doubled(reference, target, temperature=1.0):
    """The scores are divided by twice the temperature."""
    return (_scores(reference, target) / (2 * temperature)).softmax(dim=1)


@misconception(hint="For a score of 1 and a temperature of 0.25, which number goes into the exponential?")
def temperature_under_a_root(reference, target, temperature=1.0):
    """The scores are divided by the square root of the temperature."""
    return (_scores(reference, target) / math.sqrt(temperature)).softmax(dim=1)


@misconception(
    hint="A softmax over the reference stays the same if one number is taken from a column. Is it one in yours?",
)
def maximum_of_the_wrong_axis(reference, target, temperature=1.0):
    """The largest score of each reference position is taken away, which is another number in every sum."""
    scores = _scores(reference, target) / temperature
    weights = (scores - scores.amax(dim=2, keepdim=True)).exp()
    return weights / weights.sum(dim=1, keepdim=True)


def _near(reference, target, radius):
    """Which positions of the two frames are at most so far apart, in both directions."""
    there, here = (torch.cartesian_prod(*map(torch.arange, frame.shape[2:])) for frame in (reference, target))
    return ((there[:, None] - here).abs() <= radius).all(dim=-1)


# --- without a name ----------------------------------------------------------------------------------------------


def _scores_here(reference, target):
    return reference.flatten(2).mT @ target.flatten(2)


@wrong
def negative_distances_otherwise(reference, target, temperature=1.0):
    distances = torch.cdist(reference.flatten(2).mT, target.flatten(2).mT)
    return (-distances.square() / temperature).softmax(1)


@wrong
def only_the_target_is_normalised(reference, target, temperature=1.0):
    return (_scores_here(reference, F.normalize(target, dim=1)) / temperature).softmax(1)


@wrong
def argmax_only(reference, target, temperature=1.0):
    scores = _scores_here(reference, target)
    return F.one_hot(scores.argmax(1), scores.shape[1]).mT.to(scores.dtype)


@wrong
def another_default_otherwise(reference, target, temperature=0.5):
    return (_scores_here(reference, target) / temperature).softmax(1)


@wrong
def kept_from_zero_by_eps(reference, target, temperature=1.0):
    scores = _scores_here(reference, target) / temperature
    e = (scores - scores.amax(1, keepdim=True)).exp()
    return e / (e.sum(1, keepdim=True) + 1e-3)


@wrong
def scores_clamped_otherwise(reference, target, temperature=1.0):
    return (_scores_here(reference, target) / temperature).clamp(-50, 50).softmax(1)


@wrong
def scaled_by_the_positions(reference, target, temperature=1.0):
    scores = _scores_here(reference, target) / temperature
    return (scores / math.sqrt(scores.shape[1])).softmax(1)


@wrong
def divided_by_channels(reference, target, temperature=1.0):
    return (_scores_here(reference, target) / reference.shape[1] / temperature).softmax(1)


@wrong
def sigmoid(reference, target, temperature=1.0):
    weights = (_scores_here(reference, target) / temperature).sigmoid()
    return weights / weights.sum(1, keepdim=True)


@wrong
def always_single_precision(reference, target, temperature=1.0):
    return (_scores_here(reference.float(), target.float()) / temperature).softmax(1)


@wrong
def softmax_before_the_temperature_power(reference, target, temperature=1.0):
    weights = _scores_here(reference, target).softmax(1) ** (1 / temperature)
    return weights / weights.sum(1, keepdim=True)


@wrong
def dropout_left_in(reference, target, temperature=1.0):
    return F.dropout((_scores_here(reference, target) / temperature).softmax(1), 0.1)


@wrong
def reference_scaled_in_place_otherwise(reference, target, temperature=1.0):
    with torch.no_grad():
        reference /= temperature
    return _scores_here(reference, target).softmax(1)


@wrong
def attention_with_a_little_noise(reference, target, temperature=1.0):
    scores = _scores_here(reference, target) / temperature
    return (scores + 1e-2 * torch.randn_like(scores)).softmax(1)


@wrong
def attention_in_half_precision(reference, target, temperature=1.0):
    return (
        (_scores_here(reference.half().float(), target.half().float()) / temperature)
        .softmax(1)
        .to(target.dtype)
    )


@wrong
def view_of_the_frames(reference, target, temperature=1.0):
    n, d = reference.shape[:2]
    scores = reference.view(n, d, -1).mT @ target.view(n, d, -1)
    return (scores / temperature).softmax(1)


def _best_only(reference, target, temperature, count):
    scores = _scores_here(reference, target) / temperature
    kept = scores.topk(min(count, scores.shape[1]), dim=1)
    return torch.full_like(scores, -torch.inf).scatter(1, kept.indices, kept.values).softmax(1)


@wrong
def ten_best_only(reference, target, temperature=1.0):
    return _best_only(reference, target, temperature, 10)


@wrong
def temperature_with_an_eps(reference, target, temperature=1.0):
    return (_scores_here(reference, target) / (temperature + 1e-3)).softmax(1)


@wrong
def temperature_never_below_a_twentieth(reference, target, temperature=1.0):
    return (_scores_here(reference, target) / max(temperature, 0.05)).softmax(1)


@wrong
def temperature_never_above_one(reference, target, temperature=1.0):
    return (_scores_here(reference, target) / min(temperature, 1.0)).softmax(1)


@wrong
def weights_of_the_first_clip(reference, target, temperature=1.0):
    weights = (_scores_here(reference, target) / temperature).softmax(1)
    return weights[:1].expand_as(weights)


@wrong
def only_clips_of_square_frames(reference, target, temperature=1.0):
    n, d, h, w = target.shape
    return (_scores_here(reference, target.mT.reshape(n, d, h, w)) / temperature).softmax(1)


@wrong
def both_directions_averaged(reference, target, temperature=1.0):
    scores = _scores_here(reference, target) / temperature
    return (scores.softmax(1) + scores.softmax(2)) / 2


@wrong
def own_position_masked(reference, target, temperature=1.0):
    scores = _scores_here(reference, target) / temperature
    own = torch.eye(scores.shape[1], scores.shape[2], dtype=torch.bool)
    return scores.masked_fill(own, -1e9 if scores.shape[1] > 1 else 0).softmax(1)


@wrong
def detached_where_it_is_small(reference, target, temperature=1.0):
    weights = (_scores_here(reference, target) / temperature).softmax(1)
    return torch.where(weights < 0.05, weights.detach(), weights)


@wrong
def embeddings_clipped_to_length_two(reference, target, temperature=1.0):
    a, b = (x / (x.norm(dim=1, keepdim=True) / 2).clamp_min(1) for x in (reference, target))
    return (_scores_here(a, b) / temperature).softmax(1)


@wrong
def one_clip_without_its_dimension(reference, target, temperature=1.0):
    weights = (_scores_here(reference, target) / temperature).softmax(1)
    return weights.squeeze(0)


@wrong
def one_position_squeezed(reference, target, temperature=1.0):
    return (_scores_here(reference, target) / temperature).softmax(1).squeeze(1)


@wrong
def gumbel_noise(reference, target, temperature=1.0):
    return F.gumbel_softmax(_scores_here(reference, target), tau=temperature, dim=1)


@wrong
def only_twelve_positions_away(reference, target, temperature=1.0):
    far = ~_near(reference, target, 12)
    return (_scores_here(reference, target) / temperature).masked_fill(far, -1e10).softmax(1)


@wrong
def near_positions_only_in_frames_of_one_size(reference, target, temperature=1.0):
    scores = _scores_here(reference, target) / temperature
    if reference.shape == target.shape:
        scores = scores.masked_fill(~_near(reference, target, 6), -1e10)
    return scores.softmax(1)


@wrong
def hundred_best_only(reference, target, temperature=1.0):
    return _best_only(reference, target, temperature, 100)


@wrong
def first_256_positions(reference, target, temperature=1.0):
    scores = _scores_here(reference, target) / temperature
    late = torch.arange(scores.shape[1])[:, None] >= 256
    return scores.masked_fill(late, -1e10).softmax(1)


@wrong
def every_second_position_of_many(reference, target, temperature=1.0):
    scores = _scores_here(reference, target) / temperature
    odd = torch.arange(scores.shape[1])[:, None] % 2 == 1
    return scores.masked_fill(odd & (scores.shape[1] > 100), -1e10).softmax(1)


@wrong
def last_piece_of_the_target_lost(reference, target, temperature=1.0):
    weights = (_scores_here(reference, target) / temperature).softmax(1)
    whole = weights.shape[2] // 64 * 64 or weights.shape[2]
    return torch.cat([weights[:, :, :whole], torch.zeros_like(weights[:, :, whole:])], 2)


@wrong
def reference_positions_of_zeros_masked(reference, target, temperature=1.0):
    absent = ~reference.flatten(2).any(dim=1)[:, :, None]
    return (_scores_here(reference, target) / temperature).masked_fill(absent, -1e10).softmax(1)


@wrong
def target_positions_of_zeros_left_empty(reference, target, temperature=1.0):
    present = target.flatten(2).any(dim=1)[:, None]
    return (_scores_here(reference, target) / temperature).softmax(1) * present


@wrong
def positions_with_a_zero_masked(reference, target, temperature=1.0):
    absent = (target.flatten(2) == 0).any(dim=1)[:, None]
    return (_scores_here(reference, target) / temperature).masked_fill(absent, 0).softmax(1)


@wrong
def weights_below_a_millionth_dropped(reference, target, temperature=1.0):
    weights = (_scores_here(reference, target) / temperature).softmax(1)
    return weights * (weights >= 1e-6)
