"""Wrong answers to `video.pck`: ideas with a name and a hint, then others."""

import torch

from course_utils.checks import misconception, slip, wrong


def _distance(predicted, truth):
    return (predicted - truth).norm(dim=2)


def _correct(predicted, truth, size, alpha):
    return _distance(predicted, truth) <= alpha * size.unsqueeze(1)


def _share(correct, visible, size):
    if not visible.any():
        raise ValueError("no keypoint is visible")
    return correct[visible].to(size.dtype).mean()


@misconception(
    hint="How many points are there to judge? What does a point that nobody sees add to the share?"
)
def invisible_counts_as_right(predicted, truth, visible, size, alpha):
    """Invisible keypoints count as correct."""
    correct = _correct(predicted, truth, size, alpha) | ~visible
    return _share(correct, visible | visible.any(), size)


@misconception(hint="By how many points do you divide: by all there are, or by those that are judged?")
def invisible_counts_as_wrong(predicted, truth, visible, size, alpha):
    """Invisible keypoints count as wrong."""
    correct = _correct(predicted, truth, size, alpha) & visible
    return _share(correct, visible | visible.any(), size)


@misconception(hint="Does your share change when an invisible point is moved?")
def visible_ignored(predicted, truth, visible, size, alpha):
    """Invisible keypoints are judged like the others."""
    return _share(_correct(predicted, truth, size, alpha), visible | visible.any(), size)


@misconception(hint="3 pixels off, squared, against 2 pixels allowed, not squared: do they have one unit?")
def squared_distance(predicted, truth, visible, size, alpha):
    """The squared distance is compared with the limit."""
    near = _distance(predicted, truth).square() <= alpha * size.unsqueeze(1)
    return _share(near, visible, size)


@misconception(hint="A point is off by 0.9 in x and by 0.9 in y. Is it within 1?")
def each_coordinate(predicted, truth, visible, size, alpha):
    """A keypoint is correct if each of its coordinates is near enough."""
    near = (predicted - truth).abs().amax(dim=2) <= alpha * size.unsqueeze(1)
    return _share(near, visible, size)


@misconception(hint="One point, two numbers: how many answers does a point give?")
def coordinates_counted_one_by_one(predicted, truth, visible, size, alpha):
    """Each coordinate of a keypoint is judged by itself."""
    near = (predicted - truth).abs() <= alpha * size.view(-1, 1, 1)
    return _share(near, visible, size)


@misconception(hint="A point with the right x and a y that is far off: is it where it should be?")
def one_coordinate_suffices(predicted, truth, visible, size, alpha):
    """A keypoint is correct if one of its coordinates is near enough."""
    near = (predicted - truth).abs().amin(dim=2) <= alpha * size.unsqueeze(1)
    return _share(near, visible, size)


@misconception(hint="3 to the right and 4 down: how far is that as the crow flies?")
def steps_added_up(predicted, truth, visible, size, alpha):
    """The distance is the sum of the differences in x and in y."""
    near = (predicted - truth).abs().sum(dim=2) <= alpha * size.unsqueeze(1)
    return _share(near, visible, size)


@misconception(hint="Whose size is it: that of one object, or of all?")
def largest_size_for_all(predicted, truth, visible, size, alpha):
    """All objects are judged by the largest size, as by that of the image."""
    return _share(_correct(predicted, truth, size.amax().expand_as(size), alpha), visible, size)


@misconception(hint="A small object and a large one: may their points be wrong by equally much?")
def mean_size_for_all(predicted, truth, visible, size, alpha):
    """All objects are judged by their mean size."""
    return _share(_correct(predicted, truth, size.mean().expand_as(size), alpha), visible, size)


@misconception(hint="Which object does `size[0]` belong to?")
def first_size_for_all(predicted, truth, visible, size, alpha):
    """All objects are judged by the size of the first."""
    return _share(_correct(predicted, truth, size[:1].expand_as(size), alpha), visible, size)


@misconception(hint="The limit for d is alpha times the size. What is it for d squared?")
def alpha_not_squared(predicted, truth, visible, size, alpha):
    """The squared distance is compared with alpha times the squared size."""
    near = _distance(predicted, truth).square() <= alpha * size.square().unsqueeze(1)
    return _share(near, visible, size)


@misconception(
    hint="Do the points of an object span its box? The size was handed to you; which size do you use?"
)
def box_of_the_points(predicted, truth, visible, size, alpha):
    """The size is measured on the keypoints, in the place of the one that is passed in."""
    box = (truth.amax(dim=1) - truth.amin(dim=1)).amax(dim=1)
    return _share(_correct(predicted, truth, box, alpha), visible, size)


@misconception(hint="One object shows one point, another one nine: which point counts more in your share?")
def mean_of_means(predicted, truth, visible, size, alpha):
    """Each object has a share of its own, and these are averaged."""
    correct = _correct(predicted, truth, size, alpha)
    seen = visible.any(dim=1)
    shares = [_share(c, v, size) for c, v in zip(correct[seen], visible[seen], strict=True)]
    if not shares:
        raise ValueError("no keypoint is visible")
    return torch.stack(shares).mean()


@misconception(hint="What is the share of an object that shows nothing? Should the others suffer for it?")
def mean_over_all_objects(predicted, truth, visible, size, alpha):
    """Each object has a share of its own, zero if it shows nothing, and these are averaged."""
    if not visible.any():
        raise ValueError("no keypoint is visible")
    correct = _correct(predicted, truth, size, alpha) & visible
    return (correct.sum(dim=1) / visible.sum(dim=1).clamp(min=1)).to(size.dtype).mean()


@misconception(hint="And a point that lies exactly on the border?")
def strictly_less(predicted, truth, visible, size, alpha):
    """A distance of exactly what is allowed is too far."""
    return _share(_distance(predicted, truth) < alpha * size.unsqueeze(1), visible, size)


@misconception(hint="0.1 of what?")
def alpha_in_pixels(predicted, truth, visible, size, alpha):
    """The limit is alpha itself, whatever the size is."""
    return _share(_distance(predicted, truth) <= alpha + 0 * size.unsqueeze(1), visible, size)


@misconception(hint="Change alpha. What happens to your share?")
def alpha_left_out(predicted, truth, visible, size, alpha):
    """The limit is the size itself."""
    return _share(_distance(predicted, truth) <= size.unsqueeze(1), visible, size)


@misconception(hint="May a point be wrong by the radius of the object, or by a part of its side?")
def half_the_size(predicted, truth, visible, size, alpha):
    """The limit is a part of half the size, on either side."""
    return _share(_correct(predicted, truth, size / 2, alpha), visible, size)


@misconception(hint="A share of correct points: what is it if all are right?")
def share_of_the_wrong(predicted, truth, visible, size, alpha):
    """The share of keypoints that are too far away is returned."""
    return _share(~_correct(predicted, truth, size, alpha), visible, size)


@misconception(hint="Between which numbers does the docstring want the share to lie?")
def in_percent(predicted, truth, visible, size, alpha):
    """The share is given in percent."""
    return 100 * _share(_correct(predicted, truth, size, alpha), visible, size)


@misconception(hint="Does the docstring want a share, or a number of points?")
def how_many(predicted, truth, visible, size, alpha):
    """The number of correct keypoints is returned."""
    return _share(_correct(predicted, truth, size, alpha), visible, size) * visible.sum()


@misconception(hint="Is it said that a mean is to be near enough?")
def mean_distance(predicted, truth, visible, size, alpha):
    """The mean distance in units of the object is returned, without asking what is near enough."""
    return _share(_distance(predicted, truth) / size.unsqueeze(1), visible, size)


@misconception(hint="The signature says how many numbers are returned.")
def one_share_for_each_object(predicted, truth, visible, size, alpha):
    """Each object gets a share of its own."""
    if not visible.any():
        raise ValueError("no keypoint is visible")
    correct = _correct(predicted, truth, size, alpha) & visible
    return (correct.sum(dim=1) / visible.sum(dim=1).clamp(min=1)).to(size.dtype)


@misconception(
    hint="An image without a visible point: is everything wrong in it, or is there nothing to judge?"
)
def zero_for_nothing(predicted, truth, visible, size, alpha):
    """Without a visible keypoint, the share is zero."""
    correct = _correct(predicted, truth, size, alpha) & visible
    return correct.sum().to(size.dtype) / visible.sum().clamp(min=1)


@misconception(hint="What is the mean of no numbers at all? What does the docstring want in its place?")
def not_a_number_for_nothing(predicted, truth, visible, size, alpha):
    """Without a visible keypoint, the share is not a number."""
    return _correct(predicted, truth, size, alpha)[visible].to(size.dtype).mean()


@misconception(hint="`size` has one number for each object. Along which dimension do yours go?")
def sizes_along_the_keypoints(predicted, truth, visible, size, alpha):
    """The sizes are broadcast along the keypoints, in the place of the objects."""
    k = predicted.shape[1]
    return _share(_distance(predicted, truth) <= alpha * size.repeat(k)[:k], visible, size)


another_type_of_exception = slip(
    "raise ValueError",
    "raise RuntimeError",
    idea="Without a visible keypoint there is a RuntimeError.",
    hint="Which type of exception does the docstring name?",
)


# --- without a name ----------------------------------------------------------------------------------------------


@wrong
def a_little_beyond_the_border(predicted, truth, visible, size, alpha):
    return _share(_distance(predicted, truth) <= 1.1 * alpha * size.unsqueeze(1), visible, size)


@wrong
def rounded_distances(predicted, truth, visible, size, alpha):
    return _share(_distance(predicted, truth).round() <= alpha * size.unsqueeze(1), visible, size)


@wrong
def one_more_in_the_mean(predicted, truth, visible, size, alpha):
    return (
        _share(_correct(predicted, truth, size, alpha), visible, size) * visible.sum() / (visible.sum() + 1)
    )


@wrong
def first_object_alone(predicted, truth, visible, size, alpha):
    return _share(_correct(predicted, truth, size, alpha)[:1], visible[:1], size)


@wrong
def sixteen_points_at_most(predicted, truth, visible, size, alpha):
    return _share(_correct(predicted, truth, size, alpha)[:, :16], visible[:, :16], size)


@wrong
def points_at_minus_one_left_out(predicted, truth, visible, size, alpha):
    judged = (truth >= 0).all(dim=2) | visible.all()
    return _share(_correct(predicted, truth, size, alpha), judged & visible.any(), size)


@wrong
def median_of_the_objects(predicted, truth, visible, size, alpha):
    correct = _correct(predicted, truth, size.median().expand_as(size), alpha)
    return _share(correct, visible, size)


@wrong
def hidden_ones_moved_in_place(predicted, truth, visible, size, alpha):
    predicted[~visible] = truth[~visible]
    return _share(_correct(predicted, truth, size, alpha), visible, size)


@wrong
def a_list_with_one_share(predicted, truth, visible, size, alpha):
    return _share(_correct(predicted, truth, size, alpha), visible, size)[None]


@wrong
def only_x(predicted, truth, visible, size, alpha):
    near = (predicted - truth)[..., 0].abs() <= alpha * size.unsqueeze(1)
    return _share(near, visible, size)
