"""Cases and points of `moco.momentum_update`."""

from collections.abc import Callable

import torch
from torch import Tensor, float64

from course_utils.checks import Case, Draw, Module, check


def _encoders(
    draw: Draw, momentum: float, *, frozen: bool = True, name: str = "tiny_encoder", **config: int
) -> Case:
    from course_utils.models import build

    config = {"width": draw.integer(3, 6), **config}
    model = build(name, **config)

    def encoder(is_key: bool) -> Module:
        values = {
            key: draw.normal(*tensor.shape).abs() + 0.1
            if tensor.is_floating_point()
            # Counters of batches, which the two encoders must not share by chance.
            else tensor + draw.integer(1, 9) + (10 if is_key else 0)
            for key, tensor in model.state_dict().items()
        }
        # The query encoder carries gradients from its backward pass, a frozen key encoder has none.
        grads = {
            name: draw.normal(*parameter.shape)
            for name, parameter in model.named_parameters()
            if parameter.requires_grad
        }
        idle = is_key and frozen
        return Module(name, config, values, {} if idle else grads, frozen=idle)

    return Case.of(query_encoder=encoder(False), key_encoder=encoder(True), momentum=momentum)


def _nested(draw: Draw, momentum: float, *, partly_frozen: bool, frozen: bool = True) -> Case:
    # Layers inside layers, and a parameter that no layer holds.
    return _encoders(draw, momentum, frozen=frozen, name="nested_encoder", frozen_part=int(partly_frozen))


def _filled(
    value: Callable[[str, Tensor], Tensor], *, width: int, frozen: bool, name: str = "tiny_encoder"
) -> Module:
    """An encoder whose state is what `value` makes of each name and tensor."""
    from course_utils.models import build

    state = build(name, width=width).state_dict()
    values = {key: value(key, tensor) for key, tensor in state.items()}
    return Module(name, {"width": width}, values, frozen=frozen)


def _by_hand(name: str, width: int) -> Case:
    # Ones and threes: 3/4 of three and 1/4 of one are 2.5.
    def encoder(number: float, frozen: bool) -> Module:
        return _filled(
            lambda _, tensor: torch.full_like(tensor, number), width=width, frozen=frozen, name=name
        )

    return Case.of(query_encoder=encoder(1, False), key_encoder=encoder(3, True), momentum=0.75)


def _with_zeros(draw: Draw) -> Case:
    # Wide layers with values of both signs, some large; some are exactly zero, and so is all of one bias in each.
    width = draw.integer(17, 21)

    def encoder(is_key: bool) -> Module:
        def value(name: str, tensor: Tensor) -> Tensor:
            if name.startswith("1.running") or not tensor.is_floating_point():
                return tensor + 1
            if name == ("1.bias" if is_key else "0.bias"):
                return torch.zeros_like(tensor)
            return 100 * draw.with_zeros(*tensor.shape)

        return _filled(value, width=width, frozen=is_key)

    return Case.of(query_encoder=encoder(False), key_encoder=encoder(True), momentum=0.7)


@check(points=1, visible=True, accuracy="elementwise", looks_at=("module",))
def key_encoder_moves(draw: Draw) -> list[Case]:
    """The key encoder's parameters are the moving average, and the query encoder's are as before."""
    by_hand = _by_hand("tiny_encoder", width=2), _by_hand("nested_encoder", width=3)
    return [*by_hand, _encoders(draw, 0.9), _nested(draw, 0.85, partly_frozen=True)]


@check(points=0.5, visible=True, side=True, accuracy="exact", looks_at=("buffer",))
def buffers_stay(draw: Draw) -> Case:
    """The buffers of both encoders are as before."""
    return _encoders(draw, 0.6)


@check(
    points=1,
    accuracy="elementwise",
    looks_at=("after.key_encoder", "same.key_encoder"),
    asks="the very same parameter tensors",
)
def in_place(draw: Draw) -> list[Case]:
    """The update happens in place: whoever holds a parameter of the key encoder sees it move."""
    nested = [_nested(draw, 0.65, partly_frozen=part) for part in (False, True)]
    return [_encoders(draw, 0.7), _with_zeros(draw), *nested]


@check(
    points=1,
    accuracy="elementwise",
    dtype=float64,
    looks_at=("module.key_encoder", "own.key_encoder"),
    asks="other momenta",
)
def slow_encoder(draw: Draw) -> list[Case]:
    """The average is right in float64 for a momentum close to one, of one and of zero."""
    return [_encoders(draw, momentum) for momentum in (0.999, 1.0, 0.0)]


_REST = (
    "module.query_encoder",
    "same.query_encoder",
    "grad",
    "graph",
    "mode",
    "members",
    "setting",
    "result",
)


@check(points=0.5, visible=True, side=True, accuracy="exact", looks_at=_REST)
def everything_else_stays(draw: Draw) -> list[Case]:
    """The query encoder, gradients, requires_grad and torch's settings stay, and nothing joins a graph."""
    return [
        _encoders(draw, 0.8),
        _encoders(draw, 0.4, frozen=False),
        _nested(draw, 0.3, partly_frozen=True, frozen=False),
    ]
