"""What the Dockerfile installs and starts, done by its own instructions in a clean folder, without a container engine."""

import shlex
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.packaging.dockerfile import CHECKOUT, copied_from_checkout, named
from tests.packaging.started import base_python, free_port, installing, serving, stopped, surroundings

UV = Path(sys.executable).with_name("uv")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that the build stage makes: from only what it copies, by the commands that it runs."""
    if not UV.exists():
        pytest.skip("uv is not in the environment of the tests, where ./test puts it")
    folder = tmp_path_factory.mktemp("image")
    source = folder / "src"
    source.mkdir()
    for name in copied_from_checkout():
        copy(CHECKOUT / name, source / name)
    env = surroundings(UV_PROJECT_ENVIRONMENT=str(folder / "register"), UV_PYTHON=base_python(), UV_PYTHON_DOWNLOADS="never")
    for command in build_commands():
        installing(command, cwd=source, env=env)
    # Gone as in the last stage, so that nothing that is used can still be read from it.
    shutil.rmtree(source)
    return folder / "register"


def package(image: Path) -> Path:
    (found,) = image.glob("lib/python3*/site-packages/service")
    return found


def build_commands() -> Iterator[list[str]]:
    """The commands that install the register, as the Dockerfile has them but with uv's cache."""
    for each in named("RUN"):
        words = shlex.split(each.rest)
        if words[0] == "uv":
            yield [str(UV), *(word for word in words[1:] if word != "--no-cache")]


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(source, target)


def test_the_package_carries_its_code_templates_migrations_and_seed(image: Path) -> None:
    for origin, installed in (("service", ""), ("migrations", "migrations"), ("seed", "seed")):
        wanted = {path for path in files(CHECKOUT / origin) if not path.endswith(".pyc")}
        assert wanted
        assert wanted <= files(package(image) / installed)


def test_the_licence_goes_with_the_package(image: Path) -> None:
    (licence,) = package(image).parent.glob("engagement_register-*.dist-info/licenses/LICENSE")
    assert licence.read_text() == (CHECKOUT / "LICENSE").read_text()


def test_it_has_no_tools_of_the_tests(image: Path) -> None:
    assert not (package(image).parent / "pytest").exists()


def test_it_says_its_version(image: Path, tmp_path: Path) -> None:
    command = [str(image / "bin" / "engagements"), "version"]
    said = subprocess.run(command, cwd=tmp_path, env=surroundings(), capture_output=True, text=True, check=True, timeout=30)
    assert tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"] in said.stdout


def test_it_migrates_seeds_serves_and_stops_on_sigterm(image: Path, tmp_path: Path) -> None:
    port = free_port()
    env = surroundings(ENGAGEMENTS_PORT=str(port), ENGAGEMENTS_DATA_DIR=str(tmp_path / "data"), ENGAGEMENTS_LOG_FORMAT="json")
    engagements = image / "bin" / named("ENTRYPOINT")[0].array[0]
    serve = ["127.0.0.1" if word == "0.0.0.0" else word for word in named("CMD")[0].array]
    log = tmp_path / "log"
    with serving([engagements, *serve, "--migrate", "--seed"], cwd=tmp_path, env=env, port=port, log=log) as process:
        assert stopped(process, signal.SIGTERM) == 0, log.read_text()
    assert "Traceback" not in log.read_text()


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
