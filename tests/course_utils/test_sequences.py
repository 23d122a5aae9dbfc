"""Networks and trainings of CPC on speech: nothing looks ahead, and runs can be repeated."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from course_utils import sequences
from course_utils.data import SpokenPrompts
from course_utils.sequences import FrameEncoder, SpeechNetwork, WaveEncoder
from course_utils.speech import log_mel

RECIPE: dict[str, Any] = {
    "input": "log-mel",
    "dim": 4,
    "hidden": 6,
    "ahead": 2,
    "frames": 12,
    "gain": 3.0,
    "steps": 2,
    "batch": 4,
    "learning_rate": 1e-3,
    "weight_decay": 0.0,
    "warmup": 1,
}


def first_of_all(z: Tensor, context: Tensor, weights: Tensor) -> Tensor:
    """A loss that is as short as can be."""
    return (z[:, 1:] - context[:, :-1] @ weights[0].T).square().mean()


@pytest.fixture(scope="module")
def prompts() -> SpokenPrompts:
    return SpokenPrompts("test")


def frames_of_the_input(network: SpeechNetwork, sounds: Tensor, time: int) -> Tensor:
    """Which entries of the input the context of a time depends on."""
    sounds = sounds.clone().requires_grad_()
    network(sounds)[1][:, time].sum().backward()
    assert sounds.grad is not None
    return sounds.grad.abs()


def test_contexts_see_frames_up_to_their_own() -> None:
    torch.manual_seed(0)
    grad = frames_of_the_input(SpeechNetwork(dim=4, hidden=6), torch.randn(1, 10, 40), 6)
    assert (grad[0, :7].sum(dim=1) > 0).all() and not grad[0, 7:].any()


def test_contexts_of_a_wave_see_samples_up_to_their_last() -> None:
    torch.manual_seed(0)
    network = SpeechNetwork("wave", dim=4, hidden=6)
    grad = frames_of_the_input(network, torch.randn(1, 800), 3)
    last = 3 * 80 + 225 - 1
    assert grad[0, last - 5 : last + 1].any() and not grad[0, last + 1 :].any()


@pytest.mark.parametrize("frames", [12, 32])
def test_frames_and_waves_have_about_as_many_latent_vectors(frames: int) -> None:
    waves = torch.randn(2, sequences.window_samples(frames))
    assert log_mel(waves).shape == (2, frames, 40)
    assert FrameEncoder(dim=4)(log_mel(waves)).shape == (2, frames, 4)
    assert WaveEncoder(4, 4)(waves).shape in {(2, frames, 4), (2, frames - 1, 4)}


def test_clips_of_a_batch_do_not_know_of_each_other() -> None:
    torch.manual_seed(0)
    for network, sounds in (
        (SpeechNetwork(dim=4, hidden=6), torch.randn(3, 10, 40)),
        (SpeechNetwork("wave", dim=4, hidden=6), torch.randn(3, 800)),
    ):
        together = network(sounds)[1]
        apart = torch.cat([network(one[None])[1] for one in sounds])
        torch.testing.assert_close(together, apart, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("source", sequences.INPUTS)
def test_a_run_can_be_repeated_and_leaves_its_beginning(source: str, prompts: SpokenPrompts) -> None:
    recipe = {**RECIPE, "input": source}
    runs = [sequences.train_speech(prompts, first_of_all, recipe, progress=False) for _ in range(2)]
    assert runs[0].history.losses == runs[1].history.losses and len(runs[0].history) == 2
    assert torch.equal(runs[0].untrained.weights, sequences.speech_network(recipe).weights)
    assert not torch.equal(runs[0].network.weights, runs[0].untrained.weights)


def test_labels_train_the_same_network(prompts: SpokenPrompts) -> None:
    run = sequences.train_on_voices(prompts, RECIPE, progress=False)
    assert len(run.history) == 2
    after, before = (
        dict(part.gru.named_parameters())["weight_ih_l0"] for part in (run.network, run.untrained)
    )
    assert not torch.equal(after, before)


def test_a_batch_of_one_voice_has_one_voice(prompts: SpokenPrompts) -> None:
    generator = torch.Generator().manual_seed(0)
    seen = set()
    for _ in range(20):
        clips = sequences.clips_of_one_voice(prompts, 8, generator)
        (voice,) = prompts.voices[clips].unique().tolist()
        assert len(clips.unique()) == 8
        seen.add(voice)
    assert len(seen) > 2
    run = sequences.train_speech(
        prompts, first_of_all, RECIPE, draw=sequences.clips_of_one_voice, progress=False
    )
    assert len(run.history) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden": None}, "hidden.*whole number"),
        ({"input": "mp3"}, "one of log-mel, wave.*'mp3'"),
        ({"gain": -1}, "gain.*at least 0"),
        ({"frames": 400}, "at most .*the shortest"),
    ],
)
def test_a_wrong_recipe_is_named(change: dict[str, Any], message: str, prompts: SpokenPrompts) -> None:
    with pytest.raises(ValueError, match=message):
        sequences.train_speech(prompts, first_of_all, {**RECIPE, **change}, progress=False)


def test_what_is_wrong_is_named(prompts: SpokenPrompts) -> None:
    with pytest.raises(ValueError, match="recipe should be .*it lacks dim"):
        sequences.speech_network({name: value for name, value in RECIPE.items() if name != "dim"})
    with pytest.raises(ValueError, match="prompts should be a set with"):
        sequences.train_speech(torch.ones(3), first_of_all, RECIPE)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="loss has no gradient"):
        sequences.train_speech(prompts, lambda *_: torch.ones(()), RECIPE, progress=False)
    with pytest.raises(ValueError, match=r"spectrograms should be .*frames, 40.*\(1, 10, 39\)"):
        FrameEncoder()(torch.randn(1, 10, 39))
    with pytest.raises(ValueError, match=r"waves should be .*at least 280"):
        WaveEncoder()(torch.randn(1, 100))
    with pytest.raises(ValueError, match="frames should be a whole number"):
        sequences.window_samples(0)
    with pytest.raises(ValueError, match="generator should be a torch.Generator"):
        sequences.clips_of_one_voice(prompts, 4, 0)  # type: ignore[arg-type]
