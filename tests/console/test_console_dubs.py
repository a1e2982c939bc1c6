"""What people do on the pages of dubs, in a real browser; whoever hears and speaks is made up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from console_checks import fits_and_can_be_read, is_in_parts
from console_stage import HOSTILE, LIMIT_SECONDS, PHONE, Visitor, visiting
from dubs_stage import HEARD, Studio, small_film, spanish, studio
from playwright.async_api import Browser, expect

from batuta.dubbing.models import Segment
from batuta.errors import ServiceError
from batuta.jobs import Event
from batuta.storage.artefacts import Artefact

pytestmark = pytest.mark.anyio
CLIP = Artefact(sha256="ab" * 32, size=10, media_type="audio/flac")
PLAYER = "document.getElementById('dub-player')"
MADE = f"{PLAYER} && {PLAYER}.readyState > 0"


@pytest.fixture(scope="module")
async def workshop(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    """A server of dubbing alone, for tests each of which has dubs of its own."""
    del anyio_backend
    async with studio(tmp_path_factory.mktemp("studio"), max_upload_bytes=30_000_000) as built:
        yield built


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film somebody speaks in."""
    return small_film(tmp_path_factory.mktemp("films") / "talk & more.mp4")


async def until(visitor: Visitor, condition: str) -> None:
    """Wait until something is so in the page; its own policy forbids Playwright's way to wait."""
    look = f"done => {{ const look = () => {condition} ? done() : setTimeout(look, 50); look(); }}"
    async with asyncio.timeout(LIMIT_SECONDS):
        await visitor.page.evaluate(f"new Promise({look})")


def line(number: int, state: str = "heard", text: str = "", warnings: tuple[str, ...] = ()) -> Segment:
    """A line that is so far."""
    clip = CLIP if state == "spoken" else None
    return Segment.model_validate(
        {
            "index": number,
            "start": 3.0 * number,
            "end": 3.0 * number + 2,
            "source_text": f"This is sentence {number}.",
            "text": text,
            "state": state,
            "clip": clip,
            "engine": clip and "kokoro:ef_dora",
            "warnings": warnings,
        }
    )


async def test_a_video_is_dubbed_watched_and_downloaded(
    browser: Browser, workshop: Studio, talk: Path
) -> None:
    """Chosen, uploaded, followed line by line; played with either sound, its subtitles and its clips."""
    last = spanish(HEARD[2])
    held = workshop.cast.held[last] = asyncio.Event()
    async with visiting(browser, workshop.url) as visitor:
        page = visitor.page
        await visitor.goes("/console/")
        await visitor.arrives("/console/dubs")
        await page.set_input_files("#f-file", talk)
        await expect(page.locator("#file-name")).to_contain_text("talk & more.mp4")
        await page.get_by_label("It shall speak").select_option("Spanish")
        await page.get_by_label("Voice").select_option("Alex, man (Kokoro)")
        await page.get_by_text("More options").click()
        await page.get_by_label("Keep the background").uncheck()
        await page.get_by_role("button", name="Dub it").click()
        await visitor.arrives("/console/dubs/*")
        await expect(page.locator("h1")).to_have_text("talk _ more.mp4")  # as the gateway calls it
        await expect(page.locator("#line-1 .said-voice")).to_have_text("Alex, man (Kokoro)")
        await expect(page.locator("#line-1 .state")).to_have_text("Spoken")
        await expect(page.locator("#line-2 .state")).to_have_text("Translated")
        await expect(page.locator("#lines-sum")).to_have_text("2 of 3 lines spoken, 3 translated")
        await expect(page.get_by_text("Change line 1")).to_have_count(0)
        held.set()
        await expect(page.locator("#facts")).to_contain_text("Completed")
        await expect(page.locator("#facts")).to_contain_text("English")

        await until(visitor, MADE)
        assert await page.evaluate(f"{PLAYER}.duration") == pytest.approx(9, abs=0.2)
        await page.get_by_role("link", name="Line 1, at 0:03").click()
        await until(visitor, f"{PLAYER}.currentTime > 3.2")
        await expect(page.locator("#line-1")).to_have_attribute("aria-current", "true")
        cue = f"[...{PLAYER}.textTracks[0].activeCues ?? []].map(cue => cue.text).join()"
        await until(visitor, f"{cue} == {json.dumps(spanish(HEARD[1]))}")
        await page.get_by_label("The original (English)").check()
        await until(visitor, f"{PLAYER}.currentSrc.endsWith('/source') && {PLAYER}.currentTime > 3.3")
        assert await page.evaluate(f"{PLAYER}.paused") is False
        await page.evaluate(f"{PLAYER}.pause()")
        await page.get_by_role("link", name="Play line 0").click()
        await expect(page.get_by_role("link", name="Stop line 0")).to_be_visible()
        await expect(page.get_by_role("link", name="Play line 0")).to_be_visible()  # the clip is over
        async with page.expect_download() as started:
            await page.get_by_role("link", name="Dubbed video").click()
        assert (await started.value).suggested_filename == "talk _ more.es.mp4"


async def test_a_line_is_said_otherwise_and_only_that(browser: Browser, workshop: Studio, talk: Path) -> None:
    """In its place, by keyboard; the video is made again meanwhile and goes on where it was."""
    number = await workshop.dubbed(talk)
    async with visiting(browser, workshop.url) as visitor:
        page = visitor.page
        await visitor.goes(f"/console/dubs/{number}")
        await page.get_by_label("The original (English)").check()
        await page.evaluate(f"{PLAYER}.currentTime = 3.5")
        await expect(page.locator("#line-1")).to_have_attribute("aria-current", "true")
        await page.get_by_text("Change line 1").click()
        box = page.get_by_label("What line 1 shall say")
        await expect(box).to_be_focused()
        await box.fill("  ")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#wrong-1")).to_have_text("Type what it shall say")
        await box.fill("Empezamos <b>ya</b>.")
        said = dict(workshop.cast.said)
        again = workshop.cast.held["Empezamos <b>ya</b>."] = asyncio.Event()
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("#facts")).to_contain_text("Running")
        await expect(page.locator("#line-1 .state")).to_have_text("Translated")
        await expect(page.locator("#dub-player")).to_have_count(0)
        again.set()
        await expect(page.locator("#facts")).to_contain_text("Completed")
        await expect(page.locator("#line-1 .said-text p").first).to_have_text("Empezamos <b>ya</b>.")
        assert dict(workshop.cast.said) == {**said, "Empezamos <b>ya</b>.": 1}
        await until(visitor, MADE)
        assert await page.evaluate(f"{PLAYER}.currentSrc.endsWith('/source') && {PLAYER}.currentTime > 3.3")
        await expect(page.get_by_label("The original (English)")).to_be_checked()
        async with page.expect_download() as started:
            await page.get_by_role("link", name="Subtitles: Spanish").click()
        assert "Empezamos <b>ya</b>." in Path(await (await started.value).path()).read_text()


async def test_what_is_wrong_with_a_video_is_said_at_its_field(
    browser: Browser, workshop: Studio, tmp_path: Path
) -> None:
    """And what does not go together cannot be chosen."""
    before = await workshop.desk.jobs.count()
    async with visiting(browser, workshop.url) as visitor:
        page = visitor.page
        await visitor.goes("/console/dubs")
        await page.get_by_role("button", name="Dub it").click()
        await expect(page.locator("#e-file")).to_have_text("Choose a video")
        await expect(page.locator("#e-targetLang")).to_have_text("Choose the language it shall speak")
        target, voice = page.get_by_label("It shall speak"), page.get_by_label("Voice")
        assert await target.locator("option").all_text_contents() == [
            "Choose a language",
            "English",
            "French",
            "Spanish",
        ]
        await expect(voice).to_be_disabled()
        await target.select_option("French")
        assert await voice.locator("option").all_text_contents() == [
            "The best one there is",
            "Siwis, woman (Kokoro)",
            "fr-FR (Pico)",
        ]
        await voice.select_option("fr-FR (Pico)")
        await target.select_option("English")
        await expect(voice).to_have_value("")
        await expect(page.get_by_label("It speaks").locator("option", has_text="English")).to_be_disabled()
        await expect(page.get_by_label("It speaks").locator("option", has_text="Spanish")).to_be_enabled()
        text = {"name": "talk.mp4", "mimeType": "video/mp4", "buffer": b"no film"}
        await page.set_input_files("#f-file", text)
        await page.get_by_role("button", name="Dub it").click()
        await expect(page.locator("#e-file")).to_contain_text("the file is none of mp4, mov")
        await expect(page.get_by_role("button", name="Dub it")).to_be_enabled()
        visitor.complaints.clear()
        large = tmp_path / "large.mp4"
        with large.open("wb") as file:
            file.truncate(30_000_001)
        await page.set_input_files("#f-file", large)
        await page.get_by_role("button", name="Dub it").click()
        await expect(page.locator("#e-file")).to_have_text("It is larger than the 29 MB that are taken")
    assert await workshop.desk.jobs.count() == before


async def test_lines_turn_as_they_are_told_of_and_a_failure_is_said_in_words(
    browser: Browser, workshop: Studio
) -> None:
    """Live, without a reload; cancelled from the page; the list says how each ended and forgets it."""
    number = await workshop.made_up(
        "concert.mkv", [line(0)], Event(kind="stage.started", stage="synthesis", data={"key": "k"})
    )
    async with visiting(browser, workshop.url) as visitor:
        page = visitor.page
        await visitor.goes(f"/console/dubs/{number}")
        await expect(page.locator("#line-0 .state")).to_have_text("Heard")
        await page.evaluate("window.stays = true")
        await workshop.are(number, line(0, "translated", "Uno."), line(1))
        await workshop.happens(number, Event(kind="stage.progress", stage="synthesis", data={"progress": 10}))
        await expect(page.locator("#line-0 .state")).to_have_text("Translated")
        await expect(page.locator("#line-0 .steps-2")).to_be_visible()
        await expect(page.locator('[data-stage="synthesis"] progress')).to_have_attribute("value", "10.0")
        kept = line(1, "failed", "Dos.", ("no voice could say it",))
        await workshop.are(number, line(0, "spoken", "Uno."), kept)
        await workshop.happens(number, Event(kind="stage.progress", stage="synthesis", data={"progress": 60}))
        await expect(page.locator("#line-0 .state-good")).to_have_text("Spoken")
        await expect(page.locator("#line-0 .said-voice")).to_have_text("Dora, woman (Kokoro)")
        await expect(page.locator("#line-1 .state")).to_have_text("Original voice kept")
        await expect(page.locator("#line-1")).to_contain_text("no voice could say it")
        await expect(page.locator("#lines-sum")).to_have_text(
            "1 of 2 lines spoken, 1 left in the original voice"
        )
        await page.get_by_role("button", name="Cancel").click()
        await expect(page.locator("#facts")).to_contain_text("Cancelled")
        await expect(page.get_by_role("button", name="Try again")).to_be_visible()
        assert await page.evaluate("window.stays")

        error = ServiceError("<i>the tongue</i> is tied").to_dict()
        failed = await workshop.made_up("opera.mp4", [], Event(kind="job.failed", data={"error": error}))
        await visitor.goes(f"/console/dubs/{failed}")
        await expect(page.locator("#trouble")).to_contain_text("<i>the tongue</i> is tied")
        await visitor.goes("/console/dubs")
        await asyncio.gather(*(workshop.taken("old.webm", "fr") for _ in range(20)))
        await page.get_by_role("link", name="Older dubs").click()
        await expect(page.locator(".jobs tbody tr").first).to_contain_text("opera.mp4")
        await page.get_by_role("link", name="opera.mp4").click()
        await visitor.arrives(f"/console/dubs/{failed}")
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Keep it").click()
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await visitor.arrives("/console/dubs")
        await expect(page.get_by_role("link", name="opera.mp4")).to_have_count(0)
        await visitor.goes(f"/console/dubs/{number}")
        await page.get_by_role("button", name="Try again").click()
        await expect(page.locator("#trouble")).to_contain_text("there is no object")  # its video never was


async def test_pages_of_dubs_fit_a_phone_and_show_words_as_words(browser: Browser, workshop: Studio) -> None:
    """Hostile and long names and lines, light and dark; parts and names for all."""
    words = " ".join(HOSTILE.values())
    states = ("spoken", "translated", "failed")
    lines = [
        line(at, state, words, (words,)).model_copy(update={"source_text": words})
        for at, state in enumerate(states)
    ]
    stalled = Event(kind="stage.stalled", stage="synthesis")
    begun = Event(kind="stage.started", stage="synthesis", data={"key": "k"})
    going = await workshop.made_up("w" * 180 + ".mp4", [*lines, line(3)], begun, stalled)
    error = ServiceError(words).to_dict()
    failed = await workshop.made_up(words, lines, Event(kind="job.failed", data={"error": error}))
    waiting = await workshop.taken(words)
    paths = ["/console/dubs", *(f"/console/dubs/{each}" for each in (going, failed, waiting.id))]
    for scheme in ("light", "dark"):
        async with visiting(browser, workshop.url, viewport=PHONE, color_scheme=scheme) as phone:
            for path in paths:
                await fits_and_can_be_read(phone, path)
                await is_in_parts(phone, path)
                assert await phone.page.title() != "owned"
                await expect(phone.page.locator("img")).to_have_count(0)
            await phone.goes(paths[2])
            await expect(phone.page.locator("#line-0 .said-source")).to_have_text(words)
