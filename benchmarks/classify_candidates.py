"""What benchmarks/classify.py compares: each loads a model folder and makes of texts what judges them once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

SLOW_SHARE = 0.1
"""Of the texts for what runs on torch: it takes minutes otherwise, and its speed is steady."""

Prepare = Callable[[Sequence[str]], Callable[[], None]]
"""Makes of texts what judges them once; the clock runs only for the latter."""

Candidate = Callable[[Path], tuple[Prepare, float]]
"""Loads a model folder, and says how many seconds that took."""


class LeftOut(Exception):
    """This candidate cannot run here; the text says why."""


def ours(folder: Path) -> tuple[Prepare, float]:
    """Texts in, assessments out."""
    start = time.perf_counter()
    from classify.onnx_model import load_onnx_classifier
    from classify.target import TARGETS

    classifier = load_onnx_classifier(folder)
    classifier.assess(["Asked once, so that the targets' queries are there."], TARGETS)
    seconds = time.perf_counter() - start
    return lambda texts: lambda: _counted(classifier.assess(texts, TARGETS), texts), seconds


def bare(batch: int, *, alone: bool = False) -> Candidate:
    """Batches of `batch`, one after the other on all CPUs; `alone`: as many at a time as CPUs, one on each."""

    def load(folder: Path) -> tuple[Prepare, float]:
        import onnxruntime

        start = time.perf_counter()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(alone)  # 0 is all CPUs
        # As ours has it: else the weights are unpacked anew in every run.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        seconds = time.perf_counter() - start

        def prepare(texts: Sequence[str]) -> Callable[[], None]:
            batches = feeds(folder, texts, batch)

            def judge() -> None:
                with ThreadPoolExecutor(_cpus() if alone else 1) as pool:
                    results = list(pool.map(lambda feed: session.run(None, feed), batches))
                _counted([row for result in results for row in result[0]], texts)

            return judge

        return prepare, seconds

    return load


def pipeline(batch: int) -> Candidate:
    """As in the documentation of transformers, a pair per target."""

    def load(folder: Path) -> tuple[Prepare, float]:
        start = time.perf_counter()
        torch, transformers, load_file = _torch(folder)
        from classify.target import TARGETS

        config = transformers.BertConfig.from_pretrained(folder, num_labels=4)
        model = transformers.BertForSequenceClassification(config)
        weights = load_file(folder / "model.safetensors")
        encoder = {k[8:]: v for k, v in weights.items() if k.startswith("encoder.")}
        missing, _ = model.bert.load_state_dict(encoder, strict=False)
        if any(not name.startswith("pooler.") for name in missing):
            raise LeftOut(f"the checkpoint in {folder} has no {missing[0]}")
        tokenizer = transformers.PreTrainedTokenizerFast(
            tokenizer_file=str(folder / "tokenizer.json"),
            pad_token="[PAD]",
            model_max_length=256,
            # The network has token types, and transformers gives them only where asked to.
            model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        )
        torch.set_num_threads(_cpus())
        judge = transformers.pipeline(
            "text-classification", model=model.eval(), tokenizer=tokenizer, device="cpu"
        )
        seconds = time.perf_counter() - start

        def prepare(texts: Sequence[str]) -> Callable[[], None]:
            pairs = [{"text": text, "text_pair": t.description} for text in texts for t in TARGETS]
            given = {"batch_size": batch, "truncation": "only_first", "top_k": None}
            return lambda: _counted(judge(pairs, **given), pairs)

        return prepare, seconds

    return load


def checkpoint(folder: Path) -> tuple[Prepare, float]:
    """Our own path over torch."""
    start = time.perf_counter()
    torch, _, _ = _torch(folder)
    from classify.hf_model import load_hf_classifier
    from classify.target import TARGETS

    torch.set_num_threads(_cpus())
    classifier = load_hf_classifier(str(folder), device="cpu")
    seconds = time.perf_counter() - start
    return lambda texts: lambda: _counted(classifier.assess(texts, TARGETS), texts), seconds


def _torch(folder: Path) -> tuple[Any, Any, Any]:
    for name in ("config.json", "model.safetensors"):
        if not (folder / name).is_file():
            raise LeftOut(f"{folder.name} has no {name}; name a folder that has with --folder")
    try:
        import torch
        import transformers
        from safetensors.torch import load_file
    except ImportError as error:
        raise LeftOut(f"{error.name} is not installed; pip install 'barometer[models]'") from error
    transformers.logging.set_verbosity_error()
    return torch, transformers, load_file


def feeds(folder: Path, texts: Sequence[str], batch: int) -> list[dict[str, Any]]:
    """Sorted by length, padded to the longest of each batch; what our path reads of each text."""
    import numpy as np

    from classify.onnx_model import load_onnx_classifier
    from classify.target import TARGETS

    classifier = load_onnx_classifier(folder)
    none = classifier.no_query
    asked = [classifier.run(classifier.tokens(t.description), none)[2] for t in TARGETS]
    queries = np.concatenate(asked)
    rows = sorted(map(classifier.tokens, texts), key=len)
    batches = []
    for start in range(0, len(rows), batch):
        part = rows[start : start + batch]
        ids = np.zeros((len(part), max(map(len, part))), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, tokens in enumerate(part):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        batches.append({"input_ids": ids, "attention_mask": mask, "queries": queries})
    return batches


def _counted(answers: Sequence[Any], asked: Sequence[Any]) -> None:
    if len(answers) != len(asked):
        raise RuntimeError(f"{len(answers)} answers to {len(asked)} texts")


def _cpus() -> int:
    # Here and in the functions above: what a candidate imports is part of its load time.
    from classify.onnx_model import available_cpus

    return available_cpus()


def candidates() -> dict[str, tuple[Candidate, float]]:
    """Each with the share of the texts that it judges."""
    return {
        "ours": (ours, 1.0),
        "bare, batches of 32": (bare(32), 1.0),
        "bare, batches of 8": (bare(8), 1.0),
        "bare, a text a run, a thread per CPU": (bare(1, alone=True), 1.0),
        "pipeline": (pipeline(1), SLOW_SHARE),
        "pipeline, batches of 32": (pipeline(32), SLOW_SHARE),
        "checkpoint": (checkpoint, SLOW_SHARE),
    }
