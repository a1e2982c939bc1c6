"""Playlists: their videos in order, through yt-dlp's own reading of YouTube's pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from loopback_playlists import (
    BROWSE,
    DELETED,
    NEXT,
    PAGE,
    PRIVATE,
    RESOLVE,
    Entry,
    LoopbackPlaylists,
    Mix,
    Playlist,
    ids,
    page_of,
)
from loopback_youtube import AS_USUAL, CAPTCHA_PAGE, Reply
from playlist_stage import LIST, MIX, OTHER, cause, failure, read, reader
from pydantic import ValidationError

from batuta.errors import from_dict
from batuta.transcripts import playlists as module
from batuta.transcripts.models import Cause, PlaylistVideos
from batuta.transcripts.playlists import PlaylistNotFound

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE", 0.001)


@pytest.fixture
def pages() -> Iterator[LoopbackPlaylists]:
    with LoopbackPlaylists().running() as server:
        yield server


@pytest.mark.parametrize("lockups", [False, True])
async def test_a_playlist_of_several_pages_is_read_to_its_end(
    pages: LoopbackPlaylists, *, lockups: bool
) -> None:
    """All its videos in its order, whichever shape the lines have, with one request for each page."""
    pages.playlists[LIST] = Playlist(ids(250), title="Fünf & more", lockups=lockups)
    found = await read(pages)
    assert found == PlaylistVideos(playlist_id=LIST, title="Fünf & more", video_ids=ids(250), truncated=False)
    assert pages.pages() == [PAGE, BROWSE, BROWSE]
    with pytest.raises(ValidationError):
        found.truncated = True


@pytest.mark.parametrize(
    ("limit", "truncated", "asked"), [(1, True, 1), (100, True, 2), (249, True, 3), (250, False, 3)]
)
async def test_the_limit_is_kept_and_told(
    pages: LoopbackPlaylists, *, limit: int, truncated: bool, asked: int
) -> None:
    """The first so many, whether there are more, and no page that is not needed to know it."""
    pages.playlists[LIST] = Playlist(ids(250))
    found = await read(pages, limit=limit)
    assert (found.video_ids, found.truncated) == (ids(250)[:limit], truncated)
    assert len(pages.asked) == asked


async def test_an_empty_playlist_has_no_videos(pages: LoopbackPlaylists) -> None:
    """That is an answer, not a failure; nor is a title that YouTube does not tell."""
    pages.playlists = {LIST: Playlist(), OTHER: Playlist(title="")}
    assert await read(pages) == PlaylistVideos(playlist_id=LIST, title="A playlist", video_ids=())
    assert await read(pages, OTHER) == PlaylistVideos(playlist_id=OTHER, title=None, video_ids=())


@pytest.mark.parametrize("lockups", [False, True])
async def test_what_nobody_can_see_is_left_out(pages: LoopbackPlaylists, *, lockups: bool) -> None:
    """Deleted and private entries, which the limit does not count; but not a video with such a title."""
    one, two, three, four, five = ids(5)
    gone = (Entry(two, DELETED, None), Entry(three, PRIVATE, None))
    lines = (one, *gone, Entry(four, DELETED, 61), Entry(five, PRIVATE, None))
    pages.playlists[LIST] = Playlist(lines, alert="Unavailable videos are hidden", lockups=lockups)
    found = await read(pages, limit=2)
    assert (found.video_ids, found.truncated) == ((one, four), False)
    assert pages.pages() == [PAGE]


async def test_each_video_comes_once(pages: LoopbackPlaylists) -> None:
    """At its first place, on whichever page it comes again; and it is no sign of more."""
    one, two, three = ids(3)
    pages.playlists[LIST] = Playlist((one, two, one, three, two), page=2)
    assert (await read(pages)).video_ids == (one, two, three)
    assert (await read(pages, limit=3)).truncated is False


async def test_a_playlist_that_repeats_itself_is_read_on(pages: LoopbackPlaylists) -> None:
    """As long as something new comes now and then."""
    one, two, three = ids(3)
    pages.playlists[LIST] = Playlist((*[one] * 150, two, *[one] * 150, three), page=400)
    found = await read(pages)
    assert (found.video_ids, found.truncated) == ((one, two, three), False)


async def test_only_videos_count(pages: LoopbackPlaylists) -> None:
    """A list in the list, or an id that is none, is left out."""
    pages.playlists[LIST] = Playlist((OTHER, "not-an-id", *ids(1)), lockups=True)
    assert (await read(pages)).video_ids == ids(1)


@pytest.mark.parametrize("limit", [30, 100])
async def test_a_mix_without_end_ends_at_the_limit(pages: LoopbackPlaylists, limit: int) -> None:
    """It is asked beside the video it was made from, since it has no page of its own."""
    pages.playlists[MIX] = Mix()
    found = await read(pages, MIX, limit)
    assert found.video_ids == ids(limit, "mix-")
    assert (found.title, found.truncated) == ("Mix - A video", True)
    assert pages.asked[0].target == f"/watch?v=mix-0000000&list={MIX}"
    assert set(pages.pages()[1:]) == {NEXT}
    assert len(pages.asked) <= 2 + limit // 15


async def test_a_mix_that_goes_round_in_circles_ends(pages: LoopbackPlaylists) -> None:
    """After so many entries without a new video, with what there was."""
    pages.playlists[MIX] = Mix(turn=40)
    found = await read(pages, MIX)
    assert (found.video_ids, found.truncated) == (ids(40, "mix-"), True)
    assert len(pages.asked) < 20


@pytest.mark.parametrize(
    ("says", "expected"),
    [
        ("The playlist does not exist.", Cause.NOT_FOUND),
        ("This playlist type is unviewable.", Cause.NOT_FOUND),
        ("This playlist is no longer available.", Cause.NOT_FOUND),
        ("This playlist has been removed for violating YouTube's Terms of Service.", Cause.NOT_FOUND),
        ("This playlist is private.", Cause.PRIVATE),
        ("Sign in to confirm you’re not a bot", Cause.BLOCKED),  # noqa: RUF001 - as YouTube writes it
        ("The service is currently unavailable.", Cause.UPSTREAM_ERROR),
        ("Unknown error", Cause.UPSTREAM_ERROR),
    ],
)
async def test_what_youtube_says_above_the_page_tells_the_cause(
    pages: LoopbackPlaylists, says: str, expected: Cause
) -> None:
    """And is passed on; what it may say for a moment only is not taken for the end of a playlist."""
    pages.playlists[LIST] = Playlist(error=says)
    async with reader(pages) as playlists:
        error = await failure(playlists)
    assert error.cause is expected
    assert f"(YouTube said: {says})" in error.message


async def test_whoever_is_led_to_the_home_page_asked_for_no_playlist(pages: LoopbackPlaylists) -> None:
    """YouTube's other way to say that there is none."""
    tab = {"tabRenderer": {"selected": True, "tabIdentifier": "FEwhat_to_watch"}}
    home = {"contents": {"twoColumnBrowseResultsRenderer": {"tabs": [tab]}}}
    pages.everywhere[PAGE] = (Reply(body=page_of(home)),)
    assert await cause(pages) is Cause.NOT_FOUND
    assert pages.pages() == [PAGE]


async def test_an_unknown_playlist_is_a_problem_of_its_own(pages: LoopbackPlaylists) -> None:
    """The cause is the contract's; the title is not that of a video; and the error survives its JSON."""
    async with reader(pages) as playlists:
        error = await failure(playlists)
    problem = error.to_problem()
    assert (problem["code"], problem["status"], problem["title"]) == ("not_found", 404, "No such playlist")
    again = from_dict(error.to_dict())
    assert (type(again), again.message) == (PlaylistNotFound, error.message)


@pytest.mark.parametrize("page", [PAGE, BROWSE])
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(429, headers={"Retry-After": "7"}), Cause.RATE_LIMITED),
        (Reply(403), Cause.BLOCKED),
        (Reply(body=CAPTCHA_PAGE), Cause.BLOCKED),
        (Reply(302, headers={"Location": "https://consent.youtube.com/m?continue=x"}), Cause.BLOCKED),
        (Reply(302, headers={"Location": "https://accounts.google.com/ServiceLogin"}), Cause.PRIVATE),
        (Reply(504), Cause.TIMEOUT),
    ],
)
async def test_whoever_is_turned_away_does_not_ask_on(
    pages: LoopbackPlaylists, page: str, reply: Reply, expected: Cause
) -> None:
    """yt-dlp has other ways to try, which would only make it worse."""
    pages.playlists[LIST] = Playlist(ids(250))
    pages.everywhere[page] = (reply,)
    async with reader(pages) as playlists:
        error = await failure(playlists)
    assert error.cause is expected
    assert error.retry_after == (7.0 if expected is Cause.RATE_LIMITED else None)
    assert [asked for asked in pages.pages() if asked in {PAGE, BROWSE, RESOLVE}].count(page) == 1
    assert RESOLVE not in pages.pages()


NOTHING_IN_IT = (
    "",
    "not a page at all",
    page_of(5),
    page_of([]),
    page_of({"contents": [1]}),
    page_of({"contents": {"twoColumnBrowseResultsRenderer": {"tabs": [{"tabRenderer": {}}]}}}),
    page_of({"contents": {"twoColumnWatchNextResults": {"playlist": {"playlist": {"contents": 1}}}}}),
    "<script>var ytInitialData = " + '{"contents":' * 5000 + "</script>",
    b"\xff\xfe\x00" * 100,
)


@pytest.mark.parametrize("body", NOTHING_IN_IT, ids=range(len(NOTHING_IN_IT)))
async def test_garbage_is_an_upstream_error(pages: LoopbackPlaylists, body: str | bytes) -> None:
    """Wherever yt-dlp trips over it."""
    pages.everywhere = {PAGE: (Reply(body=body),), RESOLVE: (Reply(body=body),), BROWSE: (Reply(body=body),)}
    assert await cause(pages) is Cause.UPSTREAM_ERROR


async def test_garbage_in_the_middle_is_an_upstream_error(pages: LoopbackPlaylists) -> None:
    """Half of a playlist is not given as if it were all."""
    pages.playlists[LIST] = Playlist(ids(250))
    pages.everywhere[BROWSE] = (AS_USUAL, Reply(body="not JSON"))
    assert await cause(pages) is Cause.UPSTREAM_ERROR


async def test_a_playlist_that_youtube_does_not_continue_is_told_as_cut_short(
    pages: LoopbackPlaylists,
) -> None:
    """Its pages say that there are more, and then have none; yt-dlp only warns of it."""
    pages.playlists[LIST] = Playlist(ids(250), continued={200: {}})
    found = await read(pages)
    assert (found.video_ids, found.truncated) == (ids(200), True)


@pytest.mark.parametrize("reply", [Reply(500), Reply(mood="reset"), Reply(404), Reply(body="garbage")])
async def test_a_page_that_fails_for_once_does_not_matter(pages: LoopbackPlaylists, reply: Reply) -> None:
    """It is asked for once more, and the page that continues it likewise."""
    pages.playlists[LIST] = Playlist(ids(150))
    pages.everywhere[PAGE] = (reply, AS_USUAL)
    if reply.body != "garbage":
        pages.everywhere[BROWSE] = (reply, AS_USUAL)
    assert (await read(pages)).video_ids == ids(150)


async def test_a_page_that_keeps_failing_is_asked_of_the_interface(pages: LoopbackPlaylists) -> None:
    """yt-dlp's other way to the same."""
    pages.playlists[LIST] = Playlist(ids(150))
    pages.everywhere[PAGE] = (Reply(500),)
    assert (await read(pages)).video_ids == ids(150)
    assert pages.pages() == [PAGE, PAGE, RESOLVE, BROWSE, BROWSE]


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (Reply(404), Cause.NOT_FOUND),
        (Reply(500), Cause.UPSTREAM_ERROR),
        (Reply(503, "Service Unavailable"), Cause.UPSTREAM_ERROR),
        (Reply(mood="reset"), Cause.NETWORK),
        (Reply(302, headers={"Location": PAGE}), Cause.UPSTREAM_ERROR),
    ],
)
async def test_what_keeps_failing_tells_its_cause(
    pages: LoopbackPlaylists, reply: Reply, expected: Cause
) -> None:
    """After both ways were tried; asked not much more than four times."""
    pages.everywhere = {PAGE: (reply,), RESOLVE: (reply,)}
    assert await cause(pages) is expected
    assert len(pages.asked) <= 6


@pytest.mark.parametrize("status", [404, 410])
async def test_a_missing_page_in_the_middle_is_not_a_missing_playlist(
    pages: LoopbackPlaylists, status: int
) -> None:
    """That would be believed for hours."""
    pages.playlists[LIST] = Playlist(ids(250))
    pages.everywhere[BROWSE] = (Reply(status),)
    assert await cause(pages) is Cause.UPSTREAM_ERROR


async def test_a_playlist_may_lead_to_another(pages: LoopbackPlaylists) -> None:
    """As YouTube does for some countries; but not in circles."""
    pages.playlists[LIST] = Playlist(redirect=f"/playlist?list={OTHER}")
    pages.playlists[OTHER] = Playlist(ids(3))
    found = await read(pages)
    assert (found.playlist_id, found.video_ids) == (LIST, ids(3))
    pages.playlists[OTHER] = Playlist(redirect=f"/playlist?list={LIST}")
    assert await cause(pages) is Cause.UPSTREAM_ERROR
    assert len(pages.asked) <= 2 + 5
