"""SpokenPrompts: what is in it, what is kept apart, and that nothing of the split leaks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from course_utils.data import LANGUAGES, SAMPLE_RATE, SPEAKERS, SpokenPrompts, from_mu_law, to_mu_law
from course_utils.data import speech as speech_module

PARTS = ("fit", "validation", "test")
SETS = {split: SpokenPrompts(split) for split in (*PARTS, "train")}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def contents(prompts: SpokenPrompts) -> set[str]:
    return {prompts.prompt_names[k] for k in prompts.prompts.tolist()}


def clips(prompts: SpokenPrompts) -> list[Tensor]:
    return [prompts[i][0] for i in range(len(prompts))]


def test_mu_law_is_the_formula() -> None:
    codes = torch.arange(256).to(torch.uint8)
    y = 2 * np.arange(256) / 255 - 1
    expected = np.sign(y) * (256 ** np.abs(y) - 1) / 255
    np.testing.assert_allclose(from_mu_law(codes).double(), expected, atol=2e-7)
    assert from_mu_law(codes)[[0, 255]].tolist() == [-1, 1]
    assert torch.equal(to_mu_law(from_mu_law(codes)), codes)


def test_mu_law_loses_little_where_it_is_quiet() -> None:
    quiet, loud = torch.linspace(-0.01, 0.01, 101), torch.linspace(0.5, 1, 101)
    errors = [(from_mu_law(to_mu_law(x)) - x).abs().max() for x in (quiet, loud)]
    assert errors[0] < 4e-4 < 5e-3 < errors[1] < 3e-2
    assert to_mu_law(torch.tensor([-7.0, 7.0])).tolist() == [0, 255]


def test_no_prompt_is_in_two_parts() -> None:
    for one in PARTS:
        for other in PARTS:
            assert one == other or contents(SETS[one]).isdisjoint(contents(SETS[other]))
    assert contents(SETS["train"]) == contents(SETS["fit"]) | contents(SETS["validation"])
    assert len(SETS["train"]) == len(SETS["fit"]) + len(SETS["validation"])
    together = [contents(SETS[part]) for part in PARTS]
    assert set.union(*together) == set(SETS["fit"].prompt_names)


def test_no_recording_is_there_twice_under_two_labels_or_in_two_parts() -> None:
    """By the highest cross-correlation, which is near 1 for one recording cut or stored in two ways."""
    waves = [
        (part, clip, int(v))
        for part in PARTS
        for clip, v in zip(clips(SETS[part]), SETS[part].voices, strict=True)
    ]
    spectra = torch.stack([torch.fft.rfft(clip / clip.norm(), 1 << 15) for _, clip, _ in waves])
    twins = []
    for i in range(len(waves) - 1):
        alike = torch.fft.irfft(spectra[i + 1 :] * spectra[i].conj(), 1 << 15).amax(dim=1)
        twins += [(waves[i], waves[i + 1 + j]) for j in (alike > 0.9).nonzero()[:, 0].tolist()]
    assert len(twins) == 2
    assert all(a[0] == b[0] and a[2] == b[2] for a, b in twins)


def test_each_part_has_its_share_of_each_voice() -> None:
    of_voice = torch.stack([SETS[part].voices.bincount(minlength=5) for part in PARTS])
    assert of_voice.sum(dim=0).tolist() == [129, 127, 128, 126, 127]
    share = of_voice / of_voice.sum(dim=0)
    assert ((share[2] > 0.23) & (share[2] <= 0.25)).all()
    assert ((share[1] > 0.17) & (share[1] <= 0.19)).all()


def test_english_and_spanish_are_one_speaker() -> None:
    for prompts in SETS.values():
        assert prompts.speaker_names == SPEAKERS and prompts.language_names == LANGUAGES
        spoken = {
            (prompts.voice_names[v], SPEAKERS[s], LANGUAGES[k])
            for v, s, k in zip(prompts.voices, prompts.speakers, prompts.languages, strict=True)
        }
        assert spoken == {
            ("English (Allison)", "Allison Smith", "English"),
            ("Spanish (Allison)", "Allison Smith", "Spanish"),
            ("French (June)", "June Wallack", "French"),
            ("Italian (Carlo)", "Carlo Flora", "Italian"),
            ("Russian (Maxim)", "Maxim Topal", "Russian"),
        }


def test_clips_are_speech_at_equal_power() -> None:
    for prompts in SETS.values():
        for clip in clips(prompts):
            assert clip.dtype == torch.float32
            assert 0.35 <= len(clip) / SAMPLE_RATE <= 1.31
            assert float(clip.square().mean()) == pytest.approx(speech_module.POWER, rel=1e-3)
            assert abs(float(clip.mean())) < 1e-3
        assert not contents(prompts) & set(speech_module._TONES)


def test_a_clip_is_what_the_file_holds() -> None:
    stored = np.load(speech_module.BUNDLED / "voices" / "voices.npz")
    (hello,) = np.flatnonzero((stored["clip"] == "hello") & (stored["voice"] == 2))
    y = 2 * stored["mulaw"][stored["offsets"][hello] : stored["offsets"][hello + 1]].astype(float) / 255 - 1
    wave = np.sign(y) * (256 ** np.abs(y) - 1) / 255
    (mine,) = [
        clip
        for prompts in (SETS["train"], SETS["test"])
        for clip, v, p in zip(clips(prompts), prompts.voices, prompts.prompts, strict=True)
        if v == 2 and prompts.prompt_names[p] == "hello"
    ]
    np.testing.assert_allclose(mine, 0.1 * wave / np.sqrt((wave**2).mean()), atol=1e-5)


def test_a_sample_is_a_clip_and_its_speaker() -> None:
    prompts = SETS["test"]
    wave, speaker = prompts[3]
    assert torch.equal(wave, prompts.samples[prompts.offsets[3] : prompts.offsets[4]])
    assert speaker == prompts.speakers[3] and isinstance(speaker, int)
    assert torch.equal(prompts[-1][0], prompts[len(prompts) - 1][0])
    assert len(list(prompts)) == len(prompts) == len(prompts.offsets) - 1
    assert "test: 157 clips" in repr(prompts)


def test_two_sets_share_nothing_that_can_be_changed() -> None:
    first = SpokenPrompts("test")
    first.samples.zero_()
    first.voices.zero_()
    assert torch.equal(SpokenPrompts("test").samples, SETS["test"].samples)
    assert torch.equal(SpokenPrompts("test").voices, SETS["test"].voices)


# Windows


def test_windows_are_pieces_of_their_clips() -> None:
    prompts = SETS["test"]
    numbers = torch.tensor([5, 0, 5, 156])
    windows = prompts.windows(numbers, 700, generator())
    assert windows.shape == (4, 700)
    for window, number in zip(windows, numbers, strict=True):
        pieces = prompts[int(number)][0].unfold(0, 700, 1)
        assert (pieces == window).all(dim=1).any()
    assert not torch.equal(windows[0], windows[2])


def test_windows_come_from_the_generator_alone() -> None:
    prompts, numbers = SETS["test"], torch.arange(20)
    torch.manual_seed(1)
    first = prompts.windows(numbers, 400, generator(), gain=6)
    torch.manual_seed(2)
    assert torch.equal(first, prompts.windows(numbers, 400, generator(), gain=6))
    assert not torch.equal(first, prompts.windows(numbers, 400, generator(1), gain=6))
    assert torch.equal(first, prompts.windows(numbers.tolist(), 400, generator(), gain=6))  # type: ignore[arg-type]


def test_every_place_of_a_clip_is_drawn_and_none_outside() -> None:
    prompts = SETS["test"]
    wave = prompts[7][0]
    windows = prompts.windows(torch.full((400,), 7), len(wave) - 3, generator())
    counts = [int((windows == wave[start : start + len(wave) - 3]).all(dim=1).sum()) for start in range(4)]
    assert sum(counts) == 400 and min(counts) > 60
    assert torch.equal(prompts.windows(torch.tensor([7]), len(wave), generator())[0], wave)


def test_gain_is_within_its_decibels_both_ways() -> None:
    prompts, numbers = SETS["test"], torch.full((500,), 7)
    plain = prompts.windows(numbers, 800, generator())
    louder = prompts.windows(numbers, 800, generator(), gain=6.0)
    decibels = 20 * (louder.norm(dim=1) / plain.norm(dim=1)).log10()
    assert -6.01 < decibels.min() < -5.5 and 5.5 < decibels.max() < 6.01
    assert abs(float(decibels.mean())) < 0.5


def test_a_clip_that_is_shorter_than_a_window_is_told() -> None:
    prompts = SETS["test"]
    lengths = prompts.offsets.diff()
    short, long = int(lengths.argmin()), int(lengths.argmax())
    size = int(lengths[short]) + 1
    with pytest.raises(ValueError, match=f"samples should be at most {size - 1}.*{size} does not fit"):
        prompts.windows(torch.tensor([long, short]), size, generator())
    assert prompts.windows(torch.tensor([long]), size, generator()).shape == (1, size)
    assert prompts.windows(torch.tensor([], dtype=torch.int64), size, generator()).shape == (0, size)


@pytest.mark.parametrize("split", ["val", "Train", 0])
def test_another_split_is_refused(split: object) -> None:
    with pytest.raises(ValueError, match='split is "train", "fit", "validation" or "test"'):
        SpokenPrompts(split)  # type: ignore[arg-type]


def test_the_recordings_have_their_licences() -> None:
    notice = (speech_module.BUNDLED / "NOTICE.md").read_text()
    for person, licence in zip(SPEAKERS, ("CC-BY-SA 3.0",) * 2 + ("CC-BY 3.0",) * 2, strict=True):
        assert any(person in line and licence in line for line in notice.splitlines())
