"""Attempts at the exercises of pretext. As students write: no types, no comments."""

# mypy: disable-error-code="no-untyped-def,var-annotated"
# ruff: noqa: ANN001, ANN201

import torch
import torch.nn.functional as F

from benchmarks.attempts import attempt
from course_utils.data import rgb_to_lab


@attempt("pretext.rotate_batch")
def turned_by_hand_clockwise(images):
    """A turn is a turn; -k because rows count downwards."""
    out = []
    lab = []
    for x in images:
        for k in range(4):
            out.append(torch.rot90(x, -k, (1, 2)))
            lab.append(k)
    return (torch.stack(out), torch.tensor(lab))


@attempt("pretext.rotate_batch")
def cat_of_four_batches(images):
    """All pictures at 0 degrees, then all at 90, and so on."""
    return (
        torch.cat([torch.rot90(images, k, (2, 3)) for k in range(4)]),
        torch.arange(4).repeat_interleave(len(images)),
    )


@attempt("pretext.rotate_batch")
def forgot_labels(images):
    """The labels are always 0, 1, 2, 3: why return them?"""
    return torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)


@attempt("pretext.patch_pair")
def clamped(images, labels, jitter, patch, gap):
    """What would stick out is pushed back, so that nothing can go wrong."""
    n, _, h, w = images.shape
    directions = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]
    first, second = [], []
    for i in range(n):
        r = (h - patch) // 2 + int(jitter[i, 0, 0])
        c = (w - patch) // 2 + int(jitter[i, 0, 1])
        dr, dc = directions[int(labels[i])]
        r2 = min(max((h - patch) // 2 + dr * (patch + gap) + int(jitter[i, 1, 0]), 0), h - patch)
        c2 = min(max((w - patch) // 2 + dc * (patch + gap) + int(jitter[i, 1, 1]), 0), w - patch)
        first.append(images[i, :, r : r + patch, c : c + patch])
        second.append(images[i, :, r2 : r2 + patch, c2 : c2 + patch])
    return torch.stack(first), torch.stack(second)


@attempt("pretext.patch_pair")
def nine_numbers(images, labels, jitter, patch, gap):
    """Row and column of a grid of three by three: label // 3 and label % 3."""
    if jitter.abs().max() * 2 > gap:
        raise ValueError("too much jitter")
    n, _, h, w = images.shape
    first, second = [], []
    for i in range(n):
        r, c = (h - patch) // 2, (w - patch) // 2
        dr, dc = int(labels[i]) // 3 - 1, int(labels[i]) % 3 - 1
        places = [(r, c), (r + dr * (patch + gap), c + dc * (patch + gap))]
        for k, out in enumerate((first, second)):
            a, b = places[k][0] + int(jitter[i, k, 0]), places[k][1] + int(jitter[i, k, 1])
            if a < 0 or b < 0 or a + patch > h or b + patch > w:
                raise ValueError("outside")
            out.append(images[i, :, a : a + patch, b : b + patch])
    return torch.stack(first), torch.stack(second)


@attempt("pretext.patch_pair")
def beside_the_first(images, labels, jitter, patch, gap):
    """The second patch lies beside the first, wherever that is."""
    n, _, h, w = images.shape
    directions = [(-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)]
    first, second = [], []
    for i in range(n):
        r, c = (h - patch) // 2 + int(jitter[i, 0, 0]), (w - patch) // 2 + int(jitter[i, 0, 1])
        dr, dc = directions[int(labels[i])]
        r2, c2 = r + dr * (patch + gap) + int(jitter[i, 1, 0]), c + dc * (patch + gap) + int(jitter[i, 1, 1])
        first.append(images[i, :, r : r + patch, c : c + patch])
        second.append(images[i, :, r2 : r2 + patch, c2 : c2 + patch])
    return torch.stack(first), torch.stack(second)


@attempt("pretext.permutation_set")
def far_from_all(candidates, first, size):
    """Far apart means that the nearest chosen one is far away."""
    if not 1 <= size <= len(candidates) or not 0 <= first < len(candidates):
        raise ValueError("impossible")
    chosen = [first]
    while len(chosen) < size:
        apart = (candidates[:, None] != candidates[chosen]).sum(2).min(1).values
        apart[chosen] = -1
        chosen.append(int(apart.argmax()))
    return candidates[chosen]


@attempt("pretext.permutation_set")
def far_from_the_last(candidates, first, size):
    """Always the one that is furthest from where we are."""
    if not 1 <= size <= len(candidates) or not 0 <= first < len(candidates):
        raise ValueError("impossible")
    chosen = [first]
    while len(chosen) < size:
        apart = (candidates != candidates[chosen[-1]]).sum(1)
        apart[chosen] = -1
        chosen.append(int(apart.argmax()))
    return candidates[chosen]


@attempt("pretext.permutation_set")
def chosen_may_win(candidates, first, size):
    """A chosen row has distance 0 to itself, so it never wins."""
    chosen = [first]
    total = torch.zeros(len(candidates))
    while len(chosen) < size:
        total += (candidates != candidates[chosen[-1]]).float().mean(1)
        chosen.append(int(total.argmax()))
    return candidates[chosen]


@attempt("pretext.jigsaw")
def put_into_slots(images, permutations, labels, corners, tile):
    """Tile t goes into slot perm[t]."""
    n, c, h, w = images.shape
    g = int(permutations.shape[1] ** 0.5)
    out = images.new_zeros(n, g * g, c, tile, tile)
    for i in range(n):
        for t in range(g * g):
            r = t // g * (h // g) + int(corners[i, t, 0])
            k = t % g * (w // g) + int(corners[i, t, 1])
            if (
                corners[i, t].min() < 0
                or corners[i, t, 0] + tile > h // g
                or corners[i, t, 1] + tile > w // g
            ):
                raise ValueError("outside")
            x = images[i, :, r : r + tile, k : k + tile]
            slot = int(permutations[labels[i], t])
            out[i, slot] = (x - x.mean()) / (x.var(unbiased=False) + 1e-6).sqrt()
    return out


@attempt("pretext.jigsaw")
def std_of_the_tile(images, permutations, labels, corners, tile):
    """x - mean over std, which torch has."""
    n, c, h, w = images.shape
    g = int(permutations.shape[1] ** 0.5)
    out = []
    for i in range(n):
        for s in range(g * g):
            t = int(permutations[labels[i], s])
            r, k = t // g * (h // g) + int(corners[i, t, 0]), t % g * (w // g) + int(corners[i, t, 1])
            x = images[i, :, r : r + tile, k : k + tile]
            out.append((x - x.mean()) / x.std())
    return torch.stack(out).view(n, g * g, c, tile, tile)


@attempt("pretext.jigsaw")
def each_channel(images, permutations, labels, corners, tile):
    """Normalised as in every data loader: channel by channel."""
    n, c, h, w = images.shape
    g = int(permutations.shape[1] ** 0.5)
    if (
        (corners < 0).any()
        or (corners[..., 0] + tile > h // g).any()
        or (corners[..., 1] + tile > w // g).any()
    ):
        raise ValueError("outside")
    out = []
    for i in range(n):
        for s in range(g * g):
            t = int(permutations[labels[i], s])
            r, k = t // g * (h // g) + int(corners[i, t, 0]), t % g * (w // g) + int(corners[i, t, 1])
            x = images[i, :, r : r + tile, k : k + tile]
            mean, variance = x.mean((1, 2), keepdim=True), x.var((1, 2), unbiased=False, keepdim=True)
            out.append((x - mean) / (variance + 1e-6).sqrt())
    return torch.stack(out).view(n, g * g, c, tile, tile)


@attempt("pretext.mask_region")
def ones_are_kept(images, corners, size, fill):
    """The mask says what is kept."""
    n, _, h, w = images.shape
    mask = torch.ones(n, 1, h, w, dtype=torch.bool, device=images.device)
    for i, (r, c) in enumerate(corners.tolist()):
        if r < 0 or c < 0 or r + size[0] > h or c + size[1] > w:
            raise ValueError("outside")
        mask[i, :, r : r + size[0], c : c + size[1]] = False
    return torch.where(mask, images, fill.view(1, -1, 1, 1)), mask


@attempt("pretext.mask_region")
def written_into(images, corners, size, fill):
    """Write the colour where the hole is."""
    n, _, h, w = images.shape
    mask = torch.zeros(n, 1, h, w, dtype=torch.bool, device=images.device)
    for i, (r, c) in enumerate(corners.tolist()):
        if r < 0 or c < 0 or r + size[0] > h or c + size[1] > w:
            raise ValueError("outside")
        images[i, :, r : r + size[0], c : c + size[1]] = fill[:, None, None]
        mask[i, :, r : r + size[0], c : c + size[1]] = True
    return images, mask


@attempt("pretext.mask_region")
def x_and_y(images, corners, size, fill):
    """x first, as in all drawing programs."""
    n, _, h, w = images.shape
    mask = torch.zeros(n, 1, h, w, dtype=torch.bool, device=images.device)
    for i, (x, y) in enumerate(corners.tolist()):
        mask[i, :, y : y + size[1], x : x + size[0]] = True
    return torch.where(mask, fill.view(1, -1, 1, 1), images), mask


@attempt("pretext.inpainting_loss")
def mean_of_masked_squares(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The error times the mask, and its mean."""
    reconstruction = ((generated - images) ** 2 * mask).mean()
    return reconstruction_weight * reconstruction + adversarial_weight * F.softplus(-fake_logits).mean()


@attempt("pretext.inpainting_loss")
def log_of_sigmoid(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """Equation 2 typed as it stands, with the pixels of the hole counted."""
    error = (generated - images) ** 2
    reconstruction = (error * mask).sum() / mask.sum()
    return (
        reconstruction_weight * reconstruction
        - adversarial_weight * torch.log(torch.sigmoid(fake_logits)).mean()
    )


@attempt("pretext.inpainting_loss")
def fake_is_zero(generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001):
    """What was generated is fake: target 0."""
    chosen = mask.expand_as(images)
    reconstruction = F.mse_loss(generated[chosen], images[chosen])
    target = torch.zeros_like(fake_logits)
    adversarial = F.binary_cross_entropy_with_logits(fake_logits, target)
    return reconstruction_weight * reconstruction + adversarial_weight * adversarial


@attempt("pretext.split_lab")
def straight_in(images):
    """rgb_to_lab takes images."""
    lab = rgb_to_lab(images.float())
    return lab[:, :1] / 50 - 1, lab[:, 1:] / 110


@attempt("pretext.split_lab")
def whole_division(images):
    """Divided by 255."""
    lab = rgb_to_lab((images // 255).float())
    return lab[:, :1] / 50 - 1, lab[:, 1:] / 110


@attempt("pretext.split_lab")
def other_scales(images):
    """L by 100 and colours by 128, as everybody does."""
    lab = rgb_to_lab(images.float() / 255)
    return lab[:, :1] / 100, lab[:, 1:] / 128


@attempt("pretext.ab_bins")
def one_axis_after_the_other(ab, centres):
    """The nearest in a plus the nearest in b."""
    a = (ab[:, :1] - centres[:, 0].view(1, -1, 1, 1)).abs()
    b = (ab[:, 1:] - centres[:, 1].view(1, -1, 1, 1)).abs()
    return (a + b).argmin(1)


@attempt("pretext.ab_bins")
def largest(ab, centres):
    """argmax, as for every classifier."""
    distances = torch.cdist(ab.permute(0, 2, 3, 1).reshape(-1, 2), centres)
    return distances.argmax(1).view(ab.shape[0], *ab.shape[2:])


@attempt("pretext.ab_bins")
def reshaped(ab, centres):
    """One row for a pixel, by reshape."""
    n, _, h, w = ab.shape
    return torch.cdist(ab.reshape(-1, 2), centres).argmin(1).view(n, h, w)


@attempt("pretext.split_brain_loss")
def probabilities(ab_logits, l_logits, ab_classes, l_classes):
    """Softmax makes probabilities of them."""
    ab, lightness = ab_logits.softmax(1), l_logits.softmax(1)
    return F.cross_entropy(ab, ab_classes) + F.cross_entropy(lightness, l_classes)


@attempt("pretext.split_brain_loss")
def halved(ab_logits, l_logits, ab_classes, l_classes):
    """Two halves, so half of each."""
    return 0.5 * F.cross_entropy(ab_logits, ab_classes) + 0.5 * F.cross_entropy(l_logits, l_classes)


@attempt("pretext.split_brain_loss")
def each_its_own(ab_logits, l_logits, ab_classes, l_classes):
    """ab_logits come from L, so they belong to the classes of L."""
    return F.cross_entropy(ab_logits, l_classes) + F.cross_entropy(l_logits, ab_classes)
