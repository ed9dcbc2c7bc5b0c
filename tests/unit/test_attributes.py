"""Which attributes a client decides, which the server, and which nobody changes any more."""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from tests.unit.made_up import COMMON, ticket
from tmf.rest.attributes import output, output_all, patched, received, whole
from tmf.spec.model import Resource
from tmf.store.rows import Row
from tmf.tmf630_guidelines.errors import GuidelineError

Json = dict[str, Any]

NOW = "2024-01-01T00:00:00.000Z"
THEN = "2020-01-01T00:00:00.000Z"
RESOURCE = ticket(
    {
        "not-in-create": ["severity"],
        "immutable": ["openedDate", "owner"],
        "server-set": {
            "openedDate": "created",
            "lastUpdate": "changed",
            "closedDate": "absent",
            "status": {"value": "open"},
        },
        "defaults": {"priority": "normal"},
    },
    {name: {"type": "string"} for name in ("closedDate", "priority", "owner")},
)


def change(before: Json, after: Json, resource: Resource = RESOURCE) -> Json | None:
    """A patched document as stored; neither argument may be changed."""
    copies = deepcopy((before, after))
    result = patched(resource, {"id": "1", **before}, {"id": "1", **after}, NOW)
    assert (before, after) == copies
    if result is None:
        return None
    document, changed = result
    assert changed
    return document


class TestReceived:
    def test_what_the_server_sets_is_set(self) -> None:
        assert received(RESOURCE, {"name": "x"}, NOW) == {
            "name": "x",
            "openedDate": NOW,
            "lastUpdate": NOW,
            "status": "open",
            "priority": "normal",
            "@type": "Ticket",
        }

    def test_what_the_server_sets_is_ignored_if_sent(self) -> None:
        """Clients send back what they once read."""
        sent = {
            "id": "1",
            "href": "http://elsewhere/1",
            "openedDate": THEN,
            "lastUpdate": THEN,
            "closedDate": THEN,
            "status": "closed",
            "severity": "major",
        }

        assert received(RESOURCE, sent, NOW) == received(RESOURCE, {}, NOW)

    def test_what_the_client_sends_stays(self) -> None:
        sent = {"name": "x", "priority": "high", "@type": "MyTicket", "own": {"a": [None]}}

        assert received(RESOURCE, sent, NOW).items() >= sent.items()

    def test_what_was_sent_is_not_changed(self) -> None:
        sent = {"id": "1", "status": "closed"}
        received(RESOURCE, sent, NOW)

        assert sent == {"id": "1", "status": "closed"}

    def test_a_schema_without_a_type_gets_none(self) -> None:
        resource = ticket(allOf=[{"$ref": COMMON + "Addressable"}])

        assert received(resource, {"name": "x"}, NOW) == {"name": "x"}


class TestPatched:
    def test_a_change_is_dated(self) -> None:
        before = {"name": "a", "lastUpdate": THEN, "status": "closed"}

        assert change(before, {**before, "name": "b"}) == {
            "name": "b",
            "lastUpdate": NOW,
            "status": "closed",
        }

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"lastUpdate": NOW},
            {"lastUpdate": None},
            {"openedDate": NOW},
            {"openedDate": None},
            {"href": "http://elsewhere/1"},
            {"size": Decimal("10.00")},
        ],
    )
    def test_no_change_is_none(self, sent: Json) -> None:
        before = {"name": "a", "openedDate": THEN, "lastUpdate": THEN, "size": 10}
        after = {name: value for name, value in {**before, **sent}.items() if value is not None}

        assert change(before, after) is None

    def test_what_the_server_sets_stays_beside_a_change(self) -> None:
        before = {"name": "a", "openedDate": THEN, "lastUpdate": THEN}

        assert change(before, {"name": "b", "openedDate": NOW}) == {
            "name": "b",
            "openedDate": THEN,
            "lastUpdate": NOW,
        }

    def test_what_the_server_never_set_cannot_be_brought_in(self) -> None:
        assert change({}, {"name": "b", "openedDate": NOW}) == {"name": "b", "lastUpdate": NOW}

    def test_a_first_value_may_be_changed(self) -> None:
        """It is the lifecycle that says which moves there are."""
        result = change({"status": "open"}, {"status": "closed"})

        assert result == {"status": "closed", "lastUpdate": NOW}

    def test_immutable_and_set_by_the_server_is_never_the_clients(self) -> None:
        resource = ticket(
            {
                "immutable": ["lastUpdate", "status"],
                "server-set": {"lastUpdate": "absent", "status": {"value": "open"}},
            }
        )

        result = change(
            {"status": "open"}, {"status": "closed", "lastUpdate": NOW, "name": "b"}, resource
        )

        assert result == {"status": "open", "name": "b"}

    def test_an_id_is_kept(self) -> None:
        with pytest.raises(GuidelineError, match="immutableAttribute: id may not be changed"):
            patched(RESOURCE, {"id": "1"}, {"id": "2"}, NOW)

    def test_an_id_taken_away_is_no_change(self) -> None:
        assert patched(RESOURCE, {"id": "1", "name": "a"}, {"name": "a"}, NOW) is None

    @pytest.mark.parametrize("after", [{"owner": "b"}, {}, {"owner": None}])
    def test_an_immutable_attribute_is_kept(self, after: Json) -> None:
        with pytest.raises(GuidelineError, match="immutableAttribute: owner may not be changed"):
            change({"owner": "a"}, after)

    def test_an_immutable_attribute_may_be_given_once(self) -> None:
        assert change({}, {"owner": "a"}) == {"owner": "a", "lastUpdate": NOW}

    def test_an_immutable_number_may_be_respelt(self) -> None:
        resource = ticket({"immutable": ["size"]}, {"size": {"type": "number"}})

        assert change({"size": 10}, {"size": Decimal("10.0"), "name": "b"}, resource) == {
            "size": Decimal("10.0"),
            "name": "b",
        }

    def test_what_has_a_default_falls_back_to_it(self) -> None:
        before = {"name": "a", "priority": "high", "@type": "MyTicket"}

        assert change(before, {"name": "a"}) == {
            "name": "a",
            "priority": "normal",
            "@type": "Ticket",
            "lastUpdate": NOW,
        }

    def test_identity_is_not_stored(self) -> None:
        before = {"id": "1", "href": "h", "name": "a"}
        result = patched(RESOURCE, before, {**before, "name": "b"}, NOW)

        assert result == ({"name": "b", "lastUpdate": NOW}, ("name",))


class TestOutput:
    @pytest.mark.parametrize("body", ["{}", '{"name":"x","price":10.00}'])
    def test_identity_comes_first_and_the_text_stays(self, body: str) -> None:
        text = output("1", "http://host/ticket/1", body.encode())

        assert text.startswith(b'{"id":"1","href":"http://host/ticket/1"')
        assert text.endswith(body[1:].encode())
        assert json.loads(text) == whole("1", "http://host/ticket/1", json.loads(body))

    def test_a_whole_document_starts_with_its_identity(self) -> None:
        assert list(whole("1", "h", {"name": "x"}).items()) == [
            ("id", "1"),
            ("href", "h"),
            ("name", "x"),
        ]


def test_a_page_is_each_document_with_id_and_href() -> None:
    rows = [Row("a", 1, b'{"name":"x"}'), Row("b", 2, b"{}"), Row("c", 3, '{"name":"ż"}'.encode())]

    for page in (rows, rows[1:], rows[1:2], []):
        alone = [output(row.id, f"/x/{row.id}", row.body) for row in page]
        assert output_all("/x/", page) == b"[" + b",".join(alone) + b"]"
