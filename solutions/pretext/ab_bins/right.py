"""Right answers to `pretext.ab_bins` that are written otherwise than the reference."""

import numpy as np
import torch
from sklearn.metrics import pairwise_distances_argmin
from torch import nn

from course_utils.checks import RightAnswer, right
from course_utils.data import ColourClusters


@right
def cdist_of_rows(ab, centres):
    n, _, h, w = ab.shape
    pixels = ab.permute(0, 2, 3, 1).reshape(-1, 2)
    return torch.cdist(pixels, centres).argmin(dim=1).view(n, h, w)


@right
def a_and_b_by_themselves(ab, centres):
    a, b = ab[:, 0].unsqueeze(-1), ab[:, 1].unsqueeze(-1)
    return torch.argmin((a - centres[:, 0]) ** 2 + (b - centres[:, 1]) ** 2, dim=-1)


@right
def lengths_and_products(ab, centres):
    products = torch.einsum("nchw,kc->nkhw", ab, centres)
    return (centres.square().sum(dim=1)[None, :, None, None] - 2 * products).argmin(dim=1)


@right
def centre_after_centre(ab, centres):
    best = torch.full_like(ab[:, 0], torch.inf)
    number = torch.zeros_like(best, dtype=torch.int64)
    for k, centre in enumerate(centres):
        distance = torch.linalg.norm(ab - centre.view(1, 2, 1, 1), dim=1)
        nearer = distance < best
        best = torch.where(nearer, distance, best)
        number[nearer] = k
    return number


@right
def pixel_by_pixel(ab, centres):
    n, _, h, w = ab.shape
    out = torch.empty(n, h, w, dtype=torch.long, device=ab.device)
    for i in range(n):
        for row in range(h):
            for column in range(w):
                out[i, row, column] = (centres - ab[i, :, row, column]).pow(2).sum(1).argmin()
    return out


@right
def image_by_image(ab, centres):
    maps = [torch.cdist(image.flatten(1).T, centres).min(dim=1).indices.view(image.shape[1:]) for image in ab]
    return torch.stack(maps)


@right
def numpy_hypot(ab, centres):
    pixels, points = ab.detach().cpu().numpy(), centres.detach().cpu().numpy()
    distance = np.hypot(pixels[:, 0, ..., None] - points[:, 0], pixels[:, 1, ..., None] - points[:, 1])
    return torch.from_numpy(distance.argmin(-1)).to(ab.device)


@right
def sklearn_argmin(ab, centres):
    n, _, h, w = ab.shape
    pixels = ab.detach().movedim(1, 3).reshape(-1, 2).double().cpu().numpy()
    nearest = pairwise_distances_argmin(pixels, centres.detach().double().cpu().numpy())
    return torch.as_tensor(nearest, dtype=torch.int64, device=ab.device).reshape(n, h, w)


@right
@torch.no_grad()
def broadcast_in_double_precision(ab, centres):
    offset = ab.double()[:, None] - centres.double()[None, :, :, None, None]
    return offset.norm(p=2, dim=2).argmin(dim=1)


@right
def sorted_stably(ab, centres):
    distance = (ab.unsqueeze(-1) - centres.T[:, None, None]).square().sum(dim=1)
    return distance.sort(dim=-1, stable=True).indices[..., 0].clone()


@right
def negative_argmax_of_complex_numbers(ab, centres):
    pixels, points = torch.complex(ab[:, 0], ab[:, 1]), torch.complex(centres[:, 0], centres[:, 1])
    difference = pixels[..., None] - points
    return (-(difference.real**2 + difference.imag**2)).argmax(dim=-1)


@right
def palette_of_course_utils(ab, centres):
    return ColourClusters(centres).assign(ab)


@right
def lists_of_squares(ab, centres):
    planes = [((ab[:, 0] - a) ** 2 + (ab[:, 1] - b) ** 2).flatten().tolist() for a, b in centres]
    nearest = [min(range(len(planes)), key=lambda k: planes[k][i]) for i in range(len(planes[0]))]
    return torch.tensor(nearest, device=ab.device).reshape(ab[:, 0].shape)


class _Bins(nn.Module):
    def forward(self, ab, centres):
        closest = torch.stack([(ab - c[:, None, None]).mul(1).square().sum(1) for c in centres], dim=0)
        return closest.argmin(0)


A_MODULE = RightAnswer("a-module", _Bins())
