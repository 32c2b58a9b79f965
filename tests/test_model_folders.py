"""Which model folders are taken, and what is said of the others."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from classify.classifier import ModelError, load_classifier
from classify.manifest import CHECKPOINT, MANIFEST, NGRAMS, TOKENIZER, WEIGHTS
from classify.onnx_model import is_onnx_folder, load_bundled, load_onnx_classifier, load_tokenizer
from classify.target import TARGETS
from tests.manifests import manifest
from tests.tiny_onnx import FLOAT, INT64, passing_through

ROOT = Path(__file__).resolve().parents[1]
BUNDLED = ROOT / "classify" / "bundled"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped folder, to be broken."""
    shutil.copytree(BUNDLED, tmp_path / "model")
    return tmp_path / "model"


def edit(folder: Path, name: str, content: bytes) -> None:
    """Replace a file and its digest: the file is what its maker meant."""
    (folder / name).write_bytes(content)
    fields = json.loads((folder / MANIFEST).read_bytes())
    fields["sha256"][name] = hashlib.sha256(content).hexdigest()
    (folder / MANIFEST).write_text(json.dumps(fields), "utf-8")


def set_fields(folder: Path, **changes: Any) -> None:
    fields = json.loads((folder / MANIFEST).read_bytes())
    (folder / MANIFEST).write_text(json.dumps({**fields, **changes}), "utf-8")


def refused(folder: Path) -> str:
    with pytest.raises(ModelError) as caught:
        load_classifier(str(folder))
    said = str(caught.value)
    assert "\n" not in said
    assert said.endswith("copy the folder again from where it was made, or make it anew.")
    return said


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda f: (f / WEIGHTS).unlink(), "model.onnx cannot be read (No such file"),
        (lambda f: (f / TOKENIZER).unlink(), "tokenizer.json cannot be read (No such file"),
        (lambda f: flip_a_bit(f / WEIGHTS), "model.onnx is not the file that model.json names"),
        (lambda f: flip_a_bit(f / TOKENIZER), "tokenizer.json is not the file"),
        (lambda f: (f / MANIFEST).write_bytes(b""), "model.json is no manifest of this version"),
        (lambda f: (f / MANIFEST).write_bytes(b"\xff{"), "model.json is no manifest"),
        (lambda f: (f / MANIFEST).write_text("[" * 10_000), "model.json is no manifest"),
        (lambda f: set_fields(f, format=1), "Invalid enum value 1"),
        (lambda f: (f / NGRAMS).unlink(), "ngrams.npz cannot be read (No such file"),
        (lambda f: flip_a_bit(f / NGRAMS), "ngrams.npz is not the file"),
        (lambda f: edit(f, NGRAMS, b"no archive"), "ngrams.npz holds no weights of words"),
        (lambda f: set_fields(f, colour="red"), "unknown field `colour`"),
        (lambda f: set_fields(f, max_tokens="long"), "$.max_tokens"),
        (lambda f: set_fields(f, sha256={}), "model.json has no sha256 of model.onnx"),
        (lambda f: set_fields(f, stances=["for", "against"]), "names other stances than support"),
        (lambda f: set_fields(f, max_tokens=100_000), "model.onnx cannot read 100000 tokens"),
        (lambda f: edit(f, WEIGHTS, b""), "model.onnx cannot be loaded"),
        (lambda f: edit(f, WEIGHTS, b"not a network"), "model.onnx cannot be loaded"),
        (lambda f: edit(f, WEIGHTS, (BUNDLED / WEIGHTS).read_bytes()[:-1000]), "cannot be loaded"),
        (lambda f: edit(f, TOKENIZER, b""), "tokenizer.json is no tokenizer"),
        (lambda f: edit(f, TOKENIZER, b"\xff"), "tokenizer.json is no tokenizer"),
        (lambda f: edit(f, TOKENIZER, b'{"model": 1}'), "tokenizer.json is no tokenizer"),
    ],
)
def test_a_damaged_folder_is_refused_with_the_file_at_fault(
    folder: Path, damage: Callable[[Path], object], said: str
) -> None:
    damage(folder)
    assert said in refused(folder)


def test_a_folder_in_the_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / TOKENIZER).unlink()
    (folder / TOKENIZER).mkdir()
    assert "tokenizer.json cannot be read (Is a directory)" in refused(folder)


@pytest.mark.parametrize(
    ("inputs", "outputs", "said"),
    [
        # What an encoder exported by other tools has.
        (
            {"input_ids": (INT64, 2), "attention_mask": (INT64, 2), "token_type_ids": (INT64, 2)},
            {"last_hidden_state": "input_ids"},
            "token_type_ids (tensor(int64), rank 2), not input_ids",
        ),
        (
            {"input_ids": (INT64, 2), "attention_mask": (INT64, 2), "queries": (FLOAT, 3)},
            {"stances": "queries", "document": "queries", "embedding": "queries"},
            "queries (tensor(float), rank 3)",
        ),
        (
            {"input_ids": (INT64, 2), "attention_mask": (INT64, 2), "queries": (FLOAT, 2)},
            {"stances": "queries", "document": "queries"},
            "it gives stances (tensor(float), rank 2), document",
        ),
    ],
)
def test_a_network_of_another_architecture_is_told_by_what_it_takes_and_gives(
    folder: Path, inputs: dict[str, tuple[int, int]], outputs: dict[str, str], said: str
) -> None:
    edit(folder, WEIGHTS, passing_through(inputs, outputs))
    message = refused(folder)
    assert "is a model of another architecture" in message
    assert said in message


def test_a_network_with_more_outputs_than_its_manifest_names_is_refused(folder: Path) -> None:
    set_fields(folder, topics=list(manifest().topics[:-1]))
    fields = json.loads((folder / MANIFEST).read_bytes())
    for field in ("document_calibration", "thresholds"):
        del fields[field][manifest().topics[-1]]
    set_fields(folder, **fields)
    assert "gives 16 logits of document, its manifest names 15" in refused(folder)


def test_a_tokenizer_with_more_tokens_than_the_network_is_refused(folder: Path) -> None:
    fields = json.loads((folder / TOKENIZER).read_bytes())
    vocabulary = fields["model"]["vocab"]
    vocabulary["onemoretoken"] = len(vocabulary)
    edit(folder, TOKENIZER, json.dumps(fields).encode())
    assert f"of a vocabulary of {len(vocabulary)}" in refused(folder)


def test_a_tokenizer_that_does_not_frame_a_text_is_refused(folder: Path) -> None:
    fields = json.loads((folder / TOKENIZER).read_bytes())
    edit(folder, TOKENIZER, json.dumps({**fields, "post_processor": None}).encode())
    assert "two special tokens" in refused(folder)


def test_padding_and_truncation_that_a_tokenizer_was_saved_with_are_off(folder: Path) -> None:
    tokenizer = load_tokenizer(folder / TOKENIZER, "")
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=64)
    edit(folder, TOKENIZER, tokenizer.to_str().encode())
    text = "The rain fell on the hills."
    assert list(load_onnx_classifier(folder).tokens(text)) == list(load_bundled().tokens(text))


def test_a_copy_judges_as_the_shipped_folder_does(folder: Path) -> None:
    texts = ["Deport them all, every illegal, and do it now."]
    copy, shipped = load_classifier(str(folder)), load_classifier("bundled")
    assert copy.assess(texts, TARGETS) == shipped.assess(texts, TARGETS)


def test_other_files_in_a_folder_do_not_matter(folder: Path) -> None:
    (folder / CHECKPOINT).write_bytes(b"32-bit weights")
    assert load_classifier(str(folder)).model


# -- Names -----------------------------------------------------------------------------------------


def test_bundled_and_lexicon_are_names() -> None:
    assert load_classifier("bundled").model == load_bundled().model
    assert load_classifier("lexicon").model.startswith("lexicon")


def test_a_damaged_installation_says_how_to_mend_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / WEIGHTS).unlink()
    folder.rename(folder.parent / "bundled")
    monkeypatch.setattr("classify.onnx_model.files", lambda package: folder.parent)
    with pytest.raises(
        ModelError, match=r"model\.onnx cannot be read .*; install Barometer again\."
    ):
        load_classifier("bundled")


@pytest.mark.parametrize(
    ("present", "ours"),
    [
        ((MANIFEST, WEIGHTS, TOKENIZER), True),
        ((MANIFEST, WEIGHTS, TOKENIZER, CHECKPOINT), True),
        ((MANIFEST,), True),  # it is refused with the name of what is missing
        ((MANIFEST, CHECKPOINT), False),
        ((WEIGHTS, TOKENIZER), False),
        ((), False),
    ],
)
def test_a_folder_is_ours_by_its_manifest_unless_it_holds_a_checkpoint_alone(
    tmp_path: Path, present: tuple[str, ...], ours: bool
) -> None:
    for name in present:
        (tmp_path / name).touch()
    assert is_onnx_folder(str(tmp_path)) is ours


@pytest.mark.parametrize("name", ["", "a/b", "x" * 5000, "\x00", "\ud800"])
def test_a_name_of_no_folder_is_no_folder(name: str) -> None:
    assert is_onnx_folder(name) is False
