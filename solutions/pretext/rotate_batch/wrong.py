"""Wrong answers to `pretext.rotate_batch`: ideas with a name and a hint, then others."""

import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import rotate

from course_utils.checks import misconception, wrong


def _turned(images, turns=(0, 1, 2, 3)):
    """Copies in image-major order, each by so many quarter turns counter-clockwise."""
    return torch.stack([torch.rot90(images, k, dims=(2, 3)) for k in turns], dim=1).flatten(0, 1)


def _labels(images):
    return torch.arange(4, device=images.device).repeat(len(images))


@misconception(
    hint="Turn a picture by label 1: where does its top edge go, to the left or to the right?",
)
def clockwise(images):
    """The images are turned clockwise."""
    return _turned(images, (0, -1, -2, -3)), _labels(images)


@misconception(
    hint="Write down which image and which turn stand at outputs 0 to 4. Do the labels say the same?",
)
def labels_in_order_of_turns(images):
    """The labels run 0, 0, ..., 1, 1, ..., while the four copies of an image stand together."""
    return _turned(images), torch.arange(4, device=images.device).repeat_interleave(len(images))


@misconception(
    hint="Write down which image and which turn stand at outputs 0 to 4. Do the images do the same?",
)
def images_in_order_of_turns(images):
    """All images come at the first turn, then all at the second, while the labels run 0, 1, 2, 3."""
    return torch.cat([torch.rot90(images, k, dims=(2, 3)) for k in range(4)]), _labels(images)


@misconception(hint="Images and labels agree. Which image does the docstring want at output 1?")
def everything_in_order_of_turns(images):
    """Images and labels both go through the batch once for each turn."""
    turned, _ = images_in_order_of_turns.function(images)
    return turned, torch.arange(4, device=images.device).repeat_interleave(len(images))


@misconception(
    hint="Write something on paper and turn it upside down. Does a mirror show the same?",
)
def upside_down_by_a_mirror(images):
    """For 180 degrees the rows are put in reverse order, which is a reflection."""
    turns = [images, torch.rot90(images, 1, dims=(2, 3)), images.flip(2), torch.rot90(images, 3, dims=(2, 3))]
    return torch.stack(turns, dim=1).flatten(0, 1), _labels(images)


@misconception(
    hint="Transpose a picture of a word. Could you read it with your head to one side?",
)
def quarter_turn_by_transposing(images):
    """Rows and columns are swapped, without the reflection that makes it a turn."""
    turns = [images, images.transpose(2, 3), images.flip((2, 3)), images.transpose(2, 3).flip((2, 3))]
    return torch.stack(turns, dim=1).flatten(0, 1), _labels(images)


@misconception(
    hint="If the copy before is turned already, how far has this one been turned in all?",
)
def turned_from_the_copy_before(images):
    """Copy k is copy k - 1 turned k times, not the image turned k times."""
    return _turned(images, (0, 1, 3, 6)), _labels(images)


@misconception(hint="How many of its four copies does an image have in your result?")
def one_turn_for_the_whole_batch(images):
    """The whole batch is turned by one angle; the other copies are lost."""
    turned = torch.rot90(images, 3, dims=(2, 3))
    return turned, torch.full((len(images),), 3, device=images.device)


@misconception(hint="How many of its four copies does an image have in your result?")
def one_turn_for_each_image(images):
    """Image i is turned i times, so that each image is seen in one orientation only."""
    labels = torch.arange(len(images), device=images.device) % 4
    turned = [torch.rot90(image, int(k), dims=(1, 2)) for image, k in zip(images, labels, strict=True)]
    return torch.stack(turned), labels


@misconception(
    hint="Which label goes with the copy that is turned by 90 degrees, and which with 270?",
)
def labels_of_quarter_turns_swapped(images):
    """The images turn counter-clockwise, but the labels count clockwise."""
    return _turned(images), -_labels(images) % 4


@misconception(hint="`F.cross_entropy` takes the labels as classes. Which classes are there?")
def labels_in_degrees(images):
    """The labels are 0, 90, 180 and 270."""
    return _turned(images), _labels(images) * 90


@misconception(
    hint="`F.cross_entropy` takes the labels as classes. What is the first class called?",
)
def labels_from_one(images):
    """The labels are 1, 2, 3 and 4."""
    return _turned(images), _labels(images) + 1


@misconception(hint="Which dtype does `F.cross_entropy` want for class labels?")
def labels_as_floats(images):
    """The labels are floating-point numbers."""
    return _turned(images), _labels(images).to(images.dtype)


@misconception(hint="Which dtype does `F.cross_entropy` want for class labels?")
def labels_as_short_integers(images):
    """The labels are 32-bit integers."""
    return _turned(images), _labels(images).to(torch.int32)


@misconception(hint="What does the signature say of the labels' type?")
def labels_as_a_list(images):
    """The labels are a list of Python numbers."""
    return _turned(images), [0, 1, 2, 3] * len(images)


@misconception(hint="How many dimensions has a batch of images? Count those of yours.")
def copies_not_joined_to_the_batch(images):
    """The four copies have a dimension of their own, and so have the labels."""
    return _turned(images).unflatten(0, (-1, 4)), _labels(images).unflatten(0, (-1, 4))


@misconception(hint="An image that is not turned is a question too. Which label has it?")
def unturned_image_left_out(images):
    """Only the three turned copies are there."""
    return _turned(images, (1, 2, 3)), torch.arange(1, 4, device=images.device).repeat(len(images))


@misconception(hint="The signature says how many dimensions the labels have.")
def labels_one_hot(images):
    """Each label is a row of four numbers with a single one."""
    return _turned(images), torch.nn.functional.one_hot(_labels(images), 4)


@misconception(
    hint="Does the result still know which images it was made from? Try `.requires_grad`.",
)
def off_the_graph(images):
    """The turns go through NumPy, or through `detach`, and no gradient comes back."""
    return _turned(images.detach()), _labels(images)


@misconception(hint="What does the number that you give to the turning function count? Try 1.")
def degrees_for_quarter_turns(images):
    """The angle in degrees is given where the number of quarter turns is asked for."""
    return _turned(images, (0, 90, 180, 270)), _labels(images)


@misconception(
    hint="Which two dimensions of the batch are rows and columns? Did you say so, or is it a default?",
)
def turned_in_the_first_two_dimensions(images):
    """Without a word about dimensions, the images are turned in the first two: batch and channels."""
    return torch.stack([torch.rot90(images, k) for k in range(4)], dim=1).flatten(0, 1), _labels(images)


@misconception(hint="Which two dimensions of the batch are rows and columns? Count from 0.")
def channels_turned_with_the_rows(images):
    """The images are turned in dimensions 1 and 2, as if the channels were the rows."""
    turned = [torch.rot90(images, k, dims=(1, 2)) for k in range(4)]
    return torch.stack(turned, dim=1).flatten(0, 1), _labels(images)


@misconception(hint="A mirrored word cannot be read. Can a word that was turned by 90 degrees?")
def flips_for_turns(images):
    """Reflections left to right and top to bottom stand in for the quarter turns."""
    turns = [images, images.flip(3), images.flip((2, 3)), images.flip(2)]
    return torch.stack(turns, dim=1).flatten(0, 1), _labels(images)


@misconception(hint="Look at outputs 0 to 3. Where does the result of the turning function go?")
def turned_copies_thrown_away(images):
    """The turning function is taken to work in place, so that what it returns is dropped."""
    copies = []
    for k in range(4):
        copy = images.clone()
        torch.rot90(copy, k, dims=(2, 3))
        copies.append(copy)
    return torch.stack(copies, dim=1).flatten(0, 1), _labels(images)


@misconception(
    hint="What should a network read off a copy: which image it is, or how it was turned?",
)
def labels_number_the_images(images):
    """The label says which image a copy was made from."""
    return _turned(images), torch.arange(len(images)).repeat_interleave(4)


@misconception(hint="How many classes are there: one for each turn, or one for each output?")
def labels_number_the_outputs(images):
    """Every output is a class of its own."""
    return _turned(images), torch.arange(4 * len(images))


@misconception(hint="The signature says how many dimensions the labels have.")
def labels_as_a_column(images):
    """The labels stand below one another in a column, as a second dimension."""
    return _turned(images), _labels(images).unsqueeze(1)


@misconception(hint="Which of the two results does the signature name first?")
def labels_first(images):
    """The labels are returned before the images."""
    return _labels(images), _turned(images)


@misconception(hint="The network takes one tensor. How do many images become one batch?")
def images_as_a_list(images):
    """The turned images are returned as a list."""
    return list(_turned(images)), _labels(images)


@misconception(
    hint="`squeeze` takes out every dimension of length one. Which of yours may have that length?",
)
def squeezed(images):
    """All dimensions of length one are taken out, also where there is a single channel or pixel."""
    return _turned(images).squeeze(), _labels(images)


@misconception(hint="How many different values can a pixel have in an image file?")
def through_eight_bits(images):
    """The images are converted to pictures of 256 levels and back."""
    return _turned((images.detach() * 255).byte() / 255), _labels(images)


@misconception(hint="Call your function with float64 images. What comes back?")
def always_float32(images):
    """The images are made float32, whatever they were."""
    return _turned(images.float()), _labels(images)


@misconception(hint="The caller still needs the images. Which way up are they after the call?")
def images_turned_on_the_spot(images):
    """The images passed in are turned a little further for every copy, past autograd, and left like that."""
    copies = [images.clone()]
    for _ in range(3):
        images.data = torch.rot90(images.data, dims=(2, 3))
        copies.append(images.clone())
    return torch.stack(copies, dim=1).flatten(0, 1), _labels(images)


@misconception(
    hint="When can the same numbers be read in another shape without being moved? Try a transposed batch.",
)
def view_of_any_memory(images):
    """Pixels are picked from flattened images, and `view` flattens them only if they lie in order in memory."""
    n, c, s, _ = images.shape
    pixels = torch.arange(s * s).view(s, s)
    order = torch.cat([torch.rot90(pixels, k).flatten() for k in range(4)])
    turned = images.view(n, c, s * s)[:, :, order].view(n, c, 4, s, s)
    return turned.transpose(1, 2).flatten(0, 1), _labels(images)


@misconception(hint="`images[i] = ...` writes somewhere. Who else still needs what stood there?")
def images_overwritten(images):
    """Each image passed in is replaced by its turned copy before the next turn."""
    copies = [images.clone()]
    for _ in range(3):
        for i in range(len(images)):
            images[i] = torch.rot90(images[i], dims=(1, 2))
        copies.append(images.clone())
    return torch.stack(copies, dim=1).flatten(0, 1), _labels(images)


@misconception(hint="The signature promises a pair. What does whoever trains with your images learn from?")
def images_alone(images):
    """The turned images are returned without their labels."""
    return _turned(images)


@misconception(hint="Is an image without any light no image? How many outputs does the docstring promise?")
def black_images_left_out(images):
    """Images of nothing but zeros are taken for padding and left out."""
    kept = images[images.flatten(1).any(dim=1)]
    return _turned(kept), _labels(kept)


# --- without a name ----------------------------------------------------------------------------------------------


@wrong
def channels_turned(images):
    turned = [torch.rot90(images.transpose(1, 2), k, (2, 3)).transpose(1, 2) for k in range(1)]
    turned += [torch.rot90(images.flip(1), k, (2, 3)) for k in range(1, 4)]
    return torch.stack(turned, 1).flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong
def last_two_swapped(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in (0, 1, 3, 2)], 1)
    return turned.flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong
def view_of_another_order(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)])
    return turned.reshape(-1, *images.shape[1:]), torch.arange(4).repeat(len(images))


@wrong
def labels_and_images_swapped(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1)
    return torch.arange(4).repeat(len(images)), turned.flatten(0, 1)


@wrong
def in_half_precision(images):
    turned = torch.stack([torch.rot90(images.half(), k, (2, 3)) for k in range(4)], 1)
    return turned.flatten(0, 1).to(images.dtype), torch.arange(4).repeat(len(images))


@wrong
def always_float32_otherwise(images):
    turned = torch.stack([torch.rot90(images.float(), k, (2, 3)) for k in range(4)], 1)
    return turned.flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong
def squeezed_otherwise(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned.squeeze(), torch.arange(4).repeat(len(images))


@wrong
def sums_in_place(images):
    with torch.no_grad():
        images += 0.1
    turned = torch.stack([torch.rot90(images - 0.1, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned, torch.arange(4).repeat(len(images))


@wrong
def odd_sides_turned_about_a_corner(images):
    turned = [torch.rot90(images, k, (2, 3)) for k in range(4)]
    if images.shape[-1] % 2:
        turned[1:] = [x.roll(1, -1) for x in turned[1:]]
    return torch.stack(turned, 1).flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong
def view_of_the_memory(images):
    turned = images.view(-1)[torch.arange(images.numel())].reshape(images.shape)
    return torch.stack([turned.rot90(k, (2, 3)) for k in range(4)], 1).flatten(0, 1), torch.arange(4).repeat(
        len(images)
    )


_LABELS = torch.arange(4).repeat(8)


@wrong
def labels_made_once_for_all(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned, _LABELS


@wrong
def with_a_little_noise(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned + 1e-3 * torch.randn_like(turned), torch.arange(4).repeat(len(images))


@wrong
def augmented_as_well(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    if torch.rand(()) < 0.5:
        turned = turned.flip(3)
    return turned, torch.arange(4).repeat(len(images))


@wrong
def shuffled_together(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    order = torch.randperm(len(turned))
    return turned[order], torch.arange(4).repeat(len(images))[order]


@wrong
def normalised_on_the_way(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return (turned - turned.mean()) / turned.std(), torch.arange(4).repeat(len(images))


@wrong
def rounded_to_pixels(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return (turned * 255).round() / 255, torch.arange(4).repeat(len(images))


@wrong
def single_pixels_refused(images):
    if images.shape[-1] < 2:
        raise ValueError("an image has more than one pixel")
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return turned, torch.arange(4).repeat(len(images))


@wrong
def each_copy_turned_within_the_batch(images):
    turned = images.repeat_interleave(4, 0)
    for k in range(4):
        turned[k::4] = torch.rot90(turned[k::4].flip(0), k, (2, 3))
    return turned, torch.arange(4).repeat(len(images))


@wrong
def written_back_into_the_images(images):
    copies = [torch.rot90(images, k, (2, 3)).clone() for k in range(4)]
    with torch.no_grad():
        images.copy_(copies[3])
    return torch.stack(copies, 1).flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong
def black_filled_in(images):
    turned = torch.stack([torch.rot90(images, k, (2, 3)) for k in range(4)], 1).flatten(0, 1)
    return torch.where(turned == 0, turned.mean(), turned), torch.arange(4).repeat(len(images))


@wrong
def half_turn_detached(images):
    turned = [torch.rot90(images, k, (2, 3)) for k in range(4)]
    turned[2] = turned[2].detach()
    return torch.stack(turned, 1).flatten(0, 1), torch.arange(4).repeat(len(images))


@wrong
def first_64_images(images):
    turned = _turned(images)
    return torch.cat([turned[: 4 * 64], torch.zeros_like(turned[4 * 64 :])]), _labels(images)


@wrong
def last_piece_of_the_batch_unturned(images):
    whole = len(images) // 8 * 8 or len(images)
    return torch.cat([_turned(images[:whole]), images[whole:].repeat_interleave(4, 0)]), _labels(images)


@wrong
def equal_images_once(images):
    kept = torch.unique(images, dim=0) if len(images) != len(torch.unique(images, dim=0)) else images
    return _turned(kept), _labels(kept)


@wrong
def pixels_of_zero_lifted(images):
    return _turned(images.masked_fill(images == 0, 1e-6)), _labels(images)


@wrong
def pixels_below_zero_cut_off(images):
    return _turned(images.relu()), _labels(images)


@wrong
def through_bfloat16(images):
    return _turned(images.bfloat16().to(images.dtype)), _labels(images)


@wrong
def resampled_from_eight_bits(images):
    lowest, highest = images.amin(), images.amax()
    step = ((highest - lowest) / 255).clamp_min(1e-12)
    return _turned(((images - lowest) / step).round() * step + lowest), _labels(images)


@wrong
def resampled_a_tenth_of_a_degree_off(images):
    turned = [rotate(images, 90.1 * k, InterpolationMode.BILINEAR) for k in range(4)]
    return torch.stack(turned, dim=1).flatten(0, 1), _labels(images)
