"""What stands beside the weights of a model: the order of its outputs, its calibration, its known errors.

A model folder holds `model.json` (this record), `tokenizer.json`, `ngrams.npz` (weights of words, see
ngram_sides.py) and the network: `model.onnx`, or `model.safetensors` with the encoder's `config.json`,
or all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

MANIFEST = "model.json"
WEIGHTS = "model.onnx"
CHECKPOINT = "model.safetensors"
CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
NGRAMS = "ngrams.npz"

OTHER = "other"
"""The calibration of targets that a user describes, which no held-out text is labelled for."""


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Makes logits honest: softmax(logits / temperature + bias) (Guo et al. 2017)."""

    temperature: float
    bias: tuple[float, ...] = ()
    """One per output of the head, in its order; empty means zeros."""
    sides: float = 1.0
    """Of a stance head: what the lead of support over oppose is divided by before the two share what
    they have together. Whether a target is addressed is told of any text about as surely as of that
    of training; which side it takes is not, and there a network is far too sure."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of model.json. `targets` and `stances` give the order of rows and columns."""

    format: Literal[2]
    name: str
    """Name and version, stored with every judgement: `barometer-minilm-1`."""
    languages: tuple[str, ...]
    """Primary language subtags that it was trained to read."""
    max_tokens: int
    """Longest input, special tokens included; what is longer is cut to its telling passages."""
    stances: tuple[str, ...]
    """Order of the stance logits."""
    topics: tuple[str, ...]
    """Order of the topic logits, which follow the relevance logit in the document head."""
    flags: tuple[str, ...]
    """Order of the flag logits, which follow the topics."""
    stance_calibration: Mapping[str, Calibration]
    """By codebook target, and OTHER."""
    document_calibration: Mapping[str, Calibration]
    """By output of the document head (`relevance`, each topic, each flag): sigmoid of the same."""
    thresholds: Mapping[str, float]
    """By topic and flag: the calibrated probability from which it is given."""
    confusion: Mapping[str, tuple[tuple[int, ...], ...]]
    """By codebook target: counts of labelled held-out text, true stance x judged stance, in the
    order of `stances`. Text that no weight and no calibration was fitted on."""
    trained_on: str
    """One sentence."""
    sha256: Mapping[str, str]
    """By file name: the digest that the file must have."""
