"""A folder that remembers arrays which take a moment to make. Losing it costs seconds, never correctness."""

import hashlib
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np

Arrays = dict[str, np.ndarray]


def cache_folder() -> Path:
    """The folder for made and fetched data: `COURSE_UTILS_CACHE` if set, else the user's cache folder of this
    system."""
    chosen = os.environ.get("COURSE_UTILS_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "course_utils"


@lru_cache(maxsize=1)
def _recipe() -> str:
    """Digest of this package's source and pictures: a changed recipe never meets arrays made by an older one."""
    here = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted([*here.glob("*.py"), *here.glob("bundled/*/*")]):
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def remembered(
    name: str, settings: dict[str, str | int], make: Callable[[], Arrays], cache: bool = True
) -> Arrays:
    """The arrays that `make` gives, from the cache folder if they are there.

    A damaged file is made anew; a folder that cannot be written costs a warning. The file appears whole or
    not at all, so that several processes may ask at once.

    Args:
        name: start of the file's name.
        settings: all that the arrays depend on, besides this package itself.
        make: makes the arrays.
        cache: False neither reads nor writes the folder.
    """
    if not cache:
        return make()
    key = hashlib.sha256(json.dumps([_recipe(), name, settings], sort_keys=True).encode()).hexdigest()[:20]
    path = cache_folder() / f"{name}-{key}.npz"
    if path.exists():
        try:
            with np.load(path, allow_pickle=False) as stored:
                return {field: stored[field] for field in stored.files}
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the file, it can be made anew
            warnings.warn(f"{path} is damaged ({type(error).__name__}); it is made anew", stacklevel=3)
    arrays = make()
    _write(path, arrays)
    return arrays


def _write(path: Path, arrays: Arrays) -> None:
    unfinished: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".unfinished")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # the stub takes a name for numpy's own flag
        Path(unfinished).replace(path)
    except OSError as error:
        if unfinished is not None:
            Path(unfinished).unlink(missing_ok=True)
        warnings.warn(
            f"data can't be kept in {path.parent} ({error.strerror or error}); they are made anew next time. "
            "Set COURSE_UTILS_CACHE to a folder that can be written.",
            stacklevel=4,
        )
