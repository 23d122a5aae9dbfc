"""What were features good for? Probes, neighbours and retrieval for images; region similarity and propagated
masks for videos.

Every figure means little by itself: put it beside the same figure of an untrained network and of raw pixels.
`compare` does that in one call, and an `Evaluation` prints as the table.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from course_utils import arguments
from course_utils.augment import Images, as_floats

if TYPE_CHECKING:
    from course_utils.data import EmojiScenes

TRAINED, UNTRAINED, PIXELS = "trained", "random initialisation", "pixels"

PIXEL_WEIGHT_DECAY = 1.0
"""For the probe of raw pixels. There are so many of them that they overfit with the 0.001 of features; of 0.001, 0.01,
0.1 and 1 this one is best for them on EmojiScenes, and a baseline deserves the best."""

Encode = Callable[[Tensor], Tensor]
Attend = Callable[[Tensor, Tensor, float], Tensor]
"""`colorization_attention` or a function like it: (reference, target, temperature) -> (n, h*w, h2*w2)."""
Copy = Callable[[Tensor, Tensor, tuple[int, int]], Tensor]
"""`copy_colors` or a function like it: (attention, colors, target_size) -> (n, c, h2, w2)."""


@dataclass(frozen=True)
class Evaluation:
    """Figures of several competitors; prints as a small table.

    Attributes:
        results: who (`"trained"`, `"random initialisation"`, `"pixels"`, ...) -> name of the figure -> its
            value.
    """

    results: Mapping[str, Mapping[str, float]]

    def _columns(self) -> list[str]:
        return list(dict.fromkeys(metric for row in self.results.values() for metric in row))

    def _cell(self, who: str, metric: str) -> str:
        return f"{self.results[who][metric]:.3f}" if metric in self.results[who] else "-"

    def __str__(self) -> str:
        columns = self._columns()
        width = max([len(who) for who in self.results], default=0)
        lines = [" ".join([" " * width, *(f"{metric:>{max(6, len(metric))}}" for metric in columns)])]
        for who in self.results:
            cells = (f"{self._cell(who, metric):>{max(6, len(metric))}}" for metric in columns)
            lines.append(" ".join([f"{who:<{width}}", *cells]))
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        columns = self._columns()
        lines = ["| |" + "|".join(columns) + "|", "|---|" + "---:|" * len(columns)]
        lines += [
            f"|{who}|" + "|".join(self._cell(who, metric) for metric in columns) + "|" for who in self.results
        ]
        return "\n".join(lines)


def features(
    encoder: Encode, images: Images, batch_size: int = 256, device: str | torch.device | None = None
) -> Float[Tensor, "n d"]:
    """Features of a whole set, once, so that several evaluations can share them.

    A module is put into evaluation mode meanwhile and back into its former mode afterwards; no gradients are
    kept.

    Args:
        encoder: module or function from images in [0, 1] to one vector, or any tensor, for each.
        images: floats in [0, 1] or bytes.
        batch_size: images at a time, at least 1.
        device: where to compute; by default where the encoder's parameters are, else where the images are.

    Returns:
        The features, on the CPU, in float32, each flattened to one vector.
    """
    arguments.require_callable("encoder", encoder, "a module or a function of images")
    arguments.require_images("images", images)
    arguments.require_whole("batch_size", batch_size, at_least=1)
    was_training = (
        [module for module in encoder.modules() if module.training] if isinstance(encoder, nn.Module) else []
    )
    if device is None:
        device = (
            next((p.device for p in encoder.parameters()), images.device)
            if isinstance(encoder, nn.Module)
            else images.device
        )
    if isinstance(encoder, nn.Module):
        encoder.eval()
    try:
        with torch.no_grad():
            parts = [
                encoder(as_floats(part.to(device))).flatten(1).float().cpu()
                for part in images.split(batch_size)
            ]
    finally:
        for module in was_training:
            module.training = True
    return torch.cat(parts)


def raw_pixels(images: Images) -> Float[Tensor, "n c*h*w"]:
    """The baseline that learned nothing and forgot nothing: the images themselves, in [-0.5, 0.5]."""
    arguments.require_images("images", images)
    return as_floats(images).flatten(1) - 0.5


def standardise(
    train_x: Float[Tensor, "n d"], test_x: Float[Tensor, "m d"]
) -> tuple[Float[Tensor, "n d"], Float[Tensor, "m d"]]:
    """Both sets shifted and scaled so that every feature of the *training* set has mean 0 and deviation 1 (or
    is constant 0)."""
    arguments.require_pair(train_x, test_x)
    std, mean = torch.std_mean(train_x, dim=0, correction=0)
    scale = torch.where(std > 1e-6, std, torch.inf)
    return (train_x - mean) / scale, (test_x - mean) / scale


def linear_probe(
    train_x: Float[Tensor, "n d"],
    train_y: Int64[Tensor, " n"],
    test_x: Float[Tensor, "m d"],
    test_y: Int64[Tensor, " m"],
    weight_decay: float = 1e-3,
    iterations: int = 100,
) -> float:
    """Accuracy on the test set of a linear classifier on frozen features.

    Multinomial logistic regression on standardised features: the mean cross-entropy plus weight_decay / 2
    times the squared weights, a convex problem, is minimised by L-BFGS from zero, so that there is nothing
    random and nothing to tune.

    Args:
        train_x: features of the training set.
        train_y: its labels, from 0.
        test_x: features of the test set.
        test_y: its labels.
        weight_decay: of the weights, not of the bias.
        iterations: at most so many of L-BFGS.

    Returns:
        Part of the test set that is classified right, in [0, 1].
    """
    arguments.require_sets(train_x, train_y, test_x, test_y)
    arguments.require_number("weight_decay", weight_decay, at_least=0)
    arguments.require_whole("iterations", iterations, at_least=1)
    train_x, test_x = standardise(train_x.detach(), test_x.detach())
    classes = int(torch.maximum(train_y.max(), test_y.max())) + 1
    weight = train_x.new_zeros(train_x.shape[1], classes, requires_grad=True)
    bias = train_x.new_zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weight, bias], max_iter=iterations, history_size=20, line_search_fn="strong_wolfe"
    )

    def objective() -> Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(train_x @ weight + bias, train_y) + weight_decay / 2 * weight.square().sum()
        loss.backward()
        return loss

    with torch.enable_grad():
        optimizer.step(objective)
    return _accuracy((test_x @ weight + bias).argmax(dim=1), test_y)


def knn(
    train_x: Float[Tensor, "n d"],
    train_y: Int64[Tensor, " n"],
    test_x: Float[Tensor, "m d"],
    test_y: Int64[Tensor, " m"],
    k: int = 20,
    temperature: float = 0.1,
) -> float:
    """Accuracy on the test set when the k nearest training features vote (Wu et al. 2018, section 3.4).

    Near means a large cosine s; a neighbour's vote weighs exp(s / temperature).

    Args:
        train_x: features of the training set.
        train_y: its labels, from 0.
        test_x: features of the test set.
        test_y: its labels.
        k: voters, at least 1; no more than the training set has.
        temperature: positive.

    Returns:
        Part of the test set that is classified right, in [0, 1].
    """
    arguments.require_sets(train_x, train_y, test_x, test_y)
    arguments.require_whole("k", k, at_least=1)
    arguments.require_number("temperature", temperature, above=0)
    train_x, test_x = F.normalize(train_x, dim=1), F.normalize(test_x, dim=1)
    classes = int(torch.maximum(train_y.max(), test_y.max())) + 1
    right = 0
    for part, labels in zip(test_x.split(1024), test_y.split(1024), strict=True):
        near = (part @ train_x.T).topk(min(k, len(train_x)), dim=1)
        weight = ((near.values - near.values[:, :1]) / temperature).exp()
        votes = weight.new_zeros(len(part), classes).scatter_add_(1, train_y[near.indices], weight)
        right += int((votes.argmax(dim=1) == labels).sum())
    return right / len(test_y)


def neighbours(features: Float[Tensor, "n d"], k: int = 1) -> Int64[Tensor, "n k"]:
    """For each vector the k others of largest cosine, the nearest first. `k` is less than n."""
    arguments.require_vectors("features", features)
    arguments.require_whole("k", k, at_least=1, at_most=len(features) - 1)
    unit = F.normalize(features, dim=1)
    found = []
    for start, part in zip(range(0, len(unit), 1024), unit.split(1024), strict=False):
        similarity = part @ unit.T
        rows = torch.arange(len(part))
        similarity[rows, rows + start] = -torch.inf
        found.append(similarity.topk(k, dim=1).indices)
    return torch.cat(found)


def instance_retrieval(features: Float[Tensor, "n d"], emoji_ids: Int64[Tensor, " n"]) -> float:
    """How often the nearest other scene shows the same emoji (top-1, cosine).

    Scenes whose emoji occurs only once are no questions, but they may be wrong answers.

    Args:
        features: one vector for each scene.
        emoji_ids: which emoji it shows.

    Returns:
        Part of the questions that are answered right, in [0, 1].

    Raises:
        ValueError: no emoji occurs twice.
    """
    arguments.require_vectors("features", features)
    arguments.require_labels("emoji_ids", emoji_ids, count=len(features), of="features")
    _, inverse, counts = emoji_ids.unique(return_inverse=True, return_counts=True)
    asked = counts[inverse] > 1
    if not asked.any():
        raise ValueError("instance retrieval needs several scenes of an emoji, but each occurs only once")
    nearest = neighbours(features).squeeze(1)
    return _accuracy(emoji_ids[nearest][asked], emoji_ids[asked])


def score(
    train_x: Float[Tensor, "n d"],
    train_y: Int64[Tensor, " n"],
    test_x: Float[Tensor, "m d"],
    test_y: Int64[Tensor, " m"],
    test_emoji: Int64[Tensor, " m"] | None = None,
    weight_decay: float = 1e-3,
) -> dict[str, float]:
    """The usual figures of one set of features: linear probe, kNN-20 and, with emoji ids, instance retrieval."""
    arguments.require_sets(train_x, train_y, test_x, test_y)
    if test_emoji is not None:
        arguments.require_labels("test_emoji", test_emoji, count=len(test_x), of="test_x")
    figures = {
        "linear probe": linear_probe(train_x, train_y, test_x, test_y, weight_decay),
        "kNN-20": knn(train_x, train_y, test_x, test_y),
    }
    if test_emoji is not None:
        figures["instance retrieval"] = instance_retrieval(test_x, test_emoji)
    return figures


def compare(
    encoders: Mapping[str, Encode], train: "EmojiScenes", test: "EmojiScenes", pixels: bool = True
) -> Evaluation:
    """The usual figures of several encoders, and of raw pixels, on emoji scenes.

    Args:
        encoders: name -> encoder, for instance `{"trained": encoder, "random initialisation": untrained}`.
        train: scenes whose labels the probe and the neighbours use.
        test: scenes that are classified and retrieved.
        pixels: add the row of raw pixels.

    Returns:
        The table.
    """
    arguments.require_mapping("encoders", encoders, "name -> encoder", empty=True)
    for name, scenes in (("train", train), ("test", test)):
        arguments.require_parts(name, scenes, ("images", "labels", "emoji"))
    rows = {
        name: score(
            features(encoder, train.images),
            train.labels,
            features(encoder, test.images),
            test.labels,
            test.emoji,
        )
        for name, encoder in encoders.items()
    }
    if pixels:
        seen, unseen = raw_pixels(train.images), raw_pixels(test.images)
        rows[PIXELS] = score(seen, train.labels, unseen, test.labels, test.emoji, PIXEL_WEIGHT_DECAY)
    return Evaluation(rows)


def region_similarity(
    predicted: Bool[Tensor, "*batch h w"], truth: Bool[Tensor, "*batch h w"]
) -> Float[Tensor, " *batch"]:
    """Region similarity J of each mask: intersection over union (Perazzi et al. 2016, section 5.1).

    Where both masks are empty J is 1, as in the benchmark's own code: saying rightly that nothing is there is
    right. The figure usually reported is the mean over objects and frames: `region_similarity(...).mean()`.

    Args:
        predicted: masks, True where the object is thought to be.
        truth: masks of the same shape.

    Returns:
        float32 in [0, 1], one number for each mask.

    Raises:
        ValueError: the shapes differ, or the masks are not boolean.
    """
    for name, masks in (("predicted", predicted), ("truth", truth)):
        arguments.require_masks(name, masks, "(..., height, width)")
    if predicted.shape != truth.shape:
        due, found = (f"{tuple(masks.shape)}" for masks in (predicted, truth))
        arguments.refuse_argument("truth", f"of the shape of predicted, {due}", f"it is of the shape {found}")
    both = (predicted & truth).sum(dim=(-2, -1))
    either = (predicted | truth).sum(dim=(-2, -1))
    return torch.where(either > 0, both / either.clamp(min=1), 1.0)


def sparsify(attention: Float[Tensor, "n i j"], top_k: int) -> Float[Tensor, "n i j"]:
    """Keeps the `top_k` largest entries of each column and scales them to sum to one again; the others become zero."""
    arguments.require_floats("attention", attention, "a tensor of floats of the shape (n, i, j)", 3)
    arguments.require_whole("top_k", top_k, at_least=1)
    kept = attention.topk(min(top_k, attention.shape[1]), dim=1)
    sparse = torch.zeros_like(attention).scatter_(1, kept.indices, kept.values)
    return sparse / sparse.sum(dim=1, keepdim=True)


def propagate_masks(
    embeddings: Float[Tensor, "n t d h w"],
    first: Bool[Tensor, "n k height width"],
    attend: Attend,
    copy: Copy,
    references: int = 2,
    top_k: int = 5,
    temperature: float = 1.0,
) -> Bool[Tensor, "n t k height width"]:
    """Follows objects through clips: masks of the first frame are handed on from frame to frame like colours.

    Each frame attends to the `references` frames before it and copies their (soft) masks. Several reference
    frames are stacked below each other to one tall frame, over which the attention is one softmax. The
    background takes part as one more object; in the end every pixel goes to the object of largest weight.

    Args:
        embeddings: of each frame, at a resolution that divides the frames'.
        first: true masks of frame 0, which don't overlap.
        attend: `colorization_attention` or a function like it.
        copy: `copy_colors` or a function like it.
        references: how many frames before each are looked at, at least 1.
        top_k: how many places each position copies from, at least 1.
        temperature: of the attention.

    Returns:
        Masks of all frames at full resolution; those of frame 0 are the given ones.

    Raises:
        ValueError: `references` or `top_k` is less than 1.
    """
    arguments.require_floats("embeddings", embeddings, "a tensor of floats of the shape (n, t, d, h, w)", 5)
    arguments.require_masks("first", first, "(n, k, height, width)", 4)
    arguments.require_length("first", first, len(embeddings), "embeddings")
    for name, value in (("references", references), ("top_k", top_k)):
        arguments.require_whole(name, value)
    arguments.require_number("temperature", temperature, above=0)
    if references < 1 or top_k < 1:
        raise ValueError(f"references and top_k are at least 1; not {references}, {top_k}")
    frames, _, h, w = embeddings.shape[1:]
    height, width = first.shape[-2:]
    with_background = torch.cat([~first.any(dim=1, keepdim=True), first], dim=1).to(embeddings.dtype)
    soft = [F.adaptive_avg_pool2d(with_background, (h, w))]
    masks = [first]
    for t in range(1, frames):
        earlier = range(max(0, t - references), t)
        tall = torch.cat([embeddings[:, s] for s in earlier], dim=2)
        attention = sparsify(attend(tall, embeddings[:, t], temperature), top_k)
        soft.append(copy(attention, torch.cat([soft[s] for s in earlier], dim=2), (h, w)))
        fine = F.interpolate(soft[t], size=(height, width), mode="bilinear", align_corners=False)
        masks.append(
            fine.argmax(dim=1, keepdim=True)
            == torch.arange(1, first.shape[1] + 1, device=fine.device).view(1, -1, 1, 1)
        )
    return torch.stack(masks, dim=1)


def copy_first_mask(first: Bool[Tensor, "n k h w"], frames: int) -> Bool[Tensor, "n t k h w"]:
    """The baseline that believes nothing moves: the masks of the first frame, repeated."""
    arguments.require_masks("first", first, "(n, k, height, width)", 4)
    arguments.require_whole("frames", frames, at_least=1)
    return first.unsqueeze(1).expand(-1, frames, -1, -1, -1)


def grey_patches(
    frames: Float[Tensor, "n 1 h w"], stride: int = 4, side: int = 12
) -> Float[Tensor, "n d h/4 w/4"]:
    """The baseline that sees without having learned: at each position the grey patch around it, centred, of length one.

    Args:
        frames: grey, sides multiples of `stride`.
        stride: pixels between positions.
        side: of a patch in pixels; `side - stride` is even.
    """
    arguments.require_images("frames", frames, channels=(1,), floats_only=True)
    arguments.require_whole("stride", stride, at_least=1)
    arguments.require_whole("side", side, at_least=stride)
    n, _, height, width = frames.shape
    if (side - stride) % 2 or height % stride or width % stride:
        due = "such that side - stride is even and the frames' sides are multiples of stride"
        found = f"stride is {stride}, side {side}, and the frames are of {height}x{width}"
        arguments.refuse_argument("stride", due, found)
    patches = F.unfold(F.pad(frames, [(side - stride) // 2] * 4, mode="replicate"), side, stride=stride)
    patches = F.normalize(patches - patches.mean(dim=1, keepdim=True), dim=1)
    return patches.view(n, -1, height // stride, width // stride)


def _accuracy(guess: Int64[Tensor, " n"], truth: Int64[Tensor, " n"]) -> float:
    return float((guess == truth).float().mean())


def describe(values: Sequence[float]) -> str:
    """Mean and standard deviation of several runs, "0.510 ± 0.012"; one run alone has no deviation."""
    if not len(values):
        arguments.refuse_argument("values", "at least one number", "there is none")
    mean = f"{np.mean(values):.3f}"
    return f"{mean} ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else mean
