"""SpokenPrompts: single words and short phrases of four speakers in five languages, as telephones carry them."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np
import torch
from jaxtyping import Float, Int, Int64, UInt8
from torch import Tensor
from torch.utils.data import Dataset

from course_utils.arguments import (
    describe_value,
    indices_into,
    refuse_argument,
    require_floats,
    require_generator,
    require_number,
    require_tensor,
    require_whole,
)
from course_utils.data.emoji import BUNDLED

SpeechSplit = Literal["train", "fit", "validation", "test"]

SAMPLE_RATE = 8_000
"""Samples in a second."""
MU = 255
POWER = 0.01
"""Mean of the squared samples of a clip: the root is a tenth of full scale, which leaves room for peaks."""
HELD_OUT = 0.25
"""Part of each voice's clips that is for testing, and part of the others that is for validation."""
SPEAKERS = ("Allison Smith", "June Wallack", "Carlo Flora", "Maxim Topal")
LANGUAGES = ("English", "Spanish", "French", "Italian", "Russian")
_SPEAKER_OF_VOICE = (0, 0, 1, 2, 3)
# Signals, not speech, and some of them are one and the same recording under several voices.
_TONES = ("beep", "beeperr", "confbridge-join", "confbridge-leave")
# Prompts that share a recording with another one: they count as this other one.
_SAME_RECORDING = {"second-time": "seconds", "vm-and": "digits/and"}


def from_mu_law(codes: UInt8[Tensor, " *shape"]) -> Float[Tensor, " *shape"]:
    """The samples that 8-bit mu-law codes stand for, in [-1, 1] (ITU-T G.711's curve, with mu = 255).

    A byte b is read as y = 2 b / 255 - 1, and y as sign(y) (256^|y| - 1) / 255: steps are fine where it is quiet.
    """
    due = "a tensor of bytes (uint8)"
    if require_tensor("codes", codes, due).dtype != torch.uint8:
        refuse_argument("codes", due, f"it is {describe_value(codes)}")
    y = 2 * codes.float() / MU - 1
    return y.sign() * torch.expm1(y.abs() * math.log1p(MU)) / MU


def to_mu_law(samples: Float[Tensor, " *shape"]) -> UInt8[Tensor, " *shape"]:
    """The nearest mu-law codes of samples, which are cut off at -1 and 1: the way back from `from_mu_law`."""
    clipped = require_floats("samples", samples, "a tensor of floats in [-1, 1]").clamp(-1, 1)
    y = clipped.sign() * (MU * clipped.abs()).log1p() / math.log1p(MU)
    return ((y + 1) / 2 * MU).round().to(torch.uint8)


class SpokenPrompts(Dataset[tuple[Tensor, int]]):
    """Telephone prompts, a third of a second to 1.3 seconds each: speech to learn from, with labels to test it.

    There are five voices, one for each language, but four speakers: the English and the Spanish voice are one
    person, Allison Smith. Who tells the five voices apart may tell speakers or languages; who tells the four speakers
    apart, or the two languages of the one speaker, knows what was told.

    A prompt (`hello`, `digits/day-0`) may be spoken in several languages. It is on one side of the split with all its
    clips, so that no content is known from the training; the sides depend on no seed. Every clip is scaled to the same
    power. What else a studio leaves in a recording is still there: its noise, its filters. Signal tones are left out.

    Args:
        split: "train" or "test". To choose settings by, train has two parts: "fit" and "validation".

    Attributes:
        samples: float32 (s,), the samples of all clips, one clip after the other.
        offsets: int64 (n + 1,); clip i is samples[offsets[i] : offsets[i + 1]].
        voices: int64 (n,), an index into `voice_names`.
        speakers: int64 (n,), an index into `speaker_names`.
        languages: int64 (n,), an index into `language_names`.
        prompts: int64 (n,), what is said, an index into `prompt_names`, the same in all languages and splits.
        sample_rate: samples in a second, 8,000.

    Raises:
        ValueError: there is no such split.

    Example:
        >>> prompts = SpokenPrompts("test")
        >>> wave, speaker = prompts[0]
        >>> wave.dtype, prompts.speaker_names[speaker]
        (torch.float32, 'Allison Smith')
    """

    samples: Float[Tensor, " samples"]
    offsets: Int64[Tensor, " n+1"]
    voices: Int64[Tensor, " n"]
    speakers: Int64[Tensor, " n"]
    languages: Int64[Tensor, " n"]
    prompts: Int64[Tensor, " n"]

    def __init__(self, split: SpeechSplit = "train") -> None:
        if split not in get_args(SpeechSplit):
            raise ValueError(f'split is "train", "fit", "validation" or "test", not {split!r}')
        recordings = _recordings()
        parts = ("fit", "validation") if split == "train" else (split,)
        chosen = np.flatnonzero(np.isin(recordings.parts, parts))
        clips = [_at_equal_power(recordings.clip(i)) for i in chosen.tolist()]
        self.split = split
        self.samples = torch.cat(clips)
        self.offsets = torch.tensor([0, *map(len, clips)]).cumsum(0)
        self.voices = torch.from_numpy(recordings.voices[chosen])
        self.speakers = torch.tensor(_SPEAKER_OF_VOICE)[self.voices]
        self.languages = self.voices.clone()
        self.prompts = torch.from_numpy(recordings.prompts[chosen])
        self.voice_names = recordings.voice_names
        self.speaker_names = SPEAKERS
        self.language_names = LANGUAGES
        self.prompt_names = recordings.prompt_names
        self.sample_rate = SAMPLE_RATE

    def __len__(self) -> int:
        return len(self.voices)

    def __getitem__(self, index: int) -> tuple[Float[Tensor, " samples"], int]:
        """One clip, all of it, and its speaker."""
        index = range(len(self))[index]  # an index from the end too; one too many ends an iteration
        return self.samples[self.offsets[index] : self.offsets[index + 1]], int(self.speakers[index])

    def windows(
        self, clips: Int[Tensor, " m"], samples: int, generator: torch.Generator, gain: float = 0.0
    ) -> Float[Tensor, "m samples"]:
        """From each of these clips a window at a random place.

        Args:
            clips: numbers of clips; one may be there several times, and has another window each time.
            samples: length of a window.
            generator: source of all randomness.
            gain: in decibels: each window is made louder or softer by at most this much, drawn uniformly.

        Raises:
            ValueError: a clip is shorter than a window; or an argument is not as above.
        """
        clips = indices_into("the clips", len(self), "clips", clips)
        require_whole("samples", samples, at_least=1)
        require_generator("generator", generator)
        require_number("gain", gain, at_least=0)
        lengths = (self.offsets[1:] - self.offsets[:-1])[clips]
        if len(clips) and (shortest := int(lengths.min())) < samples:
            due = f"at most {shortest}, the length of the shortest of these clips"
            refuse_argument("samples", due, f"a window of {samples} does not fit into it")
        place, loudness = torch.rand(2, len(clips), generator=generator, dtype=torch.float64)
        starts = self.offsets[clips] + (place * (lengths - samples + 1)).long()
        factors = 10 ** (gain * (2 * loudness - 1) / 20)
        return self.samples[starts[:, None] + torch.arange(samples)] * factors[:, None].float()

    def __repr__(self) -> str:
        seconds = len(self.samples) / SAMPLE_RATE
        return (
            f"SpokenPrompts({self.split}: {len(self)} clips, {seconds:.0f} seconds, of {len(SPEAKERS)} speakers "
            f"in {len(LANGUAGES)} languages)"
        )


@dataclass(frozen=True, kw_only=True)
class _Recordings:
    """The bundled clips, tones left out, and the part of the split to which each belongs."""

    codes: UInt8[np.ndarray, " samples"]
    bounds: Int64[np.ndarray, "n 2"]
    voices: Int64[np.ndarray, " n"]
    prompts: Int64[np.ndarray, " n"]
    parts: np.ndarray
    voice_names: tuple[str, ...]
    prompt_names: tuple[str, ...]

    def clip(self, index: int) -> UInt8[np.ndarray, " samples"]:
        start, end = self.bounds[index]
        return self.codes[start:end]


@cache
def _recordings() -> _Recordings:
    with np.load(BUNDLED / "voices" / "voices.npz", allow_pickle=False) as stored:
        is_speech = ~np.isin(stored["clip"], _TONES)
        offsets, voices, names = stored["offsets"], stored["voice"][is_speech], stored["clip"][is_speech]
        codes, voice_names = stored["mulaw"], tuple(map(str, stored["voices"]))
    prompt_names, prompts = np.unique(names, return_inverse=True)
    contents = np.array([_SAME_RECORDING.get(name, name) for name in names])
    return _Recordings(
        codes=codes,
        bounds=np.stack([offsets[:-1], offsets[1:]], axis=1)[is_speech],
        voices=voices,
        prompts=prompts.astype(np.int64),
        parts=_divided(contents, voices),
        voice_names=voice_names,
        prompt_names=tuple(map(str, prompt_names)),
    )


def _divided(contents: np.ndarray, voices: np.ndarray) -> np.ndarray:
    """The part of the split of each clip. Whole contents go to a part, until it has its share of each voice's clips."""
    parts = np.full(len(contents), "fit", dtype="U10")
    rng = np.random.default_rng(20_261_205)
    for part in ("test", "validation"):
        left = np.bincount(voices[parts == "fit"])
        room = (HELD_OUT * left).astype(int)
        for content in rng.permutation(np.unique(contents[parts == "fit"])):
            needed = np.bincount(voices[contents == content], minlength=len(room))
            if (needed <= room).all():
                parts[contents == content] = part
                room -= needed
    return parts


def _at_equal_power(codes: UInt8[np.ndarray, " samples"]) -> Float[Tensor, " samples"]:
    wave = from_mu_law(torch.from_numpy(codes))
    return wave * (POWER / wave.square().mean()).sqrt()
