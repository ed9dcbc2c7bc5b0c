"""Files of vendor data, read as a stream."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tmf.rest import vendor
from tmf.rest.vendor import VendorDocument, read_vendor_file
from tmf.tmf630_guidelines.documents import check_storable, decode, encode
from tmf.tmf630_guidelines.errors import GuidelineError

FILE = b"""
{
  "TMF620": {"catalog": [{"id": "1", "name": "caf\xc3\xa9"}, {"id": "2", "a": {"b": [1, []]}}],
             "category": []},
  "TMF678": {"customerBill": [{"id": "9", "amountDue": {"value": 10.00}}]}
}
"""
DOCUMENTS = [
    VendorDocument("TMF620", "catalog", 0, {"id": "1", "name": "café"}),
    VendorDocument("TMF620", "catalog", 1, {"id": "2", "a": {"b": [1, []]}}),
    VendorDocument("TMF678", "customerBill", 0, {"id": "9", "amountDue": {"value": Decimal(10)}}),
]


class Drops:
    """A file that gives a few bytes at a time, and nothing once it is dry."""

    def __init__(self, text: bytes, size: int) -> None:
        self.file = io.BytesIO(text)
        self.size = size

    def read(self, size: int = -1) -> bytes:
        return self.file.read(self.size if size < 0 else min(size, self.size))


def read(text: bytes) -> list[VendorDocument]:
    return list(read_vendor_file(io.BytesIO(text)))


def refusal(text: bytes) -> str:
    with pytest.raises(GuidelineError) as caught:
        read(text)
    assert caught.value.code == "invalidBody"
    return str(caught.value.message)


def test_documents_come_with_their_places() -> None:
    assert read(FILE) == DOCUMENTS
    assert [document.place for document in read(FILE)] == [
        "TMF620.catalog[0]",
        "TMF620.catalog[1]",
        "TMF678.customerBill[0]",
    ]


@given(st.integers(1, 80))
def test_it_does_not_matter_how_the_bytes_come(size: int) -> None:
    assert list(read_vendor_file(Drops(FILE, size))) == DOCUMENTS


def test_a_document_is_there_before_the_rest_is_read() -> None:
    start = FILE[: FILE.index(b', {"id": "2"')] + b","
    documents = read_vendor_file(io.BytesIO(start))

    assert next(documents) == DOCUMENTS[0]
    with pytest.raises(GuidelineError, match="invalidBody"):
        next(documents)


@pytest.mark.parametrize("number", ["10.00", "1e5", "-0.0", "0.0000001", "9" * 400])
def test_a_number_keeps_its_text(number: str) -> None:
    document = read(b'{"A": {"b": [{"value": %b}]}}' % number.encode())[0].document

    assert encode(document) == b'{"value":%b}' % number.encode()


TRICKY = st.text(st.sampled_from('a"\\{}[],: \n\té\u2028'), max_size=6)
VALUES = st.recursive(
    TRICKY | st.integers(-5, 5) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TRICKY, inner, max_size=3),
    max_leaves=8,
)
FILES = st.dictionaries(
    st.sampled_from(["TMF620", "TMF622"]),
    st.dictionaries(st.sampled_from(["a", "b"]), st.lists(VALUES, max_size=3), max_size=2),
)


@given(FILES, st.booleans(), st.sampled_from([None, 0, 3]), st.integers(1, 20))
def test_every_document_of_every_file_is_found(
    file: Any, ascii_only: bool, indent: int | None, size: int
) -> None:
    text = json.dumps(file, ensure_ascii=ascii_only, indent=indent).encode()

    found = list(read_vendor_file(Drops(text, size)))

    assert found == [
        VendorDocument(api, resource, position, document)
        for api, resources in file.items()
        for resource, documents in resources.items()
        for position, document in enumerate(documents)
    ]


@given(
    FILES.map(lambda file: json.dumps(file, ensure_ascii=False).encode()),
    st.integers(0, 200),
    st.integers(0, 2),
    st.sampled_from([b"", *(bytes([byte]) for byte in b'"\\{}[],:0-e \0\xff\n')]),
    st.integers(1, 20),
)
@example(b'{"TMF620": {"a": [1 2]}}', 0, 0, b"", 1)
@example(b'{"TMF620": {"a": ["x" "y"]}}', 0, 0, b"", 1)
@example(b'{"TMF620": {"a": [{"b": [1}]}]}}', 0, 0, b"", 1)
@example(b'{"TMF620": {a: []}}', 0, 0, b"", 1)
@example(b'{"TMF620": {5: []}}', 0, 0, b"", 1)
@example(b'{"TMF620" {"a": []}}', 0, 0, b"", 1)
@example(b'{"TMF620": {"a": []},}', 0, 0, b"", 1)
@example(b'{"TMF620": {"a": []}}}', 0, 0, b"", 1)
@example(b'{"TMF620": {"a": [tru]}}', 0, 0, b"", 1)
def test_a_slip_anywhere_is_found(
    text: bytes, place: int, removed: int, added: bytes, size: int
) -> None:
    """Just as by a reader that sees the whole file."""
    at = place % (len(text) + 1)
    text = text[:at] + added + text[at + removed :]

    assert is_read(text, size) == is_vendor_file(text), text


def is_read(text: bytes, size: int) -> bool:
    try:
        list(read_vendor_file(Drops(text, size)))
    except GuidelineError:
        return False
    return True


def is_vendor_file(text: bytes) -> bool:
    try:
        file = decode(text)
        check_storable(file)
    except (msgspec.DecodeError, UnicodeDecodeError, GuidelineError):
        return False
    return isinstance(file, dict) and all(
        isinstance(resources, dict)
        and all(isinstance(documents, list) for documents in resources.values())
        for resources in file.values()
    )


def test_a_document_may_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vendor, "_LARGEST", 1000)
    monkeypatch.setattr(vendor, "_CHUNK", 100)

    def file(size: int) -> bytes:
        return b'{"A": {"b": [' + b'"%b",' % (b"x" * size) * 9 + b"1]}}"

    assert len(read(file(500))) == 10
    assert "a document has more than 1000 bytes" in refusal(file(5000))


@pytest.mark.parametrize(
    ("text", "value"),
    [(b"null", None), (b"true", True), (b"5", 5), (b'"x"', "x"), (b"[]", []), (b"{}", {})],
)
def test_it_is_not_this_readers_part_to_judge_documents(text: bytes, value: Any) -> None:
    """Whether one is an object at all is for the schema to say, with the document's place."""
    documents = read(b'{"A": {"b": [%b, 1]}}' % text)

    assert [document.document for document in documents] == [value, 1]


def test_nothing_is_no_mistake() -> None:
    assert read(b"{}") == read(b'{"A": {}}') == read(b'{"A": {"b": []}}\n') == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[]", "expected an object of APIs"),
        (b"5", "expected an object of APIs"),
        (b'{"A": []}', "expected an object of resources under A"),
        (b'{"A": {"b": {}}}', "expected a list under A.b"),
        (b'{"A": {"b": null}}', "expected a list under A.b"),
    ],
)
def test_another_form_is_refused(text: bytes, message: str) -> None:
    assert refusal(text) == message


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"   ",
        b"x",
        b'{"A": {"b": [1',
        b'{"A": {"b": [1,]}}',
        b'{"A": {"b": [{"a": }]}}',
        b'{"A": {"b": ["\xff"]}}',
        b'{"A": {"b": [1]}} x',
        b'{"A": {"b": [1]}} {"A": {"b": [2]}}',
        b'{"A": {"b": [1e99999999999999999999]}}',
        b'{"A": {"b": [NaN]}}',
        b'{"A": {"b": [01]}}',
    ],
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    assert refusal(text).startswith("not JSON: ")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b'"a\\u0000"', "a string holds a NUL character"),
        (b'{"a\\u0000": 1}', "a string holds a NUL character"),
        (b"1e9999", "a number is out of range"),
        (b"[" * 80 + b"]" * 80, "the document nests deeper than 64 levels"),
    ],
)
def test_what_cannot_be_kept_is_refused(document: bytes, message: str) -> None:
    assert refusal(b'{"A": {"b": [1, %b]}}' % document) == message
