"""Wrong answers to `video.shuffle_tuples`: ideas with a name and a hint, then others."""

import torch

from course_utils.checks import misconception, slip, wrong

_FORWARDS = ((1, 2, 3), (1, 0, 3), (1, 4, 3))
_TABLE = (*_FORWARDS, *(order[::-1] for order in _FORWARDS))


def _refuse(times):
    if (times.diff(dim=1) <= 0).any():
        raise ValueError("not increasing")


def _picked(frames, times, kinds, table=_TABLE):
    chosen = times.gather(1, torch.tensor(table)[kinds])
    return frames[torch.arange(len(frames))[:, None], chosen]


def _in_order(kinds):
    return (kinds % 3 == 0).long()


def _tuples(frames, times, kinds, table=_TABLE):
    _refuse(times)
    return _picked(frames, times, kinds, table), _in_order(kinds)


@misconception(hint="Play a swinging pendulum backwards. Could you tell?")
def backwards_is_wrong(frames, times, kinds):
    """Only tuples that run forwards count as in order."""
    return _tuples(frames, times, kinds)[0], (kinds == 0).long()


@misconception(hint="What does a label of 1 mean in the docstring?")
def label_for_shuffled(frames, times, kinds):
    """Label 1 means not in order."""
    tuples, labels = _tuples(frames, times, kinds)
    return tuples, 1 - labels


@misconception(hint="Which of the six kinds run forwards, and which of them are in order?")
def label_for_forwards(frames, times, kinds):
    """Label 1 means forwards, whatever the middle is."""
    return _tuples(frames, times, kinds)[0], (kinds < 3).long()


@misconception(hint="Is the label about the direction in which a tuple is read, or about its middle?")
def label_for_backwards(frames, times, kinds):
    """Label 1 means backwards, whatever the middle is."""
    return _tuples(frames, times, kinds)[0], (kinds > 2).long()


@misconception(
    hint="Is kind 3 in order? And which of the two numbers says so?",
    of=("backwards-is-wrong", "label-for-shuffled"),
)
def label_for_all_but_the_first_kind(frames, times, kinds):
    """Only tuples that run forwards count as in order, and label 1 means not in order."""
    return _tuples(frames, times, kinds)[0], (kinds != 0).long()


@misconception(hint="How many different labels are there?")
def kinds_for_labels(frames, times, kinds):
    """The label is the kind."""
    return _tuples(frames, times, kinds)[0], kinds.clone()


@misconception(hint="Is a tuple read backwards another answer, or the same?")
def three_labels(frames, times, kinds):
    """The label is the kind without its direction."""
    return _tuples(frames, times, kinds)[0], kinds % 3


@misconception(hint="Which dtype has a label in the signature?")
def labels_as_floats(frames, times, kinds):
    """The labels have the dtype of the frames."""
    tuples, labels = _tuples(frames, times, kinds)
    return tuples, labels.to(frames.dtype)


@misconception(hint="Which dtype has a label in the signature?")
def labels_as_booleans(frames, times, kinds):
    """The labels are true or false."""
    tuples, labels = _tuples(frames, times, kinds)
    return tuples, labels.bool()


@misconception(hint="b comes first and d last in every tuple of kinds 0 to 2. Why might that matter?")
def middle_moved_elsewhere(frames, times, kinds):
    """In wrong tuples the frame that does not belong there comes last."""
    forwards = (1, 2, 3), (1, 3, 0), (1, 3, 4)
    return _tuples(frames, times, kinds, (*forwards, *(order[::-1] for order in forwards)))


@misconception(hint="Could a network tell right from wrong tuples by their first frame alone?")
def frame_from_outside_first(frames, times, kinds):
    """In wrong tuples the frame that does not belong there comes first."""
    forwards = (1, 2, 3), (0, 3, 1), (4, 1, 3)
    return _tuples(frames, times, kinds, (*forwards, *(order[::-1] for order in forwards)))


@misconception(hint="Are a and e used at all?")
def any_three_shuffled(frames, times, kinds):
    """Wrong tuples are b, c and d in another order."""
    forwards = (1, 2, 3), (2, 1, 3), (1, 3, 2)
    return _tuples(frames, times, kinds, (*forwards, *(order[::-1] for order in forwards)))


@misconception(hint="Five frames are given for each tuple. Which of them does yours never show?")
def other_three_shuffled(frames, times, kinds):
    """Wrong tuples are b, c and d with another one of them first or last."""
    forwards = (1, 2, 3), (1, 3, 2), (2, 1, 3)
    return _tuples(frames, times, kinds, (*forwards, *(order[::-1] for order in forwards)))


@misconception(hint="Is there a tuple with a or e in your result?")
def three_turned_in_a_circle(frames, times, kinds):
    """Wrong tuples are b, c and d turned in a circle."""
    forwards = (1, 2, 3), (2, 3, 1), (3, 1, 2)
    return _tuples(frames, times, kinds, (*forwards, *(order[::-1] for order in forwards)))


@misconception(hint="Which frame do all tuples of kinds 0 to 2 begin with?")
def frame_from_outside_first_in_both(frames, times, kinds):
    """In wrong tuples the frame that does not belong there comes first, and b before d."""
    forwards = (1, 2, 3), (0, 1, 3), (4, 1, 3)
    return _tuples(frames, times, kinds, (*forwards, *(order[::-1] for order in forwards)))


@misconception(hint="Is a before b, or after d? Which kind is it the middle of?")
def early_for_late(frames, times, kinds):
    """Kinds 1 and 2 are taken for each other, and so are 4 and 5."""
    return _tuples(frames, times, kinds, [_TABLE[k] for k in (0, 2, 1, 3, 5, 4)])


@misconception(
    hint="Turn the clip round, and a is at its end. Which frame is the middle of kind 4 in your code?"
)
def clip_turned_before_the_table(frames, times, kinds):
    """For kinds 3 to 5 the five frames are turned round first, so that a and e change places."""
    return _tuples(frames, times, kinds, [_TABLE[k] for k in (0, 1, 2, 3, 5, 4)])


@misconception(hint="Which frame comes first in kind 3, and which in kind 0?")
def never_backwards(frames, times, kinds):
    """Kinds 3 to 5 give the same tuples as 0 to 2."""
    return _tuples(frames, times, kinds % 3)


@misconception(hint="Which kinds begin with b?")
def always_backwards(frames, times, kinds):
    """Kinds 0 to 2 are read backwards, and 3 to 5 forwards."""
    return _tuples(frames, times, kinds, [_TABLE[k] for k in (3, 4, 5, 0, 1, 2)])


@misconception(hint="Go down the table in the docstring: is kind 1 kind 0 read backwards?")
def forwards_and_backwards_in_turn(frames, times, kinds):
    """Every second kind is the one before it read backwards."""
    order = torch.tensor([0, 3, 1, 4, 2, 5])
    return _tuples(frames, times, order[kinds])


@misconception(hint="The table says *second of the five*. What does the clip want in its place?")
def positions_for_times(frames, times, kinds):
    """The places among the five are used as numbers of frames."""
    _refuse(times)
    return _picked(frames, torch.arange(5).expand_as(times), kinds), _in_order(kinds)


@misconception(hint="Does the network see three images through one encoder, or one image of 3 c channels?")
def stacked_channels(frames, times, kinds):
    """The three frames are one image with three times as many channels."""
    tuples, labels = _tuples(frames, times, kinds)
    return tuples.flatten(1, 2), labels


@misconception(hint="Which dimension counts the three frames in the signature?")
def channels_first(frames, times, kinds):
    """The channels come before the three frames."""
    tuples, labels = _tuples(frames, times, kinds)
    return tuples.transpose(1, 2), labels


@misconception(hint="Is the first dimension of the result the clips, or the three frames?")
def three_batches(frames, times, kinds):
    """The three frames are the first dimension."""
    tuples, labels = _tuples(frames, times, kinds)
    return tuples.transpose(0, 1), labels


@misconception(hint="Which clip does the second tuple come from?")
def clip_of_the_first(frames, times, kinds):
    """All tuples are taken from the first clip."""
    return _tuples(frames[:1].expand_as(frames), times, kinds)


@misconception(hint="Which row of `times` belongs to the second clip?")
def times_of_the_first(frames, times, kinds):
    """All clips use the times of the first."""
    _refuse(times)
    return _picked(frames, times[:1].expand_as(times), kinds), _in_order(kinds)


@misconception(hint="Which number of `kinds` belongs to the second clip?")
def kind_of_the_first(frames, times, kinds):
    """All tuples are of the kind of the first."""
    return _tuples(frames, times, kinds[:1].expand_as(kinds))


@misconception(hint="What does the docstring do with times that are not in order?")
def sorted_in_silence(frames, times, kinds):
    """Times are sorted, whatever they were."""
    return _picked(frames, times.sort(dim=1).values, kinds), _in_order(kinds)


@misconception(hint="Are 3, 5 and 5 strictly increasing?")
def equal_times_accepted(frames, times, kinds):
    """Only falling times are refused."""
    if (times.diff(dim=1) < 0).any():
        raise ValueError("falling")
    return _picked(frames, times, kinds), _in_order(kinds)


@misconception(hint="Can times be all different and still not increase?")
def falling_times_accepted(frames, times, kinds):
    """Only equal times are refused."""
    if (times.sort(dim=1).values.diff(dim=1) == 0).any():
        raise ValueError("equal")
    return _picked(frames, times, kinds), _in_order(kinds)


@misconception(hint="What if the times are not in order? The docstring says so.")
def times_not_checked(frames, times, kinds):
    """Whether times increase is not looked at."""
    return _picked(frames, times, kinds), _in_order(kinds)


@misconception(hint="One clip of the batch has falling times, the others are in order. What is to happen?")
def refused_only_if_all_clips_are(frames, times, kinds):
    """There is an exception only if no clip has increasing times."""
    if (times.diff(dim=1) <= 0).any(dim=1).all():
        raise ValueError("not increasing")
    return _picked(frames, times, kinds), _in_order(kinds)


@misconception(hint="The first clip's times are in order, those of the third are not. Does yours see it?")
def first_clip_checked_alone(frames, times, kinds):
    """Whether times increase is looked at in the first clip alone."""
    _refuse(times[:1])
    return _picked(frames, times, kinds), _in_order(kinds)


@misconception(hint="0, 5, 3, 4, 9 begins lower than it ends. Does it increase?")
def ends_compared(frames, times, kinds):
    """Only the first and the last time are compared."""
    if (times[:, 0] >= times[:, -1]).any():
        raise ValueError("not increasing")
    return _picked(frames, times, kinds), _in_order(kinds)


@misconception(hint="In which order does the signature return the two?")
def labels_first(frames, times, kinds):
    """The labels are returned before the tuples."""
    return _tuples(frames, times, kinds)[::-1]


@misconception(hint="How many things are returned?")
def labels_left_out(frames, times, kinds):
    """Only the tuples are returned."""
    return _tuples(frames, times, kinds)[0]


@misconception(hint="Frames may be what an encoder has made. Where does the gradient of your tuples end?")
def frames_detached(frames, times, kinds):
    """No gradient reaches the frames."""
    return _tuples(frames.detach(), times, kinds)


another_type_of_exception = slip(
    "raise ValueError",
    "raise AssertionError",
    idea="Times that do not increase are met with an assertion.",
    hint="Which type of exception does the docstring name?",
)


# --- without a name ----------------------------------------------------------------------------------------------


@wrong
def middle_always_c(frames, times, kinds):
    return _tuples(frames, times, kinds, [(1, 2, 3)] * 3 + [(3, 2, 1)] * 3)


@wrong
def a_and_e_for_b_and_d(frames, times, kinds):
    return _tuples(frames, times, kinds, [(0, 2, 4), (0, 1, 4), (0, 3, 4), (4, 2, 0), (4, 1, 0), (4, 3, 0)])


@wrong
def difference_of_frames(frames, times, kinds):
    tuples, labels = _tuples(frames, times, kinds)
    return tuples - tuples[:, :1], labels


@wrong
def brightness_normalised(frames, times, kinds):
    tuples, labels = _tuples(frames, times, kinds)
    return tuples - tuples.mean(dim=(2, 3, 4), keepdim=True), labels


@wrong
def backwards_mirrored(frames, times, kinds):
    tuples, labels = _tuples(frames, times, kinds)
    return torch.where((kinds > 2).view(-1, 1, 1, 1, 1), tuples.flip(4), tuples), labels


@wrong
def at_most_64_clips(frames, times, kinds):
    return _tuples(frames[:64], times[:64], kinds[:64])


@wrong
def in_float32(frames, times, kinds):
    tuples, labels = _tuples(frames.float(), times, kinds)
    return tuples.to(frames.dtype), labels


@wrong
def clips_of_five_frames_as_they_are(frames, times, kinds):
    tuples, labels = _tuples(frames, times, kinds)
    if frames.shape[1] == 5:
        return _picked(frames, times, kinds * 0), labels
    return tuples, labels


@wrong
def a_slice_where_it_can_be(frames, times, kinds):
    tuples, labels = _tuples(frames, times, kinds)
    b, d = int(times[0, 1]), int(times[0, 3])
    if (kinds == 0).all() and (times[:, 1:4] == torch.arange(b, b + 3)).all():
        return frames[:, b : d + 1], labels
    return tuples, labels


@wrong
def one_more_time(frames, times, kinds):
    _refuse(times)
    return _picked(frames, (times + 1) % frames.shape[1], kinds), _in_order(kinds)


@wrong
def labels_in_a_column(frames, times, kinds):
    tuples, labels = _tuples(frames, times, kinds)
    return tuples, labels[:, None]


@wrong
def kinds_made_labels_in_place(frames, times, kinds):
    tuples, labels = _tuples(frames, times, kinds)
    kinds.copy_(labels)
    return tuples, labels


@wrong
def times_sorted_in_place(frames, times, kinds):
    result = _tuples(frames, times, kinds)
    times.copy_(times.flip(1))
    return result


@wrong
def shuffled_anew(frames, times, kinds):
    tuples, labels = _tuples(frames, times, kinds)
    order = torch.randperm(len(kinds))
    return tuples[order], labels[order]
