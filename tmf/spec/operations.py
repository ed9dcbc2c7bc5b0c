"""Derives the paths of an API: every operation of its resources, and its hub."""

from __future__ import annotations

from typing import Any

from tmf.spec.compose import LOCAL
from tmf.spec.model import Resource

Json = dict[str, Any]

PATCH_MEDIA = (
    "application/json",
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/json-patch-query+json",
)

_ERRORS = {
    400: "The request is malformed or does not satisfy the schema.",
    401: "No valid credentials were sent.",
    403: "The caller may not do this.",
    404: "There is nothing under this path or id.",
    405: "The resource does not offer this method.",
    406: "None of the accepted media types can be produced.",
    409: "The id is taken, or a rule or the state of the resource refuses this.",
    412: "The resource has changed since the entity tag was read.",
    413: "The body is larger than the server accepts.",
    415: "The media type of the body is not supported.",
    500: "The server failed; the log has the cause under the request id.",
    503: "The server cannot answer at the moment.",
}


_HEADERS = {405: ("Allow", "Accept-Patch"), 415: ("Accept-Patch",), 503: ("Retry-After",)}
"""Of the shared error answers, besides those of every answer."""

_PAGE_HEADERS = ("X-Total-Count", "X-Result-Count", "Link")


def paths_of(resources: dict[str, Resource]) -> Json:
    """The `paths` object of an API."""
    paths: Json = {}
    for resource in resources.values():
        operations = {name: _OPERATION[name](resource) for name in resource.operations}
        for operation in operations.values():
            operation["tags"] = [resource.name]
        collection = {"get": operations.get("list"), "post": operations.get("create")}
        single = {
            "get": operations.get("retrieve"),
            "patch": operations.get("patch"),
            "delete": operations.get("delete"),
        }
        paths[resource.path] = _present(collection)
        paths[f"{resource.path}/{{id}}"] = {**_present(single), "parameters": [_parameter("id")]}
    paths.update(_hub_paths(resources))
    return paths


def _present(methods: dict[str, Json | None]) -> Json:
    return {method: operation for method, operation in methods.items() if operation}


def _list(resource: Resource) -> Json:
    page = _answer(
        "All resources that match.",
        {"type": "array", "items": {"$ref": LOCAL + resource.schema}},
        headers=("X-Total-Count-Estimated", *_PAGE_HEADERS),
    )
    return {
        "operationId": f"list{resource.schema}",
        "summary": f"List or find {resource.name} resources",
        "description": (
            "Any attribute may stand as a criterion (`state=active`, `validFor.endDateTime.gt=…`); "
            "`filter` takes JSONPath, `sort` a list of attributes."
        ),
        "parameters": [_parameter(name) for name in ("fields", "offset", "limit")],
        "responses": {
            "200": page,
            "206": {**page, "description": "One page of the resources that match."},
            **_errors(400, 401, 403, 404, 405, 406, 409, 500, 503),
        },
    }


def _create(resource: Resource) -> Json:
    return {
        "operationId": f"create{resource.schema}",
        "summary": f"Create {_one(resource.name)}",
        "description": "Attributes that only the server sets are ignored; an `id` may be brought.",
        "parameters": [_parameter("Idempotency-Key")],
        "requestBody": _body(f"{resource.schema}_Create", ("application/json",)),
        "responses": {
            "201": _resource_answer(
                resource, "Created; the resource as stored.", "Location", "Idempotent-Replayed"
            ),
            **_errors(400, 401, 403, 405, 406, 409, 413, 415, 500, 503),
        },
    }


def _retrieve(resource: Resource) -> Json:
    return {
        "operationId": f"retrieve{resource.schema}",
        "summary": f"Retrieve {_one(resource.name)} by its id",
        "description": "With `If-None-Match` and an entity tag that holds, the answer is 304.",
        "parameters": [_parameter("fields"), _parameter("If-None-Match")],
        "responses": {
            "200": _resource_answer(resource, "The resource."),
            "304": _empty_answer("The resource has not changed.", "ETag"),
            **_errors(400, 401, 403, 404, 405, 406, 409, 500, 503),
        },
    }


def _patch(resource: Resource) -> Json:
    return {
        "operationId": f"patch{resource.schema}",
        "summary": f"Change some attributes of {_one(resource.name)}",
        "description": (
            "A merge patch (also what application/json means), a JSON patch or a JSON patch with "
            "query; the result must satisfy the schema. `If-Match` guards against lost updates."
        ),
        "requestBody": _patch_body(f"{resource.schema}_Update"),
        "responses": {
            "200": _resource_answer(resource, "The resource as changed."),
            **_errors(400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 500, 503),
        },
    }


def _delete(resource: Resource) -> Json:
    return {
        "operationId": f"delete{resource.schema}",
        "summary": f"Delete {_one(resource.name)}",
        "description": "The resource is gone at once. `If-Match` guards against lost updates.",
        "responses": {
            "204": _empty_answer("Deleted."),
            **_errors(400, 401, 403, 404, 405, 406, 409, 412, 500, 503),
        },
    }


_OPERATION = {
    "list": _list,
    "create": _create,
    "retrieve": _retrieve,
    "patch": _patch,
    "delete": _delete,
}


def _hub_paths(resources: dict[str, Resource]) -> Json:
    subscription = {"$ref": f"{LOCAL}EventSubscription"}
    listeners = {"type": "array", "items": subscription}
    by_id = {"parameters": [_parameter("id")]}
    return {
        "/hub": {
            "get": {
                "operationId": "listListener",
                "tags": ["hub"],
                "summary": "List or find the listeners of this API",
                "description": (
                    "Criteria, `filter` and `sort` as in every list: `callback.regex=example`."
                ),
                "parameters": [_parameter(name) for name in ("fields", "offset", "limit")],
                "responses": {
                    "200": _answer("All listeners that match.", listeners, headers=_PAGE_HEADERS),
                    "206": _answer(
                        "One page of the listeners that match.", listeners, headers=_PAGE_HEADERS
                    ),
                    **_errors(400, 401, 403, 405, 406, 500, 503),
                },
            },
            "post": {
                "operationId": "registerListener",
                "tags": ["hub"],
                "summary": "Register a listener",
                "description": (
                    "The listener is sent every event of this API that its `query` asks for, as "
                    "listed under `callbacks`, signed with the `secret` in this answer."
                ),
                "parameters": [_parameter("Idempotency-Key")],
                "requestBody": _body("EventSubscriptionInput", ("application/json",)),
                "responses": {
                    "201": _answer(
                        "Registered.", subscription, headers=("Location", "Idempotent-Replayed")
                    ),
                    **_errors(400, 401, 403, 404, 405, 406, 409, 413, 415, 500, 503),
                },
                "callbacks": _callbacks(resources),
            },
        },
        "/hub/{id}": {
            "get": {
                "operationId": "retrieveListener",
                "tags": ["hub"],
                "summary": "Retrieve a listener by its id",
                "parameters": [_parameter("fields")],
                "responses": {
                    "200": _answer("The listener.", subscription),
                    **_errors(400, 401, 403, 404, 405, 406, 500, 503),
                },
            },
            "delete": {
                "operationId": "unregisterListener",
                "tags": ["hub"],
                "summary": "Unregister a listener",
                "responses": {
                    "204": _empty_answer("Unregistered."),
                    **_errors(400, 401, 403, 404, 405, 406, 500, 503),
                },
            },
            **by_id,
        },
    }


def _callbacks(resources: dict[str, Resource]) -> Json:
    """What a listener receives: the client side of the hub, one entry per event."""
    return {
        event: {
            "{$request.body#/callback}": {
                "post": {
                    "operationId": f"listenTo{event}",
                    "tags": ["hub"],
                    "summary": f"Receives {event}",
                    "requestBody": _body(event, ("application/json",)),
                    "responses": {
                        "201": {"description": "Taken; any other 2xx says the same."},
                    },
                }
            }
        }
        for resource in resources.values()
        for event in resource.events
    }


def _one(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _body(schema: str, media: tuple[str, ...]) -> Json:
    content = {name: {"schema": {"$ref": LOCAL + schema}} for name in media}
    return {"required": True, "content": content}


def _patch_body(schema: str) -> Json:
    body = _body(schema, PATCH_MEDIA[:2])
    for name, of_operations in zip(PATCH_MEDIA[2:], ("JsonPatch", "JsonPatchQuery"), strict=True):
        body["content"][name] = {"schema": {"$ref": LOCAL + of_operations}}
    return body


def _resource_answer(resource: Resource, description: str, *headers: str) -> Json:
    return _answer(description, {"$ref": LOCAL + resource.schema}, headers=(*headers, "ETag"))


def _answer(description: str, schema: Json, headers: tuple[str, ...] = ()) -> Json:
    return {
        "description": description,
        "content": {"application/json": {"schema": schema}},
        "headers": _headers(*headers, "X-Request-Id"),
    }


def _empty_answer(description: str, *headers: str) -> Json:
    return {"description": description, "headers": _headers(*headers, "X-Request-Id")}


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _parameter(name: str) -> Json:
    return {"$ref": f"#/components/parameters/{name}"}


def _errors(*statuses: int) -> Json:
    return {str(status): {"$ref": f"#/components/responses/{status}"} for status in statuses}


def declare_rate_limit(document: Json) -> None:
    """Let every operation of a document answer 429."""
    document["components"]["responses"]["429"] = _answer(
        "The caller sends more requests than it may.",
        {"$ref": f"{LOCAL}Error"},
        headers=("Retry-After",),
    )
    for item in document["paths"].values():
        for operation in item.values():
            if "responses" in operation:
                operation["responses"].update(_errors(429))


def error_responses() -> Json:
    """The shared error answers, under their status."""
    return {
        str(status): _answer(text, {"$ref": f"{LOCAL}Error"}, headers=_HEADERS.get(status, ()))
        for status, text in _ERRORS.items()
    }
