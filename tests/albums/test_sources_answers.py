"""What the sources are asked, and how their answers read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sources_loopback import CONTACT, MAKERS, TOKEN, Loopback, Says, Source

from batuta.albums.sources import (
    ANSWERS,
    Candidate,
    Discogs,
    Failed,
    Found,
    ITunes,
    Kind,
    Manners,
    MusicBrainz,
    Reason,
    SourceAnswer,
    Unknown,
)
from batuta.clients import AppTransport
from batuta.errors import InvalidRequest
from batuta.testing.clock import VirtualClock
from batuta.version import __version__

pytestmark = pytest.mark.anyio


@pytest.fixture
def loopback() -> Loopback:
    return Loopback()


@asynccontextmanager
async def asked(name: str, loopback: Loopback) -> AsyncIterator[Source]:
    """A source in front of the loopback, with no time passing."""
    manners = Manners(clock=VirtualClock())
    source = MAKERS[name]("http://sources.example", manners, AppTransport(loopback))
    yield source
    await source.aclose()


async def look_up(name: str, loopback: Loopback, artist: str, album: str) -> SourceAnswer:
    async with asked(name, loopback) as source:
        return await source.look_up(artist, album)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "musicbrainz",
            Candidate("Nevermind", "Nirvana", 1991, 1991, Kind.ALBUM, score=100, also_known_as=("Nirvana",)),
        ),
        ("itunes", Candidate("Nevermind", "Nirvana", 1991, None, Kind.ALBUM, "USA", 100)),
        ("discogs", Candidate("Nevermind", "Nirvana", 1991, 1991, Kind.ALBUM, "US", 100)),
    ],
)
async def test_an_album_is_found_in_each(name: str, expected: Candidate, loopback: Loopback):
    """Each tells title, artist, year and kind; those that know the first release tell that."""
    assert await look_up(name, loopback, "Nirvana", "Nevermind (Deluxe Edition)") == Found(name, (expected,))


@pytest.mark.parametrize("name", MAKERS)
async def test_not_knowing_is_an_answer(name: str, loopback: Loopback):
    """Asked, and it does not know such an album."""
    assert await look_up(name, loopback, "Nobody Whatsoever", "Xyzzy") == Unknown(name)


@pytest.mark.parametrize("name", MAKERS)
async def test_answers_survive_being_written_down(name: str, loopback: Loopback):
    """As JSON and back they are the same, whatever the outcome."""
    found = await look_up(name, loopback, "Nirvana", "Nevermind")
    for answer in (found, Unknown(name), Failed(name, Reason.BUSY, "busy", 3.0)):
        assert ANSWERS.validate_json(ANSWERS.dump_json(answer)) == answer


async def test_musicbrainz_is_asked_as_it_wants_to_be(loopback: Loopback):
    """A Lucene query with special characters escaped, JSON, and who we are in the User-Agent."""
    await look_up("musicbrainz", loopback, "The AC/DC", 'Say "Hi": (Live)')
    [request] = loopback.requests
    assert request.url.path == "/ws/2/release-group"
    assert dict(request.query_params) == {
        "query": r'releasegroup:("say \"hi\": (live)" say \"hi\"\: \(live\)) AND artist:("ac/dc" ac\/dc)',
        "fmt": "json",
        "limit": "25",
    }
    assert request.headers["user-agent"] == f"batuta/{__version__} ( {CONTACT} )"


async def test_itunes_is_asked_for_albums_of_a_country(loopback: Loopback):
    """One term with both names, without the edition."""
    source = ITunes(url="http://s.example", country="JP", transport=AppTransport(loopback))
    await source.look_up("The Beatles", "Abbey Road [2019 Mix]")
    await source.aclose()
    [request] = loopback.requests
    assert request.url.path == "/search"
    assert dict(request.query_params) == {
        "term": "beatles abbey road",
        "media": "music",
        "entity": "album",
        "country": "JP",
        "limit": "25",
    }


async def test_discogs_is_asked_for_masters_with_the_token_in_a_header(loopback: Loopback):
    """A master with a year is enough; the URL tells nothing."""
    await look_up("discogs", loopback, "Nirvana", "Nevermind")
    [request] = loopback.requests
    assert dict(request.query_params) == {
        "type": "master",
        "artist": "nirvana",
        "release_title": "nevermind",
        "per_page": "25",
    }
    assert request.headers["authorization"] == f"Discogs token={TOKEN}"
    assert TOKEN not in str(request.url)


async def test_discogs_looks_for_releases_where_no_master_is_the_album(loopback: Loopback):
    """An album pressed once has no master; its release's year is not said to be the first."""
    answer = await look_up("discogs", loopback, "Sunn O)))", "Monoliths & Dimensions")
    assert [request.query_params["type"] for request in loopback.requests] == ["master", "release"]
    assert answer == Found(
        "discogs",
        (Candidate("Monoliths & Dimensions", "Sunn O)))", 2009, None, Kind.ALBUM, "US", 100),),
    )


async def test_a_master_of_another_album_does_not_end_the_search(loopback: Loopback):
    """What only looks alike is kept, and the releases are asked for as well."""
    other = b'{"results": [{"title": "Sunn O))) - Monoliths", "year": "2001", "type": "master"}]}'
    loopback.script.append(Says(body=other))
    answer = await look_up("discogs", loopback, "Sunn O)))", "Monoliths & Dimensions")
    assert isinstance(answer, Found)
    assert [(c.title, c.original_year) for c in answer.candidates] == [
        ("Monoliths", 2001),
        ("Monoliths & Dimensions", None),
    ]


@pytest.mark.parametrize(
    ("written", "artist", "title"),
    [
        ("Cream (2) - Disraeli Gears", "Cream", "Disraeli Gears"),
        ("Jay Z* & Kanye West - Watch The Throne", "Jay Z & Kanye West", "Watch The Throne"),
        ("*NSYNC - No Strings Attached", "*NSYNC", "No Strings Attached"),
        ("Bob Marley - Live - One", "Bob Marley", "Live - One"),
        ("A - B - C", "A - B", "C"),
        ("No Dash", "", "No Dash"),
    ],
)
async def test_discogs_titles_come_apart(written: str, artist: str, title: str, loopback: Loopback):
    """Artist and title share one field, with numbers and asterisks that are no part of a name."""
    loopback.script.append(Says(body=b'{"results": [{"title": "%s"}]}' % written.encode()))
    loopback.script.append(Says(body=b'{"results": []}'))
    answer = await look_up("discogs", loopback, "A - B", "C")
    assert isinstance(answer, Found)
    assert (answer.candidates[0].artist, answer.candidates[0].title) == (artist, title)


@pytest.mark.parametrize(
    ("formats", "kind", "reissue", "official"),
    [
        ('["CD", "Album", "Reissue", "Remastered"]', Kind.ALBUM, True, True),
        ('["Vinyl", "LP", "Compilation"]', Kind.COMPILATION, False, True),
        ('["Vinyl", "7\\"", "Single"]', Kind.SINGLE, False, True),
        ('["CDr", "EP", "Unofficial Release"]', Kind.EP, False, False),
        ("null", Kind.UNSAID, False, True),
    ],
)
async def test_discogs_formats_tell_the_sort_of_release(
    *, formats: str, kind: Kind, reissue: bool, official: bool, loopback: Loopback
):
    """Also whether it is a later edition or a bootleg."""
    loopback.script.append(Says(body=b'{"results": []}'))
    body = f'{{"results": [{{"title": "A - B", "year": 1999, "country": "", "format": {formats}}}]}}'
    loopback.script.append(Says(body=body.encode()))
    answer = await look_up("discogs", loopback, "A", "B")
    assert answer == Found(
        "discogs", (Candidate("B", "A", 1999, None, kind, None, 100, reissue=reissue, official=official),)
    )


@pytest.mark.parametrize(
    ("said", "kind", "official"),
    [
        ('"primary-type": "Album", "secondary-types": ["Compilation", "Live"]', Kind.LIVE, True),
        ('"primary-type": "Album", "secondary-types": ["Interview"]', Kind.OTHER, True),
        ('"primary-type": "Album", "secondary-types": ["Mixtape/Street"]', Kind.ALBUM, True),
        ('"primary-type": "Broadcast"', Kind.OTHER, True),
        ('"primary-type": null, "secondary-types": null, "artist-credit": []', Kind.UNSAID, True),
        ('"primary-type": "EP", "releases": [{"status": "Bootleg"}]', Kind.EP, False),
        ('"primary-type": "EP", "releases": [{"status": "Bootleg"}, {"status": "Official"}]', Kind.EP, True),
    ],
)
async def test_musicbrainz_types_tell_the_sort_of_release(
    *, said: str, kind: Kind, official: bool, loopback: Loopback
):
    """The second type counts before the first; a group of bootlegs only is one."""
    loopback.script.append(Says(body=b'{"release-groups": [{"title": "B", %s}]}' % said.encode()))
    answer = await look_up("musicbrainz", loopback, "A", "B")
    assert isinstance(answer, Found)
    assert (answer.candidates[0].kind, answer.candidates[0].official) == (kind, official)


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("1991-09-24", 1991),
        ("1991-09", 1991),
        ("1991", 1991),
        ("", None),
        ("19", None),
        ("????", None),
        ("0000", None),
    ],
)
async def test_a_date_may_be_partial(date: str, year: int | None, loopback: Loopback):
    """MusicBrainz knows some albums by the year, some by nothing."""
    body = f'{{"release-groups": [{{"title": "B", "first-release-date": "{date}"}}]}}'
    loopback.script.append(Says(body=body.encode()))
    answer = await look_up("musicbrainz", loopback, "A", "B")
    assert isinstance(answer, Found)
    assert answer.candidates[0].original_year == year


async def test_names_in_other_scripts_come_with_the_artist(loopback: Loopback):
    """So that a library in Latin letters finds a Cyrillic band."""
    answer = await look_up("musicbrainz", loopback, "Kino", "Группа крови")
    assert isinstance(answer, Found)
    assert "Kino" in answer.candidates[0].also_known_as


@pytest.mark.parametrize("name", MAKERS)
async def test_entries_nobody_can_read_do_not_hide_the_others(name: str, loopback: Loopback):
    """A list may have one damaged entry."""
    loopback.script.append(
        Says(
            body=b'{"release-groups": [17, {"title": "A"}], '
            b'"results": [null, {"title": "A - B", "collectionName": "B", "year": 1990}]}'
        )
    )
    answer = await look_up(name, loopback, "A", "B")
    assert isinstance(answer, Found)
    assert len(answer.candidates) == 1


async def test_what_is_no_album_of_the_store_is_no_candidate(loopback: Loopback):
    """A track is none."""
    loopback.script.append(Says(body=b'{"results": [{"wrapperType": "track", "collectionName": "B"}]}'))
    assert await look_up("itunes", loopback, "A", "B") == Unknown("itunes")


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(("artist", "album"), [("", "B"), ("A", " \t"), ("\x00\x07", "B")])
async def test_a_blank_name_is_not_asked_for(name: str, artist: str, album: str, loopback: Loopback):
    """The caller is told so; nobody is asked."""
    with pytest.raises(InvalidRequest, match="name is blank"):
        await look_up(name, loopback, artist, album)
    assert loopback.requests == []


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    "album", ["\ud800", "x" * 100_000, "( )", "AND OR NOT", "\u202ea\nb", "÷", "((((" * 100]
)
async def test_any_other_name_can_be_asked_for(name: str, album: str, loopback: Loopback):
    """Half a surrogate pair, a novel, punctuation: a question all the same, of a reasonable length."""
    answer = await look_up(name, loopback, "A", album)
    assert isinstance(answer, Unknown)
    assert all(len(str(request.url)) < 8000 for request in loopback.requests)


async def test_musicbrainz_itself_is_not_asked_without_a_contact(loopback: Loopback):
    """It blocks those it cannot write to; a mirror is asked."""
    itself = MusicBrainz(" ", transport=AppTransport(loopback))
    answer = await itself.look_up("Nirvana", "Nevermind")
    assert isinstance(answer, Failed)
    assert answer.reason is Reason.NEEDS_CONTACT
    assert "ALBUMS_CONTACT" in answer.message
    assert loopback.requests == []
    mirror = MusicBrainz("", url="http://mirror.example/ws/2", transport=AppTransport(loopback))
    assert isinstance(await mirror.look_up("Nirvana", "Nevermind"), Found)
    await itself.aclose()
    await mirror.aclose()


@pytest.mark.parametrize("contact", ["a(b)c", "x\ny", "naïve@example.org"])
def test_a_contact_no_header_can_carry_is_refused(contact: str):
    """At the start, and not with every request."""
    with pytest.raises(InvalidRequest, match="ALBUMS_CONTACT"):
        MusicBrainz(contact)


@pytest.mark.parametrize("url", ["ftp://x", "musicbrainz.org", "http://", ""])
def test_a_url_that_cannot_be_asked_is_refused(url: str):
    """At the start as well."""
    with pytest.raises(InvalidRequest, match="http"):
        Discogs(url=url)
