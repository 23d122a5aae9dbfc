"""Right answers to `cpc.multiview_loss` that are written otherwise than the reference."""

from itertools import combinations, permutations

import torch

from course_utils.checks import right


@right
def rows_and_columns(losses, graph):
    m = len(losses)
    if graph == "core":
        return losses[0, 1:].sum() + losses[1:, 0].sum()
    if graph == "full":
        return sum((losses[i, :i].sum() + losses[i, i + 1 :].sum() for i in range(m)), losses.new_zeros(()))
    raise ValueError(graph)


@right
def edges_in_a_list(losses, graph):
    views = range(len(losses))
    match graph:
        case "core":
            edges = [(0, view) for view in views if view]
        case "full":
            edges = list(combinations(views, 2))
        case _:
            raise ValueError("graph must be core or full")
    total = torch.zeros((), dtype=losses.dtype, device=losses.device)
    for a, b in edges:
        total = total + losses[a, b] + losses[b, a]
    return total


@right
def chosen_by_where(losses, graph):
    edges = {
        "core": torch.zeros_like(losses, dtype=torch.bool),
        "full": torch.ones_like(losses, dtype=torch.bool),
    }
    if graph not in edges:
        raise ValueError(f"unknown graph {graph}")
    edges["core"][0] = edges["core"][:, 0] = True
    chosen = edges[graph].fill_diagonal_(False)
    return torch.where(chosen, losses, 0).sum()


@right
def triangles(losses, graph):
    if graph not in {"core", "full"}:
        raise ValueError
    above, below = losses.triu(1), losses.tril(-1)
    return (above[:1] + below[:, 0]).sum() if graph == "core" else above.sum() + below.sum()


@right
def numbers_of_entries(losses, graph):
    m = losses.shape[0]
    names = ["core", "full"]
    which = names.index(graph)  # raises a ValueError by itself
    pairs = [(a, b) for a, b in permutations(range(m), 2) if which or 0 in (a, b)]
    places = torch.tensor([a * m + b for a, b in pairs], dtype=torch.long, device=losses.device)
    return losses.reshape(-1).index_select(0, places).sum()


@right
def diagonal_filled_in_a_copy(losses, graph):
    if graph != "core" and graph != "full":  # noqa: PLR1714 - as people write it
        raise ValueError("graph")
    others = losses.masked_fill(torch.eye(len(losses), dtype=torch.bool, device=losses.device), 0)
    total = others[0].sum() + others[:, 0].sum()
    return total if graph == "core" else total + others[1:, 1:].sum()


@right
def in_double_by_mean(losses, graph):
    m = len(losses)
    if graph == "full":
        chosen = [losses[a, b] for a in range(m) for b in range(m) if a != b]
    elif graph == "core":
        chosen = [*losses[0, 1:].unbind(), *losses[1:, 0].unbind()]
    else:
        raise ValueError(f"{graph!r}")
    if not chosen:
        return torch.zeros_like(losses[0, 0])
    return (torch.stack(chosen).double().mean() * len(chosen)).to(losses.dtype)


@right
def everything_else_made_nan(losses, graph):
    m = len(losses)
    if graph not in ("core", "full"):
        raise ValueError("graph")
    nan = torch.nan * torch.eye(m, dtype=losses.dtype, device=losses.device)
    kept = torch.where(torch.eye(m, device=losses.device) > 0, nan, losses)
    if graph == "core":
        kept[1:, 1:] = torch.nan
    return kept.nansum()
