"""Reference of `cpc.multiview_loss`."""

import torch
from jaxtyping import Float
from torch import Tensor


def multiview_loss(losses: Float[Tensor, "m m"], graph: str) -> Float[Tensor, ""]:
    r"""More than two views (Tian et al. 2020, equations 7 and 8).

    The views are the corners of a graph. Along each of its edges two views a and b learn from each other, in both
    directions: `losses[a, b]` + `losses[b, a]`. What all edges have is added up.

    Args:
        losses: `losses[a, b]` is the loss with anchors of view a and candidates of view b, which need not be that of
            the other direction. Entries of pairs without an edge never count, not even if they are NaN; the diagonal,
            where a view would be compared with itself, is such an entry in either graph.
        graph: `"core"` for edges between view 0 and each of the others, `"full"` for one between any two views.

    Returns:
        The sum over both directions of all edges; 0 for a single view.

    Raises:
        ValueError: `graph` is neither of the two.
    """
    if graph not in {"core", "full"}:
        raise ValueError('graph is neither "core" nor "full"')
    is_edge = ~torch.eye(len(losses), dtype=torch.bool, device=losses.device)
    if graph == "core":
        is_edge[1:, 1:] = False  # the others have no edges among themselves
    return losses[is_edge].sum()
