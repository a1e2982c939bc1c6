"""What foreign web pages cannot do through a visitor's browser."""

from __future__ import annotations

from itertools import product

import httpx2
import pytest
from houses import AS_PROXIED, Open, bearer, raw, refusal

from batuta.access.keys import Keys

pytestmark = pytest.mark.anyio


HOSTS = [
    *("evil.example", "evil.example:8000", "127.0.0.1.nip.example", "localhost.evil.example"),
    *("", ":80", "0.0.0.0", "10.0.0.1", "::1", "[::1", "[::2]", "локалхост"),
    *("localhost@evil.example", "localhost:80:80", "localhost/", "localhost, evil.example", "x" * 20_000),
]


async def test_a_host_that_is_not_ours_is_refused_on_loopback(opened: Open, keys: Keys) -> None:
    """DNS rebinding: reading, submitting, even with a key, even what is open to everybody."""
    key = (await keys.create("good", ["admin"])).clear
    asked = [("GET", "/jobs"), ("POST", "/cancel"), ("GET", "/health"), ("GET", "/admin/stats")]
    async with opened() as client:
        for host, (method, path) in product(HOSTS, asked):
            headers = {"Host": host.encode(), **bearer(key)}
            said = refusal(await client.request(method, path, headers=headers), 403, "forbidden")
            assert "Host" in said


async def test_our_own_names_are_good_with_any_port(opened: Open) -> None:
    """A forwarded port is another one than ours."""
    async with opened() as client:
        for host in ("localhost", "LocalHost:8000", "127.0.0.1", "[::1]:65535", "[::1]", "localhost."):
            assert (await client.get("/jobs", headers={"Host": host})).status_code == 200, host


async def test_further_names_can_be_given(opened: Open) -> None:
    """The address we are bound to is one of them."""
    async with opened("127.0.0.2", gate={"names": ["My.Captions"]}) as client:
        for host in ("my.captions:80", "127.0.0.2", "localhost"):
            assert (await client.get("/jobs", headers={"Host": host})).status_code == 200
        refusal(await client.get("/jobs", headers={"Host": "captions"}), 403, "forbidden")


@pytest.mark.parametrize("hosts", [(), ("Host: localhost", "Host: evil.example")])
async def test_no_host_or_two_of_them_are_refused(opened: Open, hosts: tuple[str, ...]) -> None:
    """RFC 9112, section 3.2; the server or the gate says so."""
    async with opened() as client:
        status, answer = await raw(str(client.base_url), "GET /jobs HTTP/1.1", *hosts)
        assert status in {400, 403}
        assert b"owner" not in answer


FOREIGN = [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost:1"},
    {"Origin": "file://"},
    {"Origin": "http://[::1"},
    {"Origin": "https://user@{host}"},
    {"Origin": "http://{host}/"},
    {"Origin": "http://{host}, http://evil.example"},
    {"Origin": "chrome-extension://{host}"},
    {"Origin": "http://{host}", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://{host}", "Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "same-origin, cross-site"},
]
OURS = [
    {"Origin": "http://{host}"},
    {"Origin": "https://{host}"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://captions.example", "Sec-Fetch-Site": "same-origin"},
]


def filled(headers: dict[str, str], client: httpx2.AsyncClient) -> dict[str, str]:
    """The headers with the server's own address in them."""
    host = client.base_url.netloc.decode()
    return {name: value.format(host=host) for name, value in headers.items()}


async def test_a_foreign_page_changes_nothing(opened: Open, keys: Keys) -> None:
    """Neither on loopback without a key, nor with the console's cookie, nor by logging somebody in."""
    cookie = {"Cookie": f"batuta_key={(await keys.create('console', ['submit'])).clear}"}
    async with opened() as client:
        for headers, path in product(FOREIGN, ("/cancel", "/login", "/logout", "/upload")):
            refusal(await client.post(path, headers=filled(headers, client)), 403, "forbidden")
    async with opened("0.0.0.0") as client:
        for headers, method in product(FOREIGN, ("POST", "DELETE", "PUT", "PATCH")):
            sent = {**filled(headers, client), **cookie}
            refusal(await client.request(method, "/cancel", headers=sent), 403, "forbidden")


async def test_our_own_page_does(opened: Open, keys: Keys) -> None:
    """On loopback, and with the cookie."""
    cookie = {"Cookie": f"batuta_key={(await keys.create('console', ['submit'])).clear}"}
    for bound_to, shown in [("127.0.0.1", {}), ("0.0.0.0", cookie)]:
        async with opened(bound_to) as client:
            for headers in OURS:
                sent = {**filled(headers, client), **shown}
                assert (await client.post("/cancel", headers=sent)).status_code == 200, headers


async def test_a_cookie_alone_changes_nothing(opened: Open, keys: Keys) -> None:
    """It must be seen that our page sent it; to look it is enough."""
    key = (await keys.create("console", ["submit", "read"])).clear
    async with opened("0.0.0.0") as client:
        headers = {"Cookie": f"batuta_key={key}"}
        refusal(await client.post("/cancel", headers=headers), 403, "forbidden")
        assert (await client.get("/jobs", headers=headers)).status_code == 200


async def test_an_empty_origin_is_not_the_same_as_no_host(opened: Open, keys: Keys) -> None:
    """HTTP/1.0 may leave the Host out; then nothing proves whose page it is."""
    cookie = f"Cookie: batuta_key={(await keys.create('console', ['submit'])).clear}"
    async with opened("0.0.0.0") as client:
        for origin in ("Origin: http://", "Origin: ", "Origin: null"):
            status, _ = await raw(str(client.base_url), "POST /cancel HTTP/1.0", cookie, origin)
            assert status == 403, origin


async def test_a_program_without_an_origin_is_no_browser(opened: Open) -> None:
    """A script goes on working on loopback."""
    async with opened() as client:
        assert (await client.post("/cancel")).status_code == 200


async def test_a_key_in_a_header_may_come_from_any_page(opened: Open, keys: Keys) -> None:
    """A page that has the key was given it."""
    key = (await keys.create("web app", ["submit"])).clear
    foreign = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    async with opened() as client:
        assert (await client.post("/cancel", headers={**foreign, **bearer(key)})).status_code == 200
        assert (
            await client.post("/cancel", headers={**foreign, **AS_PROXIED, **bearer(key)})
        ).status_code == 200


async def test_a_link_from_a_foreign_page_may_be_followed(opened: Open) -> None:
    """Looking changes nothing, and the page cannot read the answer."""
    async with opened() as client:
        answer = await client.get("/page", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 200
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
