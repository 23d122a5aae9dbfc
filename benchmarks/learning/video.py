"""Does tracking emerge from colour? Video colorization (Vondrick et al. 2018) on EmojiVideo, several seeds.

    python -m benchmarks.learning.video                  # three seeds; writes the results
    python -m benchmarks.learning.video --seeds 0 --steps 50 --dry

Masks of the first frame are propagated through test clips, and J is compared with an untrained network, with
raw grey patches and with the belief that nothing moves. The baselines get their best temperature, found on
training clips.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from benchmarks.learning import common
from course_utils import colouring, evaluate
from course_utils.data import ColourClusters, EmojiVideo
from course_utils.models import build
from course_utils.train import Batches, cosine, train
from solutions.video.colorization_attention.reference import colorization_attention
from solutions.video.copy_colors.reference import copy_colors

SETTINGS = {
    "clips": 600,
    "steps": 200,
    "batch": 16,
    "learning_rate": 2e-3,
    "weight_decay": 1e-4,
    "warmup": 20,
    "classes": 16,
    "feature_dim": 64,
    "width": 32,
    "temperature": 1.0,
    "references": 2,
    "top_k": 5,
}
CELL = 4
"""Pixels of a frame, along each side, in one position of the encoder's output."""
TEMPERATURES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def prepare(video: EmojiVideo, palette: ColourClusters | None) -> tuple[Tensor, Tensor, ColourClusters]:
    """Grey frames (n, t, 1, 64, 64) in [0, 1], colour classes of the cells (n, t, 16, 16), and the palette."""
    grey, colour = colouring.grey_and_colour(video.frames, CELL)
    palette = palette or ColourClusters.fit(colour, int(SETTINGS["classes"]))
    return grey, palette.assign(colour), palette


def colorization_loss(
    encoder: nn.Module,
    grey: Float[Tensor, "n t 1 height width"],
    classes: Int64[Tensor, "n t h w"],
    colours: int,
    temperature: float,
) -> Float[Tensor, ""]:
    """Cross-entropy of the last frame's colours, copied from all frames before it."""
    embeddings = encoder(grey.flatten(0, 1)).unflatten(0, grey.shape[:2])
    # The reference frames stand below each other, as one tall frame with one softmax over it.
    reference = torch.cat(embeddings[:, :-1].unbind(1), dim=2)
    known = F.one_hot(torch.cat(classes[:, :-1].unbind(1), dim=1), colours).movedim(-1, 1).to(reference)
    attention = colorization_attention(reference, embeddings[:, -1], temperature)
    predicted = copy_colors(attention, known, (classes.shape[-2], classes.shape[-1]))
    return F.nll_loss(predicted.clamp(min=1e-6).log(), classes[:, -1])


@torch.no_grad()
def embed(encoder: nn.Module, grey: Float[Tensor, "n t 1 height width"]) -> Float[Tensor, "n t d h w"]:
    """Embeddings of all frames, in evaluation mode."""
    encoder.eval()
    return torch.cat([encoder(clip) for clip in grey.flatten(0, 1).split(64)]).unflatten(0, grey.shape[:2])


def similarity(embeddings: Tensor, masks: Tensor, temperature: float) -> float:
    """Mean J over objects and frames after the first."""
    followed = evaluate.propagate_masks(
        embeddings,
        masks[:, 0],
        colorization_attention,
        copy_colors,
        references=int(SETTINGS["references"]),
        top_k=int(SETTINGS["top_k"]),
        temperature=temperature,
    )
    return float(evaluate.region_similarity(followed[:, 1:], masks[:, 1:]).mean())


class Clips(NamedTuple):
    """Clips to follow objects through."""

    grey: Float[Tensor, "n t 1 height width"]
    masks: Bool[Tensor, "n t k height width"]


def baseline(see: Callable[[Tensor], Tensor], tuning: Clips, testing: Clips) -> tuple[float, float]:
    """J on test clips at the temperature that is best on training clips, and that temperature."""
    seen = see(tuning.grey)
    temperature = max(TEMPERATURES, key=lambda candidate: similarity(seen, tuning.masks, candidate))
    return similarity(see(testing.grey), testing.masks, temperature), temperature


def patches(grey: Float[Tensor, "n t 1 height width"]) -> Float[Tensor, "n t d h w"]:
    """What is seen without an encoder."""
    return evaluate.grey_patches(grey.flatten(0, 1), stride=CELL).unflatten(0, grey.shape[:2])


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains video colorization and measures J.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=SETTINGS["steps"])
    parser.add_argument("--dry", action="store_true", help="print, but write no files")
    arguments = parser.parse_args()
    steps = arguments.steps

    grey, classes, palette = prepare(EmojiVideo("train", clips=int(SETTINGS["clips"])), None)
    test = EmojiVideo("test")
    testing = Clips(prepare(test, palette)[0], test.masks)
    frames = test.masks.shape[1]
    others = EmojiVideo("train", clips=40, frames=frames, seed=1)
    tuning = Clips(prepare(others, palette)[0], others.masks)

    nothing_moves = evaluate.copy_first_mask(test.masks[:, 0], frames)
    still = float(evaluate.region_similarity(nothing_moves[:, 1:], test.masks[:, 1:]).mean())
    pixels, pixel_temperature = baseline(patches, tuning, testing)
    results: dict[str, dict[str, list[float]]] = {
        who: {"J": []} for who in (evaluate.TRAINED, evaluate.UNTRAINED, evaluate.PIXELS, "first mask")
    }
    losses, seconds = [], []
    for seed in arguments.seeds:
        torch.manual_seed(seed)
        encoder = build("video_encoder", feature_dim=SETTINGS["feature_dim"], width=SETTINGS["width"])
        untrained, random_temperature = baseline(
            lambda frames, encoder=encoder: F.normalize(embed(encoder, frames), dim=2),  # type: ignore[misc]
            tuning,
            testing,
        )
        encoder.train()
        optimizer = torch.optim.AdamW(
            encoder.parameters(), lr=SETTINGS["learning_rate"], weight_decay=SETTINGS["weight_decay"]
        )

        def step(batch: tuple[Tensor, Tensor], number: int, encoder: nn.Module = encoder) -> Tensor:
            return colorization_loss(encoder, *batch, len(palette), SETTINGS["temperature"])

        began = time.perf_counter()
        history = train(
            step,
            Batches(grey, classes, size=int(SETTINGS["batch"]), seed=seed),
            optimizer,
            steps=steps,
            schedule=cosine(steps, warmup=min(int(SETTINGS["warmup"]), steps - 1)),
            progress=False,
        )
        seconds.append(round(time.perf_counter() - began, 1))
        losses.append([round(loss, 4) for loss in history.losses])
        trained = similarity(embed(encoder, testing.grey), testing.masks, SETTINGS["temperature"])
        for who, value in zip(results, (trained, untrained, pixels, still), strict=True):
            results[who]["J"].append(round(value, 4))
        print(
            f"seed {seed}: {seconds[-1]:.0f} s, loss {history.losses[0]:.3f} -> {history.smoothed()[-1]:.3f}, "
            f"J trained {trained:.3f}, untrained {untrained:.3f} (T {random_temperature}), "
            f"grey patches {pixels:.3f} (T {pixel_temperature}), first mask {still:.3f}",
            flush=True,
        )
    # What the sweeps have measured stays.
    record = replace(
        common.load("video", {**SETTINGS, "steps": steps}),
        seeds=arguments.seeds,
        losses=losses,
        seconds=seconds,
        results=results,
        machine=common.machine(),
    )
    print(common.summary(record))
    if not arguments.dry:
        common.write(record)


if __name__ == "__main__":
    main()
