"""Contrastive predictive coding on speech: networks that never look ahead, and their training for runs made again.

    network = speech_network(recipe, seed=0)
    z, context = network(log_mel(waves))

Nothing is normalised over a batch: statistics of a batch would tell a window of its negatives.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_utils import arguments
from course_utils.data import SpokenPrompts
from course_utils.speech import BANDS, FRAME, HOP, log_mel
from course_utils.train import Batches, History, cosine, train

PredictiveLoss = Callable[[Tensor, Tensor, Tensor], Tensor]
"""From latent vectors, contexts and the matrices that predict to the loss: `cpc_loss(cpc_scores(z, context, weights))`
or a function like it."""
Drawing = Callable[[SpokenPrompts, int, torch.Generator], Tensor]
"""From prompts, how many and a generator to the numbers of the clips in a batch."""

INPUTS = ("log-mel", "wave")
_CENTRE, _SCALE = -4.1, 4.2
"""About mean and deviation of the log-mel frames of clips at equal power."""
_LOUDNESS = 10.0
"""The root of the power of such clips is a tenth."""
_RECIPE_OF_SPEECH = (
    "input",
    "dim",
    "hidden",
    "ahead",
    "frames",
    "gain",
    "steps",
    "batch",
    "learning_rate",
    "weight_decay",
    "warmup",
)


class FrameEncoder(nn.Module):
    """Two convolutions over the frames of a log-mel spectrogram; frame t of the output has seen frames t - 4 to t.

    Args:
        bands: features of a frame.
        dim: of the latent vectors.
    """

    def __init__(self, bands: int = BANDS, dim: int = 64) -> None:
        super().__init__()
        for name, value in (("bands", bands), ("dim", dim)):
            arguments.require_whole(name, value, at_least=1)
        self.first = nn.Conv1d(bands, 2 * dim, kernel_size=3)
        self.second = nn.Conv1d(2 * dim, dim, kernel_size=3)

    def forward(self, spectrograms: Float[Tensor, "n t bands"]) -> Float[Tensor, "n t d"]:
        """One vector for each frame."""
        due = f"a tensor of floats of the shape (clips, frames, {self.first.in_channels})"
        frames = arguments.require_floats("spectrograms", spectrograms, due, 3)
        if frames.shape[2] != self.first.in_channels:
            arguments.refuse_argument("spectrograms", due, f"it is {arguments.describe_value(frames)}")
        # Filled up on the left alone: on the right it would be the future.
        seen = ((frames - _CENTRE) / _SCALE).transpose(1, 2)
        hidden = F.relu(self.first(F.pad(seen, (2, 0))))
        return self.second(F.pad(hidden, (2, 0))).transpose(1, 2)


class WaveEncoder(nn.Module):
    """Four strided convolutions over samples, as in van den Oord et al. (2018): a vector every 80 samples, of 225.

    After each convolution the channels of one moment are brought to mean 0 and deviation 1, by themselves.

    Args:
        width: channels inside.
        dim: of the latent vectors.
    """

    def __init__(self, width: int = 64, dim: int = 64) -> None:
        super().__init__()
        for name, value in (("width", width), ("dim", dim)):
            arguments.require_whole(name, value, at_least=1)
        shapes = ((1, width, 10, 5), (width, width, 8, 4), (width, width, 4, 2), (width, width, 4, 2))
        self.convolutions = nn.ModuleList(nn.Conv1d(*shape) for shape in shapes)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in shapes)
        self.last = nn.Linear(width, dim)

    def forward(self, waves: Float[Tensor, "n samples"]) -> Float[Tensor, "n t d"]:
        """One vector for each 80 samples, from the 225th on."""
        due = f"a tensor of floats of the shape (clips, samples), at least {FRAME + HOP} samples long"
        samples = arguments.require_floats("waves", waves, due, 2)
        if samples.shape[1] < FRAME + HOP:
            arguments.refuse_argument("waves", due, f"it is {arguments.describe_value(samples)}")
        x = _LOUDNESS * samples.unsqueeze(1)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = F.relu(norm(convolution(x).transpose(1, 2))).transpose(1, 2)
        return self.last(x.transpose(1, 2))


class SpeechNetwork(nn.Module):
    """What CPC trains: an encoder, a recurrent network whose state is the context, a matrix for each step ahead.

    Args:
        source: what goes in, "log-mel" frames or the "wave".
        dim: of the latent vectors z.
        hidden: of the context, the state of the GRU.
        ahead: how many steps are predicted.

    Attributes:
        encoder: from what goes in to z, a vector for each 10 ms.
        gru: from z to the context.
        weights: the matrices, (ahead, dim, hidden).
    """

    def __init__(self, source: str = "log-mel", dim: int = 64, hidden: int = 96, ahead: int = 8) -> None:
        super().__init__()
        if source not in INPUTS:
            arguments.refuse_argument("source", f"one of {', '.join(INPUTS)}", f"it is {source!r}")
        for name, value in (("dim", dim), ("hidden", hidden), ("ahead", ahead)):
            arguments.require_whole(name, value, at_least=1)
        self.source = source
        self.encoder = FrameEncoder(dim=dim) if source == "log-mel" else WaveEncoder(dim=dim)
        self.gru = nn.GRU(dim, hidden, batch_first=True)
        self.weights = nn.Parameter(torch.randn(ahead, dim, hidden) / hidden**0.5)

    def forward(self, sounds: Tensor) -> tuple[Float[Tensor, "n t d"], Float[Tensor, "n t h"]]:
        """Latent vectors and contexts of waves or of log-mel frames, whichever the network takes."""
        z = self.encoder(sounds)
        context, _ = self.gru(z)
        return z, context

    def heard(self, waves: Float[Tensor, "n samples"]) -> Tensor:
        """Waves as the network takes them."""
        return waves if self.source == "wave" else log_mel(waves)


@dataclass(frozen=True)
class SpeechRun:
    """What a training on speech leaves.

    Attributes:
        network: trained.
        untrained: the same before training.
        history: of the training.
    """

    network: SpeechNetwork
    untrained: SpeechNetwork
    history: History


def speech_network(recipe: Mapping[str, Any], seed: int = 0) -> SpeechNetwork:
    """A network as the recipe says, from a seed."""
    found = _require_speech_recipe(recipe)
    arguments.require_whole("seed", seed)
    torch.manual_seed(seed)
    return SpeechNetwork(found["input"], found["dim"], found["hidden"], found["ahead"])


def window_samples(frames: int) -> int:
    """How many samples have so many frames."""
    arguments.require_whole("frames", frames, at_least=1)
    return FRAME + HOP * (frames - 1)


def train_speech(
    prompts: SpokenPrompts,
    loss: PredictiveLoss,
    recipe: Mapping[str, Any],
    *,
    draw: Drawing | None = None,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> SpeechRun:
    """Train a network so that the loss of windows of speech is small.

    Args:
        prompts: from which the windows are cut.
        loss: of z (n, t, d), the context (n, t, h) and the matrices (k, d, h).
        recipe: input, dim, hidden, ahead, frames (of a window), gain (in decibels), steps, batch, learning_rate,
            weight_decay and warmup.
        draw: which clips a batch is made of; those of `Batches`, shuffled, if it is left out.
        seed: of network, batches and windows.
        device: where to compute.
        progress: show a bar with the loss and the time left.

    Raises:
        ValueError: the recipe lacks one of these, an argument has another type, or the loss has no gradient.
    """
    found = _require_speech_recipe(recipe)
    _require_prompts(prompts)
    arguments.require_callable("loss", loss, "a function (z, context, weights) -> loss")
    if draw is not None:
        arguments.require_callable("draw", draw, "a function (prompts, count, generator) -> numbers of clips")
    network = speech_network(recipe, seed).to(device)
    untrained = copy.deepcopy(network)
    generator = torch.Generator().manual_seed(seed)
    samples = window_samples(found["frames"])

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        clips = batch[0] if draw is None else draw(prompts, len(batch[0]), generator)
        waves = prompts.windows(clips, samples, generator, found["gain"]).to(device)
        z, context = network(network.heard(waves))
        return arguments.require_loss("loss", loss(z, context, network.weights))

    history = _train_by(found, step, network, clips=torch.arange(len(prompts)), seed=seed, progress=progress)
    return SpeechRun(network, untrained, history)


def train_on_voices(
    prompts: SpokenPrompts,
    recipe: Mapping[str, Any],
    *,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: bool = True,
) -> SpeechRun:
    """The same network trained with labels for as long: every state of the GRU is to tell which voice speaks.

    Args:
        prompts: with their voices.
        recipe: as for `train_speech`.
        seed: of network, batches and windows.
        device: where to compute.
        progress: show a bar with the loss and the time left.
    """
    found = _require_speech_recipe(recipe)
    _require_prompts(prompts)
    network = speech_network(recipe, seed).to(device)
    untrained = copy.deepcopy(network)
    told = nn.Linear(found["hidden"], len(prompts.voice_names)).to(device)
    generator = torch.Generator().manual_seed(seed)
    samples = window_samples(found["frames"])

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        waves = prompts.windows(batch[0], samples, generator, found["gain"]).to(device)
        logits = told(network(network.heard(waves))[1])
        voices = prompts.voices[batch[0]].to(device)
        return F.cross_entropy(logits.flatten(0, 1), voices.repeat_interleave(logits.shape[1]))

    both = nn.ModuleList([network, told])
    history = _train_by(found, step, both, clips=torch.arange(len(prompts)), seed=seed, progress=progress)
    return SpeechRun(network, untrained, history)


def clips_of_one_voice(prompts: SpokenPrompts, count: int, generator: torch.Generator) -> Tensor:
    """A batch in which all clips are of one voice, itself drawn, so that no negative differs from it in the voice."""
    _require_prompts(prompts)
    arguments.require_whole("count", count, at_least=1)
    arguments.require_generator("generator", generator)
    voice = int(torch.randint(len(prompts.voice_names), (), generator=generator))
    members = (prompts.voices == voice).nonzero().squeeze(1)
    return members[torch.randperm(len(members), generator=generator)[:count]]


def _train_by(
    recipe: Mapping[str, Any],
    step: Callable[[tuple[Tensor, ...], int], Tensor],
    module: nn.Module,
    *,
    clips: Tensor,
    seed: int,
    progress: bool,
) -> History:
    optimizer = torch.optim.AdamW(
        module.parameters(), lr=recipe["learning_rate"], weight_decay=recipe["weight_decay"]
    )
    return train(
        step,
        Batches(clips, size=min(recipe["batch"], len(clips)), seed=seed),
        optimizer,
        steps=recipe["steps"],
        schedule=cosine(recipe["steps"], warmup=min(recipe["warmup"], recipe["steps"] - 1)),
        progress=progress,
    )


def _require_prompts(prompts: object) -> None:
    arguments.require_parts("prompts", prompts, ("samples", "offsets", "voices", "windows"))


def _require_speech_recipe(recipe: object) -> Mapping[str, Any]:
    found = arguments.require_mapping("recipe", recipe, "setting -> value", empty=True)
    if missing := [name for name in _RECIPE_OF_SPEECH if name not in found]:
        due = f"a recipe with {', '.join(_RECIPE_OF_SPEECH)}"
        arguments.refuse_argument("recipe", due, f"it lacks {', '.join(missing)}")
    for name in ("dim", "hidden", "ahead", "frames", "steps", "batch"):
        arguments.require_whole(f"recipe['{name}']", found[name], at_least=1)
    arguments.require_number("recipe['learning_rate']", found["learning_rate"], above=0)
    for name in ("gain", "weight_decay", "warmup"):
        arguments.require_number(f"recipe['{name}']", found[name], at_least=0)
    return found
