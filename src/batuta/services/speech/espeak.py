"""espeak-ng: how a text is read, in the International Phonetic Alphabet, and a robot's voice to read it with.

espeak-ng is under the GPL-3.0 and optional. Its library is loaded here and nowhere else, in a worker process
of its own, spoken to over a pipe with lines of JSON: it is never in the memory of the server or of another
engine, and a text it chokes on ends this process only. Better than the program `espeak-ng` for each text:
there is no command line a text could end up on, and reading takes less than a millisecond instead of ten.

What its voice says depends on what it said before (it goes on with its random numbers), so one process says
one text (`backends.py`); transcriptions do not.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from batuta.errors import ServiceError
from batuta.services.speech.alphabet import TIE
from batuta.services.speech.clips import Sound, from_pcm, write_clip
from batuta.services.speech.contract import (
    EspeakPhonemesTask,
    EspeakTask,
    PhonemesResult,
    SayResult,
)

# speak_lib.h of espeak-ng 1.51
_OUTPUT_SYNCHRONOUS: Final = 2
_DONT_EXIT: Final = 0x8000
_CHARS_UTF8: Final = 1
_IPA: Final = 0x02
_TIED: Final = 0x80 | ord(TIE) << 8
_OK: Final = 0

_LONGEST_SECONDS: Final = 600
"""Of one piece; more than any text of ours takes, so it is stopped."""
_MOST_CLAUSES: Final = 10_000

_Receiver = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


def phonemes(task: EspeakPhonemesTask, report: Callable[[float], None]) -> PhonemesResult:
    """How each text is read by the voice, ties between the symbols of one sound; marks are dropped."""
    del report
    library = _library(**task["home"])
    library.speak_as(task["voice"])
    return PhonemesResult(phonemes=[library.transcribed(text) for text in task["texts"]])


def say(task: EspeakTask, report: Callable[[float], None]) -> SayResult:
    """Do the task."""
    library = _library(**task["home"])
    library.speak_as(task["voice"])
    pieces = task["pieces"]

    def spoken() -> Iterator[tuple[Sound, float]]:
        for done, piece in enumerate(pieces, 1):
            yield library.spoken(piece["text"]), piece["pause"]
            report(100 * done / len(pieces))

    return SayResult(duration=write_clip(Path(task["output"]), spoken(), library.sample_rate))


class _Library:
    """The few functions of speak_lib.h that are used."""

    def __init__(self, path: str, data: str | None) -> None:
        try:
            self._native = ctypes.CDLL(path)
        except OSError as error:
            raise ServiceError(f"espeak-ng's library {path} cannot be loaded: {error}") from error
        self._native.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._native.espeak_TextToPhonemes.argtypes = [
            ctypes.POINTER(ctypes.c_char_p),
            ctypes.c_int,
            ctypes.c_int,
        ]
        folder = None if data is None else data.encode()
        self.sample_rate: int = self._native.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, folder, _DONT_EXIT)
        if self.sample_rate <= 0:
            raise ServiceError(f"espeak-ng finds no data of its own in {data or 'its usual place'}")
        self._heard = bytearray()
        self._receiver = _Receiver(self._receive)  # kept: the library calls it as long as it lives
        self._native.espeak_SetSynthCallback(self._receiver)

    def speak_as(self, voice: str) -> None:
        """Choose the language or accent; raises `ServiceError` for one it has not."""
        if self._native.espeak_SetVoiceByName(voice.encode()) != _OK:
            raise ServiceError(f"this espeak-ng has no voice {voice!r}")

    def transcribed(self, text: str) -> str:
        """All clauses of the text, with blanks between."""
        rest = ctypes.c_char_p(text.encode())
        clauses: list[str] = []
        while rest.value and len(clauses) < _MOST_CLAUSES:  # it moves on by itself, to NULL at the end
            found: bytes | None = self._native.espeak_TextToPhonemes(
                ctypes.byref(rest), _CHARS_UTF8, _IPA | _TIED
            )
            clauses.append((found or b"").decode(errors="replace"))
        return " ".join(" ".join(clauses).split())

    def spoken(self, text: str) -> Sound:
        """The text aloud; raises `ServiceError` when the library refuses it."""
        self._heard.clear()
        content = text.encode() + b"\0"
        code = self._native.espeak_Synth(content, len(content), 0, 0, 0, _CHARS_UTF8, None, None)
        if code != _OK:
            raise ServiceError(f"espeak-ng refuses the text (error {code})")
        self._native.espeak_Synchronize()
        return from_pcm(bytes(self._heard))

    def _receive(self, samples: int | None, count: int, _events: int | None) -> int:
        """Take what it said; 1 stops it."""
        if samples and count > 0:
            self._heard += ctypes.string_at(samples, 2 * count)
        return int(len(self._heard) > 2 * self.sample_rate * _LONGEST_SECONDS)


@lru_cache(maxsize=1)
def _library(library: str, data: str | None) -> _Library:
    return _Library(library, data)
