"""Requests to users' URLs go to the address that was checked, under the name in the URL, and no further."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import httpx2
import pytest
from guarded_web import Names, Web, certified, web

from batuta.clients import guarded
from batuta.clients.addresses import AllowList
from batuta.clients.guarded import EXCERPT_BYTES, Answer, GuardedClient, GuardedTransport
from batuta.errors import InvalidRequest, ServiceUnavailable

pytestmark = pytest.mark.anyio

LOOPBACK = AllowList.of(["127.0.0.1"])


@pytest.fixture
async def site(anyio_backend: str) -> AsyncIterator[Web]:
    """A web server on the loopback."""
    del anyio_backend
    async with web() as found:
        yield found


@asynccontextmanager
async def asking(
    names: Names, allow: AllowList = LOOPBACK, *, seconds: float = 5.0, **options: object
) -> AsyncIterator[GuardedClient]:
    client = GuardedClient(allow, GuardedTransport(allow, look_up=names, **options), seconds=seconds)
    yield client
    await client.aclose()


async def post(names: Names, url: str, allow: AllowList = LOOPBACK) -> Answer:
    async with asking(names, allow) as client:
        return await client.post(url, b"{}", {"content-type": "application/json"})


async def test_a_name_is_asked_for_once_and_connected_to_as_answered(site: Web) -> None:
    """The second answer of a rebinding name server is never heard; the site sees the name of the URL."""
    names = Names(hooks_example=[["127.0.0.1"], ["10.0.0.1"]])
    answer = await post(names, f"http://hooks.example:{site.port}/hook?a=1")
    assert (answer.status, answer.excerpt) == (200, b"ok")
    assert names.asked == ["hooks.example"]
    head = site.heads[0].lower()
    assert head.startswith("post /hook?a=1 http/1.1\r\n")
    assert f"\r\nhost: hooks.example:{site.port}\r\n" in head
    assert "\r\ncontent-length: 2\r\n" in head


async def test_each_request_is_checked_anew(site: Web) -> None:
    """No connection is kept that a name which has moved could use."""
    names = Names(hooks_example=[["127.0.0.1"], ["10.0.0.1"]])
    async with asking(names) as client:
        await client.post(f"http://hooks.example:{site.port}/", b"", {})
        with pytest.raises(InvalidRequest, match=r"hooks\.example leads to 10\.0\.0\.1"):
            await client.post(f"http://hooks.example:{site.port}/", b"", {})
    assert len(site.heads) == 1


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fe80::1%lo"],
    ],
)
async def test_a_name_with_any_private_address_is_refused(site: Web, addresses: list[str]) -> None:
    """One public address beside it is a disguise; nothing is connected to."""
    names = Names(hooks_example=[addresses])
    with pytest.raises(InvalidRequest, match=r"not a public address.*BATUTA_URL_ALLOW"):
        await post(names, f"http://hooks.example:{site.port}/", AllowList())
    assert site.heads == []


async def test_a_spelling_of_an_address_needs_no_name_server(site: Web) -> None:
    """127.1 is connected to as 127.0.0.1, without asking anybody what it is."""
    names = Names()
    assert (await post(names, f"http://127.1:{site.port}/")).status == 200
    with pytest.raises(InvalidRequest):
        await post(names, f"http://127.1:{site.port}/", AllowList())
    assert names.asked == []


async def test_an_allowed_name_may_lead_inside(site: Web) -> None:
    """The operator named it; another name for the same address stays refused."""
    names = Names(hooks_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
    allow = AllowList.of(["hooks.example"])
    assert (await post(names, f"http://Hooks.Example.:{site.port}/", allow)).status == 200
    with pytest.raises(InvalidRequest):
        await post(names, f"http://other.example:{site.port}/", allow)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_answers(site: Web, status: int) -> None:
    """Whatever they point to is not visited."""
    inside = f"http://127.0.0.1:{site.port}/inside"
    site.reply = f"HTTP/1.1 {status} Away\r\nlocation: {inside}\r\ncontent-length: 0\r\n\r\n".encode()
    answer = await post(Names(), f"http://127.0.0.1:{site.port}/")
    assert (answer.status, answer.headers["location"]) == (status, inside)
    assert len(site.heads) == 1


async def test_the_environments_proxies_are_not_used(site: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would resolve the name once more, out of our sight."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await post(Names(), f"http://127.0.0.1:{site.port}/")).status == 200


async def test_cookies_are_not_kept(site: Web) -> None:
    """What one delivery is given is not shown at the next."""
    site.reply = b"HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: 0\r\n\r\n"
    async with asking(Names()) as client:
        for _ in range(2):
            await client.post(f"http://127.0.0.1:{site.port}/", b"", {})
    assert "cookie" not in site.heads[1].lower()


async def test_of_an_endless_answer_only_the_beginning_is_read(site: Web) -> None:
    """And the connection is closed."""
    site.reply, site.endless = b"HTTP/1.1 500 Oh\r\n\r\n", True
    answer = await post(Names(), f"http://127.0.0.1:{site.port}/")
    assert (answer.status, len(answer.excerpt)) == (500, EXCERPT_BYTES)
    await asyncio.wait_for(site.gone.wait(), 5)


async def test_nothing_is_unpacked(site: Web) -> None:
    """A small gzip of much is a small answer."""
    bomb = gzip.compress(b"\0" * 1_000_000)
    site.reply = (
        f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(bomb)}\r\n\r\n".encode() + bomb
    )
    assert (await post(Names(), f"http://127.0.0.1:{site.port}/")).excerpt == bomb


async def test_a_silent_site_costs_no_more_than_the_time_allowed(site: Web) -> None:
    """And is named without the query, which may be secret."""
    site.reply, site.hold = b"", True
    started = monotonic()
    async with asking(Names(), seconds=0.2) as client:
        with pytest.raises(ServiceUnavailable, match=r"^http://127\.0\.0\.1:\d+/ (gave no|cannot be)"):
            await client.post(f"http://127.0.0.1:{site.port}/?secret=1", b"", {})
    assert monotonic() - started < 3


async def test_a_status_counts_although_the_body_hangs(site: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The head is the answer."""
    monkeypatch.setattr(guarded, "BODY_SECONDS", 0.1)
    site.reply, site.hold = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", True
    answer = await post(Names(), f"http://127.0.0.1:{site.port}/")
    assert (answer.status, answer.excerpt) == (200, b"half")


async def test_a_silent_name_server_costs_no_more_than_the_time_allowed(site: Web) -> None:
    """The thread that waits for it is one of the guard's own."""
    names = Names(hooks_example=[["127.0.0.1"]])
    free = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(host: str) -> object:
        asyncio.run_coroutine_threadsafe(free.wait(), loop).result(10)
        return names(host)

    async with asking(slow, seconds=0.2) as client:
        with pytest.raises(ServiceUnavailable, match="no answer within"):
            await client.post(f"http://hooks.example:{site.port}/", b"", {})
        free.set()
    assert site.heads == []


async def test_reasons_are_for_people() -> None:
    """No such server, no listener, an answer that is no HTTP."""
    with pytest.raises(ServiceUnavailable, match="cannot be reached"):
        await post(Names(), "http://nobody.example/")
    async with web() as gone:
        port = gone.port
    with pytest.raises(ServiceUnavailable, match="it refuses connections"):
        await post(Names(), f"http://127.0.0.1:{port}/")
    async with web() as babble:
        babble.reply = b"220 smtp ready\r\n"
        with pytest.raises(ServiceUnavailable, match="RemoteProtocolError"):
            await post(Names(), f"http://127.0.0.1:{babble.port}/")


async def test_the_next_address_is_tried_when_one_fails(site: Web) -> None:
    """A host whose first address refuses connections is reached by its second."""
    names = Names(hooks_example=[["127.0.0.2", "127.0.0.1"]])
    allow = AllowList.of(["127.0.0.0/8"])
    assert (await post(names, f"http://hooks.example:{site.port}/", allow)).status == 200


async def test_tls_is_verified_for_the_name_in_the_url(tmp_path: Path) -> None:
    """The server is asked for by name, without a dot at its end, although its address is connected to."""
    server, trusting = certified(tmp_path, "hooks.example")
    names = Names(hooks_example=[["127.0.0.1"]], other_example=[["127.0.0.1"]])
    async with web(server) as site, asking(names, tls=trusting) as client:
        answers = [
            (await client.post(f"https://{host}:{site.port}/", b"", {})).status
            for host in ("hooks.example", "hooks.example.")
        ]
        assert (answers, site.names) == ([200, 200], ["hooks.example", "hooks.example"])
        with pytest.raises(ServiceUnavailable, match="its certificate cannot be trusted"):
            await client.post(f"https://other.example:{site.port}/", b"", {})
        with pytest.raises(ServiceUnavailable, match="its certificate cannot be trusted"):
            await client.post(f"https://127.0.0.1:{site.port}/", b"", {})
    async with web(server) as site:
        with pytest.raises(ServiceUnavailable, match="its certificate cannot be trusted"):
            await post(names, f"https://hooks.example:{site.port}/")


async def test_the_transport_guards_every_hop_of_a_client_that_follows_redirects(site: Web) -> None:
    """Who uses it in a client of his own is guarded too, and served."""
    site.reply = b"HTTP/1.1 302 Away\r\nlocation: http://10.0.0.1/inside\r\ncontent-length: 0\r\n\r\n"
    transport = GuardedTransport(LOOPBACK, look_up=Names())
    async with httpx2.AsyncClient(transport=transport, follow_redirects=True, timeout=5) as client:
        with pytest.raises(InvalidRequest, match=r"10\.0\.0\.1 is not a public address"):
            await client.get(f"http://127.0.0.1:{site.port}/")
        site.reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        assert (await client.get(f"http://127.0.0.1:{site.port}/")).text == "ok"
