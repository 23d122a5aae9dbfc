"""Reference of `simclr.distillation_loss`."""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def distillation_loss(
    student_logits: Float[Tensor, "n c"],
    teacher_logits: Float[Tensor, "n c"],
    temperature: float,
) -> Float[Tensor, ""]:
    """Teach a student by the soft labels of a teacher, as in SimCLRv2 (Chen et al. 2020).

    Both networks give c logits to each of n images, and P is their softmax at temperature T:

        L = mean over n of -( sum over classes y of P_teacher(y) * log P_student(y) )

    This is a cross-entropy: the least it can be is the entropy of the teacher's labels. There is no factor T^2.

    Args:
        student_logits: what the student says; the gradient goes here.
        teacher_logits: what the teacher says; a constant, no gradient goes here.
        temperature: T of both softmaxes, greater than 0.

    Returns:
        The loss, in nats: the mean over the images.
    """
    soft_labels = (teacher_logits.detach() / temperature).softmax(dim=1)
    return F.cross_entropy(student_logits / temperature, soft_labels)
