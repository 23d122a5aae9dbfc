"""Cases and points of `cpc.multiview_loss`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard

GRAPHS = ("core", "full")


def _losses(draw: Draw, m: int) -> Tensor:
    # Losses are positive, and those of the two directions differ.
    return 0.5 + 4 * draw.uniform(m, m)


def _both(losses: Tensor) -> list[Case]:
    return [Case.of(losses=losses, graph=graph) for graph in GRAPHS]


def _without_diagonal(losses: Tensor, value: float = torch.nan) -> Tensor:
    return losses.clone().fill_diagonal_(value)


def _by_hand() -> Tensor:
    # Each entry is a power of two of its own: the sum says which were taken, and how often. The diagonal is 0.
    return torch.tensor([[0, 1, 2], [4, 0, 8], [16, 32, 0]], dtype=torch.float64)


core = standard.values(
    lambda draw: [
        Case.of(losses=_by_hand(), graph="core"),
        Case.of(losses=_losses(draw, 4), graph="core"),
    ],
    "In the core graph, both directions between view 0 and each other view are added.",
    points=1,
)
full = standard.values(
    lambda draw: [
        Case.of(losses=_by_hand(), graph="full"),
        Case.of(losses=_losses(draw, 4), graph="full"),
    ],
    "In the full graph, both directions of every pair are added.",
    points=1,
)


@check(points=0.5, visible=True, looks_at=("result", "gradient"))
def nan_on_the_diagonal(draw: Draw) -> list[Case]:
    """Where the diagonal is NaN or infinite, values and gradients are right, and no gradient goes outside the graph."""
    # Who adds the diagonal up makes infinity of an infinite one, and who takes it away again makes NaN.
    cases = [
        *_both(_without_diagonal(_losses(draw, 3))),
        *_both(_without_diagonal(_losses(draw, 3), torch.inf)),
    ]
    return [case.wanting_gradients() for case in cases]


@check(points=0.5, looks_at=("result", "gradient"), asks="two views, and many")
def other_numbers_of_views(draw: Draw) -> list[Case]:
    """Values and gradients are right for two views and for many, whatever stands outside the graph."""
    two, five = _both(_without_diagonal(_losses(draw, 2))), _both(_losses(draw, 5))
    many = _both(_without_diagonal(_losses(draw, draw.many())))
    infinite = _both(_without_diagonal(_losses(draw, 4), torch.inf))
    # Entries outside the core graph that are no numbers, and losses that are zero.
    losses = _losses(draw, 4)
    losses[1, 2], losses[3, 1], losses[2, 2] = torch.nan, torch.inf, -torch.inf
    zeros = _both(draw.with_zeros(6, 6).abs())
    cases = [*two, *five, *many, *infinite, Case.of(losses=losses, graph="core"), *zeros]
    return [case.wanting_gradients() for case in cases]


layouts = standard.layouts(
    lambda draw: [
        *(case.strided() for case in _both(_losses(draw, 4))),
        _both(_losses(draw, 4))[0].then(_both(_losses(draw, 4))[1]),
        *_both(_losses(draw, 3)),
    ],
    "The sum is right in float64, for transposed memory and in a second call.",
    points=0.5,
)


@check(points=0.5, looks_at=("result",), side=True, asks="a single view")
def single_view(draw: Draw) -> list[Case]:
    """With a single view there are no pairs, and the sum is 0."""
    no_numbers = [torch.full((1, 1), value, dtype=torch.float64) for value in (torch.nan, torch.inf)]
    return [case for losses in (_losses(draw, 1), *no_numbers) for case in _both(losses)]


@check(points=0.5, visible=True, looks_at=("exception", "result"), side=True)
def other_graphs(draw: Draw) -> list[Case]:
    """Any other graph, also a name with a capital letter: a ValueError."""
    return [Case.of(losses=_losses(draw, 3), graph=graph) for graph in ("ring", "Core", "")]


inputs_unchanged = standard.unchanged(
    lambda draw: _both(_losses(draw, 3)), "The losses are left as they were."
)
