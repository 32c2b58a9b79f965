"""Backups: a restored pair of bus and database goes on where the backup was, loses nothing and counts nothing twice."""

from __future__ import annotations

import base64
import errno
import fcntl
import os
import random
import resource
import shutil
import sqlite3
import subprocess
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from flows import backup_turns
from flows.backing_up import back_up
from flows.backup_file import check_backup
from flows.backup_turns import ANSWER, REQUEST, TAKEN, give_turn, staging, staging_of
from flows.failures import status_of
from flows.importing import import_file
from flows.mistake import Mistake
from flows.restoring import restore
from flows.running import run_for_ever
from flows.scoring import drain, score_batch
from flows.settings import Settings
from flows.watching import watch
from flows.wiring import GROUP, Edges, edges
from ingest.bus import DEAD_LETTERS, DOCUMENTS, BusRefused, BusUnavailable, Record, connect
from ingest.field_mapping import FieldMapping
from ingest.saved_bus import add_published, open_saved_bus, save_bus
from storage import removals
from storage.backup import (
    BackupRefused,
    Manifest,
    backup_name,
    check_restorable,
    decode_manifest,
    encode_manifest,
    expired,
)
from storage.database import DatabaseRefused, DatabaseUnavailable, QueryFailed
from storage.database import connect as connect_database
from storage.migrate import migrate, shipped_migrations
from tests.figures import figures
from tests.fixtures_command import Place, barometer
from tests.rows import NOW, write_rows
from tests.test_kill import comparable
from tests.test_running import QUIET, FakeConductor, Over

ROWS = 40
BATCH = 10
EXTRA = 10
"""Rows that come after the backup was begun."""


def settings_in(folder: Path) -> Settings:
    return Settings(
        bus_url=f"sqlite:///{folder}/bus.db?session_timeout=2",
        database_url=f"chdb:///{folder}/clickhouse",
        alert_log=folder / "alerts.log",
        batch_size=BATCH,
        model="lexicon",
    )


def migrated(folder: Path, migrated_folder: Path) -> Settings:
    """Settings of a folder that has bus and tables."""
    shutil.copytree(migrated_folder, folder, dirs_exist_ok=True, symlinks=True)
    return settings_in(folder)


def fill(opened: Edges, folder: Path, count: int, *, seed: int = 0) -> None:
    path = folder / f"rows-{seed}.jsonl"
    write_rows(path, count, seed=seed)
    import_file(opened, path, now=NOW, mapping=FieldMapping())
    path.unlink()


def finish(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Score what is left, watch, and give every figure."""
    with edges(settings, sources=[]) as opened:
        drain(opened, clock=lambda: NOW)
        assert opened.bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP) == 0
        watch(opened, now=NOW)
        points = opened.database.query(
            "SELECT society, target, day, support, neutral, oppose, n_eff, state"
            " FROM points FINAL ORDER BY society, target, day"
        ).rows
        return {**comparable(figures(opened.database)), "points": points}


@pytest.fixture(scope="module")
def undisturbed(
    migrated_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[tuple[Any, ...]]]:
    """The figures of a run of which no backup was made."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with edges(migrated(folder, migrated_folder), sources=[]) as opened:
        fill(opened, folder, ROWS)
        fill(opened, folder, EXTRA, seed=1000)
    return finish(settings_in(folder))


# In the middle of everything


def test_a_backup_in_the_middle_of_scoring_goes_on_elsewhere_to_the_same_figures(
    tmp_path: Path,
    migrated_folder: Path,
    undisturbed: dict[str, list[tuple[Any, ...]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    there.mkdir()
    with edges(migrated(here, migrated_folder), sources=[]) as opened:
        (here / "alerts.log").write_text("an alert\n", "utf-8")
        fill(opened, here, ROWS)
        consumer = opened.bus.subscribe([DOCUMENTS, DEAD_LETTERS], GROUP)
        first, second, third = (consumer.poll(BATCH, 5) for _ in range(3))
        assert first and second and third
        score_batch(opened, first, now=NOW)
        consumer.commit(first)
        score_batch(opened, second, now=NOW)  # stored, and not committed

        # While the backup is made others go on: between its look at the bus and its turn at the database a batch is
        # scored and committed, and rows are read of which the database remembers that they were.
        save_in_turn = backup_turns.save_in_turn

        def others_first(*arguments: Any, **options: Any) -> Any:
            consumer.commit(second)
            score_batch(opened, third, now=NOW)
            consumer.commit(third)
            fill(opened, here, EXTRA, seed=1000)
            return save_in_turn(*arguments, **options)

        monkeypatch.setattr("flows.backing_up.save_in_turn", others_first)
        made = back_up(settings_in(here), tmp_path, now=NOW)
        consumer.close()
    secret = (
        (here / "clickhouse.author-secret").read_bytes()
        if made.manifest.has("author-secret")
        else b""
    )
    shutil.rmtree(here)

    done = restore(settings_in(there), made.path, now=NOW)
    assert done.bus.waiting > 0
    assert done.removed_again is None  # there was nobody to ask
    assert (done.migrated, done.moved) == ((), ())
    assert (there / "alerts.log").read_text("utf-8") == "an alert\n"
    if secret:
        assert (there / "clickhouse.author-secret").read_bytes() == secret
    assert finish(settings_in(there)) == undisturbed


def test_the_same_where_a_process_scores_meanwhile(
    tmp_path: Path, migrated_folder: Path, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    """`barometer score --follow` holds the database, and gives a turn between two batches."""
    here, there = tmp_path / "here", tmp_path / "there"
    there.mkdir()
    with edges(migrated(here, migrated_folder), sources=[]) as opened:
        fill(opened, here, ROWS)
        fill(opened, here, EXTRA, seed=1000)
    following = subprocess.Popen(
        [barometer(), "score", "--follow"],
        env={**os.environ, **variables(settings_in(here)), "BAROMETER_BATCH_SIZE": "5"},
        stderr=subprocess.PIPE,
    )
    try:
        assert following.stderr is not None
        for line in following.stderr:
            if b"batch 2" in line:
                break
        made = back_up(settings_in(here), tmp_path, now=NOW, wait_seconds=120)
    finally:
        following.kill()
        following.communicate()
    assert restore(settings_in(there), made.path, now=NOW).manifest == made.manifest
    assert finish(settings_in(there)) == undisturbed


def variables(settings: Settings) -> dict[str, str]:
    return {
        "BAROMETER_BUS_URL": settings.bus_url,
        "BAROMETER_DATABASE_URL": settings.database_url,
        "BAROMETER_ALERT_LOG": str(settings.alert_log),
        "BAROMETER_MODEL": "lexicon",
    }


# A turn at the database


@pytest.fixture(scope="module")
def scored(migrated_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a few rows, scored; to be copied."""
    folder = tmp_path_factory.mktemp("scored") / "place"
    with edges(migrated(folder, migrated_folder), sources=[]) as opened:
        fill(opened, folder, 20)
        drain(opened, clock=lambda: NOW)
    return folder


@pytest.fixture
def held(scored: Path, tmp_path: Path) -> Iterator[Edges]:
    """A copy of it, held by this process."""
    shutil.copytree(scored, tmp_path, dirs_exist_ok=True, symlinks=True)
    with edges(settings_in(tmp_path), sources=[]) as opened:
        yield opened


def stage_of(opened: Edges) -> Path:
    return staging_of(Path(opened.database.url.removeprefix("chdb:///")))


def test_nobody_is_given_a_turn_who_does_not_wait(held: Edges) -> None:
    stage = stage_of(held)
    assert not give_turn(held.settings, held.database)
    stage.mkdir()
    assert not give_turn(held.settings, held.database)
    (stage / REQUEST).write_text("{}", "utf-8")  # of a backup that was killed: its lock is gone
    assert not give_turn(held.settings, held.database)
    assert (stage / REQUEST).exists()


def test_who_waits_is_given_the_tables(held: Edges) -> None:
    with staging(Path(held.database.url.removeprefix("chdb:///"))) as stage:
        (stage / REQUEST).write_text("{}", "utf-8")
        assert give_turn(held.settings, held.database)
        assert (stage / ANSWER).exists() and (stage / "database" / "documents").is_dir()
        assert not give_turn(held.settings, held.database)  # once
    assert not stage.exists()


def test_a_turn_that_a_killed_process_began_is_begun_again_by_the_next(held: Edges) -> None:
    with staging(Path(held.database.url.removeprefix("chdb:///"))) as stage:
        (stage / TAKEN).write_text("{}", "utf-8")
        half = stage / "database" / "documents" / "202611.native.zst"
        half.parent.mkdir(parents=True)
        half.write_bytes(b"half")
        assert give_turn(held.settings, held.database)
        assert half.stat().st_size > 4


def test_a_turn_that_fails_is_told_to_who_waits_and_stops_nobody(
    held: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with staging(Path(held.database.url.removeprefix("chdb:///"))) as stage:
        (stage / REQUEST).write_text("{}", "utf-8")
        with monkeypatch.context() as patched:
            patched.setattr(backup_turns, "save", full)
            assert give_turn(held.settings, held.database)
        monkeypatch.setattr("storage.database.connect", _in_use)
        with pytest.raises(DatabaseUnavailable, match="No space left on device"):
            backup_turns.save_in_turn(
                held.settings, stage, wait_seconds=0, progress=lambda *part: None
            )


def _in_use(url: str) -> None:
    raise DatabaseUnavailable(f"process 1 holds {url}")


def test_who_gets_no_turn_is_told_who_holds_the_database(
    held: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.connect", _in_use)
    stage = stage_of(held)
    with pytest.raises(DatabaseUnavailable, match="within 0 minutes: process 1 holds"):
        back_up(held.settings, stage.parent, now=NOW, wait_seconds=0)
    assert not stage.exists()
    assert not list(stage.parent.glob("*.zip*")) + list(stage.parent.glob(".*.part"))


def test_a_run_for_ever_gives_turns_after_each_step_and_while_nothing_is_due() -> None:
    conductor, happened = FakeConductor(), []

    def sleep(seconds: float) -> None:
        happened.append("sleep")
        if happened.count("sleep") == 3:
            raise Over

    def between() -> None:
        happened.append(f"turn after {len(conductor.asked)} steps")

    with pytest.raises(Over):
        run_for_ever(
            conductor, QUIET, lambda text: None, clock=lambda: NOW, sleep=sleep, between=between
        )
    steps = len(conductor.asked)
    assert steps >= 3
    assert happened[:steps] == [f"turn after {n + 1} steps" for n in range(steps)]
    assert happened[steps:] == [f"turn after {steps} steps", "sleep"] * 3


def test_one_backup_at_a_time(held: Edges) -> None:
    with (
        staging(Path(held.database.url.removeprefix("chdb:///"))),
        pytest.raises(DatabaseUnavailable, match="another backup is being made"),
    ):
        back_up(held.settings, stage_of(held).parent, now=NOW)


# The bus


def records(first: int, last: int) -> list[Record]:
    return [Record(f"k{n}", f"v{n}".encode(), {"origin": f"o{n}"}) for n in range(first, last)]


def polled(path: Path) -> list[str]:
    bus = connect(f"sqlite:///{path}")
    try:
        return sorted(
            message.value.decode() for message in bus.subscribe(["t"], "g").poll(1000, 0.5)
        )
    finally:
        bus.close()


def test_a_copy_of_the_bus_has_the_places_of_its_beginning_and_the_messages_of_its_end(
    tmp_path: Path,
) -> None:
    path, copy = tmp_path / "bus.db", tmp_path / "copy.db"
    bus = connect(f"sqlite:///{path}")
    bus.create_topics(["t"])
    bus.publish("t", records(0, 10))
    consumer = bus.subscribe(["t"], "g")
    first = consumer.poll(4, 5)
    consumer.commit(first)
    save_bus(path, copy)
    second = consumer.poll(4, 5)
    consumer.commit(second)
    bus.create_topics(["later"])
    bus.publish("later", records(0, 1))
    bus.publish("t", records(10, 20))
    assert add_published(path, copy) == 11
    assert add_published(path, copy) == 0
    bus.close()
    held = open_saved_bus(copy)
    assert held.messages == 21
    done = {message.value.decode() for message in first}
    assert polled(copy) == sorted({f"v{n}" for n in range(20)} - done)
    connection = sqlite3.connect(copy)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_a_copy_of_the_bus_keeps_nothing_of_what_was_deleted(tmp_path: Path) -> None:
    path, copy = tmp_path / "bus.db", tmp_path / "copy.db"
    bus = connect(f"sqlite:///{path}")
    bus.create_topics(["t"])
    bus.publish("t", [Record("k", b"a name that is to be forgotten " * 300, {})] * 20)
    bus.close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA secure_delete=OFF")  # some builds have it on
    connection.execute("DELETE FROM messages")
    connection.commit()
    connection.close()
    assert b"to be forgotten" in path.read_bytes()
    save_bus(path, copy)
    assert b"to be forgotten" not in copy.read_bytes()


def test_a_publisher_that_does_not_stop_loses_nothing_from_the_copy(tmp_path: Path) -> None:
    path, copy = tmp_path / "bus.db", tmp_path / "copy.db"
    bus = connect(f"sqlite:///{path}")
    bus.create_topics(["t"])
    published, stop = [0], threading.Event()

    def publish() -> None:
        while not stop.is_set():
            bus.publish("t", records(published[0], published[0] + 5))
            published[0] += 5

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        while published[0] < 20:
            time.sleep(0.001)
        save_bus(path, copy)
        before = published[0]
        add_published(path, copy)
    finally:
        stop.set()
        publisher.join()
        bus.close()
    found = polled(copy)
    assert set(found) >= {f"v{n}" for n in range(before)}
    assert len(found) == len(set(found))


def test_a_bus_that_is_not_there_or_not_one_is_said(tmp_path: Path) -> None:
    with pytest.raises(BusRefused, match="there is no bus in"):
        save_bus(tmp_path / "bus.db", tmp_path / "copy.db")
    (tmp_path / "text.db").write_bytes(b"no bus at all, but long enough to be read as a file" * 30)
    with pytest.raises(BusRefused, match="not a bus file"):
        save_bus(tmp_path / "text.db", tmp_path / "copy.db")


# The file


@pytest.fixture(scope="module")
def whole(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good backup, small."""
    return back_up(settings_in(scored), tmp_path_factory.mktemp("whole"), now=NOW).path


def test_a_backup_says_what_it_is_and_only_its_owner_reads_it(whole: Path) -> None:
    manifest = check_backup(whole)
    assert whole.name == "barometer-20261120T120000Z.zip"
    assert manifest.made_at == NOW
    assert manifest.database.schema_version == len(shipped_migrations())
    assert manifest.database.rows > 20
    assert whole.stat().st_mode & 0o777 == 0o600
    assert not list(whole.parent.glob("*.backup")) + list(whole.parent.glob(".*.part"))
    with zipfile.ZipFile(whole) as archive:
        assert archive.testzip() is None  # any other program can read it, too


def test_a_file_that_was_cut_off_anywhere_is_refused(whole: Path, tmp_path: Path) -> None:
    data = whole.read_bytes()
    cut = tmp_path / "cut.zip"
    for length in (0, 1, 4, 30, len(data) // 3, len(data) // 2, len(data) - 300, len(data) - 1):
        cut.write_bytes(data[:length])
        with pytest.raises(
            BackupRefused, match=r"cut\.zip cannot be used: .*; take another backup"
        ):
            check_backup(cut)


def test_a_bit_that_turned_anywhere_is_noticed_or_harmless(whole: Path, tmp_path: Path) -> None:
    data, manifest = whole.read_bytes(), check_backup(whole)
    turned = tmp_path / "turned.zip"
    chance = random.Random(7)
    refused = 0
    places = [chance.randrange(len(data)) for _ in range(150)] + list(
        range(len(data) - 150, len(data))  # the directory at the end is the delicate part
    )
    for place in places:
        turned.write_bytes(
            data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]
        )
        try:
            assert check_backup(turned) == manifest
        except BackupRefused as error:
            assert str(error).endswith("take another backup.")
            refused += 1
    assert refused > len(places) / 2


def changed(whole: Path, target: Path, change: Callable[[Manifest], Manifest]) -> Path:
    """The same file with another manifest."""
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "manifest.json":
                data = encode_manifest(change(decode_manifest(data)))
            new.writestr(name, data)
    return target


def test_files_of_others_are_told_apart(whole: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.zip"
    text.write_text("not a backup", "utf-8")
    with pytest.raises(BackupRefused, match="it is no backup of Barometer"):
        check_backup(text)
    foreign = tmp_path / "foreign.zip"
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(BackupRefused, match="it is a file of another program"):
        check_backup(foreign)
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("manifest.json", '{"name": "a browser extension", "format": 1}')
    with pytest.raises(BackupRefused, match="it is a file of another program"):
        check_backup(foreign)
    newer = changed(
        whole, tmp_path / "newer.zip", lambda one: msgspec.structs.replace(one, format=2)
    )
    with pytest.raises(BackupRefused, match="written by a newer Barometer"):
        check_backup(newer)
    climbing = changed(
        whole,
        tmp_path / "climbing.zip",
        lambda one: msgspec.structs.replace(
            one, members=(msgspec.structs.replace(one.members[0], name="../bus.db"),)
        ),
    )
    with pytest.raises(BackupRefused, match="which no backup of ours holds"):
        check_backup(climbing)
    with zipfile.ZipFile(whole, "r") as old:
        kept = {name: old.read(name) for name in old.namelist()}
    kept["bus.db"] = kept["bus.db"][:-1] + b"?"
    swapped = tmp_path / "swapped.zip"
    with zipfile.ZipFile(swapped, "w") as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
    with pytest.raises(BackupRefused, match=r"bus\.db is not what it was"):
        check_backup(swapped)
    del kept["bus.db"]
    with zipfile.ZipFile(swapped, "w") as archive:
        for name, data in kept.items():
            archive.writestr(name, data)
    with pytest.raises(BackupRefused, match=r"disagree over 'bus\.db'"):
        check_backup(swapped)
    with pytest.raises(Mistake, match="Cannot read"):
        check_backup(tmp_path / "missing.zip")
    with pytest.raises(Mistake, match="Cannot read"):
        check_backup(tmp_path)


# The disk is full


def fits(largest: int) -> Any:
    """Files of so many bytes and no more, as on a disk that is nearly full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def limited() -> Iterator[None]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited()


def test_a_disk_that_fills_leaves_nothing_half_made(held: Edges, tmp_path: Path) -> None:
    """The copy of the bus, then the file as a whole, then one of the tables do not fit."""
    target = tmp_path / "backups"
    target.mkdir()
    words = random.Random(3)

    def grow(table: str, key: str, column: str, size: int) -> None:
        text = base64.b64encode(words.randbytes(size)).decode()  # three quarters of it when packed
        held.database.insert(table, [key, column, "version"], [(f"{size}", text, 1)])

    def refused(largest: int, error: type[Exception], says: str) -> None:
        with fits(largest), pytest.raises(error, match=says) as caught:
            back_up(held.settings, target, now=NOW)
        assert status_of(caught.value) == 1
        assert list(target.iterdir()) == []
        assert not stage_of(held).exists()

    refused(40_000, BusUnavailable, r"clickhouse\.backup/bus\.db .* check the disk")
    grow("dead_letters", "origin", "payload", 70_000)
    grow("digests", "week", "body", 70_000)
    refused(100_000, OSError, "File too large")
    grow("dead_letters", "origin", "payload", 300_000)
    refused(
        100_000,
        QueryFailed,
        r"dead_letters/all\.native\.zst was not written whole .* is the disk full",
    )
    assert back_up(held.settings, target, now=NOW).size > 300_000


# Old ones expire


def test_the_newest_stay(held: Edges, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "barometer-notes.zip").write_text("mine", "utf-8")
    (folder / ".barometer-20261101T000000Z.zip.part").write_text("of one that was killed", "utf-8")
    made = [back_up(held.settings, folder, now=NOW + timedelta(days=n), keep=2) for n in range(4)]
    assert [path.name for path in made[-1].removed] == [made[1].path.name]
    assert sorted(path.name for path in folder.iterdir()) == [
        made[2].path.name,
        made[3].path.name,
        "barometer-notes.zip",
    ]
    assert made[3].path.name == "barometer-20261123T120000Z.zip"


def test_a_backup_that_fails_removes_no_older_one(
    held: Edges, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    kept = back_up(held.settings, folder, now=NOW, keep=1).path
    monkeypatch.setattr("storage.database.connect", _in_use)
    with pytest.raises(DatabaseUnavailable):
        back_up(held.settings, folder, now=NOW + timedelta(days=1), keep=1, wait_seconds=0)
    assert list(folder.iterdir()) == [kept]


def test_names_in_order_are_times_in_order() -> None:
    names = [backup_name(NOW + timedelta(hours=n)) for n in range(0, 9000, 700)]
    assert names == sorted(names)
    assert expired([*names, "barometer.zip", "barometer-2026.zip.part"], 3) == names[:-3]
    assert expired(names, 100) == []


# Where it is restored


def test_what_is_there_is_never_overwritten(whole: Path, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    mine = ("bus.db", "bus.db-wal", "clickhouse", "alerts.log")
    (tmp_path / "clickhouse").mkdir()
    for name in ("bus.db", "bus.db-wal", "clickhouse/notes", "alerts.log"):
        (tmp_path / name).write_text("mine", "utf-8")
    with pytest.raises(Mistake, match=r"bus\.db, .*-wal, .*clickhouse, .*alerts\.log would be"):
        restore(settings, whole, now=NOW)
    assert {path.name for path in tmp_path.iterdir()} == set(mine)
    done = restore(settings, whole, now=NOW, move_aside=True)
    assert done.removed_again is None  # what was there was no database
    assert [(was.name, path.name) for was, path in done.moved] == [
        (name, f"{name}.before-restore-20261120T120000Z") for name in mine
    ]
    kept = [path / "notes" if path.is_dir() else path for _, path in done.moved]
    assert [path.read_text("utf-8") for path in kept] == ["mine"] * 4
    assert not (tmp_path / "alerts.log").exists()


def test_a_folder_that_a_process_holds_is_left_alone(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "clickhouse").mkdir()
    with (tmp_path / "clickhouse" / "status").open("w") as status:
        status.write("PID: 4711\n")
        status.flush()
        fcntl.flock(status, fcntl.LOCK_EX)
        with pytest.raises(DatabaseUnavailable, match="process 4711 holds the database folder"):
            restore(settings_in(tmp_path), whole, now=NOW, move_aside=True)
    assert [path.name for path in tmp_path.iterdir()] == ["clickhouse"]


def test_what_was_forgotten_since_stays_forgotten(
    scored: Path, whole: Path, tmp_path: Path
) -> None:
    shutil.copytree(scored, tmp_path, dirs_exist_ok=True, symlinks=True)
    settings = settings_in(tmp_path)
    database = connect_database(settings.database_url)
    rows = database.query(
        "SELECT id, source FROM documents FINAL"
        " WHERE id IN (SELECT id FROM document_texts FINAL WHERE text != '') ORDER BY id"
    ).rows
    (gone, source), (kept, _) = rows[:2]
    removals.remove(database, source, [gone], NOW, why=removals.FORGOTTEN)
    database.close()
    done = restore(settings, whole, now=NOW, move_aside=True)
    assert done.removed_again == 1
    database = connect_database(settings.database_url)
    left = {
        id for (id,) in database.query("SELECT id FROM document_texts FINAL WHERE text != ''").rows
    }
    assert kept in left and gone not in left
    ((why, erased_at),) = [
        (one.why, one.erased_at) for one in removals.not_erased(database) if one.document_id == gone
    ]
    assert (why, erased_at) == (removals.FORGOTTEN, None)  # so that the next `retain` erases it
    database.close()


def test_a_restore_that_fails_leaves_what_was_there(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_in(tmp_path)
    (tmp_path / "bus.db").write_text("mine", "utf-8")

    def broken(*arguments: object) -> None:
        raise DatabaseRefused("no more")

    monkeypatch.setattr("flows.restoring.load", broken)
    with pytest.raises(DatabaseRefused):
        restore(settings, whole, now=NOW, move_aside=True)
    assert [path.name for path in tmp_path.iterdir()] == ["bus.db"]


def test_a_newer_schema_is_refused_and_an_edited_one(whole: Path) -> None:
    saved = check_backup(whole).database
    with pytest.raises(BackupRefused, match="by a newer Barometer; install that version"):
        check_restorable(saved, shipped_migrations()[:-1])
    first, *others = saved.schema
    edited = msgspec.structs.replace(
        saved, schema=(msgspec.structs.replace(first, checksum="x"), *others)
    )
    with pytest.raises(BackupRefused, match="made by another 0001_tables"):
        check_restorable(edited, shipped_migrations())


def test_a_backup_of_an_older_schema_is_migrated(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    bus = connect(settings_in(here).bus_url)
    bus.create_topics([DOCUMENTS, DEAD_LETTERS])
    bus.close()
    database = connect_database(settings_in(here).database_url, create=True)
    migrate(database, NOW, shipped_migrations()[:2])
    database.execute(
        "INSERT INTO points (society, target, day, support, state)"
        " SELECT 'XA', 'regular', toDate('2026-11-17'), 3, 'ok'"
    )
    database.close()
    made = back_up(settings_in(here), tmp_path, now=NOW)  # before the update, by the new program
    assert made.manifest.database.schema_version == 2
    done = restore(settings_in(there), made.path, now=NOW)
    assert done.migrated == tuple(one.name for one in shipped_migrations()[2:])
    with edges(settings_in(there), sources=[]) as opened:
        rows = opened.database.query("SELECT society, support FROM points").rows
        assert rows == [("XA", 3)]


# The commands


def test_the_commands_say_what_they_did(place: Place, scored: Path) -> None:
    shutil.copytree(scored, place.folder, dirs_exist_ok=True, symlinks=True)
    place.set("BAROMETER_MODEL", "lexicon")
    (place.folder / "backups").mkdir()
    said = place.run("backup", "backups", "--keep", "3")
    assert (said.status, said.err) == (0, "")
    name = said.out.split(":", 1)[0]
    assert name.startswith("backups/barometer-")
    assert all(len(line) <= 100 for line in said.out.splitlines())
    checked = place.run("backup", "--check", name)
    assert checked.status == 0
    assert checked.out.startswith(f"{name} is whole: ")
    refused = place.run("restore", name)
    assert refused.status == 2
    assert "with --move-aside they get another name first" in refused.sentence
    restored = place.run("restore", name, "--move-aside")
    assert restored.status == 0
    assert "Moved " in restored.out and "`barometer run` goes on" in restored.out
    assert place.totals()["judged"] > 0


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["backup", "here.zip", "--keep", "2"], "--keep is for a folder of backups"),
        (["backup", "missing/here.zip"], "There is no folder missing"),
        (["backup", "taken.zip"], "taken.zip is there already; a backup is never overwritten"),
        (["backup", "--check", "taken.zip"], "taken.zip cannot be used: it is no backup of"),
        (["backup", "--check", "."], ". is a folder; name the file to check"),
        (["backup", "--check", "gone.zip"], "Cannot read gone.zip: No such file or directory"),
        (["restore", "taken.zip"], "taken.zip cannot be used: it is no backup of Barometer"),
        (["backup", "x.zip"], "there is no bus in"),
    ],
)
def test_what_cannot_be_done_is_a_mistake(place: Place, typed: list[str], says: str) -> None:
    place.write("taken.zip", "mine")
    said = place.run(*typed)
    assert said.status == 2
    assert says in said.sentence
    assert sorted(path.name for path in place.folder.iterdir()) == ["taken.zip"]


@pytest.mark.parametrize("command", [["backup", "x.zip"], ["restore", "x.zip"]])
def test_servers_have_tools_of_their_own(place: Place, command: list[str]) -> None:
    place.set("BAROMETER_DATABASE_URL", "clickhouse://user:hunter2secret@host:9000/barometer")
    said = place.run(*command)
    assert said.status == 2
    assert "docs/backup.md says how to back up and restore servers" in said.sentence
