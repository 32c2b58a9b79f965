"""Two networks on the same texts: one encoding asked by target queries, and one encoding per pair.

    python -m benchmarks.architectures --texts 2400 --passes 3

query   the shipped network: a text is encoded once, each target asks by attention
pair    "[CLS] description of the target [SEP] text [SEP]" through the same encoder, once per target

Both start from the same pretrained encoder, see the same texts of the training side of the sample
corpus in the same order as often, with the same rates, and are scored on held-out passages. Needs
the train extra; minutes for the query network, four to five times as many for the pairs.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from classify.agreement import confusion_counts, macro_f1
from classify.codebook import STANCES
from classify.corpus import load_corpus
from classify.target import TARGETS

try:
    import torch
    from torch import Tensor, nn
    from torch.nn import functional

    from classify.training.examples import split_passages
    from classify.training.network import QueryAttentionNetwork, head, mean_of_tokens
    from classify.training.recipe import Recipe
    from classify.training.tokens import ADDRESSED, Tokenised, padded, shuffled, tokenised
    from flows.training.base_model import packaged_base, start_network
except ImportError as missing:
    sys.exit(f"benchmarks.architectures needs `make extras` ({missing.name} is missing).")

ENCODER_RATE, HEAD_RATE, BATCH, LONGEST, JUDGED = 1.2e-4, 5e-4, 32, 192, 700


class Pairs(nn.Module):
    """Encodes each pair of a target's description and a text."""

    def __init__(self, start: QueryAttentionNetwork, descriptions: Sequence[list[int]]) -> None:
        super().__init__()
        hidden = start.encoder.config.hidden_size
        self.encoder = start.encoder
        self.descriptions = list(descriptions)
        self.stance = head(hidden, len(STANCES), 0.1)

    def forward(self, texts: Sequence[list[int]]) -> Tensor:
        """Stance logits (N, T, 4) of token ids."""
        pairs = [[*words, *text[1:]] for text in texts for words in self.descriptions]
        ids, mask = padded(pairs)
        kinds = torch.zeros_like(ids)
        for row, pair in enumerate(pairs):
            kinds[row, len(self.descriptions[row % len(self.descriptions)]) : len(pair)] = 1
        tokens = self.encoder(
            input_ids=ids, attention_mask=mask, token_type_ids=kinds
        ).last_hidden_state
        whole = torch.cat([mean_of_tokens(tokens, mask), tokens[:, 0]], dim=-1)
        logits: Tensor = self.stance(whole)
        return logits.reshape(len(texts), len(self.descriptions), len(STANCES))


class Queries(nn.Module):
    """The shipped network."""

    def __init__(self, start: QueryAttentionNetwork, descriptions: Sequence[list[int]]) -> None:
        super().__init__()
        self.network = start
        self.descriptions = list(descriptions)

    def forward(self, texts: Sequence[list[int]]) -> Tensor:
        """Stance logits (N, T, 4) of token ids."""
        queries = self.network.queries(*padded(self.descriptions))
        logits: Tensor = self.network(*padded(texts), queries)[0]
        return logits


def fitted(kind: type[Pairs] | type[Queries], count: int, passes: int) -> dict[str, Any]:
    """Train one of the two and score it."""
    torch.manual_seed(1)
    start, tokenizer = start_network(packaged_base(), 0.1)
    tokenizer.enable_truncation(LONGEST)
    split = split_passages(load_corpus())
    learned, judged = list(split.train), split.held_out[:JUDGED]
    random.Random(1).shuffle(learned)
    rows, reported = (
        tokenised(each, TARGETS, lambda text: tokenizer.encode(text).ids)
        for each in (learned[:count], judged)
    )
    network = kind(start, [tokenizer.encode(target.description).ids for target in TARGETS])
    seconds = _fit(network, rows, passes)
    return {"training_seconds": seconds, **_scores(network, reported)}


def _fit(network: nn.Module, rows: Sequence[Tokenised], passes: int) -> float:
    encoder: list[nn.Parameter] = []
    heads: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if "encoder.embeddings" in name:
            parameter.requires_grad = False
        else:
            (encoder if "encoder." in name else heads).append(parameter)
    optimizer = torch.optim.AdamW(
        [{"params": encoder, "lr": ENCODER_RATE}, {"params": heads, "lr": HEAD_RATE}],
        weight_decay=Recipe().weight_decay,
    )
    steps = passes * -(-len(rows) // BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, steps)
    began, step = time.monotonic(), 0
    network.train()
    for number in range(passes):
        for batch in shuffled(rows, BATCH, random.Random(number)):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = network([rows[i].ids for i in batch]).float()
            labels = torch.tensor([rows[i].stances for i in batch])
            loss = functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if sys.stderr.isatty():
                print(f"\r{step}/{steps} loss {float(loss.detach()):.2f} ", end="", file=sys.stderr)
    return time.monotonic() - began


def _scores(network: nn.Module, rows: Sequence[Tokenised]) -> dict[str, Any]:
    network.eval()
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].ids))
    found = np.zeros((len(rows), len(TARGETS), len(STANCES)))
    began = time.monotonic()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for first in range(0, len(order), BATCH):
            places = order[first : first + BATCH]
            found[places] = network([rows[i].ids for i in places]).float().numpy()
    seconds = time.monotonic() - began
    labels, judged = np.array([row.stances for row in rows]), found.argmax(axis=-1)
    on = labels != ADDRESSED
    strict = confusion_counts(labels[on], judged[on], len(STANCES))
    sides = confusion_counts(labels[on], found[..., :ADDRESSED].argmax(axis=-1)[on], len(STANCES))
    return {
        "addressed": float(((labels == ADDRESSED) == (judged == ADDRESSED)).mean()),
        "stance_f1": macro_f1(strict, range(ADDRESSED)),
        "stance_f1_if_addressed": macro_f1(sides, range(ADDRESSED)),
        "texts_per_second": len(rows) / seconds,
    }


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(description="Query attention against an encoder of pairs.")
    parser.add_argument("--texts", type=int, default=600)
    parser.add_argument("--passes", type=int, default=2)
    parser.add_argument("--only", choices=["query", "pair"])
    given = parser.parse_args()
    kinds: dict[str, type[Pairs] | type[Queries]] = {"query": Queries, "pair": Pairs}
    for name, kind in kinds.items():
        if given.only in (None, name):
            scores = fitted(kind, given.texts, given.passes)
            print(name, {key: round(value, 3) for key, value in scores.items()}, flush=True)


if __name__ == "__main__":
    main()
