"""Cases and points of `cpc.masked_conv`."""

import torch

from course_utils.checks import Case, Draw, check, standard


def _case(draw: Draw, n: int, d: int, h: int, w: int, o: int, kh: int, kw: int, scale: float = 1.0) -> Case:
    return Case.of(
        grid=scale * draw.normal(n, d, h, w), weight=draw.normal(o, d, kh, kw), bias=draw.normal(o)
    )


def _by_hand() -> Case:
    # A single one in the middle, a different whole number for each place of the kernel, and a bias of 100: the output
    # shows the kernel upside down, without what looks below.
    grid = torch.zeros(1, 1, 4, 5, dtype=torch.float64)
    grid[0, 0, 1, 2] = 1
    weight = torch.arange(1.0, 10.0, dtype=torch.float64).reshape(1, 1, 3, 3)
    return Case.of(grid=grid, weight=weight, bias=torch.tensor([100.0], dtype=torch.float64))


def _small(draw: Draw) -> Case:
    return _case(draw, 2, 3, 6, 5, 4, 3, 5)


values = standard.values(
    lambda draw: [_by_hand(), _small(draw)],
    "The output is right: each row sees those above it and its own.",
    points=1.5,
)
gradients = standard.gradients(
    lambda draw: _case(draw, 2, 3, 5, 7, 4, 5, 3),
    "The gradients with respect to grid, kernel and bias are right; kernel rows below the middle get none.",
    points=1,
)


@check(points=0.5, visible=True)
def other_kernels(draw: Draw) -> list[Case]:
    """The output is right for a kernel of a single place, of one row, of one column, and one higher than the grid."""
    kernels = (1, 1), (1, 5), (3, 1), (7, 3)
    return [_case(draw, 2, 2, 3, 6, 3, *kernel) for kernel in kernels]


@check(points=0.5, visible=True, looks_at=("exception", "result"), side=True)
def even_kernels(draw: Draw) -> list[Case]:
    """A kernel of even height or even width: a ValueError."""
    return [_case(draw, 2, 3, 5, 6, 4, *kernel) for kernel in ((2, 3), (3, 4))]


@check(
    points=0.5,
    looks_at=("result", "gradient"),
    asks="one image, one channel, large kernels; gradients",
)
def other_sizes(draw: Draw) -> list[Case]:
    """Output and gradients are right for one image, for one channel, and for large kernels."""
    sizes = (1, 3, 5, 4, 2, 3, 3), (2, 1, 4, 6, 1, 3, 5), (3, 2, 1, 5, 4, 3, 3), (2, 3, 6, 1, 2, 5, 3)
    larger = (1, 2, 8, 7, 3, 9, 5), (2, 2, 4, 5, 3, 5, 9), (2, 4, 4, 4, 4, 3, 3), (2, 3, 2, 6, 4, 9, 1)
    return [_case(draw, *size).wanting_gradients() for size in sizes + larger]


def _layouts(draw: Draw) -> list[Case]:
    plain, first, second = (_case(draw, 2, 3, 5, 6, 4, 3, 5, scale=1000.0) for _ in range(3))
    # Many images, many channels, grids that are long in either direction.
    many = _case(draw, draw.many(), 2, 3, 4, 3, 3, 3)
    channels = _case(draw, 1, draw.integer(33, 40), 4, 3, draw.integer(41, 50), 3, 3)
    long = _case(draw, 1, 2, draw.integer(33, 40), draw.integer(41, 50), 3, 5, 3)
    # Zeros, black positions and channels, and a kernel with zeros.
    sparse = Case.of(
        grid=draw.with_zero_vectors(2, 4, 5, 6, dim=1),
        weight=draw.with_zeros(3, 4, 3, 3),
        bias=torch.zeros(3, dtype=torch.float64),
    )
    # A grid that grows from row to row: who lets zeros in at the sides or above is seen.
    steep = _case(draw, 2, 3, 7, 5, 4, 5, 3)
    steep.tensors["grid"].tensor.mul_(10.0 ** torch.arange(-3, 4).double().unsqueeze(1))
    cases = [plain, plain.strided(), long.strided("grid"), many, channels, long, sparse, steep]
    return [*cases, first.then(second)]


layouts = standard.layouts(
    _layouts,
    "The output is right in float64, in transposed memory, for many images and channels, and called again.",
    points=0.5,
)


@check(
    points=0.5,
    looks_at=("exception", "result"),
    dtype=torch.float64,
    side=True,
    asks="more kernels with and without a middle",
)
def more_even_kernels(draw: Draw) -> list[Case]:
    """Kernels of even sides are refused, odd ones are not, whatever the size of the grid."""
    kernels = (4, 5), (1, 2), (2, 1), (2, 2), (5, 1), (1, 7)
    return [_case(draw, 1, 2, 4, 6, 3, *kernel) for kernel in kernels]


inputs_unchanged = standard.unchanged(_small, "Grid, kernel and bias are left as they were.")
