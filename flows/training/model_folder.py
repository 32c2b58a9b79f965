"""A model folder: the trained network, its ONNX form, its tokenizer, and the manifest over them."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import BertConfig

from classify.manifest import CHECKPOINT, CONFIG, MANIFEST, NGRAMS, TOKENIZER, WEIGHTS, Manifest
from classify.ngram_sides import NgramSides, packed
from classify.training.network import QueryAttentionNetwork
from flows.training.base_model import DOCUMENT_OUTPUTS

OPSET = 17


def save_checkpoint(
    folder: Path, network: QueryAttentionNetwork, tokenizer: Tokenizer, ngrams: NgramSides
) -> None:
    """The network and what is needed to build it again, for transformers and for fine-tuning on."""
    folder.mkdir(parents=True, exist_ok=True)
    network.encoder.config.to_json_file(folder / CONFIG)
    save_file(
        {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()},
        folder / CHECKPOINT,
    )
    tokenizer.save(str(folder / TOKENIZER))
    arrays: dict[str, Any] = dict(packed(ngrams))
    np.savez_compressed(folder / NGRAMS, **arrays)


def load_checkpoint(folder: Path) -> tuple[QueryAttentionNetwork, Tokenizer]:
    """What save_checkpoint wrote, ready to judge."""
    network = QueryAttentionNetwork(BertConfig.from_pretrained(folder), DOCUMENT_OUTPUTS)
    network.load_state_dict(load_file(folder / CHECKPOINT))
    return network.eval(), Tokenizer.from_file(str(folder / TOKENIZER))


def export_onnx(folder: Path, network: QueryAttentionNetwork) -> Path:
    """The network as ONNX, 32-bit; any number of texts, tokens and targets."""
    path = folder / "float.onnx"
    network = network.cpu().eval()
    ids = torch.randint(network.encoder.config.vocab_size, (2, 7))
    example = (ids, torch.ones_like(ids), torch.zeros(3, network.encoder.config.hidden_size))
    with warnings.catch_warnings():
        # The tracer warns of constants that do not depend on the input.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            example,
            str(path),
            input_names=["input_ids", "attention_mask", "queries"],
            output_names=["stances", "document", "embedding"],
            dynamic_axes={
                "input_ids": {0: "texts", 1: "tokens"},
                "attention_mask": {0: "texts", 1: "tokens"},
                "queries": {0: "targets"},
                "stances": {0: "texts", 1: "targets"},
                "document": {0: "texts"},
                "embedding": {0: "texts"},
            },
            opset_version=OPSET,
            dynamo=False,
        )
    return path


def quantise(path: Path, folder: Path) -> Path:
    """Weights as 8-bit integers, a scale per output channel or embedded word; arithmetic in 32 bits.

    8-bit arithmetic (activations by their range at run time) is twice as fast where a processor has
    instructions for it, but cost 0.5 to 0.9 points of macro-F1, not the same on every processor, and
    made a text's judgement depend on its neighbours in the batch.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(str(path))
    graph = model.graph
    # MatMul has the outputs of a weight in its columns, Gemm (of torch) in its rows; Gather takes rows.
    axes = {
        node.input[place]: axis
        for node in graph.node
        for kind, place, axis in (("MatMul", 1, 1), ("Gemm", 1, 0), ("Gather", 0, 0))
        if node.op_type == kind
    }
    unpacking = []
    for weight in list(graph.initializer):
        values = numpy_helper.to_array(weight)
        if weight.name not in axes or values.dtype != np.float32 or values.ndim != 2:
            continue
        axis = axes[weight.name]
        scales = np.abs(values).max(axis=1 - axis, keepdims=True) / 127
        scales[scales == 0] = 1.0
        packed = np.rint(values / scales).astype(np.int8)
        stored = {"packed": packed, "scale": scales.ravel(), "zero": np.zeros(scales.size, np.int8)}
        names = [f"{weight.name}_{part}" for part in stored]
        for name, array in zip(names, stored.values(), strict=True):
            graph.initializer.append(numpy_helper.from_array(array, name))
        graph.initializer.remove(weight)
        unpacking.append(helper.make_node("DequantizeLinear", names, [weight.name], axis=axis))
    for place, node in enumerate(unpacking):
        graph.node.insert(place, node)
    target = folder / WEIGHTS
    onnx.save(model, str(target))
    return target


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write model.json with the digests of the files as they stand in `folder` now."""
    files = (WEIGHTS, CHECKPOINT, CONFIG, TOKENIZER, NGRAMS)
    names = [name for name in files if (folder / name).exists()]
    digests: Mapping[str, str] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names
    }
    manifest = msgspec.structs.replace(manifest, sha256=digests)
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (folder / MANIFEST).write_bytes(text + b"\n")
