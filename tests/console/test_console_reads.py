"""What people do on the pages of transcripts, in a real browser; the server has that app alone."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from console_checks import fits_and_can_be_read, is_in_parts
from console_stage import PHONE, visiting
from playwright.async_api import Browser, expect
from reading_stage import GONE, MUTE, TALK, WATCH, Caption, ReadingRoom, Reply, Video

pytestmark = pytest.mark.anyio
NEW = "new-talk-01"
CLIPBOARD = ["clipboard-read", "clipboard-write"]
PASTED = """async end => {
    for (;;) {
        const text = await navigator.clipboard.readText();
        if (text.endsWith(end)) return text;
        await new Promise(done => setTimeout(done, 50));
    }
}"""
"""The clipboard, once it ends like this."""


async def test_a_pasted_address_becomes_text_to_search_copy_and_take_away(
    browser: Browser, room: ReadingRoom
) -> None:
    """By keyboard alone up to the text; its times lead to the video, its files are the API's."""
    room.youtube.videos[NEW] = room.youtube.videos[TALK]
    async with visiting(browser, room.url, permissions=CLIPBOARD) as visitor:
        page = visitor.page
        await visitor.goes("/console/")
        await visitor.arrives("/console/transcripts")
        await expect(page.get_by_label("Video", exact=True)).to_be_focused()
        await page.keyboard.type(f"youtube.com/watch?v={NEW}&list=PL1")
        await page.keyboard.press("Tab")
        await page.keyboard.type("es en")
        await page.keyboard.press("Enter")
        lines = page.locator(".line")
        await expect(lines).to_have_count(3)
        await expect(lines.nth(1)).to_contain_text("una canción")
        assert urlsplit(page.url).query == f"v={NEW}&languages=es,en"
        await expect(page.locator("#said")).to_contain_text("3 lines")
        time = lines.last.get_by_role("link", name="1:05")
        await expect(time).to_have_attribute("href", f"https://www.youtube.com/watch?v={NEW}&t=65s")
        await expect(time).to_have_attribute("rel", "noopener")
        await expect(time).to_have_attribute("target", "_blank")
        await expect(page.locator(".step").last).to_contain_text("YouTube")
        await expect(page.locator(".step").last).to_contain_text("ms")

        await page.get_by_label("Search in the text").fill("CANCION")
        await expect(page.locator("#found")).to_have_text("1 line")
        await expect(page.locator("mark")).to_have_text("canción")
        await expect(lines.first).to_be_hidden()
        await page.get_by_role("button", name="Copy", exact=True).click()
        await expect(page.locator(".toast")).to_contain_text("Copied 3 lines")
        text = await page.evaluate(PASTED, "\nadiós")
        assert text.splitlines()[::2] == ["Buenas tardes a todos", "adiós"]
        await page.get_by_role("button", name="With times").click()
        text = await page.evaluate(PASTED, "\n1:05 adiós")
        assert text.startswith("0:00 Buenas tardes a todos\n0:02 una canción")
        async with httpx2.AsyncClient(base_url=room.url) as api:
            for form in ("txt", "srt", "vtt", "json"):
                async with page.expect_download() as started:
                    await page.get_by_role("link", name=form.upper(), exact=True).click()
                download = await started.value
                assert download.suggested_filename == f"{NEW}.es.{form}"
                asked = {"languages": ["es", "en"], "format": form}
                answer = await api.get(f"/api/transcript/{NEW}", params=asked)
                assert Path(await download.path()).read_bytes() == answer.content

        await page.go_back()
        await expect(page.get_by_text("Paste the address of a video")).to_be_visible()
        await expect(page.get_by_label("Video", exact=True)).to_have_value("")
        await page.go_forward()
        await expect(page.locator(".badge").first).to_have_text("From memory")


async def test_the_languages_a_video_has_can_be_picked(browser: Browser, room: ReadingRoom) -> None:
    """Asked for, or shown when the wanted one does not exist; one click gives the text in that language."""
    async with visiting(browser, room.url) as visitor:
        page = visitor.page
        await visitor.goes("/console/transcripts")
        await page.get_by_label("Video", exact=True).fill(TALK)
        await page.get_by_role("button", name="Show languages").click()
        chips = page.locator(".chip")
        await expect(chips).to_have_count(2)
        await expect(page.locator(".line")).to_have_count(0)
        await chips.filter(has_text="automatic").click()
        await expect(page.locator(".line").nth(1)).to_contain_text("a lullaby")
        await expect(page.get_by_label("Languages", exact=True)).to_have_value("en")
        await expect(chips.last).to_have_attribute("aria-current", "true")
        await expect(chips.last).to_be_focused()
        await page.get_by_label("Languages", exact=True).fill("fr")
        await page.get_by_role("button", name="Get the transcript").click()
        await expect(page.locator(".refused")).to_contain_text("Choose one of the languages")
        await expect(chips).to_have_count(2)


async def test_a_video_without_captions_is_made_from_its_sound(browser: Browser, room: ReadingRoom) -> None:
    """Where that is wanted; without, the page says that it can be, and does it at a button."""
    room.youtube.videos["mute-video2"] = Video(captions=None)
    async with visiting(browser, room.url) as visitor:
        page = visitor.page
        await visitor.goes(f"/console/transcripts?v={MUTE}")
        await expect(page.locator(".refused")).to_contain_text("No captions")
        await page.get_by_role("button", name="Make it from the sound").click()
        await expect(page.locator(".line").first).to_contain_text("This is sentence number 1.")
        await expect(page.locator(".step").last).to_contain_text("Made from the sound")
        await visitor.goes("/console/transcripts")
        await page.get_by_label("Video", exact=True).fill("mute-video2")
        await page.get_by_label("Make it from the sound").check()
        await page.get_by_role("button", name="Get the transcript").click()
        await expect(page.locator(".badge").first).to_have_text("Made just now")
        await page.reload()
        await expect(page.locator(".line").first).to_contain_text("This is sentence number 1.")


async def test_a_batch_is_followed_to_its_end(browser: Browser, room: ReadingRoom) -> None:
    """Events move it; at the end every line says what became of its video, and leads to it."""
    room.youtube.videos["slow-video1"] = Video(replies={"watch": (Reply(mood="hang"),)})
    async with visiting(browser, room.url) as visitor:
        page = visitor.page
        await visitor.goes("/console/transcripts/batches")
        await page.get_by_role("button", name="Fetch them").click()
        await expect(page.get_by_role("alert")).to_contain_text("give either videos")
        visitor.complaints.clear()  # the browser says of any 422 that it is one
        await page.get_by_label("Videos").fill(f"{WATCH}\n{GONE}\n\nslow-video1\nhttps://youtu.be/{TALK}")
        await page.get_by_role("button", name="Fetch them").click()
        await visitor.arrives("/console/transcripts/batches/*")
        await expect(page.locator("#count")).to_have_text("2 of 3 videos")
        await page.evaluate("document.documentElement.dataset.mine = 'yes'")
        room.youtube.release()
        await expect(page.locator("#facts")).to_contain_text("Completed")
        rows = page.locator(".row")
        await expect(rows.nth(0)).to_contain_text("Ready")
        await expect(rows.nth(1)).to_contain_text("No such video")
        await expect(rows.nth(2)).to_contain_text("Failed")
        await rows.first.get_by_role("link").click()
        await visitor.arrives(f"/console/transcripts?v={TALK}")
        await expect(page.locator(".line")).to_have_count(3)
        await visitor.goes("/console/transcripts/batches")
        await expect(page.locator(".row").first).to_contain_text("3 of 3, 2 without a transcript")


async def test_the_numbers_of_the_cache_live(browser: Browser, room: ReadingRoom) -> None:
    """What somebody else asks is counted while the page is open; nobody may forget a video without a key."""
    async with visiting(browser, room.url) as visitor, httpx2.AsyncClient(base_url=room.url) as api:
        await visitor.goes("/console/cache")
        database = visitor.page.locator('[data-tier="Database"]')
        before = int(await database.locator("dd").nth(1).text_content() or "")
        room.youtube.videos["new-video-1"] = Video((Caption("pt"),))
        assert (await api.get("/api/transcript/new-video-1")).status_code == 200
        await expect(database.locator("dd").nth(1)).not_to_have_text(str(before))
        await expect(visitor.page.locator('[data-tier="Redis"]')).to_contain_text("Not configured")
        await expect(visitor.page.get_by_role("button", name="Forget it")).to_have_count(0)
        await expect(visitor.page.get_by_role("link", name="Jobs")).to_have_count(0)
        assert (await api.get("/console/jobs")).status_code == 404  # captions are not served


async def test_pages_of_transcripts_fit_a_phone_and_can_be_read_in_the_dark(
    browser: Browser, room: ReadingRoom
) -> None:
    """A long text, failures and chips among them; light and dark; parts and names for all."""
    word = "Donaudampfschifffahrtsgesellschaftskapitän" * 3
    lines = tuple((3700.0 + at, 1.0, f"{word} <i>{at}</i>") for at in range(12))
    names = [Caption(f"x{chr(97 + at)}", name=f"{'Language ' * 4}{at}") for at in range(8)]
    room.youtube.videos["long-video1"] = Video((Caption("de", lines, name=word), *names))
    async with httpx2.AsyncClient(base_url=room.url, headers={"Accept": "text/html"}) as web:
        sent = await web.post("/console/transcripts/batches", files={"videos": (None, f"long-video1 {GONE}")})
    paths = [
        "/console/transcripts",
        "/console/transcripts?v=long-video1&tracks=too",
        f"/console/transcripts?v={GONE}",
        f"/console/transcripts?v={TALK}&languages=fr",
        "/console/transcripts/batches",
        sent.headers["location"],
        "/console/cache",
    ]
    for scheme in ("light", "dark"):
        async with visiting(browser, room.url, viewport=PHONE, color_scheme=scheme) as phone:
            for path in paths:
                await fits_and_can_be_read(phone, path)
                await is_in_parts(phone, path)
