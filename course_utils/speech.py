"""What is computed from speech before anything is learned: log-mel spectrograms, MFCC, what is not speech.

Frames are 25 ms long and begin every 10 ms, at the 8,000 samples a second of `SpokenPrompts`. Clips are not padded:
frame t is of the samples 80 t to 80 t + 199, and sees nothing of what comes after.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils import arguments
from course_utils.data.speech import SAMPLE_RATE

FRAME = 200
"""Samples of a frame: 25 ms."""
HOP = 80
"""Samples from the beginning of a frame to that of the next one: 10 ms."""
SPECTRUM = 256
"""Samples over which the Fourier transform of a frame is taken, the frame filled up with zeros."""
BANDS = 40
QUIETEST = 1e-6
"""Added to the power of a band before its logarithm: below it is what the recordings' eight bits leave out."""
_WAVES = "a tensor of floats of the shape (..., samples)"
_FRAMES = "a tensor of floats of the shape (..., frames, features)"


def log_mel(waves: Float[Tensor, "*batch samples"]) -> Float[Tensor, "*batch frames 40"]:
    """The log-mel spectrogram: how much power there is in 40 bands of frequency, frame by frame.

    The frame times a Hann window, its power spectrum, the sum over each band with the weights of `mel_bands`, and the
    natural logarithm of that plus `QUIETEST`.

    Args:
        waves: samples at 8 kHz.

    Raises:
        ValueError: the waves are shorter than a frame.
    """
    framed = _frames(waves)
    spectra = torch.fft.rfft(framed * torch.hann_window(FRAME).to(framed), SPECTRUM)
    power = spectra.real.square() + spectra.imag.square()
    return (power @ mel_bands().to(power) + QUIETEST).log()


def mel_bands() -> Float[Tensor, "frequencies 40"]:
    """The weight of each frequency of a spectrum in each band: triangles, whose corners are equally far apart in mel.

    With mel = 2595 log10(1 + Hz / 700), from 0 to 4,000 Hz; each triangle begins and ends at its neighbours' peaks.
    """
    return torch.tensor(_triangles(), dtype=torch.float32)


def band_centres() -> Float[Tensor, " 40"]:
    """The frequency of each band's peak, in Hz."""
    return torch.tensor(_corners()[1:-1], dtype=torch.float32)


def mfcc(
    spectrogram: Float[Tensor, "*batch frames bands"], count: int = 13
) -> Float[Tensor, "*batch frames count"]:
    """Mel-frequency cepstral coefficients: the first coefficients of each frame's cosine transform over the bands.

    The transform is the orthonormal DCT-II. Few of its coefficients say what the spectrum is like on the whole.

    Args:
        spectrogram: of `log_mel`.
        count: how many coefficients, from the one for loudness on.

    Raises:
        ValueError: `count` is more than there are bands.
    """
    arguments.require_floats("spectrogram", spectrogram, _FRAMES, at_least=2)
    bands = spectrogram.shape[-1]
    arguments.require_whole("count", count, at_least=1, at_most=bands)
    turns = torch.arange(count, dtype=torch.float64) * (torch.arange(bands)[:, None] + 0.5) / bands
    basis = (math.pi * turns).cos() * (2 / bands) ** 0.5
    basis[:, 0] /= 2**0.5
    return spectrogram @ basis.to(spectrogram)


def running_mean(features: Float[Tensor, "*batch frames d"]) -> Float[Tensor, "*batch frames d"]:
    """The mean of each frame and all before it: what a frame's features say of the clip up to there.

    A recurrent network's state has heard all that came before. A baseline of single frames has not; with this mean
    beside them it has heard as much.
    """
    arguments.require_floats("features", features, _FRAMES, at_least=2)
    heard = torch.arange(1, features.shape[-2] + 1, device=features.device)
    return features.cumsum(dim=-2) / heard[:, None]


def clip_statistics(features: Float[Tensor, "*batch frames d"]) -> Float[Tensor, "*batch 2*d"]:
    """A whole clip in one vector: the mean of each feature over the frames, and after these their deviations."""
    arguments.require_floats("features", features, _FRAMES, at_least=2)
    if not features.shape[-2]:
        arguments.refuse_argument("features", _FRAMES, "there is no frame in it")
    return torch.cat([features.mean(dim=-2), features.std(dim=-2, correction=0)], dim=-1)


def is_speech(waves: Float[Tensor, "*batch samples"], below: float = 35.0) -> Bool[Tensor, "*batch frames"]:
    """Which frames are speech, by their power alone: those that are less than `below` decibels under the loudest frame.

    The rest is what a room and a studio sound like while nobody speaks, and the closures and weak consonants within a
    word: this measure knows of no difference. Whoever tells speakers by these frames hears the recording.

    Args:
        waves: whole clips at 8 kHz, since each is measured by its own loudest frame.
        below: decibels.

    Raises:
        ValueError: the waves are shorter than a frame.
    """
    power = _frames(waves).square().mean(dim=-1)
    arguments.require_number("below", below, above=0)
    return power > power.amax(dim=-1, keepdim=True) * 10 ** (-below / 10)


def _frames(waves: Tensor) -> Float[Tensor, "*batch frames 200"]:
    arguments.require_floats("waves", waves, _WAVES, at_least=1)
    if waves.shape[-1] < FRAME:
        due = f"{_WAVES}, at least {FRAME} of them, which is one frame"
        arguments.refuse_argument("waves", due, f"there are {waves.shape[-1]}")
    return waves.unfold(-1, FRAME, HOP)


@cache
def _triangles() -> Float[np.ndarray, "frequencies 40"]:
    hertz = np.arange(SPECTRUM // 2 + 1)[:, None] * SAMPLE_RATE / SPECTRUM
    begin, peak, end = (_corners()[k : k + BANDS] for k in range(3))
    weights: np.ndarray = np.minimum((hertz - begin) / (peak - begin), (end - hertz) / (end - peak)).clip(0)
    return weights


def _corners() -> Float[np.ndarray, " corners"]:
    """Beginnings, peaks and ends of the bands in Hz: two more than there are bands."""
    highest = 2595 * math.log10(1 + SAMPLE_RATE / 2 / 700)
    corners: np.ndarray = 700 * (10 ** (np.linspace(0, highest, BANDS + 2) / 2595) - 1)
    return corners
