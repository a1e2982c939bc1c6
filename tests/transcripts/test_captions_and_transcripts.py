"""Captions make transcripts where YouTube has none, and take YouTube's captions where they are preferred."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from loopback_youtube import Caption, LoopbackYouTube, Video

from batuta.server import batuta_app
from batuta.settings import Settings
from batuta.testing.servers import serving
from batuta.testing.stubs import instant_services

pytestmark = pytest.mark.anyio

SILENT, SPEAKING = "aaaaaaaaaaa", "bbbbbbbbbbb"


@pytest.fixture
async def client(loopback: LoopbackYouTube, tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    """The whole house, with instant services and a YouTube of two videos: without captions and with."""
    loopback.videos[SILENT] = Video(captions=None)
    loopback.videos[SPEAKING] = Video((Caption("en"), Caption("es", auto=True)))
    async with serving(instant_services()) as stubs:
        settings = Settings(
            batuta_data=tmp_path,
            video_downloader_url=f"{stubs}/downloader",
            audio_normalization_url=f"{stubs}/normalizer",
            audio_transcriber_url=f"{stubs}/transcriber",
            transcript_youtube_origin=loopback.url,
            transcript_requests_per_second=1000,
        )
        async with (
            serving(batuta_app(settings)) as url,
            httpx2.AsyncClient(base_url=url, timeout=30) as found,
        ):
            yield found


async def asked(client: httpx2.AsyncClient, video: str, **more: object) -> httpx2.Response:
    return await client.post("/transcripts/api/transcript", json={"url": video, **more})


async def captioned(client: httpx2.AsyncClient, video: str, **more: object) -> dict[str, object]:
    body = {"youtube_url": f"https://youtu.be/{video}", "prefer_existing": True, **more}
    job = (await client.post("/captions/pipeline", json=body)).json()
    return (await client.get(f"/captions/jobs/{job['job_id']}/wait", params={"timeout": 20})).json()


async def test_a_transcript_is_made_when_it_is_asked_for(client: httpx2.AsyncClient) -> None:
    """Without `generate` there is none; with it there is one, and afterwards there is for everybody."""
    before = await asked(client, SILENT)
    assert (before.status_code, before.json()["code"]) == (404, "disabled")

    made = (await asked(client, SILENT, generate=True)).json()
    assert (made["source"], made["transcript_type"], made["video_id"]) == ("generated", "generated", SILENT)
    assert made["segments"]
    assert made["duration"] == made["segments"][-1]["start"] + made["segments"][-1]["duration"]

    afterwards = (await asked(client, SILENT)).json()
    assert (afterwards["source"], afterwards["segments"]) == ("memory", made["segments"])
    jobs = (await client.get("/captions/jobs")).json()
    assert jobs["total"] == 1


async def test_nothing_is_made_in_a_language_nobody_can_translate_into(client: httpx2.AsyncClient) -> None:
    """English is spoken; for what cannot be made of it the cause is the language, and says what was tried."""
    answer = await asked(client, SILENT, languages=["tlh"], generate=True)
    assert answer.status_code == 404
    assert "generating one failed" in answer.json()["detail"]


async def test_nothing_is_made_of_what_youtube_has(client: httpx2.AsyncClient) -> None:
    """Its own captions are nearer."""
    assert (await asked(client, SPEAKING, generate=True)).json()["source"] == "youtube"
    assert (await client.get("/captions/jobs")).json()["total"] == 0


async def test_existing_captions_are_taken_where_they_are_preferred(
    client: httpx2.AsyncClient, loopback: LoopbackYouTube
) -> None:
    """Nothing is downloaded or recognised; the cues say what YouTube's say, and a warning whose they are."""
    job = await captioned(client, SPEAKING)
    assert job["status"] == "completed"
    assert job["transcription_text"] == "hello world"
    assert [stage["status"] for stage in job["stages"].values()] == ["skipped"] * 3
    assert job["warnings"] == ["these are YouTube's own captions, written by people"]
    srt = await client.get(f"/captions/jobs/{job['job_id']}/subtitles.srt")
    assert "hello" in srt.text
    assert (await client.get(f"/captions/jobs/{job['job_id']}/audio")).status_code == 404
    assert loopback.asked


async def test_existing_captions_are_looked_for_in_the_language_wanted(client: httpx2.AsyncClient) -> None:
    """Spanish ones were heard by YouTube's recogniser, which is said."""
    job = await captioned(client, SPEAKING, language="es")
    assert job["language"] == "es"
    assert job["warnings"] == ["these are YouTube's own captions, heard by YouTube's recogniser"]


@pytest.mark.parametrize("video", [SILENT, "ccccccccccc"])
async def test_without_existing_captions_they_are_made(client: httpx2.AsyncClient, video: str) -> None:
    """What YouTube does not have, or says nothing of, is captioned as ever."""
    job = await captioned(client, video)
    assert job["status"] == "completed"
    assert [stage["status"] for stage in job["stages"].values()] == ["completed"] * 3
    assert job["warnings"] == []
