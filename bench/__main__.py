"""`python -m bench`: databases and services up, answers compared, figures taken, all down again."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import growth, report
from bench.check import check
from bench.database import Databases, bench_databases
from bench.documents import Catalogue
from bench.figures import Cost, Growth, Measured, spread
from bench.layouts import Layout, OrmLayout, PlainLayout, TmfLayout
from bench.load import generator
from bench.loading import load, tidy
from bench.machine import facts
from bench.options import Options, parse
from bench.profiling import profile
from bench.progress import say
from bench.rivals import TMF, Place, Running, Service, running
from bench.rounds import measure, write_orders
from bench.running import to_the_end
from bench.services.paths import COLLECTION
from tests.reaper import reaper
from tests.services import Means, find_postgresql
from tmf.settings import Settings
from tmf.spec.bundle import load_api

STARTS = 3
"""Times that each service is started to see how long that takes."""


@dataclass(slots=True)
class Run:
    """One run and what it holds open until `stack` closes."""

    options: Options
    stack: ExitStack
    databases: Databases
    folder: Path
    catalogue: Catalogue
    url: str
    loaded: bool

    @property
    def place(self) -> Place:
        """Where the services over the whole catalogue run."""
        return Place(self.url, self.folder, self.folder / "openapi.json")

    @property
    def probe(self) -> str:
        """A request that every service answers once it is ready."""
        return f"{COLLECTION}/{self.catalogue.identity(0)}"

    def prepare(self) -> None:
        """Fill the database, or take the kept one; publish the schema."""
        self.place.openapi.write_text(json.dumps(load_api("TMF620").document))
        own = TmfLayout(self.url)
        layouts: list[Layout] = [own]
        if self.options.keep or "figures" in self.options.parts:
            layouts += [OrmLayout(), PlainLayout()]
        if self.loaded:
            say(f"taking the kept catalogue of {self.catalogue.count:,}")
            own.migrate()
        else:
            load(self.url, self.catalogue, layouts)
        if self.options.keep:
            self.databases.mark_used(self.options.rows)
            self.stack.callback(self._leave, layouts)

    def _leave(self, layouts: list[Layout]) -> None:
        """The kept database as it was loaded."""
        tidy(self.url, self.catalogue, layouts)
        self.databases.mark_loaded(self.options.rows)

    def start(self, service: Service, stack: ExitStack) -> tuple[Running, list[float]]:
        """The service, running until `stack` closes, and how long each of its starts took."""
        times = []
        for _ in range(STARTS - 1):
            with running(service, self.place, self.probe) as started:
                times.append(started.started_in)
        kept = stack.enter_context(running(service, self.place, self.probe))
        say(f"({service.letter}) {service.title}: started in {kept.started_in:.2f} s")
        return kept, [*times, kept.started_in]

    def grow(self) -> list[Growth]:
        """tmf's times over a small catalogue beside its times over the whole one."""
        small = Catalogue(self.options.small_rows)
        url = self.databases.create("small")
        load(url, small, [TmfLayout(url)])
        place = Place(url, self.folder, self.place.openapi)
        probe = f"{COLLECTION}/{small.identity(0)}"
        with running(TMF, place, probe) as one, running(TMF, self.place, self.probe) as other:
            found = growth.first_pages((one.port, small), (other.port, self.catalogue))
            return [*found, growth.late_page(other.port, self.catalogue)]


def compare(run: Run) -> str:
    """The tables of a whole run."""
    known = facts(run.url)
    grown = run.grow() if run.options.growth else []
    with ExitStack() as stack:
        started = [run.start(service, stack) for service in run.options.services]
        services = [service for service, _ in started]
        idle = [service.memory() for service in services]
        notes = [*known, f"load by {generator()}", *check(services, run.catalogue, run.url)]
        say("all services give the same answers")
        measured = Measured()
        _measure(run, services, measured, "GET")
        # Once: right after a checkpoint every page is logged whole, which no server does for long.
        run.databases.settle()
        _measure(run, services, measured, "POST")
        costs = [
            Cost(f"({one.service.letter}) {one.service.title}", spread(times), before, one.memory())
            for (one, times), before in zip(started, idle, strict=True)
        ]
    return report.tables(run.options, measured, grown, costs, notes)


def _measure(run: Run, services: list[Running], measured: Measured, method: str) -> None:
    for work in run.options.works:
        if work.method == method:
            orders = write_orders(work, run.catalogue, run.folder)
            measure(services, work, orders, run.options, measured)


def look_closely(run: Run) -> str:
    """tmf's profile for each work."""
    options = run.options
    parts = []
    with running(TMF, run.place, run.probe) as service:
        for work in options.works:
            orders = write_orders(work, run.catalogue, run.folder)
            say(f"watching {work.title}")
            file = run.folder / "profile.txt"
            seconds = options.rounds * options.seconds
            found = profile(service, orders, options.connections, seconds, file)
            parts.append(f"### {work.title}\n\n{found}")
    return "\n\n".join(parts) + "\n"


def _main(options: Options) -> None:
    for name in Settings.model_fields:  # the caller's settings are not what is measured
        os.environ.pop(f"TMF_{name.upper()}", None)
    with ExitStack() as stack:
        stack.callback(reaper.close)
        may_install = os.environ.get("TMF_TEST_INSTALL") == "1"
        server = options.postgresql or find_postgresql(Means(stack, may_install)).url
        databases = stack.enter_context(bench_databases(server))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tmf-bench-")))
        url, loaded = databases.kept(options.rows) if options.keep else _new(databases)
        run = Run(options, stack, databases, folder, Catalogue(options.rows), url, loaded)
        run.prepare()
        makers = {"figures": compare, "profile": look_closely}
        for part in options.parts:
            text = makers[part](run)
            print(f"\n{text}")
            if options.write:
                report.write_part(options.write, part, text)


def _new(databases: Databases) -> tuple[str, bool]:
    return databases.create("main"), False


def main() -> None:
    """The command."""
    to_the_end(lambda: _main(parse()))


if __name__ == "__main__":
    main()
