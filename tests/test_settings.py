"""What an operator may decide: every setting is documented and has a default that works, and nonsense is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError
from pydantic_core import PydanticUndefined
from sqlalchemy import make_url

from service.database import Database, ping
from service.settings import ConfigurationError, MirrorSettings, Settings, load, resource

MEILISEARCH = {"engine": "meilisearch", "url": "http://127.0.0.1:7700", "key": "s3cret-key"}


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Any:
    def settings(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(f"ENGAGEMENTS_{name}", value)
        return load()

    return settings


def refusal(given: Any, **variables: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        given(**variables)
    return str(refused.value).splitlines()


@pytest.mark.parametrize("model", [Settings, MirrorSettings])
def test_every_setting_is_documented_with_a_sentence(model: type[Settings] | type[MirrorSettings]) -> None:
    undocumented = [name for name, field in model.model_fields.items() if not field.description and name != "engine"]
    assert undocumented == []
    for name, field in model.model_fields.items():
        if field.description:
            assert field.description[0].isupper() or field.description[0] == "`" or "://" in field.description, name
            assert field.description.endswith("."), name


def test_every_setting_has_a_default_that_works(given: Any) -> None:
    assert [name for name, field in Settings.model_fields.items() if field.default is PydanticUndefined] == []
    settings = given()
    assert (settings.host, settings.port, settings.worker) == ("127.0.0.1", 8000, "inside")
    assert settings.data_dir == Path("data")
    assert settings.mirrors == (MirrorSettings(name="embedded", engine="embedded"),)
    assert settings.database == f"sqlite:///{Path.cwd()}/data/register.db"
    assert settings.on_loopback


def test_the_tests_see_no_setting_of_the_shell_they_were_started_from() -> None:
    assert load() == Settings()


@pytest.mark.parametrize("name", ["ENGAGEMENTS_PROT", "ENGAGEMENTS_prot", "engagements_prot"])
def test_a_variable_that_nobody_reads_is_refused_with_the_nearest_one(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "8080")
    with pytest.raises(ConfigurationError) as refused:
        load()
    assert str(refused.value) == "ENGAGEMENTS_PROT: there is no such setting; did you mean ENGAGEMENTS_PORT?"


def test_a_variable_that_is_like_no_other_is_refused_with_all_of_them(given: Any) -> None:
    (line,) = refusal(given, XYZZY="1")
    assert line.startswith(
        "ENGAGEMENTS_XYZZY: there is no such setting; known are ENGAGEMENTS_AUDIT_SECONDS, ENGAGEMENTS_DATABASE_URL"
    )
    assert all(f"ENGAGEMENTS_{field.upper()}" in line for field in Settings.model_fields)


def test_everything_that_is_wrong_is_told_at_once(given: Any) -> None:
    lines = refusal(given, PORT="99999", THREADS="many", WOKER="outside")
    assert [line.split(":")[0] for line in lines] == ["ENGAGEMENTS_WOKER", "ENGAGEMENTS_PORT", "ENGAGEMENTS_THREADS"]


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"PORT": "99999"}, "ENGAGEMENTS_PORT: Input should be less than or equal to 65535 (it is '99999')"),
        ({"PORT": "-1"}, "ENGAGEMENTS_PORT: Input should be greater than or equal to 0 (it is '-1')"),
        ({"PORT": "http"}, "ENGAGEMENTS_PORT: Input should be a valid integer"),
        ({"HOST": "http://localhost"}, "ENGAGEMENTS_HOST: a name or an IP address alone is needed, such as 0.0.0.0"),
        ({"HOST": "127.0.0.1:8000"}, "the port has a variable of its own (it is '127.0.0.1:8000')"),
        ({"WORKER": "aside"}, "ENGAGEMENTS_WORKER: Input should be 'inside' or 'outside' (it is 'aside')"),
        ({"LOG_LEVEL": "trace"}, "ENGAGEMENTS_LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'"),
        ({"LOG_FORMAT": "xml"}, "ENGAGEMENTS_LOG_FORMAT: Input should be 'text' or 'json'"),
        ({"THREADS": "0"}, "ENGAGEMENTS_THREADS: Input should be greater than or equal to 1"),
        ({"MAX_BODY_BYTES": "10"}, "ENGAGEMENTS_MAX_BODY_BYTES: Input should be greater than or equal to 1024"),
        ({"POLL_SECONDS": "0"}, "ENGAGEMENTS_POLL_SECONDS: Input should be greater than 0"),
        ({"POLL_SECONDS": "nan"}, "ENGAGEMENTS_POLL_SECONDS: Input should be"),
        ({"SETTLE_SECONDS": "-1"}, "ENGAGEMENTS_SETTLE_SECONDS: Input should be greater than 0"),
        ({"DRAIN_SECONDS": "-1"}, "ENGAGEMENTS_DRAIN_SECONDS: Input should be greater than or equal to 0"),
        ({"LEASE_SECONDS": "0.5"}, "ENGAGEMENTS_LEASE_SECONDS: Input should be greater than or equal to 1"),
        ({"RETRY_SECONDS": "0"}, "ENGAGEMENTS_RETRY_SECONDS: Input should be greater than 0"),
        ({"DATABASE_URL": "mysql://x/y"}, "ENGAGEMENTS_DATABASE_URL: must start with sqlite:/// or postgresql+psycopg://"),
        ({"DATABASE_URL": "sqlite:///"}, "ENGAGEMENTS_DATABASE_URL: names no database"),
        ({"DATABASE_URL": "sqlite:///:memory:"}, "ENGAGEMENTS_DATABASE_URL: names no database"),
        ({"DATABASE_URL": "postgresql://register@host"}, "ENGAGEMENTS_DATABASE_URL: names no database"),
        ({"DATABASE_URL": "postgresql://host:port/register"}, "ENGAGEMENTS_DATABASE_URL: is no URL of a database"),
        ({"MIRRORS": "meili"}, "ENGAGEMENTS_MIRRORS[0].engine: Input should be 'embedded' or 'meilisearch'"),
        ({"MIRRORS": "embedded,"}, "ENGAGEMENTS_MIRRORS[1].engine: Input should be 'embedded' or 'meilisearch'"),
        ({"MIRRORS": "meilisearch"}, "ENGAGEMENTS_MIRRORS[0]: a meilisearch mirror needs an http or https url"),
        (
            {"MIRRORS": '{"engine": "meilisearch", "url": "localhost:7700"}'},
            "needs an http or https url, such as http://127.0.0.1:7700",
        ),
        ({"MIRRORS": '{"engine": "embedded", "url": "http://x"}'}, "an embedded mirror has neither url nor key"),
        (
            {"MIRRORS": '{"engine": "embedded", "nmae": "x"}'},
            "_MIRRORS[0].nmae: there is no such field; did you mean 'name'?",
        ),
        ({"MIRRORS": '{"engine": "embedded", "name": "Über"}'}, "ENGAGEMENTS_MIRRORS[0].name: String should match pattern"),
        ({"MIRRORS": '[{"engine": "embedded"'}, "ENGAGEMENTS_MIRRORS: neither engine names nor JSON"),
        ({"MIRRORS": "[]"}, "ENGAGEMENTS_MIRRORS: at least one mirror is needed, for example: embedded"),
        ({"MIRRORS": "embedded,embedded"}, "ENGAGEMENTS_MIRRORS: two mirrors have the same name"),
        (
            {"MIRRORS": '["embedded", {"engine": "embedded", "name": "b"}]'},
            "ENGAGEMENTS_MIRRORS: two mirrors would write to the same index",
        ),
        (
            {"MIRRORS": '["embedded", {"engine": "embedded", "name": "b", "index": "c"}]'},
            "ENGAGEMENTS_MIRRORS: one embedded mirror is enough",
        ),
        ({"VERIFY_SECONDS": "1800,120"}, "ENGAGEMENTS_VERIFY_SECONDS: positive numbers of seconds are needed"),
    ],
)
def test_what_cannot_work_is_refused_by_name_with_what_would_be_right(given: Any, variables: dict[str, str], told: str) -> None:
    (line,) = refusal(given, **variables)
    assert told in line


@pytest.mark.parametrize(
    "variables",
    [
        {"DATABASE_URL": "mysql://register:s3cret@host/register"},
        {"DATABASE_URL": "postgresql://register:s3cret@host:port/register"},
        {"DATABASE_URL": "postgresql://register:s3cret@host"},
        {"MIRRORS": json.dumps({**MEILISEARCH, "key": "s3cret", "url": "ftp://me:s3cret@host"})},
        {"MIRRORS": json.dumps({**MEILISEARCH, "key": ["s3cret"]})},
        {"MIRRORS": json.dumps({**MEILISEARCH, "kye": "s3cret"})},
        {"MIRRORS": json.dumps({**MEILISEARCH, "index": "s3cret !"})},
        {"MIRRORS": '[{"engine": "meilisearch", "key": "s3cret"'},
        {"MIRRORS": '{"engine": "embedded", "key": "s3cret"}'},
    ],
)
def test_a_refusal_tells_no_password(given: Any, variables: dict[str, str]) -> None:
    assert "s3cret" not in "\n".join(refusal(given, **variables))


def test_a_key_is_shown_to_nobody(given: Any) -> None:
    settings = given(MIRRORS=json.dumps(MEILISEARCH))
    assert settings.mirrors[0].key == SecretStr("s3cret-key")
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "mirrors"),
    [
        ("embedded", [("embedded", "embedded")]),
        (" embedded ", [("embedded", "embedded")]),
        ('"embedded"', None),
        ('["embedded"]', [("embedded", "embedded")]),
        (json.dumps(MEILISEARCH), [("meilisearch", "meilisearch")]),
        (json.dumps([{**MEILISEARCH, "name": "hot"}, "embedded"]), [("hot", "meilisearch"), ("embedded", "embedded")]),
    ],
)
def test_mirrors_are_named_or_described(given: Any, text: str, mirrors: list[tuple[str, str]] | None) -> None:
    if mirrors is None:
        refusal(given, MIRRORS=text)
    else:
        assert [(mirror.name, mirror.engine) for mirror in given(MIRRORS=text).mirrors] == mirrors


def test_an_empty_variable_is_one_that_is_not_set(given: Any) -> None:
    empty = dict.fromkeys((field.upper() for field in Settings.model_fields), "")
    assert given(**empty) == Settings()


def test_options_go_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGAGEMENTS_PORT", "9000")
    assert load().port == 9000
    assert load(port=9001).port == 9001


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("postgresql://register:p%40ss@host/register", "postgresql+psycopg://register:p%40ss@host/register"),
        ("postgresql+psycopg:///register?host=/run/postgresql", "postgresql+psycopg:///register?host=/run/postgresql"),
        ("sqlite:////srv/register.db", "sqlite:////srv/register.db"),
    ],
)
def test_the_driver_of_the_database_is_named(given: Any, url: str, database: str) -> None:
    assert given(DATABASE_URL=url).database == database
    assert make_url(database).get_driver_name() in ("psycopg", "pysqlite")


@pytest.mark.parametrize("folder", ["data", "경기 도", "a%20b", "a#b", "a?b"])
def test_the_data_folder_may_have_any_name(given: Any, tmp_path: Path, folder: str) -> None:
    database = Database(given(DATA_DIR=str(tmp_path / folder)).database)
    ping(database)
    database.dispose()
    assert (tmp_path / folder / "register.db").is_file()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.4", False),
        ("register.gg.go.kr", False),
    ],
)
def test_only_a_loopback_address_is_this_machine_alone(given: Any, host: str, loopback: bool) -> None:
    assert given(HOST=host).on_loopback is loopback


def test_settings_do_not_change_once_they_are_read() -> None:
    settings: Any = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1
    assert settings.database == settings.database


def test_the_migrations_and_the_seed_are_where_the_service_looks_for_them() -> None:
    assert (resource("migrations") / "env.py").is_file()
    assert resource("seed").name == "seed"
