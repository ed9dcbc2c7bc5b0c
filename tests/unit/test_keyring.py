"""The keys of a running server follow their file, as far as it can be read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tmf.access.key_file import add_key, revoke_key
from tmf.access.keyring import Keyring
from tmf.access.keys import Key, KeyFileError, new_key


def made(path: Path, role: str = "reader") -> tuple[str, Key]:
    key, kept = new_key(realm="default", role=role, created="2030-01-01T00:00:00Z")
    add_key(path, kept)
    return key, kept


class Seconds:
    """A clock that stands until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def test_a_key_stands_for_its_caller_and_nothing_else_does(file: Path, seconds: Seconds) -> None:
    key, kept = made(file)
    keyring = Keyring(file, seconds)

    assert keyring.find(key) == kept.caller()
    for other in ("", "x", key[:-1], key + "x", key.upper(), kept.sha256, kept.id, "\udcff"):
        assert keyring.find(other) is None


def test_a_new_key_is_known_and_a_revoked_one_is_not_once_a_second_has_gone_by(
    file: Path, seconds: Seconds
) -> None:
    old, kept = made(file)
    keyring = Keyring(file, seconds)
    new, _ = made(file)
    revoke_key(file, kept.id)

    seconds.now += 0.9
    assert keyring.find(old)  # the file is not looked at for every request
    assert not keyring.find(new)
    seconds.now += 0.2
    assert keyring.find(new)
    assert not keyring.find(old)


def test_a_file_replaced_within_the_same_moment_is_noticed(file: Path, seconds: Seconds) -> None:
    made(file)
    keyring = Keyring(file, seconds)
    stamp = file.stat().st_mtime_ns
    new, _ = made(file)
    os.utime(file, ns=(stamp, stamp))

    seconds.now += 1

    assert keyring.find(new)


@pytest.mark.parametrize("text", ["", "{", '{"keys": [{}]}', None])
def test_a_file_that_breaks_leaves_the_keys_as_they_were(
    file: Path, seconds: Seconds, text: str | None
) -> None:
    key, kept = made(file)
    keyring = Keyring(file, seconds)
    if text is None:
        file.unlink()
    else:
        file.write_text(text)

    with capture_logs() as logged:
        for _ in range(3):
            seconds.now += 1
            assert keyring.find(key) == kept.caller()
    assert [line["log_level"] for line in logged] == ["error"]
    assert "keys.json" in logged[0]["error"]

    file.unlink(missing_ok=True)
    mended, _ = made(file)
    seconds.now += 1
    assert keyring.find(mended)
    assert not keyring.find(key)


@pytest.mark.parametrize("text", ["", '{"keys": [{}]}', None])
def test_there_is_no_start_with_a_file_that_cannot_be_read(file: Path, text: str | None) -> None:
    if text is not None:
        file.write_text(text)

    with pytest.raises(KeyFileError, match=r"keys\.json"):
        Keyring(file)
