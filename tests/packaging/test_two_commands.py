"""`./run` and `./test` in a fresh clone: nothing but Python is needed, and an install that was cut off mends itself."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.packaging.dockerfile import CHECKOUT
from tests.packaging.started import free_port, installing, serving, stopped, surroundings

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that a clone would have, in a folder with a space and a Korean word in its name."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(f"not a git checkout: {listed.stderr.strip()}")
    folder = tmp_path_factory.mktemp("clone") / "engagement register 등록부"
    for name in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name)
    return folder


def test_run_serves_the_register_from_any_folder_and_stops_on_ctrl_c(clone: Path, tmp_path: Path) -> None:
    log = tmp_path / "first start"
    port = free_port()
    with serving([clone / "run"], cwd=tmp_path, env=surroundings(ENGAGEMENTS_PORT=str(port)), port=port, log=log) as process:
        assert (clone / "data").is_dir()
        assert stopped(process, signal.SIGINT) in (0, 130), log.read_text()
    assert "Traceback" not in log.read_text()


def test_the_second_start_installs_nothing_and_says_where_the_register_is(clone: Path, tmp_path: Path) -> None:
    installing([clone / ".ci" / "install", "run"], cwd=tmp_path, env=surroundings())
    log = tmp_path / "second start"
    port = free_port()
    # Without a way to any registry, so that an attempt to install would fail.
    env = surroundings(ENGAGEMENTS_PORT=str(port), UV_OFFLINE="1", PIP_NO_INDEX="1")
    with serving([clone / "run"], cwd=tmp_path, env=env, port=port, log=log) as process:
        assert stopped(process, signal.SIGTERM) == 0
    assert "Installing" not in log.read_text()
    assert f"http://127.0.0.1:{port}" in log.read_text()


def test_test_installs_the_tools_of_the_tests_and_passes_its_options_on(clone: Path, tmp_path: Path) -> None:
    assert "pytest 9." in installing([clone / "test", "--version"], cwd=tmp_path, env=surroundings())


def test_an_install_that_was_cut_off_is_made_whole(clone: Path, tmp_path: Path) -> None:
    installing([clone / ".ci" / "install", "run"], cwd=tmp_path, env=surroundings())
    (package,) = (clone / ".venv").glob("lib/python3*/site-packages/structlog")
    (clone / ".venv" / "installed-for-run").unlink()
    (clone / ".venv" / "unfinished").touch()
    shutil.rmtree(package)
    installing([clone / ".ci" / "install", "run"], cwd=tmp_path, env=surroundings())
    assert (package / "__init__.py").exists()
    assert not (clone / ".venv" / "unfinished").exists()


def test_a_checkout_that_was_moved_installs_itself_at_its_new_place(clone: Path, tmp_path: Path) -> None:
    installing([clone / ".ci" / "install", "run"], cwd=tmp_path, env=surroundings())
    moved = tmp_path / "moved"
    shutil.copytree(clone, moved, symlinks=True)
    installing([moved / ".ci" / "install", "run"], cwd=tmp_path, env=surroundings())
    where = "import service; print(service.__file__)"
    found = subprocess.run([moved / ".venv/bin/python", "-c", where], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(moved / "service" / "__init__.py")


def test_a_python_that_will_not_do_is_one_line(clone: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(clone, bare, ignore=shutil.ignore_patterns(".venv", "data"))
    old = tmp_path / "python3"
    # What Python 3.10 answers to the question whether it is 3.11.
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    refused = subprocess.run([bare / "run"], env=surroundings(PYTHON=str(old)), capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr.count("\n") == 1
    assert "Python 3.11 or newer" in refused.stderr
    assert not (bare / ".venv").exists()


@pytest.mark.parametrize("script", ["run", "test", ".ci/install", ".ci/clients", ".ci/run"])
def test_the_scripts_are_executable_and_parse(script: str) -> None:
    path = CHECKOUT / script
    assert os.access(path, os.X_OK)
    shell = "bash" if path.read_text().startswith("#!/usr/bin/env bash") else "sh"
    subprocess.run([shell, "-n", path], check=True)
