"""What callers should not send: every answer is a problem, nothing is accepted, nothing is kept."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from urllib.parse import unquote

import pytest
from callers import Caller, assert_problem
from controlled import LIMIT, Controlled, House

from batuta.errors import BatutaError

pytestmark = pytest.mark.anyio

HASH = "ab" * 32
FILE = b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'


def nothing_happened(house: House) -> None:
    """No work, no file, no folder."""
    assert house.service.begun == []
    assert house.files() == house.workspaces() == []


def reference(**fields: object) -> bytes:
    """An order for a stored file, in JSON."""
    return json.dumps({"file": {"sha256": HASH, "size": 1, **fields}}).encode()


NO_ORDERS = [
    (b"", "not JSON"),
    (b"{", "not JSON"),
    (b"\xff\xfe", "not JSON"),
    (b'{"text": NaN}', "not JSON"),
    (b"[" * 200_000, "not JSON"),
    (b'{"a":' * 200_000, "not JSON"),
    (b'{"text": 1' + b"0" * 5000 + b"}", "not JSON"),
    (b"[]", "JSON object"),
    (b'[{"text": "hello"}]', "JSON object"),
    (b'"text"', "JSON object"),
    (b"null", "JSON object"),
    (b'{"text": 5}', "text: "),
    (b'{"text": "\\ud800"}', "not JSON"),
    (b'{"text": {"a": "b"}}', "text: "),
    (b'{"loud": "perhaps"}', "loud: "),
    (b'{"file": "a.wav"}', "file: "),
    (b'{"file": {}}', "file.sha256: "),
    (reference(sha256="../../../../etc/passwd"), "file.sha256: "),
    (reference(sha256=HASH.upper()), "file.sha256: "),
    (reference(sha256=HASH + "\n"), "file.sha256: "),
    (reference(sha256=None), "file.sha256: "),
    (reference(size=-1), "file.size: "),
    (reference(size="many"), "file.size: "),
    (reference(media_type="text/html\r\nSet-Cookie: a=b"), "file.media_type: "),
]
"""JSON that is none, or none of ours, and what the problem says of it."""


async def test_json_that_is_no_order_is_refused(
    caller: Caller, house: House, subtests: pytest.Subtests
) -> None:
    """422, and the problem says which field it is."""
    for body, says in NO_ORDERS:
        with subtests.test(body=body[:40]):
            detail = assert_problem(await caller.post(body), 422, "invalid_request")
            assert says in detail
            assert len(detail) < 1000
            nothing_happened(house)


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "application/problem+json",
    ],
)
async def test_another_content_type_is_refused(caller: Caller, house: House, kind: str | None) -> None:
    """The problem says which ones are spoken."""
    response = await caller.post(b'{"text": "hello"}', kind)
    detail = assert_problem(response, 422, "invalid_request")
    assert "application/json or multipart/form-data" in detail
    nothing_happened(house)


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/json ;"]
)
async def test_json_by_any_of_its_spellings_is_json(caller: Caller, kind: str) -> None:
    """Case and parameters do not matter (RFC 9110, section 8.3.1)."""
    assert (await caller.post(b'{"text": "hello"}', kind)).status_code == 202


async def test_fields_nobody_knows_change_nothing(caller: Caller, house: House) -> None:
    """Clients of the services this one stands in for send more than it needs."""
    known = await caller.completed(text="hello")
    more = await caller.submit(text="hello", fancy=[1, 2], id="mine", status="completed")
    assert more["id"] == known["id"]
    assert house.service.begun == ["hello"]


END = b"--limes--\r\n"
NO_FORMS = [
    ([], b"", "breaks off"),
    ([b"no headers here\r\n\r\nx"], END, "cannot be read"),
    ([b"Content-Disposition: form-data\r\n\r\nx"], END, "no name"),
    ([b"Content-Type: audio/wav\r\n\r\nx"], END, "no name"),
    ([FILE + b"half of"], b"", "breaks off"),
    ([FILE + b"half of", b"Content-Disp"], b"", "cannot be read"),
    ([b'Content-Disposition: form-data; name="text"\r\n\r\n\xff'], END, "text: not UTF-8"),
    ([b'Content-Disposition: form-data; name="loud"\r\n\r\nperhaps'], END, "loud: "),
    ([FILE + b"x", b'Content-Disposition: form-data; name="loud"\r\n\r\n?'], END, "loud: "),
    ([b'Content-Disposition: form-data; name="x"\r\n\r\ny'] * 101, END, "100 fields"),
    ([b"X: y\r\n" * 50 + FILE + b"x"], END, "cannot be read"),
    ([b"X: " + b"y" * 100_000 + b"\r\n" + FILE + b"x"], END, "cannot be read"),
]
"""The parts of a form, its end, and what the problem says of it."""


async def test_a_form_that_is_no_order_is_refused(
    caller: Caller, house: House, subtests: pytest.Subtests
) -> None:
    """422, and a file that had already arrived with it is not kept."""
    for parts, end, says in NO_FORMS:
        with subtests.test(parts=[part[:60] for part in parts[:3]], end=end):
            detail = assert_problem(await caller.form(*parts, end=end), 422, "invalid_request")
            assert says in detail
            nothing_happened(house)


@pytest.mark.parametrize("boundary", ["", "; boundary=", "; boundary=" + "x" * 1000, "; boundary=other"])
async def test_a_form_without_its_boundary_is_refused(caller: Caller, house: House, boundary: str) -> None:
    """There is no telling where its parts end."""
    response = await caller.post(
        b"--limes\r\n" + FILE + b"x\r\n--limes--\r\n", f"multipart/form-data{boundary}"
    )
    assert_problem(response, 422, "invalid_request")
    nothing_happened(house)


async def test_json_larger_than_any_order_is_refused(caller: Caller, house: House) -> None:
    """413, without its having been in memory as a whole."""
    assert_problem(await caller.post(b'{"text": "' + b"x" * 2_000_000 + b'"}'), 413, "payload_too_large")
    nothing_happened(house)


async def test_a_form_field_larger_than_any_option_is_refused(caller: Caller, house: House) -> None:
    """413: only files may be large."""
    field = b'Content-Disposition: form-data; name="text"\r\n\r\n' + b"x" * 600_000
    assert_problem(await caller.form(field), 413, "payload_too_large")
    nothing_happened(house)


async def test_a_file_as_large_as_allowed_is_accepted(caller: Caller) -> None:
    """The limit is for the file, whatever the form around it adds."""
    job = await caller.end(await caller.upload(b"x" * LIMIT))
    assert job["file_size"] == LIMIT


async def test_a_file_larger_than_allowed_is_refused(caller: Caller, house: House) -> None:
    """413, says the limit, and keeps nothing of it nor of a file that came before it."""
    response = await caller.form(FILE + b"small", FILE + b"x" * (LIMIT + 1))
    assert str(LIMIT) in assert_problem(response, 413, "payload_too_large")
    nothing_happened(house)


@pytest.mark.parametrize("announced", ["announced", "unannounced"])
async def test_what_is_too_large_is_refused_before_all_of_it_has_come(
    caller: Caller, house: House, announced: str
) -> None:
    """At once when the caller says how much it will be, otherwise as soon as it is too much."""
    pulled, beginning = 0, b"--limes\r\n" + FILE

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal pulled
        yield beginning
        while pulled < 20 * LIMIT:
            pulled += 1_000_000
            yield b"x" * 1_000_000

    headers = {"Content-Type": "multipart/form-data; boundary=limes"}
    if announced == "announced":
        headers["Content-Length"] = str(len(beginning) + 20 * LIMIT)
    answer = caller.http.stream("POST", "/jobs", content=endless(), headers=headers)
    async with answer as response:
        await response.aread()
        assert_problem(response, 413, "payload_too_large")
    if caller.in_process:  # a network buffers, and uvicorn reads on until the caller has noticed
        assert pulled <= (0 if announced == "announced" else LIMIT + 3_000_000)
    nothing_happened(house)


async def test_a_caller_that_leaves_in_the_middle_leaves_nothing(caller: Caller, house: House) -> None:
    """Neither a job nor a part of its file, in the store or on the way there."""
    arrived = asyncio.Event()

    async def half() -> AsyncGenerator[bytes]:
        yield b"--limes\r\n" + FILE
        for _ in range(3):
            yield b"x" * 1_000_000
        arrived.set()
        await asyncio.Event().wait()

    sending = asyncio.create_task(caller.post(half(), "multipart/form-data; boundary=limes"))
    await asyncio.wait_for(arrived.wait(), 5)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await caller.settled()
    nothing_happened(house)


@pytest.mark.parametrize(
    "name",
    [
        b'"; filename="b.wav',
        b"../../../../etc/passwd",
        b"C:\\windows\\system32",
        b"a\x00b",
        b"\xff\xfe",
        "ação 🎬.wav".encode(),
        b"a" * 2000,
        b"",
    ],
)
async def test_the_name_of_an_uploaded_file_leads_nowhere(caller: Caller, house: House, name: bytes) -> None:
    """Whatever it is, the file is kept under its hash and its name is forgotten."""
    part = b'Content-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\ncontent'
    response = await caller.form(part)
    assert response.status_code == 202, response.text
    assert await caller.download(await caller.end(response.json())) == b"content"
    assert {file.parent.parent.name for file in house.files()} == {"sha256"}
    assert not (house.folder.parent / "etc").exists()


@pytest.mark.parametrize("newline", [b"\r\n", b"\n", b"\r"])
async def test_a_file_name_cannot_smuggle_headers_into_the_form(
    caller: Caller, house: House, newline: bytes
) -> None:
    """A line break in a name ends the header or the request, it never changes what the file is."""
    name = newline.join([b"a.wav", b"Content-Type: text/html", b"X: "])
    part = b'Content-Disposition: form-data; name="file"; filename="' + name + b'"\r\n\r\ncontent'
    response = await caller.form(part)
    assert response.status_code in {202, 422}, response.text
    assert {file.parent.parent.name for file in house.files()} <= {"sha256"}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain name.txt", "plain name.txt"),
        ("ação 日本.txt", "ação 日本.txt"),
        ('a"b\\c.txt', "a_b_c.txt"),
        ("a\r\nSet-Cookie: x=y", "a__Set-Cookie: x=y"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("100%.txt", "100%.txt"),
        ("a\u202egnp.exe", "a_gnp.exe"),
        ("a\udce9b", "a?b"),
        ("", "file"),
    ],
)
async def test_the_name_of_a_result_fits_into_a_header(
    caller: Caller, house: House, given: str, shown: str
) -> None:
    """As it is where that can be said (RFC 6266), and never more than a name."""
    house.service.filename = given
    job = await caller.completed(text="hello")
    response = await caller.http.get(f"/jobs/{job['id']}/download")
    assert "set-cookie" not in response.headers
    header = response.headers["content-disposition"]
    found = re.fullmatch(r"""attachment; filename="([ -!#-~]+)"; filename\*=UTF-8''([!-~]+)""", header)
    assert found is not None, header
    assert unquote(found[2]) == shown
    assert len(found[1]) == len(shown)


async def test_the_type_of_a_result_is_a_type(caller: Caller, house: House) -> None:
    """One that would be two headers is none."""
    house.service.media_type = "text/html\r\nSet-Cookie: a=b"
    job = await caller.completed(text="hello")
    response = await caller.http.get(f"/jobs/{job['id']}/download")
    assert response.headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in response.headers


@pytest.mark.parametrize(
    "path",
    ["/", "/nothing", "/jobs/", "/jobs/a/b/c", "/jobs/../admin", "/docs/x", "/%2e%2e/%2e%2e/etc/passwd"],
)
async def test_an_unknown_route_is_a_problem(caller: Caller, path: str) -> None:
    """404 in the same shape as every other error."""
    response = await caller.http.get(path)
    if response.is_redirect:  # `/jobs/` and its like
        return
    assert_problem(response, 404, "not_found")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/jobs"),
        ("DELETE", "/jobs"),
        ("POST", "/health"),
        ("PATCH", "/jobs/x"),
        ("GET", "/admin/cleanup"),
    ],
)
async def test_a_wrong_method_is_a_problem(caller: Caller, method: str, path: str) -> None:
    """405, and it says which ones are right (RFC 9110, section 15.5.6)."""
    response = await caller.http.request(method, path)
    assert_problem(response, 405, "invalid_request")
    assert response.headers["allow"]


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/x?wait=-1",
        "/jobs/x?wait=nan",
        "/jobs/x?wait=soon",
        "/jobs?limit=0",
        "/jobs?limit=501",
        "/jobs?limit=1e2",
    ],
)
async def test_a_parameter_out_of_range_is_a_problem(caller: Caller, path: str) -> None:
    """422, with the name of the parameter and what was given."""
    detail = assert_problem(await caller.http.get(path), 422, "invalid_request")
    name, _, value = path.partition("?")[2].partition("=")
    assert name in detail
    assert value in detail


async def test_a_bug_of_ours_is_a_problem_without_its_secrets(caller: Caller) -> None:
    """500, and neither the message nor the place of the exception leaves the house."""
    response = await caller.http.get("/broken")
    assert "RuntimeError" in assert_problem(response, 500, BatutaError.code)
    assert "swordfish" not in response.text
    assert "controlled.py" not in response.text


async def test_a_store_that_fails_is_a_problem(caller: Caller, house: House) -> None:
    """500 as well, with the code that says what it was."""
    (house.folder / "artefacts" / "incoming").write_text("in the way")
    response = await caller.form(FILE + b"x")
    assert_problem(response, 500, "storage_error")
    assert house.service.begun == Controlled().begun
