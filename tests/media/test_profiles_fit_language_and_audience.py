"""Profiles: the published limits, by audience and language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batuta.errors import InvalidRequest
from batuta.media import PROFILES, Profile, profile_named


@pytest.mark.parametrize(
    ("name", "language", "width", "speed"),
    [
        ("default", "en", 42, 20),
        ("default", "en-GB", 42, 20),
        ("default", "pt", 42, 17),
        ("default", "ar", 42, 20),
        ("default", "hi", 42, 22),
        ("default", "ja", 13, 4),
        ("default", "ko", 16, 12),
        ("default", "zh_Hant", 16, 9),
        ("default", "th", 35, 17),
        ("children", "en", 42, 17),
        ("children", "de", 42, 13),
        ("children", "zh", 16, 7),
    ],
)
def test_language_sets_width_and_speed(name: str, language: str, width: float, speed: float) -> None:
    """Each language gets the line width and reading speed of its Netflix guide."""
    profile = profile_named(name).for_language(language)
    assert (profile.max_line_width, profile.max_cps) == (width, speed)


@pytest.mark.parametrize("language", ["", "auto", "und"])
def test_unknown_language_changes_nothing(language: str) -> None:
    """A language nobody knows leaves the contract's profile as it is."""
    assert profile_named("default").for_language(language) == Profile("default")


def test_profile_of_your_own_keeps_its_speed() -> None:
    """A profile under another name adapts its width to the script, not its reading speed."""
    slow = replace(profile_named("default"), name="slow", max_cps=10.0)
    assert slow.for_language("ja") == replace(slow, max_line_width=13, full_width=True)


def test_unknown_profile_lists_the_known_ones() -> None:
    """The error for a wrong name says which names there are."""
    with pytest.raises(InvalidRequest, match=r"'cinema'.*children, default"):
        profile_named("cinema")


def test_every_profile_is_found_under_its_own_name() -> None:
    """`PROFILES` and `profile_named` agree."""
    assert all(profile_named(name).name == name for name in PROFILES)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("max_line_width", 1),
        ("max_line_width", float("nan")),
        ("max_line_width", float("inf")),
        ("max_lines", 0),
        ("max_lines", 4),
        ("max_cps", 0.0),
        ("min_gap", -0.1),
        ("min_gap", 2.0),
        ("max_linger", 8.0),
        ("min_duration", 0.0),
        ("min_duration", 7.0),
        ("max_duration", 0.5),
        ("max_duration", float("inf")),
    ],
)
def test_limits_no_cue_can_keep_are_refused(field: str, value: float) -> None:
    """A profile that contradicts itself is refused with the name of the field."""
    with pytest.raises(InvalidRequest, match=r"min_duration|" + field):
        replace(Profile("own"), **{field: value})


@pytest.mark.parametrize(
    ("language", "text", "characters"),
    [
        ("en", "twelve chars", 12),
        ("en", "日本", 4),
        ("en", "cafe\u0301", 4),
        ("ja", "日本", 2),
        ("ja", "ＡＢ", 2),  # noqa: RUF001 - full-width letters
        ("ko", "서울, OK", 4),
        ("th", "กรุงเทพ", 6),
    ],
)
def test_characters_are_counted_as_the_guides_count(language: str, text: str, characters: float) -> None:
    """Full width counts one where it is the rule, and narrow half; marks above and below count nothing."""
    assert profile_named("default").for_language(language).measure(text) == characters
