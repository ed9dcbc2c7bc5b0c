"""The typed model of one API: what the engine knows about its resources.

Everything here is read from the `x-` data of the API's file; nothing is known about any
resource by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tmf.spec.attributes import Attribute, attribute_graph
from tmf.spec.checks import check_facts
from tmf.spec.compose import SpecError
from tmf.tmf630_guidelines.values import Kind

OPERATIONS = ("list", "create", "retrieve", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of an API.

    `path` is its collection's path (`/productOrder`), `schema` its component's name.
    `server_set` maps attributes that only the server writes to a rule: `created` and
    `changed` (time of creation, of the last change), `absent` (written later), or
    `=value`. `defaults` are written where the client sent nothing. `states`
    are the attributes whose change is a change of state. `public` resources may be
    read by every caller; `parties` are the attribute paths that name the parties of a resource.
    """

    api: str
    name: str
    schema: str
    operations: tuple[str, ...]
    task: bool
    create_required: tuple[str, ...]
    not_in_create: frozenset[str]
    immutable: frozenset[str]
    server_set: Mapping[str, str]
    defaults: Mapping[str, Any]
    indexed: tuple[str, ...]
    events: tuple[str, ...]
    states: frozenset[str]
    public: bool
    parties: tuple[tuple[str, ...], ...]
    schemas: Mapping[str, Mapping[str, Any]] = field(repr=False)
    attributes: Attribute = field(repr=False)

    @property
    def path(self) -> str:
        """The collection's path below the API's base path."""
        return f"/{self.name}"

    @property
    def key(self) -> str:
        """The resource's name across all APIs, as in `TMF622.productOrder`."""
        return f"{self.api}.{self.name}"

    def kind_of(self, path: tuple[str, ...]) -> Kind | None:
        """How values at an attribute path are compared; None if the schema has no word on it."""
        attribute: Attribute | None = self.attributes
        for name in path:
            attribute = attribute.children.get(name) if attribute else None
        return attribute.kind if attribute else None


@dataclass(frozen=True, slots=True)
class Api:
    """One API: its name (`TMF622`), where it is served, its resources, its plain document."""

    name: str
    title: str
    version: str
    base_paths: tuple[str, ...]
    resources: Mapping[str, Resource]
    document: Mapping[str, Any] = field(repr=False)

    @property
    def base_path(self) -> str:
        """The path that `href`s name, where an API is served at several."""
        return self.base_paths[0]


def resources_of(
    api: str, stated: Mapping[str, Mapping[str, Any]], schemas: Mapping[str, Mapping[str, Any]]
) -> Iterator[Resource]:
    """The resources that a file's `x-resources` states, checked against its schemas."""
    for name, facts in stated.items():
        check_facts(f"{api}.{name}", facts, schemas)
        attributes = attribute_graph(schemas, facts["schema"])
        # The href is not stored but made on output, so nothing can be looked up by it.
        attributes.children["href"].free_text = True
        resource = Resource(
            api=api,
            name=name,
            schema=facts["schema"],
            operations=tuple(facts["operations"]),
            task=facts.get("task", False),
            create_required=tuple(facts.get("create-required", ())),
            not_in_create=frozenset(facts.get("not-in-create", ())),
            immutable=frozenset(facts.get("immutable", ())),
            server_set={key: _rule(value) for key, value in facts.get("server-set", {}).items()},
            defaults=facts.get("defaults", {}),
            indexed=tuple(facts.get("indexed", ())),
            events=tuple(facts.get("events", ())),
            states=_states(facts, schemas[facts["schema"]]),
            public=facts.get("public", False),
            parties=_parties(facts, attributes),
            schemas=schemas,
            attributes=attributes,
        )
        _check(resource)
        yield resource


def _states(facts: Mapping[str, Any], schema: Mapping[str, Any]) -> frozenset[str]:
    """The attribute of the lifecycle; without one, what the facts call the state."""
    stated = [facts.get("state"), schema.get("x-lifecycle", {}).get("attribute")]
    return frozenset(attribute for attribute in stated if attribute)


def _parties(facts: Mapping[str, Any], attributes: Attribute) -> tuple[tuple[str, ...], ...]:
    usual = ["relatedParty.id"] if "relatedParty" in attributes.children else []
    return tuple(tuple(path.split(".")) for path in facts.get("parties", usual))


def _rule(stated: Any) -> str:
    return f"={stated['value']}" if isinstance(stated, dict) else str(stated)


def _check(resource: Resource) -> None:
    """A misspelt attribute in `x-` data would silently do nothing: refuse it at start-up."""
    attributes = resource.schemas[resource.schema]["properties"]
    named = {
        *resource.create_required,
        *resource.not_in_create,
        *resource.immutable,
        *resource.server_set,
        *resource.defaults,
        *resource.indexed,
        *resource.states,
    }
    for attribute in sorted(named - attributes.keys()):
        raise SpecError(f"{resource.key}: x-data names {attribute}, which its schema lacks")
    for operation in set(resource.operations) - set(OPERATIONS):
        raise SpecError(f"{resource.key}: unknown operation {operation}")
    for path in resource.parties:
        if path[0] in ("id", "href") or resource.kind_of(path) != "text":
            raise SpecError(f"{resource.key}: parties {'.'.join(path)} is no text in its schema")
    for attribute in resource.indexed:
        array = attributes[attribute].get("type") == "array"
        if array or resource.kind_of((attribute,)) not in ("text", "instant"):
            raise SpecError(f"{resource.key}: indexed {attribute} is neither text nor date-time")
