"""Vectors of the pieces of words, learned from the words that have one."""

import torch
from torch import Tensor

RIDGE = 1.0
"""Over the root of the number of words. Of 0.1, 0.5, 1, 3 and 10 it is the one whose vectors of
300 words withheld from 5,050 of GloVe's are about the nearest to their own."""
STEPS = 50


def fit_pieces(rows: Tensor, vectors: Tensor, buckets: int) -> Tensor:
    """Return vectors (buckets, D) whose mean over a word's pieces is nearest the word's own.

    Zhao, Mudgal and Liang 2018 ("Generalizing word embeddings using bag of subwords"), with least
    squares and a ridge in place of stochastic descent: solved by conjugate gradients, all
    dimensions at once.

    Args:
        rows: int64 (V, G), the buckets of each word's pieces; -1 where there is none.
        vectors: float32 (V, D).
    """
    there = rows >= 0
    words = torch.arange(len(rows))[:, None].expand_as(rows)[there]
    shares = (1.0 / there.sum(dim=1).clamp(min=1))[words].double()
    places = torch.stack([words, rows[there]])
    means = torch.sparse_coo_tensor(
        places, shares, (len(rows), buckets), check_invariants=False
    ).coalesce()
    back = means.t().coalesce()

    def normal(x: Tensor) -> Tensor:
        return torch.sparse.mm(back, torch.sparse.mm(means, x)) + RIDGE * x / len(rows) ** 0.5

    target = torch.sparse.mm(back, vectors.double())
    found = torch.zeros_like(target)
    rest, way = target.clone(), target.clone()
    size = rest.square().sum(dim=0)
    start = size.clone()
    for _ in range(STEPS):
        along = normal(way)
        step = size / (way * along).sum(dim=0).clamp(min=1e-300)
        found += step * way
        rest -= step * along
        new = rest.square().sum(dim=0)
        if bool((new <= 1e-10 * start).all()):
            break
        way = rest + new / size.clamp(min=1e-300) * way
        size = new
    return found.float()
