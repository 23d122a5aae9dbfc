"""Reference of `moco.moco_loss`."""

from jaxtyping import Float
from torch import Tensor


def moco_loss(logits: Float[Tensor, "n 1+k"]) -> Float[Tensor, ""]:
    """InfoNCE with a queue: which of 1 + k candidates is the query's own key (He et al. 2020, equation 1)?

    Of every row the right answer is column 0, so that the loss of a row is -log softmax(row)[0]. No factor stands
    before it, and the temperature has no place here: the logits are divided by it already.

    Args:
        logits: one query a row, its own key in column 0 and the k keys of the queue behind it.

    Returns:
        The mean over the n queries, in nats.
    """
    return -logits.log_softmax(dim=1)[:, 0].mean()
