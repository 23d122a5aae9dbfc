"""Wrong ideas about the exercises of the unit *pretext*, each with an implementation and a hint."""

import torch

from course_utils.checks import misconception

# --- pretext.rotate_batch -----------------------------------------------------------------------------------


def _turned(images, turns=(0, 1, 2, 3)):
    """Copies in image-major order, each by so many quarter turns counter-clockwise."""
    return torch.stack([torch.rot90(images, k, dims=(2, 3)) for k in turns], dim=1).flatten(0, 1)


def _labels(images):
    return torch.arange(4, device=images.device).repeat(len(images))


@misconception(
    "pretext.rotate_batch",
    hint="Turn a picture by label 1: where does its top edge go, to the left or to the right?",
)
def clockwise(images):
    """The images are turned clockwise."""
    return _turned(images, (0, -1, -2, -3)), _labels(images)


@misconception(
    "pretext.rotate_batch",
    hint="Write down which image and which turn stand at outputs 0 to 4. Do the labels say the same?",
)
def labels_in_order_of_turns(images):
    """The labels run 0, 0, ..., 1, 1, ..., while the four copies of an image stand together."""
    return _turned(images), torch.arange(4, device=images.device).repeat_interleave(len(images))


@misconception(
    "pretext.rotate_batch",
    hint="Write down which image and which turn stand at outputs 0 to 4. Do the images do the same?",
)
def images_in_order_of_turns(images):
    """All images come at the first turn, then all at the second, while the labels run 0, 1, 2, 3."""
    return torch.cat([torch.rot90(images, k, dims=(2, 3)) for k in range(4)]), _labels(images)


@misconception(
    "pretext.rotate_batch", hint="Images and labels agree. Which image does the docstring want at output 1?"
)
def everything_in_order_of_turns(images):
    """Images and labels both go through the batch once for each turn."""
    turned, _ = images_in_order_of_turns.function(images)
    return turned, torch.arange(4, device=images.device).repeat_interleave(len(images))


@misconception(
    "pretext.rotate_batch",
    hint="Write something on paper and turn it upside down. Does a mirror show the same?",
)
def upside_down_by_a_mirror(images):
    """For 180 degrees the rows are put in reverse order, which is a reflection."""
    turns = [images, torch.rot90(images, 1, dims=(2, 3)), images.flip(2), torch.rot90(images, 3, dims=(2, 3))]
    return torch.stack(turns, dim=1).flatten(0, 1), _labels(images)


@misconception(
    "pretext.rotate_batch",
    hint="Transpose a picture of a word. Could you read it with your head to one side?",
)
def quarter_turn_by_transposing(images):
    """Rows and columns are swapped, without the reflection that makes it a turn."""
    turns = [images, images.transpose(2, 3), images.flip((2, 3)), images.transpose(2, 3).flip((2, 3))]
    return torch.stack(turns, dim=1).flatten(0, 1), _labels(images)


@misconception(
    "pretext.rotate_batch",
    hint="If the copy before is turned already, how far has this one been turned in all?",
)
def turned_from_the_copy_before(images):
    """Copy k is copy k - 1 turned k times, not the image turned k times."""
    return _turned(images, (0, 1, 3, 6)), _labels(images)


@misconception("pretext.rotate_batch", hint="How many of its four copies does an image have in your result?")
def one_turn_for_the_whole_batch(images):
    """The whole batch is turned by one angle; the other copies are lost."""
    turned = torch.rot90(images, 3, dims=(2, 3))
    return turned, torch.full((len(images),), 3, device=images.device)


@misconception("pretext.rotate_batch", hint="How many of its four copies does an image have in your result?")
def one_turn_for_each_image(images):
    """Image i is turned i times, so that each image is seen in one orientation only."""
    labels = torch.arange(len(images), device=images.device) % 4
    turned = [torch.rot90(image, int(k), dims=(1, 2)) for image, k in zip(images, labels, strict=True)]
    return torch.stack(turned), labels


@misconception(
    "pretext.rotate_batch",
    hint="Which label goes with the copy that is turned by 90 degrees, and which with 270?",
)
def labels_of_quarter_turns_swapped(images):
    """The images turn counter-clockwise, but the labels count clockwise."""
    return _turned(images), -_labels(images) % 4


@misconception(
    "pretext.rotate_batch", hint="`F.cross_entropy` takes the labels as classes. Which classes are there?"
)
def labels_in_degrees(images):
    """The labels are 0, 90, 180 and 270."""
    return _turned(images), _labels(images) * 90


@misconception(
    "pretext.rotate_batch",
    hint="`F.cross_entropy` takes the labels as classes. What is the first class called?",
)
def labels_from_one(images):
    """The labels are 1, 2, 3 and 4."""
    return _turned(images), _labels(images) + 1


@misconception("pretext.rotate_batch", hint="Which dtype does `F.cross_entropy` want for class labels?")
def labels_as_floats(images):
    """The labels are floating-point numbers."""
    return _turned(images), _labels(images).to(images.dtype)


@misconception("pretext.rotate_batch", hint="Which dtype does `F.cross_entropy` want for class labels?")
def labels_as_short_integers(images):
    """The labels are 32-bit integers."""
    return _turned(images), _labels(images).to(torch.int32)


@misconception("pretext.rotate_batch", hint="What does the signature say of the labels' type?")
def labels_as_a_list(images):
    """The labels are a list of Python numbers."""
    return _turned(images), [0, 1, 2, 3] * len(images)


@misconception(
    "pretext.rotate_batch", hint="How many dimensions has a batch of images? Count those of yours."
)
def copies_not_joined_to_the_batch(images):
    """The four copies have a dimension of their own, and so have the labels."""
    return _turned(images).unflatten(0, (-1, 4)), _labels(images).unflatten(0, (-1, 4))


@misconception(
    "pretext.rotate_batch", hint="An image that is not turned is a question too. Which label has it?"
)
def unturned_image_left_out(images):
    """Only the three turned copies are there."""
    return _turned(images, (1, 2, 3)), torch.arange(1, 4, device=images.device).repeat(len(images))


@misconception("pretext.rotate_batch", hint="The signature says how many dimensions the labels have.")
def labels_one_hot(images):
    """Each label is a row of four numbers with a single one."""
    return _turned(images), torch.nn.functional.one_hot(_labels(images), 4)


@misconception(
    "pretext.rotate_batch",
    hint="Does the result still know which images it was made from? Try `.requires_grad`.",
)
def off_the_graph(images):
    """The turns go through NumPy, or through `detach`, and no gradient comes back."""
    return _turned(images.detach()), _labels(images)
