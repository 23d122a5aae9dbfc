"""Wrong answers to `pretext.inpainting_loss`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _in_holes(generated, images, mask):
    errors = (generated - images).square()[mask.expand_as(images)]
    return errors.sum() / max(errors.numel(), 1)


def _adversarial(fake_logits):
    return -F.logsigmoid(fake_logits).mean()


@misconception(hint="Can the encoder lower your loss by copying what it was shown?")
def whole_image(generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001):
    """The squared error is a mean over all pixels, those that the network was shown as well."""
    error = F.mse_loss(generated, images)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Does your loss change when the content of the hole does?")
def inverted(generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001):
    """The error is measured where the image was left, not in the hole."""
    error = _in_holes(generated, images, ~mask)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Make the hole half as large with the same error per pixel. Should the loss halve?")
def mean_over_everything(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The errors in the holes are divided by the number of all values, in holes or not."""
    error = ((generated - images).square() * mask).mean()
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="How many values has a hole of 5 pixels in colour?")
def channels_not_counted(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The errors of all channels are added and divided by the number of pixels."""
    error = ((generated - images).square() * mask).sum() / mask.sum().clamp(min=1)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(
    hint="An image with a hole of one pixel and one with a hole of a hundred: do both count alike?"
)
def mean_of_means(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """Each image has a mean of its own, and these are averaged."""
    means = [_in_holes(*one) for one in zip(generated, images, mask, strict=True)]
    error = torch.stack(means).mean()
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Should the loss grow with the hole?")
def errors_summed(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The squared errors are added up."""
    error = ((generated - images).square() * mask).sum()
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Which of the two terms is nearly the whole loss?")
def weights_swapped(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """Each term has the other one's weight."""
    error = _in_holes(generated, images, mask)
    return adversarial_weight * error + reconstruction_weight * _adversarial(fake_logits)


@misconception(hint="What does the encoder want the discriminator to answer?")
def generator_says_fake(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The encoder is rewarded if the discriminator says "fake"."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error + adversarial_weight * F.softplus(fake_logits).mean()


@misconception(hint="How large is your gradient where the discriminator is sure that the patch is fake?")
def saturating(generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001):
    """The encoder minimises log(1 - D), as in the paper's formula."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error + adversarial_weight * F.logsigmoid(-fake_logits).mean()


@misconception(hint="What is log(sigmoid(-300)) in float32? Which function takes both at once?")
def log_of_sigmoid(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The logarithm is taken of a probability that has been rounded to zero."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error - adversarial_weight * fake_logits.sigmoid().log().mean()


@misconception(
    hint="A logit of -300 makes a probability of 0 in float32. If its logarithm is cut off, which gradient is left?"
)
def logarithm_cut_off(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The logarithm of a probability that was rounded to zero is cut off, here by `F.binary_cross_entropy`."""
    error, chances = _in_holes(generated, images, mask), fake_logits.sigmoid()
    adversarial = F.binary_cross_entropy(chances, torch.ones_like(chances))
    return reconstruction_weight * error + adversarial_weight * adversarial


@misconception(hint="What is the mean of no numbers?")
def no_hole_nan(generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001):
    """Without any hole the mean is 0 / 0."""
    error = (generated - images).square()[mask.expand_as(images)].mean()
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Which adversarial loss does the docstring name?")
def least_squares(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The logits are to be 1, by their squared distance."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error + adversarial_weight * (fake_logits - 1).square().mean()


@misconception(hint="Which norm does the docstring name? What does it make of an error of 3?")
def absolute_error(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The absolute error takes the place of the squared one."""
    errors = (generated - images).abs()[mask.expand_as(images)]
    error = errors.sum() / max(errors.numel(), 1)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Is the error squared before or after it is averaged? Which of the two has a root?")
def root_of_the_mean(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The root of the mean squared error is taken."""
    error = (_in_holes(generated, images, mask) + 1e-12).sqrt()
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Set one weight to 0 and the other to 1. What is left of your loss?")
def weights_left_out(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """Both terms count alike, whatever the weights are."""
    return _in_holes(generated, images, mask) + _adversarial(fake_logits)


@misconception(hint="What if somebody passes weights of their own?")
def weights_of_the_paper_always(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The weights are 0.999 and 0.001 whatever is passed."""
    return 0.999 * _in_holes(generated, images, mask) + 0.001 * _adversarial(fake_logits)


@misconception(hint="How many terms has the loss? Which gradient is zero without the second?")
def reconstruction_alone(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The discriminator is left out."""
    return reconstruction_weight * _in_holes(generated, images, mask)


@misconception(hint="Should the adversarial term grow with the batch?")
def adversarial_summed(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The adversarial terms of all images are added up."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error - adversarial_weight * F.logsigmoid(fake_logits).sum()


@misconception(hint="Are these logits already, or probabilities? What does your function do with them first?")
def sigmoid_twice(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The logits are put through a sigmoid before a function that takes logits."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits.sigmoid())


@misconception(hint="Through which of the inputs does the encoder learn to fool the discriminator?")
def logits_detached(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The discriminator's logits are cut off from the graph."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits.detach())


@misconception(hint="Does an image without a hole take part in the second term?")
def adversarial_for_holes_only(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """Images without a hole are left out of the adversarial mean."""
    error, shown = _in_holes(generated, images, mask), mask.flatten(1).any(dim=1)
    adversarial = -(F.logsigmoid(fake_logits) * shown).sum() / shown.sum().clamp(min=1)
    return reconstruction_weight * error + adversarial_weight * adversarial


@misconception(hint="The docstring says what the loss is where there is no hole. Is that all of it?")
def nothing_without_a_hole(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """Without any hole the whole loss is zero, the adversarial term too."""
    error = _in_holes(generated, images, mask)
    both = reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)
    return both if mask.any() else both * 0


@misconception(hint="An error of 2 and one of -2: should they cancel?")
def errors_not_squared(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The errors in the holes are averaged without being squared."""
    errors = (generated - images)[mask.expand_as(images)]
    error = errors.sum() / max(errors.numel(), 1)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="What is your loss if the network paints exactly what was there?")
def true_pixels_left_out(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """What was painted is squared by itself, without the true pixels."""
    error = _in_holes(generated, torch.zeros_like(images), mask)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Is a larger error a larger loss?")
def reconstruction_rewarded(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The squared error has a minus."""
    error = _in_holes(generated, images, mask)
    return -reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Is log sigmoid positive or negative? Which sign does the term have in the docstring?")
def adversarial_term_without_its_minus(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The mean of log sigmoid is added, which rewards patches that are told to be fake."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error - adversarial_weight * _adversarial(fake_logits)


@misconception(hint="What does the docstring do with a logit before it takes the mean?")
def logits_as_they_are(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The mean of the negative logits is taken, without logarithm and sigmoid."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error - adversarial_weight * fake_logits.mean()


@misconception(hint="Does your loss change when something else is painted in the holes?")
def adversary_alone(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The reconstruction is left out."""
    error = _in_holes(generated, generated.detach(), mask)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="What is your loss if one of the two terms is 0?")
def terms_multiplied(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The two terms are multiplied with each other."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error * adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Set the second weight to 0. Is the second term gone?")
def adversarial_unweighted(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The adversarial term has no weight."""
    return reconstruction_weight * _in_holes(generated, images, mask) + _adversarial(fake_logits)


@misconception(hint="Set the first weight to 0. Is the first term gone?")
def reconstruction_unweighted(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The squared error has no weight."""
    return _in_holes(generated, images, mask) + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Which weight has the second term?")
def one_weight_for_both(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """Both terms have the weight of the reconstruction."""
    return reconstruction_weight * (_in_holes(generated, images, mask) + _adversarial(fake_logits))


@misconception(hint="Which weight has the first term?")
def the_other_weight_for_both(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """Both terms have the weight of the adversarial term."""
    return adversarial_weight * (_in_holes(generated, images, mask) + _adversarial(fake_logits))


@misconception(hint="A mean divides by the number of values. Does yours?")
def multiplied_by_the_count(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The sum of squares is multiplied by the number of values."""
    error = ((generated - images).square() * mask).sum() * mask.expand_as(images).sum()
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@misconception(hint="Whose answers are put through the sigmoid: the discriminator's, or the painter's?")
def pixels_for_logits(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """What was painted is put through the sigmoid, in the place of the discriminator's logits."""
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error + adversarial_weight * _adversarial(generated)


@misconception(
    hint="A weight of 0 should take its term away. What does yours take away?",
    of=("first-weight-added", "second-weight-added"),
)
def weights_added(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    """The weights are added to their terms."""
    error, adversarial = _in_holes(generated, images, mask), _adversarial(fake_logits)
    return reconstruction_weight + error + adversarial_weight + adversarial


first_weight_added = slip(
    "reconstruction_weight * reconstruction",
    "reconstruction_weight + reconstruction",
    idea="The weight of the squared error is added to it.",
    hint="What is done with a weight and its term? Look at the first of your two.",
)
second_weight_added = slip(
    "adversarial_weight * adversarial",
    "adversarial_weight + adversarial",
    idea="The weight of the adversarial term is added to it.",
    hint="What is done with a weight and its term? Look at the second of your two.",
)


@wrong
def a_little_inside_the_logarithm(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error - adversarial_weight * (fake_logits.sigmoid() + 1e-8).log().mean()


@wrong
def one_more_value_in_the_mean(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    errors = (generated - images).square()[mask.expand_as(images)]
    error = errors.sum() / (errors.numel() + 1)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@wrong
def mask_of_the_first_image_for_all(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    error = _in_holes(generated, images, mask[:1].expand_as(mask))
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@wrong
def only_the_first_channel(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    error = _in_holes(generated[:, :1], images[:, :1], mask)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@wrong
def logits_cut_off_at_thirty(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits.clamp(-30, 30))


@wrong
def generated_detached(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    error = _in_holes(generated.detach(), images, mask)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@wrong
def gradient_everywhere(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    # The value of the holes, and the gradient of the whole image.
    error, whole = _in_holes(generated, images, mask), F.mse_loss(generated, images)
    error = error.detach() + whole - whole.detach()
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@wrong
def half_the_squared_error(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    error = _in_holes(generated, images, mask) / 2
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@wrong
def weights_as_defaults_the_other_way_round(
    generated, images, mask, fake_logits, reconstruction_weight=0.001, adversarial_weight=0.999
):
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@wrong
def weights_that_sum_to_one(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    error = _in_holes(generated, images, mask)
    return reconstruction_weight * error + (1 - reconstruction_weight) * _adversarial(fake_logits)


@wrong
def an_image_without_a_hole_counts_whole(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    filled = mask | ~mask.any(dim=(2, 3), keepdim=True) if mask.any() else mask
    error = _in_holes(generated, images, filled)
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@wrong
def holes_into_the_generated_images(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    error = _in_holes(generated, images, mask)
    with torch.no_grad():
        generated[~mask.expand_as(generated)] = images[~mask.expand_as(images)]
    return reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits)


@wrong
def a_list_with_one_loss(
    generated, images, mask, fake_logits, reconstruction_weight=0.999, adversarial_weight=0.001
):
    error = _in_holes(generated, images, mask)
    return (reconstruction_weight * error + adversarial_weight * _adversarial(fake_logits))[None]
