"""Settings: where they come from, which one wins, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.settings import Settings, SettingsRefused, load_settings
from tests.fixtures_command import SECRET, Place

README = Path(__file__).resolve().parents[1] / "README.md"


def refusal(place: Place) -> str:
    """What is said of the settings, in a process and by the function alike."""
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    said = place.run("sources", "list")
    assert said.status == 2
    assert said.sentence == str(refused.value)
    assert refused.value.__cause__ is None or SECRET not in repr(refused.value.__cause__)
    return said.sentence


@pytest.fixture
def plain(place: Place) -> Place:
    """A folder without any setting."""
    for name in ("BUS_URL", "DATABASE_URL", "ALERT_LOG", "HOST_PAUSE", "ALLOWED_HOSTS"):
        place.unset(f"BAROMETER_{name}")
    return place


def test_without_settings_everything_runs_on_one_machine(plain: Place) -> None:
    settings = load_settings()
    assert settings.bus_url == "sqlite:///var/bus.db"
    assert settings.database_url == "chdb:///var/clickhouse"
    assert list(plain.folder.iterdir()) == []


def test_the_environment_wins_over_the_file(plain: Place) -> None:
    plain.write("barometer.toml", 'batch_size = 7\nmodel = "lexicon"\ncontact = "a@example.org"\n')
    assert load_settings().batch_size == 7
    plain.set("BAROMETER_BATCH_SIZE", "9")
    assert (load_settings().batch_size, load_settings().contact) == (9, "a@example.org")


def test_another_file_can_be_named(plain: Place) -> None:
    plain.write("barometer.toml", "batch_size = 7\n")
    plain.write("other.toml", "\ufeffbatch_size = 8\n")
    plain.set("BAROMETER_SETTINGS", "other.toml")
    assert load_settings().batch_size == 8


def test_a_variable_set_to_nothing_is_not_set(plain: Place) -> None:
    plain.write("barometer.toml", "batch_size = 7\n")
    for name in Settings.model_fields:
        plain.set(f"BAROMETER_{name.upper()}", "")
    plain.set("BAROMETER_SETTINGS", "")
    plain.set("BAROMETER_BUS_URL_FILE", "")
    assert load_settings().batch_size == 7
    assert load_settings().sources is None


def test_a_secret_comes_from_a_file_without_its_line_end(plain: Place) -> None:
    url = f"clickhouse://me:{SECRET}@db.example/barometer"
    plain.write("secret", f"{url}\n")
    plain.write("barometer.toml", 'database_url = "chdb:///elsewhere"\n')
    plain.set("BAROMETER_DATABASE_URL_FILE", "secret")
    assert load_settings().database_url == url


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            b"a = = b",
            "barometer.toml is not TOML: Invalid value (at line 1, column 5); a line reads",
        ),
        (b"\xff\xfe", "barometer.toml is not UTF-8 (byte 1); mend it or move it away."),
        (b'buss_url = "x"', "sets 'buss_url', which is no setting; did you mean bus_url?"),
        (b'colour = "x"', "sets 'colour', which is no setting; README.md lists them."),
        (b"[settings]\nmodel = 'lexicon'", "sets 'settings', which is no setting"),
        (
            b'batch_size = "many"',
            "batch_size in barometer.toml cannot be used: it must be a valid integer (it is 'many').",
        ),
        (b"batch_size = 0", "it must be greater than or equal to 1 (it is 0)."),
        (b"bus_url = 5", "bus_url in barometer.toml cannot be used: it must be a valid string."),
        (b'bus_url = ""', "bus_url in barometer.toml cannot be used: it is empty; leave it out"),
        (b'sources = "a\\u0000b"', "it contains a character that cannot be printed"),
        (b'timezone = "Mars/Base"', "use a name of the tz database, like Europe/Rome (it is 'Mars"),
        (b'timezone = "../../etc"', "use a name of the tz database"),
        (b'log_level = "loud"', "use DEBUG, INFO, WARNING or ERROR (it is 'loud')"),
        (b"host_pause = nan", "host_pause in barometer.toml cannot be used"),
        (b"false_alarms_per_year = 0", "it must be greater than 0 (it is 0)."),
        (b"digest_day = 8", "it must be less than or equal to 7"),
    ],
)
def test_a_fault_in_the_file_is_named_with_file_and_setting(
    plain: Place, content: bytes, says: str
) -> None:
    plain.write("barometer.toml", content)
    assert says in refusal(plain)


def test_a_file_that_was_named_and_cannot_be_read_is_refused(plain: Place) -> None:
    plain.set("BAROMETER_SETTINGS", "nowhere.toml")
    assert refusal(plain) == (
        "The settings file nowhere.toml cannot be read (No such file or directory);"
        " correct or unset BAROMETER_SETTINGS."
    )
    plain.set("BAROMETER_SETTINGS", ".")
    assert "(Is a directory)" in refusal(plain)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BAROMETER_BATCH_SIZE", "many", "BAROMETER_BATCH_SIZE cannot be used: it must be a valid"),
        ("BAROMETER_BATCHSIZE", "5", "is no setting; did you mean BAROMETER_BATCH_SIZE?"),
        ("BAROMETER_FOO", "5", "BAROMETER_FOO is no setting; README.md lists them."),
        ("BAROMETER_CONTACT", "a\x1b[31m", "BAROMETER_CONTACT cannot be used: it contains a char"),
        ("BAROMETER_SIMULATED", "perhaps", "BAROMETER_SIMULATED cannot be used"),
    ],
)
def test_a_fault_in_the_environment_is_named_with_its_variable(
    plain: Place, name: str, value: str, says: str
) -> None:
    plain.write("barometer.toml", "batch_size = 7\n")
    plain.set(name, value)
    assert says in refusal(plain)


def test_a_secret_file_that_is_of_no_use_is_named_and_never_quoted(plain: Place) -> None:
    plain.set("BAROMETER_DATABASE_URL_FILE", "nowhere")
    assert "The file nowhere that BAROMETER_DATABASE_URL_FILE names cannot be read" in refusal(
        plain
    )
    plain.write("secret", SECRET.encode() + b"\xff")
    plain.set("BAROMETER_DATABASE_URL_FILE", "secret")
    assert "(it is not UTF-8)" in refusal(plain)
    plain.write("secret", " \n")
    assert "names is empty; write the value into it." in refusal(plain)
    plain.write("secret", f"clickhouse://me:{SECRET}\x07@h")
    assert "BAROMETER_DATABASE_URL cannot be used: it contains a character" in refusal(plain)


def test_a_setting_and_its_file_cannot_both_be_set(plain: Place) -> None:
    plain.set("BAROMETER_DATABASE_URL", f"clickhouse://me:{SECRET}@h/b")
    plain.set("BAROMETER_DATABASE_URL_FILE", "secret")
    assert refusal(plain) == (
        "BAROMETER_DATABASE_URL and BAROMETER_DATABASE_URL_FILE are both set; keep one."
    )


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_in_the_table_of_the_readme(name: str) -> None:
    assert f"| `BAROMETER_{name.upper()}` |" in README.read_text("utf-8")


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())
