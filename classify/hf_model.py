"""Models that run on torch: a fine-tuned checkpoint of ours, or any model of textual entailment.

    name -> folder with model.json -> hf_checkpoint
         -> another folder, or OWNER/NAME[@REVISION] on the Hugging Face hub -> ZeroShotClassifier

Imported only when BAROMETER_MODEL asks for it: torch and transformers are no part of a plain install.
An edge: reads files, asks the hub, runs torch.
"""

from __future__ import annotations

import hashlib
import os.path
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from classify.classifier import Classifier, ModelError
from classify.hf_runner import Runner, device_of, quiet_libraries
from classify.hub_errors import loading_failed
from classify.hypotheses import Hypotheses
from classify.manifest import CONFIG, MANIFEST, TOKENIZER
from classify.onnx_model import MAX_CHARACTERS
from classify.zero_shot import (
    NoEntailment,
    ZeroShotClassifier,
    entailment_label,
    kept_text,
    method,
)

if TYPE_CHECKING:
    import torch

MAX_TOKENS = 512
"""Of a text and a hypothesis together, where the model does not say less."""

KEPT_FOR_HYPOTHESIS = 64
"""Tokens of these that the text leaves free."""

HUB_SECONDS = 10
"""Wait for the hub's first answer."""

_NAMES = "bundled, lexicon, a folder, or OWNER/NAME on the Hugging Face hub"

_WANTED = "name a model that was fine-tuned on textual entailment (NLI)"


def load_hf_classifier(
    name: str,
    *,
    device: str = "auto",
    hypotheses: Mapping[str, Hypotheses] | None = None,
    languages: Collection[str] = (),
) -> Classifier:
    """The classifier in the folder or on the hub that `name` names.

    device: auto (a GPU where there is one), cpu, cuda or cuda:N. hypotheses (by target name) and
    languages (primary subtags; none means any) are for models of textual entailment; a checkpoint of
    ours names its own. Raises ModelError.
    """
    # os.path answers for any name; pathlib raises for one that is too long.
    folder = os.path.isdir(name)  # noqa: PTH112
    if not folder and os.path.exists(name):  # noqa: PTH110
        raise ModelError(f"{name} is a file; BAROMETER_MODEL names the folder of a model.")
    if not folder and (name.startswith((".", "/", "~")) or name.count("/") > 1):
        raise ModelError(f"There is no folder {name}; BAROMETER_MODEL names {_NAMES}.")
    ours = folder and (Path(name) / MANIFEST).is_file()
    if folder and not ours and not (Path(name) / CONFIG).is_file():
        raise ModelError(f"The folder {name} holds no model: neither {MANIFEST} nor {CONFIG}.")
    _require_libraries(name, folder)
    quiet_libraries()
    on = device_of(device)
    if ours:
        from classify.hf_checkpoint import load_checkpoint_classifier

        return load_checkpoint_classifier(Path(name), on)
    place, revision = (name, "") if folder else _place_and_revision(name)
    try:
        version, found = (_digest(Path(name)), {}) if folder else _find(place, revision)
        entailment = _load_entailment(place, on, found)
    except ModelError:
        raise
    # Whatever these libraries raise for what they find in somebody's files, it is one sentence here.
    except Exception as error:
        raise ModelError(loading_failed(place, revision, error)) from error
    shown = Path(name).resolve().name if folder else place
    return ZeroShotClassifier(
        model=f"{shown}@{version[:12]}+{method(hypotheses or {})}",
        languages=frozenset(languages),
        hypotheses=hypotheses or {},
        entailed=entailment,
        read=entailment.read,
    )


def _require_libraries(name: str, folder: bool) -> None:
    try:
        import safetensors  # noqa: F401
        import torch  # noqa: F401
        import transformers  # noqa: F401
    except ImportError as error:
        need = f"needs pip install 'barometer[models]' ({error.name} is missing)"
        raise ModelError(
            f"The model in {name} {need}."
            if folder
            else f"{name} is neither bundled, lexicon nor a folder here; a model of the Hugging Face hub {need}."
        ) from error


class Entailment:
    """Satisfies classify.zero_shot.Entailed."""

    def __init__(self, runner: Runner, tokenizer: Any, label: int, longest: int) -> None:
        """`label`: the index of entailment; `longest`: tokens of a pair, special tokens included."""
        self._runner = runner
        self._tokenizer = tokenizer
        self._label = label
        self._longest = longest

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The probability of entailment among all labels, per pair of text and hypothesis."""
        if not pairs:
            return []
        lengths = [len(text) + len(hypothesis) for text, hypothesis in pairs]
        (p,) = self._runner(pairs, lengths, self._forward)
        return [float(each) for each in p[:, self._label]]

    def read(self, text: str) -> str:
        """What of `text` is judged: an excerpt where it is long, nothing where it has no letter."""
        text = self._plain(text[:MAX_CHARACTERS])
        if not any(map(str.isalpha, text)):
            return ""
        if not self._tokenizer.is_fast:  # it does not say where its tokens stand
            return text
        offsets = self._tokenizer(
            text, add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )["offset_mapping"]
        room = max(self._longest - KEPT_FOR_HYPOTHESIS, self._longest // 2)
        return kept_text(text, offsets, room)

    def _forward(self, pairs: Sequence[tuple[str, str]]) -> tuple[torch.Tensor]:
        """Probabilities of the labels, (B, labels)."""
        encoded = self._tokenizer(
            [text for text, _ in pairs],
            [self._plain(hypothesis) for _, hypothesis in pairs],
            truncation=True,
            max_length=self._longest,
            padding=True,
            return_tensors="pt",
        )
        logits = self._runner.module(**encoded.to(self._runner.device)).logits
        return (logits.float().softmax(dim=-1),)

    def _plain(self, text: str) -> str:
        """What every tokenizer takes: no half of a surrogate pair, and none of its own marks.

        BART, for one, fails on a second `</s>`.
        """
        text = text.encode("utf-8", "replace").decode()
        for mark in self._tokenizer.all_special_tokens:
            text = text.replace(mark, " ")
        return text


def _find(place: str, revision: str) -> tuple[str, dict[str, Any]]:
    """The commit that `revision` is now, and the arguments that find its files.

    What is kept on this machine serves where the hub does not answer.
    """
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import (
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        # Asked first because it fails at once; a download tries again for half a minute.
        HfApi().model_info(place, revision=revision, timeout=HUB_SECONDS)
    except (HFValidationError, RepositoryNotFoundError, RevisionNotFoundError):
        raise
    except Exception as error:
        try:
            config = hf_hub_download(place, CONFIG, revision=revision, local_files_only=True)
        except OSError:
            raise error from None
        commit = Path(config).parent.name
        return commit, {"revision": commit, "local_files_only": True}
    commit = Path(hf_hub_download(place, CONFIG, revision=revision)).parent.name
    return commit, {"revision": commit}


def _load_entailment(place: str, device: torch.device, found: dict[str, Any]) -> Entailment:
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    # Nobody's code comes with a model.
    found = {**found, "trust_remote_code": False}
    config = AutoConfig.from_pretrained(place, **found)
    label = _label(place, config)
    module, loaded = AutoModelForSequenceClassification.from_pretrained(
        place,
        config=config,
        dtype=torch.float16 if device.type == "cuda" else torch.float32,
        output_loading_info=True,
        **found,
    )
    if loaded["missing_keys"]:
        raise ModelError(
            f"The weights of {place} lack {sorted(loaded['missing_keys'])[0]} "
            f"({len(loaded['missing_keys'])} parts of a {type(module).__name__} in all); {_WANTED}."
        )
    tokenizer = AutoTokenizer.from_pretrained(place, **found)
    if tokenizer.pad_token is None:
        raise ModelError(f"The tokenizer of {place} has no padding token; name another model.")
    # Where its files are missing transformers makes an empty one. Models keep some places free.
    tokens, places = len(tokenizer), module.get_input_embeddings().num_embeddings
    if not places / 2 <= tokens <= places:
        raise ModelError(
            f"The tokenizer of {place} is missing or another model's: it has {tokens:,} tokens, the "
            f"model knows {places:,}."
        )
    entailment = Entailment(
        Runner(place, module, device), tokenizer, label, _longest(config, tokenizer)
    )
    if not np.isfinite(entailment([("A text.", "A hypothesis.")])).all():
        raise ModelError(f"The weights of {place} give no figures; fetch the model again.")
    return entailment


def _label(place: str, config: Any) -> int:
    architectures = config.architectures or []
    if not any(each.endswith("ForSequenceClassification") for each in architectures):
        found = ", ".join(architectures) or config.model_type
        raise ModelError(f"{place} is no sequence classifier ({found}); {_WANTED}.")
    try:
        return entailment_label(config.id2label)
    except NoEntailment as error:
        raise ModelError(
            f"No label of {place} is called entailment (it has {error}); {_WANTED}, or correct "
            f"id2label in its {CONFIG}."
        ) from error


def _longest(config: Any, tokenizer: Any) -> int:
    """Tokens of a pair. Positions of RoBERTa and its kin begin at 2, so two places stay free."""
    positions = getattr(config, "max_position_embeddings", None) or MAX_TOKENS + 2
    return int(min(MAX_TOKENS, positions - 2, tokenizer.model_max_length))


def _place_and_revision(name: str) -> tuple[str, str]:
    place, _, revision = name.rpartition("@")
    return (place, revision) if place and revision else (name, "main")


def _digest(folder: Path) -> str:
    """Of what decides the answers of a model in a folder, which has no revision: 12 hexadecimal digits."""
    weights = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
    whole = hashlib.sha256()
    words = [*sorted(folder.glob("*.txt")), *sorted(folder.glob("*.model"))]
    for path in [folder / CONFIG, folder / TOKENIZER, *words, *weights]:
        if path.is_file():
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:12]
