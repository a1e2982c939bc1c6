"""Texts before they are said: nothing dangerous stays, nothing sayable is lost, no piece is too long."""

# ruff: noqa: RUF001  # phonetic symbols and marks of other scripts are what this is about

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batuta.services.speech.alphabet import (
    MOST_TOKENS,
    SYMBOLS,
    fitting,
    from_espeak,
    joined,
    known,
    runs,
    tokens,
)
from batuta.services.speech.texts import (
    CLAUSE_PAUSE,
    SENTENCE_PAUSE,
    WORD_PAUSE,
    has_something,
    pieces,
    speakable,
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<speak>Hello <break time='9s'/>you</speak>", "Hello you"),
        ("3 < 5 > 2", "3 5 2"),
        ("[[h@l'oU]] \\pau=99\\", "h l'oU pau 99"),
        ("a\x00b\x1b[0m\r\nc\u2028d", "a b 0m c d"),
        ("\ufeff\u200bzero\u00adwidth\u202e", "zerowidth"),
        ("I ❤️ it 👩🏽‍🚀 5 €", "I it \u200d 5 €"),
        ("e\u0301te\u0301", "été"),
        ("क्\u200dष", "क्\u200dष"),
        ("😀 ... ✨", "..."),
        ("", ""),
    ],
)
def test_what_cannot_be_said_is_taken_out(text: str, said: str) -> None:
    """Markup, brackets that engines obey, control characters, emoji; letters and marks stay."""
    assert speakable(text) == said


@given(st.text(max_size=300))
def test_any_text_becomes_one_safe_line(text: str) -> None:
    """Whatever comes: no markup, no control or half character, and nothing changes the second time."""
    said = speakable(text)
    assert not set(said) & set("<>[]{}\\\n\r\t\x00")
    assert not [each for each in said if unicodedata.category(each) in {"Cc", "Cs", "So"}]
    assert speakable(said) == said
    said.encode()


@given(st.text(alphabet="ab é1.,!?;: 。，—", max_size=400), st.integers(1, 60))
def test_pieces_fit_and_lose_no_word(text: str, most: int) -> None:
    """Every letter comes in order, in pieces of at most so many characters, each with something to say."""
    found = pieces(speakable(text), most)
    letters = [each for each in text if each.isalnum()]
    assert [each for piece in found for each in piece["text"] if each.isalnum()] == letters
    assert all(len(piece["text"]) <= most and has_something(piece["text"]) for piece in found)
    assert not found or found[-1]["pause"] == 0.0


def test_pieces_end_where_one_takes_breath() -> None:
    """After sentences, then clauses; short sentences share a piece, and abbreviations of numbers hold."""
    text = (
        "It is 3.14, he said. Go! If a sentence is too long, it ends at a comma, or anywhere between words."
    )
    assert [(piece["text"], piece["pause"]) for piece in pieces(text, 30)] == [
        ("It is 3.14, he said. Go!", SENTENCE_PAUSE),
        ("If a sentence is too long,", CLAUSE_PAUSE),
        ("it ends at a comma,", CLAUSE_PAUSE),
        ("or anywhere between words.", 0.0),
    ]
    assert [piece["pause"] for piece in pieces("one two three", 8)] == [WORD_PAUSE, 0.0]
    assert [piece["text"] for piece in pieces("你好。再见！", 4)] == ["你好。", "再见！"]


def test_marks_are_kept_for_kokoro_although_espeak_drops_them() -> None:
    """Words go to espeak-ng, marks go around it; a mark inside a number is no mark."""
    found = runs("Olá, mundo! Custa 3,14 (caro). ¿Qué? नमस्ते। fim")
    assert found == [
        ("Olá", ","),
        ("mundo", "!"),
        ("Custa 3,14  caro", "."),
        ("Qué", "?"),
        ("नमस्ते", "."),
        ("fim", ""),
    ]
    assert joined([("a^ɪ", ","), ("t^ʃˈao", "!")]) == "I, ʧˈao!"


def test_espeaks_notation_becomes_kokoros() -> None:
    """Ties make one symbol of two, remarks about another language go, unknown marks leave their letter."""
    assert from_espeak("ˈo^ɪ d^ʒ(^e^n)hˈa^ʊs(^p^t) k-l") == "ˈoɪ ʤhˈWs kl"
    assert known("nɐ\u0303 \u00f5 ɬ e\u031e ğ \u00e7") == "nɐ\u0303 o\u0303 e \u00e7"
    assert len(SYMBOLS) == 114
    assert tokens("ˈa ɬb") == [156, 43, 16, 44]


@given(st.text(alphabet="abɔʒ.,! ", max_size=700), st.integers(8, 80))
def test_a_long_transcription_is_cut_where_it_can_be(phonemes: str, most: int) -> None:
    """No part is longer than the network takes, and every symbol is in one of them, in order."""
    parts = list(fitting(phonemes, most))
    assert all(len(part) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(phonemes.split())
    assert len(list(fitting("word " * 200))) < 1_000 / MOST_TOKENS + 2
