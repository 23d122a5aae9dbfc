"""Wrong answers to `video.copy_colors`: ideas with a name and a hint, then others."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, wrong


def _copied(attention, colors, target_size):
    return (colors.flatten(2) @ attention).reshape(*colors.shape[:2], *target_size)


@misconception(
    hint="Which index of the attention is summed over, that of the reference or that of the target?",
)
def attention_transposed(attention, colors, target_size):
    """The colours are summed over the target positions of the attention."""
    return _copied(attention.transpose(1, 2), colors, target_size)


@misconception(hint="Which positions are the weights of one target position spread over?")
def renormalised_over_the_target(attention, colors, target_size):
    """The attention is divided by its sums over the target positions first."""
    return _copied(attention / attention.sum(dim=2, keepdim=True), colors, target_size)


@misconception(hint="The attention has been through a softmax. What does a second one do to it?")
def softmax_again(attention, colors, target_size):
    """The attention is put through a softmax once more."""
    return _copied(attention.softmax(dim=1), colors, target_size)


@misconception(hint="If one weight is 0.6 and another 0.4, how much of each colour should arrive?")
def only_the_largest_weight(attention, colors, target_size):
    """The colour of the position with the largest weight is copied, and the others are left out."""
    hard = F.one_hot(attention.argmax(dim=1), attention.shape[1]).transpose(1, 2).to(attention)
    return _copied(hard, colors, target_size)


@misconception(hint="What do the weights of one target position sum to already?")
def divided_by_the_number_of_positions(attention, colors, target_size):
    """The weighted sum is divided by the number of reference positions, as if it were a plain mean."""
    return _copied(attention, colors, target_size) / attention.shape[1]


@misconception(
    hint="Position r * w + c of the reference is row r and column c. What is next to position 0 in yours?",
)
def colors_read_column_by_column(attention, colors, target_size):
    """The colours are flattened column by column."""
    return _copied(attention, colors.transpose(2, 3), target_size)


@misconception(hint="Does `target_size` give the height first or the width?")
def target_size_swapped(attention, colors, target_size):
    """Height and width of the target are taken for each other."""
    return _copied(attention, colors, target_size[::-1])


@misconception(
    hint="Position r * w2 + c of the target is row r and column c. Is that so in your result?",
)
def target_filled_column_by_column(attention, colors, target_size):
    """The copied colours are written into the target column by column."""
    return _copied(attention, colors, target_size[::-1]).transpose(2, 3)


@misconception(
    hint="The channels are last after your product. Does a reshape bring them to the front?",
)
def channels_reshaped_to_the_front(attention, colors, target_size):
    """The channels are last after the product and are brought to the front by a reshape, which mixes them."""
    mixed = attention.transpose(1, 2) @ colors.flatten(2).transpose(1, 2)
    return mixed.reshape(*colors.shape[:2], *target_size)


@misconception(
    hint="Do the first c numbers of your reshaped colours belong to one position, or to one channel?",
)
def colors_reshaped_to_rows(attention, colors, target_size):
    """A reshape is to make each position of the reference a row of c numbers, and mixes them instead."""
    rows = colors.reshape(len(colors), -1, colors.shape[1])
    return (attention.transpose(1, 2) @ rows).transpose(1, 2).reshape(*colors.shape[:2], *target_size)


@misconception(hint="The signature says which dimension holds the channels.")
def channels_last(attention, colors, target_size):
    """The channels are the last dimension of the result."""
    return _copied(attention, colors, target_size).movedim(1, -1)


@misconception(hint="The signature says how many dimensions the result has.")
def left_flat(attention, colors, target_size):
    """The positions of the target are left in one long row."""
    return colors.flatten(2) @ attention


@misconception(
    hint="How is the network to learn where to look, if no gradient passes through the weights?",
)
def attention_detached(attention, colors, target_size):
    """No gradient reaches the attention."""
    return _copied(attention.detach(), colors, target_size)


@misconception(hint="Which of your two tensors still knows where it came from?")
def colors_detached(attention, colors, target_size):
    """No gradient reaches the colours."""
    return _copied(attention, colors.detach(), target_size)


@misconception(hint="What do the weights of one target position sum to before you divide them?")
def renormalised_over_the_reference(attention, colors, target_size):
    """The attention is divided by its sums once more, which are one already but have gradients of their own."""
    return _copied(attention / attention.sum(dim=1, keepdim=True), colors, target_size)


@misconception(hint="Which frame's colours does each clip of the batch copy?")
def colors_of_the_first_clip(attention, colors, target_size):
    """All clips of the batch copy from the first."""
    return _copied(attention, colors[:1].expand_as(colors), target_size)


@misconception(hint="Colours are continuous. Is anything rounded or cut on the way?")
def colors_clamped(attention, colors, target_size):
    """The colours are clamped to [0, 1], as if they were intensities."""
    return torch.clamp(_copied(attention, colors, target_size), 0, 1)


@misconception(
    hint="Is a small weight no weight? Add up what you leave out, if there are many of them.",
)
def only_the_five_largest_weights(attention, colors, target_size):
    """Only the five largest weights of a target position are used, as trackers do to propagate labels."""
    kept = attention.topk(min(5, attention.shape[1]), dim=1)
    weights = torch.zeros_like(attention).scatter(1, kept.indices, kept.values)
    return _copied(weights / weights.sum(dim=1, keepdim=True), colors, target_size)


@misconception(hint="Which frame's height and width has the result: whose colours, or whose grid?")
def shaped_like_the_reference(attention, colors, target_size):
    """The result is given height and width of the reference frame."""
    return (colors.flatten(2) @ attention).reshape(colors.shape)


@misconception(hint="What may be copied besides colours, and how many channels has it then?")
def three_channels(attention, colors, target_size):
    """There are three channels, whatever is copied."""
    return (colors.flatten(2) @ attention).reshape(len(colors), 3, *target_size)


@misconception(hint="Which attention does the second clip of the batch use in your code?")
def attention_of_the_first_clip(attention, colors, target_size):
    """All clips of the batch use the attention of the first."""
    return _copied(attention[:1].expand_as(attention), colors, target_size)


@misconception(hint="`squeeze` takes out every dimension of length one. Try a batch of one clip.")
def squeezed(attention, colors, target_size):
    """All dimensions of length one are taken out of the result, the batch of one clip too."""
    return _copied(attention, colors, target_size).squeeze()


@misconception(hint="Can a loss on your result train anything? Follow it back.")
def colors_off_the_graph(attention, colors, target_size):
    """The colours are copied without gradients."""
    return _copied(attention, colors, target_size).detach()


@misconception(hint="Call your function with float64 tensors. What comes back?")
def colors_made_float32(attention, colors, target_size):
    """Attention and colours are made float32, whatever they were."""
    return _copied(attention.float(), colors.float(), target_size)


@misconception(
    hint="The caller still needs what was passed in. Does it have the same shape after the call?",
)
def attention_transposed_in_place(attention, colors, target_size):
    """The attention itself is transposed, with a method that ends in an underscore."""
    n, c = colors.shape[:2]
    weights = attention.transpose_(1, 2)
    return torch.einsum("nji,nci->ncj", weights, colors.flatten(2)).reshape(n, c, *target_size)


@misconception(
    hint="When can the same numbers be read in another shape without being moved? Try transposed colours.",
)
def colors_viewed_flat(attention, colors, target_size):
    """`view` flattens the colours only if they lie in order in memory."""
    n, c = colors.shape[:2]
    return (colors.view(n, c, -1) @ attention).view(n, c, *target_size)


@misconception(hint="May a colour be (0, 0, 0)? What happens to its weight in your mean?")
def black_positions_left_out(attention, colors, target_size):
    """Positions without any colour are taken for padding, and the other weights make up for them."""
    present = colors.flatten(2).any(dim=1).to(attention.dtype)[:, :, None]
    weights = attention * present
    return _copied(weights / weights.sum(dim=1, keepdim=True).clamp_min(1e-12), colors, target_size)


@misconception(
    hint="How far may something have moved between the frames? What does the docstring say about that?"
)
def near_colors_only(attention, colors, target_size):
    """Colours more than six positions away are left out, as in trackers with a local window."""
    sizes = colors.shape[2:], target_size
    there, here = (torch.cartesian_prod(*map(torch.arange, size)) for size in sizes)
    near = ((there[:, None] - here).abs() <= 6).all(dim=-1).to(attention.dtype)
    return _copied(attention * near, colors, target_size)


# --- without a name ----------------------------------------------------------------------------------------------


def _copied_here(attention, colors, target_size):
    return (colors.flatten(2) @ attention).reshape(*colors.shape[:2], *target_size)


@wrong
def sized_like_the_reference(attention, colors, target_size):
    return (colors.flatten(2) @ attention).view_as(colors)


@wrong
def weights_squared(attention, colors, target_size):
    return _copied_here(attention**2, colors, target_size)


@wrong
def small_weights_dropped(attention, colors, target_size):
    return _copied_here(attention * (attention > 0.01), colors, target_size)


@wrong
def top_five(attention, colors, target_size):
    kept = attention.topk(min(5, attention.shape[1]), dim=1)
    return _copied_here(
        torch.zeros_like(attention).scatter(1, kept.indices, kept.values), colors, target_size
    )


@wrong
def channels_in_reverse(attention, colors, target_size):
    return _copied_here(attention, colors.flip(1), target_size)


@wrong
def sampled(attention, colors, target_size):
    n, _, m = attention.shape
    chosen = (
        torch.multinomial(attention.mT.reshape(n * m, -1), 1).view(n, 1, m).expand(-1, colors.shape[1], -1)
    )
    return colors.flatten(2).gather(2, chosen).unflatten(2, target_size)


@wrong
def one_channel_at_most(attention, colors, target_size):
    return _copied_here(attention, colors[:, :3], target_size)


@wrong
def colors_squashed(attention, colors, target_size):
    return torch.tanh(_copied_here(attention, colors, target_size))


@wrong
def square_targets_only(attention, colors, target_size):
    side = math.isqrt(attention.shape[2])
    return (colors.flatten(2) @ attention)[..., : side * side].unflatten(2, (side, side))


@wrong
def clips_joined(attention, colors, target_size):
    return _copied_here(attention, colors, target_size).squeeze()


@wrong
def single_precision(attention, colors, target_size):
    return _copied_here(attention.float(), colors.float(), target_size)


@wrong
def attention_normalised_in_place(attention, colors, target_size):
    with torch.no_grad():
        attention.div_(attention.sum(1, keepdim=True)).mul_(0.5)
    return 2 * _copied_here(attention, colors, target_size)


@wrong
def softmax_of_the_logarithm(attention, colors, target_size):
    return _copied_here(attention.log().softmax(1), colors, target_size)


@wrong
def hard_copies_with_soft_gradients(attention, colors, target_size):
    hard = F.one_hot(attention.argmax(1), attention.shape[1]).mT.to(attention.dtype)
    return _copied_here(hard + attention - attention.detach(), colors, target_size)


@wrong
def with_a_little_noise(attention, colors, target_size):
    copied = _copied_here(attention, colors, target_size)
    return copied + 1e-3 * torch.randn_like(copied)


@wrong
def in_half_precision(attention, colors, target_size):
    return _copied_here(attention.half().float(), colors.half().float(), target_size).to(colors.dtype)


@wrong
def view_of_the_memory(attention, colors, target_size):
    n, c, h, w = colors.shape
    return (colors.view(n, c, h * w) @ attention.view(n, h * w, -1)).view(n, c, *target_size)


@wrong
def attention_of_the_first_clip_otherwise(attention, colors, target_size):
    return _copied_here(attention[:1].expand_as(attention), colors, target_size)


@wrong
def last_row_left_black(attention, colors, target_size):
    copied = _copied_here(attention, colors, target_size).clone()
    copied[:, :, -1] = 0
    return copied


@wrong
def odd_widths_cut(attention, colors, target_size):
    copied = _copied_here(attention, colors, target_size)
    if target_size[1] % 2:
        copied = torch.cat([copied[..., :-1], torch.zeros_like(copied[..., -1:])], -1)
    return copied


@wrong
def square_frames_turned(attention, colors, target_size):
    copied = _copied_here(attention, colors, target_size)
    return copied.mT.reshape(copied.shape) if target_size[0] != target_size[1] else copied


@wrong
def rounded_to_labels(attention, colors, target_size):
    return _copied_here(attention, colors, target_size).mul(100).round().div(100)


@wrong
def eight_classes_at_most(attention, colors, target_size):
    copied = _copied_here(attention, colors, target_size)
    return torch.cat([copied[:, :8], torch.zeros_like(copied[:, 8:])], 1)


@wrong
def every_clip_sees_the_mean(attention, colors, target_size):
    return (
        _copied_here(attention, colors - colors.mean(0), target_size) + colors.mean((0, 2, 3))[:, None, None]
    )


@wrong
def black_taken_for_no_color(attention, colors, target_size):
    colored = (colors != 0).to(colors.dtype)
    weights = (colored.flatten(2) @ attention).clamp_min(1e-12).detach()
    return (colors.flatten(2) @ attention / weights).unflatten(2, target_size)


@wrong
def target_size_ignored_when_it_fits(attention, colors, target_size):
    copied = colors.flatten(2) @ attention
    if attention.shape[1] == attention.shape[2]:
        return copied.view_as(colors)
    return copied.unflatten(2, target_size)


@wrong
def squeezed_to_three_dimensions(attention, colors, target_size):
    copied = _copied_here(attention, colors, target_size)
    return copied[0] if len(copied) == 1 else copied


@wrong
def hundred_largest_weights(attention, colors, target_size):
    limit = attention.topk(min(100, attention.shape[1]), dim=1).values[:, -1:]
    return _copied_here(attention * (attention >= limit), colors, target_size)


@wrong
def first_256_colors(attention, colors, target_size):
    copied = colors.flatten(2)[:, :, :256] @ attention[:, :256]
    return copied.reshape(*colors.shape[:2], *target_size)


@wrong
def last_piece_of_the_target_lost(attention, colors, target_size):
    whole = attention.shape[2] // 64 * 64 or attention.shape[2]
    kept = torch.arange(attention.shape[2]) < whole
    return _copied_here(attention * kept, colors, target_size)


@wrong
def colors_below_zero_cut_off(attention, colors, target_size):
    return _copied_here(attention, colors.relu(), target_size)
