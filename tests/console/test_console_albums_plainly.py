"""Pages of albums as the server gives them: deep links, forms, outages, scopes, and how years are worded."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx2
import pytest
from albums_stage import Says, record_shop
from console_stage import visiting
from playwright.async_api import Browser, expect

from batuta.albums import AlbumCacheEntry
from batuta.albums.resolver import SURE, Resolution
from batuta.albums.scoring import Said, Weight
from batuta.console.albums_shown import certainty, failure_of, shown, voices
from batuta.console.kept_years import NEWEST, YearsWalk
from batuta.errors import InvalidRequest, ServiceUnavailable

pytestmark = pytest.mark.anyio
AS_BROWSER = {"Accept": "text/html,application/xhtml+xml"}
INLINE = r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)"
OPERATOR = "operator-key"
NEVERMIND = {"artist": "Nirvana", "album": "Nevermind"}
DEEP = "/console/albums?artist=Nirvana&album=Nevermind"
BUSY = Says(429, b"later", {"Retry-After": "90"})


def plain(url: str) -> httpx2.AsyncClient:
    """A browser without scripts."""
    return httpx2.AsyncClient(base_url=url, headers=AS_BROWSER, timeout=30)


def form(**fields: str) -> dict[str, tuple[None, str]]:
    """As a page's form is sent."""
    return {name: (None, value) for name, value in fields.items()}


async def test_all_of_it_works_without_scripts(tmp_path: Path) -> None:
    """Deep link and forms; beside the other apps, whose sections are there too."""
    async with record_shop(tmp_path, only=None) as whole, plain(whole.url) as web:
        first = await web.get("/console/albums", params=NEVERMIND)
        assert first.status_code == 200
        assert 'id="year">1991<' in first.text
        assert "Concluded just now" in first.text
        assert f'action="{DEEP.replace("&", "&amp;")}"' in first.text
        assert 'href="/console/jobs"' in first.text
        assert not re.search(INLINE, first.text)
        assert "Known" in (await web.get(DEEP)).text
        again = (await web.post(DEEP, files=form(**NEVERMIND, do="again"))).text
        assert "Concluded just now" in again
        stored = (await web.post(DEEP, files=form(**NEVERMIND, do="store", year="1992-01-11"))).text
        assert "Stored: 1992-01-11, with a confidence of 100 %" in stored
        wrong = (await web.post(DEEP, files=form(**NEVERMIND, do="store", year="<i>soon</i>"))).text
        assert "The year was not stored." in wrong
        assert 'value="&lt;i&gt;soon&lt;/i&gt;"' in wrong
        assert 'id="year">1992-01-11<' in wrong
        assert "Forgotten" in (await web.post(DEEP, files=form(**NEVERMIND, do="forget"))).text
        assert len(whole.albums.caches.album_years_cache) == 0
        assert (await web.post(DEEP, files=form(**NEVERMIND, do="explode"))).status_code == 422
        blank = (await web.get("/console/albums", params={"artist": "Nirvana", "album": " "})).text
        assert "album needs 1 to 500 characters" in blank
        unknown = (await web.get("/console/albums", params={"artist": "Nobody", "album": "Nothing"})).text
        assert "none knows when it came out" in unknown
        assert unknown.count("Does not know it") == 3

        await web.post(DEEP, files=form(**NEVERMIND, do="store", year="1991"))
        assert whole.albums.caches.album_service.get_stats()["unsaved"] > 0
        saved = await web.post("/console/albums/cache/save")
        assert saved.headers["location"] == "/console/albums/cache"
        assert whole.albums.caches.album_service.get_stats()["unsaved"] == 0
        listed = (await web.get("/console/albums/cache")).text
        assert f'href="{DEEP.replace("&", "&amp;")}"' in listed
        assert "1 year</p>" in listed


async def test_an_outage_says_when_to_come_again(browser: Browser, tmp_path: Path) -> None:
    """It is never "no year"; one source that fails is told in its own tone, beside the others' words."""
    async with record_shop(tmp_path) as down, visiting(browser, down.url) as visitor:
        down.sources.always = BUSY
        page = visitor.page
        await visitor.goes("/console/albums?artist=Prince&album=Kiss")
        refused = page.locator(".refused")
        await expect(refused).to_contain_text("No source could say")
        await expect(refused).to_contain_text("Come again in 1 min 30 s")
        await expect(refused.get_by_role("link", name="Try again")).to_be_disabled()
        await expect(page.locator("#year")).to_have_count(0)
        down.sources.always = None
        for source in down.albums.years._sources[:2]:
            source._asker._pace._held_until = 0.0
        await visitor.goes(DEEP)
        await expect(page.locator("#year")).to_have_text("1991")
        failed = page.locator('[data-source="Discogs"]')
        await expect(failed.locator(".badge-bad")).to_have_text("No answer")
        await expect(failed).to_contain_text("Did not answer")


async def test_who_may_do_what(browser: Browser, tmp_path: Path) -> None:
    """To forget everything needs the admin's key, to change an album the scope submit."""
    guarded = record_shop(tmp_path, bound_to="0.0.0.0", batuta_api_key=OPERATOR)
    async with guarded as house, visiting(browser, house.url) as visitor:
        admin = {"Authorization": f"Bearer {OPERATOR}"}
        async with plain(house.url) as web:
            made = await web.post("/admin/keys", json={"name": "ann", "scopes": ["read"]}, headers=admin)
            ann = {"Authorization": f"Bearer {made.json()['key']}"}
            page = (await web.get(DEEP, headers=ann)).text
            assert 'id="year">1991<' in page
            assert "Ask again" not in page
            assert "Store a year" not in page
            assert "Save now" not in (await web.get("/console/albums/cache", headers=ann)).text
            for path in (DEEP, "/console/albums/cache/save", "/console/albums/cache/clear"):
                sent = await web.post(path, files=form(**NEVERMIND, do="forget"), headers=ann)
                assert sent.status_code == 403, path
            assert (await web.post("/console/albums/cache/clear")).status_code == 401
        assert len(house.albums.caches.album_years_cache) == 1
        page = visitor.page
        await page.goto(f"{house.url}/console/albums/cache")
        await page.get_by_label("Key").fill(OPERATOR)
        await page.keyboard.press("Enter")
        await visitor.arrives("/console/albums/cache")
        await expect(page.locator(".row")).to_have_count(1)
        await page.get_by_role("button", name="Forget everything").click()
        await page.get_by_role("dialog").get_by_role("button", name="Forget everything").click()
        await expect(page.locator("#kept")).to_contain_text("No year is kept yet")
        assert len(house.albums.caches.api_cache) == 0


async def test_without_albums_there_are_no_pages_of_them(tmp_path: Path) -> None:
    """Neither in the navigation nor at their addresses."""
    async with record_shop(tmp_path, only="transcripts") as other, plain(other.url) as web:
        assert "/console/albums" not in (await web.get("/console/transcripts")).text
        for path in ("/console/albums", "/console/albums/cache"):
            assert (await web.get(path)).status_code == 404


async def test_a_walk_through_very_many_years_is_another_thread_s_work() -> None:
    """The newest by their time, wherever they lie; spent ones are left out; walks wait for each other."""
    now = time.time()
    walking: set[int] = set()
    ends: list[int] = []

    class Years(Mapping[str, AlbumCacheEntry]):
        def __getitem__(self, key: str) -> AlbumCacheEntry:
            walking.add(threading.get_ident())
            number = int(key)
            if number == 9_999:
                ends.append(number)
            stamp = now - (40 * 86_400 if number == 7 else abs(number - 5_000))
            return AlbumCacheEntry("Ärtist" if number % 2 else "Band", key, "1999", stamp, 50)

        def __iter__(self) -> Iterator[str]:
            if walking:
                assert ends  # the walk before is over
            return map(str, range(len(self)))

        def __len__(self) -> int:
            return 10_000

    walk, years = YearsWalk(), Years()
    found, everybody = await asyncio.gather(walk.newest(years, " äRT"), walk.newest(years))
    assert (found.fitting, everybody.fitting) == (4_999, 9_999)
    assert len(found.newest) == NEWEST
    assert {int(year.album) for year in found.newest[:2]} == {4_999, 5_001}
    assert everybody.newest[0].album == "5000"
    assert threading.get_ident() not in walking


@pytest.mark.parametrize("weight", Weight)
def test_every_weight_has_words_of_its_own(weight: Weight) -> None:
    """And only what failed is in the tone of failures."""
    said = [Said("itunes", each, None, "") for each in (weight, *(set(Weight) - {weight}))]
    heard = voices(said)
    assert heard[0].source == "iTunes"
    assert [voice.word for voice in heard].count(heard[0].word) == 1
    assert (heard[0].tone == "bad") is (weight is Weight.FAILED)


def test_a_year_is_shown_for_what_it_is() -> None:
    """Known or new, passing or kept, as the sources said or otherwise."""
    since = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for_it = Said("itunes", Weight.SUPPORTS, 1991, "a release of 1991: counts for it")
    failed = Said("discogs", Weight.FAILED, None, "did not answer: it is down")
    new = shown(Resolution("a", "b", "1991", SURE - 1, "sources", (failed, for_it)))
    assert (new.known, new.passing, new.others) == (False, True, None)
    assert [voice.year for voice in new.voices] == [1991, None]
    assert not shown(Resolution("a", "b", "1991", SURE, "sources", (failed, for_it))).passing
    known = shown(Resolution("a", "b", "1991-09-24", 90, "cache", (for_it,), since))
    assert (known.known, known.others, known.kept_at) == (True, None, since)
    assert shown(Resolution("a", "b", "1999", 100, "cache", (for_it,), since)).others == "1991"
    nothing = shown(Resolution("a", "b", None, 0, "sources", (failed,)))
    assert (nothing.year, nothing.word, nothing.passing) == (None, "", False)
    words = [certainty(confidence)[0] for confidence in (1, 39, 40, 69, 70, 89, 90, 100)]
    assert words == ["a guess"] * 2 + ["likely"] * 2 + ["sure"] * 2 + ["very sure"] * 2


def test_a_failure_says_when_to_come_again() -> None:
    """In seconds where they are known; whatever is wrong with the question is not worth another try."""
    told = failure_of(ServiceUnavailable("all are down", 59.2))
    assert (told.again, told.wait_seconds) == (True, 60)
    assert told.advice.endswith("Come again in 1 min 0 s.")
    assert failure_of(ServiceUnavailable("all are down")).advice.endswith("in a few minutes.")
    assert not failure_of(InvalidRequest("no name")).again
