"""What a search finds: by words, by meaning, and nothing by accident."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np
import pytest
from shop_goods import asked, goods, ids, open_shop

from batuta.services.catalog.building import IndexBuilder
from batuta.services.catalog.catalog import Catalog
from batuta.services.catalog.embedding import DIMENSIONS
from batuta.services.catalog.terms import Stems, words_of

TABLE = (
    "CREATE VIRTUAL TABLE goods USING fts5(title, description, brand, category, attributes,"
    " tokenize='porter unicode61 remove_diacritics 2')"
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    with open_shop(tmp_path_factory.mktemp("shop")) as catalog:
        yield catalog


@pytest.mark.parametrize("query", ["toaster", "Toasters", "a TOASTER, please", "toaster -- for me!"])
def test_words_are_found_in_any_form_and_company(shop: Catalog, query: str) -> None:
    """The plural, capitals, punctuation and words that name nothing change nothing."""
    assert {product.category for product in asked(shop, query).products} == {"toaster"}


def test_what_has_all_words_comes_first_and_the_colour_alone_finds_nothing(shop: Catalog) -> None:
    """`red toaster` is about toasters: there are two red ones, and other toasters after them."""
    results = asked(shop, "red toaster")
    assert set(ids(results)[:2]) == {"toaster-0", "toaster-3"}
    assert {product.category for product in results.products} == {"toaster"}


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("auriculares inalámbricos", "headphones"),
        ("Kaffeemaschine", "coffee maker"),
        ("chaussures de course", "running shoe"),
    ],
)
def test_a_query_in_another_language_finds_what_it_means(shop: Catalog, query: str, kind: str) -> None:
    """None of its words is in the catalogue."""
    results = asked(shop, query)
    assert results.total >= 6
    assert {product.category for product in results.products[:5]} == {kind}


@pytest.mark.parametrize("query", ["asdfgh qwerty", "zzzz", "blah blah blah", "🎉🎉", "!!!", "wibble wobble"])
def test_nonsense_finds_nothing(shop: Catalog, query: str) -> None:
    """No product is near enough to be meant."""
    results = asked(shop, query)
    assert (results.total, results.products, results.cheapest) == (0, [], None)
    assert results.flatness == 0


@pytest.mark.parametrize(
    "query",
    [
        *('"', "NEAR(toaster", "toaster*", "-toaster", "title:toaster", "a AND", "\0toaster\0", "^ ( ) { }"),
        *("½ ²", "toaster " * 125, "ü" * 1000, "\ud7ff\uffff", "' OR 1=1 --", "日本語のトースター"),
    ],
)
def test_no_query_is_an_error(shop: Catalog, query: str) -> None:
    """Whatever the full-text engine's own language would make of it."""
    results = asked(shop, query)
    if "toaster" in query:
        assert results.products[0].category == "toaster"


def test_scores_fall_from_one_and_stay_above_zero(shop: Catalog) -> None:
    """The best is 1."""
    scores = [product.score for product in asked(shop, "black shoes", pagination={"size": 100}).products]
    assert scores[0] == 1
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_without_a_query_everything_is_found_and_fits_alike(shop: Catalog) -> None:
    """In the order of the ids."""
    results = asked(shop, "  ", pagination={"size": 100})
    assert ids(results) == sorted(product.id for product in goods())
    assert {product.score for product in results.products} == {1.0}
    assert results.flatness == pytest.approx(1)
    assert results.cheapest == 20


@pytest.mark.parametrize("query", ["", "red", "shoes for running"])
def test_pages_follow_one_another_without_gap_or_repetition(shop: Catalog, query: str) -> None:
    """The total is that of all pages; behind the last one is nothing."""
    pages = [asked(shop, query, pagination={"page": page, "size": 4}) for page in range(1, 10)]
    whole = asked(shop, query, pagination={"size": 100})
    assert [each for page in pages for each in ids(page)] == ids(whole)
    assert {page.total for page in pages} == {len(whole.products)}
    assert pages[-1].products == []


def test_the_same_question_gives_the_same_answer(shop: Catalog) -> None:
    """Ties are not broken by chance."""
    first, again = (asked(shop, "blue", pagination={"size": 100}) for _ in range(2))
    assert first == again


def test_words_weigh_as_in_full_text_search_of_sqlite() -> None:
    """The impact of every word is the bm25 that FTS5 gives for it, with the fields weighted."""
    stems, products = Stems(), sorted(goods(), key=lambda product: product.id)
    builder = IndexBuilder(stems)
    table = sqlite3.connect(":memory:")
    table.execute(TABLE)
    for row, product in enumerate(products):
        builder.add(row, product, np.zeros(DIMENSIONS, np.float16), None)
        attributes = " ".join(
            "defrost" if value is True else f"{value:g}" if isinstance(value, float) else str(value)
            for value in product.attributes.values()
        )
        fields = (product.title, product.description, product.brand, product.category, attributes)
        table.execute("INSERT INTO goods VALUES (?, ?, ?, ?, ?)", fields)
    postings = builder.built("1", lambda texts: np.zeros((len(texts), DIMENSIONS), np.float32)).postings
    ours, theirs = {}, {}
    question = "SELECT rowid - 1, -bm25(goods, 4, 2, 2, 2, 0.5) FROM goods WHERE goods MATCH ?"
    for word in {
        word for product in products for word in words_of(product.title + " " + product.description)
    }:
        (stem,) = stems.of([word])[word]
        place = postings.of(stem)
        rows = postings.rows[place].tolist()
        ours[word] = dict(zip(rows, postings.impacts[place].tolist(), strict=True))
        theirs[word] = dict(table.execute(question, (f'"{word}"',)).fetchall())
    table.close()
    stems.close()
    assert ours.keys() == theirs.keys()
    for word, impacts in ours.items():
        assert impacts == pytest.approx(theirs[word], rel=1e-5, abs=1e-5), word


def test_a_catalogue_smaller_than_the_kept_dimensions_loses_no_meaning(shop: Catalog) -> None:
    """The cosines over the turned vectors are those over the whole ones."""
    from shop_goods import EMBEDDER  # noqa: PLC0415  # where it is used

    with shop._reading() as version:
        index = version.index
    texts = [f"{title}" for title in ("wireless headphones", "cafetera")]
    products = sorted(goods(), key=lambda product: product.id)
    whole = EMBEDDER.encode([f"{p.title}. {p.category}. {p.description}" for p in products])
    for text in texts:
        asked_for = EMBEDDER.query(text)
        assert index.vectors @ (asked_for @ index.basis) == pytest.approx(whole @ asked_for, abs=5e-3)
