"""The file of keys: changed whole or not at all, and by several at the same time."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from tmf.access.key_file import add_key, read_keys, revoke_key
from tmf.access.keys import Key, KeyFileError, new_key


def made() -> Key:
    return new_key(realm="default", role="reader", created="2030-01-01T00:00:00Z")[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def add_some(path: str, count: int) -> list[str]:
    keys = [made() for _ in range(count)]
    for key in keys:
        add_key(Path(path), key)
    return [key.id for key in keys]


def test_keys_are_added_and_revoked(file: Path) -> None:
    first, second = made(), made()
    add_key(file, first)
    add_key(file, second)

    assert read_keys(file) == (first, second)
    assert revoke_key(file, first.id) == first
    assert read_keys(file) == (second,)
    with pytest.raises(KeyFileError, match=first.id):
        revoke_key(file, first.id)
    revoke_key(file, second.id)
    assert read_keys(file) == ()


def test_only_its_owner_can_read_the_file(file: Path) -> None:
    before = os.umask(0)
    try:
        add_key(file, made())
        file.chmod(0o644)
        add_key(file, made())
    finally:
        os.umask(before)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir() if path.suffix != ".lock"] == [file.name]


def test_keys_added_at_the_same_time_are_all_there(file: Path) -> None:
    with get_context("spawn").Pool(2) as processes, ThreadPoolExecutor(4) as threads:
        elsewhere = processes.starmap_async(add_some, [(str(file), 15)] * 2)
        here = list(threads.map(lambda _: add_some(str(file), 5), range(4)))
        added = {identity for some in (*elsewhere.get(120), *here) for identity in some}

    assert len(added) == 50
    assert {key.id for key in read_keys(file)} == added


@pytest.mark.parametrize("text", ["", "{", '{"keys": [{}]}'])
def test_a_broken_file_is_left_as_it_is(file: Path, text: str) -> None:
    file.write_text(text)

    for change in (lambda: add_key(file, made()), lambda: revoke_key(file, "0" * 12)):
        with pytest.raises(KeyFileError, match=r"keys\.json"):
            change()

    assert file.read_text() == text


def test_a_file_that_is_not_there_is_told_of(file: Path) -> None:
    for path in (file, file.parent / "nowhere" / "keys.json"):
        with pytest.raises(KeyFileError, match="No such file"):
            read_keys(path)
    with pytest.raises(KeyFileError, match="No such file"):
        add_key(file.parent / "nowhere" / "keys.json", made())


def test_a_link_to_the_file_stays_a_link(file: Path) -> None:
    link = file.parent / "link.json"
    add_key(file, made())
    link.symlink_to(file)

    add_key(link, made())

    assert link.is_symlink()
    assert len(read_keys(file)) == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_leaves_the_file_to_its_owner(file: Path) -> None:
    add_key(file, made())
    os.chown(file, 12345, 12346)

    add_key(file, made())

    assert (file.stat().st_uid, file.stat().st_gid) == (12345, 12346)
