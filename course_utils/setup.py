"""One call that makes a notebook behave the same on Colab, on a laptop and in CI."""

from __future__ import annotations

import os
import platform
import random
import re
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import metadata
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import torch

_T = TypeVar("_T")

# The oldest versions the notebooks were run with. They're checked, never installed: on Colab and on many laptops these
# packages are there already, matched to the driver, and replacing them costs minutes and a restart.
OLDEST = {"torch": (2, 9), "torchvision": (0, 24), "numpy": (1, 26)}

PROFILE_VARIABLE = "COURSE_PROFILE"


class Profile(StrEnum):
    """How much is computed: `check` takes seconds, `default` fits two CPU cores, `full` wants a GPU."""

    CHECK = "check"
    DEFAULT = "default"
    FULL = "full"

    def pick(self, *, check: _T, default: _T, full: _T) -> _T:
        """The value of this profile.

        Example:
            >>> Profile("default").pick(check=2, default=400, full=50_000)
            400
        """
        return {Profile.CHECK: check, Profile.DEFAULT: default, Profile.FULL: full}[self]


@dataclass(frozen=True)
class Setup:
    """What `setup` decided.

    Attributes:
        unit: the id of the problem set, e.g. `"moco"`.
        profile: how much to compute; `profile.pick(check=..., default=..., full=...)` chooses a value.
        device: `cuda` if there is one, else `cpu`.
        seed: the seed that python, numpy and torch were given.
    """

    unit: str
    profile: Profile
    device: torch.device
    seed: int = field(default=0)


def setup(unit: str, profile: str | None = None, seed: int = 0) -> Setup:
    """Seed everything, choose the device, and say in two lines what the notebook runs on.

    Float32 stays float32: TF32 is switched off, so that a GPU gives the numbers of a CPU to rounding. Apple's MPS
    is never chosen, because it has no float64.

    Args:
        unit: the id of the problem set.
        profile: `"check"`, `"default"` or `"full"`; None takes the environment variable COURSE_PROFILE; if
            that is not set, `"check"` where nbgrader validates and `"default"` elsewhere.
        seed: not negative.

    Raises:
        ValueError: there is no such problem set or profile, or the seed is negative.
        ImportError: torch, torchvision or numpy is missing or too old.
    """
    check_versions()
    _require(unit)
    chosen = _profile(profile)
    if seed < 0:  # torch would take it, NumPy's generators in later cells would not
        raise ValueError(f"seed is at least 0; it is {seed}")

    import numpy as np  # noqa: PLC0415 - keeps `import course_utils` quick
    import torch  # noqa: PLC0415

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    hardware = torch.cuda.get_device_name() if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in OLDEST)
    print(f"{unit}: profile {chosen}, seed {seed}, device {device.type} ({hardware})")
    print(f"Python {platform.python_version()}, {versions}")
    return Setup(unit=unit, profile=chosen, device=device, seed=seed)


def _require(unit: str) -> None:
    from course_utils import shipped  # noqa: PLC0415 - it imports torch

    try:
        shipped.exercise_ids(unit)
    except LookupError as error:
        raise ValueError(f"{error.args[0]}. Give its id, as in cu.setup('moco')") from None


def _profile(name: str | None) -> Profile:
    source = "profile"
    if name is None:
        # nbgrader's Validate button executes the notebook and gives up after two minutes.
        usual = Profile.CHECK if os.environ.get("NBGRADER_VALIDATING") else Profile.DEFAULT
        name, source = os.environ.get(PROFILE_VARIABLE) or usual, f"environment variable {PROFILE_VARIABLE}"
    try:
        return Profile(name)
    except ValueError:
        choices = ", ".join(Profile)
        raise ValueError(f"{source}: there is no profile {name!r}; choose one of {choices}") from None


def check_versions() -> None:
    """Make sure that torch, torchvision and numpy are there, new enough, and belong together.

    Only reads what the packages say of themselves, so that it takes milliseconds.

    Raises:
        ImportError: says what is wrong and which command puts it right.
    """
    problems = []
    for name, oldest in OLDEST.items():
        wanted = ".".join(map(str, oldest))
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            problems.append(f"{name} is not installed (needed: {wanted} or newer)")
            continue
        if _numbers(found) < oldest:
            problems.append(f"{name} {found} is too old (needed: {wanted} or newer)")
    if not problems:
        problems = _mismatch()
    if problems:
        command = "pip install --upgrade " + " ".join(
            f'"{name}>={".".join(map(str, oldest))}"' for name, oldest in OLDEST.items()
        )
        raise ImportError(
            "course_utils can't run with what is installed here: "
            + "; ".join(problems)
            + f".\nTo put it right:  {command}\nthen restart the kernel. On Colab it's enough to take the newest "
            "runtime (Runtime, Disconnect and delete runtime), which has these packages."
        )


def _mismatch() -> list[str]:
    """torchvision is compiled against one version of torch, and fails in strange ways with another."""
    built_for = next(
        (
            found[1]
            for line in metadata.requires("torchvision") or ()
            if (found := re.match(r"torch\s*\(?==\s*([\d.]+)", line))
        ),
        None,
    )
    torch_version = metadata.version("torch")
    if built_for is None or _numbers(built_for)[:2] == _numbers(torch_version)[:2]:
        return []
    return [
        f"torchvision {metadata.version('torchvision')} was built for torch {built_for}, but torch is {torch_version}"
    ]


def _numbers(version: str) -> tuple[int, ...]:
    """`"2.14.1+cu130"` -> `(2, 14, 1)`."""
    leading = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in leading[0].split(".")) if leading else ()
