"""Kafka behind TLS and a login: the settings reach the broker, refusals are one sentence, secrets stay secret."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from ingest.bus import BusRefused, Record, connect
from tests.fixtures_bus import QUICK_KAFKA
from tests.fixtures_command import Place
from tests.services import Broker
from tests.test_bus import read, records, values
from tests.tls_proxy import TlsProxy

PASSWORD = "s3cret/p@ss"
ESCAPED = "s3cret%2Fp%40ss"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsProxy]:
    """A broker that is reached over TLS with the login ann."""
    folder = tmp_path_factory.mktemp("secured")
    proxy = TlsProxy(folder, login=("ann", PASSWORD))
    broker = Broker(folder, advertised=f"127.0.0.1:{proxy.port}")
    proxy.target = broker.port
    yield proxy
    proxy.close()
    broker.stop()


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsProxy]:
    """A broker that is reached over TLS by anybody."""
    folder = tmp_path_factory.mktemp("encrypted")
    proxy = TlsProxy(folder)
    broker = Broker(folder, advertised=f"127.0.0.1:{proxy.port}")
    proxy.target = broker.port
    yield proxy
    proxy.close()
    broker.stop()


def url(proxy: TlsProxy, login: str = "", options: str = "") -> str:
    given = f"ssl_cafile={proxy.certificate}&{QUICK_KAFKA}{options}"
    return f"kafka://{login}127.0.0.1:{proxy.port}?{given}"


def test_documents_travel_over_tls_and_a_login(secured: TlsProxy, topic: str) -> None:
    bus = connect(url(secured, f"ann:{ESCAPED}@"))
    bus.create_topics([topic])
    bus.publish(topic, records(10))
    consumer = bus.subscribe([topic], topic)
    messages = read(consumer, 10)
    consumer.commit(messages)
    assert values(messages) == sorted(record.value for record in records(10))
    assert bus.backlog([topic], topic) == 0
    assert all(f"\0ann\0{PASSWORD}".encode() in each for each in secured.logins)
    bus.close()


def test_a_wrong_password_is_one_sentence_that_shows_none(
    secured: TlsProxy, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(BusRefused) as refused:
        connect(url(secured, "ann:guessed@")).create_topics(["t"])
    said = str(refused.value)
    assert "refused the login (user 'ann', PLAIN); check the user and the password" in said
    assert "\n" not in said
    assert "guessed" not in said + caplog.text


def test_a_password_from_a_file_reaches_the_broker_and_is_in_nothing_that_is_written(
    place: Place, secured: TlsProxy
) -> None:
    place.unset("BAROMETER_BUS_URL")
    place.write("bus.url", url(secured, f"ann:{ESCAPED}@") + "\n")
    place.set("BAROMETER_BUS_URL_FILE", str(place.folder / "bus.url"))
    told = [place.run("migrate"), place.run("settings"), place.run("health")]
    place.write("bus.url", url(secured, "ann:guessed@"))
    told += [place.run("migrate")]
    assert [said.status for said in told[:2]] == [0, 0]
    assert "created barometer.documents.v1" in told[0].out
    assert told[3].status == 2
    assert "refused the login" in told[3].err
    everything = "".join(said.out + said.err for said in told)
    for secret in (PASSWORD, ESCAPED, "guessed"):
        assert secret not in everything


def test_a_certificate_that_nobody_vouches_for_is_refused_with_the_remedy(
    encrypted: TlsProxy,
) -> None:
    bus = connect(f"kafka://127.0.0.1:{encrypted.port}?security_protocol=SSL")
    with pytest.raises(BusRefused, match=r"not trusted.*ssl_cafile in BAROMETER_BUS_URL"):
        bus.create_topics(["t"])


def test_a_name_that_is_not_in_the_certificate_is_refused(encrypted: TlsProxy) -> None:
    options = f"security_protocol=SSL&ssl_cafile={encrypted.certificate}"
    bus = connect(f"kafka://localhost:{encrypted.port}?{options}")
    with pytest.raises(BusRefused, match="certificate"):
        bus.create_topics(["t"])


def test_text_travels_compressed_unless_it_is_said_otherwise(
    encrypted: TlsProxy, topic: str
) -> None:
    text = b"The scheme for seasonal workers was debated again. " * 2_000
    sent = {}
    for codec in ("lz4", "gzip", "none"):
        name = f"{topic}-{codec}"
        option = "" if codec == "lz4" else f"&compression_type={codec}"
        bus = connect(url(encrypted, options=f"&security_protocol=SSL{option}"))
        bus.create_topics([name], partitions=1)
        bus.publish(name, [Record("k", b"first")])
        before = encrypted.received
        bus.publish(name, [Record("k", text)])
        sent[codec] = encrypted.received - before
        assert values(read(bus.subscribe([name], name), 2)) == sorted([b"first", text])
        bus.close()
    assert sent["none"] > len(text)
    assert sent["lz4"] < len(text) / 10
    assert sent["gzip"] < len(text) / 10


def test_a_codec_that_is_not_there_is_refused_in_words(encrypted: TlsProxy, topic: str) -> None:
    with pytest.raises(BusRefused, match="compression_type to 'brotli'; it is one of none, gzip"):
        connect(url(encrypted, options="&compression_type=brotli"))
    bus = connect(url(encrypted, options="&security_protocol=SSL&compression_type=snappy"))
    bus.create_topics([topic])
    if find_spec("snappy") is None and find_spec("cramjam") is None:
        with pytest.raises(BusRefused, match="snappy"):
            bus.publish(topic, records(1))
    bus.close()
