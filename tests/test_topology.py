"""The services of docker-compose.yml as processes of this machine: a broker, ClickHouse, a Prefect server, two `score`,
one `serve`. Feeds go in on one side, an alert comes out on the other, and a worker dies on the way.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from storage import ledger
from storage.database import Database, connect
from tests.fixtures_database import MakeUrl
from tests.fixtures_prefect import PrefectServer, eventually, without_prefect
from tests.services import Broker

OUTLETS, DAYS, TEXTS, FALL_DAYS = 12, 28, 4, 3
"""Feeds, days that they look back, texts of each a day, and days since the fall."""

FOR = "We should welcome more seasonal workers because the work visa scheme is fair"
AGAINST = "Close the work visa scheme since foreign workers on permits push our wages down"

_WORDS = (
    "garden bridge kettle orchard ladder violin harbour parcel window blanket carpenter library bakery market "
    "meadow curtain lantern teapot saddle bicycle pillow cellar fountain hedge chimney basket piano painting"
).split()

PATIENT = 240.0
"""Seconds for what processes do that each import much, beside other tests."""


def text_of(rng: random.Random, *, before: bool) -> str:
    """One story of its own; eight in ten are for lawful migration before the fall, one in ten after it."""
    side = FOR if rng.random() < (0.8 if before else 0.1) else AGAINST
    return f"{side}. {' '.join(rng.choices(_WORDS, k=40))}."


class Feeds:
    """Files of RSS that a web server shows, and the list that names them."""

    def __init__(self, folder: Path, port: int, today: date) -> None:
        self._folder = folder
        self._port = port
        self._today = today
        self.sources = folder / "sources.toml"

    def show(self, section: str, days_ago: Sequence[int]) -> int:
        """Each outlet has one feed, of this name and with the entries of these days; how many, all together. A feed that
        was read is not due again for minutes, so the next feeds have other names.
        """
        listed = ""
        for outlet in range(OUTLETS):
            items = "".join(
                self._item(outlet, ago, number) for ago in days_ago for number in range(TEXTS)
            )
            body = f'<rss version="2.0"><channel><title>Outlet</title>{items}</channel></rss>'
            name = f"{section}-{outlet}"
            (self._folder / f"{name}.xml").write_text(body, "utf-8")
            listed += (
                f'[[source]]\nname = "{name}"\nurl = "http://127.0.0.1:{self._port}/{name}.xml"\n'
                f'outlet = "Outlet {outlet}"\nkind = "news"\nsociety = "XA"\nlanguage = "en"\n'
            )
        self.sources.write_text(listed, "utf-8")
        return OUTLETS * TEXTS * len(days_ago)

    def _item(self, outlet: int, ago: int, number: int) -> str:
        name = f"{outlet}-{ago}-{number}"
        noon = datetime.combine(self._today - timedelta(days=ago), datetime.min.time(), UTC)
        text = text_of(random.Random(name), before=ago > FALL_DAYS)
        return (
            f"<item><title>Entry {name}</title><link>https://outlet-{outlet}.example/{name}</link>"
            f"<pubDate>{format_datetime(noon + timedelta(hours=12))}</pubDate>"
            f"<description>{text}</description></item>"
        )


@contextmanager
def web_server(folder: Path) -> Iterator[int]:
    """The files of a folder over HTTP; the port."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class Services:
    """Processes of the program, each with a log of its own."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = {**without_prefect(), **environment}
        self._live: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, *command: str) -> str:
        """One that ends; what it wrote."""
        ended = subprocess.run(
            [sys.executable, "-m", "flows.cli", *command],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def start(self, name: str, *command: str) -> None:
        """One that goes on."""
        with (self.folder / f"{name}.log").open("wb") as log:
            self._live[name] = subprocess.Popen(
                [sys.executable, "-m", "flows.cli", *command],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def log(self, name: str) -> str:
        """What it wrote so far."""
        return (self.folder / f"{name}.log").read_text("utf-8")

    def batches(self, name: str) -> int:
        """Batches that a worker has told of."""
        return self.log(name).count("barometer.score batch ")

    def kill(self, name: str) -> None:
        """SIGKILL: it cannot say goodbye to anybody."""
        process = self._live.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def until(self, true: Callable[[], Any], otherwise: str) -> None:
        """Wait, as long as all of them live."""

        def look() -> Any:
            for name, process in self._live.items():
                assert process.poll() is None, f"{name} ended: {self.log(name)[-2000:]}"
            return true()

        eventually(look, within=PATIENT, otherwise=otherwise, every=0.5)

    def close(self) -> None:
        """End what lives."""
        for process in self._live.values():
            process.kill()
            process.wait()


class Deployments:
    """What the Prefect server knows of the flows that are served."""

    def __init__(self, prefect: PrefectServer) -> None:
        self._prefect = prefect

    def _of(self, step: str) -> str:
        answer = httpx.get(f"{self._prefect.api_url}/deployments/name/{step}/barometer", timeout=60)
        return str(answer.raise_for_status().json()["id"])

    def pause(self, step: str) -> None:
        """Runs when it is asked for, and not by its schedule."""
        url = f"{self._prefect.api_url}/deployments/{self._of(step)}/pause_deployment"
        httpx.post(url, timeout=60).raise_for_status()

    def run(self, step: str, services: Services) -> None:
        """Ask for a run, and wait until it has done its work."""
        run = self._prefect.ask(f"deployments/{self._of(step)}/create_flow_run")["id"]
        final = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        services.until(
            lambda: self._prefect.run(run)["state_type"] in final, f"{step} does not end"
        )
        assert self._prefect.run(run)["state_type"] == "COMPLETED", services.log("serve")[-2000:]


def recorded(database: Database) -> int:
    """Rows of the ledger."""
    return sum(ledger.totals(database).values())


@pytest.mark.timeout(900)  # eight processes, beside those of other tests
def test_feeds_go_in_an_alert_comes_out_and_a_worker_that_dies_is_replaced_by_the_other(
    prefect_server: PrefectServer, clickhouse_url: MakeUrl, tmp_path: Path
) -> None:
    broker = Broker(tmp_path)
    web = tmp_path / "web"
    web.mkdir()
    url = clickhouse_url()
    with web_server(web) as port:
        feeds = Feeds(web, port, datetime.now(UTC).date())
        services = Services(
            tmp_path,
            {
                "BAROMETER_BUS_URL": f"kafka://{broker.address}?session_timeout_ms=6000",
                "BAROMETER_DATABASE_URL": url,
                "BAROMETER_MODEL": "lexicon",  # the model has tests of its own, and takes its time
                "BAROMETER_BATCH_SIZE": "50",
                "BAROMETER_SOURCES": str(feeds.sources),
                "BAROMETER_ALLOWED_HOSTS": "127.0.0.1",
                "BAROMETER_HOST_PAUSE": "0",
                "BAROMETER_ALERT_LOG": str(tmp_path / "alerts.log"),
                "BAROMETER_AUTHOR_SECRET": "a secret of this test alone",
                "PREFECT_API_URL": prefect_server.api_url,
                "PREFECT_RUNNER_POLL_FREQUENCY": "1",
            },
        )
        feeds.show("none", [])
        try:
            services.run("migrate")
            database = connect(url)
            # Tansu does not replace the leader of a group that dies, as Kafka does: the first to come stays.
            for name in ("score-1", "score-2"):
                services.start(name, "score", "--follow")
                time.sleep(8.0)  # the group takes it in before there is anything to do
            services.start("serve", "serve")
            services.until(lambda: "Serving " in services.log("serve"), "nothing is served")
            deployed = Deployments(prefect_server)
            # Judging is what the two workers are here for; the others come when they are asked.
            for step in ("collect", "score", "watch", "weekly", "retain"):
                deployed.pause(step)

            # The past comes in parts: a worker that joins the group late has its share of the next ones.
            past = 0
            for part, first in enumerate(range(FALL_DAYS + 1, DAYS + 1, 5)):
                past += feeds.show(f"past-{part}", range(first, min(first + 5, DAYS + 1)))
                deployed.run("collect", services)
                services.until(
                    lambda past=past: recorded(database) == past,  # type: ignore[misc]
                    "the past is not judged",
                )
            assert services.batches("score-1") > 0
            assert services.batches("score-2") > 0

            services.kill("score-2")
            before = services.batches("score-1")
            news = feeds.show("news", range(1, FALL_DAYS + 1))
            deployed.run("collect", services)
            services.until(
                lambda: recorded(database) == past + news, "nobody judged for the one that died"
            )
            assert services.batches("score-1") > before

            deployed.run("watch", services)
            told = (tmp_path / "alerts.log").read_text("utf-8")
            assert told.count("Support for regular migration fell in XA") == 1
            # In every client: each row that was read became exactly one thing, and none twice.
            balance = services.run("health", "--ledger")
            assert "The ledger balances" in balance
            database.close()
        finally:
            services.close()
            broker.stop()
