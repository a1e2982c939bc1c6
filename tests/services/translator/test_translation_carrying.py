"""What a model does not know goes around it; short sentences it gets wrong are in a book."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speeches import unspaced

from batuta.services.translator.carrying import has_words, translated_around
from batuta.services.translator.phrasebook import phrase
from batuta.services.translator.vocabulary import known_characters
from batuta.services.translator.ways import Pair

LATIN = frozenset(string.ascii_letters + string.digits + ".,;:!?'\"()-/>&+=%$*éã")


def around(text: str, known: frozenset[str] | None = LATIN) -> str:
    return translated_around(text, known, lambda part: f"[{part}]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Good morning.", "[Good morning.]"),
        ("😀 I love it 😀", "😀 [I love it] 😀"),
        ("<b>Hello</b> you", "<b>[Hello]</b> [you]"),
        ("5 < 6 yes", "5 < [6 yes]"),
        ("He said مرحبا to me", "[He said] مرحبا [to me]"),
        ("مرحبا بالعالم", "مرحبا بالعالم"),
        ("\x00 hello \x1b end", "\x00 [hello] \x1b [end]"),
        ("\u202ehello\u202c", "\u202e[hello]\u202c"),
        ("12:30", "12:30"),
        ("...", "..."),
        ("see " + "x" * 99, "[see] " + "x" * 99),
        ("don\u2019t \u2014 \u201cgo\u201d\u2026", '[don\'t - "go"...]'),
        ("", ""),
    ],
)
def test_only_what_the_model_knows_is_given_to_it(text: str, expected: str) -> None:
    """Emoji, tags, other scripts, control characters and no-words stay where they are."""
    assert around(text) == expected


def test_a_name_keeps_the_accents_the_model_lacks() -> None:
    """It is read without them, so that the sentence stays whole, and written with them."""
    assert around("Müller came") == "[Müller came]"
    asked: list[str] = []
    translated_around("Müller came", LATIN, lambda part: asked.append(part) or part)
    assert asked == ["Muller came"]


def test_everything_is_known_where_the_vocabulary_says_nothing() -> None:
    """A vocabulary with bytes for what it lacks, or one we cannot read."""
    assert around("日本語 😀", None) == "[日本語 😀]"


@settings(deadline=None)
@given(st.text(max_size=60))
def test_nothing_is_lost_around_the_model(text: str) -> None:
    """With a model that gives back what it gets, only the form of marks and accents changes."""
    assert translated_around(text, LATIN | set(text), lambda part: part) == translated_around(
        text, None, lambda part: part
    )
    kept = translated_around(text, frozenset("abc"), lambda part: part)
    assert sum(map(str.isalpha, unspaced(kept))) <= sum(map(str.isalpha, unspaced(text)))


def test_words_are_what_is_translated() -> None:
    """Letters of any script make a word; numbers and marks do not."""
    assert [has_words(text) for text in ("a", "字", "12.5 %", "♪", "", "-")] == [True, True, *[False] * 4]


def piece(text: bytes, kind: int | None = None) -> bytes:
    body = b"\x0a" + bytes([len(text)]) + text + b"\x15\x00\x00\x00\x00"  # text, then a score
    body += b"" if kind is None else bytes([0x18, kind])
    return b"\x0a" + bytes([len(body)]) + body


@pytest.mark.parametrize(
    ("vocabulary", "expected"),
    [
        (piece("▁ab".encode()) + piece(b"b") + piece(b"<unk>", 2) + piece(b"</s>", 3), frozenset("ab")),
        (piece(b"a") + piece(b"<0x41>", 6), None),
        (piece(b"a") + b"\x12\x02ab" + b"\x18\x05", frozenset("a")),
        (piece(b"abc")[:-3], None),
        (b"\xff" * 20, None),
        (b"", None),
    ],
)
def test_the_characters_of_a_vocabulary_are_read(vocabulary: bytes, expected: frozenset[str] | None) -> None:
    """Those of its normal pieces; none at all where it is damaged or knows every byte."""
    assert known_characters(vocabulary) == expected


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_harm(vocabulary: bytes) -> None:
    """A damaged file gives characters or nothing, and never an error."""
    found = known_characters(vocabulary)
    assert found is None or all(len(character) == 1 for character in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Thank you.", "Obrigado."),
        ("thank you", "obrigado"),
        ("Bye!", "Tchau!"),
        ("Thank you for the fish.", None),
        ("no", None),
        ("...", None),
        ("", None),
    ],
)
def test_the_phrasebook_knows_whole_sentences_only(text: str, expected: str | None) -> None:
    """With the capital and the marks they had."""
    assert phrase(text, Pair("en", "pt")) == expected
    assert phrase(text, Pair("en", "es")) is None
