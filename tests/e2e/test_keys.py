"""`tmf keys`, and how a server starts and goes on with the keys and without."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pytest
import requests

from tests.e2e import commands
from tests.e2e.client import Client
from tests.e2e.closed import made_key
from tests.e2e.waiting import until
from tests.processes import SERVE, Server, start_server

PLACE = "TMF622/productOrder"


# --- The commands ---


def test_a_key_is_shown_once_and_can_be_taken_back(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    settings = {"TMF_API_KEYS": str(file)}
    partner = ("--role", "partner", "--party", "harbour", "--realm", "b", "--name", "Harbour Ltd")

    first = commands.tmf("keys", "add", *partner, folder=tmp_path, **settings)
    second = commands.tmf("keys", "add", "--role", "reader", folder=tmp_path, **settings)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    key = first.stdout.strip()
    found = re.fullmatch(r"tmf_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", key)
    assert found
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key not in file.read_text()
    listed = commands.tmf("keys", "list", folder=tmp_path, **settings).stdout.splitlines()
    assert listed[1].split()[:4] == [found[1], "b", "partner", "harbour"]
    assert listed[1].endswith("Harbour Ltd")
    assert listed[2].split()[1:4] == ["default", "reader", "-"]
    assert key not in "\n".join(listed)

    revoked = commands.tmf("keys", "revoke", found[1], folder=tmp_path, **settings)
    again = commands.tmf("keys", "revoke", found[1], folder=tmp_path, **settings)

    assert revoked.returncode == 0
    assert found[1] in revoked.stdout
    assert again.returncode == 1
    assert found[1] in again.stderr
    assert found[1] not in file.read_text()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", "--role", "partner"), "party"),
        (("add", "--role", "reader", "--party", "p"), "party"),
        (("add", "--role", "root"), "reader"),
        (("add",), "--role"),
        (("add", "--role", "reader", "--realm", "a.b"), "--realm"),
        (("list",), "No such file"),
        (("revoke", "0123456789ab"), "No such file"),
        (("add", "--role", "reader", "--file", "nowhere/keys.json"), "No such file"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(
    tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    done = commands.tmf("keys", *arguments, folder=tmp_path, TMF_API_KEYS="keys.json")

    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "keys.json").exists()


def test_the_commands_ask_for_a_file(tmp_path: Path) -> None:
    done = commands.tmf("keys", "list", folder=tmp_path)

    assert done.returncode != 0
    assert "TMF_API_KEYS" in done.stderr


def test_documents_say_that_keys_are_needed_where_they_are(tmp_path: Path) -> None:
    made_key(tmp_path / "keys.json", realm="default", role="reader")

    closed = commands.tmf("openapi", "TMF629", folder=tmp_path, TMF_API_KEYS="keys.json").stdout
    opened = commands.tmf("openapi", "TMF629", folder=tmp_path).stdout

    assert '"securitySchemes"' in closed
    assert '"securitySchemes"' not in opened


def test_a_realm_of_loaded_data_is_a_plain_name(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")

    done = commands.tmf("load", "x.json", "--realm", "a.b", folder=tmp_path)

    assert done.returncode != 0
    assert "--realm" in done.stderr


# --- Starting ---


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.net"])  # noqa: S104
@pytest.mark.parametrize("workers", ["1", "2"])
def test_without_keys_the_server_listens_on_loopback_only(
    tmp_path: Path, host: str, workers: str
) -> None:
    done = commands.tmf(
        "serve", "--port", "0", "--workers", workers, folder=tmp_path, TMF_HOST=host
    )

    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert host in line
    assert "TMF_API_KEYS" in line
    assert "--insecure" in line
    assert list(tmp_path.iterdir()) == []  # refused before anything is made


@pytest.mark.parametrize("how", ["--insecure", "TMF_INSECURE", "TMF_API_KEYS"])
def test_beyond_loopback_it_takes_keys_or_a_word(tmp_path: Path, how: str) -> None:
    settings = {"TMF_HOST": "0.0.0.0"}  # noqa: S104 (what is tested; it runs for a moment)
    command = SERVE
    if how == "--insecure":
        command = (*SERVE, how)
    elif how == "TMF_INSECURE":
        settings[how] = "true"
    else:
        made_key(tmp_path / "keys.json", realm="default", role="reader")
        settings[how] = "keys.json"
    url = f"sqlite:///{tmp_path}/tmf.db"

    with (
        start_server(url, tmp_path, command=command, **settings) as server,
        Client(server.url) as tmf,
    ):
        assert tmf.get(PLACE).status_code == (401 if how == "TMF_API_KEYS" else 200)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("text", [None, "", '{"keys": [{"id": "x"}]}'])
def test_there_is_no_start_with_keys_that_cannot_be_read(
    tmp_path: Path, workers: str, text: str | None
) -> None:
    if text is not None:
        (tmp_path / "keys.json").write_text(text)

    done = commands.tmf(
        "serve",
        "--port",
        "0",
        "--workers",
        workers,
        folder=tmp_path,
        TMF_API_KEYS="keys.json",
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Error: TMF_API_KEYS: keys.json: ")
    assert "Traceback" not in done.stderr


# --- Running ---


def statuses(server: Server, key: str) -> set[int]:
    """What many requests are answered, each over a connection of its own: by all workers."""
    found = set()
    for _ in range(12):
        with Client(server.url, key) as tmf:
            found.add(tmf.get(PLACE).status_code)
    return found


def test_all_workers_notice_new_and_revoked_keys(database_url: str, tmp_path: Path) -> None:
    settings = {"TMF_API_KEYS": "keys.json"}
    file = tmp_path / "keys.json"
    old = made_key(file, realm="default", role="reader")
    with start_server(
        database_url, tmp_path, command=(*SERVE, "--workers", "2"), **settings
    ) as server:
        assert statuses(server, old) == {200}

        added = commands.tmf("keys", "add", "--role", "reader", folder=tmp_path, **settings)
        new = added.stdout.strip()
        until(lambda: statuses(server, new) == {200}, "the new key is known to all")
        assert statuses(server, old) == {200}

        done = commands.tmf("keys", "revoke", old.split("_")[1], folder=tmp_path, **settings)
        assert done.returncode == 0
        until(lambda: statuses(server, old) == {401}, "the old key is revoked by all")
        assert statuses(server, new) == {200}

        good = file.read_text()
        file.write_text(good[:-9])
        until(lambda: statuses(server, new) and "cannot be read" in server.log(), "the error")
        assert statuses(server, new) == {200}
        file.write_text('{"keys": []}')
        until(lambda: statuses(server, new) == {401}, "the mended file is read")


def test_who_asked_is_in_the_log_and_the_key_is_not(tmp_path: Path) -> None:
    key = made_key(tmp_path / "keys.json", realm="b", role="reader")
    with start_server(
        f"sqlite:///{tmp_path}/tmf.db", tmp_path, TMF_API_KEYS="keys.json", TMF_LOG_FORMAT="json"
    ) as server:
        address = Client(server.url).url(PLACE)
        for headers in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key + "x"}, {}):
            requests.get(address, headers=headers, timeout=60)
        until(lambda: server.log().count("productOrder") >= 3, "the lines")
        log = server.log()

    assert f'"realm":"b","key":"{key.split("_")[1]}"' in log
    assert key.split("_", 2)[2] not in log
