"""What the engines are asked and what they answer; light to import, so that the parent may."""

from __future__ import annotations

from typing import Final, TypedDict

LOOK: Final = "batuta.services.vision.looking:look"
READ: Final = "batuta.services.vision.reading:read"
LISTEN: Final = "batuta.services.vision.listening:listen"

MAX_PIXELS: Final = 40_000_000
"""Of a picture as it is sent; what cameras of telephones take, and 120 MB once it is decoded."""
MAX_SIDE: Final = 1600
"""Pixels; larger pictures are looked at, and read, made smaller."""
MAX_SECONDS: Final = 120
"""Of a recording: a spoken sentence, not a lecture."""


class LookTask(TypedDict):
    """One picture. `output` gets its pixels, at most `MAX_SIDE` a side, as a NumPy file.

    `labels` is the folder of the set `efficientnet-lite0`, None to name nothing.
    """

    input: str
    output: str
    labels: str | None


class Named(TypedDict):
    """A name and how sure it is, 0 to 1."""

    name: str
    confidence: float


class Tint(TypedDict):
    """A colour as `models.Colour` has it."""

    name: str
    hex: str
    share: float
    confidence: float


class LookResult(TypedDict):
    """What is seen; width and height are those of the picture as it was sent, the right way up."""

    width: int
    height: int
    labels: list[Named]
    colours: list[Tint]
    warnings: list[str]


class ReadTask(TypedDict):
    """The pixels that `look` wrote, and on how many cores to read them."""

    input: str
    threads: int


class Line(TypedDict):
    """A line of text as `models.TextLine` has it."""

    text: str
    confidence: float


class ReadResult(TypedDict):
    """The lines from top to bottom."""

    lines: list[Line]


class ListenTask(TypedDict):
    """One recording; `output` gets its sound as FLAC, one channel of 16 kHz. `name` is for messages."""

    input: str
    output: str
    name: str


class ListenResult(TypedDict):
    """Seconds of sound."""

    duration: float
