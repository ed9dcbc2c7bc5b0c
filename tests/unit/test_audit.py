"""The audit's lines: what stands in them, where they go, and that they stay lines."""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tmf.rest.audit import Audit
from tmf.rest.exchange import request_id

CHANGE = ("create", "anonymous", "default", "TMF620.category", "c-1")


@pytest.fixture
def shown() -> Iterator[None]:
    """The log is open for what the audit says."""
    logger = logging.getLogger("tmf.audit")
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(logging.NOTSET)


@pytest.fixture
def asked() -> Iterator[str]:
    """A request is under way."""
    token = request_id.set("r-1")
    yield "r-1"
    request_id.reset(token)


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_line_of_the_file_says_who_changed_what(tmp_path: Path, asked: str) -> None:
    file = tmp_path / "logs" / "audit.jsonl"
    audit = Audit(file)

    audit(*CHANGE, revision=7)
    audit.close()

    (line,) = lines(file)
    assert datetime.fromisoformat(str(line.pop("timestamp"))).tzinfo is not None
    assert line == {
        "level": "info",
        "logger": "tmf.audit",
        "event": "create",
        "who": "anonymous",
        "realm": "default",
        "resource": "TMF620.category",
        "id": "c-1",
        "revision": 7,
        "request_id": asked,
    }


def test_what_there_is_not_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    Audit(file)("load", "command-line", "default", "TMF620.category", documents=3)

    (line,) = lines(file)
    assert line.keys().isdisjoint({"id", "revision", "request_id"})
    assert line["documents"] == 3


def test_a_file_is_appended_to(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    first, second = Audit(file), Audit(file)

    for number in range(4):
        (first, second)[number % 2](*CHANGE, revision=number)
    first.close()
    Audit(file)(*CHANGE, revision=4)

    assert [line["revision"] for line in lines(file)] == [0, 1, 2, 3, 4]


def test_the_log_shows_a_line_in_text(
    shown: None, asked: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Audit()(*CHANGE, revision=7)

    (line,) = capsys.readouterr().err.splitlines()
    assert " [info     ] create " in line
    assert line.endswith(
        "[tmf.audit] who=anonymous realm=default resource=TMF620.category id=c-1 revision=7 "
        f"request_id={asked}"
    )


def test_the_log_shows_a_line_in_json(
    shown: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Audit(tmp_path / "audit.jsonl", as_json=True)(*CHANGE, revision=7)

    assert capsys.readouterr().err == (tmp_path / "audit.jsonl").read_text()


def test_a_log_that_shows_warnings_only_shows_no_line_but_the_file_gets_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Audit(tmp_path / "audit.jsonl")(*CHANGE)

    assert capsys.readouterr().err == ""
    assert len(lines(tmp_path / "audit.jsonl")) == 1


def test_nothing_breaks_a_line(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"

    Audit(file)("create", "a\nb", "default", "TMF620.category", '"}\r\n{"', revision=1)

    (line,) = lines(file)
    assert (line["who"], line["id"]) == ("a\nb", '"}\r\n{"')


def test_a_full_disk_does_not_undo_what_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    audit = Audit(tmp_path / "audit.jsonl")

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    audit(*CHANGE)

    told = capsys.readouterr()
    assert "No space left" in told.out + told.err
    assert "c-1" in told.out + told.err


def test_a_file_that_cannot_be_opened_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=str(tmp_path)):
        Audit(tmp_path)
