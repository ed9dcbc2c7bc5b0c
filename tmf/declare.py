"""What an API package may say about its API: rules, jobs, reactions to events, and duties.

All of ours that such a package imports.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from tmf.hub.signing import signatures
from tmf.rest.acting import Intake, ReactionContext
from tmf.rest.duties import Duty, DutyContext
from tmf.rest.pages.templates import templates_in
from tmf.rest.papers import Paper
from tmf.rest.reactions import Event, Reaction
from tmf.rest.rules import Circumstances, Reader, Rule
from tmf.rest.vendor import read_vendor_file
from tmf.rest.views import View
from tmf.store.records import Records
from tmf.tmf630_guidelines.documents import Document, decode, encode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.matching import fits_pattern
from tmf.tmf630_guidelines.money import amount_of, exact, round_money, round_rate
from tmf.tmf630_guidelines.periods import Period, joined, length
from tmf.tmf630_guidelines.values import lies_ahead, parse_instant, parse_number


class JobContext(Protocol):
    """What a job may do while it runs; each call is a transaction of its own."""

    @property
    def document(self) -> Document:
        """The job's own document, with its id."""

    @property
    def resources(self) -> Sequence[str]:
        """Names of the API's resources that documents can be kept of."""

    @property
    def base_path(self) -> str:
        """The path at which the API is served."""

    def find(self, resource: str, query: str) -> Iterator[Document]:
        """Every document of a resource that matches, in id order."""

    def load(self, resource: str, document: Any) -> bool:
        """Store a document; False if it is there already. GuidelineError if refused."""

    def export_file(self, name: str) -> Path:
        """Where a file is to be written so that the server serves it."""

    def export_url(self, name: str) -> str:
        """Under which address such a file is served."""

    def source(self, place: str) -> Iterator[bytes]:
        """The bytes of a file to import; OSError or GuidelineError if it may not be read."""


Job: TypeAlias = Callable[[JobContext], Mapping[str, Any]]
"""Does a job and returns the attributes it ends with. May be run again after a crash."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What is special about one API, beyond its specification. Keys are resource names.

    `settings` names those of `tmf.settings` that its rules, reactions and duties get to see.
    `reactions` are by type of event, of any API. `duties` are by a name of their own, under which
    reactions and other duties schedule them. `check` looks at those settings when the program is
    built, and raises ValueError if they cannot be used. `papers` are by the name under which they
    are served: `bill` as `/files/bill/ID.pdf`. `intakes` take in what clients create.
    `views` are what operators may look at below `/admin/v1`, by the file in `openapi/` that
    describes them and by operationId.
    """

    api: str
    rules: Mapping[str, Sequence[Rule]] = field(default_factory=dict)
    settings: Sequence[str] = ()
    jobs: Mapping[str, Job] = field(default_factory=dict)
    reactions: Mapping[str, Sequence[Reaction]] = field(default_factory=dict)
    duties: Mapping[str, Duty] = field(default_factory=dict)
    check: Callable[[Mapping[str, Any]], object] = lambda _: None
    papers: Mapping[str, Paper] = field(default_factory=dict)
    intakes: Mapping[str, Intake] = field(default_factory=dict)
    views: Mapping[str, Mapping[str, View]] = field(default_factory=dict)


__all__ = [
    "Circumstances",
    "Document",
    "Duty",
    "DutyContext",
    "Event",
    "Extension",
    "GuidelineError",
    "Intake",
    "Job",
    "JobContext",
    "Paper",
    "Period",
    "Reaction",
    "ReactionContext",
    "Reader",
    "Records",
    "Rule",
    "View",
    "amount_of",
    "decode",
    "encode",
    "exact",
    "fits_pattern",
    "joined",
    "length",
    "lies_ahead",
    "parse_instant",
    "parse_number",
    "read_vendor_file",
    "round_money",
    "round_rate",
    "signatures",
    "templates_in",
]
