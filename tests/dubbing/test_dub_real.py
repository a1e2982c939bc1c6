"""One real dub, English to Portuguese, and every promise of the contract about its result."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from dub_records import DubRecords
from dub_videos import begins_within, found_at, loudness, read, speech_in, talk, word_errors

from batuta.captions.app import options_from
from batuta.dubbing.models import Segment
from batuta.house import Batuta, open_batuta
from batuta.jobs import JobRecord, JobStatus
from batuta.media.packets import video_trail
from batuta.media.video import look
from batuta.services.gateway.models import Job, Options
from batuta.services.gateway.models import JobStatus as GatewayStatus
from batuta.settings import Settings
from batuta.storage.artefacts import Artefact

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(300)]

SECONDS = 13.0
CHANGED = 1
NEW_TEXT = "Foi o tempo da sabedoria, foi também o tempo da loucura."
ON_PLAN = 0.15
LAME_MS = 0.02
"""What the coder of the sound may move an onset by."""


@dataclass(frozen=True)
class Round:
    """A finished dub, and what was done by then."""

    record: JobRecord
    gateway: Job
    segments: list[Segment]
    report: dict[str, Any]
    asked: dict[str, int]
    """Orders of each service that was asked for any."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        lines: list[dict[str, Any]] = self.report["segments"]
        return lines


@dataclass(frozen=True)
class Dubbed:
    """The first round and the one after a line was changed, with the files of the first."""

    source: Path
    video: Path
    clips: list[Path]
    heard: str
    """By a recogniser, in the dub."""
    first: Round
    changed: Round


@pytest.fixture(scope="module")
def dubbed(
    two_cities: Path, weights: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Dubbed:
    """Three sentences over music, dubbed once, then with one line said otherwise."""
    for name in ("whisper-base", "spleeter-2stems", "kokoro-82m", "kokoro-voices", "bergamot-en-pt"):
        weights(name)
    folder = tmp_path_factory.mktemp("dub")
    source = talk(folder / "talk.mp4", [speech_in(two_cities, 0, SECONDS)])
    return asyncio.run(_dubbed(folder, source))


async def _dubbed(folder: Path, source: Path) -> Dubbed:
    records = DubRecords(folder / "data")
    async with asyncio.timeout(240), open_batuta(Settings(batuta_data=records.data)) as batuta:
        assert batuta.gateway is not None
        job = await batuta.gateway.uploads.take_file(source, "pt", Options(source_language="en"))
        record = await batuta.dubbing.end_of(await batuta.dubbing.orchestrate(job.id))
        first = await _round(batuta, record, records)
        dub = batuta.dubbing
        video = await _copy(batuta, dub.video(record), folder / "talk.pt.mp4")
        clips = [
            await _copy(batuta, await dub.clip(record, each.index), folder / f"{each.index}.flac")
            for each in first.segments
        ]
        record = await dub.end_of(await dub.change_line(record, CHANGED, NEW_TEXT))
        changed = await _round(batuta, record, records)
        heard = await batuta.captions.caption(video, options_from({"language": "pt", "remove_noise": False}))
        return Dubbed(source, video, clips, heard.transcription.text, first, changed)


async def _round(batuta: Batuta, record: JobRecord, records: DubRecords) -> Round:
    dub = batuta.dubbing
    number = record.request["dub_id"]
    services = ("audio-transcriber", "translator", "speech", "audio-worker")
    asked = {name: records.runs(name) for name in services}
    return Round(
        record, await dub.gateway_job(number), await dub.segments(record), await dub.report(record), asked
    )


async def _copy(batuta: Batuta, file: Artefact, path: Path) -> Path:
    path.write_bytes(b"".join([chunk async for chunk in batuta.dubbing.artefacts.read(file)]))
    return path


def test_a_recogniser_hears_the_translation_in_the_dub(dubbed: Dubbed) -> None:
    """At most 15 % of the words are others than those the report says are spoken."""
    said = " ".join(line["text"] for line in dubbed.first.lines)
    assert word_errors(said, dubbed.heard) <= 0.15, dubbed.heard


def test_the_voice_keeps_its_tempo_and_begins_on_plan(dubbed: Dubbed) -> None:
    """Never faster than 1.30; at least 95 % of the lines begin within 0.15 s of the plan."""
    lines = dubbed.first.lines
    assert len(lines) >= 3
    assert all(0.95 <= line["tempo"] <= 1.30 for line in lines)
    on_plan = [abs(line["actual_start"] - line["planned_start"]) <= ON_PLAN for line in lines]
    assert sum(on_plan) >= 0.95 * len(lines)
    assert dubbed.first.report["totals"]["on_plan"] == sum(on_plan) / len(lines)


def test_each_line_is_really_heard_where_the_report_says(dubbed: Dubbed) -> None:
    """Found in the finished video by its sound, the clip is where it should be, and begins with a sound."""
    mixed = read(dubbed.video)
    for line, clip in zip(dubbed.first.lines, dubbed.clips, strict=True):
        sound = read(clip)
        assert begins_within(sound) < ON_PLAN / 2
        place = found_at(sound, mixed)
        assert place == pytest.approx(line["actual_start"], abs=LAME_MS)
        assert abs(place - line["planned_start"]) <= ON_PLAN


def test_the_dub_is_as_loud_as_the_profile_asks(dubbed: Dubbed) -> None:
    """-16 LUFS within 1 LU, true peak at most -1.5 dB, by FFmpeg's meter; the report says the same."""
    lufs, peak = loudness(read(dubbed.video))
    assert lufs == pytest.approx(-16, abs=1)
    assert peak <= -1.5
    totals = dubbed.first.report["totals"]
    assert totals["loudness"] == pytest.approx(lufs, abs=0.3)
    assert totals["true_peak"] == pytest.approx(peak, abs=0.7)


def test_the_pictures_are_the_source_s_and_the_length_is_too(dubbed: Dubbed) -> None:
    """Every packet bit for bit at its time; as long as the source within a picture."""
    before, after = video_trail(dubbed.source), video_trail(dubbed.video)
    assert after == before
    assert look(dubbed.video).duration == pytest.approx(
        look(dubbed.source).duration, abs=look(dubbed.source).frame_seconds
    )


def test_the_tracks_are_the_dub_the_original_and_subtitles_in_both_languages(dubbed: Dubbed) -> None:
    """With their languages; the second sound is the source's own, packet for packet."""
    with av.open(str(dubbed.video)) as file, av.open(str(dubbed.source)) as source:
        assert [(s.type, s.metadata.get("language")) for s in file.streams if s.type != "video"] == [
            ("audio", "por"),
            ("audio", "eng"),
            ("subtitle", "por"),
            ("subtitle", "eng"),
        ]
        assert [bool(s.disposition & av.stream.Disposition.default) for s in file.streams.audio] == [
            True,
            False,
        ]
        original = [bytes(packet) for packet in file.demux(file.streams.audio[1]) if packet.size]
        assert original == [bytes(packet) for packet in source.demux(source.streams.audio[0]) if packet.size]


def test_the_report_says_what_the_contract_says_it_does(dubbed: Dubbed) -> None:
    """Its fields, and values that agree with each other."""
    report = dubbed.first.report
    assert {"segments", "totals", "engines", "warnings"} <= set(report)
    wanted = {"index", "start", "end", "source_text", "text", "clip_seconds", "tempo"}
    for number, line in enumerate(dubbed.first.lines):
        assert wanted | {"planned_start", "actual_start", "warnings"} <= set(line)
        assert line["index"] == number
        assert 0 <= line["start"] < line["end"] <= SECONDS
        assert line["engine"].startswith("kokoro:")
        assert line["warnings"] == []
    assert report["totals"]["segments"] == report["totals"]["spoken"] == len(dubbed.first.lines)
    assert report["totals"]["duration"] == pytest.approx(SECONDS, abs=0.05)
    assert {"transcription", "translation", "synthesis"} <= set(report["engines"])


def test_a_changed_line_is_the_only_thing_spoken_anew(dubbed: Dubbed) -> None:
    """One clip more, nothing heard or translated again, every other line as it was, and COMPLETED again."""
    first, changed = dubbed.first, dubbed.changed
    assert {name: changed.asked[name] - first.asked[name] for name in first.asked} == {
        "audio-transcriber": 0,
        "translator": 0,
        "speech": 1,
        "audio-worker": 2,  # mixed and merged
    }
    assert changed.lines[CHANGED]["text"] == NEW_TEXT
    for before, after in zip(first.segments, changed.segments, strict=True):
        assert (after.clip == before.clip) == (after.index != CHANGED)
    assert (changed.record.job_id, changed.record.status) == (first.record.job_id, JobStatus.COMPLETED)
    assert first.gateway.status is changed.gateway.status is GatewayStatus.COMPLETED
    assert changed.gateway.updated_at > first.gateway.updated_at
    assert changed.gateway.output_object_key == first.gateway.output_object_key
