"""Takes the pictures of docs/screenshots: `.venv/bin/python tests/console/screenshots.py`.

With `albums`, `readings` or `jobs` behind it only those.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import numpy as np
from albums_stage import Says, record_shop
from console_stage import ARGUMENTS, CHROMIUM, PHONE, House, Visitor, house, visiting
from playwright.async_api import Browser, async_playwright
from reading_stage import Caption, LoopbackYouTube, Reply, Video, reading_room

TESTS = Path(__file__).parents[1]
FOLDER = TESTS.parent / "docs" / "screenshots"
DESKTOP = {"width": 1280, "height": 860}
SECONDS_A_LINE = 2.6
TITLES = (
    "Ein Abend mit Brahms: Probe und Gespräch",
    "Lecture 4: Harmony in three voices",
    "دروس في الموسيقى العربية",
    "Como afinar um violoncelo",
    "The conductor's left hand: a masterclass",
)


def lines() -> list[str]:
    """The first sentence of A Tale of Two Cities, clause by clause."""
    sys.path.insert(0, str(TESTS))
    from book import TWO_CITIES  # noqa: PLC0415  # beside conftest.py of all tests

    return [f"{clause.strip()}," for clause in " ".join(TWO_CITIES.split()).split(",") if clause.strip()]


def speech() -> dict[str, object]:
    """What the transcriber hears."""
    segments = []
    for at, line in enumerate(lines()):
        words, begin = line.split(), at * SECONDS_A_LINE
        each = (SECONDS_A_LINE - 0.3) / len(words)
        segments.append(
            {
                "start": begin,
                "end": begin + SECONDS_A_LINE - 0.3,
                "text": line,
                "words": [
                    {"word": word, "start": begin + each * place, "end": begin + each * (place + 1)}
                    for place, word in enumerate(words)
                ],
            }
        )
    return {
        "full_text": " ".join(lines()),
        "language_detected": "en",
        "duration": len(segments) * SECONDS_A_LINE,
        "segments": segments,
    }


def film(path: Path, seconds: float) -> bytes:
    """A quiet picture: evening colours that move slowly."""
    width, height, rate = 640, 360, 5
    across, down = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx-vp9", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"cpu-used": "8", "deadline": "realtime"}
        for at in range(int(seconds * rate)):
            sun = np.exp(-((across - 0.3 - at / 900) ** 2 + (down - 0.55) ** 2) * 18)
            hill = down > 0.68 + 0.07 * np.sin(across * 7 + 1) + 0.03 * np.sin(across * 19)
            red = 40 + 70 * down + 150 * sun
            green = 62 + 55 * down + 95 * sun
            blue = 90 + 30 * (1 - down) + 20 * sun
            picture = np.stack(
                [np.where(hill, part, sky) for part, sky in ((18, red), (34, green), (40, blue))], 2
            )
            frame = av.VideoFrame.from_ndarray(np.clip(picture, 0, 255).astype(np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path.read_bytes()


@asynccontextmanager
async def furnished(folder: Path) -> AsyncGenerator[tuple[House, str, str]]:
    """A house with jobs of every kind; the ids of a finished one and of one under way."""
    async with house(folder / "house", audio_transcriber_concurrency=2) as built:
        built.director.document = speech()
        for at, title in enumerate(TITLES):
            await built.completed(f"https://media.test/watch/{at}", reference=title)
        built.director.error = "the recogniser ran out of memory (exit code 137) after 41 % of the recording"
        failed = await built.started(
            "https://media.test/long.mp4",
            reference="Board meeting, all nine hours",
            model="base",
            language="de",
        )
        await built.ended(failed)
        built.director.error = None
        seconds = len(lines()) * SECONDS_A_LINE
        done = await built.uploaded(
            "A Tale of Two Cities, read aloud.webm",
            film(folder / "film.webm", seconds),
            "video/webm",
            language="en",
        )
        built.director.released, built.director.progress = False, 43.0
        going = await built.started(
            "https://media.test/symphony.mp4",
            reference="Rehearsal: Symphony No. 4, second movement",
            language="fr",
        )
        await built.started(
            "https://media.test/next.mp4", reference="Interview with the first violin", language="it"
        )
        while True:
            job = (await built.api.get(f"/jobs/{going}")).json()
            if job["stages"]["transcription"]["progress"] >= built.director.progress:
                break
            await asyncio.sleep(0.1)
        yield built, done, going


async def playing(visitor: Visitor, at: float) -> None:
    """Stop the player at a place where a cue is shown."""
    await visitor.page.evaluate(
        """at => new Promise(done => {
            const player = document.getElementById('player');
            player.preload = 'auto';
            player.currentTime = at;
            const look = () => player.readyState < 4 ? setTimeout(look, 100) : setTimeout(done, 1500);
            setTimeout(look, 300);
        })""",
        at,
    )


async def take(browser: Browser, folder: Path) -> None:
    """All pictures."""
    async with furnished(folder) as (built, done, going):
        async with visiting(browser, built.url, viewport=DESKTOP, color_scheme="light") as desk:
            await desk.goes("/console/jobs")
            await desk.page.screenshot(path=FOLDER / "jobs.png")
            await desk.goes("/console/new")
            await desk.page.fill("#f-youtube_url", "https://media.test/watch/symphony")
            await desk.page.screenshot(path=FOLDER / "new-job.png")
            await desk.goes(f"/console/jobs/{done}")
            await playing(desk, 14.0)
            await desk.page.screenshot(path=FOLDER / "job.png")
            await desk.goes(f"/console/jobs/{going}")
            await desk.page.screenshot(path=FOLDER / "job-running.png")
            await desk.goes("/console/health")
            await desk.page.screenshot(path=FOLDER / "services.png")
        async with visiting(
            browser, built.url, viewport=PHONE, color_scheme="dark", device_scale_factor=1.5
        ) as phone:
            await phone.goes(f"/console/jobs/{done}")
            await playing(phone, 14.0)
            await phone.page.screenshot(path=FOLDER / "job-phone-dark.png")
            await phone.goes("/console/jobs")
            await phone.page.screenshot(path=FOLDER / "jobs-phone-dark.png")
        built.director.released = True


TALK = "twoCities01"
PRIVATE = Video(captions=None, status="LOGIN_REQUIRED", reason="This is a private video.")
TRACKS = (("es", "Spanish"), ("pt-BR", "Portuguese (Brazil)"), ("ja", "Japanese"), ("ar", "Arabic"))


def library(youtube: LoopbackYouTube) -> None:
    """What YouTube has."""
    spoken = tuple(
        (at * SECONDS_A_LINE, SECONDS_A_LINE, line) for at, line in enumerate([*lines(), *lines()])
    )
    tracks = [Caption(code, spoken, name=name) for code, name in TRACKS]
    heard = Caption("en", spoken, auto=True, name="English (auto-generated)")
    talk = Video((Caption("en", spoken, name="English"), *tracks, heard))
    pause = Video(replies={"watch": (Reply(429, "later", headers={"Retry-After": "600"}),)})
    youtube.videos.update({TALK: talk, "busy-video1": pause, "private-vid": PRIVATE})
    youtube.videos.update({f"lecture-{number:03}": talk for number in range(1, 10)})


async def take_readings(browser: Browser, folder: Path) -> None:
    """The pages of transcripts."""
    async with reading_room(folder / "room", only=None) as room:
        library(room.youtube)
        asked = f"/console/transcripts?v={TALK}&languages=en,es"
        async with visiting(browser, room.url, viewport=DESKTOP, color_scheme="light") as desk:
            page = desk.page
            await desk.goes(f"{asked}&tracks=too")
            await page.screenshot(path=FOLDER / "transcript.png")
            await desk.goes("/console/transcripts/batches")
            videos = [f"lecture-{number:03}" for number in range(1, 10)]
            await page.fill("#f-videos", "\n".join([*videos, "private-vid", "removed-vid"]))
            await page.fill("#f-languages", "es")
            await page.get_by_role("button", name="Fetch them").click()
            await desk.arrives("/console/transcripts/batches/*")
            await page.locator("#facts", has_text="Completed").wait_for()
            await page.screenshot(path=FOLDER / "batch.png")
            for _ in range(12):
                await desk.goes(asked)
            await desk.goes("/console/cache")
            await page.screenshot(path=FOLDER / "cache.png")
        async with visiting(
            browser, room.url, viewport=PHONE, color_scheme="dark", device_scale_factor=1.5
        ) as phone:
            await phone.goes(asked)
            await phone.page.screenshot(path=FOLDER / "transcript-phone-dark.png")
            await phone.goes("/console/transcripts?v=busy-video1")
            await phone.page.screenshot(path=FOLDER / "pause-phone-dark.png")


SHELF = (
    ("Joni Mitchell", "Blue", "1971", 97),
    ("Miles Davis", "Kind of Blue", "1959", 95),
    ("Café Tacvba", "Re", "1994", 62),
    ("Ryuichi Sakamoto", "async", "2017", 88),
    ("Fairuz", "Maarifti Feek", "1987", 38),
    ("Antônio Carlos Jobim", "Wave", "1967", 90),
)


async def take_albums(browser: Browser, folder: Path) -> None:
    """The pages of albums."""
    async with record_shop(folder / "shop", only=None) as shop:
        for artist, album, year, confidence in SHELF:
            await shop.albums.caches.store_album_year(artist, album, year, confidence)
        asked = "/console/albums?artist=Simon+%26+Garfunkel&album=Bookends"
        async with visiting(browser, shop.url, viewport=DESKTOP, color_scheme="light") as desk:
            for _ in range(4):
                await shop.albums.years.resolve("Nirvana", "Nevermind")
            shop.sources.script.append(Says(404))  # one of them has a bad day
            await desk.goes(asked)
            await desk.page.screenshot(path=FOLDER / "albums.png")
            await desk.goes("/console/albums/cache")
            await desk.page.screenshot(path=FOLDER / "albums-cache.png")
        async with visiting(
            browser, shop.url, viewport=PHONE, color_scheme="dark", device_scale_factor=1.5
        ) as phone:
            await phone.goes("/console/albums?artist=Nirvana&album=Nevermind")
            await phone.page.screenshot(path=FOLDER / "albums-phone-dark.png")


async def main() -> None:
    """Start everything, take the pictures, stop everything."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        with tempfile.TemporaryDirectory() as folder:
            for name, pictures in (("albums", take_albums), ("readings", take_readings), ("jobs", take)):
                if name in sys.argv or len(sys.argv) == 1:
                    await pictures(browser, Path(folder))
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
