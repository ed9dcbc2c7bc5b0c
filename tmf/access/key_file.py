"""Changing the file of keys: whole or not at all, one change after the other."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tmf.access.keys import Key, KeyFileError, format_keys, parse_keys


def read_keys(path: Path) -> tuple[Key, ...]:
    """The keys of the file; KeyFileError, naming the file, if it cannot be used."""
    try:
        return parse_keys(path.read_bytes())
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    except KeyFileError as error:
        raise KeyFileError(f"{path}: {error}") from error


def add_key(path: Path, key: Key) -> None:
    """Put a key into the file, which is made if it is not there."""
    with _changing(path) as there:
        _write(path, [*(read_keys(path) if there else ()), key])


def revoke_key(path: Path, identity: str) -> Key:
    """Take the key with this id out of the file; KeyFileError if it has none."""
    with _changing(path):
        keys = read_keys(path)
        for key in keys:
            if key.id == identity:
                _write(path, [other for other in keys if other is not key])
                return key
    raise KeyFileError(f"{path} has no key with the id {identity}")


@contextmanager
def _changing(path: Path) -> Iterator[bool]:
    """Nobody else changes the file meanwhile; whether it is there.

    The lock is a file of its own: the file of keys is replaced by each change.
    """
    try:
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise KeyFileError(f"{path}.lock: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield path.exists()
    finally:
        os.close(descriptor)


def _write(path: Path, keys: Sequence[Key]) -> None:
    """Replace the file in one step, so that a server never reads half of it. Mode 0600."""
    target = path.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _keep_owner(target, file.fileno())
            file.write(format_keys(keys))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _keep_owner(target: Path, descriptor: int) -> None:
    """Whoever may read the file still may: root adds keys to a file of the service's user."""
    if os.geteuid() == 0 and target.exists():
        status = target.stat()
        os.fchown(descriptor, status.st_uid, status.st_gid)
