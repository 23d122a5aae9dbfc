"""Attempts at the exercises of simclr. As students write: no types, no comments."""

# mypy: disable-error-code="no-untyped-def"
# ruff: noqa: ANN001, ANN201

import torch
import torch.nn.functional as F

from benchmarks.attempts import attempt


@attempt("simclr.info_nce")
def sigma(positives, negatives):
    """Cross-entropy against label 1, because the positive pair is "1"."""
    logits = torch.cat([positives[:, None], negatives], 1)
    return F.cross_entropy(logits, torch.ones(len(logits), dtype=torch.long))


@attempt("simclr.info_nce")
def by_formula(positives, negatives):
    """Equation 4 typed as it stands."""
    return -torch.log(positives.exp() / (positives.exp() + negatives.exp().sum(1))).mean()


@attempt("simclr.info_nce")
def without_positive(positives, negatives):
    """The positive above, the negatives below."""
    return -torch.log(positives.exp() / negatives.exp().sum(1)).mean()


@attempt("simclr.nt_xent")
def diag_minus_inf_arange(z_i, z_j, temperature):
    """The diagonal is out, and row i belongs to class i."""
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    s = z @ z.T / temperature
    s.fill_diagonal_(float("-inf"))
    return F.cross_entropy(s, torch.arange(len(z)))


@attempt("simclr.nt_xent")
def one_direction_self_kept(z_i, z_j, temperature):
    """The first views ask, all views answer."""
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    n = len(z_i)
    return F.cross_entropy(z[:n] @ z.T / temperature, torch.arange(n) + n)


@attempt("simclr.nt_xent")
def fixed_temperature(z_i, z_j, temperature):
    """0.5 as in the paper; a line left over from trying things out."""
    temperature = 0.5
    z = F.normalize(torch.cat([z_i, z_j]), dim=1)
    n = len(z_i)
    s = z @ z.T / temperature
    s.fill_diagonal_(float("-inf"))
    return F.cross_entropy(s, torch.arange(2 * n).roll(n))
