"""Few labels: which are drawn, and that fine-tuning reaches all of a network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import evaluate, pairs, semi
from course_utils.models import build

RECIPE = {
    "model": {"name": "convnet", "width": 2},
    "steps": 3,
    "batch": 8,
    "learning_rate": 1e-3,
    "weight_decay": 1e-4,
    "warmup": 1,
    "temperature": 0.1,
    "views": {},
}


@pytest.fixture
def images() -> Tensor:
    return torch.randint(256, (24, 3, 16, 16), generator=torch.Generator().manual_seed(0)).byte()


def test_the_same_part_of_every_class_is_drawn() -> None:
    labels = torch.tensor([0] * 40 + [1] * 20 + [2] * 3)
    chosen = semi.draw_labels(labels, 0.1, seed=1)
    assert labels[chosen].bincount().tolist() == [4, 2, 1]
    assert len(chosen.unique()) == len(chosen)
    assert torch.equal(chosen, semi.draw_labels(labels, 0.1, seed=1))
    assert not torch.equal(chosen, semi.draw_labels(labels, 0.1, seed=2))
    with pytest.raises(ValueError, match="fraction"):
        semi.draw_labels(labels, 0)


def test_draws_are_those_of_few_label() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(3, (60,), generator=generator)
    x = torch.randn(60, 4, generator=generator) + labels.unsqueeze(1)
    chosen = semi.draw_labels(labels, 0.1, seed=3)
    by_hand = evaluate.linear_probe(x[chosen], labels[chosen], x, labels)
    assert semi.few_label(x, labels, x, labels, fraction=0.1, seeds=[3]).mean == by_hand


def test_a_new_classifier_says_nothing_and_leaves_the_network_alone(images: Tensor) -> None:
    encoder = build("convnet", width=2)
    before = [parameter.clone() for parameter in encoder.parameters()]
    whole = semi.with_classifier(encoder, 16, 3)
    assert (semi.logits(whole, images) == 0).all()
    semi.fine_tune(whole, images, torch.arange(24) % 3, F.cross_entropy, steps=3, batch=8)
    assert all(torch.equal(old, new) for old, new in zip(before, encoder.parameters(), strict=True))
    tuned = list(whole[0].parameters())
    assert any(not torch.equal(old, new) for old, new in zip(before, tuned, strict=True))
    assert not whole.training


def test_targets_may_be_a_teachers_logits(images: Tensor) -> None:
    seen = []

    def criterion(student: Tensor, teacher: Tensor) -> Tensor:
        seen.append(teacher)
        return (student - teacher).square().mean()

    whole = semi.with_classifier(build("convnet", width=2), 16, 3)
    semi.fine_tune(whole, images, torch.arange(72.0).view(24, 3), criterion, steps=2, batch=8)
    assert seen[0].shape == (8, 3)
    with pytest.raises(ValueError, match="targets"):
        semi.fine_tune(whole, images, torch.zeros(5, 3), criterion)


def test_accuracy_counts_the_largest_logit() -> None:
    class Corner(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, images: Tensor) -> Tensor:
            return self.scale * images[:, :, 0, 0]

    images = torch.eye(3).view(3, 3, 1, 1).repeat(1, 1, 4, 4)
    assert semi.accuracy(Corner(), images, torch.tensor([0, 1, 1])) == pytest.approx(2 / 3)


def test_pairs_are_trained_as_the_recipe_says(images: Tensor) -> None:
    asked = []

    def loss(z_i: Tensor, z_j: Tensor, temperature: float) -> Tensor:
        asked.append((z_i.shape, temperature))
        return (z_i - z_j).square().mean()

    run = pairs.train_pairs(images, loss, RECIPE, progress=False)
    again = pairs.train_pairs(images, loss, RECIPE, progress=False)
    assert asked[0] == ((8, 128), 0.1) and len(run.history) == 3
    assert run.history.losses == again.history.losses
    moved = [
        not torch.equal(old, new)
        for old, new in zip(run.untrained.parameters(), run.encoder.parameters(), strict=True)
    ]
    assert any(moved)


def test_views_and_networks_may_be_given(images: Tensor) -> None:
    encoder, head = pairs.networks(RECIPE, head={"hidden": 0})
    run = pairs.train_pairs(
        images,
        lambda z_i, z_j, temperature: (z_i - z_j).square().mean(),
        RECIPE,
        view=lambda shown, generator: shown / 255,
        started=(encoder, head),
        progress=False,
    )
    assert run.encoder is encoder and run.head is head
    assert run.history.losses == [0.0] * 3


def test_what_a_recipe_lacks_is_named(images: Tensor) -> None:
    with pytest.raises(ValueError, match="it lacks steps, views"):
        short = {name: value for name, value in RECIPE.items() if name not in ("steps", "views")}
        pairs.train_pairs(images, lambda *_: torch.zeros(()), short)
    with pytest.raises(ValueError, match="encoder"):
        pairs.networks({"model": {"name": "tiny_encoder"}})


COLOUR = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(3))
LABELS, LINEAR, CONVNET = torch.arange(8) % 3, nn.Linear(4, 4), build("convnet", width=2)
WRONG = partial(cast, Any)


def tune(**changed: Any) -> nn.Module:
    right = {
        "network": CONVNET,
        "images": COLOUR,
        "targets": LABELS,
        "criterion": F.cross_entropy,
        "steps": 2,
    }
    return semi.fine_tune(**{**right, **changed})


def apart(z_i: Tensor, z_j: Tensor, temperature: float) -> Tensor:
    return (z_i - z_j).square().mean()


def train_by(**changed: Any) -> pairs.PairRun:
    return pairs.train_pairs(COLOUR, apart, {**RECIPE, **changed}, progress=False)


# What is wrong -> the call, and what the message says.
MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "labels that are a number": (
        lambda: semi.draw_labels(WRONG(5), 0.5),
        r"labels should be a tensor of int64",
    ),
    "no labels": (
        lambda: semi.draw_labels(LABELS[:0], 0.5),
        r"labels should be at least 1 label; there is none",
    ),
    "a seed below 0": (
        lambda: semi.draw_labels(LABELS, 0.5, seed=-1),
        r"seed should be a whole number, at least 0",
    ),
    "width": (lambda: semi.with_classifier(LINEAR, -1, 2), r"width should be a whole number, at least 1"),
    "no classes": (
        lambda: semi.with_classifier(LINEAR, 4, 0),
        r"classes should be a whole number, at least 1",
    ),
    "nothing to learn": (
        lambda: semi.with_classifier(nn.ReLU(), 4, 2),
        r"network should be .* with parameters",
    ),
    "a function": (
        lambda: semi.with_classifier(WRONG(torch.relu), 4, 2),
        r"network should be a torch.nn.Module",
    ),
    "tuning a function": (lambda: tune(network=WRONG(torch.relu)), r"network should be a torch.nn.Module"),
    "no criterion": (lambda: tune(criterion=WRONG(None)), r"criterion should be a function"),
    "no targets": (lambda: tune(targets=WRONG(None)), r"targets should be a tensor.*None"),
    "one target": (lambda: tune(targets=torch.tensor(1)), r"targets should be at least 1 dimension"),
    "too few targets": (lambda: tune(targets=LABELS[:3]), r"targets should be as long as images"),
    "no images to tune on": (
        lambda: tune(images=COLOUR[:0], targets=LABELS[:0]),
        r"images should be at least 1 image",
    ),
    "learning rate": (lambda: tune(learning_rate=WRONG("a")), r"learning_rate should be a number, above 0"),
    "no steps": (lambda: tune(steps=0), r"steps should be a whole number, at least 1"),
    "no batch": (lambda: tune(batch=0), r"batch should be a whole number, at least 1"),
    "a loss without gradient": (
        lambda: tune(criterion=lambda said, due: said.detach().sum()),
        r"criterion should be .*no gradient",
    ),
    "a loss for each image": (
        lambda: tune(criterion=lambda said, due: said),
        r"criterion should be .*scalar tensor",
    ),
    "accuracy of nothing": (
        lambda: semi.accuracy(CONVNET, COLOUR[:0], LABELS[:0]),
        r"images should be at least 1 image",
    ),
    "logits of nobody": (lambda: semi.logits(WRONG(None), COLOUR), r"network should be"),
    "no recipe": (lambda: pairs.networks({}), r"recipe should be .*model"),
    "recipe that is a text": (lambda: pairs.networks(WRONG("convnet")), r"recipe should be a mapping"),
    "model that is a text": (lambda: pairs.networks({"model": "convnet"}), r"model.* should be a mapping"),
    "model without a name": (
        lambda: pairs.networks({"model": {"width": 2}}),
        r"model.* should be the name.*it has no name",
    ),
    "setting of the head": (
        lambda: pairs.networks(RECIPE, head={"x": 1}),
        r"head should be some of hidden, out_features; there is no .x",
    ),
    "setting of the views": (
        lambda: train_by(views={"foo": 1}),
        r"views.* should be some of crop.*there is no .foo",
    ),
    "views that are a list": (lambda: train_by(views=[1]), r"views.* should be a mapping"),
    "learning rate of pairs": (
        lambda: train_by(learning_rate="a"),
        r"learning_rate.* should be a number, above 0",
    ),
    "no steps of pairs": (lambda: train_by(steps=0), r"steps.* should be a whole number, at least 1"),
    "warm-up": (lambda: train_by(warmup=-1), r"warmup.* should be a number, at least 0"),
    "a view that is a number": (
        lambda: pairs.train_pairs(COLOUR, apart, RECIPE, view=WRONG(3)),
        r"view should be a function",
    ),
    "one network": (
        lambda: pairs.train_pairs(COLOUR, apart, RECIPE, started=WRONG((LINEAR,))),
        r"started should be an encoder and a head",
    ),
    "pairs without gradient": (
        lambda: pairs.train_pairs(COLOUR, lambda *_: torch.zeros(()), RECIPE),
        r"loss should be .*no gradient",
    ),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
