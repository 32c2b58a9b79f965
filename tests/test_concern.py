"""Concerns: told when they begin, at most daily while they last, and when they are over; and how operators read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from alerts.channel import ChannelFailed
from alerts.channel_rules import ChannelRule
from alerts.channels.log_channel import LogChannel
from alerts.concern import Concern, ConcernsNow, Kind, concerns_now
from alerts.message import COLUMNS, Message
from alerts.operator_message import message_of_concerns, operator_message
from flows.settings import Settings
from flows.telling_operators import tell_directly, tell_operators
from flows.wiring import Edges, edges
from storage import concerns, deliveries
from storage.concerns import SelfCheck

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def concern(kind: Kind = Kind.SOURCE, name: str = "courier") -> Concern:
    return Concern(
        kind=kind,
        name=name,
        title=f"{name} is silent",
        what=f"{name} was last read on 2026-11-19 12:00 UTC.",
        remedy="Look at it with `barometer sources check`.",
    )


def afterwards(found: ConcernsNow) -> list[Concern]:
    """What is stored once operators were told."""
    told = {one.key: one for one in found.news.concerns if one.ended_at is None}
    return [told.get(one.key, one) for one in found.lasting]


def test_a_concern_is_told_once_then_daily_then_when_it_is_over() -> None:
    told: list[tuple[int, int, int]] = []
    known: list[Concern] = []
    for hour in range(60):
        found = [concern()] if hour < 50 else []
        now = concerns_now(known, found, NOW + hour * HOUR)
        told.append((len(now.news.begun), len(now.news.lasting), len(now.news.over)))
        known = afterwards(now)
    assert [hour for hour, each in enumerate(told) if each[0]] == [0]
    assert [hour for hour, each in enumerate(told) if each[1]] == [24, 48]
    assert [hour for hour, each in enumerate(told) if each[2]] == [50]


def test_an_edge_that_is_away_for_a_moment_is_no_news() -> None:
    away = concern(Kind.EDGE, "bus")
    first = concerns_now([], [away], NOW)
    assert first.news.concerns == ()
    back = concerns_now(first.lasting, [], NOW + timedelta(minutes=1))
    assert (back.news.concerns, [one.ended_at for one in back.over]) == (
        (),
        [NOW + timedelta(minutes=1)],
    )
    still = concerns_now(first.lasting, [away], NOW + timedelta(minutes=5))
    assert [(one.name, one.began_at) for one in still.news.begun] == [("bus", NOW)]


def test_what_a_check_could_not_look_at_is_neither_new_nor_over() -> None:
    known = concerns_now([], [concern(), concern(Kind.LAG, "")], NOW)
    later = concerns_now(afterwards(known), [], NOW + 40 * HOUR, unseen={Kind.SOURCE})
    assert [one.kind for one in later.lasting] == [Kind.SOURCE]
    assert [one.kind for one in later.news.over] == [Kind.LAG]
    assert later.news.lasting == ()


def test_a_clock_that_ran_ahead_silences_no_concern() -> None:
    ahead = afterwards(concerns_now([], [concern()], NOW + 400 * 24 * HOUR))
    known = afterwards(concerns_now(ahead, [concern()], NOW))
    later = concerns_now(known, [concern()], NOW + 25 * HOUR)
    assert len(later.news.lasting) == 1


def test_one_message_says_what_began_what_lasts_and_what_is_over() -> None:
    began = [concern(name="courier"), concern(name="herald")]
    message = message_of_concerns(concerns_now([], began, NOW).news, NOW, simulated=True)
    assert message is not None
    assert message.title == "[simulated] Barometer itself: courier is silent and 1 more"
    assert message.kind == "operator"
    assert "- herald is silent (since 2026-11-20 12:00 UTC)." in message.body
    assert "Look at it with `barometer sources check`." in message.body
    known = afterwards(concerns_now([], began, NOW))
    over = message_of_concerns(concerns_now(known, began[:1], NOW + HOUR).news, NOW + HOUR)
    assert over is not None
    assert over.title == "Barometer itself: over: herald is silent"
    assert "over at 2026-11-20 13:00 UTC." in " ".join(over.body.split())
    assert max(map(len, message.body.splitlines())) <= COLUMNS


def test_the_same_news_has_the_same_id_and_other_news_another() -> None:
    def of(*names: str) -> str:
        found = concerns_now([], [concern(name=name) for name in names], NOW)
        message = message_of_concerns(found.news, NOW)
        assert message is not None
        return message.id

    assert of("a", "b") == of("b", "a")
    assert of("a") != of("b")
    assert message_of_concerns(concerns_now([], [], NOW).news, NOW) is None


def test_many_concerns_are_counted_and_a_long_error_is_cut() -> None:
    many = [concern(name=f"feed-{n}") for n in range(45)]
    many[0] = msgspec.structs.replace(many[0], what="x " * 5_000)
    message = message_of_concerns(concerns_now([], many, NOW).news, NOW)
    assert message is not None
    assert "… and 25 more" in message.body
    assert len(message.body) < 8_000


# -- Telling, over both modes ----------------------------------------------------------------------


class Recorder:
    """A channel that takes what it is given, or nothing."""

    def __init__(self, name: str, *, down: bool = False) -> None:
        self.name = name
        self.down = down
        self.sent: list[Message] = []

    def send(self, message: Message) -> None:
        if self.down:
            raise ChannelFailed("no", permanent=False)
        self.sent.append(message)


def rule(name: str, *, operator: bool) -> ChannelRule:
    return ChannelRule(name=name, settings=None, url_file="", operator=operator)


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    with edges(settings, create=True, sources=[]) as opened:
        yield opened


def failure(now: datetime = NOW) -> Message:
    return operator_message(
        id="flow-failed-score",
        title="The flow score failed",
        what="The flow score failed three times: the bus cannot be reached.",
        remedy="Start the broker, then:\n  barometer score",
        now=now,
    )


def test_operators_are_told_through_the_channels_that_are_for_them_once(opened: Edges) -> None:
    press, ours = Recorder("press"), Recorder("ours")
    both = msgspec.structs.replace(
        opened,
        channels=(press, ours),
        rules={"press": rule("press", operator=False), "ours": rule("ours", operator=True)},
    )
    for minute in range(3):
        now = NOW + timedelta(minutes=minute)
        tell_operators(both, [failure(now)], now)
    assert press.sent == []
    (message,) = ours.sent
    assert message.title == "The flow score failed"
    assert message.body.endswith("then:\n  barometer score\n")
    (one,) = deliveries.deliveries_of(opened.database, ["flow-failed-score"])
    assert one.told_at == NOW


def test_concerns_and_checks_are_kept(opened: Edges) -> None:
    first = concerns_now([], [concern(), concern(Kind.LAG, "")], NOW)
    concerns.store(opened.database, first.lasting)
    concerns.store(opened.database, first.news.begun)
    assert concerns.lasting(opened.database) == sorted(
        first.news.begun, key=lambda one: one.kind.value
    )
    over = concerns_now(concerns.lasting(opened.database), [concern()], NOW + HOUR).news.over
    concerns.store(opened.database, over)
    assert [one.kind for one in concerns.lasting(opened.database)] == [Kind.SOURCE]
    for hour, backlog in enumerate((3, None, 900)):
        concerns.store_check(opened.database, SelfCheck(NOW + hour * HOUR, 2, backlog))
    found = concerns.newest_checks(opened.database, 2)
    assert found == [SelfCheck(NOW + 2 * HOUR, 2, 900), SelfCheck(NOW + HOUR, 2, None)]


def test_without_a_database_somebody_beside_the_log_must_have_heard(tmp_path: Path) -> None:
    log, ours, press = LogChannel(tmp_path / "alerts.log"), Recorder("ours"), Recorder("press")
    rules = {"press": rule("press", operator=False), "ours": rule("ours", operator=True)}
    assert tell_directly([log, ours, press], rules, failure(), NOW)
    assert (len(ours.sent), press.sent) == (1, [])
    ours.down = True
    assert not tell_directly([log, ours], rules, failure(), NOW)
    assert tell_directly([log], {}, failure(), NOW)
    assert (tmp_path / "alerts.log").read_text().count("The flow score failed") >= 3
