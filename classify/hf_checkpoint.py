"""A checkpoint of `barometer train`, as it was trained: 32-bit weights on the CPU, 16-bit on a GPU.

What stands around the network (tokens, excerpts, queries, calibration, rules) is the exported form's
code, so both judge alike; on a GPU texts go in batches. An edge: reads files, runs torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from classify.calibration import document_outputs
from classify.classifier import Classifier, ModelError
from classify.hf_runner import Floats, Runner
from classify.hub_errors import first_line
from classify.manifest import CHECKPOINT, CONFIG, MANIFEST, NGRAMS, TOKENIZER, WEIGHTS, Manifest
from classify.ngram_sides import NgramSides
from classify.onnx_model import (
    REMEDY,
    Ids,
    OnnxClassifier,
    load_ngrams,
    load_tokenizer,
    read_manifest,
    try_longest,
)

if TYPE_CHECKING:
    import torch


class CheckpointClassifier(OnnxClassifier):
    """Satisfies classify.classifier.Classifier. Made by load_checkpoint_classifier."""

    def __init__(
        self, manifest: Manifest, tokenizer: Any, ngrams: NgramSides, runner: Runner, width: int
    ) -> None:
        """`runner` has a QueryAttentionNetwork; `width` is that of queries and embeddings."""
        super().__init__(manifest, tokenizer, ngrams, None, width, cpus=1)
        self._runner = runner

    def run(self, ids: Ids, queries: Floats) -> tuple[Floats, Floats, Floats]:
        """Of one text: stance logits (1, T, 4), document logits (1, D), embedding (1, H)."""
        stances, document, embedding = self._judged([ids], queries)
        return stances, document, embedding

    def logits(self, texts: Sequence[str], queries: Floats) -> tuple[list[Ids], Floats, Floats]:
        """Token ids of N texts, stance logits of the network (N, T, 4), document logits (N, D)."""
        tokens = [self.tokens(text) for text in texts]
        stances, document, _ = self._judged(tokens, queries)
        return tokens, stances, document

    def _judged(self, rows: Sequence[Ids], queries: Floats) -> list[Floats]:
        import torch

        from classify.training.tokens import padded

        runner = self._runner

        def forward(batch: Sequence[Ids]) -> Sequence[torch.Tensor]:
            ids, mask = padded([row.tolist() for row in batch])
            asked = torch.from_numpy(queries).to(next(runner.module.parameters()))
            outputs: Sequence[torch.Tensor] = runner.module(
                ids.to(runner.device), mask.to(runner.device), asked
            )
            return outputs

        return runner(rows, [len(row) for row in rows], forward)


def load_checkpoint_classifier(folder: Path, device: torch.device) -> Classifier:
    """The classifier in `folder`. Raises ModelError naming what is wrong with it."""
    from safetensors.torch import load_file
    from transformers import BertConfig

    from classify.training.network import QueryAttentionNetwork

    if (folder / WEIGHTS).is_file() and not (folder / CHECKPOINT).is_file():
        raise ModelError(
            f"{folder} has {WEIGHTS}, which runs on the CPU alone, and no {CHECKPOINT}; set "
            "BAROMETER_DEVICE=cpu."
        )
    manifest = read_manifest(folder, (CONFIG, CHECKPOINT, TOKENIZER, NGRAMS))
    tokenizer = load_tokenizer(folder / TOKENIZER, REMEDY)
    ngrams = load_ngrams(folder / NGRAMS, tokenizer, REMEDY)
    vocabulary = tokenizer.get_vocab_size()
    try:
        given = msgspec.json.decode((folder / CONFIG).read_bytes(), type=dict[str, Any])
        if given.get("model_type") != "bert":
            raise ValueError(f"{CONFIG} is of a {given.get('model_type')!r}, not of a 'bert'")
        config = BertConfig.from_dict(given)
        if config.vocab_size < vocabulary:
            raise ValueError(f"{TOKENIZER} has {vocabulary} tokens, {CONFIG} {config.vocab_size}")
        if config.max_position_embeddings < manifest.max_tokens:
            raise ValueError(
                f"the encoder reads {config.max_position_embeddings} tokens at most, "
                f"{MANIFEST} asks for {manifest.max_tokens}"
            )
        network = QueryAttentionNetwork(config, len(document_outputs(manifest)))
        weights = load_file(folder / CHECKPOINT)
        wanted = {name: tensor.shape for name, tensor in network.state_dict().items()}
        found = {name: tensor.shape for name, tensor in weights.items()}
        if other := sorted(name for name, _ in wanted.items() ^ found.items()):
            raise ValueError(f"{CHECKPOINT} is of another network than {CONFIG} ({other[0]})")
        network.load_state_dict(weights)
    except Exception as error:  # what these libraries raise has no common class
        raise ModelError(
            f"{folder} holds no checkpoint of `barometer train`: {first_line(error)}; {REMEDY}."
        ) from error
    runner = Runner(str(folder), network, device)
    classifier = CheckpointClassifier(manifest, tokenizer, ngrams, runner, config.hidden_size)
    try_longest(classifier, manifest, vocabulary, folder / CHECKPOINT, REMEDY)
    return classifier
