"""The keys as a running server knows them: looked up by hash, read again when the file changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import structlog

from tmf.access.callers import Caller
from tmf.access.key_file import read_keys
from tmf.access.keys import KeyFileError, digest_of

log = structlog.get_logger("tmf.access")

_LOOK_AGAIN = 1.0
"""Seconds after which the file is looked at again, if anybody calls."""

_State: TypeAlias = tuple[int, int, int]


class Keyring:
    """Finds the caller that a key stands for. KeyFileError at once if the file cannot be used.

    A file that cannot be read later leaves the keys as they were, and an error in the log.
    """

    def __init__(self, path: Path, seconds: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._seconds = seconds
        self._state = _state(path)
        self._looked = seconds()
        self._callers = self._read()

    def find(self, key: str) -> Caller | None:
        """The caller, or None for a key that is not, or no longer, in the file.

        What is looked up is the key's hash: how long that takes says nothing about other
        keys, because nobody can choose where a hash begins.
        """
        if self._seconds() - self._looked >= _LOOK_AGAIN:
            self._look_again()
        return self._callers.get(digest_of(key))

    def _read(self) -> dict[str, Caller]:
        return {key.sha256: key.caller() for key in read_keys(self._path)}

    def _look_again(self) -> None:
        self._looked = self._seconds()
        state = _state(self._path)
        if state == self._state:
            return
        self._state = state
        try:
            self._callers = self._read()
        except KeyFileError as error:
            log.error("keys cannot be read; those known so far stay", error=str(error))
        else:
            log.info("keys read again", keys=len(self._callers))


def _state(path: Path) -> _State | None:
    """What differs once the file has been replaced or written to; None without a file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
