"""What is special about single APIs: their rules, and the catalogue's import and export."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.unit.made_up import ticket_api
from tmf.declare import Circumstances, GuidelineError, Rule, read_vendor_file
from tmf.rest.rules import compile_rules
from tmf.tmf620_catalog.exporting import export_catalogue
from tmf.tmf620_catalog.importing import import_catalogue
from tmf.tmf622_ordering.rules import items_have_their_own_ids
from tmf.tmf629_customer.rules import one_preferred_medium_of_a_type
from tmf.tmf630_guidelines.documents import decode
from tmf.tmf638_inventory.rules import no_service_supports_itself
from tmf.tmf642_alarm.rules import changes_are_dated
from tmf.tmf678_billing.rules import someone_is_billed

Json = dict[str, Any]

NOW = "2024-01-01T00:00:00.000Z"
THEN = "2020-01-01T00:00:00.000Z"


def apply(rule: Rule, new: Json, old: Json | None = None, identity: str = "1") -> Json:
    """What the rule makes of a document; it may change neither."""
    before = deepcopy((new, old))
    result = rule(new, old, Circumstances(identity, NOW, lambda key, identity: None))
    assert (new, old) == before
    return result


def refusal(rule: Rule, new: Json, identity: str = "1") -> str:
    with pytest.raises(GuidelineError) as caught:
        apply(rule, new, identity=identity)
    assert caught.value.code == "conflict"
    return str(caught.value.message)


class TestOrders:
    @pytest.mark.parametrize(
        "order",
        [
            {},
            {"productOrderItem": None},
            {"productOrderItem": []},
            {"productOrderItem": [{"id": "1", "productOrderItem": [{"id": "1.1"}]}, {"id": "2"}]},
        ],
    )
    def test_items_that_differ(self, order: Json) -> None:
        assert apply(items_have_their_own_ids, order) == order

    @pytest.mark.parametrize(
        "items",
        [
            [{"id": "1"}, {"id": "2"}, {"id": "1"}],
            [{"id": "1", "productOrderItem": [{"id": "1"}]}],
            [{"id": "2", "productOrderItem": [{"id": "1"}]}, {"id": "1"}],
        ],
    )
    def test_items_of_one_id(self, items: list[Json]) -> None:
        message = refusal(items_have_their_own_ids, {"productOrderItem": items})

        assert message == "two productOrderItem have the id 1"


class TestCustomers:
    @pytest.mark.parametrize(
        "media",
        [
            None,
            [],
            [
                {"mediumType": "email", "preferred": True},
                {"mediumType": "phone", "preferred": True},
            ],
            [{"mediumType": "email", "preferred": True}, {"mediumType": "email"}],
            [
                {"mediumType": "email", "preferred": True},
                {"mediumType": "email", "preferred": False},
            ],
        ],
    )
    def test_it_is_clear_which_address_to_take(self, media: list[Json] | None) -> None:
        customer = {"name": "x", "contactMedium": media}

        assert apply(one_preferred_medium_of_a_type, customer) == customer

    def test_two_that_are_preferred(self) -> None:
        medium = {"mediumType": "email", "preferred": True}

        assert refusal(one_preferred_medium_of_a_type, {"contactMedium": [medium, medium]}) == (
            "two contactMedium of type email are preferred"
        )


class TestServices:
    def test_one_that_rests_on_others(self) -> None:
        service = {"supportingService": [{"id": "2"}, {"name": "spelt out"}]}

        assert apply(no_service_supports_itself, service, identity="1") == service
        assert apply(no_service_supports_itself, {}, identity="1") == {}

    def test_one_that_rests_on_itself(self) -> None:
        service = {"supportingService": [{"id": "2"}, {"id": "1"}]}

        assert "the service itself" in refusal(no_service_supports_itself, service, identity="1")


class TestAlarms:
    def test_a_new_one_has_not_changed(self) -> None:
        assert apply(changes_are_dated, {"state": "raised"}) == {"state": "raised"}

    @pytest.mark.parametrize("known", [{}, {"alarmChangedTime": THEN}])
    def test_a_change_is_dated(self, known: Json) -> None:
        changed = apply(changes_are_dated, {"state": "cleared", **known}, {"state": "up", **known})

        assert changed == {"state": "cleared", "alarmChangedTime": NOW}

    def test_what_the_sender_says_stays(self) -> None:
        new = {"state": "cleared", "alarmChangedTime": THEN}

        assert apply(changes_are_dated, new, {"state": "updated"}) == new


class TestBills:
    @pytest.mark.parametrize(
        "bill", [{"billingAccount": {"id": "1"}}, {"relatedParty": [{"id": "1"}]}]
    )
    def test_someone_is_billed(self, bill: Json) -> None:
        assert apply(someone_is_billed, bill) == bill

    @pytest.mark.parametrize("bill", [{}, {"relatedParty": []}, {"billingAccount": None}])
    def test_nobody_is_billed(self, bill: Json) -> None:
        assert refusal(someone_is_billed, bill) == "billingAccount or relatedParty must be given"


@pytest.mark.parametrize(("rules", "jobs"), [({"tikcet": ()}, set()), ({}, {"tikcet"})])
def test_a_rule_for_an_unknown_resource_is_refused(rules: Json, jobs: set[str]) -> None:
    with pytest.raises(ValueError, match="TMF999 has no resource tikcet"):
        compile_rules(ticket_api(), rules, frozenset(jobs), enforce_advisory=False)


class Job:
    """A catalogue in memory, as a job sees one (a `declare.JobContext`)."""

    base_path = "/tmf-api/productCatalogManagement/v4"
    resources = ("catalog", "category")

    def __init__(self, folder: Path, sources: dict[str, bytes] | None = None, **document: Any):
        self.document = {"id": "job-1", **document}
        self.kept: dict[str, dict[str, Json]] = {"catalog": {}, "category": {}}
        self.asked: list[tuple[str, str]] = []
        self.chunk = 7
        self._folder = folder
        self._sources = sources or {}

    def find(self, resource: str, query: str) -> Iterator[Json]:
        self.asked.append((resource, query))
        yield from self.kept[resource].values()

    def load(self, resource: str, document: Any) -> bool:
        if document.get("name") == "bad":
            raise GuidelineError("invalidDocument", "name: bad")
        known = self.kept[resource]
        return known.setdefault(document["id"], document) is document

    def export_file(self, name: str) -> Path:
        return self._folder / name

    def export_url(self, name: str) -> str:
        return f"https://host/files/export/{name}"

    def source(self, place: str) -> Iterator[bytes]:
        text = self._sources[place]
        for at in range(0, len(text), self.chunk):
            yield text[at : at + self.chunk]


ROOT = "https://host/tmf-api/productCatalogManagement/v4"


class TestExport:
    def test_everything_in_the_form_that_is_loaded(self, tmp_path: Path) -> None:
        job = Job(tmp_path, url=ROOT)
        first, second = decode('{"id":"1","price":10.00}'), {"id": "2", "name": 'é"\n'}
        job.kept["catalog"] = {"1": first, "2": second}

        outcome = export_catalogue(job)

        assert outcome == {
            "status": "Succeeded",
            "path": "https://host/files/export/job-1.json",
            "result": {"exported": 2},
        }
        text = (tmp_path / "job-1.json").read_bytes()
        assert json.loads(text).keys() == {"TMF620"}
        assert b'"price":10.00' in text
        assert [(row.resource, row.document) for row in read_vendor_file(io.BytesIO(text))] == [
            ("catalog", first),
            ("catalog", second),
        ]

    @pytest.mark.parametrize(
        ("url", "resources"),
        [
            (ROOT, ["catalog", "category"]),
            (ROOT + "/", ["catalog", "category"]),
            ("https://host", ["catalog", "category"]),
            (ROOT + "/category", ["category"]),
            (ROOT + "/category/?x=1", ["category"]),
            ("/category", ["category"]),
        ],
    )
    def test_the_url_says_what(self, tmp_path: Path, url: str, resources: list[str]) -> None:
        job = Job(tmp_path, url=url, query="name=x")
        export_catalogue(job)

        assert job.asked == [(resource, "name=x") for resource in resources]
        assert list(json.loads((tmp_path / "job-1.json").read_bytes())["TMF620"]) == resources

    @pytest.mark.parametrize("url", [ROOT + "/exportJob", ROOT + "/catalog/1", "https://host/x"])
    def test_another_url_is_refused(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(GuidelineError, match="conflict: url must name the catalogue"):
            export_catalogue(Job(tmp_path, url=url))

        assert list(tmp_path.iterdir()) == []

    def test_the_file_appears_whole_or_not_at_all(self, tmp_path: Path) -> None:
        class Broken(Job):
            def find(self, resource: str, query: str) -> Iterator[Json]:
                yield {"id": "1"}
                raise GuidelineError("queryTooExpensive")

        with pytest.raises(GuidelineError):
            export_catalogue(Broken(tmp_path, url=ROOT))
        assert not (tmp_path / "job-1.json").exists()

        export_catalogue(Job(tmp_path, url=ROOT))
        assert [path.name for path in tmp_path.iterdir()] == ["job-1.json"]


def vendor_file(**resources: Any) -> bytes:
    return json.dumps({"TMF620": resources}, ensure_ascii=False).encode()


class TestImport:
    def test_good_rows_are_kept(self, tmp_path: Path) -> None:
        text = vendor_file(catalog=[{"id": "1"}, {"id": "2"}, {"id": "1"}], category=[{"id": "1"}])
        job = Job(tmp_path, {"a.json": text}, url=ROOT, path="a.json")

        assert import_catalogue(job) == {
            "status": "Succeeded",
            "result": {"loaded": 3, "alreadyThere": 1, "refused": 0},
        }
        assert list(job.kept["catalog"]) == ["1", "2"]
        assert list(job.kept["category"]) == ["1"]

    def test_again_nothing_is_loaded(self, tmp_path: Path) -> None:
        job = Job(tmp_path, {"a.json": vendor_file(catalog=[{"id": "1"}])}, url=ROOT, path="a.json")
        import_catalogue(job)

        assert import_catalogue(job)["result"] == {"loaded": 0, "alreadyThere": 1, "refused": 0}

    def test_a_bad_row_is_named_and_the_others_kept(self, tmp_path: Path) -> None:
        text = vendor_file(catalog=[{"id": "1", "name": "bad"}, {"id": "2"}])
        job = Job(tmp_path, {"a.json": text}, url=ROOT, path="a.json")

        outcome = import_catalogue(job)

        assert outcome == {
            "status": "Failed",
            "errorLog": "TMF620.catalog[0]: invalidDocument: name: bad",
            "result": {"loaded": 1, "alreadyThere": 0, "refused": 1},
        }
        assert list(job.kept["catalog"]) == ["2"]

    def test_many_bad_rows_are_counted(self, tmp_path: Path) -> None:
        text = vendor_file(catalog=[{"id": str(at), "name": "bad"} for at in range(1003)])
        outcome = import_catalogue(Job(tmp_path, {"a": text}, url=ROOT, path="a"))

        lines = outcome["errorLog"].split("\n")
        assert len(lines) == 1001
        assert lines[-1] == "and 3 more"
        assert outcome["result"]["refused"] == 1003

    def test_without_a_path_the_url_is_the_file(self, tmp_path: Path) -> None:
        url = "https://files/catalogue.json"
        text = vendor_file(catalog=[{"id": "1"}], category=[{"id": "2"}])

        outcome = import_catalogue(Job(tmp_path, {url: text}, url=url))

        assert outcome["result"] == {"loaded": 2, "alreadyThere": 0, "refused": 0}

    def test_with_a_path_the_url_says_what(self, tmp_path: Path) -> None:
        text = vendor_file(catalog=[{"id": "1"}], category=[{"id": "2"}])
        job = Job(tmp_path, {"a": text}, url=ROOT + "/category", path="a")

        outcome = import_catalogue(job)

        assert job.kept == {"catalog": {}, "category": {"2": {"id": "2"}}}
        assert outcome["errorLog"].startswith("TMF620.catalog[0]: conflict: not of the resources")

    @pytest.mark.parametrize("rows", [{"TMF622": {"catalog": [{}]}}, {"TMF620": {"job": [{}]}}])
    def test_rows_of_others_are_refused(self, tmp_path: Path, rows: Json) -> None:
        job = Job(tmp_path, {"a": json.dumps(rows).encode()}, url=ROOT, path="a")

        assert import_catalogue(job)["result"] == {"loaded": 0, "alreadyThere": 0, "refused": 1}

    def test_a_broken_file_ends_the_job(self, tmp_path: Path) -> None:
        text = b'{"TMF620": {"catalog": [{"id": "1"}, oops'
        job = Job(tmp_path, {"a": text}, url=ROOT, path="a")

        with pytest.raises(GuidelineError, match="invalidBody: not JSON"):
            import_catalogue(job)

        assert list(job.kept["catalog"]) == ["1"]

    @pytest.mark.parametrize("chunk", [1, 50, 100_000, 1_000_000])
    def test_it_does_not_matter_how_the_bytes_come(self, tmp_path: Path, chunk: int) -> None:
        ids = [f"é{number}" for number in range(20_000)]
        text = vendor_file(catalog=[{"id": identity} for identity in ids])
        job = Job(tmp_path, {"a": text}, url=ROOT, path="a")
        job.chunk = chunk

        assert import_catalogue(job)["result"]["loaded"] == 20_000
        assert list(job.kept["catalog"]) == ids
