"""schemathesis over every published document: does the server do what its documents say?

All checks and all phases (examples, coverage, fuzzing, stateful). A short run leaves out most of
the coverage phase's cases. Environment variables:

- TMF_LONG=1: everything, and 200 random examples for each operation.
- TMF_TEST_SEED: the seed of the random ones; a long run without it takes another each time.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest
import requests

from tests.contract.fuzzing import checks_of, configuration, fuzz
from tests.contract.loaded import load, vendor_data
from tests.processes import Server, start_server
from tmf.apis import APIS
from tmf.spec.bundle import load_api

SERVED = {name: load_api(name) for name, _ in APIS}
KNOWN = [f"known-{number}" for number in range(30)]
LISTENERS = 10

LONG = os.environ.get("TMF_LONG") == "1"
EXAMPLES = 200 if LONG else 5
SEED = int(os.environ.get("TMF_TEST_SEED") or (secrets.randbits(32) if LONG else 1))


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that holds some resources of each kind, under ids that are known."""
    folder = tmp_path_factory.mktemp("schemathesis")
    with start_server(module_database_url, folder, TMF_LOG_LEVEL="warning") as server:
        resources = [(api, each) for api in SERVED.values() for each in api.resources.values()]
        load(vendor_data(resources, KNOWN), module_database_url, folder)
        yield server


def listeners(hub: str) -> list[str]:
    """The ids of some listeners, which only the server gives."""
    sent = {"callback": "http://127.0.0.1:9/events"}
    answers = [requests.post(hub, json=sent, timeout=60) for _ in range(LISTENERS)]
    return [answer.json()["id"] for answer in answers]


def test_no_check_is_left_out() -> None:
    checks = checks_of(configuration(1, 1, KNOWN))

    assert {name for name, made in checks.items() if not made} == set()
    assert {"not_a_server_error", "positive_data_acceptance", "use_after_free"} <= checks.keys()


@pytest.mark.parametrize("api", SERVED)
def test_the_server_does_what_the_document_says(server: Server, api: str) -> None:
    base = f"{server.url}{SERVED[api].base_path}"
    config = configuration(EXAMPLES, SEED, [*KNOWN, *listeners(f"{base}/hub")])

    findings = fuzz(f"{base}/openapi.json", config, thinned=not LONG)

    found = "\n\n".join([*findings.errors, *findings.failures])
    assert not found, f"seed {SEED}\n{found[:20000]}"
    assert findings.tested["coverage"] == findings.tested["fuzzing"] == findings.operations
    assert findings.tested["examples"]
    assert findings.tested["stateful"]
    assert findings.never_succeeded() == set()
