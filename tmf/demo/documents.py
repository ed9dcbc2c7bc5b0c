"""The demo's documents, read from the JSON files beside this module.

A file is `{api: {resource: [document, …]}}`, the form in which vendors ship catalogue data.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import NamedTuple

from tmf.tmf630_guidelines.documents import Document, decode

# What is referred to comes before what refers to it, so that a server that checks
# references takes every document at the first attempt.
LOAD_ORDER = (
    ("TMF620", "category"),
    ("TMF620", "productSpecification"),
    ("TMF620", "productOfferingPrice"),
    ("TMF620", "productOffering"),
    ("TMF620", "catalog"),
    ("TMF629", "customer"),
    ("TMF666", "billingCycleSpecification"),
    ("TMF666", "billFormat"),
    ("TMF666", "billPresentationMedia"),
    ("TMF666", "billingAccount"),
    ("TMF622", "productOrder"),
    ("TMF638", "service"),
    ("TMF642", "alarm"),
)


class DemoDocument(NamedTuple):
    """One document of the demo: the body of a POST to `resource` of `api`."""

    api: str
    resource: str
    body: Document


def demo_documents() -> tuple[DemoDocument, ...]:
    """All documents in the order in which they are to be created (LOAD_ORDER).

    Raises ValueError if a file holds a resource that has no place in that order.
    """
    found = [document for file in _sources() for document in _documents_of(file)]
    unplaced = {(one.api, one.resource) for one in found} - set(LOAD_ORDER)
    if unplaced:
        raise ValueError(f"no place in the load order for {sorted(unplaced)}")
    return tuple(sorted(found, key=lambda one: LOAD_ORDER.index((one.api, one.resource))))


def _sources() -> list[Traversable]:
    folder = files(__package__)
    catalogue = (file for file in (folder / "catalogue").iterdir() if file.name.endswith(".json"))
    return [*sorted(catalogue, key=lambda file: file.name), folder / "people.json"]


def _documents_of(file: Traversable) -> Iterator[DemoDocument]:
    for api, resources in decode(file.read_bytes()).items():
        for resource, bodies in resources.items():
            yield from (DemoDocument(api, resource, body) for body in bodies)
