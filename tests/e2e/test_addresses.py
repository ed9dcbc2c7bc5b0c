"""Where hrefs and links begin: the public address, the request's, or a trusted proxy's word."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.client import PATHS, Client
from tests.e2e.minimal import ALARM
from tests.processes import start_server


def test_a_public_address_is_the_start_of_all_hrefs_and_links(
    database_url: str, tmp_path: Path
) -> None:
    public = "https://api.example.net/tmf"
    with start_server(database_url, tmp_path, TMF_PUBLIC_URL=public + "/") as server:
        tmf = Client(server.url)
        created = tmf.post("TMF642/alarm", ALARM, Host="elsewhere.example")
        listed = tmf.get("TMF642/alarm?limit=1", X_Forwarded_Host="elsewhere.example")
        listener = tmf.post("TMF642/hub", {"callback": "https://listener.example/"})
        found = tmf.ids(f"TMF642/alarm?href={created.json()['href']}")
        page = tmf.get("/").text
        tmf.close()

    collection = f"{public}{PATHS['TMF642']}/alarm"
    assert created.json()["href"] == f"{collection}/{created.json()['id']}"
    assert created.headers["Location"] == created.json()["href"]
    assert listed.json()[0]["href"] == created.json()["href"]
    assert listed.links["first"]["url"].startswith(f"{collection}?")
    assert listener.headers["Location"].startswith(f"{public}{PATHS['TMF642']}/hub/")
    assert found == [created.json()["id"]]
    assert f"curl '{public}" in page.replace("&#39;", "'").replace("&#x27;", "'")


def test_a_proxy_that_is_not_trusted_is_not_believed(database_url: str, tmp_path: Path) -> None:
    with start_server(database_url, tmp_path, TMF_TRUSTED_PROXIES="192.0.2.1") as server:
        tmf = Client(server.url)
        created = tmf.post(
            "TMF642/alarm", ALARM, X_Forwarded_Host="evil.example", X_Forwarded_Proto="https"
        ).json()
        root = tmf.root
        tmf.close()

    assert created["href"].startswith(root + PATHS["TMF642"])
