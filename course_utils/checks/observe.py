"""Carry out a case with a function and write down all that can be seen of it."""

from __future__ import annotations

import builtins
import inspect
import numbers
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.checks.case import Argument, Case, Input, Module
from course_utils.checks.observation import Failure, Observation, Quantity
from course_utils.checks.replica import make, named_tensors

# Where the source of a student's cell is registered; lines of tracebacks are counted in files with this prefix ...
CELL = "<cell"
# ... and in the files that IPython, ipykernel and Colab name after a cell.
_NOTEBOOK_CELL = re.compile(r"<ipython-input-|.*[/\\](ipykernel_\d+[/\\]|ipython-input-)")

# Every case starts from this random state: an unlikely one, so that a function which sets a seed of its own is seen.
_SEED = 271_828

# What is added to the name of an exception.
IN_BACKWARD = " in the backward pass"

# More values than any exercise returns; a list of millions of numbers need not be written down.
_MOST_VALUES = 16
_MOST_CHARACTERS = 200


def observe(function: Callable[..., Any], case: Case, device: str = "cpu") -> Observation:
    """Call `function` as `case` says and return what was seen.

    Nothing that `function` does with its arguments can reach the case: tensors and modules are made anew. Torch's
    random generator starts from the same state each time, and is left where `function` leaves it.

    Args:
        function: the implementation; it is called with positional arguments.
        case: inputs and calls.
        device: where the inputs live, `"cpu"` or `"cuda"`.

    Returns:
        The observation. An exception of `function` is part of it (`exception`, `failure`), never raised here, with one
        exception: KeyboardInterrupt, by which whoever started the check stops it.
    """
    if device == "cpu":
        # torch.manual_seed notes for each kind of device, with a stack, what is to be done should it ever be used.
        torch.default_generator.manual_seed(_SEED)
    else:
        torch.manual_seed(_SEED)
    inputs: dict[str, Any] = {}
    held: dict[str, dict[str, Tensor]] = {}
    for name, value in case.inputs.items():
        inputs[name], held[name] = _materialise(name, value, device)
    places = {name: _place(value) for name, value in inputs.items() if isinstance(value, Tensor)}
    seen: dict[str, Quantity] = {}
    leaves: dict[str, Tensor] = {}
    result: Any = None
    failure: Failure | None = None
    default, seed = torch.get_default_dtype(), torch.initial_seed()
    with torch.enable_grad():
        for number, names in enumerate(case.calls, start=1):
            suffix = f"#{number}" if len(case.calls) > 1 else ""
            try:
                result = function(*(result if name == "result" else inputs[name] for name in names))
                _write_result(result, suffix, seen, leaves)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001 - SystemExit too: whatever the function raises is observed
                failure = failure_of(error, function)
                break
        seen["exception"] = failure.kind if failure else "none"
        # What is left behind for all code that comes after; the next case must not see it.
        seen["setting.gradients"] = torch.is_grad_enabled()
        seen["setting.dtype"] = torch.get_default_dtype() is default
        seen["setting.seed"] = torch.initial_seed() == seed
        torch.set_default_dtype(default)
        try:
            _write_gradients(_wanted(case, held), leaves, seen)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - backward through a student's graph may fail in any way
            failure = failure or failure_of(error, function)
            seen["exception"] = failure_of(error, function).kind + IN_BACKWARD
    _write_kept(leaves, seen)
    for name, place in places.items():
        seen[f"place.{name}"] = _place(inputs[name]) == place
    places = {owner: _place(tensor) for tensors in held.values() for owner, tensor in tensors.items()}
    _write_afterwards(inputs, held, places, seen)
    for name, leaf in leaves.items():
        seen[f"device.{name}"] = leaf.device.type == torch.device(device).type
        own = _place(leaf)
        for owner, place in places.items():
            seen[f"memory.{name}~{owner}"] = own is not None and place == own
    return Observation(_frozen(seen), failure)


def cotangent(shape: torch.Size | tuple[int, ...], dtype: torch.dtype, device: torch.device | str) -> Tensor:
    """The fixed direction along which results are differentiated: entries in (0.5, 1.5) without a pattern.

    Multiples of the golden ratio modulo one are spread evenly whatever the size is, so no two entries are equal
    and no row or column can be swapped unseen.
    """
    count = torch.Size(shape).numel()
    steps = torch.arange(1, count + 1, dtype=torch.float64) * 0.6180339887498949
    return (0.5 + steps.frac()).reshape(shape).to(device=device, dtype=dtype)


def _along_cotangent(leaf: Tensor) -> Tensor:
    """A real number whose gradient is the leaf's along its cotangent, to the last bit.

    To hand the cotangent to `torch.autograd.grad` itself would make torch import sympy, half a second long.
    """
    # The function may have left the recording of gradients switched off.
    with torch.enable_grad():
        product = leaf * cotangent(leaf.shape, leaf.dtype, leaf.device)
        return (product.real if product.is_complex() else product).sum()


def _materialise(name: str, value: Argument, device: str) -> tuple[Any, dict[str, Tensor]]:
    """An argument made anew, and the tensors in it by the names that observations give them."""
    if isinstance(value, Input):
        tensor = value.tensor.detach().to(device, copy=True)
        if not value.contiguous:
            reverse = tuple(range(tensor.ndim))[::-1]
            tensor = tensor.permute(reverse).contiguous().permute(reverse)
        return tensor.requires_grad_(value.wants_grad), {name: tensor}
    if isinstance(value, Module):
        module, tensors = make(value, device)
        return module, {f"{name}.{key}": tensor for key, tensor in tensors.items()}
    return value, {}


def _write_result(result: Any, suffix: str, seen: dict[str, Quantity], leaves: dict[str, Tensor]) -> None:
    def write(name: str, value: Any) -> None:
        if isinstance(value, Tensor):
            value = value.as_subclass(Tensor)
            leaves[name + suffix] = value
            # A clone: what the function does to the tensor in a later call must not change what was returned.
            seen[name + suffix] = value.detach().clone()
            seen[f"graph.{name}{suffix}"] = value.requires_grad
        elif value is None or isinstance(value, bool):
            seen[name + suffix] = value
        elif isinstance(value, str):
            # In words, so that no text can pass for one of the descriptions below.
            seen[name + suffix] = f"the string {clean(repr(str.__str__(value)))}"
        elif isinstance(value, numbers.Integral):
            seen[name + suffix] = int(value)
        elif isinstance(value, numbers.Real):
            seen[name + suffix] = float(value)
        elif isinstance(value, tuple | list) and name == "result":
            seen[name + suffix] = f"a tuple or list of {len(value)} values"
            for index, item in enumerate(value[:_MOST_VALUES]):
                write(f"{name}.{index}", item)
        else:
            seen[name + suffix] = f"an object of type {clean(type(value).__name__)[:40]}"

    write("result", result)


def _wanted(case: Case, held: Mapping[str, Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The tensors of which a gradient is wanted: arguments, and parameters as the module had them before the call."""
    return {
        owner: tensor
        for name, value in case.inputs.items()
        if isinstance(value, Input | Module) and value.wants_grad
        for owner, tensor in held[name].items()
        if isinstance(value, Input) or isinstance(tensor, nn.Parameter)
    }


def _write_gradients(
    wanted: Mapping[str, Tensor], leaves: Mapping[str, Tensor], seen: dict[str, Quantity]
) -> None:
    if not wanted or seen["exception"] != "none":
        return
    outputs = [
        leaf
        for leaf in leaves.values()
        if leaf.requires_grad and (leaf.is_floating_point() or leaf.is_complex())
    ]
    # The function may have switched `requires_grad` off; torch raises when asked for the gradient of such a tensor.
    asked = {name: tensor for name, tensor in wanted.items() if tensor.requires_grad}
    gradients: dict[str, Tensor | None] = {}
    if outputs and asked:
        found = torch.autograd.grad(
            [_along_cotangent(leaf) for leaf in outputs], tuple(asked.values()), allow_unused=True
        )
        gradients = dict(zip(asked, found, strict=True))
    for name, tensor in wanted.items():
        gradient = gradients.get(name)
        seen[f"gradient.{name}"] = torch.zeros_like(tensor) if gradient is None else gradient


def _write_kept(leaves: Mapping[str, Tensor], seen: dict[str, Quantity]) -> None:
    """Whether what earlier calls returned is still what it was."""
    for name, leaf in leaves.items():
        returned = seen.get(name)
        if "#" in name and isinstance(returned, Tensor):
            try:
                seen[f"kept.{name}"] = torch.equal(leaf.detach().nan_to_num(), returned.nan_to_num())
            except (RuntimeError, NotImplementedError, TypeError):  # tensors without plain values
                seen[f"kept.{name}"] = False


def _write_afterwards(
    inputs: Mapping[str, Any],
    held: Mapping[str, Mapping[str, Tensor]],
    places: Mapping[str, int | None],
    seen: dict[str, Quantity],
) -> None:
    for name, value in inputs.items():
        module_state = named_tensors(value) if isinstance(value, nn.Module) else {}
        others = {places[owner] for other in held if other != name for owner in held[other]} - {None}
        for owner, tensor in held[name].items():
            seen[f"graph.{owner}"] = tensor.requires_grad
            if not isinstance(value, nn.Module):
                seen[f"after.{owner}"] = tensor
                continue
            now = module_state.get(owner[len(name) + 1 :])
            if not isinstance(tensor, nn.Parameter):
                # A kind of its own, so that a fault in the buffers leaves the credit for the parameters.
                seen[f"buffer.{owner}"] = now
                continue
            seen[f"after.{owner}"] = tensor
            seen[f"same.{owner}"] = now is tensor
            seen[f"module.{owner}"] = now
            # Torch warns of a gradient asked of a tensor that became part of a graph: it has none.
            seen[f"grad.{owner}"] = tensor.grad if tensor.is_leaf else None
            # Parameters may be views of one long vector, but two encoders that share memory move together ever after.
            seen[f"own.{owner}"] = places[owner] not in others
        if isinstance(value, nn.Module):
            seen[f"mode.{name}"] = all(part.training for part in value.modules())
            seen[f"members.{name}"] = len(module_state)


def _place(tensor: Tensor) -> int | None:
    """Where the values lie in memory; None if there are none."""
    try:
        return tensor.untyped_storage().data_ptr() if tensor.numel() else None
    except (RuntimeError, NotImplementedError):  # sparse and other tensors without a storage
        return None


def _frozen(seen: Mapping[str, Quantity]) -> dict[str, Quantity]:
    """Copies of what was seen. What is one tensor under two names stays one, so that it is copied and packed once."""
    known: dict[int, Quantity] = {}
    found: dict[str, Quantity] = {}
    for name, value in seen.items():
        if isinstance(value, Tensor):
            if id(value) not in known:
                known[id(value)] = _freeze(value)
            value = known[id(value)]
        found[name] = value
    return found


def _freeze(value: Tensor) -> Quantity:
    """A copy of the values on the CPU; a tensor that has none (on device meta, nested) is described instead."""
    try:
        value = value.detach().as_subclass(Tensor)
        if value.is_nested:
            return "a nested tensor"
        if value.is_quantized:
            value = value.dequantize()
        if value.layout != torch.strided:
            value = value.to_dense()
        return value.cpu().clone(memory_format=torch.contiguous_format)
    except (RuntimeError, NotImplementedError, TypeError):
        return f"a tensor without plain values, on device {value.device} and of layout {value.layout}"


def failure_of(error: BaseException, function: Callable[..., Any] | None = None) -> Failure:
    """An exception in plain data.

    Args:
        error: what was raised.
        function: the student's function: lines of its file count as lines of the student's code, like those of cells.
    """
    kinds = [kind.__name__ for kind in type(error).__mro__ if getattr(builtins, kind.__name__, None) is kind]
    try:
        text = " ".join(clean(str(error), limit=2000).split()) or "no message"
    except Exception:  # noqa: BLE001 - an exception of a student's own may fail at this as well
        text = "no message"
    own = _file_of(function)
    line, code, cell = None, "", ""
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename.startswith(CELL) or _NOTEBOOK_CELL.match(frame.filename) or frame.filename == own:
            line, code = frame.lineno, clean(frame.line or "")
            cell = frame.filename[len(CELL) + 1 : -1] if frame.filename.startswith(CELL) else ""
    name = clean(type(error).__name__)[:80]
    return Failure(kinds[0] if kinds else "BaseException", f"{name}: {text}"[:500], line, code, cell)


def clean(text: str, limit: int = _MOST_CHARACTERS) -> str:
    """Text that can be shown and encoded anywhere: of limited length, without control characters or lone surrogates."""
    text = text[:limit].encode("utf-8", "replace").decode("utf-8")
    return "".join(character if character.isprintable() else " " for character in text)


def _file_of(function: Callable[..., Any] | None) -> str | None:
    code = getattr(inspect.unwrap(function) if inspect.isfunction(function) else None, "__code__", None)
    return code.co_filename if code else None
