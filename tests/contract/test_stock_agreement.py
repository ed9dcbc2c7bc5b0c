"""The compiled path is held to stock Connexion, over every operation of every document.

Both serve the same documents with the same verbs, each over a database of its own, and are asked
the same in the same order: status, headers and body must be the same, but for what
`stock_differences` lists. Every entry there must still be needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.types import ASGIApp

from tests.contract.asgi import ask
from tests.contract.stock import stock_application
from tests.contract.stock_cases import requests_of
from tests.contract.stock_differences import DIFFERENCES, differing
from tmf.apis import APIS
from tmf.app import build_application, engine_of, verbs_of
from tmf.program import Program, build_program
from tmf.rest.exchange import Origins
from tmf.rest.metrics import Metrics
from tmf.rest.observed import ObservedApp
from tmf.settings import Settings
from tmf.spec.model import Api
from tmf.store import schema

NAMES = [name for name, _ in APIS]


class Pair(NamedTuple):
    """The compiled application, and the program over which stock Connexion is to run."""

    compiled: ASGIApp
    program: Program

    def stock(self, api: Api, base_path: str) -> ASGIApp:
        """Stock Connexion serving one document at one of its addresses."""
        verbs = verbs_of(engine_of(self.program, lambda: None), api)
        origins = Origins(None, frozenset())
        application = stock_application(api.document, base_path, verbs, origins)
        return ObservedApp(application, Metrics().requests, None)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both, over empty databases."""
    folder = tmp_path_factory.mktemp("agreement")
    compiled, stock = (program(folder / f"{name}.db") for name in ("compiled", "stock"))
    yield Pair(build_application(compiled), stock)
    compiled.close()
    stock.close()


def program(file: Path) -> Program:
    made = build_program(Settings(database_url=f"sqlite:///{file}", log_level="error"))
    schema.prepare(made.database)
    return made


@pytest.fixture(scope="module")
def found(pair: Pair) -> dict[str, dict[str, list[str]]]:
    """What differs, by API."""

    async def ask_all() -> dict[str, dict[str, list[str]]]:
        outcomes = {}
        for api in pair.program.apis:
            application = pair.stock(api, api.base_path)
            outcomes[api.name] = await differing(
                requests_of(api),
                lambda asked: ask(pair.compiled, asked),
                lambda asked, application=application: ask(application, asked),
            )
        return outcomes

    return asyncio.run(ask_all())


@pytest.mark.parametrize("name", NAMES)
def test_the_compiled_path_answers_as_stock_connexion_does(
    found: dict[str, dict[str, list[str]]], name: str
) -> None:
    assert found[name].get("", []) == []


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.name)
def test_every_listed_difference_is_still_there(
    found: dict[str, dict[str, list[str]]], difference: object
) -> None:
    name = getattr(difference, "name")  # noqa: B009
    assert [api for api, outcome in found.items() if name in outcome] != []


@pytest.mark.parametrize("name", NAMES)
def test_every_operation_is_asked_both_well_and_badly(pair: Pair, name: str) -> None:
    api = next(api for api in pair.program.apis if api.name == name)
    asked = {(one.method, one.target.partition("?")[0]) for one in requests_of(api)}

    for path, item in api.document["paths"].items():
        for method in item.keys() - {"parameters"}:
            place = f"{api.base_path}{path}".replace("{id}", "known")
            assert (method.upper(), place) in asked
