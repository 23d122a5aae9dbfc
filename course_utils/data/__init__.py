"""The data of the course: bundled, offline, seeded, made in seconds and cached.

`EmojiScenes` and `EmojiVideo` are drawn from two families of emoji, ten photographs and procedural textures;
emoji and backgrounds of train and test are disjoint. `photographs` gives the ten photographs whole. `SpokenPrompts` is
speech: four speakers, five languages. `cifar10` comes through torchvision when asked for.
"""

from course_utils.data.backgrounds import photographs
from course_utils.data.cifar import cifar10
from course_utils.data.colour import ColourClusters, rgb_to_lab
from course_utils.data.emoji import FAMILIES, Family, Split
from course_utils.data.scenes import EmojiScenes
from course_utils.data.speech import (
    LANGUAGES,
    SAMPLE_RATE,
    SPEAKERS,
    SpeechSplit,
    SpokenPrompts,
    from_mu_law,
    to_mu_law,
)
from course_utils.data.video import EmojiVideo, VideoTarget

__all__ = [
    "FAMILIES",
    "LANGUAGES",
    "SAMPLE_RATE",
    "SPEAKERS",
    "ColourClusters",
    "EmojiScenes",
    "EmojiVideo",
    "Family",
    "SpeechSplit",
    "Split",
    "SpokenPrompts",
    "VideoTarget",
    "cifar10",
    "from_mu_law",
    "photographs",
    "rgb_to_lab",
    "to_mu_law",
]
