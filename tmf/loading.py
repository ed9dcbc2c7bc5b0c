"""`tmf load`: vendor data into the database, all of it or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.exc import IntegrityError

from tmf.program import Program
from tmf.rest.audit import COMMAND_LINE
from tmf.rest.changes import stated_id
from tmf.rest.telling import Cause
from tmf.rest.vendor import VendorDocument, read_vendor_file
from tmf.spec.model import Resource
from tmf.store.rows import Row
from tmf.store.session import Session
from tmf.tmf630_guidelines.errors import GuidelineError

_TOGETHER = 200
"""Documents that are stored with few statements."""


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
    cause = Cause(realm, program.settings.public_url or "")
    with program.database.session(write=True) as session:
        session.take_time()
        loading = _Loading(program, session, cause, tell=tell)
        for path in paths:
            try:
                with path.open("rb") as file:
                    for document in read_vendor_file(_Counted(file, report)):
                        loading.add(document)
                loading.store()
            except (GuidelineError, LoadError) as error:
                raise LoadError(f"{path}: {error}") from error
            except OSError as error:
                raise LoadError(str(error)) from error
        if loading.loaded.stored:
            session.refresh_statistics()
    for resource, documents in loading.loaded.by_resource.items():
        program.audit("load", COMMAND_LINE, realm, resource, documents=documents)
    return loading.loaded


class _Loading:
    """Stores documents of one resource together: some at a time, no id twice among them."""

    def __init__(self, program: Program, session: Session, cause: Cause, *, tell: bool) -> None:
        self.loaded = Loaded()
        self._changes = program.changes
        self._session = session
        self._cause = cause
        self._tell = tell
        self._waiting: list[VendorDocument] = []
        self._ids: set[str] = set()

    def add(self, given: VendorDocument) -> None:
        """One more; it may be stored with later ones."""
        identity = stated_id(given.document)
        first = self._waiting[0] if self._waiting else given
        alike = (first.api, first.resource) == (given.api, given.resource)
        if not alike or identity in self._ids or len(self._waiting) >= _TOGETHER:
            self.store()
        self._waiting.append(given)
        if identity is not None:
            self._ids.add(identity)

    def store(self) -> None:
        """Store what waits."""
        waiting, self._waiting = self._waiting, []
        ids, self._ids = self._ids, set()
        if not waiting:
            return
        key = f"{waiting[0].api}.{waiting[0].resource}"
        resource = self._changes.resources.get(key)
        if resource is None:
            raise LoadError(f"{waiting[0].place}: there is no resource {key}")
        there = {row.id: row for row in self._session.several(resource, self._cause.realm, ids)}
        try:
            with self._session.together():
                for given in waiting:
                    self._store(resource, given, there.get(stated_id(given.document) or ""))
        except IntegrityError as error:
            taken = f"{waiting[0].place} and further: an id has just been taken by somebody else"
            raise LoadError(taken) from error

    def _store(self, resource: Resource, given: VendorDocument, there: Row | None) -> None:
        try:
            row = self._changes.load(
                self._session, resource, self._cause, given.document, there, tell=self._tell
            )
        except GuidelineError as error:
            raise LoadError(f"{given.place}: {error}") from error
        if row is None:
            self.loaded.skipped += 1
        else:
            self.loaded.by_resource[resource.key] += 1
