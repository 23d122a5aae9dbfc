"""How fast are two random views of a batch? Ours against lightly's loader, torchvision's transforms v2 and kornia.

    python -m benchmarks.augment                      # without kornia's row, if it isn't installed
    python -m benchmarks.augment --device cuda --size 224 --batch 256

The same family of views everywhere: random resized crop, flip, brightness, contrast, saturation and hue, greyscale, and
on request blur. torchvision draws one set of parameters for a batch, so that images must go through it one by one; its
time for the whole batch at once is shown too, as the floor that it could reach if all images were treated alike.
lightly is taken as its users take it: its default transform of SimCLR, image by image, in a DataLoader with a worker a
core; both views of half as many images are as many views. What it does besides is left in: it turns PIL images into
tensors and normalises them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2
from torchvision.transforms.functional import to_pil_image

from course_utils.augment import Augment

Views = Callable[[Tensor], Tensor]


def ours(blur: float) -> Views:
    augment = Augment(blur=blur)
    generator = torch.Generator().manual_seed(0)
    return lambda images: augment(images, generator)


def torchvision_transform(size: int, blur: float) -> v2.Compose:
    steps: list[torch.nn.Module] = [
        v2.RandomResizedCrop(size, scale=(0.2, 1.0), antialias=True),
        v2.RandomHorizontalFlip(),
        v2.RandomApply([v2.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8),
        v2.RandomGrayscale(0.2),
    ]
    if blur:
        steps.append(v2.RandomApply([v2.GaussianBlur(_blur_width(size), (0.1, 1.0))], p=blur))
    return v2.Compose(steps)


def torchvision_each(size: int, blur: float) -> Views:
    transform = torchvision_transform(size, blur)
    return lambda images: torch.stack([transform(image) for image in images])


def torchvision_alike(size: int, blur: float) -> Views:
    return torchvision_transform(size, blur)


def kornia(size: int, blur: float, device: str) -> Views | None:
    try:
        from kornia import augmentation as ka  # type: ignore[import-not-found]
    except ImportError:
        return None
    steps: list[torch.nn.Module] = [
        ka.RandomResizedCrop((size, size), scale=(0.2, 1.0)),
        ka.RandomHorizontalFlip(),
        ka.ColorJitter(0.4, 0.4, 0.4, 0.1, p=0.8),
        ka.RandomGrayscale(p=0.2),
    ]
    if blur:
        width = _blur_width(size)
        steps.append(ka.RandomGaussianBlur((width, width), (0.1, 1.0), p=blur))
    pipeline = ka.AugmentationSequential(*steps, data_keys=["input"]).to(device)
    return lambda images: pipeline(images)


class Images(Dataset[list[Tensor]]):
    """PIL images and what becomes of them."""

    def __init__(self, images: Tensor, transform: Callable[[Any], list[Tensor]]) -> None:
        self._images = [to_pil_image(image) for image in images.cpu()]
        self._transform = transform

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, index: int) -> list[Tensor]:
        return self._transform(self._images[index])


def lightly(images: Tensor, blur: float) -> Views | None:
    if images.is_cuda:
        return None
    try:
        from lightly.transforms import SimCLRTransform
    except ImportError:
        return None
    transform: Any = SimCLRTransform(input_size=images.shape[-1], gaussian_blur=blur)
    loader = DataLoader(
        Images(images[: len(images) // 2], transform),
        batch_size=64,
        num_workers=os.cpu_count() or 1,
        persistent_workers=True,
    )
    return lambda _: torch.cat([view for pair in loader for view in pair])


def _blur_width(size: int) -> int:
    """A kernel of about a tenth of the image, as SimCLR has it, odd and at least 3."""
    return max(3, size // 10 | 1)


def milliseconds(candidates: dict[str, Views], images: Tensor, repeats: int) -> dict[str, float]:
    """Median time of a call of each, after one that doesn't count; they take turns, so that all meet the same noise."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(repeats + 1):
        for name, views in candidates.items():
            began = time.perf_counter()
            views(images)
            if images.is_cuda:
                torch.cuda.synchronize()
            times[name].append(1000 * (time.perf_counter() - began))
    return {name: statistics.median(values[1:]) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=32, help="side of the images")
    parser.add_argument("--batch", type=int, default=512, help="images; two views of 256 are 512")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    size, device = arguments.size, arguments.device
    images = torch.rand(arguments.batch, 3, size, size, device=device)
    print(
        f"{arguments.batch} images of {size}x{size}, {device}, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}"
    )

    for blur in (0.0, 0.5):
        candidates = {
            "course_utils.augment": ours(blur),
            "lightly's default transform, DataLoader": lightly(images, blur),
            "kornia": kornia(size, blur, device),
            "torchvision v2, image by image": torchvision_each(size, blur),
            "torchvision v2, all images alike": torchvision_alike(size, blur),
        }
        present = {name: views for name, views in candidates.items() if views is not None}
        times = milliseconds(present, images, arguments.repeats)
        print(f"\n| {'without' if blur == 0 else 'with'} blur | milliseconds | times ours |\n|---|---:|---:|")
        for name, value in times.items():
            print(f"| {name} | {value:.1f} | {value / times['course_utils.augment']:.1f} |")
        if "kornia" not in present:
            print("(kornia isn't installed: pip install kornia)")


if __name__ == "__main__":
    main()
