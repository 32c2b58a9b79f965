"""How a network is fitted: every number that decides the outcome, in one record that is kept with it."""

from __future__ import annotations

import msgspec


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The defaults made the shipped weights; docs/model-card.md tells what others gave."""

    seed: int = 1
    epochs: int = 5
    patience: int = 3
    """Epochs without a better development score after which it stops."""
    averaged: int = 3
    """The weights kept are the mean of the best epoch's and of those before it, so many in all
    (Izmailov et al. 2018)."""
    kept_of_start: float = 0.0
    """Share of the weights that it started from in those that are kept, where it went on from a model (Wortsman et al.
    2022, robust fine-tuning)."""
    batch: int = 32
    max_tokens: int = 256
    encoder_rate: float = 1.5e-4
    """Learning rate of the encoder's last layer; each layer below has `layer_decay` of it."""
    frozen_layers: int = 2
    """Lowest layers of the encoder that stay as they were pretrained, like the embeddings."""
    head_rate: float = 5e-4
    layer_decay: float = 0.9
    warm_up: float = 0.08
    """Share of the steps over which the rates rise; then they fall along a cosine."""
    weight_decay: float = 0.01
    dropout: float = 0.0
    words_dropped: float = 0.1
    """Share of a training text's tokens left out, others in each epoch, so that no single word decides."""
    stories: float = 0.4
    """Share of the sample corpus's stories that are learned from (see examples.STORIES)."""
    label_smoothing: float = 0.1
    document_weight: float = 0.5
    """Of the loss of relevance, topics and flags beside that of the stances."""
    addressed_weight: float = 0.5
    """Of the loss of support/neutral/oppose given that a target is addressed."""
    shared_weight: float = 0.5
    """The same for targets that a text does not address, when all that it addresses agree: what it
    would say. It decides nothing but close calls, where probabilities of a target that was named
    otherwise by the labeller still have to lean the right way."""
