from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classify.classifier import Assessment
from classify.corpus import held_out, load_corpus
from classify.manifest import MANIFEST, TOKENIZER
from classify.ngram_sides import NgramSides, word_pieces
from classify.onnx_model import (
    MAX_CHARACTERS,
    OnnxClassifier,
    available_cpus,
    cpu_quota,
    load_bundled,
    load_tokenizer,
    read_manifest,
)
from classify.stance import NOT_ADDRESSED, Stance
from classify.target import ASYLUM, GENERAL, IRREGULAR, REGULAR, TARGETS, Target
from tests.manifests import manifest

ROOT = Path(__file__).resolve().parents[1]
BUNDLED = ROOT / "classify" / "bundled"

DEPORT = "Deport them all, every illegal, and do it now."
SEASONAL = Target("seasonal", "the seasonal workers scheme for farms")


@pytest.fixture(scope="module")
def classifier() -> OnnxClassifier:
    return load_bundled()


def stance(assessment: Assessment, target: Target) -> Stance:
    return assessment.stances[target.name].stance


# -- What it says ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        (DEPORT, IRREGULAR, Stance.OPPOSE),
        ("Refugees are welcome here. Take in more of them.", ASYLUM, Stance.SUPPORT),
        (
            "We need these skilled workers from abroad: give them visas and make it easier.",
            REGULAR,
            Stance.SUPPORT,
        ),
        ("Immigration has ruined this country. Stop it.", GENERAL, Stance.OPPOSE),
        (
            "Whisk the eggs with the sugar, then fold in the flour.",
            ASYLUM,
            Stance.NOT_ADDRESSED,
        ),
    ],
)
def test_clear_cases_are_judged_as_anybody_would(
    classifier: OnnxClassifier, text: str, target: Target, expected: Stance
) -> None:
    (found,) = classifier.assess([text], TARGETS)
    assert stance(found, target) is expected
    assert (found.relevance >= 0.5) is (expected is not Stance.NOT_ADDRESSED)


def test_it_gives_its_name_and_languages(classifier: OnnxClassifier) -> None:
    named = json.loads((BUNDLED / MANIFEST).read_text("utf-8"))
    assert classifier.model == named["name"]
    assert classifier.languages == {"en"}


def test_a_target_comes_by_its_description(classifier: OnnxClassifier) -> None:
    (found,) = classifier.assess([DEPORT], [SEASONAL, IRREGULAR])
    assert list(found.stances) == ["seasonal", "irregular"]
    assert found.stances["seasonal"] != found.stances["irregular"]


def test_no_target_gives_a_reading_alone(classifier: OnnxClassifier) -> None:
    (found,) = classifier.assess([DEPORT], [])
    assert found.stances == {}
    assert found.relevance > 0.5


# -- One text, whatever is beside it ---------------------------------------------------------------


def test_a_judgement_does_not_depend_on_its_neighbours(classifier: OnnxClassifier) -> None:
    """Bit for bit: integer arithmetic over a batch would let neighbours move it."""
    texts = [passage.text for passage in load_corpus() if held_out(passage)][:60]
    together = classifier.assess(texts, TARGETS)
    assert classifier.assess(texts[::-1], TARGETS)[::-1] == together
    assert [classifier.assess([text], TARGETS)[0] for text in texts[:20]] == together[:20]


def test_answers_come_in_order_with_equal_texts_judged_once(classifier: OnnxClassifier) -> None:
    long, short = "The weather was fine. " * 60, "Rain."
    texts = [short, DEPORT, "", long, short, DEPORT]
    found = classifier.assess(texts, TARGETS)
    assert found == [classifier.assess([text], TARGETS)[0] for text in texts]
    assert found[0] is found[4]


def test_nothing_asked_is_nothing_answered(classifier: OnnxClassifier) -> None:
    assert classifier.assess([], TARGETS) == []


# -- Runs of the session ---------------------------------------------------------------------------


class CountingSession:
    """Counts runs and keeps the tokens; all logits are zero."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.read: list[tuple[int, ...]] = []
        self.asked: list[int] = []
        self._fails_at = fails_at

    def run(self, names: Sequence[str], feeds: dict[str, Any]) -> list[Any]:
        assert len(feeds["input_ids"]) == 1
        assert feeds["attention_mask"].all()
        self.read.append(tuple(feeds["input_ids"][0]))
        self.asked.append(len(feeds["queries"]))
        if len(self.read) == self._fails_at:
            raise RuntimeError("out of memory")
        wanted = {"stances": (1, self.asked[-1], 4), "document": (1, 16), "embedding": (1, 8)}
        return [np.zeros(wanted[name], dtype=np.float32) for name in names]


def counting(session: CountingSession, cpus: int = 2) -> OnnxClassifier:
    tokenizer = load_tokenizer(BUNDLED / TOKENIZER, "")
    words = NgramSides([], [], word_pieces(tokenizer.get_vocab()))
    return OnnxClassifier(manifest(), tokenizer, words, session, width=8, cpus=cpus)


def test_a_text_costs_one_run_whatever_the_number_of_targets() -> None:
    session = CountingSession()
    judge = counting(session)
    targets = [Target(f"target {n}", f"what is described as {n}") for n in range(7)]
    judge.assess(["One.", "Two.", "Two.", "", "One."], targets)
    assert session.asked == [1] * 7 + [7] * 2


def test_a_description_is_encoded_once_even_under_another_name() -> None:
    session = CountingSession()
    judge = counting(session)
    judge.assess(["One."], [SEASONAL])
    judge.assess(["Two."], [SEASONAL, Target("farms", SEASONAL.description)])
    assert session.asked == [1, 1, 2]


def test_a_target_without_description_is_asked_about_by_its_name() -> None:
    session = CountingSession()
    judge = counting(session)
    judge.assess(["One."], [Target("boats", "")])
    assert session.read == [tuple(judge.tokens("boats")), tuple(judge.tokens("One."))]


def test_a_text_that_was_met_is_not_judged_again_unless_other_targets_are_asked_about() -> None:
    session = CountingSession()
    judge = counting(session)
    first = judge.assess(["One.", "Two."], [SEASONAL])
    assert judge.assess(["Two.", "Three.", "One."], [SEASONAL])[0] == first[1]
    assert [tuple(judge.tokens(text)) for text in ("Three.",)] == session.read[3:]
    judge.assess(["One."], [SEASONAL, Target("boats", "")])
    assert session.read[-1] == tuple(judge.tokens("One."))


def test_only_the_texts_met_last_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classify.onnx_model._REMEMBERED", 2)
    session = CountingSession()
    judge = counting(session, cpus=1)
    judge.assess(["One.", "Two.", "Three."], [SEASONAL])
    read = len(session.read)
    judge.assess(["Three.", "One."], [SEASONAL])
    assert session.read[read:] == [tuple(judge.tokens("One."))]


@pytest.mark.parametrize("cpus", [1, 2])
def test_a_run_that_fails_ends_the_call(cpus: int) -> None:
    judge = counting(CountingSession(fails_at=6), cpus)
    with pytest.raises(RuntimeError, match="out of memory"):
        judge.assess([f"Text number {n}." for n in range(400)], TARGETS)


# -- Any text --------------------------------------------------------------------------------------

ODD_TEXTS = {
    "empty": "",
    "blank": " \n\t\u00a0",
    "only emoji": "🔥🚢🇬🇧👨‍👩‍👧",
    "only punctuation": "?!… —",
    "only digits": "100 000",
    "nul": "\x00\x00\x00",
    "nul inside": "Deport\x00 them\x00 all.",
    "lone surrogate": "Refugees \ud83d are welcome \udea2.",
    "only surrogates": "\ud800\udfff\ud800",
    "mixed scripts": "Refugees 难民 लोग لاجئين πρόσφυγες беженцы welcome",
    "no blank for a megabyte": "a" * 1_000_000,
    "a megabyte": "Refugees are welcome. " * 45_000,
    "a megabyte of accents": "e" + "\u0301" * 1_000_000,
    "a megabyte of full stops": "." * 1_000_000,
    "right to left marks": "\u202eDeport them\u202c",
    "private use": "\ue000\uf8ff\U0010ffff a",
    "special tokens": "[CLS] [SEP] [PAD] [MASK] [UNK]",
    "half a thousand lines": "Refugees.\n" * 500,
}


@pytest.mark.parametrize("name", ODD_TEXTS)
def test_any_text_has_an_answer(classifier: OnnxClassifier, name: str) -> None:
    (found,) = classifier.assess([ODD_TEXTS[name]], (*TARGETS, SEASONAL))
    assert 0 <= found.relevance <= 1
    for p in found.stances.values():
        parts = (p.support, p.neutral, p.oppose, p.not_addressed)
        assert all(0 <= part <= 1 for part in parts)
        assert sum(parts) == pytest.approx(1)


@pytest.mark.parametrize(
    "name", [n for n, text in ODD_TEXTS.items() if not any(map(str.isalpha, text))]
)
def test_a_text_without_a_letter_says_nothing(classifier: OnnxClassifier, name: str) -> None:
    (found,) = classifier.assess([ODD_TEXTS[name]], TARGETS)
    assert found.relevance == 0
    assert set(found.stances.values()) == {NOT_ADDRESSED}


def test_a_target_described_with_half_a_character_is_a_target(classifier: OnnxClassifier) -> None:
    (found,) = classifier.assess([DEPORT], [Target("x", "boats \ud83d"), Target("y", "x" * 10**6)])
    assert set(found.stances) == {"x", "y"}


@pytest.mark.parametrize("name", ODD_TEXTS)
@pytest.mark.parametrize("truncate", [False, True])
def test_no_input_is_longer_than_the_model_reads(
    classifier: OnnxClassifier, name: str, truncate: bool
) -> None:
    longest = read_manifest(BUNDLED, ()).max_tokens
    assert 2 <= len(classifier.tokens(ODD_TEXTS[name], truncate=truncate)) <= longest


def test_a_text_that_spells_out_special_tokens_does_not_end_itself(
    classifier: OnnxClassifier,
) -> None:
    ids = list(classifier.tokens("[CLS] a [SEP] b [MASK] [PAD]"))
    plain = list(classifier.tokens("a"))
    special = {plain[0], plain[-1]}
    assert ids[0] in special
    assert ids[-1] in special
    assert special.isdisjoint(ids[1:-1])


def test_what_comes_after_the_characters_that_are_read_changes_nothing(
    classifier: OnnxClassifier,
) -> None:
    text = ("The weather was fine. " * 1000)[:MAX_CHARACTERS]
    assert list(classifier.tokens(text + " Deport them.")) == list(classifier.tokens(text))


def test_a_long_text_is_judged_by_what_it_says_late(classifier: OnnxClassifier) -> None:
    """The excerpt finds the passage; the first 256 tokens are about the weather."""
    weather = "The rain fell on the hills all day and the river rose by the bridge. "
    text = weather * 40 + DEPORT + " " + weather * 40
    (found,) = classifier.assess([text], TARGETS)
    (beginning,) = classifier.assess([weather * 16], TARGETS)
    assert stance(beginning, IRREGULAR) is Stance.NOT_ADDRESSED
    assert stance(found, IRREGULAR) is Stance.OPPOSE


def test_an_excerpt_takes_the_tokens_of_the_whole(classifier: OnnxClassifier) -> None:
    text = "Migrants came. " + "The rain fell. " * 300 + "Asylum seekers were let in."
    whole = load_tokenizer(BUNDLED / TOKENIZER, "").encode(text).ids
    kept = list(classifier.tokens(text))
    rest = iter(whole)
    assert all(token in rest for token in kept), "not in the order of the text"
    assert kept[-7:] == whole[-7:]
    assert list(classifier.tokens(text, truncate=True)[:-1]) == whole[: len(kept) - 1]


# -- The process -----------------------------------------------------------------------------------

JUDGE = """
import json, sys
from pathlib import Path
from classify.classifier import load_classifier
from classify.corpus import load_corpus
from classify.target import TARGETS
classifier = load_classifier("bundled")
texts = [passage.text for passage in load_corpus()][:300] + ["Refugees are welcome. " * 45_000]
classifier.assess(texts, TARGETS)
heavy = sorted({"torch", "transformers", "scipy"} & set(sys.modules))
status = Path("/proc/self/status")
lines = status.read_text().splitlines() if status.exists() else []
peak = [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")]
print(json.dumps([heavy, peak]))
"""


def test_a_fresh_process_judges_lightly_and_quietly() -> None:
    done = subprocess.run(
        [sys.executable, "-c", JUDGE], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy, peak = json.loads(done.stdout)
    assert heavy == []
    assert done.stderr == ""
    assert all(megabytes < 600 for megabytes in peak)


def test_naming_the_lexicon_loads_no_runtime() -> None:
    code = (
        "import sys; from classify.classifier import load_classifier; load_classifier('lexicon');"
        "sys.exit(bool({'onnxruntime', 'tokenizers'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("line", "quota"),
    [
        ("200000 100000", [2.0]),
        ("150000 100000", [1.5]),
        ("max 100000", []),
        ("-1 100000", []),  # version 1 without a limit
        (" ", []),
        ("100000 0", []),
    ],
)
def test_a_control_groups_quota_is_in_cpus(line: str, quota: list[float]) -> None:
    assert cpu_quota(line) == quota


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no CPU affinity here")
def test_a_process_bound_to_one_cpu_uses_one() -> None:
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))});"
        "from classify.onnx_model import available_cpus; print(available_cpus())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
    assert available_cpus() >= 1
