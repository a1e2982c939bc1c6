"""Dubbing: how quickly many clips are mixed, how far the steps overlap, how true and how lean the result is.

Kills are counted by the tests (`tests/dubbing/test_dub_killed.py`). `python -m benchmarks.dubbing mix` does
one part of it: mix, talk or memory.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tempfile
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import jiwer
import numpy as np

from batuta.captions.app import options_from
from batuta.house import Batuta, open_batuta
from batuta.jobs import JobRecord
from batuta.media.audio import AudioReader
from batuta.services.audio_worker.engine import work
from batuta.services.audio_worker.placing import Placing, exactly
from batuta.services.audio_worker.voices import Clip, Voice
from batuta.services.gateway.models import Options
from batuta.services.normalizer.flac import write_flac
from batuta.services.speech.orders import Synthesize
from batuta.services.speech.service import Speech
from batuta.services.transcriber.orders import Transcribe
from batuta.services.transcriber.service import Transcriber
from batuta.settings import Settings
from batuta.storage.artefacts import ObjectArtefacts
from batuta.weights import Weights
from benchmarks.figures import Figure
from benchmarks.memory import watched
from benchmarks.programs import House, free_port, start
from benchmarks.speech_files import speech
from benchmarks.talking_videos import Sound, film, music, spoken

SEGMENTS = 600
MIX_MINUTES = 30
NAIVE_SHARE = 10
"""The naive mixer is given a tenth of the clips over a tenth of the length: a hundredth of its work."""
TALK_SECONDS = 44.0
MEMORY_MINUTES = (10, 120)
MEMORY_LIMIT = 1.15
"""Ours: the contract says flat."""
RATE = 48_000
CLIP = round(2.4 * RATE)


def mixing(folder: Path) -> None:
    """600 clips over 30 minutes, beside whoever copies the whole track once per clip."""
    seconds = MIX_MINUTES * 60.0
    each = seconds / SEGMENTS
    asyncio.run(speech(folder / "talk.wav", TALK_SECONDS))
    said = spoken(folder / "talk.wav", TALK_SECONDS)
    clips: list[Path] = []
    for at in range(0, said.shape[1] - CLIP, CLIP):
        clips.append(folder / f"clip{len(clips)}.flac")
        write_flac(clips[-1], [said[:, at : at + CLIP]], RATE, 1)
    noise = np.random.default_rng(3).standard_normal((2, RATE)).astype(np.float32) * 0.01
    write_flac(folder / "bed.flac", (noise.copy() for _ in range(round(seconds))), RATE, 2)
    plan = [
        {"file": str(clips[number % len(clips)]), "start": each * number, "tempo": 1.1 if number % 3 else 1.0}
        for number in range(SEGMENTS)
    ]
    (folder / "plan.json").write_text(json.dumps(plan))
    task = {
        "task": "mix",
        "plan": str(folder / "plan.json"),
        "output": str(folder / "dub.flac"),
        "name": "talk.mp4",
        "profile": "web",
        "background_is_clean": True,
        "voice_loudness": -20.0,
        "duration": seconds,
        "video": None,
    }
    naive = _naive_mix(seconds / NAIVE_SHARE, SEGMENTS // NAIVE_SHARE, said[0, :CLIP]) * NAIVE_SHARE**2
    what = f"placing {SEGMENTS} segments on {MIX_MINUTES} minutes"
    took = _placing(seconds, [said[:, :CLIP]] * SEGMENTS, clips[0])
    Figure(what, took, "s", 3.0, ordinary="133 s", naive=naive).show()
    print(f"  the peer placed a tenth on a tenth of the length: times {NAIVE_SHARE**2}")
    for under, bed in (("silence", None), ("a bed", str(folder / "bed.flac"))):
        begun, busy = time.perf_counter(), time.process_time()
        work({**task, "background": bed}, [].append)
        took, busy = time.perf_counter() - begun, time.process_time() - busy
        print(f"  read, levelled, in tempo, over {under}, limited, FLAC: {took:.1f} s, CPU {busy:.1f} s")


def _placing(seconds: float, sounds: list[Sound], file: Path) -> float:
    """Seconds for what the peer does, too: sounds that are at hand, each added at its time."""
    samples = round(seconds * RATE)
    each = seconds / len(sounds)
    reader = AudioReader(file)  # never read
    clips = [Clip(number, reader, round(number * each * RATE), 1.0) for number in range(len(sounds))]
    begun = time.perf_counter()
    placing = Placing(clips, lambda clip: Voice(clip.number, clip.start, sounds[clip.number]), samples)
    for _ in placing.over(exactly((), samples, 2), None):
        pass
    assert None not in placing.actual_starts
    return time.perf_counter() - begun


def _naive_mix(seconds: float, segments: int, clip: np.ndarray) -> float:
    """Seconds it takes: a new track of 16 bits, stereo, for each segment, as `AudioSegment.overlay` makes."""
    track = bytes(round(seconds * RATE) * 4)
    voice = np.repeat((clip * 32767).astype("<i2"), 2)
    begun = time.perf_counter()
    for number in range(segments):
        at = round(number * seconds / segments * RATE) * 4
        under = np.frombuffer(track[at : at + voice.nbytes], "<i2")
        over = np.clip(under.astype(np.int32) + voice[: under.size], -32768, 32767).astype("<i2")
        track = track[:at] + over.tobytes() + track[at + over.nbytes :]
    return time.perf_counter() - begun


@dataclass
class Flow:
    """When what was there, in seconds since the synthesis began."""

    record: JobRecord
    report: dict[str, Any]
    first_clip: float
    whole: float


async def talking(folder: Path) -> None:
    """The whole demo into Portuguese and Spanish, and the flow beside its steps one after the other."""
    await speech(folder / "talk.wav", TALK_SECONDS)
    said = spoken(folder / "talk.wav", TALK_SECONDS)
    video = film(folder / "talk.mp4", said + music(TALK_SECONDS)[:, : said.shape[1]], TALK_SECONDS)
    short = film(folder / "short.mp4", said[:, : 13 * RATE], 13.0)
    flows: dict[str, Flow] = {}
    async with open_batuta(Settings(batuta_data=folder / "data")) as batuta:
        await dubbed(batuta, short, "pt")  # every engine is loaded
        for language in ("pt", "es"):
            flows[language] = await dubbed(batuta, video, language)
            await told(batuta, folder, language, flows[language])
    lines = [line["text"] for line in flows["pt"].report["segments"]]
    hearing = await heard_alone(folder)
    alone = await spoken_alone(folder, lines)
    flow = flows["pt"]
    what = f"hearing, translating and speaking {len(lines)} lines at once, as a share of one after the other"
    Figure(what, flow.whole / (hearing + sum(alone)), "of the sum", 0.6).show()
    print(
        f"  {flow.whole:.1f} s; alone: heard in {hearing:.1f} s, spoken in {sum(alone):.1f} s by one worker"
    )
    what = "the first clip, as a share of when it would be there stage after stage"
    Figure(what, flow.first_clip / (hearing + alone[0]), "of that time", 1.0).show()
    print(f"  {flow.first_clip:.1f} s, and {hearing + alone[0]:.1f} s stage after stage")


async def dubbed(batuta: Batuta, video: Path, language: str) -> Flow:
    """A finished dub, and when its lines were there."""
    assert batuta.gateway is not None
    job = await batuta.gateway.uploads.take_file(video, language, Options(source_language="en"))
    record = await batuta.dubbing.orchestrate(job.id)
    begun = first = 0.0
    while not (record := await batuta.dubbing.wait(record, 0)).status.final:
        lines = await batuta.dubbing.segments(record)
        stage = record.stages["synthesis"]
        if not begun and stage.started_at is not None:
            begun = time.perf_counter()
        if not first and any(line.clip is not None for line in lines):
            first = time.perf_counter()
        await asyncio.sleep(0.02)
    record = await batuta.dubbing.end_of(record)
    stage = record.stages["synthesis"]
    assert stage.started_at is not None
    assert stage.completed_at is not None
    whole = (stage.completed_at - stage.started_at).total_seconds()
    report = await batuta.dubbing.report(record)
    return Flow(record, report, first - begun, whole)


async def told(batuta: Batuta, folder: Path, language: str, flow: Flow) -> None:
    """What the report says of its fit, and what a recogniser hears."""
    totals = flow.report["totals"]
    name = f"English to {language}, {TALK_SECONDS:.0f} s"
    Figure(f"{name}: segments on plan", 100 * totals["on_plan"], "%", 95, "at least").show()
    Figure(f"{name}: fastest tempo", totals["max_tempo"], "times", 1.30).show()
    path = folder / f"talk.{language}.mp4"
    file = batuta.dubbing.video(flow.record)
    path.write_bytes(b"".join([chunk async for chunk in batuta.dubbing.artefacts.read(file)]))
    heard = await batuta.captions.caption(path, options_from({"language": language}))
    text = " ".join(line["text"] for line in flow.report["segments"])
    errors = 100 * jiwer.wer(_words(text), _words(heard.transcription.text))
    Figure(f"{name}: word errors, translation to what is heard in the dub", errors, "%", 15).show()


async def heard_alone(folder: Path) -> float:
    """Seconds to hear all of it, by a transcriber that does nothing else; to translate takes no time."""
    file = await ObjectArtefacts.in_folder(folder / "data" / "artefacts").put_file(
        folder / "talk.wav", "audio/wav"
    )
    settings = Settings()
    service = Transcriber(Weights.from_settings(settings), settings.whisper_model)
    took = 0.0
    try:
        for _ in range(2):  # the first loads the engine
            begun = time.perf_counter()
            order = Transcribe(file=file, language_in="en")
            await service.perform(order, {"file": folder / "talk.wav"}, folder, lambda _: None)
            took = time.perf_counter() - begun
    finally:
        await service.aclose()
    return took


async def spoken_alone(folder: Path, lines: list[str]) -> list[float]:
    """Seconds for each line, one after the other, by a speech service that does nothing else."""
    service = Speech(Weights.from_settings(Settings()))
    found: list[float] = []
    try:
        for line in (lines[0], *lines):
            begun = time.perf_counter()
            await service.perform(Synthesize(text=line, language="pt"), {}, folder, lambda _: None)
            found.append(time.perf_counter() - begun)
    finally:
        await service.aclose()
    return found[1:]  # the first loaded the engine


def _words(text: str) -> str:
    return re.sub(r"[^\w ]+", " ", unicodedata.normalize("NFKC", text).lower())


async def remembering(folder: Path) -> None:
    """Peak memory of the whole tree for 10 minutes and for 2 hours with the same few words."""
    await speech(folder / "talk.wav", 8)
    said = spoken(folder / "talk.wav", 8)
    peaks: dict[int, float] = {}
    for minutes in MEMORY_MINUTES:
        video = film(folder / f"{minutes}.mp4", said, 60.0 * minutes, fps=2)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        settings = {"BATUTA_DATA": str(folder / f"data{minutes}"), "WHISPER_MODEL": "tiny.en"}
        command = ["-m", "batuta", "serve", "--port", str(port)]
        house = House(await start(command, settings, f"{url}/health"), url)
        try:
            async with watched(house) as peak, httpx2.AsyncClient(base_url=url, timeout=120) as api:
                begun = time.perf_counter()
                wishes = json.dumps({"source_language": "en", "voice": "espeak:pt-br"})
                with video.open("rb") as file:
                    form = {"file": (video.name, file, "video/mp4")}
                    answer = await api.post(
                        "/api/v1/upload", files=form, data={"targetLang": "pt", "options": wishes}
                    )
                number = answer.raise_for_status().json()["jobId"]
                job: dict[str, Any] = {}
                while job.get("status") not in {"completed", "failed"}:
                    job = (await api.get(f"/dubbing/jobs/{number}/wait", params={"timeout": 20})).json()
                assert job["status"] == "completed", job
            peaks[minutes] = peak.bytes / 1e6
            print(
                f"  {minutes} minutes: at most {peaks[minutes]:.0f} MB, {time.perf_counter() - begun:.0f} s"
            )
        finally:
            house.kill()
    short, long = MEMORY_MINUTES
    what = f"peak memory of the whole tree for {long // 60} hours, as a share of that for {short} minutes"
    Figure(what, peaks[long] / peaks[short], "times", MEMORY_LIMIT).show()


def main() -> None:
    wanted = set(sys.argv[1:]) or {"mix", "talk", "memory"}
    with tempfile.TemporaryDirectory(prefix="batuta-bench-") as name:
        folder = Path(name)
        if "mix" in wanted:
            mixing(folder)
        if "talk" in wanted:
            asyncio.run(talking(folder))
        if "memory" in wanted:
            asyncio.run(remembering(folder))


if __name__ == "__main__":
    main()
