"""Where cues end: at sentence ends, then at clauses and pauses, never inside what is read as one."""

from __future__ import annotations

import re

import pytest
from speaking import ENGLISH, spoken

from batuta.media import Segment, Transcription, Word, cues_from_words, profile_named

# One cue a line, its lines parted by `/`; `~0.8` is a pause, all else is spoken evenly.
SHAPED = [
    (
        "en",
        """
        I grew up in a small town near the coast,
        and every summer we went swimming / with my cousins who lived across the bay.
        """,
    ),
    (
        "en",
        """
        The report was published last week.
        It says that the number of people / who work from home has doubled
        since the pandemic began.
        """,
    ),
    (
        "en",
        """
        Thank you. ~0.2 Thank you very much.
        ~0.8 It is a great honour / to be here tonight with all of you.
        """,
    ),
    (
        "en",
        """
        What we found was surprising
        ~0.6 because nobody had looked at the data from / the second experiment in that way before.
        """,
    ),
    (
        "en",
        """
        We asked Dr. Alan Grant,
        the head of the institute, what he thought / about the discovery. He was not impressed.
        """,
    ),
    (
        "en",
        """
        Yes.
        ~3.0 No.
        ~3.0 I really don't know what / you want me to say about it.
        """,
    ),
    (
        "pt",
        """
        Eu sempre gostei de música, / mas só comecei a estudar piano
        quando já tinha trinta anos / e morava em Lisboa com a minha irmã.
        """,
    ),
    (
        "es",
        """
        Mi abuela nos contaba / que durante la guerra la gente
        del pueblo escondía el pan debajo / de la cama para que no se lo llevaran.
        """,
    ),
    (
        "fr",
        """
        Nous avons décidé de partir tôt le matin / parce que la route est longue
        et que les enfants / ne supportent pas la chaleur.
        """,
    ),
    (
        "de",
        """
        Der Minister hat gestern erklärt, / dass die Regierung
        die Steuern nicht erhöhen wird, / obwohl das Geld an vielen Stellen fehlt.
        """,
    ),
    (
        "it",
        """
        La prima volta che ho visto il mare avevo / sette anni e ricordo ancora il rumore
        delle onde che arrivavano sulla spiaggia.
        """,
    ),
]


@pytest.mark.parametrize(("language", "script"), SHAPED)
def test_cues_end_where_an_editor_would_end_them(language: str, script: str) -> None:
    """Real sentences, spoken evenly, become the cues we judged good when we read them."""
    expected = [re.sub(r"~\S+ ", "", cue).strip() for cue in script.strip().splitlines()]
    subtitles = cues_from_words(
        spoken(script.replace("/", ""), language), profile_named("default").for_language(language)
    )
    assert [" / ".join(cue.lines) for cue in subtitles.cues] == expected


@pytest.mark.parametrize(
    ("language", "filler", "group"),
    [
        ("en", "we talked for hours about it because", "the house"),
        ("en", "in those years everybody knew that", "Margaret Atwood"),
        ("en", "and after that long winter at last", "she said"),
        ("en", "people in the village thought they", "would never"),
        ("en", "in the end the whole thing cost about", "350 dollars"),
        ("en", "the letter was signed by the mayor and", "Dr. Rivera"),
        ("pt", "naquele tempo todos falavam sobre", "minha mãe"),
        ("es", "en aquellos años todos hablaban de", "nuestra casa"),
        ("fr", "pendant toutes ces longues années", "nous avons"),
        ("de", "damals dachten alle im Dorf, dass man", "nicht kann"),
        ("it", "in quegli anni tutti parlavano della", "nostra casa"),
    ],
)
def test_what_is_read_as_one_is_not_parted(language: str, filler: str, group: str) -> None:
    """Article and noun, names, pronoun and verb, auxiliary and verb, number and unit share a line."""
    words = filler.split()
    for shift in range(len(words)):
        text = " ".join([*words[shift:], *words, group, *words, *words[: shift + 1]])
        subtitles = cues_from_words(spoken(text, language), profile_named("default").for_language(language))
        assert any(group in line for cue in subtitles.cues for line in cue.lines), subtitles.cues


def test_no_orphan_is_left_at_the_end_of_a_sentence() -> None:
    """The last word of a sentence a little longer than a cue takes company with it."""
    text = "They have been working on the regulations for artificial intelligence in the union with patience"
    subtitles = cues_from_words(spoken(text), ENGLISH)
    assert all(len(cue.plain.split()) > 1 for cue in subtitles.cues)


def test_pause_decides_where_nothing_else_does() -> None:
    """Without punctuation or small words, a cue ends where the speaker pauses."""
    text = (
        "alpha bravo charlie delta echo foxtrot golf ~0.7 hotel india juliett kilo lima mike november oscar"
    )
    subtitles = cues_from_words(spoken(text, "xx"), ENGLISH)
    assert subtitles.cues[0].plain.endswith("golf")


def test_segment_of_the_engine_decides_where_nothing_else_does() -> None:
    """All else equal, a cue ends where the engine heard a new segment begin."""
    words = [Word(f"w{index}", index * 0.6, index * 0.6 + 0.6) for index in range(13)]
    for cut in (6, 7):
        segments = (
            Segment(0.0, cut * 0.6, "", tuple(words[:cut])),
            Segment(cut * 0.6, 7.8, "", tuple(words[cut:])),
        )
        subtitles = cues_from_words(Transcription("xx", 1.0, 7.8, segments), ENGLISH)
        assert subtitles.cues[0].plain.endswith(f"w{cut - 1}")


def test_script_without_blanks_is_joined_without_them() -> None:
    """Chinese words stand side by side, foreign ones among them keep their blanks."""
    texts = ["我", "喜欢", "Apple", "Watch", "。"]
    words = tuple(Word(text, index * 0.4, index * 0.4 + 0.3) for index, text in enumerate(texts))
    profile = profile_named("default").for_language("zh")
    [cue] = cues_from_words(Transcription("zh", 1.0, 2.0, (Segment(0.0, 2.0, "", words),)), profile).cues
    assert cue.lines == ("我喜欢Apple Watch。",)


def test_japanese_lines_do_not_begin_with_closing_marks() -> None:
    """Kinsoku (JIS X 4051): punctuation, small kana and closing brackets stay with what is before them."""
    text = "「ちょっと待って」と彼女は言ったが、私はもう電車に乗ってしまっていた。皆さん、こんにちは。"
    profile = profile_named("default").for_language("ja")
    subtitles = cues_from_words(Transcription("ja", 1.0, 12.0, (Segment(0.0, 12.0, text),)), profile)
    lines = [line for cue in subtitles.cues for line in cue.lines]
    assert len(lines) > 3
    assert not [line for line in lines if line[0] in "。、」っょー"]
