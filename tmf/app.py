"""The composition root: the application, built from the list of APIs and the settings."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any

from connexion.middleware.exceptions import ExceptionMiddleware
from connexion.middleware.lifespan import LifespanMiddleware
from starlette.types import ASGIApp, Scope

from tmf import memory
from tmf.access.keyring import Keyring
from tmf.background import Background, bus_of, event_chores
from tmf.delivering import delivering_of
from tmf.events.bell import Bell
from tmf.events.figures import Done
from tmf.events.running import Runner
from tmf.events.takers import Taker
from tmf.events.upkeep import Upkeep
from tmf.events.work import Handler, Worker
from tmf.hub.figures import HubFigures
from tmf.hub.subscriptions import Subscriptions
from tmf.log import access_log, set_up_logging
from tmf.overseeing import oversight_of
from tmf.program import Program, build_program, events_document
from tmf.rest.admin import ClockVerbs
from tmf.rest.browsers import CrossOrigin
from tmf.rest.compiled import CompiledMiddleware, SpecifiedApplication, VerbResolver
from tmf.rest.duties import duty_handlers
from tmf.rest.exchange import Origins
from tmf.rest.faults import HANDLERS
from tmf.rest.idempotency import Idempotency
from tmf.rest.jobs import JobFiles, JobRunner
from tmf.rest.listeners import HubVerbs
from tmf.rest.metrics import Metrics
from tmf.rest.observed import ObservedApp
from tmf.rest.oversight import OversightVerbs
from tmf.rest.papers import Papers
from tmf.rest.rate import RateLimitedApp, TokenBuckets, peer_of
from tmf.rest.reactions import Reactions
from tmf.rest.security import Gate, caller_by_key, security_map
from tmf.rest.site import Site
from tmf.rest.verbs import Engine, ResourceVerbs, Verb
from tmf.rest.views import view_verbs
from tmf.settings import Settings, split_list
from tmf.spec.model import Api
from tmf.spec.security import secured_for_operators
from tmf.spec.sources import read

ADMIN_PATH = "/admin/v1"

JOB_LEASES = 2.5
"""Leases that a job outlasts its process: being done twice at once costs more than waiting."""

DUTY_LEASES = 1.0
"""The same of a duty."""

DUTIES_AT_ONCE = 4
"""Duties under way at once in one process: most wait for somebody else."""

_DUTIES = "tmf_duties"


def build_application(program: Program) -> ASGIApp:
    """The ASGI application of one server process; KeyFileError if the keys cannot be read."""
    settings = program.settings
    keyring = None if settings.api_keys is None else Keyring(settings.api_keys)
    jobs = jobs_of(program)
    engine = engine_of(program, jobs.wake)
    origins = Origins(
        settings.public_url.rstrip("/") if settings.public_url else None,
        frozenset(split_list(settings.trusted_proxies)),
    )
    metrics = Metrics()
    figures = HubFigures()
    metrics.registry.register(figures)
    others = runners_of(program, engine.idempotency, metrics.events.done, figures, serving=True)
    background = Background([*others, *([jobs] if settings.serve_work else [])])
    gate = None if keyring is None else Gate(keyring)
    site = Site(
        program.apis,
        program.database,
        metrics,
        origins,
        settings.export_dir.resolve(),
        partial(events_document, settings, program.apis),
        gate,
    )
    connexion = SpecifiedApplication(
        site.application(after=[papers_of(program, gate).route()]),
        import_name="tmf",
        lifespan=partial(_lifespan, program, background),
        middlewares=[
            partial(CompiledMiddleware, origins=origins),
            ExceptionMiddleware,
            LifespanMiddleware,
        ],
        security_map=None if keyring is None else security_map(keyring),
    )
    for fault, handler in HANDLERS:
        connexion.add_error_handler(fault, handler)
    for api in program.apis:
        for base_path in api.base_paths:
            connexion.add_bundled(api.document, base_path, VerbResolver(verbs_of(engine, api)))
    for document, verbs in oversight_documents(program):
        published = document if keyring is None else secured_for_operators(document)
        connexion.add_bundled(published, ADMIN_PATH, VerbResolver(verbs))
    caller = partial(_caller_of, keyring, origins.trusted)
    guarded = _guarded(connexion, settings, caller)
    return ObservedApp(guarded, metrics.requests, access_log(settings.log_format))


def oversight_documents(program: Program) -> Iterator[tuple[dict[str, Any], Mapping[str, Verb]]]:
    """What describes the operator's own interface, each document with its verbs."""
    admin = read("admin.yaml")
    yield admin, admin_verbs(program, admin["components"]["schemas"])
    for api in program.apis:
        for file, views in program.extensions[api.name].views.items():
            yield read(file), view_verbs(program.database, program.acting(api), views)


def admin_verbs(program: Program, schemas: Mapping[str, Any]) -> Mapping[str, Verb]:
    """The operator's verbs by their operationId."""
    clock, audit = program.changes.clock, program.audit
    overseer = oversight_of(program.settings, program.database, clock, program.apis)
    oversight = OversightVerbs(overseer, audit, schemas)
    return {**ClockVerbs(clock, audit, schemas).verbs(), **oversight.verbs()}


def _guarded(application: ASGIApp, settings: Settings, caller: Callable[[Scope], str]) -> ASGIApp:
    """The application behind what the settings switch on: browsers' rules, the rate limit."""
    if settings.rate_limit is not None:
        buckets = TokenBuckets(settings.rate_limit, settings.rate_burst)
        application = RateLimitedApp(application, buckets, caller)
    if origins := split_list(settings.cors_origins):
        application = CrossOrigin(application, origins)
    return application


def _caller_of(keyring: Keyring | None, trusted: frozenset[str], scope: Scope) -> str:
    """Whose requests are counted together: those of a valid key, else of a peer's address."""
    caller = None if keyring is None else caller_by_key(keyring, scope)
    return caller.key if caller is not None else peer_of(scope, trusted=trusted)


def create_application() -> ASGIApp:
    """The application of a worker process, from the environment (for uvicorn)."""
    settings = Settings()
    set_up_logging(settings.log_level, settings.log_format)
    return build_application(build_program(settings))


def engine_of(program: Program, wake: Callable[[], None]) -> Engine:
    """What the verbs work with; `wake` tells the worker that there may be work."""
    settings = program.settings
    lifetime = int(settings.idempotency_hours * 3600 * 1_000_000)
    return Engine(
        database=program.database,
        changes=program.changes,
        idempotency=Idempotency(program.database, program.changes.clock, lifetime),
        audit=program.audit,
        default_limit=settings.default_limit,
        max_limit=settings.max_limit,
        max_body=settings.max_body,
        partner_listeners=settings.hub_partner_listeners,
        wake=wake,
        intakes={
            api.resources[name].key: partial(
                program.acting(api).take_in, intake, api.resources[name]
            )
            for api in program.apis
            for name, intake in program.extensions[api.name].intakes.items()
        },
    )


def verbs_of(engine: Engine, api: Api) -> Mapping[str, Verb]:
    """Every verb of an API by its operationId."""
    registry = Subscriptions(api, engine.changes.clock, engine.partner_listeners)
    verbs = HubVerbs(engine, api, registry).verbs()
    for resource in api.resources.values():
        of_resource = ResourceVerbs(engine, api, resource)
        for name in resource.operations:
            verbs[f"{name}{resource.schema}"] = of_resource.verb(name)
    return verbs


def _job_handlers(program: Program) -> dict[str, Handler]:
    settings = program.settings
    files = JobFiles(
        settings.import_dir,
        split_list(settings.import_urls),
        settings.export_dir.resolve(),
    )
    runner = JobRunner(program.database, program.changes, program.audit, files, settings.public_url)
    return {
        api.resources[name].key: runner.handler(api, api.resources[name], job)
        for api in program.apis
        for name, job in program.extensions[api.name].jobs.items()
    }


def jobs_of(program: Program) -> Worker:
    """What does the APIs' jobs: servers do, unless TMF_SERVE_WORK leaves them to `tmf work`."""
    lease = JOB_LEASES * program.settings.lease_seconds
    return Worker(program.database, program.changes.clock, _job_handlers(program), lease=lease)


def papers_of(program: Program, gate: Gate | None) -> Papers:
    """What makes resources files for people."""
    made = {
        name: (program.acting(api), paper)
        for api in program.apis
        for name, paper in program.extensions[api.name].papers.items()
    }
    return Papers(program.database, made, gate)


def duties_of(program: Program, bell: Bell) -> Worker:
    """What does the duties of the APIs' packages; the bell wakes it."""
    handlers: dict[str, Handler] = {}
    for api in program.apis:
        acting = program.acting(api, bell.ring)
        duties = program.extensions[api.name].duties
        handlers |= duty_handlers(program.database, acting, duties)
    worker = Worker(
        program.database,
        program.changes.clock,
        handlers,
        lease=DUTY_LEASES * program.settings.lease_seconds,
        at_once=DUTIES_AT_ONCE,
    )
    bell.wakes(worker.wake)
    return worker


def takers_of(program: Program, ring: Callable[[], None]) -> list[Taker]:
    """Those who take events: the reactions of the APIs' packages. `ring` tells of new duties."""
    return [
        Reactions(program.acting(api, ring), extension.reactions).taker()
        for api in program.apis
        if (extension := program.extensions[api.name]).reactions
    ]


def runners_of(
    program: Program, idempotency: Idempotency, done: Done, figures: HubFigures, *, serving: bool
) -> list[Runner]:
    """What a process runs besides the jobs: the bus, the deliverer, duties and the upkeep.

    If the work is done apart, a process that serves requests leaves it to `tmf work`.
    """
    settings, database = program.settings, program.database
    hub = delivering_of(settings, database, program.changes.clock, program.apis, figures)
    upkeep = Upkeep(database, idempotency.purge, *event_chores(settings), *hub.chores)
    bell = Bell(database, channel=_DUTIES)
    takers = [*takers_of(program, bell.ring), hub.taker]
    bus = bus_of(settings, database, takers, done, serving=serving)
    if settings.work_apart and serving:
        return [upkeep, *bus]
    return [upkeep, *bus, *hub.runners, duties_of(program, bell), bell]


@contextlib.asynccontextmanager
async def _lifespan(program: Program, background: Background, _: Any) -> AsyncIterator[None]:
    """Background work runs as long as the server does."""
    memory.settle()
    background.start()
    try:
        yield
    finally:
        await background.stop()
        program.close()
