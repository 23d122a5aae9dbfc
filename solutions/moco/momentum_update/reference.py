"""Reference of `moco.momentum_update`: one parameter after the other, to be read.

benchmarks/README.md has it beside an update of all parameters in one call.
"""

import torch
from torch import nn


def momentum_update(query_encoder: nn.Module, key_encoder: nn.Module, momentum: float) -> None:
    """Move the key encoder a small step towards the query encoder (He et al. 2020, eq. 2).

    Every parameter of the key encoder becomes ``momentum`` times itself plus ``1 - momentum`` times the query
    encoder's parameter. The update is in place: the key encoder keeps its parameter tensors. Buffers,
    ``requires_grad`` and ``.grad`` stay as they are, and so does the query encoder.

    Args:
        query_encoder: the encoder that the optimiser trains.
        key_encoder: a module of the same architecture.
        momentum: in [0, 1]; 1 leaves the key encoder alone, 0 copies the query encoder.
    """
    with torch.no_grad():
        for query, key in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
            key.mul_(momentum).add_(query, alpha=1 - momentum)
