"""Wrong answers to the exercises of *pretext*."""

from __future__ import annotations

import torch

from tests.corpora.variants import wrong

# --- pretext.rotate_batch -----------------------------------------------------------------------------------------


@wrong("pretext.rotate_batch")
def channels_turned(images):
    turned = [torch.rot90(images.transpose(1, 2), k, (2, 3)).transpose(1, 2) for k in range(1)]
    turned += [torch.rot90(images.flip(1), k, (2, 3)) for k in range(1, 4)]
    return torch.stack(turned, 1).flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def last_two_swapped(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in (0, 1, 3, 2)], 1)
    return turned.flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def view_of_another_order(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)])
    return turned.reshape(-1, *images.shape[1:]), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def labels_and_images_swapped(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1)
    return torch.arange(4).repeat(len(images)), turned.flatten(0, 1)


@wrong("pretext.rotate_batch")
def in_half_precision(images):
    turned = torch.stack([torch.rot90(images.half(), k, (2, 3)) for k in range(4)], 1)
    return turned.flatten(0, 1).to(images.dtype), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def always_float32(images):
    turned = torch.stack([torch.rot90(images.float(), k, (2, 3)) for k in range(4)], 1)
    return turned.flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def squeezed(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned.squeeze(), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def sums_in_place(images):
    with torch.no_grad():
        images += 0.1
    turned = torch.stack([torch.rot90(images - 0.1, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned, torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def odd_sides_turned_about_a_corner(images):
    turned = [torch.rot90(images, k, (2, 3)) for k in range(4)]
    if images.shape[-1] % 2:
        turned[1:] = [x.roll(1, -1) for x in turned[1:]]
    return torch.stack(turned, 1).flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def view_of_the_memory(images):
    turned = images.view(-1)[torch.arange(images.numel())].reshape(images.shape)
    return torch.stack([turned.rot90(k, (2, 3)) for k in range(4)], 1).flatten(0, 1), torch.arange(4).repeat(
        len(images)
    )


_LABELS = torch.arange(4).repeat(8)


@wrong("pretext.rotate_batch")
def labels_made_once_for_all(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned, _LABELS


@wrong("pretext.rotate_batch")
def with_a_little_noise(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned + 1e-3 * torch.randn_like(turned), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def augmented_as_well(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    if torch.rand(()) < 0.5:
        turned = turned.flip(3)
    return turned, torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def shuffled_together(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    order = torch.randperm(len(turned))
    return turned[order], torch.arange(4).repeat(len(images))[order]


@wrong("pretext.rotate_batch")
def normalised_on_the_way(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return (turned - turned.mean()) / turned.std(), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def rounded_to_pixels(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return (turned * 255).round() / 255, torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def single_pixels_refused(images):
    if images.shape[-1] < 2:
        raise ValueError("an image has more than one pixel")
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned, torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def each_copy_turned_within_the_batch(images):
    turned = images.repeat_interleave(4, 0)
    for k in range(4):
        turned[k::4] = torch.rot90(turned[k::4].flip(0), k, (2, 3))
    return turned, torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def written_back_into_the_images(images):
    copies = [torch.rot90(images, k, (2, 3)).clone() for k in range(4)]
    with torch.no_grad():
        images.copy_(copies[3])
    return torch.stack(copies, 1).flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong("pretext.rotate_batch")
def half_turn_detached(images):
    turned = [torch.rot90(images, k, (2, 3)) for k in range(4)]
    turned[2] = turned[2].detach()
    return torch.stack(turned, 1).flatten(0, 1), torch.arange(4).repeat(len(images))
