"""Derives the shapes of a resource: what a client may send to create and to update it, its events.

Names are those of the v4 files: `X_Create`, `X_Update`, `XCreateEvent`, `XCreateEventPayload`.
"""

from __future__ import annotations

from copy import deepcopy

from tmf.spec.attributes import Schemas
from tmf.spec.compose import LOCAL, Schema
from tmf.spec.model import Resource

ID_PATTERN = r"^(?!\.{1,2}$)[A-Za-z0-9._~!$&'()*+,;=:@-]{1,128}$"
"""An id is one path segment as it stands: what RFC 3986 lets stand there unencoded."""

_CHANGE_EVENTS = ("AttributeValueChangeEvent", "InformationRequiredEvent")


def create_shape(resource: Resource) -> Schema:
    """What a POST may hold: all but the attributes that only the server writes."""
    full = resource.schemas[resource.schema]
    properties = {
        name: deepcopy(part)
        for name, part in full["properties"].items()
        if name not in resource.not_in_create and name != "href"
    }
    properties["id"] = {
        "type": "string",
        "pattern": ID_PATTERN,
        "example": f"my-{resource.name}-1",
        "description": "The client's own id for the new resource; the server makes one if absent.",
    }
    for name in resource.create_required:
        if resource.task and properties[name].get("type") == "array":
            properties[name]["minItems"] = 1
    shape: Schema = {
        "type": "object",
        "description": f"What is sent to create a {resource.schema}. {full['description']}",
        "properties": properties,
    }
    if resource.create_required:
        shape["required"] = list(resource.create_required)
    return shape


def update_shapes(resource: Resource) -> dict[str, Schema]:
    """What a merge patch may hold, by name: `X_Update`, and the same of every object within X.

    A merge patch changes objects in part and replaces arrays whole (RFC 7396), so nothing is
    required in an object, and null removes what is optional; elements of arrays are complete.
    """
    dated = {name for name, rule in resource.server_set.items() if rule in ("created", "changed")}
    fixed = {"id", "href", *resource.immutable, *dated}
    shapes: dict[str, Schema] = {}
    waiting = [resource.schema]
    while waiting:
        name = waiting.pop()
        if f"{name}_Update" in shapes:
            continue
        own = name == resource.schema
        kept = _kept(resource, name)
        shapes[f"{name}_Update"] = {
            "type": "object",
            "description": f"What is sent to change a {name}: the attributes that change.",
            "properties": {
                attribute: _merged(part, resource.schemas, waiting, removable=attribute not in kept)
                for attribute, part in resource.schemas[name]["properties"].items()
                if not own or attribute not in fixed
            },
        }
    return shapes


def _kept(resource: Resource, name: str) -> set[str]:
    """The attributes of one of the resource's schemas that cannot be removed.

    One with a default can be: it falls back to that.
    """
    schema = resource.schemas[name]
    lifecycle = schema.get("x-lifecycle", {})
    kept = {*schema.get("required", ()), lifecycle.get("attribute")}
    if name == resource.schema:
        kept |= {*resource.create_required, *resource.server_set}
        kept -= resource.defaults.keys()
    return kept


def _merged(part: Schema, schemas: Schemas, found: list[str], *, removable: bool) -> Schema:
    """An attribute of a merge patch; names of the objects that it merges into go to `found`."""
    merged = deepcopy(part)
    for choice in (merged, *merged.get("anyOf", ())):
        name = choice.get("$ref", "").removeprefix(LOCAL)
        if "properties" in schemas.get(name, {}):
            choice["$ref"] = f"{LOCAL}{name}_Update"
            found.append(name)
    return nullable(merged) if removable else merged


def nullable(part: Schema) -> Schema:
    """The same schema, null allowed (which in a merge patch means: remove)."""
    if "anyOf" in part:
        return {**deepcopy(part), "anyOf": [*part["anyOf"], {"$ref": f"{LOCAL}Null"}]}
    if "$ref" not in part:
        return {**deepcopy(part), "nullable": True}
    described = {key: value for key, value in part.items() if key != "$ref"}
    return {**described, "anyOf": [{"$ref": part["$ref"]}, {"$ref": f"{LOCAL}Null"}]}


def stored_shape(resource: Resource) -> Schema:
    """What a document must satisfy after a patch or in a loaded file (not published)."""
    shape: Schema = {"allOf": [{"$ref": LOCAL + resource.schema}]}
    if resource.create_required:
        shape["required"] = list(resource.create_required)
    return shape


def event_shapes(resource: Resource, envelope: Schema) -> dict[str, Schema]:
    """The event schemas of a resource: the envelope, with the resource whole in `event`."""
    shapes: dict[str, Schema] = {}
    for event in resource.events:
        shape = deepcopy(envelope)
        shape["description"] = f"Tells listeners of {event} on a {resource.name}."
        shape["properties"]["event"] = {
            "$ref": f"{LOCAL}{event}Payload",
            "description": f"What the event is about, under the name {resource.name}.",
        }
        if event.endswith(_CHANGE_EVENTS):
            shape["properties"]["fieldPath"] = {
                "type": "string",
                "description": "Names of the attributes that changed, separated by commas.",
            }
        shapes[event] = shape
        shapes[f"{event}Payload"] = {
            "type": "object",
            "description": f"The {resource.name} that the event is about, whole.",
            "properties": {
                resource.name: {
                    "$ref": LOCAL + resource.schema,
                    "description": "The resource as it was after the change.",
                }
            },
        }
    return shapes
