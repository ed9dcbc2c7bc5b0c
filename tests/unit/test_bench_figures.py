"""The arithmetic of the benchmarks: medians, spreads, ratios by round, and what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.client import BenchError, Reply
from bench.documents import Catalogue
from bench.figures import Growth, Measured, Spread, spread
from bench.load import Figures, figures_of
from bench.report import shown, table, write_part
from bench.works import WORKS


def figures(rate: float, answers: int = 100) -> Figures:
    return Figures(rate, 1000 / rate, 2000 / rate, answers)


def measured(**rates: list[float]) -> Measured:
    found = Measured()
    for letter, values in rates.items():
        for rate in values:
            found.add(letter, "get", figures(rate), cpu_seconds=0.5)
    return found


def test_a_spread_is_the_median_between_the_least_and_the_most() -> None:
    assert spread([3.0, 1.0, 10.0]) == Spread(3.0, 1.0, 10.0)
    assert spread([1.0, 2.0]) == Spread(1.5, 1.0, 2.0)


def test_a_ratio_is_taken_in_each_round_and_then_over_the_rounds() -> None:
    found = measured(a=[100.0, 10.0, 90.0], b=[50.0, 5.0, 30.0])

    # Of the medians it would be 3: the slow round hit both.
    assert found.ratio("a", "b", "get") == Spread(2.0, 2.0, 3.0)


def test_rounds_that_are_not_pairs_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="argument"):
        measured(a=[1.0, 2.0], b=[1.0]).ratio("a", "b", "get")


def test_the_faster_of_the_ceilings_counts() -> None:
    found = measured(d=[10.0, 30.0, 20.0], d2=[25.0, 25.0, 1.0])

    assert found.faster(("d", "d2"), "get") == "d2"
    assert found.faster(("d", "absent"), "get") == "d"


def test_processor_time_is_for_one_answer_in_milliseconds() -> None:
    assert measured(a=[1.0]).used["a", "get"] == [5.0]


def test_times_are_medians_of_the_rounds_percentiles() -> None:
    p50, p99 = measured(a=[100.0, 50.0, 200.0]).times("a", "get")

    assert (p50, p99) == (10.0, 20.0)


def test_growth_is_how_many_times_as_long() -> None:
    assert Growth("first page", before=2.0, after=3.0).ratio == 1.5


def test_the_generators_line_is_read_and_its_units_are_converted() -> None:
    output = "Running 3s test\nFIGURES 300 3000000 0 1500 42000\n"

    assert figures_of(output) == Figures(rate=100.0, p50=1.5, p99=42.0, answers=300)


@pytest.mark.parametrize("line", ["FIGURES 300 3000000 1 1500 42000", "FIGURES 0 3000000 0 0 0"])
def test_errors_and_no_answers_are_no_figures(line: str) -> None:
    with pytest.raises(BenchError, match="errors"):
        figures_of(line)


def test_output_without_the_line_is_an_error_that_shows_it() -> None:
    with pytest.raises(BenchError, match="unable to connect"):
        figures_of("unable to connect to 127.0.0.1")


def test_a_link_leads_to_a_path_with_its_query() -> None:
    links = '<http://h:1/a/b?offset=0>; rel="first", <http://h:1/a/b?offset=20&x=1>; rel="next"'

    reply = Reply(200, {"link": links}, b"[]")

    assert reply.link("next") == "/a/b?offset=20&x=1"
    assert reply.link("prev") is None


def test_the_same_number_is_the_same_offering_of_2_to_4_kilobytes() -> None:
    posted = next(work for work in WORKS if work.method == "POST")
    bodies = [posted.target(Catalogue(1000), number) for number in range(200)]

    assert bodies[:5] == [posted.target(Catalogue(1000), number) for number in range(5)]
    assert 2000 < sum(map(len, bodies)) / len(bodies) < 4096


def test_a_value_is_shared_by_as_many_as_is_said() -> None:
    catalogue = Catalogue(10_000)
    names = [catalogue.name(number) for number in range(10_000)]
    shelves = [catalogue.shelf(number) for number in range(10_000)]

    assert {names.count(name) for name in names[:20]} == {100}
    assert {shelves.count(shelf) for shelf in shelves[:20]} == {100}


def test_a_table_has_columns_of_one_width() -> None:
    assert table(["a", "bb"], [["long", "x"]]).splitlines() == [
        "| a    | bb |",
        "| ---- | -- |",
        "| long | x  |",
    ]


def test_a_spread_is_shown_with_its_ends() -> None:
    assert shown(Spread(1234.5, 1000.0, 2000.0), 0) == "1,234 (1,000-2,000)"


def test_writing_a_part_again_leaves_the_rest_alone(tmp_path: Path) -> None:
    file = tmp_path / "docs" / "benchmarks.md"
    write_part(file, "figures", "old")
    write_part(file, "profile", "kept")
    file.write_text(file.read_text() + "\nBy hand.\n")

    write_part(file, "figures", "new")

    text = file.read_text()
    assert "old" not in text
    assert [text.index(part) for part in ("new", "kept", "By hand.")] == sorted(
        text.index(part) for part in ("new", "kept", "By hand.")
    )
