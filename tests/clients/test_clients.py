"""Clients made of openapi.json, as an integrator makes them, pass their type checkers and go a round through a served register.

`.ci/clients` installs the generators, Node included; where they are not installed these tests are skipped.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.started import free_port, serving, surroundings

HERE = Path(__file__).parent
TOLD = HERE.parent.parent / "docs" / "clients.md"
DOCUMENT = HERE.parent.parent / "openapi.json"
TOOLS = Path(sys.prefix) / "clients" / "bin"
MODULES = HERE / "node" / "node_modules"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (TOOLS / "openapi-python-client").exists() or not MODULES.exists(),
        reason="the generators of clients are not installed: `.ci/clients` does",
    ),
]


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a register that holds the seed, and a key that may write."""
    folder, port = tmp_path_factory.mktemp("register"), free_port()
    env = surroundings(ENGAGEMENTS_DATA_DIR=str(folder), ENGAGEMENTS_PORT=str(port))
    service = [sys.executable, "-m", "service"]
    command = [*service, "serve", "--migrate", "--seed"]
    with serving(command, cwd=DOCUMENT.parent, env=env, port=port, log=folder / "log"):
        made = [*service, "keys", "make", "round", "--scope", "write", "--sees", "confidential"]
        key = subprocess.run(made, cwd=DOCUMENT.parent, env=env, capture_output=True, text=True, check=True).stdout
        yield f"http://127.0.0.1:{port}", key.split()[0]


def run(*command: str | Path, cwd: Path, **env: str) -> str:
    """What the program says; it must succeed."""
    path = f"{TOOLS}:{os.environ['PATH']}"
    surrounded = {**surroundings(), "PATH": path, **env}
    done = subprocess.run(command, cwd=cwd, env=surrounded, stdout=-1, stderr=-2, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_python_client_is_made_without_a_warning_holds_to_its_types_and_goes_round(
    register: tuple[str, str], tmp_path: Path
) -> None:
    to = [
        "--output-path",
        str(tmp_path / "register_client"),
        "--meta",
        "none",
        "--config",
        str(HERE / "python" / "generator.yaml"),
    ]
    run(TOOLS / "openapi-python-client", "generate", "--fail-on-warning", "--path", DOCUMENT, *to, cwd=tmp_path)
    shutil.copy(HERE / "python" / "round.py", tmp_path)
    run(TOOLS / "mypy", "--config-file", HERE / "python" / "mypy.ini", "round.py", "register_client", cwd=tmp_path)
    assert "went round" in run(TOOLS / "python", "round.py", *register, cwd=tmp_path)


def test_a_typescript_client_is_made_holds_to_its_types_and_goes_round(register: tuple[str, str], tmp_path: Path) -> None:
    for file in ("package.json", "tsconfig.json", "round.ts"):
        shutil.copy(HERE / "node" / file, tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    # What has a default may be left out of a request.
    made = ["--default-non-nullable=false", "-o", "register.ts"]
    run(MODULES / ".bin" / "openapi-typescript", DOCUMENT, *made, cwd=tmp_path)
    run(MODULES / ".bin" / "tsc", "-p", ".", cwd=tmp_path)
    assert "went round" in run(TOOLS / "node", "round.ts", *register, cwd=tmp_path)


def written(language: str, register: tuple[str, str]) -> str:
    """What docs/clients.md shows in a language, for this register."""
    (shown,) = re.findall(rf"^```{language}\n(.*?)^```", TOLD.read_text(), re.DOTALL | re.MULTILINE)
    url, key = register
    assert "https://register.example" in shown
    assert "engk_…" in shown
    return str(shown).replace("https://register.example", url).replace("engk_…", key)


def test_what_the_documentation_shows_in_python_is_typed_and_runs(register: tuple[str, str], tmp_path: Path) -> None:
    (overrides,) = re.findall(r"^```yaml\n(.*?)^```", TOLD.read_text(), re.DOTALL | re.MULTILINE)
    (tmp_path / "generator.yaml").write_text(overrides)
    (command,) = re.findall(r"^openapi-python-client (.*)$", TOLD.read_text(), re.MULTILINE)
    shutil.copy(DOCUMENT, tmp_path)
    run(TOOLS / "openapi-python-client", *command.split(), "--fail-on-warning", cwd=tmp_path)
    (tmp_path / "shown.py").write_text(written("python", register))
    run(TOOLS / "mypy", "--config-file", HERE / "python" / "mypy.ini", "shown.py", cwd=tmp_path)
    assert run(TOOLS / "python", "shown.py", cwd=tmp_path) == ""


def test_what_the_documentation_shows_in_typescript_is_typed_and_runs(register: tuple[str, str], tmp_path: Path) -> None:
    for file in ("package.json", "tsconfig.json"):
        shutil.copy(HERE / "node" / file, tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    (command,) = re.findall(r"^npx openapi-typescript (.*)$", TOLD.read_text(), re.MULTILINE)
    shutil.copy(DOCUMENT, tmp_path)
    run(MODULES / ".bin" / "openapi-typescript", *command.split(), cwd=tmp_path)
    (tmp_path / "round.ts").write_text(written("ts", register))
    run(MODULES / ".bin" / "tsc", "-p", ".", cwd=tmp_path)
    assert run(TOOLS / "node", "round.ts", cwd=tmp_path) == ""


def test_the_document_has_nothing_that_a_linter_objects_to(tmp_path: Path) -> None:
    config = ["--config", str(HERE / "node" / "redocly.yaml")]
    said = run(MODULES / ".bin" / "redocly", "lint", DOCUMENT, *config, cwd=tmp_path, REDOCLY_TELEMETRY="off", CI="true")
    assert "Your API description is valid" in said
    assert "warning" not in said
