"""Wrong answers to `video.propagate_labels`: ideas with a name and a hint, then others."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong

# All of these build the scores of all pairs: (frames, reference positions, target positions).


def _refuse(top_k, radius):
    if top_k < 1 or radius < 0:
        raise ValueError("top_k is at least 1 and radius at least 0")


def _steps(target):
    """How many rows and how many columns lie between all pairs of positions."""
    row, column = (places.flatten() for places in torch.ones_like(target[0]).nonzero().unbind(1))
    return (row[:, None] - row).abs(), (column[:, None] - column).abs()


def _near(target, radius):
    down, right = _steps(target)
    return (down <= radius) & (right <= radius)


def _products(references, target):
    return torch.einsum("tdi,dj->tij", references.flatten(2), target.flatten(1))


def _scores(references, target, temperature, radius, near=None):
    """Scores of all pairs, minus infinity outside of the window."""
    near = _near(target, radius) if near is None else near
    return (_products(references, target) / temperature).masked_fill(~near, -torch.inf)


def _copied(weights, places, labels):
    """Labels at these places of the frames put behind each other, weighted: (k, target) each."""
    copied = (labels.transpose(0, 1).flatten(1)[:, places] * weights).sum(dim=1)
    return copied.unflatten(1, labels.shape[2:])


def _voted(scores, labels, top_k):
    flat = scores.flatten(0, 1)
    best, places = flat.topk(min(top_k, len(flat)), dim=0)
    return _copied(best.softmax(dim=0), places, labels)


@misconception(hint="What do the weights of one position sum to over all frames?")
def frame_by_frame(references, target, labels, temperature, top_k, radius):
    """Each frame has top_k places and a softmax of its own, and the results are averaged."""
    _refuse(top_k, radius)
    scores = _scores(references, target, temperature, radius)
    votes = [_voted(one[None], label[None], top_k) for one, label in zip(scores, labels, strict=True)]
    return torch.stack(votes).mean(dim=0)


@misconception(hint="A label of 1 in every frame: how much of it should arrive?")
def frames_added_up(references, target, labels, temperature, top_k, radius):
    """Each frame has top_k places and a softmax of its own, and the results are added up."""
    _refuse(top_k, radius)
    scores = _scores(references, target, temperature, radius)
    votes = [_voted(one[None], label[None], top_k) for one, label in zip(scores, labels, strict=True)]
    return torch.stack(votes).sum(dim=0)


@misconception(hint="A frame that fits badly everywhere: how much of a softmax of its own does it lose?")
def softmax_in_each_frame(references, target, labels, temperature, top_k, radius):
    """Each frame has a softmax of its own; the largest weights of all frames are kept and divided by their sum."""
    _refuse(top_k, radius)
    shares = _scores(references, target, temperature, radius).softmax(dim=1).flatten(0, 1)
    kept, places = shares.topk(min(top_k, len(shares)), dim=0)
    return _copied(kept / kept.sum(dim=0), places, labels)


@misconception(hint="From how many positions is copied in all, if there are three frames and top_k is 5?")
def top_k_in_each_frame(references, target, labels, temperature, top_k, radius):
    """The top_k of each frame are chosen, and share one softmax."""
    _refuse(top_k, radius)
    scores = _scores(references, target, temperature, radius)
    last = scores.topk(min(top_k, scores.shape[1]), dim=1).values[:, -1:]
    return _voted(scores.masked_fill(scores < last, -torch.inf), labels, scores[:, :, 0].numel())


@misconception(hint="A position outside the window with score 0, and one inside with -3: which of them wins?")
def zero_for_far(references, target, labels, temperature, top_k, radius):
    """Scores outside the window are set to zero, and still take part."""
    _refuse(top_k, radius)
    scores = _products(references, target) / temperature * _near(target, radius)
    return _voted(scores, labels, top_k)


@misconception(hint="Add up the weights of the positions that you keep.")
def renormalisation_left_out(references, target, labels, temperature, top_k, radius):
    """The softmax goes over the whole window, and what is not among the top_k is dropped afterwards."""
    _refuse(top_k, radius)
    shares = _scores(references, target, temperature, radius).flatten(0, 1).softmax(dim=0)
    kept, places = shares.topk(min(top_k, len(shares)), dim=0)
    return _copied(kept, places, labels)


@misconception(hint="How much weight is left inside the window, if the softmax has seen the whole frame?")
def window_after_the_softmax(references, target, labels, temperature, top_k, radius):
    """The softmax goes over all positions, and those outside the window lose their weight afterwards."""
    _refuse(top_k, radius)
    shares = (_products(references, target) / temperature).flatten(0, 1).softmax(dim=0)
    near = _near(target, radius).repeat(len(references), 1)
    kept, places = (shares * near).topk(min(top_k, len(shares)), dim=0)
    return _copied(kept, places, labels)


@misconception(hint="A position far away has a score that is larger by 4,000. What is left for the window?")
def window_after_the_softmax_and_divided_again(references, target, labels, temperature, top_k, radius):
    """The softmax goes over all positions, and what is left of it in the window is divided by its sum."""
    _refuse(top_k, radius)
    shares = (_products(references, target) / temperature).flatten(0, 1).softmax(dim=0)
    near = _near(target, radius).repeat(len(references), 1)
    kept, places = (shares * near).topk(min(top_k, len(shares)), dim=0)
    return _copied(kept / kept.sum(dim=0), places, labels)


@misconception(hint="What if the k best of all positions lie outside the window?")
def top_k_before_the_window(references, target, labels, temperature, top_k, radius):
    """The best of the whole frame are chosen first, and those outside the window dropped then."""
    _refuse(top_k, radius)
    flat = (_products(references, target) / temperature).flatten(0, 1)
    best, places = flat.topk(min(top_k, len(flat)), dim=0)
    near = _near(target, radius).repeat(len(references), 1).gather(0, places)
    weights = best.masked_fill(~near, -torch.inf).softmax(dim=0).nan_to_num(0.0)
    return _copied(weights, places, labels)


@misconception(hint="All k best of the frame lie outside the window: what is the softmax of nothing?")
def top_k_before_the_window_or_nan(references, target, labels, temperature, top_k, radius):
    """The best of the whole frame are chosen first, and where none of them is in the window there is no number."""
    _refuse(top_k, radius)
    flat = (_products(references, target) / temperature).flatten(0, 1)
    best, places = flat.topk(min(top_k, len(flat)), dim=0)
    near = _near(target, radius).repeat(len(references), 1).gather(0, places)
    return _copied(best.masked_fill(~near, -torch.inf).softmax(dim=0), places, labels)


@misconception(
    hint="How many of the k best of the whole frame lie in the window? What do their weights sum to?",
    of=("top-k-before-the-window", "renormalisation-left-out"),
)
def window_last_of_all(references, target, labels, temperature, top_k, radius):
    """The best of the whole frame share one softmax, and those outside the window lose their weight then."""
    _refuse(top_k, radius)
    flat = (_products(references, target) / temperature).flatten(0, 1)
    best, places = flat.topk(min(top_k, len(flat)), dim=0)
    near = _near(target, radius).repeat(len(references), 1).gather(0, places)
    return _copied(best.softmax(dim=0) * near, places, labels)


@misconception(hint="Positions 9 and 10 of a frame that is 10 wide: are they neighbours?")
def flat_distance(references, target, labels, temperature, top_k, radius):
    """The window counts along the flattened positions."""
    _refuse(top_k, radius)
    numbers = torch.arange(target[0].numel())
    near = (numbers[:, None] - numbers).abs() <= radius
    return _voted(_scores(references, target, temperature, radius, near), labels, top_k)


@misconception(hint="The row of a position is its number divided by what?")
def width_and_height_exchanged(references, target, labels, temperature, top_k, radius):
    """Rows and columns are found by dividing by the height."""
    _refuse(top_k, radius)
    h, w = target.shape[1:]
    numbers = torch.arange(h * w)
    row, column = numbers // h, numbers % h
    near = ((row[:, None] - row).abs() <= radius) & ((column[:, None] - column).abs() <= radius)
    return _voted(_scores(references, target, temperature, radius, near), labels, top_k)


@misconception(hint="Is the corner of a window of radius 1 a part of it?")
def disc(references, target, labels, temperature, top_k, radius):
    """The window is a disc."""
    _refuse(top_k, radius)
    down, right = _steps(target)
    near = down**2 + right**2 <= radius**2
    return _voted(_scores(references, target, temperature, radius, near), labels, top_k)


@misconception(hint="A window of radius 4: is the position 3 rows up and 3 to the left in it? And 4 rows up?")
def disc_without_its_border(references, target, labels, temperature, top_k, radius):
    """The window is a disc that ends before its radius."""
    _refuse(top_k, radius)
    down, right = _steps(target)
    near = down**2 + right**2 < max(radius, 1) ** 2
    return _voted(_scores(references, target, temperature, radius, near), labels, top_k)


@misconception(hint="One row down and one column to the right: is that inside a window of radius 1?")
def steps_added_up(references, target, labels, temperature, top_k, radius):
    """Rows and columns are added up, so that the window is a diamond."""
    _refuse(top_k, radius)
    down, right = _steps(target)
    return _voted(_scores(references, target, temperature, radius, down + right <= radius), labels, top_k)


@misconception(hint="How many rows has a window of radius 1? Is its border a part of it?")
def border_left_out(references, target, labels, temperature, top_k, radius):
    """The window ends before its border: less than radius, in the place of at most radius."""
    _refuse(top_k, radius)
    near = _near(target, max(radius - 1, 0))
    return _voted(_scores(references, target, temperature, radius, near), labels, top_k)


@misconception(hint="How many columns has a window of radius 2: two, or more?")
def radius_for_side(references, target, labels, temperature, top_k, radius):
    """The radius is taken for the side of the window."""
    _refuse(top_k, radius)
    near = _near(target, radius // 2)
    return _voted(_scores(references, target, temperature, radius, near), labels, top_k)


@misconception(hint="In how many directions can a thing have moved?")
def window_of_rows_alone(references, target, labels, temperature, top_k, radius):
    """Only rows are restricted."""
    _refuse(top_k, radius)
    near = _steps(target)[0] <= radius
    return _voted(_scores(references, target, temperature, radius, near), labels, top_k)


@misconception(hint="May a thing jump from the top of the frame to its bottom?")
def window_of_columns_alone(references, target, labels, temperature, top_k, radius):
    """Only columns are restricted."""
    _refuse(top_k, radius)
    near = _steps(target)[1] <= radius
    return _voted(_scores(references, target, temperature, radius, near), labels, top_k)


@misconception(hint="Near in rows or near in columns: does one of them suffice?")
def one_direction_suffices(references, target, labels, temperature, top_k, radius):
    """A position takes part if it is near in rows or near in columns."""
    _refuse(top_k, radius)
    down, right = _steps(target)
    near = (down <= radius) | (right <= radius)
    return _voted(_scores(references, target, temperature, radius, near), labels, top_k)


@misconception(hint="How far may a label have come in your code?")
def no_window(references, target, labels, temperature, top_k, radius):
    """All positions take part, however far they are."""
    _refuse(top_k, radius)
    return _voted(_products(references, target) / temperature, labels, top_k)


@misconception(hint="Does the docstring make an exception for one of the frames?")
def first_frame_without_window(references, target, labels, temperature, top_k, radius):
    """The window holds for all frames but the first."""
    _refuse(top_k, radius)
    near = _near(target, radius).repeat(len(references), 1, 1)
    near[0] = True
    return _voted(_scores(references, target, temperature, radius, near), labels, top_k)


@misconception(hint="Who chooses among whom: a target position among reference positions, or the reverse?")
def softmax_over_the_target(references, target, labels, temperature, top_k, radius):
    """The weights of one reference position sum to one."""
    _refuse(top_k, radius)
    flat = _scores(references, target, temperature, radius).flatten(0, 1)
    places = flat.topk(min(top_k, len(flat)), dim=0).indices
    return _copied(flat.softmax(dim=1).gather(0, places), places, labels)


@misconception(
    hint="k scores for each target position are chosen: along which of the two do the weights sum to one?"
)
def softmax_of_the_chosen_over_the_target(references, target, labels, temperature, top_k, radius):
    """The softmax of the chosen scores goes over the target positions."""
    _refuse(top_k, radius)
    flat = _scores(references, target, temperature, radius).flatten(0, 1)
    best, places = flat.topk(min(top_k, len(flat)), dim=0)
    return _copied(best.softmax(dim=1), places, labels)


@misconception(hint="Does the best of five count no more than the fifth?")
def equal_votes(references, target, labels, temperature, top_k, radius):
    """The labels of the chosen positions are averaged without weights."""
    _refuse(top_k, radius)
    scores = _scores(references, target, temperature, radius)
    equal = scores.masked_fill(scores.isfinite(), 0.0).flatten(0, 1)
    places = scores.flatten(0, 1).topk(min(top_k, len(equal)), dim=0).indices
    return _copied(equal.gather(0, places).softmax(dim=0), places, labels)


@misconception(hint="t and d are neighbours in the shape. Are they in your matrix of scores?")
def frames_mixed_by_reshape(references, target, labels, temperature, top_k, radius):
    """The frames are put beside each other by a reshape, which mixes frames and channels."""
    _refuse(top_k, radius)
    t, d, h, w = references.shape
    scores = references.reshape(d, t * h * w).T @ target.flatten(1) / temperature
    scores = scores.unflatten(0, (t, h * w)).masked_fill(~_near(target, radius), -torch.inf)
    return _voted(scores, labels, top_k)


@misconception(
    hint="t and c are neighbours in the shape. Whose label does a reshape give to the second frame?"
)
def labels_mixed_by_reshape(references, target, labels, temperature, top_k, radius):
    """The labels of all frames are put beside each other by a reshape, which mixes frames and channels."""
    _refuse(top_k, radius)
    t, c, h, w = labels.shape
    mixed = labels.reshape(c, t, h, w).transpose(0, 1)
    return _voted(_scores(references, target, temperature, radius), mixed, top_k)


@misconception(hint="Of two frames, from which one does your function never copy?")
def last_frame_alone(references, target, labels, temperature, top_k, radius):
    """Only the last frame is copied from."""
    _refuse(top_k, radius)
    return _voted(_scores(references[-1:], target, temperature, radius), labels[-1:], top_k)


@misconception(hint="Which frames does your function never look at?")
def first_frame_alone(references, target, labels, temperature, top_k, radius):
    """Only the first frame is copied from."""
    _refuse(top_k, radius)
    return _voted(_scores(references[:1], target, temperature, radius), labels[:1], top_k)


@misconception(hint="Does the docstring ask for the embeddings as they are, or for their directions?")
def embeddings_normalised(references, target, labels, temperature, top_k, radius):
    """Embeddings are normalised first, so that scores are cosines."""
    _refuse(top_k, radius)
    references, target = F.normalize(references, dim=1), F.normalize(target, dim=0)
    return _voted(_scores(references, target, temperature, radius), labels, top_k)


@misconception(hint="Where does the docstring divide by anything but the temperature?")
def divided_by_the_root_of_d(references, target, labels, temperature, top_k, radius):
    """The scores are divided by the root of the number of channels, as in transformers."""
    _refuse(top_k, radius)
    scores = _scores(references, target, temperature * math.sqrt(len(target)), radius)
    return _voted(scores, labels, top_k)


@misconception(hint="What is a score by the docstring: a product, or a distance?")
def distances_for_products(references, target, labels, temperature, top_k, radius):
    """The score is minus the squared distance of the embeddings."""
    _refuse(top_k, radius)
    apart = (references.flatten(2)[..., None] - target.flatten(1)[None, :, None]).square().sum(dim=1)
    near = _near(target, radius)
    return _voted((-apart / temperature).masked_fill(~near, -torch.inf), labels, top_k)


@misconception(hint="Which scores does `topk` give you: the largest, or the smallest?")
def the_smallest_scores(references, target, labels, temperature, top_k, radius):
    """The positions of the window with the smallest scores are copied from."""
    _refuse(top_k, radius)
    flat = _scores(references, target, temperature, radius).flatten(0, 1)
    inside = flat.masked_fill(flat.isinf(), torch.inf)
    worst, places = inside.topk(min(top_k, len(flat)), dim=0, largest=False)
    return _copied(worst.masked_fill(worst.isinf(), -torch.inf).softmax(dim=0), places, labels)


def _voted_in_windows(references, target, labels, temperature, top_k, radius, mode):
    """All windows are of one size, and what lies beyond the edge of the frame is padded."""
    t, c, h, w = labels.shape
    reach = min(radius, 6)
    side = 2 * reach + 1
    padded = (F.pad(x, [reach] * 4, mode=mode) for x in (references, labels))
    keys, values = (F.unfold(x, side).view(t, -1, side * side, h * w) for x in padded)
    scores = torch.einsum("tdkj,dj->tkj", keys, target.flatten(1)).flatten(0, 1) / temperature
    best, places = scores.topk(min(top_k, len(scores)), dim=0)
    picked = values.transpose(0, 1).flatten(1, 2).gather(1, places.expand(c, -1, -1))
    return (picked * best.softmax(dim=0)).sum(dim=1).view(c, h, w)


@misconception(hint="What is beyond the edge of the frame? Can anything be copied from there?")
def border_padded_with_zeros(references, target, labels, temperature, top_k, radius):
    """Beyond the edge of the frame there are positions with a score of zero and no label, which take part."""
    _refuse(top_k, radius)
    return _voted_in_windows(references, target, labels, temperature, top_k, radius, "constant")


@misconception(hint="How often does a position at the edge take part in a window that reaches beyond it?")
def border_repeated(references, target, labels, temperature, top_k, radius):
    """Beyond the edge of the frame, the positions at the edge are repeated."""
    _refuse(top_k, radius)
    return _voted_in_windows(references, target, labels, temperature, top_k, radius, "replicate")


@misconception(hint="Is a weight of 0.6 the same as a weight of 1? What does *soft* label mean?")
def hard_labels(references, target, labels, temperature, top_k, radius):
    """Each position gets a one for its likeliest label and zeros for the others."""
    _refuse(top_k, radius)
    voted = _voted(_scores(references, target, temperature, radius), labels, top_k)
    return F.one_hot(voted.argmax(dim=0), len(voted)).movedim(-1, 0).to(voted) + 0 * voted


@misconception(hint="What does a score weigh, if it is twice as large as another one?")
def scores_for_weights(references, target, labels, temperature, top_k, radius):
    """The scores themselves, divided by their sum, are the weights."""
    _refuse(top_k, radius)
    flat = _scores(references, target, temperature, radius).flatten(0, 1)
    best, places = flat.topk(min(top_k, len(flat)), dim=0)
    best = best.clamp(min=0)
    return _copied(best / best.sum(dim=0).clamp(min=1e-6), places, labels)


@misconception(
    hint="Is the attention the target's over the references? Which of its two sides did you read as rows?"
)
def attention_the_wrong_way_round(references, target, labels, temperature, top_k, radius):
    """Rows and columns of the attention are taken for each other."""
    _refuse(top_k, radius)
    return _voted(_scores(references, target, temperature, radius).transpose(1, 2), labels, top_k)


temperature_twice = slip(
    "products / temperature",
    "products / temperature**2",
    idea="The scores are divided by the temperature twice.",
    hint="How often are the scores divided by the temperature in your code?",
)
temperature_left_out = slip(
    "(products / temperature)",
    "products",
    idea="The scores are not divided by the temperature.",
    hint="Change the temperature. Does anything happen?",
)
temperature_multiplied = slip(
    "products / temperature",
    "products * temperature",
    idea="The scores are multiplied by the temperature.",
    hint="Should a low temperature make the choice sharper, or softer?",
)
no_top_k = slip(
    "min(top_k, len(scores))",
    "len(scores)",
    idea="All positions of the window are copied from.",
    hint="How many positions does yours copy from, if top_k is 3?",
)
the_best_alone = slip(
    "min(top_k, len(scores))",
    "1",
    idea="Only the position with the largest score is copied from.",
    hint="How many positions are copied from, if top_k is 3?",
)
exponentials_by_hand = slip(
    "best.softmax(dim=0)",
    "(best.exp() / best.exp().sum(dim=0))",
    idea="The exponentials of the chosen scores are divided by their sum.",
    hint="What is exp(16000)? And what is left of a softmax if the largest score is taken away?",
)
labels_detached = slip(
    "candidates = labels[",
    "candidates = labels.detach()[",
    idea="No gradient reaches the labels.",
    hint="Is the result a mean of the labels? Through what should its gradient go?",
)
at_least_top_k_positions = slip(
    "min(top_k, len(scores))",
    "top_k",
    idea="There must be top_k positions in the frames, or `topk` fails.",
    hint="The window holds four positions and top_k is five. Does your function say what it should?",
)
top_k_not_checked = slip(
    "top_k < 1 or radius < 0",
    "radius < 0",
    idea="Whether top_k is less than 1 is not looked at.",
    hint="From how many positions can nobody copy? What does the docstring say of such a top_k?",
)
radius_not_checked = slip(
    "top_k < 1 or radius < 0",
    "top_k < 1",
    idea="Whether the radius is less than 0 is not looked at.",
    hint="What is inside a window of radius -1? What does the docstring say?",
)
radius_of_zero_refused = slip(
    "top_k < 1 or radius < 0",
    "top_k < 1 or radius < 1",
    idea="A radius of 0 is refused as well.",
    hint="What can be copied with a radius of 0? Does the docstring forbid it?",
)
refused_by_an_assertion = slip(
    "raise ValueError",
    "raise AssertionError",
    idea="What is not allowed is met with an assertion.",
    hint="Which type of exception does the docstring name?",
)


# --- without a name ----------------------------------------------------------------------------------------------


@wrong
def far_scores_a_little_low(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    near = _near(target, radius)
    scores = (_products(references, target) / temperature).masked_fill(~near, -1e4)
    return _voted(scores, labels, top_k)


@wrong
def a_larger_window(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    return _voted(_scores(references, target, temperature, radius + 1), labels, top_k)


@wrong
def six_rows_at_most(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    return _voted(_scores(references, target, temperature, min(radius, 6)), labels, top_k)


@wrong
def itself_left_out(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    h, w = target.shape[1:]
    near = _near(target, radius) & ~torch.eye(h * w, dtype=torch.bool)
    return _voted(_scores(references, target, temperature, radius, near | ~near.any(0)), labels, top_k)


@wrong
def top_k_of_the_targets(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    flat = _scores(references, target, temperature, radius).flatten(0, 1)
    last = flat.topk(min(top_k, flat.shape[1]), dim=1).values[:, -1:]
    weights = flat.masked_fill(flat < last, -torch.inf).softmax(dim=0).nan_to_num(0.0)
    return (labels.transpose(0, 1).flatten(1) @ weights).unflatten(1, labels.shape[2:])


@wrong
def frames_in_reverse(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    return _voted(_scores(references, target, temperature, radius), labels.flip(0), top_k)


@wrong
def in_float32(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    scores = _scores(references.float(), target.float(), temperature, radius)
    return _voted(scores, labels.float(), top_k).to(labels.dtype)


@wrong
def with_a_batch_of_one(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    return _voted(_scores(references, target, temperature, radius), labels, top_k)[None]


@wrong
def temperature_into_the_target(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    with torch.no_grad():
        target /= temperature
    return _voted(_scores(references, target, 1.0, radius), labels, top_k)


@wrong
def guarded_sum_of_weights(references, target, labels, temperature, top_k, radius):
    _refuse(top_k, radius)
    shares = _scores(references, target, temperature, radius).flatten(0, 1).softmax(dim=0)
    kept, places = shares.topk(min(top_k, len(shares)), dim=0)
    return _copied(kept / (kept.sum(dim=0) + 1e-2), places, labels)


five_places_always = slip("min(top_k, len(scores))", "min(5, len(scores))")
one_place_more = slip("min(top_k, len(scores))", "min(top_k + 1, len(scores))")
one_place_less = slip("min(top_k, len(scores))", "min(max(top_k - 1, 1), len(scores))")
twenty_places_at_most = slip("min(top_k, len(scores))", "min(top_k, 20, len(scores))")
