"""Wrong answers to the exercises of *video*."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from tests.corpora.variants import wrong

# --- video.colorization_attention ---------------------------------------------------------------------------------


def _scores(reference, target):
    return reference.flatten(2).mT @ target.flatten(2)


@wrong("video.colorization_attention")
def negative_distances(reference, target, temperature=1.0):
    distances = torch.cdist(reference.flatten(2).mT, target.flatten(2).mT)
    return (-distances.square() / temperature).softmax(1)


@wrong("video.colorization_attention")
def only_the_target_is_normalised(reference, target, temperature=1.0):
    return (_scores(reference, F.normalize(target, dim=1)) / temperature).softmax(1)


@wrong("video.colorization_attention")
def argmax_only(reference, target, temperature=1.0):
    scores = _scores(reference, target)
    return F.one_hot(scores.argmax(1), scores.shape[1]).mT.to(scores.dtype)


@wrong("video.colorization_attention")
def another_default(reference, target, temperature=0.5):
    return (_scores(reference, target) / temperature).softmax(1)


@wrong("video.colorization_attention")
def kept_from_zero_by_eps(reference, target, temperature=1.0):
    scores = _scores(reference, target) / temperature
    e = (scores - scores.amax(1, keepdim=True)).exp()
    return e / (e.sum(1, keepdim=True) + 1e-3)


@wrong("video.colorization_attention")
def scores_clamped(reference, target, temperature=1.0):
    return (_scores(reference, target) / temperature).clamp(-50, 50).softmax(1)


@wrong("video.colorization_attention")
def scaled_by_the_positions(reference, target, temperature=1.0):
    scores = _scores(reference, target) / temperature
    return (scores / math.sqrt(scores.shape[1])).softmax(1)


@wrong("video.colorization_attention")
def divided_by_channels(reference, target, temperature=1.0):
    return (_scores(reference, target) / reference.shape[1] / temperature).softmax(1)


@wrong("video.colorization_attention")
def sigmoid(reference, target, temperature=1.0):
    weights = (_scores(reference, target) / temperature).sigmoid()
    return weights / weights.sum(1, keepdim=True)


@wrong("video.colorization_attention")
def always_single_precision(reference, target, temperature=1.0):
    return (_scores(reference.float(), target.float()) / temperature).softmax(1)


@wrong("video.colorization_attention")
def softmax_before_the_temperature_power(reference, target, temperature=1.0):
    weights = _scores(reference, target).softmax(1) ** (1 / temperature)
    return weights / weights.sum(1, keepdim=True)


@wrong("video.colorization_attention")
def dropout_left_in(reference, target, temperature=1.0):
    return F.dropout((_scores(reference, target) / temperature).softmax(1), 0.1)


@wrong("video.colorization_attention")
def reference_scaled_in_place(reference, target, temperature=1.0):
    with torch.no_grad():
        reference /= temperature
    return _scores(reference, target).softmax(1)


@wrong("video.colorization_attention")
def attention_with_a_little_noise(reference, target, temperature=1.0):
    scores = _scores(reference, target) / temperature
    return (scores + 1e-2 * torch.randn_like(scores)).softmax(1)


@wrong("video.colorization_attention")
def attention_in_half_precision(reference, target, temperature=1.0):
    return (
        (_scores(reference.half().float(), target.half().float()) / temperature).softmax(1).to(target.dtype)
    )


@wrong("video.colorization_attention")
def view_of_the_frames(reference, target, temperature=1.0):
    n, d = reference.shape[:2]
    scores = reference.view(n, d, -1).mT @ target.view(n, d, -1)
    return (scores / temperature).softmax(1)


@wrong("video.colorization_attention")
def ten_best_only(reference, target, temperature=1.0):
    scores = _scores(reference, target) / temperature
    kept = scores.topk(min(10, scores.shape[1]), dim=1)
    return torch.full_like(scores, -torch.inf).scatter(1, kept.indices, kept.values).softmax(1)


@wrong("video.colorization_attention")
def temperature_with_an_eps(reference, target, temperature=1.0):
    return (_scores(reference, target) / (temperature + 1e-3)).softmax(1)


@wrong("video.colorization_attention")
def temperature_never_below_a_twentieth(reference, target, temperature=1.0):
    return (_scores(reference, target) / max(temperature, 0.05)).softmax(1)


@wrong("video.colorization_attention")
def temperature_never_above_one(reference, target, temperature=1.0):
    return (_scores(reference, target) / min(temperature, 1.0)).softmax(1)


@wrong("video.colorization_attention")
def weights_of_the_first_clip(reference, target, temperature=1.0):
    weights = (_scores(reference, target) / temperature).softmax(1)
    return weights[:1].expand_as(weights)


@wrong("video.colorization_attention")
def only_clips_of_square_frames(reference, target, temperature=1.0):
    n, d, h, w = target.shape
    return (_scores(reference, target.mT.reshape(n, d, h, w)) / temperature).softmax(1)


@wrong("video.colorization_attention")
def both_directions_averaged(reference, target, temperature=1.0):
    scores = _scores(reference, target) / temperature
    return (scores.softmax(1) + scores.softmax(2)) / 2


@wrong("video.colorization_attention")
def own_position_masked(reference, target, temperature=1.0):
    scores = _scores(reference, target) / temperature
    own = torch.eye(scores.shape[1], scores.shape[2], dtype=torch.bool)
    return scores.masked_fill(own, -1e9 if scores.shape[1] > 1 else 0).softmax(1)


@wrong("video.colorization_attention")
def detached_where_it_is_small(reference, target, temperature=1.0):
    weights = (_scores(reference, target) / temperature).softmax(1)
    return torch.where(weights < 0.05, weights.detach(), weights)


@wrong("video.colorization_attention")
def embeddings_clipped_to_length_two(reference, target, temperature=1.0):
    a, b = (x / (x.norm(dim=1, keepdim=True) / 2).clamp_min(1) for x in (reference, target))
    return (_scores(a, b) / temperature).softmax(1)


@wrong("video.colorization_attention")
def one_clip_without_its_dimension(reference, target, temperature=1.0):
    weights = (_scores(reference, target) / temperature).softmax(1)
    return weights.squeeze(0)


@wrong("video.colorization_attention")
def one_position_squeezed(reference, target, temperature=1.0):
    return (_scores(reference, target) / temperature).softmax(1).squeeze(1)


@wrong("video.colorization_attention")
def gumbel_noise(reference, target, temperature=1.0):
    return F.gumbel_softmax(_scores(reference, target), tau=temperature, dim=1)


# --- video.copy_colors --------------------------------------------------------------------------------------------


def _copied(attention, colors, target_size):
    return (colors.flatten(2) @ attention).reshape(*colors.shape[:2], *target_size)


@wrong("video.copy_colors")
def sized_like_the_reference(attention, colors, target_size):
    return (colors.flatten(2) @ attention).view_as(colors)


@wrong("video.copy_colors")
def weights_squared(attention, colors, target_size):
    return _copied(attention**2, colors, target_size)


@wrong("video.copy_colors")
def small_weights_dropped(attention, colors, target_size):
    return _copied(attention * (attention > 0.01), colors, target_size)


@wrong("video.copy_colors")
def top_five(attention, colors, target_size):
    kept = attention.topk(min(5, attention.shape[1]), dim=1)
    return _copied(torch.zeros_like(attention).scatter(1, kept.indices, kept.values), colors, target_size)


@wrong("video.copy_colors")
def channels_in_reverse(attention, colors, target_size):
    return _copied(attention, colors.flip(1), target_size)


@wrong("video.copy_colors")
def sampled(attention, colors, target_size):
    n, _, m = attention.shape
    chosen = (
        torch.multinomial(attention.mT.reshape(n * m, -1), 1).view(n, 1, m).expand(-1, colors.shape[1], -1)
    )
    return colors.flatten(2).gather(2, chosen).unflatten(2, target_size)


@wrong("video.copy_colors")
def one_channel_at_most(attention, colors, target_size):
    return _copied(attention, colors[:, :3], target_size)


@wrong("video.copy_colors")
def colors_squashed(attention, colors, target_size):
    return torch.tanh(_copied(attention, colors, target_size))


@wrong("video.copy_colors")
def square_targets_only(attention, colors, target_size):
    side = math.isqrt(attention.shape[2])
    return (colors.flatten(2) @ attention)[..., : side * side].unflatten(2, (side, side))


@wrong("video.copy_colors")
def clips_joined(attention, colors, target_size):
    return _copied(attention, colors, target_size).squeeze()


@wrong("video.copy_colors")
def single_precision(attention, colors, target_size):
    return _copied(attention.float(), colors.float(), target_size)


@wrong("video.copy_colors")
def attention_normalised_in_place(attention, colors, target_size):
    with torch.no_grad():
        attention.div_(attention.sum(1, keepdim=True)).mul_(0.5)
    return 2 * _copied(attention, colors, target_size)


@wrong("video.copy_colors")
def softmax_of_the_logarithm(attention, colors, target_size):
    return _copied(attention.log().softmax(1), colors, target_size)


@wrong("video.copy_colors")
def hard_copies_with_soft_gradients(attention, colors, target_size):
    hard = F.one_hot(attention.argmax(1), attention.shape[1]).mT.to(attention.dtype)
    return _copied(hard + attention - attention.detach(), colors, target_size)


@wrong("video.copy_colors")
def with_a_little_noise(attention, colors, target_size):
    copied = _copied(attention, colors, target_size)
    return copied + 1e-3 * torch.randn_like(copied)


@wrong("video.copy_colors")
def in_half_precision(attention, colors, target_size):
    return _copied(attention.half().float(), colors.half().float(), target_size).to(colors.dtype)


@wrong("video.copy_colors")
def view_of_the_memory(attention, colors, target_size):
    n, c, h, w = colors.shape
    return (colors.view(n, c, h * w) @ attention.view(n, h * w, -1)).view(n, c, *target_size)


@wrong("video.copy_colors")
def attention_of_the_first_clip(attention, colors, target_size):
    return _copied(attention[:1].expand_as(attention), colors, target_size)


@wrong("video.copy_colors")
def last_row_left_black(attention, colors, target_size):
    copied = _copied(attention, colors, target_size).clone()
    copied[:, :, -1] = 0
    return copied


@wrong("video.copy_colors")
def odd_widths_cut(attention, colors, target_size):
    copied = _copied(attention, colors, target_size)
    if target_size[1] % 2:
        copied = torch.cat([copied[..., :-1], torch.zeros_like(copied[..., -1:])], -1)
    return copied


@wrong("video.copy_colors")
def square_frames_turned(attention, colors, target_size):
    copied = _copied(attention, colors, target_size)
    return copied.mT.reshape(copied.shape) if target_size[0] != target_size[1] else copied


@wrong("video.copy_colors")
def rounded_to_labels(attention, colors, target_size):
    return _copied(attention, colors, target_size).mul(100).round().div(100)


@wrong("video.copy_colors")
def eight_classes_at_most(attention, colors, target_size):
    copied = _copied(attention, colors, target_size)
    return torch.cat([copied[:, :8], torch.zeros_like(copied[:, 8:])], 1)


@wrong("video.copy_colors")
def every_clip_sees_the_mean(attention, colors, target_size):
    return _copied(attention, colors - colors.mean(0), target_size) + colors.mean((0, 2, 3))[:, None, None]


@wrong("video.copy_colors")
def target_size_ignored_when_it_fits(attention, colors, target_size):
    copied = colors.flatten(2) @ attention
    if attention.shape[1] == attention.shape[2]:
        return copied.view_as(colors)
    return copied.unflatten(2, target_size)


@wrong("video.copy_colors")
def squeezed_to_three_dimensions(attention, colors, target_size):
    copied = _copied(attention, colors, target_size)
    return copied[0] if len(copied) == 1 else copied
