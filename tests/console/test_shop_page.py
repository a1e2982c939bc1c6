"""What people do on the page of shopping, in a real browser; the server has that app alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from console_checks import fits_and_can_be_read, is_in_parts
from console_stage import PHONE, Visitor, visiting
from playwright.async_api import Browser, expect
from shop_stage import WORDS, Market, market

pytestmark = pytest.mark.anyio
DESKTOP = {"width": 1280, "height": 860}
MICROPHONE = """navigator.mediaDevices.getUserMedia = async () => {
    const context = new AudioContext();
    const [hum, out] = [context.createOscillator(), context.createMediaStreamDestination()];
    hum.connect(out);
    hum.start();
    return out.stream;
};"""
"""A real stream and a real recorder; only what is heard is made up."""


@pytest.fixture(scope="module")
async def shop(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Market]:
    """A server of shopping alone, for tests each of which is another person."""
    del anyio_backend
    async with market(tmp_path_factory.mktemp("market")) as built:
        yield built


async def says(visitor: Visitor, text: str, turn: int) -> None:
    """Type and send it, and wait for the answer."""
    await visitor.page.get_by_label("What you are looking for").fill(text)
    await visitor.page.keyboard.press("Enter")
    await expect(visitor.page.locator(f"#turn-{turn} .theirs p").first).to_be_visible()


async def test_a_conversation_asks_and_finds(browser: Browser, shop: Market) -> None:
    """By keyboard; chips with counts, cards with reasons, wishes that can be taken back."""
    async with visiting(browser, shop.url, viewport=DESKTOP) as visitor:
        page = visitor.page
        await visitor.goes("/console/")
        await visitor.arrives("/console/shop")
        field = page.get_by_label("What you are looking for")
        await expect(field).to_be_focused()
        held = shop.shutter.held = asyncio.Event()
        await page.keyboard.type("a laptop under 1300 dollars")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        await expect(page.locator(".theirs-working")).to_have_text("Searching the catalogue…")
        await expect(page.locator(".mine-text").first).to_have_text("a laptop under 1300 dollars")
        held.set()
        shop.shutter.held = None
        await expect(page.locator(".good")).to_have_count(10)
        await expect(page.locator(".turn")).to_have_count(1)
        await expect(page.locator("#results-head")).to_have_text("11 products")
        await expect(page).to_have_url(re.compile(r"\?session=[0-9a-f]{32}$"))
        first = page.locator(".good").first
        await expect(first.locator("h3 a")).to_have_attribute("rel", "noopener noreferrer nofollow")
        await expect(first.locator(".reasons")).to_contain_text("under your $1,300")
        await expect(page.locator("#wishes")).to_contain_text("Price under $1,300")

        await expect(field).to_be_focused()
        chip = page.locator(".chip").first
        await expect(chip).to_have_text(re.compile(r"\S+ \d+ found$"))
        asked = await page.locator("#turn-1 .theirs-asks").text_content()
        assert asked
        await chip.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#turn-2 .theirs")).to_be_visible()
        await expect(field).to_be_focused()
        await expect(page.locator(".wish-soft")).to_contain_text("preferably")
        await page.get_by_role("button", name="Take back: Price").click()
        await expect(page.locator("#turn-3 .mine")).to_contain_text("forget the budget")
        await expect(page.locator("#wishes")).not_to_contain_text("Price")
        await expect(page.locator("#results-head")).to_have_text("13 products")
        titles = await page.locator(".good h3").all_text_contents()
        await page.get_by_role("button", name="Show more").click()
        await expect(page.locator(".good")).to_have_count(3)
        assert not set(await page.locator(".good h3").all_text_contents()) & set(titles)


async def test_a_conversation_outlasts_the_page_and_is_shared_by_two_tabs(
    browser: Browser, shop: Market
) -> None:
    """Until it is deleted."""
    async with visiting(browser, shop.url, viewport=DESKTOP) as visitor:
        page = visitor.page
        await visitor.goes("/console/shop")
        await says(visitor, "laptop", 1)
        await page.reload()
        await visitor.alive()
        await expect(page.locator(".turn")).to_have_count(1)
        await expect(page.locator(".good")).to_have_count(10)
        other = await page.context.new_page()
        await other.goto(page.url)
        await other.get_by_label("What you are looking for").fill("show me backpacks")
        await other.keyboard.press("Enter")
        await expect(other.locator(".good")).to_have_count(3)
        await page.bring_to_front()
        await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await expect(page.locator("#turn-2 .mine")).to_contain_text("show me backpacks")
        await expect(page.locator(".good h3").first).to_contain_text("backpack")
        await page.get_by_role("button", name="Delete").click()
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await visitor.arrives("/console/shop")
        await expect(page.locator(".turn")).to_have_count(0)
        assert (await other.goto(other.url)).status == 404
        await expect(other.locator(".alert")).to_contain_text("This conversation is not here")


async def test_products_are_compared(browser: Browser, shop: Market) -> None:
    """Two to four of them, in a table whose differing rows are marked."""
    async with visiting(browser, shop.url, viewport=DESKTOP) as visitor:
        page = visitor.page
        await visitor.goes("/console/shop")
        await says(visitor, "laptop", 1)
        await expect(page.get_by_role("button", name="Compare those chosen")).to_be_hidden()
        picks = page.locator(".pick input")
        await picks.nth(2).check()
        await page.get_by_role("button", name="Compare those chosen").click()
        await expect(page.locator(".toast")).to_contain_text("Choose 2 to 4 products")
        for at in (0, 1, 3):
            await picks.nth(at).check()
        await picks.nth(4).click()
        await expect(picks.nth(4)).not_to_be_checked()
        await picks.nth(1).uncheck()
        titles = await page.locator(".good h3").all_text_contents()
        await page.get_by_role("button", name="Compare those chosen").click()
        table = page.get_by_role("table")
        await expect(table.locator(".column-title")).to_have_text([titles[at] for at in (0, 2, 3)])
        await expect(page.locator("#turn-2 .mine")).to_contain_text("compare 1, 3 and 4")
        await expect(table.locator("tbody th").first).to_have_text("Price (differs)")
        assert await table.locator("tr.differs").count() < await table.locator("tbody tr").count()
        await expect(page.locator(".good")).to_have_count(10)  # those that can be spoken of by number


async def test_what_went_wrong_is_said_where_it_happened_and_tried_again(
    browser: Browser, shop: Market
) -> None:
    """The same request: one turn, however often; what cannot be repeated is given back to be changed."""
    async with visiting(browser, shop.url, viewport=DESKTOP) as visitor:
        page = visitor.page
        await visitor.goes("/console/shop")
        shop.shutter.is_down = True
        await page.get_by_label("What you are looking for").fill("laptop")
        await page.keyboard.press("Enter")
        failed = page.locator(".theirs-failed")
        await expect(failed).to_contain_text("unavailable")
        await expect(page.locator(".good")).to_have_count(0)
        shop.shutter.is_down = False
        await failed.get_by_role("button", name="Try again").click()
        await expect(page.locator(".good")).to_have_count(10)
        await expect(page.locator(".turn")).to_have_count(1)
        await expect(failed).to_have_count(0)

        await page.route("**/api/v1/chat", lambda route: route.abort())
        await page.get_by_label("What you are looking for").fill("only Acme")
        await page.keyboard.press("Enter")
        await expect(failed).to_contain_text("The server does not answer")
        await page.unroute("**/api/v1/chat")
        await failed.get_by_role("button", name="Try again").click()
        await expect(page.locator("#turn-2 .theirs")).to_be_visible()
        await expect(failed).to_have_count(0)

        shop.shutter.is_down = True
        await page.get_by_label("What you are looking for").fill("under 900 dollars")
        await page.keyboard.press("Enter")
        await expect(failed).to_contain_text("unavailable")
        await page.reload()  # the server remembers what it could not answer
        await visitor.alive()
        shop.shutter.is_down = False
        await page.locator("#turn-3").get_by_role("button", name="Try again").click()
        await expect(page.locator("#wishes")).to_contain_text("under $900")
        await expect(page.locator(".turn")).to_have_count(3)
        visitor.complaints.clear()  # of the connection


async def test_a_photo_and_a_recording_say_what_is_wanted(browser: Browser, shop: Market) -> None:
    """A photo is shown small before it is sent; a recording is sent when it ends; refusals are told."""
    async with visiting(browser, shop.url, viewport=DESKTOP) as visitor:
        page = visitor.page
        await visitor.goes("/console/shop")
        picture = {"name": "desk & lamp.png", "mimeType": "image/png", "buffer": await page.screenshot()}
        shop.senses.refuses = True
        await page.set_input_files("#photo-file", picture)
        await expect(page.locator("#say-wrong")).to_contain_text("the file is no photo")
        await page.get_by_role("button", name="Remove desk & lamp.png").click()
        visitor.complaints.clear()  # of the refusal
        shop.senses.refuses = False
        await page.set_input_files("#photo-file", picture)
        await expect(page.locator("#attached canvas")).to_be_visible()
        await page.get_by_role("button", name="Send").click()
        await expect(page.locator("#turn-1 .mine")).to_contain_text("a photo")
        await expect(page.locator(".good")).to_have_count(10)
        assert picture["buffer"] in shop.senses.taken[-1]

        await page.get_by_role("button", name="Speak").click()
        await expect(page.locator("#say-wrong")).to_contain_text("microphone")
        await page.evaluate(MICROPHONE)
        await page.get_by_role("button", name="Speak").click()
        await expect(page.locator("#recording-time")).to_contain_text("/ 1:00")
        await page.get_by_role("button", name="Discard").click()
        sent = len(shop.senses.taken)
        await page.get_by_role("button", name="Speak").click()
        await page.get_by_role("button", name="Stop and send").click()
        await expect(page.locator("#turn-2 .mine")).to_contain_text("a recording")
        await expect(page.locator("#wishes")).to_contain_text("under $700")
        assert len(shop.senses.taken) == sent + 1
        assert b"webm" in shop.senses.taken[-1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_fits_a_phone_and_shows_words_as_words(
    browser: Browser, shop: Market, scheme: str
) -> None:
    """Hostile titles, brands and messages, a table, a question; parts and names for all."""
    async with visiting(browser, shop.url, viewport=PHONE, color_scheme=scheme) as phone:
        page = phone.page
        await fits_and_can_be_read(phone, "/console/shop")
        await says(phone, "laptop", 1)
        for number in (1, 2, 3, 4):
            await page.locator(f"[name=pick-{number}]").check()
        await page.get_by_role("button", name="Compare those chosen").click()
        await expect(page.locator("#comparison")).to_be_visible()
        path = page.url.removeprefix(phone.url)
        await fits_and_can_be_read(phone, path)
        await is_in_parts(phone, path)
        await says(phone, f"zither {WORDS}", 3)
        await expect(page.locator("#turn-3 .mine-text")).to_have_text(f"zither {WORDS}")
        await says(phone, "start over", 4)
        await says(phone, "zither", 5)
        await fits_and_can_be_read(phone, path)
        await is_in_parts(phone, path)
        await expect(page.locator(".good h3").first).to_contain_text(
            "<script>document.title='owned'</script>"
        )
        await expect(page.locator(".good h3 a, main img")).to_have_count(0)
        assert "owned" not in (await page.title())
