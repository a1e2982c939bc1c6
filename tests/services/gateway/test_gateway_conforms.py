"""The gateway as the orchestrator sees it: in this process or on another machine, it is the same."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from gateway_parts import House, chunks

from batuta.clients import RetryPolicy, ServiceClient, network_transport
from batuta.errors import BatutaError, Conflict, InvalidRequest, NotFound, ServiceError, ServiceUnavailable
from batuta.services.gateway.far import FarGateway, read_job
from batuta.services.gateway.gateway import Gateway
from batuta.services.gateway.models import Job, JobChange, JobError, JobStatus
from batuta.testing.faults import Dropped, FaultTransport, Pass, Refused, script

pytestmark = pytest.mark.anyio

AT_ONCE = RetryPolicy(max_retries=2, base=0.001)


@pytest.fixture(params=["in this process", "on another machine"])
async def gateway(request: pytest.FixtureRequest, house: House) -> AsyncIterator[Gateway]:
    """Both kinds, over the same jobs."""
    if request.param == "in this process":
        yield house.desk.gateway
        return
    client = ServiceClient("gateway", str(house.client.base_url), headers=house.as_("service"))
    yield FarGateway(client)
    await client.aclose()


async def test_a_job_is_given_as_it_is(gateway: Gateway, house: House) -> None:
    """Every field but the owner, who is nobody else's business."""
    job_id = await house.job()
    stored = await house.desk.jobs.get(job_id)
    assert (await gateway.job(job_id)).model_dump() == stored.model_dump()


async def test_news_changes_the_job_and_twice_is_once(gateway: Gateway, house: House) -> None:
    """What comes back is the job after the change."""
    job_id = await house.job()
    change = JobChange(status=JobStatus.PROCESSING, progress=12.6, activity="mixing")
    first = await gateway.patch(job_id, change)
    second = await gateway.patch(job_id, change)
    assert (first.status, first.progress, first.activity) == (JobStatus.PROCESSING, 13, "mixing")
    assert second.model_dump(exclude={"updated_at"}) == first.model_dump(exclude={"updated_at"})
    failed = await gateway.patch(
        job_id, JobChange(status=JobStatus.FAILED, error=JobError(code="no_audio", message="x", stage="mix"))
    )
    assert failed.error == JobError(code="no_audio", message="x", stage="mix")


async def test_a_job_is_completed_with_an_output_that_is_there(gateway: Gateway, house: House) -> None:
    """And not with one that is not there yet, or another's."""
    job_id = await house.job()
    done = JobChange(status=JobStatus.COMPLETED, output_object_key=f"dubbed_{job_id}.mkv")
    with pytest.raises(InvalidRequest, match="upload"):
        await gateway.patch(job_id, done)
    await house.desk.objects.put(f"dubbed_{job_id}.mkv", chunks(b"x"), "video/x-matroska")
    assert (await gateway.patch(job_id, done)).progress == 100
    again = await gateway.patch(job_id, JobChange(status=JobStatus.PROCESSING))
    assert (again.progress, again.output_object_key) == (0, f"dubbed_{job_id}.mkv")
    with pytest.raises(InvalidRequest, match="outputObjectKey"):
        await gateway.patch(job_id, JobChange(output_object_key="dubbed_999.mp4"))


async def test_what_cannot_be_is_the_same_error_everywhere(gateway: Gateway, house: House) -> None:
    """An unknown job, and a move that is none; neither is worth another try."""
    with pytest.raises(NotFound, match="999"):
        await gateway.job(999)
    with pytest.raises(NotFound, match="999"):
        await gateway.patch(999, JobChange(progress=1))
    job_id = await house.job()
    await gateway.patch(job_id, JobChange(status=JobStatus.FAILED))
    with pytest.raises(Conflict, match="FAILED") as refusal:
        await gateway.patch(job_id, JobChange(status=JobStatus.QUEUED))
    assert not refusal.value.retryable


async def test_news_that_gets_lost_is_told_again(house: House) -> None:
    """On the way there or back; a gateway that stays away is a passing failure."""
    job_id = await house.job()
    plan = script(Refused(), Dropped(), Pass(), *[Refused()] * 3)
    client = ServiceClient(
        "gateway",
        str(house.client.base_url),
        FaultTransport(network_transport(), plan),
        headers=house.as_("service"),
        retry=AT_ONCE,
    )
    far = FarGateway(client)
    assert (await far.patch(job_id, JobChange(status=JobStatus.PROCESSING))).status is JobStatus.PROCESSING
    with pytest.raises(ServiceUnavailable):
        await far.job(job_id)
    await client.aclose()


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, b"", NotFound),
        (404, b'{"error": "Job not found", "code": "JOB_NOT_FOUND"}', NotFound),
        (409, b'{"error": "no"}', Conflict),
        (400, b'{"error": "no"}', InvalidRequest),
        (401, b"", BatutaError),
        (500, b"", ServiceUnavailable),
        (200, b"<html>", ServiceError),
        (200, b"[]", ServiceError),
        (200, b'{"id": 1}', ServiceError),
        (200, b'{"id": 1, "sourceObjectKey": "a", "targetLanguage": "es", "status": "LOST"}', ServiceError),
    ],
)
async def test_answers_of_other_gateways_are_errors_of_ours(
    status: int, body: bytes, error: type[BatutaError]
) -> None:
    """Whatever their shape; the words are theirs."""
    answers = httpx2.MockTransport(lambda _: httpx2.Response(status, content=body))
    client = ServiceClient("gateway", "http://gateway:8080", answers, retry=RetryPolicy(max_retries=0))
    for ask in (FarGateway(client).job(1), FarGateway(client).patch(1, JobChange(progress=1))):
        with pytest.raises(error) as failure:
            await ask
        if b"Job not found" in body:
            assert "Job not found" in str(failure.value)
    await client.aclose()


async def test_a_gateway_that_answers_a_patch_with_nothing_is_asked_for_the_job() -> None:
    """And is sent whole numbers and no nulls, as the seed's understand them."""
    sent: list[Any] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.method == "PATCH":
            sent.append(json.loads(request.content))
            return httpx2.Response(204)
        found = {"id": "1", "sourceObjectKey": "videos/a.mp4", "targetLanguage": "hi", "status": "processing"}
        return httpx2.Response(
            200, json={**found, "progress": "7.0", "jpaVersion": 3, "error": "none so far"}
        )

    client = ServiceClient("gateway", "http://gateway:8080", httpx2.MockTransport(answer))
    job = await FarGateway(client).patch(1, JobChange(status=JobStatus.PROCESSING, progress=6.7))
    assert sent == [{"status": "PROCESSING", "progress": 7}]
    assert (job.id, job.status, job.progress, job.options_json) == (1, JobStatus.PROCESSING, 7, "{}")
    assert job.error == JobError(code="failed", message="none so far")
    await client.aclose()


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-20T10:00:00", dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)),
        ("2026-11-20T10:00:00+02:00", dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC)),
        ([2026, 11, 20, 10, 0], dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)),
        ([2026, 11, 20, 10, 0, 1, 500_000_000], dt.datetime(2026, 11, 20, 10, 0, 1, 500_000, dt.UTC)),
    ],
)
def test_moments_are_understood_in_every_form(said: Any, meant: dt.datetime) -> None:
    """Without a zone they are in UTC; Java writes them as arrays."""
    job = read_job({"id": 1, "sourceObjectKey": "a", "targetLanguage": "es", "createdAt": said}, "gateway")
    assert job.created_at == meant


@pytest.mark.parametrize(
    "odd",
    [
        {"createdAt": "yesterday"},
        {"createdAt": [2026, "x"]},
        {"createdAt": {}},
        {"progress": "much"},
        {"progress": 1e999},
        {"progress": []},
        {"optionsJson": 5, "status": 7},
    ],
)
def test_a_job_that_cannot_be_read_is_told_as_such(odd: dict[str, Any]) -> None:
    """And never a crash of ours."""
    with pytest.raises(ServiceError, match="cannot be read"):
        read_job({"id": 1, "sourceObjectKey": "a", "targetLanguage": "es", **odd}, "gateway")


def test_options_that_come_as_an_object_are_text_again() -> None:
    """In `optionsJson` as the contract has it."""
    said = {"id": 1, "sourceObjectKey": "a", "targetLanguage": "es", "optionsJson": {"voice": "ana"}}
    job = read_job(said, "gateway")
    assert isinstance(job, Job)
    assert json.loads(job.options_json) == {"voice": "ana"}
