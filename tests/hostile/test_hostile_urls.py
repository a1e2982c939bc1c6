"""URLs that lead where nobody should be led: refused before any work, or at the connection itself."""

from __future__ import annotations

import pytest
from hostile_house import House, refusal
from hostile_site import Trap, own_name

pytestmark = pytest.mark.anyio

PRIVATE = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://127.0.0.1./",
    "http://0/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.0.0x0.1/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[0:0:0:0:0:ffff:7f00:1]/",
    "http://[::ffff:0:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[2001:db8::1]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://[ff02::1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://deep.in.localhost/",
    "http://127。0。0。1/",
    "HTTP://127.0.0.1:80/",
]
"""Whatever they look like, what they lead to is not public."""

UNREADABLE = [
    "",
    "http://",
    "//127.0.0.1/",
    "file:///etc/passwd",
    "ftp://media.test/a",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "data:video/mp4;base64,AAAA",
    "javascript:alert(1)",
    "concat:/etc/passwd",
    "ytsearch:anything",
    "http://[::1",
    "http://[127.0.0.1]/",
    "http://[fe80::1%25eth0]/",
    "http://0000::1/",
    "http://a b/",
    "http://a..b/",
    "http://1.1.1.1.1/",
    "http://4294967297/",
    "http://127.0.0.1:80:80/",
    "http://media.test:0/",
    "http://media.test:65536/",
    "http://media.test:-1/",
    "http://media.test/" + "a" * 2048,
    "http://media.test/" + "a" * 5000,
]
"""No URL at all, or none that anybody here would ask."""

NO_STRINGS: list[object] = [
    None,
    1,
    True,
    1.5,
    [],
    {},
    ["http://media.test/a"],
    {"url": "http://media.test/a"},
]


@pytest.mark.parametrize("field", ["youtube_url", "callback_url"])
@pytest.mark.parametrize("url", PRIVATE)
async def test_an_address_that_is_not_public_is_refused(house: House, field: str, url: str) -> None:
    """In every notation, and the operator is told how to allow it if that is meant."""
    async with house.nothing_happens():
        body = {"youtube_url": "http://media.test/a", field: url}
        answer = await house.client.post("/pipeline", json=body)
        if field == "callback_url" and answer.json()["detail"].startswith("the URL cannot be read"):
            refusal(answer, 422, "Invalid")  # its parser is stricter than the other field's
        else:
            refusal(answer, 422, "not a public address", "BATUTA_URL_ALLOW")


@pytest.mark.parametrize("field", ["youtube_url", "callback_url"])
@pytest.mark.parametrize("url", UNREADABLE)
async def test_what_is_no_http_url_is_refused(house: House, field: str, url: str) -> None:
    """The problem repeats what was given, or as much of it as fits."""
    async with house.nothing_happens():
        body = {"youtube_url": "http://media.test/a", field: url}
        refusal(await house.client.post("/pipeline", json=body), 422, "")


@pytest.mark.parametrize("value", NO_STRINGS)
async def test_a_url_is_a_string(house: House, value: object) -> None:
    """And nothing else that JSON knows."""
    async with house.nothing_happens():
        refusal(await house.client.post("/pipeline", json={"youtube_url": value}), 422, "youtube_url")


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@media.test/",
        "http://:secret@media.test/",
        "http://127.0.0.1:secret@media.test/",
        "http://127.0.0.1%2f:secret@media.test/",
        "http://media.test\\:secret@media.test/",
        "http://media.test:secret@127.0.0.1/",
    ],
)
async def test_a_callback_takes_no_password_and_does_not_repeat_it(house: House, url: str) -> None:
    """Nor a host that only looks like one."""
    async with house.nothing_happens():
        body = {"youtube_url": "http://media.test/a", "callback_url": url}
        detail = refusal(await house.client.post("/pipeline", json=body), 422)
        assert "secret" not in detail or "cannot be read" in detail


async def test_a_callback_whose_name_leads_to_a_private_address_is_given_up(house: House, trap: Trap) -> None:
    """The job is done, its end is told to nobody, and the delivery says why."""
    callback = f"http://{own_name()}:{trap.port}/hook"
    body = {"youtube_url": "http://media.test/told", "callback_url": callback}
    started = await house.client.post("/pipeline", json=body)
    if started.status_code == 422:
        refusal(started, 422, "not a public address")
        return
    job_id = started.json()["job_id"]
    assert (await house.client.get(f"/jobs/{job_id}/wait")).json()["status"] == "completed"
    for _ in range(2000):  # the courier works beside the job
        deliveries = (await house.client.get(f"/jobs/{job_id}/deliveries")).json()
        if deliveries and deliveries[0]["state"] != "pending":
            break
    assert deliveries[0]["state"] == "failed"
    assert "not a public address" in str(deliveries[0])
    assert trap.asked == []
