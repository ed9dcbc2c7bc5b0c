"""An ordinary API is a YAML file and one line: a made-up one, served as the program serves all.

The file is the text below; the line is what `one_line` puts into the list of APIs.
"""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import openapi_spec_validator
import pytest
import yaml

from tmf.declare import Circumstances, Document, Extension, GuidelineError
from tmf.rest.telling import Cause
from tmf.settings import Settings
from tmf.spec.bundle import load_api
from tmf.spec.compose import SpecError
from tmf.store import schema

with warnings.catch_warnings():
    # Connexion imports what its libraries deprecate.
    warnings.simplefilter("ignore")
    from tmf import program as programs
    from tmf.app import build_application

Json = dict[str, Any]

BASE = "/tmf-api/ticketManagement/v4"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
JSON_PATCH_QUERY = "application/json-patch-query+json"

TEXT = """
openapi: 3.0.3
info:
  title: Ticket Management
  version: 4.0.0
  description: Keeps what customers complain of until it is put right.
x-base-paths: [/tmf-api/ticketManagement/v4]
x-resources:
  ticket:
    description: Tickets that customers have opened.
    schema: Ticket
    operations: [list, create, retrieve, patch, delete]
    create-required: [name]
    not-in-create: [closedDate]
    immutable: [severity]
    server-set:
      openedDate: created
      lastUpdate: changed
      status: {value: open}
    defaults: {priority: normal}
    indexed: [name, status, openedDate, dueDate]
    events: [TicketCreateEvent, TicketStateChangeEvent, TicketDeleteEvent]
  ticketType:
    description: Sorts of tickets that there are.
    schema: TicketType
    operations: [list, retrieve]
paths: {}
components:
  schemas:
    Ticket:
      description: What a customer complains of, and how far it is from being put right.
      allOf:
        - $ref: "common.yaml#/components/schemas/Entity"
      x-lifecycle:
        attribute: status
        initial: [open]
        moves: {open: [working, closed], working: [open, closed], closed: []}
        stamps: {closed: closedDate}
      properties:
        name: {type: string, description: A few words on what is wrong.}
        text: {type: string, description: What the customer said., x-free-text: true}
        status: {type: string, description: How far it has come.}
        severity: {type: string, description: How much the customer suffers.}
        priority: {type: string, description: How soon it must be looked at.}
        openedDate: {type: string, format: date-time, description: When it was opened.}
        dueDate: {type: string, format: date-time, description: When it must be solved.}
        closedDate: {type: string, format: date-time, description: When it was closed.}
        lastUpdate: {type: string, format: date-time, description: When it last changed.}
        refund:
          description: What the customer gets for it.
          $ref: "common.yaml#/components/schemas/Money"
        relatedParty:
          type: array
          description: Who has to do with it.
          items:
            $ref: "common.yaml#/components/schemas/RelatedParty"
    TicketType:
      description: A sort of ticket.
      allOf:
        - $ref: "common.yaml#/components/schemas/Entity"
      properties:
        name: {type: string, description: What it is called.}
"""


@contextmanager
def one_line(
    extension: Extension | None = None, text: str = TEXT, others: Any = programs.APIS
) -> Iterator[programs.Listed]:
    """The list of APIs with `("TMF999", …),` in it, while openapi/tmf999.yaml is there."""
    made_up = yaml.safe_load(text)

    def load(name: str, **options: Any) -> Any:
        return load_api(name, made_up if name == "TMF999" else None, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(programs, "load_api", load)
        yield (*others, ("TMF999", extension))


@dataclass(frozen=True)
class Reply:
    """An answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """Speaks to an application without a network between."""

    def __init__(self, application: Any, runner: asyncio.Runner) -> None:
        self._application = application
        self._runner = runner

    def ask(self, method: str, place: str, body: Any = None, **headers: str) -> Reply:
        """A request; a place is below the API's base path unless it starts with a slash."""
        path, _, query = (place if place.startswith("/") else f"{BASE}/{place}").partition("?")
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"host": "host", "content_type": "application/json", **headers}
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(n.replace("_", "-").encode(), v.encode()) for n, v in named.items()],
            "scheme": "http",
            "server": ("host", 80),
            "client": ("192.0.2.1", 5000),
            "http_version": "1.1",
            "root_path": "",
        }
        return self._runner.run(self._answer(scope, b"" if body is None else text))

    async def _answer(self, scope: Json, body: bytes) -> Reply:
        sent: list[Json] = []

        async def receive() -> Json:
            return {"type": "http.request", "body": body}

        async def send(message: Json) -> None:
            sent.append(message)

        await self._application(scope, receive, send)
        headers = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        return Reply(sent[0]["status"], headers, b"".join(m.get("body", b"") for m in sent[1:]))

    def create(self, **document: Any) -> Any:
        reply = self.ask("POST", "ticket", {"name": "a ticket", **document})
        assert reply.status == 201, reply.body
        return reply.json()

    def patch(self, identity: str, patch: Any, media_type: str = MERGE, **headers: str) -> Reply:
        return self.ask("PATCH", f"ticket/{identity}", patch, content_type=media_type, **headers)

    def names(self, query: str) -> list[str]:
        """The names of the tickets found, in order."""
        reply = self.ask("GET", f"ticket?{query}")
        assert reply.status in (200, 206), reply.body
        return [document["name"] for document in reply.json()]


@pytest.fixture(scope="module")
def program(module_database_url: str) -> Iterator[programs.Program]:
    with one_line() as listed:
        program = programs.build_program(Settings(database_url=module_database_url), listed)
        schema.prepare(program.database)
        yield program
        program.close()


@pytest.fixture(scope="module")
def tickets(program: programs.Program) -> Iterator[Client]:
    with asyncio.Runner() as runner:
        yield Client(build_application(program), runner)


def refusal(reply: Reply, status: int, code: str) -> str:
    assert (reply.status, reply.json()["code"]) == (status, code), reply.body
    return str(reply.json().get("message"))


class TestCreate:
    def test_what_was_sent_comes_back_with_what_the_server_sets(self, tickets: Client) -> None:
        sent = b'{"name":"a","refund":{"unit":"EUR","value":10.00},"own":[1e2],"severity":"major"}'

        reply = tickets.ask("POST", "ticket", sent)

        assert reply.status == 201
        ticket = reply.json()
        assert (
            reply.headers["location"]
            == ticket["href"]
            == f"http://host{BASE}/ticket/" + (ticket["id"])
        )
        assert b'"value":10.00' in reply.body
        assert b'"own":[1e2]' in reply.body
        assert ticket["status"] == "open"
        assert ticket["priority"] == "normal"
        assert ticket["@type"] == "Ticket"
        assert ticket["openedDate"] == ticket["lastUpdate"]
        assert tickets.ask("GET", f"ticket/{ticket['id']}").body == reply.body

    def test_what_the_server_sets_is_ignored(self, tickets: Client) -> None:
        then = "1999-01-01T00:00:00Z"

        ticket = tickets.create(
            status="closed", openedDate=then, lastUpdate=then, closedDate=then, href="x"
        )

        assert ticket["status"] == "open"
        assert then not in ticket.values()
        assert "closedDate" not in ticket
        assert ticket["href"] != "x"

    def test_an_own_id_is_taken_once(self, tickets: Client) -> None:
        assert tickets.create(id="my-1")["id"] == "my-1"

        again = tickets.ask("POST", "ticket", {"id": "my-1", "name": "x"})
        assert "my-1" in refusal(again, 409, "alreadyExists")

    @pytest.mark.parametrize(
        ("document", "place"),
        [
            ({}, "name"),
            ({"name": 5}, "name"),
            ({"name": "x", "dueDate": "soon"}, "dueDate"),
            ({"name": "x", "refund": {"value": "5"}}, "refund.value"),
            ({"name": "x", "relatedParty": [{"id": 5}]}, "relatedParty[0]"),
            ({"name": "x", "id": "a b"}, "id"),
        ],
    )
    def test_what_is_against_the_schema_is_refused(
        self, tickets: Client, document: Json, place: str
    ) -> None:
        message = refusal(tickets.ask("POST", "ticket", document), 400, "invalidDocument")

        assert place in message


class TestFind:
    @pytest.fixture(autouse=True, scope="class")
    @staticmethod
    def _documents(tickets: Client) -> None:
        for number, (party, role) in enumerate([("p1", "owner"), ("p2", "owner"), ("p1", "user")]):
            tickets.create(
                name=f"found {number}",
                text=f"long text {number}",
                dueDate=f"2030-0{number + 1}-01T00:00:00+02:00",
                refund={"unit": "EUR", "value": 10 * number},
                relatedParty=[
                    {"id": party, "role": role, "@referredType": "Customer"},
                    {"id": "p9", "role": "agent", "@referredType": "Individual"},
                ],
            )

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("sort=name", [0, 1, 2]),
            ("sort=-dueDate", [2, 1, 0]),
            ("sort=-refund.value", [2, 1, 0]),
            ("sort=name&limit=1&offset=1", [1]),
            ("name=found 1", [1]),
            ("name=found 0,found 2&sort=name", [0, 2]),
            ("dueDate.gt=2030-01-31T22:00:00Z&sort=name", [2]),
            ("dueDate=2030-01-31T22:00:00Z", [1]),
            ("refund.value.gte=10.0&sort=name", [1, 2]),
            ("relatedParty.id=p1&sort=name", [0, 2]),
            ("relatedParty.id=p1&relatedParty.role=owner", [0]),
            ("text=long text 2", [2]),
            ("filter=$.relatedParty[?(@.id=='p1' %26%26 @.role=='user')]", [2]),
            ("status=closed", []),
        ],
    )
    def test_any_attribute_is_a_criterion(
        self, tickets: Client, query: str, expected: list[int]
    ) -> None:
        found = tickets.names("name.regex=^found&" + query.replace(" ", "%20"))

        assert found == [f"found {number}" for number in expected]

    def test_a_page_says_where_it_is(self, tickets: Client) -> None:
        reply = tickets.ask("GET", "ticket?name.regex=^found&sort=name&limit=2&fields=name,status")

        assert reply.status == 206
        assert reply.headers["x-total-count"] == "3"
        assert reply.headers["x-result-count"] == "2"
        assert 'rel="next"' in reply.headers["link"]
        assert [set(document) for document in reply.json()] == [
            {"id", "href", "name", "status"}
        ] * 2

    @pytest.mark.parametrize("query", ["dueDate.gt=soon", "refund=5", "limit=x", "sort=refund"])
    def test_what_cannot_be_asked_is_refused(self, tickets: Client, query: str) -> None:
        assert refusal(tickets.ask("GET", f"ticket?{query}"), 400, "invalidQuery")


class TestChange:
    def test_every_patch_format(self, tickets: Client) -> None:
        party = {"id": "p1", "role": "owner", "@referredType": "Customer"}
        identity = tickets.create(relatedParty=[party], text="x")["id"]

        tickets.patch(identity, {"name": "b", "text": None})
        tickets.patch(
            identity, [{"op": "replace", "path": "/priority", "value": "high"}], JSON_PATCH
        )
        reply = tickets.patch(
            identity,
            [{"op": "replace", "path": "/relatedParty?role=owner/id", "value": "p2"}],
            JSON_PATCH_QUERY,
        )

        ticket = reply.json()
        assert reply.status == 200
        assert (ticket["name"], ticket["priority"]) == ("b", "high")
        assert ticket["relatedParty"] == [{**party, "id": "p2"}]
        assert "text" not in ticket

    def test_a_change_is_dated_and_tagged(self, tickets: Client) -> None:
        before = tickets.create()
        tag = tickets.ask("GET", f"ticket/{before['id']}").headers["etag"]

        reply = tickets.patch(before["id"], {"name": "b", "lastUpdate": "x"}, if_match=tag)
        after = reply.json()

        assert after["openedDate"] == before["openedDate"]
        assert after["lastUpdate"] >= before["lastUpdate"]
        assert after["lastUpdate"] != "x"
        assert reply.headers["etag"] != tag
        stale = tickets.patch(before["id"], {"name": "c"}, if_match=tag)
        assert refusal(stale, 412, "preconditionFailed")

    def test_the_lifecycle_is_kept(self, tickets: Client) -> None:
        identity = tickets.create()["id"]

        assert tickets.patch(identity, {"status": "working"}).status == 200
        closed = tickets.patch(identity, {"status": "closed"}).json()

        assert closed["closedDate"] == closed["lastUpdate"]
        message = refusal(tickets.patch(identity, {"status": "open"}), 409, "lifecycleRefused")
        assert message == "status may go from closed to: no other state; not to open"
        refused = tickets.patch(tickets.create()["id"], {"status": "stuck"})
        assert "may go from open to: working, closed" in refusal(refused, 409, "lifecycleRefused")

    def test_what_may_not_change_stays(self, tickets: Client) -> None:
        identity = tickets.create(severity="major")["id"]

        assert tickets.patch(identity, {"severity": "major", "name": "b"}).status == 200
        for patch in ({"severity": "minor"}, {"severity": None}, {"id": "other"}):
            assert refusal(tickets.patch(identity, patch), 409, "immutableAttribute")

    def test_the_result_must_satisfy_the_schema(self, tickets: Client) -> None:
        identity = tickets.create()["id"]

        assert "name" in refusal(tickets.patch(identity, {"name": None}), 400, "invalidDocument")

    def test_deleted_it_is_gone(self, tickets: Client) -> None:
        place = f"ticket/{tickets.create()['id']}"

        assert tickets.ask("DELETE", place).status == 204
        for method in ("GET", "DELETE"):
            assert refusal(tickets.ask(method, place), 404, "notFound")


class TestWhatIsOffered:
    def test_no_more_than_the_file_says(self, tickets: Client) -> None:
        reply = tickets.ask("POST", "ticketType", {"name": "x"})

        assert refusal(reply, 405, "methodNotAllowed")
        assert reply.headers["allow"] == "GET, OPTIONS"

    def test_what_cannot_be_created_can_be_loaded(
        self, program: programs.Program, tickets: Client
    ) -> None:
        resource = program.changes.resources["TMF999.ticketType"]
        with program.database.session(write=True) as session:
            program.changes.load(session, resource, Cause(), {"id": "t1", "name": "fault"}, None)

        assert tickets.ask("GET", "ticketType/t1").json()["name"] == "fault"

    def test_the_document_is_published(self, tickets: Client) -> None:
        document = tickets.ask("GET", f"{BASE}/openapi.json").json()

        openapi_spec_validator.validate(document)
        assert document["info"]["title"] == "Ticket Management"
        assert document["components"]["schemas"]["TicketStateChangeEvent"]
        limit = document["components"]["parameters"]["limit"]["schema"]
        assert (limit["default"], limit["maximum"]) == (100, 1000)

    def test_the_start_page_shows_it(self, tickets: Client) -> None:
        page = tickets.ask("GET", "/").body.decode()

        assert "Ticket Management" in page
        assert f"{BASE}/ticket" in page

    def test_the_other_apis_are_there_too(self, tickets: Client) -> None:
        reply = tickets.ask("GET", "/tmf-api/productInventory/v4/product")

        assert (reply.status, reply.json()) == (200, [])


class TestHub:
    def test_a_listener_comes_and_goes(self, tickets: Client) -> None:
        sent = {
            "callback": "https://listener/x",
            "query": "eventType=TicketStateChangeEvent&event.ticket.status=closed",
        }

        reply = tickets.ask("POST", "hub", sent)

        assert reply.status == 201
        listener = reply.json()
        assert listener.pop("secret").startswith("whsec_")
        assert listener == {"id": listener["id"], **sent}
        assert reply.headers["location"] == f"http://host{BASE}/hub/{listener['id']}"
        assert tickets.ask("GET", f"hub/{listener['id']}").json() == listener
        assert tickets.ask("GET", "hub").json() == [listener]
        assert tickets.ask("DELETE", f"hub/{listener['id']}").status == 204
        assert tickets.ask("GET", f"hub/{listener['id']}").status == 404

    def test_a_query_is_judged_by_the_resources_attributes(self, tickets: Client) -> None:
        sent = {"callback": "https://listener/x", "query": "event.ticket.dueDate.gt=soon"}

        message = refusal(tickets.ask("POST", "hub", sent), 400, "invalidQuery")

        assert "dueDate" in message


def test_a_rule_is_a_function_beside_it(database_url: str) -> None:
    def severe_tickets_have_an_owner(
        new: Document, _: Document | None, __: Circumstances
    ) -> Document:
        if new.get("severity") == "critical" and not new.get("relatedParty"):
            raise GuidelineError("conflict", "a critical ticket needs a relatedParty")
        return new

    extension = Extension(api="TMF999", rules={"ticket": (severe_tickets_have_an_owner,)})
    with one_line(extension, others=()) as listed, asyncio.Runner() as runner:
        program = programs.build_program(Settings(database_url=database_url), listed)
        schema.prepare(program.database)
        tickets = Client(build_application(program), runner)

        refused = tickets.ask("POST", "ticket", {"name": "x", "severity": "critical"})
        assert refusal(refused, 409, "conflict") == "a critical ticket needs a relatedParty"
        assert tickets.create(severity="minor")
        program.close()


def test_an_existing_database_grows(database_url: str) -> None:
    """By the tables of a new API, and by the column of an attribute that is indexed later."""
    settings = Settings(database_url=database_url)
    with one_line(others=()) as listed:
        old = programs.build_program(settings, listed)
        schema.prepare(old.database)
        resource = old.changes.resources["TMF999.ticket"]
        with old.database.session(write=True) as session:
            old.changes.create(session, resource, Cause(), {"name": "a", "severity": "major"})
        old.close()

    indexed = TEXT.replace("indexed: [name,", "indexed: [severity, name,")
    with one_line(others=(("TMF637", None),), text=indexed) as listed, asyncio.Runner() as runner:
        program = programs.build_program(settings, listed)
        with pytest.raises(schema.OutdatedError, match="run 'tmf migrate'") as caught:
            schema.prepare(program.database)
        steps: list[str] = []
        schema.migrate(program.database, steps.append)
        schema.prepare(program.database)
        tickets = Client(build_application(program), runner)

        assert "missing tmf637_product, " in str(caught.value)
        assert "tmf999_ticket.x_severity" in str(caught.value)
        assert "creating tmf637_product" in steps
        assert tickets.names("severity.gte=major&sort=severity") == ["a"]
        program.close()


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("create-required: [name]", "create-required: [nmae]", "names nmae, which its schema"),
        ("create-required:", "create-requierd:", "create-requierd is unknown"),
        ("indexed: [name,", "indexed: [refund,", "indexed refund is neither text nor date"),
        ("openedDate: created", "openedDate: creation", "not creation"),
        ("openedDate: created", "openedDtae: created", "names openedDtae"),
        ("delete]", "remove]", "unknown operation remove"),
        ("schema: Ticket\n", "schema: Tikcet\n", "no schema Tikcet"),
        ("TicketDeleteEvent", "TicketDeletedEvent", "TicketDeletedEvent is not the name"),
        ("attribute: status", "attribute: state", "names state, which the schema lacks"),
        ("initial: [open]", "initial: [new]", "does not say where new"),
        ("{closed: closedDate}", "{closed: endDate}", "names endDate"),
        ("x-lifecycle:", "x-livecycle:", "x-livecycle is unknown"),
        ("x-free-text: true", "x-freetext: true", "x-freetext is unknown"),
        ("x-base-paths:", "x-base-path:", "x-base-path is unknown"),
        ("schemas/Money", "schemas/Monney", "Monney is referred to but nowhere defined"),
        ("schemas/Entity", "schemas/Entiti", "allOf takes references to known schemas"),
    ],
)
def test_a_slip_stops_the_start(right: str, wrong: str, message: str) -> None:
    assert right in TEXT
    made_up = TEXT.replace(right, wrong)
    with one_line(text=made_up, others=()) as listed, pytest.raises(SpecError, match=message):
        programs.build_program(Settings(database_url="sqlite://"), listed)
