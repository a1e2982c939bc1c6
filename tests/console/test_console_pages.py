"""The console's pages as the server gives them, scripts or none."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from console_stage import House, house, tone
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from batuta.console.assets import Assets
from batuta.console.failures import ErrorPages
from batuta.console.front import local
from batuta.console.pages import Pages

pytestmark = pytest.mark.anyio
AS_BROWSER = {"Accept": "text/html,application/xhtml+xml"}
OPERATOR = "operator-key"


@pytest.fixture
async def web(fresh: House) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser without scripts, before the server without jobs."""
    async with httpx2.AsyncClient(base_url=fresh.url, timeout=30, headers=AS_BROWSER) as client:
        yield client


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncIterator[House]:
    """A server as if bound to the network: everybody needs a key."""
    async with house(tmp_path, bound_to="0.0.0.0", batuta_api_key=OPERATOR) as built:
        yield built


async def test_a_browser_at_the_root_is_led_to_the_jobs(web: httpx2.AsyncClient) -> None:
    """`/` leads to `/console/`, and that to the list; programs are told where things are."""
    shown = await web.get("/", follow_redirects=True)
    assert shown.url.path == "/console/jobs"
    assert "Nothing captioned yet" in shown.text
    told = await web.get("/", headers={"Accept": "application/json"})
    assert told.json()["console"] == "/console/"


async def test_pages_allow_nothing_but_our_own_files(web: httpx2.AsyncClient) -> None:
    """The policy is strict, and the page has nothing inline that it would forbid."""
    for path in ("/console/jobs", "/console/new", "/console/health", "/login", "/console/nowhere"):
        page = await web.get(path)
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page.text)
        assert not re.findall(r"(?:src|href|action)=\"(?!/|#)", page.text)


async def test_files_are_kept_for_ever_under_a_name_that_changes_with_them(web: httpx2.AsyncClient) -> None:
    """The address has the content's hash; under any other the file must be asked for again."""
    page = (await web.get("/console/jobs")).text
    addresses = re.findall(r"/static/console/[^\"]+", page)
    assert len(addresses) >= 4
    for address in addresses:
        found = await web.get(address)
        assert found.status_code == 200
        assert "immutable" in found.headers["cache-control"]
    version = Assets.packaged().version
    assert all(version in address for address in addresses)
    old = await web.get(addresses[0].replace(version, "0123456789abcdef"))
    assert old.status_code == 200
    assert old.headers["cache-control"] == "no-cache"
    assert (await web.get(f"/static/console/{version}/nothing.css")).status_code == 404
    assert (await web.get(f"/static/console/{version}/..%2fassets.py")).status_code == 404


async def test_what_does_not_exist_is_a_page_under_console_and_a_problem_in_the_api(
    web: httpx2.AsyncClient,
) -> None:
    """Only browsers that ask for pages of the console get one."""
    for path in ("/console/nowhere", "/console/jobs/0123456789abcdef"):
        page = await web.get(path)
        assert page.status_code == 404
        assert page.headers["content-type"].startswith("text/html")
        assert "Not found" in page.text
        program = await web.get(path, headers={"Accept": "application/json"})
        assert program.headers["content-type"] == "application/problem+json"
    answer = await web.get("/captions/jobs/0123456789abcdef")
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await web.get("/console/<script>alert(1)</script>")).text.count("<script>") == 0
    broken = await web.get("/console/jobs", params={"status": "<b>"})
    assert broken.status_code == 422
    assert broken.headers["content-type"].startswith("text/html")
    assert "<b>" not in broken.text


async def test_an_unexpected_failure_is_a_page_too() -> None:
    """500 that says nothing of the cause, which is for the log."""

    async def broken(_: Request) -> Response:
        raise RuntimeError("secret")

    app = Starlette(routes=[Route("/console/x", broken), Route("/api", broken)])
    app.add_middleware(ErrorPages, pages=Pages(Assets.packaged(), {"captions": "/captions"}))
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://here.test", headers=AS_BROWSER
    ) as web:
        page = await web.get("/console/x")
        assert page.status_code == 500
        assert "Internal error" in page.text
        assert "secret" not in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert (await web.get("/api")).text == "Internal Server Error"


async def test_the_list_is_read_page_by_page(fresh: House, web: httpx2.AsyncClient) -> None:
    """Every job is on exactly one page, the newest on the first."""
    made = [await fresh.started(f"http://media.test/{number}.mp4") for number in range(28)]
    for job_id in made:
        assert await fresh.ended(job_id) == "completed"
    first = (await web.get("/console/jobs")).text
    older = re.search(r'href="([^"]*cursor=[^"]*)" rel="next"', first)
    assert older is not None
    second = (await web.get(older[1].replace("&amp;", "&"))).text
    assert 'rel="next"' not in second
    pages = [re.findall(r'data-key="(\w+)"', page) for page in (first, second)]
    assert [len(page) for page in pages] == [25, 3]
    assert pages[0] + pages[1] == made[::-1]
    assert re.findall(r'data-key="(\w+)"', (await web.get("/console/jobs?status=failed")).text) == []


async def test_forms_do_without_scripts_what_scripts_do(fresh: House, web: httpx2.AsyncClient) -> None:
    """An address, a file, a cancel, a retry and a delete, each a plain form."""
    form = {"youtube_url": (None, "http://media.test/a.mp4"), "language": (None, "en"), "file": ("", b"")}
    sent = await web.post("/console/new", files=form)
    assert sent.status_code == 303
    job_id = sent.headers["location"].rsplit("/", 1)[1]
    assert await fresh.ended(job_id) == "completed"
    asked = (await web.get(f"/console/jobs/{job_id}")).text
    assert "Download" in asked
    assert "as it is" in asked  # a switch that the form leaves out is off

    sent = await web.post("/console/new", files={"file": ("a.wav", tone(120), "audio/wav")})
    assert sent.status_code == 303, sent.text
    assert await fresh.ended(sent.headers["location"].rsplit("/", 1)[1]) == "completed"

    sent = await web.post(
        f"/console/jobs/{job_id}/retry", files={"language": (None, "pt"), "from": (None, "")}
    )
    assert sent.status_code == 303, sent.text
    assert await fresh.ended(job_id) == "completed"
    assert "Portuguese" in (await web.get(f"/console/jobs/{job_id}")).text

    fresh.director.released = False
    going = await fresh.started("http://media.test/b.mp4", language="fr")
    assert (await web.post(f"/console/jobs/{going}/cancel")).status_code == 303
    assert await fresh.ended(going) == "cancelled"
    assert (await web.post(f"/console/jobs/{going}/delete")).headers["location"] == "/console/jobs"
    assert (await web.get(f"/console/jobs/{going}")).status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "either the address"),
        ({"youtube_url": "ftp://media.test/a"}, "ftp"),
        ({"youtube_url": "http://media.test/a", "priority": "high"}, "priority"),
        ({"youtube_url": "http://media.test/a", "model": "<i>huge</i>"}, "422"),
    ],
)
async def test_a_form_that_cannot_be_used_comes_back_with_what_is_wrong(
    web: httpx2.AsyncClient, fields: dict[str, str], said: str
) -> None:
    """What was typed is still there, and nothing was started."""
    sent = await web.post(
        "/console/new", files={name: (None, value) for name, value in fields.items()} or {"x": (None, "")}
    )
    if sent.status_code == 303:  # the transcriber is elsewhere: it decides which models there are
        assert said == "422"
        return
    assert sent.status_code == 422
    assert said in sent.text
    assert fields.get("youtube_url", "") in sent.text


async def test_without_a_key_the_login_page_is_shown_and_leads_back(guarded: House) -> None:
    """Pages redirect to the login with the way back; the key becomes a cookie; then the page is there."""
    async with httpx2.AsyncClient(base_url=guarded.url, headers=AS_BROWSER) as web:
        refused = await web.get("/console/jobs", params={"status": "failed"})
        assert refused.status_code == 303
        assert refused.headers["location"] == "/login?next=/console/jobs%3Fstatus%3Dfailed"
        page = await web.get(refused.headers["location"])
        assert page.status_code == 200
        assert 'data-next="/console/jobs?status=failed"' in page.text
        assert (await web.get("/captions/jobs")).status_code == 401
        assert (await web.post("/login", json={"key": OPERATOR})).status_code == 200
        assert (await web.get("/console/jobs")).status_code == 200
        assert "Records on disk" in (await web.get("/console/health")).text


async def test_each_key_sees_its_own_jobs_only(guarded: House) -> None:
    """Another's job is not in the list, and its page does not exist."""
    admin = {"Authorization": f"Bearer {OPERATOR}"}
    keys = []
    async with httpx2.AsyncClient(base_url=guarded.url, headers=AS_BROWSER) as web:
        for name in ("ann", "ben"):
            made = await web.post("/admin/keys", json={"name": name}, headers=admin)
            keys.append({"Authorization": f"Bearer {made.json()['key']}"})
        sent = await web.post(
            "/captions/pipeline", json={"youtube_url": "http://media.test/x"}, headers=keys[0]
        )
        job_id = sent.json()["job_id"]
        assert job_id in (await web.get("/console/jobs", headers=keys[0])).text
        assert job_id not in (await web.get("/console/jobs", headers=keys[1])).text
        assert (await web.get(f"/console/jobs/{job_id}", headers=keys[1])).status_code == 404
        assert (await web.post(f"/console/jobs/{job_id}/delete", headers=keys[1])).status_code == 404
        assert (await web.get(f"/console/jobs/{job_id}", headers=keys[0])).status_code == 200
        assert (
            "shown to keys with the scope admin" in (await web.get("/console/health", headers=keys[0])).text
        )


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.test/",
        "//evil.test/console/",
        "/captions/jobs",
        "javascript:alert(1)",
        "/console/\\evil",
        "http://[",
    ],
)
def test_a_login_leads_nowhere_but_into_the_console(target: str) -> None:
    """Whatever a link to the login page says."""
    assert local(target) == "/console/"
    assert local("/console/jobs/0123?x=1") == "/console/jobs/0123?x=1"
