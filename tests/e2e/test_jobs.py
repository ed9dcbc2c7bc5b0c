"""TMF620's import and export jobs: what they read and write, and what they refuse to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.client import PATHS, Client, spelt, unique
from tests.e2e.feeds import Feed, FeedServer, served
from tests.e2e.waiting import until
from tests.processes import start_server

ROOT = PATHS["TMF620"]
KINDS = ("catalog", "category", "productOffering", "productOfferingPrice", "productSpecification")

CATALOGUE = """
{"TMF620": {
  "category": [
    {"id": "access", "name": "Access", "lastUpdate": "2020-01-01T00:00:00Z"},
    {"id": "voice", "name": "Voice", "lifecycleStatus": "Retired"}
  ],
  "productSpecification": [{"id": "fibre", "name": "Fibre line", "loss": {"dB": 0.10}}],
  "productOfferingPrice": [
    {"id": "fee", "name": "Fee", "price": {"unit": "EUR", "value": 49.90}, "percentage": 10.00}
  ],
  "productOffering": [
    {"id": "fibre-250", "name": "Fibre 250, Größe ⚓", "productSpecification": {"id": "fibre"}}
  ],
  "catalog": [{"id": "all", "name": "All", "category": [{"id": "access"}]}]
}}
"""


def job(tmf: Client, kind: str, document: dict[str, Any]) -> Any:
    """A job that has ended."""
    created = tmf.create(f"TMF620/{kind}", document)
    assert created["status"] == "Not Started"
    assert "completionDate" not in created

    def ended() -> Any:
        found = tmf.read(created["href"])
        return found if found["status"] in ("Succeeded", "Failed") else None

    return until(ended, f"the end of {kind} {document}")


@pytest.fixture(scope="module")
def feeds() -> Iterator[FeedServer]:
    """The server that imports may read from, below /allowed and at /single.json."""
    one = json.dumps({"TMF620": {"category": [{"id": "fed", "name": "Fed"}]}}).encode()
    single = one.replace(b"fed", b"single")
    with served(
        {
            "/allowed/catalogue.json": Feed(one),
            "/single.json": Feed(single),
            "/allowedX/catalogue.json": Feed(one),
            "/secret.json": Feed(one),
            "/allowed/moved": Feed(status=302, headers={"Location": "/secret.json"}),
            "/allowed/inside": Feed(status=301, headers={"Location": "/allowed/catalogue.json"}),
            "/allowed/broken": Feed(status=500),
        }
    ) as server:
        yield server


@pytest.fixture(scope="module")
def import_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that imports may read; beside it lies what they may not."""
    folder = tmp_path_factory.mktemp("imports") / "in"
    folder.mkdir()
    (folder.parent / "outside.json").write_text(CATALOGUE)
    (folder.parent / "in-too.json").write_text(CATALOGUE)
    (folder / "link.json").symlink_to(folder.parent / "outside.json")
    (folder / "catalogue.json").write_text(CATALOGUE)
    return folder


@pytest.fixture(scope="module")
def tmf(
    module_database_url: str,
    import_dir: Path,
    feeds: FeedServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Client]:
    """A client of a server that may import."""
    with start_server(
        module_database_url,
        tmp_path_factory.mktemp("server"),
        TMF_IMPORT_DIR=str(import_dir),
        TMF_IMPORT_URLS=f"{feeds.url}/allowed/, {feeds.url}/single.json",
    ) as server:
        client = Client(server.url)
        yield client
        client.close()


def write(import_dir: Path, document: Any) -> str:
    """A new file in the import folder; its name."""
    name = f"{unique('import')}.json"
    text = document if isinstance(document, str) else json.dumps(document)
    (import_dir / name).write_text(text)
    return name


def imported(tmf: Client, path: str, url: str = ROOT) -> Any:
    return job(tmf, "importJob", {"url": url, "path": path})


def catalogue(tmf: Client) -> dict[str, list[Any]]:
    """All that there is, with the spelling of numbers, without hrefs."""
    found = {}
    for kind in KINDS:
        documents = spelt(tmf.get(f"TMF620/{kind}?limit=1000").text)
        for document in documents:
            del document["href"]
        found[kind] = documents
    return found


# --- Round trip ---


def test_what_is_exported_can_be_imported_elsewhere_and_is_equal(
    tmf: Client, import_dir: Path, database_url: str, tmp_path: Path
) -> None:
    assert imported(tmf, "catalogue.json")["status"] == "Succeeded"
    tmf.create("TMF620/productOfferingPrice", '{"name": "p", "tiny": 0.000000100, "big": 1e5}')

    exported = job(tmf, "exportJob", {"url": tmf.root + ROOT})

    assert exported["status"] == "Succeeded"
    assert exported["completionDate"] >= exported["creationDate"]
    documents = catalogue(tmf)
    count = sum(len(found) for found in documents.values())
    assert exported["result"] == {"exported": count}
    file = tmf.get(exported["path"])
    assert file.status_code == 200
    assert file.headers["Content-Type"] == "application/json"
    (tmp_path / "moved.json").write_bytes(file.content)
    settings = {"TMF_IMPORT_DIR": str(tmp_path), "TMF_PUBLIC_URL": "https://api.example"}
    with start_server(database_url, tmp_path, **settings) as other:
        fresh = Client(other.url)
        result = job_at(fresh, {"url": ROOT, "path": "moved.json"})
        again = job_at(fresh, {"url": ROOT, "path": "moved.json"})
        moved = catalogue(fresh)
        fresh.close()
    assert result["status"] == "Succeeded"
    assert result["result"] == {"loaded": count, "alreadyThere": 0, "refused": 0}
    assert again["result"] == {"loaded": 0, "alreadyThere": count, "refused": 0}
    assert moved == documents


def job_at(tmf: Client, document: dict[str, Any]) -> Any:
    """An import job that has ended, at a server whose hrefs begin elsewhere."""
    identity = tmf.create("TMF620/importJob", document)["id"]

    def ended() -> Any:
        found = tmf.read(f"TMF620/importJob/{identity}")
        return found if "completionDate" in found else None

    return until(ended, "the end of the import")


def test_an_export_holds_what_its_url_and_query_choose(tmf: Client) -> None:
    name = unique("chosen")
    for status in ("Launched", "Retired", "Launched"):
        tmf.create("TMF620/category", {"name": name, "lifecycleStatus": status})
    tmf.create("TMF620/catalog", {"name": name, "lifecycleStatus": "Launched"})

    exported = job(
        tmf,
        "exportJob",
        {"url": f"{ROOT}/category", "query": f"name={name}&lifecycleStatus=Launched"},
    )

    file = tmf.read(exported["path"])
    assert file == {
        "TMF620": {
            "category": [
                {**document, "href": document["href"].removeprefix(tmf.root)}
                for document in tmf.read(f"TMF620/category?name={name}&lifecycleStatus=Launched")
            ]
        }
    }
    assert exported["result"] == {"exported": 2}


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"url": f"{ROOT}/nothing"}, "url must name"),
        ({"url": f"{ROOT}/importJob"}, "url must name"),
        ({"url": "https://elsewhere.example/thing"}, "url must name"),
        ({"url": f"{ROOT}/category", "query": "lastUpdate=soon"}, "lastUpdate"),
        ({"url": f"{ROOT}/category", "query": "name.regex=("}, "name.regex"),
    ],
)
def test_an_export_of_what_cannot_be_chosen_fails_and_says_why(
    tmf: Client, document: dict[str, str], reason: str
) -> None:
    ended = job(tmf, "exportJob", document)

    assert ended["status"] == "Failed"
    assert reason in ended["errorLog"]
    assert "path" not in ended
    assert tmf.get(f"/files/export/{ended['id']}.json").status_code == 404
    assert tmf.get(f"/files/export/{ended['id']}.part").status_code == 404


# --- Bad rows ---


def test_each_bad_row_is_a_line_and_the_good_ones_are_kept(tmf: Client, import_dir: Path) -> None:
    good, other = unique("good"), unique("other")
    document = {
        "TMF620": {
            "category": [
                {"id": good, "name": "Kept"},
                {"id": unique("bad"), "name": 7},
                {"name": "No id"},
                {"id": good, "name": "Another of the same id"},
                {"id": "a/b", "name": "No such id"},
                "no object",
            ],
            "importJob": [{"id": "job", "url": "x"}],
            "unknown": [{}],
            "catalog": [{"id": other, "name": "Kept too", "lifecycleStatus": "Rejected"}],
        },
        "TMF629": {"customer": [{"id": "c", "name": "x", "engagedParty": {"id": "1"}}]},
    }

    ended = imported(tmf, write(import_dir, document))

    assert ended["status"] == "Failed"
    assert ended["result"] == {"loaded": 2, "alreadyThere": 0, "refused": 8}
    lines = ended["errorLog"].splitlines()
    assert [line.partition(": ")[0] for line in lines] == [
        "TMF620.category[1]",
        "TMF620.category[2]",
        "TMF620.category[3]",
        "TMF620.category[4]",
        "TMF620.category[5]",
        "TMF620.importJob[0]",
        "TMF620.unknown[0]",
        "TMF629.customer[0]",
    ]
    assert "name" in lines[0]
    assert good in lines[2]
    assert tmf.read(f"TMF620/category/{good}")["name"] == "Kept"
    assert tmf.read(f"TMF620/catalog/{other}")["lifecycleStatus"] == "Rejected"
    assert tmf.get("TMF629/customer/c").status_code == 404


def test_a_job_about_one_resource_takes_only_that(tmf: Client, import_dir: Path) -> None:
    wanted, other = unique("wanted"), unique("other")
    documents = {
        "category": [{"id": wanted, "name": "x"}],
        "catalog": [{"id": other, "name": "x"}],
    }

    ended = imported(tmf, write(import_dir, {"TMF620": documents}), f"{tmf.root}{ROOT}/category")

    assert ended["result"] == {"loaded": 1, "alreadyThere": 0, "refused": 1}
    assert ended["errorLog"].startswith("TMF620.catalog[0]: ")
    assert tmf.get(f"TMF620/category/{wanted}").status_code == 200
    assert tmf.get(f"TMF620/catalog/{other}").status_code == 404


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        '{"TMF620": {"category": [{"id": "cut-off", "na',
        '{"TMF620": [1]}',
        '[{"id": "x"}]',
        '{"TMF620": {"category": {"id": "x"}}}',
        '{"TMF620": {"category": [{"id": "nul", "name": "a\\u0000"}]}}',
    ],
)
def test_a_file_that_is_no_vendor_file_fails_and_says_why(
    tmf: Client, import_dir: Path, text: str
) -> None:
    ended = imported(tmf, write(import_dir, text))

    assert ended["status"] == "Failed"
    assert ended["errorLog"]
    assert "internal error" not in ended["errorLog"]


# --- Files ---


@pytest.mark.parametrize(
    "path",
    [
        "../outside.json",
        "../in-too.json",
        "sub/../../outside.json",
        "{outside}",
        "link.json",
        "/etc/passwd",
        "..",
        "",
        ".",
        "none.json",
        "a\ud800b",
        "x" * 5000,
    ],
)
def test_a_file_outside_the_folder_is_not_read(tmf: Client, import_dir: Path, path: str) -> None:
    before = tmf.get("TMF620/category").headers["X-Total-Count"]
    outside = str(import_dir.parent / "outside.json")

    document = {"url": f"{ROOT}/category", "path": path.replace("{outside}", outside)}
    answer = tmf.post("TMF620/importJob", document)

    if answer.status_code == 201:
        ended = imported(tmf, document["path"], document["url"])
        assert ended["status"] == "Failed"
        assert ended["errorLog"]
        assert "internal error" not in ended["errorLog"]
    else:
        assert answer.status_code == 400
    assert tmf.get("TMF620/category").headers["X-Total-Count"] == before


def test_without_a_folder_no_file_is_read(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "catalogue.json").write_text(CATALOGUE)
    with start_server(database_url, tmp_path) as server:
        tmf = Client(server.url)
        by_path = job(tmf, "importJob", {"url": ROOT, "path": "catalogue.json"})
        by_url = job(tmf, "importJob", {"url": server.url + "/health/live"})
        count = tmf.get("TMF620/category").headers["X-Total-Count"]
        tmf.close()

    assert (by_path["status"], by_url["status"]) == ("Failed", "Failed")
    assert "TMF_IMPORT_DIR" in by_path["errorLog"]
    assert "TMF_IMPORT_URLS" in by_url["errorLog"]
    assert count == "0"


# --- Addresses ---


def test_a_file_is_fetched_from_an_allowed_address(tmf: Client, feeds: FeedServer) -> None:
    ended = job(tmf, "importJob", {"url": f"{feeds.url}/allowed/catalogue.json"})
    single = job(tmf, "importJob", {"url": f"{feeds.url}/single.json"})

    assert ended["status"] == single["status"] == "Succeeded", ended
    assert tmf.read("TMF620/category/fed")["name"] == "Fed"
    assert tmf.get("TMF620/category/single").status_code == 200


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/secret.json",
        "http://127.0.0.1:{port}/allowedX/catalogue.json",
        "http://127.0.0.1:{port}/single.jsonx",
        "http://127.0.0.1:{port}/allowed/../secret.json",
        "http://127.0.0.1:{port}/allowed/%2e%2e/secret.json",
        "http://127.0.0.1:{port}/allowed/..%2fsecret.json",
        "http://127.0.0.1:{port}/allowed\\..\\..\\secret.json",
        "http://127.0.0.1:{port}",
        "http://localhost:{port}/allowed/catalogue.json",
        "http://127.0.0.1/allowed/catalogue.json",
        "http://127.0.0.1:{port}0/allowed/catalogue.json",
        "http://127.0.0.1:{port}.allowed.evil/allowed/catalogue.json",
        "http://127.0.0.1.allowed.evil:{port}/allowed/catalogue.json",
        "http://127.0.0.1:{port}@allowed.evil/allowed/catalogue.json",
        "http://allowed.evil@127.0.0.1:{port}/allowed/catalogue.json",
        "http://user:secret@127.0.0.1:{port}/allowed/catalogue.json",
        "http://allowed.evil#@127.0.0.1:{port}/allowed/catalogue.json",
        "http://allowed.evil/?http://127.0.0.1:{port}/allowed/catalogue.json",
        "http://allowed.evil\\@127.0.0.1:{port}/allowed/catalogue.json",
        "https://127.0.0.1:{port}/allowed/catalogue.json",
        "ftp://127.0.0.1:{port}/allowed/catalogue.json",
        "file:///etc/passwd",
        "file://127.0.0.1:{port}/allowed/catalogue.json",
        "http://127.0.0.1:notaport/allowed/catalogue.json",
        "http://[::1/allowed/catalogue.json",
    ],
)
@pytest.mark.parametrize("attribute", ["url", "path"])
def test_another_address_is_refused_and_never_asked(
    tmf: Client, feeds: FeedServer, url: str, attribute: str
) -> None:
    place = url.format(port=feeds.server_port)
    asked = list(feeds.asked)
    document = {"url": f"{ROOT}/category", attribute: place}

    answer = tmf.post("TMF620/importJob", document)
    if answer.status_code == 400:
        assert attribute in answer.json()["message"]
        return
    ended = job(tmf, "importJob", document)

    assert ended["status"] == "Failed"
    assert "TMF_IMPORT_URLS" in ended["errorLog"]
    assert feeds.asked == asked


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/allowed/moved", "302"),
        ("/allowed/inside", "301"),
        ("/allowed/none", "404"),
        ("/allowed/broken", "500"),
    ],
)
def test_an_address_that_leads_elsewhere_or_nowhere_fails_and_says_so(
    tmf: Client, feeds: FeedServer, path: str, reason: str
) -> None:
    asked = len(feeds.asked)

    ended = job(tmf, "importJob", {"url": feeds.url + path})

    assert ended["status"] == "Failed"
    assert reason in ended["errorLog"]
    assert feeds.asked[asked:] == [path]


def test_jobs_are_resources_like_others(tmf: Client) -> None:
    ended = job(tmf, "exportJob", {"url": f"{ROOT}/catalog"})

    assert ended["id"] in tmf.ids("TMF620/exportJob?status=Succeeded&limit=1000")
    assert tmf.patch(ended["href"], {"status": "Running"}).status_code == 405
    assert tmf.delete(ended["href"]).status_code == 204
    assert tmf.get(ended["href"]).status_code == 404
