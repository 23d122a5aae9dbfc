"""Training with a queue: it does what the notebook's loop does, and asks for what it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from course_utils import costs, momentum
from course_utils.augment import Augment, two_views
from course_utils.momentum import QueueParts, QueueRun, queue_run, train_queue
from course_utils.train import Batches, cosine
from solutions.moco.enqueue.reference import enqueue
from solutions.moco.moco_logits.reference import moco_logits
from solutions.moco.moco_loss.reference import moco_loss
from solutions.moco.momentum_update.reference import momentum_update

IMAGES = torch.rand(40, 3, 8, 8, generator=torch.Generator().manual_seed(0))
RECIPE: dict[str, Any] = {
    "model": {"name": "convnet", "width": 2},
    "steps": 5,
    "batch": 12,
    "learning_rate": 1e-2,
    "weight_decay": 1e-4,
    "warmup": 2,
    "temperature": 0.2,
    "momentum": 0.9,
    "queue": 30,
    "dim": 6,
    "views": {"grey": 0.0},
}
PARTS = QueueParts(moco_logits, moco_loss, momentum_update, enqueue)
WRONG = partial(cast, Any)


def trained(parts: QueueParts = PARTS, **how: Any) -> QueueRun:
    return train_queue(IMAGES, parts, {**RECIPE, **how.pop("change", {})}, progress=False, **how)


def weights(network: nn.Module) -> Tensor:
    return torch.cat([value.flatten().double() for value in network.state_dict().values()])


def by_hand(steps: int) -> tuple[nn.Module, nn.Module, Tensor, list[float]]:
    """The step of the notebook, written out."""
    run, pointer, losses = queue_run(RECIPE), 0, []
    generator, view, rate = torch.Generator().manual_seed(0), Augment(grey=0.0), cosine(RECIPE["steps"], 2)
    optimizer = torch.optim.AdamW(run.query.parameters(), lr=1e-2, weight_decay=1e-4)
    batches = Batches(IMAGES, size=12)
    for number in range(steps):
        optimizer.param_groups[0]["lr"] = 1e-2 * rate(number)
        first, second = two_views(batches[number][0], generator, view)
        with torch.no_grad():
            keys = run.key(second)
        loss = moco_loss(moco_logits(run.query(first), keys, run.queue, 0.2))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        momentum_update(run.query, run.key, 0.9)
        pointer = enqueue(run.queue, pointer, keys)
        losses.append(loss.item())
    return run.query, run.key, run.queue, losses


def test_it_is_the_step_of_the_notebook() -> None:
    query, key, queue, losses = by_hand(5)
    run = trained()
    assert run.history.losses == pytest.approx(losses)
    for mine, theirs in ((run.query, query), (run.key, key)):
        torch.testing.assert_close(weights(mine), weights(theirs))
    torch.testing.assert_close(run.queue, queue)
    assert len(run.accuracy) == 5 and all(0 <= share <= 1 for share in run.accuracy)


def test_both_encoders_start_equal_and_one_is_trained() -> None:
    run = queue_run({**RECIPE, "head": {"hidden": 0}}, seed=3)
    assert torch.equal(weights(run.query), weights(run.key))
    assert all(p.requires_grad for p in run.query.parameters())
    assert not any(p.requires_grad for p in run.key.parameters())
    assert run.queue.shape == (6, 30)
    assert [type(part) for part in cast(nn.Sequential, run.query[1])] == [nn.Linear]
    after = trained(change={"head": {"hidden": 0}}, seed=3)
    assert torch.equal(weights(after.untrained), weights(run.encoder))
    assert not torch.equal(weights(after.encoder), weights(run.encoder))


def test_parts_can_be_replaced() -> None:
    seen: dict[str, int] = {}

    def in_two(name: str, encoder: nn.Module, views: Tensor) -> Tensor:
        seen[name] = seen.get(name, 0) + 1
        return torch.cat([encoder(part) for part in views.chunk(2)])

    parts = replace(PARTS, queries=partial(in_two, "queries"), keys=partial(in_two, "keys"))
    run = trained(parts)
    assert seen == {"queries": 5, "keys": 5}
    assert run.history.losses != trained().history.losses


def test_a_run_can_be_watched_after_each_step() -> None:
    seen: list[tuple[int, Tensor]] = []
    run = trained(watch=lambda number, run: seen.append((number, weights(run.key))))
    assert [number for number, _ in seen] == [0, 1, 2, 3, 4]
    assert torch.equal(seen[-1][1], weights(run.key))
    assert not torch.equal(seen[0][1], seen[-1][1])


def test_the_schedule_may_be_another() -> None:
    rates: list[int] = []

    def schedule(number: int) -> float:
        rates.append(number)
        return 0.0

    run = trained(schedule=schedule)
    assert rates == [0, 1, 2, 3, 4]
    parameters = zip(run.encoder.parameters(), run.untrained.parameters(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in parameters)


MISTAKES: dict[str, tuple[Callable[[], object], str]] = {
    "images": (lambda: train_queue(WRONG([1]), PARTS, RECIPE), "images should be"),
    "no images": (lambda: train_queue(IMAGES[:0], PARTS, RECIPE), "images should be at least 1 image"),
    "parts": (lambda: train_queue(IMAGES, WRONG(moco_loss), RECIPE), "parts should be the QueueParts"),
    "a part": (lambda: trained(replace(PARTS, loss=WRONG(3))), r"parts\.loss should be a function"),
    "a loss without a gradient": (
        lambda: trained(replace(PARTS, loss=lambda logits: logits.detach().mean())),
        r"parts\.loss should be .*depends on the parameters",
    ),
    "schedule": (lambda: trained(schedule=3), "schedule should be a function"),
    "watch": (lambda: trained(watch="me"), "watch should be a function"),
    "no momentum": (
        lambda: queue_run({name: value for name, value in RECIPE.items() if name != "momentum"}),
        "recipe should be .*momentum.*it lacks momentum",
    ),
    "momentum": (lambda: trained(change={"momentum": 1.5}), r"recipe\['momentum'\] should be .*at most 1"),
    "queue": (
        lambda: trained(change={"queue": 0}),
        r"recipe\['queue'\] should be a whole number, at least 1",
    ),
    "views": (lambda: trained(change={"views": {"colour": 1}}), r"recipe\['views'\].*no 'colour'"),
    "model": (lambda: trained(change={"model": {"width": 3}}), r"recipe\['model'\].*no name"),
    "no encoder": (lambda: queue_run({**RECIPE, "model": {"name": "tiny_encoder"}}), "'tiny_encoder'"),
    "head": (
        lambda: queue_run({**RECIPE, "head": {"size": 3}}),
        r"recipe\['head'\] should be some of hidden",
    ),
    "seed": (lambda: queue_run(RECIPE, seed=WRONG(0.5)), "seed should be a whole number"),
    "nothing to run": (lambda: costs.kept_for_backward(WRONG(3)), "run should be a function"),
    "nothing to time": (lambda: costs.seconds_of(WRONG(3)), "run should be a function"),
    "no repeats": (lambda: costs.seconds_of(lambda: 0, repeats=0), "repeats should be a whole number"),
}


@pytest.mark.parametrize(("call", "message"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_of_trainings_with_a_queue_are_named(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_what_autograd_keeps_is_counted_once() -> None:
    x = torch.randn(50, 20, requires_grad=True)
    assert costs.kept_for_backward(lambda: x.sum()) == 0
    assert costs.kept_for_backward(lambda: x.exp()) == 50 * 20 * 4
    # The same tensor kept twice is kept once.
    assert costs.kept_for_backward(lambda: (x * x).sum()) == 50 * 20 * 4
    with torch.no_grad():
        assert costs.kept_for_backward(lambda: x.exp()) == 0


def test_the_shortest_time_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 5.0, 10.0, 12.0, 20.0, 29.0])
    monkeypatch.setattr("course_utils.costs.time.perf_counter", lambda: next(clock))
    calls: list[int] = []
    assert costs.seconds_of(lambda: calls.append(1), repeats=3) == 2.0
    assert len(calls) == 3


def test_the_queue_holds_what_the_key_encoder_made() -> None:
    kept: list[Tensor] = []

    def note(queue: Tensor, pointer: int, keys: Tensor) -> int:
        kept.append(keys)
        return enqueue(queue, pointer, keys)

    run = trained(replace(PARTS, enqueue=note), change={"steps": 2})
    assert torch.equal(run.queue[:, :24], torch.cat(kept).T)
    assert F.normalize(run.queue[:, 24:], dim=0).shape == (6, 6)
    assert momentum.QueueParts is QueueParts
