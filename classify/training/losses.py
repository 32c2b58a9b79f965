"""What a network is trained to lower: one number from the logits of a batch and its labels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from classify.training.recipe import Recipe
from classify.training.tokens import ADDRESSED, IGNORED, Batch


def loss_of(stances: Tensor, document: Tensor, batch: Batch, recipe: Recipe) -> Tensor:
    """A scalar, from stance logits (B, T, 4) and document logits (B, D)."""
    total = _classes(stances, batch.stances, recipe.label_smoothing)
    addressed = batch.stances.masked_fill(batch.stances == ADDRESSED, IGNORED)
    sides = stances[..., :ADDRESSED]
    total = total + recipe.addressed_weight * _classes(sides, addressed, recipe.label_smoothing)
    total = total + recipe.shared_weight * _classes(sides, batch.shared, 0.0)
    return total + recipe.document_weight * _labels(document, batch.document)


def _classes(logits: Tensor, labels: Tensor, smoothing: float) -> Tensor:
    """Cross entropy over the cells that are labelled; 0 for none (torch would give NaN)."""
    if not bool((labels != IGNORED).any()):
        return logits.sum() * 0.0
    return functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]),
        labels.reshape(-1),
        ignore_index=IGNORED,
        label_smoothing=smoothing,
    )


def _labels(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross entropy over the labels that are given."""
    given = ~torch.isnan(labels)
    if not bool(given.any()):
        return logits.sum() * 0.0
    return functional.binary_cross_entropy_with_logits(logits[given], labels[given])
