"""The image: small, not root, healthy only when it answers, stopped by SIGTERM, and without anything secret in it."""

import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from service.settings import Settings
from tests.packaging.dockerfile import CHECKOUT, copied_from_checkout, environment, instructions, named


def test_the_last_stage_runs_as_a_numbered_user_that_is_not_root() -> None:
    user = [each for each in named("USER") if each.stage == instructions()[-1].stage][-1]
    numbers = [int(number) for number in user.rest.split(":")]
    assert all(number >= 1000 for number in numbers)
    later = instructions()[instructions().index(user) :]
    assert not [each for each in later if each.name in ("RUN", "COPY", "ADD")]


def test_it_starts_the_command_line_without_a_shell_between() -> None:
    assert named("ENTRYPOINT")[0].array == ["engagements"]
    assert named("CMD")[0].array == ["serve", "--host", "0.0.0.0"]
    assert named("STOPSIGNAL")[0].rest == "SIGTERM"
    scripts = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["scripts"]
    assert "engagements" in scripts


def test_the_data_is_a_volume_that_the_settings_point_at() -> None:
    assert [each.rest for each in named("VOLUME")] == [environment()["ENGAGEMENTS_DATA_DIR"]]


def test_every_variable_is_a_setting() -> None:
    used = {name for name in environment() if name.startswith("ENGAGEMENTS_")}
    assert used <= {f"ENGAGEMENTS_{name.upper()}" for name in Settings.model_fields}


def test_the_exposed_port_is_the_default_one() -> None:
    assert [int(each.rest) for each in named("EXPOSE")] == [Settings.model_fields["port"].default]


def test_everything_it_copies_is_there_and_reaches_the_builder() -> None:
    sent = (CHECKOUT / ".dockerignore").read_text().splitlines()
    for source in copied_from_checkout():
        assert (CHECKOUT / source).exists(), source
        assert f"!{source.rstrip('/')}" in sent


def test_nothing_but_what_is_copied_reaches_the_builder() -> None:
    rules = [line for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == {source.rstrip("/") for source in copied_from_checkout()}


def test_both_stages_have_the_same_python_because_the_environment_is_moved_between_them() -> None:
    images = {each.rest.split(" AS ")[0] for each in named("FROM")}
    assert images == {"python:3.12-slim"}


def test_the_image_is_installed_with_the_uv_that_the_two_commands_use() -> None:
    pinned = [line for line in (CHECKOUT / ".ci" / "install").read_text().splitlines() if line.startswith("uv_version=")]
    version = pinned[0].partition("=")[2]
    assert any(f"uv=={version}" in each.rest.split() for each in named("RUN"))


def test_nothing_secret_is_set_in_it() -> None:
    assert not named("ARG")
    for each in named("ENV"):
        assert not [word for word in ("PASSWORD", "KEY", "TOKEN", "SECRET") if word in each.rest.upper()]


@pytest.mark.parametrize(("status", "expected"), [(200, 0), (503, 1)])
def test_it_is_healthy_only_when_the_service_says_so(status: int, expected: int) -> None:
    with answering(status) as port:
        assert health_check(port) == expected


def test_it_is_unhealthy_when_nobody_answers() -> None:
    with answering(200) as port:
        pass
    assert health_check(port) != 0


def health_check(port: int) -> int:
    program, *arguments = named("HEALTHCHECK")[0].array
    assert program == "python"
    # A proxy that is configured for the outside must not be asked for the inside.
    surroundings = {"ENGAGEMENTS_PORT": str(port), "http_proxy": "http://127.0.0.1:9"}
    asked = subprocess.run([sys.executable, *arguments], env=surroundings, capture_output=True, timeout=30, check=False)
    return asked.returncode


@contextmanager
def answering(status: int) -> Iterator[int]:
    """A web server that answers /healthz with the status and everything else with 404; gives its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
