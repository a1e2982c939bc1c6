"""The token of Discogs: where it goes, and where it never is."""

from __future__ import annotations

import gc
import traceback

import pytest
import structlog
from sources_loopback import TOKEN, Loopback, Says
from structlog.testing import LogCapture

from batuta.albums.sources import Discogs, Failed, Found, Manners, Reason
from batuta.albums.sources.discogs import RATE, RATE_WITH_TOKEN, SHUT_SECONDS
from batuta.clients import AppTransport, RetryPolicy
from batuta.errors import InvalidRequest
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio

ECHO = f'{{"message": "bad token {TOKEN}", "authorization": "Discogs token={TOKEN}"}}'.encode()


def discogs(loopback: Loopback, token: str | None, clock: VirtualClock | None = None) -> Discogs:
    manners = Manners(clock=clock or VirtualClock(), retry=RetryPolicy(max_retries=1))
    return Discogs(token, url="http://discogs.example", transport=AppTransport(loopback), manners=manners)


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500, 503])
async def test_a_server_that_repeats_the_token_is_not_passed_on(status: int):
    """Whatever it answers, the token is in no failure and in no line of the log."""
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[capture])
    try:
        loopback = Loopback()
        loopback.always = Says(status, ECHO, {"Location": f"https://other.example/?token={TOKEN}"})
        source = discogs(loopback, TOKEN)
        answers = [await source.look_up("Nirvana", "Nevermind") for _ in range(6)]
        await source.aclose()
    finally:
        structlog.configure(processors=before)
    assert all(isinstance(answer, Failed) for answer in answers)
    assert TOKEN in loopback.requests[0].headers["authorization"]
    assert TOKEN not in repr(answers)
    assert TOKEN not in repr(capture.entries)


async def test_an_answer_that_makes_no_sense_and_repeats_the_token_is_not_passed_on_either():
    """What is quoted of an answer that makes no sense is quoted without it."""
    loopback = Loopback()
    loopback.always = Says(200, ECHO)
    source = discogs(loopback, TOKEN)
    answer = await source.look_up("Nirvana", "Nevermind")
    await source.aclose()
    assert isinstance(answer, Failed)
    assert answer.reason is Reason.MALFORMED
    assert TOKEN not in repr(answer)


@pytest.mark.parametrize("bad", ["se cret", "secret\r\nX-Evil: 1", "sécret-token", "x", "a" * 600])
def test_a_token_no_header_can_carry_is_refused_without_being_shown(bad: str):
    """An HTTP library would quote it in its own complaint."""
    with pytest.raises(InvalidRequest) as caught:
        Discogs(bad)
    told = "".join(traceback.format_exception(caught.value))
    assert bad not in str(caught.value) or bad == "x"
    assert "copy it again" in told


async def test_blanks_around_a_token_are_no_part_of_it():
    """A pasted line end is forgiven."""
    loopback = Loopback()
    source = discogs(loopback, f" {TOKEN}\n")
    assert isinstance(await source.look_up("Nirvana", "Nevermind"), Found)
    await source.aclose()


@pytest.mark.parametrize(
    ("token", "words"),
    [(None, "only with a token"), ("", "only with a token"), ("wrong-token", "does not accept")],
)
async def test_without_a_good_token_the_operator_is_told_once_and_the_source_left_alone(
    token: str | None, words: str
):
    """Each further question would cost a turn and get the same 401; after ten minutes one is tried."""
    loopback, clock = Loopback(), VirtualClock()
    source = discogs(loopback, token, clock)
    for _ in range(20):
        answer = await source.look_up("Nirvana", "Nevermind")
        assert isinstance(answer, Failed)
        assert (answer.reason, answer.passing) == (Reason.NEEDS_TOKEN, False)
        assert words in answer.message
        assert "DISCOGS_TOKEN" in answer.message
    assert len(loopback.requests) == 1
    clock.advance(SHUT_SECONDS)
    await source.look_up("Nirvana", "Nevermind")
    await source.aclose()
    assert len(loopback.requests) == 2
    assert ("authorization" in loopback.requests[0].headers) == bool(token)


def test_the_published_rates_are_kept():
    """60 a minute with a token, 25 without."""
    assert RATE_WITH_TOKEN.interval == 1.0
    assert RATE.interval == pytest.approx(2.4)


def test_no_object_shows_the_token():
    """Neither the source nor what it is made of has it in its `repr`."""
    source = Discogs(TOKEN)
    reachable: list[object] = [source, *gc.get_referents(source)]
    for _ in range(3):
        reachable += [found for each in list(reachable) for found in gc.get_referents(each)]
    mine = {id(each): each for each in reachable if type(each).__module__.startswith("batuta.")}
    assert len(mine) > 3
    assert not [each for each in mine.values() if TOKEN in repr(each)]
