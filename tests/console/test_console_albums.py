"""What people do on the pages of albums, in a real browser; the server has that app alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from albums_stage import RecordShop, record_shop
from console_checks import fits_and_can_be_read, is_in_parts
from console_stage import HOSTILE, PHONE, visiting
from playwright.async_api import Browser, expect

from batuta.console.albums_shown import Asked
from batuta.console.kept_years import NEWEST

pytestmark = pytest.mark.anyio
DEEP = "/console/albums?artist=Nirvana&album=Nevermind"


@pytest.fixture(scope="module")
async def shop(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RecordShop]:
    """A server of albums alone, for tests each of which has albums of its own."""
    del anyio_backend
    async with record_shop(tmp_path_factory.mktemp("shop")) as built:
        yield built


async def test_an_album_is_looked_up_asked_again_corrected_and_forgotten(
    browser: Browser, shop: RecordShop
) -> None:
    """By keyboard; the address says the question; whatever is done is answered on the same page."""
    async with visiting(browser, shop.url) as visitor:
        page = visitor.page
        await visitor.goes("/console/")
        await visitor.arrives("/console/albums")
        await expect(page.get_by_label("Artist", exact=True)).to_be_focused()
        await page.keyboard.type("the beatles")
        await page.keyboard.press("Tab")
        await page.keyboard.type("Abbey Road")
        await page.keyboard.press("Enter")
        await expect(page.locator("#year")).to_have_text("1969")
        assert parse_qs(urlsplit(page.url).query) == {"artist": ["the beatles"], "album": ["Abbey Road"]}
        await expect(page.locator("#whence")).to_have_text("Concluded just now")
        await expect(page.locator(".sure")).to_contain_text("Very sure")
        await expect(page.locator("#said")).to_contain_text("1969, very sure")
        voice = page.locator('[data-source="MusicBrainz"]')
        await expect(voice).to_contain_text("First released 1969: counts for it")
        await expect(voice.locator(".badge-good")).to_have_text("Counts for it")
        await page.reload()
        await expect(page.locator("#whence")).to_have_text("Known")
        await expect(page.locator(".facts")).to_contain_text("since just now")
        await expect(page.locator(".voice")).to_have_count(3)

        before = len(shop.sources.requests)
        await page.get_by_role("button", name="Ask again").click()
        await expect(page.locator("#whence")).to_have_text("Concluded just now")
        assert len(shop.sources.requests) == before + 3
        await expect(page.get_by_role("button", name="Ask again")).to_be_focused()

        await page.get_by_text("Store a year by hand").click()
        await page.get_by_label("Year", exact=True).fill("1970")
        await page.get_by_label("Confidence", exact=True).and_(page.locator("input")).fill("12")
        await page.get_by_role("button", name="Store it").click()
        await expect(page.locator(".alert-warn")).to_contain_text("What is kept is still 1969")
        await page.get_by_text("Store a year by hand").click()
        await page.get_by_label("Year", exact=True).fill("1970")
        await page.get_by_role("button", name="Store it").click()
        await expect(page.locator(".alert-good")).to_contain_text("Stored: 1970, with a confidence of 100 %")
        await expect(page.locator("#year")).to_have_text("1970")
        await expect(page.locator(".year-note")).to_contain_text("What the sources said comes to 1969")
        await page.get_by_role("button", name="Ask again").click()
        await expect(page.locator(".alert-warn")).to_contain_text("What is kept is still 1970")

        await page.get_by_role("button", name="Forget this album").click()
        await expect(page.locator(".alert-good")).to_contain_text("Forgotten")
        assert await shop.albums.caches.get_album_year("The Beatles", "Abbey Road") is None
        assert await shop.albums.caches.get_cached_api_result("The Beatles", "Abbey Road", "itunes") is None
        await page.get_by_role("link", name="Look it up now").click()
        await expect(page.locator("#year")).to_have_text("1969")
        await expect(page.locator(".toast")).to_have_count(0)


async def test_the_cache_shows_its_numbers_and_the_newest_years(browser: Browser, shop: RecordShop) -> None:
    """The numbers live without the list being walked again; artists are found by how they begin."""
    caches = shop.albums.caches
    for number in range(NEWEST + 3):
        await caches.store_album_year("Sigur Rós", f"Album {number}", "1999", number)
    await caches.store_album_year("Björk", "Debut", "1993", 75)
    async with visiting(browser, shop.url) as visitor:
        page = visitor.page
        await visitor.goes("/console/albums/cache")
        await expect(page.locator(".row")).to_have_count(NEWEST)
        await expect(page.locator(".row").first).to_contain_text("Debut")
        await expect(page.locator(".kept-count")).to_contain_text(f"The newest {NEWEST} of")
        generic = page.locator('[data-tier="Generic"]')
        before = await generic.locator("dd").first.text_content()
        caches.set("a key", "a value")
        assert caches.get("a key") == "a value"
        await expect(generic.locator("dd").first).not_to_have_text(before or "")
        await expect(page.locator(".row")).to_have_count(NEWEST)
        await page.get_by_label("Artist begins with").fill("BJÖ")
        await page.keyboard.press("Enter")
        await visitor.arrives("/console/albums/cache?artist=BJ%C3%96")
        await expect(page.locator(".row")).to_have_count(1)
        await expect(page.locator(".row")).to_contain_text("Sure, 75 %")
        await page.get_by_role("button", name="Save now").click()
        await expect(page.locator(".toast")).to_have_text(re.compile("Saved"))
        assert caches.album_service.get_stats()["unsaved"] == 0
        await expect(page.get_by_role("button", name="Forget everything")).to_have_count(0)
        await page.get_by_role("link", name="Debut").click()
        await visitor.arrives("/console/albums?artist=Bj%C3%B6rk&album=Debut")
        await expect(page.locator("#answer")).to_contain_text("Nothing of that is kept")


async def test_pages_of_albums_fit_a_phone_and_show_words_as_words(
    browser: Browser, shop: RecordShop
) -> None:
    """Hostile and long names, light and dark; parts and names for all."""
    name = " ".join(HOSTILE.values())
    await shop.albums.caches.store_album_year(name, name, "1999", 30)
    hostile = Asked(name, name).address
    paths = ["/console/albums/cache?artist=%3Cscript", DEEP, "/console/albums?artist=x", hostile]
    for scheme in ("light", "dark"):
        async with visiting(browser, shop.url, viewport=PHONE, color_scheme=scheme) as phone:
            for path in paths:
                await fits_and_can_be_read(phone, path)
                await is_in_parts(phone, path)
            await expect(phone.page.locator("#year-head")).to_have_text(name)
            await expect(phone.page.locator("img")).to_have_count(0)
            await expect(phone.page).to_have_title(re.compile(r"1999 · Batuta$"))
