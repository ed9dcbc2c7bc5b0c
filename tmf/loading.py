"""`tmf load`: vendor data into the database, all of it or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tmf.program import Program
from tmf.rest.audit import COMMAND_LINE
from tmf.rest.telling import Cause
from tmf.rest.vendor import VendorDocument, read_vendor_file
from tmf.store.session import Session
from tmf.tmf630_guidelines.errors import GuidelineError


class LoadError(Exception):
    """A file cannot be loaded; the message names the file and the place in it."""


@dataclass(slots=True)
class Loaded:
    """How many documents were stored, by resource, and how many were there already."""

    by_resource: Counter[str] = field(default_factory=Counter)
    skipped: int = 0

    @property
    def stored(self) -> int:
        """How many documents were stored."""
        return self.by_resource.total()


class _Counted:
    """A file that reports how far it has been read."""

    def __init__(self, file: BinaryIO, report: Callable[[int], None]) -> None:
        self._file = file
        self._report = report

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._report(len(data))
        return data


def load_files(
    program: Program,
    paths: Sequence[Path],
    realm: str,
    report: Callable[[int], None],
    *,
    tell: bool = True,
) -> Loaded:
    """Store every document of the files in one transaction; `report` hears of bytes read.

    `tell`: with an event for each, as if it had been created over the API.
    """
    loaded = Loaded()
    cause = Cause(realm, program.settings.public_url or "")
    with program.database.session(write=True) as session:
        for path in paths:
            try:
                with path.open("rb") as file:
                    for document in read_vendor_file(_Counted(file, report)):
                        _load_one(program, session, cause, document, loaded, tell)
            except (GuidelineError, LoadError) as error:
                raise LoadError(f"{path}: {error}") from error
            except OSError as error:
                raise LoadError(str(error)) from error
        if loaded.stored:
            session.refresh_statistics()
    for resource, documents in loaded.by_resource.items():
        program.audit("load", COMMAND_LINE, realm, resource, documents=documents)
    return loaded


def _load_one(
    program: Program,
    session: Session,
    cause: Cause,
    given: VendorDocument,
    loaded: Loaded,
    tell: bool,
) -> None:
    resource = program.changes.resources.get(f"{given.api}.{given.resource}")
    if resource is None:
        raise LoadError(f"{given.place}: there is no resource {given.api}.{given.resource}")
    try:
        row = program.changes.load(session, resource, cause, given.document, tell=tell)
    except GuidelineError as error:
        raise LoadError(f"{given.place}: {error}") from error
    if row is None:
        loaded.skipped += 1
    else:
        loaded.by_resource[resource.key] += 1
