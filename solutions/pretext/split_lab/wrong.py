"""Wrong answers to `pretext.split_lab`: ideas with a name and a hint, then others."""

import torch

from course_utils.checks import misconception, wrong
from course_utils.data import rgb_to_lab


def _lab(images):
    return rgb_to_lab(images.float() / 255)


def _unasked(images):
    """Lab as conversions give it that do not look at what they get: our `rgb_to_lab` refuses intensities above 1."""
    linear = torch.where(
        images > 0.04045, ((images.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4, images / 12.92
    )
    to_xyz = [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
    xyz = torch.einsum("ij,njhw->nihw", torch.tensor(to_xyz), linear)
    xyz = xyz / torch.tensor([0.950456, 1.0, 1.088754]).view(3, 1, 1)
    curve = torch.where(xyz > 0.008856, xyz.clamp(min=0.008856) ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = curve.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def _split(lab):
    return lab[:, :1] / 50 - 1, lab[:, 1:] / 110


@misconception(hint="How bright is 255 if white is 1?")
def bytes_as_intensities(images):
    """The bytes are taken for intensities in [0, 1] as they are."""
    return _split(_unasked(images.float()))


@misconception(hint="What is 200 // 255? Make floats first.")
def whole_numbers(images):
    """The bytes are divided as whole numbers, so that all but 255 become 0."""
    return _split(rgb_to_lab((images // 255).float()))


@misconception(hint="What is 200 + 100 in a byte?")
def wrap_around(images):
    """Lightness is the mean of the three bytes, whose sum wraps around at 256."""
    total = images[:, :1] + images[:, 1:2] + images[:, 2:]
    return total.float() / (3 * 127.5) - 1, _split(_lab(images))[1]


@misconception(hint="Is the mean of red, green and blue as bright as the eye says? Which function knows?")
def mean_of_the_channels(images):
    """Lightness is the mean of red, green and blue."""
    return images.float().mean(dim=1, keepdim=True) / 127.5 - 1, _split(_lab(images))[1]


@misconception(hint="What colour is a fire engine in your Lab?")
def bgr(images):
    """The channels are read as blue, green, red."""
    return _split(_lab(images.flip(1)))


@misconception(hint="Print the largest L. Is it 1, 50 or 100?")
def scaled_twice(images):
    """Lab is divided by 100 before it is scaled."""
    return _split(_lab(images) / 100)


@misconception(hint="Is a negative a (green) lost in your result?")
def ab_from_zero(images):
    """What is negative of a and b is cut off."""
    lightness, colour = _split(_lab(images))
    return lightness, colour.clamp(min=0)


@misconception(hint="Which value of a and b means no colour at all: 0, or one half?")
def ab_shifted(images):
    """a and b are shifted to lie between 0 and 1, as in 8-bit Lab."""
    lab = _lab(images)
    return lab[:, :1] / 50 - 1, (lab[:, 1:] + 128) / 255


@misconception(hint="How many channels has lightness?")
def halves_exchanged(images):
    """Colour is returned before lightness."""
    lightness, colour = _split(_lab(images))
    return colour, lightness


@misconception(hint="Behind which of the three channels L, a and b do you cut?")
def cut_behind_two_channels(images):
    """L and a are taken for one part, b for the other."""
    lab = _lab(images)
    return lab[:, :2] / 50 - 1, lab[:, 2:] / 110


@misconception(hint="Which lightness has black in the docstring, and which in your result?")
def lightness_from_zero_to_one(images):
    """L is divided by 100, so that it runs from 0 to 1."""
    lab = _lab(images)
    return lab[:, :1] / 100, lab[:, 1:] / 110


@misconception(hint="By how much does the docstring divide a and b?")
def ab_by_128(images):
    """a and b are divided by 128, as bytes would be."""
    lab = _lab(images)
    return lab[:, :1] / 50 - 1, lab[:, 1:] / 128


@misconception(hint="Which scale do L, a and b come in, and is it one and the same for the three of them?")
def not_scaled(images):
    """L, a and b are returned as `rgb_to_lab` gives them."""
    lab = _lab(images)
    return lab[:, :1], lab[:, 1:]


@misconception(hint="Does the lightness of a pixel depend on what else is in its image?")
def scaled_by_each_image(images):
    """Lightness is stretched so that the darkest pixel of an image is -1 and its brightest 1."""
    lightness, colour = _split(_lab(images))
    low, high = lightness.amin(dim=(1, 2, 3), keepdim=True), lightness.amax(dim=(1, 2, 3), keepdim=True)
    return 2 * (lightness - low) / (high - low).clamp(min=1e-6) - 1, colour


@misconception(hint="Is `rgb_to_lab` given sRGB, as it wants to be, or light that was made linear already?")
def linear_light(images):
    """The bytes are made linear by a power of 2.2 first, which `rgb_to_lab` does itself."""
    return _split(rgb_to_lab((images.float() / 255) ** 2.2))


@misconception(hint="What is the brightest intensity `rgb_to_lab` knows, and the darkest?")
def intensities_from_minus_one(images):
    """The bytes are scaled to [-1, 1] before the conversion."""
    return _split(rgb_to_lab(images.float() / 127.5 - 1))


@misconception(hint="Is 255 white in your result, or a little less?")
def divided_by_256(images):
    """The bytes are divided by 256."""
    return _split(rgb_to_lab(images.float() / 256))


@misconception(hint="Which of the three channels of an RGB image is lightness?")
def no_conversion(images):
    """Red, green and blue are scaled as if they were L, a and b."""
    return _split(images.float() / 255)


@misconception(hint="From where to where does your lightness run?")
def lightness_not_divided(images):
    """Of L, 1 is taken away without a division by 50 before."""
    lab = _lab(images)
    return lab[:, :1] - 1, lab[:, 1:] / 110


@misconception(hint="How large is L of white, and how large is your lightness of it?")
def lightness_multiplied(images):
    """L is multiplied by 50."""
    lab = _lab(images)
    return lab[:, :1] * 50 - 1, lab[:, 1:] / 110


@misconception(hint="How many values can your lightness have?")
def lightness_rounded_down(images):
    """L is divided by 50 as a whole number."""
    lab = _lab(images)
    return lab[:, :1] // 50 - 1, lab[:, 1:] / 110


@misconception(hint="Is white at 1 or at -1?")
def lightness_turned_round(images):
    """L has a minus."""
    lab = _lab(images)
    return -lab[:, :1] / 50 - 1, lab[:, 1:] / 110


@wrong
def lightness_without_a_channel(images):
    lightness, colour = _split(_lab(images))
    return lightness[:, 0], colour


@wrong
def in_double_precision(images):
    return _split(rgb_to_lab(images.double() / 255))


@wrong
def in_one_tensor(images):
    return torch.cat(_split(_lab(images)), dim=1)


@wrong
def a_and_b_exchanged(images):
    lightness, colour = _split(_lab(images))
    return lightness, colour.flip(1)


@wrong
def sign_of_a_turned(images):
    lightness, colour = _split(_lab(images))
    return lightness, colour * torch.tensor([-1.0, 1.0]).view(2, 1, 1)


@wrong
def luma_for_lightness(images):
    weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    luma = (images.float() * weights).sum(dim=1, keepdim=True)
    return luma / 127.5 - 1, _split(_lab(images))[1]


@wrong
def lightness_clipped(images):
    lightness, colour = _split(_lab(images))
    return lightness.clamp(-0.95, 0.95), colour


@wrong
def colour_clipped_at_a_half(images):
    lightness, colour = _split(_lab(images))
    return lightness, colour.clamp(-0.5, 0.5)


@wrong
def rounded_to_whole_lab(images):
    return _split(_lab(images).round())


@wrong
def black_and_white_are_grey(images):
    lightness, colour = _split(_lab(images))
    return lightness * (colour.abs().sum(dim=1, keepdim=True) > 1e-4), colour


@wrong
def only_the_first_image(images):
    lightness, colour = _split(_lab(images[:1]))
    return lightness.repeat(len(images), 1, 1, 1), colour.repeat(len(images), 1, 1, 1)


@wrong
def bytes_halved_in_place(images):
    parts = _split(_lab(images))
    images.div_(2, rounding_mode="floor")
    return parts
