"""The audio worker as a service: from video to video, by reference or by form, and stopped at once."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import psutil
import pytest
from filmset import B_FRAMES, RATE, db, ebur128, film, flac, noise, onset, read, voice

from batuta.clients import AppTransport, RemoteJobs, ServiceClient
from batuta.errors import InvalidRequest, NoAudio
from batuta.media.packets import video_trail
from batuta.services.app import service_app
from batuta.services.audio_worker.orders import AudioResult, AudioTask, Placed
from batuta.services.audio_worker.service import AudioWorker
from batuta.services.registry import ServiceJobs
from batuta.services.remote import ServiceWorker
from batuta.storage.artefacts import Artefact, ObjectArtefacts, as_local_file
from batuta.storage.database import Database
from offspring import children

pytestmark = pytest.mark.anyio

SECONDS = 60
SRT = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"


@dataclass
class Studio:
    """The service, its caller, and the caller's store."""

    worker: ServiceWorker
    artefacts: ObjectArtefacts
    folder: Path

    async def put(self, path: Path, media_type: str) -> Artefact:
        return await self.artefacts.put_file(path, media_type)

    async def do(self, **fields: Any) -> AudioResult:
        """The result of an order."""
        order = AudioTask(**fields)
        async with asyncio.timeout(SECONDS):
            remote_id = await self.worker.submit(order, order.key("test"))
            found = await self.worker.result(order, remote_id, lambda _: None)
        assert isinstance(found, AudioResult)
        return found

    async def file(self, artefact: Artefact, name: str) -> Path:
        """A copy of the artefact."""
        async with as_local_file(self.artefacts, artefact, self.folder) as path:
            copy = self.folder / name
            copy.write_bytes(path.read_bytes())
        return copy


@asynccontextmanager
async def studio(folder: Path, *, shares_store: bool) -> AsyncGenerator[Studio]:
    """The service embedded, its store ours; or elsewhere, with one of its own."""
    database = Database.in_folder(folder)
    await database.create_tables()
    ours = ObjectArtefacts.in_folder(folder / "ours")
    its = ours if shares_store else ObjectArtefacts.in_folder(folder / "its")
    jobs = ServiceJobs(AudioWorker(), database, its, folder / "work", dt.timedelta(seconds=SECONDS))
    app = service_app(jobs, max_upload_bytes=100_000_000)
    async with app.router.lifespan_context(app):
        client = ServiceClient("audio-worker", "http://audio-worker", AppTransport(app), timeout=SECONDS)
        yield Studio(ServiceWorker(client, RemoteJobs(client), ours, shares_store=shares_store), ours, folder)
        await client.aclose()
    await database.aclose()


@pytest.fixture(params=[True, False], ids=["by reference", "by form"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio(tmp_path, shares_store=request.param) as found:
        yield found


async def test_a_film_is_dubbed(house: Studio, tmp_path: Path) -> None:
    """Extract, mix over the original, merge: the same pictures, the dub at its time and loudness."""
    source = film(tmp_path / "talk.mp4", np.tile(noise(5, -35), (1, 1)), seconds=5, options=B_FRAMES)
    video = await house.put(source, "video/mp4")
    clips = [
        await house.put(flac(tmp_path / f"{level}.flac", voice(1, level)), "audio/flac")
        for level in (-20, -30)
    ]
    speech = await house.do(task="extract", video=video, filename="talk.mp4")
    assert speech.duration == pytest.approx(5.0, abs=0.01)
    assert speech.video is not None
    assert (speech.video.codec, speech.filename) == ("h264", "talk_speech.flac")
    placements = (Placed(start=1.0), Placed(start=3.0, tempo=1.25))
    mix = await house.do(
        task="mix",
        audio=video,
        clips=clips,
        placements=placements,
        duration=speech.duration,
        voice_loudness=-20.0,
    )
    assert mix.actual_starts == (1.0, 3.0)
    assert mix.clip_seconds == (1.0, 0.8)
    subtitles = {}
    for which, text in (("target", "Olá"), ("source", "Hello")):
        (tmp_path / f"{which}.srt").write_text(SRT.format(text))
        subtitles[f"subtitles_{which}"] = await house.put(tmp_path / f"{which}.srt", "application/x-subrip")
    merged = await house.do(
        task="merge",
        video=video,
        audio=mix.file,
        source_language="en",
        target_language="pt",
        filename="talk.mp4",
        **subtitles,
    )
    assert (merged.container, merged.original_audio, merged.filename) == ("mp4", "copied", "talk_dubbed.mp4")
    output = await house.file(merged.file, "out.mp4")
    assert video_trail(output) == video_trail(source)
    sound = read(output)
    assert onset(sound, 0.2) == pytest.approx(1.0, abs=0.2)
    loudness, peak = ebur128(sound)
    assert loudness == pytest.approx(-16, abs=1)
    assert peak <= -1.5
    assert db(sound[:, int(1.2 * RATE) : int(1.8 * RATE)]) > db(sound[:, : RATE // 2]) + 10


async def test_errors_arrive_as_what_they_are(house: Studio, tmp_path: Path) -> None:
    """Across processes, and across machines."""
    silent = await house.put(film(tmp_path / "silent.mp4"), "video/mp4")
    with pytest.raises(NoAudio, match=r"quiet\.mp4 has no audio"):
        await house.do(task="extract", video=silent, filename="quiet.mp4")
    with pytest.raises(InvalidRequest, match="without weights"):
        await house.do(task="separate", video=silent)


async def test_an_incomplete_order_is_refused_over_http(tmp_path: Path) -> None:
    """422, and a word of help."""
    jobs_folder = tmp_path / "jobs"
    database = Database.in_folder(jobs_folder)
    await database.create_tables()
    store = ObjectArtefacts.in_folder(jobs_folder / "store")
    jobs = ServiceJobs(AudioWorker(), database, store, jobs_folder / "work", dt.timedelta(seconds=SECONDS))
    app = service_app(jobs, max_upload_bytes=1_000_000)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(base_url="http://audio-worker", transport=AppTransport(app)) as http,
    ):
        answer = await http.post("/jobs", json={"task": "extract"})
        assert answer.status_code == 422
        assert answer.json()["code"] == "invalid_request"
        assert "extract needs video" in answer.json()["detail"]
        answer = await http.post("/jobs", json={"task": "mix", "duration": 1, "placements": [{"start": -1}]})
        assert answer.status_code == 422
        assert "placements.0.start" in answer.json()["detail"]
    await database.aclose()


async def test_mixing_stops_when_it_is_cancelled(tmp_path: Path) -> None:
    """In the middle of a long mix: nothing of it runs on."""
    bed = flac(tmp_path / "bed.flac", np.tile(noise(10, -30, rate=8000), 60), 8000)
    worker = AudioWorker()
    begun = asyncio.Event()
    order = AudioTask(task="mix", bed=Artefact(sha256="0" * 64, size=1), duration=36_000.0)
    work = asyncio.create_task(
        worker.perform(order, {"bed": bed}, tmp_path, lambda percent: percent > 3 and begun.set())
    )
    try:
        async with asyncio.timeout(SECONDS):
            await begun.wait()
        engines = children()
        assert engines
        work.cancel()
        async with asyncio.timeout(2):
            await asyncio.gather(work, return_exceptions=True)
            _, alive = await asyncio.to_thread(psutil.wait_procs, engines, 2)
    finally:
        await worker.aclose()
    assert not alive
