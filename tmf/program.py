"""The program: APIs, database and rules, as every command needs them, with or without a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import tmf
from tmf.apis import APIS
from tmf.declare import Extension
from tmf.events.clock import Clock
from tmf.rest.acting import Acting, ReactionContext
from tmf.rest.audit import Audit
from tmf.rest.changes import Changes
from tmf.rest.rules import compile_rules
from tmf.settings import Settings
from tmf.spec.asyncapi import asyncapi_document
from tmf.spec.bundle import load_api
from tmf.spec.model import Api
from tmf.store.database import Database

T = TypeVar("T")

Listed: TypeAlias = Sequence[tuple[str, Extension | None]]
"""APIs to serve, each with its package's extension if it has one."""


class UnusableSettingError(Exception):
    """What a setting names cannot be used; the message says which setting, and why."""


@dataclass(frozen=True, slots=True)
class Program:
    """Everything that the commands share: APIs, database, changes, audit. Close it when done."""

    settings: Settings
    apis: tuple[Api, ...]
    extensions: Mapping[str, Extension]
    database: Database
    changes: Changes
    audit: Audit

    def acting(self, api: Api, ring: Callable[[], None] = lambda: None) -> Acting:
        """What the package of an API may do; `ring` is called when it has scheduled a duty."""
        return Acting(
            api,
            self.changes,
            self.audit,
            self.settings.public_url or "",
            visible(self.settings, self.extensions[api.name]),
            ring,
        )

    def within(
        self, name: str, realm: str, act: Callable[[ReactionContext], T], *, write: bool = False
    ) -> T:
        """What comes of acting as the package of an API would, in one transaction."""
        (api,) = (api for api in self.apis if api.name == name)
        with self.database.session(write=write) as session:
            return act(self.acting(api).within(session, realm))

    def close(self) -> None:
        """Release the database and the audit's file."""
        self.database.close()
        self.audit.close()


def load_apis(settings: Settings, listed: Listed = APIS) -> tuple[Api, ...]:
    """The APIs of the list, as their specifications and the settings state them."""
    page = (settings.default_limit, settings.max_limit)
    return tuple(
        load_api(
            name,
            page=page,
            keys=settings.api_keys is not None,
            rate_limited=settings.rate_limit is not None,
        )
        for name, _ in listed
    )


def events_document(settings: Settings, apis: Sequence[Api]) -> dict[str, Any]:
    """The AsyncAPI document of all events."""
    return asyncapi_document(apis, f"{settings.broker_name}.events", tmf.__version__)


def _extensions(listed: Listed) -> dict[str, Extension]:
    """What is special about each API, by its name."""
    extensions = {name: extension or Extension(name) for name, extension in listed}
    for name, extension in extensions.items():
        if extension.api != name:
            raise ValueError(f"apis.py: {name} is given the extension of {extension.api}")
    return extensions


def build_program(settings: Settings, listed: Listed = APIS) -> Program:
    """The program without any server: what `tmf load` and `tmf migrate` need."""
    apis = load_apis(settings, listed)
    extensions = _extensions(listed)
    clock = Clock(settings.clock)
    resources = {resource.key: resource for api in apis for resource in api.resources.values()}
    database = Database(
        settings.database_url,
        resources.values(),
        clock.micros,
        count_limit=settings.count_limit,
        query_timeout=settings.query_timeout,
    )
    rules = {}
    for api in apis:
        extension = extensions[api.name]
        try:
            extension.check(visible(settings, extension))
        except ValueError as error:
            raise UnusableSettingError(str(error)) from error
        rules.update(
            compile_rules(
                api,
                extension.rules,
                frozenset(extension.jobs),
                enforce_advisory=settings.enforce_catalog_lifecycle,
                settings=visible(settings, extension),
            )
        )
    audit = Audit(settings.audit_file, as_json=settings.log_format == "json")
    return Program(settings, apis, extensions, database, Changes(clock, rules, resources), audit)


def visible(settings: Settings, extension: Extension) -> dict[str, Any]:
    """The settings that an API's package gets to see; ValueError if there is none of that name."""
    if unknown := set(extension.settings) - Settings.model_fields.keys():
        raise ValueError(f"there is no setting {', '.join(sorted(unknown))}")
    return {name: getattr(settings, name) for name in extension.settings}
