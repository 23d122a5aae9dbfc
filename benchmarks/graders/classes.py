"""The class that every grader of the benchmark is given: who answered what, and our notebooks of it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import nbformat

from autograder.course.units import Unit
from autograder.errors import UserError
from autograder.publish.sample_class import fill, misconception_source, reference_sources

# Of ten students. No endless loops: they would measure a time limit, not a grader.
MIX = (
    "right", "one wrong", "written otherwise", "unfinished", "right",
    "one wrong", "written otherwise", "two wrong", "right", "written otherwise",
)  # fmt: skip

# Right, but with other roundings and other gradients' graphs than the reference's: a class is not of one hand.
OTHERWISE = {
    "moco.momentum_update": """\
@torch.no_grad()
def momentum_update(query_encoder, key_encoder, momentum):
    for source, target in zip(query_encoder.parameters(), key_encoder.parameters()):
        target.data.copy_(target.data * momentum + source.data * (1.0 - momentum))
""",
    "moco.enqueue": """\
def enqueue(queue, pointer, keys):
    count, length = len(keys), queue.size(1)
    if count > length:
        raise ValueError("more keys than columns")
    with torch.no_grad():
        for number in range(count):
            queue[:, (pointer + number) % length] = keys[number]
    return (pointer + count) % length
""",
    "moco.moco_logits": """\
def moco_logits(queries, keys, queue, temperature):
    left = F.normalize(queries, dim=-1)
    with torch.no_grad():
        right = F.normalize(keys, dim=-1)
        others = F.normalize(queue, dim=0)
    positive = torch.einsum("nd,nd->n", left, right)
    negative = torch.einsum("nd,dk->nk", left, others)
    return torch.cat((positive[:, None], negative), 1).div(temperature)
""",
}

Answers = dict[str, str]


def answers(unit: Unit, count: int, seed: int = 0) -> dict[str, tuple[str, Answers]]:
    """Student -> (kind of the mix, exercise id -> source). An exercise that was not attempted has no source."""
    chance = random.Random(seed)
    made = {}
    for index in range(count):
        kind = MIX[index % len(MIX)]
        sources = reference_sources(unit) | (OTHERWISE if kind == "written otherwise" else {})
        if kind == "unfinished":
            sources = dict(list(sources.items())[: len(sources) // 2])
        for id_ in chance.sample(sorted(sources), {"one wrong": 1, "two wrong": 2}.get(kind, 0)):
            wrong = chance.choice(unit.exercises[id_].misconceptions).id
            sources[id_] = misconception_source(unit.exercises[id_], wrong)
        student = f"student{index:04}"
        # A line of each student's own: no two cells and no two files are the same text.
        made[student] = kind, {id_: f"{source}# {student}\n" for id_, source in sources.items()}
    return made


def is_right(kind: str) -> bool:
    """Whether full marks are due."""
    return kind in ("right", "written otherwise")


def write_ours(unit: Unit, made: dict[str, tuple[str, Answers]], submitted: Path) -> Path:
    """Fill the released notebook, training cells and all, and lay the files out as nbgrader does.

    Raises:
        UserError: the unit was not built yet.
    """
    released = unit.root / "assignments" / unit.id / f"{unit.id}.ipynb"
    if not released.is_file():
        raise UserError(f"{released} is missing: run `autograder build {unit.id}` first")
    text = released.read_text(encoding="utf-8")
    for student, (_, sources) in made.items():
        path = submitted / student / unit.id / f"{unit.id}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(fill(unit, nbformat.reads(text, as_version=4), sources)), encoding="utf-8")
    return submitted
