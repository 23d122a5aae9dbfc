"""Wrong answers to `cpc.row_loss`: ideas with a name and a hint, then others."""

import math

import torch
import torch.nn.functional as F

from course_utils.checks import misconception, slip, wrong


def _refuse(z, rows_ahead):
    if not 1 <= rows_ahead < z.shape[2]:
        raise ValueError("rows_ahead")


def _flat(grids):
    """The vectors of all places, image by image and row by row."""
    return grids.movedim(1, -1).flatten(0, 2)


def _numbers(z):
    """The number of each place in `_flat`."""
    n, _, h, w = z.shape
    return torch.arange(n * h * w).view(n, h, w)


def _scores(predicted, z, rows_ahead):
    """All predictions that have an answer, against all places."""
    _refuse(z, rows_ahead)
    return _flat(predicted[:, :, :-rows_ahead]) @ _flat(z).T


def _labels(z, rows_ahead):
    return _numbers(z)[:, rows_ahead:].flatten()


def _loss(predicted, z, rows_ahead, **options):
    return F.cross_entropy(_scores(predicted, z, rows_ahead), _labels(z, rows_ahead), **options)


# --- where the right one stands --------------------------------------------------------------------------------------


@misconception(hint="Count on from the last prediction of image 0 to the first of image 1. What was skipped?")
def label_arithmetic(predicted, z, rows_ahead):
    """Labels are counted in the grid that has lost its last rows: right for image 0, too small for all others."""
    scores = _scores(predicted, z, rows_ahead)
    return F.cross_entropy(scores, torch.arange(len(scores)) + rows_ahead * z.shape[3])


@misconception(
    hint="With what does row 0 of image 0 have to be matched, and which number has that among all places?"
)
def labels_count_the_predictions(predicted, z, rows_ahead):
    """The right one for prediction number m is taken to be vector number m."""
    scores = _scores(predicted, z, rows_ahead)
    return F.cross_entropy(scores, torch.arange(len(scores)))


@misconception(hint="By how many places does one step down move you, if a row has w of them?")
def steps_of_one_place(predicted, z, rows_ahead):
    """The number of the right one is larger by k, and not by k rows."""
    labels = _numbers(z)[:, :-rows_ahead].flatten() + rows_ahead
    return F.cross_entropy(_scores(predicted, z, rows_ahead), labels)


@misconception(hint="A grid of 2 rows and 5 columns: which number has the first place of row 1?")
def rows_as_long_as_columns(predicted, z, rows_ahead):
    """One row down is h places further, and not w."""
    labels = _numbers(z)[:, :-rows_ahead].flatten() + rows_ahead * z.shape[2]
    return F.cross_entropy(_scores(predicted, z, rows_ahead), labels)


def _counted(predicted, z, rows_ahead, image, row):
    """Labels that are counted out, with so many numbers to an image and to a row."""
    n, _, h, w = z.shape
    scores = _scores(predicted, z, rows_ahead)
    b, i, j = torch.meshgrid(*map(torch.arange, (n, h - rows_ahead, w)), indexing="ij")
    return F.cross_entropy(scores, (b * image + (i + rows_ahead) * row + j).flatten())


@misconception(hint="In a grid of 2 rows and 5 columns, row 1 begins at number 5. Where does it in yours?")
def numbered_by_the_height(predicted, z, rows_ahead):
    """Image b begins at b * h * w, but a row of it is taken to have h numbers."""
    h, w = z.shape[2:]
    return _counted(predicted, z, rows_ahead, h * w, h)


@misconception(
    hint="How many numbers has one row, and how many has one image? Is it h or w that you multiply by?"
)
def height_squared(predicted, z, rows_ahead):
    """Places are numbered with h in the place of w throughout."""
    h = z.shape[2]
    return _counted(predicted, z, rows_ahead, h * h, h)


@misconception(hint="The candidates are those of all images. Which number has the first place of image 1?")
def labels_of_image_0_for_all(predicted, z, rows_ahead):
    """Labels are those of one image, repeated for every other."""
    labels = _numbers(z)[:1, rows_ahead:].expand(len(z), -1, -1).flatten()
    return F.cross_entropy(_scores(predicted, z, rows_ahead), labels)


@misconception(hint="Is the right vector further down, or is it one that the prediction was made from?")
def same_place(predicted, z, rows_ahead):
    """A prediction has to find the vector of its own place."""
    scores = _scores(predicted, z, rows_ahead)
    return F.cross_entropy(scores, _numbers(z)[:, :-rows_ahead].flatten())


@misconception(hint="Call your function with `rows_ahead` 1 and 2. Does the loss change? Should it?")
def own_place_in_all_rows(predicted, z, rows_ahead):
    """Every place has to find its own vector, however far ahead is asked for."""
    _refuse(z, rows_ahead)
    return F.cross_entropy(_flat(predicted) @ _flat(z).T, _numbers(z).flatten())


@misconception(hint="Which dimension of a grid runs downwards, the third or the fourth?")
def columns_ahead(predicted, z, rows_ahead):
    """The right one stands k columns further to the right."""
    _refuse(z, rows_ahead)
    scores = _flat(predicted[..., :-rows_ahead]) @ _flat(z).T
    return F.cross_entropy(scores, _numbers(z)[..., rows_ahead:].flatten())


@misconception(
    hint="Row 0 is at the top. What does a prediction see already: what is above it, or what is below?"
)
def upwards(predicted, z, rows_ahead):
    """The right one stands k rows further up."""
    _refuse(z, rows_ahead)
    scores = _flat(predicted[:, :, rows_ahead:]) @ _flat(z).T
    return F.cross_entropy(scores, _numbers(z)[:, :-rows_ahead].flatten())


@misconception(hint="Which row does row 0 predict with `rows_ahead=1`? Read the docstring once more.")
def skip_counted_wrongly(predicted, z, rows_ahead):
    """The nearest row is skipped in addition, so that k = 1 predicts two rows ahead."""
    _refuse(z, rows_ahead)
    return _loss(predicted, z, rows_ahead + 1) if rows_ahead + 1 < z.shape[2] else z.sum() * math.nan


@misconception(hint="Which row is predicted from row 0 with `rows_ahead=1` in yours? Is it row 1?")
def one_row_short(predicted, z, rows_ahead):
    """The distance is counted from 0: k = 1 predicts the row that it was made from."""
    h = z.shape[2]
    _refuse(z, rows_ahead)
    scores = _flat(predicted[:, :, : h - rows_ahead + 1]) @ _flat(z).T
    return F.cross_entropy(scores, _numbers(z)[:, rows_ahead - 1 :].flatten())


@misconception(hint="`rows_ahead` is one distance. How many does your loss look at?")
def nearer_rows_as_well(predicted, z, rows_ahead):
    """The losses of all distances from 1 to k are averaged."""
    _refuse(z, rows_ahead)
    return torch.stack([_loss(predicted, z, k) for k in range(1, rows_ahead + 1)]).mean()


# --- which predictions -----------------------------------------------------------------------------------------------


@misconception(hint="What stands one row below the last row of image 0: a row of image 1?")
def row_wraps_into_the_next_image(predicted, z, rows_ahead):
    """All rows predict, and the last ones are to find the first rows of the image that follows in the batch."""
    _refuse(z, rows_ahead)
    labels = _numbers(z).flatten().roll(-rows_ahead * z.shape[3])
    return F.cross_entropy(_flat(predicted) @ _flat(z).T, labels)


@misconception(
    hint="Which places of the long list are one row down from the last row of image 0? Are they in image 0?"
)
def shifted_in_the_long_list(predicted, z, rows_ahead):
    """Only the very end of the flattened batch is cut off: last rows are to find the first rows of the next image."""
    shift = rows_ahead * z.shape[3]
    _refuse(z, rows_ahead)
    scores = _flat(predicted)[:-shift] @ _flat(z).T
    return F.cross_entropy(scores, torch.arange(len(scores)) + shift)


@misconception(hint="How many rows of a grid of h have something `rows_ahead` below them?")
def all_rows_used(predicted, z, rows_ahead):
    """All rows predict, and the last ones are to find the first rows of their own image, as roll has it."""
    _refuse(z, rows_ahead)
    return F.cross_entropy(_flat(predicted) @ _flat(z).T, _numbers(z).roll(-rows_ahead, 1).flatten())


@misconception(hint="Which rows have nothing `rows_ahead` below them? What is asked of those?")
def last_row_for_all_the_rest(predicted, z, rows_ahead):
    """All rows predict, and where the grid ends it is the last row that is to be found."""
    n, _, h, w = z.shape
    _refuse(z, rows_ahead)
    rows = (torch.arange(h) + rows_ahead).clamp(max=h - 1)
    return F.cross_entropy(_flat(predicted) @ _flat(z).T, _numbers(z)[:, rows].flatten())


@misconception(hint="Over how many predictions is the mean taken, n * h * w or fewer?")
def mean_over_all_places(predicted, z, rows_ahead):
    """The sum is divided by the number of all places, also of those that predict nothing."""
    return _loss(predicted, z, rows_ahead, reduction="sum") / _numbers(z).numel()


@misconception(hint="How many rows of one image make a prediction? Does yours use each of them?")
def first_row_alone(predicted, z, rows_ahead):
    """Only the first row predicts."""
    _refuse(z, rows_ahead)
    return F.cross_entropy(_flat(predicted[:, :, :1]) @ _flat(z).T, _numbers(z)[:, rows_ahead].flatten())


# --- among which candidates ------------------------------------------------------------------------------------------


@misconception(hint="Must the right one be told from the places of other images as well?")
def same_image_only(predicted, z, rows_ahead):
    """The candidates are the places of the prediction's own image."""
    _refuse(z, rows_ahead)
    asking, candidates = predicted[:, :, :-rows_ahead].flatten(2), z.flatten(2)
    scores = torch.einsum("ndp,ndq->nqp", asking, candidates)
    places = torch.arange(candidates.shape[2])[rows_ahead * z.shape[3] :]
    return F.cross_entropy(scores, places.expand(len(z), -1))


@misconception(
    hint="Are the other places of the same image among the candidates? Count them in the docstring."
)
def other_images_only(predicted, z, rows_ahead):
    """The candidates are the right one and the places of all other images."""
    scores, labels = _scores(predicted, z, rows_ahead), _labels(z, rows_ahead)
    image = torch.arange(len(z)).repeat_interleave(z[0, 0].numel())
    own = image[labels][:, None] == image
    own[torch.arange(len(labels)), labels] = False
    return F.cross_entropy(scores.masked_fill(own, -torch.inf), labels)


@misconception(
    hint="A batch of 2 images of 3 x 4 places: how many candidates has a prediction? And in yours?"
)
def same_place_of_all_images(predicted, z, rows_ahead):
    """The candidates are the vectors of one and the same place, one for each image."""
    _refuse(z, rows_ahead)
    scores = torch.einsum("ndij,mdij->nmij", predicted[:, :, :-rows_ahead], z[:, :, rows_ahead:])
    return F.cross_entropy(scores, torch.arange(len(z))[:, None, None].expand(-1, *scores.shape[2:]))


@misconception(
    hint="Can a vector of the first row be mistaken for the right one? Is it a candidate in yours?"
)
def upper_rows_left_out(predicted, z, rows_ahead):
    """Only rows that some prediction looks for are candidates, not the first k."""
    _refuse(z, rows_ahead)
    scores = _flat(predicted[:, :, :-rows_ahead]) @ _flat(z[:, :, rows_ahead:]).T
    return F.cross_entropy(scores, torch.arange(len(scores)))


@misconception(hint="Is the vector in the prediction's own place a candidate? The docstring says so or not.")
def own_place_left_out(predicted, z, rows_ahead):
    """The vector of the place where the prediction was made is no candidate."""
    scores = _scores(predicted, z, rows_ahead)
    own = F.one_hot(_numbers(z)[:, :-rows_ahead].flatten(), scores.shape[1]).bool()
    return F.cross_entropy(scores.masked_fill(own, -torch.inf), _labels(z, rows_ahead))


@misconception(hint="How often does the right vector occur below the fraction bar?")
def positive_twice(predicted, z, rows_ahead):
    """The right score is put in front of all scores, which hold it already."""
    scores, labels = _scores(predicted, z, rows_ahead), _labels(z, rows_ahead)
    positives = scores.gather(1, labels[:, None])
    return F.cross_entropy(torch.cat([positives, scores], dim=1), torch.zeros(len(scores), dtype=torch.long))


@misconception(hint="If all scores are equal, among how many does a prediction guess?")
def positive_not_below(predicted, z, rows_ahead):
    """The sum below the fraction bar leaves the right one out."""
    scores, labels = _scores(predicted, z, rows_ahead), _labels(z, rows_ahead)
    right = F.one_hot(labels, scores.shape[1]).bool()
    return (scores.masked_fill(right, -torch.inf).logsumexp(dim=1) - scores[right]).mean()


@misconception(hint="Fix one prediction. Does your softmax run over what it may choose from?")
def over_the_predictions(predicted, z, rows_ahead):
    """The softmax runs over the predictions, for a fixed vector."""
    shares = _scores(predicted, z, rows_ahead).log_softmax(dim=0)
    return F.nll_loss(shares, _labels(z, rows_ahead))


# --- scores ----------------------------------------------------------------------------------------------------------


@misconception(hint="Look at one row of your matrix of vectors. Do its numbers belong to one place?")
def flattened_channels_first(predicted, z, rows_ahead):
    """The grids are reshaped to rows of d numbers with the features still in front of the places."""
    _refuse(z, rows_ahead)
    d = z.shape[1]
    asking, candidates = predicted[:, :, :-rows_ahead].reshape(-1, d), z.reshape(-1, d)
    return F.cross_entropy(asking @ candidates.T, _labels(z, rows_ahead))


@misconception(hint="How many features has a vector? Print one row of your matrix and one vector of `z`.")
def reshaped_with_the_features_in_front(predicted, z, rows_ahead):
    """The features are brought to the very front, and then the grids are cut into rows of d numbers."""
    _refuse(z, rows_ahead)
    d = z.shape[1]
    asking, candidates = (x.transpose(0, 1).reshape(-1, d) for x in (predicted[:, :, :-rows_ahead], z))
    return F.cross_entropy(asking @ candidates.T, _labels(z, rows_ahead))


@misconception(hint="In which order do your vectors stand, and in which do you number them?")
def columns_before_rows(predicted, z, rows_ahead):
    """The vectors stand column by column, and are numbered row by row."""
    _refuse(z, rows_ahead)
    asking, candidates = (x.permute(0, 3, 2, 1).flatten(0, 2) for x in (predicted[:, :, :-rows_ahead], z))
    return F.cross_entropy(asking @ candidates.T, _labels(z, rows_ahead))


@misconception(hint="Does the formula divide by the lengths of the vectors?")
def cosines(predicted, z, rows_ahead):
    """Predictions and vectors are made to have length one."""
    return _loss(F.normalize(predicted, dim=1), F.normalize(z, dim=1), rows_ahead)


@misconception(hint="Is a dot product the sum of d products, or their mean?")
def mean_over_features(predicted, z, rows_ahead):
    """The scores are divided by the number of features."""
    return _loss(predicted / z.shape[1], z, rows_ahead)


@misconception(hint="Which factor stands before the dot product in the docstring?")
def divided_by_the_root(predicted, z, rows_ahead):
    """The scores are divided by the root of the number of features, as in attention."""
    return _loss(predicted / math.sqrt(z.shape[1]), z, rows_ahead)


@misconception(hint="Is a score large or small if two vectors are alike? And in the docstring?")
def distances(predicted, z, rows_ahead):
    """The scores are negative squared distances."""
    _refuse(z, rows_ahead)
    differences = _flat(predicted[:, :, :-rows_ahead])[:, None] - _flat(z)
    return F.cross_entropy(-differences.square().sum(dim=2), _labels(z, rows_ahead))


@misconception(
    hint="What is exp(300) in float32? Which function of torch takes the logarithm of a softmax safely?"
)
def exponentials_overflow(predicted, z, rows_ahead):
    """Exponentials are taken one by one, and of large scores they are infinite."""
    exponentials, labels = _scores(predicted, z, rows_ahead).exp(), _labels(z, rows_ahead)
    return -(exponentials.gather(1, labels[:, None])[:, 0] / exponentials.sum(dim=1)).log().mean()


@misconception(hint="What is the logarithm of exp(300) in float32, if exp(300) comes first?")
def logarithm_of_a_sum_that_overflows(predicted, z, rows_ahead):
    """The exponentials are added up, and then the logarithm is taken: of infinity, if scores are large."""
    scores, labels = _scores(predicted, z, rows_ahead), _labels(z, rows_ahead)
    return (scores.exp().sum(dim=1).log() - scores.gather(1, labels[:, None])[:, 0]).mean()


@misconception(
    hint="A share of exp(-200) is 0 in float32. What is its logarithm in yours? Which function takes both?"
)
def logarithm_of_a_share_of_zero(predicted, z, rows_ahead):
    """The softmax is taken first, and then its logarithm."""
    return F.nll_loss(_scores(predicted, z, rows_ahead).softmax(dim=1).log(), _labels(z, rows_ahead))


@misconception(hint="A share can be so small that it rounds to 0. What becomes of its gradient in yours?")
def something_small_in_the_logarithm(predicted, z, rows_ahead):
    """The softmax is taken first, and then its logarithm, with something small added."""
    shares = _scores(predicted, z, rows_ahead).softmax(dim=1)
    return F.nll_loss((shares + 1e-11).log(), _labels(z, rows_ahead))


# --- gradients and form ----------------------------------------------------------------------------------------------


@misconception(hint="Does the encoder learn from being the answer, or from asking alone?")
def vectors_detached(predicted, z, rows_ahead):
    """The vectors that are to be found are cut off from the graph."""
    return _loss(predicted, z.detach(), rows_ahead)


@misconception(hint="Does the encoder learn from a wrong candidate? Follow the gradient there.")
def negatives_detached(predicted, z, rows_ahead):
    """A gradient reaches the right vectors, and no other candidates."""
    scores, labels = _scores(predicted, z.detach(), rows_ahead), _labels(z, rows_ahead)
    wanted = (predicted[:, :, :-rows_ahead] * z[:, :, rows_ahead:]).sum(dim=1).flatten()
    right = F.one_hot(labels, scores.shape[1]).bool()
    return F.cross_entropy(torch.where(right, wanted[:, None], scores), labels)


@misconception(hint="Should the loss grow with the number of predictions?")
def summed(predicted, z, rows_ahead):
    """The losses of all predictions are added up."""
    return _loss(predicted, z, rows_ahead, reduction="sum")


@misconception(hint="The result is one number. How many does yours return?")
def one_loss_for_each_prediction(predicted, z, rows_ahead):
    """The losses of the predictions are returned one by one."""
    return _loss(predicted, z, rows_ahead, reduction="none")


@misconception(hint="Which sign has the logarithm of a share, and which has a loss?")
def sign_left_out(predicted, z, rows_ahead):
    """The mean of the logarithms is returned, which training would make small."""
    return -_loss(predicted, z, rows_ahead)


@misconception(hint="Can your loss train anything? Follow it back to the predictions.")
def off_the_graph(predicted, z, rows_ahead):
    """The loss is computed without gradients."""
    return _loss(predicted, z, rows_ahead).detach()


@misconception(hint="Call your function with float64 grids. What comes back?")
def always_float32(predicted, z, rows_ahead):
    """The grids are made float32, whatever they were."""
    return _loss(predicted.float(), z.float(), rows_ahead)


@misconception(hint="The docstring names the unit of the loss. Which logarithm has it?")
def in_bits(predicted, z, rows_ahead):
    """The logarithm is taken to base 2."""
    return _loss(predicted, z, rows_ahead) / math.log(2)


@misconception(hint="What does F.cross_entropy do with its first argument before it takes the logarithm?")
def softmax_twice(predicted, z, rows_ahead):
    """Shares are handed to the cross-entropy, which takes their softmax again."""
    scores = _scores(predicted, z, rows_ahead)
    return F.cross_entropy(scores.softmax(dim=1), _labels(z, rows_ahead))


nothing_refused = slip(
    "if not 1 <= rows_ahead < h:",
    "if False:",
    idea="Nothing is refused.",
    hint="How many predictions are left if `rows_ahead` is as large as the grid is high? What does the docstring say?",
)
too_many_not_refused = slip(
    "if not 1 <= rows_ahead < h:",
    "if not 1 <= rows_ahead:",
    idea="As many rows ahead as there are, and more, are not refused.",
    hint="In a grid of 3 rows, what stands 3 rows below the first?",
)
none_ahead_not_refused = slip(
    "if not 1 <= rows_ahead < h:",
    "if not rows_ahead < h:",
    idea="No rows ahead, or fewer than none, are not refused.",
    hint="What does a prediction of its own row teach? What does the docstring say of 0?",
)
width_for_height = slip(
    "if not 1 <= rows_ahead < h:",
    "if not 1 <= rows_ahead < w:",
    idea="The number of rows ahead is compared with the width.",
    hint="A grid of 5 rows and 2 columns: how many rows ahead can be predicted?",
)
last_row_never_reached = slip(
    "if not 1 <= rows_ahead < h:",
    "if not 1 <= rows_ahead < h - 1:",
    idea="From the first row to the last is refused.",
    hint="In a grid of 3 rows, what stands 2 rows below the first? Is that too far?",
)


# --- without a name --------------------------------------------------------------------------------------------------


@wrong
def last_image_left_out(predicted, z, rows_ahead):
    m = max(1, len(z) - 1)
    return _loss(predicted[:m], z[:m], rows_ahead)


@wrong
def hardest_64_candidates(predicted, z, rows_ahead):
    scores, labels = _scores(predicted, z, rows_ahead), _labels(z, rows_ahead)
    positives = scores.gather(1, labels[:, None])
    below = scores.topk(min(64, scores.shape[1]), dim=1).values.logsumexp(dim=1, keepdim=True)
    return (below - positives).mean()


@wrong
def candidates_of_sixteen_rows(predicted, z, rows_ahead):
    scores, labels = _scores(predicted, z, rows_ahead), _labels(z, rows_ahead)
    far = (torch.arange(scores.shape[1]) // z.shape[3] % z.shape[2]) >= 15
    return F.cross_entropy(
        scores.masked_fill(far & (torch.arange(len(far)) != labels[:, None]), -1e9), labels
    )


@wrong
def scores_of_zero_left_out(predicted, z, rows_ahead):
    scores = _scores(predicted, z, rows_ahead)
    return F.cross_entropy(scores.masked_fill(scores == 0, -1e9), _labels(z, rows_ahead))


@wrong
def empty_places_left_out(predicted, z, rows_ahead):
    scores, labels = _scores(predicted, z, rows_ahead), _labels(z, rows_ahead)
    kept = _flat(z).any(dim=1)
    return F.cross_entropy(scores.masked_fill(~kept, -1e9)[kept[labels]], labels[kept[labels]])


@wrong
def equal_vectors_counted_once(predicted, z, rows_ahead):
    scores, labels = _scores(predicted, z, rows_ahead), _labels(z, rows_ahead)
    flat = _flat(z)
    same = (flat[labels][:, None] == flat).all(dim=2)
    same[torch.arange(len(labels)), labels] = False
    return F.cross_entropy(scores.masked_fill(same, -1e9), labels)


@wrong
def scores_cut_off_at_a_hundred(predicted, z, rows_ahead):
    scores = _scores(predicted, z, rows_ahead)
    return F.cross_entropy(scores.clamp(-100, 100), _labels(z, rows_ahead))


@wrong
def predictions_detached(predicted, z, rows_ahead):
    return _loss(predicted.detach(), z, rows_ahead)


@wrong
def one_shift_for_all(predicted, z, rows_ahead):
    # The largest of all scores is taken away, and what lies far below it rounds to nothing.
    scores = _scores(predicted, z, rows_ahead)
    scores, labels = scores - scores.detach().max(), _labels(z, rows_ahead)
    return (scores.exp().sum(dim=1).log() - scores.gather(1, labels[:, None])[:, 0]).mean()


@wrong
def mean_of_images_and_not_of_logs(predicted, z, rows_ahead):
    scores, labels = _scores(predicted, z, rows_ahead), _labels(z, rows_ahead)
    return -scores.softmax(dim=1).gather(1, labels[:, None]).mean().log()


@wrong
def first_column_alone(predicted, z, rows_ahead):
    return F.cross_entropy(
        _scores(predicted[..., :1], z, rows_ahead), _numbers(z)[:, rows_ahead:, 0].flatten()
    )


@wrong
def vectors_centred(predicted, z, rows_ahead):
    return _loss(predicted - predicted.mean(dim=(0, 2, 3), keepdim=True), z, rows_ahead)


@wrong
def scaled_by_a_tenth(predicted, z, rows_ahead):
    # As the paper's program scales what the encoder gives.
    return _loss(0.1 * predicted, z, rows_ahead)


@wrong
def vectors_made_shorter_in_place(predicted, z, rows_ahead):
    loss = _loss(predicted, z, rows_ahead)
    with torch.no_grad():
        z.div_(z.shape[1])
    return loss


@wrong
def a_list_with_one_loss(predicted, z, rows_ahead):
    return _loss(predicted, z, rows_ahead)[None]


@wrong
def a_python_number(predicted, z, rows_ahead):
    return _loss(predicted, z, rows_ahead).item()


@wrong
def type_error_for_too_many(predicted, z, rows_ahead):
    if not 1 <= rows_ahead < z.shape[2]:
        raise TypeError("rows_ahead")
    return _loss(predicted, z, rows_ahead)


@wrong
def asserts(predicted, z, rows_ahead):
    assert 1 <= rows_ahead < z.shape[2]
    return _loss(predicted, z, rows_ahead)


@wrong
def a_single_image_refused(predicted, z, rows_ahead):
    if len(z) < 2:
        raise ValueError("there are no other images")
    return _loss(predicted, z, rows_ahead)
