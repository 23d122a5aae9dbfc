"""Right answers to `pretext.rotate_batch` that are written otherwise than the reference."""

from functools import partial
from itertools import accumulate, repeat

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Tensor, nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms import functional as vision

from course_utils.checks import RightAnswer, right

# --- the images ----------------------------------------------------------------------------------------------------


@right
def loops_and_lists(images):
    turned, labels = [], []
    for image in images:
        for k in range(4):
            turned.append(torch.rot90(image, k, [1, 2]))
            labels.append(k)
    return torch.stack(turned), torch.tensor(labels, device=images.device)


@right
def flips_and_transposes(images):
    quarter, half = images.mT.flip(-2), images.flip(-1, -2)
    turned = torch.stack((images, quarter, half, images.flip(-2).mT), 1)
    return turned.view(-1, *images.shape[1:]), torch.arange(4 * len(images), device=images.device) % 4


@right
def written_into_zeros(images):
    turned = torch.zeros(4 * len(images), *images.shape[1:], dtype=images.dtype, device=images.device)
    labels = torch.zeros(4 * len(images), device=images.device).long()
    for k in range(4):
        turned[k::4] = torch.rot90(images, k, (2, 3))
        labels[k::4] = k
    return turned, labels


@right
def copies_overwritten(images):
    turned = images.repeat_interleave(4, dim=0)
    for k in (1, 2, 3):
        turned[k::4] = turned[k::4].clone().rot90(k, (2, 3))
    return turned, torch.tensor([0, 1, 2, 3], device=images.device).repeat(images.size(0))


@right
def turned_again_and_again(images):
    copies = [images]
    for _ in range(3):
        copies.append(copies[-1].rot90(1, (2, 3)))
    return torch.cat(copies, 1).reshape(-1, *images.shape[1:]), _labels(len(images), images.device)


@right
def accumulated(images):
    turns = accumulate(repeat(images, 4), lambda turned, _: turned.transpose(2, 3).flip(2))
    return torch.stack(tuple(turns), 1).flatten(0, 1), _labels(len(images), images.device)


@right
def clockwise_from_the_end(images):
    turned = [torch.rot90(images, -k, dims=(-2, -1)) for k in (4, 3, 2, 1)]
    return torch.stack([turned[0], *turned[1:]], 1).flatten(0, 1), _labels(len(images), images.device)


@right
def by_turn_then_sorted(images):
    n = len(images)
    turned = torch.cat([torch.rot90(images, k, (2, 3)) for k in range(4)])
    order = torch.arange(4 * n, device=images.device).view(4, n).T.flatten()
    return turned[order], torch.arange(4, device=images.device).repeat_interleave(n)[order]


@right
def zipped(images):
    turns = (torch.rot90(images, k, (2, 3)) for k in range(4))
    turned = [image for copies in zip(*turns, strict=True) for image in copies]
    return torch.stack(turned), torch.tensor([*range(4)] * len(images), device=images.device)


@right
def a_case_for_each_turn(images):
    def turn(x, k):
        if k == 0:
            return x
        if k == 1:
            return x.transpose(-1, -2).flip(-2)
        if k == 2:
            return x.flip((-1, -2))
        return x.transpose(-1, -2).flip(-1)

    turned = torch.cat([turn(image[None], k) for image in images for k in range(4)])
    return turned, _labels(len(images), images.device)


@right
def gathered_by_pixel(images):
    n, c, s, _ = images.shape
    grid = torch.arange(s * s, device=images.device).view(s, s)
    places = torch.stack([torch.rot90(grid, k).flatten() for k in range(4)])
    turned = images.flatten(2)[:, :, places].transpose(1, 2)
    labels = torch.arange(4, device=images.device).expand(n, 4).flatten()
    return turned.reshape(4 * n, c, s, s), labels


@right
def places_from_numpy(images):
    n, c, s, _ = images.shape
    grid = np.arange(s * s).reshape(s, s)
    places = np.stack([np.ascontiguousarray(np.rot90(grid, k)) for k in range(4)]).reshape(4, 1, -1)
    index = torch.from_numpy(places).to(images.device).repeat(n, c, 1)
    turned = images.flatten(2).repeat_interleave(4, 0).gather(2, index)
    return turned.unflatten(2, (s, s)), _labels(n, images.device)


@right
def coordinates_turned(images):
    s = images.shape[-1]
    places = torch.arange(s, device=images.device)
    row, column = torch.meshgrid(places, places, indexing="ij")
    turned = []
    for _ in range(4):
        turned.append(images[:, :, row, column])
        row, column = row.T.flip(0), column.T.flip(0)
    return torch.stack(turned, dim=1).flatten(0, 1), _labels(len(images), images.device)


@right
def exchange_matrix(images):
    mirror = torch.eye(images.shape[-1], dtype=images.dtype, device=images.device).flip(0)
    quarter = mirror @ images.mT
    turned = torch.stack([images, quarter, mirror @ images @ mirror, images.mT @ mirror], dim=1)
    return turned.flatten(0, 1), _labels(len(images), images.device)


@right
def nearest_on_an_affine_grid(images):
    n = len(images)
    cosine, sine = ([1, 0, -1, 0], [0, 1, 0, -1])
    turns = [[[c, -s, 0], [s, c, 0]] for c, s in zip(cosine, sine, strict=True)]
    theta = torch.tensor(turns, dtype=images.dtype, device=images.device).repeat(n, 1, 1)
    copies = images.repeat_interleave(4, 0)
    grid = F.affine_grid(theta, list(copies.shape), align_corners=False)
    return F.grid_sample(copies, grid, mode="nearest", align_corners=False), _labels(n, images.device)


@right
def bilinear_on_an_affine_grid(images):
    # Sines and cosines are rounded, and so is every sampling point: pixels are off by some units in the last place.
    copies = []
    for k in range(4):
        angle = torch.tensor(k * np.pi / 2, dtype=images.dtype, device=images.device)
        zero, cosine, sine = torch.zeros_like(angle), angle.cos(), angle.sin()
        theta = torch.stack([cosine, -sine, zero, sine, cosine, zero]).view(2, 3)
        size = list(images.shape)
        grid = F.affine_grid(theta.expand(len(images), 2, 3), size, align_corners=False)
        copies.append(F.grid_sample(images, grid, "bilinear", padding_mode="border", align_corners=False))
    return torch.stack(copies, 1).flatten(0, 1), _labels(len(images), images.device)


@right
def bilinear_between_corners(images):
    angles = torch.arange(4, dtype=torch.float64, device=images.device).mul(torch.pi / 2)
    cosine, sine, zero = angles.cos(), angles.sin(), torch.zeros_like(angles)
    theta = torch.stack([cosine, -sine, zero, sine, cosine, zero], 1).view(4, 2, 3).to(images)
    copies = images.repeat_interleave(4, 0)
    grid = F.affine_grid(theta.repeat(len(images), 1, 1), list(copies.shape), align_corners=True)
    turned = F.grid_sample(copies, grid, "bilinear", padding_mode="border", align_corners=True)
    return turned, _labels(len(images), images.device)


@right
def torchvision_rotate_bilinear_and_expanded(images):
    bilinear = InterpolationMode.BILINEAR
    turned = torch.stack([vision.rotate(images, 90.0 * k, bilinear, expand=True) for k in range(4)], 1)
    return turned.flatten(0, 1), _labels(len(images), images.device)


@right
def bicubic_on_an_affine_grid(images):
    # Whole turns as numbers that nothing rounds; only the sampling points are rounded.
    turns = [[[c, -s, 0], [s, c, 0]] for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))]
    theta = torch.tensor(turns, dtype=images.dtype, device=images.device).repeat(len(images), 1, 1)
    copies = images.repeat_interleave(4, 0)
    grid = F.affine_grid(theta, list(copies.shape), align_corners=False)
    turned = F.grid_sample(copies, grid, "bicubic", padding_mode="border", align_corners=False)
    return turned, _labels(len(images), images.device)


@right
def positions_as_complex_numbers(images):
    side = images.shape[-1]
    steps = torch.arange(side, dtype=torch.float64, device=images.device) - (side - 1) / 2
    positions = torch.complex(steps.expand(side, side), -steps[:, None].expand(side, side))
    turned = []
    for k in range(4):
        source = positions * (-1j) ** k + (side - 1) / 2 * (1 - 1j)
        turned.append(images[..., -source.imag.round().long(), source.real.round().long()])
    return torch.stack(turned, 1).flatten(0, 1), _labels(len(images), images.device)


@right
def permutation_of_all_pixels(images):
    side = images.shape[-1]
    places = torch.arange(side * side, device=images.device).view(side, side)
    one_hot = torch.eye(side * side, dtype=images.dtype, device=images.device)
    matrices = torch.stack([one_hot[places.rot90(k).flatten()] for k in range(4)])
    turned = torch.einsum("kpq,ncq->nkcp", matrices, images.flatten(2))
    return turned.flatten(0, 1).unflatten(2, (side, side)), _labels(len(images), images.device)


@right
def mirrors_by_two_fourier_transforms(images):
    def mirror(x, dim):
        twice = torch.fft.fft(torch.fft.fft(x, dim=dim), dim=dim)
        return (twice.real / x.shape[dim]).roll(-1, dim)

    quarter, other = mirror(images.mT, 2), mirror(images.mT, 3)
    turned = torch.stack([images, quarter, mirror(mirror(images, 2), 3), other], 1)
    return turned.flatten(0, 1), _labels(len(images), images.device)


@right
def vmap_over_images(images):
    turned = torch.vmap(lambda x: torch.stack([x.rot90(k, (-2, -1)) for k in range(4)]))(images)
    labels = torch.tensor([k for _ in images for k in range(4)], dtype=torch.long, device=images.device)
    return turned.flatten(end_dim=1), labels


@right
def torchvision_rotate(images):
    turned = torch.stack([vision.rotate(images, 90 * k) for k in range(4)], 1)
    return turned.flatten(0, 1), _labels(len(images), images.device)


@right
def channels_last_inside(images):
    pixels = images.permute(0, 2, 3, 1)
    turned = torch.stack([torch.rot90(pixels, k, (1, 2)) for k in range(4)], dim=1).flatten(0, 1)
    return turned.permute(0, 3, 1, 2), _labels(len(images), images.device)


# --- the labels and the form of the answer -------------------------------------------------------------------------


@torch.no_grad()
def _labels(count, device):
    return torch.arange(4, device=device).repeat(count)


@right
def a_list_is_returned(images):
    turned = torch.stack([torch.rot90(images, k, [-2, -1]) for k in range(4)], 1)
    labels = torch.tensor([0, 1, 2, 3] * len(images), device=images.device)
    return [turned.reshape(-1, *images.shape[1:]), labels]


@right
def labels_from_numpy(images):
    labels = torch.from_numpy(np.tile(np.arange(4), len(images))).to(images.device)
    copies = images.repeat_interleave(4, dim=0)
    pairs = zip(copies, labels.tolist(), strict=True)
    return torch.stack([torch.rot90(image, k, (1, 2)) for image, k in pairs]), labels


@right
def labels_from_pairs(images):
    pairs = torch.cartesian_prod(
        torch.arange(len(images), device=images.device), torch.arange(4, device=images.device)
    )
    turned = torch.stack([images[i].rot90(int(k), (1, 2)) for i, k in pairs])
    return turned, pairs[:, 1].clone()


@right
def labels_broadcast(images):
    turned = images.new_empty(len(images), 4, *images.shape[1:])
    labels = torch.zeros(len(images), 4, dtype=torch.int64, device=images.device)
    labels += torch.arange(4, device=images.device)
    for k in range(4):
        turned[:, k] = torch.rot90(images, k, (2, 3))
    return turned.reshape(-1, *images.shape[-3:]), labels.reshape(-1)


@right
def labels_counted_up(images):
    ones = torch.ones(4 * len(images), dtype=torch.long, device=images.device)
    turned = torch.cat([images.rot90(k, (2, 3)).unsqueeze(1) for k in range(4)], dim=1)
    return turned.flatten(0, 1), (ones.cumsum(0) - 1).remainder(4)


@right
def with_types_and_an_option(
    images: Float[Tensor, "n c s s"], *, turns: int = 4
) -> tuple[Float[Tensor, "m c s s"], Int64[Tensor, " m"]]:
    turned: list[Tensor] = [torch.rot90(images, k, dims=(2, 3)) for k in range(turns)]
    labels: Tensor = torch.arange(turns, device=images.device).repeat(images.shape[0])
    return torch.stack(turned, dim=1).flatten(start_dim=0, end_dim=1), labels


class _Turn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, images):
        return torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)

    @staticmethod
    def backward(ctx, gradient):
        copies = gradient.unflatten(0, (-1, 4)).unbind(1)
        return sum(torch.rot90(copy, -k, (2, 3)) for k, copy in enumerate(copies))


@right
def gradient_of_its_own(images):
    return _Turn.apply(images), _labels(len(images), images.device)


class _Rotate:
    def __init__(self, turns=4):
        self.turns = range(turns)

    def image(self, image):
        return [image.rot90(turn, (1, 2)) for turn in self.turns]

    def __call__(self, images):
        copies = [copy for image in images for copy in self.image(image)]
        return torch.stack(copies), torch.tensor(list(self.turns) * len(images), device=images.device)


class _RotateModule(nn.Module):
    def forward(self, images):
        turned = [torch.rot90(images, k, (2, 3)) for k in range(4)]
        return torch.stack(turned, 1).flatten(0, 1), _labels(len(images), images.device)


def _turn_by(images, turns, dims):
    turned = torch.stack([images.rot90(turn, dims) for turn in turns], 1).flatten(0, 1)
    return turned, torch.tensor(turns, device=images.device).repeat(len(images))


AN_OBJECT = RightAnswer("an-object-that-is-called", _Rotate())


A_MODULE = RightAnswer("a-module", _RotateModule())


PARTIAL = RightAnswer("partial", partial(_turn_by, turns=(0, 1, 2, 3), dims=(2, 3)))


LAMBDA = RightAnswer(
    "lambda",
    lambda images: (
        torch.stack([images.rot90(k, (2, 3)) for k in range(4)], 1).flatten(0, 1),
        torch.arange(4, device=images.device).repeat(len(images)),
    ),
)
