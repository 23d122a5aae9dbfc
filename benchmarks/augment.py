"""How fast are two random views of a batch? Ours against torchvision's transforms v2 and kornia.

    python -m benchmarks.augment                      # torchvision only, if kornia isn't installed
    python -m benchmarks.augment --device cuda --size 224 --batch 256

The same family of views everywhere: random resized crop, flip, brightness, contrast, saturation and hue, greyscale, and
on request blur. torchvision draws one set of parameters for a batch, so that images must go through it one by one; its
time for the whole batch at once is shown too, as the floor that it could reach if all images were treated alike.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.transforms import v2

from course_utils.augment import Augment

Views = Callable[[Tensor], Tensor]


def ours(blur: float, device: str) -> Views:
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


def _blur_width(size: int) -> int:
    """A kernel of about a tenth of the image, as SimCLR has it, odd and at least 3."""
    return max(3, size // 10 | 1)


def milliseconds(views: Views, images: Tensor, repeats: int) -> float:
    """Median time of one call, after one that doesn't count."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        views(images)
        if images.is_cuda:
            torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times[1:])


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
            "course_utils.augment": ours(blur, device),
            "kornia": kornia(size, blur, device),
            "torchvision v2, image by image": torchvision_each(size, blur),
            "torchvision v2, all images alike": torchvision_alike(size, blur),
        }
        times = {
            name: milliseconds(v, images, arguments.repeats)
            for name, v in candidates.items()
            if v is not None
        }
        print(f"\n| {'without' if blur == 0 else 'with'} blur | milliseconds | times ours |\n|---|---:|---:|")
        for name, value in times.items():
            print(f"| {name} | {value:.1f} | {value / times['course_utils.augment']:.1f} |")
        if candidates["kornia"] is None:
            print("(kornia isn't installed: pip install kornia)")


if __name__ == "__main__":
    main()
