"""Random documents with random queries about them."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.contract.generators import Documents, Draw, json_text, one_of, pools
from tests.contract.question_generators import Questions
from tests.contract.questions import Question

IDS = ("a", "B", "b", "~", "0", "10", "9", "A1", "a1", "Z", "-", "_", "c:d", "x.y", "@")


@dataclass(frozen=True)
class Example:
    """Documents by id, as JSON texts, and queries about them; `earlier` were there before."""

    texts: dict[str, str]
    earlier: dict[str, str]
    questions: list[Question]


@st.composite
def examples(draw: Draw) -> Example:
    """Up to twelve documents and ten queries."""
    pool = draw(pools())
    drawn = [Documents(draw, pool).document() for _ in range(one_of(draw, (8, 12, 12, 3)))]
    ids = draw(st.permutations(IDS))[: len(drawn)]
    asked = Questions(draw, pool, [d | {"id": i} for i, d in zip(ids, drawn, strict=True)])
    questions = [asked.question() for _ in range(10)]
    texts = dict(zip(ids, map(json_text, drawn), strict=True))
    earlier = dict(zip(ids[::4], map(json_text, drawn[::-1]), strict=False))
    return Example(texts, earlier, questions)
