"""Pictures of pointing and tracking: the idea, weights over frames, masks that can be told apart, films of a pointer.

Like those of `course_utils.plot`, each function returns a `Picture` with a text that says what is to be seen, or frames
for one. Masks lie opaque over grey frames, so that no object's own colour is taken for that of its mask.

An argument of another type, dtype, shape or length than its function asks for raises a ValueError that names it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from matplotlib.patches import ConnectionPatch, Rectangle
from matplotlib.patheffects import withStroke
from torch import Tensor

from course_utils import arguments, drawing
from course_utils.data import EmojiVideo, rgb_to_lab
from course_utils.drawing import Picture
from course_utils.plot import COLOURS
from course_utils.tracking import contour

PAINT = ("#E69F00", "#0072B2", "#FFFFFF", "#CC79A7", "#009E73", "#56B4E9", "#D55E00", "#F0E442")
"""Of objects 1, 2, 3 and so on: orange, blue and white differ in lightness as well."""


def colour_idea(video: EmojiVideo, clip: int, later: int) -> Picture:
    """Frame 0 in colour, a later frame in grey, and arrows between the same points of the objects.

    Args:
        video: clips.
        clip: number of one.
        later: number of the frame without colours.
    """
    _require_video(video)
    arguments.require_whole("clip", clip, at_least=0, at_most=len(video.frames) - 1)
    arguments.require_whole("later", later, at_least=0, at_most=video.frames.shape[1] - 1)
    reference = video.frames[clip, 0].permute(1, 2, 0)
    grey = rgb_to_lab(video.frames[clip, later] / 255)[0]
    figure, axes = drawing.panels(1, 2, 3.6, 3.6, "")
    left, right = axes[0]
    left.imshow(reference.numpy())
    right.imshow(grey.numpy(), cmap="gray", vmin=0, vmax=100)
    left.set_title("reference frame: colours known", fontsize=9)
    right.set_title("target frame: colours to be copied", fontsize=9)
    seen = video.visible[clip, 0] & video.visible[clip, later]
    last = grey.shape[-1] - 1
    for k in range(seen.shape[0]):
        for point in seen[k].nonzero()[:2, 0]:
            start: tuple[float, float] = tuple(video.keypoints[clip, later, k, point].tolist())
            end: tuple[float, float] = tuple(video.keypoints[clip, 0, k, point].tolist())
            column, row = (min(max(round(value), 0), last) for value in end)
            colour = (reference[row, column] / 255).tolist()
            right.plot(*start, "o", ms=7, color=colour, mec="white", mew=1.2)
            left.plot(*end, "o", ms=7, color=colour, mec="white", mew=1.2)
            arrow = ConnectionPatch(
                start, end, right.transData, left.transData, arrowstyle="-|>", mutation_scale=13, lw=1.4,
                shrinkA=4, shrinkB=4, color="white", path_effects=[withStroke(linewidth=3, foreground="black")],
            )  # fmt: skip
            figure.add_artist(arrow)
    for axis in (left, right):
        axis.set(xticks=[], yticks=[])
    return Picture(
        figure,
        "Left, a reference frame in colour; right, a later frame in grey. Arrows lead from points on objects in the "
        "later frame to where the same points are in the reference frame, and the points have the colour found there.",
    )


def same_points(
    video: EmojiVideo, clip: int, frame: int, count: int = 5, since: int = 0
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pixels (row, column) of some keypoints that are seen in two frames: in `frame`, and the same in `since`."""
    _require_video(video)
    arguments.require_whole("clip", clip, at_least=0, at_most=len(video.frames) - 1)
    last = video.frames.shape[1] - 1
    for name, value in (("frame", frame), ("since", since)):
        arguments.require_whole(name, value, at_least=0, at_most=last)
    arguments.require_whole("count", count, at_least=1)
    both = video.visible[clip, frame] & video.visible[clip, since]
    if not both.any():
        arguments.refuse_argument("clip", "a clip with a point that is seen in both frames", "there is none")
    spots = [video.keypoints[clip, number][both] for number in (frame, since)]
    chosen = np.linspace(0, len(spots[0]) - 1, count).round().astype(int)
    now, then = ([(round(float(y)), round(float(x))) for x, y in found[chosen]] for found in spots)
    return now, then


def heat_over_frames(
    frames: Float[Tensor, "t+1 1 height width"],
    weights: Mapping[str, Float[Tensor, "t*h*w h*w"]],
    point: tuple[int, int],
    truth: Sequence[tuple[int, int]] = (),
    radius: Mapping[str, int] | None = None,
) -> Picture:
    """Where one target point looks in the frames before it, one row for each of several weights.

    Args:
        frames: the reference frames in grey, and last the target frame.
        weights: name -> like an attention from all positions of the reference frames to those of the target.
        point: (row, column) of a pixel in the target frame.
        truth: where that point is in each reference frame.
        radius: of the weights of this name, cells of a window that is drawn.
    """
    arguments.require_images("frames", frames, channels=(1,), floats_only=True)
    arguments.require_enough("frames", frames, 2, "frames")
    arguments.require_mapping("weights", weights, "name -> weights")
    height, width = frames.shape[-2:]
    row, column = _pixel("point", point, height, width)
    places = [_pixel("truth", place, height, width) for place in truth]
    if places:
        arguments.require_length("truth", places, len(frames) - 1, "reference frames")
    figure, axes = drawing.panels(len(weights), len(frames), 1.5, 1.65, "")
    shown, said = drawing.pixels(frames, "frames"), []
    for (name, heat), line in zip(weights.items(), axes, strict=True):
        arguments.require_floats(
            f"weights[{name!r}]", heat, "a tensor of floats of the shape (t*h*w, h*w)", 2
        )
        stride = round((height * width / heat.shape[1]) ** 0.5)
        h, w = height // stride, width // stride
        if h * w != heat.shape[1] or heat.shape[0] != (len(frames) - 1) * h * w:
            due = f"of as many rows as the {len(frames) - 1} reference frames have positions"
            arguments.refuse_argument(f"weights[{name!r}]", due, f"it is {tuple(heat.shape)}")
        mine = heat[:, row // stride * w + column // stride].detach().cpu().view(-1, h, w)
        brightest = max(float(mine.max()), 1e-12)
        shares = []
        for t, axis in enumerate(line[:-1]):
            axis.imshow(shown[t] * 0.6)
            axis.imshow(
                (mine[t] / brightest).sqrt().numpy(), cmap="inferno", alpha=0.65, vmin=0, vmax=1,
                extent=(-0.5, width - 0.5, height - 0.5, -0.5), interpolation="nearest",
            )  # fmt: skip
            if places:
                axis.plot(places[t][1], places[t][0], "o", ms=9, mfc="none", mec="white", mew=1.4)
            if radius and name in radius:
                arguments.require_whole("radius", radius[name], at_least=0)
                top, left = (max(place // stride - radius[name], 0) for place in (row, column))
                below, right = (
                    min(place // stride + radius[name] + 1, limit) for place, limit in ((row, h), (column, w))
                )
                corner = (left * stride - 0.5, top * stride - 0.5)
                sides = ((right - left) * stride, (below - top) * stride)
                axis.add_patch(Rectangle(corner, *sides, fill=False, ec=COLOURS[4], lw=1.6))
            shares.append(float(mine[t].sum()))
            axis.set_title(f"{t + 1 - len(frames)}: {shares[-1]:.0%}", fontsize=8)
            drawing.hide(axis)
        line[-1].imshow(shown[-1])
        line[-1].plot(column, row, marker="+", ms=12, mew=2.5, color="white")
        line[-1].plot(column, row, marker="+", ms=10, mew=1.2, color="black")
        line[-1].set_title("target", fontsize=8)
        drawing.hide(line[-1])
        line[0].set_ylabel(drawing.shorten(name, 22), fontsize=8)
        said.append(f"{name}, share of the weights in each frame: {', '.join(f'{v:.2f}' for v in shares)}")
    return Picture(figure, "Weights of one target point over the frames before it. " + "; ".join(said) + ".")


def object_frames(
    grey: Float[Tensor, "t 1 height width"], objects: Int64[Tensor, "t height width"]
) -> Float[np.ndarray, "t height width 3"]:
    """Grey frames with each object painted over, opaque and with an outline: frames for a film or a picture.

    Args:
        grey: in [0, 1].
        objects: of every pixel, 0 for the background.
    """
    arguments.require_images("grey", grey, channels=(1,), floats_only=True)
    found = arguments.whole_numbers("objects", objects, dims=3, count=len(grey), of="grey").cpu()
    if found.shape[1:] != grey.shape[-2:]:
        due = f"of the frames' size {tuple(grey.shape[-2:])}"
        arguments.refuse_argument("objects", due, f"they are of {tuple(found.shape[1:])}")
    film = 0.7 * drawing.pixels(grey, "grey")
    for number in range(1, int(found.max()) + 1):
        mask = found == number
        colour = PAINT[(number - 1) % len(PAINT)]
        film[mask.numpy()] = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        film[contour(mask).numpy()] = 0.0
    return film


def track_rows(
    grey: Float[Tensor, "t 1 height width"], tracks: Mapping[str, Int64[Tensor, "t height width"]]
) -> Picture:
    """The objects of one clip as several trackers found them, one below the other.

    Args:
        grey: frames of the clip.
        tracks: name -> object of every pixel, 0 for the background.
    """
    arguments.require_mapping("tracks", tracks, "name -> objects")
    rows = {name: object_frames(grey, found) for name, found in tracks.items()}
    figure, axes = drawing.panels(len(rows), len(grey), 1.25, 1.3, "")
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        for t, axis in enumerate(line):
            drawing.hide(axis)
            drawing.show(axis, pictures[t])
        line[0].set_ylabel(drawing.shorten(name, 22), fontsize=8)
    for t, axis in enumerate(axes[0]):
        axis.set_title(f"frame {t}", fontsize=8)
    return Picture(
        figure,
        f"The objects of a clip over {len(grey)} frames, each in a colour of its own: {', '.join(rows)}, one below "
        "the other.",
    )


def steady_point(video: EmojiVideo, clip: int) -> Float[Tensor, "t 2"]:
    """The path (x, y) of the keypoint of a clip that is seen in most of its frames."""
    _require_video(video)
    arguments.require_whole("clip", clip, at_least=0, at_most=len(video.frames) - 1)
    often = video.visible[clip].sum(dim=0)
    k, point = divmod(int(often.argmax()), often.shape[1])
    side = video.frames.shape[-1]
    return video.keypoints[clip, :, k, point].clamp(0, side - 1)


def crossed_film(frames: Tensor, path: Float[Tensor, "t 2"]) -> Float[Tensor, "t c height width"]:
    """Frames, bytes or floats in [0, 1], with a bright cross that follows the path (x, y)."""
    arguments.require_images("frames", frames, channels=(1, 3))
    due = "a tensor of floats of the shape (t, 2)"
    arguments.require_length("path", arguments.require_floats("path", path, due, 2), len(frames), "frames")
    film = frames.float() / 255 if frames.dtype == torch.uint8 else frames.clone()
    for picture, (x, y) in zip(film, path.round().long().tolist(), strict=True):
        for bright, reach in ((0.0, 1), (1.0, 0)):  # a dark rim, and a bright cross in it
            picture[:, max(0, y - 4 - reach) : y + 5 + reach, max(0, x - reach) : x + 1 + reach] = bright
            picture[:, max(0, y - reach) : y + 1 + reach, max(0, x - 4 - reach) : x + 5 + reach] = bright
    return film


def glow_film(
    grey: Float[Tensor, "1 height width"], attention: Float[Tensor, "t h*w h*w"], path: Float[Tensor, "t 2"]
) -> Float[Tensor, "t 3 height width"]:
    """One frame in dim grey, and over it, frame after frame, where the point of a path points.

    Args:
        grey: the frame that is pointed at.
        attention: from its positions (rows) to those of each frame (columns).
        path: x and y of the point in each frame.
    """
    arguments.require_images("grey", grey, channels=(1,), dims=3, floats_only=True)
    arguments.require_floats("attention", attention, "a tensor of floats of the shape (t, h*w, h*w)", 3)
    arguments.require_length("attention", attention, len(path), "path")
    height, width = grey.shape[-2:]
    stride = round((height * width / attention.shape[2]) ** 0.5)
    cell = path.round().long() // stride
    columns = cell[:, 1] * (width // stride) + cell[:, 0]
    glow = attention[torch.arange(len(path)), :, columns].view(-1, 1, height // stride, width // stride)
    glow = (glow / glow.amax(dim=(2, 3), keepdim=True).clamp(min=1e-12)).sqrt()
    yellow = torch.tensor([0.95, 0.75, 0.1]).view(1, 3, 1, 1)
    return (0.45 * grey + F.interpolate(glow, size=(height, width)) * yellow).clamp(0, 1)


def point_errors(
    frame: Float[Tensor, "1 height width"], truth: Float[Tensor, "n 2"], found: Float[Tensor, "n 2"]
) -> Picture:
    """A frame in grey, the true points as circles, and a line from each to where it was found.

    Args:
        frame: in [0, 1].
        truth: x and y of each point.
        found: the same, as they were found.
    """
    arguments.require_images("frame", frame, channels=(1,), dims=3, floats_only=True)
    for name, value in (("truth", truth), ("found", found)):
        arguments.require_floats(name, value, "a tensor of floats of the shape (n, 2)", 2)
    arguments.require_length("found", found, len(truth), "truth")
    figure, axes = drawing.panels(1, 1, 3.6, 3.6, "")
    axis = axes[0, 0]
    axis.imshow(frame[0].numpy(), cmap="gray", vmin=0, vmax=1)
    for true, guess in zip(truth.tolist(), found.tolist(), strict=True):
        axis.plot(*zip(true, guess, strict=True), color="white", lw=1.5)
        axis.plot(*true, "o", ms=7, mfc="none", mec=COLOURS[1], mew=1.8)
        axis.plot(*guess, ".", ms=6, color=COLOURS[4])
    drawing.hide(axis)
    distance = (truth - found).norm(dim=1)
    far = f", at most {float(distance.max()):.0f} pixels off" if len(distance) else ""
    return Picture(
        figure, f"A frame with {len(truth)} true points as circles, and lines to where they were found{far}."
    )


def dots(x: Float[Tensor, " n"], y: Float[Tensor, " n"], xlabel: str, ylabel: str) -> Picture:
    """One dot for each pair, with their correlation; pairs with a number that is none are left out."""
    first, second = (arguments.series(name, value, "numbers") for name, value in (("x", x), ("y", y)))
    arguments.require_length("y", second, len(first), "x")
    known = np.isfinite(first) & np.isfinite(second)
    first, second = first[known], second[known]
    varies = len(first) > 1 and first.std() > 0 and second.std() > 0
    found = float(np.corrcoef(first, second)[0, 1]) if varies else 0.0
    figure, axes = drawing.panels(1, 1, 4.6, 3.2, f"correlation {found:+.2f} over {len(first)}")
    axes[0, 0].scatter(first, second, s=12, alpha=0.7, color=COLOURS[0])
    axes[0, 0].set(xlabel=xlabel, ylabel=ylabel)
    drawing.despine(axes[0, 0])
    return Picture(figure, f"Dots, {ylabel} over {xlabel}. The correlation is {found:+.2f}.")


def palette_plane(
    points: Float[Tensor, "n 2"], centres: Float[Tensor, "k 2"], paint: Float[Tensor, "k 3"]
) -> Picture:
    """Colours of cells in the ab plane, and the centre of each class in its own colour.

    Args:
        points: a and b of cells.
        centres: of the classes.
        paint: of the classes, as `colouring.class_paint` gives it.
    """
    for name, value, last in (("points", points, 2), ("centres", centres, 2), ("paint", paint, 3)):
        due = f"a tensor of floats of the shape (n, {last})"
        if arguments.require_floats(name, value, due, 2).shape[1] != last:
            arguments.refuse_argument(name, due, f"it is {arguments.describe_value(value)}")
    arguments.require_length("paint", paint, len(centres), "centres")
    figure, axes = drawing.panels(1, 1, 4.4, 3.8, "")
    axis = axes[0, 0]
    axis.scatter(*points[:3000].numpy().T, s=3, color="0.75", linewidths=0)
    axis.scatter(*centres.numpy().T, s=110, c=(paint + 0.6).clamp(0, 1).numpy(), edgecolors="black")
    axis.set(xlabel="a: green to red", ylabel="b: blue to yellow")
    drawing.despine(axis)
    return Picture(figure, f"Colours of cells in the ab plane, and the centres of {len(centres)} classes.")


def _pixel(name: str, place: object, height: int, width: int) -> tuple[int, int]:
    row, column = arguments.require_list(name, place, "(row, column) of a pixel", 2)
    if not (0 <= row < height and 0 <= column < width):
        due = f"(row, column) of a pixel of a frame of {height}x{width}"
        arguments.refuse_argument(name, due, f"it is ({row}, {column})")
    return int(row), int(column)


def _require_video(video: object) -> None:
    arguments.require_parts("video", video, ("frames", "keypoints", "visible"))
