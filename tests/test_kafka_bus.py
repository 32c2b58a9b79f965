"""The Kafka bus: its URL, what its errors say, a broker that goes away, and other clients."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from kafka import KafkaProducer, errors

from ingest.bus import (
    BusError,
    BusRefused,
    BusUnavailable,
    Record,
    RecordTooLarge,
    connect,
)
from ingest.kafka_client_bus import KNOWN, KafkaClients
from ingest.kafka_url import KafkaAddress, kafka_address
from tests.fixtures_bus import QUICK_KAFKA
from tests.services import Broker, free_port, missing
from tests.test_bus import ROOT, read, records, until, values

PASSWORD = "s3cret/p@ss"  # a made-up one, to look for in messages
ESCAPED = "s3cret%2Fp%40ss"


# -- The URL ---------------------------------------------------------------------------------------


def test_servers_and_settings_are_read_from_the_url_in_their_types() -> None:
    address = kafka_address(
        "kafka://a:9093,b,[::1]:9094?security_protocol=SSL&session_timeout_ms=30000"
        "&check_crcs=false&ssl_cafile=/etc/ca.pem&api_version=3.9&retries=7&client_id=worker",
        KNOWN,
    )
    assert address.servers == ("a:9093", "b:9092", "[::1]:9094")
    assert address.settings == {
        "security_protocol": "SSL",
        "session_timeout_ms": 30_000,
        "check_crcs": False,
        "ssl_cafile": "/etc/ca.pem",
        "api_version": (3, 9),
        "retries": 7,
        "client_id": "worker",
    }


@pytest.mark.parametrize(
    "url",
    [
        f"kafka://ann:{ESCAPED}@host:9093",
        f"kafka://host:9093?sasl_plain_username=ann&sasl_plain_password={ESCAPED}",
    ],
)
def test_a_login_stands_before_the_host_or_in_the_settings_and_is_sent_encrypted(url: str) -> None:
    assert kafka_address(url, KNOWN).settings == {
        "sasl_plain_username": "ann",
        "sasl_plain_password": PASSWORD,
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "PLAIN",
    }


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("kafka://", "names no server"),
        ("kafka://host:99999", "not host:port"),
        ("kafka://host:port", "not host:port"),
        ("kafka://host:9092/topic", "names '/topic' after the servers"),
        ("kafka://host?sesion_timeout_ms=3", "unknown setting 'sesion_timeout_ms'"),
        ("kafka://host?session_timeout_ms=3s", "session_timeout_ms to '3s'; write a whole number"),
        ("kafka://host?check_crcs=maybe", "write true or false"),
        ("kafka://host?api_version=new", "write it like 2.6"),
        ("kafka://host?acks=1", "'acks', which Barometer sets itself"),
        ("kafka://host?enable_auto_commit=true", "which Barometer sets itself"),
        ("kafka://host?partitioner=x", "cannot be given as text"),
        ("kafka://host?security_protocol=TLS", "one of PLAINTEXT, SSL"),
        ("kafka://host?security_protocol=SASL_SSL", "PLAIN without a user or password"),
        ("kafka://u:p@host?security_protocol=SSL", "security_protocol=SSL sends none"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused_and_names_what_is_wrong(
    url: str, words: str
) -> None:
    with pytest.raises(BusRefused, match=words):
        connect(url)


def test_a_file_that_a_setting_names_must_exist() -> None:
    bus = connect("kafka://host?security_protocol=SSL&ssl_cafile=/no/such/ca.pem")
    with pytest.raises(BusRefused, match=r"ssl_cafile to /no/such/ca\.pem, which is no file"):
        bus.create_topics(["t"])


def test_settings_reach_kafka_python_and_ours_win(broker: Broker, topic: str) -> None:
    bus = connect(
        f"kafka://{broker.address}?max_poll_interval_ms=123456&batch_size=777&linger_ms=3"
    )
    bus.create_topics([topic])
    bus.publish(topic, records(1))
    member = bus.subscribe([topic], topic)
    consumer = member._consumer.config  # type: ignore[attr-defined]  # nothing else shows it
    producer = bus._producer.config  # type: ignore[attr-defined]
    assert (consumer["max_poll_interval_ms"], producer["batch_size"]) == (123_456, 777)
    assert (consumer["enable_auto_commit"], consumer["auto_offset_reset"]) == (False, "earliest")
    assert (producer["acks"], producer["enable_idempotence"]) == (-1, True)
    bus.close()


# -- Errors in words -------------------------------------------------------------------------------


def sentences(url: str) -> Iterator[tuple[BusError, str]]:
    """What each of kafka-python's errors becomes."""
    clients = KafkaClients(kafka_address(url, KNOWN))
    for name in dir(errors):
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, errors.KafkaError):
            error = kind(f"it went wrong with {PASSWORD}")
            yield clients.fault(error), name


def test_every_error_of_kafka_python_becomes_one_sentence_without_the_password() -> None:
    for error, name in sentences(f"kafka://ann:{ESCAPED}@host:9093"):
        assert isinstance(error, BusRefused | BusUnavailable | RecordTooLarge), name
        assert str(error).startswith(("host:9093 ", "kafka-python does not take")), name
        assert PASSWORD not in str(error), name
        assert "\n" not in str(error), name


@pytest.mark.parametrize(
    ("error", "becomes", "words"),
    [
        (
            errors.SaslAuthenticationFailedError("bad"),
            BusRefused,
            "host:9093 refused the login (user 'ann', PLAIN); check the user and the password",
        ),
        (errors.UnsupportedSaslMechanismError(), BusRefused, "does not take this kind of login"),
        (errors.TopicAuthorizationFailedError({"t"}), BusRefused, "grant the user the right"),
        (errors.MessageSizeTooLargeError(), RecordTooLarge, "max.message.bytes"),
        (errors.KafkaTimeoutError("late"), BusUnavailable, "cannot be reached (late)"),
        (errors.NotEnoughReplicasError(), BusUnavailable, "NotEnoughReplicasError"),
        (
            errors.KafkaConnectionError("Handshake failed: CERTIFICATE_VERIFY_FAILED"),
            BusRefused,
            "name the authority's file with ssl_cafile",
        ),
        (errors.KafkaConfigurationError("x must be y"), BusRefused, "x must be y"),
    ],
)
def test_an_error_says_what_to_check(error: Exception, becomes: type[BusError], words: str) -> None:
    fault = KafkaClients(kafka_address(f"kafka://ann:{ESCAPED}@host:9093", KNOWN)).fault(error)
    assert type(fault) is becomes
    assert words in str(fault)


def test_the_password_is_in_no_repr() -> None:
    url = f"kafka://ann:{ESCAPED}@host:9093"
    assert repr(connect(url)) == "KafkaBus('host:9093')"
    assert repr(kafka_address(url, KNOWN)) == "KafkaAddress(host:9093)"
    assert "s3cret" not in repr(KafkaAddress(("host",), {"sasl_plain_password": PASSWORD}))


def test_a_wrong_login_is_refused_at_once(tmp_path: Path) -> None:
    broker = Broker(tmp_path, options=["--authentication"])
    try:
        bus = connect(
            f"kafka://ann:{ESCAPED}@{broker.address}"
            "?security_protocol=SASL_PLAINTEXT&sasl_mechanism=SCRAM-SHA-256"
        )
        with pytest.raises(BusRefused, match="refused the login") as refused:
            bus.create_topics(["t"])
        assert PASSWORD not in str(refused.value)
    finally:
        broker.stop()


def test_a_login_where_none_is_taken_is_refused(broker: Broker) -> None:
    bus = connect(f"kafka://ann:x@{broker.address}?security_protocol=SASL_PLAINTEXT")
    with pytest.raises(BusRefused, match="check security_protocol and sasl_mechanism"):
        bus.create_topics(["t"])


def test_a_port_that_never_finishes_a_tls_handshake_is_unavailable(broker: Broker) -> None:
    url = f"kafka://{broker.address}?security_protocol=SSL&bootstrap_timeout_ms=300"
    with pytest.raises(BusUnavailable, match="the port speaks SSL"):
        connect(url).create_topics(["t"])


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (f"127.0.0.1:{free_port()}", "ECONNREFUSED"),
        ("no-such-host.invalid:9092", "DNS Resolution failure"),
    ],
    ids=["a free port", "an unknown host"],  # the same names in every process of pytest
)
def test_an_unreachable_broker_is_named_with_the_cause_and_leaves_no_thread(
    server: str, words: str
) -> None:
    before = set(threading.enumerate())
    with pytest.raises(BusUnavailable, match=f"{server} cannot be reached .*{words}.*check"):
        connect(f"kafka://{server}?bootstrap_timeout_ms=500").backlog(["t"], "g")
    assert set(threading.enumerate()) <= before


def test_kafka_pythons_log_stays_quiet() -> None:
    code = (
        "import logging, sys\n"
        "logging.basicConfig(level=logging.INFO)\n"
        "from ingest.bus import BusUnavailable, connect\n"
        "try: connect(sys.argv[1]).create_topics(['t'])\n"
        "except BusUnavailable: print('unavailable')"
    )
    url = f"kafka://127.0.0.1:{free_port()}?bootstrap_timeout_ms=300"
    ended = subprocess.run(
        [sys.executable, "-c", code, url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (ended.stdout, ended.stderr) == ("unavailable\n", "")


# -- A broker that goes away -----------------------------------------------------------------------


def test_a_broker_that_dies_is_unavailable_and_the_same_bus_works_when_it_is_back(
    tmp_path: Path, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.kafka_member_bus.ALIVE_SECONDS", 0.3)
    broker = Broker(tmp_path)
    try:
        bus = connect(
            f"kafka://{broker.address}?{QUICK_KAFKA}&request_timeout_ms=1000"
            "&delivery_timeout_ms=1500&bootstrap_timeout_ms=500"
        )
        bus.create_topics([topic])
        bus.publish(topic, records(5))
        consumer = bus.subscribe([topic], topic)
        consumer.commit(read(consumer, 5))
        broker.stop()
        with pytest.raises(BusUnavailable, match=broker.address):
            bus.publish(topic, records(5))
        with pytest.raises(BusUnavailable, match=broker.address):
            until(lambda: False, lambda: consumer.poll(10, 0.1))
        with pytest.raises(BusUnavailable, match=broker.address):
            bus.backlog([topic], topic)
        broker.start()  # empty: this broker keeps nothing
        bus.create_topics([topic])
        bus.publish(topic, records(3))
        again = bus.subscribe([topic], topic)
        assert values(read(again, 3)) == values(read(bus.subscribe([topic], f"{topic}-2"), 3))
        bus.close()
    finally:
        broker.stop()


def test_closing_while_the_broker_is_away_neither_fails_nor_hangs(
    tmp_path: Path, topic: str
) -> None:
    broker = Broker(tmp_path)
    bus = connect(f"kafka://{broker.address}?{QUICK_KAFKA}")
    bus.create_topics([topic])
    bus.publish(topic, records(5))
    consumer = bus.subscribe([topic], topic)
    read(consumer, 5)
    broker.stop()
    consumer.close()
    bus.close()


# -- Other clients ---------------------------------------------------------------------------------


def test_kcat_reads_what_we_published(broker: Broker, kafka_url: str, topic: str) -> None:
    kcat = shutil.which("kcat")
    if kcat is None:
        missing("kcat is not installed; apt-get install kcat")
    bus = connect(kafka_url)
    bus.create_topics([topic], partitions=1)
    sent = [Record(f"k{n}", f"wert-é-{n}".encode(), {"origin": f"o/{n}"}) for n in range(9)]
    bus.publish(topic, sent)
    bus.close()
    # librdkafka cannot read Tansu's list of versions, so it is told to ask for none; and Tansu's
    # answer to its old question for the last offset is too short, so it is told how many to read.
    old = ["-X", "api.version.request=false", "-X", "broker.version.fallback=0.9.0.1"]
    range_of_nine = ["-p", "0", "-o", "0", "-c", "9"]
    shown = subprocess.run(
        [kcat, "-C", "-b", broker.address, "-t", topic, *old, *range_of_nine, "-f", "%k|%s|%h\n"],
        capture_output=True,
        timeout=60,
        check=True,
    )
    wanted = [f"k{n}|wert-é-{n}|origin=o/{n}" for n in range(9)]
    assert shown.stdout.decode().splitlines() == wanted


def test_messages_of_other_programs_are_taken_as_they_are(
    broker: Broker, kafka_url: str, topic: str
) -> None:
    bus = connect(kafka_url)
    bus.create_topics([topic], partitions=1)
    other = KafkaProducer(bootstrap_servers=broker.address)
    other.send(topic, value=b"no key, no headers")
    other.send(topic, key=b"\xff", value=None, headers=[("h", b"\xfe")])
    other.flush()
    other.close()
    first, second = read(bus.subscribe([topic], topic), 2)
    assert (first.key, first.value, first.headers) == ("", b"no key, no headers", {})
    assert first.origin == f"{topic}/0/0"
    assert (second.key, second.value, second.headers) == ("�", b"", {"h": "�"})
    bus.close()
