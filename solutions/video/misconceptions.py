"""Wrong ideas about the exercises of the unit *video*, each with an implementation and a hint."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception

# --- video.colorization_attention ---------------------------------------------------------------------------


def _scores(reference, target):
    return reference.flatten(2).transpose(1, 2) @ target.flatten(2)


@misconception(
    "video.colorization_attention",
    hint="A target position chooses among reference positions. Which sums should be one?",
)
def softmax_over_the_target(reference, target, temperature=1.0):
    """The weights of one reference position over all target positions sum to one."""
    return (_scores(reference, target) / temperature).softmax(dim=2)


@misconception("video.colorization_attention", hint="Are the clips of a batch to choose among one another?")
def softmax_over_the_batch(reference, target, temperature=1.0):
    """The softmax runs over the first dimension, the clips."""
    return (_scores(reference, target) / temperature).softmax(dim=0)


@misconception(
    "video.colorization_attention",
    hint="Every target position has colours of its own to find. Which sums should be one?",
)
def softmax_over_all_pairs(reference, target, temperature=1.0):
    """The whole matrix of a clip sums to one."""
    scores = _scores(reference, target) / temperature
    return scores.flatten(1).softmax(dim=1).view_as(scores)


@misconception("video.colorization_attention", hint="The signature says which frame the rows stand for.")
def transposed(reference, target, temperature=1.0):
    """Rows are target positions and columns are reference positions."""
    return (_scores(reference, target) / temperature).softmax(dim=1).transpose(1, 2)


@misconception(
    "video.colorization_attention",
    hint="Swap the two frames in your call. Should the result have another shape?",
)
def frames_swapped(reference, target, temperature=1.0):
    """The reference frame chooses among the positions of the target frame."""
    return (_scores(target, reference) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="What does the docstring divide by, and where did you meet the other divisor?",
)
def scaled_as_in_transformers(reference, target, temperature=1.0):
    """The scores are divided by the square root of the number of channels as well."""
    return (_scores(reference, target) / math.sqrt(reference.shape[1]) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention", hint="Make one embedding twice as long. Should its attention change?"
)
def cosines(reference, target, temperature=1.0):
    """The embeddings are normalised, so that the scores are cosines."""
    return (_scores(F.normalize(reference, dim=1), F.normalize(target, dim=1)) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention", hint="A small temperature makes the softmax sharper. What does yours do?"
)
def multiplied_by_temperature(reference, target, temperature=1.0):
    """The scores are multiplied by the temperature."""
    return (_scores(reference, target) * temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="Embeddings are divided by what, scores by what? Count the temperatures in one score.",
)
def temperature_twice(reference, target, temperature=1.0):
    """Both embeddings are divided by the temperature, so that the scores feel its square."""
    return _scores(reference / temperature, target / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention", hint="Call your function with two temperatures. Do the results differ?"
)
def temperature_ignored(reference, target, temperature=1.0):
    """The temperature has no effect."""
    return _scores(reference, target).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="Can a temperature outside the exponential still change how sharp the weights are?",
)
def temperature_after_the_softmax(reference, target, temperature=1.0):
    """The weights, not the scores, are divided by the temperature."""
    return _scores(reference, target).softmax(dim=1) / temperature


@misconception("video.colorization_attention", hint="What do the weights of one target position add up to?")
def no_softmax(reference, target, temperature=1.0):
    """The scores are returned as they are."""
    return _scores(reference, target) / temperature


@misconception("video.colorization_attention", hint="Weights of a mean are between 0 and 1. Are yours?")
def log_softmax(reference, target, temperature=1.0):
    """Logarithms of the weights are returned."""
    return (_scores(reference, target) / temperature).log_softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="How large may a score be before its exponential no longer fits into float32?",
)
def overflow(reference, target, temperature=1.0):
    """The softmax is written out, without taking the largest score away first."""
    weights = (_scores(reference, target) / temperature).exp()
    return weights / weights.sum(dim=1, keepdim=True)


@misconception(
    "video.colorization_attention",
    hint="Position r * w + c is row r and column c. What stands next to position 0 in your order?",
)
def columns_first_in_both_frames(reference, target, temperature=1.0):
    """Both frames are read column by column."""
    scores = _scores(reference.transpose(2, 3), target.transpose(2, 3))
    return (scores / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="Position r * w + c is row r and column c. Is that so in the reference frame?",
)
def columns_first_in_the_reference(reference, target, temperature=1.0):
    """The reference frame is read column by column, the target row by row."""
    return (_scores(reference.transpose(2, 3), target) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="Position r * w + c is row r and column c. Is that so in the target frame?",
)
def columns_first_in_the_target(reference, target, temperature=1.0):
    """The target frame is read column by column, the reference row by row."""
    return (_scores(reference, target.transpose(2, 3)) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="Follow one number of the frame: a reshape keeps the order in memory. Does it move channels?",
)
def reshaped_for_transposed(reference, target, temperature=1.0):
    """The channels are brought to the end by a reshape, which mixes them with positions."""
    n, d = reference.shape[:2]
    return (reference.reshape(n, -1, d) @ target.flatten(2) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="Both frames go through the network. Which of them learns from your result?",
)
def reference_detached(reference, target, temperature=1.0):
    """No gradient reaches the reference frame."""
    return (_scores(reference.detach(), target) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="Both frames go through the network. Does the frame to be coloured learn from your result?",
)
def target_detached(reference, target, temperature=1.0):
    """No gradient reaches the target frame."""
    return (_scores(reference, target.detach()) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="The signature says which dimensions are joined. Are yours all joined?",
)
def positions_not_joined(reference, target, temperature=1.0):
    """Rows and columns of the target stay dimensions of their own."""
    return (_scores(reference, target) / temperature).softmax(dim=1).unflatten(2, target.shape[2:])


@misconception(
    "video.colorization_attention",
    hint="What is taken away before the exponential must suit each target position. Does one number for all?",
)
def one_maximum_for_all(reference, target, temperature=1.0):
    """The largest score of the whole batch is taken away, so that other columns vanish at a low temperature."""
    scores = _scores(reference, target) / temperature
    weights = (scores - scores.max()).exp()
    return weights / weights.sum(dim=1, keepdim=True)


@misconception(
    "video.colorization_attention",
    hint="Each target position has one sum to get right. How many does your result get right?",
)
def normalised_again_over_the_target(reference, target, temperature=1.0):
    """After the softmax the weights are divided by their sums over the target."""
    weights = (_scores(reference, target) / temperature).softmax(dim=1)
    return weights / weights.sum(dim=2, keepdim=True)


@misconception(
    "video.colorization_attention",
    hint="Does a score mean the same for embeddings of 8 and of 64 channels? What does the docstring divide by?",
)
def divided_by_the_channels(reference, target, temperature=1.0):
    """The scores are means over the channels, as in networks for optical flow."""
    return (_scores(reference, target) / reference.shape[1] / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="Which of two equally similar embeddings has the larger dot product with the target: the longer one?",
)
def negative_distances(reference, target, temperature=1.0):
    """Near embeddings score high: the score is the negative squared distance."""
    differences = reference.flatten(2).unsqueeze(3) - target.flatten(2).unsqueeze(2)
    return (-differences.square().sum(dim=1) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention", hint="Two positions score the same. How should the weight be shared?"
)
def only_the_best(reference, target, temperature=1.0):
    """All weight goes to the reference position with the largest score."""
    scores = _scores(reference, target)
    return F.one_hot(scores.argmax(dim=1), scores.shape[1]).transpose(1, 2).to(scores)


@misconception(
    "video.colorization_attention", hint="Call your function without a temperature. Which one does it take?"
)
def another_default(reference, target, temperature=0.07):
    """The default temperature is another one, known from contrastive losses."""
    return (_scores(reference, target) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="Are two scores of 60 and 80 still different after you have made them safe?",
)
def scores_clamped(reference, target, temperature=1.0):
    """Scores are clamped to [-50, 50], so that their exponentials fit."""
    return (_scores(reference, target) / temperature).clamp(-50, 50).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="What is left to be sharpened of a weight that has already been rounded to zero?",
)
def sharpened_after_the_softmax(reference, target, temperature=1.0):
    """The weights of temperature 1 are raised to the power 1 / temperature and divided by their sum."""
    weights = _scores(reference, target).softmax(dim=1) ** (1 / temperature)
    return weights / weights.sum(dim=1, keepdim=True)


@misconception(
    "video.colorization_attention",
    hint="How many reference positions does one target position choose from: a column of them, or all?",
)
def softmax_over_one_column(reference, target, temperature=1.0):
    """The positions are not joined before the softmax, which then runs over the rows of the reference only."""
    scores = torch.einsum("ndhw,ndxy->nhwxy", reference, target) / temperature
    return scores.softmax(dim=1).flatten(3).flatten(1, 2)


@misconception(
    "video.colorization_attention", hint="Which frame does the second clip of the batch look at in your code?"
)
def reference_of_the_first_clip(reference, target, temperature=1.0):
    """All clips of the batch look at the reference frame of the first."""
    return (_scores(reference[:1].expand_as(reference), target) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention", hint="Whose height and width did you use for the frame to be coloured?"
)
def frames_of_one_size(reference, target, temperature=1.0):
    """The target is flattened to as many positions as the reference has."""
    n, d, h, w = reference.shape
    scores = reference.flatten(2).transpose(1, 2) @ target.reshape(n, d, h * w)
    return (scores / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="How is the network to learn what looks alike, if not from your result?",
)
def attention_off_the_graph(reference, target, temperature=1.0):
    """The attention is computed without gradients."""
    return (_scores(reference, target) / temperature).softmax(dim=1).detach()


@misconception(
    "video.colorization_attention", hint="Call your function with float64 embeddings. What comes back?"
)
def embeddings_made_float32(reference, target, temperature=1.0):
    """The embeddings are made float32, whatever they were."""
    return (_scores(reference.float(), target.float()) / temperature).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="The caller still needs the embeddings. Are they the same after the call?",
)
def reference_scaled_in_place(reference, target, temperature=1.0):
    """The reference embeddings themselves are divided by the temperature."""
    with torch.no_grad():
        reference.div_(temperature)
    return _scores(reference, target).softmax(dim=1)


@misconception(
    "video.colorization_attention",
    hint="When can the same numbers be read in another shape without being moved? Try a transposed frame.",
)
def frames_viewed_flat(reference, target, temperature=1.0):
    """`view` flattens the frames only if they lie in order in memory."""
    n, d = reference.shape[:2]
    scores = reference.view(n, d, -1).transpose(1, 2) @ target.view(n, d, -1)
    return (scores / temperature).softmax(dim=1)


# --- video.copy_colors --------------------------------------------------------------------------------------


def _copied(attention, colors, target_size):
    return (colors.flatten(2) @ attention).reshape(*colors.shape[:2], *target_size)


@misconception(
    "video.copy_colors",
    hint="Which index of the attention is summed over, that of the reference or that of the target?",
)
def attention_transposed(attention, colors, target_size):
    """The colours are summed over the target positions of the attention."""
    return _copied(attention.transpose(1, 2), colors, target_size)


@misconception(
    "video.copy_colors", hint="Which positions are the weights of one target position spread over?"
)
def renormalised_over_the_target(attention, colors, target_size):
    """The attention is divided by its sums over the target positions first."""
    return _copied(attention / attention.sum(dim=2, keepdim=True), colors, target_size)


@misconception(
    "video.copy_colors", hint="The attention has been through a softmax. What does a second one do to it?"
)
def softmax_again(attention, colors, target_size):
    """The attention is put through a softmax once more."""
    return _copied(attention.softmax(dim=1), colors, target_size)


@misconception(
    "video.copy_colors", hint="If one weight is 0.6 and another 0.4, how much of each colour should arrive?"
)
def only_the_largest_weight(attention, colors, target_size):
    """The colour of the position with the largest weight is copied, and the others are left out."""
    hard = F.one_hot(attention.argmax(dim=1), attention.shape[1]).transpose(1, 2).to(attention)
    return _copied(hard, colors, target_size)


@misconception("video.copy_colors", hint="What do the weights of one target position sum to already?")
def divided_by_the_number_of_positions(attention, colors, target_size):
    """The weighted sum is divided by the number of reference positions, as if it were a plain mean."""
    return _copied(attention, colors, target_size) / attention.shape[1]


@misconception(
    "video.copy_colors",
    hint="Position r * w + c of the reference is row r and column c. What is next to position 0 in yours?",
)
def colors_read_column_by_column(attention, colors, target_size):
    """The colours are flattened column by column."""
    return _copied(attention, colors.transpose(2, 3), target_size)


@misconception("video.copy_colors", hint="Does `target_size` give the height first or the width?")
def target_size_swapped(attention, colors, target_size):
    """Height and width of the target are taken for each other."""
    return _copied(attention, colors, target_size[::-1])


@misconception(
    "video.copy_colors",
    hint="Position r * w2 + c of the target is row r and column c. Is that so in your result?",
)
def target_filled_column_by_column(attention, colors, target_size):
    """The copied colours are written into the target column by column."""
    return _copied(attention, colors, target_size[::-1]).transpose(2, 3)


@misconception(
    "video.copy_colors",
    hint="The channels are last after your product. Does a reshape bring them to the front?",
)
def channels_reshaped_to_the_front(attention, colors, target_size):
    """The channels are last after the product and are brought to the front by a reshape, which mixes them."""
    mixed = attention.transpose(1, 2) @ colors.flatten(2).transpose(1, 2)
    return mixed.reshape(*colors.shape[:2], *target_size)


@misconception("video.copy_colors", hint="The signature says which dimension holds the channels.")
def channels_last(attention, colors, target_size):
    """The channels are the last dimension of the result."""
    return _copied(attention, colors, target_size).movedim(1, -1)


@misconception("video.copy_colors", hint="The signature says how many dimensions the result has.")
def left_flat(attention, colors, target_size):
    """The positions of the target are left in one long row."""
    return colors.flatten(2) @ attention


@misconception(
    "video.copy_colors",
    hint="How is the network to learn where to look, if no gradient passes through the weights?",
)
def attention_detached(attention, colors, target_size):
    """No gradient reaches the attention."""
    return _copied(attention.detach(), colors, target_size)


@misconception("video.copy_colors", hint="Which of your two tensors still knows where it came from?")
def colors_detached(attention, colors, target_size):
    """No gradient reaches the colours."""
    return _copied(attention, colors.detach(), target_size)


@misconception(
    "video.copy_colors", hint="What do the weights of one target position sum to before you divide them?"
)
def renormalised_over_the_reference(attention, colors, target_size):
    """The attention is divided by its sums once more, which are one already but have gradients of their own."""
    return _copied(attention / attention.sum(dim=1, keepdim=True), colors, target_size)


@misconception("video.copy_colors", hint="Which frame's colours does each clip of the batch copy?")
def colors_of_the_first_clip(attention, colors, target_size):
    """All clips of the batch copy from the first."""
    return _copied(attention, colors[:1].expand_as(colors), target_size)


@misconception("video.copy_colors", hint="Colours are continuous. Is anything rounded or cut on the way?")
def colors_clamped(attention, colors, target_size):
    """The colours are clamped to [0, 1], as if they were intensities."""
    return torch.clamp(_copied(attention, colors, target_size), 0, 1)


@misconception(
    "video.copy_colors",
    hint="Is a small weight no weight? Add up what you leave out, if there are many of them.",
)
def only_the_five_largest_weights(attention, colors, target_size):
    """Only the five largest weights of a target position are used, as trackers do to propagate labels."""
    kept = attention.topk(min(5, attention.shape[1]), dim=1)
    weights = torch.zeros_like(attention).scatter(1, kept.indices, kept.values)
    return _copied(weights / weights.sum(dim=1, keepdim=True), colors, target_size)


@misconception(
    "video.copy_colors", hint="Which frame's height and width has the result: whose colours, or whose grid?"
)
def shaped_like_the_reference(attention, colors, target_size):
    """The result is given height and width of the reference frame."""
    return (colors.flatten(2) @ attention).reshape(colors.shape)


@misconception(
    "video.copy_colors", hint="What may be copied besides colours, and how many channels has it then?"
)
def three_channels(attention, colors, target_size):
    """There are three channels, whatever is copied."""
    return (colors.flatten(2) @ attention).reshape(len(colors), 3, *target_size)


@misconception(
    "video.copy_colors", hint="Which attention does the second clip of the batch use in your code?"
)
def attention_of_the_first_clip(attention, colors, target_size):
    """All clips of the batch use the attention of the first."""
    return _copied(attention[:1].expand_as(attention), colors, target_size)


@misconception(
    "video.copy_colors", hint="`squeeze` takes out every dimension of length one. Try a batch of one clip."
)
def squeezed(attention, colors, target_size):
    """All dimensions of length one are taken out of the result, the batch of one clip too."""
    return _copied(attention, colors, target_size).squeeze()


@misconception("video.copy_colors", hint="Can a loss on your result train anything? Follow it back.")
def colors_off_the_graph(attention, colors, target_size):
    """The colours are copied without gradients."""
    return _copied(attention, colors, target_size).detach()


@misconception("video.copy_colors", hint="Call your function with float64 tensors. What comes back?")
def colors_made_float32(attention, colors, target_size):
    """Attention and colours are made float32, whatever they were."""
    return _copied(attention.float(), colors.float(), target_size)


@misconception(
    "video.copy_colors",
    hint="The caller still needs what was passed in. Does it have the same shape after the call?",
)
def attention_transposed_in_place(attention, colors, target_size):
    """The attention itself is transposed, with a method that ends in an underscore."""
    n, c = colors.shape[:2]
    weights = attention.transpose_(1, 2)
    return torch.einsum("nji,nci->ncj", weights, colors.flatten(2)).reshape(n, c, *target_size)


@misconception(
    "video.copy_colors",
    hint="When can the same numbers be read in another shape without being moved? Try transposed colours.",
)
def colors_viewed_flat(attention, colors, target_size):
    """`view` flattens the colours only if they lie in order in memory."""
    n, c = colors.shape[:2]
    return (colors.view(n, c, -1) @ attention).view(n, c, *target_size)
