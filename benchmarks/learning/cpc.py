"""CPC on the spoken prompts with the notebook's recipe, several seeds; image rows and CMC in the course-wide table.

python -m benchmarks.learning.cpc                           # writes the results and the notebook's band
python -m benchmarks.learning.cpc --seeds 0 --set steps=50  # a trial, writes nothing
python -m benchmarks.learning.cpc --table                   # the unit's rows of the course-wide table
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from benchmarks.learning import common
from benchmarks.learning.recipe import train_by
from benchmarks.learning.rows import Method, Trained
from course_utils import evaluate, rows, senses, sequences, speakers
from course_utils.augment import as_floats
from course_utils.data import EmojiScenes, SpokenPrompts
from course_utils.models import ConvNet, Encoder
from course_utils.train import History
from solutions.cpc.cmc_loss.reference import cmc_loss
from solutions.cpc.cpc_loss.reference import cpc_loss
from solutions.cpc.cpc_scores.reference import cpc_scores
from solutions.cpc.masked_conv.reference import masked_conv
from solutions.cpc.row_loss.reference import row_loss

SETTINGS: dict[str, Any] = {
    "input": "log-mel",
    "dim": 64,
    "hidden": 192,
    "ahead": 8,
    "frames": 32,
    "gain": 6.0,
    "steps": 600,
    "batch": 48,
    "learning_rate": 4e-3,
    "weight_decay": 1e-4,
    "warmup": 20,
}
"""Windows of 32 frames are 0.34 seconds long, as the shortest clips allow; the gain is in decibels, either way."""

ROWS: dict[str, Any] = {
    "layers": 2,
    "rows_ahead": [2, 3],
    "directions": 1,
    "patch_noise": False,
    "batch": 32,
    "learning_rate": 2e-3,
    "weight_decay": 1e-4,
    "warmup": 20,
}
"""CPC on image rows with the course's encoder on patches of 8x8 pixels."""

LAB: dict[str, Any] = {
    "width": 8,
    "dim": 64,
    "temperature": 0.1,
    "batch": 256,
    "learning_rate": 3e-3,
    "weight_decay": 1e-4,
    "warmup": 10,
}
"""CMC with an encoder of half the width for lightness and one for colour."""

SUPERVISED = "supervised, told the voices"


def predictive(z: Tensor, context: Tensor, weights: Tensor) -> Tensor:
    """CPC's loss of a batch of windows."""
    return cpc_loss(cpc_scores(z, context, weights))


def measure(seed: int, settings: common.Settings) -> tuple[evaluate.Evaluation, History]:
    """Train from one seed, and compare on the test prompts with everything that is cheaper, and with labels."""
    train_set, test_set = SpokenPrompts("train"), SpokenPrompts("test")
    run = sequences.train_speech(train_set, predictive, settings, seed=seed, progress=False)
    told = sequences.train_on_voices(train_set, settings, seed=seed, progress=False)
    competitors: dict[str, speakers.Hear | sequences.SpeechNetwork] = {
        evaluate.TRAINED: run.network,
        evaluate.UNTRAINED: run.untrained,
        **speakers.speech_baselines(),
        SUPERVISED: told.network,
    }
    table = speakers.compare_hearing(competitors, train_set, test_set, speakers.Asked(seed=seed))
    return table, run.history


def fit_rows(encoder: Encoder, scenes: EmojiScenes, seed: int, settings: common.Settings) -> Trained:
    """CPC on image rows around the course's encoder, which sees patches; a feature is a mean over them."""
    recipe = {"width": 1, "depth": 1, "norm": "batch", **settings}
    network = rows.network_around(encoder, encoder.feature_dim, recipe, masked_conv)
    history = rows.train_rows(
        scenes.images, masked_conv, row_loss, recipe, started=network, seed=seed, progress=False
    ).history
    return Trained(
        history=history,
        encode=network,
        networks=(network,),
        task=functools.partial(patches_found, network, settings["rows_ahead"][0]),
    )


@torch.no_grad()
def patches_found(
    network: rows.RowNetwork, ahead: int, scenes: EmojiScenes, images: int = 64
) -> Mapping[str, float]:
    """How often the right patch is found among all patches of some images, so many rows ahead."""
    z = network.look(rows.cut_patches(scenes.images[:images]))
    context = network.contexts[0]
    assert isinstance(context, rows.RowContext)
    predicted = context.predict(context(z))[ahead][:, :, :-ahead].movedim(1, -1).flatten(0, 2)
    numbers = torch.arange(z[:, 0].numel()).view_as(z[:, 0])[:, ahead:].flatten()
    found = (predicted @ z.movedim(1, -1).flatten(0, 2).T).argmax(dim=1) == numbers
    return {"accuracy": found.float().mean().item(), "chance": 1 / z[:, 0].numel()}


def fit_lab(encoder: Encoder, scenes: EmojiScenes, seed: int, settings: common.Settings) -> Trained:
    """Two halves of half the width, as the split brain's: lightness and colour of one crop find each other."""
    encoders, heads = senses.senses({"steps": 1, **settings}, 2, seed)
    generator = torch.Generator().manual_seed(seed)

    def project(images: Tensor) -> list[Tensor]:
        views = zip(senses.lightness_and_colour(images), encoders, heads, strict=True)
        return [head(half(view)) for view, half, head in views]

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        views = zip(senses.lab_views(batch, generator), encoders, heads, strict=True)
        first, second = (head(half(view)) for view, half, head in views)
        return cmc_loss(first, second, settings["temperature"])

    @torch.no_grad()
    def found(test: EmojiScenes) -> Mapping[str, float]:
        one, other = project(as_floats(test.images[:256]))
        cosines = torch.nn.functional.normalize(one, dim=1) @ torch.nn.functional.normalize(other, dim=1).T
        right = (cosines.argmax(dim=1) == torch.arange(len(cosines))).float().mean().item()
        return {"accuracy": right, "chance": 1 / len(cosines)}

    history = train_by(settings, step, (*encoders, *heads), scenes.images, seed=seed)
    assert isinstance(encoders[0], ConvNet)
    return Trained(history=history, encode=senses.by_halves(encoders), networks=tuple(encoders), task=found)


METHODS: Mapping[str, Method] = {
    "CPC on image rows": Method(
        fit=fit_rows, settings=ROWS, note="patches of 8x8 pixels; features are means over patches"
    ),
    "CMC, L and ab": Method(
        fit=fit_lab, settings=LAB, note="two encoders of half the width, features side by side"
    ),
}


if __name__ == "__main__":
    torch.set_num_threads(1)
    common.main("cpc", __doc__, None, SETTINGS, [], methods=METHODS, measure=measure)
