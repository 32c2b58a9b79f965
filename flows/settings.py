"""Settings: from the environment (BAROMETER_…), a settings file, and defaults that run on one machine.

The only module that reads the environment. Secrets may come from files: BAROMETER_DATABASE_URL_FILE names
one whose content is the value of BAROMETER_DATABASE_URL.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from flows.setting_values import Device, Hosts, Languages, Level, LogFormat, WebAddress, Zone
from flows.settings_file import SettingsFileRefused, hint, values_in

PREFIX = "BAROMETER_"
SETTINGS_FILE = "barometer.toml"

DEFAULT = "default"


class SettingsRefused(Exception):
    """A setting cannot be used; the text names it and the remedy."""


class Settings(BaseSettings):
    """Everything that an operator can set. Each field is BAROMETER_<NAME>, or <name> in barometer.toml."""

    # A variable that is set to nothing is not set: Compose files pass `${NAME:-}`.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, env_ignore_empty=True
    )

    bus_url: str = Field(
        "sqlite:///var/bus.db",
        description="Bus: `sqlite:///PATH` or `kafka://host:9092,host:9092?security_protocol=…`",
    )
    database_url: str = Field(
        "chdb:///var/clickhouse",
        description="Database: `chdb:///PATH` or `clickhouse://user:password@host:9000/barometer`",
    )
    model: str = Field(
        "bundled",
        description="Classifier: `bundled`, `lexicon` (a word list), a model's folder, or a hub name",
    )
    device: Device = Field(
        "auto",
        description="Where a model that runs on torch computes: auto (a GPU where there is one), cpu, cuda, cuda:N",
    )
    hypotheses: Path | None = Field(
        None, description="A TOML file with the hypotheses that an NLI model is asked"
    )
    model_languages: Languages = Field(
        "", description="Languages that an NLI model may judge, like `en,de`; unset: any"
    )
    sources: Path | None = Field(
        None, description="A sources.toml of your own; unset: the list that ships with Barometer"
    )
    floors: Path | None = Field(
        None,
        description="A TOML file of support floors, each set by a named person; unset: none",
    )
    channels: Path | None = Field(
        None,
        description="A TOML file of channels: mail, webhooks, Slack, Teams …; unset: the log alone",
    )
    society_names: Path | None = Field(
        None,
        description='A TOML file with what to call societies, like DE = "Germany"; unset: countries in English',
    )
    contact: str = Field(
        "", description="Address or URL for publishers to reach you; part of the User-Agent"
    )
    author_secret: str = Field(
        "",
        description="Random text that author keys are made with; unset: made once, beside the embedded database",
    )
    alert_log: Path = Field(
        Path("var/alerts.log"), description="File that the log channel appends alerts to"
    )
    board: Path | None = Field(
        None, description="Folder of the board, written anew after each watch; unset: none"
    )
    board_url: str = Field("", description="Where people find the board, for links to it")
    text_days: int = Field(
        90,
        ge=1,
        le=36_500,
        description="Days that text, titles and author keys are kept after publication; counts stay",
    )
    dead_letter_days: int = Field(
        30, ge=1, le=36_500, description="Days that dead letters are kept; the ledger's rows stay"
    )
    batch_size: int = Field(500, ge=1, le=10_000, description="Documents judged in one batch")
    host_pause: float = Field(
        1.0, ge=0, le=3600, description="Seconds between two requests to the same host"
    )
    allowed_hosts: Hosts = Field(
        "",
        description="Hosts in private networks that sources may be read from, like `feeds.internal,10.0.0.5:8080`",
    )
    collect_minutes: int = Field(15, ge=1, le=1440, description="Minutes between polls of sources")
    watch_minutes: int = Field(
        60, ge=1, le=1440, description="Minutes between watches when nothing arrives"
    )
    watch_quiet_seconds: int = Field(
        60,
        ge=10,
        le=3600,
        description="Seconds without a drained batch, after which Prefect watches",
    )
    digest_day: int = Field(
        1, ge=1, le=7, description="ISO weekday of the weekly digest (1 Monday)"
    )
    digest_hour: int = Field(7, ge=0, le=23, description="Hour of the digest, in `timezone`")
    timezone: Zone = Field(
        "UTC", description="Time zone of the digest's schedule, e.g. Europe/Rome"
    )
    false_alarms_per_year: float = Field(
        12,
        gt=0,
        le=365,
        description="Falls that may be announced by chance, over all series together",
    )
    prefect_home: Path = Field(
        Path("var/prefect"), description="Where the embedded Prefect server keeps its data"
    )
    simulated: bool = Field(
        False, description="Say in every alert and digest that the data is simulated"
    )
    log_level: Level = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")
    log_format: LogFormat = Field(
        "text", description="Log lines: `text` for people, `json` for a collector of logs"
    )
    metrics_port: int = Field(
        0,
        ge=0,
        le=65_535,
        description="Port of /metrics, /healthz and /readyz in each process that goes on for ever; 0: none",
    )
    metrics_host: str = Field(
        "127.0.0.1", description="Address that the metrics port listens on; 0.0.0.0 in a container"
    )
    monitor_minutes: int = Field(
        15, ge=1, le=1440, description="Minutes between two checks of the self-monitor"
    )
    monitor_state: Path = Field(
        Path("var/monitor.json"), description="What the self-monitor remembers without a database"
    )
    lag_hours: float = Field(
        24, gt=0, le=8760, description="Age of the newest judgement that operators are told of"
    )
    unanswered_days: float = Field(
        3, gt=0, le=365, description="Days after which an incident that nobody acknowledged is told"
    )
    ping_url: WebAddress = Field(
        "", description="A dead man's switch: called after each check that found the pipeline whole"
    )

    @field_validator("*", mode="before")
    @classmethod
    def _plain_text(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        value = value.strip()  # secrets tend to end with a line end
        if not value.isprintable():
            raise ValueError("it contains a character that cannot be printed")
        return value

    @field_validator(
        *("bus_url", "database_url", "model", "device", "alert_log", "prefect_home"), mode="before"
    )
    @classmethod
    def _not_empty(cls, value: object) -> object:
        if value == "":
            raise ValueError("it is empty; leave it out for the default")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments (what the files say) come last: the environment wins over the settings file."""
        return env_settings, init_settings


def load_settings() -> Settings:
    """The settings in force here and now. Raises SettingsRefused naming the setting that is wrong."""
    _refuse_unknown_variables()
    file, secrets = _from_file(), _from_secret_files()
    try:
        return Settings(**(file | secrets))
    except ValidationError as error:
        # Without the cause, which quotes what was given: it may be a password.
        raise SettingsRefused(_first_sentence(error, set(file) - set(secrets))) from None


class Origin(NamedTuple):
    """Where the value of a setting comes from."""

    place: str
    """DEFAULT, the name of a variable, or the settings file."""
    file: str = ""
    """That holds the value, where the variable names one."""


def origins() -> dict[str, Origin]:
    """The origin of each setting, by its name. Raises SettingsRefused for a settings file that cannot be read."""
    file = _from_file()
    found = {}
    for field in Settings.model_fields:
        variable = f"{PREFIX}{field.upper()}"
        if os.environ.get(variable):
            found[field] = Origin(variable)
        elif path := os.environ.get(f"{variable}_FILE"):
            found[field] = Origin(f"{variable}_FILE", path)
        else:
            found[field] = Origin(str(_settings_file()) if field in file else DEFAULT)
    return found


def embedded_prefect_wanted() -> bool:
    """True unless PREFECT_API_URL names a Prefect server to use."""
    return not os.environ.get("PREFECT_API_URL")


def prefect_environment(home: Path, *, embedded: bool) -> dict[str, str]:
    """Variables for Prefect in this process and, where it is embedded, in its server.

    Prefect's own log of a flow run (with tracebacks) goes to the server that was named; the terminal is for
    our sentences. An embedded server is local and does nothing that is not used here. What the user has set
    stays.
    """
    wanted = {
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    }
    if embedded:
        wanted |= {
            "PREFECT_HOME": str(home.absolute()),
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
            "PREFECT_SERVER_UI_ENABLED": "false",
            # Blocks are not used; registering their types takes 1-2 s of the first start.
            "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
            "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
        }
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


def model_environment() -> dict[str, str]:
    """Variables for the libraries that load models: nothing is sent anywhere but requests for files."""
    wanted = {
        "HF_HUB_DISABLE_TELEMETRY": "1",
        # transformers would ask a service to convert the weights in somebody's repository.
        "DISABLE_SAFETENSORS_CONVERSION": "1",
    }
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


def apply_environment(variables: dict[str, str]) -> None:
    """Set variables for libraries of this process that read only the environment."""
    os.environ.update(variables)


def process_environment() -> dict[str, str]:
    """A copy of the environment, for a child process."""
    return dict(os.environ)


def _from_file() -> dict[str, Any]:
    named = os.environ.get(f"{PREFIX}SETTINGS")
    path = _settings_file()
    if not named and not path.exists():
        return {}
    remedy = "correct or unset BAROMETER_SETTINGS" if named else "mend it or move it away"
    try:
        return values_in(path, known=Settings.model_fields, prefix=PREFIX, remedy=remedy)
    except SettingsFileRefused as error:
        raise SettingsRefused(str(error)) from None


def _settings_file() -> Path:
    return Path(os.environ.get(f"{PREFIX}SETTINGS") or SETTINGS_FILE)


def _from_secret_files() -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in Settings.model_fields:
        variable = f"{PREFIX}{field.upper()}"
        path = os.environ.get(f"{variable}_FILE")
        if not path:
            continue
        if os.environ.get(variable):
            raise _both(variable)
        values[field] = _secret_in(path, variable)
    return values


def secret_named(variable: str) -> str:
    """A secret by a name that the user chose (a source's token): from the environment variable, or from the file that
    NAME_FILE names; empty where neither is set. Raises SettingsRefused.
    """
    path, value = os.environ.get(f"{variable}_FILE"), os.environ.get(variable, "").strip()
    if path and value:
        raise _both(variable)
    return _secret_in(path, variable) if path else value


def _both(variable: str) -> SettingsRefused:
    return SettingsRefused(f"{variable} and {variable}_FILE are both set; keep one.")


def _secret_in(path: str, variable: str) -> str:
    try:
        value = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        # Without the cause where it would quote what the file holds.
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingsRefused(
            f"The file {path} that {variable}_FILE names cannot be read ({reason});"
            f" correct the name or unset {variable}_FILE."
        ) from None
    if not value:
        raise SettingsRefused(
            f"The file {path} that {variable}_FILE names is empty; write the value into it."
        )
    return value


def _refuse_unknown_variables() -> None:
    known = {f"{PREFIX}{field.upper()}" for field in Settings.model_fields}
    known |= {f"{name}_FILE" for name in known} | {f"{PREFIX}SETTINGS"}
    for name in os.environ:
        if name.startswith(PREFIX) and name not in known:
            raise SettingsRefused(
                f"{name} is no setting"
                + hint(name.removeprefix(PREFIX).lower(), Settings.model_fields, PREFIX)
            )


def _first_sentence(error: ValidationError, in_file: set[str]) -> str:
    """What is wrong with the first setting that cannot be used, and where it was set."""
    problem = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in problem["loc"])
    variable = f"{PREFIX}{field.upper()}"
    inherited = field in in_file and not os.environ.get(variable)
    place = f"{field} in {_settings_file()}" if inherited else variable
    message = str(problem["msg"]).removeprefix("Value error, ").split(", unable to")[0]
    message = message.replace("Input should be", "it must be")
    shown = "" if field in _MAY_HOLD_A_PASSWORD else f" (it is {problem.get('input')!r})"
    return f"{place} cannot be used: {message}{shown}."


_MAY_HOLD_A_PASSWORD = frozenset({"author_secret", "bus_url", "database_url", "ping_url"})
