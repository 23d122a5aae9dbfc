"""What the course's functions ask of their arguments, and how they say so: one place for all of `course_utils`.

Each function here raises a ValueError that names the argument, says what it should have been and what it is, and, where
there is one, the way from one to the other. Torch itself would raise something about its insides later on, or nothing:
it computes on bytes and on floats of 0 to 255 without a word.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

# Floats of 0 to 255 reach far beyond it; what noise, interpolation or a decoder makes of floats in [0, 1] does not.
LARGEST_OF_IMAGES = 5.0
_IMAGES = "(n, channels, height, width)"
_FLOATS = "floats in [0, 1]"


def refuse_argument(name: str, due: str, found: str, way_out: str = "") -> NoReturn:
    """Raise the ValueError.

    Args:
        name: of the argument.
        due: what it should be.
        found: what was given instead, a whole clause.
        way_out: how to make the one from the other, if that is known.
    """
    raise ValueError(f"{name} should be {due}; {found}{f': {way_out}' if way_out else ''}")


def describe_value(value: object) -> str:
    """What a value is, in a few words: `a tensor of float32 of shape (3, 8, 8)`."""
    if isinstance(value, Tensor):
        return f"a tensor of {_dtype(value)} of shape {tuple(value.shape)}"
    if isinstance(value, np.ndarray):
        return f"a NumPy array of {value.dtype} of shape {value.shape}"
    if value is None or isinstance(value, bool | int | float | str):
        return repr(value)[:40]
    return f"of type {type(value).__name__}"


def require_tensor(name: str, value: object, due: str) -> Tensor:
    """The value, which must be a tensor; `due` says of what."""
    if isinstance(value, Tensor):
        return value
    ways = {
        np.ndarray: f"torch.from_numpy({name})",
        list: f"torch.tensor({name})",
        tuple: f"torch.tensor({name})",
    }
    refuse_argument(name, due, f"it is {describe_value(value)}", ways.get(type(value), ""))


def require_floats(
    name: str, value: object, due: str, dims: int | None = None, *, at_least: int = 0
) -> Tensor:
    """The value, which must be a floating-point tensor.

    Args:
        name: of the argument.
        value: the argument.
        due: what it should be, with its shape.
        dims: how many dimensions it has; any number if left out.
        at_least: the fewest dimensions.
    """
    tensor = require_tensor(name, value, due)
    if not tensor.is_floating_point():
        refuse_argument(name, due, f"it is {describe_value(tensor)}", f"{name}.float()" if dims != 4 else "")
    if (dims is not None and tensor.ndim != dims) or tensor.ndim < at_least:
        refuse_argument(name, due, f"it is {describe_value(tensor)}")
    return tensor


def require_images(
    name: str,
    value: object,
    *,
    channels: tuple[int, ...] = (),
    dims: int | None = 4,
    at_least: int = 0,
    floats_only: bool = False,
) -> Tensor:
    """The value, which must be images: floats in [0, 1], or bytes.

    Args:
        name: of the argument.
        value: the argument.
        channels: how many there may be in the third dimension from the end; any number if left out.
        dims: how many dimensions there are; any number if it is None.
        at_least: the fewest dimensions.
        floats_only: bytes are refused too.
    """
    due = f"a tensor of {_FLOATS}" + ("" if floats_only else " or of bytes (uint8)")
    images = require_tensor(name, value, due)
    is_bytes = images.dtype == torch.uint8
    if is_bytes and floats_only:
        refuse_argument(
            name, due, "it holds bytes", f"course_utils.augment.as_floats({name}) divides them by 255"
        )
    if not is_bytes and not images.is_floating_point():
        refuse_argument(name, due, f"it is {describe_value(images)}")
    _require_shape_of_images(name, images, channels, dims, at_least)
    if not is_bytes and (largest := _largest(images)) > LARGEST_OF_IMAGES:
        refuse_argument(
            name, due, f"it holds floats of up to {largest:.4g}", f"divide them by 255, as in {name} / 255"
        )
    return images


def _require_shape_of_images(
    name: str, images: Tensor, channels: tuple[int, ...], dims: int | None, at_least: int
) -> None:
    wrong = images.ndim != dims if dims is not None else images.ndim < at_least
    if wrong or (channels and (images.ndim < 3 or images.shape[-3] not in channels)):
        kind = {3: "(channels, height, width)", 4: _IMAGES}.get(dims or 0, "(..., channels, height, width)")
        which = f" with {' or '.join(map(str, channels))} {_plural('channel', channels)}" if channels else ""
        way_out = f"{name}[None] is a batch of this one" if images.ndim == 3 and dims == 4 else ""
        refuse_argument(name, f"of the shape {kind}{which}", f"these have {tuple(images.shape)}", way_out)


def require_labels(
    name: str, value: object, *, count: int | None = None, of: str = "", classes: int | None = None
) -> Tensor:
    """The value, which must be labels: one dimension of int64, from 0.

    Args:
        name: of the argument.
        value: the argument.
        count: how many there should be.
        of: of what there are as many.
        classes: how many classes there are at most.
    """
    due = "a tensor of int64 of one dimension, each label from 0"
    labels = require_tensor(name, value, due)
    if labels.dtype != torch.int64 or labels.ndim != 1:
        way_out = f"{name}.long()" if labels.ndim == 1 and labels.dtype != torch.bool else ""
        refuse_argument(name, due, f"it is {describe_value(labels)}", way_out)
    if count is not None:
        require_length(name, labels, count, of)
    if labels.numel() and (lowest := int(labels.min())) < 0:
        refuse_argument(name, due, f"the smallest is {lowest}")
    if classes is not None and labels.numel() and (highest := int(labels.max())) >= classes:
        refuse_argument(name, f"{due} to {classes - 1}", f"the largest is {highest}")
    return labels


def whole_numbers(
    name: str, value: object, *, dims: int = 1, count: int | None = None, of: str = ""
) -> Tensor:
    """The value as a tensor of whole numbers, of any such dtype or a list of them.

    Args:
        name: of the argument.
        value: the argument; booleans count as 0 and 1.
        dims: how many dimensions it has.
        count: how long its first dimension should be.
        of: of what there are as many.
    """
    due = f"whole numbers in {dims} {_plural('dimension', (dims,))}"
    try:
        numbers = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        refuse_argument(name, due, f"it is {describe_value(value)}")
    if numbers.is_floating_point() or numbers.is_complex() or numbers.ndim != dims:
        refuse_argument(name, due, f"it is {describe_value(value)}")
    if count is not None:
        require_length(name, numbers, count, of)
    return numbers


def require_vectors(name: str, value: object) -> Tensor:
    """The value, which must be one vector of floats for each of some examples."""
    due = "a tensor of floats of the shape (examples, features)"
    vectors = require_floats(name, value, due, 2)
    if not len(vectors):
        refuse_argument(name, due, "there is no example in it")
    return vectors


def require_pair(train_x: object, test_x: object) -> tuple[Tensor, Tensor]:
    """The features of a training and of a test set, of which there must be equally many for each example."""
    train, test = require_vectors("train_x", train_x), require_vectors("test_x", test_x)
    if train.shape[1] != test.shape[1]:
        due = f"of as many features as train_x, which has {train.shape[1]}"
        refuse_argument("test_x", due, f"test_x has {test.shape[1]}")
    return train, test


def require_sets(train_x: object, train_y: object, test_x: object, test_y: object) -> None:
    """That these are features and labels of a training and of a test set."""
    train, test = require_pair(train_x, test_x)
    require_labels("train_y", train_y, count=len(train), of="train_x")
    require_labels("test_y", test_y, count=len(test), of="test_x")


def indices_into(
    others: str, others_count: int, name: str, value: object, *, count: int | None = None, of: str = ""
) -> Tensor:
    """The value as a tensor of indices into another argument; further arguments are those of `whole_numbers`."""
    numbers = whole_numbers(name, value, count=count, of=of)
    low, high = (int(numbers.min()), int(numbers.max())) if numbers.numel() else (0, 0)
    if low < 0 or high >= others_count:
        due = f"indices into {others}, from 0 to {others_count - 1}"
        refuse_argument(name, due, f"they go from {low} to {high}")
    return numbers


def series(name: str, value: object, due: str) -> np.ndarray:
    """The value as an array of floats of one dimension; `due` says what it should be."""
    try:
        numbers = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        numbers = np.zeros((0, 0))
    if numbers.ndim != 1:
        refuse_argument(name, due, f"it is {describe_value(value)}")
    return numbers


def float_list(name: str, value: object, *, count: int | None = None, of: str = "") -> list[float]:
    """The value, at least one number of any kind, tensors on other devices among them, as a list of floats.

    Args:
        name: of the argument.
        value: the argument.
        count: how many there should be.
        of: of what there are as many.
    """
    items = require_list(name, value, "a list of numbers")
    require_enough(name, items, 1, "number")
    if count is not None:
        require_length(name, items, count, of)
    for item in items:
        require_number(name, item)
    return [float(item) for item in items]


def require_list(name: str, value: object, due: str, count: int | None = None) -> list[Any]:
    """What is in the value, which must be a list or the like, but no text and no mapping, of `count` items if that
    is given; `due` says of what."""
    is_list = isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
    if not is_list or (isinstance(value, Tensor | np.ndarray) and not value.ndim):
        refuse_argument(name, due, f"it is {describe_value(value)}")
    items = list(value)  # type: ignore[call-overload]
    if count is not None and len(items) != count:
        refuse_argument(name, due, f"it has the length {len(items)}")
    return items


def require_enough(name: str, value: Any, at_least: int, what: str) -> None:
    """That the value has so many entries, for which `what` is the word."""
    if len(value) < at_least:
        found = {0: "there is none", 1: "there is 1"}.get(len(value), f"there are {len(value)}")
        refuse_argument(name, f"at least {at_least} {what}", found)


def require_texts(name: str, value: object, *, count: int | None = None, of: str = "") -> None:
    """That the value is a list of texts; the other arguments are those of `require_length`."""
    is_list = isinstance(value, Sequence) and not isinstance(value, str)
    if not is_list or not all(isinstance(text, str) for text in value):  # type: ignore[attr-defined]
        refuse_argument(name, "a list of texts", f"it is {describe_value(value)}")
    if count is not None:
        require_length(name, value, count, of)


def require_masks(name: str, value: object, shape: str, dims: int | None = None) -> Tensor:
    """The value, which must be boolean masks of a shape that is given in words, with so many dimensions."""
    due = f"boolean masks of the shape {shape}"
    masks = require_tensor(name, value, due)
    if masks.dtype != torch.bool:
        refuse_argument(
            name,
            due,
            f"it is {describe_value(masks)}",
            f"{name} > 0" if not masks.is_floating_point() else "",
        )
    if (dims is not None and masks.ndim != dims) or masks.ndim < 2:
        refuse_argument(name, due, f"it is {describe_value(masks)}")
    return masks


def require_length(name: str, value: Any, count: int, of: str) -> None:
    """That there are as many of the one as of the other; `of` names the other argument."""
    if len(value) != count:
        refuse_argument(name, f"as long as {of}", f"there are {count} {of}, but {len(value)} {name}")


def require_number(
    name: str,
    value: object,
    *,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
) -> None:
    """That the value is a number in a range."""
    limits = {"at least": at_least, "above": above, "at most": at_most}
    _require_in_range(name, value, "a number", isinstance(value, Real | Tensor), limits)


def require_whole(
    name: str, value: object, *, at_least: int | None = None, at_most: int | None = None
) -> None:
    """That the value is a whole number in a range."""
    is_whole = isinstance(value, Integral) or (isinstance(value, Tensor) and not value.is_floating_point())
    _require_in_range(name, value, "a whole number", is_whole, {"at least": at_least, "at most": at_most})


def _require_in_range(
    name: str, value: Any, kind: str, is_kind: bool, limits: Mapping[str, float | None]
) -> None:
    is_one = not isinstance(value, bool) and not (isinstance(value, Tensor) and value.numel() != 1)
    keeps = {"at least": operator.ge, "above": operator.gt, "at most": operator.le}
    asked = {word: limit for word, limit in limits.items() if limit is not None}
    if not (is_kind and is_one and all(keeps[word](value, limit) for word, limit in asked.items())):
        words = " and ".join(f"{word} {limit:g}" for word, limit in asked.items())
        refuse_argument(name, f"{kind}, {words}" if words else kind, f"{name} is {describe_value(value)}")


def require_callable(name: str, value: object, due: str) -> None:
    """That the value can be called; `due` says what it should be."""
    if not callable(value):
        refuse_argument(name, due, f"it is {describe_value(value)}")


def require_generator(name: str, value: object) -> None:
    """That the value is a random generator of torch."""
    if not isinstance(value, torch.Generator):
        due = "a torch.Generator, as in torch.Generator().manual_seed(0)"
        refuse_argument(name, due, f"it is {describe_value(value)}")


def require_module(name: str, value: object, *, parameters: bool = False) -> nn.Module:
    """The value, which must be a module, with parameters if these are asked for."""
    due = f"a torch.nn.Module{' with parameters' if parameters else ''}"
    if not isinstance(value, nn.Module):
        refuse_argument(name, due, f"it is {describe_value(value)}")
    if parameters and next(value.parameters(), None) is None:
        refuse_argument(name, due, "it has none")
    return value


def require_loss(name: str, loss: object) -> Tensor:
    """What the function of this name gave, which must be a loss that can be minimised."""
    due = "a function that gives the loss, a scalar tensor"
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        refuse_argument(name, due, f"it gave something else, which is {describe_value(loss)}")
    if not loss.requires_grad:
        refuse_argument(
            name,
            f"{due} that depends on the parameters",
            "its loss has no gradient (detach, no_grad or item?)",
        )
    return loss


def require_mapping(
    name: str, value: object, due: str, way_out: str = "", *, empty: bool = False
) -> Mapping[Any, Any]:
    """The value, which must be a mapping, with something in it unless it may be empty; `due` says from what to what."""
    if not isinstance(value, Mapping):
        refuse_argument(name, f"a mapping, {due}", f"it is {describe_value(value)}", way_out)
    if not value and not empty:
        refuse_argument(name, f"a mapping, {due}", "it is empty")
    return value


def require_parts(name: str, value: object, parts: Sequence[str]) -> None:
    """That the value has these attributes."""
    if not all(hasattr(value, part) for part in parts):
        refuse_argument(name, f"a set with {', '.join(parts)}", f"it is {describe_value(value)}")


def require_table(name: str, value: object, way_out: str = "") -> tuple[list[Any], list[Any]]:
    """The rows and the columns of the value, a mapping of mappings that all have the columns of the first."""
    due = "row -> column -> figure"
    table = require_mapping(name, value, due, way_out)
    columns: list[Any] = []
    for row, figures in table.items():
        columns = columns or list(require_mapping(f"{name}[{row!r}]", figures, "column -> figure"))
        lacking = [column for column in columns if column not in figures]
        if lacking:
            refuse_argument(f"{name}[{row!r}]", f"of the columns {columns}", f"there is no {lacking[0]!r}")
    return list(table), columns


def _largest(values: Tensor) -> float:
    """The largest of some values; 0 if there are none or they cannot be looked at (device meta, vmap, compiling)."""
    if not values.numel() or torch.compiler.is_compiling():
        return 0.0
    try:
        return float(values.detach().amax())
    except RuntimeError:
        return 0.0


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _plural(word: str, counts: tuple[int, ...]) -> str:
    return word if counts[-1] == 1 else f"{word}s"
