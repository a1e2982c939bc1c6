"""Dubbing as commands: what `batuta serve` builds, and where `batuta dub` writes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from batuta.cli import dub as command
from batuta.cli import serve
from batuta.dubbing.models import DubResult
from batuta.errors import InvalidRequest
from batuta.jobs import JobRecord, JobStatus
from batuta.settings import Settings
from batuta.storage.artefacts import ObjectArtefacts, once

pytestmark = pytest.mark.anyio

DUB, TEXT, PLAIN = b"a dub", b"a text", "text/plain"


@pytest.mark.parametrize(
    ("part", "port", "path"),
    [
        ("dubbing", 8400, "/orchestrate"),
        ("speech", 8300, "/synthesize"),
        ("worker", 8005, "/jobs"),
    ],
)
async def test_each_part_of_dubbing_can_be_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: Any, port: int, path: str
) -> None:
    """Under its name, on its own port unless another is set, with its routes."""
    assert part in get_args(serve.Part)
    monkeypatch.setenv("BATUTA_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("BATUTA_PART", part)
    monkeypatch.delenv("PORT", raising=False)
    app = serve.application()
    async with app.router.lifespan_context(app):
        assert path in app.openapi()["paths"]
    assert serve._port(part, Settings()) == port
    assert serve._port(part, Settings(port=9999)) == 9999


@dataclass(frozen=True)
class Finished:
    """A dub that is done, and the house it was done in."""

    house: Any
    record: JobRecord

    async def delivered(self, source: Path, output: Path | None) -> dict[str, Path]:
        """Where the command writes what."""
        place = command._place(source, output, "pt")
        return await command._delivered(self.house, self.record, source, place)


async def _finished(folder: Path, media_type: str) -> Finished:
    store = ObjectArtefacts.in_folder(folder)
    video, text = [await store.put(once(body), kind) for body, kind in ((DUB, media_type), (TEXT, PLAIN))]
    result = DubResult(
        output_key="dubbed_1.mkv",
        video=video,
        script=text,
        report=text,
        subtitles_source=text,
        subtitles_target=text,
        source_language="en",
        target_language="pt",
        duration=1.0,
    )
    now = dt.datetime.now(dt.UTC)
    record = JobRecord(
        job_id="job1",
        pipeline="dubbing",
        request={},
        status=JobStatus.COMPLETED,
        stages={},
        created_at=now,
        updated_at=now,
        result=result.model_dump(mode="json"),
    )
    return Finished(SimpleNamespace(dubbing=SimpleNamespace(artefacts=store)), record)


@pytest.mark.parametrize(
    ("media_type", "source", "output", "written"),
    [
        ("video/x-matroska", "x.mkv", "x.mp4", "x.dubbed.mkv"),
        ("video/x-matroska", "x.mkv", None, "x.pt.mkv"),
        ("video/x-matroska", "x.mkv", "y.mp4", "y.mkv"),
        ("video/mp4", "x.mp4", "x.mkv", "x.dubbed.mp4"),
        ("video/mp4", "x.mkv", "x.mp4", "x.mp4"),
    ],
)
async def test_the_video_itself_is_never_written_over(
    tmp_path: Path, media_type: str, source: str, output: str | None, written: str
) -> None:
    """Although the container, and with it the name, becomes another than was asked for."""
    finished = await _finished(tmp_path / "store", media_type)
    original = tmp_path / source
    original.write_bytes(b"source")
    files = await finished.delivered(original, None if output is None else tmp_path / output)
    assert original.read_bytes() == b"source"
    assert files["video"] == tmp_path / written
    assert files["video"].read_bytes() == DUB
    assert files["subtitles_target"] == files["video"].with_suffix(".pt.srt")
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {
        source,
        *(path.name for path in files.values()),
    }


async def test_a_link_to_the_video_is_the_video_itself(tmp_path: Path) -> None:
    """Refused where it is asked for; passed by where the container changes into it."""
    original, link = tmp_path / "x.mkv", tmp_path / "link.mkv"
    original.write_bytes(b"source")
    link.symlink_to(original)
    with pytest.raises(InvalidRequest, match="the video itself"):
        command._place(original, link, "pt")
    finished = await _finished(tmp_path / "store", "video/x-matroska")
    files = await finished.delivered(original, tmp_path / "link.mp4")
    assert files["video"] == tmp_path / "link.dubbed.mkv"
    assert (original.read_bytes(), link.is_symlink()) == (b"source", True)
