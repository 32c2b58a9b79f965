"""`barometer forget` and `retain` as people meet them; and deletions at the source, which take the same path."""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec
import pytest

from alerts.quotation import REMOVED
from flows import forgetting
from flows.author_secret import author_keys
from flows.collecting import collect
from flows.forgetting import Found, Wanted, keys_of_author
from flows.publishing import publish
from flows.retaining import retain
from flows.scoring import drain
from flows.settings import Settings, load_settings
from flows.wiring import Edges, edges
from ingest.arrival import Arrival
from ingest.reading import Reading
from storage import removals
from tests.fixtures_command import Place
from tests.planted_document import (
    NEIGHBOURS,
    NOW,
    PLANTED,
    URL,
    document,
    plant,
    with_word_list,
)
from tests.test_reading_the_world import POSTS, play


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Say what to forget: --url, --document, --author or --source."),
        (("--document", "7"), "--document '7' is no id: 32 digits from 0 to f, as in `documents`."),
        (("--url", "courier"), "--url 'courier' is no web address; write it with https://."),
    ],
)
def test_what_cannot_be_meant_is_refused(
    place: Place, arguments: tuple[str, ...], sentence: str
) -> None:
    said = place.run("forget", *arguments)
    assert (said.status, said.sentence) == (2, sentence)


def test_it_is_shown_first_then_done_and_proved(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.set("BAROMETER_MODEL", "lexicon")
    with edges(load_settings(), create=True, sources=[]) as opened:
        name = author_keys(opened.settings)("Ann Lee", PLANTED.published_at)
        signed = msgspec.structs.replace(document(7, PLANTED.text), author_key=name)
        publish(opened.bus, [("feed:courier/7", signed), ("feed:herald/3", NEIGHBOURS[2])], [])
        drain(opened, clock=lambda: NOW)
    place.set("COLUMNS", "100")
    asked = ("forget", "--author", "@ann lee")
    shown = place.run(*asked)
    assert shown.status == 0
    assert signed.id in shown.out and "1 document in the tables, 1 message on the bus" in shown.out
    assert shown.out.endswith("Run it again with --yes to forget this for good.\n")
    assert place.rows("SELECT count() FROM removed_documents") == [(0,)]

    done = place.run(*asked, "--yes")
    assert (done.status, done.err) == (0, "")
    proof = re.findall(r"^(\S.*?) +(\d+) +(\d+)$", done.out, re.MULTILINE)
    assert {"document_texts", "judgements", "bus"} <= {name for name, _, _ in proof}
    assert {after for _, _, after in proof} == {"0"}
    assert "1 document forgotten" in done.out
    assert max(map(len, done.out.splitlines())) <= 100

    again = place.run("forget", "--document", signed.id, "--yes")
    assert again.status == 0 and "everywhere" in again.out

    # Something that stays behind is told, and ends in status 1.
    real = forgetting.places_of

    def forgetful(*asked: object, **how: object) -> dict[str, int]:
        return {**real(*asked, **how), "a new table": 1}  # type: ignore[arg-type]

    monkeypatch.setattr(forgetting, "places_of", forgetful)
    failed = place.run("forget", "--document", signed.id, "--yes")
    assert failed.status == 1
    assert re.search(r"a new table +1 +1", failed.out)

    expired = place.run("retain")
    assert expired.status == 0
    for what in ("texts", "quotations", "dead letters", "messages on the bus"):
        assert what in expired.out
    health = place.run("health").out
    assert "the oldest words are of" in health


def test_an_author_is_a_key_or_a_name_with_a_key_for_each_month(
    embedded_settings: Settings,
) -> None:
    months = [NOW, NOW - timedelta(days=40)]
    assert keys_of_author(embedded_settings, "a1b2c3d4e5f60718", months) == ("a1b2c3d4e5f60718",)
    keys = keys_of_author(embedded_settings, "@Ann", months)
    make = author_keys(embedded_settings)
    assert set(keys) == {make("ann", month) for month in months}
    assert len(keys) == 2
    server = embedded_settings.model_copy(update={"database_url": "clickhouse://h/b"})
    assert keys_of_author(server, "Ann", months) == ()


def bodies(opened: Edges) -> list[str]:
    return [
        body
        for table in ("digests", "messages")
        for (body,) in opened.database.query(f"SELECT body FROM {table} FINAL").rows
    ]


def test_what_is_deleted_at_its_source_is_quoted_nowhere_at_once_and_erased_within_a_day(
    embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with edges(with_word_list(embedded_settings), create=True, sources=[POSTS]) as opened:
        plant(opened)
        drain(opened, clock=lambda: NOW)
        assert all(URL in body for body in bodies(opened))
        gone = Reading(removed=(PLANTED.id,))
        back = Reading(documents=(Arrival("posts/9", PLANTED), Arrival("posts/10", NEIGHBOURS[0])))
        play(monkeypatch, gone, back, back)

        (run,) = collect(opened, now=NOW).runs
        assert run.removed == 1
        assert all(URL not in body and REMOVED in body for body in bodies(opened))
        assert URL not in embedded_settings.alert_log.read_text("utf-8")
        said = f"SELECT text FROM document_texts FINAL WHERE id = '{PLANTED.id}'"
        assert opened.database.query(said).rows == [("",)]
        (pending,) = removals.not_erased(opened.database)
        assert (pending.document_id, pending.source, pending.why) == (
            PLANTED.id,
            "posts",
            removals.AT_SOURCE,
        )

        # The source shows it again: it is passed over, before and after it is erased.
        (run,) = collect(opened, now=NOW + timedelta(hours=1)).runs
        assert (run.new, run.passed_over) == (1, 1)
        assert retain(opened, now=NOW).removed("documents deleted at their source") == 1
        assert removals.not_erased(opened.database) == []
        (run,) = collect(opened, now=NOW + timedelta(hours=2)).runs
        assert run.passed_over == 1
        found: Found = forgetting.find(opened, Wanted(documents=(PLANTED.id,)))
        assert not any(found.places.values()), found.places
