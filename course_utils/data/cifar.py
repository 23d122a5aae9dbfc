"""CIFAR-10, through torchvision."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils.data.cache import cache_folder
from course_utils.data.emoji import Split, check_split

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10


def cifar10(
    split: Split = "train", root: str | Path | None = None, transform: Callable[[Any], Any] | None = None
) -> "CIFAR10":
    """CIFAR-10 (Krizhevsky 2009): 50,000 train and 10,000 test photographs of 32x32 pixels in ten classes.

    Fetched once (170 MB) by torchvision into `root`; afterwards no network is needed.

    Args:
        split: "train" or "test".
        root: folder that holds or will hold `cifar-10-batches-py`; by default a folder in the course's cache.
        transform: applied to each PIL image, as in torchvision.

    Returns:
        torchvision's data set; `.data` is a uint8 array (n, 32, 32, 3), `.targets` a list of class indices.

    Raises:
        ValueError: the split is unknown.
        RuntimeError: the data are not there and can't be fetched; the message says what to do.
    """
    check_split(split)
    from torchvision.datasets import CIFAR10  # here, because importing torchvision takes a second

    folder = Path(root).expanduser() if root is not None else cache_folder() / "cifar10"
    try:
        return CIFAR10(str(folder), train=split == "train", transform=transform, download=True)
    except (OSError, RuntimeError) as error:
        # URLError and time-outs are OSErrors; a wrong checksum is a RuntimeError.
        raise RuntimeError(
            f"CIFAR-10 is not in {folder} and could not be fetched ({type(error).__name__}: {error}). "
            "Either try again with a network connection, or put cifar-10-python.tar.gz into that folder "
            "yourself, or name the folder of a copy with root=... "
            "EmojiScenes needs no network: it is bundled with the course."
        ) from error
