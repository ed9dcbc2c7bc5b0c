"""Bundles one API's file with `common.yaml` into a plain OAS 3.0.3 document and its model."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from tmf.spec.checks import check_file, check_schemas
from tmf.spec.compose import Schema, SpecError, compose
from tmf.spec.model import Api, Resource, resources_of
from tmf.spec.operations import declare_rate_limit, error_responses, paths_of
from tmf.spec.security import secured
from tmf.spec.shapes import create_shape, event_shapes, update_shapes
from tmf.spec.sources import read

_ENGINE_SCHEMAS = (
    "Error",
    "EventSubscription",
    "EventSubscriptionInput",
    "JsonPatch",
    "JsonPatchQuery",
    "Null",
    "EventEnvelope",
)


def load_api(
    name: str,
    source: dict[str, Any] | None = None,
    *,
    page: tuple[int, int] | None = None,
    keys: bool = False,
    rate_limited: bool = False,
) -> Api:
    """The API of `openapi/<name>.yaml` (`source` stands in for the file, in tests).

    `page` is the operator's default and largest `limit`, where they are not the file's;
    `keys` says whether callers need one, `rate_limited` that they are held to a rate.
    """
    stated = source if source is not None else read(f"{name.lower()}.yaml")
    check_file(name, stated)
    common = read("common.yaml")["components"]
    own: dict[str, Schema] = dict(stated["components"]["schemas"])
    for needed in _ENGINE_SCHEMAS:
        own.setdefault(needed, common["schemas"][needed])
    schemas = compose(own, common["schemas"])
    check_schemas(name, schemas)
    envelope = schemas.pop("EventEnvelope")
    resources = {
        resource.name: resource for resource in resources_of(name, stated["x-resources"], schemas)
    }
    shapes = _derived(resources, schemas, envelope)
    document = _paged(_document(stated, resources, {**schemas, **shapes}, common), page)
    if rate_limited:
        declare_rate_limit(document)
    return Api(
        name=name,
        title=stated["info"]["title"],
        version=stated["info"]["version"],
        base_paths=tuple(stated["x-base-paths"]),
        resources=resources,
        document=secured(document, resources) if keys else document,
    )


def _paged(document: dict[str, Any], page: tuple[int, int] | None) -> dict[str, Any]:
    if page is not None:
        limit = document["components"]["parameters"]["limit"]["schema"]
        limit["default"], limit["maximum"] = page
    return document


def _derived(
    resources: dict[str, Resource], schemas: dict[str, Schema], envelope: Schema
) -> dict[str, Schema]:
    shapes: dict[str, Schema] = {}
    for resource in resources.values():
        if "create" in resource.operations:
            shapes[f"{resource.schema}_Create"] = create_shape(resource)
        if "patch" in resource.operations:
            for name, shape in update_shapes(resource).items():
                if shapes.setdefault(name, shape) != shape:
                    raise SpecError(f"two resources derive a different {name}")
        shapes.update(event_shapes(resource, envelope))
    for clash in shapes.keys() & schemas.keys():
        raise SpecError(f"schema {clash} is both written and derived")
    return shapes


def _document(
    stated: dict[str, Any],
    resources: dict[str, Resource],
    schemas: dict[str, Schema],
    common: dict[str, Any],
) -> dict[str, Any]:
    descriptions = {key: facts["description"] for key, facts in stated["x-resources"].items()}
    return {
        "openapi": stated["openapi"],
        "info": deepcopy(stated["info"]),
        "servers": [{"url": path} for path in stated["x-base-paths"]],
        "tags": [
            *({"name": name, "description": text} for name, text in descriptions.items()),
            {"name": "hub", "description": "Listeners: who is told of which events."},
        ],
        "paths": paths_of(resources),
        "components": {
            "schemas": {name: _described(schemas[name]) for name in sorted(schemas)},
            "parameters": deepcopy(common["parameters"]),
            "headers": deepcopy(common["headers"]),
            "responses": error_responses(),
        },
    }


def _described(schema: Any) -> Any:
    """OAS 3.0 ignores what stands beside a `$ref`: wrap the reference, keep the description."""
    if isinstance(schema, list):
        return [_described(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and len(schema) > 1:
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return {**beside, "allOf": [{"$ref": schema["$ref"]}]}
    return {key: _described(value) for key, value in schema.items()}
