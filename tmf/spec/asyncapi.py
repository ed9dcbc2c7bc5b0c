"""The AsyncAPI document: every event of every API as a message of the exchange.

Generated from the same files as the OpenAPI documents, whose schemas it takes over. Version 2.6,
whose messages may name OpenAPI's schemas as such (`schemaFormat`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tmf.spec.model import Api, Resource

_LOCAL = "#/components/schemas/"
_SCHEMAS = "application/vnd.oai.openapi;version=3.0.3"
_EXCHANGE = {"type": "topic", "durable": True, "autoDelete": False}
_DESCRIPTION = (
    "Events of all APIs, on one durable topic exchange. Bind a queue of your own with the routing "
    "keys you want; `*` stands for one word, `#` for any number. A message may come twice: drop "
    "those whose message_id you have seen. Events of one resource come in the order of its changes."
)


def asyncapi_document(apis: Iterable[Api], exchange: str, version: str) -> dict[str, Any]:
    """The document; `exchange` is the exchange's name, `version` the program's."""
    channels: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for api in apis:
        published: Mapping[str, Any] = api.document["components"]["schemas"]
        for resource in api.resources.values():
            for event in resource.events:
                key = f"{api.name}.{event}"
                address = f"{{realm}}.{api.name.lower()}.{resource.name}.{event}"
                channels[address] = _channel(exchange, key)
                messages[key] = _message(api, resource, event)
                for name in _needed(published, event):
                    schemas[f"{api.name}.{name}"] = _renamed(published[name], api.name)
    return {
        "asyncapi": "2.6.0",
        "info": {
            "title": "Events of the TM Forum APIs",
            "version": version,
            "description": _DESCRIPTION,
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "components": {
            "messages": messages,
            "schemas": schemas,
            "parameters": {
                "realm": {
                    "description": "Whose data it is; `default` where there is one tenant only.",
                    "schema": {"type": "string", "pattern": "^[a-z0-9-]{1,64}$"},
                }
            },
        },
    }


def _channel(exchange: str, key: str) -> dict[str, Any]:
    return {
        "parameters": {"realm": {"$ref": "#/components/parameters/realm"}},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": exchange, **_EXCHANGE},
                "bindingVersion": "0.2.0",
            }
        },
        "subscribe": {
            "operationId": f"receive.{key}",
            "message": {"$ref": f"#/components/messages/{key}"},
        },
    }


def _message(api: Api, resource: Resource, event: str) -> dict[str, Any]:
    return {
        "name": event,
        "title": f"{event} of {resource.key}",
        "summary": f"Something happened to a {resource.name}.",
        "tags": [{"name": api.name}],
        "contentType": "application/json",
        "schemaFormat": _SCHEMAS,
        "headers": {
            "type": "object",
            "required": ["realm", "api", "resource", "id", "position", "time"],
            "properties": {
                "realm": {"type": "string"},
                "api": {"type": "string", "enum": [api.name]},
                "resource": {"type": "string", "enum": [resource.name]},
                "id": {"type": "string", "description": "The resource's id."},
                "position": {
                    "type": "integer",
                    "description": "Rises in the order of one resource's changes; with gaps.",
                },
                "time": {"type": "integer", "description": "Microseconds since 1970, UTC."},
            },
        },
        "payload": {"$ref": f"{_LOCAL}{api.name}.{event}"},
        "bindings": {
            "amqp": {"contentEncoding": "utf-8", "messageType": event, "bindingVersion": "0.2.0"}
        },
    }


def _needed(schemas: Mapping[str, Any], name: str) -> set[str]:
    """A schema and all that it leads to."""
    found: set[str] = set()
    left = [name]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _references(schemas[name])
    return found


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        reference = part.get("$ref")
        if isinstance(reference, str):
            yield reference.removeprefix(_LOCAL)
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _renamed(part: Any, api: str) -> Any:
    """A copy whose references lead to the API's schemas in this document."""
    if isinstance(part, Mapping):
        return {
            name: f"{_LOCAL}{api}.{value.removeprefix(_LOCAL)}"
            if name == "$ref" and isinstance(value, str)
            else _renamed(value, api)
            for name, value in part.items()
        }
    return [_renamed(value, api) for value in part] if isinstance(part, list) else part
