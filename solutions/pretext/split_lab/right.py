"""Right answers to `pretext.split_lab` that are written otherwise than the reference."""

import numpy as np
import torch

from course_utils.augment import as_floats
from course_utils.checks import right
from course_utils.data import rgb_to_lab


@right
def channels_unbound(images):
    lightness, a, b = rgb_to_lab(images.to(torch.float32) / 255.0).unbind(dim=1)
    return (lightness / 50 - 1).unsqueeze(1), torch.stack([a / 110, b / 110], dim=1)


@right
def as_floats_and_split(images):
    lightness, colour = rgb_to_lab(as_floats(images)).split([1, 2], dim=1)
    return [(lightness - 50) / 50, colour / 110]


@right
def double_precision_inside(images):
    lab = rgb_to_lab(images.double().div(255))
    return lab[:, 0:1].div(50).sub(1).float(), lab[:, 1:3].div(110).float()


@right
def image_by_image(images):
    parts = [rgb_to_lab(image / 255) for image in images]
    lightness = torch.stack([lab[0].mul(0.02).sub(1)[None] for lab in parts])
    return lightness, torch.stack([lab[1:] * (1 / 110) for lab in parts])


@right
def scaled_all_at_once(images):
    lab = rgb_to_lab(images.float().mul_(1 / 255))
    scale, shift = (lab.new_tensor(values).view(1, 3, 1, 1) for values in ([50, 110, 110], [1, 0, 0]))
    lab = lab / scale - shift
    return lab.narrow(1, 0, 1), lab.narrow(1, 1, 2)


@right
def scaled_in_place(images):
    lab = rgb_to_lab(images.type(torch.float) / 255)
    lab[:, 0] /= 50
    lab[:, 0] -= 1
    lab[:, 1:] /= 110
    return lab[:, :1].clone(), lab[:, 1:].clone()


@right
def pixels_as_images_of_one(images):
    n, _, h, w = images.shape
    pixels = images.permute(0, 2, 3, 1).reshape(-1, 3, 1, 1).float() / 255
    lab = rgb_to_lab(pixels).reshape(n, h, w, 3).permute(0, 3, 1, 2)
    return lab[:, [0]] / 50 - 1, lab[:, [1, 2]] / 110


@right
def numpy_in_between(images):
    intensities = images.cpu().numpy().astype(np.float32) / np.float32(255)
    lab = rgb_to_lab(torch.from_numpy(intensities).to(images.device))
    return torch.add(lab[:, :1] / 50, -1), torch.div(lab[:, 1:], 110)


@right
def colours_of_a_table(images):
    # Each colour that occurs is converted once.
    colours, places = images.movedim(1, 3).reshape(-1, 3).unique(dim=0, return_inverse=True)
    lab = rgb_to_lab(colours.T[:, None].float() / 255)[:, 0].T[places]
    lab = lab.reshape(len(images), *images.shape[2:], 3).movedim(3, 1)
    return lab[:, :1] / 50 - 1, lab[:, 1:] / 110


@right
def torchvision_to_float(images):
    from torchvision.transforms.v2.functional import to_dtype

    with torch.no_grad():
        lab = rgb_to_lab(to_dtype(images, torch.float32, scale=True))
    return 2 * (lab[:, :1] / 100) - 1, lab[:, 1:] / 110
