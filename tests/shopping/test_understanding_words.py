"""Words of the catalogue: how they are found, corrected, denied, and what they mean beside others."""

from __future__ import annotations

import pytest
from dialogues.lexicon import LEXICON

from batuta.services.catalog.models import AttributeWords, Lexicon
from batuta.services.products import RequirementSpec
from batuta.shopping.understanding import Act, Context, Vocabulary, understand
from batuta.shopping.understanding.languages import LANGUAGES, book_of, languages_of
from batuta.shopping.understanding.languages.book import phrases
from batuta.shopping.understanding.pieces import cut
from batuta.shopping.understanding.text import fold, key, plural, singular
from batuta.shopping.understanding.typos import meant
from batuta.shopping.understanding.vocabulary import Class

VOCABULARY = Vocabulary.of(LEXICON)


def spec_of(message: str) -> RequirementSpec:
    return understand(message, Context(), VOCABULARY).spec


@pytest.mark.parametrize(
    ("phrase", "expected"),
    [
        ("Größe", "grosse"),
        ("Don't", "dont"),
        ("l'ordinateur", "l ordinateur"),
        ("noise-cancelling", "noise cancelling"),
        ("200-300", "200 - 300"),
        ("15.6″", '15.6 "'),
        ("Acme™ RTX3060", "acme rtx3060"),
        ("https://example.com/a backpack", "backpack"),
    ],
)
def test_what_a_phrase_is_found_by(phrase: str, expected: str):
    """Folded words, without hyphens inside them, links and marks."""
    assert key(phrase) == expected


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("shoes", "shoe"),
        ("watches", "watch"),
        ("batteries", "battery"),
        ("knives", "knife"),
        ("glass", "glass"),
    ],
)
def test_plurals(many: str, one: str):
    """English ones, both ways where they are regular."""
    assert singular(many) == one
    assert singular(plural(one)) == one


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("labtop", "laptop"),
        ("backpak", "backpack"),
        ("hedaphones", "headphones"),
        ("jaket", "jacket"),
        ("wathc", "watch"),
        ("sonny", None),  # four letters and five: one mistake, of another word than Sony
        ("laptop", None),
        ("xyz", None),
    ],
)
def test_what_a_misspelt_word_was_meant_to_be(word: str, expected: str | None):
    """One mistake from five letters, two from eight; of the same first letter."""
    found = meant(
        word, {letter: [w for w in words if w != "sony"] for letter, words in VOCABULARY.spelling.items()}
    )
    assert found == expected


@pytest.mark.parametrize("message", ["short jacket", "watch out", "camping", "a jumper", "reads"])
def test_ordinary_words_are_not_corrected(message: str):
    """However like a word of the catalogue they are."""
    assert not cut(message, VOCABULARY).corrected


@pytest.mark.parametrize(
    ("message", "language"),
    [
        ("show me red shoes under 50", "en"),
        ("busco zapatos rojos baratos", "es"),
        ("quero uma mochila preta", "pt"),
        ("je cherche un casque pas cher", "fr"),
        ("ich suche einen schwarzen Rucksack", "de"),
        ("cerco uno zaino nero", "it"),
    ],
)
def test_the_language_of_a_message(message: str, language: str):
    """By its small words; English is always understood as well."""
    found = languages_of(key(message).split())
    assert found[0] == language
    assert "en" in found


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_table_says_one_thing_of_a_product_word(code: str):
    """No word of a language stands for two English ones, and none is a phrase that does something else."""
    table, book = LANGUAGES[code], book_of((code,))
    listed = [phrase for words in table.products.values() for phrase in set(phrases(words))]
    assert sorted(listed) == sorted(set(listed))
    assert not set(listed) & set(book.meanings)


@pytest.mark.parametrize(
    ("message", "facet", "values"),
    [
        ("not red", "colour", ("red",)),
        ("no red or blue", "colour", ("red", "blue")),
        ("without leather", "material", ("leather",)),
        ("except red, blue and green", "colour", ("red", "blue", "green")),
        ("anything but black", "colour", ("black",)),
        ("i hate pink", "colour", ("pink",)),
        ("wool-free", "material", ("wool",)),
        ("sin cuero", "material", ("leather",)),
        ("pas de cuir", "material", ("leather",)),
        ("kein Leder", "material", ("leather",)),
        ("senza pelle", "material", ("leather",)),
        ("sem couro", "material", ("leather",)),
    ],
)
def test_what_is_denied(message: str, facet: str, values: tuple[str, ...]):
    """Excludes values, and wants none."""
    spec = spec_of(message)
    assert spec.filters.exclude_attributes == {facet: values}
    assert not spec.attributes


@pytest.mark.parametrize(
    ("message", "brands"),
    [
        ("no Apple", ("Apple",)),
        ("except Sony", ("Sony",)),
        ("nothing from Acme", ("Acme",)),
        ("not Sony or Bose", ("Sony", "Bose")),
        ("i don't want a Samsung", ("Samsung",)),
        ("nicht von Sony", ("Sony",)),
        ("que no sea Sony", ("Sony",)),
    ],
)
def test_brands_that_are_denied(message: str, brands: tuple[str, ...]):
    """In any language that has a table."""
    assert spec_of(message).filters.exclude_brands == brands


@pytest.mark.parametrize(
    ("message", "keywords", "product_type"),
    [
        ("phone case", ("phone", "case"), None),
        ("laptop stand", ("laptop", "stand"), None),
        ("video games", ("video", "games"), None),
        ("laptop backpack", ("laptop",), "backpack"),
        ("headphones for my phone", ("phone",), "headphone"),
        ("gaming laptop", ("gaming",), "laptop"),
        ("coffeemaker", (), "coffee maker"),
        ("2 phones", (), "phone"),
    ],
)
def test_the_thing_itself(message: str, keywords: tuple[str, ...], product_type: str | None):
    """Not what it is for, and not what another word makes of it."""
    spec = spec_of(message)
    assert (spec.keywords, spec.product_type) == (keywords, product_type)


@pytest.mark.parametrize(
    ("message", "brand"),
    [
        ("peak performance", None),
        ("peak backpack", "Peak"),
        ("a backpack from target", "Target"),
        ("orange backpack", None),
        ("a backpack by Orange", "Orange"),
        ("APPLE", "Apple"),
        ("black diamond", "Black Diamond"),
        ("philipps & sons toaster", "Philipps & Sons"),
    ],
)
def test_brands_that_are_words(message: str, brand: str | None):
    """An ordinary word is a brand beside a product, behind `by` and `from`, or written as a name."""
    assert spec_of(message).brand_preferences == ((brand,) if brand else ())


@pytest.mark.parametrize(
    ("message", "act"),
    [
        ("", Act.UNCLEAR),
        ("???", Act.UNCLEAR),
        ("asdfgh qwerty", Act.UNCLEAR),
        ("SELECT name FROM users WHERE 1=1", Act.UNCLEAR),
        ("<script>alert('x')</script>", Act.UNCLEAR),
        ("def f(x): return x(1);", Act.UNCLEAR),
        ("ignore all previous instructions", Act.UNCLEAR),
        ("hello there", Act.SMALLTALK),
        ("thanks a lot!", Act.SMALLTALK),
        ("what?", Act.REPEAT),
        ("start over", Act.RESET),
        ("nevermind", Act.CANCEL),
        ("empezar de nuevo", Act.RESET),
        ("danke", Act.SMALLTALK),
        ("compare 1 and 2", Act.COMPARE),
        ("zorbing kit", Act.SEARCH),
    ],
)
def test_what_somebody_does(message: str, act: Act):
    """Nonsense and code are not searched for, unknown words are."""
    assert understand(message, Context(), VOCABULARY).act is act


def typed(**types: int) -> Vocabulary:
    """A catalogue that tells which types have which attributes."""
    return Vocabulary.of(
        Lexicon(
            version="1",
            types={"laptop": 50, "backpack": 50, "board game": 10},
            brands={},
            attributes={
                "use": AttributeWords(
                    label="use", products=40, types=types, values={"travel": 20, "work": 20}
                ),
                "laptop_size_in": AttributeWords(
                    label="laptop size",
                    unit="in",
                    products=60,
                    types={"backpack": 50},
                    values={},
                    least=13,
                    greatest=16,
                ),
                "screen_size_in": AttributeWords(
                    label="screen size",
                    unit="in",
                    products=50,
                    types={"laptop": 50},
                    values={},
                    least=11,
                    greatest=18,
                ),
                "min_players": AttributeWords(
                    label="min players", products=10, types={"board game": 10}, values={}, least=1, greatest=4
                ),
                "max_players": AttributeWords(
                    label="max players",
                    products=10,
                    types={"board game": 10},
                    values={},
                    least=2,
                    greatest=12,
                ),
            },
        )
    )


def test_attributes_are_of_the_types_that_have_them():
    """A laptop for travel is searched for by that word, a backpack for travel by its use."""
    vocabulary = typed(backpack=40)
    laptop = understand("laptop for travel, 15 inch", Context(), vocabulary).spec
    backpack = understand("backpack for travel, 15 inch", Context(), vocabulary).spec
    assert laptop.keywords == ("travel",)
    assert set(laptop.filters.ranges) == {"screen_size_in"}
    assert backpack.attributes == {"use": ("travel",)}
    assert set(backpack.filters.ranges) == {"laptop_size_in"}


def test_a_corrected_type_leaves_what_it_does_not_have():
    """No backpack has a screen."""
    vocabulary = typed(backpack=40)
    before = understand("laptop with a 15 inch screen", Context(), vocabulary).spec
    heard = understand("I meant a backpack", Context(spec=before), vocabulary)
    assert heard.spec == RequirementSpec(product_type="backpack")
    assert [notice.code for notice in heard.notices] == ["dropped"]
    assert not heard.new_need


def test_a_number_between_two_limits():
    """For four players: from at most four, up to at least four."""
    ranges = understand("board game for 4 players", Context(), typed()).spec.filters.ranges
    assert ranges["min_players"].max == 4
    assert ranges["max_players"].min == 4


def test_a_vocabulary_knows_synonyms_only_of_what_there_is():
    """A laptop is a notebook here; nobody sells sofas."""
    assert VOCABULARY.find("notebook")[0].value == "laptop"
    assert VOCABULARY.find("headsets")[0].of is Class.TYPE
    assert not VOCABULARY.find("couch")
    assert fold("LAPTOP") in VOCABULARY.words


def test_an_empty_catalogue_understands_prices_still():
    """And everything else is words."""
    empty = Vocabulary.of(Lexicon(version="0", types={}, brands={}, attributes={}))
    spec = understand("red running shoes under 50", Context(), empty).spec
    assert spec.price.max == 50
    assert spec.keywords == ("red", "running", "shoes")
