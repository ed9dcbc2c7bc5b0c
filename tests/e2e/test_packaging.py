"""The wheel: all that the program needs is in it."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from tests.e2e import commands
from tests.e2e.client import PATHS, Client
from tests.e2e.waiting import until
from tests.processes import start_server

ROOT = Path(__file__).parents[2]
BUILD = (sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory")
INSTALL = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this source."""
    folder = tmp_path_factory.mktemp("wheel")
    done = commands.run([*BUILD, str(folder)], ROOT)
    assert done.returncode == 0, done.stderr
    (file,) = folder.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation from the wheel alone."""
    folder = tmp_path_factory.mktemp("installed")
    options = ("--no-deps", "--no-index", "--target", str(folder), str(wheel))
    done = commands.run([*INSTALL, *options], folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_wheel_holds_specifications_pages_and_demo(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    for folder, pattern, place in (
        ("openapi", "*.yaml", "tmf/openapi"),
        ("tmf/demo", "**/*.json", "tmf/demo"),
        ("tmf/rest/pages", "*", "tmf/rest/pages"),
        ("tmf/store/migrations", "**/*.*", "tmf/store/migrations"),
    ):
        files = [file for file in (ROOT / folder).glob(pattern) if file.is_file()]
        wanted = {
            f"{place}/{file.relative_to(ROOT / folder)}"
            for file in files
            if "__pycache__" not in file.parts
        }
        assert wanted
        assert wanted <= names
    assert not [name for name in names if name.startswith(("tests/", "bench/"))]


def test_the_installed_program_is_the_same_program(installed: Path, tmp_path: Path) -> None:
    command = [*commands.TMF, "openapi", "TMF622"]

    done = commands.run(command, tmp_path, PYTHONPATH=str(installed))

    assert done.returncode == 0, done.stderr
    here = commands.tmf("openapi", "TMF622", folder=tmp_path)
    assert json.loads(done.stdout) == json.loads(here.stdout)
    where = [sys.executable, "-c", "import tmf; print(tmf.__file__)"]
    found = commands.run(where, tmp_path, PYTHONPATH=str(installed)).stdout
    assert found.startswith(str(installed))


def test_the_installed_demo_serves(installed: Path, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "tmf", "demo")
    settings = {"PYTHONPATH": str(installed)}
    with start_server("sqlite:///unused.db", tmp_path, command=command, **settings) as server:
        until(lambda: "documents loaded" in server.log(), "the demo to be loaded")
        with Client(server.url) as tmf:
            assert tmf.read("TMF620/productOffering")
            assert tmf.get("/docs").status_code == 200
            assert all(tmf.read(f"{api}/openapi.json") for api in PATHS)
            assert "TMF620" in tmf.get("/").text


def test_a_command_of_that_name_is_installed(installed: Path, tmp_path: Path) -> None:
    done = commands.run([str(installed / "bin" / "tmf"), "--version"], tmp_path,
                        PYTHONPATH=str(installed))  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("tmf, version ")
