"""What a retry does again, and what is a lookup."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx2
import pytest
from captions_calls import completed, ended
from changing import changing_services_app
from fastapi import FastAPI

from batuta.captions.app import Captions
from batuta.testing.servers import serving

pytestmark = pytest.mark.anyio

STALE = [
    ({}, None, set[str]()),
    ({"subtitle_profile": "children"}, None, {"subtitles"}),
    ({"language": "pt"}, None, {"transcription", "subtitles"}),
    ({"language_out": "en"}, None, {"transcription", "subtitles"}),
    ({"model": "tiny.en"}, None, {"transcription", "subtitles"}),
    ({"remove_noise": False}, None, {"normalization", "transcription", "subtitles"}),
    ({"isolate_vocals": True}, None, {"normalization", "transcription", "subtitles"}),
    ({}, "subtitles", {"subtitles"}),
    ({}, "transcription", {"transcription", "subtitles"}),
    ({}, "normalization", {"normalization", "transcription", "subtitles"}),
    ({}, "download", {"download", "normalization", "transcription", "subtitles"}),
]
"""Options changed, stage named, and what is done again where each stage gives something new: docs/http.md."""


@pytest.fixture(scope="module")
async def stubs() -> AsyncGenerator[str]:
    """The base URL of three services whose results differ from order to order, as real ones' do."""
    async with serving(changing_services_app()) as url:
        yield url


@pytest.mark.parametrize(("overrides", "stage", "stale"), STALE)
async def test_a_retry_does_again_exactly_what_is_stale(
    client: httpx2.AsyncClient, app: FastAPI, overrides: dict[str, object], stage: str | None, stale: set[str]
) -> None:
    """Everything else is a lookup."""
    job = await completed(client)
    body = {"overrides": overrides, **({"from": stage} if stage else {})}
    answer = await client.post(f"/jobs/{job['job_id']}/retry", json=body)
    assert answer.status_code == 202, answer.text
    assert (await ended(client, job["job_id"]))["status"] == "completed"
    captions: Captions = app.state.captions
    record = await captions.get(str(job["job_id"]))
    assert {name for name, found in record.stages.items() if not found.reused} == stale
