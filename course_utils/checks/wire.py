"""Values as bytes: how cases, observations and recorded checks are written to a file or sent to a process.

Decoding never runs code: every message is checked against a schema, every tensor against its own shape. What a
student's process sends is read with `unpack_observation` and nothing else.
"""

from __future__ import annotations

import math
from typing import Literal, TypeVar

import msgspec
import torch
from torch import Tensor

from course_utils.checks.case import Argument, Case, Input, Module, Scalar
from course_utils.checks.expectation import Expectation
from course_utils.checks.observation import Failure, Observation, Quantity, dtype_name
from course_utils.checks.observe import clean

DTYPES = {
    dtype_name(dtype): dtype
    for dtype in (
        torch.float64,
        torch.float32,
        torch.float16,
        torch.bfloat16,
        torch.complex64,
        torch.complex128,
        torch.int64,
        torch.int32,
        torch.int16,
        torch.int8,
        torch.uint8,
        torch.bool,
    )
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
MAX_DIMENSIONS = 8
MAX_QUANTITIES = 4096
# Of a text or a name in an observation: `observe` writes little more than half of it.
MAX_TEXT = 400


class TensorData(msgspec.Struct, tag="tensor", frozen=True):
    """A tensor: name of its dtype, shape, little-endian bytes in row-major order."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes


class InputData(msgspec.Struct, tag="input", frozen=True):
    """A `case.Input`."""

    tensor: TensorData
    wants_grad: bool
    contiguous: bool


class ModuleData(msgspec.Struct, tag="module", frozen=True, omit_defaults=True):
    """A `case.Module`."""

    name: str
    config: dict[str, Scalar]
    state: dict[str, TensorData]
    grads: dict[str, TensorData]
    frozen: bool
    wants_grad: bool = False


class FloatData(msgspec.Struct, tag="float", frozen=True):
    """NaN or an infinity, for which JSON has no numbers."""

    name: Literal["nan", "inf", "-inf"]


ArgumentData = None | bool | int | float | str | FloatData | InputData | ModuleData | tuple[int, ...]


class CaseData(msgspec.Struct, frozen=True):
    """A `case.Case`."""

    inputs: dict[str, ArgumentData]
    calls: tuple[tuple[str, ...], ...]


class FailureData(msgspec.Struct, frozen=True):
    """An `observation.Failure`."""

    kind: str
    message: str
    line: int | None
    code: str
    cell: str = ""


QuantityData = None | bool | int | float | str | FloatData | TensorData


class ObservationData(msgspec.Struct, frozen=True):
    """An `observation.Observation`."""

    quantities: dict[str, QuantityData]
    failure: FailureData | None


class ExpectationData(msgspec.Struct, frozen=True):
    """An `expectation.Expectation`."""

    quantities: dict[str, QuantityData]
    dtypes: dict[str, str]


def pack_tensor(tensor: Tensor) -> TensorData:
    """Raises `ValueError` for a dtype that has no place in `DTYPES`, and for more than `MAX_DIMENSIONS`."""
    if oddity := _oddity(tensor):
        raise ValueError(f"{oddity} is not supported")
    plain = tensor.detach().cpu().resolve_conj().resolve_neg()
    if plain.dtype is torch.bfloat16:  # NumPy has no such numbers
        plain = plain.view(torch.int16)
    return TensorData(_NAMES[tensor.dtype], tuple(tensor.shape), plain.numpy().tobytes())


def unpack_tensor(data: TensorData) -> Tensor:
    """Raises `ValueError` if dtype, shape and number of bytes do not belong together.

    Its text quotes nothing of the data: where a student's process has sent them, it tells of a hidden check.
    """
    dtype = DTYPES.get(data.dtype)
    if dtype is None:
        raise ValueError("a tensor of an unknown dtype")
    if len(data.shape) > MAX_DIMENSIONS or any(not 0 <= size < 2**40 for size in data.shape):
        raise ValueError("a shape that no tensor has")
    if math.prod(data.shape) * dtype.itemsize != len(data.data):
        raise ValueError("bytes that do not fit the dtype and the shape of their tensor")
    if not data.data:
        try:
            return torch.empty(data.shape, dtype=dtype)
        except RuntimeError as error:  # of two sizes whose product no integer holds, and a zero
            raise ValueError("a shape that no tensor has") from error
    buffer = bytearray(data.data)
    if dtype is torch.bool:
        # Torch expects bytes of 0 or 1 in a boolean tensor; a process can send any other, so non-zero bytes are made 1.
        return (torch.frombuffer(buffer, dtype=torch.uint8) != 0).reshape(data.shape)
    return torch.frombuffer(buffer, dtype=dtype).reshape(data.shape)


def pack_case(case: Case) -> CaseData:
    """The wire form of a case."""

    def pack(value: Argument) -> ArgumentData:
        if isinstance(value, Input):
            return InputData(pack_tensor(value.tensor), value.wants_grad, value.contiguous)
        if isinstance(value, Module):
            state, grads = _pack_all(value.state), _pack_all(value.grads)
            return ModuleData(value.name, dict(value.config), state, grads, value.frozen, value.wants_grad)
        return _pack_float(value)

    return CaseData({name: pack(value) for name, value in case.inputs.items()}, case.calls)


def unpack_case(data: CaseData) -> Case:
    """The case of a wire form."""

    def unpack(value: ArgumentData) -> Argument:
        if isinstance(value, InputData):
            return Input(unpack_tensor(value.tensor), value.wants_grad, value.contiguous)
        if isinstance(value, ModuleData):
            state, grads = _unpack_all(value.state), _unpack_all(value.grads)
            return Module(value.name, value.config, state, grads, value.frozen, value.wants_grad)
        return float(value.name) if isinstance(value, FloatData) else value

    return Case({name: unpack(value) for name, value in data.inputs.items()}, data.calls)


def pack_observation(observation: Observation) -> ObservationData:
    """The wire form of an observation; a tensor that `pack_tensor` refuses is named instead of sent."""
    failure = observation.failure
    tensors: dict[int, QuantityData] = {}

    def pack(value: Quantity) -> QuantityData:
        if not isinstance(value, Tensor):
            return _pack_quantity(value)
        # Many are one tensor under several names.
        if id(value) not in tensors:
            tensors[id(value)] = _pack_quantity(value)
        return tensors[id(value)]

    return ObservationData(
        {name: pack(value) for name, value in observation.quantities.items()},
        pack_failure(failure) if failure else None,
    )


def unpack_observation(data: ObservationData) -> Observation:
    """Raises `ValueError` for a malformed tensor, and for more quantities or other texts than `observe` writes."""
    if len(data.quantities) > MAX_QUANTITIES:
        raise ValueError(f"more than {MAX_QUANTITIES} quantities")
    for text in (*data.quantities, *data.quantities.values()):
        if isinstance(text, str) and not (len(text) <= MAX_TEXT and text.isprintable()):
            raise ValueError(f"a text of more than {MAX_TEXT} characters, or with characters that steer")
    return Observation(
        {name: _unpack_quantity(value) for name, value in data.quantities.items()},
        unpack_failure(data.failure) if data.failure else None,
    )


def pack_failure(failure: Failure) -> FailureData:
    """The wire form of a failure."""
    return FailureData(failure.kind, failure.message, failure.line, failure.code, failure.cell)


def unpack_failure(data: FailureData) -> Failure:
    """The failure of a wire form, with texts that can be shown anywhere, whatever was sent."""
    return Failure(
        clean(data.kind, 80), clean(data.message, 500), data.line, clean(data.code), clean(data.cell)
    )


def pack_expectation(expectation: Expectation) -> ExpectationData:
    """The recorded form of an expectation."""
    return ExpectationData(
        {name: _pack_quantity(value) for name, value in expectation.quantities.items()},
        dict(expectation.dtypes),
    )


def unpack_expectation(data: ExpectationData) -> Expectation:
    """The expectation of a recorded form."""
    return Expectation(
        {name: _unpack_quantity(value) for name, value in data.quantities.items()}, data.dtypes
    )


def _pack_all(tensors: object) -> dict[str, TensorData]:
    return {name: pack_tensor(tensor) for name, tensor in dict(tensors).items()}  # type: ignore[call-overload]


def _unpack_all(tensors: dict[str, TensorData]) -> dict[str, Tensor]:
    return {name: unpack_tensor(data) for name, data in tensors.items()}


def _oddity(tensor: Tensor) -> str:
    """What `pack_tensor` refuses, in words; empty for all else."""
    if tensor.dtype not in _NAMES:
        return f"a tensor of dtype {dtype_name(tensor.dtype)}"
    return f"a tensor of {tensor.ndim} dimensions" if tensor.ndim > MAX_DIMENSIONS else ""


def _pack_quantity(value: Quantity) -> QuantityData:
    if isinstance(value, Tensor):
        return _oddity(value) or pack_tensor(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return "an integer of more than 64 bits"
    return _pack_float(value)


def _unpack_quantity(value: QuantityData) -> Quantity:
    if isinstance(value, FloatData):
        return float(value.name)
    return unpack_tensor(value) if isinstance(value, TensorData) else value


_Plain = TypeVar("_Plain")


def _pack_float(value: _Plain) -> _Plain | FloatData:
    if isinstance(value, float) and not math.isfinite(value):
        return FloatData("nan" if math.isnan(value) else "inf" if value > 0 else "-inf")
    return value
