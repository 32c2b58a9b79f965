"""A model folder judged by ONNX Runtime on the CPU. An edge: reads files, runs threads.

text -> at most MAX_CHARACTERS -> tokens -> an excerpt of max_tokens -> one run of the session
     -> logits, and what the words alone say of the side -> calibration -> assessment

A target is asked about by its query: the embedding of its description, made once. So a text costs
one pass whatever the number of targets.

Every text has a run of its own, on one thread, with as many texts at a time as there are CPUs: nothing
is padded, no thread waits for another inside an operator, and a judgement does not depend on what
arrived beside it. (`benchmarks/classify.py` compares it with batches.) Weights are stored in 8 bits and
unpacked once, when the session is made.
"""

from __future__ import annotations

import hashlib
import math
import os
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from importlib.resources import as_file, files
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from classify.calibration import assessments
from classify.classifier import Assessment, ModelError, nothing_said
from classify.excerpt import kept_tokens
from classify.hub_errors import first_line
from classify.manifest import CHECKPOINT, MANIFEST, NGRAMS, TOKENIZER, WEIGHTS, Manifest
from classify.model_check import OUTPUTS, graph_fault, manifest_fault, results_fault
from classify.ngram_sides import NgramSides, unpacked, word_pieces
from classify.target import Target

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_CHARACTERS = 20_000
"""Only the beginning of a longer text is read, as much as the gate looks at."""

_CHUNK = 128
"""Texts that are tokenised before the first of them is judged; the longest of them goes first."""

_DESCRIPTIONS = 1024
"""Queries that are remembered; each is 1.5 kB."""

_REMEMBERED = 4096
"""Assessments that are remembered, of the texts met last: agency copy comes back for days."""

REMEDY = "copy the folder again from where it was made, or make it anew"

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]


class OnnxClassifier:
    """Satisfies classify.classifier.Classifier. Made by load_onnx_classifier."""

    def __init__(
        self,
        manifest: Manifest,
        tokenizer: Tokenizer,
        ngrams: NgramSides,
        session: Any,
        width: int,
        cpus: int,
    ) -> None:
        """`session`: an onnxruntime.InferenceSession; `width`: of queries and embeddings; `cpus`:
        texts that are judged at a time.
        """
        self._manifest = manifest
        self._ngrams = ngrams
        self._tokenizer = tokenizer
        self._session = session
        self._cpus = cpus
        self.no_query: Floats = np.zeros((1, width), dtype=np.float32)
        self._first, self._last = tokenizer.encode("").ids
        self._query = lru_cache(_DESCRIPTIONS)(self._encoded)
        self._remembered: OrderedDict[tuple[str, tuple[Target, ...]], Assessment] = OrderedDict()
        self._remembering = Lock()

    @property
    def manifest(self) -> Manifest:
        """What stands beside the weights."""
        return self._manifest

    @property
    def model(self) -> str:
        """Name and version, stored with every judgement."""
        return self._manifest.name

    @property
    def languages(self) -> frozenset[str]:
        """What the model was trained to read."""
        return frozenset(self._manifest.languages)

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        """One assessment per text, in order; a text that was met not long ago is not judged again.

        A text without a letter says nothing: not relevant, every target not addressed.
        """
        wanted = tuple(targets)
        readable = [t for t in dict.fromkeys(texts) if any(map(str.isalpha, t[:MAX_CHARACTERS]))]
        with self._remembering:
            given = {
                text: self._remembered[text, wanted]
                for text in readable
                if (text, wanted) in self._remembered
            }
        new = [text for text in readable if text not in given]
        if new:
            judged = dict(zip(new, self._judged_anew(new, wanted), strict=True))
            given |= judged
            with self._remembering:
                self._remembered.update({(text, wanted): each for text, each in judged.items()})
                while len(self._remembered) > _REMEMBERED:
                    self._remembered.popitem(last=False)
        nothing = nothing_said(targets)
        return [given.get(text, nothing) for text in texts]

    def _judged_anew(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        asked = [self._query(target.description or target.name) for target in targets]
        queries = np.concatenate(asked) if asked else self.no_query
        rows, stances, document = self.logits(texts, queries)
        stances = self._ngrams.added(stances[:, : len(targets)], rows, self._manifest.stances)
        return assessments(stances, document, self._manifest, targets)

    def tokens(self, text: str, *, truncate: bool = False) -> Ids:
        """The token ids that are read of `text`, (L,), special tokens included.

        `truncate` takes the beginning of a long text instead of its excerpt, to compare.
        """
        # The tokenizer takes no lone surrogates; one question mark each keeps the offsets.
        text = text[:MAX_CHARACTERS].encode("utf-8", "replace").decode()
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        ids, budget = encoding.ids, self._manifest.max_tokens - 2
        if len(ids) > budget:
            kept = kept_tokens(text, encoding.offsets, budget, truncate=truncate)
            ids = [ids[token] for token in kept]
        return np.array([self._first, *ids, self._last], dtype=np.int64)

    def run(self, ids: Ids, queries: Floats) -> tuple[Floats, Floats, Floats]:
        """Of one text: stance logits (1, T, 4), document logits (1, D), embedding (1, H)."""
        row = ids.reshape(1, -1)
        feeds = {"input_ids": row, "attention_mask": np.ones_like(row), "queries": queries}
        stances, document, embedding = self._session.run(list(OUTPUTS), feeds)
        return stances, document, embedding

    def logits(self, texts: Sequence[str], queries: Floats) -> tuple[list[Ids], Floats, Floats]:
        """Token ids of N texts, stance logits of the network (N, T, 4), document logits (N, D)."""
        tokens: list[Ids] = []
        if len(texts) == 1 or self._cpus == 1:
            tokens = [self.tokens(text) for text in texts]
            rows = [self.run(ids, queries) for ids in tokens]
        else:
            pool = ThreadPoolExecutor(self._cpus, thread_name_prefix="judge")
            try:
                futures: dict[int, Future[tuple[Floats, Floats, Floats]]] = {}
                # The next chunk is tokenised here while the pool judges the last.
                for start in range(0, len(texts), _CHUNK):
                    tokens += map(self.tokens, texts[start : start + _CHUNK])
                    chunk = enumerate(tokens[start:], start)
                    for place, ids in sorted(chunk, key=lambda item: -len(item[1])):
                        futures[place] = pool.submit(self.run, ids, queries)
                rows = [futures[place].result() for place in range(len(texts))]
            finally:
                pool.shutdown(cancel_futures=True)
        stances, document = (np.concatenate([row[part] for row in rows]) for part in (0, 1))
        return tokens, stances, document

    def _encoded(self, description: str) -> Floats:
        return self.run(self.tokens(description, truncate=True), self.no_query)[2]


def is_onnx_folder(name: str) -> bool:
    """Whether `name` is a model folder for this module; one with other weights alone is not."""
    # os.path answers for any name; pathlib raises for one that is too long or out of reach.
    manifest, weights, checkpoint = (
        os.path.isfile(os.path.join(name, file))  # noqa: PTH113, PTH118
        for file in (MANIFEST, WEIGHTS, CHECKPOINT)
    )
    return manifest and (weights or not checkpoint)


def load_bundled() -> OnnxClassifier:
    """The classifier that ships with Barometer. Raises ModelError where its files are damaged."""
    with as_file(files("classify").joinpath("bundled")) as folder:
        return load_onnx_classifier(folder, "install Barometer again")


def load_onnx_classifier(folder: str | Path, remedy: str = REMEDY) -> OnnxClassifier:
    """The classifier in `folder`. Raises ModelError naming the file at fault; `remedy` ends it."""
    folder = Path(folder)
    manifest = read_manifest(folder, (WEIGHTS, TOKENIZER, NGRAMS), remedy)
    tokenizer = load_tokenizer(folder / TOKENIZER, remedy)
    ngrams = load_ngrams(folder / NGRAMS, tokenizer, remedy)
    session, width = _load_session(folder / WEIGHTS, remedy)
    classifier = OnnxClassifier(manifest, tokenizer, ngrams, session, width, available_cpus())
    try_longest(classifier, manifest, tokenizer.get_vocab_size(), folder / WEIGHTS, remedy)
    return classifier


def read_manifest(folder: Path, names: Sequence[str], remedy: str = REMEDY) -> Manifest:
    """The manifest in `folder`, after the digests of the files `names` were checked against it.

    Raises ModelError naming the file that is missing, unreadable or not what it was.
    """
    path = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); {remedy}.") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"{path} is no manifest of this version: {error}; {remedy}.") from error
    fault = manifest_fault(manifest)
    if fault:
        raise ModelError(f"{path} {fault}; {remedy}.")
    for name in names:
        _check_digest(folder / name, manifest.sha256.get(name), remedy)
    return manifest


def available_cpus() -> int:
    """CPUs that this process may use: its affinity, and the quota of its control groups."""
    affine = hasattr(os, "sched_getaffinity")  # not on macOS
    cpus = len(os.sched_getaffinity(0)) if affine else os.cpu_count() or 1
    return max(1, min([cpus, *(math.ceil(quota) for quota in _quotas())]))


def _quotas() -> Iterator[float]:
    """CPUs that each control group above this process grants, where it sets a limit (cgroup v2, v1)."""
    root = Path("/sys/fs/cgroup")
    lines = _text("/proc/self/cgroup").splitlines()
    group = root / next((line[4:] for line in lines if line.startswith("0::/")), "")
    for folder in (root / "cpu", group, *group.parents):
        version_1 = f"{_text(folder / 'cpu.cfs_quota_us')} {_text(folder / 'cpu.cfs_period_us')}"
        yield from (*cpu_quota(_text(folder / "cpu.max")), *cpu_quota(version_1))


def cpu_quota(line: str) -> list[float]:
    """`200000 100000` (microseconds, and in how many) -> [2.0]; nothing where there is no limit."""
    numbers = line.split()
    if len(numbers) != 2 or not all(map(str.isdecimal, numbers)) or not int(numbers[1]):
        return []
    return [int(numbers[0]) / int(numbers[1])]


def _text(path: str | Path) -> str:
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _check_digest(path: Path, wanted: str | None, remedy: str) -> None:
    if wanted is None:
        raise ModelError(f"{path.parent / MANIFEST} has no sha256 of {path.name}; {remedy}.")
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); {remedy}.") from error
    if found != wanted.lower():
        raise ModelError(f"{path} is not the file that {MANIFEST} names by sha256; {remedy}.")


def load_tokenizer(path: Path, remedy: str) -> Tokenizer:
    """The tokenizer as it was made, padding and truncation off. Raises ModelError."""
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # it raises nothing more special
        raise ModelError(f"{path} is no tokenizer: {first_line(error)}; {remedy}.") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    # A text that spells out "[SEP]" must not end itself.
    tokenizer.encode_special_tokens = True
    if len(tokenizer.encode("").ids) != 2:
        raise ModelError(f"{path} does not put a text between two special tokens; {remedy}.")
    return tokenizer


def load_ngrams(path: Path, tokenizer: Tokenizer, remedy: str) -> NgramSides:
    """The weights of words that go with `tokenizer`. Raises ModelError."""
    special = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    try:
        with path.open("rb") as file:
            try:
                with np.load(file, allow_pickle=False) as archive:
                    arrays = {name: archive[name] for name in archive.files}
            except (KeyError, EOFError, AttributeError, zipfile.BadZipFile, ValueError) as error:
                raise ValueError(f"holds no weights of words: {first_line(error)}") from error
        return unpacked(arrays, word_pieces(tokenizer.get_vocab(), special))
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}); {remedy}.") from error
    except ValueError as error:
        raise ModelError(f"{path} {first_line(error)}; {remedy}.") from error


def session_options() -> Any:
    """An onnxruntime.SessionOptions for one text at a time on one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # Plans of memory are kept per input shape, and almost every length would have its own.
    options.enable_mem_pattern = False
    # Else the weights, stored in 8 bits, are unpacked anew in every run.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    options.log_severity_level = 4  # what goes wrong is raised; the terminal is for our sentences
    return options


def _load_session(path: Path, remedy: str) -> tuple[Any, int]:
    """The session, and the width of its queries."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(
            str(path), sess_options=session_options(), providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # one class per cause, without a common one
        raise ModelError(f"{path} cannot be loaded: {first_line(error)}; {remedy}.") from error
    fault = graph_fault(session.get_inputs(), session.get_outputs())
    width = {node.name: node.shape for node in session.get_inputs()}.get("queries", ())[-1:]
    if not fault and not isinstance(width[0], int):
        fault = "does not say how wide its queries are"
    if fault:
        raise ModelError(f"{path} {fault}; {remedy}.")
    return session, width[0]


def try_longest(
    classifier: OnnxClassifier, manifest: Manifest, vocabulary: int, path: Path, remedy: str
) -> None:
    """Raise ModelError unless the longest input, of the tokenizer's last token, can be judged.

    What fits here fits later: positions, vocabulary, and as many logits as the manifest names.
    """
    longest = np.full(manifest.max_tokens, vocabulary - 1, dtype=np.int64)
    try:
        fault = results_fault(manifest, classifier.run(longest, classifier.no_query))
    except Exception as error:
        fault = (
            f"cannot read {manifest.max_tokens} tokens of a vocabulary of {vocabulary}: "
            f"{first_line(error)}"
        )
    if fault:
        raise ModelError(f"{path} {fault}; {remedy}.")
