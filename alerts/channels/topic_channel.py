"""The topic channel: each message as CloudEvents records on the bus, keyed by series, for programs that want to know."""

from __future__ import annotations

from alerts.channel import ChannelFailed
from alerts.channel_url import TopicSettings
from alerts.cloud_event import CONTENT_TYPE, cloud_events
from alerts.message import Message
from ingest.bus import ORIGIN, Bus, BusError, BusUnavailable, Record


class TopicChannel:
    """Publishes to one topic, which it creates where it is missing. The bus belongs to the caller."""

    def __init__(self, name: str, settings: TopicSettings, bus: Bus) -> None:
        self._name = name
        self._settings = settings
        self._bus = bus

    @property
    def name(self) -> str:
        """As the settings call it."""
        return self._name

    def __repr__(self) -> str:
        return f"TopicChannel({self._name!r}, {self._settings.topic!r})"

    def send(self, message: Message) -> None:
        """Durable when this returns. Raises ChannelFailed."""
        headers = {"content-type": CONTENT_TYPE}
        # One origin for all of a message: whoever asks where a record comes from is led to the row of `messages`.
        headers[ORIGIN] = f"message:{message.id}"
        records = [
            Record(key, event, headers)
            for key, event in cloud_events(message, source=self._settings.source)
        ]
        try:
            self._bus.create_topics([self._settings.topic])
            self._bus.publish(self._settings.topic, records)
        except BusError as error:
            permanent = not isinstance(error, BusUnavailable)
            raise ChannelFailed(
                f"the channel {self._name} cannot publish to {self._settings.topic}: {error}",
                permanent=permanent,
            ) from error
