"""The society of a text: the public concerned, not the country that people come from; unknown when in doubt."""

from __future__ import annotations

import random

import msgspec
import pytest

from benchmarks.society_of import counted
from flows.preparing import prepared
from ingest.document import Kind, story_of
from ingest.place_names import Sort, places
from ingest.society_of import society_of, society_of_document
from tests.judged_documents import document


@pytest.mark.parametrize(
    ("title", "society"),
    [
        ("Germany limits asylum for Syrians", "DE"),
        ("Berlin says it will deport more Afghans to Kabul", "DE"),
        ("Danish voters back stricter rules for Syrian refugees", "DK"),
        ("Home Office to close hotels for migrants from Albania", "GB"),
        ("Bundestag votes on family reunification", "DE"),
        ("Italy's government signs deal with Tunisia", "IT"),
        ("U.S. Supreme Court hears case of Venezuelan asylum seekers", "US"),
        ("Dutch parliament rejects asylum law", "NL"),
        ("Mayors protest as New Zealand plans visa cap", "unknown"),
        ("South Korean farmers want more Nepali workers", "KR"),
        ("Turkish court frees Syrian shopkeepers", "TR"),
        # two publics, or none
        ("Germany and France agree on border checks", "unknown"),
        ("Baghdad, Berlin to expand return flights", "unknown"),
        ("Syrian refugees tell of their flight from Damascus", "unknown"),
        ("Boat from Libya sinks", "unknown"),
        # words that mean something else
        ("Michael Jordan plans a school for refugees", "unknown"),
        ("Chad says he welcomes newcomers", "unknown"),
        ("How to roast a Turkey for many guests", "unknown"),
        ("Georgia lawmakers pass bill on immigration", "unknown"),
        ("It is us who decide", "unknown"),
        ("LET US WELCOME THEM", "unknown"),
        ("Polish your English before the visa interview", "unknown"),
        ("Jordan's government asks for help with refugee camps", "JO"),
        ("", "unknown"),
    ],
)
def test_the_society_is_the_public_concerned(title: str, society: str) -> None:
    assert society_of(title, "") == society


HOSTS = ("DE Germany German", "FR France French", "GB Britain British", "DK Denmark Danish", "SE Sweden Swedish",
         "NL Netherlands Dutch", "IT Italy Italian", "CA Canada Canadian", "PL Poland Polish", "GR Greece Greek")  # fmt: skip
ORIGINS = ("Syria Syrian Syrians", "Afghanistan Afghan Afghans", "Eritrea Eritrean Eritreans", "Sudan Sudanese Sudanese",
           "Iraq Iraqi Iraqis", "Somalia Somali Somalis", "Venezuela Venezuelan Venezuelans")  # fmt: skip
TOLD = (
    "{host} tightens asylum rules for {people}",
    "{adjective} government wants to return {origin} refugees",
    "More {origin} families arrive as {adjective} parliament debates the law",
    "Court in {host} stops flights to {country}",
    "{host} will take in 500 {people}, interior minister says",
    "Refugees from {country}: {adjective} voters are split, poll finds",
    "{adjective} police end camp of {origin} migrants",
)
UNTOLD = (
    "{origin} refugees tell of the road from {country}",
    "Fighting in {country} drives thousands out",
    "{people} build new lives abroad",
    "What became of the {origin} boy in the picture",
)


def test_precision_and_recall_on_generated_headlines() -> None:
    chance = random.Random(5)
    right = wrong = missed = 0
    for _ in range(1_000):
        code, host, adjective = chance.choice(HOSTS).split()
        country, origin, people = chance.choice(ORIGINS).split()
        told = chance.random() < 0.7
        title = chance.choice(TOLD if told else UNTOLD).format(
            host=host, adjective=adjective, country=country, origin=origin, people=people
        )
        said = society_of(title, "")
        right += told and said == code
        wrong += said not in ("unknown", code if told else "")
        missed += told and said == "unknown"
    assert right / (right + wrong) >= 0.98, (right, wrong, missed)
    assert right / (right + missed) >= 0.7, (right, wrong, missed)


def test_precision_on_news_and_officials_of_the_sample_corpus() -> None:
    counts = counted()
    both = counts["news"] + counts["official"] + counts["headline"]
    assert both["right"] / (both["right"] + both["wrong"]) >= 0.94, both


def test_sources_with_a_society_and_posts_keep_theirs() -> None:
    one = msgspec.structs.replace(document(1), title="German voters want reform")
    assert society_of_document(one) == one.society
    unknown = msgspec.structs.replace(one, society="unknown")
    assert society_of_document(unknown) == "DE"
    assert society_of_document(msgspec.structs.replace(unknown, kind=Kind.SOCIAL)) == "unknown"
    assert society_of_document(msgspec.structs.replace(unknown, language="de")) == "unknown"


def test_names_of_several_words_win_over_their_parts() -> None:
    table = places()
    assert table["Papua", "New", "Guinea"].society == ""
    assert table["South", "Sudan"].society == "SS"
    assert table["New", "South", "Wales"].society == "AU"
    assert table["Georgia",].society == ""
    assert table["Danes",] == ("DK", Sort.PEOPLE, False)


def test_a_document_is_prepared_once_and_for_all() -> None:
    one = msgspec.structs.replace(
        document(1),
        society="unknown",
        language="und",
        title="German voters want reform of the asylum law",
        text="Write to ann@example.org, says the committee that prepares the reform of the law in the capital.",
    )
    ready = prepared(one)
    assert (ready.society, ready.language) == ("DE", "en")
    assert "[e-mail]" in ready.text
    assert ready.story == story_of(ready.title, ready.text)
    assert prepared(ready) == ready
    kept = prepared(msgspec.structs.replace(one, society="FR", language="fr"))
    assert (kept.society, kept.language) == ("FR", "fr")
