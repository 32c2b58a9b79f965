"""The command line for tests: in this process where speed matters, as a process of its own where it is the point."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from flows.cli import run
from flows.settings import load_settings
from flows.wiring import GROUP, edges
from ingest import bus as bus_edge
from ingest.bus import DEAD_LETTERS, DOCUMENTS
from storage import ledger

SECRET = "hunter2secret"


class Said(msgspec.Struct, frozen=True):
    """What a command left behind: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The one line on standard error."""
        lines = [line for line in self.err.splitlines() if line.strip()]
        assert len(lines) == 1, self.err
        assert lines[0].startswith("barometer: ")
        assert "Traceback" not in self.err + self.out
        assert SECRET not in self.err + self.out
        return lines[0].removeprefix("barometer: ")


class Place:
    """A working folder with settings in the environment, everything in it."""

    def __init__(
        self,
        folder: Path,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        self.folder = folder
        self._inside = set(folder.iterdir())
        self._monkeypatch = monkeypatch
        self._capfd = capfd
        for name in list(os.environ):
            if name.startswith(("BAROMETER_", "PREFECT_")):
                monkeypatch.delenv(name)
        monkeypatch.chdir(folder)
        self.set("COLUMNS", "120")
        self.set("BAROMETER_BUS_URL", f"sqlite:///{folder}/bus.db")
        self.set("BAROMETER_DATABASE_URL", f"chdb:///{folder}/clickhouse")
        self.set("BAROMETER_ALERT_LOG", str(folder / "alerts.log"))
        self.set("BAROMETER_HOST_PAUSE", "0")
        self.set("BAROMETER_ALLOWED_HOSTS", "127.0.0.1")

    def set(self, name: str, value: str) -> None:
        """Set a variable until the end of the test."""
        self._monkeypatch.setenv(name, value)

    def unset(self, name: str) -> None:
        """Take a variable away until the end of the test."""
        self._monkeypatch.delenv(name, raising=False)

    def write(self, name: str, content: str | bytes) -> str:
        """A file in the folder; its name."""
        data = content.encode() if isinstance(content, str) else content
        (self.folder / name).write_bytes(data)
        return name

    def run(self, *arguments: str) -> Said:
        """`barometer ARGUMENTS` in this process."""
        self._capfd.readouterr()
        status = run(arguments)
        sys.stdout.flush()
        written = self._capfd.readouterr()
        return Said(status, written.out, written.err)

    def process(self, *arguments: str, stdin: bytes = b"") -> Said:
        """`barometer ARGUMENTS` as people start it."""
        done = subprocess.run(
            [barometer(), *arguments], input=stdin, capture_output=True, timeout=120, check=False
        )
        return Said(done.returncode, done.stdout.decode(), done.stderr.decode())

    def totals(self) -> dict[str, int]:
        """The ledger: rows by what became of them."""
        with edges(load_settings(), sources=[]) as opened:
            return {word.value: n for word, n in ledger.totals(opened.database).items() if n}

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """What the database answers."""
        with edges(load_settings(), sources=[]) as opened:
            return opened.database.query(sql).rows

    def untouched(self) -> bool:
        """True while there is no message, no row, no run and no file of a failure."""
        with edges(load_settings(), sources=[]) as opened:
            kept = [
                opened.database.query(f"SELECT count() FROM {name}").rows[0][0]
                for name in ("documents", "dispositions", "dead_letters", "source_runs")
            ]
            waiting = opened.bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)
        return not any(kept) and not waiting and not self.half_written()

    def waiting(self) -> int:
        """Messages that nobody has scored."""
        bus = bus_edge.connect(load_settings().bus_url)
        try:
            return bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)
        finally:
            bus.close()

    def tidy(self) -> None:
        """Remove the files that came since."""
        for path in set(self.folder.iterdir()) - self._inside:
            if path.is_file():
                path.unlink()

    def half_written(self) -> list[str]:
        """Files that only a failure leaves behind."""
        return sorted(str(path) for path in self.folder.rglob("*.part"))


def barometer() -> str:
    """The installed command of this environment."""
    command = Path(sys.executable).with_name("barometer")
    assert command.exists(), "install the project first: pip install -e ."
    return str(command)


@pytest.fixture
def place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Place:
    """An empty folder: nothing migrated."""
    return Place(tmp_path, monkeypatch, capfd)


def fill_migrated(folder: Path, migrated_chdb: Path) -> None:
    """Put into a folder what `barometer migrate` leaves in one."""
    bus = bus_edge.connect(f"sqlite:///{folder}/bus.db")
    bus.create_topics([DOCUMENTS, DEAD_LETTERS])
    bus.close()
    shutil.copytree(migrated_chdb, folder / "clickhouse", symlinks=True)


@pytest.fixture(scope="session")
def migrated_folder(tmp_path_factory: pytest.TempPathFactory, migrated_chdb: Path) -> Path:
    """A folder with bus and tables, shared by the tests that leave no trace in them."""
    folder = tmp_path_factory.mktemp("migrated")
    fill_migrated(folder, migrated_chdb)
    return folder


@pytest.fixture
def reading(
    migrated_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    """A migrated place for a test that keeps nothing in bus or tables; its own files are removed."""
    place = Place(migrated_folder, monkeypatch, capfd)
    yield place
    place.tidy()


@pytest.fixture
def migrated(place: Place, migrated_chdb: Path) -> Place:
    """A place as `barometer migrate` leaves it."""
    fill_migrated(place.folder, migrated_chdb)
    return place
