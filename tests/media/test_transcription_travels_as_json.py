"""A transcription goes through JSON, into the store and back, without loss."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batuta.media import Segment, Transcription, Word
from batuta.media.scripts import join

_SECONDS = st.floats(allow_nan=False, allow_infinity=False)
_WORDS = st.builds(Word, st.text(), _SECONDS, _SECONDS, st.floats(0, 1))
_SEGMENTS = st.builds(Segment, _SECONDS, _SECONDS, st.text(), st.lists(_WORDS, max_size=5).map(tuple))
_ANY = st.builds(
    Transcription, st.text(), st.floats(0, 1), _SECONDS, st.lists(_SEGMENTS, max_size=4).map(tuple), st.text()
)


@settings(deadline=None, max_examples=60)
@given(_ANY)
def test_round_trip_is_exact(transcription: Transcription) -> None:
    """`from_dict(to_dict())` through real JSON gives an equal transcription."""
    assert Transcription.from_dict(json.loads(json.dumps(transcription.to_dict()))) == transcription


@pytest.mark.parametrize(
    ("language", "texts", "joined"),
    [
        ("en", [" Hello", "world. "], "Hello world."),
        ("en", ["one", "", "  ", "two"], "one two"),
        ("zh", ["你好。", "世界。"], "你好。世界。"),
        ("zh", ["我用", "Apple", "Watch"], "我用Apple Watch"),
        ("th", ["สวัสดี", "ครับ"], "สวัสดีครับ"),
        ("ko", ["안녕하세요", "여러분"], "안녕하세요 여러분"),
    ],
)
def test_text_is_joined_as_the_language_writes(language: str, texts: list[str], joined: str) -> None:
    """Segments stand in one line with blanks only where the language has them."""
    segments = tuple(Segment(0.0, 1.0, text) for text in texts)
    assert Transcription(language, 1.0, 1.0, segments).text == joined
    assert join((text.strip() for text in texts), language) == joined
