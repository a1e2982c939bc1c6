"""Where a cue's text is broken into lines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speaking import ENGLISH, LANGUAGES, unspaced

from batuta.media import break_lines, profile_named

BROKEN = [
    ("en", "This is short."),
    ("en", "I told you that the committee / would never agree to it."),
    ("en", "She bought the house / on the corner of Lincoln Avenue."),
    ("en", "The only thing I remember / is the smell of the old library."),
    ("en", "We have been waiting / for this moment since 1998, my friend."),
    ("en", "It was Martin Scorsese / who directed the film, not Spielberg."),
    ("en", "If you do not like it, / you can always send it back to us."),
    ("en", "He asked Dr. Hendricks, / who was standing near the window."),
    ("en", "Look, I never said that. / You must have misunderstood me."),
    ("en", "I could not have done / this without the help of my parents"),
    ("pt", "O presidente da empresa disse / que não vai renunciar ao cargo."),
    ("pt", "A gente se conheceu numa festa / em Recife, se não me engano."),
    ("es", "No sé si te lo había dicho, / pero mañana nos vamos a Sevilla."),
    ("es", "El problema es que los jóvenes / no pueden comprar una vivienda."),
    ("fr", "Je crois que nous ne pourrons jamais / oublier cette journée."),
    ("fr", "Le directeur de la banque a refusé / de nous prêter de l'argent."),
    ("de", "Ich habe gestern einen alten Freund / in der Stadt getroffen."),
    ("de", "Am 3. Oktober feiern / die Deutschen den Tag der Einheit."),
    ("it", "Non credo che il professore / abbia letto la mia relazione."),
    ("it", "Siamo andati al mare con i bambini, / ma pioveva a dirotto."),
    ("xx", "lorem ipsum dolor sit amet / consectetur adipiscing elit sed do"),
]


@pytest.mark.parametrize(("language", "expected"), BROKEN)
def test_line_breaks_where_an_editor_would_break(language: str, expected: str) -> None:
    """Real sentences break before conjunctions and prepositions, after punctuation, and evenly."""
    text = expected.replace(" / ", " ")
    assert " / ".join(break_lines(text, language, ENGLISH)) == expected


def test_text_that_fits_one_line_is_not_broken() -> None:
    """One line is preferred as long as it is wide enough, even with a sentence end in it."""
    text = "It ends. And it goes on for exactly so far"
    assert break_lines(text, "en", ENGLISH) == (text,)


def test_equal_breaks_put_the_longer_line_below() -> None:
    """Of two breaks that part the same, the one with the longer line below is taken."""
    text = "aaaaaaaaaa bbbbbbbbbb cccccccccc dddddddddd eeeeeeeeee"
    top, bottom = break_lines(text, "xx", ENGLISH)
    assert len(top) < len(bottom)


def test_three_lines_when_the_profile_allows_them() -> None:
    """A profile of three narrow lines gets three lines, each broken where it reads best."""
    narrow = replace(ENGLISH, max_line_width=30, max_lines=3)
    lines = break_lines("I told you that the committee would never agree to it when we met.", "en", narrow)
    assert lines == ("I told you that the committee", "would never agree", "to it when we met.")


def test_text_that_fits_no_other_way_gets_more_lines() -> None:
    """A text too long for its cue is still laid out in narrow lines; the checker reports it."""
    lines = break_lines("word " * 3000, "en", ENGLISH)
    assert len(lines) == 375
    assert all(len(line) <= 42 for line in lines)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=120), LANGUAGES)
def test_breaking_loses_nothing(text: str, language: str) -> None:
    """Any text comes back whole, in lines that are narrow enough and never blank."""
    profile = profile_named("default").for_language(language)
    lines = break_lines(text, language, profile)
    assert unspaced(list(lines)) == unspaced([text])
    assert all(line.strip() and profile.measure(line) <= profile.max_line_width for line in lines)
