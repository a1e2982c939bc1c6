"""Pages of transcripts as the server gives them: deep links, forms, failures, and which apps are served."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest
from console_stage import Visitor, visiting
from playwright.async_api import Browser, expect
from reading_stage import BUSY, GONE, MUTE, TALK, WATCH, reading_room

from batuta.console.advice import advice, failure_of
from batuta.console.assets import Assets
from batuta.console.pages import Pages
from batuta.console.transcript_shown import Asked, languages_in, steps, watch
from batuta.transcripts.causes import BY_CAUSE
from batuta.transcripts.models import Cause
from batuta.transcripts.outcomes import Attempt, Outcome

pytestmark = pytest.mark.anyio
AS_BROWSER = {"Accept": "text/html,application/xhtml+xml"}
OPERATOR = "operator-key"
INLINE = r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)"


async def test_a_link_leads_to_the_text_without_scripts(tmp_path: Path) -> None:
    """The address says it all; forms do the rest: made from the sound, a batch, a question answered no."""
    async with (
        reading_room(tmp_path, only=None) as room,
        httpx2.AsyncClient(base_url=room.url, headers=AS_BROWSER, timeout=30) as web,
    ):
        page = await web.get("/console/transcripts", params={"v": WATCH, "languages": "es,en"})
        assert "una canción: 2 &lt; 3 &amp; {{ 7 * 7 }}" in page.text
        assert f'href="{WATCH}&amp;t=65s" target="_blank" rel="noopener"' in page.text
        assert 'href="/console/jobs"' in page.text  # all apps are served
        assert not re.search(INLINE, page.text)
        assert "script-src 'self'" in page.headers["content-security-policy"]
        files = re.findall(r'href="(/transcripts/api/transcript/[^"]+)" download="([^"]+)"', page.text)
        assert [name for _, name in files] == [f"{TALK}.es.{form}" for form in ("txt", "srt", "vtt", "json")]
        for address, _ in files:
            assert (await web.get(address.replace("&amp;", "&"))).status_code == 200

        offered = (await web.get("/console/transcripts", params={"v": TALK, "tracks": "only"})).text
        chips = re.findall(r'class="chip" href="([^"]+)"', offered)
        assert len(chips) == 2
        assert "goodbye" in (await web.get(chips[1].replace("&amp;", "&"))).text

        refused = (await web.get("/console/transcripts", params={"v": MUTE})).text
        assert "Have the text made from the sound" in refused
        made = await web.post("/console/transcripts", files={"v": (None, MUTE)})
        assert "This is sentence number 1." in made.text
        assert "Made just now" in made.text
        assert "No such video" in (await web.get("/console/transcripts", params={"v": GONE})).text
        wrong = await web.get("/console/transcripts", params={"v": "<script>alert(1)</script>"})
        assert "Not a YouTube video" in wrong.text
        assert "<script>alert" not in wrong.text
        wrong = await web.get("/console/transcripts", params={"v": TALK, "languages": "<b>"})
        assert "is no language code" in wrong.text

        sent = await web.post("/console/transcripts/batches", files={"videos": (None, "x y")})
        assert sent.status_code == 422
        assert "is no video id" in sent.text
        sent = await web.post("/console/transcripts/batches", files={"videos": (None, TALK)})
        assert TALK in (await web.get(sent.headers["location"])).text


async def test_a_pause_says_how_long_it_lasts(browser: Browser, tmp_path: Path) -> None:
    """What YouTube said, counted down; until then the way to ask again is closed."""
    async with reading_room(tmp_path) as room, visiting(browser, room.url) as visitor:
        await visitor.goes(f"/console/transcripts?v={BUSY}")
        refused = visitor.page.locator(".refused")
        await expect(refused).to_contain_text("YouTube asks for a pause")
        await expect(refused).to_contain_text(re.compile(r"another (90|8\d) s\."))
        again = refused.get_by_role("link", name="Try again")
        await expect(again).to_be_disabled()
        await visitor.goes("/console/cache")
        await expect(visitor.page.locator('[data-tier="YouTube"]')).to_contain_text("Paused")


async def signed_in(visitor: Visitor, path: str) -> None:
    """With the operator's key, at this page."""
    await visitor.page.goto(f"{visitor.url}{path}")
    await visitor.page.get_by_label("Key").fill(OPERATOR)
    await visitor.page.keyboard.press("Enter")
    await visitor.arrives(path)
    visitor.complaints.clear()


async def test_an_administrator_has_a_video_fetched_anew(browser: Browser, tmp_path: Path) -> None:
    """At the transcript, or on the page of the cache by its address; others have no such button."""
    guarded = reading_room(tmp_path, bound_to="0.0.0.0", batuta_api_key=OPERATOR)
    async with guarded as room, visiting(browser, room.url) as visitor:
        page = visitor.page
        await signed_in(visitor, f"/console/transcripts?v={TALK}")
        await expect(page.locator(".badge").first).to_have_text("From YouTube")
        await page.reload()
        await expect(page.locator(".badge").first).to_have_text("From memory")
        await page.get_by_role("button", name="Fetch anew").click()
        await expect(page.locator(".badge").first).to_have_text("From YouTube")
        await visitor.goes("/console/cache")
        await page.get_by_label("Video", exact=True).fill(WATCH)
        await page.get_by_role("button", name="Forget it").click()
        await expect(page.get_by_role("status").filter(has_text=TALK)).to_contain_text("forgotten in every")
        await visitor.goes(f"/console/transcripts?v={TALK}")
        await expect(page.locator(".badge").first).to_have_text("From YouTube")
        async with httpx2.AsyncClient(base_url=room.url, headers=AS_BROWSER) as web:
            assert (await web.post("/console/cache", files={"v": (None, TALK)})).status_code == 401


async def test_captions_alone_have_no_pages_of_transcripts(tmp_path: Path) -> None:
    """Neither in the navigation nor at their addresses; a browser is led to the jobs."""
    async with (
        reading_room(tmp_path, only="captions") as room,
        httpx2.AsyncClient(base_url=room.url, headers=AS_BROWSER) as web,
    ):
        shown = await web.get("/", follow_redirects=True)
        assert shown.status_code == 200
        assert shown.url.path == "/console/jobs"
        assert "/console/transcripts" not in shown.text
        for path in ("/console/transcripts", "/console/transcripts/batches", "/console/cache"):
            assert (await web.get(path)).status_code == 404
        job_id = await room.house.completed()
        page = (await web.get(f"/console/jobs/{job_id}")).text
        assert f'href="/jobs/{job_id}/subtitles.srt"' in page  # the API of one app alone has no prefix


@pytest.mark.parametrize("cause", Cause)
def test_every_failure_says_what_to_do(cause: Cause) -> None:
    """A sentence of its own for each cause, and the wait where one was told."""
    assert advice(cause).endswith(".")
    assert [advice(other) for other in Cause].count(advice(cause)) == 1
    failure = failure_of(BY_CAUSE[cause]("what happened", 41.2))
    assert failure.wait_seconds == 42
    assert failure.detail == "what happened"
    assert failure.again is BY_CAUSE[cause].retryable


def test_a_tier_that_answered_is_told_from_one_that_remembered_a_failure() -> None:
    """A hit after which others were asked was no transcript."""
    attempts = (
        Attempt("memory", "hit", 0.1),
        Attempt("database", "miss", 1.0),
        Attempt("generated", "hit", 9.0),
    )
    said = [(step.tier, step.said) for step in steps(Outcome("generated", attempts, kept=None))]
    assert said[0] == ("Memory", "remembers a failure")
    blocked = Outcome("youtube", (Attempt("youtube", "rate_limited", 3.0), Attempt("cache", "skipped", 0.0)))
    assert [step.said for step in steps(blocked)] == ["YouTube asks for a pause", "is down, not asked"]


def test_addresses_say_the_question_and_nothing_else() -> None:
    """Languages in their order, whatever stood between them; times in whole seconds."""
    assert languages_in(["es, en;pt-BR", " de\n"]) == ("es", "en", "pt-BR", "de")
    assert Asked("a&b=c", ("es", "en")).address() == "/console/transcripts?v=a%26b%3Dc&languages=es,en"
    assert Asked(TALK).wanted is None
    assert watch(TALK, 61.9) == f"{WATCH}&t=61s"
    assert watch(TALK, 0.4) == WATCH


def test_of_two_links_the_one_that_says_more_is_the_present_one() -> None:
    """A batch lies under Batches, not under the page whose address it begins with."""
    pages = Pages(Assets.packaged(), {"transcripts": ""})
    page = pages.render(
        "error", "/console/transcripts/batches/1", None, problem={"title": "", "status": 1, "detail": ""}
    )
    assert re.findall(r'href="([^"]+)" aria-current="true"', page) == ["/console/transcripts/batches"]
    assert "/console/jobs" not in page
