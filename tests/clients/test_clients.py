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


def shown(opening: str) -> str:
    """The one block, or command, of docs/clients.md that begins so."""
    (found,) = re.findall(opening, TOLD.read_text(), re.DOTALL | re.MULTILINE)
    return str(found)


def code_for(language: str, register: tuple[str, str]) -> str:
    """What docs/clients.md shows in a language, for this register."""
    code, (url, key) = shown(rf"^```{language}\n(.*?)^```"), register
    assert "https://register.example" in code
    assert "engk_…" in code
    return code.replace("https://register.example", url).replace("engk_…", key)


@pytest.fixture(scope="module")
def python_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a client made as docs/clients.md says, without a warning."""
    folder = tmp_path_factory.mktemp("python")
    shutil.copy(DOCUMENT, folder)
    (folder / "generator.yaml").write_text(shown(r"^```yaml\n(.*?)^```"))
    command = shown(r"^openapi-python-client ([^\n]*)$").split()
    run(TOOLS / "openapi-python-client", *command, "--fail-on-warning", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def typescript_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the types made as docs/clients.md says."""
    folder = tmp_path_factory.mktemp("typescript")
    for file in (DOCUMENT, HERE / "node" / "package.json", HERE / "node" / "tsconfig.json"):
        shutil.copy(file, folder)
    (folder / "node_modules").symlink_to(MODULES)
    command = shown(r"^npx openapi-typescript ([^\n]*)$").split()
    run(MODULES / ".bin" / "openapi-typescript", *command, cwd=folder)
    return folder


def test_a_python_client_holds_to_its_types_and_goes_round(register: tuple[str, str], python_client: Path) -> None:
    shutil.copy(HERE / "python" / "round.py", python_client)
    run(TOOLS / "mypy", "--config-file", HERE / "python" / "mypy.ini", "round.py", "register_client", cwd=python_client)
    assert "went round" in run(TOOLS / "python", "round.py", *register, cwd=python_client)


def test_what_the_documentation_shows_in_python_is_typed_and_runs(register: tuple[str, str], python_client: Path) -> None:
    (python_client / "shown.py").write_text(code_for("python", register))
    run(TOOLS / "mypy", "--config-file", HERE / "python" / "mypy.ini", "shown.py", cwd=python_client)
    assert run(TOOLS / "python", "shown.py", cwd=python_client) == ""


def test_a_typescript_client_holds_to_its_types_and_goes_round(register: tuple[str, str], typescript_client: Path) -> None:
    shutil.copy(HERE / "node" / "round.ts", typescript_client)
    run(MODULES / ".bin" / "tsc", "-p", ".", cwd=typescript_client)
    assert "went round" in run(TOOLS / "node", "round.ts", *register, cwd=typescript_client)


def test_what_the_documentation_shows_in_typescript_is_typed_and_runs(register: tuple[str, str], typescript_client: Path) -> None:
    (typescript_client / "shown.ts").write_text(code_for("ts", register))
    run(MODULES / ".bin" / "tsc", "-p", ".", cwd=typescript_client)
    assert run(TOOLS / "node", "shown.ts", cwd=typescript_client) == ""


def test_the_document_has_nothing_that_a_linter_objects_to(tmp_path: Path) -> None:
    config = ["--config", str(HERE / "node" / "redocly.yaml")]
    said = run(MODULES / ".bin" / "redocly", "lint", DOCUMENT, *config, cwd=tmp_path, REDOCLY_TELEMETRY="off", CI="true")
    assert "Your API description is valid" in said
    assert "warning" not in said
