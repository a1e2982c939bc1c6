"""What a review of the questions found: labels with their ends, currencies, answers understood."""

from __future__ import annotations

import asyncio
from pathlib import Path

from batuta.services.catalog.catalog import Catalog
from batuta.services.catalog.models import CatalogResults, Facet, FacetValue, Lexicon
from batuta.services.products import Range, RequirementSpec
from batuta.shopping.askability import question_for, topic_of
from batuta.shopping.models import Need, Survey
from batuta.shopping.questions import next_question
from batuta.shopping.searching import asked_for
from batuta.shopping.understanding.models import Context
from batuta.shopping.understanding.understand import understand
from batuta.shopping.understanding.vocabulary import Vocabulary


def test_prices_are_offered_in_the_currency_of_the_catalogue() -> None:
    """A need of which no price was said has none; both ends of a range are included."""
    values = [
        FacetValue(value=bounds, count=10) for bounds in (Range(max=50), Range(min=50, max=99), Range(min=99))
    ]
    survey = Survey(total=30, flatness=1, facets={"price": Facet(values=values, known=1, bits=1.6)})
    question = next_question(survey, Need(spec=RequirementSpec(product_type="lamp")), currency="EUR")
    assert question is not None
    assert [one.label for one in question.suggestions] == ["Up to €50", "€50\u2013€99", "€99 or more"]


def test_a_zoom_is_asked_for_by_its_name() -> None:
    """Its unit is no part of it: `Which zoom?`."""
    assert question_for("zoom_x", topic_of("zoom_x", numeric=True), numeric=True) == "Which zoom?"


def test_every_first_suggestion_of_the_demo_is_understood_and_counted(tmp_path: Path) -> None:
    """What is sent back settles the facet that was asked for, and finds as many as were promised."""
    lexicon, answers = asyncio.run(_first_answers(tmp_path))
    assert len({need.spec.product_type for need, *_ in answers}) == len(lexicon.types)
    for need, facet, said, promised, found in answers:
        assert found.total == promised, (need.spec.product_type, facet, said)


async def _first_answers(folder: Path) -> tuple[Lexicon, list[tuple[Need, str, str, int, CatalogResults]]]:
    catalog = await Catalog.opened(folder)
    try:
        lexicon = await catalog.lexicon()
        vocabulary = Vocabulary.of(lexicon)
        told: list[tuple[Need, str, str, int, CatalogResults]] = []
        for name in lexicon.types:
            need = Need(spec=RequirementSpec(product_type=name))
            found = await catalog.search(asked_for(need.spec, 1, 10))
            survey = Survey(total=found.total, flatness=found.flatness, facets=found.facets)
            question = next_question(survey, need, currency=lexicon.currency)
            assert question is not None
            for one in question.suggestions:
                spec = understand(one.value, Context(spec=need.spec, question=question), vocabulary).spec
                assert spec.soft == (question.facet,), (name, one)
                firm = spec.model_copy(update={"soft": ()})
                results = await catalog.search(asked_for(firm, 1, 10).model_copy(update={"facets": False}))
                told.append((need, question.facet, one.value, one.count, results))
        return lexicon, told
    finally:
        await catalog.aclose()
