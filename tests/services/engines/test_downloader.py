"""The downloader's engine against a web server of our own that does what servers do."""

from __future__ import annotations

import gc
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from studio import talk, tone, write
from website import Answer, Site

from batuta.errors import (
    BatutaError,
    InvalidRequest,
    PayloadTooLarge,
    ServiceBusy,
    ServiceRefused,
    ServiceUnavailable,
    UnreadableMedia,
)
from batuta.media.audio import probe
from batuta.services.downloader import direct
from batuta.services.downloader.contract import DownloadResult
from batuta.services.downloader.engine import download
from batuta.services.downloader.pages import FORMATS

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # yt-dlp's, when it is stopped

PAGE = "<html><head><title>{title}</title></head><body>{body}</body></html>"
LOOPBACK = ["127.0.0.1"]


@pytest.fixture
def _collected() -> Iterator[None]:
    """What a stopped yt-dlp left open is closed here, and not in somebody else's test."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("film") / "film.mp4", talk(2), picture=True).read_bytes()


@pytest.fixture(scope="session")
def wav(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(
        tmp_path_factory.mktemp("wav") / "sound.wav", tone(1, 8_000), 8_000, codec="pcm_s16le"
    ).read_bytes()


Fetch = Callable[..., DownloadResult]


@pytest.fixture
def fetch(tmp_path: Path) -> Fetch:
    def fetch(url: str, seen: list[float] | None = None, **wishes: object) -> DownloadResult:
        task = {
            "quality": "audio",
            "max_bytes": 10**7,
            "timeout_seconds": 20.0,
            "url_allow": LOOPBACK,
            **wishes,
        }
        report = [].append if seen is None else seen.append
        return download({"url": url, "output_folder": str(tmp_path), **task}, report)

    return fetch


@pytest.mark.parametrize("quality", FORMATS)
def test_a_media_file_is_downloaded_as_it_is(site: Site, film: bytes, fetch: Fetch, quality: str) -> None:
    """Byte for byte, whatever the quality asked for; its name for people comes from the address."""
    result = fetch(site.at("/films/my%20film.mp4", Answer(film, "video/mp4")), quality=quality)
    assert Path(result["path"]).read_bytes() == film
    assert (result["filename"], result["media_type"], result["size"]) == (
        "my film.mp4",
        "video/mp4",
        len(film),
    )


def test_the_medium_in_a_page_is_downloaded(site: Site, film: bytes, fetch: Fetch) -> None:
    """With the page's title; the file can be read."""
    site.at("/film.mp4", Answer(film, "video/mp4"))
    page = PAGE.format(title="A day out", body='<video src="/film.mp4"></video>')
    result = fetch(site.at("/watch", Answer(page.encode())))
    assert "A day out" in str(result["title"])
    assert result["filename"] == f"{result['title']}.mp4"
    assert probe(Path(result["path"])).has_audio


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/a.wav", "audio/x-wav"),
        ("/a", "audio/flac"),
        ("/a.ogg", "application/ogg"),
        ("/a", "application/octet-stream"),
    ],
)
def test_sound_of_any_declared_kind_is_downloaded(
    site: Site, wav: bytes, fetch: Fetch, path: str, kind: str
) -> None:
    """What yt-dlp does not take for media is streamed all the same."""
    result = fetch(site.at(path, Answer(wav, kind)))
    assert Path(result["path"]).read_bytes() == wav
    assert result["media_type"] == kind


def test_progress_grows_to_the_end(site: Site, fetch: Fetch) -> None:
    """In bytes of those announced."""
    seen: list[float] = []
    fetch(site.at("/a.mp4", Answer(bytes(10**6), "video/mp4")), seen)
    assert seen == sorted(seen)
    assert seen[-1] == 100.0
    assert len(seen) > 3


def test_only_the_first_of_several_media_is_downloaded(
    site: Site, film: bytes, wav: bytes, fetch: Fetch
) -> None:
    """A page with a list means its first entry."""
    site.at("/1.mp4", Answer(film, "video/mp4"))
    site.at("/2.wav", Answer(wav, "audio/wav"))
    body = '<video src="/1.mp4"></video><audio src="/2.wav"></audio>'
    result = fetch(site.at("/list", Answer(PAGE.format(title="List", body=body).encode())))
    assert Path(result["path"]).read_bytes() == film
    assert "/2.wav" not in site.asked


@pytest.mark.parametrize(
    "title", ["../../etc/passwd", "a\x00b\nc", "x" * 500, "...", "CON: <what?>", "Ação & reação"]
)
def test_names_from_the_web_are_made_safe(
    site: Site, film: bytes, fetch: Fetch, tmp_path: Path, title: str
) -> None:
    """No title leaves the folder or breaks a file system; the file itself is named by us."""
    site.at("/film.mp4", Answer(film, "video/mp4"))
    page = PAGE.format(title=title, body='<video src="/film.mp4"></video>')
    result = fetch(site.at("/watch", Answer(page.encode(), "text/html; charset=utf-8")))
    assert Path(result["path"]).parent == tmp_path
    assert Path(result["path"]).stem.isalnum()
    assert not set(result["filename"]) & set('/\\:*?"<>|\n\x00')
    assert 4 < len(result["filename"]) <= 125
    assert result["filename"].endswith(".mp4")


@pytest.mark.parametrize(
    ("status", "error", "retryable"),
    [
        (401, ServiceRefused, False),
        (403, ServiceRefused, False),
        (404, ServiceRefused, False),
        (410, ServiceRefused, False),
        (429, ServiceBusy, True),
        (500, ServiceUnavailable, True),
        (503, ServiceUnavailable, True),
    ],
)
def test_what_the_server_answers_decides_whether_to_try_again(
    site: Site,
    fetch: Fetch,
    status: int,
    error: type[BatutaError],
    retryable: bool,  # noqa: FBT001
) -> None:
    """The status is told, and how long the server asks to wait; secrets in the query are not."""
    url = site.at("/film.mp4", Answer(b"no", status=status, headers={"Retry-After": "7"}))
    with pytest.raises(error, match=rf"/film\.mp4 answered {status} ") as caught:
        fetch(f"{url}?token=secret")
    assert type(caught.value) is error
    assert caught.value.retryable == retryable
    assert caught.value.retry_after == (7.0 if retryable else None)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/html", PAGE.format(title="News", body="words").encode()),
        ("text/plain", b"words"),
        ("application/json", b"{}"),
    ],
)
def test_a_page_without_media_is_told_from_a_failure(
    site: Site, fetch: Fetch, kind: str, body: bytes
) -> None:
    """Asking again would give the same words."""
    with pytest.raises(UnreadableMedia, match=f"no audio or video at .*/news, but {kind}"):
        fetch(site.at("/news", Answer(body, kind)))


def test_nobody_there_may_be_somebody_later(fetch: Fetch) -> None:
    """A refused connection is worth another try."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/film.mp4"
        with pytest.raises(ServiceUnavailable, match="cannot be reached: it refuses connections"):
            fetch(url)


def test_a_connection_that_breaks_is_worth_another_try(site: Site, film: bytes, fetch: Fetch) -> None:
    """Less than was announced is not the film."""
    with pytest.raises(ServiceUnavailable, match="cannot be reached"):
        fetch(site.at("/film.mp4", Answer(film, "video/mp4", announced=len(film) + 1000)))


def test_redirects_are_followed_but_not_in_circles(site: Site, film: bytes, fetch: Fetch) -> None:
    """The file at the end of a few is found; a circle is refused for good."""
    site.at("/film.mp4", Answer(film, "video/mp4"))
    site.at("/two", Answer(status=302, headers={"Location": "/film.mp4"}))
    result = fetch(site.at("/one", Answer(status=301, headers={"Location": "/two"})))
    assert Path(result["path"]).read_bytes() == film
    with pytest.raises(ServiceRefused, match="redirects in circles"):
        fetch(site.at("/circle", Answer(status=302, headers={"Location": "/circle"})))


def test_the_stream_follows_five_redirects(site: Site, film: bytes, tmp_path: Path) -> None:
    """And not six."""
    site.at("/0", Answer(film, "video/mp4"))
    for number in range(1, 7):
        site.at(f"/{number}", Answer(status=302, headers={"Location": f"/{number - 1}"}))
    limit = direct.SizeLimit(10**7)
    assert direct.stream(f"{site.origin}/5", tmp_path / "a", limit, [].append).url == f"{site.origin}/0"
    with pytest.raises(ServiceRefused, match="redirects more than 5 times"):
        direct.stream(f"{site.origin}/6", tmp_path / "b", limit, [].append)


@pytest.mark.usefixtures("_collected")
@pytest.mark.parametrize("announced", [None, -1])
@pytest.mark.parametrize("in_a_page", [False, True])
def test_what_is_too_large_is_refused_while_it_comes(
    site: Site,
    fetch: Fetch,
    announced: int | None,
    in_a_page: bool,  # noqa: FBT001
) -> None:
    """Announced or not, direct or from a page: no more than the limit is written."""
    url = site.at("/film.mp4", Answer(bytes(500_000), "video/mp4", announced=announced))
    if in_a_page:
        page = PAGE.format(title="Large", body='<video src="/film.mp4"></video>')
        url = site.at("/watch", Answer(page.encode()))
    with pytest.raises(PayloadTooLarge, match="larger than the 100000 bytes allowed"):
        fetch(url, max_bytes=100_000)


@pytest.mark.usefixtures("_collected")
@pytest.mark.parametrize("path", ["/film.mp4", "/watch"])
def test_a_server_that_drips_does_not_hold_us(site: Site, film: bytes, fetch: Fetch, path: str) -> None:
    """A byte now and then never times out by itself; the whole download does."""
    site.at("/film.mp4", Answer(film, "video/mp4", pause_seconds=0.05))
    site.at("/watch", Answer(PAGE.format(title="x" * 5000, body="").encode(), pause_seconds=0.05))
    started = time.monotonic()
    with pytest.raises(ServiceUnavailable, match=r"took longer than the 0\.5 s allowed") as caught:
        fetch(site.origin + path, timeout_seconds=0.5)
    assert caught.value.retryable
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://example.org/a", "ytsearch:cats", "/etc/passwd", "http://"]
)
def test_only_the_web_is_asked(fetch: Fetch, url: str) -> None:
    """Neither our files nor a search engine."""
    with pytest.raises(InvalidRequest, match="only http:// and https://"):
        fetch(url)


def test_an_unknown_quality_is_refused(fetch: Fetch) -> None:
    """With those that are known."""
    with pytest.raises(InvalidRequest, match="unknown quality '8k'; known: audio, best"):
        fetch("http://127.0.0.1/", quality="8k")


def test_a_private_address_is_not_asked(site: Site, film: bytes, fetch: Fetch) -> None:
    """Without being allowed, not even once; the message says how to allow it."""
    url = site.at("/film.mp4", Answer(film, "video/mp4"))
    with pytest.raises(InvalidRequest, match=r"127\.0\.0\.1, which is not a public.*BATUTA_URL_ALLOW"):
        fetch(url, url_allow=[])
    assert site.asked == []


@pytest.mark.usefixtures("_collected")
@pytest.mark.parametrize("way", ["redirect", "page", "playlist"])
def test_nothing_leads_to_a_private_address(site: Site, fetch: Fetch, way: str) -> None:
    """No redirect, page or playlist: the connection itself is refused."""
    secret = "http://169.254.169.254/latest/film.mp4"
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n"
    answers = {
        "redirect": Answer(status=302, headers={"Location": secret}),
        "page": Answer(PAGE.format(title="t", body=f'<video src="{secret}"></video>').encode()),
        "playlist": Answer(playlist.encode(), "application/vnd.apple.mpegurl"),
    }
    with pytest.raises(InvalidRequest, match=r"leads to 169\.254\.169\.254"):
        fetch(site.at("/way", answers[way]))
