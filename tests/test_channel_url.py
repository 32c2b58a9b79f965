"""The URL of a channel: what it says, and what is said of one that says nothing."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channel_url import (
    AppriseSettings,
    AtomSettings,
    ChannelUrlRefused,
    LogSettings,
    MailSettings,
    TopicSettings,
    WebhookSettings,
    channel_settings,
)
from tests.hostile_text import HOSTILE

SECRET = "hunter2-is-secret"
KEY = base64.b64encode(bytes(32)).decode()
MAIL = "from=alerts@example.org&to=press@example.org"


def refusal(url: str) -> str:
    with pytest.raises(ChannelUrlRefused) as refused:
        channel_settings(url)
    said = str(refused.value)
    assert SECRET not in said
    assert "\n" not in said
    assert not said.endswith(".")
    return said


def test_a_mail_server_with_all_its_options() -> None:
    made = channel_settings(
        "smtp://bob:p%40ss%2F@mail.example.org:2525?from=Barometer%20%3Calerts@example.org%3E"
        "&to=press@example.org,%20ada+x@example.org&list_id=alerts.example.org"
        "&unsubscribe=https://example.org/leave?list=a"
    )
    assert made == MailSettings(
        host="mail.example.org", port=2525, tls="starttls", user="bob", password="p@ss/",
        sender="alerts@example.org", sender_name="Barometer",
        to=("press@example.org", "ada+x@example.org"), list_id="alerts.example.org",
        unsubscribe="https://example.org/leave?list=a",
    )  # fmt: skip
    assert repr(made) == "MailSettings(mail.example.org:2525)"


@pytest.mark.parametrize(
    ("url", "port", "tls"),
    [
        (f"smtp://m.example.org?{MAIL}", 587, "starttls"),
        (f"smtp://m.example.org?{MAIL}&tls=none", 587, "none"),
        (f"smtps://m.example.org?{MAIL}", 465, "implicit"),
        (f"smtps://m.example.org:2465?{MAIL}", 2465, "implicit"),
    ],
)
def test_ports_and_tls_follow_the_scheme(url: str, port: int, tls: str) -> None:
    made = channel_settings(url)
    assert isinstance(made, MailSettings)
    assert (made.port, made.tls, made.list_id) == (port, tls, "barometer.example.org")


def test_a_webhook_keeps_its_own_query_and_gives_up_ours() -> None:
    made = channel_settings(
        f"https://ada:{SECRET}@hooks.example.org:8443/x?a=1&secret=whsec_{KEY}&b=%2B"
        "&allow_private=1&board=https://board.example.org/"
    )
    assert made == WebhookSettings(
        url=f"https://ada:{SECRET}@hooks.example.org:8443/x?a=1&b=%2B",
        host="hooks.example.org",
        secrets=(bytes(32),),
        allow_private=True,
        board="https://board.example.org/",
    )
    assert repr(made) == "WebhookSettings(hooks.example.org)"


@pytest.mark.parametrize("secret", [KEY, KEY.replace("=", "%3D")])
def test_a_secret_may_be_written_as_it_is_or_escaped(secret: str) -> None:
    made = channel_settings(f"https://hooks.example.org/?secret=whsec_{secret}")
    assert isinstance(made, WebhookSettings)
    assert made.secrets == (bytes(32),)
    assert not made.allow_private


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("slack://A/B/C", "slack"),
        ("tgram://123456789:LETTERS/1", "tgram"),
        ("https://hooks.slack.com/services/A/B/C", "https"),
        ("https://discord.com/api/webhooks/1/x", "https"),
        ("https://prod-01.westus.logic.azure.com:443/workflows/A/triggers", "https"),
    ],
)
def test_other_services_go_through_apprise(url: str, scheme: str) -> None:
    assert channel_settings(url) == AppriseSettings(url=url, scheme=scheme)
    assert repr(channel_settings(url)) == f"AppriseSettings({scheme})"


def test_files_and_topics() -> None:
    assert channel_settings("atom:///var/a%20b.atom?title=Ours&link=https://b.example/") == (
        AtomSettings(path="var/a b.atom", title="Ours", link="https://b.example/")
    )
    assert channel_settings("atom:////srv/a.atom") == AtomSettings(
        path="/srv/a.atom", title="Barometer alerts", link=""
    )
    assert channel_settings("topic://") == channel_settings("topic:")
    assert channel_settings("topic://other.v1?source=urn:x") == TopicSettings(
        topic="other.v1", source="urn:x"
    )
    assert channel_settings("log:") == LogSettings(path="")
    assert channel_settings("log:///var/alerts.log") == LogSettings(path="var/alerts.log")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "is empty or has a space"),
        (f"smtp://m?{MAIL} ", "has a space"),
        (f"smtp://bob:{SECRET}\r\n@m?{MAIL}", "unprintable"),
        (SECRET, "does not begin with a scheme; write smtp://"),
        (f"{SECRET}@example.org", "does not begin with a scheme"),
        (f"//bob:{SECRET}@example.org", "does not begin with a scheme"),
        (f"smtp://bob:{SECRET}/x@m.example.org?{MAIL}", "no valid host and port; write SCHEME://"),
        (f"smtp://bob:{SECRET}@m.example.org:port?{MAIL}", "no valid host and port"),
        (f"https://[{SECRET}/", "no valid host and port"),
        (f"smtp://?{MAIL}", "names no mail server"),
        (f"smtp://m.example.org/{SECRET}?{MAIL}", "has a path after the mail server"),
        (f"smtp://bob:{SECRET}#x@m.example.org?{MAIL}", "no valid host and port"),
        (f"smtp://m.example.org?{MAIL}#{SECRET}", "has a '#' in it; write it as %23"),
        ("smtp://m.example.org?to=a@example.org", "`from` is no mail address; write from="),
        ("smtp://m.example.org?from=a@example.org", "names nobody to write to; add to="),
        (f"smtp://m.example.org?from={SECRET}&to=a@b", "`from` is no mail address"),
        (f"smtp://m.example.org?from=a@b&to=c@d,{SECRET}", "address 2 in `to` is no mail address"),
        ("smtp://m?from=a@b%0D%0ABcc:x@y&to=c@d", "a character that cannot be printed"),
        ("smtp://m?from=a%22@b%3Cx@y%3E&to=c@d", "`from` is no mail address"),
        (f"smtp://m.example.org?{MAIL}&form=x", "unknown option; did you mean from?"),
        (f"smtp://m.example.org?{MAIL}&{SECRET}=x", "unknown option; known are from, to"),
        (f"smtp://m.example.org?{MAIL}&to=x@y", "has to twice; keep one"),
        (f"smtp://m.example.org?{MAIL}&tls=no", "tls to something else than starttls or none"),
        (f"smtps://m.example.org?{MAIL}&tls=none", "says smtps and sets tls too"),
        (f"smtp://bob:{SECRET}@m?{MAIL}&tls=none", "a password without encryption; remove tls"),
        (f"smtp://m?{MAIL}&list_id=one%20two", "list_id is not like a host name"),
        ("smtp://m?from=a@localhost.example&to=c@d&list_id=x", "list_id is not like a host name"),
        (f"smtp://m?{MAIL}&unsubscribe=http://x.example/", "neither an https:// nor a mailto:"),
        (f"smtp://m?{MAIL}&unsubscribe=https://x/%3E", "neither an https:// nor a mailto:"),
        ("https:///path", "names no host"),
        (f"https://hooks.example.org/x#{SECRET}", "has a '#' in it"),
        (f"https://hooks.example.org/?secret={SECRET}", "does not begin with whsec_; make one"),
        (f"https://hooks.example.org/?secret=whsec_{SECRET}", "is not base64 after whsec_"),
        ("https://hooks.example.org/?secret=whsec_c2hvcnQ=", "has 5 bytes, not 24 to 64"),
        ("https://hooks.example.org/?allow_private=yes", "allow_private is neither 0 nor 1"),
        (f"https://hooks.example.org/?board={SECRET}", "board is no http or https address"),
        ("atom://", "names no file; write atom:///var/alerts.atom"),
        ("atom://var/alerts.atom", "names no file"),
        ("atom:///var/", "names no file"),
        ("atom:///a.atom?link=javascript:x", "link is no http or https address"),
        ("topic://barometer.documents.v1", "names no topic for incidents"),
        ("topic://a%20b", "names no topic for incidents"),
        ("topic:?source=a%20b", "source is no URI"),
        ("log://x", "names no file; write log:///var/alerts.log"),
        ("log:///a.log?title=x", "unknown option; known are none"),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy_and_without_the_secret(url: str, says: str) -> None:
    assert says in refusal(url)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    for url in (text, f"smtp://{text}", f"https://{text}?secret={text}", f"atom:///{text}"):
        try:
            channel_settings(url)
        except ChannelUrlRefused as refused:
            assert str(refused).isprintable()


@pytest.mark.parametrize("option", ["from", "to", "list_id"])
@pytest.mark.parametrize("name", HOSTILE)
def test_text_that_means_harm_sets_no_option(name: str, option: str) -> None:
    others = "&".join(pair for pair in MAIL.split("&") if not pair.startswith(option))
    with pytest.raises(ChannelUrlRefused):
        channel_settings(f"smtp://m?{others}&{option}={HOSTILE[name]}")


def test_the_host_is_what_stands_after_the_last_at_sign() -> None:
    made = channel_settings("https://good.example@evil.example/")
    assert isinstance(made, WebhookSettings)
    assert made.host == "evil.example"
