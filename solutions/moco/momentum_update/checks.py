"""Cases and points of `moco.momentum_update`."""

import torch

from course_utils.checks import Case, Draw, Module, check


def _encoders(draw: Draw, momentum: float, frozen: bool = True) -> Case:
    width = draw.integer(3, 6)

    def encoder(is_key: bool) -> Module:
        from course_utils.models import build

        state = build("tiny_encoder", width=width).state_dict()
        values = {
            name: draw.normal(*tensor.shape).abs() + 0.1
            if tensor.is_floating_point()
            # Counters of batches, which the two encoders must not share by chance.
            else tensor + draw.integer(1, 9) + (10 if is_key else 0)
            for name, tensor in state.items()
        }
        parameters = dict(build("tiny_encoder", width=width).named_parameters())
        # The query encoder carries gradients from its backward pass, a frozen key encoder has none.
        grads = {name: draw.normal(*parameters[name].shape) for name in parameters}
        if is_key and frozen:
            grads = {}
        return Module("tiny_encoder", {"width": width}, values, grads, frozen=is_key and frozen)

    return Case({"query_encoder": encoder(False), "key_encoder": encoder(True), "momentum": momentum})


@check(points=1, visible=True, accuracy="elementwise", looks_at=("module",))
def key_encoder_moves(draw: Draw) -> Case:
    """The key encoder's parameters are the moving average, and the query encoder's are as before."""
    return _encoders(draw, momentum=0.9)


@check(points=0.5, visible=True, side=True, accuracy="exact", looks_at=("buffer",))
def buffers_stay(draw: Draw) -> Case:
    """The buffers of both encoders are as before."""
    return _encoders(draw, momentum=0.6)


@check(
    points=1,
    accuracy="elementwise",
    looks_at=("after.key_encoder", "same.key_encoder"),
)
def in_place(draw: Draw) -> Case:
    """The update happens in place: whoever holds a parameter of the key encoder sees it move."""
    return _encoders(draw, momentum=0.7)


@check(
    points=1,
    accuracy="elementwise",
    dtype=torch.float64,
    looks_at=("module.key_encoder", "own.key_encoder"),
)
def slow_encoder(draw: Draw) -> list[Case]:
    """The average is right in float64 for a momentum close to one, of one and of zero."""
    return [_encoders(draw, momentum=0.999), _encoders(draw, momentum=1.0), _encoders(draw, momentum=0.0)]


@check(
    points=0.5,
    side=True,
    accuracy="exact",
    looks_at=(
        "module.query_encoder",
        "same.query_encoder",
        "grad",
        "graph",
        "mode",
        "members",
        "setting",
        "result",
    ),
)
def everything_else_stays(draw: Draw) -> list[Case]:
    """The query encoder, all gradients and all requires_grad flags are left alone, and nothing is returned."""
    return [_encoders(draw, momentum=0.8), _encoders(draw, momentum=0.4, frozen=False)]
