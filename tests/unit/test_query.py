"""The query string of a list: what its criteria mean, and what is refused."""

from __future__ import annotations

from itertools import product
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.effort import MOST_CALLS, calls_of
from tmf.tmf630_guidelines.criteria import EVERYTHING, All, Compare, Field, Node, Some
from tmf.tmf630_guidelines.documents import encode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.fields import Selection
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.query import ListQuery, parse_criteria, parse_list_query
from tmf.tmf630_guidelines.sorting import SortKey
from tmf.tmf630_guidelines.values import Kind

KINDS: dict[tuple[str, ...], Kind] = {
    ("name",): "text",
    ("note",): "object",
    ("note", "author"): "text",
    ("note", "text"): "text",
    ("note", "date"): "instant",
    ("price",): "object",
    ("price", "value"): "number",
    ("lastUpdate",): "instant",
    ("isBundle",): "boolean",
    ("range",): "object",
    ("range", "gt"): "number",
    ("characteristic",): "object",
    ("characteristic", "name"): "text",
    ("characteristic", "value"): "open",
}


def criteria(query_string: str) -> Node:
    return parse_criteria(query_string, KINDS.get)


def refusal(query_string: str) -> str:
    """The message of the 400 that the query string must raise."""
    with pytest.raises(GuidelineError) as caught:
        parse_list_query(query_string, KINDS.get)
    assert caught.value.code == "invalidQuery"
    assert caught.value.status == 400
    return caught.value.message or ""


def finds(query_string: str, document: object) -> bool:
    return matches(criteria(query_string), document)


def field(path: str, inner: Node) -> Node:
    for name in reversed(path.split(".")):
        inner = Field(name, inner)
    return inner


class TestOperators:
    @pytest.mark.parametrize(
        ("query_string", "op"),
        [
            ("name=x", "eq"),
            ("name==x", "eq"),
            ("name.eq=x", "eq"),
            ("name!=x", "ne"),
            ("name.ne=x", "ne"),
            ("name>x", "gt"),
            ("name.gt=x", "gt"),
            ("name>=x", "gte"),
            ("name.gte=x", "gte"),
            ("name<x", "lt"),
            ("name.lt=x", "lt"),
            ("name<=x", "lte"),
            ("name.lte=x", "lte"),
            ("name*=x", "regex"),
            ("name=~x", "regex"),
            ("name.regex=x", "regex"),
        ],
    )
    def test_literal_and_suffix(self, query_string: str, op: str) -> None:
        expected = Field("name", Compare(op, "text", ("x",)))  # type: ignore[arg-type]
        assert criteria(query_string) == expected
        assert criteria(quote(query_string, safe="")) == expected

    def test_a_suffix_is_a_name_where_the_schema_has_it(self) -> None:
        assert criteria("range.gt=5") == field("range.gt", Compare("eq", "number", ("5",)))
        assert criteria("range.gt.gt=5") == field("range.gt", Compare("gt", "number", ("5",)))
        assert "range is an object" in refusal("range.lt=5")

    def test_a_suffix_alone_is_a_name(self) -> None:
        assert criteria("gt=5") == Field("gt", Compare("eq", "open", ("5",)))

    def test_after_a_suffix_any_value_can_be_written(self) -> None:
        assert criteria("name.eq==~x") == Field("name", Compare("eq", "text", ("=~x",)))
        assert criteria("name.eq=>x") == Field("name", Compare("eq", "text", (">x",)))

    @pytest.mark.parametrize(
        "query_string",
        ["name.gt>=x", "name.eq!=x", "name.gt*=x", "name.gt.lt=x", "own.gt.eq=x", "own.eq.eq=x"],
    )
    def test_two_operators(self, query_string: str) -> None:
        assert "two operators" in refusal(query_string)

    @pytest.mark.parametrize(
        "signs",
        [
            *(sorted({*map("".join, product("<>=", repeat=2))} - {"==", ">=", "<="})),
            *map("".join, product("<>=", repeat=3)),
            *("!>", "!<", "*>", "*<", "~=", "~>", "!==", "*==", "=~=", "=~>", "!!=", "**="),
        ],
    )
    def test_other_signs_are_no_operator(self, signs: str) -> None:
        assert "is no operator" in refusal(f"name{signs}x")
        assert "is no operator" in refusal(quote(f"name{signs}x", safe=""))

    @pytest.mark.parametrize(
        ("query_string", "op", "value"),
        [
            ("name=%3Ex", "eq", ">x"),
            ("name=%3Dx", "eq", "=x"),
            ("name!=%3Cx", "ne", "<x"),
            ("name>%3Dx", "gt", "=x"),
            ("name%3E=%78", "gte", "x"),
        ],
    )
    def test_a_sign_encoded_after_an_operator_is_of_the_value(
        self, query_string: str, op: str, value: str
    ) -> None:
        expected = Field("name", Compare(op, "text", (value,)))  # type: ignore[arg-type]
        assert criteria(query_string) == expected

    @pytest.mark.parametrize("suffix", ["GT", "like", "regexp", "in", "equals"])
    def test_a_misspelt_operator(self, suffix: str) -> None:
        assert "neither an attribute nor" in refusal(f"name.{suffix}=x")
        assert criteria(f"own.{suffix}=x") == field(f"own.{suffix}", Compare("eq", "open", ("x",)))

    @pytest.mark.parametrize("query_string", ["name=a;name<>b", "name<>a;name=b"])
    def test_a_malformed_alternative(self, query_string: str) -> None:
        assert "no operator" in refusal(query_string)

    @pytest.mark.parametrize("query_string", ["name", "name!x", "a=1&name"])
    def test_no_operator(self, query_string: str) -> None:
        assert refusal(query_string).startswith("name")

    @pytest.mark.parametrize("query_string", ["=x", "a..b=x", ".a=x", "a.=x", ".gt=x", "a..gt=1"])
    def test_an_empty_part_of_a_path(self, query_string: str) -> None:
        assert "empty part" in refusal(query_string)


class TestKinds:
    def test_an_unknown_attribute_is_open(self) -> None:
        assert criteria("a.b=1") == field("a.b", Compare("eq", "open", ("1",)))

    @pytest.mark.parametrize(
        ("query_string", "parameter"),
        [
            ("price.value=ten", "price.value"),
            ("price.value.gt=", "price.value.gt"),
            ("price.value=1,x", "price.value"),
            ("price.value=1;price.value=x", "price.value"),
            ("price.value=1;name=x", "price.value"),
            ("price.value*=1", "price.value"),
            ("isBundle=yes", "isBundle"),
            ("isBundle=True", "isBundle"),
            ("isBundle.gt=true", "isBundle.gt"),
            ("isBundle.regex=t", "isBundle.regex"),
            ("lastUpdate=yesterday", "lastUpdate"),
            ("lastUpdate=2024-02-30", "lastUpdate"),
            ("lastUpdate.regex=2024", "lastUpdate.regex"),
            ("name*=(", "name"),
            ("a.regex=[", "a.regex"),
            ("price=1", "price"),
            ("price.ne=1", "price.ne"),
            ("note*=x", "note"),
        ],
    )
    def test_a_value_that_cannot_be_of_the_kind(self, query_string: str, parameter: str) -> None:
        assert refusal(query_string).startswith(f"{parameter}: ")

    def test_an_object_says_what_to_do(self) -> None:
        assert "name a path below it" in refusal("price=1")

    def test_booleans(self) -> None:
        assert criteria("isBundle=true") == Field("isBundle", Compare("eq", "boolean", ("true",)))
        assert finds("isBundle.ne=true", {"isBundle": False})

    def test_a_number_is_compared_as_one(self) -> None:
        assert finds("price.value=10", {"price": {"value": 10}})
        assert finds("price.value=1e1", {"price": {"value": 10}})
        assert not finds("price.value.gt=9", {"price": {"value": 9}})


class TestDecoding:
    def test_percent_and_utf_8(self) -> None:
        assert criteria("name=%C3%A9t%C3%A9") == Field("name", Compare("eq", "text", ("été",)))
        assert criteria("name=été") == criteria("name=%C3%A9t%C3%A9")
        assert criteria("n%61me%3Dx") == Field("name", Compare("eq", "text", ("x",)))

    def test_surrogate_escapes_are_bytes(self) -> None:
        raw = "name=été".encode().decode("ascii", "surrogateescape")
        assert criteria(raw) == criteria("name=%C3%A9t%C3%A9")

    @pytest.mark.parametrize("query_string", ["name=%FF", "%C3=x", "name=\udcff"])
    def test_not_utf_8(self, query_string: str) -> None:
        assert "UTF-8" in refusal(query_string)

    @pytest.mark.parametrize("query_string", ["name=%00", "a%00b=x", "limit=1%00", "name=\0"])
    def test_a_nul_character(self, query_string: str) -> None:
        assert "NUL" in refusal(query_string)

    def test_an_encoded_ampersand_is_of_the_value(self) -> None:
        assert criteria("name=a%26b=c") == Field("name", Compare("eq", "text", ("a&b=c",)))

    def test_a_lone_percent_is_one(self) -> None:
        assert criteria("name=100%") == Field("name", Compare("eq", "text", ("100%",)))

    def test_empty_pairs_are_nothing(self) -> None:
        assert criteria("") == EVERYTHING
        assert criteria("&&name=x&") == criteria("name=x")

    def test_a_plus_is_a_space_in_a_text(self) -> None:
        assert criteria("name=a+b") == Field("name", Compare("eq", "text", ("a b",)))
        assert criteria("name=a%2Bb") == Field("name", Compare("eq", "text", ("a+b",)))
        assert criteria("name*=a+b") == Field("name", Compare("regex", "text", ("a b",)))
        assert criteria("my+name=x") == Field("my name", Compare("eq", "open", ("x",)))

    def test_a_plus_is_a_plus_in_a_date_time(self) -> None:
        at = "2024-05-01T10:00:00+02:00"
        expected = Field("lastUpdate", Compare("eq", "instant", (at,)))
        assert criteria(f"lastUpdate={at}") == expected
        assert criteria(f"lastUpdate={quote(at)}") == expected
        assert finds(f"lastUpdate={at}", {"lastUpdate": "2024-05-01T08:00:00.000Z"})
        assert finds(f"lastUpdate>{at}", {"lastUpdate": "2024-05-01T08:00:00.001Z"})

    def test_a_space_in_a_date_time_is_no_plus(self) -> None:
        assert "date-time" in refusal("lastUpdate=2024-05-01T10:00:00%2002:00")

    def test_an_open_value_decides_by_its_look(self) -> None:
        at = "2024-05-01T10:00:00+02:00"
        assert criteria(f"a={at}") == Field("a", Compare("eq", "open", (at,)))
        assert criteria("a=x+y") == Field("a", Compare("eq", "open", ("x y",)))
        assert criteria(f"a=x+y,{at}") == Field(
            "a", Compare("eq", "open", (f"x y,{at.replace('+', ' ')}", "x y", at))
        )


class TestAlternatives:
    def test_a_comma_list_is_also_a_whole(self) -> None:
        assert criteria("name=Smith, John") == Field(
            "name", Compare("eq", "text", ("Smith, John", "Smith", " John"))
        )
        for name in ("Smith, John", "Smith", " John"):
            assert finds("name=Smith, John", {"name": name})
        assert not finds("name=Smith, John", {"name": "John"})

    def test_none_of_a_comma_list(self) -> None:
        assert not finds("name.ne=a,b", {"name": "a"})
        assert not finds("name.ne=a,b", {"name": "a,b"})
        assert finds("name.ne=a,b", {"name": "c"})
        assert finds("name.ne=a,b", {})

    def test_parts_are_deduplicated(self) -> None:
        assert criteria("name=a,a") == Field("name", Compare("eq", "text", ("a,a", "a")))

    def test_typed_parts(self) -> None:
        assert criteria("price.value=1,2") == field(
            "price.value", Compare("eq", "number", ("1", "2"))
        )
        assert criteria("isBundle=true,false") == Field(
            "isBundle", Compare("eq", "boolean", ("true", "false"))
        )

    def test_other_operators_take_the_comma(self) -> None:
        assert criteria("name>a,b") == Field("name", Compare("gt", "text", ("a,b",)))
        assert criteria("name*=a{1,2}") == Field("name", Compare("regex", "text", ("a{1,2}",)))
        assert refusal("price.value>1,2").startswith("price.value")

    def test_repeated(self) -> None:
        assert criteria("name=a&name==b") == Field("name", Compare("eq", "text", ("a", "b")))
        assert criteria("name.ne=a&name!=b") == Field("name", Compare("ne", "text", ("a", "b")))
        assert criteria("name*=a&name.regex=b") == Field(
            "name", Compare("regex", "text", ("a", "b"))
        )

    def test_different_operators_are_a_conjunction(self) -> None:
        node = criteria("price.value>=1&price.value<5")
        assert node == field(
            "price.value", All((Compare("gte", "number", ("1",)), Compare("lt", "number", ("5",))))
        )
        assert [value for value in (0, 1, 4, 5) if matches(node, {"price": {"value": value}})] == [
            1,
            4,
        ]

    def test_semicolon(self) -> None:
        assert criteria("price.value=1;price.value=2") == field(
            "price.value", Compare("eq", "number", ("1", "2"))
        )
        assert criteria("name=a;name=b") == Field(
            "name", Compare("eq", "text", ("a", "b", "a;name=b"))
        )

    def test_semicolon_with_other_operators(self) -> None:
        node = criteria("price.value<1;price.value.gt=5;price.value==3")
        values = [v for v in range(8) if matches(node, {"price": {"value": v}})]
        assert values == [0, 3, 6, 7]
        tests = (
            Compare("lt", "number", ("1",)),
            Compare("gt", "number", ("5",)),
            Compare("eq", "number", ("3",)),
        )
        assert node == field("price.value", Some(tests))

    def test_semicolon_joins_repeated(self) -> None:
        assert criteria("price.value=1;price.value=2&price.value=3,4") == field(
            "price.value", Compare("eq", "number", ("1", "2", "3", "4"))
        )

    def test_an_order_is_not_asked_of_the_whole(self) -> None:
        assert not finds("name<b;name>x", {"name": "b"})
        assert finds("name<b;name>x", {"name": "a"})
        assert finds("name<b;name>x", {"name": "y"})

    @pytest.mark.parametrize("value", ["a;b", "a;b=c", "a;name", "a;name.x=1", "a; name=b", ";"])
    def test_an_ordinary_semicolon(self, value: str) -> None:
        assert criteria(f"name={value}") == Field("name", Compare("eq", "text", (value,)))

    def test_a_semicolon_in_a_regex(self) -> None:
        assert criteria("name*=^a;name*=b$") == Field(
            "name", Compare("regex", "text", ("^a", "b$", "^a;name*=b$"))
        )


class TestTree:
    def test_one_field_for_criteria_under_one_array(self) -> None:
        node = criteria("characteristic.name=vlan&characteristic.value=42")
        assert node == Field(
            "characteristic",
            All(
                (
                    Field("name", Compare("eq", "text", ("vlan",))),
                    Field("value", Compare("eq", "open", ("42",))),
                )
            ),
        )
        one = [{"name": "vlan", "value": 42}]
        two = [{"name": "vlan", "value": 1}, {"name": "x", "value": 42}]
        assert matches(node, {"characteristic": one})
        assert not matches(node, {"characteristic": two})

    def test_criteria_on_a_path_and_below_it(self) -> None:
        assert criteria("a=1&a.b=2") == Field(
            "a", All((Compare("eq", "open", ("1",)), Field("b", Compare("eq", "open", ("2",)))))
        )

    def test_two_attributes(self) -> None:
        assert criteria("name=x&isBundle=true") == All(
            (criteria("name=x"), criteria("isBundle=true"))
        )

    def test_filters_are_alternatives(self) -> None:
        first, second = "filter=$.note[?(@.author=='a')]", "filter=$.price"
        assert criteria(f"{first}&name=x&{second}") == All(
            (criteria("name=x"), Some((criteria(first), criteria(second))))
        )
        assert criteria(second) == Field("price", criteria("filter=$"), strict=True)

    def test_a_plus_in_a_filter(self) -> None:
        at = "2024-05-01T10:00:00+02:00"
        node = criteria(f"filter=$.note[?(@.date+>+'{at}')]")
        assert matches(node, {"note": {"date": "2024-05-01T08:00:01Z"}})
        node = criteria("filter=$.note[?(@.author=='a+b')]")
        assert matches(node, {"note": {"author": "a b"}})
        node = criteria("filter=$.note[?(@.author=='a%2Bb')]")
        assert matches(node, {"note": {"author": "a+b"}})

    def test_a_filter_in_pieces(self) -> None:
        assert "%26%26" in refusal("filter=$.note[?(@.author=='a'&&@.text=='b')]")


class TestReserved:
    def test_defaults(self) -> None:
        assert parse_list_query("", KINDS.get) == ListQuery(EVERYTHING, None, (), 0, 100, None)
        assert parse_list_query("", KINDS.get, default_limit=7).limit == 7

    def test_all(self) -> None:
        query = parse_list_query(
            "name=x&fields=name&sort=-lastUpdate,+name&offset=20&limit=10&cursor=abc", KINDS.get
        )
        assert query == ListQuery(
            criteria=criteria("name=x"),
            selection=Selection({"name": None}),
            sort=(SortKey(("lastUpdate",), "instant", True), SortKey(("name",), "text", False)),
            offset=20,
            limit=10,
            cursor="abc",
        )

    @pytest.mark.parametrize("name", ["offset", "limit", "sort", "cursor"])
    def test_repeated(self, name: str) -> None:
        assert refusal(f"{name}=1&{name}=1").startswith(f"{name}: ")

    def test_repeated_fields(self) -> None:
        query = parse_list_query("fields=a&fields=b,c", KINDS.get)
        assert query.selection == Selection({"a": None, "b": None, "c": None})

    @pytest.mark.parametrize(
        "query_string",
        ["limit=-1", "limit=x", "limit=", "limit=1.0", "limit=1001", "offset=-1", "offset=1e3"],
    )
    def test_no_position(self, query_string: str) -> None:
        assert refusal(query_string).startswith(query_string.partition("=")[0])

    def test_the_largest_limit(self) -> None:
        assert parse_list_query("limit=1000", KINDS.get).limit == 1000
        assert parse_list_query("limit=50", KINDS.get, max_limit=50).limit == 50
        with pytest.raises(GuidelineError):
            parse_list_query("limit=51", KINDS.get, max_limit=50)

    @pytest.mark.parametrize("name", ["fields", "offset", "limit", "sort", "filter", "cursor"])
    def test_other_operators(self, name: str) -> None:
        assert refusal(f"{name}>=1").startswith(f"{name}: ")

    def test_empty(self) -> None:
        query = parse_list_query("fields=&sort=", KINDS.get)
        assert query.selection is None
        assert query.sort == ()
        assert refusal("filter=").startswith("filter")

    def test_criteria_alone_pass_over_the_rest(self) -> None:
        assert criteria("limit=x&name=a&fields=b&sort=c&cursor=d") == criteria("name=a")


class TestLimits:
    @pytest.mark.parametrize(
        "query_string",
        [
            "&".join(f"a{i}=1" for i in range(65)),
            "&".join(["filter=$.a"] * 65),
            "name=a" + ";name=a" * 64,
            "name=" + "x" * 4097,
            "x" * 1025 + "=1",
            "name.regex=" + "x" * 1025,
            ".".join(["a"] * 33) + "=1",
            "name=" + ",".join(map(str, range(600))),
            "&".join(f"{'.'.join([f'a{i}'] * 31)}=1" for i in range(20)),
            "fields=" + "a," * 3000,
            "sort=" + "a,b,c," * 10 + "d",
        ],
    )
    def test_too_much(self, query_string: str) -> None:
        assert refusal(query_string)

    def test_just_enough(self) -> None:
        assert isinstance(criteria("&".join(f"a{i}=1" for i in range(64))), All)
        assert isinstance(criteria("name=" + "x" * 4096), Field)
        assert isinstance(criteria("name.regex=" + "x" * 1024), Field)
        assert isinstance(criteria(".".join(["a"] * 32) + ".gt=1"), Field)
        assert isinstance(criteria("name=" + ",".join(map(str, range(400)))), Field)

    @pytest.mark.parametrize(
        "query_string",
        [
            "a=1&" * 1_000_000,
            "&" * 5_000_000,
            "name=" + "x" * 10_000_000,
            "name=" + "," * 200_000,
            "name=a" + ";name=a" * 30_000,
            "name." * 50_000 + "x=1",
            "filter=" + "[?(" * 50_000,
            "filter=$[?(" + "!" * 4000 + "@.a)]",
            "name*=" + "(" * 1000,
            "name*=" + "((((((((((a{9}){9}){9}){9}){9}){9}){9}){9}){9}){9})",
            "sort=" + "a," * 100_000,
        ],
        ids=lambda text: f"{text[:12]} {len(text)}",
    )
    def test_refused_quickly(self, query_string: str) -> None:
        assert refusal(query_string)
        assert calls_of(lambda: refusal(query_string)) < MOST_CALLS


# Texts made of what the syntax is made of reach much further than random characters.
PIECES = st.sampled_from(
    [*"=&;,.+%><!*~()'\"/\\@$[]?| 1aé", "%2B", "%00", "%C3", "%C3%A9", ".gt", ".ne", ".regex"]
    + [".".join(path) for path in KINDS]
    + ["filter=$", "sort=", "fields=", "limit=", "[?(@.", "')]", "2024-05-01T00:00:00+01:00"]
)
QUERIES = st.one_of(
    st.text(),
    st.text(st.characters(codec=None)),
    st.lists(PIECES, max_size=25).map("".join),
    st.lists(PIECES, max_size=25).map(lambda pieces: quote("".join(pieces), safe="=&+")),
)


def outcome(query_string: str) -> ListQuery | GuidelineError:
    try:
        return parse_list_query(query_string, KINDS.get)
    except GuidelineError as error:
        return error


@settings(max_examples=500, deadline=None)
@given(QUERIES)
def test_any_text_parses_or_is_refused(query_string: str) -> None:
    result = outcome(query_string)
    if isinstance(result, GuidelineError):
        assert result.code == "invalidQuery"
        assert encode(result.body())
    else:
        document = {"name": "x", "note": [{"author": "a"}]}
        assert matches(result.criteria, document) in (True, False)


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1), st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]))
def test_any_text_value_can_be_asked_for(value: str, op: str) -> None:
    query_string = f"name.{op}={quote(value, safe='')}"
    if "\0" in value:
        assert "NUL" in refusal(query_string)
    elif ";name" not in value:
        assert finds(query_string, {"name": value}) is (op in ("eq", "gte", "lte"))
