"""What the visible checks promise: faults that cost points show, and the first case can be worked by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autograder.course.exercises import Exercise
from autograder.course.trial import judge_function
from autograder.course.units import load_unit
from course_utils.checks.case import Case, Input
from course_utils.checks.definition import PUBLIC_SECRET
from course_utils.checks.prepared import PreparedExercise
from tests.support import ROOT, UNITS

EXERCISES = {exercise.id: exercise for unit in UNITS for exercise in load_unit(ROOT, unit).exercises.values()}
# Exercise -> all points, and those of hidden checks.
POINTS: dict[str, tuple[float, float]] = {
    "moco.momentum_update": (4, 2),
    "moco.enqueue": (5.5, 3),
    "moco.moco_logits": (5, 2.5),
    "pretext.rotate_batch": (4, 1.5),
    "simclr.cosine_similarity": (3.5, 2),
    "pretext.patch_pair": (6, 2),
    "pretext.permutation_set": (5.5, 2.5),
    "pretext.jigsaw": (7.5, 2.5),
    "pretext.mask_region": (4, 1),
    "pretext.inpainting_loss": (5.5, 2),
    "pretext.split_lab": (2.5, 1.5),
    "pretext.ab_bins": (4, 1.5),
    "pretext.split_brain_loss": (4, 1.5),
    "simclr.info_nce": (4.5, 2.5),
    "simclr.mi_lower_bound": (3, 1),
    "simclr.nt_xent": (8, 4),
    "simclr.two_views": (5.5, 2),
    "simclr.supcon_loss": (8, 3.5),
    "simclr.distillation_loss": (5, 2.5),
    "video.colorization_attention": (5.5, 3),
    "video.copy_colors": (4, 2),
}


@cache
def prepared(name: str, secret: bytes = PUBLIC_SECRET, visible_only: bool = True) -> PreparedExercise:
    return replace(EXERCISES[name], misconceptions=()).prepare(secret, visible_only=visible_only)


# --- answers that lost points in hidden checks alone --------------------------------------------------------------


def logits_without_gradients(queries: Tensor, keys: Tensor, queue: Tensor, temperature: float) -> Tensor:
    with torch.no_grad():
        result: Tensor = EXERCISES["moco.moco_logits"].reference(queries, keys, queue, temperature)
    return result


def logits_on_a_graph_of_their_own(
    queries: Tensor, keys: Tensor, queue: Tensor, temperature: float
) -> Tensor:
    return logits_without_gradients(queries, keys, queue, temperature).requires_grad_()


def enqueue_without_the_error(queue: Tensor, pointer: int, keys: Tensor) -> int:
    columns = (torch.arange(len(keys)) + pointer) % queue.shape[1]
    queue[:, columns] = keys.detach().T
    return (pointer + len(keys)) % queue.shape[1]


def enqueue_on_the_graph(queue: Tensor, pointer: int, keys: Tensor) -> int:
    if len(keys) > queue.shape[1]:
        raise ValueError("too many")
    queue[:, (torch.arange(len(keys)) + pointer) % queue.shape[1]] = keys.T
    return (pointer + len(keys)) % queue.shape[1]


def update_on_the_graph(query_encoder: nn.Module, key_encoder: nn.Module, momentum: float) -> None:
    for q, k in zip(query_encoder.parameters(), key_encoder.parameters(), strict=True):
        k.copy_(momentum * k + (1 - momentum) * q)


def loss_with_plain_exponentials(z_i: Tensor, z_j: Tensor, temperature: float) -> Tensor:
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    e = (z @ z.T / temperature).exp()
    e = e * (1 - torch.eye(len(z), dtype=e.dtype))
    return -(e[torch.arange(len(z)), torch.arange(len(z)).roll(len(z_i))] / e.sum(1)).log().mean()


def info_nce_with_plain_exponentials(positives: Tensor, negatives: Tensor) -> Tensor:
    return -(positives.exp() / (positives.exp() + negatives.exp().sum(1))).log().mean()


def attention_with_plain_exponentials(reference: Tensor, target: Tensor, temperature: float = 1.0) -> Tensor:
    e = (torch.einsum("ndi,ndj->nij", reference.flatten(2), target.flatten(2)) / temperature).exp()
    return e / e.sum(1, keepdim=True)


LOST: dict[str, tuple[str, Callable[..., Any]]] = {
    "gradient-to-queries": ("moco.moco_logits", logits_without_gradients),
    "gradient-to-queries, anew": ("moco.moco_logits", logits_on_a_graph_of_their_own),
    "too-many-keys": ("moco.enqueue", enqueue_without_the_error),
    "off-the-graph": ("moco.enqueue", enqueue_on_the_graph),
    "everything-else-stays": ("moco.momentum_update", update_on_the_graph),
    "low-temperature": ("simclr.nt_xent", loss_with_plain_exponentials),
    "low-temperature, info_nce": ("simclr.info_nce", info_nce_with_plain_exponentials),
    "low-temperature, attention": ("video.colorization_attention", attention_with_plain_exponentials),
}


@pytest.mark.parametrize("check", LOST)
def test_what_costs_points_later_shows_at_once(check: str) -> None:
    name, answer = LOST[check]
    verdict = judge_function(prepared(name), answer)
    failed = [item.check.id for item in verdict.checks if not item.passed]
    assert failed == [check.partition(",")[0]], "and nothing else: all other values are right"


# --- points ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", POINTS)
def test_points_of_hidden_checks(name: str) -> None:
    checks = EXERCISES[name].checks
    hidden = sum(check.points for check in checks if not check.visible)
    assert (sum(check.points for check in checks), hidden) == POINTS[name]


# --- the first case -------------------------------------------------------------------------------------------------


def first_case(exercise: Exercise, secret: bytes) -> Case:
    check = next(check for check in exercise.checks if check.visible and not check.side)
    return exercise.draw(check, secret)[0]


@pytest.mark.parametrize("name", POINTS)
def test_the_first_case_of_the_first_visible_check_is_made_for_reading(name: str) -> None:
    exercise = EXERCISES[name]
    case, again = first_case(exercise, PUBLIC_SECRET), first_case(exercise, b"another secret")
    for key, value in case.inputs.items():
        other = again.inputs[key]
        if isinstance(value, Input):
            assert isinstance(other, Input)
            assert torch.equal(value.tensor, other.tensor), "it is the same under every secret"
            hundredths = 100 * value.tensor.double()
            assert value.tensor.numel() <= 13
            assert torch.allclose(hundredths, hundredths.round(), atol=1e-4), "two digits behind the point"


def copied(function: Callable[..., Any], first: Case) -> Callable[..., Any]:
    """Right in the first case, which everybody knows, and nothing in all others."""

    def is_the_first(given: Any, value: Any) -> bool:
        if not isinstance(value, Input):
            return bool(given == value)
        return given.shape == value.tensor.shape and torch.equal(given.double(), value.tensor.double())

    def answer(*arguments: Any) -> Any:
        fits = map(is_the_first, arguments, first.inputs.values())
        return function(*arguments) if all(fits) else None

    return answer


@pytest.mark.parametrize("name", [name for name in POINTS if name != "moco.momentum_update"])
def test_knowing_the_first_case_earns_nothing(name: str) -> None:
    exercise = EXERCISES[name]
    case = first_case(exercise, PUBLIC_SECRET).to(torch.float32).to(torch.float64)
    answer = copied(exercise.reference, case)
    # Numbers as they come in float32; indices, masks and bytes as they are.
    single = case.to(torch.float32).inputs.values()
    given = [value.tensor if isinstance(value, Input) else value for value in single]
    assert answer(*given) is not None, "it is right there"
    assert judge_function(prepared(name, b"secret", False), answer).score == 0
