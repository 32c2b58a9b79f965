"""A checkpoint of ours that nobody trained: two small layers with large random weights, and a manifest that fits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from classify.codebook import FLAGS, STANCES, TOPICS
from classify.manifest import OTHER, Calibration, Manifest
from classify.target import TARGETS

OUTPUTS = ("relevance", *TOPICS, *FLAGS)
MAX_TOKENS = 24


def tiny_manifest() -> Manifest:
    """Every calibration differs from every other, so that a mixed-up order shows."""
    names = [*(target.name for target in TARGETS), OTHER]
    return Manifest(
        format=2,
        name="tiny-1",
        languages=("en",),
        max_tokens=MAX_TOKENS,
        stances=tuple(stance.value for stance in STANCES),
        topics=TOPICS,
        flags=FLAGS,
        stance_calibration={
            name: Calibration(temperature=0.5 + place / 4, bias=(0.1 * place, 0.0, -0.1, 0.2))
            for place, name in enumerate(names)
        },
        document_calibration={
            name: Calibration(temperature=0.5 + place / 8, bias=(0.05 * place,))
            for place, name in enumerate(OUTPUTS)
        },
        thresholds=dict.fromkeys(OUTPUTS[1:], 0.5),
        confusion={},
        trained_on="Nothing.",
        sha256={},
    )


def make_tiny_checkpoint(folder: Path) -> Path:
    """The folder that `barometer train` leaves, without its ONNX form."""
    import numpy as np
    import torch
    from tokenizers import Tokenizer
    from transformers import BertConfig

    from classify.ngram_sides import NgramSides, word_pieces
    from classify.training.network import QueryAttentionNetwork
    from flows.training.model_folder import save_checkpoint, write_manifest
    from tests.tiny_nli import write_tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    write_tokenizer(
        folder, set("visas welcome refugees stop the harbour is nice people go".split())
    )
    (folder / "tokenizer_config.json").unlink()
    tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        initializer_range=0.4,
    )
    network = QueryAttentionNetwork(config, len(OUTPUTS))
    # As it starts, every text looks the same to it.
    for name, parameter in network.named_parameters():
        if not name.startswith("encoder") and parameter.dim() == 2:
            parameter.data *= 6
    words = word_pieces(tokenizer.get_vocab(), ["[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"])
    keys = np.flatnonzero(words)
    save_checkpoint(
        folder, network, tokenizer, NgramSides(keys, np.linspace(-2, 2, len(keys)), words)
    )
    write_manifest(folder, tiny_manifest())
    return folder
