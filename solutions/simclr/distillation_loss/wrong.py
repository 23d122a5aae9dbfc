"""Wrong answers to `simclr.distillation_loss`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _labels(teacher, temperature):
    return (teacher.detach() / temperature).softmax(dim=1)


@misconception(hint="Which paper's formula has T^2 in it, and what is mixed there? Look at the docstring.")
def tau_squared(student, teacher, temperature):
    """The loss is multiplied by the square of the temperature."""
    return temperature**2 * F.cross_entropy(student / temperature, _labels(teacher, temperature))


@misconception(hint="At equal logits, is your loss 0? Should a cross-entropy be?")
def divergence(student, teacher, temperature):
    """The divergence is returned: the teacher's entropy is taken away."""
    log_shares = (student / temperature).log_softmax(dim=1)
    return F.kl_div(log_shares, _labels(teacher, temperature), reduction="batchmean")


@misconception(hint="Equal logits: is your loss 0? And which factor would make gradients at all T alike?")
def divergence_times_tau_squared(student, teacher, temperature):
    """The divergence times T^2 is returned, as Hinton et al. use it beside hard labels."""
    return temperature**2 * divergence.function(student, teacher, temperature)


@misconception(hint="Whose logarithm is it, and whose probabilities are the weights?")
def roles_exchanged(student, teacher, temperature):
    """The student's probabilities weigh the logarithms of the teacher's."""
    return F.cross_entropy(teacher.detach() / temperature, (student / temperature).softmax(dim=1))


@misconception(hint="F.kl_div and the cross-entropy both want a logarithm of the student. Where is yours?")
def student_without_log(student, teacher, temperature):
    """The student's probabilities themselves are weighed, without a logarithm."""
    return -(_labels(teacher, temperature) * (student / temperature).softmax(dim=1)).sum(dim=1).mean()


@misconception(hint="Does cross-entropy want probabilities, or what they are made of?")
def softmax_twice(student, teacher, temperature):
    """The student's probabilities are handed to the cross-entropy, which takes their softmax again."""
    return F.cross_entropy((student / temperature).softmax(dim=1), _labels(teacher, temperature))


@misconception(hint="What does F.cross_entropy expect as its target: logits or probabilities?")
def teacher_without_softmax(student, teacher, temperature):
    """The teacher's logits are taken for probabilities."""
    return F.cross_entropy(student / temperature, teacher.detach() / temperature)


teacher_learns = slip(
    "teacher_logits.detach()",
    "teacher_logits",
    idea="A gradient goes to the teacher.",
    hint="Who is teaching whom? Look at the teacher's gradient.",
)


@misconception(hint="Which of the two is to learn? Look at both gradients.")
def student_detached(student, teacher, temperature):
    """The gradient is kept from the student and goes to the teacher."""
    return F.cross_entropy(student.detach() / temperature, (teacher / temperature).softmax(dim=1))


one_side_at_t = slip(
    "student_logits / temperature",
    "student_logits",
    idea="Only the teacher's softmax has the temperature.",
    hint="At a high temperature both become uniform. Does your student?",
)
other_side_at_t = slip(
    "teacher_logits.detach() / temperature",
    "teacher_logits.detach()",
    idea="Only the student's softmax has the temperature.",
    hint="At a high temperature both become uniform. Does your teacher?",
)


@misconception(hint="Call your function with two temperatures. What changes?")
def temperature_left_out(student, teacher, temperature):
    """The temperature has no effect."""
    return F.cross_entropy(student, _labels(teacher, 1.0))


@misconception(hint="A high temperature makes a softmax flatter. What does yours do?")
def multiplied_by_temperature(student, teacher, temperature):
    """The logits are multiplied by the temperature."""
    return F.cross_entropy(student * temperature, _labels(teacher, 1 / temperature))


teacher_multiplied = slip(
    "teacher_logits.detach() / temperature",
    "teacher_logits.detach() * temperature",
    idea="The teacher's logits are multiplied by the temperature.",
    hint="At a high temperature both become uniform. Does your teacher become surer?",
)
student_multiplied = slip(
    "student_logits / temperature",
    "student_logits * temperature",
    idea="The student's logits are multiplied by the temperature.",
    hint="At a high temperature both become uniform. Does your student become surer?",
)
logarithms_for_labels = slip(
    ".softmax(dim=1)",
    ".log_softmax(dim=1)",
    idea="The logarithms of the teacher's probabilities are the labels.",
    hint="What do the labels of one image add up to? There is one logarithm in the formula. Whose is it?",
)
student_not_asked = slip(
    "student_logits / temperature",
    "teacher_logits / temperature",
    idea="Both sides are the teacher's: its entropy is returned.",
    hint="Call your function with two students. What changes?",
)
minus_on_the_logits = slip(
    "student_logits / temperature",
    "-student_logits / temperature",
    idea="The minus is put before the student's logits.",
    hint="What is the minus of the formula put before: the logits, or the logarithm?",
)
taught_by_itself = slip(
    "(teacher_logits.detach()",
    "(student_logits.detach()",
    idea="The student's own probabilities are its labels.",
    hint="Call your function with two teachers. What changes?",
)


@misconception(hint="A temperature divides what goes into the softmax. What did you divide?")
def probabilities_divided_by_temperature(student, teacher, temperature):
    """The probabilities are divided by the temperature, not the logits."""
    return -(_labels(teacher, 1.0) / temperature * student.log_softmax(dim=1)).sum(dim=1).mean()


@misconception(hint="Does your loss shrink when classes are added? Over what is the mean taken?")
def mean_over_classes(student, teacher, temperature):
    """The mean is taken over images and classes."""
    return -(_labels(teacher, temperature) * (student / temperature).log_softmax(dim=1)).mean()


@misconception(hint="Should the loss grow with the batch?")
def summed(student, teacher, temperature):
    """The losses of the images are added up."""
    return F.cross_entropy(student / temperature, _labels(teacher, temperature), reduction="sum")


@misconception(hint="The result is one number. Which dimension is still to be averaged?")
def one_loss_for_each_image(student, teacher, temperature):
    """The losses of the images are returned one by one."""
    return F.cross_entropy(student / temperature, _labels(teacher, temperature), reduction="none")


@misconception(hint="What did the teacher say besides its favourite?")
def hard_labels(student, teacher, temperature):
    """The teacher's most likely class is taken for the truth."""
    return F.cross_entropy(student / temperature, teacher.argmax(dim=1))


softmax_over_the_batch = slip(
    ".softmax(dim=1)",
    ".softmax(dim=0)",
    idea="The teacher's softmax runs over the images.",
    hint="Which dimension holds the classes?",
)


@misconception(hint="Which dimension holds the classes?")
def both_softmaxes_over_the_batch(student, teacher, temperature):
    """Both softmaxes run over the images."""
    labels = (teacher.detach() / temperature).softmax(dim=0)
    return -(labels * (student / temperature).log_softmax(dim=0)).sum(dim=1).mean()


@misconception(hint="Which sign has the logarithm of a probability, and which has a loss?")
def sign_left_out(student, teacher, temperature):
    """The mean of the logarithms is returned, which training would make small."""
    return -F.cross_entropy(student / temperature, _labels(teacher, temperature))


@misconception(hint="Are two networks alike when their logits are, or when their probabilities are?")
def squared_difference_of_logits(student, teacher, temperature):
    """The mean squared difference of the logits is returned."""
    return F.mse_loss(student / temperature, teacher.detach() / temperature)


@misconception(hint="What is the logarithm of a probability so small that it rounds to 0?")
def log_of_softmax(student, teacher, temperature):
    """The student's softmax is taken first, and then its logarithm."""
    return -(_labels(teacher, temperature) * (student / temperature).softmax(dim=1).log()).sum(dim=1).mean()


@misconception(hint="How large is exp(-100) beside your 1e-8?")
def small_number_inside_the_log(student, teacher, temperature):
    """Something small is added to the student's probabilities before the logarithm."""
    log_shares = ((student / temperature).softmax(dim=1) + 1e-8).log()
    return -(_labels(teacher, temperature) * log_shares).sum(dim=1).mean()


@misconception(hint="How large may x be for exp(x) to fit into float32?")
def exponentials(student, teacher, temperature):
    """The softmaxes are computed as they are written, exponentials and all."""
    weights, below = (teacher.detach() / temperature).exp(), (student / temperature).exp()
    labels = weights / weights.sum(dim=1, keepdim=True)
    return -(labels * (below / below.sum(dim=1, keepdim=True)).log()).sum(dim=1).mean()


@misconception(hint="Can your loss train anything? Follow it back to the student.")
def off_the_graph(student, teacher, temperature):
    """The loss is computed without gradients."""
    return F.cross_entropy(student / temperature, _labels(teacher, temperature)).detach()


@misconception(hint="Call your function with float64 logits. What comes back?")
def always_float32(student, teacher, temperature):
    """The logits are made float32, whatever they were."""
    return F.cross_entropy(student.float() / temperature, _labels(teacher.float(), temperature))


@misconception(hint="The caller still needs its logits. Are they the same after the call?")
def divided_in_place(student, teacher, temperature):
    """The logits themselves are divided by the temperature."""
    with torch.no_grad():
        student.div_(temperature)
        teacher.div_(temperature)
    return F.cross_entropy(student, _labels(teacher, 1.0))


@misconception(hint="Did the caller switch the gradients of its teacher off? It finds them off now.")
def gradients_of_the_teacher_switched_off(student, teacher, temperature):
    """The tensor passed in is told to want no gradients."""
    if teacher.is_leaf:
        teacher.requires_grad_(False)
    return F.cross_entropy(student / temperature, _labels(teacher, temperature))


# --- without a name --------------------------------------------------------------------------------------------------


@wrong
def mixed_with_hard_labels(student, teacher, temperature):
    hard = F.cross_entropy(student, teacher.argmax(dim=1))
    return 0.9 * F.cross_entropy(student / temperature, _labels(teacher, temperature)) + 0.1 * hard


@wrong
def mean_of_two_directions(student, teacher, temperature):
    other = F.cross_entropy(teacher.detach() / temperature, (student / temperature).softmax(dim=1))
    return (F.cross_entropy(student / temperature, _labels(teacher, temperature)) + other) / 2


@wrong
def entropy_of_the_student_taken_away(student, teacher, temperature):
    shares = (student / temperature).softmax(dim=1)
    own = -(shares * (student / temperature).log_softmax(dim=1)).sum(dim=1).mean()
    return F.cross_entropy(student / temperature, _labels(teacher, temperature)) - own.detach()


@wrong
def divergence_with_the_entropy_of_the_whole(student, teacher, temperature):
    labels = _labels(teacher, temperature)
    mean = labels.mean(dim=0)
    kl = F.kl_div((student / temperature).log_softmax(dim=1), labels, reduction="batchmean")
    return kl - (mean * mean.clamp(min=1e-30).log()).sum()


@wrong
def five_likeliest_classes(student, teacher, temperature):
    labels = _labels(teacher, temperature)
    kept = labels.topk(min(5, labels.shape[1]), dim=1)
    labels = torch.zeros_like(labels).scatter(1, kept.indices, kept.values)
    return F.cross_entropy(student / temperature, labels)


@wrong
def unsure_labels_left_out(student, teacher, temperature):
    labels = _labels(teacher, temperature)
    sure = labels.amax(dim=1) > 0.3
    if not sure.any():
        return F.cross_entropy(student / temperature, labels)
    return F.cross_entropy(student[sure] / temperature, labels[sure])


@wrong
def small_labels_left_out(student, teacher, temperature):
    labels = _labels(teacher, temperature)
    return F.cross_entropy(student / temperature, labels * (labels > 0.01))


@wrong
def rows_of_zeros_left_out(student, teacher, temperature):
    kept = teacher.any(dim=1)
    return F.cross_entropy(student[kept] / temperature, _labels(teacher[kept], temperature))


@wrong
def logits_of_zero_left_out(student, teacher, temperature):
    return F.cross_entropy(
        (student / temperature).masked_fill(student == 0, -1e9), _labels(teacher, temperature)
    )


@wrong
def logits_clamped(student, teacher, temperature):
    return F.cross_entropy(student.clamp(-50, 50) / temperature, _labels(teacher, temperature))


@wrong
def last_piece_of_the_batch_lost(student, teacher, temperature):
    whole = len(student) // 8 * 8 or len(student)
    return F.cross_entropy(student[:whole] / temperature, _labels(teacher[:whole], temperature))


@wrong
def first_64_classes(student, teacher, temperature):
    return F.cross_entropy(student[:, :64] / temperature, _labels(teacher[:, :64], temperature))


@wrong
def zero_where_both_agree(student, teacher, temperature):
    loss = F.cross_entropy(student / temperature, _labels(teacher, temperature))
    return loss * 0 if torch.equal(student, teacher) else loss


@wrong
def temperature_at_least_one(student, teacher, temperature):
    temperature = max(temperature, 1.0)
    return F.cross_entropy(student / temperature, _labels(teacher, temperature))
