"""Who is let in: by where the server is bound, where the request comes from, and the key it shows."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from houses import AS_PROXIED, Open, bearer, raw, refusal
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from batuta.access.caller import SCOPES
from batuta.access.gate import OPERATOR, Gate, ensure_key
from batuta.access.keys import CACHE_SECONDS, Keys
from batuta.access.visit import is_loopback
from batuta.settings import Settings
from batuta.testing.clock import VirtualClock

pytestmark = pytest.mark.anyio
NOBODYS = f"btk_{'0' * 16}_{'0' * 64}"


@pytest.mark.parametrize("bound_to", ["127.0.0.1", "localhost", "::1", "127.3.2.1"])
async def test_this_machine_submits_and_reads_on_loopback_without_a_key(opened: Open, bound_to: str) -> None:
    """Its owner is nobody in particular."""
    async with opened(bound_to) as client:
        looked = await client.get("/jobs")
        assert looked.json() == {"owner": "", "name": "local", "address": "127.0.0.1"}
        assert (await client.post("/jobs", json={"text": "x"})).json() == {"owner": "", "length": 1}


async def test_keys_change_nothing_for_this_machine(opened: Open, keys: Keys) -> None:
    """Neither in the table nor in the settings."""
    await keys.create("other", ["admin"])
    async with opened(batuta_api_key="secret") as client:
        assert (await client.get("/jobs")).status_code == 200


@pytest.mark.parametrize(
    "bound_to", ["0.0.0.0", "192.168.1.5", "::", "", "example.org", "nonsense[", "10.0.0.1"]
)
async def test_any_other_bind_needs_a_key_of_everybody(opened: Open, bound_to: str) -> None:
    """Of this machine too, on routes that forgot to ask, on the API's description, and where nothing is."""
    async with opened(bound_to) as client:
        for path in (
            "/jobs",
            "/forgotten",
            "/openapi.json",
            "/docs",
            "/nowhere",
            "/metrics",
            "/health/x",
            "/",
        ):
            said = refusal(await client.get(path), 401, "unauthorized")
            assert "batuta keys create NAME --scope read" in said
        said = refusal(await client.post("/jobs", json={}), 401, "unauthorized")
        assert "--scope submit" in said


async def test_health_and_static_files_are_for_everybody(opened: Open) -> None:
    """A container's health check has no key, a login page needs its script."""
    async with opened("0.0.0.0") as client:
        for path in ("/health", "/static/app.js"):
            assert (await client.get(path)).text == "inside"


PROXIED = [
    {"X-Forwarded-For": "203.0.113.7"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-For": ""},
    {"Forwarded": "for=127.0.0.1"},
    {"Forwarded": ""},
    {"X-Real-IP": "127.0.0.1"},
    {"X-Forwarded-Proto": "https"},
    {"Via": "1.1 proxy"},
    {"x-FORWARDED-host": "captions.example"},
]


async def test_what_a_proxy_hands_on_is_not_local(opened: Open, keys: Keys) -> None:
    """A key is needed, whatever the header says; with one, any Host is good that leads there."""
    made = await keys.create("far", ["read"])
    async with opened() as client:
        for header in PROXIED:
            refusal(await client.get("/jobs", headers=header), 401, "unauthorized")
            there = {**header, **bearer(made.clear), "Host": "captions.example"}
            assert (await client.get("/jobs", headers=there)).json()["owner"] == made.key.id


async def test_a_gate_may_trust_nobody_on_loopback_either(opened: Open) -> None:
    """For a proxy that adds no header."""
    async with opened(gate={"trust_loopback": False}) as client:
        refusal(await client.get("/jobs"), 401, "unauthorized")


@pytest.mark.parametrize("bound_to", ["127.0.0.1", "0.0.0.0"])
async def test_admin_routes_need_an_admin_key_everywhere(opened: Open, keys: Keys, bound_to: str) -> None:
    """Also those that forgot to ask; the refusal tells how to get one."""
    small, admin = await keys.create("small", ["submit", "read"]), await keys.create("big", ["admin"])
    how = "batuta keys create NAME --scope admin"
    async with opened(bound_to, batuta_api_key="the operator's") as client:
        for path in (
            "/admin/stats",
            "/captions/admin/stats",
            "/%61dmin/stats",
            "/admin/nowhere",
        ):
            assert how in refusal(await client.get(path), 401, "unauthorized")
            said = refusal(await client.get(path, headers=bearer(small.clear)), 403, "forbidden")
            assert how in said
            assert "'small' may read and submit" in said
            for key in (admin.clear, "the operator's"):
                assert (await client.get(path, headers=bearer(key))).status_code in {200, 404}


async def test_a_key_does_what_its_scopes_say(opened: Open, keys: Keys) -> None:
    """By the method of the request, and by what the route asks for."""
    reader, writer = await keys.create("reader", ["read"]), await keys.create("writer", ["submit"])
    async with opened("0.0.0.0") as client:
        assert (await client.get("/jobs", headers=bearer(reader.clear))).json()["owner"] == reader.key.id
        refusal(await client.post("/jobs", json={}, headers=bearer(reader.clear)), 403, "forbidden")
        refusal(await client.get("/jobs", headers=bearer(writer.clear)), 403, "forbidden")
        posted = await client.post("/jobs", json={}, headers=bearer(writer.clear))
        assert posted.json()["owner"] == writer.key.id


async def test_a_key_may_come_in_three_ways(opened: Open, keys: Keys) -> None:
    """`Authorization: Bearer`, in any case, `X-API-Key`, or the cookie."""
    key = (await keys.create("any", ["read"])).clear
    ways = [
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"bearer   {key}"},
        {"X-API-Key": key},
        {"X-API-Key": key, "Authorization": f"Bearer {key}"},
        {"X-API-Key": key, "Authorization": "Basic dXNlcjpwYXNz"},
        {"Cookie": f"theme=dark; batuta_key={key}"},
        {"Cookie": f"batuta_key={NOBODYS}", "X-API-Key": key},
    ]
    async with opened("0.0.0.0") as client:
        for headers in ways:
            assert (await client.get("/jobs", headers=headers)).status_code == 200, headers


async def test_the_operator_s_key_has_every_scope(opened: Open) -> None:
    """Whatever characters it has; nothing near it will do."""
    key = "schlüssel; \"1\" ≠ '2'"
    async with opened("0.0.0.0", batuta_api_key=key) as client:
        shown = {"X-API-Key": key.encode()}
        assert (await client.get("/jobs", headers=shown)).json()["owner"] == OPERATOR
        assert (await client.get("/admin/stats", headers=shown)).text == "inside"
        for wrong in (key[:-1], key + "x", key.upper(), "", '""', "None", "*" * 10):
            answer = await client.get("/jobs", headers={"X-API-Key": wrong.encode()})
            refusal(answer, 401, "unauthorized")


@pytest.mark.parametrize("blank", ["", "  "])
async def test_a_blank_operator_s_key_is_none(opened: Open, blank: str) -> None:
    """Nobody comes in by showing nothing."""
    async with opened("0.0.0.0", batuta_api_key=blank) as client:
        for shown in (f"X-API-Key: {blank}", f"Authorization: Bearer {blank}", f"Cookie: batuta_key={blank}"):
            head = ("GET /jobs HTTP/1.1", "Host: x", shown)
            assert (await raw(str(client.base_url), *head))[0] == 401


HOSTILE: list[list[tuple[str, str | bytes]]] = [
    [("Authorization", "Bearer " + NOBODYS)],
    [("Authorization", "Bearer")],
    [("Authorization", "")],
    [("Authorization", "Basic " + "x" * 100)],
    [("Authorization", NOBODYS)],
    [("Authorization", "Bearer " + "x" * 30_000)],
    [("Authorization", b"Bearer \xff\xfe\x80")],
    [("Authorization", "Bearer ключ".encode())],
    [("X-API-Key", "")],
    [("X-API-Key", b"\xc3\x28")],
    [("X-API-Key", "a"), ("X-API-Key", "b")],
    [("X-API-Key", "a"), ("Authorization", "Bearer b")],
    [("Authorization", "Bearer a"), ("Authorization", "Bearer b")],
    [("Cookie", "batuta_key=")],
    [("Cookie", "batuta_key")],
    [("Cookie", '=;;;batuta_key="\\377"; batuta_key=%ff%00')],
    [("Cookie", b"batuta_key=\xff\xfe")],
    [("Cookie", "a=" + "b" * 30_000)],
]


async def test_hostile_keys_are_refused_and_nothing_breaks(opened: Open) -> None:
    """Empty, huge, not ASCII, several, of another scheme: 401, on admin routes of loopback too."""
    async with opened("0.0.0.0", batuta_api_key="good") as client:
        for headers in HOSTILE:
            refusal(await client.get("/jobs", headers=headers), 401, "unauthorized")
    async with opened(batuta_api_key="good") as client:
        for headers in HOSTILE:
            refusal(await client.get("/admin/stats", headers=headers), 401, "unauthorized")


async def test_several_different_keys_are_none(opened: Open, keys: Keys) -> None:
    """Nobody should have to guess which one counts."""
    made = [await keys.create(name, ["read"]) for name in ("one", "two")]
    two = [("X-API-Key", new.clear) for new in made]
    async with opened() as client:
        assert "send one" in refusal(await client.get("/jobs", headers=two), 401, "unauthorized")


async def test_some_word_in_the_place_of_a_key_does_no_harm_where_none_is_needed(
    opened: Open, keys: Keys
) -> None:
    """Many clients insist on sending one; a key of ours that is no longer good is told, however."""
    made = await keys.create("ended", ["read"])
    await keys.revoke(made.key.id)
    async with opened() as client:
        for _ in range(50):
            answer = await client.get("/jobs", headers=bearer("not-needed"))
            assert answer.json()["owner"] == ""
        stale = {"Cookie": f"batuta_key={made.clear}"}
        assert (await client.get("/jobs", headers=stale)).json()["owner"] == ""
        refusal(await client.get("/jobs", headers=bearer(made.clear)), 401, "unauthorized")
        refusal(await client.get("/jobs", headers={**AS_PROXIED, **stale}), 401, "unauthorized")


async def test_a_known_key_is_the_owner_where_none_is_needed_too(opened: Open, keys: Keys) -> None:
    """So that work on loopback can be told apart."""
    made = await keys.create("mine", ["read"])
    async with opened(batuta_api_key="op") as client:
        assert (await client.get("/jobs", headers=bearer(made.clear))).json()["owner"] == made.key.id
        assert (await client.get("/jobs", headers=bearer("op"))).json()["owner"] == OPERATOR


async def test_a_revoked_key_stops_within_the_cache_s_seconds(
    opened: Open, keys: Keys, clock: VirtualClock
) -> None:
    """Although another process revoked it."""
    made = await keys.create("stolen", ["read"])
    async with opened("0.0.0.0") as client:
        assert (await client.get("/jobs", headers=bearer(made.clear))).status_code == 200
        await Keys(keys._database).revoke(made.key.id)
        clock.advance(CACHE_SECONDS)
        refusal(await client.get("/jobs", headers=bearer(made.clear)), 401, "unauthorized")


async def test_a_browser_that_asks_for_a_page_is_sent_to_the_login(opened: Open) -> None:
    """A program, or a form, gets the refusal."""
    async with opened("0.0.0.0", login_page="/login") as client:
        page = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        sent = await client.get("/page", headers=page)
        assert (sent.status_code, sent.headers["location"]) == (303, "/login")
        refusal(await client.get("/page"), 401, "unauthorized")
        refusal(await client.post("/jobs", headers=page, json={}), 401, "unauthorized")


async def test_a_websocket_passes_the_gate_as_well(opened: Open) -> None:
    """Or is closed before it opens: without a key where one is needed, from a foreign page anywhere."""
    async with opened() as client:
        url = str(client.base_url).replace("http", "ws") + "/talk"
        async with connect(url) as socket:
            assert await socket.recv() == "hello"
        await closed_before_it_opens(url, Origin("http://evil.example"))
    async with opened("0.0.0.0") as client:
        await closed_before_it_opens(str(client.base_url).replace("http", "ws") + "/talk")


async def closed_before_it_opens(url: str, origin: Origin | None = None) -> None:
    """To the client it is a 403."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, origin=origin)
    assert refused.value.response.status_code == 403


async def test_a_key_is_made_for_an_address_that_needs_one(keys: Keys, tmp_path: Path) -> None:
    """Once, with every scope; not on loopback, not where there is a key already."""
    settings = Settings(batuta_data=tmp_path)
    for host in ("127.0.0.1", "localhost", "::1"):
        assert await ensure_key(keys, settings, host) is None
    operated = Settings(batuta_data=tmp_path, batuta_api_key="mine")
    assert await ensure_key(keys, operated, "0.0.0.0") is None
    made = await ensure_key(keys, settings, "0.0.0.0")
    assert made is not None
    caller = await keys.find(made)
    assert caller is not None
    assert (caller.name, caller.scopes) == ("generated", set(SCOPES))
    assert await ensure_key(keys, settings, "0.0.0.0") is None


async def test_a_service_s_gate_does_not_count(tmp_path: Path, keys: Keys) -> None:
    """The one who calls it asks how the jobs are hundreds of times a minute."""
    gate = Gate.of_service(keys, Settings(batuta_data=tmp_path), bound_to="0.0.0.0")
    made = await keys.create("captions", ["submit", "read"])
    caller = await keys.find(made.clear)
    assert caller is not None
    assert gate.count_request(caller) is gate.count_submit(caller) is None


def test_loopback_is_what_the_system_says_it_is() -> None:
    """A name that only looks like it is not."""
    for host in ("127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1", "localhost", "LOCALHOST"):
        assert is_loopback(host), host
    for host in ("localhost.evil", "0.0.0.0", "::", "", "10.0.0.1", "127.0.0.1.nip.example", "2130706433"):
        assert not is_loopback(host), host


async def test_the_client_s_address_is_what_the_proxy_tells(opened: Open, keys: Keys) -> None:
    """For whoever accounts by it."""
    made = await keys.create("far", ["read"])
    async with opened() as client:
        answer: httpx2.Response = await client.get("/jobs", headers={**AS_PROXIED, **bearer(made.clear)})
        assert answer.json()["address"] == "203.0.113.7"
