"""Who speaks, and in which language? What features of speech are good for, and what they owe to the recording.

There are four speakers in `SpokenPrompts` and five languages: one speaker has two of them. So both are asked apart, the
speaker of all clips, and the language of that one speaker's clips. Every figure belongs beside those of baselines and
beside the same question asked of *pauses*, in which nobody speaks: what is known there is known of the studio.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64
from torch import Tensor

from course_utils import arguments
from course_utils.data import SpokenPrompts
from course_utils.evaluate import Evaluation, linear_probe
from course_utils.sequences import SpeechNetwork
from course_utils.speech import FRAME, HOP, clip_statistics, is_speech, log_mel, mfcc, running_mean

Hear = Callable[[Tensor], Tensor]
"""From the log-mel frames (1, t, 40) of one clip, or its samples (1, s) if the figures are asked `of="wave"`, to one
vector for each frame (1, t, d), none of which has seen what comes after it."""

FRAME_SPEAKER, FRAME_LANGUAGE = "frame: speaker", "frame: language"
FEW_SPEAKER, FEW_LANGUAGE = "2 clips a voice: speaker", "2 clips a voice: language"
ALL_SPEAKER, ALL_LANGUAGE = "all clips: speaker", "all clips: language"
PAUSE_SPEAKER = "pause: speaker"
GUESS = "the most frequent answer"
DECAYS = (0.01, 0.1, 1.0)
"""Weight decays of probes; which one is taken, clips of the training set decide that are held out."""
_SHORTEST_PAUSE = 6
"""Frames without speech that a clip must have to take part in the control."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How much is asked. The defaults are those of the recorded runs.

    Attributes:
        frames: single frames drawn from each clip.
        draws: of the few labelled clips.
        few: labelled clips of each voice.
        iterations: of each probe's optimiser.
        every: only every so many-th clip is used, 1 for all.
        seed: of what is drawn.
    """

    frames: int = 6
    draws: int = 5
    few: int = 2
    iterations: int = 40
    every: int = 1
    seed: int = 0


@dataclass(frozen=True)
class _Clips:
    """Features of some clips, and what is known of these clips."""

    features: list[Tensor]
    speakers: Int64[Tensor, " n"]
    languages: Int64[Tensor, " n"]
    voices: Int64[Tensor, " n"]
    prompts: Int64[Tensor, " n"]

    def of(self, chosen: Tensor) -> _Clips:
        kept = [self.features[k] for k in chosen.tolist()]
        return _Clips(
            kept, self.speakers[chosen], self.languages[chosen], self.voices[chosen], self.prompts[chosen]
        )


def speech_baselines(count: int = 13) -> dict[str, Hear]:
    """What needs no training, by name: log-mel frames, MFCC of the frame alone, MFCC and its mean over all before.

    The last one is the honest competitor of a recurrent network, whose state has heard all that came before.
    """
    arguments.require_whole("count", count, at_least=1)

    def heard_so_far(frames: Tensor) -> Tensor:
        coefficients = mfcc(frames, count)
        return torch.cat([coefficients, running_mean(coefficients)], dim=-1)

    return {
        "log-mel frame": lambda frames: frames,
        "MFCC of the frame": lambda frames: mfcc(frames, count),
        "MFCC and its running mean": heard_so_far,
    }


def contexts_of(network: SpeechNetwork) -> Hear:
    """The network's states, frame by frame, without gradients, on the CPU."""
    arguments.require_module("network", network, parameters=True)
    device = next(network.parameters()).device

    @torch.no_grad()
    def hear(sounds: Tensor) -> Tensor:
        return network(sounds.to(device))[1].cpu()

    return hear


def compare_hearing(
    competitors: Mapping[str, Hear | SpeechNetwork],
    train: SpokenPrompts,
    test: SpokenPrompts,
    asked: Asked | None = None,
) -> Evaluation:
    """The figures of several competitors, and of always giving the most frequent answer.

    Args:
        competitors: name -> network, or a function of the log-mel frames of a clip.
        train: prompts whose labels the probes see.
        test: prompts they are asked about.
        asked: how much.
    """
    due = "name -> network, or a function of log-mel frames"
    rows = {}
    for name, competitor in arguments.require_mapping("competitors", competitors, due, empty=True).items():
        arguments.require_callable(f"competitors[{name!r}]", competitor, due)
        of, hear = "log-mel", competitor
        if isinstance(competitor, SpeechNetwork):
            of, hear = competitor.source, contexts_of(competitor)
        rows[name] = hearing(hear, train, test, asked=asked, of=of)
    rows[GUESS] = guessed(train, test, asked)
    return Evaluation(rows)


def hearing(
    hear: Hear, train: SpokenPrompts, test: SpokenPrompts, *, asked: Asked | None = None, of: str = "log-mel"
) -> dict[str, float]:
    """The figures of one set of features, as accuracies on the test prompts.

    Single frames, of speech and pauses alike; clips, by mean and deviation over the frames, with two labelled clips of
    each voice and with all of them; and single frames of pauses, which were heard without the speech around them.

    Args:
        hear: from a clip to one vector for each frame.
        train: prompts whose labels the probes see. How strongly the probes are held back is chosen on a part of them.
        test: prompts they are asked about.
        asked: how much.
        of: what `hear` is given, "log-mel" frames or the "wave"; with waves there is no control by pauses.
    """
    arguments.require_callable("hear", hear, "a function of the frames of one clip")
    asked = _require_asked(asked)
    if of not in ("log-mel", "wave"):
        arguments.refuse_argument("of", "log-mel or wave", f"it is {of!r}")
    known, unknown = (_heard(hear, prompts, asked, of) for prompts in (train, test))
    one_known, one_unknown = _bilingual(known), _bilingual(unknown)
    figures = {
        FRAME_SPEAKER: _probe(_frames_of(known, asked), _frames_of(unknown, asked), "speakers", asked),
        FRAME_LANGUAGE: _probe(
            _frames_of(one_known, asked), _frames_of(one_unknown, asked), "languages", asked
        ),
        FEW_SPEAKER: _few(_whole(known), _whole(unknown), "speakers", asked),
        FEW_LANGUAGE: _few(_whole(one_known), _whole(one_unknown), "languages", asked),
        ALL_SPEAKER: _probe(_whole(known), _whole(unknown), "speakers", asked),
        ALL_LANGUAGE: _probe(_whole(one_known), _whole(one_unknown), "languages", asked),
    }
    if of == "log-mel":
        known, unknown = (_heard(hear, prompts, asked, of, pauses=True) for prompts in (train, test))
        figures[PAUSE_SPEAKER] = _probe(
            _frames_of(known, asked), _frames_of(unknown, asked), "speakers", asked
        )
    return figures


def guessed(train: SpokenPrompts, test: SpokenPrompts, asked: Asked | None = None) -> dict[str, float]:
    """How often the answer that is most frequent in training is right."""
    asked = _require_asked(asked)
    nothing: Hear = lambda frames: frames[:, :, :1]  # noqa: E731
    known, unknown = (_heard(nothing, prompts, asked, "log-mel") for prompts in (train, test))
    speaker = (unknown.speakers == known.speakers.mode().values).float().mean().item()
    one = _bilingual(unknown)
    language = (one.languages == _bilingual(known).languages.mode().values).float().mean().item()
    return {
        FRAME_SPEAKER: speaker,
        FRAME_LANGUAGE: language,
        FEW_SPEAKER: speaker,
        FEW_LANGUAGE: language,
        ALL_SPEAKER: speaker,
        ALL_LANGUAGE: language,
        PAUSE_SPEAKER: speaker,
    }


def clip_vectors(hear: Hear, prompts: SpokenPrompts) -> Float[Tensor, "n 2*d"]:
    """Mean and deviation over the frames of each clip, as rows."""
    arguments.require_callable("hear", hear, "a function of the log-mel frames of one clip")
    return torch.stack(_whole(_heard(hear, prompts, Asked(), "log-mel")).features)


def noise_floor(prompts: SpokenPrompts) -> Float[Tensor, " n"]:
    """How loud each clip is where it is least loud, in decibels below its mean power: the quietest tenth of its frames.

    All clips have the same power, so this is the loudness that is left: how much a studio hums.
    """
    levels = []
    for wave, _ in _clips_of(prompts):
        power = wave.unfold(0, FRAME, HOP).square().mean(dim=1)
        quiet = power.sort().values[: max(1, len(power) // 10)].mean()
        levels.append(10 * (quiet / wave.square().mean()).clamp(min=1e-8).log10())
    return torch.stack(levels)


def accuracy_ahead(scores: Float[Tensor, "k t n n"]) -> Float[Tensor, " k"]:
    """For each step ahead, how often the right future has the highest score of its row."""
    due = "scores of the shape (steps, times, contexts, candidates), as many contexts as candidates"
    found = arguments.require_floats("scores", scores, due, 4)
    if found.shape[2] != found.shape[3]:
        arguments.refuse_argument("scores", due, f"it is {arguments.describe_value(found)}")
    return (found.argmax(dim=3) == torch.arange(found.shape[3], device=found.device)).float().mean(dim=(1, 2))


def _clips_of(prompts: SpokenPrompts, every: int = 1) -> list[tuple[Tensor, int]]:
    arguments.require_parts(
        "prompts", prompts, ("samples", "offsets", "speakers", "languages", "voices", "prompts")
    )
    return [prompts[k] for k in range(0, len(prompts), every)]


def _heard(hear: Hear, prompts: SpokenPrompts, asked: Asked, of: str, pauses: bool = False) -> _Clips:
    """The features of each clip; of its pauses alone, put together, if they are asked for."""
    waves = [wave for wave, _ in _clips_of(prompts, asked.every)]
    numbers, features = [], []
    for number, wave in zip(range(0, len(prompts), asked.every), waves, strict=True):
        sounds = wave if of == "wave" else log_mel(wave)
        if pauses:
            sounds = sounds[~is_speech(wave)]
            if len(sounds) < _SHORTEST_PAUSE:
                continue
        numbers.append(number)
        features.append(hear(sounds[None])[0].float())
    chosen = torch.tensor(numbers, dtype=torch.int64)
    known = (prompts.speakers, prompts.languages, prompts.voices, prompts.prompts)
    return _Clips(features, *(labels[chosen] for labels in known))


def _bilingual(clips: _Clips) -> _Clips:
    """The clips of the one speaker who has two languages, numbered 0 and 1."""
    languages = {
        int(speaker): clips.languages[clips.speakers == speaker].unique()
        for speaker in clips.speakers.unique()
    }
    speaker = max(languages, key=lambda who: len(languages[who]))
    mine = clips.of((clips.speakers == speaker).nonzero().squeeze(1))
    second = (mine.languages == mine.languages.max()).long()
    return _Clips(mine.features, mine.speakers, second, mine.voices, mine.prompts)


def _frames_of(clips: _Clips, asked: Asked) -> _Clips:
    """Some frames of each clip, each with the labels of its clip."""
    rng = np.random.default_rng(asked.seed)
    parts, owners = [], []
    for number, features in enumerate(clips.features):
        drawn = rng.permutation(len(features))[: asked.frames]
        parts += list(features[torch.from_numpy(drawn)])
        owners += [number] * len(drawn)
    chosen = torch.tensor(owners, dtype=torch.int64)
    labels = (clips.speakers, clips.languages, clips.voices, clips.prompts)
    return _Clips(parts, *(values[chosen] for values in labels))


def _whole(clips: _Clips) -> _Clips:
    vectors = [clip_statistics(features) for features in clips.features]
    return _Clips(vectors, clips.speakers, clips.languages, clips.voices, clips.prompts)


def _halves(clips: _Clips) -> tuple[_Clips, _Clips]:
    """Training clips to fit probes on and to choose by: whole prompts belong to the one or to the other."""
    held_out = clips.prompts % 4 == 0
    if held_out.all() or not held_out.any():
        held_out = torch.arange(len(clips.prompts)) % 4 == 0
    return clips.of((~held_out).nonzero().squeeze(1)), clips.of(held_out.nonzero().squeeze(1))


def _probe(known: _Clips, unknown: _Clips, question: str, asked: Asked) -> float:
    """Accuracy of a linear probe whose weight decay was chosen within `known`."""

    def accuracy(fit: _Clips, test: _Clips, decay: float) -> float:
        return linear_probe(
            torch.stack(fit.features),
            getattr(fit, question),
            torch.stack(test.features),
            getattr(test, question),
            decay,
            asked.iterations,
        )

    fit, held_out = _halves(known)
    best = max(DECAYS, key=lambda decay: accuracy(fit, held_out, decay))
    return accuracy(known, unknown, best)


def _few(known: _Clips, unknown: _Clips, question: str, asked: Asked) -> float:
    """Mean accuracy over several draws of a few labelled clips of each voice."""

    def accuracy(fit: _Clips, test: _Clips, decay: float) -> float:
        rng, found = np.random.default_rng(asked.seed), []
        for _ in range(asked.draws):
            drawn = [
                rng.permutation((fit.voices == voice).nonzero().squeeze(1).numpy())[: asked.few]
                for voice in fit.voices.unique()
            ]
            labelled = fit.of(torch.from_numpy(np.concatenate(drawn)))
            found.append(
                linear_probe(
                    torch.stack(labelled.features),
                    getattr(labelled, question),
                    torch.stack(test.features),
                    getattr(test, question),
                    decay,
                    asked.iterations,
                )
            )
        return float(np.mean(found))

    fit, held_out = _halves(known)
    best = max(DECAYS, key=lambda decay: accuracy(fit, held_out, decay))
    return accuracy(known, unknown, best)


def _require_asked(asked: object) -> Asked:
    found = Asked() if asked is None else asked
    if not isinstance(found, Asked):
        arguments.refuse_argument(
            "asked", "an Asked, how much is asked", f"it is {arguments.describe_value(found)}"
        )
    assert isinstance(found, Asked)
    for name in ("frames", "draws", "few", "iterations", "every"):
        arguments.require_whole(f"asked.{name}", getattr(found, name), at_least=1)
    return found
