"""The log channel: what it writes, and what it says when it cannot."""

from __future__ import annotations

import errno
import logging
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alerts.channel import Channel, ChannelFailed
from alerts.channels.log_channel import LogChannel
from alerts.message import Message
from tests.hostile_text import HOSTILE, hostile_message, unseen


def message(number: int = 1, kind: str = "opened") -> Message:
    return Message(
        id=f"XA-regular-{number}-{kind}",
        incident=f"XA-regular-{number}",
        kind=kind,
        reason="because",
        title=f"Support fell: {number}",
        body=f"The whole story of {number}, Größe.\n",
        created_at=datetime(2026, 3, 11, 6, tzinfo=UTC),
    )


def test_a_message_goes_to_the_log_with_title_and_body(caplog: pytest.LogCaptureFixture) -> None:
    channel: Channel = LogChannel()
    assert channel.name == "log"
    with caplog.at_level(logging.INFO, "barometer.alerts"):
        channel.send(message())
        channel.send(message(kind="resolved"))
    assert [r.levelname for r in caplog.records] == ["WARNING", "INFO"]
    assert caplog.records[0].getMessage() == "Support fell: 1\nThe whole story of 1, Größe.\n"


def test_messages_are_appended_to_the_file_in_order(tmp_path: Path) -> None:
    path = tmp_path / "alerts.log"
    for number in (1, 2):
        LogChannel(path).send(message(number))
    text = path.read_text("utf-8")
    assert text.index("Support fell: 1") < text.index("Support fell: 2")
    assert "2026-03-11 06:00 UTC · XA-regular-1-opened" in text
    assert "The whole story of 2, Größe." in text
    assert text.count("-" * 78) == 2


def test_what_the_file_does_not_take_is_not_logged_as_sent(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        caplog.at_level(logging.INFO, "barometer.alerts"),
        pytest.raises(ChannelFailed) as failed,
    ):
        LogChannel(tmp_path / "no-such-folder" / "alerts.log").send(message())
    assert failed.value.permanent
    assert "no-such-folder" in failed.value.reason
    assert "name another file" in str(failed.value)
    assert caplog.records == []


def test_a_folder_in_place_of_the_file_is_a_permanent_failure(tmp_path: Path) -> None:
    with pytest.raises(ChannelFailed, match="Is a directory") as failed:
        LogChannel(tmp_path).send(message())
    assert failed.value.permanent


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_a_failure_that_passes() -> None:
    with pytest.raises(ChannelFailed, match="No space left") as failed:
        LogChannel(Path("/dev/full")).send(message())
    assert not failed.value.permanent


def test_half_a_message_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "alerts.log"
    LogChannel(path).send(message(1))
    before = path.read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:20]))
    with pytest.raises(ChannelFailed) as failed:
        LogChannel(path).send(message(2))
    assert not failed.value.permanent
    assert os.strerror(errno.ENOSPC) in failed.value.reason
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", HOSTILE)
def test_text_from_outside_commands_no_terminal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    path = tmp_path / "alerts.log"
    with caplog.at_level(logging.INFO, "barometer.alerts"):
        LogChannel(path).send(hostile_message(HOSTILE[name]))
    assert not unseen(path.read_text("utf-8"))
    assert not unseen(caplog.records[0].getMessage())
    assert path.read_text("utf-8").splitlines()[1].startswith("2026-03-11 06:00 UTC · ")
