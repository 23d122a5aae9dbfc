"""Reference of `cpc.draw_negatives`."""

import torch
from jaxtyping import Float, Int64
from torch import Tensor


def draw_negatives(uniforms: Float[Tensor, "p m"]) -> Int64[Tensor, "p m"]:
    """For each of p positions, m others to contrast it with.

    The randomness is given: each u in row i becomes the number of another position. As there are p - 1 others, u is
    first mapped to floor(u * (p - 1)), one of the numbers 0 to p - 2; from i on these are raised by one, which leaves i
    itself out. All other positions are equally likely, and one may be drawn more than once. Which positions take part
    is the caller's choice (van den Oord et al. 2018 compare several, in table 2).

    Args:
        uniforms: numbers in [0, 1), one row for each position.

    Returns:
        Numbers of positions, from 0 to p - 1: those in row i are not i.

    Raises:
        ValueError: there are fewer than two positions.
    """
    positions = len(uniforms)
    if positions < 2:
        raise ValueError(f"{positions} position has no others: at least 2 are needed")
    others = (uniforms * (positions - 1)).long()
    own = torch.arange(positions, device=uniforms.device).unsqueeze(1)
    return others + (others >= own)
