"""Reference of `video.colorization_attention`: all weights at once, to be looked at.

Where only the copied colours are wanted, PyTorch's own attention is faster: benchmarks/README.md says how much.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def colorization_attention(
    reference: Float[Tensor, "n d h w"],
    target: Float[Tensor, "n d h2 w2"],
    temperature: float = 1.0,
) -> Float[Tensor, "n h*w h2*w2"]:
    """For every position of the target frame, how much each position of the reference frame looks like its origin.

    Entry ``A[b, i, j]`` is a softmax over the reference positions ``i`` of the dot product of the embeddings
    at ``i`` and at target position ``j``, so every column sums to one (Vondrick et al. 2018, eq. 2).
    Positions are counted row by row. The dot products are divided by the temperature and by nothing else: the
    embeddings are not normalised, and there is no 1/sqrt(d).

    Args:
        reference: embeddings of the frame whose colours are known.
        target: embeddings of the frame to be coloured; its sides may differ from the reference's.
        temperature: positive; small values let each position point at one place.

    Returns:
        The attention, values in [0, 1].
    """
    similarity = torch.einsum("ndi,ndj->nij", reference.flatten(2), target.flatten(2))
    return torch.softmax(similarity / temperature, dim=1)
