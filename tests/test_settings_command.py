"""`barometer settings`: everything that is in force, where it comes from, and not one secret."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from flows.masking import holds_secret, masked, masked_url
from flows.settings import Settings
from tests.fixtures_command import SECRET, Place

FORMS: tuple[list[str], ...] = ([], ["--json"], ["--env"])


def shown(place: Place) -> dict[str, dict[str, Any]]:
    said = place.run("settings", "--json")
    assert (said.status, said.err) == (0, "")
    return {each["name"]: each for each in json.loads(said.out)}


def variables(place: Place) -> dict[str, str]:
    """What a shell makes of `--env`."""
    said = place.run("settings", "--env")
    assert (said.status, said.err) == (0, "")
    lines = [line for line in said.out.splitlines() if not line.startswith("#")]
    assert all(len(shlex.split(line)) == 1 for line in lines)
    return dict(shlex.split(line)[0].split("=", maxsplit=1) for line in lines)


def test_every_setting_is_shown_with_value_origin_and_meaning(place: Place) -> None:
    place.write("barometer.toml", "batch_size = 7\nwatch_minutes = 30\n")
    place.write("bus-secret", f"kafka://me:{SECRET}@bus.example:9092\n")
    place.unset("BAROMETER_BUS_URL")
    place.set("BAROMETER_BUS_URL_FILE", "bus-secret")
    place.set("BAROMETER_WATCH_MINUTES", "45")
    found = shown(place)
    assert list(found) == list(Settings.model_fields)
    assert (found["batch_size"]["value"], found["batch_size"]["from"]) == (7, "barometer.toml")
    assert (found["watch_minutes"]["value"], found["watch_minutes"]["from"]) == (
        45,
        "BAROMETER_WATCH_MINUTES",
    )
    assert found["digest_day"]["from"] == "default"
    assert found["simulated"]["value"] is False
    assert found["board"]["value"] is None
    bus = found["bus_url"]
    assert (bus["value"], bus["from"], bus["file"], bus["secret"]) == (
        "kafka://me:***@bus.example:9092",
        "BAROMETER_BUS_URL_FILE",
        "bus-secret",
        True,
    )
    assert all(each["meaning"] for each in found.values())
    text = place.run("settings").out
    for name, each in found.items():
        assert f"{name} " in text
        assert " ".join(each["meaning"].split())[:30] in " ".join(text.split())
    assert "    BAROMETER_BUS_URL_FILE, the file bus-secret. Bus: " in text


@pytest.mark.parametrize("columns", ["40", "80", "100", "200"])
def test_no_line_is_longer_than_the_terminal_or_a_hundred_columns(
    place: Place, columns: str
) -> None:
    place.set("COLUMNS", columns)
    place.set("BAROMETER_DATABASE_URL", f"clickhouse://me:pw@{'long.' * 30}example/barometer")
    lines = place.run("settings").out.splitlines()
    assert max(map(len, lines)) <= min(int(columns), 100)


def test_no_secret_is_in_any_form_wherever_it_stands(place: Place) -> None:
    place.set("BAROMETER_AUTHOR_SECRET", SECRET)
    place.set("BAROMETER_DATABASE_URL", f"clickhouse://me:{SECRET}@db.example:9000/barometer")
    for bus in (
        f"kafka://me:{SECRET}@a:9092,b:9092?security_protocol=SASL_SSL",
        f"kafka://a:9092?sasl_plain_username=me&sasl_plain_password={SECRET}&ssl_password={SECRET}",
        f"kafka://a:9092?ssl_pass%77ord={SECRET}",
        f"kafka://me:x/{SECRET}@a",
        f"kafka://me:x?{SECRET}@a",
        f"kafka://me:x?acks={SECRET}@a",
        f"kafka://me:x#{SECRET}@a",
        f"kafka://me:{SECRET}@x@a",
        f"kafka://:{SECRET}@a",
    ):
        place.set("BAROMETER_BUS_URL", bus)
        for form in FORMS:
            said = place.run("settings", *form)
            assert said.status == 0
            assert SECRET not in said.out + said.err, (bus, form)
    assert "author_secret = ***" in place.run("settings").out


def test_variables_make_the_same_settings_and_name_the_secrets_that_are_left_out(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write("barometer.toml", 'contact = "it\'s me; $(true)"\nsimulated = true\n')
    place.write("author", SECRET)
    place.set("BAROMETER_AUTHOR_SECRET_FILE", "author")
    place.set("BAROMETER_DATABASE_URL", f"clickhouse://me:{SECRET}@db.example:9000/barometer")
    before = shown(place)
    exported = variables(place)
    assert exported["BAROMETER_AUTHOR_SECRET_FILE"] == "author"
    assert exported["BAROMETER_SIMULATED"] == "true"
    assert "BAROMETER_AUTHOR_SECRET" not in exported
    assert "BAROMETER_DATABASE_URL" not in exported
    comment = "# BAROMETER_DATABASE_URL holds a secret: set it, or BAROMETER_DATABASE_URL_FILE"
    assert comment in place.run("settings", "--env").out.splitlines()

    (place.folder / "barometer.toml").unlink()
    for name, value in exported.items():
        place.set(name, value)
    after = shown(place)
    assert {n: e["value"] for n, e in after.items()} == {n: e["value"] for n, e in before.items()}


def test_two_forms_at_once_are_the_users_mistake(place: Place) -> None:
    said = place.run("settings", "--json", "--env")
    assert said.status == 2
    assert said.sentence == "--json and --env exclude each other; choose one."


@pytest.mark.parametrize(
    ("line", "variable"),
    [
        (f'database_url = "clickhouse://me:{SECRET}@h/b"', "BAROMETER_DATABASE_URL"),
        (f'bus_url = "kafka://h?sasl_plain_password={SECRET}"', "BAROMETER_BUS_URL"),
        (f'author_secret = "{SECRET}"', "BAROMETER_AUTHOR_SECRET"),
        (f'model = "https://me:{SECRET}@models.example/x"', "BAROMETER_MODEL"),
    ],
)
def test_the_settings_file_is_no_place_for_a_secret(place: Place, line: str, variable: str) -> None:
    place.write("barometer.toml", f"{line}\n")
    said = place.run("settings")
    assert said.status == 2
    assert said.sentence == (
        f"{line.split(maxsplit=1)[0]} in barometer.toml holds a secret, and a settings file is copied and shown;"
        f" set {variable}, or {variable}_FILE to the name of a file that holds it."
    )


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///var/bus.db?session_timeout=2",
        "chdb:////srv/bar ometer/clickhouse",
        "clickhouse://me@host:9000/barometer?secure=1",
        "kafka://a:9092,b:9092?security_protocol=SSL&ssl_cafile=ca.pem",
        "kafka://a:9092?sasl_plain_username=me@example.org",
        "bundled",
        "",
    ],
)
def test_what_is_no_secret_stays(url: str) -> None:
    assert masked("bus_url", url) == url
    assert not holds_secret("bus_url", url)


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("clickhouse://me:pw@h:9000/b?secure=1", "clickhouse://me:***@h:9000/b?secure=1"),
        ("kafka://h?ssl_password=pw&retries=3", "kafka://h?ssl_password=***&retries=3"),
        ("kafka://me:a%40b@h", "kafka://me:***@h"),
        ("https://h/x?api_key=pw", "https://h/x?api_key=***"),
    ],
)
def test_what_is_left_of_a_url_is_what_people_need(url: str, left: str) -> None:
    assert masked_url(url) == left
