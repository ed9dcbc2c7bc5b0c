"""Asks for everything that is to be had, and not to be had, under the paths of one resource."""

from __future__ import annotations

from typing import Any

from tests.contract.instances import Instances
from tests.contract.judge import JSON, JSON_PATCH, JSON_PATCH_QUERY, MERGE, TIMEOUT, Judge, holds
from tmf.spec.model import Api

LARGEST = 100_000
"""Bytes of a body that the server under test takes."""

RULED = {"customerBillOnDemand": {"billingAccount": {"id": "A-1"}}}
"""What a rule asks for on top of the schema, by resource."""


def as_ruled(document: dict[str, Any], identity: str) -> dict[str, Any]:
    """The fullest document as the rules ask: items of an order are related to one of them, and
    alarms of one object and cause are one alarm.
    """
    if "alarmedObject" in document:
        document = {**document, "alarmedObject": {**document["alarmedObject"], "id": identity}}
    items = document.get("productOrderItem")
    if not items or "productOrderItemRelationship" not in items[0]:
        return document
    other = {"id": "other", "action": "add", "state": "acknowledged"}
    tied = [
        {**tie, "id": other["id"], "relationshipType": "reliesOn"}
        for tie in items[0]["productOrderItemRelationship"]
    ]
    related = {**items[0], "productOrderItemRelationship": tied}
    return {**document, "productOrderItem": [related, *items[1:], other]}


class Exercise:
    """One resource at one of its API's addresses; what goes wrong is noted by the judge."""

    def __init__(self, judge: Judge, api: Api, name: str, address: int) -> None:
        self.judge = judge
        self.resource = api.resources[name]
        self.collection, self.single = f"/{name}", f"/{name}/{{id}}"
        made = Instances(judge.document["components"]["schemas"])
        shape, update = f"{self.resource.schema}_Create", f"{self.resource.schema}_Update"
        self.creates = "POST" in judge.methods(self.collection)
        # An API's addresses lead to the same resources, so each has ids of its own here.
        suffix = str(address or "") if self.creates else ""
        self.least_id, self.full_id = "least" + suffix, "full" + suffix
        if self.creates:
            self.least = {**made.least(shape), **RULED.get(name, {})}
            self.full = as_ruled(made.everything(shape), self.full_id)
        if "PATCH" in judge.methods(self.single):
            self.changes = as_ruled(made.everything(update), self.full_id)
            self.removable = removable(judge.document["components"]["schemas"][update])

    def create(self) -> None:
        """The least and the fullest document; afterwards `least` and `full` are there."""
        if not self.creates:
            return
        ask = self.judge.ask
        self.created(self.least)
        self.created({**self.least, "id": self.least_id})
        self.created({**self.full, "id": self.full_id})
        selected = ask("POST", self.collection, 201, self.least, query="?fields=none").json()
        self.judge.expect(selected.keys() == {"id", "href"}, f"fields=none gave {selected}")

        ask("POST", self.collection, 400, b"{")
        ask("POST", self.collection, 400, b"")
        ask("POST", self.collection, 400, ["no object"])
        ask("POST", self.collection, 400, {**self.least, "@type": 5})
        ask("POST", self.collection, 400, {**self.least, "id": "a/b"})
        ask("POST", self.collection, 406, self.least, Accept="text/html")
        ask("POST", self.collection, 409, {**self.least, "id": self.least_id})
        ask("POST", self.collection, 413, b" " * (LARGEST + 1))
        ask("POST", self.collection, 415, b"<a/>", media_type="application/xml")

    def created(self, document: dict[str, Any]) -> None:
        """A resource that is made, and there afterwards as it was answered."""
        answer = self.judge.ask("POST", self.collection, 201, document)
        if answer.status_code != 201:
            return
        stored, where = answer.json(), f"POST {self.collection}"
        self.judge.expect(answer.headers.get("Location") == stored["href"], f"{where}: Location")
        ours = {*self.resource.server_set, *self.resource.not_in_create}
        kept = {name: value for name, value in document.items() if name not in ours}
        self.judge.expect(holds(stored, kept), f"{where}: {document} came back as {stored}")
        again = self.judge.ask("GET", self.single, 200, identity=stored["id"])
        if not self.resource.task:  # a task may have moved on
            self.judge.expect(again.json() == stored, f"{where}: read as {again.json()}")
            tags = {answer.headers.get("ETag"), again.headers.get("ETag")}
            self.judge.expect(len(tags) == 1 and None not in tags, f"{where}: ETag {tags}")

    def list(self) -> None:
        ask = self.judge.ask
        whole = ask("GET", self.collection, 200, query="?limit=1000")
        page = ask("GET", self.collection, 206, query="?limit=1&offset=1&fields=id")
        total = whole.headers["X-Total-Count"]
        self.judge.expect(int(total) == len(whole.json()) > 1, f"{self.collection}: {total} in all")
        self.judge.expect(page.headers["X-Result-Count"] == "1", f"{self.collection}: result count")
        self.judge.expect('rel="prev"' in page.headers["Link"], f"{self.collection}: Link")
        one = ask("GET", self.collection, 200, query=f"?id={self.least_id}").json()
        self.judge.expect([each["id"] for each in one] == [self.least_id], f"id= found {one}")
        ask("GET", self.collection, 200, query="?limit=0")
        ask("GET", self.collection, 400, query="?limit=-1")
        ask("GET", self.collection, 400, query="?offset=x")
        ask("GET", self.collection, 400, query="?filter=$[")
        ask("GET", self.collection, 406, Accept="text/html")

    def retrieve(self) -> None:
        ask = self.judge.ask
        full = ask("GET", self.single, 200, identity=self.full_id)
        tag = full.headers["ETag"]
        ask("GET", self.single, 200, identity=self.full_id, query="?fields=id,@type")
        ask("GET", self.single, 304, identity=self.full_id, If_None_Match=tag)
        ask("GET", self.single, 200, identity=self.full_id, If_None_Match='"other"')
        ask("GET", self.single, 400, identity=self.full_id, query=f"?fields={'x' * 5000}")
        ask("GET", self.single, 404, identity="nobody")
        ask("GET", self.single, 406, identity=self.full_id, Accept="text/html")

    def patch(self) -> None:
        if "PATCH" not in self.judge.methods(self.single):
            return
        ask = self.judge.ask
        tag = ask("GET", self.single, 200, identity=self.least_id).headers["ETag"]
        patched: dict[str, Any] = {"identity": self.least_id}
        ask("PATCH", self.single, 412, {"our": 1}, **patched, If_Match='"other"')
        answer = ask("PATCH", self.single, 200, {"our": [{"n": 1}]}, **patched, If_Match=tag)
        self.judge.expect(answer.json().get("our") == [{"n": 1}], "merge patch did nothing")
        self.judge.expect(answer.headers.get("ETag") != tag, "the entity tag stayed")
        ask("PATCH", self.single, 200, {"our": [{"n": 2}]}, **patched, media_type=MERGE)
        replace = {"op": "replace", "path": "/our/0/n", "value": 3}
        ask("PATCH", self.single, 200, [replace], **patched, media_type=JSON_PATCH)
        select = {"op": "remove", "path": "/our?our.n=3"}
        answer = ask("PATCH", self.single, 200, [select], **patched, media_type=JSON_PATCH_QUERY)
        self.judge.expect(answer.json().get("our") == [], "patch with query did nothing")
        changed = ask("PATCH", self.single, 200, self.changes, identity=self.full_id).json()
        sent = {name: value for name, value in self.changes.items() if name in self.plain()}
        self.judge.expect(holds(changed, sent), f"{self.changes} made of it {changed}")
        gone = dict.fromkeys(self.removable)
        rest = ask("PATCH", self.single, 200, gone, identity=self.full_id).json()
        kept = {*self.resource.defaults, "@type"}
        left = gone.keys() & rest.keys() - kept
        self.judge.expect(not left, f"{left} not removed from {self.single}")
        self.refused_patches(patched)

    def plain(self) -> set[str]:
        """Attributes that come back as they were sent."""
        return set(self.changes) - self.resource.server_set.keys()

    def refused_patches(self, patched: dict[str, Any]) -> None:
        ask = self.judge.ask
        ask("PATCH", self.single, 400, b"{", **patched)
        ask("PATCH", self.single, 400, ["no object"], **patched)
        for name in self.resource.create_required:
            fixed = name in self.resource.immutable
            ask("PATCH", self.single, 409 if fixed else 400, {name: None}, **patched)
            remove = {"op": "remove", "path": f"/{name}"}
            ask("PATCH", self.single, 409, [remove], **patched, media_type=JSON_PATCH)
        ask("PATCH", self.single, 400, [{"op": "add"}], **patched, media_type=JSON_PATCH)
        ask("PATCH", self.single, 404, {"our": 1}, identity="nobody")
        ask("PATCH", self.single, 406, {"our": 1}, **patched, Accept="text/html")
        ask("PATCH", self.single, 409, {"id": "other"}, **patched)
        absent = {"op": "remove", "path": "/nothing"}
        ask("PATCH", self.single, 409, [absent], **patched, media_type=JSON_PATCH)
        ask("PATCH", self.single, 413, b" " * (LARGEST + 1), **patched)
        answer = ask("PATCH", self.single, 415, b"<a/>", **patched, media_type="application/xml")
        taken = {media.strip() for media in answer.headers.get("Accept-Patch", "").split(",")}
        self.judge.expect(taken == {JSON, MERGE, JSON_PATCH, JSON_PATCH_QUERY}, f"415: {taken}")

    def refused_methods(self) -> None:
        ask_for_undeclared_methods(self.judge, self.collection)
        ask_for_undeclared_methods(self.judge, self.single)

    def delete(self) -> None:
        if "DELETE" not in self.judge.methods(self.single):
            return
        ask = self.judge.ask
        ask("DELETE", self.single, 404, identity="nobody")
        ask("DELETE", self.single, 406, identity=self.least_id, Accept="text/html")
        ask("DELETE", self.single, 412, identity=self.least_id, If_Match='"other"')
        ask("DELETE", self.single, 204, identity=self.least_id)
        ask("GET", self.single, 404, identity=self.least_id)


def removable(schema: dict[str, Any]) -> list[str]:
    """The attributes that a merge patch may set to null, by its schema."""
    null = {"$ref": "#/components/schemas/Null"}
    return [
        name
        for name, part in schema["properties"].items()
        if part.get("nullable") or null in part.get("anyOf", ())
    ]


def ask_for_undeclared_methods(judge: Judge, template: str) -> None:
    """405 names what there is instead, as OPTIONS does."""
    declared = judge.methods(template)
    patches = "PATCH" in declared
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"):
        if method not in declared:
            answer = judge.ask(method, template, 405, {}, identity="full")
            allowed = set(answer.headers.get("Allow", "").split(", "))
            judge.expect(allowed == {*declared, "OPTIONS"}, f"{method} {template}: {allowed}")
    url = judge.base + template.replace("{id}", "full")
    options = judge.session.options(url, timeout=TIMEOUT)
    allowed = set(options.headers.get("Allow", "").split(", "))
    judge.expect(allowed == {*declared, "OPTIONS"}, f"OPTIONS {template}: {allowed}")
    judge.expect(("Accept-Patch" in options.headers) == patches, f"OPTIONS {template}: patches")
