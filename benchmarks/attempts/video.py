"""Attempts at the exercises of video. As students write: no types, no comments."""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201

import torch
import torch.nn.functional as F

from benchmarks.attempts import attempt


@attempt("video.colorization_attention")
def reshape_both(reference, target, temperature=1.0):
    """Positions first, channels last, by reshape."""
    n, d = reference.shape[:2]
    a = reference.reshape(n, -1, d) @ target.reshape(n, -1, d).transpose(1, 2)
    return (a / temperature).softmax(1)


@attempt("video.colorization_attention")
def exp_by_hand(reference, target, temperature=1.0):
    """Softmax is exp over its sum."""
    a = (torch.einsum("ndi,ndj->nij", reference.flatten(2), target.flatten(2)) / temperature).exp()
    return a / a.sum(1, keepdim=True)


@attempt("video.colorization_attention")
def last_dim_softmax(reference, target, temperature=1.0):
    """Softmax always goes over the last dimension."""
    a = torch.einsum("ndi,ndj->nij", reference.flatten(2), target.flatten(2)) / temperature
    return a.softmax(-1)


@attempt("video.copy_colors")
def transposed(attention, colors, target_size):
    """The attention the other way round."""
    return torch.einsum("nci,nji->ncj", colors.flatten(2), attention).unflatten(2, target_size)


@attempt("video.copy_colors")
def argmax(attention, colors, target_size):
    """Copy the colour of the best match."""
    i = attention.argmax(1)
    c = colors.flatten(2)
    return c.gather(2, i[:, None].expand(-1, c.shape[1], -1)).unflatten(2, target_size)


@attempt("video.copy_colors")
def view_as_colors(attention, colors, target_size):
    """The result looks like the colours that came in."""
    return (colors.flatten(2) @ attention).view_as(colors)


@attempt("video.colorization_loss")
def cross_entropy(predicted, classes):
    """F.cross_entropy takes (n, c, h, w) and (n, h, w), which is just what there is."""
    return F.cross_entropy(predicted, classes)


@attempt("video.colorization_loss")
def a_little_for_safety(predicted, classes):
    """1e-12 so that there is no log of 0."""
    p = predicted.gather(1, classes[:, None])
    return -(p + 1e-12).log().mean()


@attempt("video.colorization_loss")
def one_hot_times_log(predicted, classes):
    """The formula with one-hot vectors, and its mean."""
    y = F.one_hot(classes, predicted.shape[1]).permute(0, 3, 1, 2)
    return -(y * predicted.clamp(min=1e-6).log()).mean()


@attempt("video.propagate_labels")
def mask_times_scores(references, target, labels, temperature, top_k, radius):
    """Scores times a mask of zeros and ones."""
    if top_k < 1 or radius < 0:
        raise ValueError("no")
    t, c, h, w = labels.shape
    i = torch.arange(h * w)
    near = ((i[:, None] // w - i // w).abs() <= radius) & ((i[:, None] % w - i % w).abs() <= radius)
    a = torch.einsum("tdi,dj->tij", references.flatten(2), target.flatten(1)) / temperature * near
    a, k = a.reshape(t * h * w, h * w).topk(min(top_k, t * h * w), 0)
    return (labels.transpose(0, 1).reshape(c, -1)[:, k] * a.softmax(0)).sum(1).view(c, h, w)


@attempt("video.propagate_labels")
def with_the_two_functions(references, target, labels, temperature, top_k, radius):
    """Attention for each frame, the largest weights of it, and the mean over the frames."""
    if top_k < 1 or radius < 0:
        raise ValueError("no")
    t, c, h, w = labels.shape
    i = torch.arange(h * w)
    near = ((i[:, None] // w - i // w).abs() <= radius) & ((i[:, None] % w - i % w).abs() <= radius)
    out = torch.zeros(c, h * w)
    for f in range(t):
        s = references[f].flatten(1).T @ target.flatten(1) / temperature
        s[~near] = float("-inf")
        v, k = s.topk(min(top_k, h * w), 0)
        out = out + (labels[f].flatten(1)[:, k] * v.softmax(0)).sum(1) / t
    return out.view(c, h, w)


@attempt("video.propagate_labels")
def positions_by_height(references, target, labels, temperature, top_k, radius):
    """Row is i // h."""
    if top_k < 1 or radius < 0:
        raise ValueError("no")
    t, c, h, w = labels.shape
    out = torch.zeros(c, h * w)
    for j in range(h * w):
        s, v = [], []
        for f in range(t):
            for i in range(h * w):
                if abs(i // h - j // h) <= radius and abs(i % h - j % h) <= radius:
                    s.append((references[f].flatten(1)[:, i] * target.flatten(1)[:, j]).sum())
                    v.append(labels[f].flatten(1)[:, i])
        best, k = (torch.stack(s) / temperature).topk(min(top_k, len(s)))
        out[:, j] = best.softmax(0) @ torch.stack(v)[k]
    return out.view(c, h, w)


@attempt("video.propagate_keypoints")
def rows_and_columns(attention, keypoints, size, target_size, stride, top_k=5):
    """A keypoint is (row, column), as in numpy."""
    h, w = size
    if (
        (keypoints < 0).any()
        or (keypoints[:, 0] >= h * stride).any()
        or (keypoints[:, 1] >= w * stride).any()
    ):
        raise ValueError("outside")
    cell = (keypoints / stride).long()
    values, j = attention[cell[:, 0] * w + cell[:, 1]].topk(min(top_k, attention.shape[1]))
    values = values / values.sum(1, keepdim=True)
    centres = torch.stack([j // target_size[1], j % target_size[1]], 2) * stride + stride / 2
    return (values[..., None] * centres).sum(1)


@attempt("video.propagate_keypoints")
def cells_times_stride(attention, keypoints, size, target_size, stride, top_k=5):
    """The cell's column times the stride is its x."""
    if (keypoints < 0).any() or (keypoints >= stride * torch.tensor([size[1], size[0]])).any():
        raise ValueError("outside")
    x, y = (keypoints // stride).long().T
    values, j = attention[y * size[1] + x].topk(min(top_k, attention.shape[1]))
    total = values.sum(1, keepdim=True)
    values = values / total.clamp(min=1e-12)
    out = (values[..., None] * torch.stack([j % target_size[1], j // target_size[1]], 2) * stride).sum(1)
    out[total[:, 0] == 0] = -1
    return out


@attempt("video.propagate_keypoints")
def expectation_of_the_row(attention, keypoints, size, target_size, stride, top_k=5):
    """The expected place: the sum of all centres times their weights."""
    if (keypoints < 0).any() or (keypoints >= stride * torch.tensor([size[1], size[0]])).any():
        raise ValueError("outside")
    x, y = (keypoints // stride).long().T
    rows = attention[y * size[1] + x]
    j = torch.arange(attention.shape[1])
    centres = torch.stack([j % target_size[1], j // target_size[1]], 1).to(rows) * stride + stride / 2
    return rows @ centres


@attempt("video.pck")
def mean_of_everything(predicted, truth, visible, size, alpha):
    """Correct and visible, and the mean of that."""
    if not visible.any():
        raise ValueError("nothing")
    return ((((predicted - truth) ** 2).sum(2).sqrt() <= alpha * size[:, None]) & visible).float().mean()


@attempt("video.pck")
def share_of_each_image(predicted, truth, visible, size, alpha):
    """The share of every image, and their mean."""
    out = []
    for i in range(len(predicted)):
        if visible[i].any():
            apart = (predicted[i] - truth[i]).norm(dim=1)[visible[i]]
            out.append((apart <= alpha * size[i]).float().mean())
    if not out:
        raise ValueError("nothing")
    return torch.stack(out).mean()


@attempt("video.pck")
def below_the_limit(predicted, truth, visible, size, alpha):
    """Below the limit is correct; nothing visible gives nan."""
    apart = torch.linalg.norm(predicted - truth, dim=-1)
    return (apart < alpha * size.unsqueeze(1))[visible].float().mean()


@attempt("video.shuffle_tuples")
def fixed_positions(frames, times, kinds):
    """Frames 1, 2, 3 of five."""
    table = torch.tensor([[1, 2, 3], [1, 0, 3], [1, 4, 3], [3, 2, 1], [3, 0, 1], [3, 4, 1]])
    clips = torch.arange(len(frames))[:, None]
    return frames[clips, table[kinds]], (kinds % 3 == 0).long()


@attempt("video.shuffle_tuples")
def forwards_only(frames, times, kinds):
    """Backwards is not in order."""
    if not (times[:, 1:] > times[:, :-1]).all():
        raise ValueError("order")
    out = []
    for i, k in enumerate(kinds.tolist()):
        a, b, c, d, e = times[i].tolist()
        order = [(b, c, d), (b, a, d), (b, e, d), (d, c, b), (d, a, b), (d, e, b)][k]
        out.append(frames[i, list(order)])
    return torch.stack(out), (kinds == 0).long()


@attempt("video.shuffle_tuples")
def sorts_to_be_safe(frames, times, kinds):
    """Sorting the times first does no harm."""
    times = times.sort(1).values
    middle = torch.stack([times[:, 2], times[:, 0], times[:, 4]])[kinds % 3, torch.arange(len(kinds))]
    order = torch.stack([times[:, 1], middle, times[:, 3]], 1)
    order = torch.where(kinds[:, None] < 3, order, order.flip(1))
    return frames[torch.arange(len(frames))[:, None], order], (kinds % 3 == 0).long()
