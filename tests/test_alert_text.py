"""What an alert says, as text and as a page: every figure is the record's, and nothing from outside acts."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert_text import MOST_FULL, write_alert
from alerts.excerpt import Excerpt, shown_excerpt
from alerts.fall_facts import DayFigure, FallFacts, OutletMove, TopicMove
from alerts.incident import ChangeKind, Incident, Rule, Status
from alerts.message import MOST_FALLS, NET_SUPPORT_IS, Message, figures_command, signed
from alerts.point import State
from classify.stance import Stance
from tests.pages import (
    FORMULA,
    HOSTILE,
    active_content,
    elements,
    hearing_faults,
    text_of,
    unseen_characters,
)

FOUND = date(2026, 3, 10)
NOW = datetime(2026, 3, 11, 6, tzinfo=UTC)

KINDS = list(ChangeKind)


def incident(target: str = "regular", **changed: Any) -> Incident:
    given: dict[str, Any] = {
        "id": f"XA-{target}-2026-03-10",
        "society": "XA",
        "target": target,
        "status": Status.OPEN,
        "drop_day": date(2026, 3, 7),
        "detected_on": FOUND,
        "opened_at": NOW,
        "resolved_at": None,
        "baseline": 20.0,
        "net_support": -10.0,
        "change": -30.0,
        "lower": -42.0,
        "upper": -18.0,
        "reason": "because of the evidence",
    }
    return Incident(**given | changed)


def facts(
    one: Incident | None = None, kind: ChangeKind = ChangeKind.OPENED, **changed: Any
) -> FallFacts:
    given: dict[str, Any] = {
        "incident": one or incident(),
        "kind": kind,
        "reason": "because of this",
        "days": tuple(
            DayFigure(
                day=FOUND - timedelta(days=back),
                net_support=-10.0,
                lower=-20.0,
                upper=0.0,
                state=State.OK,
            )
            for back in range(9, -1, -1)
        ),
        "n": 1240,
        "n_eff": 160.0,
        "within": -24.2,
        "mix": -4.1,
        "entry_exit": -2.0,
        "outlets": (
            OutletMove(
                outlet="Harbour Herald",
                contribution=-13.6,
                net_support_before=41.0,
                net_support_after=-9.0,
            ),
            OutletMove(
                outlet="Island Ledger",
                contribution=-5.1,
                net_support_before=None,
                net_support_after=-29.0,
            ),
        ),
        "topics": (TopicMove(topic="crime_security", before=0.12, after=0.27),),
        "excerpts": (
            excerpt("Close the door.", Stance.OPPOSE),
            excerpt("The harvest needs them.", Stance.SUPPORT),
        ),
        "spillover": "In the monitored corpus, a lead is not distinguishable from zero",
        "floor": "The level is below the floor that Ada Example set",
        "sql": "SELECT day, net_support FROM daily_support WHERE society = 'XA'",
        "model": "lexicon 1",
    }
    return FallFacts(**given | changed)


def excerpt(
    sentence: str, stance: Stance, url: str = "https://herald.example/a?b=1&c=2"
) -> Excerpt:
    return Excerpt(
        outlet="Harbour Herald", day=date(2026, 3, 9), url=url, stance=stance, sentence=sentence
    )


def written(*falls: FallFacts, **given: Any) -> Message:
    return write_alert(falls or (facts(),), now=NOW, **given)


def line_of(text: str) -> str:
    return " ".join(text.split())


def hyphened(page: str) -> str:
    """The page's words with the text's hyphens, to be compared."""
    return text_of(page).replace("\N{MINUS SIGN}", "-")


# -- One fall ---------------------------------------------------------------------------------------


def test_the_first_sentence_says_what_fell_where_from_what_to_what_how_sure_and_since_when() -> (
    None
):
    message = written(society_name="Alder")
    assert message.title == "Support for regular migration fell in Alder: -10, was +20"
    first = line_of(message.body.split("\n\n")[0])
    assert first == (
        "In the monitored corpus, net support for regular migration in Alder fell from +20 to -10: a change of -30 "
        "points (95 % interval -42 to -18), since 2026-03-07."
    )


def test_text_and_page_say_the_same() -> None:
    message = written(society_name="Alder")
    for text in (line_of(message.body), hyphened(message.html)):
        for said in (
            "fell from +20 to -10: a change of -30 points (95 % interval -42 to -18), since 2026-03-07",
            "because of the evidence.",
            "-24.2",
            "what the same outlets wrote",
            "outlets that grew or shrank",
            "outlets that came or went",
            "Most of it is what the same outlets wrote.",
            "The size is provisional",
            "2026-03-07, the likeliest first day. Found on: 2026-03-10",
            "1,240 documents on 4 days, worth 160 independent ones",
            "Harbour Herald",
            "-13.6",
            "crime and security",
            "“Close the door.”",
            "“The harvest needs them.”",
            "Irregular migration first? In the monitored corpus, a lead is not distinguishable from zero.",
            "The level is below the floor that Ada Example set.",
            "at or above +10.0 on 7 such days",
            "barometer incidents ack XA-regular-2026-03-10 --by NAME",
            "barometer incidents silence XA-regular-2026-03-10 --for 3d",
            "barometer sql \"SELECT day, net_support FROM daily_support WHERE society = 'XA'\"",
            "Incident XA-regular-2026-03-10; judged by lexicon 1.",
            NET_SUPPORT_IS,
        ):
            assert said in text
        assert "simulated" not in text.lower()
        assert "tolera" not in text
        assert not re.search(r"\brank", text)


def test_the_reason_is_in_the_record_and_in_the_text() -> None:
    words = {
        ChangeKind.OPENED: "first message",
        ChangeKind.WORSE: "worse",
        ChangeKind.REMINDER: "reminder",
        ChangeKind.RESOLVED: "resolved",
    }
    for kind, word in words.items():
        message = written(facts(kind=kind))
        assert message.kind == kind
        assert message.reason == f"{word}: because of this"
        assert word in text_of(message.html)
        if kind is not ChangeKind.RESOLVED:
            assert f"Why you read this: {word}, severity alert." in line_of(message.body)
        if kind is not ChangeKind.OPENED:
            assert "because of this." in line_of(message.body)


def test_a_reminder_says_why_now_and_why_at_first() -> None:
    text = line_of(written(facts(kind=ChangeKind.REMINDER)).body)
    assert "is not over. It fell from +20 to -10" in text
    assert "Why now: because of this." in text
    assert "Why it was raised: because of the evidence." in text


def test_the_end_of_an_incident_says_why_and_asks_for_nothing() -> None:
    over = incident(status=Status.RESOLVED, resolved_at=NOW)
    message = written(facts(over, ChangeKind.RESOLVED, outlets=(), topics=(), excerpts=()))
    assert message.title == "Support for regular migration has recovered in XA"
    assert (message.incident, message.kind) == ("XA-regular-2026-03-10", "resolved")
    for text in (line_of(message.body), text_of(message.html)):
        assert "is over" in text
        assert "Why it was resolved: because of this." in text
        assert "acknowledge" not in text
        assert "silence" not in text
        assert "provisional" not in text


def test_the_size_after_seven_days_replaces_the_provisional_one() -> None:
    settled = incident(settled_change=-22.4, settled_lower=-30.1, settled_upper=-14.9)
    message = written(facts(settled, ChangeKind.REMINDER))
    for text in (line_of(message.body), hyphened(message.html)):
        assert "The seven days since show -22.4 points (95 % interval -30.1 to -14.9)" in text
        assert "provisional" not in text


@pytest.mark.parametrize(
    ("within", "mix", "entry_exit", "said"),
    [
        (-24.0, -4.0, -2.0, "Most of it is what the same outlets wrote."),
        (-3.0, -10.0, -2.0, "do not call it a change of opinion"),
        (0.5, -10.0, 0.0, "do not call it a change of opinion"),
        (-8.0, 12.0, 0.0, "Together they are no fall of the published figure"),
        (None, None, None, "check the outlets before you speak of opinion"),
    ],
)
def test_the_parts_say_whether_it_may_be_called_opinion(
    within: float | None, mix: float | None, entry_exit: float | None, said: str
) -> None:
    message = written(facts(within=within, mix=mix, entry_exit=entry_exit))
    assert said in line_of(message.body)
    assert said in text_of(message.html)


def test_typical_and_dissenting_excerpts_stand_apart() -> None:
    body = written().body
    assert (
        body.index("say it most clearly")
        < body.index("against: “Close")
        < body.index("And those that say otherwise")
        < body.index("for: “The harvest")
    )


def test_what_somebody_did_with_it_is_told_and_not_asked_again() -> None:
    seen = incident(
        acknowledged_at=NOW,
        acknowledged_by="Ada",
        note="we look into it",
        silenced_until=NOW + timedelta(days=3),
    )
    text = line_of(written(facts(seen, ChangeKind.WORSE)).body)
    assert "Acknowledged: by Ada on 2026-03-11: we look into it." in text
    assert "Silenced: until 2026-03-14." in text
    assert "incidents ack" not in text


def test_what_is_not_known_is_left_out() -> None:
    bare = FallFacts(incident=incident(), kind=ChangeKind.OPENED, reason="because of this")
    message = written(bare)
    text = line_of(message.body)
    for absent in (
        "Rests on",
        "Outlets that moved",
        "Topics",
        "Irregular",
        "Floor",
        "judged by",
        "None",
    ):
        assert absent not in text
    assert (
        "SELECT * FROM daily_support WHERE society = 'XA' AND target = 'regular' ORDER BY day"
        in text
    )
    assert text.endswith(NET_SUPPORT_IS)
    assert hearing_faults(message.html) == []


def test_simulated_data_is_named_in_title_and_first_line() -> None:
    message = written(simulated=True)
    assert message.title.startswith("[simulated] ")
    assert message.body.startswith("SIMULATED DATA")
    assert text_of(message.html).startswith("SIMULATED DATA")


def test_severe_falls_say_so_in_the_title() -> None:
    assert written(facts(incident(severity="critical"))).title.endswith("was +20 (critical)")
    assert written(facts(incident(severity="alert"))).title.endswith("was +20")


def test_nothing_says_cause_and_nothing_speaks_for_the_public() -> None:
    for kind in KINDS:
        message = written(facts(kind=kind, reason="it fell"), facts(incident("asylum"), kind))
        for text in (line_of(message.body), text_of(message.html)):
            rest = text.replace(NET_SUPPORT_IS, "").replace(
                NET_SUPPORT_IS.replace("-100", "−100"), ""
            )
            assert not re.search(r"\bcaus(e|es|ed)\b|the public", rest)
            assert "monitored corpus" in rest


figures = st.floats(-100, 100).map(lambda x: round(x, 3))


@settings(deadline=None)
@given(figures, figures, figures, figures, st.none() | figures)
def test_every_figure_is_the_record_s(
    baseline: float, net: float, lower: float, upper: float, settled: float | None
) -> None:
    one = incident(
        baseline=baseline, net_support=net, change=net - baseline, lower=lower, upper=upper,
        settled_change=settled,
    )  # fmt: skip
    message = written(
        facts(one, n=0, outlets=(), topics=(), excerpts=(), floor="", spillover="", sql="SELECT")
    )
    expected = [signed(each) for each in (baseline, net, net - baseline, lower, upper)]
    expected.append(signed(one.recovery_line, 1))
    expected += [signed(each, 1) for each in (-24.2, -4.1, -2.0)]
    expected += [] if settled is None else [signed(settled, 1)]
    for text in (message.body, hyphened(message.html)):
        shown = set(re.findall(r"(?<![\w.-])[+-]\d+(?:\.\d)?(?![\d-])", text)) - {"-100", "+100"}
        assert shown <= set(expected)
        assert {each for each in expected if each.strip("0.")} - {"-100", "+100"} <= shown


def test_a_breach_of_a_floor_is_told_as_such_and_not_as_a_fall() -> None:
    low = incident(
        rule=Rule.FLOOR, baseline=-5.0, net_support=-10.0, change=-5.0, lower=-8.0, upper=-2.0
    )
    message = written(facts(low), society_name="Alder")
    assert (
        message.title == "Support for regular migration is below its floor in Alder: -10, floor -5"
    )
    for text in (line_of(message.body), hyphened(message.html)):
        assert (
            "a level of -10 against a floor of -5, a difference of -5 points (95 % interval -8 to -2), since 2026-03-07"
            in text
        )
        assert "A person set the floor" in text
        assert "and its level no longer below its floor." in text
        assert "detector" not in text
        assert "provisional" not in text
        assert " fell " not in text
    assert hearing_faults(message.html) == []
    over = written(facts(low, ChangeKind.RESOLVED))
    assert over.title == "Support for regular migration has recovered in XA"
    assert "the time below its floor of -5" in line_of(over.body)
    again = written(facts(low, ChangeKind.REMINDER))
    assert again.title.startswith(
        "Reminder: support for regular migration is below its floor in XA"
    )
    assert "is still below its floor: a level of -10" in line_of(again.body)


def test_a_fall_that_deepened_says_when() -> None:
    deeper = incident(deepened_on=date(2026, 3, 12))
    text = line_of(written(facts(deeper, ChangeKind.WORSE)).body)
    assert "Found to be deeper on: 2026-03-12." in text


def test_the_facts_may_hold_the_command_or_its_sql() -> None:
    command = figures_command("XA", "regular")
    assert f"See the figures:\n  {command}\n" in written(facts(sql=command)).body
    assert f"See the figures:\n  {command}\n" in written(facts(sql="")).body


# -- Ids and groups ---------------------------------------------------------------------------------


def test_the_id_says_what_is_told_and_the_day_of_what_can_be_told_twice() -> None:
    ids = {kind: written(facts(kind=kind)).id for kind in KINDS}
    assert ids == {
        ChangeKind.OPENED: "XA-regular-2026-03-10-opened",
        ChangeKind.WORSE: "XA-regular-2026-03-10-worse-2026-03-11",
        ChangeKind.REMINDER: "XA-regular-2026-03-10-reminder-2026-03-11",
        ChangeKind.RESOLVED: "XA-regular-2026-03-10-resolved",
    }
    assert written(facts(model="another")).id == ids[ChangeKind.OPENED]
    east = datetime.fromisoformat("2026-03-12T01:00:00+02:00")  # still the 11th in UTC
    assert write_alert([facts(kind=ChangeKind.WORSE)], now=east).id == ids[ChangeKind.WORSE]


def test_a_group_has_a_stable_id_of_society_kind_day_and_incidents() -> None:
    two = [facts(), facts(incident("asylum"))]
    message = written(*two)
    assert re.fullmatch(r"XA-opened-2026-03-11-[0-9a-f]{10}", message.id)
    assert written(*reversed(two)).id == message.id
    assert written(facts(), facts(incident("general"))).id != message.id
    assert write_alert(two, now=NOW + timedelta(days=1)).id != message.id


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (("resolved", "opened"), "opened"),
        (("reminder", "worse", "resolved"), "worse"),
        (("resolved", "reminder"), "reminder"),
        (("worse", "opened", "reminder"), "opened"),
    ],
)
def test_a_group_is_of_its_most_urgent_kind(kinds: tuple[str, ...], told: str) -> None:
    falls = [facts(incident(f"t{n}"), ChangeKind(kind)) for n, kind in enumerate(kinds)]
    message = written(*falls)
    assert message.kind == told
    assert all(word in message.reason for word in ("1 incident",))


def test_the_worst_stands_first_and_what_is_over_last() -> None:
    falls = [
        facts(incident("a", severity="critical", status=Status.RESOLVED), ChangeKind.RESOLVED),
        facts(incident("b", severity="alert", change=-12.0)),
        facts(incident("c", severity="alert", change=-20.0)),
        facts(incident("d", severity="severe"), ChangeKind.REMINDER),
        facts(incident("e", severity="severe"), ChangeKind.WORSE),
        facts(incident("f", severity="critical")),
    ]
    message = written(*falls)
    assert [f.incident.target for f in message.falls] == ["f", "e", "d", "c", "b", "a"]
    assert (message.incident, message.severity) == (falls[5].incident.id, "critical")
    assert message.title == "Support for f fell in XA: -10, was +20 (critical), and 5 more"
    places = [message.body.index(f"{n}. {t}: -10") for n, t in enumerate("fedcba", start=1)]
    assert places == sorted(places)
    assert (
        message.reason
        == "first message: 3 incidents, worse: 1 incident, reminder: 1 incident, resolved: 1 incident"
    )


def test_a_long_group_is_cut_and_the_rest_counted() -> None:
    falls = [facts(incident(f"target {n}")) for n in range(MOST_FALLS + 7)]
    message = written(*falls)
    assert len(message.falls) == MOST_FALLS
    assert message.truncated == 7
    assert f"{MOST_FALLS + 7} incidents in XA" in message.body
    assert "and 7 more that are not shown here" in line_of(message.body)
    assert "7 more that are not shown here" in text_of(message.html)
    assert message.body.count("Rests on") == message.html.count("Rests on") == MOST_FULL
    assert message.body.count("incidents ack") == MOST_FALLS
    assert len(message.html) < 102_000  # Gmail hides the rest
    assert hearing_faults(message.html) == []
    assert active_content(message.html) == []


def test_what_cannot_be_one_message_is_refused() -> None:
    with pytest.raises(ValueError, match="one society"):
        write_alert([], now=NOW)
    with pytest.raises(ValueError, match="one society"):
        written(facts(), facts(msgspec.structs.replace(incident(), society="XB")))
    with pytest.raises(ValueError, match="no time zone"):
        write_alert([facts()], now=datetime(2026, 3, 11))  # noqa: DTZ001 - the fault that is tested


def test_the_message_carries_what_channels_need() -> None:
    message = written()
    assert (message.society, message.severity, message.created_at) == ("XA", "alert", NOW)
    assert (message.falls, message.truncated) == ((facts(),), 0)


# -- Lines, pages, and what came from outside -------------------------------------------------------


def hostile_facts(kind: ChangeKind = ChangeKind.OPENED, bad: str = HOSTILE) -> FallFacts:
    one = incident(
        bad, id=f"XA-{bad}", reason=bad, severity=bad, acknowledged_at=NOW, acknowledged_by=bad,
        note=bad,
    )  # fmt: skip
    move = OutletMove(outlet=bad, contribution=-1.0, net_support_before=None, net_support_after=1.0)
    return facts(
        one, kind, reason=bad, outlets=(move,), topics=(TopicMove(topic=bad, before=0.1, after=0.2),),
        excerpts=(
            Excerpt(outlet=bad, day=FOUND, url=f"javascript:{bad}", stance=Stance.OPPOSE, sentence=bad),
            excerpt(bad, Stance.SUPPORT, url=f"https://example.org/{bad}"),
            excerpt(bad, Stance.NEUTRAL, url='https://example.org/"onclick="alert(1)'),
            excerpt(bad, Stance.NOT_ADDRESSED, url="https://[example"),
        ),
        spillover=bad, floor=bad, sql=bad, model=bad,
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad", [HOSTILE, FORMULA, "\u202e" * 400, "x" * 5000, "a\nb " * 300])
def test_nothing_from_outside_acts(kind: ChangeKind, bad: str) -> None:
    falls = [hostile_facts(kind, bad), facts(incident("asylum"), kind)]
    for message in (written(falls[0], society_name=bad), written(*falls, society_name=bad)):
        assert active_content(message.html) == []
        assert hearing_faults(message.html) == []
        assert unseen_characters(message.title) == []
        assert "\n" not in message.title
        assert "\n" not in message.reason
        assert len(message.title) < 300
        assert unseen_characters(message.body) == []
        assert unseen_characters(message.html) == []
        assert not message.title.startswith(("=", "+", "-", "@"))
        message.html.encode("utf-8")
        message.body.encode("utf-8")
        assert "{{ 7 * 7 }}" in message.body or "{{" not in bad


def test_a_name_that_is_a_formula_is_text_in_every_cell() -> None:
    page = written(hostile_facts(bad=FORMULA)).html
    cells = ["".join(each.itertext()) for each in elements(page) if each.tag in ("td", "th")]
    assert any(FORMULA in each for each in cells)
    assert not any(each.startswith("=") for each in cells)


def test_markup_is_shown_as_it_came() -> None:
    message = written(hostile_facts())
    assert "<script>alert(1)</script>" in text_of(message.html)


def test_links_lead_where_they_say_and_open_nothing_by_themselves() -> None:
    links = [each for each in elements(written().html) if each.tag == "a"]
    assert {each.get("href") for each in links} == {"https://herald.example/a?b=1&c=2"}
    assert all("herald.example" in "".join(each.itertext()) for each in links)
    assert all("noopener" in each.get("rel") for each in links)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://herald.example/a", "herald.example"),
        ("https://bank.example@evil.example/", "evil.example"),
        ("javascript:alert(1)", ""),
        ("https://[example", ""),
        ("https://herald.example/a b", ""),
        ("", ""),
    ],
)
def test_a_link_names_the_host_that_it_leads_to_or_is_none(url: str, host: str) -> None:
    shown = shown_excerpt(excerpt("Close the door.", Stance.OPPOSE, url=url))
    assert (shown.host, bool(shown.link)) == (host, bool(host))


@pytest.mark.parametrize("kind", KINDS)
def test_pages_are_valid_and_can_be_heard(kind: ChangeKind) -> None:
    for falls in ([facts(kind=kind)], [facts(kind=kind), facts(incident("asylum"), kind)]):
        page = written(*falls, society_name="Alder", simulated=True).html
        assert hearing_faults(page) == []
        assert active_content(page) == []
        assert "prefers-color-scheme: dark" in page


def test_a_chart_is_shown_when_it_comes_with_the_mail_and_has_words() -> None:
    assert not [each for each in elements(written().html) if each.tag == "img"]
    assert written().html.count("<!-- charts -->") == 1
    page = written(society_name="Alder", chart_cid="chart").html
    (image,) = [each for each in elements(page) if each.tag == "img"]
    assert image.get("src") == "cid:chart"
    assert "net support for regular migration in Alder" in image.get("alt")
    assert active_content(page) == []
    assert hearing_faults(page) == []


def test_lines_stay_within_78_columns_except_links_and_commands() -> None:
    falls = [facts(), facts(incident("asylum")), hostile_facts()]
    for message in (written(simulated=True), written(*falls, society_name="Alder " * 30)):
        long = [line.strip() for line in message.body.splitlines() if len(line) > 78]
        assert all(line.startswith(("barometer ", "https://")) for line in long)


def test_queries_and_ids_are_quoted_for_the_shell() -> None:
    odd = incident('the\nbakers\' "$HOME" scheme')
    body = written(facts(odd, sql="-- what it shows\nSELECT `a` FROM t WHERE x = '\"$y'")).body
    assert 'barometer sql "SELECT \\`a\\` FROM t WHERE x = \'\\"\\$y\'"' in body
    assert "incidents ack 'XA-the bakers'\"'\"' \"$HOME\" scheme-2026-03-10' --by NAME" in body
    assert r"""bakers\\' \"\$HOME\" scheme'""" in written(facts(odd, sql="")).body


def test_commands_start_without_the_template_engine() -> None:
    code = "import sys, alerts.alert_text, alerts.digest_text; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
