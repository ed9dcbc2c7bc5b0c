"""`tmf serve --workers 2`: two processes, one server."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.e2e.client import Client
from tests.e2e.waiting import until
from tests.processes import SERVE, start_server


def test_two_workers_serve_one_database(database_url: str, tmp_path: Path) -> None:
    settings = {"TMF_LOG_FORMAT": "json", "TMF_MAX_LIMIT": "300", "TMF_IMPORT_DIR": str(tmp_path)}
    with start_server(
        database_url, tmp_path, command=(*SERVE, "--workers", "2"), **settings
    ) as server:

        def create(number: int) -> int:
            with Client(server.url) as tmf:  # a connection each, so that both get some
                answer = tmf.post("TMF620/category", {"id": str(number), "name": "x"})
                assert tmf.get(answer.headers["Location"]).json() == answer.json()
                return answer.status_code

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(create, range(200)))
        with Client(server.url) as tmf:
            ids = tmf.ids("TMF620/category?limit=300")
            too_many = tmf.get("TMF620/category?limit=301").status_code
            job = tmf.create("TMF620/exportJob", {"url": "/"})["href"]
            done = until(
                lambda: "completionDate" in tmf.read(job) and tmf.read(job), "the end of the job"
            )
            file = tmf.read(done["path"])
        server.stop()

    assert statuses == [201] * 200
    assert sorted(ids, key=int) == [str(number) for number in range(200)]
    assert too_many == 400  # settings reach the workers
    assert len(file["TMF620"]["category"]) == 200
    text = (tmp_path / f"server-{server.port}.log").read_text()
    logged = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert sum(line["event"] == "request" and line["status"] == 201 for line in logged) == 201
    assert "Traceback" not in text


def test_workers_that_start_slowly_are_not_replaced(tmp_path: Path) -> None:
    slow = "import sys, time\nif '--multiprocessing-fork' in sys.argv: time.sleep(6)\n"
    (tmp_path / "sitecustomize.py").write_text(slow)
    command = (*SERVE, "--workers", "2")
    url = f"sqlite:///{tmp_path}/tmf.db"
    with start_server(url, tmp_path, command=command, timeout=120, PYTHONPATH=str(tmp_path)) as one:
        assert " died " not in one.log()
