"""Pictures and recordings drawn for the tests, as the bytes of files."""

from __future__ import annotations

import io
import math
import struct
import zlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

Sound = npt.NDArray[np.float32]
RATE = 48_000


def sign(*lines: str, side: int = 42) -> Image.Image:
    """Lines of text, one under the other, dark blue on white."""
    image = Image.new("RGB", (900, 60 + 90 * len(lines)), "white")
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((40, 40 + 90 * number), line, font=ImageFont.load_default(side), fill="#101a40")
    return image


def clock() -> Image.Image:
    """What ImageNet calls an analog clock."""
    image = Image.new("RGB", (300, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((30, 30, 270, 270), outline="black", width=12, fill="ivory")
    for hour in range(1, 13):
        turn = hour * math.pi / 6
        where = (142 + 95 * math.sin(turn), 140 - 95 * math.cos(turn))
        draw.text(where, str(hour), fill="black", font=ImageFont.load_default(22))
    draw.line((150, 150, 150, 80), fill="black", width=6)
    draw.line((150, 150, 205, 180), fill="black", width=8)
    return image


def thing(colour: str, ground: str, box: tuple[int, int, int, int] = (70, 70, 130, 130)) -> Image.Image:
    """An ellipse of one colour on another, 200 by 200."""
    image = Image.new("RGB", (200, 200), ground)
    ImageDraw.Draw(image).ellipse(box, fill=colour)
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """The picture as a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def claims(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes that says it is as large as this, and goes on with nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def recorded(path: Path, seconds: float) -> Sound:
    """The beginning of a recording, one channel at 48 kHz."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler("fltp", "mono", RATE)
        parts = [out.to_ndarray() for frame in file.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate(parts, axis=1)[:, : round(seconds * RATE)].astype(np.float32)


def silence(seconds: float) -> Sound:
    return np.zeros((1, round(seconds * RATE)), np.float32)


def tone(seconds: float) -> Sound:
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[None]


def sounding(sound: Sound, container: str = "webm", codec: str = "libopus") -> bytes:
    """The sound as a file; WebM with Opus is what browsers record, MP4 in fragments what Safari does."""
    file = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov"} if container == "mp4" else {}
    with av.open(file, "w", format=container, options=options) as output:
        stream = output.add_stream(codec, rate=RATE)
        stream.layout = "mono"
        size = stream.codec_context.frame_size or 1024
        for first in range(0, sound.shape[1], size):
            piece = np.ascontiguousarray(sound[:, first : first + size])
            frame = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), first
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return file.getvalue()
