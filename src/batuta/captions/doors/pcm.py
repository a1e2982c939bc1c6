"""Raw sound with a WAV header before it, as it streams: nobody needs to know how long it will be."""

from __future__ import annotations

import struct
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

SAMPLE_RATE: Final = 16_000
BYTES_A_SECOND: Final = 2 * SAMPLE_RATE
"""16 bits, one channel: `ffmpeg -f s16le -ac 1 -ar 16000`, as whisper-asr-webservice decodes."""
_UNKNOWN: Final = 0xFFFFFFFF
"""The length that FFmpeg itself writes into a pipe, and reads as `until the end` (libavformat, wavdec.c)."""

WAV_HEADER: Final = struct.pack(
    "<4sI4s4sIHHIIHH4sI",
    b"RIFF",
    _UNKNOWN,
    b"WAVE",
    b"fmt ",
    16,
    1,  # PCM
    1,  # channel
    SAMPLE_RATE,
    BYTES_A_SECOND,
    2,  # bytes of a sample of all channels
    16,  # bits of a sample
    b"data",
    _UNKNOWN,
)


async def as_wav(chunks: AsyncGenerator[bytes], seconds: float | None = None) -> AsyncGenerator[bytes]:
    """The raw sound as a WAV file, or its first `seconds`; what already is a WAV file goes through whole."""
    left = None if seconds is None else int(seconds * SAMPLE_RATE) * 2
    started = False
    async with aclosing(chunks):
        async for chunk in chunks:
            if not started:
                started = True
                if chunk[:4] == b"RIFF" and chunk[8:12] == b"WAVE":
                    left = None
                else:
                    yield WAV_HEADER
            yield chunk if left is None else chunk[:left]
            if left is not None:
                left -= len(chunk)
                if left <= 0:
                    return
