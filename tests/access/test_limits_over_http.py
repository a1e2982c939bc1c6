"""429 with what a client needs to know; nothing else, ever, because of a limit."""

from __future__ import annotations

import asyncio
import time

import httpx2
import pytest
from houses import Open, bearer, refusal

from batuta.access.gate import FAILURES
from batuta.access.keys import Keys
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio


def from_address(address: str) -> dict[str, str]:
    """As if a proxy handed it on from there."""
    return {"X-Forwarded-For": address}


async def test_every_answer_says_how_much_is_left(opened: Open) -> None:
    """Also one that streams, one that fails and one that is nowhere."""
    async with opened(rate_limit_per_minute=60) as client:
        for left, path in enumerate(["/jobs", "/stream", "/nowhere", "/admin/stats", "/page"]):
            answer = await client.get(path)
            assert answer.headers["ratelimit-policy"] == '"requests";q=60;w=60'
            assert answer.headers["ratelimit"] == f'"requests";r={59 - left};t={left + 1}'
            assert len(answer.headers.get_list("ratelimit")) == 1


async def test_too_many_requests_are_429_until_the_time_it_says(opened: Open, clock: VirtualClock) -> None:
    """`Retry-After` in whole seconds; then one passes."""
    async with opened(rate_limit_per_minute=3) as client:
        for _ in range(3):
            assert (await client.get("/jobs")).status_code == 200
        answer = await client.get("/jobs")
        assert "3 requests in 60 s" in refusal(answer, 429, "too_many_requests")
        assert answer.headers["retry-after"] == "20"
        assert answer.headers["ratelimit"] == '"requests";r=0;t=60'
        assert answer.json()["retryable"] is True
        assert answer.json()["retry_after"] == 20
        clock.advance(19)
        assert (await client.get("/jobs")).status_code == 429
        clock.advance(1)
        assert (await client.get("/jobs")).status_code == 200
        assert (await client.get("/jobs")).status_code == 429


async def test_this_machine_has_no_limit_unless_one_is_set(opened: Open) -> None:
    """Whoever needs no key could stop the server as well; with a limit in the settings it holds here too."""
    async with opened() as client:
        answers = [await client.get("/jobs") for _ in range(5)]
        assert not any(name.startswith("ratelimit") for answer in answers for name in answer.headers)


async def test_submits_have_a_smaller_share(opened: Open, clock: VirtualClock) -> None:
    """Looking goes on, and so does stopping; both shares are shown."""
    async with opened(rate_limit_per_minute=600, rate_limit_submits_per_minute=2) as client:
        for _ in range(2):
            answer = await client.post("/jobs", json={})
            assert answer.status_code == 200
        assert answer.headers["ratelimit-policy"] == '"requests";q=600;w=60, "submits";q=2;w=60'
        answer = await client.post("/jobs", json={})
        assert "2 submits" in refusal(answer, 429, "too_many_requests")
        assert answer.headers["retry-after"] == "30"
        assert '"submits";r=0;t=60' in answer.headers["ratelimit"]
        refusal(await client.post("/upload", content=b"x"), 429, "too_many_requests")
        assert (await client.post("/cancel")).status_code == 200
        assert (await client.get("/jobs")).status_code == 200
        clock.advance(30)
        assert (await client.post("/jobs", json={})).status_code == 200


async def test_zero_is_no_limit(opened: Open) -> None:
    """And no headers about it."""
    async with opened(rate_limit_per_minute=0, rate_limit_submits_per_minute=0) as client:
        for _ in range(30):
            answer = await client.post("/jobs", json={})
            assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


async def test_each_key_and_each_address_has_its_own_share(opened: Open, keys: Keys) -> None:
    """A key its own wherever it comes from; a key with a limit of its own that one; IPv6 by /64."""
    one, two = [(await keys.create(name, ["read"])).clear for name in ("one", "two")]
    own = (await keys.create("own", ["read"], requests_per_minute=4)).clear
    free = (await keys.create("free", ["read"], requests_per_minute=0)).clear

    async def passes(client: httpx2.AsyncClient, headers: dict[str, str]) -> int:
        answers = [await client.get("/jobs", headers=headers) for _ in range(6)]
        return len([answer for answer in answers if answer.status_code == 200])

    async with opened(rate_limit_per_minute=2) as client:
        assert await passes(client, {}) == 2
        assert await passes(client, bearer(one)) == 2
        assert await passes(client, {**bearer(one), **from_address("203.0.113.9")}) == 0
        assert await passes(client, bearer(two)) == 2
        assert await passes(client, bearer(own)) == 4
        assert await passes(client, bearer(free)) == 6


async def test_who_is_refused_is_counted_by_address(opened: Open) -> None:
    """One machine cannot keep the server busy with refusals, however many addresses of its /64 it uses."""
    async with opened("0.0.0.0", rate_limit_per_minute=2) as client:
        for address, status in [
            ("203.0.113.1", 401),
            ("203.0.113.1", 401),
            ("203.0.113.1", 429),
            ("203.0.113.2", 401),
            ("2001:db8::1", 401),
            ("2001:db8::2", 401),
            ("2001:db8::3", 429),
            ("2001:db8:0:1::3", 401),
            ("nonsense", 401),
            ("\u00e9" * 500, 401),
            ("x" * 5000, 429),
        ]:
            headers = {"X-Forwarded-For": address.encode()}
            assert (await client.get("/jobs", headers=headers)).status_code == status, address


async def test_health_metrics_and_static_files_are_not_counted(opened: Open) -> None:
    """Whoever watches over the server must always get through."""
    async with opened(rate_limit_per_minute=1) as client:
        assert (await client.get("/jobs")).status_code == 200
        assert (await client.get("/jobs")).status_code == 429
        for path in ("/health", "/metrics", "/static/app.js"):
            for _ in range(5):
                answer = await client.get(path)
                assert answer.status_code == 200
                assert "ratelimit" not in answer.headers


def guess(number: int) -> dict[str, str]:
    """A wrong key."""
    return bearer(f"btk_{number:016x}_{'0' * 64}")


async def test_guessing_keys_is_limited_by_address(opened: Open, keys: Keys, clock: VirtualClock) -> None:
    """The right one among them is not even looked at; elsewhere, and later, everything is well."""
    right = (await keys.create("right", ["read"])).clear
    there = from_address("203.0.113.7")
    async with opened("0.0.0.0", rate_limit_per_minute=0) as client:
        for number in range(FAILURES.requests):
            answer = await client.get("/jobs", headers={**there, **guess(number)})
            refusal(answer, 401, "unauthorized")
        answer = await client.get("/jobs", headers={**there, **bearer(right)})
        assert "wrong keys" in refusal(answer, 429, "too_many_requests")
        assert answer.headers["retry-after"] == "2"
        elsewhere = {**from_address("203.0.113.8"), **bearer(right)}
        assert (await client.get("/jobs", headers=elsewhere)).status_code == 200
        clock.advance(2)
        assert (await client.get("/jobs", headers={**there, **bearer(right)})).status_code == 200


async def test_a_key_that_was_right_is_not_held_up_by_others_guesses(opened: Open, keys: Keys) -> None:
    """They may share the address of a proxy."""
    right = (await keys.create("right", ["read"])).clear
    async with opened("0.0.0.0", rate_limit_per_minute=0) as client:
        assert (await client.get("/jobs", headers=bearer(right))).status_code == 200
        for number in range(FAILURES.requests + 5):
            answer = await client.get("/jobs", headers=guess(number))
        assert answer.status_code == 429
        assert (await client.get("/jobs", headers=bearer(right))).status_code == 200


async def test_the_same_wrong_key_again_is_no_guess(opened: Open, keys: Keys) -> None:
    """A console with an old cookie goes on asking; logging in with a new key must be possible."""
    right = (await keys.create("right", ["read"])).clear
    async with opened("0.0.0.0", rate_limit_per_minute=0) as client:
        for _ in range(FAILURES.requests + 5):
            refusal(await client.get("/jobs", headers=guess(1)), 401, "unauthorized")
        assert (await client.post("/login", json={"key": right})).status_code == 200


async def test_a_storm_is_answered_with_200_and_429_only_and_at_once(opened: Open) -> None:
    """Exactly the share passes; nobody waits in the limiter."""
    async with opened(rate_limit_per_minute=50) as client:
        begun = time.monotonic()
        answers = await asyncio.gather(*(client.get("/jobs") for _ in range(200)))
        assert time.monotonic() - begun < 10
    counts = {status: [a.status_code for a in answers].count(status) for status in (200, 429)}
    assert counts == {200: 50, 429: 150}
