"""The media service over HTTP with its real engines: what it answers, and what it refuses."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import photos
import pytest
from media_house import Media

from batuta.errors import EngineCrashed
from batuta.services.vision.bodies import Bodies

pytestmark = pytest.mark.anyio

IMAGE, SPEECH = "/extract-image-attributes", "/transcribe"


def refused(answer: httpx2.Response, status: int, *words: str) -> None:
    """A problem of this status, in these words."""
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert all(word in problem["detail"] for word in words), problem


@pytest.mark.weights
async def test_a_photo_says_its_text_its_colours_and_what_it_shows(media: Media, named_things: Path) -> None:
    """A clock, by its upload id, as a data: URL under /api/v1, and with a line of text below it."""
    del named_things
    stored = (await media.send("/uploads", photos.encoded(photos.clock(), "JPEG"))).json()
    assert len(stored["upload_id"]) == 32
    assert stored["media_type"] == "image/jpeg"
    seen = (await media.say(IMAGE, {"upload_id": stored["upload_id"]})).json()
    assert seen["labels"][0]["name"] == "analog clock"
    assert seen["labels"][0]["confidence"] > 0.5
    assert {tint["name"] for tint in seen["colours"]} >= {"black", "white"}
    assert (seen["width"], seen["height"], seen["warnings"]) == (300, 300, [])

    sign = base64.b64encode(photos.encoded(photos.sign("Size 42", "EUR 59.90"))).decode()
    said = (await media.say(f"/api/v1{IMAGE}", {"image": f"data:image/png;base64,{sign}"})).json()
    assert [line["text"] for line in said["text"]] == ["Size 42", "EUR 59.90"]
    assert said["text"][0]["confidence"] > 0.9


@pytest.mark.weights
async def test_what_is_said_into_a_browser_is_written_down(media: Media, two_cities: Path) -> None:
    """WebM with Opus, in a form and in JSON; the second time is a lookup."""
    content = photos.sounding(photos.recorded(two_cities, 5))
    heard = (await media.send(SPEECH, content, language="en", filename="voice.webm")).json()
    assert "best of times" in heard["text"]
    assert heard["language"] == "en"
    assert heard["duration"] == pytest.approx(5, abs=0.1)
    assert heard["confidence"] > 0.7
    assert heard["segments"][0]["end"] > heard["segments"][0]["start"] >= 0
    again = await media.say(
        f"/api/v1{SPEECH}", {"audio": base64.b64encode(content).decode(), "language": "English"}
    )
    assert again.json()["segments"] == heard["segments"]


async def test_sound_in_which_nobody_speaks_is_an_error(media: Media) -> None:
    """Neither silence nor a tone is answered with an empty text."""
    refused(await media.send(SPEECH, photos.sounding(photos.silence(1))), 422, "is silent")
    refused(await media.send(SPEECH, photos.sounding(photos.tone(2)), language="en"), 422, "nobody is heard")


PNG = photos.encoded(photos.thing("red", "white"))
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"


UNUSABLE = [
    (IMAGE, b"", 422, "empty"), (IMAGE, PNG[:200], 422, "damaged"), (IMAGE, SVG, 415, "an SVG drawing"),
    (IMAGE, b"a picture.png", 415, "is text"), (IMAGE, photos.claims(60_000, 60_000), 413, "40000000 pixels"),
    (IMAGE, photos.sounding(photos.tone(0.2)), 415, "audio/webm"),
    (IMAGE, PNG + bytes(2_000_000), 413, "2000000"),
    (SPEECH, b"", 422, "empty"), (SPEECH, PNG, 415, "image/png"), (SPEECH, b"hello", 415, "is text"),
    (SPEECH, b"OggS and nothing more", 422, "cannot be read"), (SPEECH, bytes(3_000_000), 413, "2000000"),
    (SPEECH, photos.sounding(photos.tone(0.2), "wav", "pcm_s16le")[:44], 422, "cannot be read"),
    ("/uploads", b"", 422, "empty"), ("/uploads", bytes(2_000_001), 413, "2000000"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "content", "status", "word"),
    UNUSABLE,
    ids=[f"{path[1:4]}-{status}-{word}" for path, _, status, word in UNUSABLE],
)
async def test_files_that_cannot_be_used_are_refused_for_what_they_are(
    media: Media, path: str, content: bytes, status: int, word: str
) -> None:
    """Never 200; and nothing of them is left."""
    before = media.left
    refused(await media.send(path, content), status, word)
    assert media.left == before


@pytest.mark.parametrize(("body", "status", "word"), [
    ({}, 422, "either `image`"), ({"image": "aGk=", "upload_id": "0" * 32}, 422, "either `image`"),
    ({"image": "no base64!"}, 422, "not base64"), ({"image": "data:image/png,hello"}, 422, "base64"),
    ({"image": 5}, 422, "image"), ({"upload_id": "0" * 32}, 404, "no upload"),
    ({"upload_id": "../../../../etc/passwd"}, 404, "no upload"),
    ({"upload_id": "x" * 5000}, 422, "upload_id"),
    ({"image": "A" * 4_000_000}, 413, "2000000"), ([], 422, ""), ({"audio": "aGk="}, 422, "either `image`"),
])  # fmt: skip
async def test_json_that_makes_no_sense_is_refused(
    media: Media, body: object, status: int, word: str
) -> None:
    """With what is wrong, and with which field."""
    refused(await media.say(IMAGE, body), status, word)  # pyright: ignore[reportArgumentType]  # on purpose


async def test_other_bodies_and_forms_are_refused(media: Media) -> None:
    """No file, several, bytes without a form, a language nobody knows."""
    refused(await media.ask("POST", IMAGE, PNG, "image/png"), 415, "image/png", "`file`")
    refused(await media.ask("POST", "/uploads", PNG, "image/png"), 415, "form")
    refused(await media.ask("POST", SPEECH, b"{", "application/json"), 422)
    refused(await media.send(IMAGE, language="en"), 422, "0 parts")
    before = media.left
    refused(await media.send("/uploads", PNG, PNG), 422, "several files")
    assert media.left == before
    refused(await media.send(SPEECH, photos.sounding(photos.tone(0.2)), language="Klingon"), 422, "Klingon")


async def test_an_upload_is_gone_after_an_hour(media: Media) -> None:
    """For whoever knows its id at once, from the disk with the next cleaning."""
    stored = (await media.send("/uploads", PNG)).json()["upload_id"]
    path = media.folder / "uploads" / stored
    os.utime(path, (time.time() - 3601,) * 2)
    refused(await media.say(IMAGE, {"upload_id": stored}), 404, "an hour")
    media.vision.uploads.clean()
    assert not path.exists()


async def test_without_its_text_a_picture_still_has_its_colours(
    media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the answer says what is missing; without eyes there is no answer."""

    async def crashed(task: object) -> None:
        raise EngineCrashed(f"killed during {sorted(task)}")

    sight = media.vision._sight
    monkeypatch.setattr(sight._reading, "run", crashed)
    seen = (await media.send(IMAGE, PNG)).json()
    assert (seen["colours"][0]["name"], seen["text"]) == ("red", [])
    assert "text in the picture could not be read" in seen["warnings"][-1]
    monkeypatch.setattr(sight._looking, "run", crashed)
    refused(await media.send(IMAGE, PNG), 503, "looking at the picture failed")


async def test_without_weights_things_are_not_named_and_it_says_how_to_get_them(
    media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is pulled on the way."""
    monkeypatch.setattr(media.vision._sight._weights, "locate", lambda _: None)
    seen = (await media.send(IMAGE, PNG)).json()
    assert seen["labels"] == []
    assert seen["warnings"] == [
        "what the picture shows is not named here: batuta models pull efficientnet-lite0"
    ]
    health = (await media.ask("GET", "/api/v1/health")).json()
    assert (health["status"], health["text"], health["labels"]) == ("healthy", True, False)


async def test_all_bodies_together_have_a_limit(media: Media) -> None:
    """Whoever comes too many is asked to come again; afterwards there is room."""
    bodies = media.app.state.bodies
    media.app.state.bodies = Bodies(media.vision.uploads, bodies.max_bytes, held_bytes=len(PNG) - 1)
    try:
        answer = await media.send(IMAGE, PNG)
        refused(answer, 503, "too many files")
        assert answer.headers["retry-after"] == "5"
        media.app.state.bodies._held_bytes = len(PNG)
        assert (await media.send(IMAGE, PNG)).status_code == 200
    finally:
        media.app.state.bodies = bodies


@pytest.fixture(scope="module")
def named_things(weights: Callable[[str], Path]) -> Path:
    """The network that names things."""
    return weights("efficientnet-lite0")
