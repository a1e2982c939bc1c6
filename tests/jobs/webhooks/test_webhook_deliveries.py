"""The outbox: written with the job's end, taken by one courier at a time, kept until it is forgotten."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections import Counter
from collections.abc import Callable

import pytest
from ended_jobs import ended

from batuta.errors import NotFound
from batuta.jobs.records import JobStatus
from batuta.jobs.webhooks import State, enqueue, forget_before, forget_jobs
from batuta.jobs.webhooks.deliveries import Claim, Deliveries, Parcel, fair_share
from batuta.jobs.webhooks.messages import RESULT_BYTES, end_message
from batuta.jobs.webhooks.schedule import Attempt, Verdict
from batuta.storage.database import Database

pytestmark = pytest.mark.anyio
on_both = pytest.mark.parametrize("database", ["sqlite", "postgres"], indirect=True)

Now = Callable[[], dt.datetime]


def claim(owner: str, now: dt.datetime, seconds: float = 60) -> Claim:
    return Claim(owner, now + dt.timedelta(seconds=seconds))


async def take(deliveries: Deliveries, owner: str, now: dt.datetime, places: int = 100) -> list[str]:
    parcels = await deliveries.claim(claim(owner, now), now, places, 100, [])
    return [parcel.delivery_id for parcel in parcels]


def test_the_body_says_what_became_of_the_job() -> None:
    """One flat document, the same for every end."""
    error = {"code": "no_audio", "message": "there is none", "retryable": False}
    record = ended(status=JobStatus.FAILED, result=None, error=error)
    assert json.loads(end_message("dlv_1", record, "mine")) == {
        "delivery_id": "dlv_1",
        "event": "job.failed",
        "job_id": "abc",
        "pipeline": "captions",
        "status": "failed",
        "created_at": "2026-11-03T12:30:00+00:00",
        "completed_at": "2026-11-03T12:32:00+00:00",
        "reference": "mine",
        "result": None,
        "error": error,
    }
    done = json.loads(end_message("dlv_1", ended(), None))
    assert (done["event"], done["result"]["language"], done["error"]) == ("job.completed", "en", None)
    cancelled = ended(status=JobStatus.CANCELLED, result=None)
    assert json.loads(end_message("dlv_1", cancelled, None))["event"] == "job.cancelled"


def test_a_large_result_stays_at_home() -> None:
    """Receivers limit bodies; the job's page has it."""
    body = end_message("dlv_1", ended(result={"text": "é" * RESULT_BYTES}), None)
    assert json.loads(body)["result"] is None
    assert len(body) < 20_000


def test_only_an_end_is_told() -> None:
    """Calling for a job that goes on is a mistake in the code."""
    with pytest.raises(ValueError, match="running"):
        end_message("dlv_1", ended(status=JobStatus.RUNNING), None)


@on_both
async def test_what_is_rolled_back_is_not_told(database: Database) -> None:
    """The delivery lives and dies with the transaction that ends the job."""

    def end_badly(connection: object) -> None:
        enqueue(connection, ended(), "https://example.com/")
        raise RuntimeError("the end could not be written")

    with pytest.raises(RuntimeError):
        await database.write(end_badly)
    assert await Deliveries(database).of_job("abc") == []


@pytest.mark.parametrize("url", ["", "http://[", "\x00", "file:///x", "http://" + "h" * 5000 + "/"])
@on_both
async def test_a_bad_url_does_not_spoil_the_jobs_end(database: Database, url: str, ends: Callable) -> None:
    """It should have been refused when the job was asked for; here it is too late to complain."""
    delivery_id = await ends(url=url or " ")
    assert (await Deliveries(database).get(delivery_id)).state is State.PENDING


@on_both
async def test_a_delivery_can_be_seen(database: Database, ends: Callable, callback_url: str) -> None:
    """Without its body; a job's deliveries are listed oldest first."""
    first, second, _ = [await ends(job_id) for job_id in ("abc", "abc", "other")]
    listed = await Deliveries(database).of_job("abc")
    assert [delivery.delivery_id for delivery in listed] == [first, second]
    shown = listed[0].model_dump(mode="json")
    assert (shown["url"], shown["event"], shown["state"]) == (callback_url, "job.completed", "pending")
    assert (shown["attempts"], shown["last_status"], shown["delivered_at"]) == (0, None, None)
    assert "body" not in shown
    with pytest.raises(NotFound, match="dlv_none"):
        await Deliveries(database).get("dlv_none")


@on_both
async def test_nobody_takes_what_another_has_taken(database: Database, ends: Callable, now: Now) -> None:
    """Several couriers at once share the outbox without overlap, and nothing is left."""
    asked = [await ends(f"job{number}") for number in range(40)]
    deliveries = Deliveries(database)

    async def work(owner: str) -> list[str]:
        taken: list[str] = []
        while some := await take(deliveries, owner, now(), 3):
            taken += some
        return taken

    taken = await asyncio.gather(*(work(f"courier{n}") for n in range(4)))
    taken.append(await work("last"))  # where another looks at the same moment, less is seen
    assert Counter(delivery for each in taken for delivery in each) == Counter(asked)


@on_both
async def test_a_claim_runs_out(database: Database, ends: Callable, now: Now) -> None:
    """And what its owner says after that counts for nothing."""
    delivery_id = await ends()
    deliveries = Deliveries(database)
    [parcel] = await deliveries.claim(claim("dead", now()), now(), 1, 1, [])
    assert await take(deliveries, "next", now() + dt.timedelta(seconds=59)) == []
    later = now() + dt.timedelta(seconds=61)
    assert await take(deliveries, "next", later) == [delivery_id]
    await deliveries.settle(parcel, "dead", Attempt(200), Verdict(State.DELIVERED), later)
    assert (await deliveries.get(delivery_id)).state is State.PENDING
    await deliveries.settle(parcel, "next", Attempt(200), Verdict(State.DELIVERED), later)
    assert (await deliveries.get(delivery_id)).state is State.DELIVERED


@on_both
async def test_what_is_given_back_can_be_taken_at_once(database: Database, ends: Callable, now: Now) -> None:
    """One courier's closing does not touch what another has."""
    mine, others = await ends("mine"), await ends("others")
    deliveries = Deliveries(database)
    assert await take(deliveries, "closing", now(), 1) == [mine]
    assert await take(deliveries, "working", now(), 1) == [others]
    await deliveries.release("closing")
    assert await take(deliveries, "next", now()) == [mine]


@on_both
async def test_the_longest_due_go_first(database: Database, ends: Callable, now: Now) -> None:
    """In the order in which the jobs ended."""
    asked = [await ends(f"job{number}") for number in range(5)]
    assert await take(Deliveries(database), "courier", now(), 3) == asked[:3]


@on_both
async def test_a_host_that_is_full_does_not_hide_the_others(
    database: Database, ends: Callable, now: Now
) -> None:
    """Also when it has more deliveries due than are looked at in one go."""

    def fill(connection: object) -> None:
        for number in range(100):
            enqueue(connection, ended(f"slow{number}"), "http://slow.example/")

    await database.write(fill)
    quick = await ends("quick", url="http://quick.example/")
    parcels = await Deliveries(database).claim(claim("c", now()), now(), 10, 2, ["slow.example"] * 2)
    assert [parcel.delivery_id for parcel in parcels] == [quick]


def test_places_are_shared_fairly() -> None:
    """The first come, but no host has more than its part, what is under way included."""
    due = [Parcel(str(n), "", host, "", b"", 0) for n, host in enumerate("aaaabbbc")]
    assert [each.delivery_id for each in fair_share(due, 10, 2, Counter())] == ["0", "1", "4", "5", "7"]
    assert [each.delivery_id for each in fair_share(due, 10, 2, Counter("aab"))] == ["4", "7"]
    assert [each.delivery_id for each in fair_share(due, 3, 2, Counter())] == ["0", "1", "4"]
    assert fair_share(due, 0, 2, Counter()) == []


@on_both
async def test_replay_asks_again_under_the_same_id(database: Database, ends: Callable, now: Now) -> None:
    """With all its tries before it, but nothing of its history forgotten."""
    delivery_id = await ends()
    deliveries = Deliveries(database)
    [parcel] = await deliveries.claim(claim("c", now()), now(), 1, 1, [])
    await deliveries.settle(parcel, "c", Attempt(410, "gone"), Verdict(State.FAILED), now())
    failed = await deliveries.get(delivery_id)
    assert (failed.state, failed.next_attempt_at, failed.last_error) == (State.FAILED, None, "gone")
    again = await deliveries.replay(delivery_id, now(), "abc")
    assert (again.state, again.attempts, again.last_status) == (State.PENDING, 1, 410)
    [parcel_again] = await deliveries.claim(claim("c", now()), now(), 1, 1, [])
    assert parcel_again == parcel


@on_both
async def test_replay_leaves_alone_what_is_under_way(database: Database, ends: Callable, now: Now) -> None:
    """It is being sent anyhow."""
    delivery_id = await ends()
    deliveries = Deliveries(database)
    await take(deliveries, "working", now())
    await deliveries.replay(delivery_id, now())
    assert await take(deliveries, "other", now()) == []


@on_both
async def test_replay_needs_a_delivery_of_that_job(database: Database, ends: Callable, now: Now) -> None:
    """Who may see one job must not send another's."""
    delivery_id = await ends("abc")
    for wrong in [(delivery_id, "other"), ("dlv_none", "abc"), ("dlv_none", None)]:
        with pytest.raises(NotFound):
            await Deliveries(database).replay(wrong[0], now(), wrong[1])


@on_both
async def test_deliveries_are_forgotten_with_their_job_or_by_age(
    database: Database, ends: Callable, now: Now
) -> None:
    """What is still to be told is not forgotten by age."""
    await ends("gone")
    pending, failed = await ends("kept"), await ends("kept")
    deliveries = Deliveries(database)
    parcels = await deliveries.claim(claim("c", now()), now(), 10, 10, [])
    for parcel in parcels:
        if parcel.delivery_id == failed:
            await deliveries.settle(parcel, "c", Attempt(410), Verdict(State.FAILED), now())
    assert await database.write(lambda connection: forget_jobs(connection, ["gone"])) == 1
    assert await database.write(lambda connection: forget_before(connection, now())) == 1
    assert [each.delivery_id for each in await deliveries.of_job("kept")] == [pending]
    assert await deliveries.of_job("gone") == []
