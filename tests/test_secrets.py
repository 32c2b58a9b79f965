"""Secrets stay where they are: planted in every place that can hold one, they are looked for in all that is written.

Each planted secret has PLANTED in it. What is written: standard output and error, the whole log at its finest, every file
but those that hold a secret by design, every text in the database, the command lines of child processes, and what
Prefect keeps.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from alerts.message import Message
from flows.cli import COMMANDS, cli
from flows.prefect_server import EmbeddedServer, Orchestrator
from flows.settings import load_settings
from flows.telling import enqueue, tell
from flows.wiring import edges
from ingest.http_words import header_fault, shown
from storage.database import DatabaseRefused
from tests.fixtures_command import Place
from tests.fixtures_prefect import PrefectServer
from tests.local_receiver import Receiver, receiver, says
from tests.services import free_port
from tests.told import message

PLANTED = "Pl4nted"

WHSEC = f"whsec_{PLANTED}WebhookSecretThatNobodyMaySee1234"
"""40 characters of base64 behind the prefix."""

HOLDERS = {"channels.toml", "sources.toml", "press.url", "database.url", "barometer.toml"}
"""Files that hold a secret by design."""

COMMANDS_THAT_OPEN = [
    ["migrate"],
    ["collect"],
    ["score"],
    ["health"],
    ["sql", "SELECT 1"],
    ["export", "weekly_support"],
    ["sources", "list"],
    ["settings", "--json"],
]


@pytest.fixture
def planted(place: Place, caplog: pytest.LogCaptureFixture) -> Place:
    """A place with a secret wherever the environment can hold one; the servers are not there."""
    caplog.set_level(logging.DEBUG)
    place.set("BAROMETER_BUS_URL", f"kafka://me:{PLANTED}Bus@127.0.0.1:{free_port()}?{_QUICK}")
    place.set(
        "BAROMETER_DATABASE_URL", f"clickhouse://me:{PLANTED}Db@127.0.0.1:{free_port()}/barometer"
    )
    place.set("BAROMETER_AUTHOR_SECRET", f"{PLANTED}Author")
    place.set("SOCIAL_TOKEN", f"{PLANTED}Token")
    return place


_QUICK = f"bootstrap_timeout_ms=300&security_protocol=SASL_PLAINTEXT&ssl_password={PLANTED}Ssl"


def leaks(place: Place, log: str, *said: str) -> list[str]:
    """Where a planted secret can be read."""
    found = [f"said: {text}" for text in said if PLANTED in text]
    found += [f"log: {line}" for line in log.splitlines() if PLANTED in line]
    for path in place.folder.rglob("*"):
        if path.is_file() and path.name not in HOLDERS and PLANTED.encode() in path.read_bytes():
            found.append(f"file: {path.relative_to(place.folder)}")
    return found


# -- Failing commands ------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["bus", "database"])
def test_servers_that_are_not_there(
    planted: Place, caplog: pytest.LogCaptureFixture, missing: str
) -> None:
    if missing == "database":
        planted.set("BAROMETER_BUS_URL", f"sqlite:///{planted.folder}/bus.db")
        commands = COMMANDS_THAT_OPEN
    else:
        commands = [["migrate"], ["health"]]
    for command in commands:
        said = planted.run(*command)
        assert "Traceback" not in said.err
        assert leaks(planted, caplog.text, said.out, said.err) == [], command


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", f"clickhouse://me:x/{PLANTED}@h/b"),
        ("DATABASE_URL", f"clickhouse://me:x#{PLANTED}@h/b"),
        ("DATABASE_URL", f"clickhouse://me:x?{PLANTED}@h/b"),
        ("DATABASE_URL", f"clickhouse://me:{PLANTED}@h:port/b"),
        ("DATABASE_URL", f"clickhouse://me:{PLANTED}@[::1/b"),
        ("DATABASE_URL", f"clickhouse://me:{PLANTED}@/b"),
        ("DATABASE_URL", f"clickhouse://h/b?pasword={PLANTED}"),
        ("DATABASE_URL", f"clickhouse://h/b?ca_certs=x&password={PLANTED}&alt_hosts=h2:x"),
        ("DATABASE_URL", f"chdb://me:{PLANTED}@h/b"),
        ("DATABASE_URL", f"postgres://me:{PLANTED}@h/b"),
        ("DATABASE_URL", f"me:{PLANTED}@h/b"),
        ("BUS_URL", f"kafka://me:x/{PLANTED}@h"),
        ("BUS_URL", f"kafka://me:x#{PLANTED}@h"),
        ("BUS_URL", f"kafka://me:x?{PLANTED}@h"),
        ("BUS_URL", f"kafka://me:{PLANTED}@h:99999"),
        ("BUS_URL", f"kafka://h?sasl_plain_pasword={PLANTED}"),
        ("BUS_URL", f"kafka://h?sasl_plain_password={PLANTED}&security_protocol=SASL"),
        ("BUS_URL", f"kafka://h?ssl_password={PLANTED}&retries=many"),
        ("BUS_URL", f"sqlite:///bus.db?password={PLANTED}"),
        ("BUS_URL", f"amqp://me:{PLANTED}@h"),
        ("AUTHOR_SECRET", f"{PLANTED}\x07"),
        ("BATCH_SIZE", "0"),
    ],
)
def test_urls_that_cannot_be_meant(
    place: Place, caplog: pytest.LogCaptureFixture, name: str, value: str
) -> None:
    caplog.set_level(logging.DEBUG)
    place.set(f"BAROMETER_{name}", value)
    for command in (["migrate"], ["settings"], ["settings", "--env"]):
        said = place.run(*command)
        assert leaks(place, caplog.text, said.out, said.err) == [], command


@pytest.mark.parametrize(
    "content",
    [
        f'database_url = "clickhouse://me:{PLANTED}@h/b"',
        f'author_secret = "{PLANTED}',
        f"author_secret = {PLANTED}",
        f'autor_secret = "{PLANTED}"',
        f'author_secret = ["{PLANTED}"]',
        f'bus_url = {{ password = "{PLANTED}" }}',
        f"author_secret = '{PLANTED}'\nauthor_secret = '{PLANTED}'",
    ],
)
def test_a_settings_file_with_a_secret_in_it(place: Place, content: str) -> None:
    place.unset("BAROMETER_BUS_URL")
    place.unset("BAROMETER_DATABASE_URL")
    place.write("barometer.toml", content)
    said = place.run("settings")
    assert said.status == 2
    assert PLANTED not in said.err + said.out


def test_files_that_hold_secrets_and_cannot_be_used(place: Place) -> None:
    place.write("channels.toml", f'[[channels]]\nname = "press"\nurl = "smtp://b:{PLANTED}@m')
    place.set("BAROMETER_CHANNELS", "channels.toml")
    place.set("BAROMETER_SOURCES", "sources.toml")
    place.write("database.url", f"clickhouse://me:{PLANTED}@h/b\x00".encode() + b"\xff")
    assert place.run("migrate").status == 0
    for sources in (
        f'[[source]]\nurl = "https://me:{PLANTED}@h/feed',
        f'[[source]]\nname = "a"\nurl = "https://me:{PLANTED}@[h/feed"\n',
        f'[[source]]\nname = "a"\nurl = "ftp://me:{PLANTED}@h/feed"\noutlet = "A"\nkind = "news"\n'
        'society = "GB"\nlanguage = "en"\n',
    ):
        place.write("sources.toml", sources)
        for command in (["sources", "list"], ["channels", "list"], ["collect"]):
            said = place.run(*command)
            assert said.status == 2
            assert PLANTED not in said.err + said.out
    place.unset("BAROMETER_DATABASE_URL")
    place.set("BAROMETER_DATABASE_URL_FILE", "database.url")
    assert PLANTED not in place.run("settings").err


# -- Channels and sources that refuse us -----------------------------------------------------------


@pytest.fixture
def refusing() -> Iterator[Receiver]:
    """A server that says no, to sources and channels."""
    with receiver() as opened:
        yield opened


def sources_with_secrets(server: Receiver) -> str:
    """A password in an address, a token in one, and a token in a header; some that no header may have."""
    common = 'outlet = "A"\nkind = "social"\nsociety = "unknown"\nlanguage = "und"\n'
    urls = {
        "login": server.url("/feed", user=f"me:{PLANTED}Feed@"),
        "token": server.url(f"/feed?access_token={PLANTED}"),
        "away": f"http://me:{PLANTED}@127.0.0.1:{free_port()}/feed?api_key={PLANTED}",
    }
    listed = [f'[[source]]\nname = "{n}"\nurl = "{url}"\n{common}' for n, url in urls.items()]
    listed += [
        f'[[source]]\nname = "{name}"\nurl = "{server.url("")}"\n{common}'
        f'type = "mastodon"\ntoken = "{token}"\n'
        for name, token in (("social", "SOCIAL_TOKEN"), ("broken", "BROKEN_TOKEN"))
    ]
    return "\n".join(listed)


CHANNELS = """
[[channels]]
name = "mail"
url = "smtp://bob:{planted}Mail@127.0.0.1:{closed}?from=a@example.org&to=b@example.org"

[[channels]]
name = "mail-of-a-file"
url_file = "press.url"

[[channels]]
name = "hook"
url = "http://ann:{planted}@127.0.0.1:{port}/{planted}?token={planted}&secret={whsec}&allow_private=1"

[[channels]]
name = "room"
url = "json://ann:{planted}@127.0.0.1:{port}/{planted}"

[[channels]]
name = "chat"
url = "form://127.0.0.1:{closed}/{planted}?-token={planted}"
"""


def texts_of(place: Place) -> str:
    """Every row of every table."""
    with edges(load_settings(), sources=[]) as opened:
        tables = [row[0] for row in opened.database.query("SHOW TABLES").rows]
        return "".join(str(opened.database.query(f"SELECT * FROM {each}").rows) for each in tables)


def test_sources_and_channels_that_refuse_us_leave_no_secret_anywhere(
    migrated: Place, refusing: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    refusing.answers += [says(401, f"no such token {PLANTED}")] * 30
    migrated.set("SOCIAL_TOKEN", f"{PLANTED}Token\n")
    migrated.set("BROKEN_TOKEN", f"{PLANTED}\x01Broken")
    migrated.set("BAROMETER_AUTHOR_SECRET", f"{PLANTED}Author")
    migrated.set(
        "BAROMETER_SOURCES", migrated.write("sources.toml", sources_with_secrets(refusing))
    )
    closed = free_port()
    migrated.write("press.url", f"smtps://bob:{PLANTED}@127.0.0.1:{closed}?from=a@b.org&to=c@b.org")
    migrated.write(
        "channels.toml",
        CHANNELS.format(planted=PLANTED, whsec=WHSEC, closed=closed, port=refusing.port),
    )
    migrated.set("BAROMETER_CHANNELS", "channels.toml")
    commands = (
        ["collect"],
        ["sources", "check"],
        ["sources", "list"],
        ["channels", "test"],
        ["channels", "list"],
        ["watch"],
        ["settings"],
        ["board", "--output", "board"],
    )
    told: Message = message("operator")
    for command in commands:
        if command == ["channels", "list"]:
            with edges(load_settings()) as opened:
                enqueue(opened, [told], told.created_at)
                tell(opened, told.created_at)
        said = migrated.run(*command)
        assert "Traceback" not in said.err, command
        assert leaks(migrated, caplog.text, said.out, said.err) == [], command
    assert refusing.received, "nobody was asked at all"
    assert PLANTED not in texts_of(migrated)
    waiting = migrated.rows("SELECT channel FROM deliveries FINAL WHERE error != ''")
    assert len(waiting) == 5


@pytest.mark.parametrize("token", ["abc\r\nHost: x", "abc\x00", "abc\u20ac", "a\x7f"])
def test_a_header_that_cannot_be_sent_is_named_and_not_quoted(token: str) -> None:
    fault = header_fault({"Authorization": f"Bearer {token}"})
    assert "our Authorization has a character" in fault
    assert "abc" not in fault
    assert header_fault({"Authorization": "Bearer abc", "Accept": "*/*"}) == ""


@pytest.mark.parametrize(
    ("url", "left"),
    [
        (f"https://me:{PLANTED}@h.example/feed?page=2", "https://h.example/feed?page=2"),
        (
            f"https://h.example/feed?user_token={PLANTED}&a=b",
            "https://h.example/feed?user_token=***&a=b",
        ),
        (f"https://me:{PLANTED}@[h/feed", "'https://[h/feed'"),
    ],
)
def test_an_address_in_a_message_opens_no_door(url: str, left: str) -> None:
    assert shown(url) == left


# -- Processes -------------------------------------------------------------------------------------


def test_no_option_of_any_command_takes_a_secret() -> None:
    """A command line can be read by everybody on the machine, and stays in the history of the shell."""
    pending = [cli.get_command(click.Context(cli), name) for name in COMMANDS]
    asked = 0
    while pending:
        command = pending.pop()
        assert command is not None
        pending += getattr(command, "commands", {}).values()
        for parameter in command.params:
            asked += 1
            for name in [*parameter.opts, parameter.name or ""]:
                assert not any(
                    word in name.lower() for word in ("passw", "secret", "token", "login", "key")
                ), f"{command.name} {name}"
    assert asked > 30


def command_lines(root: int) -> str:
    """Those of a process and all its descendants."""
    parents, lines = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stat = (folder / "stat").read_text()
                lines[int(folder.name)] = (folder / "cmdline").read_bytes().decode()
            except OSError:
                continue
            parents[int(folder.name)] = int(stat.rpartition(")")[2].split()[1])

    def belongs(pid: int) -> bool:
        return pid == root or (pid in parents and belongs(parents[pid]))

    return "\n".join(line for pid, line in lines.items() if belongs(pid))


def test_no_command_line_of_ours_or_of_a_child_holds_a_secret(planted: Place) -> None:
    """The one child that we start ourselves; flow runs are started by Prefect, with names and nothing else."""
    server = EmbeddedServer(planted.folder / "prefect")
    server.start()
    try:
        deadline = time.monotonic() + 60
        # A child that has hardly begun has no command line yet.
        while "flows.prefect_child" not in (seen := command_lines(os.getpid())):
            assert time.monotonic() < deadline, "no server was started"
            time.sleep(0.02)
    finally:
        server.stop()
    assert PLANTED not in seen


def test_what_prefect_keeps_of_a_flow_that_fails_holds_no_secret(
    planted: Place, prefect_server: PrefectServer, conductor: Orchestrator
) -> None:
    """It keeps names, parameters, states and logs."""
    planted.set("BAROMETER_BUS_URL", f"sqlite:///{planted.folder}/bus.db")
    planted.set("BAROMETER_DATABASE_URL", f"clickhouse://me:{PLANTED}@h:port/barometer")
    with pytest.raises(DatabaseRefused) as refused:
        conductor.run("score")
    (run,) = prefect_server.new_runs()
    assert run["state_name"] == "Failed"
    assert set(run["parameters"]) <= {"now", "week"}
    kept = [
        str(prefect_server.ask(f"{each}/filter")) for each in ("logs", "task_runs", "flow_runs")
    ]
    for text in (str(refused.value), *kept):
        assert PLANTED not in text
