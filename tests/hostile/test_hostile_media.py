"""Files and pages that are not what they say, against the real engines: refused, and nothing else reached."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path
from typing import Any

import psutil
import pytest
from hostile_house import House, refusal
from hostile_media import DAMAGED, DASH, LAUGHS, NOT_MEDIA, doctored, odd, playlist
from hostile_site import TRAP_ADDRESS, Page, Site, Trap, own_name

from offspring import bytes_used

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PROBLEMS_OF_MEDIA = {"unreadable_media", "no_audio", "payload_too_large"}
MEMORY_BYTES = 700_000_000
"""Of one engine process: numpy, FFmpeg and yt-dlp take 130 MB by themselves."""


async def ended(house: House, **request: Any) -> dict[str, Any]:
    """What comes of a submission: the problem, or the job at its end."""
    answer = await house.client.post(request.pop("path"), timeout=90, **request)
    if answer.status_code != 202:
        assert answer.status_code == 422, answer.text
        return {"status": "refused", "error": answer.json()}
    job_id = answer.json()["job_id"]
    while True:  # the limit is the test's own
        found = await house.client.get(f"/jobs/{job_id}/wait", params={"timeout": 60}, timeout=90)
        job: dict[str, Any] = found.json()
        if job["completed_at"] is not None:
            return job


@pytest.fixture(scope="module")
async def uploaded(engines: House, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What came of each bad file, all of them sent at once."""
    files = {**NOT_MEDIA, **DAMAGED, **doctored(tmp_path_factory.mktemp("doctored"))}
    jobs = await asyncio.gather(
        *[
            ended(engines, path="/pipeline/upload", files={"file": ("talk.mp4", file, "video/mp4")})
            for file in files.values()
        ]
    )
    return dict(zip(files, jobs, strict=True))


FILES = [
    *NOT_MEDIA,
    *DAMAGED,
    "an MP4 cut in its head",
    "half an MP4",
    "an MP4 of 4 G samples",
    "an MP4 whose sound lies elsewhere",
    "an MKV cut in its head",
    "an MKV without its sound",
    "a film of 100000 x 100000",
]


@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_is_no_sound_is_refused_in_words(
    uploaded: dict[str, dict[str, Any]], name: str
) -> None:
    """The first stage sees it: no engine dies of it, nothing behind it is read."""
    job = uploaded[name]
    assert job["status"] in {"refused", "failed"}
    assert job["error"]["code"] in PROBLEMS_OF_MEDIA, job["error"]
    assert job["error"]["retryable"] is False
    assert "root:" not in str(job)  # of /etc/passwd


@pytest.mark.weights
async def test_a_recording_that_lies_is_heard_as_what_it_is(engines: House, tmp_path: Path) -> None:
    """Lengths, clocks and numbers that cannot be are no reason to fail; there is nothing to hear in these."""
    files = odd(tmp_path)
    jobs = await asyncio.gather(
        *[
            ended(engines, path="/pipeline/upload", files={"file": ("talk", file, "audio/wav")})
            for file in files.values()
        ]
    )
    assert {name: job["status"] for name, job in zip(files, jobs, strict=True)} == dict.fromkeys(
        files, "completed"
    )
    assert {job["transcription_text"] for job in jobs} == {""}


def moved(location: str) -> Page:
    """A redirect."""
    return Page(status=302, headers={"Location": location})


def head(content: str) -> Page:
    """A page with this in its head."""
    return Page(f"<!DOCTYPE html><html><head><title>x</title>{content}</head></html>".encode())


def listed(*addresses: str) -> Page:
    """An HLS playlist of these pieces."""
    return Page(playlist(*addresses), "application/vnd.apple.mpegurl")


HLS_KEY = (
    b'#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXT-X-KEY:METHOD=AES-128,URI="file:///etc/passwd"\n'
    b"#EXTINF:10,\n/piece\n#EXT-X-ENDLIST\n"
)
LDJSON = '<script type="application/ld+json">{"@context":"https://schema.org","@type":"VideoObject",'
LEADS_ASTRAY = {
    "a redirect": lambda trap: moved(f"{trap.origin}/r"),
    "a redirect to a number": lambda trap: moved(f"http://2130706433:{trap.port}/r"),
    "a redirect to hexadecimal": lambda trap: moved(f"http://0x7f.1:{trap.port}/r"),
    "a redirect to a mapped address": lambda trap: moved(f"http://[::ffff:{TRAP_ADDRESS}]:{trap.port}/r"),
    "a redirect with a password": lambda trap: moved(f"http://a:b@{TRAP_ADDRESS}:{trap.port}/r"),
    "a redirect to a name": lambda trap: moved(f"http://{own_name()}:{trap.port}/r"),
    "a refresh": lambda trap: head(f'<meta http-equiv="refresh" content="0; url={trap.origin}/m">'),
    "a video element": lambda trap: head(f'<video src="{trap.origin}/v.mp4"></video>'),
    "an Open Graph video": lambda trap: head(f'<meta property="og:video" content="{trap.origin}/v.mp4">'),
    "linked data": lambda trap: head(
        f'{LDJSON}"name":"../../x","contentUrl":"{trap.origin}/v.mp4"}}</script>'
    ),
    "an HLS playlist": lambda trap: listed(f"{trap.origin}/s.ts"),
    "a DASH manifest": lambda trap: Page(DASH % f"{trap.origin}/a".encode(), "application/dash+xml"),
    "a SMIL presentation": lambda trap: Page(
        f'<smil><head><meta base="{trap.origin}"/></head><body><video src="v.mp4"/></body></smil>'.encode(),
        "application/smil+xml",
    ),
    "a feed": lambda trap: Page(
        f"<rss><channel><title>x</title><item><title>a</title><link>{trap.origin}/x</link></item></channel></rss>".encode(),
        "application/rss+xml",
    ),
}
"""Pages of an allowed site that lead to an address that is not."""

GIVES_NOTHING = {
    "a redirect to a file": moved("file:///etc/passwd"),
    "a redirect to FTP": moved("ftp://127.0.0.1/x"),
    "a redirect to gopher": moved("gopher://127.0.0.1/x"),
    "a redirect to data": moved("data:text/html,hello"),
    "a redirect to itself": moved("/a-redirect-to-itself"),
    "a redirect to a NUL": moved("/x\0y"),
    "a video in a file": head('<video src="file:///etc/passwd"></video>'),
    "an HLS playlist of a file": listed("file:///etc/passwd"),
    "an HLS playlist with a key in a file": Page(HLS_KEY, "application/vnd.apple.mpegurl"),
    "an HLS playlist without end": listed(*["/piece"] * 2000),
    "a live stream": Page(
        playlist("/piece").replace(b"#EXT-X-ENDLIST\n", b""), "application/vnd.apple.mpegurl"
    ),
    "a DASH manifest of a file": Page(DASH % b"file:///etc/passwd", "application/dash+xml"),
    "a manifest with entities": Page(LAUGHS, "application/dash+xml"),
    "a gzip bomb as a film": Page(
        gzip.compress(bytes(50_000_000)), "video/mp4", headers={"Content-Encoding": "gzip"}
    ),
    "a film too large": Page(bytes(3_000_000), "video/mp4"),
    "a film said to be too large": Page(bytes(10), "video/mp4", length=str(10**12)),
    "a film shorter than said": Page(bytes(10), "video/mp4", length="1000"),
    "a length that is none": Page(bytes(10), "video/mp4", length="abc"),
    "a length below 0": Page(bytes(10), "video/mp4", length="-5"),
    "a length of 400 digits": Page(bytes(10), "video/mp4", length="9" * 400),
    "two lengths": Page(bytes(10), "video/mp4", headers={"content-length": "11"}),
    "500 headers": Page(headers={f"X-{number}": "y" for number in range(500)}),
    "a header of 200 kB": Page(headers={"X": "y" * 200_000}),
    "nothing": Page(),
    "no content": Page(status=204),
    "an unknown status": Page(status=999),
    "text": Page(b"hello", "text/plain"),
    "JSON": Page(b'{"a":1}', "application/json"),
    "a PDF": Page(b"%PDF-1.4", "application/pdf"),
    "JSON 5000 deep": head(f'<script type="application/ld+json">{"[" * 5_000}</script>'),
    "a name that climbs": Page(
        b"no film", "video/mp4", headers={"Content-Disposition": 'attachment; filename="../../../etc/x"'}
    ),
    "a title with commands": head('<title>$(touch x)`id` --exec rm</title><video src="/piece"></video>'),
}
"""Pages that want a file read, or have no medium, or too much of one."""


@pytest.fixture(scope="module")
async def visited(engines: House, site: Site, trap: Trap) -> dict[str, dict[str, Any]]:
    """What came of each bad page, all of them asked for at once."""
    site.at("piece", Page(bytes(100_000), "video/mp2t"))
    pages = {name: make(trap) for name, make in LEADS_ASTRAY.items()} | GIVES_NOTHING
    jobs = await asyncio.gather(
        *[
            ended(engines, path="/pipeline", json={"youtube_url": site.at(name.replace(" ", "-"), page)})
            for name, page in pages.items()
        ]
    )
    return dict(zip(pages, jobs, strict=True))


@pytest.mark.parametrize("name", list(LEADS_ASTRAY))
async def test_a_page_of_an_allowed_host_leads_to_no_other(
    visited: dict[str, dict[str, Any]], trap: Trap, name: str
) -> None:
    """Whatever follows the link, the connection itself is refused, and the problem says where it led."""
    error = visited[name]["error"]
    assert (visited[name]["status"], error["code"]) == ("failed", "invalid_request"), error
    assert "not a public address" in error["message"]
    assert trap.asked == []


@pytest.mark.parametrize("name", list(GIVES_NOTHING))
async def test_a_page_without_an_honest_medium_is_refused_in_words(
    visited: dict[str, dict[str, Any]], trap: Trap, name: str
) -> None:
    """No file of ours is read, no engine dies, and somebody can tell what was wrong."""
    job = visited[name]
    assert job["status"] == "failed"
    assert job["error"]["code"] not in {"internal_error", "engine_crashed", "deadline_exceeded"}, job["error"]
    assert len(job["error"]["message"]) < 600
    assert "Traceback" not in job["error"]["message"]
    assert "root:" not in str(job)
    assert trap.asked == []


async def test_what_was_refused_left_nothing_behind(
    engines: House, uploaded: dict[str, dict[str, Any]], visited: dict[str, dict[str, Any]]
) -> None:
    """No workspace, no job under way, no engine that has swollen; and a good name for whoever asks."""
    assert len(uploaded) + len(visited) > 100
    await engines.assert_well()
    assert list((engines.folder / "workspaces").glob("*/*")) == []
    assert (await engines.client.get("/admin/stats")).json()["jobs"]["running"] == 0
    sizes = [size for child in psutil.Process().children(recursive=True) if (size := bytes_used(child))]
    assert sizes
    assert max(sizes) < MEMORY_BYTES


async def test_a_name_that_leads_to_a_private_address_is_refused_when_it_is_connected_to(
    engines: House, trap: Trap
) -> None:
    """The name says nothing; what it means at that moment is what counts."""
    job = await ended(engines, path="/pipeline", json={"youtube_url": f"http://{own_name()}:{trap.port}/a"})
    assert job["error"]["code"] == "invalid_request"
    assert "not a public address" in job["error"]["message"]
    assert trap.asked == []


@pytest.mark.parametrize("host", [TRAP_ADDRESS, "2130706433", "0x7f.1", f"[::ffff:{TRAP_ADDRESS}]"])
async def test_an_allowed_address_allows_no_other(engines: House, trap: Trap, host: str) -> None:
    """BATUTA_URL_ALLOW names the site's; its neighbour is as private as ever."""
    async with engines.nothing_happens():
        body = {"youtube_url": f"http://{host}:{trap.port}/a"}
        refusal(await engines.client.post("/pipeline", json=body), 422, "not a public address")
    assert trap.asked == []
