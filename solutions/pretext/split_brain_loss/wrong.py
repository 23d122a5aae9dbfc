"""Wrong answers to `pretext.split_brain_loss`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


@misconception(hint="Which classes belong to logits with k channels?")
def halves_swapped(ab_logits, l_logits, ab_classes, l_classes):
    """Scores of colours are compared with classes of lightness, and the other way round."""
    return F.cross_entropy(ab_logits, l_classes) + F.cross_entropy(l_logits, ab_classes)


@misconception(hint="Is the docstring's loss a sum or a mean of the two halves?")
def averaged(ab_logits, l_logits, ab_classes, l_classes):
    """The loss is the mean of the two halves."""
    return (F.cross_entropy(ab_logits, ab_classes) + F.cross_entropy(l_logits, l_classes)) / 2


@misconception(hint="Which part of the network learns nothing from your loss?")
def one_half_only(ab_logits, l_logits, ab_classes, l_classes):
    """Only colours are predicted."""
    return F.cross_entropy(ab_logits, ab_classes)


@misconception(hint="One half is trained by your loss. From what does the other one learn?")
def lightness_only(ab_logits, l_logits, ab_classes, l_classes):
    """Only lightness is predicted."""
    return F.cross_entropy(l_logits, l_classes)


@misconception(hint="Should the loss grow with the picture?")
def summed_over_pixels(ab_logits, l_logits, ab_classes, l_classes):
    """The losses of all pixels are added up."""
    colours = F.cross_entropy(ab_logits, ab_classes, reduction="sum")
    return colours + F.cross_entropy(l_logits, l_classes, reduction="sum")


@misconception(hint="A mean over all pixels: by how many numbers is the sum to be divided?")
def divided_by_the_batch_alone(ab_logits, l_logits, ab_classes, l_classes):
    """The losses are added up over the pixels and averaged over the pictures."""
    colours = F.cross_entropy(ab_logits, ab_classes, reduction="sum")
    return (colours + F.cross_entropy(l_logits, l_classes, reduction="sum")) / len(ab_logits)


@misconception(hint="What does `F.cross_entropy` do with its first argument?")
def softmax_first(ab_logits, l_logits, ab_classes, l_classes):
    """Probabilities are handed to the cross-entropy, which takes their softmax again."""
    return F.cross_entropy(ab_logits.softmax(1), ab_classes) + F.cross_entropy(l_logits.softmax(1), l_classes)


def _squared_error_of(logits, classes):
    true = F.one_hot(classes, logits.shape[1]).movedim(3, 1).to(logits)
    return (logits.softmax(1) - true).square().sum(1).mean()


@misconception(hint="Half the pixels red, half green: what colour minimises a squared error?")
def squared_error(ab_logits, l_logits, ab_classes, l_classes):
    """Probabilities are compared with one-hot vectors by their squared error."""
    return _squared_error_of(ab_logits, ab_classes) + _squared_error_of(l_logits, l_classes)


@misconception(hint="Which dimension does cross-entropy take for the classes?")
def channels_last(ab_logits, l_logits, ab_classes, l_classes):
    """The scores are reshaped to rows without bringing the classes to the end, which mixes pixels and classes."""
    colours = F.cross_entropy(ab_logits.reshape(-1, ab_logits.shape[1]), ab_classes.flatten())
    return colours + F.cross_entropy(l_logits.reshape(-1, l_logits.shape[1]), l_classes.flatten())


def _softmax_over_the_batch_of(logits, classes):
    return -logits.log_softmax(0).gather(1, classes[:, None]).mean()


@misconception(hint="The softmax of a pixel: over which dimension does it sum to 1?")
def softmax_over_the_batch(ab_logits, l_logits, ab_classes, l_classes):
    """The scores are normalised over the pictures of the batch."""
    return _softmax_over_the_batch_of(ab_logits, ab_classes) + _softmax_over_the_batch_of(l_logits, l_classes)


def _logarithm_of_a_softmax_of(logits, classes):
    return -logits.softmax(1).log().gather(1, classes[:, None]).mean()


@misconception(hint="What is a logarithm of a softmax in float32 if one score is 500 above the others?")
def logarithm_of_a_softmax(ab_logits, l_logits, ab_classes, l_classes):
    """The logarithm is taken of a probability that has been rounded to zero."""
    return _logarithm_of_a_softmax_of(ab_logits, ab_classes) + _logarithm_of_a_softmax_of(l_logits, l_classes)


def _exponentials_of(logits, classes):
    return (logits.exp().sum(1).log() - logits.gather(1, classes[:, None])[:, 0]).mean()


@misconception(
    hint="What is exp(100) in float32? Which function takes logarithm, sum and exponential at once?"
)
def exponentials(ab_logits, l_logits, ab_classes, l_classes):
    """The exponentials of the scores are summed as they are, and are infinite from 89 on."""
    return _exponentials_of(ab_logits, ab_classes) + _exponentials_of(l_logits, l_classes)


def _logarithm_of_a_softmax_and_a_little_of(logits, classes):
    return -(logits.softmax(1) + 1e-8).log().gather(1, classes[:, None]).mean()


@misconception(hint="What does a small number inside the logarithm make of a chance of exp(-500)?")
def logarithm_of_a_softmax_and_a_little(ab_logits, l_logits, ab_classes, l_classes):
    """A small number inside the logarithm keeps the loss finite, and wrong."""
    return _logarithm_of_a_softmax_and_a_little_of(
        ab_logits, ab_classes
    ) + _logarithm_of_a_softmax_and_a_little_of(l_logits, l_classes)


@misconception(hint="Is more probability for the right class a larger loss or a smaller one?")
def sign_forgotten(ab_logits, l_logits, ab_classes, l_classes):
    """The mean log-probability is returned, without the minus."""
    return -F.cross_entropy(ab_logits, ab_classes) - F.cross_entropy(l_logits, l_classes)


@misconception(hint="Nats or bits: which logarithm has `F.cross_entropy`?")
def in_bits(ab_logits, l_logits, ab_classes, l_classes):
    """The logarithm is that to base 2."""
    return (F.cross_entropy(ab_logits, ab_classes) + F.cross_entropy(l_logits, l_classes)) / torch.log(
        ab_logits.new_tensor(2)
    )


@misconception(hint="Divide each half by log of its number of classes: does the docstring ask for that?")
def weighted_by_the_classes(ab_logits, l_logits, ab_classes, l_classes):
    """Each half is divided by the loss of a guess, the logarithm of its number of classes."""
    k, m = (torch.tensor(float(logits.shape[1])).log() for logits in (ab_logits, l_logits))
    return F.cross_entropy(ab_logits, ab_classes) / k + F.cross_entropy(l_logits, l_classes) / m


@misconception(hint="Does every half get a gradient?")
def second_half_detached(ab_logits, l_logits, ab_classes, l_classes):
    """The half that predicts lightness is cut off from the graph."""
    return F.cross_entropy(ab_logits, ab_classes) + F.cross_entropy(l_logits.detach(), l_classes)


@misconception(
    hint="A score is no log-probability yet. What is missing?",
    of=("colours-without-a-softmax", "lightness-without-a-softmax"),
)
def scores_for_log_probabilities(ab_logits, l_logits, ab_classes, l_classes):
    """The scores of the right classes are taken as they are."""
    return F.nll_loss(ab_logits, ab_classes) + F.nll_loss(l_logits, l_classes)


colours_without_a_softmax = slip(
    "F.cross_entropy(ab_logits",
    "F.nll_loss(ab_logits",
    idea="The scores of the right colours are taken as they are.",
    hint="`F.nll_loss` wants log-probabilities. Which of your two halves hands it scores?",
)
lightness_without_a_softmax = slip(
    "F.cross_entropy(l_logits",
    "F.nll_loss(l_logits",
    idea="The scores of the right steps of lightness are taken as they are.",
    hint="Do the probabilities of lightness sum to 1 in your loss? Who sees to that for the colours?",
)


def _each_class_by_itself_of(logits, classes):
    true = F.one_hot(classes, logits.shape[1]).movedim(3, 1).to(logits)
    return F.binary_cross_entropy_with_logits(logits, true)


@misconception(hint="May a pixel have several colours at once? Which of the two losses says no?")
def each_class_by_itself(ab_logits, l_logits, ab_classes, l_classes):
    """Each class is a yes or no of its own."""
    return _each_class_by_itself_of(ab_logits, ab_classes) + _each_class_by_itself_of(l_logits, l_classes)


product = slip("+ F.cross_entropy", "* F.cross_entropy")
difference = slip(
    "+ F.cross_entropy",
    "- F.cross_entropy",
    idea="The second loss is taken away from the first.",
    hint="Is one of the two halves paid for its mistakes?",
)
classes_of_colour_twice = slip(
    "F.cross_entropy(l_logits, l_classes)",
    "F.cross_entropy(l_logits, ab_classes)",
    idea="Both halves are compared with the classes of colour.",
    hint="Each of the four arguments has its place in the loss. Which is missing from yours?",
)
classes_of_lightness_twice = slip(
    "F.cross_entropy(ab_logits, ab_classes)",
    "F.cross_entropy(ab_logits, l_classes)",
    idea="Both halves are compared with the classes of lightness.",
    hint="What is the half that sees lightness to predict: lightness?",
)
scores_of_colour_twice = slip(
    "F.cross_entropy(l_logits, l_classes)",
    "F.cross_entropy(ab_logits, l_classes)",
    idea="The scores of colours are compared with the classes of both halves.",
    hint="Which scores occur twice in your loss, and which never?",
)
scores_of_lightness_twice = slip(
    "F.cross_entropy(ab_logits, ab_classes)",
    "F.cross_entropy(l_logits, ab_classes)",
    idea="The scores of lightness are compared with the classes of both halves.",
    hint="In whose gradient do the scores of colours occur?",
)


@wrong
def one_loss_for_each_picture(ab_logits, l_logits, ab_classes, l_classes):
    losses = [
        F.cross_entropy(a, b, reduction="none") for a, b in ((ab_logits, ab_classes), (l_logits, l_classes))
    ]
    return (losses[0] + losses[1]).mean(dim=(1, 2))


@wrong
def a_python_number(ab_logits, l_logits, ab_classes, l_classes):
    return (F.cross_entropy(ab_logits, ab_classes) + F.cross_entropy(l_logits, l_classes)).item()


@wrong
def both_halves_as_a_pair(ab_logits, l_logits, ab_classes, l_classes):
    return F.cross_entropy(ab_logits, ab_classes), F.cross_entropy(l_logits, l_classes)


@wrong
def class_zero_left_out(ab_logits, l_logits, ab_classes, l_classes):
    colours = F.cross_entropy(ab_logits, ab_classes, ignore_index=0)
    return colours + F.cross_entropy(l_logits, l_classes, ignore_index=0)


@wrong
def smoothed_labels(ab_logits, l_logits, ab_classes, l_classes):
    colours = F.cross_entropy(ab_logits, ab_classes, label_smoothing=0.1)
    return colours + F.cross_entropy(l_logits, l_classes, label_smoothing=0.1)


@wrong
def scores_cut_off_at_a_hundred(ab_logits, l_logits, ab_classes, l_classes):
    colours = F.cross_entropy(ab_logits.clamp(-100, 100), ab_classes)
    return colours + F.cross_entropy(l_logits.clamp(-100, 100), l_classes)


def _rows_and_columns_of_the_classes_confused_of(logits, classes):
    n, k, h, w = logits.shape
    return F.cross_entropy(logits.flatten(2), classes.transpose(1, 2).reshape(n, -1))


@wrong
def rows_and_columns_of_the_classes_confused(ab_logits, l_logits, ab_classes, l_classes):
    return _rows_and_columns_of_the_classes_confused_of(
        ab_logits, ab_classes
    ) + _rows_and_columns_of_the_classes_confused_of(l_logits, l_classes)


@wrong
def only_the_first_sixteen_rows(ab_logits, l_logits, ab_classes, l_classes):
    ab_logits, l_logits = ab_logits[:, :, :15, :15], l_logits[:, :, :15, :15]
    ab_classes, l_classes = ab_classes[:, :15, :15], l_classes[:, :15, :15]
    return F.cross_entropy(ab_logits, ab_classes) + F.cross_entropy(l_logits, l_classes)


def _hardest_pixels_only_of(logits, classes):
    losses = F.cross_entropy(logits, classes, reduction="none").flatten()
    return losses.topk(min(64, len(losses))).values.mean()


@wrong
def hardest_pixels_only(ab_logits, l_logits, ab_classes, l_classes):
    return _hardest_pixels_only_of(ab_logits, ab_classes) + _hardest_pixels_only_of(l_logits, l_classes)


def _mean_over_rare_and_common_classes_alike_of(logits, classes):
    counts = torch.bincount(classes.flatten(), minlength=logits.shape[1])
    return F.cross_entropy(logits, classes, weight=1 / counts.clamp(min=1).to(logits))


@wrong
def mean_over_rare_and_common_classes_alike(ab_logits, l_logits, ab_classes, l_classes):
    return _mean_over_rare_and_common_classes_alike_of(
        ab_logits, ab_classes
    ) + _mean_over_rare_and_common_classes_alike_of(l_logits, l_classes)
