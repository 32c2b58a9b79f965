"""From the rules to open channels: the one place that knows which settings belong to which class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from alerts.channel import Channel
from alerts.channel_rules import ChannelRule, ChannelsRefused
from alerts.channel_url import (
    AppriseSettings,
    AtomSettings,
    ChannelSettings,
    ChannelUrlRefused,
    LogSettings,
    MailSettings,
    TopicSettings,
    WebhookSettings,
    channel_settings,
)
from ingest.bus import Bus


def open_channels(
    rules: Sequence[ChannelRule], *, name: str, folder: Path, bus: Bus
) -> tuple[Channel, ...]:
    """The channels of the rules, in order. `name` is what errors call the list, `folder` where its `url_file`s are
    looked for, `bus` belongs to the caller. Nothing is sent. Raises ChannelsRefused.
    """
    channels: list[Channel] = []
    for number, rule in enumerate(rules, start=1):
        place = f"{name}: channel {number} ({rule.name})"
        try:
            settings = rule.settings or channel_settings(_secret(rule, folder, place))
            channels.append(open_channel(rule.name, settings, bus))
        except ChannelUrlRefused as error:
            raise ChannelsRefused(f"{place}: {error}.") from None
    return tuple(channels)


def open_channel(name: str, settings: ChannelSettings, bus: Bus) -> Channel:
    """One channel. What only one kind needs is imported only for it. Raises ChannelUrlRefused."""
    match settings:
        case LogSettings():
            from alerts.channels.log_channel import LogChannel

            return LogChannel(Path(settings.path) if settings.path else None, name=name)
        case MailSettings():
            from alerts.channels.mail_channel import MailChannel

            return MailChannel(name, settings)
        case WebhookSettings():
            from alerts.channels.webhook_channel import WebhookChannel

            return WebhookChannel(name, settings)
        case AppriseSettings():
            from alerts.channels.apprise_channel import AppriseChannel

            return AppriseChannel(name, settings)
        case AtomSettings():
            from alerts.channels.atom_channel import AtomChannel

            return AtomChannel(name, settings)
        case TopicSettings():
            from alerts.channels.topic_channel import TopicChannel

            return TopicChannel(name, settings, bus)


def _secret(rule: ChannelRule, folder: Path, place: str) -> str:
    path = folder / rule.url_file
    try:
        url = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        # Without the cause where it would quote what the file holds.
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ChannelsRefused(
            f"{place}: the file {path} that url_file names cannot be read ({reason}); correct the name."
        ) from None
    if not url:
        raise ChannelsRefused(
            f"{place}: the file {path} that url_file names is empty; write the url into it."
        )
    return url
