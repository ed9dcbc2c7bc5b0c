"""The model of an API's resources: what is read from the x- data, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.made_up import COMMON, LOCAL, source, ticket, ticket_api
from tmf.apis import APIS
from tmf.spec.attributes import attribute_graph
from tmf.spec.bundle import load_api
from tmf.spec.compose import SpecError

LIFECYCLE = {"attribute": "status", "initial": ["open"], "moves": {"open": ["shut"], "shut": []}}


def test_a_resource_says_what_the_file_says() -> None:
    resource = ticket(
        {
            "operations": ["list", "create"],
            "task": True,
            "create-required": ["name"],
            "not-in-create": ["status"],
            "immutable": ["severity"],
            "server-set": {
                "openedDate": "created",
                "lastUpdate": "changed",
                "status": {"value": "changed"},
            },
            "defaults": {"severity": "minor"},
            "indexed": ["status", "openedDate"],
            "events": ["TicketCreateEvent"],
        }
    )

    assert (resource.key, resource.path, resource.schema) == ("TMF999.ticket", "/ticket", "Ticket")
    assert resource.operations == ("list", "create")
    assert resource.task is True
    assert resource.create_required == ("name",)
    assert resource.not_in_create == {"status"}
    assert resource.immutable == {"severity"}
    assert resource.server_set == {
        "openedDate": "created",
        "lastUpdate": "changed",
        "status": "=changed",
    }
    assert resource.defaults == {"severity": "minor"}
    assert resource.indexed == ("status", "openedDate")
    assert resource.events == ("TicketCreateEvent",)


def test_what_the_file_does_not_say_is_nothing() -> None:
    resource = ticket()

    assert resource.task is False
    assert not resource.create_required
    assert not resource.not_in_create
    assert not resource.immutable
    assert not resource.server_set
    assert not resource.defaults
    assert not resource.indexed
    assert not resource.events


def test_the_first_base_path_is_the_one_of_hrefs() -> None:
    stated = source()
    stated["x-base-paths"] = ["/new/v2", "/old/v1"]

    api = load_api("TMF999", stated)

    assert api.base_path == "/new/v2"
    assert api.base_paths == ("/new/v2", "/old/v1")
    assert (api.name, api.title, api.version) == ("TMF999", "Tickets", "1.2.3")


class TestKinds:
    RESOURCE = ticket(
        properties={
            "size": {"type": "number"},
            "count": {"type": "integer"},
            "urgent": {"type": "boolean"},
            "tag": {"type": "array", "items": {"type": "string"}},
            "open": {"description": "Anything."},
            "note": {"type": "array", "items": {"$ref": LOCAL + "Note"}},
            "grade": {"$ref": LOCAL + "Grade"},
            "either": {"anyOf": [{"$ref": LOCAL + "Note"}, {"type": "string"}]},
            "parent": {"$ref": LOCAL + "Ticket"},
        },
        schemas={
            "Note": {
                "type": "object",
                "properties": {"date": {"type": "string", "format": "date-time"}},
            },
            "Grade": {"type": "string", "enum": ["a", "b"]},
        },
    )

    @pytest.mark.parametrize(
        ("path", "kind"),
        [
            ("name", "text"),
            ("openedDate", "instant"),
            ("size", "number"),
            ("count", "number"),
            ("urgent", "boolean"),
            ("tag", "text"),
            ("open", "open"),
            ("note", "object"),
            ("note.date", "instant"),
            ("grade", "text"),
            ("either.date", "instant"),
            ("parent.parent.parent.count", "number"),
            ("id", "text"),
            ("nix", None),
            ("note.nix", None),
            ("name.nix", None),
            ("nix.date", None),
        ],
    )
    def test_an_attribute_is_compared_by_its_type(self, path: str, kind: str | None) -> None:
        assert self.RESOURCE.kind_of(tuple(path.split("."))) == kind

    def test_a_schema_that_holds_itself_is_one_node(self) -> None:
        attributes = self.RESOURCE.attributes

        assert attributes.children["parent"] is attributes


def test_prose_and_the_href_are_found_by_reading() -> None:
    resource = ticket(properties={"text": {"type": "string", "x-free-text": True}})

    prose = {name for name, part in resource.attributes.children.items() if part.free_text}

    assert prose == {"text", "href"}


def test_the_graph_of_one_api_is_not_that_of_another() -> None:
    """The href is marked in place, so the graph must not be shared with the schemas' source."""
    schemas = {"A": {"type": "object", "properties": {"href": {"type": "string"}}}}
    first = attribute_graph(schemas, "A")
    first.children["href"].free_text = True

    assert attribute_graph(schemas, "A").children["href"].free_text is False


@pytest.mark.parametrize("fact", ["create-required", "not-in-create", "immutable", "indexed"])
def test_a_misspelt_attribute_is_refused(fact: str) -> None:
    with pytest.raises(SpecError, match=r"TMF999\.ticket: x-data names nmae, which"):
        ticket({fact: ["name", "nmae"]})


@pytest.mark.parametrize("fact", [{"defaults": {"nmae": "x"}}, {"server-set": {"nmae": "created"}}])
def test_a_misspelt_attribute_with_a_value_is_refused(fact: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"TMF999\.ticket: x-data names nmae, which"):
        ticket(fact)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"create-requird": ["name"]}, "create-requird is unknown here"),
        ({"operations": ["lst"]}, "unknown operation lst"),
        ({"schema": "Tikcet"}, "there is no schema Tikcet"),
        ({"server-set": {"name": "creatd"}}, "server-set name is created, changed, absent or"),
        ({"server-set": {"name": {"valeu": "x"}}}, "not {'valeu': 'x'}"),
        ({"server-set": {"name": {"value": 5}}}, "not {'value': 5}"),
        ({"events": ["TicketCreatEvent"]}, "TicketCreatEvent is not the name of an event"),
        ({"events": ["TicketsCreateEvent"]}, "TicketsCreateEvent is not the name of an event"),
        ({"indexed": ["@type", "note"]}, "indexed note is neither text nor date-time"),
        ({"indexed": ["size"]}, "indexed size is neither text nor date-time"),
    ],
)
def test_other_misspelt_data_is_refused(facts: dict[str, Any], message: str) -> None:
    properties = {"size": {"type": "number"}, "note": {"$ref": COMMON + "Note"}}

    with pytest.raises(SpecError, match=r"^TMF999\.ticket: .*" + message):
        ticket(facts, properties)


@pytest.mark.parametrize("needed", ["description", "schema", "operations"])
def test_what_must_be_said_of_a_resource(needed: str) -> None:
    stated = source()
    del stated["x-resources"]["ticket"][needed]

    with pytest.raises(SpecError, match=rf"^TMF999\.ticket: {needed} is missing"):
        load_api("TMF999", stated)


def test_a_resource_needs_an_identity() -> None:
    with pytest.raises(SpecError, match="schema Ticket has no id"):
        ticket(allOf=[{"$ref": COMMON + "Extensible"}])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attribute": "stauts"}, "x-lifecycle names stauts"),
        ({"initial": ["opne"]}, "where opne may move"),
        ({"initial": []}, "no initial state"),
        ({"moves": {"open": ["shtu"], "shut": []}}, "where shtu may move"),
        ({"stamps": {"shut": "shutDaet"}}, "x-lifecycle names shutDaet"),
        ({"stamps": {"shtu": "lastUpdate"}}, "where shtu may move"),
        ({"advisroy": True}, "advisroy is unknown here"),
    ],
)
def test_a_misspelt_lifecycle_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=rf"^TMF999, schema Ticket: .*{message}"):
        ticket(**{"x-lifecycle": {**LIFECYCLE, **change}})


@pytest.mark.parametrize("needed", sorted(LIFECYCLE))
def test_a_lifecycle_says_all_three(needed: str) -> None:
    stated = {key: value for key, value in LIFECYCLE.items() if key != needed}

    with pytest.raises(SpecError, match=f"x-lifecycle: {needed} is missing"):
        ticket(**{"x-lifecycle": stated})


@pytest.mark.parametrize(
    ("part", "place"),
    [
        ({"x-freetext": True}, "Ticket.text"),
        ({"type": "array", "items": {"x-freetext": True}}, r"Ticket.text\[\]"),
        ({"anyOf": [{"x-freetext": True}]}, "Ticket.text"),
        ({"type": "object", "properties": {"in": {"x-freetext": True}}}, "Ticket.text.in"),
    ],
)
def test_misspelt_data_of_an_attribute_is_refused(part: dict[str, Any], place: str) -> None:
    with pytest.raises(SpecError, match=f"^TMF999, schema {place}: x-freetext is unknown here"):
        ticket(properties={"text": part})


def test_an_attribute_may_begin_as_x_data_does() -> None:
    assert ticket(properties={"x-y": {"type": "number"}}).kind_of(("x-y",)) == "number"


@pytest.mark.parametrize(("name", "extension"), APIS, ids=[name for name, _ in APIS])
def test_what_is_special_about_an_api_is_about_that_api(name: str, extension: Any) -> None:
    resources = load_api(name).resources

    assert resources
    if extension is not None:
        assert extension.api == name
        assert (extension.rules.keys() | extension.jobs.keys()) <= resources.keys()


def test_a_resource_is_of_its_api() -> None:
    api = ticket_api()

    assert {resource.api for resource in api.resources.values()} == {api.name}
