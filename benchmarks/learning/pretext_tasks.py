"""The pretext tasks of the unit, each as a loss on images, with the unit's own functions.

All of them get the same random crops and train the same encoder. Where something is painted, it is painted from the
encoder's last map; the autoencoders paint from the feature vector, since through a map nearly everything would pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.learning.recipe import train_by
from benchmarks.learning.rows import Settings, Trained
from course_utils import evaluate
from course_utils.augment import Augment, as_floats
from course_utils.data import ColourClusters, EmojiScenes
from course_utils.models import ConvNet, Encoder, PatchJudge, painter, rotation_head
from solutions.pretext.ab_bins.reference import ab_bins
from solutions.pretext.inpainting_loss.reference import inpainting_loss
from solutions.pretext.jigsaw.reference import jigsaw
from solutions.pretext.mask_region.reference import mask_region
from solutions.pretext.patch_pair.reference import patch_pair
from solutions.pretext.permutation_set.reference import permutation_set
from solutions.pretext.rotate_batch.reference import rotate_batch
from solutions.pretext.split_brain_loss.reference import split_brain_loss
from solutions.pretext.split_lab.reference import split_lab

Measures = dict[str, Tensor]
Cut = Callable[[Tensor, Tensor, Tensor, Tensor, int], Tensor]
"""`jigsaw` or a function like it: (images, permutations, labels, corners, tile) -> tiles."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """A pretext task, ready to be trained.

    Attributes:
        play: from images in [0, 1] to the loss and what else is to be known of them, each a mean over the images.
        modules: all that is trained.
        chance: what no training gets at the task's own measure; None if `play` measures it.
        encode: how the encoder is used afterwards; it alone if left out.
        networks: what `encode` runs.
    """

    play: Callable[[Tensor], tuple[Tensor, Measures]]
    modules: tuple[nn.Module, ...]
    chance: float | None = None
    encode: evaluate.Encode | None = None
    networks: tuple[nn.Module, ...] = ()


Make = Callable[[Encoder, EmojiScenes, torch.Generator, Settings], Task]
"""Makes the task of an encoder; the generator is the source of all that is drawn."""


def fit_task(make: Make, encoder: Encoder, scenes: EmojiScenes, seed: int, settings: Settings) -> Trained:
    """Train `encoder` in place on a task; what sits on it is thrown away."""
    generator = torch.Generator().manual_seed(seed)
    task = make(encoder, scenes, generator, settings)
    views = Augment(**settings["views"])

    def step(batch: tuple[Tensor, ...], number: int) -> Tensor:
        return task.play(views(batch[0], generator))[0]

    return Trained(
        history=train_by(settings, step, task.modules, scenes.images, seed=seed),
        encode=task.encode,
        networks=task.networks,
        task=lambda test: measured(task, test),
    )


@torch.no_grad()
def measured(task: Task, scenes: EmojiScenes) -> dict[str, float]:
    """A task's own measures on whole scenes, networks in evaluation mode."""
    sums: dict[str, float] = defaultdict(float)
    for module in task.modules:
        module.eval()
    for part in scenes.images.split(298):
        _, measures = task.play(as_floats(part))
        for name, value in measures.items():
            sums[name] += float(value) * len(part) / len(scenes)
    for module in task.modules:
        module.train()
    return sums if task.chance is None else {**sums, "chance": task.chance}


def choice(scores: Tensor, truth: Tensor) -> tuple[Tensor, Measures]:
    """Loss and accuracy of a classification."""
    return F.cross_entropy(scores, truth), {"accuracy": (scores.argmax(1) == truth).float().mean()}


# --- questions about places --------------------------------------------------------------------------------------


def rotation(encoder: Encoder, scenes: EmojiScenes, generator: torch.Generator, settings: Settings) -> Task:
    """Which way is up?"""
    head = rotation_head(encoder.feature_dim)

    def play(images: Tensor) -> tuple[Tensor, Measures]:
        turned, turns = rotate_batch(images)
        return choice(head(encoder(turned)), turns)

    return Task(play=play, modules=(encoder, head), chance=1 / 4)


def patches(encoder: Encoder, scenes: EmojiScenes, generator: torch.Generator, settings: Settings) -> Task:
    """Where does the second patch lie, seen from the first?"""
    head = nn.Sequential(nn.Linear(2 * encoder.feature_dim, 128), nn.ReLU(), nn.Linear(128, 8))
    patch, gap = settings["patch"], settings["gap"]

    def play(images: Tensor) -> tuple[Tensor, Measures]:
        if settings["grey"]:
            images = images.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
        labels = torch.randint(8, (len(images),), generator=generator)
        jitter = torch.randint(-(gap // 2), gap // 2 + 1, (len(images), 2, 2), generator=generator)
        pair = torch.cat(patch_pair(images, labels, jitter, patch, gap))
        return choice(head(torch.cat(encoder(pair).chunk(2), dim=1)), labels)

    return Task(play=play, modules=(encoder, head), chance=1 / 8)


def puzzles(cut: Cut = jigsaw) -> Make:
    """In which order are the nine tiles? `cut` is `jigsaw`, or a wrong one; the right one asks in the end."""

    def make(encoder: Encoder, scenes: EmojiScenes, generator: torch.Generator, settings: Settings) -> Task:
        drawn = torch.Generator().manual_seed(0)
        candidates = torch.stack([torch.randperm(9, generator=drawn) for _ in range(2000)]).unique(dim=0)
        asked = permutation_set(candidates, first=0, size=settings["permutations"])
        each = nn.Sequential(nn.Linear(encoder.feature_dim, 32), nn.ReLU())
        head = nn.Sequential(nn.Linear(9 * 32, 128), nn.ReLU(), nn.Linear(128, len(asked)))

        def play(images: Tensor) -> tuple[Tensor, Measures]:
            labels = torch.randint(len(asked), (len(images),), generator=generator)
            corners = torch.randint(3, (len(images), 9, 2), generator=generator)
            tiles = (cut if encoder.training else jigsaw)(images, asked, labels, corners, 8)
            # The tiles are normalised, so that the encoder need not centre them.
            features = each(layers_of(encoder)(tiles.flatten(0, 1)).mean(dim=(2, 3)))
            return choice(head(features.view(len(images), -1)), labels)

        return Task(play=play, modules=(encoder, each, head), chance=1 / len(asked))

    return make


# --- what is missing ---------------------------------------------------------------------------------------------


def maps(encoder: Encoder, images: Tensor) -> Tensor:
    """The encoder's last map (n, d, 4, 4), before it is averaged. Images in [0, 1], centred as the encoder does it."""
    return layers_of(encoder)(((images - 0.5) / 0.25).contiguous(memory_format=torch.channels_last))


def layers_of(encoder: Encoder) -> nn.Module:
    """An encoder without its centring and its average."""
    assert isinstance(encoder, ConvNet)
    return encoder.layers


def inpainting(encoder: Encoder, scenes: EmojiScenes, generator: torch.Generator, settings: Settings) -> Task:
    """What belongs into the hole? `weights` of the reconstruction and of the adversary."""
    side = 12
    fill = as_floats(scenes.images).mean(dim=(0, 2, 3))
    decoder = painter((encoder.feature_dim, 64, 32, 16), 3)
    judge = PatchJudge(side)
    judging = torch.optim.AdamW(judge.parameters(), lr=settings["learning_rate"] / 4, betas=(0.5, 0.999))
    reconstruction, adversary = settings["weights"]

    def cut(images: Tensor, corners: Tensor) -> Tensor:
        return torch.stack(
            [
                image[:, r : r + side, c : c + side]
                for image, (r, c) in zip(images, corners.tolist(), strict=True)
            ]
        )

    def play(images: Tensor) -> tuple[Tensor, Measures]:
        corners = torch.randint(2, 32 - side - 1, (len(images), 2), generator=generator)
        holed, hole = mask_region(images, corners, (side, side), fill)
        painted = decoder(maps(encoder, holed)).sigmoid()
        real, fake = cut(images, corners), cut(painted, corners)
        if encoder.training and adversary:
            logits = judge(torch.cat([real, fake.detach()]))
            truth = torch.cat([torch.ones(len(real)), torch.zeros(len(fake))])
            judging.zero_grad()
            F.binary_cross_entropy_with_logits(logits, truth).backward()
            judging.step()
        says = judge(fake) if adversary else fake.new_zeros(len(fake))
        loss = inpainting_loss(painted, images, hole, says, reconstruction, adversary)
        found = {"squared error": F.mse_loss(fake, real)}
        if not encoder.training:
            found["chance"] = (real - fill.view(1, 3, 1, 1)).square().mean()
        return loss, found

    # The discriminator is trained by itself; its gradients from the encoder's step are thrown away before its own.
    return Task(play=play, modules=(encoder, decoder))


def autoencoder(
    encoder: Encoder, scenes: EmojiScenes, generator: torch.Generator, settings: Settings
) -> Task:
    """The image itself, through its 128 numbers; with `noise`, from an image to which noise was added."""
    mean = as_floats(scenes.images).mean(dim=(0, 2, 3)).view(1, 3, 1, 1)
    start = nn.Linear(encoder.feature_dim, 64 * 16)
    decoder = painter((64, 32, 16, 16), 3)

    def play(images: Tensor) -> tuple[Tensor, Measures]:
        noise = settings["noise"] * torch.randn(images.shape, generator=generator)
        feature = encoder((images + noise).clamp(0, 1))
        painted = decoder(start(feature).view(-1, 64, 4, 4)).sigmoid()
        loss = F.mse_loss(painted, images)
        return loss, {"squared error": loss, "chance": (images - mean).square().mean()}

    return Task(play=play, modules=(encoder, start, decoder))


# --- colours -----------------------------------------------------------------------------------------------------

GRID, LIGHTNESSES = 8, 16


def lab(images: Tensor) -> tuple[Tensor, Tensor]:
    """Lightness and colours of images in [0, 1], by way of bytes, which `split_lab` asks for."""
    return split_lab((images * 255).round().byte())


def coarse(channels: Tensor) -> Tensor:
    """Channels at the resolution at which colours and lightness are predicted."""
    return F.adaptive_avg_pool2d(channels, GRID)


def see_lightness(network: Encoder, lightness: Tensor) -> Tensor:
    """Map of a network that sees lightness alone, given three times."""
    return layers_of(network)((2 * lightness).expand(-1, 3, -1, -1))


def see_colours(network: Encoder, colours: Tensor) -> Tensor:
    """Map of a network that sees a and b alone; its third channel is zero."""
    return layers_of(network)(4 * F.pad(colours, (0, 0, 0, 0, 0, 1)))


def palette(scenes: EmojiScenes, classes: int = 16) -> Tensor:
    """Colours to choose from, by k-means over training scenes."""
    return ColourClusters.fit(coarse(split_lab(scenes.images[::8])[1]), classes=classes).centres


def most_frequent(classes: Tensor) -> Tensor:
    """Share of the class that occurs most often."""
    return classes.flatten().bincount().max() / classes.numel()


def colorization(
    encoder: Encoder, scenes: EmojiScenes, generator: torch.Generator, settings: Settings
) -> Task:
    """Which colour has each place? The encoder sees grey images, in the probe too."""
    centres = palette(scenes)
    decoder = painter((encoder.feature_dim, 64), len(centres))

    def play(images: Tensor) -> tuple[Tensor, Measures]:
        lightness, colours = lab(images)
        classes = ab_bins(coarse(colours), centres)
        loss, found = choice(decoder(see_lightness(encoder, lightness)), classes)
        return loss, {**found, "chance": most_frequent(classes)}

    return Task(
        play=play,
        modules=(encoder, decoder),
        encode=lambda images: see_lightness(encoder, lab(images)[0]).mean(dim=(2, 3)),
        networks=(encoder,),
    )


def split_brain(
    encoder: Encoder, scenes: EmojiScenes, generator: torch.Generator, settings: Settings
) -> Task:
    """Two halves of half the width; lightness names colours, colours name lightness. Their features side by side."""
    one, other = ConvNet(width=8), ConvNet(width=8)
    centres = palette(scenes)
    to_colours = painter((one.feature_dim, 64), len(centres))
    to_lightness = painter((other.feature_dim, 64), LIGHTNESSES)

    def play(images: Tensor) -> tuple[Tensor, Measures]:
        lightness, colours = lab(images)
        ab_classes = ab_bins(coarse(colours), centres)
        l_classes = ((coarse(lightness)[:, 0] + 1) / 2 * LIGHTNESSES).long().clamp(0, LIGHTNESSES - 1)
        ab_logits = to_colours(see_lightness(one, lightness))
        l_logits = to_lightness(see_colours(other, colours))
        loss = split_brain_loss(ab_logits, l_logits, ab_classes, l_classes)
        found = {
            "accuracy": choice(ab_logits, ab_classes)[1]["accuracy"],
            "chance": most_frequent(ab_classes),
            "accuracy of lightness": choice(l_logits, l_classes)[1]["accuracy"],
            "chance of lightness": most_frequent(l_classes),
        }
        return loss, found

    def encode(images: Tensor) -> Tensor:
        lightness, colours = lab(images)
        both = see_lightness(one, lightness), see_colours(other, colours)
        return torch.cat([part.mean(dim=(2, 3)) for part in both], dim=1)

    return Task(
        play=play,
        modules=(one, other, to_colours, to_lightness),
        encode=encode,
        networks=(one, other),
    )


TASKS: Mapping[str, Make] = {
    "rotation": rotation,
    "relative patches": patches,
    "jigsaw": puzzles(),
    "inpainting": inpainting,
    "colorization": colorization,
    "split-brain": split_brain,
    "autoencoder": autoencoder,
}
