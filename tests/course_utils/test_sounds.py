"""Speech to hear and to see: the files that are played, what pictures show and say, and what is refused."""

from __future__ import annotations

import base64
import io
import math
import re
import time
import wave as wav
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor

from course_utils import sounds, speech
from course_utils.data import SpokenPrompts
from course_utils.plot import Picture
from tests.support.browser import browser
from tests.support.network import loaded
from tests.support.optional import NO_BROWSER, find_browser

PROMPTS = SpokenPrompts("test")
CLIPS = {f"clip {k}": PROMPTS[k][0] for k in (0, 40, 80)}
FIRST = CLIPS["clip 0"]
FRAMES = len(speech.log_mel(FIRST))
CHROMIUM = find_browser()


def is_png(picture: Picture) -> bool:
    return picture.png().startswith(b"\x89PNG") and len(picture.alt) > 20


def played(html: str) -> list[tuple[int, np.ndarray]]:
    """Rate and samples of each sound in a page."""
    found = []
    for packed in re.findall(r'src="data:audio/wav;base64,([^"]*)"', html):
        with wav.open(io.BytesIO(base64.b64decode(packed))) as file:
            assert (file.getnchannels(), file.getsampwidth()) == (1, 2)
            found.append((file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")))
    return found


# The player


def test_what_is_played_are_the_clips_by_one_factor() -> None:
    files = played(sounds.listen(CLIPS).html)
    assert [rate for rate, _ in files] == [8000] * 3
    largest = max(float(clip.abs().max()) for clip in CLIPS.values())
    for (_, samples), clip in zip(files, CLIPS.values(), strict=True):
        np.testing.assert_allclose(samples / 32767, clip * 0.9 / largest, atol=2e-5)


def test_bytes_of_samples_silence_and_gradients_are_no_trouble() -> None:
    ((rate, samples),) = played(sounds.listen({"nothing": torch.zeros(5)}, rate=16_000).html)
    assert rate == 16_000 and samples.tolist() == [0] * 5
    wave = torch.tensor([2.0, -2.0], dtype=torch.float64, requires_grad=True)
    ((_, samples),) = played(sounds.listen({"loud": wave}).html)
    assert samples.tolist() == [29490, -29490]


def test_a_player_loads_nothing_and_says_what_it_plays() -> None:
    made = sounds.listen({'<b> "two"': FIRST}, alt='<i> & "quotes"')
    assert loaded(made.html) == []
    assert (
        made.html.count("&lt;b&gt; &quot;two&quot;") == 3
    )  # the caption, the label, and where no sound can be played
    assert 'aria-label="&lt;i&gt; &amp; &quot;quotes&quot;"' in made.html
    assert "<script" not in made.html  # it plays where a notebook is not trusted, too
    assert made._repr_mimebundle_() == {"text/html": made.html, "text/plain": '<i> & "quotes"'}
    assert sounds.listen({"hello": torch.ones(4000)}).alt == "Sounds to play: hello (0.5 s)."


@pytest.mark.optional
@pytest.mark.skipif(CHROMIUM is None, reason=NO_BROWSER)
def test_a_browser_can_play_it(tmp_path: Path) -> None:
    assert CHROMIUM
    file = tmp_path / "page.html"
    file.write_text("<!doctype html><meta charset=utf-8>" + sounds.listen(CLIPS).html, encoding="utf-8")
    with browser(CHROMIUM, tmp_path) as chromium, chromium.page(file) as page:
        for number, clip in enumerate(CLIPS.values()):
            audio = f"document.querySelectorAll('audio')[{number}]"
            until = time.monotonic() + 30
            while not page.run(f"{audio}.readyState > 0") and time.monotonic() < until:
                time.sleep(0.01)
            assert page.run(f"{audio}.error === null")
            assert page.run(f"{audio}.duration") == pytest.approx(len(clip) / 8000, abs=0.01)
        assert page.complaints == []


# Spectrograms


def test_a_spectrogram_has_seconds_and_hertz() -> None:
    picture = sounds.spectrograms({"a": FIRST})
    axis = picture.figure.axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel(), axis.get_title()) == ("seconds", "Hz", "a")
    (image,) = axis.images
    np.testing.assert_allclose(image.get_array(), (speech.log_mel(FIRST) * 10 / math.log(10)).T, atol=1e-4)
    # The middle of frame t is at 80 t + 100 samples, and a pixel is a frame.
    left, right, low, high = image.get_extent()
    assert left == pytest.approx(60 / 8000) and right == pytest.approx((80 * FRAMES + 60) / 8000)
    assert (low, high) == (-0.5, 39.5) and image.origin == "lower"
    for place, label in zip(axis.get_yticks(), axis.get_yticklabels(), strict=True):
        centres = speech.band_centres()
        below, above = math.floor(place), math.ceil(place)
        assert centres[below] <= float(label.get_text()) <= centres[above]
    assert f"a ({((FRAMES - 1) * 80 + 200) / 8000:.2f} s)" in picture.alt


def test_a_tone_is_drawn_at_its_hertz() -> None:
    tone = (2 * math.pi * 1000 * torch.arange(4000) / 8000).sin()
    axis = sounds.spectrograms({"tone": tone}).figure.axes[0]
    tick = dict(zip([label.get_text() for label in axis.get_yticklabels()], axis.get_yticks(), strict=True))[
        "1000"
    ]
    assert abs(int(axis.images[0].get_array()[:, 10].argmax()) - tick) <= 0.5


def test_clips_beside_each_other_have_one_scale() -> None:
    picture = sounds.spectrograms(CLIPS, columns=2)
    assert is_png(picture)
    panels = [axis for axis in picture.figure.axes if axis.images and axis.get_title()]
    assert [axis.get_title() for axis in panels] == list(CLIPS)
    assert (
        len({axis.get_xlim() for axis in panels}) == len({axis.images[0].get_clim() for axis in panels}) == 1
    )
    assert all(name in picture.alt for name in CLIPS)


def test_strips_stand_above_their_clips() -> None:
    scores = {"clip 80": [0.25, float("nan"), 0.75], "clip 0": [0.5] * FRAMES}
    picture = sounds.spectrograms(CLIPS, scores, "accuracy", columns=3)
    assert is_png(picture)
    above, below = picture.figure.axes[:3], picture.figure.axes[3:6]
    assert [axis.get_title() for axis in above] == list(CLIPS)
    assert above[0].get_ylabel() == "accuracy"
    (line,) = above[2].lines
    np.testing.assert_allclose(line.get_xdata(), [0.0125, 0.0225, 0.0325])
    np.testing.assert_allclose(line.get_ydata(), [0.25, np.nan, 0.75])
    assert above[2].get_xlim() == below[2].get_xlim() and above[2].get_ylim() == above[0].get_ylim()
    assert "accuracy from 0.25 to 0.75" in picture.alt
    assert is_png(sounds.spectrograms(CLIPS, {"clip 0": [float("nan")]}))


# Predictions


def test_predictions_mark_the_best_and_the_worst_frames() -> None:
    scores = [float("nan"), *range(FRAMES - 5)]
    picture = sounds.prediction(
        FIRST, scores, {"CPC": [0.9, 0.5], "random": [0.2, 0.1]}, 20, score_name="log p"
    )
    assert is_png(picture)
    above, between, below = picture.figure.axes[:3]
    assert [line.get_label() for line in above.lines] == ["CPC", "random", "chance, 1/20"]
    assert above.lines[0].get_xdata().tolist() == [1, 2] and above.lines[2].get_ydata()[0] == 0.05
    marks = {line.get_label(): line for line in below.lines}
    middle = [(80 * t + 100) / 8000 for t in range(FRAMES)]
    np.testing.assert_allclose(marks["predicted worst"].get_xdata(), middle[1:5])
    np.testing.assert_allclose(marks["predicted best"].get_xdata(), middle[FRAMES - 8 : FRAMES - 4])
    assert marks["predicted best"].get_marker() != marks["predicted worst"].get_marker()
    assert between.get_ylabel() == "log p"
    assert "CPC from 0.90 to 0.50 in 2 steps" in picture.alt and "chance 0.05" in picture.alt


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scores", [[0.5], [float("nan")] * 3, [0.1, 0.2, 0.3]])
def test_few_frames_are_no_trouble(scores: list[float]) -> None:
    assert is_png(sounds.prediction(FIRST, scores, {"CPC": torch.tensor([0.9])}, 2))


# Points in the plane


@pytest.fixture(scope="module")
def features() -> Tensor:
    return torch.randn(40, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 9, 1, 1, 1, 0])


@pytest.mark.parametrize("method", ["PCA", "t-SNE"])
def test_points_are_the_same_in_every_panel(features: Tensor, method: str) -> None:
    names = ["Ann", "Bob"] * 20
    picture = sounds.projections(features, {"speaker": names, "loudness": torch.arange(40.0)}, method)
    assert is_png(picture)
    left, right = picture.figure.axes[:2]
    ann, bob = (part.get_offsets() for part in left.collections)
    (everyone,) = right.collections
    np.testing.assert_allclose(everyone.get_offsets()[::2], ann)
    np.testing.assert_allclose(everyone.get_offsets()[1::2], bob)
    np.testing.assert_allclose(everyone.get_array(), range(40))
    shapes = [part.get_paths()[0].vertices.shape for part in left.collections]
    assert shapes[0] != shapes[1]
    assert [text.get_text() for text in left.get_legend().get_texts()] == ["Ann", "Bob"]
    assert f"{method} of 40 points. By speaker: Ann, Bob; by loudness from 0 to 39." == picture.alt


def test_principal_components_are_those_of_standardised_features(features: Tensor) -> None:
    axis = sounds.projections(features, {"all": ["a"] * 40}, "PCA").figure.axes[0]
    points = axis.collections[0].get_offsets()
    used = features[:, :5].double().numpy()
    strengths = np.linalg.eigvalsh(np.corrcoef(used.T))[::-1]
    np.testing.assert_allclose((points**2).mean(axis=0), strengths[:2], rtol=1e-4)
    assert axis.get_xlabel() == f"component 1 ({strengths[0] / 5:.0%} of the variance)"


def test_one_feature_and_equal_features_can_be_drawn() -> None:
    assert is_png(sounds.projections(torch.arange(5.0)[:, None], {"all": ["a"] * 5}, "PCA"))
    assert is_png(sounds.projections(torch.ones(5, 3), {"all": torch.ones(5)}, "PCA"))


# What is refused

SOME, WRONG = torch.randn(4, 3), partial(cast, Any)
ACCURACY = {"CPC": [0.5]}
# What is wrong -> the call, and what the message says.
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "a clip alone": (lambda: sounds.listen(WRONG(FIRST)), r"clips should be a mapping.*as in \{"),
    "no clips": (lambda: sounds.listen({}), "clips should be a mapping.*empty"),
    "an array": (lambda: sounds.listen({"a": WRONG(FIRST.numpy())}), r"clips\['a'\] should be.*NumPy"),
    "two channels": (
        lambda: sounds.listen({"a": torch.zeros(2, 9)}),
        r"clips\['a'\] should be.*one dimension",
    ),
    "codes": (lambda: sounds.listen({"a": torch.zeros(9).byte()}), r"clips\['a'\] should be.*uint8.*float"),
    "an empty clip": (lambda: sounds.listen({"a": torch.zeros(0)}), r"clips\['a'\] should be.*there are 0"),
    "NaN": (lambda: sounds.listen({"a": torch.tensor([math.nan])}), r"clips\['a'\] should be finite"),
    "rate": (lambda: sounds.listen(CLIPS, rate=0), "rate should be a whole number, at least 1"),
    "shorter than a frame": (
        lambda: sounds.spectrograms({"a": FIRST[:199]}),
        r"clips\['a'\] should be.*at least 200.*there are 199",
    ),
    "columns": (lambda: sounds.spectrograms(CLIPS, columns=0), "columns should be .*at least 1"),
    "scores that are a list": (
        lambda: sounds.spectrograms(CLIPS, WRONG([0.5])),
        "scores should be a mapping",
    ),
    "scores of another clip": (
        lambda: sounds.spectrograms(CLIPS, {"clip 7": [0.5]}),
        "scores should be of the clips clip 0, .*no 'clip 7'",
    ),
    "more scores than frames": (
        lambda: sounds.spectrograms(CLIPS, {"clip 0": [0.5] * (FRAMES + 1)}),
        rf"scores\['clip 0'\] should be 1 to {FRAMES} numbers.*{FRAMES + 1}",
    ),
    "scores of two dimensions": (
        lambda: sounds.spectrograms(CLIPS, {"clip 0": WRONG([[0.5]])}),
        r"scores\['clip 0'\] should be numbers, one for each frame",
    ),
    "a wave in a batch": (lambda: sounds.prediction(FIRST[None], [0.5], ACCURACY, 2), "^wave should be"),
    "a short wave": (
        lambda: sounds.prediction(FIRST[:9], [0.5], ACCURACY, 2),
        "^wave should be.*there are 9",
    ),
    "no scores": (lambda: sounds.prediction(FIRST, [], ACCURACY, 2), "^scores should be 1 to .*there are 0"),
    "accuracies": (lambda: sounds.prediction(FIRST, [0.5], WRONG([0.5]), 2), "accuracy should be a mapping"),
    "no accuracies": (
        lambda: sounds.prediction(FIRST, [0.5], {"CPC": []}, 2),
        r"accuracy\['CPC'\] should be at least 1 number",
    ),
    "candidates": (lambda: sounds.prediction(FIRST, [0.5], ACCURACY, 0), "candidates should be .*at least 1"),
    "marked": (lambda: sounds.prediction(FIRST, [0.5], ACCURACY, 2, marked=0), "marked should be"),
    "features": (lambda: sounds.projections(SOME[0], {"a": SOME[0]}), "features should be"),
    "two points": (lambda: sounds.projections(SOME[:2], {"a": ["b"] * 2}), "features should be at least 3"),
    "method": (lambda: sounds.projections(SOME, {"a": SOME[:, 0]}, "UMAP"), "method should be .*'UMAP'"),
    "labels for the mapping": (lambda: sounds.projections(SOME, WRONG(["a"] * 4)), "by should be a mapping"),
    "too few labels": (
        lambda: sounds.projections(SOME, {"a": ["b"]}),
        r"by\['a'\] should be as long as features",
    ),
    "mixed labels": (
        lambda: sounds.projections(SOME, {"a": WRONG(["b", 1, "c", 2])}),
        r"by\['a'\] should be a list of texts",
    ),
    "a text": (lambda: sounds.projections(SOME, {"a": "b c d e"}), r"by\['a'\] should be a list"),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
