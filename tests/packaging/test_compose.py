"""The composed service: Meilisearch first, PostgreSQL behind, nothing reachable that need not be, no password by default."""

import re
from typing import Any

import pytest
import yaml

from service.settings import Settings
from tests.packaging.dockerfile import CHECKOUT

TEXT = (CHECKOUT / "compose.yaml").read_text()
GIVEN = {"POSTGRES_PASSWORD": "b7e1c0ffee", "MEILI_MASTER_KEY": "0123456789abcdef0123"}
OURS = ("register", "worker", "migrate", "seed")


@pytest.fixture(scope="module")
def composed() -> dict[str, Any]:
    """The file as it is with both variables given."""
    interpolated = re.sub(r"\$\{(\w+):\?[^}]+\}", lambda match: GIVEN[match[1]], TEXT)
    assert "$" not in re.sub(r"^#.*$", "", interpolated, flags=re.MULTILINE)
    return dict(yaml.safe_load(interpolated))


def test_what_is_secret_must_be_given() -> None:
    secrets = re.findall(r"^ +\w*(?:PASSWORD|KEY): *(.+)$", TEXT, flags=re.MULTILINE)
    assert len(secrets) == 2
    for value in secrets:
        assert re.fullmatch(r"\$\{\w+:\?.+\}", value)


def test_only_the_register_is_reachable_and_only_from_this_machine(composed: dict[str, Any]) -> None:
    published = {name: service["ports"] for name, service in composed["services"].items() if "ports" in service}
    assert set(published) == {"register"}
    assert all(port.startswith("127.0.0.1:") for port in published["register"])
    assert not [name for name, service in composed["services"].items() if service.get("network_mode") == "host"]


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_accepted(name: str, composed: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    given = composed["services"][name]["environment"]
    known = {f"ENGAGEMENTS_{field.upper()}" for field in Settings.model_fields}
    assert set(given) <= known
    for variable, value in given.items():
        monkeypatch.setenv(variable, value)
    settings = Settings()
    assert settings.database == "postgresql+psycopg://register:b7e1c0ffee@postgres:5432/register"
    assert settings.worker == "outside"
    [first] = settings.mirrors
    assert (first.engine, first.url) == ("meilisearch", "http://meilisearch:7700")
    assert first.key is not None
    assert first.key.get_secret_value() == GIVEN["MEILI_MASTER_KEY"]


def test_nothing_of_ours_starts_before_the_database_is_migrated(composed: dict[str, Any]) -> None:
    services = composed["services"]
    assert services["migrate"]["command"] == ["migrate"]
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name in ("register", "worker", "seed"):
        assert services[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_what_runs_once_is_not_restarted_and_what_serves_is(composed: dict[str, Any]) -> None:
    policies = {name: service["restart"] for name, service in composed["services"].items()}
    assert {name for name, policy in policies.items() if policy == "no"} == {"migrate", "seed"}
    assert set(policies.values()) == {"no", "unless-stopped"}


def test_what_is_waited_for_can_say_that_it_is_healthy(composed: dict[str, Any]) -> None:
    for service in composed["services"].values():
        for name, needed in service.get("depends_on", {}).items():
            if needed["condition"] == "service_healthy":
                assert composed["services"][name]["healthcheck"]["test"][0] == "CMD"
    assert composed["services"]["meilisearch"]["healthcheck"]["test"][-1].endswith("/health")


def test_our_processes_have_no_rights_that_they_do_not_need(composed: dict[str, Any]) -> None:
    for name in OURS:
        service = composed["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_meilisearch_sends_no_telemetry_and_indexes_in_little_memory(composed: dict[str, Any]) -> None:
    environment = composed["services"]["meilisearch"]["environment"]
    assert environment["MEILI_NO_ANALYTICS"] == "true"
    assert environment["MEILI_ENV"] == "production"
    assert environment["MEILI_MAX_INDEXING_MEMORY"] == "300MiB"


def test_what_must_outlive_a_container_is_in_a_named_volume(composed: dict[str, Any]) -> None:
    mounted = {
        name: [tuple(volume.split(":")) for volume in service["volumes"]] for name, service in composed["services"].items()
    }
    for volumes in mounted.values():
        assert all(volume in composed["volumes"] for volume, _ in volumes)
    assert mounted["postgres"] == [("postgres-data", "/var/lib/postgresql/data")]
    assert mounted["meilisearch"] == [("meilisearch-data", "/meili_data")]
    # The embedded engine's index is written by the worker and read by the register.
    assert mounted["register"] == mounted["worker"] == [("register-data", "/data")]
