"""Where jobs may read: one folder, and addresses below those allowed."""

from __future__ import annotations

import io
import urllib.request
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.response import addinfourl

import pytest

from tmf.rest.jobs import JobFiles, allows
from tmf.tmf630_guidelines.errors import GuidelineError

ALLOWED = "https://files.example.net/catalogue"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An import folder, with a file beside it that is not to be read."""
    (tmp_path / "secret.json").write_bytes(b"secret")
    folder = tmp_path / "import"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.json").write_bytes(b"0123456789" * 20_000)
    (folder / "deep" / "b.json").write_bytes(b"b")
    return folder


def files(folder: Path | None, *urls: str) -> JobFiles:
    return JobFiles(folder, urls, Path("nowhere"))


def read(where: JobFiles, place: str) -> bytes:
    return b"".join(where.source(place))


class TestFolder:
    def test_a_file_comes_in_chunks(self, folder: Path) -> None:
        chunks = list(files(folder).source("a.json"))

        assert len(chunks) > 1
        assert b"".join(chunks) == b"0123456789" * 20_000

    @pytest.mark.parametrize("name", ["deep/b.json", "./deep/b.json", "deep/../deep/b.json"])
    def test_a_file_further_down(self, folder: Path, name: str) -> None:
        assert read(files(folder), name) == b"b"

    @pytest.mark.parametrize("name", ["../secret.json", "deep/../../secret.json", "/etc/hostname"])
    def test_what_lies_outside_is_not_read(self, folder: Path, name: str) -> None:
        with pytest.raises(GuidelineError, match="lies outside the import folder"):
            read(files(folder), name)

    def test_a_link_to_the_outside_is_not_followed(self, folder: Path) -> None:
        (folder / "link.json").symlink_to(folder.parent / "secret.json")

        with pytest.raises(GuidelineError, match="lies outside the import folder"):
            read(files(folder), "link.json")

    def test_a_folder_that_is_a_link_is_the_folder_it_leads_to(self, folder: Path) -> None:
        link = folder.parent / "link"
        link.symlink_to(folder)

        assert read(files(link), "deep/b.json") == b"b"

    def test_a_folder_whose_name_begins_alike_is_another(self, folder: Path) -> None:
        other = folder.parent / "import-2"
        other.mkdir()
        (other / "c.json").write_bytes(b"c")

        with pytest.raises(GuidelineError, match="forbidden"):
            read(files(folder), "../import-2/c.json")

    @pytest.mark.parametrize("name", ["nix.json", "deep", ""])
    def test_what_is_no_file_cannot_be_read(self, folder: Path, name: str) -> None:
        with pytest.raises(OSError, match=r"No such file|Is a directory"):
            read(files(folder), name)

    def test_without_a_folder_no_file_is_read(self) -> None:
        with pytest.raises(GuidelineError, match="TMF_IMPORT_DIR is not set"):
            read(files(None), "a.json")


@pytest.mark.parametrize(
    ("prefix", "url"),
    [
        (ALLOWED, ALLOWED),
        (ALLOWED, ALLOWED + "/a.json"),
        (ALLOWED + "/", ALLOWED + "/deep/a.json"),
        (ALLOWED, ALLOWED + "/a.json?version=1#top"),
        (ALLOWED, "HTTPS://FILES.example.net/catalogue/a.json"),
        (ALLOWED, "https://files.example.net:443/catalogue/a.json"),
        ("http://files.example.net:80/x", "http://files.example.net/x/a.json"),
        ("https://files.example.net", "https://files.example.net/any/a.json"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x/a..b.json"),
        ("https://h/a%20b", "https://h/a%20b/c"),
    ],
)
def test_what_lies_below_is_allowed(prefix: str, url: str) -> None:
    assert allows(prefix, url)


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example.net/",
        "https://files.example.net/catalogues/a.json",
        "https://files.example.net/catalogue2",
        "https://files.example.net/other/catalogue/a.json",
        "http://files.example.net/catalogue/a.json",
        "https://files.example.net:8443/catalogue/a.json",
        "https://evil.net/catalogue/a.json",
        "https://files.example.net.evil.net/catalogue/a.json",
        "https://files.example.net@evil.net/catalogue/a.json",
        "https://evil.net@files.example.net/catalogue/a.json",
        "https://files.example.net/catalogue/../secret",
        "https://files.example.net/catalogue/%2e%2e/secret",
        "https://files.example.net/catalogue/%2E./secret",
        "https://files.example.net/catalogue/..%2fsecret",
        "https://files.example.net/catalogue/./a.json",
        "https://files.example.net/catalogue/..\\secret",
        "https://files.example.net\\@evil.net/catalogue/a.json",
        "https://files.example.net:x/catalogue/a.json",
        "https://[files.example.net/catalogue/a.json",
        "ftp://files.example.net/catalogue/a.json",
        "file:///catalogue/a.json",
        "//files.example.net/catalogue/a.json",
        "/catalogue/a.json",
        "",
    ],
)
def test_nothing_else_is(url: str) -> None:
    assert not allows(ALLOWED, url)


def test_only_the_web_can_be_allowed() -> None:
    assert not allows("file:///data", "file:///data/a.json")
    assert not allows("ftp://host/data", "ftp://host/data/a.json")


class TestAddresses:
    @pytest.fixture
    def web(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[int, str]]:
        """What the web answers: a status, and a body or where to go instead."""
        answers: dict[str, tuple[int, str]] = {}

        def http_open(_: Any, request: Any) -> addinfourl:
            status, text = answers[request.full_url]
            headers = Message()
            if status == 302:
                headers["Location"] = text
            answer = addinfourl(io.BytesIO(text.encode()), headers, request.full_url, status)
            answer.msg = "said so"  # type: ignore[attr-defined]  # as http.client has it
            return answer

        monkeypatch.setattr(urllib.request.HTTPHandler, "http_open", http_open)
        return answers

    def test_an_allowed_one_is_read(self, web: dict[str, tuple[int, str]]) -> None:
        web["http://host/a.json"] = (200, "text")

        where = files(None, "http://other/", "http://host/")

        assert read(where, "http://host/a.json") == b"text"

    def test_any_other_is_not_asked(self, web: dict[str, tuple[int, str]]) -> None:
        with pytest.raises(GuidelineError, match="is not below any URL of TMF_IMPORT_URLS"):
            read(files(None, "http://host/"), "http://evil/a.json")

    def test_none_is_allowed_unless_said(self, folder: Path) -> None:
        with pytest.raises(GuidelineError, match="forbidden"):
            read(files(folder), "http://host/a.json")

    @pytest.mark.parametrize("target", ["http://evil/a.json", "http://host/b.json", "file:///x"])
    def test_a_redirect_is_not_followed(self, web: dict[str, tuple[int, str]], target: str) -> None:
        web["http://host/a.json"] = (302, target)
        web[target] = (200, "secret")

        with pytest.raises(HTTPError, match="302") as caught:
            read(files(None, "http://host/"), "http://host/a.json")
        caught.value.close()

    def test_a_refusal_is_an_error(self, web: dict[str, tuple[int, str]]) -> None:
        web["http://host/a.json"] = (404, "")

        with pytest.raises(OSError, match="404") as caught:
            read(files(None, "http://host/"), "http://host/a.json")
        caught.value.close()  # type: ignore[attr-defined]  # an HTTPError
