"""How long a text will take to say: roughly right in each script."""

from __future__ import annotations

import pytest

from batuta.media.speaking_rate import natural_seconds


@pytest.mark.parametrize(
    ("language", "text", "seconds"),
    [
        ("en", "Twelve letters", 13 / 13.5),
        ("en-GB", "Yes, well. No!", 9 / 13.5 + 0.3),
        ("zh-Hant", "我不會說英語。", 6 / 4.2 + 0.1),
        ("ja", "正しかった", 5 / 4.0),
        ("es", "Buenos días", 10 / 12.0),
        ("", "iPhone 很好", 6 / 12.0 + 2 / 4.2),
        ("en", "", 0.0),
        ("en", "… ?! —", 0.0),
    ],
)
def test_estimate_counts_letters_and_breaths(language: str, text: str, seconds: float) -> None:
    """Letters at the language's rate and a tenth of a second for each mark; nothing for marks alone."""
    assert natural_seconds(text, language) == pytest.approx(seconds)
