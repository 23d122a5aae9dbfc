"""What features of speech are asked: features that know give full marks, and nobody's labels leak."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from course_utils import speakers
from course_utils.data import SpokenPrompts
from course_utils.sequences import SpeechNetwork
from course_utils.speakers import Asked
from course_utils.speech import log_mel

LITTLE = Asked(frames=2, draws=2, iterations=10, every=6)


@pytest.fixture(scope="module")
def prompts() -> tuple[SpokenPrompts, SpokenPrompts]:
    return SpokenPrompts("train"), SpokenPrompts("test")


class Oracle:
    """Knows the voice of each clip, by its first frames; pauses it does not know."""

    def __init__(self, *sets: SpokenPrompts) -> None:
        self.voices = {}
        for prompts in sets:
            for k in range(len(prompts)):
                frames = log_mel(prompts[k][0])
                self.voices[tuple(frames[0, :4].tolist()), len(frames)] = int(prompts.voices[k])

    def __call__(self, frames: Tensor) -> Tensor:
        voice = self.voices.get((tuple(frames[0, 0, :4].tolist()), frames.shape[1]))
        if voice is None:
            return torch.zeros(1, frames.shape[1], 5)
        return torch.nn.functional.one_hot(torch.full(frames.shape[:2], voice), 5).float()


def test_who_knows_the_voice_knows_speaker_and_language(prompts: tuple[SpokenPrompts, SpokenPrompts]) -> None:
    table = speakers.compare_hearing({"oracle": Oracle(*prompts)}, *prompts, LITTLE)
    oracle, guess = table.results["oracle"], table.results[speakers.GUESS]
    assert list(oracle) == list(guess)
    for question, value in oracle.items():
        if question == speakers.PAUSE_SPEAKER:
            assert value < 0.9
        else:
            assert value == 1.0, question
    assert 0.25 < guess[speakers.FRAME_SPEAKER] < 0.5 < guess[speakers.FRAME_LANGUAGE] + 0.1


def test_a_network_is_asked_and_waves_have_no_pauses(prompts: tuple[SpokenPrompts, SpokenPrompts]) -> None:
    torch.manual_seed(0)
    little = Asked(frames=1, draws=1, iterations=2, every=25)
    networks = {source: SpeechNetwork(source, dim=4, hidden=6) for source in ("log-mel", "wave")}
    table = speakers.compare_hearing(networks, *prompts, little)
    assert speakers.PAUSE_SPEAKER in table.results["log-mel"]
    assert speakers.PAUSE_SPEAKER not in table.results["wave"]
    assert table == speakers.compare_hearing(networks, *prompts, little)


def test_baselines_have_heard_no_future() -> None:
    frames = torch.randn(1, 9, 40)
    later = frames.clone()
    later[:, 6:] += 1
    for name, hear in speakers.speech_baselines().items():
        assert torch.equal(hear(frames)[:, :6], hear(later)[:, :6]), name


def test_vectors_and_noise_floors_have_a_row_for_each_clip(
    prompts: tuple[SpokenPrompts, SpokenPrompts],
) -> None:
    test = prompts[1]
    assert speakers.clip_vectors(lambda frames: frames[..., :3], test).shape == (len(test), 6)
    floors = speakers.noise_floor(test)
    assert floors.shape == (len(test),) and (floors < 0).all()


def test_accuracy_ahead_counts_the_diagonal() -> None:
    scores = torch.eye(4).expand(2, 3, 4, 4).clone()
    scores[1, :, 0] = torch.tensor([0.0, 9.0, 0.0, 0.0])
    assert speakers.accuracy_ahead(scores).tolist() == [1.0, 0.75]


def test_wrong_arguments_are_named(prompts: tuple[SpokenPrompts, SpokenPrompts]) -> None:
    with pytest.raises(ValueError, match="competitors should be a mapping"):
        speakers.compare_hearing([], *prompts)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"competitors\['a'\] should be name -> network"):
        speakers.compare_hearing({"a": 3}, *prompts)  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="of should be log-mel or wave"):
        speakers.hearing(lambda frames: frames, *prompts, of="mp3")
    with pytest.raises(ValueError, match="asked.draws should be a whole number"):
        speakers.hearing(lambda frames: frames, *prompts, asked=Asked(draws=0))
    with pytest.raises(ValueError, match="as many contexts as candidates"):
        speakers.accuracy_ahead(torch.zeros(2, 3, 4, 5))
    with pytest.raises(ValueError, match="network should be a torch.nn.Module"):
        speakers.contexts_of(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="count should be a whole number"):
        speakers.speech_baselines(0)
