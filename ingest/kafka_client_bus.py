"""Starting kafka-python's clients in bounded time, and saying in words why one did not start.

kafka-python tells the cause of a failed start only to its log, retries a wrong password until its
time is up, and waits without end for a TLS handshake that nobody answers. So the log is read here
while a client starts, and a watch ends the start.
"""

from __future__ import annotations

import itertools
import logging
import os
import re
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from socket import gethostname
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition, errors

from ingest.bus import BusError, BusRefused, BusUnavailable, RecordTooLarge
from ingest.kafka_url import KafkaAddress

PATIENCE_MS = 10_000
"""Time for one call to the brokers before it is BusUnavailable."""

KNOWN: dict[str, object] = {
    **KafkaAdminClient.DEFAULT_CONFIG,
    **KafkaConsumer.DEFAULT_CONFIG,
    **KafkaProducer.DEFAULT_CONFIG,
}
"""Every setting of kafka-python with its default."""

FILES = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile")

WRONG_LOGIN = (
    errors.SaslAuthenticationFailedError,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
)

ROLES = {"KafkaAdminClient": "admin", "KafkaConsumer": "read", "KafkaProducer": "publish"}
"""What a client is for, where its user does not say."""

_UNREADABLE = re.compile(r"[^A-Za-z0-9._-]+")

_numbers = itertools.count(1)


class _Listener(logging.Handler):
    """Hears the exceptions that kafka-python logs, by the thread that logged them."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.ears: dict[str, Callable[[BaseException], None]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        ear = self.ears.get(record.threadName or "")
        if ear is None or not isinstance(record.args, tuple):
            return
        for each in record.args:
            if isinstance(each, BaseException):
                ear(each)


_listener = _Listener()


def _quieten() -> None:
    """Keep kafka-python's log to itself, unless somebody set its level on purpose."""
    library = logging.getLogger("kafka")
    if library.level == logging.NOTSET:
        library.setLevel(logging.CRITICAL)
        connections = logging.getLogger("kafka.net.manager")
        connections.setLevel(logging.WARNING)
        connections.propagate = False
    logging.getLogger("kafka.net.manager").addHandler(_listener)


_quieten()


class KafkaClients:
    """Makes producers, consumers and admin clients for one address."""

    def __init__(self, address: KafkaAddress) -> None:
        self.address = address
        self.servers = ",".join(address.servers)

    @contextmanager
    def using(self, make: Any, role: str = "", /, **own: object) -> Iterator[Any]:
        """A client for the length of a `with`; what fails inside becomes a BusError."""
        client = self.start(make, role, **own)
        try:
            with self.faults():
                yield client
        finally:
            client.close()

    def start(self, make: Any, role: str = "", /, **own: object) -> Any:
        """A connected client of the class `make`. Raises BusRefused or BusUnavailable. `role` is what the operators of the
        brokers see that it is for.
        """
        for name in FILES:
            path = self.address.settings.get(name)
            if path is not None and not Path(str(path)).is_file():
                raise BusRefused(f"BAROMETER_BUS_URL sets {name} to {path}, which is no file")
        settings = self._settings(make, own, role or ROLES.get(make.__name__, "client"))
        over = threading.Event()
        heard: list[BaseException] = []
        clients: list[Any] = []

        def client(**configs: object) -> Any:
            clients.append(made := make.DEFAULT_CONFIG["kafka_client"](**configs))
            return made

        def hear(error: BaseException) -> None:
            heard.append(error)
            if self._is_login(error) or _is_certificate(error):
                over.set()

        def watch() -> None:
            over.wait(float(settings["bootstrap_timeout_ms"]) / 1000 + 1)
            if not started.is_set():
                for each in clients:
                    each.close()

        started = threading.Event()
        thread = f"kafka-io-{settings['client_id']}"
        _listener.ears[thread] = hear
        watcher = threading.Thread(target=watch, name="kafka-start", daemon=True)
        watcher.start()
        try:
            made = make(kafka_client=client, **settings)
            started.set()
            return made
        except (errors.KafkaError, OSError, RuntimeError, ValueError) as error:
            # What was heard first hand is the cause; that time ran out is only what came of it.
            causes = [each for each in heard if not isinstance(each, errors.KafkaTimeoutError)]
            final = (each for each in causes if self._is_login(each) or _is_certificate(each))
            cause = next(final, causes[-1] if causes else error)
            raise self.fault(cause) from cause
        finally:
            over.set()
            watcher.join()
            del _listener.ears[thread]

    @contextmanager
    def faults(self) -> Iterator[None]:
        """kafka-python's errors as the bus's errors."""
        try:
            yield
        except errors.KafkaError as error:
            raise self.fault(error) from error

    def fault(self, error: BaseException) -> BusError:
        """`error` in one sentence: what to check, never the password."""
        given = self.address.settings
        protocol = given.get("security_protocol", "PLAINTEXT")
        login = f"user {given.get('sasl_plain_username')!r}, {given.get('sasl_mechanism')}"
        # Some brokers hang up on a wrong password without a word.
        asked = f" and knows this login ({login})" if str(protocol).startswith("SASL") else ""
        if isinstance(error, errors.UnsupportedSaslMechanismError | errors.IllegalSaslStateError):
            return BusRefused(
                f"{self.servers} does not take this kind of login ({login});"
                " check security_protocol and sasl_mechanism in BAROMETER_BUS_URL"
            )
        if self._is_login(error):
            return BusRefused(
                f"{self.servers} refused the login ({login});"
                " check the user and the password in BAROMETER_BUS_URL"
            )
        if isinstance(error, errors.AuthorizationError):
            return BusRefused(
                f"{self.servers} does not permit this ({type(error).__name__}); grant the user the"
                " right to read and write the topics, and to use the group"
            )
        if isinstance(error, errors.MessageSizeTooLargeError | errors.RecordListTooLargeError):
            return RecordTooLarge(
                f"{self.servers} takes no record of this size;"
                " raise max.message.bytes of the topic to 1048588"
            )
        if isinstance(error, errors.FencedInstanceIdError):
            return BusRefused(
                f"{self.servers} has another worker with the same group_instance_id"
                f" ({given.get('group_instance_id')!r}); give each its own in BAROMETER_BUS_URL"
            )
        if isinstance(error, errors.UnknownTopicOrPartitionError):
            return BusRefused(f"{self.servers} has no such topic any more; create it again")
        text = self._without_password(
            " ".join(str(each) for each in error.args) or type(error).__name__
        )
        if _is_certificate(error):
            return BusRefused(
                f"{self.servers} shows a certificate that is not trusted ({text});"
                " name the authority's file with ssl_cafile in BAROMETER_BUS_URL"
            )
        if not isinstance(error, errors.KafkaError | OSError) or isinstance(
            error, errors.KafkaConfigurationError
        ):
            return BusRefused(f"kafka-python does not take these settings: {text}")
        if isinstance(error, errors.RetriableError | OSError) or _is_passing(error):
            return BusUnavailable(
                f"{self.servers} cannot be reached ({text}); check that the broker runs, the address,"
                f" and that the port speaks {protocol}{asked}"
            )
        return BusRefused(f"{self.servers} refused: {text}")

    def _settings(self, make: Any, own: Mapping[str, object], role: str) -> dict[str, Any]:
        """What the client takes: ours, then the URL's, then what this use of it must have."""
        given = self.address.settings
        patience = {
            "request_timeout_ms": PATIENCE_MS,
            "bootstrap_timeout_ms": PATIENCE_MS,
            "reconnect_backoff_max_ms": 1_000,
            "metrics_enabled": False,
        }
        # Unique in this process: the thread of a client is named after it, and heard by that name.
        name = f"{given.get('client_id', 'barometer')}-{role}-{gethostname()}-{os.getpid()}"
        client_id = f"{_UNREADABLE.sub('-', name)}-{next(_numbers)}"
        wanted = {**patience, **given, **own, "client_id": client_id}
        wanted["bootstrap_servers"] = list(self.address.servers)
        return {name: value for name, value in wanted.items() if name in make.DEFAULT_CONFIG}

    def _is_login(self, error: BaseException) -> bool:
        """Also what SCRAM makes of a refusal that it cannot read (a KeyError or ValueError)."""
        scram = str(self.address.settings.get("sasl_mechanism", "")).startswith("SCRAM")
        return isinstance(error, WRONG_LOGIN) or (
            scram and isinstance(error, KeyError | ValueError)
        )

    def _without_password(self, text: str) -> str:
        for name in ("sasl_plain_password", "ssl_password"):
            if password := self.address.settings.get(name):
                text = text.replace(str(password), "…")
        return text


def _is_certificate(error: BaseException) -> bool:
    """Asking again changes no certificate."""
    return "certificate" in str(error).lower()


def places_of(consumer: KafkaConsumer, topics: Collection[str]) -> list[TopicPartition]:
    """The partitions of those of these topics that exist, in order."""
    return [
        TopicPartition(topic, number)
        for topic in sorted(set(topics) & consumer.topics())
        for number in sorted(consumer.partitions_for_topic(topic))
    ]


def _is_passing(error: BaseException) -> bool:
    """Errors that kafka-python does not call retriable, though the same call may succeed later."""
    return isinstance(
        error,
        errors.UnknownError
        | errors.BrokerNotAvailableError
        | errors.OutOfOrderSequenceNumberError
        | errors.UnknownProducerIdError
        | errors.InvalidProducerEpochError
        | errors.UnknownBrokerIdError
        | errors.KafkaProtocolError,
    )
