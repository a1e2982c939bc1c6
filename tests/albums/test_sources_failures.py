"""A source that fails has not answered: each way to fail by its name, and never "does not know it"."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import pytest
import uvicorn
from sources_loopback import HTML, MAKERS, SILENCE, TOKEN, Loopback, Says
from starlette.types import Receive, Scope, Send

from batuta.albums.sources import Discogs, Failed, Found, ITunes, Manners, MusicBrainz, Reason
from batuta.clients import AppTransport, BreakerPolicy, RetryPolicy, deadline
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

ONCE = RetryPolicy(max_retries=0, longest_wait=30)


class Stage:
    """What the module's server serves at the moment."""

    app: Loopback
    url: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One event loop for the module, so that its tests share a server."""
    return "asyncio"


@pytest.fixture(scope="module")
async def stage(anyio_backend: str) -> AsyncIterator[Stage]:
    del anyio_backend
    found = Stage()
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        found.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(found, lifespan="off", log_config=None, ws="none"))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield found
        server.should_exit = True
        await task


@pytest.fixture
def loopback(stage: Stage) -> Iterator[Loopback]:
    """The three services, on a real socket at `stage.url`."""
    stage.app = Loopback()
    yield stage.app
    stage.app.let_go()


async def failure(name: str, url: str, manners: Manners) -> Failed:
    source = MAKERS[name](url, manners)
    answer = await source.look_up("Nirvana", "Nevermind")
    await source.aclose()
    assert isinstance(answer, Failed)
    assert answer.source == name
    return answer


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    ("says", "reason", "passing", "words"),
    [
        (Says(429, headers={"Retry-After": "7"}), Reason.BUSY, True, "429"),
        (Says(503, b'{"error": "exceeding the allowable rate"}'), Reason.UNAVAILABLE, True, "allowable rate"),
        (Says(500), Reason.UNAVAILABLE, True, "500"),
        (Says(404, b'{"message": "no such page"}'), Reason.NOT_FOUND, False, "no such page"),
        (Says(400, b'{"error": "bad query"}'), Reason.REFUSED, False, "bad query"),
        (Says(401, b'{"message": "You must authenticate"}'), Reason.NEEDS_TOKEN, False, "token"),
        (Says(301, headers={"Location": "https://elsewhere.example/"}), Reason.REFUSED, False, "elsewhere"),
        (HTML, Reason.NOT_JSON, True, "web page"),
        (Says(404, HTML.body), Reason.NOT_FOUND, False, "URL"),
        (Says(body=b'{"release-groups": [{"title": "Ne'), Reason.MALFORMED, False, "Ne"),
        (Says(body=b"[]"), Reason.MALFORMED, False, "documented"),
        (Says(body=b'{"error": "index is loading"}'), Reason.MALFORMED, False, "index is loading"),
        (Says(body=b'{"release-groups": null, "results": 5}'), Reason.MALFORMED, False, "documented"),
        (
            Says(body=b'{"release-groups": [1, 2], "results": [1, 2]}'),
            Reason.MALFORMED,
            False,
            "none of the 2",
        ),
        (Says(), Reason.MALFORMED, False, "cannot be read"),
        (Says(204), Reason.MALFORMED, False, "cannot be read"),
        (Says(body=b'{"results": [], "pad": "' + b"x" * 5000), Reason.TOO_LARGE, False, "4096 bytes"),
        (Says(body=b'{"results', cut=True), Reason.UNAVAILABLE, True, "no answer"),
        (SILENCE, Reason.TIMEOUT, True, "no answer"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_every_failure_has_its_reason(
    *, name: str, says: Says, reason: Reason, passing: bool, words: str, stage: Stage, loopback: Loopback
):
    """Over a real connection, with the source's own words where it has any."""
    loopback.always = says
    manners = Manners(timeout=0.1 if says.silent else 5, retry=ONCE, max_body_bytes=4096)
    answer = await failure(name, stage.url, manners)
    assert (answer.reason, answer.passing) == (reason, passing)
    assert words in answer.message
    assert answer.retry_after == (7 if says.status == 429 else None)


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    ("status", "reasons"), [(200, {Reason.MALFORMED}), (400, {Reason.MALFORMED, Reason.REFUSED})]
)
async def test_json_nested_without_end_is_a_failure_like_others(
    name: str, status: int, reasons: set[Reason], stage: Stage, loopback: Loopback
):
    """Whether Python gives up by depth or at the end of it."""
    loopback.always = Says(status, b'{"results": ' + b"[" * 50_000)
    assert (await failure(name, stage.url, Manners(retry=ONCE))).reason in reasons


@pytest.mark.parametrize("name", MAKERS)
async def test_nobody_there_is_no_answer_either(name: str):
    """A refused connection is a failure that may pass."""
    with socket.socket() as taken:  # bound and not listening: nobody else gets the port
        taken.bind(("127.0.0.1", 0))
        answer = await failure(name, f"http://127.0.0.1:{taken.getsockname()[1]}", Manners(retry=ONCE))
    assert (answer.reason, answer.passing) == (Reason.UNAVAILABLE, True)


@pytest.mark.parametrize("name", MAKERS)
async def test_403_is_apples_way_to_say_later(name: str):
    """For the others it is a refusal; Apple's store says it above its rate, and gets a minute's rest."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.script.append(Says(403))
    source = MAKERS[name]("http://s.example", Manners(clock=clock), AppTransport(loopback))
    answer = await source.look_up("Nirvana", "Nevermind")
    assert isinstance(answer, Failed)
    if name != "itunes":
        assert (answer.reason, answer.retry_after) == (Reason.REFUSED, None)
    else:
        assert (answer.reason, answer.retry_after) == (Reason.BUSY, 60)
        again = await source.look_up("Nirvana", "Nevermind")  # not asked, and at once
        assert isinstance(again, Failed)
        assert again.reason is Reason.BUSY
        assert (len(loopback.requests), clock.slept) == (1, [])
        clock.advance(60)
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Found)
    await source.aclose()


@pytest.mark.parametrize("name", MAKERS)
async def test_too_many_requests_without_a_time_is_a_minute_for_everybody(name: str):
    """Discogs says no more than that; forty questions are one request; a minute later there are answers."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.script.append(Says(429))
    source = MAKERS[name]("http://s.example", Manners(clock=clock), AppTransport(loopback))
    answers = await asyncio.gather(*(source.look_up("Nirvana", f"{number}") for number in range(40)))
    assert {answer.reason for answer in answers if isinstance(answer, Failed)} == {Reason.BUSY}
    assert (len(answers), len(loopback.requests)) == (40, 1)
    clock.advance(60)
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Found)
    await source.aclose()


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize(
    "says", [Says(503), Says(429, headers={"Retry-After": "2"}), SILENCE, Says(body=b"{", cut=True)]
)
async def test_what_passes_is_tried_again(name: str, says: Says, stage: Stage, loopback: Loopback):
    """Twice more at most; an answer then is as good as any."""
    loopback.script.extend([says, says])
    manners = Manners(timeout=0.1 if says.silent else 5, clock=VirtualClock())
    source = MAKERS[name](stage.url, manners)
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Found)
    await source.aclose()
    assert len(loopback.requests) == 3


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("says", [Says(404), Says(400), HTML, Says(body=b"{")])
async def test_what_would_be_the_same_again_is_not_tried_again(name: str, says: Says):
    """One request, one failure."""
    loopback = Loopback()
    loopback.always = says
    source = MAKERS[name]("http://s.example", Manners(clock=VirtualClock()), AppTransport(loopback))
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Failed)
    await source.aclose()
    assert len(loopback.requests) == 1


async def test_a_failure_in_the_second_question_is_a_failure():
    """Discogs without a fitting master, and then no answer about releases: not "unknown"."""
    loopback = Loopback()
    loopback.script.extend([Says(body=b'{"results": []}'), Says(404)])
    source = Discogs(
        TOKEN, url="http://s.example", transport=AppTransport(loopback), manners=Manners(clock=VirtualClock())
    )
    answer = await source.look_up("Nirvana", "Nevermind")
    await source.aclose()
    assert isinstance(answer, Failed)
    assert answer.reason is Reason.NOT_FOUND


async def test_a_deadline_is_kept_and_told_apart(stage: Stage, loopback: Loopback):
    """Our own lack of time is not the source's slowness, and does not count against it."""
    loopback.always = SILENCE
    manners = Manners(breaker=BreakerPolicy(failures=1), clock=VirtualClock())
    source = MusicBrainz("", url=f"{stage.url}/ws/2", manners=manners)
    with deadline(0.1):
        answer = await source.look_up("Nirvana", "Nevermind")
    loopback.always = None
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Found)
    await source.aclose()
    assert isinstance(answer, Failed)
    assert answer.reason is Reason.OUT_OF_TIME


async def test_being_cancelled_is_being_cancelled(stage: Stage, loopback: Loopback):
    """It is not turned into an answer."""
    loopback.always = SILENCE
    source = ITunes(url=stage.url)
    task = asyncio.create_task(source.look_up("Nirvana", "Nevermind"))
    async with asyncio.timeout(5):
        await loopback.asked.wait()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert task.cancelled()
    await source.aclose()


@pytest.mark.parametrize("name", MAKERS)
async def test_a_source_that_keeps_failing_is_left_alone(name: str):
    """After five failures it is not asked for a minute; then one question finds out."""
    loopback, clock = Loopback(), VirtualClock()
    loopback.always = Says(500)
    source = MAKERS[name]("http://s.example", Manners(clock=clock, retry=ONCE), AppTransport(loopback))
    reasons: list[Reason] = []
    for _ in range(7):
        answer = await source.look_up("Nirvana", "Nevermind")
        assert isinstance(answer, Failed)
        reasons.append(answer.reason)
    assert reasons == [Reason.UNAVAILABLE] * 5 + [Reason.RESTING] * 2
    assert len(loopback.requests) == 5
    loopback.always = None
    clock.advance(60)
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Found)
    await source.aclose()
