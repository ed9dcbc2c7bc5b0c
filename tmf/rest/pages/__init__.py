"""The pages for people: the landing page at `/` and the interactive documentation at `/docs`.

Both are templates rendered here; they fetch nothing from other hosts. Everything filled in
is escaped for HTML.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from tmf.rest.pages.templates import templates_in

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
"""Separates thousands, so that long counts can be read and are never broken across lines."""

_templates = templates_in(Path(__file__).parent)


@dataclass(frozen=True, slots=True)
class ResourceRow:
    """One resource of an API: `url` lists it, `count` is how many there are (None: unknown)."""

    name: str
    description: str
    url: str
    count: int | None


@dataclass(frozen=True, slots=True)
class ApiCard:
    """One API: `docs_url` shows it in the interactive documentation, `spec_url` is its document.

    `description` says what the API is for; the page shows its first sentence.
    """

    name: str
    title: str
    version: str
    base_path: str
    docs_url: str
    spec_url: str
    resources: tuple[ResourceRow, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class LandingView:
    """What the landing page shows; `base_url` is the server's own address in the examples.

    `keys` says whether callers need one.
    """

    version: str
    database: str
    apis: tuple[ApiCard, ...]
    base_url: str = "http://localhost:8080"
    keys: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A command line to try, and what it does."""

    purpose: str
    command: str


def render_landing(view: LandingView) -> str:
    """The landing page as HTML."""
    rows = [row for api in view.apis for row in api.resources]
    return _templates.get_template("landing.html").render(
        view=view,
        examples=examples(view),
        resource_count=len(rows),
        document_count=_total(rows),
        grouped=grouped,
        first_sentence=first_sentence,
    )


def _total(rows: Sequence[ResourceRow]) -> int | None:
    """All documents; unknown where no count is known."""
    known = [row.count for row in rows if row.count is not None]
    return sum(known) if known or not rows else None


def render_docs(
    apis: Sequence[tuple[str, str, str]], selected: str | None = None, static: str = "/docs/static"
) -> str:
    """The documentation page as HTML: Swagger UI with a selector of the APIs.

    `apis` are (name, title, address of the document); `selected` is the name of the one to
    show first, else the first of them. `static` is where the files of `swagger_ui_bundle`
    are served (its `swagger_ui_path`).
    """
    labels = {name: f"{name} {title}" for name, title, _ in apis}
    first = next(iter(labels.values()), "")
    return _templates.get_template("docs.html").render(
        static=static.rstrip("/"),
        urls=[{"name": labels[name], "url": url} for name, _, url in apis],
        shown=labels.get(selected or "", first),
    )


def examples(view: LandingView) -> tuple[Example, ...]:
    """Three command lines for the APIs of this very server; none if it serves none.

    The first reads a resource that has something to show, if there is one.
    """
    served = [(api, row) for api in view.apis for row in api.resources]
    if not served:
        return ()
    api, row = next((pair for pair in served if pair[1].count), served[0])
    collection = urljoin(view.base_url, row.url)
    page = f"{collection}?fields=name&limit=3"
    count = f"{collection}?limit=0"
    key = '-H "X-API-Key: $KEY" ' if view.keys else ""
    return (
        Example(f"Read the names of the first three: {row.name}", f"curl {key}{shlex.quote(page)}"),
        Example(
            f"Ask only how many there are: {row.name}",
            f"curl -i {key}{shlex.quote(count)}",
        ),
        Example(
            f"Take the contract of {api.name} along",
            f"curl -O {shlex.quote(urljoin(view.base_url, api.spec_url))}",
        ),
    )


def grouped(count: int | None) -> str:
    """A count with thin spaces between thousands; a dash where it is unknown."""
    return "\N{EN DASH}" if count is None else f"{count:,}".replace(",", NARROW_SPACE)


def first_sentence(text: str) -> str:
    """The text up to its first full stop that a blank follows."""
    sentence, stop, _ = text.partition(". ")
    return sentence + stop.rstrip()
