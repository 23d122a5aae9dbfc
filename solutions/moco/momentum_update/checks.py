"""Cases and points of `moco.momentum_update`."""

from torch import float64

from course_utils.checks import Case, Draw, Module, check


def _encoders(draw: Draw, momentum: float, *, frozen: bool = True) -> Case:
    from course_utils.models import build

    width = draw.integer(3, 6)
    tiny = build("tiny_encoder", width=width)

    def encoder(is_key: bool) -> Module:
        values = {
            name: draw.normal(*tensor.shape).abs() + 0.1
            if tensor.is_floating_point()
            # Counters of batches, which the two encoders must not share by chance.
            else tensor + draw.integer(1, 9) + (10 if is_key else 0)
            for name, tensor in tiny.state_dict().items()
        }
        # The query encoder carries gradients from its backward pass, a frozen key encoder has none.
        grads = {name: draw.normal(*parameter.shape) for name, parameter in tiny.named_parameters()}
        idle = is_key and frozen
        return Module("tiny_encoder", {"width": width}, values, {} if idle else grads, frozen=idle)

    return Case.of(query_encoder=encoder(False), key_encoder=encoder(True), momentum=momentum)


@check(points=1, visible=True, accuracy="elementwise", looks_at=("module",))
def key_encoder_moves(draw: Draw) -> Case:
    """The key encoder's parameters are the moving average, and the query encoder's are as before."""
    return _encoders(draw, 0.9)


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
def in_place(draw: Draw) -> Case:
    """The update happens in place: whoever holds a parameter of the key encoder sees it move."""
    return _encoders(draw, 0.7)


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


@check(
    points=0.5,
    side=True,
    accuracy="exact",
    looks_at=_REST,
    asks="what gets a gradient, all else left alone",
)
def everything_else_stays(draw: Draw) -> list[Case]:
    """The query encoder, all gradients and all requires_grad flags are left alone, and nothing is returned."""
    return [_encoders(draw, 0.8), _encoders(draw, 0.4, frozen=False)]
