"""Spectrograms, MFCC and what goes with them: by their formulas, and as librosa and scipy compute them."""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from scipy.fft import dct
from torch import Tensor

from course_utils import speech
from course_utils.data import SpokenPrompts

PROMPTS = SpokenPrompts("test")


@pytest.fixture(scope="module")
def wave() -> Tensor:
    return PROMPTS[20][0]


# By the formulas


def test_a_frame_by_its_formula(wave: Tensor) -> None:
    t, samples = 7, wave.double().tolist()
    window = [math.sin(math.pi * j / 200) ** 2 for j in range(200)]
    frame = [samples[80 * t + j] * window[j] for j in range(200)]
    power = [
        abs(sum(x * cmath.exp(-2j * math.pi * f * j / 256) for j, x in enumerate(frame))) ** 2
        for f in range(129)
    ]

    def mel(hertz: float) -> float:
        return 2595 * math.log10(1 + hertz / 700)

    def hertz(mels: float) -> float:
        return 700 * (10 ** (mels / 2595) - 1)

    corners = [hertz(mel(4000) * k / 41) for k in range(42)]
    expected = []
    for begin, peak, end in zip(corners, corners[1:], corners[2:], strict=False):
        total = 0.0
        for f in range(129):
            place = f * 8000 / 256
            if begin < place <= peak:
                total += power[f] * (place - begin) / (peak - begin)
            elif peak < place < end:
                total += power[f] * (end - place) / (end - peak)
        expected.append(math.log(total + 1e-6))
    np.testing.assert_allclose(speech.log_mel(wave.double())[t], expected, rtol=1e-6)
    np.testing.assert_allclose(speech.log_mel(wave)[t], expected, atol=1e-3)
    np.testing.assert_allclose(speech.band_centres(), corners[1:-1], rtol=1e-6)


def test_mfcc_is_the_orthonormal_cosine_transform(wave: Tensor) -> None:
    spectrogram = speech.log_mel(wave)
    expected = dct(spectrogram.double().numpy(), type=2, norm="ortho", axis=-1)
    np.testing.assert_allclose(speech.mfcc(spectrogram), expected[:, :13], atol=1e-4)
    np.testing.assert_allclose(speech.mfcc(spectrogram.double(), 40), expected, atol=1e-10)


def test_running_means_are_means_of_all_before(wave: Tensor) -> None:
    features = speech.mfcc(speech.log_mel(wave))
    means = speech.running_mean(features)
    for t in range(len(features)):
        torch.testing.assert_close(means[t], features[: t + 1].mean(dim=0))


def test_statistics_of_a_clip(wave: Tensor) -> None:
    features = speech.log_mel(wave)
    mean, deviation = speech.clip_statistics(features).chunk(2)
    np.testing.assert_allclose(mean, features.numpy().mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(deviation, features.numpy().std(axis=0), rtol=1e-3)
    assert speech.clip_statistics(features[:1])[40:].tolist() == [0.0] * 40


def test_speech_is_what_is_loud() -> None:
    time = torch.arange(8000) / 8000
    tone = (2 * math.pi * 440 * time).sin()
    loudness = torch.where(time < 0.5, 1.0, 0.01)  # 40 decibels between them
    mask = speech.is_speech(tone * loudness)
    starts = 80 * torch.arange(len(mask))
    assert torch.equal(mask, starts < 4000)
    assert speech.is_speech(tone * loudness, below=41).all()
    assert torch.equal(speech.is_speech(7 * tone * loudness), mask)
    assert not speech.is_speech(torch.zeros(800)).any()


def test_every_voice_has_frames_without_speech() -> None:
    for voice in range(5):
        masks = [speech.is_speech(PROMPTS[int(i)][0]) for i in (PROMPTS.voices == voice).nonzero()[:, 0]]
        share = 1 - torch.cat(masks).float().mean()
        assert 0.05 < share < 0.35
        assert all(mask.any() for mask in masks)


# What they promise


def test_nothing_looks_ahead(wave: Tensor) -> None:
    changed = wave.clone()
    changed[80 * 10 + 200 :] = 0.3
    before, after = (speech.mfcc(speech.log_mel(x)) for x in (wave, changed))
    assert torch.equal(before[:11], after[:11]) and not torch.equal(before[11], after[11])
    assert torch.equal(speech.running_mean(before)[:11], speech.running_mean(after)[:11])


@pytest.mark.parametrize(("samples", "frames"), [(200, 1), (279, 1), (280, 2), (2720, 32)])
def test_as_many_frames_as_fit(samples: int, frames: int) -> None:
    assert speech.log_mel(torch.randn(samples)).shape == (frames, 40)
    assert speech.is_speech(torch.randn(2, samples)).shape == (2, frames)


def test_batches_are_their_members() -> None:
    windows = PROMPTS.windows(torch.arange(6), 1200, torch.Generator().manual_seed(0)).view(2, 3, 1200)
    whole = speech.clip_statistics(speech.running_mean(speech.mfcc(speech.log_mel(windows))))
    assert whole.shape == (2, 3, 26)
    one = speech.clip_statistics(speech.running_mean(speech.mfcc(speech.log_mel(windows[1, 2]))))
    torch.testing.assert_close(whole[1, 2], one)


def test_silence_is_finite_and_has_a_gradient() -> None:
    silence = torch.zeros(400, requires_grad=True)
    spectrogram = speech.log_mel(silence)
    assert torch.allclose(spectrogram, torch.tensor(1e-6).log())
    speech.mfcc(spectrogram).sum().backward()
    assert silence.grad is not None and silence.grad.isfinite().all()


def test_what_is_kept_between_calls_can_not_be_spoilt(wave: Tensor) -> None:
    expected = speech.log_mel(wave)
    speech.mel_bands().zero_()
    speech.band_centres().zero_()
    assert torch.equal(speech.log_mel(wave), expected)
    with torch.inference_mode():
        speech.log_mel(wave)
    speech.log_mel(wave.clone().requires_grad_()).sum().backward()


def test_a_tone_is_in_its_band() -> None:
    centres = speech.band_centres()
    for hertz in (300.0, 1000.0, 2500.0):
        tone = (2 * math.pi * hertz * torch.arange(800) / 8000).sin()
        loudest = speech.log_mel(tone).mean(dim=0).argmax()
        assert (centres[loudest] - hertz).abs() == (centres - hertz).abs().min()


WAVES = {
    "shorter than a frame": (torch.randn(199), "at least 200.*there are 199"),
    "bytes": (torch.zeros(400, dtype=torch.uint8), "floats.*uint8"),
    "an array": (np.zeros(400), "floats.*NumPy.*from_numpy"),
    "a number": (torch.tensor(1.0), r"\(\.\.\., samples\)"),
}
FEATURES = {
    "one frame": (torch.randn(40), r"\(\.\.\., frames, features\).*\(40,\)"),
    "whole numbers": (torch.ones(3, 40, dtype=torch.int64), "floats.*int64"),
    "a list": ([[1.0]], r"floats.*list.*torch\.tensor"),
}
RIGHT: dict[str, tuple[Callable[..., Any], dict[str, Any], dict[str, dict[str, tuple[Any, str]]]]] = {
    "log_mel": (speech.log_mel, {"waves": torch.randn(400)}, {"waves": WAVES}),
    "is_speech": (
        speech.is_speech,
        {"waves": torch.randn(400)},
        {"waves": WAVES, "below": {"nothing": (0, "above 0.* 0"), "a text": ("30 dB", "number.*'30 dB'")}},
    ),
    "mfcc": (
        speech.mfcc,
        {"spectrogram": torch.randn(3, 40)},
        {
            "spectrogram": FEATURES,
            "count": {
                "none": (0, "at least 1.* 0"),
                "too many": (41, "at most 40.* 41"),
                "half": (1.5, "whole"),
            },
        },
    ),
    "running_mean": (speech.running_mean, {"features": torch.randn(3, 4)}, {"features": FEATURES}),
    "clip_statistics": (
        speech.clip_statistics,
        {"features": torch.randn(3, 4)},
        {"features": {**FEATURES, "no frames": (torch.zeros(0, 4), "no frame")}},
    ),
}
ROWS = [
    pytest.param(function, {**right, argument: value}, argument, message, id=f"{name}-{argument}-{mistake}")
    for name, (function, right, wrong) in RIGHT.items()
    for argument, mistakes in wrong.items()
    for mistake, (value, message) in mistakes.items()
]


@pytest.mark.parametrize(("function", "given", "argument", "message"), ROWS)
def test_mistakes_are_named(function: Any, given: dict[str, Any], argument: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"{argument} .*{message}"):
        function(**given)


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_taken(name: str) -> None:
    function, right, _ = RIGHT[name]
    function(**right)


# As librosa computes them; it is slow to import


@pytest.mark.slow
def test_bands_are_librosas() -> None:
    from librosa.filters import mel

    expected = mel(sr=8000, n_fft=256, n_mels=40, htk=True, norm=None)
    np.testing.assert_allclose(speech.mel_bands().T, expected, atol=1e-6)


@pytest.mark.slow
def test_spectrogram_and_mfcc_are_librosas() -> None:
    from librosa.feature import melspectrogram, mfcc

    for clip in (PROMPTS[0][0], PROMPTS[100][0]):
        # librosa puts the window of 200 samples into the middle of the 256 that it transforms.
        power = melspectrogram(
            y=np.pad(clip.numpy(), 28), sr=8000, n_fft=256, win_length=200, hop_length=80, window="hann",
            center=False, power=2.0, n_mels=40, htk=True, norm=None,
        )  # fmt: skip
        spectrogram = speech.log_mel(clip)
        np.testing.assert_allclose(spectrogram.T, np.log(power + 1e-6), atol=2e-3)
        expected = mfcc(S=spectrogram.T.numpy(), n_mfcc=13, dct_type=2, norm="ortho")
        np.testing.assert_allclose(speech.mfcc(spectrogram).T, expected, atol=1e-3)
