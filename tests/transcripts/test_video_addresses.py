"""Which texts lead to a video, and which only look like it."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batuta.transcripts.video_ids import extract_video_id, is_video_id, playlist_id

ID = "dQw4w9WgXcQ"
ODD = "-_wABC-def_"
LIST = "PLrAXtmErZgOeiKm4sgNOknGvNjby9efdf"

GOOD = [
    ID,
    f"  {ID}\n",
    f"https://www.youtube.com/watch?v={ID}",
    f"http://www.youtube.com/watch?v={ID}",
    f"https://youtube.com/watch?v={ID}",
    f"https://m.youtube.com/watch?v={ID}",
    f"https://music.youtube.com/watch?v={ID}",
    f"https://gaming.youtube.com/watch?v={ID}",
    f"www.youtube.com/watch?v={ID}",
    f"youtube.com/watch?v={ID}",
    f"//www.youtube.com/watch?v={ID}",
    f"HTTPS://WWW.YOUTUBE.COM/watch?v={ID}",
    f"https://WWW.YouTube.Com/watch?v={ID}",
    f"  https://www.youtube.com/watch?v={ID}\t\n",
    f"https://www.youtube.com:443/watch?v={ID}",
    f"http://www.youtube.com:80/watch?v={ID}",
    f"https://www.youtube.com/watch/?v={ID}",
    f"https://www.youtube.com/watch/{ID}",
    f"https://www.youtube.com/?v={ID}",
    f"https://www.youtube.com/watch_popup?v={ID}",
    f"https://www.youtube.com/watch?vi={ID}",
    f"https://www.youtube.com/watch?v={ID}&t=42s",
    f"https://www.youtube.com/watch?v={ID}#t=42",
    f"https://www.youtube.com/watch?feature=share&v={ID}",
    f"https://www.youtube.com/watch?feature=share&amp;v={ID}",
    f"https://www.youtube.com/watch?app=desktop&v={ID}&ab_channel=X",
    f"https://www.youtube.com/watch?v={ID}&v=AAAAAAAAAAA",
    f"https://www.youtube.com/watch?v={ID}&list={LIST}&index=3",
    f"https://www.youtube.com/watch?list={LIST}&v={ID}",
    f"https://www.youtube.com/playlist?list={LIST}&v={ID}",
    f"https://youtu.be/{ID}",
    f"http://youtu.be/{ID}?t=10",
    f"https://youtu.be/{ID}?si=abcdef&t=10",
    f"https://www.youtu.be/{ID}",
    f"youtu.be/{ID}",
    f"YOUTU.BE/{ID}",
    f"https://youtu.be/{ID}/",
    f"https://youtu.be/{ID}?list={LIST}",
    f"https://www.youtube.com/shorts/{ID}",
    f"https://www.youtube.com/shorts/{ID}?feature=share",
    f"https://m.youtube.com/shorts/{ID}/",
    f"https://www.youtube.com/live/{ID}",
    f"https://www.youtube.com/live/{ID}?si=x",
    f"https://www.youtube.com/embed/{ID}",
    f"https://www.youtube.com/embed/{ID}?autoplay=1",
    f"https://www.youtube-nocookie.com/embed/{ID}",
    f"https://youtube-nocookie.com/embed/{ID}?rel=0",
    f"//www.youtube-nocookie.com/embed/{ID}",
    f"https://www.youtube.com/v/{ID}",
    f"https://www.youtube.com/v/{ID}?version=3",
    f"https://www.youtube.com/vi/{ID}",
    f"https://www.youtube.com/e/{ID}",
    f"https://www.youtubekids.com/watch?v={ID}",
    f"https://img.youtube.com/vi/{ID}/0.jpg",
    f"https://i.ytimg.com/vi/{ID}/hqdefault.jpg",
    f"https://i.ytimg.com/vi_webp/{ID}/default.webp",
    f"https://www.youtube.com/attribution_link?a=x&u=%2Fwatch%3Fv%3D{ID}%26feature%3Dshare",
    f"https://www.youtube.com/attribution_link?u=/watch?v={ID}",
    f"https://www.youtube.com/oembed?url=https%3A//www.youtube.com/watch%3Fv%3D{ID}&format=json",
    f"https://www.youtube.com/oembed?url=http://youtu.be/{ID}&format=xml",
    f"https://www.youtube.com/redirect?q=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{ID}&event=x",
    f"https://www.youtube.com/redirect?q=https://youtu.be/{ID}",
    f"youtube.com/redirect?q=https://youtu.be/{ID}",
    f"https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D{ID}&gl=DE",
    f"https://www.youtube.com/signin?next=%2Fwatch%3Fv%3D{ID}",
]

BAD = [
    "",
    "   ",
    "hello",
    "dQw4w9WgXc",
    "dQw4w9WgXcQQ",
    "dQw4w9WgXcQ/",
    "/dQw4w9WgXcQ",
    "dQw4w9W XcQ",
    "dQw4w9WgXc!",
    "dQw4w9WgXcé",
    "subscriptions",
    "videoseries",
    "live_stream",
    "../../etc/passwd",
    "..%2F..%2Fetc",
    "dQw4w9WgXcQ?t=1",
    f"v={ID}",
    f"/watch?v={ID}",
    f"https://notyoutube.com/watch?v={ID}",
    f"https://www.notyoutube.com/watch?v={ID}",
    f"https://youtube.evil.com/watch?v={ID}",
    f"https://www.youtube.com.evil.com/watch?v={ID}",
    f"https://youtube.com@evil.com/watch?v={ID}",
    f"https://www.youtube.com:pw@evil.com/watch?v={ID}",
    f"https://evil.com@www.youtube.com/watch?v={ID}",
    f"https://evil.com/https://www.youtube.com/watch?v={ID}",
    f"https://evil.com/?u=https://www.youtube.com/watch?v={ID}",
    f"https://evil.com#www.youtube.com/watch?v={ID}",
    f"https://evil.com\\@www.youtube.com/watch?v={ID}",
    f"https://www.youtube.com\\@evil.com/watch?v={ID}",
    f"https://xyoutu.be/{ID}",
    f"https://youtu.be.evil.com/{ID}",
    f"https://youtube.co/watch?v={ID}",
    f"https://vimeo.com/{ID}",
    f"https://www.youtube.com:8080/watch?v={ID}",
    f"https://www.youtube.com:x/watch?v={ID}",
    f"https://[www.youtube.com/watch?v={ID}",
    f"ftp://www.youtube.com/watch?v={ID}",
    f"javascript://www.youtube.com/watch?v={ID}",
    f"file:///watch?v={ID}",
    f"https:www.youtube.com/watch?v={ID}",
    f"https://www.y\u043eutube.com/watch?v={ID}",
    f"https://\uff59outube.com/watch?v={ID}",
    f"https://www.youtube.com/watch?v={ID}/",
    f"https://www.youtube.com/watch?v={ID}extra",
    "https://www.youtube.com/watch?v=short",
    "https://www.youtube.com/watch?v=",
    "https://www.youtube.com/watch",
    f"https://www.youtube.com/watch?v=bad&v={ID}",
    f"https://www.youtube.com/watch?V={ID}",
    "https://www.youtube.com/watch?v=videoseries",
    "https://www.youtube.com/watch?v=../../etc/p",
    f"https://www.youtube.com/watch ?v={ID}",
    f"https://www.youtube.com/\nwatch?v={ID}",
    f"https://www.youtube.com/{ID}",
    f"https://www.youtube.com/shorts/{ID}/extra",
    f"https://www.youtube.com/shorts//{ID}",
    "https://www.youtube.com/shorts/",
    f"https://www.youtube.com/embed/videoseries?list={LIST}",
    "https://www.youtube.com/embed/live_stream?channel=UC4R8DWoMoI7CAwX8_LjQHig",
    f"https://youtu.be/{ID}/extra",
    "https://youtu.be/",
    "https://youtu.be/subscriptions",
    "https://www.youtube.com/",
    "https://www.youtube.com/feed/subscriptions",
    "https://www.youtube.com/feed/trending",
    "https://www.youtube.com/channel/UC4R8DWoMoI7CAwX8_LjQHig",
    f"https://www.youtube.com/channel/UC4R8DWoMoI7CAwX8_LjQHig?v={ID}",
    f"https://www.youtube.com/user/{ID}",
    f"https://www.youtube.com/c/{ID}",
    f"https://www.youtube.com/@{ID}",
    f"https://www.youtube.com/results?search_query={ID}",
    f"https://www.youtube.com/playlist?list={LIST}",
    f"https://www.youtube.com/redirect?q=https%3A%2F%2Fevil.com%2Fwatch%3Fv%3D{ID}",
    f"https://www.youtube.com/redirect?q=//evil.com/watch?v={ID}",
    f"https://www.youtube.com/oembed?url={ID}",
    f"https://img.youtube.com/watch?v={ID}",
    f"https://i.ytimg.com/{ID}",
    "https://www.youtube.com/watch?v=" + ID + "&" + "a=1&" * 600,
    f"<https://www.youtube.com/watch?v={ID}>",
]


@pytest.mark.parametrize("text", GOOD)
def test_a_video_s_address_gives_its_id(text: str) -> None:
    """Whatever it is wrapped in."""
    assert extract_video_id(text) == ID


@pytest.mark.parametrize("text", BAD)
def test_anything_else_gives_none(text: str) -> None:
    """Other hosts above all, however they are dressed up."""
    assert extract_video_id(text) is None


def test_addresses_inside_addresses_are_followed_only_so_far() -> None:
    """Two wrappings, not ten."""
    inner = f"https://www.youtube.com/redirect?q=https://youtu.be/{ID}"
    assert extract_video_id(f"https://www.youtube.com/redirect?q={inner}") == ID
    for _ in range(10):
        inner = f"https://www.youtube.com/redirect?q={inner}"
    assert extract_video_id(inner) is None


def test_ids_with_hyphens_and_underscores_are_ids() -> None:
    """They are part of the alphabet, in front too."""
    assert extract_video_id(ODD) == extract_video_id(f"https://youtu.be/{ODD}") == ODD


@given(st.text(alphabet=string.ascii_letters + string.digits + "-_", min_size=11, max_size=11))
def test_every_id_comes_through_every_address(video_id: str) -> None:
    """Whatever its characters are."""
    for address in (f"https://www.youtube.com/watch?v={video_id}", f"youtu.be/{video_id}", video_id):
        assert extract_video_id(address) == (video_id if is_video_id(video_id) else None)


@given(st.text())
def test_no_text_is_an_error(text: str) -> None:
    """An id, or nothing."""
    found = extract_video_id(text), extract_video_id(f"https://www.youtube.com/{text}")
    assert all(each is None or is_video_id(each) for each in found)
    assert playlist_id(text) is None or len(text) > 3


@pytest.mark.parametrize(
    "text",
    [
        LIST,
        f" {LIST} ",
        f"https://www.youtube.com/playlist?list={LIST}",
        f"https://music.youtube.com/playlist?list={LIST}&si=x",
        f"https://www.youtube.com/watch?v={ID}&list={LIST}&index=2",
        f"youtu.be/{ID}?list={LIST}",
        f"https://www.youtube.com/embed/videoseries?list={LIST}",
    ],
)
def test_a_playlist_s_address_gives_its_id(text: str) -> None:
    """Its own page, an item's, a player's."""
    assert playlist_id(text) == LIST


@pytest.mark.parametrize(
    "text",
    [
        "",
        ID,
        f"https://www.youtube.com/watch?v={ID}",
        f"https://evil.com/playlist?list={LIST}",
        "https://www.youtube.com/playlist?list=WL",
        "https://www.youtube.com/playlist?list=../../etc/passwd",
        f"https://i.ytimg.com/vi/{ID}/0.jpg?list={LIST}",
    ],
)
def test_what_is_no_playlist_gives_none(text: str) -> None:
    """Lists that only their owner can see among them."""
    assert playlist_id(text) is None
