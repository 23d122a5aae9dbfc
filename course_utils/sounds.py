"""Speech to hear and to see: a player, spectrograms with what was predicted of them, and clips as points in the plane.

Like those of `plot`, pictures are `Picture`s with a text, and wrong arguments are named in a ValueError.
"""

from __future__ import annotations

import io
import math
import wave as wav
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import arguments, drawing, speech
from course_utils.data import SAMPLE_RATE
from course_utils.drawing import Picture
from course_utils.player import audio_player
from course_utils.plot import COLOURS, MARKERS

Clips = Mapping[str, Float[Tensor, " samples"]]

_TICKS = (250, 500, 1000, 2000, 3500)
_DECIBELS = 70
"""Shown below the loudest place of a spectrogram; what is quieter is black."""
_LOUDEST = 0.9
"""Of full scale, the largest sample of what is played."""


@dataclass(frozen=True)
class Audio:
    """Sounds that play in the notebook, with buttons.

    Attributes:
        html: the player with all sounds inside.
        alt: what is to be heard.
    """

    html: str
    alt: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.alt}


def listen(clips: Clips, rate: int = SAMPLE_RATE, alt: str = "") -> Audio:
    """Clips beside each other, each with a button to play it. The loudest is played nearly as loud as can be, and the
    others by the same factor, so that differences in loudness are heard.

    Args:
        clips: name -> samples of any scale.
        rate: samples in a second.
    """
    waves = _require_clips(clips, at_least=1)
    arguments.require_whole("rate", rate, at_least=1)
    largest = max(float(wave.abs().max()) for wave in waves.values())
    factor = _LOUDEST / largest if largest > 0 else 1.0
    lengths = {name: len(wave) / rate for name, wave in waves.items()}
    said = ", ".join(f"{name} ({seconds:.1f} s)" for name, seconds in lengths.items())
    alt = alt or f"Sounds to play: {said}."
    return Audio(audio_player({name: _wav(wave * factor, rate) for name, wave in waves.items()}, alt), alt)


def spectrograms(
    clips: Clips,
    scores: Mapping[str, Sequence[float]] | None = None,
    score_name: str = "score",
    columns: int = 3,
    title: str = "",
    alt: str = "",
) -> Picture:
    """Log-mel spectrograms beside each other, all of one scale of time and of loudness.

    Args:
        clips: name -> samples at 8 kHz, at least a frame of 25 ms.
        scores: name of a clip -> a number for each frame, or for its first frames; drawn in a strip above it. Frames
            whose number is NaN are left out.
        score_name: what these numbers are.
        columns: clips in a row.
    """
    waves = _require_clips(clips, at_least=speech.FRAME)
    arguments.require_whole("columns", columns, at_least=1)
    shown = {name: _decibels(wave) for name, wave in waves.items()}
    strips = _require_strips(scores, shown)
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    heights = [0.45, 1.0] if strips else [1.0]
    figure, axes = drawing.panels(
        rows * len(heights), columns, max(2.8, 7.0 / columns), 2.0, title, heights * rows
    )
    loudest = max(float(values.max()) for values in shown.values())
    longest = max(len(values) for values in shown.values())
    limits = _limits([number for strip in strips.values() for number in strip])
    images = []
    for k in range(rows * columns):
        row, column = divmod(k, columns)
        panel = axes[row * len(heights) + len(heights) - 1, column]
        above = axes[row * len(heights), column] if strips else None
        if k >= len(shown):
            panel.set_visible(False)
            if above is not None:
                above.set_visible(False)
            continue
        name = list(shown)[k]
        images.append(_draw_spectrogram(panel, shown[name], loudest, longest))
        top = above or panel
        top.set_title(drawing.shorten(name, 40), fontsize=9)
        if above is not None:
            _draw_strip(above, strips.get(name, []), limits, longest)
            if column == 0:
                above.set_ylabel(score_name, fontsize=8)
        if column:
            panel.set_ylabel("")
    _add_decibels(figure, images[0], axes, figure.get_figheight())
    said = [
        f"{name} ({_seconds(len(values)):.2f} s{_said_of(strips.get(name, []), score_name)})"
        for name, values in shown.items()
    ]
    return Picture(figure, alt or f"Spectrograms, time in seconds, frequency in Hz: {', '.join(said)}.")


def prediction(
    wave: Float[Tensor, " samples"],
    scores: Sequence[float],
    accuracy: Mapping[str, Sequence[float]],
    candidates: int,
    *,
    score_name: str = "score",
    marked: int = 4,
    title: str = "",
    alt: str = "",
) -> Picture:
    """How far ahead the future is told from others, and in one clip, which frames are told best and worst.

    Args:
        wave: samples of a clip at 8 kHz.
        scores: for each frame of it, or for its first ones, how well it was predicted; NaN where nothing predicts it.
        accuracy: who -> how often the right future was found, one step ahead, two steps, and so on.
        candidates: of which one was right: by chance it is found once in so many.
        score_name: what `scores` are.
        marked: so many of the best and of the worst frames get a mark.
    """
    (wave,) = _require_clips({"wave": wave}, at_least=speech.FRAME, of="").values()
    shown = _decibels(wave)
    (strip,) = _require_strips({"": scores}, {"": shown}, "scores").values()
    arguments.require_whole("candidates", candidates, at_least=1)
    arguments.require_whole("marked", marked, at_least=1)
    curves = {
        who: arguments.float_list(f"accuracy[{who!r}]", values)
        for who, values in arguments.require_mapping("accuracy", accuracy, "who -> accuracies").items()
    }
    figure, axes = drawing.panels(3, 1, 7.0, 2.1, title, [0.9, 0.5, 1.0])
    above, between, below = axes[:, 0]
    for k, (who, values) in enumerate(curves.items()):
        steps = range(1, len(values) + 1)
        above.plot(steps, values, MARKERS[k % 8], ls="-", color=COLOURS[k % 8], ms=5, lw=1.6, label=who)
    above.axhline(1 / candidates, ls="--", color="0.4", lw=1, label=f"chance, 1/{candidates}")
    above.set(xlabel="steps ahead, 10 ms each", ylabel="accuracy", ylim=(0, 1.05))
    above.xaxis.get_major_locator().set_params(integer=True)
    above.legend(frameon=False, fontsize=8, loc="upper right")
    drawing.despine(above)

    _draw_strip(between, strip, _limits(strip), len(shown))
    between.set_ylabel(score_name, fontsize=8)
    image = _draw_spectrogram(below, shown, float(shown.max()), len(shown))
    told = [t for t in np.argsort(strip, kind="stable").tolist() if math.isfinite(strip[t])]
    if few := min(marked, len(told) // 2):
        for name, marker, colour, frames in (
            ("predicted best", "^", COLOURS[2], sorted(told[-few:])),
            ("predicted worst", "v", COLOURS[5], sorted(told[:few])),
        ):
            look = {"marker": marker, "color": colour, "ls": "", "mec": "white", "ms": 8, "label": name}
            times = [_middle(t) for t in frames]
            between.plot(times, [strip[t] for t in frames], clip_on=False, **look)
            below.plot(times, [speech.BANDS - 2.5] * few, **look)
        marks = below.get_legend_handles_labels()
        figure.legend(*marks, loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    _add_decibels(figure, image, below, 2.1)
    said = "; ".join(f"{who} from {v[0]:.2f} to {v[-1]:.2f} in {len(v)} steps" for who, v in curves.items())
    return Picture(
        figure,
        alt
        or f"Accuracy of prediction: {said}; chance {1 / candidates:.2f}. Below, a spectrogram of "
        f"{_seconds(len(shown)):.2f} s{_said_of(strip, score_name)}, with the {few} frames predicted best and the "
        f"{few} predicted worst marked.",
    )


def projections(
    features: Float[Tensor, "n d"],
    by: Mapping[str, Sequence[str] | Float[Tensor, " n"]],
    method: str = "t-SNE",
    seed: int = 0,
    title: str = "",
    alt: str = "",
) -> Picture:
    """The same points in the plane, shown once for each thing that is known of them.

    Features are standardised first, so that none counts more for being larger.

    Args:
        by: title -> for each point a text (its class, with a colour and a marker of its own) or a number (as a colour).
        method: "t-SNE" or "PCA".
    """
    count = len(arguments.require_vectors("features", features))
    arguments.require_enough("features", features, 3, "examples")
    if method not in ("t-SNE", "PCA"):
        arguments.refuse_argument("method", '"t-SNE" or "PCA"', f"it is {arguments.describe_value(method)}")
    known = {
        name: _require_known(f"by[{name!r}]", values, count)
        for name, values in arguments.require_mapping("by", by, "title -> texts or numbers").items()
    }
    points, names = _in_the_plane(features, method, seed)
    figure, axes = drawing.panels(1, len(known), 4.4, 3.4, title)
    said = []
    for axis, (name, values) in zip(axes[0], known.items(), strict=True):
        axis.set_title(name, fontsize=9)
        if isinstance(values, np.ndarray):
            drawn = axis.scatter(*points.T, c=values, cmap="viridis", s=16, lw=0.2, edgecolors="black")
            figure.colorbar(drawn, ax=axis, pad=0.02).ax.tick_params(labelsize=7)
            said.append(f"{name} from {values.min():.3g} to {values.max():.3g}")
        else:
            classes = list(dict.fromkeys(values))
            _scatter_classes(axis, points, values, classes)
            # Below the name of the axis, where there is one.
            place = (0.5, -0.2 if names else -0.02)
            axis.legend(frameon=False, fontsize=7, loc="upper center", bbox_to_anchor=place, ncols=3)
            said.append(f"{name}: {', '.join(classes)}")
        if names:
            axis.set_xlabel(names[0], fontsize=8)
            axis.set_ylabel(names[1] if axis is axes[0, 0] else "", fontsize=8)
            axis.tick_params(labelsize=7)
            drawing.despine(axis)
        else:
            drawing.hide(axis)
    return Picture(figure, alt or f"{method} of {count} points. By {'; by '.join(said)}.")


def _scatter_classes(axis: Axes, points: np.ndarray, values: list[str], classes: list[str]) -> None:
    for k, name in enumerate(classes):
        x, y = points[[value == name for value in values]].T
        marker = MARKERS[(k + k // len(COLOURS)) % len(MARKERS)]
        axis.scatter(
            x, y, s=16, c=COLOURS[k % len(COLOURS)], marker=marker, lw=0.2, edgecolors="black",
            alpha=0.85, label=drawing.shorten(name, 28),
        )  # fmt: skip


def _in_the_plane(features: Tensor, method: str, seed: int) -> tuple[np.ndarray, tuple[str, str] | None]:
    """Points, and the names of the axes where these mean something."""
    values = features.detach().double().cpu()
    deviation = values.std(dim=0, correction=0)
    values = (values - values.mean(dim=0)) / torch.where(deviation > 0, deviation, 1.0)
    if method == "PCA":
        left, strengths, _ = torch.linalg.svd(values, full_matrices=False)
        points = torch.nn.functional.pad(left * strengths, (0, 1))[:, :2]
        shares = torch.nn.functional.pad(
            strengths.square() / strengths.square().sum().clamp(min=1e-12), (0, 1)
        )
        first, second = (f"component {k + 1} ({shares[k]:.0%} of the variance)" for k in range(2))
        return points.numpy(), (first, second)
    from sklearn.manifold import TSNE  # noqa: PLC0415 - slow to import

    perplexity = min(30.0, max(1.0, (len(values) - 1) / 3))
    found = TSNE(perplexity=perplexity, init="random", random_state=seed).fit_transform(
        values.float().numpy()
    )
    return found, None


def _draw_spectrogram(axis: Axes, decibels: np.ndarray, loudest: float, longest: int) -> Any:
    half = speech.HOP / SAMPLE_RATE / 2
    image = axis.imshow(
        decibels.T, origin="lower", aspect="auto", cmap="magma", vmin=loudest - _DECIBELS, vmax=loudest,
        extent=(_middle(0) - half, _middle(len(decibels) - 1) + half, -0.5, speech.BANDS - 0.5),
        interpolation="nearest",
    )  # fmt: skip
    places = np.interp(_TICKS, speech.band_centres().numpy(), np.arange(speech.BANDS))
    axis.set_yticks(places, [str(hertz) for hertz in _TICKS], fontsize=7)
    axis.tick_params(axis="x", labelsize=7)
    axis.set_xlim(0, _seconds(longest))
    axis.set_xlabel("seconds", fontsize=8)
    axis.set_ylabel("Hz", fontsize=8)
    drawing.despine(axis)
    return image


def _draw_strip(axis: Axes, strip: Sequence[float], limits: tuple[float, float], longest: int) -> None:
    axis.plot([_middle(t) for t in range(len(strip))], strip, color=COLOURS[0], lw=1.3)
    axis.set(xlim=(0, _seconds(longest)), ylim=limits)
    axis.tick_params(labelsize=7, labelbottom=False)
    drawing.despine(axis)


def _add_decibels(figure: Figure, image: Any, axes: Any, inches: float) -> None:
    """The scale of what spectrograms show, beside axes that are so many inches high."""
    bar = figure.colorbar(image, ax=axes, pad=0.01, fraction=0.08, aspect=8 * inches)
    bar.set_label("dB", fontsize=8)
    bar.ax.tick_params(labelsize=7)


def _decibels(wave: Tensor) -> np.ndarray:
    decibels: np.ndarray = (speech.log_mel(wave) * (10 / math.log(10))).numpy()
    return decibels


def _middle(frame: int) -> float:
    """Of a frame, in seconds."""
    return (frame * speech.HOP + speech.FRAME / 2) / SAMPLE_RATE


def _seconds(frames: int) -> float:
    return ((frames - 1) * speech.HOP + speech.FRAME) / SAMPLE_RATE


def _limits(numbers: Sequence[float]) -> tuple[float, float]:
    """What the axis of a strip shows: all numbers with a margin, and 0 to 1 where they are shares."""
    finite = [number for number in numbers if math.isfinite(number)] or [0.0, 1.0]
    low, high = min(finite), max(finite)
    if low >= 0 and high <= 1:
        return -0.05, 1.05
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


def _said_of(strip: Sequence[float], score_name: str) -> str:
    finite = [number for number in strip if math.isfinite(number)]
    return f", {score_name} from {min(finite):.2f} to {max(finite):.2f}" if finite else ""


def _wav(wave: Tensor, rate: int) -> bytes:
    """A file of 16-bit samples; those beyond full scale are cut off."""
    file = io.BytesIO()
    with wav.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(int(rate))
        writer.writeframes(
            (wave.clamp(-1, 1) * 32767).round().to(torch.int16).numpy().astype("<i2").tobytes()
        )
    return file.getvalue()


def _require_clips(clips: object, at_least: int, of: str = "clips") -> dict[str, Tensor]:
    """The clips on the CPU as float32, without gradients."""
    due = f"a tensor of floats of one dimension, at least {at_least}"
    given = arguments.require_mapping("clips", clips, "name -> samples", 'as in {"hello": wave}')
    found = {}
    for key, value in given.items():
        name = f"{of}[{key!r}]" if of else key
        wave = arguments.require_floats(name, value, due, 1)
        if len(wave) < at_least:
            arguments.refuse_argument(name, due, f"there are {len(wave)}")
        if not wave.isfinite().all():
            arguments.refuse_argument(name, "finite", "there is a NaN or an infinity in it")
        found[str(key)] = wave.detach().cpu().float()
    return found


def _require_strips(
    scores: object, shown: Mapping[str, np.ndarray], name: str = ""
) -> dict[str, list[float]]:
    if scores is None:
        return {}
    given = arguments.require_mapping("scores", scores, "name of a clip -> a number for each frame")
    found = {}
    for key, values in given.items():
        if key not in shown:
            arguments.refuse_argument("scores", f"of the clips {', '.join(shown)}", f"there is no {key!r}")
        called, most = name or f"scores[{key!r}]", len(shown[key])
        strip = arguments.series(called, values, "numbers, one for each frame").tolist()
        if not 1 <= len(strip) <= most:
            arguments.refuse_argument(
                called, f"1 to {most} numbers, the clip's frames", f"there are {len(strip)}"
            )
        found[key] = strip
    return found


def _require_known(name: str, values: object, count: int) -> list[str] | np.ndarray:
    """What is known of the points: texts, or numbers."""
    items = arguments.require_list(name, values, "a list of texts or numbers, one for each point")
    arguments.require_length(name, items, count, "features")
    if any(isinstance(item, str) for item in items):
        arguments.require_texts(name, items)
        return items
    return np.array(arguments.float_list(name, items))
