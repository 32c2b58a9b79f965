"""The reader of GKG files against a server on this machine that has the faults of the real one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ingest.fetch import Fetcher, FetchFailed
from ingest.gdelt_gkg_catch_up import MOST_FILES
from ingest.gdelt_gkg_files import (
    MOST_LATE,
    PATIENCE,
    GkgFile,
    GkgState,
    adjoining,
    cursor_of,
    due,
    listed,
    quarter_before,
    state_of,
)
from ingest.gdelt_gkg_reader import GkgReader
from ingest.reading import Gap, Memory, Reading, Surroundings
from ingest.source import Source
from ingest.source_options import GkgOptions
from tests.local_gdelt import LocalGdelt, local_gdelt, row, surroundings, zipped
from tests.test_gdelt_gkg import SOURCE

NOW = datetime(2026, 11, 23, 18, 20, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
NEWEST = datetime(2026, 11, 23, 18, 15, tzinfo=UTC)


def stamp(back: int = 0) -> str:
    """The file that is `back` quarters older than the newest."""
    return f"{NEWEST - back * QUARTER:%Y%m%d%H%M%S}"


def name(back: int = 0, translated: bool = False) -> str:
    return GkgFile(stamp(back), translated).name


@pytest.fixture
def gdelt() -> Iterator[LocalGdelt]:
    with local_gdelt() as server:
        yield server


@pytest.fixture
def world() -> Iterator[Surroundings]:
    with surroundings() as around:
        yield around


def source(gdelt: LocalGdelt, translated: bool = False) -> Source:
    options = GkgOptions(translated=translated)
    return msgspec.structs.replace(SOURCE, url=gdelt.folder, options=options)


def english(gdelt: LocalGdelt, *backs: int) -> None:
    """Files with one record each, the last one listed as the newest."""
    for back in backs:
        gdelt.publish(stamp(back), row(1, stamp=stamp(back)))


def memory(back: int, *late: int) -> Memory:
    waiting = tuple(GkgFile(stamp(each)) for each in late)
    return Memory(cursor=cursor_of(GkgState(stamp(back), "", waiting)))


def titles(reading: Reading) -> list[str]:
    return [arrival.document.url[-16:-2] for arrival in reading.documents]


def read(
    gdelt: LocalGdelt, world: Surroundings, known: Memory = Memory(), now: datetime = NOW
) -> Reading:
    return GkgReader().read(source(gdelt), known, world, now)


def test_the_first_reading_takes_the_newest_file_of_each_stream(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 1, 0)
    gdelt.publish(
        stamp(1),
        row(1, stamp=stamp(1), record=f"{stamp(1)}-T1", translation="srclc:fra;eng:Moses"),
        translated=True,
    )
    reading = GkgReader().read(source(gdelt, translated=True), Memory(), world, NOW)
    assert [arrival.document.language for arrival in reading.documents] == ["fr", "en"]
    assert not reading.more
    assert not reading.unchanged
    assert state_of(reading.memory.cursor) == GkgState(stamp(0), stamp(1))
    assert len(reading.memory.cursor) < 4096


def test_files_come_from_the_source_wherever_the_list_points(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 0)
    assert read(gdelt, world).documents
    assert gdelt.asked == ["lastupdate.txt", name(0)]


def test_the_next_reading_reads_what_was_made_since_and_then_nothing(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 2, 1, 0)
    reading = read(gdelt, world, memory(2))
    assert titles(reading) == [stamp(1), stamp(0)]
    again = read(gdelt, world, reading.memory)
    assert (again.documents, again.unchanged, again.memory) == ((), True, reading.memory)


def test_catching_up_takes_a_few_files_at_a_time_and_leaves_none_out(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, *range(9, -1, -1))
    known, seen, readings = memory(10), [], 0
    more = True
    while more:
        reading = read(gdelt, world, known)
        assert len(reading.documents) <= MOST_FILES
        known, more, readings = reading.memory, reading.more, readings + 1
        seen += titles(reading)
    assert seen == [stamp(back) for back in range(9, -1, -1)]
    assert readings == 3


def test_a_reading_that_is_repeated_after_a_crash_gives_the_same(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 2, 1, 0)
    assert read(gdelt, world, memory(2)) == read(gdelt, world, memory(2))


def test_a_file_that_is_not_there_yet_is_waited_for_and_holds_up_nothing(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 2, 0)
    reading = read(gdelt, world, memory(3))
    assert titles(reading) == [stamp(2), stamp(0)]
    assert reading.gap is None
    assert reading.notes == (
        f"files that are not there yet and are waited for: 1, the first {name(1)}",
    )
    english(gdelt, 1, 0)
    later = read(gdelt, world, reading.memory)
    assert titles(later) == [stamp(1)]
    assert state_of(later.memory.cursor).late == ()


def test_a_file_that_never_comes_is_given_up_with_a_gap_after_some_hours(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 0)
    later = NEWEST - QUARTER + PATIENCE
    reading = read(gdelt, world, memory(0, 1), later)
    assert state_of(reading.memory.cursor).late == (GkgFile(stamp(1)),)
    reading = read(gdelt, world, memory(0, 1), later + timedelta(minutes=1))
    assert state_of(reading.memory.cursor).late == ()
    assert reading.gap == Gap(since=NEWEST - 2 * QUARTER, until=NEWEST - QUARTER)
    assert any(note.startswith("files given up, missing or damaged: 1") for note in reading.notes)


def test_each_reading_tells_of_one_gap_and_none_is_lost(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    """Days ago, two files are missing, one is there, one is missing."""
    english(gdelt, 3, 1, 0)
    days_later = NOW + timedelta(days=3)
    first = read(gdelt, world, memory(6), days_later)
    assert first.gap == Gap(since=NEWEST - 6 * QUARTER, until=NEWEST - 4 * QUARTER)
    assert titles(first) == [stamp(3)]
    assert first.more
    second = read(gdelt, world, first.memory, days_later)
    assert second.gap == Gap(since=NEWEST - 3 * QUARTER, until=NEWEST - 2 * QUARTER)
    assert titles(second) == [stamp(1), stamp(0)]
    assert not second.more


def test_a_long_outage_is_passed_in_bounded_steps(gdelt: LocalGdelt, world: Surroundings) -> None:
    english(gdelt, 0)
    known, more, readings = memory(200), True, 0
    now = NOW + timedelta(days=1)
    while more:
        gdelt.asked.clear()
        reading = read(gdelt, world, known, now)
        assert len(gdelt.asked) <= 17
        known, more, readings = reading.memory, reading.more, readings + 1
    assert titles(reading) == [stamp(0)]
    assert readings == 13


def test_memory_stays_small_however_many_files_are_waited_for() -> None:
    state = GkgState()
    for back in range(MOST_LATE):
        state = state.waiting_for(GkgFile(stamp(back), bool(back % 2)))
    assert len(cursor_of(state)) <= 4096
    assert state_of(cursor_of(state)) == state


@pytest.mark.parametrize("cursor", ["", "x", "{}", "[1]", '{"english":7}', '{"late":[{}]}'])
def test_a_cursor_that_is_not_ours_begins_with_the_newest_file(
    gdelt: LocalGdelt, world: Surroundings, cursor: str
) -> None:
    english(gdelt, 1, 0)
    assert titles(read(gdelt, world, Memory(cursor=cursor))) == [stamp(0)]


def truncated(gdelt: LocalGdelt) -> None:
    gdelt.put(name(0), gdelt.files[name(0)][:-30], False)


def wrong_md5(gdelt: LocalGdelt) -> None:
    gdelt.list_newest(name(0), len(gdelt.files[name(0)]), "0" * 32, False)


def wrong_size(gdelt: LocalGdelt) -> None:
    gdelt.files[name(0)] += b"x"


def bomb(gdelt: LocalGdelt) -> None:
    gdelt.put(name(0), zipped(bytes(100 * 2**20)), False)


def page(gdelt: LocalGdelt) -> None:
    gdelt.put(name(0), b"<html>Under construction</html>", False)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (truncated, "is a damaged zip"),
        (wrong_md5, "size or md5 differ"),
        (wrong_size, "size or md5 differ"),
        (bomb, "unfolds to 100 MiB"),
        (page, "is not a zip"),
    ],
)
def test_a_damaged_file_marks_the_source_and_is_passed_when_others_can_be_read(
    gdelt: LocalGdelt, world: Surroundings, fault: object, says: str
) -> None:
    english(gdelt, 1, 0)
    assert callable(fault)
    fault(gdelt)
    with pytest.raises(FetchFailed) as failed:
        read(gdelt, world, memory(1))
    assert failed.value.reason.startswith(gdelt.folder + name(0))
    assert says in failed.value.reason
    assert not failed.value.permanent
    reading = read(gdelt, world, memory(2))
    assert titles(reading) == [stamp(1)]
    assert any(says in note for note in reading.notes)
    assert state_of(reading.memory.cursor).late == (GkgFile(stamp(0)),)


def test_a_damaged_file_has_a_second_try_and_then_its_time(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 2, 1, 0)
    gdelt.files[name(1)] = b"PK\x03\x04 rest of a disk that was full"
    days_later = NOW + timedelta(days=2)
    reading = read(gdelt, world, memory(2), days_later)
    assert state_of(reading.memory.cursor).late == (GkgFile(stamp(1)),)
    mended = dict(gdelt.files)
    english(gdelt, 1, 0)
    assert titles(read(gdelt, world, reading.memory, days_later)) == [stamp(1)]
    gdelt.files = mended
    given_up = read(gdelt, world, reading.memory, days_later)
    assert given_up.gap == Gap(since=NEWEST - 2 * QUARTER, until=NEWEST - QUARTER)
    assert state_of(given_up.memory.cursor).late == ()


def test_a_file_beyond_what_is_fetched_counts_as_damaged(gdelt: LocalGdelt) -> None:
    english(gdelt, 1, 0)
    gdelt.put(name(0), bytes(5000), False)
    hosts = frozenset({"127.0.0.1"})
    with (
        Fetcher(pause=0, max_bytes=4000, allowed_hosts=hosts) as fetcher,
        surroundings() as around,
    ):
        world = msgspec.structs.replace(around, fetcher=fetcher)
        reading = read(gdelt, world, memory(2))
    assert titles(reading) == [stamp(1)]
    assert any("is larger than" in note for note in reading.notes)


def test_a_server_that_fails_in_the_middle_costs_nothing(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 2, 1, 0)
    gdelt.faults[name(1)] = (503, b"busy", {"Retry-After": "120"})
    reading = read(gdelt, world, memory(3))
    assert titles(reading) == [stamp(2)]
    assert reading.retry_after == timedelta(seconds=120)
    assert reading.more
    assert any("503" in note for note in reading.notes)
    with pytest.raises(FetchFailed):
        read(gdelt, world, reading.memory)
    del gdelt.faults[name(1)]
    assert titles(read(gdelt, world, reading.memory)) == [stamp(1), stamp(0)]


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_a_server_that_fails_at_once_is_a_failure(
    gdelt: LocalGdelt, world: Surroundings, status: int
) -> None:
    english(gdelt, 0)
    gdelt.faults[name(0)] = (status, b"Please come back", {"Retry-After": "60"})
    with pytest.raises(FetchFailed) as failed:
        read(gdelt, world)
    assert failed.value.http_status == status
    assert failed.value.reason.startswith(gdelt.folder)


def test_one_stream_that_fails_does_not_silence_the_other(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 0)
    gdelt.faults["lastupdate-translation.txt"] = (500, b"", {})
    reading = GkgReader().read(source(gdelt, translated=True), Memory(), world, NOW)
    assert titles(reading) == [stamp(0)]
    assert any("lastupdate-translation.txt answered 500" in note for note in reading.notes)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Moved</html>",
        b"1 2 3\n",
        b"10 " + b"0" * 32 + b" http://d.example/20261123181500.export.CSV.zip\n",
        b"10 " + b"0" * 32 + b" http://d.example/20261123181507.gkg.csv.zip\n",
        b"10 " + b"0" * 32 + b" http://d.example/20261399181500.gkg.csv.zip\n",
        b"10 " + b"0" * 32 + b" http://d.example/20261123181500.translation.gkg.csv.zip\n",
        b"10 " + b"0" * 32 + b" http://d.example/99991231234500.gkg.csv.zip\n",
        b"\xff\x00" * 5000,
    ],
)
def test_a_list_without_a_file_that_can_be_is_a_failure(
    gdelt: LocalGdelt, world: Surroundings, body: bytes
) -> None:
    gdelt.files["lastupdate.txt"] = body
    with pytest.raises(FetchFailed) as failed:
        read(gdelt, world)
    assert failed.value.reason.startswith(f"{gdelt.folder}lastupdate.txt names")
    assert "\n" not in failed.value.reason


def test_a_list_that_goes_back_in_time_changes_nothing(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 0, 3)
    reading = read(gdelt, world, memory(0))
    assert (reading.unchanged, reading.memory) == (True, memory(0))


def test_a_newest_file_that_is_old_is_noted(gdelt: LocalGdelt, world: Surroundings) -> None:
    english(gdelt, 0)
    assert not read(gdelt, world, memory(0)).notes
    (note,) = read(gdelt, world, memory(0), NOW + timedelta(hours=3)).notes
    assert name(0) in note


def test_a_back_fill_reads_the_files_of_its_days_and_goes_on_where_it_ended(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    for back in range(12):
        gdelt.publish(stamp(back), row(1, stamp=stamp(back)))
    gdelt.asked.clear()
    first, last = NEWEST - 8 * QUARTER + timedelta(minutes=3), NEWEST - 2 * QUARTER
    known, seen, more = Memory(), [], True
    now = NOW + timedelta(days=30)
    while more:
        reading = GkgReader().back_fill(source(gdelt), first, last, known, world, now)
        known, more = reading.memory, reading.more
        seen += titles(reading)
    assert seen == [stamp(back) for back in range(7, 0, -1)]
    assert "lastupdate.txt" not in gdelt.asked
    done = GkgReader().back_fill(source(gdelt), first, last, known, world, now)
    assert (done.documents, done.more, done.unchanged) == ((), False, True)


def test_a_back_fill_notes_what_is_missing(gdelt: LocalGdelt, world: Surroundings) -> None:
    english(gdelt, 3, 1)
    now = NOW + timedelta(days=30)
    first, last = NEWEST - 3 * QUARTER - timedelta(minutes=1), NEWEST - 2 * QUARTER
    reading = GkgReader().back_fill(source(gdelt), first, last, Memory(), world, now)
    assert titles(reading) == [stamp(3), stamp(1)]
    assert reading.gap == Gap(since=NEWEST - 3 * QUARTER, until=NEWEST - 2 * QUARTER)


def test_a_back_fill_asks_for_no_files_of_the_future_nor_before_the_first(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    english(gdelt, 0)
    reader, one = GkgReader(), source(gdelt)
    reading = reader.back_fill(one, NEWEST - QUARTER, NOW + 9 * QUARTER, Memory(), world, NOW)
    assert (titles(reading), reading.more) == ([stamp(0)], False)
    with pytest.raises(FetchFailed, match="begins with 2015-02-18") as failed:
        early = datetime(2014, 1, 1, tzinfo=UTC)
        reader.back_fill(one, early, NOW, Memory(), world, NOW)
    assert failed.value.permanent


def test_what_is_due_is_a_function_of_the_state() -> None:
    newest = (GkgFile(stamp(0)), GkgFile(stamp(1), True))
    assert due(GkgState(), newest, 9) == (GkgFile(stamp(1), True), GkgFile(stamp(0)))
    assert due(GkgState(stamp(0), stamp(1)), newest, 9) == ()
    files = due(GkgState(stamp(3), stamp(3)), newest, 4)
    assert [(file.stamp, file.translated) for file in files] == [
        (stamp(2), False),
        (stamp(2), True),
        (stamp(1), False),
        (stamp(1), True),
    ]


def test_files_are_adjoining_when_no_quarter_is_missing_between_them() -> None:
    files = [GkgFile(stamp(0)), GkgFile(stamp(1), True), GkgFile(stamp(2)), GkgFile(stamp(2), True)]
    assert adjoining(files)
    assert adjoining([])
    assert not adjoining([files[0], files[2]])
    assert quarter_before(NOW + timedelta(microseconds=7)) == NEWEST
    assert listed("", False) is None
