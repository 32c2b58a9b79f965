"""The Atom channel: a feed that readers can read, whole at every moment, whatever stands in it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest

from alerts.atom_feed import MOST_ENTRIES, NotOurFeed, atom_entry, read_atom, write_atom
from alerts.channel import ChannelFailed
from alerts.channel_url import AtomSettings, channel_settings
from alerts.channels.atom_channel import AtomChannel
from tests.hostile_text import HOSTILE, hostile_message, unseen
from tests.told import AT, message

ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alerts.atom"


def channel(path: Path, options: str = "") -> AtomChannel:
    settings = channel_settings(f"atom:///{path}{options}")
    assert isinstance(settings, AtomSettings)
    return AtomChannel("feed", settings)


def parsed(path: Path) -> Any:
    feed = feedparser.parse(path.read_bytes())
    assert not feed.bozo, feed.bozo_exception
    assert feed.version == "atom10"
    return feed


def test_a_message_is_an_entry_that_a_reader_shows(path: Path) -> None:
    channel(path, "?title=Alerts%20of%20ours&link=https://board.example.org/").send(message())
    feed = parsed(path)
    assert feed.feed.title == "Alerts of ours"
    assert feed.feed.link == "https://board.example.org/"
    assert feed.feed.author == "Barometer"
    assert feed.feed.updated == "2026-03-11T06:00:00Z"
    (entry,) = feed.entries
    assert entry.title == message().title
    assert entry.updated == "2026-03-11T06:00:00Z"
    assert entry.id.startswith("urn:uuid:")
    assert entry.id != feed.feed.id
    assert {tag.term for tag in entry.tags} == {"opened", "alert", "XA"}
    assert "Net support fell.\n\nSee the figures:" in entry.content[0].value


def test_the_newest_entry_comes_first_and_fifty_stay(path: Path) -> None:
    made = channel(path)
    for number in range(MOST_ENTRIES + 3):
        made.send(
            message(
                id=f"m{number}", title=f"News {number}", created_at=AT + timedelta(hours=number)
            )
        )
    titles = [entry.title for entry in parsed(path).entries]
    assert titles == [f"News {number}" for number in range(MOST_ENTRIES + 2, 2, -1)]
    assert parsed(path).feed.updated == "2026-03-13T10:00:00Z"


def test_a_message_that_is_sent_twice_stands_there_once_and_changes_nothing(path: Path) -> None:
    channel(path).send(message())
    channel(path).send(message("resolved"))
    before = path.read_bytes(), path.stat().st_ino
    channel(path).send(message())
    assert (path.read_bytes(), path.stat().st_ino) == before
    assert len(parsed(path).entries) == 2


def test_a_feed_keeps_its_identity_from_one_process_to_the_next(path: Path) -> None:
    channel(path).send(message())
    first = parsed(path)
    channel(path).send(message("worse", created_at=AT + timedelta(days=1)))
    second = parsed(path)
    assert first.feed.id == second.feed.id
    assert first.entries[0].id == second.entries[1].id


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_it_says_the_feed_is_xml_and_shows_text(path: Path, name: str) -> None:
    made = channel(path)
    made.send(hostile_message(HOSTILE[name]))
    made.send(message())
    assert len(parsed(path).entries) == 2
    root = ElementTree.fromstring(path.read_bytes())
    entries = {each.findtext(f"{ATOM}id"): each for each in root.iterfind(f"{ATOM}entry")}
    entry = entries[atom_entry(hostile_message(HOSTILE[name])).id]
    content = entry.find(f"{ATOM}content")
    assert content is not None
    assert content.text is not None
    inside = content.text.removeprefix("<pre>").removesuffix("</pre>")
    assert len(content.text) - len(inside) == len("<pre></pre>")
    assert "<" not in inside
    assert not unseen(inside)
    assert not unseen(entry.findtext(f"{ATOM}title", ""))
    assert entry.find(f"{ATOM}link") is None


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_written_is_read_back_as_it_was(name: str) -> None:
    entries = (atom_entry(message()), atom_entry(hostile_message(HOSTILE[name])))
    assert read_atom(write_atom(entries, name="feed", title=HOSTILE[name])) == entries


def test_a_feed_without_entries_is_not_written() -> None:
    assert read_atom(b"") == ()
    with pytest.raises(ValueError, match="needs an entry"):
        write_atom((), name="feed", title="x")


@pytest.mark.parametrize(
    "data",
    [
        b"my diary\n",
        b"<?xml version='1.0' encoding='utf-8'?>\n<html/>",
        b"<?xml version='1.0' encoding='utf-8'?>\n<feed",
        b"<?xml version='1.0' encoding='utf-8'?>\n<!DOCTYPE x [<!ENTITY a 'b'>]>\n<x>&a;</x>",
        b"\xff\xfe<\x00?\x00",
    ],
)
def test_a_file_that_is_no_feed_of_ours_is_not_overwritten(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    with pytest.raises(ChannelFailed, match=r"does not overwrite .*alerts\.atom") as failed:
        channel(path).send(message())
    assert failed.value.permanent
    assert "move this one away" in failed.value.reason
    assert path.read_bytes() == data
    with pytest.raises(NotOurFeed):
        read_atom(data)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ChannelFailed, match="no-such-folder") as failed:
        channel(tmp_path / "no-such-folder" / "alerts.atom").send(message())
    assert failed.value.permanent
    assert failed.value.reason.endswith("name another file in its url")


def test_nothing_else_is_left_beside_the_feed_and_a_web_server_may_read_it(path: Path) -> None:
    channel(path).send(message())
    assert sorted(each.name for each in path.parent.iterdir()) == [".alerts.atom.lock", path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_full_disk_leaves_the_feed_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    channel(path).send(message())
    before = path.read_bytes()

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ChannelFailed, match="No space left") as failed:
        channel(path).send(message("resolved"))
    assert not failed.value.permanent
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) == 2


def test_writers_at_the_same_time_lose_no_entry_and_readers_find_it_whole(path: Path) -> None:
    channel(path).send(message(id="first"))

    def send(number: int) -> int:
        channel(path).send(message(id=f"m{number}"))
        return len(read_atom(path.read_bytes()))

    with ThreadPoolExecutor(8) as pool:
        assert min(pool.map(send, range(30))) >= 1
    assert len(parsed(path).entries) == 31
