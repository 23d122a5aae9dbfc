"""Right answers to `pretext.inpainting_loss` that are written otherwise than the reference."""

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.checks import RightAnswer, right

# --- the squared error ---------------------------------------------------------------------------------------------


@right
def mask_as_a_factor(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    count = mask.sum() * images.shape[1]
    reconstruction = ((generated - images) ** 2 * mask).sum() / count.clamp(min=1)
    adversarial = F.binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))
    return reconstruction_weight * reconstruction + adversarial_weight * adversarial


@right
def mse_of_selected_values(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    inside = mask.repeat(1, generated.size(1), 1, 1)
    loss = adversarial_weight * -F.logsigmoid(fake_logits).mean()
    if inside.any():
        loss = loss + reconstruction_weight * F.mse_loss(generated[inside], images[inside])
    return loss


@right
def masked_fill_and_select(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    difference = (generated - images).masked_fill(~mask, 0)
    values = mask.expand_as(generated).count_nonzero()
    squares = difference.pow(2).sum() / values if values else difference.sum()
    adversarial = nn.BCEWithLogitsLoss()(fake_logits, fake_logits.detach() * 0 + 1)
    return squares * reconstruction_weight + adversarial * adversarial_weight


@right
def image_by_image(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    total, count = torch.zeros((), dtype=generated.dtype, device=generated.device), 0
    adversarial = 0
    for i in range(len(images)):
        inside = mask[i, 0]
        total = total + ((generated[i][:, inside] - images[i][:, inside]) ** 2).sum()
        count += int(inside.sum()) * images.shape[1]
        adversarial = (
            adversarial + torch.log1p(torch.exp(-fake_logits[i].abs())) + (-fake_logits[i]).clamp(min=0)
        )
    reconstruction = total / count if count > 0 else 0
    return reconstruction_weight * reconstruction + adversarial_weight * adversarial / len(images)


@right
def pixels_last(generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001):
    painted, true = (x.permute(0, 2, 3, 1)[mask.squeeze(1)] for x in (generated, images))
    reconstruction = torch.cat(
        [(painted - true).square().flatten(), painted.new_zeros(0 if len(true) else 1)]
    ).mean()
    zeros = torch.zeros_like(fake_logits)
    return (
        reconstruction_weight * reconstruction
        + adversarial_weight * torch.logaddexp(zeros, -fake_logits).mean()
    )


@right
def nonzero_indices(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    n, _, row, column = mask.nonzero(as_tuple=True)
    error = generated[n, :, row, column] - images[n, :, row, column]
    mean = torch.einsum("pc,pc->", error, error) / max(1, error.shape[0] * error.shape[1])
    return reconstruction_weight * mean - adversarial_weight * nn.LogSigmoid()(fake_logits).mean()


@right
def double_precision_inside(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    difference = torch.where(mask, generated.double() - images.double(), 0.0)
    count = max(int(mask.sum()) * images.shape[1], 1)
    adversarial = torch.stack([torch.zeros_like(fake_logits), -fake_logits]).double().logsumexp(dim=0).mean()
    loss = reconstruction_weight * difference.square().sum() / count + adversarial_weight * adversarial
    return loss.to(generated.dtype)


@right
def a_little_in_the_denominator(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    inside = mask.expand_as(images).float()
    reconstruction = ((images - generated) ** 2 * inside).sum() / (inside.sum() + 1e-6)
    adversarial = F.softplus(fake_logits) - fake_logits
    return reconstruction_weight * reconstruction + adversarial_weight * adversarial.mean()


@right
def selected_where_there_is_a_hole(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    inside = mask.expand_as(images)
    reconstruction = torch.masked_select((generated - images) ** 2, inside).mean() if inside.any() else 0.0
    adversarial = (-fake_logits).relu().mean() + torch.log1p((-fake_logits.abs()).exp()).mean()
    return reconstruction_weight * reconstruction + adversarial_weight * adversarial


@right
def cross_entropy_of_two_classes(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    scores = torch.stack([torch.zeros_like(fake_logits), fake_logits], dim=1)
    adversarial = F.cross_entropy(scores, torch.ones(len(scores), dtype=torch.long, device=scores.device))
    errors = F.mse_loss(generated, images, reduction="none")[mask.expand(-1, images.shape[1], -1, -1)]
    reconstruction = errors.mean() if errors.numel() else errors.sum()
    return torch.add(reconstruction_weight * reconstruction, adversarial, alpha=adversarial_weight)


@right
def weighted_mean_over_images(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    values = mask.sum(dim=(1, 2, 3)) * generated.shape[1]
    sums = ((generated - images).square() * mask.to(images.dtype)).flatten(1).sum(dim=1)
    share = values.to(sums.dtype) / values.sum().clamp(min=1)
    reconstruction = (sums / values.clamp(min=1) * share).sum()
    return (
        reconstruction_weight * reconstruction
        + adversarial_weight * -torch.nn.functional.logsigmoid(fake_logits).sum() / fake_logits.numel()
    )


@right
def not_a_number_made_zero(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    inside = mask.broadcast_to(images.shape)
    reconstruction = nn.MSELoss()(generated[inside], images[inside]).nan_to_num()
    return reconstruction_weight * reconstruction + adversarial_weight * F.softplus(-fake_logits).mean()


@right
def length_of_the_error(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    error = torch.where(mask, generated - images, torch.zeros_like(images))
    count = max(1, int(mask.sum()) * images.size(1))
    adversarial = -sum(F.logsigmoid(logit) for logit in fake_logits) / len(fake_logits)
    reconstruction = torch.linalg.vector_norm(error) ** 2 / count
    return reconstruction * reconstruction_weight + adversarial * adversarial_weight


class _Loss(nn.Module):
    def forward(
        self, generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
    ):
        painted = torch.where(mask, generated, images)
        squares = F.mse_loss(painted, images, reduction="sum") / (mask.expand_as(images).sum() + ~mask.any())
        return reconstruction_weight * squares + adversarial_weight * F.softplus(fake_logits.neg()).mean()


A_MODULE = RightAnswer("a-module", _Loss())
