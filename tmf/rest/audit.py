"""The audit: a line for every change that was committed, in the log and in a file of its own.

Lines are written by hand, as the log's configuration would show them: the log's own way costs
four to ten times as much, and every POST pays for it.
"""

from __future__ import annotations

import logging
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from tmf.rest.exchange import request_id
from tmf.tmf630_guidelines.documents import encode

ANONYMOUS = "anonymous"
COMMAND_LINE = "command-line"
SERVER = "server"

log = structlog.get_logger("tmf.audit")
_level = logging.getLogger("tmf.audit")


class Audit:
    """Writes who changed what. Call it once the change is committed, and only then.

    `file` gets every line as JSON, appended whole, so that processes can share it; OSError if it
    cannot be opened. The log gets them from level info on, as JSON if `as_json`.
    """

    def __init__(self, file: Path | None = None, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._file = None if file is None else _opened(file)

    def __call__(
        self, operation: str, who: str, realm: str, resource: str, identity: str = "", **more: Any
    ) -> None:
        """One change: of `resource` (`TMF622.productOrder`) under that id.

        `more` is what else there is to tell, such as the `revision` that the resource is at now.
        """
        shown = _level.isEnabledFor(logging.INFO)
        if self._file is None and not shown:
            return
        facts: dict[str, Any] = {"who": who, "realm": realm, "resource": resource}
        if identity:
            facts["id"] = identity
        facts.update(more)
        if current := request_id.get():
            facts["request_id"] = current
        self._write(operation, facts, shown=shown)

    def _write(self, operation: str, facts: dict[str, Any], *, shown: bool) -> None:
        now = datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
        line = b""
        if self._file is not None or self._as_json:
            head = {"timestamp": now, "level": "info", "logger": "tmf.audit", "event": operation}
            line = encode({**head, **facts}) + b"\n"
        if self._file is not None:
            _append(self._file, line)
        if shown:
            sys.stderr.write(line.decode() if self._as_json else _text(now, operation, facts))

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _opened(file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    return os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)


def _append(file: int, line: bytes) -> None:
    """Add a line; the change is made already, so a full disk can only be complained about."""
    try:
        written = os.write(file, line)
    except OSError as error:
        log.error("audit line not written to the file", error=str(error), line=line.decode())
    else:
        if written < len(line):
            log.error("audit line cut off in the file", line=line.decode())


def _text(now: str, operation: str, facts: dict[str, Any]) -> str:
    shown = " ".join(f"{name}={value}" for name, value in facts.items())
    return f"{now} [info     ] {operation:<30} [tmf.audit] {shown}\n"
