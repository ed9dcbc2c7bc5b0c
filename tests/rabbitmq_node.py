"""A RabbitMQ node of the run's own, started from programs that are installed."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.databases import Unavailable
from tests.processes import PAUSE, Program, ProgramError, reserve_port
from tests.rabbitmq import broker_version
from tests.reaper import reaper

START_TIME = 90.0
"""Seconds that a node gets to start."""

_FOLDERS = (
    "usr/lib/rabbitmq/bin",
    "usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
    "opt/rabbitmq/sbin",
    "usr/local/sbin",
    "opt/homebrew/sbin",
    "usr/sbin",
)
"""Where the program is; the last one may be a wrapper that only some users may run."""


def installed_servers() -> list[Path]:
    """The programs `rabbitmq-server` that are installed, what is tried first in front."""
    return list(dict.fromkeys(_installed_servers()))


def _installed_servers() -> Iterator[Path]:
    for pattern in _FOLDERS:
        for folder in sorted(Path("/").glob(pattern), reverse=True):
            if os.access(folder / "rabbitmq-server", os.X_OK):
                yield (folder / "rabbitmq-server").resolve()
    if found := shutil.which("rabbitmq-server"):
        yield Path(found).resolve()


def start_rabbitmq(stack: ExitStack, server: Path) -> str:
    """Start a node in a temporary folder and on free ports of 127.0.0.1, until `stack` closes.

    Its URL; Unavailable if it does not start. Nodes find each other through a daemon, epmd, that
    would outlive the run; so this one gets one of its own.
    """
    epmd = shutil.which("epmd")
    if epmd is None:
        raise Unavailable(f"{server} does not start: there is no epmd")
    folder = Path(tempfile.mkdtemp(prefix="tmf-rabbitmq-"))
    with ExitStack() as undo:
        undo.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            url = _start(undo, server, epmd, folder)
        except (OSError, ProgramError) as error:
            raise Unavailable(f"{server} does not start: {_gist(error)}") from error
        stack.push(undo.pop_all())
    return url


def _gist(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), "no reason given")


def _start(undo: ExitStack, server: Path, epmd: str, folder: Path) -> str:
    ports = []
    for _ in range(3):
        port, reservation = reserve_port()
        undo.callback(reservation.close)
        ports.append(port)
    names_port, between_nodes, port = ports
    env = _environment(folder, port, between_nodes, names_port)
    names = ["-port", str(names_port), "-address", "127.0.0.1"]
    _run(undo, [epmd, *names], folder, folder / "epmd.log", env)
    node = _run(undo, [str(server)], folder, folder / "log", env)
    reaper.watch(node.process.pid, signal.SIGTERM, folder)
    url = f"amqp://guest:guest@127.0.0.1:{port}/"
    _wait_until_answering(node, url)
    return url


def _run(
    undo: ExitStack, command: Sequence[str], folder: Path, log: Path, env: dict[str, str]
) -> Program:
    program = Program(command, folder, log, env=env)
    undo.callback(program.stop)
    return program


def _environment(folder: Path, port: int, between_nodes: int, names_port: int) -> dict[str, str]:
    """What a node is told: all that it writes is in the folder, and nothing of the system's."""
    config = [f"listeners.tcp.local = 127.0.0.1:{port}", "disk_free_limit.absolute = 50MB"]
    (folder / "rabbitmq.conf").write_text("\n".join(config) + "\n")
    (folder / "enabled_plugins").write_text("[].\n")
    env = {name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")}
    return env | {
        "HOME": str(folder),  # of the cookie
        "ERL_EPMD_PORT": str(names_port),
        "RUNNING_UNDER_SYSTEMD": "true",  # the process that was started is the node itself
        "RABBITMQ_NODENAME": f"tmf{port}@localhost",
        "RABBITMQ_DIST_PORT": str(between_nodes),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(folder / "none" / "*.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none.config"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_SCHEMA_DIR": str(folder / "schema"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config"),
        "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "feature_flags"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_LOGS": "-",
    }


def _wait_until_answering(node: Program, url: str) -> None:
    deadline = time.monotonic() + START_TIME
    while True:
        try:
            broker_version(url)
        except Unavailable:
            if node.ended(within=PAUSE) or time.monotonic() > deadline:
                raise node.failure("RabbitMQ does not answer") from None
        else:
            return
