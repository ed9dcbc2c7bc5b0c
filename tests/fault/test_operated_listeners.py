"""Nothing is lost while operators disable, enable, rotate and send again as fast as they can."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path

from tests.e2e.client import Client
from tests.e2e.recipients import Recipients, Reply, recipients
from tests.e2e.waiting import until
from tests.processes import Server, start_server

ADMIN = "/admin/v1/hub"
SETTINGS = {"TMF_HUB_ALLOW_PRIVATE_CALLBACKS": "true", "TMF_HUB_RETRY_SCHEDULE": "0.05,0.05"}
CATEGORIES = 20
EVENTS = 2 * CATEGORIES * 4
ACTS = 40


def test_whatever_operators_do_every_event_arrives_once_it_is_recovered(
    database_url: str, tmp_path: Path
) -> None:
    with recipients() as receiving, start_server(database_url, tmp_path, **SETTINGS) as server:
        draw = random.Random(1)  # noqa: S311
        receiving.answers["/flaky"] = lambda _: Reply(status=draw.choice([204, 500]))
        with Client(server.url) as tmf:
            hubs = {
                path: tmf.create("TMF620/hub", {"callback": receiving.url + path})["id"]
                for path in ("/flaky", "/well")
            }
            at_once(
                *[lambda: change(server)] * 2,
                *[lambda seed=seed: operate(server, list(hubs.values()), seed) for seed in (1, 2)],
            )
            receiving.answers.clear()
            recover(tmf, receiving, hubs)


def at_once(*works: Callable[[], None]) -> None:
    failures: list[BaseException] = []

    def tried(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # told by the test itself
            failures.append(error)

    threads = [threading.Thread(target=tried, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def change(server: Server) -> None:
    with Client(server.url) as tmf:
        for _ in range(CATEGORIES):
            made = tmf.create("TMF620/category", {"name": "new"})["id"]
            for name in ("a", "b", "c"):
                assert tmf.patch(f"TMF620/category/{made}", {"name": name}).status_code == 200


def operate(server: Server, hubs: list[str], seed: int) -> None:
    """Acts at random; an operator is refused at most because the listener is disabled."""
    draw = random.Random(seed)  # noqa: S311
    with Client(server.url) as tmf:
        for _ in range(ACTS):
            place = f"{ADMIN}/{draw.choice(hubs)}"
            verb = draw.choice(["disable", "enable", "enable", "resend", "resend", "rotate"])
            body = {
                "resend": {"since": "2020-01-01", "delivered": draw.random() < 0.2},
                "rotate": {"atOnce": True},
            }.get(verb, {})
            answer = tmf.post(f"{place}/{verb}", body)
            assert answer.status_code in (200, 409), answer.text
            assert verb == "resend" or answer.status_code == 200, answer.text


def recover(tmf: Client, receiving: Recipients, hubs: dict[str, str]) -> None:
    """Enable and send again until each listener has been sent everything."""
    for path, hub in hubs.items():
        assert tmf.post(f"{ADMIN}/{hub}/enable", {}).status_code == 200

        def is_sent(hub: str = hub) -> bool:
            assert tmf.post(f"{ADMIN}/{hub}/resend", {"since": "2020-01-01"}).status_code == 200
            listener = tmf.read(f"{ADMIN}/{hub}")
            return (listener["lastSequence"], listener["waiting"], listener["parked"]) == (
                EVENTS,
                0,
                0,
            )

        until(is_sent, f"all of {path} to be delivered")
        came = receiving.at(path)
        assert {one.sequence for one in came} == set(range(1, EVENTS + 1))
        assert len({one.id for one in came}) == EVENTS
