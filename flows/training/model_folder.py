"""A model folder: the trained network, its ONNX form, its tokenizer, and the manifest over them."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from pathlib import Path

import msgspec
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from transformers import BertConfig

from classify.manifest import CHECKPOINT, CONFIG, MANIFEST, TOKENIZER, WEIGHTS, Manifest
from classify.training.network import QueryAttentionNetwork
from flows.training.base_model import DOCUMENT_OUTPUTS

OPSET = 17


def save_checkpoint(folder: Path, network: QueryAttentionNetwork, tokenizer: Tokenizer) -> None:
    """The network and what is needed to build it again, for transformers and for fine-tuning on."""
    folder.mkdir(parents=True, exist_ok=True)
    network.encoder.config.to_json_file(folder / CONFIG)
    save_file(
        {name: tensor.contiguous().cpu() for name, tensor in network.state_dict().items()},
        folder / CHECKPOINT,
    )
    tokenizer.save(str(folder / TOKENIZER))


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
    """Weights as 8-bit integers, a scale per output channel; activations by their range at run time."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target = folder / WEIGHTS
    quantize_dynamic(path, target, weight_type=QuantType.QInt8, per_channel=True)
    return target


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write model.json with the digests of the files as they stand in `folder` now."""
    names = [name for name in (WEIGHTS, CHECKPOINT, CONFIG, TOKENIZER) if (folder / name).exists()]
    digests: Mapping[str, str] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names
    }
    manifest = msgspec.structs.replace(manifest, sha256=digests)
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    (folder / MANIFEST).write_bytes(text + b"\n")
