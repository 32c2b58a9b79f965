"""Fitting: epochs over the training texts, steered by the development texts; pure but for torch.

for each epoch: shuffle (seed, epoch) -> batches -> loss -> step -> score development -> yield
stop when the score has not risen for `patience` epochs; the caller keeps the best state

The caller saves what is yielded; given a saved state it goes on where that one was, to the same
weights as a run that was not interrupted (on one device and one number of threads).
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import torch
from torch import nn

from classify.agreement import confusion_counts, macro_f1
from classify.codebook import STANCES
from classify.target import TARGETS
from classify.training.losses import loss_of
from classify.training.network import QueryAttentionNetwork
from classify.training.recipe import Recipe
from classify.training.tokens import (
    ADDRESSED,
    IGNORED,
    Batch,
    Tokenised,
    batch_of,
    padded,
    shuffled,
)

ENCODER_LAYER = "encoder.encoder.layer."

LOWEST_RATE = 0.02
"""Of the highest, at the end of the cosine."""

JUDGED_TOGETHER = 64


Vary = Callable[[int, random.Random], list[int]]


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """Agreement with the labels of the development texts, 0 to 1."""

    addressed: float
    """Accuracy of addressed or not."""
    stance: float
    """Macro-F1 of support, neutral, oppose over the addressed cells, where not addressed is a miss."""

    @property
    def score(self) -> float:
        """What early stopping looks at."""
        return (self.addressed + 2 * self.stance) / 3


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """After one batch."""

    epoch: int
    step: int
    steps: int
    """Of the whole run, if it is not stopped early."""
    loss: float


class Epoch(msgspec.Struct, frozen=True, kw_only=True):
    """After one pass over the training texts; what is needed to go on from here."""

    epoch: int
    loss: float
    scores: Scores
    best: bool
    """Whether no earlier epoch scored as high."""
    state: Any
    """For torch.save, and for `start` of `fit`."""


def fit(
    network: QueryAttentionNetwork,
    train: Sequence[Tokenised],
    development: Sequence[Tokenised],
    descriptions: Sequence[list[int]],
    recipe: Recipe,
    vary: Vary,
    start: Any = None,
) -> Iterator[Step | Epoch]:
    """Fit `network` in place; `descriptions` are the token ids of the targets' descriptions: the
    codebook's four, then the texts' own, as in `targets_of`. `vary` gives the token ids of a
    training text for one epoch.
    """
    device = next(network.parameters()).device
    steps_an_epoch = math.ceil(len(train) / recipe.batch)
    steps = steps_an_epoch * recipe.epochs
    optimizer = torch.optim.AdamW(_groups(network, recipe), weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: rate(n, steps, recipe))
    done, best, since = 0, -1.0, 0
    if start is not None:
        network.load_state_dict(start["network"])
        optimizer.load_state_dict(start["optimizer"])
        schedule.load_state_dict(start["schedule"])
        done, best, since = start["epoch"], start["best"], start["since"]
    for epoch in range(done + 1, recipe.epochs + 1):
        if since >= recipe.patience:
            return
        # One seed an epoch: dropout and order are those of an undisturbed run after a restart too.
        torch.manual_seed(recipe.seed * 10_007 + epoch)
        rng = random.Random(recipe.seed * 10_007 + epoch)  # noqa: S311
        order = shuffled(train, recipe.batch, rng)
        losses = []
        network.train()
        for index, rows in enumerate(order):
            texts = [msgspec.structs.replace(train[row], ids=vary(row, rng)) for row in rows]
            batch = batch_of(texts).to(device)
            losses.append(_one_step(network, batch, descriptions, optimizer, recipe))
            schedule.step()
            step = (epoch - 1) * steps_an_epoch + index + 1
            yield Step(epoch=epoch, step=step, steps=steps, loss=losses[-1])
        scores = scores_of(*logits(network, development, descriptions)[:1], development)
        improved = scores.score > best
        best, since = (scores.score, 0) if improved else (best, since + 1)
        state = {
            "network": network.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "epoch": epoch,
            "best": best,
            "since": since,
        }
        loss = float(np.mean(losses))
        yield Epoch(epoch=epoch, loss=loss, scores=scores, best=improved, state=state)


def logits(
    network: QueryAttentionNetwork,
    rows: Sequence[Tokenised],
    descriptions: Sequence[list[int]],
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Stance logits of the codebook's targets (N, 4, 4) and document logits (N, D) of `rows`, in order."""
    network.eval()
    device = next(network.parameters()).device
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    stances: dict[int, np.ndarray[Any, Any]] = {}
    documents: dict[int, np.ndarray[Any, Any]] = {}
    with torch.no_grad():
        asked = padded(descriptions[: len(TARGETS)])
        queries = network.queries(*(each.to(device) for each in asked))
        for first in range(0, len(order), JUDGED_TOGETHER):
            chosen = order[first : first + JUDGED_TOGETHER]
            ids, mask = padded([rows[i].ids for i in chosen])
            given, document, _ = network(ids.to(device), mask.to(device), queries)
            stances.update(zip(chosen, given.float().cpu().numpy(), strict=True))
            documents.update(zip(chosen, document.float().cpu().numpy(), strict=True))
    indices = range(len(rows))
    return np.stack([stances[i] for i in indices]), np.stack([documents[i] for i in indices])


def scores_of(stance_logits: np.ndarray[Any, Any], rows: Sequence[Tokenised]) -> Scores:
    """Agreement of (N, T, 4) logits with the labels of `rows`, over the cells that are labelled."""
    labels = np.array([row.stances for row in rows])
    given = labels != IGNORED
    labels, judged = labels[given], stance_logits.argmax(axis=-1)[given]
    addressed = float(((labels == ADDRESSED) == (judged == ADDRESSED)).mean())
    on = labels != ADDRESSED
    counts = confusion_counts(labels[on], judged[on], len(STANCES))
    return Scores(addressed=addressed, stance=macro_f1(counts, range(ADDRESSED)))


def rate(step: int, steps: int, recipe: Recipe) -> float:
    """Share of the highest learning rate after `step` of `steps`: a linear rise, then a cosine."""
    rising = max(1.0, recipe.warm_up * steps)
    if step < rising:
        return (step + 1) / rising
    fallen = (step - rising) / max(1.0, steps - rising)
    return max(LOWEST_RATE, 0.5 * (1 + math.cos(math.pi * min(1.0, fallen))))


def _one_step(
    network: QueryAttentionNetwork,
    batch: Batch,
    descriptions: Sequence[list[int]],
    optimizer: torch.optim.Optimizer,
    recipe: Recipe,
) -> float:
    device = batch.input_ids.device
    ids, mask = (each.to(device) for each in padded([descriptions[i] for i in batch.asked]))
    # bfloat16 where the processor has it: half the time, the same scores.
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=_has_bfloat16(device)):
        queries = network.queries(ids, mask)
        stances, document, _ = network(batch.input_ids, batch.attention_mask, queries)
    loss = loss_of(stances.float(), document.float(), batch, recipe)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    return float(loss.detach())


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())


def _groups(network: QueryAttentionNetwork, recipe: Recipe) -> list[dict[str, Any]]:
    """Lower layers learn more slowly (Howard and Ruder 2018); the lowest stay as they were."""
    layers = network.encoder.config.num_hidden_layers
    frozen = ("encoder.embeddings.", *(f"{ENCODER_LAYER}{n}." for n in range(recipe.frozen_layers)))
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if name.startswith(frozen):
            parameter.requires_grad = False
            continue
        rate = recipe.head_rate
        if name.startswith(ENCODER_LAYER):
            layer = int(name.removeprefix(ENCODER_LAYER).split(".", 1)[0])
            rate = recipe.encoder_rate * recipe.layer_decay ** (layers - 1 - layer)
        groups.setdefault(rate, []).append(parameter)
    return [{"params": parameters, "lr": rate} for rate, parameters in groups.items()]
