"""What people do in the console, done in a real browser against a real server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from console_stage import LIMIT_SECONDS, LINES, PHONE, House, Visitor, house, tone, visiting
from playwright.async_api import Browser, expect

pytestmark = pytest.mark.anyio
OPERATOR = "operator-key"
NOW = "document.getElementById('player').currentTime"


async def until(visitor: Visitor, condition: str) -> None:
    """Wait until something is so in the page; its own policy forbids Playwright's way to wait."""
    look = f"done => {{ const look = () => {condition} ? done() : setTimeout(look, 50); look(); }}"
    async with asyncio.timeout(LIMIT_SECONDS):
        await visitor.page.evaluate(f"new Promise({look})")


async def playing(visitor: Visitor, beyond: float) -> None:
    """Wait until the player has passed a time."""
    await until(visitor, f"{NOW} > {beyond}")


async def test_a_job_is_started_watched_and_read_by_keyboard_alone(fresh: House, visitor: Visitor) -> None:
    """Tab to the address, type, Enter: the job's page, which shows the captions once they are there."""
    fresh.director.released = False
    page = visitor.page
    await visitor.goes("/console/jobs")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")  # over the navigation
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="New job").last).to_be_focused()
    await page.keyboard.press("Enter")
    await visitor.arrives("/console/new")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_label("Address", exact=True)).to_be_focused()
    await page.keyboard.type("http://media.test/keyboard.mp4")
    await page.keyboard.press("Enter")
    await visitor.arrives("/console/jobs/*")
    await expect(page.locator("#facts")).to_contain_text("Transcribing")
    fresh.director.progress = 30
    bar = page.locator('[data-stage="transcription"] progress')
    await expect(bar).to_have_attribute("value", "30.0")
    await expect(page.locator("#log")).to_contain_text("Speech recognition: 30 %")
    fresh.director.released = True
    await expect(page.locator("#facts")).to_contain_text("Completed")
    first = page.locator("#cue-1")
    await first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#cue-2")).to_be_focused()
    await page.keyboard.press("End")
    await expect(page.locator(".cue").last).to_be_focused()


async def test_a_chosen_file_is_uploaded_played_and_downloaded(fresh: House, visitor: Visitor) -> None:
    """The file's name is the job's; it plays with its cues; lines follow and seek; files are the API's."""
    page = visitor.page
    await visitor.goes("/console/new")
    await page.set_input_files("#f-file", {"name": "talk.wav", "mimeType": "audio/wav", "buffer": tone(16)})
    await expect(page.locator("#file-name")).to_contain_text("talk.wav · 256.0 kB")
    await page.get_by_role("button", name="Start").click()
    await visitor.arrives("/console/jobs/*")
    await expect(page.locator("h1")).to_have_text("talk.wav")
    await expect(page.locator("#facts")).to_contain_text("Completed")
    cues = page.locator(".cue")
    await expect(cues.first).to_contain_text(LINES[0])
    await page.evaluate("document.getElementById('player').play()")
    await playing(visitor, 0.3)
    await expect(page.locator("#player[data-sound-only]")).to_be_visible()
    await expect(page.locator(".cue[aria-current]")).to_have_attribute("id", "cue-1")
    third = cues.nth(2)
    begins = float(await third.get_attribute("data-start") or "nan")
    await third.click()
    await playing(visitor, begins)
    assert await page.evaluate(NOW) < begins + 3
    await expect(third).to_have_attribute("aria-current", "true")
    shown = "[...document.getElementById('player').textTracks[0].activeCues].map(cue => cue.text).join()"
    text = await third.locator(".cue-text").text_content()
    await until(visitor, f"{shown} != ''")
    assert " ".join((await page.evaluate(shown)).split()) == text
    assert await page.evaluate("document.getElementById('player').textTracks[0].mode") == "showing"
    job_id = page.url.rsplit("/", 1)[1]
    for form in ("srt", "vtt", "txt", "tsv", "json"):
        async with page.expect_download() as started:
            await page.get_by_role("link", name=form.upper(), exact=True).click()
        file = Path(await (await started.value).path())
        assert file.read_bytes() == (await fresh.api.get(f"/jobs/{job_id}/subtitles.{form}")).content


async def test_a_file_can_be_dropped_and_its_upload_stopped(fresh: House, visitor: Visitor) -> None:
    """Dropping chooses it; stopping leaves the form as it was, and no job."""
    page = visitor.page
    await visitor.goes("/console/new")
    await page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File([new Uint8Array(20e6)], 'dropped.wav', {type: 'audio/wav'}));
            document.getElementById('new').dispatchEvent(
                new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
        }"""
    )
    await expect(page.locator("#file-name")).to_contain_text("dropped.wav · 20.0 MB")
    client = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 500_000}
    await client.send("Network.emulateNetworkConditions", slow)
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator("#uploading")).to_be_visible()
    await page.get_by_role("button", name="Stop the upload").click()
    await expect(page.locator("#uploading")).to_be_hidden()
    await expect(page.locator("#uploaded-said")).to_have_text("The upload was stopped")
    await expect(page.get_by_role("button", name="Start")).to_be_enabled()
    await page.get_by_role("button", name="Remove the file").click()
    await expect(page.locator("#file-name")).to_contain_text("Choose a file")
    assert (await fresh.api.get("/jobs")).json()["total"] == 0


async def test_what_is_wrong_is_said_at_its_field(visitor: Visitor) -> None:
    """The API's own words, where they belong; the field has the focus."""
    page = visitor.page
    await visitor.goes("/console/new")
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator("#e-youtube_url")).to_have_text("Give an address, or choose a file")
    await expect(page.get_by_label("Address", exact=True)).to_be_focused()
    visitor.complaints.clear()
    await page.fill("#f-youtube_url", "nonsense")
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator("#e-youtube_url")).to_contain_text("valid URL")
    await expect(page.get_by_label("Address", exact=True)).to_have_attribute("aria-invalid", "true")
    await page.fill("#f-youtube_url", "http://10.0.0.1/x.mp4")
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator("#form-wrong")).to_contain_text("10.0.0.1")
    await expect(page.locator("#e-youtube_url")).to_be_hidden()
    await page.get_by_text("More options").click()
    await page.fill("#f-youtube_url", "http://media.test/x.mp4")
    await page.fill("#f-priority", "1000")
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator("#e-priority")).to_contain_text("100")
    expected = "the server responded with a status of 422"  # the browser says it of any answer that is no
    visitor.complaints[:] = [said for said in visitor.complaints if expected not in said]


async def test_the_list_lives(fresh: House, visitor: Visitor) -> None:
    """Jobs started elsewhere appear, move, and end; the filter and the focus stay as they were."""
    page = visitor.page
    await visitor.goes("/console/jobs")
    await expect(page.get_by_text("Nothing captioned yet")).to_be_visible()
    fresh.director.released = False
    job_id = await fresh.started("http://media.test/live.mp4")
    row = page.locator(f'tr[data-key="{job_id}"]')
    await expect(row.locator(".badge")).to_have_text("Transcribing")
    fresh.director.progress = 50
    await expect(row.locator("progress")).to_have_attribute("value", "60.0")
    await row.get_by_role("link").focus()
    fresh.director.released = True
    await expect(row.locator(".badge")).to_have_text("Completed")
    await expect(row.get_by_role("link")).to_be_focused()
    await expect(page.locator("#pills")).to_contain_text("Completed 1")
    await page.locator("#pills").get_by_text("Failed").click()
    await visitor.arrives("/console/jobs?status=failed")
    await expect(page.get_by_text("No jobs here")).to_be_visible()
    await page.get_by_label("Under way").select_option("transcribing")
    await visitor.arrives("/console/jobs?status=transcribing")


async def test_a_running_job_is_cancelled_done_again_and_deleted(fresh: House, visitor: Visitor) -> None:
    """Each with its button, the last only after a question; the service is told to stop."""
    page = visitor.page
    fresh.director.released = False
    job_id = await fresh.started("http://media.test/stop.mp4")
    await visitor.goes(f"/console/jobs/{job_id}")
    await expect(page.locator("#facts")).to_contain_text("Transcribing")
    await page.get_by_role("button", name="Cancel").click()
    await expect(page.locator("#facts")).to_contain_text("Cancelled")
    async with asyncio.timeout(5):
        await fresh.director.stopped.wait()
    fresh.director.released = True
    await page.get_by_label("Spoken language").select_option("pt")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator("#facts")).to_contain_text("Completed")
    await expect(page.locator(".asked")).to_contain_text("Portuguese")
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("button", name="Keep it").click()
    await page.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await visitor.arrives("/console/jobs")
    assert (await fresh.api.get(f"/jobs/{job_id}")).status_code == 404


async def test_a_failed_job_says_why(fresh: House, visitor: Visitor) -> None:
    """The cause from downstream, on the page and in the log."""
    fresh.director.error = "the third cellist left"
    job_id = await fresh.started("http://media.test/fail.mp4")
    await visitor.goes(f"/console/jobs/{job_id}")
    await expect(visitor.page.locator("#trouble")).to_contain_text("the third cellist left")
    await expect(visitor.page.locator(".stage-bad")).to_contain_text("the third cellist left")
    await expect(visitor.page.locator("#log")).to_contain_text("the third cellist left")


async def test_a_stalled_job_says_so(browser: Browser, tmp_path: Path) -> None:
    """While the service does not move; no longer when it does."""
    async with house(tmp_path, stall_seconds=0.5) as built, visiting(browser, built.url) as visitor:
        built.director.released = False
        job_id = await built.started("http://media.test/stall.mp4")
        await visitor.goes(f"/console/jobs/{job_id}")
        await expect(visitor.page.locator("#trouble")).to_contain_text("has not moved for a while")
        built.director.progress = 80
        built.director.released = True
        await expect(visitor.page.locator("#facts")).to_contain_text("Completed")
        await expect(visitor.page.locator("#trouble")).to_be_hidden()


async def test_a_report_with_faults_leads_to_the_cues(fresh: House, visitor: Visitor) -> None:
    """Rules in people's words, with links to the lines that break them."""
    word = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenabzeichen"  # in less than half a second
    fresh.director.document = {
        "full_text": word,
        "language_detected": "en",
        "duration": 3.0,
        "segments": [{"start": 0.0, "end": 0.4, "text": word}],
    }
    job_id = await fresh.completed("http://media.test/wide.mp4")
    await visitor.goes(f"/console/jobs/{job_id}")
    report = visitor.page.get_by_role("region", name="Broken rules")
    await expect(report).to_contain_text("Too fast to read")
    await report.get_by_role("link", name="1").first.click()
    await expect(visitor.page.locator("#cue-1")).to_be_focused()


async def test_a_key_opens_the_console_and_signing_out_closes_it(browser: Browser, tmp_path: Path) -> None:
    """401 leads to the login, a wrong key is refused there, the right one leads to the page asked for."""
    built_house = house(tmp_path, bound_to="0.0.0.0", batuta_api_key=OPERATOR)
    async with built_house as built, visiting(browser, built.url, viewport=PHONE) as visitor:
        page = visitor.page
        await page.goto(f"{built.url}/console/health")
        await visitor.arrives("/login?next=/console/health")
        await expect(page.get_by_label("Key")).to_be_focused()
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("nobody knows this key")
        assert all("401" in said for said in visitor.complaints)
        visitor.complaints.clear()
        await page.fill("#f-key", OPERATOR)
        await page.keyboard.press("Enter")
        await visitor.arrives("/console/health")
        await expect(page.get_by_text("Records on disk")).to_be_visible()
        assert await page.evaluate("document.cookie") == ""
        await page.get_by_role("button", name="Sign out").click()
        await visitor.arrives("/login?next=/console/")


async def test_everything_can_be_done_without_scripts(browser: Browser, fresh: House) -> None:
    """Start a job, see it end, delete it: by forms and links."""
    async with visiting(browser, fresh.url, java_script_enabled=False) as person:
        page = person.page
        await page.goto(f"{fresh.url}/console/new")
        await page.fill("#f-youtube_url", "http://media.test/plain.mp4")
        await page.get_by_role("button", name="Start").click()
        job_id = page.url.rsplit("/", 1)[1]
        assert await fresh.ended(job_id) == "completed"
        await page.reload()
        await expect(page.locator("#transcript")).to_contain_text(LINES[0])
        await page.get_by_role("button", name="Delete").click()
        await expect(page.get_by_text("Nothing captioned yet")).to_be_visible()


@pytest.mark.weights
@pytest.mark.slow
async def test_a_real_recording_is_captioned_in_the_console(
    browser: Browser, two_cities: Path, real_console: str
) -> None:
    """Upload, watch, play, seek, download: with the real engines, on a man reading Dickens."""
    async with visiting(browser, real_console) as visitor:
        page = visitor.page
        await visitor.goes("/console/new")
        await page.set_input_files("#f-file", two_cities)
        await page.get_by_role("button", name="Start").click()
        await visitor.arrives("/console/jobs/*")
        await expect(page.locator("#facts")).to_contain_text("Completed", timeout=100_000)
        await expect(page.locator("#transcript")).to_contain_text("best of times")
        await page.evaluate("document.getElementById('player').play()")
        await playing(visitor, 0.5)
        line = page.locator(".cue", has_text="wisdom").first
        await line.click()
        begins = float(await line.get_attribute("data-start") or "nan")
        await playing(visitor, begins)
        await expect(line).to_have_attribute("aria-current", "true")
        shown = "[...document.getElementById('player').textTracks[0].activeCues].map(cue => cue.text).join()"
        await until(visitor, f"{shown}.includes('wisdom')")
        async with page.expect_download() as started:
            await page.get_by_role("link", name="SRT").click()
        file = Path(await (await started.value).path())
        answer = await page.request.get(
            f"{real_console}/captions/jobs/{page.url.rsplit('/', 1)[1]}/subtitles.srt"
        )
        assert file.read_bytes() == await answer.body()
