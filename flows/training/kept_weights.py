"""The weights of a model folder, to train on from: its checkpoint, or its ONNX form with 8-bit weights unpacked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from classify.manifest import CHECKPOINT, TOKENIZER, WEIGHTS
from classify.training.network import QueryAttentionNetwork
from flows.mistake import Mistake


def take_weights(network: QueryAttentionNetwork, tokenizer: Tokenizer, folder: Path) -> None:
    """Give `network` the weights of the model in `folder`. Raises Mistake where it holds no model, or one of another
    shape or vocabulary.
    """
    try:
        vocabulary = Tokenizer.from_file(str(folder / TOKENIZER)).get_vocab()
        checkpoint = folder / CHECKPOINT
        weights = (
            load_file(checkpoint) if checkpoint.exists() else exported_weights(folder / WEIGHTS)
        )
    except Exception as error:  # tokenizers, safetensors and onnx raise what they like
        raise Mistake(f"{folder} holds no model to go on from: {error}") from error
    if vocabulary != tokenizer.get_vocab():
        raise Mistake(
            f"The model in {folder} has another vocabulary than the base encoder; name the base"
            " that it was trained on with --base."
        )
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise Mistake(
            f"The model in {folder} is of another shape than the base encoder: "
            f"{str(error).splitlines()[-1].strip()}"
        ) from error


def exported_weights(path: Path) -> dict[str, torch.Tensor]:
    """The parameters in an ONNX file of `export_onnx`, by their name in the network; what was packed into 8 bits is
    unpacked.

    The exporter keeps every name but those of the weights that it transposes: such a weight is the factor of a product,
    and the bias that is added to the product tells its name.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(str(path)).graph
    values: dict[str, np.ndarray[Any, Any]] = {
        each.name: numpy_helper.to_array(each) for each in graph.initializer
    }
    packed = set()
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            names, weight = list(node.input), node.output[0]
            axis = next(each.i for each in node.attribute if each.name == "axis")
            of_axis = [1, 1]
            of_axis[axis] = -1
            values[weight] = values[names[0]].astype(np.float32) * values[names[1]].reshape(of_axis)
            packed.update(names)
    biases = {name: name.removesuffix("bias") for name in values if name.endswith(".bias")}
    factor_of = {
        node.output[0]: node.input[1]
        for node in graph.node
        if node.op_type == "MatMul" and node.input[1] in values
    }
    found = {
        name: value
        for name, value in values.items()
        if name.endswith((".weight", ".bias")) and name not in packed
    }
    for node in graph.node:
        if node.op_type != "Add":
            continue
        product = [factor_of[each] for each in node.input if each in factor_of]
        bias = [biases[each] for each in node.input if each in biases]
        if product and bias:
            found[f"{bias[0]}weight"] = values[product[0]].T
    return {name: torch.tensor(np.ascontiguousarray(value)) for name, value in found.items()}
