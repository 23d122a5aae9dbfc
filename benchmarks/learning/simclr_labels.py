"""simclr with some labels: fine-tuning, a bigger encoder, distillation, SupCon beside cross-entropy; three seeds each.

python -m benchmarks.learning.simclr_labels                        # all; what is recorded already is not run again
python -m benchmarks.learning.simclr_labels finetuning distillation
python -m benchmarks.learning.simclr_labels --select               # learning rates on held-out emoji; writes nothing

Everything starts from the short recipe of `simclr_short`, and each row is the mean over three seeds of encoder, labels
and batches. Learning rates were chosen on emoji held out of the training split.
"""

from __future__ import annotations

import argparse
import functools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.learning import common
from benchmarks.learning.recipe import train_by
from benchmarks.learning.simclr_short import SHORT, Row, add_groups, pretrained, record_rows
from course_utils import evaluate
from course_utils.augment import Augment
from course_utils.data import EmojiScenes
from course_utils.pairs import networks
from course_utils.semi import accuracy, draw_labels, fine_tune, logits, with_classifier
from solutions.simclr.distillation_loss.reference import distillation_loss
from solutions.simclr.supcon_loss.reference import supcon_loss

Points = Iterator[tuple[str, Callable[[], Row]]]

SEEDS = (0, 1, 2)
FRACTIONS = (0.01, 0.1)
BIG = {"name": "convnet", "width": 16}
PROBE_DECAY = 0.1
"""Of linear probes on 1 % and 10 % of the labels, as in the notebook."""
FINE: dict[str, Any] = {"steps": 150, "batch": 64, "learning_rate": 3e-3}
"""Fine-tuning, of the whole network with a new linear layer."""
STUDENT: dict[str, Any] = {**FINE, "steps": 300, "batch": 128}
CHOICES = (3e-4, 1e-3, 3e-3)


@dataclass(frozen=True)
class Labelled:
    """What a learner sees: images, the labels it may use, and the images it is asked about."""

    images: Tensor
    labels: Tensor
    asked: Tensor
    answers: Tensor


def starts(
    seed: int, images: Tensor, model: Mapping[str, Any] | None = None
) -> dict[str, tuple[nn.Module, int]]:
    """Networks to fine-tune, and the length of their output: nothing learned, the encoder, the encoder and the first
    layer of the head."""
    run = pretrained(seed, images, model)
    head = run.projector
    assert isinstance(head, nn.Sequential)
    last = head[-1]
    assert isinstance(last, nn.Linear)
    return {
        "from scratch": (run.untrained, run.encoder.feature_dim),
        "fine-tuned": (run.encoder, run.encoder.feature_dim),
        "fine-tuned from inside the head": (nn.Sequential(run.encoder, head[:-1]), last.in_features),
    }


def over_seeds(measure: Callable[[int], float]) -> Row:
    """The three accuracies, their mean, and what they took."""
    began = time.process_time()
    values = [round(measure(seed), 4) for seed in SEEDS]
    return {
        "accuracy": round(sum(values) / len(values), 4),
        "values": values,
        "cpu seconds": round(time.process_time() - began, 1),
    }


def tune(
    data: Labelled,
    fraction: float,
    how: str,
    seed: int,
    settings: Mapping[str, Any],
    model: Mapping[str, Any] | None = None,
) -> nn.Sequential:
    """The network that starts as `how` says, after training on a fraction of the labels."""
    network, width = starts(seed, data.images, model)[how]
    chosen = draw_labels(data.labels, fraction, seed)
    whole = with_classifier(network, width, int(data.labels.max()) + 1)
    fine_tune(whole, data.images[chosen], data.labels[chosen], F.cross_entropy, **settings, seed=seed)
    return whole


def finetuning(data: Labelled) -> Points:
    """1 % and 10 % of the labels: probe, fine-tuning, from scratch; and a bigger encoder at 1 %."""

    def measure(how: str, fraction: float, model: Mapping[str, Any] | None, seed: int) -> float:
        if how == "linear probe":
            encoder = pretrained(seed, data.images, model).encoder
            seen, asked = (evaluate.features(encoder, part) for part in (data.images, data.asked))
            chosen = draw_labels(data.labels, fraction, seed)
            return evaluate.linear_probe(seen[chosen], data.labels[chosen], asked, data.answers, PROBE_DECAY)
        return accuracy(tune(data, fraction, how, seed, FINE, model), data.asked, data.answers)

    hows = ("from scratch", "linear probe", "fine-tuned", "fine-tuned from inside the head")
    for model, size in ((None, "small"), (BIG, "big")):
        for fraction in FRACTIONS if model is None else FRACTIONS[:1]:
            for how in hows:
                bound = functools.partial(measure, how, fraction, model)
                yield f"{size}, {fraction:.0%}, {how}", functools.partial(over_seeds, bound)


def distillation(data: Labelled) -> Points:
    """A big teacher that is fine-tuned with 1 % of the labels, and small students that see no label at all."""
    teachers: dict[int, Tensor] = {}

    def told(seed: int) -> Tensor:
        """The teacher's logits of every training image."""
        if seed not in teachers:
            teachers[seed] = logits(tune(data, FRACTIONS[0], "fine-tuned", seed, FINE, BIG), data.images)
        return teachers[seed]

    def measure(temperature: float, how: str, seed: int) -> float:
        def soft(student: Tensor, teacher: Tensor) -> Tensor:
            return distillation_loss(student, teacher, temperature)

        network, width = starts(seed, data.images)[how]
        student = with_classifier(network, width, int(data.labels.max()) + 1)
        fine_tune(student, data.images, told(seed), soft, **STUDENT, seed=seed)
        return accuracy(student, data.asked, data.answers)

    for temperature in (1.0, 0.1, 4.0):
        bound = functools.partial(measure, temperature, "fine-tuned")
        yield f"pretrained student, T {temperature:g}", functools.partial(over_seeds, bound)
    yield (
        "student from scratch, T 1",
        functools.partial(over_seeds, functools.partial(measure, 1.0, "from scratch")),
    )


def supervised(data: Labelled) -> Points:
    """SupCon and a probe beside cross-entropy, with the same labels, encoder and number of pictures in a step."""

    def chosen(fraction: float, seed: int) -> Tensor:
        return torch.arange(len(data.labels)) if fraction == 1 else draw_labels(data.labels, fraction, seed)

    def length(fraction: float) -> dict[str, Any]:
        """Few images are learned in fewer steps."""
        return {**SHORT, "steps": SHORT["steps"] if fraction == 1 else SHORT["steps"] // 3}

    def supcon(fraction: float, seed: int) -> float:
        settings, mine = length(fraction), chosen(fraction, seed)
        encoder, head = networks(settings, seed=seed)
        network = nn.Sequential(encoder, head)
        generator, view = torch.Generator().manual_seed(seed), Augment()

        def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
            views = torch.cat([view(batch[0], generator) for _ in range(2)])
            return supcon_loss(network(views), batch[1].repeat(2), settings["temperature"])

        train_by(settings, step, [network], data.images[mine], data.labels[mine], seed=seed)
        seen, asked = (evaluate.features(encoder, part) for part in (data.images[mine], data.asked))
        decay = 1e-3 if fraction == 1 else PROBE_DECAY
        return evaluate.linear_probe(seen, data.labels[mine], asked, data.answers, decay)

    def cross_entropy(fraction: float, seed: int) -> float:
        settings, mine = length(fraction), chosen(fraction, seed)
        encoder, _ = networks(settings, seed=seed)
        whole = with_classifier(encoder, encoder.feature_dim, int(data.labels.max()) + 1)
        # One view of twice as many images: as many pictures in a step as SupCon sees, where labels are few as well.
        twice = mine.repeat(2)
        fine_tune(
            whole,
            data.images[twice],
            data.labels[twice],
            F.cross_entropy,
            steps=settings["steps"],
            batch=2 * settings["batch"],
            learning_rate=settings["learning_rate"],
            seed=seed,
        )
        return accuracy(whole, data.asked, data.answers)

    def probe(fraction: float, seed: int) -> float:
        encoder, mine = pretrained(seed, data.images).encoder, chosen(fraction, seed)
        seen, asked = (evaluate.features(encoder, part) for part in (data.images, data.asked))
        decay = 1e-3 if fraction == 1 else PROBE_DECAY
        return evaluate.linear_probe(seen[mine], data.labels[mine], asked, data.answers, decay)

    for fraction in (*FRACTIONS, 1):
        for name, measure in (
            ("NT-Xent without labels, then a probe", probe),
            ("SupCon, then a probe", supcon),
            ("cross-entropy", cross_entropy),
        ):
            bound = functools.partial(measure, fraction)
            yield f"{fraction:.0%}, {name}", functools.partial(over_seeds, bound)


GROUPS: dict[str, Callable[[Labelled], Points]] = {
    "finetuning": finetuning,
    "distillation": distillation,
    "supervised": supervised,
}


def select(scenes: EmojiScenes) -> None:
    """Accuracy on held-out emoji of the training split, for each learning rate of fine-tuning; writes nothing."""
    held_out = scenes.emoji % 5 == 0
    labels = torch.where(held_out, -1, scenes.labels)
    for fraction in FRACTIONS:
        for how in ("fine-tuned", "from scratch"):
            for rate in CHOICES:
                network, width = starts(0, scenes.images)[how]
                learned = (labels >= 0).nonzero().squeeze(1)
                mine = learned[draw_labels(labels[learned], fraction, 0)]
                whole = with_classifier(network, width, int(labels.max()) + 1)
                settings = {**FINE, "learning_rate": rate}
                fine_tune(whole, scenes.images[mine], labels[mine], F.cross_entropy, **settings)
                found = accuracy(whole, scenes.images[held_out], scenes.labels[held_out])
                print(f"{fraction:.0%}, {how}, learning rate {rate:g}: {found:.3f}", flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add_groups(parser, GROUPS)
    parser.add_argument("--select", action="store_true", help="try learning rates on held-out emoji")
    given = parser.parse_args()
    torch.set_num_threads(1)
    train_set, test_set = common.scenes(SHORT)
    if given.select:
        select(train_set)
        return
    data = Labelled(train_set.images, train_set.labels, test_set.images, test_set.labels)
    for group in given.groups or GROUPS:
        record_rows(group, GROUPS[group](data))


if __name__ == "__main__":
    main()
