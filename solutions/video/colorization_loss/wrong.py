"""Wrong answers to `video.colorization_loss`: ideas with a name and a hint, then others."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, wrong


def _picked(predicted, classes):
    return predicted.gather(1, classes[:, None]).squeeze(1)


def _losses(predicted, classes):
    return -_picked(predicted, classes).clamp(min=1e-6).log()


@misconception(hint="These numbers sum to one already. What does `F.cross_entropy` do with them first?")
def softmax_again(predicted, classes):
    """The probabilities are handed to the cross-entropy, which takes them for scores."""
    return F.cross_entropy(predicted, classes)


@misconception(
    hint="A softmax of logarithms changes no value. But what must a class that is not the true one be told?"
)
def softmax_of_the_logarithms(predicted, classes):
    """The logarithms are handed to the cross-entropy, whose softmax sends gradients to the other classes as well."""
    return F.cross_entropy(predicted.clamp(min=1e-6).log(), classes)


@misconception(hint="No reference position has this colour. What is your loss then?")
def log_of_zero(predicted, classes):
    """The logarithm of zero is taken."""
    return -_picked(predicted, classes).log().mean()


@misconception(hint="A class without any probability: what is 0 times the logarithm of 0?")
def zero_times_the_logarithm_of_zero(predicted, classes):
    """The logarithms of all classes are multiplied by the one-hot class, those of zero included."""
    true = F.one_hot(classes, predicted.shape[1]).movedim(-1, 1).to(predicted)
    return -(true * predicted.log()).sum(dim=1).mean()


@misconception(hint="`nll_loss` expects logarithms. Can a loss of this kind be negative?")
def no_log(predicted, classes):
    """The probabilities go into `nll_loss` without a logarithm."""
    return F.nll_loss(predicted, classes)


@misconception(hint="What is your loss if every position is predicted right for certain?")
def one_minus_the_probability(predicted, classes):
    """The loss is what the true class lacks, without a logarithm."""
    return (1 - _picked(predicted, classes)).mean()


@misconception(hint="Is it one question with many possible answers, or many questions with yes or no?")
def all_classes_sigmoid(predicted, classes):
    """Each class is a question of its own, answered by a binary cross-entropy."""
    true = F.one_hot(classes, predicted.shape[1]).movedim(-1, 1).to(predicted)
    p = predicted.clamp(1e-6, 1 - 1e-6)
    return -(true * p.log() + (1 - true) * (1 - p).log()).sum(dim=1).mean()


@misconception(hint="Over how many numbers is your mean, and how many questions were asked?")
def all_classes_sigmoid_averaged(predicted, classes):
    """A binary cross-entropy of all classes, averaged over the classes as well."""
    true = F.one_hot(classes, predicted.shape[1]).movedim(-1, 1).to(predicted)
    return F.binary_cross_entropy(predicted.clamp(1e-6, 1 - 1e-6), true)


@misconception(hint="What does a sigmoid make of a probability of 0? And do c classes ask c questions?")
def all_classes_through_a_sigmoid(predicted, classes):
    """Each class is a question of its own, and its probability is taken for a score."""
    true = F.one_hot(classes, predicted.shape[1]).movedim(-1, 1).to(predicted)
    return F.binary_cross_entropy_with_logits(predicted, true)


@misconception(hint="Red or green, equally likely: which answer does a squared error like best?")
def squared_colours(predicted, classes):
    """The squared error to the one-hot class takes the place of the cross-entropy."""
    true = F.one_hot(classes, predicted.shape[1]).movedim(-1, 1).to(predicted)
    return F.mse_loss(predicted, true)


@misconception(hint="Does a loss that grows with the square see the difference between 1e-3 and 1e-6?")
def squared_colours_summed_over_classes(predicted, classes):
    """The squared distance to the one-hot class is averaged over the positions."""
    true = F.one_hot(classes, predicted.shape[1]).movedim(-1, 1).to(predicted)
    return (predicted - true).square().sum(dim=1).mean()


@misconception(hint="In memory, where is class 1 of the first position: next to its class 0?")
def channels_reshaped(predicted, classes):
    """A reshape is to make each position a row of classes, and mixes them instead."""
    rows = predicted.reshape(-1, predicted.shape[1])
    return F.nll_loss(rows.clamp(min=1e-6).log(), classes.reshape(-1))


@misconception(hint="Should a larger frame have a larger loss?")
def summed(predicted, classes):
    """The losses of all positions are added up."""
    return _losses(predicted, classes).sum()


@misconception(hint="A clip with twice as many positions: should its loss be twice as large?")
def summed_over_the_frame(predicted, classes):
    """The losses are added up over the frame and averaged over the clips."""
    return _losses(predicted, classes).sum(dim=(1, 2)).mean()


@misconception(hint="Two clips or one: should the loss of the batch be twice as large?")
def summed_over_the_batch(predicted, classes):
    """The losses are averaged over the frame and added up over the clips."""
    return _losses(predicted, classes).mean(dim=(1, 2)).sum()


@misconception(hint="How many of the c numbers of a position enter the loss? Divide by that.")
def divided_by_the_classes_too(predicted, classes):
    """The sum is divided by the number of all probabilities, not of the positions."""
    return _losses(predicted, classes).mean() / predicted.shape[1]


@misconception(hint="With which temperature was the attention made? Is there anything left to sharpen?")
def temperature_at_test_only(predicted, classes):
    """The distribution is sharpened by a temperature of one half before the loss."""
    sharper = predicted.square() / predicted.square().sum(dim=1, keepdim=True)
    return _losses(sharper, classes).mean()


@misconception(hint="Of the c numbers of a position, which one does its loss depend on?")
def all_classes_alike(predicted, classes):
    """The logarithms of all classes are averaged, whatever the true ones are."""
    return -predicted.clamp(min=1e-6).log().mean()


@misconception(hint="Is the most likely class the true one?")
def most_likely_class(predicted, classes):
    """The loss is that of the most likely class, whatever the true one is."""
    return -predicted.amax(dim=1).clamp(min=1e-6).log().mean()


@misconception(hint="What does the network learn from a number that does not say how nearly right it was?")
def share_of_wrong_classes(predicted, classes):
    """The loss is the share of positions whose most likely class is wrong."""
    return (predicted.argmax(dim=1) != classes).to(predicted.dtype).mean() + 0 * predicted.sum()


@misconception(hint="Is the loss of a probability of one half above zero?")
def sign_forgotten(predicted, classes):
    """The mean of the logarithms is returned, which is negative."""
    return -_losses(predicted, classes).mean()


@misconception(hint="Mean of the logarithms, or logarithm of the mean? Which of them hears of a single zero?")
def log_of_the_mean(predicted, classes):
    """The probabilities are averaged before the logarithm is taken."""
    return -_picked(predicted, classes).mean().clamp(min=1e-6).log()


@misconception(hint="`log` and `log2`: in which unit does the docstring want the loss?")
def in_bits(predicted, classes):
    """The logarithm is to base 2."""
    return _losses(predicted, classes).mean() / math.log(2)


@misconception(hint="Ten bans are how many nats? Which logarithm does the docstring mean by nats?")
def decimal_logarithm(predicted, classes):
    """The logarithm is to base 10."""
    return _losses(predicted, classes).mean() / math.log(10)


@misconception(hint="Compute by hand the loss of a single position of probability 0. Is it what you return?")
def another_floor(predicted, classes):
    """The floor is 1e-8, as in many other formulas."""
    return -_picked(predicted, classes).clamp(min=1e-8).log().mean()


@misconception(hint="A position whose colour cannot be copied: does the mean count it?")
def impossible_ones_left_out(predicted, classes):
    """Positions whose true class has no probability are left out of the mean."""
    losses, possible = _losses(predicted, classes), _picked(predicted, classes) > 0
    return (losses * possible).sum() / possible.sum().clamp(min=1)


@misconception(hint="No probability for the true class: is that a small loss or the largest there is?")
def impossible_ones_cost_nothing(predicted, classes):
    """Positions whose true class has no probability have a loss of zero."""
    losses, possible = _losses(predicted, classes), _picked(predicted, classes) > 0
    return (losses * possible).mean()


@misconception(hint="Is class 0 background? Which class does the docstring leave out?")
def class_zero_left_out(predicted, classes):
    """Class 0 is taken for background and left out of the mean."""
    counted = classes > 0
    return (_losses(predicted, classes) * counted).sum() / counted.sum().clamp(min=1)


@misconception(
    hint="You divide by a sum that is one, perhaps in a softmax. No value changes; and what do the gradients do?"
)
def renormalised(predicted, classes):
    """The probabilities are divided by their sum, which is one already but has a gradient of its own."""
    return _losses(predicted / predicted.sum(dim=1, keepdim=True), classes).mean()


@misconception(hint="Can the network learn from your loss? Follow it back.")
def predicted_detached(predicted, classes):
    """No gradient reaches the prediction."""
    return _losses(predicted.detach(), classes).mean()


@misconception(hint="The signature says how many numbers come back.")
def one_loss_for_each_position(predicted, classes):
    """The losses of the positions are returned, without their mean."""
    return _losses(predicted, classes)


@misconception(hint="The signature says how many numbers come back. Is a batch one number or n?")
def one_loss_for_each_clip(predicted, classes):
    """Each clip has a loss of its own."""
    return _losses(predicted, classes).mean(dim=(1, 2))


@misconception(hint="Rare colours and common ones: does the docstring weigh them?")
def classes_count_alike(predicted, classes):
    """Each class that occurs has the same weight, however often it occurs."""
    losses = _losses(predicted, classes)
    return torch.stack([losses[classes == k].mean() for k in classes.unique()]).mean()


@misconception(hint="Which frame's true classes is the second clip of the batch compared with?")
def classes_of_the_first_clip(predicted, classes):
    """All clips are compared with the classes of the first."""
    return _losses(predicted, classes[:1].expand_as(classes)).mean()


@misconception(hint="Which class number comes first in `predicted`?")
def classes_from_one(predicted, classes):
    """The classes are taken to count from 1."""
    return _losses(predicted, (classes - 1) % predicted.shape[1]).mean()


# --- without a name ----------------------------------------------------------------------------------------------


@wrong
def floor_of_the_dtype(predicted, classes):
    return -_picked(predicted, classes).clamp(min=torch.finfo(predicted.dtype).eps).log().mean()


@wrong
def smallest_positive_number(predicted, classes):
    return -_picked(predicted, classes).clamp(min=torch.finfo(predicted.dtype).tiny).log().mean()


@wrong
def floor_of_a_thousandth(predicted, classes):
    return -_picked(predicted, classes).clamp(min=1e-3).log().mean()


@wrong
def logarithms_clamped_at_minus_a_hundred(predicted, classes):
    return -_picked(predicted, classes).log().clamp(min=-100).mean()


@wrong
def focal(predicted, classes):
    p = _picked(predicted, classes)
    return ((1 - p).square() * _losses(predicted, classes)).mean()


@wrong
def labels_smoothed(predicted, classes):
    logs = predicted.clamp(min=1e-6).log()
    return 0.9 * F.nll_loss(logs, classes) - 0.1 * logs.mean()


@wrong
def entropy_of_the_prediction(predicted, classes):
    p = predicted.clamp(min=1e-6)
    return -(p * p.log()).sum(dim=1).mean()


@wrong
def median(predicted, classes):
    return _losses(predicted, classes).median()


@wrong
def one_more_in_the_mean(predicted, classes):
    return _losses(predicted, classes).sum() / (classes.numel() + 1)


@wrong
def last_column_left_out(predicted, classes):
    losses = _losses(predicted, classes)
    return losses[..., : max(losses.shape[-1] - 1, 1)].mean()


@wrong
def first_clip_only(predicted, classes):
    return _losses(predicted, classes)[0].mean()


@wrong
def at_most_64_clips(predicted, classes):
    return _losses(predicted, classes)[:64].mean()


@wrong
def in_float32(predicted, classes):
    return _losses(predicted.float(), classes).mean()


@wrong
def in_half_precision(predicted, classes):
    return _losses(predicted.half().float(), classes).mean().to(predicted.dtype)


@wrong
def floor_written_into_the_prediction(predicted, classes):
    with torch.no_grad():
        predicted.clamp_(min=1e-6)
    return _losses(predicted, classes).mean()


@wrong
def as_a_python_number(predicted, classes):
    return float(_losses(predicted, classes).mean())


@wrong
def with_one_dimension(predicted, classes):
    return _losses(predicted, classes).mean().unsqueeze(0)


@wrong
def gradients_to_all_classes(predicted, classes):
    loss, total = _losses(predicted, classes).mean(), predicted.mean()
    return loss + total - total.detach()
