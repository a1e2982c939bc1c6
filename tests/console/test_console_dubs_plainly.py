"""Pages of dubs as the server gives them: forms, refusals, scopes, gateways elsewhere; how all is worded."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path

import httpx2
import pytest
from console_stage import visiting
from dubs_stage import HEARD, OFFERS, small_film, spanish, studio
from playwright.async_api import Browser, expect

from batuta.console.dubs_shown import (
    DubChoices,
    contract_fields,
    counted_lines,
    lines,
    listed_job,
    name_of,
    voice_label,
)
from batuta.dubbing.models import Segment
from batuta.dubbing.offers import dub_languages
from batuta.errors import ServiceError
from batuta.jobs import Event
from batuta.services.gateway.models import Job, JobChange, JobError, JobStatus
from batuta.services.speech.voices import ESPEAK_VOICES
from batuta.services.speech.voices import Offer as Voices
from batuta.services.transcriber.languages import LANGUAGES
from batuta.services.translator.pairs import Offer as Pairs
from batuta.services.translator.ways import Pair
from batuta.storage.artefacts import once

pytestmark = pytest.mark.anyio
AS_BROWSER = {"Accept": "text/html,application/xhtml+xml"}
INLINE = r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)"
OPERATOR = "operator-key"


def plain(url: str, key: str | None = None) -> httpx2.AsyncClient:
    """A browser without scripts."""
    headers = AS_BROWSER if key is None else {**AS_BROWSER, "Authorization": f"Bearer {key}"}
    return httpx2.AsyncClient(base_url=url, headers=headers, timeout=60)


def form(**fields: str) -> dict[str, tuple[None, str]]:
    """As a page's form is sent."""
    return {name: (None, value) for name, value in fields.items()}


async def test_all_of_dubbing_works_without_scripts(tmp_path: Path) -> None:
    """Upload, watch, change a line, do it again, delete; beside the other apps."""
    film = small_film(tmp_path / "talk.mp4").read_bytes()
    async with studio(tmp_path / "house", only=None) as whole, plain(whole.url) as web:
        first = (await web.get("/console/dubs")).text
        assert 'href="/console/jobs"' in first
        assert "Nothing dubbed yet" in first
        assert not re.search(INLINE, first)
        wishes = {"targetLang": "es", "source_language": "auto", "voice": "", "loudness": "web"}
        upload = {"file": ("talk.mp4", film, "video/mp4")}
        sent = await web.post("/console/dubs", files={**upload, **form(**wishes, subtitles="true")})
        assert sent.status_code == 303, sent.text
        page = sent.headers["location"]
        record = await whole.dubbing.wait(await whole.dubbing.record(1), 60)
        assert record.request["keep_background"] is False
        assert record.request["subtitles"] == "soft"
        shown = (await web.get(page)).text
        assert not re.search(INLINE, shown)
        assert "3 of 3 lines spoken" in shown
        assert spanish(HEARD[0]) in shown
        for address in re.findall(r'(?:src|href)="(/dubbing/[^"]+)"', shown):
            assert (await web.get(address)).status_code == 200, address
        source = await web.get("/dubbing/jobs/1/source", headers={"Range": "bytes=4-7"})
        assert (source.status_code, source.content) == (206, b"ftyp")
        assert source.headers["content-disposition"].startswith('inline; filename="talk.mp4"')
        report = await web.get("/dubbing/jobs/1/report")
        assert len(report.json()["segments"]) == 3
        link = (await web.get(f"{page}/download")).headers["location"]
        assert (await web.get(link)).headers["content-type"] == "video/mp4"
        subtitles = (await web.get("/dubbing/jobs/1/subtitles.source.vtt")).text
        assert subtitles.startswith("WEBVTT")
        assert HEARD[2] in subtitles

        wrong = await web.post(f"{page}/lines/1", files=form(text=" "))
        assert wrong.status_code == 422
        assert "Line 1 was not changed. text: 1 to 1000 characters, not 0" in wrong.text
        changed = await web.post(f"{page}/lines/1", files=form(text="Otra <i>cosa</i>."))
        assert changed.headers["location"] == f"{page}#line-1"
        busy = await web.post(f"{page}/lines/2", files=form(text="Y <b>otra</b>."))
        assert busy.status_code == 409
        assert ">Y &lt;b&gt;otra&lt;/b&gt;.</textarea>" in busy.text
        await whole.dubbing.wait(record, 60)
        assert "Otra &lt;i&gt;cosa&lt;/i&gt;." in (await web.get(page)).text
        assert whole.cast.said["Otra <i>cosa</i>."] == 1
        assert (await web.post(f"{page}/retry", files=form(**{"from": "nonsense"}))).status_code == 422
        again = await web.post(f"{page}/retry", files=form(**{"from": "upload"}))
        assert again.headers["location"] == page
        await whole.dubbing.wait(record, 60)
        assert (await web.post(f"{page}/cancel")).headers["location"] == page
        assert (await web.post(f"{page}/delete")).headers["location"] == "/console/dubs"
        assert (await web.get(page)).status_code == 404


async def test_a_form_that_is_wrong_comes_back_with_what_was_typed(tmp_path: Path) -> None:
    """And with what is wrong in words; nothing is kept of it."""
    async with studio(tmp_path) as house, plain(house.url) as web:
        wishes = form(targetLang="fr", source_language="es", loudness="netflix", color="<red>")
        film = b"\x00\x00\x00\x20ftypisom" + bytes(40)
        refused = await web.post("/console/dubs", files={"file": ("x.mp4", film), **wishes})
        assert refused.status_code == 422
        assert "the form has an unknown field" in refused.text
        for value in ("fr", "es", "netflix"):
            assert re.search(rf'<option value="{value}" selected', refused.text), value
        assert 'name="subtitles" value="true" aria' in refused.text  # was off, and is
        nothing = await web.post("/console/dubs", files={"file": ("x.mp4", b""), **wishes})
        assert nothing.status_code == 400
        assert "the file is empty" in nothing.text
        assert await house.desk.jobs.count() == 0


async def test_who_may_dub_and_who_may_see_it(browser: Browser, tmp_path: Path) -> None:
    """Another's dub is as unknown as one that never was; who may only read finds no form and no buttons."""
    guarded = studio(tmp_path, bound_to="0.0.0.0", batuta_api_key=OPERATOR)
    async with guarded as house, visiting(browser, house.url) as visitor:
        keys = {}
        async with plain(house.url, OPERATOR) as web:
            for name, scopes in (("ann", ["read"]), ("ben", ["read", "submit"])):
                made = await web.post("/admin/keys", json={"name": name, "scopes": scopes})
                keys[name] = made.json()
        anns = await house.taken("anns.mp4", owner=keys["ann"]["id"])
        bens = await house.taken("bens.mp4", owner=keys["ben"]["id"])
        async with plain(house.url, keys["ann"]["key"]) as web:
            listed = (await web.get("/console/dubs")).text
            assert "anns.mp4" in listed
            assert "bens.mp4" not in listed
            assert 'id="dub-form"' not in listed
            assert "that needs the scope" in listed
            assert "Cancel" not in listed
            assert "anns.mp4" in (await web.get(f"/console/dubs/{anns.id}")).text
            assert (await web.get(f"/console/dubs/{bens.id}")).status_code == 404
            assert (await web.post(f"/console/dubs/{anns.id}/delete")).status_code == 403
            assert (await web.post("/console/dubs", files=form(targetLang="es"))).status_code == 403
        async with plain(house.url) as stranger:
            led = (await stranger.get("/console/dubs")).headers["location"]
            assert led == "/login?next=/console/dubs"
        page = visitor.page
        await page.goto(f"{house.url}/console/dubs")
        await page.get_by_label("Key").fill(keys["ben"]["key"])
        await page.keyboard.press("Enter")
        await visitor.arrives("/console/dubs")
        await expect(page.get_by_role("link", name="bens.mp4")).to_be_visible()
        await expect(page.get_by_role("link", name="anns.mp4")).to_have_count(0)
        await page.set_input_files("#f-file", {"name": "x.mp4", "mimeType": "video/mp4", "buffer": b"x"})
        await page.get_by_label("It shall speak").select_option("es")
        await page.get_by_role("button", name="Dub it").click()
        await expect(page.locator("#e-file")).to_contain_text("the file is none of")
        visitor.complaints.clear()


async def test_a_dub_shows_what_is_left_of_it(tmp_path: Path) -> None:
    """Before its record that it waits, after it the video; our own records where the gateway is elsewhere."""
    async with studio(tmp_path) as house, plain(house.url) as web:
        waiting = await house.taken("waits.mp4")
        assert "It is about to begin" in (await web.get(f"/console/dubs/{waiting.id}")).text
        forgotten = await house.taken("kept.mp4")
        await house.desk.objects.put(f"dubbed_{forgotten.id}.mp4", once(b"film"), "video/mp4")
        done = JobChange(status=JobStatus.COMPLETED, output_object_key=f"dubbed_{forgotten.id}.mp4")
        await house.desk.gateway.patch(forgotten.id, done)
        page = f"/console/dubs/{forgotten.id}"
        assert "The video is still here" in (await web.get(page)).text
        link = (await web.get(f"{page}/download")).headers["location"]
        assert (await web.get(link)).content == b"film"
        failed = Event(kind="job.failed", data={"error": ServiceError("no voice").to_dict()})
        ours = await house.made_up("ours.mp4", [], failed)
        house.app.state.gateway = None
        listed = (await web.get("/console/dubs")).text
        assert "ours.mp4" in listed
        assert "waits.mp4" not in listed
        assert "API_GATEWAY_URL" in listed
        assert "no voice" in (await web.get(f"/console/dubs/{ours}")).text
        for path in (f"/console/dubs/{waiting.id}", f"/console/dubs/{ours}/download"):
            assert (await web.get(path)).status_code == 404, path
        assert (await web.post("/console/dubs", files=form(targetLang="es"))).status_code == 404


async def test_without_dubbing_there_are_no_pages_of_it(tmp_path: Path) -> None:
    """Neither in the navigation nor at their addresses."""
    async with studio(tmp_path, only="transcripts") as other, plain(other.url) as web:
        assert "/console/dubs" not in (await web.get("/console/transcripts")).text
        for path in ("/console/dubs", "/console/dubs/1"):
            assert (await web.get(path)).status_code == 404


def test_a_video_can_be_dubbed_into_what_is_both_translated_and_spoken() -> None:
    """What a service elsewhere can do is not known here, and expected."""
    assert OFFERS.translation is not None
    found = {each.code: each for each in dub_languages(OFFERS.translation(), OFFERS.speech)}
    assert list(found) == ["en", "fr", "es"]  # by name; Japanese has no voice, German no translation
    assert found["es"].voices == ("kokoro:ef_dora", "kokoro:em_alex", "nanotts:es-ES")
    assert found["es"].sources == {"en"}
    assert found["fr"].sources == {"en", "es"}
    elsewhere = dub_languages(None, Voices(ESPEAK_VOICES))
    assert {each.code for each in elsewhere} <= set(LANGUAGES)
    assert all(each.sources is None for each in elsewhere)
    anything = dub_languages(Pairs(frozenset(), anything=True), None)
    assert len(anything) == len(LANGUAGES)
    assert not DubChoices.of(anything).knows_voices
    nothing = dub_languages(Pairs(frozenset({Pair("en", "ja")})), Voices(()))
    assert DubChoices.of(nothing) == DubChoices((), ())


def test_a_form_says_what_the_contract_asks_for() -> None:
    """A switch that is off is left out of a form; fields nobody knows stay for the gateway to refuse."""
    sent = contract_fields({"targetLang": "es", "voice": "", "loudness": "web", "odd": "1"})
    assert set(sent) == {"targetLang", "odd", "options"}
    assert json.loads(sent["options"]) == {"loudness": "web", "keep_background": False, "subtitles": "none"}


@pytest.mark.parametrize(
    ("voice", "label"),
    [
        ("kokoro:ef_dora", "Dora, woman (Kokoro)"),
        ("kokoro:am_michael", "Michael, man (Kokoro)"),
        ("hibari:heart", "Heart (Hibari)"),
        ("espeak:pt-br", "pt-br (eSpeak NG)"),
        ("original", "Original"),
    ],
)
def test_voices_are_called_by_their_names(voice: str, label: str) -> None:
    """As people would."""
    assert voice_label(voice) == label


def test_a_job_is_listed_in_the_console_s_own_words() -> None:
    """What was cancelled did not fail; a stamp is no part of a name."""
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    job = Job(
        id=7, source_object_key="1700_my_talk.mp4", target_language="es", created_at=now, updated_at=now
    )
    assert (listed_job(job).name, listed_job(job).word, listed_job(job).over) == (
        "my_talk.mp4",
        "queued",
        False,
    )
    stopped = job.model_copy(
        update={"status": JobStatus.FAILED, "error": JobError(code="CANCELLED", message="it was")}
    )
    assert (listed_job(stopped).word, listed_job(stopped).problem) == ("cancelled", None)
    assert [name_of(key) for key in ("films/a_b.mp4", "12_", "x")] == ["films/a_b.mp4", "12_", "x"]


def test_a_line_is_another_version_when_anything_of_it_is_shown_otherwise() -> None:
    """So a page replaces what changed and leaves alone what did not."""
    segment = Segment(index=0, start=0, end=1, source_text="a", text="b", state="translated")
    version = lines([segment], editable=False)[0].version
    assert lines([segment.model_copy()], editable=False)[0].version == version
    assert lines([segment], editable=True)[0].version != version
    for change in ({"text": "c"}, {"state": "spoken"}, {"warnings": ("x",)}):
        assert lines([segment.model_copy(update=change)], editable=False)[0].version != version
    counts = counted_lines([segment, segment.model_copy(update={"state": "spoken"})])
    assert (counts.all, counts.translated, counts.spoken, counts.fallbacks) == (2, 2, 1, 0)
