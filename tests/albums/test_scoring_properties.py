"""What holds of a conclusion whatever the sources say."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from hypothesis import given, settings
from hypothesis import strategies as st

from batuta.albums.scoring import EARLIEST, Weight, conclude
from batuta.albums.sources import Candidate, Failed, Found, Kind, Reason, SourceAnswer, Unknown
from batuta.albums.sources.names import (
    SAME,
    artist_match,
    read_artist,
    read_title,
    searchable_artist,
    searchable_title,
    title_match,
)

THIS_YEAR = 2026
TITLES = ["Red", "Red (Deluxe Edition)", "Red (Taylor's Version)", "Red: The Story", "Blue", "Red - Single"]
ARTISTS = ["A", "The A", "A & B", "B", "Various", "A feat. B"]

years = st.one_of(
    st.none(), st.sampled_from([1741, 1969, 1970, 1991, 2015, 2026, 2031]), st.integers(-10, 10**6)
)
candidates = st.builds(
    Candidate,
    title=st.sampled_from(TITLES),
    artist=st.sampled_from(ARTISTS),
    year=years,
    original_year=years,
    kind=st.sampled_from(Kind),
    score=st.integers(0, 100),
    also_known_as=st.lists(st.sampled_from(ARTISTS), max_size=2).map(tuple),
    comment=st.sampled_from(["", "Taylor's Version", "remix"]),
    reissue=st.booleans(),
    official=st.booleans(),
)
sources = st.sampled_from(["discogs", "itunes", "musicbrainz", "other"])
answers_ = st.lists(
    st.one_of(
        st.builds(Found, sources, st.lists(candidates, min_size=1, max_size=5).map(tuple)),
        st.builds(Unknown, sources),
        st.builds(Failed, sources, st.sampled_from(Reason), st.just("why")),
    ),
    max_size=6,
)
questions = st.tuples(st.sampled_from(ARTISTS), st.sampled_from(TITLES))


def fitting(question: tuple[str, str], year: int, *, first: bool) -> Candidate:
    """The very album that was asked for."""
    artist, album = question
    kind = read_title(album).kind or Kind.ALBUM
    return Candidate(album, artist, year, year if first else None, kind)


@given(questions, answers_)
def test_a_conclusion_is_one(question: tuple[str, str], answers: list[SourceAnswer]):
    """0 to 100; no year and no confidence go together; the year was offered and is possible."""
    found = conclude(*question, answers, this_year=THIS_YEAR)
    assert 0 <= found.confidence <= 100
    assert (found.year is None) == (found.confidence == 0)
    if found.year is not None:
        offered = [c for answer in answers if isinstance(answer, Found) for c in answer.candidates]
        assert EARLIEST <= found.year <= THIS_YEAR
        assert found.year in {year for c in offered for year in (c.year, c.original_year)}
        assert any(said.weight is Weight.SUPPORTS and said.year == found.year for said in found.said)
    assert [said.source for said in found.said] == sorted({answer.source for answer in answers})


@given(questions, answers_, st.randoms(use_true_random=False))
def test_the_order_does_not_matter(question: tuple[str, str], answers: list[SourceAnswer], random: object):
    """Neither of the answers nor of the candidates in them."""
    shuffled = [
        replace(answer, candidates=tuple(random.sample(answer.candidates, len(answer.candidates))))  # type: ignore[attr-defined]
        if isinstance(answer, Found)
        else answer
        for answer in random.sample(answers, len(answers))  # type: ignore[attr-defined]
    ]
    assert conclude(*question, answers, this_year=THIS_YEAR) == conclude(
        *question, shuffled, this_year=THIS_YEAR
    )


@given(questions, answers_)
def test_saying_it_twice_adds_nothing(question: tuple[str, str], answers: list[SourceAnswer]):
    """A source is one witness however often it is heard."""
    once = conclude(*question, answers, this_year=THIS_YEAR)
    assert conclude(*question, answers + answers, this_year=THIS_YEAR) == once


@given(question=questions, answers=answers_, first=st.booleans(), more=st.integers(1, 4))
def test_more_agreement_never_lowers_the_confidence(
    *, question: tuple[str, str], answers: list[SourceAnswer], first: bool, more: int
):
    """Each further source that says the concluded year makes it at least as sure."""
    before = conclude(*question, answers, this_year=THIS_YEAR)
    for name in count():
        if before.year is None or name == more:
            return
        answers = [*answers, Found(f"new {name}", (fitting(question, before.year, first=first),))]
        after = conclude(*question, answers, this_year=THIS_YEAR)
        assert after.confidence >= before.confidence
        before = after


@given(questions, answers_, st.integers(EARLIEST, THIS_YEAR))
def test_a_contradiction_never_makes_a_year_surer(
    question: tuple[str, str], answers: list[SourceAnswer], year: int
):
    """Another first year: if ours stands, then at most as sure as before."""
    before = conclude(*question, answers, this_year=THIS_YEAR)
    other = Found("new", (fitting(question, year, first=True),))
    after = conclude(*question, [*answers, other], this_year=THIS_YEAR)
    if before.year is not None and after.year == before.year != year:
        assert after.confidence <= before.confidence


@given(questions, answers_, st.sampled_from(Reason))
def test_who_does_not_answer_changes_nothing(
    question: tuple[str, str], answers: list[SourceAnswer], reason: Reason
):
    """A failed source and an ignorant one leave year and confidence as they are."""
    before = conclude(*question, answers, this_year=THIS_YEAR)
    silent = [Failed("new", reason, "down"), Unknown("newer")]
    after = conclude(*question, [*answers, *silent], this_year=THIS_YEAR)
    assert (after.year, after.confidence) == (before.year, before.confidence)


@settings(max_examples=200)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_a_name(artist: str, album: str, title: str, by: str):
    """Nothing raises, and whatever matches does so both ways."""
    conclude(artist, album, [Found("x", (Candidate(title, by, 1990),))], this_year=THIS_YEAR)
    searchable_artist(artist)
    searchable_title(album)
    assert title_match(album, title) == title_match(title, album)
    assert artist_match(artist, by) == artist_match(by, artist)
    assert title_match(album, album) == (SAME if read_title(album).key else 0)
    assert artist_match(artist, artist) == (SAME if read_artist(artist) else 0)


@given(
    st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=30),
    st.sampled_from(
        [
            " (Deluxe Edition)",
            " [Remastered 2009]",
            " - 40th Anniversary Edition",
            " (Disc 1)",
            "【デラックス】",
        ]
    ),
)
def test_an_edition_does_not_make_another_work(title: str, edition: str):
    """Whatever the script of the title."""
    assert title_match(title, title + edition) == SAME


@given(st.text(" ()[]-:,&+'.", max_size=400))
def test_hostile_names_take_no_time(text: str):
    """No pattern backtracks over blanks, brackets and dashes for ever; the test's limit would tell."""
    read_title.cache_clear()
    read_title(text * 50)
    artist_match(text * 50, "A")
