"""ETag, If-Match and If-None-Match: a client that read something old changes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.client import Client, unique

PLACE = "TMF620/category"


@pytest.fixture
def category(tmf: Client) -> Any:
    return tmf.create(PLACE, {"name": "First", "description": "as created"})


def tag_of(tmf: Client, document: Any) -> str:
    return tmf.get(document["href"]).headers["ETag"]


def test_every_answer_with_one_resource_names_its_state(tmf: Client) -> None:
    created = tmf.post(PLACE, {"name": "x"})
    place = created.headers["Location"]

    tag = created.headers["ETag"]
    assert tag.startswith('"')
    assert tag.endswith('"')
    assert tmf.get(place).headers["ETag"] == tag
    assert tmf.get(f"{place}?fields=name").headers["ETag"] == tag
    patched = tmf.patch(place, {"name": "y"})
    assert patched.headers["ETag"] != tag
    assert tmf.get(place).headers["ETag"] == patched.headers["ETag"]


@pytest.mark.parametrize("form", ["{tag}", "W/{tag}", '"other", {tag}', "*"])
def test_a_copy_that_is_still_good_is_not_sent_again(tmf: Client, category: Any, form: str) -> None:
    tag = tag_of(tmf, category)

    answer = tmf.get(category["href"], If_None_Match=form.format(tag=tag))

    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["ETag"] == tag


def test_a_copy_that_is_old_is_sent_anew(tmf: Client, category: Any) -> None:
    old = tag_of(tmf, category)
    tmf.patch(category["href"], {"name": "Second"})

    answer = tmf.get(category["href"], If_None_Match=old)

    assert answer.status_code == 200
    assert answer.json()["name"] == "Second"


@pytest.mark.parametrize("form", ["{tag}", '"other", {tag}', "*"])
def test_a_change_to_what_was_read_is_made(tmf: Client, category: Any, form: str) -> None:
    condition = form.format(tag=tag_of(tmf, category))

    answer = tmf.patch(category["href"], {"name": "Second"}, If_Match=condition)

    assert answer.status_code == 200
    assert answer.json()["name"] == "Second"


def test_a_change_to_what_has_changed_meanwhile_is_refused(tmf: Client, category: Any) -> None:
    old = tag_of(tmf, category)
    tmf.patch(category["href"], {"name": "Second"})

    answers = [
        tmf.patch(category["href"], {"name": "Third"}, If_Match=old),
        tmf.delete(category["href"], If_Match=old),
    ]

    for answer in answers:
        assert answer.status_code == 412
        assert answer.json()["code"] == "preconditionFailed"
        assert tag_of(tmf, category) in answer.json()["message"]
    assert tmf.read(category["href"])["name"] == "Second"


def test_what_is_created_anew_is_not_mistaken_for_what_was_deleted(tmf: Client) -> None:
    document = {"id": unique("again"), "name": "x"}
    first = tmf.post(PLACE, document)
    tmf.delete(first.headers["Location"])

    second = tmf.post(PLACE, document)

    assert second.headers["ETag"] != first.headers["ETag"]
    condition = first.headers["ETag"]
    assert tmf.get(second.headers["Location"], If_None_Match=condition).status_code == 200
    assert tmf.delete(second.headers["Location"], If_Match=condition).status_code == 412


def test_a_deletion_of_what_was_read_is_made(tmf: Client, category: Any) -> None:
    assert tmf.delete(category["href"], If_Match=tag_of(tmf, category)).status_code == 204
    assert tmf.get(category["href"]).status_code == 404


def test_a_change_only_if_the_state_is_another_is_refused_in_that_state(
    tmf: Client, category: Any
) -> None:
    tag = tag_of(tmf, category)

    assert tmf.patch(category["href"], {"name": "x"}, If_None_Match=tag).status_code == 412
    assert tmf.patch(category["href"], {"name": "x"}, If_None_Match='"0"').status_code == 200


def test_a_patch_that_changes_nothing_leaves_the_state_as_it_is(tmf: Client, category: Any) -> None:
    tag = tag_of(tmf, category)

    answer = tmf.patch(category["href"], {"description": "as created", "name": "First"})

    assert answer.json() == category
    assert answer.headers["ETag"] == tag


def test_what_is_not_there_is_404_whatever_the_condition(tmf: Client) -> None:
    assert tmf.get(f"{PLACE}/none", If_None_Match="*").status_code == 404
    assert tmf.patch(f"{PLACE}/none", {"name": "x"}, If_Match="*").status_code == 404
    assert tmf.delete(f"{PLACE}/none", If_Match='"1"').status_code == 404
