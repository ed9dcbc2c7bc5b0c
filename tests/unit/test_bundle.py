"""The document of an API: paths, shapes and events derived from what its file states."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from tests.unit.made_up import COMMON, LOCAL, source, ticket, ticket_api
from tmf.apis import APIS
from tmf.spec.bundle import load_api
from tmf.spec.compose import SpecError
from tmf.spec.operations import PATCH_MEDIA
from tmf.spec.shapes import ID_PATTERN, event_shapes, stored_shape
from tmf.tmf630_guidelines.patch import ACCEPT_PATCH

Json = dict[str, Any]
METHODS = ("get", "post", "patch", "delete")


def methods(document: Any) -> dict[str, set[str]]:
    return {path: set(item) & set(METHODS) for path, item in document["paths"].items()}


def operations(document: Any) -> Iterator[Json]:
    for item in document["paths"].values():
        yield from (item[method] for method in METHODS if method in item)


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


class TestDocument:
    def test_everything_offered_is_a_path(self) -> None:
        assert methods(ticket_api().document) == {
            "/ticket": {"get", "post"},
            "/ticket/{id}": {"get", "patch", "delete"},
            "/hub": {"get", "post"},
            "/hub/{id}": {"get", "delete"},
        }

    def test_what_is_not_offered_is_not_there(self) -> None:
        document = ticket_api({"operations": ["list", "retrieve"]}).document

        assert methods(document)["/ticket"] == {"get"}
        assert methods(document)["/ticket/{id}"] == {"get"}
        assert not {"Ticket_Create", "Ticket_Update"} & document["components"]["schemas"].keys()

    def test_operations_are_named_after_verb_and_schema(self) -> None:
        assert {one["operationId"] for one in operations(ticket_api().document)} == {
            "listTicket",
            "createTicket",
            "retrieveTicket",
            "patchTicket",
            "deleteTicket",
            "listListener",
            "registerListener",
            "retrieveListener",
            "unregisterListener",
        }

    def test_the_head_is_the_files(self) -> None:
        stated = source()
        stated["x-base-paths"].append("/old/v0")

        document = load_api("TMF999", stated).document

        assert document["openapi"] == "3.0.3"
        assert document["info"] == stated["info"]
        assert document["servers"] == [{"url": "/tmf-api/tickets/v1"}, {"url": "/old/v0"}]
        assert document["tags"][0] == {
            "name": "ticket",
            "description": "Tickets that customers have opened.",
        }

    def test_pages_are_the_operators(self) -> None:
        paged = load_api("TMF999", source(), page=(7, 77)).document
        plain = load_api("TMF999", source()).document

        def limit(document: Any) -> tuple[int, int]:
            schema = document["components"]["parameters"]["limit"]["schema"]
            return schema["default"], schema["maximum"]

        assert limit(paged) == (7, 77)
        assert limit(plain) == (100, 1000)

    def test_a_patch_is_taken_in_every_format(self) -> None:
        body = ticket_api().document["paths"]["/ticket/{id}"]["patch"]["requestBody"]
        schemas = {name: part["schema"]["$ref"] for name, part in body["content"].items()}

        assert set(schemas) == set(PATCH_MEDIA) == set(ACCEPT_PATCH.split(", "))
        assert {name: ref.removeprefix(LOCAL) for name, ref in schemas.items()} == {
            "application/json": "Ticket_Update",
            "application/merge-patch+json": "Ticket_Update",
            "application/json-patch+json": "JsonPatch",
            "application/json-patch-query+json": "JsonPatchQuery",
        }

    def test_every_event_is_a_callback_of_the_hub(self) -> None:
        events = ["TicketCreateEvent", "TicketDeleteEvent"]
        callbacks = ticket_api({"events": events}).document["paths"]["/hub"]["post"]["callbacks"]

        assert list(callbacks) == events
        body = callbacks["TicketDeleteEvent"]["{$request.body#/callback}"]["post"]["requestBody"]
        assert list(references(body)) == [LOCAL + "TicketDeleteEvent"]

    def test_a_description_beside_a_reference_stays(self) -> None:
        """OAS 3.0 ignores what stands beside a reference."""
        properties = {"note": {"description": "Said of it.", "$ref": COMMON + "Note"}}

        schemas = ticket_api(properties=properties).document["components"]["schemas"]

        assert schemas["Ticket"]["properties"]["note"] == {
            "description": "Said of it.",
            "allOf": [{"$ref": LOCAL + "Note"}],
        }

    def test_the_source_is_not_changed(self) -> None:
        stated = source({"events": ["TicketCreateEvent"], "create-required": ["name"]})
        load_api("TMF999", stated, page=(1, 2))

        assert stated == source({"events": ["TicketCreateEvent"], "create-required": ["name"]})

    @pytest.mark.parametrize("api", [name for name, _ in APIS])
    def test_every_reference_leads_somewhere(self, api: str) -> None:
        document: Any = load_api(api).document

        for reference in references(document):
            part: Any = document
            for step in reference.removeprefix("#/").split("/"):
                part = part[step]
            assert part, reference

    @pytest.mark.parametrize("api", [name for name, _ in APIS])
    def test_operation_ids_are_unique(self, api: str) -> None:
        names = [one["operationId"] for one in operations(load_api(api).document)]

        assert len(names) == len(set(names))

    def test_a_schema_both_written_and_derived_is_refused(self) -> None:
        with pytest.raises(SpecError, match="schema Ticket_Create is both written and derived"):
            ticket_api(schemas={"Ticket_Create": {"type": "object"}})

    @pytest.mark.parametrize(
        ("right", "wrong"), [("x-base-paths", "x-base-path"), ("x-resources", "x-resource")]
    )
    def test_a_misspelt_key_of_the_file_is_refused(self, right: str, wrong: str) -> None:
        stated = source()
        stated[wrong] = stated.pop(right)

        with pytest.raises(SpecError, match=f"^TMF999: {wrong} is unknown here"):
            load_api("TMF999", stated)

    @pytest.mark.parametrize("needed", ["x-base-paths", "x-resources"])
    def test_a_missing_key_of_the_file_is_named(self, needed: str) -> None:
        stated = source()
        del stated[needed]

        with pytest.raises(SpecError, match=f"^TMF999: {needed} is missing"):
            load_api("TMF999", stated)


def shape(name: str, *of_source: Any, **named: Any) -> Json:
    """A schema of the published document."""
    schemas: Json = ticket_api(*of_source, **named).document["components"]["schemas"]
    return schemas[name]


class TestCreateShape:
    PATTERN: ClassVar = {"pattern": {"type": "array", "items": {"type": "string"}}}

    def test_all_but_what_only_the_server_decides(self) -> None:
        create = shape("Ticket_Create", {"not-in-create": ["status", "lastUpdate"]})

        assert {"id", "@type", "name", "severity", "openedDate"} <= create["properties"].keys()
        assert not {"href", "status", "lastUpdate"} & create["properties"].keys()
        assert create["properties"]["id"]["pattern"] == ID_PATTERN
        assert "required" not in create

    def test_what_must_be_sent(self) -> None:
        create = shape("Ticket_Create", {"create-required": ["name", "severity"]})

        assert create["required"] == ["name", "severity"]

    @pytest.mark.parametrize(("task", "least"), [(True, 1), (False, None)])
    def test_a_task_about_nothing_is_refused(self, task: bool, least: int | None) -> None:
        create = shape(
            "Ticket_Create", {"task": task, "create-required": ["pattern"]}, self.PATTERN
        )

        assert create["properties"]["pattern"].get("minItems") == least

    def test_the_schema_itself_stays_as_it_is(self) -> None:
        own = shape("Ticket", {"task": True, "create-required": ["pattern"]}, self.PATTERN)

        assert "minItems" not in own["properties"]["pattern"]
        assert "pattern" not in own["properties"]["id"]


class TestUpdateShape:
    API = ticket_api(
        {
            "create-required": ["name"],
            "immutable": ["severity"],
            "server-set": {"lastUpdate": "changed"},
        },
        {
            "note": {"description": "Said of it.", "$ref": COMMON + "Note"},
            "notes": {"type": "array", "items": {"$ref": COMMON + "Note"}},
            "either": {"anyOf": [{"$ref": COMMON + "Note"}, {"type": "string"}]},
            "parent": {"$ref": LOCAL + "Ticket"},
        },
        **{"x-lifecycle": {"attribute": "status", "initial": ["a"], "moves": {"a": []}}},
    )
    SCHEMAS = API.document["components"]["schemas"]
    SHAPE = SCHEMAS["Ticket_Update"]

    def test_what_may_not_change_is_not_there(self) -> None:
        assert not {"id", "href", "severity", "lastUpdate"} & self.SHAPE["properties"].keys()
        assert "required" not in self.SHAPE

    @pytest.mark.parametrize("name", ["name", "status"])
    def test_what_must_stay_takes_no_null(self, name: str) -> None:
        assert "nullable" not in self.SHAPE["properties"][name]

    def test_what_may_go_takes_null(self) -> None:
        null = {"$ref": LOCAL + "Null"}
        note = {"$ref": LOCAL + "Note_Update"}

        properties = self.SHAPE["properties"]

        assert properties["openedDate"]["nullable"] is True
        assert properties["note"] == {"description": "Said of it.", "anyOf": [note, null]}
        assert properties["either"]["anyOf"] == [note, {"type": "string"}, null]

    def test_an_object_within_is_changed_in_part(self) -> None:
        within = self.SCHEMAS["Note_Update"]

        assert self.SCHEMAS["Note"]["required"] == ["text"]
        assert "required" not in within
        assert "nullable" not in within["properties"]["text"]
        assert within["properties"]["author"]["nullable"] is True

    def test_an_array_is_replaced_by_whole_elements(self) -> None:
        assert self.SHAPE["properties"]["notes"]["items"] == {"$ref": LOCAL + "Note"}

    def test_a_schema_that_holds_itself_is_one_shape(self) -> None:
        choices = self.SHAPE["properties"]["parent"]["anyOf"]

        assert {"$ref": LOCAL + "Ticket_Update"} in choices


def test_a_stored_document_is_whole() -> None:
    assert stored_shape(ticket({"create-required": ["name"]})) == {
        "allOf": [{"$ref": LOCAL + "Ticket"}],
        "required": ["name"],
    }
    assert "required" not in stored_shape(ticket())


def test_events_hold_the_resource_under_its_name() -> None:
    envelope = {"type": "object", "properties": {"eventId": {"type": "string"}, "event": {}}}
    events = ["TicketCreateEvent", "TicketAttributeValueChangeEvent"]

    shapes = event_shapes(ticket({"events": events}), envelope)

    assert set(shapes) == {*events, *(f"{event}Payload" for event in events)}
    created = shapes["TicketCreateEvent"]["properties"]
    assert created["event"]["$ref"] == LOCAL + "TicketCreateEventPayload"
    assert "eventId" in created
    payload = shapes["TicketCreateEventPayload"]["properties"]
    assert payload["ticket"]["$ref"] == LOCAL + "Ticket"
    assert "fieldPath" not in created
    assert "fieldPath" in shapes["TicketAttributeValueChangeEvent"]["properties"]
    assert envelope["properties"]["event"] == {}


@pytest.mark.parametrize(
    "identity", ["1", "a-b", "x.y", "a:b@c", "~", "...", "'()*+,;=$&!", "A" * 128]
)
def test_an_id_is_what_may_stand_in_a_path(identity: str) -> None:
    assert re.search(ID_PATTERN, identity)


@pytest.mark.parametrize("identity", ["", ".", "..", "a/b", "a b", "a%20b", "a?b", "é", "A" * 129])
def test_an_id_is_nothing_else(identity: str) -> None:
    assert re.search(ID_PATTERN, identity) is None
