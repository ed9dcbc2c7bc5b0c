"""What decides about a change to one resource, compiled once: schemas, lifecycle, own rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from tmf.rest.validation import BodyValidator
from tmf.spec.model import Api, Resource
from tmf.spec.shapes import ID_PATTERN, create_shape, stored_shape, update_shapes
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.lifecycle import LifecycleTree, lifecycle_tree
from tmf.tmf630_guidelines.patch import MERGING

Reader: TypeAlias = Callable[[str, str], Document | None]
"""Gives rules read access: a resource key and an id, the document or None."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a rule may look at besides the documents.

    `identity` is the resource's id, `now` the server's time as text;
    `read("TMF620.productOffering", id)` gives a document of any API, or None; `settings` are
    those that the API's extension names. `own` if the server itself makes the change.
    """

    identity: str
    now: str
    read: Reader
    settings: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False


Rule: TypeAlias = Callable[[Document, Document | None, Circumstances], Document]
"""(new, old or None, circumstances) -> the document to store, or a GuidelineError."""


@dataclass(frozen=True, slots=True)
class ResourceRules:
    """All that decides about a change to one resource, compiled once.

    `collection` is the path that its hrefs name, `domain` what its events say of themselves,
    `settings` what the rules may see of the operator's.
    """

    resource: Resource
    collection: str
    domain: str
    create: BodyValidator | None
    update: BodyValidator
    stored: BodyValidator
    identity: BodyValidator
    lifecycles: LifecycleTree
    rules: Sequence[Rule] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    job: bool = False

    def circumstances(
        self, identity: str, now: str, read: Reader, *, own: bool = False
    ) -> Circumstances:
        """What the rules may look at in one change."""
        return Circumstances(identity, now, read, self.settings, own)

    def check_result(self, document: Document, media_type: str, patch: Any) -> None:
        """Refuse what a patch makes of a document if it does not satisfy the schema.

        It is the result that counts. Whether the patch itself is at fault (400), or only does
        not fit the resource as it is (409), is told by the schema of patches; that of JSON
        patches has been satisfied, or they would not have been applied.
        """
        if self.stored.accepts(document):
            return
        if media_type in MERGING:
            self.update.check(patch)
        self.stored.check(document, "patchNotApplicable")


def compile_rules(
    api: Api,
    rules: Mapping[str, Sequence[Rule]],
    jobs: frozenset[str],
    *,
    enforce_advisory: bool,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, ResourceRules]:
    """The compiled rules of an API's resources, by resource key.

    `rules` and `jobs` name resources of this API; `settings` are what its rules may see.
    """
    for name in rules.keys() | jobs:
        if name not in api.resources:
            raise ValueError(f"{api.name} has no resource {name}")
    identity = BodyValidator(_IDENTITY, {})
    return {
        resource.key: ResourceRules(
            resource=resource,
            collection=f"{api.base_path}{resource.path}",
            domain=api.title.replace(" ", ""),
            create=_creating(resource) if "create" in resource.operations else None,
            update=_updating(resource),
            stored=BodyValidator(stored_shape(resource), resource.schemas),
            identity=identity,
            lifecycles=_lifecycles(api, resource, enforce_advisory),
            rules=tuple(rules.get(resource.name, ())),
            settings=settings or {},
            job=resource.name in jobs,
        )
        for resource in api.resources.values()
    }


_IDENTITY = {
    "required": ["id"],
    "properties": {"id": {"type": "string", "pattern": ID_PATTERN}},
}


def _creating(resource: Resource) -> BodyValidator:
    return BodyValidator(create_shape(resource), resource.schemas)


def _updating(resource: Resource) -> BodyValidator:
    shapes = update_shapes(resource)
    return BodyValidator(shapes[f"{resource.schema}_Update"], {**resource.schemas, **shapes})


def _lifecycles(api: Api, resource: Resource, enforce_advisory: bool) -> LifecycleTree:
    others = frozenset(other.schema for other in api.resources.values())
    return lifecycle_tree(
        resource.schemas, resource.schema, separate=others, enforce_advisory=enforce_advisory
    )
