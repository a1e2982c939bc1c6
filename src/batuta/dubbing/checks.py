"""What ends a dub before the dear part of it. Pure."""

from __future__ import annotations

from typing import Final

from batuta.errors import InvalidRequest
from batuta.services.audio_worker.orders import AudioResult

NOBODY_SPEAKS: Final = "nobody speaks in the video: there is nothing to dub"


def check_speech(sound: AudioResult) -> None:
    """Raise `InvalidRequest` for a sound in which there is nothing to translate."""
    if not sound.chunks:
        raise InvalidRequest(NOBODY_SPEAKS)
