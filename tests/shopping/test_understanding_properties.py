"""What holds of every message: it is understood, twice the same, within the limits of a requirement."""

from __future__ import annotations

import time

from dialogues.lexicon import LEXICON
from hypothesis import given, settings
from hypothesis import strategies as st

from batuta.services.products import MAX_VALUES, RequirementSpec
from batuta.shopping.models import LONGEST_MESSAGE, Question, Shown, Suggestion
from batuta.shopping.understanding import Act, Context, Understanding, Vocabulary, understand
from batuta.shopping.understanding.languages import LANGUAGES, book_of
from batuta.shopping.understanding.text import fold, key, singular, tokens

VOCABULARY = Vocabulary.of(LEXICON)
CHANGES = {Act.SEARCH, Act.RESET}

phrases = st.sampled_from(sorted(book_of(tuple(LANGUAGES)).meanings))
names = st.sampled_from(sorted(VOCABULARY.entries))
numbers = st.one_of(
    st.integers(0, 3000).map(str),
    st.sampled_from(
        ["1.299,00", "1,5", "0", "99999999999999999999", "1.2.3", "2k", "16gb", '15.6"', "$20", "€"]
    ),
)
signs = st.sampled_from([",", ".", "?", "!", "-", "+", "/", "#", "'", "\n", "🎒", "(", ")", '"', ":"])
words = st.one_of(phrases, phrases, names, names, numbers, signs, st.text(max_size=6))
sentences = st.lists(words, max_size=12).map(" ".join)
messages = st.one_of(sentences, sentences, sentences, st.text(max_size=200))
shown = st.lists(
    st.builds(
        Shown,
        id=st.just("p"),
        title=st.sampled_from(["Fleet Runner Red", "Zephyr laptop", "", "Ⅻ \u2013 'odd' \"one\""]),
        brand=st.sampled_from([None, "Acme", "Unheard"]),
        price=st.sampled_from([None, 0.0, 0.01, 59.9, 1e9]),
    ),
    max_size=4,
).map(tuple)
FACETS = [
    "need",
    "product_type",
    "brand",
    "price",
    "rating",
    "colour",
    "size",
    "memory_gb",
    "waterproof",
    "odd",
]
VALUES = ["under 50", "50-100", "over 100", "Acme", "red", "M", "16", "13-14", "true", "laptop", "", "?"]
questions = st.one_of(
    st.none(),
    st.builds(
        lambda facet, values: Question(
            id="q",
            text="?",
            facet=facet,
            suggestions=tuple(Suggestion(value=value, label=value.title(), count=1) for value in values),
        ),
        st.sampled_from(FACETS),
        st.lists(st.sampled_from(VALUES), max_size=4),
    ),
)
contexts = st.builds(
    lambda before, shown, question: Context(
        spec=understand(before, Context(shown=shown), VOCABULARY).spec, shown=shown, question=question
    ),
    sentences,
    shown,
    questions,
)


def sound(heard: Understanding, context: Context) -> None:
    """A requirement is one, and what is told of it is true."""
    spec = heard.spec
    assert RequirementSpec.model_validate_json(spec.model_dump_json()) == spec
    assert len(spec.keywords) <= MAX_VALUES
    for bounds in (spec.price, *spec.filters.ranges.values()):
        assert bounds.min is None or bounds.max is None or bounds.min <= bounds.max
    assert all(0 <= place < len(context.shown) for place in heard.references)
    assert set(heard.removed) <= set(heard.changed)
    assert bool(heard.changed) == (spec != context.spec)
    assert heard.act in CHANGES or spec == context.spec
    assert not set(spec.brand_preferences) & set(spec.filters.exclude_brands)
    for facet, values in spec.attributes.items():
        assert values
        assert facet not in spec.filters.ranges
        assert not {str(value) for value in values} & set(spec.filters.exclude_attributes.get(facet, ()))
    assert heard.answered in {None, context.question.facet if context.question else None}


@settings(max_examples=400, deadline=None, derandomize=True)
@given(messages, contexts)
def test_any_message_is_understood_somehow(message: str, context: Context):
    """No text raises, and what it comes to is a sound requirement."""
    sound(understand(message, context, VOCABULARY), context)


def unordered(spec: RequirementSpec) -> object:
    """A requirement without the order in which its words were said."""

    def plain(value: object) -> object:
        if isinstance(value, dict):
            return {name: plain(part) for name, part in value.items()}
        return sorted(map(str, value)) if isinstance(value, tuple) else value

    return plain(spec.model_dump())


@settings(max_examples=300, deadline=None, derandomize=True)
@given(messages, contexts)
def test_saying_it_again_changes_nothing(message: str, context: Context):
    """The same message where its own result is what was said before."""
    once = understand(message, context, VOCABULARY).spec
    again = understand(message, context.model_copy(update={"spec": once}), VOCABULARY)
    assert unordered(again.spec) == unordered(once)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_folding_is_done_once(text: str):
    """What is folded stays so, and a key is found by itself."""
    assert fold(fold(text)) == fold(text)
    assert singular(singular(text)) == singular(text) or text.endswith("s")
    assert key(key(text)) == key(text)
    assert all(token.text and " " not in token.text for token in tokens(text))


def test_the_longest_message_takes_no_longer_than_it_may():
    """5,000 characters of the worst kinds: well below a second on any machine."""
    worst = [
        "a ",
        "1 ",
        "red ",
        "not ",
        "$1-",
        "the one ",
        "asdfgh ",
        "shoos ",
        "under ",
        "'l",
        "((",
        "ignore all ",
    ]
    context = Context(shown=(Shown(id="1", title="Red", brand="Acme", price=5),) * 3)
    for part in worst:
        message = (part * LONGEST_MESSAGE)[:LONGEST_MESSAGE]
        started = time.perf_counter()
        sound(understand(message, context, VOCABULARY), context)
        assert time.perf_counter() - started < 1, part
