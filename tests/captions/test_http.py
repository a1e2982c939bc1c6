"""Captions over HTTP, under the seed's names and shapes."""

from __future__ import annotations

import httpx2
import pytest

pytestmark = pytest.mark.anyio
URL = "http://media.test/talk.mp4"


async def started(client: httpx2.AsyncClient, **body: object) -> dict[str, object]:
    """The answer to `POST /pipeline`."""
    response = await client.post("/pipeline", json={"youtube_url": URL, **body})
    assert response.status_code == 202, response.text
    return response.json()


async def completed(client: httpx2.AsyncClient, **body: object) -> dict[str, object]:
    """The job at its end."""
    job_id = (await started(client, **body))["job_id"]
    job = (await client.get(f"/jobs/{job_id}/wait", params={"timeout": 20})).json()
    assert job["status"] == "completed", job
    return job


async def test_a_started_pipeline_answers_at_once_with_the_seed_s_shape(client: httpx2.AsyncClient) -> None:
    """202, an id, where to look, and nothing done yet."""
    response = await client.post("/pipeline", json={"youtube_url": URL})
    body = response.json()
    assert response.status_code == 202
    assert set(body) == {"job_id", "status", "message", "youtube_url", "overall_progress"}
    assert body["status"] == "queued"
    assert body["youtube_url"] == URL
    assert body["overall_progress"] == 0.0
    assert response.headers["location"] == f"/jobs/{body['job_id']}"


async def test_process_is_an_alias_of_pipeline(client: httpx2.AsyncClient) -> None:
    """Existing clients call it by the older name."""
    response = await client.post("/process", json={"youtube_url": URL})
    assert response.status_code == 202


async def test_a_completed_job_has_the_seed_s_shape(client: httpx2.AsyncClient) -> None:
    """Stages, text, segments, file names; times with a zone."""
    job = await completed(client)
    assert job["overall_progress"] == 100.0
    assert list(job["stages"]) == ["download", "normalization", "transcription"]
    for stage in job["stages"].values():
        assert stage["status"] == "completed"
        assert stage["progress"] == 100.0
        assert stage["job_id"]
        assert stage["started_at"].endswith("Z")
        assert stage["error"] is None
    assert job["transcription_text"] == "Hello there."
    assert job["transcription_segments"] == [
        {"text": "Hello there.", "start": 0.0, "end": 1.5, "duration": 1.5}
    ]
    assert job["transcription_file"] == "transcription.srt"
    assert job["audio_file"] == "made.bin"
    assert job["error_message"] is None
    assert job["created_at"].endswith("Z")


async def test_the_same_request_answers_with_the_same_job_unless_forced(client: httpx2.AsyncClient) -> None:
    """Equal URL and options are equal work; `force` and any other option are not."""
    first = await completed(client)
    assert (await started(client))["job_id"] == first["job_id"]
    assert (await started(client, language="auto"))["job_id"] == first["job_id"]
    assert (await started(client, force=True))["job_id"] != first["job_id"]
    assert (await started(client, language="pt"))["job_id"] != first["job_id"]


@pytest.mark.parametrize(
    ("form", "media_type", "beginning"),
    [
        ("srt", "application/x-subrip", "1\n00:00:00,000 --> "),
        ("vtt", "text/vtt", "WEBVTT"),
        ("txt", "text/plain", "Hello there."),
        ("tsv", "text/tab-separated-values", "start\tend\ttext"),
        ("json", "application/json", "{"),
    ],
)
async def test_subtitles_come_in_five_formats(
    client: httpx2.AsyncClient, form: str, media_type: str, beginning: str
) -> None:
    """Each with its own media type and a name to save it under."""
    job = await completed(client)
    response = await client.get(f"/jobs/{job['job_id']}/subtitles.{form}")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith(media_type)
    assert response.text.startswith(beginning)
    assert "Hello there." in response.text
    assert f"{job['job_id']}.en.{form}" in response.headers["content-disposition"]


async def test_an_uploaded_file_is_captioned(client: httpx2.AsyncClient) -> None:
    """The file travels as a form, the options beside it."""
    response = await client.post(
        "/pipeline/upload", files={"file": ("talk.mp4", b"bytes", "video/mp4")}, data={"language": "en"}
    )
    assert response.status_code == 202, response.text
    job = (await client.get(f"/jobs/{response.json()['job_id']}/wait")).json()
    assert job["status"] == "completed"
    assert job["youtube_url"] is None


async def test_the_normalized_audio_can_be_had(client: httpx2.AsyncClient) -> None:
    """Its bytes are the service's."""
    job = await completed(client)
    assert (await client.get(f"/jobs/{job['job_id']}/audio")).content == b"media"


async def test_jobs_are_listed_newest_first(client: httpx2.AsyncClient) -> None:
    """`total` counts all of them; `limit` and `status` narrow what is shown."""
    first = await completed(client)
    second = await completed(client, language="pt")
    listed = (await client.get("/jobs", params={"limit": 1})).json()
    assert listed["total"] == 2
    assert [job["job_id"] for job in listed["jobs"]] == [second["job_id"]]
    assert set(listed["jobs"][0]) == {
        "job_id",
        "youtube_url",
        "status",
        "progress",
        "created_at",
        "updated_at",
        "title",
        "reference",
        "eta_seconds",
    }
    failed = (await client.get("/jobs", params={"status": "failed"})).json()
    assert failed["jobs"] == []
    assert first["job_id"] in {job["job_id"] for job in (await client.get("/jobs")).json()["jobs"]}


async def test_health_speaks_of_the_services(client: httpx2.AsyncClient) -> None:
    """Each by its name, three of them the seed's, and the whole as healthy."""
    health = (await client.get("/health")).json()
    assert health["status"] == "healthy"
    assert health["service"] == "ytcaption-orchestrator"
    assert health["microservices"] == {
        "video-downloader": "healthy",
        "audio-normalization": "healthy",
        "audio-transcriber": "healthy",
        "translator": "healthy",
        "audio-worker": "healthy",
        "speech": "healthy",
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/jobs/0123456789abcdef", 404, "not_found"),
        ("GET", "/jobs/..%2f..%2fetc%2fpasswd", 404, "not_found"),
        ("GET", "/jobs/0123456789abcdef/subtitles.srt", 404, "not_found"),
        ("POST", "/jobs/0123456789abcdef/cancel", 404, "not_found"),
        ("GET", "/jobs?limit=0", 422, "invalid_request"),
        ("GET", "/jobs?limit=501", 422, "invalid_request"),
        ("GET", "/nowhere", 404, "not_found"),
        ("DELETE", "/pipeline", 405, "invalid_request"),
    ],
)
async def test_errors_have_one_shape(
    client: httpx2.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    """RFC 9457 problem details with a code, whatever went wrong."""
    response = await client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == code
    assert problem["status"] == status
    assert problem["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"youtube_url": "not a url"},
        {"youtube_url": "file:///etc/passwd"},
        {"youtube_url": "ftp://media.test/talk.mp4"},
        {"youtube_url": URL, "remove_noise": "perhaps"},
        {"youtube_url": URL, "unknown": 1},
        {"youtube_url": URL, "subtitle_profile": "cinema"},
        {"youtube_url": URL, "language": "x" * 100},
        [],
        "text",
    ],
)
async def test_a_body_that_cannot_be_used_is_refused_before_any_work(
    client: httpx2.AsyncClient, body: object
) -> None:
    """422 that says what is wrong, and no job is stored."""
    response = await client.post("/pipeline", json=body)
    assert response.status_code == 422
    assert response.json()["code"] == "invalid_request"
    assert (await client.get("/jobs")).json()["total"] == 0


async def test_an_upload_without_a_file_is_refused(client: httpx2.AsyncClient) -> None:
    """The error names the missing field."""
    response = await client.post("/pipeline/upload", files={"language": (None, "en")})
    assert response.status_code == 422
    assert "file" in response.json()["detail"]


async def test_null_means_the_default(client: httpx2.AsyncClient) -> None:
    """The seed's clients send null for what they do not care about."""
    job = await completed(client, language=None, remove_noise=None, language_out=None)
    assert (await started(client))["job_id"] == job["job_id"]


async def test_a_completed_job_cannot_be_cancelled(client: httpx2.AsyncClient) -> None:
    """409, and it stays completed."""
    job = await completed(client)
    assert (await client.post(f"/jobs/{job['job_id']}/cancel")).status_code == 409
