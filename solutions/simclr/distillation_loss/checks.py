"""Cases and points of `simclr.distillation_loss`."""

import torch
from torch import Tensor

from course_utils.checks import Case, Draw, check, standard


def _case(student: Tensor, teacher: Tensor, temperature: float) -> Case:
    return Case.of(student_logits=student, teacher_logits=teacher, temperature=temperature)


def _logits(draw: Draw, temperature: float = 2.0, n: int = 0, c: int = 0, scale: float = 1.5) -> Case:
    sizes = draw.sizes(2, 3, 8)
    shape = n or sizes[0], c or sizes[1]
    # The student is right about some of it.
    teacher = scale * draw.normal(*shape)
    return _case(0.5 * teacher + scale * draw.normal(*shape), teacher, temperature)


def _by_hand() -> Case:
    # The student guesses among four classes: log 4, whatever the teacher says.
    teacher = torch.tensor([[1, 2, 3, 4], [0, 5, 0, 0]], dtype=torch.float64)
    return _case(torch.zeros(2, 4, dtype=torch.float64), teacher, 2.0)


loss = standard.values(
    lambda draw: [_by_hand(), _logits(draw, 2.5), _logits(draw, 0.6)],
    "The loss is right at temperatures above and below 1.",
    points=1,
)
gradients = standard.gradients(
    lambda draw: [_logits(draw, 1.7), _logits(draw, 0.7)],
    "The student's gradients are right, and the teacher gets none.",
    points=1,
)


def _large(draw: Draw, n: int, c: int) -> Case:
    # Logits from -200 to 200. To what the teacher finds likely the student gives a probability of zero in float32.
    student, teacher = (200 * (2 * draw.uniform(n, c) - 1) for _ in range(2))
    rows, best = torch.arange(n), draw.integers(0, c - 1, n)
    teacher[rows, best], student[rows, best] = 200 - draw.uniform(n), draw.uniform(n) - 200
    second = (best + 1) % c
    teacher[rows, second], student[rows, second] = 199 - draw.uniform(n), 200 - draw.uniform(n)
    return _case(student, teacher, 1.0)


@check(points=0.5, visible=True, accuracy="softmax", looks_at=("result", "gradient"))
def large_logits(draw: Draw) -> Case:
    """Loss and gradients are finite and right for logits between -200 and 200."""
    return _large(draw, 3, 4).wanting_gradients()


@check(
    points=0.5,
    accuracy="softmax",
    looks_at=("result", "gradient"),
    asks="large logits at other temperatures",
)
def larger_logits(draw: Draw) -> list[Case]:
    """Loss and gradients are finite and right for large logits at a low and at a high temperature."""
    names = "student_logits", "teacher_logits"
    cold, warm = (
        [case.tensors[name].tensor for name in names] for case in (_large(draw, 5, 6), _large(draw, 4, 7))
    )
    low = _case(cold[0] / 2, cold[1] / 2, 0.25)
    # A number added to a row's logits changes nothing.
    high = _case(warm[0] - 1000 * draw.uniform(4, 1), warm[1] - 1000 * draw.uniform(4, 1), 4.0)
    return [low.wanting_gradients(), high.wanting_gradients()]


@check(points=1, looks_at=("result", "kept"), asks="equal logits, other batches and temperatures")
def other_batches(draw: Draw) -> list[Case]:
    """The loss is right for a student equal to its teacher, for one image, many images, and in a second call."""
    # A student that agrees with its teacher: the entropy of the labels, not zero.
    same = draw.normal(4, 5)
    student, teacher = draw.normal(5, 4), draw.normal(5, 4)
    equal = _case(same, same.clone(), 1.3)
    # A teacher who is sure, one who cannot say, and classes with equal logits; logits that are zero.
    sure = _case(student, 12 * draw.one_hot(5, 4), 0.8)
    special = [_case(student, other, 1.5) for other in (draw.ties(5, 4), draw.with_zero_vectors(5, 4))]
    zeros = _case(draw.with_zeros(5, 4), draw.with_zeros(5, 4), 0.9)
    sizes = [_logits(draw, t, n, c) for t, n, c in ((0.5, 1, 6), (3.0, 4, 4), (1.0, 6, 2), (8.0, 3, 9))]
    many = _logits(draw, 1.2, draw.many(), 3), _logits(draw, 1.2, 3, draw.many())
    again = _logits(draw, 0.9, 5, 4).then(_logits(draw, 0.9, 5, 4))
    return [equal, sure, *special, zeros, _case(student, teacher, 1.0), *sizes, *many, again]


layouts = standard.layouts(
    lambda draw: [_logits(draw, 1.6), _logits(draw, 0.8).strided(), _logits(draw, 2.2, 1, 5)],
    "Loss and gradients are right in float64, for transposed memory and a single image too.",
    points=0.5,
    looks_at=("result", "gradient"),
)
inputs_unchanged = standard.unchanged(_logits, "The logits are left as they were.")
