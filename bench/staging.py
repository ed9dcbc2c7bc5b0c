"""What the measurements that need a stage have in common: options, services, what is written."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from bench import report
from bench.database import bench_databases
from bench.events.stage import Stage
from bench.machine import facts
from tests.databases import Unavailable
from tests.rabbitmq import clean_up
from tests.reaper import reaper
from tests.services import Means, find_postgresql, find_rabbitmq
from tmf.app import takers_of
from tmf.program import build_program
from tmf.settings import Settings


@dataclass(frozen=True, slots=True)
class Command:
    """One of the commands: `name` is that of its part of the benchmarks page too."""

    name: str
    about: str | None
    full: str
    """What `--full` measures."""

    def options(self) -> argparse.ArgumentParser:
        """The options that all of them have."""
        parser = argparse.ArgumentParser(
            prog=f"python -m bench.{self.name}", description=self.about
        )
        parser.add_argument("--full", action="store_true", help=self.full)
        parser.add_argument(
            "--postgresql", metavar="URL", help="server (default: as the tests find)"
        )
        parser.add_argument("--write", type=Path, metavar="FILE", help="write the table there")
        return parser

    def tell(self, given: argparse.Namespace, stage: Stage, how: str, *parts: str) -> None:
        """Print what was measured, and `how`, and write it if so asked."""
        command = f"python -m bench.{self.name}" + (" --full" if given.full else "")
        notes = "\n".join(f"- {note}" for note in stage.notes)
        text = "\n\n".join([f"Given by `{command}`: {how}", notes, *parts]) + "\n"
        print(f"\n{text}")
        if given.write:
            report.write_part(given.write, self.name, text)


@contextmanager
def staged(
    given: argparse.Namespace,
    *,
    rounds: int = 1,
    events: int = 0,
    waiting: int = 0,
    brokered: bool = True,
) -> Iterator[Stage]:
    """Where everything runs, with RabbitMQ if that is wanted and there is one."""
    for name in Settings.model_fields:  # the caller's settings are not what is measured
        os.environ.pop(f"TMF_{name.upper()}", None)
    with ExitStack() as stack:
        stack.callback(reaper.close)
        means = Means(stack, os.environ.get("TMF_TEST_INSTALL") == "1")
        broker = None
        if brokered:
            with suppress(Unavailable):
                broker = find_rabbitmq(means).url
        server = given.postgresql or find_postgresql(means).url
        databases = stack.enter_context(bench_databases(server))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tmf-bench-")))
        name = f"tmf_bench_{os.getpid()}"
        if broker is not None:
            stack.callback(clean_up, broker, name, _takers())
        notes = facts(databases.create("facts"))
        yield Stage(databases, folder, rounds, events, waiting, broker, name, notes)


def _takers() -> list[str]:
    """Those who have queues on the broker."""
    program = build_program(Settings(database_url="sqlite://"))
    names = [taker.name for taker in takers_of(program, lambda: None)]
    program.close()
    return [*names, "hub"]
