"""What an operator may decide, each from an environment variable that starts with `ENGAGEMENTS_`.

A value that cannot work is refused at start, with its name and what would be right.
"""

import json
import os
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from service.errors import nearest, suggestion

_PREFIX = "ENGAGEMENTS_"
_SECRET = {"mirrors", "database_url"}


class ConfigurationError(Exception):
    """The environment cannot be what was meant; the message has a line for every variable that is wrong."""


class MirrorSettings(BaseModel):
    """One engine that holds a copy of the register.

    `embedded` lives in the data directory; `meilisearch` is a server with a `url`, a `key` and an `index`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field("", pattern=r"^[a-z0-9-]{0,40}$", description="Names the mirror in the ledger and in answers.")
    engine: Literal["embedded", "meilisearch"]
    url: str | None = Field(None, description="Where the Meilisearch server listens, http or https.")
    key: SecretStr | None = Field(None, description="An API key of that server; see the README for the rights it needs.")
    search_key: SecretStr | None = Field(None, description="Another key for searching, which needs the right `search` alone.")
    index: str = Field("engagements", pattern=r"^[A-Za-z0-9_-]{1,200}$", description="The index on that server.")

    @model_validator(mode="before")
    @classmethod
    def _is_named_after_its_engine(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.get("name") and "engine" in value:
            return {**value, "name": value["engine"]}
        return value

    @model_validator(mode="after")
    def _has_what_its_engine_needs(self) -> Self:
        if self.engine == "meilisearch":
            parts = urlsplit(self.url or "")
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError("a meilisearch mirror needs an http or https url, such as http://127.0.0.1:7700")
        elif self.url is not None or self.key is not None or self.search_key is not None:
            raise ValueError("an embedded mirror has neither url nor key")
        return self


class Settings(BaseSettings):
    """The configuration of one process, read from the environment once."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, extra="forbid", frozen=True, validate_default=True
    )

    host: str = Field("127.0.0.1", description="Address that `serve` listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that `serve` listens on; 0 takes a free one.")
    data_dir: Path = Field(Path("data"), description="Folder of the SQLite file and of the embedded index; made if missing.")
    database_url: str | None = Field(
        None, description="postgresql+psycopg://user:password@host/name, or sqlite:///file; a file in the data folder by default."
    )
    mirrors: Annotated[tuple[MirrorSettings, ...], NoDecode] = Field(
        (MirrorSettings(name="embedded", engine="embedded"),),
        description=(
            '`embedded`, or JSON: [{"engine": "meilisearch", "url": "http://…", "key": "…"}], one or several.'
            " The first that can answer is asked."
        ),
    )
    worker: Literal["inside", "outside"] = Field(
        "inside", description="Whether `serve` keeps the mirrors in step itself, or `engagements worker` does in its own process."
    )
    threads: int = Field(4, ge=1, le=64, description="Threads of `serve` for register work; few answer faster than many.")
    open_reading: bool = Field(False, description="Whether whoever brings no key may read what is public.")
    requests_per_minute: int = Field(
        1_200, ge=0, description="How many requests a key, or an address without one, may make in a minute; 0 is no limit."
    )
    max_body_bytes: int = Field(2_097_152, ge=1024, description="Longest request body that is read.")
    max_bulk_bytes: int = Field(16_777_216, ge=1024, description="Longest body of many operations at once.")
    max_import_bytes: int = Field(268_435_456, ge=1024, description="Largest file that is taken in.")
    poll_seconds: float = Field(
        0.25, gt=0, le=60, description="How often the mirror looks for changes that nobody announced to it."
    )
    settle_seconds: float = Field(
        60.0, gt=0, description="How long a write may be queued in an engine before its outcome counts as unknown."
    )
    drain_seconds: float = Field(
        45.0, ge=0, description="How long a request whose answer was lost may still arrive at an engine."
    )
    lease_seconds: float = Field(30.0, ge=1, description="How long a silent worker keeps the right to send to a mirror.")
    retry_seconds: float = Field(60.0, gt=0, description="Longest pause between two tries while an engine is down.")
    verify_seconds: Annotated[tuple[float, ...], NoDecode] = Field(
        (120.0, 1800.0),
        description="When the documents of a write whose outcome stayed unknown are looked at again, separated by commas.",
    )
    probe_seconds: float = Field(60.0, gt=0, description="How often an engine is looked at for what others did to it.")
    audit_seconds: float = Field(
        86_400.0, gt=0, description="How often every document of a mirror is compared with the register."
    )
    keep_seconds: float = Field(86_400.0, ge=0, description="How long an index that was replaced is kept for going back to it.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least severity that is logged.")
    log_format: Literal["text", "json"] = Field("text", description="Lines for people, or one JSON object a line.")

    @field_validator("host")
    @classmethod
    def _host_is_an_address(cls, value: str) -> str:
        if not _is_address(value) and (not value or set(value) & set(":/@ ")):
            raise ValueError("a name or an IP address alone is needed, such as 0.0.0.0; the port has a variable of its own")
        return value

    @field_validator("verify_seconds", mode="before")
    @classmethod
    def _seconds_from_text(cls, value: Any) -> Any:
        return [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value

    @field_validator("verify_seconds")
    @classmethod
    def _seconds_lie_ahead(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(seconds <= 0 for seconds in value) or list(value) != sorted(value):
            raise ValueError("positive numbers of seconds are needed, the shortest first, such as 120,1800")
        return value

    @field_validator("mirrors", mode="before")
    @classmethod
    def _mirrors_from_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        text = value.strip()
        if not text.startswith(("[", "{")):
            return [{"engine": name.strip()} for name in text.split(",")]
        try:
            listed = json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"neither engine names nor JSON: {error}") from error
        return [
            {"engine": item} if isinstance(item, str) else item for item in (listed if isinstance(listed, list) else [listed])
        ]

    @field_validator("mirrors")
    @classmethod
    def _mirrors_differ(cls, value: tuple[MirrorSettings, ...]) -> tuple[MirrorSettings, ...]:
        names = [mirror.name for mirror in value]
        if not names:
            raise ValueError("at least one mirror is needed, for example: embedded")
        if len(set(names)) < len(names):
            raise ValueError(f"two mirrors have the same name: {', '.join(names)}; give each its own `name`")
        places = [(mirror.url, mirror.index) for mirror in value]
        if len(set(places)) < len(places):
            raise ValueError("two mirrors would write to the same index; give one of them another `index` or `url`")
        if sum(mirror.engine == "embedded" for mirror in value) > 1:
            raise ValueError("one embedded mirror is enough: it would be the same folder twice")
        return value

    @field_validator("database_url")
    @classmethod
    def _database_is_supported(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://")):
            raise ValueError("must start with sqlite:/// or postgresql+psycopg://")
        try:
            named = make_url(value).database
        except (ArgumentError, ValueError):
            raise ValueError("is no URL of a database, such as postgresql+psycopg://user:password@host:5432/name") from None
        if named in (None, "", ":memory:"):
            raise ValueError("names no database: the name of the database, or the path of the SQLite file, comes last")
        return value

    @cached_property
    def database(self) -> str:
        """The URL of the database, with the driver named."""
        if self.database_url is None:
            return URL.create("sqlite", database=str((self.data_dir / "register.db").absolute())).render_as_string()
        return self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach the service."""
        return self.host == "localhost" or (_is_address(self.host) and ip_address(self.host).is_loopback)


def load(**options: Any) -> Settings:
    """The settings that the environment asks for, with options of the command line before it.

    Raises `ConfigurationError`, also for a variable that nobody reads.
    """
    given = sorted(name.upper() for name in os.environ if name.upper().startswith(_PREFIX))
    lines = [_unknown(name) for name in given if name.removeprefix(_PREFIX).lower() not in Settings.model_fields]
    try:
        settings = Settings(**options)
    except ValidationError as error:
        lines += [_line(found) for found in error.errors(include_url=False)]
    if lines:
        raise ConfigurationError("\n".join(lines))
    return settings


def _unknown(name: str) -> str:
    known = [field.upper() for field in Settings.model_fields]
    close = nearest(name.removeprefix(_PREFIX), known)
    hint = f"did you mean {_PREFIX}{close}?" if close else f"known are {', '.join(_PREFIX + field for field in sorted(known))}"
    return f"{name}: there is no such setting; {hint}"


def _line(found: ErrorDetails) -> str:
    field, *steps = found["loc"]
    where = f"{_PREFIX}{str(field).upper()}" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    if found["type"] == "extra_forbidden":
        return f"{where}: there is no such field; {suggestion(str(steps[-1]), MirrorSettings.model_fields)}"
    # A URL or a list of mirrors may hold a password, which a log must not.
    given = "" if field in _SECRET else f" (it is {found['input']!r})"
    return f"{where}: {found['msg'].removeprefix('Value error, ')}{given}"


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def resource(name: Literal["migrations", "seed"]) -> Path:
    """The folder of that name: inside the package where it was installed as a wheel, beside it in a checkout."""
    packaged = Path(__file__).parent / name
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / name
