"""The PATCH formats: RFC 7396, RFC 6902, and TMF630's selectors."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import jsonpatch
import jsonpointer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmf.tmf630_guidelines.documents import MAX_DEPTH, decode, encode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.json_patch import MAX_OPERATIONS
from tmf.tmf630_guidelines.patch import (
    ACCEPT_PATCH,
    JSON_PATCH,
    JSON_PATCH_QUERY,
    MERGE,
    apply_patch,
    changed_paths,
)

FORMATS = (MERGE, JSON_PATCH, JSON_PATCH_QUERY)

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.decimals(-3, 3, places=1)
    | st.sampled_from(["", "a", "b", "0", "true"])
)
NAMES = st.sampled_from(["a", "b", "0", "-", "", "a/b", "m~n", "a?b"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=4)


def refused(media_type: str, document: Any, patch: Any) -> GuidelineError:
    before = copy.deepcopy((document, patch))
    with pytest.raises(GuidelineError) as caught:
        apply_patch(media_type, document, patch)
    assert (document, patch) == before
    return caught.value


def attempt(media_type: str, document: Any, patch: Any) -> tuple[Any, str]:
    """What became of a patch: the result, or None and the error's code."""
    before = copy.deepcopy((document, patch))
    try:
        return apply_patch(media_type, document, patch), ""
    except GuidelineError as error:
        return None, error.code
    finally:
        assert (document, patch) == before


def operate(document: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    return apply_patch(JSON_PATCH, document, list(operations))


def query(document: dict[str, Any], *operations: dict[str, Any]) -> dict[str, Any]:
    return apply_patch(JSON_PATCH_QUERY, document, list(operations))


def containers(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [value, *(inner for one in value.values() for inner in containers(one))]
    if isinstance(value, list):
        return [value, *(inner for one in value for inner in containers(one))]
    return []


def test_accept_patch_names_every_format() -> None:
    assert ACCEPT_PATCH.split(", ") == [*FORMATS, "application/json"]


def test_another_media_type_is_415_and_says_what_is_accepted() -> None:
    error = refused("application/xml", {}, {})
    assert (error.status, error.headers) == (415, {"Accept-Patch": ACCEPT_PATCH})


# --- merge (RFC 7396) -------------------------------------------------------------------


def rfc_7396(target: Any, patch: Any) -> Any:
    """The procedure of section 2, as it stands there."""
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    target = dict(target)
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = rfc_7396(target.get(name), value)
    return target


@pytest.mark.parametrize(
    ("document", "patch", "merged"),
    [
        ({"state": "held"}, {"state": "pending"}, {"state": "pending"}),
        ({"state": "held"}, {"priority": "1"}, {"state": "held", "priority": "1"}),
        ({"state": "held"}, {"state": None}, {}),
        ({"state": "held", "priority": "1"}, {"state": None}, {"priority": "1"}),
        ({"note": [{"text": "x"}]}, {"note": "gone"}, {"note": "gone"}),
        ({"note": "x"}, {"note": [{"text": None}]}, {"note": [{"text": None}]}),
        ({"note": [1, 2]}, {"note": [3]}, {"note": [3]}),
        ({"place": {"id": "1"}}, {"place": {"id": "2", "role": None}}, {"place": {"id": "2"}}),
        ({"place": [{"id": "1"}]}, {"place": {"id": "2"}}, {"place": {"id": "2"}}),
        ({"kept": None}, {"state": "held"}, {"kept": None, "state": "held"}),
        ({}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
        ({"a": "x"}, {"a": {"b": None, "c": 1}}, {"a": {"c": 1}}),
        ({"a": 1}, {}, {"a": 1}),
    ],
)
def test_merge(document: Any, patch: Any, merged: Any) -> None:
    assert apply_patch(MERGE, document, patch) == merged
    assert apply_patch("application/json", document, patch) == merged


def test_merge_keeps_the_order_of_attributes_and_the_text_of_numbers() -> None:
    document = decode('{"id":"1","price":10.00,"rate":1E2,"state":"held"}')
    merged = apply_patch(MERGE, document, decode('{"price":20.50,"tax":3e0}'))
    assert encode(merged) == b'{"id":"1","price":20.50,"rate":1E2,"state":"held","tax":3e0}'


@given(DOCUMENTS, DOCUMENTS)
def test_merge_agrees_with_the_rfc(document: Any, patch: Any) -> None:
    assert apply_patch(MERGE, document, patch) == rfc_7396(document, patch)


@given(DOCUMENTS, DOCUMENTS)
def test_merge_leaves_its_arguments_alone(document: Any, patch: Any) -> None:
    before = copy.deepcopy((document, patch))
    merged = apply_patch(MERGE, document, patch)
    given_ones = {id(one) for one in containers([document, patch])}
    assert not given_ones & {id(one) for one in containers(merged)}
    assert (document, patch) == before


@pytest.mark.parametrize("patch", [[], None, "x", 1, True, [{"op": "remove", "path": "/a"}]])
def test_a_merge_patch_is_an_object(patch: Any) -> None:
    assert refused(MERGE, {"a": 1}, patch).code == "invalidPatch"


# --- JSON patch (RFC 6902) --------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "operations", "patched"),
    [
        pytest.param(
            {"id": "1"},
            [{"op": "add", "path": "/state", "value": "held"}],
            {"id": "1", "state": "held"},
            id="add a member",
        ),
        pytest.param(
            {"tag": ["x", "z"]},
            [{"op": "add", "path": "/tag/1", "value": "y"}],
            {"tag": ["x", "y", "z"]},
            id="add an element",
        ),
        pytest.param(
            {"tag": ["x"]},
            [{"op": "add", "path": "/tag/1", "value": "y"}],
            {"tag": ["x", "y"]},
            id="add at the length",
        ),
        pytest.param(
            {"tag": ["x"]},
            [{"op": "add", "path": "/tag/-", "value": ["y", {"z": None}]}],
            {"tag": ["x", ["y", {"z": None}]]},
            id="append an array",
        ),
        pytest.param(
            {"state": "held"},
            [{"op": "add", "path": "/state", "value": None}],
            {"state": None},
            id="add over a member",
        ),
        pytest.param(
            {"id": "1"},
            [{"op": "add", "path": "/place", "value": {"site": {}}}],
            {"id": "1", "place": {"site": {}}},
            id="add an object",
        ),
        pytest.param(
            {"id": "1", "state": "held"},
            [{"op": "remove", "path": "/state"}],
            {"id": "1"},
            id="remove a member",
        ),
        pytest.param(
            {"tag": ["x", "y", "z"]},
            [{"op": "remove", "path": "/tag/1"}],
            {"tag": ["x", "z"]},
            id="remove an element",
        ),
        pytest.param(
            {"id": "1", "state": "held"},
            [{"op": "replace", "path": "/state", "value": "pending"}],
            {"id": "1", "state": "pending"},
            id="replace a member",
        ),
        pytest.param(
            {"tag": ["x", "y"]},
            [{"op": "replace", "path": "/tag/0", "value": "w"}],
            {"tag": ["w", "y"]},
            id="replace an element",
        ),
        pytest.param(
            {"from": {"id": "7", "name": "n"}, "to": {"role": "r"}},
            [{"op": "move", "from": "/from/name", "path": "/to/title"}],
            {"from": {"id": "7"}, "to": {"role": "r", "title": "n"}},
            id="move a member",
        ),
        pytest.param(
            {"tag": ["w", "z", "x", "y"]},
            [{"op": "move", "from": "/tag/1", "path": "/tag/3"}],
            {"tag": ["w", "x", "y", "z"]},
            id="move an element: the target counts without it",
        ),
        pytest.param(
            {"tag": ["x"]},
            [{"op": "move", "from": "/tag/0", "path": "/tag/0"}],
            {"tag": ["x"]},
            id="move to where it is",
        ),
        pytest.param(
            {"a": {"b": {"c": 1}}},
            [{"op": "move", "from": "/a/b", "path": "/a"}],
            {"a": {"c": 1}},
            id="move over what holds it",
        ),
        pytest.param(
            {"a": {"b": [1]}},
            [
                {"op": "copy", "from": "/a", "path": "/c"},
                {"op": "add", "path": "/c/b/-", "value": 2},
            ],
            {"a": {"b": [1]}, "c": {"b": [1, 2]}},
            id="a copy is not the original",
        ),
        pytest.param(
            {"a": 1},
            [{"op": "copy", "from": "", "path": "/a"}],
            {"a": {"a": 1}},
            id="copy the whole into itself",
        ),
        pytest.param(
            {"name": "gold", "tag": ["a", 2, "c"]},
            [
                {"op": "test", "path": "/name", "value": "gold"},
                {"op": "test", "path": "/tag/1", "value": 2},
                {"op": "test", "path": "", "value": {"tag": ["a", 2, "c"], "name": "gold"}},
            ],
            {"name": "gold", "tag": ["a", 2, "c"]},
            id="tests that hold",
        ),
        pytest.param(
            {"a": None},
            [{"op": "test", "path": "/a", "value": None}],
            {"a": None},
            id="null is a value",
        ),
        pytest.param(
            {"/": 9, "~1": 10, "": {"": 1}, "-": 2, "07": 3},
            [
                {"op": "test", "path": "/~01", "value": 10},
                {"op": "remove", "path": "/~1"},
                {"op": "test", "path": "//", "value": 1},
                {"op": "replace", "path": "/-", "value": 4},
                {"op": "remove", "path": "/07"},
            ],
            {"~1": 10, "": {"": 1}, "-": 4},
            id="escapes and odd names",
        ),
        pytest.param(
            {"a?b=1": 1},
            [{"op": "replace", "path": "/a?b=1", "value": 2}],
            {"a?b=1": 2},
            id="no selectors here",
        ),
        pytest.param(
            {"id": "1"},
            [{"op": "add", "path": "/a", "value": 1, "comment": "unknown members are ignored"}],
            {"id": "1", "a": 1},
            id="unknown member",
        ),
        pytest.param(
            {"id": "1"},
            [
                {"op": "replace", "path": "", "value": []},
                {"op": "add", "path": "", "value": {"id": "2"}},
            ],
            {"id": "2"},
            id="the whole document",
        ),
        pytest.param({"id": "1"}, [], {"id": "1"}, id="nothing to do"),
    ],
)
def test_operations(document: Any, operations: Any, patched: Any) -> None:
    assert apply_patch(JSON_PATCH, document, operations) == patched


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/missing/x", "value": 1},
        {"op": "add", "path": "/id/x", "value": 1},
        {"op": "add", "path": "/tag/3", "value": 1},
        {"op": "add", "path": "/tag/-1", "value": 1},
        {"op": "add", "path": "/tag/01", "value": 1},
        {"op": "add", "path": "/tag/1e0", "value": 1},
        {"op": "add", "path": "/tag/\u0661", "value": 1},
        {"op": "add", "path": "/tag/x", "value": 1},
        {"op": "add", "path": "/tag/" + "9" * 5000, "value": 1},
        {"op": "add", "path": "/tag/-/x", "value": 1},
        {"op": "remove", "path": "/missing"},
        {"op": "remove", "path": "/tag/2"},
        {"op": "remove", "path": "/tag/-"},
        {"op": "remove", "path": ""},
        {"op": "replace", "path": "/missing", "value": 1},
        {"op": "replace", "path": "/tag/2", "value": 1},
        {"op": "replace", "path": "/tag/-", "value": 1},
        {"op": "replace", "path": "", "value": [1]},
        {"op": "move", "from": "/missing", "path": "/id"},
        {"op": "move", "from": "/missing", "path": "/missing"},
        {"op": "move", "from": "/place", "path": "/place/site"},
        {"op": "move", "from": "", "path": "/id"},
        {"op": "move", "from": "/pair/0", "path": "/pair/0/x"},
        {"op": "copy", "from": "/tag/-", "path": "/id"},
        {"op": "copy", "from": "/id", "path": "/missing/x"},
        {"op": "test", "path": "/missing", "value": None},
        {"op": "test", "path": "/one", "value": True},
        {"op": "test", "path": "/one", "value": "1"},
        {"op": "test", "path": "/yes", "value": 1},
        {"op": "test", "path": "/tag", "value": ["y", "x"]},
        {"op": "test", "path": "/tag", "value": ["x"]},
        {"op": "test", "path": "/place", "value": {}},
    ],
)
def test_operations_that_do_not_apply(operation: dict[str, Any]) -> None:
    document = {
        "id": "1",
        "tag": ["x", "y"],
        "place": {"id": "p"},
        "pair": [1, {}],
        "one": 1,
        "yes": True,
    }
    error = refused(JSON_PATCH, document, [{"op": "test", "path": "/one", "value": 1}, operation])
    assert (error.code, error.status) == ("patchNotApplicable", 409)
    whole = operation["path"] == "" and operation["op"] == "replace"
    assert str(error.message).startswith("the resource" if whole else "operation 2: ")
    assert refused(JSON_PATCH_QUERY, document, [operation]).code == "patchNotApplicable"


@pytest.mark.parametrize(
    "operation",
    [
        None,
        [],
        "remove",
        {},
        {"path": "/a"},
        {"op": "append", "path": "/a", "value": 1},
        {"op": "Add", "path": "/a", "value": 1},
        {"op": 1, "path": "/a"},
        {"op": ["add"], "path": "/a", "value": 1},
        {"op": "add", "value": 1},
        {"op": "add", "path": "/a"},
        {"op": "replace", "path": "/a"},
        {"op": "test", "path": "/a"},
        {"op": "move", "path": "/a"},
        {"op": "copy", "path": "/a"},
        {"op": "copy", "path": "/a", "from": None},
        {"op": "copy", "path": "/a", "from": "a"},
        {"op": "remove", "path": None},
        {"op": "remove", "path": ["a"]},
        {"op": "remove", "path": "a"},
        {"op": "remove", "path": "$.a"},
        {"op": "remove", "path": "#/a"},
        {"op": "remove", "path": "/a~"},
        {"op": "remove", "path": "/a~2b"},
    ],
)
@pytest.mark.parametrize("media_type", [JSON_PATCH, JSON_PATCH_QUERY])
def test_malformed_operations(media_type: str, operation: Any) -> None:
    # The first would fail, but what is malformed is said first.
    operations = [{"op": "remove", "path": "/missing"}, operation]
    error = refused(media_type, {"a": 1}, operations)
    assert (error.code, error.status) == ("invalidPatch", 400)
    assert str(error.message).startswith("operation 2: ")


@pytest.mark.parametrize("patch", [{}, None, "[]", 1, {"op": "remove", "path": "/a"}])
def test_a_json_patch_is_an_array(patch: Any) -> None:
    assert refused(JSON_PATCH, {"a": 1}, patch).code == "invalidPatch"


def test_a_test_compares_numbers_by_value_whatever_their_text() -> None:
    document = decode('{"price":10.00,"rate":1e1,"deep":[{"n":0.10}]}')
    tests = decode(
        '[{"op":"test","path":"/price","value":10},{"op":"test","path":"/rate","value":10.0},'
        '{"op":"test","path":"/deep","value":[{"n":0.1}]}]'
    )
    assert encode(apply_patch(JSON_PATCH, document, tests)) == encode(document)
    assert refused(JSON_PATCH, document, [{**tests[0], "value": 11}]).code == "patchNotApplicable"


def test_operations_keep_the_text_of_numbers() -> None:
    document = decode('{"price":10.00,"list":[1E2]}')
    operations = decode(
        '[{"op":"copy","from":"/price","path":"/list/-"},{"op":"add","path":"/n","value":5e0}]'
    )
    patched = apply_patch(JSON_PATCH, document, operations)
    assert encode(patched) == b'{"price":10.00,"list":[1E2,10.00],"n":5e0}'


def pointer(tokens: list[str]) -> str:
    return "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)


def pointers(value: Any, *tokens: str) -> list[str]:
    """Every place in a document, the root aside."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, (dict, list)):
        inner = list(value.items() if isinstance(value, dict) else enumerate(value))
    found = [pointer([*tokens])] if tokens else []
    return found + [one for key, item in inner for one in pointers(item, *tokens, str(key))]


TOKENS = st.sampled_from(["a", "b", "0", "1", "2", "3", "-", "01", "/"])
POINTERS = st.lists(TOKENS, max_size=3).map(pointer)
NESTED = st.fixed_dictionaries(
    {
        "a": st.lists(VALUES, min_size=1, max_size=3),
        "b": st.dictionaries(NAMES, VALUES, min_size=1, max_size=3),
    }
)


@st.composite
def patches(draw: st.DrawFn) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A document, and operations on places that mostly are, or could be, in it."""
    document = draw(NESTED)
    here = st.sampled_from(pointers(document))
    nearby = st.builds(lambda place, token: place + pointer([token]), here, TOKENS)
    anywhere = here | here | nearby | POINTERS
    tested = here.map(lambda at: (at, jsonpointer.resolve_pointer(document, at)))
    operations = st.one_of(
        st.builds(
            lambda op, path, value: {"op": op, "path": path, "value": value},
            st.sampled_from(["add", "replace", "test"]),
            anywhere,
            VALUES,
        ),
        tested.map(lambda found: {"op": "test", "path": found[0], "value": found[1]}),
        anywhere.map(lambda path: {"op": "remove", "path": path}),
        st.builds(
            lambda op, source, path: {"op": op, "from": source, "path": path},
            st.sampled_from(["move", "copy"]),
            here | anywhere,
            anywhere,
        ),
    )
    return document, draw(st.lists(operations, min_size=1, max_size=3))


def by_the_library(document: Any, operations: Any) -> Any:
    try:
        patched = jsonpatch.apply_patch(document, operations)
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException):
        return None
    # A resource stays an object; to the library, any value is a document.
    return patched if isinstance(patched, dict) else None


@pytest.mark.parametrize("media_type", [JSON_PATCH, JSON_PATCH_QUERY])
@given(patches())
def test_operations_agree_with_the_jsonpatch_library(
    media_type: str, one: tuple[dict[str, Any], list[dict[str, Any]]]
) -> None:
    document, operations = one
    if media_type == JSON_PATCH_QUERY and "?" in str(operations):
        document, operations = decode(encode(one).replace(b"?", b"!"))
    patched, code = attempt(media_type, document, operations)
    assert encode(patched) == encode(by_the_library(document, operations))
    assert code == ("patchNotApplicable" if patched is None else "")


@given(patches())
def test_a_result_shares_nothing_with_the_arguments(
    one: tuple[dict[str, Any], list[dict[str, Any]]],
) -> None:
    patched, _ = attempt(JSON_PATCH, *one)
    inside = [id(part) for part in containers(patched)]
    assert len(set(inside)) == len(inside)
    assert not {id(part) for part in containers([*one])} & set(inside)


# --- selectors (TMF630 part 5) ----------------------------------------------------------


def order() -> dict[str, Any]:
    """Two items for the same offering, so that it takes more than one criterion."""
    text = """{
      "id": "42",
      "priority": 1,
      "relatedParty": [
        {"id": "c1", "role": "customer", "name": "Jean"},
        {"id": "v1", "role": "vendor", "name": "Smith, John"},
        {"id": "v2", "role": "vendor", "name": "R&D / Ops"}
      ],
      "billingAccount": {"id": "b1", "name": "main"},
      "tag": ["red", "blue", "red"],
      "productOrderItem": [
        {"id": "1", "state": "held", "quantity": 10.00,
         "productOffering": {"id": "gold", "href": "http://x/po/gold"},
         "product": {"relatedParty": [{"role": "user", "name": "Ada"},
                                      {"role": "payer", "name": "Bob"}]},
         "note": [{"author": "Jean", "date": "2024-05-01T10:00:00+02:00", "text": "a"},
                  {"author": "Marie", "date": "2024-05-02T10:00:00+02:00", "text": "b"}]},
        {"id": "2", "state": "held", "quantity": 2,
         "productOffering": {"id": "gold", "href": "http://x/po/gold"},
         "product": {"relatedParty": [{"role": "user", "name": "Bob"},
                                      {"role": "payer", "name": "Ada"}]},
         "note": [{"author": "Jean", "date": "2024-05-02T10:00:00+02:00", "text": "c"}],
         "productOrderItem": [{"id": "2.1", "state": "held"}]}
      ]
    }"""
    document: dict[str, Any] = decode(text)
    return document


@pytest.mark.parametrize(
    ("path", "chosen"),
    [
        ("/relatedParty?role=vendor", ["v1", "v2"]),
        ("/relatedParty?relatedParty.role=vendor", ["v1", "v2"]),
        ("/relatedParty?role=vendor&id=v2", ["v2"]),
        ("/relatedParty?role=vendor&relatedParty.id=v2", ["v2"]),
        ("/relatedParty?name=Smith, John", ["v1"]),
        ("/relatedParty?name=Smith%2C%20John", ["v1"]),
        ("/relatedParty?name=R%26D %2F Ops", ["v2"]),
        ("/relatedParty?name=R%26D ~1 Ops", ["v2"]),
        ("/relatedParty?n%61me=Jean", ["c1"]),
    ],
)
def test_elements_of_a_first_level_array(path: str, chosen: list[str]) -> None:
    left = query(order(), {"op": "remove", "path": path})["relatedParty"]
    assert [party["id"] for party in left] == [
        one for one in ("c1", "v1", "v2") if one not in chosen
    ]


@pytest.mark.parametrize(
    ("path", "states"),
    [
        ("/productOrderItem?id=2/state", ["held", "done"]),
        ("/productOrderItem/state?productOrderItem.id=2", ["held", "done"]),
        ("/productOrderItem/state?id=2", ["held", "done"]),
        ("/productOrderItem?productOrderItem.id=2/state", ["held", "done"]),
        ("/productOrderItem?productOffering.id=gold/state", ["done", "done"]),
        ("/productOrderItem/state?productOrderItem.productOffering.id=gold", ["done", "done"]),
        (
            "/productOrderItem?productOffering.href=http:~1~1x~1po~1gold&id=1/state",
            ["done", "held"],
        ),
        ("/productOrderItem?quantity=10/state", ["done", "held"]),
        ("/productOrderItem?quantity=2.0/state", ["held", "done"]),
        ("/productOrderItem/state?productOrderItem.productOrderItem.id=2.1", ["held", "done"]),
        # Through an array beside the path: both of the same party.
        (
            "/productOrderItem/state?productOrderItem.product.relatedParty.role=user"
            "&productOrderItem.product.relatedParty.name=Bob",
            ["held", "done"],
        ),
        ("/productOrderItem?product.relatedParty.role=user/state", ["done", "done"]),
        # The criteria may be those of an array further down the path.
        ("/productOrderItem/state?productOrderItem.note.author=Marie", ["done", "held"]),
        # An index in the pointer picks; the selector says whether it is the right one.
        ("/productOrderItem/1/state?productOrderItem.id=2", ["held", "done"]),
        ("/productOrderItem/0/state?id=1", ["done", "held"]),
        # What is no array on the way must be as asked.
        ("/productOrderItem?id=1/state?productOrderItem.state=held", ["done", "held"]),
    ],
)
def test_members_of_selected_elements(path: str, states: list[str]) -> None:
    for op in ("replace", "add"):
        patched = query(order(), {"op": op, "path": path, "value": "done"})
        assert [item["state"] for item in patched["productOrderItem"]] == states
        assert patched["productOrderItem"][1]["productOrderItem"] == [
            {"id": "2.1", "state": "held"}
        ]


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("/productOrderItem?id=1/note?author=Jean", ["b", "c"]),
        (
            "/productOrderItem/note?productOrderItem.id=1&productOrderItem.note.author=Jean",
            ["b", "c"],
        ),
        ("/productOrderItem/note?productOrderItem.note.author=Jean", ["b"]),
        ("/productOrderItem/note?author=Jean", ["b"]),
        (
            "/productOrderItem/note?author=Jean&date=2024-05-02T10:00:00+02:00",
            ["a", "b"],
        ),
        ("/productOrderItem/0/note?author=Marie", ["a", "c"]),
        ("/productOrderItem?id=1/note/0", ["b", "c"]),
    ],
)
def test_nested_arrays(path: str, left: list[str]) -> None:
    patched = query(order(), {"op": "remove", "path": path})
    notes = [note["text"] for item in patched["productOrderItem"] for note in item["note"]]
    assert notes == left


def test_an_array_past_the_last_selector_is_itself_the_target() -> None:
    path = "/productOrderItem/note?productOrderItem.id=1"
    patched = query(order(), {"op": "remove", "path": path})
    assert "note" not in patched["productOrderItem"][0]
    patched = query(order(), {"op": "replace", "path": path, "value": []})
    assert patched["productOrderItem"][0]["note"] == []


def test_elements_that_are_scalars() -> None:
    removed = query(order(), {"op": "remove", "path": "/tag?tag=red"})
    assert removed["tag"] == ["blue"]
    replaced = query(order(), {"op": "replace", "path": "/tag?tag=blue", "value": "green"})
    assert replaced["tag"] == ["red", "green", "red"]


def test_adding_below_the_selected_elements() -> None:
    path = "/relatedParty/contact?relatedParty.role=vendor"
    patched = query(order(), {"op": "add", "path": path, "value": {"phone": []}})
    parties = patched["relatedParty"]
    assert [party.get("contact") for party in parties] == [None, {"phone": []}, {"phone": []}]
    assert parties[1]["contact"]["phone"] is not parties[2]["contact"]["phone"]
    appended = query(
        order(), {"op": "add", "path": "/productOrderItem?id=2/note/-", "value": {"text": "d"}}
    )
    assert [note["text"] for note in appended["productOrderItem"][1]["note"]] == ["c", "d"]
    appended = query(
        order(),
        {"op": "add", "path": "/productOrderItem/note/-?productOrderItem.id=2", "value": {}},
    )
    assert appended["productOrderItem"][1]["note"][-1] == {}


@pytest.mark.parametrize("operation", [{"op": "add", "value": {}}, {"op": "copy", "from": "/id"}])
@pytest.mark.parametrize("selector", ["role=vendor", "relatedParty.role=nobody"])
def test_adding_to_an_element_is_ambiguous(operation: dict[str, Any], selector: str) -> None:
    error = refused(JSON_PATCH_QUERY, order(), [{**operation, "path": f"/relatedParty?{selector}"}])
    assert (error.code, str(error.message)[:13]) == ("patchNotApplicable", "operation 1: ")


def test_a_test_is_of_every_selected_element() -> None:
    operation = {"op": "test", "path": "/productOrderItem/state?productOffering.id=gold"}
    assert query(order(), {**operation, "value": "held"}) == order()
    document = query(
        order(), {"op": "replace", "path": "/productOrderItem/1/state", "value": "done"}
    )
    error = refused(JSON_PATCH_QUERY, document, [{**operation, "value": "held"}])
    assert error.code == "patchNotApplicable"


def test_copy_and_move_take_one_place() -> None:
    copied = query(
        order(),
        {
            "op": "copy",
            "from": "/relatedParty?id=v1/name",
            "path": "/productOrderItem?state=held/vendor",
        },
    )
    assert [item["vendor"] for item in copied["productOrderItem"]] == ["Smith, John"] * 2
    moved = query(
        order(),
        {
            "op": "move",
            "from": "/productOrderItem/note?text=a",
            "path": "/productOrderItem?id=2/note/0",
        },
    )
    texts = [[note["text"] for note in item["note"]] for item in moved["productOrderItem"]]
    assert texts == [["b"], ["a", "c"]]
    same = "/relatedParty?id=v1"
    assert query(order(), {"op": "move", "from": same, "path": same}) == order()


def test_copying_a_source_that_is_among_the_targets() -> None:
    document = {"a": [{"k": "1"}, {"k": "1"}]}
    patched = query(document, {"op": "copy", "from": "/a/0", "path": "/a?k=1/inner"})
    assert patched == {"a": [{"k": "1", "inner": {"k": "1"}}] * 2}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/relatedParty?role=buyer"},
        {"op": "remove", "path": "/relatedParty?Role=vendor"},
        {"op": "remove", "path": "/relatedParty?role=vendor&id=c1"},
        {"op": "remove", "path": "/relatedParty?id.x=v1"},
        {"op": "remove", "path": "/missing?role=vendor"},
        {"op": "remove", "path": "/relatedParty?id=v1/missing"},
        {"op": "remove", "path": "/relatedParty?id=v1/name/first"},
        {"op": "remove", "path": "/relatedParty/missing?relatedParty.id=v1"},
        {"op": "replace", "path": "/relatedParty?role=vendor/missing", "value": 1},
        {"op": "remove", "path": "/productOrderItem/productOrderItem?state=held&id=9"},
        {"op": "remove", "path": "/productOrderItem?productOffering.href=http://x/po/gold/state"},
        {"op": "add", "path": "/relatedParty/contact?relatedParty.role=buyer", "value": 1},
        {"op": "remove", "path": "/billingAccount?id=b1"},
        {"op": "remove", "path": "/billingAccount/name?id=b1"},
        {"op": "remove", "path": "/priority?priority=2"},
        {"op": "remove", "path": "/relatedParty/1?relatedParty.id=c1"},
        {"op": "remove", "path": "/relatedParty/name"},
        {"op": "copy", "from": "/relatedParty?role=vendor", "path": "/vendor"},
        {"op": "move", "from": "/id", "path": "/relatedParty?role=vendor/order"},
        {"op": "move", "from": "/relatedParty?id=c1", "path": "/relatedParty/0/self"},
        {"op": "move", "from": "/relatedParty?id=c1", "path": "/relatedParty?id=c1/self"},
    ],
)
def test_selectors_that_do_not_apply(operation: dict[str, Any]) -> None:
    error = refused(JSON_PATCH_QUERY, order(), [operation])
    assert error.code == "patchNotApplicable"
    assert str(error.message).startswith("operation 1: ")


@pytest.mark.parametrize("path", ["/note?k=1/text", "/note?k=1/text/lang"])
def test_one_selected_element_without_the_member_stops_the_patch(path: str) -> None:
    document = {"note": [{"k": "1", "text": {"lang": "fr"}}, {"k": "1"}]}
    error = refused(JSON_PATCH_QUERY, document, [{"op": "remove", "path": path}])
    assert error.code == "patchNotApplicable"


def test_an_absolute_name_guards_what_is_no_array() -> None:
    path = "/billingAccount/name?billingAccount.id=b1"
    patched = query(order(), {"op": "replace", "path": path, "value": "new"})
    assert patched["billingAccount"] == {"id": "b1", "name": "new"}


@pytest.mark.parametrize(
    "path",
    [
        "/relatedParty?",
        "/relatedParty?role",
        "/relatedParty?=vendor",
        "/relatedParty?role=vendor&",
        "/relatedParty?role..x=vendor",
        "/relatedParty?.role=vendor",
        "/relatedParty?role>=vendor",
        "/relatedParty?role!=vendor",
        "/relatedParty?role*=vendor",
        "/relatedParty?ro*le=vendor",
        "/relatedParty?role=a~b",
        "?role=vendor",
        "relatedParty?role=vendor",
    ],
)
def test_malformed_selectors(path: str) -> None:
    assert refused(JSON_PATCH_QUERY, order(), [{"op": "remove", "path": path}]).code == (
        "invalidPatch"
    )
    as_source = {"op": "copy", "from": path, "path": "/x"}
    assert refused(JSON_PATCH_QUERY, order(), [as_source]).code == "invalidPatch"


@pytest.mark.parametrize("path", ["/relatedParty?" + "x." * 100 + "y=1", "/a" * 100])
def test_nothing_lies_deeper_than_documents_nest(path: str) -> None:
    error = refused(JSON_PATCH_QUERY, order(), [{"op": "remove", "path": path}])
    assert (error.code, error.status) == ("patchNotApplicable", 409)


def test_a_name_asked_for_twice_must_be_both() -> None:
    path = "/relatedParty?role=vendor&role=customer"
    error = refused(JSON_PATCH_QUERY, order(), [{"op": "remove", "path": path}])
    assert (error.code, error.status) == ("patchNotApplicable", 409)


PARTS = st.fixed_dictionaries(
    {}, optional={"b": st.sampled_from(["x", "y", 1]), "c": st.sampled_from(["x", True, None])}
)
OUTER = st.builds(lambda part, inner: {**part, "d": inner}, PARTS, st.lists(PARTS, max_size=3))
TEXTS = st.sampled_from(["x", "y", "1.0", "true"])
CRITERIA = st.fixed_dictionaries({}, optional={"b": TEXTS, "c": TEXTS})


def meets(part: dict[str, Any], criteria: dict[str, str]) -> bool:
    texts = {"x": "x", "y": "y", "1.0": 1, "true": True}
    return all(
        name in part and part[name] == texts[text] and type(part[name]) is type(texts[text])
        for name, text in criteria.items()
    )


def selector(criteria: dict[str, str], prefix: str = "") -> str:
    return "&".join(f"{prefix}{name}={text}" for name, text in criteria.items())


@given(st.lists(OUTER, min_size=1, max_size=3), CRITERIA, CRITERIA.filter(bool))
def test_every_spelling_selects_what_two_loops_select(
    elements: list[dict[str, Any]], outer: dict[str, str], inner: dict[str, str]
) -> None:
    expected = copy.deepcopy(elements)
    hits = 0
    for element in expected:
        for at, part in enumerate(element["d"]):
            if meets(element, outer) and meets(part, inner):
                element["d"][at] = "hit"
                hits += 1
    both = "&".join(filter(None, [selector(outer, "a."), selector(inner, "a.d.")]))
    mixed = "&".join(filter(None, [selector(inner), selector(outer, "a.")]))
    question = "?" if outer else ""
    for path in (
        f"/a{question}{selector(outer)}/d?{selector(inner)}",
        f"/a{question}{selector(outer, 'a.')}/d?{selector(inner, 'a.d.')}",
        f"/a/d?{both}",
        f"/a/d?{mixed}",
    ):
        replace = [{"op": "replace", "path": path, "value": "hit"}]
        patched, code = attempt(JSON_PATCH_QUERY, {"a": elements}, replace)
        assert patched == ({"a": expected} if hits else None)
        assert code == ("" if hits else "patchNotApplicable")
        removed, _ = attempt(JSON_PATCH_QUERY, {"a": elements}, [{"op": "remove", "path": path}])
        left = [
            {**element, "d": [part for part in element["d"] if part != "hit"]}
            for element in expected
        ]
        assert removed == ({"a": left} if hits else None)


# --- whatever is sent -------------------------------------------------------------------

SELECTORS = st.lists(
    st.builds(
        lambda name, value: f"{name}={value}",
        st.sampled_from(["a", "b", "a.b", "a.a", "a.a.b", "b.a", "a.0", "", "%", "a.."]),
        st.sampled_from(["a", "b", "0", "true", "1", "%41", "%ff%", ""]),
    ),
    max_size=2,
).map(lambda criteria: "?" + "&".join(criteria) if criteria else "")
PATHS = st.lists(st.tuples(TOKENS, SELECTORS), min_size=1, max_size=3).map(
    lambda steps: "".join(f"/{token}{selector}" for token, selector in steps)
)
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | POINTERS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["op", "path", "from", "value"]), inner, max_size=4)
        | st.builds(
            lambda op, path, source, value: {
                "op": op,
                "path": path,
                "from": source,
                "value": value,
            },
            st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "x"]),
            PATHS | POINTERS | inner,
            PATHS | POINTERS | inner,
            inner,
        )
    ),
    max_leaves=10,
)


@pytest.mark.parametrize("media_type", FORMATS)
@given(document=DOCUMENTS | NESTED, patch=ANYTHING | st.lists(ANYTHING, max_size=4))
def test_any_json_is_applied_or_refused(media_type: str, document: Any, patch: Any) -> None:
    patched, code = attempt(media_type, document, patch)
    assert code in ("", "invalidPatch", "patchNotApplicable")
    assert isinstance(patched, dict) == (code == "")


# --- limits -----------------------------------------------------------------------------


def nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels - 1):
        value = {"a": value}
    return value


def test_as_deep_as_a_document_may_nest_and_no_deeper() -> None:
    deepest, deeper = nested(MAX_DEPTH - 1), nested(MAX_DEPTH)
    add = {"op": "add", "path": "/x"}
    assert apply_patch(MERGE, {}, {"x": deepest}) == {"x": deepest}
    assert operate({}, {**add, "value": deepest}) == {"x": deepest}
    assert refused(MERGE, {}, {"x": deeper}).code == "patchNotApplicable"
    assert refused(JSON_PATCH, {}, [{**add, "value": deeper}]).code == "patchNotApplicable"


@pytest.mark.parametrize("media_type", FORMATS)
def test_a_patch_deeper_than_any_stack_is_refused(media_type: str) -> None:
    value: Any = 1
    for _ in range(20_000):
        value = [value]
    patch: Any = {"x": value}
    if media_type != MERGE:
        patch = [{"op": "add", "path": "/x", "value": value}]
    with pytest.raises(GuidelineError) as caught:
        apply_patch(media_type, {}, patch)
    assert caught.value.code == "patchNotApplicable"


def test_operations_cannot_dig_deeper_step_by_step() -> None:
    dig = [{"op": "copy", "from": "", "path": "/a"}] * MAX_DEPTH
    error = refused(JSON_PATCH, {"a": 1}, dig)
    assert (error.code, "nests deeper" in str(error.message)) == ("patchNotApplicable", True)


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "copy", "from": "/a", "path": "/a/-"}] * 40,
        [{"op": "copy", "from": "", "path": f"/c{at}"} for at in range(40)],
        [
            {"op": "move", "from": f"/{a}", "path": f"/{b}"}
            for a, b in [("a", "d"), ("d", "a")] * 400
        ],
        [{"op": "add", "path": "/b/x?b.k=1", "value": "y" * 20_000}],
        [
            {"op": "add", "path": "/b/x?b.k=1", "value": "y" * 20_000},
            {"op": "remove", "path": "/b"},
        ],
    ],
)
def test_patches_that_explode_are_refused(operations: list[dict[str, Any]]) -> None:
    document = {"a": ["x" * 20_000], "b": [{"k": "1"} for _ in range(600)]}
    error = refused(JSON_PATCH_QUERY, document, operations)
    assert (error.code, error.status) == ("patchNotApplicable", 409)
    assert "larger than" in str(error.message) or "writes over" in str(error.message)


def test_a_merge_too_large_is_refused() -> None:
    error = refused(MERGE, {"a": "x" * 6_000_000}, {"b": "x" * 6_000_000})
    assert error.code == "patchNotApplicable"


def test_the_number_of_operations_is_limited() -> None:
    operations = [{"op": "test", "path": "/a", "value": 1}] * MAX_OPERATIONS
    assert apply_patch(JSON_PATCH, {"a": 1}, operations) == {"a": 1}
    assert refused(JSON_PATCH, {"a": 1}, [*operations, operations[0]]).code == "invalidPatch"


def test_selectors_cannot_search_a_large_document_without_end() -> None:
    document = {"a": [{"b": str(at)} for at in range(3_000)]}
    one = {"op": "add", "path": "/a/x?a.b=2999", "value": 1}
    assert query(document, one)["a"][-1] == {"b": "2999", "x": 1}
    error = refused(JSON_PATCH_QUERY, document, [one] * MAX_OPERATIONS)
    assert (error.code, "selectors" in str(error.message)) == ("patchNotApplicable", True)


def test_a_message_does_not_repeat_a_long_path() -> None:
    error = refused(JSON_PATCH, {}, [{"op": "remove", "path": "/" + "a" * 100_000}])
    assert len(str(error.message)) < 300


# --- what changed -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({}, {}, ()),
        ({"a": 1}, {"a": 1}, ()),
        ({"a": Decimal("10.00")}, {"a": 10}, ()),
        ({"a": [{"n": Decimal("0.10")}]}, {"a": [{"n": Decimal("0.1")}]}, ()),
        ({"a": 0.1}, {"a": Decimal("0.1")}, ()),
        ({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, ()),
        ({"a": 1}, {"a": True}, ("a",)),
        ({"a": 0}, {"a": False}, ("a",)),
        ({"a": [1]}, {"a": [True]}, ("a",)),
        ({"a": None}, {}, ("a",)),
        ({}, {"a": None}, ("a",)),
        ({"a": "1"}, {"a": 1}, ("a",)),
        ({"a": [1, 2]}, {"a": [2, 1]}, ("a",)),
        ({"a": {}}, {"a": []}, ("a",)),
        ({"z": 1, "b": 1, "c": 1}, {"z": 2, "a": 1, "c": 1}, ("a", "b", "z")),
    ],
)
def test_changed_paths(before: Any, after: Any, changed: tuple[str, ...]) -> None:
    assert changed_paths(before, after) == changed
    assert changed_paths(after, before) == changed


@given(DOCUMENTS, DOCUMENTS)
def test_nothing_else_changes_than_the_changed_paths(before: Any, after: Any) -> None:
    changed = changed_paths(before, after)
    patch = {name: after.get(name) for name in changed}
    operations = [
        {"op": "add" if name in after else "remove", "path": pointer([name]), "value": value}
        for name, value in patch.items()
    ]
    assert changed_paths(operate(before, *operations), after) == ()
