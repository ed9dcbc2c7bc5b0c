"""Runs the jobs that API packages declare: the document's status before, around and after."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import structlog

from tmf.events.work import Handler, InterruptedWorkError, Task
from tmf.rest.attributes import whole
from tmf.rest.audit import SERVER, Audit
from tmf.rest.changes import Changes, stated_id
from tmf.rest.finding import matching
from tmf.rest.telling import Cause
from tmf.spec.model import Api, Resource
from tmf.store.database import Database
from tmf.store.rows import Row
from tmf.store.session import Session, document_of
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.query import ListQuery

log = structlog.get_logger("tmf.jobs")

_CHUNK = 1 << 16
_TIMEOUT = 30.0


class JobFiles:
    """Where jobs read and write: one folder each, and URLs below the allowed prefixes."""

    def __init__(self, import_dir: Path | None, import_urls: Sequence[str], export_dir: Path):
        self.export_dir = export_dir
        self._import_dir = import_dir
        self._import_urls = tuple(import_urls)

    def source(self, place: str) -> Iterator[bytes]:
        """The bytes of a file in the import folder, or of an allowed URL."""
        if "://" in place:
            return self._fetch(place)
        return self._read(place)

    def _read(self, name: str) -> Iterator[bytes]:
        if self._import_dir is None:
            raise GuidelineError("forbidden", "files cannot be imported: TMF_IMPORT_DIR is not set")
        folder = self._import_dir.resolve()
        path = (folder / name).resolve()
        if not path.is_relative_to(folder):
            raise GuidelineError("forbidden", f"{name} lies outside the import folder")
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk

    def _fetch(self, url: str) -> Iterator[bytes]:
        if not any(allows(prefix, url) for prefix in self._import_urls):
            raise GuidelineError("forbidden", f"{url} is not below any URL of TMF_IMPORT_URLS")
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(url, timeout=_TIMEOUT) as response:  # scheme checked by allows
            while chunk := response.read1(_CHUNK):
                yield chunk


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """An allowed address must not lead to one that is not."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""


def allows(prefix: str, url: str) -> bool:
    """Whether a URL lies below an allowed one: same scheme, host and port, path within."""
    try:
        allowed, asked = urlsplit(prefix), urlsplit(url)
        elsewhere = (allowed.scheme, _authority(allowed)) != (asked.scheme, _authority(asked))
    except ValueError:  # a port that is no number, half an IPv6 address
        return False
    if elsewhere or asked.scheme not in ("http", "https"):
        return False
    if "@" in asked.netloc or "\\" in url:
        return False
    if any(part in (".", "..") for part in unquote(asked.path).split("/")):
        return False
    folder = allowed.path.rstrip("/") + "/"
    return asked.path == allowed.path or asked.path.startswith(folder)


def _authority(parts: SplitResult) -> tuple[str | None, int]:
    return parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)


class RunningJob:
    """One job under way (a `declare.JobContext`)."""

    def __init__(
        self,
        runner: JobRunner,
        api: Api,
        task: Task,
        document: Document,
        go_on: Callable[[], None],
    ) -> None:
        self.document = document
        self._name = f"{task.kind}/{task.subject}"
        self._go_on = go_on
        self.resources = tuple(
            name for name, resource in api.resources.items() if not resource.task
        )
        self.base_path = api.base_path
        self._runner = runner
        self._api = api
        self._realm = task.realm

    def find(self, resource: str, query: str) -> Iterator[Document]:
        """Every matching document, page by page in id order."""
        kept = self._api.resources[resource]

        def page(asked: ListQuery) -> Sequence[Row]:
            self._go_on()
            return self._runner.rows(kept, self._realm, asked)

        for row in matching(kept, query, page):
            href = f"{self.base_path}{kept.path}/{row.id}"
            yield whole(row.id, href, document_of(row))

    def load(self, resource: str, document: Any) -> bool:
        """Store a document as `tmf load` does."""
        self._go_on()
        if resource not in self.resources:
            raise GuidelineError("invalidDocument", f"{self._api.name} keeps no {resource}")
        kept = self._api.resources[resource]
        return self._runner.load(kept, self._realm, document, self._name)

    def export_file(self, name: str) -> Path:
        """A file in the realm's export folder, which is made if need be."""
        folder = self._runner.files.export_dir / self._realm
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name

    def export_url(self, name: str) -> str:
        """The served address of such a file (absolute if the public URL is known).

        It does not name the realm: whoever asks sees the files of its own.
        """
        return f"{self._runner.public_url or ''}/files/export/{name}"

    def source(self, place: str) -> Iterator[bytes]:
        """The bytes of a file to import; a slow sender does not keep the server from stopping."""
        for chunk in self._runner.files.source(place):
            self._go_on()
            yield chunk


class JobRunner:
    """Takes a job from its first state through running to its end, each step stored.

    A job found running was cut off by a crash: it is run again from the start, which is safe
    because files are replaced whole and loading skips what is there.
    """

    def __init__(
        self,
        database: Database,
        changes: Changes,
        audit: Audit,
        files: JobFiles,
        public_url: str | None,
    ) -> None:
        self.files = files
        self.public_url = public_url
        self._database = database
        self._changes = changes
        self._audit = audit

    def handler(
        self, api: Api, resource: Resource, job: Callable[[RunningJob], Mapping[str, Any]]
    ) -> Handler:
        """The work handler of one kind of job."""

        def handle(task: Task, go_on: Callable[[], None]) -> None:
            started = self._advance(resource, task, {"status": "Running"})
            if started is None:
                return  # deleted meanwhile, or finished by a worker that then died
            running = RunningJob(self, api, task, {"id": task.subject, **started}, go_on)
            try:
                outcome = job(running)
            except (GuidelineError, OSError, HTTPException) as error:
                outcome = {"status": "Failed", "errorLog": str(error)}
            except InterruptedWorkError:
                raise
            except Exception:  # a job that always fails must end, not be tried for ever
                log.exception("job failed", kind=task.kind, subject=task.subject)
                outcome = {"status": "Failed", "errorLog": "internal error, see the server's log"}
            now = self._changes.clock.text()
            self._advance(resource, task, {**outcome, "completionDate": now})

        return handle

    def rows(self, resource: Resource, realm: str, query: ListQuery) -> Sequence[Row]:
        """One page of rows, in a transaction of its own."""
        with self._database.session() as session:
            return session.find(resource, realm, query).rows

    def load(self, resource: Resource, realm: str, document: Any, job: str) -> bool:
        """Store one document, in a transaction of its own."""
        with self._database.session(write=True) as session:
            cause = Cause(realm, self.public_url or "")
            identity = stated_id(document)
            there = None if identity is None else session.get(resource, realm, identity)
            row = self._changes.load(session, resource, cause, document, there)
        if row is not None:
            self._audit("import", job, realm, resource.key, row.id, revision=row.revision)
        return row is not None

    def _advance(
        self, resource: Resource, task: Task, attributes: Mapping[str, Any]
    ) -> Document | None:
        with self._database.session(write=True) as session:
            row = session.lock(resource, task.realm, task.subject)
            if row is None or document_of(row)["status"] in ("Succeeded", "Failed"):
                return None
            changed = self._step(session, resource, task, row, attributes)
        if changed is not row:
            told = {"revision": changed.revision, "status": attributes["status"]}
            self._audit("patch", SERVER, task.realm, resource.key, row.id, **told)
        return document_of(changed)

    def _step(
        self,
        session: Session,
        resource: Resource,
        task: Task,
        row: Row,
        attributes: Mapping[str, Any],
    ) -> Row:
        before = document_of(row)
        after = {**before, **attributes}
        if after == before:
            return row
        self._changes.rules[resource.key].lifecycles.check(before, after)
        return session.update(resource, task.realm, row, after)
