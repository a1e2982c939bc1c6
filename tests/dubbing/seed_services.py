"""The seed's three services by somebody else: plain, on loopback, and told by the test what to do."""

from __future__ import annotations

import asyncio
import io
import wave
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

CLIP_SECONDS = 0.8
RATE = 16_000


@dataclass
class SeedServices:
    """Hears `lines` in whatever it is given; translates into capitals; speaks a hum."""

    lines: list[tuple[float, float, str]] = field(default_factory=list[tuple[float, float, str]])
    asked: Counter[str] = field(default_factory=Counter[str])
    """By path; and `say TEXT`."""
    mute: set[str] = field(default_factory=set[str])
    """What it never can speak."""
    held: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    """What it speaks once the event is set."""
    reached: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    """Set once this is to be spoken."""
    deaf: bool = False
    has_batch: bool = True
    by_path: bool = False
    """Answers `audio_path`, where on its own disk the clip is, as the seed's service does."""

    def app(self) -> Starlette:
        """All three behind one address."""
        return Starlette(
            routes=[
                Route("/transcribe", self.transcribe, methods=["POST"]),
                Route("/translate", self.translate, methods=["POST"]),
                Route("/translate/batch", self.translate_batch, methods=["POST"]),
                Route("/synthesize", self.synthesize, methods=["POST"]),
                Route("/audio/{name}", self.audio),
                Route("/health", self.health),
            ]
        )

    def hold(self, text: str) -> asyncio.Event:
        """Be told when this is to be spoken; it is once `held[text]` is set."""
        self.held[text] = asyncio.Event()
        return self.reached.setdefault(text, asyncio.Event())

    def release(self) -> None:
        """Hold nothing any more."""
        for event in self.held.values():
            event.set()

    async def transcribe(self, request: Request) -> Response:
        self.asked["/transcribe"] += 1
        async with request.form() as form:
            assert await form["file"].read()  # type: ignore[union-attr]
        if self.deaf:
            return JSONResponse({"detail": "the model is not loaded"}, 500)
        segments = [{"start": start, "end": end, "text": text} for start, end, text in self.lines]
        return JSONResponse({"segments": segments, "language": "en"})

    async def translate(self, request: Request) -> Response:
        self.asked["/translate"] += 1
        body = await request.json()
        assert (body["source_lang"], body["target_lang"]) == ("en", "pt")
        return JSONResponse({"translated_text": body["text"].upper()})

    async def translate_batch(self, request: Request) -> Response:
        self.asked["/translate/batch"] += 1
        if not self.has_batch:
            return JSONResponse({"detail": "Not Found"}, 404)
        items = (await request.json())["items"]
        lines = [{"id": each["id"], "translated_text": each["text"].upper()} for each in items]
        return JSONResponse({"translations": list(reversed(lines))})

    async def synthesize(self, request: Request) -> Response:
        body = await request.json()
        text = body["text"]
        assert body["lang"] == "pt"
        self.asked[f"say {text}"] += 1
        self.reached.setdefault(text, asyncio.Event()).set()
        if text in self.held:
            await self.held[text].wait()
        if text in self.mute:
            return JSONResponse({"detail": "the voice is broken"}, 500)
        if self.by_path:
            return JSONResponse({"audio_path": "/srv/tts/outputs/hum.wav", "duration": CLIP_SECONDS})
        return JSONResponse({"audio_url": "http://tts.internal:8300/audio/hum.wav", "duration": CLIP_SECONDS})

    async def audio(self, request: Request) -> Response:
        self.asked[f"audio {request.path_params['name']}"] += 1
        return Response(_hum(), media_type="audio/wav")

    async def health(self, request: Request) -> Response:
        del request
        return JSONResponse({"status": "ok"})


def _hum() -> bytes:
    file = io.BytesIO()
    time = np.arange(round(RATE * CLIP_SECONDS)) / RATE
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes((9000 * np.sin(2 * np.pi * 900 * time)).astype("<i2").tobytes())
    return file.getvalue()
