"""Sweeps of cpc, one seed each: recipes, steps ahead, negatives, what goes in, image rows, views, wrong versions.

python -m benchmarks.learning.cpc_sweeps                    # all of them; what is recorded already is not run again
python -m benchmarks.learning.cpc_sweeps recipes            # a search on held-out training prompts, before all else
python -m benchmarks.learning.cpc_sweeps steps negatives    # these

The search is kept in results/search/ as well. All else belongs to the recipe's settings: with others it is run again.
"""

from __future__ import annotations

import argparse
import functools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.learning import common
from benchmarks.learning.cpc import SETTINGS, predictive
from benchmarks.learning.recipe import train_by
from benchmarks.learning.simclr_short import Row, add_groups, record_rows
from course_utils import evaluate, rows, senses, sequences, speakers
from course_utils.augment import Augment
from course_utils.data import EmojiScenes, EmojiVideo, SpokenPrompts, rgb_to_lab
from course_utils.models import ConvNet, painter
from course_utils.sequences import PredictiveLoss, SpeechRun
from solutions.cpc.cmc_loss.reference import cmc_loss
from solutions.cpc.cpc_loss import wrong as wrong_loss
from solutions.cpc.cpc_loss.reference import cpc_loss
from solutions.cpc.cpc_scores import wrong as wrong_scores
from solutions.cpc.cpc_scores.reference import cpc_scores
from solutions.cpc.draw_negatives.reference import draw_negatives
from solutions.cpc.masked_conv.reference import masked_conv
from solutions.cpc.multiview_loss.reference import multiview_loss
from solutions.cpc.row_loss.reference import row_loss

Points = Iterator[tuple[str, Callable[[], Row]]]

SHORT: dict[str, Any] = {**SETTINGS, "steps": SETTINGS["steps"] // 2}
"""The notebook's recipe in half as many steps: half a minute."""

SEARCH = common.RESULTS / "search" / "cpc.json"
"""Where the search is kept: it comes before the settings, and must outlive them."""
STARTING_POINT: dict[str, Any] = {
    **SETTINGS,
    "dim": 64,
    "hidden": 96,
    "ahead": 8,
    "batch": 48,
    "steps": 600,
    "learning_rate": 2e-3,
}
RECIPES: dict[str, dict[str, Any]] = {
    "the starting point": {},
    "learning rate 0.0005": {"learning_rate": 5e-4},
    "learning rate 0.004": {"learning_rate": 4e-3},
    "4 steps ahead": {"ahead": 4},
    "12 steps ahead": {"ahead": 12},
    "a context of 192": {"hidden": 192},
    "batch 24, 1200 steps": {"batch": 24, "steps": 1200},
    "1800 steps": {"steps": 1800},
    "learning rate 0.004, a context of 192": {"learning_rate": 4e-3, "hidden": 192},
    "the same, 12 steps ahead": {"learning_rate": 4e-3, "hidden": 192, "ahead": 12},
    "the same, 8 steps ahead, 1000 steps": {"learning_rate": 4e-3, "hidden": 192, "steps": 1000},
}
AHEAD = (1, 2, 4, 8, 12)
NEGATIVES = 47
"""As many as the other windows of a batch are."""

IMAGES: dict[str, Any] = {
    "width": 16,
    "depth": 1,
    "norm": "none",
    "layers": 2,
    "rows_ahead": [2, 3],
    "directions": 1,
    "patch_noise": False,
    "steps": 500,
    "batch": 48,
    "learning_rate": 1e-3,
    "weight_decay": 1e-4,
    "warmup": 20,
}
SECOND_VERSION: dict[str, dict[str, Any]] = {
    "the first version": {},
    "+ patch augmentation": {"patch_noise": True},
    "+ layer norm": {"norm": "layer"},
    "+ four directions": {"directions": 4},
    "+ depth": {"depth": 3},
}
"""What CPC v2 changes (Hénaff 2020, figure 3 has more), each row with all changes above it."""

CMC: dict[str, Any] = {
    "width": 8,
    "dim": 64,
    "temperature": 0.1,
    "steps": 300,
    "batch": 128,
    "learning_rate": 3e-3,
    "weight_decay": 1e-4,
    "warmup": 10,
}


def heard(run: SpeechRun, train_set: SpokenPrompts, test_set: SpokenPrompts) -> Row:
    """The figures of a run on speech."""
    of = run.network.source
    figures = speakers.hearing(speakers.contexts_of(run.network), train_set, test_set, of=of)
    return {
        **{name: round(value, 4) for name, value in figures.items()},
        "last loss": round(run.history.smoothed(50)[-1], 4),
    }


def spoken(change: Mapping[str, Any], loss: PredictiveLoss = predictive, **more: Any) -> SpeechRun:
    """The short recipe with something changed."""
    return sequences.train_speech(SpokenPrompts("train"), loss, {**SHORT, **change}, progress=False, **more)


def timed_row(measure: Callable[[], Row]) -> Row:
    """The row, and what it took."""
    began = time.process_time()
    row = measure()
    return {**row, "cpu seconds": round(time.process_time() - began, 1)}


@torch.no_grad()
def ahead(run: SpeechRun, windows: int = 48) -> list[float]:
    """Accuracy of the prediction on windows of test prompts, step by step."""
    prompts = SpokenPrompts("test")
    generator = torch.Generator().manual_seed(0)
    clips = torch.randperm(len(prompts), generator=generator)[:windows]
    waves = prompts.windows(clips, sequences.window_samples(SETTINGS["frames"]), generator)
    z, context = run.network(run.network.heard(waves))
    return [
        round(a, 4) for a in speakers.accuracy_ahead(cpc_scores(z, context, run.network.weights)).tolist()
    ]


def recipes() -> Points:
    """A small search: trained on one part of the training prompts, asked about another part of them."""

    def measure(name: str) -> Row:
        kept = json.loads(SEARCH.read_text(encoding="utf-8")) if SEARCH.exists() else {}
        if name not in kept:
            fit, validation = SpokenPrompts("fit"), SpokenPrompts("validation")
            settings = {**STARTING_POINT, **RECIPES[name]}
            kept[name] = timed_row(
                lambda: heard(
                    sequences.train_speech(fit, predictive, settings, progress=False), fit, validation
                )
            )
            SEARCH.parent.mkdir(parents=True, exist_ok=True)
            SEARCH.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        return dict(kept[name])

    for name in RECIPES:
        yield name, functools.partial(measure, name)


def steps() -> Points:
    """How far ahead is predicted; and, of each, how often it is right."""
    train_set, test_set = SpokenPrompts("train"), SpokenPrompts("test")

    def measure(count: int) -> Row:
        run = spoken({"ahead": count})
        return {**heard(run, train_set, test_set), "accuracy ahead": ahead(run)}

    for count in AHEAD:
        yield f"{count} ahead", functools.partial(timed_row, functools.partial(measure, count))


def drawn_loss(within: str, seed: int = 0) -> PredictiveLoss:
    """CPC with negatives that `draw_negatives` draws, from all times of all windows or of the same one."""
    generator = torch.Generator().manual_seed(seed)

    def loss(z: Tensor, context: Tensor, weights: Tensor) -> Tensor:
        n, t, _ = z.shape
        count = t - len(weights)
        if within == "window":
            drawn = torch.stack(
                [draw_negatives(torch.rand(t, NEGATIVES, generator=generator)) for _ in range(n)]
            )
            drawn = drawn + t * torch.arange(n)[:, None, None]
        else:
            drawn = draw_negatives(torch.rand(n * t, NEGATIVES, generator=generator)).view(n, t, NEGATIVES)
        others = z.flatten(0, 1)[drawn]
        losses = []
        for step, matrix in enumerate(weights, start=1):
            predicted = context[:, :count] @ matrix.T
            own = (predicted * z[:, step : step + count]).sum(dim=2, keepdim=True)
            logits = torch.cat(
                [own, (others[:, step : step + count] @ predicted[..., None]).squeeze(3)], dim=2
            )
            losses.append(F.cross_entropy(logits.flatten(0, 1), torch.zeros(n * count, dtype=torch.int64)))
        return torch.stack(losses).mean()

    return loss


def negatives() -> Points:
    """Who the candidates are (van den Oord et al. 2018, table 2): all voices, one voice, other times."""
    train_set, test_set = SpokenPrompts("train"), SpokenPrompts("test")
    ways: dict[str, dict[str, Any]] = {
        "all voices, same time": {},
        "one voice, same time": {"draw": sequences.clips_of_one_voice},
        "all voices, any time": {"loss": drawn_loss("batch")},
        "same clip, other times": {"loss": drawn_loss("window")},
    }
    for name, way in ways.items():
        measure = functools.partial(lambda way: heard(spoken({}, **way), train_set, test_set), way)
        yield name, functools.partial(timed_row, measure)


def inputs() -> Points:
    """Log-mel frames or the raw wave, at equal power, in the notebook's number of steps; and random features."""
    train_set, test_set = SpokenPrompts("train"), SpokenPrompts("test")
    whole = {"steps": SETTINGS["steps"]}

    def measure(source: str, is_trained: bool) -> Row:
        if not is_trained:
            network = sequences.speech_network({**SETTINGS, "input": source})
            figures = speakers.hearing(speakers.contexts_of(network), train_set, test_set, of=source)
            return {name: round(value, 4) for name, value in figures.items()}
        return heard(spoken({**whole, "input": source}), train_set, test_set)

    for source in sequences.INPUTS:
        for is_trained in (True, False):
            name = f"{source}, {'CPC' if is_trained else evaluate.UNTRAINED}"
            yield name, functools.partial(timed_row, functools.partial(measure, source, is_trained))


def seen(encode: evaluate.Encode) -> Row:
    """The figures of an encoder of scenes."""
    train_set, test_set = EmojiScenes("train"), EmojiScenes("test")
    features = [evaluate.features(encode, scenes.images) for scenes in (train_set, test_set)]
    found = evaluate.score(features[0], train_set.labels, features[1], test_set.labels, test_set.emoji)
    return {name: round(value, 4) for name, value in found.items()}


def images() -> Points:
    """CPC on image rows, and what the second version changes, one by one; random features as first and last."""

    def measure(change: Mapping[str, Any], is_trained: bool = True) -> Row:
        settings = {**IMAGES, **change}
        if not is_trained:
            return seen(rows.row_network(settings, masked_conv))
        run = rows.train_rows(EmojiScenes("train").images, masked_conv, row_loss, settings, progress=False)
        return {**seen(run.network), "last loss": round(run.history.smoothed(50)[-1], 4)}

    change: dict[str, Any] = {}
    yield "random initialisation", functools.partial(timed_row, functools.partial(measure, {}, False))
    for name, more in SECOND_VERSION.items():
        change = {**change, **more}
        yield name, functools.partial(timed_row, functools.partial(measure, change))
    yield (
        "random initialisation, deep",
        functools.partial(timed_row, functools.partial(measure, change, False)),
    )


def two(projections: list[Tensor]) -> Tensor:
    """CMC's loss of two views."""
    first, second = projections
    return cmc_loss(first, second, CMC["temperature"])


def several(graph: str) -> senses.SensesLoss:
    """CMC's loss of many views, along the edges of a graph."""

    def loss(projections: list[Tensor]) -> Tensor:
        units = [F.normalize(view, dim=1) for view in projections]
        right = torch.arange(len(units[0]))
        table = [[F.cross_entropy(a @ b.T / CMC["temperature"], right) for b in units] for a in units]
        return multiview_loss(torch.stack([torch.stack(row) for row in table]), graph)

    return loss


def painted(settings: Mapping[str, Any]) -> nn.Module:
    """The contrast to contrast: an encoder of lightness that is to paint the colours themselves, by squared error."""
    encoders, _ = senses.senses(settings, 1)
    encoder = encoders[0]
    assert isinstance(encoder, ConvNet)
    paint = painter((8 * settings["width"], 64), 2)

    def whole(images: Tensor) -> Tensor:
        lightness, _ = senses.lightness_and_colour(images)
        return paint(encoder.layers((lightness - 0.5) / 0.25))

    generator, crop = torch.Generator().manual_seed(0), Augment(jitter=0.0, grey=0.0)

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        views = crop(batch[0], generator)
        predicted = whole(views)
        colours = rgb_to_lab(views)[:, 1:] / 50
        return F.mse_loss(predicted, F.adaptive_avg_pool2d(colours, predicted.shape[-1]))

    train_by(settings, step, (encoder, paint), EmojiScenes("train").images, seed=0)
    return encoder


def cmc() -> Points:
    """Pairs of views, graphs of four views, and prediction in the place of contrast.

    Features are read from lightness and colour, from lightness alone, or from the image, as each was trained.
    """
    scenes = EmojiScenes("train")

    def by_lightness(encoder: nn.Module) -> evaluate.Encode:
        return lambda images: encoder(senses.lightness_and_colour(images)[0])

    def families() -> tuple[Tensor, ...]:
        return tuple(EmojiScenes("train", family).images for family in ("noto", "twemoji"))  # type: ignore[arg-type]

    def frames() -> tuple[Tensor, ...]:
        clips = EmojiVideo("train").frames
        small = F.avg_pool2d(clips.flatten(0, 1).float(), 2).round().to(torch.uint8)
        return (small.unflatten(0, clips.shape[:2]),)

    def lab_run() -> senses.SensesRun:
        if "lab" not in kept:
            kept["lab"] = senses.train_senses((scenes.images,), senses.lab_views, two, CMC, progress=False)
        return kept["lab"]

    def shared(examples: Callable[[], tuple[Tensor, ...]], views: senses.MakeViews) -> Row:
        run = senses.train_senses(examples(), views, two, CMC, shared=True, progress=False)
        return {**seen(run.encoders[0]), "last loss": round(run.history.smoothed(50)[-1], 4)}

    def graph(name: str) -> Row:
        started = senses.senses(CMC, 4)
        run = senses.train_senses(
            families(), senses.four_views, several(name), CMC, started=started, progress=False
        )
        return {**seen(senses.by_halves(run.encoders)), "last loss": round(run.history.smoothed(50)[-1], 4)}

    kept: dict[str, senses.SensesRun] = {}
    untrained = senses.senses(CMC, 2)[0]
    measures: dict[str, Callable[[], Row]] = {
        "random initialisation, L and ab": lambda: seen(senses.by_halves(untrained)),
        "random initialisation, L": lambda: seen(by_lightness(untrained[0])),
        "random initialisation, image": lambda: seen(untrained[0]),
        "L / ab, read from both": lambda: seen(senses.by_halves(lab_run().encoders)),
        "L / ab, read from L": lambda: seen(by_lightness(lab_run().encoders[0])),
        "L predicts ab, read from L": lambda: seen(by_lightness(painted(CMC))),
        "two families": lambda: shared(families, senses.family_views),
        "a frame and the next": lambda: shared(frames, senses.moment_views),
        "four views, core graph": lambda: graph("core"),
        "four views, full graph": lambda: graph("full"),
    }
    for name, measure in measures.items():
        yield name, functools.partial(timed_row, measure)


def with_scores(scores: Callable[..., Tensor]) -> PredictiveLoss:
    """The loss with other scores."""
    return lambda z, context, weights: cpc_loss(scores(z, context, weights))


WRONG: dict[str, PredictiveLoss] = {
    "the present is predicted": with_scores(wrong_scores.present_predicted.function),
    "candidates of other times": with_scores(wrong_scores.other_times_as_candidates.function),
    "cosines": with_scores(wrong_scores.cosines.function),
    "the right one not below": lambda z, context, weights: wrong_loss.positive_not_below.function(
        cpc_scores(z, context, weights)
    ),
}
"""What the notebook calls it -> a loss with one wrong function."""


def broken() -> Points:
    """The right loss and wrong ones: curve and figures."""
    train_set, test_set = SpokenPrompts("train"), SpokenPrompts("test")

    def measure(loss: PredictiveLoss) -> Row:
        run = spoken({}, loss)
        losses = run.history.losses
        curve = [
            round(sum(losses[k : k + 10]) / len(losses[k : k + 10]), 3) for k in range(0, len(losses), 10)
        ]
        return {**heard(run, train_set, test_set), "accuracy ahead": ahead(run), "curve": curve}

    for name, loss in {"right": predictive, **WRONG}.items():
        yield name, functools.partial(timed_row, functools.partial(measure, loss))


GROUPS: dict[str, Callable[[], Points]] = {
    "recipes": recipes,
    "steps": steps,
    "negatives": negatives,
    "input": inputs,
    "images": images,
    "cmc": cmc,
    "broken": broken,
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_groups(parser, GROUPS)
    given = parser.parse_args()
    # The runs are many and small: one thread each wastes nothing, and leaves the other core alone.
    torch.set_num_threads(1)
    for group in given.groups or GROUPS:
        record_rows(group, GROUPS[group](), "cpc", SETTINGS, SHORT)


if __name__ == "__main__":
    main()
