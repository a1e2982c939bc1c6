"""Which track is taken for which languages."""

from __future__ import annotations

import pytest

from batuta.errors import InvalidRequest
from batuta.transcripts.languages import choose, preferences
from batuta.transcripts.models import Track


def track(code: str) -> Track:
    """`en` for a manual track, `en*` for an automatic one."""
    return Track(
        language=code.rstrip("*"), name=code, transcript_type="auto" if code.endswith("*") else "manual"
    )


@pytest.mark.parametrize(
    ("offered", "wanted", "taken"),
    [
        ("en es", "es", "es"),
        ("en es", "fr", None),
        ("en es", "fr es en", "es"),
        ("en* en", "en", "en"),
        ("en*", "en", "en*"),
        ("es* en", "es en", "es*"),
        ("pt-BR", "pt", "pt-BR"),
        ("pt-PT pt", "pt", "pt"),
        ("pt* pt-BR", "pt", "pt-BR"),
        ("pt* pt-BR*", "pt", "pt*"),
        ("pt", "pt-BR", "pt"),
        ("pt-PT", "pt-BR", None),
        ("zh zh-Hant", "zh-Hant-TW", "zh-Hant"),
        ("EN-us", "en", "EN-us"),
        ("en-US", "EN_us", "en-US"),
        ("en-nP7-2PuUl7o", "en", "en-nP7-2PuUl7o"),
        ("en-nP7-2PuUl7o en", "en-nP7-2PuUl7o", "en-nP7-2PuUl7o"),
        ("zh-Hans zh-Hant", "zh-TW", "zh-Hant"),
        ("zh-Hant zh-Hans", "zh-CN", "zh-Hans"),
        ("zh-TW", "zh-Hant", "zh-TW"),
        ("iw", "he", "iw"),
        ("fil", "tl", "fil"),
        ("eng", "en", None),
        ("en", "e", None),
        ("", "en", None),
    ],
)
def test_the_most_preferred_track_is_taken(offered: str, wanted: str, taken: str | None) -> None:
    """Preference first, then people's writing, then nearness of the code."""
    found = choose([track(code) for code in offered.split()], wanted.split())
    assert (found and found.name) == taken


@pytest.mark.parametrize(
    ("offered", "own", "taken"),
    [
        ("ar en de", None, "ar"),
        ("ar en en*", None, "en"),
        ("ar en-GB en*", None, "en-GB"),
        ("ar de*", None, "ar"),
        ("de* en*", None, "de*"),
        ("de* en*", "en", "en*"),
        ("ar en", "en-US", "en"),
        ("ar en", "ja", "ar"),
        ("", None, None),
    ],
)
def test_any_language_is_the_video_s_own_written_by_people(
    offered: str, own: str | None, taken: str | None
) -> None:
    """A manual track in another language still comes before an automatic one."""
    found = choose([track(code) for code in offered.split()], None, own)
    assert (found and found.name) == taken


def test_preferences_are_read_with_mercy() -> None:
    """Blanks and repetitions are dropped; nothing left means any language."""
    assert preferences([" es ", "en", "es", ""]) == ("es", "en")
    assert preferences([]) is None
    assert preferences([" "]) is None
    assert preferences(None) is None
    assert preferences(["en-nP7-2PuUl7o", "zh-Hant-TW"]) == ("en-nP7-2PuUl7o", "zh-Hant-TW")


@pytest.mark.parametrize("code", ["e", "english please", "en;", "../x", "x" * 80, "12"])
def test_what_is_no_code_is_refused(code: str) -> None:
    """With the code in the message."""
    with pytest.raises(InvalidRequest, match="language code"):
        preferences([code])


def test_there_is_a_limit_to_choice() -> None:
    """Twenty languages."""
    with pytest.raises(InvalidRequest, match="21 languages"):
        preferences([f"e{chr(97 + index)}" for index in range(21)])
