"""The self-monitor: what is wrong is told once, daily while it lasts and when it is over, by a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink
from aiosmtpd.smtp import SMTP, Envelope, Session

from alerts.concern import Kind
from alerts.delivery import ChannelState
from alerts.incident import Incident, Status
from flows import steps
from flows.monitor_child import monitor_child
from flows.monitor_loop import follow, monitor_beside
from flows.monitoring import HELD_TOO_LONG, Checked, check, check_within
from flows.overdue import tell_of_overdue_digest
from flows.settings import Settings, load_settings
from flows.telling import tell
from flows.watching import estimate_counted_days
from flows.wiring import Edges, edges
from ingest.bus import DOCUMENTS, Record
from storage import concerns, deliveries, rows_published
from storage.coverage import newest_judgement
from storage.incidents import store_incidents
from storage.source_runs import SourceState, store_state
from tests.fixtures_command import Place, Said
from tests.fixtures_flows import as_environment
from tests.judged_documents import a_day, store
from tests.local_receiver import Receiver, receiver, says
from tests.services import free_port

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
SOURCES = """
[[source]]
name = "courier"
url = "https://courier.example/feed"
outlet = "Courier"
kind = "news"
society = "XA"
language = "en"
"""

NOT_READ = SOURCES + "enabled = false\n"


@pytest.fixture
def opened(settings: Settings, tmp_path: Path) -> Iterator[Edges]:
    """Both modes, the state of the monitor and the list of sources in a folder of the test."""
    (tmp_path / "sources.toml").write_text(SOURCES)
    chosen = settings.model_copy(
        update={
            "monitor_state": tmp_path / "monitor.json",
            "sources": tmp_path / "sources.toml",
            "batch_size": 10,
        }
    )
    with edges(chosen, create=True) as opened:
        yield opened


@pytest.fixture
def now() -> datetime:
    """Versions of rows are of the real clock, so this is too."""
    return datetime.now(UTC).replace(microsecond=0)


def checked(opened: Edges, at: datetime) -> Checked:
    return check_within(opened.settings, opened.database, at)


def kinds(found: Checked) -> list[Kind]:
    return sorted(one.kind for one in found.concerns)


def mails(folder: Path) -> list[str]:
    """Titles of what the log channel took."""
    path = folder / "alerts.log"
    text = path.read_text() if path.exists() else ""
    return [block.strip().splitlines()[0] for block in text.split("-" * 78) if block.strip()]


# -- What is wrong ---------------------------------------------------------------------------------


def test_when_all_is_well_nobody_is_told(opened: Edges, now: datetime, tmp_path: Path) -> None:
    store_state(opened.database, SourceState(source="courier", last_success_at=now))
    found = checked(opened, now)
    assert (found.concerns, found.told, found.whole, str(found)) == ((), None, True, "all is well")
    assert [each.at for each in concerns.newest_checks(opened.database, 5)] == [now]
    assert mails(tmp_path) == []


def test_a_silent_source_is_told_once_then_daily_then_that_it_is_over(
    opened: Edges, now: datetime, tmp_path: Path
) -> None:
    store_state(opened.database, SourceState(source="courier", last_success_at=now - 5 * HOUR))
    for hour in (0, 1, 12, 23, 24, 25):
        found = checked(opened, now + hour * HOUR)
        assert (kinds(found), found.whole) == ([Kind.SOURCE], True)
    again = now + 26 * HOUR
    store_state(opened.database, SourceState(source="courier", last_success_at=again))
    assert checked(opened, again).concerns == ()
    assert checked(opened, again + MINUTE).told is None
    assert mails(tmp_path) == [
        "Barometer itself: the source courier is silent",
        "Barometer itself: still: the source courier is silent",
        "Barometer itself: over: the source courier is silent",
    ]
    assert "`barometer sources check courier` says why" in (tmp_path / "alerts.log").read_text()


def test_a_lag_beyond_its_bound_is_told_and_nothing_judged_yet_is_no_lag(
    opened: Edges, now: datetime
) -> None:
    store_state(opened.database, SourceState(source="courier", last_success_at=now))
    assert checked(opened, now).concerns == ()
    store(opened.database, *a_day(date(2026, 11, 9), 1, 1))
    newest = newest_judgement(opened.database)
    assert newest is not None
    assert kinds(checked(opened, newest + 23 * HOUR)) == [Kind.SOURCE]
    late = checked(opened, newest + 25 * HOUR)
    (lag,) = [one for one in late.concerns if one.kind is Kind.LAG]
    assert lag.title == "nothing was judged for 25 hours"
    assert not late.whole
    ahead = checked(opened, newest - HOUR)
    assert [one.title for one in ahead.concerns] == ["the newest judgement is of the future"]


def test_a_backlog_that_grows_at_each_check_is_told_and_one_that_is_worked_off_is_not(
    opened: Edges, now: datetime
) -> None:
    store_state(opened.database, SourceState(source="courier", last_success_at=now + HOUR))

    def publish(count: int) -> None:
        opened.bus.publish(DOCUMENTS, [Record(f"k{n}", b"{}", {}) for n in range(count)])

    found = []
    for turn in range(5):
        if turn < 4:
            publish(4)
        at = now + turn * 15 * MINUTE
        checked(opened, at - MINUTE)  # by hand in between: changes nothing
        found.append([one.title for one in checked(opened, at).concerns])
    assert found == [[], [], [], ["more is published than is judged"], []]


def test_an_incident_that_nobody_answers_is_told_and_one_that_somebody_looks_after_is_not(
    opened: Edges, now: datetime
) -> None:
    store_state(opened.database, SourceState(source="courier", last_success_at=now))
    fall = Incident(
        id="XB-regular-2026-11-06", society="XB", target="regular", status=Status.OPEN,
        drop_day=date(2026, 10, 31), detected_on=date(2026, 11, 6), opened_at=now - 70 * HOUR,
        resolved_at=None, baseline=20.7, net_support=-8.3, change=-29.0, lower=-46.9, upper=-11.1,
        reason="it fell",
    )  # fmt: skip
    store_incidents(opened.database, [fall])
    assert checked(opened, now).concerns == ()
    late = checked(opened, now + 3 * HOUR).concerns
    assert fall.id in [one.name for one in late if one.kind is Kind.INCIDENT]
    taken = msgspec.structs.replace(fall, acknowledged_at=now, acknowledged_by="Ada")
    store_incidents(opened.database, [taken])
    assert [one.kind for one in checked(opened, now + 4 * HOUR).concerns] == [Kind.SOURCE]


def test_a_ledger_that_does_not_balance_is_told_when_it_lasts(
    opened: Edges, now: datetime, tmp_path: Path
) -> None:
    store_state(opened.database, SourceState(source="courier", last_success_at=now + HOUR))
    rows_published.record(opened.database, [("feed:courier/1", "courier")], now)  # never published
    assert kinds(checked(opened, now)) == [Kind.LEDGER]
    assert mails(tmp_path) == []
    assert checked(opened, now + HOUR).told is not None
    assert mails(tmp_path) == ["Barometer itself: the ledger does not balance"]


def test_a_channel_that_is_switched_off_is_told_through_the_others(
    opened: Edges, now: datetime, tmp_path: Path
) -> None:
    store_state(opened.database, SourceState(source="courier", last_success_at=now))
    off = ChannelState(channel="press", failures=5, disabled_at=now, error="no such user")
    deliveries.store_state(opened.database, off)
    assert kinds(checked(opened, now)) == [Kind.CHANNEL]
    assert mails(tmp_path) == ["Barometer itself: the channel press is switched off"]


# -- The digest that did not come ------------------------------------------------------------------


class Mailbox(Sink):
    """Keeps what comes."""

    def __init__(self) -> None:
        super().__init__()
        self.subjects: list[str] = []

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd asks for
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content or b""
        text = content if isinstance(content, str) else content.decode()
        (subject,) = [line for line in text.splitlines() if line.startswith("Subject: ")]
        self.subjects.append(subject.removeprefix("Subject: "))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def test_a_digest_six_hours_overdue_is_one_mail_to_operators_however_often_it_is_checked(
    opened: Edges, tmp_path: Path, mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    (tmp_path / "channels.toml").write_text(
        f'[[channels]]\nname = "ours"\nurl = "smtp://127.0.0.1:{port}?from=b@example.org&to=ops@example.org&tls=none"\n'
    )
    settings = opened.settings.model_copy(update={"channels": tmp_path / "channels.toml"})
    (tmp_path / "sources.toml").write_text(NOT_READ)
    store(opened.database, *a_day(date(2026, 11, 9), 5, 5))
    estimate_counted_days(opened)
    due = datetime(2026, 11, 16, 7, tzinfo=UTC)
    check_within(settings, opened.database, due + 6 * HOUR - MINUTE)
    late = "The digest of week 2026-W46 is overdue"
    assert late not in box.subjects
    for minute in (0, 1, 15):
        check_within(settings, opened.database, due + 6 * HOUR + minute * MINUTE)
    # The watch knows the same, and the same message.
    tell_of_overdue_digest(opened, due + 7 * HOUR)
    tell(opened, due + 7 * HOUR)
    assert box.subjects.count(late) == 1


# -- An edge that is away --------------------------------------------------------------------------


def test_a_bus_that_is_away_is_told_after_five_minutes_and_when_it_is_back(
    migrated: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime.now(UTC)

    def monitor(minutes: float) -> Said:
        monkeypatch.setattr(steps, "now_utc", lambda: start + timedelta(minutes=minutes))
        return migrated.run("monitor")

    here = load_settings().bus_url
    migrated.set("BAROMETER_SOURCES", migrated.write("sources.toml", NOT_READ))
    migrated.set("BAROMETER_BUS_URL", f"kafka://127.0.0.1:{free_port()}?request_timeout_ms=300")
    monkeypatch.setattr("flows.self_checks.EDGE_SECONDS", 3.0)
    said = monitor(0)
    assert (said.status, said.err) == (1, "")
    assert said.out.startswith("the bus cannot be reached: ")
    assert "told" not in said.out
    assert "told: Barometer itself: the bus cannot be reached" in monitor(6).out
    assert "told" not in monitor(12).out
    migrated.set("BAROMETER_BUS_URL", here)
    back = monitor(20)
    assert (back.status, back.out.splitlines()[0]) == (0, "all is well")
    assert "told: Barometer itself: over: the bus cannot be reached" in back.out


def test_without_a_database_a_file_remembers_and_the_channels_are_asked_directly(
    migrated: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = datetime.now(UTC)

    def monitor(minutes: float) -> Said:
        monkeypatch.setattr(steps, "now_utc", lambda: start + timedelta(minutes=minutes))
        return migrated.run("monitor")

    here = load_settings().database_url
    migrated.set("BAROMETER_SOURCES", migrated.write("sources.toml", NOT_READ))
    away = f"clickhouse://me:hunter2secret@127.0.0.1:{free_port()}/barometer"
    migrated.set("BAROMETER_DATABASE_URL", away)
    with receiver() as ours:
        migrated.write(
            "channels.toml",
            f'[[channels]]\nname = "ours"\nurl = "{ours.url()}?allow_private=1"\n',
        )
        migrated.set("BAROMETER_CHANNELS", "channels.toml")
        ours.answers += [says(503)] * 3
        assert monitor(0).status == 1
        assert "told" not in monitor(6).out  # the channel is down, too
        assert "told: Barometer itself: the database cannot be reached" in monitor(7).out
        assert "told" not in monitor(30).out
        assert b"hunter2secret" not in ours.received[-1].body
        migrated.set("BAROMETER_DATABASE_URL", here)
        back = monitor(40)
        assert "told: Barometer itself: over: the database cannot be reached" in back.out
        assert "told" not in monitor(50).out
    assert len(ours.received) == 5  # three refused, one taken, and that it is over
    assert migrated.rows("SELECT count() FROM concerns FINAL WHERE isNull(ended_at)") == [(0,)]


def test_a_prefect_server_that_is_named_and_away_is_told(migrated: Place) -> None:
    migrated.set("BAROMETER_SOURCES", migrated.write("sources.toml", NOT_READ))
    migrated.set("PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")
    said = migrated.run("monitor")
    assert said.status == 1
    assert said.out.startswith("Prefect cannot be reached: the Prefect server at http://127.0.0.1:")


# -- Beside the work -------------------------------------------------------------------------------


def test_while_another_process_has_the_database_that_one_checks_until_it_no_longer_does(
    migrated: Place, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from flows.settings import load_settings as s; from flows.wiring import open_database as o;"
            "d = o(s()); print('open', flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    migrated.set("BAROMETER_SOURCES", migrated.write("sources.toml", NOT_READ))
    settings = load_settings()
    assert holder.stdout.readline() == b"open\n"
    try:
        busy = check(settings, now, wait_seconds=0)
        assert busy.concerns == ()
        assert f"process {holder.pid} holds the database folder" in str(busy)
        check(settings, now + HELD_TOO_LONG, wait_seconds=0)
        stuck = check(settings, now + HELD_TOO_LONG + MINUTE, wait_seconds=0)
        assert [one.title for one in stuck.concerns] == ["the database cannot be reached"]
        told = check(settings, now + HELD_TOO_LONG + 10 * MINUTE, wait_seconds=0)
        assert told.told is not None
    finally:
        holder.stdin.close()
        holder.wait(30)
    free = check(settings, now + HELD_TOO_LONG + 15 * MINUTE, wait_seconds=0)
    assert free.concerns == ()
    assert mails(migrated.folder) == [
        "Barometer itself: the database cannot be reached",
        "Barometer itself: over: the database cannot be reached",
    ]


def test_a_step_that_hangs_does_not_stop_the_monitor_beside_it(opened: Edges) -> None:
    found: list[Checked] = []
    seen = threading.Event()

    def note(one: Checked) -> None:
        found.append(one)
        seen.set()

    with monitor_beside(opened.settings, opened.database, first_after=0, checked=note):
        assert seen.wait(60)  # here the work would hang
    assert found[0].at <= datetime.now(UTC)


def test_a_check_that_fails_stops_nothing(
    opened: Edges, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tried = threading.Event()

    def fail(*_: object) -> Checked:
        tried.set()
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr("flows.monitor_loop.check_within", fail)
    with monitor_beside(opened.settings, opened.database, first_after=0):
        assert tried.wait(30)
    assert "the self-monitor could not check: a fault of ours" in caplog.text


def test_the_loop_says_what_changed_and_goes_on_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Enough(Exception):
        pass

    turns: Iterator[str | OSError] = iter(
        ["all is well", "all is well", OSError("no room"), "1 concerns: x"]
    )
    said: list[str] = []

    def one(*_: object) -> str:
        turn = next(turns, None)
        if turn is None:
            raise Enough
        if isinstance(turn, Exception):
            raise turn
        return turn

    monkeypatch.setattr("flows.monitor_loop.check", one)
    with pytest.raises(Enough):
        follow(Settings(), said.append, sleep=lambda seconds: None)
    assert [each.split("monitor: ")[1] for each in said] == [
        "all is well",
        "the check failed and is tried again: no room",
        "1 concerns: x",
    ]


def test_the_child_of_serve_is_another_process_and_ends_with_it() -> None:
    with monitor_child() as pid:
        started = Path(f"/proc/{pid}/cmdline")
        while b"flows.monitor_child" not in started.read_bytes():  # the moment of its start
            assert started.exists()
    assert not (Path("/proc") / str(pid)).exists()


def test_monitor_follow_is_a_process_that_checks_and_ends_when_asked(
    embedded_settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "sources.toml").write_text(SOURCES)
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "monitor", "--follow"],
        env={**os.environ, **as_environment(embedded_settings)},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().endswith("monitor: all is well\n")
    assert (tmp_path / "var/monitor.json").exists()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "barometer: Stopped.\n")


# -- The dead man's switch -------------------------------------------------------------------------


@pytest.fixture
def switch() -> Iterator[Receiver]:
    with receiver() as opened:
        yield opened


def test_the_switch_is_called_after_each_check_that_found_the_pipeline_whole(
    migrated: Place, switch: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    migrated.set("BAROMETER_SOURCES", migrated.write("sources.toml", NOT_READ))
    migrated.set("BAROMETER_PING_URL", switch.url("/ping/hunter2secret"))
    switch.answers += [says(500), says(200)]
    said = migrated.run("monitor")
    assert (said.status, [each.path for each in switch.received]) == (
        0,
        ["/ping/hunter2secret"] * 2,
    )
    migrated.set("BAROMETER_LAG_HOURS", "1")
    migrated.set("PREFECT_API_URL", f"http://127.0.0.1:{free_port()}/api")
    assert migrated.run("monitor").status == 1
    assert len(switch.received) == 2
    shown = migrated.run("settings").out + caplog.text + said.out
    assert "hunter2secret" not in shown


def test_the_switch_is_behind_the_guard_and_a_failure_is_logged_without_its_address(
    migrated: Place, switch: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    migrated.set("BAROMETER_SOURCES", migrated.write("sources.toml", NOT_READ))
    migrated.set("BAROMETER_ALLOWED_HOSTS", "")
    migrated.set("BAROMETER_PING_URL", switch.url("/ping/hunter2secret"))
    assert migrated.run("monitor").status == 0
    assert switch.received == []
    assert "BAROMETER_ALLOWED_HOSTS" in caplog.text
    migrated.set("BAROMETER_ALLOWED_HOSTS", "127.0.0.1")
    migrated.set("BAROMETER_PING_URL", f"http://127.0.0.1:{free_port()}/ping/hunter2secret")
    assert migrated.run("monitor").status == 0
    assert "the dead man's switch at 127.0.0.1 was not reached" in caplog.text
    assert "hunter2secret" not in caplog.text
    migrated.set("BAROMETER_PING_URL", "ftp://h/hunter2secret")
    assert "begins with https:// or http://" in migrated.run("monitor").sentence
