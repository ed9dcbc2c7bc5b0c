"""The landing page and the documentation page: complete, escaped, and sufficient in themselves."""

import importlib
import json
import re
import shlex
from html.parser import HTMLParser

import pytest

from tmf.rest.pages import (
    ApiCard,
    LandingView,
    ResourceRow,
    examples,
    first_sentence,
    grouped,
    render_docs,
    render_landing,
)

HOSTILE = "<script>alert(1)</script>\"'&"
THIN = "\N{NARROW NO-BREAK SPACE}"
DASH = "\N{EN DASH}"


ROWS = (
    ResourceRow("catalog", "Catalogues.", "/api/catalog", 0),
    ResourceRow("category", "Categories.", "/api/category", 1234567),
)


def card(name="TMF620", rows=ROWS, **other):
    facts = {
        "title": "Product Catalog Management",
        "version": "4.1.0",
        "base_path": f"/api/{name}",
        "docs_url": f"/docs?api={name}",
        "spec_url": f"/openapi/{name}.json",
        "description": "Holds what is for sale. More follows.",
    }
    return ApiCard(name=name, resources=tuple(rows), **{**facts, **other})


def view(*apis, **other):
    return LandingView(version="0.1.0", database="SQLite", apis=apis, **other)


class _Page(HTMLParser):
    """What a page holds: the tags with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data

    def links(self):
        return [found["href"] for tag, found in self.tags if tag == "a"]


@pytest.fixture
def landing():
    return _Page(render_landing(view(card(), card("TMF622", title="Product Ordering"))))


def test_every_api_resource_and_service_page_is_linked(landing):
    links = set(landing.links())
    assert {"/docs", "/health/live", "/health/ready", "/metrics"} <= links
    for name in ("TMF620", "TMF622"):
        assert {
            f"/docs?api={name}",
            f"/openapi/{name}.json",
            "/api/catalog",
            "/api/category",
        } <= links


def test_the_page_says_what_each_api_is_for_and_how_much_there_is(landing):
    assert "Product Ordering" in landing.text
    assert "Holds what is for sale." in landing.text
    assert "More follows" not in landing.text
    assert f"1{THIN}234{THIN}567" in landing.text
    assert f"2{THIN}469{THIN}134" in landing.text  # both APIs together


def test_nothing_is_fetched_from_anywhere_and_no_script_is_needed(landing):
    assert not [tag for tag, _ in landing.tags if tag in ("script", "img", "iframe", "object")]
    fetched = [found["href"] for tag, found in landing.tags if tag == "link"]
    assert all(address.startswith("data:") for address in fetched)
    style = render_landing(view(card())).partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_fits_phones_and_both_colour_schemes():
    text = render_landing(view(card()))
    assert 'content="width=device-width, initial-scale=1"' in text
    assert "prefers-color-scheme: dark" in text


@pytest.mark.parametrize(
    "attribute", ["name", "title", "version", "base_path", "docs_url", "spec_url", "description"]
)
def test_an_apis_text_is_escaped(attribute):
    text = render_landing(view(card(**{attribute: HOSTILE})))
    assert "<script" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("position", ["name", "description", "url"])
def test_a_resources_text_is_escaped(position):
    facts = {"name": "catalog", "description": "Catalogues.", "url": "/catalog", "count": 1}
    text = render_landing(view(card(rows=[ResourceRow(**{**facts, position: HOSTILE})])))
    assert "<script" not in text
    assert 'href=""' not in text


def test_version_database_and_address_are_escaped():
    text = render_landing(
        LandingView(HOSTILE, HOSTILE, (card(),), base_url=f"http://localhost/{HOSTILE}")
    )
    assert "<script" not in text


def test_an_unknown_count_is_a_dash_and_zero_is_zero():
    rows = [ResourceRow("a", "A.", "/a", None), ResourceRow("b", "B.", "/b", 0)]
    shown = re.findall(r'class="count none"[^>]*>([^<]+)<', render_landing(view(card(rows=rows))))
    assert shown == [DASH, "0"]


def test_a_server_without_apis_still_has_a_page():
    page = _Page(render_landing(view()))
    assert "serves no API" in page.text
    assert "curl" not in page.text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, DASH),
        (0, "0"),
        (999, "999"),
        (1000, f"1{THIN}000"),
        (1234567, f"1{THIN}234{THIN}567"),
    ],
)
def test_counts_are_grouped_by_thousands(count, text):
    assert grouped(count) == text


def test_the_examples_are_for_this_server_and_start_where_there_is_something_to_see():
    tried = examples(view(card(), base_url="https://api.operator.example/"))
    read, count, fetch = (shlex.split(example.command) for example in tried)
    assert read == ["curl", "https://api.operator.example/api/category?fields=name&limit=3"]
    assert count == ["curl", "-i", "https://api.operator.example/api/category?limit=0"]
    assert fetch == ["curl", "-O", "https://api.operator.example/openapi/TMF620.json"]


def test_an_example_cannot_break_out_of_its_quotes():
    hostile = card(rows=[ResourceRow("x", "X.", "/x'; rm -rf /; '", 1)])
    assert len(shlex.split(examples(view(hostile))[0].command)) == 2


def test_an_absolute_address_of_a_resource_is_taken_as_it_is():
    row = ResourceRow("x", "X.", "https://other.example/x", 1)
    assert "curl 'https://other.example/x?" in examples(view(card(rows=[row])))[0].command


@pytest.mark.parametrize(
    ("text", "first"),
    [("One. Two.", "One."), ("As of 4.1. Two.", "As of 4.1."), ("Bare", "Bare"), ("", "")],
)
def test_the_first_sentence(text, first):
    assert first_sentence(text) == first


APIS = [
    ("TMF620", "Product Catalog Management", "/openapi/TMF620.json"),
    ("TMF622", "Product Ordering", "/openapi/TMF622.json"),
]


def urls_of(page):
    return json.loads(re.search(r"urls: (\[.*\]),", page)[1])


def primary_of(page):
    return json.loads(re.search(r'"urls\.primaryName": (".*"),', page)[1])


def test_the_documentation_offers_every_api_and_shows_the_selected_one():
    page = render_docs(APIS, "TMF622")
    assert [one["url"] for one in urls_of(page)] == [url for _, _, url in APIS]
    assert primary_of(page) == "TMF622 Product Ordering"
    assert primary_of(page) in [one["name"] for one in urls_of(page)]


@pytest.mark.parametrize("selected", [None, "", "TMF999"])
def test_without_a_known_selection_the_first_api_is_shown(selected):
    assert primary_of(render_docs(APIS, selected)) == "TMF620 Product Catalog Management"


def test_the_documentation_asks_only_for_files_that_the_bundle_ships():
    bundle = importlib.import_module("swagger_ui_bundle").swagger_ui_path
    page = _Page(render_docs(APIS))
    asked = [found["src"] for tag, found in page.tags if tag == "script" and "src" in found]
    asked += [found["href"] for tag, found in page.tags if tag == "link"]
    assert len(asked) == 4
    for address in asked:
        assert address.startswith("/docs/static/")
        assert (bundle / address.removeprefix("/docs/static/")).is_file()


def test_no_document_is_sent_to_an_outside_validator():
    assert "validatorUrl: null" in render_docs(APIS)


def test_titles_and_addresses_cannot_end_the_script():
    page = render_docs([("X", "</script><script>alert(1)", "/'\"</script>")], "X")
    assert "<script>alert" not in page
    assert urls_of(page) == [{"name": "X </script><script>alert(1)", "url": "/'\"</script>"}]
