"""Bad input: each function of `course_utils` that notebooks call says which argument is wrong and what it should have
been, in a ValueError of ours. Torch would raise something about its insides, or compute something without a word."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from course_utils import arguments, augment, data, evaluate, models, plot, semi, train
from course_utils.models import build

IMAGES = torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(0))
BYTES = (IMAGES * 255).to(torch.uint8)
FEATURES, OTHERS = torch.randn(8, 5, generator=torch.Generator().manual_seed(1)), torch.ones(4, 5)
LABELS, OTHER_LABELS = torch.arange(8) % 3, torch.arange(4) % 3
MASKS = torch.zeros(8, 2, 16, 16, dtype=torch.bool)
GENERATOR = torch.Generator()
SPOKEN = data.SpokenPrompts("test")
VIEWS = augment.Augment()
WEIGHT = torch.zeros(1, requires_grad=True)
OPTIMIZER = torch.optim.SGD([WEIGHT], lr=0.1)

# What images may be given as by mistake -> what the message says of it.
NO_IMAGES: dict[str, tuple[Any, str]] = {
    "floats of 0 to 255": (IMAGES * 255, r"floats in \[0, 1\].*up to 25\d.*divide them by 255"),
    "floats made of bytes": (BYTES.float(), r"floats in \[0, 1\].*up to 25\d.*divide them by 255"),
    "int64": (BYTES.long(), r"floats in \[0, 1\].*int64"),
    "booleans": (IMAGES > 0.5, r"floats in \[0, 1\].*bool"),
    "a NumPy array": (IMAGES.numpy(), r"floats in \[0, 1\].*NumPy array.*torch\.from_numpy"),
    "a list": (list(IMAGES), r"floats in \[0, 1\].*list"),
}
NO_BYTES = {"bytes": (BYTES, r"floats in \[0, 1\].*bytes.*as_floats")}
NO_BATCH = {
    "one image": (IMAGES[0], r"\(n, channels, height, width\).*\(3, 16, 16\).*\[None\]"),
    "videos": (IMAGES[None], r"\(n, channels, height, width\).*\(1, 8, 3, 16, 16\)"),
}
NO_COLOUR = {"grey": (IMAGES[:, :1], r"3 channels.*\(8, 1, 16, 16\)")}
NO_FEATURES: dict[str, tuple[Any, str]] = {
    "images": (IMAGES, r"floats of the shape \(examples, features\).*\(8, 3, 16, 16\)"),
    "bytes": (BYTES.flatten(1), r"floats.*uint8"),
    "integers": (torch.ones(8, 5, dtype=torch.int64), "floats.*int64"),
    "one vector": (FEATURES[0], r"\(examples, features\).*\(5,\)"),
    "a NumPy array": (FEATURES.numpy(), "floats.*NumPy"),
    "nothing": (FEATURES[:0], "no example"),
}
NO_LABELS: dict[str, tuple[Any, str]] = {
    "floats": (LABELS.float(), r"int64.*float32.*\.long\(\)"),
    "int32": (LABELS.int(), r"int64.*int32.*\.long\(\)"),
    "bytes": (LABELS.to(torch.uint8), "int64.*uint8"),
    "booleans": (LABELS > 0, "int64.*bool"),
    "a column": (LABELS[:, None], r"one dimension.*\(8, 1\)"),
    "a list": (LABELS.tolist(), r"int64.*list.*torch\.tensor"),
    "a NumPy array": (LABELS.numpy(), r"int64.*NumPy.*torch\.from_numpy"),
    "from -1": (LABELS - 1, "from 0.*smallest is -1"),
    "too few": (LABELS[:5], "as long as .*8 .*5 "),
}
NO_MASKS: dict[str, tuple[Any, str]] = {
    "bytes": (MASKS.to(torch.uint8), "boolean.*uint8"),
    "floats": (MASKS.float(), "boolean.*float32"),
    "a NumPy array": (MASKS.numpy(), "boolean.*NumPy"),
}
NO_COUNT: dict[str, tuple[Any, str]] = {
    "zero": (0, "at least 1.* is 0"),
    "a fraction": (2.5, "whole number.*2.5"),
    "a text": ("3", "whole number.*'3'"),
    "nothing": (None, "whole number.*None"),
    "true": (True, "whole number.*True"),
}


def pick(mistakes: dict[str, tuple[Any, str]], *names: str) -> dict[str, tuple[Any, str]]:
    return {name: mistakes[name] for name in names}


def one(value: Any, message: str) -> dict[str, tuple[Any, str]]:
    return {f"{value!r:.20}": (value, message)}


NO_GREY = {
    name: (value[:, :1], said) for name, (value, said) in NO_IMAGES.items() if isinstance(value, Tensor)
}
ALL_IMAGES = {**NO_IMAGES, **NO_BATCH}
COLOUR_IMAGES = {**ALL_IMAGES, **NO_COLOUR}
FOUR_SETS = {
    "train_x": NO_FEATURES,
    "train_y": NO_LABELS,
    "test_x": {"fewer features": (OTHERS[:, :2], "5.* 2")},
}
FOUR_SETS |= {"test_y": {**pick(NO_LABELS, "floats", "a list"), "too many": (LABELS, "as long as.*4.*8")}}
SETS = {"train_x": FEATURES, "train_y": LABELS, "test_x": OTHERS, "test_y": OTHER_LABELS}
SCENES = type("Scenes", (), {"images": IMAGES, "labels": LABELS, "emoji": LABELS})()


def encoder(name: str, **config: int) -> nn.Module:
    return build(name, **config).eval()


def attend(reference: Tensor, target: Tensor, temperature: float) -> Tensor:
    return torch.full((len(reference), reference[0, 0].numel(), target[0, 0].numel()), 0.1)


def copy(attention: Tensor, colors: Tensor, size: tuple[int, int]) -> Tensor:
    return (colors.flatten(2) @ attention).unflatten(2, size)


def unchanged(batch: Any, number: int) -> Tensor:
    return WEIGHT * 1


# Function -> right arguments, and for each argument what may be wrong with it. What is called `_` is a keyword of `build`.
Mistakes = dict[str, dict[str, tuple[Any, str]]]
TABLE: dict[str, tuple[Callable[..., Any], dict[str, Any], Mistakes]] = {
    "data.EmojiScenes": (
        data.EmojiScenes,
        {"split": "test", "count": 2, "cache": False},
        {
            "split": one("val", "'val'"),
            "family": one(["noto"], "noto"),
            "size": {**one(16.0, "whole number, at least 8.*16"), **one(7, "at least 8")},
            "count": NO_COUNT | {"nothing": (0.5, "whole number")},
            "seed": one(-1, "at least 0.*-1"),
            "transform": one(3, "function of an image.*3"),
        },
    ),
    "data.EmojiVideo": (
        data.EmojiVideo,
        {"split": "test", "clips": 1, "frames": 1, "size": 16, "objects": 1, "cache": False},
        {
            "clips": pick(NO_COUNT, "zero", "a text"),
            "frames": pick(NO_COUNT, "zero", "a fraction"),
            "size": one(15, "at least 16"),
            "objects": {**one(9, "at most 8.* 9"), **pick(NO_COUNT, "zero", "a fraction")},
            "seed": one(0.5, "whole number.*0.5"),
        },
    ),
    "data.cifar10": (data.cifar10, {}, {"split": one("val", "'val'")}),
    "data.photographs": (data.photographs, {"split": "test"}, {"split": one("val", "'val'")}),
    "data.rgb_to_lab": (
        data.rgb_to_lab,
        {"images": IMAGES},
        {"images": {**NO_IMAGES, **NO_BYTES, **NO_COLOUR}},
    ),
    "data.ColourClusters.fit": (
        data.ColourClusters.fit,
        {"ab": IMAGES[:, 1:], "classes": 2},
        {
            "ab": {
                "three channels": (IMAGES, r"2, height, width.*\(8, 3, 16, 16\)"),
                "bytes": (BYTES[:, 1:], "floats.*uint8"),
                "few pixels": (IMAGES[0, 1:, :1, :1], "at least 2 pixels.* 1"),
                "a NumPy array": (IMAGES[:, 1:].numpy(), "floats.*NumPy"),
            },
            "classes": one(1, "at least 2.* 1"),
            "samples": one(1, "at least 2.* 1"),
            "seed": one(-1, "at least 0.*-1"),
        },
    ),
    "data.ColourClusters.assign": (
        data.ColourClusters(torch.zeros(3, 2)).assign,
        {"ab": IMAGES[:, 1:]},
        {"ab": {"three channels": (IMAGES, "2, height, width"), "bytes": (BYTES[:, 1:], "floats.*uint8")}},
    ),
    "data.SpokenPrompts": (data.SpokenPrompts, {"split": "test"}, {"split": one("val", "'val'")}),
    "data.SpokenPrompts.windows": (
        SPOKEN.windows,
        {"clips": torch.tensor([0, 0, 5]), "samples": 800, "generator": GENERATOR},
        {
            "clips": {
                "a number that is too large": (torch.tensor([157]), "clips, from 0 to 156.*157"),
                "floats": (torch.ones(2), "whole numbers in 1 dimension.*float32"),
                "a mask in two dimensions": (torch.ones(2, 2, dtype=torch.bool), "1 dimension"),
            },
            "samples": {**NO_COUNT, "more than a clip has": (20_000, "at most .*the shortest.*20000")},
            "generator": one(0, "torch.Generator.*0"),
            "gain": {**one(-1, "at least 0.*-1"), **one("loud", "number.*'loud'")},
        },
    ),
    "data.from_mu_law": (
        data.from_mu_law,
        {"codes": BYTES},
        {"codes": {"floats": (IMAGES, "bytes.*float32"), "an array": (BYTES.numpy(), "bytes.*NumPy")}},
    ),
    "data.to_mu_law": (
        data.to_mu_law,
        {"samples": IMAGES},
        {"samples": {"bytes": (BYTES, "floats.*uint8"), "an array": (IMAGES.numpy(), "floats.*NumPy")}},
    ),
    "augment.Augment": (
        augment.Augment,
        {},
        {
            "crop": {**one(0.5, "pair.*0.5"), **one(("a", 1), "number.*'a'")},
            "flip": one("often", "number.*'often'"),
            "hue": one(-0.1, "at least 0.*-0.1"),
            "brightness": one(None, "number.*None"),
            "sigma": one([1.0], "pair.*list"),
        },
    ),
    "augment.Augment()": (
        VIEWS,
        {"images": IMAGES, "generator": GENERATOR},
        {
            "images": COLOUR_IMAGES,
            "generator": {**one(0, "torch.Generator.*0"), **one(None, "torch.Generator.*None")},
        },
    ),
    "augment.two_views": (
        augment.two_views,
        {"images": IMAGES, "generator": GENERATOR},
        {
            "images": COLOUR_IMAGES,
            "generator": one(0, "torch.Generator"),
            "augment": one(0.5, "Augment.*0.5"),
        },
    ),
    "augment.as_floats": (augment.as_floats, {"images": IMAGES}, {"images": NO_IMAGES}),
    "augment.resize_matrix": (
        augment.resize_matrix,
        {"start": torch.zeros(2), "length": torch.ones(2), "size": 4},
        {
            "start": one(0.5, "floats, one for each.*0.5"),
            "length": one(torch.ones(2, dtype=torch.int64), "floats.*int64"),
            "size": NO_COUNT,
        },
    ),
    "augment.blur_matrix": (
        augment.blur_matrix,
        {"sigma": torch.ones(2), "size": 4},
        {"sigma": one(1.0, "floats"), "size": pick(NO_COUNT, "zero")},
    ),
    "augment.chroma_matrix": (
        augment.chroma_matrix,
        {"saturation": torch.ones(2), "angle": torch.zeros(2)},
        {"saturation": one(torch.ones(2, 1), r"one for each.*\(2, 1\)"), "angle": one(0, "floats")},
    ),
    **{
        f"models.{name}": (
            encoder(name, **config),
            {"images": IMAGES},
            {"images": {**COLOUR_IMAGES, **NO_BYTES}},
        )
        for name, config in {"convnet": {"width": 4}, "small_resnet": {"width": 4}, "resnet18": {}}.items()
    },
    "models.video_encoder": (
        encoder("video_encoder", width=4),
        {"frames": IMAGES[:, :1]},
        {
            "frames": {
                **NO_GREY,
                "bytes": (BYTES[:, :1], NO_BYTES["bytes"][1]),
                "colour": (IMAGES, r"1 channel;.*\(8, 3, 16, 16\)"),
            }
        },
    ),
    "models.build": (
        models.build,
        {"name": "convnet"},
        {"name": {**one(["convnet"], "convnet"), **one("net", "no model")}, "width": NO_COUNT},
    ),
    "models.SmallResNet": (
        models.SmallResNet,
        {"width": 4},
        {"width": NO_COUNT, "stages": one(-1, "at least 0")},
    ),
    "models.ConvNet": (models.ConvNet, {"width": 4}, {"width": NO_COUNT}),
    "models.VideoEncoder": (
        models.VideoEncoder,
        {"width": 4},
        {"feature_dim": NO_COUNT, "in_channels": NO_COUNT},
    ),
    "models.projection_head": (
        models.projection_head,
        {"in_features": 4},
        {"in_features": NO_COUNT, "hidden": one(-1, "at least 0.*-1"), "out_features": NO_COUNT},
    ),
    "models.rotation_head": (
        models.rotation_head,
        {"in_features": 4},
        {"in_features": NO_COUNT, "classes": pick(NO_COUNT, "zero")},
    ),
    "models.painter": (
        models.painter,
        {"channels": (4, 2), "out_channels": 3},
        {
            "channels": {
                "a zero": ((4, 0), r"channels\[1\].*0"),
                "a number": (4, "tuple of whole numbers.*4"),
                "nothing": ((), "tuple of whole numbers"),
            },
            "out_channels": pick(NO_COUNT, "zero"),
        },
    ),
    "models.PatchJudge": (
        models.PatchJudge,
        {"side": 8},
        {"side": {**pick(NO_COUNT, "zero"), **one(10, "multiple of 4.*10")}, "width": pick(NO_COUNT, "zero")},
    ),
    "models.mlp": (models.mlp, {"in_features": 4, "hidden": 4, "out_features": 4}, {"hidden": NO_COUNT}),
    "models.count_parameters": (
        models.count_parameters,
        {"module": nn.Linear(1, 1)},
        {"module": one(3, "torch.nn.Module.*3")},
    ),
    "train.Batches": (
        lambda tensors, **options: train.Batches(tensors, **options),
        {"tensors": IMAGES, "size": 2},
        {
            "tensors": {**one([1, 2], "tensor.*list"), "a NumPy array": (IMAGES.numpy(), "tensor.*NumPy")}
            | {"a number": (torch.tensor(1.0), "single number")},
            "size": {**pick(NO_COUNT, "a fraction", "a text")},
            "seed": one(0.5, "whole number.*0.5"),
        },
    ),
    "train.cosine": (
        train.cosine,
        {"steps": 10},
        {"steps": one("10", "number.*'10'"), "warmup": one(None, "None")},
    ),
    "train.short_run": (
        train.short_run,
        {
            "loss_of": lambda images: (images * WEIGHT).sum(),
            "modules": [nn.Linear(1, 1)],
            "images": IMAGES,
            "steps": 1,
        },
        {
            "loss_of": {
                **one(WEIGHT, "function from images.*tensor"),
                "no gradient": (lambda images: images.sum(), "depends on the parameters.*no gradient"),
                "no loss": (lambda images: None, "scalar tensor.*None"),
            },
            "modules": {
                **one([], "modules with parameters"),
                **one([3], r"torch\.nn\.Module.*3"),
                **one(3, "list of modules.*3"),
                "a module": (nn.Linear(1, 1), "list of modules.*Linear"),
            },
            "images": {**ALL_IMAGES, "none": (IMAGES[:0], "at least 1 image")},
            "steps": NO_COUNT,
            "batch": NO_COUNT,
            "learning_rate": {**one("a", "number, above 0.*'a'"), **one(0, "above 0")},
            "seed": one(0.5, "whole number.*0.5"),
        },
    ),
    "train.each_step": (
        train.each_step,
        {"batches": [None], "steps": 1, "history": train.History(), "progress": False},
        {
            "batches": {"images": (IMAGES, r"Batches or a DataLoader.*tensor.*size=256")},
            "steps": {**one(-1, "at least 0.*-1"), **one(None, "number.*None")},
            "history": {**one([1.0], "History.*list"), **one(None, "History.*None")},
        },
    ),
    "train.train": (
        train.train,
        {"step": unchanged, "batches": [None], "optimizer": OPTIMIZER, "steps": 1, "progress": False},
        {
            "step": one(WEIGHT, r"function \(batch, number\).*tensor"),
            "batches": {
                "images": (IMAGES, r"Batches or a DataLoader.*tensor.*size=256"),
                **one(3, "DataLoader.*3"),
            },
            "optimizer": one("adam", "torch.optim.*'adam'"),
            "steps": {**one(-1, "at least 0.*-1"), **one(None, "number.*None")},
            "history": one([1.0], "History.*list"),
        },
    ),
    "evaluate.features": (
        evaluate.features,
        {"encoder": encoder("convnet", width=4), "images": IMAGES},
        {"encoder": one("convnet", "module.*'convnet'"), "images": ALL_IMAGES, "batch_size": NO_COUNT},
    ),
    "evaluate.raw_pixels": (evaluate.raw_pixels, {"images": IMAGES}, {"images": ALL_IMAGES}),
    "evaluate.standardise": (
        evaluate.standardise,
        {"train_x": FEATURES, "test_x": OTHERS},
        {"train_x": NO_FEATURES, "test_x": FOUR_SETS["test_x"]},
    ),
    "evaluate.linear_probe": (
        evaluate.linear_probe,
        SETS,
        {**FOUR_SETS, "weight_decay": one(-1, "at least 0"), "iterations": NO_COUNT},
    ),
    "evaluate.knn": (evaluate.knn, SETS, {**FOUR_SETS, "k": NO_COUNT, "temperature": one(0, "above 0.* 0")}),
    "evaluate.neighbours": (
        evaluate.neighbours,
        {"features": FEATURES},
        {"features": NO_FEATURES, "k": {**NO_COUNT, **one(8, "at most 7.* 8")}},
    ),
    "evaluate.instance_retrieval": (
        evaluate.instance_retrieval,
        {"features": FEATURES, "emoji_ids": LABELS},
        {"features": NO_FEATURES, "emoji_ids": NO_LABELS},
    ),
    "semi.few_label": (
        semi.few_label,
        SETS,
        {**FOUR_SETS, "fraction": one("half", "number.*'half'")},
    ),
    "evaluate.score": (
        evaluate.score,
        SETS,
        {**FOUR_SETS, "test_emoji": {"floats": (OTHERS[:, 0], "int64")}},
    ),
    "evaluate.compare": (
        evaluate.compare,
        {"encoders": {}, "train": SCENES, "test": SCENES},
        {
            "encoders": one(encoder, "mapping.*function"),
            "train": one(IMAGES, "images, labels, emoji.*tensor"),
            "test": one((IMAGES, LABELS), "images, labels, emoji.*tuple"),
        },
    ),
    "evaluate.region_similarity": (
        evaluate.region_similarity,
        {"predicted": MASKS, "truth": MASKS},
        {"predicted": NO_MASKS, "truth": {**NO_MASKS, "others": (MASKS[1:], r"of predicted, \(8.*\(7")}},
    ),
    "evaluate.sparsify": (
        evaluate.sparsify,
        {"attention": torch.rand(1, 4, 4), "top_k": 2},
        {"attention": one(torch.ones(4, 4), r"\(n, i, j\).*\(4, 4\)"), "top_k": NO_COUNT},
    ),
    "evaluate.propagate_masks": (
        evaluate.propagate_masks,
        {"embeddings": torch.rand(8, 2, 3, 4, 4), "first": MASKS, "attend": attend, "copy": copy},
        {
            "embeddings": one(torch.ones(8, 3, 4, 4), r"\(n, t, d, h, w\).*\(8, 3, 4, 4\)"),
            "first": {**NO_MASKS, "too few": (MASKS[:3], "as long as embeddings.*8.*3")},
            "references": pick(NO_COUNT, "a fraction", "a text"),
            "top_k": pick(NO_COUNT, "a fraction", "a text"),
            "temperature": one(0, "above 0"),
        },
    ),
    "evaluate.copy_first_mask": (
        evaluate.copy_first_mask,
        {"first": MASKS, "frames": 2},
        {"first": {**NO_MASKS, "no objects": (MASKS[:, 0], r"\(n, k, height, width\)")}, "frames": NO_COUNT},
    ),
    "evaluate.grey_patches": (
        evaluate.grey_patches,
        {"frames": IMAGES[:, :1]},
        {
            "frames": {
                **NO_GREY,
                "bytes": (BYTES[:, :1], NO_BYTES["bytes"][1]),
                "colour": (IMAGES, r"1 channel;.*\(8, 3, 16, 16\)"),
            },
            "stride": {**NO_COUNT, **one(5, "multiples of stride.*16x16")},
            "side": one(3, "at least 4.* 3"),
        },
    ),
    "evaluate.describe": (evaluate.describe, {"values": [1.0]}, {"values": one([], "at least one number")}),
    "plot.image_grid": (
        plot.image_grid,
        {"images": IMAGES},
        {
            "images": {**ALL_IMAGES, "none": (IMAGES[:0], "at least one image")},
            "labels": {"too few": (["a"], "8 images, but 1 labels"), "numbers": (LABELS, "texts.*tensor")},
            "columns": NO_COUNT,
        },
    ),
    "plot.loss_curve": (
        plot.loss_curve,
        {"history": [1.0, 0.5]},
        {"history": {**one(["low"], "losses.*list"), **one([[1.0]], "losses.*list")}, "window": NO_COUNT},
    ),
    "plot.embedding": (
        plot.embedding,
        {"features": FEATURES, "labels": LABELS, "names": ["a", "b", "c"]},
        {
            "features": NO_FEATURES,
            "labels": {
                "floats": (LABELS.float(), "whole numbers.*float32"),
                "from -1": (LABELS - 1, "names, from 0 to 2.*-1 to 1"),
                "too large": (LABELS + 1, "names, from 0 to 2.*1 to 3"),
                "too few": (LABELS[:5], "as long as features"),
                "a column": (LABELS[:, None], r"1 dimension.*\(8, 1\)"),
            },
            "limit": one(1, "at least 2.* 1"),
        },
    ),
    "plot.evaluation_bars": (
        plot.evaluation_bars,
        {"results": {"trained": {"J": 0.5}}},
        {
            "results": {
                "nothing": ({}, "empty"),
                "an Evaluation": (evaluate.Evaluation({"a": {"J": 0.5}}), r"mapping.*Evaluation: \.results"),
                "a figure": ({"trained": 0.5}, "mapping.*0.5"),
                "a figure is missing": ({"trained": {"J": 0.5}, "pixels": {"F": 0.5}}, "pixels.*no 'J'"),
            }
        },
    ),
    "plot.retrieval_grid": (
        plot.retrieval_grid,
        {"images": IMAGES, "features": FEATURES, "queries": [0]},
        {
            "images": ALL_IMAGES,
            "features": {**NO_FEATURES, "too few": (OTHERS, "as long as images.*8.*4")},
            "queries": {
                **one([8], "from 0 to 7.* 8"),
                **one([0.5], "whole numbers"),
                **one(0, "1 dimension"),
            },
            "identity": {
                "floats": (FEATURES[:, 0], "whole numbers"),
                "too few": (LABELS[:5], "as long as images"),
            },
            "neighbours": NO_COUNT,
        },
    ),
    "plot.attention_maps": (
        plot.attention_maps,
        {"reference": IMAGES[0], "target": IMAGES[1], "attention": torch.ones(16, 16), "points": [(0, 0)]},
        {
            "reference": {
                "floats of 0 to 255": (IMAGES[0] * 255, "up to"),
                "a batch": (IMAGES, r"\(channels, height"),
            },
            "target": {"a batch": (IMAGES, r"\(channels, height, width\).*\(8, 3, 16, 16\)")},
            "attention": one(torch.ones(1, 16, 16), r"\(p, q\).*\(1, 16, 16\)"),
            "points": one([(0, 16)], r"16x16.*\(0, 16\)"),
        },
    ),
    "plot.video_strip": (
        plot.video_strip,
        {"frames": IMAGES},
        {
            "frames": ALL_IMAGES,
            "masks": {"of objects": (MASKS, "3 dimensions")},
            "labels": one(["a"], "8 frames, but 1"),
        },
    ),
    "plot.overlay": (
        plot.overlay,
        {"frames": IMAGES, "masks": MASKS[:, 0].long()},
        {
            "frames": ALL_IMAGES,
            "masks": {
                "floats": (MASKS[:, 0].float(), "whole numbers in 3 dimensions.*float32"),
                "of objects": (MASKS, r"3 dimensions.*\(8, 2, 16, 16\)"),
                "smaller": (MASKS[:, 0, :8], r"\(16, 16\).*\(8, 16\)"),
                "too few": (MASKS[:3, 0], "as long as frames"),
            },
            "strength": one(2, "at most 1.* 2"),
        },
    ),
    "plot.animation": (
        plot.animation,
        {"films": {"a": IMAGES[:2]}},
        {
            "films": {
                "frames": (IMAGES, "mapping.*tensor"),
                "nothing": ({}, "empty"),
                "floats of 0 to 255": ({"a": IMAGES * 255}, r"\['a'\] .*divide them by 255"),
            },
            "fps": one(0, "above 0"),
        },
    ),
}
ROWS = [
    pytest.param(function, {**right, argument: value}, argument, message, id=f"{name}-{argument}-{mistake}")
    for name, (function, right, wrong) in TABLE.items()
    for argument, mistakes in wrong.items()
    for mistake, (value, message) in mistakes.items()
]


@pytest.mark.parametrize(("function", "given", "argument", "message"), ROWS)
def test_the_argument_and_what_it_should_be_are_named(
    function: Callable[..., Any], given: dict[str, Any], argument: str, message: str
) -> None:
    with pytest.raises(ValueError, match=f"(?s){message}") as raised:
        function(**given)
    assert argument in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", [name for name in TABLE if name != "data.cifar10"])
def test_what_is_right_is_taken(name: str) -> None:
    function, right, _ = TABLE[name]
    function(**right)


@pytest.mark.parametrize("module", [augment, evaluate, models, plot, train, data])
def test_every_function_that_takes_tensors_or_numbers_is_in_the_table(module: Any) -> None:
    short = module.__name__.rpartition(".")[2]
    public = {
        name
        for name, item in vars(module).items()
        if inspect.isfunction(item)
        and item.__module__.startswith(module.__name__)
        and not name.startswith("_")
    }
    # `names` takes nothing; `tiny_encoder` is for checks.
    assert {f"{short}.{name}" for name in public - {"names", "tiny_encoder"}} <= TABLE.keys()


# --- what must still be taken -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "images", [IMAGES, BYTES, IMAGES.half(), IMAGES.double(), IMAGES + 0.5 * torch.randn(8, 3, 16, 16)]
)
def test_images_of_any_float_and_with_noise_are_images(images: Tensor) -> None:
    arguments.require_images("images", images)


def test_images_without_values_are_taken_by_their_shape() -> None:
    model = encoder("convnet", width=4).to("meta")
    assert model(IMAGES.to("meta")).shape == (8, 32)
    torch.func.vmap(lambda image: arguments.require_images("images", image, dims=3))(IMAGES)


def test_the_check_leaves_no_trace_in_the_graph() -> None:
    images = IMAGES.clone().requires_grad_()
    encoder("convnet", width=4)(images).sum().backward()
    assert images.grad is not None


def test_numbers_of_numpy_and_torch_are_numbers() -> None:
    for number in (3, np.int64(3), torch.tensor(3)):
        arguments.require_whole("k", number, at_least=3, at_most=3)
    for number in (0.5, 1, np.float32(0.5), torch.tensor(0.5)):
        arguments.require_number("fraction", number, above=0, at_most=1)
    with pytest.raises(ValueError, match="fraction is nan"):
        arguments.require_number("fraction", float("nan"), at_least=0)
