"""Wrong answers to `moco.grouped_batch_norm`: ideas with a name and a hint, then others."""

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _scaled(centred, variance, eps):
    return centred / (variance + eps).sqrt()


@misconception(hint="How many means are there for 4 groups and 8 features?")
def one_statistic_for_all(features, eps=1e-5):
    """Mean and variance are taken over the whole batch, all groups together."""
    centred = features - features.mean(dim=(0, 1), keepdim=True)
    return _scaled(centred, centred.square().mean(dim=(0, 1), keepdim=True), eps)


@misconception(hint="Should the result of one image depend on the others of its group? Does yours?")
def over_features(features, eps=1e-5):
    """Each member is normalised by itself, over its features, as a layer normalisation does."""
    centred = features - features.mean(dim=2, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=2, keepdim=True), eps)


@misconception(hint="Which members does one device see: those of its own group, or one of each?")
def over_groups(features, eps=1e-5):
    """Mean and variance are taken over the groups, for each place in them."""
    centred = features - features.mean(dim=0, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=0, keepdim=True), eps)


@misconception(
    hint="How many means are there for 4 groups and 8 features? And by what does torch's variance divide?",
    of=("one-statistic-for-all", "unbiased"),
)
def one_unbiased_statistic_for_all(features, eps=1e-5):
    """Mean and variance are taken over the whole batch, the variance with one less than its size below."""
    return _scaled(features - features.mean(dim=(0, 1)), features.var(dim=(0, 1)), eps)


@misconception(
    hint="In an input of three dimensions, which one does torch's batch norm take for the features?"
)
def members_for_features(features, eps=1e-5):
    """torch's batch norm is given all groups at once, and takes the second dimension for the features."""
    return F.batch_norm(features, None, None, training=True, eps=eps)


@misconception(hint="How many means are there for 8 features, and are all of them on the same scale?")
def one_statistic_for_a_group(features, eps=1e-5):
    """A group has a single mean and a single variance, over members and features."""
    centred = features - features.mean(dim=(1, 2), keepdim=True)
    return _scaled(centred, centred.square().mean(dim=(1, 2), keepdim=True), eps)


@misconception(
    hint="By which number are the squared deviations of m members divided? What does torch do unless told?"
)
def unbiased(features, eps=1e-5):
    """The squared deviations are divided by m - 1."""
    # Without the warning and the NaN that torch has for a single member: who guards against it has the same idea.
    m, centred = features.shape[1], features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().sum(dim=1, keepdim=True) / max(m - 1, 1), eps)


@misconception(hint="What stands under the root besides the variance?")
def eps_outside(features, eps=1e-5):
    """The eps is added to the standard deviation, outside the root."""
    centred = features - features.mean(dim=1, keepdim=True)
    return centred / (features.std(dim=1, keepdim=True, correction=0) + eps)


@misconception(hint="Is it the root of the variance, or the variance, that has the unit of the features?")
def divided_by_the_variance(features, eps=1e-5):
    """The features are divided by the variance, without a root."""
    centred = features - features.mean(dim=1, keepdim=True)
    return centred / (centred.square().mean(dim=1, keepdim=True) + eps)


@misconception(hint="If one member moves, the mean moves too. Does your gradient know?")
def statistics_detached(features, eps=1e-5):
    """Mean and variance are taken for constants in the backward pass."""
    mean, variance = features.mean(dim=1, keepdim=True), features.var(dim=1, keepdim=True, correction=0)
    return _scaled(features - mean.detach(), variance.detach(), eps)


@misconception(hint="Does the gradient know that the spread of a group depends on its members?")
def variance_detached(features, eps=1e-5):
    """The variance is taken for a constant in the backward pass."""
    centred = features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=1, keepdim=True).detach(), eps)


@misconception(hint="Does the gradient know that the mean of a group depends on its members?")
def mean_detached(features, eps=1e-5):
    """The mean is taken for a constant in the backward pass."""
    variance = features.var(dim=1, keepdim=True, correction=0)
    return _scaled(features - features.mean(dim=1, keepdim=True).detach(), variance, eps)


@misconception(hint="The keys of MoCo have no graph, but does the docstring speak of gradients here?")
def without_gradients(features, eps=1e-5):
    """Nothing flows back into the features."""
    centred = features.detach() - features.detach().mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=1, keepdim=True), eps)


@misconception(
    hint="Whose mean and variance should it be: those of this group, or an average of earlier ones?"
)
def running_average(features, eps=1e-5):
    """Running statistics, a tenth of the way from 0 and 1 to those of the group, are used to normalise."""
    mean = 0.1 * features.mean(dim=1, keepdim=True)
    variance = 0.9 + 0.1 * features.var(dim=1, keepdim=True, correction=0)
    return _scaled(features - mean, variance, eps)


@misconception(hint="What is the mean of a normalised feature over its group? Is yours twice what it was?")
def mean_added(features, eps=1e-5):
    """The mean is added instead of subtracted."""
    centred = features + features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=1, keepdim=True), eps)


@misconception(hint="Is the mean of m members their sum?")
def sum_for_the_mean(features, eps=1e-5):
    """The sum of the members is subtracted instead of their mean."""
    centred = features - features.sum(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=1, keepdim=True), eps)


@misconception(hint="Over which dimension does the variance run, and over which the mean?")
def variance_over_features(features, eps=1e-5):
    """The mean is that of the members, the variance that of the features."""
    centred = features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=2, keepdim=True), eps)


@misconception(hint="What is the mean of deviations that are not squared?")
def deviations_not_squared(features, eps=1e-5):
    """The deviations are averaged without being squared."""
    centred = features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.mean(dim=1, keepdim=True), eps)


@misconception(hint="What is the mean of a normalised feature over its group? Compute it for your result.")
def not_centred(features, eps=1e-5):
    """The mean is not taken away."""
    return _scaled(features, features.var(dim=1, keepdim=True, correction=0), eps)


@misconception(
    hint="How large is the variance of a normalised feature over its group? Compute it for your result."
)
def only_centred(features, eps=1e-5):
    """The mean is taken away, and nothing is divided."""
    return features - features.mean(dim=1, keepdim=True)


@misconception(hint="What becomes of the argument eps? Try a large one.")
def eps_left_out(features, eps=1e-5):
    """The eps is always 1e-5, whatever is passed."""
    centred = features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=1, keepdim=True), 1e-5)


@misconception(hint="Is eps a least value of the variance, or is it added?")
def eps_as_a_floor(features, eps=1e-5):
    """The variance is raised to eps only where it is smaller."""
    centred = features - features.mean(dim=1, keepdim=True)
    return centred / centred.square().mean(dim=1, keepdim=True).clamp(min=eps).sqrt()


@misconception(hint="Deviations from what are squared: from zero, or from the mean?")
def squares_not_centred(features, eps=1e-5):
    """The mean square takes the place of the variance."""
    centred = features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, features.square().mean(dim=1, keepdim=True), eps)


@misconception(
    hint="Is the average of four variances the variance of the four together, and is it what one device knows?"
)
def variances_averaged(features, eps=1e-5):
    """Means are those of the groups, but one variance, the average of the groups', is used for all."""
    centred = features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=(0, 1), keepdim=True), eps)


@misconception(hint="Does the spread grow with the number of members? Sum or mean?")
def squares_summed(features, eps=1e-5):
    """The squared deviations are added up, not averaged."""
    centred = features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().sum(dim=1, keepdim=True), eps)


@misconception(
    hint="torch has a function for the standard deviation. By what does it divide, and is there a place for eps in it?",
    of=("unbiased", "eps-outside"),
)
def std_of_torch(features, eps=1e-5):
    """The unbiased standard deviation of torch, with eps behind it, is divided by."""
    m, centred = features.shape[1], features - features.mean(dim=1, keepdim=True)
    return centred / (features.std(dim=1, keepdim=True, correction=min(1, m - 1)) + eps)


eps_forgotten = slip(
    "(variance + eps).sqrt()",
    "variance.sqrt()",
    idea="No eps is added.",
    hint="What is your result for a group with a single member?",
)


# --- without a name ------------------------------------------------------------------------------------------------


@wrong
def mean_absolute_deviation(features, eps=1e-5):
    centred = features - features.mean(dim=1, keepdim=True)
    return centred / (centred.abs().mean(dim=1, keepdim=True) + eps)


@wrong
def from_zero_to_one(features, eps=1e-5):
    low, high = features.amin(dim=1, keepdim=True), features.amax(dim=1, keepdim=True)
    return (features - low) / (high - low + eps)


@wrong
def median_for_mean(features, eps=1e-5):
    centred = features - features.median(dim=1, keepdim=True).values
    return _scaled(centred, centred.square().mean(dim=1, keepdim=True), eps)


@wrong
def vectors_of_length_one(features, eps=1e-5):
    return F.normalize(features - features.mean(dim=1, keepdim=True), dim=1)


@wrong
def single_members_left_alone(features, eps=1e-5):
    if features.shape[1] == 1:
        return features.clone()
    centred = features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=1, keepdim=True), eps)


@wrong
def torch_refuses_single_members(features, eps=1e-5):
    return torch.stack([F.batch_norm(group, None, None, training=True, eps=eps) for group in features])


@wrong
def constant_features_left_alone(features, eps=1e-5):
    centred = features - features.mean(dim=1, keepdim=True)
    variance = centred.square().mean(dim=1, keepdim=True)
    return torch.where(variance > 1e-12, _scaled(centred, variance, eps), features)


@wrong
def the_first_group_alone(features, eps=1e-5):
    mean, variance = features[:1].mean(1, keepdim=True), features[:1].var(1, keepdim=True, correction=0)
    return _scaled(features - mean, variance, eps)


@wrong
def statistics_of_the_first_32_members(features, eps=1e-5):
    seen = features[:, :32]
    mean, variance = seen.mean(1, keepdim=True), seen.var(1, keepdim=True, correction=0)
    return _scaled(features - mean, variance, eps)


@wrong
def each_feature_of_the_batch(features, eps=1e-5):
    flat = features.reshape(-1, features.shape[2])
    mean, variance = flat.mean(0), flat.var(0, correction=0)
    return ((flat - mean) / (variance + eps).sqrt()).reshape(features.shape)


@wrong
def groups_and_members_for_each_other(features, eps=1e-5):
    groups, m, d = features.shape
    turned = features.reshape(m, groups, d)
    centred = turned - turned.mean(0, keepdim=True)
    return _scaled(centred, centred.square().mean(0, keepdim=True), eps).reshape(groups, m, d)


@wrong
def eps_squared(features, eps=1e-5):
    centred = features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=1, keepdim=True), eps**2)


@wrong
def zeros_left_out_of_the_mean(features, eps=1e-5):
    is_there = features != 0
    count = is_there.sum(dim=1, keepdim=True).clamp(min=1)
    mean = features.sum(dim=1, keepdim=True) / count
    variance = ((features - mean) * is_there).square().sum(dim=1, keepdim=True) / count
    return _scaled(features - mean, variance, eps)


@wrong
def centred_in_place(features, eps=1e-5):
    variance = features.var(dim=1, keepdim=True, correction=0)
    with torch.no_grad():
        features -= features.mean(dim=1, keepdim=True)
    return _scaled(features, variance, eps)


@wrong
def outliers_cut_off(features, eps=1e-5):
    centred = features - features.mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=1, keepdim=True), eps).clamp(-2.5, 2.5)


@wrong
def through_float32(features, eps=1e-5):
    centred = features.float() - features.float().mean(dim=1, keepdim=True)
    return _scaled(centred, centred.square().mean(dim=1, keepdim=True), eps).to(features.dtype)
