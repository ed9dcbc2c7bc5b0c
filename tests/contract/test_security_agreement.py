"""Security that a document declares is enforced by the compiled path as by stock Connexion.

Every operation of every document is asked without a key, with a wrong one, and with one of each
role, in either header: both must answer with the same status, and only those roles be let in
that the document names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from starlette.types import ASGIApp

from tests.contract import stock_keys
from tests.contract.asgi import Asked, Header, ask
from tests.contract.exercise import RULED
from tests.contract.instances import Instances
from tests.contract.stock import stock_application
from tests.contract.stock_cases import asked
from tests.e2e.closed import KEYS, made_key
from tmf.access.key_file import read_keys
from tmf.access.keys import digest_of
from tmf.apis import APIS
from tmf.app import ADMIN_PATH, admin_verbs, build_application, engine_of, verbs_of
from tmf.program import Program, build_program
from tmf.rest.exchange import Origins
from tmf.rest.verbs import Verb
from tmf.settings import Settings
from tmf.spec.security import secured_for_operators
from tmf.spec.sources import read
from tmf.store import schema

NAMES = [*(name for name, _ in APIS), "admin"]
CALLERS = ("partner", "reader", "writer", "operator")


class Documents(NamedTuple):
    """What is served under each name: document, base path and verbs."""

    document: dict[str, object]
    base_path: str
    verbs: dict[str, Verb]


class Pair(NamedTuple):
    """Both applications, the keys by caller, and what stock Connexion is to serve."""

    compiled: ASGIApp
    program: Program
    keys: dict[str, str]

    def served(self, name: str) -> Documents:
        if name == "admin":
            admin = read("admin.yaml")
            verbs = admin_verbs(self.program, admin["components"]["schemas"])
            return Documents(secured_for_operators(admin), ADMIN_PATH, dict(verbs))
        api = next(api for api in self.program.apis if api.name == name)
        verbs_of_api = verbs_of(engine_of(self.program, lambda: None), api)
        return Documents(dict(api.document), api.base_path, dict(verbs_of_api))

    def stock(self, name: str) -> ASGIApp:
        document, base_path, verbs = self.served(name)
        origins = Origins(None, frozenset())
        application: ASGIApp = stock_application(document, base_path, verbs, origins)
        return application


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both, over empty databases, with the same keys."""
    folder = tmp_path_factory.mktemp("security")
    file = folder / "keys.json"
    keys = {name: made_key(file, **KEYS[name]) for name in CALLERS}
    callers = {key.sha256: key.caller() for key in read_keys(file)}
    stock_keys.KNOWN.clear()
    stock_keys.KNOWN.update({key: callers[digest_of(key)] for key in keys.values()})
    compiled, stock = (program(folder / f"{name}.db", file) for name in ("compiled", "stock"))
    yield Pair(build_application(compiled), stock, keys)
    compiled.close()
    stock.close()


def program(file: Path, keys: Path) -> Program:
    url = f"sqlite:///{file}"
    made = build_program(Settings(database_url=url, log_level="error", api_keys=keys))
    schema.prepare(made.database)
    return made


def operations(pair: Pair, name: str) -> Iterator[tuple[set[str], Asked]]:
    """Each operation's roles, and a request that is good."""
    document, base_path, _ = pair.served(name)
    made = Instances(document["components"]["schemas"])  # type: ignore[index]
    for path, item in document["paths"].items():  # type: ignore[attr-defined]
        for method, operation in item.items():
            if method == "parameters":
                continue
            target = f"{base_path}{path}".replace("{id}", "nobody")
            body = None
            if (of := operation.get("requestBody")) is not None:
                shape = next(iter(of["content"].values()))["schema"]["$ref"].rsplit("/", 1)[1]
                body = {} if method == "patch" else made.least(shape)
                body |= RULED.get(path[1:], {}) if method == "post" else {}
                body |= GOOD.get(path, {})
            yield set(operation["x-roles"]), asked(method.upper(), target, body)


def headers_with(key: str) -> Iterator[tuple[Header, ...]]:
    """The ways of sending a key."""
    yield (("Authorization", f"Bearer {key}"),)
    yield (("X-API-Key", key),)


GOOD = {
    "/hub": {"callback": "http://127.0.0.1:9/events"},
    "/clock": {"now": "2030-01-01T00:00:00Z"},
}
"""What a schema does not lead to."""

WITHOUT: list[tuple[Header, ...]] = [
    (),
    (("Authorization", ""),),
    (("Authorization", "Bearer "),),
    (("Authorization", "Basic dG1mOnRtZg=="),),
    (("Authorization", "Bearer tmf_000000000000_wrong"),),
    (("X-API-Key", "tmf_000000000000_wrong"),),
    (("X-API-Key", "\xe9\xff"),),
    (("Cookie", "X-API-Key=tmf"),),
]


@pytest.mark.parametrize("name", NAMES)
def test_both_let_in_whom_the_document_names(pair: Pair, name: str) -> None:
    stock = pair.stock(name)

    async def statuses(request: Asked) -> tuple[int, int]:
        return (await ask(pair.compiled, request)).status, (await ask(stock, request)).status

    async def judge() -> list[str]:
        wrong = []
        for roles, request in operations(pair, name):
            for headers in WITHOUT:
                found = await statuses(request._replace(headers=request.headers + headers))
                if found != (401, 401):
                    wrong.append(f"{request} {headers}: {found}")
            for caller in CALLERS:
                role = KEYS[caller]["role"]
                for headers in headers_with(pair.keys[caller]):
                    ours, theirs = await statuses(
                        request._replace(headers=request.headers + headers)
                    )
                    # A partner may only create what names its party, which this does not.
                    own = request.method != "POST" or request.target.endswith("/hub")
                    may = role in roles and (role != "partner" or own)
                    if ours != theirs or ours >= 500 or (ours not in (401, 403)) != may:
                        wrong.append(f"{caller} {request}: {ours}, stock {theirs}")
        return wrong

    assert asyncio.run(judge()) == []


def test_every_role_is_refused_somewhere_and_let_in_somewhere(pair: Pair) -> None:
    roles = [roles for name in NAMES for roles, _ in operations(pair, name)]

    for caller in CALLERS:
        role = KEYS[caller]["role"]
        assert any(role in some for some in roles)
        assert role == "operator" or any(role not in some for some in roles)
