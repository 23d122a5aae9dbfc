"""What is sent and stored comes back the same, and malformed bytes are refused."""

import contextlib
import math

import hypothesis.strategies as st
import msgspec
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from course_utils.checks import Case, Draw, Input, Module, check
from course_utils.checks.expectation import Expectation
from course_utils.checks.observation import Failure, Observation
from course_utils.checks.observe import clean
from course_utils.checks.wire import (
    DTYPES,
    MAX_QUANTITIES,
    MAX_TEXT,
    CaseData,
    ExpectationData,
    ObservationData,
    TensorData,
    pack_case,
    pack_expectation,
    pack_observation,
    pack_tensor,
    unpack_case,
    unpack_expectation,
    unpack_observation,
    unpack_tensor,
)


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    dtype = DTYPES[draw(st.sampled_from(sorted(DTYPES)))]
    size = math.prod(shape) * dtype.itemsize
    raw = np.random.default_rng(draw(st.integers(0, 2**32))).integers(0, 256, size, dtype=np.uint8)
    if dtype is torch.bool:
        raw = raw % 2
    if not size:
        return torch.empty(shape, dtype=dtype)
    tensor = torch.frombuffer(bytearray(raw.tobytes()), dtype=dtype).reshape(shape)
    return tensor.transpose(0, -1) if tensor.ndim > 1 and draw(st.booleans()) else tensor


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats() | text
quantities = st.dictionaries(text, scalars | tensors(), max_size=5)
# `observe` writes nothing else.
shown = st.text(st.characters(exclude_categories=["C", "Z"]), max_size=MAX_TEXT)


def alike(left: object, right: object) -> bool:
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        # Bit by bit: NaN has many patterns, and zero has a sign.
        return (
            left.dtype == right.dtype
            and left.shape == right.shape
            and pack_tensor(left) == pack_tensor(right)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(alike(left[key], right[key]) for key in left)
    if isinstance(left, Input) and isinstance(right, Input):
        return alike(vars(left), vars(right))
    if isinstance(left, Module) and isinstance(right, Module):
        return alike(vars(left), vars(right))
    if isinstance(left, float) and isinstance(right, float):
        return repr(left) == repr(right)
    return type(left) is type(right) and left == right


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        shown, scalars.filter(lambda value: not isinstance(value, str)) | shown | tensors(), max_size=5
    ),
    st.none() | st.builds(Failure, text, text, st.none() | st.integers(0, 10**6), text),
)
def test_observations_come_back(values: dict, failure: Failure | None) -> None:
    sent = msgspec.msgpack.encode(pack_observation(Observation(values, failure)))
    back = unpack_observation(msgspec.msgpack.decode(sent, type=ObservationData))
    assert alike(values, dict(back.quantities))
    # Texts are made fit to be shown anywhere on the way.
    assert back.failure == (
        failure and Failure(clean(failure.kind), clean(failure.message), failure.line, clean(failure.code))
    )


@settings(deadline=None, max_examples=60)
@given(quantities)
def test_expectations_come_back_from_json(values: dict) -> None:
    sent = msgspec.json.encode(pack_expectation(Expectation(values, {"result": "float32"})))
    back = unpack_expectation(msgspec.json.decode(sent, type=ExpectationData))
    assert alike(values, dict(back.quantities))


inputs = (
    scalars
    | st.lists(st.integers(0, 99), max_size=3).map(tuple)
    | st.builds(
        # Of integers no gradient can be wanted, and none of frozen parameters.
        lambda tensor, wants_grad, contiguous: Input(
            tensor, wants_grad and (tensor.is_floating_point() or tensor.is_complex()), contiguous
        ),
        tensors(),
        st.booleans(),
        st.booleans(),
    )
    | st.builds(
        lambda *parts: Module(*parts[:-1], *parts[-1]),
        text,
        st.dictionaries(text, st.integers(0, 9), max_size=2),
        st.dictionaries(text, tensors(), max_size=2),
        st.dictionaries(text, tensors(), max_size=2),
        st.sampled_from([(False, False), (True, False), (False, True)]),
    )
)


@pytest.mark.parametrize("form", [msgspec.msgpack, msgspec.json])
@settings(deadline=None, max_examples=40)
@given(st.dictionaries(text, inputs, min_size=1, max_size=4))
def test_cases_come_back(form, values: dict) -> None:  # type: ignore[no-untyped-def]
    case = Case(values, (tuple(values), ("result",)) if "result" not in values else ())
    back = unpack_case(form.decode(form.encode(pack_case(case)), type=CaseData))
    assert alike(values, dict(back.inputs))
    assert back.calls == case.calls


@pytest.mark.parametrize(
    "data",
    [
        TensorData("float32", (2,), b"1234567"),
        TensorData("float32", (2,), b""),
        TensorData("float32", (2,), b"123456789"),
        TensorData("float32", (-1, -2), b"12345678"),
        TensorData("float32", (2**62, 4), b""),
        TensorData("float32", (0, 2**70), b""),
        TensorData("object", (1,), b"12345678"),
        TensorData("qint8", (1,), b"1"),
        TensorData("uint8", (1,) * 9, b"1"),
    ],
)
def test_malformed_tensors_are_refused_in_words_of_our_own(data: TensorData) -> None:
    with pytest.raises(ValueError, match=r"^[a-z ]+$") as caught:
        unpack_tensor(data)
    assert data.dtype not in str(caught.value)


@pytest.mark.parametrize(
    "quantities",
    [
        {"result": "x" * (MAX_TEXT + 1)},
        {"x" * (MAX_TEXT + 1): None},
        {"result": "mallory\x1b[2J"},
        {"result": "mallory\u202e"},
        {"mallory\n": True},
        {f"result.{number}": None for number in range(MAX_QUANTITIES + 1)},
    ],
    ids=["text", "name", "terminal", "direction", "line", "number"],
)
def test_what_observe_never_writes_is_refused(quantities: dict) -> None:
    with pytest.raises(ValueError, match="more than") as caught:
        unpack_observation(ObservationData(quantities, None))
    assert "mallory" not in str(caught.value)


@pytest.mark.parametrize(
    "message",
    [
        {
            "quantities": {"result": {"type": "tensor", "dtype": "float32", "shape": "2", "data": b""}},
            "failure": None,
        },
        {"quantities": {"result": {"type": "function", "code": "1"}}, "failure": None},
        {"quantities": {"result": [1, 2]}, "failure": None},
        {"quantities": {"result": {"type": "float", "name": "1.5"}}, "failure": None},
        {"quantities": {1: 2}, "failure": None},
        {"quantities": {}, "failure": "text"},
        {"failure": None},
        [],
        None,
    ],
)
def test_malformed_messages_are_refused(message: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=ObservationData)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=80))
def test_random_bytes_raise_nothing_but_a_decode_error(data: bytes) -> None:
    with contextlib.suppress(msgspec.DecodeError, ValueError):
        unpack_observation(msgspec.msgpack.decode(data, type=ObservationData))


def test_truth_values_are_zeros_and_ones() -> None:
    tensor = unpack_tensor(TensorData("bool", (4,), b"\x00\x01\x02\xff"))
    assert tensor.to(torch.uint8).tolist() == [0, 1, 1, 1]


def test_what_has_no_place_is_named() -> None:
    values = {
        "result": torch.zeros(2).to(torch.float8_e5m2),
        "deep": torch.zeros((1,) * 9),
        "big": 2**80,
    }
    packed = pack_observation(Observation(values))
    assert packed.quantities == {
        "deep": "a tensor of 9 dimensions",
        "result": "a tensor of dtype float8_e5m2",
        "big": "an integer of more than 64 bits",
    }


def test_a_tensor_that_is_changed_after_packing_is_not() -> None:
    tensor = torch.ones(2)
    packed = pack_tensor(tensor)
    tensor.zero_()
    assert unpack_tensor(packed).tolist() == [1, 1]


# --- draws ----------------------------------------------------------------------------------------------------


def test_the_cases_of_a_secret_are_always_the_same() -> None:
    @check(points=1)
    def values(draw: Draw) -> Case:
        """Values."""
        return Case({"x": Input(draw.normal(2, 3)), "n": draw.integer(0, 10**9)})

    one, again, other = (values.draw(secret)[0].inputs for secret in (b"a", b"a", b"b"))
    assert alike(dict(one), dict(again))
    assert one["n"] != other["n"]
