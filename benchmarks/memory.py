"""Seconds and peak memory of attention, propagation and the queue, beside what a library or a plain version takes.

    python -m benchmarks.memory        # a minute or two; writes its table into benchmarks/README.md

Each candidate runs in a process of its own with one thread, and they take turns. The memory is how far the process's
peak rises above what it held before, inputs and one small call included; the seconds are those of the quickest call.
lightly is needed for its memory bank and is left out without it.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.readme import README, put_in
from solutions.moco.enqueue.reference import enqueue
from solutions.video.colorization_attention.reference import colorization_attention
from solutions.video.copy_colors.reference import copy_colors
from solutions.video.propagate_labels.reference import propagate_labels

MARKS = ("<!-- memory: python -m benchmarks.memory -->", "<!-- end of memory -->")
SIDE, CHANNELS, FRAMES, LABELS = 64, 64, 4, 4
TOP_K, RADIUS, TEMPERATURE = 5, 6, 0.5
QUEUE, KEYS, LENGTH = 65_536, 256, 128
TURNS = 5


def dense_labels(
    references: Tensor, target: Tensor, labels: Tensor, temperature: float, top_k: int, radius: int
) -> Tensor:
    """`propagate_labels` with all pairs of positions at once, and the window as a mask."""
    t, _, h, w = references.shape
    scores = torch.einsum("tdi,dj->tij", references.flatten(2), target.flatten(1)) / temperature
    row, column = torch.arange(h * w) // w, torch.arange(h * w) % w
    far = ((row[:, None] - row).abs() > radius) | ((column[:, None] - column).abs() > radius)
    scores = scores.masked_fill(far, -torch.inf).flatten(0, 1)
    best = scores.topk(min(top_k, t * h * w), dim=0)
    weights = torch.zeros_like(scores).scatter(0, best.indices, best.values.softmax(dim=0))
    return (labels.transpose(0, 1).flatten(1) @ weights).unflatten(1, (h, w))


def _frames(side: int) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    references = 0.3 * torch.randn(FRAMES, CHANNELS, side, side, generator=generator)
    target = 0.3 * torch.randn(CHANNELS, side, side, generator=generator)
    return references, target, torch.rand(FRAMES, LABELS, side, side, generator=generator)


def _propagated(function: Callable[..., Tensor], side: int) -> Callable[[], Tensor]:
    frames = _frames(side)
    return lambda: function(*frames, TEMPERATURE, TOP_K, RADIUS)


def _attended(side: int) -> Callable[[], Tensor]:
    references, target, labels = _frames(side)
    tall, colours = (torch.cat(part.unbind(), dim=1)[None] for part in (references, labels))
    return lambda: copy_colors(colorization_attention(tall, target[None]), colours, (side, side))


def _one_kernel(side: int) -> Callable[[], Tensor]:
    references, target, labels = _frames(side)
    tall, colours = (torch.cat(part.unbind(), dim=1)[None] for part in (references, labels))

    def attend() -> Tensor:
        query, key, value = (item.flatten(2).mT[None].contiguous() for item in (target[None], tall, colours))
        # The kernel that holds no weights wants keys and values of one length, each in one piece.
        value = F.pad(value, (0, CHANNELS - LABELS))
        copied = F.scaled_dot_product_attention(query, key, value, scale=1.0)[0, ..., :LABELS]
        return copied.mT.unflatten(2, (side, side))

    return attend


def _keys(side: int) -> tuple[int, Tensor]:
    keys = F.normalize(torch.randn(KEYS, LENGTH, generator=torch.Generator().manual_seed(0)), dim=1)
    return QUEUE * side // SIDE, keys


def _queued(side: int) -> Callable[[], object]:
    count, keys = _keys(side)
    queue, pointer = torch.zeros(LENGTH, count), 0

    def put() -> int:
        nonlocal pointer
        pointer = enqueue(queue, pointer, keys)
        return pointer

    return put


def _banked(side: int) -> Callable[[], object]:
    from lightly.models.modules.memory_bank import MemoryBankModule

    count, keys = _keys(side)
    bank = MemoryBankModule(size=(count, LENGTH))
    return lambda: bank(keys, update=True)


CANDIDATES: dict[str, Callable[[int], Callable[[], object]]] = {
    "propagate_labels": lambda side: _propagated(propagate_labels, side),
    "dense_labels": lambda side: _propagated(dense_labels, side),
    "copied": _attended,
    "one_kernel": _one_kernel,
    "enqueue": _queued,
    "memory_bank": _banked,
}
ROWS = (
    (
        f"`propagate_labels`, {SIDE}×{SIDE} cells, {FRAMES} reference frames, top-k {TOP_K}, radius {RADIUS}",
        "propagate_labels",
        "all pairs at once",
        "dense_labels",
    ),
    (
        f"`copy_colors(colorization_attention(...))`, {SIDE}×{SIDE} cells over {FRAMES} frames",
        "copied",
        "`scaled_dot_product_attention`",
        "one_kernel",
    ),
    (
        f"`enqueue`, {KEYS} keys of {LENGTH} numbers into a queue of {QUEUE:,}",
        "enqueue",
        "lightly's memory bank",
        "memory_bank",
    ),
)


def _peak() -> float:
    """Of this process, in MB; the kernel counts in kB on Linux and in bytes on macOS."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def measure(name: str, side: int = SIDE) -> dict[str, float]:
    """Seconds of the quickest of a few calls, and how much the peak rose, in MB."""
    torch.set_num_threads(1)
    CANDIDATES[name](8)()  # libraries load what they need
    function = CANDIDATES[name](side)
    before, times = _peak(), []
    for _ in range(3):
        began = time.perf_counter()
        function()
        times.append(time.perf_counter() - began)
    return {"seconds": min(times), "megabytes": _peak() - before}


def in_its_own_process(name: str) -> dict[str, float]:
    """`measure` where nothing has been held before."""
    command = [sys.executable, "-m", "benchmarks.memory", "--one", name]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def best(runs: list[dict[str, float]]) -> dict[str, float]:
    """The quickest of the turns, and the smallest rise of the peak: what else ran can only add to both."""
    return {name: min(run[name] for run in runs) for name in runs[0]}


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--one", choices=CANDIDATES, help="measure this one here, and print it")
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measure(given.one)))
        return
    rows = ["| ours | ms | peak MB | beside | ms | peak MB |", "|---|---:|---:|---|---:|---:|"]
    for ours, mine, theirs, other in ROWS:
        if other == "memory_bank" and importlib.util.find_spec("lightly") is None:
            print("left out: lightly is not installed")
            continue
        turns = [[in_its_own_process(name) for name in (mine, other)] for _ in range(TURNS)]
        cells = [best([turn[place] for turn in turns]) for place in range(2)]
        told = [f"{1000 * cell['seconds']:.1f} | {cell['megabytes']:.0f}" for cell in cells]
        rows.append(f"| {ours} | {told[0]} | {theirs} | {told[1]} |")
        print(rows[-1], flush=True)
    text = README.read_text(encoding="utf-8")
    README.write_text(put_in(text, "\n".join(rows), MARKS), encoding="utf-8")


if __name__ == "__main__":
    main()
