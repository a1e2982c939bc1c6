"""How pages look in a real browser: on a phone, in the dark, and full of hostile words."""

from __future__ import annotations

import re

import httpx2
import pytest
from console_checks import fits_and_can_be_read, is_in_parts
from console_stage import HOSTILE, PHONE, House, visiting
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.anyio
AS_BROWSER = {"Accept": "text/html"}
DESKTOP = {"width": 1280, "height": 800}


async def paths(settled: House) -> list[str]:
    """Every kind of page: the fixed ones, an uploaded job, a downloaded one, a failed one."""
    jobs = (await settled.api.get("/jobs")).json()["jobs"]
    chosen = {
        "failed": next(job for job in jobs if job["status"] == "failed"),
        "uploaded": next(job for job in jobs if job["youtube_url"] is None),
        "downloaded": next(job for job in jobs if job["status"] == "completed" and job["youtube_url"]),
    }
    fixed = ["/console/jobs", "/console/jobs?status=queued", "/console/new", "/console/health", "/login"]
    return fixed + [f"/console/jobs/{job['job_id']}" for job in chosen.values()]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_page_is_wider_than_a_phone_and_every_word_can_be_read(
    browser: Browser, settled: House, scheme: str
) -> None:
    """390 pixels, in the light and in the dark; nor does the browser complain of anything."""
    async with visiting(browser, settled.url, viewport=PHONE, color_scheme=scheme) as phone:
        for path in await paths(settled):
            await fits_and_can_be_read(phone, path)


async def test_dark_is_dark_and_a_choice_outlasts_the_page(browser: Browser, settled: House) -> None:
    """As the system says, unless somebody chooses otherwise."""
    ground = "getComputedStyle(document.body).backgroundColor"
    async with visiting(browser, settled.url, color_scheme="dark") as person:
        await person.goes("/console/jobs")
        dark = await person.page.evaluate(ground)
        assert sum(int(part) for part in re.findall(r"\d+", dark)[:3]) < 150
        toggle = person.page.locator("[data-theme-toggle]")
        await expect(toggle).to_have_accessible_name("Colours: as the system")
        await toggle.click()
        await expect(toggle).to_have_accessible_name("Colours: light")
        light = await person.page.evaluate(ground)
        assert sum(int(part) for part in re.findall(r"\d+", light)[:3]) > 600
        await person.goes("/console/new")
        assert await person.page.evaluate(ground) == light


async def test_pages_are_in_parts_that_assistive_technology_knows(browser: Browser, settled: House) -> None:
    """One main part, one first heading, a named navigation; everything that takes input has a name."""
    async with visiting(browser, settled.url, viewport=DESKTOP) as person:
        for path in await paths(settled):
            await person.goes(path)
            await is_in_parts(person, path)
            await person.page.keyboard.press("Tab")
            if path != "/login":
                await expect(person.page.locator(".skip")).to_be_focused()


async def test_hostile_words_are_shown_as_words(browser: Browser, settled: House) -> None:
    """Titles, names, transcripts and errors are text wherever they appear, and run nothing."""
    async with httpx2.AsyncClient(base_url=settled.url, headers=AS_BROWSER) as web:
        listed = (await web.get("/console/jobs")).text
        assert "<img src=x" not in listed
        assert "&lt;script&gt;document.title" in listed
        assert "{{ 7 * 7 }}" in listed
        jobs = set(re.findall(r"/console/jobs/([0-9a-f]{16})\"", listed))
        assert len(jobs) == 2 * len(HOSTILE) + 1
        for job_id in jobs:
            page = (await web.get(f"/console/jobs/{job_id}")).text
            assert "<img src=x" not in page
            assert "<b>the engine" not in page
    async with visiting(browser, settled.url, viewport=DESKTOP) as person:
        await person.goes("/console/jobs")
        await person.page.get_by_role("link", name=HOSTILE["script"], exact=True).first.click()
        await person.arrives("/console/jobs/*")
        await expect(person.page.locator("h1")).to_have_text(HOSTILE["script"])
        await expect(person.page.locator("#transcript")).to_contain_text("<script>document.title")
        assert "owned" not in (await person.page.title()).replace(HOSTILE["script"][:80], "")[-6:]
        assert await person.page.locator("img").count() == 0
