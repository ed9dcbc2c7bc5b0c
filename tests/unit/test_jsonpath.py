"""JSONPath filters: the tree they become, what it finds, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.effort import MOST_CALLS, calls_of
from tmf.tmf630_guidelines.criteria import All, Compare, Field, Node, Not, Present, Some
from tmf.tmf630_guidelines.documents import encode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.jsonpath import parse_filter
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.values import Kind

KINDS: dict[tuple[str, ...], Kind] = {
    ("state",): "text",
    ("tag",): "text",
    ("flag",): "boolean",
    ("note",): "object",
    ("note", "author"): "text",
    ("note", "date"): "instant",
    ("item",): "object",
    ("item", "price"): "object",
    ("item", "price", "value"): "number",
    ("item", "note"): "object",
    ("item", "note", "author"): "text",
}


def parsed(text: str) -> Node:
    return parse_filter(text, KINDS.get)


def refusal(text: str) -> str:
    with pytest.raises(GuidelineError) as caught:
        parsed(text)
    assert caught.value.code == "invalidQuery"
    message = caught.value.message or ""
    assert message.startswith("filter: ")
    return message


def noted(inner: Node) -> Node:
    return Field("note", inner, strict=True)


AUTHOR = Field("author", Compare("eq", "text", ("Jean",)))


class TestPaths:
    @pytest.mark.parametrize(
        "text",
        [
            "$.note[?(@.author=='Jean')]",
            "note[?(@.author=='Jean')]",
            ".note[?(@.author=='Jean')]",
            "$['note'][?(@['author']==\"Jean\")]",
            "['note'][?(@.author=='Jean')]",
            '$.note[*][?(@["author"] == "Jean")]',
            " $ . note [ ? ( @ . author == 'Jean' ) ] ",
            "$.note[?@.author=='Jean']",
            "$.note[?('Jean'==@.author)]",
            "$.note[?(((@.author=='Jean')))]",
            r"$.note[?(@.author=='\u004aean')]",
        ],
    )
    def test_spellings_of_one_filter(self, text: str) -> None:
        assert parsed(text) == noted(AUTHOR)

    def test_the_document_itself(self) -> None:
        node = parsed("$[?(@.state=='active')]")
        assert node == Field("state", Compare("eq", "text", ("active",)))
        assert parsed("[?(@.state=='active')]") == node

    def test_existence(self) -> None:
        assert parsed("$.note") == noted(Present())
        assert parsed("$.note[*].author") == noted(Field("author", Present(), strict=True))
        assert parsed("$") == Present()

    def test_a_path_goes_on_after_its_filter(self) -> None:
        assert parsed("$.note[?(@.author=='Jean')].date") == noted(
            All((AUTHOR, Field("date", Present(), strict=True)))
        )

    def test_filters_in_a_row_are_about_one_element(self) -> None:
        node = parsed("$.note[?(@.author=='Jean')][?(@.date)]")
        assert matches(node, {"note": [{"author": "Jean", "date": "x"}]})
        assert not matches(node, {"note": [{"author": "Jean"}, {"date": "x"}]})

    def test_scalars_of_an_array(self) -> None:
        node = parsed("$.tag[?(@=='a')]")
        assert node == Field("tag", Compare("eq", "text", ("a",)), strict=True)
        assert matches(node, {"tag": ["b", "a"]})
        assert not matches(node, {"tag": ["b"]})

    @pytest.mark.parametrize("name", ["@type", "_x", "a-b", "été", "true", "null"])
    def test_names(self, name: str) -> None:
        assert parsed(f"$.{name}") == Field(name, Present(), strict=True)
        assert parsed(f"$['{name}']") == Field(name, Present(), strict=True)

    def test_names_that_need_brackets(self) -> None:
        assert parsed(r"$['a.b']['it\'s']['5g']") == Field(
            "a.b", Field("it's", Field("5g", Present(), True), True), True
        )

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("$..author", ".."),
            ("..author", ".."),
            ("$.note..author", ".."),
            ("$.note[0]", "index"),
            ("$.note[-1]", "index"),
            ("$.note[0:2]", "index"),
            ("$.note[:2]", "index"),
            ("$.note[1,2]", "index"),
            ("$['a','b']", "union"),
            ("$[*,'b']", "union"),
            ("$.*", ".*"),
            ("$.note.length()", "function"),
            ("$.note[?(@.a==@.b)]", "two attributes"),
            ("$.note[?(@.a==$.b)]", "two attributes"),
            ("$.note[?($.a=='x')]", "$"),
        ],
    )
    def test_not_supported(self, text: str, what: str) -> None:
        message = refusal(text)
        assert what in message
        assert "not supported" in message


class TestExpressions:
    def test_precedence(self) -> None:
        node = parsed("$[?(@.a || @.b && !@.c)]")
        a, b, c = (Field(name, Present(), strict=True) for name in "abc")
        assert node == Some((a, All((b, Not(c)))))
        assert parsed("$[?((@.a || @.b) && @.c)]") == All((Some((a, b)), c))
        assert parsed("$[?(!(@.a || @.b))]") == Not(Some((a, b)))

    @pytest.mark.parametrize(
        ("symbol", "op", "flipped"),
        [
            ("==", "eq", "=="),
            ("!=", "ne", "!="),
            (">", "gt", "<"),
            (">=", "gte", "<="),
            ("<", "lt", ">"),
            ("<=", "lte", ">="),
        ],
    )
    def test_comparisons(self, symbol: str, op: Any, flipped: str) -> None:
        expected = Field("a", Compare(op, "open", ("5",)))
        assert parsed(f"$[?(@.a{symbol}5)]") == expected
        assert parsed(f"$[?(5{flipped}@.a)]") == expected

    def test_comparisons_find_the_absent(self) -> None:
        node = parsed("$.note[?(@.author!='Jean')]")
        assert matches(node, {"note": [{"date": "x"}]})
        assert matches(node, {"note": [{"author": "Jean"}, {}]})
        assert not matches(node, {"note": [{"author": "Jean"}]})
        assert not matches(node, {"note": []})
        assert not matches(node, {})

    def test_null(self) -> None:
        assert parsed("$[?(@.a==null)]") == Field("a", Not(Present()))
        assert parsed("$[?(null==@.a)]") == Field("a", Not(Present()))
        assert parsed("$[?(@.note!=null)]") == Field("note", Present())
        assert matches(parsed("$[?(@.a==null)]"), {"a": None})
        assert matches(parsed("$[?(@.a==null)]"), {})
        assert not matches(parsed("$[?(@.a!=null)]"), {"a": None})
        assert "null" in refusal("$[?(@.a>null)]")

    def test_a_filter_inside_a_filter(self) -> None:
        node = parsed("$.item[?(@.price.value>5 && @.note[?(@.author=='Jean')])]")
        assert node == Field(
            "item",
            All(
                (
                    Field("price", Field("value", Compare("gt", "number", ("5",)))),
                    noted(AUTHOR),
                )
            ),
            strict=True,
        )

    def test_a_comparison_below_a_filter_needs_its_element(self) -> None:
        node = parsed("$[?(@.note[?(@.author!='Jean')].text!='x')]")
        assert matches(node, {"note": [{"author": "Ann"}]})
        assert not matches(node, {"note": [{"author": "Jean", "text": "y"}]})
        assert not matches(node, {})

    def test_literals_are_of_the_attributes_kind(self) -> None:
        assert parsed("$[?(@.state==5)]") == Field("state", Compare("eq", "text", ("5",)))
        assert parsed("$[?(@.flag==true)]") == Field("flag", Compare("eq", "boolean", ("true",)))
        assert parsed("$[?(@.flag!='false')]") == Field(
            "flag", Compare("ne", "boolean", ("false",))
        )
        assert parsed("$[?(@.x==false)]") == Field("x", Compare("eq", "open", ("false",)))
        assert parsed("$.item[?(@.price.value=='5')]") == parsed("$.item[?(@.price.value==5)]")

    @pytest.mark.parametrize("number", ["0", "-1", "10.00", "1e5", "1.5E-3"])
    def test_numbers_keep_their_text(self, number: str) -> None:
        assert parsed(f"$[?(@.x=={number})]") == Field("x", Compare("eq", "open", (number,)))

    def test_a_comma_is_an_ordinary_character(self) -> None:
        assert parsed("$[?(@.state=='a,b')]") == Field("state", Compare("eq", "text", ("a,b",)))

    @pytest.mark.parametrize(
        "text",
        [
            "$.item[?(@.price.value=='x')]",
            "$.item[?(@.price.value==true)]",
            "$.item[?(@.price==5)]",
            "$.note[?(@=='x')]",
            "$[?(@==5)]",
            "$.note[?(@.date>'soon')]",
            "$.note[?(@.date=~/2024/)]",
            "$[?(@.flag>true)]",
            "$[?(@.flag==1)]",
        ],
    )
    def test_a_literal_that_cannot_be_of_the_kind(self, text: str) -> None:
        assert refusal(text)


class TestLiterals:
    def test_escapes(self) -> None:
        node = parsed(r"$[?(@.a=='\'\"\\\/\b\f\n\r\té😀')]")
        assert node == Field("a", Compare("eq", "open", ("'\"\\/\b\f\n\r\té😀",)))
        assert parsed(r"$[?(@.a=='\u00e9\ud83d\ude00')]") == parsed("$[?(@.a=='é😀')]")

    @pytest.mark.parametrize(
        "text",
        [r"'\d'", r"'\ud800'", r"'\u12'", r"'\u0000'", "'\0'", "'", "'a\"", r"'\'", "'\ud83d'"],
    )
    def test_bad_strings(self, text: str) -> None:
        assert refusal(f"$[?(@.a=={text})]")

    def test_regexes(self) -> None:
        assert parsed("$[?(@.state=~/^ab/)]") == Field("state", Compare("regex", "text", ("^ab",)))
        assert parsed("$[?(@.state=~'^ab')]") == parsed("$[?(@.state=~/^ab/)]")
        assert parsed(r"$[?(@.a=~/a\/b\d\\/)]") == Field(
            "a", Compare("regex", "open", (r"a/b\d\\",))
        )
        assert parsed(r"$[?(@.a=~'\\d')]") == Field("a", Compare("regex", "open", (r"\d",)))

    def test_the_flag_is_about_every_alternative(self) -> None:
        node = parsed("$[?(@.state=~/^x|y$/i)]")
        assert [t for t in ("Xa", "aY", "a") if matches(node, {"state": t})] == ["Xa", "aY"]

    @pytest.mark.parametrize(
        "test",
        [
            "@.a=~/(/",
            "@.a=~/x/g",
            "@.a=~/x",
            "@.a=~5",
            "@.a=~null",
            "@.a==/x/",
            "'x'=~@.a",
            "/x/==@.a",
        ],
    )
    def test_bad_regexes(self, test: str) -> None:
        assert refusal(f"$[?({test})]")


class TestSyntax:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "@.a",
            "$.",
            "$a",
            "$.a.",
            "$.a[",
            "$.a[]",
            "$.a['']",
            "$.a['b'",
            "$.a[?]",
            "$.a[?()]",
            "$.a[?(@.b]",
            "$.a[?(@.b)",
            "$.a[?(@.b=)]",
            "$.a[?(@.b='x')]",
            "$.a[?(@.b==)]",
            "$.a[?(==1)]",
            "$.a[?(1)]",
            "$.a[?(true)]",
            "$.a[?('x'==1)]",
            "$.a[?(@.b==1==1)]",
            "$.a[?(@.b&@.c)]",
            "$.a[?(@.b&&)]",
            "$.a[?(||@.b)]",
            "$.a[?(b==1)]",
            "$.a[?(@b==1)]",
            "$.a[?(@.5g)]",
            "$.a[?(@.b==1.)]",
            "$.a[?(@.b==x)]",
            "$.a=='x'",
            "$.a)",
            "$.a $.b",
            "$$",
            "#",
        ],
    )
    def test_bad_syntax(self, text: str) -> None:
        assert refusal(text)

    def test_the_message_points_at_the_place(self) -> None:
        assert "'=' at character 10" in refusal("$.a[?(@.b=1)]")
        assert "']' at character 9" in refusal("$.a[?(@.]")

    def test_nesting(self) -> None:
        def nested(depth: int) -> str:
            return "$[?" + "(" * (depth - 1) + "@.a" + ")" * (depth - 1) + "]"

        assert parsed(nested(16)) == Field("a", Present(), strict=True)
        assert "nests" in refusal(nested(17))
        assert "nests" in refusal("$[?" + "!" * 17 + "@.a]")
        assert "nests" in refusal("$" + "[?@.a" * 17 + "]" * 17)

    def test_nesting_is_depth_and_not_number(self) -> None:
        assert isinstance(parsed("$[?" + "&&".join(["(!@.a)"] * 40) + "]"), All)

    def test_path_depth(self) -> None:
        assert isinstance(parsed("$" + ".a" * 32), Field)
        assert "path" in refusal("$" + ".a" * 33)
        assert "path" in refusal("$" + ".a" * 20 + "[?(@" + ".a" * 13 + ")]")

    @pytest.mark.parametrize(
        "text",
        [
            "$." + "a" * 4096,
            "$" + ".a" * 1_000_000,
            "$[?" + "(" * 4000,
            "$[?" + "!" * 4000,
            "$" + "[?@" * 1300,
            "$" + "[?@.a" * 800,
            "$[?" + "||".join(["@.a"] * 800) + "]",
            "'" * 4000,
            "'\\" * 2000,
            "/" + "\\" * 3999,
            "1" * 4000,
            "$[?(@.a=~/" + "(" * 900 + "/)]",
        ],
        ids=lambda text: f"{text[:10]} {len(text)}",
    )
    def test_refused_quickly(self, text: str) -> None:
        assert refusal(text)
        assert calls_of(lambda: refusal(text)) < MOST_CALLS


# Texts made of what the syntax is made of reach much further than random characters.
MARKS = [*"$@.[]()*?!<>,:'\"/\\ -15aé\ud800\0", "&&", "||", "==", "!=", ">=", "=~", "..", "[?("]
WORDS = [")]", "[*]", "$.note", "@.author", "@.date", "state", "null", "'x'", "/a/i", "\\u00e9"]
PIECES = st.sampled_from(MARKS + WORDS)


def outcome(text: str) -> Node | GuidelineError:
    try:
        return parsed(text)
    except GuidelineError as error:
        return error


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.text(st.characters(codec=None)),
        st.lists(PIECES, max_size=20).map("".join),
        st.lists(PIECES, max_size=12).map(lambda pieces: f"$.note[?({''.join(pieces)})]"),
        st.lists(PIECES, max_size=6).map(lambda pieces: f"$.a[?(@.b=='{''.join(pieces)}')]"),
    )
)
def test_any_text_parses_or_is_refused(text: str) -> None:
    result = outcome(text)
    if isinstance(result, GuidelineError):
        assert result.code == "invalidQuery"
        assert encode(result.body())
    else:
        assert matches(result, {"state": "x", "note": [{"author": "a"}]}) in (True, False)


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_string_can_be_asked_for(value: str) -> None:
    literal = value.replace("\\", "\\\\").replace("'", "\\'")
    assert matches(parsed(f"$[?(@.state=='{literal}')]"), {"state": value})
