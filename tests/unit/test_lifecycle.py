"""Lifecycles: where a resource and its parts may start, what moves they may make, and when."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tmf.apis import APIS
from tmf.spec.bundle import load_api
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.lifecycle import Lifecycle, LifecycleTree, lifecycle_tree

Json = dict[str, Any]

ORDER = {
    "attribute": "state",
    "initial": ["new", "draft"],
    "moves": {"draft": ["new"], "new": ["running"], "running": ["done", "new"], "done": []},
    "stamps": {"done": "doneDate"},
}
ADVISORY = {
    "attribute": "status",
    "initial": ["In study"],
    "moves": {"In study": ["Active"], "Active": []},
    "advisory": True,
}
SCHEMAS: Json = {
    "Order": {
        "x-lifecycle": ORDER,
        "properties": {
            "state": {"type": "string"},
            "item": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
            "main": {"$ref": "#/components/schemas/Item"},
            "product": {"$ref": "#/components/schemas/Product"},
            "note": {"$ref": "#/components/schemas/Note"},
        },
    },
    "Item": {
        "x-lifecycle": {
            "attribute": "state",
            "initial": ["new"],
            "moves": {"new": ["done"], "done": []},
            "stamps": {"done": "doneDate"},
        },
        "properties": {"item": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}},
    },
    "Product": {"x-lifecycle": ADVISORY, "properties": {}},
    "Note": {"properties": {"text": {"type": "string"}}},
}


def tree(**options: Any) -> LifecycleTree:
    return lifecycle_tree(SCHEMAS, "Order", **options)


def refusal(before: Any, after: Any, **options: Any) -> str:
    """The message of the refusal; the documents may not be changed by it."""
    copies = deepcopy((before, after))
    with pytest.raises(GuidelineError) as caught:
        tree(**options).check(before, after)
    assert (before, after) == copies
    assert caught.value.code == "lifecycleRefused"
    return str(caught.value.message)


class TestStart:
    @pytest.mark.parametrize("state", ["new", "draft"])
    def test_in_an_initial_state(self, state: str) -> None:
        tree().check(None, {"state": state})

    @pytest.mark.parametrize("state", ["done", "New", "", 1, True])
    def test_in_no_other(self, state: Any) -> None:
        message = refusal(None, {"state": state})

        assert message == f"state may start as: new, draft; not {state}"

    def test_what_says_nothing_starts_in_the_first(self) -> None:
        document: Json = {"item": [{"id": "1"}, {"id": "2", "state": "new"}], "note": {}}

        tree().check(None, document)
        tree().start(document)

        assert document == {
            "state": "new",
            "item": [{"id": "1", "state": "new"}, {"id": "2", "state": "new"}],
            "note": {},
        }

    def test_what_has_started_stays_as_it_is(self) -> None:
        document = {"state": "done", "main": {"state": "done"}}

        tree().start(document)

        assert document == {"state": "done", "main": {"state": "done"}}


class TestMove:
    @pytest.mark.parametrize(
        ("before", "after"),
        [("draft", "new"), ("new", "running"), ("running", "new"), ("done", "done")],
    )
    def test_one_that_the_lifecycle_has(self, before: str, after: str) -> None:
        tree().check({"state": before}, {"state": after})

    @pytest.mark.parametrize(
        ("before", "after", "allowed"),
        [
            ("new", "done", "running"),
            ("new", "draft", "running"),
            ("running", "RUNNING", "done, new"),
            ("done", "new", "no other state"),
            ("done", None, "no other state"),
            ("unheard of", "new", "no other state"),
        ],
    )
    def test_no_other(self, before: str, after: str | None, allowed: str) -> None:
        message = refusal({"state": before}, {"state": after})

        assert message == f"state may go from {before} to: {allowed}; not to {after}"

    def test_a_state_cannot_be_taken_away(self) -> None:
        assert "not to None" in refusal({"state": "new"}, {})

    def test_what_had_no_state_may_get_any(self) -> None:
        tree().check({}, {"state": "done"})


class TestNested:
    def test_elements_are_told_by_their_id(self) -> None:
        before = {"item": [{"id": "1", "state": "new"}, {"id": "2", "state": "done"}]}
        after = {"item": [{"id": "2", "state": "done"}, {"id": "1", "state": "done"}]}

        tree().check(before, after)

    def test_a_refusal_says_which_element(self) -> None:
        before = {"item": [{"id": "1", "item": [{"id": "a", "state": "done"}]}]}
        after = {"item": [{"id": "1", "item": [{"id": "a", "state": "new"}]}]}

        assert refusal(before, after).startswith("item[1].item[a].state may go from done")

    def test_a_new_element_must_start(self) -> None:
        before = {"item": [{"id": "1", "state": "done"}]}
        after = {"item": [{"id": "1", "state": "done"}, {"id": "2", "state": "done"}]}

        assert refusal(before, after).startswith("item[2].state may start as: new")

    @pytest.mark.parametrize("identity", [None, {}, ["1"], 1])
    def test_an_element_without_an_id_is_new(self, identity: Any) -> None:
        document = {"item": [{"id": identity, "state": "done"}]}

        assert refusal(document, document).startswith("item[0].state may start as: new")

    def test_a_single_object_is_the_one_it_was(self) -> None:
        tree().check({"main": {"state": "new"}}, {"main": {"state": "done"}})

        assert refusal({"main": {"state": "done"}}, {"main": {"state": "new"}}).startswith("main.")

    @pytest.mark.parametrize("odd", [None, "text", 5, [None, "text", [1]]])
    def test_what_is_no_object_has_no_lifecycle(self, odd: Any) -> None:
        document = {"state": "new", "item": odd, "main": odd}

        tree().check(None, document)
        tree().check(document, document)
        tree().start(document)
        tree().stamp(document, document, "now")

        assert document == {"state": "new", "item": odd, "main": odd}

    def test_an_array_that_was_none(self) -> None:
        tree().check({"item": "odd"}, {"item": [{"id": "1", "state": "new"}]})


class TestStamps:
    def test_when_a_state_is_entered(self) -> None:
        after: Json = {"state": "done", "item": [{"id": "1", "state": "done"}]}

        tree().stamp({"state": "running", "item": [{"id": "1", "state": "new"}]}, after, "now")

        assert after == {
            "state": "done",
            "doneDate": "now",
            "item": [{"id": "1", "state": "done", "doneDate": "now"}],
        }

    def test_also_in_the_beginning(self) -> None:
        after = {"main": {"state": "done"}}

        tree().stamp(None, after, "now")

        assert after == {"main": {"state": "done", "doneDate": "now"}}

    def test_not_while_it_lasts(self) -> None:
        after = {"state": "done", "note": {}}

        tree().stamp({"state": "done"}, after, "now")

        assert after == {"state": "done", "note": {}}

    def test_not_over_what_the_client_says(self) -> None:
        after = {"state": "done", "doneDate": "then"}

        tree().stamp({"state": "running"}, after, "now")

        assert after["doneDate"] == "then"

    def test_only_for_a_state_that_has_one(self) -> None:
        after = {"state": "running"}

        tree().stamp({"state": "new"}, after, "now")

        assert after == {"state": "running"}


class TestAdvisory:
    def test_is_not_enforced_unless_asked_for(self) -> None:
        document: Json = {"state": "new", "product": {"status": "anything"}}
        tree().check(None, document)
        tree().start(document)

        assert document["product"] == {"status": "anything"}
        assert "status may start" in refusal(None, document, enforce_advisory=True)

    def test_is_compared_without_case(self) -> None:
        enforced = lifecycle_tree(SCHEMAS, "Product", enforce_advisory=True)

        enforced.check(None, {"status": "in STUDY"})
        enforced.check({"status": "in study"}, {"status": "ACTIVE"})
        enforced.check({"status": "Active"}, {"status": "active"})
        with pytest.raises(GuidelineError, match="may go from active to: no other state"):
            enforced.check({"status": "active"}, {"status": "In study"})

    def test_cannot_be_taken_away(self) -> None:
        enforced = lifecycle_tree(SCHEMAS, "Product", enforce_advisory=True)

        with pytest.raises(GuidelineError, match="not to None"):
            enforced.check({"status": "Active"}, {})


class TestTree:
    def test_holds_what_has_a_lifecycle_somewhere(self) -> None:
        assert tree().below.keys() == {"item", "main", "product"}

    def test_may_be_cyclic(self) -> None:
        item = tree().below["item"]

        assert item.below["item"] is item

    def test_leaves_other_resources_alone(self) -> None:
        """A product within an order is a pattern: its lifecycle is enforced where it lives."""
        kept = tree(separate=frozenset({"Order", "Product"}), enforce_advisory=True)

        kept.check(None, {"product": {"status": "Active"}})
        assert kept.below.keys() == {"item", "main"}

    def test_a_schema_without_any(self) -> None:
        nothing = lifecycle_tree(SCHEMAS, "Note")

        assert (nothing.own, nothing.below) == ((), {})


STATED = [
    (api, schema, Lifecycle.read(part["x-lifecycle"]))
    for api, _ in APIS
    for schema, part in load_api(api).document["components"]["schemas"].items()
    if "x-lifecycle" in part
]


@pytest.mark.parametrize(
    "lifecycle", [stated for _, _, stated in STATED], ids=[f"{a}-{s}" for a, s, _ in STATED]
)
def test_every_stated_lifecycle_is_sound(lifecycle: Lifecycle) -> None:
    """Every state can be reached, and no state leads to itself."""
    reached = set(lifecycle.initial)
    waiting = list(reached)
    while waiting:
        for state in lifecycle.moves[waiting.pop()]:
            if state not in reached:
                reached.add(state)
                waiting.append(state)

    assert reached == lifecycle.moves.keys()
    assert all(state not in to for state, to in lifecycle.moves.items())
