"""Submit, wait, fetch: the same promises in process and over the network, in fair weather and foul."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

import pytest
from echoing import Reach
from job_service import RESULT_BYTES, JobService

from batuta import errors
from batuta.clients import BytesFile, PollPolicy, RemoteJobs, RemoteState, ServiceClient, deadline
from batuta.testing.clock import VirtualClock
from batuta.testing.faults import (
    Dropped,
    Fault,
    FaultTransport,
    Lost,
    Pass,
    Refused,
    Status,
    Truncated,
    script,
)

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("nothing_left_running")]

FOUL: list[Fault] = [
    Refused(),
    Dropped(),
    Lost(),
    Status(503),
    Truncated(5),
    Status(429, {"Retry-After": "1"}),
]

Connect = Callable[..., RemoteJobs]


@pytest.fixture
def connect(reach: Reach, clock: VirtualClock) -> Connect:
    """The service's jobs, with these faults on the way to it."""
    url, inner = reach

    def connect(*faults: Fault, **poll: Any) -> RemoteJobs:
        transport = FaultTransport(inner, script(*faults), clock)
        client = ServiceClient("transcriber", url, transport, clock=clock, jitter=lambda: 0.0)
        return RemoteJobs(client, PollPolicy(**poll))

    return connect


@pytest.fixture(params=["fair", "foul"])
def jobs(request: pytest.FixtureRequest, connect: Connect) -> RemoteJobs:
    """In foul weather each of the first requests meets with another fault before it gets through."""
    foul = [fault for trouble in FOUL for fault in (trouble, Pass())]
    return connect(*(foul if request.param == "foul" else ()))


@pytest.mark.parametrize("encoding", ["json", "multipart"])
@pytest.mark.parametrize("id_field", ["id", "job_id"])
async def test_a_job_is_handed_in_once(
    jobs: RemoteJobs, service: JobService, encoding: Literal["json", "multipart"], id_field: str
):
    """However often the request had to be repeated, and under whichever name the id comes back."""
    service.id_field = id_field
    fields = {"url": "https://example.com/ä", "quality": "audio"}
    ids = {await jobs.submit(fields, encoding=encoding, idempotency_key="k") for _ in range(4)}
    assert ids == {"job 0?ä"}
    assert service.submitted == [fields]


async def test_a_file_arrives_whole(jobs: RemoteJobs, service: JobService):
    """Streamed as multipart, it is on the other side what it was on this one; None means the default."""
    audio = bytes(range(256)) * 4000
    fields = {"remove_noise": True, "language_in": "auto", "language_out": None}
    files = {"file": BytesFile('a "b".wav', audio, "audio/wav")}
    await jobs.submit(fields, files, encoding="multipart", idempotency_key="k")
    digest = hashlib.sha256(audio).hexdigest()
    assert service.submitted == [
        {
            "remove_noise": "true",
            "language_in": "auto",
            "file": ("a %22b%22.wav", "audio/wav", len(audio), digest),
        }
    ]


async def test_a_job_is_waited_for(jobs: RemoteJobs, service: JobService):
    """The completed status comes back with all the service said, and progress went from 0 to 100."""
    service.script = [
        {"status": "queued", "progress": 0},
        {"status": "processing", "progress": 40},
        {"status": "whatever", "progress": 30.0},
        {"status": "processing", "progress": None},
        {"status": "Completed", "progress": 100, "filename": "a.wav"},
    ]
    told: list[float] = []
    remote_id = await jobs.submit({}, idempotency_key="k")
    status = await jobs.wait(remote_id, told.append)
    assert status.state is RemoteState.COMPLETED
    assert status.raw["filename"] == "a.wav"
    assert told == [40.0, 100.0]


async def test_results_are_fetched(jobs: RemoteJobs):
    """The large one as a stream, the small one as a document."""
    remote_id = await jobs.submit({}, idempotency_key="k")
    size = 0
    async with jobs.download(remote_id) as response:
        async for chunk in response.aiter_bytes():
            size += len(chunk)
    assert size == RESULT_BYTES
    assert await jobs.document(remote_id, "transcription") == {"full_text": "olá", "segments": []}


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        ({"status": "failed", "error_message": "disk full"}, errors.RemoteJobFailed, "disk full"),
        ({"status": "FAILED", "error": "silent", "error_code": "no_audio"}, errors.NoAudio, "silent"),
        ({"status": "error", "error": {"code": "no_audio", "message": "silent"}}, errors.NoAudio, "silent"),
        (
            {"status": "cancelled"},
            errors.RemoteJobFailed,
            "the job ended as 'cancelled', without an explanation",
        ),
        ({"status": "expired"}, errors.RemoteJobFailed, "the job ended as 'expired', without an explanation"),
    ],
)
async def test_a_failed_job_raises_its_cause(
    jobs: RemoteJobs,
    service: JobService,
    said: dict[str, Any],
    error: type[errors.BatutaError],
    message: str,
):
    """In the service's own words, as our own error where it names one; `expired` is not waited out."""
    service.script = [{"status": "processing"}, said]
    remote_id = await jobs.submit({}, idempotency_key="k")
    with pytest.raises(error) as caught:
        await jobs.wait(remote_id)
    assert (type(caught.value), str(caught.value)) == (error, message)
    assert caught.value.__notes__ == [f"transcriber job {remote_id}"]


async def test_a_lost_job_can_be_handed_in_again(jobs: RemoteJobs, service: JobService):
    """A service that forgot a job it had accepted says 404; the same key then starts it anew."""
    remote_id = await jobs.submit({"n": 1}, idempotency_key="k")
    service.forget_everything()
    for ask in (jobs.wait(remote_id), jobs.document(remote_id, "nothing")):
        with pytest.raises(
            errors.RemoteJobLost, match=r"transcriber GET .* answered 404, so it no longer knows"
        ):
            await ask
    with pytest.raises(errors.RemoteJobLost, match="410"):
        async with jobs.download(remote_id):
            pass
    again = await jobs.submit({"n": 1}, idempotency_key="k")
    assert (await jobs.wait(again)).state is RemoteState.COMPLETED
    assert len(service.submitted) == 2


async def test_a_job_is_cancelled(jobs: RemoteJobs, service: JobService, clock: VirtualClock):
    """Also when the time for the work is up, which is when it is needed most."""
    remote_id = await jobs.submit({}, idempotency_key="k")
    with deadline(1, now=clock.now):
        clock.advance(2)
        await jobs.cancel(remote_id)
    assert set(service.deleted) == {remote_id}


# How often a job is asked about


async def test_a_service_that_waits_is_asked_seldom(
    connect: Connect, service: JobService, clock: VirtualClock
):
    """One question every 25 s, and none in between."""
    service.script = [{"status": "processing"}] * 4 + [{"status": "done"}]
    jobs = connect()
    await jobs.wait(await jobs.submit({}, idempotency_key="k"))
    assert service.waits == ["25"] * 5
    assert clock.slept == [25.0] * 4  # all of it on the service's side


async def test_a_service_that_does_not_wait_is_polled(
    connect: Connect, service: JobService, clock: VirtualClock
):
    """Soon and often at first, backing off to the interval."""
    service.honours_wait = False
    service.script = [{"status": "processing"}] * 12 + [{"status": "done"}]
    jobs = connect(interval=3.0)
    await jobs.wait(await jobs.submit({}, idempotency_key="k"))
    expected = [
        0.05,
        0.08,
        0.128,
        0.2048,
        0.32768,
        0.524288,
        0.8388608,
        1.34217728,
        2.147483648,
        3.0,
        3.0,
        3.0,
    ]
    assert clock.slept == pytest.approx(expected)


async def test_no_service_is_asked_for_ever(connect: Connect, service: JobService):
    """`MAX_POLL_ATTEMPTS` questions are enough, also for a status nobody has heard of."""
    service.honours_wait = False
    service.script = [{"status": "transmogrifying"}]
    jobs = connect(max_attempts=7)
    with pytest.raises(errors.DeadlineExceeded, match="7 times"):
        await jobs.wait(await jobs.submit({}, idempotency_key="k"))
    assert len(service.waits) == 7


async def test_a_service_that_waits_with_its_answer_is_not_polled(connect: Connect, service: JobService):
    """Its answers do not count as attempts: an hour of work may be asked about every second."""
    service.script = [*([{"status": "processing"}] * 50), {"status": "completed"}]
    jobs = connect(max_attempts=7, longest_wait=1.0, at_once=0.9)
    await jobs.wait(await jobs.submit({}, idempotency_key="k"))
    assert len(service.waits) == 51


async def test_waiting_ends_with_the_deadline(connect: Connect, service: JobService, clock: VirtualClock):
    """The service is not asked to wait longer than there is time, and not asked at all when there is none."""
    service.honours_wait = False
    service.script = [{"status": "processing"}]
    jobs = connect(interval=3.0)
    remote_id = await jobs.submit({}, idempotency_key="k")
    with deadline(6.5, now=clock.now), pytest.raises(errors.DeadlineExceeded, match="transcriber job job 0"):
        await jobs.wait(remote_id)
    assert clock.now() == 6.5
    assert [wait for wait in service.waits if wait is not None][:1] == ["6"]
    assert service.waits[-1] in {None, "1"}


async def test_a_restarting_service_is_waited_for(connect: Connect, clock: VirtualClock):
    """Two minutes without any answer are bridged; more is `ServiceUnavailable`."""
    jobs = connect(Pass(), *[Refused()] * 6)
    remote_id = await jobs.submit({}, idempotency_key="k")
    assert (await jobs.wait(remote_id)).state is RemoteState.COMPLETED
    assert 60 < clock.now() < 120
    jobs, start = connect(*[Refused()] * 100), clock.now()
    with pytest.raises(errors.ServiceUnavailable):
        await jobs.wait(remote_id)
    assert 120 < clock.now() - start < 180


async def test_a_dead_service_does_not_hold_up_a_cancel(connect: Connect, clock: VirtualClock):
    """Cancelling is a courtesy: two seconds, no exception."""
    start = clock.now()
    await connect(*[Lost()] * 10).cancel("any")
    assert clock.now() - start <= 2


async def test_progress_in_fractions_is_understood_from_then_on(connect: Connect, service: JobService):
    """The first job of a service shows how it counts; for the next one 1 means everything."""
    service.honours_wait = False
    jobs = connect()
    told: dict[str, list[float]] = {"first": [], "second": []}
    for name, values in (("first", [0, 0.25, 0.5, 1]), ("second", [1])):
        service.script = [*({"status": "processing", "progress": v} for v in values), {"status": "done"}]
        await jobs.wait(await jobs.submit({}, idempotency_key=name), told[name].append)
    assert told == {"first": [25.0, 50.0, 100.0], "second": [100.0]}


@pytest.mark.parametrize("body", [b"[]", b"", b"<html>", b'{"status": "queued"}'])
async def test_an_answer_that_makes_no_sense_is_an_error(connect: Connect, body: bytes):
    """A job without an id, or no JSON at all, is not something to go on with."""
    with pytest.raises(errors.ServiceError, match="transcriber POST /jobs answered 200, but"):
        await connect(Status(200, body=body)).submit({}, idempotency_key="k")


@pytest.mark.parametrize("reach", ["over the network"], indirect=True)
async def test_all_calls_share_one_connection(connect: Connect, service: JobService):
    """No new client, connection or TLS set-up for each call."""
    service.honours_wait = False
    service.script = [{"status": "processing"}] * 10 + [{"status": "done"}]
    jobs = connect()
    await jobs.wait(await jobs.submit({}, idempotency_key="k"))
    assert len(service.callers) == 1


@pytest.mark.parametrize("reach", ["over the network"], indirect=True)
async def test_a_broken_upload_source_is_not_blamed_on_the_service(connect: Connect, service: JobService):
    """A file that is shorter than it says fails with our own error, over a real socket too."""

    class Short(BytesFile):
        __slots__ = ()

        async def open(self) -> AsyncIterator[bytes]:
            yield self.data[:-1]

    with pytest.raises(errors.StorageError, match=r"a\.wav is not the 4 bytes"):
        await connect().submit({}, {"file": Short("a.wav", b"RIFF")}, idempotency_key="k")
    assert service.submitted == []
